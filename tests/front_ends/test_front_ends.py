"""A page in every front end that runs here: it is opened and run, a control is moved, and the figure answers.

Run by `make test-front-ends`, which installs them; docs/front_ends.md tells what was tried, and when.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsers import PATIENCE, chromium, firefox, wait_for

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "front_ends.md").read_text(encoding="utf-8")
PAGE = "01_a_net_of_neurons.ipynb"
LAB = "jupyterlab --LabApp.expose_app_in_browser=True --LabApp.news_url=None"
NOTEBOOK = "notebook --JupyterNotebookApp.expose_app_in_browser=True"
RUN = """(async () => {
  const app = window.jupyterapp;
  if (!app.shell.currentWidget?.context) await app.restored;  // which Notebook never is
  const path = 'PAGE', opened = app.shell.currentWidget;
  const widget = opened?.context ? opened : await app.commands.execute('docmanager:open', {path});
  await widget.context.ready;
  await widget.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  document.querySelectorAll('.jp-Cell').forEach(cell => cell.scrollIntoView());
  return true;
})()""".replace("PAGE", PAGE)
# {name: (module and options, path of the page, what is there once it can be run, what runs it)}
FRONT_ENDS = {
    "JupyterLab": (LAB, f"lab/tree/{PAGE}", "window.jupyterapp?.commands.hasCommand('docmanager:open')", RUN),
    "Notebook": (NOTEBOOK, f"notebooks/{PAGE}", "window.jupyterapp?.shell?.currentWidget?.context", RUN),
    "nbclassic": (
        "nbclassic",
        f"nbclassic/notebooks/{PAGE}",
        "window.Jupyter?.notebook?.kernel?.is_connected() && Jupyter.notebook.kernel.widget_manager",
        "Jupyter.notebook.execute_all_cells() ?? true",
    ),
    "Voila": ("voila", f"voila/render/{PAGE}", "true", "true"),
}
BROWSERS = {"Chromium": chromium, "Firefox": firefox}
# The part of a figure's sentence after the words on what was changed.
SENTENCE = "document.querySelector('.scene p[role=status]')?.textContent ?? ''"
CHANGED = "document.querySelector('.scene p[role=status] em')?.textContent ?? ''"
FOCUS = """(() => {
  const handle = document.querySelector('.scene .noUi-handle');
  handle?.scrollIntoView();
  handle?.focus();
  return handle?.getAttribute('aria-valuenow');
})()"""


@contextmanager
def server(folder: Path, command: str, path: str) -> Iterator[str]:
    """The address of the page on a server that serves copies of the pages."""
    for page in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(page, folder)
    token, port = secrets.token_hex(8), 20000 + os.getpid() % 20000
    options = [*command.split(), "--no-browser", f"--port={port}", "--ServerApp.ip=127.0.0.1"]
    options += ["--allow-root"] if "voila" not in command else []
    options += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    if command == "voila":
        options = ["jupyter_server", *options[1:], "--allow-root"]
    own = {f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *options],
            cwd=folder,
            env=os.environ | own | {"IPYTHONDIR": str(folder / ".ipython")},
            stdout=output,
            stderr=output,
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=5)
                    break
                except (urllib.error.URLError, OSError):
                    assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                    time.sleep(0.3)
            yield f"http://127.0.0.1:{port}/{path}?token={token}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_page_runs_and_a_figure_answers_when_a_control_is_moved(
    name: str, browser: str, tmp_path: Path
) -> None:
    assert f"| {name} in {browser} |" in TABLE, "docs/front_ends.md has no row for it"
    command, path, ready, run = FRONT_ENDS[name]
    served = tmp_path / "served"
    served.mkdir()
    with server(served, command, path) as address, BROWSERS[browser](tmp_path) as tab:
        tab.goto(address)
        wait_for(tab, f"!!({ready})", f"{name} can run the page")
        tab.js(run)
        before = wait_for(tab, SENTENCE, "the figure is there")
        value = int(float(wait_for(tab, FOCUS, "its control has the focus")))
        tab.press("ArrowRight")
        said = wait_for(tab, CHANGED, "the figure answers")
        assert f"{value} → {value + 1}" in said, said
        assert tab.js(SENTENCE) != before
        print(f"\n{name} in {tab.version}: {said}")
