"""What the folded answers of the pages say about the figures is so."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.course.puzzles import bad_run
from backprop_lib.figures.iris_lab import lab_data
from backprop_lib.network import Network
from backprop_lib.training import History, train

IRIS, HELD_OUT = lab_data()
SEEDS = (0, 1, 2)


def in_the_lab(
    seed: int, *hidden: tuple[str, int], rate: float = 3.0, batch: int = 10, epochs: int = 200
) -> History:
    net = Network([("identity", 4), *hidden, ("sigmoid", 3)], seed=seed)
    return train(net, IRIS, learning_rate=rate, epochs=epochs, batch_size=batch, seed=seed, held_out=HELD_OUT)


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
    assert in_the_lab(seed, ("sigmoid", 5), rate=30.0).cost[-1] < 0.02
    leaping = in_the_lab(seed, ("relu", 5), rate=30.0).cost
    assert leaping[-20:].mean() > 0.04 and np.abs(np.diff(leaping)).max() > 0.05


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
