"""The pages in a real JupyterLab in a real Chromium: Run All, and every control moved to both ends and back.

Run by `make test-browser`. The server listens on this computer only, serves copies of the pages, and is
stopped at the end. Every figure is compared with a twin of it in this process, and its table with what its
line of code gives.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figure_in_browser import (
    PATIENCE,
    all_of,
    disagreements,
    epoch_of,
    is_blank,
    locate,
    move,
    number_findings,
    press,
    read,
    resting_epoch,
    settled,
    twin_of,
    wait_for_epoch,
    wait_until,
)
from in_browser import IN_KERNEL, PAGES, factories
from in_chromium import (
    NO_CHROMIUM,
    SCENE,
    chromium,
    open_lab,
    open_tab,
    run_all,
    write_notebook,
)

from backprop_lib.data import load_iris, split, standardize
from backprop_lib.figures.controls import IntegerBox, LogSlider
from backprop_lib.figures.scene import Scene
from backprop_lib.network import Network
from backprop_lib.training import train

Tab = tuple[Any, list[str]]


def findings_of_cells(cells: list[dict[str, Any]]) -> list[str]:
    """Cells that did not run, or ran into an error."""
    found = [f"cell {i} did not run" for i, cell in enumerate(cells, 1) if cell["count"] != i]
    return found + [error for cell in cells for error in cell["errors"]]


def findings_at_rest(scene: Any, twin: Scene) -> Iterator[str]:
    """What is wrong with a figure before anything is moved; leaves its table open."""
    scene.scroll_into_view_if_needed()
    _, wrong = settled(scene, twin)
    yield from wrong
    if is_blank(scene):
        yield "a picture of one color"
    scene.locator("button", has_text="Show the numbers").click()
    scene.locator("table").wait_for()
    yield from number_findings(read(scene))


# Figures whose picture and sentence always take the same room.
STEADY = {"clones", "depth", "expression_graph", "find_the_bug", "layer_sizes", "logits", "one_neuron"}
BELOW = """scene => scene.querySelector('.sentence + .wide').getBoundingClientRect().top
    - scene.getBoundingClientRect().top"""


def findings_of_controls(scene: Any, twin: Scene, is_steady: bool = False) -> Iterator[str]:
    """What is wrong when every control is moved to both ends and reset, and nonsense is typed."""
    first, places = all_of(read(scene)), {scene.evaluate(BELOW)}
    for name, control in twin.controls.items():
        if name in twin.view.idle:
            continue
        moved = False
        for end in ("last", "first"):
            before = all_of(read(scene))
            if move(scene, control, end):
                _, wrong = settled(scene, twin, unlike=before)
                yield from (f"{control.description}, {end} value: {finding}" for finding in wrong)
                places.add(scene.evaluate(BELOW))
                moved = True
        if not moved:
            yield f"{control.description}: cannot be moved"
        yield from (
            f"{control.description}: {finding}" for finding in findings_of_nonsense(scene, twin, control)
        )
        scene.locator("button", has_text="Reset").click()
        _, wrong = settled(scene, twin, like=first)
        yield from (f"{control.description}, reset: {finding}" for finding in wrong)
    if is_steady and len(places) > 1:
        yield f"what is below the picture jumps between {sorted(places)}"


def findings_of_nonsense(scene: Any, twin: Scene, control: Any) -> Iterator[str]:
    """What letters, and a number far too large, do in the box of a control: nothing, or a sentence."""
    element = locate(scene, control.description)
    if isinstance(control, LogSlider):
        element = element.locator("xpath=following-sibling::*[contains(@class, 'widget-text')]").first
    box = element.locator("input, .widget-readout")
    if element.locator("select").count() or not box.count():
        return
    for nonsense in ("abc", "-", "999999"):
        box.first.click()
        scene.page.keyboard.press("Control+A")
        scene.page.keyboard.type(nonsense)
        scene.page.keyboard.press("Enter")
        _, wrong = settled(scene, twin)
        yield from (f"typed {nonsense!r}: {finding}" for finding in wrong)
    if isinstance(control, IntegerBox | LogSlider) and "expected a" not in read(scene)["alert"]:
        yield "999999 is not refused with a sentence"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_runs_without_error_is_saved_as_it_is_stored_and_every_control_moves_its_figure(
    path: Path, lab: str, one_tab: Tab, folder: Path
) -> None:
    page, errors = one_tab
    copy = shutil.copy(path, folder / f"fresh_{path.name}")  # the kernel of another test would count on
    assert not findings_of_cells(run_all(page, lab, copy.name, is_open=True))
    page.evaluate("() => window.notebook.context.save()")
    saved, stored = (file.read_text(encoding="utf-8").splitlines() for file in (copy, path))
    assert [
        (one[:200], two[:200]) for one, two in zip_longest(saved, stored, fillvalue="") if one != two
    ] == []
    scenes = page.locator(f"{SCENE}:not(:has(button:text-is('Stop')))")
    names = factories(path)
    if names:
        scenes.nth(len(names) - 1).wait_for()
    assert scenes.count() == len(names)
    for i, name in enumerate(names):
        twin = twin_of(name)
        moved = findings_of_controls(scenes.nth(i), twin, name in STEADY)
        found = [*findings_at_rest(scenes.nth(i), twin), *moved]
        assert not found, f"{name}: {found}"
    assert not errors, errors


def live_figure(page: Any, lab: str) -> Any:
    run_all(page, lab, "08_training_on_iris.ipynb", is_open=True)
    scene = page.locator(f"{SCENE}:has(button:text-is('Stop'))")
    scene.scroll_into_view_if_needed()
    return scene


def test_training_goes_on_while_one_watches_rests_when_paused_and_ends_when_stopped(
    lab: str, one_tab: Tab
) -> None:
    page, errors = one_tab
    scene = live_figure(page, lab)
    assert epoch_of(scene) == 0
    pictures = {read(scene)["drawn"]}
    press(scene, "Play")
    for _ in range(3):  # the curve moves during the run
        wait_for_epoch(scene, epoch_of(scene) + 2)
        pictures.add(read(scene)["drawn"])
    assert len(pictures) == 4
    press(scene, "Pause")
    assert (resting := resting_epoch(scene)) < 200
    press(scene, "Play")
    wait_for_epoch(scene, resting + 3)
    press(scene, "Stop")
    scene.get_by_text(re.compile(r"Stopped after epoch \d+\.")).first.wait_for()
    stopped = resting_epoch(scene)
    assert stopped < 200 and scene.locator("button:text-is('Play')").is_disabled()

    training_set, _ = standardize(*split(load_iris(), fraction=0.7, seed=0))
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=1)
    history = train(net, training_set, learning_rate=3.0, epochs=stopped, seed=1)
    scene.locator("button", has_text="Show the numbers").click()
    scene.locator("table").wait_for()
    shown = {row[0]: float(row[1].replace("−", "-")) for row in read(scene)["rows"][1:]}
    assert shown["cost"] == pytest.approx(history.cost[-1], rel=1e-3)
    assert shown["‖δ‖ of layer 1"] == pytest.approx(history.delta_norm(1)[-1], rel=1e-3)
    said = page.evaluate(IN_KERNEL, "print(live.state()[1].epochs, float(abs(learner.theta).sum()))")
    assert said["status"] == "ok", said
    epochs, size = said["text"].split()
    assert int(epochs) == stopped and float(size) == pytest.approx(np.abs(net.theta).sum(), rel=1e-9)
    assert not errors, errors


def test_after_a_fast_drag_over_the_epochs_the_last_state_shows(lab: str, one_tab: Tab) -> None:
    page, errors = one_tab
    run_all(page, lab, "08_training_on_iris.ipynb", is_open=True)
    scene, twin = page.locator(SCENE).first, twin_of("iris_lab")
    scene.scroll_into_view_if_needed()
    settled(scene, twin)
    handle = locate(scene, "Epoch").locator(".noUi-handle")
    handle.focus()
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    shown, wrong = settled(scene, twin)
    assert not wrong and "after 140 epochs" in shown["sentence"]
    assert not errors, errors


BROKEN = """
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.drawing.canvas import Picture, new_figure
from backprop_lib.drawing.plots import heat_map

