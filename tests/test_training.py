"""Training does what it says, records what happened, and survives interruption and divergence."""

from __future__ import annotations

import random

import numpy as np
import pytest

from backprop_lib import training
from backprop_lib.bridge import graph_from, network_from
from backprop_lib.data import load_iris, split, standardize, xor
from backprop_lib.equations import backprop, cost_of
from backprop_lib.network import Network
from backprop_lib.training import Trainer, accuracy_of, train

TRAIN, HELD_OUT = standardize(*split(load_iris()))
SPECIFICATION = [("identity", 4), ("tanh", 5), ("sigmoid", 3)]


def test_an_epoch_is_the_loop_written_out_with_its_smaller_last_batch() -> None:
    net = Network(SPECIFICATION, seed=1)
    by_hand, order = net.copy(), np.random.default_rng(2).permutation(105)
    for batch in [order[:25], order[25:50], order[50:75], order[75:100], order[100:]]:
        gradient = backprop(by_hand, TRAIN.x[batch].T, TRAIN.y[batch].T).gradient
        by_hand.theta -= 0.7 * gradient.theta
    train(net, TRAIN, learning_rate=0.7, epochs=1, batch_size=25, order=lambda epoch: order)
    assert np.abs(net.theta - by_hand.theta).max() < 1e-15


def test_the_graph_and_the_matrices_train_in_step() -> None:
    net = Network(SPECIFICATION, seed=3)
    graph, few = graph_from(net), TRAIN.take(range(0, 105, 5))
    orders = [np.random.default_rng(e).permutation(len(few)).tolist() for e in range(4)]
    ours = train(net, few, epochs=4, batch_size=5, order=lambda epoch: orders[epoch])
    theirs = graph.train(few.x, few.y, epochs=4, batch_size=5, order=orders)
    assert np.abs(network_from(graph).theta - net.theta).max() < 1e-12
    assert np.allclose(ours.cost, theirs.cost, rtol=1e-12) and np.allclose(ours.accuracy, theirs.accuracy)
    assert all(np.allclose(ours.delta[l], theirs.delta[l], rtol=1e-10) for l in (1, 2))


def test_the_history_begins_before_the_first_epoch_and_holds_what_it_says() -> None:
    net = Network(SPECIFICATION, seed=1)
    before, after = net.copy(), net
    history = train(net, TRAIN, epochs=3, held_out=HELD_OUT, keep_parameters=True)
    assert history.epochs == 3 and history.delta[1].shape == (4, 5)
    for index, state in ((0, before), (3, after)):
        run = backprop(state, *TRAIN.columns())
        assert history.cost[index] == pytest.approx(cost_of(state, *TRAIN.columns()), rel=1e-14)
        assert history.held_out_cost[index] == pytest.approx(cost_of(state, *HELD_OUT.columns()), rel=1e-14)
        assert history.accuracy[index] == accuracy_of(state, TRAIN)
        assert history.held_out_accuracy[index] == accuracy_of(state, HELD_OUT)
        assert np.allclose(history.delta[1][index], np.sqrt((run.delta[1] ** 2).mean(axis=1)), rtol=1e-12)
        assert history.delta_norm(2)[index] == pytest.approx(np.sqrt((run.delta[2] ** 2).sum() / 105))
        assert np.array_equal(history.parameters[index], state.theta)


def test_held_out_examples_do_not_touch_the_weights() -> None:
    one, other = Network(SPECIFICATION), Network(SPECIFICATION)
    train(one, TRAIN, epochs=2, held_out=HELD_OUT)
    train(other, TRAIN, epochs=2)
    assert np.array_equal(one.theta, other.theta)


def test_training_learns_iris_and_xor() -> None:
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)])
    assert train(net, TRAIN, epochs=100).cost[-1] < 0.03 and accuracy_of(net, HELD_OUT) > 0.9
    gate = Network([("identity", 2), ("tanh", 4), ("sigmoid", 1)], seed=1)
    history = train(gate, xor(), "binary_cross_entropy", learning_rate=0.5, epochs=500, batch_size=4)
    assert history.cost[-1] < 0.05 and history.accuracy[-1] == 1.0


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    ends = []
    for seed in (0, 0, 1):
        net = Network(SPECIFICATION)
        train(net, TRAIN, epochs=2, seed=seed)
        ends.append(net.theta)
    assert np.array_equal(ends[0], ends[1]) and not np.array_equal(ends[0], ends[2])


def test_a_run_in_two_pieces_is_the_run_in_one() -> None:
    pieces, whole = Network(SPECIFICATION), Network(SPECIFICATION)
    trainer = Trainer(pieces, TRAIN)
    trainer.run(2)
    history = trainer.run(3)
    assert np.array_equal(history.cost, train(whole, TRAIN, epochs=5).cost)
    assert np.array_equal(pieces.theta, whole.theta)


@pytest.mark.parametrize("seed", range(25))
def test_an_interrupt_at_any_moment_leaves_a_finished_epoch_and_its_history(seed, monkeypatch) -> None:
    moment, calls = random.Random(seed).randrange(2, 70), 0
    original = training._backprop

    def interrupted(*arguments):
        nonlocal calls
        calls += 1
        if calls == moment:
            raise KeyboardInterrupt
        return original(*arguments)

    net = Network(SPECIFICATION)
    monkeypatch.setattr(training, "_backprop", interrupted)
    history = train(net, TRAIN, epochs=9, keep_parameters=True) if moment > 1 else None
    monkeypatch.undo()
    assert history.interrupted == (calls >= moment)
    assert np.array_equal(net.theta, history.parameters[-1])
    assert history.cost[-1] == pytest.approx(cost_of(net, *TRAIN.columns()), rel=1e-14)
    uninterrupted = train(Network(SPECIFICATION), TRAIN, epochs=9)
    assert np.array_equal(history.cost, uninterrupted.cost[: len(history.cost)])


def test_divergence_names_the_epoch_and_keeps_the_last_finite_state() -> None:
    net = Network([("identity", 4), ("relu", 5), ("identity", 3)])
    history = train(net, TRAIN, learning_rate=50.0, epochs=30, keep_parameters=True)
    assert history.diverged_at == history.epochs + 1
    assert np.isfinite(net.theta).all() and np.array_equal(net.theta, history.parameters[-1])
    assert np.isfinite(history.cost).all()


def test_more_examples_than_fit_in_a_piece_are_evaluated_alike(monkeypatch) -> None:
    net = Network(SPECIFICATION)
    whole = train(net.copy(), TRAIN, epochs=1)
    monkeypatch.setattr(training, "CHUNK", 10)
    pieces = train(net.copy(), TRAIN, epochs=1)
    assert np.allclose(whole.cost, pieces.cost, rtol=1e-13)
    assert np.allclose(whole.delta[1], pieces.delta[1], rtol=1e-12)


def test_training_prints_nothing(capsys) -> None:
    train(Network(SPECIFICATION), TRAIN, epochs=1)
    assert capsys.readouterr() == ("", "")
