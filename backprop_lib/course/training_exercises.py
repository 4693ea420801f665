"""The exercises of the pages on training, starts, softmax and autodiff whose answer is a function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from backprop_lib.activations import activation
from backprop_lib.arguments import Array
from backprop_lib.course.answers import function_on
from backprop_lib.equations import backprop, feed_forward, output_error_through_jacobian
from backprop_lib.network import Network


def _scaled(
    train: Array, other: Array, by: Array | None = None, spread: Any = np.std, axis: int | None = 0
) -> tuple[Array, Array]:
    """Both, with the mean and deviation of `by`, which is `train` unless said otherwise."""
    by = train if by is None else by
    mean, deviation = by.mean(axis=axis), spread(by, axis=axis)
    return (train - mean) / deviation, (other - mean) / deviation


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
    summed: bool = False,
) -> Array:
    """θ after one epoch.

    Without `last` a short last batch is left out, without `fresh` no slope is new; `summed` over the batch.
    """
    start, net = net, net.copy()
    for first in range(0, len(order) if last else len(order) - size + 1, size):
        batch = order[first : first + size]
        gradient = backprop(net if fresh else start, x[batch].T, y[batch].T).gradient.theta
        net.theta -= rate * gradient * (len(batch) if summed else 1)
    return net.theta


def _epochs() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(6)
    cases = {}
    for seed, (count, size) in enumerate(((12, 4), (11, 4))):
        net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=seed)
        x, y = rng.standard_normal((count, 4)), np.eye(3)[rng.integers(3, size=count)]
        cases[f"{count} flowers, {size} at a time"] = (net, x, y, rng.permutation(count).tolist(), size, 0.5)
    return cases


def _factors(net: Network, x: Array, together: bool = False, power: float = 1.0) -> dict[int, float]:
    """For each layer, what its weights are multiplied by so that its z has deviation 1, from layer 1 on.

    together: all factors from the net as it is; power 2: the variance in place of the deviation
    """
    net = net.copy()
    factors = {}
    before = feed_forward(net, x)[0]
    for l in range(1, net.L + 1):
        z = before[l] if together else feed_forward(net, x)[0][l]
        factors[l] = float(z.std() ** -power)
        net.w[l][...] *= factors[l]
    return factors


def _starts() -> dict[str, tuple[Any, ...]]:
    x = np.random.default_rng(7).standard_normal((4, 30))
    return {
        f"a net of {name}": (Network([("identity", 4), (name, 6), (name, 6), ("sigmoid", 3)], init, 0), x)
        for name, init in (("tanh", "normal"), ("relu", "random"))
    }


_softmax = activation("softmax")


def _logits() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(8)
    return {
        "one column": (rng.standard_normal((3, 1)),),
        "a batch of 4": (rng.standard_normal((3, 4)),),
        "z up to 1000": (np.array([[1000.0, 1.0], [0.0, 2.0], [-1000.0, 3.0]]),),
    }


def _exponentials(z: Array) -> Any:
    return np.exp(z - z.max(axis=0))


def _slopes_of_a_cost() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(9)
    return {
        f"a batch of {m}": (_softmax(rng.standard_normal((n, m))), rng.standard_normal((n, m)))
        for n, m in ((3, 1), (4, 6))
    }


def _through_softmax(p: Array, slope: Array) -> Array:
    """J^T times the slope, example by example, with the whole Jacobian."""
    jacobian = np.einsum("jm,jk->mjk", p, np.eye(len(p))) - np.einsum("jm,km->mjk", p, p)
    return output_error_through_jacobian(slope, jacobian)


class _Dual:
    """A number with its slope; `product` is the rule for the slope of u·v."""

    def __init__(self, value: float, slope: float, product: Callable[[_Dual, _Dual], float]) -> None:
        self.value, self.slope, self.product = value, slope, product

    def __add__(self, other: _Dual) -> _Dual:
        return _Dual(self.value + other.value, self.slope + other.slope, self.product)

    def __mul__(self, other: _Dual) -> _Dual:
        return _Dual(self.value * other.value, self.product(self, other), self.product)


def _forward(
    f: Callable[[Any], Any],
    v: float,
    product: Callable[[_Dual, _Dual], float] = lambda u, v: u.slope * v.value + u.value * v.slope,
) -> float:
    return float(f(_Dual(v, 1.0, product)).slope)


def _no_measuring(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f, which refuses a plain number: from numbers alone a slope can only be measured."""

    def checked(v: Any) -> Any:
        if isinstance(v, int | float | complex | np.number):
            raise TypeError("f got a plain number. Hand it an object of your class, with a value and a slope")
        return f(v)

    return checked


