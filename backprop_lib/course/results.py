"""Comparing the result of an answer with the right one: its form first, then its numbers, array by array."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, shown

CLOSE = 1e-9  # relative, for every array of a result


class Unfit(Exception):
    """A result of another form than the right one; the text says how."""


def pairs(want: Any, got: Any, names: Sequence[str] = (), name: str = "") -> list[tuple[str, Array, Array]]:
    """Every array of the right result beside that of the answer, with the name of the part."""
    if isinstance(want, tuple):
        names = names or [f"result {i}" for i in range(len(want))]
        flat = isinstance(got, np.ndarray) and got.ndim == 0
        if flat or not isinstance(got, tuple | list | np.ndarray) or len(got) != len(want):
            count = f"{len(got)} of them" if isinstance(got, tuple | list) else type(got).__name__
            raise Unfit(f"expected {len(want)} results, ({', '.join(names)}), got {count}.")
        return [p for n, w, g in zip(names, want, got, strict=True) for p in pairs(w, g, (), n)]
    if isinstance(want, dict):
        if not isinstance(got, dict):
            raise Unfit(
                f"expected {name} as a dict with the layers {sorted(want)}, got {type(got).__name__}."
            )
        if set(got) != set(want):
            raise Unfit(f"expected {name} with the layers {sorted(want)}, got {list(got)}.")
        return [p for key in want for p in pairs(want[key], got[key], (), f"{name}[{key}]")]
    return [(name, np.asarray(want, dtype=float), _numbers(got))]


def _numbers(got: Any) -> Array:
    if inspect.isgenerator(got) or inspect.iscoroutine(got):
        raise Unfit(f"your function returned a {type(got).__name__}. End it with `return`, not `yield`.")
    if callable(got):
        raise Unfit(
            f"expected numbers, got a {type(got).__name__}. Is a pair of brackets missing, as in f(z)?"
        )
    try:
        if isinstance(got, dict | str):
            raise TypeError
        array = np.array(got, dtype=float)
    except Exception:  # an answer may be anything, and may raise anything when it is looked at
        raise Unfit(f"expected numbers, got {shown(got)}.") from None
    if not np.isfinite(array).all():
        raise Unfit("your answer holds NaN or infinity.")
    return array


def form(want: Any, got: Any, names: Sequence[str]) -> str:
    """A sentence if the answer has another form than the right one, else an empty string."""
    try:
        compared = pairs(want, got, names)
    except Unfit as unfit:
        return str(unfit)
    for name, p, q in compared:
        if p.shape != q.shape:
            return f"expected {name + ' of ' if name else ''}shape {p.shape}, got {q.shape}.{_mend(p, q)}"
    return ""


def _mend(p: Array, q: Array) -> str:
    if p.shape == q.shape[::-1]:
        return " A transpose would mend it." if close(p, q.T) else " Its transpose has other numbers, too."
    if p.size == q.size and p.ndim == 2 and q.ndim == 1:
        return " A column is needed: keep the axis with keepdims=True, or add it with [:, None]."
    return ""


def same(want: Any, got: Any) -> bool:
    """Whether two results are equal in form, and up to round-off in every array."""
    try:
        return all(close(p, q) for _, p, q in pairs(want, got))
    except Unfit:
        return False


def close(p: Array, q: Array) -> bool:
    return p.shape == q.shape and bool(np.linalg.norm(p - q) <= CLOSE * np.linalg.norm(p))
