"""A drawing says the numbers it was made from, in its data and its words, and refuses what it cannot draw."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from documents import PAGES
from matplotlib import get_data_path
from PIL import ImageFont

from backprop_lib.drawing.net import Drawing, graph_svg, network_svg
from backprop_lib.drawing.svg import number, still
from backprop_lib.equations import backprop
from backprop_lib.figures.expression_graph import neuron_cost, walk_back
from backprop_lib.network import Network

SVG = "{http://www.w3.org/2000/svg}"
NET = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=1)
RUN = backprop(NET, np.array([[5.1], [3.5], [1.4], [0.2]]), np.array([[1.0], [0.0], [0.0]]))
GRAPH: list[dict[str, Any]] = [
    {"id": "x", "label": "x", "data": 2.0, "grad": -3.0},
    {"id": "w", "label": "w", "data": -3.0, "grad": 2.0},
    {"id": "p", "op": "×", "data": -6.0, "grad": 1.0, "parents": ("x", "w")},
    {"id": "s", "op": "×", "data": 36.0, "grad": None, "parents": ("p", "p")},
]


def elements(svg: str, *names: str) -> list[ElementTree.Element]:
    """The elements that have all these attributes."""
    return [e for e in ElementTree.fromstring(svg).iter() if all(name in e.attrib for name in names)]


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def full() -> str:
    return network_svg(NET.sizes, weights=NET.w, values=RUN.a, deltas=RUN.delta)


def test_every_edge_carries_the_weight_between_its_two_neurons() -> None:
    edges = elements(full(), "data-from")
    for edge in edges:
        l, j, k = (int(edge.attrib[f"data-{name}"]) for name in ("layer", "to", "from"))
        got, expected = float(edge.attrib["data-value"]), NET.w[l][j, k]
        assert got == pytest.approx(expected, rel=1e-5), f"w[{l}][{j}, {k}]: got {got}, expected {expected}"
    assert len(edges) == 4 * 5 + 5 * 3


def test_every_neuron_carries_its_activation_and_its_error() -> None:
    neurons = elements(full(), "data-neuron")
    for neuron in neurons:
        l, j = int(neuron.attrib["data-layer"]), int(neuron.attrib["data-neuron"])
        assert float(neuron.attrib["data-a"]) == pytest.approx(RUN.a[l][j, 0], rel=1e-5)
        if l > 0:
            assert float(neuron.attrib["data-delta"]) == pytest.approx(RUN.delta[l][j, 0], rel=1e-5)
    assert len(neurons) == 12


def test_the_numbers_written_in_the_neurons_are_the_numbers_they_carry() -> None:
    for neuron in elements(full(), "data-neuron"):
        written = [(e.text or "").replace("−", "-") for e in neuron.iter(f"{SVG}text")]
        assert float(written[0]) == pytest.approx(float(neuron.attrib["data-a"]), rel=0.06)
        if "data-delta" in neuron.attrib:
            below = float(written[1].removeprefix("δ "))
            assert below == pytest.approx(float(neuron.attrib["data-delta"]), rel=0.06)


def test_the_sign_of_a_weight_shows_without_color() -> None:
    for edge in elements(full(), "data-value"):
        assert ("stroke-dasharray" in edge.attrib) == (float(edge.attrib["data-value"]) < 0)


def test_the_larger_weight_has_the_wider_line() -> None:
    edges = elements(full(), "data-value")
    edges.sort(key=lambda edge: abs(float(edge.attrib["data-value"])))
    widths = [float(edge.attrib["stroke-width"]) for edge in edges]
    assert widths == sorted(widths) and widths[-1] == 4.0


def test_edges_end_at_the_neurons_they_name() -> None:
    circles = {
        (n.attrib["data-layer"], n.attrib["data-neuron"]): n.find(f"{SVG}circle")
        for n in elements(full(), "data-neuron")
    }
    for edge in elements(full(), "data-from"):
        target = circles[edge.attrib["data-layer"], edge.attrib["data-to"]]
        source = circles[str(int(edge.attrib["data-layer"]) - 1), edge.attrib["data-from"]]
        assert target is not None and source is not None
        assert (edge.attrib["y1"], edge.attrib["y2"]) == (source.attrib["cy"], target.attrib["cy"])
        assert float(source.attrib["cx"]) < float(edge.attrib["x1"]) < float(edge.attrib["x2"])


def test_the_shapes_stand_under_the_gaps() -> None:
    assert {"w¹ 5×4", "b¹ 5×1", "w² 3×5", "b² 3×1"} <= set(texts(full()))


def test_a_large_layer_is_abbreviated_and_says_so() -> None:
    svg = network_svg([64, 30, 10])
    assert "Of the 64 neurons of layer 0, 10 are drawn." in svg
    assert {"54 more", "20 more"} <= set(texts(svg))
    assert len(elements(svg, "data-neuron")) == 30


def test_a_lit_neuron_of_a_large_layer_is_drawn() -> None:
    svg = network_svg([64, 30, 10], lit=[(1, 17, 40)])
    drawn = {(n.attrib["data-layer"], n.attrib["data-neuron"]) for n in elements(svg, "data-neuron")}
    assert {("0", "40"), ("1", "17")} <= drawn
    hidden = sum(int(text.split()[0]) for text in texts(svg) if text.endswith("more"))
    assert hidden + len(drawn) == 104


def test_the_number_of_a_lit_weight_is_written_beside_it() -> None:
    svg = network_svg(NET.sizes, weights=NET.w, lit=[(1, 2, 3)])
    assert number(NET.w[1][2, 3]) in texts(svg)


@pytest.mark.parametrize("sizes", [[1, 1], [12] * 5, [64, 30, 10], [4, *[12] * 8, 3]])
def test_nothing_is_drawn_outside_the_drawing(sizes: list[int]) -> None:
    values = {l: np.full(n, -1e-5) for l, n in enumerate(sizes)}
    root = ElementTree.fromstring(network_svg(sizes, values=values, deltas=values))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        half = 4 * len(text.text or "")
        assert half <= float(text.attrib["x"]) <= width - half, text.text
        assert 11 <= float(text.attrib["y"]) <= height and float(text.attrib["font-size"]) >= 11


@pytest.mark.parametrize("sizes", [[1, 1], [4, 5, 3], [12, 12, 12, 12, 12], [50, 1]])
@pytest.mark.parametrize("more", [{}, {"labels": {0: None}}, {"values": {0: None}}])
def test_any_net_fits_the_canvas_that_is_given(sizes: list[int], more: dict[str, Any]) -> None:
    filled = {"labels": ["a name"] * sizes[0], "values": np.linspace(-1, 1, sizes[0])}
    given = {name: {0: filled[name]} for name in more}
    drawn = network_svg(sizes, canvas=(500, 400), **given)
    (root,) = elements(drawn, "viewBox")
    assert (root.attrib["width"], root.attrib["height"]) == ("500", "400")
    circles = [e.attrib for e in root.iter(f"{SVG}circle")]
    columns: dict[str, list[tuple[float, float]]] = {}
    for c in circles:
        columns.setdefault(c["cx"], []).append((float(c["cy"]), float(c["r"])))
        assert 0 <= float(c["cx"]) - float(c["r"]) < float(c["cx"]) + float(c["r"]) <= 500
    for column in columns.values():
        column.sort()
        assert all(above + r <= below - r for (above, r), (below, _) in pairwise(column))
        assert column[0][0] - column[0][1] >= 0 and column[-1][0] + column[-1][1] <= 400 - 62


LETTERS = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", 100)  # the widest of the fonts


def test_in_a_narrow_drawing_no_letters_are_small_and_those_of_a_neuron_stay_in_it() -> None:
    values = {l: np.resize([-1 + 8e-4, 1 - 2e-5, 7e-4, -0.0123], n) for l, n in enumerate(NET.sizes)}
    svg = network_svg(
        NET.sizes, weights=NET.w, values=values, deltas=values, canvas=(328, 390), lit={(1, 2, 3)}
    )
    assert min(float(size) for size in re.findall('font-size="([^"]*)"', svg.partition("<rect")[2])) >= 11
    for neuron in elements(svg, "data-neuron"):
        circle, *words = neuron
        cx, cy, r = (float(circle.attrib[name]) for name in ("cx", "cy", "r"))
        inside = [text for text in words if float(text.attrib["y"]) < cy + r]
        written = "".join(text.text or "" for text in inside)
        assert written in ("−1+8e−4", "1−2e−5", "7e−4", "−0.01")
        for text in inside:
            size = float(text.attrib["font-size"])
            half, y = LETTERS.getlength(text.text or "") * size / 200, float(text.attrib["y"]) - 0.35 * size
            assert float(text.attrib["x"]) == cx and half < r and abs(y - cy) + size / 2 < r, written
        rows = sorted(float(text.attrib["y"]) for text in inside)
        assert all(below - above >= 11 for above, below in pairwise(rows))


def test_the_name_of_a_hidden_neuron_stands_in_it() -> None:
    (neuron,) = (
        e
        for e in elements(network_svg([1, 1, 1], labels={1: ["A"]}), "data-neuron")
        if e.attrib["data-layer"] == "1"
    )
    circle, text = neuron
    assert text.text == "A" and text.attrib["x"] == circle.attrib["cx"]


def test_names_are_escaped() -> None:
    bad = "<script>alert('&')</script>"
    net = network_svg([1, 1], labels={0: [bad]}, captions=[bad, bad], alt=bad)
    graph = graph_svg([{"id": bad, "label": bad, "op": bad}])
    assert "<script" not in net + graph
    assert texts(net).count(bad) == 3
    assert ElementTree.fromstring(net).attrib["aria-label"] == bad
    assert elements(graph, "data-id")[0].attrib["data-id"] == bad


def test_a_drawing_is_the_same_text_whatever_the_last_digits() -> None:
    weights = {1: np.array([[1 / 3, -2 / 3]])}
    nearly = {1: weights[1] * (1 + 1e-13)}
    assert network_svg([2, 1], weights=weights) == network_svg([2, 1], weights=nearly)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sizes": [3]}, "sizes: expected at least two layers"),
        ({"sizes": [3, 0]}, r"sizes\[1\]"),
        ({"weights": {1: np.ones((2, 3))}}, r"weights\[1\]: expected shape \(3, 2\), got \(2, 3\)"),
        ({"weights": {0: np.ones((2, 2))}}, r"weights: expected layers among \[1\], got layer 0"),
        ({"weights": {1: np.full((3, 2), np.nan)}}, r"weights\[1\]: expected finite numbers"),
        ({"values": {0: [1, 2, 3]}}, r"values\[0\]: expected shape \(2,\)"),
        ({"deltas": {2: [1]}}, "deltas: expected layers among"),
        ({"lit": [(0, 0, 0)]}, "lit: expected a part of the net"),
        ({"lit": [(1, 3)]}, "lit: expected a part of the net"),
        ({"lit": [(1, -1)]}, "lit: expected a part of the net"),
        ({"labels": {0: ["a"]}}, r"labels\[0\]: expected 2 names"),
        ({"labels": {7: ["a"]}}, "labels: expected layers among 0 to 1"),
        ({"captions": ["a"]}, "captions: expected 2"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network_svg(**{"sizes": [2, 3], **wrong})


def test_the_nodes_of_a_graph_carry_their_numbers() -> None:
    drawn = {node.attrib["data-id"]: node.attrib for node in elements(graph_svg(GRAPH), "data-id")}
    for node in GRAPH:
        assert float(drawn[node["id"]]["data-data"]) == node["data"]
        assert ("data-grad" in drawn[node["id"]]) == (node["grad"] is not None)
    assert float(drawn["x"]["data-grad"]) == -3.0


def test_an_operand_used_twice_has_two_connections() -> None:
    ends = [(e.attrib["data-from"], e.attrib["data-to"]) for e in elements(graph_svg(GRAPH), "data-to")]
    assert sorted(ends) == [("p", "s"), ("p", "s"), ("w", "p"), ("x", "p")]


def test_the_slopes_of_a_node_are_written_on_the_connections_to_it() -> None:
    """Of C = p u with p = u², at u = 3, where the second road comes from u straight."""
    roads = [
        {"id": "u", "data": 3.0},
        {"id": "p", "data": 9.0, "parents": ("u",), "slopes": (6.0,)},
        {"id": "C", "data": 27.0, "parents": ("p", "u"), "slopes": (3.0, 9.0)},
    ]
    svg = graph_svg(roads)
    drawn = {
        (e.attrib["data-from"], e.attrib["data-to"]): e.attrib["data-slope"] for e in elements(svg, "data-to")
    }
    assert drawn == {("u", "p"): "6", ("p", "C"): "3", ("u", "C"): "9"}
    assert {"× 6", "× 3", "× 9"} <= set(texts(svg))
    assert "u to p 6, p to C 3, u to C 9" in ElementTree.fromstring(svg).attrib["aria-label"]


@pytest.mark.parametrize("result", [{}, {"data": None}])
def test_a_difference_that_is_not_known_yet_is_drawn_with_its_operands(result) -> None:
    known = [{"id": "a", "data": 0.5}, {"id": "y", "data": 1.0}]
    svg = graph_svg([*known, {"id": "d", "op": "-", "parents": ("a", "y"), **result}])
    assert [text for text in texts(svg) if text.startswith("value")] == ["value 0.5", "value 1"]


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and foot of the box of every node."""
    found = {}
    for node in elements(svg, "data-id"):
        (rect,) = node.iter(f"{SVG}rect")
        left, top, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        found[node.attrib["data-id"]] = (left, top, left + width, top + height)
    return found


