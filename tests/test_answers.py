"""What learners hand in: a right answer is right in every dress, a wrong one is told what is wrong."""

from __future__ import annotations

import asyncio
import functools
import math
import re
import sys
from fractions import Fraction

import numpy as np
import pytest

from backprop_lib.course import results
from backprop_lib.course.exercises import EXERCISES, check
from backprop_lib.equations import backprop
from backprop_lib.other_ways.autodiff import operation

# Several ways to solve each exercise.


def slopes_by_loops(a, y):
    slopes = []
    for row_a, row_y in zip(a, y, strict=True):
        slopes.append([p - q for p, q in zip(row_a, row_y, strict=True)])
    return slopes


def count_by_hand(sizes):
    count = 0
    for l in range(1, len(sizes)):
        count += sizes[l] * sizes[l - 1]
        count += sizes[l]
    return count


def tanh_neuron_by_e(w, b, x, y):
    e = math.exp(-2 * abs(w * x + b))
    a = math.copysign((1 - e) / (1 + e), w * x + b)
    dz = (a - y) * (1 - a * a)
    return {"x": dz * x}["x"], dz


def hidden_by_loops(w_next, delta_next, z, sigma):
    slope, delta = sigma.prime(z), np.zeros_like(z)
    for j in range(z.shape[0]):
        for i in range(z.shape[1]):
            for k in range(w_next.shape[0]):
                delta[j, i] += w_next[k, j] * delta_next[k, i] * slope[j, i]
    return delta


def weight_by_loops(delta, a_previous):
    total = 0
    for i in range(delta.shape[1]):
        total = total + np.outer(delta[:, i], a_previous[:, i])
    return total / delta.shape[1]


def my_backprop(net, x, y):
    z, a = {}, {0: x}
    for l in range(1, net.L + 1):
        z[l] = net.w[l] @ a[l - 1] + net.b[l]
        a[l] = net.sigma[l](z[l])
    dw, db = {}, {}
    delta = (a[net.L] - y) * net.sigma[net.L].prime(z[net.L])
    for l in reversed(range(1, net.L + 1)):
        dw[l] = delta @ a[l - 1].T / x.shape[1]
        db[l] = delta.mean(axis=1, keepdims=True)
        if l > 1:
            delta = net.w[l].T @ delta * net.sigma[l - 1].prime(z[l - 1])
    return dw, db


def backprop_one_by_one(net, x, y):
    m = x.shape[1]
    dw, db = ({l: 0 * v for l, v in views.items()} for views in (net.w, net.b))
    for i in range(m):
        one_w, one_b = my_backprop(net, x[:, i : i + 1], y[:, i : i + 1])
        for l in dw:
            dw[l] = dw[l] + one_w[l] / m
            db[l] = db[l] + one_b[l] / m
    return dw, db


def stable_softplus(v):
    big = max(v.data, 0.0)
    small = math.exp(-abs(v.data))
    slope = 1 / (1 + small) if v.data > 0 else small / (1 + small)
    return operation("softplus", big + math.log1p(small), (v, slope))


def sign_softplus(v):
    return operation(
        "softplus", float(np.logaddexp(0, v.data)), (v, float(np.exp(-np.logaddexp(0, -v.data))))
    )


