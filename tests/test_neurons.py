"""The graph of neurons: the worked example, the equations as sums, training, and what it refuses."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from backprop_lib.other_ways import neurons, plain_arguments
from backprop_lib.other_ways.neurons import GraphHistory, GraphNetwork, NestedLists, Neuron

SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
FLOWER, SETOSA = (5.1, 3.5, 1.4, 0.2), (1, 0, 0)
XOR = [(0, 0), (0, 1), (1, 0), (1, 1)], [(0,), (1,), (1,), (0,)]
ROWS = [[0.3, -1.2, 0.8, 0.1], [-0.5, 0.4, 1.1, -0.9], [1.3, 0.2, -0.7, 0.6]]
TARGETS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
PAIRS = [
    ("identity", "quadratic"),
    ("sigmoid", "quadratic"),
    ("tanh", "quadratic"),
    ("relu", "quadratic"),
    ("softmax", "quadratic"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
]


def worked_example() -> GraphNetwork:
    graph = GraphNetwork(SPECIFICATION, init="constant")
    graph.backprop(FLOWER, SETOSA)
    return graph


def by_hand() -> GraphNetwork:
    """The 2-2-1 net of sigmoids whose arithmetic is written out in the tests below."""
    graph = GraphNetwork([("identity", 2), ("sigmoid", 2), ("sigmoid", 1)])
    graph.set_parameters(
        w={1: [[2, -1], [1, -1]], 2: [[2, 4]]},
        b={1: [0, 1 + math.log(3)], 2: [-4]},
    )
    return graph


def random_net(hidden: str, output: str, seed: int = 1) -> GraphNetwork:
    """A 4-3-2-3 net with random weights and, unlike a new one, random biases."""
    graph = GraphNetwork([("identity", 4), (hidden, 3), (hidden, 2), (output, 3)], seed=seed)
    rng = random.Random(seed)
    w, b = graph.parameters()
    graph.set_parameters(w, {l: [rng.gauss(0.1, 0.5) for _ in row] for l, row in b.items()})
    return graph


def flat(lists: NestedLists) -> list[float]:
    return [v for l in lists.b for v in (*(w for row in lists.w[l] for w in row), *lists.b[l])]


def nudges(graph: GraphNetwork) -> list[Callable[[float], None]]:
    """One function for every parameter, in the order of `flat`, which adds a number to it."""

    def nudge(thing: Any, name: str) -> Callable[[float], None]:
        return lambda h: setattr(thing, name, getattr(thing, name) + h)

    found = []
    for layer in graph.layers[1:]:
        found += [nudge(c, "weight") for neuron in layer for c in neuron.incoming]
        found += [nudge(neuron, "bias") for neuron in layer]
    return found


def slopes(graph: GraphNetwork, cost: str, h: float = 1e-5) -> list[float]:
    """∂C/∂θ of every parameter by central differences."""
    measured = []
    for nudge in nudges(graph):
        nudge(h)
        above = graph.cost_of(ROWS, TARGETS, cost)
        nudge(-2 * h)
        below = graph.cost_of(ROWS, TARGETS, cost)
        nudge(h)
        measured.append((above - below) / (2 * h))
    return measured


def relative_error(ours: list[float], theirs: list[float]) -> float:
    return math.dist(ours, theirs) / (math.hypot(*ours) + math.hypot(*theirs))


# The worked example and the net by hand


def test_the_forward_pass_of_the_worked_example_comes_out_to_the_last_digits() -> None:
    _, hidden, output = worked_example().layers
    assert [n.z for n in hidden] == pytest.approx([10.2] * 5, abs=1e-14, rel=0)
    assert [n.a for n in hidden] == pytest.approx([0.9999628310628971] * 5, abs=1e-15, rel=0)
    assert [n.z for n in output] == pytest.approx([4.9998141553144855] * 3, abs=2e-15, rel=0)
    assert [n.a for n in output] == pytest.approx([0.9933059134564377] * 3, abs=1e-15, rel=0)


def test_the_cost_and_the_errors_of_the_worked_example_come_out_to_the_last_digits() -> None:
    graph = worked_example()
    expected = [-4.4510827315210804e-05, 0.006604764921594382, 0.006604764921594382]
    assert graph.cost_of([FLOWER], [SETOSA]) == pytest.approx(0.9866790431048544, abs=1e-15, rel=0)
    assert [n.delta for n in graph.layers[2]] == pytest.approx(expected, abs=1e-15, rel=0)
    assert [n.delta for n in graph.layers[1]] == pytest.approx([4.893115758926319e-07] * 5, abs=1e-15, rel=0)
    assert [n.delta for n in graph.layers[1]] == pytest.approx([4.893115758926319e-07] * 5, rel=1e-9)


def test_feeding_forward_by_hand() -> None:
    # x = (1, 2). z¹ = (2·1 − 1·2 + 0, 1·1 − 1·2 + 1 + ln 3) = (0, ln 3), so a¹ = (1/2, 3/4).
    # z² = 2·1/2 + 4·3/4 − 4 = 0, so a² = 1/2. With y = 1, C = ½ (1/2 − 1)² = 1/8.
    graph = by_hand()
    outputs = graph.feed_forward([1, 2])
    assert outputs == pytest.approx([1 / 2], abs=1e-15)
    assert [n.z for n in graph.layers[1]] == pytest.approx([0, math.log(3)], abs=1e-15)
    assert [n.a for n in graph.layers[1]] == pytest.approx([1 / 2, 3 / 4], abs=1e-15)
    assert graph.cost_of([[1, 2]], [[1]]) == pytest.approx(1 / 8, abs=1e-15)


def test_the_errors_by_hand() -> None:
    # σ′(0) = 1/2 · 1/2 = 1/4 and σ′(ln 3) = 3/4 · 1/4 = 3/16.
    # (1) δ² = (1/2 − 1) · 1/4 = −1/8.   (2) δ¹ = (1/4 · 2 · −1/8, 3/16 · 4 · −1/8) = (−1/16, −3/32).
    graph = by_hand()
    graph.backprop([1, 2], [1])
    assert [n.delta for n in graph.layers[2]] == pytest.approx([-1 / 8], abs=1e-15)
    assert [n.delta for n in graph.layers[1]] == pytest.approx([-1 / 16, -3 / 32], abs=1e-15)


def test_the_gradient_by_hand() -> None:
    # (3) the bias gradients are the errors.   (4) a_k δ_j: a⁰ = (1, 2) and a¹ = (1/2, 3/4).
    dw, db = by_hand().gradient([[1, 2]], [[1]])
    assert db[1] == pytest.approx([-1 / 16, -3 / 32], abs=1e-15) and db[2] == pytest.approx([-1 / 8])
    assert dw[1][0] == pytest.approx([-1 / 16, -2 / 16], abs=1e-15)
    assert dw[1][1] == pytest.approx([-3 / 32, -6 / 32], abs=1e-15)
    assert dw[2][0] == pytest.approx([-1 / 16, -3 / 32], abs=1e-15)


# The graph


def test_a_connection_is_one_object_that_both_its_neurons_list() -> None:
    graph = GraphNetwork(SPECIFICATION)
    for l in (1, 2):
        for j, target in enumerate(graph.layers[l]):
            for k, source in enumerate(graph.layers[l - 1]):
                connection = target.incoming[k]
                assert connection is source.outgoing[j], f"w[{l}][{j}][{k}] is two objects"
                assert connection.source is source and connection.target is target


def test_a_change_of_a_weight_at_one_end_is_seen_at_the_other() -> None:
    graph = by_hand()
    graph.layers[1][1].outgoing[0].weight = 0.5
    assert graph.layers[2][0].incoming[1].weight == graph.parameters().w[2][0][1] == 0.5


def test_a_net_has_the_layers_of_its_specification() -> None:
    graph = GraphNetwork(SPECIFICATION)
    assert [len(layer) for layer in graph.layers] == list(graph.sizes) == [4, 5, 3]
    assert [layer[0].activation for layer in graph.layers] == ["identity", "sigmoid", "sigmoid"]
    assert graph.L == 2 and repr(graph) == f"GraphNetwork({SPECIFICATION})"
    assert not any(n.incoming for n in graph.layers[0]) and not any(n.outgoing for n in graph.layers[2])


def test_random_weights_come_from_the_seed_and_shrink_with_the_number_of_inputs() -> None:
    wide = [("identity", 400), ("tanh", 50)]
    weights = [w for row in GraphNetwork(wide, seed=3).parameters().w[1] for w in row]
    assert GraphNetwork(wide, seed=3).parameters() == GraphNetwork(wide, seed=3).parameters()
    assert GraphNetwork(wide, seed=3).parameters() != GraphNetwork(wide, seed=4).parameters()
    assert math.fsum(w * w for w in weights) / len(weights) == pytest.approx(1 / 400, rel=0.05)
    assert abs(math.fsum(weights) / len(weights)) < 0.002


@pytest.mark.parametrize("init, weight", [("constant", 1.0), ("zeros", 0.0)])
def test_a_net_can_begin_with_equal_weights(init: str, weight: float) -> None:
    numbers = GraphNetwork(SPECIFICATION, init=init).parameters()
    assert {w for l in (1, 2) for row in numbers.w[l] for w in row} == {weight}
    assert {b for l in (1, 2) for b in numbers.b[l]} == {0.0}


def test_parameters_are_copies() -> None:
    graph = by_hand()
    graph.parameters().w[1][0][0] = 9.0
    graph.parameters().b[2][0] = 9.0
    assert graph.parameters().w[1][0][0] == 2 and graph.parameters().b[2][0] == -4


def test_bad_parameters_change_nothing() -> None:
    graph = by_hand()
    before = graph.parameters()
    with pytest.raises(ValueError, match=r"b\[2\]: expected finite numbers, got nan"):
        graph.set_parameters({1: [[0, 0], [0, 0]], 2: [[0, 0]]}, {1: [0, 0], 2: [math.nan]})
    assert graph.parameters() == before


def test_what_was_not_computed_yet_is_zero() -> None:
    graph = GraphNetwork(SPECIFICATION)
    neurons_ = [n for layer in graph.layers for n in layer]
    assert {(n.z, n.a, n.delta, n.gradient, n.bias) for n in neurons_} == {(0.0, 0.0, 0.0, 0.0, 0.0)}
    assert {c.gradient for n in neurons_ for c in n.incoming} == {0.0}


def test_neurons_and_connections_show_what_they_hold() -> None:
    graph = by_hand()
    assert repr(graph.layers[2][0]) == "Neuron('sigmoid', bias=-4)"
    assert repr(graph.layers[2][0].incoming[1]) == "Connection(weight=4)"


def test_the_defaults_are_those_that_are_said() -> None:
    assert GraphNetwork(SPECIFICATION).parameters() == GraphNetwork(SPECIFICATION, "random", 0).parameters()
    assert GraphNetwork(SPECIFICATION).parameters() != GraphNetwork(SPECIFICATION, seed=1).parameters()
    xs, ys = [[1.0], [2.0], [3.0], [4.0]] * 3, [[0.1], [0.4], [0.2], [0.6]] * 3
    one, other = (GraphNetwork([("identity", 1), ("sigmoid", 1)]) for _ in range(2))
    said = one.train(xs, ys, "quadratic", learning_rate=3.0, epochs=100, batch_size=10, seed=0)
    assert other.train(xs, ys) == said and other.parameters() == one.parameters()


# Activations and the gradient


@pytest.mark.parametrize("name", neurons.ACTIVATIONS)
@pytest.mark.parametrize("z", [-2.3, -0.4, 0.7, 3.1])
def test_the_derivative_of_an_activation_is_its_measured_slope(name: str, z: float) -> None:
    sigma, prime = neurons.ACTIVATIONS[name]
    measured = (sigma(z + 1e-6) - sigma(z - 1e-6)) / 2e-6
    assert prime(z) == pytest.approx(measured, rel=1e-8, abs=1e-10)


def test_sigma_prime_is_taken_at_z_and_not_at_a() -> None:
    neuron = Neuron("sigmoid")
    neuron.z, neuron.a = math.log(3), 0.75
    assert neurons.sigma_prime(neuron) == pytest.approx(3 / 16)
    assert neurons.sigma_prime(neuron) != pytest.approx(neurons.ACTIVATIONS["sigmoid"][1](neuron.a))


def test_the_derivative_of_relu_at_zero_is_zero() -> None:
    assert neurons.ACTIVATIONS["relu"][1](0.0) == 0.0


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_nothing_overflows_at_a_pre_activation_of_1000(output: str, cost: str, z: float) -> None:
    graph = GraphNetwork([("identity", 1), (output, 2)])
    graph.set_parameters({1: [[1], [-1]]}, {1: [0, 0]})
    graph.backprop([z], [0, 1], cost)
    numbers = [v for n in graph.layers[1] for v in (n.z, n.a, n.delta, n.gradient)]
    assert all(map(math.isfinite, [*numbers, graph.cost_of([[z]], [[0, 1]], cost)]))


def test_a_certain_and_wrong_answer_costs_its_pre_activation() -> None:
    graph = GraphNetwork([("identity", 1), ("sigmoid", 1)], init="constant")
    assert graph.cost_of([[1000]], [[0]], "binary_cross_entropy") == 1000
    assert graph.cost_of([[1000]], [[1]], "binary_cross_entropy") == 0


def test_the_first_cost_of_an_undecided_softmax_is_the_logarithm_of_the_classes() -> None:
    graph = GraphNetwork([("identity", 4), ("softmax", 3)], init="zeros")
    assert graph.cost_of([FLOWER], [SETOSA], "cross_entropy") == pytest.approx(math.log(3), rel=1e-15)


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("y", [[1.0], [0.2, 0.3, 0.1, 0.4]])
def test_an_error_and_a_cost_need_a_target_for_every_output(output: str, cost: str, y: list[float]) -> None:
    outputs = random_net("tanh", output).layers[-1]
    for function in neurons.output_errors, neurons.example_cost:
        with pytest.raises(ValueError, match="zip"):
            function(outputs, y, cost)


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("hidden", neurons.ACTIVATIONS)
def test_the_gradient_is_the_measured_slope_of_the_cost(hidden: str, output: str, cost: str) -> None:
    graph = random_net(hidden, output)
    ours, theirs = flat(graph.gradient(ROWS, TARGETS, cost)), slopes(graph, cost)
    assert math.hypot(*theirs) > 0, "an error between two zeros says nothing"
    assert relative_error(ours, theirs) < 1e-7


@pytest.mark.parametrize(
    "equation, wrong",
    [
        ("output_error", lambda neuron, dC_da: dC_da),
        ("hidden_error", lambda neuron: sum(c.weight * c.target.delta for c in neuron.outgoing)),
        ("bias_gradient", lambda neuron: 2 * neuron.delta),
        ("weight_gradient", lambda connection: connection.source.z * connection.target.delta),
        ("sigma_prime", lambda neuron: neurons.ACTIVATIONS[neuron.activation][1](neuron.a)),
    ],
)
def test_the_check_refuses_a_wrong_equation(
    equation: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neurons, equation, wrong)
    graph = random_net("sigmoid", "sigmoid")
    assert relative_error(flat(graph.gradient(ROWS, TARGETS)), slopes(graph, "quadratic")) > 1e-3


def test_softmax_keeps_every_term_of_equation_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def diagonal(outputs: list[Neuron], j: int, dC_da: list[float]) -> float:
        return dC_da[j] * outputs[j].a * (1 - outputs[j].a)

    monkeypatch.setattr(neurons, "softmax_output_error", diagonal)
    graph = random_net("tanh", "softmax")
    assert relative_error(flat(graph.gradient(ROWS, TARGETS)), slopes(graph, "quadratic")) > 1e-3


def test_an_error_is_the_measured_slope_of_the_cost_by_a_bias() -> None:
    graph = random_net("tanh", "sigmoid")
    neuron, h = graph.layers[1][2], 1e-6
    graph.backprop(ROWS[0], TARGETS[0])
    delta = neuron.delta
    neuron.bias += h
    above = graph.cost_of(ROWS[:1], TARGETS[:1])
    neuron.bias -= 2 * h
    assert delta == pytest.approx((above - graph.cost_of(ROWS[:1], TARGETS[:1])) / (2 * h), rel=1e-7)


def test_the_gradient_of_a_batch_is_the_mean_of_its_examples() -> None:
    graph = random_net("tanh", "sigmoid")
    single = [flat(graph.gradient([x], [y])) for x, y in zip(ROWS, TARGETS, strict=True)]
    mean = [math.fsum(column) / 3 for column in zip(*single, strict=True)]
    assert flat(graph.gradient(ROWS, TARGETS)) == pytest.approx(mean, abs=1e-16, rel=1e-13)
    assert flat(graph.gradient(ROWS * 2, TARGETS * 2)) == pytest.approx(mean, abs=1e-16, rel=1e-13)


def test_backprop_starts_afresh_every_time() -> None:
    graph, again = random_net("tanh", "softmax"), random_net("tanh", "softmax")
    graph.backprop(ROWS[0], TARGETS[0])
    graph.backprop(ROWS[1], TARGETS[1])
    again.backprop(ROWS[1], TARGETS[1])
    assert [n.gradient for n in graph.layers[2]] == [n.gradient for n in again.layers[2]]
    assert [n.incoming[0].gradient for n in graph.layers[1]] == [
        n.incoming[0].gradient for n in again.layers[1]
    ]


def test_nothing_handed_in_is_changed() -> None:
    xs, ys = [list(row) for row in ROWS], [list(row) for row in TARGETS]
    specification = list(SPECIFICATION)
    GraphNetwork(specification).train(xs, ys, epochs=2, batch_size=2)
    assert (xs, ys, specification) == (ROWS, TARGETS, SPECIFICATION)


# Training


def test_a_step_goes_against_the_gradient_in_proportion_to_it() -> None:
    graph = random_net("tanh", "sigmoid")
    before, gradient = flat(graph.parameters()), flat(graph.gradient(ROWS, TARGETS))
    graph.step(ROWS, TARGETS, learning_rate=0.5)
    moved = [new - old for new, old in zip(flat(graph.parameters()), before, strict=True)]
    assert moved == pytest.approx([-0.5 * g for g in gradient], abs=1e-15)


def test_it_learns_xor() -> None:
    graph = GraphNetwork([("identity", 2), ("tanh", 4), ("sigmoid", 1)], seed=1)
    history = graph.train(*XOR, "binary_cross_entropy", learning_rate=1.0, epochs=300, batch_size=4)
    assert history.cost[0] > 0.5 and history.cost[-1] < 0.05
    assert history.accuracy[-1] == 1.0
    assert [round(graph.feed_forward(x)[0]) for x in XOR[0]] == [0, 1, 1, 0]


@pytest.mark.parametrize("output, cost", [("sigmoid", "quadratic"), ("softmax", "cross_entropy")])
def test_it_learns_three_classes(output: str, cost: str) -> None:
    graph = GraphNetwork([("identity", 4), ("sigmoid", 5), (output, 3)], seed=1)
    history = graph.train(ROWS, TARGETS, cost, epochs=200, batch_size=1)
    assert history.cost[-1] < 0.05 < 0.3 < history.cost[0]
    assert history.accuracy[-1] == 1.0


def test_equal_weights_never_separate() -> None:
    graph = GraphNetwork([("identity", 2), ("tanh", 3), ("sigmoid", 1)], init="constant")
    graph.train(*XOR, epochs=20, batch_size=4)
    rows = graph.parameters().w[1]
    spread = max(abs(row[k] - rows[0][k]) for row in rows for k in (0, 1))
    assert spread < 1e-10


def test_the_history_starts_before_the_first_epoch() -> None:
    graph = random_net("tanh", "sigmoid")
    first = graph.cost_of(ROWS, TARGETS)
    history = graph.train(ROWS, TARGETS, epochs=4, batch_size=2)
    assert history.epochs == 4 and len(history.cost) == len(history.accuracy) == 5
    assert history.cost[0] == first and history.cost[-1] == graph.cost_of(ROWS, TARGETS)
    assert {l: [len(row) for row in rows] for l, rows in history.delta.items()} == {
        1: [3] * 5,
        2: [2] * 5,
        3: [3] * 5,
    }


def test_the_history_keeps_the_root_mean_square_of_the_errors() -> None:
    graph = random_net("tanh", "sigmoid")
    squares = []
    for x, y in zip(ROWS, TARGETS, strict=True):
        graph.backprop(x, y)
        squares.append(graph.layers[2][1].delta ** 2)
    history = graph.train(ROWS, TARGETS, epochs=1, batch_size=3)
    assert history.delta[2][0][1] == pytest.approx(math.sqrt(sum(squares) / 3), rel=1e-14)


def test_accuracy_counts_the_largest_output_or_a_single_one_above_a_half() -> None:
    # Three layers that each turn three numbers round: the last are the first.
    three = GraphNetwork([("identity", 3)] * 4)
    turn = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    three.set_parameters({l: turn for l in (1, 2, 3)}, {l: [0, 0, 0] for l in (1, 2, 3)})
    one = GraphNetwork([("identity", 1), ("identity", 1)], init="constant")
    xs, ys = [[3, 1, 2], [1, 2, 3]], [[1, 0, 0], [0, 0, 1]]
    assert three.evaluate(xs, ys)[1] == 1.0
    assert three.train(xs, [ys[0], [0, 1, 0]], epochs=1, batch_size=2).accuracy[0] == 0.5
    assert one.train([[0.6], [0.4], [0.9]], [[1], [1], [1]], epochs=1, batch_size=3).accuracy[0] == 2 / 3


def test_an_evaluation_is_what_a_history_says_of_its_last_epoch() -> None:
    graph = GraphNetwork([("identity", 2), ("tanh", 2), ("sigmoid", 1)])
    history = graph.train(*XOR, epochs=3, batch_size=2)
    cost, accuracy, delta = graph.evaluate(*XOR)
    assert (cost, accuracy) == (history.cost[-1], history.accuracy[-1])
    assert delta == {l: by_epoch[-1] for l, by_epoch in history.delta.items()}
    with pytest.raises(ValueError, match="cross_entropy"):
        graph.evaluate(*XOR, "cross_entropy")


@pytest.mark.parametrize(
    "outputs, answer", [([0.9, 0.3, 0.1], 0), ([0.2, 0.1, 0.4], 2), ([0.4, 0.4], 0), ([0.51], 1), ([0.5], 0)]
)
def test_the_answer_is_the_first_of_the_largest_outputs(outputs: list[float], answer: int) -> None:
    assert neurons._answer(outputs) == answer


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    runs = [
        random_net("tanh", "sigmoid").train(ROWS, TARGETS, epochs=5, batch_size=1, seed=s) for s in (0, 0, 1)
    ]
    assert runs[0] == runs[1] and runs[0].cost != runs[2].cost


def test_training_in_a_given_order_is_the_same_as_stepping_in_it() -> None:
    order = [[2, 0, 1], [1, 2, 0]]
    trained, stepped, called = (random_net("tanh", "sigmoid") for _ in range(3))
    trained.train(ROWS, TARGETS, learning_rate=0.7, epochs=2, batch_size=2, order=order)
    called.train(ROWS, TARGETS, learning_rate=0.7, epochs=2, batch_size=2, order=lambda epoch: order[epoch])
    for batch in [2, 0], [1], [1, 2], [0]:
        stepped.step([ROWS[i] for i in batch], [TARGETS[i] for i in batch], learning_rate=0.7)
    assert trained.parameters() == stepped.parameters() == called.parameters()


def test_another_order_is_another_run() -> None:
    nets = [random_net("tanh", "sigmoid") for _ in range(2)]
    for net, order in zip(nets, ([0, 1, 2], [2, 1, 0]), strict=True):
        net.train(ROWS, TARGETS, epochs=1, batch_size=1, order=[order])
    assert nets[0].parameters() != nets[1].parameters()


@pytest.mark.parametrize("order", [[0, 0, 2], [0, "1", 2], [0, 1, Fraction(2)], [0, 1, 2, "3"]])
def test_a_bad_order_stops_training_with_the_finished_epochs_kept(order) -> None:
    graph, one_epoch = random_net("tanh", "sigmoid"), random_net("tanh", "sigmoid")
    one_epoch.train(ROWS, TARGETS, epochs=1, batch_size=1, order=[[0, 1, 2]])
    with pytest.raises(ValueError, match=r"order: expected each of the 3 indices once, got \[0, "):
        graph.train(ROWS, TARGETS, epochs=2, batch_size=1, order=[[0, 1, 2], order])
    assert graph.parameters() == one_epoch.parameters()


def interrupted_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> tuple[GraphNetwork, GraphHistory]:
    """A run of three steps an epoch, which is interrupted in the middle of an update after so many steps."""
    graph, count = random_net("tanh", "sigmoid"), iter(range(1000))
    whole_step = GraphNetwork._step

    def step(self: GraphNetwork, *arguments: Any) -> None:
        if next(count) == steps:
            self.layers[1][0].bias += 1.0  # half an update
            raise KeyboardInterrupt
        whole_step(self, *arguments)

    monkeypatch.setattr(GraphNetwork, "_step", step)
    return graph, graph.train(ROWS, TARGETS, epochs=9, batch_size=1, order=lambda epoch: [0, 1, 2])


@pytest.mark.parametrize("steps, epochs", [(0, 0), (2, 0), (3, 1), (7, 2)])
def test_an_interrupt_keeps_the_finished_epochs_and_no_half_update(
    steps: int, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, history = interrupted_after(steps, monkeypatch)
    monkeypatch.undo()
    expected = random_net("tanh", "sigmoid")
    for x, y in [*zip(ROWS, TARGETS, strict=True)] * epochs:
        expected.step([x], [y], learning_rate=3.0)
    assert history.interrupted and history.epochs == epochs
    assert graph.parameters() == expected.parameters()
    assert history.cost[-1] == graph.cost_of(ROWS, TARGETS)


def test_a_run_that_diverges_stops_with_the_last_finite_parameters() -> None:
    graph = random_net("identity", "identity")
    history = graph.train(ROWS, TARGETS, learning_rate=1e6, epochs=100, batch_size=3)
    assert history.diverged_at == history.epochs + 1 < 100
    assert all(map(math.isfinite, [*history.cost, *flat(graph.parameters())]))
    assert history.cost[-1] == graph.cost_of(ROWS, TARGETS) > history.cost[0]


def test_an_infinite_weight_is_noticed_though_relu_hides_it_from_the_cost() -> None:
    # a = 10 and ∂C/∂w = 10 · 10, so that w becomes 1 − 10³⁰⁸ · 100 = −∞, with σ(−∞) = 0 and C = 0.
    graph = GraphNetwork([("identity", 1), ("relu", 1)], init="constant")
    history = graph.train([[10]], [[0]], learning_rate=1e308, epochs=1, batch_size=1)
    assert history.diverged_at == 1 and history.cost == [50.0]
    assert graph.parameters() == NestedLists({1: [[1.0]]}, {1: [0.0]})


def test_a_run_that_ends_well_neither_diverged_nor_was_interrupted() -> None:
    history = random_net("tanh", "sigmoid").train(ROWS, TARGETS, epochs=1, batch_size=3)
    assert history.diverged_at is None and not history.interrupted


# What is refused


class Both:
    """Something that could be taken for a number, and for a list."""

    def __float__(self) -> float:
        return 1.0

    def __index__(self) -> int:
        return 1

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "Both"


@pytest.mark.parametrize(
    "specification, error, message",
    [
        (
            [("sigmoid", 4), ("tanh", 3)],
            ValueError,
            "layer 0: expected 'identity' for the input, got 'sigmoid'",
        ),
        ([("identity", 4)], ValueError, "expected at least two layers, got 1"),
        ([], ValueError, "expected at least two layers, got 0"),
        ([("identity", 4), ("sigma", 3)], ValueError, "layer 1, activation: expected one of .*, got 'sigma'"),
        ([("identity", 4), (7, 3)], TypeError, "layer 1, activation: expected one of .*, got 7"),
        (
            [("identity", 4), ("tanh", 0)],
            ValueError,
            "layer 1, size: expected an integer of at least 1, got 0",
        ),
        ([("identity", 4), ("tanh", -3)], ValueError, "layer 1, size: .* got -3"),
        ([("identity", 4), ("tanh", True)], TypeError, "layer 1, size: .* got True"),
        ([("identity", 4), ("tanh", 3.0)], TypeError, "layer 1, size: .* got 3.0"),
        (
            [("identity", 4), ("softmax", 3), ("tanh", 2)],
            ValueError,
            "softmax is for the output layer 2 only",
        ),
        ([("identity", 4), "tanh"], TypeError, r"layer 1: expected \(activation, size\), got 'tanh'"),
        ([("identity", 4), "ab"], TypeError, r"layer 1: expected \(activation, size\), got 'ab'"),
        (
            [("identity", 4, 1)],
            TypeError,
            r"layer 0: expected \(activation, size\), got \('identity', 4, 1\)",
        ),
        ([("identity", Both())], TypeError, "layer 0, size: expected an integer of at least 1, got Both"),
        ("identity", TypeError, r"expected \(activation, size\) pairs, got 'identity'"),
        (None, TypeError, r"expected \(activation, size\) pairs, got None"),
    ],
)
def test_a_bad_specification_is_refused(specification: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^specification[:,].*{message}$"):
        GraphNetwork(specification)


def test_a_net_of_more_parameters_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    specification = [("identity", 3), ("tanh", 4), ("sigmoid", 2)]  # 4·(3 + 1) + 2·(4 + 1) = 26 parameters
    monkeypatch.setattr(plain_arguments, "MOST_PARAMETERS", 26)
    GraphNetwork(specification)
    monkeypatch.setattr(plain_arguments, "MOST_PARAMETERS", 25)
    message = "^specification: expected at most 25 parameters, each an object of its own, got 26$"
    with pytest.raises(ValueError, match=message):
        GraphNetwork(specification)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"init": "glorot"}, ValueError, "init: expected one of random, constant, zeros, got 'glorot'"),
        ({"init": None}, TypeError, "init: expected one of random, constant, zeros, got None"),
        ({"seed": -1}, ValueError, "seed: expected an integer of at least 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed: expected an integer of at least 0, got 0.5"),
    ],
)
def test_a_bad_beginning_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        GraphNetwork(SPECIFICATION, **arguments)


@pytest.mark.parametrize(
    "x, error, message",
    [
        ([1, 2, 3], ValueError, "x: expected 4 numbers, got 3"),
        ([[1], [2], [3], [4]], TypeError, r"x: expected 4 numbers, got \[1\] among them"),
        ([1, 2, 3, "4"], TypeError, "x: expected 4 numbers, got '4' among them"),
        ([1, 2, 3, None], TypeError, "x: expected 4 numbers, got None among them"),
        ([1, 2, 3, 4j], TypeError, "x: expected 4 numbers, got 4j among them"),
        ([1, 2, 3, math.nan], ValueError, "x: expected finite numbers, got nan among them"),
        ([1, 2, 3, -math.inf], ValueError, "x: expected finite numbers, got -inf among them"),
        ([1, 2, 3, Both()], TypeError, "x: expected 4 numbers, got Both among them"),
        ("1234", TypeError, "x: expected 4 numbers, got '1234'"),
        ("1" * 58, TypeError, "x: expected 4 numbers, got '1{58}'"),
        ("1" * 59, TypeError, "x: expected 4 numbers, got '1{58}…"),
        (5.1, TypeError, "x: expected 4 numbers, got 5.1"),
    ],
)
def test_a_bad_input_is_refused(x: Any, error: type[Exception], message: str) -> None:
    for call in GraphNetwork(SPECIFICATION).feed_forward, lambda x: worked_example().backprop(x, SETOSA):
        with pytest.raises(error, match=f"^{message}$"):
            call(x)


@pytest.mark.parametrize(
    "y, message", [([1, 0], "y: expected 3 numbers, got 2"), ([1, 0, math.nan], "y: .* nan")]
)
def test_a_bad_target_is_refused(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphNetwork(SPECIFICATION).backprop(FLOWER, y)


@pytest.mark.parametrize(
    "output, cost, error, message",
    [
        (
            "tanh",
            "binary_cross_entropy",
            ValueError,
            "binary_cross_entropy needs sigmoid outputs, got tanh outputs",
        ),
        ("sigmoid", "cross_entropy", ValueError, "cross_entropy needs softmax outputs, got sigmoid outputs"),
        ("softmax", "binary_cross_entropy", ValueError, "needs sigmoid outputs, got softmax outputs"),
        ("sigmoid", "hinge", ValueError, "expected one of quadratic, .*, got 'hinge'"),
        ("sigmoid", None, TypeError, "expected one of quadratic, .*, got None"),
    ],
)
def test_a_cost_that_does_not_fit_is_refused(
    output: str, cost: Any, error: type[Exception], message: str
) -> None:
    graph = GraphNetwork([("identity", 4), (output, 3)])
    with pytest.raises(error, match=f"cost: .*{message}"):
        graph.backprop(ROWS[0], TARGETS[0], cost)
    for call in graph.cost_of, graph.gradient, graph.train:
        with pytest.raises(error, match=f"cost: .*{message}"):
            call(ROWS, TARGETS, cost)


def test_a_target_that_is_no_distribution_is_refused_by_the_cross_entropy_of_softmax() -> None:
    graph = GraphNetwork([("identity", 4), ("softmax", 3)])
    with pytest.raises(ValueError, match="y: cross_entropy needs .* sums to 1, got a sum of 1.000002"):
        graph.backprop(FLOWER, [1, 2e-6, 0], "cross_entropy")
    with pytest.raises(ValueError, match=r"ys\[1\]: cross_entropy needs a target that sums to 1"):
        graph.gradient([FLOWER] * 2, [SETOSA, (0, 0, 0)], "cross_entropy")
    graph.backprop(FLOWER, [0.2, 0.3, 0.5], "cross_entropy")


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"learning_rate": 0}, ValueError, "learning_rate: expected a positive finite number, got 0"),
        (
            {"learning_rate": math.inf},
            ValueError,
            "learning_rate: expected a positive finite number, got inf",
        ),
        ({"learning_rate": "3"}, TypeError, "learning_rate: expected a positive number, got '3'"),
        ({"learning_rate": True}, TypeError, "learning_rate: expected a positive number, got True"),
        ({"epochs": 0}, ValueError, "epochs: expected an integer of at least 1, got 0"),
        ({"epochs": 2.0}, TypeError, "epochs: expected an integer of at least 1, got 2.0"),
        ({"batch_size": 0}, ValueError, "batch_size: expected an integer of at least 1, got 0"),
        ({"batch_size": 4}, ValueError, "batch_size: expected at most the 3 examples, got 4"),
        ({"batch_size": True}, TypeError, "batch_size: expected an integer of at least 1, got True"),
        ({"seed": None}, TypeError, "seed: expected an integer of at least 0, got None"),
        ({"xs": []}, ValueError, "xs: expected at least one example, got none"),
        ({"xs": 3}, TypeError, "xs: expected a list of examples, got 3"),
        ({"ys": 3}, TypeError, "ys: expected a list of targets, got 3"),
        ({"xs": FLOWER[:3]}, TypeError, r"xs\[0\]: expected 4 numbers, got 5.1"),
        ({"ys": TARGETS[:2]}, ValueError, "ys: expected 3 targets, as many as examples in xs, got 2"),
        ({"xs": [*ROWS[:2], [1, 2]]}, ValueError, r"xs\[2\]: expected 4 numbers, got 2"),
        ({"ys": [*TARGETS[:2], [1, 2]]}, ValueError, r"ys\[2\]: expected 3 numbers, got 2"),
        (
            {"order": [[0, 1, 2]], "epochs": 2},
            ValueError,
            "order: expected a permutation for every epoch, got none for epoch 1",
        ),
        ({"order": 5}, TypeError, "order: expected a permutation for every epoch, got 5"),
        ({"order": lambda epoch: 3}, TypeError, "order: expected indices, got 3"),
        (
            {"order": lambda epoch: [0, 1]},
            ValueError,
            r"order: expected each of the 3 indices once, got \[0, 1\]",
        ),
    ],
)
def test_bad_arguments_of_training_are_refused(arguments: Any, error: type[Exception], message: str) -> None:
    graph = GraphNetwork(SPECIFICATION)
    good = {"xs": ROWS, "ys": TARGETS, "epochs": 1, "batch_size": 3}
    with pytest.raises(error, match=f"^{message}$"):
        graph.train(**{**good, **arguments})


def test_a_refused_training_run_leaves_the_net_as_it_was() -> None:
    graph = GraphNetwork(SPECIFICATION)
    before = graph.parameters()
    with pytest.raises(ValueError, match="batch_size"):
        graph.train(ROWS, TARGETS, batch_size=10)
    assert graph.parameters() == before


def test_every_run_shuffles_from_its_seed_again() -> None:
    xs, ys = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    twice, once = (GraphNetwork([("identity", 2), ("tanh", 2), ("sigmoid", 1)]) for _ in range(2))
    for _ in range(2):
        twice.train(xs, ys, epochs=2, batch_size=1, seed=5)
    rng, indices, orders = random.Random(5), list(range(4)), []
    for _ in range(2):
        rng.shuffle(indices)
        orders.append(list(indices))
    assert orders[0] != orders[1]
    once.train(xs, ys, epochs=4, batch_size=1, order=orders + orders)
    assert twice.parameters() == once.parameters()


def test_a_net_whose_cost_is_infinite_is_not_trained() -> None:
    graph = GraphNetwork([("identity", 1), ("identity", 1)])
    graph.set_parameters({1: [[1e300]]}, {1: [0]})
    with pytest.raises(ValueError, match="^the cost of the untrained net is not a finite number$"):
        graph.train([[1.0]], [[0.0]], batch_size=1)


@pytest.mark.parametrize(
    "w, b, error, message",
    [
        ([[1, 2]], {1: [0]}, TypeError, r"w: expected a dict of layers 1 … 1, got \[\[1, 2\]\]"),
        ({1: [[1, 2]]}, [0], TypeError, r"b: expected a dict of layers 1 … 1, got \[0\]"),
        ({1: [[1, 2]], 2: []}, {1: [0]}, ValueError, r"w: expected the layers 1 … 1, got \[1, 2\]"),
        ({1: [[1, 2]], "a": []}, {1: [0]}, ValueError, r"w: expected the layers 1 … 1, got \[1, 'a'\]"),
        ({1: [[1, 2]]}, {"1": [0], 2: [0]}, ValueError, r"b: expected the layers 1 … 1, got \['1', 2\]"),
        ({1: 5}, {1: [0]}, TypeError, r"w\[1\]: expected 1 rows, got 5"),
        ({1: [[1, 2], [3, 4]]}, {1: [0]}, ValueError, r"w\[1\]: expected 1 rows, got 2"),
        ({1: [[1]]}, {1: [0]}, ValueError, r"w\[1\]\[0\]: expected 2 numbers, got 1"),
        ({1: [[1, 2]]}, {1: [0, 0]}, ValueError, r"b\[1\]: expected 1 numbers, got 2"),
        ({1: [[1, "2"]]}, {1: [0]}, TypeError, r"w\[1\]\[0\]: expected 2 numbers, got '2' among them"),
    ],
)
def test_parameters_of_another_shape_are_refused(
    w: Any, b: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        GraphNetwork([("identity", 2), ("tanh", 1)]).set_parameters(w, b)


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("change", [lambda items: items[:-1], lambda items: [*items, items[0]]])
def test_lists_of_two_lengths_raise_even_where_nothing_is_checked(output, cost, change, monkeypatch) -> None:
    graph, outputs = random_net("tanh", output), random_net("tanh", output).layers[-1]
    good, x, y = graph.parameters(), ROWS[0], TARGETS[0]
    calls: list[Callable[[], Any]] = [
        lambda: graph._feed_forward(change(x)),
        lambda: neurons.output_errors(outputs, change(y), cost),
        lambda: neurons.example_cost(outputs, change(y), cost),
        lambda: graph._gradient(ROWS, change(TARGETS), cost),
        lambda: graph._evaluate(ROWS, change(TARGETS), cost),
        lambda: graph._assign(NestedLists(good.w, good.b | {2: change(good.b[2])})),
        lambda: graph._assign(NestedLists(good.w | {2: change(good.w[2])}, good.b)),
        lambda: graph._assign(NestedLists(good.w | {2: [*good.w[2][:-1], change(good.w[2][-1])]}, good.b)),
    ]
    monkeypatch.setattr(GraphNetwork, "_examples", lambda self, xs, ys, cost: (xs, change(ys)))
    calls.append(lambda: graph.cost_of(ROWS, TARGETS, cost))
    for call in calls:
        with pytest.raises(ValueError, match=r"zip\(\)"):
            call()
    for broken in (
        NestedLists(good.w, good.b | {2: change(good.b[2])}),
        NestedLists(good.w | {2: [*good.w[2][:-1], change(good.w[2][-1])]}, good.b),
    ):
        monkeypatch.setattr(GraphNetwork, "_gradient", lambda *_, broken=broken: broken)
        with pytest.raises(ValueError, match=r"zip\(\)"):
            graph._step(ROWS, TARGETS, 0.1, cost)
    monkeypatch.setattr(neurons, "output_errors", lambda outputs, y, cost: change(y))
    with pytest.raises(ValueError, match=r"zip\(\)"):
        graph._errors(x, y, cost)
    if output == "softmax":
        softmax = neurons._softmax
        monkeypatch.setattr(neurons, "_softmax", lambda z: change(softmax(z)))
        with pytest.raises(ValueError, match=r"zip\(\)"):
            neurons.activate(outputs)
