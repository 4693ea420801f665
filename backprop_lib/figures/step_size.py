"""The U-curve: how the error of a finite difference depends on its step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.drawing.canvas import name_only
from backprop_lib.drawing.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network

EXPONENTS = np.arange(-12.0, 0.01, 0.5)
WIDTH, HEIGHT = 640, 360
KINDS = ("forward", "central")
# How many times round-off an error must be to be the step's own, to one digit.
STEP_DECIDES = {"forward": 1e5, "central": 1e6}
PRECISIONS = ("float64", "float32")


def cost_in(net: Network, theta: Array, x: Array, y: Array, precision: str) -> float:
    """The quadratic cost of a sigmoid net, computed with the numbers of this precision throughout."""
    if precision == "float64":
        return cost_of(net.with_parameters(theta), x, y)
    kind = np.float32
    small, a = net.with_parameters(theta), x.astype(kind)
    for l in range(1, net.L + 1):
        z = small.w[l].astype(kind) @ a + small.b[l].astype(kind)
        a = kind(0.5) * (1 + np.tanh(kind(0.5) * z))
    return float((kind(0.5) * (a - y.astype(kind)) ** 2).sum(axis=0).mean(dtype=kind))


def u_curve(net: Network, x: Array, y: Array, kind: str, precision: str) -> Array:
    """The relative error of every parameter's difference at every step, (steps, parameters)."""
    exact = backprop(net, x, y).gradient.theta
    errors = np.empty((len(EXPONENTS), len(exact)))
    base = cost_in(net, net.theta, x, y, precision)
    for row, exponent in enumerate(EXPONENTS):
        h = 10.0**exponent
        for i in range(len(exact)):
            step = np.zeros(len(exact))
            step[i] = h
            above = cost_in(net, net.theta + step, x, y, precision)
            below = base if kind == "forward" else cost_in(net, net.theta - step, x, y, precision)
            slope = (above - below) / (h if kind == "forward" else 2 * h)
            errors[row, i] = abs(slope - exact[i]) / (abs(slope) + abs(exact[i]))
    return errors


def step_size() -> Scene:
    """Error against step for one parameter or the median over all, forward or central, in two precisions."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    kept: dict[tuple[str, str], Array] = {}
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(fast.figure.add_subplot(), "Error of the difference", "step h", "relative error")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1e-12, 1)
    axes.set_ylim(1e-13, 3)
    quiet: dict[str, Any] = {"color": "#444444", "fontsize": 9.5}
    guides = {
        "forward": [
            *axes.plot([1e-6, 1e-1], [1e-6, 1e-1], color="#999999", lw=1, ls=":"),
            axes.text(7e-6, 3e-5, "slope 1", ha="right", **quiet),
        ],
        "central": [
            *axes.plot([1e-5, 1e-1], [1e-11, 1e-3], color="#999999", lw=1, ls=":"),
            axes.text(3e-4, 1e-9, "slope 2", **quiet),
        ],
    }
    for kind, parts in guides.items():
        for i, part in enumerate(parts):
            fast.add(f"guide {kind} {i}", part)
    lines = {
        name: fast.add(name, axes.plot([], [], marker=marker, ms=4, color=color, label=name, zorder=3)[0])
        for name, color, marker in zip(KINDS, LINE_COLORS, ("o", "s"), strict=False)
    }
    legend = fast.add("legend", axes.legend(frameon=False, loc="lower left", fontsize=9.5))
    here = fast.add("here", axes.axvline(1, color="#444444", ls="--", lw=1, zorder=2))

    def draw(parameter: int, difference: str, precision: str, exponent: float) -> View:
        h, curves = 10.0**exponent, dict[str, Array]()
        kinds = [kind for kind in KINDS if difference in (kind, "both")]
        for kind in KINDS:
            if (kind, precision) not in kept:
                kept[kind, precision] = u_curve(net, x, y, kind, precision)
            errors = kept[kind, precision]
            curves[kind] = np.median(errors, axis=1) if parameter < 0 else errors[:, parameter]
            lines[kind].set_data(10.0**EXPONENTS, np.maximum(curves[kind], 1e-16))
            for part in (lines[kind], *guides[kind]):
                part.set_visible(kind in kinds)
        name_only(legend, (kind in kinds for kind in KINDS))
        here.set_xdata([h, h])
        at = int(np.argmin(np.abs(EXPONENTS - exponent)))
        rows: list[list[object]] = [["step h", *kinds]]
        for i, row_exponent in enumerate(EXPONENTS):
            sizes = [size_of(curves[kind][i], 10.0**row_exponent, precision, kind) for kind in kinds]
            rows.append([number(10.0**row_exponent, 2), *sizes])
        what = "the median of all 43 parameters" if parameter < 0 else f"parameter {parameter}"
        sentence = (
            f"At h = {number(h, 2)}, {what}: "
            + ", ".join(
                f"the {kind} difference is off by {size_of(curves[kind][at], h, precision, kind)}"
                for kind in kinds
            )
            + "."
        )
        png = fast.png()
        count = "Two U-shaped curves" if difference == "both" else "One U-shaped curve"
        alt = f"{count} of error against step, in {precision}. {sentence}"
        code = (
            "from backprop_lib.figures.step_size import errors_by_step\n"
            f'errors_by_step({parameter}, {kinds}, "{precision}")'
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    names: list[Any] = [("median of all", -1), *((f"parameter {i}", i) for i in range(43))]
    controls = {
        "parameter": choice("Parameter", names, -1),
        "difference": choice("Difference", ["both", *KINDS]),
        "precision": choice("Precision", list(PRECISIONS)),
        "exponent": slider("Step h = 10 to the", -5.0, -12.0, 0.0, 0.5),
    }
    return Scene(controls, draw)


def errors_by_step(parameter: int, kinds: Sequence[str], precision: str) -> Array:
    """The relative errors of the figure's table, a row for each step and a column for each kind.

    `parameter` is the index in θ, or −1 for the median of all.
    """
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    errors = [u_curve(net, x, y, kind, precision) for kind in kinds]
    return np.transpose([np.median(e, axis=1) if parameter < 0 else e[:, parameter] for e in errors])


def size_of(error: float, h: float, precision: str, kind: str) -> str:
    """An error in words, the same on every machine: one digit where the step decides it, else a bound.

    Round-off is the machine epsilon over h, times what depends on the machine. Far below it nothing else is
    seen; well above it the error is the step's own; between the two the bound is the error's, rounded up.
    """
    round_off = float(np.finfo(precision).eps) / h
    if error > STEP_DECIDES[kind] * round_off:
        return number(error, 1)
    if error > 3e3 * round_off:
        power = 10.0 ** np.floor(np.log10(1.5 * error))
        bound = float(next(digit * power for digit in (2, 5, 10) if digit * power > 1.5 * error))
    else:
        bound = min(1.0, 1e4 * round_off)
    return f"round-off, below {number(bound, 1)}"
