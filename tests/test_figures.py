"""Every figure to play with: all controls to both ends and back, and its numbers against the arrays."""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from figure_numbers import differences, value_of
from figure_states import Driven, corners, scene_of
from matplotlib import get_data_path
from PIL import ImageFont

from backprop_lib.activations import ACTIVATIONS, HIDDEN
from backprop_lib.course.mistakes import MISTAKES
from backprop_lib.data import load_iris, standardize
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.figures import (
    clones,
    depth,
    figure_names,
    find_the_bug,
    iris_lab,
    one_neuron,
    reproducible,
    step_size,
)
from backprop_lib.figures.reproducible import ELSEWHERE, OPEN
from backprop_lib.figures.scene import View
from backprop_lib.gradient_check import check_gradient
from backprop_lib.network import Network
from backprop_lib.training import train

FOLDER = Path(__file__).parents[1] / "backprop_lib" / "figures"
FIGURES = figure_names()
NET = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
IRIS = load_iris()


def ends(control):
    """The first and the last value that a control can take."""
    options = getattr(control, "options", None)
    if options is not None:
        values = [option[1] if isinstance(option, tuple) else option for option in options]
        return values[0], values[-1]
    return (control.min, control.max) if hasattr(control, "min") else (control.low, control.high)


def stops_of(control):
    """A few values of a control: its ends, and some between."""
    options = getattr(control, "options", None)
    if options is not None:
        values = [option[1] if isinstance(option, tuple) else option for option in options]
        return [values[0], values[len(values) // 2], values[-1]]
    first, last = ends(control)
    middle = (first + last) / 2
    if not hasattr(control, "min"):
        return [first, control.value, last]
    steps = round((middle - first) / control.step)
    return [first, first + steps * control.step, last]


def words_of_no_number(view):
    """Where a view says that something is no number, or infinite."""
    parts = {"sentence": view.sentence, "alt": view.alt, "table": str(view.table), "page": view.html}
    lost = re.compile(r"\bnan\b|\binf\b|∞|not a number", re.IGNORECASE)
    return [part for part, text in parts.items() if lost.search(re.sub('base64,[^"]+', "", text))]


def table(scene):
    return {str(row[0]): row[1:] for row in scene.view.table}


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_every_control_moves_to_both_ends_and_back_and_reset_returns(name) -> None:
    scene = scene_of(name)
    first = scene.view
    for control in scene.controls.values():
        assert control.description.strip()
        initial = control.value
        for value in (*ends(control), initial):
            good = scene.view
            control.value = value
            if scene.error is not None:  # refused with a sentence, and the last good picture stays
                assert isinstance(scene.error, ValueError) and scene.view is good
            assert not words_of_no_number(scene.view), scene.view.sentence
        assert scene.error is None, scene.error
    for control in scene.controls.values():
        control.value = ends(control)[1]
    scene.reset()
    assert scene.error is None, scene.error
    assert (scene.view.sentence, scene.view.alt, scene.view.code) == (first.sentence, first.alt, first.code)
    scene.close()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_sentence_numbers_code_and_a_picture_with_its_reading(name) -> None:
    view = scene_of(name).view
    assert view.sentence.endswith(".") and len(view.table) > 1 and view.code
    # The stepper's drawing is read without its shapes and numbers: they stand beside it as text.
    read = view.sentence.partition(". For neuron")[0] if name == "stepper" else view.sentence
    assert read[1:] in view.alt and len(view.alt) > 40
    assert re.search(r'(<img|<svg)[^>]*(alt|aria-label)="[^"]{20,}', view.html)


@pytest.mark.parametrize("name", FIGURES)
def test_the_code_of_a_figure_gives_every_number_of_its_table(name) -> None:
    scene = scene_of(name)
    found = differences(scene.view.table, scene.view.code)
    # Neighbors stand at different stops, so that two controls taken for one another are noticed.
    several = [stops_of(control) for control in scene.controls.values()]
    several = [stops[i % 3 :] + stops[: i % 3] for i, stops in enumerate(several)]
    for stops in zip(*several, strict=True):
        scene._held = True
        for control, value in zip(scene.controls.values(), stops, strict=True):
            if hasattr(control, "max"):  # whose bounds follow another control
                value = min(value, control.max)
            control.value = value
        scene._held = False
        scene.refresh()
        assert scene.error is None, scene.error
        found += differences(scene.view.table, scene.view.code)
    assert not found


def test_a_table_that_does_not_agree_with_its_code_is_found() -> None:
    rows = [["", "value"], ["a", "1.23"], ["b", "below 1e−9"], ["c", "−4.5e−5"]]
    assert not differences([["", "value"], ["d", "0, exactly"]], "[0.0]")
    assert differences([["", "value"], ["d", "0, exactly"]], "[1e-300]")
    assert not differences(rows, "[1.2345, 1e-12, -4.5e-5]")
    assert "a: shown 1.23" in differences(rows, "[1.24, 1e-12, -4.5e-5]")[0]
    assert "b: shown below" in differences(rows, "[1.2345, 1e-8, -4.5e-5]")[0]
    assert "c: shown" in differences(rows, "[1.2345, 1e-12, 4.5e-5]")[0]
    assert "3 numbers in the table, 2" in differences(rows, "[1.2345, 1e-12]")[0]


def test_a_number_that_is_none_is_found() -> None:
    for text in ("It is nan.", "It is ∞.", "It is not a number.", "It is −inf."):
        view = View("<svg></svg>", text, text, [["a"], [text]])
        assert words_of_no_number(view) == ["sentence", "alt", "table"]
    assert not words_of_no_number(View("<b>the infinite banana</b>", "finance", "inform", [[1.5]]))


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", FIGURES)
def test_two_figures_on_one_page_do_not_touch_each_other(name) -> None:
    one, other = scene_of(name), scene_of(name)
    before = other.view
    for control in one.controls.values():
        control.value = ends(control)[0]
    assert other.view is before


@pytest.mark.parametrize("l, j, nudge, example", [(2, 0, 1.0, 0), (1, 3, -2.0, 149), (2, 2, 0.5, 75)])
def test_nudge_shows_the_cost_of_a_net_whose_bias_is_nudged(l, j, nudge, example) -> None:
    scene = scene_of("nudge")
    scene.controls["l"].value, scene.controls["j"].value = l, j
    scene.controls["nudge"].value, scene.controls["example"].value = nudge, example
    x, y = IRIS.x[[example]].T, IRIS.y[[example]].T
    nudged = NET.copy()
    nudged.b[l][j] += nudge  # nudging z is nudging the bias
    shown = table(scene)
    assert value_of(shown["δ"][0]) == pytest.approx(backprop(NET, x, y).delta[l][j, 0], rel=1e-2)
    assert value_of(shown["C"][0]) == pytest.approx(cost_of(NET, x, y), rel=1e-2)
    assert value_of(shown["C"][1]) == pytest.approx(cost_of(nudged, x, y), rel=1e-2)


@pytest.mark.parametrize("l, j, k", [(2, 0, 0), (2, 2, 4), (1, 4, 3)])
def test_the_weight_inspector_shows_the_slope_of_its_weight(l, j, k) -> None:
    scene = scene_of("weight_inspector")
    scene.controls["l"].value, scene.controls["j"].value, scene.controls["k"].value = l, j, k
    run = backprop(NET, IRIS.x[[0]].T, IRIS.y[[0]].T)
    assert value_of(table(scene)["a δ, equation (4)"][0]) == pytest.approx(run.gradient.w[l][j, k], rel=1e-2)
    measured = re.search(r"Measured with h = 1e−5: ([^ ]+)\.$", scene.view.sentence)[1]
    assert value_of(measured) == pytest.approx(run.gradient.w[l][j, k], rel=1e-2)


@pytest.mark.parametrize("step", range(7))
def test_the_stepper_writes_the_numbers_of_the_arrays(step) -> None:
    scene = scene_of("stepper")
    scene.controls["step"].value, scene.controls["example"].value = step, 60
    (flowers,) = standardize(IRIS)
    run = backprop(NET, flowers.x[[60]].T, flowers.y[[60]].T)
    result = {
        0: run.a[0][3, 0],
        1: run.a[1][0, 0],
        2: run.a[2][0, 0],
        3: run.delta[2][0, 0],
        4: run.delta[1][0, 0],
        5: run.gradient.w[2][0, 0],
        6: run.gradient.w[1][0, 0],
    }[step]
    numbers = re.findall(r"−?[0-9.]+(?:e−?[0-9]+)?", scene.view.sentence.partition(" Shapes:")[0].rstrip("."))
    assert value_of(numbers[-1]) == pytest.approx(result, rel=1e-2)


def test_the_drawn_net_of_the_weight_inspector_carries_its_own_weights() -> None:
    html = scene_of("weight_inspector").view.html
    edges = re.findall(r'data-layer="(\d)" data-to="(\d)" data-from="(\d)" data-value="([^"]+)"', html)
    assert len(edges) == 35
    for l, j, k, value in edges:
        assert float(value) == pytest.approx(NET.w[int(l)][int(j), int(k)], rel=1e-4)


def test_layer_sizes_counts_what_the_net_has() -> None:
    scene = scene_of("layer_sizes")
    scene.controls["hidden"].value, scene.controls["size_2"].value = 3, 12
    sizes = [4, 5, 12, 5, 3]
    net = Network([("identity", 4), *[("tanh", n) for n in sizes[1:]]])
    assert f"= {net.theta.size} weights" in scene.view.sentence


def test_one_neuron_ends_where_the_equations_lead() -> None:
    for cost, answer in (("quadratic", 0.203), ("cross-entropy", 0.012)):
        path, costs = one_neuron.walk(2.0, 2.0, 0.15, cost)
        a = 1 / (1 + np.exp(-path[-1].sum()))
        assert a == pytest.approx(answer, abs=5e-4) and np.all(np.diff(costs) < 0)


@pytest.mark.parametrize("eta, rises, ends", [(0.4, 0, "down"), (0.9, 0, "down"), (1.1, 7, "up")])
def test_one_neuron_on_a_bowl_overshoots_and_its_trail_shows_it(eta, rises, ends) -> None:
    path, costs = one_neuron.walk(2.0, 2.0, eta, "bowl")
    z = path.sum(axis=1)[:8]
    assert np.allclose(z, 4 * (1 - 2 * eta) ** np.arange(8))
    assert np.all(z[1:] * z[:-1] < 0) == (eta > 0.5), "every step crosses the bottom"
    assert np.sum(np.diff(costs[:8]) > 0) == rises and (costs[-1] > costs[0]) == (ends == "up")


def test_the_logits_show_softmax_and_both_errors() -> None:
    scene = scene_of("logits")
    rows = np.array([[value_of(v) for v in row[1:]] for row in scene.view.table[1:]])
    p = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    y = np.array([1, 0, 0])
    jacobian = np.diag(p) - np.outer(p, p)
    assert np.allclose(rows[:, 1], p, rtol=1e-2) and np.allclose(rows[:, 2], p - y, rtol=1e-2)
    assert np.allclose(rows[:, 3], jacobian @ (p - y), rtol=1e-2)


def test_the_iris_lab_shows_the_run_that_its_line_of_code_trains() -> None:
    scene = scene_of("iris_lab")
    scene.controls["epoch"].value, scene.controls["layers"].value = 30, 2
    training_set, held_out = iris_lab.lab_data()
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    history = train(net, training_set, learning_rate=3, epochs=30, batch_size=10, seed=0, held_out=held_out)
    shown = table(scene)
    assert shown["training cost"][0] == number(history.cost[-1], 4)
    assert shown["held-out accuracy"][0] == number(history.held_out_accuracy[-1], 4)
    assert shown["‖δ‖ of layer 1"][0] == number(history.delta_norm(1)[-1], 4)
    assert "[('identity', 4), ('sigmoid', 5), ('sigmoid', 5), ('sigmoid', 3)]" in scene.view.code


def test_what_the_history_of_the_iris_lab_does_not_hold_is_open_where_the_twin_has_other_numbers(
    monkeypatch,
) -> None:
    def twin(share):
        monkeypatch.setattr(
            reproducible.Twins,
            "twin",
            lambda twins, epoch: (1 + share) * twins.history().parameters[epoch],
        )
        scene = scene_of("iris_lab")
        scene.controls["epoch"].value = 30
        assert ELSEWHERE not in scene.view.sentence
        assert ('data-open="' in scene.view.html) == (share > 1e-6), "the weights of the net that is drawn"
        return {name: row[0] for name, row in table(scene).items()}

    plain, same, other = twin(0.0), twin(1e-12), twin(1e-4)
    assert plain == same and OPEN not in plain.values()
    left_open = {name for name, cell in other.items() if cell == OPEN}
    slopes, rises = ({n for n in plain if n.startswith(words)} for words in ("largest ∂C/∂w", "more cost"))
    assert len(slopes) == 2 and len(rises) == 5
    assert left_open == slopes | {name for name in rises if "below" not in plain[name]}
    assert rises & left_open
    assert all(other[name] == plain[name] for name in plain.keys() - left_open)


def test_a_rise_of_the_cost_of_which_round_off_may_decide_the_digits_is_none() -> None:
    rises = {1: np.array([0.2, 0.9e-5, -1.1e-5]), 2: np.array([-0.9e-5])}
    name = "more cost without neuron {} of layer {}"
    right = {name.format(0, 1): 0.2, name.format(1, 1): 0, name.format(2, 1): -1.1e-5, name.format(0, 2): 0}
    assert iris_lab.more_cost(rises, 0.1) == right


def test_the_iris_lab_leaves_open_which_of_two_equal_outputs_is_the_answer() -> None:
    # All ReLUs have died, and of the biases of the outputs nothing is left but round-off.
    settings = {"activation": "relu", "cost": "cross_entropy", "batch_size": 105, "seed": 747}
    for epoch in (55, 56, 57):
        view = iris_lab.iris_lab([10, 9], epoch=epoch, **settings).view
        said = f"A 4-10-9-3 net after {epoch} epochs: round-off has grown in this run, and {ELSEWHERE}."
        assert view.sentence == said and {value for _, value in view.table[1:]} == {OPEN}
        assert "Idle: of" not in view.html, "as all of them would be"
        assert 'data-open="' in view.html and 'data-value="' not in view.html, "no weight is told in digits"


def test_the_iris_lab_shows_that_four_of_five_neurons_idle() -> None:
    view = scene_of("iris_lab").view
    assert "4 of 5 hidden neurons are idle." in view.sentence
    marked = re.findall(r'data-layer="1" data-neuron="(\d)"[^>]*data-idle="true"', view.html)
    assert marked == ["0", "1", "2", "3"] and view.html.count(">idle<") == 4


@pytest.mark.parametrize(
    "idle, neurons, words",
    [
        (0, 1, "Its only hidden neuron works."),
        (1, 1, "Its only hidden neuron is idle."),
        (0, 2, "Both hidden neurons work."),
        (0, 5, "All 5 hidden neurons work."),
        (1, 5, "1 of 5 hidden neurons is idle."),
        (2, 5, "2 of 5 hidden neurons are idle."),
        (5, 5, "All 5 hidden neurons are idle."),
    ],
)
def test_idle_neurons_are_counted_in_words_that_fit_their_number(idle, neurons, words) -> None:
    assert iris_lab.idle_sentence(idle, neurons) == f" {words}"


def test_a_neuron_is_idle_that_does_what_another_does() -> None:
    net = Network([("identity", 4), ("sigmoid", 3), ("sigmoid", 3)], seed=0)
    net.w[2][:, 0] = 0.0  # nobody listens to neuron 0
    x, y = iris_lab.lab_data()[0].columns()
    rises = iris_lab.work(net, x, y)
    _, a = feed_forward(net, x)
    without = a[1].copy()
    without[2] = without[2].mean()
    outputs = net.sigma[2](net.w[2] @ without + net.b[2])
    rise = (0.5 * (outputs - y) ** 2).sum(axis=0).mean() - cost_of(net, x, y)
    assert rises[1][0] == 0 and rises[1][2] == pytest.approx(rise, rel=1e-9)
    assert iris_lab.idle_neurons({1: np.array([0.0, 0.2, 0.009])}, 0.1) == {(1, 0), (1, 2)}
    assert iris_lab.idle_neurons({1: np.array([-0.1, -0.2])}, 0.1) == {(1, 0), (1, 1)}


def shared_line(scene) -> str:
    return unescape(re.search("This state again: <code[^>]*>(.*?)</code>", scene.view.html)[1])


def test_one_line_of_code_shows_the_state_of_the_iris_lab_again() -> None:
    scene = scene_of("iris_lab")
    assert shared_line(scene) == "iris_lab()"
    for name, value in {"layers": 2, "size_1": 3, "activation": "tanh", "epoch": 7, "eta": 0.5}.items():
        scene.controls[name].value = value
    scene.keep_button.click()
    scene.controls["cost"].value, scene.controls["batch"].value = "cross_entropy", 30
    scene.controls["seed"].value, scene.controls["size_2"].value = 4, 2
    line = shared_line(scene)
    assert line == (
        "iris_lab(hidden=[3, 2], activation='tanh', cost='cross_entropy', learning_rate=0.5, batch_size=30, "
        "seed=4, epoch=7, kept={'hidden': [3, 5], 'activation': 'tanh', 'learning_rate': 0.5})"
    )
    again = eval(line, {"iris_lab": iris_lab.iris_lab})
    assert again.view == scene.view
    again.reset()
    assert again.view == scene.view


def test_a_kept_run_with_a_whole_learning_rate_is_the_run_with_that_number() -> None:
    whole, same = (iris_lab.iris_lab(epoch=1, kept={"learning_rate": rate}) for rate in (1, 1.0))
    assert shared_line(whole) == shared_line(same) == "iris_lab(epoch=1, kept={'learning_rate': 1.0})"


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"hidden": [5, 0]}, "hidden: expected up to 4 whole numbers from 1 to 12"),
        ({"hidden": [5] * 5}, "hidden: expected up to 4"),
        ({"activation": "sigmod"}, "activation: expected one of"),
        ({"cost": "entropy"}, "cost: expected one of quadratic, cross_entropy"),
        ({"batch_size": 7}, "batch_size: expected one of 1, 10, 30, 105"),
        ({"learning_rate": 31}, "learning_rate: expected a number from 0.1 to 30"),
        ({"seed": -1}, "seed: expected a whole number from 0 to 999"),
        ({"seed": 1.5}, "seed: expected a whole number"),
        ({"epoch": 501}, "epoch: expected a whole number from 0 to 500"),
        ({"kept": {"size": 3}}, "kept: expected some of hidden, activation"),
        ({"kept": {"seed": True}}, "seed: expected a whole number"),
        (
            {"kept": {1: 2, "size": 3}},
            "kept: expected some of hidden, activation, cost, learning_rate, batch_size",
        ),
        ({"hidden": [True]}, "hidden: expected up to 4 whole numbers from 1 to 12, got [True]"),
        ({"batch_size": True}, "batch_size: expected one of 1, 10, 30, 105, got True"),
        ({"batch_size": 10.0}, "batch_size: expected one of 1, 10, 30, 105, got 10.0"),
        (
            {"activation": np.zeros(2)},
            "activation: expected one of identity, sigmoid, tanh, relu, got array(",
        ),
    ],
)
def test_the_iris_lab_refuses_what_it_has_no_control_for(arguments, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        iris_lab.iris_lab(**arguments)


NO_FIGURE = [
    (lambda: iris_lab.work(NET, *[IRIS.x.T, IRIS.y.T[:1]]), ValueError, "y: expected shape (3, m)"),
    (lambda: iris_lab.work(NET, IRIS.x, IRIS.y.T), ValueError, "x: expected shape (4, m)"),
    (lambda: iris_lab.work(NET, *IRIS.columns(), "hinge"), ValueError, "cost: expected one of"),
    (lambda: depth.error_norms(-1, "tanh", "he", 1), ValueError, "hidden_layers: expected an integer of"),
    (lambda: depth.error_norms(2, "tanh", "he", 0), ValueError, "seeds: expected a positive integer, got 0"),
    (
        lambda: depth.error_norms(2, "tanh", "he", "3"),
        TypeError,
        "seeds: expected a positive integer, got '3'",
    ),
    (lambda: find_the_bug.train_with("none"), ValueError, "name: expected one of"),
    (lambda: clones.clone_run("random", 2, "xor"), ValueError, "data: expected one of iris, XOR, got"),
    (lambda: clones.clone_run("xavier", 2, "XOR"), ValueError, "start: expected one of"),
    (
        lambda: clones.clone_run("random", 0, "XOR"),
        ValueError,
        "specification, layer 1, size: expected a pos",
    ),
]


@pytest.mark.parametrize("call, error, words", NO_FIGURE)
def test_what_the_code_of_a_figure_calls_refuses_what_makes_no_sense(call, error, words) -> None:
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        call()


@pytest.mark.parametrize("kept", [3, "seed", ["seed"], {"seed"}, True, np.zeros(2)], ids=repr)
def test_what_the_iris_lab_keeps_is_a_dict_of_settings(kept) -> None:
    with pytest.raises(TypeError, match=f"^kept: expected a dict of settings, got {re.escape(repr(kept))}$"):
        iris_lab.iris_lab(kept=kept)


def test_a_kept_run_of_the_iris_lab_is_seen_beside_the_next_one() -> None:
    lab = Driven("iris_lab", {"epoch": 12})
    scene = lab.scene
    first = lab.seen()
    scene.keep_button.click()
    scene.controls["size_1"].value = 1
    kept = lab.seen()
    said = re.search(r"training cost ([^,]+), (\d+) of 45", first.view.sentence)
    assert (
        f"Kept, in gray: a 4-5-3 net, training cost {said[1]}, {said[2]} of 45 right." in kept.view.sentence
    )
    curves = lab.figures[1]
    for name in ("training", "held out"):
        assert np.array_equal(kept.artists[f"cost kept {name}"][2], first.artists[f"cost {name}"][2])
        assert not np.array_equal(kept.artists[f"cost {name}"][2], first.artists[f"cost {name}"][2])
        marks = [curves[f"cost {run}{name}"].get_marker() for run in ("", "kept ")]
        assert marks == ["o", "None"], "a point is where the run is now"
    assert kept.artists["costs"][1] == ["training", "held out", "kept"]
    before, answers = first.artists["answers"][1], kept.artists["answers"][1]
    border = answers == 3
    turns = before[:, 1:] != before[:, :-1]
    assert border.any() and (border[:, :-1] | ~turns).all()
    plain = Driven("iris_lab", {"epoch": 12, "size_1": 1}).seen()
    assert np.array_equal(answers[~border], plain.artists["answers"][1][~border])
    scene.controls["eta"].value, scene.controls["seed"].value = 1.0, 2
    assert "Kept, in gray: a 4-5-3 net (η = 3, seed 0), training" in scene.view.sentence
    scene.keep_button.click()
    assert "Kept" not in scene.view.sentence and (lab.seen().artists["answers"][1] < 3).all()
    scene.keep_button.click()
    scene.reset()
    assert scene.view.sentence == first.view.sentence and scene.keep_button.description == "Keep this run"


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ({"cost": "cross_entropy", "seed": 7}, "cost cross-entropy, seed 7"),
        ({"activation": "tanh", "learning_rate": 0.3, "batch_size": 30}, "tanh, η = 0.3, batch 30"),
    ],
)
def test_a_kept_run_is_told_by_all_that_it_has_otherwise(kept, words) -> None:
    sentence = iris_lab.iris_lab(epoch=1, kept=kept).view.sentence
    assert f"Kept, in gray: a 4-5-3 net ({words}), training cost" in sentence


