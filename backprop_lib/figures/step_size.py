"""The U-curve: how the error of a finite difference depends on its step."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from backprop_lib.arguments import Array, one_of
from backprop_lib.data import load_iris
from backprop_lib.drawing.canvas import FastFigure, logarithmic, name_only, styled
from backprop_lib.drawing.colors import FAINT, LINE_COLORS, QUIET
from backprop_lib.drawing.named import equation as in_names
from backprop_lib.drawing.named import named, symbols
from backprop_lib.drawing.net import NARROW, network_svg, subscript, superscript
from backprop_lib.drawing.svg import beside, enlarged, number
from backprop_lib.equations import backprop, cost_of
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import Scene, View, choice, keep_inside, living_line, slider
from backprop_lib.network import Network

EXPONENTS = np.arange(-12.0, 0.01, 0.5)
WIDTH, HEIGHT = 480, 360
KINDS = ("forward", "central")
FORMULAS = {"forward": "(C({0} + h) − C({0})) / h", "central": "(C({0} + h) − C({0} − h)) / 2h"}
POWERS = {"forward": 1, "central": 2}  # of the step, by which truncation falls
STEP_DECIDES = 1e4  # how many times round-off an error must be to be the step's own, to one digit
FAR_LARGER = 100  # times truncation: so far below its bound round-off seldom is
PRECISIONS = ("float64", "float32")


def cost_in(net: Network, theta: Array, x: Array, y: Array, precision: str) -> float:
    """The quadratic cost of a net, computed with the numbers of this precision throughout.

    Only another activation than sigmoid is a double that is rounded.
    """
    if one_of("precision", precision, PRECISIONS) == "float64":
        return cost_of(net.with_parameters(theta), x, y)
    kind = np.float32
    small, a = net.with_parameters(theta), np.asarray(x, kind)
    for l in range(1, net.L + 1):
        z = small.w[l].astype(kind) @ a + small.b[l].astype(kind)
        if net.sigma[l].name == "sigmoid":
            e = np.exp(-np.abs(z))
            a = np.where(z < 0, e, kind(1)) / (kind(1) + e)
        else:
            a = net.sigma[l](z).astype(kind)
    return float((kind(0.5) * (a - np.asarray(y, kind)) ** 2).sum(axis=0).mean(dtype=kind))


def u_curve(net: Network, x: Array, y: Array, kind: str, precision: str) -> Array:
    """The relative error of every parameter's difference at every step, (steps, parameters)."""
    one_of("kind", kind, KINDS)
    one_of("precision", precision, PRECISIONS)
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
            size = abs(slope) + abs(exact[i])
            errors[row, i] = abs(slope - exact[i]) / size if size else 0.0  # 0 for 0 is right
    return errors


class Parameter(NamedTuple):
    """What a figure says of a parameter: its indices, its name in words, in an equation and in code."""

    indices: tuple[int, ...]
    words: str
    symbol: str
    code: str


def parameter(l: int, j: int, k: int | None = None) -> Parameter:
    """The weight of layer l to neuron j from neuron k; without k, the bias of neuron j.

    >>> parameter(2, 1, 0), parameter(2, 1).code
    (Parameter(indices=(2, 1, 0), words='w²[1, 0]', symbol='w²₁₀', code='w[2][1, 0]'), 'b[2][1, 0]')
    """
    indices = (l, j) if k is None else (l, j, k)
    letter, rest = "b" if k is None else "w", indices[1:]
    words = f"{letter}{superscript(l)}[{', '.join(map(str, rest))}]"
    symbol = f"{letter}{superscript(l)}{''.join(map(subscript, rest))}"
    return Parameter(indices, words, symbol, f"{letter}[{l}][{j}, {k or 0}]")


ALL = Parameter((), "the median of all 43 parameters", "θ", "")


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
    # The smallest step of every parameter that decides; where the curve is flat, the largest comes nearest.
    first = np.where(decided.any(axis=0), decided.argmax(axis=0), len(h) - 1)
    for i, n in enumerate(first):
        # From two decades of steps: the leading term of one parameter may be small by chance.
        leading = (errors[n : n + 5, i] / h[n : n + 5, 0] ** POWERS[kind]).max()
        truncation[:n, i] = leading * h[:n, 0] ** POWERS[kind]
    return Limits(truncation, unit * float(np.finfo(precision).eps))