SOLVED = {
    "cost_slope": [lambda a, y: a - y, lambda a, y: -y + a, slopes_by_loops, np.subtract],
    "weight_shapes": [
        lambda sizes: [(n, k) for k, n in zip(sizes, sizes[1:], strict=False)],
        lambda sizes: list(zip(sizes[1:], sizes[:-1], strict=True)),
        lambda sizes: np.array([sizes[1:], sizes[:-1]]).T,
        lambda sizes: tuple((sizes[l], sizes[l - 1]) for l in range(1, len(sizes))),
    ],
    "parameter_count": [
        count_by_hand,
        lambda sizes: sum(n * (k + 1) for k, n in zip(sizes, sizes[1:], strict=False)),
        lambda sizes: np.int64(np.dot(sizes[1:], np.add(sizes[:-1], 1))),
        lambda sizes: float(sum(n * k + n for k, n in zip(sizes, sizes[1:], strict=False))),
        lambda sizes: np.array([count_by_hand(sizes)]),
        lambda sizes: Fraction(count_by_hand(sizes)),
    ],
    "tanh_neuron": [
        tanh_neuron_by_e,
        lambda w, b, x, y: [(np.tanh(w * x + b) - y) / np.cosh(w * x + b) ** 2 * f for f in (x, 1)],
        lambda w, b, x, y: np.array([x, 1]) * (np.tanh(w * x + b) - y) * (1 - np.tanh(w * x + b) ** 2),
    ],
    "central_difference": [
        lambda f, v, h: (f(v + h) - f(v - h)) / (2 * h),
        lambda f, v, h: 0.5 * (f(v + h) - f(v - h)) / h,
        lambda f, v, h: ((f(v + h) - f(v)) / h + (f(v) - f(v - h)) / h) / 2,
    ],
    "output_error": [
        lambda z, a, y, sigma: (a - y) * sigma.prime(z),
        lambda z, a, y, sigma: np.multiply(sigma.prime(z), np.subtract(a, y)),
        lambda z, a, y, sigma: np.einsum("jm,jm->jm", a - y, sigma.prime(z)),
        lambda z, a, y, sigma: np.column_stack(
            [(a[:, i] - y[:, i]) * sigma.prime(z[:, i]) for i in range(a.shape[1])]
        ),
    ],
    "hidden_error": [
        lambda w_next, delta_next, z, sigma: w_next.T @ delta_next * sigma.prime(z),
        lambda w_next, delta_next, z, sigma: np.einsum("kj,km->jm", w_next, delta_next) * sigma.prime(z),
        lambda w, d, z, s: np.dot(w.transpose(), d) * s.prime(z),
        hidden_by_loops,
    ],
    "bias_gradient": [
        lambda delta: delta.mean(axis=1, keepdims=True),
        lambda delta: np.sum(delta, axis=1)[:, None] / delta.shape[1],
        lambda delta: [[sum(row) / len(row)] for row in delta],
        lambda delta: delta @ np.full((delta.shape[1], 1), 1 / delta.shape[1]),
    ],
    "weight_gradient": [
        lambda delta, a_previous: delta @ a_previous.T / delta.shape[1],
        lambda delta, a_previous: np.einsum("jm,km->jk", delta, a_previous) / delta.shape[1],
        lambda d, a: [[float(np.mean(p * q)) for q in a] for p in d],
        weight_by_loops,
    ],
    "backprop": [
        my_backprop,
        backprop_one_by_one,
        lambda net, x, y: backprop(net, x, y).gradient,
        lambda net, x, y: (backprop(net, x, y).gradient.w, backprop(net, x, y).gradient.b),
        lambda net, x, y: [
            {l: v.tolist() for l, v in views.items()}
            for views in (backprop(net, x, y).gradient.w, backprop(net, x, y).gradient.b)
        ],
    ],
    "ln_cosh": [
        lambda z, a, y, sigma: np.tanh(a - y) * sigma.prime(z),
        lambda z, a, y, sigma: np.sinh(a - y) / np.cosh(a - y) * sigma.prime(z),
    ],
    "softplus": [stable_softplus, sign_softplus],
}


# The same in another dress.


class Called:
    """An object that can be called, and a method."""

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, *arguments):
        return self.answer(*arguments)

    method = __call__


def by_name(answer, names):
    """A function that takes its arguments by name only."""
    source = f"lambda *, {', '.join(names)}: answer({', '.join(names)})"
    return eval(source, {"answer": answer})


def prints(answer):
    def printing(*arguments):
        print("here", arguments)
        return answer(*arguments)

    return printing


DRESSES = {
    "wrapped": lambda f, names: functools.wraps(f)(lambda *v: f(*v)) if callable(f) else f,
    "partial": lambda f, names: functools.partial(lambda scale, *v: f(*v), 1),
    "an object": lambda f, names: Called(f),
    "a method": lambda f, names: Called(f).method,
    "with an option": lambda f, names: eval(
        f"lambda {', '.join(names)}, verbose=False: answer({', '.join(names)})", {"answer": f}
    ),
    "by name only": by_name,
    "with any names": lambda f, names: lambda **v: f(*(v[name] for name in names)),
    "that prints": lambda f, names: prints(f),
}
NUMBERS = {
    "float32": np.float32,
    "longdouble": np.longdouble,
    "objects": lambda v: np.asarray(v, dtype=float).astype(object),
    "a list": lambda v: np.asarray(v).tolist(),
    "Fortran's order": lambda v: np.asfortranarray(v),
    "a view": lambda v: np.asarray(v)[...],
}


def with_numbers(kind, result, several):
    if isinstance(result, dict):
        return {key: with_numbers(kind, value, False) for key, value in result.items()}
    if several:
        return tuple(with_numbers(kind, value, False) for value in result)
    return NUMBERS[kind](result)


