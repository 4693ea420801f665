"""Neurons that begin alike stay alike to the last bit in the graph, on every processor."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import numpy as np
import pytest
from figure_numbers import value_of
from figure_states import Driven

from backprop_lib.course.puzzles import EarlyLayers
from backprop_lib.data import load_iris, split, standardize, xor
from backprop_lib.drawing.svg import number
from backprop_lib.figures import clones, depth
from backprop_lib.network import Network
from backprop_lib.other_ways import neurons
from backprop_lib.other_ways.neurons import GraphNetwork
from backprop_lib.training import train

IRIS = standardize(*split(load_iris()))[0]


def examples_of(data):
    examples = xor() if data == "XOR" else IRIS
    return examples.x.tolist(), examples.y.tolist()


def are_clones(graph):
    """Whether all hidden neurons have the same weights in, bias, and weights out, to the last bit."""
    hidden = graph.layers[1]
    return all(
        [c.weight for c in n.incoming] == [c.weight for c in hidden[0].incoming]
        and n.bias == hidden[0].bias
        and [c.weight for c in n.outgoing] == [c.weight for c in hidden[0].outgoing]
        for n in hidden
    )


@pytest.mark.parametrize("hidden", range(2, 9))
@pytest.mark.parametrize("start", ["constant", "zeros"])
@pytest.mark.parametrize("data", ["iris", "XOR"])
def test_in_the_graph_neurons_that_begin_alike_are_equal_to_the_bit_for_300_epochs(data, start, hidden):
    xs, ys = examples_of(data)
    size = 3 if data == "XOR" else 10  # all four points at once would leave zeros where they are
    graph = GraphNetwork([("identity", len(xs[0])), ("sigmoid", hidden), ("sigmoid", len(ys[0]))], start)
    first = graph.layers[1][0].incoming[0].weight
    rng, order = random.Random(hidden), list(range(len(xs)))
    for _ in range(300):
        rng.shuffle(order)
        for i in range(0, len(xs), size):
            batch = order[i : i + size]
            graph.step([xs[e] for e in batch], [ys[e] for e in batch], 3.0)
        assert are_clones(graph)
    assert graph.layers[1][0].incoming[0].weight != first  # they do move


def added_up(numbers: Iterable[float]) -> float:
    """The sum, rounded after each number; from Python 3.12 on `sum` makes up for what was rounded off."""
    total = 0.0
    for value in numbers:
        total += value
    return total


def test_a_graph_that_adds_up_one_neuron_in_another_order_has_no_clones(monkeypatch) -> None:
    monkeypatch.setattr(neurons, "sum", added_up, raising=False)
    xs, ys = examples_of("iris")
    graph = GraphNetwork([("identity", 4), ("sigmoid", 3), ("sigmoid", 3)], "constant")
    graph.layers[1][2].outgoing.reverse()  # the sum of equation (2) runs backwards
    for _ in range(20):
        for i in range(0, len(xs), 10):
            graph.step(xs[i : i + 10], ys[i : i + 10], 3.0)
    out = [sorted(c.weight for c in neuron.outgoing) for neuron in graph.layers[1]]
    assert graph.layers[1][0].incoming[0].weight != graph.layers[1][2].incoming[0].weight or out[0] != out[2]


def test_a_spread_is_zero_only_if_the_rows_are_equal_to_the_last_bit() -> None:
    rows = np.full((3, 4), 0.1)
    assert clones.spread(rows) == 0.0
    rows[1, 2] = np.nextafter(0.1, 1)
    assert 0 < clones.spread(rows) < 1e-16
    assert clones.spread(np.array([[1.0, 2.0], [4.0, 2.5]])) == 3.0


@pytest.mark.parametrize("data", ["iris", "XOR"])
@pytest.mark.parametrize("start", clones.STARTS)
def test_the_run_of_the_figure_is_that_of_the_graph(start, data) -> None:
    run = clones.clone_run(start, 3, data)
    assert len(run.w) == len(run.cost) == len(run.accuracy) == clones.EPOCHS + 1
    assert (clones.spread(run.w[-1]) == 0) == are_clones(run.graph) == (start in ("constant", "zeros"))
    w, cost = clones.matrix_run(start, 3, data)
    assert np.allclose(w[0], run.w[0], rtol=0, atol=0) and cost[0] == pytest.approx(run.cost[0], rel=1e-12)
    assert np.allclose(w[10], run.w[10], rtol=1e-9) and cost[10] == pytest.approx(run.cost[10], rel=1e-9)


def drawn(monkeypatch, **values):
    """A figure that begins with these values, and the canvas it draws on."""
    made = []

    class Kept(clones.CloneFigure):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(clones, "CloneFigure", Kept)
    return Driven("clones", values).scene, made[0]


def independent(start, hidden, data):
    """The run by the graph alone, with a loop of its own: w¹ and the cost by epoch."""
    net, examples, size = clones.beginning(start, hidden, data)
    graph = GraphNetwork(net.specification, "zeros")
    layers = (1, 2)
    graph.set_parameters({l: net.w[l].tolist() for l in layers}, {l: net.b[l][:, 0].tolist() for l in layers})
    xs, ys, rng = examples.x.tolist(), examples.y.tolist(), np.random.default_rng(0)
    w, costs = [graph.parameters().w[1]], [graph.cost_of(xs, ys)]
    for _ in range(clones.EPOCHS):
        order = rng.permutation(len(xs))
        for i in range(0, len(xs), size):
            graph.step([xs[e] for e in order[i : i + size]], [ys[e] for e in order[i : i + size]], 3.0)
        w.append(graph.parameters().w[1])
        costs.append(graph.cost_of(xs, ys))
    return np.array(w), np.array(costs)


@pytest.mark.parametrize(
    "start, hidden, data, epoch",
    [("constant", 3, "iris", 100), ("zeros", 5, "XOR", 37), ("nearly constant", 2, "iris", 60)],
)
def test_what_the_figure_draws_and_says_is_an_independent_run(
    monkeypatch, start, hidden, data, epoch
) -> None:
    scene, figure = drawn(monkeypatch, data=data, hidden=hidden, start=start, epoch=epoch)
    w, costs = independent(start, hidden, data)
    spreads = (w.max(axis=1) - w.min(axis=1)).max(axis=1)
    assert np.allclose(figure.rows.cells, w[epoch], rtol=1e-12)
    assert np.allclose(figure.lines["cost graph"].get_ydata(), costs, rtol=1e-12)
    assert np.allclose(figure.lines["spread graph"].get_ydata(), spreads, rtol=1e-9, atol=0)
    assert len(figure.lines["cost matrices"].get_ydata()) == 0
    assert f"{start} start, epoch {epoch}: cost {number(costs[epoch], 2)}." in scene.view.sentence
    table = {str(row[0]): row[1:] for row in scene.view.table}
    far = spreads[epoch]
    assert table["spread of the rows"] == [clones.ZERO if far == 0 else number(far, 2)]
    assert np.allclose([value_of(v) for v in table["0"]], w[epoch][0], rtol=6e-2, atol=1e-12)
    assert ("equal to the last bit" in scene.view.sentence) == (far == 0) == (start != "nearly constant")


@pytest.mark.parametrize("start, hidden", [("constant", 3), ("constant", 4), ("random", 5)])
def test_the_matrices_beside_the_graph_are_those_of_this_computer(monkeypatch, start, hidden) -> None:
    scene, figure = drawn(monkeypatch, start=start, hidden=hidden)
    alone = scene.view
    scene.controls["matrices"].value = True
    net, examples, size = clones.beginning(start, hidden, "iris")
    history = train(
        net, examples, learning_rate=3.0, epochs=100, batch_size=size, seed=0, keep_parameters=True
    )
    spreads = [np.ptp(net.with_parameters(t).w[1], axis=0).max() for t in history.parameters]
    assert np.array_equal(figure.lines["spread matrices"].get_ydata(), spreads)
    assert np.array_equal(figure.lines["cost matrices"].get_ydata(), history.cost)
    far = spreads[-1]
    found = "equal to the last bit." if far == 0 else "apart." if far >= 1e-9 else "apart by round-off alone"
    assert f"on this computer, the rows are {found}" in scene.view.alt
    assert scene.view.sentence.startswith(alone.sentence) and scene.view.table == alone.table
    scene.controls["matrices"].value = False
    assert scene.view == alone and len(figure.lines["spread matrices"].get_ydata()) == 0


def test_no_sentence_or_table_rests_on_what_matrices_do(monkeypatch) -> None:
    def views(parted):
        w, cost = [np.zeros((4, 4))] * 101, np.full(101, 0.5)
        w[100] = np.arange(16.0).reshape(4, 4) * parted
        monkeypatch.setattr(clones, "matrix_run", lambda *key: (w, cost))
        scene = clones.clones()
        default = scene.view
        scene.controls["matrices"].value = True
        return default, scene.view

    (default, together), (other_default, parted) = views(0.0), views(1.0)
    assert default == other_default
    assert (together.sentence, together.table, together.code) == (parted.sentence, parted.table, parted.code)
    assert together.alt != parted.alt and together.html != parted.html


def test_the_axis_of_the_spread_has_a_place_for_an_exact_zero(monkeypatch) -> None:
    _, figure = drawn(monkeypatch)
    axes = figure.lines["spread graph"].axes
    labels = dict(zip(axes.get_yticks(), [t.get_text() for t in axes.get_yticklabels()], strict=True))
    assert labels[0.0] == clones.ZERO
    place = axes.transData.transform([(0, 0.0), (0, 5e-17), (0, 1e-16)])[:, 1]
    bottom, top = axes.bbox.y0, axes.bbox.y1
    height = top - bottom
    assert bottom <= place[0] < place[1] < place[2] < bottom + 0.3 * height  # and room above for the rest
    assert place[1] - place[0] > 0.08 * height


def test_a_run_of_the_figure_comes_in_parts_that_end_where_one_run_ends(monkeypatch) -> None:
    run, whole = clones.CloneRun("constant", 2, "XOR"), clones.clone_run("constant", 2, "XOR")
    lengths = []
    while len(run.cost) <= clones.EPOCHS:
        run.carry_on(0.0)
        lengths.append(len(run.cost) - 1)
    assert lengths == list(range(1, clones.EPOCHS + 1))
    run.carry_on()
    assert run.cost == whole.cost and np.array_equal(run.w, whole.w)


@pytest.mark.parametrize("start", clones.STARTS)
@pytest.mark.parametrize("data", ["iris", "XOR"])
def test_round_off_moves_no_digit_of_the_figure(start, data) -> None:
    run, twin = clones.clone_run(start, 4, data), clones.CloneRun(start, 4, data)
    for neuron in twin.graph.layers[1]:
        for k, connection in enumerate(neuron.incoming):
            connection.weight *= 1 + (k + 1) * 1e-13
    for neuron in twin.graph.layers[2]:
        neuron.bias += 1e-13
    twin.carry_on()
    assert twin.cost != run.cost
    assert np.allclose(run.w, twin.w, rtol=0, atol=1e-9) and np.allclose(
        run.cost, twin.cost, rtol=0, atol=1e-9
    )
    assert max(run.cost) < 0.8


def test_the_band_in_which_errors_arrive_is_one() -> None:
    assert depth.BAND == EarlyLayers.band == 10
    for middle, word in ((0.09, "vanish"), (0.11, "survive"), (9.0, "survive"), (11.0, "explode")):
        assert depth.trend(middle) == word


def deep(activation, init, size=8, output="sigmoid"):
    return lambda seed: Network([("identity", 4), *[(activation, size)] * 6, (output, 3)], init, seed)


@pytest.mark.parametrize(
    "answer, right",
    [
        (deep("tanh", "xavier", 4), True),
        (deep("tanh", "xavier"), True),
        (deep("tanh", "xavier", 16), True),
        (deep("relu", "he", 5), True),
        (deep("relu", "he"), True),
        (deep("tanh", "random"), True),
        (deep("tanh", "xavier", output="softmax"), True),
        (deep("identity", "xavier"), False),
        (deep("relu", "random"), False),
        (deep("relu", "normal"), False),
        (deep("sigmoid", "xavier"), False),
    ],
)
def test_a_right_start_is_told_from_a_wrong_one_whatever_the_round_off(answer, right) -> None:
    exercise = EarlyLayers()

    def nudged(seed):
        net = answer(seed)
        net.theta *= 1 + 1e-13 * np.random.default_rng(seed + 5).standard_normal(net.theta.size)
        return net

    assert exercise.judge(answer).passed == exercise.judge(nudged).passed == right


def test_the_bound_of_the_exercise_lies_far_from_what_right_and_wrong_nets_reach() -> None:
    exercise = EarlyLayers()
    for answer, right in ((deep("tanh", "xavier", 4), True), (deep("identity", "xavier"), False)):
        for seed in range(3):
            lowest = min(train(answer(seed), IRIS, learning_rate=exercise.rate, epochs=60).cost)
            assert lowest < 0.8 * exercise.wanted if right else lowest > 1.5 * exercise.wanted


def test_the_sentence_of_depth_says_what_the_median_is() -> None:
    sentence = depth.depth().view.sentence
    middle = np.median(depth.error_norms(8, "sigmoid", "random", 10), axis=0)[0]
    assert re.search(r"is ([^ ]+) times", sentence)[1] == number(middle, 2)


def test_a_difference_in_the_last_bit_is_not_called_equal(monkeypatch) -> None:
    assert clones.in_words(0.0) == "equal to the last bit"
    assert clones.in_words(5e-17).startswith("apart by round-off alone") and clones.in_words(0.18) == "apart"
    monkeypatch.setattr(clones, "spread", lambda w: 5e-17)
    view = clones.clones().view
    assert (
        "Two rows differ by up to 5e−17." in view.sentence and ["spread of the rows", "5e−17"] in view.table
    )
