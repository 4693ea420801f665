"""`tools/grade.py`: which page it is, what is taken out of it, and the table. No page is run here."""

from __future__ import annotations

import argparse
import array
import asyncio
import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import asynccontextmanager, nullcontext
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import execute_pages
import grade
import nbformat
import numpy as np
import pytest
import student_copies

from backprop_lib import Network, backprop
from backprop_lib.course import handed_in
from backprop_lib.course.exercises import EXERCISES
from backprop_lib.course.handed_in import guessed, judged_again, taken_apart
from backprop_lib.course.marks import check_guess
from backprop_lib.course.predictions import prediction

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PAGES = grade.course()
KINDS = ["two_roads", "softplus", "order_2", "order_backprop", "wrong_equation", "early_layers"]
SOLUTIONS = [
    (path, cell["source"])
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    for cell in execute_pages.read(path)["cells"]
    if student_copies.is_solution(cell)
]


def test_the_course_has_every_exercise_once() -> None:
    names = [name for exercises in PAGES.values() for name in exercises if not name.startswith("guess-")]
    assert sorted(names) == sorted(EXERCISES)
    guesses = {
        stem: sum(name.startswith("guess-") for name in exercises) for stem, exercises in PAGES.items()
    }
    cells = [cell for path in NOTEBOOKS.glob("*.ipynb") for cell in execute_pages.read(path)["cells"]]
    code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    asked = len(re.findall(r"\bpredict\(", code))
    assert min(guesses.values()) >= 2 and sum(guesses.values()) == asked


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """{exercise: the solution on its page}."""
    found = {}
    for path, source in SOLUTIONS:
        page = execute_pages.read(path)
        imports = next(
            c["source"]
            for c in page["cells"]
            if c["cell_type"] == "code" and "\nfrom backprop_lib" in c["source"]
        )
        names: dict[str, Any] = {}
        exec(re.sub(r"(?m)^recall\(.*\)$", "", imports), names)
        exec(source, names)
        found |= {name: eval(answer, names) for name, answer in grade.calls(source)}
    return found


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_taken_apart_is_right_again(name: str, answers: dict[str, Any]) -> None:
    text = taken_apart(name, lambda: answers[name])
    assert judged_again(name, text).passed
    assert judged_again(name, text).message == EXERCISES[name].judge(answers[name]).message


@pytest.mark.parametrize("name", EXERCISES)
def test_the_numbers_of_another_answer_are_not_right(name: str, answers: dict[str, Any]) -> None:
    other = "two_roads" if name != "two_roads" else "cost_slope"
    text = taken_apart(other, lambda: answers[other])
    assert not judged_again(name, text).passed


@pytest.mark.parametrize("data", ["null", "[]", '"a"', "{}", "[null]", '{"dict": []}', "[[[1]]]", "1e999"])
@pytest.mark.parametrize("name", KINDS)
def test_a_page_that_only_says_that_it_is_right_is_not(name: str, data: str) -> None:
    said = json.dumps({"status": "correct", "message": "Correct: it is.", "data": data})
    assert not judged_again(name, said).passed


HUGE = {"array": "float64", "shape": [10**12], "of": [1]}
NOT_TAKEN_APART = [
    "",
    "Correct",
    "[]",
    "1",
    "null",
    "{}",
    '{"status": "correct", "message": "", "data": 1}',
    '{"status": "correct", "message": "", "data": "["}',
    *(
        json.dumps({"status": "correct", "message": "", "data": json.dumps(data)})
        for data in (
            HUGE,
            {"array": "object", "shape": [1], "of": [1]},
            {"array": "nothing", "shape": [1], "of": [1]},
            {"dict": [[[1], 2]]},
            {"dict": 1},
            {"net": [["tanh", 10**9], ["tanh", 10**9]], "theta": "AAAAAAAAAAA="},
            {"net": [["tanh", -1], ["tanh", 2]], "theta": ""},
            {"net": [["no such", 1], ["tanh", 2]], "theta": base64.b64encode(bytes(32)).decode()},
            *({"net": [["tanh", 1], ["tanh", 1]], "theta": t} for t in ([1, 2], None, 1, "no", "AAAA", "é")),
        )
    ),
    json.dumps({"status": "correct", "message": "", "data": "[" * 100_000}),
    "[" * 100_000,
    "x" * 20_000_000,
]


