"""The ledgers agree line by line, and a line that is wrong does not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from backprop_lib.costs import COSTS
from backprop_lib.course import ledgers
from backprop_lib.course.ledgers import ledger
from backprop_lib.network import Network

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((4, 1)), np.array([[1.0], [0.0], [0.0]])
NETS = [
    (["sigmoid", "sigmoid"], "quadratic"),
    (["tanh", "sigmoid", "tanh"], "quadratic"),
    (["tanh", "identity", "sigmoid"], "binary_cross_entropy"),
    (["sigmoid", "softmax"], "cross_entropy"),
    (["tanh", "softmax"], "quadratic"),
]


def net_of(names):
    sizes = [4, *[3] * (len(names) - 1), 3]
    net = Network(list(zip(["identity", *names], sizes, strict=True)), seed=len(names))
    net.theta += 0.2
    return net


@pytest.mark.parametrize("names, cost", NETS)
@pytest.mark.parametrize("equation", [1, 2, 3, 4])
def test_every_line_of_the_proof_agrees_for_every_neuron(equation, names, cost) -> None:
    net = net_of(names)
    layers = {1: [net.L], 2: range(1, net.L)}.get(equation, range(1, net.L + 1))
    for l in layers:
        for j in range(net.sizes[l]):
            proof = ledger(equation, net, X, Y, cost, l=l, j=j, k=2)
            assert proof.agrees(1e-12), proof


@pytest.mark.parametrize("equation, name", [(2, "prime"), (3, "delta"), (4, "delta")])
def test_a_wrong_last_line_does_not_agree(equation, name, monkeypatch) -> None:
    original = ledgers.backprop

    def wrong(*arguments):
        run = original(*arguments)
        for delta in run.delta.values():
            delta *= 1.01
        return run

    monkeypatch.setattr(ledgers, "backprop", wrong)
    proof = ledger(equation, net_of(NETS[0][0]), X, Y)
    assert not proof.agrees(1e-3) and proof.lines[1].discrepancy < 1e-12


@pytest.mark.parametrize(
    "names, cost", [(["tanh", "sigmoid"], "quadratic"), (["tanh", "softmax"], "quadratic")]
)
def test_a_wrong_derivative_in_equation_1_does_not_agree(names, cost, monkeypatch) -> None:
    rule = ledgers.Cost("wrong", COSTS[cost].value, lambda a, y: 1.01 * (a - y))
    proof = ledger(1, net_of(names), X, Y, rule, j=1)
    assert not proof.agrees(1e-3) and proof.lines[1].discrepancy < 1e-12
    assert proof.largest == proof.lines[-1].discrepancy > 1e-3


# One ingredient made wrong, and no other.


def mixed(rows):
    return rows + 0.01 * (rows.sum(axis=0) - rows)


class Mixing(np.ndarray):
    """An array with right entries, but in a product or a sum every row gets a little of the others."""

    def __matmul__(self, other):
        return mixed(np.asarray(self) @ other)

    def __radd__(self, other):
        return other + mixed(np.asarray(self))


def mixing(sigma):
    return lambda z: mixed(sigma(z))


def with_wrong_sigmas(p, **wrong):
    rules = {
        l: replace(rule, **{k: f(getattr(rule, k)) for k, f in wrong.items()})
        for l, rule in p.net.sigma.items()
    }
    p.net.sigma = rules


def too_large(function):
    return lambda *arguments: 1.01 * function(*arguments)


def wrong_delta(p):
    p.delta = {l: 1.01 * delta for l, delta in p.delta.items()}


def wrong_product(p):
    p.net.w = {l: w.view(Mixing) for l, w in p.net.w.items()}


def wrong_sum(p):
    p.net.b = {l: b.view(Mixing) for l, b in p.net.b.items()}


def wrong_cost_slope(p):
    p.cost = replace(p.cost, derivative=too_large(p.cost.derivative))


def wrong_dC_dz(p):
    p.dC_dz = too_large(p.dC_dz)


FAULTS = {
    "delta": wrong_delta,
    "sigma": lambda p: with_wrong_sigmas(p, value=mixing),
    "sigma prime": lambda p: with_wrong_sigmas(p, slope=too_large),
    "the matrix product": wrong_product,
    "the sum with the bias": wrong_sum,
    "the slope of the cost": wrong_cost_slope,
    "the measured slope by z": wrong_dC_dz,
    "every measured slope": lambda p: None,
}


def stand_in(net):
    """What the ledgers take from a net, each part of which can be made wrong alone."""
    parts = {name: {l: getattr(net, name)[l] for l in range(1, net.L + 1)} for name in ("w", "b", "sigma")}
    return SimpleNamespace(L=net.L, sizes=net.sizes, **parts)


@pytest.fixture
def with_fault(monkeypatch):
    """The values of the lines of a proof with a fault in it."""

    def values(fault, equation, *arguments, **chosen):
        class Faulty(ledgers._Pass):
            def __init__(self, *of_pass):
                super().__init__(*of_pass)
                self.net = stand_in(self.net)
                FAULTS[fault](self)

        with monkeypatch.context() as patch:
            patch.setattr(ledgers, "_Pass", Faulty)
            if fault == "every measured slope":
                patch.setattr(ledgers, "_slope", too_large(ledgers._slope))
            return [line.value for line in ledger(equation, *arguments, **chosen).lines]

    return values


# The lines that a fault enters; the others keep their values.
ENTERED = {
    "delta": {1: [], 2: [3, 4, 5, 6], 3: [5], 4: [5]},
    "sigma prime": {1: [4], 2: [5, 6], 3: [], 4: []},
    "the slope of the cost": {1: [4], 2: [], 3: [], 4: []},
    "the matrix product": {1: [], 2: [1, 2, 3, 6], 3: [1], 4: [1, 2]},
    "the sum with the bias": {1: [], 2: [1], 3: [1, 2], 4: [1]},
    "every measured slope": {1: [1, 2, 3], 2: [1, 2, 3, 4], 3: [1, 2, 3, 4], 4: [1, 2, 3, 4]},
}


@pytest.mark.parametrize("equation", [1, 2, 3, 4])
@pytest.mark.parametrize("fault", ENTERED)
def test_a_wrong_ingredient_shows_in_the_lines_that_it_enters_and_in_no_others(
    fault, equation, with_fault
) -> None:
    problem = net_of(["tanh", "sigmoid"]), X, Y
    right = [line.value for line in ledger(equation, *problem, j=1, k=1).lines]
    wrong = with_fault(fault, equation, *problem, j=1, k=1)
    entered = [n for n, (p, q) in enumerate(zip(right, wrong, strict=True), 1) if abs(p - q) > 1e-5 * abs(p)]
    assert entered == ENTERED[fault][equation]


@pytest.mark.parametrize(
    "equation, output", [(1, "sigmoid"), (1, "softmax"), (2, "sigmoid"), (3, "sigmoid"), (4, "sigmoid")]
)
def test_no_line_of_a_proof_is_another_in_other_words(equation, output, with_fault) -> None:
    # Whatever two lines one takes, some fault parts them: they were computed from different things.
    net = net_of(["tanh", output])
    lines = np.array([with_fault(fault, equation, net, X, Y, j=1, k=1) for fault in FAULTS]).T
    for n, m in itertools.combinations(range(len(lines)), 2):
        assert (np.abs(lines[n] / lines[m] - 1) > 1e-5).any(), f"lines {n + 1} and {m + 1} are the same"


def test_a_line_without_a_number_does_not_agree() -> None:
    # a = 1 to the last digit: 1 / (1 − a) is infinite, σ′ is not, and the product is no number.
    net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
    net.b[1][...] = 40.0
    with np.errstate(all="raise", under="ignore"):
        proof = ledger(1, net, np.zeros((1, 1)), np.zeros((1, 1)), "binary_cross_entropy")
    assert not proof.agrees() and "∞" in repr(proof)


def test_the_table_says_how_far_a_line_is_off_and_never_finer_than_round_off() -> None:
    offs = {0.0: "1e-12", 9e-13: "1e-12", 1e-12: "1e-11", 2e-7: "1e-6", 2e-3: "1e-2", 0.5: "1e0"}
    table = ledgers.Ledger("Title", tuple(ledgers.Line("x", "why", 2.0, off) for off in offs))
    assert repr(table).splitlines() == [
        "Title",
        *(f"{n}.  2   < {limit}   why" for n, limit in enumerate(offs.values(), 1)),
    ]


def test_the_text_is_one_line_a_step_and_the_html_has_the_formulas() -> None:
    proof = ledger(2, net_of(NETS[0][0]), X, Y)
    assert len(repr(proof).splitlines()) == 1 + len(proof.lines) == 7
    assert proof._repr_html_().count("<tr>") == 7 and r"\delta^{l+1}" in proof._repr_html_()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"equation": 5}, "equation: expected 1, 2, 3 or 4, got 5"),
        ({"equation": 2, "l": 2}, "l: expected a layer from 1 to 1"),
        ({"equation": 1, "l": 1}, "l: expected a layer from 2 to 2"),
        ({"equation": 3, "l": 0}, "l: expected a layer from 1 to 2"),
        ({"equation": 3, "j": 3}, "j: expected a neuron from 0 to 2, got 3"),
        ({"equation": 4, "l": 1, "k": 4}, "k: expected a neuron from 0 to 3, got 4"),
        ({"equation": 1, "x": np.zeros((4, 2)), "y": np.zeros((3, 2))}, "x: expected one example"),
    ],
)
def test_a_bad_request_is_refused(arguments, words) -> None:
    given = {"x": X, "y": Y} | arguments
    with pytest.raises(ValueError, match=words):
        ledger(given.pop("equation"), net_of(NETS[0][0]), given.pop("x"), given.pop("y"), **given)


@pytest.mark.parametrize("name", ["l", "j", "k"])
@pytest.mark.parametrize("value", [-1, 1.0, True, "one"])
def test_a_layer_or_a_neuron_that_is_no_natural_number_is_refused_by_name(name, value) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name}: "):
        ledger(4, net_of(NETS[0][0]), X, Y, **{name: value})


@pytest.mark.parametrize("equation", [0, 1.0, "1", None])
def test_what_is_no_number_of_an_equation_is_refused_with_what_came(equation) -> None:
    with pytest.raises(ValueError, match=rf"^equation: expected 1, 2, 3 or 4, got {equation!r}$"):
        ledger(equation, net_of(NETS[0][0]), X, Y)


def test_lines_agree_if_ten_digits_are_the_same_and_the_largest_difference_counts() -> None:
    def of(*offs):
        return ledgers.Ledger("Title", tuple(ledgers.Line("x", "why", 2.0, off) for off in offs))

    assert of(0.0, 1e-10).agrees() and not of(0.0, 2e-10, 1e-12).agrees()
    assert of(0.0, 1e-3).agrees(1e-3) and not of(0.0, 2e-3).agrees(1e-3)


def test_the_table_of_a_page_is_written_whole() -> None:
    lines = ledgers.Line(r"a < b", "1 < 2", 0.25, 2e-7), ledgers.Line("c", "3", -1234.5, 0.0)
    left, math = "<td style='text-align:left'>", r"<span class='math notranslate nohighlight'>\("
    end = r"\)</span></td>"
    assert ledgers.Ledger("Two & one", lines)._repr_html_() == (
        "<table><caption>Two &amp; one</caption><tr><th scope='col'></th><th scope='col'>line</th>"
        "<th scope='col'>because</th><th scope='col'>value</th><th scope='col'>off by</th></tr>"
        f"<tr><td>1</td>{left}{math}a &lt; b{end}{left}1 &lt; 2</td><td>0.25</td><td>&lt; 1e-6</td></tr>"
        f"<tr><td>2</td>{left}{math}c{end}{left}3</td><td>-1234</td><td>&lt; 1e-12</td></tr></table>"
    )
