"""What every figure should show in a state, computed anew from the equations: numpy, no code of the package.

From the package come the flowers, the wrong gradients of the puzzles, and how a number is written; and from
the graph of neurons, which no figure uses for its net of matrices, an activation that is not written here.
`EXPECTED` has one function a figure, from the values of its controls to an `Expected`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_lib.data import load_iris
from backprop_lib.drawing.colors import QUIET, RIGHT
from backprop_lib.drawing.svg import factor, number, told_apart
from backprop_lib.other_ways import neurons

Values = Mapping[str, Any]
IRIS = load_iris()


@dataclass(frozen=True)
class Rounded:
    """A number as the figure writes it: rounded to so many digits, known to this relative accuracy."""

    value: float
    digits: int = 3
    slack: float = 1e-8


@dataclass(frozen=True)
class Between:
    """A number of which two bounds are known."""

    low: float
    high: float


@dataclass
class Expected:
    """The numbers of a state, in the order in which the figure says them; None stands for any number.

    said     the whole sentence, or the forms it may take; every number in it counts as any other: "#"
    reading  what the alternative text says before the sentence, in the same way
    named    the cells of the table that hold no number, in the same way; None stands for any
    words    what the sentence must say to the letter
    lines    {name of the moving artist: (x, y)}, in the coordinates of its axes, to this `accuracy`;
             NaN stands for any number
    heights  {name of a bar: its height}, cells {name of a map: its matrix}
    edges    {(l, j, k): weight}, neurons {(l, j): (a, δ)} of the drawn net
    maps     {(l, j): (low, high, activation over a plane, means of the species, rise of the cost, is idle)}
    nodes    (value, slope) of the drawn expression graph, in order; titles what is written on them,
             arrows which lead where, glowing the nodes that stand out, if any does
    alt      the numbers of the reading, before the sentence
    marks    {name of a line: the indices of its points that are marked}
    colors   {name of a bar: its color}, places {name of a text: its place, in the coordinates of its axes}
    texts    {artist: its words}, legends {artist: the names it shows}, hidden the artists not seen
    lit      the neurons (l, j) and weights (l, j, k) of the drawn net that stand out
    page     what the HTML has to hold besides
    labels   the numbers in the heading and in the first column of the table, row by row
    idle     the controls that do nothing
    shapes   the sizes that the table names, in order
    silent   what neither sentence, reading nor code may say
    """

    sentence: list[Any]
    table: list[Any]
    words: list[str] = field(default_factory=list)
    lines: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    heights: dict[str, float] = field(default_factory=dict)
    cells: dict[str, Any] = field(default_factory=dict)
    edges: dict[tuple[int, int, int], float] = field(default_factory=dict)
    neurons: dict[tuple[int, int], tuple[Any, Any]] = field(default_factory=dict)
    maps: dict[tuple[int, int], tuple[Any, ...]] = field(default_factory=dict)
    nodes: list[tuple[Any, Any]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    arrows: set[tuple[str, str]] = field(default_factory=set)
    glowing: set[str] = field(default_factory=set)
    alt: list[Any] = field(default_factory=list)
    accuracy: float = 1e-6
    texts: dict[str, str] = field(default_factory=dict)
    marks: dict[str, list[int]] = field(default_factory=dict)
    colors: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    legends: dict[str, list[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    lit: set[tuple[int, ...]] = field(default_factory=set)
    page: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)
    shapes: list[int] = field(default_factory=list)
    said: str | list[str] = ""
    reading: str = ""
    named: list[str | None] | None = None


# The equations ------------------------------------------------------------------------------------------


def sigmoid(z: Any) -> Any:
    """σ(z), from the side on which nothing overflows."""
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1.0) / (1 + e)


def sigma(name: str, z: Any) -> Any:
    """The value of an activation."""
    if name == "softmax":
        e = np.exp(z - z.max(axis=0))
        return e / e.sum(axis=0)
    rules = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda v: np.maximum(v, 0), "identity": lambda v: v}
    return rules[name](z) if name in rules else np.vectorize(neurons.ACTIVATIONS[name][0])(z)


def slope(name: str, z: Any) -> Any:
    """The derivative of an activation."""
    rules = {
        "sigmoid": lambda v: sigmoid(v) * sigmoid(-v),
        "tanh": lambda v: 1 / np.cosh(v) ** 2,
        "relu": lambda v: (v > 0) * 1.0,
        "identity": np.ones_like,
    }
    return rules[name](z) if name in rules else np.vectorize(neurons.ACTIVATIONS[name][1])(z)


def start(sizes: Sequence[int], init: str, seed: int) -> tuple[dict[int, Any], dict[int, Any]]:
    """The first weights and biases of a net."""
    rng, w, b = np.random.default_rng(seed), {}, {}
    for l in range(1, len(sizes)):
        n, before = sizes[l], sizes[l - 1]
        size = {
            "random": 1 / before,
            "normal": 1.0,
            "xavier": 2 / (before + n),
            "he": 2 / before,
        }
        w[l] = np.ones((n, before))
        if init in size:
            w[l] = rng.standard_normal((n, before)) * np.sqrt(size[init])
        elif init == "zeros":
            w[l] = np.zeros((n, before))
        b[l] = np.zeros((n, 1))
    return w, b


def forward(w: Any, b: Any, names: Sequence[str], x: Any) -> tuple[dict[int, Any], dict[int, Any]]:
    """z and a of every layer; names[l − 1] is the activation of layer l."""
    z: dict[int, Any] = {}
    a = {0: x}
    for l in w:
        z[l] = w[l] @ a[l - 1] + b[l]
        a[l] = sigma(names[l - 1], z[l])
    return z, a


def costs(a: Any, y: Any) -> Any:
    """The quadratic cost of every example."""
    return 0.5 * ((a - y) ** 2).sum(axis=0)


def deltas(w: Any, z: Any, a: Any, names: Sequence[str], y: Any) -> dict[int, Any]:
    """δ of every layer and example; behind softmax the cost is the cross-entropy."""
    last = len(w)
    delta = {last: (a[last] - y) * slope(names[-1], z[last])}
    for l in range(last - 1, 0, -1):
        delta[l] = w[l + 1].T @ delta[l + 1] * slope(names[l - 1], z[l])
    return delta


def slopes_of(delta: Any, a: Any) -> tuple[dict[int, Any], dict[int, Any]]:
    """∂C/∂w and ∂C/∂b, averaged over the examples."""
    m = a[0].shape[1]
    return (
        {l: delta[l] @ a[l - 1].T / m for l in delta},
        {l: delta[l].mean(axis=1, keepdims=True) for l in delta},
    )


def scaled(flowers: Any, by: Any) -> Any:
    """Features with mean 0 and deviation 1 on `by`."""
    return (flowers - by.mean(axis=0)) / by.std(axis=0)


def _rows() -> tuple[list[int], list[int]]:
    """The rows of the table that are trained on, and those held out."""
    rng, train, rest = np.random.default_rng(0), [], []
    for label in range(3):
        rows = rng.permutation(np.flatnonzero(IRIS.labels == label))
        train, rest = [*train, *rows[:35]], [*rest, *rows[35:]]
    return sorted(train), sorted(rest)


def flowers() -> tuple[Any, Any, Any, Any]:
    """x, y of the 105 flowers to train on and of the 45 held out, one a column, scaled by the 105."""
    train, rest = _rows()
    x = IRIS.x[train]
    return scaled(x, x).T, IRIS.y[train].T, scaled(IRIS.x[rest], x).T, IRIS.y[rest].T


@dataclass
class Run:
    """A training run: what it was after 0, 1, … epochs."""

    w: list[dict[int, Any]] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    held_cost: list[float] = field(default_factory=list)
    held_right: list[int] = field(default_factory=list)
    delta: list[dict[int, Any]] = field(default_factory=list)
    slopes: list[dict[int, Any]] = field(default_factory=list)


def trained(
    w: Any, b: Any, names: Sequence[str], data: Any, eta: float, batch: int, seed: int, epochs: int
) -> Run:
    """Mini-batches in a random order, a step against the mean gradient after each."""
    x, y, held_x, held_y = data
    run, rng = Run(), np.random.default_rng(seed)

    def note() -> None:
        z, a = forward(w, b, names, x)
        held = forward(w, b, names, held_x)[1][len(w)]
        entropy = names[-1] == "softmax"

        def mean(answers: Any, right: Any) -> float:
            each = -np.log((answers * right).sum(axis=0)) if entropy else costs(answers, right)
            return float(each.mean())

        delta = deltas(w, z, a, as_errors, y)
        run.w.append({l: w[l].copy() for l in w})
        run.cost.append(mean(a[len(w)], y))
        run.held_cost.append(mean(held, held_y))
        run.accuracy.append(float((a[len(w)].argmax(axis=0) == y.argmax(axis=0)).mean()))
        run.held_right.append(int((held.argmax(axis=0) == held_y.argmax(axis=0)).sum()))
        run.delta.append({l: np.sqrt((delta[l] ** 2).mean(axis=1)) for l in sorted(delta)})
        run.slopes.append(slopes_of(delta, a)[0])

    # Behind softmax the error is a − y: as if the last activation had the slope 1.
    as_errors = [*names[:-1], "identity" if names[-1] == "softmax" else names[-1]]
    note()
    for _ in range(epochs):
        order = rng.permutation(x.shape[1])
        for first in range(0, len(order), batch):
            some = order[first : first + batch]
            z, a = forward(w, b, names, x[:, some])
            dw, db = slopes_of(deltas(w, z, a, as_errors, y[:, some]), a)
            for l in w:
                w[l] -= eta * dw[l]
                b[l] -= eta * db[l]
        note()
    return run


def edges_of(w: Any) -> dict[tuple[int, int, int], float]:
    """Every weight under (l, j, k)."""
    return {(l, j, k): w[l][j, k] for l in w for j in range(len(w[l])) for k in range(w[l].shape[1])}


def answers_and_errors(a: Any, delta: Any) -> dict[tuple[int, int], tuple[Any, Any]]:
    """a and δ of every neuron under (l, j), for one example."""
    return {(l, j): (a[l][j, 0], delta[l][j, 0] if l else None) for l in sorted(a) for j in range(len(a[l]))}


# The figures --------------------------------------------------------------------------------------------


def depth(v: Values) -> Expected:
    x, y = flowers()[:2]
    layers, shown = v["layers"], []
    sizes, names = [4, *[10] * layers, 3], [*[v["activation"]] * layers, "sigmoid"]
    for seed in range(v["seeds"]):
        w, b = start(sizes, v["init"], seed)
        z, a = forward(w, b, names, x)
        delta = deltas(w, z, a, names, y)
        sizes_of_errors = np.array([np.sqrt((delta[l] ** 2).sum()) for l in range(1, layers + 2)])
        with np.errstate(invalid="ignore"):
            shown.append(sizes_of_errors / sizes_of_errors[-1])
    alive = [norms for norms in shown if np.isfinite(norms).all()]  # of a saturated output every error is 0
    ordered = np.sort(alive, axis=0)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    middle, first = (low + high) / 2, layers + 1 - v["back"]
    l = np.arange(first, layers + 2)
    trend = "vanish" if middle[0] < 1 / 10 else "explode" if middle[0] > 10 else "survive"
    init = {"xavier": "Xavier", "he": "He"}.get(v["init"], v["init"])
    there, back = f"‖δ{'⁰¹²³⁴⁵⁶⁷⁸⁹'[first]}‖", v["back"]
    dead = len(shown) - len(alive)
    come = f"have come # layer{'s' * (back > 1)} back." if first > 1 else f"{trend} on their way back."
    beginning, there = f"the errors begin, with {there[1:-1]}.", there if back else there[1:-1]
    return Expected(
        sentence=[layers, *([len(ordered)] if len(shown) > 1 else []), *[dead, 0] * (dead > 0)]
        + [Rounded(middle[first - 1], 2)] * (back > 0)
        + [back] * (first > 1 and back > 0),
        words=[there],
        table=[Rounded(s, 2) for row in zip(ordered[0], middle, ordered[-1], strict=True) for s in row],
        said=f"# hidden layer{'s' if layers > 1 else ''} of {v['activation']}, "
        f"{init} weights ({'one net' if v['seeds'] == 1 else 'median of # nets'}"
        f"{'; in # more all errors are 0' * (dead > 0)}): "
        + (f"{there} is # times ‖δᴸ‖; the errors {come}" if back else beginning),
        reading="One point for each layer, from the output back to the layer that is reached, in a band of "
        "all nets. ",
        named=["layer", "smallest", "median", "largest"],
        labels=[*range(1, layers + 2)],
        lines={
            "median": (l, middle[first - 1 :]),
            "reached": ([first], [middle[first - 1]]),
            "band": (np.r_[l, l[::-1]], np.r_[ordered[0][first - 1 :], ordered[-1][first - 1 :][::-1]]),
        },
    )


def expression_graph(v: Values) -> Expected:
    x, w, b, y = (float(v[name]) for name in ("x", "w", "b", "y"))
    wx, z = w * x, w * x + b
    a = float(sigmoid(np.array(z)))
    d, s = a - y, a * float(sigmoid(np.array(-z)))
    data = {"w": w, "x": x, "wx": wx, "b": b, "z": z, "a": a, "y": y, "d": d, "dd": d**2}
    data |= {"½": 0.5, "C": d**2 / 2}
    slope_of = {"C": 1.0, "½": d**2, "dd": 0.5, "d": d, "a": d, "y": -d, "z": d * s, "b": d * s}
    slope_of |= {"wx": d * s, "w": d * s * x, "x": d * s * w}
    parents: dict[str, list[tuple[str, float]]] = {
        "C": [("½", d**2), ("dd", 0.5)],
        "dd": [("d", d), ("d", d)],
        "d": [("a", 1.0), ("y", -1.0)],
        "a": [("z", s)],
        "z": [("wx", 1.0), ("b", 1.0)],
        "wx": [("w", x), ("x", w)],
    }
    order = ["½", "w", "x", "wx", "b", "z", "a", "y", "d", "dd", "C"]
    called = {"wx": "p", "dd": "q"}
    reached: set[str] = set()
    last: set[str] = set()
    said = "Forward only: every node has its value, and no slope yet."
    for node in [node for node in order[::-1] if node in parents][: v["step"]]:
        last = {node, *(parent for parent, _ in parents[node])}
        reached |= last
        given = [
            f"{called.get(parent, parent)} gets {number(slope_of[node])} × {factor(by)} = "
            f"{number(slope_of[node] * by)}"
            for parent, by in parents[node]
        ]
        said = f"Node {called.get(node, node)}: {'; '.join(given)}."
        said += f" Both roads add up to {number(d)}." * (node == "dd")
    if v["step"] == 6:
        said += f" The walk is done: the slope of C by w is {number(d * s * x)}, by b {number(d * s)}."
    table: list[Any] = []
    for node in order:
        table += [near(data[node]), *([near(slope_of[node])] if node in reached else [])]
    return Expected(
        [v["step"], 6, ...],
        table,
        [f"Step {v['step']} of 6. {said}"],
        said=f"Step # of #. {said}",
        reading="An expression graph from x, w, b and y to the cost C = #. ",
        named=["node", "value", "slope of C by it"]
        + [
            word
            for node in order
            for word in (
                called.get(node, node),
                *["not yet"] * (node not in reached),
            )
        ],
        nodes=[(data[node], slope_of[node] if node in reached else None) for node in order],
        titles=[
            "½",
            "w",
            "x",
            "p = w x",
            "b",
            "z = p + b",
            "a = σ(z)",
            "y",
            "d = a − y",
            "q = d · d",
            "C = ½ q",
        ],
        arrows={
            (called.get(p, p), called.get(node, node)) for node, some in parents.items() for p, _ in some
        },
        glowing={called.get(node, node) for node in last},
        alt=[near(data["C"])],
    )


def layer_sizes(v: Values) -> Expected:
    sizes = [v["inputs"], *(v[f"size_{l}"] for l in range(1, v["hidden"] + 1)), v["outputs"]]
    counts = [n * before + n for before, n in zip(sizes, sizes[1:], strict=False)]
    total = [sum(counts)] if len(counts) > 1 else []
    return Expected(
        [*sizes, *counts, *total],
        [*counts, sum(counts)],
        ["-".join(map(str, sizes))],
        said=f"A {'-'.join('#' * len(sizes))} net has {' + '.join('#' * len(counts))}"
        f"{' = #' * len(total)} weights and biases.",
        reading="A net drawn from left to right. ",
        named=["layer", "weights", "biases", "numbers to learn"]
        + [f"{kind}{'⁰¹²³⁴'[l]} #×#" for l in range(1, len(sizes)) for kind in "wb"]
        + ["all", "", ""],
        labels=[*range(1, len(sizes))],
        idle={f"size_{l}" for l in range(v["hidden"] + 1, 4)},
        shapes=[n for before, n in pairwise(sizes) for n in (n, before, n, 1)],
        edges=edges_of(start(sizes, "random", 0)[0]),
    )


def logits(v: Values) -> Expected:
    z = np.array([v["z_0"], v["z_1"], v["z_2"]])
    right = np.eye(3)[v["target"]]
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    error = p - right
    quadratic = p * (error - (p * error).sum())  # Jᵀ(p − y)
    price = np.log(np.exp(z - z[v["target"]]).sum())
    t = v["target"]
    return Expected(
        [t, *map(near, (p[t], price, error[t], quadratic[t]))],
        [
            near(n, with_decimals(n, e) if i == 1 else 3)
            for row, e in zip(zip(z, p, error, quadratic, strict=True), error, strict=True)
            for i, n in enumerate(row)
        ],
        said="Class # is right and was given the probability #: the cross-entropy charges #, and its error "
        "there is #; the quadratic cost's is #.",
        reading="Bars for three probabilities, each beside its target, and for their errors under two costs, "
        "the right class marked with its cost. ",
        texts={f"share {j}": number(float(p[j])) for j in range(3)}
        | {f"z {j}": f"z = {number(z[j])}" for j in range(3)}
        | {f"right {side} {j}": "right class" * (j == t) for j in range(3) for side in "pδ"}
        | {f"C {j}": f"C = {number(price)}" * (j == t) for j in range(3)},
        lines={f"target {side}": (np.arange(3) + by, right) for side, by in ((">", -0.37), ("<", 0.37))},
        named=["output", "z", "p", "p − y", "Jᵀ∇C of the quadratic cost"],
        labels=[0, 1, 2],
        heights={f"p {j}": p[j] for j in range(3)}
        | {f"cross-entropy {j}": error[j] for j in range(3)}
        | {f"quadratic {j}": quadratic[j] for j in range(3)},
        colors={f"p {j}": RIGHT if j == t else QUIET for j in range(3)},
        places={f"share {j}": (j, p[j] + 0.06) for j in range(3)},
    )


def near(value: float, digits: int = 3) -> Rounded:
    return Rounded(float(value), digits)


def with_decimals(value: float, difference: float) -> int:
    """With how many digits a number has the decimals of three digits of a difference."""
    decimals = 2 - math.floor(math.log10(abs(difference))) if difference else 0
    return max(3, decimals + 1 + math.floor(math.log10(abs(value)))) if value else 3


def small_net(activation: str = "sigmoid") -> tuple[Any, Any, list[str]]:
    """The net 4-5-3 of several figures."""
    return *start([4, 5, 3], "random", 0), [activation, "sigmoid"]


def nudge(v: Values) -> Expected:
    l, j, nudge, i = v["l"], v["j"], v["nudge"], v["example"]
    w, b, names = small_net()
    x, y = IRIS.x[[i]].T, IRIS.y[[i]].T
    z, a = forward(w, b, names, x)
    errors = deltas(w, z, a, names, y)
    delta = errors[l][j, 0]

    def nudged(by: float) -> tuple[float, float]:
        moved = {m: b[m].copy() for m in b}
        moved[l][j] += by
        after = forward(w, moved, names, x)[1]
        return after[l][j, 0], costs(after[2], y)[0]

    (a_0, c_0), (a_1, c_1) = nudged(0.0), nudged(nudge)
    nudges = np.linspace(-2, 2, 81)
    change, promise = Rounded(c_1 - c_0, slack=1e-6), near(delta * nudge)
    z_0 = z[l][j, 0]
    pairs = {"z": (z_0, z_0 + nudge), "a": (a_0, a_1), "C": (c_0, c_1)}
    reached = [(z_0 + by, *nudged(by)) for by in nudges]
    ends = {
        name: told_apart([min(way), max(way)])
        for name, way in zip("zaC", zip(*reached, strict=True), strict=True)
    }
    # Upwards: the fewest round numbers, evenly apart, of which eight steps hold all that is shown.
    shown = np.r_[[c - c_0 for _, _, c in reached], delta * nudges]
    room = 0.06 * np.ptp(shown)
    low, high = shown.min() - room, shown.max() + room
    wide = (high - low) / 8
    step = min(n for e in range(-12, 3) for n in (10.0**e, 2 * 10.0**e, 5 * 10.0**e) if n >= wide)
    levels = [n * step for n in range(-20, 21) if low <= n * step <= high]
    return Expected(
        [i, j, near(nudge), change, near(delta), near(nudge), promise],
        [*(near(n) for pair in pairs.values() for n in pair), change, near(delta), promise],
        [f"z{'¹²'[l - 1]}[{j}]"],
        {
            "curve": (nudges, [nudged(by)[1] - c_0 for by in nudges]),
            "line": (nudges, delta * nudges),
            "dot": ([nudge], [c_1 - c_0]),
            "promise": ([nudge], [delta * nudge]),
            "grid": (np.tile([-2.1, 2.1, np.nan], len(levels)), np.repeat(levels, 3)),
            **{f"before {name}": (pair, [0, 0]) for name, pair in pairs.items()},
            **{f"after {name}": ([new], [0]) for name, (_, new) in pairs.items()},
        },
        hidden=set() if nudge else {"promise"},
        texts={f"{name} {i}": end for name, both in ends.items() for i, end in enumerate(both)}
        | {f"level {i}": number(levels[i]) if i < len(levels) else "" for i in range(9)},
        edges=edges_of(w),
        neurons=answers_and_errors(a, errors),
        lit={(l, j)},
        page=[
            f'>{number(delta)}</span> · <span data-is="Δz.{l}.{j}">{factor(nudge)}</span> = '
            f'<span data-is="promise">{number(delta * nudge)}</span>, where',
            f">{number(z_0)}</span>) = ",
            f">{number(a_0)}</span></div>",
        ],
        said=f"Flower #: nudging z{'¹²'[l - 1]}[#] by # changes the cost by #; δ · Δz promises "
        f"# × {factor(nudge)} = #.",
        reading="The net with one neuron lit; the cost as a curve over the nudge, with its tangent; z, a "
        "and C on number lines. ",
        named=["quantity", "before", "after", "z", "a", "C", "ΔC", "", "δ", "", "δ · Δz", ""],
    )


def one_neuron(v: Values) -> Expected:
    w, b, y, eta, kind = v["w"], v["b"], v["y"], v["eta"], v["cost"]

    def cost(z: Any) -> Any:
        return {
            "quadratic": lambda: (sigmoid(z) - y) ** 2 / 2,
            "cross-entropy": lambda: np.logaddexp(0, z) - y * z,
            "bowl": lambda: (z - y) ** 2 / 2,
        }[kind]()

    path = []
    for _ in range(301):
        z = np.array(w + b)
        a = float(z if kind == "bowl" else sigmoid(z))
        by_z = (a - y) * a * float(sigmoid(-z)) if kind == "quadratic" else a - y
        path.append((w, b, w + b, a, float(cost(z)), by_z))
        if path[-1][4] < 1e6:
            w, b = w - eta * by_z, b - eta * by_z
    here, bias, z, a, c, by_w = path[v["step"]]
    zs, trail = np.linspace(-12.5, 12.5, 251), path[: v["step"] + 1]
    costs = [point[4] for point in trail]
    rises = sum(after > before + 1e-9 for before, after in pairwise(costs))
    far = 6 if abs(z) > 999 else 3
    close = 1e-7 if v["step"] and abs(a - y) < 1e-7 else 0
    digits = [far, far, far, far if close else max(far, with_decimals(a, a - y)), 3, far]
    left = [near(z, digits[2])] if c < 1e6 and not -12.5 <= z <= 12.5 else []
    none = 1e-9 if v["step"] else 0
    bounds = [none, none, none, none, 0 if kind == "cross-entropy" else 1e-7 * close, close]
    cells = list(zip((here, bias, z, a, c, by_w), bounds, strict=True))
    below = ["below " * (abs(value) < bound) for value, bound in cells]
    told = [
        near(bound if abs(value) < bound else value, known)
        for (value, bound), known in zip(cells, digits, strict=True)
    ]
    prime = near(1.0 if kind == "bowl" else a * float(sigmoid(-np.array(z))))
    # At a target that is not 0 these are round-off; trail and walk show them beside what is larger.
    taken = sum(cost < 1e6 for cost in costs[:-1])
    end = next((step for step, point in enumerate(path) if point[4] >= 1e6), 300)
    here_now = {"tangent": (zs, c + by_w * (zs - z)), "dot": ([z], [c]), "at": ([min(v["step"], end)], [c])}
    names = ["weight w", "bias b", "z = w + b", "answer a", "cost C", "slope ∂C/∂w = ∂C/∂b"]
    names.insert(4, "slope of the activation σ′(z)")
    below_prime = [*below[:4], "", *below[4:]]
    return Expected(
        [taken, v["eta"], told[3], near(y), *told[4:], *[rises] * (0 < rises != taken), *left],
        [*told[:4], prime, *told[4:]],
        [kind],
        {
            "curve": (zs, cost(zs)),
            **({} if close and y else here_now),
            "trail": ([point[2] for point in trail], costs),
            "costs": (np.arange(end + 1), [point[4] for point in path[: end + 1]]),
            "walked": (np.arange(min(v["step"], end) + 1), costs[: end + 1]),
            "target": ([y], [0.5]),
            "answer": ([a], [0]),
        },
        texts={
            name: ""
            if -12.5 <= value <= 12.5
            else f"{symbol} = {number(value, known)} →"
            if value > 0
            else f"← {symbol} = {number(value, known)}"
            for name, symbol, value, known in (("gone", "z", z, digits[2]), ("far", "a", a, digits[3]))
        },
        said=f"After # step{'s' * (taken != 1)} with η = #, {kind}: "
        f"the answer is {below[3]}# (target #), the cost {below[4]}#, the slope ∂C/∂w {below[5]}#."
        + (
            " The cost rose"
            + (" on # of the steps" if rises != taken else " on each of the steps" if taken > 1 else "")
            + "."
        )
        * (rises > 0)
        + " The neuron runs away, and the walk was stopped." * (c >= 1e6)
        + " z, #, has left the picture." * len(left),
        reading="The cost of one neuron as a curve over z, and over the steps; "
        "its answer and target on a line. ",
        named=["quantity", "value"]
        + [
            word
            for pair in zip(names, below_prime, strict=True)
            for word in (pair[0], f"{pair[1]}#")
            if word != "#"
        ],
        hidden=({"answer"} if not -12.5 <= a <= 12.5 else set())
        | ({"dot"} if not -12.5 <= z <= 12.5 else set()),
        accuracy=1e-9,
    )


def stepper(v: Values) -> Expected:
    step, i = v["step"], v["example"]
    w, b, names = small_net(v["activation"])
    x, y = scaled(IRIS.x, IRIS.x)[[i]].T, IRIS.y[[i]].T
    z, a = forward(w, b, names, x)
    delta = deltas(w, z, a, names, y)
    dw, db = slopes_of(delta, a)
    # The neuron that is written in numbers, and where the weight to it comes from: as the layer allows.
    j, k = {1: v["j"], 2: min(v["j"], 2)}, {1: min(v["k"], 3), 2: v["k"]}
    layer = (1, 1, 2, 2, 1, 2, 1)[step]
    to, start = j[layer], k[layer]

    def summed(l: int) -> list[float]:
        terms = [n for one in zip(w[l][j[l]], a[l - 1][:, 0], strict=True) for n in one]
        return [*terms, b[l][j[l], 0], z[l][j[l], 0], a[l][j[l], 0]]

    def product(l: int) -> list[float]:
        return [db[l][j[l], 0], delta[l][j[l], 0], a[l - 1][k[l], 0], dw[l][j[l], k[l]]]

    said, arrays = {
        0: (a[0][:, 0], [a[0]]),
        1: (summed(1), [z[1], a[1]]),
        2: (summed(2), [z[2], a[2]]),
        3: ([n[j[2], 0] for n in (a[2], -y, slope("sigmoid", z[2]), delta[2])], [delta[2]]),
        4: (
            [
                *(n for one in zip(w[2][:, j[1]], delta[2][:, 0], strict=True) for n in one),
                slope(names[0], z[1])[j[1], 0],
                delta[1][j[1], 0],
            ],
            [delta[1]],
        ),
        5: (product(2), [db[2], dw[2]]),
        6: (product(1), [db[1], dw[1]]),
    }[step]

    def sum_of(terms: Any) -> str:
        """# · # + # · (#) …; what is taken off has its sign in its number."""
        text = " + ".join(f"{number(one)}·{factor(other)}" for one, other in terms)
        return text.replace("+ −", "− ")

    def forward_line(l: int) -> str:
        return f"{sum_of(zip(w[l][j[l]], a[l - 1][:, 0], strict=True))} + # = #,  σ → #"

    def product_line(l: int) -> str:
        up, low = "⁰¹²"[l], f"{j[l]}{k[l]}".translate(str.maketrans("01234", "₀₁₂₃₄"))
        return f"∂C/∂b{up}{low[0]} = #,  ∂C/∂w{up}{low} = # · {factor(a[l - 1][k[l], 0])} = #"

    title, symbols, numbers, shapes, names_of_rows = (
        ("the input", "a⁰ = x", "a⁰ = (#, #, #, #)", "(4, 1)", ["a⁰"]),
        (
            "forward, layer 1",
            "z¹ = w¹ a⁰ + b¹,  a¹ = σ(z¹)",
            forward_line(1),
            "(5, 1) = (5, 4) (4, 1) + (5, 1)",
            ["z¹", "a¹"],
        ),
        (
            "forward, layer 2",
            "z² = w² a¹ + b²,  a² = σ(z²)",
            forward_line(2),
            "(3, 1) = (3, 5) (5, 1) + (3, 1)",
            ["z²", "a²"],
        ),
        ("equation (1)", "δ² = (a² − y) ⊙ σ′(z²)", "(# − 0) · # = #", "(3, 1) = (3, 1) ⊙ (3, 1)", ["δ²"]),
        (
            "equation (2)",
            "δ¹ = (w²)ᵀ δ² ⊙ σ′(z¹)",
            f"({sum_of(zip(w[2][:, j[1]], delta[2][:, 0], strict=True))}) · # = #",
            "(5, 1) = (5, 3) (3, 1) ⊙ (5, 1)",
            ["δ¹"],
        ),
        (
            "equations (3) and (4), layer 2",
            "∂C/∂b² = δ²,  ∂C/∂w² = δ² (a¹)ᵀ",
            product_line(2),
            "(3, 1) and (3, 5) = (3, 1) (1, 5)",
            ["∂C/∂b²", *["∂C/∂w², to #"] * 3],
        ),
        (
            "equations (3) and (4), layer 1",
            "∂C/∂b¹ = δ¹,  ∂C/∂w¹ = δ¹ (a⁰)ᵀ",
            product_line(1),
            "(5, 1) and (5, 4) = (5, 1) (1, 4)",
            ["∂C/∂b¹", *["∂C/∂w¹, to #"] * 5],
        ),
    )[step]
    columns = (4, 5, 3, 3, 5, 5, 5)[step]
    lit = {
        0: {(0, n) for n in range(4)},
        1: {(1, to), *((0, n) for n in range(4)), *((1, to, n) for n in range(4))},
        2: {(2, to), *((1, n) for n in range(5)), *((2, to, n) for n in range(5))},
        3: {(2, to)},
        4: {(1, to), *((2, n) for n in range(3)), *((2, n, to) for n in range(3))},
        5: {(2, to), (1, start), (2, to, start)},
        6: {(1, to), (0, start), (1, to, start)},
    }[step]
    place = [to, start] if step > 4 else [to] if step else []
    last = [arrays[-1][to, start if step > 4 else 0]] if step else []
    return Expected(
        [near(n) for n in said],
        [near(n) for n in [*(n for array in arrays for n in array.ravel()), *last]],
        [f"Step {step} of 6, {title}: {symbols}.", f" Shapes: {shapes}."],
        said=f"Step # of #, {title}: {symbols}. {'For neuron #: ' * bool(step)}{numbers}. Shapes: {shapes}.",
        reading=f"Flower #, step # of #, {title}: {symbols}",
        named=["array", *["[#]"] * columns, *names_of_rows]
        + [f"{names_of_rows[-1].partition(',')[0]}[{', '.join('#' * len(place))}]"] * bool(step),
        labels=[*range(columns), *range(sum("to #" in name for name in names_of_rows)), *place],
        edges=edges_of(w),
        neurons={
            (l, j): (a[l][j, 0] if step >= l else None, delta[l][j, 0] if l and step >= 5 - l else None)
            for l in range(3)
            for j in range(len(a[l]))
        },
        alt=[i, step, 6, ...],
        idle=set() if step > 4 else {"k"} if step else {"j", "k"},
        lit=lit,
    )


