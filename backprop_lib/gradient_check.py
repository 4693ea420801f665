"""Is a gradient right? Compare it with differences of the cost, which need no derivative at all.

    forward    ∂C/∂θ ≈ (C(θ + h) − C(θ)) / h             error about h
    central    ∂C/∂θ ≈ (C(θ + h) − C(θ − h)) / 2h        error about h²
    complex    ∂C/∂θ ≈ Im C(θ + ih) / h                  error about h², and no subtraction to round off

`numerical_gradient` does this one parameter after the other, on the whole net. `check_gradient` takes the
same numbers from `fast_differences`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backprop_lib.arguments import Array, Progress, counted, positive_number, shown
from backprop_lib.costs import Cost
from backprop_lib.equations import Backpropagation, backprop, cost_per_example, feed_forward
from backprop_lib.fast_differences import differences_around, step_of
from backprop_lib.network import Network, Parameters, checked_examples

EPSILON = float(np.finfo(float).eps)


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
    x, y, rule, h = *checked_examples(net, x, y, cost), step_of(method, h)

    def C(theta: Any) -> Any:
        z, a = feed_forward(net.with_parameters(theta), x)
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
    h = step_of(method, h)
    x, y, rule = checked_examples(net, x, y, cost)
    got = as_parameters(net, gradient(net.copy(), x.copy(), y.copy(), cost))  # which may spoil what it gets
    z, a = feed_forward(net, x)
    expected, kinks = differences_around(net, y, rule, method, h, z, a)
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