def test_a_kept_run_is_trained_on_with_the_epoch_and_says_what_round_off_does_to_it() -> None:
    wild = {"hidden": [9, 7, 7], "activation": "tanh", "learning_rate": 30.0, "batch_size": 105}
    scene = iris_lab.iris_lab(epoch=5, kept=wild)
    assert "Kept, in gray: a 4-9-7-7-3 net (tanh, η = 30, batch 105), training cost" in scene.view.sentence
    scene.controls["epoch"].value = 60
    assert "(tanh, η = 30, batch 105), in which round-off has grown." in scene.view.sentence
    assert scene.view.progress is None and "training cost" in scene.view.sentence


def test_each_pane_of_the_iris_lab_is_as_wide_as_its_picture_or_up_to_a_quarter_narrower() -> None:
    html = iris_lab.iris_lab(epoch=1).view.html
    panes = re.findall(r'style="flex:(\d+) 1 (\d+)px;max-width:(\d+)px;line-height:0"><(?:img|svg|div)', html)
    plane, net, curves = ([int(n) for n in pane] for pane in panes)
    assert plane[2] == 258 and curves[2] == 262 and f'viewBox="0 0 {net[2]} ' in html
    for share, least, width in (plane, net, curves):
        assert share == width and abs(least - 0.75 * width) <= 0.5


