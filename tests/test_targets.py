"""What is no target of a cross-entropy is refused by name, in every program: its cost would have no least."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import backprop, check_gradient, cost, cost_of, feed_forward, numerical_gradient, train
from backprop_lib.costs import Cost
from backprop_lib.course.mistakes import MISTAKES
from backprop_lib.fast_differences import differences
from backprop_lib.network import Network
from backprop_lib.other_ways.autodiff import network_cost
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient
from backprop_lib.other_ways.neurons import GraphNetwork

BINARY = ("sigmoid", "binary_cross_entropy")
MANY = ("softmax", "cross_entropy")
X = np.array([[0.5, -1.0, 2.0]])
GOOD = {BINARY: np.array([[0, 0.25, 1], [1, 1, 0]]), MANY: np.array([[0, 0.25, 1], [1, 0.75, 0]])}
BAD = [
    (BINARY, 2 * GOOD[BINARY] - 1),
    (BINARY, 100 * GOOD[BINARY]),
    (BINARY, GOOD[BINARY] + 1e-9),
    (MANY, 2 * GOOD[MANY]),
    (MANY, 0.5 * GOOD[MANY]),
    (MANY, np.array([[-0.5, 0, 1], [1.5, 1, 0]])),
    (MANY, np.zeros((2, 3))),
]


def rows(y):
    return SimpleNamespace(x=X.T, y=y.T)


def graph(net):
    return graph_from(net)


PROGRAMS = {
    "backprop": lambda net, y, name: backprop(net, X, y, name),
    "cost_of": lambda net, y, name: cost_of(net, X, y, name),
    "cost": lambda net, y, name: cost(name)(np.full((2, 3), 0.5), y),
    "prime": lambda net, y, name: cost(name).prime(np.full((2, 3), 0.5), y),
    "train": lambda net, y, name: train(net, rows(y), name, batch_size=2),
    "held out": lambda net, y, name: train(
        net, rows(GOOD[net.specification[-1][0], name]), name, batch_size=2, held_out=rows(y)
    ),
    "check_gradient": lambda net, y, name: check_gradient(net, X, y, name),
    "numerical_gradient": lambda net, y, name: numerical_gradient(net, X, y, name),
    "differences": lambda net, y, name: differences(net, X, y, name),
    "a mistake": lambda net, y, name: MISTAKES["sign_flipped"].gradient(net, X, y, name),
    "graph": lambda net, y, name: graph_gradient(graph(net), X, y, name),
    "graph, one example": lambda net, y, name: [
        graph(net).backprop(X[:, i].tolist(), y[:, i].tolist(), name) for i in range(3)
    ],
    "graph, cost": lambda net, y, name: graph(net).cost_of(X.T.tolist(), y.T.tolist(), name),
    "graph, train": lambda net, y, name: graph(net).train(X.T.tolist(), y.T.tolist(), name, batch_size=2),
    "autodiff": lambda net, y, name: autodiff_gradient(net, X, y, name),
    "autodiff, one example": lambda net, y, name: [
        network_cost(
            net.specification, graph(net).parameters().w, graph(net).parameters().b, X[:, i], y[:, i], name
        )
        for i in range(3)
    ],
}


def net_for(case):
    return Network([("identity", 1), (case[0], 2)], seed=0)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("case", "y"), BAD, ids=lambda value: str(np.ravel(value)[:2]))
def test_no_program_takes_what_is_no_target(case, y, program) -> None:
    net = net_for(case)
    before = net.theta.copy()
    with pytest.raises(
        ValueError, match=rf"y.*{case[1]} (expects|needs) (targets|a target) (from 0 to 1|that sum)"
    ):
        PROGRAMS[program](net, y.astype(float), case[1])
    assert np.array_equal(net.theta, before)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", [BINARY, MANY])
def test_every_program_takes_targets_between_0_and_1(case, program) -> None:
    PROGRAMS[program](net_for(case), GOOD[case], case[1])


@given(y=st.lists(st.floats(-2, 3), min_size=2, max_size=2))
def test_the_three_programs_agree_on_what_is_a_target(y) -> None:
    column = np.array(y)[:, None]
    for output, name in (BINARY, MANY):
        net = net_for((output, name))
        answers = []
        for gradient in (
            lambda net, x, y, name: backprop(net, x, y, name),
            lambda net, x, y, name: graph_gradient(graph_from(net), x, y, name),
            autodiff_gradient,
        ):
            try:
                gradient(net, X[:, :1], column, name)
                answers.append(True)
            except ValueError:
                answers.append(False)
        inside = all(0 <= y_j <= 1 for y_j in y) and (name != "cross_entropy" or abs(sum(y) - 1) <= 1e-12)
        assert answers == [inside] * 3


@pytest.mark.parametrize("off", [-4e-7, -1e-9, 1e-9, 9e-7])
def test_a_target_whose_sum_is_not_1_to_the_last_digits_is_refused_since_a_minus_y_is_not_its_error(
    off,
) -> None:
    net, y = net_for(MANY), np.array([[0.3], [0.7 + off]])
    a = feed_forward(net, X[:, :1])[1][net.L]
    assert abs(a * y.sum() - y - (a - y)).max() > 1e-10
    with pytest.raises(ValueError, match="sum to 1"):
        backprop(net, X[:, :1], y, MANY[1])


@pytest.mark.parametrize("y", [[0.3, 0.7], [0.1 + 0.2, 0.7], [1 / 3, 2 / 3], [1e-17, 1.0]])
def test_a_target_whose_sum_is_1_up_to_round_off_is_taken_and_its_gradient_passes(y) -> None:
    column = np.array(y)[:, None]
    report = check_gradient(net_for(MANY), X[:, :1], column, MANY[1], method="complex", tolerance=1e-11)
    assert report.passed, report


def test_the_quadratic_cost_takes_any_target() -> None:
    net = Network([("identity", 1), ("sigmoid", 2)], seed=0)
    assert check_gradient(net, X, 100 * GOOD[BINARY]).passed
    GraphNetwork([("identity", 1), ("sigmoid", 2)]).backprop([1.0], [-3.0, 7.0])


def test_a_cost_of_the_readers_own_is_tried_in_silence_where_it_has_no_number() -> None:
    """It is tried where all outputs are a half, which no net of the reader's may ever answer."""

    def value(a, y):
        return (y / (a - 0.5)).sum(axis=0)

    with np.errstate(all="raise"):
        cost = Cost("ours", value, lambda a, y: -y / (a - 0.5) ** 2)
        assert cost(np.array([[0.75]]), np.array([[1.0]])).tolist() == [4.0]
