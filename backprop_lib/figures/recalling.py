"""Recall: three questions about earlier pages, with numbers that can be drawn anew."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from backprop_lib.course.recall import recall_questions
from backprop_lib.figures.sealed import SealedPrediction


def recall(page: int) -> Recall:
    """Three sealed questions about the pages before this one, and a button that draws new numbers.

    The first numbers are those of the stored page. Raises TypeError or ValueError for a page that has none
    before it.
    """
    return Recall(page)


class Recall(W.VBox):  # type: ignore[misc]
    """Three sealed questions, and a button; `draw` takes the seed of others."""

    def __init__(self, page: int) -> None:
        self.page, self.seed = page, page
        self._first = self._asked()
        self.new_button = W.Button(
            description="New numbers",
            tooltip="Ask anew, with other numbers",
            layout=W.Layout(width="auto", align_self="flex-start"),
        )
        self.new_button.on_click(lambda _: self.draw(self.seed + 1))
        # In a box of their own: the button is not drawn anew with them, and keeps the focus of the keyboard.
        self.questions = W.VBox(self._first)
        super().__init__([self.questions, self.new_button])
        self.add_class("recall")

    def draw(self, seed: int) -> None:
        """Ask the questions of this seed."""
        self.seed = seed
        self.questions.children = self._asked()

    def _asked(self) -> list[SealedPrediction]:
        return [SealedPrediction(asked, title="Recall") for asked in recall_questions(self.page, self.seed)]

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, and for viewers without a kernel the first questions, each above its fold."""
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        data["text/html"] = "\n".join(asked.still_html for asked in self._first)
        data["text/plain"] = "\n\n".join(asked.still_text for asked in self._first)
        return data, {}
