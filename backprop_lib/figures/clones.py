"""Clones: what becomes of hidden neurons that begin alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris, split, standardize, xor
from backprop_lib.drawing.canvas import Cells
from backprop_lib.drawing.plots import DIVERGING, LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import INK, number
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network
from backprop_lib.training import History, train

EPOCHS = 100  # round-off breaks the tie later, and differently on every machine
STARTS = ("constant", "zeros", "nearly constant", "random")
WIDTH, HEIGHT = 760, 340
LIMIT = 6.0  # the ends of the colors
ALIKE = 1e-9  # rows that differ by less are called equal: the rest is round-off


def spread(w: Array) -> float:
    """How far the rows of a matrix are from their mean: the largest deviation of an entry."""
    return float(np.abs(w - w.mean(axis=0)).max())


def clone_run(start: str, hidden: int, data: str) -> tuple[Network, History]:
    """A net of one hidden layer with this start, and its first epochs."""
    # The four points of XOR ten times, so that an epoch has about as many steps as with iris.
    examples: Any = xor().take([0, 1, 2, 3] * 10) if data == "XOR" else standardize(*split(load_iris()))[0]
    inputs, outputs = examples.x.shape[1], examples.y.shape[1]
    init = "constant" if start == "nearly constant" else start
    net = Network([("identity", inputs), ("sigmoid", hidden), ("sigmoid", outputs)], init, seed=1)
    if start == "nearly constant":
        net.w[1][...] += 0.1 * np.random.default_rng(1).standard_normal(net.w[1].shape)
    batch = 4 if data == "XOR" else 10
    history = train(net, examples, learning_rate=3.0, epochs=EPOCHS, batch_size=batch, keep_parameters=True)
    return net, history


def numbers_of_clones(start: str, hidden: int, data: str, epoch: int) -> list[float]:
    """The numbers of the figure's table: the hidden weights row by row, their spread, the cost."""
    net, history = clone_run(start, hidden, data)
    assert history.parameters is not None
    w = net.with_parameters(history.parameters[epoch]).w[1]
    return [*w.ravel().tolist(), spread(w), float(history.cost[epoch])]


class _Figure:
    """The rows of the hidden weights as colors; their spread and the cost over the epochs."""

    def __init__(self) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT)
        halves: Any = self.fast.figure.subfigures(1, 2, width_ratios=[1.1, 1])
        left, right = halves
        axes = styled(
            left.subplots(), "Weights into each hidden neuron", "from input k", "hidden neuron j", False
        )
        axes.xaxis.labelpad, axes.yaxis.labelpad = 18, 18
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
        self.rows = self.fast.add("rows", Cells(axes, DIVERGING, (-LIMIT, LIMIT), lines=True))
        bar = left.colorbar(
            ScalarMappable(Normalize(-LIMIT, LIMIT), DIVERGING), ax=axes, ticks=[-LIMIT, 0, LIMIT]
        )
        bar.ax.tick_params(labelsize=8.5, length=0, labelcolor=INK)
        bar.outline.set_visible(False)
        style: Any = {
            "fontsize": 9,
            "color": INK,
            "ha": "center",
            "va": "center",
            "transform": axes.transAxes,
        }
        self.names = [
            [self.fast.add(f"{side} {i}", axes.text(0, 0, "", clip_on=False, **style)) for i in range(count)]
            for side, count in (("row", 8), ("column", 4))
        ]
        cost, apart = right.subplots(2, 1)
        styled(cost, "Cost", "")
        cost.set(xlim=(0, EPOCHS), ylim=(0, 1.2))
        styled(apart, "Spread of the rows", "epoch")
        apart.set_yscale("log")
        apart.set(xlim=(0, EPOCHS), ylim=(1e-10, 30), yticks=[ALIKE, 1e-5, 1])
        self.cost = self.fast.add("cost", cost.plot([], [], color=LINE_COLORS[0], lw=1.8, zorder=3)[0])
        self.spread = self.fast.add("spread", apart.plot([], [], color=LINE_COLORS[1], lw=1.8, zorder=3)[0])
        self.now = [
            self.fast.add(f"now {i}", one.axvline(0, color="#444444", ls=":", lw=1, zorder=3))
            for i, one in enumerate((cost, apart))
        ]

    def png(self, w: Array, costs: Array, spreads: Array, epoch: int) -> bytes:
        """The picture: w (hidden, inputs) now, cost and spread of every epoch."""
        self.rows.cells = w
        for axis, (texts, count) in enumerate(zip(self.names, w.shape, strict=True)):
            for i, text in enumerate(texts):
                middle = (i + 0.5) / count
                text.set_text(str(i) if i < count else "")
                text.set_position((-0.04, 1 - middle) if axis == 0 else (middle, -0.05))
        epochs = np.arange(len(costs))
        self.cost.set_data(epochs, costs)
        self.spread.set_data(epochs, np.maximum(spreads, ALIKE))
        for line in self.now:
            line.set_xdata([epoch, epoch])
        return self.fast.png()


def clones() -> Scene:
    """The rows of the hidden weights side by side, their spread, and the cost, epoch by epoch."""
    kept: dict[tuple[str, int, str], tuple[Network, History, Array]] = {}
    figure = _Figure()

    def draw(start: str, hidden: int, data: str, epoch: int) -> View:
        key = (start, hidden, data)
        if key not in kept:
            net, history = clone_run(*key)
            assert history.parameters is not None
            spreads = [spread(net.with_parameters(theta).w[1]) for theta in history.parameters]
            kept[key] = net, history, np.array(spreads)
        net, history, spreads_of_run = kept[key]
        assert history.parameters is not None
        w, far = net.with_parameters(history.parameters[epoch]).w[1], float(spreads_of_run[epoch])
        verdict = (
            "The hidden neurons are clones: their rows differ by less than 1e−9."
            if far < ALIKE
            else f"A row differs from the mean row by up to {number(far, 2)}."
        )
        cost_now = number(history.cost[epoch], 2)
        sentence = f"{data[0].upper()}{data[1:]}, {start} start, epoch {epoch}: cost {cost_now}. {verdict}"
        rows: list[list[object]] = [["hidden neuron", *(f"from input {k}" for k in range(w.shape[1]))]]
        rows += [[j, *(number(v, 2) for v in w[j])] for j in range(hidden)]
        rows.append(["spread of the rows", "below 1e−9" if far < ALIKE else number(far, 2)])
        rows.append(["cost", cost_now])
        png = figure.png(w, history.cost, spreads_of_run, epoch)
        alt = (
            f"The {hidden} rows of hidden weights as colors, and the curves of the cost and of the spread of "
            f"the rows. {sentence}"
        )
        code = (
            "from backprop_lib.figures.clones import numbers_of_clones\n"
            f'numbers_of_clones("{start}", {hidden}, "{data}", epoch={epoch})'
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "start": choice("Start", list(STARTS)),
        "hidden": slider("Hidden neurons", 4, 2, 8),
        "data": choice("Data", ["iris", "XOR"]),
        "epoch": slider("Epoch", EPOCHS, 0, EPOCHS),
    }
    return Scene(controls, draw, play="epoch")
