"""tanh of one complex number for the graph of Values: from two real tangents, and with no exponential.

    tanh x = x / (1 + x² / (3 + x² / (5 + …)))      tan y = y / (1 − y² / (3 − y² / (5 − …)))
    tanh z = (tanh x + i tan y) / (1 + i tanh x tan y)      tanh′ z = 1 − tanh² z
    σ(z) = ½ (1 + tanh ½z)      σ′(z) = ¼ tanh′ ½z

In floats 1 − tanh² z loses its digits. Decimals have as many more as x can cost: all is right to 4e-16.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, getcontext, localcontext

DIGITS = 50  # and more for a large x or y
LARGE = 400.0  # 1 − tanh² x is 0 as a float a little before


def tanh(z: complex) -> complex:
    """tanh z = (tanh x + i tan y) / (1 + i tanh x tan y) for z = x + iy."""
    with localcontext(_digits(z)):
        return complex(*_tanh(z))


def tanh_slope(z: complex, share: int = 1) -> complex:
    """tanh′ z = 1 − tanh² z, or a share of it."""
    with localcontext(_digits(z)):
        a, b = _tanh(z)
        return complex((1 - a * a + b * b) / share, -2 * a * b / share)


def sigmoid(z: complex) -> complex:
    """σ(z) = ½ (1 + tanh ½z)."""
    with localcontext(_digits(z / 2)):
        a, b = _tanh(z / 2)
        return complex((1 + a) / 2, b / 2)


def sigmoid_slope(z: complex) -> complex:
    """σ′(z) = ¼ tanh′ ½z."""
    return tanh_slope(z / 2, 4)


def _digits(z: complex) -> Context:
    return Context(DIGITS + math.ceil(min(abs(z.real), LARGE)) + _halvings(z.imag))


def _halvings(x: float) -> int:
    """How often an argument is halved before the continued fraction: below 2^−4."""
    return max(0, math.frexp(x)[1]) + 4


def _tanh(z: complex) -> tuple[Decimal, Decimal]:
    t, tau = _tangent(max(-LARGE, min(z.real, LARGE)), 1), _tangent(z.imag, -1)
    size = 1 + t * t * tau * tau
    return t * (1 + tau * tau) / size, tau * (1 - t * t) / size


def _tangent(x: float, sign: int) -> Decimal:
    """tanh x for the sign 1, tan x for −1: of a small part of x first, and then doubled."""
    halvings = _halvings(x)
    small = Decimal(x) / Decimal(2) ** halvings
    denominator, terms = Decimal(1), getcontext().prec // 4  # each gives more than four digits
    for odd in range(2 * terms + 1, 0, -2):
        denominator = odd + sign * small * small / denominator
    tangent = small / denominator
    for _ in range(halvings):
        tangent = 2 * tangent / (1 + sign * tangent * tangent)
    return tangent
