"""Clones: what becomes of hidden neurons that begin alike.

In the graph of neurons every neuron adds up the same terms in the same order as its neighbor. Neurons that
begin alike therefore stay alike to the last bit, on every computer. A matrix product may add up its rows in
different orders: there round-off can part them, and when it does depends on the processor.
"""

from __future__ import annotations

import math
import time
from functools import cache
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, one_of
from backprop_lib.data import Dataset, load_iris, split, standardize, xor
from backprop_lib.drawing.canvas import Cells, FastFigure, color_bar, name_only, styled
from backprop_lib.drawing.colors import HERE, INK, LINE_COLORS, QUIET
from backprop_lib.drawing.net import NARROW, network_svg
from backprop_lib.drawing.plots import DASHES, DIVERGING
from backprop_lib.drawing.svg import beside, enlarged, number
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network
from backprop_lib.other_ways.bridge import graph_from, network_from
from backprop_lib.training import train

EPOCHS = 100
LEARNING_RATE = 3.0
STARTS = ("constant", "zeros", "nearly constant", "random")
ZERO = "0, exactly"
WIDTH, HEIGHT = 280, 340
NET = (NARROW, 340)  # the drawn net beside it
DATA = ("iris", "XOR")
LIMIT = 6.0  # the ends of the colors
PATIENCE = 0.05  # seconds of training before a first part is shown


def spread(w: Array) -> float:
    """How far the rows of a matrix are apart: the largest difference between two entries of a column.

    It is 0 only if all rows are equal to the last bit.
    """
    return float(np.ptp(w, axis=0).max())


def kinds(net: Network) -> str:
    """A letter for every hidden neuron, the same for equal ones: weights in, bias, weights out."""
    neurons = np.hstack([net.w[1], net.b[1], net.w[2].T]).tolist()
    return "".join(chr(ord("A") + neurons.index(neuron)) for neuron in neurons)


def beginning(start: str, hidden: int, data: str) -> tuple[Network, Dataset, int]:
    """A net of one hidden layer before its training, the examples, and the size of a batch."""
    one_of("data", data, DATA), one_of("start", start, STARTS)
    # The four points of XOR ten times, so that an epoch has about as many steps as with iris.
    examples = xor().take([0, 1, 2, 3] * 10) if data == "XOR" else standardize(*split(load_iris()))[0]
    layers = [("identity", examples.x.shape[1]), ("sigmoid", hidden), ("sigmoid", examples.y.shape[1])]
    net = Network(layers, "constant" if start == "nearly constant" else start, seed=1)
    if start == "nearly constant":
        net.w[1][...] += 0.1 * np.random.default_rng(1).standard_normal(net.w[1].shape)
    return net, examples, 4 if data == "XOR" else 10


def orders(examples: int) -> list[list[int]]:
    """The order of the examples in every epoch: the same for the graph and for the matrices."""
    rng = np.random.default_rng(0)
    return [rng.permutation(examples).tolist() for _ in range(EPOCHS)]


class CloneRun:
    """A training run as a graph of neurons, carried on until it has EPOCHS epochs.

    nets             the net of every epoch so far, epoch 0 being the start
    w                w¹ of each, (hidden, inputs)
    cost, accuracy   of every epoch so far, over all examples
    graph            the net as it is now
    """

    def __init__(self, start: str, hidden: int, data: str) -> None:
        net, examples, self._batch = beginning(start, hidden, data)
        self.graph = graph_from(net)
        self._xs, self._ys = examples.x.tolist(), examples.y.tolist()
        self._orders = orders(len(examples.x))
        self.nets: list[Network] = []
        self.cost: list[float] = []
        self.accuracy: list[float] = []
        self._keep()

    def carry_on(self, seconds: float = math.inf) -> None:
        """Train to the end, or for so many seconds, but at least one epoch."""
        end = time.perf_counter() + seconds
        while len(self.nets) <= EPOCHS:
            order = self._orders[len(self.nets) - 1]
            for first in range(0, len(order), self._batch):
                batch = order[first : first + self._batch]
                self.graph.step([self._xs[i] for i in batch], [self._ys[i] for i in batch], LEARNING_RATE)
            self._keep()
            if time.perf_counter() > end:
                break

    @property
    def w(self) -> list[Array]:
        """w¹ of every epoch so far."""
        return [net.w[1] for net in self.nets]

    def _keep(self) -> None:
        cost, accuracy, _ = self.graph.evaluate(self._xs, self._ys)
        self.nets.append(network_from(self.graph))
        self.cost.append(cost)
        self.accuracy.append(accuracy)


