"""Training at speed: the same four equations, with as few calls and as few new arrays as numpy allows.

`equations` is there to be read; this is there to be fast, and the tests hold it equal to the equations on
every net they have. Nothing is checked here. What makes it fast:

- The biases stand beside the weights, [w^l b^l], and a 1 below the activations. One product then gives
  z^l = [w^l b^l] (a^{l−1}, 1), and one gives (3) and (4) together: δ^l (a^{l−1}, 1)ᵀ.
- δ^L is multiplied by η/m before it goes back, so that what (3) and (4) give is the step itself.
- The arrays are made once, for all batches of one size, and every result is written into one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backprop_lib.activations import Activation, Softmax
from backprop_lib.arguments import Array
from backprop_lib.costs import Cost
from backprop_lib.network import Network, Parameters

Layers = dict[int, Array]
Into = Callable[[Array, Array, Array], None]

BLOCK = 1024  # examples at a time: their z, a and δ stay in a cache, and no memory grows with the set
LARGEST = 65_536  # numbers of a block of examples that is copied at a time: what a processor's cache holds
# Arrays of no dimension: a Python number is converted at every call, which takes as long as the sum itself.
ZERO, ONE, TWO, FOUR, MINUS_ONE = (np.array(number) for number in (0.0, 1.0, 2.0, 4.0, -1.0))

# glibc hands every block past 128 KiB back to the system when it is freed, and pays a page fault for every
# 4 KiB when it needs one again, until it has seen a larger block freed. Now it has: up to twice as fast.
np.empty(2**19)


# σ(z) into a and σ′(z) into prime; z is used up. Activations that are not in the table go the plain way.


def _slope_from_e(e: Array, scratch: Array) -> None:
    """e becomes e / (1 + e)², which is σ′ for e = e^−|z|."""
    np.add(e, TWO, scratch)
    scratch *= e
    scratch += ONE
    e /= scratch


def _sigmoid(z: Array, a: Array, prime: Array) -> None:
    np.copysign(z, MINUS_ONE, prime)
    np.exp(prime, prime)  # e = e^−|z|
    np.greater_equal(z, ZERO, a)
    np.maximum(a, prime, out=a)  # 1, or e where z < 0
    np.add(prime, ONE, z)
    a /= z
    _slope_from_e(prime, z)


def _tanh(z: Array, a: Array, prime: Array) -> None:
    np.tanh(z, a)
    np.copysign(z, MINUS_ONE, prime)
    prime *= TWO
    np.exp(prime, prime)  # e = e^−2|z|
    _slope_from_e(prime, z)
    prime *= FOUR


def _relu(z: Array, a: Array, prime: Array) -> None:
    np.maximum(z, ZERO, out=a)
    np.greater(z, ZERO, prime)


def _identity(z: Array, a: Array, prime: Array) -> None:
    a[...] = z
    prime.fill(1.0)


def _softmax(z: Array, a: Array, prime: Array) -> None:
    np.subtract(z, np.maximum.reduce(z, axis=0), a)
    np.exp(a, a)
    a /= np.add.reduce(a, axis=0)


INTO: dict[str, Into] = {
    "identity": _identity,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "softmax": _softmax,
}


def into(sigma: Activation) -> Into:
    """σ and σ′ of z into two arrays; z is used up. What has no fast way has that of its own two rules."""

    def plain(z: Array, a: Array, prime: Array) -> None:
        a[...] = sigma(z)
        prime[...] = sigma.prime(z)

    return INTO.get(sigma.name, plain)


def errors(net: Network, x: Array, y: Array, cost: Cost) -> tuple[Array, Layers, Layers]:
    """z^L, and a and delta by layer, of the examples x (n_0, m), y (n_L, m), as `equations` gives them."""
    a: Layers = {0: x}
    prime: Layers = {}
    for l in range(1, net.L + 1):
        z = net.w[l].dot(a[l - 1])
        z += net.b[l]
        if l == net.L:
            z_L = z.copy()
        a[l], prime[l] = np.empty_like(z), np.empty_like(z)
        into(net.sigma[l])(z, a[l], prime[l])
    delta = {net.L: _output_error(a[net.L], y, prime[net.L], net.sigma[net.L], cost)}
    for l in range(net.L - 1, 0, -1):
        delta[l] = net.w[l + 1].T.dot(delta[l + 1])
        delta[l] *= prime[l]
    return z_L, a, delta


def gradient(net: Network, x: Array, y: Array, cost: Cost) -> Parameters:
    """∂C/∂w^l and ∂C/∂b^l of the mean cost of the examples, as `equations.backprop` gives them."""
    result, m = Parameters(net.sizes), x.shape[1]
    for first in range(0, m, BLOCK):
        block = slice(first, first + BLOCK)
        _, a, delta = errors(net, x[:, block], y[:, block], cost)
        for l, delta_l in delta.items():
            result.b[l][...] += np.add.reduce(delta_l, axis=1, keepdims=True)
            result.w[l][...] += delta_l.dot(a[l - 1].T)
    result.theta /= m
    return result


def _output_error(a: Array, y: Array, prime: Array, sigma: Activation, cost: Cost) -> Array:
    """Equation (1) in the form that fits the output layer, in an array of its own."""
    if cost.from_z is not None:
        return a - y
    delta: Array = cost.derivative(a, y)
    if isinstance(sigma, Softmax):
        # Jᵀ ∇_a C_x without J: a_k (∂C_x/∂a_k − Σ_j a_j ∂C_x/∂a_j)
        delta -= (a * delta).sum(axis=0)
        delta *= a
        return delta
    delta *= prime
    return delta


@dataclass(frozen=True)
class _Layer:
    """The arrays of one layer for batches of one size; `with_one` is a, with a row of ones below it."""

    into: Into
    z: Array
    with_one: Array
    a: Array
    prime: Array
    delta: Array


@dataclass(frozen=True)
class _Arrays:
    """The layers of a net for batches of one size, and η/m."""

    layers: list[_Layer]
    with_ones: list[Array]
    share: Array


class Steps:
    """Steps of gradient descent, θ ← θ − η ∂C/∂θ, for one net and one cost, a mini-batch at a time."""

    def __init__(self, net: Network, cost: Cost, learning_rate: float, batch_size: int) -> None:
        self._net, self._cost, self._batch_size = net, cost, batch_size
        self._learning_rate = learning_rate
        self._theta, self._wb = self._side_by_side(net.sizes)
        self._step, self._step_wb = self._side_by_side(net.sizes)
        self._arrays: dict[int, _Arrays] = {}  # by the number of examples in a batch
        batches = max(1, LARGEST // (batch_size * (net.sizes[0] + 1)))
        self._rows = np.ones((batches * batch_size, net.sizes[0] + 1))

    @staticmethod
    def _side_by_side(sizes: tuple[int, ...]) -> tuple[Array, list[Array]]:
        """A flat vector, and [w^l b^l], (n_l, n_{l−1} + 1), for l = 1 … L as views into it."""
        ends = np.cumsum([n * (inputs + 1) for inputs, n in pairwise(sizes)])
        theta = np.zeros(ends[-1])
        parts = np.split(theta, ends[:-1])
        return theta, [part.reshape(n, -1) for part, n in zip(parts, sizes[1:], strict=True)]

    def epoch(self, x: Array, y: Array, order: NDArray[np.intp]) -> None:
        """One step for each mini-batch of the examples (in rows), in this order; the net is changed."""
        for l, wb in enumerate(self._wb, 1):
            wb[:, :-1], wb[:, -1:] = self._net.w[l], self._net.b[l]
        for first in range(0, len(order), len(self._rows)):
            block = order[first : first + len(self._rows)]
            self._rows[: len(block), :-1] = x.take(block, axis=0)
            targets = y.take(block, axis=0)
            for start in range(0, len(block), self._batch_size):
                end = min(start + self._batch_size, len(block))
                self._take(self._rows[start:end].T, targets[start:end].T)
        for l, wb in enumerate(self._wb, 1):
            self._net.w[l][...], self._net.b[l][...] = wb[:, :-1], wb[:, -1:]

    def _take(self, x: Array, y: Array) -> None:
        """One step; x is (n_0 + 1, m), the last row all ones."""
        m = x.shape[1]
        arrays = self._arrays.get(m) or self._arrays_for(m)
        layers = arrays.layers
        before = [x, *arrays.with_ones]
        for layer, wb, below in zip(layers, self._wb, before, strict=False):
            np.dot(wb, below, layer.z)
            layer.into(layer.z, layer.a, layer.prime)
        last = layers[-1]
        delta = _output_error(last.a, y, last.prime, self._net.sigma[self._net.L], self._cost)
        delta *= arrays.share
        for at in range(len(layers) - 1, -1, -1):
            np.dot(delta, before[at].T, self._step_wb[at])
            if at:
                below_layer = layers[at - 1]
                delta = np.dot(self._wb[at][:, :-1].T, delta, below_layer.delta)
                delta *= below_layer.prime
        self._theta -= self._step

    def _arrays_for(self, m: int) -> _Arrays:
        layers = []
        for l, n in enumerate(self._net.sizes[1:], 1):
            sigma, with_one = self._net.sigma[l], np.ones((n + 1, m))
            z, prime, delta = np.empty((3, n, m))
            layers.append(_Layer(into(sigma), z, with_one, with_one[:-1], prime, delta))
        share = np.array(self._learning_rate / m)
        self._arrays[m] = _Arrays(layers, [layer.with_one for layer in layers], share)
        return self._arrays[m]
