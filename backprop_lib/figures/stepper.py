"""The stepper: one flower goes through the net and back, one equation at a time."""

from __future__ import annotations

from html import escape
from operator import attrgetter
from typing import Any

from backprop_lib.activations import HIDDEN
from backprop_lib.data import load_iris, standardize
from backprop_lib.drawing.named import code as code_of
from backprop_lib.drawing.named import named, plain, symbols
from backprop_lib.drawing.net import NARROW, network_svg, subscript, superscript
from backprop_lib.drawing.svg import beside, enlarged, factor, number
from backprop_lib.equations import Backpropagation, backprop
from backprop_lib.figures.scene import Scene, View, choice, keep_inside, living_line, slider
from backprop_lib.network import Network

# Of each step: its title, and its equation for all neurons, for neuron j (and from k), in Python, in shapes.
STEPS = (
    ("the input", "a⁰ = x", "a⁰ₖ = xₖ", "a[0] = x", "(4, 1)"),
    (
        "forward, layer 1",
        "z¹ = w¹ a⁰ + b¹,  a¹ = σ(z¹)",
        "z¹{j} = Σₖ w¹{j}ₖ a⁰ₖ + b¹{j},  a¹{j} = σ(z¹{j})",
        "z[1] = w[1] @ a[0] + b[1]; a[1] = sigma[1](z[1])",
        "(5, 1) = (5, 4) (4, 1) + (5, 1)",
    ),
    (
        "forward, layer 2",
        "z² = w² a¹ + b²,  a² = σ(z²)",
        "z²{j} = Σₖ w²{j}ₖ a¹ₖ + b²{j},  a²{j} = σ(z²{j})",
        "z[2] = w[2] @ a[1] + b[2]; a[2] = sigma[2](z[2])",
        "(3, 1) = (3, 5) (5, 1) + (3, 1)",
    ),
    (
        "equation (1)",
        "δ² = (a² − y) ⊙ σ′(z²)",
        "δ²{j} = (a²{j} − y{j}) σ′(z²{j})",
        "delta[2] = (a[2] - y) * sigma[2].prime(z[2])",
        "(3, 1) = (3, 1) ⊙ (3, 1)",
    ),
    (
        "equation (2)",
        "δ¹ = (w²)ᵀ δ² ⊙ σ′(z¹)",
        "δ¹{j} = (Σₖ w²ₖ{j} δ²ₖ) σ′(z¹{j})",
        "delta[1] = (w[2].T @ delta[2]) * sigma[1].prime(z[1])",
        "(5, 1) = (5, 3) (3, 1) ⊙ (5, 1)",
    ),
    (
        "equations (3) and (4), layer 2",
        "∂C/∂b² = δ²,  ∂C/∂w² = δ² (a¹)ᵀ",
        "∂C/∂b²{j} = δ²{j},  ∂C/∂w²{j}{k} = δ²{j} a¹{k}",
        "db[2] = delta[2]; dw[2] = delta[2] @ a[1].T",
        "(3, 1) and (3, 5) = (3, 1) (1, 5)",
    ),
    (
        "equations (3) and (4), layer 1",
        "∂C/∂b¹ = δ¹,  ∂C/∂w¹ = δ¹ (a⁰)ᵀ",
        "∂C/∂b¹{j} = δ¹{j},  ∂C/∂w¹{j}{k} = δ¹{j} a⁰{k}",
        "db[1] = delta[1]; dw[1] = delta[1] @ a[0].T",
        "(5, 1) and (5, 4) = (5, 1) (1, 4)",
    ),
)
SIZES = (4, 5, 3)
GIVEN = {"x": "a.0", "y": "y.2"}
LAYERS = (0, 1, 2, 2, 1, 2, 1)  # in which a step computes something
BESIDE = (0, 2, 1, 4, 3, 6, 5)  # the step that does the same in the other layer
# Where a run of backprop has what is new in a step, which stands at the left of its equations.
PLACES = {"a": "a", "z": "z", "δ": "delta", "∂C/∂b": "gradient.b", "∂C/∂w": "gradient.w"}