SOME = ["cost_slope", "tanh_neuron", "backprop", "softplus"]  # one array, two numbers, two dicts, a Value
RIGHT = [
    *((name, f"way {i}", answer) for name in SOLVED for i, answer in enumerate(SOLVED[name])),
    *(
        (name, dress, make(SOLVED[name][0], EXERCISES[name].parameters))
        for name in SOLVED
        for dress, make in DRESSES.items()
    ),
    *(
        (
            name,
            kind,
            lambda *v, f=SOLVED[name][-1], kind=kind, parts=EXERCISES[name].parts: with_numbers(
                kind, results.kept(f(*v)), bool(parts)
            ),
        )
        for name in SOLVED
        if name != "softplus"
        for kind in NUMBERS
    ),
]


@pytest.mark.parametrize("name, dress, answer", RIGHT, ids=lambda v: v if isinstance(v, str) else "")
def test_a_right_answer_is_correct_in_every_dress(name, dress, answer) -> None:
    verdict = check(name, answer)
    assert verdict.passed, verdict.message


# Wrong answers, and what they are told.


def nan(*_):
    return np.nan


def stops(*_):
    sys.exit("bye")


def interrupts(*_):
    raise KeyboardInterrupt


def recurses(*v):
    return recurses(*v)


def divides(*_):
    return 1 / 0


async def waits(*_):
    await asyncio.sleep(0)


def yields(*_):
    yield 1.0


def undefined(*_):
    return not_there  # noqa: F821


def unreadable(*_):
    raise Unreadable


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError


def leaves_numpy_broken(*_):
    np.mean = None
    return 1.0


class Leaves:
    """Whoever looks at it ends the program."""

    def __array__(self, *_, **__):
        raise SystemExit


