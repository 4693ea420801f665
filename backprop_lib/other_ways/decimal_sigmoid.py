"""σ, σ′, tanh and tanh′ of one complex number for the graph of neurons: the equations as they stand.

    σ = 1 / (1 + e^−z)                         σ′ = 1 / (e^z + 2 + e^−z)
    tanh = (1 − e^−2z) / (1 + e^−2z)           tanh′ = 4 σ′(2z)

Near a pole of σ these sums lose digits. Decimals have enough of them: all is right to 4e-16.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, getcontext, localcontext

DIGITS = 80  # a float may be 1e-19 away from a pole, where twice as many digits are lost
LARGE = 2000.0  # e^−z is 0 as a float long before
SMALL = 1e-20  # below, tanh z is z: the next term is −z³/3


def sigmoid(z: complex) -> complex:
    """σ(z) = 1 / (1 + e^−z)."""
    with localcontext(_digits(z)):
        real, imaginary = _exp(-z)
        return _inverse(1 + real, imaginary)


def sigmoid_prime(z: complex, times: int = 1) -> complex:
    """σ′(z) = 1 / (e^z + 2 + e^−z), or some times as much."""
    with localcontext(_digits(z)):
        (a, b), (c, d) = _exp(z), _exp(-z)
        return _inverse((a + 2 + c) / times, (b + d) / times)


def tanh(z: complex) -> complex:
    """tanh z = (1 − e^−2z) / (1 + e^−2z)."""
    if abs(z) < SMALL:
        return z
    with localcontext(_digits(2 * z)):
        a, b = _exp(-2 * z)
        size = (1 + a) * (1 + a) + b * b
        return complex((1 - a * a - b * b) / size, -2 * b / size)


def tanh_prime(z: complex) -> complex:
    """tanh′(z) = 4 σ′(2z)."""
    return sigmoid_prime(2 * z, 4)


def _halvings(z: complex) -> int:
    """How often the angle y of z = x + iy is halved before the series: below 2^−8."""
    return max(0, math.frexp(z.imag)[1]) + 8


def _digits(z: complex) -> Context:
    return Context(DIGITS + _halvings(z))  # each doubling of an angle doubles its error


def _exp(z: complex) -> tuple[Decimal, Decimal]:
    """e^z = e^x (cos y + i sin y): both of a small part of the angle by their series, then doubled."""
    halvings = _halvings(z)
    y = Decimal(z.imag) / Decimal(2) ** halvings
    cos, sin, term = Decimal(0), Decimal(0), Decimal(1)
    for n in range(1, getcontext().prec // 3, 2):
        cos, sin = cos + term, sin + term * y / n
        term *= -y * y / (n * (n + 1))
    for _ in range(halvings):
        cos, sin = cos * cos - sin * sin, 2 * cos * sin
    size = Decimal(max(-LARGE, min(z.real, LARGE))).exp()
    return size * cos, size * sin


def _inverse(real: Decimal, imaginary: Decimal) -> complex:
    size = real * real + imaginary * imaginary
    return complex(real / size, -imaginary / size)
