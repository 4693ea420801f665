"""The weight inspector: equation (4) at one connection, against the slope that is measured there."""

from __future__ import annotations

import numpy as np

from backprop_lib.data import load_iris
from backprop_lib.diagram import network_svg, subscript, superscript
from backprop_lib.equations import backprop, cost_of
from backprop_lib.explorers.scene import Scene, View, slider
from backprop_lib.network import Network
from backprop_lib.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.svg import number

WIDTH, HEIGHT = 640, 280
REACH = 3.0


def weight_inspector() -> Scene:
    """Choose a weight: what comes in, times the error at its end, beside the measured slope."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    flowers = load_iris()
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(
        fast.figure.add_subplot(), "The cost of this flower over this weight", "change of the weight", "C"
    )
    axes.set_xlim(-REACH, REACH)
    axes.set_ylim(0, 1.2)
    curve = fast.add("curve", axes.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3, label="C")[0])
    tangent = fast.add(
        "tangent", axes.plot([], [], "--", color=LINE_COLORS[1], lw=1.6, zorder=3, label="a δ")[0]
    )
    dot = fast.add("dot", axes.plot([], [], "o", color=LINE_COLORS[0], ms=8, zorder=4)[0])
    axes.legend(frameon=False, loc="upper right")
    changes = np.linspace(-REACH, REACH, 61)

    def draw(l: int, j: int, k: int, exponent: float, example: int) -> View:
        for letter, neuron, layer in (("j", j, l), ("k", k, l - 1)):
            if neuron >= net.sizes[layer]:
                last = net.sizes[layer] - 1
                raise ValueError(f"{letter}: layer {layer} has the neurons 0 to {last}, got {neuron}")
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        a, delta = float(run.a[l - 1][k, 0]), float(run.delta[l][j, 0])
        moved = net.copy()

        def cost_at(change: float) -> float:
            moved.w[l][j, k] = net.w[l][j, k] + change
            return cost_of(moved, x, y)

        h = 10.0**exponent
        measured, base = (cost_at(h) - cost_at(-h)) / (2 * h), cost_at(0.0)
        curve.set_data(changes, [cost_at(change) for change in changes])
        tangent.set_data(changes, base + a * delta * changes)
        dot.set_data([0], [base])
        name = f"w{superscript(l)}{subscript(j)}{subscript(k)}"
        result = number(measured) if exponent > -9 else "mostly round-off"
        sentence = (
            f"{name}: {number(a)} comes in, the error at its end is {number(delta)}, so the slope is "
            f"{number(a * delta)}. Measured with h = 1e{exponent:g}: {result}."
        )
        rows: list[list[object]] = [
            ["quantity", "value"],
            [f"a of neuron {k}, layer {l - 1}", number(a)],
            [f"δ of neuron {j}, layer {l}", number(delta)],
            ["a δ, equation (4)", number(a * delta)],
        ]
        png = fast.png()
        alt = f"The net with one connection lit, and the cost over its weight with the tangent. {sentence}"
        lit = {(l, j, k), (l - 1, k), (l, j)}
        drawn = network_svg(net.sizes, weights=net.w, values=run.a, deltas=run.delta, lit=lit)
        code = f"run = backprop(net, x, y); run.a[{l - 1}][{k}] * run.delta[{l}][{j}]"
        return View(drawn + image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "l": slider("Layer l", 2, 1, 2),
        "j": slider("To neuron j", 0, 0, 4),
        "k": slider("From neuron k", 0, 0, 4),
        "exponent": slider("Step h = 10 to the", -5.0, -12.0, -1.0, 1.0),
        "example": slider("Flower", 0, 0, 149),
    }
    return Scene(controls, draw)
