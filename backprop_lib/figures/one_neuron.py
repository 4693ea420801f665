"""One neuron walks downhill on its cost: a sigmoid with one of two costs, or a neuron without a bend.

Its input is 1, so that z = w + b, every step changes w and b by the same, and the cost is a curve over z.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_lib.activations import ACTIVATIONS
from backprop_lib.arguments import Array
from backprop_lib.costs import cost as cost_named
from backprop_lib.drawing.canvas import FastFigure, short_numbers, styled, with_track
from backprop_lib.drawing.colors import FAINT, HERE, INK, PAPER, QUIET, SLOPE
from backprop_lib.drawing.named import equation
from backprop_lib.drawing.svg import beside_difference, number
from backprop_lib.equations import backprop, cost_per_example, error_of_the_outputs, feed_forward
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import LogSlider, Scene, View, choice, living_line, slider
from backprop_lib.network import Network

STEPS = 300
WIDTH, HEIGHT = 480, 400
X = np.array([[1.0]])
BIAS, TARGET = "First bias b", "Target y"
COSTS = {
    "quadratic": ("sigmoid", "quadratic"),
    "cross-entropy": ("sigmoid", "binary_cross_entropy"),
    "bowl": ("identity", "quadratic"),
}
SQUARE, SLOPED = "C = ½ (a − y)² = ½ ({a} − {y})²", "∂C/∂w = (a − y) x = ({a} − {y}) · {x}"
EQUATIONS = {
    "quadratic": ("a = σ(z)", SQUARE, "∂C/∂w = (a − y) σ′(z) x = ({a} − {y}) · {σ′(z)} · {x}"),
    "cross-entropy": ("a = σ(z)", "C = −y ln a − (1 − y) ln(1 − a)", SLOPED),
    "bowl": ("a = z", SQUARE, SLOPED),
}
NAMES = {"x": "a.0", "w": "w.1.0.0", "b": "b.1.0", "z": "z.1.0", "a": "a.1.0", "y": "y.1.0", "C": "C"}
NAMES |= {"∂C/∂w": "dw.1.0.0", "σ′(z)": "prime.1.0"}
HIGHEST = {"quadratic": 0.6, "cross-entropy": 13.0, "bowl": 88.0}
BELOW = 0.04  # the share of an axis below zero, so that a dot or a line at zero is seen whole
ZS = np.linspace(-12.5, 12.5, 251)  # the axis of z: a little further than the first weight and bias reach
NEAR, NONE = 1e-7, 1e-9  # after a walk so near to the target, or to 0, round-off decides the digits
NUMBER_AT = re.compile("{([^}]+)}")
FAR = 1e6  # a walk that has come to such a cost runs away, and is stopped


def neuron(w: float, b: float, activation: str) -> Network:
    """One neuron with one input."""
    net = Network([("identity", 1), (activation, 1)], init="zeros")
    net.theta[...] = w, b
    return net


def walk(w: float, b: float, eta: float, kind: str, y: float = 0.0) -> tuple[Array, Array]:
    """(w, b) after 0 … STEPS steps downhill, shape (STEPS + 1, 2), and the costs there."""
    activation, cost = COSTS[kind]
    net, target, rule = neuron(w, b, activation), np.array([[y]]), cost_named(cost)
    path, costs = [], []
    for _ in range(STEPS + 1):
        z, a = feed_forward(net, X)
        path.append(net.theta.copy())
        costs.append(float(cost_per_example(net, z[1], a[1], target, rule)[0]))
        if costs[-1] < FAR:  # equation (3), and (4) for x = 1
            net.theta -= eta * error_of_the_outputs(net, z[1], a[1], target, rule)[0]
    return np.array(path), np.array(costs)


def costs_over_z(kind: str, y: float) -> Array:
    """C at every one of ZS: with w = 1 and b = 0, z is the input."""
    activation, cost = COSTS[kind]
    net, inputs = neuron(1.0, 0.0, activation), ZS[None, :]
    z, a = feed_forward(net, inputs)
    return cost_per_example(net, z[1], a[1], np.full_like(inputs, y), cost_named(cost))


class _Figure:
    """Cost over z, cost over steps, answer and target; one for each kind of cost, as their axes differ."""

    def __init__(self, kind: str) -> None:
        highest = HIGHEST[kind]
        self.fast = FastFigure(WIDTH, HEIGHT, panes=2)
        left = self.fast.panes[0].subplots()
        right, below = self.fast.panes[1].subplots(2, 1, height_ratios=[1, 0.12])
        self.left, self.below = left, styled(below, "The answer ● and the target ▼", "", "", grid=False)
        below.set(xlim=(ZS[0], ZS[-1]) if kind == "bowl" else (-0.02, 1.02), ylim=(-1, 1), yticks=[])
        below.spines["left"].set_visible(False)
        styled(left, "Cost over z", "z = w + b", "C")
        left.set(xlim=(ZS[0], ZS[-1]), ylim=(-BELOW * highest, highest), xticks=range(-12, 13, 4))
        for along in (left, below):
            with_track(along)
        self.right = styled(right, "Cost by step", "step", "C")
        right.set(xlim=(-4, STEPS + 4), ylim=(0, 0.2))  # for the first layout, with room for every number
        right.locator_params("x", integer=True, steps=None)
        short_numbers(right, "C")
        here = {"mfc": HERE, "mec": INK, "mew": 1.4, "ms": 9, "clip_on": False, "zorder": 5}
        past = {"mfc": PAPER, "mec": INK, "ms": 5, "color": QUIET, "lw": 0.8, "zorder": 4}
        line = self.fast.line
        self.curve = line("curve", left, color=INK, lw=2, zorder=3)
        self.tangent = line("tangent", left, "--", color=SLOPE, lw=1.5, zorder=3)
        self.trail = line("trail", left, "o-", **past)
        self.dot = line("dot", left, "o", **here)
        self.costs = line("costs", right, color=FAINT, lw=1, zorder=3)
        self.walked = line("walked", right, color=INK, lw=2, zorder=3)
        self.at = line("at", right, "o", **here)
        self.target = line("target", below, "v", color=INK, ms=9, clip_on=False, zorder=4)
        self.answer = line("answer", below, "o", **here)
        words: dict[str, Any] = {"color": INK, "fontsize": 9.5, "zorder": 5}
        words["bbox"] = {"fc": PAPER, "ec": "none", "pad": 2}
        self.gone = self.fast.add("gone", left.text(0, 0.1 * highest, "", **words))
        self.far = self.fast.add("far", below.text(0, 0, "", va="center", **words))

    def html(
        self,
        alts: tuple[str, str],
        curve: Array,
        path: Array,
        costs: Array,
        step: int,
        slope: float,
        a: float,
        y: float,
        gone: str,
        far: str,
    ) -> str:
        """The picture of a walk after so many steps, whose parts can be pointed at.

        curve        C at every one of ZS
        path, costs  what `walk` returns
        gone, far    z in words if it has left the picture, else nothing; the answer likewise
        """
        trail, cost, steps = path[: step + 1].sum(axis=1), float(costs[step]), np.arange(STEPS + 1)
        z = float(trail[-1])
        self.curve.set_data(ZS, curve)
        self.target.set_data([y], [0.5])
        self.answer.set_data([a], [0])
        self.tangent.set_data(ZS, cost + slope * (ZS - z))
        self.trail.set_data(trail, costs[: step + 1])
        self.dot.set_data([z], [cost])
        end = min(int(np.count_nonzero(costs < FAR)), STEPS)  # a walk that is stopped ends there
        here = min(step, end)
        self.costs.set_data(steps[: end + 1], costs[: end + 1])
        self.walked.set_data(steps[: here + 1], costs[: here + 1])
        self.at.set_data([here], [cost])
        self.dot.set_visible(not gone)
        self.answer.set_visible(not far)
        for words, name, told in (self.gone, "z", gone), (self.far, "a", far):
            words.set(text=(f"{name} = {told} →" if z > 0 else f"← {name} = {told}") if told else "")
            words.set(x=0.96 * (ZS[-1] if z > 0 else ZS[0]), ha="right" if z > 0 else "left")
        highest = rounded_up(max(float(costs.max()), 1e-12))
        steps_shown = tuple(np.array([-4, STEPS + 4]) * max(end, 1) / STEPS)
        self.fast.fit(self.right, xlim=steps_shown, ylim=(-BELOW * highest, highest * (1 + BELOW)))
        parts: list[tuple[Any, ...]] = [
            ("dw.1.0.0 db.1.0", self.left, (z - 0.8, cost - 0.8 * slope, z + 0.8, cost + 0.8 * slope), 16),
            ("z.1.0 w.1.0.0 a.0 b.1.0 prime.1.0", self.left, (z, self.left.get_ylim()[0]), 20),
            ("C", self.left, (z, cost), 24),
            ("C", self.right, (here, cost), 24),
            ("y.1.0", self.below, (y, 0.5), 16),
            ("a.1.0", self.below, (a, 0), 16),
        ]
        slides = (BIAS, self.left, trail[0], path[0, 1]), (TARGET, self.below, y, y)
        return self.fast.html(*alts, slides=slides, parts=parts)


def _told(value: float, least: float, digits: int = 3) -> str:
    """A number, or the bound below which its digits are those of one computer."""
    return number(value, digits) if abs(value) >= least else f"below {number(least)}"


def _known(lines: tuple[str, ...], numbers: dict[str, str]) -> list[str]:
    """Lines of equations, where numbers stand at {symbol}, without those that are bounds.

    Nobody can reckon with a bound; a result that is one is told in words.
    """
    bounds = {name for name, text in numbers.items() if "below" in text}

    def known(equation: str) -> str:
        *parts, result = equation.split(" = ")
        used = {name for part in parts for name in NUMBER_AT.findall(part)}
        if not bounds & {*used, result[1:-1]}:
            return equation
        symbols = " = ".join(part for part in parts if not NUMBER_AT.search(part))
        if result[1:-1] in bounds:
            return f"{symbols} is {result}"
        small = ", ".join(f"{name} being {{{name}}}" for name in sorted(bounds & used))
        return f"{symbols} = {result}, {small}"

    shown = [",  ".join(map(known, line.split(",  "))) for line in lines]
    if shown != list(lines):
        shown[-1] += " (round-off decides the digits that are left out)"
    return shown


def one_neuron() -> Scene:
    """The cost over z with the neuron and the trail of its steps on it, and the cost over the steps."""
    figures, walked = {kind: _Figure(kind) for kind in COSTS}, lru_cache(1)(walk)

    def draw(w: float, b: float, y: float, eta: float, cost: str, step: int) -> View:
        figure, (activation, cost_name) = figures[cost], COSTS[cost]
        path, costs = walked(w, b, eta, cost, y)
        z, (weight, bias) = float(path[step].sum()), path[step].tolist()
        run = backprop(neuron(weight, bias, activation), X, np.array([[y]]), cost_name)
        slope, answer = float(run.gradient.w[1][0, 0]), float(run.a[1][0, 0])
        near, none = (NEAR if abs(answer - y) < NEAR else 0.0, NONE) if step else (0.0, 0.0)
        digits = 6 if abs(z) > 999 else 3  # far out, y is seen in a − y
        numbers = {
            name: _told(value, none, digits)
            for name, value in zip("wbza", (weight, bias, z, answer), strict=True)
        }
        if not near and answer != y and abs(answer) >= none:
            numbers["a"] = max(numbers["a"], beside_difference(answer, answer - y), key=len)
        prime = number(float(ACTIVATIONS[activation].prime(run.z[1])[0, 0]))
        numbers |= {"x": "1", "y": number(y), "σ′(z)": prime, "∂C/∂w": _told(slope, near, digits)}
        numbers["C"] = _told(float(costs[step]), 0.0 if cost == "cross-entropy" else near**2)
        gone = "" if ZS[0] <= z <= ZS[-1] else numbers["z"]
        far = numbers["a"] if gone and cost == "bowl" else ""  # whose axis is that of z
        taken = int(np.count_nonzero(costs[:step] < FAR))
        sentence = (
            f"After {taken} step{'s' * (taken != 1)} with η = {eta:g}, {cost}: "
            f"the answer is {numbers['a']} (target {numbers['y']}), "
            f"the cost {numbers['C']}, the slope ∂C/∂w {numbers['∂C/∂w']}."
        )
        if rises := np.count_nonzero(np.diff(costs[: step + 1]) > 1e-9):
            every = "" if taken == 1 else " on each of the steps"
            sentence += f" The cost rose{every if rises == taken else f' on {rises} of the steps'}."
        if costs[step] >= FAR:
            sentence += " The neuron runs away, and the walk was stopped."
        elif gone:
            sentence += f" z, {gone}, has left the picture."
        rows: list[list[object]] = [
            ["quantity", "value"],
            ["weight w", numbers["w"]],
            ["bias b", numbers["b"]],
            ["z = w + b", numbers["z"]],
            ["answer a", numbers["a"]],
            ["slope of the activation σ′(z)", prime],
            ["cost C", numbers["C"]],
            ["slope ∂C/∂w = ∂C/∂b", numbers["∂C/∂w"]],
        ]
        alt = (
            "The cost of one neuron as a curve over z, and over the steps; its answer and target on a line. "
            f"{sentence}"
        )
        code = (
            "import numpy as np\n"
            "from backprop_lib import Network, backprop, cost_of\n"
            f'x, y, cost = np.array([[1.0]]), np.array([[{y:g}]]), "{cost_name}"\n'
            f'net = Network([("identity", 1), ("{activation}", 1)])\n'
            f"net.w[1][0, 0], net.b[1][0, 0] = {w:g}, {b:g}\n"
            f"for _ in range({taken}):\n"
            f"    net.theta -= {eta!r} * backprop(net, x, y, cost).gradient.theta\n"
            "run = backprop(net, x, y, cost)\n"
            "[net.w[1], net.b[1], run.z[1], run.a[1], net.sigma[1].prime(run.z[1]),\n"
            " cost_of(net, x, y, cost), run.gradient.w[1]]"
        )
        on_a_line = f"the answer {numbers['a']} and the target {numbers['y']} on a line"
        alts = alt, f"The cost over the steps; {on_a_line}."
        curve = costs_over_z(cost, y)
        html = figure.html(alts, curve, path, costs, step, slope, answer, y, gone, far)
        answering, costing, sloping = (f"{line} = {{{line.split(' = ')[0]}}}" for line in EQUATIONS[cost])
        lines = (f"z = w x + b = {{w}} · {{x}} + {{b}} = {{z}},  {answering}", costing, sloping)
        added = f"({numbers['b']})" if bias < 0 else numbers["b"]
        html += living_line(
            *(equation(line, NAMES, numbers | {"b": added}) for line in _known(lines, numbers))
        )
        return View(html, alt, sentence, rows, code, names={"x": "a.0", "y": "y.1", "cost_of": "C"})

    controls = {
        "w": slider("First weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider(BIAS, 2.0, -8.0, 8.0, 0.25),
        "y": slider(TARGET, 0.0, 0.0, 1.0, 0.01),
        "eta": LogSlider("Learning rate η", 0.2, 0.01, 5),
        "cost": choice("Cost", list(COSTS)),
        "step": slider("Step", 100, 0, STEPS),
    }
    return Scene(controls, draw, play="step", living=True)
