"""The exercises of the pages, by name, and `check`, which judges an answer to one of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from backprop_lib.activations import activation
from backprop_lib.arguments import Array, one_of
from backprop_lib.course.answers import Verdict, function_on
from backprop_lib.course.elsewhere_exercises import ELSEWHERE
from backprop_lib.course.equation_exercises import EQUATIONS, problem
from backprop_lib.course.judging import REFUSED_BLOCKS
from backprop_lib.course.mistakes import MISTAKES, Wrong
from backprop_lib.course.orders import ORDERS
from backprop_lib.course.puzzles import PUZZLES
from backprop_lib.course.training_exercises import TRAINING
from backprop_lib.equations import feed_forward
from backprop_lib.network import Network, parameter_count
from backprop_lib.other_ways.autodiff import Value

SIGMOID = activation("sigmoid")
SIGN_FLIPPED, FACTOR_TWO = (MISTAKES[name].sentence for name in ("sign_flipped", "factor_two"))


class Exercise(Protocol):
    """Anything that can judge an answer."""

    def judge(self, answer: Any) -> Verdict: ...


def check(name: str, answer: Any) -> Verdict:
    """Whether `answer` solves the exercise of that name, and if not, what is wrong with it.

    Never raises because of the answer; ValueError for the name of an exercise that does not exist.
    """
    return EXERCISES[one_of("name", name, EXERCISES)].judge(answer)


def _sizes() -> dict[str, tuple[Any, ...]]:
    return {f"a {'-'.join(map(str, s))} net": (s,) for s in ([4, 5, 3], [3, 2], [3, 7, 7, 2])}


def _shapes(sizes: list[int]) -> Array:
    return np.array([[n, k] for k, n in pairwise(sizes)])


def _sigmoid_nets() -> dict[str, tuple[Any, ...]]:
    """Nets of sigmoids with random biases, and a batch for each."""
    rng = np.random.default_rng(4)
    shapes = (((3, 2), 1), ((4, 5, 3), 4), ((2, 4, 4, 1), 7))
    problems = [problem(rng, m, "sigmoid", sizes) for sizes, m in shapes]
    return {f"a {'-'.join(map(str, net.sizes))} net": (net, x) for net, x, _ in problems}


def _forward(net: Network, a: Array, bend: Callable[[Array, int], Array]) -> Array:
    for l in range(1, net.L + 1):
        a = bend(net.w[l] @ a + net.b[l], l)
    return a


def _tanh_neuron(w: float, b: float, x: float, y: float, prime: Any = lambda z: np.cosh(z) ** -2) -> Any:
    z = w * x + b
    delta = (np.tanh(z) - y) * prime(z)
    return delta * x, delta


def _roads(z: Array, y: Array, sigma: Any, at: Array | None = None) -> Any:
    """∂C/∂a_k · σ′ of both outputs, a_0 = σ(z_0) and a_1 = σ(z_0 + z_1); `at`: where σ′ is taken."""
    sums = np.cumsum(z)
    return (sigma(sums) - y) * sigma.prime(sums if at is None else at)


def _errors(roads: Any, share: float = 1.0) -> tuple[Any, Any]:
    """The two errors, with a share of the road from z_0 through a_1."""
    return roads[0] + share * roads[1], roads[1]


def _turned_and_doubled(where: str, right: Callable[..., tuple[Any, Any]]) -> Wrong:
    """The right answer with its sign flipped, and twice as large."""
    return {
        title: (sentence, where, lambda *given, by=by: tuple(by * part for part in right(*given)))
        for title, sentence, by in (("the sign flipped", SIGN_FLIPPED, -1), ("½ forgotten", FACTOR_TWO, 2))
    }


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
    "cost_slope": function_on(
        {
            "one example": (np.array([[0.8], [0.3], [0.6]]), np.array([[1.0], [0.0], [0.0]])),
            "a batch of 2": (np.array([[0.2, 0.9], [0.7, 0.4]]), np.array([[0.0, 1.0], [1.0, 0.0]])),
        },
        lambda a, y: a - y,
        "batches of 1 and 2",
        {
            "the sign flipped": (
                SIGN_FLIPPED,
                "the inner derivative, that of a − y by a",
                lambda a, y: y - a,
            ),
            "½ forgotten": (
                FACTOR_TWO,
                "the rule for a power, and the ½ in front of it",
                lambda a, y: 2 * (a - y),
            ),
            "the size of the difference": (
                "The slope has a sign: it is negative where the output is too small.",
                "the rule for a power: the derivative of ½u² is u, whatever its sign",
                lambda a, y: np.abs(a - y),
            ),
            "the mean over the examples": (
                "Every example keeps its own column of slopes.",
                "the shape of the answer, which is that of a",
                lambda a, y: (a - y) / a.shape[1],
            ),
            "the cost itself": (
                "This is what each output adds to the cost; its slope is asked for.",
                "the rule for a power: the derivative of ½u² is u",
                lambda a, y: 0.5 * (a - y) ** 2,
            ),
        },
    ),
    "new_cost": function_on(
        {
            "a weight turned up": (0.4, -0.3, 0.1),
            "a weight turned down": (1.7, 0.25, -0.02),
            "a steep slope": (0.9, 12.5, 0.01),
        },
        lambda cost, slope, change: cost + slope * change,
        "3 changes",
        {
            "the change of the cost alone": (
                "This is by how much the cost changes; what the cost will be is asked for.",
                "the cost that there was before the change",
                lambda cost, slope, change: slope * change,
            ),
            "a minus for a plus": (
                "A positive slope and a change upwards make the cost rise.",
                "the sign in front of slope times change",
                lambda cost, slope, change: cost - slope * change,
            ),
            "the whole slope added": (
                "The slope is the change of the cost for a change of the weight by 1.",
                "the size of this change: it is much smaller than 1",
                lambda cost, slope, change: cost + slope,
            ),
        },
    ),
    "chain_slope": function_on(
        {
            "w = 0.5, x = 2": (0.5, 2.0, 3.0),
            "w = -1.5, x = 0.4": (-1.5, 0.4, 1.0),
            "w = 2, x = -3": (2.0, -3.0, 0.0),
        },
        lambda w, x, y: (w * x - y) * x,
        "3 nets",
        {
            "the slope by a": (
                "This is how the cost changes with a; asked for is how it changes with w.",
                "the second factor of the chain, ∂a/∂w",
                lambda w, x, y: w * x - y,
            ),
            "the slope by x": (
                "Here w is turned and x stays; this is the other way round.",
                "the second factor of the chain, ∂a/∂w with a = w x",
                lambda w, x, y: (w * x - y) * w,
            ),
            "the sign flipped": (
                "The slope points the other way, as it does with target minus answer.",
                "the first factor of the chain, ∂C/∂a",
                lambda w, x, y: (y - w * x) * x,
            ),
            "½ forgotten": (
                FACTOR_TWO,
                "the first factor of the chain, ∂C/∂a",
                lambda w, x, y: 2 * (w * x - y) * x,
            ),
        },
    ),
    "weight_shapes": function_on(
        _sizes(),
        _shapes,
        "3 nets",
        {
            "rows and columns exchanged": (
                "w^l has a row for every neuron it leads to and a column for every neuron it comes from.",
                "the order of the indices: w^l_jk is to j from k",
                lambda s: _shapes(s)[:, ::-1],
            ),
        },
    ),
    "parameter_count": function_on(
        _sizes(),
        parameter_count,
        "3 nets",
        {
            "the biases are missing": (
                "Every neuron of the layers 1 … L has a bias besides its weights.",
                "the column b^l, of shape (n_l, 1)",
                lambda s: sum(k * n for k, n in pairwise(s)),
            ),
            "the input layer has biases": (
                "Layer 0 computes nothing: it has neither weights nor biases.",
                "the layers that have parameters: l = 1, …, L",
                lambda s: parameter_count(s) + s[0],
            ),
            "one bias for a layer": (
                "Every neuron of the layers 1 … L has a bias of its own.",
                "the column b^l, of shape (n_l, 1)",
                lambda s: sum(k * n for k, n in pairwise(s)) + len(s) - 1,
            ),
            "the neurons are counted": (
                "Asked for are the numbers that can be learned: the weights and the biases.",
                "the shapes of w^l and b^l",
                sum,
            ),
        },
    ),
    "forward_pass": function_on(
        _sigmoid_nets(),
        lambda net, x: feed_forward(net, x)[1][net.L],
        "3 nets, with 1, 4 and 7 examples",
        {
            "the activation function is left out": (
                "Each layer bends its z with the sigmoid before the next one uses it.",
                "the second line of the table: a^l = σ(z^l)",
                lambda net, x: _forward(net, x, lambda z, l: z),
            ),
            "the sigmoid in the last layer only": (
                "The hidden layers have an activation function, too.",
                "the loop over the layers: the sigmoid belongs inside it",
                lambda net, x: _forward(net, x, lambda z, l: SIGMOID(z) if l == net.L else z),
            ),
            "the sigmoid missing in the last layer": (
                "The outputs are bent, too.",
                "the loop over the layers: the sigmoid belongs inside it",
                lambda net, x: _forward(net, x, lambda z, l: z if l == net.L else SIGMOID(z)),
            ),
            "the biases are missing": (
                "Every layer adds its column b^l.",
                "the first line of the table: z^l = w^l a^{l-1} + b^l",
                lambda net, x: _forward(net, x, lambda z, l: SIGMOID(z - net.b[l])),
            ),
        },
    ),
    "tanh_neuron": function_on(
        {
            "w = 2, b = 0.5": (2.0, 0.5, 1.5, 0.0),
            "w = -0.7, b = 0.2": (-0.7, 0.2, 0.4, 1.0),
            "w = 0.3, b = -1.1": (0.3, -1.1, 2.0, -1.0),
        },
        _tanh_neuron,
        "3 neurons",
        {
            "tanh′ left out": (
                "The slope of the bend is missing: da/dz is not 1.",
                "the middle factor of the chain, da/dz = tanh′(z)",
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: 1.0),
            ),
            "tanh′ taken of a": (
                "The slope tanh′ is taken at z. It is 1 − a², and not 1 − tanh(a)².",
                "the middle factor of the chain: tanh′ is taken at z",
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: 1 - np.tanh(np.tanh(z)) ** 2),
            ),
            "the square is missing": (
                "The slope of tanh is 1 − a², and not 1 − a.",
                "the middle factor of the chain, da/dz = tanh′(z)",
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: 1 - np.tanh(z)),
            ),
            "tanh in place of its slope": (
                "The chain multiplies slopes: tanh has to be differentiated.",
                "the middle factor of the chain, da/dz = tanh′(z)",
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, np.tanh),
            ),
            "z in place of a": (
                "The cost compares the output a = tanh(z) with the target, not z.",
                "the first factor of the chain, ∂C/∂a = a − y",
                lambda w, b, x, y: tuple((w * x + b - y) * np.cosh(w * x + b) ** -2 * f for f in (x, 1)),
            ),
            "the slope of the sigmoid": (
                "a(1 − a) is the slope of the sigmoid; this neuron bends with tanh.",
                "the middle factor of the chain, da/dz = tanh′(z)",
                lambda w, b, x, y: _tanh_neuron(w, b, x, y, lambda z: np.tanh(z) * (1 - np.tanh(z))),
            ),
            "the factor x is left out": (
                "Both slopes have the factors a − y and tanh′(z); the one by w has the input besides.",
                "the last factor of the chain, ∂z/∂w = x",
                lambda w, b, x, y: (_tanh_neuron(w, b, x, y)[1],) * 2,
            ),
            "the factor x at the bias, too": (
                "The bias has no input: z changes as much as b does.",
                "the last factor of the chain, ∂z/∂b = 1",
                lambda w, b, x, y: (_tanh_neuron(w, b, x, y)[0],) * 2,
            ),
            "w in place of x": (
                "The slope by w has x as a factor: z = w x + b grows by x when w grows by 1.",
                "the last factor of the chain, ∂z/∂w = x",
                lambda w, b, x, y: (w * _tanh_neuron(w, b, x, y)[1], _tanh_neuron(w, b, x, y)[1]),
            ),
            **_turned_and_doubled("the first factor of the chain, ∂C/∂a = a − y", _tanh_neuron),
        },
        parts=("dC/dw", "dC/db"),
    ),
    "step_gain": function_on(
        {
            "two slopes": (np.array([0.3, -0.4]), 0.1),
            "one slope": (np.array([-2.0]), 0.05),
            "five slopes": (np.array([0.1, -1.5, 0.7, 0.0, 2.2]), 0.02),
        },
        lambda gradient, learning_rate: -learning_rate * np.sum(gradient**2),
        "3 gradients",
        {
            "the sign flipped": (
                "The step goes against the gradient, so the cost falls: its change is negative.",
                "the step Δθ = −η ∇C, and its minus",
                lambda gradient, learning_rate: learning_rate * np.sum(gradient**2),
            ),
            "the length, not its square": (
                "The gradient comes in twice: once as the slopes, and once more in the step.",
                "the product ∇C · (−η ∇C)",
                lambda gradient, learning_rate: -learning_rate * np.sqrt(np.sum(gradient**2)),
            ),
            "the slopes added before they are squared": (
                "Slopes of different signs then cancel, and every one of them gains.",
                "the product of two vectors: entry times entry, then the sum",
                lambda gradient, learning_rate: -learning_rate * np.sum(gradient) ** 2,
            ),
            "the learning rate is left out": (
                "This would be the change for a learning rate of 1.",
                "the step Δθ = −η ∇C",
                lambda gradient, learning_rate: -np.sum(gradient**2),
            ),
        },
    ),
    "largest_rate": function_on(
        {
            "one direction": ([0.8],),
            "two directions": ([0.5, 4.0],),
            "a long valley": ([3.0, 0.2, 10.0, 0.01],),
        },
        lambda curvatures: 2 / max(curvatures),
        "3 bowls",
        {
            "the flattest direction": (
                "At this rate the steeper directions overshoot and grow.",
                "which factor 1 − η c_i is the first to fall below −1",
                lambda curvatures: 2 / min(curvatures),
            ),
            "half of the bound": (
                "At 1/c a step ends at the bottom; beyond it crosses the bottom and still shrinks.",
                "how far 1 − η c_i may go below zero",
                lambda curvatures: 1 / max(curvatures),
            ),
            "the curvatures added": (
                "Every direction has its own factor; they do not add up.",
                "the factor of one direction alone, 1 − η c_i",
                lambda curvatures: 2 / sum(curvatures),
            ),
        },
    ),
    "two_roads": function_on(
        {"u = 2": (2.0,), "u = -1.5": (-1.5,), "u = 0.4": (0.4,)},
        lambda u: 4 * u**3 + 15 * u**2,
        "3 values of u",
        {
            "the road through q is missing": (
                "C also changes because q does.",
                "the drawing of the two roads: add over both",
                lambda u: 4 * u**3 + 10 * u**2,
            ),
            "the road through p is missing": (
                "C also changes because p does.",
                "the drawing of the two roads: add over both",
                lambda u: 5 * u**2,
            ),
            "a term of ∂C/∂p is missing": (
                "p stands in both terms of C = p² + p q.",
                "the slope of C by p, with q held fixed",
                lambda u: 4 * u**3 + 5 * u**2,
            ),
            "the slopes at the beginning of the roads are missing": (
                "These are ∂C/∂p and ∂C/∂q, added; along each road slopes are multiplied.",
                "the slopes of p and of q by u",
                lambda u: 3 * u**2 + 5 * u,
            ),
            "the slope of p by u is missing": (
                "Along the road through p, ∂C/∂p is multiplied by 2u.",
                "the slopes of p and of q by u",
                lambda u: 7 * u**2 + 5 * u,
            ),
            "the roads multiplied": (
                "Along a road slopes multiply; the roads are added.",
                "the drawing of the two roads: add over both",
                lambda u: (4 * u**3 + 10 * u**2) * 5 * u**2,
            ),
        },
    ),
    "coupled_errors": function_on(
        {
            "two sigmoids": (np.array([0.5, -1.2]), np.array([1.0, 0.0]), SIGMOID),
            "two tanhs": (np.array([-0.3, 0.9]), np.array([0.0, 1.0]), activation("tanh")),
            "two sigmoids with other targets": (np.array([1.1, 0.7]), np.array([0.0, 0.0]), SIGMOID),
        },
        lambda z, y, sigma: _errors(_roads(z, y, sigma)),
        "sigmoids and tanhs",
        {
            "one road only from z_0": (
                "A nudge of z_0 moves a_1 as well.",
                "the sum over k: here its term with k ≠ j stays",
                lambda z, y, sigma: _errors(_roads(z, y, sigma), 0.0),
            ),
            "σ′ taken at another point": (
                "a_1 = σ(z_0 + z_1), so its slope is σ′(z_0 + z_1).",
                "the place at which the second slope is taken",
                lambda z, y, sigma: _errors(_roads(z, y, sigma, z)),
            ),
            "σ′ taken of a": (
                "σ′ is evaluated at the activation a; it belongs at the sum that σ is taken of.",
                "the place at which each slope is taken: z_0, and z_0 + z_1",
                lambda z, y, sigma: _errors(_roads(z, y, sigma, sigma(np.cumsum(z)))),
            ),
            "a_1 computed without z_0": (
                "a_1 = σ(z_0 + z_1), and not σ(z_1).",
                "the second output, and both places where it is used",
                lambda z, y, sigma: _errors((sigma(z) - y) * sigma.prime(z)),
            ),
            "two neurons that know nothing of each other": (
                "a_1 = σ(z_0 + z_1): a nudge of z_0 moves a_1 as well.",
                "the sum over k: here its term with k ≠ j stays",
                lambda z, y, sigma: tuple((sigma(z) - y) * sigma.prime(z)),
            ),
            "the roads multiplied": (
                "Along a road slopes multiply; the two roads from z_0 are added.",
                "the sum over k",
                lambda z, y, sigma: (np.prod(_roads(z, y, sigma)), _roads(z, y, sigma)[1]),
            ),
            "a minus between the roads": (
                "A nudge of z_0 moves a_0 and a_1 the same way: both slopes come with a plus.",
                "the sum over k",
                lambda z, y, sigma: _errors(_roads(z, y, sigma), -1.0),
            ),
            "both roads from z_1, too": (
                "z_1 reaches the cost through a_1 alone.",
                "delta_1: a nudge of z_1 leaves a_0 as it is",
                lambda z, y, sigma: (sum(_roads(z, y, sigma)),) * 2,
            ),
            **_turned_and_doubled(
                "the first factor of each road, ∂C/∂a_k = a_k − y_k",
                lambda z, y, sigma: _errors(_roads(z, y, sigma)),
            ),
            "σ′ left out": (
                "These are the misses alone; each road has a slope of σ besides.",
                "the step from z to a: its slope is σ′",
                lambda z, y, sigma: _errors(sigma(np.cumsum(z)) - y),
            ),
        },
        parts=("delta_0", "delta_1"),
    ),
    "central_difference": function_on(
        {
            "the sine": (np.sin, 0.3, 0.1),
            "the cube": (lambda v: v**3, 2.0, 0.5),
            "the exponential": (np.exp, 1.0, 1e-3),
        },
        _central,
        "sine, cube and exponential",
        {
            "the forward difference": (
                "Its error falls with h, not with h².",
                "the two formulas: the central one steps to both sides",
                lambda f, v, h: (f(v + h) - f(v)) / h,
            ),
            "the backward difference": (
                "Its error falls with h, not with h².",
                "the two formulas: the central one steps to both sides",
                lambda f, v, h: (f(v) - f(v - h)) / h,
            ),
            "not divided": (
                "A slope is a difference divided by the way between the two points.",
                "the denominator of the central difference",
                lambda f, v, h: f(v + h) - f(v - h),
            ),
            "the complex step": (
                "It is more exact than what is asked for: the central difference with this h.",
                "the formula",
                lambda f, v, h: f(v + 1j * h).imag / h,
            ),
            "the sign turned round": (
                "The value at v + h comes first: a function that rises has a positive slope.",
                "the numerator of the central difference",
                lambda f, v, h: -_central(f, v, h),
            ),
            "brackets missing in the numerator": (
                "a − b / c divides b alone: the difference needs brackets.",
                "the numerator: write (f(v + h) - f(v - h)) / …",
                lambda f, v, h: f(v + h) - f(v - h) / (2 * h),
            ),
            "both pairs of brackets missing": (
                "a − b / 2 * h divides b alone by 2, and multiplies it by h.",
                "the formula: write (f(v + h) - f(v - h)) / (2 * h)",
                lambda f, v, h: f(v + h) - f(v - h) / 2 * h,
            ),
            "divided by h": (
                "From v − h to v + h is a way of 2h.",
                "the denominator of the central difference",
                lambda f, v, h: 2 * _central(f, v, h),
            ),
            "brackets missing": (
                "a / 2 * h divides by 2 and multiplies by h.",
                "the denominator: write / (2 * h)",
                lambda f, v, h: (f(v + h) - f(v - h)) / 2 * h,
            ),
        },
    ),
    "softplus": function_on(
        {f"v = {v:g}": (v,) for v in (-3.0, 0.0, 0.5, 2.0, -800.0, 800.0)},
        lambda v: _used_twice(*_softplus(v), v),
        "six points from -800 to 800",
        {
            "the slope of ReLU": (
                "Softplus is smooth: its slope goes from 0 to 1 without a jump.",
                "the derivative of ln(1 + e^v), which is e^v / (1 + e^v)",
                lambda v: _used_twice(_softplus(v)[0], float(v > 0), v),
            ),
            "no slope recorded": (
                "The value is right, and no parent gets a slope from it.",
                "operation(name, value, (v, slope)): the pair names the parent",
                lambda v: _used_twice(_softplus(v)[0], 0.0, v),
            ),
            "the slope of tanh": (
                "The derivative of ln(1 + e^v) is the sigmoid, which goes from 0 to 1.",
                "the derivative of ln(1 + e^v), which is e^v / (1 + e^v)",
                lambda v: _used_twice(_softplus(v)[0], float(np.cosh(v) ** -2) if abs(v) < 700 else 0.0, v),
            ),
            "the value in place of the slope": (
                "The local slope is the derivative, not the value again.",
                "the derivative of ln(1 + e^v), which is e^v / (1 + e^v)",
                lambda v: _used_twice(_softplus(v)[0], _softplus(v)[0], v),
            ),
        },
        parts=("value", "slope"),
        call=_value_and_slope,
        hints=(("= 800", "e^800 is more than a computer can hold: for v above 0, write v + ln(1 + e^−v)."),),
    ),
    "refused_blocks": REFUSED_BLOCKS,
    **EQUATIONS,
    **TRAINING,
    **ELSEWHERE,
    **PUZZLES,
    **ORDERS,
}
