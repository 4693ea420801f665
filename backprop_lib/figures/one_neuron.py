"""One neuron walks downhill on its cost, with the quadratic cost or the cross-entropy."""

from __future__ import annotations

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.costs import cost as cost_named
from backprop_lib.drawing.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of, cost_per_example, feed_forward
from backprop_lib.figures.scene import Scene, View, choice, log_slider, slider
from backprop_lib.network import Network

STEPS = 300
WIDTH, HEIGHT = 760, 320
X, Y = np.array([[1.0]]), np.array([[0.0]])
COSTS = {"quadratic": "quadratic", "cross-entropy": "binary_cross_entropy"}
WEIGHTS = np.linspace(-10, 6, 161)


def neuron(w: float, b: float) -> Network:
    """One sigmoid neuron with one input."""
    net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
    net.theta[...] = w, b
    return net


def walk(w: float, b: float, eta: float, cost: str) -> tuple[Array, Array]:
    """(w, b) after 0 … STEPS steps downhill, shape (STEPS + 1, 2), and the costs there."""
    net = neuron(w, b)
    path, costs = [net.theta.copy()], [cost_of(net, X, Y, cost)]
    for _ in range(STEPS):
        net.theta -= eta * backprop(net, X, Y, cost).gradient.theta
        path.append(net.theta.copy())
        costs.append(cost_of(net, X, Y, cost))
    return np.array(path), np.array(costs)


def costs_over_weights(b: float, cost: str) -> Array:
    """C at every one of WEIGHTS: with the input 1, a weight v is the same as an input v with the weight 1."""
    net, inputs = neuron(1.0, b), WEIGHTS[None, :]
    z, a = feed_forward(net, inputs)
    return cost_per_example(net, z[1], a[1], np.full_like(inputs, Y[0, 0]), cost_named(cost))


class _Figure:
    """Cost over weight and cost over steps; one for each cost, because their scales differ."""

    def __init__(self, highest: float) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT)
        left, right = self.fast.figure.subplots(1, 2)
        styled(left, "The cost over the weight", "weight w", "C")
        lowest = -0.04 * highest  # so that a dot or a line at zero is seen whole
        left.set(xlim=(WEIGHTS[0], WEIGHTS[-1]), ylim=(lowest, highest))
        styled(right, "The cost over the steps", "step", "C")
        right.set(xlim=(0, STEPS), ylim=(lowest, highest))
        add, plot = self.fast.add, left.plot
        self.curve = add("curve", plot([], [], color=LINE_COLORS[0], lw=2, zorder=3)[0])
        self.tangent = add("tangent", plot([], [], "--", color=LINE_COLORS[1], lw=1.5, zorder=3)[0])
        self.dot = add("dot", plot([], [], "o", color=LINE_COLORS[1], ms=9, zorder=4)[0])
        self.costs = add("costs", right.plot([], [], color=LINE_COLORS[0], lw=2, zorder=3)[0])
        self.now = add("now", right.axvline(0, color="#444444", ls=":", lw=1, zorder=3))


def one_neuron() -> Scene:
    """The cost over the weight with the neuron on it, and the cost over the steps."""
    kept: dict[tuple[float, float, float, str], tuple[Array, Array]] = {}
    figures = {"quadratic": _Figure(0.6), "cross-entropy": _Figure(9.0)}

    def draw(w: float, b: float, eta: float, cost: str, step: int) -> View:
        key, figure = (w, b, eta, COSTS[cost]), figures[cost]
        if key not in kept:
            kept.clear()
            kept[key] = walk(*key)
        path, costs = kept[key]
        here, bias = (float(v) for v in path[step])
        run = backprop(neuron(here, bias), X, Y, COSTS[cost])
        slope, answer = float(run.gradient.w[1][0, 0]), float(run.a[1][0, 0])
        figure.curve.set_data(WEIGHTS, costs_over_weights(bias, COSTS[cost]))
        figure.tangent.set_data(WEIGHTS, costs[step] + slope * (WEIGHTS - here))
        figure.dot.set_data([here], [costs[step]])
        figure.costs.set_data(np.arange(STEPS + 1), costs)
        figure.now.set_xdata([step, step])
        sentence = (
            f"After {step} step{'s' * (step != 1)} with η = {eta:g}, {cost}: "
            f"the answer is {number(answer)} (target 0), "
            f"the cost {number(costs[step])}, the slope by w {number(slope)}."
        )
        if not WEIGHTS[0] <= here <= WEIGHTS[-1]:
            sentence += f" The weight, {number(here)}, has left the picture."
        rows: list[list[object]] = [
            ["quantity", "value"],
            ["weight w", number(here)],
            ["bias b", number(bias)],
            ["answer a", number(answer)],
            ["cost C", number(float(costs[step]))],
            ["slope ∂C/∂w", number(slope)],
        ]
        png = figure.fast.png()
        alt = f"The cost of one neuron as a curve over its weight, and over the steps. {sentence}"
        code = (
            "import numpy as np\n"
            "from backprop_lib import Network, backprop, cost_of\n"
            f'x, y, cost = np.array([[1.0]]), np.array([[0.0]]), "{COSTS[cost]}"\n'
            'net = Network([("identity", 1), ("sigmoid", 1)])\n'
            f"net.w[1][0, 0], net.b[1][0, 0] = {w:g}, {b:g}\n"
            f"for _ in range({step}):\n"
            f"    net.theta -= {eta!r} * backprop(net, x, y, cost).gradient.theta\n"
            "run = backprop(net, x, y, cost)\n"
            "[net.w[1], net.b[1], run.a[1], cost_of(net, x, y, cost), run.gradient.w[1]]"
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "w": slider("First weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider("First bias b", 2.0, -4.0, 4.0, 0.25),
        "eta": log_slider("Learning rate η", 0.2, 0.01, 30),
        "cost": choice("Cost", list(COSTS)),
        "step": slider("Step", 100, 0, STEPS),
    }
    return Scene(controls, draw, play="step")