@pytest.mark.parametrize("text", NOT_TAKEN_APART, ids=lambda text: text[:40])
def test_what_is_no_answer_taken_apart_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        judged_again("two_roads", text)
    assert grade.verdict("two_roads", [result(text)])[0] == "wrong"


def result(text: str) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": repr(text)}}


class Odd:
    def __getattr__(self, name: str) -> Any:
        raise ValueError("odd")

    def __repr__(self) -> str:
        raise ValueError("odd")


ODD = [None, ..., 1, "AB", {"A": 1}, [Odd()], Odd(), lambda u: Odd(), print, Odd, 1j]


@pytest.mark.parametrize("place", range(len(ODD)))
@pytest.mark.parametrize("name", KINDS)
def test_whatever_the_answer_it_is_taken_apart_without_an_exception(name: str, place: int) -> None:
    text = taken_apart(name, lambda: ODD[place])
    assert not judged_again(name, text).passed
    assert not judged_again(name, taken_apart(name, lambda: 1 / 0)).passed


PLAIN = [None, True, 7, 0.1, "text", ..., [1, [2.5, "a"]], {"a": 1, 2: [3]}, {1: {2: ...}}, []]


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_a_plain_value_taken_apart_is_built_again_as_it_was(value: Any) -> None:
    again = handed_in._built(json.loads(json.dumps(handed_in._plain(value))))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.uint8, bool])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0), (1, 2, 2)])
def test_an_array_keeps_its_numbers_its_type_and_its_shape(shape: tuple[int, ...], kind: Any) -> None:
    array = np.random.default_rng(0).integers(0, 5, shape).astype(kind)
    array = np.array(array / 3 if kind in (np.float32, np.float64) else array).astype(kind)
    for value in (array, array[()]):
        again = np.asarray(handed_in._built(json.loads(json.dumps(handed_in._plain(value)))))
        assert again.dtype == kind and again.shape == shape and np.array_equal(again, array)


def test_a_net_keeps_its_layers_and_parameters_and_other_values_become_lists() -> None:
    net = Network([("identity", 2), ("tanh", 3), ("softmax", 2)], seed=4)
    again = handed_in._built(json.loads(json.dumps(handed_in._plain({"net": net}))))["net"]
    assert again.specification == net.specification and np.array_equal(again.theta, net.theta)
    assert handed_in._plain(("a", (1,))) == ["a", [1]] and handed_in._plain({"b", "a"}) == ["a", "b"]
    assert handed_in._plain({10, 9, "a"}) == [10, 9, "a"], "in the order of their words"
    for odd in (1j, object(), np.array([1j]), np.array(["a"]), [print]):
        with pytest.raises(handed_in.Unplain):
            handed_in._plain(odd)


def test_an_answer_that_is_not_right_keeps_its_words_and_takes_no_numbers_along() -> None:
    for answer in (lambda a, y: y - a, None, 7, lambda a, y: 1 / 0):
        verdict, text = EXERCISES["cost_slope"].judge(answer), taken_apart("cost_slope", lambda x=answer: x)
        assert json.loads(text) == {"status": verdict.status, "message": verdict.message, "data": None}
        assert judged_again("cost_slope", text) == verdict
    said = json.loads(taken_apart("cost_slope", lambda: 1 / 0))
    assert said["status"] == "wrong" and said["data"] is None
    assert said["message"].startswith("Not yet: it cannot be judged: your function raised ZeroDivisionError")
    other = json.dumps({"status": "marvellous", "message": "Mine is best.", "data": None})
    assert judged_again("cost_slope", other).message == "Not yet: no verdict."


def test_an_answer_too_long_to_be_judged_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    text = taken_apart("cost_slope", lambda: np.subtract)
    length = len(json.loads(text)["data"])
    monkeypatch.setattr(handed_in, "LONGEST", length)
    assert taken_apart("cost_slope", lambda: np.subtract) == text
    monkeypatch.setattr(handed_in, "LONGEST", length - 1)
    said = json.loads(taken_apart("cost_slope", lambda: np.subtract))
    assert (said["status"], said["message"]) == ("wrong", "Not yet: your answer is too long to be judged.")
    # What comes back may be twice as long: JSON in JSON has a \\ before each of its quotes.
    assert judged_again("cost_slope", text).passed
    monkeypatch.setattr(handed_in, "LONGEST", (len(text) - 1) // 2)
    with pytest.raises(ValueError, match="text: expected an answer taken apart"):
        judged_again("cost_slope", text + " ")


@pytest.mark.parametrize("name", ["sum", "cost_slopes", "", None])
def test_an_exercise_that_there_is_none_of_is_refused_by_its_name(name: Any) -> None:
    for call in (lambda: taken_apart(name, lambda: None), lambda: judged_again(name, "{}")):
        with pytest.raises((TypeError, ValueError), match="^name: expected one of "):
            call()


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.longdouble])
def test_the_precision_of_an_answer_survives(kind: Any) -> None:
    def answer(a: Any, y: Any) -> Any:
        return np.subtract(a, y).astype(kind)

    assert judged_again("cost_slope", taken_apart("cost_slope", lambda: answer)).passed
    assert EXERCISES["cost_slope"].judge(answer).passed