def weight_inspector(v: Values) -> Expected:
    l, j, k, i, h, by = v["l"], v["j"], v["k"], v["example"], 10.0 ** v["exponent"], v["change"]
    w, b, names = small_net()
    x, y = IRIS.x[[i]].T, IRIS.y[[i]].T
    z, a = forward(w, b, names, x)
    delta = deltas(w, z, a, names, y)
    comes, error = a[l - 1][k, 0], delta[l][j, 0]

    def cost(change: float) -> float:
        moved = {m: w[m].copy() for m in w}
        moved[l][j, k] += change
        return float(costs(forward(moved, b, names, x)[1][2], y)[0])

    changes, base, true = np.linspace(-3, 3, 61), cost(0), comes * error
    measured, coarse = ((cost(step) - cost(-step)) / (2 * step) for step in (h, 0.1))
    truncation, round_off = 200 * h**2 * abs(coarse - true), 8 * 2.0**-52 * base / h
    assert abs(measured - true) < truncation + round_off
    if min(abs(measured), abs(true)) > 1e7 * round_off:
        result, how = Rounded(measured, slack=1e-7), "Measured"
    else:
        power = 10.0 ** math.floor(math.log10(truncation + round_off))
        bound = next(n * power for n in (1, 2, 5, 10) if n * power >= truncation + round_off)
        lost = round_off > max(truncation, abs(true))
        off = "the same, off by" if truncation + round_off < abs(true) / 100 else "off by"
        result, how = Rounded(bound, 1), "lost in round-off of" if lost else off
    known = [near(comes), near(error), near(true)]
    steady = how == "Measured"
    new_w = {m: w[m].copy() for m in w}
    new_w[l][j, k] += by
    new_z, new_a = forward(new_w, b, names, x)
    new_delta = deltas(new_w, new_z, new_a, names, y)
    there, now = cost(by), new_delta[l][j, 0]
    change, promised = Rounded(there - base, slack=1e-6), near(true * by)
    words = "#" if steady else f"{how} less than #"
    return Expected(
        [
            j,
            k,
            *known,
            near(h),
            result,
            *[near(by), change, near(true), near(by), promised, near(now), near(comes * now)] * (by != 0),
        ],
        [
            *(near(n) for n in (comes, comes, error, now, true, comes * now)),
            result,
            *(near(n) for n in (w[l][j, k], new_w[l][j, k], base, there)),
            change,
            promised,
        ],
        [f"w{'¹²'[l - 1]}[{j}, {k}]", how],
        {
            "curve": (changes, [cost(change) for change in changes]),
            "tangent": (changes, base + comes * error * changes),
            "start": ([0], [base]),
            "dot": ([by], [there]),
            "promise": ([by], [base + true * by]),
            "gap": ([by, by], [base + true * by, there]),
        },
        edges=edges_of(new_w),
        hidden=set() if by else {"promise"},
        said=f"w{'¹²'[l - 1]}[#, #]{' before the move' * (by != 0)}: # comes in, "
        "the error at its end is #, so the slope is #. "
        f"Measured with h = #: {words}."
        + f" Moved by #: ΔC is #, slope · Δw promises # × {factor(by)} = #, and δ is now #, the slope #."
        * (by != 0),
        reading="The net with one connection lit, and the cost over its weight with the tangent. ",
        named=["quantity", "start", "moved"]
        + ["a of neuron #, layer #", "δ of neuron #, layer #", "a δ, equation (4)"]
        + (["measured slope", ""] if steady else ["error of the measured slope", "below #", ""])
        + [f"this weight, w{'¹²'[l - 1]}", "C", "ΔC", "", "slope · Δw", ""],
        labels=[k, l - 1, j, l, 4],
        neurons=answers_and_errors(new_a, new_delta),
        lit={(l, j, k), (l - 1, k), (l, j)},
        page=[
            f"Outputs: {', '.join(number(n) for n in new_a[2][:, 0])}.",
            "Largest error by layer: "
            + ", ".join(f"layer {m} {number(np.abs(new_delta[m]).max())}" for m in (1, 2)),
        ],
    )