def test_a_box_stands_in_its_column_and_row_or_else_below_the_one_before() -> None:
    told = boxes(graph_svg([*GRAPH, {"id": "r", "at": (-0.5, 3)}, {"id": "t", "at": np.array([1, 3])}]))
    x, w, p, s, r, t = (told[name] for name in "xwpsrt")
    assert x[0] == w[0] == p[0] == s[0] and x[3] < w[1] and w[3] < p[1] and p[3] < s[1] == r[1] == t[1]
    assert r[0] < s[0] < r[2] < t[0] and s[2] < t[0] and t[0] - s[0] == 2 * (s[0] - r[0])


def drawn_graphs() -> list[str]:
    """Every expression graph of the pages, as it is stored, and the figure's."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    stored = {unquote(data) for data in re.findall(r'src=\\"data:image/svg\+xml,([^"\\]*)', pages)}
    return [svg for svg in sorted(stored) if "data-op" in svg] + [graph_svg(figure_nodes())]


def figure_nodes() -> list[dict[str, Any]]:
    return walk_back(neuron_cost(1.0, 2.0, 2.0, 0.0), [])[0]


def hidden_lines(svg: str) -> list[tuple[str, str, str]]:
    """The connections that run behind a box other than their ends, with that box."""
    found = []
    for line in elements(svg, "data-to"):
        start, end = line.attrib["data-from"], line.attrib["data-to"]
        (path, _) = line.iter(f"{SVG}path")
        points = np.array(re.findall(r"-?[\d.]+", path.attrib["d"]), float).reshape(4, 2)
        t = np.linspace(0, 1, 200)[:, None]
        x, y = sum(math.comb(3, i) * t**i * (1 - t) ** (3 - i) * points[i] for i in range(4)).T
        for name, (left, top, right, foot) in boxes(svg).items():
            if name not in (start, end) and np.any((left < x) & (x < right) & (top < y) & (y < foot)):
                found.append((start, end, name))
    return found


def test_no_connection_of_a_graph_runs_behind_a_box_and_operands_stand_above() -> None:
    graphs = drawn_graphs()
    assert len(graphs) > 3
    for svg in graphs:
        assert hidden_lines(svg) == []
        places = boxes(svg)
        for line in elements(svg, "data-to"):
            assert places[line.attrib["data-from"]][3] < places[line.attrib["data-to"]][1]
    in_a_column = [{**node, "at": (0, i)} for i, node in enumerate(figure_nodes())]
    assert len(hidden_lines(graph_svg(in_a_column))) > 3


def test_the_lit_nodes_stay_bright() -> None:
    nodes = elements(graph_svg(GRAPH, lit=["p"]), "data-id", "data-lit")
    assert {n.attrib["data-id"] for n in nodes if n.attrib["data-lit"] == "0"} == {"x", "w", "s"}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "at least one"),
        ([{"id": 1}, {"id": 1}], "a second time"),
        ([{"id": 1, "parents": (2,)}], "as parents"),
        ([{"id": 1, "parents": (2,)}, {"id": 2, "parents": (1,)}], "earlier nodes"),
        ([{"id": 1, "data": float("nan")}], "finite"),
        ([{"id": 1}, {"id": 2, "parents": (1,), "slopes": (1.0, 2.0)}], "expected 1 numbers"),
        ([{"id": 1, "at": (1, 2, 3)}], r"nodes\[0\]\['at'\]: expected 2 numbers"),
        ([{"id": 1, "at": ()}], "expected 2 numbers"),
        ([{"id": 1, "at": (0, float("inf"))}], "finite"),
        ([{"id": 1}, {"id": 2, "parents": (1,), "slopes": (float("inf"),)}], "finite"),
    ],
)
def test_a_wrong_graph_is_refused(nodes: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        graph_svg(nodes)


def test_a_drawing_shows_itself_as_an_image_that_holds_the_same_svg() -> None:
    drawing = Drawing(full(), "A <small> net")
    data = drawing._repr_mimebundle_()
    source = re.search(r'src="data:image/svg\+xml,([^"]*)"', data["text/html"])
    assert source and unquote(source[1]) == drawing.html
    assert elements(drawing.html, "aria-label")[0].attrib["aria-label"] == drawing.alt
    assert data["text/plain"] == "A <small> net"
    assert data["text/html"].startswith('<img alt="A &lt;small&gt; net" width=')


def test_a_drawing_takes_the_words_of_its_svg_if_it_gets_no_others() -> None:
    assert Drawing(network_svg([1, 1])).alt == "A net of 2 layers, 1-1 neurons."


def test_a_still_keeps_the_words_around_the_drawings() -> None:
    html = f"<p>before</p>{network_svg([1, 1])}<p>between</p>{network_svg([2, 1])}"
    assert re.sub(r"<img[^>]*>", "|", still(html)) == "<p>before</p>|<p>between</p>|"


def test_a_drawing_without_words_or_svg_is_refused() -> None:
    with pytest.raises(ValueError, match="alt"):
        Drawing("<svg></svg>", " ")
    with pytest.raises(ValueError, match="svg"):
        Drawing("<p>", "words")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1e-300, "1e−300"), (0.1, "0.1"), (100.4, "100"), (-2.5, "−2.5"),
     (999999.0, "1e6"), (9.9999e-4, "0.001"), (float("nan"), "not a number"), (-np.inf, "−∞")],
)  # fmt: skip
def test_numbers_are_rounded_and_never_minus_zero(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("digits, text", [(1, "2e308"), (2, "1.8e308"), (3, "1.8e308"), (4, "1.798e308")])
def test_a_float_that_is_rounded_beyond_all_others_is_still_written(digits: int, text: str) -> None:
    largest = np.finfo(float).max
    assert number(largest, digits) == text and number(-largest, digits) == f"−{text}"
    assert "1.8e308" in network_svg((1, 1), weights={1: [[largest]]}, lit=[(1, 0, 0)])


def test_drawing_needs_neither_matplotlib_nor_ipywidgets() -> None:
    block = "import sys; sys.modules['matplotlib'] = sys.modules['ipywidgets'] = None"
    subprocess.run([sys.executable, "-c", f"{block}; import backprop_lib.drawing.net"], check=True)