class Whole(int):
    """A number of the reader's own."""


# Whatever Python and numpy have for numbers, with its name.
NUMBERS = {f"np.{np.dtype(code).type.__name__}": np.dtype(code).type for code in "?bhilqBHILQefdgFDG"}
NUMBERS |= {kind.__name__: kind for kind in (int, float, complex, bool, Whole, Fraction, Decimal)}
NUMBERS |= {"np.array": np.array, "np.array([])": lambda number: np.array([number])}
NO_ANSWERS = ("np.bool", "bool", "np.float16", "complex", "np.complex", "np.clongdouble", "Decimal")


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_of_every_kind_is_judged_as_on_the_page(kind: str) -> None:
    def count(sizes: Any) -> Any:
        return NUMBERS[kind](sum(n * (k + 1) for k, n in zip(sizes, sizes[1:], strict=False)))

    on_the_page = EXERCISES["parameter_count"].judge(count)
    assert on_the_page.passed == (not kind.startswith(NO_ANSWERS))
    assert judged_again("parameter_count", taken_apart("parameter_count", lambda: count)) == on_the_page


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_layer_named_by_a_number_of_every_kind_is_judged_as_on_the_page(kind: str) -> None:
    def slopes(net: Any, x: Any, y: Any) -> Any:
        gradient = backprop(net, x, y).gradient
        return [{NUMBERS[kind](l): part[l] for l in part} for part in (gradient.w, gradient.b)]

    on_the_page = EXERCISES["backprop"].judge(slopes)
    assert on_the_page.passed == (kind not in ("np.bool", "bool", "np.array", "np.array([])"))
    again = judged_again("backprop", taken_apart("backprop", lambda: slopes))
    assert (again.status, again.message[:60]) == (on_the_page.status, on_the_page.message[:60])


@pytest.mark.parametrize("kind", NUMBERS)
def test_an_option_that_is_a_number_of_every_kind_is_judged_as_on_the_page(
    kind: str, answers: dict[str, Any]
) -> None:
    answer = {np.str_(letter): NUMBERS[kind](n) for letter, n in answers["wrong_equation"].items()}
    on_the_page = EXERCISES["wrong_equation"].judge(answer)
    assert on_the_page.passed == (kind not in ("np.bool", "bool"))
    assert judged_again("wrong_equation", taken_apart("wrong_equation", lambda: answer)) == on_the_page


@pytest.mark.parametrize("holding", [list, tuple, deque, np.array, lambda v: array.array("q", v)])
def test_numbers_in_whatever_holds_them_are_judged_as_on_the_page(holding: Any) -> None:
    def shapes(sizes: Any) -> Any:
        return [holding([n, k]) for k, n in zip(sizes, sizes[1:], strict=False)]

    on_the_page = EXERCISES["weight_shapes"].judge(shapes)
    assert on_the_page.passed
    assert judged_again("weight_shapes", taken_apart("weight_shapes", lambda: shapes)) == on_the_page


@pytest.mark.parametrize("odd", [np.array([1, 2]), [1], {1}, Odd(), np.array(["a", "b"])], ids=type)
def test_an_option_that_is_none_is_told_so(odd: Any) -> None:
    said = EXERCISES["wrong_equation"].judge({"A": odd})
    assert said.status == "wrong" and "A: expected one of 1, 2, 3, 4, got" in said.message


def wide(neurons: int) -> Any:
    hidden = [("tanh", neurons)] * 6
    return lambda seed: Network([("identity", 4), *hidden, ("sigmoid", 3)], init="xavier", seed=seed)


def test_nets_of_80_neurons_a_layer_are_judged_as_on_the_page() -> None:
    again = judged_again("early_layers", taken_apart("early_layers", lambda: wide(80)))
    assert again.passed and again == EXERCISES["early_layers"].judge(wide(80))


