"""The exercises of the pages on training, starts, softmax and autodiff whose answer is a function."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.course.answers import function_on
from backprop_lib.course.equation_exercises import mistake_of_an_exercise
from backprop_lib.equations import backprop
from backprop_lib.network import Network


def _scaled(train: Array, other: Array, by: Array | None = None, **how: Any) -> tuple[Array, Array]:
    """Both, with the mean and deviation of `by`, which is `train` unless said otherwise."""
    by = train if by is None else by
    axis = how.pop("axis", 0)
    mean, deviation = by.mean(axis=axis), by.std(axis=axis, **how)
    return (train - mean) / deviation, (other - mean) / deviation


def _by_variance(train: Array, other: Array) -> tuple[Array, Array]:
    mean, variance = train.mean(axis=0), train.var(axis=0)
    return (train - mean) / variance, (other - mean) / variance


def _measurements() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(5)
    return {
        f"{n} and {m} flowers": (rng.normal(4, 2, (n, 4)) * (1, 2, 3, 0.5), rng.normal(6, 1, (m, 4)))
        for n, m in ((7, 3), (20, 5))
    }


def _epoch(
    net: Network,
    x: Array,
    y: Array,
    order: list[int],
    size: int,
    rate: float,
    last: bool = True,
    fresh: bool = True,
) -> Array:
    """θ after one epoch; without `last` a short last batch is left out, without `fresh` no slope is new."""
    start, net = net, net.copy()
    for first in range(0, len(order) if last else len(order) - size + 1, size):
        batch = order[first : first + size]
        net.theta -= rate * backprop(net if fresh else start, x[batch].T, y[batch].T).gradient.theta
    return net.theta


def _epochs() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(6)
    cases = {}
    for seed, (count, size) in enumerate(((12, 4), (11, 4))):
        net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=seed)
        x, y = rng.standard_normal((count, 4)), np.eye(3)[rng.integers(3, size=count)]
        cases[f"{count} flowers, {size} at a time"] = (net, x, y, rng.permutation(count).tolist(), size, 0.5)
    return cases


TRAINING = {
    "scaling": function_on(
        "train other",
        _measurements(),
        _scaled,
        "two sets of flowers",
        (
            (
                mistake_of_an_exercise(
                    "scaled by all the flowers",
                    "The mean holds knowledge of the held-out flowers, which must stay unknown.",
                    "where the mean and the deviation come from: the training flowers alone",
                ),
                lambda a, b: _scaled(a, b, np.vstack([a, b])),
            ),
            (
                mistake_of_an_exercise(
                    "each set by its own mean and deviation",
                    "Then a flower of 5 cm is one number in training and another one afterwards.",
                    "the second set: it is scaled as the first one is",
                ),
                lambda a, b: (_scaled(a, a)[0], _scaled(b, b)[0]),
            ),
            (
                mistake_of_an_exercise(
                    "one mean for all features",
                    "Every feature has its own scale, and needs its own mean and deviation.",
                    "the axis: the mean of a column runs along axis 0",
                ),
                lambda a, b: _scaled(a, b, axis=None),
            ),
            (
                mistake_of_an_exercise(
                    "the variance in place of the deviation",
                    "The variance is in cm²; the deviation, its root, is in cm.",
                    "the denominator",
                ),
                _by_variance,
            ),
            (
                mistake_of_an_exercise(
                    "the deviation with n − 1",
                    "Some libraries divide by n − 1. Here the scaled flowers shall have deviation 1.",
                    "the deviation: np.std divides by n unless told otherwise",
                ),
                lambda a, b: _scaled(a, b, ddof=1),
            ),
        ),
        parts=("train", "other"),
    ),
    "one_epoch": function_on(
        "net x y order size rate",
        _epochs(),
        _epoch,
        "12 and 11 flowers, four at a time",
        (
            (
                mistake_of_an_exercise(
                    "the short last batch is left out",
                    "An epoch visits every flower once; the last batch may be a smaller one.",
                    "where the last batch ends",
                ),
                partial(_epoch, last=False),
            ),
            (
                mistake_of_an_exercise(
                    "every slope is taken at the start",
                    "Each batch must see the weights that the batch before it has left.",
                    "the net that you hand to backprop: it must be the one that moves",
                ),
                partial(_epoch, fresh=False),
            ),
            (
                mistake_of_an_exercise(
                    "one step with all flowers",
                    "That is one step for an epoch; the flowers come in batches of `size`.",
                    "the loop over the batches",
                ),
                lambda net, x, y, order, size, rate: _epoch(net, x, y, order, len(order), rate),
            ),
            (
                mistake_of_an_exercise(
                    "the order is not used",
                    "The flowers come in the order of the table, not in the random one.",
                    "the rows of a batch: x[batch] with batch from order",
                ),
                lambda net, x, y, order, size, rate: _epoch(net, x, y, sorted(order), size, rate),
            ),
            (
                mistake_of_an_exercise(
                    "steps uphill",
                    "The gradient points uphill; a step goes against it.",
                    "the sign of the step",
                ),
                lambda net, x, y, order, size, rate: _epoch(net, x, y, order, size, -rate),
            ),
        ),
    ),
}
