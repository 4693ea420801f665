"""The exercise to write a judge of gradients: which blocks does it refuse?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, shown
from backprop_lib.course.answers import Case, FunctionToWrite, Verdict, correct, function_on, raised, wrong
from backprop_lib.course.mistakes import Wrong
from backprop_lib.course.results import Unfit, same

Blocks = dict[str, Array]
SIZES = {"w1": (5, 4), "b1": (5, 1), "w2": (3, 5), "b2": (3, 1)}
TOLERANCE = 1e-7
ORDINARY = 7  # of the cases: those without zeros, NaN and infinity


def _size(g: Array, d: Array) -> float:
    return float(np.linalg.norm(g) + np.linalg.norm(d))


def _error(g: Array, d: Array) -> float:
    """‖g − d‖ / (‖g‖ + ‖d‖), which is NaN if both are zero."""
    return float(np.linalg.norm(g - d) / _size(g, d))


def _refusing(passes: Callable[[Array, Array], Any]) -> Callable[[Blocks, Blocks], dict[str, int]]:
    """The judge that refuses the blocks that do not pass: 1 if it does, for each block."""

    @np.errstate(all="ignore")  # 0/0 and ∞/∞ are asked on purpose
    def judge(gradient: Blocks, differences: Blocks) -> dict[str, int]:
        return {name: int(not passes(g, differences[name])) for name, g in gradient.items()}

    return judge


@np.errstate(all="ignore")
def _all_at_once(gradient: Blocks, differences: Blocks) -> dict[str, int]:
    g, d = (np.concatenate([v.ravel() for v in blocks.values()]) for blocks in (gradient, differences))
    return dict.fromkeys(gradient, int(not _error(g, d) < TOLERANCE))


_MISTAKES: Wrong = {
    "NaN passes": (
        "A comparison with NaN is always False, so “error > 1e-7” refuses no NaN.",
        "the comparison: refuse what is not below the threshold",
        _refusing(lambda g, d: not _error(g, d) >= TOLERANCE),
        _refusing(lambda g, d: _size(g, d) != 0 and not _error(g, d) >= TOLERANCE),
    ),
    "zero against zero passes": (
        "Two blocks of zeros agree, and prove nothing.",
        "the case that both norms are 0",
        _refusing(lambda g, d: _size(g, d) == 0 or _error(g, d) < TOLERANCE),
        _refusing(lambda g, d: np.linalg.norm(g - d) <= TOLERANCE * _size(g, d)),
    ),
    "all blocks at once": (
        "A mistake in a block of small slopes drowns in the others, and a found one accuses them all.",
        "the loop: every block has an error of its own",
        _all_at_once,
    ),
    "one by one": (
        "Where a slope is almost zero, round-off alone makes a large relative error.",
        "the norms: they take a block as a whole",
        _refusing(lambda g, d: np.all(np.abs(g - d) / (np.abs(g) + np.abs(d)) < TOLERANCE)),
    ),
    "the size of the block is left out": (
        "A small block that is wrong has a small difference, and a large one that is right has not.",
        "the denominator, ‖g‖ + ‖d‖",
        _refusing(lambda g, d: np.linalg.norm(g - d) < TOLERANCE),
    ),
    "np.allclose with its own tolerances": (
        "It takes all numbers below 1e-8 for equal, and is content with 1e-5 elsewhere.",
        "the formula for the error of a block",
        _refusing(np.allclose),
    ),
    "the norms compared": (
        "Two blocks of one length can point in different directions.",
        "the numerator, ‖g − d‖: subtract first, then take the norm",
        _refusing(lambda g, d: abs(np.linalg.norm(g) - np.linalg.norm(d)) < TOLERANCE * _size(g, d)),
    ),
    "differences that cancel": (
        "Differences of both signs cancel in a sum.",
        "the numerator, ‖g − d‖: it adds up squares",
        _refusing(lambda g, d: abs(np.sum(g - d)) < TOLERANCE * _size(g, d)),
    ),
    "the blocks that pass": (
        "Asked for are the names of the others.",
        "the comparison, or the word “not” before it",
        _refusing(lambda g, d: not _error(g, d) < TOLERANCE),
    ),
}


def refusing_cases() -> dict[str, tuple[Blocks, Blocks]]:
    """Gradients of two layers, their differences right to 1e-9, and what was done to one block of each."""
    rng = np.random.default_rng(8)
    scale = {"w1": 1e-6, "b1": 1e-7, "w2": 1.0, "b2": 1.0}
    right = {name: scale[name] * (1 + rng.random(size)) for name, size in SIZES.items()}
    measured = {name: v * (1 + 1e-9 * rng.standard_normal(v.shape)) for name, v in right.items()}

    def with_first(value: float, v: Array) -> Array:
        return np.concatenate([[value], v.ravel()[1:]]).reshape(v.shape)

    w1, b1, w2, b2 = right.values()
    # What is done to the gradient, and to its differences.
    changes: dict[str, tuple[Blocks, Blocks]] = {
        "a right gradient": ({}, {}),
        "a right gradient with large slopes": (
            {k: 1e8 * v for k, v in right.items()},
            {k: 1e8 * v for k, v in measured.items()},
        ),
        "a right gradient with one slope of 1e-12": (
            {"w2": with_first(1e-12, w2)},
            {"w2": with_first(4e-12, w2)},
        ),
        "a gradient whose w1 is doubled": ({"w1": 2 * w1}, {}),
        "a gradient whose b2 has the wrong sign": ({"b2": -b2}, {}),
        "a gradient with two slopes of b2 exchanged": ({"b2": b2[[1, 0, 2]]}, {}),
        "a gradient whose w2 is off by one in a million": ({"w2": w2 * (1 + 1e-6)}, {}),
        "a gradient whose w1 is zero, as it is in the differences": ({"w1": 0 * w1}, {"w1": 0 * w1}),
        "a gradient with NaN in b1": ({"b1": with_first(np.nan, b1)}, {}),
        "a gradient with an infinite slope in w2": ({"w2": with_first(np.inf, w2)}, {}),
    }
    return {name: (right | ours, measured | theirs) for name, (ours, theirs) in changes.items()}


def _refused_by(answer: Any, arguments: tuple[Any, ...]) -> Any:
    """For each block 1 if an answer refuses it; it may return their names in whatever order and container."""
    with np.errstate(all="ignore"):
        result = answer(*arguments)
        if result is None or result is ...:
            return result
        names = result.replace(",", " ").split() if isinstance(result, str) else result
        names = list(names) if isinstance(names, Iterable) and not isinstance(names, dict) else [names]
    if not all(isinstance(name, str) for name in names):
        raise Unfit(f'expected the names of the refused blocks, such as ["w1", "b1"], got {shown(result)}.')
    if strangers := sorted(set(map(str, names)) - set(SIZES)):
        raise Unfit(f"there is no block {shown(strangers[0])}; the blocks are w1, b1, w2 and b2.")
    return {name: int(name in names) for name in SIZES}


class RefuseBlocks(FunctionToWrite):
    """The exercise to write a function of a gradient and its differences: the names of the refused blocks."""

    def failure(self, case: Case, error: Exception) -> str:
        """What to say of names that are none, and of an exception."""
        return str(error) if isinstance(error, Unfit) else f"{raised(error)} It was given {case.name}."

    def verdict(self, returned: list[tuple[Case, Any]], failed: str) -> Verdict:
        """The verdict on the blocks that were refused, case by case."""
        misses = [(case, result) for case, result in returned if not same(case.right, result)]
        if failed or not misses:
            return wrong(failed) if failed else correct(self.checked_on)
        case, refused = misses[0]
        said, should = (", ".join(sorted(k for k in SIZES if d[k])) or "none" for d in (refused, case.right))
        return wrong(
            # exactly this mistake, or this one and another with 0, NaN or ∞
            self.known(returned) or self.known(returned[:ORDINARY]),
            f"of {case.name} you refuse {said}, and a good judge refuses {should}.",
        )


REFUSED_BLOCKS = function_on(
    refusing_cases(),
    _refusing(lambda g, d: _error(g, d) < TOLERANCE),
    "ten gradients, with zeros, NaN and an infinite slope among them",
    _MISTAKES,
    kind=RefuseBlocks,
    call=_refused_by,
)