def test_the_axes_of_the_iris_lab_are_as_long_as_the_run() -> None:
    lab = Driven("iris_lab", {"epoch": 12})
    for epoch, end in ((12, 15), (0, 10), (61, 80), (500, 500)):
        lab.scene.controls["epoch"].value = epoch
        artists = lab.seen().artists
        assert [artists[f"map epoch {i}"][1] for i in range(3)] == ["0", number(end / 2), str(end)]
        assert artists["errors"][1].shape == (9, end + 1)
        assert lab.figures[1]["cost training"].axes.get_xlim() == (0, end)
        assert lab.figures[1]["errors"].axes.get_xlim() == (0, end)


def test_the_drawn_net_of_the_iris_lab_has_the_weights_of_its_run() -> None:
    scene = scene_of("iris_lab")
    scene.controls["epoch"].value = 40
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    train(net, iris_lab.lab_data()[0], learning_rate=3, epochs=40, batch_size=10, seed=0)
    edges = re.findall(
        r'data-layer="(\d)" data-to="(\d)" data-from="(\d)" data-value="([^"]+)"', scene.view.html
    )
    assert len(edges) == 35
    for l, j, k, value in edges:
        assert float(value) == pytest.approx(net.w[int(l)][int(j), int(k)], rel=1e-5)


