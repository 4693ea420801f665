"""What can be pointed at says its name, and what has a name is what the name says."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from figure_numbers import value_of
from figure_states import FIGURES, Driven, code_of, kept, scene_of

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris, standardize
from backprop_lib.drawing.canvas import FastFigure
from backprop_lib.drawing.named import code, plain, symbols
from backprop_lib.equations import backprop, cost_of
from backprop_lib.figures.living import Living
from backprop_lib.figures.scene import Scene, View
from backprop_lib.figures.stepper import STEPS
from backprop_lib.network import Network

(FLOWERS,) = standardize(load_iris())
X, Y = FLOWERS.x[[60]].T, FLOWERS.y[[60]].T
NET = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
RUN = backprop(NET, X, Y)
SLIDES = re.compile(
    r'<i data-slides="([^"]*)" data-low="([^"]*)" data-high="([^"]*)" style="position:absolute;'
    r'left:([^%]*)%;top:([^%]*)%;width:([^%]*)%;height:([^%]*)%;--at:([^%]*)%"></i>'
)
INNERMOST = re.compile(r'<span data-is="([^"]*)">([^<]*)</span>')
ARRAYS = {
    "a": RUN.a,
    "z": RUN.z,
    "delta": RUN.delta,
    "w": NET.w,
    "b": NET.b,
    "dw": RUN.gradient.w,
    "db": RUN.gradient.b,
    "prime": {l: NET.sigma[l].prime(RUN.z[l]) for l in (1, 2)},
    "y": {2: Y},
}


def card(step: int, j: int = 0, k: int = 0) -> list[str]:
    """The lines of the stepper's card: in symbols, by index, in numbers, in Python, in shapes."""
    scene = scene_of("stepper")
    for name, value in {"step": step, "example": 60, "j": j, "k": k}.items():
        scene.controls[name].value = value
    return re.findall(r"data-line>(.*?)</div>", scene.view.html)


def test_each_line_of_the_stepper_says_what_it_is_written_in() -> None:
    html = scene_of("stepper").view.html
    captions = re.findall(r"opacity:0.75;margin-top:8px'>(In \w+|By \w+)[^<]*</div><", html)
    assert captions == ["In symbols", "By index", "In numbers", "In Python", "In shapes"]


def value_named(name: str) -> float:
    kind, l, *indices = name.split(".")
    j, k = (*map(int, indices), 0)[:2]
    return float(ARRAYS[kind][int(l)][j, k])


def wrong_numbers(html: str) -> list[str]:
    """The numbers that are not those of their name."""
    named = [(name, unescape(text).replace(" ", "").strip("()")) for name, text in INNERMOST.findall(html)]
    return [
        f"{name}: {text}"
        for name, text in named
        if re.fullmatch(r"[−\d.e]+", text) and not np.isclose(value_of(text), value_named(name), rtol=5e-3)
    ]


def layers_named(html: str) -> set[str]:
    """The arrays that a line names: "w.2", "delta.1", …"""
    names = [name for names in re.findall(r'data-is="([^"]*)"', html) for name in names.split()]
    return {".".join(name.split(".")[:2]) for name in names}


@pytest.mark.parametrize(("j", "k"), [(0, 0), (2, 1), (1, 3)])
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_every_number_of_the_stepper_is_the_one_that_its_name_says(step, j, k) -> None:
    numbers = card(step, j, k)[2]
    assert len(INNERMOST.findall(numbers)) >= 4
    assert wrong_numbers(numbers) == []


@pytest.mark.parametrize(
    ("step", "j", "k"), [(1, 4, 0), (2, 2, 0), (3, 1, 0), (4, 3, 0), (5, 2, 4), (6, 4, 3)]
)
def test_what_the_stepper_writes_by_index_it_writes_in_numbers_for_that_neuron(step, j, k) -> None:
    by_index, numbers = ({name for name, _ in INNERMOST.findall(line)} for line in card(step, j, k)[1:3])
    patterns = {re.escape(name).replace(r"\*", r"\d") for name in by_index if " " not in name}
    assert {name for name in numbers if any(re.fullmatch(pattern, name) for pattern in patterns)} == numbers
    assert len(patterns) >= 3 and all(any(re.fullmatch(p, name) for name in numbers) for p in patterns)
    assert {int(name.split(".")[2]) for name in by_index if re.match("z|prime|db", name)} == {j}


def test_a_number_under_another_name_and_one_without_its_sign_are_found() -> None:
    numbers = card(4)[2]
    assert wrong_numbers(numbers.replace('"w.2.1.0">', '"w.2.0.1">')) == ["w.2.0.1: 0.042"]
    assert wrong_numbers(numbers.replace("− 0.452", "0.452")) == ["w.2.2.0: 0.452"]


@pytest.mark.parametrize("step", range(1, len(STEPS)))
def test_the_lines_of_a_step_name_the_same_arrays(step) -> None:
    equation, by_index, numbers, python, shapes = card(step)
    assert layers_named(equation) == layers_named(by_index) == layers_named(numbers) == layers_named(python)
    assert len(layers_named(equation)) >= 3 and not layers_named(shapes)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_the_line_of_python_computes_what_its_equation_says(step) -> None:
    made = {name: dict(arrays) for name, arrays in ARRAYS.items()} | {"sigma": NET.sigma, "x": X, "y": Y}
    line = unescape(plain(card(step)[3]))
    results = re.findall(r"(?:^|; )(\w+)\[(\d)\] =", line)
    for name, l in results:
        made[name].pop(int(l))
    exec(line, made)
    assert results
    for name, l in results:
        assert np.allclose(made[name][int(l)], ARRAYS[name][int(l)], rtol=1e-12), line


