"""The U-curve: how the error of a finite difference depends on its step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.drawing.canvas import name_only
from backprop_lib.drawing.colors import FAINT, LINE_COLORS, QUIET
from backprop_lib.drawing.plots import FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network

EXPONENTS = np.arange(-12.0, 0.01, 0.5)
WIDTH, HEIGHT = 640, 360
KINDS = ("forward", "central")
POWERS = {"forward": 1, "central": 2}  # of the step, by which truncation falls
STEP_DECIDES = 1e4  # how many times round-off an error must be to be the step's own, to one digit
PRECISIONS = ("float64", "float32")


def cost_in(net: Network, theta: Array, x: Array, y: Array, precision: str) -> float:
    """The quadratic cost of a sigmoid net, computed with the numbers of this precision throughout."""
    if precision == "float64":
        return cost_of(net.with_parameters(theta), x, y)
    kind = np.float32
    small, a = net.with_parameters(theta), x.astype(kind)
    for l in range(1, net.L + 1):
        z = small.w[l].astype(kind) @ a + small.b[l].astype(kind)
        e = np.exp(-np.abs(z))
        a = np.where(z < 0, e, kind(1)) / (kind(1) + e)
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


class Limits(NamedTuple):
    """What is known of the errors before they are measured, for every step and parameter.

    truncation   the error of the step itself
    round_off    a bound for the rest: a cost that is rounded by half an epsilon, and what follows from it
    """

    truncation: Array
    round_off: Array


def limits(net: Network, x: Array, y: Array, kind: str, precision: str) -> Limits:
    """Truncation as it is measured where the step decides, and from there on as the power of h that it is."""
    slope = np.abs(backprop(net, x, y).gradient.theta)
    h = 10.0 ** EXPONENTS[:, None]
    unit = 8 * cost_of(net, x, y) / (h * slope)
    errors = u_curve(net, x, y, kind, "float64")
    truncation = errors.copy()
    decided = errors > STEP_DECIDES * unit * np.finfo("float64").eps
    first = decided.argmax(axis=0)  # the smallest step of every parameter that decides
    for i, n in enumerate(first):
        # From two decades of steps: the leading term of one parameter may be small by chance.
        leading = (errors[n : n + 5, i] / h[n : n + 5, 0] ** POWERS[kind]).max()
        truncation[:n, i] = leading * h[:n, 0] ** POWERS[kind]
    return Limits(truncation, unit * float(np.finfo(precision).eps))


def step_size() -> Scene:
    """Error against step for one parameter or the median over all, forward or central, in two precisions."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    kept: dict[tuple[str, str], tuple[Array, Limits]] = {}
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(fast.figure.add_subplot(), "Error of the difference", "step h", "relative error")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1e-12, 1)
    axes.set_ylim(1e-13, 3)
    quiet: dict[str, Any] = {"color": QUIET, "fontsize": 9.5}
    guides = {
        "forward": [
            *axes.plot([1e-6, 1e-1], [1e-6, 1e-1], color=FAINT, lw=1, ls=":"),
            axes.text(7e-6, 3e-5, "slope 1", ha="right", **quiet),
        ],
        "central": [
            *axes.plot([1e-5, 1e-1], [1e-11, 1e-3], color=FAINT, lw=1, ls=":"),
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
    here = fast.add("here", axes.axvline(1, color=QUIET, ls="--", lw=1, zorder=2))

    def draw(parameter: int, difference: str, precision: str, exponent: float) -> View:
        h, curves, said = 10.0**exponent, dict[str, Array](), dict[str, list[str]]()
        kinds = [kind for kind in KINDS if difference in (kind, "both")]
        for kind in KINDS:
            if (kind, precision) not in kept:
                measured = u_curve(net, x, y, kind, precision)
                kept[kind, precision] = measured, limits(net, x, y, kind, precision)
            errors, known = kept[kind, precision]
            curves[kind] = chosen(errors, parameter)
            said[kind] = in_words(curves[kind], *(chosen(limit, parameter) for limit in known))
            lines[kind].set_data(10.0**EXPONENTS, np.maximum(curves[kind], 1e-16))
            for part in (lines[kind], *guides[kind]):
                part.set_visible(kind in kinds)
        name_only(legend, (kind in kinds for kind in KINDS))
        here.set_xdata([h, h])
        at = int(np.argmin(np.abs(EXPONENTS - exponent)))
        rows: list[list[object]] = [["step h", *kinds]]
        for i, row_exponent in enumerate(EXPONENTS):
            rows.append([number(10.0**row_exponent, 2), *(said[kind][i] for kind in kinds)])
        what = "the median of all 43 parameters" if parameter < 0 else f"parameter {parameter}"
        sentence = (
            f"At h = {number(h, 2)}, {what}: "
            + ", ".join(f"the {kind} difference is off by {spoken(said[kind][at])}" for kind in kinds)
            + "."
        )
        if any("below" in said[kind][at] for kind in kinds):
            sentence += " Such a bound holds on every computer; the dots are those of this one."
        png = fast.png()
        count = "Two U-shaped curves" if difference == "both" else "One U-shaped curve"
        alt = f"{count} of error against step, in {precision}. {sentence}"
        column = "np.median(errors, axis=1)" if parameter < 0 else f"errors[:, {parameter}]"
        code = (
            "import numpy as np\n"
            "from backprop_lib import Network, load_iris\n"
            "from backprop_lib.figures.step_size import u_curve\n"
            f"net = Network({list(net.specification)}, seed=0)\n"
            "x, y = load_iris().take(range(0, 150, 10)).columns()\n"
            f'errors_of = [u_curve(net, x, y, kind, "{precision}") for kind in {kinds}]\n'
            f"np.transpose([{column} for errors in errors_of])"
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


def chosen(values: Array, parameter: int) -> Array:
    """One column of (steps, parameters), or for −1 the median of all."""
    column: Array = np.median(values, axis=1) if parameter < 0 else values[:, parameter]
    return column


def spoken(said: str) -> str:
    """What `in_words` says, within a sentence.

    >>> spoken("0.003"), spoken("below 2e−7"), spoken("round-off, below 2e−8")
    ('0.003', 'less than 2e−7', 'less than 2e−8, mostly round-off')
    """
    bound = said.replace("below", "less than")
    return f"{bound.removeprefix('round-off, ')}, mostly round-off" if "round-off" in said else bound


def in_words(errors: Array, truncation: Array, round_off: Array) -> list[str]:
    """Every error in words, the same on every machine: one digit where the step decides it, else a bound.

    The bound is truncation and round-off together, rounded up to 1, 2 or 5 times a power of ten. It is called
    one of round-off where round-off may be the larger part.
    """
    said = []
    for error, step, rest in zip(errors.tolist(), truncation.tolist(), round_off.tolist(), strict=True):
        if error > STEP_DECIDES * rest:
            said.append(number(error, 1))
            continue
        bound = min(1.0, rounded_up(step + rest))
        said.append(f"{'round-off, ' if rest > step else ''}below {number(bound, 1)}")
    return said
