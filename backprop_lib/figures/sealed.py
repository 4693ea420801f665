"""A sealed prediction: the answer shows only when a guess is committed to; without a kernel, in a fold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as W
from IPython.utils.capture import capture_output

from backprop_lib.arguments import shown
from backprop_lib.course.predictions import NOTHING_COMMITTED, Commitment, Prediction, Record, prediction
from backprop_lib.drawing.colors import RIGHT, WRONG
from backprop_lib.drawing.svg import still
from backprop_lib.figures.controls import HEAD, WRAPPING
from backprop_lib.figures.scene import WORDS, table_html

SEALED = "Commit to a guess first, then open"
RECORD = Record()  # of this kernel
# A long option wraps, and pushes down what is below it. The folded code of a question is one line, which ends
# where the screen does: on a phone the page would move sideways.
STYLE = """<style>
.prediction .widget-radio, .prediction .widget-radio-box { height: auto; max-width: 860px; }
.prediction .widget-radio-box label {
  display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start; gap: 6px;
  height: auto; padding: 2px 0; line-height: 1.4; white-space: normal; }
.prediction .widget-radio-box input { position: static; flex: none; margin: 1px 0 0; }
.prediction .widget-text { max-width: calc(100% - 4px); }
.jp-Placeholder-content, .jp-Placeholder-contentContainer { min-width: 0; max-width: 100%; }
.jp-PlaceholderText { overflow: hidden; text-overflow: ellipsis; }
.prediction .widget-html, .prediction .widget-html-content { min-height: 0; height: auto; }
</style>"""


def predict(
    question: str,
    options: Sequence[object] = (),
    *,
    answer: Any,
    because: str,
    evidence: Any = None,
    within: float = 0.0,
) -> SealedPrediction:
    """Ask, and show the verdict, the reason and the evidence once the reader has committed to a guess.

    options    what can be chosen, two or more; none if a number is asked for
    answer     what the cell computed: one of the options, its place among texts, or the number
    because    the reason, a sentence or two
    evidence   a text, a table (rows, the first of them the heading), a picture, a figure, or a function that
               is called at once and prints or returns these; without it the reason stands alone
    within     how far from the number a guess may be; one that looks equal in four digits is always right

    A page without a kernel shows question and options, and the rest in a fold.
    Raises TypeError or ValueError that names the argument, and whatever the evidence raises.
    """
    return SealedPrediction(prediction(question, options, answer, because, within), evidence)


class SealedPrediction(W.VBox):  # type: ignore[misc]
    """The question, a control for the guess, two buttons that commit to it, and what they unseal."""

    def __init__(self, asked: Prediction, evidence: Any = None, title: str = "Predict") -> None:
        self.asked, self._title = asked, title
        self._evidence = [(part, _part_html(part)) for part in _parts(evidence)]
        if asked.options:
            self.control = W.RadioButtons(options=asked.options, index=None, layout=W.Layout(width="auto"))
        else:
            self.control = W.Text(
                description="Your number", continuous_update=False, style={"description_width": "initial"}
            )
        self.guess_button, self.sure_button = (
            W.Button(description=name, tooltip=f"{name}, and see the answer", layout=W.Layout(width="auto"))
            for name in ("Commit as a guess", "Commit: I am sure")
        )
        self.guess_button.on_click(lambda _: self.commit(sure=False))
        self.sure_button.on_click(lambda _: self.commit(sure=True))
        self._verdict = W.HTML()
        self.commitment: Commitment | None = None
        buttons = W.HBox([self.guess_button, self.sure_button], layout=W.Layout(**WRAPPING))
        self._sealed = [W.HTML(STYLE + HEAD + self._question_html), self.control, buttons, self._verdict]
        super().__init__(self._sealed)
        self.add_class("prediction")

    def commit(self, sure: bool) -> None:
        """Show the verdict, the reason and the evidence, if a guess was made; the first one counts."""
        if self.commitment is not None:
            return
        try:
            guess = self._guess()
        except ValueError as error:
            self._verdict.value = _said(f"Not committed: {error}.")
            return
        self.commitment = Commitment(sure, self.asked.is_right(guess))
        self.control.disabled = True
        # The pressed button stays as it is: a disabled one would drop the focus of the keyboard.
        pressed, other = (self.sure_button, self.guess_button)[:: 1 if sure else -1]
        pressed.description, other.disabled = "Committed: I am sure" if sure else "Committed as a guess", True
        self._judge()
        unsealed = [part if isinstance(part, W.Widget) else W.HTML(html) for part, html in self._evidence]
        self.children = [*self._sealed, *unsealed]
        # A browser may send a press before the choice that was made before it: that choice is judged anew.
        self.control.observe(lambda _: self._judge(), "index" if self.asked.options else "value")

    def _guess(self) -> float:
        if not self.asked.options:
            return self.asked.guess(self.control.value)
        if self.control.index is None:
            raise ValueError("choose one of the options first")
        return float(self.control.index)

    def _judge(self) -> None:
        assert self.commitment is not None
        guess = self._guess()
        self.commitment.right = self.asked.is_right(guess)
        color = RIGHT if self.commitment.right else WRONG
        reason = f"{escape(self.asked.verdict(guess))}<br>{escape(self.asked.because)}"
        self._verdict.value = _said(reason, f";padding:2px 10px;border-left:4px solid {color}", escaped=True)
        RECORD.note(self.asked.question, self.commitment)

    @property
    def still_html(self) -> str:
        """Question and options, and the answer in a fold, for viewers without a kernel."""
        asked = self.asked
        options = "".join(f"<li>{escape(option)}</li>" for option in asked.options)
        folded = f'<p style="{WORDS}">{escape(asked.told)}</p>' + "".join(html for _, html in self._evidence)
        return (
            f"{self._question_html}{f'<ul>{options}</ul>' if options else ''}"
            f"<details><summary>{SEALED}</summary>{folded}</details>"
        )

    @property
    def still_text(self) -> str:
        """Question and options alone, in plain text."""
        return "\n".join([self.asked.question, *(f"- {o}" for o in self.asked.options), f"{SEALED}."])

    @property
    def _question_html(self) -> str:
        return f'<p style="{WORDS}"><strong>{self._title}:</strong> {escape(self.asked.question)}</p>'

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget with its still."""
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        return data | {"text/html": self.still_html, "text/plain": self.still_text}, {}


