"""Judging an answer: right on every case, or not yet, and then why.

A function is tried on several cases. Where its results equal those of a known mistake, the mistake is named
with the place in the proof to look at; else its form, its exception or its numbers say what is wrong.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import sysconfig
import textwrap
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backprop_lib.arguments import apart, shown
from backprop_lib.course.attempts import SECONDS, Briefly, Judge, Left, TimeUp, attempt
from backprop_lib.course.mistakes import Mistake, Wrong, one_each
from backprop_lib.course.results import close, form, kept, pairs, same
from backprop_lib.network import Parameters


@dataclass(frozen=True)
class Verdict:
    """What `check` says: a status and a message."""

    status: str  # "not attempted yet", "correct" or "wrong"
    message: str

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status == "correct"

    def __repr__(self) -> str:
        return textwrap.fill(self.message, 100)


NOT_ATTEMPTED = Verdict("not attempted yet", "Not attempted yet.")


def correct(checked_on: str) -> Verdict:
    """The verdict on a right answer."""
    return Verdict("correct", f"Correct: checked on {checked_on}.")


def wrong(*sentences: str) -> Verdict:
    """The verdict on a wrong one; empty sentences are left out."""
    first, *others = filter(None, sentences)
    # A Greek letter is a symbol: Σ is not σ at the beginning of a sentence.
    begun = [s[0].upper() + s[1:] if s[0].isascii() else s for s in others]
    return Verdict("wrong", " ".join(["Not yet:", first, *begun]))


def outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None] | Verdict:
    """What a call of the learner's code returns, and what it raises; a verdict where that settles it."""
    judge, result, error = Judge(), None, None
    try:
        with redirect_stdout(Briefly(sys.stdout)):
            result = attempt(call)
    except (Exception, TimeUp) as caught:
        error = caught
    if changed := judge.restored():
        return wrong(f"your function gave {_listed(changed)} another meaning; that is undone.")
    if isinstance(error, NotImplementedError):
        return NOT_ATTEMPTED
    if isinstance(error, TimeUp):
        return wrong(TOO_LONG)
    return result, error


