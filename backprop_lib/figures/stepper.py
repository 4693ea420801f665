"""The stepper: one flower goes through the net and back, one equation at a time."""

from __future__ import annotations

from html import escape
from typing import Any

from backprop_lib.activations import HIDDEN
from backprop_lib.arguments import Array
from backprop_lib.data import load_iris, standardize
from backprop_lib.drawing.named import code as code_of
from backprop_lib.drawing.named import named, plain, symbols
from backprop_lib.drawing.net import network_svg
from backprop_lib.drawing.svg import factor, number
from backprop_lib.equations import Backpropagation, backprop
from backprop_lib.figures.scene import Scene, View, choice, slider
from backprop_lib.network import Network

# Of each step: its title, and its equation for all neurons, for neuron 0, in Python, and in shapes.
STEPS = (
    ("the input", "a⁰ = x", "a⁰ₖ = xₖ", "a[0] = x", "(4, 1)"),
    (
        "forward, layer 1",
        "z¹ = w¹ a⁰ + b¹,  a¹ = σ(z¹)",
        "z¹₀ = Σₖ w¹₀ₖ a⁰ₖ + b¹₀,  a¹₀ = σ(z¹₀)",
        "z[1] = w[1] @ a[0] + b[1]; a[1] = sigma[1](z[1])",
        "(5, 1) = (5, 4) (4, 1) + (5, 1)",
    ),
    (
        "forward, layer 2",
        "z² = w² a¹ + b²,  a² = σ(z²)",
        "z²₀ = Σₖ w²₀ₖ a¹ₖ + b²₀,  a²₀ = σ(z²₀)",
        "z[2] = w[2] @ a[1] + b[2]; a[2] = sigma[2](z[2])",
        "(3, 1) = (3, 5) (5, 1) + (3, 1)",
    ),
    (
        "equation (1)",
        "δ² = (a² − y) ⊙ σ′(z²)",
        "δ²₀ = (a²₀ − y₀) σ′(z²₀)",
        "delta[2] = (a[2] - y) * sigma[2].prime(z[2])",
        "(3, 1) = (3, 1) ⊙ (3, 1)",
    ),
    (
        "equation (2)",
        "δ¹ = (w²)ᵀ δ² ⊙ σ′(z¹)",
        "δ¹₀ = (Σₖ w²ₖ₀ δ²ₖ) σ′(z¹₀)",
        "delta[1] = (w[2].T @ delta[2]) * sigma[1].prime(z[1])",
        "(5, 1) = (5, 3) (3, 1) ⊙ (5, 1)",
    ),
    (
        "equations (3) and (4), layer 2",
        "∂C/∂b² = δ²,  ∂C/∂w² = δ² (a¹)ᵀ",
        "∂C/∂b²₀ = δ²₀,  ∂C/∂w²₀₀ = δ²₀ a¹₀",
        "db[2] = delta[2]; dw[2] = delta[2] @ a[1].T",
        "(3, 1) and (3, 5) = (3, 1) (1, 5)",
    ),
    (
        "equations (3) and (4), layer 1",
        "∂C/∂b¹ = δ¹,  ∂C/∂w¹ = δ¹ (a⁰)ᵀ",
        "∂C/∂b¹₀ = δ¹₀,  ∂C/∂w¹₀₀ = δ¹₀ a⁰₀",
        "db[1] = delta[1]; dw[1] = delta[1] @ a[0].T",
        "(5, 1) and (5, 4) = (5, 1) (1, 4)",
    ),
)
LIT: tuple[set[tuple[int, ...]], ...] = (
    {(0,)},
    {(1, 0), *((0, k) for k in range(4)), *((1, 0, k) for k in range(4))},
    {(2, 0), *((1, k) for k in range(5)), *((2, 0, k) for k in range(5))},
    {(2,)},
    {(1, 0), *((2, k) for k in range(3)), *((2, k, 0) for k in range(3))},
    {(2, 0), (1, 0), (2, 0, 0)},
    {(1, 0), (0, 0), (1, 0, 0)},
)


def in_numbers(net: Network, run: Backpropagation, y: Any, step: int) -> str:
    """The equation of a step in the numbers of neuron 0 (or of the weight from 0 to 0), as named HTML."""
    z, a, delta = run.z, run.a, run.delta

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
        return "a⁰ = (" + ", ".join(n(v, f"a.0.{k}") for k, v in enumerate(a[0][:, 0])) + ")"
    if step in (1, 2):
        l = step
        terms = [
            product(w, f"w.{l}.0.{k}", v, f"a.{l - 1}.{k}")
            for k, (w, v) in enumerate(zip(net.w[l][0], a[l - 1][:, 0], strict=True))
        ]
        b = n(net.b[l][0, 0], f"b.{l}.0", factor)
        return f"{added(terms)} + {b} = {n(z[l][0, 0], f'z.{l}.0')},  σ → {n(a[l][0, 0], f'a.{l}.0')}"
    if step == 3:
        prime = n(net.sigma[2].prime(z[2])[0, 0], "prime.2.0")
        error = f"{n(a[2][0, 0], 'a.2.0')} − {n(y[0, 0], 'y.2.0')}"
        return f"({error}) · {prime} = {n(delta[2][0, 0], 'delta.2.0')}"
    if step == 4:
        terms = [
            product(net.w[2][k, 0], f"w.2.{k}.0", delta[2][k, 0], f"delta.2.{k}") for k in range(net.sizes[2])
        ]
        prime = n(net.sigma[1].prime(z[1])[0, 0], "prime.1.0")
        return f"({added(terms)}) · {prime} = {n(delta[1][0, 0], 'delta.1.0')}"
    l = 2 if step == 5 else 1
    error = delta[l][0, 0]
    into = n(a[l - 1][0, 0], f"a.{l - 1}.0", factor)
    return (
        f"{named('∂C/∂b', f'db.{l}.0')} = {n(error, f'db.{l}.0')},  "
        f"{named('∂C/∂w', f'dw.{l}.0.0')} from 0 to 0 = {n(error, f'delta.{l}.0')} · {into} = "
        f"{n(run.gradient.w[l][0, 0], f'dw.{l}.0.0')}"
    )


