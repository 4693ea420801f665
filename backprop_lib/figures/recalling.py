"""Recall: three questions about earlier pages, with numbers that are drawn anew at each run."""

from __future__ import annotations

import secrets
from typing import Any

import ipywidgets as W

from backprop_lib.course.predictions import Prediction
from backprop_lib.course.recall import recall_questions
from backprop_lib.figures.sealed import SealedPrediction


def recall(page: int) -> Recall:
    """Three sealed questions about the pages before this one, and a button that draws new ones.

    Each run asks anew. Only a page without a kernel asks the same each time: its questions are stored. Raises
    TypeError or ValueError for a page that has none before it.
    """
    return Recall(page)


class Recall(W.VBox):  # type: ignore[misc]
    """Three sealed questions, and a button that calls `ask_anew`; the seed of the stored ones is the page."""

    def __init__(self, page: int) -> None:
        self.page = page
        self._stored = self._sealed(recall_questions(page, seed=page))
        self.new_button = W.Button(
            description="New numbers",
            tooltip="Ask anew, with other numbers",
            layout=W.Layout(width="auto", align_self="flex-start"),
        )
        self.new_button.on_click(lambda _: self.ask_anew())
        # In a box of their own: the button is not drawn anew with them, and keeps the focus of the keyboard.
        self.questions = W.VBox(self._stored)
        self.ask_anew()
        super().__init__([self.questions, self.new_button])
        self.add_class("recall")

    def ask_anew(self) -> None:
        """Ask three questions none of which is shown now."""
        before = {child.asked.question for child in self.questions.children}
        drawn = recall_questions(self.page, secrets.randbits(31))
        while before & {asked.question for asked in drawn}:
            drawn = recall_questions(self.page, secrets.randbits(31))
        self.questions.children = self._sealed(drawn)

    def _sealed(self, questions: list[Prediction]) -> list[SealedPrediction]:
        return [SealedPrediction(asked, title="Recall") for asked in questions]

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, and for viewers without a kernel the stored questions, each above its fold."""
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        data["text/html"] = "\n".join(asked.still_html for asked in self._stored)
        data["text/plain"] = "\n\n".join(asked.still_text for asked in self._stored)
        return data, {}
