"""The heart: the graph of neurons, the matrices and autodiff give one and the same gradient, as measured.

The three programs share neither code nor formulas, so that they agree is evidence. The differences are a
measurement, not a fourth program: they need no derivative, but they run the matrices' own forward pass.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backprop_lib import equations, fast_differences, gradient_check
from backprop_lib.activations import ACTIVATIONS, HIDDEN
from backprop_lib.costs import COSTS
from backprop_lib.equations import backprop, feed_forward
from backprop_lib.fast_differences import METHODS, differences
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network
from backprop_lib.other_ways import autodiff, neurons
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient

OUTPUTS = [
    (output, cost.name)
    for cost, output in itertools.product(COSTS.values(), ACTIVATIONS)
    if cost.output in (None, output)
]
SMOOTH = [name for name in HIDDEN if ACTIVATIONS[name].smooth]
EXACT = {
    "graph": lambda net, x, y, cost: graph_gradient(graph_from(net), x, y, cost),
    "autodiff": autodiff_gradient,
}


def problem(specification, m, seed):
    """A net with random weights and biases, and m random examples with targets that are distributions."""
    rng = np.random.default_rng(seed)
    net = Network(specification, seed=seed)
    net.theta += 0.3 * rng.standard_normal(net.theta.size)
    x, y = rng.standard_normal((net.sizes[0], m)), rng.uniform(0.05, 1, (net.sizes[-1], m))
    for l in range(1, net.L + 1):
        if not net.sigma[l].smooth:  # every neuron is switched on by some example
            net.b[l] += np.maximum(1 - feed_forward(net, x)[0][l].max(axis=1, keepdims=True), 0)
    return net, x, y / y.sum(axis=0)


def apart(p, q):
    """‖p − q‖ / (‖p‖ + ‖q‖), and 0 between two zeros."""
    return np.linalg.norm(p - q) / max(np.linalg.norm(p) + np.linalg.norm(q), 1e-300)


def grid():
    """Nets of 0 to 4 hidden layers of 1 to 12 neurons with an activation each, for every output and cost."""
    batches, rng = itertools.cycle([1, 2, 3, 7, 10, 30, 150]), np.random.default_rng(0)
    for depth, (output, cost), seed in itertools.product(range(5), OUTPUTS, range(2)):
        names, sizes = rng.choice(HIDDEN, depth).tolist(), rng.integers(1, 13, depth + 2).tolist()
        sizes[-1] += output == "softmax"  # a softmax of one output is 1 whatever z is
        yield list(zip(["identity", *names, output], sizes, strict=True)), cost, next(batches), seed


GRID = list(grid())
IDS = ["-".join(f"{name}{size}" for name, size in spec) + f"-{c}-{m}" for spec, c, m, _ in GRID]


def test_the_three_programs_have_the_same_activations_and_costs() -> None:
    # An activation that is added to one table alone is missing here.
    tables = {"activations": HIDDEN, "neurons": neurons.ACTIVATIONS, "autodiff": autodiff.ACTIVATIONS}
    for program, table in tables.items():
        missing = set().union(*tables.values()) - set(table)
        assert not missing, f"{program} has no {', '.join(missing)}"
    assert {name: rule.output for name, rule in COSTS.items()} == neurons.COSTS == autodiff.COSTS


def scaled_input(net, x):
    """A forward pass that is wrong from its first step on, and consistent with itself."""
    z, a = {}, {0: 1.01 * x}
    for l in range(1, net.L + 1):
        z[l] = net.w[l] @ a[l - 1] + net.b[l]
        a[l] = net.sigma[l](z[l])
    return z, a


def who_differs(net, x, y):
    """The programs whose gradient is not that of both others."""
    found = {"equations": backprop(net, x, y).gradient.theta}
    found |= {way: gradient(net, x, y, "quadratic").theta for way, gradient in EXACT.items()}
    return [
        way
        for way, gradient in found.items()
        if all(apart(gradient, other) > 1e-12 for name, other in found.items() if name != way)
    ]


def test_a_broken_forward_pass_is_noticed_by_the_other_programs_not_by_the_measurement(monkeypatch) -> None:
    net, x, y = problem([("identity", 3), ("tanh", 4), ("sigmoid", 2)], 5, seed=1)
    assert who_differs(net, x, y) == []
    for module in (equations, gradient_check, fast_differences):
        monkeypatch.setattr(module, "feed_forward", scaled_input)
    assert who_differs(net, x, y) == ["equations"]
    assert check_gradient(net, x, y).passed  # the differences measure the cost of the broken pass


def test_a_broken_program_is_the_one_that_differs(monkeypatch) -> None:
    net, x, y = problem([("identity", 3), ("tanh", 4), ("sigmoid", 2)], 5, seed=1)
    right = neurons.weighted_input
    with monkeypatch.context() as broken:
        broken.setattr(neurons, "weighted_input", lambda neuron: 1.01 * right(neuron))
        assert who_differs(net, x, y) == ["graph"]
    with monkeypatch.context() as broken:
        slope = autodiff._sigmoid_slope
        broken.setattr(autodiff, "_sigmoid_slope", lambda z: 1.01 * slope(z))
        assert who_differs(net, x, y) == ["autodiff"]
    with monkeypatch.context() as broken:
        broken.setattr(equations, "weight_gradient", lambda d, a: 1.01 * d @ a.T / d.shape[1])
        assert who_differs(net, x, y) == ["equations"]
        assert not check_gradient(net, x, y).passed


def test_the_grid_covers_what_it_promises() -> None:
    hidden = [layer for specification, *_ in GRID for layer in specification[1:-1]]
    assert {len(specification) - 2 for specification, *_ in GRID} == {0, 1, 2, 3, 4}
    assert {name for name, _ in hidden} == set(HIDDEN) and {size for _, size in hidden} == set(range(1, 13))
    assert {(spec[-1][0], cost) for spec, cost, *_ in GRID} == set(OUTPUTS)
    assert {m for *_, m, _ in GRID} >= {1, 150}


@pytest.mark.parametrize("specification, cost, m, seed", GRID, ids=IDS)
def test_the_exact_ways_agree_to_twelve_digits_in_every_block(specification, cost, m, seed) -> None:
    net, x, y = problem(specification, m, seed)
    expected = backprop(net, x, y, cost).gradient
    for way, gradient in EXACT.items():
        for (kind, l, p), (_, _, q) in zip(
            expected.blocks(), gradient(net, x, y, cost).blocks(), strict=True
        ):
            assert apart(p, q) <= 1e-12, f"{way}: {kind}[{l}] differs by {apart(p, q):.1e}"


@pytest.mark.parametrize("size", [3.0, 30.0, 100.0])
@pytest.mark.parametrize("output", SMOOTH)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_exact_ways_agree_where_everything_is_saturated(hidden, output, size) -> None:
    # One neuron a layer and one example: nothing can hide behind a larger entry of its block.
    net = Network([("identity", 1), (hidden, 1), (output, 1)], init="constant")
    net.b[1][...], net.b[2][...] = size, -size if output == "sigmoid" else -0.9 * size
    x, y = np.array([[0.25]]), np.array([[1.0]])
    expected = backprop(net, x, y).gradient.theta
    assert (expected != 0).all(), "something is left of the gradient"
    for way, gradient in EXACT.items():
        assert gradient(net, x, y, "quadratic").theta == pytest.approx(expected, rel=1e-13, abs=0), way


@pytest.mark.parametrize("specification, cost, m, seed", GRID, ids=IDS)
def test_differences_agree_to_seven_digits_in_every_block(specification, cost, m, seed) -> None:
    net, x, y = problem(specification, m, seed)
    report = check_gradient(net, x, y, cost)
    assert report.passed and report.error <= 1e-7, report


@pytest.mark.parametrize("specification, cost, m, seed", GRID, ids=IDS)
def test_the_complex_step_agrees_to_twelve_digits_where_everything_is_smooth(
    specification, cost, m, seed
) -> None:
    smooth = [(name if name in [*SMOOTH, "softmax"] else "tanh", size) for name, size in specification]
    net, x, y = problem(smooth, m, seed)
    report = check_gradient(net, x, y, cost, method="complex", tolerance=1e-12)
    assert report.passed and report.error <= 1e-12, report


@pytest.mark.parametrize("way", EXACT)
@pytest.mark.parametrize("kind, l", [("w", 1), ("b", 1), ("w", 2), ("b", 2)])
def test_a_block_that_is_off_by_a_billionth_is_seen(way, kind, l) -> None:
    net, x, y = problem([("identity", 3), ("tanh", 4), ("sigmoid", 2)], 5, seed=1)
    block = getattr(backprop(net, x, y).gradient, kind)[l]
    other = getattr(EXACT[way](net, x, y, "quadratic"), kind)[l]
    assert apart(block, other) <= 1e-12 < apart(block * (1 + 1e-9), other)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("output, cost", OUTPUTS)
def test_the_fast_differences_are_those_of_the_plain_loop(output, cost, method) -> None:
    net, x, y = problem([("identity", 3), ("relu", 4), ("tanh", 2), (output, 3)], 6, seed=3)
    plain = numerical_gradient(net, x, y, cost, method).theta
    fast, kinks = differences(net, x, y, cost, method)
    assert kinks.theta.sum() == 0
    assert apart(plain, fast.theta) < {"central": 1e-9, "forward": 1e-6, "complex": 1e-14}[method]
