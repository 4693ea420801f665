"""Whether another computer would get the same numbers, or other ones.

Processors round a matrix product differently, in the last bit. Most training runs forget such a difference;
some make it grow until their numbers have nothing in common. A twin run, whose parameters are moved by a
share of 1e-13 at the start and after every epoch, shows which kind a run is. One moved at the start alone
would not: of a run that forgets at first and makes grow later on, nothing would be left but its last bits.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.costs import Cost
from backprop_lib.network import Network
from backprop_lib.training import History, Trainer

NUDGE = 1e-13  # the share by which the parameters of a twin differ: far more than round-off
DOUBT = 1e-7  # the share by which they may differ later; round-off itself has then grown to some 1e-10
ELSEWHERE = "another computer may get another answer here"
OPEN = "depends on the computer"  # in the place of a number


def rounded_up(value: float) -> float:
    """The next of 1, 2 or 5 times a power of ten: a bound that is the same on every computer.

    >>> rounded_up(3.1e-08), rounded_up(0.7)
    (5e-08, 1.0)
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(digit * power for digit in (1, 2, 5, 10) if digit * power >= value))


def _nudged(theta: Array, is_up: Any) -> Array:
    """Parameters that differ by a share of 1e-13, up or down; a zero differs by 1e-13."""
    other: Array = theta + np.where(theta == 0, 1.0, theta) * np.where(is_up, NUDGE, -NUDGE)
    return other


def twin_of(net: Network) -> Network:
    """A net whose parameters are nudged down and up in turn."""
    return net.with_parameters(_nudged(net.theta, np.arange(net.theta.size) % 2))


def moved(theta: Array, rng: np.random.Generator) -> Array:
    """Parameters that are nudged up or down by chance."""
    return _nudged(theta, rng.random(theta.shape) < 0.5)


def apart(theta: Array, twin: Array) -> float:
    """‖θ − θ̃‖ / ‖θ‖; infinite if either is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        size, distance = float(np.linalg.norm(theta)), float(np.linalg.norm(theta - twin))
    return distance / size if np.isfinite(distance) and size > 0 else np.inf


def differ(one: Array | float, other: Array | float) -> Any:
    """Where the numbers of two runs are apart by a share above DOUBT, or one is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        return ~(np.abs(one - other) <= DOUBT * np.maximum(np.abs(one), np.abs(other)))


def parted(net: Network, twin: Network, *costs: float) -> bool:
    """Whether a net and its twin, or their costs, are apart by a share above DOUBT."""
    return apart(net.theta, twin.theta) > DOUBT or bool(differ(*costs))


def tied(z: Array) -> bool:
    """Whether round-off may decide which output of an example is the largest; z is z^L (n_L, m)."""
    second, first = np.sort(z, axis=0)[-2:]
    return bool((first - second <= DOUBT * np.maximum(1.0, np.abs(first))).any())


class _Twin(Trainer):
    """A run whose parameters are moved after every epoch."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._chance = np.random.default_rng(0)

    def _run_epoch(self) -> bool:
        is_finite = super()._run_epoch()
        if is_finite:
            self._state = self._state._replace(theta=moved(self._state.theta, self._chance))
        return is_finite

    def parameters(self, epoch: int) -> Array:
        """θ as this epoch left it, before it was moved."""
        theta = self._state.records[epoch].theta
        assert theta is not None
        return theta


class Twins:
    """A training run beside a twin of it, which takes the same batches. The histories keep all parameters.

    The twin's examples and learning rate differ by a share of 1e-13, too: runs that meet again, as they do
    when all ReLUs have died, would hide what round-off does to them afterwards. All that the history says is
    compared, not θ alone: beside a huge weight that no longer matters one would not see the others part.
    """

    def __init__(
        self,
        net: Network,
        data: Any,
        cost: str | Cost,
        learning_rate: float,
        batch_size: int,
        seed: int,
        held_out: Any = None,
    ) -> None:
        self._trainer = Trainer(  # which refuses what makes no sense
            net, data, cost, learning_rate, batch_size, seed, held_out=held_out, keep_parameters=True
        )
        rate, others = learning_rate * (1 + NUDGE), None if held_out is None else _other(held_out)
        self._twin = _Twin(
            twin_of(net), _other(data), cost, rate, batch_size, seed, held_out=others, keep_parameters=True
        )
        self._doubtful_from: int | None = None
        self.interrupted = False

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return self._trainer.epoch

    @property
    def diverged_at(self) -> int | None:
        """The epoch in which a number became infinite, or None."""
        return self._trainer.diverged_at

    def run(self, epochs: int) -> History:
        """Train both for up to `epochs` more; the history of the run itself.

        On KeyboardInterrupt either keeps its finished epochs, and `interrupted` is true until the next run.
        """
        history = self._trainer.run(epochs)
        self.interrupted = self._trainer.interrupted
        if self._doubtful_from is None:
            missing = history.epochs - self._twin.epoch
            doubts = _doubts(history, self._twin.run(missing) if missing > 0 else self._twin.history())
            self.interrupted |= missing > 0 and self._twin.interrupted
            self._doubtful_from = int(doubts.argmax()) if doubts.any() else None
        return history

    def history(self) -> History:
        """The history of all finished epochs."""
        return self._trainer.history()

    def is_doubtful(self, epoch: int) -> bool:
        """Whether round-off may have decided the numbers of this epoch, or of one before."""
        return self._doubtful_from is not None and epoch >= self._doubtful_from

    def twin(self, epoch: int) -> Array:
        """θ̃ after an epoch that is not doubtful, for what the history does not say."""
        return self._twin.parameters(epoch)


def _other(data: Any) -> SimpleNamespace:
    """The twin's examples."""
    return SimpleNamespace(x=np.multiply(data.x, 1 + NUDGE), y=data.y)


def _series(history: History) -> Array:
    """All that a history says of every epoch, (epochs + 1, quantities)."""
    held_out = [history.held_out_cost, history.held_out_accuracy]
    norms = [history.delta_norm(l) for l in history.delta]
    return np.column_stack(
        [history.cost, history.accuracy, *norms, *(each for each in held_out if each is not None)]
    )


def _doubts(run: History, twin: History) -> Any:
    """For every epoch of a run, whether it and its twin have become two different runs."""
    assert run.parameters is not None and twin.parameters is not None
    both = min(run.epochs, twin.epochs) + 1  # of these epochs there are two; one may have diverged before
    distance = np.linalg.norm(run.parameters[:both] - twin.parameters[:both], axis=1)
    doubts = np.full(run.epochs + 1, run.diverged_at != twin.diverged_at)
    doubts[:both] = differ(_series(run)[:both], _series(twin)[:both]).any(axis=1)
    doubts[:both] |= ~(distance <= DOUBT * np.linalg.norm(run.parameters[:both], axis=1))
    return doubts
