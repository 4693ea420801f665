"""Stochastic gradient descent, and the history of a training run.

An epoch takes the examples in a random order, a mini-batch at a time, and after each batch takes a
step against the gradient of its mean cost: θ ← θ − η ∂C/∂θ. Before the first epoch and after each
one, the history records the cost, the accuracy and the errors δ over the whole set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop_lib.arguments import (
    Array,
    Progress,
    counted,
    integers,
    natural_number,
    numbers,
    positive_integer,
    positive_number,
    shown,
)
from backprop_lib.costs import Cost
from backprop_lib.equations import cost_per_example
from backprop_lib.fast_step import BLOCK, Steps, errors
from backprop_lib.network import Network, checked_examples, checked_network

Order = Callable[[int], Sequence[int]]


@dataclass(frozen=True)
class History:
    """A training run, epoch by epoch; index 0 is the state before the first epoch.

    cost, accuracy                     over the training set, shape (epochs + 1,)
    held_out_cost, held_out_accuracy   over the held-out set, or None
    delta[l]                           √ mean_x (δ^l_j)² of every neuron, shape (epochs + 1, n_l)
    parameters                         θ, shape (epochs + 1, number of parameters), or None if not kept
    diverged_at                        the epoch in which a number became infinite, or None
    interrupted                        whether the run was stopped from outside
    """

    cost: Array
    accuracy: Array
    delta: dict[int, Array]
    held_out_cost: Array | None = None
    held_out_accuracy: Array | None = None
    parameters: Array | None = None
    diverged_at: int | None = None
    interrupted: bool = False

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.cost) - 1

    def delta_norm(self, l: int) -> Array:
        """‖δ^l‖ at every epoch: √ mean_x Σ_j (δ^l_j)², shape (epochs + 1,)."""
        if not isinstance(l, int | np.integer) or l not in self.delta:
            raise ValueError(f"l: expected a layer of 1 to {len(self.delta)}, got {shown(l)}")
        norms: Array = np.sqrt((self.delta[l] ** 2).sum(axis=1))
        return norms


class Trainer:
    """A training run that can be carried on one epoch at a time, stopped, and looked at.

    `run(epochs)` trains a copy, and gives `net` the parameters of the last finished epoch, never those of
    half a step. What is changed in `net` between two runs is lost: begin a new Trainer with it.

    data, held_out    data sets with `x` (N, n_0) and `y` (N, n_L), one example per row
    learning_rate     η, above 0
    batch_size        examples in a mini-batch, 1 … N; the last batch of an epoch may be smaller
    seed              of the order of the examples
    order             the order itself instead: a function from the epoch (0, 1, …) to the N indices
    keep_parameters   whether the history keeps θ of every epoch

    Raises ValueError or TypeError, naming the argument, before anything is changed.
    """

    def __init__(
        self,
        net: Network,
        data: Any,
        cost: str | Cost = "quadratic",
        learning_rate: float = 3.0,
        batch_size: int = 10,
        seed: int = 0,
        held_out: Any = None,
        order: Order | None = None,
        keep_parameters: bool = False,
    ) -> None:
        self.net = checked_network(net)
        self._cost = checked_examples(net, *_columns("data", data), cost)[2]
        self._x, self._y = _rows(data)
        self._held_out = None
        if held_out is not None:
            checked_examples(net, *_columns("held_out", held_out), cost)
            self._held_out = _rows(held_out)
        self._learning_rate = positive_number("learning_rate", learning_rate)
        self._batch_size = positive_integer("batch_size", batch_size)
        if self._batch_size > len(self._x):
            raise ValueError(f"batch_size: expected at most the {len(self._x)} examples, got {batch_size}")
        self._rng = np.random.default_rng(natural_number("seed", seed))
        if order is not None and not callable(order):
            raise TypeError(f"order: expected a function from the epoch to indices, got {shown(order)}")
        self._order = order
        self._keep_parameters = keep_parameters
        self._copy = net.copy()
        self._steps = self._fresh_steps()
        self.diverged_at: int | None = None
        self.interrupted = False
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            record = self._record()
        if not _is_finite(record):
            raise ValueError("net: the cost of the untrained net is not a finite number")
        # All finished epochs, and what the next one is drawn from, in one tuple: an interrupt finds the old
        # one or the new one, and a run that is carried on is the run that was never interrupted.
        self._state = _State(net.theta.copy(), (record,), self._rng.bit_generator.state)

    def _fresh_steps(self) -> Steps:
        return Steps(self._copy, self._cost, self._learning_rate, self._batch_size)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a file takes: all but the steps, which hold views into the parameters."""
        return {name: value for name, value in vars(self).items() if name != "_steps"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._steps = self._fresh_steps()

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self._state.records) - 1

    def run(self, epochs: int, progress: Progress | None = None) -> History:
        """Train for up to `epochs` more epochs and return the history since the beginning.

        `progress` wraps the iterable of epochs and is thus told when one is finished: `run(500, tqdm)`.
        Stops early, keeping the finished epochs, when a number becomes infinite (`diverged_at`) or on
        KeyboardInterrupt (`interrupted`).
        """
        watched = counted(positive_integer("epochs", epochs), progress)
        self.interrupted = False
        try:
            try:
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    for _ in watched:
                        if self.diverged_at is not None or not self._run_epoch():
                            break
            finally:
                self.net.theta[...] = self._state.theta
        except KeyboardInterrupt:
            self.interrupted = True
        # Again, for the interrupt may have come just before the first time.
        self.net.theta[...] = self._state.theta
        return self.history()

    def history(self) -> History:
        """The history of all finished epochs."""
        records = self._state.records
        per_set = np.array([record.costs for record in records])
        return History(
            cost=per_set[:, 0],
            accuracy=per_set[:, 1],
            held_out_cost=per_set[:, 2] if self._held_out else None,
            held_out_accuracy=per_set[:, 3] if self._held_out else None,
            delta={l: np.array([r.delta[l] for r in records]) for l in range(1, self.net.L + 1)},
            parameters=np.array([r.theta for r in records]) if self._keep_parameters else None,
            diverged_at=self.diverged_at,
            interrupted=self.interrupted,
        )

    def _run_epoch(self) -> bool:
        """One epoch, and whether all its numbers are finite; if not, it leaves no trace."""
        theta = self._copy.theta
        theta[...] = self._state.theta  # an epoch before may have been left half done
        self._rng.bit_generator.state = self._state.order
        self._steps.epoch(self._x, self._y, self._examples())
        record = self._record()
        if not (_is_finite(record) and np.isfinite(theta).all()):
            self.diverged_at = self.epoch + 1
            return False
        self._state = _State(theta.copy(), (*self._state.records, record), self._rng.bit_generator.state)
        return True

    def _examples(self) -> NDArray[np.intp]:
        if self._order is None:
            return self._rng.permutation(len(self._x))
        order = integers("order", self._order(self.epoch), "indices").astype(np.intp, copy=False)
        if order.shape != (len(self._x),) or sorted(order.tolist()) != list(range(len(self._x))):
            raise ValueError(f"order: expected each of the {len(self._x)} indices once, got {shown(order)}")
        return order

    def _record(self) -> _Record:
        held_out = (np.nan, np.nan)
        if self._held_out is not None:
            held_out = evaluate(self._copy, *self._held_out, self._cost)[:2]
        cost, accuracy, delta = evaluate(self._copy, self._x, self._y, self._cost)
        theta = self._copy.theta.copy() if self._keep_parameters else None
        return _Record((cost, accuracy, *held_out), delta, theta)


