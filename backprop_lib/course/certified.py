"""The worked example in interval arithmetic: bounds that hold whatever a computer rounds.

Every number is kept as an interval that is certain to contain it. A digit in which both ends agree is
certified: no round-off can have made it. Needs mpmath, which comes with SymPy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_lib.arguments import numbers, positive_integer, shown, words
from backprop_lib.extras import need
from backprop_lib.network import Parameters

FLOWER = ("5.1", "3.5", "1.4", "0.2")
TARGET = (1, 0, 0)
SIZES = (4, 5, 3)
MOST = 60  # digits: more than any interval here has
DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?")


def certified(
    x: Sequence[str] = FLOWER, y: Sequence[int] = TARGET, sizes: Sequence[int] = SIZES
) -> dict[str, Any]:
    """z, a, δ of every layer l and the cost C of a net of sigmoids with weights 1 and biases 0.

    {"z1": interval, "a1": …, "delta1": …, "C": …}; "delta2_0" is the error of output 0 where they differ. All
    neurons of a hidden layer have the same numbers. x is given in decimals, as text, so that it is exact.
    Raises ValueError or TypeError if x, y or the sizes are nothing of this kind.
    """
    sizes, x = Parameters(sizes).sizes, words("x", x)
    for name, given, n in (("x", np.array(x), sizes[0]), ("y", numbers("y", y), sizes[-1])):
        if given.shape != (n,):
            raise ValueError(
                f"{name}: expected {n} numbers for the sizes {sizes}, got {shown(given.tolist())}"
            )
    if bad := [text for text in x if not DECIMAL.fullmatch(text)]:
        raise ValueError(f"x: expected decimals, such as '5.1', got {shown(bad[0])}")
    need("backprop_lib.course.certified", "mpmath")
    from mpmath import iv

    digits, iv.dps = iv.dps, 40
    try:
        found: dict[str, Any] = {}
        total = sum(iv.mpf(x_k) for x_k in x)
        for l, n in enumerate(sizes[1:], 1):
            found[f"z{l}"] = total
            found[f"a{l}"] = 1 / (1 + iv.exp(-total))
            total = n * found[f"a{l}"]
        L = len(sizes) - 1
        slope = {l: found[f"a{l}"] * (1 - found[f"a{l}"]) for l in range(1, L + 1)}
        errors = [(found[f"a{L}"] - y_j) * slope[L] for y_j in y]
        found |= {f"delta{L}_{j}": error for j, error in enumerate(errors)}
        for l in range(L - 1, 0, -1):
            found[f"delta{l}"] = sum(errors) * slope[l]
            errors = [found[f"delta{l}"]] * sizes[l]
        found["C"] = sum((found[f"a{L}"] - y_j) ** 2 for y_j in y) / 2
        return found
    finally:
        iv.dps = digits


def digits(interval: Any, n: int) -> str:
    """The truth, somewhere in the interval, rounded to n digits; ValueError if its two ends round apart.

    >>> digits(certified()["a2"], 10)
    '0.9933059135'
    """
    from mpmath import mp, nstr

    if positive_integer("n", n) > MOST:
        raise ValueError(f"n: expected at most {MOST} digits, got {shown(n)}")
    with mp.workdps(MOST):
        low, high = (str(nstr(mp.mpmathify(end), n)) for end in (interval.a, interval.b))
    if low != high:
        raise ValueError(f"n: expected as many digits as are certain, got {n}: {low} or {high}")
    return low


def error_at_most(value: float, interval: Any) -> float:
    """An upper bound for |value − truth| / |truth|, the truth being somewhere in the interval."""
    from mpmath import iv

    off = abs(iv.mpf(value) - interval) / abs(interval)
    return float(off.b)
