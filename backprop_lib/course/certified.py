"""The worked example in interval arithmetic: bounds that hold whatever a computer rounds.

Every number is kept as an interval that is certain to contain it. A digit in which both ends agree is
certified: no round-off can have made it. Needs mpmath, which comes with SymPy.
"""

from __future__ import annotations

from typing import Any

from backprop_lib.arguments import positive_integer, shown
from backprop_lib.extras import need

FLOWER = ("5.1", "3.5", "1.4", "0.2")  # decimals, as text, so that they are exact
TARGET = (1, 0, 0)
MOST = 60  # digits: more than any interval here has


def certified() -> dict[str, Any]:
    """z, a, δ of both layers and the cost C of a 4-5-3 net of sigmoids with weights 1 and biases 0.

    {"z1": interval, "a1": …, "delta1": …, "C": …}. All neurons of a layer have the same numbers, but for the
    errors of the outputs: "delta2_0" is that of output 0.
    """
    need("backprop_lib.course.certified", "mpmath")
    from mpmath import iv

    digits, iv.dps = iv.dps, 40
    try:
        z1 = sum(iv.mpf(x_k) for x_k in FLOWER)
        a1 = 1 / (1 + iv.exp(-z1))
        z2 = 5 * a1
        a2 = 1 / (1 + iv.exp(-z2))
        delta2 = [(a2 - y_j) * (a2 * (1 - a2)) for y_j in TARGET]
        delta1 = sum(delta2) * (a1 * (1 - a1))
        cost = sum((a2 - y_j) ** 2 for y_j in TARGET) / 2
    finally:
        iv.dps = digits
    found = {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "delta1": delta1, "C": cost}
    return found | {f"delta2_{j}": error for j, error in enumerate(delta2)}


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
