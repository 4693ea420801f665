"""A JupyterLab on this computer only, and a Chromium to look at it: for tests and the benchmark."""

from __future__ import annotations

import json
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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
def lab(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves a folder."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    options = [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    options += ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
    options += ["--LabApp.news_url=None"]
    options += ["--ServerApp.kernel_websocket_connection_class=tools.lab_websocket.WithoutDelay"]
    options += ["--ContentsManager.pre_save_hook=tools.lab_save.in_one_form"]
    with (folder / "server.log").open("w") as log:
        # Settings and workspaces of its own: those of whoever runs this are neither read nor changed.
        own = {
            f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")
        }
        own |= {"IPYTHONDIR": str(folder / ".ipython"), "PYTHONPATH": str(Path(__file__).parents[1])}
        environment = os.environ | own
        server = subprocess.Popen([*command, *options], cwd=folder, stdout=log, stderr=log, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(server, f"{address}/api?token={token}", folder / "server.log")
            yield f"{address}/lab?token={token}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


def end_kernel_of(notebook: str, address: str) -> None:
    """Shut down the kernel of a notebook, if it has one, in a JupyterLab."""
    lab, token = address.split("/lab?")
    with urllib.request.urlopen(f"{lab}/api/sessions?{token}") as answer:
        sessions = json.load(answer)
    for session in sessions:
        if session["path"] == notebook:
            url = f"{lab}/api/sessions/{session['id']}?{token}"
            urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


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
