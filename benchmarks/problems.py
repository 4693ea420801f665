"""The pieces of work: a net of sigmoid neurons, its parameters, and examples to learn."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from backprop_lib.data import load_iris, standardize
from backprop_lib.network import Network

LEARNING_RATE = 0.5


@dataclass(frozen=True)
class Problem:
    """Sizes and start of a net, examples in rows, and a cost: "quadratic" or "binary_cross_entropy"."""

    net: Network
    x: Any
    y: Any
    cost: str = "quadratic"
    batch_size: int = 10

    @property
    def data(self) -> Any:
        """The examples as the package takes them."""
        return SimpleNamespace(x=self.x, y=self.y)

    def columns(self) -> tuple[Any, Any]:
        """The examples in columns: views, as those of a `Dataset`."""
        return self.x.T, self.y.T

    def order(self) -> Any:
        """The order in which the one verified epoch takes the examples."""
        return np.random.default_rng(7).permutation(len(self.x))

    def layers(self) -> list[tuple[Any, Any]]:
        """Copies of (w, b) of each layer, w (n_l, n_{l−1}) and b (n_l,)."""
        return [(self.net.w[l].copy(), self.net.b[l][:, 0].copy()) for l in range(1, self.net.L + 1)]


def flat(pairs: Any) -> Any:
    """(w, b) of each layer, w (n_l, n_{l−1}), as one vector in the order of `Network.theta`."""
    return np.concatenate([np.concatenate([np.ravel(w), np.ravel(b)]) for w, b in pairs])


def iris(
    *hidden: int, cost: str = "quadratic", activations: tuple[str, str] = ("sigmoid", "sigmoid")
) -> Problem:
    """Iris, all 150 flowers, standardized."""
    data = standardize(load_iris())[0]
    inner, outer = activations
    sizes = [("identity", 4), *((inner, n) for n in hidden), (outer, 3)]
    return Problem(Network(sizes, seed=1), data.x.copy(), data.y.copy(), cost)


def digits(*hidden: int, examples: int = 10_000, cost: str = "quadratic", batch_size: int = 10) -> Problem:
    """Pictures of 28 × 28 pixels in ten classes, as random numbers: only their sizes matter here."""
    rng = np.random.default_rng(3)
    x, y = rng.random((examples, 784)), np.eye(10)[rng.integers(0, 10, examples)]
    sizes = [("identity", 784), *(("sigmoid", n) for n in hidden), ("sigmoid", 10)]
    return Problem(Network(sizes, seed=1), x, y, cost, batch_size)
