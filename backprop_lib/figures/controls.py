"""The controls of a scene: bounded, with words beside them, all within reach of the keyboard."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import ipywidgets as W
import traitlets

from backprop_lib.arguments import shown
from backprop_lib.drawing.colors import INK, NOTICE, WRONG
from backprop_lib.drawing.svg import number

WRAPPING = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "4px 20px"}
NOTICED = f"padding:4px 10px;border-left:4px solid {WRONG};background:{NOTICE};color:{INK}"
# A front end marks a widget whose kernel has gone with a broken chain, or not at all (then NAMES does), and
# says nothing.
GONE = (
    """
:is(.scene, .prediction):is(.jupyter-widgets-disconnected, .gone) {
  &::before {
    content: "The kernel was stopped or restarted, so that nothing moves here. Run all cells again.";
    display: block; font: inherit; font-size: 14px; line-height: 1.45; align-self: stretch; max-width: 1090px;
    margin: 6px 0; """
    + NOTICED
    + """ }
  & .jupyter-widgets-disconnected::before { display: none; }
  & :is(button, input, select, .widget-slider) { opacity: 0.4; pointer-events: none; }
}
"""
)
# A front end draws pale borders, the arrow of a list in black on any ground, by forced colors no track,
# and no sign of the focus on a list. Below that, the name of a box that stands beside a slider that has the
# same words.
CONTROLS = """
:is(.scene, .prediction, .recall).widget-box {
  & :is(select, input:not([type=radio]), .widget-readout, .jupyter-button, .noUi-handle) {
    border: 1px solid gray;
    &:focus-visible { outline: 2px solid var(--jp-brand-color1, Highlight) !important; }
  }
  & .noUi-connects { background: gray; forced-color-adjust: none; }
  & select { appearance: auto; background-image: none; }
}
.typed .widget-label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""
# A front end ties the words beside a slider to nothing: neither to the handle nor to the number to be typed;
# and the handle of a slider over a list says which place it is at. Whatever is drawn anew is named anew.
# A rule of CSS for all that is below a page without its kernel would style all of it again at every message.
NAMES = """(part => {
  if (!part || part.isNamed) return;
  const set = (element, name, value) => {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const name = () => {
    for (const slider of part.querySelectorAll('.widget-slider')) {
      const [words, handle, number] = ['.widget-label', '.noUi-handle', '.widget-readout']
        .map(kind => slider.querySelector(kind));
      if (!words || !handle || !number) continue;
      set(handle, 'aria-label', words.textContent);
      set(handle, 'aria-valuetext', number.textContent);
      set(handle, 'aria-disabled', String(Boolean(slider.querySelector('[disabled]'))));
      set(number, 'role', 'textbox');
      set(number, 'aria-label', words.textContent + ', typed');
    }
    const question = part.matches('.prediction') ? part.querySelector('p') : null;
    if (question) {
      set(part, 'role', 'group');
      set(part, 'aria-label', question.textContent);
    }
  };
  part.isNamed = true;
  name();
  const page = part.closest('.jp-NotebookPanel');
  const heed = () => part.classList.toggle('gone',
    Boolean(page?.querySelector('.jp-Notebook-ExecutionIndicator[data-status=unknown]')));
  if (page) new MutationObserver(heed).observe(page, { subtree: true, attributeFilter: ['data-status'] });
  heed();
  new MutationObserver(name).observe(part, {
    subtree: true, childList: true, characterData: true, attributeFilter: ['disabled', 'aria-valuetext'],
  });
})(this.closest('.scene, .prediction'))"""
# What every figure and every question brings along.
HEAD = f'<style onload="{NAMES}">{CONTROLS}{GONE}</style>'


