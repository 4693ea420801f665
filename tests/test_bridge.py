"""The bridge carries parameters and gradients between the three nets without changing a digit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_lib.costs import COSTS
from backprop_lib.equations import backprop, feed_forward
from backprop_lib.network import Network, Parameters
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient, network_from

SPECIFICATION = [("identity", 3), ("tanh", 4), ("sigmoid", 2)]
GRADIENTS = {
    "graph": lambda net, x, y, cost="quadratic": graph_gradient(graph_from(net), x, y, cost),
    "autodiff": autodiff_gradient,
}


def net_and_batch(
    specification: list[tuple[str, int]] = SPECIFICATION, m: int = 5
) -> tuple[Network, Any, Any]:
    """A net of random parameters, and m random examples in columns, with targets that sum to 1."""
    rng = np.random.default_rng(7)
    net = Network(specification)
    net.theta[...] = rng.normal(size=net.theta.size)
    x, y = rng.normal(size=(net.sizes[0], m)), rng.uniform(0.1, 0.9, size=(net.sizes[-1], m))
    return net, x, y / y.sum(axis=0)


def numbered(sizes: list[int]) -> Network:
    """A net whose parameters are 0, 1, 2, … in the order of theta."""
    net = Network([("identity", sizes[0]), *[("tanh", n) for n in sizes[1:]]])
    net.theta[...] = np.arange(net.theta.size)
    return net


def test_a_graph_has_the_specification_and_the_parameters_of_the_net() -> None:
    net, _, _ = net_and_batch()
    graph = graph_from(net)
    assert graph.specification == net.specification
    for l in (1, 2):
        for j, neuron in enumerate(graph.layers[l]):
            assert neuron.bias == net.b[l][j, 0], f"b[{l}][{j}]"
            assert [c.weight for c in neuron.incoming] == net.w[l][j].tolist(), f"w[{l}][{j}]"


def test_a_weight_goes_to_its_own_place_though_the_layers_are_square() -> None:
    graph = graph_from(numbered([2, 2, 2]))
    assert graph.layers[1][0].incoming[1].weight == 1 and graph.layers[1][1].incoming[0].weight == 2
    assert graph.layers[1][1].bias == 5 and graph.layers[2][1].incoming[0].weight == 8


def test_a_net_from_a_graph_from_a_net_is_the_same_net() -> None:
    net, _, _ = net_and_batch()
    again = network_from(graph_from(net))
    assert again.specification == net.specification
    assert np.array_equal(again.theta, net.theta)


def test_the_numbers_are_copied_and_not_shared() -> None:
    net, _, _ = net_and_batch()
    graph, before = graph_from(net), net.theta.copy()
    graph.layers[1][0].bias += 1
    copy = network_from(graph)
    copy.theta += 1
    assert np.array_equal(net.theta, before)
    assert graph.layers[1][0].bias == net.b[1][0, 0] + 1


def test_both_nets_feed_forward_alike() -> None:
    net, x, _ = net_and_batch()
    _, a = feed_forward(net, x)
    outputs = np.array([graph_from(net).feed_forward(column) for column in x.T]).T
    assert np.abs(outputs - a[2]).max() < 1e-15


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize(
    "hidden, output, cost",
    [
        ("tanh", "sigmoid", "quadratic"),
        ("relu", "identity", "quadratic"),
        ("sigmoid", "softmax", "quadratic"),
        ("identity", "sigmoid", "binary_cross_entropy"),
        ("tanh", "softmax", "cross_entropy"),
    ],
)
def test_the_gradient_is_that_of_the_matrices(name: str, hidden: str, output: str, cost: str) -> None:
    net, x, y = net_and_batch([("identity", 3), (hidden, 4), (hidden, 2), (output, 3)])
    ours, theirs = GRADIENTS[name](net, x, y, cost), backprop(net, x, y, cost).gradient
    assert isinstance(ours, Parameters) and ours.sizes == net.sizes
    for (kind, l, block), (_, _, expected) in zip(ours.blocks(), theirs.blocks(), strict=True):
        assert np.linalg.norm(expected) > 0, f"{kind}[{l}]: an error between two zeros says nothing"
        assert np.linalg.norm(block - expected) < 1e-13 * np.linalg.norm(expected), f"{kind}[{l}]"


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradient_is_the_measured_slope_of_the_cost_of_the_graph(name: str) -> None:
    net, x, y = net_and_batch()
    gradient, h = GRADIENTS[name](net, x, y), 1e-6
    for i in range(net.theta.size):
        costs = []
        for sign in (1, -1):
            moved = net.with_parameters(net.theta + sign * h * np.eye(net.theta.size)[i])
            costs.append(graph_from(moved).cost_of(x.T, y.T))
        assert gradient.theta[i] == pytest.approx((costs[0] - costs[1]) / (2 * h), abs=1e-9), f"theta[{i}]"


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradient_of_a_batch_is_a_mean(name: str) -> None:
    net, x, y = net_and_batch()
    once, twice = GRADIENTS[name](net, x, y), GRADIENTS[name](net, np.tile(x, 2), np.tile(y, 2))
    assert np.allclose(twice.theta, once.theta, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_cost_may_be_named_or_given(name: str) -> None:
    net, x, y = net_and_batch()
    named = GRADIENTS[name](net, x, y, "binary_cross_entropy")
    given = GRADIENTS[name](net, x, y, COSTS["binary_cross_entropy"])
    assert np.array_equal(named.theta, given.theta)
    assert not np.allclose(named.theta, GRADIENTS[name](net, x, y, "quadratic").theta)


@pytest.mark.parametrize("name", GRADIENTS)
def test_nothing_handed_in_is_changed(name: str) -> None:
    net, x, y = net_and_batch()
    before = net.theta.copy(), x.copy(), y.copy()
    GRADIENTS[name](net, x, y)
    for array, kept in zip((net.theta, x, y), before, strict=True):
        assert np.array_equal(array, kept)


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": np.zeros(3)}, r"x: expected shape \(3, m\), one example per column, got shape \(3,\)"),
        ({"x": np.zeros((5, 3))}, r"x: expected shape \(3, m\).*it looks transposed"),
        ({"y": np.zeros((3, 5))}, r"y: expected shape \(2, m\).* got shape \(3, 5\)"),
        ({"y": np.zeros((2, 4))}, r"y: expected 5 examples \(columns\) as in x, got 4"),
        ({"x": np.full((3, 5), np.nan)}, "x: expected finite numbers, got nan"),
        ({"cost": "cross_entropy"}, "cost: cross_entropy needs softmax outputs, got sigmoid outputs"),
        ({"cost": "hinge"}, "cost: expected one of quadratic, .* got 'hinge'"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(name: str, change: Any, message: str) -> None:
    net, x, y = net_and_batch()
    with pytest.raises(ValueError, match=message):
        GRADIENTS[name](net, **{"x": x, "y": y, **change})


def test_the_cost_is_the_quadratic_one_if_none_is_named() -> None:
    net = Network([("identity", 2), ("tanh", 3), ("sigmoid", 2)], seed=1)
    x, y = np.array([[0.5], [-1.0]]), np.array([[1.0], [0.0]])
    for gradient, made in ((graph_gradient, graph_from(net)), (autodiff_gradient, net)):
        assert np.array_equal(gradient(made, x, y).theta, gradient(made, x, y, "quadratic").theta)
