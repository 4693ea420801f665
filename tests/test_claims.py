"""A claim of a page fails when it is false, says what it found, and prints nothing that a machine decides."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib import claim

FALSE = [
    (False, {}),
    (np.bool_(False), {}),
    (0.5, {"below": 0.5}),
    (0.5, {"above": 0.5}),
    ([0.1, 0.6], {"below": 0.5}),
    ([0.6, 0.1], {"above": 0.5}),
    (float("nan"), {"below": 1.0}),
    (float("nan"), {"above": 1.0}),
    ([], {"below": 1.0}),
    (43, {"equal": 44}),
    (1.0 + 2**-52, {"equal": 1.0}),
    ([1.0, 2.0], {"equal": [1.0]}),
    ([1.0], {"equal": 1.0, "digits": 9}),
    (float("nan"), {"equal": float("nan"), "digits": 3}),
    ([1.0, 2.0], {"equal": [1.0, 2.00001], "digits": 6}),
    (1e-9, {"equal": 2e-9, "digits": 3}),
    ("seven", {"equal": "eight"}),
    (0.7, {"above": 0.5, "below": 0.6}),
]


@pytest.mark.parametrize("found, bounds", FALSE)
def test_a_false_claim_is_refused_with_its_words_and_what_was_found(found, bounds, capsys) -> None:
    with pytest.raises(AssertionError, match="not so: the words: expected .*, found .+"):
        claim("the words", found, **bounds)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "found, bounds, said",
    [
        (True, {}, "✓ the words"),
        (43, {"equal": 43}, "✓ the words: 43"),
        ((5, 4), {"equal": (5, 4)}, "✓ the words: (5, 4)"),
        (0.97777, {"above": 0.9}, "✓ the words: 0.978, above 0.9"),
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


@pytest.mark.parametrize(
    "words, found, bounds",
    [
        ("", 1, {"equal": 1}),
        (7, 1, {"equal": 1}),
        ("x", 3, {}),
        ("x", [True], {}),
        ("x", 1.0, {"equal": 1, "digits": 0}),
    ],
)
def test_a_claim_without_words_or_without_anything_to_hold_it_against_is_no_claim(
    words, found, bounds
) -> None:
    with pytest.raises((TypeError, ValueError)):
        claim(words, found, **bounds)


def test_a_number_that_is_nearly_whole_is_not_said_to_be_whole(capsys) -> None:
    claim("the answer", 0.9999625, equal=0.9999625, digits=10)
    claim("the sum", 36.0, equal=36.0, digits=10)
    assert capsys.readouterr().out.splitlines() == [
        "✓ the answer: 0.99996, to 10 digits",
        "✓ the sum: 36, to 10 digits",
    ]
