"""A live page while it loads: its text at once, what is loading and how much of it; then which cell runs.

Run by `make test-site`, on a machine without a network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from build_site import lite_settings
from documents import PAGES, ROOT
from in_browser import differences, stored
from in_chromium import SWITCHES, installed
from runtime import CDN, LOCK, read_manifest
from serve_site import Handler, Log, serving
from site_reader import RUN_ALL, SCENE, reading, set_layer_size
from waiting_bar import address_of, doing

SITE = ROOT / "build" / "site"
PAGE = next(path for path in PAGES if "hidden_layer" in path.name)
# True of every window: a private one cannot be told apart, and forgets when it is closed.
KEPT = "What was loaded and your changes stay in this browser alone; in a private window, until you close it."
MOVED = "said => document.querySelector('#waiting-count').textContent !== said"


@pytest.fixture
def server() -> Iterator[tuple[str, Log]]:
    assert (SITE / "index.html").is_file(), "nothing to test: make site"
    with serving(SITE) as address_and_log:
        yield address_and_log


def megabytes(page: Any) -> tuple[float, float]:
    """How many MB the bar says are there, and of how many."""
    said = page.locator("#waiting-count").text_content()
    match = re.fullmatch(r"([\d.]+) of about (\d+) MB\.", said)
    assert match, said
    return float(match[1]), float(match[2])


@pytest.mark.parametrize("width", [1280, 390])
def test_on_a_slow_line_the_text_is_there_at_once_and_the_bar_counts(
    width: int, chromium: Any, server: tuple[str, Log]
) -> None:
    with reading(chromium, server[0], viewport={"width": width, "height": 800}) as tab:
        page, line = tab.page, tab.context.new_cdp_session(tab.page)
        line.send("Network.enable")
        slow = {"offline": False, "latency": 50, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
        line.send("Network.emulateNetworkConditions", slow)
        page.goto(address_of(PAGE, tab.address), wait_until="commit")
        text = page.frame_locator("#waiting-text")
        text.get_by_role("heading", level=1).wait_for()
        assert not page.evaluate("() => Boolean(window.jupyterapp)")
        assert text.locator("math").first.bounding_box()["width"] > 5
        doing(page, "The frame of the live page is loading")
        said = page.locator("#waiting-count").text_content()
        first, total = megabytes(page)
        page.wait_for_function(MOVED, arg=said)
        assert first < megabytes(page)[0] < total
        assert page.locator("#waiting-kept").text_content() == KEPT
        bar = page.locator("#waiting-bar").evaluate(
            "bar => [bar.scrollHeight - bar.clientHeight, bar.scrollWidth]"
        )
        assert bar == [0, width]
        assert not tab.errors


SAY = """([words, buttons]) => {
    for (const [part, said] of Object.entries(words))
        document.querySelector(`#waiting-${part}`).textContent = said;
    for (const name of ['live', 'run'])
        document.querySelector(`#waiting-${name}`).hidden = !buttons.includes(name);
    const bar = document.querySelector('#waiting-bar'), said = bar.querySelector('p');
    return [bar, said].map(part => part.scrollHeight - part.clientHeight).concat(bar.scrollWidth);
}"""


@pytest.mark.parametrize("width", [320, 360, 390, 1280])
def test_the_words_of_the_bar_are_whole_whatever_is_pressed_beside_them(width: int, chromium: Any) -> None:
    bar = (ROOT / "tools" / "site" / "waiting.html").read_text(encoding="utf-8")
    with reading(chromium, "about:blank", viewport={"width": width, "height": 800}) as tab:
        tab.page.set_content(re.sub("<script>.*", "", bar))
        for words, count in (
            ("Python is loading (pyodide-kernel-0.8.6).", "12.3 of about 38 MB."),
            ("Cell 12 of 17 is running. Here ■ cannot stop it: Kernel → Restart Kernel can.", ""),
        ):
            for buttons in ([], ["live"], ["run"], ["live", "run"]):
                said = {"doing": words, "count": count, "kept": KEPT}
                assert tab.page.evaluate(SAY, [said, buttons]) == [0, 0, width], (words, buttons)


ENDLESS = """source => {
    const {content} = window.jupyterapp.shell.currentWidget;
    const at = content.widgets.findIndex(cell => cell.model.type === 'code');
    content.activeCellIndex = at;
    content.widgets[at].model.sharedModel.setSource(source);
    window.jupyterapp.commands.execute('notebook:run-cell');
}"""


# The bar looks at the cells so seldom that it sees no quick one run.
SELDOM = "const often = setInterval; window.setInterval = (f, ms) => often(f, ms === 200 ? 1500 : ms);"


def test_an_interrupt_and_a_restart_are_said_as_they_are(chromium: Any, server: tuple[str, Log]) -> None:
    """In a browser nothing interrupts Python; and what ran before a restart has not run since."""
    cells = len(stored(PAGE))
    with reading(chromium, server[0]) as tab:
        page = tab.page
        page.add_init_script(SELDOM)
        page.goto(address_of(PAGE, tab.address), wait_until="commit")
        doing(page, "Python is ready")
        interrupt = page.locator(".jp-NotebookPanel-toolbar [data-command='notebook:interrupt-kernel']")
        interrupt.click()
        doing(page, "Here ■ stops nothing: a figure that plays has its own Pause.")
        page.evaluate(ENDLESS, "1 + 1")
        doing(page, f"{cells - 1} of {cells} cells have not run.")
        page.evaluate(ENDLESS, "while True: pass")
        doing(page, f"Cell 1 of {cells} is running.")
        interrupt.click()
        doing(page, f"Cell 1 of {cells} is running. Here ■ cannot stop it: Kernel → Restart Kernel can.")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:restart-kernel'); }")
        page.locator(".jp-Dialog .jp-mod-accept").click()
        doing(page, "Python is ready: choose Run → Run All Cells, or press")
        page.evaluate(ENDLESS, "2 + 2")
        doing(page, f"{cells - 1} of {cells} cells have not run.")
        assert not tab.errors


class Losing(Handler):
    """The site without one file: it is not there, or its connection is cut in the middle."""

    file, is_cut = re.compile("(?!)"), False

    def do_GET(self) -> None:
        if not self.file.search(self.path):
            return super().do_GET()
        if not self.is_cut:
            return self.send_error(HTTPStatus.NOT_FOUND)
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(self.path))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True
        return None


LOST = {  # and whether its connection is cut
    r"counting\.mjs": False,
    r"pyodide\.asm\.wasm": True,
    r"numpy-.*\.whl": False,
    r"backprop_lib-.*\.whl": True,
    r"comlink\.worker\..*\.js": False,
    r"121\.\w+\.js": False,  # what draws the controls
}


def test_a_file_that_does_not_come_is_named_and_the_page_runs_once_it_comes(
    chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = {"width": 390, "height": 800}
    with serving(SITE, Losing) as (site, _), reading(chromium, site, timeout=60, viewport=size) as tab:
        page = tab.page
        for file, is_cut in LOST.items():
            monkeypatch.setattr(Losing, "is_cut", is_cut)
            monkeypatch.setattr(Losing, "file", re.compile(f"/{file}"))
            page.goto(address_of(PAGE, site), wait_until="commit")
            doing(page, "The file ")
            for milliseconds in (0, 2000):  # what comes after it takes none of this back
                page.wait_for_timeout(milliseconds)
                said = page.locator("#waiting-doing").text_content()
                lost = f"The file {file} did not come, so this page cannot run. Reload the page;"
                assert re.match(lost, said), said
                assert page.locator("#waiting-progress").is_hidden()
                assert page.locator("#waiting-run").is_hidden()
                for part in ("#waiting-bar", "#waiting-bar p"):
                    assert page.locator(part).evaluate("part => part.scrollHeight - part.clientHeight") == 0
            monkeypatch.setattr(Losing, "file", re.compile("(?!)"))
            page.reload(wait_until="commit")
            doing(page, "Python is ready")


def test_a_file_of_another_server_that_does_not_come_is_named_and_the_page_runs_once_it_comes(
    chromium: Any, server: tuple[str, Log]
) -> None:
    """As RUNTIME=cdn has it; what the other server holds is answered from the files of this one."""
    there, here = CDN.format(version=read_manifest().pyodide), SITE / "lite" / "static" / "pyodide"
    lock = json.loads((here / LOCK).read_text(encoding="utf-8"))
    settings = json.loads((SITE / "lite" / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings["jupyter-config-data"] |= lite_settings(lock, cdn=True)["jupyter-config-data"]
    elsewhere = {each.file for each in read_manifest().of("carrier")}
    for entry in lock["packages"].values():
        entry["file_name"] = (there if entry["file_name"] in elsewhere else "") + entry["file_name"]
    lost: list[str] = []

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix(there).partition("?")[0]
        if name.startswith(tuple(lost)):
            return route.abort()
        return route.fulfill(path=here / name, headers={"Access-Control-Allow-Origin": "*"})

    with reading(chromium, server[0], timeout=60) as tab:
        page = tab.page
        tab.context.route(f"{there}**", answer)
        tab.context.route("**/lite/jupyter-lite.json", lambda route: route.fulfill(json=settings))
        tab.context.route(f"**/{LOCK}", lambda route: route.fulfill(json=lock))
        for file in ("pyodide.mjs", "pyodide.asm.wasm", "numpy-"):
            lost[:] = [file]
            page.goto(address_of(PAGE, tab.address), wait_until="commit")
            doing(page, f"The file {file}")
            lost.clear()
            page.reload(wait_until="commit")
            doing(page, "Python is loading (")
            doing(page, "Python is ready")
        assert any(url.startswith(there) for url in tab.elsewhere)


@pytest.mark.parametrize("path", ["notebooks/4_the_error.ipynb", f"{PAGE.stem}/{PAGE.name}", "datasets", ""])
def test_a_page_that_does_not_exist_is_said_and_leads_to_the_front_page(
    path: str, chromium: Any, server: tuple[str, Log]
) -> None:
    with reading(chromium, server[0], timeout=20) as tab:
        page = tab.page
        page.goto(f"{tab.address}/lite/notebooks/index.html{f'?path={path}' if path else ''}")
        doing(page, f"There is no page “{path}” here." if path else "There is no page here.")
        assert page.locator("#waiting-text").is_hidden() and page.locator("#waiting-progress").is_hidden()
        with page.expect_navigation(url=f"{tab.address}/index.html"):
            page.get_by_role("link", name="The front page").click()
        assert "Backpropagation" in page.locator("h1").inner_text()


def test_a_reader_who_has_begun_to_read_is_asked_before_the_text_goes(
    chromium: Any, server: tuple[str, Log]
) -> None:
    with reading(chromium, server[0]) as tab:
        page = tab.page
        page.goto(address_of(PAGE, tab.address), wait_until="commit")
        text = page.frame_locator("#waiting-text")
        heading = text.get_by_role("heading", level=2).nth(2)
        words = heading.text_content().rstrip("#¶").strip()
        heading.evaluate("heading => heading.scrollIntoView()")
        live = page.get_by_role("button", name="Show the live page")
        live.wait_for()
        assert page.locator("#waiting-text").is_visible()
        live.click()
        assert page.locator("#waiting-text").is_hidden()
        there = page.locator(".jp-Notebook").get_by_role("heading", name=words).first.bounding_box()
        assert 0 < there["y"] < 400


# How far below the top of what scrolls a heading is.
BELOW = """heading => heading.getBoundingClientRect().top
    - (heading.closest('.jp-WindowedPanel-outer')?.getBoundingClientRect().top ?? 0)"""


def test_a_link_to_a_heading_arrives_there_however_it_is_written_and_to_run_all_cells_leaves_the_reader_there(
    chromium: Any, server: tuple[str, Log]
) -> None:
    """The book drops the letter from `whose-has-a-bias`, which GitHub and JupyterLab keep."""
    page_5 = next(path for path in PAGES if path.stem.endswith("_the_gradient"))

    def arrives(part: Any, words: str) -> None:
        heading = part.get_by_role("heading", name=words).first
        heading.wait_for()
        for _ in range(50):
            if -5 < heading.evaluate(BELOW) < 100:
                return
            page.wait_for_timeout(100)
        assert not heading.evaluate(BELOW), words

    with reading(chromium, server[0]) as tab:
        page, application = tab.page, []
        tab.context.route("**/jlab_core.*.js", lambda route: application.append(route))
        page.goto(f"{address_of(page_5, tab.address)}#whose-has-a-bias", wait_until="commit")
        arrives(page.frame_locator("#waiting-text"), "Whose δ has a bias?")
        while not application:
            page.wait_for_timeout(100)
        application.pop().continue_()
        tab.context.unroute("**/jlab_core.*.js")
        doing(page, "Python is ready")
        assert page.locator("#waiting-text").is_hidden()
        arrives(page.locator(".jp-Notebook"), "Whose δ has a bias?")
        for written, words in (
            ("#What-does-an-input-of-zero-teach?", "What does an input of zero teach?"),
            ("#nowhere", "What does an input of zero teach?"),
            ("#sum-or-mean-over-the-batch", "Sum or mean over the batch?"),
        ):
            page.evaluate("hash => { location.hash = hash; }", written)
            arrives(page.locator(".jp-Notebook"), words)
        page.locator("#waiting-run").click()
        doing(page, "All ")
        arrives(page.locator(".jp-Notebook"), "Sum or mean over the batch?")
        assert not tab.errors


def test_once_python_is_ready_no_line_is_needed_and_one_step_back_leads_back(
    chromium: Any, server: tuple[str, Log]
) -> None:
    with reading(chromium, server[0], timeout=90) as tab:
        page, book = tab.page, f"{tab.address}/book/notebooks/{PAGES[1].stem}.html"
        page.goto(book, wait_until="domcontentloaded")
        page.get_by_role("link", name="Run this page").click()
        page.wait_for_url("**/lite/notebooks/**", wait_until="commit")
        doing(page, "Python is ready")
        tab.context.set_offline(True)
        page.locator("#waiting-run").click()
        doing(page, "All ")
        set_layer_size(tab, 12)
        page.locator(SCENE).first.get_by_text("A 4-12-3 net has").first.wait_for()
        tab.context.set_offline(False)
        page.on("dialog", lambda dialog: dialog.accept())
        page.go_back(wait_until="commit")
        assert page.url == book


def test_a_browser_that_denies_all_storage_runs_the_page_and_says_that_nothing_is_kept(
    chromium: Any, server: tuple[str, Log], tmp_path: Path
) -> None:
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    with chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=installed(), args=SWITCHES
    ) as context:
        page = context.new_page()
        page.set_default_timeout(240_000)
        page.goto(f"{server[0]}/index.html")
        denied = "() => { try { return Boolean(localStorage); } catch (error) { return error.name; } }"
        assert page.evaluate(denied) == "SecurityError"
        page.goto(address_of(PAGE, server[0]), wait_until="commit")
        doing(page, "Python is ready")
        assert "your changes are not kept" in page.locator("#waiting-kept").text_content()
        assert differences(stored(PAGE), page.evaluate(RUN_ALL)) == []
