"""What the course says of an answer: every sentence of the judges, with the names and numbers in it."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest

from backprop_lib.course import answers, puzzles
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    NOTHING_RETURNED,
    Case,
    FunctionToWrite,
    Questions,
    function_of,
    raised,
    wrong,
)
from backprop_lib.course.exercises import EXERCISES, check
from backprop_lib.course.mistakes import Mistake
from backprop_lib.course.results import form, pairs, same
from backprop_lib.network import Network
from backprop_lib.other_ways.autodiff import operation

ROW, COLUMN, MATRIX = np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), np.array([[1.0, 2.0, 3.0], [4, 5, 6]])


MASKED = "expected numbers, got a masked array that hides some of them. Fill them in."


def generated():
    yield 1


async def waiting():
    return ROW


class Unlucky:
    def __array__(self, *_, **__):
        raise RuntimeError

    def __repr__(self):
        return "Unlucky()"


@pytest.mark.parametrize(
    "want, got, names, words",
    [
        (MATRIX, MATRIX, (), ""),
        ((ROW, COLUMN), [ROW, COLUMN], (), ""),
        ((1.0, 2.0), np.array([1.0, 2.0]), (), ""),
        ({1: ROW, 2: COLUMN}, {2: COLUMN, 1: ROW}, (), ""),
        ((ROW, COLUMN), ROW[:1], ("u", "v"), "expected 2 results, (u, v), got ndarray."),
        ((ROW, COLUMN), (ROW,), ("u", "v"), "expected 2 results, (u, v), got 1 of them."),
        ((ROW, COLUMN), [ROW] * 3, (), "expected 2 results, (result 0, result 1), got 3 of them."),
        ((ROW, COLUMN), 7, (), "expected 2 results, (result 0, result 1), got int."),
        ((ROW, COLUMN), np.array(7.0), (), "expected 2 results, (result 0, result 1), got ndarray."),
        (({2: ROW, 1: ROW},), (ROW,), ("w",), "expected w as a dict with the layers [1, 2], got ndarray."),
        (({2: ROW, 1: ROW},), ({1: ROW},), ("w",), "expected w with the layers [1, 2], got [1]."),
        (
            ({1: ROW, 2: MATRIX},),
            ({1: ROW, 2: ROW},),
            ("w",),
            "expected w[2] of shape (2, 3), got (2,). Is a sum or a mean too many?",
        ),
        (
            (ROW, MATRIX),
            (ROW, 1.0),
            (),
            "expected result 1 of shape (2, 3), got (). Is a sum or a mean too many?",
        ),
        (MATRIX, generated(), (), "your function returned a generator. End it with `return`, not `yield`."),
        (
            MATRIX,
            max,
            (),
            "expected numbers, got a builtin_function_or_method. Is a pair of brackets missing, as in f(z)?",
        ),
        (MATRIX, "1", (), "expected real numbers, got text: '1'."),
        (MATRIX, {1: 1}, (), "expected real numbers, got {1: 1}."),
        (MATRIX, Unlucky(), (), "expected numbers, got Unlucky()."),
        (MATRIX, [[1, 2], [3]], (), "expected numbers, got [[1, 2], [3]]."),
        (MATRIX, np.where(MATRIX > 5, np.nan, MATRIX), (), "your answer holds NaN or infinity."),
        (MATRIX, np.where(MATRIX > 5, -np.inf, MATRIX), (), "your answer holds NaN or infinity."),
        (MATRIX, MATRIX.T, (), "expected shape (2, 3), got (3, 2). A transpose would mend it."),
        (MATRIX, -MATRIX.T, (), "expected shape (2, 3), got (3, 2). Its transpose has other numbers, too."),
        (
            COLUMN,
            ROW,
            (),
            "expected shape (2, 1), got (2,). A column is needed, a row for each neuron: [[1], [2]], or "
            "keepdims=True in a mean.",
        ),
        (
            MATRIX,
            MATRIX.ravel(),
            (),
            "expected shape (2, 3), got (6,). Rows and columns are needed: 2 rows of 3 numbers.",
        ),
        (COLUMN, ROW[:1], (), "expected shape (2, 1), got (1,). Is a sum or a mean too many?"),
        (COLUMN, np.ones((2, 3)), (), "expected shape (2, 1), got (2, 3). Is a sum or a mean missing?"),
        (COLUMN, np.ones((3, 1)), (), "expected shape (2, 1), got (3, 1)."),
        (
            ROW,
            np.ones((1, len(ROW))),
            (),
            f"expected shape ({len(ROW)},), got (1, {len(ROW)}). A flat array is needed, without keepdims.",
        ),
        (1.0, ROW, (), "expected one number, got 2 of them."),
        (1.0, np.ones((1, 1)), (), ""),
        (1.0, [True], (), "expected real numbers, got truth values: [True]."),
        (1.0, [1j], (), "expected real numbers, got complex numbers: [1j]."),
        (1.0, [b"1"], (), "expected real numbers, got text: [b'1']."),
        (1.0, [Fraction(1)], (), ""),
        (1.0, np.float16(1), (), "expected numbers with all their digits, got float16, which has three."),
        (ROW, np.ma.masked_less([1.0, 2.0], 1.5), (), MASKED),
        (ROW, [1.0, np.ma.masked], (), MASKED),
        (ROW, np.ma.masked_less([1.0, 2.0], 0), (), ""),
        (
            ROW,
            iter([1, 2]),
            (),
            "expected numbers, got a list_iterator, which is empty once read. Use list(…).",
        ),
        (
            (1.0, 2.0),
            iter([1, 2]),
            (),
            "expected numbers, got a list_iterator, which is empty once read. Use list(…).",
        ),
        (
            ROW,
            (n for n in ROW),
            (),
            "expected numbers, got a generator, which is empty once read. Use list(…).",
        ),
        (
            (ROW, COLUMN),
            (COLUMN, ROW),
            ("u", "v"),
            "your two results have changed places. Return (u, v), in this order.",
        ),
        (
            (1.0, 2.0),
            [2.0, 1.0],
            ("u", "v"),
            "your two results have changed places. Return (u, v), in this order.",
        ),
        ((ROW, ROW), (ROW, ROW), ("u", "v"), ""),
        ({1: ROW}, ROW, (), "expected the result as a dict with the layers [1], got ndarray."),
        ({1: ROW}, {2: ROW}, (), "expected the result with the layers [1], got [2]."),
        (
            {1: ROW},
            {1: MATRIX},
            (),
            "expected the result[1] of shape (2,), got (2, 3). Is a sum or a mean missing?",
        ),
        (np.ones((2, 1, 2)), np.ones(4), (), "expected shape (2, 1, 2), got (4,)."),
        (
            np.ones(4),
            np.ones((2, 1, 2)),
            (),
            "expected shape (4,), got (2, 1, 2). A flat array is needed, without keepdims.",
        ),
        (
            np.ones((2, 3)),
            np.ones((1, 1)),
            (),
            "expected shape (2, 3), got (1, 1). Is a sum or a mean too many?",
        ),
        (np.ones((1, 3)), np.ones((2, 2)), (), "expected shape (1, 3), got (2, 2)."),
        (np.ones((2, 2)), np.ones((1, 3)), (), "expected shape (2, 2), got (1, 3)."),
    ],
)
def test_the_form_of_a_result_is_told(want, got, names, words) -> None:
    assert form(want, got, names) == words
    assert same(want, got) == (words == "")


def test_a_function_that_has_not_run_is_told_so() -> None:
    assert form(ROW, waiting(), ()) == "your function is `async` and has not run. Begin it with `def` alone."


def test_close_is_as_close_as_the_precision_allows() -> None:
    for off, in_double, in_single in (
        (1e-10, True, True),
        (2e-9, False, True),
        (1e-6, False, True),
        (2e-5, False, False),
    ):
        moved = MATRIX * (1 + off)
        assert same(MATRIX, moved) == in_double and same(MATRIX, moved.astype(np.float32)) == in_single, off
    assert same(0 * ROW, 0 * ROW) and not same(0 * ROW, 1e-100 * ROW) and not same(ROW, COLUMN)


def test_every_array_of_a_result_has_its_name() -> None:
    want = (1.0, {1: ROW, 2: COLUMN}, (2.0, 3.0))
    names = [name for name, _, _ in pairs(want, want, ("a", "b", "c"))]
    assert names == ["a", "b[1]", "b[2]", "result 0", "result 1"]
    assert all(p.dtype == q.dtype == float for _, p, q in pairs((1, 2), (1, 2)))


# Answers ------------------------------------------------------------------------------------------------

DOUBLED = Mistake("doubled", "doubled", "The 2 is too much.", "step 3", lambda *_: None)


def exercise(**changes) -> FunctionToWrite:
    cases = [
        Case("one column", (np.array([1.0, 2.0]), 3.0), np.array([3.0, 6.0]), (np.array([6.0, 12.0]),)),
        Case("another", (np.array([1.0, -1.0]), 2.0), np.array([2.0, -2.0]), (np.array([4.0, -4.0]),)),
    ]
    given = {"mistakes": (DOUBLED,)} | changes
    return FunctionToWrite(("v", "c"), lambda: cases, "two cases", **given)


def changing(v, c):
    v *= c
    return v


def fails(v, c):
    return v @ np.ones((3, 3))


def stops(v, c):
    raise KeyError("lost")


def only_first(v, c):
    return v * 3.0


def raises_later(v, c):
    if c == 2.0:
        raise KeyError("lost")
    return v * c


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda v, c: v * c, "Correct: checked on two cases."),
        (lambda v, c: 2 * v * c, "Not yet: doubled. The 2 is too much. Look at step 3."),
        (
            lambda v, c: [v * c].clear(),
            "Not yet: your function returned nothing. End it with `return`; printing is",
        ),
        (lambda v, c: ..., "Not attempted yet."),
        (changing, "Not yet: your function changed an array that it was given. Work on a new one."),
        (lambda v, c: 0 * v, "Not yet: your answer is zero everywhere, and the right one is not."),
        (lambda v, c: 1.5 * v * c, "Not yet: your answer is the right one times 1.5, everywhere."),
        (lambda v, c: v * c + 1, "Not yet: on one column, entry [0] should be 3 and is 4."),
        (
            only_first,
            "Not yet: your answer is the right one times 1.5, on another. It is right on one column, and not "
            "on another.",
        ),
        (
            raises_later,
            "Not yet: your function raised KeyError: 'lost', in the line `raise KeyError(\"lost\")`. "
            "It is right on one column, and not on another.",
        ),
        (
            fails,
            "Not yet: your function raised ValueError: matmul",
        ),
        (fails, "in the line `return v @ np.ones((3, 3))`. The shapes were v (2,)."),
        (stops, "Not yet: your function raised KeyError: 'lost', in the line `raise KeyError(\"lost\")`."),
        (
            lambda v, c: v * c * (1 + 1e-5),
            "Not yet: your numbers are right to 1e-05 of their size only: is there a rounding on the way?",
        ),
        (lambda v, c: v * c * 1.0002, "Not yet: your answer is the right one times 1.0002, everywhere."),
        (
            lambda v, c: v * c * (c == 3),
            "Not yet: your answer is zero on another, and the right one is not. It is right on one column, "
            "and not on another.",
        ),
        (
            lambda v, c: exit(),
            "Not yet: your function tried to end the program, with SystemExit. End it with `return`.",
        ),
        (lambda c, v: v * c, "Not yet: expected a function of (v, c), in this order; yours takes (c, v)."),
        (lambda v: v, "Not yet: expected a function of (v, c); yours takes (v)."),
        (
            7,
            "Not yet: expected a function of (v, c), got int. Hand over the function itself; do not call it.",
        ),
        (None, "Not attempted yet."),
    ],
)
def test_the_verdict_on_a_function(answer, words) -> None:
    verdict = exercise().judge(answer)
    assert words in verdict.message
    assert verdict.passed == words.startswith("Correct")
    assert (verdict.status == "not attempted yet") == words.startswith("Not attempted")
    assert " ".join(repr(verdict).split()) == " ".join(verdict.message.split())
    assert max(map(len, repr(verdict).splitlines())) <= 100


@pytest.mark.parametrize(
    "words, told",
    [("column", True), ("another", True), ("o", False), ("neither", False), ("one column", True)],
)
@pytest.mark.parametrize("right_on", [3.0, 2.0])
def test_a_hint_is_given_if_its_words_part_the_cases_that_are_right_from_the_others(
    words, told, right_on
) -> None:
    judge = exercise(hints=((words, "What sets them apart?"),)).judge
    message = judge(lambda v, c: v * c if c == right_on else v * c + [0.0, 1.0]).message
    right, wrong_one = ("one column", "another") if right_on == 3 else ("another", "one column")
    told_where = f"It is right on {right}, and not on {wrong_one}."
    assert message.endswith(f"{told_where} What sets them apart?" if told else told_where)


def test_the_words_of_an_exception_are_cut_short() -> None:
    for length in (198, 199, 200, 201, 500):
        words = "seven " * length
        shown = words[:length] if length <= 200 else words[:199] + "…"
        assert raised(ValueError(words[:length])) == f"your function raised ValueError: {shown}."


def test_an_answer_that_changes_a_list_is_told_so() -> None:
    changed = "Not yet: your function changed an array that it was given. Work on a new one."
    assert check("weight_shapes", lambda sizes: [sizes.pop()]).message == changed


def empty(v, c): ...


def test_an_empty_function_is_a_stub_and_one_that_prints_is_not(capsys) -> None:
    assert exercise().judge(empty) is NOT_ATTEMPTED
    assert NOTHING_RETURNED in exercise().judge(lambda v, c: print(v * c)).message


def test_a_result_that_is_used_again_counts_as_it_was_returned() -> None:
    kept = np.zeros(2)

    def answer(v, c):
        kept[:] = v * c
        return kept

    assert exercise().judge(answer).passed


def test_a_mistake_that_gives_the_right_result_everywhere_is_none() -> None:
    cases = [Case("a", (1.0,), 5.0, (5.0, 7.0)), Case("b", (2.0,), 5.0, (5.0, 7.0))]
    other = Mistake("seven", "seven", "It is 7.", "step 7", lambda *_: None)
    judge = FunctionToWrite(("x",), lambda: cases, "two", (DOUBLED, other)).judge
    assert judge(lambda x: 7.0).message == "Not yet: seven. It is 7. Look at step 7."
    assert "doubled" not in judge(lambda x: 5.5).message


def test_a_clue_is_given_the_names_that_are_wrong_and_those_that_are_right() -> None:
    case = Case("a", (1.0,), (np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    judge = FunctionToWrite(
        ("x",), lambda: [case], "one", parts=("u", "v"), clue=lambda bad, good: f"{bad} not {good}."
    ).judge
    message = judge(lambda x: (case.right[0], np.array([3.0, 5.0]))).message
    assert message == ("Not yet: on a, v[1] should be 4 and is 5. Right: u. Wrong: v. ['v'] not ['u'].")
    assert "not" not in judge(lambda x: (np.array([1.0, 9.0]), np.array([3.0, 5.0]))).message[9:]


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "Not attempted yet."),
        ({}, "Not attempted yet."),
        ({"a": None, "b": ...}, "Not attempted yet."),
        ("a", "Not yet: expected a dict with an answer for each of a and b and c, got 'a'."),
        ({1: 1}, "Not yet: expected a dict with an answer for each of a and b and c, got {1: 1}."),
        ({"a": 1, "z": 2, "y": 2}, "Not yet: there is no question y and z; the questions are a and b and c."),
        ({"a": 4}, "Not yet: a: expected one of 1, 2, 3, got 4."),
        ({"a": 1.0}, "Not yet: right so far; b and c not answered."),
        ({"a": 1.5}, "Not yet: a: expected one of 1, 2, 3, got 1.5."),
        ({"a": True}, "Not yet: a: expected one of 1, 2, 3, got 'True'."),
        ({"c": 1, "a": 3}, "Not yet: a: why not 3? C: why not 1?"),
        ({"b": 2}, "Not yet: right so far; a and c not answered."),
        ({"a": 1, "b": 2, "c": 3}, "Correct: checked on three."),
        ({"a": 1, "b": 2, "c": 2}, "Not yet: c: why not 2?"),
    ],
)
def test_the_verdict_on_questions(answer, words) -> None:
    judge = Questions({"a": 1, "b": 2, "c": 3}, (1, 2, 3), lambda k, v: f"why not {v}?", "three").judge
    assert judge(answer).message.replace("a, b and c", "a and b and c") == words
    assert judge(answer).passed == words.startswith("Correct")


def test_words_are_put_together() -> None:
    assert wrong("one.", "", "two.", "three.").message == "Not yet: one. Two. Three."
    assert [answers._listed(w) for w in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_a_function_of_numpy_has_no_signature_and_is_let_through() -> None:
    for answer in (np.add, lambda *given: given):
        assert function_of(answer, ("a", "b")) is answer
    assert function_of(..., ("a",)) is NOT_ATTEMPTED


def test_an_exception_names_the_last_line_of_the_learner() -> None:
    def inner():
        return np.zeros(2) @ np.zeros(3)

    with pytest.raises(ValueError) as caught:
        inner()
    said = raised(caught.value, {"x": np.zeros((2, 1)), "n": 3, "y": np.zeros(3)})
    assert re.search(r"in the line `return np\.zeros\(2\) @ np\.zeros\(3\)`\.", said)
    assert said.endswith(" The shapes were x (2, 1), y (3,).")
    assert raised(KeyError("k"), {"x": np.zeros(2)}) == "your function raised KeyError: 'k'."
    assert raised(ValueError("v")) == "your function raised ValueError: v."


def test_a_known_mistake_of_another_form_is_named_with_its_form() -> None:
    case = Case("a", (1.0,), MATRIX, (MATRIX.T,))
    judge = FunctionToWrite(("x",), lambda: [case], "one", (DOUBLED,)).judge
    assert judge(lambda x: MATRIX.T).message == (
        "Not yet: doubled. The 2 is too much. Look at step 3. Expected shape (2, 3), got (3, 2). "
        "A transpose would mend it."
    )


def test_no_mistake_is_named_for_results_that_are_right_where_there_are_some() -> None:
    cases = [Case("a", (1.0,), 5.0, (5.0,)), Case("b", (2.0,), 6.0, (7.0,))]
    message = FunctionToWrite(("x",), lambda: cases, "two", (DOUBLED,)).judge(lambda x: 5.0 / (x < 2)).message
    assert "ZeroDivisionError" in message and "It is right on a" in message and "doubled" not in message


def test_an_exception_in_a_line_that_cannot_be_read_is_told_without_it() -> None:
    names: dict[str, object] = {}
    exec(compile("def answer(v, c):\n    raise KeyError(c)", "<ipython-input-1-0>", "exec"), names)
    assert exercise().judge(names["answer"]).message == "Not yet: your function raised KeyError: 3.0."


@pytest.mark.parametrize(
    "letter, equation, words",
    [
        ("A", 1, "a mistake in (1) spoils every block, for all errors come from δ^L; here b1, b2, b3 pass."),
        ("B", 1, "a mistake in (1) spoils every block, for all errors come from δ^L; here w3, b3 pass."),
        ("A", 2, "a mistake in (2) leaves the blocks of the last layer right; here they fail."),
        ("D", 2, "a mistake in (2) leaves the blocks of the last layer right; here they fail."),
        ("B", 3, "a mistake in (3) spoils biases alone; here it is not so with w1, w2."),
        ("A", 3, "a mistake in (3) spoils biases alone; here it is not so with w1, w2, w3."),
        ("C", 4, "a mistake in (4) spoils weights alone; here it is not so with b1, b2, b3."),
        ("E", 4, "a mistake in (4) spoils weights alone; here it is not so with b1."),
    ],
)
def test_why_it_is_not_that_equation_is_said_with_the_blocks_that_show_it(letter, equation, words) -> None:
    given = {letter: equation}
    assert check("wrong_equation", given).message == f"Not yet: {letter}: {words}"


def test_a_mystery_that_there_is_none_of_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="^letter: expected one of A, B, C, D, E, got 'F'"):
        puzzles.mystery("F")


DEEP = [("identity", 4), *[("tanh", 8)] * 6, ("sigmoid", 3)]


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda seed: 7, "Not yet: expected a Network, got int."),
        (
            lambda seed: Network(DEEP[:-2] + DEEP[-1:], seed=seed),
            "Not yet: expected 4 inputs, 6 hidden layers and 3 outputs, got the sizes (4, 8, 8, 8, 8, 8, 3). "
            "A shallower net is a cure, but not for the early layers of this one.",
        ),
        (
            lambda seed: Network(DEEP, "constant", seed),
            "Not yet: all rows of w[1] are equal: the neurons are clones. Begin with random weights.",
        ),
        (
            lambda seed: Network([DEEP[0], *[("sigmoid", 8)] * 6, DEEP[-1]], seed=seed),
            "with seed 0: the errors vanish on their way back. Asked for is a ratio between 1/10 and 10. "
            "Look at equation (2): which of its factors, σ′ or w, makes them?",
        ),
        (
            lambda seed: Network([*DEEP[:1], *[("identity", 8)] * 6, DEEP[-1]], "xavier", seed),
            "stays above 0.05 in all of 60 epochs. Do the outputs suit targets of 0 and 1? Are the weights "
            "too large at the start?",
        ),
        (
            lambda seed: Network([DEEP[0], *[("tanh", 5)] * 6, DEEP[-1]], "xavier", 3),
            "Not yet: your nine nets are one and the same. Hand `seed` on to Network.",
        ),
        (lambda seed: ..., "Not attempted yet."),
        (lambda seed: 1 / 0, "Not yet: your function raised ZeroDivisionError: division by zero"),
        (lambda net: 7, "Not yet: expected a Network, got int."),
        (lambda *, seed: seed, "Not yet: expected a Network, got int."),
    ],
)
def test_the_verdict_on_a_deep_net_says_what_to_look_at(answer, words) -> None:
    assert words in puzzles.EarlyLayers().judge(answer).message


DEVIATION = "Is the deviation of the weights the one that suits your activation?"


@pytest.mark.parametrize(
    "passed_on, slopes, factors, words",
    [
        ([1.0] * 9, [1.0, 0.6], [1.0, 1.2], None),
        ([0.1] * 4 + [1.0] + [9.0] * 4, [1.0], [1.0], None),
        ([1.0] * 9, [0.0] * 8 + [0.6, 0.7], [1.0], None),
        (
            [1.0] * 4 + [0.7] * 5,
            [1.0],
            [1.0],
            "in the middle one of 9 nets a layer passes on 0.70 of the errors, less than 3/4: in a deeper "
            f"net they would vanish. {DEVIATION}",
        ),
        (
            [1.4] * 5 + [1.0] * 4,
            [1.0],
            [1.0],
            "in the middle one of 9 nets a layer passes on 1.40 of the errors, more than 4/3: in a deeper "
            f"net they would explode. {DEVIATION}",
        ),
        (
            [1.0] * 9,
            [1.0],
            [1.0, 1.69],
            "σ′ times √n times the deviation of the weights is 1.30 in your nets, more than 5/4: their "
            f"errors arrive by luck, and in a deeper net they would explode. {DEVIATION}",
        ),
        (
            [1.0] * 9,
            [0.0, 0.0, 0.3, 0.4, 0.9],
            [1.0],
            "half of the hidden σ′ are below 0.40: the neurons begin saturated. Which deviation of the "
            "weights suits your activation?",
        ),
        (
            [1.0] * 9,
            [0.0, 0.0],
            [1.0],
            "half of the hidden σ′ are below 0.00: the neurons begin saturated. Which deviation of the "
            "weights suits your activation?",
        ),
    ],
)
def test_a_start_is_judged_by_its_middle_net_its_factor_and_its_slopes(
    passed_on, slopes, factors, words
) -> None:
    """Of six layers each passes on so much of the errors, by so large a factor, the geometric mean of two."""
    ratios = [share**6 for share in passed_on]
    verdict = puzzles.EarlyLayers()._start(ratios, np.array(slopes), np.array(factors) ** 2)
    assert (verdict and verdict.message) == (words and f"Not yet: {words}")


def test_one_neuron_alone_is_no_clone() -> None:
    layers = [("identity", 4), ("tanh", 1), *[("tanh", 8)] * 5, ("sigmoid", 3)]
    assert "clones" not in puzzles.EarlyLayers().judge(lambda seed: Network(layers, seed=seed)).message


def softplus(v):
    x = v.data
    value = max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    return operation("softplus", value, (v, math.exp(min(x, 0.0)) / (1 + math.exp(-abs(x)))))


@pytest.mark.parametrize(
    "name, answer",
    [
        ("cost_slope", lambda a, y: a - y),
        ("parameter_count", lambda s: sum(a * b + b for a, b in itertools.pairwise(s))),
        ("weight_shapes", lambda s: [(s[l], s[l - 1]) for l in range(1, len(s))]),
        (
            "tanh_neuron",
            lambda w, b, x, y: [
                (math.tanh(w * x + b) - y) / math.cosh(w * x + b) ** 2 * factor for factor in (x, 1.0)
            ],
        ),
        ("central_difference", lambda f, v, h: f(v + h) / (2 * h) - f(v - h) / (2 * h)),
        ("softplus", softplus),
    ],
)
def test_a_right_answer_as_a_reader_would_write_it_is_right(name, answer) -> None:
    assert check(name, answer).message.startswith("Correct: checked on ")


def test_every_mistake_has_a_name_and_a_title_in_words() -> None:
    for exercise in (e for e in EXERCISES.values() if isinstance(e, FunctionToWrite)):
        for mistake in exercise.mistakes:
            assert all(isinstance(text, str) and text for text in (mistake.name, mistake.title))
