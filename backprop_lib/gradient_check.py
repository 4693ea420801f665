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

from backprop_lib.arguments import Array, Progress, apart, counted, positive_number, shown
from backprop_lib.costs import Cost
from backprop_lib.equations import Backpropagation, backprop, cost_per_example, feed_forward
from backprop_lib.fast_differences import differences_around, step_of
from backprop_lib.network import Network, Parameters, checked_examples

EPSILON = float(np.finfo(float).eps)
SMALLEST = float(np.finfo(float).tiny)
TOLERANCES = {"central": 1e-7, "forward": 1e-5, "complex": 1e-7}
SHARP = 1e-5  # the share of a block of differences that may be round-off
NEAR = 1e4  # an error of less than so many tolerances may be that of the differences


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
    round_off  how much of ‖d‖ may be round-off
    entry      where |g − d| is largest: there d is `expected` and g is `got`
    kinks      entries for which a ReLU switched on or off between the two costs
    method     the differences that the verdict rests on
    """

    name: str
    error: float
    floor: float
    size: float
    round_off: float
    entry: tuple[int, ...]
    expected: float
    got: float
    kinks: int
    method: str
    passed: bool = False
    reason: str = ""

    @property
    def is_blind(self) -> bool:
        """Whether the differences do not stand out from their round-off."""
        return not self.size > self.round_off


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
    tolerance: float | None = None,
    floor: float | None = None,
    allow_zero: bool = False,
) -> Report:
    """Compare a gradient with finite differences, one block w[l] or b[l] at a time.

    `gradient(net, x, y, cost)` is the function to check. It may return a `Backpropagation`, `Parameters`,
    a flat vector like net.theta, or a pair of dicts (dw, db) keyed by layer. The error of a block is
    ‖g − d‖ / max(‖g‖ + ‖d‖, floor): near 0 for the same gradient, 1/3 for one that is twice as large, 1
    for one of the wrong sign or all zero. It has to stay within `tolerance` (default: 1e-7, forward 1e-5).

    A difference has an error of its own: of its step h, of round-off, and at a kink of ReLU. So a block that
    it refuses, or cannot judge, is measured again by the complex step, which has no error of h, hardly any
    round-off, and stays on its side of a kink; its verdict stands. The `floor` (default: the round-off in d,
    divided by the tolerance) keeps round-off from counting as error. A block whose differences do not stand
    out from round-off proves nothing and does not pass, unless `allow_zero` lets zero against zero pass.

    Raises ValueError or TypeError if an argument is bad or the function returns something of another shape.
    """
    h = step_of(method, h)
    tolerance = TOLERANCES[method] if tolerance is None else positive_number("tolerance", tolerance)
    floor = None if floor is None else positive_number("floor", floor)
    if not callable(gradient):
        raise TypeError(f"gradient: expected a function, got {shown(gradient)}")
    with np.errstate(all="ignore"):  # what is not finite is found below, and said
        x, y, rule = checked_examples(net, x, y, cost)
        g = as_parameters(net, gradient(net.copy(), x.copy(), y.copy(), cost))  # which may spoil what it gets
        first = _compared(_measured(net, x, y, rule, method, h), g, tolerance, floor)
        second = first
        if method != "complex" and any(not _is_trusted(block, tolerance) for block in first):
            second = _second_opinion(net, x, y, rule, g, tolerance, floor) or first
    blocks = []
    for one, other in zip(first, second, strict=True):
        verdict = one if _is_trusted(one, tolerance) else other._replace(kinks=one.kinks)
        blocks.append(_explained(verdict, one, h, tolerance, allow_zero))
    return Report(method, h, tolerance, tuple(blocks))


def _is_trusted(block: Block, tolerance: float) -> bool:
    """Whether the differences agree with the gradient, sharply, and nothing was in their way."""
    return block.error <= tolerance and block.round_off <= SHARP * block.size and not block.kinks


Measured = tuple[str, Parameters, Parameters, list[float]]


def _measured(net: Network, x: Array, y: Array, rule: Cost, method: str, h: float) -> Measured:
    """The method, the differences, the kinks in their way, and the round-off in every block of them."""
    z, a = feed_forward(net, x)
    d, kinks = differences_around(net, y, rule, method, h, z, a)
    if method != "complex":
        # What the subtraction of two costs leaves of their last bits. Where the cost is 0, those at θ ± h
        # are not: they are taken to be at least h.
        height = float(np.abs(cost_per_example(net, z[net.L], a[net.L], y, rule)).mean())
        noise = 4 * EPSILON * max(height, h) / h
        return method, d, kinks, [noise * block.size**0.5 for _, _, block in d.blocks()]
    # The complex step subtracts nothing. What it cannot know shows in a twin, whose parameters differ in
    # their last bits.
    sides = np.where(np.arange(net.theta.size) % 2, 1.0, -1.0)
    twin = net.with_parameters(net.theta * (1 + 4 * EPSILON * sides))
    other, _ = differences_around(twin, y, rule, method, h, *feed_forward(twin, x))
    pairs = zip(d.blocks(), other.blocks(), strict=True)
    return method, d, kinks, [8 * _norm(mine - its) for (_, _, mine), (_, _, its) in pairs]


def _second_opinion(
    net: Network, x: Array, y: Array, rule: Cost, g: Parameters, tolerance: float, floor: float | None
) -> list[Block] | None:
    """The comparison with the complex step; None where a cost of the reader's own takes no complex z."""
    try:
        measured = _measured(net, x, y, rule, "complex", step_of("complex", None))
    except TypeError:
        return None
    return _compared(measured, g, tolerance, floor)


