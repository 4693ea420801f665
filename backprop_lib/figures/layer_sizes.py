"""Layer sizes: choose them, and see the net, its shapes and the number of its parameters."""

from __future__ import annotations

from backprop_lib.drawing.named import equation, named
from backprop_lib.drawing.net import NARROW, network_svg, subscript, superscript
from backprop_lib.drawing.svg import enlarged
from backprop_lib.figures.scene import Scene, View, living_line, slider
from backprop_lib.network import Network

MOST, CANVAS = 12, (NARROW, 432)  # for the largest net as for the smallest, and for a phone


def counted(net: Network) -> list[str]:
    """How many weights and biases each layer has, and why: lines of named HTML."""
    lines = []
    for l in range(1, net.L + 1):
        w, b = (f"{kind}{superscript(l)}" for kind in "wb")
        n, before = (f"n{subscript(layer)}" for layer in (l, l - 1))
        names, (rows, columns) = {w: f"w.{l}", b: f"b.{l}", n: f"n.{l}", before: f"n.{l - 1}"}, net.w[l].shape
        weights = f"{rows * columns} weight{'s' * (rows * columns > 1)}"
        numbers = {w: weights, b: f"{rows} bias{'es' * (rows > 1)}", n: str(rows), before: str(columns)}
        for line in (f"{w}: {n} · {before} = {{{n}}} · {{{before}}} = {{{w}}}", f"{b}: {n} = {{{b}}}"):
            lines.append(equation(line, names, numbers))
    return lines


def layer_sizes() -> Scene:
    """The net that a list of sizes describes, with the shape of every matrix."""

    def draw(inputs: int, hidden: int, size_1: int, size_2: int, size_3: int, outputs: int) -> View:
        sizes = [inputs, *(size_1, size_2, size_3)[:hidden], outputs]
        kinds = ["identity", *["sigmoid"] * (len(sizes) - 1)]
        net = Network(list(zip(kinds, sizes, strict=True)))
        rows: list[list[object]] = [["layer", "weights", "biases", "numbers to learn"]]
        for l in range(1, net.L + 1):
            count = net.w[l].size + net.b[l].size
            shapes = [f"{a.shape[0]}×{a.shape[1]}" for a in (net.w[l], net.b[l])]
            rows.append([l, f"w{superscript(l)} {shapes[0]}", f"b{superscript(l)} {shapes[1]}", count])
        rows.append(["all", "", "", net.theta.size])
        shape = "-".join(map(str, sizes))
        sums = " + ".join(str(row[3]) for row in rows[1:-1])
        total = f"{sums} = {net.theta.size}" if net.L > 1 else str(net.theta.size)
        sentence = f"A {shape} net has {total} weights and biases."
        alt = f"A net drawn from left to right. {sentence}"
        layers = ", ".join(f'("{kind}", n[{l}])' for l, kind in enumerate(kinds))
        code = (
            "from backprop_lib.network import Network\n"
            f"n = {sizes}\n"
            f"net = Network([{layers}], seed=0)\n"
            "[*(net.w[l].size + net.b[l].size for l in net.w), net.theta.size]"
        )
        idle = frozenset(f"size_{l}" for l in range(hidden + 1, 4))
        names = ["inputs", *(f"size_{l}" for l in range(1, net.L)), "outputs"]
        buttons = {l: (name, 1, MOST) for l, name in enumerate(names)}
        drawn = network_svg(sizes, weights=net.w, alt=alt, canvas=CANVAS, buttons=buttons)
        together = named(f"{net.theta.size} numbers", "w", "b")
        said = living_line(*counted(net), f"together: {together}", most=9)
        names_of = {"w": "w", "b": "b", "theta": "w b"}
        html = enlarged(drawn, 1.25) + said
        return View(html, alt, sentence, rows, code, idle=idle, names=names_of, aside=said)

    controls = {
        "inputs": slider("Inputs", 4, 1, MOST),
        "hidden": slider("Hidden layers", 1, 0, 3),
        **{f"size_{l}": slider(f"Neurons in layer {l}", 5, 1, MOST) for l in (1, 2, 3)},
        "outputs": slider("Outputs", 3, 1, MOST),
    }
    return Scene(controls, draw, living=True)
