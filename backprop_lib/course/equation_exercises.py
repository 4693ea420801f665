"""Exercises to write the four equations, and backpropagation as a whole.

The right answers and the known wrong ones are the steps of `backprop_lib.course.mistakes`, run on random
nets, so that an answer is told the same words that the catalogue has for its mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_lib.activations import Activation
from backprop_lib.arguments import Array
from backprop_lib.costs import Cost
from backprop_lib.costs import cost as cost_named
from backprop_lib.course.answers import Case, FunctionToWrite, function_on
from backprop_lib.course.mistakes import MISTAKES, RIGHT, Mistake, Run, Step, Wrong, diagnosing_net, one_each
from backprop_lib.course.results import same
from backprop_lib.equations import backprop
from backprop_lib.network import Network, Parameters

LN_COSH = Cost("ln_cosh", lambda a, y: np.log(np.cosh(a - y)).sum(axis=0), lambda a, y: np.tanh(a - y))


def _own(wrong: Wrong) -> list[Mistake]:
    """The mistakes of a table whose wrong answers are steps."""
    return [replace(mistake, steps=steps) for mistake, steps in one_each(wrong)]


def _in_both_errors(change: Callable[[Step, Run, int], Array]) -> dict[str, Step]:
    """The steps of (1) and (2), changed in the same way."""
    return {name: partial(change, RIGHT[name]) for name in ("output_error", "hidden_error")}


# The same mistakes as in the catalogue in another dress, and some that show in a single step only.
_IN_ANOTHER_DRESS = [
    replace(MISTAKES[name], steps={step: wrong})
    for name, step, wrong in (
        ("indices_exchanged", "weight_gradient", lambda r, l: r.a[l - 1] @ r.delta[l].T / r.m),
        ("bias_summed_over_neurons", "bias_gradient", lambda r, l: r.delta[l].sum(axis=0, keepdims=True)),
        ("bias_summed_over_neurons", "bias_gradient", lambda r, l: r.delta[l].mean(axis=0, keepdims=True)),
        ("bias_summed_over_neurons", "bias_gradient", lambda r, l: r.delta[l].sum(axis=0)),
        ("bias_summed_over_neurons", "bias_gradient", lambda r, l: r.delta[l].mean(axis=0)),
        ("batch_summed", "bias_gradient", lambda r, l: r.delta[l].sum(axis=1)),
    )
]
_IN_ONE_STEP: Wrong = {
    "σ in place of σ′": (
        "The slope of the cost is multiplied by σ(z^L), not by its derivative.",
        MISTAKES["no_sigma_prime_at_output"].where,
        {"output_error": lambda r, l: r.cost_slope(l) * r.a[l]},
    ),
    "the errors averaged": (
        "δ is averaged over the batch; errors stay per example, one column each.",
        "equations (3) and (4): the mean is taken there, and only there",
        _in_both_errors(lambda right, r, l: right(r, l).mean(axis=1, keepdims=True)),
    ),
    "1/m taken in δ": (
        "δ is divided by the number of examples; errors stay per example, undivided.",
        "equations (3) and (4): the mean is taken there, and only there",
        _in_both_errors(lambda right, r, l: right(r, l) / r.m),
    ),
    "the activation of the same layer": (
        "The weights w^l lead from layer l − 1: its activations belong into (4).",
        "equation (4), the last line of its proof: ∂z^l_j/∂w^l_jk is a^{l−1}_k",
        {"weight_gradient": lambda r, l: r.delta[l] @ r.a[l].T / r.m},
    ),
    "the means multiplied": (
        "Errors and activations are averaged before they are multiplied; "
        "a mean of products is not the product of the means.",
        "equation (4): multiply for each example, then average",
        {"weight_gradient": lambda r, l: np.outer(r.delta[l].mean(axis=1), r.a[l - 1].mean(axis=1))},
    ),
    "divided by the number of neurons": (
        "The rows of δ are neurons; the examples are its columns.",
        "the divisor: delta.shape[1], or a mean with axis=1",
        {
            "bias_gradient": lambda r, l: r.delta[l].sum(axis=1, keepdims=True) / len(r.delta[l]),
            "weight_gradient": lambda r, l: r.delta[l] @ r.a[l - 1].T / len(r.delta[l]),
        },
    ),
    "one mean over the neurons, too": (
        "Every neuron has a bias of its own, and so a slope of its own.",
        "the axis of the mean: it runs along the examples alone",
        {"bias_gradient": lambda r, l: np.full((len(r.delta[l]), 1), r.delta[l].mean())},
    ),
    "the target minus the output, and σ′ left out": (
        "The sign is flipped, and the factor σ′(z^L) is missing.",
        "equation (1): both of its factors",
        {"output_error": lambda r, l: -r.cost_slope(l)},
    ),
    "z in place of a": (
        "The cost compares the output a^L with the target, not z^L.",
        "equation (1), its first factor: ∂C_x/∂a^L_j",
        {"output_error": lambda r, l: r.cost.derivative(r.z[l], r.y) * r.prime(l)},
    ),
    "σ′ taken of y": (
        "σ′ is evaluated at the target y; it belongs at the pre-activation z.",
        "equation (1), the last line of its proof: the slope of the step from z to a is σ′(z)",
        {"output_error": lambda r, l: r.cost_slope(l) * r.net.sigma[l].prime(r.y)},
    ),
    "the cost in place of its slope": (
        "Both factors are slopes: the cost has to be differentiated by a^L_j.",
        "equation (1), its first factor: ∂C_x/∂a^L_j",
        {"output_error": lambda r, l: 0.5 * (r.a[l] - r.y) ** 2 * r.prime(l)},
        {"output_error": lambda r, l: (r.a[l] - r.y) ** 2 * r.prime(l)},
    ),
    "the size of the difference": (
        "The slope has a sign: it is negative where the output is too small.",
        "equation (1), its first factor: ∂C_x/∂a^L_j",
        {"output_error": lambda r, l: np.abs(r.cost_slope(l)) * r.prime(l)},
    ),
    "a sum for the product": (
        "Slopes of steps that follow one another are multiplied, not added.",
        "the chain rule: the factors of the equation",
        {
            "output_error": lambda r, l: r.cost_slope(l) + r.prime(l),
            "hidden_error": lambda r, l: r.back(l) + r.prime(l),
        },
    ),
    "brackets missing": (
        "a − y · σ′ multiplies y alone: the difference needs brackets.",
        "the first factor: write (a - y) * …",
        {"output_error": lambda r, l: r.a[l] - r.y * r.prime(l)},
    ),
    "σ′ alone": (
        "σ′ is one of two factors; what comes from the cost is missing.",
        "the equation: both of its factors",
        _in_both_errors(lambda right, r, l: r.prime(l)),
    ),
    "the errors of the next layer are left out": (
        "The weights are added up as they are; each belongs to the error δ_k of the neuron it leads to.",
        "equation (2): Σ_k w_kj δ_k",
        {"hidden_error": lambda r, l: r.net.w[l + 1].sum(axis=0)[:, None] * r.prime(l)},
    ),
    "σ′ taken twice": (
        "Each layer has one bend between z and a, so each error has one factor σ′.",
        "how often the line with σ′ is applied",
        _in_both_errors(lambda right, r, l: right(r, l) * r.prime(l)),
    ),
    "the inverse in place of the transpose": (
        "Errors are collected along the weights; nothing is undone.",
        "equation (2): Σ_k w_kj δ_k",
        {"hidden_error": lambda r, l: np.linalg.pinv(r.net.w[l + 1]) @ r.delta[l + 1] * r.prime(l)},
    ),
}
_BY_TITLE = {mistake.title: mistake for mistake in _own(_IN_ONE_STEP)}


def _built_in(name: str, formula: str, slope: Callable[[Array], Array]) -> dict[str, Any]:
    """The slope of one activation, written where every activation was asked for."""
    return {
        f"the slope of the {name} built in": (
            f"{formula} is the slope of the {name} alone; this function is for every activation.",
            "the argument sigma: its slope at z is sigma.prime(z)",
            {
                "output_error": lambda r, l: r.cost_slope(l) * slope(r.a[l]),
                "hidden_error": lambda r, l: r.back(l) * slope(r.a[l]),
            },
        )
    }


_BUILT_IN = _own(
    _built_in("sigmoid", "a(1 − a)", lambda a: a * (1 - a)) | _built_in("tanh", "1 − a²", lambda a: 1 - a**2)
)
_QUADRATIC_SLOPE: Wrong = {
    "the slope of another cost": (
        "a − y is the slope of the quadratic cost; this cost has another.",
        "equation (1), its first factor: differentiate this cost by a^L_j",
        {"output_error": lambda r, l: (r.a[l] - r.y) * r.prime(l)},
    ),
    "the slope of another cost, and σ′ left out": (
        "a − y is the slope of the quadratic cost, and the factor σ′(z^L) is missing.",
        "equation (1): both of its factors",
        {"output_error": lambda r, l: r.a[l] - r.y},
    ),
}


def _net(rng: np.random.Generator, m: int, *layers: tuple[str, int]) -> Network:
    """A net with random biases, too; the number of its examples is its seed."""
    net = Network([*layers], seed=m)
    net.theta += 0.3 * rng.standard_normal(net.theta.size)
    return net


def _runs(*activations: tuple[str, str], cost: str | Cost = "quadratic") -> list[tuple[str, Run]]:
    """Nets of two layers on batches of 1, 7 and 20 random examples; one net is square.

    activations: those of the hidden and of the output layer.
    """
    rng, runs = np.random.default_rng(5), []
    for hidden, output in activations:
        for (inputs, n, outputs), m in (((4, 5, 3), 1), ((2, 4, 3), 7), ((3, 3, 3), 20)):
            net = _net(rng, m, ("identity", inputs), (hidden, n), (output, outputs))
            x, y = rng.standard_normal((inputs, m)), np.eye(outputs)[:, rng.integers(0, outputs, m)]
            known = backprop(net, x, y, cost)
            run = Run(net, y, cost_named(cost), known.z, known.a, known.delta, known.gradient)
            kind = f"{hidden} and {output} with " if len(activations) > 1 else ""
            runs.append((f"{kind}a batch of {m}", run))
    return runs


WITH_ONE_EXAMPLE = (
    "With one example a mistake in a sum, a mean or a shape may not show. How is it with several?"
)
_HINTS = (
    ("batch of 1", WITH_ONE_EXAMPLE),
    ("batch of 20", "These nets are square, which hides a transpose. Is w turned the right way?"),
    *(
        (name, f"What your function does fits the {name} alone, or all but the {name}: use sigma.prime(z).")
        for name in ("sigmoid", "tanh")
    ),
)


def _step(
    step: str,
    l: int,
    runs: list[tuple[str, Run]],
    checked_on: str,
    parameters: str,
    arguments: Callable[[Run], tuple[Any, ...]],
    only_here: Wrong = MappingProxyType({}),
    without: tuple[str, ...] = (),
    where: Mapping[str, str] = MappingProxyType({}),
) -> FunctionToWrite:
    """The exercise to write one of the four steps, with every known mistake that shows on these runs.

    where: the place to look at for some of them, where the exercise has one of its own.
    """
    mistakes = []
    for mistake in (
        *MISTAKES.values(),
        *_IN_ANOTHER_DRESS,
        *_own(_IN_ONE_STEP),
        *_BUILT_IN,
        *_own(only_here),
    ):
        wrong_step = mistake.steps.get(step)
        if wrong_step is None or mistake.name in without:
            continue
        if not all(same(RIGHT[step](run, l), wrong_step(run, l)) for _, run in runs):
            mistakes.append(replace(mistake, where=where.get(mistake.name, mistake.where)))

    def cases() -> list[Case]:
        return [
            Case(name, arguments(run), RIGHT[step](run, l), tuple(m.steps[step](run, l) for m in mistakes))
            for name, run in runs
        ]

    return FunctionToWrite(tuple(parameters.split()), cases, checked_on, tuple(mistakes), hints=_HINTS)


def _gradient(net: Network, x: Array, y: Array) -> Parameters:
    return backprop(net, x, y).gradient


def _without_biases(net: Network, x: Array, y: Array) -> Parameters:
    net = net.copy()
    for b in net.b.values():
        b[...] = 0.0
    return _gradient(net, x, y)


_IN_THE_WHOLE: Wrong = {
    "σ′ left out in all layers": (
        "No error is multiplied by the slope of its neuron, σ′(z^l).",
        "equations (1) and (2): each has a factor σ′",
        {"output_error": Run.cost_slope, "hidden_error": Run.back},
    ),
    "σ in place of σ′": (
        "An error is multiplied by σ(z^l), not by its derivative.",
        "equations (1) and (2): σ has to be differentiated in both",
        {"output_error": lambda r, l: r.cost_slope(l) * r.a[l]},
        {
            "output_error": lambda r, l: r.cost_slope(l) * r.a[l],
            "hidden_error": lambda r, l: r.back(l) * r.a[l],
        },
    ),
    "the errors averaged": (
        "δ is averaged over the batch on its way; errors stay per example, one column each.",
        "equations (3) and (4): the mean is taken there, and only there",
        _BY_TITLE["the errors averaged"].steps | _BY_TITLE["the means multiplied"].steps,
    ),
    "the biases in place of their slopes": (
        "These are the biases of the net; asked for is how the cost changes with them.",
        "equation (3): the gradient by the biases is made of δ",
        {"bias_gradient": lambda r, l: r.net.b[l]},
    ),
    "δ^L multiplied by σ′ once more": (
        "The error of the output layer has one factor σ′; equation (2) adds those of the other layers.",
        "the loop for equation (2): it begins at l = L − 1",
        {"output_error": lambda r, l: RIGHT["output_error"](r, l) * r.prime(l)},
    ),
}
_WHOLE = [
    *_own(_IN_THE_WHOLE),
    _BY_TITLE["the target minus the output, and σ′ left out"],
    *(
        replace(MISTAKES[name], steps={step: wrong}, where=where)
        for name, where in (
            ("sigma_prime_of_a", "the line where a = σ(z) is differentiated by z: the slope is σ′(z)"),
            ("batch_summed", "the factor 1/m: both (3) and (4) have it, because C = (1/m) Σ C_x"),
            ("averaged_twice", "the factor 1/m: both (3) and (4) have it once"),
        )
        for step, wrong in MISTAKES[name].steps.items()
    ),
    *(replace(built_in, where="the slope of layer l: net.sigma[l].prime(z[l])") for built_in in _BUILT_IN),
]


Problem = tuple[Network, Array, Array]


def problem(rng: np.random.Generator, m: int, hidden: str, sizes: tuple[int, ...]) -> Problem:
    """A net of sigmoid outputs, and random examples."""
    first, *middle, last = sizes
    net = _net(rng, m, ("identity", first), *((hidden, n) for n in middle), ("sigmoid", last))
    return net, rng.standard_normal((first, m)), rng.random((last, m))


def _name(net: Network, x: Array) -> str:
    return f"a {'-'.join(map(str, net.sizes))} net with a batch of {x.shape[1]}"


def _problems() -> dict[str, Problem]:
    rng = np.random.default_rng(6)
    # An answer with the slope of one of them built in is not right on both.
    tanh, sigmoid = problem(rng, 1, "tanh", (4, 5, 3)), problem(rng, 12, "sigmoid", (3, 4, 4, 4, 2))
    return {_name(net, x): (net, x, y) for net, x, y in (diagnosing_net()[:3], tanh, sigmoid)}


def _carried(
    net: Network,
    z: dict[int, Array],
    delta_last: Array,
    back_to: int = 1,
    slope: Callable[[Activation, Array], Any] = lambda sigma, z: sigma.prime(z),
    turned: Callable[[Array], Any] = np.transpose,
) -> Array:
    """δ of an early layer, by equation (2) from δ^L, or with something else in place of σ′(z) or (…)ᵀ."""
    delta = delta_last
    for l in range(net.L - 1, back_to - 1, -1):
        delta = turned(net.w[l + 1]) @ delta * slope(net.sigma[l], z[l])
    return delta


def _carried_by_the_next_slope(net: Network, z: dict[int, Array], delta: Array) -> Array:
    for l in range(net.L - 1, 0, -1):
        delta = net.w[l + 1].T @ (delta * net.sigma[l + 1].prime(z[l + 1]))
    return delta


_SLOPE_OF_THE_LAYER = "the slope of layer l, which is net.sigma[l].prime(z[l])"


def _as_in(mistake: Mistake, answer: Callable[..., Any], where: str = "") -> Wrong:
    """An answer that is told the words of this mistake, and another place to look at where there is one."""
    return {mistake.title: (mistake.sentence, where or mistake.where, answer)}


_FIRST_ERROR: Wrong = {
    **_as_in(MISTAKES["no_sigma_prime_in_hidden"], partial(_carried, slope=lambda sigma, z: 1.0)),
    "one layer only": (
        "This is the error of the last hidden layer; the net may have more of them.",
        "the loop: l runs from L − 1 down to 1",
        lambda net, z, delta: _carried(net, z, delta, net.L - 1),
    ),
    "the loop ends one layer too early": (
        "This is the error of layer 2; asked for is that of layer 1.",
        "the end of the loop: range(a, b, -1) does not come to b itself",
        lambda net, z, delta: _carried(net, z, delta, 2),
    ),
    **_as_in(
        MISTAKES["sigma_prime_of_a"],
        partial(_carried, slope=lambda sigma, z: sigma.prime(sigma(z))),
        "the dict that is handed over: it holds z, and sigma.prime takes z as it is",
    ),
    **_as_in(MISTAKES["sigma_for_sigma_prime"], partial(_carried, slope=lambda sigma, z: sigma(z))),
    **_as_in(_BUILT_IN[0], partial(_carried, slope=lambda s, z: s(z) * (1 - s(z))), _SLOPE_OF_THE_LAYER),
    **_as_in(_BUILT_IN[1], partial(_carried, slope=lambda s, z: 1 - s(z) ** 2), _SLOPE_OF_THE_LAYER),
    **_as_in(_BY_TITLE["the inverse in place of the transpose"], partial(_carried, turned=np.linalg.pinv)),
    "σ′ of the next layer": (
        "δ^{l+1} holds the slope of its own layer already; new is that of layer l.",
        "equation (2): it multiplies by σ′(z^l), after the weights",
        _carried_by_the_next_slope,
    ),
    "δ^L multiplied by σ′ once more": (
        "What is handed over is an error already: its factor σ′(z^L) is in it.",
        "the loop: l runs from L − 1 down to 1",
        lambda net, z, delta: _carried(net, z, delta * net.sigma[net.L].prime(z[net.L])),
    ),
    "the errors averaged": (
        "δ is averaged over the batch; errors stay per example, one column each.",
        "the shape of the answer: m columns, one for each example",
        lambda net, z, delta: _carried(net, z, delta).mean(axis=1, keepdims=True),
    ),
    "1/m taken in δ": (
        "δ is divided by the number of examples; errors stay per example, undivided.",
        "equation (2): nothing in it is divided by m",
        lambda net, z, delta: _carried(net, z, delta) / delta.shape[1],
    ),
    "the sign flipped": (
        "The error of the output layer is handed over with its sign; nothing turns it round.",
        "equation (2): it has no minus",
        lambda net, z, delta: -_carried(net, z, delta),
    ),
}


def _with_decay(
    net: Network,
    x: Array,
    y: Array,
    decay: float,
    slope: Callable[[Array], Any] = lambda w: w,
    bias_decay: float = 0.0,
) -> Parameters:
    """The gradient of the quadratic cost with ½ decay Σ w² + ½ bias_decay Σ b² added to it."""
    gradient = _gradient(net, x, y)
    for l in range(1, net.L + 1):
        gradient.w[l][...] += decay * slope(net.w[l])
        gradient.b[l][...] += bias_decay * net.b[l]
    return gradient


_PENALTY = "the derivative of the penalty by one weight"
_DECAY: Wrong = {
    "the biases decay, too": (
        "The penalty adds up weights only, so the slopes by biases stay as they are.",
        "the sum of the penalty, and at which parameters are in it",
        lambda net, x, y, decay: _with_decay(net, x, y, decay, bias_decay=decay),
    ),
    "the gradient without the penalty": (
        "This is the gradient of the cost alone.",
        _PENALTY,
        lambda net, x, y, decay: _with_decay(net, x, y, 0.0),
    ),
    "the penalty divided by m": (
        "The penalty belongs to the set, not to an example: it is added after the mean.",
        "where the mean over the batch is taken: in (3) and (4) of the cost alone",
        lambda net, x, y, decay: _with_decay(net, x, y, decay / x.shape[1]),
    ),
    "½ of the penalty forgotten": (
        "The derivative of ½ λ w² is λ w, not 2 λ w.",
        _PENALTY,
        lambda net, x, y, decay: _with_decay(net, x, y, 2 * decay),
    ),
    "the penalty with a minus": (
        "A penalty is added to the cost, so its slope is added to the gradient.",
        _PENALTY,
        lambda net, x, y, decay: _with_decay(net, x, y, -decay),
    ),
    "½ of the penalty kept": (
        "The 2 of the power cancels the ½: the derivative is λ w.",
        _PENALTY,
        lambda net, x, y, decay: _with_decay(net, x, y, decay / 2),
    ),
    "the penalty in place of its slope": (
        "What each weight adds to the penalty has to be differentiated by that weight.",
        _PENALTY,
        partial(_with_decay, slope=lambda w: w**2),
        partial(_with_decay, slope=lambda w: w**2 / 2),
    ),
    "one number for all weights of a layer": (
        "By one weight, only its own term of the sum has a slope.",
        _PENALTY,
        partial(_with_decay, slope=np.sum),
        partial(_with_decay, slope=lambda w: np.sum(w**2)),
        partial(_with_decay, slope=lambda w: np.sum(w**2) / 2),
        partial(_with_decay, slope=np.ones_like),
    ),
    "the strength of the penalty is left out": (
        "The penalty has a factor λ, and its slope has it, too.",
        _PENALTY,
        lambda net, x, y, decay: _with_decay(net, x, y, 1.0),
    ),
    "the sign of w in place of w": (
        "That is the slope of |w|; the penalty is made of squares.",
        _PENALTY,
        partial(_with_decay, slope=np.sign),
    ),
}


def _decays() -> dict[str, tuple[Any, ...]]:
    problems = zip(_problems().items(), (0.1, 0.5, 2.0), strict=True)
    return {name: (*problem, decay) for (name, problem), decay in problems}


def _first_errors() -> dict[str, tuple[Network, dict[int, Array], Array]]:
    """Nets of two, three and four layers, with all z and the error of the last layer."""
    inputs = {}
    for m, hidden, sizes in (
        (6, "tanh", (3, 4, 2)),
        (1, "tanh", (4, 3, 3, 2)),
        (5, "sigmoid", (2, 3, 4, 3, 3)),
    ):
        net, x, y = problem(np.random.default_rng(m), m, hidden, sizes)
        run = backprop(net, x, y)
        inputs[_name(net, x)] = net, run.z, run.delta[net.L]
    return inputs


def _suspect(bad: list[str], good: list[str], of_dw: str = "equation (4)") -> str:
    """What the wrong ones of the parts dw[1], db[1], … point to; `of_dw` if they are all of dw."""
    kinds = {part[:2] for part in bad}
    if len(kinds) == 1:
        kind = kinds.pop()
        return f"Only {kind} is wrong: look at {'equation (3)' if kind == 'db' else of_dw}."
    if max(part[2:] for part in bad) < min(part[2:] for part in good):
        return "The last layers are right and those before them are wrong: look at equation (2)."
    return ""


EQUATIONS: dict[str, FunctionToWrite] = {
    "output_error": _step(
        "output_error",
        2,
        _runs(("tanh", "sigmoid"), ("tanh", "tanh")),
        "sigmoid and tanh outputs, batches of 1, 7 and 20",
        "z a y sigma",
        lambda run: (run.z[2], run.a[2], run.y, run.net.sigma[2]),
        where={
            "sigma_prime_of_a": "equation (1), the last line of its proof: the slope of the step "
            "from z to a is σ′(z)",
            "1/m taken in δ": "equation (1): nothing in it is divided by m",
            "the errors averaged": "the shapes of equation (1): δ^L has m columns, one for each example",
        },
    ),
    "hidden_error": _step(
        "hidden_error",
        1,
        _runs(("tanh", "sigmoid"), ("sigmoid", "sigmoid")),
        "tanh and sigmoid neurons, batches of 1, 7 and 20",
        "w_next delta_next z sigma",
        lambda run: (run.net.w[2], run.delta[2], run.z[1], run.net.sigma[1]),
        where={
            "1/m taken in δ": "equation (2): nothing in it is divided by m",
            "the errors averaged": "the shapes of equation (2): δ^l has m columns, one for each example",
        },
    ),
    "first_error": function_on(
        _first_errors(),
        _carried,
        "nets of 2, 3 and 4 layers, batches of 1, 5 and 6",
        _FIRST_ERROR,
        hints=(("3-4-2 net", "That net has one hidden layer. How is it with more of them?"), *_HINTS),
    ),
    "bias_gradient": _step(
        "bias_gradient",
        2,
        _runs(("tanh", "sigmoid")),
        "batches of 1, 7 and 20",
        "delta",
        lambda run: (run.delta[2],),
    ),
    "weight_gradient": _step(
        "weight_gradient",
        2,
        _runs(("tanh", "sigmoid")),
        "batches of 1, 7 and 20",
        "delta a_previous",
        lambda run: (run.delta[2], run.a[1]),
    ),
    "backprop": function_on(
        _problems(),
        _gradient,
        "nets of 2, 3 and 4 layers, batches of 1, 5 and 12",
        {
            "the biases are missing in the forward pass": (
                "Every layer adds its column b^l before it bends: without it, all z and a are others.",
                "the forward pass: z^l = w^l a^{l−1} + b^l",
                _without_biases,
            ),
        },
        [(mistake, mistake.gradient) for mistake in (*MISTAKES.values(), *_WHOLE)],
        parts=("dw", "db"),
        clue=_suspect,
        hints=(("4-5-3", WITH_ONE_EXAMPLE),),
    ),
    "weight_decay": function_on(
        _decays(),
        _with_decay,
        "nets of 2, 3 and 4 layers, three strengths of the penalty",
        _DECAY,
        parts=("dw", "db"),
        clue=partial(_suspect, of_dw=_PENALTY),
        hints=(("4-5-3", WITH_ONE_EXAMPLE),),
    ),
    "ln_cosh": _step(
        "output_error",
        2,
        _runs(("tanh", "sigmoid"), ("tanh", "tanh"), cost=LN_COSH),
        "sigmoid and tanh outputs, batches of 1, 7 and 20",
        "z a y sigma",
        lambda run: (run.z[2], run.a[2], run.y, run.net.sigma[2]),
        only_here=_QUADRATIC_SLOPE,
        without=("factor_two", "the cost in place of its slope", "brackets missing"),
        where={
            "sign_flipped": "equation (1), its first factor: the derivative of ln cosh u is tanh u, at a − y"
        },
    ),
}