def test_a_sum_has_the_names_of_all_that_it_sums() -> None:
    html = symbols("δ¹₀ = (Σₖ w²ₖ₀ δ²ₖ) σ′(z¹₀)", 2)
    assert INNERMOST.findall(html) == [
        ("delta.1.0", "δ¹₀"),
        ("w.2.*.0 delta.2.*", "Σₖ"),
        ("w.2.*.0", "w²ₖ₀"),
        ("delta.2.*", "δ²ₖ"),
        ("prime.1.0", "σ′(z¹₀)"),
    ]
    assert plain(html) == "δ¹₀ = (Σₖ w²ₖ₀ δ²ₖ) σ′(z¹₀)"


def test_code_stays_the_same_text_and_its_arrays_have_names() -> None:
    source = 'a, w = run.a[1][4, 0] < run.delta[2][1, 0], "net.w[2][1, 4]", gradient.w[2] @ db[1]'
    html = code(source)
    assert plain(html) == source
    assert [name for name, _ in INNERMOST.findall(html)] == ["a.1.4", "delta.2.1", "w.2.1.4", "dw.2", "db.1"]


def test_a_living_scene_has_the_module_and_its_still_has_the_names_of_its_equation_and_its_code() -> None:
    scene = scene_of("stepper")
    assert sum(isinstance(child, Living) for child in scene.children) == 1
    data, _ = scene._repr_mimebundle_()
    assert INNERMOST.findall(data["text/html"]) == INNERMOST.findall(scene.view.html + code_of(scene))
    assert "<svg" not in data["text/html"] and "data-layer=" in data["text/html"]


@pytest.mark.any_kernel
def test_a_click_on_a_weight_sets_the_controls_and_the_controls_say_which_weight_is_chosen() -> None:
    scene = scene_of("weight_inspector")
    living = living_of(scene)
    drawn: list[str] = []
    scene._shown.observe(lambda change: drawn.append(scene.view.sentence), "value")
    assert (living.choosable, living.chosen) == ("weights", "2.0.0")
    for chosen, l, j, k in (("1.4.3", 1, 4, 3), ("2.2.4", 2, 2, 4), ("1.3.0", 1, 3, 0)):
        living.chosen = chosen
        assert [scene.controls[name].value for name in "ljk"] == [l, j, k]
        assert f"w{'¹²'[l - 1]}[{j}, {k}]: " in scene.view.sentence
    assert len(drawn) == 3, "a click draws once"
    scene.controls["j"].value = 2
    assert living.chosen == "1.2.0"
    scene.reset()
    assert living.chosen == "2.0.0" and scene.error is None


def living_of(scene) -> Living:
    return next(child for child in scene.children if isinstance(child, Living))


def test_a_click_on_a_neuron_nudges_it_and_what_is_shown_of_it_has_its_names() -> None:
    scene = scene_of("nudge")
    living = living_of(scene)
    assert (living.choosable, living.chosen) == ("neurons", "2.0")
    for l, j in ((1, 4), (2, 2), (1, 0)):
        living.chosen = f"{l}.{j}"
        assert (scene.controls["l"].value, scene.controls["j"].value) == (
            l,
            j,
        ) and living.chosen == f"{l}.{j}"
        assert f"nudging z{'¹²'[l - 1]}[{j}] by" in scene.view.sentence
        x, y = load_iris().take([0]).columns()
        run = backprop(NET, x, y)
        (line,) = re.findall(r"data-line>(.*?)</div>", scene.view.html)
        at = f"{l}.{j}"
        symbolic = ["ΔC", f"delta.{at}", f"Δz.{at}", f"z.{at}", f"a.{at}"]
        numeric = {f"delta.{at}": run.delta[l], f"z.{at}": run.z[l], f"a.{at}": run.a[l]}
        by = {f"Δz.{at}": 1.0, "promise": run.delta[l][j, 0]}
        found = INNERMOST.findall(line)
        assert sorted(name for name, _ in found) == sorted([*symbolic, *numeric, *by])
        shown = {name: value_of(text) for name, text in found if re.fullmatch(r"[−\d.e]+", text)}
        exact = {name: values[j, 0] for name, values in numeric.items()} | by
        assert shown == pytest.approx(exact, rel=5e-3)
    scene.controls["l"].value = 2
    assert living.chosen == "2.0"


DRAWN_BUTTON = re.compile(
    r'<g role="button" tabindex="0" data-control="(\w+)" data-by="(-?1)" aria-disabled="(\w+)" '
    r'aria-label="([^"]+)" style="--grow:([\d.]+)">'
    r'<rect x="([\d.]+)" y="([\d.]+)" width="24" height="24"[^>]*/>'
    r"<text[^>]*>([−+])</text></g>"
)


