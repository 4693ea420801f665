"""A reader of the live site: Chromium opens a page, runs all of it, and says what it showed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from in_chromium import SCENE, SLOW
from playwright.sync_api import Browser, BrowserContext, Page

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
def reading(browser: Browser, address: str, timeout: int = 240, **options: Any) -> Iterator[Tab]:
    """A tab that reads the site at an address, with nothing kept from a visit before."""
    with browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **options}) as context:
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
