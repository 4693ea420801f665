"""The pages can be read by ear, without color and in pale print; and each check finds what it is for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any
from urllib.parse import unquote

import accessibility_lints
import numpy as np
import pytest
from documents import PAGES, TEXTS, Document, document, of_markdown
from figure_looks import contrast
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backprop_lib.data import load_iris
from backprop_lib.drawing import canvas, colors, graph, net, plots
from backprop_lib.figures import figure_names
from backprop_lib.network import Network

DOCUMENTS = [document(path) for path in [*PAGES, *TEXTS]]
FIGURES = sorted([*figure_names(), "live_training"])


@pytest.mark.parametrize("lint", accessibility_lints.LINTS, ids=lambda lint: lint.__name__)
def test_every_page_and_text_keeps_to(lint: Callable[[Document], Iterator[str]]) -> None:
    found = [f"{document.name}: {finding}" for document in DOCUMENTS for finding in lint(document)]
    assert not found, "\n" + "\n".join(found)


def showing(html: str = "", **data: Any) -> Document:
    output = {"data": {"text/html": html, **data}, "output_type": "display_data", "metadata": {}}
    return Document("broken.ipynb", ({"cell_type": "code", "source": "x", "outputs": [output]},))


L = accessibility_lints
BROKEN = [
    (L.pictures_are_told_in_words, of_markdown("![net](net.png)"), "fewer than five"),
    (L.pictures_are_told_in_words, of_markdown("![The curve of the cost while training](c.png)"), "neither"),
    (L.pictures_are_told_in_words, showing('<img alt="picture" src="">'), "fewer than five"),
    (L.pictures_are_told_in_words, showing(**{"image/png": "AAAA"}), "fewer than five"),
    (L.drawings_are_images_with_a_label, showing("<svg width='3'></svg>"), "role"),
    (L.drawings_are_images_with_a_label, showing('<svg role="img" aria-label=""></svg>'), "aria-label"),
    (L.headings_descend_by_one, of_markdown("# A\n\n### B"), "from level 1 to level 3"),
    (L.links_say_where_they_go, of_markdown("See [here](a.md)."), "does not say"),
    (L.links_say_where_they_go, of_markdown("| page |\n|---|\n| [3](a.md) |"), "does not say"),
    (L.links_say_where_they_go, of_markdown("[Page 1](a.md), [Page 1](b.md)"), "two targets"),
    (L.links_say_where_they_go, of_markdown("See https://example.org for more."), "bare address"),
    (L.tables_have_headers, of_markdown("| | |\n|---|---|\n| a | b |"), "empty header"),
    (L.tables_have_headers, showing("<table><tr><td>1</td></tr></table>"), "without headers"),
    (L.folded_blocks_have_a_summary, of_markdown("<details>\n\nHint\n\n</details>"), "without a summary"),
    (L.folded_blocks_have_a_summary, of_markdown("<details><summary></summary>x"), "without a summary"),
    (L.folded_blocks_have_a_summary, of_markdown("<details><summary>Hint</summary>"), "not closed"),
    (L.formulas_are_whole, of_markdown(r"$\frac{a}{b$"), "not closed"),
    (L.formulas_are_whole, of_markdown(r"$\frac{a}}{b$"), "not closed"),
    (L.formulas_are_whole, of_markdown(r"$\left( a$"), "not closed"),
    (L.formulas_are_whole, of_markdown("$a and\n\nb$"), "over a paragraph"),
    (L.formulas_are_whole, of_markdown("It costs $a$ and $b."), "without its partner"),
]


@pytest.mark.parametrize(
    ("lint", "broken", "word"), BROKEN, ids=[f"{lint.__name__}-{word}" for lint, _, word in BROKEN]
)
def test_a_broken_example_is_found_by(
    lint: Callable[[Document], Iterator[str]], broken: Document, word: str
) -> None:
    assert word in "\n".join(lint(broken))


def test_every_lint_has_a_broken_example() -> None:
    assert {lint for lint, _, _ in BROKEN} == set(accessibility_lints.LINTS)


def test_a_good_example_has_no_findings() -> None:
    good = of_markdown(
        "# A net\n\n![Cost against epoch: 0.5 at first, 0.01 at the end](cost.png)\n\n"
        "| | shape |\n|---|---|\n| $w^l$ | $(n_l, n_{l-1})$ |\n\n"
        "<details><summary>Hint</summary>\n\nThink of [Page 1: A net](01.ipynb), with its `$`.\n\n</details>"
    )
    assert [finding for lint in accessibility_lints.LINTS for finding in lint(good)] == []


# Color


def told_by_color_alone(drawing: str) -> list[str]:
    """The strokes and texts of an SVG whose sign only their color tells: no dash, no minus, no word."""
    found = []
    for tag, content in re.findall(r"<((?:line|path|text)\b[^>]*)>([^<]*)", drawing):
        if f'"{colors.NEGATIVE}"' in tag:
            told = "stroke-dasharray" in tag or bool(re.search("(?<!e)−|negative", content))
        elif f'"{colors.POSITIVE}"' in tag:
            told = "stroke-dasharray" not in tag and not re.search("(?<!e)−", content)
        else:
            told = True
        if not told:
            found.append(f"<{tag}>{content}")
    return found


def signed_net() -> str:
    signs = {1: np.array([[1.0, -2.0], [-0.5, 0.0]]), 2: np.array([[3.0, -1.0]])}
    errors = {1: np.array([-0.1, 0.2]), 2: np.array([-0.3])}
    return net.network_svg([2, 2, 1], weights=signs, deltas=errors, lit=[(1, 0, 1)])


def signed_graph() -> str:
    nodes = [{"id": 0, "data": -1.0, "grad": -2.0}, {"id": 1, "data": 2.0, "grad": 0.5, "parents": [0]}]
    return graph.graph_svg(nodes)


@pytest.mark.parametrize("drawing", [signed_net(), signed_graph()], ids=["net", "graph"])
def test_no_sign_in_a_drawing_is_told_by_color_alone(drawing: str) -> None:
    assert colors.NEGATIVE in drawing and told_by_color_alone(drawing) == []


def test_no_sign_in_a_drawing_on_a_page_is_told_by_color_alone() -> None:
    stored = [
        unquote(drawing)
        for path in PAGES
        for drawing in re.findall(r"data:image/svg\+xml,([^\"\\]*)", path.read_text(encoding="utf-8"))
    ]
    assert len(stored) >= 8
    assert [finding for drawing in stored for finding in told_by_color_alone(drawing)] == []


def test_an_edge_without_its_dash_and_a_number_without_its_minus_are_found() -> None:
    assert told_by_color_alone(signed_net().replace(' stroke-dasharray="6 4"', ""))
    assert told_by_color_alone(signed_graph().replace("−", ""))


def look(line: Line2D) -> tuple[object, ...]:
    """How a curve looks without color: dash, marker, hollow or not, a thin guide or not."""
    hollow = to_rgb(line.get_markerfacecolor()) == (1, 1, 1)
    return line._unscaled_dash_pattern, line.get_marker(), hollow, line.get_linewidth() <= 1


def alike_without_color(drawn: Figure) -> list[str]:
    """Pairs of curves in one pair of axes that differ in color alone, or not at all, but for thin guides."""
    return [
        f"{axes.get_title(loc='left')!r}: {one.get_label()} and {two.get_label()}"
        for axes in drawn.axes
        for one, two in combinations(axes.lines, 2)
        if look(one) == look(two)
        and (to_rgb(one.get_color()) != to_rgb(two.get_color()) or one.get_linewidth() > 1)
    ]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that plots makes, before they become pictures."""
    figures: list[Figure] = []

    def kept(width: int = 640, height: int = 340) -> Figure:
        figures.append(canvas.new_figure(width, height))
        return figures[-1]

    monkeypatch.setattr(plots, "new_figure", kept)
    return figures


