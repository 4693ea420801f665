"""What a figure shows in a browser, against a twin of it in this process that is set to the same controls."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
from figure_numbers import differences, value_of
from figure_states import scene_of
from PIL import Image

from backprop_lib.drawing.net import NARROW
from backprop_lib.figures import figure_names
from backprop_lib.figures.controls import IntegerBox, LogSlider
from backprop_lib.figures.iris_lab import IrisLab
from backprop_lib.figures.scene import Scene, table_html

# One call for each figure and each kind of question.
# The recall questions are drawn in the same order on the page and in this process.
START = """from importlib import import_module
from itertools import count
from types import SimpleNamespace
from backprop_lib import Network, load_iris, predict, recall
from backprop_lib.figures import recalling
recalling.secrets = SimpleNamespace(randbits=lambda bits, seeds=count(): next(seeds))"""
CALLS = {name: f"import_module('backprop_lib.figures.{name}').{name}()" for name in figure_names()} | {
    "live_training": "import_module('backprop_lib.figures.live_training').LiveTraining("
    "Network([('identity', 4), ('sigmoid', 3)]), load_iris())",
    "options": "predict('Which?', ['this', 'that'], answer='this', because='It is.')",
    "number": "predict('How much?', answer=0.5, because='It is.')",
    "recall": "recall(3)",
}
# The pictures that are drawn anew when a screen becomes as narrow as a phone, and those that then are shown.
FOR_WIDE, FOR_NARROW = (
    f".scene :is(img[width='{width}'], svg[viewBox='0 0 544 {height}'])"
    for width, height in ((480, 440), (NARROW, 497))
)
PATIENCE = 120.0  # seconds for a picture, on a busy machine

READ = """scene => {
    const text = (root, what) => root.querySelector(what)?.textContent ?? '';
    const controls = [...scene.querySelectorAll('.widget-slider, .widget-dropdown, .widget-text')].map(c => ({
        label: text(c, '.widget-label').trim(),
        readout: text(c, '.widget-readout'),
        index: c.querySelector('select')?.selectedIndex ?? -1,
        typed: c.querySelector('input')?.value ?? '',
        disabled: !!c.querySelector('[disabled]'),
    }));
    const pictures = [...scene.querySelectorAll('img, svg')];
    const sentence = scene.querySelector('p[role=status]:not(:has(progress))');
    const drawn = pictures.map(p => p.getAttribute('src') ?? p.innerHTML).join();
    let hash = drawn.length;  // of what is drawn, which is asked for often, and long
    for (let i = 0; i < drawn.length; i++) hash = Math.imul(hash, 31) + drawn.charCodeAt(i) | 0;
    const changed = sentence?.querySelector('em')?.textContent ?? '';
    return {
        controls,
        sentence: (sentence?.textContent ?? '').slice(changed.length).trim(),
        changed,
        alert: text(scene, 'p[role=alert]'),
        working: !!scene.querySelector('progress'),
        code: text(scene, 'pre code'),
        alts: pictures.map(p => p.getAttribute('alt') ?? p.getAttribute('aria-label') ?? ''),
        drawn: String(hash),
        rows: [...scene.querySelectorAll('table tr')].map(r => [...r.children].map(c => c.textContent)),
    };
}"""


def read(scene: Any) -> dict[str, Any]:
    """All that the page says of a figure."""
    return dict(scene.evaluate(READ))


def twin_of(name: str) -> Scene:
    """A figure in this process, to compare its words with those of a page: its pictures need not be sharp."""
    twin = scene_of(name)
    twin.screen.pixels = 1
    return twin


def follow(twin: Scene, shown: dict[str, Any]) -> None:
    """Set the controls of the twin to those of the page."""
    records = shown["controls"]
    place = {record["label"]: i for i, record in enumerate(records) if record["label"]}
    twin._held = True
    for control in twin.controls.values():
        at = place[control.description]
        record = records[at]
        if isinstance(control, LogSlider):
            control.value = float(records[at + 1]["typed"])
        elif isinstance(control, IntegerBox):
            control.value = int(record["typed"])
        elif record["index"] >= 0:
            control.index = record["index"]
        else:
            control.value = type(control.value)(value_of(record["readout"]))
    twin._held = False
    twin.refresh()


def disagreements(twin: Scene, shown: dict[str, Any]) -> list[str]:
    """In what the page differs from the twin: nothing if both show the same state."""
    follow(twin, shown)
    view, found = twin.view, []
    if twin.error is not None:
        return [] if str(twin.error).rstrip(".") in shown["alert"] else [f"no word of {twin.error}"]
    if shown["alert"]:
        found.append(f"refused: {shown['alert']}")
    if shown["working"]:
        found.append("still at work")
    if shown["sentence"] != " ".join(view.sentence.split()) and shown["sentence"] != view.sentence:
        found.append(f"says {shown['sentence']!r}, not {view.sentence!r}")
    # The iris lab has no room for its code: it comes with the numbers.
    code = "" if isinstance(twin, IrisLab) and not shown["rows"] else view.code
    if shown["code"] != code:
        found.append(f"gives the code {shown['code']!r}, not {code!r}")
    if view.alt not in shown["alts"]:
        found.append(f"alt texts {shown['alts']!r} without {view.alt!r}")
    if shown["rows"] and shown["rows"] != (rows := rows_of(table_html(view.table))):
        found.append(f"the numbers {shown['rows']}, not {rows}")
    idle = {twin.controls[name].description for name in view.idle}
    disabled = {record["label"] for record in shown["controls"] if record["disabled"]}
    if idle != disabled:
        found.append(f"controls that cannot be moved: {sorted(disabled)}, not {sorted(idle)}")
    return found


def rows_of(table: str) -> list[list[str]]:
    """The texts of the cells of an HTML table, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def settled(
    scene: Any, twin: Scene, unlike: str | None = None, like: str | None = None
) -> tuple[dict[str, Any], list[str]]:
    """What the page shows once it agrees with its twin (and, if wanted, is like or unlike an earlier state).

    Returns it with what is still wrong when patience is over.
    """
    end = time.monotonic() + PATIENCE
    shown: dict[str, Any] = {}
    while True:
        if (now := read(scene)) != shown:
            shown, found = now, disagreements(twin, now)
        if unlike is not None and not found and all_of(shown) == unlike:
            found = ["nothing changed"]
        if like is not None and not found and all_of(shown) != like:
            found = ["not as it was"]
        if not found or time.monotonic() > end:
            return shown, found
        time.sleep(0.03)


