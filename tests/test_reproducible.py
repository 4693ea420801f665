"""A twin finds out which runs make round-off grow, and is not fooled by those that forget it."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from backprop_lib import Network, load_iris, split, standardize
from backprop_lib.figures import reproducible
from backprop_lib.figures.find_the_bug import train_with
from backprop_lib.figures.iris_lab import specification
from backprop_lib.figures.reproducible import (
    DOUBT,
    NUDGE,
    Twins,
    apart,
    differ,
    moved,
    rounded_up,
    tied,
    twin_of,
)
from backprop_lib.training import History, Trainer

TRAIN, HELD_OUT = standardize(*split(load_iris()))


def twins(sizes, activation, cost, eta, batch, seed=0):
    net = Network(specification(list(sizes), activation, cost), seed=seed)
    return Twins(net, TRAIN, cost, eta, batch, seed, held_out=HELD_OUT)


def test_a_twin_differs_in_every_parameter_by_its_share() -> None:
    net = Network([("identity", 2), ("tanh", 3), ("sigmoid", 1)], seed=0)
    twin = twin_of(net)
    assert np.all(twin.theta != net.theta) and twin.theta.base is not net.theta
    assert 0 < apart(net.theta, twin.theta) < 3 * NUDGE
    moved = (twin.theta - net.theta) / np.where(net.theta == 0, 1.0, net.theta)  # down and up in turn
    assert (net.theta == 0).any() and np.allclose(moved[::2], -NUDGE, rtol=2e-3, atol=0)
    assert np.allclose(moved[1::2], NUDGE, rtol=2e-3, atol=0)


def test_parameters_are_moved_by_their_share_up_or_down_and_never_twice_alike() -> None:
    chance, theta = np.random.default_rng(3), np.linspace(-2.0, 3.0, 501)
    assert theta[200] == 0
    sides = [(moved(theta, chance) - theta) / np.where(theta == 0, 1.0, theta) for _ in range(2)]
    for side in sides:
        assert np.allclose(np.abs(side), NUDGE, rtol=0.02, atol=0) and 200 < (side > 0).sum() < 301
    assert 200 < ((sides[0] > 0) == (sides[1] > 0)).sum() < 301


def test_a_twin_is_moved_after_every_epoch_and_what_it_was_before_is_kept(monkeypatch) -> None:
    noted = []

    def noting(theta, chance):
        noted.append((theta.copy(), moved(theta, chance)))
        return noted[-1][1]

    monkeypatch.setattr(reproducible, "moved", noting)
    run = twins((5,), "tanh", "quadratic", 0.3, 30)
    run.run(2), run.run(3)
    kept = [run.twin(epoch) for epoch in range(6)]
    assert len(noted) == 5
    assert all(np.array_equal(theta, before) for theta, (before, _) in zip(kept[1:], noted, strict=True))
    whole = twins((5,), "tanh", "quadratic", 0.3, 30)
    whole.run(5)
    assert all(np.array_equal(whole.twin(epoch), kept[epoch]) for epoch in range(6))
    # An epoch begins where the one before was moved to: from zeros, which no weight of this net ever leaves.
    monkeypatch.setattr(reproducible, "moved", lambda theta, chance: np.zeros_like(theta))
    run = twins((5,), "tanh", "quadratic", 0.3, 30)
    run.run(3)
    weights = [run.twin(epoch)[:20] for epoch in range(4)]
    assert weights[1].all() and not weights[2].any() and not weights[3].any()


@pytest.mark.parametrize(
    ("settings", "seed", "epochs"),
    [
        (((4, 3), "tanh", "cross_entropy", 1.0, 105), 141, 100),
        (((7, 8, 4), "tanh", "quadratic", 2.0, 105), 474, 85),
        (((4,), "identity", "quadratic", 3.0, 105), 786, 150),
    ],
)
def test_a_run_that_forgets_before_it_makes_round_off_grow_is_doubted_before_this_shows(
    settings, seed, epochs
) -> None:
    run = twins(*settings, seed)
    history = run.run(epochs)
    doubts = np.array([run.is_doubtful(epoch) for epoch in range(epochs + 1)])
    # The same run with the inputs in another order: the sums are rounded otherwise, as on another computer.
    order, (sizes, activation, cost, eta, batch) = [2, 0, 3, 1], settings
    net = Network(specification(list(sizes), activation, cost), seed=seed)
    net.w[1][...] = net.w[1][:, order]
    train, held_out = (replace(data, x=data.x[:, order]) for data in (TRAIN, HELD_OUT))
    other = Trainer(net, train, cost, eta, batch, seed, held_out=held_out).run(epochs)
    for one, two in ((history.cost, other.cost), (history.held_out_cost, other.held_out_cost)):
        share = np.abs(one - two) / one
        assert share[~doubts].max() < DOUBT / 30 and doubts[share > DOUBT / 30].all()


@pytest.mark.parametrize(
    ("theta", "twin", "share"),
    [
        ([3.0, 4.0], [3.0, 4.5], 0.1),
        ([3.0, -4.0], [3.0, -4.0], 0.0),
        ([0.5], [0.25], 0.5),
        ([1.0], [np.inf], np.inf),
        ([np.inf], [np.inf], np.inf),
        ([np.nan], [1.0], np.inf),
        ([1.5e308], [-1.5e308], np.inf),
        ([0.0], [0.0], np.inf),
    ],
)
def test_how_far_two_parameter_vectors_are_apart(theta, twin, share) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert apart(np.array(theta), np.array(twin)) == pytest.approx(share, rel=1e-12)


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
    one = [1.0, 1.0, 0.0, 1e-300, np.inf, np.nan, 1e308]
    other = [1 + 1e-9, 1 + 1e-5, 0.0, 0.0, np.inf, np.nan, -1e308]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it says so itself: numpy need not
        found = differ(np.array(one), np.array(other)).tolist()
    assert found == [False, True, False, True, True, True, True]


@pytest.mark.parametrize(
    ("largest", "is_tied"),
    [
        ([0.5, 0.5, 0.1], True),
        ([0.1, 0.5, 0.5 + 1e-8], True),
        ([3e-17, -1e-17, -2e-17], True),  # of softmax: what is left when nothing but its bias learns
        ([0.5, 0.5 + 1e-5, 0.1], False),
        ([0.5, 0.1, 0.1], False),
        ([-3000.0, -3000.0001, -4000.0], True),
        ([40.0, 38.0, -1.0], False),  # of a sigmoid: both outputs are 1
    ],
)
def test_outputs_are_tied_where_round_off_may_decide_which_is_the_largest(largest, is_tied) -> None:
    clear = [1.0, 2.0, 3.0]
    for columns in ([largest], [clear, largest], [largest, clear]):
        assert tied(np.transpose(columns)) is is_tied


# Histories that are written, not trained ---------------------------------------------------------------

EPOCHS = 6


def calm(epochs=EPOCHS, diverged_at=None):
    at = np.arange(epochs + 1.0)[:, None]
    return History(
        cost=2 - at[:, 0] / 10,
        accuracy=at[:, 0] / 10,
        delta={1: 1 + at * [1.0, 2.0], 2: 2 + at * [1.0]},
        held_out_cost=3 - at[:, 0] / 10,
        held_out_accuracy=at[:, 0] / 20,
        parameters=1 + at * [1.0, 2.0, 3.0],
        diverged_at=diverged_at,
    )


class Written:
    """A trainer whose history is known before; it notes how it was made."""

    interrupted = False

    def __init__(self, whole, *arguments, **options):
        self.whole, self.arguments, self.options, self.epoch = whole, arguments, options, 0

    @property
    def diverged_at(self):
        return self.whole.diverged_at

    def run(self, epochs):
        self.epoch = min(self.epoch + epochs, self.whole.epochs)
        return self.history()

    def history(self):
        upto, whole = slice(0, self.epoch + 1), self.whole
        return replace(
            whole,
            **{
                name: getattr(whole, name)[upto]
                for name in ("cost", "accuracy", "held_out_cost", "held_out_accuracy", "parameters")
            },
            delta={l: each[upto] for l, each in whole.delta.items()},
        )


def twins_of(monkeypatch, first, second):
    """Twins of two written histories, and the trainers that they made."""
    made, wholes = [], iter([first, second])

    def trainer(*arguments, **options):
        made.append(Written(next(wholes), *arguments, **options))
        return made[-1]

    monkeypatch.setattr(reproducible, "Trainer", trainer)
    monkeypatch.setattr(reproducible, "_Twin", trainer)
    net = Network([("identity", 4), ("sigmoid", 3)], seed=0)
    return Twins(net, TRAIN, "quadratic", 0.5, 7, 9, held_out=HELD_OUT), made, net


def test_the_twin_has_other_parameters_examples_and_another_rate_and_the_same_batches(monkeypatch) -> None:
    _, (run, twin), net = twins_of(monkeypatch, calm(), calm())
    assert run.arguments[0] is net and run.arguments[1] is TRAIN and run.options["held_out"] is HELD_OUT
    assert run.arguments[2:] == ("quadratic", 0.5, 7, 9) and run.options["keep_parameters"]
    assert twin.arguments[2] == "quadratic" and twin.arguments[4:] == (7, 9)
    assert np.array_equal(twin.arguments[0].theta, twin_of(net).theta)
    for given, right in ((twin.arguments[1], TRAIN), (twin.options["held_out"], HELD_OUT)):
        assert np.array_equal(given.y, right.y)
        off = np.abs(given.x / right.x - 1)[right.x != 0]
        assert off.min() > 0 and off.max() < 3 * NUDGE
    assert 0 < twin.arguments[3] / 0.5 - 1 < 3 * NUDGE and twin.options["keep_parameters"]


def parted(quantity, place, share):
    """A calm history in which one number is off by a share."""
    history = calm()
    array = history.delta[2] if quantity == "delta" else getattr(history, quantity)
    array[place] *= 1 + share
    return history


SAID = ["cost", "accuracy", "held_out_cost", "held_out_accuracy", "delta", "parameters"]


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize("quantity", SAID)
def test_a_run_is_doubted_from_the_epoch_on_in_which_anything_that_it_says_is_apart(
    monkeypatch, quantity, in_parts
) -> None:
    for share, doubts in ((1e-6, [False] * 3 + [True] * 4), (1e-8, [False] * 7)):
        for first, second in ((calm(), parted(quantity, 3, share)), (parted(quantity, 3, share), calm())):
            run, _, _ = twins_of(monkeypatch, first, second)
            for _ in range(EPOCHS if in_parts else 1):
                history = run.run(1 if in_parts else EPOCHS)
            assert history.epochs == run.epoch == EPOCHS
            # Together again afterwards: once apart, it is doubted for good.
            assert [run.is_doubtful(epoch) for epoch in range(EPOCHS + 1)] == doubts


@pytest.mark.parametrize("missing", [1, 3])
def test_an_interrupt_while_the_twin_runs_is_told(monkeypatch, missing) -> None:
    run, (_, twin), _ = twins_of(monkeypatch, calm(), calm())
    twin.interrupted = True
    run.run(missing)
    assert run.interrupted


def test_a_number_that_is_none_is_doubted(monkeypatch) -> None:
    for quantity in SAID:
        run, _, _ = twins_of(monkeypatch, parted(quantity, 3, np.nan), parted(quantity, 3, np.nan))
        run.run(EPOCHS)
        assert [run.is_doubtful(epoch) for epoch in (2, 3, EPOCHS)] == [False, True, True]


def test_a_run_whose_twin_diverges_before_is_doubted_from_there_on(monkeypatch) -> None:
    run, _, _ = twins_of(monkeypatch, calm(), calm(3, diverged_at=4))
    run.run(EPOCHS)
    assert [run.is_doubtful(epoch) for epoch in range(EPOCHS + 1)] == [False] * 4 + [True] * 3
    run, _, _ = twins_of(monkeypatch, calm(3, diverged_at=4), calm())
    run.run(EPOCHS)
    assert run.diverged_at == 4 and not run.is_doubtful(3)
    run, _, _ = twins_of(monkeypatch, calm(3, diverged_at=4), calm(3, diverged_at=4))
    run.run(EPOCHS)
    assert not any(run.is_doubtful(epoch) for epoch in range(4))


def test_a_bound_is_the_next_of_one_two_and_five() -> None:
    pairs = [(3.1e-8, 5e-8), (0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (2.0, 2.0), (2.1, 5.0), (60.0, 100.0)]
    for value, bound in pairs:
        assert rounded_up(value) == pytest.approx(bound, rel=1e-12)


def test_the_twin_goes_along_when_a_run_is_carried_on_by_one_epoch() -> None:
    run = twins([], "tanh", "quadratic", 0.5, 10)
    for epoch in (1, 2):
        theta = run.run(1).parameters[epoch]
        assert 0 < np.abs(run.twin(epoch) / theta - 1).max() < 1e-9


def test_a_net_and_its_twin_have_parted_if_their_parameters_or_their_costs_have() -> None:
    net = Network([("identity", 2), ("sigmoid", 1)])
    other = net.with_parameters(net.theta * 1.001)
    assert not reproducible.parted(net, net, 0.5, 0.5)
    assert reproducible.parted(net, other, 0.5, 0.5)
    assert reproducible.parted(net, net, 0.5, 0.501)


def test_a_run_that_has_not_begun_is_not_interrupted() -> None:
    assert twins([], "tanh", "quadratic", 0.5, 10).interrupted is False