class Player(W.HBox):  # type: ignore[misc]
    """A slider that plays: Play, Pause, Previous and Next as buttons with words on them.

    The clock runs in the browser, a step every `interval` milliseconds, so that nothing loops in the kernel;
    without a browser, set the slider. An interrupt of the kernel (■) pauses all players.
    """

    _playing: WeakSet[Player] = WeakSet()

    def __init__(self, slider: Any, interval: int = 150) -> None:
        if not hasattr(slider, "max") or not hasattr(slider, "step"):
            raise TypeError(f"slider: expected a slider, got {shown(slider)}")
        self.slider = slider
        # The browser runs a clock only if it is on the page; its buttons have no names: it is not seen.
        self.clock = W.Play(
            value=slider.value,
            min=slider.min,
            max=slider.max,
            step=slider.step,
            interval=interval,
            layout=W.Layout(display="none"),
        )
        self.helpers: list[Any] = []
        self.buttons: dict[str, Any] = {}
        for name, action, tooltip in (
            ("Play", self.play, f"Play {slider.description}"),
            ("Pause", self.pause, f"Pause {slider.description}"),
            ("Previous", lambda: self.move(-1), f"{slider.description}: one back"),
            ("Next", lambda: self.move(1), f"{slider.description}: one on"),
        ):
            self.add_button(name, action, tooltip)
        self.clock.observe(self._link_to_slider, "playing")
        slider.observe(self._follow_bounds, ["min", "max"])
        super().__init__([slider, *self.buttons.values(), self.clock], layout=W.Layout(**WRAPPING))

    def add_button(self, name: str, action: Callable[[], None], tooltip: str) -> Any:
        """Make one more button, and return it."""
        button = W.Button(description=name, tooltip=tooltip, layout=W.Layout(width="auto"))
        button.on_click(lambda _: action())
        self.buttons[name] = button
        return button

    def play(self) -> None:
        """Start the clock, from the beginning if the slider is at its end."""
        if self.slider.value >= self.slider.max:
            self.slider.value = self.slider.min
        self.clock.value = self.slider.value
        self.clock.playing = True
        self._playing.add(self)
        _heed_interrupts(self.pause_all)

    def pause(self) -> None:
        """Stop the clock."""
        self.clock.playing = False

    @classmethod
    def pause_all(cls) -> None:
        """Stop the clock of every player."""
        while cls._playing:
            cls._playing.pop().pause()

    def move(self, steps: int) -> None:
        """Stop the clock and move the slider by so many steps, as far as its ends."""
        self.pause()
        wanted = self.slider.value + steps * self.slider.step
        self.slider.value = min(max(wanted, self.slider.min), self.slider.max)

    def _link_to_slider(self, change: object) -> None:
        """Link clock and slider in the browser while it plays: at rest every move would be told twice."""
        if self.clock.playing:
            self.helpers.append(W.jslink((self.clock, "value"), (self.slider, "value")))
        else:
            self.helpers.pop().close()

    def _follow_bounds(self, change: object) -> None:
        self.clock.min, self.clock.max = self.slider.min, self.slider.max


