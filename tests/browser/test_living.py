"""Pointing and dragging in JupyterLab, by mouse, by touch and by keyboard: it lights, or it moves.

Run by `make test-browser`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import in_chromium
import numpy as np
import pytest
from figure_in_browser import FOR_NARROW, FOR_WIDE, locate, settled, twin_of, wait_until
from figure_states import Driven, scene_of
from in_browser import IN_KERNEL
from matplotlib.text import Text
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("the page with every figure")  # which takes long to draw

SLIDERS = ["Layer l", "To neuron j", "From neuron k"]
FIGURES = ["stepper", "weight_inspector", "nudge", "step_size", "layer_sizes", "iris_lab", "one_neuron"]
FIGURES += ["logits", "depth", "expression_graph", "clones"]
CHANGE = "Change of the weight Δw"
IMPORT = "from backprop_lib.figures.{0} import {0}\n{0}()"


@pytest.fixture(scope="module")
def page(folder: Path, lab: str, chromium: Any) -> Iterator[Any]:
    """A page with the living figures, which has been run; no error is in its console at the end."""
    tab, errors = in_chromium.open_tab(chromium)
    name = in_chromium.write_notebook(folder, "living.ipynb", *(IMPORT.format(figure) for figure in FIGURES))
    in_chromium.run_all(tab, lab, name)
    yield tab
    tab.close()
    assert not errors, errors


@cache
def first_sentence(name: str) -> str:
    """What a figure says before anything is moved."""
    return scene_of(name).view.sentence


# The notebook measures its cells once more when the window had another width, and moves them.
COMES_TO_REST = """async scene => {
    for (let before = null, now = ''; now !== before; ) {
        for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
        [before, now] = [now, JSON.stringify(scene.getBoundingClientRect())];
    }
}"""


def figure(page: Any, name: str) -> Any:
    """A figure as it is first, at rest and ready to be pointed at, with nothing that is pointed at."""
    scene = page.locator(f"{in_chromium.SCENE}.living").nth(FIGURES.index(name))
    scene.scroll_into_view_if_needed()
    scene.locator("[tabindex='0']").first.wait_for()
    scene.get_by_role("button", name="Reset").click()
    page.evaluate(IN_KERNEL, "")  # which is done when what was asked before it is drawn
    others = FOR_WIDE if page.viewport_size["width"] <= 600 else FOR_NARROW
    page.wait_for_function("those => !document.querySelector(those)", arg=others)
    page.evaluate("() => document.activeElement.blur()")
    page.mouse.move(0, 0)
    expect(scene.locator(".lit")).to_have_count(0)
    expect(scene.locator(".sentence")).to_contain_text(first_sentence(name))
    scene.evaluate(COMES_TO_REST)
    return scene


@pytest.fixture
def stepper(page: Any) -> Any:
    return figure(page, "stepper")


LIT = """scene => [...scene.querySelectorAll('.lit')].map(part => {
    const {layer, neuron, to, from, is, id} = part.dataset;
    if (part.matches('i')) return `place ${is}`;
    if (id) return `node ${id}`;
    if (!layer && to) return `edge ${from} ${to}`;
    if (neuron) return `neuron ${layer}.${neuron}`;
    return layer ? `weight ${layer}.${to}.${from}` : part.textContent;
})"""


def lit(scene: Any) -> list[str]:
    """What is lit: drawn things by their place, and text as it stands."""
    return list(scene.evaluate(LIT))


def told(scene: Any) -> str:
    return str(scene.locator(".pointed").inner_text())


def on_weight(scene: Any, l: int, j: int, k: int) -> tuple[float, float]:
    """Where on the screen a weight is: a fifth along it, where no two cross."""
    x, y = scene.evaluate(
        """(scene, weight) => {
            const line = scene.querySelector(weight);
            line.scrollIntoViewIfNeeded();
            const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map(name => line[name].baseVal.value);
            const there = new DOMPoint(x1 + (x2 - x1) / 5, y1 + (y2 - y1) / 5);
            const {x, y} = there.matrixTransform(line.getScreenCTM());
            return [x, y];
        }""",
        f"line[data-layer='{l}'][data-to='{j}'][data-from='{k}']",
    )
    return float(x), float(y)


HINT = "status => getComputedStyle(status, '::before').content"
DELTA_7 = "place norm.7 delta.7 a.7 y.7 z.7 prime.7"
BIASES = [f"neuron {l}.{j}" for l, n in ((1, 5), (2, 3)) for j in range(n)]
WEIGHTS = [f"weight {l}.{j}.{k}" for l, n, m in ((1, 5, 4), (2, 3, 5)) for j in range(n) for k in range(m)]
# Every point of a curve of the step size that round-off does not rule: of the median, each parameter and its
# derivative.
CURVES = {
    kind: [f"place dw.*.*.*.{kind} db.*.*.{kind} w.*.*.*.{kind} b.*.*.{kind}"] * points
    for kind, points in (("forward", 9), ("central", 6))
}
ALL_DELTAS = ["neuron 2.0", "neuron 2.1", "neuron 2.2"]


@pytest.mark.parametrize(
    ("name", "part", "found", "words"),
    [
        (
            "stepper",
            "g[data-layer='2'][data-neuron='1']",
            ["neuron 2.1", "n₂ = 3", "b² 3×1", "δ²", "Σₖ", "δ²ₖ", "0.042·0.0934", "0.0934", "delta[2]"],
            r"Neuron 1 of layer 2: a = 0\.\d+, δ = 0\.0934",
        ),
        (
            "layer_sizes",
            "text[data-is='w.2']",
            [
                *(f"weight 2.{j}.{k}" for j in range(3) for k in range(5)),
                "w² 3×5",
                "w²",
                "15 weights",
                "43 numbers",
            ]
            + ["w"] * 2
            + ["theta"],
            "w² 3×5",
        ),
        (
            "one_neuron",
            "i[data-is='y.1.0']",
            ["place y.1.0", "y", "0", "y", "0", *["y"] * 4],
            "y of neuron 0 of layer 1: 0",
        ),
        (
            "logits",
            "i[data-is='jacobian.L.1']",
            ["place jacobian.L.1", "(Jᵀ∇C)₁", "−0.043", "of_quadratic", "of_quadratic"],
            r"Jᵀ∇C of neuron 1 of layer L: −0\.043",
        ),
        (
            "logits",
            "i[data-is='y.L.1'] >> nth=0",
            ["place y.L.1"] * 2 + ["y₁", "0", "y", "y", "y"],
            "y of neuron 1 of layer L: 0",
        ),
        ("logits", "i[data-is='C']", ["place C", "C", "2.41", "C"], r"C: 2\.41"),
        ("depth", "i[data-is='w.2']", ["place w.2", "w²", "w[2]"], "w of layer 2"),
        (
            "clones",
            "i[data-is='w.1.2.1']",
            ["weight 1.2.1", "w¹ 4×4", "place w.1.2.1", "w", "w[1]", "w", "w"],
            "w of layer 1, to neuron 2 from neuron 1",
        ),
        (
            "iris_lab",
            "i[data-is='delta.1.4']",
            ["neuron 1.4", "place delta.1.4", "place delta.1"],
            "δ of neuron 4 of layer 1",
        ),
        (
            "nudge",
            "i[data-is='z.2.0']",
            ["neuron 2.0", "place z.2.0", "z²₀", "0.378", "z_and_a", "z_and_a"],
            r"z of neuron 0 of layer 2: 0\.378",
        ),
        (
            "weight_inspector",
            "i[data-is='C'] >> nth=4",
            ["place C"] * 6 + ["C", "new_C"] * 2 + ["new_C", "C"],
            "C",
        ),
        (
            "weight_inspector",
            "i[data-is='w.2.0.0']",
            ["weight 2.0.0", "w² 3×5", "place w.2.0.0", "w[2][0, 0]", "w[2][0, 0]", "w[2][0, 0]", "w"]
            + ["w[2][0, 0]", "new_w", "w[2][0, 0]", "w", "new_w"],
            r"w of layer 2, to neuron 0 from neuron 0",
        ),
        (
            "expression_graph",
            "g[data-id='b']",
            ["node b", "b", "b", "b", "b"],
            "b, value 2",
        ),
        (
            "expression_graph",
            "g[data-from='a'][data-to='d'] path >> nth=0",
            ["edge a d", "∂d/∂a", "1", "∂d/∂a", "1", "dd_da", "dd_da"],
            "∂d/∂a: 1",
        ),
    ],
)
def test_what_is_drawn_lights_its_symbols_its_number_and_its_code_and_no_other(
    name: str, part: str, found: list[str], words: str, page: Any
) -> None:
    scene = figure(page, name)
    scene.locator(part).scroll_into_view_if_needed()
    box = scene.locator(part).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert lit(scene) == found
    assert re.fullmatch(words, told(scene))
    page.mouse.move(0, 0)
    drawn = scene.locator(part).locator("xpath=ancestor-or-self::*[@tabindex]").last
    drawn.focus()
    assert lit(scene) == found and drawn.get_attribute("aria-label") == told(scene)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert lit(scene) == found


def test_a_weight_lights_its_symbols_and_its_number(stepper: Any) -> None:
    stepper.page.mouse.move(*on_weight(stepper, 2, 2, 0))
    assert lit(stepper) == ["weight 2.2.0", "w² 3×5", "w²", "Σₖ", "w²ₖ₀", "− 0.452·0.127", "− 0.452", "w[2]"]
    assert told(stepper) == "The weight of layer 2 to neuron 2 from neuron 0: w = −0.452"
    stepper.page.mouse.move(0, 0)
    expect(stepper.locator(".lit")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "symbol", "drawn", "words"),
    [
        ("stepper", "δ²", ALL_DELTAS, "δ of layer 2"),
        (
            "stepper",
            "w²ₖ₀",
            [f"weight 2.{j}.0" for j in range(3)],
            "w of layer 2, to every neuron from neuron 0",
        ),
        ("stepper", "σ′(z¹₀)", ["neuron 1.0"], "σ′(z) of neuron 0 of layer 1"),
        ("stepper", "Σₖ", [f"weight 2.{j}.0" for j in range(3)] + ALL_DELTAS, None),
        ("stepper", "0.0934", ["neuron 2.1"], "δ of neuron 1 of layer 2: 0.0934"),
        ("stepper", "− 0.452", ["weight 2.2.0"], "w of layer 2, to neuron 2 from neuron 0: −0.452"),
        ("stepper", "w[2]", [f"weight 2.{j}.{k}" for j in range(3) for k in range(5)], "w of layer 2"),
        ("one_neuron", "C", ["place C", "place C"], "C"),
        (
            "one_neuron",
            "0.0468",
            ["place dw.1.0.0 db.1.0"],
            "∂C/∂w of layer 1, to neuron 0 from neuron 0: 0.0468",
        ),
        (
            "one_neuron",
            "0.0494",
            ["place z.1.0 w.1.0.0 a.0 b.1.0 prime.1.0"],
            "σ′(z) of neuron 0 of layer 1: 0.0494",
        ),
        ("logits", "z₁", ["place z.L.1"], "z of neuron 1 of layer L"),
        ("logits", "y₁", ["place y.L.1"] * 2, "y of neuron 1 of layer L"),
        ("logits", "C", ["place C"], "C"),
        ("logits", "−0.91", ["place delta.L.0"], "δ of neuron 0 of layer L: −0.91"),
        ("depth", "‖δ⁷‖", [DELTA_7], "‖δ‖ / ‖δᴸ‖ of layer 7 and δ of layer 7"),
        ("depth", "sigma[1].prime(z[1])", [DELTA_7.replace("7", "1")], "σ′(z) of layer 1"),
        ("expression_graph", "half", ["node ½"], "½"),
        ("expression_graph", "∂d/∂a", ["edge a d"], "∂d/∂a"),
        ("expression_graph", "∂C/∂d", ["node d"], "grad of d"),
        ("expression_graph", "dd_da", ["edge a d"], "∂d/∂a"),
        ("expression_graph", "dC_dd", ["node d"], "grad of d"),
        ("nudge", "b[2][0]", ["neuron 2.0"], "b of neuron 0 of layer 2"),
        ("nudge", "δ²₀", ["neuron 2.0", "place delta.2.0"], "δ of neuron 0 of layer 2"),
        ("nudge", "Δz²₀", ["place Δz.2.0"], "Δz of neuron 0 of layer 2"),
        ("nudge", "ΔC", ["place ΔC"] * 6, "ΔC"),
        ("nudge", "promise", ["place promise"], "δ · Δz"),
        ("nudge", "nudged_C", ["place C"], "C"),
        ("weight_inspector", "∂C/∂w²₀₀", ["weight 2.0.0", "place dw.2.0.0"], None),
        ("weight_inspector", "new_C", ["place C"] * 6, "C"),
        ("weight_inspector", "new_w", ["weight 2.0.0", "place w.2.0.0"], None),
        (
            "nudge",
            "z_and_a",
            ["neuron 2.0", "place z.2.0", "place a.2.0"],
            "z of neuron 0 of layer 2 and a of neuron 0 of layer 2",
        ),
        (
            "weight_inspector",
            "slope",
            ["weight 2.0.0", "place dw.2.0.0"],
            "∂C/∂w of layer 2, to neuron 0 from neuron 0",
        ),
        ("layer_sizes", "b", BIASES, "b"),
        ("layer_sizes", "43 numbers", WEIGHTS + BIASES, "w and b"),
        ("layer_sizes", "20 weights", WEIGHTS[:20], "w of layer 1"),
        ("layer_sizes", "4", [f"neuron 0.{k}" for k in range(4)], "n of layer 0: 4"),
        ("step_size", "θ", WEIGHTS + BIASES + CURVES["forward"] + CURVES["central"], "w and b"),
        ("step_size", "forward", WEIGHTS + BIASES + CURVES["forward"], None),
    ],
)
@pytest.mark.parametrize("how", ["mouse", "focus", "click"])
def test_a_symbol_lights_what_it_names_in_the_picture(
    name: str, symbol: str, drawn: list[str], words: str | None, how: str, page: Any
) -> None:
    scene = figure(page, name)
    part = scene.locator("[data-line] span[data-is]", has_text=re.compile(f"^{re.escape(symbol)}$")).first
    {"mouse": part.hover, "focus": part.focus, "click": part.click}[how]()
    found = lit(scene)
    assert sorted(name for name in found if re.match("neuron|weight|place|node|edge", name)) == sorted(drawn)
    assert symbol in found
    assert words is None or told(scene) == words


def test_every_part_is_reached_by_keys_named_and_told_and_the_focus_stays_when_the_picture_changes(
    stepper: Any,
) -> None:
    page = stepper.page
    net = stepper.get_by_role("group", name=re.compile("Flower 0, step 4"))
    parts = net.get_by_role("img").or_(net.get_by_role("button"))
    assert parts.count() == 12 + 35 + 3 + 4 and net.get_by_role("button").count() == 8
    assert all(name.strip() for name in parts.evaluate_all("all => all.map(e => e.ariaLabel)"))
    assert net.locator("[tabindex='0']").count() == 1
    net.locator("[data-layer='0'][data-neuron='0']").focus()
    page.keyboard.press("ArrowRight")
    assert told(stepper).startswith("The weight of layer 1 to neuron 0 from neuron 0: w = ")
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert told(stepper).startswith("Neuron 0 of layer 2: a = ") and "neuron 2.0" in lit(stepper)
    for key in ("ArrowDown", "ArrowLeft", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert told(stepper).startswith("Neuron 1 of layer 1: a = ")
    before = told(stepper)
    stepper.get_by_role("button", name="Next").evaluate("button => button.click()")
    stepper.get_by_text("Step 5 of 6").wait_for()
    assert told(stepper) == before
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == before
    page.keyboard.press("Escape")
    expect(stepper.locator(".lit")).to_have_count(0)


def test_the_neuron_and_the_weight_for_which_the_equation_is_written_are_clicked(stepper: Any) -> None:
    page, net = stepper.page, stepper.locator("svg")
    room = stepper.bounding_box()
    stepper.locator("g[data-layer='1'][data-neuron='3']").click()
    stepper.get_by_text("δ¹₃ = (", exact=False).first.wait_for()
    expect(stepper.locator("pre .lit")).to_have_text(["delta[1]", "delta[1][3, 0]"])
    stepper.get_by_text("In numbers, for neuron 3").wait_for()
    assert {"neuron 1.3", "δ¹₃", "σ′(z¹₃)"} <= {*lit(stepper)}
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    stepper.get_by_text("In numbers, for neuron 4").wait_for()
    assert typed(stepper, "Neuron j") == ["4"]
    stepper.locator("g[data-layer='2'][data-neuron='2']").click()
    stepper.get_by_text("Step 3 of 6").wait_for()
    assert typed(stepper, "Neuron j", "Step") == ["2", "3"]
    for _ in range(2):
        stepper.get_by_role("button", name="Next").click()
    stepper.get_by_text("Step 5 of 6").wait_for()
    expect(net.locator("line[role=button]")).to_have_count(35)
    page.mouse.click(*on_weight(stepper, 2, 1, 4))
    stepper.get_by_text("∂C/∂w²₁₄", exact=True).first.wait_for()
    assert typed(stepper, "Neuron j", "From neuron k") == ["1", "4"]
    expect(net.locator("[aria-pressed=true]")).to_have_attribute(
        "aria-label", re.compile("^The weight of layer 2 to neuron 1 from neuron 4")
    )
    drawn = net.bounding_box()
    locate(stepper, "Step").locator(".noUi-handle").press("Home")
    stepper.get_by_text("Step 0 of 6").wait_for()
    expect(net.get_by_role("button")).to_have_count(0)
    assert net.bounding_box() == drawn and stepper.bounding_box()["width"] == room["width"], "nothing jumps"


def typed(scene: Any, *names: str) -> list[str]:
    """What the sliders with these names say."""
    return [str(locate(scene, name).locator(".widget-readout").inner_text()) for name in names]


def test_the_neuron_that_is_nudged_is_chosen_by_a_click_and_by_keys(page: Any) -> None:
    scene = figure(page, "nudge")
    assert scene.get_by_role("button", name=re.compile("^Neuron . of layer [12]")).count() == 8
    assert scene.get_by_role("button", name=re.compile("of layer 0")).count() == 0
    assert page.evaluate(HINT, scene.locator(".pointed").element_handle()).endswith(
        'A click or Enter chooses it."'
    )
    room = scene.bounding_box()
    scene.locator("g[data-layer='1'][data-neuron='3']").click()
    scene.get_by_text("nudging z¹[3] by 1 changes").first.wait_for()
    assert typed(scene, "Layer l", "Neuron j") == ["1", "3"]
    expect(scene.locator("[aria-pressed=true]")).to_have_attribute(
        "aria-label", re.compile("^Neuron 3 of layer 1")
    )
    expect(scene.locator("pre .lit")).to_have_text(
        ["delta", "delta[1][3, 0]", "b[1][3]", "z_and_a", "delta", "z_and_a", "delta"]
    )
    assert {"neuron 1.3", "δ¹₃", "z¹₃", "a¹₃"} <= {*lit(scene)}
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    scene.get_by_text("nudging z¹[4] by 1 changes").first.wait_for()
    assert typed(scene, "Layer l", "Neuron j") == ["1", "4"]
    locate(scene, "Layer l").locator(".noUi-handle").press("End")
    scene.get_by_text("nudging z²[2] by 1 changes").first.wait_for()
    expect(scene.locator("[aria-pressed=true]")).to_have_attribute(
        "aria-label", re.compile("^Neuron 2 of layer 2")
    )
    assert scene.bounding_box() == room, "nothing jumps"
    drawn, curve = (scene.locator(kind).bounding_box() for kind in ("svg", "img"))
    assert drawn["y"] < curve["y"] + curve["height"] and drawn["x"] + drawn["width"] < curve["x"], (
        "side by side"
    )


@pytest.mark.parametrize(("name", "label"), [("layer_sizes", "Neurons in layer 1"), ("iris_lab", "Layer 1")])
def test_a_layer_grows_and_shrinks_by_the_buttons_below_it_by_mouse_and_by_keys(
    name: str, label: str, page: Any
) -> None:
    scene = figure(page, name)
    more, fewer = (
        scene.get_by_role("button", name=f"one neuron {word} in layer 1") for word in ("more", "fewer")
    )
    sizes = [box[side] for box in (more.bounding_box(), fewer.bounding_box()) for side in ("width", "height")]
    assert min(sizes) >= 24
    assert scene.locator("[aria-pressed]:not(.widget-toggle-button)").count() == 0
    assert scene.locator("svg [tabindex='0']:not([data-by])").count() == 1, "the net is a stop of Tab as well"
    room, place = scene.bounding_box(), more.bounding_box()
    more.click()
    scene.get_by_text("A 4-6-3 net").first.wait_for()
    assert typed(scene, label) == ["6"]
    page.keyboard.press("Enter")
    scene.get_by_text("A 4-7-3 net").first.wait_for()
    expect(more).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(fewer).to_be_focused()
    for n in range(6, 0, -1):
        page.keyboard.press(" ")
        scene.get_by_text(f"A 4-{n}-3 net").first.wait_for()
    expect(fewer).to_be_disabled()
    expect(fewer).to_be_focused()
    page.keyboard.press(" ")
    more.click()
    scene.get_by_text("A 4-2-3 net").first.wait_for()
    assert typed(scene, label) == ["2"]
    # Nothing jumps; in the lab the run is drawn in parts.
    wait_until(page, lambda: (scene.bounding_box(), more.bounding_box()) == (room, place))


# The places of a figure, of its drawing, of every text of it with the size of its letters, and of its
# buttons, each from left to right and from top to bottom.
DRAWN = """scene => {
    const sides = ({left, right, top, bottom}) => [left, right, top, bottom];
    const place = each => sides(each.getBoundingClientRect());
    const size = text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
    return {
        room: place(scene), svg: place(scene.querySelector('svg')),
        texts: [...scene.querySelectorAll('svg text')]
            .map(text => [text.textContent, size(text), ...place(text)]),
        buttons: [...scene.querySelectorAll('svg [data-by]')].map(place),
    };
}"""


def check_on_a_phone(scene: Any) -> tuple[float, float]:
    """All of the drawing is seen; its letters are large enough to be read, and cover no other ones.

    Returns its width and height.
    """
    drawn = scene.evaluate(DRAWN)
    (begin, end, top, bottom), (first, last, *_) = drawn["svg"], drawn["room"]
    assert first <= begin and end <= last
    assert drawn["texts"] and min(size for _, size, *_ in drawn["texts"]) >= 9
    assert all(begin < left and right < end for *_, left, right, _, _ in drawn["texts"])
    for one, other in combinations(drawn["texts"], 2):
        (*_, left, right, high, low), (*_, left_2, right_2, high_2, low_2) = one, other
        assert right < left_2 or right_2 < left or low < high_2 + 1 or low_2 < high + 1, (one, other)
    for left, right, high, low in drawn["buttons"]:
        assert min(right - left, low - high) >= 24
        assert begin <= left and right <= end and top <= high and low <= bottom
    for (left, right, high, low), (left_2, right_2, high_2, low_2) in combinations(drawn["buttons"], 2):
        assert right <= left_2 or right_2 <= left or low <= high_2 or low_2 <= high
    return end - begin, bottom - top


@pytest.fixture
def phone(page: Any) -> Iterator[Any]:
    """The page on a phone, where JupyterLab leaves a figure 274 of 390 pixels."""
    before = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    yield page
    page.set_viewport_size(before)


@contextmanager
def copy_of(scene: Any) -> Iterator[Any]:
    """A copy of a figure on the page below it, in which other states are shown without a kernel."""
    copy = "scene => { const copy = scene.cloneNode(true); copy.classList.add('copy'); scene.after(copy); }"
    scene.evaluate(copy)
    copied = scene.page.locator(".scene.copy")
    try:
        yield copied
    finally:
        copied.evaluate("copy => copy.remove()")


SHOW = """(copy, html) => {
    [...copy.querySelectorAll(':scope > .widget-html > .widget-html-content')].at(-1).innerHTML = html;
}"""


def shown_in(copy: Any, name: str, states: Sequence[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """Show one state of a figure after the other, each given by the words beside its controls."""
    twin = twin_of(name)
    twin.screen.narrow = copy.page.viewport_size["width"] <= 600
    controls = {control.description: control for control in twin.controls.values()}
    for state in states:
        twin._held = True
        for words, value in state.items():
            if hasattr(controls[words], "options"):
                controls[words].label = value
            else:
                controls[words].value = float(value)
        twin._held = False
        twin.refresh()
        assert twin.error is None, twin.error
        copy.evaluate(SHOW, twin._shown.value)
        yield state


def sizes(hidden: int, n: int, *ends: str, layer: str) -> dict[str, str]:
    """The controls of a net with so many hidden layers, all of so many neurons, as its ends have, too."""
    layers = {layer.format(l): str(n) for l in range(1, hidden + 1)}
    return {"Hidden layers": str(hidden)} | layers | dict.fromkeys(ends, str(n))


# A flower and a change of a weight with which numbers in neurons are as long as any: −1+3e−4, 1−2e−5.
LONG = {"Hidden activation": "tanh", "Flower": "117"}
ON_A_PHONE: dict[str, list[dict[str, str]]] = {
    "expression_graph": [
        {"Weight w": w, "Bias b": b, "Input x": x, "Steps back": step}
        for w, b, x in (("-4", "-4", "-2"), ("4", "4", "2"))
        for step in "0123456"
    ],
    "layer_sizes": [
        sizes(hidden, n, "Inputs", "Outputs", layer="Neurons in layer {}")
        for hidden in range(4)
        for n in (12, 1)
    ],
    "iris_lab": [
        {"Epoch": "10"} | sizes(hidden, n, layer="Layer {}") for hidden in range(5) for n in (12, 5, 1)
    ],
    "stepper": [{"Step": step} | more for more in ({}, LONG) for step in "0123456"],
    "nudge": [{"Layer l": l, "Neuron j": "2", "Flower": flower} for l in "12" for flower in ("0", "117")],
    "weight_inspector": [
        {"Layer l": l, "To neuron j": j, "From neuron k": "0", CHANGE: change, "Flower": "117"}
        for l in "12"
        for j in "012"
        for change in ("-3", "0", "3")
    ],
    "step_size": [{"Error of": f"one {of}", "Layer l": l} for of in ("weight", "bias") for l in "12"],
    "clones": [
        {"Data": data, "Start": start, "Hidden neurons": hidden}
        for data, start, hidden in (
            ("XOR", "constant", "2"),
            ("XOR", "random", "5"),
            ("XOR", "constant", "8"),
            ("iris", "constant", "8"),
        )
    ],
}


@pytest.mark.parametrize("name", ON_A_PHONE)
def test_a_drawing_is_readable_on_a_phone_in_every_state_and_keeps_its_size(name: str, phone: Any) -> None:
    scene = figure(phone, name)
    drawn = check_on_a_phone(scene)
    with copy_of(scene) as copy:
        for state in shown_in(copy, name, ON_A_PHONE[name]):
            assert check_on_a_phone(copy) == pytest.approx(drawn, abs=0.01), state


PLACES = """scene => ['svg', '.said > div', '.pointed', '.sentence', 'pre'].map(each => {
    const [of, all] = [scene.querySelector(each), scene].map(element => element.getBoundingClientRect());
    return [of.left - all.x, of.top - all.y, of.right - all.x];
})"""
STEADY = {
    "expression_graph": [{"Steps back": step} for step in "0123456"]
    + [{"Weight w": "-3.75", "Input x": "-1.25"}],
    "layer_sizes": [{"Hidden layers": hidden, "Outputs": "12"} for hidden in "0123"],
}


@pytest.mark.parametrize("name", STEADY)
def test_what_is_said_of_a_high_drawing_stands_beside_it_and_stays_there(name: str, page: Any) -> None:
    scene = figure(page, name)
    places, room = scene.evaluate(PLACES), scene.bounding_box()
    (_, _, end), *said = places
    assert all(left > end and right > 0.98 * room["width"] for left, _, right in said)
    assert room["height"] <= 760
    scene.locator(".said [data-is]").first.hover()
    assert told(scene) and scene.evaluate(PLACES) == places, "nothing moves by what is pointed at"
    with copy_of(scene) as copy:
        for state in shown_in(copy, name, STEADY[name]):
            now = copy.evaluate(PLACES), copy.bounding_box()["height"]
            assert now == (places, room["height"]), state


@pytest.mark.parametrize("name", ["one_neuron", "iris_lab"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_that_is_refused_moves_nothing_and_says_so_where_it_is_seen(
    name: str, width: int, page: Any
) -> None:
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 2300})
    scene = figure(page, name)
    places = """scene => [...scene.querySelectorAll('img, svg, .sentence, .widget-slider')].map(each => {
        const [{left, top, width}, {left: x, top: y}] = [each, scene].map(e => e.getBoundingClientRect());
        return [left - x, top - y, width];
    })"""
    drawn, room = scene.evaluate(places), scene.bounding_box()
    box = scene.get_by_role("spinbutton", name="Learning rate η, typed")
    box.fill("99")
    box.press("Enter")
    alert = scene.locator("p[role=alert]")
    alert.wait_for()
    said = alert.bounding_box()
    assert scene.evaluate(places) == drawn and scene.bounding_box() == room
    assert room["x"] <= said["x"] and said["x"] + said["width"] <= room["x"] + room["width"]
    seen = """alert => {
        alert.scrollIntoView({block: 'nearest'});
        const {left, right, bottom} = alert.getBoundingClientRect();
        return document.elementFromPoint((left + right) / 2, bottom - 6).role;
    }"""
    assert alert.evaluate(seen) == "alert", "covered"
    scene.get_by_role("button", name="Reset").click()
    expect(alert).to_have_count(0)
    page.set_viewport_size(before)


def test_the_parameter_whose_difference_is_seen_is_a_weight_or_a_bias_that_is_clicked(page: Any) -> None:
    scene = figure(page, "step_size")
    assert scene.get_by_role("button", name=re.compile("^(Neuron|The weight) ")).count() == 8 + 35
    expect(scene.locator("svg [aria-pressed=true]")).to_have_count(0)
    room = scene.bounding_box()
    page.mouse.click(*on_weight(scene, 1, 4, 3))
    scene.get_by_text("At h = 1e−5, w¹[4, 3]: ").first.wait_for()
    assert typed(scene, *SLIDERS) == ["1", "4", "3"]
    expect(scene.locator("svg [aria-pressed=true]")).to_have_attribute(
        "aria-label", re.compile("^The weight of layer 1 to neuron 4 from neuron 3")
    )
    expect(scene.locator("pre .lit")).to_have_text(["forward", "central", "w[1][4, 3]"])
    assert {"weight 1.4.3", "∂C/∂w¹₄₃", "w¹₄₃"} <= {*lit(scene)}
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    scene.get_by_text("At h = 1e−5, b¹[4]: ").first.wait_for()
    expect(locate(scene, "Error of").locator("select option:checked")).to_have_text("one bias")
    expect(locate(scene, "From neuron k").locator("[disabled]")).not_to_have_count(0)
    locate(scene, "Layer l").locator(".noUi-handle").press("End")
    scene.get_by_text("At h = 1e−5, b²[2]: ").first.wait_for()
    locate(scene, "Error of").locator("select").select_option("median of all 43")
    expect(scene.locator("svg [aria-pressed=true]")).to_have_count(0)
    assert scene.bounding_box() == room, "nothing jumps"


def test_a_weight_is_chosen_by_a_click_and_by_keys_and_the_sliders_follow_and_lead(page: Any) -> None:
    scene = figure(page, "weight_inspector")

    pressed = scene.locator("[aria-pressed=true]")
    assert scene.get_by_role("button", name=re.compile("^The weight of layer")).count() == 35
    expect(pressed).to_have_attribute(
        "aria-label", re.compile("^The weight of layer 2 to neuron 0 from neuron 0")
    )
    page.mouse.click(*on_weight(scene, 1, 4, 3))
    scene.get_by_text(re.compile(r"w¹\[4, 3\]: ")).first.wait_for()
    assert typed(scene, *SLIDERS) == ["1", "4", "3"]
    expect(pressed).to_have_attribute(
        "aria-label", re.compile("^The weight of layer 1 to neuron 4 from neuron 3")
    )
    assert page.evaluate("() => document.activeElement.ariaPressed") == "true", "the focus is where it was"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    scene.get_by_text(re.compile(r"w¹\[4, 2\]: ")).first.wait_for()
    for key in ("ArrowRight", "ArrowRight", " "):
        page.keyboard.press(key)
    scene.get_by_text(re.compile(r"w²\[0, 4\]: ")).first.wait_for()
    assert typed(scene, *SLIDERS) == ["2", "0", "4"]
    locate(scene, "To neuron j").locator(".noUi-handle").press("End")
    scene.get_by_text(re.compile(r"w²\[2, 4\]: ")).first.wait_for()
    expect(pressed).to_have_attribute(
        "aria-label", re.compile("^The weight of layer 2 to neuron 2 from neuron 4")
    )
    page.mouse.move(*on_weight(scene, 2, 2, 4))
    assert {"weight 2.2.4", "∂C/∂w²₂₄", "w[2][2, 4]"} <= {*lit(scene)}


def readout(scene: Any, name: str) -> float:
    return float(locate(scene, name).locator(".widget-readout").inner_text().replace("−", "-"))


def along(scene: Any, words: str, share: float) -> tuple[float, float]:
    """Where on the screen a share of an axis is."""
    x, y = scene.evaluate(  # at once: the next picture takes its place
        """(scene, [words, share]) => {
            const place = scene.querySelector(`i[data-slides='${words}']`);
            place.scrollIntoViewIfNeeded();
            const {x, y, width, height} = place.getBoundingClientRect();
            return [x + share * width, y + height / 2];
        }""",
        [words, share],
    )
    return float(x), float(y)


@pytest.mark.parametrize(
    ("name", "words", "ends"),
    [
        ("weight_inspector", CHANGE, (-3.15, 3.15)),
        ("one_neuron", "First bias b", (-12.5 - 2, 12.5 - 2)),  # z = w + b, with w = 2
        ("one_neuron", "Target y", (-0.02, 1.02)),
        ("nudge", "Nudge Δz", (-2.1, 2.1)),
    ],
)
def test_what_is_dragged_along_an_axis_follows_the_mouse_from_end_to_end(
    name: str, words: str, ends: tuple[float, float], page: Any
) -> None:
    scene, twin = figure(page, name), twin_of(name)
    (control,) = (each for each in twin.controls.values() if each.description == words)
    first = readout(scene, words)
    x, y = along(scene, words, (first - ends[0]) / (ends[1] - ends[0]))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y)
    assert readout(scene, words) == first, "a hand that trembles moves nothing"
    for share in (0.55, 2, -1, 0.4):  # beyond the picture it stays at its ends
        page.mouse.move(along(scene, words, share)[0], y + (60 if abs(share) > 1 else 0))
        wanted = min(max(ends[0] + share * (ends[1] - ends[0]), control.min), control.max)
        assert readout(scene, words) == pytest.approx(wanted, abs=0.51 * control.step + 0.006)
        assert not settled(scene, twin)[1]
    last = readout(scene, words)
    page.mouse.up()
    page.mouse.move(*along(scene, words, 0.8))
    assert readout(scene, words) == last, "what was let go stays"
    page.mouse.click(*along(scene, words, 0.6))
    wanted = min(ends[0] + 0.6 * (ends[1] - ends[0]), control.max)
    assert readout(scene, words) == pytest.approx(wanted, abs=0.51 * control.step + 0.006)
    assert not settled(scene, twin)[1]


def test_the_last_place_of_a_fast_drag_is_drawn(page: Any) -> None:
    scene = figure(page, "weight_inspector")
    page.mouse.move(*along(scene, CHANGE, 0.5))
    page.mouse.down()
    for i in range(1, 41):
        page.mouse.move(*along(scene, CHANGE, 0.5 + i / 100))
    page.mouse.up()
    scene.get_by_text(re.compile(r"Moved by 2\.5: ")).first.wait_for()
    assert readout(scene, CHANGE) == 2.5


def test_a_weight_that_is_dragged_is_chosen_and_grows_to_the_right(page: Any) -> None:
    scene = figure(page, "weight_inspector")
    x, y = on_weight(scene, 1, 4, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y + 1)
    page.mouse.up()
    scene.get_by_text(re.compile(r"w¹\[4, 3\]: ")).first.wait_for()
    assert readout(scene, CHANGE) == 0, "so short a way is a click"
    x, y = on_weight(scene, 2, 1, 2)
    page.mouse.move(x, y)
    page.mouse.down()
    for by in (20, -40, 75):
        page.mouse.move(x + by, y)
    page.mouse.up()
    scene.get_by_text(re.compile(r"w²\[1, 2\] before the move: .* Moved by 1\.5: ")).first.wait_for()
    assert (readout(scene, CHANGE), [readout(scene, name) for name in SLIDERS]) == (1.5, [2, 1, 2])
    assert not settled(scene, twin_of("weight_inspector"))[1]
    assert "weight 2.1.2" in lit(scene), "it keeps the focus while its picture changes"
    x, y = on_weight(scene, 2, 0, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 10, y)
    page.mouse.up()
    scene.get_by_text(re.compile(r"w²\[0, 1\] before the move: .* Moved by −0\.2: ")).first.wait_for()
    page.mouse.click(*on_weight(scene, 1, 3, 1))
    scene.get_by_text(re.compile(r"w¹\[3, 1\]: ")).first.wait_for()
    assert readout(scene, CHANGE) == 0, "it stands where it was"
    assert not settled(scene, twin_of("weight_inspector"))[1]


def test_a_neuron_that_is_drawn_as_a_map_stays_what_it_says_when_it_lights(page: Any) -> None:
    scene = figure(page, "iris_lab")
    neuron = scene.locator("g[data-layer='1'][data-neuron='4']")
    shown = "g => [...g.querySelectorAll('rect')].map(rect => getComputedStyle(rect).fill)"
    before, frame = neuron.evaluate(shown), neuron.locator("image + rect")
    wide = "rect => parseFloat(getComputedStyle(rect).strokeWidth)"
    before_it_lights = frame.evaluate(wide)
    neuron.hover()
    scene.locator("g[data-layer='1'][data-neuron='4'].lit").wait_for()
    assert neuron.evaluate(shown) == before and before[0] == "none" and len({*before}) > 3
    assert frame.evaluate(wide) > 2 * before_it_lights
    page.keyboard.press("Tab")  # so that what gets the focus now shows it
    neuron.focus()
    dashes = neuron.evaluate(
        "g => [...g.querySelectorAll('rect')].map(r => getComputedStyle(r).strokeDasharray)"
    )
    assert [dash for dash in dashes if dash != "none"] == ["6px, 3px"], "its frame alone shows the focus"


def touches(page: Any, x: float, y: float, *moves: tuple[float, float]) -> None:
    """A finger that is put down, moved and lifted."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for by_x, by_y in moves:
        touch("touchMove", {"x": x + by_x, "y": y + by_y})
    touch("touchEnd")
    session.detach()