def _named(run: Backpropagation, step: int) -> dict[str, Array]:
    """What is new in a step: a name and an array, a vector as a column."""
    z, a, delta, gradient = run.z, run.a, run.delta, run.gradient
    return (
        {"a⁰": a[0]},
        {"z¹": z[1], "a¹": a[1]},
        {"z²": z[2], "a²": a[2]},
        {"δ²": delta[2]},
        {"δ¹": delta[1]},
        {"∂C/∂b²": gradient.b[2], "∂C/∂w²": gradient.w[2]},
        {"∂C/∂b¹": gradient.b[1], "∂C/∂w¹": gradient.w[1]},
    )[step]


# The same in Python, for the line of code.
NEW = (
    "run.a[0]",
    "[run.z[1], run.a[1]]",
    "[run.z[2], run.a[2]]",
    "run.delta[2]",
    "run.delta[1]",
    "[run.gradient.b[2], run.gradient.w[2]]",
    "[run.gradient.b[1], run.gradient.w[1]]",
)


def _card(title: str, *lines: tuple[str, str]) -> str:
    """The equation of a step in symbols, numbers and shapes, in the colors of the page."""
    body = "".join(
        f"<div style='font-size:12px;line-height:1.4;opacity:0.75;margin-top:8px'>{escape(name)}</div>"
        f"<div style='font-size:15px;line-height:1.5' data-line>{html}</div>"
        for name, html in lines
    )
    return (
        "<div style='flex:1 1 300px;max-width:440px;padding:8px 16px;border-left:4px solid'>"
        f"<b style='font-size:15px'>{escape(title)}</b>{body}</div>"
    )


def stepper() -> Scene:
    """Forward, then back: the net with the present terms lit, the equation in symbols, numbers and shapes."""
    (flowers,) = standardize(load_iris())

    def draw(example: int, activation: str, step: int) -> View:
        net = Network([("identity", 4), (activation, 5), ("sigmoid", 3)], seed=0)
        x, y = flowers.x[[example]].T, flowers.y[[example]].T
        run = backprop(net, x, y)
        title, equation, of_one, line, shapes = STEPS[step]
        numbers = in_numbers(net, run, y, step)
        values = {l: run.a[l] for l in range(3) if step >= l}
        deltas = {l: run.delta[l] for l in (1, 2) if step >= 5 - l}
        alt = f"Flower {example}, step {step} of {len(STEPS) - 1}, {title}: {equation}"
        drawn = network_svg(
            net.sizes, weights=net.w, values=values, deltas=deltas or None, lit=LIT[step], alt=alt
        )
        whose = "In numbers" if step == 0 else "In numbers, for neuron 0"
        card = _card(
            title,
            ("In symbols", symbols(equation, net.L)),
            ("By index", symbols(of_one, net.L)),
            (whose, numbers),
            ("In Python", f"<code>{code_of(line, net.L)}</code>"),
            ("In shapes", escape(shapes)),
        )
        html = f"<div style='display:flex;flex-wrap:wrap;gap:16px;align-items:center'>{drawn}{card}</div>"
        sentence = (
            f"Step {step} of {len(STEPS) - 1}, {title}: {equation}. "
            f"For neuron 0: {plain(numbers)}. Shapes: {shapes}."
        )
        arrays = _named(run, step)
        widest = max(array.shape[1] if array.shape[1] > 1 else len(array) for array in arrays.values())
        rows: list[list[object]] = [["array", *(f"[{j}]" for j in range(widest))]]
        for name, array in arrays.items():
            if array.shape[1] == 1:
                rows.append([name, *(number(v) for v in array[:, 0])])
            else:
                rows += [[f"{name}, to {j}", *(number(v) for v in row)] for j, row in enumerate(array)]
        code = (
            "from backprop_lib import Network, backprop, load_iris, standardize\n"
            "(flowers,) = standardize(load_iris())\n"
            f'net = Network([("identity", 4), ("{activation}", 5), ("sigmoid", 3)], seed=0)\n'
            f"run = backprop(net, *flowers.take([{example}]).columns())\n"
            f"{NEW[step]}"
        )
        return View(html, alt, sentence, rows, code)

    controls = {
        "example": slider("Flower", 0, 0, 149),
        "activation": choice("Hidden activation", HIDDEN, "sigmoid"),
        "step": slider("Step", 4, 0, len(STEPS) - 1),
    }
    return Scene(controls, draw, play="step", interval=1500, living=True)
