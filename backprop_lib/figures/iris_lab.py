"""The iris lab: choose a net and a way of training it, and scrub through the epochs."""

from __future__ import annotations

import time
from typing import Any

from backprop_lib.extras import need

need("backprop_lib.figures.iris_lab", "matplotlib")

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from backprop_lib.activations import HIDDEN
from backprop_lib.arguments import Array
from backprop_lib.data import Dataset, load_iris, split, standardize
from backprop_lib.drawing.canvas import Cells, name_only
from backprop_lib.drawing.net import network_svg, superscript
from backprop_lib.drawing.plots import DASHES, DIVERGING, LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import INK, number
from backprop_lib.equations import backprop
from backprop_lib.figures.reproducible import ELSEWHERE, OPEN, Twins
from backprop_lib.figures.scene import IntegerBox, LogSlider, Scene, View, choice, slider
from backprop_lib.network import Network, Parameters
from backprop_lib.training import History

EPOCHS = 500
DEEPEST = 4
BATCHES = {"1 flower": 1, "10 flowers": 10, "30 flowers": 30, "all flowers": 105}
COSTS = {"quadratic": "quadratic", "cross-entropy": "cross_entropy"}
WIDTH, HEIGHT = 760, 500
SEEN_ERRORS = (1e-5, 1.0)  # the ends of the colors
PATIENCE = 0.03  # seconds of training before a first part is shown; the next part takes twice as long


def lab_data() -> tuple[Dataset, Dataset]:
    """The flowers of the lab: 105 to train on and 45 held out, scaled by the 105."""
    train, held_out = standardize(*split(load_iris(), 0.7, seed=0))
    return train, held_out


def specification(sizes: list[int], activation: str, cost: str) -> list[tuple[str, int]]:
    """Four inputs, the hidden layers, and three outputs that fit the cost."""
    output = "softmax" if cost == "cross_entropy" else "sigmoid"
    return [("identity", 4), *((activation, size) for size in sizes), (output, 3)]


class Runs:
    """The training runs of one lab: each is carried on up to the epoch that is asked for, and kept."""

    def __init__(self) -> None:
        self.train, self.held_out = lab_data()
        self._key: Any = None
        self._trainer: Any = None
        self._history: History | None = None
        self._patience = PATIENCE

    def history(self, key: tuple[Any, ...], epoch: int) -> History:
        """The history of the run with these settings: up to this epoch, or as far as patience goes.

        Ask again for the rest. A run that diverged goes no further.
        """
        if key != self._key:
            sizes, activation, cost, eta, batch, seed = key
            net = Network(specification(list(sizes), activation, cost), seed=seed)
            self._trainer = Twins(net, self.train, cost, eta, batch, seed, held_out=self.held_out)
            self._key, self._history, self._patience = key, None, PATIENCE
        if self._trainer.epoch < epoch and self._trainer.diverged_at is None:
            end = time.perf_counter() + self._patience
            while self._trainer.epoch < epoch and self._trainer.diverged_at is None:
                history = self._trainer.run(min(10, epoch - self._trainer.epoch))
                if time.perf_counter() > end:
                    break
            self._history, self._patience = history, 2 * self._patience
        if self._history is None:
            self._history = self._trainer.history()
        return self._history

    def is_doubtful(self, epoch: int) -> bool:
        """Whether the run that was asked for last may end elsewhere on another computer."""
        return bool(self._trainer.is_doubtful(epoch))


def stacked(delta: dict[int, Array], epoch: int) -> Array:
    """√ mean_x δ² of every neuron by epoch, layer under layer with a row of NaN between; NaN after `epoch`.

    delta {l: (epochs + 1, n_l)}; the result is (Σ n_l + L − 1, EPOCHS + 1).
    """
    rows = []
    for l, errors in delta.items():
        block = np.full((errors.shape[1] + (l > 1), EPOCHS + 1), np.nan)
        block[block.shape[0] - errors.shape[1] :, : epoch + 1] = errors[: epoch + 1].T
        rows.append(block)
    return np.vstack(rows)