def test_a_finger_drags_an_axis_and_the_chosen_weight_and_else_moves_the_page(page: Any) -> None:
    scene = figure(page, "weight_inspector")
    x, y = along(scene, CHANGE, 0.5)
    width = along(scene, CHANGE, 1)[0] - along(scene, CHANGE, 0)[0]
    touches(page, x, y, *((by, 1) for by in range(10, 101, 10)))
    expect(locate(scene, CHANGE).locator(".widget-readout")).to_have_text(
        f"{round(630 / width * 20) / 20:.2f}"
    )
    assert not settled(scene, twin_of("weight_inspector"))[1]
    before = readout(scene, CHANGE)
    touches(page, *on_weight(scene, 2, 0, 0), *((-by, 1) for by in range(10, 101, 10)))
    scene.get_by_text(re.compile(f"Moved by −?{abs(round(before - 2, 2)):g}: ")).first.wait_for()
    after = readout(scene, CHANGE)
    assert after == pytest.approx(before - 2)
    at = "() => document.querySelector('.jp-WindowedPanel-outer').scrollTop"
    for x, y in (along(scene, CHANGE, 0.5), on_weight(scene, 1, 4, 3)):
        top = page.evaluate(at)
        touches(page, x, y, *((1, -by) for by in range(10, 101, 10)))
        page.wait_for_function(f"top => ({at})() > top", arg=top)
    assert readout(scene, CHANGE) == after