def test_a_long_run_of_the_iris_lab_comes_in_parts_that_end_where_one_run_ends(monkeypatch) -> None:
    monkeypatch.setattr(iris_lab, "PATIENCE", 0.0)
    key, runs = ((5,), "sigmoid", "quadratic", 3.0, 10, 0), iris_lab.Runs()
    lengths = [runs.history(key, 35).epochs for _ in range(5)]
    assert lengths == [10, 20, 30, 35, 35]
    net = Network(iris_lab.specification([5], "sigmoid", "quadratic"), seed=0)
    assert np.array_equal(runs.history(key, 35).cost, train(net, runs.train, epochs=35).cost)
    assert runs.history(key, 20).epochs == 35  # going back trains nothing anew


def test_a_run_of_the_iris_lab_that_diverges_says_so_and_keeps_the_last_finite_state(monkeypatch) -> None:
    def exploding(sizes, activation, cost):
        return [("identity", 4), ("relu", 5), ("identity", 3)]

    scene = scene_of("iris_lab")
    monkeypatch.setattr(iris_lab, "specification", exploding)
    scene.controls["eta"].value = 30.0
    assert scene.error is None, scene.error
    assert "The run diverged in epoch" in scene.view.sentence and scene.view.progress is None
    assert np.isfinite([value_of(row[1]) for row in scene.view.table[1:]]).all()