@dataclass(frozen=True)
class Case:
    """One input for an answer, its right result, and those of the exercise's known mistakes, in order."""

    name: str
    arguments: tuple[Any, ...]
    right: Any
    wrong: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FunctionToWrite:
    """An exercise whose answer is a function.

    parameters   the names of its arguments
    cases        makes the inputs it is tried on
    checked_on   the same in words
    mistakes     the known mistakes, in the order of `Case.wrong`
    parts        the names of its results, if it has several
    call         how the answer is called with the arguments of a case
    clue         a sentence for the names of the parts that are wrong, and of those that are right
    hints        (words, sentence): what to say if the answer is right on all cases that have these words in
                 their names and wrong on all others, or the other way round
    """

    parameters: tuple[str, ...]
    cases: Callable[[], list[Case]]
    checked_on: str
    mistakes: tuple[Mistake, ...] = ()
    parts: tuple[str, ...] = ()
    call: Callable[[Any, tuple[Any, ...]], Any] = lambda answer, arguments: answer(*arguments)
    clue: Callable[[list[str], list[str]], str] = lambda bad, good: ""
    hints: tuple[tuple[str, str], ...] = ()

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        function = function_of(answer, self.parameters)
        if isinstance(function, Verdict):
            return function
        returned: list[tuple[Case, Any]] = []
        failed = ""
        for case in self.cases():
            handed = deepcopy(case.arguments)
            tried = outcome(lambda handed=handed: kept(self.call(function, handed)))  # type: ignore[misc]
            if isinstance(tried, Verdict):
                return tried
            result, error = tried
            if error is not None:
                failed = failed or self.failure(case, error)
                continue
            if result is None or result is ...:
                return NOT_ATTEMPTED if result is ... or is_stub(answer) else wrong(NOTHING_RETURNED)
            if not all(_unchanged(old, new) for old, new in zip(case.arguments, handed, strict=True)):
                return wrong("your function changed an array that it was given. Work on a new one.")
            returned.append((case, result))
        return self.verdict(returned, failed)

    def failure(self, case: Case, error: Exception) -> str:
        """What to say of an exception."""
        return raised(error, dict(zip(self.parameters, case.arguments, strict=True)))

    def verdict(self, returned: list[tuple[Case, Any]], failed: str) -> Verdict:
        """The verdict on the results that came back, and on the first failure, if there was one."""
        complaints = [form(case.right, result, self.parts) for case, result in returned]
        good = [case.name for case, result in returned if same(case.right, result)]
        problem = next(filter(None, [failed, *complaints]), "")
        if not problem and len(good) == len(returned):
            return correct(self.checked_on)
        if known := self.known(returned):
            return wrong(known, problem)
        if good:
            bad = [case.name for case in self.cases() if case.name not in good]
            misses = [(case, result) for case, result in returned if case.name in bad]
            return wrong(
                problem or self._other_numbers(misses, f"on {_listed(bad)}"),
                f"It is right on {_listed(good)}, and not on {_listed(bad)}.",
                self._hint(good, bad),
            )
        return wrong(problem or self._other_numbers(returned))

    def known(self, returned: list[tuple[Case, Any]]) -> str:
        """What to say of the mistake whose results these are, if it shows on one of these cases at least."""
        for i, mistake in enumerate(self.mistakes):
            if all(same(case.wrong[i], result) for case, result in returned) and not all(
                same(case.wrong[i], case.right) for case, _ in returned
            ):
                return f"{mistake.title}. {mistake.sentence} Look at {mistake.where}."
        return ""

    def _hint(self, good: list[str], bad: list[str]) -> str:
        """What sets the cases that are right apart from those that are not."""
        for words, sentence in self.hints:
            there = [{words in name for name in names} for names in (good, bad)]
            if there in ([{True}, {False}], [{False}, {True}]):
                return sentence
        return ""

    def _other_numbers(self, returned: list[tuple[Case, Any]], where: str = "everywhere") -> str:
        """What can be said of numbers that are of the right form and of no known mistake."""
        everywhere = [pair for case, result in returned for pair in pairs(case.right, result, self.parts)]
        if not any(q.any() for _, _, q in everywhere):
            return f"your answer is zero {where}, and the right one is not."
        off = max(float(np.linalg.norm(p - q) / np.linalg.norm(p)) for _, p, q in everywhere if p.any())
        if off < 1e-4:
            return f"your numbers are right to {off:.0e} of their size only: is there a rounding on the way?"
        _, p, q = max(everywhere, key=lambda pair: float(np.abs(pair[1]).max()))
        factor = float(np.vdot(p, q) / np.vdot(p, p))
        if all(close(factor * p, q) for _, p, q in everywhere):
            sign = " Is a sign turned round?" if factor < 0 else ""
            return f"your answer is the right one times {factor:.6g}, {where}.{sign}"
        case, result = returned[0]
        here = pairs(case.right, result, self.parts)
        good = [name for name, p, q in here if close(p, q)]
        bad = [(name, p, q) for name, p, q in here if not close(p, q)]
        name, p, q = bad[0]
        index = np.unravel_index(np.argmax(np.abs(p - q)), p.shape)
        entry = f"{name or 'entry '}{[int(i) for i in index]}" if p.ndim else name or "the answer"
        should, and_is = apart(float(p[index]), float(q[index]))
        sentences = [f"on {case.name}, {entry} should be {should} and is {and_is}."]
        if good:
            names = [name for name, _, _ in bad]
            sentences += [f"Right: {_listed(good)}. Wrong: {_listed(names)}.", self.clue(names, good)]
        return " ".join(filter(None, sentences))


def function_on(
    inputs: Mapping[str, tuple[Any, ...]],
    right: Callable[..., Any],
    checked_on: str,
    mistakes: Wrong,
    also: Sequence[tuple[Mistake, Callable[..., Any]]] = (),
    kind: type[FunctionToWrite] = FunctionToWrite,
    **more: Any,
) -> FunctionToWrite:
    """An exercise from its inputs by name, the right function, and wrong ones; `more` of FunctionToWrite.

    Its parameters are those of the right function that have no default.
    also: wrong functions with a mistake that is known elsewhere, too; kind: the class, where it is another
    """
    given = inspect.signature(right).parameters.values()
    parameters = tuple(p.name for p in given if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD)
    named, functions = zip(*also, *one_each(mistakes), strict=True)

    def cases() -> list[Case]:
        return [Case(n, x, kept(right(*x)), tuple(kept(f(*x)) for f in functions)) for n, x in inputs.items()]

    return kind(parameters, cases, checked_on, named, **more)


