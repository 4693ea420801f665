"""Marks for a class: `check` in a cell that nbgrader grades, and guesses, which are marked for being made."""

from __future__ import annotations

import builtins
import io
import math
from contextlib import redirect_stderr, suppress
from typing import Any

import numpy as np

from backprop_lib.arguments import as_float, shown
from backprop_lib.course import exercises
from backprop_lib.course.answers import NOT_ATTEMPTED, Verdict, wrong
from backprop_lib.course.attempts import Judge, is_grading
from backprop_lib.course.predictions import Prediction


class NoMark(Exception):
    """An answer that earns no mark; nbgrader takes an exception for that."""


def check(name: str, answer: Any) -> Verdict:
    """`backprop_lib.check`, which under nbgrader raises NoMark if the answer is not right.

    There the names that the judgment rests on have the meaning again that they had when they were imported.
    """
    if not is_grading():
        return exercises.check(name, answer)
    if AS_IMPORTED is not None:
        AS_IMPORTED.restored()
    with redirect_stderr(io.StringIO()):  # a warning is no mistake, and nbgrader takes it for one
        verdict = exercises.check(name, answer)
    if not verdict.passed:
        raise NoMark(verdict.message)
    return verdict


def check_guess(asked: Prediction, guess: Any) -> Verdict:
    """The verdict on a guess: the place of an option, from 1, or its words; a number where one is asked for.

    Under nbgrader it raises NoMark if no guess was made: a guess earns its mark by being made.
    """
    place = placed(asked, guess)
    if isinstance(place, Verdict):
        if is_grading():
            raise NoMark(place.message)
        return place
    right = asked.is_right(place)
    return Verdict("correct" if right else "wrong", f"{asked.verdict(place)} {asked.because}")


def placed(asked: Prediction, guess: Any) -> float | Verdict:
    """What was guessed, as the prediction counts it, or a verdict if it is no guess."""
    if guess is None or guess is ...:
        return NOT_ATTEMPTED
    if isinstance(guess, str):
        if guess.strip() in asked.options:
            return float(asked.options.index(guess.strip()))
        with suppress(ValueError):
            guess = asked.guess(guess)
    is_number = isinstance(guess, int | float | np.integer | np.floating) and not isinstance(guess, bool)
    if is_number and math.isfinite(as_float(guess)):
        if not asked.options:
            return float(guess)
        if guess in range(1, len(asked.options) + 1):
            return float(guess) - 1
    wanted = f"the place of an option, 1 to {len(asked.options)}" if asked.options else "a number"
    return wrong(f"expected {wanted}, got {shown(guess)}.")


AS_IMPORTED: Judge | None = None
if is_grading():
    AS_IMPORTED = Judge()
    if shell := getattr(builtins, "get_ipython", lambda: None)():
        shell.events.register("pre_run_cell", lambda _, judge=AS_IMPORTED: judge.restored())
