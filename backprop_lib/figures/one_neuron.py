"""One neuron walks downhill on its cost: a sigmoid with one of two costs, or a neuron without a bend.

Its input is 1, so that z = w + b, every step changes w and b by the same, and the cost is a curve over z.
"""

from __future__ import annotations

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.costs import cost as cost_named
from backprop_lib.drawing.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of, cost_per_example, feed_forward
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
    """Cost over z and cost over steps; one for each kind of cost, because their scales differ."""

    def __init__(self, kind: str) -> None:
        highest = HIGHEST[kind]
        self.fast = FastFigure(WIDTH, HEIGHT)
        left, right = self.fast.figure.subplots(1, 2)
        styled(left, "The cost over z", "z = w + b", "C")
        lowest = -0.04 * highest  # so that a dot or a line at zero is seen whole
        left.set(xlim=(ZS[0], ZS[-1]), ylim=(lowest, highest))
        styled(right, "The cost over the steps", "step", "C")
        right.set(xlim=(0, STEPS), ylim=(lowest, highest))
        add, plot = self.fast.add, left.plot
        self.curve = add("curve", plot(ZS, costs_over_z(kind), color=LINE_COLORS[0], lw=2, zorder=3)[0])
        self.trail = add("trail", plot([], [], "o-", color="#444444", lw=0.8, ms=3.5, zorder=3)[0])
        self.tangent = add("tangent", plot([], [], "--", color=LINE_COLORS[1], lw=1.5, zorder=3)[0])
        self.dot = add("dot", plot([], [], "o", color=LINE_COLORS[1], ms=9, zorder=4)[0])
        self.costs = add("costs", right.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3)[0])
        self.now = add("now", right.axvline(0, color="#444444", ls=":", lw=1, zorder=3))


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
        figure.tangent.set_data(ZS, costs[step] + slope * (ZS - z))
        figure.trail.set_data(trail, costs[: step + 1])
        figure.dot.set_data([z], [costs[step]])
        figure.costs.set_data(np.arange(STEPS + 1), costs)
        figure.now.set_xdata([step, step])
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
        png = figure.fast.png()
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