def side_by_side(w: dict[int, Array]) -> Array:
    """Matrices beside each other, with a column of NaN between: the first rows on top."""
    tallest = max(len(block) for block in w.values())
    columns: list[Array] = []
    for l, block in w.items():
        column = np.full((tallest, block.shape[1] + (l > 1)), np.nan)
        column[: len(block), column.shape[1] - block.shape[1] :] = block
        columns.append(column)
    return np.hstack(columns)


class LabFigure:
    """The kept axes: cost, accuracy and ‖δ^l‖; the error of every neuron, and ∂C/∂w of every weight."""

    def __init__(self, epochs: int = EPOCHS) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT)
        halves: Any = self.fast.figure.subfigures(2, 1, height_ratios=[1.15, 1])
        top, bottom = halves
        cost, accuracy, delta = top.subplots(1, 3)
        self.map, self.gradient = bottom.subplots(1, 2, width_ratios=[1.45, 1])
        styled(cost, "Cost", "epoch")
        styled(accuracy, "Accuracy", "epoch")
        styled(delta, "Size of the errors, ‖δˡ‖", "epoch")
        for axes in (cost, accuracy, delta):
            axes.set_xlim(0, epochs)
        cost.set_yscale("log")
        cost.set_ylim(1e-4, 30)
        accuracy.set_ylim(0, 1.05)
        delta.set_yscale("log")
        delta.set_ylim(1e-7, 3)
        self.lines: dict[str, Any] = {}
        for axes, kind in ((cost, "cost"), (accuracy, "accuracy")):
            for i, name in enumerate(("training", "held out")):
                style = {"color": LINE_COLORS[i], "linestyle": DASHES[i], "lw": 1.5, "zorder": 3}
                (line,) = axes.plot([], [], label=name, **style)
                self.lines[f"{kind} {name}"] = self.fast.add(f"{kind} {name}", line)
            axes.legend(frameon=False, fontsize=9, loc="upper right" if kind == "cost" else "lower right")
        for l in range(1, DEEPEST + 2):
            (line,) = delta.plot(
                [], [], color=LINE_COLORS[l - 1], linestyle=DASHES[l - 1], lw=1.5, label=f"l = {l}", zorder=3
            )
            self.lines[f"delta {l}"] = self.fast.add(f"delta {l}", line)
        names = delta.legend(
            frameon=False, fontsize=9, loc="lower left", ncols=3, handlelength=1.2, columnspacing=0.6
        )
        self.legend = self.fast.add("legend", names)
        for name, axes in (("cost", cost), ("accuracy", accuracy), ("delta", delta)):
            self.fast.add(f"now {name}", axes.axvline(0, color="#444444", lw=1, ls=":", zorder=3))
        self._heat_maps()

    def _heat_maps(self) -> None:
        styled(self.map, "Error δ of every neuron, epoch by epoch", "epoch", "", grid=False)
        self.map.set(xlim=(0, EPOCHS), yticks=[])
        styled(self.gradient, "Gradient ∂C/∂w at this epoch\n", " ", "to neuron j", grid=False)
        self.gradient.set(xlim=(0, 1), xticks=[], yticks=[])
        for spine in (*self.gradient.spines.values(), *self.map.spines.values()):
            spine.set_visible(False)
        self.errors = self.fast.add("errors", Cells(self.map, colormaps["cividis"], SEEN_ERRORS, log=True))
        self.slopes = self.fast.add("slopes", Cells(self.gradient, DIVERGING, (-1, 1)))
        scale = ScalarMappable(LogNorm(*SEEN_ERRORS), colormaps["cividis"])
        bar = self.map.figure.colorbar(scale, ax=self.map, pad=0.02, ticks=[1e-5, 1e-3, 1e-1])
        bar.ax.tick_params(labelsize=8.5, length=0, labelcolor=INK)
        bar.ax.minorticks_off()
        bar.outline.set_visible(False)
        self.limit = self.fast.add("limit", self._text(self.gradient, "center", "top", 0.5, -0.04))
        self.names = {
            (kind, l): self.fast.add(f"{kind} {l}", self._text(axes, *where, 0.0, 1.03))
            for kind, axes, where in (
                ("layer", self.map, ("right", "center")),
                ("w", self.gradient, ("center", "bottom")),
            )
            for l in range(1, DEEPEST + 2)
        }
        self.map.set_ylabel(" ", labelpad=14)  # room for the names of the layers

    @staticmethod
    def _text(axes: Axes, across: str, up: str, x: float, y: float) -> Any:
        style: Any = {"fontsize": 9, "color": INK, "ha": across, "va": up, "transform": axes.transAxes}
        return axes.text(x, y, "", clip_on=False, **style)

    def png(self, history: History, gradient: Parameters, epoch: int) -> bytes:
        """The picture of a run at an epoch; `gradient` is that of the training cost there."""
        shown: dict[str, Array] = {
            "cost training": history.cost,
            "accuracy training": history.accuracy,
            "cost held out": history.held_out_cost,  # type: ignore[dict-item]
            "accuracy held out": history.held_out_accuracy,  # type: ignore[dict-item]
        }
        shown |= {f"delta {l}": history.delta_norm(l) for l in history.delta}
        for name, line in self.lines.items():
            values = shown.get(name, np.zeros(0))[: epoch + 1]
            line.set_data(np.arange(len(values)), values)
        name_only(self.legend, (l in history.delta for l in range(1, DEEPEST + 2)))
        for name in ("cost", "accuracy", "delta"):
            self.fast[f"now {name}"].set_xdata([epoch, epoch])
        self._show_maps(history, gradient, epoch)
        return self.fast.png()

    def _show_maps(self, history: History, gradient: Parameters, epoch: int) -> None:
        errors, slopes = stacked(history.delta, epoch), side_by_side(gradient.w)
        largest = float(np.nanmax(np.abs(slopes))) or 1.0
        self.errors.cells, self.slopes.cells, self.slopes.limits = errors, slopes, (-largest, largest)
        self.limit.set_text(f"from neuron k; colors end at ±{number(largest, 2)}")
        for text in self.names.values():
            text.set_text("")
        top = left = 0
        for l, w in gradient.w.items():
            height, width = w.shape
            self.names["layer", l].set_text(f"δ{superscript(l)}")
            self.names["layer", l].set_position((-0.012, 1 - (top + height / 2) / len(errors)))
            self.names["w", l].set_text(f"w{superscript(l)}")
            self.names["w", l].set_x((left + width / 2) / slopes.shape[1])
            top, left = top + height + 1, left + width + 1