TRAINING = {
    "scaling": function_on(
        _measurements(),
        _scaled,
        "two sets of flowers",
        {
            "scaled by all the flowers": (
                "The mean holds knowledge of the held-out flowers, which must stay unknown.",
                "where the mean and the deviation come from: the training flowers alone",
                lambda a, b: _scaled(a, b, np.vstack([a, b])),
            ),
            "each set by its own mean and deviation": (
                "Then a flower of 5 cm is one number in training and another one afterwards.",
                "the second set: it is scaled as the first one is",
                lambda a, b: (_scaled(a, a)[0], _scaled(b, b)[0]),
            ),
            "one mean for all features": (
                "Every feature has its own scale, and needs its own mean and deviation.",
                "the axis: the mean of a column runs along axis 0",
                partial(_scaled, axis=None),
            ),
            "the variance in place of the deviation": (
                "The variance is in cm²; the deviation, its root, is in cm.",
                "the denominator",
                partial(_scaled, spread=np.var),
            ),
            "the deviation with n − 1": (
                "Some libraries divide by n − 1. Here the scaled flowers shall have deviation 1.",
                "the deviation: np.std divides by n unless told otherwise",
                partial(_scaled, spread=partial(np.std, ddof=1)),
            ),
            "the mean is not subtracted": (
                "Scaled features have mean 0.",
                "the numerator",
                lambda a, b: (a / a.std(axis=0), b / a.std(axis=0)),
            ),
            "not divided by the deviation": (
                "Scaled features have deviation 1.",
                "the denominator",
                lambda a, b: (a - a.mean(axis=0), b - a.mean(axis=0)),
            ),
            "scaled from smallest to largest": (
                "Asked for are mean 0 and deviation 1, not the range from 0 to 1.",
                "mean and deviation",
                lambda a, b: tuple((v - a.min(axis=0)) / np.ptp(a, axis=0) for v in (a, b)),
            ),
            "each flower by its own numbers": (
                "A feature is a column; the mean of a column runs along axis 0.",
                "the axis",
                lambda a, b: tuple(
                    (v - v.mean(axis=1, keepdims=True)) / v.std(axis=1, keepdims=True) for v in (a, b)
                ),
            ),
            "the held-out flowers are not scaled": (
                "The net has learned from scaled flowers; the others must come to it in the same form.",
                "the second result",
                lambda a, b: (_scaled(a, b)[0], b),
            ),
            "the deviation of the held-out flowers": (
                "Both sets are scaled by the same two numbers, those of the training flowers.",
                "the denominator of the second result",
                lambda a, b: (_scaled(a, b)[0], (b - a.mean(axis=0)) / b.std(axis=0)),
            ),
            "brackets missing": (
                "v − mean / deviation divides the mean alone.",
                "the numerator: write (v - mean) / …",
                lambda a, b: tuple(v - a.mean(axis=0) / a.std(axis=0) for v in (a, b)),
            ),
            "the root of the sum of squares": (
                "The deviation is the root of the mean of the squares.",
                "the denominator: np.std",
                lambda a, b: tuple(v / np.sqrt(len(a)) for v in _scaled(a, b)),
            ),
        },
        parts=("train", "other"),
    ),
    "one_epoch": function_on(
        _epochs(),
        _epoch,
        "12 and 11 flowers, four at a time",
        {
            "the short last batch is left out": (
                "An epoch visits every flower once; the last batch may be a smaller one.",
                "where the last batch ends",
                partial(_epoch, last=False),
            ),
            "every slope is taken at the start": (
                "Each batch must see the weights that the batch before it has left.",
                "the net that you hand to backprop: it must be the one that moves",
                partial(_epoch, fresh=False),
            ),
            "one step with all flowers": (
                "That is one step for an epoch; the flowers come in batches of `size`.",
                "the loop over the batches",
                lambda net, x, y, order, size, rate: _epoch(net, x, y, order, len(order), rate),
            ),
            "the order is not used": (
                "The flowers come in the order of the table, not in the random one.",
                "the rows of a batch: x[batch] with batch from order",
                lambda net, x, y, order, size, rate: _epoch(net, x, y, sorted(order), size, rate),
            ),
            "steps uphill": (
                "The gradient points uphill; a step goes against it.",
                "the sign of the step",
                lambda net, x, y, order, size, rate: _epoch(net, x, y, order, size, -rate),
            ),
            "the slopes of a batch are summed": (
                "The gradient is that of the mean already; the step is η times that.",
                "the factor of the step",
                partial(_epoch, summed=True),
            ),
        },
    ),
    "even_start": function_on(
        _starts(),
        _factors,
        "a net of tanh and a net of ReLU",
        {
            "all factors from the net as it was": (
                "A factor in layer 1 changes what layer 2 receives.",
                "the order: scale a layer, then send the signals through again",
                lambda net, x: _factors(net, x, together=True),
            ),
            "the variance in place of the deviation": (
                "Twice the weights make twice the deviation of z, and four times its variance.",
                "the factor: 1 over the deviation",
                lambda net, x: _factors(net, x, power=2.0),
            ),
            "the deviation itself": (
                "If z has deviation 2, the weights must be halved.",
                "the factor: 1 over the deviation",
                lambda net, x: {l: 1 / c for l, c in _factors(net, x).items()},
            ),
            "the root of the deviation": (
                "Half the weights make half of z, and so half the deviation.",
                "the factor: 1 over the deviation",
                lambda net, x: _factors(net, x, power=0.5),
            ),
            "the deviation of a in place of that of z": (
                "Asked for is a z of deviation 1; a is what the neuron makes of it.",
                "which of the two that feed_forward returns is measured",
                lambda net, x: {l: 1 / a.std() for l, a in feed_forward(net, x)[1].items() if l},
            ),
            "the deviation of the weights": (
                "Asked for is a z of deviation 1, and z also depends on what comes in.",
                "what is measured: z, for these inputs",
                lambda net, x: {l: 1 / w.std() for l, w in net.w.items()},
            ),
            "the rule in place of a measurement": (
                "1/√n is a rule for a net that starts in one certain way; this net starts in another.",
                "what is measured: z, for these inputs",
                lambda net, x: {l: net.sizes[l - 1] ** -0.5 for l in net.w},
            ),
        },
    ),
    "stable_softmax": function_on(
        _logits(),
        _softmax,
        "one column, a batch of 4, and z up to 1000",
        {
            "the sum runs along the batch": (
                "The probabilities of one flower stand in one column, and sum to 1 there.",
                "the axis of the sum",
                lambda z: _exponentials(z) / _exponentials(z).sum(axis=1, keepdims=True),
            ),
            "one sum for the whole batch": (
                "Every flower has a sum of its own, that of its column.",
                "the axis of the sum",
                lambda z: _exponentials(z) / _exponentials(z).sum(),
            ),
            "softmax along the batch": (
                "An example is a column, and its probabilities sum to 1 down the column.",
                "the axis of max and sum",
                lambda z: _softmax(z.T).T,
            ),
            "exponentials that are not divided": (
                "They are positive, but their sum is not 1.",
                "the denominator",
                _exponentials,
            ),
            "the logarithm of the probabilities": (
                "Probabilities are positive and sum to 1 in each column.",
                "what is returned: the exponential of this",
                lambda z: z - z.max(axis=0) - np.log(_exponentials(z).sum(axis=0)),
            ),
            "each output alone": (
                "This is the sigmoid of each z; softmax compares the outputs of one example.",
                "the denominator: the sum over the outputs",
                activation("sigmoid"),
            ),
            "1 for the largest and 0 for the others": (
                "That is the hard maximum; the soft one gives the others their share.",
                "the exponentials",
                lambda z: (z == z.max(axis=0)) * 1.0,
            ),
        },
        hints=(
            (
                "1000",
                "No exponential may overflow, and no column may vanish: what do you subtract from a column?",
            ),
        ),
    ),
    "through_softmax": function_on(
        _slopes_of_a_cost(),
        _through_softmax,
        "batches of 1 and 6",
        {
            "the diagonal of the Jacobian alone": (
                "p(1 − p) is the slope of an output by its own z; it depends on every other z, too.",
                "the terms with j ≠ k, which are −p_j p_k",
                lambda p, g: p * (1 - p) * g,
            ),
            "the second term is missing": (
                "J is the diagonal matrix of p minus the table of the products p_j p_k.",
                "the sum over all outputs of p times the slope",
                lambda p, g: p * g,
            ),
            "one sum for the whole batch": (
                "The sum over the outputs belongs to one example: it runs down its column.",
                "the axis of the sum",
                lambda p, g: p * (g - (p * g).sum()),
            ),
            "the sum without its factor p": (
                "The sum of the slopes is weighted with the probabilities.",
                "the terms −p_j p_k",
                lambda p, g: p * (g - g.sum(axis=0)),
            ),
            "the second term without its factor p_k": (
                "It is p_k times one number for the column.",
                "the second term",
                lambda p, g: p * g - (p * g).sum(axis=0),
            ),
            "a plus before the second term": (
                "More of one probability leaves less for the others: −p_j p_k.",
                "the sign of the second term",
                lambda p, g: p * (g + (p * g).sum(axis=0)),
            ),
            "the terms off the diagonal alone": (
                "An output depends on its own z as well, with the slope p_j (1 − p_j).",
                "the terms with j = k",
                lambda p, g: p * (p * g - (p * g).sum(axis=0)),
            ),
            "a mean in place of the sum": (
                "The roads through all outputs are added, not averaged.",
                "the sum over k",
                lambda p, g: p * (g - (p * g).mean(axis=0)),
            ),
            "the sum runs along the batch": (
                "The outputs of one example stand in one column, and the sum runs down it.",
                "the axis of the sum",
                lambda p, g: p * (g - (p * g).sum(axis=1, keepdims=True)),
            ),
            "the factor p in front is missing": (
                "Both terms of row j have the factor p_j.",
                "row j of J: p_j (1[j = k] − p_k)",
                lambda p, g: g - (p * g).sum(axis=0),
            ),
            "the slope of one cost built in": (
                "p − y belongs to the cross-entropy; here the slope by p comes from any cost.",
                "the product of J and the slope",
                lambda p, g: p - g,
            ),
            "the sign flipped": (
                "The second term is subtracted from the first one.",
                "row j of J: p_j (1[j = k] − p_k)",
                lambda p, g: -_through_softmax(p, g),
            ),
        },
    ),
    "quotient": function_on(
        {f"u = {u:g}, v = {v:g}": (u, v) for u, v in ((3.0, 2.0), (-1.5, 0.5), (0.7, -4.0))},
        lambda u, v: (u / v, 1 / v, -u / v**2),
        "three pairs of numbers",
        {
            "the sign of the slope by v": (
                "If v grows, the quotient of positive numbers falls.",
                "the slope by v",
                lambda u, v: (u / v, 1 / v, u / v**2),
            ),
            "v is not squared": (
                "The derivative of 1/v is −1/v².",
                "the slope by v",
                lambda u, v: (u / v, 1 / v, -u / v),
            ),
            "the slope by v without its factor u": (
                "−1/v² is the slope of 1/v; the quotient is u times that.",
                "the slope by v",
                lambda u, v: (u / v, 1 / v, -1 / v**2),
            ),
            "the slopes of a product": (
                "v and u are the slopes of u·v.",
                "both slopes: write the quotient as u times 1/v",
                lambda u, v: (u / v, v, u),
            ),
            "the two slopes have changed places": (
                "1/v is the slope by u, in which the quotient is a straight line.",
                "the order: the slope by u, then the slope by v",
                lambda u, v: (u / v, -u / v**2, 1 / v),
            ),
            "the slope by u": (
                "u/v is u times 1/v, and v waits while u changes.",
                "the slope by u",
                lambda u, v: (u / v, 1.0, -u / v**2),
            ),
            "u and v exchanged": (
                "This is v/u with its slopes.",
                "which of the two stands above the line",
                lambda u, v: (v / u, -v / u**2, 1 / u),
            ),
        },
        parts=("value", "slope by u", "slope by v"),
    ),
    "forward_mode": function_on(
        {
            "v v + v": (_no_measuring(lambda v: v * v + v), 3.0),
            "h + h v with h = v v": (_no_measuring(lambda v: (h := v * v) + h * v), 2.0),
            "v v v v": (_no_measuring(lambda v: v * v * v * v), -1.5),
        },
        _forward,
        "three functions",
        {
            "the product of the slopes as the slope of the product": (
                "Each factor changes in turn while the other one waits.",
                "the product: u′v + uv′",
                lambda f, v: _forward(f, v, lambda p, q: p.slope * q.slope),
            ),
            "half of the product's slope": (
                "One of the two factors is treated as a constant.",
                "the product: u′v + uv′",
                lambda f, v: _forward(f, v, lambda p, q: p.slope * q.value),
            ),
            "the slope begins at 0": (
                "The slope of v by itself is 1.",
                "the object that you hand to f",
                lambda f, v: 0.0,
            ),
            "the value in place of the slope": (
                "f returns an object with both.",
                "what you return",
                lambda f, v: float(f(_Dual(v, 1.0, lambda p, q: 0.0)).value),
            ),
        },
    ),
}
