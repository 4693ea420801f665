"""What goes wrong in a real JupyterLab, by click: an interrupt, and a kernel that is killed or restarted."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from figure_in_browser import epoch_of, press, resting_epoch, wait_for_epoch
from in_browser import IN_KERNEL
from in_chromium import RUN_ALL, SCENE, open_lab, open_tab, run_all, write_notebook

pytestmark = pytest.mark.xdist_group("the tab of the faults")

Tab = tuple[Any, list[str]]
PAGE = "08_training_on_iris.ipynb"
LIVE = """from backprop_lib import Network, load_iris, predict
from backprop_lib.figures.live_training import LiveTraining
live = LiveTraining(Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=1), load_iris())
live"""
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
INTERRUPT = f"{SHOWN} [data-command='notebook:interrupt-kernel']"
RESTART = "() => window.notebook.sessionContext.restartKernel()"
SHUT_DOWN = "() => window.notebook.sessionContext.shutdown()"
BEGINS = """() => window.jupyterapp.shell.currentWidget?.content.model?.sharedModel?.cells
    ?.some(cell => (cell.outputs ?? []).some(output => String(output.text).startsWith('it begins')))"""
IS_IDLE = "button => getComputedStyle(button).pointerEvents === 'none'"
SAID = "scene => getComputedStyle(scene, '::before').content"


@pytest.fixture(scope="module")
def faulty(chromium: Any) -> Iterator[Tab]:
    """A tab of their own: what is left of a figure whose kernel is gone goes on asking it."""
    page, errors = open_tab(chromium)
    yield page, errors
    page.close()


@pytest.fixture
def faulty_tab(faulty: Tab) -> Tab:
    """The same tab, and the list of errors since this test began."""
    faulty[1].clear()
    return faulty


def in_kernel(page: Any, code: str) -> str:
    said = page.evaluate(IN_KERNEL, code)
    assert said["status"] == "ok", said
    return str(said["text"])


def live_figure(page: Any, lab: str, folder: Path) -> Any:
    """The figure of a training run, and a prediction below it, on a page of their own."""
    asked = "predict('Which?', ['this', 'that'], answer='this', because='It is.')"
    run_all(page, lab, write_notebook(folder, "live.ipynb", LIVE, asked), is_open=True)
    scene = page.locator(SCENE).first
    scene.wait_for()
    return scene


def play_on(scene: Any, epochs: int) -> None:
    """Press Play, and wait for so many epochs."""
    wanted = epoch_of(scene) + epochs
    press(scene, "Play")
    wait_for_epoch(scene, wanted)


def test_an_interrupt_by_click_lets_live_training_rest_and_play_goes_on_from_there(
    lab: str, faulty_tab: Tab, folder: Path
) -> None:
    page, errors = faulty_tab
    scene = live_figure(page, lab, folder)
    for _ in range(3):  # whichever moment of a tick it meets
        play_on(scene, 4)
        page.locator(INTERRUPT).click()
        assert (resting := resting_epoch(scene)) < 200
        assert in_kernel(page, "print(live.state()[1].epochs)").strip() == str(resting)
    assert not errors, errors


def test_an_interrupt_by_click_during_train_keeps_the_finished_epochs_and_the_page_goes_on(
    lab: str, faulty_tab: Tab, folder: Path
) -> None:
    """Page 8 as far as its long run, which is made endless. (What it claims of 200 epochs is left out.)"""
    page, _ = faulty_tab
    sources = ["".join(c["source"]) for c in json.loads((folder / PAGE).read_text("utf-8"))["cells"]]
    call = "history = train(net, training_set, learning_rate=3.0, epochs=200"
    (at,) = (i for i, source in enumerate(sources) if call in source)
    upto = sources[at].partition(call)[0] + call
    (rest,) = (line for line in sources[at].splitlines() if line.startswith(call))
    long = f"print('it begins', flush=True)\n{upto}00000{rest.removeprefix(call)}"
    code = [
        source
        for source in sources[:at]
        if source.lstrip().startswith(("import", "flowers", "specification"))
    ]
    name = write_notebook(folder, "long.ipynb", *code, long, "'it goes on'")
    open_lab(page, lab, is_open=True)
    page.evaluate(f"path => {{ window.done = ({RUN_ALL})(path); }}", name)
    page.wait_for_function(BEGINS)
    page.wait_for_timeout(1500)
    page.locator(INTERRUPT).click()
    cells = page.evaluate("() => window.done")
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1)) == [1, 2, 3, 4, 5]
    assert not [error for cell in cells for error in cell["errors"]]
    said = in_kernel(page, "print(history.interrupted, history.epochs, len(history.cost))").split()
    assert said[0] == "True" and 1 < int(said[1]) == int(said[2]) - 1 < 20_000_000


@pytest.mark.parametrize("end", ["killed", "restarted", "shut down"])
def test_a_figure_without_its_kernel_says_so_and_lives_again_after_run_all(
    end: str, lab: str, faulty_tab: Tab, folder: Path
) -> None:
    page, _ = faulty_tab
    scene = live_figure(page, lab, folder)
    play_on(scene, 2)
    assert scene.evaluate(SAID) == "none"
    if end == "killed":
        os.kill(int(in_kernel(page, "import os; print(os.getpid())")), signal.SIGKILL)
        page.locator(".jp-Dialog button", has_text="Ok").click()
    else:
        page.evaluate(RESTART if end == "restarted" else SHUT_DOWN)
    play = scene.locator("button:text-is('Play')")
    page.wait_for_function(IS_IDLE, arg=play.element_handle())
    for part in (scene, page.locator(".prediction").first):
        assert "The kernel was stopped or restarted" in part.evaluate(SAID)

    scene = live_figure(page, lab, folder)
    assert scene.evaluate(SAID) == "none"
    play_on(scene, 2)