def _compared(measured: Measured, gradient: Parameters, tolerance: float, least: float | None) -> list[Block]:
    """Every block of the gradient beside the same block of the differences; nothing is judged yet."""
    method, differences, kinks, round_offs = measured
    result = []
    for (kind, l, g), (_, _, d), (_, _, k), round_off in zip(
        gradient.blocks(), differences.blocks(), kinks.blocks(), round_offs, strict=True
    ):
        apart_by = np.abs(g - d)
        apart_by[np.isnan(apart_by)] = np.inf
        j, k_or_0 = np.unravel_index(int(apart_by.argmax()), g.shape)
        size = _norm(d)
        floor = round_off / tolerance if least is None else least
        error = _norm(g - d) / max(size + _norm(g), floor, SMALLEST)
        result.append(
            Block(
                name=f"{kind}{l}",
                error=error if math.isfinite(error) else 1.0,
                floor=floor,
                size=size,
                round_off=round_off,
                entry=(int(j), int(k_or_0)) if kind == "w" else (int(j),),
                expected=float(d[j, k_or_0]),
                got=float(g[j, k_or_0]),
                kinks=int(np.count_nonzero(k)),
                method=method,
            )
        )
    return result


def _explained(block: Block, first: Block, h: float, tolerance: float, allow_zero: bool) -> Block:
    """The block with its verdict, in a word and in words; `first` is what the method asked for has seen."""
    agrees = block.error <= tolerance
    if not math.isfinite(block.expected):
        agrees, reason = False, "the cost is not a finite number near these parameters: nothing was proved"
    elif not agrees:
        reason = _disagreement(block, h, tolerance)
    elif block.is_blind and not allow_zero:
        agrees, reason = False, "the differences are zero up to round-off: nothing was proved"
    else:
        reason = f"error {block.error:.1e}"
        if block.method != first.method:
            reason += " by the complex step: "
            kinks = f"{block.kinks} of the differences straddle a kink of ReLU"
            off = f"{first.method} differences with h = {h:.0e} are off by {first.error:.0e}"
            reason += kinks if block.kinks else off
    return block._replace(passed=agrees, reason=reason)


def _disagreement(block: Block, h: float, tolerance: float) -> str:
    expected, got = apart(block.expected, block.got)
    where = f"{block.name[0]}[{block.name[1:]}]{list(block.entry)}"
    reason = f"error {block.error:.1e}; worst {where}: expected {expected}, got {got}"
    if block.kinks:
        reason += "; a ReLU has its kink within h, where its slope is taken to be 0"
    if block.error < NEAR * tolerance and block.method == "complex":
        reason += f"; the complex step says so, whose error does not depend on h, unlike that of h = {h:.0e}"
    elif block.error < NEAR * tolerance:
        reason += f'; differences with h = {h:.0e} may be that far off: method="complex" is not'
    return reason


def _norm(numbers: Array) -> float:
    """‖numbers‖, which does not overflow before its result does."""
    largest = float(np.abs(numbers).max())
    if not 0 < largest < math.inf:
        return largest
    scaled = numbers.ravel() / largest
    return largest * math.sqrt(np.dot(scaled, scaled))


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
