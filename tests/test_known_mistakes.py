"""A right answer to the later exercises, and each of their known mistakes, as a reader would write them.

Nothing of the judge is used to write them, so that a judge that is wrong itself does not agree with them.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_lib.course.answers import FunctionToWrite
from backprop_lib.course.exercises import EXERCISES, check
from backprop_lib.network import Network


def slopes(net, x, y):
    """(dw, db) of the mean quadratic cost, for examples in columns, one after the other."""
    L, m = net.L, x.shape[1]
    dw, db = ({l: 0 * part[l] for l in range(1, L + 1)} for part in (net.w, net.b))
    for i in range(m):
        z, a = {}, {0: x[:, [i]]}
        for l in range(1, L + 1):
            z[l] = net.w[l] @ a[l - 1] + net.b[l]
            a[l] = net.sigma[l](z[l])
        delta = (a[L] - y[:, [i]]) * net.sigma[L].prime(z[L])
        for l in range(L, 0, -1):
            dw[l], db[l] = dw[l] + delta * a[l - 1].T / m, db[l] + delta / m
            delta = net.w[l].T @ delta * (net.sigma[l - 1].prime(z[l - 1]) if l > 1 else 1)
    return dw, db


def carried(net, z, delta, factor=lambda sigma, z: sigma.prime(z), back_to=1):
    for l in reversed(range(back_to, net.L)):
        delta = np.einsum("kj,ki->ji", net.w[l + 1], delta) * factor(net.sigma[l], z[l])
    return delta


def carried_with(net, delta, slope):
    """The slope of the layer that the error comes from, before the weights."""
    for l in reversed(range(1, net.L)):
        delta = np.einsum("kj,ki->ji", net.w[l + 1], delta * slope(l))
    return delta


def undone(net, z, delta):
    for l in reversed(range(1, net.L)):
        delta = np.linalg.lstsq(net.w[l + 1], delta, rcond=None)[0] * net.sigma[l].prime(z[l])
    return delta


def decayed(by, by_bias=lambda decay, m: 0, slope=lambda w: w):
    def answer(net, x, y, decay):
        (dw, db), m = slopes(net, x, y), x.shape[1]
        return (
            {l: dw[l] + by(decay, m) * slope(net.w[l]) for l in dw},
            {l: db[l] + by_bias(decay, m) * net.b[l] for l in db},
        )

    return answer


def by_rows(divisor=lambda d: len(d), bias_divisor=None):
    """(∂C/∂w, ∂C/∂b) from examples in rows, one example after the other."""

    def answer(d, a):
        by_weights = sum(np.outer(d_i, a_i) for d_i, a_i in zip(d, a, strict=True))
        return by_weights / divisor(d), sum(d) / (bias_divisor or divisor)(d)

    return answer


def from_a_sum(share=lambda m: 1 / m, bias_share=None, turned=True):
    def answer(w, b, m):
        ours = [[w[k, j] * share(m) for k in range(len(w))] for j in range(len(b))]
        return ours if turned else w * share(m), [[b_j * (bias_share or share)(m)] for b_j in b]

    return answer


def collected(w, errors):
    return np.einsum("kj,ki->ji", w, errors)


def by_the_inputs(change=lambda slopes, x: slopes, last=lambda w, back, prime: collected(w, back * prime)):
    """∂C_x/∂x of a tanh layer and a sigmoid layer."""

    def answer(net, x, y):
        u = np.tanh(net.w[1] @ x + net.b[1])
        a = 1 / (1 + np.exp(-(net.w[2] @ u) - net.b[2]))
        back = collected(net.w[2], (a - y) * (a - a * a))
        return change(last(net.w[1], back, 1 - u * u), x)

    return answer


def scaled(mean, deviation):
    """Both sets, scaled by what the two functions make of a set and of both sets."""

    def answer(train, other):
        return tuple((v - mean(v, train, other)) / deviation(v, train, other) for v in (train, other))

    return answer


def root_of_mean_square(v):
    return np.sqrt(((v - v.mean(axis=0)) ** 2).sum(axis=0) / len(v))


def stepping(batches, direction=-1, moved=True, weigh=lambda rows: 1):
    """θ after a step for each of these batches of rows; unless it is moved, all from the first net."""

    def answer(net, x, y, order, size, rate):
        now = net.copy()
        for rows in batches(order, size):
            dw, db = slopes(now if moved else net, x[rows].T, y[rows].T)
            gradient = np.concatenate([v.ravel() for l in dw for v in (dw[l], db[l])])
            now.theta[...] = now.theta + direction * weigh(rows) * rate * gradient
        return now.theta

    return answer


def pieces(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def even(factor, again=True):
    """A factor for each layer; unless the signals are sent again, from those of the net as it was."""

    def answer(net, x):
        factors, a = {}, x
        for l in range(1, net.L + 1):
            z = net.w[l] @ a + net.b[l]
            factors[l] = factor(z)
            a = net.sigma[l](z if not again else factors[l] * (z - net.b[l]) + net.b[l])
        return factors

    return answer


def of_the_activations(net, x):
    factors, a = {}, x
    for l in range(1, net.L + 1):
        a = net.sigma[l](net.w[l] @ a + net.b[l])
        factors[l] = 1 / np.std(a)
    return factors


def inverted(factors):
    return {l: 1 / factor for l, factor in factors.items()}


def raised_to_e(z):
    return np.exp(z - np.max(z, axis=0, keepdims=True))


class Dual:
    """A number and its slope."""

    def __init__(self, value, slope, rule):
        self.value, self.slope, self.rule = value, slope, rule

    def __add__(self, other):
        return Dual(self.value + other.value, self.slope + other.slope, self.rule)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.rule(self, other), self.rule)


def dual(rule):
    return lambda f, v: f(Dual(v, 1.0, rule)).slope


RIGHT = {
    "first_error": carried,
    "weight_decay": decayed(lambda decay, m: decay),
    "scaling": scaled(lambda v, t, o: t.mean(axis=0), lambda v, t, o: root_of_mean_square(t)),
    "one_epoch": stepping(pieces),
    "even_start": even(lambda z: 1 / z.std()),
    "stable_softmax": lambda z: raised_to_e(z) / raised_to_e(z).sum(axis=0),
    "through_softmax": lambda p, g: p * (g - (p * g).sum(axis=0)),
    "quotient": lambda u, v: (u / v, 1 / v, -u / (v * v)),
    "forward_mode": dual(lambda u, v: u.slope * v.value + u.value * v.slope),
}
MISTAKEN = [
    ("first_error", "σ′ left out in the hidden layers", lambda *a: carried(*a, factor=lambda sigma, z: 1)),
    ("first_error", "one layer only", lambda net, z, d: carried(net, z, d, back_to=net.L - 1)),
    ("first_error", "the loop ends one layer too early", lambda net, z, d: carried(net, z, d, back_to=2)),
    ("first_error", "σ′ taken of a", lambda *a: carried(*a, factor=lambda s, z: s.prime(s(z)))),
    (
        "first_error",
        "σ in place of σ′ in the hidden layers",
        lambda *a: carried(*a, factor=lambda s, z: s(z)),
    ),
    (
        "first_error",
        "the slope of the sigmoid built in",
        lambda *a: carried(*a, factor=lambda s, z: s(z) - s(z) ** 2),
    ),
    (
        "first_error",
        "the slope of the tanh built in",
        lambda *a: carried(*a, factor=lambda s, z: (1 + s(z)) * (1 - s(z))),
    ),
    ("first_error", "the inverse in place of the transpose", lambda net, z, d: undone(net, z, d)),
    (
        "first_error",
        "σ′ of the next layer",
        lambda net, z, d: carried_with(net, d, lambda l: net.sigma[l + 1].prime(z[l + 1])),
    ),
    (
        "first_error",
        "δ^L multiplied by σ′ once more",
        lambda net, z, d: carried(net, z, net.sigma[net.L].prime(z[net.L]) * d),
    ),
    ("first_error", "the errors averaged", lambda *a: carried(*a).mean(axis=1)[:, None]),
    ("first_error", "1/m taken in δ", lambda net, z, d: carried(net, z, d) / len(d.T)),
    ("first_error", "the sign flipped", lambda net, z, d: carried(net, z, -d)),
    ("weight_decay", "the biases decay, too", decayed(lambda decay, m: decay, lambda decay, m: decay)),
    ("weight_decay", "the gradient without the penalty", decayed(lambda decay, m: 0)),
    ("weight_decay", "the penalty divided by m", decayed(lambda decay, m: decay / m)),
    ("weight_decay", "½ of the penalty forgotten", decayed(lambda decay, m: 2 * decay)),
    ("weight_decay", "the penalty with a minus", decayed(lambda decay, m: -decay)),
    ("weight_decay", "½ of the penalty kept", decayed(lambda decay, m: decay / 2)),
    *(
        ("weight_decay", title, decayed(lambda decay, m: decay, slope=slope))
        for title, slope in (
            ("the penalty in place of its slope", lambda w: w * w),
            ("the penalty in place of its slope", lambda w: w * w / 2),
            ("one number for all weights of a layer", lambda w: w.sum()),
            ("one number for all weights of a layer", lambda w: (w * w).sum()),
            ("one number for all weights of a layer", lambda w: (w * w).sum() / 2),
            ("one number for all weights of a layer", lambda w: 1),
        )
    ),
    ("weight_decay", "the strength of the penalty is left out", decayed(lambda decay, m: 1)),
    (
        "weight_decay",
        "the sign of w in place of w",
        decayed(lambda decay, m: decay, slope=lambda w: w / abs(w)),
    ),
    (
        "scaling",
        "scaled by all the flowers",
        scaled(
            lambda v, t, o: np.concatenate([t, o]).mean(axis=0),
            lambda v, t, o: root_of_mean_square(np.concatenate([t, o])),
        ),
    ),
    (
        "scaling",
        "each set by its own mean and deviation",
        scaled(lambda v, t, o: v.mean(axis=0), lambda v, t, o: root_of_mean_square(v)),
    ),
    (
        "scaling",
        "one mean for all features",
        scaled(lambda v, t, o: t.mean(), lambda v, t, o: np.sqrt(((t - t.mean()) ** 2).mean())),
    ),
    (
        "scaling",
        "the variance in place of the deviation",
        scaled(lambda v, t, o: t.mean(axis=0), lambda v, t, o: root_of_mean_square(t) ** 2),
    ),
    (
        "scaling",
        "the deviation with n − 1",
        scaled(
            lambda v, t, o: t.mean(axis=0),
            lambda v, t, o: root_of_mean_square(t) * np.sqrt(len(t) / (len(t) - 1)),
        ),
    ),
    (
        "scaling",
        "the mean is not subtracted",
        scaled(lambda v, t, o: 0, lambda v, t, o: root_of_mean_square(t)),
    ),
    ("scaling", "not divided by the deviation", scaled(lambda v, t, o: t.mean(axis=0), lambda v, t, o: 1)),
    (
        "scaling",
        "scaled from smallest to largest",
        scaled(lambda v, t, o: t.min(axis=0), lambda v, t, o: t.max(axis=0) - t.min(axis=0)),
    ),
    (
        "scaling",
        "each flower by its own numbers",
        scaled(lambda v, t, o: v.mean(axis=1)[:, None], lambda v, t, o: root_of_mean_square(v.T)[:, None]),
    ),
    ("scaling", "the held-out flowers are not scaled", lambda t, o: (RIGHT["scaling"](t, o)[0], o)),
    (
        "scaling",
        "the deviation of the held-out flowers",
        scaled(lambda v, t, o: t.mean(axis=0), lambda v, t, o: root_of_mean_square(v)),
    ),
    (
        "scaling",
        "brackets missing",
        lambda t, o: [v - t.mean(axis=0) / root_of_mean_square(t) for v in (t, o)],
    ),
    (
        "scaling",
        "the root of the sum of squares",
        scaled(lambda v, t, o: t.mean(axis=0), lambda v, t, o: root_of_mean_square(t) * len(t) ** 0.5),
    ),
    (
        "one_epoch",
        "the short last batch is left out",
        stepping(lambda order, size: [rows for rows in pieces(order, size) if len(rows) == size]),
    ),
    ("one_epoch", "every slope is taken at the start", stepping(pieces, moved=False)),
    ("one_epoch", "one step with all flowers", stepping(lambda order, size: [order])),
    (
        "one_epoch",
        "the order is not used",
        stepping(lambda order, size: pieces(list(range(len(order))), size)),
    ),
    ("one_epoch", "steps uphill", stepping(pieces, direction=1)),
    ("one_epoch", "the slopes of a batch are summed", stepping(pieces, weigh=len)),
    ("even_start", "all factors from the net as it was", even(lambda z: 1 / z.std(), again=False)),
    ("even_start", "the variance in place of the deviation", even(lambda z: 1 / z.var())),
    ("even_start", "the deviation itself", lambda net, x: inverted(even(lambda z: 1 / z.std())(net, x))),
    ("even_start", "the root of the deviation", even(lambda z: z.std() ** -0.5)),
    ("even_start", "the deviation of a in place of that of z", lambda net, x: of_the_activations(net, x)),
    (
        "even_start",
        "the deviation of the weights",
        lambda net, x: {l: 1 / np.std(net.w[l]) for l in (1, 2, 3)},
    ),
    (
        "even_start",
        "the rule in place of a measurement",
        lambda net, x: {l: 1 / np.sqrt(net.w[l].shape[1]) for l in (1, 2, 3)},
    ),
    (
        "stable_softmax",
        "the sum runs along the batch",
        lambda z: raised_to_e(z) / raised_to_e(z).sum(axis=1)[:, None],
    ),
    ("stable_softmax", "one sum for the whole batch", lambda z: raised_to_e(z) / np.sum(raised_to_e(z))),
    (
        "stable_softmax",
        "softmax along the batch",
        lambda z: raised_to_e(z.T).T / raised_to_e(z.T).sum(axis=0)[:, None],
    ),
    ("stable_softmax", "exponentials that are not divided", raised_to_e),
    (
        "stable_softmax",
        "the logarithm of the probabilities",
        lambda z: z - np.logaddexp.reduce(z, axis=0),
    ),
    ("stable_softmax", "each output alone", lambda z: 0.5 + 0.5 * np.tanh(z / 2)),
    (
        "stable_softmax",
        "1 for the largest and 0 for the others",
        lambda z: np.eye(len(z))[:, z.argmax(axis=0)],
    ),
    ("through_softmax", "the diagonal of the Jacobian alone", lambda p, g: (p - p**2) * g),
    ("through_softmax", "the second term is missing", lambda p, g: p * g),
    ("through_softmax", "one sum for the whole batch", lambda p, g: p * (g - np.sum(p * g))),
    ("through_softmax", "the sum without its factor p", lambda p, g: p * (g - np.sum(g, axis=0))),
    (
        "through_softmax",
        "the second term without its factor p_k",
        lambda p, g: p * g - np.einsum("ji,ji->i", p, g),
    ),
    ("through_softmax", "a plus before the second term", lambda p, g: p * (g + np.sum(p * g, axis=0))),
    (
        "through_softmax",
        "the terms off the diagonal alone",
        lambda p, g: -p * (np.sum(p * g, axis=0) - p * g),
    ),
    ("through_softmax", "a mean in place of the sum", lambda p, g: p * (g - np.sum(p * g, axis=0) / len(p))),
    (
        "through_softmax",
        "the sum runs along the batch",
        lambda p, g: p * (g - np.sum(p * g, axis=1)[:, None]),
    ),
    ("through_softmax", "the factor p in front is missing", lambda p, g: g - np.sum(p * g, axis=0)),
    ("through_softmax", "the slope of one cost built in", lambda p, g: p - g),
    ("through_softmax", "the sign flipped", lambda p, g: p * (np.sum(p * g, axis=0) - g)),
    ("quotient", "the sign of the slope by v", lambda u, v: (u / v, 1 / v, u / (v * v))),
    ("quotient", "v is not squared", lambda u, v: (u / v, 1 / v, -u / v)),
    ("quotient", "the slope by v without its factor u", lambda u, v: (u / v, 1 / v, -1 / (v * v))),
    ("quotient", "the slopes of a product", lambda u, v: (u / v, v, u)),
    ("quotient", "the two slopes have changed places", lambda u, v: (u / v, -u / (v * v), 1 / v)),
    ("quotient", "the slope by u", lambda u, v: (u / v, 1, -u / (v * v))),
    ("quotient", "u and v exchanged", lambda u, v: (v / u, -v / (u * u), 1 / u)),
    (
        "forward_mode",
        "the product of the slopes as the slope of the product",
        dual(lambda u, v: u.slope * v.slope),
    ),
    ("forward_mode", "half of the product's slope", dual(lambda u, v: u.slope * v.value)),
    ("forward_mode", "the slope begins at 0", lambda f, v: f(Dual(v, 0.0, lambda p, q: 0.0)).slope),
    ("forward_mode", "the value in place of the slope", lambda f, v: f(Dual(v, 1.0, lambda p, q: 0.0)).value),
]

RIGHT |= {
    "gradient_in_rows": by_rows(),
    "from_a_summed_cost": from_a_sum(),
    "input_error": by_the_inputs(),
}
MISTAKEN += [
    ("gradient_in_rows", "the sum in place of the mean", by_rows(lambda d: 1)),
    (
        "gradient_in_rows",
        "the slopes of the biases are still a sum",
        by_rows(bias_divisor=lambda d: 1),
    ),
    ("gradient_in_rows", "the slopes of the weights are still a sum", by_rows(lambda d: 1, len)),
    ("gradient_in_rows", "divided by the number of neurons", by_rows(lambda d: d.shape[1])),
    (
        "gradient_in_rows",
        "the gradient of the transposed weights",
        lambda d, a: (by_rows()(d, a)[0].T, by_rows()(d, a)[1]),
    ),
    ("gradient_in_rows", "1/m applied twice", by_rows(lambda d: len(d) ** 2)),
    ("from_a_summed_cost", "still the gradient of a sum", from_a_sum(lambda m: 1)),
    (
        "from_a_summed_cost",
        "the slopes of the biases are still a sum",
        from_a_sum(bias_share=lambda m: 1),
    ),
    (
        "from_a_summed_cost",
        "the slopes of the weights are still a sum",
        from_a_sum(lambda m: 1, lambda m: 1 / m),
    ),
    ("from_a_summed_cost", "multiplied by m", from_a_sum(lambda m: m)),
    ("from_a_summed_cost", "weights still transposed", from_a_sum(turned=False)),
    ("input_error", "a factor σ′(x)", by_the_inputs(lambda slopes, x: slopes * (1 - np.tanh(x) ** 2))),
    (
        "input_error",
        "averaged over the examples",
        by_the_inputs(lambda slopes, x: slopes.mean(axis=1)[:, None]),
    ),
    ("input_error", "divided by the number of examples", by_the_inputs(lambda slopes, x: slopes / len(x.T))),
    (
        "input_error",
        "summed over the examples",
        by_the_inputs(lambda slopes, x: slopes.sum(axis=1)[:, None]),
    ),
    ("input_error", "σ′(z¹) left out", by_the_inputs(last=lambda w, back, prime: collected(w, back))),
    (
        "input_error",
        "σ′(z¹) taken twice",
        by_the_inputs(last=lambda w, back, prime: collected(w, back * prime**2)),
    ),
    (
        "input_error",
        "the inverse in place of the transpose",
        by_the_inputs(last=lambda w, back, prime: np.linalg.lstsq(w, back * prime)[0]),
    ),
    ("input_error", "a factor x", by_the_inputs(lambda slopes, x: x * slopes)),
    ("input_error", "the error of layer 1", by_the_inputs(last=lambda w, back, prime: back * prime)),
    ("input_error", "uphill and downhill exchanged", by_the_inputs(lambda slopes, x: -slopes)),
]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_correct(name) -> None:
    verdict = check(name, RIGHT[name])
    assert verdict.message == f"Correct: checked on {EXERCISES[name].checked_on}."


@pytest.mark.parametrize("name, title, answer", MISTAKEN)
def test_a_mistake_is_known_by_its_numbers(name, title, answer) -> None:
    known, *others = (mistake for mistake in EXERCISES[name].mistakes if mistake.title == title)
    assert all(other == known for other in others), "the same mistake in another dress"
    assert check(name, answer).message.startswith(
        f"Not yet: {title}. {known.sentence} Look at {known.where}."
    )


@pytest.mark.parametrize("name", RIGHT)
def test_every_known_mistake_of_these_exercises_was_made_here(name) -> None:
    titles = [title for exercise, title, _ in MISTAKEN if exercise == name]
    assert titles == [mistake.title for mistake in EXERCISES[name].mistakes]


@pytest.mark.parametrize("kind", [int, float, complex, np.float64, np.int64])
def test_a_slope_that_is_measured_at_plain_numbers_is_refused(kind) -> None:
    message = check("forward_mode", lambda f, v: f(kind(3))).message
    assert "f got a plain number. Hand it an object of your class, with a value and a slope" in message


FUNCTIONS = {name: e for name, e in EXERCISES.items() if isinstance(e, FunctionToWrite)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_mistake_is_told_in_whole_sentences(name) -> None:
    for mistake in FUNCTIONS[name].mistakes:
        title, sentence, where = mistake.title, mistake.sentence, mistake.where
        assert not re.match("[A-Z](?!aN)", title) and title[-1] != ".", title
        assert not re.match("[a-z]{2}", sentence) and sentence[-1] in ".?", sentence
        assert not where[0].isupper() and where[-1] != ".", where
        assert not re.search("[A-Z]{3}", f"{title} {sentence} {where}"), "a word in capitals"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_cases_are_called_by_different_names_and_hold_only_finite_numbers(name) -> None:
    cases = FUNCTIONS[name].cases()
    assert len({case.name for case in cases}) == len(cases) > 1
    again = FUNCTIONS[name].cases()
    assert [case.name for case in again] == [case.name for case in cases], "the same on every day"


STEPS = {
    "output_error": lambda z, a, y, sigma: (a - y) * sigma.prime(z),
    "ln_cosh": lambda z, a, y, sigma: np.sinh(a - y) / np.cosh(a - y) * sigma.prime(z),
    "hidden_error": lambda w, d, z, sigma: np.einsum("kj,ki->ji", w, d) * sigma.prime(z),
    "bias_gradient": lambda d: d.sum(axis=1)[:, None] / d.shape[1],
    "weight_gradient": lambda d, a: np.einsum("ji,ki->jk", d, a) / d.shape[1],
}


@pytest.mark.parametrize("name", STEPS)
def test_a_case_of_a_step_is_what_its_name_says_and_its_result_is_right(name) -> None:
    batches = []
    for case in FUNCTIONS[name].cases():
        m = int(re.search(r"batch of (\d+)$", case.name)[1])
        batches.append(m)
        first, second = (*case.arguments, None)[:2]
        assert m == (second if name == "hidden_error" else first).shape[1]
        if name == "hidden_error":  # a hint says so
            assert (first.shape[0] == first.shape[1]) == (m == 20)
        if len(case.arguments) == 4:
            sigma = case.arguments[3]
            assert sigma.name == re.split(" and | with ", case.name)[name != "hidden_error"]
            activations = re.fullmatch(r"(\w+) and (\w+) with a batch of \d+", case.name).groups()
            assert set(activations) <= {"sigmoid", "tanh"}
        if name in ("output_error", "ln_cosh"):
            z, a, y, sigma = case.arguments
            assert np.array_equal(a, sigma(z)) and np.array_equal(y.sum(axis=0), np.ones(m))
            assert set(y.ravel()) == {0.0, 1.0}
        assert np.allclose(case.right, STEPS[name](*case.arguments), rtol=1e-12, atol=1e-15)
    assert batches == [1, 7, 20] * (len(batches) // 3)


def test_a_case_of_backpropagation_is_what_its_name_says_and_its_result_is_right() -> None:
    names = []
    for case in FUNCTIONS["backprop"].cases():
        net, x, y = case.arguments
        names.append(case.name)
        assert case.name == f"a {'-'.join(map(str, net.sizes))} net with a batch of {x.shape[1]}"
        hidden, (output,) = [s.name for s in net.sigma.values()][:-1], [net.sigma[net.L].name]
        assert set(hidden) == {"sigmoid" if x.shape[1] == 12 else "tanh"} and output == "sigmoid"
        assert x.shape[1] == y.shape[1] and all(net.b[l].all() for l in range(1, net.L + 1))
        for found, right in zip(case.right, slopes(net, x, y), strict=True):
            assert all(np.allclose(found[l], right[l], rtol=1e-10, atol=1e-15) for l in right)
    assert sorted(int(name.rpartition(" ")[2]) for name in names) == [1, 5, 12]
    assert sorted(name.count("-") for name in names) == [2, 3, 4]


def test_blocks_that_point_to_no_equation_are_named_without_a_place_to_look_at() -> None:
    def answer(net, x, y):
        dw, db = slopes(net, x, y)
        return dw | {1: 5 * dw[1], 2: 5 * dw[2]}, db | {1: 5 * db[1]}

    message = check("backprop", answer).message
    assert "Wrong: dw[1], dw[2] and db[1]." in message and "look at equation" not in message


def test_an_epoch_is_tried_with_a_short_last_batch_and_without_as_it_says() -> None:
    counts = []
    for case in FUNCTIONS["one_epoch"].cases():
        _, x, y, order, size, rate = case.arguments
        assert case.name == f"{len(x)} flowers, {size} at a time" and len(y) == len(x) and rate > 0
        assert sorted(order) == list(range(len(x))) != order
        counts.append((len(x), len(x) % size == 0))
    assert counts == [(12, True), (11, False)]
    assert FUNCTIONS["one_epoch"].checked_on == "12 and 11 flowers, four at a time"


SPELLED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
NUMBER = re.compile(rf"-?\d+\b|\b(?:{'|'.join(SPELLED)})\b")


def numbers_in(text):
    return {SPELLED.get(number) or int(number) for number in NUMBER.findall(text)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_numbers_of_what_an_answer_was_checked_on_are_those_of_the_cases(name) -> None:
    cases, said = FUNCTIONS[name].cases(), numbers_in(FUNCTIONS[name].checked_on)
    seen = {len(cases)}.union(*(numbers_in(case.name) for case in cases))
    for given in [given for case in cases for given in case.arguments]:
        seen |= {given.L} if isinstance(given, Network) else set(np.shape(given)[1:])
    assert said <= seen, said - seen
    if re.search("batches|example", FUNCTIONS[name].checked_on):
        assert {int(m) for case in cases for m in re.findall(r"batch of (\d+)", case.name)} <= said