@dataclass(frozen=True)
class Questions:
    """An exercise whose answer is a dict: a letter for each question, and one of the options.

    why_not(letter, option) says why the option is not the answer.
    """

    right: dict[str, Any]
    options: tuple[Any, ...]
    why_not: Callable[[str, Any], str]
    checked_on: str

    def judge(self, answer: Any) -> Verdict:
        """The verdict; it never raises because of the answer."""
        if answer is None or answer is ...:
            return NOT_ATTEMPTED
        letters = list(self.right)
        if not isinstance(answer, dict) or not all(isinstance(letter, str) for letter in answer):
            return wrong(
                f"expected a dict with an answer for each of {_listed(letters)}, got {shown(answer)}."
            )
        given = self.understood(answer)
        if not given:
            return NOT_ATTEMPTED
        if strangers := sorted(set(given) - set(letters)):
            return wrong(f"there is no question {_listed(strangers)}; the questions are {_listed(letters)}.")
        for letter in letters:
            if letter in given and not any(given[letter] is option for option in self.options):
                options = ", ".join(map(repr, self.options))
                return wrong(f"{letter}: expected one of {options}, got {shown(given[letter])}.")
        misses = [f"{k}: {self.why_not(k, v)}" for k, v in sorted(given.items()) if v != self.right[k]]
        if misses:
            return wrong(*misses)
        missing = [letter for letter in letters if letter not in given]
        if missing:
            return wrong(f"right so far; {_listed(missing)} not answered.")
        return correct(self.checked_on)

    def understood(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answers that were given, each as the option that it is; as it stands if it is none."""
        given = {k.strip(): _option(v) for k, v in answer.items() if v is not None and v is not ...}
        return {k: next((o for o in self.options if _equal(_option(o), v)), v) for k, v in given.items()}


def function_of(answer: object, parameters: Sequence[str]) -> Callable[..., Any] | Verdict:
    """The answer as a function that takes these parameters in order, or the verdict if it is none of them.

    Arguments that it takes by name alone are handed over by name.
    """
    if answer is None or answer is ...:
        return NOT_ATTEMPTED
    wanted = f"a function of ({', '.join(parameters)})"
    if not callable(answer):
        return wrong(
            f"expected {wanted}, got {type(answer).__name__}. Hand over the function itself; do not call it."
        )
    try:
        signature = inspect.signature(answer)
    except ValueError:  # a function of numpy, which has no signature to look at
        return answer
    names = list(signature.parameters)
    by_name = any(parameter.kind is parameter.KEYWORD_ONLY for parameter in signature.parameters.values())
    if sorted(names) == sorted(parameters) and names != list(parameters) and not by_name:
        return wrong(f"expected {wanted}, in this order; yours takes {signature}.")
    with suppress(TypeError):
        signature.bind(*parameters)
        return answer
    with suppress(TypeError):
        signature.bind(**dict.fromkeys(parameters))
        return lambda *arguments: answer(**dict(zip(parameters, arguments, strict=True)))
    return wrong(f"expected {wanted}; yours takes {signature}.")


def _equal(option: Any, value: Any) -> bool:
    try:
        return bool(option == value)
    except Exception:  # an array, or an object of the learner's own
        return False


def _option(value: Any) -> Any:
    """An answer to a question in its plainest form: 4 for 4.0 and np.int64(4), text without its spaces."""
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0:
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool):
        return str(value)  # True is no 1
    return value.strip().lower() if isinstance(value, str) else value


def _unchanged(old: Any, new: Any) -> bool:
    if isinstance(old, Parameters):
        return np.array_equal(old.theta, new.theta)
    return not isinstance(old, np.ndarray | list) or np.array_equal(old, new)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


NOTHING_RETURNED = "your function returned nothing. End it with `return`; printing is not enough."


TOO_LONG = f"your function had not ended after {SECONDS:g} seconds. Does a loop go on for ever?"


def _stub() -> None: ...


def is_stub(answer: Any) -> bool:
    """Whether the function has an empty body."""
    code = getattr(answer, "__code__", None)
    return code is not None and len(code.co_code) <= len(_stub.__code__.co_code)


def _installed(file: str) -> bool:
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("platlib"), str(Path(__file__).parents[1])]
    return any(Path(file).is_relative_to(folder) for folder in folders) or (
        file.startswith("<") and not file.startswith("<ipython")
    )


def raised(error: Exception, arguments: dict[str, Any] | None = None) -> str:
    """The exception, the learner's own line that it came through last, and the shapes that went in."""
    if isinstance(error, Left):
        return f"your function tried to end the program, with {error}. End it with `return`."
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    own = [frame for frame in frames if not _installed(frame.filename)]
    text = (linecache.getline(own[-1].filename, own[-1].lineno or 0).strip() or own[-1].line) if own else ""
    line = f", in the line `{text}`" if text else ""
    shapes = [
        f"{name} {value.shape}" for name, value in (arguments or {}).items() if isinstance(value, np.ndarray)
    ]
    given = f" The shapes were {', '.join(shapes)}." if shapes and isinstance(error, ValueError) else ""
    return f"your function raised {type(error).__name__}: {_words_of(error)}{line}.{given}"


def _words_of(error: Exception) -> str:
    try:
        words = str(error)
    except Exception:  # an exception of the learner's own
        return ""
    return words if len(words) <= 200 else words[:199] + "…"