def test_nine_nets_of_256_neurons_a_layer_are_not_too_long_and_much_more_is() -> None:
    exercise = EXERCISES["early_layers"]
    length = len(json.dumps([handed_in._plain(wide(handed_in.WIDEST)(seed)) for seed in range(9)]))
    assert 30_000_000 < length < handed_in.LONGEST + handed_in._of_nets(exercise) < 40_000_000
    for text in (" " * 45_000_000, "[" + "1," * 6_000_000 + "1]"):
        with pytest.raises(ValueError, match="text: expected an answer taken apart"):
            judged_again("early_layers", text)
    with pytest.raises(ValueError, match="text: expected an answer taken apart"):
        judged_again("two_roads", " " * 12_000_000)


def test_nine_times_the_same_net_is_what_its_judge_says_it_is() -> None:
    net = Network([("identity", 4), *[("tanh", 8)] * 6, ("sigmoid", 3)], init="xavier", seed=1)
    again = judged_again("early_layers", taken_apart("early_layers", lambda: lambda seed: net))
    assert again == EXERCISES["early_layers"].judge(lambda seed: net)


def test_a_guess_is_taken_out_with_what_is_said_of_it() -> None:
    asked = prediction("Which?", ["up", "down"], "down", "It falls.")
    said = [json.loads(guessed(lambda guess=guess: (asked, guess)))["status"] for guess in (1, 2, ..., 3)]
    assert said == ["wrong", "correct", "not attempted yet", "not attempted yet"]
    for guess in (1, 2, ..., 3):
        assert (
            json.loads(guessed(lambda guess=guess: (asked, guess)))["message"]
            == check_guess(asked, guess).message
        )
    none = json.loads(guessed(lambda: 1 / 0))
    assert none["status"] == "not attempted yet"
    assert none["message"].startswith("It cannot be judged: your function raised ZeroDivisionError")


@pytest.mark.parametrize("status", ["Correct", "", "stopped", "marvellous"])
def test_a_guess_has_no_other_verdict_than_these(status: str) -> None:
    text = json.dumps({"status": status, "message": ""})
    assert grade.verdict("guess-question_1", [result(text)]) == (
        "not attempted yet",
        "The page brought nothing back that can be judged.",
    )


def row(who: str, verdict: str, wrong: str = "", exercise: str = "two_roads") -> grade.Row:
    return grade.Row(who, "03", exercise, verdict, wrong)


def test_the_most_frequent_mistake_stands_first_with_how_often_it_was_made() -> None:
    rows = [
        row("ada", "correct"),
        row("bob", "wrong", "Not yet: the sign flipped. Look at 1.5."),
        row("cy", "wrong", "Not yet: the transpose is 0.5 off. Look."),
        row("dan", "wrong", "Not yet: the transpose is 0.5 off. Look again."),
        row("eve", "stopped", "The page was stopped."),
    ]
    table = grade.table(rows)
    assert [line[0] for line in table] == ["cy", "dan", "bob", "ada", "eve"]
    assert [line[-1] for line in table] == ["2", "2", "1", "", ""]
    assert [line[4] for line in table] == ["0", "0", "0", "1", "0"]


def test_mistakes_in_exercises_stand_before_the_guesses_that_have_their_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rows = [
        row("Zoë", "wrong", "Not yet: δ is ½ of it.", "two_roads"),
        *(row(who, "wrong", "Not so: it is more.", "guess-question_1") for who in "abc"),
        row("ada", "correct"),
    ]
    monkeypatch.setattr(grade, "rows_of", lambda *_: rows)
    monkeypatch.setattr(grade, "enclosure", lambda: ())
    put(tmp_path, {})
    assert grade.main([str(tmp_path / "class")]) == 0
    assert (tmp_path / "class.csv").read_bytes().startswith(b"\xef\xbb\xbfwho,"), "by this Excel knows it"
    lines = [line.split(",") for line in table_of(tmp_path).splitlines()]
    assert [(line[0], line[-1]) for line in lines[1:]] == [
        ("Zoë", "1"),
        ("a", "3"),
        ("b", "3"),
        ("c", "3"),
        ("ada", ""),
    ]
    assert capsys.readouterr().out.splitlines()[1:5] == [
        "The most frequent mistakes in exercises:",
        "    1 × 03, two_roads: δ is ½ of it",
        "The most frequent wrong guesses, which have their marks:",
        "    3 × 03, guess-question_1: Not so: it is more",
    ]


