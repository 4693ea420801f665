"""The judge of gradients that a learner writes: right in any form, and each trap named."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backprop_lib.course.exercises import check


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


def test_a_stub_is_not_attempted_yet() -> None:
    def stub(gradient, differences): ...

    for answer in (stub, None, ..., lambda gradient, differences: ...):
        assert check("refused_blocks", answer).status == "not attempted yet"
