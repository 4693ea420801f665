"""Exercises that are no formula: which equation is wrong, what went wrong in a run, and a net to mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, one_of
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    Questions,
    Verdict,
    correct,
    function_of,
    outcome,
    raised,
    wrong,
)
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


# What went wrong in a run: its learning rate, how its net began, and the hidden and the output activation.
_RUNS = {
    "A": ("learning rate too small", 0.001, "random", "sigmoid", "sigmoid"),
    "B": ("labels shuffled", 3.0, "random", "sigmoid", "sigmoid"),
    "C": ("all weights equal", 3.0, "constant", "sigmoid", "sigmoid"),
    "D": ("learning rate too large", 50.0, "random", "relu", "identity"),
}


def bad_run(letter: str) -> History:
    """A run of 60 epochs on iris that went wrong, for the exercise; in which way is the question."""
    went_wrong, learning_rate, init, hidden, output = _RUNS[one_of("letter", letter, _RUNS)]
    data, held_out = standardize(*split(load_iris(), seed=0))
    if went_wrong == "labels shuffled":
        labels = np.random.default_rng(0).permutation(len(data.x))
        data = replace(data, y=data.y[labels], labels=data.labels[labels])
    net = Network([("identity", 4), (hidden, 5), (output, 3)], init=init, seed=0)
    return train(net, data, learning_rate=learning_rate, epochs=60, seed=0, held_out=held_out)


_BAD_RUNS = {letter: went_wrong for letter, (went_wrong, *_) in _RUNS.items()}
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


def stalled_net(letter: str) -> Network:
    """A net of 4 inputs and 3 outputs that hardly learns, or is healthy; which of it is the question."""
    _, hidden, init, scale, dead = _STALLED[one_of("letter", letter, _STALLED)]
    net = Network([("identity", 4), *hidden, ("sigmoid", 3)], init=init, seed=0)
    net.theta *= scale
    net.b[1][:dead] = -100.0
    return net


# What is the matter, the hidden layers, their start, by how much it is enlarged, and how many neurons die.
_STALLED: dict[str, tuple[str, list[tuple[str, int]], str, int, int]] = {
    "A": ("depth", [("sigmoid", 8)] * 6, "random", 1, 0),
    "B": ("saturation", [("sigmoid", 5)], "random", 30, 0),
    "C": ("clones", [("sigmoid", 5)], "constant", 1, 0),
    "D": ("dead ReLUs", [("relu", 5)], "he", 1, 4),
    "E": ("nothing", [("tanh", 8)] * 4, "xavier", 1, 0),
}
_REASONS = {letter: reason for letter, (reason, *_) in _STALLED.items()}
_NO_SIGN = {
    "clones": "the rows of clones are equal, a spread of 0; here they differ.",
    "saturation": "with saturated neurons the median of σ′ is near 0; here it is not.",
    "dead ReLUs": "a dead neuron has σ′ = 0 for every flower; here no neuron has.",
    "depth": "in a net that is too deep ‖δ¹‖ is far smaller than ‖δᴸ‖; here it is not.",
    "nothing": "one number of its line is not that of a healthy net. Compare the lines.",
}
_NOT_THAT_SIGN = {
    ("B", "depth"): "‖δ¹‖ is larger than ‖δᴸ‖, and there is one hidden layer only; look at the median of σ′.",
    ("D", "saturation"): "σ′ of ReLU is 0 or 1. Here four neurons of five have 0 for every flower.",
}


def _not_this_reason(letter: str, reason: str) -> str:
    return _NOT_THAT_SIGN.get((letter, reason), _NO_SIGN[reason])


class EarlyLayers:
    """The exercise to build a deep net whose first layers learn: a function of a seed that returns it."""

    parameters = ("seed",)
    # Right nets come below 0.035 and a net without bends stays above 0.095, on every processor.
    deep, wanted, rate, epochs = 6, 0.05, 0.3, 60
    band = 10  # ‖δ¹‖ / ‖δᴸ‖ arrives if it is between 1/band and band
    # The middle net of `starts`: a layer passes on 0.76 (tanh, five neurons) to 1.05 of the errors from right
    # starts, less than 0.73 from ReLU with Xavier's.
    passed_on = (3 / 4, 4 / 3)
    starts = 9
    # σ′ √n times the deviation of the weights, over the nine: 0.73 to 1.17 from right starts, over 1.37 from
    # five ReLUs with deviation 1, whose errors arrive by luck: half of such nets do not come below 0.05.
    most_factor = 5 / 4
    least_slope = 0.5  # the median of all σ′ but 0: above 0.69 from right starts of tanh, below 0.49 if large

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        build = function_of(answer, self.parameters)
        if isinstance(build, Verdict):
            return build
        data, _ = standardize(*split(load_iris(), seed=0))
        nets, ratios, slopes, factors = [], [], [], []
        for seed in range(self.starts):
            tried = outcome(lambda seed=seed: build(seed))  # type: ignore[misc]
            if isinstance(tried, Verdict):
                return tried
            net, error = tried
            if error is not None:
                return wrong(raised(error))
            if net is None or net is ...:
                return NOT_ATTEMPTED
            if unfit := self._unfit(net):
                return wrong(unfit)
            run = backprop(net, *data.columns())
            ratio = float(np.linalg.norm(run.delta[1]) / np.linalg.norm(run.delta[net.L]))
            if seed < 3 and not 1 / self.band < ratio < self.band:
                trend = "vanish" if ratio < 1 else "explode"
                return wrong(
                    f"‖δ¹‖ is {ratio:.3g} times ‖δᴸ‖ with seed {seed}: the errors {trend} on their way back. "
                    f"Asked for is a ratio between 1/{self.band:g} and {self.band:g}.",
                    "Look at equation (2): which of its factors, σ′ or w, makes them?",
                )
            nets.append(net.copy())
            ratios.append(ratio)
            primes = {l: net.sigma[l].prime(run.z[l]) for l in range(1, net.L)}
            slopes.append(np.concatenate([prime.ravel() for prime in primes.values()]))
            after = {l: net.w[l + 1] for l in range(1, net.L - 1)}  # between two hidden layers
            factors.append([len(w) * np.mean(w**2) * np.mean(primes[l] ** 2) for l, w in after.items()])
        if all(net.sizes == nets[0].sizes and np.array_equal(net.theta, nets[0].theta) for net in nets):
            return wrong("your nine nets are one and the same. Hand `seed` on to Network.")
        if complaint := self._start(ratios, np.concatenate(slopes), np.mean(factors, axis=0)):
            return complaint
        for seed, net in enumerate(nets[:3]):
            # The lowest, not the last, which jumps from epoch to epoch.
            lowest = min(train(net, data, learning_rate=self.rate, epochs=self.epochs).cost)
            if not lowest < self.wanted:
                return wrong(  # by how much is not said: a run may magnify round-off
                    f"the errors reach the first layer, but with seed {seed} the cost stays above "
                    f"{self.wanted} in all of {self.epochs} epochs.",
                    "Do the outputs suit targets of 0 and 1? Are the weights too large at the start?",
                )
        return correct("nine starts: the errors arrive, and the cost of three falls below 0.05")

    def _start(self, ratios: list[float], slopes: Array, squares: Array) -> Verdict | None:
        """A verdict on starts whose errors arrive by luck only, or whose neurons are saturated.

        squares   for each layer, the mean square of the factor by which it multiplies an error
        """
        share = float(np.median(ratios)) ** (1 / self.deep)
        least, most = self.passed_on
        if not least < share < most:
            name = "less than 3/4" if share < 1 else "more than 4/3"
            return wrong(
                f"in the middle one of {self.starts} nets a layer passes on {share:.2f} of the errors, "
                f"{name}: in a deeper net they would {'vanish' if share < 1 else 'explode'}.",
                "Is the deviation of the weights the one that suits your activation?",
            )
        factor = float(np.prod(squares) ** (0.5 / len(squares)))
        if factor > self.most_factor:
            return wrong(
                f"σ′ times √n times the deviation of the weights is {factor:.2f} in your nets, more than "
                "5/4: their errors arrive by luck, and in a deeper net they would explode.",
                "Is the deviation of the weights the one that suits your activation?",
            )
        alive = slopes[slopes > 0]
        median = float(np.median(alive)) if alive.size else 0.0
        if median < self.least_slope:
            return wrong(
                f"half of the hidden σ′ are below {median:.2f}: the neurons begin saturated.",
                "Which deviation of the weights suits your activation?",
            )
        return None

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
    "why_stalled": Questions(_REASONS, tuple(sorted(_REASONS.values())), _not_this_reason, "five nets"),
    "early_layers": EarlyLayers(),
}
