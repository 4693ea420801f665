"""The exercises of the pages, by name, and `check`, which judges an answer to one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from backprop_lib.arguments import Array, one_of
from backprop_lib.course.answers import Case, FunctionToWrite, Verdict
from backprop_lib.course.equation_exercises import EQUATIONS, mistake_of_an_exercise
from backprop_lib.course.mistakes import MISTAKES, Mistake
from backprop_lib.course.orders import ORDERS
from backprop_lib.course.puzzles import PUZZLES
from backprop_lib.network import parameter_count
from backprop_lib.other_ways.autodiff import Value


class Exercise(Protocol):
    """Anything that can judge an answer."""

    def judge(self, answer: Any) -> Verdict: ...


def check(name: str, answer: Any) -> Verdict:
    """Whether `answer` solves the exercise of that name, and if not, what is wrong with it.

    Never raises because of the answer; ValueError for the name of an exercise that does not exist.
    """
    return EXERCISES[one_of("name", name, EXERCISES)].judge(answer)


def _function(
    parameters: str,
    inputs: dict[str, tuple[Any, ...]],
    right: Callable[..., Any],
    checked_on: str,
    mistakes: tuple[tuple[Mistake, Callable[..., Any]], ...],
    parts: tuple[str, ...] = (),
    call: Callable[[Any, tuple[Any, ...]], Any] = lambda answer, arguments: answer(*arguments),
) -> FunctionToWrite:
    cases = [Case(n, x, right(*x), tuple(f(*x) for _, f in mistakes)) for n, x in inputs.items()]
    return FunctionToWrite(
        tuple(parameters.split()), lambda: cases, checked_on, tuple(m for m, _ in mistakes), parts, call
    )


def _sizes() -> dict[str, tuple[Any, ...]]:
    return {f"a {'-'.join(map(str, s))} net": (s,) for s in ([4, 5, 3], [3, 2], [3, 7, 7, 2])}


def _shapes(sizes: list[int]) -> Array:
    return np.array([[n, k] for k, n in zip(sizes, sizes[1:], strict=False)])


def _tanh_neuron(w: float, b: float, x: float, y: float, prime: Any = lambda z: np.cosh(z) ** -2) -> Any:
    z = w * x + b
    delta = (np.tanh(z) - y) * prime(z)
    return delta * x, delta


def _central(f: Callable[[float], float], v: float, h: float) -> float:
    return (f(v + h) - f(v - h)) / (2 * h)


def _softplus(v: float) -> tuple[float, float]:
    value = np.logaddexp(0, v)
    return float(value), float(np.exp(v - value))  # e^v / (1 + e^v)


def _value_and_slope(softplus: Any, arguments: tuple[Any, ...]) -> Any:
    """What an operation of autodiff gives at v, alone and where v is used a second time, as u + u v + v."""
    v = Value(arguments[0])
    u = softplus(v)
    if u is None or u is ...:
        return u
    if not isinstance(u, Value):
        raise TypeError(f"expected a Value as the result, got {type(u).__name__}")
    (u + u * v + v).backward()
    return u.data, v.grad


def _used_twice(value: float, slope: float, v: float) -> tuple[float, float]:
    return value, slope * (1 + v) + value + 1


EXERCISES: dict[str, Exercise] = {
    "cost_slope": _function(
        "a y",
        {
            "one example": (np.array([[0.8], [0.3], [0.6]]), np.array([[1.0], [0.0], [0.0]])),
            "a batch of 2": (np.array([[0.2, 0.9], [0.7, 0.4]]), np.array([[0.0, 1.0], [1.0, 0.0]])),
        },
        lambda a, y: a - y,
        "batches of 1 and 2",
        (
            (MISTAKES["sign_flipped"], lambda a, y: y - a),
            (MISTAKES["factor_two"], lambda a, y: 2 * (a - y)),
            (
                mistake_of_an_exercise(
                    "the cost itself",
                    "This is what each output adds to the cost; its slope is asked for.",
                    "the rule for a power: the derivative of ½u² is u",
                ),
                lambda a, y: 0.5 * (a - y) ** 2,
            ),
        ),
    ),
    "weight_shapes": _function(
        "sizes",
        _sizes(),
        _shapes,
        "3 nets",
        (
            (
                mistake_of_an_exercise(
                    "rows and columns exchanged",
                    "w^l has a row for every neuron it leads to and a column for every neuron it comes from.",
                    "the order of the indices: w^l_jk is to j from k",
                ),
                lambda s: _shapes(s)[:, ::-1],
            ),
        ),
    ),
    "parameter_count": _function(
        "sizes",
        _sizes(),
        parameter_count,
        "3 nets",
        (
            (
                mistake_of_an_exercise(
                    "the biases are missing",
                    "Every neuron of the layers 1 … L has a bias besides its weights.",
                    "the column b^l, of shape (n_l, 1)",
                ),
                lambda s: sum(k * n for k, n in zip(s, s[1:], strict=False)),
            ),
            (
                mistake_of_an_exercise(
                    "the input layer has biases",
                    "Layer 0 computes nothing: it has neither weights nor biases.",
                    "the layers that have parameters: l = 1, …, L",
                ),
                lambda s: parameter_count(s) + s[0],
            ),
        ),
    ),
    "tanh_neuron": _function(
        "w b x y",
        {
            "w = 2, b = 0.5": (2.0, 0.5, 1.5, 0.0),
            "w = -0.7, b = 0.2": (-0.7, 0.2, 0.4, 1.0),
            "w = 0.3, b = -1.1": (0.3, -1.1, 2.0, -1.0),
        },
        _tanh_neuron,
        "3 neurons",
        (
            (
                replace(
                    MISTAKES["no_sigma_prime_at_output"],
                    where="the middle factor of the chain, da/dz = tanh′(z)",
                ),
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: 1.0),
            ),
            (
                replace(
                    MISTAKES["sigma_prime_of_a"], where="the middle factor of the chain: tanh′ is taken at z"
                ),
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: 1 - np.tanh(np.tanh(z)) ** 2),
            ),
            (
                mistake_of_an_exercise(
                    "the slope of the sigmoid",
                    "a(1 − a) is the slope of the sigmoid; this neuron bends with tanh.",
                    "the middle factor of the chain, da/dz = tanh′(z)",
                ),
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: np.tanh(z) * (1 - np.tanh(z))),
            ),
            (
                mistake_of_an_exercise(
                    "the factor x is left out",
                    "Both slopes are the error; the one by w has the input as a factor besides.",
                    "the last factor of the chain, ∂z/∂w = x",
                ),
                lambda w, b, x, y: (_tanh_neuron(w, b, x, y)[1],) * 2,
            ),
            (MISTAKES["sign_flipped"], lambda w, b, x, y: tuple(-g for g in _tanh_neuron(w, b, x, y))),
            (MISTAKES["factor_two"], lambda w, b, x, y: tuple(2 * g for g in _tanh_neuron(w, b, x, y))),
        ),
        parts=("dC/dw", "dC/db"),
    ),
    "central_difference": _function(
        "f v h",
        {
            "the sine": (np.sin, 0.3, 0.1),
            "the cube": (lambda v: v**3, 2.0, 0.5),
            "the exponential": (np.exp, 1.0, 1e-3),
        },
        _central,
        "sine, cube and exponential",
        (
            (
                mistake_of_an_exercise(
                    "the forward difference",
                    "Its error falls with h, not with h².",
                    "the two formulas: the central one steps to both sides",
                ),
                lambda f, v, h: (f(v + h) - f(v)) / h,
            ),
            (
                mistake_of_an_exercise(
                    "divided by h",
                    "From v − h to v + h is a way of 2h.",
                    "the denominator of the central difference",
                ),
                lambda f, v, h: 2 * _central(f, v, h),
            ),
            (
                mistake_of_an_exercise(
                    "brackets missing",
                    "a / 2 * h divides by 2 and multiplies by h.",
                    "the denominator: write / (2 * h)",
                ),
                lambda f, v, h: (f(v + h) - f(v - h)) / 2 * h,
            ),
        ),
    ),
    "softplus": _function(
        "v",
        {f"v = {v:g}": (v,) for v in (-3.0, 0.0, 0.5, 2.0, -800.0, 800.0)},
        lambda v: _used_twice(*_softplus(v), v),
        "six points from -800 to 800",
        (
            (
                mistake_of_an_exercise(
                    "the slope of ReLU",
                    "Softplus is smooth: its slope goes from 0 to 1 without a jump.",
                    "the derivative of ln(1 + e^v), which is e^v / (1 + e^v)",
                ),
                lambda v: _used_twice(_softplus(v)[0], float(v > 0), v),
            ),
            (
                mistake_of_an_exercise(
                    "no slope recorded",
                    "The value is right, and no parent gets a slope from it.",
                    "operation(name, value, (v, slope)): the pair names the parent",
                ),
                lambda v: _used_twice(_softplus(v)[0], 0.0, v),
            ),
            (
                mistake_of_an_exercise(
                    "the value in place of the slope",
                    "The local slope is the derivative, not the value again.",
                    "the derivative of ln(1 + e^v), which is e^v / (1 + e^v)",
                ),
                lambda v: _used_twice(_softplus(v)[0], _softplus(v)[0], v),
            ),
        ),
        parts=("value", "slope"),
        call=_value_and_slope,
    ),
    **EQUATIONS,
    **PUZZLES,
    **ORDERS,
}