def step_size() -> Scene:
    """Error against step for one parameter or the median over all, forward or central, in two precisions.

    A click on a weight chooses it, a click on a neuron its bias.
    """
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    x, y = load_iris().take(range(0, 150, 10)).columns()
    errors_of, known_of = cache(partial(u_curve, net, x, y)), cache(partial(limits, net, x, y))
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(fast.figure.add_subplot(), "Error of the difference", "step h", "relative error")
    logarithmic(axes, "x", "y")
    axes.set(xticks=10.0 ** np.arange(-12, 1, 3), xlim=(6e-13, 1.7), ylim=(1e-13, 3))
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
            fast.add(f"guide {kind} {i}", part, seldom=i == 1)  # the words
    lines = {
        name: fast.line(name, axes, marker=marker, ms=4, color=color, label=name, zorder=3)
        for name, color, marker in zip(KINDS, LINE_COLORS, ("o", "s"), strict=False)
    }
    legend = fast.add("legend", axes.legend(frameon=False, loc="lower left", fontsize=9.5), seldom=True)
    here = fast.add("here", axes.axvline(1, color=QUIET, ls="--", lw=1, zorder=2))

    numbered = net.with_parameters(np.arange(43.0))

    def draw(of: str, l: int, j: int, k: int, difference: str, precision: str, exponent: float) -> View:
        one = ALL if of == "median" else parameter(l, j, k if of == "weight" else None)
        column = None if one is ALL else int(numbered.w[l][j, k] if of == "weight" else numbered.b[l][j, 0])
        h, curves, said = 10.0**exponent, dict[str, Array](), dict[str, list[str]]()
        kinds = [kind for kind in KINDS if difference in (kind, "both")]
        for kind in KINDS:
            curves[kind] = chosen(errors_of(kind, precision), column)
            known = (chosen(limit, column) for limit in known_of(kind, precision))
            said[kind] = in_words(curves[kind], *known)
            lines[kind].set_data(10.0**EXPONENTS, np.maximum(curves[kind], 1e-16))
            for part in (lines[kind], *guides[kind]):
                part.set_visible(kind in kinds)
        name_only(legend, (kind in kinds for kind in KINDS))
        here.set_xdata([h, h])
        at = int(np.argmin(np.abs(EXPONENTS - exponent)))
        rows: list[list[object]] = [["step h", *kinds]]
        for i, row_exponent in enumerate(EXPONENTS):
            rows.append([number(10.0**row_exponent, 2), *(said[kind][i] for kind in kinds)])
        sentence = (
            f"At h = {number(h, 2)}, {one.words}: "
            + ", ".join(f"the {kind} difference is off by {spoken(said[kind][at])}" for kind in kinds)
            + "."
        )
        if any("below" in said[kind][at] for kind in kinds):
            sentence += " Such a bound holds on every computer; the dots are those of this one."
        count = "two U-shaped curves" if difference == "both" else "one U-shaped curve"
        alt = f"The net whose parameter is moved; {count} of error against step, in {precision}. {sentence}"
        taken = "np.median(errors, axis=1)" if one is ALL else "errors[:, i]"
        find = f"i = int(net.with_parameters(np.arange(43.0)).{one.code})  # its place in theta\n"
        code = (
            "import numpy as np\n"
            "from backprop_lib import Network, load_iris\n"
            "from backprop_lib.figures.step_size import u_curve\n"
            f"net = Network({list(net.specification)}, seed=0)\n"
            "x, y = load_iris().take(range(0, 150, 10)).columns()\n"
            f'errors_of = [u_curve(net, x, y, kind, "{precision}") for kind in {kinds}]\n'
            f"{find * (one is not ALL)}"
            f"np.transpose([{taken} for errors in errors_of])"
        )
        lit = {one.indices, (l - 1, k), (l, j)} if of == "weight" else {one.indices} - {()}
        drawn = network_svg(net.sizes, weights=net.w, lit=lit, canvas=(NARROW, 340))
        place = ".".join(map(str, one.indices))
        # What a difference is of: a derivative and its parameter, or all of them.
        of_one = [f"{letter}.{place}" for letter in (f"d{one.symbol[0]}", one.symbol[0])]
        own = of_one if place else [f"dw{'.*' * 3}", f"db{'.*' * 2}", f"w{'.*' * 3}", f"b{'.*' * 2}"]
        all_of, names = {"∂C/∂θ": "dw db", "θ": "w b"}, {"net": "w b"} if one is ALL else {}
        formulas: list[str] = []
        parts: list[tuple[Any, ...]] = []
        for text in (f"∂C/∂{one.symbol}", *(FORMULAS[kind].format(one.symbol) for kind in kinds)):
            formulas.append(in_names(text, all_of, {}) if one is ALL else symbols(text, net.L))
        for i, kind in enumerate(kinds, 1):
            names[kind] = " ".join(f"{name}.{kind}" for name in own)
            formulas[i] = named(formulas[i], names[kind])
            for step, text in zip(10.0**EXPONENTS, said[kind], strict=True):
                if "below" not in text:  # else the dot stands elsewhere on another computer
                    parts.append((names[kind], axes, (step, float(text.replace("−", "-"))), 18))
        equation = f"{formulas[0]} ≈ {' or '.join(formulas[1:])}"
        html = beside(enlarged(drawn, 1.1), fast.html(alt, parts=parts)) + living_line(equation)
        idle = frozenset({"median": "ljk", "bias": "k", "weight": ""}[of])
        return View(
            html,
            alt,
            sentence,
            rows,
            code,
            idle=idle,
            choosable="neurons, weights",
            chosen=place,
            names=names,
        )

    controls: dict[str, Any] = {
        "of": choice("Error of", {"median of all 43": "median", "one weight": "weight", "one bias": "bias"}),
        "l": slider("Layer l", 2, 1, 2),
        "j": slider("To neuron j", 0, 0, 2),
        "k": slider("From neuron k", 0, 0, 4),
        "difference": choice("Difference", ["both", *KINDS]),
        "precision": choice("Precision", list(PRECISIONS)),
        "exponent": slider("Step h = 10 to the", -5.0, -12.0, 0.0, 0.5),
    }
    keep_inside(controls["j"], controls["l"], lambda l: net.sizes[l] - 1)
    keep_inside(controls["k"], controls["l"], lambda l: net.sizes[l - 1] - 1)

    def choose(l: int, j: int, k: int | None = None) -> dict[str, Any]:
        return {"of": "bias", "l": l, "j": j} if k is None else {"of": "weight", "l": l, "j": j, "k": k}

    return Scene(controls, draw, living=True, choose=choose, lines=8)


