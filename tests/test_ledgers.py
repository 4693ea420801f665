"""The ledgers agree line by line, and a line that is wrong does not."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from backprop_lib.costs import COSTS
from backprop_lib.course import ledgers
from backprop_lib.course.ledgers import ledger
from backprop_lib.equations import backprop
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


def values_of_lines(function):
    """The expressions of the values of a proof's lines, as they stand in the source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 3]
    return [ast.unparse(node.elts[2]) for node in lines]


@pytest.mark.parametrize("proof", [ledgers._proof_1, ledgers._proof_2, ledgers._proof_34])
def test_every_line_of_a_proof_has_an_expression_of_its_own(proof) -> None:
    values = values_of_lines(proof)
    assert len(values) >= 5 and len(set(values)) == len(values), values


# Which lines part from the first when one ingredient is wrong: no line may be its neighbor in another dress.
FAULTS = {
    "delta": {1: [], 2: [3, 4, 5, 6], 3: [5], 4: [5]},
    "prime": {1: [4], 2: [5, 6], 3: [], 4: []},
    "slope of the cost": {1: [4], 2: [], 3: [], 4: []},
}


@pytest.mark.parametrize("equation", [1, 2, 3, 4])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_ingredient_shows_in_the_lines_that_it_enters_and_in_no_others(
    fault, equation, monkeypatch
) -> None:
    net, rule = net_of(["tanh", "sigmoid"]), COSTS["quadratic"]
    if fault == "delta":
        original = ledgers.backprop

        def wrong(*arguments):
            run = original(*arguments)
            for delta in run.delta.values():
                delta *= 1.01
            return run

        monkeypatch.setattr(ledgers, "backprop", wrong)
    elif fault == "prime":
        for l in (1, 2):
            slope = net.sigma[l].slope
            net.sigma[l] = replace(net.sigma[l], slope=lambda z, slope=slope: 1.01 * slope(z))
        run = backprop(net_of(["tanh", "sigmoid"]), X, Y)
        monkeypatch.setattr(ledgers, "backprop", lambda *_: run)
    else:
        run = backprop(net, X, Y)
        monkeypatch.setattr(ledgers, "backprop", lambda *_: run)
        rule = ledgers.Cost("wrong", rule.value, lambda a, y: 1.01 * (a - y))
    proof = ledger(equation, net, X, Y, rule, j=1, k=1)
    parted = [n for n, line in enumerate(proof.lines, 1) if line.discrepancy > 1e-3]
    assert parted == FAULTS[fault][equation]


def test_the_table_says_how_far_a_line_is_off_and_never_finer_than_round_off() -> None:
    offs = {0.0: "1e-12", 9e-13: "1e-12", 2e-7: "1e-6", 2e-3: "1e-2", 0.5: "1e0"}
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
