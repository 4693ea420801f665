"""Recall questions: for each page a few about what it settled, with numbers that are drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backprop_lib.arguments import natural_number, shown
from backprop_lib.course.predictions import Prediction, prediction, written
from backprop_lib.equations import bias_gradient, hidden_error, output_error, weight_gradient
from backprop_lib.network import parameter_count

Draw = np.random.Generator
Question = Callable[[Draw], Prediction]
NEAR = 0.02  # of an answer that is not whole: who works in the head may round


def recall_questions(page: int, seed: int) -> list[Prediction]:
    """Three questions for the top of a page, about the page before, the one before that, and an older one.

    The seed draws them and their numbers. Raises TypeError or ValueError if no page comes before.
    """
    last = max(QUESTIONS) + 1
    if not 1 <= natural_number("page", page) <= last:
        raise ValueError(f"page: expected 1 to {last}, got {shown(page)}")
    draw = np.random.default_rng(natural_number("seed", seed))
    chosen: list[Question] = []
    for back in (1, 2, 4):
        left = [question for question in QUESTIONS[max(0, page - back)] if question not in chosen]
        chosen.append(left[draw.integers(len(left))])
    return [question(draw) for question in chosen]


def _number(question: str, rule: str, working: str, answer: float) -> Prediction:
    """A question for a number, which is worked out in one line of arithmetic."""
    answer = round(answer, 12)  # numbers with a few decimals: what is 0 is 0, and not its round-off
    reason = f"{rule}: {working} = {written(answer)}."
    rounded = 0.0 if float(answer).is_integer() else NEAR * abs(answer)
    return prediction(question, (), answer, reason, within=rounded)


def _choice(draw: Draw, question: str, options: list[str], answer: str, because: str) -> Prediction:
    """A question with options, in an order that is drawn."""
    return prediction(question, [options[i] for i in draw.permutation(len(options))], answer, because)


def _tenths(draw: Draw, low: int, high: int, count: int) -> list[float]:
    """So many different numbers from low/10 to high/10, none of them 0."""
    numbers = [n for n in range(low, high + 1) if n != 0]
    return [numbers[i] / 10 for i in draw.permutation(len(numbers))[:count]]


def _tenth(draw: Draw, low: int, high: int) -> float:
    return _tenths(draw, low, high, 1)[0]


def _text(value: float) -> str:
    """A number as a factor or a summand: in brackets if it begins with a minus."""
    return f"({written(value)})" if value < 0 else written(value)


def _products(first: list[float], second: list[float]) -> str:
    return " + ".join(f"{_text(a)} · {_text(b)}" for a, b in zip(first, second, strict=True))


def _listed(values: list[float]) -> str:
    return " and ".join(map(written, values))


def _column(values: list[float]) -> np.ndarray:
    return np.array(values)[:, None]


def _change_of_the_cost(draw: Draw) -> Prediction:
    slope, step = _tenth(draw, -9, 9), _tenth(draw, 1, 3)
    return _number(
        f"The slope of the cost by a weight is {written(slope)}. The weight is turned up by {step / 10}. "
        "By about how much does the cost change?",
        "Slope times step",
        f"{_text(slope)} · {step / 10}",
        slope * step / 10,
    )


def _measured_slope(draw: Draw) -> Prediction:
    low, high = (n / 10 for n in _tenths(draw, 11, 49, 2))
    return _number(
        f"A weight up by 0.1: the cost is {written(high)}. Down by 0.1: it is {written(low)}. "
        "Which slope is measured?",
        "The difference over the way",
        f"({written(high)} − {written(low)}) / (2 · 0.1)",
        (high - low) / 0.2,
    )


def _weight_between(draw: Draw) -> Prediction:
    a, delta = _tenth(draw, 2, 9), _tenth(draw, -9, 9)
    return _number(
        f"A neuron says a = {a}; it feeds a neuron whose error is δ = {written(delta)}. "
        "How steep is the cost by the weight between the two?",
        "Equation (4), a times δ",
        f"{a} · {_text(delta)}",
        weight_gradient(_column([delta]), _column([a])).item(),
    )


def _pre_activation(draw: Draw) -> Prediction:
    x, w, b = _tenths(draw, 1, 30, 2), _tenths(draw, -9, 9, 2), _tenth(draw, -9, 9)
    return _number(
        f"A neuron has the weights {_listed(w)} and the bias {written(b)}. Its inputs are {_listed(x)}. "
        "What is its z?",
        "Weights times inputs, plus the bias",
        f"{_products(w, x)} + {_text(b)}",
        float(np.dot(w, x) + b),
    )


def _sizes(draw: Draw) -> list[int]:
    return [int(n) for n in draw.permutation(np.arange(2, 8))[:3]]


def _how_many_parameters(draw: Draw) -> Prediction:
    i, j, k = sizes = _sizes(draw)
    question = f"How many weights and biases together has a {i}-{j}-{k} net?"
    working = f"{j} · {i} + {j} + {k} · {j} + {k}"
    return _number(question, "Weights and biases, layer by layer", working, parameter_count(sizes))


def _shape_of_the_weights(draw: Draw) -> Prediction:
    i, j, k = _sizes(draw)
    options = [f"({j}, {k})", f"({k}, {j})", f"({j}, {i})"]
    because = f"A row for each of the {k} neurons it leads to, a column for each of the {j} it comes from."
    return _choice(draw, f"Which shape has w² in a {i}-{j}-{k} net?", options, f"({k}, {j})", because)


def _quadratic_cost(draw: Draw) -> Prediction:
    a = _tenths(draw, 1, 9, 2)
    return _number(
        f"The outputs are {_listed(a)}, the targets 1 and 0. What is the quadratic cost?",
        "Half of the squared distances, added up",
        f"½ · ({a[0]} − 1)² + ½ · ({a[1]} − 0)²",
        ((a[0] - 1) ** 2 + a[1] ** 2) / 2,
    )


def _step_downhill(draw: Draw) -> Prediction:
    w, slope, rate = _tenth(draw, -30, 30), _tenth(draw, -9, 9), _tenth(draw, 1, 20)
    return _number(
        f"A weight is {written(w)}, the slope of the cost by it is {written(slope)}, "
        f"and η = {written(rate)}. What is the weight after one step downhill?",
        "Old weight, less η times the slope",
        f"{_text(w)} − {written(rate)} · {_text(slope)}",
        w - rate * slope,
    )


def _slope_of_one_neuron(draw: Draw) -> Prediction:
    a, x = _tenth(draw, 2, 8), _tenth(draw, 1, 30)
    return _number(
        f"To x = {written(x)} one sigmoid neuron says a = {a}, and y = 1. "
        "How steep is the quadratic cost by its weight?",
        "The slope is (a − y) σ′ x, with σ′ = a(1 − a)",
        f"({a} − 1) · {a} · (1 − {a}) · {written(x)}",
        (a - 1) * a * (1 - a) * x,
    )


def _error_of_an_output(draw: Draw) -> Prediction:
    a, y = _tenth(draw, 1, 9), float(draw.integers(2))
    return _number(
        f"A sigmoid output says {a}, the target is {written(y)}, the cost quadratic. What is its error δ?",
        "Equation (1), (a − y) σ′, with σ′ = a(1 − a)",
        f"({a} − {written(y)}) · {a} · (1 − {a})",
        output_error(np.array([a - y]), np.array([a * (1 - a)])).item(),
    )


def _nudge(draw: Draw) -> Prediction:
    delta, step = _tenth(draw, -9, 9), _tenth(draw, 1, 5)
    return _number(
        f"A neuron has the error δ = {written(delta)}. Its z is raised by {step / 100}. "
        "By about how much does the cost change?",
        "Error times nudge",
        f"{_text(delta)} · {step / 100}",
        delta * step / 100,
    )


def _error_of_a_hidden_neuron(draw: Draw) -> Prediction:
    w, delta, prime = _tenths(draw, -9, 9, 2), _tenths(draw, -5, 5, 2), _tenth(draw, 1, 9)
    return _number(
        f"A hidden neuron with σ′(z) = {prime} feeds two neurons, by the weights {_listed(w)}; "
        f"their errors are {_listed(delta)}. What is its own error?",
        "Equation (2)",
        f"{prime} · ({_products(w, delta)})",
        hidden_error(_column(w), _column(delta), _column([prime])).item(),
    )


def _shape_of_the_transpose(draw: Draw) -> Prediction:
    i, j, k = _sizes(draw)
    options = [f"({j}, {k}), with {k} errors", f"({k}, {j}), with {j} errors", f"({j}, {i}), with {i} errors"]
    question = f"A {i}-{j}-{k} net: which shape has (w²)ᵀ, and how many errors does it multiply?"
    because = (
        f"w² is ({k}, {j}); its transpose takes the {k} errors of layer 2 to the {j} neurons of layer 1."
    )
    return _choice(draw, question, options, options[0], because)


def _bias_of_a_batch(draw: Draw) -> Prediction:
    delta = _tenths(draw, -9, 9, 3)
    return _number(
        f"In a batch of three a neuron has the errors {written(delta[0])}, {_listed(delta[1:])}. "
        "How steep is the cost by its bias?",
        "Equation (3), averaged",
        f"({' + '.join(map(_text, delta))}) / 3",
        bias_gradient(np.array([delta])).item(),
    )


def _which_error_before(draw: Draw) -> Prediction:
    last = int(draw.integers(4, 8))
    l = int(draw.integers(2, last - 1))
    options = [f"that of layer {n}" for n in (l - 1, l + 1, last)]
    because = f"Equation (2) goes backward: δ of layer {l} is made of its z and of δ of layer {l + 1}."
    question = f"A net has the layers 0 … {last}. Which error does layer {l} need for its own?"
    return _choice(draw, question, options, options[1], because)


def _steps_of_an_epoch(draw: Draw) -> Prediction:
    batch, steps = (int(n) for n in draw.permutation(np.arange(5, 31))[:2])
    question = f"A training set has {batch * steps} examples, a batch {batch}. How many steps has an epoch?"
    return _number(question, "Every example once", f"{batch * steps} / {batch}", steps)


def _central_difference(draw: Draw) -> Prediction:
    v, h = int(draw.integers(1, 5)), int(draw.integers(1, 3))
    return _number(
        f"f(v) = v³. Which slope does the central difference measure at v = {v} with h = {h}?",
        "The difference of the two values, over the way between",
        f"(({v} + {h})³ − ({v} − {h})³) / (2 · {h})",
        ((v + h) ** 3 - (v - h) ** 3) / (2 * h),
    )


def _truncation(draw: Draw) -> Prediction:
    smaller, order = int(draw.integers(2, 11)), int(draw.integers(1, 3))
    kind = ("forward", "central")[order - 1]
    return _number(
        f"h is made {smaller} times smaller, and is still far from round-off. "
        f"How many times smaller does the error of the {kind} difference become?",
        f"The error of the {kind} difference falls with {('h', 'h²')[order - 1]}",
        f"{smaller}{'¹²'[order - 1]}",
        smaller**order,
    )


def _standardized(draw: Draw) -> Prediction:
    mean, spread, steps = _tenth(draw, 30, 60), _tenth(draw, 4, 10), _tenth(draw, -20, 20)
    value = round(mean + spread * steps, 2)
    return _number(
        f"A petal of {written(value)} cm; the training flowers have the mean {written(mean)} cm "
        f"and the standard deviation {written(spread)} cm. What is it after standardizing?",
        "Less the mean, over the deviation",
        f"({_text(value)} − {written(mean)}) / {written(spread)}",
        (value - mean) / spread,
    )


def _accuracy(draw: Draw) -> Prediction:
    right = int(draw.integers(20, 45))
    question = f"Of 45 held-out flowers {right} are sorted correctly. What is the accuracy?"
    return _number(question, "Right ones over all", f"{right} / 45", right / 45)


def _vanishing(draw: Draw) -> Prediction:
    n = int(draw.integers(2, 5))
    question = (
        f"An error goes back through {n} sigmoid neurons in a row, all weights 1. At most what share is left?"
    )
    return _number(question, "σ′ is at most ¼, once for each neuron", " · ".join(["0.25"] * n), 0.25**n)


def _relu_error(draw: Draw) -> Prediction:
    z, error = _tenth(draw, -9, 9), _tenth(draw, 1, 9)
    question = f"A ReLU neuron has z = {written(z)}, and wᵀδ brings it {error}. What is its error?"
    prime, rule = float(z > 0), "The slope of ReLU is 1 above zero, and 0 below"
    return _number(question, rule, f"{error} · {written(prime)}", error * prime)


def _softmax_error(draw: Draw) -> Prediction:
    p = [n / 10 for n in ((7, 2, 1), (5, 3, 2), (6, 3, 1), (1, 8, 1))[int(draw.integers(4))]]
    j, right = (int(n) for n in draw.integers(3, size=2))
    return _number(
        f"Softmax says {p[0]}, {p[1]} and {p[2]} for the classes 0, 1 and 2; right is class {right}. "
        f"With cross-entropy, what is the error of output {j}?",
        "The error is p − y",
        f"{p[j]} − {int(j == right)}",
        p[j] - (j == right),
    )


def _first_cost(draw: Draw) -> Prediction:
    classes = int(draw.integers(2, 21))
    options = [f"ln {classes}", f"1/{classes}", f"{classes} · ln 2"]
    because = f"It gives every class the probability 1/{classes}, and −ln 1/{classes} = ln {classes}."
    question = f"A softmax net of {classes} classes knows nothing yet. What is its first cross-entropy?"
    return _choice(draw, question, options, options[0], because)


def _shared_node(draw: Draw) -> Prediction:
    v, c = _tenth(draw, -30, 30), _tenth(draw, 1, 30)
    question = f"u = v · v + {written(c)} · v. What is the slope of u by v at v = {written(v)}?"
    rule = "Three roads lead from v to u, and their slopes add up"
    return _number(question, rule, f"{_text(v)} + {_text(v)} + {written(c)}", 2 * v + c)


def _two_roads(draw: Draw) -> Prediction:
    first, second = _tenths(draw, -9, 9, 2), _tenths(draw, -9, 9, 2)
    return _number(
        f"Two roads lead from v to the cost, with the local slopes {_listed([first[0], second[0]])} on one "
        f"and {_listed([first[1], second[1]])} on the other. What is the slope of the cost by v?",
        "Multiply along a road, add over the roads",
        _products(first, second),
        float(np.dot(first, second)),
    )


QUESTIONS: dict[int, tuple[Question, ...]] = {
    0: (_change_of_the_cost, _measured_slope, _weight_between),
    1: (_pre_activation, _how_many_parameters, _shape_of_the_weights),
    2: (_quadratic_cost, _step_downhill, _slope_of_one_neuron),
    3: (_error_of_an_output, _nudge),
    4: (_error_of_a_hidden_neuron, _shape_of_the_transpose),
    5: (_weight_between, _bias_of_a_batch),
    6: (_which_error_before, _steps_of_an_epoch),
    7: (_central_difference, _truncation),
    8: (_standardized, _accuracy),
    9: (_vanishing, _relu_error),
    10: (_softmax_error, _first_cost),
    11: (_shared_node, _two_roads),
}