def chosen(values: Array, column: int | None) -> Array:
    """One column of (steps, parameters), or with None the median of all."""
    one: Array = np.median(values, axis=1) if column is None else values[:, column]
    return one


def spoken(said: str) -> str:
    """What `in_words` says, within a sentence.

    >>> spoken("0.003"), spoken("below 2e−7"), spoken("round-off, below 2e−8")
    ('0.003', 'less than 2e−7', 'less than 2e−8 (round-off may be most of it)')
    """
    bound = said.replace("below", "less than")
    return (
        f"{bound.removeprefix('round-off, ')} (round-off may be most of it)" if "round-off" in said else bound
    )


def in_words(errors: Array, truncation: Array, round_off: Array) -> list[str]:
    """Every error in words, the same on every machine: one digit where the step decides it, else a bound.

    The bound is truncation and round-off together, rounded up to 1, 2 or 5 times a power of ten. It is called
    one of round-off where the bound for that is FAR_LARGER than truncation: round-off itself may be small.
    """
    said = []
    for error, step, rest in zip(errors.tolist(), truncation.tolist(), round_off.tolist(), strict=True):
        if error > STEP_DECIDES * rest:
            said.append(number(error, 1))
            continue
        bound = min(1.0, rounded_up(step + rest))
        said.append(f"{'round-off, ' if rest > FAR_LARGER * step else ''}below {number(bound, 1)}")
    return said
