"""A step of training at speed: equations (1) to (4) with the same results and less work between them.

`equations` is there to be read. This does the same with σ and σ′ computed together, with the arrays of the
gradient used again in every step, and with the calls of numpy that cost least for a net of a few neurons;
the tests hold it equal to the equations on every net they have. Nothing is checked here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backprop_lib.activations import Softmax
from backprop_lib.arguments import Array
from backprop_lib.costs import Cost
from backprop_lib.network import Network, Parameters

Layers = dict[int, Array]

# glibc hands every block past 128 KiB back to the system when it is freed, and pays a page fault for every
# 4 KiB when it needs one again, until it has seen a larger block freed. Now it has: up to twice as fast.
np.empty(2**19)


@lru_cache
def _number(m: int) -> Array:
    """m as an array of no dimension. To divide by an int takes twice as long, for it is converted anew."""
    return np.array(float(m))


def errors(net: Network, x: Array, y: Array, cost: Cost) -> tuple[Layers, Layers, Layers]:
    """z, a and delta by layer: the forward pass, then (1) at the output and (2) for l = L−1, …, 1."""
    L, w, b, sigma = net.L, net.w, net.b, net.sigma
    z: Layers = {}
    a: Layers = {0: x}
    sigma_prime: Layers = {}
    for l in range(1, L + 1):
        z[l] = w[l].dot(a[l - 1])
        z[l] += b[l]
        a[l], sigma_prime[l] = sigma[l].value_and_prime(z[l])
    if cost.from_z is not None:
        delta = {L: a[L] - y}
    else:
        slope = cost.derivative(a[L], y)
        output = sigma[L]
        if isinstance(output, Softmax):
            # Jᵀ ∇_a C_x without J: a_k (∂C_x/∂a_k − Σ_j a_j ∂C_x/∂a_j)
            delta = {L: a[L] * (slope - (a[L] * slope).sum(axis=0))}
        else:
            slope *= sigma_prime[L]
            delta = {L: slope}
    for l in range(L - 1, 0, -1):
        delta[l] = w[l + 1].T.dot(delta[l + 1])
        delta[l] *= sigma_prime[l]
    return z, a, delta


def gradient_into(gradient: Parameters, a: Layers, delta: Layers) -> None:
    """(3) and (4) for every layer, written into `gradient`.

    The 1/m of the mean in (4) goes to δ, which has far fewer numbers than the result.
    """
    for l, delta_l in delta.items():
        m = _number(delta_l.shape[1])
        np.divide(np.add.reduce(delta_l, axis=1, keepdims=True), m, gradient.b[l])
        np.dot(delta_l / m, a[l - 1].T, gradient.w[l])


def epoch_of_steps(
    net: Network,
    x: Array,
    y: Array,
    cost: Cost,
    learning_rate: float,
    batch_size: int,
    order: NDArray[np.intp],
    gradient: Parameters,
) -> None:
    """A step θ ← θ − η ∂C/∂θ for each mini-batch of the examples (in rows), taken in this order.

    Nothing is recorded; `gradient` holds the last step afterwards.
    """
    theta, step, eta = net.theta, gradient.theta, np.array(learning_rate)
    for first in range(0, len(order), batch_size):
        batch = order[first : first + batch_size]
        _, a, delta = errors(net, x.take(batch, axis=0).T, y.take(batch, axis=0).T, cost)
        gradient_into(gradient, a, delta)
        step *= eta  # in place: a product as large as the net would be a new block of memory
        theta -= step
