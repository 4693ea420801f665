"""What the folded answers of the pages say about the figures is so."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.activations import activation
from backprop_lib.costs import cost
from backprop_lib.course.exercises import EXERCISES, check
from backprop_lib.course.puzzles import bad_run, stalled_net
from backprop_lib.equations import backprop, feed_forward, output_error_through_jacobian
from backprop_lib.figures.clones import clone_run, spread
from backprop_lib.figures.depth import INITS, error_norms, trend
from backprop_lib.figures.iris_lab import idle_neurons, lab_data, work
from backprop_lib.network import Network
from backprop_lib.training import History, train

IRIS, HELD_OUT = lab_data()
SEEDS = (0, 1, 2)


def in_the_lab(
    seed: int, *hidden: tuple[str, int], rate: float = 3.0, batch: int = 10, epochs: int = 200
) -> History:
    net = Network([("identity", 4), *hidden, ("sigmoid", 3)], seed=seed)
    return train(net, IRIS, learning_rate=rate, epochs=epochs, batch_size=batch, seed=seed, held_out=HELD_OUT)


def test_of_five_neurons_four_are_idle_on_seed_0_and_none_on_seed_1() -> None:
    (x, y), idle = IRIS.columns(), {}
    for seed in (0, 1):
        net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=seed)
        cost = train(net, IRIS, learning_rate=3.0, epochs=200, batch_size=10, seed=seed).cost[-1]
        idle[seed] = idle_neurons(work(net, x, y), cost)
        if seed == 0:  # the four answer setosa one way and the others the other way; the fifth does not
            answers = feed_forward(net, x)[1][1]
            means = np.array([answers[:, IRIS.labels == s].mean(axis=1) for s in range(3)])
            assert (np.abs(means[1] - means[2])[:4] < 0.15).all() and (
                np.abs(means[0] - means[1])[:4] > 0.8
            ).all()
            assert abs(means[0, 4] - means[1, 4]) < 0.15 and means[2, 4] - means[1, 4] > 0.8
    assert idle == {0: {(1, 0), (1, 1), (1, 2), (1, 3)}, 1: set()}


@pytest.mark.parametrize("seed", SEEDS)
def test_two_hidden_neurons_do_as_well_as_five_and_one_or_none_do_not(seed) -> None:
    runs = [in_the_lab(seed, *[("sigmoid", n)] * (n > 0)) for n in (0, 1, 2, 5)]
    none, one, two, five = (run.cost[-1] for run in runs)
    assert 0.09 < none < 0.11 and one > 0.1 and max(two, five) < 0.025
    assert all(run.held_out_accuracy[-1] > 0.9 and run.accuracy[-1] > 0.9 for run in runs)


@pytest.mark.parametrize("seed", SEEDS)
def test_four_layers_of_sigmoids_stand_still_at_first_and_tanh_does_not(seed) -> None:
    sigmoid, tanh = (in_the_lab(seed, *[(name, 5)] * 4, epochs=22) for name in ("sigmoid", "tanh"))
    assert sigmoid.delta_norm(1)[0] / sigmoid.delta_norm(5)[0] < 0.01
    assert sigmoid.cost.min() > 0.3
    assert tanh.delta_norm(1)[0] / tanh.delta_norm(5)[0] > 0.1 and tanh.cost[1] < 0.6 * tanh.cost[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rate_of_30_is_survived_by_sigmoids_and_not_by_relu(seed) -> None:
    """The leaps magnify round-off: the end of ReLU's run is 3 to 21 times as high, by kernel and seed."""
    survived = in_the_lab(seed, ("sigmoid", 5), rate=30.0).cost
    leaping = in_the_lab(seed, ("relu", 5), rate=30.0).cost
    assert survived[-1] < 0.02 and np.abs(np.diff(leaping)).max() > 0.05
    assert leaping[-20:].mean() > 2 * survived[-20:].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_all_flowers_at_once_are_smooth_and_single_ones_are_fast(seed) -> None:
    single, together = (in_the_lab(seed, ("sigmoid", 5), batch=m, epochs=60).cost for m in (1, 105))
    assert np.all(np.diff(together) < 0) and np.any(np.diff(single) > 0)
    assert single[20] < 0.5 * together[20]


