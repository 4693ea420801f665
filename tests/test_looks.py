"""One meaning a color, words that stand out from their ground, and numbers that mean what they say."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from figure_looks import linear, too_pale
from matplotlib.colors import to_rgb
from matplotlib.textpath import TextPath

from backprop_lib.drawing import colors
from backprop_lib.drawing.graph import graph_svg
from backprop_lib.drawing.net import network_svg
from backprop_lib.drawing.plots import heat_map
from backprop_lib.drawing.svg import fitting, number, told_apart

PACKAGE = Path(__file__).parents[1] / "backprop_lib"
TELLING = {*colors.MEANINGS} - {colors.FAINT, colors.GRID, *colors.GROUNDS, *colors.TINTS}


# Color --------------------------------------------------------------------------------------------------


def lab(color: str) -> np.ndarray:
    """CIE L*a*b*: a distance of 2 is just seen."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    shares = to_xyz @ linear(np.array(to_rgb(color))) / (0.9505, 1.0, 1.089)
    x, y, z = np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_no_two_meanings_have_colors_that_look_alike() -> None:
    alike = [(a, b) for a, b in combinations(TELLING, 2) if np.linalg.norm(lab(a) - lab(b)) < 20]
    assert len(TELLING) > 10 and not alike
    assert np.linalg.norm(lab("#6E6E6E") - lab("#555555")) < 20, "two grays would be found"
    assert len(set(colors.MEANINGS.values())) == len(colors.MEANINGS)


PATHS = sorted([*PACKAGE.glob("drawing/*.py"), *PACKAGE.glob("figures/*.py")])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_color_is_written_in_the_table_alone(path: Path) -> None:
    literals = re.findall("#[0-9A-Fa-f]{6}", path.read_text(encoding="utf-8"))
    assert bool(literals) == (path.stem == "colors")


# Contrast -----------------------------------------------------------------------------------------------


def test_a_faded_text_is_found() -> None:
    drawn = network_svg([1, 1], values={0: [0.5], 1: [0.5]}, lit=[(0,)])
    assert not too_pale(drawn)
    faded = drawn.replace('<g data-layer="1"', '<g opacity="0.55" data-layer="1"')
    assert too_pale(faded) == {"0.5"}
    assert too_pale(drawn.replace(colors.GLOW, "#333333")) == {"0.5"}


def test_a_number_on_a_line_covers_the_line_between_its_letters() -> None:
    """A space is 4 pixels wide, the room over the point of 1.44 some 8: 4.5 from either side cover them."""
    net = network_svg([2, 1], weights={1: [[-0.0575, 0.5]]}, lit=[(1, 0, 0), (1, 0, 1)])
    graph = graph_svg([{"id": "u", "data": 2.0}, {"id": "h", "data": 4.0, "parents": ["u"], "slopes": [4.0]}])
    written = re.findall(r"<text ([^>]*)>(?:× 4|−0.0575|0.5)<", net + graph)
    assert len(written) == 3 and all('stroke-width="9"' in attributes for attributes in written)


# Numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [1, -1])
@pytest.mark.parametrize("rest", [10.0**-power for power in range(2, 9)])
@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_what_is_not_one_is_not_written_as_one(one: int, rest: float, digits: int) -> None:
    for value in (one - rest, one + rest):
        assert float(number(value, digits).replace("−", "-")) != one
        assert number(one * 1.0, digits) == str(one).replace("-", "−")
        text = fitting(value, 6)
        assert text not in ("1", "−1") and len(text) <= 7


def test_round_off_beside_one_is_no_news() -> None:
    assert (number(5e5), number(1e6), number(1e-3), number(9.9e-4)) == ("500000", "1e6", "0.001", "9.9e−4")
    assert {number(1 + n * 2.0**-52) for n in range(-99, 99)} == {"1"}


def test_two_numbers_that_differ_look_different_and_equal_ones_equal() -> None:
    assert told_apart([0.75, 0.75 + 1e-5, 0.75]) == ["0.75", "0.75001", "0.75"]
    assert told_apart([0.1 + 0.2, 0.3]) == ["0.3", "0.3"]
    assert told_apart([np.nan, np.nan, -np.inf, -np.inf])[1:3] == ["not a number", "−∞"]


def test_what_is_taken_off_a_number_in_a_graph_is_seen_to_differ_from_it() -> None:
    nodes = [
        {"id": "a", "data": 0.9999939},
        {"id": "y", "data": 1.0},
        {"id": "a − y", "data": -6.1e-6, "parents": ["a", "y"]},
    ]
    values = re.findall(">value ([^<]*)<", graph_svg(nodes))
    assert len(set(values)) == 3 and values[1] == "1"


def written(monkeypatch: pytest.MonkeyPatch, matrix: object) -> list[str]:
    """The numbers in the cells of a heat map."""
    from backprop_lib.drawing import plots

    kept = []
    monkeypatch.setattr(plots, "Picture", lambda figure, alt: kept.append(figure))
    heat_map(matrix)
    return [text.get_text().replace("−", "-") for text in kept[0].axes[0].texts]


@pytest.mark.parametrize("smallest", [1e-2, 1e-4, 1e-7, -1e-5])
@pytest.mark.parametrize("largest", [0.02, 0.9996, 250.0, 3e-5])
def test_a_heat_map_writes_no_number_as_zero_or_one_that_is_not(
    monkeypatch: pytest.MonkeyPatch, smallest: float, largest: float
) -> None:
    matrix = np.array([[largest, largest * smallest, 0.0]])
    first, second, zero = map(float, written(monkeypatch, matrix))
    unit = largest / first
    assert zero == 0 and first != 1 and second * unit == pytest.approx(matrix[0, 1], rel=0.25)


def test_a_heat_map_of_like_numbers_has_like_decimals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, [[0.5, 0.25, -0.125, 1.0]]) == ["0.50", "0.25", "-0.12", "1.00"]


FAR_FROM_1 = [0.987, -0.123, -0.00987, -1.23e-5, 12345.6]


@pytest.mark.parametrize(
    ("sizes", "values"), [([1, 1], [*FAR_FROM_1, 0.99992, -0.99992, -0.999999999]), ([12, 12], FAR_FROM_1)]
)
def test_a_number_fits_into_the_circle_of_its_neuron(sizes: list[int], values: list[float]) -> None:
    """In the smaller circles of twelve neurons one of nearly 1 does not: 1−8e−5 has no shorter form."""
    for value in values:
        svg = network_svg(
            sizes, values={l: np.full(n, value) for l, n in enumerate(sizes)}, canvas=(740, 560)
        )
        found = re.findall(r' r="(\d+)".*?font-size="(\d+)"[^>]*>([^<]*)<', svg)
        assert len(found) == sum(sizes)
        for r, size, text in found:
            width = TextPath((0, 0), text, size=int(size), prop="DejaVu Sans").get_extents().width
            assert width < 2 * int(r), text
