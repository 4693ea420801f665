"""The exercise to write a judge of gradients: which blocks does it refuse?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, shown
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    NOTHING_RETURNED,
    Verdict,
    correct,
    is_stub,
    no_function,
    outcome,
    raised,
    taking_positions,
    wrong,
)
from backprop_lib.course.mistakes import Wrong, one_each

Blocks = dict[str, Array]
TOLERANCE = 1e-7
ORDINARY = 7  # of the cases: those without zeros, NaN and infinity
PARAMETERS = ("gradient", "differences")


def _size(g: Array, d: Array) -> float:
    return float(np.linalg.norm(g) + np.linalg.norm(d))


def _error(g: Array, d: Array) -> float:
    """‖g − d‖ / (‖g‖ + ‖d‖), which is NaN if both are zero."""
    return float(np.linalg.norm(g - d) / _size(g, d))


def _refused(passes: Callable[[Array, Array], Any]) -> Callable[[Blocks, Blocks], set[str]]:
    """The names of the blocks that do not pass."""
    return lambda gradient, differences: {k for k in gradient if not passes(gradient[k], differences[k])}


def _all_at_once(gradient: Blocks, differences: Blocks) -> set[str]:
    g, d = (np.concatenate([v.ravel() for v in blocks.values()]) for blocks in (gradient, differences))
    return set() if _error(g, d) < TOLERANCE else set(gradient)


_MISTAKES: Wrong = {
    "NaN passes": (
        "A comparison with NaN is always False, so “error > 1e-7” refuses no NaN.",
        "the comparison: refuse what is not below the threshold",
        _refused(lambda g, d: not _error(g, d) >= TOLERANCE),
        _refused(lambda g, d: _size(g, d) != 0 and not _error(g, d) >= TOLERANCE),
    ),
    "zero against zero passes": (
        "Two blocks of zeros agree, and prove nothing.",
        "the case that both norms are 0",
        _refused(lambda g, d: _size(g, d) == 0 or _error(g, d) < TOLERANCE),
        _refused(lambda g, d: np.linalg.norm(g - d) <= TOLERANCE * _size(g, d)),
    ),
    "all blocks at once": (
        "A mistake in a block of small slopes drowns in the others, and a found one accuses them all.",
        "the loop: every block has an error of its own",
        _all_at_once,
    ),
    "one by one": (
        "Where a slope is almost zero, round-off alone makes a large relative error.",
        "the norms: they take a block as a whole",
        _refused(lambda g, d: np.all(np.abs(g - d) / (np.abs(g) + np.abs(d)) < TOLERANCE)),
    ),
    "the size of the block is left out": (
        "A small block that is wrong has a small difference, and a large one that is right has not.",
        "the denominator, ‖g‖ + ‖d‖",
        _refused(lambda g, d: np.linalg.norm(g - d) < TOLERANCE),
    ),
    "np.allclose with its own tolerances": (
        "It takes all numbers below 1e-8 for equal, and is content with 1e-5 elsewhere.",
        "the formula for the error of a block",
        _refused(np.allclose),
    ),
    "the norms compared": (
        "Two blocks of one length can point in different directions.",
        "the numerator, ‖g − d‖: subtract first, then take the norm",
        _refused(lambda g, d: abs(np.linalg.norm(g) - np.linalg.norm(d)) < TOLERANCE * _size(g, d)),
    ),
    "differences that cancel": (
        "Differences of both signs cancel in a sum.",
        "the numerator, ‖g − d‖: it adds up squares",
        _refused(lambda g, d: abs(np.sum(g - d)) < TOLERANCE * _size(g, d)),
    ),
    "the blocks that pass": (
        "Asked for are the names of the others.",
        "the comparison, or the word “not” before it",
        _refused(lambda g, d: not _error(g, d) < TOLERANCE),
    ),
}


@dataclass(frozen=True)
class Case:
    """A gradient, its differences, and what is the matter with it, in words."""

    name: str
    gradient: Blocks
    differences: Blocks

    def copies(self) -> list[Blocks]:
        """Both again, for an answer that may write into them."""
        return [{k: v.copy() for k, v in blocks.items()} for blocks in (self.gradient, self.differences)]


def refusing_cases() -> list[Case]:
    """Gradients of two layers, their differences right to 1e-9, and what was done to one block of each."""
    rng = np.random.default_rng(8)
    sizes = {"w1": (5, 4), "b1": (5, 1), "w2": (3, 5), "b2": (3, 1)}
    scale = {"w1": 1e-6, "b1": 1e-7, "w2": 1.0, "b2": 1.0}
    right = {name: scale[name] * (1 + rng.random(size)) for name, size in sizes.items()}
    measured = {name: v * (1 + 1e-9 * rng.standard_normal(v.shape)) for name, v in right.items()}

    def case(name: str, **changes: Callable[[Array], Array]) -> Case:
        return Case(name, {k: changes.get(k, np.copy)(v) for k, v in right.items()}, dict(measured))

    def with_first(value: float) -> Callable[[Array], Array]:
        return lambda v: np.concatenate([[value], v.ravel()[1:]]).reshape(v.shape)

    zeros = case("a gradient whose w1 is zero, as it is in the differences", w1=np.zeros_like)
    zeros.differences["w1"] = np.zeros((5, 4))
    small = case("a right gradient with one slope of 1e-12", w2=with_first(1e-12))
    small.differences["w2"] = small.gradient["w2"] + with_first(3e-12)(np.zeros((3, 5)))
    enlarged = ({k: 1e8 * v for k, v in blocks.items()} for blocks in (right, measured))
    large = Case("a right gradient with large slopes", *enlarged)
    return [
        case("a right gradient"),
        large,
        small,
        case("a gradient whose w1 is doubled", w1=lambda v: 2 * v),
        case("a gradient whose b2 has the wrong sign", b2=np.negative),
        case("a gradient with two slopes of b2 exchanged", b2=lambda v: v[[1, 0, 2]]),
        case("a gradient whose w2 is off by one in a million", w2=lambda v: v * (1 + 1e-6)),
        zeros,
        case("a gradient with NaN in b1", b1=with_first(np.nan)),
        case("a gradient with an infinite slope in w2", w2=with_first(np.inf)),
    ]


def refused_by(answer: Any, gradient: Blocks, differences: Blocks) -> Any:
    """The set of names that an answer returns, in whatever order and container; a text that shows another."""
    result = answer(gradient, differences)
    if result is None or result is ...:
        return result
    names = result.replace(",", " ").split() if isinstance(result, str) else result
    if isinstance(names, Iterable) and not isinstance(names, dict):
        names = list(names)
        if all(isinstance(name, str) for name in names):
            return set(map(str, names))
    return shown(result)


class RefuseBlocks:
    """The exercise to write a function of a gradient and its differences: the names of the refused blocks."""

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        if complaint := no_function(answer, PARAMETERS):
            return complaint
        answer = taking_positions(answer, PARAMETERS)
        cases, given = refusing_cases(), []
        for case in cases:
            copies = case.copies()
            with np.errstate(all="ignore"):  # 0/0 and ∞/∞ are asked on purpose
                tried = outcome(lambda copies=copies: refused_by(answer, *copies))  # type: ignore[misc]
            if isinstance(tried, Verdict):
                return tried
            result, error = tried
            if error is not None:
                return wrong(raised(error), f"It was given {case.name}.")
            if result is None or result is ...:
                return NOT_ATTEMPTED if result is ... or is_stub(answer) else wrong(NOTHING_RETURNED)
            if isinstance(result, str):
                return wrong(f'expected the names of the refused blocks, such as ["w1", "b1"], got {result}.')
            if strangers := sorted(result - set(case.gradient)):
                return wrong(f"there is no block {shown(strangers[0])}; the blocks are w1, b1, w2 and b2.")
            given.append(result)
        return self._verdict(cases, given)

    @staticmethod
    def _verdict(cases: list[Case], given: list[set[str]]) -> Verdict:
        with np.errstate(all="ignore"):
            judge = _refused(lambda g, d: _error(g, d) < TOLERANCE)
            right = [judge(case.gradient, case.differences) for case in cases]
            known = [(m, [f(c.gradient, c.differences) for c in cases]) for m, f in one_each(_MISTAKES)]
        if given == right:
            return correct("ten gradients, with zeros, NaN and an infinite slope among them")
        triples = zip(cases, given, right, strict=True)
        case, said, should = next((c, g, r) for c, g, r in triples if g != r)
        problem = f"of {case.name} you refuse {_listed(said)}, and a good judge refuses {_listed(should)}."
        for some in (len(cases), ORDINARY):  # exactly this mistake, or this one and another with 0, NaN or ∞
            for mistake, results in known:
                if given[:some] == results[:some] != right[:some]:
                    return wrong(f"{mistake.title}. {mistake.sentence} Look at {mistake.where}.", problem)
        return wrong(problem)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
