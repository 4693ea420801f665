"""Exercises that know what is wrong: `check` compares an answer with the right one on several inputs.

An answer that equals a well-known wrong one is told which, and where in the proof to look.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_lib.activations import activation
from backprop_lib.arguments import one_of
from backprop_lib.equations import backprop
from backprop_lib.network import Network, parameter_count

CLOSE = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What `check` says: a status and a message."""

    status: str  # "not attempted yet", "correct" or "wrong"
    message: str

    @property
    def passed(self) -> bool:
        return self.status == "correct"

    def __repr__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Exercise:
    """A function to write: its inputs, the right answer, well-known wrong ones, and two hints."""

    cases: Callable[[], list[tuple[Any, ...]]]
    right: Callable[..., Any]
    checked_on: str
    hints: tuple[str, str]
    mistakes: dict[str, Callable[..., Any]] = field(default_factory=dict)


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _batches(output: str = "sigmoid") -> list[tuple[Network, Any, Any]]:
    """Nets with random biases, and batches of 1, 7 and 20 random examples."""
    rng = np.random.default_rng(5)
    result = []
    for sizes, m in (((4, 5, 3), 1), ((2, 4, 3), 7), ((3, 3, 3), 20)):
        net = Network([("identity", sizes[0]), ("tanh", sizes[1]), (output, sizes[2])], seed=m)
        net.theta[...] += 0.3 * rng.standard_normal(net.theta.size)
        y = np.eye(sizes[2])[:, rng.integers(0, sizes[2], m)]
        result.append((net, rng.standard_normal((sizes[0], m)), y))
    return result


def _output_cases() -> list[tuple[Any, ...]]:
    cases = []
    for output in ("sigmoid", "tanh"):
        for net, x, y in _batches(output):
            run = backprop(net, x, y)
            cases.append((run.z[2], run.a[2], y, activation(output)))
    return cases


def _hidden_cases() -> list[tuple[Any, ...]]:
    runs = [(net, backprop(net, x, y)) for net, x, y in _batches()]
    return [(net.w[2], run.delta[2], run.z[1], net.sigma[1]) for net, run in runs]


def _gradient_cases() -> list[tuple[Any, ...]]:
    runs = [backprop(net, x, y) for net, x, y in _batches()]
    return [(run.delta[2], run.a[1]) for run in runs]


def _backprop_answer(net: Any, x: Any, y: Any) -> Any:
    gradient = backprop(net, x, y).gradient
    return gradient.w, gradient.b


def _neuron_cases() -> list[tuple[Any, ...]]:
    return [(2.0, 0.5, 1.0, 0.0), (-0.7, 0.2, 0.4, 1.0), (0.3, -1.1, 2.0, -1.0)]


def _neuron(w: float, b: float, x: float, y: float) -> tuple[float, float]:
    a = float(np.tanh(w * x + b))
    delta = (a - y) * (1 - a * a)
    return delta * x, delta