ODD = {
    "nan": (nan, "NaN|one number|shape|results|Value|dict"),
    "sys.exit": (stops, "tried to end the program, with SystemExit"),
    "an interrupt of its own": (interrupts, "tried to end the program, with KeyboardInterrupt"),
    "endless recursion": (recurses, "RecursionError"),
    "an exception": (divides, r"ZeroDivisionError.*`return 1 / 0`"),
    "a name that is not there": (undefined, "NameError.*not_there"),
    "an exception without words": (unreadable, "Unreadable"),
    "a coroutine": (waits, "Value|`async`"),
    "a generator": (yields, "Value|`yield`"),
    "complex numbers": (lambda *_: 1j, "results|complex numbers|Value"),
    "text": (lambda *_: "0.5", "results|text|Value"),
    "texts": (lambda *_: ["0.5"] * 2, "results|text|dict|Value"),
    "a truth value": (lambda *_: True, "results|truth values|Value"),
    "a set": (lambda *_: {1.0}, "real numbers|results|Value"),
    "a function": (lambda *_: math.tanh, "brackets|results|Value"),
    "an iterator": (lambda *_: zip([1], [2], strict=True), "Use list|Value"),
    "what cannot be looked at": (lambda *_: Leaves(), "SystemExit|Value"),
    "too many": (lambda *_: (1.0, 2.0, 3.0), "results|shape|one number|Value"),
    "another meaning of mean": (leaves_numpy_broken, "gave mean another meaning"),
    "an exception as the result": (lambda *_: ValueError("lost"), "real numbers|results|Value"),
    "the exception of a stub as the result": (lambda *_: NotImplementedError(), "real numbers|results|Value"),
    "no function": (7, "expected a function of .*, got int. Hand over the function itself"),
    "no argument": (lambda: 1, r"yours takes \(\)"),
}
TOLD = [
    ("cost_slope", lambda a, y: y - a, "the sign flipped"),
    ("cost_slope", lambda a, y: 2 * (a - y), "½ forgotten"),
    ("cost_slope", lambda a, y: abs(a - y), "the size of the difference"),
    ("cost_slope", lambda a, y: (a - y) ** 2 / 2, "the cost itself"),
    ("cost_slope", lambda a, y: (a - y) / a.shape[1], "the mean over the examples"),
    ("cost_slope", lambda a, y: (a - y).mean(axis=1, keepdims=True), "expected shape"),
    ("cost_slope", lambda a, y: (a - y).T, "A transpose would mend it"),
    ("cost_slope", lambda a, y: a - y.ravel(), "expected shape|operands could not be broadcast"),
    ("cost_slope", lambda a, y: 0 * a, "zero everywhere"),
    ("cost_slope", lambda a, y: 3 * (a - y), "the right one times 3, everywhere"),
    ("cost_slope", lambda a, y: 1.00001 * (a - y), "right to 1e-05 of their size"),
    ("cost_slope", lambda a, y: np.round(a - y, 7) + 3e-7, "rounding on the way"),
    ("cost_slope", lambda a, y: a + y, "should be"),
    ("cost_slope", lambda y, a: a - y, "in this order"),
    ("cost_slope", lambda a: a, "expected a function of (a, y)"),
    ("cost_slope", lambda a, y: np.ma.masked_less(a - y, 0), "masked array"),
    ("cost_slope", lambda a, y: (a - y).astype(np.float16), "float16"),
    ("cost_slope", lambda a, y: [[1], [2, 3]], "expected numbers"),
    ("cost_slope", lambda a, y: a.__isub__(y), "changed an array that it was given"),
    ("weight_shapes", lambda s: list(zip(s, s[1:], strict=False)), "rows and columns exchanged"),
    ("weight_shapes", lambda s: zip(s[1:], s, strict=False), "Use list"),
    ("weight_shapes", lambda s: ((n, k) for k, n in zip(s, s[1:], strict=False)), "Use list"),
    ("weight_shapes", lambda s: [s[1] * s[0]], "expected shape|Rows and columns"),
    ("weight_shapes", lambda s: [(n, k + 1) for k, n in zip(s, s[1:], strict=False)], "should be"),
    ("weight_shapes", lambda s: {1: (s[1], s[0])}, "expected real numbers, got {1:"),
    ("parameter_count", lambda s: sum(k * n for k, n in zip(s, s[1:], strict=False)), "biases are missing"),
    ("parameter_count", lambda s: count_by_hand(s) + s[0], "the input layer has biases"),
    ("parameter_count", lambda s: count_by_hand(s) - sum(s[1:]) + len(s) - 1, "one bias for a layer"),
    ("parameter_count", lambda s: sum(s), "the neurons are counted"),
    ("parameter_count", lambda s: count_by_hand(s) + 1, "the answer should be 43 and is 44"),
    ("parameter_count", lambda s: 43, "It is right on a 4-5-3 net, and not on"),
    ("parameter_count", lambda s: str(count_by_hand(s)), "got text: '43'"),
    ("parameter_count", lambda s: [count_by_hand(s), 1], "expected one number, got 2 of them"),
    (
        "tanh_neuron",
        lambda w, b, x, y: [(np.tanh(w * x + b) - y) * f for f in (x, 1)],
        "tanh′ left out",
    ),
    (
        "tanh_neuron",
        lambda w, b, x, y: [(np.tanh(w * x + b) - y) * (1 - np.tanh(w * x + b)) * f for f in (x, 1)],
        "the square is missing",
    ),
    (
        "tanh_neuron",
        lambda w, b, x, y: [(np.tanh(w * x + b) - y) * np.tanh(w * x + b) * f for f in (x, 1)],
        "tanh in place of its slope",
    ),
    ("tanh_neuron", lambda w, b, x, y: tanh_neuron_by_e(w, b, x, y)[::-1], "have changed places"),
    ("tanh_neuron", lambda w, b, x, y: (tanh_neuron_by_e(w, b, x, y)[1],) * 2, "the factor x is left out"),
    ("tanh_neuron", lambda w, b, x, y: (tanh_neuron_by_e(w, b, x, y)[0],) * 2, "at the bias, too"),
    ("tanh_neuron", lambda w, b, x, y: [-v for v in tanh_neuron_by_e(w, b, x, y)], "the sign flipped"),
    ("tanh_neuron", lambda w, b, x, y: [2 * v for v in tanh_neuron_by_e(w, b, x, y)], "½ forgotten"),
    ("tanh_neuron", lambda w, b, x, y: [v / 2 for v in tanh_neuron_by_e(w, b, x, y)], "one times 0.5"),
    ("tanh_neuron", lambda w, b, x, y: tanh_neuron_by_e(w, b, x, y)[0], "expected 2 results"),
    ("tanh_neuron", lambda w, b, x, y: dict(a=1, b=2), "expected 2 results"),
    (
        "tanh_neuron",
        lambda w, b, x, y: (tanh_neuron_by_e(w, b, x, y)[1] * w, tanh_neuron_by_e(w, b, x, y)[1]),
        "w in place of x",
    ),
    (
        "tanh_neuron",
        lambda w, b, x, y: [(w * x + b - y) / math.cosh(w * x + b) ** 2 * f for f in (x, 1)],
        "z in place of a",
    ),
    (
        "tanh_neuron",
        lambda w, b, x, y: [3 * tanh_neuron_by_e(w, b, x, y)[0], tanh_neuron_by_e(w, b, x, y)[1]],
        "Right: dC/db. Wrong: dC/dw.",
    ),
    ("central_difference", lambda f, v, h: (f(v + h) - f(v)) / h, "the forward difference"),
    ("central_difference", lambda f, v, h: (f(v) - f(v - h)) / h, "the backward difference"),
    ("central_difference", lambda f, v, h: (f(v + h) - f(v - h)) / h, "divided by h"),
    ("central_difference", lambda f, v, h: (f(v + h) - f(v - h)) / 2 * h, "brackets missing"),
    ("central_difference", lambda f, v, h: f(v + h) - f(v - h) / (2 * h), "in the numerator"),
    ("central_difference", lambda f, v, h: f(v + h) - f(v - h) / 2 * h, "both pairs of brackets"),
    ("central_difference", lambda f, v, h: f(v + h) - f(v - h), "not divided"),
    ("central_difference", lambda f, v, h: (f(v - h) - f(v + h)) / (2 * h), "sign turned round"),
    ("central_difference", lambda f, v, h: (f(v + h) + f(v - h)) / (2 * h), "should be"),
    ("central_difference", lambda f, v, h: round((f(v + h) - f(v - h)) / (2 * h), 6), "rounding on the way"),
    ("output_error", lambda z, a, y, sigma: a - y, "σ′ left out"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma.prime(a), "σ′ taken of a"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma(z), "σ in place of σ′"),
    ("output_error", lambda z, a, y, sigma: (y - a) * sigma.prime(z), "the sign flipped"),
    ("output_error", lambda z, a, y, sigma: 2 * (a - y) * sigma.prime(z), "½ forgotten"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma.prime(z) / a.shape[1], "1/m taken in δ"),
    ("output_error", lambda z, a, y, sigma: (a - y) * a * (1 - a), "the slope of the sigmoid built in"),
    ("output_error", lambda z, a, y, sigma: (a - y) * (1 - a**2), "the slope of the tanh built in"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma.prime, "TypeError"),
    ("output_error", lambda z, a, y, sigma: sigma.prime, "brackets missing"),
    ("output_error", lambda z, a, y, sigma: ((a - y) * sigma.prime(z)).sum(axis=1), "expected shape"),
    (
        "output_error",
        lambda z, a, y, sigma: ((a - y) * sigma.prime(z)).mean(axis=1, keepdims=True),
        "the errors averaged",
    ),
    ("hidden_error", lambda w, d, z, s: w.T @ d, "σ′ left out in the hidden layers"),
    ("hidden_error", lambda w, d, z, s: w @ d * s.prime(z), "the transpose forgotten"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s(z), "σ in place of σ′"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s.prime(s(z)), "σ′ taken of a"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s.prime(z) / d.shape[1], "1/m taken in δ"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s(z) * (1 - s(z)), "the sigmoid built in"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * (1 - np.tanh(z) ** 2), "right on tanh .*sigma.prime"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s.prime, "TypeError"),
    ("hidden_error", lambda w, d, z, s: w.T * d * s.prime(z), "ValueError|expected shape"),
    ("hidden_error", lambda w, d, z, s: -(w.T @ d) * s.prime(z), "the right one times -1"),
    (
        "hidden_error",
        lambda w, d, z, s: np.linalg.pinv(w) @ d * s.prime(z),
        "the inverse in place",
    ),
    ("bias_gradient", lambda d: d.sum(axis=1, keepdims=True), "the batch summed"),
    ("bias_gradient", lambda d: d, "expected shape"),
    ("bias_gradient", lambda d: d.mean(axis=1), "A column is needed"),
    ("bias_gradient", lambda d: [sum(row) / len(row) for row in d], "[[1], [2]]"),
    ("bias_gradient", lambda d: d.mean(axis=0), "summed over the neurons"),
    ("bias_gradient", lambda d: d.mean(axis=1, keepdims=True) / d.shape[1], "1/m applied twice"),
    ("bias_gradient", lambda d: d[:, :1], "right on a batch of 1.*With one example"),
    ("bias_gradient", lambda d: np.zeros((len(d), 1)), "the bias gradient left unwritten"),
    ("bias_gradient", lambda d: np.abs(d).mean(axis=1, keepdims=True), "should be"),
    ("bias_gradient", lambda d: np.median(d, axis=1, keepdims=True), "right on a batch of 1"),
    ("weight_gradient", lambda d, a: d @ a.T, "the batch summed"),
    ("weight_gradient", lambda d, a: a @ d.T / d.shape[1], "(4) with j and k exchanged"),
    ("weight_gradient", lambda d, a: d @ a.T / d.shape[1] ** 2, "1/m applied twice"),
    ("weight_gradient", lambda d, a: np.outer(d[:, 0], a[:, 0]), "right on a batch of 1.*With one example"),
    ("weight_gradient", lambda d, a: d * a, "ValueError|shape"),
    ("weight_gradient", lambda d, a: d @ a, "ValueError"),
    ("weight_gradient", lambda d, a: (d @ a.T / d.shape[1]).ravel(), "Rows and columns are needed"),
    ("weight_gradient", lambda d, a: -d @ a.T / d.shape[1], "the right one times -1"),
    ("backprop", lambda net, x, y: my_backprop(net, x, y)[::-1], "have changed places"),
    ("backprop", lambda net, x, y: [list(v.values()) for v in my_backprop(net, x, y)], "as a dict with the"),
    (
        "backprop",
        lambda net, x, y: [{l - 1: v for l, v in d.items()} for d in my_backprop(net, x, y)],
        "got [2, 1, 0]",
    ),
    ("backprop", lambda net, x, y: my_backprop(net, x, y)[0], "expected 2 results"),
    (
        "backprop",
        lambda net, x, y: (
            my_backprop(net, x, y)[0],
            {l: v[:, 0] for l, v in my_backprop(net, x, y)[1].items()},
        ),
        "A column is needed",
    ),
    ("backprop", lambda net, x, y: (net.w, net.b), "should be"),
    ("ln_cosh", lambda z, a, y, sigma: np.tanh(a - y), "σ′ left out"),
    ("ln_cosh", lambda z, a, y, sigma: (a - y) * sigma.prime(z), "the slope of another cost"),
    ("ln_cosh", lambda z, a, y, sigma: a - y, "and σ′ left out"),
    (
        "ln_cosh",
        lambda z, a, y, sigma: np.tanh(y - a) * sigma.prime(z),
        "the derivative of ln cosh u is tanh u",
    ),
    ("ln_cosh", lambda z, a, y, sigma: np.log(np.cosh(a - y)) * sigma.prime(z), "should be"),
    ("softplus", lambda v: 1.0, "expected a Value as the result"),
    (
        "softplus",
        lambda v: operation("x", math.log(1 + math.exp(v.data)), (v, 1.0)),
        "OverflowError",
    ),
    (
        "softplus",
        lambda v: operation("x", float(np.log(1 + np.exp(v.data))), (v, float(1 / (1 + np.exp(-v.data))))),
        "more than a computer can hold",
    ),
    ("softplus", lambda v: operation("x", stable_softplus(v).data, (v, float(v.data > 0))), "slope of ReLU"),
    ("softplus", lambda v: operation("x", stable_softplus(v).data), "no slope recorded"),
    (
        "softplus",
        lambda v: operation("x", stable_softplus(v).data, (v, stable_softplus(v).data)),
        "the value",
    ),
    ("wrong_equation", {"A": 4, "B": 2, "C": 3, "D": 1}, "right so far; E not answered"),
    ("wrong_equation", {"A": True, "B": 2, "C": 3, "D": 1, "E": 2}, "A: expected one of 1, 2, 3, 4"),
    ("wrong_equation", {"A": "4"}, "A: expected one of"),
    ("wrong_equation", {"A": 4.5}, "A: expected one of"),
    ("wrong_equation", {"A": [4]}, "A: expected one of"),
    ("wrong_equation", {"Z": 4}, "no question Z"),
    ("wrong_equation", [4, 2, 3, 1, 2], "expected a dict"),
    ("bad_runs", {"A": "learning rate"}, "A: expected one of"),
]