def _errors(run: Run, epoch: int, end: int) -> Any:
    """The errors of every neuron up to an epoch: a line of nothing between two layers."""
    errors: list[Any] = []
    for l in sorted(run.w[0]):
        errors += [np.full(end + 1, np.nan)] * (l > 1)
        for j in range(len(run.w[0][l])):
            row = np.full(end + 1, np.nan)
            row[: epoch + 1] = [delta[l][j] for delta in run.delta[: epoch + 1]]
            errors.append(row)
    return np.array(errors)


def _norms(run: Run, epoch: int) -> dict[int, float]:
    return {l: float(np.sqrt((delta**2).sum())) for l, delta in sorted(run.delta[epoch].items())}


LAB = (
    "The plane of the two petal measures with the answers of the net and the 150 flowers; the net, every "
    "neuron drawn as its activation over this plane; over the epochs the cost, the errors by layer, and the "
    "error of every neuron. "
)
LAB_TABLE: list[str | None] = [
    *("quantity", "value", "training cost", "held-out cost", "training accuracy", "held-out accuracy")
]
LAB_ENDS = (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 250, 300, 400, 500)
KINDS = ("setosa", "versicolor", "virginica")


def _cost(a: Any, y: Any, names: Sequence[str]) -> float:
    entropy = names[-1] == "softmax"
    return float((-np.log((a * y).sum(axis=0)) if entropy else costs(a, y)).mean())


