"""Nudge z: what the cost does when one pre-activation is moved, against the promise δ · Δz."""

from __future__ import annotations

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.equations import backprop
from backprop_lib.explorers.scene import Scene, View, choice, slider
from backprop_lib.network import Network
from backprop_lib.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.svg import number

WIDTH, HEIGHT = 820, 340
PUSHES = np.linspace(-2, 2, 81)
NEURONS = {
    **{f"output neuron {j}": (2, j) for j in range(3)},
    **{f"hidden neuron {j}": (1, j) for j in range(5)},
}


def cost_when_pushed(net: Network, z: Array, y: Array, l: int, j: int, pushes: Array) -> tuple[Array, Array]:
    """C_x, and a^l_j, for each push of z^l_j; z is z^l of one example, (n_l, 1)."""
    moved = np.repeat(z, len(pushes), axis=1)
    moved[j] += pushes
    a = net.sigma[l](moved)
    pushed = a[j]
    for layer in range(l + 1, net.L + 1):
        a = net.sigma[layer](net.w[layer] @ a + net.b[layer])
    return 0.5 * ((a - y) ** 2).sum(axis=0), pushed


def nudge() -> Scene:
    """Push the z of one neuron: the curve is the cost, the straight line what its error promises."""
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    flowers = load_iris()
    fast = FastFigure(WIDTH, HEIGHT)
    left, right = fast.figure.subplots(1, 2, width_ratios=[1.4, 1])
    styled(left, "Change of the cost", "push Δz", "ΔC")
    left.set_xlim(-2, 2)
    left.axhline(0, color="#999999", lw=0.8)
    left.axvline(0, color="#999999", lw=0.8)
    left.set_ylim(-0.6, 0.6)
    curve = fast.add(
        "curve", left.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3, label="ΔC, measured")[0]
    )
    line = fast.add(
        "line", left.plot([], [], "--", color=LINE_COLORS[1], lw=1.6, zorder=3, label="δ · Δz")[0]
    )
    dot = fast.add("dot", left.plot([], [], "o", color=LINE_COLORS[0], ms=8, zorder=4)[0])
    promise = fast.add("promise", left.plot([], [], "X", color=LINE_COLORS[1], ms=8, zorder=4)[0])
    left.legend(frameon=False, loc="upper left")
    styled(right, "From z to a to C", "", "", grid=False)
    right.set_xlim(-6, 6)
    right.set_ylim(-0.6, 2.6)
    right.set_yticks([2, 1, 0], ["z", "6a", "6C"])
    for height in range(3):
        right.axhline(height, color="#CCCCCC", lw=1)
    before = fast.add("before", right.plot([], [], "o", mfc="white", color="#444444", ms=9, zorder=3)[0])
    after = fast.add("after", right.plot([], [], "o", color=LINE_COLORS[0], ms=9, zorder=4)[0])

    def draw(neuron: tuple[int, int], push: float, example: int) -> View:
        l, j = neuron
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        delta = float(run.delta[l][j, 0])
        costs, _ = cost_when_pushed(net, run.z[l], y, l, j, PUSHES)
        (start, end), (a_start, a_end) = cost_when_pushed(net, run.z[l], y, l, j, np.array([0.0, push]))
        curve.set_data(PUSHES, costs - start)
        line.set_data(PUSHES, delta * PUSHES)
        dot.set_data([push], [end - start])
        promise.set_data([push], [delta * push])
        z = float(run.z[l][j, 0])
        before.set_data([z, 6 * a_start, 6 * start], [2, 1, 0])
        after.set_data([z + push, 6 * a_end, 6 * end], [2, 1, 0])
        name = f"z{'²' if l == 2 else '¹'}[{j}]"
        sentence = (
            f"Flower {example}: pushing {name} by {number(push, 3)} changes the cost "
            f"by {number(end - start)}; δ · Δz promises "
            f"{number(delta)} × {number(push, 3)} = {number(delta * push)}."
        )
        rows: list[list[object]] = [
            ["quantity", "before", "after"],
            ["z", number(z), number(z + push)],
            ["a", number(float(a_start)), number(float(a_end))],
            ["C", number(float(start)), number(float(end))],
            ["δ", number(delta), ""],
        ]
        png = fast.png()
        alt = f"The cost as a curve over the push, with its tangent. {sentence}"
        code = f"backprop(net, x, y).delta[{l}][{j}]  # flower {example}"
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "neuron": choice("Neuron", list(NEURONS.items()), (2, 0)),
        "push": slider("Push Δz", 1.0, -2.0, 2.0, 0.05),
        "example": slider("Flower", 0, 0, 149),
    }
    return Scene(controls, draw)
