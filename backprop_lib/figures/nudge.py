"""Nudge z: what the cost does when one pre-activation is moved, against the promise δ · Δz."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris
from backprop_lib.drawing.canvas import LINE_ABOVE, TRACK, FastFigure, named_above, strips, styled, with_track
from backprop_lib.drawing.colors import GRID, HERE, INK, PAPER, QUIET, SLOPE
from backprop_lib.drawing.named import equation
from backprop_lib.drawing.net import NARROW, network_svg, subscript, superscript
from backprop_lib.drawing.svg import beside, enlarged, factor, number, told_apart
from backprop_lib.equations import backprop
from backprop_lib.figures.reproducible import rounded_up
from backprop_lib.figures.scene import Scene, View, keep_inside, living_line, slider
from backprop_lib.network import Network

WIDTH, HEIGHT = 480, 434
ROWS = {"ΔC": (53, 132), "z": (251, 19), "a": (324, 19), "C": (381, 19)}  # from where, how high, in pixels
MARGIN = 0.06  # of an axis, on either side of what it shows
MOST = 8  # steps between the numbers at an axis
NUDGE = "Nudge Δz"
NUDGES = np.linspace(-2, 2, 81)
SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]


def cost_when_nudged(net: Network, z: Array, y: Array, l: int, j: int, nudges: Array) -> tuple[Array, Array]:
    """C_x, and a^l_j, for each nudge of z^l_j; z is z^l of one example, (n_l, 1)."""
    moved = np.repeat(z, len(nudges), axis=1)
    moved[j] += nudges
    a = net.sigma[l](moved)
    nudged = a[j]
    for layer in range(l + 1, net.L + 1):
        a = net.sigma[layer](net.w[layer] @ a + net.b[layer])
    return 0.5 * ((a - y) ** 2).sum(axis=0), nudged


def _limits(*shown: Array) -> tuple[float, float]:
    """The ends of an axis for all of these numbers."""
    low, high = min(float(each.min()) for each in shown), max(float(each.max()) for each in shown)
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


class _Figure:
    """The cost over the nudge, and the way from z to a to C; every axis spans what a nudge can reach.

    The numbers at the axes move too, so that a change of the limits draws nothing else anew.
    """

    def __init__(self) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT)
        self.fast.figure.set_layout_engine("none")  # everything has its fixed place
        self.axes, *lines = (
            self.fast.figure.add_axes((0.155, 1 - (top + height) / HEIGHT, 0.805, height / HEIGHT))
            for top, height in ROWS.values()
        )
        styled(self.axes, "Change of the cost", pad=LINE_ABOVE).set(xlim=(-2.1, 2.1), yticks=[])
        self.axes.set_xlabel("nudge Δz", loc="right")
        with_track(self.axes)
        self.axes.set_ylabel("ΔC", labelpad=42)

        def text(name: str, axes: Any, x: float = 0, y: float = 0, **more: Any) -> Any:
            return self.fast.add(name, axes.text(x, y, "", color=INK, fontsize=8.5, clip_on=False, **more))

        line = self.fast.line
        self.grid = line("grid", self.axes, color=GRID, lw=0.7, zorder=1)
        self.curve = line("curve", self.axes, color=INK, lw=2, zorder=3, label="ΔC, measured")
        self.line = line("line", self.axes, "--", color=SLOPE, lw=1.6, zorder=3, label="δ · Δz")
        self.dot = line("dot", self.axes, "o", mfc=HERE, mec=INK, ms=8, zorder=4)
        self.promise = line("promise", self.axes, "X", color=SLOPE, ms=8, zorder=4)
        named_above(self.axes)
        beside: dict[str, Any] = {
            "transform": self.axes.get_yaxis_transform(),
            "ha": "right",
            "va": "center",
            "x": -0.015,
        }
        self.levels = [text(f"level {i}", self.axes, **beside) for i in range(MOST + 1)]
        self.ways: dict[str, tuple[Any, ...]] = {}
        for name, axes in zip("zaC", lines, strict=True):
            styled(axes, "○ before, ▶ after" if name == "z" else "", grid=False)
            axes.set(ylim=(-1, 1), xticks=[], yticks=[])
            axes.set_ylabel(name, rotation=0, fontsize=11, color=INK, labelpad=12, va="center")
            axes.spines["left"].set_visible(False)
            shaft: dict[str, Any] = {"color": QUIET, "mfc": PAPER, "ms": 9, "lw": 1.6, "markevery": [0]}
            before = line(f"before {name}", axes, "o-", zorder=3, **shaft)
            after = line(f"after {name}", axes, mfc=HERE, mec=INK, ms=9, zorder=4)
            below: dict[str, Any] = {
                "transform": axes.get_xaxis_transform(),
                "ha": "center",
                "va": "top",
                "y": -(TRACK + 3 if name == "z" else 10) / ROWS[name][1],  # where the handle hangs, below it
            }
            self.ways[name] = axes, before, after, *(text(f"{name} {i}", axes, **below) for i in range(2))

    def html(
        self, alt: str, place: str, nudge: float, delta: float, change: float, reach: dict[str, Array]
    ) -> str:
        """`change` is ΔC; reach {"z", "a", "C": before, after, and at each of NUDGES}.

        The curve, the line and the marks can be pointed at, and each of the three lines from end to end;
        `place` is the name of the neuron.
        """
        costs = reach["C"][2:] - reach["C"][0]
        self.curve.set_data(NUDGES, costs)
        self.line.set_data(NUDGES, delta * NUDGES)
        self.dot.set_data([nudge], [change])
        self.promise.set_data([nudge], [delta * nudge])
        self.promise.set_visible(nudge != 0)
        low, high = _limits(costs, delta * NUDGES)
        self.axes.set_ylim(low, high)
        step = rounded_up((high - low) / MOST)
        ticks = step * np.arange(np.ceil(low / step), high / step)
        self.grid.set_data(np.tile([-2.1, 2.1, np.nan], len(ticks)), np.repeat(ticks, 3))
        for i, text in enumerate(self.levels):
            text.set(text=number(ticks[i]) if i < len(ticks) else "", y=ticks[i] if i < len(ticks) else 0)
        parts: list[tuple[Any, ...]] = [
            *strips("ΔC", self.curve, 5),
            *strips(f"delta.{place}", self.line, 1),
            (f"Δz.{place}", self.axes, (nudge, low), 20),
            ("promise", self.axes, (nudge, delta * nudge), 20),
            ("ΔC", self.axes, (nudge, change), 16),
        ]
        for name, values in reach.items():
            axes, before, after, *texts = self.ways[name]
            old, new = values[:2]
            before.set_data([old, new], [0, 0])
            after.set_data([new], [0])
            after.set_marker("o" if new == old else ">" if new > old else "<")
            ends = [float(values.min()), float(values.max())]
            for text, end, words in zip(texts, ends, told_apart(ends), strict=True):
                text.set(x=end, text=words)
            axes.set_xlim(*_limits(values))
            parts.append((name if name == "C" else f"{name}.{place}", axes, (ends[0], 0, ends[1], 0), 22))
        z_after, z_axes = float(reach["z"][1]), self.ways["z"][0]
        slides = (NUDGE, self.axes, nudge, nudge), (NUDGE, z_axes, z_after, nudge)
        return self.fast.html(alt, slides=slides, parts=parts)


def nudge() -> Scene:
    """Nudge the z of one neuron: the curve is the cost, the straight line what its error promises."""
    net = Network(SPECIFICATION, seed=0)
    flowers = load_iris()
    figure = _Figure()

    def draw(l: int, j: int, nudge: float, example: int) -> View:
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        delta, z = float(run.delta[l][j, 0]), float(run.z[l][j, 0])
        nudges = np.concatenate([[0.0, nudge], NUDGES])
        costs, answers = cost_when_nudged(net, run.z[l], y, l, j, nudges)
        (start, end), (a_start, a_end) = costs[:2].tolist(), answers[:2].tolist()
        name = f"z{superscript(l)}[{j}]"
        sentence = (
            f"Flower {example}: nudging {name} by {number(nudge, 3)} changes the cost "
            f"by {number(end - start)}; δ · Δz promises "
            f"{number(delta)} × {factor(nudge)} = {number(delta * nudge)}."
        )
        rows: list[list[object]] = [
            ["quantity", "before", "after"],
            ["z", number(z), number(z + nudge)],
            ["a", number(a_start), number(a_end)],
            ["C", number(start), number(end)],
            ["ΔC", "", number(end - start)],
            ["δ", number(delta), ""],
            ["δ · Δz", "", number(delta * nudge)],
        ]
        alt = (
            "The net with one neuron lit; the cost as a curve over the nudge, with its tangent; z, a and C "
            f"on number lines. {sentence}"
        )
        code = (
            "from backprop_lib import Network, backprop, cost_of, load_iris\n"
            f"x, y = load_iris().take([{example}]).columns()\n"
            f"net = Network({SPECIFICATION}, seed=0)\n"
            "before, C = backprop(net, x, y), cost_of(net, x, y)\n"
            f"delta, nudge = before.delta[{l}][{j}, 0], {nudge:g}\n"
            f"net.b[{l}][{j}] += nudge  # which nudges z\n"
            "after, nudged_C = backprop(net, x, y), cost_of(net, x, y)\n"
            f"z_and_a = [values[{l}][{j}, 0] for values in (before.z, after.z, before.a, after.a)]\n"
            "change, promise = nudged_C - C, delta * nudge\n"
            "[*z_and_a, C, nudged_C, change, delta, promise]"
        )
        reach = {"z": z + nudges, "a": answers, "C": costs}
        drawn = network_svg(
            net.sizes, weights=net.w, values=run.a, deltas=run.delta, lit={(l, j)}, canvas=(NARROW, 390)
        )
        at, place = f"{superscript(l)}{subscript(j)}", f"{l}.{j}"
        names = {"z_and_a": f"z.{place} a.{place}", "delta": f"delta.{place}", "nudge": f"Δz.{place}"}
        names |= {"C": "C", "nudged_C": "C", "change": "ΔC", "promise": "promise"}
        symbols = {f"δ{at}": f"delta.{place}", f"Δz{at}": f"Δz.{place}", "promise": "promise", "ΔC": "ΔC"}
        symbols |= {f"z{at}": f"z.{place}", f"a{at}": f"a.{place}"}
        numbers = {f"δ{at}": number(delta), f"Δz{at}": factor(nudge), "promise": number(delta * nudge)}
        numbers |= {f"z{at}": number(z), f"a{at}": number(a_start)}
        line = f"ΔC ≈ δ{at} Δz{at} = {{δ{at}}} · {{Δz{at}}} = {{promise}}, "
        line += f"where a{at} = σ(z{at}) = σ({{z{at}}}) = {{a{at}}}"
        curves = figure.html(alt, place, nudge, delta, end - start, reach)
        html = beside(enlarged(drawn, 1.1), curves) + living_line(equation(line, symbols, numbers))
        return View(html, alt, sentence, rows, code, choosable="neurons", chosen=place, names=names)

    controls: dict[str, Any] = {
        "l": slider("Layer l", 2, 1, 2),
        "j": slider("Neuron j", 0, 0, 2),
        "nudge": slider(NUDGE, 1.0, -2.0, 2.0, 0.05),
        "example": slider("Flower", 0, 0, 149),
    }
    keep_inside(controls["j"], controls["l"], lambda l: net.sizes[l] - 1)
    return Scene(controls, draw, living=True, choose=lambda l, j: {"l": l, "j": j})
