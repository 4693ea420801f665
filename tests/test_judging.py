"""The judge of gradients that a learner writes: right in any form, and each trap named."""

from __future__ import annotations

import math
import re
import warnings
from copy import deepcopy

import numpy as np
import pytest

from backprop_lib.course.exercises import check
from backprop_lib.course.judging import ORDINARY, refusing_cases


def error(g, d):
    return np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d))


def refusing(passes):
    return lambda gradient, differences: [k for k, g in gradient.items() if not passes(g, differences[k])]


def by_loop(gradient, differences):
    refused = []
    for name, g in gradient.items():
        d = differences[name]
        size = np.linalg.norm(g) + np.linalg.norm(d)
        if not (size > 0 and np.linalg.norm(g - d) / size < 1e-7):
            refused.append(name)
    return refused


def by_squares(gradient, differences):
    for name in gradient:
        g, d = (blocks[name].ravel().tolist() for blocks in (gradient, differences))
        numbers = math.hypot(*g) + math.hypot(*d)
        off = math.hypot(*(p - q for p, q in zip(g, d, strict=True)))
        if not math.isfinite(numbers) or numbers == 0 or off / numbers > 1e-7:
            yield name


RIGHT = {
    "a loop": by_loop,
    "the formula": refusing(lambda g, d: error(g, d) < 1e-7),
    "a generator": by_squares,
    "a set": lambda gradient, differences: set(by_loop(gradient, differences)),
    "a tuple, turned round": lambda g, d: tuple(by_loop(g, d)[::-1]),
    "a text": lambda g, d: ", ".join(by_loop(g, d)),
    "an array": lambda g, d: np.array(by_loop(g, d)),
    "the keys of a dict": lambda g, d: dict.fromkeys(by_loop(g, d)).keys(),
    "by name": lambda *, gradient, differences: by_loop(gradient, differences),
    "a print on the way": lambda g, d: print(end="") or by_loop(g, d),
}
WRONG = [
    (refusing(lambda g, d: not error(g, d) > 1e-7), "NaN passes"),
    (refusing(lambda g, d: g.any() + d.any() > 0 and not error(g, d) > 1e-7), "NaN passes"),
    (refusing(lambda g, d: not np.linalg.norm(g) and not np.linalg.norm(d) or error(g, d) < 1e-7), "zero"),
    (refusing(lambda g, d: np.linalg.norm(g - d) < 1e-7), "the size of the block is left out"),
    (refusing(lambda g, d: np.abs(g - d).max() < 1e-7), "the size of the block is left out"),
    (refusing(lambda g, d: np.all(np.abs(g - d) < 1e-7 * (np.abs(g) + np.abs(d)))), "one by one"),
    (refusing(np.allclose), "np.allclose"),
    (refusing(lambda g, d: abs((g - d).sum()) < 1e-7 * np.abs(g + d).sum()), "differences that cancel"),
    (
        refusing(lambda g, d: math.isclose(np.linalg.norm(g), np.linalg.norm(d), rel_tol=2e-7)),
        "the norms compared",
    ),
    (refusing(lambda g, d: not error(g, d) < 1e-7), "the blocks that pass"),
    (lambda g, d: [], "whose w1 is doubled you refuse none, and a good judge refuses w1"),
    (lambda g, d: list(g), "of a right gradient you refuse b1, b2, w1, w2, and a good judge refuses none"),
    (lambda g, d: ["w3"], "there is no block 'w3'"),
    (lambda g, d: {"w1": True}, "expected the names"),
    (lambda g, d: [1, 2], "expected the names"),
    (lambda g, d: error(g["w1"], d["w1"]), "expected the names"),
    (lambda g, d: print(end=""), "returned nothing"),
    (lambda g, d: g["w7"], "KeyError"),
    (lambda g: [], "expected a function of (gradient, differences)"),
    (["w1"], "expected a function of (gradient, differences), got list"),
]


def all_at_once(gradient, differences):
    g, d = (np.concatenate([v.ravel() for v in blocks.values()]) for blocks in (gradient, differences))
    return [] if error(g, d) < 1e-7 else list(gradient)


@pytest.mark.parametrize("way", RIGHT)
def test_a_right_judge_is_correct_in_any_form(way) -> None:
    verdict = check("refused_blocks", RIGHT[way])
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("answer, said", [*WRONG, (all_at_once, "all blocks at once")])
def test_a_wrong_judge_is_told_its_trap(answer, said) -> None:
    verdict = check("refused_blocks", answer)
    assert verdict.status == "wrong" and said in verdict.message, verdict.message


