"""Activation functions: a table of rules, the value σ(z) beside the derivative σ′(z).

    name       σ(z)                 σ′(z)                              computed here with e = e^−|z| as
    identity   z                    1
    sigmoid    1 / (1 + e^−z)       σ(z) (1 − σ(z))                    (1 or e) / (1 + e) and e / (1 + e)²
    tanh       tanh z               1 − tanh² z = 4 σ′(2z)             4e² / (1 + e²)²
    relu       max(0, z)            1 if z > 0 else 0
    softmax    e^z_j / Σ_k e^z_k    (a matrix: ∂a_j/∂z_k = a_j (1[j = k] − a_k))

Softmax does not work neuron by neuron: every output depends on every z of its layer, so it has a Jacobian
in place of σ′. Everything is finite at z = ±1000. σ and σ′ are right to 4e-16 of themselves for |z| up to
700: e^−|z| cannot overflow, and nothing cancels, as it does in 1 − σ(z) where σ(z) is nearly 1. All of it
accepts complex z as well, which the complex step needs: `complex_sigmoid` has σ for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_lib import complex_sigmoid
from backprop_lib.arguments import Array, one_of, unmasked

FAR = 354.0  # from here on e^−2|z| is so small that it has fewer digits than 4 e^−2|z|
E_TO_MINUS_698 = 7.285370309915161e-304  # which happens to be right to 1.6e-18 of itself


@dataclass(frozen=True)
class Activation:
    """σ as an object: `sigma(z)` is the value, `sigma.prime(z)` the derivative at z (not at a).

    Both take and return an array of any shape, real or complex, element by element. `smooth` is False for
    a σ with a kink at z = 0, where σ′ jumps and no difference can measure it.
    """

    name: str
    value: Callable[[Any], Any]
    slope: Callable[[Any], Any] | None = None
    smooth: bool = True

    def __call__(self, z: Any) -> Any:
        """σ(z), of the shape of z."""
        return self.value(_numbers(z))

    def prime(self, z: Any) -> Any:
        """σ′(z), of the shape of z."""
        if self.slope is None:
            raise ValueError(
                f"{self.name} has no derivative neuron by neuron; use jacobian(z), an (m, n, n) array"
            )
        return self.slope(_numbers(z))


@dataclass(frozen=True)
class Softmax(Activation):
    """a_j = e^z_j / Σ_k e^z_k along the first axis: one distribution per column, and no σ′ (ValueError)."""

    def jacobian(self, z: Array) -> Array:
        """J[i, j, k] = ∂a_j/∂z_k = a_j (1[j = k] − a_k) for example i; z of shape (n, m), J (m, n, n)."""
        a = self(z).T
        jacobian: Array = -a[:, :, None] * a[:, None, :]
        j = np.arange(a.shape[1])  # 1 − a_j is the sum of the others, in which no digit is lost
        jacobian[:, j, j] = a * (a @ (1 - np.eye(a.shape[1])))
        return jacobian


def _numbers(z: Any) -> Any:
    """z as an array of doubles, or of complex numbers made of two; TypeError for what is no number."""
    z = np.asarray(unmasked("z", z))
    if z.dtype.kind not in "fiubc":
        raise TypeError(f"z: expected an array of numbers, got {z.dtype}")
    return np.asarray(z, np.complex128 if z.dtype.kind == "c" else np.float64)


def _e_of_minus_size(z: Any) -> Any:
    """e = e^−|z|, which cannot overflow."""
    return np.exp(-np.abs(z))


def _slope_from_e(e: Any) -> Any:
    """e / (1 + e)², which is σ′(z) for e = e^−|z|: nothing in it cancels, whatever z is.

    As 1 + e (2 + e) the square has half the round-off of (1 + e)(1 + e): 3.4e-16 in place of 5.2e-16.
    """
    return e / (1 + e * (2 + e))


def _identity(z: Any) -> Any:
    return np.array(z)


def _identity_prime(z: Any) -> Any:
    return np.ones_like(z)


def _sigmoid(z: Any) -> Any:
    if np.iscomplexobj(z):
        return complex_sigmoid.sigmoid(z)
    e = _e_of_minus_size(z)
    return np.maximum(e, np.asarray(z) >= 0) / (1 + e)  # 1, or e where z < 0


def _sigmoid_prime(z: Any) -> Any:
    if np.iscomplexobj(z):
        return complex_sigmoid.sigmoid_prime(z)
    return _slope_from_e(_e_of_minus_size(z))


def _tanh(z: Any) -> Any:
    return complex_sigmoid.tanh(z) if np.iscomplexobj(z) else np.tanh(z)


def _tanh_prime(z: Any) -> Any:
    with np.errstate(over="ignore"):  # 2z may be infinite, and e is 0 then
        if np.iscomplexobj(z):
            slope = 4 * complex_sigmoid.sigmoid_prime(2 * z)
        else:
            slope = 4 * _slope_from_e(_e_of_minus_size(2 * z))
        far = np.abs(np.real(z)) > FAR
        return np.where(far, _tanh_prime_far_out(z), slope) if far.any() else slope


def _tanh_prime_far_out(z: Any) -> Any:
    """4 e^−2|x| (cos 2y ∓ i sin 2y) for z = x + iy, ± the sign of x: the last product may lose digits."""
    slope = np.exp(698 - 2 * np.abs(np.real(z)))
    if np.iscomplexobj(z):
        y = 2 * np.copysign(1, np.real(z)) * np.imag(z)
        slope = slope * (np.cos(y) - 1j * np.sin(y))
    return slope * (4 * E_TO_MINUS_698)


def _relu(z: Any) -> Any:
    return np.where(np.real(z) > 0, z, 0.0) if np.iscomplexobj(z) else np.maximum(z, 0.0)


def _relu_prime(z: Any) -> Any:
    return 1.0 * (np.real(z) > 0)


def _softmax(z: Any) -> NDArray[Any]:
    z = np.asarray(z)
    exponentials: NDArray[Any] = np.exp(z - z.real.max(axis=0))  # shifting all z of a column changes no a
    exponentials /= exponentials.sum(axis=0)
    if np.iscomplexobj(z):  # all change of the largest is change of the others, whose digits are not lost
        largest = np.expand_dims(exponentials.real.argmax(axis=0), 0)
        np.put_along_axis(exponentials, largest, 0, axis=0)
        np.put_along_axis(exponentials, largest, 1 - exponentials.sum(axis=0, keepdims=True), axis=0)
    return exponentials


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("identity", _identity, _identity_prime),
    "sigmoid": Activation("sigmoid", _sigmoid, _sigmoid_prime),
    "tanh": Activation("tanh", _tanh, _tanh_prime),
    "relu": Activation("relu", _relu, _relu_prime, smooth=False),
    "softmax": Softmax("softmax", _softmax),
}
# What a hidden layer can have, for the menus of the figures and the lists of the tests.
HIDDEN = tuple(name for name, rule in ACTIVATIONS.items() if not isinstance(rule, Softmax))


def activation(name: str) -> Activation:
    """The activation function of that name; ValueError if there is none.

    >>> float(activation("sigmoid")(0.0)), float(activation("sigmoid").prime(0.0))
    (0.5, 0.25)
    """
    return ACTIVATIONS[one_of("activation", name, ACTIVATIONS)]
