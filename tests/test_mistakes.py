"""Every catalogued mistake is refused by the checker, and each can be told from the others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from backprop_lib.equations import backprop
from backprop_lib.gradient_check import check_gradient
from backprop_lib.mistakes import MISTAKES, diagnosing_net, mistake
from backprop_lib.network import Network


def nets():
    """Nets with two equal neighboring hidden layers, where even a forgotten transpose shows."""
    for seed, names in enumerate((["tanh", "tanh", "sigmoid"], ["sigmoid", "tanh", "tanh"])):
        rng = np.random.default_rng(seed)
        net = Network(list(zip(["identity", *names], [4, 3, 3, 2], strict=True)), seed=seed)
        net.theta += 0.3 * rng.standard_normal(net.theta.size)
        yield net, rng.standard_normal((4, 6)), np.eye(2)[:, rng.integers(0, 2, 6)]


def test_there_are_at_least_fourteen_and_each_says_what_and_where() -> None:
    assert len(MISTAKES) >= 14
    assert all(m.sentence.endswith(".") and "(" in m.where for m in MISTAKES.values())


@pytest.mark.parametrize("name", MISTAKES)
def test_the_checker_refuses(name) -> None:
    for net, x, y in [*nets(), diagnosing_net()[:3]]:
        assert not check_gradient(net, x, y, gradient=MISTAKES[name].gradient).passed


def test_the_checker_passes_the_right_gradient_on_the_same_nets() -> None:
    for net, x, y in [*nets(), diagnosing_net()[:3]]:
        assert check_gradient(net, x, y).passed


@pytest.mark.parametrize("one, other", list(combinations(MISTAKES, 2)))
def test_on_the_diagnosing_net_they_differ(one, other) -> None:
    net, x, y, cost = diagnosing_net()
    p, q = (MISTAKES[name].gradient(net, x, y, cost).theta for name in (one, other))
    assert np.linalg.norm(p - q) > 1e-3 * np.linalg.norm(q)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_changes_nothing_that_it_was_given(name) -> None:
    net, x, y, cost = diagnosing_net()
    before = net.theta.copy(), x.copy(), y.copy()
    MISTAKES[name].gradient(net, x, y, cost)
    assert all(np.array_equal(p, q) for p, q in zip(before, (net.theta, x, y), strict=True))


def test_the_skeleton_without_a_mistake_is_backpropagation() -> None:
    from backprop_lib.mistakes import gradient_with

    net, x, y, cost = diagnosing_net()
    assert np.array_equal(gradient_with({}, net, x, y, cost).theta, backprop(net, x, y, cost).gradient.theta)


def test_an_unknown_mistake_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match="mistake: expected one of .*, got 'typo'"):
        mistake("typo")