def clone_run(start: str, hidden: int, data: str) -> CloneRun:
    """The whole run of a net with this start as a graph of neurons."""
    run = CloneRun(start, hidden, data)
    run.carry_on()
    return run


def matrix_run(start: str, hidden: int, data: str) -> tuple[list[Array], Array]:
    """The same run in matrices: w¹ and the cost of every epoch. Round-off may part equal rows."""
    net, examples, batch = beginning(start, hidden, data)
    order = orders(len(examples.x))
    history = train(
        net,
        examples,
        learning_rate=LEARNING_RATE,
        epochs=EPOCHS,
        batch_size=batch,
        order=order.__getitem__,
        keep_parameters=True,
    )
    assert history.parameters is not None
    return [net.with_parameters(theta).w[1] for theta in history.parameters], history.cost


class CloneFigure:
    """The rows of the hidden weights as colors; their spread and the cost over the epochs."""

    def __init__(self) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT, panes=2)
        left, right = self.fast.panes
        title = "Weights into each neuron"
        axes = styled(left.subplots(), title, "from input k", "hidden neuron j", False)
        axes.xaxis.labelpad, axes.yaxis.labelpad = 18, 18
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        self.rows = self.fast.add("rows", Cells(axes, DIVERGING, (-LIMIT, LIMIT), lines=True))
        color_bar(left, axes, DIVERGING, [-LIMIT, 0, LIMIT])
        style: Any = {"fontsize": 9, "color": INK, "ha": "center", "va": "center"}
        style["transform"] = axes.transAxes
        self.names = [
            [
                self.fast.add(f"{side} {i}", axes.text(0, 0, "", clip_on=False, **style), seldom=True)
                for i in range(count)
            ]
            for side, count in (("row", 8), ("column", 4))
        ]
        cost, apart = right.subplots(2, 1)
        styled(cost, "Cost", "")
        cost.set(xlim=(0, EPOCHS), ylim=(0, 0.8))
        styled(apart, "Spread of the rows", "epoch")
        # Linear up to the smallest difference that two weights near 1 can have: an exact 0 has its own place.
        apart.set_yscale("symlog", linthresh=1e-17, linscale=2)
        apart.set(xlim=(0, EPOCHS), ylim=(-3e-18, 100))
        apart.set_yticks([0, 1e-16, 1e-8, 1], [ZERO, "1e−16", "1e−8", "1"])
        apart.minorticks_off()
        line: dict[str, Any] = {"lw": 1.8, "clip_on": False}
        styles = {
            "graph": {"color": INK, "ls": DASHES[0], "zorder": 3, **line},
            "matrices": {"color": LINE_COLORS[1], "ls": DASHES[1], "zorder": 4, **line},
        }
        self.lines = {
            f"{what} {program}": self.fast.line(f"{what} {program}", one, label=program, **style)
            for what, one in (("cost", cost), ("spread", apart))
            for program, style in styles.items()
        }
        legend = cost.legend(frameon=False, fontsize=8.5, loc="upper right")
        self.legend = self.fast.add("legend", legend, seldom=True)
        self.now = [
            self.fast.add(f"now {i}", one.axvline(0, color=QUIET, ls=":", lw=1, zorder=3))
            for i, one in enumerate((cost, apart))
        ]
        here: dict[str, Any] = {"mfc": HERE, "mec": INK, "mew": 1.2, "ms": 8, "clip_on": False, "zorder": 5}
        self.here = [self.fast.line(f"here {i}", one, "o", **here) for i, one in enumerate((cost, apart))]

    def html(
        self, w: Array, graph: tuple[Any, Any], matrices: tuple[Any, Any] | None, epoch: int, *alts: str
    ) -> str:
        """The picture: w (hidden, inputs) now; cost and spread by epoch of the graph, and of matrices."""
        self.rows.cells = w
        for axis, (texts, count) in enumerate(zip(self.names, w.shape, strict=True)):
            for i, text in enumerate(texts):
                middle = (i + 0.5) / count
                text.set_text(str(i) if i < count else "")
                text.set_position((-0.04, 1 - middle) if axis == 0 else (middle, -0.05))
        for program, curves in (("graph", graph), ("matrices", matrices or ((), ()))):
            for what, values in zip(("cost", "spread"), curves, strict=True):
                self.lines[f"{what} {program}"].set_data(np.arange(len(values)), values)
        name_only(self.legend, (matrices is not None, matrices is not None))
        for line, dot, values in zip(self.now, self.here, graph, strict=True):
            line.set_xdata([epoch, epoch])
            dot.set_data([epoch], [values[epoch]])
        cells = np.ndindex(w.shape)
        axes = self.rows.axes
        parts = [(f"w.1.{j}.{k}", *self.fast.cell(axes, j, w.shape[0], k, w.shape[1])) for j, k in cells]
        return self.fast.html(*alts, parts=parts)


