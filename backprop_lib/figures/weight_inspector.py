"""The weight inspector: equation (4) at one connection, against the slope that is measured there."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.drawing.canvas import LINE_ABOVE, FastFigure, named_above, strips, styled, with_track
from backprop_lib.drawing.colors import HERE, INK, PAPER, QUIET, SLOPE
from backprop_lib.drawing.named import named, symbols
from backprop_lib.drawing.net import NARROW, network_svg, subscript, superscript
from backprop_lib.drawing.svg import beside, enlarged, factor, number
from backprop_lib.equations import backprop, cost_of
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import Scene, View, keep_inside, living_line, slider
from backprop_lib.network import Network

WIDTH, HEIGHT = 480, 360
REACH = 3.0
CHANGE = "Change of the weight Δw"
SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
FINEST = 1e-7  # the smallest step between the numbers at the axis of the cost: there is room for their digits
COARSE = 0.1  # a step whose error is that of the step alone
STEADY = 1e7  # how many times round-off a slope must be for three digits that every computer gets
SAME = 0.01  # of a slope: what is off by less is called the same


def _limits(costs: Array) -> tuple[float, float]:
    """The ends of an axis for these costs, in round steps; one that does not change has the finest axis."""
    low, high = float(costs.min()), float(costs.max())
    step = rounded_up(max((high - low) / 4, FINEST * (1 - 1e-9)))
    return step * float(np.floor(low / step) - 0.1), step * float(np.ceil(high / step) + 0.1)


def weight_inspector() -> Scene:
    """Choose a weight: what comes in, times the error at its end, beside the measured slope."""
    net = Network(SPECIFICATION, seed=0)
    flowers = load_iris()
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(
        fast.figure.add_subplot(), "Cost over this weight", "change of the weight, Δw", "C", pad=LINE_ABOVE
    )
    # The first numbers upwards are as long as any.
    axes.set(xlim=(-1.05 * REACH, 1.05 * REACH), ylim=(0.26, 0.26 + 4 * FINEST))
    axes.ticklabel_format(useOffset=False)
    axes.locator_params("y", nbins=8, steps=[1, 2, 5, 10])
    with_track(axes)
    curve = fast.line("curve", axes, color=INK, lw=2, zorder=3, label="C")
    tangent = fast.line("tangent", axes, "--", color=SLOPE, lw=1.6, zorder=3, label="slope a · δ")
    start = fast.line("start", axes, "o", mfc=PAPER, mec=INK, ms=6, zorder=4)
    gap = fast.line("gap", axes, color=QUIET, lw=1, zorder=3)
    promise = fast.line("promise", axes, "X", color=SLOPE, ms=6, zorder=6)
    dot = fast.line("dot", axes, "o", mfc=HERE, mec=INK, ms=8, zorder=5)
    named_above(axes)
    changes = np.linspace(-REACH, REACH, 61)

    def draw(l: int, j: int, k: int, change: float, exponent: float, example: int) -> View:
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        a, delta = float(run.a[l - 1][k, 0]), float(run.delta[l][j, 0])
        moved = net.copy()

        def cost_at(change: float) -> float:
            moved.w[l][j, k] = net.w[l][j, k] + change
            return cost_of(moved, x, y)

        def measured_with(h: float) -> float:
            return (cost_at(h) - cost_at(-h)) / (2 * h)

        h = 10.0**exponent
        measured, base = measured_with(h), cost_at(0.0)
        # The error of the step falls as h²; twice that, as the leading term may be small by chance.
        truncation = 2 * abs(measured_with(COARSE) - a * delta) * (h / COARSE) ** 2
        round_off = 8 * float(np.finfo(float).eps) * base / h
        is_steady = min(abs(measured), abs(a * delta)) > STEADY * round_off
        bound = number(rounded_up(truncation + round_off), 1)
        costs, promises = np.array([cost_at(change) for change in changes]), base + a * delta * changes
        curve.set_data(changes, costs)
        tangent.set_data(changes, promises)
        limits = _limits(np.concatenate([costs, promises]))  # the same for all Δw of a weight
        fast.fit(axes, ylim=limits)
        promised, there = a * delta * change, cost_at(change)
        new = backprop(moved, x, y)  # which stands at this change now
        new_delta = float(new.delta[l][j, 0])
        start.set_data([0], [base])
        gap.set_data([change, change], [base + promised, there])
        promise.set_data([change], [base + promised])
        dot.set_data([change], [there])
        promise.set_visible(change != 0)
        name = f"w{superscript(l)}[{j}, {k}]"
        # What round-off decides is not written: it differs from machine to machine.
        if is_steady:
            result = number(measured)
        elif round_off > max(truncation, abs(a * delta)):
            result = f"lost in round-off of less than {bound}"
        else:
            same = "the same, " if truncation + round_off < SAME * abs(a * delta) else ""
            result = f"{same}off by less than {bound}"
        sentence = (
            f"{name}{' before the move' if change else ''}: {number(a)} comes in, the error at its end is "
            f"{number(delta)}, so the slope is {number(a * delta)}. Measured with h = {number(h)}: {result}."
        )
        if change:
            sentence += (
                f" Moved by {number(change)}: ΔC is {number(there - base)}, slope · Δw promises "
                f"{number(a * delta)} × {factor(change)} = {number(promised)}, "
                f"and δ is now {number(new_delta)}, the slope {number(a * new_delta)}."
            )
        weights = [float(each.w[l][j, k]) for each in (net, moved)]
        rows: list[list[object]] = [
            ["quantity", "start", "moved"],
            [f"a of neuron {k}, layer {l - 1}", number(a), number(a)],
            [f"δ of neuron {j}, layer {l}", number(delta), number(new_delta)],
            ["a δ, equation (4)", number(a * delta), number(a * new_delta)],
            ["measured slope", result, ""]
            if is_steady
            else ["error of the measured slope", f"below {bound}", ""],
            [f"this weight, w{superscript(l)}", *map(number, weights)],
            ["C", number(base), number(there)],
            ["ΔC", "", number(there - base)],
            ["slope · Δw", "", number(promised)],
        ]
        alt = f"The net with one connection lit, and the cost over its weight with the tangent. {sentence}"
        lit = {(l, j, k), (l - 1, k), (l, j)}
        drawn = network_svg(
            net.sizes, weights=moved.w, values=new.a, deltas=new.delta, lit=lit, canvas=(NARROW, 390)
        )
        at = f"[{j}, {k}]"
        code = (
            "from backprop_lib import Network, backprop, cost_of, load_iris\n"
            f"x, y = load_iris().take([{example}]).columns()\n"
            f"net = Network({SPECIFICATION}, seed=0)\n"
            f"above, below, moved, h = net.copy(), net.copy(), net.copy(), 1e{exponent:g}\n"
            f"above.w[{l}]{at} += h\n"
            f"below.w[{l}]{at} -= h\n"
            f"moved.w[{l}]{at} += {change:g}\n"
            "measured = (cost_of(above, x, y) - cost_of(below, x, y)) / (2 * h)\n"
            "run, new = backprop(net, x, y), backprop(moved, x, y)\n"
            f"a, delta, w = run.a[{l - 1}][{k}, 0], run.delta[{l}][{j}, 0], net.w[{l}]{at}\n"
            f"new_delta, new_w, slope = new.delta[{l}][{j}, 0], moved.w[{l}]{at}, a * delta\n"
            f"slopes = [slope, a * new_delta, {'measured' if is_steady else 'abs(measured - slope)'}]\n"
            "C, new_C = cost_of(net, x, y), cost_of(moved, x, y)\n"
            f"[a, a, delta, new_delta, *slopes, w, new_w, C, new_C, new_C - C, slope * {change:g}]"
        )
        into, end, slope, this = f"a.{l - 1}.{k}", f"delta.{l}.{j}", f"dw.{l}.{j}.{k}", f"w.{l}.{j}.{k}"
        names = {
            "a": into,
            "delta": end,
            "new_delta": end,
            "slope": slope,
            "slopes": slope,
            "measured": slope,
            "w": this,
            "new_w": this,
            "C": "C",
            "new_C": "C",
        }
        parts: list[tuple[Any, ...]] = [
            *strips("C", curve, 5),
            *strips(slope, tangent, 1),
            (this, axes, (change, limits[0]), 20),
            ("C", axes, (change, there), 20),
        ]
        held = (
            f"<div data-slides='{CHANGE}' style='max-width:100%;line-height:0'>{enlarged(drawn, 1.1)}</div>"
        )
        plot = fast.html(alt, slides=[(CHANGE, axes, change, change)], parts=parts)
        weight = f"w{superscript(l)}{subscript(j)}{subscript(k)}"
        equation = symbols(
            f"∂C/∂{weight} = δ{superscript(l)}{subscript(j)} a{superscript(l - 1)}{subscript(k)}", 2
        )
        product = named(number(a * new_delta), slope)
        equation += f" = {named(number(new_delta), end)} · {named(factor(a), into)} = {product}"
        html = beside(held, plot) + living_line(equation)
        return View(html, alt, sentence, rows, code, choosable="weights", chosen=f"{l}.{j}.{k}", names=names)

    controls: dict[str, Any] = {
        "l": slider("Layer l", 2, 1, 2),
        "j": slider("To neuron j", 0, 0, 4),
        "k": slider("From neuron k", 0, 0, 4),
        "change": slider(CHANGE, 0.0, -REACH, REACH, 0.05),
        "exponent": slider("Step h = 10 to the", -5.0, -12.0, -1.0, 1.0),
        "example": slider("Flower", 0, 0, 149),
    }
    keep_inside(controls["j"], controls["l"], lambda l: net.sizes[l] - 1)
    keep_inside(controls["k"], controls["l"], lambda l: net.sizes[l - 1] - 1)
    return Scene(controls, draw, living=True, choose=lambda l, j, k: {"l": l, "j": j, "k": k})
