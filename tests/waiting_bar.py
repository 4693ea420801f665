"""The bar of a live page while it loads and while its cells run: what it says, and what was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from serve_site import Log
from site_reader import Tab

FOR_ALL, FOR_DRAWING, FOR_FORMULAS = (
    {"numpy", "ipywidgets", "backprop_lib"},
    {"matplotlib", "pillow"},
    {"sympy"},
)

CODE_CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()
    .cells.filter(cell => cell.cell_type === 'code')"""
# What the bar said, each sentence once, from the moment when this is asked for.
LISTEN = """() => {
    const doing = document.querySelector('#waiting-doing');
    window.said = [doing.textContent];
    new MutationObserver(() => said.push(doing.textContent)).observe(doing, {childList: true, subtree: true});
}"""
# What the worker tells of each file: its name, and whether all of it is there.
OVERHEAR = """(() => {
    const told = window.told = [];
    window.BroadcastChannel = class extends BroadcastChannel {
        constructor(name) {
            super(name);
            if (name.startsWith("loading "))
                this.addEventListener("message", ({data: {file, all}}) => told.push([file, all]));
        }
    };
})()"""
# What it counted last, which is gone when all is there.
COUNT = """() => {
    new MutationObserver(changes => changes.forEach(change => {
        window.counted = change.removedNodes[0]?.textContent || window.counted;
    })).observe(document.querySelector('#waiting-count'), {childList: true, subtree: true});
}"""


def address_of(page: Path, site: str) -> str:
    return f"{site}/lite/notebooks/index.html?path=notebooks/{page.name}"


def doing(page: Any, words: str) -> None:
    """Wait until the bar says what is being done in words that begin like these."""
    page.wait_for_function(
        "w => document.querySelector('#waiting-doing')?.textContent.startsWith(w)", arg=words
    )


def wheels(log: Log, begun: int = 0) -> set[str]:
    """The packages that were asked for, after so many answers."""
    return set(re.findall(r"/(\w+)-[^/ ]*\.whl", " ".join(name for name, _ in log.answers[begun:])))


def first_under_way(told: list[tuple[str, bool]]) -> list[str]:
    """What a bar says that names the file that began first, until it is there, and then the next."""
    under_way: dict[str, None] = {}
    said: list[str] = []
    for file, is_there in told:
        under_way[file] = None
        if is_there:
            del under_way[file]
        named = re.sub("[-_]", " ", re.split(r"-\d|[.]", next(iter(under_way), ""))[0])
        if named and said[-1:] != [named]:
            said.append(named)
    return said


def run_by_the_bar(tab: Tab, path: Path, cells: int) -> list[dict[str, Any]]:
    """Run a page by the button of its bar, which tells what loads, what runs, and the end; the code cells."""
    page = tab.page
    page.add_init_script(OVERHEAR)
    page.goto(address_of(path, tab.address), wait_until="commit")
    doing(page, "The frame of the live page is loading")
    page.evaluate(LISTEN)
    doing(page, "Python is loading (")
    page.evaluate(COUNT)
    doing(page, "Python is ready")
    assert page.locator("#waiting-text").is_hidden() and page.locator("#waiting-progress").is_hidden()
    named = re.findall(r"Python is loading \((.+)\):", "\n".join(page.evaluate("() => said")))
    to_name = first_under_way(page.evaluate("() => told"))
    assert named == to_name[-len(named) :], "before the frame is there, no file is named"
    assert len({*to_name}) == len(to_name), "no file is named again"
    loaded, total = map(float, re.findall(r"[\d.]+(?= of| MB)", page.evaluate("() => counted")))
    assert 0.9 * total <= loaded <= total, "APPLICATION in tools/site/live_page.py"
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator("#waiting-bar p").evaluate("p => p.scrollHeight - p.clientHeight") == 0
    page.locator("#waiting-run").click()
    doing(page, "All ")
    said = page.evaluate("() => said")
    ran = [int(words.split()[1]) for words in said if words.endswith(f" of {cells} is running.")]
    assert ran and ran == sorted({*ran}) and said[-1] == f"All {cells} cells have run."
    assert page.locator(".waiting-runs").count() == 0
    page.set_viewport_size(wide)
    return list(page.evaluate(CODE_CELLS))
