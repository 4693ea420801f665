"""A stub never passes, a solution does, and a wrong answer is told what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.equations import backprop
from backprop_lib.exercises import EXERCISES, check, hint


def not_written(*_):
    raise NotImplementedError


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("stub", [None, ..., lambda *_: None, lambda *_: ..., not_written])
def test_a_stub_is_not_attempted_yet(name, stub) -> None:
    verdict = check(name, stub)
    assert verdict.status == "not attempted yet" and not verdict.passed
    assert repr(verdict) == "Not attempted yet."


@pytest.mark.parametrize("name", EXERCISES)
def test_the_right_answer_is_correct_and_says_what_it_was_checked_on(name) -> None:
    verdict = check(name, EXERCISES[name].right)
    assert verdict.passed and verdict.message == f"Correct: checked on {EXERCISES[name].checked_on}."


@pytest.mark.parametrize("name, mistake", [(n, m) for n, e in EXERCISES.items() for m in e.mistakes])
def test_a_known_mistake_is_named(name, mistake) -> None:
    verdict = check(name, EXERCISES[name].mistakes[mistake])
    assert not verdict.passed and verdict.message.startswith(f"Not yet: {mistake}.")


def nothing(value):
    """The same form, all zero."""
    if isinstance(value, dict):
        return {key: nothing(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(nothing(part) for part in value)
    return 0 * value


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "spoil", [nothing, lambda v: np.nan, lambda v: "four", lambda v: {}, lambda v: [[1], 2]]
)
def test_zeros_nan_text_and_other_forms_never_pass(name, spoil) -> None:
    assert check(name, lambda *case: spoil(EXERCISES[name].right(*case))).status == "wrong"


def test_a_turned_answer_is_told_both_shapes_and_that_a_transpose_would_mend_it() -> None:
    verdict = check("hidden_error", lambda w, d, z, sigma: ((w.T @ d) * sigma.prime(z)).T)
    assert verdict.message == "Expected shape (5, 1), got (1, 5). A transpose would mend it."


def test_an_answer_that_is_right_for_one_example_only_is_caught() -> None:
    verdict = check("weight_gradient", lambda delta, a: delta[:, :1] @ a[:, :1].T)
    assert "Right on 1 of 3 inputs only" in verdict.message


def test_hard_coded_numbers_are_caught() -> None:
    case = EXERCISES["bias_gradient"].cases()[0]
    answer = EXERCISES["bias_gradient"].right(*case)
    assert not check("bias_gradient", lambda delta: answer).passed


def test_an_exception_is_shown_with_the_line_that_raised_it() -> None:
    def answer(delta):
        return delta.mean(axis=7)

    message = check("bias_gradient", answer).message
    assert "raised AxisError" in message and "return delta.mean(axis=7)" in message


def test_an_answer_that_changes_its_arguments_is_told_so() -> None:
    def answer(net, x, y):
        gradient = backprop(net, x, y).gradient
        net.theta -= gradient.theta
        return gradient.w, gradient.b

    assert "changed an array that it was given" in check("backprop", answer).message


def test_missing_layers_are_named() -> None:
    def answer(net, x, y):
        gradient = backprop(net, x, y).gradient
        return {2: gradient.w[2]}, gradient.b

    assert check("backprop", answer).message == "Expected the layers [1, 2], got [2]."


def test_something_that_is_no_function_is_told_so() -> None:
    assert check("output_error", 3).message == "Expected a function, got int."


@pytest.mark.parametrize("name", EXERCISES)
def test_there_are_two_different_hints(name) -> None:
    assert repr(hint(name, 1)).startswith("Hint 1: ") and repr(hint(name, 2)) != repr(hint(name, 1))


def test_an_unknown_exercise_or_hint_is_refused() -> None:
    with pytest.raises(ValueError, match="name: expected one of .* got 'typo'"):
        check("typo", None)
    with pytest.raises(ValueError, match="step: expected 1 or 2, got 3"):
        hint("backprop", 3)
