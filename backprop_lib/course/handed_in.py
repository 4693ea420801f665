"""Answers taken apart into plain numbers, and judged again in a process that no page has touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_lib.arguments import one_of, shown
from backprop_lib.course.answers import (
    NOT_ATTEMPTED,
    FunctionToWrite,
    Verdict,
    outcome,
    raised,
    taking_positions,
    wrong,
)
from backprop_lib.course.exercises import EXERCISES
from backprop_lib.course.judging import PARAMETERS, RefuseBlocks, refused_by, refusing_cases
from backprop_lib.course.marks import check_guess, placed
from backprop_lib.course.predictions import Prediction
from backprop_lib.course.puzzles import EarlyLayers
from backprop_lib.course.results import kept
from backprop_lib.network import Network, parameter_count

LONGEST = 5_000_000  # characters of an answer that is taken apart


def taken_apart(name: str, answer: Callable[[], Any]) -> str:
    """What `check` says to an answer, and what the answer gives on the cases of its exercise, as JSON.

    Never raises because of the answer; ValueError for the name of an exercise that does not exist.
    """
    exercise = EXERCISES[one_of("name", name, EXERCISES)]
    verdict, data = NOT_ATTEMPTED, None
    try:
        verdict = exercise.judge(given := answer())
        data = json.dumps(_plain(_given(exercise, given))) if verdict.passed else None
        if data is not None and len(data) > LONGEST:
            verdict = wrong("your answer is too long to be judged.")
    except Exception as error:
        verdict = wrong(f"it cannot be judged: {raised(error)}")
    return json.dumps({"status": verdict.status, "message": verdict.message, "data": data})


def _given(exercise: Any, answer: Any) -> Any:
    if isinstance(exercise, FunctionToWrite):
        answer = taking_positions(answer, exercise.parameters)
        cases = [deepcopy(case.arguments) for case in exercise.cases()]
        return [_result(lambda x=x: kept(exercise.call(answer, x))) for x in cases]  # type: ignore[misc]
    if isinstance(exercise, RefuseBlocks):
        answer = taking_positions(answer, PARAMETERS)
        with np.errstate(all="ignore"):  # 0/0 and ∞/∞ are asked on purpose
            return [_result(lambda x=x: refused_by(answer, *x.copies())) for x in refusing_cases()]  # type: ignore[misc]
    if isinstance(exercise, EarlyLayers):
        return [_result(lambda seed=seed: answer(seed)) for seed in range(exercise.starts)]  # type: ignore[misc]
    return answer


def _result(call: Callable[[], Any]) -> Any:
    tried = outcome(call)
    return None if isinstance(tried, Verdict) or tried[1] is not None else tried[0]


def judged_again(name: str, text: str) -> Verdict:
    """The verdict on an answer that was taken apart; ValueError if the text is no such thing."""
    exercise = EXERCISES[one_of("name", name, EXERCISES)]
    try:
        said = json.loads(text) if len(text) <= 2 * LONGEST else {}
        verdict = Verdict(str(said["status"]), str(said["message"]))
        if not verdict.passed:
            return verdict if verdict.status in ("wrong", NOT_ATTEMPTED.status) else wrong("no verdict.")
        data = _built(json.loads(said["data"]))
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"text: expected an answer taken apart, got {shown(text)}") from error
    if not isinstance(exercise, FunctionToWrite | EarlyLayers | RefuseBlocks):
        return exercise.judge(data)
    results = iter(data if isinstance(data, list) else [])
    if isinstance(exercise, FunctionToWrite):
        exercise = replace(exercise, call=lambda answer, arguments: answer())
    if isinstance(exercise, EarlyLayers):
        return exercise.judge(lambda seed: next(results))
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
        return {"net": layers, "theta": _plain(value.theta)}
    raise Unplain(shown(value))


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
        theta, layers = _built(plain["theta"]), [(str(name), int(n)) for name, n in plain["net"]]
        if parameter_count([n for _, n in layers]) != np.size(theta):
            raise ValueError(f"net: expected as many parameters as it has, got {np.size(theta)}")
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
        verdict = Verdict(NOT_ATTEMPTED.status, f"It cannot be judged: {raised(error)}")
    return json.dumps({"status": verdict.status, "message": verdict.message})
