"""A catalogue of wrong backpropagations, each wrong in one thing, to be told apart from the right one.

Backpropagation is four steps, one an equation. A mistake replaces one step, or the same factor in two
of them, and leaves the rest as it is; `gradient_with` runs the algorithm with the steps that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_lib import equations
from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array
from backprop_lib.costs import Cost
from backprop_lib.network import Network, Parameters, checked_examples


@dataclass(frozen=True)
class Run:
    """Backpropagation on its way from layer L to layer 1: what is known so far.

    z, a, delta, gradient are as in `equations.Backpropagation`, filled from the last layer on.
    """

    net: Network
    y: Array
    cost: Cost
    z: dict[int, Array]
    a: dict[int, Array]
    delta: dict[int, Array]
    gradient: Parameters

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.y.shape[1])

    def cost_slope(self, l: int) -> Array:
        """∇_a C at a^l, the outputs."""
        slope: Array = self.cost.derivative(self.a[l], self.y)
        return slope

    def prime(self, l: int) -> Array:
        """σ′(z^l)."""
        prime: Array = self.net.sigma[l].prime(self.z[l])
        return prime

    def back(self, l: int) -> Array:
        """(w^{l+1})ᵀ δ^{l+1}, the errors of the next layer on their way through the weights."""
        errors: Array = self.net.w[l + 1].T @ self.delta[l + 1]
        return errors


Step = Callable[[Run, int], Array]


# The four steps, right. Each gives its result for layer l.


def output_error(run: Run, l: int) -> Array:
    """(1)"""
    return equations.error_of_the_outputs(run.net, run.z[l], run.a[l], run.y, run.cost)


def hidden_error(run: Run, l: int) -> Array:
    """(2)"""
    return equations.hidden_error(run.net.w[l + 1], run.delta[l + 1], run.prime(l))


def bias_gradient(run: Run, l: int) -> Array:
    """(3)"""
    return equations.bias_gradient(run.delta[l])


def weight_gradient(run: Run, l: int) -> Array:
    """(4)"""
    return equations.weight_gradient(run.delta[l], run.a[l - 1])


RIGHT: dict[str, Step] = {
    step.__name__: step for step in (output_error, hidden_error, bias_gradient, weight_gradient)
}


def gradient_with(
    steps: dict[str, Step], net: Network, x: Array, y: Array, cost: str | Cost = "quadratic"
) -> Parameters:
    """The gradient that backpropagation gives with these steps in place of the right ones.

    x is (n_0, m), y (n_L, m). Raises ValueError or TypeError if an argument does not fit the net.
    """
    x, y, rule = checked_examples(net, x, y, cost)
    step = RIGHT | steps
    z, a = equations.feed_forward(net, x)
    run = Run(net, y, rule, z, a, {}, Parameters(net.sizes))
    for l in range(net.L, 0, -1):
        run.delta[l] = step["output_error" if l == net.L else "hidden_error"](run, l)
        run.gradient.b[l][...] = step["bias_gradient"](run, l)
        run.gradient.w[l][...] = step["weight_gradient"](run, l)
    return run.gradient


# The wrong steps.


def _output_error_at_a(run: Run, l: int) -> Array:
    sigma, slope = run.net.sigma[l], run.cost_slope(l)
    if isinstance(sigma, Softmax):
        return equations.output_error_through_jacobian(slope, sigma.jacobian(run.a[l]))
    return equations.output_error(slope, sigma.prime(run.a[l]))


def _hidden_error_at_a(run: Run, l: int) -> Array:
    return equations.hidden_error(run.net.w[l + 1], run.delta[l + 1], run.net.sigma[l].prime(run.a[l]))


def _without_transpose(run: Run, l: int) -> Array:
    w = run.net.w[l + 1]
    square = w.shape[0] == w.shape[1]
    return equations.hidden_error(w.T if square else w, run.delta[l + 1], run.prime(l))


def _through_updated_weights(run: Run, l: int) -> Array:
    updated = run.net.w[l + 1] - 1.0 * run.gradient.w[l + 1]  # one step of learning rate 1
    return equations.hidden_error(updated, run.delta[l + 1], run.prime(l))


def _bias_over_neurons(run: Run, l: int) -> Array:
    mean = bias_gradient(run, l)
    return np.full_like(mean, mean.sum())


def _weight_with_next_error(run: Run, l: int) -> Array:
    fits = l < run.net.L and run.net.sizes[l + 1] == run.net.sizes[l]
    return equations.weight_gradient(run.delta[l + 1 if fits else l], run.a[l - 1])


def _weight_exchanged(run: Run, l: int) -> Array:
    return equations.weight_gradient(run.a[l - 1], run.delta[l]).reshape(run.net.w[l].shape)


def _scaled(step: Step, factor: Callable[[Run, int], float]) -> Step:
    """The step with its result multiplied by a number."""
    return lambda run, l: step(run, l) * factor(run, l)


def _both_gradients(factor: Callable[[Run, int], float]) -> dict[str, Step]:
    return {name: _scaled(RIGHT[name], factor) for name in ("bias_gradient", "weight_gradient")}


def _running_totals(run: Run, l: int) -> Array:
    """δ^l times the number of running totals that each example is in: m, m − 1, …, 1."""
    return run.delta[l] * np.arange(run.m, 0, -1)


@dataclass(frozen=True)
class Mistake:
    """One wrong backpropagation.

    name       how the catalogue calls it
    title      the same in a few words, for a list
    sentence   what is wrong
    where      the equation and the line of its proof that it departs from
    steps      the steps that it puts in place of the right ones
    """

    name: str
    title: str
    sentence: str
    where: str
    steps: dict[str, Step] = field(repr=False, compare=False)

    def gradient(self, net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> Parameters:
        """The wrong gradient; x is (n_0, m), y (n_L, m). Raises as `equations.backprop` does."""
        return gradient_with(self.steps, net, x, y, cost)


# Wrong answers by title: what is wrong, where to look, and the functions that answer so, or the wrong steps.
Wrong = Mapping[str, tuple[str, str, *tuple[Any, ...]]]


def one_each(wrong: Wrong) -> list[tuple[Mistake, Any]]:
    """Each answer with its mistake, which only an exercise knows."""
    return [
        (Mistake(title, title, sentence, where, {}), answer)
        for title, (sentence, where, *answers) in wrong.items()
        for answer in answers
    ]


_CATALOGUE: dict[str, tuple[str, str, str, dict[str, Step]]] = {
    "no_sigma_prime_at_output": (
        "σ′ left out at the output",
        "The error of the output layer is ∇_a C alone; the factor σ′(z^L) is missing.",
        "equation (1), the last line of its proof: ∂a^L_j/∂z^L_j is σ′(z^L_j), and it is not 1",
        {"output_error": Run.cost_slope},
    ),
    "no_sigma_prime_in_hidden": (
        "σ′ left out in the hidden layers",
        "The errors that come back through the weights are not multiplied by σ′(z^l).",
        "equation (2), the line that expands z^{l+1}_k: its derivative by z^l_j is w^{l+1}_kj σ′(z^l_j)",
        {"hidden_error": Run.back},
    ),
    "sigma_prime_of_a": (
        "σ′ taken of a",
        "σ′ is evaluated at the activation a; it belongs at the pre-activation z.",
        "equations (1) and (2), the line where a = σ(z) is differentiated by z: the slope is σ′(z)",
        {"output_error": _output_error_at_a, "hidden_error": _hidden_error_at_a},
    ),
    "sigma_for_sigma_prime": (
        "σ in place of σ′ in the hidden layers",
        "The errors that come back through the weights are multiplied by σ(z^l), not by its derivative.",
        "equation (2), the line that expands z^{l+1}_k: σ(z^l_j) has to be differentiated",
        {"hidden_error": lambda run, l: run.back(l) * run.a[l]},
    ),
    "transpose_forgotten": (
        "the transpose forgotten",
        "Where w^{l+1} is square, the errors come back through w^{l+1} and not through its transpose.",
        "equation (2), the last line of its proof: Σ_k w^{l+1}_kj δ^{l+1}_k runs down column j of w^{l+1}, "
        "which is row j of the transpose",
        {"hidden_error": _without_transpose},
    ),
    "updated_weights": (
        "errors passed back through updated weights",
        "w^{l+1} has taken its step (learning rate 1) before the error of layer l is computed from it.",
        "equation (2), the line that expands z^{l+1}_k: w^{l+1} is the one that the forward pass used",
        {"hidden_error": _through_updated_weights},
    ),
    "batch_summed": (
        "the batch summed",
        "The gradients of the m examples are added up; they have to be averaged.",
        "equations (3) and (4): the cost of a batch is a mean, C = (1/m) Σ C_x, and so is its gradient",
        _both_gradients(lambda run, l: run.m),
    ),
    "averaged_twice": (
        "1/m applied twice",
        "The sum over the m examples is divided by m twice.",
        "equations (3) and (4): there is one factor 1/m in C = (1/m) Σ C_x; δ stays per example",
        _both_gradients(lambda run, l: 1 / run.m),
    ),
    "bias_summed_over_neurons": (
        "the bias gradient summed over the neurons",
        "Every bias of a layer gets the sum of the errors of all neurons of that layer.",
        "equation (3), the line where the sum over i collapses: only z^l_j depends on b^l_j",
        {"bias_gradient": _bias_over_neurons},
    ),
    "bias_left_zero": (
        "the bias gradient left unwritten",
        "The gradient by the biases is zero in every layer, so that no bias ever learns.",
        "equation (3), the last line of its proof: ∂z^l_j/∂b^l_j is 1, and so the gradient is δ^l",
        {"bias_gradient": lambda run, l: np.zeros((run.net.sizes[l], 1))},
    ),
    "wrong_layer": (
        "δ of the wrong layer in (4)",
        "Where layers l and l+1 are of equal size, the gradient by w^l is made with δ^{l+1}.",
        "equation (4), the first line of its proof: w^l acts through z^l, whose slope is δ^l",
        {"weight_gradient": _weight_with_next_error},
    ),
    "sign_flipped": (
        "the sign flipped",
        "The gradient points the other way, as it does with target minus answer.",
        "equation (1), its first factor: ∂C_x/∂a^L_j = a^L_j − y_j for the quadratic cost",
        {"output_error": _scaled(output_error, lambda run, l: -1.0)},
    ),
    "factor_two": (
        "½ forgotten",
        "Everything is twice too large, as if the cost had no factor ½.",
        "equation (1), its first factor: the derivative of ½ (a − y)² is a − y",
        {"output_error": _scaled(output_error, lambda run, l: 2.0)},
    ),
    "indices_exchanged": (
        "(4) with j and k exchanged",
        "The product is a^{l−1} (δ^l)ᵀ, filled into the shape of w^l: j and k have changed places.",
        "equation (4), the last line of its proof: row j belongs to δ^l_j, column k to a^{l−1}_k",
        {"weight_gradient": _weight_exchanged},
    ),
    "first_layer_zero": (
        "the first layer left zero",
        "The gradient of layer 1 is zero: the loop over the layers ends one layer too early.",
        "equations (3) and (4), which hold for l = L, …, 1: layer 1 has weights and biases as well",
        _both_gradients(lambda run, l: float(l > 1)),
    ),
    "not_reset": (
        "an accumulating gradient not reset",
        "The sum for one example begins with that of the examples before it: the first of m examples "
        "counts m times, the last one once.",
        "equations (3) and (4): in C = (1/m) Σ C_x every example counts once",
        {
            "bias_gradient": lambda run, l: equations.bias_gradient(_running_totals(run, l)),
            "weight_gradient": lambda run, l: equations.weight_gradient(
                _running_totals(run, l), run.a[l - 1]
            ),
        },
    ),
}

MISTAKES = {name: Mistake(name, *words) for name, words in _CATALOGUE.items()}


def diagnosing_net() -> tuple[Network, Array, Array, str]:
    """(net, x, y, cost) on which every mistake of the catalogue shows, each in a way of its own.

    A 3-4-4-2 net, tanh and sigmoid, with five examples: two neighboring layers are equal in size, so that a
    forgotten transpose fits, and there are more than two examples, so that sums, means and doubles differ.
    """
    net = Network([("identity", 3), ("tanh", 4), ("tanh", 4), ("sigmoid", 2)], seed=5)
    rng = np.random.default_rng(5)
    for l in range(1, net.L + 1):
        net.b[l][...] = 0.5 * rng.standard_normal(net.b[l].shape)
    return net, rng.standard_normal((3, 5)), rng.random((2, 5)), "quadratic"
