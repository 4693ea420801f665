"""Nudge z: what the cost does when one pre-activation is moved, against the promise δ · Δz."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.drawing.colors import FAINT, HERE, INK, PAPER, QUIET, SLOPE
from backprop_lib.drawing.plots import FastFigure, image_html, styled
from backprop_lib.drawing.svg import factor, number
from backprop_lib.equations import backprop
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network

WIDTH, HEIGHT = 760, 340
NUDGES = np.linspace(-2, 2, 81)
NEURONS = {
    **{f"output neuron {j}": (2, j) for j in range(3)},
    **{f"hidden neuron {j}": (1, j) for j in range(5)},
}
SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
LINES = {"z": (-17, 7), "a": (0, 1), "C": (0, 1)}  # the number lines and their ends


def cost_when_nudged(net: Network, z: Array, y: Array, l: int, j: int, nudges: Array) -> tuple[Array, Array]:
    """C_x, and a^l_j, for each nudge of z^l_j; z is z^l of one example, (n_l, 1)."""
    moved = np.repeat(z, len(nudges), axis=1)
    moved[j] += nudges
    a = net.sigma[l](moved)
    nudged = a[j]
    for layer in range(l + 1, net.L + 1):
        a = net.sigma[layer](net.w[layer] @ a + net.b[layer])
    return 0.5 * ((a - y) ** 2).sum(axis=0), nudged


def nudge() -> Scene:
    """Nudge the z of one neuron: the curve is the cost, the straight line what its error promises."""
    net = Network(SPECIFICATION, seed=0)
    flowers = load_iris()
    fast = FastFigure(WIDTH, HEIGHT)
    halves: Any = fast.figure.subfigures(1, 2, width_ratios=[1.3, 1])
    left, right = halves
    axes = styled(left.subplots(), "Change of the cost", "nudge Δz", "ΔC")
    axes.set(xlim=(-2.1, 2.1), ylim=(-0.3, 0.4))
    axes.axhline(0, color=FAINT, lw=0.8)
    axes.axvline(0, color=FAINT, lw=0.8)
    plot = axes.plot
    curve = fast.add("curve", plot([], [], color=INK, lw=2, zorder=3, label="ΔC, measured")[0])
    line = fast.add("line", plot([], [], "--", color=SLOPE, lw=1.6, zorder=3, label="δ · Δz")[0])
    dot = fast.add("dot", plot([], [], "o", mfc=HERE, mec=INK, ms=8, zorder=4)[0])
    promise = fast.add("promise", plot([], [], "X", color=SLOPE, ms=8, zorder=4)[0])
    axes.legend(frameon=False, fontsize=9.5, ncols=2, loc="upper left")
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    stacked = right.subplots(3, 1)
    for (name, ends), one in zip(LINES.items(), stacked, strict=True):
        styled(one, "From z to a to C: ○ before, ● after" if name == "z" else "", "", "", grid=False)
        one.set(xlim=ends, ylim=(-1, 1), yticks=[])
        one.set_ylabel(name, rotation=0, fontsize=11, color=INK, labelpad=12, va="center")
        one.spines["left"].set_visible(False)
        for kind, kept, style in (
            ("before", before, {"mfc": PAPER, "color": QUIET, "zorder": 3}),
            ("after", after, {"mfc": HERE, "mec": INK, "zorder": 4}),
        ):
            (marker,) = one.plot([], [], "o", ms=9, **style)
            kept[name] = fast.add(f"{kind} {name}", marker)

    def draw(neuron: tuple[int, int], nudge: float, example: int) -> View:
        l, j = neuron
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        delta = float(run.delta[l][j, 0])
        costs, _ = cost_when_nudged(net, run.z[l], y, l, j, NUDGES)
        (start, end), (a_start, a_end) = cost_when_nudged(net, run.z[l], y, l, j, np.array([0.0, nudge]))
        curve.set_data(NUDGES, costs - start)
        line.set_data(NUDGES, delta * NUDGES)
        dot.set_data([nudge], [end - start])
        promise.set_data([nudge], [delta * nudge])
        z = float(run.z[l][j, 0])
        for at, old, new in (("z", z, z + nudge), ("a", a_start, a_end), ("C", start, end)):
            before[at].set_data([old], [0])
            after[at].set_data([new], [0])
        name = f"z{'²' if l == 2 else '¹'}[{j}]"
        sentence = (
            f"Flower {example}: nudging {name} by {number(nudge, 3)} changes the cost "
            f"by {number(end - start)}; δ · Δz promises "
            f"{number(delta)} × {factor(nudge)} = {number(delta * nudge)}."
        )
        rows: list[list[object]] = [
            ["quantity", "before", "after"],
            ["z", number(z), number(z + nudge)],
            ["a", number(float(a_start)), number(float(a_end))],
            ["C", number(float(start)), number(float(end))],
            ["ΔC", "", number(float(end - start))],
            ["δ", number(delta), ""],
            ["δ · Δz", "", number(delta * nudge)],
        ]
        png = fast.png()
        alt = f"The cost as a curve over the nudge, with its tangent; z, a and C on number lines. {sentence}"
        code = (
            "from backprop_lib import Network, backprop, cost_of, load_iris\n"
            f"x, y = load_iris().take([{example}]).columns()\n"
            f"net = Network({SPECIFICATION}, seed=0)\n"
            "before, C = backprop(net, x, y), cost_of(net, x, y)\n"
            f"delta, nudge = before.delta[{l}][{j}, 0], {nudge:g}\n"
            f"net.b[{l}][{j}] += nudge  # which nudges z\n"
            "after, nudged_C = backprop(net, x, y), cost_of(net, x, y)\n"
            f"z_and_a = [values[{l}][{j}, 0] for values in (before.z, after.z, before.a, after.a)]\n"
            "[*z_and_a, C, nudged_C, nudged_C - C, delta, delta * nudge]"
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "neuron": choice("Neuron", list(NEURONS.items()), (2, 0)),
        "nudge": slider("Nudge Δz", 1.0, -2.0, 2.0, 0.05),
        "example": slider("Flower", 0, 0, 149),
    }
    return Scene(controls, draw)
