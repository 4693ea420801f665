"""Depth: how the errors grow or shrink on their way back through a deep net, before any training."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.activations import HIDDEN
from backprop_lib.arguments import Array, natural_number, positive_integer
from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.canvas import FastFigure, logarithmic, styled
from backprop_lib.drawing.colors import HERE, INK, QUIET
from backprop_lib.drawing.named import named, symbols
from backprop_lib.drawing.net import superscript
from backprop_lib.drawing.svg import beside, number
from backprop_lib.equations import backprop
from backprop_lib.figures.scene import Scene, View, choice, living_line, slider
from backprop_lib.network import Network

DEEPEST, WIDTH_OF_A_LAYER = 8, 10
BAND = 10  # errors survive whose ratio is between 1/BAND and BAND
INITS = {"random, 1/√n": "random", "normal, 1": "normal", "Xavier": "xavier", "He": "he"}
WIDTH, HEIGHT = 480, 350


def error_norms(hidden_layers: int, activation: str, init: str, seeds: int) -> Array:
    """‖δ^l‖ / ‖δ^L‖ of every layer l = 1 … L for each seed, shape (seeds, L).

    NaN for a net whose outputs are so far out that σ′ is 0 in the computer: then every error is 0.
    """
    natural_number("hidden_layers", hidden_layers), positive_integer("seeds", seeds)
    train, _ = standardize(*split(load_iris()))
    x, y = train.columns()
    layers = [("identity", 4), *[(activation, WIDTH_OF_A_LAYER)] * hidden_layers, ("sigmoid", 3)]
    norms = np.empty((seeds, hidden_layers + 1))
    for seed in range(seeds):
        delta = backprop(Network(layers, init, seed), x, y).delta
        norms[seed] = [np.linalg.norm(delta[l]) for l in range(1, hidden_layers + 2)]
    with np.errstate(invalid="ignore"):
        return norms / norms[:, -1:]


def trend(ratio: float) -> str:
    """What becomes of the errors on their way back, from ‖δ¹‖ / ‖δᴸ‖."""
    return "vanish" if ratio < 1 / BAND else "explode" if ratio > BAND else "survive"


def depth() -> Scene:
    """‖δ^l‖ from the last layer back, on a logarithmic scale: the median over seeds, in the band of all."""
    fast = FastFigure(WIDTH, HEIGHT)
    axes = styled(fast.figure.add_subplot(), "Size of the errors by layer", "layer l", "‖δˡ‖ / ‖δᴸ‖")
    logarithmic(axes, "y")
    axes.set(xlim=(0.7, DEEPEST + 1.3), ylim=(1e-6, 1e5))
    axes.axhline(1, color=QUIET, lw=1, ls=":")
    band = fast.add(
        "band",
        axes.fill_between([1, 2], [1, 1], [1, 1], color=INK, alpha=0.2, lw=0, zorder=2, label="all nets"),
    )
    median = fast.line("median", axes, "s-", color=INK, lw=2, ms=5, zorder=3, label="median net")
    reached = fast.line("reached", axes, "o", mfc=HERE, mec=INK, mew=1.4, ms=10, zorder=4)
    axes.legend(frameon=False, fontsize=9.5, loc="lower right")

    def draw(layers: int, activation: str, init: str, seeds: int, back: int) -> View:
        norms = error_norms(layers, activation, init, seeds)
        norms = norms[np.isfinite(norms).all(axis=1)]
        first = layers + 1 - back  # the layer that the errors have reached
        l = np.arange(first, layers + 2)
        middle = np.median(norms, axis=0)
        least, most = norms.min(axis=0), norms.max(axis=0)
        median.set_data(l, middle[l - 1])
        edge = np.r_[least[l - 1], most[l[::-1] - 1]]
        band.set_verts([np.column_stack([np.r_[l, l[::-1]], edge])])
        reached.set_data([first], [middle[first - 1]])
        kind = init.capitalize() if init in ("xavier", "he") else init
        nets = f"median of {len(norms)} nets" if seeds > 1 else "one net"
        if len(norms) < seeds:
            nets += f"; in {seeds - len(norms)} more all errors are 0"
        sentence = f"{layers} hidden layer{'s' * (layers > 1)} of {activation}, {kind} weights ({nets}): "
        if back:
            sentence += f"‖δ{superscript(first)}‖ is {number(middle[first - 1], 2)} times ‖δᴸ‖; the errors "
            come = f"have come {back} layer{'s' * (back > 1)} back."
            sentence += come if first > 1 else f"{trend(middle[0])} on their way back."
        else:
            sentence += f"the errors begin, with δ{superscript(first)}."
        rows: list[list[object]] = [["layer", "smallest", "median", "largest"]]
        rows += [[i + 1, *(number(v[i], 2) for v in (least, middle, most))] for i in range(layers + 1)]
        alt = (
            "One point for each layer, from the output back to the layer that is reached, in a band of all "
            f"nets. {sentence}"
        )
        here, above = superscript(first), superscript(first + 1)
        equation = f"δ{here} = (w{above})ᵀ δ{above} ⊙ σ′(z{here})"
        line = f"(w[{first + 1}].T @ delta[{first + 1}])"
        if not back:
            equation, line = f"δ{here} = (a{here} − y) ⊙ σ′(z{here})", f"(a[{first}] - y)"
        code = (
            "import numpy as np\n"
            "from backprop_lib.figures.depth import error_norms\n"
            f"# in each net: delta[{first}] = {line} * sigma[{first}].prime(z[{first}])\n"
            f'norms = error_norms({layers}, "{activation}", "{init}", {seeds})\n'
            "np.column_stack([of(norms, axis=0) for of in (np.nanmin, np.nanmedian, np.nanmax)])"
        )
        sizes, parts = list[str](), list[tuple[Any, ...]]()
        for i in l[::-1].tolist():
            size, point, names = number(middle[i - 1], 2), (i, middle[i - 1]), (f"norm.{i}", f"delta.{i}")
            sizes.append(f"{named(f'‖δ{superscript(i)}‖', *names)}: {named(size, *names)}")
            there = " ".join((*names, *(f"{kind}.{i}" for kind in ("a", "y", "z", "prime"))))
            parts.append((there, axes, point, 24))
            if i <= layers:  # on the way from the layer above
                parts.insert(0, (f"w.{i + 1}", axes, (*point, i + 1, middle[i]), 14))
        lines = symbols(equation, layers + 1), "", "‖δˡ‖ / ‖δᴸ‖, median:", *sizes
        html = beside(fast.html(alt, parts=parts), living_line(*lines))
        return View(html, alt, sentence, rows, code, names={"norms": "norm delta", "y": f"y.{first}"})

    controls = {
        "layers": slider("Hidden layers", 8, 1, DEEPEST),
        "activation": choice("Activation", HIDDEN, "sigmoid"),
        "init": choice("Initialization", INITS),
        "seeds": slider("Nets", 10, 1, 30),
        "back": slider("Layers back", 8, 0, DEEPEST),
    }

    def follow(change: object) -> None:
        """The errors have gone back all the way, however many layers there are."""
        controls["back"].max = controls["back"].value = controls["layers"].value

    controls["layers"].observe(follow, "value")
    return Scene(controls, draw, play="back", interval=400, living=True)