@pytest.mark.any_kernel
@pytest.mark.parametrize(
    ("figure", "layers", "count", "first", "most"),
    [("layer_sizes", "hidden", 3, 0, 12), ("iris_lab", "layers", 4, 1, 12)],
)
def test_a_layer_grows_and_shrinks_by_the_buttons_below_it(figure, layers, count, first, most) -> None:
    scene = scene_of(figure)
    if figure == "iris_lab":
        scene.controls["epoch"].value = 0
    living = living_of(scene)

    def press(control: str, by: int) -> None:
        living._handle_custom_msg({"control": control, "by": by}, [])

    for hidden in range(count + 1):
        scene.controls[layers].value = hidden
        hidden_ones = [f"size_{l}" for l in range(1, hidden + 1)]
        names = hidden_ones if first else ["inputs", *hidden_ones, "outputs"]
        places = set()
        for n in (1, 2, most - 1, most, 7):
            for name in names:
                scene.controls[name].value = n
            found = DRAWN_BUTTON.findall(scene.view.html)
            assert scene.view.html.count('role="button"') == len(found) == 2 * len(names)
            for i, (control, by, is_disabled, words, grow, x, _, sign) in enumerate(found):
                assert (control, by, sign) == (names[i // 2], ("-1", "1")[i % 2], "−+"[i % 2])
                assert words == f"one neuron {('fewer', 'more')[i % 2]} in layer {first + i // 2}"
                assert is_disabled == str(n == (1, most)[i % 2]).lower()
                # As large as a finger wants it, it does not reach the next layer's.
                assert (
                    i % 2 == 0
                    or i + 1 == len(found)
                    or (float(x) + 24 * float(grow) <= float(found[i + 1][5]) - 24 * (float(grow) - 1))
                )
            places.add(tuple(place[5:7] for place in found))
        assert len(places) == 1, "a button stays where it is"
    press(names[1], 1)
    assert scene.controls[names[1]].value == 8 and "7-8-7" in scene.view.sentence
    press(names[1], -1)
    assert scene.controls[names[1]].value == 7 and "7-7-7" in scene.view.sentence
    scene.controls[names[1]].value = most
    press(names[1], 1)  # a click that was late
    assert scene.controls[names[1]].value == most and scene.error is None
    assert "data-by" not in scene._repr_mimebundle_()[0]["text/html"]


def test_a_click_in_the_stepper_chooses_for_which_neuron_and_which_weight_the_equation_is_written() -> None:
    scene = scene_of("stepper")
    living = living_of(scene)

    def state() -> list[int]:
        return [scene.controls[name].value for name in ("step", "j", "k")]

    assert (living.choosable, living.chosen) == ("neurons", "1.0")
    for place, wanted, chosen, line in (
        ("1.3", [4, 3, 0], "1.3", "[run.delta[1], run.delta[1][3, 0]]"),
        ("2.1", [3, 1, 0], "2.1", "[run.delta[2], run.delta[2][1, 0]]"),  # of the other layer: its equation
    ):
        living.chosen = place
        assert (state(), living.chosen, scene.view.code.splitlines()[-1]) == (wanted, chosen, line)
        assert f"For neuron {wanted[1]}: " in scene.view.sentence
    scene.controls["step"].value = 5
    assert (living.choosable, living.chosen) == ("neurons, weights", "2.1.0")
    for place, wanted in (("2.2.4", [5, 2, 4]), ("1.4.3", [6, 4, 3]), ("1.0", [6, 0, 3]), ("2.1", [5, 1, 3])):
        living.chosen = place
        step, j, k = wanted
        assert state() == wanted and living.chosen == f"{7 - step}.{j}.{k}" == scene.view.chosen
        assert scene.view.table[-1][0] == f"∂C/∂w{'²¹'[step - 5]}[{j}, {k}]"
    scene.controls["step"].value = 0
    assert (living.choosable, living.chosen) == ("", "")
    assert scene.view.idle == {"j", "k"}


@pytest.mark.any_kernel
def test_a_click_on_a_weight_or_on_a_neuron_chooses_the_parameter_whose_difference_is_seen() -> None:
    scene = scene_of("step_size")
    living, errors = living_of(scene), [row[1:] for row in scene.view.table]
    assert (living.choosable, living.chosen) == ("neurons, weights", "")
    for place, words, array, names in (
        ("1.4.3", "w¹[4, 3]: ", "w[1][4, 3]", ["dw.1.4.3", "w.1.4.3"]),
        ("2.1", "b²[1]: ", "b[2][1, 0]", ["b.2.1", "db.2.1"]),
        ("2.1.4", "w²[1, 4]: ", "w[2][1, 4]", ["dw.2.1.4", "w.2.1.4"]),
    ):
        living.chosen = place
        assert living.chosen == scene.view.chosen == place and words in scene.view.sentence
        (line,) = re.findall(r"data-line>(.*?)</div>", scene.view.html)
        assert sorted({name for name, _ in INNERMOST.findall(line)}) == names
        assert f"np.arange(43.0)).{array})" in scene.view.code
        assert [row[1:] for row in scene.view.table] != errors
        errors = [row[1:] for row in scene.view.table]
    assert [scene.controls[name].value for name in ("of", "l", "j", "k")] == ["weight", 2, 1, 4]
    scene.controls["of"].value = "median"
    assert living.chosen == ""
    living.chosen = "2.1.4"  # the same again
    assert scene.controls["of"].value == "weight"


@pytest.mark.parametrize("moves", [{}, {"l": 1, "j": 4, "k": 3, "example": 60}, {"j": 2, "k": 4}])
def test_every_number_of_the_weight_inspectors_equation_is_the_one_that_its_name_says(moves) -> None:
    scene = scene_of("weight_inspector")
    for name, value in moves.items():
        scene.controls[name].value = value
    (line,) = re.findall(r"data-line>(.*?)</div>", scene.view.html)
    i, flowers = scene.controls["example"].value, load_iris()
    run = backprop(NET, flowers.x[[i]].T, flowers.y[[i]].T)
    l, j, k = (scene.controls[name].value for name in "ljk")
    names = [name for name, _ in INNERMOST.findall(line)]
    slope, end, into = f"dw.{l}.{j}.{k}", f"delta.{l}.{j}", f"a.{l - 1}.{k}"
    assert names == [slope, end, into, end, into, slope]
    delta, a, product = (value_of(unescape(text).strip("()")) for _, text in INNERMOST.findall(line)[3:])
    exact = (run.delta[l][j, 0], run.a[l - 1][k, 0], run.gradient.w[l][j, k])
    assert np.allclose((delta, a, product), exact, rtol=5e-3)


# Of a figure, what the cells of its table are by name, row by row; {l} is what its control l says, {i} l − 1.
CELLS: dict[str, list[list[str]]] = {
    "one_neuron": [["w.1.0.0"], ["b.1.0"], ["z.1.0"], ["a.1.0"], ["prime.1.0"], ["C"], ["dw.1.0.0"]],
    "logits": [[f"{kind}.L.{j}" for kind in ("z", "p", "delta", "jacobian")] for j in range(3)],
    "depth": [["", f"norm.{l} delta.{l}", ""] for l in range(1, 10)],
    "expression_graph": [[node, f"grad.{node}"] for node in "½wxpbzaydqC"],
    "nudge": [
        ["z.{l}.{j}", ""],
        ["a.{l}.{j}", ""],
        ["C", ""],
        ["", "ΔC"],
        ["delta.{l}.{j}", ""],
        ["", "promise"],
    ],
    "weight_inspector": [
        *(["", name] for name in ("a.{i}.{k}", "delta.{l}.{j}", "dw.{l}.{j}.{k}", "", "w.{l}.{j}.{k}", "C"))
    ],
    "step_size": [],  # whose equation has no numbers
}
# Of the expression graph: the local derivatives that are the value of another node, or a number.
SLOPES = {
    "slope.p.w": "x",
    "slope.p.x": "w",
    "slope.q.d": "d",
    "slope.C.½ grad.½": "q",
    "slope.C.q grad.q": "½",
}
ONES = {"slope.z.p": "1", "slope.z.b": "1", "slope.d.a": "1", "slope.d.y": "−1"}


def cells_of(name: str, scene: Scene) -> list[list[str]]:
    """What the cells of its table are by name now."""
    at = {control: each.value for control, each in scene.controls.items() if control in "ljk"}
    at |= {"i": at["l"] - 1} if "l" in at else {}
    return [[cell.format(**at) for cell in row] for row in CELLS[name]]


def wrong_names(name: str, view: View, code: str, names: list[list[str]]) -> list[str]:
    """The numbers of the equations that the table has otherwise, and symbols that are nowhere else.

    `names` are those of the cells of the table.
    """
    lines = re.findall(r"data-line>(.*?)</div>", view.html)
    rows = [[str(cell) for cell in row[1:]] for row in view.table[1:]]
    cells = zip(names, rows, strict=False)  # a net may have fewer layers
    known = {of: text for names, row in cells for of, text in zip(names, row, strict=True)}
    known |= {slope: known[node] for slope, node in SLOPES.items() if node in known} | ONES
    spans = INNERMOST.findall("".join(lines))
    spans = [(of, text.strip("()") if of in known else text) for of, text in spans]
    numbers = [span for span in spans if span[0] in known and re.fullmatch(r"[−\d.e]+", span[1])]
    assert bool(numbers) == bool(CELLS[name])
    drawn = re.sub("|".join(map(re.escape, lines)), "", view.html) + code
    elsewhere = " ".join(re.findall(r'data-(?:is|id)="([^"]*)"', drawn)).split()
    elsewhere = [name for name in elsewhere if not name.startswith("slope.")]  # which have to be drawn
    elsewhere += [f"grad.{node}" for node in elsewhere]
    elsewhere += [f"slope.{to}.{by}" for by, to in re.findall(r'<g data-from="(\S+)" data-to="(\S+)"', drawn)]
    symbols = {symbol for names, _ in spans for symbol in names.split()} - {"C"}
    nowhere = [s for s in symbols if not any(f"{s}.".startswith(f"{other}.") for other in elsewhere)]
    if (
        name == "step_size"
    ):  # whose curves are of one kind of difference: more than a symbol of its parameter says
        nowhere = [s for s in nowhere if not any(other.startswith(f"{s}.") for other in elsewhere)]
    return [f"{of}: {text}" for of, text in numbers if known[of] != text] + nowhere


def light_together(one: str, other: str) -> bool:
    """Whether one of two names begins as the other does; * is any index."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    return all(part == same or "*" in (part, same) for part, same in pairs)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_every_variable_of_the_code_that_has_a_name_lights_something_else(name: str) -> None:
    view = scene_of(name).view
    there = " ".join(re.findall(r'data-(?:is|id)="([^"]*)"', view.html)).split()
    there += [
        f"w.{l}.{j}.{k}"
        for l, j, k in re.findall('data-layer="(.)" data-to="(.+?)" data-from="(.+?)"', view.html)
    ]
    there += [f"b.{l}.{j}" for l, j in re.findall(r'data-layer="([1-9])" data-neuron="(\d+)"', view.html)]
    there += [f"grad.{node}" for node in re.findall('data-id="([^"]+)"', view.html)]
    names = " ".join(view.names.values()).split()
    assert [each for each in names if not any(light_together(each, other) for other in there)] == []


def test_a_symbol_with_the_index_of_a_sum_has_the_name_of_all_that_is_summed() -> None:
    html = scene_of("logits").view.html
    assert html.count('<span data-is="z.L">Σₖ</span> exp(<span data-is="z.L">zₖ</span>)') == 3


@pytest.mark.any_kernel
@pytest.mark.parametrize("sizes", [[4, 5, 3], [1, 1], [2, 1, 12, 3]])
def test_layer_sizes_counts_the_numbers_of_every_layer_in_words(sizes: list[int]) -> None:
    hidden = dict(zip(("size_1", "size_2"), sizes[1:-1], strict=False))
    values = {"inputs": sizes[0], "outputs": sizes[-1], "hidden": len(sizes) - 2, **hidden}
    (lines,) = re.findall("data-line>(.*?)</div>", Driven("layer_sizes", values).scene.view.html)
    said, names, total = [], [], 0
    for l, (k, j) in enumerate(pairwise(sizes), 1):
        before, here, of = "₀₁₂₃"[l - 1], "₀₁₂₃"[l], "⁰¹²³"[l]
        said.append(f"w{of}: n{here} · n{before} = {j} · {k} = {j * k} weight{'s' * (j * k > 1)}")
        said.append(f"b{of}: n{here} = {j} bias{'es' * (j > 1)}")
        names += [f"w.{l}", f"n.{l}", f"n.{l - 1}", f"n.{l}", f"n.{l - 1}", f"w.{l}"]
        names += [f"b.{l}", f"n.{l}", f"b.{l}"]
        total += j * k + j
    assert plain(lines.replace("<br>", "\n")).split("\n") == [*said, f"together: {total} numbers"]
    assert re.findall('data-is="([^"]*)"', lines) == [*names, "w b"]


@pytest.mark.parametrize("name", CELLS)
def test_every_number_of_an_equation_is_that_of_its_name_and_its_symbols_are_elsewhere_too(name) -> None:
    scene = scene_of(name)
    assert not wrong_names(name, scene.view, code_of(scene), cells_of(name, scene))
    for control in scene.controls.values():
        for share in (0.7, 0.2) if hasattr(control, "step") else ():
            control.value = control.min + control.step * round(
                share * (control.max - control.min) / control.step
            )
            wrong = wrong_names(name, scene.view, code_of(scene), cells_of(name, scene))
            assert not wrong, (control.description, control.value)


@pytest.mark.any_kernel
@pytest.mark.parametrize(
    ("name", "right", "wrong", "found"),
    [
        ("one_neuron", '"C">0.449', '"C">0.45', ["C: 0.45"]),
        ("logits", '"p.L.2">0.665', '"p.L.1">0.665', ["p.L.1: 0.665"] * 2),
        ("depth", '"prime.1">σ′', '"prime.10">σ′', ["prime.10"]),
        ("expression_graph", 'data-from="a" data-to="d"', 'data-from="a" data-to="q"', ["slope.d.a"]),
        ("nudge", '"promise">−0.0981', '"promise">−0.098', ["promise: −0.098"]),
        ("weight_inspector", '"dw.2.0.0">−0.0622', '"dw.2.0.0">0.0622', ["dw.2.0.0: 0.0622"]),
        ("step_size", '"dw db">∂C', '"prime">∂C', ["prime"]),
    ],
)
def test_a_number_that_is_another_and_a_symbol_that_lights_nothing_are_found(
    name, right, wrong, found
) -> None:
    scene = scene_of(name)
    assert right in scene.view.html
    broken = replace(scene.view, html=scene.view.html.replace(right, wrong))
    assert wrong_names(name, broken, code_of(scene), cells_of(name, scene)) == found


def marks_of(driven: Driven) -> list[np.ndarray]:
    """Where the marks of a picture begin: shares of its width and of its height, from above."""
    figure = driven.figure
    assert figure is not None
    lines = [
        artist
        for artist in figure._moving.values()
        if getattr(artist, "get_marker", str)() in ("o", "v", "<", ">")
    ]
    points = [line.axes.transData.transform(line.get_xydata()[0]) for line in lines if len(line.get_xydata())]
    pane = [*figure.figure.bbox.size] / np.array([len(figure.panes), 1])
    return [np.array([0, 1]) + point % [pane[0], np.inf] / pane * [1, -1] for point in points]


def wrong_places(driven: Driven) -> list[str]:
    """What is dragged in a picture and does not stand where its slider is, or not at a mark."""
    found, controls = [], driven.scene.controls.values()
    for words, *numbers in SLIDES.findall(driven.scene.view.html):
        low, high, left, top, width, height, at = map(float, numbers)
        (value,) = (control.value for control in controls if control.description == words)
        if not np.isclose(low + (high - low) * at / 100, value, atol=1e-3 * (high - low)) and 0 < at < 100:
            found.append(f"{words} is not {value}")
        x = (left + width * at / 100) / 100
        near = [y for mark_x, y in marks_of(driven) if abs(mark_x - x) < 1e-3]
        if 0 < at < 100 and not any(top - 1 < 100 * y < top + height + 1 for y in near):
            found.append(f"no mark is at {words}")
    return found


@pytest.mark.any_kernel
def test_what_is_dragged_stands_where_its_slider_is_and_at_a_mark_of_the_picture() -> None:
    places = 0
    for name in FIGURES:
        driven = Driven(name)
        for words in {words for words, *_ in SLIDES.findall(driven.scene.view.html)}:
            (control,) = (each for each in driven.scene.controls.values() if each.description == words)
            for share in (0.0, 0.2, 0.5, 0.7, 1.0):
                steps = round(share * (control.max - control.min) / control.step)
                control.value = control.min + steps * control.step
                assert not wrong_places(driven), (name, words, control.value)
                places += 1
        driven.scene.close()
    assert places >= 15


def test_the_code_of_one_neuron_lights_what_it_computes_with_by_its_names() -> None:
    shown = {word: names for names, word in INNERMOST.findall(code_of(scene_of("one_neuron")))}
    assert (shown["x"], shown["y"], shown["cost_of"]) == ("a.0", "y.1", "C")
    assert (shown["w[1]"], shown["z[1]"], shown["a[1]"]) == ("w.1", "z.1", "a.1")


def test_a_negative_bias_of_one_neuron_stands_in_brackets() -> None:
    shown = {b: plain(Driven("one_neuron", {"b": b, "step": 0}).scene.view.html) for b in (-8.0, 0.0, 8.0)}
    assert "· 1 + (−8) = −6" in shown[-8.0] and "· 1 + 8 = 10" in shown[8.0]
    assert "· 1 + 0 = 2" in shown[0.0]


@pytest.mark.parametrize("kind", ["quadratic", "cross-entropy", "bowl"])
@pytest.mark.parametrize(
    ("w", "b", "y"), [(2.0, 2.0, 0.0), (1.0, 3.0, 0.0), (2.0, -2.0, 0.0), (1.0, 2.0, 0.37)]
)
def test_no_equation_of_one_neuron_reckons_with_a_bound_or_with_round_off(kind, w, b, y) -> None:
    driven = kept("one_neuron")
    for eta, step in ((0.2, 0), (0.2, 1), (0.9, 20), (0.9, 300), (0.2, 300)):
        driven.scene._set({"w": w, "b": b, "y": y, "eta": eta, "cost": kind, "step": step})
        (text,) = re.findall(r"data-line>(.*?)</div>", driven.scene.view.html)
        text = plain(text.replace("<br>", "\n"))
        said = r"(?:[^=]+ is|being) below [^ ,]+"
        assert "below" not in re.sub(said, "", text), text
        assert ("below" in text) == ("round-off" in text), text
        assert not re.search(r"\d{10}", text + driven.scene.view.sentence), "so many digits are round-off"
        if step == 0:
            assert "below" not in text + driven.scene.view.sentence


@pytest.mark.parametrize(("wrong", "right"), [('data-low="-4"', 'data-low="-3.15"'), ("left:10", "left:20")])
def test_a_place_that_is_not_where_its_slider_is_would_be_found(wrong, right, monkeypatch) -> None:
    driven = Driven("weight_inspector")
    assert not wrong_places(driven) and right in driven.scene.view.html
    html = driven.scene.view.html.replace(right, wrong)
    monkeypatch.setattr(driven.scene, "view", replace(driven.scene.view, html=html))
    assert wrong_places(driven)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", ["weight_inspector", "one_neuron", "nudge"])
def test_nothing_can_be_dragged_in_what_is_stored(name: str) -> None:
    scene = scene_of(name)
    assert SLIDES.search(scene.view.html)
    assert "<i data-slides" not in scene._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize("change", [-3.0, -0.05, 1.5, 3.0])
def test_a_moved_weight_is_moved_in_the_net_in_its_equation_and_beside_its_start(change: float) -> None:
    scene = scene_of("weight_inspector")
    start = dict((str(name), value) for name, value, *_ in scene.view.table)
    scene.controls["change"].value = change
    moved = NET.copy()
    moved.w[2][0, 0] += change
    x, y = load_iris().take([0]).columns()
    run = backprop(moved, x, y)
    rows = {str(name): values for name, *values in scene.view.table}
    assert all(rows[name][0] == value for name, value in start.items() if value), "the start stays"
    assert value_of(rows["ΔC"][1]) == pytest.approx(cost_of(moved, x, y) - cost_of(NET, x, y), rel=5e-3)
    (weight,) = re.findall(r'data-layer="2" data-to="0" data-from="0" data-value="([^"]+)"', scene.view.html)
    assert float(weight) == pytest.approx(moved.w[2][0, 0], rel=1e-5)
    (line,) = re.findall(r"data-line>(.*?)</div>", scene.view.html)
    numbers = {name: value_of(unescape(text).strip("()")) for name, text in INNERMOST.findall(line)[3:]}
    exact = {"delta.2.0": run.delta[2], "a.1.0": run.a[1], "dw.2.0.0": run.gradient.w[2]}
    assert numbers == pytest.approx({name: array[0, 0] for name, array in exact.items()}, rel=5e-3)


@pytest.mark.parametrize("target", range(3))
def test_what_can_be_pointed_at_in_the_logits_lies_on_the_bar_and_the_mark_of_its_output(target) -> None:
    scene = scene_of("logits")
    scene.controls["target"].value = target
    html = scene.view.html
    found = re.findall(
        r'<i data-is="(\w+)\.L\.(\d)" style="[^"]*left:([\d.]+)%;[^"]*width:([\d.]+)%;[^"]*rotate:(\S+)deg',
        html,
    )
    places: dict[tuple[str, int], list[float]] = {}
    for kind, j, left, width, _ in found:
        places.setdefault((kind, int(j)), []).append(float(left) + float(width) / 2)
    middle = {of: sum(several) / len(several) for of, several in places.items()}
    kinds = ("z", "p", "delta", "jacobian")
    assert set(middle) == {(kind, j) for kind in (*kinds, "y") for j in range(3)}
    assert all(float(turn) % 90 == 0 for *_, turn in found), "bars stand, numbers and marks lie"
    apart = {kind: middle[kind, 1] - middle[kind, 0] for kind in kinds}
    assert min(apart.values()) > 10
    assert apart["p"] == pytest.approx(apart["z"], abs=0.03)
    assert apart["delta"] == pytest.approx(apart["jacobian"], abs=0.03)
    for kind in kinds:
        assert middle[kind, 2] - middle[kind, 1] == pytest.approx(apart[kind], abs=0.03)
    for j in range(3):
        assert middle["z", j] == pytest.approx(middle["p", j], abs=0.03)
        assert middle["jacobian", j] - middle["delta", j] == pytest.approx(0.36 * apart["delta"], abs=0.03)
        assert middle["y", j] == pytest.approx(middle["p", j], abs=0.03)
    assert html.count('<span data-is="z.L">Σₖ</span>') == html.count('<span data-is="z.L">zₖ</span>') == 3
    assert f'<span data-is="C">C</span> = −ln <span data-is="p.L.{target}">p{"₀₁₂"[target]}</span>' in html


PART = re.compile(
    r'<i data-is="([^"]*)" style="position:absolute;'
    r'left:([^%]*)%;top:([^%]*)%;width:([^%]*)%;height:([^%]*)%;rotate:([^d]*)deg"></i>'
)


class Strip(NamedTuple):
    """A part of a picture that can be pointed at: pixels from the lower left corner, and degrees."""

    names: str
    middle: Array
    long: float
    thick: float
    turn: float


def strips_of(driven: Driven) -> list[Strip]:
    fast = driven.figure
    assert fast is not None
    found = []
    for names, *numbers in PART.findall(driven.scene.view.html):
        left, top, long, thick, turn = map(float, numbers)
        middle = np.array([left + long / 2, 100 - top - thick / 2]) / 100 * (fast.width, fast.height)
        found.append(Strip(names, middle, long / 100 * fast.width, thick / 100 * fast.height, turn))
    return found


def on_screen(fast: FastFigure, axes: Any, points: Any) -> Array:
    """Points of the screen of the figure, in pixels from the lower left corner of the pane of these axes."""
    pane = fast.panes.index(axes.get_figure(root=False)) if len(fast.panes) > 1 else 0
    pixels: Array = np.asarray(points) / fast.figure.dpi * 100 - (pane * fast.width, 0)
    return pixels


def place_of(fast: FastFigure, axes: Any, points: Any) -> Array:
    """Where points (x, y) of axes are on the screen."""
    return on_screen(fast, axes, axes.transData.transform(points))


@pytest.mark.parametrize("target", range(3))
def test_what_can_be_pointed_at_of_a_bar_of_the_logits_is_as_wide_and_ends_where_it_does(target: int) -> None:
    driven = Driven("logits", {"target": target})
    fast, strips = driven.figure, {strip.names: strip for strip in strips_of(driven)}
    assert fast is not None
    for name, artist in (("p", "p"), ("delta", "cross-entropy"), ("jacobian", "quadratic")):
        for j in range(3):
            bar, strip = fast[f"{artist} {j}"], strips[f"{name}.L.{j}"]
            corner, sides = np.array(bar.get_xy()), np.array([bar.get_width(), bar.get_height()])
            ends = place_of(fast, bar.axes, [corner, corner + sides])
            assert strip.middle == pytest.approx(ends.mean(axis=0), abs=0.5)
            assert strip.thick == pytest.approx(ends[1, 0] - ends[0, 0], abs=0.5)


@pytest.mark.parametrize("target", range(3))
def test_the_targets_and_the_cost_of_the_logits_can_be_pointed_at_where_they_are_drawn(target: int) -> None:
    driven = Driven("logits", {"target": target, "z_0": -3.0, "z_2": 6.5})
    fast = driven.figure
    assert fast is not None
    for j in range(3):
        marks = [
            place_of(fast, fast[name].axes, fast[name].get_xydata()[j]) for name in ("target >", "target <")
        ]
        places = [strip for strip in strips_of(driven) if strip.names == f"y.L.{j}"]
        assert len(places) == 2 + (j == target)  # and the words above
        for place, mark in zip(places, marks, strict=False):
            assert place.middle == pytest.approx(mark, abs=0.1) and 14 < place.thick < 20
        heights = fast[f"p {j}"].axes.transData.transform([(0, 0), (0, 1)])[:, 1] / fast.figure.dpi * 100
        assert marks[0][1] == pytest.approx(heights[int(j == target)], abs=0.1)
    (cost,) = (strip for strip in strips_of(driven) if strip.names == "C")
    text = fast[f"C {target}"]
    assert cost.middle == pytest.approx(place_of(fast, text.axes, text.get_position()), abs=0.1)


def uncovered(driven: Driven, names: str, artist: str) -> list[int]:
    """Which points of a curve or a mark, drawn inside of its axes, lie in no part with these names."""
    fast = driven.figure
    assert fast is not None
    line = fast[artist]
    points = place_of(fast, line.axes, line.get_xydata())
    low, high = on_screen(fast, line.axes, line.axes.bbox.get_points())
    is_covered = np.zeros(len(points), bool)
    for strip in strips_of(driven):
        if strip.names == names:
            c, s = np.cos(np.radians(-strip.turn)), np.sin(np.radians(-strip.turn))
            along, across = np.array([[c, s], [-s, c]]) @ (points - strip.middle).T
            is_covered |= (np.abs(along) <= strip.long / 2 + 1) & (np.abs(across) <= strip.thick / 2 + 1)
    inside = ((points >= low) & (points <= high)).all(axis=1)
    return np.flatnonzero(inside & ~is_covered).tolist()


@pytest.mark.parametrize(
    "moves", [{}, {"y": 1.0, "w": -2.0, "step": 7}, {"cost": "bowl", "b": 4.0, "step": 0}]
)
def test_what_can_be_pointed_at_in_one_neuron_lies_on_its_marks_and_along_its_tangent(moves) -> None:
    driven = Driven("one_neuron", moves)
    fast = driven.figure
    strips: dict[str, list[Strip]] = {}
    for strip in strips_of(driven):
        strips.setdefault(strip.names, []).append(strip)
    assert sorted(map(len, strips.values())) == [1, 1, 1, 1, 2]
    for artist, names in (("dot", "C"), ("at", "C"), ("target", "y.1.0"), ("answer", "a.1.0")):
        (there,) = place_of(fast, fast[artist].axes, fast[artist].get_xydata())
        assert any(np.allclose(strip.middle, there, atol=0.1) for strip in strips[names]), artist
        assert all(strip.long <= 20.1 for strip in strips[names]), "a mark, no line"
    axes, z = fast["dot"].axes, float(fast["dot"].get_xdata()[0])
    (on_axis,), (along,) = strips["z.1.0 w.1.0.0 a.0 b.1.0 prime.1.0"], strips["dw.1.0.0 db.1.0"]
    assert np.allclose(on_axis.middle, place_of(fast, axes, (z, axes.get_ylim()[0])), atol=0.1)
    ends = [z - 0.8, z + 0.8]
    heights = np.interp(ends, *fast["tangent"].get_data())
    start, end = place_of(fast, axes, np.column_stack([ends, heights]))
    assert np.allclose(along.middle, (start + end) / 2, atol=0.1)
    assert along.long == pytest.approx(np.hypot(*(end - start)) + 16, abs=0.1)
    assert along.turn == pytest.approx(-np.degrees(np.arctan2(*(end - start)[::-1])), abs=0.06)


@pytest.mark.parametrize(("b", "eta", "side"), [(8.0, 5.0, "right"), (8.0, 2.5, "left")])
def test_a_z_and_an_answer_that_have_left_the_picture_are_told_inside_of_it_on_their_side(
    b, eta, side
) -> None:
    driven = Driven(
        "one_neuron", {"cost": "bowl", "w": 4.0, "b": b, "eta": eta, "step": 2 if side == "right" else 1}
    )
    for name, symbol in (("gone", "z"), ("far", "a")):
        gone = driven.figure[name]
        assert gone.get_text().startswith(f"{symbol} = " if side == "right" else f"← {symbol} = ")
        box = gone.get_window_extent(driven.figure.figure.canvas.get_renderer())
        left, right = gone.axes.bbox.x0, gone.axes.bbox.x1
        assert left < box.x0 < box.x1 < right
        assert (right - box.x1 if side == "right" else box.x0 - left) < 0.05 * (right - left)


@pytest.mark.parametrize(("eta", "last"), [(5.0, 6), (0.2, 304)])
def test_a_walk_that_is_stopped_fills_the_axis_of_its_steps(eta: float, last: int) -> None:
    driven = Driven("one_neuron", {"cost": "bowl", "w": 4.0, "b": 8.0, "eta": eta, "step": 2})
    (x, _), (low, high) = driven.figure["costs"].get_data(), driven.figure["costs"].axes.get_xlim()
    assert low < x[0] and x[-1] < high <= last and high < 1.02 * x[-1]


# What of a picture says which names; {l} is what the control l says.
DRAWN = {
    "nudge": {
        "curve": "ΔC",
        "dot": "ΔC",
        "line": "delta.{l}.{j}",
        "promise": "promise",
        **{f"{when} {kind}": f"{kind}.{{l}}.{{j}}" for when in ("before", "after") for kind in "za"},
        **{f"{when} C": "C" for when in ("before", "after")},
    },
    "weight_inspector": {"curve": "C", "dot": "C", "tangent": "dw.{l}.{j}.{k}"},
    "step_size": {
        kind: f"dw.{{l}}.{{j}}.{{k}}.{kind} w.{{l}}.{{j}}.{{k}}.{kind}" for kind in ("forward", "central")
    },
}


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        *(("nudge", {"l": 1, "j": 3, "nudge": by, "example": 60}) for by in (-2.0, -0.05, 0.0, 2.0)),
        ("nudge", {}),
        *(("weight_inspector", {"l": 1, "j": 3, "k": 3, "change": by}) for by in (-3.0, 0.0, 1.5)),
        ("weight_inspector", {"l": 2, "j": 2, "k": 4, "change": 3.0, "example": 149}),
        *(
            ("step_size", {"of": "weight", "l": 1, "j": 4, "k": 3, "precision": of})
            for of in ("float64", "float32")
        ),
    ],
)
def test_a_curve_and_a_mark_can_be_pointed_at_wherever_they_are_drawn(name, moves) -> None:
    driven = Driven(name, moves)
    at = {control: each.value for control, each in driven.scene.controls.items() if control in "ljk"}
    rows = driven.scene.view.table[1:]
    for i, (artist, names) in enumerate(DRAWN[name].items(), 1):
        # Where round-off rules, a dot stands elsewhere on another computer, and has no place that is named.
        is_open = {n for n, row in enumerate(rows) if name == "step_size" and "below" in str(row[i])}
        assert {*uncovered(driven, names.format(**at), artist)} <= is_open, artist
    artist, names = next(iter(DRAWN[name].items()))
    assert uncovered(driven, "nothing", artist)


@pytest.mark.parametrize(
    ("name", "parts"), [("layer_sizes", ["n.0", "n.1", "n.2"]), ("one_neuron", ["prime.1"])]
)
def test_a_size_and_a_slope_of_the_activation_have_their_place_in_the_code(
    name: str, parts: list[str]
) -> None:
    code = code_of(scene_of(name))
    assert [part for part in parts if f'data-is="{part}"' not in code] == []


@pytest.mark.parametrize("step", range(7))
def test_every_slope_of_the_expression_graph_has_its_place_in_the_code_which_computes_it(step: int) -> None:
    numbers = {"w": -1.5, "x": 0.75, "b": 0.25, "y": 0.5}
    scene = Driven("expression_graph", numbers | {"step": step}).scene
    shown = code_of(scene)
    found: dict[str, set[str]] = {}
    for names, word in INNERMOST.findall(shown):
        for name in names.split():
            found.setdefault(name, set()).add(word)
    connections = set(re.findall(r'<g data-from="(\S+)" data-to="(\S+)"', scene.view.html))
    graded = re.findall(r'data-id="([^"]+)"[^>]* data-grad=', scene.view.html)
    assert len(connections) == 10 and len(graded) == (0, 3, 4, 6, 7, 9, 11)[step]
    made: dict[str, Any] = {}
    exec(scene.view.code, made)
    for parent, node in connections:
        (word,) = found[f"slope.{node}.{parent}"]
        assert made[word] == pytest.approx(local_slope(node, parent, numbers), rel=1e-9), word
    for node in graded:
        (word,) = found[f"grad.{node}"]
        through = sum(
            made[found[f"grad.{child}"].copy().pop()]
            * local_slope(child, parent, numbers)
            * (1 + (child == "q"))
            for parent, child in connections
            if parent == node
        )
        assert made[word] == pytest.approx(1.0 if node == "C" else through, rel=1e-9), word


def local_slope(node: str, parent: str, numbers: dict[str, float]) -> float:
    """The derivative of an operation of the expression graph by one of its operands, by calculus."""
    w, x, b, y = (numbers[name] for name in "wxby")
    a = 1 / (1 + np.exp(-(w * x + b)))
    known = {"p.w": x, "p.x": w, "a.z": a * (1 - a), "d.y": -1.0, "q.d": a - y}
    known |= {"C.½": (a - y) ** 2, "C.q": 0.5}
    return float(known.get(f"{node}.{parent}", 1.0))
