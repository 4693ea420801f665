"""How long a figure takes from a moved control to changed pixels, in a real browser.

    python tools/bench_figures.py                      all figures, written to benchmarks/figures.md
    python tools/bench_figures.py nudge iris_lab       these, printed only

For each figure one control is moved 40 times, by a key or by the next choice of a list. In the page, a script
notes the time of the move, and that at which the changed picture has been painted. Then come 40 moves 20 ms
apart; the lag is the time from the last of them until nothing changes any more. The usual way, `interact`
over `plt.show()` with two axes, is measured before and after, and every figure is compared with it. A
highlight is measured from the pointer on a symbol until all that it lights has its look.

Run it on an idle machine: anything else that runs shows in the p95. Ends with 1 if a figure is too slow.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets as W
from in_chromium import SCENE, chromium, lab, open_tab, run_all, write_notebook

from backprop_lib.figures import figure_names

LIVE = "live_training"
OUT = Path(__file__).parents[1] / "benchmarks" / "figures.md"
EVENTS, DRAG, PAUSE = 40, 40, 20
FIGURES = [*figure_names(), LIVE]
SHARE, HIGHLIGHT = {True: 1 / 5, False: 1 / 3}, 16  # at most: of `interact` for SVG and raster; milliseconds
SOURCE = "from backprop_lib.figures.{name} import {name}\n{name}()"
TRAINING = """
from backprop_lib import Network, load_iris, split, standardize
from backprop_lib.figures.live_training import LiveTraining
train, held_out = standardize(*split(load_iris(), seed=0))
net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
LiveTraining(net, train, epochs=200, held_out=held_out)
"""
INTERACT = """
import matplotlib.pyplot as plt, numpy as np
from ipywidgets import interact, IntSlider
def draw(example):
    figure, axes = plt.subplots(1, 2, figsize=(8.2, 3.4))
    x = np.linspace(-2, 2, 81)
    axes[0].plot(x, np.tanh(x * example / 50)); axes[1].plot(x, np.cos(x * example / 50))
    plt.show()
interact(draw, example=IntSlider(20, 0, 149, description="Flower"));
"""

TEXT = f"""# How fast the figures answer

From a key that moves a control to changed pixels in Chromium, in milliseconds: {EVENTS} events a figure,
their median and 95th percentile (p95), and the latter as a share of that of `interact` over `plt.show()`,
measured in the same run, before and after the figures. At most 1/5 is allowed for a figure of lines and texts
alone, 1/3 for one with curves. The lag is that after {DRAG} presses {PAUSE} ms apart, from the last press to
the last change. A highlight goes from the pointer on a symbol to all that it lights, and may take
{HIGHLIGHT} ms. Made by `make bench-figures`.

The lab is the one of `make lab`, which sends every message of the kernel at once. With plain `jupyter lab`
TCP may hold an answer back until the message before it is acknowledged: every other picture is 33 ms late.

| figure | median | p95 | of `interact` | at most | lag after a drag | highlight | met |
|---|---|---|---|---|---|---|---|
{{rows}}