SIX = {name: np.linspace(1, 2 + i, 5) for i, name in enumerate("abcdef")}
CURVES = {
    "function_plot": lambda: plots.function_plot(np.arange(5.0), SIX),
    "cost_curves": lambda: plots.cost_curves(SIX),
    "delta_norms": lambda: plots.delta_norms({l: y for l, y in enumerate(SIX.values(), 1)}),
}


@pytest.mark.parametrize("name", CURVES)
def test_no_two_curves_of_a_plot_differ_by_color_alone(name: str, drawn: list[Figure]) -> None:
    CURVES[name]()
    assert len(drawn[0].axes[0].lines) == 6 and alike_without_color(drawn[0]) == []


@pytest.mark.parametrize("name", CURVES)
def test_every_curve_has_its_name_beside_it(name: str, drawn: list[Figure]) -> None:
    CURVES[name]()
    assert len({text.get_text() for text in drawn[0].axes[0].texts}) == 6


def test_curves_that_differ_by_color_alone_are_found(
    drawn: list[Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "DASHES", ("-",))
    CURVES["function_plot"]()
    assert len(alike_without_color(drawn[0])) == 15


def scene_of(name: str) -> Any:
    """The figure to play with of this name, at its default state."""
    module = importlib.import_module(f"backprop_lib.figures.{name}")
    if name == "live_training":
        net = Network([("identity", 4), ("tanh", 5), ("sigmoid", 5), ("sigmoid", 3)])
        return module.LiveTraining(net, load_iris(), epochs=3, held_out=load_iris())
    return getattr(module, name)()


@pytest.mark.parametrize("name", FIGURES)
def test_no_two_curves_of_a_figure_differ_by_color_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Figure] = []

    def recorded(self: canvas.FastFigure, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        made.append(self.figure)

    original = canvas.FastFigure.__init__
    monkeypatch.setattr(canvas.FastFigure, "__init__", recorded)
    scene = scene_of(name)
    assert made or "<svg" in scene.view.html
    assert [pair for drawn in made for pair in alike_without_color(drawn)] == []
    assert told_by_color_alone(scene.view.html) == []


# Contrast, as WCAG 2 defines it


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def text_fills(drawing: str) -> set[str]:
    return set(re.findall(r'<text[^>]*\bfill="([^"]+)"', drawing))


@pytest.mark.parametrize("paper", colors.GROUNDS)
@pytest.mark.parametrize("ink", colors.WRITTEN)
def test_a_color_in_which_words_are_written_stands_out_from_every_ground(ink: str, paper: str) -> None:
    assert contrast(ink, paper) >= 4.5


def test_the_drawings_write_in_no_other_color() -> None:
    zero = [{"id": 0, "data": 0.0, "grad": 0.0, "op": "+"}]
    used = text_fills(signed_net()) | text_fills(signed_graph()) | text_fills(graph.graph_svg(zero))
    assert used <= {colors.INK, colors.NEGATIVE, colors.POSITIVE, colors.QUIET}


@pytest.mark.parametrize("name", CURVES)
def test_every_text_of_a_plot_stands_out_from_white(name: str, drawn: list[Figure]) -> None:
    CURVES[name]()
    (axes,) = drawn[0].axes
    labels = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label]
    texts = [*axes.texts, *labels]
    assert [text.get_text() for text in texts if pale(text.get_color())] == []


def pale(color: Any) -> bool:
    return contrast(color, "white") < 4.5


def test_a_pale_text_is_found() -> None:
    assert pale(colors.FAINT) and not pale(colors.INK)


def test_the_numbers_in_a_heat_map_stand_out_from_their_cells(drawn: list[Figure]) -> None:
    for diverging in (True, False):
        plots.heat_map(np.linspace(-1, 1, 60).reshape(6, 10), diverging=diverging)
        axes = drawn[-1].axes[0]
        (image,) = axes.images
        cells = np.asarray(image.get_array())
        for text in axes.texts:
            j, i = (int(place) for place in text.get_position())
            shade = image.cmap(image.norm(cells[i, j]))[:3]
            assert contrast(text.get_color(), shade) >= 4.5, (i, j, diverging)
