"""Every figure and question for those who see and read otherwise: dark, by forced colors, on a phone."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from axe import OF_JUPYTERLAB, serious
from figure_in_browser import CALLS, part_of, wait_until
from figure_looks import luminance
from in_browser import CUT
from PIL import Image

from backprop_lib.arguments import Array
from backprop_lib.drawing.net import LEGIBLE

pytestmark = pytest.mark.xdist_group("the page with every figure")  # which takes long to draw

LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"color_scheme": "dark", "forced_colors": "active"},
}
# What must be seen of all controls that can be used: a piece of the screen (left, top, right, bottom, from
# the corner of the part that they are in) whose first pixel is what is around it.
PIECES = """part => {
    const corner = part.getBoundingClientRect();
    const piecesOf = each => {
        const box = each.getBoundingClientRect();
        const [left, right] = [box.left, box.right].map(x => Math.round(x - corner.left));
        const [top, bottom] = [box.top, box.bottom].map(y => Math.round(y - corner.top));
        const middle = Math.round((top + bottom) / 2);
        if (each.matches('.noUi-handle')) return [['handle', left - 2, top - 2, right, bottom]];
        if (each.matches('.noUi-connects')) {  // where the handle is not
            const handle = each.parentElement.querySelector('.noUi-handle').getBoundingClientRect();
            const x = 2 * handle.left < box.left + box.right ? right - 3 : left + 2;
            return [['track', x, top - 3, x + 1, bottom]];
        }
        const edge = ['edge', left - 2, middle, left + 4, middle + 1];
        const arrow = ['arrow', right - 22, top + 4, right - 3, bottom - 4];
        return each.matches('select') ? [edge, arrow] : [edge];
    };
    const kinds = 'select, input:not([type=radio]), button, .widget-readout, .noUi-handle, .noUi-connects';
    return [...part.querySelectorAll(kinds)]
        .filter(each => each.checkVisibility() && each.offsetWidth > 1 && !each.closest('[disabled]'))
        .flatMap(each => piecesOf(each).map(piece => [...piece, each.className]));
}"""


def look(page: Any, name: str) -> None:
    """The page as it looks to a reader who has asked for it so."""
    page.set_viewport_size({"width": 1280, "height": 1200})  # in which every figure has room
    page.emulate_media(**LOOKS[name])
    is_light = str(name == "light").lower()
    page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=is_light)


def brightness(page: Any, box: dict[str, float]) -> Array:
    """The luminance of every pixel of a box on the screen."""
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled", clip=box))).convert("RGB")
    return luminance(np.asarray(image) / 255)


def contrast(shown: Array) -> float:
    """How the pixel of a piece that differs most from the first one stands out from it."""
    return float(
        np.maximum((shown + 0.05) / (shown.flat[0] + 0.05), (shown.flat[0] + 0.05) / (shown + 0.05)).max()
    )


def pale(part: Any) -> set[str]:
    """The pieces of controls that stand out from what is around them less than 3 to 1."""
    part.scroll_into_view_if_needed()
    shown = np.pad(brightness(part.page, part.bounding_box()), 3, mode="edge")
    return {
        f"{piece} of {kind}"
        for piece, left, top, right, bottom, kind in part.evaluate(PIECES)
        if contrast(shown[top + 3 : bottom + 3, left + 3 : right + 3]) < 3
    }


@pytest.mark.parametrize("name", LOOKS)
def test_every_control_has_an_edge_and_every_list_an_arrow_that_are_seen(
    name: str, every_figure: Any
) -> None:
    look(every_figure, name)
    found = {figure: pale(part_of(every_figure, figure)) for figure in CALLS}
    assert {figure: controls for figure, controls in found.items() if controls} == {}


# A control of each kind: the figure or question that it is in, and what it is there.
KINDS = [
    ("iris_lab", kind)
    for kind in ("select", ".noUi-handle", ".widget-readout", "button", "input[type=number]")
]
KINDS += [("options", "input[type=radio]"), ("number", "input[type=text]")]


def around(box: dict[str, float]) -> dict[str, float]:
    """A box with a little of what is around it."""
    return {"x": box["x"] - 6, "y": box["y"] - 6, "width": box["width"] + 12, "height": box["height"] + 12}


def change(before: Array, after: Array) -> int:
    """How many pixels stand out from what they were, 3 to 1."""
    lighter, darker = np.maximum(before, after), np.minimum(before, after)
    return int(np.count_nonzero((lighter + 0.05) / (darker + 0.05) >= 3))


def stands_out(part: Any, before: Callable[[], Any], after: Callable[[], Any]) -> bool:
    """Whether a part of the page looks different after than before, where it was on the screen."""
    part.scroll_into_view_if_needed()
    before()
    without = brightness(part.page, box := around(part.bounding_box()))
    after()
    changed = change(without, brightness(part.page, box))
    return around(part.bounding_box()) == box and changed > 40


@pytest.mark.parametrize("name", ["dark", "forced"])
def test_the_control_that_has_the_focus_of_the_keyboard_is_seen(name: str, every_figure: Any) -> None:
    look(every_figure, name)
    every_figure.keyboard.press("Tab")
    for figure, kind in KINDS:
        control = part_of(every_figure, figure).locator(f"{kind}:visible").first
        blur = partial(every_figure.evaluate, "() => document.activeElement.blur()")
        wait_until(every_figure, partial(stands_out, control, blur, control.focus))


# Motions that are under way, or that a change of a control would start.
MOVING = """part => part.getAnimations({subtree: true}).length + [part, ...part.querySelectorAll('*')].filter(
    each => parseFloat(getComputedStyle(each).transitionDuration) > 0
).length"""


def point_at(part: Any, lit: Any) -> None:
    """Point at a part, and wait until another one is lit."""
    part.hover()
    lit.wait_for()


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_lit_stands_out_from_what_it_was_and_nothing_moves_by_itself(
    name: str, every_figure: Any
) -> None:
    look(every_figure, name)
    every_figure.emulate_media(reduced_motion="reduce")
    for figure, lit, pointed in (
        ("stepper", "span[data-is='delta.2.1']", "g[data-layer='2'][data-neuron='1']"),
        ("logits", "i[data-is='p.L.2']", "span[data-is='p.L.2']"),
    ):
        part = part_of(every_figure, figure)
        symbol, away = part.locator(lit).first, partial(every_figure.mouse.move, 0, 0)
        point = partial(point_at, part.locator(pointed).first, symbol.and_(part.locator(".lit")))
        wait_until(every_figure, partial(stands_out, symbol, away, point))
    for figure in CALLS:
        assert part_of(every_figure, figure).evaluate(MOVING) == 0, figure


# What a front end does without the style of the figures.
PALE = """.scene :is(select, input, button, .widget-readout, .noUi-handle) { border-color: #333 !important; }
.scene .noUi-connects { background: #333 !important; }
.scene select { appearance: none !important; background: #222 !important; }"""


def test_a_pale_edge_a_pale_track_and_a_missing_arrow_would_be_found(every_figure: Any) -> None:
    look(every_figure, "dark")
    style = every_figure.add_style_tag(content=PALE)
    found = {finding.split()[0] for finding in pale(part_of(every_figure, "iris_lab"))}
    style.evaluate("style => style.remove()")
    assert found == {"edge", "track", "arrow"} and not pale(part_of(every_figure, "iris_lab"))


PANEL = "document.querySelector('.jp-WindowedPanel-outer')"
# axe-core judges the contrast of what is on the screen alone, and of nothing in a body without a height.
TALL = f"""() => {{
    document.body.style.overflow = 'visible';
    document.querySelectorAll('.jp-Cell').forEach(cell => {{ cell.style.contentVisibility = 'visible'; }});
    {PANEL}.scrollTop = 0;
    return document.querySelector('.jp-Cell:last-of-type').getBoundingClientRect().bottom;
}}"""
BAD = """<div id=bad><button></button><p style='color: #777; background: #888'>pale</p></div>"""


@pytest.mark.parametrize("name", ["light", "dark"])
def test_axe_finds_nothing_serious_but_what_is_wrong_on_purpose(name: str, every_figure: Any) -> None:
    look(every_figure, name)
    every_figure.set_viewport_size({"width": 1280, "height": int(every_figure.evaluate(TALL)) + 100})
    every_figure.wait_for_function(f"({TALL})() < {PANEL}.getBoundingClientRect().bottom")
    part_of(every_figure, "stepper").evaluate("(part, bad) => part.insertAdjacentHTML('beforeend', bad)", BAD)
    found = serious(every_figure, OF_JUPYTERLAB)
    every_figure.locator("#bad").evaluate("bad => bad.remove()")
    assert {finding.partition(":")[0] for finding in found} == {"button-name", "color-contrast"}
    assert len(found) == 2, found


WIDTHS = {"phone": 390, "twice as large": 640}
# Where the lines of code of a figure may break.
BREAKS = "part => [...part.querySelectorAll('pre')].map(each => getComputedStyle(each).wordBreak)"
# The smallest pixels of its pictures that a figure shows.
SMALLEST = """part => Math.min(...[...part.querySelectorAll('.widget-html-content img')]
    .map(image => image.getBoundingClientRect().width / image.getAttribute('width')))"""


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_on_a_narrow_screen_every_figure_is_whole_and_can_be_read(width: int, every_figure: Any) -> None:
    every_figure.set_viewport_size({"width": width, "height": 844})
    every_figure.wait_for_function(f"{PANEL}.clientWidth < {width}")
    for name in CALLS:
        part = part_of(every_figure, name)
        # Of letters of 11 pixels and more; that there are no smaller ones, test_figure_states sees.
        wait_until(every_figure, lambda of=part: of.evaluate(SMALLEST) * LEGIBLE >= 9)
        assert part.locator("svg, img").count() > 0 or name in ("options", "number", "recall")
        assert part.evaluate(CUT) == [], name
        assert {*part.evaluate(BREAKS)} <= {"normal"}, f"the code of {name} breaks inside words"
    assert every_figure.evaluate(f"{PANEL}.scrollWidth - {PANEL}.clientWidth") == 0


# How much of a figure's width is filled by what it draws and writes beside it.
FILLED = """scene => {
    const parts = scene.querySelectorAll('.wide :is(svg, img, [data-line], section), .said > [data-line]');
    const { left, width } = scene.getBoundingClientRect();
    return (Math.max(...[...parts].map(each => each.getBoundingClientRect().right)) - left) / width;
}"""


def test_on_a_wide_screen_every_figure_fills_the_page_and_on_a_narrow_one_panes_stand_below_each_other(
    every_figure: Any,
) -> None:
    look(every_figure, "light")
    figures = [name for name in CALLS if name not in ("options", "number", "recall")]
    filled = {name: part_of(every_figure, name).evaluate(FILLED) for name in figures}
    assert {name: share for name, share in filled.items() if not 0.85 < share <= 1} == {}
    lab, size = part_of(every_figure, "iris_lab"), "lab => [lab.offsetWidth, lab.offsetHeight]"
    width = lab.evaluate(size)[0]
    for taken in (15, 15 + 252):  # beside a scrollbar, and beside the list of files too
        every_figure.set_viewport_size({"width": 1280 - taken, "height": 800})
        wait_until(every_figure, lambda less=taken: lab.evaluate(size)[0] == width - less)
        assert 600 < lab.evaluate(size)[1] <= 760
    panes = part_of(every_figure, "one_neuron").locator(".wide img")
    for width, are_beside in ((1280, True), (390, False)):
        every_figure.set_viewport_size({"width": width, "height": 1200})
        wait_until(
            every_figure,
            lambda wanted=are_beside: (
                (panes.nth(0).bounding_box()["y"] == panes.nth(1).bounding_box()["y"]) == wanted
            ),
        )


DRAWN = ("iris_lab", "one_neuron", "clones", "live_training")
# Pixels of each picture for one pixel shown, but for the maps of neurons, which have a pixel a cell.
PIXELS = """part => [...part.querySelectorAll('.widget-html-content img')]
    .map(image => image.naturalWidth / image.getAttribute('width'))"""


def test_a_picture_has_as_many_pixels_as_the_screen_shows_and_follows_its_zoom(every_figure: Any) -> None:
    def is_drawn_at(pixels: int) -> bool:
        return all({*part_of(every_figure, name).evaluate(PIXELS)} == {pixels} for name in DRAWN)

    wait_until(every_figure, partial(is_drawn_at, 1))
    session = every_figure.context.new_cdp_session(every_figure)
    fine = {"width": 0, "height": 0, "mobile": False, "deviceScaleFactor": 2}
    session.send("Emulation.setDeviceMetricsOverride", fine)
    wait_until(every_figure, partial(is_drawn_at, 2))
    every_figure.screenshot()  # for which the screen becomes what it was
    wait_until(every_figure, partial(is_drawn_at, 1))
    session.detach()