def test_the_iris_lab_says_which_layers_are_not_there() -> None:
    scene = scene_of("iris_lab")
    scene.controls["layers"].value = 2
    idle = {name for name, control in scene.controls.items() if getattr(control, "disabled", False)}
    assert idle == {"size_3", "size_4"}


def test_the_neurons_of_the_weight_inspector_stay_inside_their_layers() -> None:
    scene = scene_of("weight_inspector")
    scene.controls["k"].value = 4
    scene.controls["l"].value = 1
    assert scene.error is None, scene.error
    assert (scene.controls["j"].max, scene.controls["k"].max, scene.controls["k"].value) == (4, 3, 3)
    scene.controls["j"].value = 4
    scene.controls["l"].value = 2
    assert scene.error is None, scene.error
    assert (scene.controls["j"].value, scene.controls["k"].max) == (2, 4)


def test_the_iris_lab_refuses_nonsense_with_a_sentence_and_keeps_the_picture() -> None:
    scene = scene_of("iris_lab")
    good = scene.view
    scene.controls["seed"].value = 12345
    assert scene.view is good and "Seed: expected" in str(scene.error)
    assert isinstance(scene.error, ValueError)


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_u_curve_is_of_the_net_s_own_activations_in_either_precision(hidden: str, output: str) -> None:
    net = Network([("identity", 4), (hidden, 3), (output, 3)], seed=1)
    x, y = (columns.tolist() for columns in IRIS.take([0, 70, 140]).columns())
    costs = [step_size.cost_in(net, net.theta, x, y, precision) for precision in step_size.PRECISIONS]
    assert costs[0] == cost_of(net, x, y) and costs[1] == pytest.approx(costs[0], rel=1e-5)
    assert np.isfinite(step_size.u_curve(net, x, y, "central", "float32")).all()