def test_a_module_that_is_slow_to_load_lights_all_the_same(folder: Path, lab: str, chromium: Any) -> None:
    tab, errors = in_chromium.open_tab(chromium)
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.add_init_script(
        "AbortSignal.timeout = () => { const now = new AbortController(); setTimeout(() => now.abort());"
        " return now.signal; }"
    )
    in_chromium.run_all(tab, lab, in_chromium.write_notebook(folder, "slow.ipynb", IMPORT.format("stepper")))
    scene = tab.locator(f"{in_chromium.SCENE}.living")
    scene.scroll_into_view_if_needed()
    scene.locator("g[data-layer='2'][data-neuron='1'][role=button]").hover()
    assert "neuron 2.1" in lit(scene)
    assert not errors and any(in_chromium.SLOW in words for words in said)
    tab.close()


HANDLES = """scene => [...scene.querySelectorAll('i[data-slides]')].map(place => {
    const {left, top, width} = place.getBoundingClientRect(), handle = getComputedStyle(place, '::after');
    const image = place.parentElement.querySelector('img').getBoundingClientRect(), px = parseFloat;
    const wide = px(handle.width) + 8, tall = px(handle.height) + 2; // with its frame
    const [, by_y] = handle.translate.split(' ');
    const x = left + width * px(place.style.getPropertyValue('--at')) / 100 - wide / 2;
    const y = top + px(handle.top) + (by_y ? px(by_y) * (by_y.endsWith('%') ? tall / 100 : 1) : 0);
    const pane = [...scene.querySelectorAll('img')].indexOf(place.parentElement.querySelector('img'));
    const ends = [x - image.x, y - image.y, x + wide - image.x, y + tall - image.y];
    return [pane, ...ends.map((n, i) => n / (i % 2 ? image.height : image.width))];
})"""


