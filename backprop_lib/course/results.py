"""Comparing the result of an answer with the right one: its form first, then its numbers, array by array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from inspect import iscoroutine, isgenerator
from numbers import Real
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, shown
from backprop_lib.network import Parameters

CLOSE = 1e-9  # relative, for every array of a result
CLOSE_IN_SINGLE = 64 * float(np.finfo(np.float32).eps)  # the same for an array of float32


class Unfit(Exception):
    """A result of another form than the right one; the text says how."""


def kept(result: Any) -> Any:
    """A copy, so that an array that the answer uses again does not change under our hands.

    A gradient of the package becomes its two dicts, and what says it is an array becomes one.
    """
    if isinstance(result, Parameters):
        result = result.w, result.b
    if isinstance(result, dict):
        return {key: kept(value) for key, value in result.items()}
    if type(result) in (list, tuple):
        return type(result)(kept(value) for value in result)
    if not isinstance(result, np.ndarray) and hasattr(type(result), "__array__"):
        result = np.asarray(result)
    try:
        return deepcopy(result)
    except Exception:
        return result


def pairs(want: Any, got: Any, names: Sequence[str] = (), name: str = "") -> list[tuple[str, Array, Array]]:
    """Every array of the right result beside that of the answer, with the name of the part."""
    if isinstance(want, tuple):
        names = names or [f"result {i}" for i in range(len(want))]
        _refuse_iterator(got)
        flat = isinstance(got, np.ndarray) and got.ndim == 0
        if flat or not isinstance(got, tuple | list | np.ndarray) or len(got) != len(want):
            count = f"{len(got)} of them" if isinstance(got, tuple | list) else type(got).__name__
            raise Unfit(f"expected {len(want)} results, ({', '.join(names)}), got {count}.")
        return [p for n, w, g in zip(names, want, got, strict=True) for p in pairs(w, g, (), n)]
    if isinstance(want, dict):
        name = name or "the result"
        if not isinstance(got, dict):
            raise Unfit(
                f"expected {name} as a dict with the layers {sorted(want)}, got {type(got).__name__}."
            )
        if set(got) != set(want):
            raise Unfit(f"expected {name} with the layers {sorted(want)}, got {list(got)}.")
        return [p for key in want for p in pairs(want[key], got[key], (), f"{name}[{key}]")]
    array = _numbers(got)
    if np.ndim(want) == 0 and array.size == 1:
        array = array.reshape(())
    return [(name, np.asarray(want, dtype=float), array)]


def _numbers(got: Any) -> Array:
    """`got` as an array of float64, or of float32 if it is one."""
    _refuse_iterator(got)
    if callable(got):
        raise Unfit(
            f"expected numbers, got a {type(got).__name__}. Is a pair of brackets missing, as in f(z)?"
        )
    if any(np.ma.is_masked(part) for part in (got if isinstance(got, list | tuple) else [got])):
        raise Unfit("expected numbers, got a masked array that hides some of them. Fill them in.")
    try:
        array = np.asarray(got)
        if array.dtype == object and all(isinstance(entry, Real) for entry in array.flat):
            array = array.astype(float)
    except Exception:  # an answer may be anything, and may raise anything when it is looked at
        raise Unfit(f"expected numbers, got {shown(got)}.") from None
    if array.dtype.kind not in "fiu":
        kinds = {"c": "complex numbers", "b": "truth values", "U": "text", "S": "text"}
        kind = kinds.get(array.dtype.kind, "")
        raise Unfit(f"expected real numbers, got {kind + ': ' if kind else ''}{shown(got)}.")
    if array.dtype == np.float16:
        raise Unfit("expected numbers with all their digits, got float16, which has three.")
    if not np.isfinite(array).all():
        raise Unfit("your answer holds NaN or infinity.")
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _refuse_iterator(got: Any) -> None:
    if iscoroutine(got):
        got.close()
        raise Unfit("your function is `async` and has not run. Begin it with `def` alone.")
    if isgenerator(got) and got.gi_code.co_name != "<genexpr>":
        raise Unfit("your function returned a generator. End it with `return`, not `yield`.")
    if isinstance(got, Iterator):
        raise Unfit(f"expected numbers, got a {type(got).__name__}, which is empty once read. Use list(…).")


def form(want: Any, got: Any, names: Sequence[str]) -> str:
    """A sentence if the answer has another form than the right one, else an empty string."""
    two = isinstance(want, tuple) and isinstance(got, tuple | list) and len(want) == len(got) == 2
    if two and not same(want, got) and same(want, tuple(reversed(got))):
        return f"your two results have changed places. Return ({', '.join(names)}), in this order."
    try:
        compared = pairs(want, got, names)
    except Unfit as unfit:
        return str(unfit)
    for name, p, q in compared:
        if p.shape != q.shape:
            expected = f"expected {name + ' of ' if name else ''}shape {p.shape}, got {q.shape}."
            return expected + _mend(p, q) if p.ndim else f"expected one number, got {q.size} of them."
    return ""


def _mend(p: Array, q: Array) -> str:
    if p.shape == q.shape[::-1]:
        return " A transpose would mend it." if close(p, q.T) else " Its transpose has other numbers, too."
    if p.size == q.size and p.ndim == 2 and q.ndim == 1:
        if p.shape[1] == 1:
            return " A column is needed, a row for each neuron: [[1], [2]], or keepdims=True in a mean."
        return f" Rows and columns are needed: {p.shape[0]} rows of {p.shape[1]} numbers."
    if p.size == q.size and p.ndim == 1:
        return " A flat array is needed, without keepdims."
    less, more = sorted((p, q), key=np.size)
    if less.ndim < more.ndim or all(n in (1, k) for n, k in zip(less.shape, more.shape, strict=False)):
        return (
            f" Is a sum or a mean {'missing' if less is p else 'too many'}?" if less.size < more.size else ""
        )
    return ""


def same(want: Any, got: Any) -> bool:
    """Whether two results are equal in form, and up to round-off in every array."""
    try:
        return all(close(p, q) for _, p, q in pairs(want, got))
    except Unfit:
        return False


def close(p: Array, q: Array) -> bool:
    """Whether q is p, but for the round-off of its precision."""
    bound = CLOSE_IN_SINGLE if q.dtype == np.float32 else CLOSE
    return p.shape == q.shape and bool(np.linalg.norm(p - q) <= bound * np.linalg.norm(p))
