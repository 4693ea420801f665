"""Predictions: a question whose answer is computed, the verdict on a guess, and how often one was right."""

from __future__ import annotations

import base64
import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_lib.arguments import as_float, finite_number, listed, shown


@dataclass(frozen=True)
class Prediction:
    """A question, its right answer, and why that is right; made by `prediction`.

    options   what can be chosen; none if a number is asked for
    answer    the place of the right option, from 0; or the number
    within    how far from the number a guess may be
    """

    question: str
    options: tuple[str, ...]
    answer: float
    because: str
    within: float = 0.0

    def is_right(self, guess: float) -> bool:
        """Whether a guess is right: the option's place, or a number as near as asked or as it is shown."""
        if self.options:
            return guess == self.answer
        edge = self.within * (1 + 1e-9)  # 0.4 − 0.3 is more than 0.1 in the machine
        return abs(guess - self.answer) <= edge or written(guess) == written(self.answer)

    def verdict(self, guess: float) -> str:
        """One sentence on a guess, with the right answer."""
        said, right = self._named(guess), self._named(self.answer)
        if not self.is_right(guess):
            return f"Not so: you said {said}; it is {right}."
        return f"Right: {right}." if said == right else f"Right: you said {said}; it is {right}."

    @property
    def told(self) -> str:
        """The answer and the reason, for a reader whose guess nobody hears."""
        return f"It is {self._named(self.answer)}. {self.because}"

    def guess(self, text: str) -> float:
        """The number that was typed, such as 0.25, 1/4 or 2e-3; ValueError with a sentence if it is none."""
        above, slash, below = text.strip().replace("−", "-").partition("/")
        try:
            number = float(above) / (float(below) if slash else 1.0)
            if math.isfinite(number):
                return number
        except (ValueError, ZeroDivisionError):
            pass
        wanted = "a number such as 0.25, 1/4 or 2e-3"
        raise ValueError(f"expected {wanted}, got {shown(text)}" if text.strip() else f"type {wanted} first")

    def _named(self, guess: float) -> str:
        return f"“{self.options[int(guess)]}”" if self.options else written(guess)


def prediction(
    question: str, options: Sequence[object], answer: Any, because: str, within: float = 0.0
) -> Prediction:
    """A prediction of checked parts; TypeError or ValueError that names the one that makes no sense.

    answer    one of the options, or its place from 0 where all options are texts; without options, a number
    """
    for name, text in (("question", question), ("because", because)):
        if not isinstance(text, str):
            raise TypeError(f"{name}: expected text, got {shown(text)}")
        if not text.strip():
            raise ValueError(f"{name}: expected a sentence, got {shown(text)}")
    choices = listed("options", options)
    names = tuple(choice.strip() if isinstance(choice, str) else _option(choice) for choice in choices)
    if len(names) == 1 or len(set(names)) < len(names) or "" in names:
        raise ValueError(f"options: expected two or more, each another text or number, got {shown(options)}")
    distance = finite_number("within", within)
    if distance < 0 or (names and distance > 0):
        wanted = "0, for nothing is measured between options" if names else "a number of at least 0"
        raise ValueError(f"within: expected {wanted}, got {shown(within)}")
    right = _place(choices, names, answer) if names else finite_number("answer", answer)
    return Prediction(question.strip(), names, right, because.strip(), distance)


def _option(value: Any) -> str:
    try:
        return written(finite_number("options", value))
    except TypeError:
        raise TypeError(f"options: expected texts or numbers, got {shown(value)} among them") from None


def _place(choices: list[Any], names: tuple[str, ...], answer: Any) -> int:
    """Where the answer stands among the options."""
    if isinstance(answer, str) and answer.strip() in names:
        return names.index(answer.strip())
    if not isinstance(answer, bool | np.bool_) and isinstance(answer, int | float | np.integer | np.floating):
        if not all(isinstance(choice, str) for choice in choices):
            if (name := written(as_float(answer))) in names:
                return names.index(name)
        elif isinstance(answer, int | np.integer) and 0 <= answer < len(names):
            return int(answer)
    raise ValueError(f"answer: expected one of the options {shown(list(names), 200)}, got {shown(answer)}")


def written(value: float) -> str:
    """A whole number as it is, any other with four digits."""
    whole = float(value).is_integer() and abs(value) < 1e9
    return (str(int(value)) if whole else f"{value:.4g}").replace("-", "−")


def sealed(source: str) -> str:
    """The source of a cell that asks, as a text in which nobody reads the answer by chance; see `opened`."""
    return base64.b64encode(zlib.compress(source.encode())).decode()