class _State(NamedTuple):
    """The finished epochs: θ and the records of all, and the state of the generator that draws the order."""

    theta: Array
    records: tuple[_Record, ...]
    order: Any


@dataclass(frozen=True, slots=True)
class _Record:
    costs: tuple[float, ...]
    delta: dict[int, Array]
    theta: Array | None


def train(
    net: Network,
    data: Any,
    cost: str | Cost = "quadratic",
    learning_rate: float = 3.0,
    epochs: int = 100,
    batch_size: int = 10,
    seed: int = 0,
    held_out: Any = None,
    order: Order | None = None,
    keep_parameters: bool = False,
    progress: Progress | None = None,
) -> History:
    """Train `net` in place by stochastic gradient descent and return the history; see `Trainer`.

    Nothing is printed; `progress=tqdm` shows the epochs go by, see `Trainer.run`. A run that diverges, or is
    interrupted, stops with the net as it was after the last finished epoch; the history says so. Every call
    begins a new run, whose order is drawn from `seed` again; a `Trainer` carries one on.
    Raises ValueError or TypeError, naming the argument, if one is bad.
    """
    positive_integer("epochs", epochs)
    trainer = Trainer(net, data, cost, learning_rate, batch_size, seed, held_out, order, keep_parameters)
    return trainer.run(epochs, progress)


def evaluate(net: Network, x: Array, y: Array, cost: Cost) -> tuple[float, float, dict[int, Array]]:
    """Mean cost, accuracy, and √ mean_x (δ^l_j)² of every neuron, over N examples in rows."""
    total, correct = 0.0, 0
    squares = {l: np.zeros(net.sizes[l]) for l in range(1, net.L + 1)}
    for first in range(0, len(x), BLOCK):
        columns_x, columns_y = x[first : first + BLOCK].T, y[first : first + BLOCK].T
        z_L, a, delta = errors(net, columns_x, columns_y, cost)
        total += float(cost_per_example(net, z_L, a[net.L], columns_y, cost).sum())
        correct += correct_answers(a[net.L], columns_y)
        for l, square in squares.items():
            square += (delta[l] ** 2).sum(axis=1)
    rms = {l: np.sqrt(square / len(x)) for l, square in squares.items()}
    return total / len(x), correct / len(x), rms


def correct_answers(a: Array, y: Array) -> int:
    """How many columns are classified right: by the largest output; by whether one alone is above ½."""
    if len(a) == 1:
        return int(((a > 0.5) == (y > 0.5)).sum())
    return int((a.argmax(axis=0) == y.argmax(axis=0)).sum())


def _is_finite(record: _Record) -> bool:
    return bool(np.isfinite(record.costs[0]) and all(np.isfinite(d).all() for d in record.delta.values()))


def _rows(data: Any) -> tuple[Array, Array]:
    return np.ascontiguousarray(data.x, np.float64), np.ascontiguousarray(data.y, np.float64)


def _columns(name: str, data: Any) -> tuple[Array, Array]:
    if not (hasattr(data, "x") and hasattr(data, "y")):
        raise TypeError(f"{name}: expected a data set with x and y, got {shown(data)}")
    x, y = numbers(f"{name}.x", data.x), numbers(f"{name}.y", data.y)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(f"{name}: expected x and y with one example per row, got {x.shape} and {y.shape}")
    return x.T, y.T