@pytest.mark.parametrize("answer", [RIGHT["the formula"], RIGHT["a generator"], WRONG[0][0]])
def test_zeros_nan_and_infinity_are_judged_without_a_warning(answer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = check("refused_blocks", answer)
    assert verdict.passed == (answer is not WRONG[0][0]) and "Warning" not in verdict.message


def test_a_stub_is_not_attempted_yet() -> None:
    def stub(gradient, differences): ...

    for answer in (stub, None, ..., lambda gradient, differences: ...):
        assert check("refused_blocks", answer).status == "not attempted yet"


def listed(names):
    return ", ".join(sorted(names)) or "none"


def judged(answer, given):
    with np.errstate(all="ignore"):
        return set(answer(*deepcopy(given)))


# Every case by what its name says is the matter with it, and the blocks that are to be refused.
ASKED = {
    "a right gradient": "none",
    "a right gradient with large slopes": "none",
    "a right gradient with one slope of 1e-12": "none",
    "a gradient whose w1 is doubled": "w1",
    "a gradient whose b2 has the wrong sign": "b2",
    "a gradient with two slopes of b2 exchanged": "b2",
    "a gradient whose w2 is off by one in a million": "w2",
    "a gradient whose w1 is zero, as it is in the differences": "w1",
    "a gradient with NaN in b1": "b1",
    "a gradient with an infinite slope in w2": "w2",
}


def test_what_is_asked_is_what_its_name_says() -> None:
    cases = refusing_cases()
    assert {name: listed(judged(by_loop, given)) for name, given in cases.items()} == ASKED
    right, differences = cases["a right gradient"]
    norms = {name: np.linalg.norm(block) for name, block in right.items()}
    assert max(norms["w1"], norms["b1"]) < 1e-4 < 1 < min(norms["w2"], norms["b2"]), "small ones beside large"
    off = [(differences[name] / block - 1).ravel() for name, block in right.items()]
    assert 5e-10 < np.std(np.concatenate(off)) < 1.5e-9, "the differences are right to about 1e-9"

    def changed(name, block):
        return cases[name][0][block] / right[block]

    assert np.allclose(changed("a gradient whose w1 is doubled", "w1"), 2, rtol=1e-15)
    assert np.array_equal(changed("a gradient whose b2 has the wrong sign", "b2"), -np.ones((3, 1)))
    exchanged = cases["a gradient with two slopes of b2 exchanged"][0]["b2"]
    assert sorted(exchanged.ravel()) == sorted(right["b2"].ravel()) and (exchanged != right["b2"]).sum() == 2
    million = changed("a gradient whose w2 is off by one in a million", "w2")
    assert np.allclose(million - 1, 1e-6, rtol=1e-6)
    g, d = (blocks["w2"] for blocks in cases["a right gradient with large slopes"])
    assert np.linalg.norm(g - d) > 1e-3, "far above the tolerance"
    g, d = (blocks["w2"] for blocks in cases["a right gradient with one slope of 1e-12"])
    assert g[0, 0] == 1e-12 and d[0, 0] == 4e-12 and np.array_equal(g.ravel()[1:], d.ravel()[1:])
    blocks = [[*gradient.values(), *differences.values()] for gradient, differences in cases.values()]
    ordinary = [all((block != 0).all() and np.isfinite(block).all() for block in each) for each in blocks]
    assert ordinary.index(False) == ORDINARY
    for both in cases.values():
        for blocks in both:  # of a 4-5-3 net
            sizes = {"w1": (5, 4), "b1": (5, 1), "w2": (3, 5), "b2": (3, 1)}
            assert {name: block.shape for name, block in blocks.items()} == sizes


def test_a_judge_that_writes_into_what_it_is_given_spoils_no_other_case() -> None:
    def writes(gradient, differences):
        refused = by_loop(gradient, differences)
        for block in [*gradient.values(), *differences.values()]:
            block[...] = np.nan
        return refused

    assert check("refused_blocks", writes).passed and check("refused_blocks", by_loop).passed


TOLD = re.compile(
    r"[Oo]f (a (?:right )?gradient.*) you refuse ([\w, ]+), and a good judge refuses ([\w, ]+)\."
)


@pytest.mark.parametrize("answer", [answer for answer, _ in WRONG[:12]])
def test_what_is_said_of_the_first_case_that_differs_is_true(answer) -> None:
    message = check("refused_blocks", answer).message
    name, said, should = TOLD.search(message).groups()
    both = {n: (judged(answer, given), judged(by_loop, given)) for n, given in refusing_cases().items()}
    first = next(n for n, (refused, right) in both.items() if refused != right)
    assert (name, said, should) == (first, *map(listed, both[first]))
    named = re.match(r"Not yet: [a-zN].+\. [A-Z][a-z ].+\. Look at [a-z].+\. Of a ", message)
    assert message.startswith("Not yet: of a ") or named, message


@pytest.mark.any_kernel
def test_a_judge_that_raises_is_told_on_what() -> None:
    def raises(gradient, differences):
        if not np.isfinite(gradient["b1"]).all():
            raise ArithmeticError("no number")
        return by_loop(gradient, differences)

    message = check("refused_blocks", raises).message
    assert "ArithmeticError: no number" in message
    assert message.endswith(" It was given a gradient with NaN in b1.")
    right = check("refused_blocks", by_loop).message
    assert right == "Correct: checked on ten gradients, with zeros, NaN and an infinite slope among them."