def record(earlier: str = "") -> OwnRecord:
    """The reader's own record: how often right when sure and when guessing, kept up to date.

    It holds what was committed to in this kernel, and what `earlier` carries on from the pages before, such
    as "4/5 1/3". Nothing is stored. Raises TypeError or ValueError if `earlier` is nothing of this kind.
    """
    return OwnRecord(earlier)


def calibration(*earlier: str) -> OwnRecord:
    """The reader's record over all pages, as a table: do those answers hold of which one was sure?

    earlier   what `record` said to carry on, of one page or of several, such as "4/5 1/3"

    What was committed to in this kernel is counted, too. Raises TypeError or ValueError if one of them is
    nothing of this kind.
    """
    return OwnRecord(*earlier, table=True)


class OwnRecord(W.HTML):  # type: ignore[misc]
    """The record in words or as a table; a page without a kernel says that it has none."""

    def __init__(self, *earlier: str, table: bool = False) -> None:
        self._earlier, self._table = earlier, table
        super().__init__(self._told())
        RECORD.watchers.append(self._follow)

    @property
    def _title(self) -> str:
        return "Your record over all pages." if self._table else "Your record."

    def _told(self) -> str:
        if not self._table:
            return _said(" ".join([self._title, *RECORD.told(*self._earlier)]))
        rows, said = RECORD.calibration(self._earlier)
        return (table_html(rows) if rows else "") + _said(" ".join([self._title, *said]))

    def _follow(self) -> None:
        self.value = self._told()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        data["text/plain"] = f"{self._title} {NOTHING_COMMITTED}"
        data["text/html"] = _said(data["text/plain"])
        return data, {}


def _said(text: str, style: str = "", escaped: bool = False) -> str:
    return f'<p role="status" style="{WORDS}{style}">{text if escaped else escape(text)}</p>'


def _parts(evidence: Any) -> list[Any]:
    """The pieces of the evidence, in order; a function is called, and all that it shows is gathered."""
    if evidence is None:
        return []
    if hasattr(evidence, "_repr_mimebundle_") or not callable(evidence):
        return [evidence]
    with capture_output(stderr=False) as gathered:
        returned = evidence()
    pieces = [gathered.stdout.rstrip("\n"), *gathered.outputs, returned]
    pieces = [piece for piece in pieces if piece is not None and not (isinstance(piece, str) and not piece)]
    if not pieces:
        wanted = "a function that prints or returns something"
        raise ValueError(f"evidence: expected {wanted}, got {shown(evidence)}")
    return pieces


def _part_html(part: Any) -> str:
    """A piece of evidence for any viewer: a table, a picture, or text."""
    if isinstance(part, list | tuple) and part and all(isinstance(row, list | tuple) for row in part):
        return table_html(part)
    if hasattr(part, "_repr_mimebundle_"):
        bundle = part._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if "text/html" in data:
            return still(data["text/html"])
        part = data["text/plain"]
    text = part if isinstance(part, str) else repr(part)
    return f'<pre style="{WORDS};white-space:pre-wrap">{escape(text)}</pre>'