def _heed_interrupts(action: Callable[[], None]) -> None:
    """Take an action at every later interrupt that finds the kernel idle, as it is between two ticks.

    A kernel ignores such interrupts; while a cell runs it sets a handler of its own, and then puts back what
    was there. Elsewhere, and in a thread that may set none, nothing changes.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return

    def listen() -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            with suppress(ValueError):
                signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(action))

    loop.call_soon(listen)  # when the message that is being answered has been


class IntegerBox(W.FloatText):  # type: ignore[misc]
    """A box for a whole number between two bounds; another one is not clipped but refused with a sentence.

    A box for integers would take the point out of 1.5, and draw 15. `number` is the int.
    """

    def __init__(self, description: str, value: int, low: int, high: int) -> None:
        _check_range(value, low, high)
        self.low, self.high = low, high
        super().__init__(value=value, description=description, **_room(description, 90))

    @property
    def number(self) -> float:
        """The value, as an int if it is one."""
        return int(self.value) if self.value.is_integer() else self.value

    def check(self) -> None:
        """Raise ValueError if the number is not whole, or outside the bounds."""
        if not (self.low <= self.value <= self.high and self.value.is_integer()):
            wanted = f"a whole number from {self.low} to {self.high}"
            raise ValueError(f"{self.description}: expected {wanted}, got {self.number}")


def _room(description: str, pixels: int) -> dict[str, Any]:
    """Layout and style with room for the whole description beside the control."""
    width = f"calc({len(description)}ch + {pixels}px)"
    return {"style": {"description_width": "initial"}, "layout": W.Layout(width=width, max_width="100%")}


def _check_range(value: float, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"low and high: expected two finite numbers in order, got {low} and {high}")
    if not low <= value <= high:
        raise ValueError(f"value: expected a number from {low} to {high}, got {shown(value)}")


def slider(description: str, value: float, low: float, high: float, step: float = 1) -> Any:
    """A slider with a number beside it that can be typed; whole numbers only if all of these are ints."""
    _check_range(value, low, high)
    if not step > 0:
        raise ValueError(f"step: expected a positive number, got {shown(step)}")
    steps = (value - low) / step
    if abs(steps - round(steps)) > 1e-6:  # the browser would move it to the nearest step
        raise ValueError(f"value: expected {low} plus whole steps of {step}, got {value}")
    options: dict[str, Any] = {"value": value, "min": low, "max": high, "step": step}
    options |= {"description": description, **_room(description, 260)}
    if all(isinstance(v, int) for v in (value, low, high, step)):
        return W.IntSlider(**options)
    decimals = len(f"{step:f}".rstrip("0").partition(".")[2])
    return W.FloatSlider(**options, readout_format=f".{decimals}f")


def keep_inside(slider: Any, other: Any, largest: Callable[[Any], int]) -> None:
    """Let a slider end at `largest` of the value of another control, before that value is drawn."""

    def end(change: object) -> None:
        slider.max = largest(other.value)

    other.observe(end, "value")
    end(None)


class LogSlider(W.HBox):  # type: ignore[misc]
    """A slider over round numbers of every size, and a box in which any number between its ends can be typed.

    The round numbers are 1, 2, 3 and 5 times a power of ten; both ends are above zero.
    Its slider is one over a list: one over exponents would move a 3 to 3.16 as soon as it is shown.
    """

    value = traitlets.Float()

    def __init__(self, description: str, value: float, low: float, high: float) -> None:
        _check_range(value, low, high)
        if low <= 0:
            raise ValueError(f"low: expected a positive number, got {shown(low)}")
        self.description, self.low, self.high = description, low, high
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        self.stops = [x for e in exponents for s in (1, 2, 3, 5) if low <= (x := float(f"{s}e{e}")) <= high]
        if value not in self.stops:
            listed = ", ".join(number(x) for x in self.stops)
            raise ValueError(f"value: expected one of {listed}, got {shown(value)}")
        self.slider = W.SelectionSlider(
            options=[(number(x), x) for x in self.stops],
            value=value,
            description=description,
            readout=False,
            **_room(description, 200),
        )
        self.box = W.FloatText(
            value=value, description=f"{description}, typed", layout=W.Layout(width="76px")
        )
        self.box.add_class("typed")
        super().__init__([self.slider, self.box], value=value, layout=W.Layout(align_items="center"))
        self._follows = False
        self.slider.observe(self._on_slider, "value")
        self.box.observe(self._on_box, "value")
        self.observe(self._on_value, "value")

    def check(self) -> None:
        """Raise ValueError if the typed number is outside the bounds."""
        if not self.low <= self.value <= self.high:
            wanted = f"a number from {number(self.low)} to {number(self.high)}"
            raise ValueError(f"{self.description}: expected {wanted}, got {number(self.value)}")

    def _on_slider(self, change: Any) -> None:
        if not self._follows:
            self.value = change["new"]

    def _on_box(self, change: Any) -> None:
        self.value = change["new"]

    def _on_value(self, change: Any) -> None:
        if not math.isnan(self.value):  # which is unequal to itself, and would be set for ever
            self.box.value = self.value
        if self.value > 0 and math.isfinite(self.value):
            self._follows = True  # to the nearest stop, which is not a new value
            self.slider.value = min(self.stops, key=lambda stop: abs(math.log(stop / self.value)))
            self._follows = False


def choice(description: str, options: Any, value: Any = None) -> Any:
    """A list to choose from: names, (name, value) pairs or a dict; the first is chosen if `value` is None."""
    pairs = list(options.items()) if isinstance(options, Mapping) else list(options)
    if not pairs:
        raise ValueError("options: expected at least one, got none")
    texts = [str(pair[0] if isinstance(pair, tuple) else pair) for pair in pairs]
    room = 60 + 8 * max(len(text) for text in texts)
    menu = W.Dropdown(options=pairs, description=description, **_room(description, room))
    if value is not None:
        menu.value = value
    return menu
