"""Is a gradient right? Compare it with differences of the cost, which need no derivative at all.

    forward    ∂C/∂θ ≈ (C(θ + h) − C(θ)) / h             error about h
    central    ∂C/∂θ ≈ (C(θ + h) − C(θ − h)) / 2h        error about h²
    complex    ∂C/∂θ ≈ Im C(θ + ih) / h                  error about h², and no subtraction to round off

`numerical_gradient` does this one parameter after the other, on the whole net. `check_gradient` takes the
same numbers from `fast_differences`, and where they do not agree with the gradient, it asks which is off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array, Progress, apart, counted, positive_number, shown, unmasked
from backprop_lib.costs import Cost
from backprop_lib.equations import Backpropagation, Layers, backprop, cost_per_example, feed_forward
from backprop_lib.fast_differences import check_complex, differences_around, obstacle, step_of
from backprop_lib.network import Network, Parameters, checked_examples

EPSILON = float(np.finfo(float).eps)
SMALLEST = float(np.finfo(float).tiny)
TOLERANCES = {"central": 1e-7, "forward": 1e-5, "complex": 1e-7}
NEAR = 1e4  # an error of less than so many tolerances may be that of the differences
REFEREE = 1e-30  # the complex step that decides, where no number in the net is above 1
LAST_BITS = 8 * EPSILON
TWINS = 4  # nets with other last bits that show how much is round-off
DOUBT = 1e-4  # so far off, a single entry is looked at again, whatever the round-off


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
    1e-7 forward, 1e-20 complex). A large net takes long: `progress=tqdm` shows the parameters go by; what it
    does not hand on is not measured, and is NaN.
    Raises ValueError or TypeError for bad arguments.
    """
    x, y, rule, h = *checked_examples(net, x, y, cost), step_of(method, h)
    check_complex(method, net, *feed_forward(net, x), y, rule)

    def C(theta: Any) -> Any:
        z, a = feed_forward(net.with_parameters(theta), x)
        return cost_per_example(net, z[net.L], a[net.L], y, rule).mean()

    gradient = Parameters(net.sizes, np.full(net.theta.size, np.nan))
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
    round-off, and stays on its side of a kink. Its verdict stands, on each entry too. If the cost is your
    own and takes no complex numbers, or has no derivative for them, the differences decide, with every ReLU
    held on its side; the `floor` (default: their round-off, divided by the tolerance) then keeps round-off
    from counting as error. A block whose differences do not stand out from round-off proves nothing and does
    not pass, unless `allow_zero` lets zero against zero pass.

    Raises ValueError or TypeError if an argument is bad or the function returns something of another shape,
    and where the complex step is asked for that cannot judge: of a cost or an activation of your own without
    a derivative for complex numbers, such as |a − y|.
    """
    h = step_of(method, h)
    tolerance = TOLERANCES[method] if tolerance is None else positive_number("tolerance", tolerance)
    floor = None if floor is None else positive_number("floor", floor)
    if not callable(gradient):
        raise TypeError(f"gradient: expected a function, got {shown(gradient)}")
    with np.errstate(all="ignore"):  # what is not finite is found below, and said
        x, y, rule = checked_examples(net, x, y, cost)
        z, a = feed_forward(net, x)
        check_complex(method, net, z, a, y, rule)
        g = as_parameters(net, gradient(net.copy(), x.copy(), y.copy(), cost))  # which may spoil what it gets
        judge = _Judge(method, h, tolerance, floor, allow_zero)
        blocks: list[Block] = []
        firsts: list[Block] = []
        for measured in _measurements(net, y, rule, method, h, z, a):
            verdicts = judge.blocks(g, measured, firsts)
            firsts = firsts or verdicts
            blocks = [_better(p, q) for p, q in zip(blocks, verdicts, strict=True)] if blocks else verdicts
            if all(block.passed and not block.doubtful for block in blocks):
                break
    return Report(method, h, tolerance, tuple(blocks))


class Block(NamedTuple):
    """The verdict on one block of parameters, w[l] or b[l].

    error      ‖g − d‖ / max(‖g‖ + ‖d‖, floor), with g the gradient to check and d the differences; if the
               norms hide that single entries are wrong, |g − d| / (|g| + |d|) of the worst of these
    floor      the least that the error of a block is divided by
    size       ‖d‖, which must stand out from round-off, or the block proves nothing
    round_off  how much of ‖d‖ may be round-off
    entry      where |g − d| is largest: there d is `expected` and g is `got`
    kinks      entries for which a ReLU switched on or off between the two costs
    method     the differences that the verdict rests on
    passed     whether the block is right
    reason     why, in words
    doubtful   whether an entry may still be wrong, and is too small for these differences to tell
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
    doubtful: bool = False


def _better(before: Block, after: Block) -> Block:
    """The verdict that stands, of a measurement and a better one."""
    if before.passed and after.passed:
        return before._replace(doubtful=False)
    return before if before.passed and not before.doubtful else after


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