@pytest.mark.parametrize(
    "changed, error, words",
    [
        ({"precision": "float16"}, ValueError, "precision: expected one of float64, float32, got 'float16'"),
        ({"net": 3}, TypeError, "net: expected a Network, got 3"),
        ({"x": [[1]]}, ValueError, "x: expected shape (4, m)"),
        ({"y": "1"}, TypeError, "y: expected an array of numbers, got '1'"),
    ],
)
def test_a_u_curve_of_what_makes_no_sense_is_refused(changed, error, words) -> None:
    net, (x, y) = Network([("identity", 4), ("sigmoid", 3)]), IRIS.take([0]).columns()
    given = {"net": net, "x": x, "y": y, "kind": "central", "precision": "float32"} | changed
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        step_size.u_curve(**given)
    if "precision" in changed:
        with pytest.raises(error, match=f"^{re.escape(words)}"):
            step_size.cost_in(net, net.theta, x, y, **changed)


def test_the_curve_of_step_size_has_the_slopes_of_truncation_and_a_bottom() -> None:
    net, (x, y) = NET, IRIS.take(range(0, 150, 30)).columns()
    for kind, slope in (("forward", 1), ("central", 2)):
        median = np.median(step_size.u_curve(net, x, y, kind, "float64"), axis=1)
        at = {h: median[np.argmin(np.abs(step_size.EXPONENTS - h))] for h in (-1, -2, -3, -12, -5)}
        assert np.log10(at[-2] / at[-3]) == pytest.approx(slope, abs=0.1)
        assert at[-12] > at[-5]