EXERCISES: dict[str, Exercise] = {
    "parameter_count": Exercise(
        lambda: [([4, 5, 3],), ([2, 1],), ([3, 7, 7, 2],)],
        parameter_count,
        "3 nets",
        (
            "How many weights lie between a layer of 4 and a layer of 5?",
            "A layer of n neurons, fed by k, has n·k weights and n biases. Add up the layers 1 … L.",
        ),
        {"the biases are missing": lambda s: sum(a * b for a, b in zip(s, s[1:], strict=False))},
    ),
    "tanh_neuron": Exercise(
        _neuron_cases,
        _neuron,
        "3 neurons",
        (
            "Write the chain: C depends on a, a on z, z on w and b.",
            "tanh′(z) = 1 − tanh²(z), and ∂z/∂w = x, ∂z/∂b = 1.",
        ),
        {
            "tanh′(z) is missing": lambda w, b, x, y: (
                (np.tanh(w * x + b) - y) * x,
                np.tanh(w * x + b) - y,
            ),
            "the sign is flipped": lambda w, b, x, y: tuple(-g for g in _neuron(w, b, x, y)),
        },
    ),
    "output_error": Exercise(
        _output_cases,
        lambda z, a, y, sigma: (a - y) * sigma.prime(z),
        "sigmoid and tanh outputs, batches of 1, 7 and 20",
        (
            "Equation (1) has two factors. Which one is a − y?",
            "The second factor is the slope of σ at z: sigma.prime(z). Multiply entry by entry.",
        ),
        {
            "σ′(z) is left out: see the last line of the proof of (1)": lambda z, a, y, sigma: a - y,
            "σ′ is taken of a; it is the slope at z": lambda z, a, y, sigma: (a - y) * sigma.prime(a),
            "σ is in the place of σ′": lambda z, a, y, sigma: (a - y) * sigma(z),
            "the sign is flipped: the derivative of ½(a − y)² is a − y": lambda z, a, y, sigma: (
                (y - a) * sigma.prime(z)
            ),
            "a factor 2 too large: the ½ of the cost is forgotten": lambda z, a, y, sigma: (
                2 * (a - y) * sigma.prime(z)
            ),
            "the batch is averaged; errors stay per example": lambda z, a, y, sigma: (
                (a - y) * sigma.prime(z)
            ).mean(axis=1, keepdims=True),
        },
    ),
    "hidden_error": Exercise(
        _hidden_cases,
        lambda w, d, z, sigma: (w.T @ d) * sigma.prime(z),
        "3 nets, batches of 1, 7 and 20",
        (
            "Neuron j collects δ of every neuron k that it feeds, each times the weight between them.",
            "The weights that leave neuron j are column j of w_next, so row j of its transpose.",
        ),
        {
            "σ′(z) is left out: see line 5 of the proof of (2)": lambda w, d, z, sigma: w.T @ d,
            "σ is in the place of σ′": lambda w, d, z, sigma: (w.T @ d) * sigma(z),
            "the transpose is forgotten (shapes allow it only in a square layer)": lambda w, d, z, sigma: (
                (w @ d if w.shape[0] == w.shape[1] else w.T @ d) * sigma.prime(z)
            ),
            "the sign is flipped": lambda w, d, z, sigma: -(w.T @ d) * sigma.prime(z),
        },
    ),
    "bias_gradient": Exercise(
        lambda: [case[:1] for case in _gradient_cases()],
        lambda delta: delta.mean(axis=1, keepdims=True),
        "batches of 1, 7 and 20",
        ("For one example (3) says: the gradient is δ.", "For m examples take the mean along axis 1."),
        {
            "the batch is summed where it should be averaged": lambda d: d.sum(axis=1, keepdims=True),
            "it is summed over the neurons": lambda d: d.mean(axis=0, keepdims=True),
            "1/m is applied twice": lambda d: d.mean(axis=1, keepdims=True) / d.shape[1],
        },
    ),
    "weight_gradient": Exercise(
        _gradient_cases,
        lambda delta, a: delta @ a.T / delta.shape[1],
        "batches of 1, 7 and 20",
        (
            "For one example (4) is the product of a column δ and a row aᵀ.",
            "One matrix product adds up those of all examples: delta @ a_previous.T. Then divide by m.",
        ),
        {
            "the batch is summed where it should be averaged": lambda d, a: d @ a.T,
            "1/m is applied twice": lambda d, a: d @ a.T / d.shape[1] ** 2,
            "j and k are exchanged": lambda d, a: a @ d.T / d.shape[1],
        },
    ),
    "backprop": Exercise(
        _batches,
        _backprop_answer,
        "3 nets, batches of 1, 7 and 20",
        (
            "Forward first and keep every z and a. Then (1), then (2) for l = L − 1 … 1, then (3) and (4).",
            "Return (dw, db), two dicts keyed by l = 1 … L.",
        ),
        {
            "the batch is summed where it should be averaged": lambda net, x, y: tuple(
                {l: g * x.shape[1] for l, g in part.items()} for part in _backprop_answer(net, x, y)
            ),
            "the sign is flipped": lambda net, x, y: tuple(
                {l: -g for l, g in part.items()} for part in _backprop_answer(net, x, y)
            ),
        },
    ),
}


def hint(name: str, step: int = 1) -> object:
    """Hint 1 or 2 for an exercise."""
    if step not in (1, 2):
        raise ValueError(f"step: expected 1 or 2, got {step!r}")
    return _Text(f"Hint {step}: {EXERCISES[one_of('name', name, EXERCISES)].hints[step - 1]}")


