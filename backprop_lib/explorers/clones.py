"""Clones: what becomes of hidden neurons that begin alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import Array
from backprop_lib.data import load_iris, split, standardize, xor
from backprop_lib.explorers.scene import Scene, View, choice, slider
from backprop_lib.network import Network
from backprop_lib.plots import DIVERGING, LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.svg import number
from backprop_lib.training import History, train

EPOCHS = 100  # round-off breaks the tie later, and differently on every machine
STARTS = ("constant", "zeros", "nearly constant", "random")
WIDTH, HEIGHT = 820, 330


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


def clones() -> Scene:
    """The rows of the hidden weights side by side, their spread, and the cost, epoch by epoch."""
    kept: dict[tuple[str, int, str], tuple[Network, History]] = {}
    fast = FastFigure(WIDTH, HEIGHT)
    left, right = fast.figure.subplots(1, 2, width_ratios=[1.1, 1])
    styled(left, "Weights into each hidden neuron", "from input k", "hidden neuron j", grid=False)
    picture = fast.add(
        "rows", left.imshow(np.zeros((2, 2)), cmap=DIVERGING, vmin=-6, vmax=6, aspect="auto", zorder=3)
    )
    fast.figure.colorbar(picture, ax=left, label="weight (colors end at ±6)")
    left.set_xticks([])
    left.set_yticks([])
    styled(right, "Cost", "epoch")
    right.set_xlim(0, EPOCHS)
    right.set_ylim(0, 1.2)
    line = fast.add("cost", right.plot([], [], color=LINE_COLORS[0], lw=1.8, zorder=3)[0])
    now = fast.add("now", right.axvline(0, color="#444444", ls=":", lw=1, zorder=3))

    def draw(start: str, hidden: int, data: str, epoch: int) -> View:
        key = (start, hidden, data)
        if key not in kept:
            kept[key] = clone_run(*key)
        net, history = kept[key]
        assert history.parameters is not None
        state = net.with_parameters(history.parameters[epoch])
        w = state.w[1]
        picture.set_data(w)
        picture.set_extent((-0.5, w.shape[1] - 0.5, hidden - 0.5, -0.5))
        left.set_xlim(-0.5, w.shape[1] - 0.5)
        left.set_ylim(hidden - 0.5, -0.5)
        line.set_data(np.arange(len(history.cost)), history.cost)
        now.set_xdata([epoch, epoch])
        far = spread(w)
        alike = far < 1e-9
        verdict = (
            "The hidden neurons are clones: their rows differ by less than 1e-9."
            if alike
            else f"The rows differ by up to {number(far, 2)}."
        )
        sentence = f"{data}, {start} start, epoch {epoch}: cost {number(history.cost[epoch], 2)}. {verdict}"
        rows: list[list[object]] = [["hidden neuron", *(f"from input {k}" for k in range(w.shape[1]))]]
        rows += [[j, *(number(v, 2) for v in w[j])] for j in range(hidden)]
        png = fast.png()
        alt = f"The {hidden} rows of hidden weights as colors, and the curve of the cost. {sentence}"
        code = f'net, history = clone_run("{start}", {hidden}, "{data}"); spread(net.w[1])'
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "start": choice("Start", list(STARTS)),
        "hidden": slider("Hidden neurons", 4, 2, 8),
        "data": choice("Data", ["iris", "XOR"]),
        "epoch": slider("Epoch", EPOCHS, 0, EPOCHS),
    }
    return Scene(controls, draw, play="epoch")