def lit(step: int, j: int, k: int) -> set[tuple[int, ...]]:
    """What meets in a step, for neuron j, or for the weight to it from k."""
    l = LAYERS[step]
    if step == 0:
        return {(0,)}
    if step in (1, 2):
        return {(l, j), *((l - 1, n) for n in range(SIZES[l - 1])), *((l, j, n) for n in range(SIZES[l - 1]))}
    if step == 4:
        return {(1, j), *((2, n) for n in range(3)), *((2, n, j) for n in range(3))}
    return {(l, j)} if step == 3 else {(l, j), (l - 1, k), (l, j, k)}


def in_numbers(net: Network, run: Backpropagation, y: Any, step: int, j: int, k: int) -> str:
    """The equation of a step in the numbers of neuron j (or of the weight to it from k), as named HTML."""
    z, a, delta, l = run.z, run.a, run.delta, LAYERS[step]
    at = f"{l}.{j}"

    def n(value: float, name: str, write: Any = number) -> str:
        return named(write(value), name)

    def product(w: float, of_w: str, other: float, of_other: str) -> str:
        return named(f"{n(w, of_w)}·{n(other, of_other, factor)}", of_w, of_other)

    def added(terms: list[str]) -> str:
        """The terms with + between them; a number that begins with a minus brings its own sign."""
        first, *rest = terms
        signed = (t.replace(">−", ">− ", 1) if plain(t).startswith("−") else f"+ {t}" for t in rest)
        return " ".join([first, *signed])

    if step == 0:
        return "a⁰ = (" + ", ".join(n(v, f"a.0.{i}") for i, v in enumerate(a[0][:, 0])) + ")"
    if step in (1, 2):
        terms = [
            product(w, f"w.{at}.{i}", a[l - 1][i, 0], f"a.{l - 1}.{i}") for i, w in enumerate(net.w[l][j])
        ]
        b = n(net.b[l][j, 0], f"b.{at}", factor)
        return f"{added(terms)} + {b} = {n(z[l][j, 0], f'z.{at}')},  σ → {n(a[l][j, 0], f'a.{at}')}"
    if step in (3, 4):
        if step == 3:
            error = f"{n(a[2][j, 0], f'a.2.{j}')} − {n(y[j, 0], f'y.2.{j}')}"
        else:
            weights = enumerate(net.w[2][:, j])
            error = added([product(w, f"w.2.{i}.{j}", delta[2][i, 0], f"delta.2.{i}") for i, w in weights])
        prime = n(net.sigma[l].prime(z[l])[j, 0], f"prime.{at}")
        return f"({error}) · {prime} = {n(delta[l][j, 0], f'delta.{at}')}"
    error, slope, symbol = delta[l][j, 0], f"dw.{at}.{k}", f"{superscript(l)}{subscript(j)}"
    return (
        f"{named(f'∂C/∂b{symbol}', f'db.{at}')} = {n(error, f'db.{at}')},  "
        f"{named(f'∂C/∂w{symbol}{subscript(k)}', slope)} = {n(error, f'delta.{at}')} · "
        f"{n(a[l - 1][k, 0], f'a.{l - 1}.{k}', factor)} = {n(run.gradient.w[l][j, k], slope)}"
    )


def _card(title: str, *lines: tuple[str, str]) -> str:
    """The equation of a step in symbols, numbers and shapes, in the colors of the page."""
    body = "".join(
        f"<div style='font-size:12px;line-height:1.4;opacity:0.75;margin-top:8px'>{escape(name)}</div>"
        f"{living_line(html)}"
        for name, html in lines
    )
    return (
        "<div style='flex:1 1 300px;padding:8px 16px;border-left:4px solid'>"
        f"<b style='font-size:15px'>{escape(title)}</b>{body}</div>"
    )