def check(name: str, answer: Any) -> Verdict:
    """Whether the function `answer` solves the exercise, and if not, what is wrong with it.

    Never raises because of the answer; ValueError for the name of an exercise that does not exist.
    """
    exercise = EXERCISES[one_of("name", name, EXERCISES)]
    if answer is None or answer is ...:
        return Verdict("not attempted yet", "Not attempted yet.")
    if not callable(answer):
        return Verdict("wrong", f"Expected a function, got {type(answer).__name__}.")
    results = []
    for case in exercise.cases():
        handed = deepcopy(case)
        try:
            result = answer(*handed)
        except NotImplementedError:
            return Verdict("not attempted yet", "Not attempted yet.")
        except Exception as error:
            return Verdict("wrong", _raised(error))
        if result is None or result is ...:
            return Verdict("not attempted yet", "Not attempted yet.")
        if not all(_same(old, new) for old, new in zip(case, handed, strict=True)):
            return Verdict("wrong", "Your function changed an array that it was given. Work on a new one.")
        results.append((case, result))
    return _compared(exercise, results)


def _compared(exercise: Exercise, results: list[tuple[tuple[Any, ...], Any]]) -> Verdict:
    expected = [exercise.right(*case) for case, _ in results]
    for (_, got), want in zip(results, expected, strict=True):
        if complaint := _misshapen(got, want):
            for mistake, wrong in exercise.mistakes.items():
                if all(_same(wrong(*case), result) for case, result in results):
                    return Verdict("wrong", f"Not yet: {mistake}. {complaint}")
            return Verdict("wrong", complaint)
    agree = [_same(want, got) for (_, got), want in zip(results, expected, strict=True)]
    if all(agree):
        return Verdict("correct", f"Correct: checked on {exercise.checked_on}.")
    for mistake, wrong in exercise.mistakes.items():
        if all(_same(wrong(*case), got) for case, got in results):
            return Verdict("wrong", f"Not yet: {mistake}.")
    if any(agree):
        return Verdict(
            "wrong",
            f"Right on {sum(agree)} of {len(agree)} inputs only. "
            "Is a number, a shape or a batch of one built in?",
        )
    first = next(i for i, right in enumerate(agree) if not right)
    (a, b) = (_flat(expected[first])[0], _flat(results[first][1])[0])
    return Verdict("wrong", f"Not yet: the first number should be {a:.4g} and is {b:.4g}.")


def _flat(value: Any) -> Any:
    """All numbers of an answer, whatever it is made of, in one vector."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, tuple | list):
        parts = [_flat(part) for part in value]
        return np.concatenate(parts) if parts else np.zeros(0)
    return np.asarray(value, dtype=float).ravel()


def _same(a: Any, b: Any) -> bool:
    """Whether two answers (or arguments) hold the same numbers, up to round-off."""
    if isinstance(a, Network):
        a, b = a.theta, b.theta
    if callable(a):
        return True
    try:
        p, q = _flat(a), _flat(b)
    except (TypeError, ValueError):
        return False
    if p.shape != q.shape or not np.isfinite(q).all():
        return False
    return bool(np.linalg.norm(p - q) <= CLOSE * float(np.linalg.norm(p)))


def _misshapen(got: Any, want: Any) -> str:
    """A sentence if the answer has another form than the right one, else an empty string."""
    if isinstance(want, dict | tuple):
        if type(got) is not type(want) or (isinstance(want, tuple) and len(got) != len(want)):
            return f"Expected a {type(want).__name__} of {len(want)}, got {type(got).__name__}."
        if isinstance(want, dict):
            if set(got) != set(want):
                return f"Expected the layers {sorted(want)}, got {list(got)}."
            pairs = [(got[l], want[l]) for l in want]
        else:
            pairs = list(zip(got, want, strict=True))
        return next((text for g, w in pairs if (text := _misshapen(g, w))), "")
    if isinstance(got, dict):
        return "Expected numbers, got dict."
    try:
        shape = np.shape(got)
        _flat(got)
    except (TypeError, ValueError):
        return f"Expected numbers, got {type(got).__name__}."
    if shape != np.shape(want):
        mend = " A transpose would mend it." if shape[::-1] == np.shape(want) else ""
        return f"Expected shape {np.shape(want)}, got {shape}.{mend}"
    return ""


def _raised(error: Exception) -> str:
    """The exception, with the line of the learner's code that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    line = ""
    if own:
        text = (own[0].line or linecache.getline(own[0].filename, own[0].lineno or 0)).strip()
        line = f", in the line: {text}" if text else ""
    return f"Your function raised {type(error).__name__}: {error}{line}"
