"""The iris lab: choose a net and a way of training it, and scrub through the epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import Dataset, load_iris, split, standardize
from backprop_lib.diagram import network_svg
from backprop_lib.explorers.scene import Scene, View, box, choice, log_slider, slider
from backprop_lib.network import Network
from backprop_lib.plots import DASHES, LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.svg import number
from backprop_lib.training import History, Trainer

EPOCHS = 500
DEEPEST = 4
BATCHES = {"1 flower": 1, "10 flowers": 10, "30 flowers": 30, "all flowers": 0}
COSTS = ("quadratic", "cross-entropy")
WIDTH, HEIGHT = 880, 300


def lab_data() -> tuple[Dataset, Dataset]:
    """The flowers of the lab: 105 to train on and 45 held out, scaled by the 105."""
    train, held_out = standardize(*split(load_iris(), 0.7, seed=0))
    return train, held_out


def specification(sizes: list[int], activation: str, cost: str) -> list[tuple[str, int]]:
    """Four inputs, the hidden layers, and three outputs that fit the cost."""
    output = "softmax" if cost == "cross-entropy" else "sigmoid"
    return [("identity", 4), *((activation, size) for size in sizes), (output, 3)]


class _Runs:
    """The training runs of one lab: each is carried on up to the epoch that is asked for, and kept."""

    def __init__(self) -> None:
        self.train, self.held_out = lab_data()
        self._key: Any = None
        self._trainer: Any = None
        self._history: History | None = None

    def history(self, key: tuple[Any, ...], epoch: int) -> History:
        """The history of the run with these settings, at least up to this epoch, unless it diverged."""
        sizes, activation, cost, eta, batch, seed = key
        if key != self._key:
            net = Network(specification(list(sizes), activation, cost), seed=seed)
            self._trainer = Trainer(
                net,
                self.train,
                "cross_entropy" if cost == "cross-entropy" else "quadratic",
                learning_rate=eta,
                batch_size=batch or len(self.train),
                seed=seed,
                held_out=self.held_out,
                keep_parameters=True,
            )
            self._key, self._history = key, None
        if self._history is None or (self._history.epochs < epoch and self._history.diverged_at is None):
            missing = epoch - self._trainer.epoch
            self._history = self._trainer.run(missing) if missing > 0 else self._trainer.history()
        return self._history


class _Figure:
    """The three kept axes: cost, accuracy, and the size of the errors of every layer."""

    def __init__(self) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT)
        cost, accuracy, delta = self.fast.figure.subplots(1, 3)
        styled(cost, "Cost", "epoch")
        styled(accuracy, "Accuracy", "epoch")
        styled(delta, "Size of the errors, ‖δˡ‖", "epoch")
        for axes in (cost, accuracy, delta):
            axes.set_xlim(0, EPOCHS)
        cost.set_yscale("log")
        cost.set_ylim(1e-4, 3)
        accuracy.set_ylim(0, 1.05)
        delta.set_yscale("log")
        delta.set_ylim(1e-6, 3)
        self.lines: dict[str, Any] = {}
        for axes, kind in ((cost, "cost"), (accuracy, "accuracy")):
            for i, name in enumerate(("training", "held out")):
                style = {"color": LINE_COLORS[i], "linestyle": DASHES[i], "lw": 1.5, "zorder": 3}
                (line,) = axes.plot([], [], label=name, **style)
                self.lines[f"{kind} {name}"] = self.fast.add(f"{kind} {name}", line)
            axes.legend(frameon=False, loc="upper right" if kind == "cost" else "lower right")
        for l in range(1, DEEPEST + 2):
            (line,) = delta.plot(
                [], [], color=LINE_COLORS[l - 1], linestyle=DASHES[l - 1], lw=1.5, label=f"l = {l}", zorder=3
            )
            self.lines[f"delta {l}"] = self.fast.add(f"delta {l}", line)
        delta.legend(frameon=False, loc="lower left", ncols=3, handlelength=1.4, columnspacing=0.7)
        for name, axes in (("cost", cost), ("accuracy", accuracy), ("delta", delta)):
            self.fast.add(f"now {name}", axes.axvline(0, color="#444444", lw=1, ls=":", zorder=3))

    def png(self, history: History, epoch: int) -> bytes:
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
        for name in ("cost", "accuracy", "delta"):
            self.fast[f"now {name}"].set_xdata([epoch, epoch])
        return self.fast.png()


def iris_lab() -> Scene:
    """Cost, accuracy and errors while a net learns three kinds of iris; every control may be moved."""
    runs, figure = _Runs(), _Figure()

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
        net = Network(specification(list(sizes), activation, cost)).with_parameters(
            history.parameters[at]  # type: ignore[index]
        )
        held_cost, held_accuracy = history.held_out_cost, history.held_out_accuracy
        assert held_cost is not None and held_accuracy is not None
        norms = {l: float(history.delta_norm(l)[at]) for l in history.delta}
        arrow = "-".join(str(n) for n in net.sizes)
        sentence = (
            f"A {arrow} net after {at} epochs: training cost {number(history.cost[at])}, "
            f"{round(45 * held_accuracy[at])} of 45 held-out flowers right."
        )
        if history.diverged_at is not None:
            sentence += f" The run diverged in epoch {history.diverged_at}; this is the last finite state."
        ratio = norms[1] / norms[net.L] if norms[net.L] else 0.0
        if layers:
            sentence += f" ‖δ¹‖ is {number(ratio, 2)} times ‖δᴸ‖."
        rows: list[list[object]] = [
            ["quantity", "value"],
            ["training cost", float(history.cost[at])],
            ["held-out cost", float(held_cost[at])],
            ["training accuracy", float(history.accuracy[at])],
            ["held-out accuracy", float(held_accuracy[at])],
            *([f"‖δ‖ of layer {l}", norms[l]] for l in norms),
        ]
        name = "cross_entropy" if cost == "cross-entropy" else "quadratic"
        code = (
            f"train(Network({specification(list(sizes), activation, cost)}, seed={seed}), training_set, "
            f'"{name}", learning_rate={eta:g}, epochs={max(at, 1)}, batch_size={batch or 105}, seed={seed})'
        )
        png = figure.png(history, at)
        alt = f"Three curves over the epochs: cost, accuracy, errors by layer. {sentence}"
        reading = f"The {arrow} net with its weights after {at} epochs."
        drawn = network_svg(net.sizes, weights=net.w, alt=reading)
        return View(image_html(png, alt, WIDTH, HEIGHT) + drawn, alt, sentence, rows, code)

    controls = {
        "layers": slider("Hidden layers", 1, 0, DEEPEST),
        **{f"size_{i}": slider(f"Neurons in layer {i}", 5, 1, 12) for i in range(1, DEEPEST + 1)},
        "activation": choice("Hidden activation", ["sigmoid", "tanh", "relu"]),
        "cost": choice("Cost", list(COSTS)),
        "eta": log_slider("Learning rate η", 3.0, 0.1, 30),
        "batch": choice("Batch", list(BATCHES.items()), 10),
        "seed": box("Seed", 0, 0, 999),
        "epoch": slider("Epoch", 200, 0, EPOCHS),
    }
    return Scene(controls, draw, play="epoch")
