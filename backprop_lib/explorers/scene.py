"""A scene: controls above a picture that a pure function draws from their values.

The function knows nothing of widgets; the scene knows nothing of nets. Whatever goes wrong while drawing
becomes a sentence below the controls, and the last good picture stays.
"""

from __future__ import annotations

import base64
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as W
import numpy as np

from backprop_lib.arguments import shown
from backprop_lib.explorers.controls import (
    WRAPPING,
    IntegerBox,
    Player,
    box,
    choice,
    log_slider,
    player,
    slider,
)
from backprop_lib.svg import number, still

__all__ = ["Player", "Scene", "View", "box", "choice", "log_slider", "player", "slider", "table_html"]

Rows = Sequence[Sequence[object]]
WORDS = "font-size:14px;line-height:1.45;margin:6px 0;max-width:860px"


@dataclass(frozen=True)
class View:
    """What a scene shows of one state of its controls.

    html      the picture: an SVG, an `<img>`, or several with words between
    alt       its reading in words
    sentence  one sentence that says what this state shows, or what changed
    table     the numbers: rows, the first of them the heading; or HTML
    code      a line of Python that reproduces the state
    png       the picture as PNG bytes, if it is one PNG drawn at twice its displayed size
    """

    html: str
    alt: str
    sentence: str
    table: Rows | str = ()
    code: str = ""
    png: bytes | None = None


def table_html(rows: Rows | str) -> str:
    """Rows as an HTML table: the first row is the heading, floats are rounded, text is escaped."""
    if isinstance(rows, str):
        return rows
    if not rows:
        return ""

    def cell(value: object, kind: str, scope: str = "") -> str:
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        text = number(float(value), 4) if isinstance(value, float | np.floating) else str(value)
        side = "right" if is_number or scope == "col" else "left"
        style = f"padding:2px 10px;text-align:{side};font-variant-numeric:tabular-nums"
        return f"<{kind}{f' scope={scope!r}' if scope else ''} style='{style}'>{escape(text)}</{kind}>"

    heading = "".join(cell(value, "th", "col") for value in rows[0])
    body = "".join(
        f"<tr>{cell(row[0], 'th', 'row')}{''.join(cell(v, 'td') for v in row[1:])}</tr>" for row in rows[1:]
    )
    return (
        "<table style='border-collapse:collapse;font-size:13px'>"
        f"<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"
    )


def _sentence_html(sentence: str) -> str:
    return f'<p role="status" style="{WORDS}">{escape(sentence)}</p>' if sentence else ""


def _code_html(code: str) -> str:
    style = "margin:6px 0;font-size:13px;white-space:pre-wrap;user-select:all"
    return f'<pre style="{style}"><code>{escape(code)}</code></pre>' if code else ""


def _error_html(error: Exception | None) -> str:
    if error is None:
        return ""
    expected = isinstance(error, ValueError | TypeError | ArithmeticError)
    said = str(error) if expected and str(error) else f"{type(error).__name__}: {error}"
    sentence = f"Not drawn: {said.rstrip('.')}. The picture still shows the last good state."
    return (
        f'<p role="alert" style="{WORDS};padding:4px 10px;border-left:4px solid #B35806;'
        f'background:#FFF4E8;color:#222222">{escape(sentence)}</p>'
    )


class Scene(W.VBox):  # type: ignore[misc]
    """Controls, a picture, a sentence, the numbers, a line of code, and a button that resets.

    controls   {name: widget}: every widget has a `value`, which is handed to `draw` under the name
    draw       a pure function from the values to a View
    play       the name of a slider that is also to be played

    `view` is the last good View, `error` the exception that prevented the present one (or None), `controls`,
    `reset_button`, `numbers_button` and `player` the widgets. The first drawing is not guarded: what is wrong
    with the defaults is raised.
    """

    def __init__(
        self, controls: Mapping[str, Any], draw: Callable[..., View], play: str | None = None
    ) -> None:
        if play is not None and play not in controls:
            raise ValueError(f"play: expected one of {', '.join(controls)}, got {shown(play)}")
        self.controls = dict(controls)
        self.error: Exception | None = None
        self._draw = draw
        self._drawing = threading.Lock()
        self._asked = threading.Event()
        self._held = False
        self._initial = {name: control.value for name, control in self.controls.items()}
        self._tried = self._values()
        self.view = draw(**self._tried)

        self.player = player(self.controls[play]) if play is not None else None
        self.reset_button = W.Button(description="Reset", tooltip="Return every control to its first value")
        self.numbers_button = W.ToggleButton(description="Show the numbers", tooltip="The numbers as a table")
        self._status, self._picture, self._sentence, self._table, self._code = (W.HTML() for _ in range(5))
        shown_controls = [self.player if name == play else c for name, c in self.controls.items()]
        super().__init__(
            [
                W.HBox([*shown_controls, self.reset_button], layout=W.Layout(**WRAPPING)),
                self._status,
                self._picture,
                self._sentence,
                self.numbers_button,
                self._table,
                self._code,
            ]
        )
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, "value")
        self.numbers_button.observe(self._on_numbers, "value")
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
        self._held = True
        try:
            for name, value in self._initial.items():
                self.controls[name].value = value
        finally:
            self._held = False
        self.refresh()

    def raise_error(self) -> None:
        """Raise what went wrong in the last drawing, if anything did."""
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close the scene with all widgets in it."""
        parts: list[Any] = [self]
        for part in parts:
            parts += [*getattr(part, "children", ()), *getattr(part, "helpers", ())]
            parts += [getattr(part, name) for name in ("layout", "style") if hasattr(part, name)]
        for part in parts[1:]:
            part.close()
        super().close()

    def _values(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.controls.items()}

    def _attempt(self) -> None:
        values = self._values()
        if values == self._tried:
            return
        self._tried = values
        try:
            for control in self.controls.values():
                if isinstance(control, IntegerBox):
                    control.check()
            view = self._draw(**values)
        except Exception as error:
            self.error = error
            self._status.value = _error_html(error)
            return
        self.view, self.error = view, None
        self._show()

    def _show(self) -> None:
        self._status.value = _error_html(self.error)
        self._picture.value = self.view.html
        self._sentence.value = _sentence_html(self.view.sentence)
        self._table.value = table_html(self.view.table) if self.numbers_button.value else ""
        self._code.value = _code_html(self.view.code)

    def _on_change(self, change: object) -> None:
        if not self._held:
            self.refresh()

    def _on_numbers(self, change: object) -> None:
        is_open = self.numbers_button.value
        self.numbers_button.description = "Hide the numbers" if is_open else "Show the numbers"
        with self._drawing:
            self._table.value = table_html(self.view.table) if is_open else ""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, and for viewers without a kernel the picture, the sentence and the numbers."""
        with self._drawing:
            data = dict(super()._repr_mimebundle_(**kwargs) or {})
            view = self.view
        table = table_html(view.table)
        numbers = f"<details><summary>The numbers</summary>{table}</details>" if table else ""
        words = _sentence_html(view.sentence) + numbers + _code_html(view.code)
        data["text/plain"] = f"{view.alt}\n{view.sentence}" if view.sentence else view.alt
        data["text/html"] = still(view.html) + words
        if view.png is None:
            return data, {}
        from backprop_lib.figure import compact  # only a scene with a PNG needs matplotlib

        large, small = (base64.b64encode(png).decode() for png in (view.png, compact(view.png)))
        data["image/png"], data["text/html"] = small, data["text/html"].replace(large, small)
        width, height = struct.unpack(">II", view.png[16:24])
        return data, {"image/png": {"alt": view.alt, "width": width // 2, "height": height // 2}}