class _Measured(NamedTuple):
    """What a gradient is compared with.

    method  the differences' own
    d       the differences
    kinks   in how many examples a kink of ReLU was in the way of each
    noise   the round-off in each
    last    whether no better measurement can follow; else nothing counts but full agreement
    why     what keeps the complex step from deciding, if it cannot
    """

    method: str
    d: Array
    kinks: Array
    noise: Array
    last: bool = False
    why: str = ""


def _measurements(
    net: Network, y: Array, rule: Cost, method: str, h: float, z: Layers, a: Layers
) -> Iterator[_Measured]:
    """The differences asked for; in doubt, the complex step; and in doubt of that, its round-off as well."""
    d, kinks = (found.theta for found in differences_around(net, y, rule, method, h, z, a))
    height = float(np.abs(cost_per_example(net, z[net.L], a[net.L], y, rule)).mean())
    # What the subtraction of two costs leaves of their last bits; the complex step subtracts nothing. Where
    # the cost is 0, those at θ ± h are not: they are taken to be at least h.
    noise = 4 * EPSILON * max(height, h) / h if method != "complex" else 0.0
    first = _Measured(method, d, kinks, np.full(d.size, noise))
    yield first
    # What moves in the net by the complex step must stay far below 1, and far above the smallest number.
    step = REFEREE / max(1.0, *(float(np.abs(numbers).max()) for numbers in (*z.values(), *a.values())))
    if step < 1e-250 and method == "complex":
        first = first._replace(noise=np.full(d.size, math.inf))
    needed = "a net without numbers as large as some in this one"
    if step >= 1e-250:
        needed = obstacle(net, z, a, y, rule)[0]
    if needed:
        if first.kinks.any():
            d = differences_around(net, y, rule, method, h, z, a, held=True)[0].theta
        yield first._replace(d=d, last=True, why=f"needs {needed}")
        return
    exact = differences_around(net, y, rule, "complex", step, z, a)[0].theta
    noises = np.full(d.size, SMALLEST / step)
    yield _Measured("complex", exact, kinks, noises.copy())
    # Its round-off is measured, entry by entry: how far do other last bits of θ and y move it?
    scale = np.abs(a[net.L]) + np.abs(y)
    if isinstance(net.sigma[net.L], Softmax):  # whose outputs share the round-off of the largest
        scale = scale.max(axis=0)
    for i in range(TWINS):
        rng = np.random.default_rng(i)
        twin, z_twin, a_twin = _twin(net, z, a[0], rng)
        y_twin = y + LAST_BITS * rng.standard_normal(y.shape) * scale
        moved, _ = differences_around(twin, y_twin, rule, "complex", step, z_twin, a_twin)
        np.maximum(noises, 4 * np.abs(moved.theta - exact), out=noises)
    yield _Measured("complex", exact, kinks, noises, last=True)


def _twin(net: Network, z: Layers, x: Array, rng: np.random.Generator) -> tuple[Network, Layers, Layers]:
    """The net with other last bits in its parameters, and its z and a: where a z would come to the other side
    of a kink of ReLU, it stays what it was; what is beyond a kink is not round-off.
    """
    nudge = LAST_BITS * rng.standard_normal(net.theta.size)
    twin = net.with_parameters(net.theta * (1 + nudge))
    z_twin, a_twin = {}, {0: x}
    for l in z:
        here = twin.w[l] @ a_twin[l - 1] + twin.b[l]
        if not net.sigma[l].smooth:
            here = np.where((here > 0) == (z[l] > 0), here, z[l])
        z_twin[l], a_twin[l] = here, net.sigma[l](here)
    return twin, z_twin, a_twin


class _Entries(NamedTuple):
    """The numbers of a net or of a block, flat: the gradient, the differences, the kinks in the way, the
    round-off, |g − d|, and what an entry is compared with: |g| + |d|.
    """

    g: Array
    d: Array
    kinks: Array
    noise: Array
    off: Array
    scale: Array