def all_of(shown: dict[str, Any]) -> str:
    """Picture, sentence and numbers as one text."""
    return "|".join([shown["drawn"], shown["sentence"], shown["alert"], str(shown["rows"])])


def number_findings(shown: dict[str, Any]) -> list[str]:
    """In what the table on the page differs from what the code on the page gives."""
    return differences(shown["rows"], shown["code"])


def is_blank(scene: Any) -> bool:
    """Whether any picture of the figure is all of one color, or not there."""
    pictures = scene.locator("img, svg")
    return pictures.count() == 0 or any(
        _one_color(pictures.nth(i).screenshot()) for i in range(pictures.count())
    )


def _one_color(png: bytes) -> bool:
    # The corners of a drawing are round: its middle decides.
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    h, w = pixels.shape[:2]
    return len(np.unique(pixels[h // 20 : -h // 20, w // 20 : -w // 20].reshape(-1, 3), axis=0)) < 8


def locate(scene: Any, description: str) -> Any:
    """The control with this description."""
    return scene.locator(
        ".widget-slider, .widget-dropdown, .widget-text",
        has=scene.page.get_by_text(description, exact=True).and_(scene.page.locator(".widget-label")),
    ).first


def move(scene: Any, control: Any, end: str) -> bool:
    """Move a control to its "first" or "last" value by the keyboard; whether it was elsewhere."""
    element = locate(scene, control.description)
    if element.locator("select").count():
        select = element.locator("select")
        target = 0 if end == "first" else len(control.options) - 1
        elsewhere = select.evaluate("s => s.selectedIndex") != target
        select.select_option(index=target)
    elif isinstance(control, IntegerBox):
        box, wanted = element.locator("input"), str(control.low if end == "first" else control.high)
        elsewhere = box.input_value() != wanted
        box.fill(wanted)
        box.press("Enter")
    else:
        handle = element.locator(".noUi-handle")
        at = handle.get_attribute("aria-valuenow")
        handle.focus()
        handle.press("Home" if end == "first" else "End")
        elsewhere = handle.get_attribute("aria-valuenow") != at
    return bool(elsewhere)


def epoch_of(scene: Any) -> int:
    """The epoch that a figure of a training run says."""
    return int(re.match(r"Epoch (\d+):", read(scene)["sentence"])[1])  # type: ignore[index]


def press(scene: Any, name: str) -> None:
    scene.locator(f"button:text-is('{name}')").click()


def wait_until(page: Any, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not in {PATIENCE:.0f} seconds"
        page.wait_for_timeout(50)


def wait_for_epoch(scene: Any, epoch: int) -> None:
    wait_until(scene.page, lambda: epoch_of(scene) >= epoch)


def resting_epoch(scene: Any) -> int:
    """The epoch at which a run rests: it shows the same one for a second and a half."""
    end, epoch, since = time.monotonic() + PATIENCE, epoch_of(scene), time.monotonic()
    while time.monotonic() < since + 1.5:
        assert time.monotonic() < end, f"it still runs, at epoch {epoch}"
        scene.page.wait_for_timeout(50)
        if (now := epoch_of(scene)) != epoch:
            epoch, since = now, time.monotonic()
    return epoch


def part_of(page: Any, name: str) -> Any:
    """The figure or the question that the cell with one of CALLS shows."""
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(1 + list(CALLS).index(name))
    return cell.locator(".jp-OutputArea-output .widget-vbox:is(.scene, .prediction, .recall)").first
