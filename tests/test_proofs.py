"""The lines of the four proofs, proved with symbols: a 2-3-2 net, any activation σ, any cost C(a_0, a_1)."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from backprop_lib.derivations import ledger
from backprop_lib.network import Network

SIGMA, COST = sp.Function("sigma"), sp.Function("C")
SIZES = (2, 3, 2)
W = {l: sp.Matrix(SIZES[l], SIZES[l - 1], lambda j, k, l=l: sp.Symbol(f"w{l}_{j}{k}")) for l in (1, 2)}
B = {l: sp.Matrix(SIZES[l], 1, lambda j, _, l=l: sp.Symbol(f"b{l}_{j}")) for l in (1, 2)}
X = sp.Matrix(sp.symbols("x_0 x_1"))
Z = {l: sp.Matrix(SIZES[l], 1, lambda j, _, l=l: sp.Symbol(f"z{l}_{j}")) for l in (1, 2)}
A = sp.Matrix(sp.symbols("a_0 a_1"))

PRE = {1: W[1] * X + B[1]}
PRE[2] = W[2] * Z[1].applyfunc(SIGMA) + B[2]  # as a function of z of layer 1
C_A = COST(*A)
C_Z2 = C_A.subs(dict(zip(A, Z[2].applyfunc(SIGMA), strict=True)))
C_Z1 = C_Z2.subs(dict(zip(Z[2], PRE[2], strict=True)))


def slope(function, variable):
    return sp.diff(function, variable)


def at_outputs(expression):
    """An expression in the outputs a as one in z of layer 2."""
    return expression.subs(dict(zip(A, Z[2].applyfunc(SIGMA), strict=True)))


def at_hidden(expression):
    """An expression in z of layer 2 as one in z of layer 1."""
    return expression.subs(dict(zip(Z[2], PRE[2], strict=True)))


def prime(z):
    t = sp.Symbol("t")
    return sp.diff(SIGMA(t), t).subs(t, z)


def lines_1(j):
    dC_da = [at_outputs(slope(C_A, a)) for a in A]
    da_dz = [slope(SIGMA(z), Z[2][j]) for z in Z[2]]
    return [
        slope(C_Z2, Z[2][j]),
        sum(c * d for c, d in zip(dC_da, da_dz, strict=True)),
        dC_da[j] * da_dz[j],
        dC_da[j] * prime(Z[2][j]),
    ]


def lines_2(j):
    delta = [at_hidden(slope(C_Z2, z)) for z in Z[2]]  # ∂C/∂z^2_k, which is δ^2_k by definition
    dz_dz = [slope(z, Z[1][j]) for z in PRE[2]]
    expanded = [
        sum(W[2][k, i] * slope(SIGMA(Z[1][i]), Z[1][j]) for i in range(3)) + slope(B[2][k], Z[1][j])
        for k in range(2)
    ]
    chain = sum(d * s for d, s in zip(delta, dz_dz, strict=True))
    return [
        slope(C_Z1, Z[1][j]),
        chain,
        chain,
        sum(d * s for d, s in zip(delta, expanded, strict=True)),
        sum(delta[k] * W[2][k, j] * prime(Z[1][j]) for k in range(2)),
        (W[2].T * sp.Matrix(delta))[j] * prime(Z[1][j]),
    ]


def lines_34(parameter, l, j, factor):
    cost_of_z = C_Z2 if l == 2 else C_Z1
    pre = PRE[l]
    insert = dict(zip(Z[l], pre, strict=True))
    dC_dz = [slope(cost_of_z, z).subs(insert) for z in Z[l]]
    dz = [slope(z, parameter) for z in pre]
    return [
        slope(cost_of_z.subs(insert), parameter),
        sum(d * s for d, s in zip(dC_dz, dz, strict=True)),
        dC_dz[j] * dz[j],
        dC_dz[j] * factor,
        factor * dC_dz[j],
    ]


def equal(p, q):
    return sp.simplify((p - q).doit()) == 0


PROOFS = {
    **{f"(1) for neuron {j}": (1, lines_1(j)) for j in range(2)},
    **{f"(2) for neuron {j}": (2, lines_2(j)) for j in range(3)},
    **{f"(3) for b{l}_{j}": (3, lines_34(B[l][j], l, j, 1)) for l, j in ((1, 0), (1, 2), (2, 1))},
    "(4) for w1_20": (4, lines_34(W[1][2, 0], 1, 2, X[0])),
    "(4) for w2_12": (4, lines_34(W[2][1, 2], 2, 1, SIGMA(Z[1][2]))),
}


@pytest.mark.parametrize("name", PROOFS)
def test_each_line_equals_the_one_before(name) -> None:
    _, lines = PROOFS[name]
    for number, (above, below) in enumerate(zip(lines, lines[1:], strict=False), 2):
        assert equal(above, below), f"{name}: line {number}"


@pytest.mark.parametrize("name", PROOFS)
def test_the_ledger_has_as_many_lines_as_the_proof(name) -> None:
    equation, lines = PROOFS[name]
    net = Network([("identity", 2), ("tanh", 3), ("sigmoid", 2)], seed=1)
    ones = np.ones((2, 1))
    assert len(ledger(equation, net, ones, 0 * ones).lines) == len(lines)


def test_a_wrong_line_is_not_proved() -> None:
    right = lines_2(0)[-1]
    delta = [at_hidden(slope(C_Z2, z)) for z in Z[2]]
    wrong = [
        sum(delta[k] * W[2][k, 0] for k in range(2)),  # σ′ left out
        sum(delta[k] * W[2][k, 1] * prime(Z[1][0]) for k in range(2)),  # another column
        -right,
    ]
    assert not any(equal(right, line) for line in wrong)


def test_softmax_has_the_jacobian_that_is_said_and_cross_entropy_undoes_it() -> None:
    z, y = sp.symbols("z_0:3", real=True), sp.symbols("y_0:2", real=True)
    y = (*y, 1 - sum(y))
    total = sum(map(sp.exp, z))
    a = [sp.exp(v) / total for v in z]
    for j in range(3):
        for k in range(3):
            assert equal(slope(a[j], z[k]), a[j] * (int(j == k) - a[k]))
    entropy = -sum(t * sp.log(p) for t, p in zip(y, a, strict=True))
    assert all(equal(slope(entropy, z[k]), a[k] - y[k]) for k in range(3))


def test_binary_cross_entropy_undoes_the_sigmoid() -> None:
    z, y = sp.symbols("z y", real=True)
    a = 1 / (1 + sp.exp(-z))
    entropy = -(y * sp.log(a) + (1 - y) * sp.log(1 - a))
    assert equal(slope(entropy, z), a - y)
    assert equal(slope(a, z), a * (1 - a)) and equal(slope(sp.tanh(z), z), 1 - sp.tanh(z) ** 2)
