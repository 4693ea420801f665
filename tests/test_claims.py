"""A claim of a page fails when it is false, says what it found, and prints nothing that a machine decides."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib import claim

LONG = list(range(100))
FALSE = [
    (False, {}, "expected True, found False"),
    (np.bool_(False), {}, "expected True, found np.False_"),
    (0.5, {"below": 0.5}, "expected below 0.5, found 0.5"),
    (0.5, {"above": 0.5}, "expected above 0.5, found 0.5"),
    ([0.1, 0.6], {"below": 0.5}, "expected below 0.5, found [0.1, 0.6]"),
    ([0.6, 0.1], {"above": 0.5}, "expected above 0.5, found [0.6, 0.1]"),
    (float("nan"), {"below": 1.0}, "expected below 1, found nan"),
    (float("nan"), {"above": 1.0}, "expected above 1, found nan"),
    ([], {"below": 1.0}, "expected below 1, found []"),
    ([], {"above": 1.0}, "expected above 1, found []"),
    (43, {"equal": 44}, "expected equal to 44, found 43"),
    (1.0 + 2**-52, {"equal": 1.0}, "expected equal to 1.0, found 1.0000000000000002"),
    ([1.0, 2.0], {"equal": [1.0]}, "expected equal to [1.0], found [1.0, 2.0]"),
    ([1.0, 1.0], {"equal": 1.0}, "expected equal to 1.0, found [1.0, 1.0]"),
    ([], {"equal": []}, "expected equal to [], found []"),
    ([], {"equal": [], "digits": 3}, "expected equal to [] to 3 digits, found []"),
    (np.inf, {"equal": -np.inf, "digits": 3}, "expected equal to -inf to 3 digits, found inf"),
    ([1.0], {"equal": 1.0, "digits": 9}, "expected equal to 1.0 to 9 digits, found [1.0]"),
    (float("nan"), {"equal": float("nan"), "digits": 3}, "expected equal to nan to 3 digits, found nan"),
    (
        [1.0, 2.0],
        {"equal": [1.0, 2.00001], "digits": 6},
        "expected equal to [1.0, 2.00001] to 6 digits, found [1.0, 2.0]",
    ),
    (-1.0, {"equal": 1.0, "digits": 1}, "expected equal to 1.0 to 1 digit, found -1.0"),
    (1e-9, {"equal": 2e-9, "digits": 3}, "expected equal to 2e-09 to 3 digits, found 1e-09"),
    ("seven", {"equal": "eight"}, "expected equal to 'eight', found 'seven'"),
    (0.7, {"above": 0.5, "below": 0.6}, "expected below 0.6, found 0.7"),
    (0.7, {"equal": 0.7, "above": 0.8}, "expected above 0.8, found 0.7"),
    (LONG, {"equal": LONG[1:]}, f"expected equal to {str(LONG[1:])[:199]}…, found {str(LONG)[:199]}…"),
]


@pytest.mark.parametrize("found, bounds, said", FALSE)
def test_a_false_claim_is_refused_with_its_words_and_what_was_found(found, bounds, said, capsys) -> None:
    with pytest.raises(AssertionError) as refused:
        claim("the words", found, **bounds)
    assert str(refused.value) == f"not so: the words: {said}"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "found, bounds, said",
    [
        (True, {}, "✓ the words"),
        (43, {"equal": 43}, "✓ the words: 43"),
        (np.inf, {"equal": np.inf, "digits": 3}, "✓ the words: inf, to 3 digits"),
        ((5, 4), {"equal": (5, 4)}, "✓ the words: (5, 4)"),
        (0.97777, {"above": 0.9}, "✓ the words: 0.978, above 0.9"),
        (2, {"above": 1, "below": 3}, "✓ the words: 2, below 3, above 1"),
        (np.uint8(2), {"below": 3}, "✓ the words: 2, below 3"),
        (True, {"below": 2}, "✓ the words: below 2"),
        ([True, True], {"equal": [True, True]}, "✓ the words: (True, True)"),
        (0.0005, {"below": 0.0011}, "✓ the words: 0.0005, below 0.0011"),
        (0.0005, {"below": 0.001}, "✓ the words: below 0.001"),
        (np.arange(6) + 0.5, {"below": 7}, "✓ the words: (0.5, 1.5, 2.5, 3.5, 4.5, 5.5), below 7"),
        (np.arange(7) + 0.5, {"below": 8}, "✓ the words: below 8"),
        (0.5, {"equal": 0.5, "below": 1}, "✓ the words: 0.5, below 1"),
        (0.5, {"equal": 0.5, "digits": 1}, "✓ the words: 0.5, to 1 digit"),
        (1.00005, {"equal": 1.0, "digits": 4}, "✓ the words: 1, to 4 digits"),
        (-1.00005, {"equal": -1.0, "digits": 4}, "✓ the words: -1, to 4 digits"),
        ([[1, 2], [3, 4]], {"equal": [[1, 2], [3, 4]]}, "✓ the words: ((1, 2), (3, 4))"),
        (np.array([0.5, 0.5]), {"above": 0}, "✓ the words: 2 times 0.5, above 0"),
        (np.array(0.12345), {"above": 0}, "✓ the words: 0.123, above 0"),
        (np.array([0.12345]), {"above": 0}, "✓ the words: (0.123), above 0"),
        (3e-16, {"below": 1e-12}, "✓ the words: below 1e-12"),
        (np.full(7, 0.25), {"below": 0.5}, "✓ the words: below 0.5"),
        (0.203 + 1e-9, {"equal": 0.203, "digits": 6}, "✓ the words: 0.203, to 6 digits"),
        (
            np.full((3, 1), 0.5),
            {"equal": np.full((3, 1), 0.5), "digits": 9},
            "✓ the words: 3 times 0.5, to 9 digits",
        ),
        (np.array([0.5, 0.25]), {"equal": [0.5, 0.25]}, "✓ the words: (0.5, 0.25)"),
    ],
)
def test_a_true_claim_prints_what_was_found(found, bounds, said, capsys) -> None:
    claim("the words", found, **bounds)
    assert capsys.readouterr().out == f"{said}\n"


def test_two_machines_print_the_same_of_a_value_that_round_off_moves(capsys) -> None:
    for found in (2.2e-16, 4.4e-16):
        claim("the difference", found, below=1e-12)
        claim("the slope", 0.0173451 * (1 + found), equal=0.0173451, digits=12)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == lines[2:]


HUGE = 10**400  # beyond all floats
HUGE_SHOWN = "1" + "0" * 58 + "…"


@pytest.mark.parametrize(
    "words, found, bounds, said",
    [
        ("", 1, {"equal": 1}, "words: expected a sentence that says what is claimed, got ''"),
        (" ", 1, {"equal": 1}, "words: expected a sentence that says what is claimed, got ' '"),
        (7, 1, {"equal": 1}, "words: expected a sentence that says what is claimed, got 7"),
        ("x", 3, {}, "claim: expected below, above or equal for 3, got none of them"),
        ("x", [True], {}, "claim: expected below, above or equal for [True], got none of them"),
        ("x", 1.0, {"equal": 1, "digits": 0}, "digits: expected a positive integer, got 0"),
        ("x", 1.0, {"equal": 1, "digits": 18}, "digits: expected at most 17, got 18"),
        ("x", 1.0, {"equal": "a", "digits": 3}, "equal: expected numbers for digits, got 'a'"),
        ("x", "a", {"equal": 1.0, "digits": 3}, "found: expected numbers for digits, got 'a'"),
        ("x", 1.0, {"equal": HUGE, "digits": 3}, f"equal: expected numbers for digits, got {HUGE_SHOWN}"),
        ("x", 1.0, {"below": HUGE}, f"below: expected a finite number, got {HUGE_SHOWN}"),
        ("x", 1.0, {"above": -1j}, "above: expected a number, got (-0-1j)"),
        ("x", 1.0, {"below": [1, 2]}, "below: expected a number, got [1, 2]"),
        ("x", "a", {"below": 1}, "found: expected real numbers for below or above, got 'a'"),
        ("x", [None], {"above": 1}, "found: expected real numbers for below or above, got [None]"),
    ],
)
def test_a_claim_without_words_or_without_anything_to_hold_it_against_is_no_claim(
    words, found, bounds, said, capsys
) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        claim(words, found, **bounds)
    assert str(refused.value) == said and capsys.readouterr().out == ""


def test_a_number_that_is_nearly_whole_is_not_said_to_be_whole(capsys) -> None:
    claim("the answer", 0.9999625, equal=0.9999625, digits=10)
    claim("the sum", 36.0, equal=36.0, digits=10)
    claim("the share", 0.9996, above=0.5)
    claim("the parts", [0.99996, 1.5], equal=[0.99996, 1.5], digits=4)
    claim("the ratio", 0.99999999, equal=0.99999999, digits=9)
    assert capsys.readouterr().out.splitlines() == [
        "✓ the answer: 0.99996, to 10 digits",
        "✓ the sum: 36, to 10 digits",
        "✓ the share: 1, above 0.5",
        "✓ the parts: (1, 1.5), to 4 digits",
        "✓ the ratio: 1, to 9 digits",
    ]
