"""The HTML export in a real Chromium without a network: formulas drawn, pictures there, nothing asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import export_html
import pytest
from in_chromium import PAGES

DRAWN = """() => ({
    formulas: document.querySelectorAll('math').length,
    empty: [...document.querySelectorAll('math')].filter(formula => {
        const box = formula.getBoundingClientRect();
        return !formula.closest('details') && (box.width < 3 || box.height < 5);
    }).map(formula => formula.outerHTML),
    missing: [...document.images].filter(image => !image.complete || image.naturalWidth === 0).length,
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    open: document.querySelectorAll('details[open]').length,
})"""
ASKS = """() => new Promise(resolve => {
    document.addEventListener('securitypolicyviolation', event => resolve(event.violatedDirective));
    document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/a.png'}));
})"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    export_html.export(PAGES, folder)
    return folder


@pytest.fixture(scope="module")
def offline(chromium: Any) -> Iterator[Any]:
    """A browser without a network."""
    context = chromium.new_context(offline=True)
    yield context
    context.close()


@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("name", [path.stem for path in PAGES])
def test_a_page_is_drawn_from_its_file_alone(name: str, width: int, offline: Any, exported: Path) -> None:
    tab = offline.new_page()
    tab.set_viewport_size({"width": width, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    address = (exported / f"{name}.html").as_uri()
    tab.goto(address)
    drawn = tab.evaluate(DRAWN)
    tab.close()
    assert drawn["formulas"] > 0 and drawn["empty"] == []
    assert drawn["missing"] == 0 and drawn["open"] == 0
    assert drawn["wider"] <= 0, "the page scrolls sideways"
    assert said == [] and [url for url in asked if not url.startswith("data:")] == [address]


def test_the_browser_refuses_to_load_anything_from_elsewhere(offline: Any, exported: Path) -> None:
    tab = offline.new_page()
    tab.goto((exported / f"{PAGES[0].stem}.html").as_uri())
    assert tab.evaluate(ASKS) == "img-src"
    tab.close()
