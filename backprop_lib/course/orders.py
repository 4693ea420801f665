"""Exercises to put shuffled lines in order, with common mistakes among them: four proofs and the algorithm.

The answer is a string of letters. The lines are evaluated in the learner's own order, on a net with random
weights: the first line where the numbers part is shown, and then the first that does not follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, shown
from backprop_lib.course.answers import NOT_ATTEMPTED, Verdict, correct, wrong
from backprop_lib.course.ledgers import ledger
from backprop_lib.equations import backprop
from backprop_lib.network import Network


def letters_of(answer: Any, lines: str) -> str | Verdict:
    """The letters of an answer, capital and without what stands between them, or a verdict."""
    if answer is None or answer is ...:
        return NOT_ATTEMPTED
    if isinstance(answer, list | tuple) and all(isinstance(part, str) for part in answer):
        answer = "".join(answer)
    if not isinstance(answer, str):
        return wrong(f'expected a string of letters such as "{lines[:3]}", got {shown(answer)}.')
    letters = "".join(mark for mark in answer.upper() if mark not in " ,;.->→\t\n")
    if strangers := sorted(set(letters) - set(lines)):
        return wrong(f"there is no line {shown(strangers[0])}; the lines are {lines[0]} to {lines[-1]}.")
    if twice := [letter for letter in lines if letters.count(letter) > 1]:
        return wrong(f"line {twice[0]} stands there twice.")
    return letters or NOT_ATTEMPTED


@dataclass(frozen=True)
class OrderTheProof:
    """The lines of a proof to be put in order.

    right      the letters of the proof, in order
    numbers    makes the value of every line, the wrong ones among them, on one net
    mistakes   what is wrong with each line that does not belong to the proof
    follows    what must be known before each line of the proof, if it is not the first
    """

    right: str
    numbers: Callable[[], dict[str, float]]
    mistakes: dict[str, str]
    follows: dict[str, str]

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        letters = letters_of(answer, "".join(sorted(self.right + "".join(self.mistakes))))
        if isinstance(letters, Verdict):
            return letters
        numbers = self.numbers()
        first = numbers[self.right[0]]
        for place, letter in enumerate(letters, 1):
            if letter in self.mistakes:
                return wrong(
                    f"line {place}, {letter}, is {numbers[letter]:.4g} on a net with random weights, and the "
                    f"slope that the proof is about is {first:.4g} there: the numbers part here.",
                    self.mistakes[letter],
                )
        for place, (letter, expected) in enumerate(zip(letters, self.right, strict=False), 1):
            if letter != expected:
                return wrong(
                    f"all your lines have the right number, {first:.4g}, but line {place}, {letter}, does "
                    "not follow yet.",
                    self.follows.get(letter, "It is where the proof begins."),
                )
        if missing := len(self.right) - len(letters):
            return wrong(f"right so far; {missing} more line{'s' * (missing > 1)} to come.")
        return correct("every line, evaluated on a net with random weights")


def _example() -> tuple[Network, Array, Array]:
    """A 3-3-3 net with random weights and biases: square, so that every wrong line can be evaluated."""
    net = Network([("identity", 3), ("tanh", 3), ("sigmoid", 3)], seed=1)
    net.theta *= 2
    net.theta += 0.1
    return net, np.array([[0.7], [-1.2], [0.4]]), np.array([[0.0], [1.0], [0.0]])


def _numbers(equation: int, j: int = 1, k: int = 2) -> list[float]:
    """The value of every line of a proof for neuron j, or its weight from k, and of those that are wrong."""
    net, x, y = _example()
    run = backprop(net, x, y)
    slope, delta = run.a[2] - y, run.delta[2]
    back = net.w[2].T @ delta
    prime, prime_of_a = ({l: net.sigma[l].prime(at[l]) for l in (1, 2)} for at in (run.z, run.a))
    others = {  # those of all neurons; the first one of (1) is the last line of its proof
        1: (slope * prime[2], slope * prime_of_a[2], slope.sum() * prime[2], slope),
        2: (back, back * prime_of_a[1]),
        3: (delta.sum() + 0 * delta, delta * net.b[2], delta * prime[2]),
        4: (run.a[1] * delta[k], run.z[1][k] * delta),
    }[equation]
    lines = ledger(equation, net, x, y, j=j, k=k).lines
    return [line.value for line in lines] + [float(values[j, 0]) for values in others]


def _dealt(
    seed: int, numbers: Callable[[], list[float]], mistakes: list[str], follows: list[str]
) -> OrderTheProof:
    """A proof whose lines get their letters from a seed, so that nobody reads the answer here by chance.

    All lists have the lines of the proof in order, and then the wrong ones.
    """
    letters = "ABCDEFGH"[: 1 + len(follows) + len(mistakes)]
    dealt = "".join(np.random.RandomState(seed).permutation(list(letters)))  # the same in every numpy
    right, others = dealt[: 1 + len(follows)], dealt[1 + len(follows) :]
    return OrderTheProof(
        right,
        lambda: dict(zip(dealt, numbers(), strict=True)),
        dict(zip(others, mistakes, strict=True)),
        dict(zip(right[1:], follows, strict=True)),
    )


class OrderTheAlgorithm:
    """The lines of one training step of a net with two layers, to be put in an order that works.

    Every order in which each line finds what it uses, and uses what it should, is right.
    """

    rate = 0.5
    # letter: (what it makes, what it uses, the line)
    lines: dict[str, tuple[str, str, Callable[[dict[str, Any]], Any]]] = {
        "A": ("dw1", "δ1 a0", lambda v: v["δ1"] @ v["a0"].T),
        "B": ("δ2", "a2 y z2", lambda v: (v["a2"] - v["y"]) * v["σ2"].prime(v["z2"])),
        "C": ("w2", "w2 dw2", lambda v: v["w2"] - v["rate"] * v["dw2"]),
        "D": ("z1 a1", "w1 a0", lambda v: _layer(v, 1)),
        "E": ("δ1", "w2 δ2 z1", lambda v: (v["w2"] @ v["δ2"]) * v["σ1"].prime(v["z1"])),
        "F": ("w1", "w1 dw1", lambda v: v["w1"] - v["rate"] * v["dw1"]),
        "G": ("δ1", "w2 δ2 z1", lambda v: (v["w2"].T @ v["δ2"]) * v["σ1"].prime(v["z1"])),
        "H": ("z2 a2", "w2 a1", lambda v: _layer(v, 2)),
        "I": ("dw2", "δ2 a1", lambda v: v["δ2"] @ v["a1"].T),
    }

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        letters = letters_of(answer, "".join(self.lines))
        if isinstance(letters, Verdict):
            return letters
        net, x, y = _example()
        net.b[1][...] = net.b[2][...] = 0.0  # the lines have none
        right = backprop(net, x, y)
        known: dict[str, Any] = {"a0": x, "y": y, "w1": net.w[1], "w2": net.w[2], "rate": self.rate}
        known |= {"σ1": net.sigma[1], "σ2": net.sigma[2]}
        truth = {"z1": right.z[1], "z2": right.z[2], "a1": right.a[1], "a2": right.a[2]}
        truth |= {"δ1": right.delta[1], "δ2": right.delta[2]}
        truth |= {f"dw{l}": right.gradient.w[l] for l in (1, 2)}
        truth |= {f"w{l}": net.w[l] - self.rate * right.gradient.w[l] for l in (1, 2)}
        for place, letter in enumerate(letters, 1):
            made, used, line = self.lines[letter]
            if absent := [name for name in used.split() if name not in known]:
                return wrong(f"line {place}, {letter}, needs {absent[0]}, which no line above it has made.")
            result = line(known)
            values = result if isinstance(result, tuple) else (result,)
            for name, value in zip(made.split(), values, strict=True):
                if not np.allclose(value, truth[name], rtol=1e-9, atol=0):
                    return wrong(
                        f"line {place}, {letter}: {name} begins with {value[0, 0]:.4g} and should begin with "
                        f"{truth[name][0, 0]:.4g}.",
                        "Which end of the weights do the errors come from? See equation (2)."
                        if known["w2"] is net.w[2]
                        else "It used a w2 that was already changed.",
                    )
                known[name] = value
        made_so_far = {self.lines[letter][0] for letter in letters}
        if missing := {made for made, _, _ in self.lines.values()} - made_so_far:
            return wrong(f"right so far; {len(missing)} more line{'s' * (len(missing) > 1)} to come.")
        return correct("a 3-3-3 net: both new matrices are right")


def _layer(v: dict[str, Any], l: int) -> tuple[Array, Array]:
    z = v[f"w{l}"] @ v[f"a{l - 1}"]
    return z, v[f"σ{l}"](z)


ORDERS: dict[str, OrderTheProof | OrderTheAlgorithm] = {
    "order_1": _dealt(
        7,
        partial(_numbers, 1),
        [
            "Here σ′ is taken of a; the slope of the step from z to a is σ′(z).",
            "The sum stays, and no other output depends on this z: the roads through them are closed.",
            "The factor σ′ is missing: this is the slope by a, and asked for is the slope by z.",
        ],
        [
            "The chain rule is applied to the definition, so the definition must stand above it.",
            "It keeps one term of a sum; the sum must stand above it.",
            "It carries out the derivative of one a; that derivative must stand alone above it.",
            "It writes the finished product for all neurons at once; it is the last step.",
        ],
    ),
    "order_2": _dealt(
        822,
        partial(_numbers, 2, j=0),
        [
            "The factor σ′ is missing: a nudge of z is scaled by the slope of σ before it goes on.",
            "Here σ′ is taken of a; the slope that a nudge of z meets is σ′(z).",
        ],
        [
            "The chain rule is applied to the definition, so the definition must stand above it.",
            "It writes δ for a slope that must have appeared in the line above it.",
            "It writes out a z that still stands whole, beside the errors δ, in the line above it.",
            "It is the result of a derivative; the line above must say what is differentiated.",
            "It writes a finished sum over k as a matrix product; it is the last step.",
        ],
    ),
    "order_3": _dealt(
        2981,
        partial(_numbers, 3),
        [
            "Every neuron has a bias of its own: the errors of the others do not belong to this one.",
            "The derivative of b by itself is 1, whatever its value; it is not b.",
            "σ′ is inside δ already: δ is the slope by z, and the bias is added to z.",
        ],
        [
            "The chain rule is applied to the definition, so the definition must stand above it.",
            "It keeps one term of a sum; the sum must stand above it.",
            "It carries out the derivative of one z; that derivative must stand alone above it.",
            "It writes δ for a slope that must stand in the line above it, and leaves the factor 1 out.",
        ],
    ),
    "order_4": _dealt(
        5451,
        partial(_numbers, 4),
        [
            "The indices are exchanged: w_jk is to neuron j, so δ has the index j.",
            "The weight multiplies an activation, a, not a pre-activation, z.",
        ],
        [
            "The chain rule is applied to the definition, so the definition must stand above it.",
            "It keeps one term of a sum; the sum must stand above it.",
            "It carries out the derivative of one z; that derivative must stand alone above it.",
            "It writes δ for a slope that must stand in the line above it.",
        ],
    ),
    "order_backprop": OrderTheAlgorithm(),
}