def test_equal_words_on_two_pages_are_two_mistakes() -> None:
    said = "Not so: it is more."
    rows = [grade.Row(who, page, "guess-question_3", "wrong", said) for who in "ab" for page in ("03", "04")]
    assert [line[-1] for line in grade.table(rows)] == ["2"] * 4
    assert {row.mistake for row in rows} == {(page, "guess-question_3", said[:-1]) for page in ("03", "04")}


def test_a_wrong_guess_has_its_mark_and_no_guess_has_none() -> None:
    marks = [
        row("a", verdict, exercise="guess-question_1").mark for verdict in ("correct", "wrong", "stopped")
    ]
    assert marks == [1, 1, 0]
    assert row("a", "not attempted yet", exercise="guess-question_1").mark == 0


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\x00=1", "\r\n=1"])
def test_nothing_in_the_table_is_a_formula_to_a_spreadsheet(text: str) -> None:
    assert grade.plain(text)[0] == "'"


def test_a_text_of_the_table_is_one_line_of_it() -> None:
    assert grade.plain("a\n\tb\x1b[31m\u202ec") == "a b [31m c"
    assert len(grade.plain("x" * 10_000)) == 500


def test_a_page_is_recognized_by_its_exercises_whatever_it_is_called() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        page = execute_pages.read(path)
        for form in (page, student_copies.stripped(student_copies.graded(page))):
            assert grade.recognized(form, "page", PAGES) == path.stem
        assert grade.recognized({"cells": []}, path.stem, PAGES) == path.stem
    assert grade.recognized({"cells": []}, "page", PAGES) is None


def test_the_checks_of_a_cell_are_found_and_of_no_python_none() -> None:
    assert grade.calls('x = check("a", my_a)\nprint(check("b", lambda u: u))') == [
        ("a", "my_a"),
        ("b", "lambda u: u"),
    ]
    assert grade.calls("check_guess(question_2.asked, guess_2)") == [
        ("guess-question_2", "question_2.asked, guess_2")
    ]
    for source in ("!ls", "def f(", "check", 'check("a")', "\x00", "(" * 1000, 'a.check("a", b)'):
        assert grade.calls(source) == []


def code_cell(source: str, name: str = "") -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": name}} if name else {}
    return {"cell_type": "code", "source": source, "metadata": metadata}


ASKED = {"e": grade.Graded("check-e", "", "my_e", frozenset({"my_e", "shown"}))}
MARKED, SAME = code_cell("anything at all", "check-e"), code_cell("my_e = 1\ncheck('e',  my_e)")
OWN, SHOWN = code_cell('check("e", mine); check("f", mine)'), code_cell('check("e", shown)')
MINE = ("e", "mine")


@pytest.mark.parametrize(
    "cells, expected, decided",
    [
        ([OWN, SAME, MARKED, SAME, OWN], [[], [], [("e", "my_e")], [], []], {"e"}),
        ([MARKED, MARKED], [[("e", "my_e")]] * 2, {"e"}),
        ([SHOWN, OWN, SAME, OWN], [[], [], [("e", "my_e")], []], {"e"}),
        ([OWN, SHOWN, OWN], [[MINE], [], [MINE]], set()),
        ([SHOWN, {**MARKED, "cell_type": "markdown"}], [[], []], set()),
        ([code_cell("", "check-f"), {**SAME, "metadata": {"nbgrader": 1}}], [[], [("e", "my_e")]], {"e"}),
    ],
)
def test_the_marked_cell_decides_or_else_the_same_check_or_else_another(
    cells: list[Any], expected: list[Any], decided: set[str]
) -> None:
    assert grade.deciding(cells, ASKED) == (expected, decided)


def test_on_every_page_as_it_is_handed_out_the_marked_cells_decide() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = student_copies.stripped(student_copies.graded(execute_pages.read(path)))["cells"]
        judged, decided = grade.deciding(cells, PAGES[path.stem])
        assert decided == set(PAGES[path.stem])
        marked = {
            n: cell for n, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade")
        }
        assert [n for n, there in enumerate(judged) if there] == list(marked)
        for n, cell in marked.items():
            assert judged[n] == grade.calls(cell["source"])