def broken(fault):
    def draw(a, b):
        shown = a + (0 if fault == "dead control" else b)
        if fault == "blank":
            picture = Picture(new_figure(), "Nothing.")
        else:
            picture = heat_map([[a, shown]], title="Two numbers")
        value = shown + (1 if fault == "wrong number" else 0)
        rows = [["", "value"], ["sum", value]]
        lower = "<br>" * b if fault == "jumps" else ""
        return View(picture.html + lower, picture.alt, f"The sum is {shown}.", rows, f"{shown}")
    return Scene({"a": slider("First", 2, 1, 5), "b": slider("Second", 1, 0, 4)}, draw)
"""


# What is found in a figure with this fault; nothing in one that has none.
FOUND = {
    "": None,
    "blank": "a picture of one color",
    "dead control": "Second, last value: nothing changed",
    "wrong number": "the code gives 3",
    "jumps": "what is below the picture jumps",
}
BROKEN_CALLS = [f"broken({fault!r})" for fault in FOUND]
BROKEN_CALLS += ["shown = broken('')\nshown._draw = lambda a, b: shown.view\nshown"]
TOGETHER = pytest.mark.xdist_group("the page with broken figures")


@pytest.fixture(scope="module")
def broken(lab: str, folder: Path, chromium: Any) -> Iterator[Tab]:
    """A page with a figure for each fault, and at its end one that shows another state than its controls."""
    page, errors = open_tab(chromium)
    cells = run_all(page, lab, write_notebook(folder, "broken.ipynb", BROKEN, *BROKEN_CALLS))
    assert not findings_of_cells(cells)
    yield page, errors
    page.close()


def broken_here(fault: str) -> Scene:
    """The same figure in this process."""
    names: dict[str, Any] = {}
    exec(BROKEN, names)
    made: Scene = names["broken"](fault)
    return made


@TOGETHER
@pytest.mark.parametrize(("fault", "finding"), FOUND.items())
def test_a_broken_figure_would_be_found(
    fault: str, finding: str | None, broken: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, errors = broken
    monkeypatch.setattr("figure_in_browser.PATIENCE", PATIENCE if not fault else 1.0)
    scene, twin = page.locator(SCENE).nth(list(FOUND).index(fault)), broken_here(fault)
    found = [*findings_at_rest(scene, twin), *findings_of_controls(scene, twin, is_steady=True)]
    assert (not found and not errors) if finding is None else any(finding in f for f in found), found


@TOGETHER
def test_a_figure_that_shows_another_state_than_its_controls_would_be_found(broken: Tab) -> None:
    page, _ = broken
    scene, twin = page.locator(SCENE).last, broken_here("")
    scene.wait_for()
    press(scene, "Show the numbers")
    move(scene, twin.controls["b"], "last")
    wanted = ("says 'The sum is 3.'", "the numbers [['', 'value'], ['sum', '3']], not")
    wait_until(page, lambda: all(each in str(disagreements(twin, read(scene))) for each in wanted))


def test_the_lab_is_dark_or_light_as_the_system_is_and_shows_a_text_as_it_is_read(
    lab: str, tab: Tab, folder: Path
) -> None:
    page, _ = tab
    (folder / "questions.md").write_text("# Questions\n", encoding="utf-8")
    is_light = "light => document.body.dataset.jpThemeLight === light"
    page.emulate_media(color_scheme="dark")
    open_lab(page, lab)
    page.wait_for_function(is_light, arg="false")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(is_light, arg="true")
    page.evaluate("() => jupyterapp.commands.execute('docmanager:open', {path: 'questions.md'})")
    page.locator(".jp-MarkdownViewer h1", has_text="Questions").wait_for()


def test_a_cell_with_an_error_would_be_found(lab: str, one_tab: Tab, folder: Path) -> None:
    page, _ = one_tab
    name = write_notebook(folder, "error.ipynb", "1", "1 / 0", "2")
    found = findings_of_cells(run_all(page, lab, name, is_open=True))
    assert "ZeroDivisionError: division by zero" in found and "cell 3 did not run" in found


def test_an_error_in_the_console_would_be_found(lab: str, one_tab: Tab) -> None:
    page, errors = one_tab
    open_lab(page, lab, is_open=True)
    page.evaluate("() => { console.error('on purpose'); setTimeout(() => { throw new Error('also') }) }")
    wait_until(page, lambda: "on purpose" in str(errors) and "also" in str(errors))


HOSTILE = """
from backprop_lib.drawing.net import network_svg
from backprop_lib.figures.scene import Scene, View, choice
from backprop_lib.drawing.plots import heat_map

