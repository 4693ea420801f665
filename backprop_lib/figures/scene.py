"""A scene: controls above a picture that a pure function draws from their values.

The function knows nothing of widgets; the scene knows nothing of nets. Whatever goes wrong while drawing
becomes a sentence below the controls, and the last good picture stays.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import Any

import ipywidgets as W
import numpy as np

from backprop_lib.arguments import shown
from backprop_lib.drawing import named
from backprop_lib.drawing.sharpness import SHARP, drawn_at
from backprop_lib.drawing.svg import number, still
from backprop_lib.figures.controls import HEAD, NOTICED, WRAPPING
from backprop_lib.figures.controls import IntegerBox as IntegerBox  # these for the figures
from backprop_lib.figures.controls import LogSlider as LogSlider
from backprop_lib.figures.controls import Player as Player
from backprop_lib.figures.controls import choice as choice
from backprop_lib.figures.controls import keep_inside as keep_inside
from backprop_lib.figures.controls import slider as slider
from backprop_lib.figures.living import Living
from backprop_lib.figures.screen import Screen

Rows = Sequence[Sequence[object]]
NUMERIC = re.compile(r"[−-]?[\d.]+(e[−-]?\d+)?$")
TOLD = 3  # controls whose moves are told one by one; Reset may move ten, and lines of that push down the rest
PLACE = re.compile("<i data-slides.*?</i>")  # where a slider is dragged, which needs Python
WORDS = "font-size:14px;line-height:1.45;margin:6px 0;max-width:1090px"  # as wide as pictures are
# The number beside a slider can be typed: it should look like it. Colors are those of the page's theme.
STYLE = (
    """<style>
.scene .widget-readout, .scene .widget-text input {
  border-radius: 2px; min-width: 46px; padding: 0 4px;
  text-align: center; cursor: text; }
