"""Every figure: after any moves it shows what a fresh one shows, and what the equations give.

The figures are found by their folder; what one has to show is written down before it stands on a page. Each
is played with, with a pause after a move of every control; `test_…_would_be_found` break what is shown at
these pauses, one part at a time.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from figure_looks import canvases, contrast, too_pale, wrong_words
from figure_mathematics import EXPECTED, flowers, start, trained
from figure_numbers import cells_of, value_of
from figure_states import (
    FIGURES,
    Driven,
    Seen,
    corners,
    crossing,
    differing,
    disagreements,
    equal,
    expected,
    fresh,
    kept,
    masked,
    pictures,
    walk,
)
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.canvas import PNG_IN_HTML, new_figure, short_numbers
from backprop_lib.drawing.colors import PAPER
from backprop_lib.drawing.epochs import EpochAxes
from backprop_lib.drawing.net import NARROW
from backprop_lib.drawing.sharpness import SHARP, drawn_at
from backprop_lib.drawing.svg import number
from backprop_lib.figures import clones, find_the_bug, iris_lab, one_neuron, step_size, weight_inspector
from backprop_lib.figures.live_training import LiveTraining
from backprop_lib.network import Network

PAGES = Path(__file__).parents[1] / "notebooks"


def test_every_figure_that_a_page_shows_has_its_mathematics() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.ipynb"))
    shown = set(re.findall(r"from backprop_lib\.figures\.(\w+) import", pages))
    assert len(shown) > 10 and shown <= set(EXPECTED) <= set(FIGURES)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_after_any_moves_a_figure_shows_what_a_fresh_one_shows(name: str) -> None:
    for pause in walk(name):
        assert not differing(pause.seen.view, fresh(name, pause.seen.values).view), pause.seen.values


@pytest.mark.parametrize("name", EXPECTED)
def test_all_that_a_figure_draws_and_says_is_computed_anew(name: str) -> None:
    for pause in walk(name):
        for seen in (pause.before, pause.seen):  # both: a stale run may be the right one again after a move
            assert not disagreements(name, seen), seen.values


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_reset_returns_to_what_was_seen_first(name: str) -> None:
    assert not differing(walk(name)[-1].seen.view, Driven(name).seen().view)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_every_text_that_a_figure_draws_stands_out_from_its_ground(name: str) -> None:
    for pause in walk(name):
        assert not too_pale(pause.seen.view.html), pause.seen.values
    for figure in kept(name).figures:
        texts = [text for text in figure.figure.findobj(Text) if text.get_text().strip()]
        assert texts and not [t.get_text() for t in texts if contrast(t.get_color(), PAPER) < 4.5]
        assert not [t.get_text() for t in texts if t.get_alpha() not in (None, 1)]


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_picture_is_cut_or_crosses_the_edge_of_its_pane(name: str) -> None:
    driven = kept(name)
    far = [
        driven.scene._initial | {key: end}
        for key, control in driven.scene.controls.items()
        for end in (getattr(control, "min", None), getattr(control, "max", None))
        if end is not None
    ]
    states = far + corners(driven, 20)
    for narrow in (False, True):
        driven.scene.screen.narrow = narrow
        for values in states[-6:] if narrow else states:
            driven.scene._set(values)
            with drawn_at(SHARP, narrow):
                assert not [words for figure in driven._shown_figures() for words in crossing(figure)], values
    driven.scene.screen.narrow = False


@pytest.mark.any_kernel
def test_a_text_that_is_cut_or_crosses_the_edge_of_its_pane_would_be_found() -> None:
    driven = Driven("one_neuron")
    left, right = (pane.axes[0] for pane in driven.figure.panes)
    left.text(13, 0.3, "across", animated=False)
    left.text(11.5, 0.2, "cut", clip_on=True)
    right.set_ylabel("C", labelpad=30)
    for words, size in (("one", 10), ("another", 10), ("tiny", 7)):
        left.text(-8, 0.3 if size > 7 else 0.2, words, fontsize=size)
    left.text(-4, 0.2, "$10^2$")
    found = ["C", "across", "another on one", "cut", "small: $10^2$", "small: tiny"]
    assert sorted(crossing(driven.figure)) == found


@pytest.mark.any_kernel
@pytest.mark.parametrize("highest", [d * 10.0**power for power in range(-14, 12) for d in (1, 2, 5)])
def test_numbers_at_an_axis_are_short_and_right_whatever_its_end(highest: float) -> None:
    axes = new_figure().subplots()
    short_numbers(axes, "C")
    axes.set_ylim(-0.04 * highest, 1.04 * highest)
    axes.get_figure().canvas.draw()
    unit = value_of(
        (axes.yaxis.get_offset_text().get_text() or "C in units of 1").removeprefix("C in units of ")
    )
    ticks = [tick for tick in axes.yaxis.get_major_ticks() if 0 <= tick.get_loc() <= highest]
    texts = [tick.label1.get_text() for tick in ticks]
    assert len(set(texts)) == len(texts) >= 4 and max(map(len, texts)) <= 5
    assert np.allclose(
        [value_of(text) * unit for text in texts], [tick.get_loc() for tick in ticks], rtol=1e-9, atol=0
    )


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_jumps_a_figure_keeps_its_canvas_whatever_is_moved(name: str) -> None:
    sizes = {tuple(canvases(pause.seen.view.html)) for pause in walk(name)}
    assert len(sizes) == 1 and all(sizes), f"give the picture one size, by canvas=(…): {sizes}"


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_a_coarser_screen_gets_the_same_picture_of_fewer_pixels_and_the_still_stays_sharp(name: str) -> None:
    figure = kept(name)
    sharp, still = figure.seen().view, figure.scene._repr_mimebundle_()[0]["text/html"]
    figure.scene.screen.pixels = 1
    coarse = figure.seen().view
    assert PNG_IN_HTML.sub("", coarse.html) == PNG_IN_HTML.sub("", sharp.html)
    pairs = [
        [Image.fromarray(pixels) for pixels in pair]
        for pair in zip(pictures(coarse.html), pictures(sharp.html), strict=True)
    ]
    assert bool(figure.figures) == any(one.size != two.size for one, two in pairs)
    for one, two in pairs:
        assert one.size in (two.size, (two.width // 2, two.height // 2))
        size = one.width // 8, one.height // 8
        coarsely = [np.asarray(each.resize(size, Image.Resampling.BOX), float) for each in (one, two)]
        assert np.abs(coarsely[0] - coarsely[1]).max() < 80  # of 255: edges alone differ
    assert figure.scene._repr_mimebundle_()[0]["text/html"] == still
    figure.scene.screen.pixels = 2
    assert not differing(figure.seen().view, sharp)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_a_phone_gets_narrow_pictures_in_letters_as_large_and_the_still_stays_wide(name: str) -> None:
    figure = kept(name)
    wide, still = figure.seen().view, figure.scene._repr_mimebundle_()[0]["text/html"]
    figure.scene.screen.narrow = True
    narrow = figure.seen().view
    assert [pixels.shape[:2] for pixels in pictures(narrow.html)] == [
        (height, min(width, 2 * NARROW)) for height, width, _ in map(np.shape, pictures(wide.html))
    ]
    assert figure.scene._repr_mimebundle_()[0]["text/html"] == still
    figure.scene.reset()
    figure.scene.screen.narrow = False
    assert not differing(figure.seen().view, wide)


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_writes_the_symbols_of_the_equations_and_counts_in_plain_words(name: str) -> None:
    for pause in walk(name):
        view = pause.seen.view
        words = " ".join(
            [view.sentence, view.alt, str(view.table), *re.findall(">([^<>]*)</text>", view.html)]
        )
        assert not wrong_words(words), pause.seen.values
    for figure in kept(name).figures:
        figure.pixels()
        assert not wrong_words(" ".join(text.get_text() for text in figure.figure.findobj(Text)))


def test_wrong_words_are_found() -> None:
    assert wrong_words("the check refuses w1, b1") == ["w1", "b1"]
    assert wrong_words("After 1 steps, 21 steps: 1 flowers are right") == ["1 steps", "1 flowers"]
    assert not wrong_words("w¹[0, 1] after 1 step of 0.1 steps, 1 of 45 held-out flowers right")


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", EXPECTED)
def test_a_figure_that_ignores_a_move_would_be_found(name: str) -> None:
    for pause in walk(name)[:-1]:
        if pause.moved in pause.before.view.idle & pause.seen.view.idle:
            continue
        parts = differing(pause.before.view, fresh(name, pause.seen.values).view)
        assert parts, pause.moved
        assert disagreements(name, replace(pause.before, values=pause.seen.values)), pause.moved


def test_the_reading_of_the_clones_in_matrices_is_that_of_its_epoch(monkeypatch) -> None:
    apart = [0.0] * 10 + [1e-12] * 50 + [0.5] * 41
    w = [share * np.eye(2) for share in apart]
    monkeypatch.setattr(clones, "matrix_run", lambda *key: (w, np.full(101, 0.5)))
    driven = Driven("clones", {"data": "XOR", "hidden": 2, "matrices": True, "epoch": 0})
    words = ("equal to the last bit", "apart by round-off alone, less than 1e−9", "apart")
    for epoch, what in ((0, 0), (9, 0), (10, 1), (59, 1), (60, 2), (100, 2)):
        driven.scene.controls["epoch"].value = epoch
        alt = driven.seen().view.alt
        assert alt.endswith(f" In matrices, on this computer, the rows are {words[what]}.")


def swapped(one: Seen, other: Seen) -> dict[str, Seen]:
    """What is seen of a state, with one part of it from another state."""
    broken = {
        part: replace(one, view=replace(one.view, **{part: getattr(other.view, part)}))
        for part in ("sentence", "alt", "table")
        if getattr(one.view, part) != getattr(other.view, part)
    }
    for artist, data in other.artists.items():
        if artist == "spread matrices":  # of the clones: it may differ only where round-off has parted them
            continue
        if artist in one.artists and not equal(data, one.artists[artist]):
            broken[artist] = replace(one, artists={**one.artists, artist: data})
    return broken


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", EXPECTED)
def test_a_part_computed_from_another_state_would_be_found(name: str) -> None:
    tried = set()
    for pause in walk(name):
        right = expected(name, pause.seen.values)
        if pause.seen.values.get("precision") == "float32":
            continue  # round-off decides every cell of this table: no number is promised
        for part, broken in swapped(pause.seen, pause.before).items():
            assert disagreements(name, broken, right), (part, pause.seen.values, pause.before.values)
            tried.add(part)
    assert {"sentence", "table"} <= tried


def after(driven: Driven, **moves: object) -> Seen:
    """What is seen after these moves, one after the other."""
    for key, value in moves.items():
        driven.scene.controls[key].value = value
    return driven.seen()


STATES = [  # the forms that a sentence can take, and the places where two states are easily taken for one
    *(
        ("stepper", {"activation": kind, "step": step, "j": 2, "k": 3})
        for kind in ("tanh", "relu")
        for step in range(7)
    ),
    *(
        ("step_size", {"exponent": h, "of": of, "l": 1, "j": 1, "k": 3})
        for h in (0.0, -0.5, -1.5)
        for of in ("median", "weight", "bias")
    ),
    ("step_size", {"precision": "float32", "of": "weight", "l": 1, "j": 1, "k": 3, "exponent": -1.0}),
    *(("step_size", {"exponent": -0.5, "difference": kind}) for kind in ("forward", "central")),
    *(("one_neuron", {"cost": "bowl", "eta": 2.0, "step": step}) for step in (1, 2, 6)),
    ("one_neuron", {"cost": "bowl", "eta": 2.0, "step": 30}),  # far away, and stopped
    ("one_neuron", {"cost": "bowl", "eta": 5.0, "step": 300}),
    ("one_neuron", {"cost": "bowl", "w": -4.0, "b": -8.0, "y": 0.25, "eta": 1.0, "step": 1}),  # at the edge
    *(
        ("one_neuron", {"cost": kind, "w": w, "b": 2 * w, "y": y, "step": step})  # a little beyond the start
        for kind in ("quadratic", "cross-entropy")
        for w, y in ((4.0, 1.0), (-4.0, 0.0))
        for step in (0, 1)
    ),
    *(
        ("one_neuron", {"cost": "bowl", "w": w, "b": b, "y": w + b, "step": 0})
        for w, b in ((2, -2), (1, -0.5))
    ),
    *(
        ("one_neuron", {"cost": kind, "eta": 0.9, "y": y, "step": 300})
        for kind in one_neuron.COSTS
        for y in (0.37, 0.5)
    ),
    *(("one_neuron", {"cost": kind, "b": -8.0, "y": 1.0, "step": 0}) for kind in one_neuron.COSTS),
    ("depth", {"layers": 1, "seeds": 1, "init": "he"}),
    ("depth", {"layers": 8, "activation": "relu", "init": "normal"}),  # errors explode
    ("depth", {"activation": "identity", "init": "normal"}),  # one net has no error at all
    *(("depth", {"layers": 3, "back": back}) for back in (0, 1, 2)),
    *(("expression_graph", {"step": step}) for step in (2, 6)),
    *(("weight_inspector", {"exponent": h}) for h in (-12.0, -9.0, -2.0, -1.0)),
    *(("weight_inspector", {"l": 1, "j": 4, "k": 3, "change": by}) for by in (-3.0, -0.05, 0.05, 3.0)),
    *(
        ("weight_inspector", {"l": 1, "j": 2, "k": 3, "example": 60, "exponent": h})
        for h in (-12.0, -11.0, -8.0, -3.0, -1.0)
    ),
    *(("weight_inspector", {"l": 1, "j": 3, "k": 1, "example": 131, "exponent": h}) for h in (-2.0, -1.0)),
    ("find_the_bug", {"mystery": 1 + find_the_bug.bug_order().index(""), "reveal": True}),
    *(("clones", {"data": "XOR", "start": start, "epoch": 30}) for start in ("random", "nearly constant")),
]


@pytest.mark.parametrize(("name", "moves"), STATES)
def test_every_form_of_a_sentence_is_computed_anew(name: str, moves: dict[str, object]) -> None:
    assert not disagreements(name, after(kept(name), **moves))


AXES = [  # the curves that have to be seen whole, in states far apart
    *(
        ("one_neuron", {"cost": cost, "w": w, "b": w, "eta": eta}, ["costs"])
        for cost in ("quadratic", "cross-entropy", "bowl")
        for w in (-4.0, 0.25, 4.0)
        for eta in (0.01, 5.0)
    ),
    *(("find_the_bug", {"mystery": n}, ["cost"]) for n in (1, 9)),  # it falls, and rises
    ("weight_inspector", {}, ["curve", "tangent"]),
    ("weight_inspector", {"l": 1, "j": 3, "k": 1}, ["curve", "tangent"]),  # which hardly moves the cost
    ("weight_inspector", {"l": 1, "j": 0, "k": 2, "example": 140}, ["curve", "tangent"]),
    *(("live_training", {"epoch": n}, ["training", "held out", "l = 1", "l = 2"]) for n in (0, 30)),
    *(
        ("depth", {"activation": kind, "init": init}, ["median"])
        for kind in ("identity", "sigmoid", "tanh", "relu")
        for init in ("random", "normal", "xavier", "he")
    ),
]


@pytest.mark.any_kernel
@pytest.mark.parametrize(("name", "values", "curves"), AXES)
def test_an_axis_fits_its_data(name: str, values: dict[str, object], curves: list[str]) -> None:
    driven = kept(name)
    driven.scene._set(values)
    for curve in curves:
        line = driven.figure[curve]
        (low, high), y = line.axes.get_ylim(), line.get_ydata()
        assert low <= y.min() <= y.max() <= high, curve
        if line.axes.get_yscale() == "linear":
            assert y.max() > 0.35 * high, f"{curve} is lost at the bottom"


@pytest.mark.any_kernel
def test_the_axis_of_the_weight_inspector_is_no_longer_than_what_it_shows_needs() -> None:
    driven = kept("weight_inspector")
    weights = [
        *((1, j, k) for j in range(5) for k in range(4)),
        *((2, j, k) for j in range(3) for k in range(5)),
    ]
    states = [
        *((*weight, 0) for weight in weights),
        (2, 1, 3, 118),
        (1, 3, 3, 60),
        (1, 0, 2, 140),
        (2, 2, 4, 149),
    ]
    for l, j, k, example in states:
        driven.scene._set({"l": l, "j": j, "k": k, "example": example, "change": 0.0})
        shown = np.concatenate([driven.figure[name].get_ydata() for name in ("curve", "tangent")])
        axes = driven.figure["curve"].axes
        low, high = axes.get_ylim()
        assert low < shown.min() and shown.max() < high
        assert np.ptp(shown) > 0.4 * (high - low), (l, j, k, example)
        ticks = [(float(y), text) for y, text in numbers_at(axes) if low <= y <= high]
        assert len(ticks) >= 3 and len({text.get_text() for _, text in ticks}) == len(ticks)
        for y, text in ticks:
            assert abs(value_of(text.get_text()) - y) < 1e-3 * (high - low)
            assert text.get_window_extent().x0 > axes.yaxis.label.get_window_extent().x1
        assert axes.yaxis.label.get_window_extent().x0 >= 0 and not axes.yaxis.get_offset_text().get_text()


def numbers_at(axes: Axes) -> list[tuple[float, Text]]:
    """The numbers at the axis upwards, and where they stand."""
    return list(zip(axes.get_yticks(), axes.get_yticklabels(), strict=True))


def test_the_axis_of_the_weight_inspector_stays_and_is_not_drawn_anew_while_its_weight_is_dragged() -> None:
    driven = Driven("weight_inspector", {"l": 1, "j": 3, "k": 3})
    limits, background = driven.figure["curve"].axes.get_ylim(), driven.figure._background
    for change in (-3.0, -1.0, 0.5, 3.0):
        driven.scene.controls["change"].value = change
        assert driven.figure["curve"].axes.get_ylim() == limits
        assert driven.figure._background is background


def test_a_cost_that_does_not_change_is_a_flat_line_on_the_finest_axis() -> None:
    low, high = weight_inspector._limits(np.full(61, 0.25))
    assert low < 0.25 < high and high - low < 1e-6


@pytest.mark.any_kernel
@pytest.mark.parametrize(("l", "j"), [*((1, j) for j in range(5)), *((2, j) for j in range(3))])
def test_the_axes_of_nudge_fit_the_neuron_and_an_arrow_leads_from_before_to_after(l: int, j: int) -> None:
    driven = kept("nudge")
    driven.scene._set({"l": l, "j": j})
    for example, nudge in ((0, 1.0), (60, -2.0), (149, 0.0), (100, 2.0)):
        driven.scene.controls["example"].value, driven.scene.controls["nudge"].value = example, nudge
        figure = driven.figure
        low, high = figure["curve"].axes.get_ylim()
        shown = np.concatenate([figure[name].get_ydata() for name in ("curve", "line", "dot", "promise")])
        assert low < shown.min() < shown.max() < high and np.ptp(shown) > 0.85 * (high - low)
        numbers = {
            text.get_text(): text.get_position()[1]
            for i in range(9)
            if (text := figure[f"level {i}"]).get_text()
        }
        assert len(numbers) >= 3 and all(low <= y <= high for y in numbers.values())
        assert all(number(y) == words for words, y in numbers.items())
        for name in "zaC":
            before, after = (figure[f"{when} {name}"] for when in ("before", "after"))
            (old, new), (left, right) = before.get_xdata(), before.axes.get_xlim()
            ends = [figure[f"{name} {i}"].get_position()[0] for i in range(2)]
            assert left < ends[0] <= min(old, new) <= max(old, new) <= ends[1] < right
            assert after.get_marker() == ("o" if new == old else ">" if new > old else "<")
            assert before.get_markevery() == [0], "the shaft begins at the ring"


def test_a_right_block_of_a_mystery_lies_below_the_tolerance_and_a_wrong_one_above() -> None:
    for pause in walk("find_the_bug"):
        errors = {verdict: pause.seen.artists[verdict][2] for verdict in ("ok", "wrong")}
        assert ((errors["ok"] > 1e-12) & (errors["ok"] < 1e-7)).all() and (errors["wrong"] > 1e-7).all()
        assert sum(map(len, errors.values())) == 6


WILD = {"layers": 3, "size_1": 9, "size_2": 7, "size_3": 7, "activation": "tanh", "eta": 30.0, "batch": 105}
WILD_NET = [("identity", 4), ("tanh", 9), ("tanh", 7), ("tanh", 7), ("sigmoid", 3)]
NOT_RESET = 1 + find_the_bug.bug_order().index("not_reset")
ROUND_OFF = "round-off has grown in this run, and another computer may get another answer here."


def wild_run(epochs: int) -> LiveTraining:
    training, held_out = standardize(*split(load_iris()))
    run = LiveTraining(Network(WILD_NET, seed=0), training, "quadratic", 30.0, 60, 105, 0, held_out)
    run.controls["epoch"].value = epochs
    return run


@pytest.mark.parametrize(
    ("scene", "sentence", "known"),
    [
        (
            lambda: Driven("iris_lab", WILD | {"epoch": 60}).scene,
            f"A #-#-#-#-# net after # epochs: {ROUND_OFF}",
            0,
        ),
        (lambda: wild_run(60), f"Epoch #: {ROUND_OFF}", 0),
        (
            lambda: Driven("find_the_bug", {"mystery": NOT_RESET}).scene,
            "The cost fell from #; how far depends on round-off, and another computer may get another answer "
            "here; the check refuses w¹, b¹, w², b², w³, b³.",
            7,
        ),
    ],
    ids=["iris_lab", "live_training", "find_the_bug"],
)
def test_what_round_off_decides_is_said_in_no_digit(scene, sentence, known) -> None:
    shown = scene()
    assert masked(shown.view.sentence) == masked(sentence)
    numbers = [cell for _, cell in cells_of(shown.view.table)]
    assert "depends on the computer" in numbers
    assert sum(cell != "depends on the computer" for cell in numbers) == known, numbers
    assert not re.search(r"<title>[^<]*:|data-value=|>idle<", shown.view.html), "what another net has is told"


@pytest.mark.parametrize("name", ["iris_lab", "live_training"])
def test_digits_are_said_until_round_off_has_grown(name: str) -> None:
    """The twin of this test is another one: w and b a little larger, in the mathematics of these tests."""
    scene = wild_run(20) if name == "live_training" else Driven(name, WILD | {"epoch": 20}).scene
    runs = []
    for share in (0.0, 1e-13):
        w, b = start([4, 9, 7, 7, 3], "random", 0)
        for l in w:
            w[l] *= 1 + share
        runs.append(trained(w, b, ["tanh"] * 3 + ["sigmoid"], flowers(), 30.0, 105, 0, 20).cost)
    apart, is_open = np.abs(np.subtract(*runs)) / runs[0], []
    for epoch in range(21):
        scene.controls["epoch"].value = epoch
        is_open.append(ROUND_OFF in scene.view.sentence)
    first = is_open.index(True)
    assert is_open == sorted(is_open) and apart[:first].max() < 1e-6 < apart[first:].max()
    scene.controls["epoch"].value = first - 1
    assert cells_of(scene.view.table)[0][1] == number(runs[0][first - 1], 4)


@pytest.mark.parametrize("precision", step_size.PRECISIONS)
@pytest.mark.parametrize("difference", step_size.KINDS)
def test_the_sentence_of_step_size_is_the_row_of_its_step(difference: str, precision: str) -> None:
    driven = kept("step_size")
    driven.scene.controls["difference"].value = difference
    driven.scene.controls["precision"].value = precision
    for row, exponent in enumerate(step_size.EXPONENTS):
        driven.scene.controls["exponent"].value = float(exponent)
        view = driven.seen().view
        step, said = view.table[1 + row]
        where = f"At h = {step}, the median of all 43 parameters"
        bound = said.removeprefix("round-off, ").replace("below", "less than")
        off = f"{bound} (round-off may be most of it)" if said.startswith("round-off") else bound
        assert view.sentence.startswith(f"{where}: the {difference} difference is off by {off}.")
        assert view.sentence.endswith("the dots are those of this one.") == ("below" in said)


def test_round_off_is_named_only_where_its_bound_is_a_hundred_times_truncation() -> None:
    truncation, bounds = np.array([0.5, 0.0101, 0.0099]), np.ones(3)
    assert step_size.in_words(bounds, truncation, bounds) == ["below 1", "below 1", "round-off, below 1"]
    at = {"of": "weight", "l": 1, "j": 3, "k": 3, "precision": "float32", "exponent": 0.0}
    assert "round-off" not in Driven("step_size", at).scene.view.sentence.partition(" Such")[0]


@pytest.mark.any_kernel
@pytest.mark.parametrize(
    ("place", "control", "value"),
    [(3, "eta", 0.2), (5, "seed", 7)],
)
def test_a_stale_run_in_the_iris_lab_is_found(monkeypatch, place, control, value) -> None:
    right, history = after(Driven("iris_lab"), **{control: value}), iris_lab.Runs.history
    first = {}

    def stale(self, key, epoch):
        kept = first.setdefault(id(self), key[place])
        return history(self, (*key[:place], kept, *key[place + 1 :]), epoch)

    monkeypatch.setattr(iris_lab.Runs, "history", stale)
    wrong = after(Driven("iris_lab"), **{control: value})
    assert {"sentence", "table", "pixels"} <= set(differing(wrong.view, right.view))
    assert disagreements("iris_lab", wrong) and not disagreements("iris_lab", right)


@pytest.mark.any_kernel
def test_stale_curves_of_the_step_size_are_found(monkeypatch) -> None:
    right, u_curve, first = after(Driven("step_size"), precision="float32"), step_size.u_curve, {}

    def stale(net, x, y, kind, precision):
        return first.setdefault(kind, u_curve(net, x, y, kind, precision))

    monkeypatch.setattr(step_size, "u_curve", stale)
    wrong = after(Driven("step_size"), precision="float32")
    assert "pixels" in differing(wrong.view, right.view)


def left_as_it_was(method):
    """A method that works only the first time that it is called."""
    done = []

    def once(*args):
        if not done:
            done.append(method(*args))
        return done[0]

    return once


@pytest.mark.any_kernel
def test_what_the_iris_lab_keeps_of_a_former_state_is_found(monkeypatch) -> None:
    moves = {"layers": 2, "epoch": 6}
    right, name_only = after(Driven("iris_lab"), **moves), iris_lab.name_only
    with monkeypatch.context() as broken:  # a legend that names the layers of the first net
        broken.setattr(iris_lab, "name_only", left_as_it_was(name_only))
        legend = after(Driven("iris_lab"), **moves)
    assert differing(legend.view, right.view) == ["pixels"]
    assert disagreements("iris_lab", legend) == ["words of legend"]
    fit = EpochAxes.fit
    with monkeypatch.context() as broken:  # axes that end where those of the first state end
        broken.setattr(EpochAxes, "fit", left_as_it_was(fit))
        axes = after(Driven("iris_lab"), **moves)
    assert "pixels" in differing(axes.view, right.view)
    assert {"words of map epoch 2", "line now cost"} <= set(disagreements("iris_lab", axes))