def _rises(w: Any, b: Any, names: Sequence[str], x: Any, y: Any) -> dict[tuple[int, int], float]:
    """How much more the examples cost if a hidden neuron always gives its mean."""
    a, L, rises = forward(w, b, names, x)[1], len(w), {}
    for l in range(1, L):
        for j in range(len(w[l])):
            answers = a[l].copy()
            answers[j] = np.full(len(answers[j]), answers[j].mean())
            for m in range(l + 1, L + 1):
                answers = sigma(names[m - 1], w[m] @ answers + b[m])
            rises[l, j] = _cost(answers, y, names) - _cost(a[L], y, names)
    return rises


def _levels(*curves: Any) -> list[int]:
    """The powers of ten beside a logarithmic axis: at most four, and eight below the largest at most."""
    above = [value for curve in curves for value in curve if value > 0]
    if not above:
        return [-1, 0]
    high = math.ceil(math.log10(max(above)))
    low = max(min(math.floor(math.log10(min(above))), high - 1), high - 8)
    step = next(n for n in range(1, 9) if 3 * n >= high - low)
    while (high - low) % step:
        low -= 1
    return list(range(low, high + 1, step))


def _scale(
    name: str, end: int, curves: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """The lines behind curves, what stands beside their axis, and where."""
    levels = _levels(*curves)
    lines = ([0, end, np.nan] * len(levels), [10.0**level for level in levels for _ in range(3)])
    beside = [number(10.0**level) for level in levels] + [""] * (4 - len(levels))
    places = {f"{name} level {i}": (-0.02, at) for i, at in enumerate(np.linspace(0, 1, len(levels)))}
    return {f"{name} grid": lines}, {f"{name} level {i}": text for i, text in enumerate(beside)}, places


def iris_lab(v: Values) -> Expected:
    hidden = [v[f"size_{i}"] for i in range(1, v["layers"] + 1)]
    sizes, at = [4, *hidden, 3], v["epoch"]
    names = [*[v["activation"]] * len(hidden), "softmax" if v["cost"] == "cross_entropy" else "sigmoid"]
    w, b = start(sizes, "random", v["seed"])
    x, y, held_x, held_y = flowers()
    run = trained(w, b, names, (x, y, held_x, held_y), v["eta"], v["batch"], v["seed"], at)
    norms, largest = _norms(run, at), [float(np.abs(w_l).max()) for _, w_l in sorted(run.slopes[at].items())]
    epochs, end = np.arange(at + 1), next(end for end in LAB_ENDS if end >= at)
    drawn: dict[str, Any] = {f"delta {l}": (epochs, [_norms(run, e)[l] for e in epochs]) for l in norms}
    curves = [run.cost, run.held_cost]
    cost_grid, cost_levels, places = _scale("cost", end, curves)
    delta_grid, delta_levels, beside = _scale("delta", end, [drawn[f"delta {l}"][1] for l in norms])
    drawn |= cost_grid | delta_grid
    drawn |= {f"delta {l}": ([], []) for l in range(len(sizes), 6)}
    drawn |= {f"now {name}": ([at, at], [0, 1]) for name in ("cost", "delta", "map")}
    drawn |= {"cost training": (epochs, run.cost), "cost held out": (epochs, run.held_cost)}
    drawn |= {f"cost kept {name}": ([], []) for name in ("training", "held out")}

    # The plane: petal length to the right, petal width upwards, in cm; the other measures at their means.
    measured = IRIS.x[_rows()[0]]
    length, width = np.meshgrid(np.linspace(0.6, 7.3, 120), np.linspace(2.65, 0.0, 100))
    plane = np.array([np.full(12000, m) for m in measured.mean(axis=0)])
    plane[2], plane[3] = length.ravel(), width.ravel()
    over = forward(w, b, names, scaled(plane.T, measured).T)[1]
    a = forward(w, b, names, np.hstack([x, held_x]))[1]
    right = np.hstack([y, held_y]).argmax(axis=0)
    in_cm = np.vstack([measured, IRIS.x[_rows()[1]]])
    wrong = a[len(w)].argmax(axis=0) != right
    drawn["wrong"] = tuple(in_cm[wrong][:, 2:].T)
    for s, kind in enumerate(KINDS):
        drawn[f"{kind} training"] = tuple(in_cm[:105][right[:105] == s][:, 2:].T)
        drawn[f"{kind} held out"] = tuple(in_cm[105:][right[105:] == s][:, 2:].T)

    coarse = np.arange(12000).reshape(100, 120)[::3, ::3]
    tiny = 1e-4 * run.cost[at]
    rises, loose = _rises(w, b, names, x, y), {"slack": 1e-6}
    busiest = {l: max(rise for (m, _), rise in rises.items() if m == l) for l in range(1, len(w))}
    idle = [n for n, rise in rises.items() if rise <= max(busiest[n[0]] / 20, tiny)]
    errors = _errors(run, at, end)
    above = [sum(sizes[1:l]) + l - 1 for l in norms]  # rows of the map over each layer
    places |= beside
    places |= {f"layer {l}": (-0.02, 1 - (n + sizes[l] / 2) / len(errors)) for l, n in enumerate(above, 1)}
    power = 10.0 ** math.floor(math.log10(tiny))
    bound = next(n * power for n in (1, 2, 5, 10) if n * power >= tiny)
    missed = [Rounded(rise, 2, 1e-4) if abs(rise) > tiny else Rounded(bound, 1) for rise in rises.values()]
    of_idle = {l: [str(j) for m, j in idle if m == l] for l in range(1, len(w))}
    some = "; ".join(f"of layer {l} {', '.join(those)}" for l, those in of_idle.items() if those)
    neurons = len(rises)
    if neurons == 1:
        work, counts = f" Its only hidden neuron {'is idle' if idle else 'works'}.", []
    elif not idle:
        work, counts = " All # hidden neurons work.", [neurons]
        if neurons == 2:
            work, counts = " Both hidden neurons work.", []
    else:
        work = f" # of # hidden neurons {'is' if len(idle) == 1 else 'are'} idle."
        counts = [len(idle), neurons]
    ratio = norms[1] / norms[len(hidden) + 1]
    digits = next((n for n in range(2, 6) if number(ratio, n) != "1"), 6)
    after = f"{at} epoch{'s' if at != 1 else ''}"
    return Expected(
        [*sizes, at, Rounded(run.cost[at], **loose), run.held_right[at], 45]
        + ([Rounded(ratio, digits, **loose), *counts] if hidden else []),
        [
            Rounded(value, 4, **loose)
            for value in (
                run.cost[at],
                run.held_cost[at],
                run.accuracy[at],
                run.held_right[at] / 45,
                *norms.values(),
                *largest,
            )
        ]
        + missed,
        ["-".join(map(str, sizes)), after],
        drawn,
        cells={
            "errors": errors,
            "answers": over[len(w)].argmax(axis=0).reshape(100, 120).astype(float),
        },
        edges=edges_of(run.w[at]),
        maps={
            (l, j): (
                *_ends(names[l - 1], np.r_[over[l][:, coarse].ravel(), a[l][:, :105].ravel()]),
                over[l][j, coarse],
                [a[l][j, :105][right[:105] == s].mean() for s in range(3)],
                rises[l, j] * (abs(rises[l, j]) > tiny) if (l, j) in rises else None,
                (l, j) in idle,
            )
            for l in w
            for j in range(len(w[l]))
        },
        texts={
            **cost_levels,
            **delta_levels,
            **{f"map epoch {i}": number(share * end) for i, share in enumerate((0, 0.5, 1))},
            **{f"layer {l}": f"δ{'⁰¹²³⁴⁵'[l]}" if l in norms else "" for l in range(1, 6)},
            "kept borders": "",
        },
        places=places,
        marks={"cost training": [at], "cost held out": [at], **{f"delta {l}": [at] for l in norms}},
        legends={"legend": ["l = " * (l == 1) + str(l) for l in norms], "costs": ["training", "held out"]},
        said=f"A {'-'.join('#' * len(sizes))} net after {after}: training cost #, "
        "# of 45 held-out flowers right." + f" ‖δ¹‖ is # times ‖δᴸ‖.{work}" * bool(hidden),
        reading=LAB,
        alt=[150],
        labels=[*norms, *(n for l, j in rises for n in (j, l))],
        idle={f"size_{l}" for l in range(len(hidden) + 1, 5)},
        named=LAB_TABLE
        + [f"‖δ‖ of layer {l}" for l in norms]
        + [f"largest ∂C/∂w{'⁰¹²³⁴⁵'[l]}" for l in norms]
        + [
            word
            for (l, j), row in zip(rises, missed, strict=True)
            for word in [f"more cost without neuron {j} of layer {l}"] + ["below #"] * (row.digits == 1)
        ],
        page=[
            f"The {'-'.join(map(str, sizes))} net with its weights after {after}."
            + f" Idle: {some}." * bool(some),
            f">{escape(_line(hidden, v))}</code>",
        ],
    )


def _line(hidden: list[int], v: Values) -> str:
    """The line of code that a reader would write for a state of the lab: what differs from the first."""
    usual = [("activation", "sigmoid"), ("cost", "quadratic"), ("eta", 3.0), ("batch", 10), ("seed", 0)]
    usual.append(("epoch", 200))
    names = {"eta": "learning_rate", "batch": "batch_size"}
    said = [f"hidden={hidden}"] * (hidden != [5])
    said += [f"{names.get(name, name)}={v[name]!r}" for name, value in usual if v[name] != value]
    return f"iris_lab({', '.join(said)})"


def _ends(activation: str, answers: Any) -> tuple[float, float]:
    """The numbers at the ends of the colors of a layer."""
    known = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    low, high = known.get(activation, (answers.min(), answers.max()))
    return (low, high) if high > low else (low, low + 1.0)


def live_training(v: Values) -> Expected:
    w, b = start([4, 3, 3], "random", 1)
    at = min(v["epoch"], v["furthest"])
    run = trained(w, b, ["sigmoid", "sigmoid"], flowers(), 3.0, 10, 1, at)
    norms, epochs = _norms(run, at), np.arange(at + 1)
    further = [v["furthest"]] * (at < v["furthest"]) + [v["furthest"]] * v["stopped"]
    return Expected(
        [at, near(run.cost[at]), *(n for l, norm in norms.items() for n in (l, near(norm))), *further],
        [near(value, 4) for value in (run.cost[at], *norms.values())],
        [f"Epoch {at}:"],
        {
            "training": (epochs, run.cost),
            "held out": (epochs, run.held_cost),
            **{f"l = {l}": (epochs, [_norms(run, e)[l] for e in epochs]) for l in norms},
        },
        marks=dict.fromkeys(["training", "held out", *(f"l = {l}" for l in norms)], [at]),
        said="Epoch #: cost #; size of the errors: layer 1 #, layer 2 #."
        + " The net has been trained for # epochs." * (at < v["furthest"])
        + " Stopped after epoch #." * v["stopped"],
        reading="The cost and the size of the errors of every layer, against the epoch. ",
        named=["quantity", "value", "cost", "‖δ‖ of layer 1", "‖δ‖ of layer 2"],
        labels=[1, 2],
    )


def clones(v: Values) -> Expected:
    hidden, at = v["hidden"], v["epoch"]
    if v["data"] == "XOR":
        x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 10).T
        y = np.array([[0.0, 1, 1, 0] * 10])
    else:
        x, y = flowers()[:2]
    w, b = start([len(x), hidden, len(y)], v["start"].replace("nearly ", ""), 1)
    if v["start"].startswith("nearly"):
        w[1] += 0.1 * np.random.default_rng(1).standard_normal(w[1].shape)
    run = trained(w, b, ["sigmoid"] * 2, (x, y, x, y), 3.0, 4 if v["data"] == "XOR" else 10, 0, at)

    alike, epochs = v["start"] in ("constant", "zeros"), np.arange(at + 1)
    apart = [float((m[1].max(axis=0) - m[1].min(axis=0)).max()) for m in run.w]
    # In the graph of neurons clones are equal to the last bit; here and in matrices round-off decides.
    graph, matrices = (np.zeros(at + 1), np.full(at + 1, np.nan)) if alike else (apart, apart)
    far = 0 if alike else Rounded(apart[at], 2, 1e-6)
    rows = [Rounded(n, 2, 1e-6) for n in run.w[at][1].ravel()]
    cost = Rounded(run.cost[at], 2, 1e-6)
    beside = (epochs, run.cost), (epochs, matrices)
    nothing = ([], []), ([], [])
    equal, dashed = (
        "rows are equal to the last bit (spread 0, exactly)",
        "dashed lines are those of this computer",
    )
    return Expected(
        [at, cost, far],
        [*rows, far, cost],
        said=f"{v['data'] if v['data'] == 'XOR' else 'Iris'}, {v['start']} start, epoch #: cost #. "
        + (f"The hidden neurons are clones: their {equal}." if alike else "Two rows differ by up to #.")
        + f" In matrices round-off may part equal rows, sooner or later or never: the {dashed}, "
        "another may get another answer." * v["matrices"],
        reading="The # rows of hidden weights as colors, and the curves of the cost and of the spread of the "
        "rows. ",
        named=["hidden neuron", *["from input #"] * len(x)]
        + ["spread of the rows", *["0, exactly"] * alike, "cost"],
        labels=[*range(len(x)), *range(hidden)],
        lines={"cost graph": (epochs, run.cost), "spread graph": (epochs, graph)}
        | dict(zip(("cost matrices", "spread matrices"), beside if v["matrices"] else nothing, strict=True))
        | {f"now {i}": ([at, at], [0, 1]) for i in (0, 1)}
        | {"here 0": ([at], run.cost[at:]), "here 1": ([at], graph[at:])},
        cells={"rows": run.w[at][1]},
        edges=edges_of(run.w[at]),
        page=[f"equal ones: {', '.join('A' * hidden if alike else 'ABCDEFGH'[:hidden])}."],
        places={f"row {i}": (-0.04, 1 - (i + 0.5) / hidden) for i in range(hidden)}
        | {f"column {k}": ((k + 0.5) / len(x), -0.05) for k in range(len(x))},
        texts={f"row {i}": str(i) if i < hidden else "" for i in range(8)}
        | {f"column {k}": str(k) if k < len(x) else "" for k in range(4)},
        legends={"legend": ["graph", "matrices"] if v["matrices"] else []},
        alt=[hidden],
        silent=([] if alike else [equal]) + ([] if v["matrices"] else ["computer"]),
    )


