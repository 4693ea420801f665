"""How long a figure takes from a moved control to changed pixels, in a real browser.

    python tools/bench_figures.py                      all figures, written to benchmarks/figures.md
    python tools/bench_figures.py nudge iris_lab       these, printed only

For each figure one control is moved 40 times, by a key or by the next choice of a list. In the page, a script
notes the time of the move and waits for the figure's picture to change and be painted: two animation frames
after the change. Then come 40 moves 20 ms apart; the lag is the time from the last of them until nothing
changes any more. A last row shows the usual way, `interact` over `plt.show()`, with two axes as well.

Run it on an idle machine: anything else that runs shows in the p95.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets as W
import nbformat
from in_chromium import SCENE, chromium, lab, open_tab, run_all

from backprop_lib.figures import figure_names

OUT = Path(__file__).parents[1] / "benchmarks" / "figures.md"
EVENTS, DRAG, PAUSE = 40, 40, 20
FIGURES = figure_names()
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
their median and 95th percentile, the limit for the latter, and the lag after {DRAG} presses {PAUSE} ms
apart, from the last press to the last change (limit 150). Made by `make bench-figures`.

The lab is the one of `make lab`, which sends every message of the kernel at once. With plain `jupyter lab`
TCP may hold an answer back until the message before it is acknowledged: every other picture is 33 ms late.

| figure | median | p95 | limit | lag after a drag |
|---|---|---|---|---|
{{rows}}

Measured {{date}}: {{machine}}, {{versions}}.
"""

WATCH = """([area, control]) => {
    window.changes = []; window.pressed = [];
    const seen = new MutationObserver(() => {
        requestAnimationFrame(() => requestAnimationFrame(at => window.changes.push(performance.now())));
    });
    seen.observe(area, {subtree: true, childList: true, attributes: true, characterData: true});
    control.addEventListener('keydown', () => window.pressed.push(performance.now()), true);
}"""

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


def row(name: str, times: list[float], lag: float, limit: int | None) -> str:
    """A line of the table."""
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    wanted = "" if limit is None else f"≤ {limit}"
    return f"| {name} | {median:.0f} | {p95:.0f} | {wanted} | {lag:.0f} |"


def notebook(folder: Path, name: str, source: str) -> str:
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), folder / f"{name}.ipynb"
    )
    return f"{name}.ipynb"


def moved(name: str) -> tuple[str, bool]:
    """The label of the control to move: the last slider, else the first choice; and whether it draws SVG."""
    scene = getattr(importlib.import_module(f"backprop_lib.figures.{name}"), name)()
    controls = list(scene.controls.values())
    sliders = [control for control in controls if isinstance(control, W.IntSlider | W.FloatSlider)]
    return (sliders or controls[:1])[-1].description, "<img" not in scene.view.html


def lines(names: list[str]) -> list[str]:
    """The rows of the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as address, chromium() as browser:
        for name in names:
            page, _ = open_tab(browser, 1280, 1300)
            source = (
                f"from backprop_lib.figures.{name} import {name}\n{name}()" if name in FIGURES else INTERACT
            )
            run_all(page, address, notebook(Path(folder), name, source))
            if name in FIGURES:
                label, is_svg = moved(name)
                scene = page.locator(SCENE).first
                scene.wait_for()
                area, limit = scene, 60 if is_svg else 100
                labeled = page.get_by_text(label, exact=True).and_(page.locator(".widget-label"))
                control = scene.locator(".widget-slider, .widget-dropdown", has=labeled).first
                area = scene.locator(".widget-html-content:has(img, svg)").first
            else:
                area, limit = page.locator(".jupyter-widgets-output-area, .widget-output").first, None
                area.wait_for()
                control = page.locator(".widget-slider").first
            page.wait_for_timeout(1500)
            times, lag = measure(page, area, control.locator(".noUi-handle, select").first)
            title = name.replace("_", " ") if name in FIGURES else "`interact` over `plt.show()`"
            rows.append(row(title, times, lag, limit))
            print(rows[-1], flush=True)
            page.close()
    return rows


def main() -> None:
    chosen = sys.argv[1:]
    unknown = [name for name in chosen if name not in (*FIGURES, "interact")]
    if unknown:
        raise SystemExit(
            f"figures: expected some of {', '.join([*FIGURES, 'interact'])}, got {', '.join(unknown)}"
        )
    rows = lines(chosen or [*FIGURES, "interact"])
    if chosen:
        return
    packages = ("ipywidgets", "jupyterlab", "ipykernel", "matplotlib", "numpy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(
        TEXT.format(
            rows="\n".join(rows),
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}",
            versions=f"Python {platform.python_version()}, {versions}",
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
