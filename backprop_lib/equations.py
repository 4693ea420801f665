"""Backpropagation: the forward pass, the four equations, and the algorithm that joins them.

One example per column: x is (n_0, m), y is (n_L, m), and z[l], a[l], delta[l] are (n_l, m) for m examples.
The errors delta stay per example, δ^l_j = ∂C_x/∂z^l_j. Only the gradients (3) and (4) average over the m
examples, because the cost of a set of examples is the mean of their costs.

A.dot(B) is the matrix product A @ B. For a net of a few neurons it takes half the time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array, columns, same_count
from backprop_lib.costs import Cost
from backprop_lib.costs import cost as cost_named
from backprop_lib.network import Network, Parameters, checked_network

Layers = dict[int, Array]  # an array for each layer

# glibc hands every block past 128 KiB back to the system when it is freed, and pays a page fault for every
# 4 KiB when it needs one again, until it has seen a larger block freed. Now it has: up to twice as fast.
np.empty(2**19)


def output_error(cost_gradient: Array, sigma_prime: Array) -> Array:
    """Equation (1): δ^L = ∇_a C_x ⊙ σ′(z^L).

    cost_gradient and sigma_prime, both (n_L, m), hold ∂C_x/∂a^L_j and σ′(z^L_j); the result is (n_L, m).
    """
    delta: Array = cost_gradient * sigma_prime
    return delta


def output_error_through_jacobian(cost_gradient: Array, jacobian: Array) -> Array:
    """Equation (1) when every output depends on every z: δ^L_k = Σ_j J_jk ∂C_x/∂a^L_j, or δ^L = Jᵀ ∇_a C_x.

    cost_gradient is (n_L, m); jacobian (m, n_L, n_L) holds J[i, j, k] = ∂a^L_j/∂z^L_k for example i.
    """
    delta: Array = np.einsum("ijk,ji->ki", jacobian, cost_gradient)
    return delta


def hidden_error(w_next: Array, delta_next: Array, sigma_prime: Array) -> Array:
    """Equation (2): δ^l = (w^{l+1})ᵀ δ^{l+1} ⊙ σ′(z^l).

    w_next is (n_{l+1}, n_l), delta_next (n_{l+1}, m), sigma_prime (n_l, m); the result is (n_l, m).
    """
    delta: Array = w_next.T.dot(delta_next) * sigma_prime
    return delta


def bias_gradient(delta: Array, out: Array | None = None) -> Array:
    """Equation (3): ∂C_x/∂b^l = δ^l, averaged over the examples.

    delta is (n_l, m); the result, written into `out` if there is one, is (n_l, 1).
    """
    return np.divide(np.add.reduce(delta, axis=1, keepdims=True), _number(delta.shape[1]), out)


def weight_gradient(delta: Array, a_previous: Array, out: Array | None = None) -> Array:
    """Equation (4): ∂C_x/∂w^l = δ^l (a^{l−1})ᵀ, averaged over the examples.

    delta is (n_l, m), a_previous (n_{l−1}, m); the result, written into `out` if there is one, is
    (n_l, n_{l−1}). The 1/m of the mean goes to δ, which has far fewer numbers than the result.
    """
    return np.dot(delta / _number(delta.shape[1]), a_previous.T, out)


@lru_cache
def _number(m: int) -> Array:
    """m as an array of no dimension. To divide by an int takes twice as long, for it is converted anew."""
    return np.array(float(m))


class Backpropagation(NamedTuple):
    """All that one run of backpropagation computes, by layer.

    z[l], a[l], delta[l]: (n_l, m), per example; a[0] is x. gradient.w[l], gradient.b[l], gradient.theta:
    the derivatives of the mean cost by every weight and bias, shaped as in the net.
    """

    z: Layers
    a: Layers
    delta: Layers
    gradient: Parameters


def feed_forward(net: Network, x: Array) -> tuple[Layers, Layers]:
    """z^l = w^l a^{l−1} + b^l and a^l = σ(z^l), layer by layer from a^0 = x.

    Returns the dicts z (l = 1 … L) and a (l = 0 … L) of (n_l, m) arrays. Raises ValueError or TypeError
    if x is not an array of finite numbers of shape (n_0, m).
    """
    return _feed_forward(net, columns("x", x, checked_network(net).sizes[0]))


def _feed_forward(net: Network, x: Array, sigma_prime: Layers | None = None) -> tuple[Layers, Layers]:
    """The pass itself; it leaves σ′(z^l) in `sigma_prime` too if asked, which shares work with σ(z^l)."""
    z, a = {}, {0: x}
    for l in range(1, net.L + 1):
        z[l] = net.w[l].dot(a[l - 1])
        z[l] += net.b[l]
        if sigma_prime is None:
            a[l] = net.sigma[l](z[l])
        else:
            a[l], sigma_prime[l] = net.sigma[l].value_and_prime(z[l])
    return z, a


def cost_per_example(net: Network, z_L: Array, a_L: Array, y: Array, cost: Cost) -> Array:
    """C_x of every example, shape (m,), from the output layer; a cross-entropy is computed from z^L."""
    costs: Array = cost.value(a_L, y) if cost.from_z is None else cost.from_z(z_L, y)
    return costs


def cost_of(net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> float:
    """C = (1/m) Σ_x C_x: the mean cost of m examples, x (n_0, m) and y (n_L, m).

    Raises ValueError or TypeError if x or y does not fit the net, or the cost its output layer.
    """
    x, y, rule = _checked(net, x, y, cost)
    z, a = _feed_forward(net, x)
    return float(cost_per_example(net, z[net.L], a[net.L], y, rule).mean())


def backprop(net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> Backpropagation:
    """The gradient of the mean cost of m examples by all weights and biases, by equations (1) to (4).

    x is (n_0, m), y (n_L, m). Nothing handed in is changed. Raises ValueError or TypeError if x or y does
    not fit the net, or the cost its output layer.
    """
    return _backprop(net, *_checked(net, x, y, cost))


def _backprop(net: Network, x: Array, y: Array, cost: Cost) -> Backpropagation:
    """`backprop` of arguments known to be good."""
    z, a, delta = _errors(net, x, y, cost)
    return Backpropagation(z, a, delta, _gradient(a, delta, Parameters(net.sizes)))


def _gradient(a: Layers, delta: Layers, gradient: Parameters) -> Parameters:
    """(3) and (4) for every layer, into a `gradient` that may be used again and again."""
    for l in delta:
        bias_gradient(delta[l], gradient.b[l])
        weight_gradient(delta[l], a[l - 1], gradient.w[l])
    return gradient


def _errors(net: Network, x: Array, y: Array, cost: Cost) -> tuple[Layers, Layers, Layers]:
    """z, a and delta by layer: the forward pass, then (1) at the output and (2) for l = L−1, …, 1."""
    L = net.L
    sigma_prime: Layers = {}
    z, a = _feed_forward(net, x, sigma_prime)
    delta = {L: _output_error(net, z[L], a[L], y, cost, sigma_prime[L])}
    for l in range(L - 1, 0, -1):
        delta[l] = hidden_error(net.w[l + 1], delta[l + 1], sigma_prime[l])
    return z, a, delta


def _output_error(net: Network, z_L: Array, a_L: Array, y: Array, cost: Cost, sigma_prime: Array) -> Array:
    """Equation (1) in the form that fits the output layer."""
    if cost.from_z is not None:
        return a_L - y  # a cross-entropy behind its own activation: σ′, or J, has cancelled
    sigma = net.sigma[net.L]
    if isinstance(sigma, Softmax):
        return output_error_through_jacobian(cost.derivative(a_L, y), sigma.jacobian(z_L))
    return output_error(cost.derivative(a_L, y), sigma_prime)


def _checked(net: Network, x: Array, y: Array, cost: str | Cost) -> tuple[Array, Array, Cost]:
    rule = cost_named(cost)
    rule.check_output(checked_network(net).sigma[net.L].name)
    x, y = columns("x", x, net.sizes[0]), columns("y", y, net.sizes[-1])
    same_count("x", x, "y", y)
    if rule.output == "softmax" and abs(y.sum(axis=0) - 1).max() > 1e-6:
        # δ = a − y is equation (1) only where Σ_j y_j = 1; in general δ_j = a_j Σ_k y_k − y_j.
        raise ValueError("y: cross_entropy expects targets that sum to 1 in every column")
    return x, y, rule
