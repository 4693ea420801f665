"""One neuron walks downhill on its cost, with the quadratic cost or the cross-entropy."""

from __future__ import annotations

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.equations import backprop, cost_of
from backprop_lib.explorers.scene import Scene, View, choice, log_slider, slider
from backprop_lib.network import Network
from backprop_lib.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.svg import number

STEPS = 300
WIDTH, HEIGHT = 820, 320
X, Y = np.array([[1.0]]), np.array([[0.0]])
COSTS = {"quadratic": "quadratic", "cross-entropy": "binary_cross_entropy"}


def walk(w: float, b: float, eta: float, cost: str) -> tuple[Array, Array]:
    """(w, b) after 0 … STEPS steps downhill, shape (STEPS + 1, 2), and the costs there."""
    net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
    net.theta[...] = w, b
    path, costs = [net.theta.copy()], [cost_of(net, X, Y, cost)]
    for _ in range(STEPS):
        net.theta -= eta * backprop(net, X, Y, cost).gradient.theta
        path.append(net.theta.copy())
        costs.append(cost_of(net, X, Y, cost))
    return np.array(path), np.array(costs)


def one_neuron() -> Scene:
    """The cost over the weight with the neuron on it, and the cost over the steps."""
    kept: dict[tuple[float, float, float, str], tuple[Array, Array]] = {}
    fast = FastFigure(WIDTH, HEIGHT)
    left, right = fast.figure.subplots(1, 2)
    styled(left, "The cost over the weight", "weight w", "C")
    left.set_xlim(-10, 6)
    curve = fast.add("curve", left.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3)[0])
    tangent = fast.add("tangent", left.plot([], [], "--", color=LINE_COLORS[1], lw=1.5, zorder=3)[0])
    dot = fast.add("dot", left.plot([], [], "o", color=LINE_COLORS[1], ms=9, zorder=4)[0])
    styled(right, "The cost over the steps", "step", "C")
    right.set_xlim(0, STEPS)
    costs_line = fast.add("costs", right.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3)[0])
    now = fast.add("now", right.axvline(0, color="#444444", ls=":", lw=1, zorder=3))
    ws = np.linspace(-10, 6, 161)

    def draw(w: float, b: float, eta: float, cost: str, step: int) -> View:
        key = (w, b, eta, COSTS[cost])
        if key not in kept:
            kept[key] = walk(*key)
        path, costs = kept[key]
        for axes in (left, right):
            axes.set_ylim(0, 0.6 if cost == "quadratic" else 9)
        fast.forget_background()
        net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
        net.theta[...] = path[step]
        run = backprop(net, X, Y, COSTS[cost])
        slope, answer = float(run.gradient.w[1][0, 0]), float(run.a[1][0, 0])
        probe = net.copy()

        def cost_at(weight: float) -> float:
            probe.w[1][0, 0] = weight
            return cost_of(probe, X, Y, COSTS[cost])

        here = float(path[step, 0])
        curve.set_data(ws, [cost_at(v) for v in ws])
        tangent.set_data(ws, costs[step] + slope * (ws - here))
        dot.set_data([here], [costs[step]])
        costs_line.set_data(np.arange(STEPS + 1), costs)
        now.set_xdata([step, step])
        sentence = (
            f"After {step} steps with η = {eta:g}, {cost}: the answer is {number(answer)} (target 0), "
            f"the cost {number(costs[step])}, the slope by w {number(slope)}."
        )
        rows: list[list[object]] = [
            ["quantity", "value"],
            ["weight w", number(here)],
            ["bias b", number(float(path[step, 1]))],
            ["answer a", number(answer)],
            ["cost C", number(float(costs[step]))],
            ["slope ∂C/∂w", number(slope)],
        ]
        png = fast.png()
        alt = f"The cost of one neuron as a curve over its weight, and over the steps. {sentence}"
        code = f'walk({w:g}, {b:g}, {eta:g}, "{COSTS[cost]}")'
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "w": slider("First weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider("First bias b", 2.0, -4.0, 4.0, 0.25),
        "eta": log_slider("Learning rate η", 0.2, 0.01, 30),
        "cost": choice("Cost", list(COSTS)),
        "step": slider("Step", 100, 0, STEPS),
    }
    return Scene(controls, draw, play="step")
