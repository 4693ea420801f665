"""The bar of a live page while it loads and while its cells run: what it says, and what was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from serve_site import Log
from site_reader import CODE_CELLS, Tab

FOR_ALL, FOR_DRAWING, FOR_FORMULAS = (
    {"numpy", "ipywidgets", "backprop_lib"},
    {"matplotlib", "pillow"},
    {"sympy"},
)

# What the bar said, each sentence once, from the moment when this is asked for.
LISTEN = """() => {
    const doing = document.querySelector('#waiting-doing');
    window.said = [doing.textContent];
    new MutationObserver(() => said.push(doing.textContent)).observe(doing, {childList: true, subtree: true});
}"""
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


def run_by_the_bar(tab: Tab, path: Path, cells: int) -> list[dict[str, Any]]:
    """Run a page by the button of its bar, which ends where it said and names every cell; the code cells."""
    page = tab.page
    page.goto(address_of(path, tab.address), wait_until="commit")
    doing(page, "The frame of the live page is loading")
    page.evaluate(LISTEN)
    doing(page, "Python is loading (")
    page.evaluate(COUNT)
    doing(page, "Python is ready")
    assert page.locator("#waiting-text").is_hidden() and page.locator("#waiting-progress").is_hidden()
    named = [words for words in page.evaluate("() => said") if words.startswith("Python is loading (")]
    assert len({*named}) == len(named) > 5, "the bar says each file once"
    loaded, total = map(float, re.findall(r"[\d.]+(?= of| MB)", page.evaluate("() => counted")))
    assert 0.9 * total <= loaded <= total, "APPLICATION in tools/site/live_page.py"
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator("#waiting-bar p").evaluate("p => p.scrollHeight - p.clientHeight") == 0
    page.locator("#waiting-run").click()
    doing(page, "All ")
    said = page.evaluate("() => said")
    ran = [int(words.split()[1]) for words in said if words.endswith(f" of {cells} is running.")]
    assert len(ran) > 3 and ran == sorted(ran) and said[-1] == f"All {cells} cells have run."
    assert page.locator(".waiting-runs").count() == 0
    page.set_viewport_size(wide)
    return list(page.evaluate(CODE_CELLS))
