"""The expression graph of one neuron and its cost, walked back one operation at a time."""

from __future__ import annotations

from itertools import islice
from typing import Any

from backprop_lib.drawing.net import graph_svg
from backprop_lib.drawing.svg import factor, number
from backprop_lib.figures.scene import Scene, View, slider
from backprop_lib.other_ways.autodiff import Value, topological_order


def neuron_cost(x: float, w: float, b: float, y: float) -> Value:
    """C = ½ d · d with d = σ(wx + b) − y, as an expression graph with named nodes; d is used twice."""
    inputs = {name: Value(value, name) for name, value in (("x", x), ("w", w), ("b", b), ("y", y))}
    z = inputs["w"] * inputs["x"] + inputs["b"]
    z.label = "z"
    a = z.sigmoid()
    a.label = "a"
    d = a - inputs["y"]
    d.label = "d"
    cost = 0.5 * (d * d)
    cost.label = "C"
    return cost


def walk_back(cost: Value, steps: int) -> tuple[list[dict[str, Any]], set[int], str]:
    """The nodes after so many steps of the backward pass, those of the last step, and what it did.

    A step takes a node that has operands: a leaf has nothing to hand on.
    """
    order = topological_order(cost)
    place = {id(node): i for i, node in enumerate(order)}
    names = [node.label or node.op or f"{node.data:g}" for node in order]
    reached: set[int] = set()
    lit: set[int] = set()
    said = "Forward only: every node has its value, and no slope yet."
    for node, contributions in list_of_steps(cost, steps):
        lit = {place[id(node)], *(place[id(parent)] for parent, _ in contributions)}
        reached |= lit
        parts = [
            f"{names[place[id(parent)]]} gets {number(node.grad)} × {factor(slope)} = {number(given)}"
            for (parent, given), slope in zip(contributions, node.slopes, strict=True)
        ]
        said = f"Node {names[place[id(node)]]}: {'; '.join(parts)}."
        if len({id(parent) for parent, _ in contributions}) < len(contributions):
            said += f" Both roads add up to {number(sum(given for _, given in contributions))}."
    nodes = [
        {
            "id": i,
            "label": names[i],
            "op": node.op,
            "data": node.data,
            "grad": node.grad if i in reached else None,
            "parents": [place[id(parent)] for parent in node.parents],
        }
        for i, node in enumerate(order)
    ]
    return nodes, lit, said


def list_of_steps(cost: Value, count: int) -> list[tuple[Value, list[tuple[Value, float]]]]:
    """The first steps of the backward pass that hand something on."""
    handing_on = (step for step in cost.backward_steps() if step[1])
    return list(islice(handing_on, count))


def expression_graph() -> Scene:
    """One neuron as an expression graph: choose its numbers, and walk the slopes back step by step."""
    longest = sum(bool(node.parents) for node in topological_order(neuron_cost(1.0, 2.0, 2.0, 0.0)))

    def draw(x: float, w: float, b: float, y: float, step: int) -> View:
        cost = neuron_cost(x, w, b, y)
        nodes, lit, said = walk_back(cost, step)
        sentence = f"Step {step} of {longest}. {said}"
        if step == longest:
            by_w, by_b = (next(n["grad"] for n in nodes if n["label"] == name) for name in "wb")
            sentence += f" The walk is done: the slope of C by w is {number(by_w)}, by b {number(by_b)}."
        alt = f"An expression graph from x, w, b and y to the cost C = {number(cost.data)}. {sentence}"
        rows: list[list[object]] = [["node", "value", "slope of C by it"]]
        for node in nodes:
            grad = "not yet" if node["grad"] is None else number(node["grad"])
            rows.append([node["label"], number(node["data"]), grad])
        code = (
            "from backprop_lib.figures.expression_graph import neuron_cost, walk_back\n"
            f"nodes, _, _ = walk_back(neuron_cost({x:g}, {w:g}, {b:g}, {y:g}), {step})\n"
            '[(node["data"], node["grad"]) for node in nodes]'
        )
        return View(graph_svg(nodes, lit, alt), alt, sentence, rows, code)

    controls = {
        "x": slider("Input x", 1.0, -2.0, 2.0, 0.25),
        "w": slider("Weight w", 2.0, -4.0, 4.0, 0.25),
        "b": slider("Bias b", 2.0, -4.0, 4.0, 0.25),
        "y": slider("Target y", 0.0, 0.0, 1.0, 0.25),
        "step": slider("Steps back", 3, 0, longest),
    }
    return Scene(controls, draw, play="step")