def carried(slope, turn=np.transpose, end=0, last=lambda net, z, delta: delta):
    """An answer to first_error: σ′ and the transpose, the end of the loop, and where it begins."""

    def first_error(net, z, delta_last):
        delta = last(net, z, delta_last)
        for l in range(net.L - 1, end, -1):
            delta = turn(net.w[l + 1]) @ delta * slope(net.sigma[l], z[l])
        return delta

    return first_error


def prime(sigma, z):
    return sigma.prime(z)


FIRST_ERROR = [
    (carried(lambda s, z: s.prime(s(z))), "σ′ taken of a"),
    (carried(lambda s, z: 1), "σ′ left out in the hidden layers"),
    (carried(lambda s, z: s(z)), "σ in place of σ′"),
    (carried(lambda s, z: s(z) * (1 - s(z))), "the slope of the sigmoid built in"),
    (carried(lambda s, z: 1 - np.tanh(z) ** 2), "right on a 3-4-2 net .* not on a 2-3-4-3-3"),
    (carried(lambda s, z: 1 - s(z) ** 2), "the slope of the tanh built in"),
    (carried(prime, np.linalg.pinv), "the inverse in place"),
    (carried(prime, end=1), "one layer too early"),
    (lambda net, z, d: net.w[net.L].T @ d * net.sigma[net.L - 1].prime(z[net.L - 1]), "one layer only"),
    (
        carried(prime, last=lambda net, z, d: d * net.sigma[net.L].prime(z[net.L])),
        "δ^L multiplied by σ′ once",
    ),
    (carried(prime, last=lambda net, z, d: -d), "the sign flipped"),
    (carried(prime, last=lambda net, z, d: d / d.shape[1]), "1/m taken in δ"),
    (lambda *v: carried(prime)(*v).mean(axis=1, keepdims=True), "the errors averaged"),
    (carried(prime, lambda w: w), "ValueError"),
    (lambda net, z, d: d, "expected shape"),
]


