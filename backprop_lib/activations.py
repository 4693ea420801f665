"""Activation functions: a table of rules, the value σ(z) beside the derivative σ′(z).

    name       σ(z)                 σ′(z)
    identity   z                    1
    sigmoid    1 / (1 + e^−z)       σ(z) (1 − σ(z))
    tanh       tanh z               1 − tanh² z
    relu       max(0, z)            1 if z > 0 else 0
    softmax    e^z_j / Σ_k e^z_k    (a matrix: ∂a_j/∂z_k = a_j (1[j = k] − a_k))

The first four work neuron by neuron. Softmax does not: every output depends on every z of its
layer, so it has a Jacobian in place of σ′. Everything is finite at z = ±1000, and everything but
the derivatives accepts complex z as well, which the complex step needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_lib.arguments import Array, one_of


@dataclass(frozen=True)
class Activation:
    """σ as an object: `sigma(z)` is the value, `sigma.prime(z)` the derivative at z (not at a).

    Both take and return an array of any shape, element by element. `value_and_prime(z)` is the pair
    (σ(z), σ′(z)), which costs little more than σ(z) alone.
    """

    name: str
    value: Callable[[Any], Any]
    value_and_prime: Callable[[Array], tuple[Array, Array]]

    def __call__(self, z: Any) -> Any:
        """σ(z), of the shape of z."""
        return self.value(z)

    def prime(self, z: Array) -> Array:
        """σ′(z), of the shape of z."""
        return self.value_and_prime(np.asarray(z, dtype=np.float64))[1]


@dataclass(frozen=True)
class Softmax(Activation):
    """a_j = e^z_j / Σ_k e^z_k along the first axis: one distribution per column."""

    def prime(self, z: Array) -> Array:
        """Refused: softmax has no σ′, because a_j depends on every z_k."""
        raise ValueError("softmax has no derivative neuron by neuron; use jacobian(z), an (m, n, n) array")

    def jacobian(self, z: Array) -> Array:
        """J[i, j, k] = ∂a_j/∂z_k = a_j (1[j = k] − a_k) for example i; z of shape (n, m), J (m, n, n)."""
        a = self(np.asarray(z, dtype=np.float64)).T
        jacobian: Array = a[:, :, None] * (np.eye(a.shape[1]) - a[:, None, :])
        return jacobian


# Arrays of no dimension: a Python float is converted at every call, which takes as long as the product.
HALF, ONE = np.array(0.5), np.array(1.0)


def _identity(z: Any) -> Any:
    return np.array(z)


def _identity_with_prime(z: Array) -> tuple[Array, Array]:
    return np.array(z), np.ones_like(z)


def _sigmoid(z: Any) -> Any:
    # ½ (1 + tanh(z/2)) is 1 / (1 + e^−z) rearranged: as fast, and nothing in it can overflow.
    a = HALF * z
    a = np.tanh(a, a if a.ndim else None)
    a *= HALF
    a += HALF
    return a


def _sigmoid_with_prime(z: Array) -> tuple[Array, Array]:
    a = _sigmoid(z)
    prime = ONE - a
    prime *= a
    return a, prime


def _tanh(z: Any) -> Any:
    return np.tanh(z)


def _tanh_with_prime(z: Array) -> tuple[Array, Array]:
    a = np.tanh(z)
    prime = a * a
    prime = np.subtract(ONE, prime, prime if prime.ndim else None)
    return a, prime


def _relu(z: Any) -> Any:
    z = np.asarray(z)
    return np.where(z.real > 0, z, 0.0) if np.iscomplexobj(z) else np.maximum(z, 0.0)


def _relu_with_prime(z: Array) -> tuple[Array, Array]:
    return np.maximum(z, 0.0), np.asarray(np.greater(z, 0.0), dtype=np.float64)


def _softmax(z: Any) -> NDArray[Any]:
    z = np.asarray(z)
    exponentials: NDArray[Any] = np.exp(z - z.real.max(axis=0))  # shifting all z of a column changes no a
    exponentials /= exponentials.sum(axis=0)
    return exponentials


def _softmax_with_prime(z: Array) -> tuple[Array, Array]:
    return _softmax(z), np.empty(0)  # no σ′: see Softmax.prime


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("identity", _identity, _identity_with_prime),
    "sigmoid": Activation("sigmoid", _sigmoid, _sigmoid_with_prime),
    "tanh": Activation("tanh", _tanh, _tanh_with_prime),
    "relu": Activation("relu", _relu, _relu_with_prime),
    "softmax": Softmax("softmax", _softmax, _softmax_with_prime),
}


def activation(name: str) -> Activation:
    """The activation function of that name; ValueError if there is none.

    >>> float(activation("sigmoid")(0.0)), float(activation("sigmoid").prime(0.0))
    (0.5, 0.25)
    """
    return ACTIVATIONS[one_of("activation", name, ACTIVATIONS)]
