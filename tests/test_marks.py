"""Marks for a class: an exception where nbgrader asks, a mark for a guess, and an answer judged elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from backprop_lib.arguments import shown
from backprop_lib.course import results
from backprop_lib.course.attempts import Judge
from backprop_lib.course.marks import NoMark, check, check_guess
from backprop_lib.course.predictions import Prediction, prediction

CHOICE = prediction("Which?", ["up", "down"], "down", "It falls.")
NUMBER = prediction("How many?", (), 43, "25 + 18.", within=1)


def right(a: Any, y: Any) -> Any:
    return a - y


def flipped(a: Any, y: Any) -> Any:
    return y - a


def unwritten(a: Any, y: Any) -> Any: ...


@pytest.fixture(params=["autograde", "validate"])
def nbgrader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", request.param)


def test_in_a_readers_kernel_it_is_check_and_raises_nothing() -> None:
    said = [check("cost_slope", answer).status for answer in (right, flipped, unwritten)]
    assert said == ["correct", "wrong", "not attempted yet"]
    assert check_guess(CHOICE, ...).status == "not attempted yet"


@pytest.mark.usefixtures("nbgrader")
def test_under_nbgrader_what_is_not_right_raises_with_the_words_of_the_verdict() -> None:
    assert check("cost_slope", right).passed
    with pytest.raises(NoMark, match="Not yet: the sign flipped"):
        check("cost_slope", flipped)
    with pytest.raises(NoMark, match="Not attempted yet"):
        check("cost_slope", unwritten)


@pytest.mark.usefixtures("nbgrader")
def test_a_warning_costs_no_mark(capsys: Any) -> None:
    def warns(a: Any, y: Any) -> Any:
        print("a remark", file=sys.stderr)
        return a - y

    assert check("cost_slope", warns).passed
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("made, right", [(1, False), (2, True), (2.0, True), ("up", False), (" down ", True)])
def test_a_guess_is_the_place_of_an_option_or_its_words(made: Any, right: bool) -> None:
    assert check_guess(CHOICE, made).passed == right


@pytest.mark.parametrize(
    "made, right", [(43, True), (42.5, True), ("42", True), (40, False), (np.int64(43), True)]
)
def test_where_a_number_is_asked_for_it_is_near_enough_or_not(made: Any, right: bool) -> None:
    verdict = check_guess(NUMBER, made)
    assert verdict.passed == right and verdict.message.endswith("25 + 18.")


@pytest.mark.parametrize(
    "asked, made, status, message",
    [
        (CHOICE, 2, "correct", "Right: “down”. It falls."),
        (CHOICE, 1, "wrong", "Not so: you said “up”; it is “down”. It falls."),
        (CHOICE, "2", "correct", "Right: “down”. It falls."),
        (CHOICE, "sideways", "wrong", "Not yet: expected the place of an option, 1 to 2, got 'sideways'."),
        (CHOICE, 0, "wrong", "Not yet: expected the place of an option, 1 to 2, got 0."),
        (CHOICE, None, "not attempted yet", "Not attempted yet."),
        (NUMBER, 43, "correct", "Right: 43. 25 + 18."),
        (NUMBER, "40", "wrong", "Not so: you said 40; it is 43. 25 + 18."),
        (NUMBER, "many", "wrong", "Not yet: expected a number, got 'many'."),
        (NUMBER, float("inf"), "wrong", "Not yet: expected a number, got inf."),
        (NUMBER, 10**400, "wrong", f"Not yet: expected a number, got 1{'0' * 58}…."),
        (NUMBER, np.complex128(43 + 2j), "wrong", "Not yet: expected a number, got np.complex128(43+2j)."),
    ],
)
def test_what_is_said_of_a_guess(asked: Prediction, made: Any, status: str, message: str) -> None:
    verdict = check_guess(asked, made)
    assert (verdict.status, verdict.message) == (status, message)


@pytest.mark.usefixtures("nbgrader")
@pytest.mark.parametrize("asked, made", [(CHOICE, 1), (CHOICE, 2), (NUMBER, 0), (NUMBER, 43)])
def test_right_or_wrong_a_guess_earns_its_mark(asked: Prediction, made: Any) -> None:
    check_guess(asked, made)


NO_GUESSES = [..., None, "", "sideways", 0, 3, 1.5, True, float("nan"), [1], {}, print, 1j]
NO_GUESSES += [10**400, -(10**400), np.complex128(1), np.float64("inf")]


@pytest.mark.usefixtures("nbgrader")
@pytest.mark.parametrize("made", NO_GUESSES, ids=shown)
def test_what_is_no_guess_earns_none(made: Any) -> None:
    with pytest.raises(NoMark, match="Not attempted yet|expected the place of an option, 1 to 2, got"):
        check_guess(CHOICE, made)


ANSWERS, EXERCISES = "backprop_lib.course.answers", "backprop_lib.course.exercises"
TAMPERED = {
    "the bound": "from backprop_lib.course import results; results.CLOSE = 1e9",
    "the comparison": f"import {ANSWERS} as a; a.same = lambda *x: True",
    "the verdict": f"import {ANSWERS} as a; a.Verdict.passed = property(lambda v: True)",
    "the judge": f"import {ANSWERS} as a; a.FunctionToWrite.judge = lambda *x: a.correct('all')",
    "an exercise": f"from {EXERCISES} import EXERCISES as e; e['cost_slope'] = Kind",
    "the exercises": f"import {EXERCISES} as e; e.EXERCISES = {{'cost_slope': Kind}}",
    "check": f"import {EXERCISES} as e; e.check = lambda *x: Kind.judge()",
    "numpy": "import numpy as np; np.linalg.norm = lambda *x: 0.0",
    "python": "import builtins; builtins.all = lambda *x: True",
    "its own name": "def check(*x): return Kind.judge()",
    "the door": "backprop_lib.check = lambda *x: Kind.judge()",
    "the environment": "import os; os.environ['NBGRADER_EXECUTION'] = 'no'",
    "all the environment": "import os; os.environ.clear()",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_under_nbgrader_a_page_that_changed_the_judge_gains_nothing(name: str) -> None:
    program = f"""