@pytest.mark.parametrize("name", ["", *MISTAKES])
def test_find_the_bug_shows_the_checkers_verdict(name) -> None:
    report = find_the_bug.train_with(name)[2]
    assert report.passed == (name == "")
    assert set(find_the_bug.bug_order()) == {"", *MISTAKES}


def test_parameters_apart_or_digits_that_differ_are_each_a_doubt_in_find_the_bug(monkeypatch) -> None:
    with monkeypatch.context() as alone:
        alone.setattr(find_the_bug, "cost_of", lambda *_: 0.5)  # a cost that shows nothing
        assert find_the_bug.train_with("not_reset").doubtful and not find_the_bug.train_with("").doubtful
    shares = iter([0.0, 1.0])
    monkeypatch.setattr(reproducible, "apart", lambda *_: next(shares, 0.0))
    assert find_the_bug.train_with("").doubtful, "apart once is apart for good"
    assert find_the_bug.train_with("not_reset").doubtful and not find_the_bug.train_with("").doubtful


def test_the_mysteries_beside_the_one_that_is_seen_are_trained_while_nobody_asks(monkeypatch) -> None:
    trained, later = list[str](), list()
    train_with, order = find_the_bug.train_with, find_the_bug.bug_order()
    monkeypatch.setattr(find_the_bug, "train_with", lambda name: trained.append(name) or train_with(name))
    monkeypatch.setattr(find_the_bug, "when_idle", later.append)
    scene = scene_of("find_the_bug")
    assert trained == order[:1]
    for action in later:
        action()
    assert trained == [order[0], order[1], order[-1]]
    scene.controls["mystery"].value = 2
    assert trained == [order[0], order[1], order[-1]], "it was trained ahead"


def test_find_the_bug_does_not_tell_before_it_is_asked() -> None:
    scene = scene_of("find_the_bug")
    hidden = scene.view
    assert not any(m.title in hidden.sentence + hidden.alt + hidden.code for m in MISTAKES.values())
    scene.controls["reveal"].value = True
    assert MISTAKES[find_the_bug.bug_order()[0]].title in scene.view.sentence