.scene > .widget-html, .scene > .widget-html > .widget-html-content { min-height: 0; height: auto; }
.scene .wide { overflow-x: auto; }
.scene pre { word-break: normal; overflow-wrap: anywhere; } /* between words where there is room */
.scene .sentence { min-height: 76px; } /* three lines: a wrap moves nothing below */
@media (min-width: 900px) { /* beside a picture nothing moves, and there is room for larger letters */
  .scene .said > div[data-line] { min-height: calc(var(--lines) * 1lh); font-size: 16px !important; }
  .scene .said > .pointed { min-height: 2.9em; }
}
.scene p:has(progress), .scene p[role=alert] { position: absolute; z-index: 1; } /* move nothing either */
.scene p:has(progress) { padding: 2px 8px; background: var(--jp-layout-color0, white); }
.scene [disabled] { opacity: 0.4; }
</style>"""
    + HEAD
)


@dataclass(frozen=True)
class View:
    """What a scene shows of one state of its controls.

    html      the picture: an SVG, an `<img>`, or several with words between
    alt       its reading in words
    sentence  one sentence that says what this state shows
    table     the numbers: rows, the first of them the heading
    code      Python that reproduces the state; its last line gives all the numbers of the table, in order
    idle      the names of the controls that do nothing in this state
    progress  (done, all) if this is a first part, and `draw` is to be called again for the rest; else None
    choosable what a click chooses: "neurons", "weights" or both, as "neurons, weights"
    chosen    the one that is: "1.0" is neuron 0 of layer 1, "2.1.0" the weight of layer 2 to 1 from 0
    names     what variables of the code are, if they are not arrays by layer: {"x": "a.0"}; see `named.code`
    aside     the end of `html`, if it and all that is said shall stand beside the rest where there is room
    """

    html: str
    alt: str
    sentence: str
    table: Rows = ()
    code: str = ""
    idle: frozenset[str] = frozenset()
    progress: tuple[int, int] | None = None
    choosable: str = ""
    chosen: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    aside: str = ""

    @property
    def picture(self) -> str:
        """`html` without what shall stand beside it."""
        return self.html.removesuffix(self.aside)


def when_idle(action: Callable[[], object], seconds: float = 0.05) -> None:
    """Take an action, such as computing ahead, after so many seconds, between two messages to the kernel.

    Where no kernel runs it is never taken.
    """
    with suppress(RuntimeError):
        asyncio.get_running_loop().call_later(seconds, action)


def living_line(*lines: str, most: int = 1) -> str:
    """An equation on a line, or several, as HTML, whose names can be pointed at one by one.

    Beside a picture they begin at its top, and where there is no room for both they stand below it. `most`
    is how many lines there may be: for so many there is room beside the picture.
    """
    style = f"--lines:{most};font-size:15px;line-height:1.5;margin-top:4px;align-self:start;flex:1 1 250px"
    return f"<div style='{style}' data-line>{'<br>'.join(lines)}</div>"


def _arranged(picture: str, aside: str, words: str) -> str:
    """A picture and what is said of it: below it, or with something aside beside it where there is room."""
    if not aside:
        return picture + words
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:0 24px;align-items:flex-start">'
        f'<div style="max-width:100%">{picture}</div>'
        f'<div class="said" style="flex:1 1 340px;min-width:0">{aside}{words}</div></div>'
    )


def table_html(rows: Rows) -> str:
    """Rows as an HTML table: the first row is the heading, floats are rounded, text is escaped."""
    if not rows:
        return ""

    def written(value: object) -> str:
        return number(float(value), 4) if isinstance(value, float | np.floating) else str(value)

    # A column of numbers is flush right, with its heading and with the words between the numbers.
    sides = [
        "right" if j and any(NUMERIC.match(written(row[j])) for row in rows[1:] if j < len(row)) else "left"
        for j in range(max(map(len, rows)))
    ]

    def cell(value: object, kind: str, j: int, scope: str = "") -> str:
        text, side = written(value), sides[j]
        style = f"padding:2px 10px;text-align:{side};line-height:1.4;font-variant-numeric:tabular-nums"
        return f"<{kind}{f' scope={scope!r}' if scope else ''} style='{style}'>{escape(text)}</{kind}>"

    heading = "".join(cell(value, "th", j, "col") for j, value in enumerate(rows[0]))
    body = "".join(
        f"<tr>{cell(name, 'th', 0, 'row')}{''.join(cell(v, 'td', j) for j, v in enumerate(values, 1))}</tr>"
        for name, *values in rows[1:]
    )
    return (
        "<table style='border-collapse:collapse;font-size:13px'>"
        f"<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"
    )


def _sentence_html(sentence: str, changed: str = "") -> str:
    before = f"<em>{escape(changed)}</em> " if changed else ""
    return f'<p role="status" style="{WORDS}">{before}{escape(sentence)}</p>' if sentence else ""


def _progress_html(progress: tuple[int, int] | None) -> str:
    if progress is None:
        return ""
    done, total = progress
    bar = f'<progress value="{done}" max="{total}" style="width:220px;vertical-align:middle"></progress>'
    return f'<p role="status" style="{WORDS}">{bar} Computing: {done} of {total}</p>'


def _value_text(control: Any) -> str:
    """What a control says, in words: the label of a choice, or a number."""
    label = getattr(control, "label", None)
    value = getattr(control, "number", control.value)
    if isinstance(label, str) and label:
        return label
    return number(value, 6) if isinstance(value, int | float) else str(value)


def _code_html(view: View, living: bool, lines: int = 0) -> str:
    if not view.code:
        return ""
    room = f";min-height:{lines}lh" if lines else ""
    # The names in the code of a living scene are pointed at one by one.
    code = named.code(view.code, view.names) if living else escape(view.code)
    style = f"margin:6px 0;font-size:13px;white-space:pre-wrap;user-select:all{room}"
    return f'<pre style="{style}"{" data-line" * living}><code>{code}</code></pre>'


def _error_html(error: BaseException | None) -> str:
    if error is None:
        return ""
    expected = isinstance(error, ValueError | TypeError | ArithmeticError)
    said = str(error) if expected and str(error) else f"{type(error).__name__}: {error}"
    if isinstance(error, KeyboardInterrupt):
        said = "interrupted"
    sentence = f"Not drawn: {said.rstrip('.')}. The picture still shows the last good state."
    return f'<p role="alert" style="{WORDS};{NOTICED};margin:3px 0">{escape(sentence)}</p>'


class Scene(W.VBox):  # type: ignore[misc]
    """Controls, a picture, a sentence, the numbers, a line of code, and a button that resets.

    controls   {name: widget}: every widget has a `value`, which is handed to `draw` under the name
    draw       a pure function from the values to a View
    play       the name of a slider that is also to be played, a step every `interval` milliseconds
    living     whether what is pointed at lights, in the picture and in the code: see `living.js`
    choose     from the layer and the indices that are clicked to the values of controls; see `View.choosable`
    lines      for how many lines of code there is room, so that nothing below moves

    `view` is the last good View, `error` the exception that prevented the present one (or None), `controls`,
    `reset_button`, `numbers_button` and `player` the widgets. The first drawing is not guarded: what is wrong
    with the defaults is raised.
    """

    def __init__(
        self,
        controls: Mapping[str, Any],
        draw: Callable[..., View],
        play: str | None = None,
        interval: int = 150,
        living: bool = False,
        choose: Callable[..., Mapping[str, Any]] | None = None,
        lines: int = 0,
    ) -> None:
        if play is not None and play not in controls:
            raise ValueError(f"play: expected one of {', '.join(controls)}, got {shown(play)}")
        self.controls = dict(controls)
        self.error: BaseException | None = None
        self.screen = Screen()
        self.helpers = [self.screen]
        self._draw = draw
        self._choose = choose
        self._lines = lines
        self._drawing = threading.Lock()
        self._asked = threading.Event()
        self._held = False
        self._initial = {name: control.value for name, control in self.controls.items()}
        self._tried = self._good = self._values()
        self.view = self._finished()
        self._said, self._changed = self._texts(), ""
        self._living = Living(choosable=self.view.choosable, chosen=self.view.chosen) if living else None

        self.player = Player(self.controls[play], interval) if play is not None else None
        self.reset_button = W.Button(description="Reset", tooltip="Return every control to its first value")
        self.numbers_button = W.ToggleButton(description="Show the numbers", tooltip="The numbers as a table")
        # One message says all that a move changes: each has its price in the browser.
        self._status, self._shown = W.HTML(), W.HTML()
        for button in (self.reset_button, self.numbers_button):
            button.layout.width = "auto"
        if any(hasattr(control, "check") for control in self.controls.values()):
            self._status.layout.min_height = "34px"  # a place for a line that refuses what is typed
        shown_controls = [self.player if name == play else c for name, c in self.controls.items()]
        row = [*shown_controls, self.reset_button, self.numbers_button]
        living_widgets = [self._living] if self._living else []
        super().__init__(
            [W.HBox(row, layout=W.Layout(**WRAPPING)), self._status, self._shown, *living_widgets]
        )
        self.add_class("scene")
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, "value")
        self.numbers_button.observe(self._on_numbers, "value")
        self.screen.observe(self._on_screen, ["pixels", "narrow"])
        if self._living is not None:
            self._living.observe(self._on_chosen, "chosen")
            self._living.on_msg(self._on_button)
        self.reset_button.on_click(lambda _: self.reset())

    def refresh(self) -> None:
        """Draw what the controls say now, unless it is drawn already.

        If another thread is drawing, it draws once more when it is done, with the values of that moment.
        """
        self._asked.set()
        while self._asked.is_set() and self._drawing.acquire(blocking=False):
            try:
                while self._asked.is_set():
                    self._asked.clear()
                    self._attempt()
            finally:
                self._drawing.release()

    def reset(self) -> None:
        """Return every control to its first value, and draw once."""
        if self.player is not None:
            self.player.pause()
        self._set(self._initial)

    def close(self) -> None:
        """Close the scene with all widgets in it."""
        parts: list[Any] = [self]
        for part in parts:
            parts += [*getattr(part, "children", ()), *getattr(part, "helpers", ())]
            parts += [getattr(part, name) for name in ("layout", "style") if hasattr(part, name)]
        for part in parts[1:]:
            part.close()
        super().close()

    def _finished(self) -> View:
        """The whole picture of the last good values, sharp enough for any screen."""
        while (view := self._draw(**self._good)).progress is not None:
            pass
        return view

    def _still_view(self) -> View:
        """What a viewer without a kernel sees, who may have another screen."""
        is_for_all = self.screen.pixels == SHARP and not self.screen.narrow
        return self.view if is_for_all else self._finished()

    def _values(self) -> dict[str, Any]:
        return {name: getattr(control, "number", control.value) for name, control in self.controls.items()}

    def _texts(self) -> dict[str, str]:
        return {name: _value_text(control) for name, control in self.controls.items()}

    def _attempt(self) -> None:
        """Draw the present values, part by part, until they are drawn or others are asked for."""
        values = self._values()
        if values == self._tried:
            return
        self._tried = values
        try:
            for control in self.controls.values():
                if hasattr(control, "check"):
                    control.check()
            with drawn_at(self.screen.pixels, self.screen.narrow):
                view = self._draw(**values)
                self._note_changes()
                while view.progress is not None and not self._asked.is_set():
                    self.view, self.error = view, None
                    self._show()
                    view = self._draw(**values)
        except (Exception, KeyboardInterrupt) as error:
            self.error = error
            self._status.value = STYLE + _error_html(error)
            if isinstance(error, KeyboardInterrupt):
                self._tried = {}  # the same values, asked for again, are drawn
                if self.player is not None:
                    self.player.pause()
            return
        self.view, self.error, self._good = view, None, values
        self._show()
        if view.progress is not None:  # left for other values; should these return, they are drawn to the end
            self._tried = {}

    def _note_changes(self) -> None:
        """Say in words which controls moved since the last good picture."""
        before, self._said = self._said, self._texts()
        moved = [name for name, text in self._said.items() if text != before[name]]
        if moved:  # else the same is drawn for another screen
            said = [
                f"{self.controls[name].description}: {before[name]} → {self._said[name]}" for name in moved
            ]
            self._changed = f"{'; '.join(said) if len(said) <= TOLD else f'{len(said)} controls moved'}."

    def _set(self, values: Mapping[str, Any]) -> None:
        """Set some controls, in this order, and draw once."""
        self._held = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._held = False
        self.refresh()

    def _on_chosen(self, change: Any) -> None:
        if change["new"] != self.view.chosen and self._choose is not None:
            self._set(self._choose(*map(int, change["new"].split("."))))
            change["owner"].chosen = self.view.chosen  # if it was refused

    def _on_button(self, _: object, pressed: Mapping[str, Any], __: object) -> None:
        """Move a control by a button that is drawn in the picture; it stops at its ends."""
        self.controls[pressed["control"]].value += pressed["by"]

    def _show(self) -> None:
        self._status.value = STYLE + _error_html(self.error) + _progress_html(self.view.progress)
        if self._living is not None:  # before the picture, whose parts are made ready as soon as it is there
            self._living.choosable, self._living.chosen = self.view.choosable, self.view.chosen
        picture, *said = self._parts().values()
        self._shown.value = _arranged(picture, self.view.aside, "".join(said))
        for name, control in self.controls.items():
            if hasattr(control, "disabled") and control.disabled != (name in self.view.idle):
                control.disabled = name in self.view.idle

    def _parts(self) -> dict[str, str]:
        """What is below the controls, from top to bottom, as HTML."""
        view = self.view
        more = ' data-more=" A click or Enter chooses it."' if view.choosable else ""
        table = table_html(view.table) if self.numbers_button.value else ""
        return {
            "picture": f'<div class="wide">{view.picture}</div>',
            "pointed": f'<output class="pointed"{more}></output>' if self._living is not None else "",
            "sentence": f'<div class="sentence">{_sentence_html(view.sentence, self._changed)}</div>',
            "table": f'<div class="wide">{table}</div>',
            "code": _code_html(view, self._living is not None, self._lines),
        }

    def _on_change(self, change: object) -> None:
        if not self._held:
            self.refresh()

    def _on_screen(self, change: object) -> None:
        """Draw the same again, for another screen."""
        with self._drawing:
            self._tried = {}
        self.refresh()

    def _on_numbers(self, change: object) -> None:
        is_open = self.numbers_button.value
        self.numbers_button.description = "Hide the numbers" if is_open else "Show the numbers"
        with self._drawing:
            self._show()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, and for viewers without a kernel the picture, the sentence and the numbers."""
        with self._drawing:
            data = dict(super()._repr_mimebundle_(**kwargs) or {})
            view = self._still_view()
        table = table_html(view.table)
        numbers = f"<details><summary>The numbers</summary>{table}</details>" if table else ""
        words = _sentence_html(view.sentence) + numbers + _code_html(view, self._living is not None)
        data["text/plain"] = f"{view.alt}\n{view.sentence}" if view.sentence else view.alt
        picture = view.picture
        if "data:image/png" in picture:
            from backprop_lib.drawing.canvas import compact  # only a scene with a PNG needs matplotlib

            picture = PLACE.sub("", compact(picture))
        data["text/html"] = _arranged(still(picture), view.aside, words)
        return data, {}
