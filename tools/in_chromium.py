"""A JupyterLab on this computer only, and a Chromium to look at it: for tests and the benchmark."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = "No Chromium found. Install it: apt-get install chromium"
WAIT = 120_000  # milliseconds, for what takes long on a busy machine
# What anywidget says when a busy machine has not loaded a module within two seconds; it does so nevertheless.
SLOW = "[anywidget] Failed to initialize model."
# Messages of the browser and of JupyterLab itself, which no page causes.
NOT_OURS = (SLOW, "favicon", "WebGL", "GPU", "ResizeObserver", "net::ERR_INTERNET_DISCONNECTED")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SCENE = ".jp-OutputArea-output .widget-vbox.scene"

RUN_ALL = """async path => {
    const app = window.jupyterapp;
    await app.restored;
    window.notebook?.dispose();
    const widget = await app.commands.execute('docmanager:open', {path});
    await widget.context.ready;
    await widget.sessionContext.ready;
    app.shell.activateById(widget.id);
    app.shell.collapseLeft();
    await app.commands.execute('notebook:run-all-cells');
    await widget.sessionContext.session.kernel.info;
    window.notebook = widget;
    const cells = widget.content.model.sharedModel.cells;
    return cells.filter(cell => cell.cell_type === 'code').map(cell => ({
        count: cell.execution_count,
        errors: cell.outputs.filter(output => output.output_type === 'error')
            .map(output => `${output.ename}: ${output.evalue}`),
    }));
}"""


@contextmanager
def jupyter(arguments: list[str], folder: Path) -> Iterator[dict[str, Any]]:
    """A server of Jupyter, as it describes itself (its pid, port and token), once it answers.

    Its settings are in the folder: those of whoever runs this are neither read nor changed.
    """
    own = {f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"IPYTHONDIR": str(folder / ".ipython"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments, "--no-browser", "--allow-root", "--ServerApp.port=0"]
    said = folder / "server.log"
    with said.open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + WAIT / 1000
            while not (state := _answering(folder / ".runtime")):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Jupyter did not start:\n{said.read_text()}")
                time.sleep(0.1)
            yield state
        finally:
            server.terminate()
            server.wait(timeout=30)


def _answering(runtime: Path) -> dict[str, Any] | None:
    """What a server has written down of itself in this folder, once its port is open."""
    for file in runtime.glob("jpserver-*.json"):
        with suppress(ValueError, OSError):
            state: dict[str, Any] = json.loads(file.read_text())
            socket.create_connection(("127.0.0.1", state["port"])).close()
            return state
    return None


def recipe(flags: str = "") -> list[str]:
    """The arguments with which `make lab` starts Python."""
    command = ["make", "-n", "-C", ROOT, "lab", f"LAB_FLAGS=--allow-root {flags}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next(line for line in said.splitlines() if "jupyterlab" in line)
    return shlex.split(line.split("notebooks", 1)[1])  # sh tools/venv.sh notebooks -m jupyterlab …


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """The address of the JupyterLab of `make lab`, which serves a folder."""
    flags = f"--LabApp.expose_app_in_browser=True --ServerApp.root_dir={shlex.quote(str(folder))}"
    with jupyter(recipe(flags), folder) as state:
        yield f"http://127.0.0.1:{state['port']}/lab?token={state['token']}"


def write_notebook(folder: Path, name: str, *sources: str, words: Sequence[str] = ()) -> str:
    """A notebook of code cells, and of cells of words behind them, in the folder that JupyterLab serves."""
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells += [nbformat.v4.new_markdown_cell(source) for source in words]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), folder / name)
    return name


def installed() -> str:
    """The path of Chromium; RuntimeError with the line that installs it if there is none."""
    for name in CHROMIUM:
        if found := shutil.which(name):
            return found
    raise RuntimeError(NO_CHROMIUM)


@contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium without a window; RuntimeError with the line that installs one if there is none."""
    path = installed()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        try:
            yield running
        finally:
            running.close()


def open_tab(browser: Any, width: int = 1280, height: int = 1000) -> tuple[Any, list[str]]:
    """A fresh tab, and the list that gathers the errors of its console."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(WAIT)
    errors: list[str] = []

    def note(message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in NOT_OURS):
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)) if SLOW not in str(error) else None)
    return page, errors


def open_lab(page: Any, address: str, is_open: bool = False) -> None:
    """Open JupyterLab anew, or, if it may be open, only where the page does not show this one already."""
    if not (is_open and page.url.startswith(address.partition("?")[0])):
        page.goto(f"{address}&reset", wait_until="domcontentloaded")
        page.wait_for_function("() => window.jupyterapp")


def run_all(page: Any, address: str, name: str, is_open: bool = False) -> list[dict[str, Any]]:
    """Open a notebook, run all its cells, and return the execution count and the errors of every cell.

    is_open   whether the page may show this JupyterLab already: then the notebook before is closed
    """
    open_lab(page, address, is_open)
    cells = list(page.evaluate(RUN_ALL, name))
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").evaluate(
        "n => n.querySelectorAll('.jp-Cell').forEach(c => c.scrollIntoView())"
    )
    return cells