def unreadable(folder: Path) -> dict[str, bytes | None]:
    """{file: content} of what is handed in and is no page; None for a link to a right one."""
    elsewhere = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    return {
        "empty": b"",
        "no_json": b"# A page",
        "no_page": elsewhere,
        "a_list": b"[]",
        "odd_cells": b'{"cells": [1], "nbformat": 4}',
        "odd_source": b'{"cells": [{"cell_type": "code", "metadata": {}, "source": 1, "outputs": []}]}',
        "deep": b"[" * 100_000,
        "no_text": b"\xff\xfe\x00",
        "link": None,
    }


@pytest.mark.parametrize("name", unreadable(Path()))
def test_what_is_no_page_has_a_row_that_says_so(name: str, tmp_path: Path) -> None:
    path, content = tmp_path / "ada" / f"{name}.ipynb", unreadable(tmp_path)[name]
    path.parent.mkdir()
    if content is None:
        path.symlink_to(NOTEBOOKS / "03_the_error_of_the_output_layer.ipynb")
    else:
        path.write_bytes(content)
    (said,) = grade.rows_of(path, tmp_path, PAGES, None)
    assert (said.who, said.page, said.verdict, said.mark) == ("ada", name, "unreadable", 0)


def table_of(folder: Path) -> str:
    """The table of a class, as a spreadsheet reads it."""
    return (folder / "class.csv").read_text(encoding="utf-8-sig")


def put(folder: Path, page: dict[str, Any]) -> Path:
    """The file of a page that ada has handed in below a folder."""
    path = folder / "class" / "ada" / "page.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(page), encoding="utf-8")
    return path