@dataclass(frozen=True)
class _Judge:
    """How `check_gradient` decides: its arguments."""

    method: str
    h: float
    tolerance: float
    floor: float | None
    allow_zero: bool

    def blocks(self, gradient: Parameters, measured: _Measured, firsts: list[Block]) -> list[Block]:
        """The verdict on every block; `firsts` is what the first measurement said."""
        g, d = gradient.theta, measured.d
        scale = np.maximum(np.abs(g) + np.abs(d), self.floor or 0.0)
        whole = _Entries(g, d, measured.kinks, measured.noise, np.abs(g - d), scale)
        blocks, start = [], 0
        for i, (kind, l, array) in enumerate(gradient.blocks()):
            here = slice(start, start := start + array.size)
            entries = _Entries(*(numbers[here] for numbers in whole))
            block = self.compared(f"{kind}{l}", array.shape, entries, measured)
            passed, reason = self.verdict(block, firsts[i] if firsts else block, measured)
            blocks.append(block._replace(passed=passed, reason=reason))
        return blocks

    def compared(self, name: str, shape: tuple[int, ...], entries: _Entries, measured: _Measured) -> Block:
        """A block beside the differences; nothing is judged yet."""
        (g, d, kinks, noise, off, scale), exact = entries, measured.method == "complex"
        straddling, round_off = int(np.count_nonzero(kinks)), _norm(noise)
        fair = kinks == 0 if straddling and not (exact or measured.last) else slice(None)
        floor = self.floor
        if floor is None:  # as long as a better measurement can follow, round-off counts as error
            floor = round_off / self.tolerance if measured.last else 0.0
        size = _norm(d[fair])
        error = _norm(off[fair]) / max(size + _norm(g[fair]), floor, SMALLEST)
        worst = int(off.argmax())
        if error <= self.tolerance and not (off <= noise).all():  # is an entry wrong, beside its own size?
            alone = np.where(off <= self.tolerance * scale + noise, 0.0, off / scale)
            if not exact and measured.last:  # nobody can tell whether g is off or d
                alone[:] = 0.0
            alone[~np.isfinite(g)] = np.nan
            worst = int(alone.argmax())
            error = float(alone[worst]) or error
        return Block(
            name=name,
            error=error if math.isfinite(error) else 1.0,
            floor=floor,
            size=size,
            round_off=round_off,
            entry=divmod(worst, shape[1]) if name[0] == "w" else (worst,),
            expected=float(d[worst]),
            got=float(g[worst]),
            kinks=straddling,
            method=measured.method,
            doubtful=not (exact or measured.last) and bool((off > DOUBT * scale).any()),
        )

    def verdict(self, block: Block, first: Block, measured: _Measured) -> tuple[bool, str]:
        """Whether a block passes, and why in words; `first` is what the method asked for has seen."""
        if not math.isfinite(block.size):
            return False, "the cost is not a finite number near these parameters: nothing was proved"
        if block.error > self.tolerance:
            return False, self.disagreement(block, measured.why)
        if not block.size > block.round_off and not (self.allow_zero and measured.last):
            return False, "the differences are zero up to round-off: nothing was proved"
        reason = f"error {block.error:.1e}"
        if block.method != self.method:
            kinks = f"{block.kinks} of the differences straddle a kink of ReLU"
            off = f"{self.method} differences with h = {self.h:.0e} are off by {first.error:.0e}"
            if block.kinks or first.error:
                reason += f" by the complex step: {kinks if block.kinks else off}"
        elif block.kinks:
            how = "for which each ReLU is held on its side" if measured.last else "left out"
            reason += f"; {block.kinks} {how}: a ReLU has its kink within h"
        return True, reason

    def disagreement(self, block: Block, why: str) -> str:
        """The error, the worst entry, and whether it may be the differences that are off.

        `why` says what keeps the complex step from deciding.
        """
        expected, got = apart(block.expected, block.got)
        where = f"{block.name[0]}[{block.name[1:]}]{list(block.entry)}"
        reason = f"error {block.error:.1e}; worst {where}: expected {expected}, got {got}"
        if block.kinks:
            reason += "; a ReLU has its kink within h, where its slope is taken to be 0"
        if block.error >= NEAR * self.tolerance:
            return reason
        if block.method != "complex":
            far = f"differences with h = {self.h:.0e} may be that far off"
            return f"{reason}; {far}; the complex step, which is not, {why}"
        unlike = f", unlike that of h = {self.h:.0e}" if self.method != "complex" else ""
        return f"{reason}; the complex step says so, whose error does not depend on h{unlike}"


def _norm(numbers: Array) -> float:
    """‖numbers‖, which does not overflow or vanish before its result does."""
    squares = float(np.dot(numbers, numbers))
    if 1e-280 < squares < 1e280 or not numbers.any():
        return math.sqrt(squares)
    largest = float(np.abs(numbers).max())
    return largest * _norm(numbers / largest) if math.isfinite(largest) else largest


def as_parameters(net: Network, gradient: Any) -> Parameters:
    """A learner's gradient, in any of the forms that `check_gradient` takes, as new `Parameters`.

    Raises ValueError or TypeError if it has none of these forms, or not the shapes of the net.
    """
    if isinstance(gradient, Backpropagation):
        gradient = gradient.gradient
    if isinstance(gradient, Parameters):
        if gradient.sizes != net.sizes:
            raise ValueError(f"gradient: expected layer sizes {net.sizes}, got {gradient.sizes}")
        gradient = gradient.theta if gradient.theta.dtype.kind == "f" else (gradient.w, gradient.b)
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
            raise ValueError(f"gradient: d{kind}[{l}] is missing; layers found: {shown(list(given))}")
        if strangers := [key for key in given if key not in result.w]:
            raise ValueError(f"gradient: expected d{kind} of the layers 1 to {net.L}, got {shown(strangers)}")
        array = _real(f"d{kind}[{l}]", given[l])
        if array.shape != block.shape:
            raise ValueError(
                f"gradient: expected d{kind}[{l}] of shape {block.shape}, got shape {array.shape}"
            )
        block[...] = array
    return result


def _real(name: str, values: Any) -> Array:
    unmasked(f"gradient: {name}", values)
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"gradient: expected rows of equal length in {name}, got a ragged list") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"gradient: expected real numbers in {name}, got {array.dtype}")
    return array.astype(np.float64)