Measured {{date}}: {{machine}}, {{versions}}.
"""

# A message is read after the frame has been painted.
WATCH = """([area, control]) => {
    window.changes = []; window.pressed = [];
    const painted = new MessageChannel();
    painted.port1.onmessage = () => window.changes.push(performance.now());
    const seen = new MutationObserver(async () => {
        await Promise.all([...area.querySelectorAll('img')].map(each => each.decode().catch(() => {})));
        requestAnimationFrame(() => painted.port2.postMessage(''));
    });
    seen.observe(area, {subtree: true, childList: true}); // what is lit changes attributes alone
    control.addEventListener('keydown', () => window.pressed.push(performance.now()), true);
}"""

# Milliseconds from the pointer on a symbol until what it lights is laid out; and whether anything is lit.
LIGHT = """scene => [...scene.querySelectorAll('[data-line] [data-is]')].map(symbol => {
    const start = performance.now();
    symbol.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, isPrimary: true}));
    scene.getBoundingClientRect();
    const took = performance.now() - start, lit = scene.querySelectorAll('.lit').length;
    symbol.closest('.living').dispatchEvent(new PointerEvent('pointerleave', {pointerType: 'mouse'}));
    return [took, lit];
})"""

# The next choice of a list or the one before, and from the last on to the first.
CHOOSE = """([list, step]) => {
    window.pressed.push(performance.now());
    list.selectedIndex = (list.selectedIndex + step + list.length) % list.length;
    list.dispatchEvent(new Event('change', {bubbles: true}));
}"""


def measure(page: Any, area: Any, control: Any) -> tuple[list[float], float]:
    """Milliseconds from key to paint, one an event; and the lag after a drag."""
    page.evaluate(WATCH, [area.element_handle(), control.element_handle()])
    control.focus()
    times: list[float] = []
    handle, is_list = control.element_handle(), control.evaluate("c => c.tagName") == "SELECT"

    def move(right: bool) -> None:
        if is_list:  # a key would open the list
            page.evaluate(CHOOSE, [handle, 1 if right else -1])
        else:
            page.keyboard.press("ArrowRight" if right else "ArrowLeft")

    if not is_list:
        page.keyboard.press("Home")  # from the end there would be nowhere to go
        page.wait_for_timeout(2000)
    for i in range(EVENTS):
        page.evaluate("() => { window.changes = []; window.pressed = []; }")
        move(right=i // 4 % 2 == 0)
        page.wait_for_function("() => window.changes.length > 0", timeout=20_000)
        times.append(page.evaluate("() => window.changes[0] - window.pressed[0]"))
        quiet(page, 120)
    page.evaluate("() => { window.changes = []; window.pressed = []; }")
    for i in range(DRAG):
        move(right=i // 4 % 2 == 0)  # the last one moves too, however few the positions are
        time.sleep(PAUSE / 1000)
    quiet(page, 700)
    lag = page.evaluate("() => Math.max(0, window.changes.at(-1) - window.pressed.at(-1))")
    return times, lag


def quiet(page: Any, milliseconds: int) -> None:
    """Wait until nothing has changed for so long."""
    page.wait_for_function(
        "ms => { const last = window.changes.at(-1) ?? 0; return performance.now() - last > ms; }",
        arg=milliseconds,
    )


@dataclass(frozen=True)
class Measured:
    """What was found out about a figure; the slowest highlight, or None if it has no equation."""

    name: str
    times: list[float]
    lag: float
    is_svg: bool = False
    highlight: float | None = None

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1]

    def row(self, interact: float | None = None) -> str:
        """A line of the table; without the p95 of `interact`, the line of `interact` itself."""
        share, met, most = "", "", ""
        if interact is not None:
            most = "1/5" if self.is_svg else "1/3"
            is_met = self.p95 <= SHARE[self.is_svg] * interact and (self.highlight or 0) <= HIGHLIGHT
            share, met = f"{self.p95 / interact:.2f}", "yes" if is_met else "NO"
        light = "" if self.highlight is None else f"{self.highlight:.1f}"
        median = statistics.median(self.times)
        cells = [self.name, f"{median:.0f}", f"{self.p95:.0f}", share, most, f"{self.lag:.0f}", light, met]
        return f"| {' | '.join(cells)} |"


def moved(name: str) -> tuple[str, bool]:
    """The label of the control to move, the last slider in use or the first choice; and whether it is SVG."""
    if name == LIVE:
        return "Epoch", False
    scene = getattr(importlib.import_module(f"backprop_lib.figures.{name}"), name)()
    controls = [control for key, control in scene.controls.items() if key not in scene.view.idle]
    sliders = [control for control in controls if isinstance(control, W.IntSlider | W.FloatSlider)]
    return (sliders or controls[:1])[-1].description, "<img" not in scene.view.html


def measured(browser: Any, address: str, folder: Path, name: str) -> Measured:
    """One figure, or `interact`, on a page of its own."""
    page, _ = open_tab(browser, 1280, 1300)
    source = {"interact": INTERACT, LIVE: TRAINING}.get(name, SOURCE.format(name=name))
    run_all(page, address, write_notebook(folder, f"{name}.ipynb", source))
    if name == "interact":
        area = page.locator(".jupyter-widgets-output-area, .widget-output").first
        area.wait_for()
        control, is_svg, highlight = page.locator(".widget-slider").first, False, None
    else:
        label, is_svg = moved(name)
        scene = page.locator(SCENE).first
        scene.wait_for()
        labeled = page.get_by_text(label, exact=True).and_(page.locator(".widget-label"))
        control = scene.locator(".widget-slider, .widget-dropdown", has=labeled).first
        area = scene.locator(".widget-html-content:has(img, svg)").first
        lights = [scene.evaluate(LIGHT) for _ in range(2)][1]  # the first time compiles
        highlight = max((took for took, lit in lights if lit), default=None)
    page.wait_for_timeout(1500)
    times, lag = measure(page, area, control.locator(".noUi-handle, select").first)
    page.close()
    title = "`interact` over `plt.show()`" if name == "interact" else name.replace("_", " ")
    return Measured(title, times, lag, is_svg, highlight)


def lines(names: list[str]) -> list[str]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as address, chromium() as browser:
        found = []
        for name in ["interact", *names, "interact"]:
            found.append(measured(browser, address, Path(folder), name))
            print(found[-1].row(), flush=True)
    first, *figures, last = found
    interact = Measured(first.name, first.times + last.times, max(first.lag, last.lag))
    return [*(figure.row(interact.p95) for figure in figures), interact.row()]


def main() -> int:
    chosen = sys.argv[1:]
    if unknown := [name for name in chosen if name not in FIGURES]:
        raise SystemExit(f"figures: expected some of {', '.join(FIGURES)}, got {', '.join(unknown)}")
    rows = lines(chosen or FIGURES)
    print("", *rows, sep="\n")
    too_slow = any(row.endswith("| NO |") for row in rows)
    if chosen:
        return int(too_slow)
    packages = ("ipywidgets", "jupyterlab", "ipykernel", "matplotlib", "numpy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    OUT.write_text(
        TEXT.format(
            rows="\n".join(rows),
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}",
            versions=f"Python {platform.python_version()}, {versions}",
        ),
        encoding="utf-8",
    )
    return int(too_slow)


if __name__ == "__main__":
    sys.exit(main())