@pytest.mark.parametrize("content, what", [(b" " * 2001, "LARGEST"), (b"[],{}" * 301, "PARTS")])
def test_a_file_too_large_to_be_read_is_not_graded_and_told_what_to_do(
    content: bytes, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(grade, what, 900 if what == "PARTS" else 2000)
    monkeypatch.setattr(grade, "enclosure", lambda: ())
    put(tmp_path, {}).write_bytes(content)
    assert grade.main([str(tmp_path / "class")]) == 1
    assert f"ada,page,,not graded,0,{json.dumps(grade.TOO_LARGE)},\n" in table_of(tmp_path)
    last = "Too large: 1 of these pages are not graded, and the table names them.\n"
    assert capsys.readouterr().out.endswith(last)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("0[0-4]*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_of_an_old_format_is_read_as_the_page_that_it_is(path: Path, tmp_path: Path) -> None:
    page = student_copies.graded(execute_pages.read(path))
    old = put(tmp_path, nbformat.convert(nbformat.from_dict(page), 3))
    assert json.loads(old.read_text(encoding="utf-8"))["nbformat"] == 3
    read, exercises = execute_pages.read(old), PAGES[path.stem]
    assert [cell["source"] for cell in read["cells"]] == [cell["source"] for cell in page["cells"]]
    assert grade.recognized(read, "page", PAGES) == path.stem
    assert grade.deciding(read["cells"], exercises) == grade.deciding(page["cells"], exercises)


def test_a_page_with_thirty_megabytes_of_stored_outputs_is_run_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = execute_pages.read(NOTEBOOKS / "00_start_here.ipynb")
    for cell in page["cells"]:
        if cell["cell_type"] == "code":
            text = {"output_type": "stream", "name": "stdout", "text": "x" * 3_000_000}
            cell["outputs"] = [text] * 10
            break
    run: list[Any] = []
    monkeypatch.setattr(grade.Page, "run", lambda self: run.append(self.page) or "")
    limits = argparse.Namespace(place=tmp_path, fonts=tmp_path / "fonts", seconds=9)
    limits.fonts.mkdir()
    rows = grade.rows_of(put(tmp_path, page), tmp_path, PAGES, limits)
    assert [each.exercise for each in rows] == list(PAGES["00_start_here"])
    assert not any(cell.get("outputs") for cell in run[0]["cells"])


def test_what_is_printed_beyond_the_limit_is_thrown_away_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grade, "PRINTED", 10)
    stream = io.StringIO()
    grade.limit_prints(stream)
    assert [stream.write(text) for text in ("123456", "7890", "one more", "")] == [6, 4, 8, 0]
    print("and more", file=stream, flush=True)
    assert stream.getvalue() == "1234567890"


def test_the_guide_for_teachers_names_the_limits() -> None:
    guide = (NOTEBOOKS.parent / "docs" / "teaching.md").read_text(encoding="utf-8")
    for said in (
        f"may print {grade.PRINTED / 1e6:g} million characters",
        f"a file of more than {grade.LARGEST / 1e6:g} MB, or with more than {grade.PARTS / 1e6:g} million",
        f"a disk of its own in memory, of {grade.DISK / 1e9:g} gigabytes",
    ):
        assert said in guide


def test_a_table_that_is_there_is_not_written_over(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "class").mkdir()
    assert grade.main([str(tmp_path / "class")]) == 1
    assert "expected a folder with pages" in capsys.readouterr().err
    (tmp_path / "class" / "page.ipynb").write_text("")
    (tmp_path / "class.csv").write_text("Ada 1.0")
    assert grade.main([str(tmp_path / "class")]) == 1
    assert "there is such a file" in capsys.readouterr().err
    assert (tmp_path / "class.csv").read_text() == "Ada 1.0"
    assert grade.main([str(tmp_path / "class"), "--to", str(tmp_path / "none" / "marks.csv")]) == 1
    assert "no file can be written there" in capsys.readouterr().err, "said before the pages are run"


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_at_an_interrupt_the_table_has_the_pages_that_are_done_and_names_the_others(
    asked: signal.Signals, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows_of(path: Path, folder: Path, pages: Any, limits: Any) -> list[grade.Row]:
        if path.stem == "c":
            for _ in range(2):
                os.kill(os.getpid(), asked)
                assert limits.interrupted.wait(10)
            raise grade.Interrupted
        return [row(path.stem, "correct")]

    monkeypatch.setattr(grade, "rows_of", rows_of)
    monkeypatch.setattr(grade, "enclosure", lambda: ())
    (tmp_path / "class").mkdir()
    for name in "abcd":
        (tmp_path / "class" / f"{name}.ipynb").write_text("")
    before = signal.getsignal(asked)
    assert grade.main([str(tmp_path / "class"), "--processes", "1"]) == 1
    assert signal.getsignal(asked) is before
    lines = (tmp_path / "class.csv").read_text().splitlines()[1:]
    why = "The grader was interrupted before this page was done."
    assert sorted(lines) == [
        "a,03,two_roads,correct,1,,",
        "b,03,two_roads,correct,1,,",
        f"c,c,,not graded,0,{why},",
        f"d,d,,not graded,0,{why},",
    ]
    said = capsys.readouterr()
    assert said.err.splitlines() == ["1 of 4: a, 03", "2 of 4: b, 03"]
    assert said.out.endswith("Interrupted: 2 of these pages are not graded, and the table names them.\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_page_that_an_editor_of_windows_has_saved_is_read_as_it_is(encoding: str, tmp_path: Path) -> None:
    page, saved = NOTEBOOKS / "00_start_here.ipynb", tmp_path / "page.ipynb"
    saved.write_text(page.read_text(encoding="utf-8"), encoding=encoding)
    assert execute_pages.read(saved) == execute_pages.read(page)


def test_nobody_who_has_a_folder_is_missing_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grade, "enclosure", lambda: ())
    for name in ("ada/04.IPYNB", "bob/week 4/04.ipynb", "cy/04 (2).ipynb.json", "elsewhere/04.ipynb"):
        path = tmp_path / ("elsewhere" if name.startswith("else") else "class") / name
        path.parent.mkdir(parents=True)
        path.write_text("")
    folder = tmp_path / "class"
    (folder / "dora").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "eve").symlink_to(tmp_path / "nowhere", target_is_directory=True)
    (folder / "fay" / "04.ipynb").mkdir(parents=True)
    (folder / "gus" / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / "gus" / ".ipynb_checkpoints" / "04-checkpoint.ipynb").write_text("")
    (folder / ".hidden").mkdir()
    (folder / "list.txt").write_text("no page, and nobody's folder")
    assert grade.main([str(folder)]) == 0
    table = sorted(line.split(",")[:5] for line in (tmp_path / "class.csv").read_text().splitlines()[1:])
    assert table == [
        ["ada", "04", "", "unreadable", "0"],
        ["bob/week 4", "04", "", "unreadable", "0"],
        ["cy", "", "", "not there", "0"],
        ["dora", "", "", "unreadable", "0"],
        ["eve", "", "", "unreadable", "0"],
        ["fay", "", "", "not there", "0"],
        ["gus", "", "", "not there", "0"],
    ]


NEVER = """
import sys, grade
codes = iter(["import time; time.sleep(100)", "raise SystemExit"])
grade.kernel = lambda *_: [sys.executable, "-c", next(codes)]
sys.exit(grade.main(sys.argv[1:]))
"""


def test_pages_whose_kernels_do_not_start_are_not_graded_and_the_last_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    for who in ("ada", "bob"):
        shutil.copy(NOTEBOOKS / "03_the_error_of_the_output_layer.ipynb", tmp_path / "class" / f"{who}.ipynb")
    command = [sys.executable, "-c", NEVER, str(tmp_path / "class"), "--seconds", "2"]
    tools = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, env=tools, capture_output=True, text=True, timeout=200)
    assert (tmp_path / "class.csv").read_text().splitlines()[1:] == [
        f'{who},03_the_error_of_the_output_layer,,not graded,0,"{grade.UNSTARTED}",' for who in ("ada", "bob")
    ]
    last = "The kernel did not start: 2 of these pages are not graded, and the table names them."
    assert run.stdout.splitlines()[-1] == last and run.returncode == 1
    assert [line[:8] for line in run.stderr.splitlines()] == ["1 of 2: ", "2 of 2: "], "and no traceback"


