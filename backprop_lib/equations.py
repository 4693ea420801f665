"""Backpropagation: the forward pass, the four equations, and the algorithm that joins them.

One example per column: x is (n_0, m), y is (n_L, m), and z[l], a[l], delta[l] are (n_l, m) for m examples.
The errors delta stay per example, δ^l_j = ∂C_x/∂z^l_j. Only the gradients (3) and (4) average over the m
examples, because the cost of a set of examples is the mean of their costs.

This is the book's own form. What trains at speed is in `fast_step`, and is tested equal to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array, columns
from backprop_lib.costs import Cost
from backprop_lib.network import Network, Parameters, checked_examples, checked_network

Layers = dict[int, Array]  # an array for each layer


def output_error(cost_gradient: Array, sigma_prime: Array) -> Array:
    """Equation (1): δ^L = ∇_a C_x ⊙ σ′(z^L).

    cost_gradient and sigma_prime, both (n_L, m), hold ∂C_x/∂a^L_j and σ′(z^L_j); the result is (n_L, m).
    """
    return cost_gradient * sigma_prime


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
    delta: Array = (w_next.T @ delta_next) * sigma_prime
    return delta


def bias_gradient(delta: Array) -> Array:
    """Equation (3): ∂C_x/∂b^l = δ^l, averaged over the examples.

    delta is (n_l, m); the result is (n_l, 1).
    """
    gradient: Array = delta.mean(axis=1, keepdims=True)
    return gradient


def weight_gradient(delta: Array, a_previous: Array) -> Array:
    """Equation (4): ∂C_x/∂w^l = δ^l (a^{l−1})ᵀ, averaged over the examples.

    delta is (n_l, m), a_previous (n_{l−1}, m); the result is (n_l, n_{l−1}).
    """
    m = delta.shape[1]
    gradient: Array = delta @ a_previous.T / m
    return gradient


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
    w, b, sigma = checked_network(net).w, net.b, net.sigma
    z, a = {}, {0: columns("x", x, net.sizes[0])}
    for l in range(1, net.L + 1):
        z[l] = w[l] @ a[l - 1] + b[l]
        a[l] = sigma[l](z[l])
    return z, a


def backprop(net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> Backpropagation:
    """The gradient of the mean cost of m examples by all weights and biases, by equations (1) to (4).

    x is (n_0, m), y (n_L, m). Nothing handed in is changed. Raises ValueError or TypeError if x or y does
    not fit the net, or the cost its output layer.
    """
    x, y, rule = checked_examples(net, x, y, cost)
    w, sigma, L = net.w, net.sigma, net.L
    z, a = feed_forward(net, x)
    delta = {L: error_of_the_outputs(net, z[L], a[L], y, rule)}
    for l in range(L - 1, 0, -1):
        delta[l] = hidden_error(w[l + 1], delta[l + 1], sigma[l].prime(z[l]))
    gradient = Parameters(net.sizes)
    for l in range(L, 0, -1):
        gradient.b[l][...] = bias_gradient(delta[l])
        gradient.w[l][...] = weight_gradient(delta[l], a[l - 1])
    return Backpropagation(z, a, delta, gradient)


def error_of_the_outputs(net: Network, z_L: Array, a_L: Array, y: Array, cost: Cost) -> Array:
    """Equation (1) in the form that fits the output layer."""
    if cost.from_z is not None:
        return a_L - y  # a cross-entropy behind its own activation: σ′, or J, has cancelled
    sigma = net.sigma[net.L]
    if isinstance(sigma, Softmax):
        return output_error_through_jacobian(cost.prime(a_L, y), sigma.jacobian(z_L))
    return output_error(cost.prime(a_L, y), sigma.prime(z_L))


def cost_per_example(net: Network, z_L: Array, a_L: Array, y: Array, cost: Cost) -> Array:
    """C_x of every example, shape (m,), from the output layer; a cross-entropy is computed from z^L."""
    costs: Array = cost.value(a_L, y) if cost.from_z is None else cost.from_z(z_L, y)
    return costs


def cost_of(net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> float:
    """C = (1/m) Σ_x C_x: the mean cost of m examples, x (n_0, m) and y (n_L, m).

    Raises ValueError or TypeError if x or y does not fit the net, or the cost its output layer.
    """
    x, y, rule = checked_examples(net, x, y, cost)
    z, a = feed_forward(net, x)
    return float(cost_per_example(net, z[net.L], a[net.L], y, rule).mean())