def bent(how, sigma, z):
    """What stands where σ′(z) should."""
    a = sigma(z)
    return {"z": sigma.prime(z), "a": sigma.prime(a), "": 1.0, "σ": a, "sigmoid": a * (1 - a)}[how]


def backprop_with(
    output="z", hidden="z", biases=1.0, sign=1.0, mean=False, change=lambda net, dw, db, m: (dw, db)
):
    """An answer to backprop, with something else in some of its places."""

    def backpropagates(net, x, y):
        z, a = {}, {0: x}
        for l in range(1, net.L + 1):
            z[l] = net.w[l] @ a[l - 1] + biases * net.b[l]
            a[l] = net.sigma[l](z[l])
        delta, dw, db = sign * (a[net.L] - y) * bent(output, net.sigma[net.L], z[net.L]), {}, {}
        for l in range(net.L, 0, -1):
            if l < net.L:
                delta = net.w[l + 1].T @ delta * bent(hidden, net.sigma[l], z[l])
            before = a[l - 1]
            if mean:
                delta, before = (v.mean(axis=1, keepdims=True) for v in (delta, before))
            dw[l] = delta @ before.T / delta.shape[1]
            db[l] = delta.mean(axis=1, keepdims=True)
        return change(net, dw, db, x.shape[1])

    return backpropagates