def iris_lab() -> Scene:
    """Cost, accuracy and errors while a net learns three kinds of iris; every control may be moved."""
    runs, figure = Runs(), LabFigure()
    x, y = runs.train.columns()

    def draw(
        layers: int,
        size_1: int,
        size_2: int,
        size_3: int,
        size_4: int,
        activation: str,
        cost: str,
        eta: float,
        batch: int,
        seed: int,
        epoch: int,
    ) -> View:
        sizes = (size_1, size_2, size_3, size_4)[:layers]
        history = runs.history((sizes, activation, cost, eta, batch, seed), epoch)
        at = min(epoch, history.epochs)
        layers_of_net = specification(list(sizes), activation, cost)
        net = Network(layers_of_net).with_parameters(history.parameters[at])  # type: ignore[index]
        gradient = backprop(net, x, y, cost).gradient
        held_cost, held_accuracy = history.held_out_cost, history.held_out_accuracy
        assert held_cost is not None and held_accuracy is not None
        norms = {l: float(history.delta_norm(l)[at]) for l in history.delta}
        arrow = "-".join(str(n) for n in net.sizes)
        diverged = history.diverged_at is not None
        doubtful = runs.is_doubtful(at)
        ratio = norms[1] / norms[net.L] if norms[net.L] else 0.0
        if doubtful:
            sentence = f"A {arrow} net after {at} epochs: round-off has grown in this run, and {ELSEWHERE}."
            sentence += " The run diverged; this is the last finite state." if diverged else ""
        else:
            sentence = (
                f"A {arrow} net after {at} epochs: training cost {number(history.cost[at])}, "
                f"{round(45 * held_accuracy[at])} of 45 held-out flowers right."
            )
            if diverged:
                sentence += f" The run diverged in epoch {history.diverged_at}"
                sentence += "; this is the last finite state."
            if layers:
                sentence += f" ‖δ¹‖ is {number(ratio, 2)} times ‖δᴸ‖."
        quantities = {
            "training cost": history.cost[at],
            "held-out cost": held_cost[at],
            "training accuracy": history.accuracy[at],
            "held-out accuracy": held_accuracy[at],
            **{f"‖δ‖ of layer {l}": norms[l] for l in norms},
            **{f"largest ∂C/∂w{superscript(l)}": np.abs(w).max() for l, w in gradient.w.items()},
        }
        rows = [["quantity", "value"]]
        rows += [[name, OPEN if doubtful else number(value, 4)] for name, value in quantities.items()]
        settings = f"learning_rate={eta!r}, batch_size={batch}, seed={seed}, held_out=held_out"
        run = f'train(net, data, "{cost}", epochs={at}, {settings})'
        if at == 0:  # there is nothing to train
            run = f'Trainer(net, data, "{cost}", {settings}).history()'
        code = (
            "from backprop_lib import Network, backprop, load_iris, split, standardize\n"
            f"from backprop_lib.training import {run.partition('(')[0]}\n"
            "data, held_out = standardize(*split(load_iris()))\n"
            f"net = Network({layers_of_net}, seed={seed})\n"
            f"history = {run}\n"
            "of_all = [history.cost, history.held_out_cost, history.accuracy, history.held_out_accuracy]\n"
            "of_layers = [history.delta_norm(l) for l in net.w]\n"
            f'slopes = backprop(net, *data.columns(), "{cost}").gradient.w\n'
            "[*(values[-1] for values in of_all + of_layers), *(abs(w).max() for w in slopes.values())]"
        )
        png = figure.png(history, gradient, at)
        alt = (
            "Curves over the epochs of cost, accuracy and errors by layer; the error of every neuron as a "
            f"map over the epochs; the gradient of every weight as a map. {sentence}"
        )
        reading = f"The {arrow} net with its weights after {at} epochs."
        drawn = network_svg(net.sizes, weights=net.w, alt=reading)
        return View(
            image_html(png, alt, WIDTH, HEIGHT) + drawn,
            alt,
            sentence,
            rows,
            code,
            idle=frozenset(f"size_{i}" for i in range(layers + 1, DEEPEST + 1)),
            progress=(at, epoch) if at < epoch and not diverged else None,
        )

    controls = {
        "layers": slider("Hidden layers", 1, 0, DEEPEST),
        **{f"size_{i}": slider(f"Neurons in layer {i}", 5, 1, 12) for i in range(1, DEEPEST + 1)},
        "activation": choice("Hidden activation", HIDDEN, "sigmoid"),
        "cost": choice("Cost", list(COSTS.items())),
        "eta": LogSlider("Learning rate η", 3.0, 0.1, 30),
        "batch": choice("Batch", list(BATCHES.items()), 10),
        "seed": IntegerBox("Seed", 0, 0, 999),
        "epoch": slider("Epoch", 200, 0, EPOCHS),
    }
    return Scene(controls, draw, play="epoch")