def drawn_boxes(fast: Any) -> list[tuple[str, int, float, float, float, float]]:
    """Where the numbers at the axes and the marks are: their picture; left, top, right, bottom as shares."""
    fast.pixels()
    renderer, size = fast.figure.canvas.get_renderer(), fast.figure.bbox.size / (len(fast.panes), 1)
    boxes = []
    for axes in fast.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = axis.get_view_interval()
            for tick, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
                if low <= tick <= high and text.get_text():
                    boxes.append((text.get_text(), text.get_window_extent(renderer).extents))
    for name, artist in fast._moving.items():
        if isinstance(artist, Text) and artist.get_text():
            boxes.append((name, artist.get_window_extent(renderer).extents))
        elif artist.get_visible() and getattr(artist, "get_marker", str)() in ("o", "v", "<", ">", "X"):
            half = artist.get_markersize() * fast.figure.dpi / 72 / 2
            for point in artist.axes.transData.transform(artist.get_xydata()[-1:]):
                boxes.append((name, [*(point - half), *(point + half)]))
    shares = [(name, *(np.reshape(box, (2, 2)) / size).ravel()) for name, box in boxes]
    return [
        (name, int(right), x - int(right), 1 - top, right - int(right), 1 - low)
        for name, x, low, right, top in shares
    ]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("name", "control", "values"),
    [
        ("nudge", "nudge", [-2.0, -0.5, 0.0, 1.0, 2.0]),
        ("weight_inspector", "change", [-3.0, 0.0, 3.0]),
        ("one_neuron", "b", [-2.0, 2.0]),
        ("one_neuron", "y", [0.0, 0.6, 1.0]),
    ],
)
def test_a_handle_hides_neither_a_mark_nor_a_number(
    name: str, control: str, values: list[float], width: int, page: Any
) -> None:
    size = page.viewport_size
    page.set_viewport_size({"width": width, "height": size["height"]})
    try:
        scene, driven = figure(page, name), Driven(name)
        for value in values:
            slider = driven.scene.controls[control]
            slider.value = value
            entry = locate(scene, slider.description).locator(".widget-readout")
            entry.click()
            page.keyboard.press("Control+A")
            page.keyboard.type(str(value))
            page.keyboard.press("Enter")
            expect(scene.locator(".sentence")).to_contain_text(driven.scene.view.sentence)
            handles, boxes = scene.evaluate(HANDLES), drawn_boxes(driven.figure)
            assert handles and len(boxes) > 10
            hidden = [
                what
                for there, left, top, right, bottom in handles
                for what, pane, x, y, end, low in boxes
                if pane == there and x < right and end > left and y < bottom and low > top
            ]
            assert not hidden, value
    finally:
        page.set_viewport_size(size)
