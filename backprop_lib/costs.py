"""Costs of one example: a table of rules, the value C_x beside the derivative ∂C_x/∂a.

    name                   C_x                                          ∂C_x/∂a_j
    quadratic              ½ Σ_j (a_j − y_j)²                           a_j − y_j
    binary_cross_entropy   −Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)]    (a_j − y_j) / (a_j (1 − a_j))
    cross_entropy          −Σ_j y_j ln a_j                              −y_j / a_j

The two cross-entropies belong to an output activation: binary to sigmoid, the other to softmax.
Behind its own activation a cross-entropy is computed from z, where nothing overflows and no
logarithm of zero is taken, and equation (1) comes down to δ = a − y: the factors 1/a and σ′
cancel on paper, before they can overflow in the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_lib.arguments import apart, one_of, shown, unmasked

CLOSE_TO_ONE = 1e-12  # round-off; a sum that is further from 1 makes δ^L = a Σ_k y_k − y, not a − y


@dataclass(frozen=True)
class Cost:
    """C as an object: `cost(a, y)` is C_x of every example, `cost.prime(a, y)` is ∇_a C_x.

    a and y have one example per column, shape (n, m); the value has shape (m,), the derivative (n, m).
    `output` names the activation that this cost must stand behind (None: any); `from_z` is then the
    same value computed from the pre-activations z of that output layer.
    """

    name: str
    value: Callable[[Any, Any], Any]
    derivative: Callable[[Any, Any], Any]
    output: str | None = None
    from_z: Callable[[Any, Any], Any] | None = None

    def __call__(self, a: Any, y: Any) -> Any:
        """C_x of every example (column), shape (m,); inf where a certain answer is wrong."""
        return self.value(*self._checked(a, y))

    def prime(self, a: Any, y: Any) -> Any:
        """∂C_x/∂a_j of every output and example, of the shape of a."""
        return self.derivative(*self._checked(a, y))

    def check_targets(self, y: Any) -> None:
        """ValueError if the targets y are none of a cross-entropy, which would then have no least value.

        Binary cross-entropy takes targets from 0 to 1; cross-entropy takes columns that are distributions,
        from 0 to 1 with a sum of 1: only then is δ = a − y equation (1).
        """
        if self.output is None or not np.size(y):
            return
        if not (y.min() >= 0 and y.max() <= 1):
            outside = y[~((y >= 0) & (y <= 1))].flat[0]
            raise ValueError(f"y: {self.name} expects targets from 0 to 1, got {apart(1, outside)[1]}")
        if self.output == "softmax" and not abs(y.sum(axis=0) - 1).max() <= CLOSE_TO_ONE:
            sums = y.sum(axis=0)
            raise ValueError(
                f"y: {self.name} expects targets that sum to 1 in every column, "
                f"got a sum of {apart(1, np.ravel(sums)[np.abs(sums - 1).argmax()])[1]}"
            )

    def check_shapes(self, y: Any) -> None:
        """ValueError if a cost of the reader's own gives no number for each example, or no slope for each
        output: a sum over all of it would be taken for that of every example.
        """
        if self is COSTS.get(self.name):
            return
        with np.errstate(all="ignore"):
            value, slope = (rule(np.full(y.shape, 0.5), y.copy()) for rule in (self.value, self.derivative))
        for what, found, shape in (
            ("number for each example", value, y.shape[1:]),
            ("∂C_x/∂a", slope, y.shape),
        ):
            if getattr(found, "shape", None) != shape:
                got = f"shape {found.shape}" if isinstance(found, np.ndarray) else shown(found)
                raise ValueError(f"cost: expected a {what}, shape {shape}, from {self.name}, got {got}")

    def check_output(self, activation: str) -> None:
        """ValueError if this cost cannot stand behind an output layer of that activation."""
        if self.output not in (None, activation):
            raise ValueError(f"cost: {self.name} needs {self.output} outputs, got {activation} outputs")

    def _checked(self, a: Any, y: Any) -> tuple[Any, Any]:
        a, y = _same_shape(a, y)
        self.check_targets(y)
        self.check_shapes(y)
        if self.output is not None and not np.all((a.real >= 0) & (a.real <= 1)):
            outside = a[~((a.real >= 0) & (a.real <= 1))].flat[0]
            raise ValueError(f"a: {self.name} expects outputs from 0 to 1, got {apart(1, outside)[1]}")
        return a, y


def _same_shape(a: Any, y: Any) -> tuple[Any, Any]:
    unmasked("a", a), unmasked("y", y)
    try:
        a, y = np.asarray(a), np.asarray(y)
    except ValueError as error:
        raise ValueError("a, y: expected rows of equal length, got a ragged list") from error
    if a.dtype.kind not in "fiubc" or y.dtype.kind not in "fiubc":
        raise TypeError(f"a, y: expected arrays of numbers, got {a.dtype} and {y.dtype}")
    if a.shape != y.shape:
        raise ValueError(f"y: expected the shape of a, {a.shape}, got shape {y.shape}")
    return a, y


def _quadratic(a: Any, y: Any) -> Any:
    difference = a - y
    difference *= difference
    return 0.5 * difference.sum(axis=0)


def _quadratic_prime(a: Any, y: Any) -> Any:
    return a - y


def _y_log(y: Any, a: Any) -> Any:
    """y ln a, and 0 where y = 0 whatever a is."""
    with np.errstate(divide="ignore"):
        return y * np.log(np.where(y == 0, 1.0, a))


def _binary_cross_entropy(a: Any, y: Any) -> Any:
    return -(_y_log(y, a) + _y_log(1 - y, 1 - a)).sum(axis=0)


def _binary_cross_entropy_prime(a: Any, y: Any) -> Any:
    with np.errstate(divide="ignore"):
        return (1 - y) / np.where(y == 1, 1.0, 1 - a) - y / np.where(y == 0, 1.0, a)


def _binary_cross_entropy_from_z(z: Any, y: Any) -> Any:
    # −y ln σ(z) − (1 − y) ln(1 − σ(z)) = max(z, 0) − y z + ln(1 + e^−|z|)
    size = np.where(z.real > 0, z, -z)
    return (np.where(z.real > 0, z, 0.0) - y * z + np.log1p(np.exp(-size))).sum(axis=0)


def _cross_entropy(a: Any, y: Any) -> Any:
    return -_y_log(y, a).sum(axis=0)


def _cross_entropy_prime(a: Any, y: Any) -> Any:
    with np.errstate(divide="ignore"):
        return -y / np.where(y == 0, 1.0, a)


def _cross_entropy_from_z(z: Any, y: Any) -> Any:
    # −Σ_j y_j ln softmax_j(z) = Σ_j y_j (ln Σ_k e^z_k − z_j), with all z of a column shifted by the largest
    shifted = z - z.real.max(axis=0)
    return (y * (np.log(np.exp(shifted).sum(axis=0)) - shifted)).sum(axis=0)


COSTS: dict[str, Cost] = {
    "quadratic": Cost("quadratic", _quadratic, _quadratic_prime),
    "binary_cross_entropy": Cost(
        "binary_cross_entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_prime,
        "sigmoid",
        _binary_cross_entropy_from_z,
    ),
    "cross_entropy": Cost(
        "cross_entropy", _cross_entropy, _cross_entropy_prime, "softmax", _cross_entropy_from_z
    ),
}


def cost(name: str | Cost) -> Cost:
    """The cost of that name (a `Cost` is returned as it is); ValueError or TypeError if there is none.

    >>> cost("quadratic")(np.array([[0.5], [1.0]]), np.array([[1.0], [0.0]]))
    array([0.625])
    """
    if isinstance(name, Cost):
        return name
    if not isinstance(name, str):
        raise TypeError(f"cost: expected a name ({', '.join(COSTS)}) or a Cost, got {shown(name)}")
    return COSTS.get(name) or COSTS[one_of("cost", name, COSTS)]