def test_the_four_bad_runs_went_as_their_diagnoses_say() -> None:
    small, shuffled, equal, large = map(bad_run, "ABCD")
    assert abs(small.cost[-1] / small.cost[0] - 1) < 0.05
    assert shuffled.cost[-1] > 0.25 and shuffled.accuracy[-1] < 0.6
    assert equal.cost[-1] < 0.5 * equal.cost[0] and equal.accuracy[-1] > 0.9 and equal.cost[-1] > 0.1
    assert large.diverged_at == 1 and large.epochs == 0
    with pytest.raises(ValueError, match="letter: expected one of A, B, C, D, got 'E'"):
        bad_run("E")


def signs(letter: str) -> set[str]:
    """What the measurements of page 9 say of one of its five nets."""
    net = stalled_net(letter)
    run = backprop(net, *IRIS.columns())
    slopes = net.sigma[1].prime(run.z[1])
    dead = np.any(np.all(slopes == 0, axis=1))
    shrunk = np.linalg.norm(run.delta[1]) < 0.01 * np.linalg.norm(run.delta[net.L])
    return {
        *(["clones"] if spread(net.w[1]) == 0 else []),
        *(["dead ReLUs"] if dead else []),
        *(["saturation"] if np.median(slopes) < 0.05 and not dead else []),
        *(["depth"] if shrunk and net.L > 3 else []),
    }


def test_the_five_nets_have_the_sign_of_their_reason_and_no_other() -> None:
    reasons = EXERCISES["why_stalled"].right
    assert {letter: signs(letter) for letter in reasons} == {
        letter: set() if reason == "nothing" else {reason} for letter, reason in reasons.items()
    }
    for letter, reason in reasons.items():
        for other in set(reasons.values()) - {reason}:
            assert check("why_stalled", reasons | {letter: other}).message.startswith(f"Not yet: {letter}: ")


def test_a_nearly_constant_start_is_enough_and_two_neurons_do_exclusive_or() -> None:
    for data in ("iris", "XOR"):
        nearly, equal = (clone_run(start, 4, data) for start in ("nearly constant", "constant"))
        assert spread(nearly.w[-1]) > 0.5 and nearly.cost[-1] < 0.25 * equal.cost[-1]
    assert clone_run("random", 2, "XOR").cost[-1] < 0.02 and clone_run("constant", 8, "XOR").cost[-1] > 0.08


def test_errors_survive_eight_layers_from_the_starts_that_the_page_names() -> None:
    trends = {
        (name, init): trend(np.median(error_norms(8, name, init, 10), axis=0)[0])
        for name in ("sigmoid", "tanh", "relu")
        for init in INITS.values()
    }
    survive = {(n, i) for (n, i), word in trends.items() if word == "survive"}
    assert survive == {("tanh", "random"), ("tanh", "xavier"), ("tanh", "he"), ("relu", "he")}
    assert {c for c, word in trends.items() if word == "explode"} == {("tanh", "normal"), ("relu", "normal")}


@pytest.mark.parametrize("far", [10.0, 12.0, 20.0])
def test_a_very_wrong_answer_has_a_large_error_under_cross_entropy_and_almost_none_under_the_other(
    far,
) -> None:
    softmax = activation("softmax")
    z, y = np.array([[0.0], [far], [0.0]]), np.array([[1.0], [0.0], [0.0]])
    p = softmax(z)
    assert (p - y)[0] < -0.999
    other = output_error_through_jacobian(cost("quadratic").prime(p, y), softmax.jacobian(z))
    assert np.abs(other).max() < 1e-3
