"""Answers taken apart into plain numbers, and judged again in a process that no page has touched."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_lib.arguments import one_of, shown
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    Case,
    FunctionToWrite,
    Questions,
    Verdict,
    function_of,
    outcome,
    raised,
    wrong,
)
from backprop_lib.course.exercises import EXERCISES
from backprop_lib.course.marks import check_guess, placed
from backprop_lib.course.predictions import Prediction
from backprop_lib.course.puzzles import EarlyLayers
from backprop_lib.course.results import kept, pairs
from backprop_lib.network import Network, parameter_count

LONGEST = 5_000_000  # characters of an answer that is taken apart, but for the parameters of its nets
WIDEST = 256  # neurons in each hidden layer of the nets of `early_layers`: 150 flowers need eight


def taken_apart(name: str, answer: Callable[[], Any]) -> str:
    """What `check` says to an answer, and what the answer gives on the cases of its exercise, as JSON.

    Never raises because of the answer; ValueError for the name of an exercise that does not exist.
    """
    exercise = EXERCISES[one_of("name", name, EXERCISES)]
    verdict, data = NOT_ATTEMPTED, None
    try:
        verdict = exercise.judge(given := answer())
        data = json.dumps(_plain(_given(exercise, given))) if verdict.passed else None
        if data is not None and len(data) > LONGEST + _of_nets(exercise):
            verdict = wrong("your answer is too long to be judged.")
    except Exception as error:
        verdict = wrong(_unjudged(error))
    return json.dumps({"status": verdict.status, "message": verdict.message, "data": data})


def _unjudged(error: Exception) -> str:
    """Why there is no verdict: a name of the expression is not there, or what a function raised."""
    expression = error.__traceback__ and error.__traceback__.tb_next
    if isinstance(error, NameError) and error.name and expression and expression.tb_next is None:
        words = f"the name {error.name} is not defined when it is checked."
        return f"{words} Its cell may be missing, stand below the check, or have ended in an error."
    return f"it cannot be judged: {raised(error)}"


def _of_nets(exercise: Any) -> int:
    """How many characters the parameters of the widest nets have."""
    if not isinstance(exercise, EarlyLayers):
        return 0
    return exercise.starts * len(_packed(np.zeros(parameter_count([4, *[WIDEST] * exercise.deep, 3]))))


def _given(exercise: Any, answer: Any) -> Any:
    """What the judge reads out of an answer, whatever objects say it: numbers, options, names or nets."""
    if isinstance(exercise, Questions):
        return exercise.understood(answer)
    if not isinstance(exercise, FunctionToWrite | EarlyLayers):
        return answer
    function: Any = function_of(answer, exercise.parameters)
    if isinstance(exercise, EarlyLayers):
        return [_result(lambda seed=seed: function(seed)) for seed in range(exercise.starts)]  # type: ignore[misc]
    return [_result(lambda c=c: _arrays(exercise, function, c)) for c in exercise.cases()]  # type: ignore[misc]


def _arrays(exercise: FunctionToWrite, answer: Any, case: Case) -> list[Any]:
    """The arrays of one result, in the order of the right one; Unfit if it is of another form."""
    result = kept(exercise.call(answer, deepcopy(case.arguments)))
    return [array for _, _, array in pairs(case.right, result)]


def _formed(right: Any, arrays: Iterator[Any]) -> Any:
    """A result of the form of the right one, made of these arrays."""
    if isinstance(right, tuple):
        return tuple(_formed(part, arrays) for part in right)
    if isinstance(right, dict):
        return {key: _formed(part, arrays) for key, part in right.items()}
    return next(arrays)


def _result(call: Callable[[], Any]) -> Any:
    tried = outcome(call)
    return None if isinstance(tried, Verdict) or tried[1] is not None else tried[0]


def judged_again(name: str, text: str) -> Verdict:
    """The verdict on an answer that was taken apart; ValueError if the text is no such thing."""
    exercise = EXERCISES[one_of("name", name, EXERCISES)]
    longest = 2 * LONGEST + _of_nets(exercise)
    try:
        # Parameters have no commas: what is longer for their sake is not made of more parts.
        said = json.loads(text) if len(text) <= longest and text.count(",") <= LONGEST else {}
        verdict = Verdict(str(said["status"]), str(said["message"]))
        if not verdict.passed:
            return verdict if verdict.status in ("wrong", NOT_ATTEMPTED.status) else wrong("no verdict.")
        data = _built(json.loads(said["data"]))
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"text: expected an answer taken apart, got {shown(text)}") from error
    if not isinstance(exercise, FunctionToWrite | EarlyLayers):
        return exercise.judge(data)
    results = iter(data if isinstance(data, list) else [])
    if isinstance(exercise, FunctionToWrite):
        rights = [case.right for case in exercise.cases()]
        results = (got and _formed(right, iter(got)) for right, got in zip(rights, results, strict=False))
        exercise = replace(exercise, call=lambda answer, arguments: answer())
    return exercise.judge(lambda *arguments: next(results))


class Unplain(Exception):
    """A value that is neither numbers nor text nor a net."""


def _plain(value: Any) -> Any:
    """A value of numbers, texts, lists, dicts, arrays and nets as JSON has it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if value is ...:
        return {"ellipsis": 1}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fiub":
        if value.dtype.itemsize > 8:
            value = value.astype(np.float64)
        return {"array": str(value.dtype), "shape": value.shape, "of": value.ravel().tolist()}
    if isinstance(value, set):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {"dict": [[_plain(key), _plain(part)] for key, part in value.items()]}
    if isinstance(value, Network):
        layers = [[value.sigma[l].name if l else "identity", n] for l, n in enumerate(value.sizes)]
        return {"net": layers, "theta": _packed(value.theta)}
    raise Unplain(shown(value))


def _packed(theta: Any) -> str:
    """Parameters as a text, half as long as their digits: the bytes of doubles, in base64."""
    if theta.dtype.kind != "f":
        raise Unplain(shown(theta))
    return base64.b64encode(theta.astype("<f8").tobytes()).decode()


def _built(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_built(part) for part in plain]
    if not isinstance(plain, dict):
        return plain
    if "array" in plain:
        kind = np.dtype(str(plain["array"]))
        if kind.kind not in "fiub":
            raise ValueError(f"array: expected numbers, got {kind}")
        return np.array(plain["of"], dtype=kind).reshape(plain["shape"])
    if "dict" in plain:
        return {_built(key): _built(part) for key, part in plain["dict"]}
    if "net" in plain:
        theta = np.frombuffer(base64.b64decode(plain["theta"], validate=True), "<f8")
        layers = [(str(name), int(n)) for name, n in plain["net"]]
        if parameter_count([n for _, n in layers]) != theta.size:
            raise ValueError(f"net: expected as many parameters as it has, got {theta.size}")
        net = Network(layers, init="zeros")
        net.theta[...] = theta
        return net
    return ...


def guessed(made: Callable[[], tuple[Prediction, Any]]) -> str:
    """What `check_guess` says to a guess, as JSON; it is not attempted if it is none. Never raises."""
    try:
        asked, guess = made()
        verdict = check_guess(asked, guess)
        if isinstance(placed(asked, guess), Verdict):
            verdict = Verdict(NOT_ATTEMPTED.status, verdict.message)
    except Exception as error:
        words = _unjudged(error)
        verdict = Verdict(NOT_ATTEMPTED.status, f"{words[0].upper()}{words[1:]}")
    return json.dumps({"status": verdict.status, "message": verdict.message})
