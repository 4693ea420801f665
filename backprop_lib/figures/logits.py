"""Logits: move the z of a softmax layer, and see the probabilities, the cost and the error p − y."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.activations import activation
from backprop_lib.costs import cost
from backprop_lib.drawing.canvas import FastFigure, styled
from backprop_lib.drawing.colors import INK, LINE_COLORS, QUIET, RIGHT
from backprop_lib.drawing.named import equation
from backprop_lib.drawing.net import subscript
from backprop_lib.drawing.svg import beside_difference, number
from backprop_lib.equations import output_error_through_jacobian
from backprop_lib.figures.scene import Scene, View, choice, living_line, slider

WIDTH, HEIGHT = 480, 330
ASIDE = 0.37  # from the middle of a bar to the marks of its target
NAMES = {"z": "z.L", "p": "p.L", "y": "y.L", "delta": "delta.L", "of_quadratic": "jacobian.L"}
SYMBOLS = ("z", "p", "y", "δ", "(Jᵀ∇C)")


def logits() -> Scene:
    """Three logits and a target: probabilities, cross-entropy, and the error for two costs."""
    from_z = cost("cross_entropy").from_z
    assert from_z is not None
    softmax: Any = activation("softmax")
    fast = FastFigure(WIDTH, HEIGHT, panes=2)
    left, right = (pane.subplots() for pane in fast.panes)
    # With room above the tallest bar for the numbers, the words and the legend, and for the mark below.
    styled(left, "Probabilities p", "output").set(ylim=(0, 1.6), yticks=[0, 0.25, 0.5, 0.75, 1])
    styled(right, "Error δ of each output", "output").set(ylim=(-1.35, 1.55), yticks=[-1, -0.5, 0, 0.5, 1])
    right.axhline(0, color=QUIET, lw=0.8)
    for axes in (left, right):
        axes.set(xlim=(-0.6, 2.6), xticks=[0, 1, 2])
    quiet: dict[str, Any] = {"color": QUIET, "zorder": 3}
    bars = [fast.add(f"p {j}", bar) for j, bar in enumerate(left.bar(range(3), [0] * 3, 0.6, **quiet))]
    middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9.5}
    shares = [fast.add(f"share {j}", left.text(j, 0, "", color=INK, **middle)) for j in range(3)]
    zs = [fast.add(f"z {j}", left.text(j, 1.23, "", color=INK, **middle)) for j in range(3)]
    marks = [
        [
            fast.add(f"right {side} {j}", axes.text(j, y, "", color=RIGHT, **middle), seldom=True)
            for j in range(3)
        ]
        for side, axes, y in (("p", left, 1.37), ("δ", right, -1.22))
    ]
    costs = [fast.add(f"C {j}", left.text(j, 1.51, "", color=INK, **middle)) for j in range(3)]
    pointers = [
        fast.line(f"target {marker}", left, marker, ms=7, color=INK, clip_on=False) for marker in "><"
    ]
    above: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.3}
    legend = left.legend(pointers[:1], ["target y"], frameon=False, fontsize=9.5, handlelength=1, **above)
    legend.set_in_layout(False)
    errors = {
        name: [
            fast.add(f"{name} {j}", bar)
            for j, bar in enumerate(
                right.bar(np.arange(3) + offset, [0] * 3, 0.34, label=name, zorder=3, **style)
            )
        ]
        for name, offset, style in (
            ("cross-entropy", -0.18, {"color": LINE_COLORS[0], "hatch": ""}),
            ("quadratic", 0.18, {"color": LINE_COLORS[1], "hatch": "//"}),
        )
    }
    right.legend(frameon=False, loc="upper left", ncols=2, fontsize=9.5)

    def draw(z_0: float, z_1: float, z_2: float, target: int) -> View:
        column, y = np.array([[z_0], [z_1], [z_2]]), np.eye(3)[:, [target]]
        answer = softmax(column)
        slopes = cost("quadratic").prime(answer, y)
        of_quadratic = output_error_through_jacobian(slopes, softmax.jacobian(column))
        z, p = column[:, 0], answer[:, 0]
        delta = {"cross-entropy": (answer - y)[:, 0], "quadratic": of_quadratic[:, 0]}
        for j in range(3):
            bars[j].set(height=float(p[j]), color=RIGHT if j == target else QUIET)
            shares[j].set(text=number(float(p[j])), y=float(p[j]) + 0.06)
            zs[j].set_text(f"z = {number(float(z[j]))}")
            for side in marks:
                side[j].set_text("right class" if j == target else "")
            costs[j].set_text("")
            for name, group in errors.items():
                group[j].set_height(float(delta[name][j]))
        price = float(from_z(column, y)[0])
        costs[target].set_text(f"C = {number(price)}")
        for pointer, way in zip(pointers, (-1, 1), strict=True):
            pointer.set_data(np.arange(3) + way * ASIDE, y[:, 0])
        sentence = (
            f"Class {target} is right and was given the probability {number(float(p[target]))}: "
            f"the cross-entropy charges {number(price)}, and its error there is "
            f"{number(float(delta['cross-entropy'][target]))}; the quadratic cost's is "
            f"{number(float(delta['quadratic'][target]))}."
        )
        rows: list[list[object]] = [["output", "z", "p", "p − y", "Jᵀ∇C of the quadratic cost"]]
        # p with the decimals of p − y
        shown = [beside_difference(float(p[j]), float(delta["cross-entropy"][j])) for j in range(3)]
        rows += [
            [j, number(float(z[j])), shown[j], *(number(float(d[j])) for d in delta.values())]
            for j in range(3)
        ]
        alt = (
            "Bars for three probabilities, each beside its target, and for their errors under two costs, "
            "the right class marked with its cost. "
            f"{sentence}"
        )
        code = (
            "import numpy as np\n"
            "from backprop_lib import activation, cost, output_error_through_jacobian\n"
            'softmax, quadratic = activation("softmax"), cost("quadratic")\n'
            f"z, y = np.array([[{z_0}], [{z_1}], [{z_2}]]), np.eye(3)[:, [{target}]]\n"
            "p = softmax(z)\n"
            f"C, delta = -np.log(p[{target}]), p - y\n"
            "of_quadratic = output_error_through_jacobian(quadratic.prime(p, y), softmax.jacobian(z))\n"
            "np.hstack([z, p, delta, of_quadratic])"
        )
        names, numbers, lines = {"Σₖ": "z.L", "zₖ": "z.L", "C": "C"}, {"C": number(price)}, list[str]()
        parts: list[tuple[Any, ...]] = [("C", left, (target - 0.3, 1.51, target + 0.3, 1.51), 22)]
        for j, at in enumerate(map(subscript, range(3))):
            here = {f"{kind}{at}": f"{name}.{j}" for kind, name in zip(SYMBOLS, NAMES.values(), strict=True)}
            values = (z[j], p[j], y[j, 0], *(d[j] for d in delta.values()))
            names |= here
            numbers |= {symbol: number(float(v)) for symbol, v in zip(here, values, strict=True)}
            numbers[f"p{at}"] = shown[j]
            lines.append(
                f"z{at} = {{z{at}}},  p{at} = exp(z{at}) / Σₖ exp(zₖ) = {{p{at}}},  "
                f"δ{at} = p{at} − y{at} = {{p{at}}} − {{y{at}}} = {{δ{at}}},  (Jᵀ∇C){at} = {{(Jᵀ∇C){at}}}"
            )
            for x in (j - ASIDE, j + ASIDE):
                parts.append((f"y.L.{j}", left, (x, y[j, 0]), 18))
            places: list[tuple[Any, ...]] = [
                (left, (j - 0.2, 1.23, j + 0.2, 1.23), 22),
                (left, (j, 0, j, p[j]), 79),
                (left, (j - 0.3, 1.37, j + 0.3, 1.37), 22),
                (right, (j - 0.18, 0, j - 0.18, delta["cross-entropy"][j]), 45),
                (right, (j + 0.18, 0, j + 0.18, delta["quadratic"][j]), 45),
            ]
            parts += [(name, *place) for name, place in zip(here.values(), places, strict=True)]
            if j != target:  # which has no words above
                del parts[-3]
        t = subscript(target)
        lines.append(f"C = −ln p{t} = {{C}}")
        of_errors = "Bars for the errors under two costs. " + sentence.partition(": ")[2]
        html = fast.html(alt, of_errors, parts=parts)
        html += living_line(*(equation(line, names, numbers) for line in lines))
        return View(html, alt, sentence, rows, code, names=NAMES | {"C": "C"})

    controls = {
        **{f"z_{j}": slider(f"z of output {j}", float(j) + 1, -10.0, 10.0, 0.25) for j in range(3)},
        "target": choice("Right class", [0, 1, 2]),
    }
    return Scene(controls, draw, living=True)
