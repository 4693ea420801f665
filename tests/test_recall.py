"""Recall questions ask about earlier pages only, with numbers that are drawn, and their answers are right."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from backprop_lib import recall
from backprop_lib.course.recall import QUESTIONS, recall_questions
from backprop_lib.figures.sealed import SEALED

SEEDS = range(60)
ALL = [question for questions in QUESTIONS.values() for question in dict.fromkeys(questions)]
PYTHON = {"·": "*", "−": "-", "²": "**2", "³": "**3", "¹": "**1", "½": "0.5"}


def worked_out(reason: str) -> float:
    """The value of the arithmetic that a reason shows between its last colon and its equals sign."""
    working, _ = reason.rsplit(": ", 1)[1].split(" = ")
    for symbol, python in PYTHON.items():
        working = working.replace(symbol, python)
    assert re.fullmatch(r"[\d.e+*/() -]+", working), working
    return float(eval(working))


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_the_arithmetic_that_a_reason_shows_gives_the_answer(question) -> None:
    for seed in SEEDS:
        asked = question(np.random.default_rng(seed))
        if asked.options:
            assert asked.is_right(asked.options.index(asked.told.split("“")[1].split("”")[0]))
        else:
            assert worked_out(asked.because) == pytest.approx(asked.answer, rel=1e-12, abs=1e-12), asked
            assert asked.is_right(asked.answer) and not asked.is_right(asked.answer + 1)


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_the_numbers_are_drawn_anew_and_a_seed_gives_them_again(question) -> None:
    drawn = [question(np.random.default_rng(seed)) for seed in SEEDS]
    assert drawn == [question(np.random.default_rng(seed)) for seed in SEEDS]
    assert len({asked.question for asked in drawn}) > 2 and len({asked.told for asked in drawn}) > 1
    for asked in drawn:
        assert not re.search(r"(?<!\d)-\d|\d{7}", asked.question + asked.told), asked


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_no_answer_is_the_round_off_of_zero(question) -> None:
    for seed in range(400):
        answer = question(np.random.default_rng(seed)).answer
        assert answer == 0 or abs(answer) > 1e-6, seed


def test_no_place_among_the_options_is_always_right() -> None:
    for question in ALL:
        drawn = [question(np.random.default_rng(seed)) for seed in SEEDS]
        places = {asked.answer for asked in drawn if asked.options}
        assert not drawn[0].options or places == set(range(len(drawn[0].options))), question


# The right values, each by another rule than the one in the table.
PARSED = {
    "_how_many_parameters": lambda i, j, k: (i + 1) * j + (j + 1) * k,
    "_measured_slope": lambda _, high, __, low: (high - low) * 5,
    "_vanishing": lambda n, _: 0.5 ** (2 * n),
    "_central_difference": lambda _, v, h: 3 * v * v + h * h,
    "_accuracy": lambda all_of_them, right: right / all_of_them,
    "_steps_of_an_epoch": lambda examples, batch: examples / batch,
    "_change_of_the_cost": lambda slope, step: slope * step,
    "_step_downhill": lambda w, slope, rate: w - slope * rate,
    "_shared_node": lambda c, v: 2 * v + c,
    "_weight_between": lambda a, delta: a * delta,
    "_pre_activation": lambda u, v, b, x, y: u * x + v * y + b,
    "_quadratic_cost": lambda a, b, y, z: ((a - y) ** 2 + (b - z) ** 2) / 2,
    "_slope_of_one_neuron": lambda x, a, y: (a - y) * a * (1 - a) * x,
    "_error_of_an_output": lambda a, y: (a - y) * (a - a * a),
    "_nudge": lambda delta, h: h * delta,
    "_error_of_a_hidden_neuron": lambda s, v, w, d, e: s * v * d + s * w * e,
    "_bias_of_a_batch": lambda d, e, f: d / 3 + e / 3 + f / 3,
    "_truncation": lambda times, order: times**order,
    "_standardized": lambda x, mean, deviation: (x - mean) / deviation,
    "_relu_error": lambda z, above: above if z > 0 else 0,
    "_softmax_error": lambda p, q, r, _, __, ___, right, j: (p, q, r)[int(j)] - (j == right),
    "_two_roads": lambda u, v, w, z: u * v + w * z,
}
CHOSEN = {
    "_shape_of_the_weights": lambda i, j, k: f"({k:g}, {j:g})",
    "_shape_of_the_transpose": lambda i, j, k: f"({j:g}, {k:g}), with {k:g} errors",
    "_which_error_before": lambda _, last, l: f"that of layer {l + 1:g}",
    "_first_cost": lambda classes: f"ln {classes:g}",
}


def numbers_in(question: str) -> list[float]:
    """Its numbers in order; for a difference that of its order."""
    text = question.replace("−", "-").replace("v³", "v").replace("-net", " net")
    text = text.replace("forward", "1").replace("central", "2")
    text = re.sub(r"(?<=\d)-(?=\d)", " ", text)
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_the_answer_follows_from_the_numbers_in_the_question(question) -> None:
    for seed in SEEDS:
        asked = question(np.random.default_rng(seed))
        numbers = numbers_in(asked.question)
        if asked.options:
            assert asked.options[int(asked.answer)] == CHOSEN[question.__name__](*numbers), asked
        else:
            right = PARSED[question.__name__](*numbers)
            assert asked.answer == pytest.approx(right, rel=1e-9, abs=1e-12), asked


def test_what_a_softmax_says_is_a_distribution() -> None:
    (softmax_error,) = (question for question in ALL if question.__name__ == "_softmax_error")
    for seed in SEEDS:
        p = numbers_in(softmax_error(np.random.default_rng(seed)).question)[:3]
        assert sum(p) == pytest.approx(1) and min(p) > 0 and max(p) > 1 / 3, p


# From where to where each number of a question is drawn; None if it follows from others. Who works in the
# head gets few digits; a sigmoid says neither 0 nor 1; of what is counted there are two at least.
SLOPE, SIZE, SHARE = (-0.9, 0.9), (2, 7), (0.1, 0.9)
RANGES = {
    "_change_of_the_cost": [SLOPE, (0.01, 0.03)],
    "_measured_slope": [(0.1, 0.1), (0.11, 0.49), (0.1, 0.1), (0.11, 0.49)],
    "_weight_between": [(0.2, 0.9), SLOPE],
    "_pre_activation": [SLOPE, SLOPE, SLOPE, (0.1, 3), (0.1, 3)],
    "_how_many_parameters": [SIZE] * 3,
    "_shape_of_the_weights": [SIZE] * 3,
    "_quadratic_cost": [SHARE, SHARE, (1, 1), (0, 0)],
    "_step_downhill": [(-3, 3), SLOPE, (0.1, 2)],
    "_slope_of_one_neuron": [(0.1, 3), (0.2, 0.8), (1, 1)],
    "_error_of_an_output": [SHARE, (0, 1)],
    "_nudge": [SLOPE, (0.001, 0.005)],
    "_error_of_a_hidden_neuron": [SHARE, SLOPE, SLOPE, (-0.5, 0.5), (-0.5, 0.5)],
    "_shape_of_the_transpose": [SIZE] * 3,
    "_bias_of_a_batch": [SLOPE] * 3,
    "_which_error_before": [(0, 0), (4, 7), (2, 5)],
    "_steps_of_an_epoch": [None, (5, 30)],
    "_central_difference": [(2, 2), (1, 4), (1, 2)],
    "_truncation": [(2, 10), (1, 2)],
    "_standardized": [None, (3, 6), (0.4, 1)],
    "_accuracy": [(45, 45), (20, 44)],  # more are right than by chance
    "_vanishing": [(2, 4), (1, 1)],
    "_relu_error": [SLOPE, SHARE],
    "_softmax_error": [(0.1, 0.7), (0.2, 0.8), (0.1, 0.2), (0, 0), (1, 1), (2, 2), (0, 2), (0, 2)],
    "_first_cost": [(2, 20)],
    "_shared_node": [(0.1, 3), (-3, 3)],
    "_two_roads": [SLOPE] * 4,
}
DERIVED = {"_steps_of_an_epoch": (5, 30), "_standardized": (-2, 2)}  # what is asked for there


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_every_number_is_drawn_from_its_range_to_both_ends(question) -> None:
    drawn = [question(np.random.default_rng(seed)) for seed in range(400)]
    for numbers, ends in zip(
        zip(*(numbers_in(asked.question) for asked in drawn), strict=True),
        RANGES[question.__name__],
        strict=True,
    ):
        assert ends is None or (min(numbers), max(numbers)) == ends
    if ends := DERIVED.get(question.__name__):
        answers = [asked.answer for asked in drawn]
        assert (min(answers), max(answers)) == pytest.approx(ends, rel=1e-12)


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_who_works_in_the_head_may_round_unless_the_answer_is_whole(question) -> None:
    for seed in SEEDS:
        asked = question(np.random.default_rng(seed))
        if not asked.options:
            whole = asked.answer == round(asked.answer)
            for off in (0.019, -0.019, 0.021, -0.021):
                near = asked.answer * (1 + off) if asked.answer else off
                assert asked.is_right(near) == (not whole and abs(off) < 0.02), asked


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.__name__)
def test_a_question_and_its_reason_are_whole_sentences(question) -> None:
    for seed in SEEDS:
        asked = question(np.random.default_rng(seed))
        text = f"{asked.question} {asked.because}"
        assert asked.question[-1] == "?" and asked.because[-1] == "."
        assert not re.search("[A-Z]{3}|  |None", text), text
        assert not re.search("[·+−/] −", asked.because), "a minus behind a sign stands in brackets"
        for start in re.findall(r"(?:^|[.?] )(.[a-z ])", text):
            assert not start[0].islower() or start in ("w²", "h ", "f(", "u "), text
        assert len(set(asked.options)) == len(asked.options)


def test_a_page_recalls_the_last_page_and_older_ones_never_a_later_one() -> None:
    pages = list((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
    assert set(QUESTIONS) >= set(range(len(pages) - 1))
    for page in range(1, max(QUESTIONS) + 2):
        for seed in SEEDS:
            asked = recall_questions(page, seed)
            assert len({one.question for one in asked}) == 3, (page, seed, asked)
    for last, questions in QUESTIONS.items():
        rng_free = {question.__name__ for question in questions}
        assert len(rng_free) == len(questions) >= (3 if last == 0 else 2)


def test_every_question_is_asked_on_some_page() -> None:
    def kind(text: str) -> str:
        return re.sub(r"[−\d. ]", "", text)

    asked = {kind(one.because) for page in range(1, 13) for s in SEEDS for one in recall_questions(page, s)}
    missing = [
        q.__name__ for q in ALL if not {kind(q(np.random.default_rng(s)).because) for s in SEEDS} & asked
    ]
    assert missing == []


@pytest.mark.parametrize("page", [0, 13, -1, 1.0, "1", True, None])
def test_a_page_without_a_page_before_it_is_refused(page) -> None:
    with pytest.raises((TypeError, ValueError), match="page: expected"):
        recall(page)


def asked_in(shown) -> list[str]:
    return [child.asked.question for child in shown.questions.children]


def test_the_stored_questions_are_those_of_the_page_number_and_stay_so() -> None:
    shown = recall(3)
    stored, _ = shown._repr_mimebundle_()
    for asked in recall_questions(3, seed=3):
        assert asked.question in stored["text/plain"] and asked.because not in stored["text/plain"]
    assert stored["text/html"].count(f"<summary>{SEALED}</summary>") == 3
    shown.new_button.click()
    again, _ = shown._repr_mimebundle_()
    assert {k: again[k] for k in ("text/html", "text/plain")} == {
        k: stored[k] for k in ("text/html", "text/plain")
    }
    other, _ = recall(3)._repr_mimebundle_()
    assert other["text/plain"] == stored["text/plain"] and other["text/html"] == stored["text/html"]


@pytest.mark.parametrize("page", range(1, 13))
def test_what_a_reader_is_asked_is_drawn_anew_at_each_run_and_never_what_is_stored(page, monkeypatch) -> None:
    seeds = iter([page, 101, page, 102, 103, 101, 102, *range(200, 300)])
    monkeypatch.setattr("secrets.randbits", lambda bits: next(seeds))
    stored = {asked.question for asked in recall_questions(page, page)}
    first, second = recall(page), recall(page)
    for shown in first, second:
        assert not stored & set(asked_in(shown)) and len(set(asked_in(shown))) == 3
    assert asked_in(first) != asked_in(second)


@pytest.mark.any_kernel
@pytest.mark.parametrize("page", range(1, 13))
def test_the_button_asks_nothing_that_is_shown(page) -> None:
    shown = recall(page)
    for _ in range(20):
        before = set(asked_in(shown))
        shown.new_button.click()
        assert not before & set(asked_in(shown))


def test_new_numbers_are_sealed_again() -> None:
    shown = recall(2)
    first = shown.questions.children[0]
    first.control.value = "0" if not first.asked.options else first.control.options[0]
    first.guess_button.click()
    assert first.commitment
    shown.new_button.click()
    assert not any(child.commitment for child in shown.questions.children)
    assert len(shown.questions.children) == 3 and shown.children[1] is shown.new_button