def find_the_bug(v: Values) -> Expected:
    from backprop_lib.course.mistakes import MISTAKES
    from backprop_lib.network import Network

    names = [*MISTAKES, ""]
    name = names[np.random.default_rng(11).permutation(len(names))[v["mystery"] - 1]]
    x, y, held_x, held_y = flowers()
    kinds = ["sigmoid"] * 3
    net = Network([("identity", 4), *[("sigmoid", 4)] * 2, ("sigmoid", 3)], seed=2)
    w, b = start([4, 4, 4, 3], "random", 2)

    def step() -> tuple[Any, Any]:
        if not name:
            z, a = forward(w, b, kinds, x)
            return slopes_of(deltas(w, z, a, kinds, y), a)
        for l in w:
            net.w[l][...], net.b[l][...] = w[l], b[l]
        given = MISTAKES[name].gradient(net, x, y, "quadratic")
        return given.w, given.b

    path, right = [], None
    for at in range(151):
        z, a = forward(w, b, kinds, x)
        path.append(float(costs(a[3], y).mean()))
        dw, db = step()
        if at == 0:
            true_w, true_b = slopes_of(deltas(w, z, a, kinds, y), a)
            pairs = [(given[l], true[l]) for l in (1, 2, 3) for given, true in ((dw, true_w), (db, true_b))]
            right = [bool(np.allclose(given, true, rtol=1e-6, atol=1e-12)) for given, true in pairs]
            norm = np.linalg.norm
            error = np.array([norm(g - true) / (norm(g) + norm(true)) for g, true in pairs])
        if at == 150:
            break
        size = np.sqrt(sum((dw[l] ** 2).sum() + (db[l] ** 2).sum() for l in w))
        for l in w:
            w[l] = w[l] - min(3.0, 3.0 / size) * dw[l]
            b[l] = b[l] - min(3.0, 3.0 / size) * db[l]
    assert right is not None
    blocks = [f"{kind}{'¹²³'[l - 1]}" for l in (1, 2, 3) for kind in "wb"]
    wrong = [block for block, is_right in zip(blocks, right, strict=True) if not is_right]
    answers = forward(w, b, kinds, held_x)[1][3]
    correct = int((answers.argmax(axis=0) == held_y.argmax(axis=0)).sum())
    words = ["rose" if path[-1] >= path[0] else "fell"]
    words.append(f"refuses {', '.join(wrong)}" if wrong else "the check passes")
    if v["reveal"]:
        words.append(f"It is: {MISTAKES[name].title if name else 'no mistake at all'}.")
    first, last = near(path[0]), Rounded(path[-1], slack=1e-6)
    places = {"ok": np.flatnonzero(right), "wrong": np.flatnonzero(~np.array(right))}
    # Of a right block the figure shows what the differences are off; of a wrong one, by how much it is wrong.
    heights = {"ok": np.full(len(places["ok"]), np.nan), "wrong": error[places["wrong"]]}
    lines = {verdict: (at, heights[verdict]) for verdict, at in places.items()}
    wrongs = [Rounded(e, 2, 1e-4) if not ok else None for e, ok in zip(error, right, strict=True)]
    return Expected(
        [first, last, correct, 45, ...],
        [first, last, correct, *wrongs],
        words,
        said=f"The cost {words[0]} from # to #, with # of 45 held-out flowers right; "
        f"{'the check ' * bool(wrong)}{words[1]}." + "".join(f" {word}" for word in words[2:]),
        reading="The cost over # steps, and the error of the six blocks of the gradient. ",
        named=["", "number", "verdict", "first cost", "", "last cost", words[0]]
        + ["held-out flowers right", "of 45"]
        + [
            word
            for block, is_right in zip(blocks, right, strict=True)
            for word in (f"error of {block}", *(["below 1e−7", "right"] if is_right else ["wrong"]))
        ],
        lines=lines | {"cost": (np.arange(151), path)},
        alt=[150],
        silent=[] if v["reveal"] else ["It is", MISTAKES[name].title if name else "no mistake"],
    )