def in_words(far: float) -> str:
    """What became of rows that began alike in matrices, in words that hold for this computer alone."""
    if far == 0:
        return "equal to the last bit"
    return "apart by round-off alone, less than 1e−9" if far < 1e-9 else "apart"


def clones() -> Scene:
    """The rows of the hidden weights side by side, their spread, and the cost, epoch by epoch."""
    figure, run_of = CloneFigure(), cache(CloneRun)

    @cache
    def in_matrices(start: str, hidden: int, data: str) -> tuple[Array, list[float]]:
        w, cost = matrix_run(start, hidden, data)
        return cost, [spread(each) for each in w]

    def draw(start: str, hidden: int, data: str, epoch: int, matrices: bool) -> View:
        run = run_of(start, hidden, data)
        run.carry_on(PATIENCE)
        done = len(run.nets) - 1
        progress = (done, EPOCHS) if done < EPOCHS else None
        epoch = min(epoch, done)
        spreads = [spread(w) for w in run.w]
        net, far, cost_now = run.nets[epoch], spreads[epoch], number(run.cost[epoch], 2)
        w, letters = net.w[1], kinds(net)
        verdict = (
            f"The hidden neurons are clones: their rows are equal to the last bit (spread {ZERO})."
            if far == 0
            else f"Two rows differ by up to {number(far, 2)}."
        )
        sentence = f"{data[0].upper()}{data[1:]}, {start} start, epoch {epoch}: cost {cost_now}. {verdict}"
        reading, dashed = "", None
        arguments = f'"{start}", {hidden}, "{data}"'
        code = [f"run = clone_run({arguments})", f"w = run.nets[{epoch}].w[1]"]
        names = "clone_run, spread"
        if matrices:
            names = "clone_run, matrix_run, spread"
            code.append(f"print(spread(matrix_run({arguments})[0][{epoch}]))  # matrices, on your computer")
            sentence += (
                " In matrices round-off may part equal rows, sooner or later or never: the dashed lines are "
                "those of this computer, another may get another answer."
            )
        if matrices and progress is None:
            dashed = in_matrices(start, hidden, data)
            reading = f" In matrices, on this computer, the rows are {in_words(dashed[1][epoch])}."
        rows: list[list[object]] = [["hidden neuron", *(f"from input {k}" for k in range(w.shape[1]))]]
        rows += [[j, *(number(v, 2) for v in w[j])] for j in range(hidden)]
        apart = ZERO if far == 0 else number(far, 2)
        rows.append(["spread of the rows", apart])
        rows.append(["cost", cost_now])
        alt = (
            f"The {hidden} rows of hidden weights as colors, and the curves of the cost and of the spread of "
            f"the rows. {sentence}{reading}"
        )
        curves = f"Cost and spread of the rows by epoch; in epoch {epoch} they are {cost_now} and {apart}."
        code = [f"from backprop_lib.figures.clones import {names}", *code]
        code.append(f"[*w.ravel(), spread(w), run.cost[{epoch}]]")
        drawn = network_svg(
            net.sizes,
            weights=net.w,
            labels={1: list(letters)},
            captions=["input", "same letter: equal", "output"],
            alt=f"The net. Hidden neurons, the same letter for equal ones: {', '.join(letters)}.",
            canvas=NET,
        )
        html = beside(enlarged(drawn, 1.1), figure.html(w, (run.cost, spreads), dashed, epoch, alt, curves))
        return View(html, alt, sentence, rows, "\n".join(code), progress=progress, names={"w": "w.1"})

    controls = {
        "start": choice("Start", STARTS),
        "hidden": slider("Hidden neurons", 4, 2, 8),
        "data": choice("Data", DATA),
        "epoch": slider("Epoch", EPOCHS, 0, EPOCHS),
        "matrices": choice("Shown", [("graph of neurons", False), ("graph and matrices", True)]),
    }
    return Scene(controls, draw, play="epoch", living=True, lines=5)
