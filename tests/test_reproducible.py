"""A twin finds out which runs make round-off grow, and is not fooled by those that forget it."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib import Network, load_iris, split, standardize
from backprop_lib.figures.find_the_bug import train_with
from backprop_lib.figures.iris_lab import specification
from backprop_lib.figures.reproducible import NUDGE, Twins, apart, differ, twin_of

TRAIN, HELD_OUT = standardize(*split(load_iris()))


def twins(sizes, activation, cost, eta, batch, seed=0):
    net = Network(specification(list(sizes), activation, cost), seed=seed)
    return Twins(net, TRAIN, cost, eta, batch, seed, held_out=HELD_OUT)


def test_a_twin_differs_in_every_parameter_by_its_share() -> None:
    net = Network([("identity", 2), ("tanh", 3), ("sigmoid", 1)], seed=0)
    twin = twin_of(net)
    assert np.all(twin.theta != net.theta) and twin.theta.base is not net.theta
    assert 0 < apart(net.theta, twin.theta) < 3 * NUDGE
    assert apart(np.array([1.0]), np.array([np.inf])) == np.inf


@pytest.mark.parametrize(
    "settings",
    [
        ((5,), "sigmoid", "quadratic", 3.0, 10),
        ((), "sigmoid", "quadratic", 1.0, 30),
        ((5,), "tanh", "quadratic", 0.3, 10),
    ],
)
def test_a_calm_run_is_not_doubted(settings) -> None:
    run = twins(*settings)
    run.run(60)
    assert not any(run.is_doubtful(epoch) for epoch in range(61))


@pytest.mark.parametrize(
    "settings",
    [((9, 7, 7), "tanh", "quadratic", 30.0, 105), ((1, 1, 4, 9), "tanh", "quadratic", 0.1, 1)],
)
def test_a_run_that_makes_round_off_grow_is_doubted_from_some_epoch_on(settings) -> None:
    run = twins(*settings)
    history = run.run(60)
    doubts = [run.is_doubtful(epoch) for epoch in range(history.epochs + 1)]
    assert not doubts[0] and doubts[-1] and doubts == sorted(doubts)


def test_a_run_in_pieces_is_doubted_from_the_same_epoch() -> None:
    settings = ((9, 7, 7), "tanh", "quadratic", 30.0, 105)
    whole, pieces = twins(*settings), twins(*settings)
    whole.run(40)
    for _ in range(8):
        pieces.run(5)
    assert [whole.is_doubtful(e) for e in range(41)] == [pieces.is_doubtful(e) for e in range(41)]


def test_the_mistake_whose_run_depends_on_the_processor_is_found() -> None:
    assert train_with("not_reset").doubtful and not train_with("").doubtful


def test_a_run_that_goes_on_beside_dead_neurons_with_huge_weights_is_doubted() -> None:
    run = twins((7,), "relu", "cross_entropy", 30.0, 10, seed=688)
    history = run.run(328)
    assert history.delta_norm(1)[-1] == 0 and np.abs(history.parameters[-1]).max() > 1e3
    assert run.is_doubtful(328)


def test_numbers_of_two_runs_differ_by_their_share_or_because_one_is_not_finite() -> None:
    one, other = [1.0, 1.0, 0.0, 1e-300, np.inf, np.nan], [1 + 1e-9, 1 + 1e-5, 0.0, 0.0, np.inf, np.nan]
    assert differ(np.array(one), np.array(other)).tolist() == [False, True, False, True, True, True]
