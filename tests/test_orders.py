"""Lines to be put in order: the numbers of the wrong ones, and every word of a verdict."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.course import orders
from backprop_lib.course.exercises import check
from backprop_lib.course.orders import ORDERS, OrderTheProof, letters_of
from backprop_lib.equations import backprop

NET, X, Y = orders._example()
RUN = backprop(NET, X, Y)
W, A, Z, DELTA = NET.w[2], RUN.a[1][:, 0], RUN.z[1][:, 0], RUN.delta[2][:, 0]
BACK = sum(W[k, 0] * DELTA[k] for k in range(3))  # to neuron 0 of layer 1
A2, B2 = RUN.a[2][:, 0], NET.b[2][:, 0]
MISS, PRIME, PRIME_OF_A = A2 - Y[:, 0], A2 * (1 - A2), np.exp(-A2) / (1 + np.exp(-A2)) ** 2
NUMBERS = {
    "order_1": dict.fromkeys("CFAGD", DELTA[1])
    | {"B": MISS[1] * PRIME_OF_A[1], "E": MISS.sum() * PRIME[1], "H": MISS[1]},
    "order_3": dict.fromkeys("GECFB", RUN.gradient.b[2][1, 0])
    | {"A": DELTA.sum(), "D": DELTA[1] * PRIME[1], "H": DELTA[1] * B2[1]},
    "order_2": dict.fromkeys("BFHCAE", RUN.delta[1][0, 0])
    | {"D": BACK, "G": BACK * (1 - np.tanh(A[0]) ** 2)},
    "order_4": dict.fromkeys("DBFAG", RUN.gradient.w[2][1, 2]) | {"C": A[1] * DELTA[2], "E": Z[2] * DELTA[1]},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_line_has_the_number_that_it_says(name) -> None:
    numbers = ORDERS[name].numbers()
    assert numbers.keys() == NUMBERS[name].keys()
    for letter, number in NUMBERS[name].items():
        assert numbers[letter] == pytest.approx(number, rel=1e-10), letter


def test_the_net_of_the_lines_has_nothing_that_would_hide_a_mistake() -> None:
    assert NET.sizes == (3, 3, 3) and [NET.sigma[l].name for l in (1, 2)] == ["tanh", "sigmoid"]
    assert X.shape == Y.shape == (3, 1) and len(set(X.ravel())) == 3
    assert all(len(set(part.ravel())) == part.size for part in (NET.w[1], NET.w[2]))
    assert NET.b[1].all() and NET.b[2].all()


@pytest.mark.parametrize(
    "answer, letters",
    [
        ("abc", "ABC"),
        ("A, b;c", "ABC"),
        ("A -> B → C\n", "ABC"),
        (["a", "B"], "AB"),
        (("c", "A, B"), "CAB"),
    ],
)
def test_the_letters_of_an_answer_are_read_whatever_stands_between_them(answer, letters) -> None:
    assert letters_of(answer, "ABC") == letters


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "Not attempted yet."),
        (..., "Not attempted yet."),
        ("", "Not attempted yet."),
        (" , ", "Not attempted yet."),
        ([], "Not attempted yet."),
        (7, 'Not yet: expected a string of letters such as "ABC", got 7.'),
        ([1, "A"], "Not yet: expected a string of letters such as \"ABC\", got [1, 'A']."),
        ("AX", "Not yet: there is no line 'X'; the lines are A to D."),
        ("ZAX", "Not yet: there is no line 'X'; the lines are A to D."),
        ("ABCA", "Not yet: line A stands there twice."),
        ("DBBD", "Not yet: line B stands there twice."),
    ],
)
def test_what_are_no_letters_of_lines_is_told(answer, words) -> None:
    assert letters_of(answer, "ABCD").message == words


NUMBERS_RIGHT = "Not yet: all your lines have the right number, 2.5, but"
PROOF = OrderTheProof(
    "CAB", lambda: dict(A=2.5, B=2.5, C=2.5, D=1.25), {"D": "D is wrong."}, {"A": "After C.", "B": "After A."}
)


@pytest.mark.parametrize(
    "answer, words",
    [
        ("CAB", "Correct: checked on every line, evaluated on a net with random weights."),
        ("C", "Not yet: right so far; 2 more lines to come."),
        ("CA", "Not yet: right so far; 1 more line to come."),
        (
            "CDA",
            "Not yet: line 2, D, is 1.25 on a net with random weights, and the slope that the proof is about "
            "is 2.5 there: the numbers part here. D is wrong.",
        ),
        (
            "AC",
            f"{NUMBERS_RIGHT} line 1, A, does not follow yet. After C.",
        ),
        (
            "CB",
            f"{NUMBERS_RIGHT} line 2, B, does not follow yet. After A.",
        ),
        (
            "B",
            f"{NUMBERS_RIGHT} line 1, B, does not follow yet. After A.",
        ),
        (None, "Not attempted yet."),
    ],
)
def test_the_verdict_on_a_proof(answer, words) -> None:
    assert PROOF.judge(answer).message == words
    assert PROOF.judge(answer).passed == words.startswith("Correct")


def test_a_first_line_that_stands_elsewhere_is_told_to_be_the_first() -> None:
    proof = OrderTheProof("CA", lambda: dict(A=1.0, C=1.0), {}, {"A": "After C."})
    other = OrderTheProof("AC", lambda: dict(A=1.0, C=1.0), {}, {})
    assert proof.judge("A").message.endswith("line 1, A, does not follow yet. After C.")
    assert other.judge("C").message.endswith("line 1, C, does not follow yet. It is where the proof begins.")


def first_error(turned):
    """δ¹ of neuron 0, without biases, through these weights or their transpose."""
    a1 = np.tanh(NET.w[1] @ X)
    a2 = 1 / (1 + np.exp(-NET.w[2] @ a1))
    delta2 = (a2 - Y) * a2 * (1 - a2)
    w2 = NET.w[2] - 0.5 * delta2 @ a1.T if turned in ("updated", "both") else NET.w[2]
    return ((w2 if turned in ("wrong end", "both") else w2.T) @ delta2 * (1 - a1**2))[0, 0]


@pytest.mark.parametrize(
    "answer, line, how, why",
    [
        (
            "DHBE",
            "line 4, E",
            "wrong end",
            "Which end of the weights do the errors come from? See equation (2).",
        ),
        ("DHBICG", "line 6, G", "updated", "It used a w2 that was already changed."),
        ("DHBICE", "line 6, E", "both", "It used a w2 that was already changed."),
    ],
)
def test_a_line_that_makes_another_number_is_told_with_both_and_the_reason(answer, line, how, why) -> None:
    found, right = (f"{first_error(turned):.4g}" for turned in (how, "right"))
    message = check("order_backprop", answer).message
    assert message == f"Not yet: {line}: δ1 begins with {found} and should begin with {right}. {why}"


@pytest.mark.parametrize(
    "answer, words",
    [
        ("DHBIGCAF", "Correct: checked on a 3-3-3 net: both new matrices are right."),
        ("DHBGAFI", "Not yet: right so far; 1 more line to come."),
        ("DHBGA", "Not yet: right so far; 3 more lines to come."),
        ("H", "Not yet: line 1, H, needs a1, which no line above it has made."),
        ("DB", "Not yet: line 2, B, needs a2, which no line above it has made."),
        (None, "Not attempted yet."),
        ("DX", "Not yet: there is no line 'X'; the lines are A to I."),
    ],
)
def test_the_verdict_on_the_algorithm(answer, words) -> None:
    assert check("order_backprop", answer).message == words