def times(factor, values):
    return {l: factor * v for l, v in values.items()}


BACKPROP = [
    (backprop_with(biases=0.0), "the biases are missing in the forward pass"),
    (backprop_with(change=lambda net, dw, db, m: (dw, net.b)), "the biases in place of their slopes"),
    (backprop_with(change=lambda net, dw, db, m: (dw, times(0, db))), "the bias gradient left unwritten"),
    (backprop_with(change=lambda net, dw, db, m: (dw, times(m, db))), "the batch summed"),
    (backprop_with(change=lambda net, dw, db, m: (times(m, dw), db)), "the batch summed"),
    (backprop_with(change=lambda net, dw, db, m: (times(1 / m, dw), db)), "1/m applied twice"),
    (backprop_with(change=lambda net, dw, db, m: (dw, {})), "expected db with the layers"),
    (backprop_with(output="", hidden=""), "σ′ left out in all layers"),
    (backprop_with(output="", sign=-1.0), "the target minus the output, and σ′ left out"),
    (backprop_with(output="a"), "σ′ taken of a"),
    (backprop_with(hidden="a"), "σ′ taken of a"),
    (backprop_with(output="σ"), "σ in place of σ′"),
    (backprop_with(output="σ", hidden="σ"), "σ in place of σ′"),
    (backprop_with(output="sigmoid", hidden="sigmoid"), "the slope of the sigmoid built in"),
    (backprop_with(mean=True), "the errors averaged"),
]
MORE = [
    *(("first_error", answer, said) for answer, said in FIRST_ERROR),
    *(("backprop", answer, said) for answer, said in BACKPROP),
    ("output_error", lambda z, a, y, sigma: y - a, "the target minus the output, and σ′ left out"),
    ("output_error", lambda z, a, y, sigma: (z - y) * sigma.prime(z), "z in place of a"),
    ("output_error", lambda z, a, y, sigma: (a - y) * sigma.prime(y), "σ′ taken of y"),
    ("output_error", lambda z, a, y, sigma: (a - y) ** 2 * sigma.prime(z), "the cost in place of its slope"),
    ("output_error", lambda z, a, y, sigma: abs(a - y) * sigma.prime(z), "the size of the difference"),
    ("output_error", lambda z, a, y, sigma: a - y + sigma.prime(z), "a sum for the product"),
    ("output_error", lambda z, a, y, sigma: a - y * sigma.prime(z), "brackets missing"),
    ("output_error", lambda z, a, y, sigma: sigma.prime(z), "σ′ alone"),
    ("hidden_error", lambda w, d, z, s: w.T @ d + s.prime(z), "a sum for the product"),
    ("hidden_error", lambda w, d, z, s: w.T @ d * s.prime(z) ** 2, "σ′ taken twice"),
    (
        "hidden_error",
        lambda w, d, z, s: w.sum(axis=0)[:, None] * s.prime(z),
        "errors of the next layer are left",
    ),
    ("hidden_error", lambda w, d, z, s: -(w.T @ d) * s.prime(z), "Is a sign turned round?"),
    ("bias_gradient", lambda d: d.sum(axis=1, keepdims=True) / len(d), "divided by the number of neurons"),
    ("bias_gradient", lambda d: np.full((len(d), 1), d.mean()), "one mean over the neurons, too"),
    ("bias_gradient", lambda d: d, "Is a sum or a mean missing?"),
    ("bias_gradient", lambda d: d.mean(), "Is a sum or a mean too many?"),
    ("weight_gradient", lambda d, a: d @ a.T / len(d), "divided by the number of neurons"),
    (
        "coupled_errors",
        lambda z, y, s: ((s(z) - y) * s.prime(z)).tolist(),
        "two neurons that know nothing of each other",
    ),
    (
        "coupled_errors",
        lambda z, y, s: (np.array([[1, 1], [0, 1]]) @ ((s(z) - y) * s.prime(z))).tolist(),
        "a_1 computed without z_0",
    ),
    (
        "weight_decay",
        lambda net, x, y, decay: (times(1 - decay, my_backprop(net, x, y)[0]), my_backprop(net, x, y)[1]),
        "Only dw is wrong: look at the derivative of the penalty",
    ),
    ("gradient_in_rows", lambda d, a: (d.T @ a / len(d) ** 2, d.mean(axis=0) / len(d)), "1/m applied twice"),
    ("gradient_in_rows", lambda d, a: (d.T @ a / len(d), d.mean(axis=0, keepdims=True)), "A flat array"),
    ("gradient_in_rows", lambda d, a: (d[:1].T @ a[:1], d[0]), "With one example"),
    ("input_error", lambda net, x, y: backprop(net, x, y).delta[1], "the error of layer 1"),
    ("input_error", lambda net, x, y: x * (net.w[1].T @ backprop(net, x, y).delta[1]), "a factor x"),
    (
        "input_error",
        lambda net, x, y: net.w[1].T @ net.w[2].T @ backprop(net, x, y).delta[2],
        "σ′(z¹) left out",
    ),
]


