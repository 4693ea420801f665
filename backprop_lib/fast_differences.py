"""All finite differences of a net at speed: a change of w^l_jk moves only z^l_j, by h a^{l−1}_k.

So the layers up to l need not run again, and all such changes of a layer are columns of one wider batch.
`gradient_check.numerical_gradient` is the loop that says the same in a dozen lines, and the tests hold this
equal to it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from backprop_lib.activations import Activation, Softmax
from backprop_lib.arguments import Array, one_of, positive_number
from backprop_lib.costs import COSTS, Cost
from backprop_lib.equations import Layers, cost_per_example, feed_forward
from backprop_lib.network import Network, Parameters, checked_examples

METHODS = ("central", "forward", "complex")
STEPS = {"central": 1e-5, "forward": 1e-7, "complex": 1e-20}
LARGEST = 65_536  # numbers in one temporary array: what a processor's cache holds


def step_of(method: str, h: float | None) -> float:
    """The step h of a method, or its usual one; ValueError or TypeError if either is none."""
    method = one_of("method", method, METHODS)
    return STEPS[method] if h is None else positive_number("h", h)


def takes_complex(cost: Cost, y: Array) -> bool:
    """Whether C_x of complex outputs is complex, as the complex step needs it: one of the reader's own may
    refuse such numbers, or throw their imaginary part away.
    """
    if cost is COSTS.get(cost.name):
        return True
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        return np.iscomplexobj(cost.value(np.full(y.shape, 0.5 + 0j), y))
    return False


def check_complex(method: str, cost: Cost, y: Array) -> None:
    """ValueError if the method is the complex step and the cost takes no complex numbers."""
    if method == "complex" and not takes_complex(cost, y):
        wanted = "a cost that takes complex numbers and keeps their imaginary part"
        raise ValueError(f"method: complex expects {wanted}, got {cost.name}, which does not")


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
    check_complex(method, rule, y)
    return differences_around(net, y, rule, method, h, *feed_forward(net, x))


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
