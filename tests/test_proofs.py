"""The lines of the four proofs, proved with symbols: a 2-3-2 net, any activation σ, any cost C(a_0, a_1).

Of σ and C nothing is known but that they have derivatives. Every line is proved equal to the one before,
and its value, with numbers put in, is that of the same line of the ledger.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp

from backprop_lib.course.ledgers import ledger
from backprop_lib.equations import feed_forward
from backprop_lib.network import Network


class sigma_prime(sp.Function):
    """σ′"""


class sigma(sp.Function):
    """σ"""

    def fdiff(self, argindex=1):
        return sigma_prime(self.args[0])


class C_0(sp.Function):
    """∂C/∂a_0"""


class C_1(sp.Function):
    """∂C/∂a_1"""


class C(sp.Function):
    """The cost as a function of the two outputs."""

    def fdiff(self, argindex=1):
        return (C_0, C_1)[argindex - 1](*self.args)


SIZES = (2, 3, 2)
W = {l: sp.Matrix(SIZES[l], SIZES[l - 1], lambda j, k, l=l: sp.Symbol(f"w{l}_{j}{k}")) for l in (1, 2)}
B = {l: sp.Matrix(SIZES[l], 1, lambda j, _, l=l: sp.Symbol(f"b{l}_{j}")) for l in (1, 2)}
X = sp.Matrix(sp.symbols("x_0 x_1"))
Z = {l: sp.Matrix(SIZES[l], 1, lambda j, _, l=l: sp.Symbol(f"z{l}_{j}", real=True)) for l in (1, 2)}
A = sp.Matrix(sp.symbols("a_0 a_1"))

ACTIVATIONS = {"sigma": Z[2].applyfunc(sigma), "softmax": Z[2].applyfunc(sp.exp) / sum(map(sp.exp, Z[2]))}
PRE = {1: W[1] * X + B[1], 2: W[2] * Z[1].applyfunc(sigma) + B[2]}  # z^1 as a function of x, z^2 of z^1
C_Z2 = C(*ACTIVATIONS["sigma"])
C_Z1 = C_Z2.subs(dict(zip(Z[2], PRE[2], strict=True)))
DELTA_2 = [sp.diff(C_Z2, z).subs(dict(zip(Z[2], PRE[2], strict=True))) for z in Z[2]]


def cost_slopes(outputs):
    """∂C/∂a_k, at these outputs."""
    return [sp.diff(C(*A), a).subs(dict(zip(A, outputs, strict=True))) for a in A]


def lines_1(j):
    a = ACTIVATIONS["sigma"]
    dC_da, da_dz = cost_slopes(a), [sp.diff(a_k, Z[2][j]) for a_k in a]
    return [
        sp.diff(C_Z2, Z[2][j]),
        sum(c * d for c, d in zip(dC_da, da_dz, strict=True)),
        dC_da[j] * da_dz[j],
        dC_da[j] * sigma_prime(Z[2][j]),
    ]


def lines_1_softmax(j):
    a = ACTIVATIONS["softmax"]
    dC_da = cost_slopes(a)
    return [
        sp.diff(C(*a), Z[2][j]),
        sum(c * sp.diff(a_k, Z[2][j]) for c, a_k in zip(dC_da, a, strict=True)),
        sum(dC_da[k] * a[k] * (int(j == k) - a[j]) for k in range(2)),
    ]


def lines_2(j):
    chain = [sp.diff(z, Z[1][j]) for z in PRE[2]]
    expanded = [
        sum(W[2][k, i] * sp.diff(sigma(Z[1][i]), Z[1][j]) for i in range(3)) + sp.diff(B[2][k], Z[1][j])
        for k in range(2)
    ]
    return [
        sp.diff(C_Z1, Z[1][j]),
        sum(d * s for d, s in zip(DELTA_2, chain, strict=True)),
        sum(d * s for d, s in zip(DELTA_2, chain, strict=True)),  # the same, with δ for ∂C/∂z
        sum(d * s for d, s in zip(DELTA_2, expanded, strict=True)),
        sum(DELTA_2[k] * W[2][k, j] * sigma_prime(Z[1][j]) for k in range(2)),
        (W[2].T * sp.Matrix(DELTA_2))[j] * sigma_prime(Z[1][j]),
    ]


def lines_34(parameter, l, j, factor):
    cost_of_z = C_Z2 if l == 2 else C_Z1
    insert = dict(zip(Z[l], PRE[l], strict=True))
    dC_dz = [sp.diff(cost_of_z, z).subs(insert) for z in Z[l]]
    dz = [sp.diff(z, parameter) for z in PRE[l]]
    return [
        sp.diff(cost_of_z.subs(insert), parameter),
        sum(d * s for d, s in zip(dC_dz, dz, strict=True)),
        dC_dz[j] * dz[j],
        dC_dz[j] * factor,
        factor * dC_dz[j],
    ]


def equal(p, q):
    """Whether p = q; without exponentials these are quotients of polynomials, and multiplying out decides."""
    simplify = sp.simplify if (p - q).has(sp.exp) else lambda e: sp.expand(sp.fraction(sp.together(e))[0])
    return simplify(p - q) == 0


INPUTS = {1: X, 2: Z[1].applyfunc(sigma)}
ALL = [(l, j, k) for l in (1, 2) for j in range(SIZES[l]) for k in range(SIZES[l - 1])]
# name: (what `ledger` is asked for, the activation of the output, the lines)
PROOFS = {
    **{f"(1) neuron {j}": ({"equation": 1, "l": 2, "j": j}, "tanh", lines_1(j)) for j in range(2)},
    **{f"(1) softmax {j}": ({"equation": 1, "l": 2, "j": j}, "softmax", lines_1_softmax(j)) for j in (0, 1)},
    **{f"(2) neuron {j}": ({"equation": 2, "l": 1, "j": j}, "tanh", lines_2(j)) for j in range(3)},
    **{
        f"(3) b{l}_{j}": ({"equation": 3, "l": l, "j": j}, "tanh", lines_34(B[l][j], l, j, sp.Integer(1)))
        for l, j, k in ALL
        if k == 0
    },
    **{
        f"(4) w{l}_{j}{k}": (
            {"equation": 4, "l": l, "j": j, "k": k},
            "tanh",
            lines_34(W[l][j, k], l, j, INPUTS[l][k]),
        )
        for l, j, k in ALL
    },
}


@pytest.mark.parametrize("name", PROOFS)
def test_each_line_equals_the_one_before(name) -> None:
    lines = PROOFS[name][2]
    for number, (above, below) in enumerate(zip(lines, lines[1:], strict=False), 2):
        assert equal(above, below), f"{name}: line {number}: {above} is not {below}"


def values(lines, net, x, y):
    """The lines as numbers: σ = tanh, the quadratic cost, the parameters and pre-activations of the net."""
    z, _ = feed_forward(net, x)
    given = {l: (W[l], net.w[l], B[l], net.b[l], Z[l], z[l]) for l in (1, 2)}
    numbers = dict(zip(X, x.ravel().tolist(), strict=True))
    for w, w_value, b, b_value, z_, z_value in given.values():
        found = np.concatenate([w_value.ravel(), b_value.ravel(), z_value.ravel()])
        numbers |= dict(zip([*w, *b, *z_], found.tolist(), strict=True))
    functions = {
        "sigma": math.tanh,
        "sigma_prime": lambda v: 1 - math.tanh(v) ** 2,
        "C": lambda p, q: 0.5 * (p - y[0, 0]) ** 2 + 0.5 * (q - y[1, 0]) ** 2,
        "C_0": lambda p, q: p - y[0, 0],
        "C_1": lambda p, q: q - y[1, 0],
    }
    return sp.lambdify(list(numbers), lines, [functions, "math"])(*numbers.values())


@pytest.mark.parametrize("name", PROOFS)
def test_the_lines_are_those_of_the_ledger(name) -> None:
    asked, output, lines = PROOFS[name]
    net = Network([("identity", 2), ("tanh", 3), (output, 2)], seed=1)
    net.theta += 0.1
    x, y = np.array([[0.7], [-1.2]]), np.array([[0.3], [0.9]])
    shown = ledger(net=net, x=x, y=y, **asked).lines
    expected = values(lines, net, x, y)
    assert len(shown) == len(expected) and abs(expected[0]) > 1e-3
    for number, (line, value) in enumerate(zip(shown, expected, strict=True), 1):
        assert line.value == pytest.approx(value, rel=1e-8), f"{name}: line {number}: {line.formula}"


def test_a_wrong_line_is_not_proved() -> None:
    right = lines_2(0)[-1]
    wrong = [
        sum(DELTA_2[k] * W[2][k, 0] for k in range(2)),  # σ′ left out
        sum(DELTA_2[k] * W[2][k, 1] * sigma_prime(Z[1][0]) for k in range(2)),  # another column
        sum(DELTA_2[k] * W[2][k, 0] * sigma(Z[1][0]) for k in range(2)),  # σ for σ′
        sum(DELTA_2[k] * W[2][k, 0] * sigma_prime(sigma(Z[1][0])) for k in range(2)),  # σ′ of a
        -right,
    ]
    assert not any(equal(right, line) for line in wrong)
    dC_da, a = cost_slopes(ACTIVATIONS["softmax"]), ACTIVATIONS["softmax"]
    diagonal = dC_da[0] * a[0] * (1 - a[0])  # softmax as if it worked neuron by neuron
    assert not equal(lines_1_softmax(0)[0], diagonal)


def softmax_of(z):
    total = sum(map(sp.exp, z))
    return [sp.exp(v) / total for v in z]


def test_softmax_has_the_jacobian_that_is_said() -> None:
    z = sp.symbols("z_0:3", real=True)
    a = softmax_of(z)
    for j in range(3):
        for k in range(3):
            assert equal(sp.diff(a[j], z[k]), a[j] * (int(j == k) - a[k]))


def test_softmax_is_blind_to_a_shift_of_all_z() -> None:
    z, t = sp.symbols("z_0:3", real=True), sp.Symbol("t", real=True)
    pairs = zip(softmax_of(z), softmax_of([v + t for v in z]), strict=True)
    assert all(equal(plain, shifted) for plain, shifted in pairs)


def test_through_the_jacobian_of_softmax_cross_entropy_comes_down_to_a_minus_y() -> None:
    z, y = sp.symbols("z_0:3", real=True), sp.symbols("y_0:3", real=True)
    a = softmax_of(z)
    slopes = [-y_j / a_j for y_j, a_j in zip(y, a, strict=True)]  # ∂C/∂a_j of −Σ y_j ln a_j
    entropy = -sum(y_j * sp.log(a_j) for y_j, a_j in zip(y, a, strict=True))
    for k in range(3):
        delta = sum(slopes[j] * a[j] * (int(j == k) - a[k]) for j in range(3))  # equation (1): Jᵀ ∇C
        assert equal(delta, sp.diff(entropy, z[k]))
        assert equal(delta, a[k] * sum(y) - y[k])
        assert equal(delta.subs(y[2], 1 - y[0] - y[1]), (a[k] - y[k]).subs(y[2], 1 - y[0] - y[1]))


def test_through_the_derivative_of_the_sigmoid_binary_cross_entropy_comes_down_to_a_minus_y() -> None:
    z, y, p = sp.symbols("z y p", real=True)
    a = 1 / (1 + sp.exp(-z))
    slope = sp.diff(-(y * sp.log(p) + (1 - y) * sp.log(1 - p)), p)
    assert equal(slope, (p - y) / (p * (1 - p)))
    assert equal(slope.subs(p, a) * sp.diff(a, z), a - y)


def test_the_derivatives_of_the_activations_are_those_that_are_said() -> None:
    z = sp.Symbol("z", real=True)
    a = 1 / (1 + sp.exp(-z))
    assert equal(sp.diff(a, z), a * (1 - a)) and equal(a.subs(z, -z), 1 - a)
    assert equal(sp.diff(sp.tanh(z), z), 1 - sp.tanh(z) ** 2)
    assert equal(a, ((1 + sp.tanh(z / 2)) / 2).rewrite(sp.exp))  # the form that cannot overflow
