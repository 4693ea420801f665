"""A reader of the live site: Chromium opens a page, runs all of it, and says what it showed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os.path import commonprefix
from pathlib import Path
from typing import Any

from execute_pages import joined
from in_chromium import SLOW, chromium
from playwright.sync_api import BrowserContext, Page

PICTURE = re.compile(r'(?<=src=")data:image/png;base64,[^"]*(?=")')

# A page opened by its address is the current widget as soon as the application is restored.
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    while (!app.shell.currentWidget?.sessionContext) await new Promise(later => setTimeout(later, 50));
    const widget = app.shell.currentWidget;
    await widget.context.ready;
    await widget.sessionContext.ready;
    await app.commands.execute('notebook:run-all-cells');
    await widget.sessionContext.session.kernel.info;
    return widget.content.model.sharedModel.toJSON().cells.filter(cell => cell.cell_type === 'code');
}"""

SCENE = ".jp-OutputArea-output .widget-vbox.scene"
# What a page of the book has drawn. MathJax writes a command that it does not know as red text.
DRAWN = """async () => {
    await MathJax.startup.promise;
    await document.fonts.ready;
    const count = selector => document.querySelectorAll(selector).length;
    return {
        formulas: count('.math'), drawn: count('mjx-container > svg'),
        spoken: count('mjx-assistive-mml > math'), displayed: count('mjx-container[display=true]'),
        wrong: count('[data-mml-node=merror], [data-mml-node=mtext][fill=red]'),
        faint: [...document.querySelectorAll('mjx-container > svg')].filter(each => each.checkVisibility()
            && (getComputedStyle(each).backgroundColor !== 'rgba(0, 0, 0, 0)'
                || each.getBoundingClientRect().width < each.width.baseVal.value - 1)).length,
        raw: [...document.querySelectorAll('td')].filter(cell => /\\\\[a-z]/.test(cell.textContent)).length,
        pictures: [...document.querySelectorAll('.cell_output :is(img, svg[aria-label])')]
            .map(i => [i.naturalWidth ?? i.width.baseVal.value, i.alt ?? i.ariaLabel]),
        cut: [...document.querySelectorAll('.cell_output :is(img, svg[aria-label])')].filter(each => {
            const [box, around] = [each, each.closest('.cell_output')].map(e => e.getBoundingClientRect());
            const shape = each.viewBox?.baseVal ?? {width: each.naturalWidth, height: each.naturalHeight};
            return each.checkVisibility() && (box.left < around.left - 1 || box.right > around.right + 1
                || Math.abs(box.width * shape.height / shape.width - box.height) > 1);
        }).length,
        open: count('details[open]'), wider: document.documentElement.scrollWidth - innerWidth,
    };
}"""
# What the console says of files that JupyterLite asks for without needing them; the server's log names them.
MISSING = "Failed to load resource: the server responded with a status of 404"


@dataclass
class Tab:
    """A tab of the browser, with every request that left for another host and every error it reported."""

    page: Page
    context: BrowserContext
    address: str
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open_live(self, name: str) -> None:
        self.page.goto(
            f"{self.address}/lite/notebooks/index.html?path=notebooks/{name}", wait_until="domcontentloaded"
        )
        self.page.wait_for_function("() => window.jupyterapp")

    def run_all(self, name: str) -> list[dict[str, Any]]:
        """Open a page and run all its cells; the code cells with their outputs."""
        self.open_live(name)
        return list(self.page.evaluate(RUN_ALL))


@contextmanager
def reading(address: str, timeout: int = 240, **options: Any) -> Iterator[Tab]:
    """A fresh browser that reads the site at an address."""
    with chromium() as browser:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **options})
        tab = Tab(context.new_page(), context, address)
        tab.page.set_default_timeout(1000 * timeout)

        def request(asked: Any) -> None:
            if not asked.url.startswith((f"{address}/", "data:", "blob:", "about:")):
                tab.elsewhere.append(asked.url)

        def console(message: Any) -> None:
            if message.type == "error" and not message.text.startswith(MISSING) and SLOW not in message.text:
                tab.errors.append(message.text)

        context.on("request", request)
        tab.page.on("pageerror", lambda e: None if SLOW in str(e) else tab.errors.append(str(e)))
        tab.page.on("console", console)
        yield tab


def set_layer_size(tab: Tab, neurons: int) -> None:
    """Type a number into the readout of the first figure's slider, as a reader would."""
    slider = tab.page.locator(SCENE).first.locator(".widget-slider", has_text="Neurons in layer 1")
    slider.locator(".widget-readout").click()
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.type(str(neurons))
    tab.page.keyboard.press("Enter")


def texts(cell: dict[str, Any]) -> list[str]:
    """What a code cell says, in one form: its streams joined, text/plain, text/html without its pictures."""
    said: list[str] = []
    streams: dict[str, str] = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + joined(output["text"])
        elif output["output_type"] == "error":
            said.append(f"error: {output['ename']}: {output['evalue']}")
        else:
            for kind in ("text/plain", "text/html"):
                if kind in output["data"]:
                    said.append(f"{kind}: {PICTURE.sub('a picture', joined(output['data'][kind]))}")
    return [f"{name}: {text}" for name, text in sorted(streams.items())] + said


def stored(path: Path) -> list[dict[str, Any]]:
    """The code cells of a page as it is stored."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def differences(stored_cells: list[dict[str, Any]], shown: list[dict[str, Any]]) -> list[str]:
    """One sentence for each code cell that does not say in the browser what is stored."""
    if len(stored_cells) != len(shown):
        return [f"{len(stored_cells)} code cells are stored, {len(shown)} were run"]
    found = []
    for number, (old, new) in enumerate(zip(stored_cells, shown, strict=True), 1):
        if new["execution_count"] != number:
            found.append(f"cell [{number}] was not run")
        elif texts(old) != texts(new):
            one, other = "\n".join(texts(old)), "\n".join(texts(new))
            start = max(0, len(commonprefix([one, other])) - 60)
            pieces = (f"… {text[start : start + 200]!r} …" for text in (one, other))
            found.append("cell [{}]:\n  stored  {}\n  browser {}".format(number, *pieces))
    return found
