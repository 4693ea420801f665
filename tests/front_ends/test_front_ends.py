"""A page in every front end that runs here: it is opened and run, a control is moved, and the figure answers.

Run by `make test-front-ends`, which installs them; docs/front_ends.md tells what was tried, and when.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import in_chromium
import pytest
from browsers import PATIENCE, chromium, firefox, wait_for
from serve_site import serving

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
TABLE = (ROOT / "docs" / "front_ends.md").read_text(encoding="utf-8")
PAGE = "01_a_net_of_neurons.ipynb"
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
# nbclassic first asks the kernel for figures that are there already, and loses those that are made meanwhile:
# it is asked once more, and answers in order.
RUN_CLASSIC = """(async () => {
  await Jupyter.notebook.kernel.widget_manager._loadFromKernel();
  Jupyter.notebook.execute_all_cells();
  return true;
})()"""


@contextmanager
def jupyter(module: str, path: str, folder: Path) -> Iterator[str]:
    """The address of the page on a Jupyter server that serves copies of the pages."""
    for page in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(page, folder)
    options = ["-m", *module.split(), "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    with in_chromium.jupyter(options, folder) as state:
        yield f"http://127.0.0.1:{state['port']}/{path}?token={state['token']}"


@contextmanager
def website(folder: Path) -> Iterator[str]:
    """The address of the live page on a server of static files."""
    assert (SITE / "index.html").is_file(), "nothing to test: make site"
    with serving(SITE) as (address, _):
        yield f"{address}/lite/notebooks/index.html?path=notebooks/{PAGE}"


@dataclass(frozen=True)
class FrontEnd:
    """How a front end is served, and in its own JavaScript: can the page be run, run it, and has it run?"""

    served: Callable[[Path], AbstractContextManager[str]]
    ready: str
    run: str = "true"
    ran: str = "true"


FRONT_ENDS = {
    "JupyterLab": FrontEnd(
        partial(
            jupyter,
            "jupyterlab --LabApp.expose_app_in_browser=True --LabApp.news_url=None",
            f"lab/tree/{PAGE}",
        ),
        "window.jupyterapp?.commands.hasCommand('docmanager:open')",
        RUN,
    ),
    "Notebook": FrontEnd(
        partial(jupyter, "notebook --JupyterNotebookApp.expose_app_in_browser=True", f"notebooks/{PAGE}"),
        "window.jupyterapp?.shell?.currentWidget?.context",
        RUN,
    ),
    "nbclassic": FrontEnd(
        partial(jupyter, "nbclassic", f"nbclassic/notebooks/{PAGE}"),
        "window.Jupyter?.notebook?.kernel?.is_connected() && Jupyter.notebook.kernel.widget_manager",
        RUN_CLASSIC,
        "!document.querySelector('.code_cell.running')",
    ),
    "Voila": FrontEnd(partial(jupyter, "jupyter_server", f"voila/render/{PAGE}"), "true"),
    "the website": FrontEnd(
        website,
        "document.querySelector('#waiting-doing')?.textContent.startsWith('Python is ready')",
        "document.querySelector('#waiting-run').click() ?? true",
        "document.querySelector('#waiting-doing').textContent.startsWith('All ')",
    ),
}
BROWSERS = {"Chromium": chromium, "Firefox": firefox}
# What a figure says, and in it the words on what was changed.
SENTENCE = "document.querySelector('.scene p[role=status]')?.textContent ?? ''"
CHANGED = "document.querySelector('.scene p[role=status] em')?.textContent ?? ''"
# Where the control stands, once it has the focus; Notebook keeps the arrow keys for itself, but not this key.
KEY = "PageUp"
FOCUS = """(() => {
  const handle = document.querySelector('.scene .noUi-handle');
  handle?.scrollIntoView();
  handle?.focus();
  return handle?.getAttribute('aria-valuenow');
})()"""


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_page_runs_and_a_figure_answers_when_a_control_is_moved(
    name: str, browser: str, tmp_path: Path
) -> None:
    assert f"| {name} in {browser} |" in TABLE, "docs/front_ends.md has no row for it"
    front_end, folder = FRONT_ENDS[name], tmp_path / "served"
    folder.mkdir()
    with front_end.served(folder) as address, BROWSERS[browser](tmp_path) as tab:
        tab.goto(address)
        wait_for(tab, f"!!({front_end.ready})", f"{name} can run the page")
        tab.js(front_end.run)
        wait_for(tab, f"!!({front_end.ran})", f"{name} has run the page")
        assert "A 4-5-3 net" in wait_for(tab, SENTENCE, "the figure is there")
        stood, deadline = wait_for(tab, FOCUS, "its control is there"), time.monotonic() + PATIENCE
        while (stands := tab.js(FOCUS)) == stood:  # another part of the page may have taken the focus
            assert time.monotonic() < deadline, "the control does not move"
            tab.press(KEY)
            time.sleep(0.3)
        said = wait_for(tab, CHANGED, "the figure answers")
        assert said == f"Inputs: {float(stood):.0f} → {float(stands):.0f}.", said
        assert f"A {float(stands):.0f}-5-3 net" in tab.js(SENTENCE)
        print(f"\n{name} in {tab.version}: {said}")
