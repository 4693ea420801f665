"""Depth: how large the errors are in each layer of a deep net, before any training."""

from __future__ import annotations

import numpy as np

from backprop_lib.activations import HIDDEN
from backprop_lib.arguments import Array
from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network

DEEPEST, WIDTH_OF_A_LAYER = 8, 10
BAND = 10  # errors survive whose ratio is between 1/BAND and BAND
INITS = {"random, 1/√n": "random", "normal, 1": "normal", "Xavier": "xavier", "He": "he"}
WIDTH, HEIGHT = 640, 350


def error_norms(hidden_layers: int, activation: str, init: str, seeds: int) -> Array:
    """‖δ^l‖ / ‖δ^L‖ of every layer l = 1 … L for each seed, shape (seeds, L)."""
    train, _ = standardize(*split(load_iris()))
    x, y = train.columns()
    layers = [("identity", 4), *[(activation, WIDTH_OF_A_LAYER)] * hidden_layers, ("sigmoid", 3)]
    norms = np.empty((seeds, hidden_layers + 1))
    for seed in range(seeds):
        delta = backprop(Network(layers, init, seed), x, y).delta
        norms[seed] = [np.linalg.norm(delta[l]) for l in range(1, hidden_layers + 2)]
    return norms / norms[:, -1:]


def trend(ratio: float) -> str:
    """What becomes of the errors on their way back, from ‖δ¹‖ / ‖δᴸ‖."""
    return "vanish" if ratio < 1 / BAND else "explode" if ratio > BAND else "survive"


def depth() -> Scene:
    """‖δ^l‖ by layer on a logarithmic scale, the median over seeds and the band of all of them."""
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(fast.figure.add_subplot(), "Size of the errors, layer by layer", "layer l", "‖δˡ‖ / ‖δᴸ‖")
    axes.set_yscale("log")
    axes.set_ylim(1e-9, 1e4)
    axes.set_xlim(0.7, DEEPEST + 1.3)
    axes.axhline(1, color="#999999", lw=1, ls=":")
    band = fast.add(
        "band",
        axes.fill_between(
            [1, 2], [1, 1], [1, 1], color=LINE_COLORS[0], alpha=0.2, lw=0, zorder=2, label="all nets"
        ),
    )
    median = fast.add(
        "median", axes.plot([], [], "o-", color=LINE_COLORS[0], lw=2, zorder=3, label="median net")[0]
    )
    axes.legend(frameon=False, fontsize=9.5, loc="lower right")

    def draw(layers: int, activation: str, init: str, seeds: int) -> View:
        norms = np.maximum(error_norms(layers, activation, init, seeds), 1e-30)
        l = np.arange(1, layers + 2)
        middle = np.median(norms, axis=0)
        least, most = norms.min(axis=0), norms.max(axis=0)
        median.set_data(l, middle)
        band.set_verts([np.column_stack([np.r_[l, l[::-1]], np.r_[least, most[::-1]]])])
        kind = init.capitalize() if init in ("xavier", "he") else init
        nets = f"median of {seeds} nets" if seeds > 1 else "one net"
        sentence = (
            f"{layers} hidden layer{'s' * (layers > 1)} of {activation}, {kind} weights: "
            f"‖δ¹‖ is {number(middle[0], 2)} times ‖δᴸ‖ ({nets}): "
            f"the errors {trend(middle[0])} on their way back."
        )
        rows: list[list[object]] = [["layer", "smallest", "median", "largest"]]
        rows += [[int(i), *(number(v, 2) for v in (least[i - 1], middle[i - 1], most[i - 1]))] for i in l]
        png = fast.png()
        alt = f"One point for each layer, from the first to the output, in a band of all nets. {sentence}"
        code = (
            "import numpy as np\n"
            "from backprop_lib.figures.depth import error_norms\n"
            f'norms = error_norms({layers}, "{activation}", "{init}", {seeds})\n'
            "np.column_stack([norms.min(axis=0), np.median(norms, axis=0), norms.max(axis=0)])"
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        "layers": slider("Hidden layers", 8, 1, DEEPEST),
        "activation": choice("Activation", HIDDEN, "sigmoid"),
        "init": choice("Initialization", list(INITS.items())),
        "seeds": slider("Nets", 10, 1, 30),
    }
    return Scene(controls, draw)
