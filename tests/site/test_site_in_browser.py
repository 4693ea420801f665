"""The site, without a network, in a real Chromium: every page is run, and says what is stored.

Run by `make test-site`, inside a network namespace that has the loopback and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from accessibility_tree import unnamed
from axe import OF_JUPYTERLAB, serious
from build_site import KERNEL_PLUGIN, size_of
from contents import contents
from figure_states import scene_of
from in_browser import CUT, DRAWN, differences, factories, stored
from live_page import APPLICATION
from runtime import CDN, read_manifest
from serve_site import Handler, Log, serving
from site_reader import RUN_ALL, SCENE, Tab, reading, set_layer_size
from waiting_bar import FOR_ALL, FOR_DRAWING, FOR_FORMULAS, run_by_the_bar, wheels

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
RUNTIME = SITE / "lite" / "static" / "pyodide"
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))

# What JupyterLite asks a server for without needing it.
NOT_NEEDED = ("/favicon.ico", "/lite/api/")


@dataclass
class Broken:
    """What a broken site shows: where its outputs differ, what it asked of other hosts, what it reported."""

    differences: list[str]
    elsewhere: list[str]
    errors: list[str]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Log]]:
    assert (SITE / "index.html").is_file(), "nothing to test: make site"
    with serving(SITE) as address_and_log:
        yield address_and_log


@pytest.fixture
def tab(chromium: Any, server: tuple[str, Log]) -> Iterator[Tab]:
    """A fresh tab; at the end it has asked no other host, reported no error, and missed no file."""
    address, log = server
    with reading(chromium, address) as tab:
        yield tab
        assert not tab.elsewhere
        assert not tab.errors
    missed = [path for path, status in log.answers if status >= 400 and not path.startswith(NOT_NEEDED)]
    assert not missed


def a_guess_is_committed_to_by_the_keyboard_in_the_browser_alone(tab: Tab) -> None:
    predictions = tab.page.locator(".jp-OutputArea-output .widget-vbox.prediction")
    prediction = predictions.filter(has_text="steepest").first
    prediction.get_by_role("button").nth(1).wait_for()
    assert prediction.locator("img").count() == 0
    prediction.locator("input[type=radio]").last.focus()
    for key in ("Space", "Tab", "Enter"):
        tab.page.keyboard.press(key)
    prediction.get_by_text(re.compile("^(Right|Not so): ")).wait_for()
    prediction.locator("img").wait_for()


def a_moved_control_draws_another_picture(tab: Tab) -> None:
    scene = tab.page.locator(SCENE).first
    scene.scroll_into_view_if_needed()
    before = scene.locator("svg, img").first.evaluate("picture => picture.outerHTML")
    set_layer_size(tab, 12)
    scene.get_by_text("A 4-12-3 net has 60 + 39 = 99 weights and biases.").first.wait_for()
    assert scene.locator("svg, img").first.evaluate("picture => picture.outerHTML") != before


def a_figure_that_lives_in_the_browser_lights_and_is_there_for_everyone(tab: Tab) -> None:
    scene = tab.page.locator(f"{SCENE}.living").first
    scene.scroll_into_view_if_needed()
    scene.locator("g[data-layer='2'][data-neuron='1'][role=button]").hover()
    scene.locator("[data-is='delta.2.1'].lit").wait_for()
    assert scene.locator("[data-is='delta.2.0'].lit").count() == 0
    assert scene.locator(".pointed").inner_text().startswith("Neuron 1 of layer 2: a = ")
    for scheme in ("dark", "light"):
        tab.page.emulate_media(color_scheme=scheme)
        is_light = str(scheme == "light").lower()
        tab.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=is_light)
        assert serious(tab.page, OF_JUPYTERLAB) == []
    tab.page.set_viewport_size({"width": 390, "height": 844})
    panel = "document.querySelector('.jp-WindowedPanel-outer')"
    tab.page.wait_for_function(f"{panel}.clientWidth < 400")
    assert scene.evaluate(CUT) == []
    tab.page.wait_for_function(f"{panel}.scrollWidth === {panel}.clientWidth", timeout=20_000)


# What is tried on one page, once it is run: to begin takes the browser's Python ten seconds.
ALSO = {
    "01_a_net_of_neurons": (
        a_guess_is_committed_to_by_the_keyboard_in_the_browser_alone,
        a_moved_control_draws_another_picture,
    ),
    "04_the_error_of_a_hidden_layer": (a_figure_that_lives_in_the_browser_lights_and_is_there_for_everyone,),
}
BY_THE_BAR = {"04_the_error_of_a_hidden_layer"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_run_in_the_browser_says_what_is_stored_and_is_there_for_everyone(
    path: Path, tab: Tab, server: tuple[str, Log]
) -> None:
    begun, cells = len(server[1].answers), stored(path)
    ran = run_by_the_bar(tab, path, len(cells)) if path.stem in BY_THE_BAR else tab.run_all(path.name)
    found = differences(cells, ran)
    assert not found, "\n".join(found)
    text, asked = path.read_text(encoding="utf-8"), wheels(server[1], begun)
    assert asked >= FOR_ALL
    assert asked & FOR_DRAWING == (FOR_DRAWING if 'src=\\"data:image/png' in text else set())
    assert asked & FOR_FORMULAS == (FOR_FORMULAS if "sympy" in text else set())
    scenes = tab.page.locator(f"{SCENE}:not(:has(button:text-is('Stop')))")
    for i, name in enumerate(factories(path)):
        assert unnamed(scenes.nth(i), scene_of(name)) == [], name
    for also in ALSO.get(path.stem, ()):
        also(tab)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_first_page_of_the_site(scheme: str, tab: Tab) -> None:
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.goto(f"{tab.address}/index.html")
    assert serious(tab.page) == []


def test_axe_finds_nothing_serious_in_the_text_that_is_read_while_a_live_page_loads(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 800})
    tab.page.goto(f"{tab.address}/lite/reading/{PAGES[3].stem}.html")
    assert serious(tab.page) == []


# Every kind of link: where it stands, where it leads, and what is read there. Neither Python nor what draws
# formulas ever comes: a live page is left as soon as its text is there.

QUESTIONS, EQUATIONS = "Questions, and where they are answered", "Backpropagation: the forward pass"
NOT_AWAITED = re.compile(r"/pyodide/|/tex-svg\.js")


def live(page: int, slash: str = "/") -> str:
    return f"lite/notebooks/index.html?path=notebooks{slash}{PAGES[page].name}"


def read(page: int, heading: str = "") -> str:
    return f"book/notebooks/{PAGES[page].stem}.html{heading}"


def arrived(page: Any, address: str, words: str) -> None:
    """Wait until a tab is at an address and shows some words: a program as it is written, a text drawn."""
    page.wait_for_url(address, wait_until="domcontentloaded")
    shown = page.frame_locator("#waiting-text") if "/lite/notebooks/" in address else page
    drawn = ".cm-line" if address.endswith(".py") else "h1, h2, h3, h4, dt"
    shown.locator(drawn).filter(has_text=words, visible=True).first.wait_for()


@pytest.mark.parametrize(
    ("page", "links"),
    [
        (
            0,
            [
                (PAGES[2].name, "left", live(2, "%2F"), contents()[2].title),
                ("questions.md", "left", "book/docs/questions.html", QUESTIONS),
            ],
        ),
        (
            12,
            [
                (PAGES[0].name, "middle", live(0), contents()[0].title),
                ("equations.py", "middle", "lite/lab/index.html?path=backprop_lib/equations.py", EQUATIONS),
                ("", "left", "index.html", "Backpropagation"),
            ],
        ),
    ],
    ids=["0", "12"],
)
def test_every_kind_of_link_of_a_live_page_leads_to_what_it_names(
    page: int, links: list[tuple[str, str, str, str]], tab: Tab
) -> None:
    tab.context.route(NOT_AWAITED, lambda route: None)
    tab.open_live(PAGES[page].name)
    titled = f"{contents()[page].title} · Backpropagation"
    tab.page.wait_for_function("words => document.title === words", arg=titled)
    for name, button, address, words in links:
        link = tab.page.locator(f".jp-RenderedMarkdown a[href*='{name}']" if name else "#jp-NotebookLogo")
        with tab.context.expect_page() as opened:
            link.first.click(button=button)
        arrived(opened.value, f"{tab.address}/{address}", words)
        opened.value.close()


@pytest.mark.parametrize(
    ("page", "link", "address", "words"),
    [
        ("index.html", "a:text('Start in your browser')", live(0), contents()[0].title),
        ("index.html", "a:text('Read the book')", read(0), contents()[0].title),
        ("index.html", ":nth-match(a:text-is('Run'), 4)", live(3), contents()[3].title),
        ("index.html", ":nth-match(a:text-is('Read'), 4)", read(3), contents()[3].title),
        ("index.html", "footer a", "book/backprop_lib/equations.html", "backprop_lib/equations.py"),
        ("book/index.html", "article a:text('Glossary')", "book/glossary.html", "Glossary"),
        ("book/index.html", "article a:text('Carry the error')", read(4), contents()[4].title),
        (read(4), "a:text('Run this page')", live(4), contents()[4].title),
        (read(4), "a.next-page", read(5), contents()[5].title),
        (read(4), "a.prev-page", read(3), contents()[3].title),
        (read(4), "article p > a:has-text('Page 3')", read(3), contents()[3].title),
        (read(4), "article a.equation:text-is('(1)')", read(3), contents()[3].title),
        (read(4), ".toc-tree a:text('See it')", read(4, "#see-it"), "See it"),
        (read(4), ".sidebar-tree a:text('Symbols')", "book/symbols.html", "Symbols"),
        (read(4), ".right a:text('errata')", "book/errata.html", "Errata"),
        (read(0), "article a[href$='questions.html']", "book/docs/questions.html", QUESTIONS),
        (read(12), "article a[href$='equations.html']", "book/backprop_lib/equations.html", "equations.py"),
        ("book/docs/questions.html", "a:has-text('has a bias')", read(5, "#whose-has-a-bias"), "bias"),
        ("book/symbols.html", "article td a:has-text('Page 10')", read(10), contents()[10].title),
    ],
)
def test_every_kind_of_link_of_the_landing_page_and_the_book_leads_to_what_it_names(
    page: str, link: str, address: str, words: str, tab: Tab
) -> None:
    tab.context.route(NOT_AWAITED, lambda route: route.fulfill(body=""))
    tab.page.set_viewport_size({"width": 1400, "height": 900})
    tab.page.goto(f"{tab.address}/{page}", wait_until="domcontentloaded")
    tab.page.locator(link).first.click()
    arrived(tab.page, f"{tab.address}/{address}", words)
    tab.page.goto("about:blank")


def test_a_page_is_downloaded_from_the_book_as_it_is(tab: Tab) -> None:
    tab.page.goto(f"{tab.address}/{read(4)}", wait_until="domcontentloaded")
    with tab.page.expect_download() as begun:
        tab.page.get_by_role("link", name="Download this page").click()
    assert begun.value.path().read_bytes() == PAGES[4].read_bytes()


RUN = re.compile(r'<p class="run"><a href="([^"]+)">▶ Run this page</a>\n<span>[^<]+</span></p>')
STAMP = re.compile(r"(?<=\.js)\?v=\w+")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_of_the_book_is_that_of_the_files_and_leads_to_its_live_twin(path: Path) -> None:
    books = (SITE / "book", ROOT / "build" / "book")
    page, file = (
        STAMP.sub("", (book / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8"))
        for book in books
    )
    assert RUN.findall(page) == [f"../../lite/notebooks/index.html?path=notebooks/{path.name}"]
    assert (SITE / "lite" / "files" / "notebooks" / path.name).is_file()
    assert RUN.sub("", page) == file


def test_a_page_of_the_book_draws_its_formulas_and_pictures(tab: Tab) -> None:
    tab.page.goto(f"{tab.address}/book/notebooks/{PAGES[4].stem}.html", wait_until="load")
    tab.page.wait_for_function("() => window.MathJax?.startup?.promise")
    drawn = tab.page.evaluate(DRAWN)
    assert drawn["drawn"] == drawn["spoken"] == drawn["formulas"] > 0 == drawn["wrong"]
    assert drawn["pictures"] and all(pixels > 100 and alt for pixels, alt in drawn["pictures"])
    tab.page.get_by_role("link", name="Run this page").wait_for()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["index.html", "book/index.html", "book/notebooks/03_*.html"])
def test_no_page_is_wider_than_the_screen(
    page: str, width: int, chromium: Any, server: tuple[str, Log]
) -> None:
    (path,) = SITE.glob(page)
    with reading(chromium, server[0], viewport={"width": width, "height": 800}) as tab:
        tab.page.goto(f"{tab.address}/{path.relative_to(SITE)}", wait_until="load")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width


def first_page(chromium: Any, folder_is_served_with: Mapping[str, bytes]) -> Broken:
    """What comes of the first page on a server that has other bytes for some files."""

    class Replacing(Handler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path not in folder_is_served_with:
                return super().do_GET()
            body = folder_is_served_with[path]
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", self.guess_type(path))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

    with serving(SITE, Replacing) as (address, _), reading(chromium, address) as tab:
        tab.open_live(PAGES[0].name)
        tab.page.evaluate(
            f"() => {{ ({RUN_ALL})().then(cells => {{ window.cells = cells; }}, () => {{}}); }}"
        )
        for _ in range(2400):
            cells = tab.page.evaluate("() => window.cells")
            if cells or any("pyodide" in error or "numpy" in error for error in tab.errors):
                break
            tab.page.wait_for_timeout(100)
        return Broken(differences(stored(PAGES[0]), cells or []), tab.elsewhere, tab.errors)


def test_the_site_is_small_enough_for_a_school() -> None:
    assert size_of(SITE) <= 75  # MB, as benchmarks/site.md promises


def test_the_landing_page_says_of_how_many_megabytes_the_bar_of_the_first_page_speaks() -> None:
    live = (SITE / "lite" / "notebooks" / "index.html").read_text(encoding="utf-8")
    (loads,) = re.findall(rf'"{PAGES[0].name}": {{[^}}]*"megabytes": ([\d.]+)', live)
    said = re.search(r"loads about (\d+) MB", (SITE / "index.html").read_text(encoding="utf-8"))
    assert said and int(said[1]) == round(float(loads) + APPLICATION)


def test_a_site_that_needs_the_cdn_does_not_run_here(chromium: Any) -> None:
    settings = json.loads((SITE / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))
    kernel = settings["jupyter-config-data"]["litePluginSettings"][KERNEL_PLUGIN]
    kernel["loadPyodideOptions"]["indexURL"] = CDN.format(version=read_manifest().pyodide)
    found = first_page(chromium, {"/lite/jupyter-lite.json": json.dumps(settings).encode()})
    assert found.differences
    assert any(url.startswith("https://cdn.jsdelivr.net/") for url in found.elsewhere + found.errors), found


def test_a_wheel_with_one_flipped_byte_is_refused_by_the_browser(chromium: Any) -> None:
    (numpy,) = RUNTIME.glob("numpy-*.whl")
    data = bytearray(numpy.read_bytes())
    data[len(data) // 2] ^= 1
    found = first_page(chromium, {f"/lite/static/pyodide/{numpy.name}": bytes(data)})
    assert found.differences
    assert any("loading numpy" in error for error in found.errors), found
