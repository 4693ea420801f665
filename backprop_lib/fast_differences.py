"""All finite differences of a net at speed: a change of w^l_jk moves only z^l_j, by h a^{l−1}_k.

So the layers up to l need not run again, and all such changes of a layer are columns of one wider batch.
`gradient_check.numerical_gradient` is the loop that says the same in a dozen lines, and the tests hold this
equal to it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from backprop_lib.activations import ACTIVATIONS, Activation, Softmax
from backprop_lib.arguments import Array, one_of, positive_number
from backprop_lib.costs import COSTS, Cost
from backprop_lib.equations import Layers, cost_per_example, feed_forward
from backprop_lib.network import Network, Parameters, checked_examples

METHODS = ("central", "forward", "complex")
STEPS = {"central": 1e-5, "forward": 1e-7, "complex": 1e-20}
NEARBY = 1e-6  # the step, as a share, of the two differences that a complex step has to lie between
ALIKE = 1e-6  # the share by which it may lie outside
TRUSTED = tuple(ACTIVATIONS.values())  # the package's own, whose complex step is their slope
LARGEST = 65_536  # numbers in one temporary array: what a processor's cache holds


def step_of(method: str, h: float | None) -> float:
    """The step h of a method, or its usual one; ValueError or TypeError if either is none."""
    method = one_of("method", method, METHODS)
    return STEPS[method] if h is None else positive_number("h", h)


def obstacle(net: Network, z: Layers, a: Layers, y: Array, cost: Cost) -> tuple[str, str]:
    """What the complex step would need to measure this net, and what it got; "" twice if it lacks nothing.

    A cost or an activation of the reader's own may refuse complex numbers, throw their imaginary part away,
    or have no derivative for them, as |a − y|: then its complex step is not its slope.
    """
    own: list[tuple[str, str, Callable[[Any], Any], Array]] = []
    if cost is not COSTS.get(cost.name):
        rule, at = (cost.value, a[net.L]) if cost.from_z is None else (cost.from_z, z[net.L])
        own.append(("a cost", cost.name, lambda numbers: rule(numbers, y), at))
    for l, sigma in net.sigma.items():
        if sigma not in TRUSTED:
            own.append(("an activation", sigma.name, sigma, z[l]))
    for what, name, function, numbers in own:
        toward = np.random.default_rng(0).uniform(0.5, 1.0, numbers.shape)  # no two go the same way
        toward *= np.where(numbers == 0, 1.0, numbers)
        with np.errstate(all="ignore"):
            slope = _complex_slope(function, numbers, toward)
            if slope is None:
                return f"{what} that takes complex numbers and keeps their imaginary part", name
            if not _is_between(slope, function, numbers, toward):
                return f"{what} that has a derivative for complex numbers, too", name
    return "", ""


def _complex_slope(function: Callable[[Any], Any], numbers: Array, toward: Array) -> Array | None:
    """The slopes of a function in a direction by the complex step; None if it has no imaginary part."""
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        value = function(numbers + 1j * STEPS["complex"] * toward)
        if np.iscomplexobj(value):
            return np.asarray(value.imag / STEPS["complex"])
    return None


def _is_between(slope: Array, function: Callable[[Any], Any], numbers: Array, toward: Array) -> bool:
    """Whether no slope lies outside of the differences forward and backward, by more than their round-off.

    The two differ by what the function bends, and at a kink the complex step takes either side.
    """
    here = function(numbers)
    forward = (function(numbers + NEARBY * toward) - here) / NEARBY
    backward = (here - function(numbers - NEARBY * toward)) / NEARBY
    size = np.abs(forward) + np.abs(backward) + np.abs(slope)
    round_off = 8 * np.finfo(float).eps * np.abs(here).max() / NEARBY
    slack = ALIKE * size + round_off + np.finfo(float).tiny / STEPS["complex"]
    low, high = np.minimum(forward, backward) - slack, np.maximum(forward, backward) + slack
    return not ((slope < low) | (slope > high)).any()


def check_complex(method: str, net: Network, z: Layers, a: Layers, y: Array, cost: Cost) -> None:
    """ValueError if the method is the complex step and the cost or an activation is none for it."""
    if method == "complex" and (found := obstacle(net, z, a, y, cost))[0]:
        raise ValueError(f"method: complex expects {found[0]}, got {found[1]}, which does not")


def differences(
    net: Network,
    x: Array,
    y: Array,
    cost: str | Cost = "quadratic",
    method: str = "central",
    h: float | None = None,
) -> tuple[Parameters, Parameters]:
    """The same gradient as `numerical_gradient`, faster, and where a kink of ReLU was in the way.

    The second result holds, for every parameter, how many pre-activations of ReLU neurons crossed 0
    between C(θ − h) and C(θ + h). Where it is not 0 the difference is not a derivative.
    """
    x, y, rule, h = *checked_examples(net, x, y, cost), step_of(method, h)
    z, a = feed_forward(net, x)
    check_complex(method, net, z, a, y, rule)
    return differences_around(net, y, rule, method, h, z, a)


@contextmanager
def _short_buffer() -> Iterator[None]:
    """To broadcast, numpy first copies rows shorter than its buffer into it, which can take longer than the
    sum or product itself. A shorter buffer leaves most rows alone: the differences take a tenth less.
    """
    usual = np.setbufsize(1024)
    try:
        yield
    finally:
        np.setbufsize(usual)


@_short_buffer()
def differences_around(
    net: Network, y: Array, cost: Cost, method: str, h: float, z: Layers, a: Layers, held: bool = False
) -> tuple[Parameters, Parameters]:
    """`differences` around the z and a of a forward pass; `held` keeps every ReLU on its side of its kink."""
    steps: Any = np.array({"central": [h, -h], "forward": [h, 0.0], "complex": [1j * h]}[method])
    gradient, kinks = Parameters(net.sizes), Parameters(net.sizes)
    m, span = y.shape[1], h if method != "central" else 2 * h
    for l in range(1, net.L + 1):
        inputs = np.ones((net.sizes[l - 1] + 1, m))  # ∂z^l_j/∂w^l_jk = a^{l−1}_k, and 1 for the bias
        inputs[:-1] = a[l - 1]
        shift = steps[:, None, None] * inputs  # (steps, parameters of one neuron, m)
        slope, crossed = np.empty((2, net.sizes[l], len(inputs)))
        for piece in _pieces(net, l, shift.shape):
            units, some = piece
            moved = z[l][units, None, None] + shift[:, some]  # z^l_j of each unit, step, parameter, example
            costs, crossed[piece] = _costs_when_moved(net, z, a, y, cost, l, units, moved, held)
            change = costs[:, 0].imag if method == "complex" else costs[:, 0] - costs[:, 1]
            slope[piece] = np.add.reduce(change, axis=-1) / (m * span)
        gradient.w[l][...], gradient.b[l][...] = slope[:, :-1], slope[:, -1:]
        kinks.w[l][...], kinks.b[l][...] = crossed[:, :-1], crossed[:, -1:]
    return gradient, kinks


def _pieces(net: Network, l: int, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """All units of layer l and all parameters of a unit, in pieces whose arrays stay in the cache."""
    steps, parameters, m = shape
    fit = max(1, LARGEST // (steps * m * max(net.sizes[min(l + 1, net.L) :])))
    tall, wide = max(1, fit // parameters), min(fit, parameters)
    for unit in range(0, net.sizes[l], tall):
        for parameter in range(0, parameters, wide):
            yield slice(unit, unit + tall), slice(parameter, parameter + wide)


def _costs_when_moved(
    net: Network, z: Layers, a: Layers, y: Array, cost: Cost, l: int, units: slice, moved: Any, held: bool
) -> tuple[Any, Any]:
    """C_x, and the number of crossings of a kink, for each of the given values of z^l of these units.

    `moved` is (units, steps, parameters, m), and so are the costs; the crossings are (units, parameters).
    """

    sigma, crossed, targets = net.sigma[l], np.zeros(()), y[:, None, None, None]
    if l == net.L and (cost.from_z is not None or isinstance(sigma, Softmax)):
        here = _replaced(z[l], units, moved)
        return cost_per_example(net, here, sigma(here), targets, cost), crossed
    a_moved = _activated(sigma, moved, z[l][units, None, None], held)
    if not sigma.smooth:
        crossed = _flips(moved, z[l][units, None, None])
    if l == net.L:
        return cost.value(_replaced(a[l], units, a_moved), targets), crossed
    # z^{l+1}_i changes by w^{l+1}_ij times the change of a^l_j, and so on from layer to layer
    a_moved -= a[l][units, None, None]
    here = net.w[l + 1][:, units, None, None, None] * a_moved
    here += z[l + 1][:, None, None, None]
    for layer in range(l + 1, net.L + 1):
        if layer > l + 1:
            a_moved -= a[layer - 1][:, None, None, None]
            here = (net.w[layer] @ a_moved.reshape(len(a_moved), -1)).reshape(-1, *moved.shape)
            here += z[layer][:, None, None, None]
        a_moved = _activated(net.sigma[layer], here, z[layer][:, None, None, None], held)
        if not net.sigma[layer].smooth:
            crossed = crossed + _flips(here, z[layer][:, None, None, None]).sum(axis=0)
    return cost_per_example(net, here, a_moved, targets, cost), crossed


def _activated(sigma: Activation, now: Any, before: Array, held: bool) -> Any:
    """σ(z), or, held, what a ReLU would give that does not switch: its slope is that of before."""
    return sigma(now) if sigma.smooth or not held else sigma.prime(before) * now


def _replaced(base: Array, units: slice, moved: Any) -> Any:
    """`base`, (n, m), beside every variant, with the row of the unit that moved replaced."""
    here = np.empty((len(base), *moved.shape), moved.dtype)
    here[...] = base[:, None, None, None]
    rows = np.arange(len(base))[units]
    here[rows, rows - rows[0]] = moved
    return here


def _flips(now: Any, before: Any) -> Any:
    """How many examples, over all steps, have another sign than before; now is (…, steps, parameters, m)."""
    return ((now.real > 0) != (before > 0)).sum(axis=(-3, -1))
