"""Pictures state their reading in words, keep to one style, and a fast redrawing equals a full one."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image

from backprop_lib.data import Dataset
from backprop_lib.drawing.canvas import (
    PNG_IN_HTML,
    Cells,
    FastFigure,
    Picture,
    name_only,
    new_figure,
    styled,
)
from backprop_lib.drawing.epochs import decades
from backprop_lib.drawing.plots import DIVERGING, cost_curves, delta_norms, function_plot, heat_map
from backprop_lib.drawing.sharpness import drawn_at
from backprop_lib.network import Network
from backprop_lib.other_ways.neurons import GraphNetwork
from backprop_lib.training import train

DARK = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "black")
DARK |= dict.fromkeys(
    ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), "red"
)
DARK |= {"figure.dpi": 30, "savefig.dpi": 30, "lines.linewidth": 9, "font.size": 30, "axes.grid": True}
FALLING = np.array([0.5, 0.3, 0.2, 0.1])


def opened(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def has_color(picture: Picture, color: str, nearness: int = 6) -> bool:
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return bool((np.abs(opened(picture.png) - wanted).max(axis=2) <= nearness).any())


def test_a_picture_shows_itself_three_ways_with_the_same_words() -> None:
    picture = cost_curves({"a": FALLING})
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == picture.alt == metadata["image/png"]["alt"]
    assert base64.b64decode(data["image/png"]) == picture.png
    source = re.fullmatch(
        r'<img alt="[^"]*" width="640" [^>]*src="data:image/png;base64,([^"]*)">', picture.html
    )
    assert source and source[1] == data["image/png"] and data["text/html"] == picture.html
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == (640, 340)


def test_a_figure_has_every_pixel_that_it_was_made_for() -> None:
    for size in range(20, 900):
        width, height = new_figure(size, 414).canvas.get_width_height(physical=True)
        assert (width, height) == (2 * size, 828)


def test_a_picture_is_drawn_at_twice_its_displayed_size() -> None:
    assert opened(function_plot([0, 1], {"y": [0, 1]}).png).shape == (680, 1280, 3)
    assert opened(Picture(new_figure(400, 200), "nothing").png).shape == (400, 800, 3)


def test_the_words_of_a_picture_are_escaped() -> None:
    picture = Picture(new_figure(20, 20), '<script>"&')
    assert 'alt="&lt;script&gt;&quot;&amp;"' in picture.html


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_picture_without_words_is_refused(alt: Any) -> None:
    with pytest.raises(ValueError, match="alt"):
        Picture(new_figure(20, 20), alt)


def test_only_a_figure_makes_a_picture() -> None:
    with pytest.raises(TypeError, match="figure: expected a matplotlib Figure"):
        Picture(b"GIF89a", "words")  # type: ignore[arg-type]


def test_the_reading_of_curves_gives_their_ends_and_extremes() -> None:
    alt = function_plot(
        [-1, 0, 2], {"cost": [0.5, 0.1, 0.25]}, title="One weight", xlabel="w", ylabel="C"
    ).alt
    assert alt == "One weight (C), against w. cost: 0.5 at w = −1, 0.25 at w = 2, lowest 0.1."


def test_the_reading_does_not_hang_on_the_last_digits() -> None:
    assert cost_curves({"a": FALLING}).alt == cost_curves({"a": FALLING * (1 + 1e-13)}).alt


def test_a_history_gives_its_training_and_its_held_out_cost() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 2
    data = Dataset(rng.normal(size=(12, 2)), np.eye(2)[labels], labels, ("no", "yes"), ("u", "v"))
    history = train(Network([("identity", 2), ("sigmoid", 2)]), data, epochs=3, batch_size=4, held_out=data)
    alt = cost_curves(history).alt
    assert "training: " in alt and "held out: " in alt and "epoch 3" in alt


def test_runs_of_different_lengths_share_a_picture() -> None:
    assert (
        "at epoch 1."
        in cost_curves({"short": FALLING[:2], "long": FALLING, "one": FALLING[:1]}, log=True).alt
    )


def test_the_norms_of_all_layers_are_read_out() -> None:
    alt = delta_norms({2: FALLING, 1: FALLING * 1e-6}).alt
    assert "layer 1: 5e−7 at epoch 0, 1e−7 at epoch 3. layer 2: 0.5 at epoch 0" in alt


@pytest.mark.parametrize("value", [5e-324, 1e-310, 1e300, 1.7e308])
def test_decades_end_where_an_axis_can_still_go_on(value: float) -> None:
    low, *_, high = decades([np.array([value, 0.0])])
    assert -302 <= low < high <= 301 and 0 < 10.0 ** (low - 1) < 10.0 ** (high + 1) < np.inf


def test_a_dead_layer_leaves_a_gap_and_no_error() -> None:
    assert "layer 1: 0 at epoch 0" in delta_norms({1: FALLING * 0, 2: FALLING}).alt


def test_lines_are_told_apart_by_dashes_and_names() -> None:
    from backprop_lib.drawing import plots

    assert len(plots.DASHES) == len({str(dash) for dash in plots.DASHES}) >= 6


def test_a_heat_map_states_its_limits_and_its_largest_number() -> None:
    alt = heat_map([[0.5, -2.0], [1.0, 0.25]], "to j", "from k", "w").alt
    assert alt == (
        "w: 2 rows (to j) by 2 columns (from k), from −2 to 1. Largest in size: −2 in row 0, column 1. "
        "The colors run from −2 to 2."
    )


def test_a_diverging_scale_is_blue_above_zero_and_orange_below() -> None:
    assert has_color(heat_map([[1.0, -1.0]], limit=1.5), "#2166AC", 12)
    assert has_color(heat_map([[-1.0, 1.0]], limit=1.5), "#B35806", 12)


def test_zero_is_nearly_white_in_a_diverging_map() -> None:
    pixels = opened(heat_map([[0.0, 1.0]]).png)
    assert pixels[pixels.shape[0] // 2, 200].min() > 240


@pytest.mark.parametrize(
    "matrix", [np.zeros((2, 2)), np.full((1, 1), 7.0), np.eye(12) * 1e-9, np.ones((64, 30))]
)
@pytest.mark.parametrize("diverging", [True, False])
def test_extreme_matrices_are_drawn(matrix: Any, diverging: bool) -> None:
    assert heat_map(matrix, diverging=diverging).alt


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: function_plot([0, np.nan], {"y": [1, 2]}), "x: expected finite"),
        (lambda: function_plot([[0, 1]], {"y": [1, 2]}), "x: expected shape"),
        (lambda: function_plot([0, 1], {"y": [1, 2, 3]}), r"curves\['y'\]: expected shape"),
        (lambda: function_plot([0, 1], {"y": [1, np.inf]}), r"curves\['y'\]: expected finite"),
        (lambda: function_plot([0, 1], {"y": [1, 0]}, log=True), "above zero"),
        (lambda: function_plot([0, 1], {"y": [1, 0]}, log_x=True), "x: expected numbers above zero"),
        (lambda: cost_curves({"a": []}), r"curves\['a'\]"),
        (lambda: cost_curves({}), "runs"),
        (lambda: delta_norms({1: [0.0, 0.0]}), "delta_by_layer"),
        (lambda: delta_norms({1: [-1.0, 1.0]}), "delta_by_layer"),
        (lambda: heat_map([1, 2]), "matrix: expected shape"),
        (lambda: heat_map([[1, np.nan]]), "matrix: expected finite"),
        (lambda: heat_map([[1]], limit=-1), "limit"),
        (
            lambda: cost_curves({1: FALLING, "1": FALLING}),
            "curves: expected names that differ .* got '1' twice",
        ),
        (lambda: delta_norms({0: FALLING}), "delta_by_layer, layer: expected a positive integer, got 0"),
        (lambda: delta_norms({1: [1.0, np.nan]}), r"delta_by_layer\['layer 1'\]: expected finite numbers"),
        (lambda: delta_norms({1: [1e-308]}), "delta_by_layer: expected a norm above zero"),
        (
            lambda: delta_norms({1: [1.0, 1e160]}),
            r"delta_by_layer\['layer 1'\]: .* to 1e\+150 for a log.* got 1e\+160",
        ),
        (lambda: function_plot([0, 1], {"y": [1, -1e308]}), r"curves\['y'\]: .* for an axis, got -1e\+308"),
        (lambda: function_plot([0, 1e308], {"y": [1, 2]}), r"x: .* to 1e\+300 for an axis, got 1e\+308"),
        (
            lambda: function_plot([1, 1e160], {"y": [1, 2]}, log_x=True),
            r"x: .* a logarithmic axis, got 1e\+160",
        ),
        (lambda: cost_curves({"a": [1e308, 1]}), r"curves\['a'\]: .* for an axis, got 1e\+308"),
        (
            lambda: cost_curves({"a": [1, 1e-308]}, log=True),
            r"curves\['a'\]: .* a logarithmic axis, got 1e-308",
        ),
        (lambda: heat_map([[1e308, -1e308]]), r"matrix: expected a largest magnitude .* got 1e\+308"),
        (lambda: heat_map([[1e-308]], diverging=False), "matrix: expected a largest magnitude .* got 1e-308"),
        (lambda: heat_map([[1]], limit=1e308), r"limit: expected a number from .* got 1e\+308"),
        (lambda: heat_map([[1]], limit=1e-308), "limit: expected a number from .* got 1e-308"),
        (lambda: heat_map([[1, 2]], column_names=["a"]), "column_names: expected 2"),
        (lambda: heat_map([[1, 2]], row_names=["a", "b"]), "row_names: expected 1"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(draw: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    "layers", [{"a": FALLING}, {1: FALLING, "b": FALLING}, {None: FALLING}, {0.5: FALLING}, {(1, 2): FALLING}]
)
def test_a_norm_is_of_a_layer(layers: Any) -> None:
    with pytest.raises(TypeError, match="^delta_by_layer, layer: expected a positive integer, got "):
        delta_norms(layers)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("one", "other"), [(1e300, -1e300), (1e-300, 1e300), (-1e-300, 1e-300)])
def test_numbers_as_large_and_as_small_as_an_axis_can_hold_are_drawn(one: float, other: float) -> None:
    assert function_plot([one, other], {"y": [one, other], "z": [other, one]}).alt
    assert cost_curves({"y": [one, one]}).alt
    for limit in (None, 1e-300, 1e300):
        assert heat_map([[one, other]], limit=limit).alt
        assert heat_map([[one, one]], diverging=False, limit=limit).alt


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ends", [(1e-300, 1e150), (1e-300, 1e-299), (1e149, 1e150), (1e-300, 1e-300)])
def test_a_logarithmic_axis_goes_from_the_least_to_the_largest(ends: tuple[float, float]) -> None:
    assert function_plot(ends, {"y": ends, "z": ends[::-1]}, log=True, log_x=True).alt
    assert cost_curves({"y": ends}, log=True).alt and delta_norms({1: ends, 2: [0.0, ends[0] / 2]}).alt


def test_a_name_may_be_a_number() -> None:
    numbered = {0.1: FALLING, 3: 2 * FALLING}
    named = {str(name): values for name, values in numbered.items()}
    for draw in (cost_curves, lambda curves: function_plot(np.arange(4.0), curves)):
        pictures = draw(numbered), draw(named)
        assert len({picture.png for picture in pictures}) == len({picture.alt for picture in pictures}) == 1


def test_the_history_of_a_graph_of_neurons_has_its_cost_drawn() -> None:
    history = GraphNetwork([("identity", 2), ("sigmoid", 1)]).train([[0, 1]], [[1]], epochs=2, batch_size=1)
    assert cost_curves(history).alt.startswith("Cost during training, against epoch. training: ")


@pytest.mark.parametrize("draw", [lambda: delta_norms({}), lambda: cost_curves(3), lambda: heat_map("w")])
def test_a_thing_that_is_no_data_is_refused(draw: Any) -> None:
    with pytest.raises(TypeError):
        draw()


def test_the_readers_own_style_changes_nothing() -> None:
    plain = cost_curves({"a": FALLING, "b": FALLING / 2}).png
    with matplotlib.rc_context(DARK):
        assert cost_curves({"a": FALLING, "b": FALLING / 2}).png == plain


def test_pyplot_is_never_imported_and_the_package_does_not_import_matplotlib() -> None:
    code = (
        "import sys, backprop_lib; assert 'matplotlib' not in sys.modules\n"
        "import backprop_lib.drawing.plots as p; p.heat_map([[1]])\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def moving(y: Any, at: float, panes: int = 1) -> FastFigure:
    """Two axes with a moving line, a moving point and a moving word."""
    fast = FastFigure(300, 150, panes)
    left, right = fast.figure.subplots(1, 2) if panes == 1 else [pane.subplots() for pane in fast.panes]
    styled(left, "left", "x", "y").set(xlim=(0, 3), ylim=(0, 1))
    styled(right, "right").set(xlim=(0, 3), ylim=(0, 1))
    fast.add("line", left.plot(range(4), y, zorder=3)[0])
    fast.add("point", right.plot([at], [0.5], "o", zorder=4)[0])
    fast.add("word", right.text(at, 0.7, f"{at:.1f}", zorder=5))
    return fast


def move(fast: FastFigure, y: Any, at: float) -> None:
    fast["line"].set_ydata(y)
    fast["point"].set_xdata([at])
    fast["word"].set_x(at)
    fast["word"].set_text(f"{at:.1f}")


def test_a_fast_redrawing_equals_a_full_one_pixel_for_pixel() -> None:
    fast = moving(FALLING, 0.5)
    for y, at in ((FALLING[::-1], 2.5), (FALLING**2, 1.0), (1 - FALLING, 1.7)):
        move(fast, y, at)
        assert (fast.pixels() == moving(y, at).pixels()).all()


def test_a_fast_redrawing_equals_an_ordinary_drawing_pixel_for_pixel() -> None:
    fast = moving(FALLING, 0.5)
    fast.pixels()
    move(fast, FALLING**2, 2.0)
    blitted = fast.pixels().copy()
    for name in ("line", "point", "word"):
        fast[name].set_animated(False)
    fast.figure.canvas.draw()
    assert (np.asarray(fast.figure.canvas.buffer_rgba()) == blitted).all()  # type: ignore[attr-defined]


def test_moving_away_and_back_leaves_no_trace() -> None:
    fast = moving(FALLING, 0.5)
    before = fast.pixels().copy()
    move(fast, FALLING / 2, 2.0)
    assert (fast.pixels() != before).any()
    move(fast, FALLING, 0.5)
    assert (fast.pixels() == before).all()


def test_the_fast_png_holds_the_pixels_of_the_figure() -> None:
    fast = moving(FALLING, 0.5)
    assert (opened(fast.png()) == fast.pixels()[..., :3]).all()


@pytest.mark.parametrize(
    "change", [{"text": "other"}, {"x": 0.9}, {"y": 0.1}, {"color": "red"}, {"visible": False}]
)
def test_words_that_seldom_change_are_drawn_when_they_do(change: dict[str, Any]) -> None:
    def figure() -> FastFigure:
        fast = moving(FALLING, 0.5)
        axes = fast.figure.axes[0]
        fast.add("seldom", axes.text(0.5, 0.5, "words", transform=axes.transAxes), seldom=True)
        axes.plot([], [], label="named")
        fast.add("legend", axes.legend(loc="lower left"), seldom=True)
        return fast

    fast, fresh = figure(), figure()
    before = fast.pixels().copy()
    move(fast, FALLING / 2, 2.0)
    assert (fast.pixels() != before).any()
    move(fast, FALLING, 0.5)
    for each in (fast, fresh):
        each["seldom"].set(**change)
        name_only(each["legend"], [change == {"x": 0.9}])
    assert (fast.pixels() == fresh.pixels()).all() and (fast.pixels() != before).any()


def test_a_coarser_figure_has_half_the_pixels_and_every_place_where_it_was() -> None:
    fast, corner = moving(FALLING, 0.5), FALLING[:2]
    slides, parts = (
        ("x", fast.figure.axes[0], 1.0, 1.0),
        ("a.0", fast.figure.axes[1], (0.5, 0.5, *corner), 16),
    )
    sharp, places = (
        fast.pixels().copy(),
        PNG_IN_HTML.sub("", fast.html("words", slides=[slides], parts=[parts])),
    )
    with drawn_at(1):
        assert fast.pixels().shape == (150, 300, 4)
        assert PNG_IN_HTML.sub("", fast.html("words", slides=[slides], parts=[parts])) == places
        begun = moving(FALLING, 0.5)
        assert (begun.pixels() == fast.pixels()).all()
    assert (fast.pixels() == sharp).all() and (begun.pixels() == sharp).all()


@pytest.mark.parametrize("sharpness", [1, 2])
def test_a_figure_of_two_panes_is_two_pictures_each_with_its_own_words_and_places(sharpness: int) -> None:
    fast = moving(FALLING, 0.5, panes=2)
    left, right = (pane.axes[0] for pane in fast.panes)
    slides, parts = (
        [("x", left, 1.0, 1.0), ("y", right, 2.0, 2.0)],
        [("a.0", right, (0.5, 0.5, 0.5, 0.5), 16)],
    )
    with drawn_at(sharpness):
        html = fast.html("the first", "the second", slides=slides, parts=parts)
        whole = fast.pixels()[..., :3]
    shown = [opened(base64.b64decode(png)) for png in PNG_IN_HTML.findall(html)]
    assert [png.shape for png in shown] == [(150 * sharpness, 300 * sharpness, 3)] * 2
    assert (np.hstack(shown) == whole).all() and (shown[0] != shown[1]).any()
    first, second = re.split("(?=<img)", html)[1:]
    assert 'alt="the first"' in first and 'alt="the second"' in second and "flex-wrap" in html
    assert 'data-slides="x"' in first and 'data-slides="y"' in second
    assert "data-is" in second and "data-is" not in first and html.count("data-line") == 1
    # The middle of the place is the middle of the blue point that is drawn there, in its own picture.
    start, wide = (float(re.search(rf"data-is.*?{side}:([.\d]+)%", second)[1]) for side in ("left", "width"))
    blue = shown[1][..., 2].astype(int) - shown[1][..., 0] > 100
    assert (start + wide / 2) / 100 * 300 == pytest.approx(np.nonzero(blue)[1].mean() / sharpness, abs=1)
    with pytest.raises(ValueError):
        fast.html("one reading for two pictures")


@pytest.mark.parametrize("sharpness", [1, 2])
def test_the_lines_between_cells_are_a_pixel_wide_on_any_screen(sharpness: int) -> None:
    fast = FastFigure(40, 20)
    fast.figure.set_layout_engine("none")
    axes = fast.figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    fast.add("cells", Cells(axes, DIVERGING, (-1, 1), lines=True)).cells = np.ones((2, 2))
    with drawn_at(sharpness):
        white = (fast.pixels()[..., :3] == 255).all(axis=2)
    assert white.any() and (white.all(axis=0).sum(), white.all(axis=1).sum()) == (sharpness, sharpness)


def test_a_legend_names_only_what_is_shown() -> None:
    fast = moving(FALLING, 0.5)
    axes = fast.figure.axes[0]
    axes.plot([], [], "--", label="shown")
    axes.plot([], [], ":", label="hidden")
    legend = fast.add("legend", axes.legend())
    both = fast.pixels().copy()
    name_only(legend, [True, False])
    one = fast.pixels().copy()
    name_only(legend, [False, False])
    none = fast.pixels().copy()
    assert (both != one).any() and (one != none).any()
    name_only(legend, (True, True))
    assert (fast.pixels() == both).all()


def test_an_artist_of_another_figure_or_a_name_used_twice_is_refused() -> None:
    fast = moving(FALLING, 0.5)
    with pytest.raises(TypeError, match="artist"):
        fast.add("other", moving(FALLING, 0.5)["line"])
    with pytest.raises(ValueError, match="a second time"):
        fast.add("line", fast["point"])


def pixel_colors(cells: Any, limits: tuple[float, float], log: bool = False) -> Any:
    """The color in the middle of every cell, as drawn: (rows, columns, 3)."""
    fast = FastFigure(200, 120)
    fast.figure.set_layout_engine("none")
    axes = fast.figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    drawn = fast.add("cells", Cells(axes, DIVERGING, limits, log))
    drawn.cells = np.array(cells, dtype=float)
    pixels = fast.pixels()
    rows, columns = drawn.cells.shape
    middles = [((2 * i + 1) * pixels.shape[0] // (2 * rows)) for i in range(rows)]
    return pixels[middles][:, [(2 * j + 1) * pixels.shape[1] // (2 * columns) for j in range(columns)], :3]


def test_cells_have_the_colors_of_their_numbers_the_first_row_on_top() -> None:
    cells = [[-1.0, 0.0, 1.0], [0.5, -0.5, 0.25]]
    wanted = DIVERGING(np.rint((np.array(cells) + 1) / 2 * 255).astype(int), bytes=True)[..., :3]
    assert np.array_equal(pixel_colors(cells, (-1, 1)), wanted)


def test_cells_beyond_the_limits_have_the_colors_of_the_ends_and_missing_ones_are_white() -> None:
    colors = pixel_colors([[-9.0, 9.0, np.nan]], (-1, 1))[0]
    ends = DIVERGING([0, 255], bytes=True)[:, :3]
    assert np.array_equal(colors, [*ends, [255, 255, 255]])


def test_cells_on_a_logarithmic_scale_are_halfway_at_the_geometric_mean() -> None:
    with np.errstate(all="raise"):
        colors = pixel_colors([[1e-4, 1e-2, 1.0, 0.0]], (1e-4, 1.0), log=True)[0]
    assert np.array_equal(colors, DIVERGING([0, 128, 255, 0], bytes=True)[:, :3])