def test_the_answers_with_nothing_else_in_their_places_are_right() -> None:
    assert check("first_error", carried(prime)).passed and check("backprop", backprop_with()).passed


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name, answer, said",
    [*TOLD, *MORE, *((name, answer, said) for answer, said in ODD.values() for name in SOME)],
    ids=lambda v: v[:30] if isinstance(v, str) else "",
)
def test_a_wrong_answer_is_told_what_is_wrong_with_it(name, answer, said) -> None:
    verdict = check(name, answer)
    assert verdict.status == "wrong" and verdict.message.startswith("Not yet: ")
    message = verdict.message
    assert said in message or any(re.search(part, message) for part in said.split("|")), message
    for part in ("should be {0} and is {0}", "times 1,", "is a batch of one built in"):
        assert part not in message
    if "should be " in message:
        should, _, rest = message.split("should be ")[1].partition(" and is ")
        assert should != rest.split()[0].rstrip("."), message


def test_the_table_is_long_enough() -> None:
    assert len(RIGHT) >= 100 and len(TOLD) >= 100 and len(TOLD) + len(ODD) * len(SOME) >= 150


@pytest.mark.parametrize("form", [int, float, np.int64, np.float64, np.array])
def test_a_number_of_any_kind_answers_a_question(form) -> None:
    right = EXERCISES["wrong_equation"].right
    assert check("wrong_equation", {f" {k}": form(v) for k, v in right.items()}).passed
    assert check(
        "bad_runs", {k: f" {v.capitalize()} " for k, v in EXERCISES["bad_runs"].right.items()}
    ).passed
