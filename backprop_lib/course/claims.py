"""A claim of a page: checked where it is made, and printed with what was found."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import numpy as np

from backprop_lib.arguments import finite_number, positive_integer, shown

OF_A_FLOAT = 17  # digits


def claim(
    words: str,
    found: Any,
    *,
    below: float | None = None,
    above: float | None = None,
    equal: Any = None,
    digits: int | None = None,
) -> None:
    """Print "✓ words: what was found" if the claim holds; AssertionError with both if it does not.

    found           a number or an array of numbers; a truth value needs nothing to compare it with
    below, above    bounds that every entry keeps
    equal, digits   what `found` is, of the same shape: to the last bit, or to so many digits, which means
                    that no entry is further off than 10^−digits of the entry that it should be

    Printed are three digits of what was found (more of those known, where three would make it whole), or
    the bound alone where `below` is so small that the digits are round-off, another on every machine.

    >>> claim("parameters of a 4-5-3 net", 5 * 4 + 5 + 3 * 5 + 3, equal=43)
    ✓ parameters of a 4-5-3 net: 43
    >>> claim("the slope, by hand and by the package", 0.0173451, equal=0.0173451000001, digits=9)
    ✓ the slope, by hand and by the package: 0.0173, to 9 digits
    >>> claim("largest difference", 2.2e-16, below=1e-12)
    ✓ largest difference: below 1e-12
    >>> claim("share of the flowers that are right", 0.9777, above=0.9)
    ✓ share of the flowers that are right: 0.978, above 0.9

    Raises TypeError if there is nothing to hold the claim against; TypeError or ValueError, naming the
    argument, for what is no number.
    """
    if not isinstance(words, str) or not words.strip():
        raise TypeError(f"words: expected a sentence that says what is claimed, got {shown(words)}")
    values = np.asarray(found)
    given = ("below", below), ("above", above)
    bounds = {name: finite_number(name, bound) for name, bound in given if bound is not None}
    if values.dtype.kind not in "fiub" and bounds:
        raise TypeError(f"found: expected real numbers for below or above, got {shown(found)}")
    if digits is not None:
        if equal is None:
            raise TypeError("digits: expected equal as well, what found is to so many digits")
        if positive_integer("digits", digits) > OF_A_FLOAT:
            raise ValueError(f"digits: expected at most {OF_A_FLOAT}, got {shown(digits)}")
        for name, one in ("found", found), ("equal", equal):
            if np.asarray(one).dtype.kind not in "fiubc":
                raise TypeError(f"{name}: expected numbers for digits, got {shown(one)}")
    said: list[str] = []
    if below is above is equal is None:
        if values.dtype != bool or values.shape != ():
            raise TypeError(f"claim: expected below, above or equal for {shown(found)}, got none of them")
        _hold(words, found, bool(values), "True")
    if equal is not None:
        expected = np.asarray(equal)
        same = operator.eq if digits is None else partial(np.isclose, rtol=10.0**-digits, atol=0.0)
        is_one = values.shape == expected.shape and values.size > 0 and bool(np.all(same(values, expected)))
        known = f" to {digits} digit{'s' * (digits > 1)}" if digits else ""
        _hold(words, found, is_one, f"equal to {shown(equal, 200)}{known}")
        said.append(f"{_written(equal, digits)},{known}" if digits else _written(found))
    elif values.size <= 6 and values.dtype.kind in "fiu" and bounds.get("below", 1.0) > 1e-3:
        said.append(_written(found))
    for name, bound in bounds.items():
        holds = {"below": np.less, "above": np.greater}[name]
        _hold(words, found, values.size > 0 and bool(np.all(holds(values, bound))), f"{name} {bound:g}")
        said.append(f"{name} {bound:g}")
    print(f"✓ {words}: {', '.join(said)}" if said else f"✓ {words}")


def _hold(words: str, found: Any, holds: bool, expected: str) -> None:
    if not holds:
        raise AssertionError(f"not so: {words}: expected {expected}, found {shown(found, 200)}")


def _written(value: Any, known: int = 3) -> str:
    """Three digits of a number, or up to six of those known if three make it whole; lists entry by entry."""
    if isinstance(value, float | np.floating):
        digits = range(3, max(3, min(known, 6)) + 1)
        texts = [f"{float(value):.{n}g}" for n in digits]
        return next((text for text in texts if not float(text).is_integer()), texts[0])
    if isinstance(value, np.ndarray):
        if value.size > 1 and len({_written(entry, known) for entry in value.ravel().tolist()}) == 1:
            return f"{value.size} times {_written(value.flat[0], known)}"
        return _written(value.item() if value.ndim == 0 else value.tolist(), known)
    if isinstance(value, list | tuple):
        return f"({', '.join(_written(entry, known) for entry in value)})"
    return str(value)
