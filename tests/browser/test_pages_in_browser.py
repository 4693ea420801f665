"""The pages in a real JupyterLab in a real Chromium: Run All, and every control moved to both ends.

Run by `make test-browser`. The server listens on this computer only, serves copies of the pages, and is
stopped at the end.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, sync_playwright

PAGES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WAIT = 120_000
# Messages of the browser and of JupyterLab itself, which no page causes.
NOT_OURS = ("favicon", "WebGL", "GPU", "ResizeObserver", "net::ERR_INTERNET_DISCONNECTED")

# The sizes of layers that are not there at first.
MAY_BE_IDLE = {"Neurons in layer 2", "Neurons in layer 3", "Neurons in layer 4"}

RUN_ALL = """async path => {
    const app = window.jupyterapp;
    await app.restored;
    const widget = await app.commands.execute('docmanager:open', {path});
    await widget.context.ready;
    await widget.sessionContext.ready;
    app.shell.activateById(widget.id);
    await app.commands.execute('notebook:run-all-cells');
    await widget.sessionContext.session.kernel.info;
    const cells = widget.content.model.sharedModel.cells;
    return cells.filter(cell => cell.cell_type === 'code').map(cell => ({
        count: cell.execution_count,
        errors: cell.outputs.filter(output => output.output_type === 'error')
            .map(output => `${output.ename}: ${output.evalue}`),
    }));
}"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that serves copies of the pages."""
    folder, port, token = tmp_path_factory.mktemp("lab"), free_port(), secrets.token_hex(8)
    for page in PAGES:
        shutil.copy(page, folder)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    options = [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    options += ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
    log = (folder / "server.log").open("w")
    server = subprocess.Popen([*command, *options], cwd=folder, stdout=log, stderr=log, env=os.environ)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=5)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.25)
        assert server.poll() is None, (folder / "server.log").read_text()
        yield f"{address}/lab?token={token}"
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    assert path, "No Chromium found. Install it: apt-get install chromium"
    with sync_playwright() as playwright:
        switches = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
        ]
        running = playwright.chromium.launch(executable_path=path, args=switches)
        yield running
        running.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[tuple[Page, list[str]]]:
    """A fresh tab, and the list of errors in its console."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(WAIT)
    errors: list[str] = []

    def note(message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in NOT_OURS):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page, errors
    page.close()


def run_all(page: Page, address: str, name: str) -> list[dict[str, Any]]:
    page.goto(f"{address}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp")
    return list(page.evaluate(RUN_ALL, name))


def state(scene: Any) -> str:
    """All that a figure shows but its controls: status, picture, sentence, numbers, code."""
    return "".join(
        scene.locator(".widget-html-content, .widget-html").evaluate_all("all => all.map(e => e.innerHTML)")
    )


def changed(page: Page, scene: Any, before: str, seconds: int) -> bool:
    """Whether the figure shows something else within so many seconds."""
    for _ in range(10 * seconds):
        if state(scene) != before:
            return True
        page.wait_for_timeout(100)
    return False


def settled(page: Page, scene: Any) -> str:
    """What the figure shows once it has stopped changing."""
    last = state(scene)
    for _ in range(100):
        page.wait_for_timeout(250)
        now = state(scene)
        if now == last:
            break
        last = now
    return last


def move_every_control(page: Page, scene: Any) -> list[str]:
    """Move each control to both ends; the descriptions of those that changed nothing."""
    idle = []
    controls = scene.locator(".widget-slider, .widget-dropdown")
    for i in range(controls.count()):
        control = controls.nth(i)
        description = control.locator(".widget-label").first.inner_text()
        handle, select = control.locator(".noUi-handle"), control.locator("select")
        moved = False
        for end in ("End", "Home"):
            before = settled(page, scene)
            if handle.count():
                at = handle.get_attribute("aria-valuenow")
                handle.focus()
                handle.press(end)
                page.wait_for_timeout(150)
                if handle.get_attribute("aria-valuenow") == at:
                    continue
            else:
                last = select.locator("option").count() - 1
                target = last if end == "End" else 0
                if select.evaluate("s => s.selectedIndex") == target:
                    continue
                select.select_option(index=target)
            seconds = 1 if description in MAY_BE_IDLE else 10
            moved = changed(page, scene, before, seconds) or moved
        if not moved:
            idle.append(description)
        scene.locator("button", has_text="Reset").click()
        settled(page, scene)
    return idle


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_run_all_shows_no_error_and_every_control_moves_its_figure(
    path: Path, lab: str, tab: tuple[Page, list[str]]
) -> None:
    page, errors = tab
    cells = run_all(page, lab, path.name)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [error for cell in cells for error in cell["errors"]]

    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")
    notebook.evaluate("n => n.querySelectorAll('.jp-Cell').forEach(c => c.scrollIntoView())")
    figures = notebook.locator(".jp-OutputArea-output .widget-vbox:has(> .widget-html)")
    expected = sum("explorers" in line for line in path.read_text(encoding="utf-8").splitlines())
    assert (figures.count() > 0) == (expected > 0)
    for i in range(figures.count()):
        scene = figures.nth(i)
        scene.scroll_into_view_if_needed()
        settled(page, scene)
        blank = scene.locator("img").evaluate_all(
            "all => all.filter(i => !i.complete || i.naturalWidth < 100)"
        )
        assert not blank
        assert scene.locator("img, svg").count() > 0
        idle = set(move_every_control(page, scene)) - MAY_BE_IDLE
        assert not idle, f"moved, and nothing changed: {idle}"
    assert not errors, errors


def test_the_figure_of_the_sizes_counts_as_the_mathematics_says(
    lab: str, tab: tuple[Page, list[str]]
) -> None:
    page, _ = tab
    run_all(page, lab, "01_a_net_of_neurons.ipynb")
    scene = page.locator(".jp-OutputArea-output .widget-vbox:has(> .widget-html)").first
    scene.scroll_into_view_if_needed()
    box = scene.locator(".widget-slider", has_text="Neurons in layer 1").locator(".widget-readout")
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    scene.get_by_text("A 4-12-3 net has 60 + 39 = 99 weights and biases.").first.wait_for(timeout=10_000)


def test_nonsense_in_the_seed_box_is_refused_with_a_sentence_and_the_picture_stays(
    lab: str, tab: tuple[Page, list[str]]
) -> None:
    page, _ = tab
    run_all(page, lab, "08_training_on_iris.ipynb")
    scene = page.locator(".jp-OutputArea-output .widget-vbox:has(> .widget-html)").first
    scene.scroll_into_view_if_needed()
    settled(page, scene)
    picture = scene.locator("img").first.get_attribute("src")
    box = scene.locator(".widget-text", has_text="Seed").locator("input")
    box.fill("123456")
    box.press("Enter")
    scene.get_by_text("Seed: expected a whole number from 0 to 999").first.wait_for(timeout=10_000)
    assert scene.locator("img").first.get_attribute("src") == picture


def test_a_broken_page_would_be_noticed(lab: str, tab: tuple[Page, list[str]]) -> None:
    page, errors = tab
    page.goto(f"{lab}&reset", wait_until="domcontentloaded")
    page.evaluate("() => console.error('on purpose')")
    page.wait_for_timeout(200)
    assert "on purpose" in errors
    with pytest.raises(Error):
        page.evaluate("() => { throw new Error('on purpose') }")