def stepper() -> Scene:
    """Forward, then back: the net with the present terms lit, the equation in symbols, numbers and shapes.

    A click on a neuron writes the equation for it, a click on a weight the slope of that weight.
    """
    (flowers,) = standardize(load_iris())

    def draw(example: int, activation: str, step: int, j: int, k: int) -> View:
        net = Network([("identity", 4), (activation, 5), ("sigmoid", 3)], seed=0)
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        title, equation, of_one, line, shapes = STEPS[step]
        l, numbers = LAYERS[step], in_numbers(net, run, y, step, j, k)
        values = {m: run.a[m] for m in range(3) if step >= m}
        deltas = {m: run.delta[m] for m in (1, 2) if step >= 5 - m}
        alt = f"Flower {example}, step {step} of {len(STEPS) - 1}, {title}: {equation}"
        drawn = network_svg(
            net.sizes,
            weights=net.w,
            values=values,
            deltas=deltas or None,
            lit=lit(step, j, k),
            canvas=(NARROW, 390),
            alt=alt,
        )
        card = _card(
            title,
            ("In symbols", symbols(equation, net.L)),
            ("By index", symbols(of_one.format(j=subscript(j), k=subscript(k)), net.L)),
            (f"In numbers, for neuron {j}" if step else "In numbers", numbers),
            ("In Python", f"<code>{code_of(line, GIVEN)}</code>"),
            ("In shapes", escape(shapes)),
        )
        html = beside(enlarged(drawn, 1.1), card)
        sentence = (
            f"Step {step} of {len(STEPS) - 1}, {title}: {equation}. "
            f"{f'For neuron {j}: ' if step else ''}{plain(numbers)}. Shapes: {shapes}."
        )
        names = [part.partition(" = ")[0] for part in equation.split(",  ")]
        places = [PLACES[name[:-1]] for name in names]
        arrays = {name: attrgetter(place)(run)[l] for name, place in zip(names, places, strict=True)}
        new = [f"run.{place}[{l}]" for place in places]
        widest = max(array.shape[1] if array.shape[1] > 1 else len(array) for array in arrays.values())
        rows: list[list[object]] = [["array", *(f"[{i}]" for i in range(widest))]]
        for name, array in arrays.items():
            if array.shape[1] == 1:
                rows.append([name, *(number(v) for v in array[:, 0])])
            else:
                rows += [[f"{name}, to {i}", *(number(v) for v in row)] for i, row in enumerate(array)]
        if step:  # what the numbers lead to, once more by itself
            indices, column = (f"{j}, {k}", k) if step > 4 else (f"{j}", 0)
            rows.append([f"{name}[{indices}]", number(array[j, column])])
            new.append(f"{new[-1]}[{j}, {column}]")
        code = (
            "from backprop_lib import Network, backprop, load_iris, standardize\n"
            "(flowers,) = standardize(load_iris())\n"
            f'net = Network([("identity", 4), ("{activation}", 5), ("sigmoid", 3)], seed=0)\n'
            f"run = backprop(net, *flowers.take([{example}]).columns())\n"
            f"[{', '.join(new)}]"
        )
        idle = frozenset(() if step > 4 else "k" if step else "jk")
        choosable = "neurons, weights" if step > 4 else "neurons" if step else ""
        chosen = f"{l}.{j}.{k}" if step > 4 else f"{l}.{j}" if step else ""
        return View(html, alt, sentence, rows, code, idle=idle, choosable=choosable, chosen=chosen)

    controls: dict[str, Any] = {
        "example": slider("Flower", 0, 0, 149),
        "activation": choice("Hidden activation", HIDDEN, "sigmoid"),
        "step": slider("Step", 4, 0, len(STEPS) - 1),
        "j": slider("Neuron j", 0, 0, 4),
        "k": slider("From neuron k", 0, 0, 4),
    }
    keep_inside(controls["j"], controls["step"], lambda step: SIZES[LAYERS[step] or 1] - 1)
    keep_inside(controls["k"], controls["step"], lambda step: SIZES[(LAYERS[step] or 1) - 1] - 1)

    def choose(l: int, j: int, k: int | None = None) -> dict[str, int]:
        step = controls["step"].value
        chosen = {"step": step if LAYERS[step] == l else BESIDE[step], "j": j}
        return chosen if k is None else chosen | {"k": k}

    return Scene(controls, draw, play="step", interval=1500, living=True, choose=choose)
