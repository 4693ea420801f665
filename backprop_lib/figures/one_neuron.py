"""One neuron walks downhill on its cost: a sigmoid with one of two costs, or a neuron without a bend.

Its input is 1, so that z = w + b, every step changes w and b by the same, and the cost is a curve over z.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.costs import cost as cost_named
from backprop_lib.drawing.colors import FAINT, HERE, INK, PAPER, QUIET, SLOPE
from backprop_lib.drawing.plots import FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of, cost_per_example, feed_forward
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import LogSlider, Scene, View, choice, slider
from backprop_lib.network import Network

STEPS = 300
WIDTH, HEIGHT = 760, 320
X, Y = np.array([[1.0]]), np.array([[0.0]])
COSTS = {
    "quadratic": ("sigmoid", "quadratic"),
    "cross-entropy": ("sigmoid", "binary_cross_entropy"),
    "bowl": ("identity", "quadratic"),
}
HIGHEST = {"quadratic": 0.6, "cross-entropy": 9.0, "bowl": 36.0}
BELOW = 0.04  # the share of an axis below zero, so that a dot or a line at zero is seen whole
ZS = np.linspace(-8, 8, 161)
FAR = 1e6  # a walk that has come to such a cost runs away, and is stopped


def neuron(w: float, b: float, activation: str = "sigmoid") -> Network:
    """One neuron with one input."""
    net = Network([("identity", 1), (activation, 1)], init="zeros")
    net.theta[...] = w, b
    return net


def walk(w: float, b: float, eta: float, kind: str) -> tuple[Array, Array]:
    """(w, b) after 0 … STEPS steps downhill, shape (STEPS + 1, 2), and the costs there."""
    activation, cost = COSTS[kind]
    net = neuron(w, b, activation)
    path, costs = [net.theta.copy()], [cost_of(net, X, Y, cost)]
    for _ in range(STEPS):
        if costs[-1] < FAR:
            net.theta -= eta * backprop(net, X, Y, cost).gradient.theta
        path.append(net.theta.copy())
        costs.append(cost_of(net, X, Y, cost))
    return np.array(path), np.array(costs)


def costs_over_z(kind: str) -> Array:
    """C at every one of ZS: with w = 1 and b = 0, z is the input."""
    activation, cost = COSTS[kind]
    net, inputs = neuron(1.0, 0.0, activation), ZS[None, :]
    z, a = feed_forward(net, inputs)
    return cost_per_example(net, z[1], a[1], np.full_like(inputs, Y[0, 0]), cost_named(cost))


class _Figure:
    """Cost over z and cost over steps; one for each kind of cost, because their curves differ."""

    def __init__(self, kind: str) -> None:
        highest = HIGHEST[kind]
        self.fast = FastFigure(WIDTH, HEIGHT)
        left, right = self.fast.figure.subplots(1, 2)
        styled(left, "The cost over z", "z = w + b", "C")
        left.set(xlim=(ZS[0] - 0.5, ZS[-1] + 0.5), ylim=(-BELOW * highest, highest))
        left.set_xticks([-8, -4, 0, 4, 8])
        self.right = styled(right, "The cost over the steps", "step", "C")
        right.set(xlim=(-4, STEPS + 4), ylim=(-BELOW * highest, highest))
        right.yaxis.set_major_formatter(lambda value, _: number(value))
        here = {"mfc": HERE, "mec": INK, "mew": 1.4, "ms": 9, "clip_on": False}
        past = {"mfc": PAPER, "mec": INK, "ms": 5, "color": QUIET, "lw": 0.8}

        def line(name: str, axes: Any, style: str = "-", order: int = 3, **more: Any) -> Any:
            return self.fast.add(name, axes.plot([], [], style, zorder=order, **more)[0])

        self.curve = line("curve", left, color=INK, lw=2)
        self.curve.set_data(ZS, costs_over_z(kind))
        self.tangent = line("tangent", left, "--", color=SLOPE, lw=1.5)
        self.trail = line("trail", left, "o-", 4, **past)
        self.dot = line("dot", left, "o", 5, **here)
        self.costs = line("costs", right, color=FAINT, lw=1)
        self.walked = line("walked", right, color=INK, lw=2)
        self.at = line("at", right, "o", 5, **here)
        words: dict[str, Any] = {"color": INK, "fontsize": 9.5, "zorder": 5}
        words["bbox"] = {"fc": PAPER, "ec": "none", "pad": 2}
        self.gone = self.fast.add("gone", left.text(0, 0.1 * highest, "", **words))

    def png(self, step: int, trail: Array, costs: Array, slope: float) -> bytes:
        """The picture after so many steps; `trail` are the z of all steps up to this one."""
        z, cost, steps = float(trail[-1]), costs[step], np.arange(STEPS + 1)
        self.tangent.set_data(ZS, cost + slope * (ZS - z))
        self.trail.set_data(trail, costs[: step + 1])
        self.dot.set_data([z], [cost])
        self.costs.set_data(steps, costs)
        self.walked.set_data(steps[: step + 1], costs[: step + 1])
        self.at.set_data([step], [cost])
        is_gone, side = not ZS[0] <= z <= ZS[-1], ZS[-1] if z > 0 else ZS[0]
        self.dot.set_visible(not is_gone)
        self.gone.set(text=(f"z = {number(z)} →" if z > 0 else f"← z = {number(z)}") if is_gone else "")
        self.gone.set(x=side, ha="right" if z > 0 else "left")
        highest = rounded_up(max(float(costs.max()), 1e-12))
        self.fast.fit(self.right, ylim=(-BELOW * highest, highest * (1 + BELOW)))
        return self.fast.png()


def one_neuron() -> Scene:
    """The cost over z with the neuron and the trail of its steps on it, and the cost over the steps."""
    kept: dict[tuple[float, float, float, str], tuple[Array, Array]] = {}
    figures = {kind: _Figure(kind) for kind in COSTS}

    def draw(w: float, b: float, eta: float, cost: str, step: int) -> View:
        key, figure, (activation, cost_name) = (w, b, eta, cost), figures[cost], COSTS[cost]
        if key not in kept:
            kept.clear()
            kept[key] = walk(*key)
        path, costs = kept[key]
        trail = path[: step + 1].sum(axis=1)
        z, (weight, bias) = float(trail[-1]), (float(v) for v in path[step])
        run = backprop(neuron(weight, bias, activation), X, Y, cost_name)
        slope, answer = float(run.gradient.w[1][0, 0]), float(run.a[1][0, 0])
        sentence = (
            f"After {step} step{'s' * (step != 1)} with η = {eta:g}, {cost}: "
            f"the answer is {number(answer)} (target 0), "
            f"the cost {number(costs[step])}, the slope by w {number(slope)}."
        )
        if rises := np.count_nonzero(np.diff(costs[: step + 1]) > 1e-9):
            sentence += f" The cost rose on {rises} of the steps."
        if costs[step] >= FAR:
            sentence += " The neuron runs away, and the walk was stopped."
        elif not ZS[0] <= z <= ZS[-1]:
            sentence += f" z, {number(z)}, has left the picture."
        rows: list[list[object]] = [
            ["quantity", "value"],
            ["weight w", number(weight)],
            ["bias b", number(bias)],
            ["answer a", number(answer)],
            ["cost C", number(float(costs[step]))],
            ["slope ∂C/∂w = ∂C/∂b", number(slope)],
        ]
        png = figure.png(step, trail, costs, slope)
        alt = f"The cost of one neuron as a curve over z, and over the steps. {sentence}"
        code = (
            "import numpy as np\n"
            "from backprop_lib import Network, backprop, cost_of\n"
            f'x, y, cost = np.array([[1.0]]), np.array([[0.0]]), "{cost_name}"\n'
            f'net = Network([("identity", 1), ("{activation}", 1)])\n'
            f"net.w[1][0, 0], net.b[1][0, 0] = {w:g}, {b:g}\n"
            f"for _ in range({np.count_nonzero(costs[:step] < FAR)}):\n"
            f"    net.theta -= {eta!r} * backprop(net, x, y, cost).gradient.theta\n"
            "run = backprop(net, x, y, cost)\n"
            "[net.w[1], net.b[1], run.a[1], cost_of(net, x, y, cost), run.gradient.w[1]]"
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "w": slider("First weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider("First bias b", 2.0, -4.0, 4.0, 0.25),
        "eta": LogSlider("Learning rate η", 0.2, 0.01, 30),
        "cost": choice("Cost", list(COSTS)),
        "step": slider("Step", 100, 0, STEPS),
    }
    return Scene(controls, draw, play="step")
