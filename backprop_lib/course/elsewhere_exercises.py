"""The exercises on other conventions: examples in rows, a summed cost, the error of the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.course.answers import function_on
from backprop_lib.course.equation_exercises import WITH_ONE_EXAMPLE, problem
from backprop_lib.course.mistakes import Wrong
from backprop_lib.equations import backprop, feed_forward
from backprop_lib.network import Network


def _layers_in_rows() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(10)
    return {
        f"a batch of {m}, {n} neurons, {k} inputs": (rng.standard_normal((m, n)), rng.standard_normal((m, k)))
        for m, n, k in ((1, 3, 4), (6, 3, 4), (5, 3, 3))
    }


def _rows_gradient(delta: Array, a_previous: Array) -> tuple[Array, Array]:
    """(∂C/∂w, ∂C/∂b) of shapes (n, k) and (n,), from delta (m, n) and a_previous (m, k)."""
    return delta.T @ a_previous / len(delta), delta.mean(axis=0)


def _grads() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(11)
    shapes = ((3, 4, 5), (2, 2, 7), (1, 3, 2))
    return {
        f"a layer of {n}, {k} inputs, {m} examples": (rng.standard_normal((k, n)), rng.standard_normal(n), m)
        for n, k, m in shapes
    }


def _ours(kernel_grad: Array, bias_grad: Array, m: int) -> tuple[Array, Array]:
    """Ours, averaged, a neuron in each row, a bias that is a column: from a summed cost and Wᵀ."""
    return kernel_grad.T / m, bias_grad[:, None] / m


def _halves(summed: Callable[..., Any], right: Callable[..., Any]) -> Wrong:
    """A sum in one of the two results alone."""
    return {
        f"the slopes of the {what} are still a sum": (
            "Weights and biases belong to one cost: both are averaged.",
            f"the factor 1/m of the {place} result",
            lambda *given, first=first, second=second: (first(*given)[0], second(*given)[1]),
        )
        for what, place, first, second in (
            ("biases", "second", right, summed),
            ("weights", "first", summed, right),
        )
    }


def _inputs() -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(12)
    sizes = ((4, 3, 1), (5, 2, 6))
    return {f"a {n}-5-{k} net, a batch of {m}": problem(rng, m, "tanh", (n, 5, k)) for n, k, m in sizes}


def _input_error(net: Network, x: Array, y: Array) -> Any:
    """δ⁰ = (w¹)ᵀ δ¹, per example."""
    return net.w[1].T @ backprop(net, x, y).delta[1]


ELSEWHERE = {
    "gradient_in_rows": function_on(
        _layers_in_rows(),
        _rows_gradient,
        "1, 6 and 5 examples in rows",
        {
            "the sum in place of the mean": (
                "The cost of this course is a mean, so its gradient is m times smaller than the sum.",
                "the factor 1/m, with m the number of rows",
                lambda d, a: (d.T @ a, d.sum(axis=0)),
            ),
            **_halves(lambda d, a: (d.T @ a, d.sum(axis=0)), _rows_gradient),
            "divided by the number of neurons": (
                "With examples in rows, the number of examples is the number of rows.",
                "the divisor: len(delta), not its second length",
                lambda d, a: (d.T @ a / d.shape[1], d.sum(axis=0) / d.shape[1]),
            ),
            "the gradient of the transposed weights": (
                "(a_previous)ᵀ δ has an input in each row; w has a neuron in each row.",
                "the order of the two factors",
                lambda d, a: (a.T @ d / len(d), d.mean(axis=0)),
            ),
            "1/m applied twice": (
                "There is one factor 1/m in C = (1/m) Σ C_x.",
                "the mean: it divides already",
                lambda d, a: (d.T @ a / len(d) ** 2, d.mean(axis=0) / len(d)),
            ),
        },
        parts=("w", "b"),
        hints=(("batch of 1,", WITH_ONE_EXAMPLE),),
    ),
    "from_a_summed_cost": function_on(
        _grads(),
        _ours,
        "three layers",
        {
            "still the gradient of a sum": (
                "A summed cost is m times the mean, and so is its gradient.",
                "the factor 1/m",
                lambda w, b, m: (w.T, b[:, None]),
            ),
            **_halves(lambda w, b, m: (w.T, b[:, None]), _ours),
            "multiplied by m": (
                "The sum is the larger one: from the sum to the mean one divides.",
                "the factor 1/m",
                lambda w, b, m: (w.T * m, b[:, None] * m),
            ),
            "weights still transposed": (
                "A kernel has a neuron in each column; ours has one in each row.",
                "the rows of the first result: n, one for each neuron",
                lambda w, b, m: (w / m, b[:, None] / m),
            ),
        },
        parts=("w", "b"),
    ),
    "input_error": function_on(
        _inputs(),
        _input_error,
        "two nets, with one example and with six",
        {
            "a factor σ′(x)": (
                "The inputs pass through no activation, so there is no slope to multiply by.",
                "what stands behind (w¹)ᵀ δ¹: nothing",
                lambda net, x, y: _input_error(net, x, y) * net.sigma[1].prime(x),
            ),
            "averaged over the examples": (
                "Each example has its own inputs, so each has its own slopes.",
                "the mean: δ⁰ stays per example, as every δ does",
                lambda net, x, y: _input_error(net, x, y).mean(axis=1, keepdims=True),
            ),
            "divided by the number of examples": (
                "Each example has its own cost and its own inputs: nothing is averaged.",
                "the factor 1/m: it stands in (3) and (4), not in an error",
                lambda net, x, y: _input_error(net, x, y) / x.shape[1],
            ),
            "summed over the examples": (
                "Each example has its own inputs, so each has its own slopes.",
                "the shape of the answer: m columns, one for each example",
                lambda net, x, y: _input_error(net, x, y).sum(axis=1, keepdims=True),
            ),
            "σ′(z¹) left out": (
                "δ¹ itself has the factor σ′(z¹); behind it come the weights w¹.",
                "equation (2) for l = 1, before the last step",
                lambda net, x, y: net.w[1].T @ (net.w[2].T @ backprop(net, x, y).delta[2]),
            ),
            "σ′(z¹) taken twice": (
                "δ¹ has the factor σ′(z¹) in it already.",
                "what stands behind (w¹)ᵀ δ¹: nothing",
                lambda net, x, y: (
                    net.w[1].T
                    @ (backprop(net, x, y).delta[1] * net.sigma[1].prime(feed_forward(net, x)[0][1]))
                ),
            ),
            "the inverse in place of the transpose": (
                "Errors are collected along the weights; nothing is undone.",
                "(w¹)ᵀ",
                lambda net, x, y: np.linalg.pinv(net.w[1]) @ backprop(net, x, y).delta[1],
            ),
            "a factor x": (
                "How the cost changes with x has no factor x: z¹ is a straight line in x.",
                "what stands behind (w¹)ᵀ δ¹: nothing",
                lambda net, x, y: x * _input_error(net, x, y),
            ),
            "the error of layer 1": (
                "δ¹ has a row for each hidden neuron; asked for is one more step back, to the inputs.",
                "(w¹)ᵀ",
                lambda net, x, y: backprop(net, x, y).delta[1],
            ),
            "uphill and downhill exchanged": (
                "δ⁰ is the slope of the cost itself, which points uphill.",
                "the sign",
                lambda net, x, y: -_input_error(net, x, y),
            ),
        },
    ),
}
