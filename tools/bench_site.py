"""Measure the site as a reader meets it, and what a class of readers asks of its server.

    python tools/bench_site.py            writes benchmarks/site.md

The browser and the server run on this computer, so the network costs nothing: the times are those of the
reader's machine, and the bytes say what a network adds.
"""

from __future__ import annotations

import http.client
import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from in_chromium import chromium
from serve_site import serving
from site_reader import RUN_ALL, SCENE, Tab, reading, set_layer_size

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
TABLE = ROOT / "benchmarks" / "site.md"
PAGE = "01_a_net_of_neurons.ipynb"
CLASS = 200
SECONDS, CLIENTS = 5.0, 8  # of asking a plain server, and how many ask at once
FIRST_OUTPUT = """async () => {
    const cells = () => window.jupyterapp?.shell?.currentWidget?.content?.model?.sharedModel?.cells ?? [];
    const shown = cell => cell.cell_type === 'code' && cell.outputs.length && cell.execution_count;
    const first = () => cells().find(shown);
    while (!first()) await new Promise(later => setTimeout(later, 20));
}"""
CLEARED = """() => {
    const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
    for (const cell of model.cells.filter(cell => cell.cell_type === 'code')) {
        cell.outputs = [];
        cell.execution_count = null;
    }
}"""
# From the Enter that ends the typing to the frame after the first change of the figure.
WATCH = """scene => { window.redrawn = new Promise(done => {
    let start;
    const note = event => { if (event.key === 'Enter') start = performance.now(); };
    addEventListener('keydown', note, {capture: true});
    const observer = new MutationObserver(changes => {
        const drawn = changes.some(c => c.target.closest?.('.widget-html-content, .widget-html'));
        if (start === undefined || !drawn) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    });
    observer.observe(document.querySelector(scene), {childList: true, subtree: true});
}); }"""
READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"


def first_and_all(tab: Tab) -> tuple[float, float]:
    """Seconds from opening the page to its first output and to all of them."""
    start = time.perf_counter()
    tab.open_live(PAGE)
    tab.page.wait_for_function(READY)
    tab.page.evaluate(CLEARED)
    tab.page.evaluate(f"() => {{ window.all = ({RUN_ALL})(); }}")
    tab.page.evaluate(FIRST_OUTPUT)
    first = time.perf_counter() - start
    tab.page.evaluate("() => window.all")
    return first, time.perf_counter() - start


def redraws(tab: Tab) -> list[float]:
    """Milliseconds from a typed layer size to the picture that shows it, as the browser paints it."""
    picture = tab.page.locator(SCENE).first.locator("svg, img").first
    picture.scroll_into_view_if_needed()
    times = []
    for neurons in (12, 3, 11, 4, 10, 5, 9, 6, 8, 7):
        tab.page.evaluate(WATCH, SCENE)
        set_layer_size(tab, neurons)
        times.append(float(tab.page.evaluate("() => window.redrawn")))
    return times


def memory(root: int) -> float:
    """MB that a process and all its descendants hold, shared pages counted once."""
    total, process = 0, psutil.Process(root)
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += each.memory_full_info().pss
    return total / 2**20


def throughput(address: str, paths: list[str]) -> tuple[float, float]:
    """Requests and MB a second that the server answers to several clients for a bounded time."""
    start = time.perf_counter()

    def client(number: int) -> tuple[int, int]:
        connection, answers, size = http.client.HTTPConnection(urlsplit(address).netloc), 0, 0
        while time.perf_counter() < start + SECONDS:
            connection.request("GET", paths[(number + answers) % len(paths)])
            size += len(connection.getresponse().read())
            answers += 1
        return answers, size

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers, size = map(sum, zip(*pool.map(client, range(CLIENTS)), strict=True))
    elapsed = time.perf_counter() - start
    return answers / elapsed, size / 1e6 / elapsed


def main() -> None:
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) / 1e6
    with serving(SITE) as (address, log), chromium() as browser, reading(browser, address) as tab:
        before = memory(os.getpid())
        cold = first_and_all(tab)
        requests, megabytes = len(log.answers), log.bytes / 1e6
        paths = [path for path, status in log.answers if status == 200]
        times = redraws(tab)
        held = memory(os.getpid()) - before
        log.answers.clear()
        log.bytes = 0
        again = first_and_all(tab)
        again_requests = len(log.answers)
        again_bytes = sum(1 for _, status in log.answers if status == 200)
        rate, speed = throughput(address, paths)
    text = f"""# The website, measured

Page {PAGE}, Chromium without a window, server on the same computer:
{os.cpu_count()} cores, {platform.system()}. Written by `make bench-site` on {date.today()}.

| | measured | at most |
|---|---|---|
| size of the site | {size:.1f} MB | 75 MB |
| first visit: requests | {requests} |  |
| first visit: bytes, uncompressed | {megabytes:.1f} MB |  |
| first visit: opening to first output | {cold[0]:.1f} s | 20 s |
| first visit: opening to all outputs | {cold[1]:.1f} s |  |
| opened again: requests, and those with a body | {again_requests}, {again_bytes} |  |
| opened again: to first output | {again[0]:.1f} s | 10 s |
| opened again: to all outputs | {again[1]:.1f} s |  |
| control to painted picture: median of 10 | {statistics.median(times):.0f} ms | 200 ms |
| control to painted picture: slowest of 10 | {max(times):.0f} ms |  |
| memory of the browser with one page | {held:.0f} MB |  |
| a plain server (Python's own): requests a second | {rate:.0f} |  |
| a plain server (Python's own): MB a second | {speed:.0f} |  |
| {CLASS} readers at once, first visit: MB | {CLASS * megabytes:.0f} |  |
| {CLASS} readers at once, first visit: seconds of that server | {CLASS * megabytes / speed:.0f} |  |
| {CLASS} readers, opened again: seconds of that server | {CLASS * again_requests / rate:.0f} |  |
"""
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