def step_size(v: Values) -> Expected:
    kinds = ["forward", "central"] if v["difference"] == "both" else [v["difference"]]
    w, b, names = small_net()
    x, y = IRIS.x[::10].T, IRIS.y[::10].T
    z, a = forward(w, b, names, x)
    dw, db = slopes_of(deltas(w, z, a, names, y), a)
    exact = np.concatenate([np.r_[dw[l].ravel(), db[l].ravel()] for l in (1, 2)])
    theta = np.concatenate([np.r_[w[l].ravel(), b[l].ravel()] for l in (1, 2)])

    def cost(t: Any) -> float:
        moved_w = {1: t[:20].reshape(5, 4), 2: t[25:40].reshape(3, 5)}
        moved_b = {1: t[20:25].reshape(5, 1), 2: t[40:].reshape(3, 1)}
        return float(costs(forward(moved_w, moved_b, names, x)[1][2], y).mean())

    base, steps = cost(theta), 10.0 ** np.arange(-12, 0.01, 0.5)
    # Layer by layer, the weights row by row, then the biases; how each is called, and what stands out.
    l, j, k = v["l"], v["j"], v["k"]
    inputs, first = (4, 0) if l == 1 else (5, 25)
    up = "¹²"[l - 1]
    low = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    which, what, indices, symbol, lit = {
        "median": (range(43), "the median of all # parameters", [43], "θ", set()),
        "weight": (
            [first + inputs * j + k],
            f"w{up}[#, #]",
            [j, k],
            f"w{up}{j}{k}".translate(low),
            {(l, j, k), (l - 1, k), (l, j)},
        ),
        "bias": ([first + inputs * len(w[l]) + j], f"b{up}[#]", [j], f"b{up}{j}".translate(low), {(l, j)}),
    }[v["of"]]
    formulas = {"forward": "(C(p + h) − C(p)) / h", "central": "(C(p + h) − C(p − h)) / 2h"}
    name = f"{v['of'][0]}.{'.'.join(map(str, [l, *indices]))}"
    named = f'<span data-is="{name if lit else "w b"}">{symbol}</span>'
    both = [f"d{name}", name] if lit else ["dw.*.*.*", "db.*.*", "w.*.*.*", "b.*.*"]
    own = {kind: " ".join(f"{each}.{kind}" for each in both) for kind in kinds}
    off: dict[str, list[float]] = {kind: [] for kind in kinds}
    for h in steps:
        errors: dict[str, list[float]] = {kind: [] for kind in kinds}
        for i in which:
            e = h * np.eye(43)[i]
            above, below = cost(theta + e), cost(theta - e)
            measured = {"forward": (above - base) / h, "central": (above - below) / (2 * h)}
            for kind in kinds:
                s = measured[kind]
                errors[kind].append(abs(s - exact[i]) / (abs(s) + abs(exact[i])))
        for kind in kinds:
            off[kind].append(float(np.median(errors[kind])))
    # Where round-off has a say, the figure gives a bound; float32 is all round-off but for the largest steps.
    at = int(np.argmin(np.abs(np.log10(steps) - v["exponent"])))
    single = v["precision"] == "float32"
    eps = 2.0**-23 if single else 2.0**-52
    unit = float(np.median(8 * base * eps / np.abs(exact[list(which)])))

    def is_decided(kind: str, row: int, unit: float) -> bool:
        return off[kind][row] > 1.2e4 * unit / steps[row]

    def truncation(kind: str, row: int) -> float:
        """The error of the step, which falls with h, and with h² for central differences."""
        power, first = 1 + (kind == "central"), decided_by[kind]
        return float(off[kind][max(row, first)] * min(1.0, steps[row] / steps[first]) ** power)

    def said(kind: str, row: int) -> Any:
        """An error that the step decides; else a bound for truncation and round-off."""
        if is_decided(kind, row, unit):
            return Rounded(off[kind][row], 1, 3e-2 if single else 1e-3)
        both = truncation(kind, row) + unit / steps[row]
        return Between(min(1.0, both / 5), min(1.0, 20 * both))

    # With double precision, some step decides whatever the precision of the figure.
    fine = unit * 2.0**-52 / eps
    decided_by = {kind: next(row for row in range(25) if is_decided(kind, row, fine)) for kind in kinds}
    decided = {kind: [row for row in range(25) if is_decided(kind, row, unit)] for kind in kinds}
    # So small a step changes no cost of single precision: the difference is 0, and its error is 1.
    lost = np.where((steps < 2e-11) & single, 1.0, np.nan)
    sayings = [""]
    for kind in kinds:
        bound, share = "less than #", float(unit / steps[at]) / truncation(kind, at)
        forms = [bound] * (share < 1000) + [f"{bound} (round-off may be most of it)"] * (share > 10)
        forms = ["#"] if at in decided[kind] else forms
        more = [f"the {kind} difference is off by {form}" for form in forms]
        sayings = [", ".join(filter(None, (one, other))) for one in sayings for other in more]
    return Expected(
        [Rounded(10.0 ** v["exponent"], 2), *indices, *(said(kind, at) for kind in kinds)],
        [said(kind, row) for row in range(25) for kind in kinds],
        said=[
            f"At h = #, {what}: {each}."
            + " Such a bound holds on every computer; the dots are those of this one." * ("less" in each)
            for each in sayings
        ],
        reading="The net whose parameter is moved; "
        f"{'two U-shaped curves' if len(kinds) == 2 else 'one U-shaped curve'} of error against step, in "
        f"{v['precision']}. ",
        edges=edges_of(w),
        neurons={(m, n): (None, None) for m in range(3) for n in range((4, 5, 3)[m])},
        lit=lit,
        idle={"median": {"l", "j", "k"}, "bias": {"k"}, "weight": set()}[v["of"]],
        labels=[Rounded(h, 2) for h in steps],
        lines={"here": ([steps[at]] * 2, [0, 1])}
        | {
            kind: (steps, [off[kind][row] if row in decided[kind] else lost[row] for row in range(25)])
            for kind in kinds
        },
        accuracy=3e-2 if single else 1e-3,
        legends={"legend": kinds},
        hidden={
            artist
            for kind in {"forward", "central"} - set(kinds)
            for artist in (kind, f"guide {kind} 0", f"guide {kind} 1")
        },
        page=[
            f" in {v['precision']}. ",
            "two U-shaped" if len(kinds) == 2 else "one U-shaped",
            f'</span> ≈ <span data-is="{own[kinds[0]]}">{formulas[kinds[0]].replace("p", named)}</span>',
            f'<span data-is="{own[kinds[-1]]}">{formulas[kinds[-1]].replace("p", named)}</span></div>',
        ],
        alt=[64 >> single],
    )


EXPECTED: dict[str, Callable[[Values], Expected]] = {
    function.__name__: function
    for function in (
        clones,
        depth,
        expression_graph,
        find_the_bug,
        iris_lab,
        layer_sizes,
        live_training,
        logits,
        nudge,
        one_neuron,
        step_size,
        stepper,
        weight_inspector,
    )
}