def opened(seal: str) -> str:
    """The source of a sealed cell, for `exec`; it computes what the cell computes, and asks what it asks.

    The seal keeps the answer from eyes that only pass. It is no lock: whoever wants to read the source undoes
    it in one line, and `.asked.answer` of a question that was asked is the answer.
    """
    return zlib.decompress(base64.b64decode(seal)).decode()


NOTHING_COMMITTED = "No guess is committed to yet."
ENOUGH, CALIBRATED = 5, 0.9  # of so many sure guesses, what share should be right


@dataclass
class Commitment:
    """To a guess: whether one was sure of it, and whether it was right."""

    sure: bool
    right: bool


@dataclass
class Record:
    """What was committed to, by question.

    It lives as long as the kernel. The first commitment counts: after it the answer is known.
    """

    first: dict[str, Commitment] = field(default_factory=dict)
    watchers: list[Callable[[], None]] = field(default_factory=list)

    def note(self, question: str, commitment: Commitment) -> None:
        """Remember the first commitment to a question, and tell whoever watches."""
        self.first.setdefault(question, commitment)
        for watcher in self.watchers:
            watcher()

    def right_of(self, sure: bool) -> tuple[int, int]:
        """How many were right, of how many, among those one was sure of or those one guessed."""
        kept = [commitment.right for commitment in self.first.values() if commitment.sure == sure]
        return sum(kept), len(kept)

    def told(self, earlier: str = "") -> list[str]:
        """The record in sentences; `earlier` is what an earlier page said to carry on, such as "4/5 1/3".

        ValueError or TypeError if `earlier` is nothing of this kind.
        """
        counts = self._with([earlier])
        if not any(of for _, of in counts):
            return [NOTHING_COMMITTED]
        named = zip(("Sure", "Guessed"), counts, strict=True)
        said = [f"{words}: {right} of {of} right." for words, (right, of) in named if of]
        carried = " ".join(f"{right}/{of}" for right, of in counts)
        return [
            *said,
            *_judged(counts),
            f'To carry it on, write record("{carried}") at the end of the next page.',
        ]

    def calibration(self, earlier: Sequence[str] = ()) -> tuple[list[list[str]], list[str]]:
        """How often one was right when sure and when guessing, over all pages: a table, and what it says.

        earlier   what the pages before said to carry on, such as ["4/5 1/3", "2/2 0/1"]: the counts add up

        ValueError or TypeError if one of them is nothing of this kind.
        """
        counts = self._with(earlier)
        if not any(of for _, of in counts):
            return [], [NOTHING_COMMITTED]
        rows = [["you said", "right", "of", "share"]]
        for words, (right, of) in zip(("I am sure", "a guess"), counts, strict=True):
            rows.append([words, str(right), str(of), f"{right / of:.0%}" if of else "–"])
        return rows, _judged(counts) or [f"Of {ENOUGH} sure answers and more one can say how good they are."]

    def _with(self, earlier: Sequence[str]) -> list[list[int]]:
        """[right, of] when sure and when guessing, those of earlier pages added."""
        pages = [(self.right_of(True), self.right_of(False)), *map(_carried, earlier)]
        counts: list[list[int]] = np.sum(pages, axis=0).tolist()
        return counts


def _judged(counts: list[list[int]]) -> list[str]:
    """What the shares say, where there are enough of them: of the sure answers, and of the guesses beside."""
    (sure, of_sure), (guessed, of_guessed) = counts
    if of_sure < ENOUGH:
        return []
    share = sure / of_sure
    said = [
        "When you are sure, you can count on it."
        if share >= CALIBRATED
        else f"When you are sure, you are right in {share:.0%} of the cases: look twice."
    ]
    if of_guessed >= ENOUGH and guessed / of_guessed >= share:
        said.append("Your guesses are as good: being sure tells you nothing yet.")
    return said


def _carried(earlier: object) -> tuple[tuple[int, int], tuple[int, int]]:
    """(right, of) when sure and when guessing, from "4/5 1/3"; nothing is none of either."""
    if not isinstance(earlier, str):
        raise TypeError(f'earlier: expected a text such as "4/5 1/3", got {shown(earlier)}')
    found = re.fullmatch(r"\s*(\d{1,6})/(\d{1,6}) +(\d{1,6})/(\d{1,6})\s*", earlier or "0/0 0/0")
    a, b, c, d = map(int, found.groups()) if found else (1, 0, 1, 0)
    if a > b or c > d:
        raise ValueError(f'earlier: expected a text such as "4/5 1/3", got {shown(earlier)}')
    return (a, b), (c, d)
