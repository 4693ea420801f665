"""σ, σ′ and tanh of a complex number z = x + iy: to the last digit, but for tanh to 7e-16.

The complex step takes the slope from σ(x + ih): with a tiny h, each part has to keep its own digits. A
larger y brings z near a pole of σ, where 1 + e^−z is nearly 0 and its parts cancel. With u = e^iy and
e = e^−|x|, both stand in

    w = u + e      σ = 1 − e / w  for x ≥ 0,  the conjugate of e / w  for x < 0      σ′ = e u / w²

and 1 / w is computed with twice the usual digits, because its round-off would count twice in σ′.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LARGE = 709.0  # e^x overflows a little further out
ZERO = 800.0  # e^−x is 0 from here on
STEP = 1e-8  # where |y| is smaller, cos y is 1
NEAR_A_POLE = -0.3  # of e cos y: from here on e + cos y is taken apart


def sigmoid(z: Any) -> Any:
    """σ(z), of the shape of the complex z; |error| ≤ 4e-16 |σ|, and for each part alone if |y| < 1e-8."""
    x, y = np.real(z), np.imag(z)
    e = np.exp(-np.abs(x))
    if (np.abs(y) < STEP).all():
        slope = 0.5 / (1 + np.cosh(np.clip(x, -LARGE, LARGE)))
        return _complex(np.where(x < 0, e, 1) / (1 + e), np.sin(y) * slope)
    _, (real, imaginary, *_) = _one_over_w(e, x, y)
    return _complex(np.where(x < 0, e * real, 1 - e * real), -e * imaginary)


def sigmoid_prime(z: Any) -> Any:
    """σ′(z) = σ(z) σ(−z), of the shape of the complex z; |error| ≤ 4e-16 |σ′|."""
    x, y = np.clip(np.real(z), -ZERO, ZERO), np.imag(z)
    e = np.exp(-np.abs(x))
    u, inverse = _one_over_w(e, x, y)
    real, imaginary, *_ = _product((e, 0, 0, 0), _product(_product(u, inverse), inverse))
    small = e * np.expm1(-2 * np.abs(x)) * u[1] * (inverse[0] ** 2 + inverse[1] ** 2) ** 2
    imaginary = np.where(np.abs(imaginary) < 1e-3 * np.abs(real), small, imaginary)
    return _complex(real, np.where(x < 0, -1, 1) * imaginary)


def tanh(z: Any) -> Any:
    """tanh(x + iy) = (sinh 2x + i sin 2y) / (cosh 2x + cos 2y), of the shape of the complex z.

    |error| ≤ 7e-16 |tanh|: near a pole the round-off of 2y counts.
    """
    x, y = 2 * np.clip(np.real(z), -LARGE / 2, LARGE / 2), 2 * np.imag(z)
    below = np.cosh(x) + np.cos(y)
    near = below < 1  # a pole: there nothing cancels in 2 (sinh² ½x + cos² ½y)
    if near.any():
        below = np.where(near, 2 * (np.sinh(x / 2) ** 2 + np.cos(y / 2) ** 2), below)
    return _complex(np.sinh(x) / below, np.sin(y) / below)


def _complex(real: Any, imaginary: Any) -> Any:
    z = np.empty(np.shape(real), np.complex128)
    z.real, z.imag = real, imaginary
    return z


# Below, a number with twice the digits is the sum of two floats, the second being the round-off of the first
# (Dekker, 1971, and Knuth); a complex one is a tuple of four: real, imaginary, and what both have lost.


def _one_over_w(e: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """u = cos y + i sin y, and 1 / w = 1 / (u + e), both of them complex numbers with twice the digits."""
    c, s = np.cos(y), np.sin(y)
    near = e * c < NEAR_A_POLE  # there e + cos y is (e − 1) + 2 cos² ½y
    v, rest = np.maximum(-np.abs(x), -2.0), 0.0  # e − 1 = v + ½v² + ½v² rest
    (square, v_lost), (half, lost) = _times(v, v / 2), _times(np.cos(y / 2), np.cos(y / 2))
    for n in range(24, 2, -1):
        rest = (1 + rest) * v / n
    p, p_lost = np.where(near, v, e), np.where(near, v_lost + 2 * lost, 0)
    for term in (np.where(near, square, c), np.where(near, square * rest, 0), np.where(near, 2 * half, 0)):
        p, more = _plus(p, term)
        p_lost = p_lost + more
    size = p * p + s * s
    first = (p / size, -s / size, 0, 0)
    real, imaginary, real_lost, imaginary_lost = _product((p, s, p_lost, 0), first)  # nearly 1
    missing = ((1 - real) - real_lost, -(imaginary + imaginary_lost))
    a, b = first[0] * missing[0] - first[1] * missing[1], first[0] * missing[1] + first[1] * missing[0]
    (real, real_lost), (imaginary, imaginary_lost) = _plus(first[0], a), _plus(first[1], b)
    return (c, s, 0, 0), (real, imaginary, real_lost, imaginary_lost)


def _product(z: Any, w: Any) -> Any:
    """z w, of complex numbers with twice the digits."""
    (a, b, a_lost, b_lost), (c, d, c_lost, d_lost) = z, w
    real, real_lost = _two_products(a, c, -b, d)
    imaginary, imaginary_lost = _two_products(a, d, b, c)
    real_lost = real_lost + (a * c_lost + a_lost * c - b * d_lost - b_lost * d)
    imaginary_lost = imaginary_lost + (a * d_lost + a_lost * d + b * c_lost + b_lost * c)
    (real, real_lost), (imaginary, imaginary_lost) = _plus(real, real_lost), _plus(imaginary, imaginary_lost)
    return real, imaginary, real_lost, imaginary_lost


def _two_products(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """ab + cd and its round-off."""
    (ab, ab_lost), (cd, cd_lost) = _times(a, b), _times(c, d)
    total, lost = _plus(ab, cd)
    return total, lost + (ab_lost + cd_lost)


def _plus(a: Any, b: Any) -> tuple[Any, Any]:
    """a + b and its round-off, exactly."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _times(a: Any, b: Any) -> tuple[Any, Any]:
    """ab and its round-off, exactly, by halves of their digits."""
    product, (a_high, a_low), (b_high, b_low) = a * b, _halves(a), _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Any) -> tuple[Any, Any]:
    shifted = (2.0**27 + 1) * a
    high = shifted - (shifted - a)
    return high, a - high