import backprop_lib
backprop_lib.check
class Kind:
    passed = True
    judge = staticmethod(lambda *x: Kind)
{TAMPERED[name]}
from backprop_lib.course.marks import check
try:
    check("cost_slope", lambda a, y: y - a)
except Exception as error:
    print(type(error).__name__)
"""
    command = [sys.executable, "-c", program]
    environment = os.environ | {"NBGRADER_EXECUTION": "autograde"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert said.stdout == "NoMark\n", said.stderr


BETWEEN_CELLS = {
    "the marks": "import backprop_lib.course.marks as m; m.check = m.check_guess = lambda *x: None",
    "their module": "import sys; sys.modules['backprop_lib.course.marks'] = Kind",
    "what it asks": "import backprop_lib.course.marks as m; m.is_grading = m._is_grading = lambda: False",
}


@pytest.mark.parametrize("name", BETWEEN_CELLS)
def test_under_nbgrader_the_next_cell_has_the_marks_as_they_were(name: str) -> None:
    cells = [
        "from backprop_lib import check\nclass Kind:\n    check = check_guess = lambda *x: None",
        BETWEEN_CELLS[name],
        "from backprop_lib.course.marks import check\n\ncheck('cost_slope', lambda a, y: y - a)",
    ]
    program = "from IPython.core.interactiveshell import InteractiveShell as S; shell = S.instance()\n"
    program += f"for cell in {cells!r}: error = shell.run_cell(cell).error_in_exec\nprint(repr(error)[:6])"
    environment = os.environ | {"NBGRADER_EXECUTION": "autograde"}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert said.stdout.endswith("NoMark\n"), said.stdout + said.stderr


def test_what_is_restored_would_else_pass() -> None:
    judge = Judge()
    try:
        results.CLOSE = 1e9
        assert check("cost_slope", flipped).passed
    finally:
        judge.restored()
    assert not check("cost_slope", flipped).passed