def test_depth_measures_the_norms_of_the_errors() -> None:
    norms = depth.error_norms(3, "tanh", "xavier", 2)
    from backprop_lib.data import split

    x, y = standardize(*split(IRIS))[0].columns()
    layers = [("identity", 4), *[("tanh", depth.WIDTH_OF_A_LAYER)] * 3, ("sigmoid", 3)]
    delta = backprop(Network(layers, "xavier", 1), x, y).delta
    sizes = np.array([np.linalg.norm(delta[l]) for l in range(1, 5)])
    assert np.allclose(norms[1], sizes / sizes[-1], rtol=1e-12)


def test_the_expression_graph_ends_with_every_slope_of_backpropagation() -> None:
    scene = scene_of("expression_graph")
    scene.controls["step"].value = ends(scene.controls["step"])[1]
    net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
    net.theta[...] = 2.0
    run = backprop(net, np.array([[1.0]]), np.array([[0.0]]))
    shown = table(scene)
    assert value_of(shown["w"][1]) == pytest.approx(run.gradient.w[1][0, 0], rel=1e-2)
    assert value_of(shown["z"][1]) == pytest.approx(run.delta[1][0, 0], rel=1e-2)
    assert check_gradient(net, np.array([[1.0]]), np.array([[0.0]])).passed


BOX = re.compile(r'<g data-id="([^"]+)".*?<rect x="([^"]+)"[^>]* width="([^"]+)".*?</g>', re.DOTALL)
IN_BOX = re.compile(
    r'<text x="([^"]+)" y="([^"]+)" font-size="([^"]+)"[^>]* text-anchor="start"[^>]*>([^<]*)<'
)
LETTERS = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", 100)  # the widest of the fonts


def test_the_numbers_of_the_expression_graph_fit_their_boxes_and_are_those_of_its_table() -> None:
    driven, texts = Driven("expression_graph"), 0
    for values in corners(driven, 64):
        driven.scene._set(values)
        rows = {str(name): numbers for name, *numbers in driven.scene.view.table[1:]}
        for box in BOX.finditer(driven.scene.view.html):
            name, left, wide = box[1], float(box[2]), float(box[3])
            found, lines = IN_BOX.findall(box[0]), list[tuple[float, float, float]]()
            assert len(found) == box[0].count("<text")
            for x, y, size, words in found:
                begin, end = float(x), float(x) + LETTERS.getlength(words) * float(size) / 100
                assert left + 2.5 <= begin and end <= left + wide - 2.5, (words, values)
                lines.append((begin, end, float(y) - 0.35 * float(size)))
                kind, _, text = words.partition(" ")
                if kind in ("value", "grad"):  # with the digits of the table, or with more of them
                    assert number(value_of(text)) == rows[name][kind == "grad"], (words, values)
                    texts += 1
            for (_, end, y), (begin, _, other) in combinations(sorted(lines), 2):
                assert end + 3 < begin or abs(y - other) >= 13, (name, values)
    assert texts == 48 * 11, "half of these states have no slope yet"


def test_the_error_in_the_expression_graph_is_the_written_answer_less_the_target() -> None:
    html = Driven("expression_graph", {"x": 2.0, "w": 2.5, "b": 1.5, "y": 1.0}).scene.view.html
    written = dict(re.findall(r'<g data-id="([ayd])".*?>value ([^<]*)<', html))
    a, y, d = (value_of(written[name]) for name in "ayd")
    assert a - y == pytest.approx(d, rel=1e-2) and 0 < -d < 0.01


def test_truncation_falls_as_the_power_of_the_step_that_it_is_for_every_parameter() -> None:
    """Of a parameter whose curve is flat, too: else round-off would be taken for what the step does."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    for kind, power in (("forward", 1), ("central", 2)):
        truncation = step_size.limits(net, x, y, kind, "float64").truncation
        assert truncation[0].max() < {1: 1e-10, 2: 1e-20}[power]
        np.testing.assert_allclose(truncation[2], truncation[0] * 10.0**power, rtol=1e-12)


@pytest.mark.parametrize("kind, power", [("forward", 1), ("central", 2)])
def test_truncation_is_taken_from_the_largest_of_five_steps(monkeypatch, kind, power) -> None:
    """Where the first step that decides happens to be a good one, its error says nothing of the others."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    law = np.repeat(1e6 * (10.0 ** np.arange(-12, 0.01, 0.5)[:, None]) ** power, 43, axis=1)
    errors, first = law.copy(), 18
    errors[:first] = 0.0  # here no step decides
    errors[first : first + 4] *= [[0.1], [0.2], [0.3], [0.4]]
    errors[first + 5 :] *= 3.0  # more than two decades away other terms count
    monkeypatch.setattr(step_size, "u_curve", lambda *arguments: errors)
    truncation = step_size.limits(net, x, y, kind, "float64").truncation
    np.testing.assert_allclose(truncation[:first], law[:first], rtol=1e-12)
    np.testing.assert_array_equal(truncation[first:], errors[first:])
