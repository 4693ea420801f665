"""What the mathematics refuses, by which name; and its edges, where one sign of a comparison decides."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_lib.activations import ACTIVATIONS, activation
from backprop_lib.costs import COSTS, cost
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.network import Network


def test_the_table_is_asked_by_name() -> None:
    assert all(activation(name) is rule for name, rule in ACTIVATIONS.items())
    assert all(cost(name) is rule and cost(rule) is rule for name, rule in COSTS.items())
    with pytest.raises(ValueError, match=r"^activation: expected one of .*, got 'cosine'"):
        activation("cosine")
    with pytest.raises(ValueError, match=r"^cost: expected one of .*, got 'cubic'"):
        cost("cubic")
    with pytest.raises(TypeError, match=r"cost: expected a name \(quadratic, .*\) or a Cost, got 3"):
        cost(3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_whole_numbers_are_taken_as_doubles_and_nothing_is_written_over(name) -> None:
    z = np.array([[-2], [0], [3]])
    rule, before = activation(name), z.copy()
    assert np.array_equal(rule(z), rule(z.astype(float))) and np.array_equal(z, before)
    if name != "softmax":
        assert np.array_equal(rule.prime(z), rule.prime(z.astype(float)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_mask_and_what_is_no_number_are_refused_by_name(name) -> None:
    rule, masked = activation(name), np.ma.array([[1.0]], mask=[[True]])
    cases = (masked, "an array without"), (np.array([["1"]]), "an array of"), (np.array([[1.0]], object), "")
    for call in (rule, rule.jacobian if name == "softmax" else rule.prime):
        for z, words in cases:
            with pytest.raises(TypeError, match=f"^z: expected {words}"):
                call(z)


def test_relu_of_a_complex_number_is_it_or_zero_by_its_real_part() -> None:
    z = np.array([-1 + 2j, 0 + 1j, 2 - 3j])
    assert activation("relu")(z).tolist() == [0, 0, 2 - 3j]
    assert activation("relu").prime(z).tolist() == [0, 0, 1]


CROSS = ["binary_cross_entropy", "cross_entropy"]


@pytest.mark.parametrize("name", CROSS)
@pytest.mark.parametrize(
    "y, got",
    [
        ([[0.5, -0.25], [0.5, 1.0]], "-0.25"),
        ([[0.5, 0.0], [0.5, 1.5]], "1.5"),
        ([[2], [-1]], "2"),
        ([[1.0, 0.0], [0.0, 1.5]], "1.5"),
        ([[1.0000001], [0.0]], "1.0000001"),
    ],
)
@pytest.mark.parametrize("method", ["__call__", "prime"])
def test_a_target_outside_0_to_1_is_named(name, y, got, method) -> None:
    words = f"y: {name} expects targets from 0 to 1, got {got}"
    with pytest.raises(ValueError, match=re.escape(words) + "$"):
        getattr(COSTS[name], method)(np.full(np.shape(y), 0.5), np.array(y))


@pytest.mark.parametrize("name", CROSS)
@pytest.mark.parametrize("method", ["__call__", "prime"])
@pytest.mark.parametrize(
    "a, got",
    [
        (1.5, "1.5"),
        (1.0000001, "1.0000001"),
        (-0.25, "-0.25"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (2 + 1j, "2+1j"),
    ],
)
def test_an_output_outside_0_to_1_is_named_and_costs_no_nan(name, method, a, got) -> None:
    call, y = getattr(COSTS[name], method), np.array([[1.0, 0.0], [0.0, 1.0]])
    words = f"a: {name} expects outputs from 0 to 1, got {got}"
    with pytest.raises(ValueError, match=re.escape(words) + "$"):
        call(np.array([[1.0, 0.5], [0.0, a]]), y)
    assert not np.isnan(call(np.array([[1.0, 0.5], [0.0, 0.25 + 1e-20j]]), y)).any()


def test_a_column_that_is_no_distribution_is_named_by_the_sum_that_is_furthest_off() -> None:
    rule, a = COSTS["cross_entropy"], np.full((2, 3), 0.5)
    y = np.array([[0.5, 0.25, 1.0], [0.5, 0.25, 0.25]])
    with pytest.raises(ValueError, match=r"targets that sum to 1 in every column, got a sum of 0\.5$"):
        rule(a, y)
    with pytest.raises(ValueError, match=r"got a sum of 1\.75$"):
        rule(a, np.array([[0.5, 0.75, 1.0], [0.5, 0.5, 0.75]]))
    with pytest.raises(ValueError, match=r"got a sum of 1\.000002$"):
        rule(a, np.full((2, 3), 0.500001))
    assert rule(a, np.array([[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]])).shape == (3,)


@pytest.mark.parametrize("method", ["__call__", "prime"])
@pytest.mark.parametrize("name", COSTS)
def test_arguments_of_a_cost_are_refused_by_name(name, method) -> None:
    call, good = getattr(COSTS[name], method), np.array([[0.25], [0.75]])
    masked = np.ma.masked_array(good, [[True], [False]])
    for arguments, which in (((masked, good), "a"), ((good, masked), "y")):
        with pytest.raises(TypeError, match=rf"^{which}: "):
            call(*arguments)
    with pytest.raises(ValueError, match=r"^a, y: expected rows of equal length, got a ragged list$"):
        call([[0.5], [0.5, 0.5]], good)
    for arguments in ((np.array([["a"], ["b"]]), good), (good, np.array([["a"], ["b"]]))):
        with pytest.raises(TypeError, match="a, y: expected arrays of numbers"):
            call(*arguments)
    with pytest.raises(ValueError, match=r"y: expected the shape of a, \(2, 1\), got shape \(1, 2\)"):
        call(good, good.T)
    assert np.array_equal(call(good > 0.5, good), call((good > 0.5) * 1.0, good))


@pytest.mark.parametrize("name", CROSS)
def test_a_batch_of_no_examples_costs_nothing(name) -> None:
    assert COSTS[name](np.zeros((2, 0)), np.zeros((2, 0))).shape == (0,)


@pytest.mark.parametrize(
    "call", [feed_forward, lambda *given: backprop(*given, [[1.0]]), lambda *given: cost_of(*given, [[1.0]])]
)
def test_an_input_that_does_not_fit_the_net_is_named(call) -> None:
    with pytest.raises(ValueError, match=r"^x: expected "):
        call(Network([("identity", 2), ("tanh", 1)]), np.ones((3, 1)))
    with pytest.raises(TypeError, match=r"^x: expected "):
        call(Network([("identity", 2), ("tanh", 1)]), [["a"], ["b"]])


@pytest.mark.parametrize("name", CROSS)
def test_an_answer_outside_0_to_1_is_named_and_the_ends_are_allowed(name) -> None:
    rule, y = COSTS[name], np.array([[1.0, 0.5], [0.0, 0.5]])
    assert rule(np.array([[1.0, 0.5], [0.0, 0.5]]), y).shape == (2,)
    for a, got in (([[1.0, 0.5], [0.0, 1.25]], "1.25"), ([[1.0, -0.25], [0.0, 0.5]], "-0.25")):
        with pytest.raises(ValueError, match=f"a: {name} expects outputs from 0 to 1, got {got}$"):
            rule(np.array(a), y)


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.uint8, np.bool_, np.complex128])
def test_every_kind_of_number_has_a_cost(kind) -> None:
    a, y = np.array([[1], [0]], kind), np.array([[1], [0]], kind)
    assert COSTS["quadratic"](a, np.array([[0.0], [0.0]])).tolist() == [0.5]
    assert COSTS["quadratic"](np.array([[0.0], [0.0]]), y).tolist() == [0.5]