class Slow:
    """A client whose kernel needs most of a page's seconds to start, and whose cell needs them again."""

    km, _cleanup_kernel = None, print
    nb = nbformat.from_dict({"cells": [{"cell_type": "code", "source": "", "metadata": {}}]})

    @asynccontextmanager
    async def async_setup_kernel(self, **options: Any) -> Any:
        await asyncio.sleep(2)
        yield

    async def async_execute_cell(self, cell: Any, *rest: Any, **options: Any) -> None:
        await asyncio.sleep(2)


def test_a_kernel_has_all_seconds_of_a_page_to_start_and_then_the_page_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = argparse.Namespace(seconds=3, interrupted=threading.Event(), memory=2)
    page = grade.Page({"cells": [], "metadata": {}}, {}, tmp_path, tmp_path, limits)
    assert page._client().startup_timeout == 3
    monkeypatch.setattr(page, "_client", Slow)
    assert page.run() == ""
    limits.seconds = 1
    page.started = False
    with pytest.raises(grade.Unstarted):
        page.run()
    monkeypatch.setattr(Slow, "async_setup_kernel", lambda self, **options: nullcontext())
    assert page.run() == "it had not ended after 1 seconds"


def test_a_page_that_was_handed_in_twice_is_named_with_its_file() -> None:
    rows = [row("ada", "correct"), row("bob", "correct")]
    found = [
        (Path("ada/03.ipynb"), rows[:1]),
        (Path("ada/03 (1).ipynb"), rows[:1]),
        (Path("b.ipynb"), rows[1:]),
    ]
    assert [each.who for each in grade.told_apart(found)] == ["ada (03.ipynb)", "ada (03 (1).ipynb)", "bob"]


def test_a_name_that_is_not_there_when_it_is_checked_is_no_function_that_raised() -> None:
    def uses_another() -> Any:
        return no_such_name  # noqa: F821

    missing = "he name my_order is not defined when it is checked. "
    missing += "Its cell may be missing, stand below the check, or have ended in an error."
    for answer in (lambda: my_order, lambda: (uses_another, my_order)):  # noqa: F821
        assert judged_again("order_2", taken_apart("order_2", answer)).message == f"Not yet: t{missing}"
        assert json.loads(guessed(answer)) == {"status": "not attempted yet", "message": f"T{missing}"}
    for answer in (lambda: uses_another(), lambda: (1).none, lambda: exec("raise NameError('odd')")):
        for text in (taken_apart("order_2", answer), guessed(answer)):
            assert "t cannot be judged: your function raised " in json.loads(text)["message"]
    assert "your function raised NameError" in taken_apart("cost_slope", lambda: lambda a, y: uses_another())


def test_a_name_that_a_page_does_not_define_is_told_without_our_own_line() -> None:
    error = NameError("name 'my_order' is not defined")
    said = json.dumps(
        {
            "status": "wrong",
            "message": f"Not yet: it cannot be judged: your function raised "
            f"NameError: {error}, in the line `__import__('backprop_lib')`.",
            "data": None,
        }
    )
    assert grade.verdict("two_roads", [result(said)]) == (
        "wrong",
        "Not yet: it cannot be judged: your function raised NameError: name 'my_order' is not defined.",
    )
