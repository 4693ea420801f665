"""Logits: move the z of a softmax layer, and see the probabilities, the cost and the error p − y."""

from __future__ import annotations

import numpy as np

from backprop_lib.activations import activation
from backprop_lib.arguments import Array
from backprop_lib.costs import cost
from backprop_lib.drawing.plots import LINE_COLORS, FastFigure, image_html, styled
from backprop_lib.drawing.svg import number
from backprop_lib.equations import output_error_through_jacobian
from backprop_lib.figures.scene import Scene, View, choice, slider

WIDTH, HEIGHT = 760, 310


def numbers_of_logits(z: list[float], target: int) -> Array:
    """One row an output: z, p, the error p − y of the cross-entropy, and Jᵀ∇C of the quadratic cost."""
    softmax, column, y = activation("softmax"), np.array(z).reshape(3, 1), np.eye(3)[:, [target]]
    p, jacobian = softmax(column), softmax.jacobian(column)  # type: ignore[attr-defined]
    return np.hstack(
        [column, p, p - y, output_error_through_jacobian(cost("quadratic").prime(p, y), jacobian)]
    )


def logits() -> Scene:
    """Three logits and a target: probabilities, cross-entropy, and the error for two costs."""
    from_z = cost("cross_entropy").from_z
    assert from_z is not None
    fast = FastFigure(WIDTH, HEIGHT)
    left, right = fast.figure.subplots(1, 2)
    styled(left, "Probabilities p", "output", "")
    left.set_ylim(0, 1.08)
    styled(right, "Error δ of each output", "output", "")
    right.set_ylim(-1.1, 1.55)  # with room for the legend above the tallest bar
    right.set_yticks([-1, -0.5, 0, 0.5, 1])
    right.axhline(0, color="#444444", lw=0.8)
    for axes in (left, right):
        axes.set_xlim(-0.6, 2.6)
        axes.set_xticks([0, 1, 2], ["0", "1", "2"])
    bars = [
        fast.add(f"p {j}", bar)
        for j, bar in enumerate(left.bar(range(3), [0] * 3, 0.6, color=LINE_COLORS[0]))
    ]
    errors = {
        name: [
            fast.add(f"{name} {j}", bar)
            for j, bar in enumerate(
                right.bar(np.arange(3) + offset, [0] * 3, 0.34, color=color, hatch=hatch, label=name)
            )
        ]
        for name, offset, color, hatch in (
            ("cross-entropy", -0.18, LINE_COLORS[0], ""),
            ("quadratic", 0.18, LINE_COLORS[1], "//"),
        )
    }
    right.legend(frameon=False, loc="upper left", ncols=2, fontsize=9.5)
    for artist in [*bars, *(bar for group in errors.values() for bar in group)]:
        artist.set_zorder(3)

    def draw(z_0: float, z_1: float, z_2: float, target: int) -> View:
        z, p, of_entropy, of_quadratic = numbers_of_logits([z_0, z_1, z_2], target).T
        delta = {"cross-entropy": of_entropy, "quadratic": of_quadratic}
        for j in range(3):
            bars[j].set_height(float(p[j]))
            for name, group in errors.items():
                group[j].set_height(float(delta[name][j]))
        price = float(from_z(z[:, None], np.eye(3)[:, [target]])[0])
        sentence = (
            f"Class {target} is right and was given the probability {number(float(p[target]))}: "
            f"the cross-entropy charges {number(price)}, and its error there is "
            f"{number(float(delta['cross-entropy'][target]))}; the quadratic cost's is "
            f"{number(float(delta['quadratic'][target]))}."
        )
        rows: list[list[object]] = [["output", "z", "p", "p − y", "Jᵀ∇C of the quadratic cost"]]
        rows += [
            [j, *(number(float(v)) for v in (z[j], p[j], *(d[j] for d in delta.values())))] for j in range(3)
        ]
        png = fast.png()
        alt = f"Bars for three probabilities and for their errors under two costs. {sentence}"
        code = (
            "from backprop_lib.figures.logits import numbers_of_logits\n"
            f"numbers_of_logits({[z_0, z_1, z_2]}, target={target})"
        )
        return View(image_html(png, alt, WIDTH, HEIGHT), alt, sentence, rows, code)

    controls = {
        **{f"z_{j}": slider(f"z of output {j}", float(j) + 1, -10.0, 10.0, 0.25) for j in range(3)},
        "target": choice("Right class", [0, 1, 2]),
    }
    return Scene(controls, draw)
