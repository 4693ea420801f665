"""Is a gradient right? Compare it with differences of the cost, which need no derivative at all.

    forward    ∂C/∂θ ≈ (C(θ + h) − C(θ)) / h             error about h
    central    ∂C/∂θ ≈ (C(θ + h) − C(θ − h)) / 2h        error about h²
    complex    ∂C/∂θ ≈ Im C(θ + ih) / h                  error about h², and no subtraction to round off

`numerical_gradient` does this one parameter after the other, on the whole net. `differences` gives
the same numbers faster: a change of w^l_jk moves only z^l_j, by h a^{l−1}_k, so the layers up to l
need not run again, and all such changes of a layer are columns of one wider batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array, Progress, counted, one_of, positive_number, shown
from backprop_lib.costs import Cost
from backprop_lib.equations import (
    Backpropagation,
    Layers,
    _checked,
    _feed_forward,
    backprop,
    cost_per_example,
)
from backprop_lib.network import Network, Parameters

METHODS = ("central", "forward", "complex")
STEPS = {"central": 1e-5, "forward": 1e-7, "complex": 1e-20}
EPSILON = float(np.finfo(float).eps)
LARGEST = 65_536  # numbers in one temporary array of `differences`: what a processor's cache holds


def numerical_gradient(
    net: Network,
    x: Array,
    y: Array,
    cost: str | Cost = "quadratic",
    method: str = "central",
    h: float | None = None,
    progress: Progress | None = None,
) -> Parameters:
    """∂C/∂θ_i for every parameter i by finite differences, the plain way: two runs of the net for each.

    C is the mean cost of the m examples x (n_0, m), y (n_L, m). h is the step (default: 1e-5 central,
    1e-7 forward, 1e-20 complex). A large net takes long: `progress=tqdm` shows the parameters go by.
    Raises ValueError or TypeError for bad arguments.
    """
    x, y, rule, h = *_checked(net, x, y, cost), _step(method, h)

    def C(theta: Any) -> Any:
        z, a = _feed_forward(net.with_parameters(theta), x)
        return cost_per_example(net, z[net.L], a[net.L], y, rule).mean()

    gradient = Parameters(net.sizes)
    for i in counted(net.theta.size, progress):
        step = np.zeros(net.theta.size)
        step[i] = h
        if method == "central":
            gradient.theta[i] = (C(net.theta + step) - C(net.theta - step)) / (2 * h)
        elif method == "forward":
            gradient.theta[i] = (C(net.theta + step) - C(net.theta)) / h
        else:
            gradient.theta[i] = C(net.theta + 1j * step).imag / h
    return gradient


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
    x, y, rule, h = *_checked(net, x, y, cost), _step(method, h)
    return _differences(net, y, rule, method, h, *_feed_forward(net, x))


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
def _differences(
    net: Network, y: Array, cost: Cost, method: str, h: float, z: Layers, a: Layers
) -> tuple[Parameters, Parameters]:
    """`differences` around the z and a of a forward pass."""
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
            costs, crossed[piece] = _costs_when_moved(net, z, a, y, cost, l, units, moved)
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
    net: Network, z: Layers, a: Layers, y: Array, cost: Cost, l: int, units: slice, moved: Any
) -> tuple[Any, Any]:
    """C_x, and the number of ReLU crossings, for each of the given values of z^l of these units.

    `moved` is (units, steps, parameters, m), and so are the costs; the crossings are (units, parameters).
    """

    sigma, crossed, targets = net.sigma[l], np.zeros(()), y[:, None, None, None]
    if l == net.L and (cost.from_z is not None or isinstance(sigma, Softmax)):
        here = _replaced(z[l], units, moved)
        return cost_per_example(net, here, sigma(here), targets, cost), crossed
    a_moved = sigma(moved)
    if sigma.name == "relu":
        crossed = _flips(moved, z[l][units, None, None])
    if l == net.L:
        return cost.value(_replaced(a[l], units, a_moved), targets), crossed
    # z^{l+1}_i changes by w^{l+1}_ij times the change of a^l_j
    a_moved -= a[l][units, None, None]
    here = net.w[l + 1][:, units, None, None, None] * a_moved
    here += z[l + 1][:, None, None, None]
    for layer in range(l + 1, net.L + 1):
        if layer > l + 1:
            here = net.w[layer] @ a_moved.reshape(len(a_moved), -1)
            here += net.b[layer]
            here = here.reshape(-1, *moved.shape)
        a_moved = net.sigma[layer](here)
        if net.sigma[layer].name == "relu":
            crossed = crossed + _flips(here, z[layer][:, None, None, None]).sum(axis=0)
    return cost_per_example(net, here, a_moved, targets, cost), crossed


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


def _step(method: str, h: float | None) -> float:
    method = one_of("method", method, METHODS)
    return STEPS[method] if h is None else positive_number("h", h)


class Block(NamedTuple):
    """The verdict on one block of parameters, w[l] or b[l].

    error      ‖g − d‖ / max(‖g‖ + ‖d‖, floor), with g the gradient to check and d the differences
    floor      the least that an error is divided by
    size       ‖d‖, which must stand out from round-off, or the block proves nothing
    entry      where |g − d| is largest: there d is `expected` and g is `got`
    kinks      entries left out because a ReLU switched on or off between the two costs
    """

    name: str
    error: float
    floor: float
    size: float
    entry: tuple[int, ...]
    expected: float
    got: float
    kinks: int
    passed: bool
    reason: str


@dataclass(frozen=True)
class Report:
    """What `check_gradient` found, block by block: `print(report)` is a table, `passed` the verdict."""

    method: str
    h: float
    tolerance: float
    blocks: tuple[Block, ...]

    @property
    def passed(self) -> bool:
        """Whether every block passed."""
        return all(block.passed for block in self.blocks)

    @property
    def worst(self) -> Block:
        """The failed block with the largest error; of all blocks, if none failed."""
        return max(self.blocks, key=lambda block: (not block.passed, block.error))

    @property
    def error(self) -> float:
        """The largest error of a block."""
        return max(block.error for block in self.blocks)

    @property
    def failed(self) -> list[str]:
        """The names of the blocks that failed, such as ["w1", "b1"]."""
        return [block.name for block in self.blocks if not block.passed]

    def __str__(self) -> str:
        lines = [f"{self.method} differences, h = {self.h:.0e}, tolerance {self.tolerance:.0e}"]
        lines += [f"{b.name:>4}  {'ok    ' if b.passed else 'WRONG '}  {b.reason}" for b in self.blocks]
        return "\n".join(lines)


def check_gradient(
    net: Network,
    x: Array,
    y: Array,
    cost: str | Cost = "quadratic",
    gradient: Callable[..., Any] = backprop,
    method: str = "central",
    h: float | None = None,
    tolerance: float = 1e-7,
    floor: float | None = None,
    allow_zero: bool = False,
) -> Report:
    """Compare a gradient with finite differences, one block w[l] or b[l] at a time.

    `gradient(net, x, y, cost)` is the function to check. It may return a `Backpropagation`, `Parameters`,
    a flat vector like net.theta, or a pair of dicts (dw, db) keyed by layer. The error of a block is
    ‖g − d‖ / max(‖g‖ + ‖d‖, floor): near 0 for the same gradient, 1/3 for one that is twice as large, 1
    for one of the wrong sign or all zero. It has to stay within `tolerance`.

    The `floor` (default: the round-off in d, divided by the tolerance) keeps the round-off of tiny blocks
    from counting as error. A block whose differences do not stand out from their own round-off, or all
    straddle a kink, proves nothing and does not pass, unless `allow_zero` lets zero against zero pass.

    Raises ValueError or TypeError if an argument is bad or the function returns something of another shape.
    """
    tolerance = positive_number("tolerance", tolerance)
    if not callable(gradient):
        raise TypeError(f"gradient: expected a function, got {shown(gradient)}")
    h = _step(method, h)
    x, y, rule = _checked(net, x, y, cost)
    got = as_parameters(net, gradient(net.copy(), x.copy(), y.copy(), cost))  # which may spoil what it gets
    z, a = _feed_forward(net, x)
    expected, kinks = _differences(net, y, rule, method, h, z, a)
    height = float(np.abs(cost_per_example(net, z[net.L], a[net.L], y, rule)).mean())
    # What the subtraction of two costs leaves of their last bits; the complex step subtracts nothing. Where
    # the cost is 0, those at θ ± h are not: they are taken to be at least h.
    noise = 4 * EPSILON * (max(height, h) / h if method != "complex" else 1e-3)
    blocks = [
        _block(f"{kind}{l}", g, d, k, noise, tolerance, floor, allow_zero)
        for (kind, l, d), (_, _, g), (_, _, k) in zip(
            expected.blocks(), got.blocks(), kinks.blocks(), strict=True
        )
    ]
    return Report(method, h, tolerance, tuple(blocks))


def _block(
    name: str,
    g: Array,
    d: Array,
    k: Array,
    noise: float,
    tolerance: float,
    floor: float | None,
    allow_zero: bool,
) -> Block:
    columns = d.shape[1] if name[0] == "w" else 0
    g, d, k = g.ravel(), d.ravel(), k.ravel()
    noise *= d.size**0.5
    floor = noise / tolerance if floor is None else positive_number("floor", floor)
    kinks = int(np.count_nonzero(k))
    fair_g, fair_d = (g, d) if kinks == 0 else (np.where(k == 0, g, 0.0), np.where(k == 0, d, 0.0))
    off, size = np.abs(fair_g - fair_d), _norm(fair_d)
    error = _norm(off) / max(size + _norm(fair_g), floor)
    error = error if math.isfinite(error) else 1.0  # an infinite or undefined gradient
    worst = int(off.argmax())
    entry = divmod(worst, columns) if columns else (worst,)
    expected, got = float(d[worst]), float(g[worst])
    if kinks == d.size and not allow_zero:
        passed, reason = False, "every difference straddles a kink of ReLU: nothing was compared"
    elif error > tolerance:
        passed, where = False, f"{name[0]}[{name[1:]}]{list(entry)}"
        reason = f"error {error:.1e}; worst {where}: expected {expected:.6g}, got {got:.6g}"
    elif size <= noise and not allow_zero:
        passed, reason = False, "the differences are zero up to round-off: nothing was proved"
    else:
        passed, reason = True, f"error {error:.1e}"
    if 0 < kinks < d.size:
        reason += f"; {kinks} of {d.size} left out: a ReLU has its kink within h"
    return Block(name, error, floor, size, entry, expected, got, kinks, passed, reason)


def _norm(numbers: Array) -> float:
    return math.sqrt(np.dot(numbers, numbers))


def as_parameters(net: Network, gradient: Any) -> Parameters:
    """A learner's gradient, in any of the forms that `check_gradient` takes, as `Parameters`."""
    if isinstance(gradient, Backpropagation):
        gradient = gradient.gradient
    if isinstance(gradient, Parameters):
        if gradient.sizes != net.sizes:
            raise ValueError(f"gradient: expected layer sizes {net.sizes}, got {gradient.sizes}")
        return gradient
    if isinstance(gradient, np.ndarray):
        if gradient.shape != net.theta.shape:
            raise ValueError(f"gradient: expected shape {net.theta.shape}, got {gradient.shape}")
        return Parameters(net.sizes, _real("the vector", gradient))
    if not (
        isinstance(gradient, tuple) and len(gradient) == 2 and all(isinstance(g, dict) for g in gradient)
    ):
        raise TypeError(
            "gradient: expected a Backpropagation, Parameters, a flat vector or a pair of dicts (dw, db), "
            f"got {shown(gradient)}"
        )
    result = Parameters(net.sizes)
    for kind, l, block in result.blocks():
        given = gradient[0 if kind == "w" else 1]
        if l not in given:
            raise ValueError(f"gradient: d{kind}[{l}] is missing; layers found: {sorted(given)}")
        array = _real(f"d{kind}[{l}]", given[l])
        if array.shape != block.shape:
            raise ValueError(
                f"gradient: expected d{kind}[{l}] of shape {block.shape}, got shape {array.shape}"
            )
        block[...] = array
    return result


def _real(name: str, values: Any) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"gradient: expected real numbers in {name}, got {array.dtype}")
    return array.astype(np.float64)
