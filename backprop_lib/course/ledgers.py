"""The ledgers: every displayed line of the four proofs, evaluated with numbers on a real net.

Each line has its own expression. The first ones measure their derivatives, the last one is the equation, so
that their agreement is evidence for the proof and not a repetition of it. They measure by the complex step,
∂C/∂θ = Im C(θ + ih) / h: it subtracts nothing, so lines of any size can be compared to their last digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, natural_number, shown
from backprop_lib.costs import Cost
from backprop_lib.equations import backprop, cost_per_example
from backprop_lib.network import Network, checked_examples

H = 1e-20  # the complex step
FINEST = 1e-12  # a difference below is round-off, and another on every machine


@dataclass(frozen=True)
class Line:
    """One line of a proof: its formula (TeX), why it follows, its value, and its discrepancy.

    The discrepancy is |value − first| / |first|, with the value of the first line.
    """

    formula: str
    why: str
    value: float
    discrepancy: float


@dataclass(frozen=True)
class Ledger:
    """The lines of one proof."""

    title: str
    lines: tuple[Line, ...]

    @property
    def largest(self) -> float:
        """The largest discrepancy of a line."""
        return max(line.discrepancy for line in self.lines)

    def agrees(self, tolerance: float = 1e-10) -> bool:
        """Whether no line is further than `tolerance` from the first."""
        return self.largest <= tolerance

    def __repr__(self) -> str:
        rows = [f"{n}. {v.value: .4g}   {_threshold(v)}   {v.why}" for n, v in enumerate(self.lines, 1)]
        return "\n".join([self.title, *rows])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{n}</td><td style='text-align:left'>{_typeset(v.formula)}</td>"
            f"<td style='text-align:left'>{escape(v.why)}</td><td>{v.value:.4g}</td>"
            f"<td>{escape(_threshold(v))}</td></tr>"
            for n, v in enumerate(self.lines, 1)
        )
        heads = "".join(f"<th scope='col'>{h}</th>" for h in ("", "line", "because", "value", "off by"))
        return f"<table><caption>{escape(self.title)}</caption><tr>{heads}</tr>{rows}</table>"


def _typeset(formula: str) -> str:
    """A formula as a notebook and a book of Sphinx find it: between dollars only the notebook does."""
    return f"<span class='math notranslate nohighlight'>\\({escape(formula)}\\)</span>"


def _threshold(line: Line) -> str:
    """The discrepancy as a power of ten that it stays below, never finer than round-off."""
    if line.discrepancy < FINEST:
        return f"< {FINEST:.0e}"
    if not math.isfinite(line.discrepancy):
        return "∞"
    return f"< 1e{math.floor(math.log10(line.discrepancy)) + 1}"


def _discrepancy(value: float, first: float) -> float:
    """|value − first| / |first|, and infinite where a line has no number: that it agrees was not shown."""
    if value == first:
        return 0.0
    off = abs(value - first) / abs(first) if first else math.inf
    return math.inf if math.isnan(off) else off


class _Pass:
    """One example in a net, with every intermediate quantity within reach of a nudge."""

    def __init__(self, net: Network, x: Array, y: Array, cost: str | Cost) -> None:
        x, self.y, self.cost = checked_examples(net, x, y, cost)
        if x.shape[1] != 1:
            raise ValueError(f"x: expected one example (one column), got {x.shape[1]}")
        self.net = net
        run = backprop(net, x, self.y, self.cost)
        self.z, self.a, self.delta = run.z, run.a, run.delta

    def cost_from_z(self, l: int, z: Any) -> Any:
        """C_x if the pre-activations of layer l were z, which may be complex."""
        for layer in range(l + 1, self.net.L + 1):
            z = self.net.w[layer] @ self.net.sigma[layer - 1](z) + self.net.b[layer]
        a = self.net.sigma[self.net.L](z)
        return cost_per_example(self.net, z, a, self.y, self.cost)[0]

    def dC_dz(self, l: int, j: int) -> float:
        """∂C_x/∂z^l_j, measured."""
        return float(_slope(lambda t: self.cost_from_z(l, _moved(self.z[l], j, t))))

    def dC_da(self, k: int) -> float:
        """∂C_x/∂a^L_k, measured."""
        return float(_slope(lambda t: self.cost.value(_moved(self.a[self.net.L], k, t), self.y)[0]))


def _slope(f: Callable[[complex], Any]) -> Any:
    return f(1j * H).imag / H


def _moved(column: Array, j: int, step: complex) -> Any:
    column = column.astype(complex)
    column[j] += step
    return column


Lines = dict[str, tuple[str, float]]  # {formula: (why it follows, its value)}


def _proof_1(p: _Pass, l: int, j: int, k: int) -> Lines:
    L, sigma = p.net.L, p.net.sigma[p.net.L]
    da_dz = _slope(lambda t: sigma(_moved(p.z[L], j, t)))[:, 0]  # ∂a^L_k/∂z^L_j for all k
    dC_da = [p.dC_da(i) for i in range(p.net.sizes[L])]
    lines: Lines = {
        r"\frac{\partial C_x}{\partial z^L_j}": ("definition of the error, measured", p.dC_dz(L, j)),
        r"\sum_k \frac{\partial C_x}{\partial a^L_k}\frac{\partial a^L_k}{\partial z^L_j}": (
            "chain rule over all outputs",
            sum(c * a for c, a in zip(dC_da, da_dz, strict=True)),
        ),
    }
    gradient = p.cost.derivative(p.a[L], p.y)[:, 0]
    if sigma.name == "softmax":
        jacobian = sigma.jacobian(p.z[L])[0]  # type: ignore[attr-defined]
        formula = r"\sum_k \frac{\partial C_x}{\partial a^L_k} J_{kj}"
        return lines | {formula: ("softmax: the full Jacobian stays", float(gradient @ jacobian[:, j]))}
    return lines | {
        r"\frac{\partial C_x}{\partial a^L_j}\frac{\partial a^L_j}{\partial z^L_j}": (
            "no other output depends on this z",
            dC_da[j] * da_dz[j],
        ),
        r"\frac{\partial C_x}{\partial a^L_j}\,\sigma'(z^L_j)": (
            "derivative of the activation: equation (1)",
            gradient[j] * sigma.prime(p.z[L])[j, 0],
        ),
    }


def _proof_2(p: _Pass, l: int, j: int, k: int) -> Lines:
    w, b, sigma, above = p.net.w[l + 1], p.net.b[l + 1], p.net.sigma[l], p.net.sizes[l + 1]
    units, sources = range(above), range(p.net.sizes[l])

    def z_next(z: Any) -> Any:
        return np.array([sum(w[i, s] * sigma(z)[s, 0] for s in sources) + b[i, 0] for i in units])

    dz_dz = _slope(lambda t: (w @ sigma(_moved(p.z[l], j, t)) + b)[:, 0])
    dz_dz_sum = _slope(lambda t: z_next(_moved(p.z[l], j, t)))
    prime = float(sigma.prime(p.z[l])[j, 0])
    delta = p.delta[l + 1]
    sum_ = r"\sum_k "
    return {
        r"\frac{\partial C_x}{\partial z^l_j}": ("definition of the error, measured", p.dC_dz(l, j)),
        sum_ + r"\frac{\partial C_x}{\partial z^{l+1}_k}\frac{\partial z^{l+1}_k}{\partial z^l_j}": (
            "chain rule over the next layer",
            sum(p.dC_dz(l + 1, i) * dz_dz[i] for i in units),
        ),
        sum_ + r"\delta^{l+1}_k\,\frac{\partial z^{l+1}_k}{\partial z^l_j}": (
            "definition of the error, one layer on",
            sum(delta[i, 0] * dz_dz[i] for i in units),
        ),
        sum_ + r"\delta^{l+1}_k\,\frac{\partial}{\partial z^l_j}"
        r"\left(\sum_i w^{l+1}_{ki}\sigma(z^l_i) + b^{l+1}_k\right)": (
            "expand the pre-activation",
            sum(delta[i, 0] * dz_dz_sum[i] for i in units),
        ),
        sum_ + r"\delta^{l+1}_k\,w^{l+1}_{kj}\,\sigma'(z^l_j)": (
            "differentiate: only i = j depends on this z",
            sum(delta[i, 0] * w[i, j] * prime for i in units),
        ),
        r"\left[(w^{l+1})^T\delta^{l+1}\right]_j \sigma'(z^l_j)": (
            "the sum over k is row j of the transpose: equation (2)",
            float((w.T @ delta)[j, 0]) * prime,
        ),
    }


def _proof_34(p: _Pass, l: int, j: int, k: int, weight: bool) -> Lines:
    a = p.a[l - 1]

    def z_of(t: complex) -> Any:
        w, b = p.net.w[l].astype(complex), p.net.b[l].astype(complex)
        if weight:
            w[j, k] += t
        else:
            b[j] += t
        return w @ a + b

    dz = _slope(z_of)[:, 0]  # of every neuron of the layer, by this one parameter
    name = "w^l_{jk}" if weight else "b^l_j"
    by = r"\partial " + name
    factor = float(a[k, 0]) if weight else 1.0
    return {
        rf"\frac{{\partial C_x}}{{{by}}}": ("measured", float(_slope(lambda t: p.cost_from_z(l, z_of(t))))),
        rf"\sum_i \frac{{\partial C_x}}{{\partial z^l_i}}\frac{{\partial z^l_i}}{{{by}}}": (
            "chain rule over the layer",
            sum(p.dC_dz(l, i) * dz[i] for i in range(p.net.sizes[l])),
        ),
        rf"\frac{{\partial C_x}}{{\partial z^l_j}}\frac{{\partial z^l_j}}{{{by}}}": (
            "only i = j depends on this parameter",
            p.dC_dz(l, j) * dz[j],
        ),
        r"\frac{\partial C_x}{\partial z^l_j}\," + ("a^{l-1}_k" if weight else r"\cdot 1"): (
            "differentiate the pre-activation",
            p.dC_dz(l, j) * factor,
        ),
        r"a^{l-1}_k\,\delta^l_j" if weight else r"\delta^l_j": (
            "definition of the error: equation (4)" if weight else "definition of the error: equation (3)",
            factor * float(p.delta[l][j, 0]),
        ),
    }


def ledger(
    equation: int,
    net: Network,
    x: Array,
    y: Array,
    cost: str | Cost = "quadratic",
    l: int | None = None,
    j: int = 0,
    k: int = 0,
) -> Ledger:
    """Every line of the proof of equation (1), (2), (3) or (4), for one example and one neuron or weight.

    x is (n_0, 1), y (n_L, 1). Equation (2) needs a hidden layer l (default L − 1); (3) and (4) take any
    l = 1 … L (default L); j is the neuron, and k the neuron of layer l − 1 in (4). Raises ValueError or
    TypeError, naming the argument.
    """
    if not isinstance(equation, int) or equation not in (1, 2, 3, 4):
        raise ValueError(f"equation: expected 1, 2, 3 or 4, got {shown(equation)}")
    p = _Pass(net, x, y, cost)
    last = net.L - 1 if equation == 2 else net.L
    first = net.L if equation == 1 else 1
    l = last if l is None else natural_number("l", l)
    if not first <= l <= last:
        raise ValueError(f"l: expected a layer from {first} to {last} for equation ({equation}), got {l}")
    for name, index, size in (("j", j, net.sizes[l]), ("k", k, net.sizes[l - 1])):
        if natural_number(name, index) >= size:
            raise ValueError(f"{name}: expected a neuron from 0 to {size - 1}, got {index}")
    proofs = {1: _proof_1, 2: _proof_2}
    with np.errstate(divide="ignore", invalid="ignore"):  # a may be 1 to the last digit, and ∂C_x/∂a infinite
        lines = _proof_34(p, l, j, k, equation == 4) if equation > 2 else proofs[equation](p, l, j, k)
    (_, measured), *_ = lines.values()
    entries = [Line(f, why, float(v), _discrepancy(v, measured)) for f, (why, v) in lines.items()]
    what = f"w[{l}][{j}, {k}]" if equation == 4 else f"b[{l}][{j}]" if equation == 3 else f"delta[{l}][{j}]"
    return Ledger(f"Equation ({equation}), line by line, for {what}", tuple(entries))
