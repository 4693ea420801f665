"""What trains at speed gives what the equations give: on every activation, cost and size of batch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from backprop_lib import backprop, fast_step
from backprop_lib.activations import ACTIVATIONS, HIDDEN
from backprop_lib.costs import COSTS, Cost
from backprop_lib.network import Network

CLOSE = 1e-12
LN_COSH = Cost("ln cosh", lambda a, y: np.log(np.cosh(a - y)).sum(axis=0), lambda a, y: np.tanh(a - y))
OUTPUTS = [
    (output, cost)
    for output, cost in product(ACTIVATIONS, [*COSTS.values(), LN_COSH])
    if cost.output in (None, output)
]


def problem(hidden, output, m, seed=0, sizes=(4, 6, 5, 3)):
    """A net with random biases, and m examples in rows whose targets sum to 1."""
    rng = np.random.default_rng(seed)
    names = ["identity", *[hidden] * (len(sizes) - 2), output]
    net = Network(list(zip(names, sizes, strict=True)), seed=seed)
    net.theta[...] = 0.5 * rng.standard_normal(net.theta.size)
    x, y = 2 * rng.standard_normal((m, sizes[0])), np.eye(sizes[-1])[rng.integers(0, sizes[-1], m)]
    return net, x, y


def off(got, expected):
    """The relative difference, by the norm."""
    return np.linalg.norm(got - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("m", [1, 7])
@pytest.mark.parametrize(("output", "cost"), OUTPUTS, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("hidden", HIDDEN)
def test_errors_and_gradient_are_those_of_the_equations(hidden, output, cost, m, monkeypatch) -> None:
    net, x, y = problem(hidden, output, m)
    book = backprop(net, x.T, y.T, cost)
    z_L, a, delta = fast_step.errors(net, x.T, y.T, cost)
    assert off(z_L, book.z[net.L]) < CLOSE
    for l in range(1, net.L + 1):
        assert off(a[l], book.a[l]) < CLOSE, f"layer {l}"
        assert off(delta[l], book.delta[l]) < CLOSE, f"delta of layer {l}"
    for block in (fast_step.BLOCK, 3):
        monkeypatch.setattr(fast_step, "BLOCK", block)
        assert off(fast_step.gradient(net, x.T, y.T, cost).theta, book.gradient.theta) < CLOSE


@pytest.mark.parametrize("batch_size", [1, 4, 11])
@pytest.mark.parametrize(("output", "cost"), OUTPUTS, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("hidden", HIDDEN)
def test_an_epoch_takes_the_steps_of_the_equations(hidden, output, cost, batch_size) -> None:
    net, x, y = problem(hidden, output, 11, seed=1)
    by_the_book, order = net.copy(), np.random.default_rng(2).permutation(11)
    for _ in range(2):
        for first in range(0, 11, batch_size):  # the last batch is smaller
            rows = order[first : first + batch_size]
            by_the_book.theta -= 0.05 * backprop(by_the_book, x[rows].T, y[rows].T, cost).gradient.theta
    steps = fast_step.Steps(net, cost, 0.05, batch_size)
    before = x.copy(), y.copy()
    for _ in range(2):
        steps.epoch(x, y, order)
    assert off(net.theta, by_the_book.theta) < CLOSE
    assert np.array_equal(before[0], x) and np.array_equal(before[1], y)


@pytest.mark.parametrize("largest", [1, 30, 65_536])
def test_examples_are_taken_in_blocks_of_any_size(largest, monkeypatch) -> None:
    monkeypatch.setattr(fast_step, "LARGEST", largest)
    net, x, y = problem("tanh", "sigmoid", 23)
    by_the_book, order = net.copy(), np.random.default_rng(3).permutation(23)
    for first in range(0, 23, 4):
        rows = order[first : first + 4]
        by_the_book.theta -= 0.5 * backprop(by_the_book, x[rows].T, y[rows].T).gradient.theta
    fast_step.Steps(net, COSTS["quadratic"], 0.5, 4).epoch(x, y, order)
    assert off(net.theta, by_the_book.theta) < CLOSE


def test_an_activation_that_is_not_in_the_fast_table_goes_the_plain_way(monkeypatch) -> None:
    monkeypatch.setattr(fast_step, "INTO", {})
    test_errors_and_gradient_are_those_of_the_equations("tanh", "sigmoid", COSTS["quadratic"], 7, monkeypatch)
    test_an_epoch_takes_the_steps_of_the_equations("tanh", "sigmoid", COSTS["quadratic"], 4)


@pytest.mark.parametrize("name", HIDDEN)
def test_saturated_neurons_have_the_slopes_of_the_table(name) -> None:
    z = np.array([[-700.0, -40.0, -1.0, -0.0, 0.0, 1.0, 15.0, 40.0, 700.0]])
    a, prime = np.empty_like(z), np.empty_like(z)
    fast_step.into(ACTIVATIONS[name])(z.copy(), a, prime)
    assert np.allclose(a, ACTIVATIONS[name](z), rtol=1e-15, atol=0)
    assert np.allclose(prime, ACTIVATIONS[name].prime(z), rtol=1e-15, atol=0)


def test_of_a_softmax_no_column_vanishes_beside_a_larger_one() -> None:
    z = np.array([[-800.0, 0.0, 900.0], [-801.0, 1.0, 900.0]])
    a, softmax = np.empty_like(z), ACTIVATIONS["softmax"]
    fast_step.into(softmax)(z.copy(), a, np.empty_like(z))
    assert np.allclose(a, softmax(z), rtol=1e-15, atol=0)


def test_the_arrays_are_made_once_for_all_batches_of_one_size(monkeypatch) -> None:
    made, make = [], fast_step.Steps._arrays_for
    monkeypatch.setattr(fast_step.Steps, "_arrays_for", lambda self, m: (made.append(m), make(self, m))[1])
    net, x, y = problem("tanh", "sigmoid", 11)
    steps = fast_step.Steps(net, COSTS["quadratic"], 0.5, 4)
    for _ in range(2):
        steps.epoch(x, y, np.arange(11))
    assert made == [4, 3]
