"""A stub never passes, a solution does, and a wrong answer is told what is wrong with it."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import execute_pages
import numpy as np
import pytest

from backprop_lib.course.answers import FunctionToWrite, Questions
from backprop_lib.course.exercises import EXERCISES, check
from backprop_lib.course.mistakes import MISTAKES, diagnosing_net
from backprop_lib.course.orders import ORDERS, OrderTheProof
from backprop_lib.course.puzzles import mystery
from backprop_lib.course.results import pairs
from backprop_lib.equations import backprop
from backprop_lib.network import Network
from backprop_lib.other_ways.autodiff import operation

FUNCTIONS = {name: e for name, e in EXERCISES.items() if isinstance(e, FunctionToWrite)}
QUESTIONS = {name: e for name, e in EXERCISES.items() if isinstance(e, Questions)}
OTHERS = ("softplus", "refused_blocks")  # their answers are a Value and names
ARRAYS = [name for name in FUNCTIONS if name not in OTHERS]


def replay(results):
    """A function of anything that gives these results, one a call."""
    results = iter(results)
    return lambda *_: next(results)


def recorded(name, results):
    """`replay` as an answer to the exercise: for softplus, as an operation with these values and slopes."""
    if name == "refused_blocks":
        return replay([block for block, refused in result.items() if refused] for result in results)
    if name != "softplus":
        return replay(results)
    cases = iter(FUNCTIONS[name].cases())

    def answer(v):
        x = next(cases).arguments[0]
        value, total = next(results_)
        slope = (total - value - 1) / (1 + x)
        return operation("given", value, (v, slope))

    results_ = iter(results)
    return answer


def not_written(*_):
    raise NotImplementedError


def empty_body(*_):
    """Only a sentence."""


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("stub", [None, ..., lambda *_: None, lambda *_: ..., not_written, empty_body])
def test_a_stub_is_not_attempted_yet(name, stub) -> None:
    if name in QUESTIONS and callable(stub):
        stub = dict.fromkeys(EXERCISES[name].right, ...)
    elif name in ORDERS and callable(stub):
        stub = ""
    verdict = check(name, stub)
    assert verdict.status == "not attempted yet" and not verdict.passed
    assert repr(verdict) == "Not attempted yet."


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_right_answer_is_correct_and_says_what_it_was_checked_on(name) -> None:
    verdict = check(name, recorded(name, [case.right for case in FUNCTIONS[name].cases()]))
    assert verdict.passed and verdict.message == f"Correct: checked on {FUNCTIONS[name].checked_on}."


KNOWN = [(name, i) for name, exercise in FUNCTIONS.items() for i in range(len(exercise.mistakes))]


@pytest.mark.parametrize("name, i", KNOWN, ids=lambda v: str(v))
def test_a_known_mistake_is_named_and_the_place_to_look_at(name, i) -> None:
    exercise = FUNCTIONS[name]
    verdict = check(name, recorded(name, [case.wrong[i] for case in exercise.cases()]))
    mistake = exercise.mistakes[i]
    assert not verdict.passed
    assert mistake.title in verdict.message and mistake.where in verdict.message
    assert mistake.title[-1] not in ".?!" and mistake.where[-1] not in ".?!", "the verdict adds the full stop"
    assert mistake.sentence[-1] in ".?"
    assert isinstance(mistake.name, str) and mistake.name


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=lambda m: m.name)
def test_backprop_names_every_mistake_of_the_catalogue(mistake) -> None:
    def answer(net, x, y):
        gradient = mistake.gradient(net, x, y)
        return gradient.w, gradient.b

    verdict = check("backprop", answer)
    assert verdict.message == f"Not yet: {mistake.title}. {mistake.sentence} Look at {mistake.where}."


STEPS = {
    "output_error": {"no_sigma_prime_at_output", "sigma_prime_of_a", "sign_flipped", "factor_two"},
    "hidden_error": {
        "no_sigma_prime_in_hidden",
        "sigma_prime_of_a",
        "sigma_for_sigma_prime",
        "transpose_forgotten",
        "updated_weights",
    },
    "bias_gradient": {
        "batch_summed",
        "averaged_twice",
        "bias_summed_over_neurons",
        "bias_left_zero",
        "not_reset",
    },
    "weight_gradient": {"batch_summed", "averaged_twice", "indices_exchanged", "not_reset"},
    "ln_cosh": {"no_sigma_prime_at_output", "sigma_prime_of_a", "sign_flipped"},
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_knows_every_mistake_of_the_catalogue_that_shows_in_it(name) -> None:
    assert {m.name for m in FUNCTIONS[name].mistakes} & set(MISTAKES) == STEPS[name]


AS_A_READER_WOULD = [
    ("output_error", lambda z, a, y, sigma: a - y, "σ′ left out at the output"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma.prime(a), "σ′ taken of a"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma(z), "σ in place of σ′"),
    ("output_error", lambda z, a, y, sigma: (y - a) * sigma.prime(z), "the sign flipped"),
    ("hidden_error", lambda w, d, z, sigma: w.T @ d, "σ′ left out in the hidden layers"),
    ("hidden_error", lambda w, d, z, sigma: (w @ d) * sigma.prime(z), "the transpose forgotten"),
    ("hidden_error", lambda w, d, z, sigma: (w.T @ d) * sigma(z), "σ in place of σ′"),
    ("bias_gradient", lambda d: d.sum(axis=1, keepdims=True), "the batch summed"),
    ("bias_gradient", lambda d: d.mean(axis=0), "the bias gradient summed over the neurons"),
    ("bias_gradient", lambda d: d.mean(axis=1, keepdims=True) / d.shape[1], "1/m applied twice"),
    ("weight_gradient", lambda d, a: d @ a.T, "the batch summed"),
    ("weight_gradient", lambda d, a: a @ d.T / d.shape[1], "(4) with j and k exchanged"),
    ("ln_cosh", lambda z, a, y, sigma: np.tanh(a - y), "σ′ left out at the output"),
    ("ln_cosh", lambda z, a, y, sigma: (a - y) * sigma.prime(z), "the slope of another cost"),
    (
        "parameter_count",
        lambda s: s[0] + sum(n * (k + 1) for k, n in zip(s, s[1:], strict=False)),
        "input layer",
    ),
    ("weight_shapes", lambda s: list(zip(s, s[1:], strict=False)), "rows and columns exchanged"),
    ("tanh_neuron", lambda w, b, x, y: [(np.tanh(w * x + b) - y) * g for g in (x, 1)], "tanh′ left out"),
    ("central_difference", lambda f, v, h: (f(v + h) - f(v)) / h, "the forward difference"),
    ("cost_slope", lambda a, y: 2 * (a - y), "½ forgotten"),
]


@pytest.mark.parametrize("name, answer, said", AS_A_READER_WOULD)
def test_a_mistake_as_a_reader_would_write_it_is_named(name, answer, said) -> None:
    message = check(name, answer).message
    assert message.startswith("Not yet:") and said in message and "Look at" in message


@pytest.mark.parametrize("name", [*ARRAYS, "softplus"])  # a right gradient has no block to refuse
def test_the_right_answer_is_nowhere_all_zero(name) -> None:
    for case in FUNCTIONS[name].cases():
        arrays = [p for _, p, _ in pairs(case.right, case.right)]
        # The softplus of -800 is zero; its second use makes the slope 1.
        assert any(p.any() for p in arrays) if name == "softplus" else all(p.any() for p in arrays), case.name


def nothing(value):
    """The same form, all zero."""
    if isinstance(value, dict):
        return {key: nothing(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(nothing(part) for part in value)
    return 0 * value


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(
    "spoil", [nothing, lambda v: np.nan, lambda v: "four", lambda v: {}, lambda v: [[1], 2], lambda v: abs]
)
def test_zeros_nan_text_and_other_forms_never_pass(name, spoil) -> None:
    assert check(name, replay([spoil(c.right) for c in FUNCTIONS[name].cases()])).status == "wrong"


@pytest.mark.parametrize("name", ARRAYS)
def test_an_answer_that_is_right_on_the_first_case_only_is_caught(name) -> None:
    first = FUNCTIONS[name].cases()[0].right
    assert not check(name, lambda *_: first).passed


@pytest.mark.parametrize("name", ARRAYS)
def test_a_multiple_of_the_right_answer_never_passes(name) -> None:
    def scaled(value):
        if isinstance(value, dict):
            return {key: scaled(part) for key, part in value.items()}
        return tuple(map(scaled, value)) if isinstance(value, tuple) else -3 * value

    message = check(name, replay([scaled(c.right) for c in FUNCTIONS[name].cases()])).message
    assert "the right one times -3, everywhere" in message


def test_a_turned_answer_is_told_both_shapes_and_that_a_transpose_would_mend_it() -> None:
    message = check("hidden_error", lambda w, d, z, sigma: ((w.T @ d) * sigma.prime(z)).T).message
    assert message == "Not yet: expected shape (5, 1), got (1, 5). A transpose would mend it."


def test_a_transpose_that_would_not_mend_it_is_told_so() -> None:
    message = check("weight_gradient", lambda d, a: 7 * a @ d.T).message
    assert "expected shape (3, 5), got (5, 3). Its transpose has other numbers, too." in message


def test_a_flat_vector_is_told_how_to_become_a_column() -> None:
    message = check("bias_gradient", lambda d: d.mean(axis=1)).message
    assert "expected shape (3, 1), got (3,)" in message and "keepdims=True" in message


def test_an_answer_that_is_right_for_one_example_only_is_caught() -> None:
    message = check("weight_gradient", lambda delta, a: delta[:, :1] @ a[:, :1].T).message
    assert "right on a batch of 1, and not on a batch of 7 and a batch of 20. With one example" in message


def test_an_answer_for_the_sigmoid_alone_is_caught() -> None:
    message = check("output_error", lambda z, a, y, sigma: (a - y) * a * (1 - a)).message
    assert "the slope of the sigmoid built in" in message and "sigma.prime(z)" in message


def test_an_exception_is_shown_with_the_line_that_raised_it_and_the_shapes() -> None:
    def answer(delta, a_previous):
        return delta @ a_previous

    message = check("weight_gradient", answer).message
    assert "raised ValueError" in message and "in the line `return delta @ a_previous`" in message
    assert "The shapes were delta (3, 1), a_previous (5, 1)." in message


def test_an_exception_in_a_helper_is_shown_with_the_line_of_the_helper() -> None:
    def helper(delta):
        return delta.mean(axis=7)

    def answer(delta):
        return helper(delta)

    assert "`return delta.mean(axis=7)`" in check("bias_gradient", answer).message


def test_an_exception_in_a_cell_of_a_notebook_is_shown_with_its_line(tmp_path: Path) -> None:
    source = (
        "from backprop_lib.course.exercises import check\n"
        "def mine(delta):\n    return delta.mean(axis=7)\ncheck('bias_gradient', mine)"
    )
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": []}
    page = {"cells": [cell | {"execution_count": None}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    shown = json.dumps(execute_pages.executed(page, tmp_path)["cells"][0]["outputs"])
    assert "raised AxisError" in shown and "`return delta.mean(axis=7)`" in shown.replace("\\n", " ")


def test_an_answer_that_changes_its_arguments_is_told_so() -> None:
    def of_the_net(net, x, y):
        gradient = backprop(net, x, y).gradient
        net.theta -= gradient.theta
        return gradient.w, gradient.b

    def of_an_array(z, a, y, sigma):
        a -= y
        return a * sigma.prime(z)

    assert "changed an array that it was given" in check("backprop", of_the_net).message
    assert "changed an array that it was given" in check("output_error", of_an_array).message


def test_one_array_used_for_every_answer_does_not_confuse_the_check() -> None:
    kept = np.zeros((3, 1))

    def answer(delta):
        kept[...] = delta.mean(axis=1, keepdims=True)
        return kept

    assert check("bias_gradient", answer).passed


def test_missing_layers_are_named() -> None:
    def answer(net, x, y):
        gradient = backprop(net, x, y).gradient
        return {2: gradient.w[2]}, gradient.b

    assert "expected dw with the layers [1, 2, 3], got [2]" in check("backprop", answer).message


@pytest.mark.parametrize(
    "spoilt, said",
    [
        (("dw", 1), "Wrong: dw[1]. Only dw is wrong: look at equation (4)."),
        (("db", 3), "Wrong: db[3]. Only db is wrong: look at equation (3)."),
        (("both", 1), "Wrong: dw[1] and db[1]. The last layers are right"),
    ],
)
def test_an_unknown_mistake_in_backprop_is_told_which_blocks_are_wrong(spoilt, said) -> None:
    def answer(net, x, y):
        gradient = backprop(net, x, y).gradient
        part, l = spoilt
        l = min(l, net.L)
        for name, block in (("dw", gradient.w[l]), ("db", gradient.b[l])):
            if part in (name, "both"):
                block *= 5
        return gradient.w, gradient.b

    assert said in check("backprop", answer).message


def yields(delta):
    yield delta


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("output_error", 3, "got int. Hand over the function itself"),
        ("output_error", np.zeros(3), "got ndarray"),
        ("output_error", lambda z, a, y: a - y, "yours takes (z, a, y)"),
        ("output_error", lambda z, a, y, sigma: sigma.prime, "Is a pair of brackets missing"),
        ("bias_gradient", yields, "not `yield`"),
        ("bias_gradient", lambda d: print("", end=""), "returned nothing"),
        ("bias_gradient", lambda d: "four", "got text: 'four'"),
        ("tanh_neuron", lambda w, b, x, y: 1.0, "expected 2 results, (dC/dw, dC/db), got float"),
        ("tanh_neuron", lambda w, b, x, y: (1.0, 2.0, 3.0), "got 3 of them"),
        ("softplus", lambda v: 1.0, "expected a Value as the result, got float"),
        ("softplus", lambda v: operation("x", math.log(1 + math.exp(v.data)), (v, 0.5)), "OverflowError"),
    ],
)
def test_an_answer_of_another_kind_is_told_what_was_expected(name, answer, said) -> None:
    assert said in check(name, answer).message


class NoArray:
    def __array__(self, *_, **__):
        raise RuntimeError("no array")


STRANGE = [
    object(),
    {1, 2},
    1 + 2j,
    b"x",
    range(3),
    10**400,
    NoArray(),
    [NoArray()] * 2,
    iter([1]),
    ({}, {}),
    type,
]


@pytest.mark.any_kernel
@pytest.mark.parametrize("name", EXERCISES)
def test_check_never_raises_and_never_passes_whatever_the_answer_is_or_returns(name) -> None:
    for thing in STRANGE:
        for answer in (thing, lambda *_, thing=thing: thing):
            assert check(name, answer).status in ("wrong", "not attempted yet"), thing


@pytest.mark.filterwarnings("error")
def test_a_mask_that_hides_nothing_is_no_matter_and_one_that_hides_a_number_is() -> None:
    assert check("cost_slope", lambda a, y: np.ma.array(a - y)).passed
    for hidden in (
        lambda a, y: np.ma.array(a - y, mask=True),
        lambda a, y: np.ma.array(a - y, mask=a == a[0, 0]),
        lambda a, y: [np.ma.array(row, mask=True) for row in a - y],
    ):
        verdict = check("cost_slope", hidden)
        assert not verdict.passed and "a masked array that hides some of them" in verdict.message


def test_lists_and_whole_numbers_are_numbers_too() -> None:
    assert check("weight_shapes", lambda s: [(n, k) for k, n in zip(s, s[1:], strict=False)]).passed
    assert check("bias_gradient", lambda d: d.mean(axis=1, keepdims=True).tolist()).passed


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_wrong_option_of_every_question_is_told_why_not(name) -> None:
    exercise = QUESTIONS[name]
    reasons = []
    for letter, right in exercise.right.items():
        for option in exercise.options:
            verdict = check(name, exercise.right | {letter: option})
            assert verdict.passed == (option == right)
            if option != right:
                assert verdict.message.startswith(f"Not yet: {letter}: ")
                reasons.append(verdict.message)
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_part_of_the_answers_is_not_enough(name) -> None:
    letter, right = next(iter(QUESTIONS[name].right.items()))
    assert check(name, {letter: right}).message.startswith("Not yet: right so far;")


@pytest.mark.parametrize("answer", [[1], {"Z": 1}, {"A": 5}, {"A": True}, {1: "A"}, "A", lambda: 1])
def test_a_question_refuses_what_is_no_option(answer) -> None:
    assert check("wrong_equation", answer).status == "wrong"


PROOFS = {name: order for name, order in ORDERS.items() if isinstance(order, OrderTheProof)}


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_in_any_other_order_is_refused_and_its_own_is_correct(name) -> None:
    right = PROOFS[name].right
    assert check(name, right).passed and check(name, " → ".join(right.lower())).passed
    for order in itertools.permutations(right):
        assert check(name, list(order)).passed == ("".join(order) == right)
    for n in range(1, len(right)):
        assert check(name, right[:n]).message.startswith("Not yet: right so far;")


@pytest.mark.parametrize("name, letter", [(n, letter) for n in PROOFS for letter in PROOFS[n].mistakes])
def test_the_first_line_whose_number_parts_is_shown_with_its_mistake(name, letter) -> None:
    proof = PROOFS[name]
    numbers = proof.numbers()
    first = numbers[proof.right[0]]
    assert abs(numbers[letter] / first - 1) > 0.01
    for place in range(len(proof.right) + 1):
        message = check(name, proof.right[:place] + letter + proof.right[place:]).message
        assert f"line {place + 1}, {letter}, is {numbers[letter]:.4g}" in message
        assert proof.mistakes[letter] in message


@pytest.mark.parametrize("name", PROOFS)
def test_the_right_lines_of_a_proof_have_one_number(name) -> None:
    numbers = PROOFS[name].numbers()
    assert numbers.keys() == set(PROOFS[name].right) | PROOFS[name].mistakes.keys()
    for letter in PROOFS[name].right:
        assert numbers[letter] == pytest.approx(numbers[PROOFS[name].right[0]], rel=1e-10)


def test_an_algorithm_is_correct_in_every_order_that_works_and_in_no_other() -> None:
    needs = {"H": "D", "B": "H", "G": "B", "I": "B", "A": "G", "C": "GI", "F": "A"}
    for order in map("".join, itertools.permutations("ABCDFGHI")):
        works = all(order.index(first) < order.index(line) for line in needs for first in needs[line])
        if works or order.startswith("DHB"):
            assert check("order_backprop", order).passed == works, order


@pytest.mark.parametrize(
    "answer, said",
    [
        ("DHBE", "Which end of the weights"),
        ("DHBICG", "a w2 that was already changed"),
        ("H", "needs a1, which no line above it has made"),
        ("DHBGA", "3 more lines to come"),
        ("DD", "line D stands there twice"),
        ("DX", "no line 'X'; the lines are A to I"),
        (7, 'expected a string of letters such as "ABC", got 7'),
    ],
)
def test_an_order_that_does_not_work_is_told_where_and_why(answer, said) -> None:
    assert said in check("order_backprop", answer).message


def test_the_reason_why_it_is_not_an_equation_is_true_of_the_blocks() -> None:
    from backprop_lib.gradient_check import check_gradient

    for letter, right in QUESTIONS["wrong_equation"].right.items():
        failed = set(check_gradient(*diagnosing_net(), gradient=mystery(letter)).failed)
        everywhere = {f"{kind}{l}" for kind in "wb" for l in (1, 2, 3)}
        patterns = {
            1: failed == everywhere,
            2: not failed & {"w3", "b3"}
            and {n[1] for n in failed if n[0] == "w"} == {n[1] for n in failed if n[0] == "b"},
            3: {name[0] for name in failed} == {"b"},
            4: {name[0] for name in failed} == {"w"},
        }
        assert [equation for equation, fits in patterns.items() if fits] == [right]


def test_a_softmax_that_overflows_or_vanishes_is_told_so() -> None:
    def naive(z):
        return np.exp(z) / np.exp(z).sum(axis=0)

    def one_for_all(z):
        return naive(z - z.max())

    with np.errstate(all="ignore"):
        for answer in (naive, one_for_all):
            assert "what do you subtract from a column?" in check("stable_softmax", answer).message


def test_the_factors_of_an_even_start_are_asked_for_by_layer() -> None:
    verdict = check("even_start", lambda net, x: [1.0] * net.L)
    assert verdict.message == "Not yet: expected the result as a dict with the layers [1, 2, 3], got list."


def test_a_slope_that_is_measured_is_no_forward_mode() -> None:
    verdict = check("forward_mode", lambda f, v: (f(v + 1e-5) - f(v - 1e-5)) / 2e-5)
    assert "Hand it an object of your class" in verdict.message


def deep(activation="tanh", init="xavier", hidden=6, output="sigmoid", size=8):
    return lambda seed: Network([("identity", 4), *[(activation, size)] * hidden, (output, 3)], init, seed)


def widening(seed):
    hidden = [("relu", n) for n in (5, 6, 8, 10, 15, 20)]
    return Network([("identity", 4), *hidden, ("sigmoid", 3)], "he", seed)


@pytest.mark.parametrize(
    "answer",
    [
        deep(),
        deep("relu", "he"),
        deep("relu", "he", size=5),
        deep(size=5),
        deep(init="he"),
        deep(output="softmax"),
        deep(size=16),
        widening,
    ],
)
def test_a_deep_net_whose_errors_arrive_is_correct(answer) -> None:
    assert check("early_layers", answer).passed


@pytest.mark.parametrize(
    "answer, said",
    [
        (deep("sigmoid", "random"), "vanish"),
        (deep("sigmoid", "he"), "vanish"),
        (deep("identity", "normal"), "explode"),
        (deep("tanh", "normal"), "1.34 of the errors, more than 4/3: in a deeper net they would explode"),
        (deep("tanh", "normal", size=4), "the neurons begin saturated"),
        (deep("relu", "xavier", size=16), "less than 3/4: in a deeper net they would vanish"),
        (deep("relu", "random", size=16), "less than 3/4"),
        (deep("tanh", "constant"), "clones"),
        (deep("tanh", "zeros"), "clones"),
        (deep(hidden=1), "A shallower net is a cure"),
        (deep("relu", "normal"), "explode"),
        (deep("relu", "normal", size=5), "is 1.47 in your nets, more than 5/4"),
        (deep("relu", "normal", size=4), "is 1.30 in your nets, more than 5/4"),
        (deep("identity", "xavier"), "the cost stays above 0.05 in all of 60 epochs."),
        (lambda seed: 3, "expected a Network, got int"),
        (lambda: 3, "yours takes ()"),
        (lambda seed: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_deep_net_that_does_not_learn_is_told_why(answer, said) -> None:
    assert said in check("early_layers", answer).message


def test_an_unknown_exercise_is_refused() -> None:
    with pytest.raises(ValueError, match="name: expected one of .* got 'typo'"):
        check("typo", None)
