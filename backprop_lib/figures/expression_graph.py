"""The expression graph of one neuron and its cost, walked back one operation at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from backprop_lib.drawing.named import equation
from backprop_lib.drawing.net import graph_svg
from backprop_lib.drawing.svg import enlarged, factor, number
from backprop_lib.figures.scene import Scene, View, living_line, slider
from backprop_lib.other_ways.autodiff import Value, topological_order

OPERATIONS = ("p = w x", "z = p + b", "a = σ(z)", "d = a − y", "q = d · d", "C = ½ q")
IN_PYTHON = ("p = w * x", "z = p + b", "a = z.sigmoid()", "d = a - y", "q = d * d", "C = half * q")
ROWS = ("wx", "pb", "z", "ay", "d", "q½", "C")  # of boxes, from the top
PLACES = {name: (column, row) for row, names in enumerate(ROWS) for column, name in enumerate(names)}
LINES = 17  # of the code after the last step
# Of the backward pass: nodes, and what they hand on to which operands.
Steps = Sequence[tuple[Value, list[tuple[Value, float]]]]


def neuron_cost(x: float, w: float, b: float, y: float) -> Value:
    """C = ½ d · d with d = σ(wx + b) − y, as an expression graph with named nodes; d is used twice."""

    def called(label: str, node: Value) -> Value:
        node.label = label
        return node

    p = called("p", Value(w, "w") * Value(x, "x"))
    a = called("a", called("z", p + Value(b, "b")).sigmoid())
    d = called("d", a - Value(y, "y"))
    return called("C", Value(0.5, "½") * called("q", d * d))


def walk_back(cost: Value, taken: Steps) -> tuple[list[dict[str, Any]], set[str], str]:
    """The nodes after these steps of the backward pass, those of the last step, and what it did."""
    reached: set[str] = set()
    lit: set[str] = set()
    said = "Forward only: every node has its value, and no slope yet."
    for node, contributions in taken:
        lit = {node.label, *(parent.label for parent, _ in contributions)}
        reached |= lit
        parts = [
            f"{parent.label} gets {number(node.grad)} × {factor(slope)} = {number(given)}"
            for (parent, given), slope in zip(contributions, node.slopes, strict=True)
        ]
        said = f"Node {node.label}: {'; '.join(parts)}."
        if len({id(parent) for parent, _ in contributions}) < len(contributions):
            said += f" Both roads add up to {number(sum(given for _, given in contributions))}."
    titles = {operation[0]: operation for operation in OPERATIONS}
    nodes = [
        {
            "id": node.label,
            "at": PLACES[node.label],
            "label": titles.get(node.label, node.label),
            "op": node.op,
            "data": node.data,
            "grad": node.grad if node.label in reached else None,
            "parents": [parent.label for parent in node.parents],
        }
        for node in topological_order(cost)
    ]
    return nodes, lit, said


def in_symbols(cost: Value, taken: Steps) -> tuple[list[str], list[str]]:
    """Every operation with its local derivatives, and what the last step hands on, as named HTML."""
    order = topological_order(cost)
    names = {node.label: node.label for node in order}
    names |= {f"∂C/∂{node.label}": f"grad.{node.label}" for node in order}
    last, handed = (taken[-1][0], []) if taken else (None, ["∂C/∂C = {∂C/∂C}"])
    numbers, operations = {"∂C/∂C": "1"}, []
    for node, operation in zip((node for node in order if node.parents), OPERATIONS, strict=True):
        whole, local = f"∂C/∂{node.label}", []
        for parent, slope in dict(zip(node.parents, node.slopes, strict=True)).items():
            part, end = f"∂{node.label}/∂{parent.label}", f"∂C/∂{parent.label}"
            names[part] = f"slope.{node.label}.{parent.label} {names.get(part, '')}".strip()
            numbers[part] = number(slope)
            local.append(f"{part} = {{{part}}}")
            if node is last:
                numbers |= {whole: number(node.grad), end: number(parent.grad)}
                factor_of = f"({{{part}}})" if slope < 0 else f"{{{part}}}"
                road = f"{whole} · {part}", f"{{{whole}}} · {factor_of}"
                roads = (" + ".join([each] * node.parents.count(parent)) for each in road)
                handed.append(" = ".join([end, *roads, f"{{{end}}}"]))
        twice = " for each d" if len(local) < len(node.parents) else ""
        operations.append(f"{operation}:  {', '.join(local)}{twice}")
    local = [equation(line, names, numbers) for line in operations]
    return local, [equation(line, names, numbers) for line in handed]


def in_code(cost: Value, taken: Steps) -> tuple[str, dict[str, str]]:
    """The walk in Python, line by line as in symbols, and what its variables are."""

    def variable(label: str) -> str:
        return "half" if label == "½" else label

    def slope(of: Value, by: Value) -> str:
        return f"d{variable(of.label)}_d{variable(by.label)}"

    order = topological_order(cost)
    names = {variable(node.label): node.label for node in order}
    names |= {slope(cost, node): f"grad.{node.label}" for node in order}
    given = {variable(node.label): f"{node.data:g}" for node in order if not node.parents}
    lines = [
        "from backprop_lib.other_ways.autodiff import Value",
        f"{', '.join(given)} = map(Value, ({', '.join(given.values())}))",
    ]
    for node, operation in zip((node for node in order if node.parents), IN_PYTHON, strict=True):
        local = ["_"] * len(node.parents)
        for i, parent in enumerate(node.parents):
            if parent not in node.parents[:i]:
                local[i] = slope(node, parent)
                whole = f" grad.{parent.label}" if node is cost else ""
                names[local[i]] = f"slope.{node.label}.{parent.label}{whole}"
        left = ", ".join(local) if len(local) > 1 else f"({local[0]},)"
        lines.append(f"{operation + ';':<16} {left} = {variable(node.label)}.slopes")
    found: set[Value] = set()
    for node, _ in taken:
        found |= {node, *node.parents}
        handed = []
        for parent in dict.fromkeys(node.parents):
            roads = [f"{slope(cost, node)} * {slope(node, parent)}"] * node.parents.count(parent)
            handed.append(f"{slope(cost, parent)} = {' + '.join(roads)}")
        # The local derivatives of the cost are the whole ones.
        lines.append(f"{slope(cost, cost)} = 1" if node is cost else "; ".join(handed))
    lines.append(f"values = [v.data for v in ({', '.join(variable(node.label) for node in order)})]")
    slopes = [slope(cost, node) if node in found else "None" for node in order]
    lines.append(f"[*zip(values, [{', '.join(slopes[:6])},")
    lines.append(f"{' ' * 15}{', '.join(slopes[6:])}])]")
    return "\n".join(lines), names


def expression_graph() -> Scene:
    """One neuron as an expression graph: choose its numbers, and walk the slopes back step by step."""
    longest = len(OPERATIONS)

    def draw(x: float, w: float, b: float, y: float, step: int) -> View:
        cost = neuron_cost(x, w, b, y)
        # A step takes a node that has operands: a leaf has nothing to hand on.
        handing_on = (each for each in cost.backward_steps() if each[1])
        taken = list(islice(handing_on, step))
        nodes, lit, said = walk_back(cost, taken)
        sentence = f"Step {step} of {longest}. {said}"
        if step == longest:
            by_w, by_b = (next(n["grad"] for n in nodes if n["id"] == name) for name in "wb")
            sentence += f" The walk is done: the slope of C by w is {number(by_w)}, by b {number(by_b)}."
        alt = f"An expression graph from x, w, b and y to the cost C = {number(cost.data)}. {sentence}"
        rows: list[list[object]] = [["node", "value", "slope of C by it"]]
        for node in nodes:
            grad = "not yet" if node["grad"] is None else number(node["grad"])
            rows.append([node["id"], number(node["data"]), grad])
        code, names = in_code(cost, taken)
        local, handed = in_symbols(cost, taken)
        said = living_line(*local, most=len(OPERATIONS)) + living_line(*handed, most=2)
        html = enlarged(graph_svg(nodes, lit, alt), 1.25) + said
        return View(html, alt, sentence, rows, code, names=names, aside=said)

    controls = {
        "x": slider("Input x", 1.0, -2.0, 2.0, 0.25),
        "w": slider("Weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider("Bias b", 2.0, -4.0, 4.0, 0.25),
        "y": slider("Target y", 0.0, 0.0, 1.0, 0.25),
        "step": slider("Steps back", 3, 0, longest),
    }
    return Scene(controls, draw, play="step", living=True, lines=LINES)