BAD = "<script>window.harm = 1</script><img src=x onerror='window.harm = 2'>"

def draw(name):
    if name == "error":
        raise ValueError(BAD)
    svg = network_svg([1, 1], labels={0: [BAD], 1: [BAD]}, captions=[BAD, BAD], alt=BAD)
    picture = heat_map([[1.0]], row_names=[BAD], title=BAD)
    return View(svg + picture.html, BAD, BAD, [["", BAD], [BAD, BAD]], BAD)

Scene({"name": choice(BAD, [(BAD, "name"), ("error", "error")])}, draw)
"""


def test_markup_in_a_name_is_drawn_as_text_and_never_run(lab: str, one_tab: Tab, folder: Path) -> None:
    page, _ = one_tab
    run_all(page, lab, write_notebook(folder, "hostile.ipynb", HOSTILE), is_open=True)
    scene = page.locator(SCENE).first
    scene.wait_for()
    scene.locator("button", has_text="Show the numbers").click()
    scene.locator("table").wait_for()
    assert scene.locator("script, img[src=x]").count() == 0
    assert scene.locator("svg text", has_text="<script>window.harm = 1</script>").count() == 4
    scene.locator("select").select_option(index=1)
    scene.locator("p[role=alert]").wait_for()
    assert "<script>" in scene.locator("p[role=alert]").inner_text()
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.harm") is None


def test_without_a_chromium_the_line_that_installs_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=re.escape(NO_CHROMIUM)), chromium():
        pass
