"""Exercises that are no formula: which equation is wrong, what went wrong in a run, and a net to mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_lib.arguments import one_of
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    TOO_LONG,
    Questions,
    Verdict,
    correct,
    no_function,
    raised,
    wrong,
)
from backprop_lib.course.attempts import TimeUp, attempt, printing_briefly
from backprop_lib.course.mistakes import MISTAKES, diagnosing_net
from backprop_lib.data import load_iris, split, standardize
from backprop_lib.equations import backprop
from backprop_lib.gradient_check import check_gradient
from backprop_lib.network import Network
from backprop_lib.training import History, train

_MYSTERIES = {
    "A": "indices_exchanged",
    "B": "no_sigma_prime_in_hidden",
    "C": "bias_summed_over_neurons",
    "D": "no_sigma_prime_at_output",
    "E": "transpose_forgotten",
}


def mystery(letter: str) -> Callable[..., Any]:
    """A wrong gradient of the catalogue, for `check_gradient`; which one is the question."""
    return MISTAKES[_MYSTERIES[one_of("letter", letter, _MYSTERIES)]].gradient


def _not_this_equation(letter: str, equation: int) -> str:
    report = check_gradient(*diagnosing_net(), gradient=mystery(letter))
    failed = report.failed
    passed = [block.name for block in report.blocks if block.passed]
    if equation == 1:
        right = ", ".join(passed)
        return f"a mistake in (1) spoils every block, for all errors come from δ^L; here {right} pass."
    if equation == 2:
        if {"w3", "b3"} & set(failed):
            return "a mistake in (2) leaves the blocks of the last layer right; here they fail."
        return "a mistake in (2) spoils the weights and the biases of a layer together."
    what, other = ("biases", "w") if equation == 3 else ("weights", "b")
    strangers = ", ".join(name for name in failed if name[0] == other)
    return f"a mistake in ({equation}) spoils {what} alone; here it is not so with {strangers}."


_RUN_WITH: dict[str, dict[str, Any]] = {
    "A": {"learning_rate": 0.001},
    "B": {"shuffled": True},
    "C": {"init": "constant"},
    "D": {"hidden": "relu", "output": "identity", "learning_rate": 50.0},
}


def bad_run(letter: str) -> History:
    """A run of 60 epochs on iris that went wrong, for the exercise; in which way is the question."""
    return _run(**_RUN_WITH[one_of("letter", letter, _RUN_WITH)])


def _run(
    learning_rate: float = 3.0,
    init: str = "random",
    hidden: str = "sigmoid",
    output: str = "sigmoid",
    shuffled: bool = False,
) -> History:
    data, held_out = standardize(*split(load_iris(), seed=0))
    if shuffled:
        labels = np.random.default_rng(0).permutation(len(data.x))
        data = replace(data, y=data.y[labels], labels=data.labels[labels])
    net = Network([("identity", 4), (hidden, 5), (output, 3)], init=init, seed=0)
    return train(net, data, learning_rate=learning_rate, epochs=60, seed=0, held_out=held_out)


_BAD_RUNS = {
    "A": "learning rate too small",
    "B": "labels shuffled",
    "C": "all weights equal",
    "D": "learning rate too large",
}
_WHY_NOT = {
    "A": {
        "learning rate too large": "too large a rate moves the cost, if the wrong way; here it did not move.",
        "labels shuffled": "with shuffled labels the cost still falls somewhat; here it did not move.",
        "all weights equal": "clones learn what one neuron can, and the cost falls; here it did not move.",
    },
    "B": {
        "learning rate too small": "the cost moved at first and then stayed: the steps are long enough.",
        "learning rate too large": "nothing flickers or diverges: the cost fell a little and stayed.",
        "all weights equal": "clones still sort most flowers; here a little over half are sorted.",
    },
    "C": {
        "learning rate too small": "the cost fell to less than half: the steps are long enough.",
        "learning rate too large": "the cost fell steadily: nothing was overshot.",
        "labels shuffled": "no net sorts more than 90 % of new flowers after learning shuffled labels.",
    },
    "D": {
        "learning rate too small": "short steps cannot make a number infinite.",
        "labels shuffled": "wrong labels make a high cost, not an infinite one.",
        "all weights equal": "clones learn too little; they do not diverge.",
    },
}


class EarlyLayers:
    """The exercise to build a deep net whose first layers learn: a function of a seed that returns it."""

    # Right nets come below 0.035 and a net without bends stays above 0.095, on every processor.
    deep, wanted, rate, epochs = 6, 0.05, 0.3, 60
    band = 10  # ‖δ¹‖ / ‖δᴸ‖ arrives if it is between 1/band and band

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        if complaint := no_function(answer, ("seed",)):
            return complaint
        data, _ = standardize(*split(load_iris(), seed=0))
        for seed in (0, 1, 2):
            try:
                with printing_briefly():
                    net = attempt(lambda seed=seed: answer(seed))  # type: ignore[misc]
            except NotImplementedError:
                return NOT_ATTEMPTED
            except TimeUp:
                return wrong(TOO_LONG)
            except Exception as error:
                return wrong(raised(error))
            if net is None or net is ...:
                return NOT_ATTEMPTED
            if unfit := self._unfit(net):
                return wrong(unfit)
            delta = backprop(net, *data.columns()).delta
            ratio = np.linalg.norm(delta[1]) / np.linalg.norm(delta[net.L])
            if not 1 / self.band < ratio < self.band:
                trend = "vanish" if ratio < 1 else "explode"
                return wrong(
                    f"‖δ¹‖ is {ratio:.0e} times ‖δᴸ‖ with seed {seed}: the errors {trend} on their way back.",
                    "Look at equation (2): which of its factors, σ′ or w, makes them?",
                )
            # The lowest, not the last, which jumps from epoch to epoch.
            lowest = min(train(net, data, learning_rate=self.rate, epochs=self.epochs).cost)
            if not lowest < self.wanted:
                return wrong(  # by how much is not said: a run may magnify round-off
                    f"the errors reach the first layer, but with seed {seed} the cost stays above "
                    f"{self.wanted} in all of {self.epochs} epochs.",
                    "Do the outputs suit targets of 0 and 1? Are the weights too large at the start?",
                )
        return correct("three seeds: the errors arrive, and the cost falls below 0.05")

    def _unfit(self, net: Any) -> str:
        if not isinstance(net, Network):
            return f"expected a Network, got {type(net).__name__}."
        if net.sizes[0] != 4 or net.sizes[-1] != 3 or len(net.sizes) != self.deep + 2:
            return (
                f"expected 4 inputs, {self.deep} hidden layers and 3 outputs, got the sizes {net.sizes}. "
                "A shallower net is a cure, but not for the early layers of this one."
            )
        rows = net.w[1]
        if len(rows) > 1 and np.ptp(rows, axis=0).max() < 1e-9:
            return "all rows of w[1] are equal: the neurons are clones. Begin with random weights."
        return ""


PUZZLES: dict[str, Questions | EarlyLayers] = {
    "wrong_equation": Questions(
        dict(zip(_MYSTERIES, (4, 2, 3, 1, 2), strict=True)),
        (1, 2, 3, 4),
        _not_this_equation,
        "five wrong gradients",
    ),
    "bad_runs": Questions(
        _BAD_RUNS,
        tuple(sorted(_BAD_RUNS.values())),
        lambda letter, option: f"not “{option}”: {_WHY_NOT[letter][option]}",
        "four bad runs",
    ),
    "early_layers": EarlyLayers(),
}
