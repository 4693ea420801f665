"""The expression graph: operations against measured slopes, its order, whole nets, and what it refuses."""

from __future__ import annotations

import cmath
import math
import operator
import random
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_lib.other_ways import autodiff
from backprop_lib.other_ways.autodiff import Value, network_cost, operation, topological_order

# name: (the operation on Values, the same function of plain or complex numbers, points)
ONE: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], list[float]]] = {
    "negation": (lambda a: -a, lambda a: -a, [-1.7, 0.0, 2.3]),
    "exp": (Value.exp, cmath.exp, [-3.0, 0.0, 2.5]),
    "log": (Value.log, cmath.log, [0.01, 1.0, 40.0]),
    "tanh": (Value.tanh, cmath.tanh, [-2.0, 0.0, 0.6]),
    "sigmoid": (Value.sigmoid, lambda a: 1 / (1 + cmath.exp(-a)), [-4.0, 0.0, 1.5]),
    "relu": (Value.relu, lambda a: a if a.real > 0 else 0 * a, [-1.2, 0.8]),
    "square": (lambda a: a**2, lambda a: a**2, [-1.5, 0.0, 3.0]),
    "cube": (lambda a: a**3, lambda a: a * a * a, [-1.5, 0.0, 3.0]),
    "first power": (lambda a: a**1, lambda a: a, [-1.5, 0.0, 3.0]),
    "zeroth power": (lambda a: a**0, lambda a: 0 * a + 1, [-1.5, 0.0, 3.0]),
    "inverse": (lambda a: a**-1, lambda a: 1 / a, [-1.5, 0.2]),
    "square root": (lambda a: a**0.5, cmath.sqrt, [0.2, 9.0]),
    "number plus": (lambda a: 2 + a, lambda a: 2 + a, [1.3]),
    "number minus": (lambda a: 2 - a, lambda a: 2 - a, [1.3]),
    "number times": (lambda a: 3 * a, lambda a: 3 * a, [-1.3]),
    "number over": (lambda a: 2 / a, lambda a: 2 / a, [-1.3, 0.7]),
    "plus number": (lambda a: a + 2, lambda a: a + 2, [1.3]),
    "minus number": (lambda a: a - 2, lambda a: a - 2, [1.3]),
    "times number": (lambda a: a * 3, lambda a: a * 3, [-1.3]),
    "over number": (lambda a: a / 4, lambda a: a / 4, [-1.3]),
    "times itself": (lambda a: a * a, lambda a: a * a, [-1.3, 2.0]),
    "over itself plus one": (lambda a: a / (a + 1), lambda a: a / (a + 1), [0.3, 2.0]),
}
TWO: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
CASES = [(name, point) for name, (_, _, points) in ONE.items() for point in points]
PAIRS = [
    ("identity", "quadratic"),
    ("sigmoid", "quadratic"),
    ("tanh", "quadratic"),
    ("relu", "quadratic"),
    ("softmax", "quadratic"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
]
NAMES = ", ".join(autodiff.ACTIVATIONS)
X, Y = [0.4, -1.1], [0.0, 1.0, 0.0]


def small_net(hidden: str, output: str) -> tuple[list[tuple[str, int]], dict[int, Any], dict[int, Any]]:
    rng, sizes = random.Random(5), [2, 4, 3]
    weights = {l: [[rng.gauss(0, 1) for _ in range(sizes[l - 1])] for _ in range(sizes[l])] for l in (1, 2)}
    biases = {l: [rng.gauss(0.2, 0.5) for _ in range(sizes[l])] for l in (1, 2)}
    return [("identity", 2), (hidden, 4), (output, 3)], weights, biases


def slope(cost: Callable[[], float], row: list[float], i: int, h: float = 1e-5) -> float:
    """The central difference of `cost` by row[i]."""
    kept = row[i]
    row[i] = kept + h
    above = cost()
    row[i] = kept - h
    below = cost()
    row[i] = kept
    return (above - below) / (2 * h)


# Operations


@pytest.mark.parametrize("name, point", CASES)
def test_an_operation_has_the_value_of_its_function(name: str, point: float) -> None:
    on_values, function, _ = ONE[name]
    assert on_values(Value(point)).data == pytest.approx(function(point).real, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize("name, point", CASES)
def test_the_gradient_of_an_operation_is_the_complex_step(name: str, point: float) -> None:
    on_values, function, _ = ONE[name]
    a = Value(point)
    on_values(a).backward()
    assert a.grad == pytest.approx(function(complex(point, 1e-30)).imag / 1e-30, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("y", [1e-30, -0.4, 2.0])
@pytest.mark.parametrize("name, point", CASES)
def test_an_operation_takes_complex_numbers(name: str, point: float, y: float) -> None:
    on_values, function, _ = ONE[name]
    z = complex(point or 0.1, y)
    a = Value(z)
    (result := on_values(a)).backward()
    assert result.data == pytest.approx(function(z), rel=1e-14)
    assert result.data.imag == pytest.approx(function(z).imag, rel=1e-12, abs=1e-45), "of a complex step"
    h = 1e-5 * abs(z)
    assert a.grad == pytest.approx((function(z + h) - function(z - h)) / (2 * h), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("number", [np.complex64(1 + 2j), np.complex128(1 + 2j), 1 + 2j])
def test_a_complex_number_of_another_library_is_one_of_python(number) -> None:
    assert type(Value(number).data) is complex and Value(number).data == 1 + 2j


def test_what_a_complex_number_has_not_is_refused() -> None:
    for compute, message in (
        (lambda: Value(0j).log(), "log: expected a number above 0, got 0j"),
        (lambda: 1 / Value(0j), "/: expected a denominator other than 0"),
        (lambda: Value(0j) ** -1, r"\*\*: expected a base with a finite power and derivative, got 0j"),
        (lambda: Value(complex(800, 1)).exp(), "exp: expected a number up to 709.78"),
        (lambda: Value(1e200 + 1e200j) * 1e200, "finite value and derivative"),
    ):
        with pytest.raises(ValueError, match=message):
            compute()
    with pytest.raises(TypeError, match="exponent: expected a real number, got 1j"):
        Value(2.0) ** 1j


@pytest.mark.parametrize("name, point", CASES)
def test_the_gradient_of_an_operation_is_the_measured_slope(name: str, point: float) -> None:
    on_values, h = ONE[name][0], 1e-5 * max(abs(point), 0.1)
    a = Value(point)
    on_values(a).backward()
    measured = (on_values(Value(point + h)).data - on_values(Value(point - h)).data) / (2 * h)
    assert a.grad == pytest.approx(measured, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("op", TWO)
def test_the_gradients_of_two_operands_are_the_measured_slopes(op: str) -> None:
    function, h = TWO[op], 1e-6
    a, b = Value(1.7), Value(-0.6)
    function(a, b).backward()
    assert a.grad == pytest.approx((function(1.7 + h, -0.6) - function(1.7 - h, -0.6)) / (2 * h), rel=1e-8)
    assert b.grad == pytest.approx((function(1.7, -0.6 + h) - function(1.7, -0.6 - h)) / (2 * h), rel=1e-8)


def test_the_check_refuses_a_wrong_local_derivative() -> None:
    a = Value(1.5)
    operation("cube", a.data**3, (a, 2 * a.data**2)).backward()
    assert a.grad != pytest.approx((complex(1.5, 1e-30) ** 3).imag / 1e-30, rel=1e-3)


def test_a_new_operation_is_a_value_and_a_local_derivative() -> None:
    a = Value(0.7)
    out = operation("sin", math.sin(a.data), (a, math.cos(a.data))) * a
    out.backward()
    assert a.grad == pytest.approx(math.cos(0.7) * 0.7 + math.sin(0.7), rel=1e-15)


def test_the_derivative_of_relu_at_zero_is_zero() -> None:
    a = Value(0.0)
    a.relu().backward()
    assert a.grad == 0.0


@pytest.mark.parametrize("z, a", [(-1000.0, 0.0), (1000.0, 1.0)])
def test_the_sigmoid_and_the_tanh_do_not_overflow(z: float, a: float) -> None:
    given = Value(z)
    (given.sigmoid() + given.tanh()).backward()
    assert given.sigmoid().data == a and given.tanh().data == 2 * a - 1 and given.grad == 0


# The graph


def test_the_largest_exponent_is_within_the_limit_that_is_named() -> None:
    assert Value(709.78).exp().data == math.exp(709.78)
    with pytest.raises(ValueError, match=r"^exp: expected a number up to 709\.78, got 709\.79$"):
        Value(709.79).exp()


def test_a_value_remembers_how_it_was_computed() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0)
    out = a * b
    assert (out.data, out.op, out.parents, out.slopes) == (-6.0, "*", (a, b), (-3.0, 2.0))
    assert (a.op, a.parents, a.slopes, a.label, repr(a)) == ("", (), (), "a", "Value(2, label='a')")
    assert (a.grad, out.grad) == (0.0, 0.0)


@pytest.mark.parametrize(
    "compute, op",
    [
        (lambda a: a + 1, "+"),
        (lambda a: 1 - a, "-"),
        (lambda a: a * 2, "*"),
        (lambda a: 1 / a, "/"),
        (lambda a: a**3, "**3"),
        (lambda a: a**-0.5, "**-0.5"),
        (lambda a: -a, "neg"),
        (Value.exp, "exp"),
        (Value.log, "log"),
        (Value.tanh, "tanh"),
        (Value.sigmoid, "sigmoid"),
        (Value.relu, "relu"),
    ],
)
def test_a_value_knows_the_name_of_its_operation(compute: Callable[[Value], Value], op: str) -> None:
    result = compute(Value(0.25))
    assert (result.op, result.label, result.grad) == (op, "", 0.0)
    assert repr(result) == f"Value({result.data:.6g})"


def test_a_node_that_is_used_twice_adds_up_both_contributions() -> None:
    # f = (ab) + (ab)² with ab = 6: ∂f/∂(ab) = 1 + 2·6 = 13, so ∂f/∂a = 13·3 and ∂f/∂b = 13·2.
    a, b = Value(2.0), Value(3.0)
    product = a * b
    (product + product * product).backward()
    assert (product.grad, a.grad, b.grad) == (13.0, 39.0, 26.0)


def test_a_node_at_two_depths_is_done_after_both() -> None:
    # f = x · e^(2x + x²): f′ = e^(2x + x²) (1 + x (2 + 2x)) = e³ · 5 at x = 1.
    x = Value(1.0)
    (x * (2 * x + x**2).exp()).backward()
    assert x.grad == pytest.approx(5 * math.exp(3), rel=1e-15)


def test_calling_backward_twice_gives_the_same_gradients() -> None:
    a = Value(1.3)
    middle = a * a
    out = middle.exp() + middle
    out.backward()
    first = (a.grad, middle.grad, out.grad)
    out.backward()
    assert (a.grad, middle.grad, out.grad) == first


def test_backward_starts_from_zero_in_its_own_graph_and_leaves_others_alone() -> None:
    a, b = Value(2.0), Value(5.0)
    first, second = a * b, a * 3
    first.backward()
    second.backward()
    assert (a.grad, b.grad) == (3.0, 2.0)


def test_the_order_has_every_node_once_and_after_its_parents() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    d = c + a
    out = d * c
    order = topological_order(out)
    places = {node: i for i, node in enumerate(order)}
    assert set(order) == {a, b, c, d, out} and len(order) == 5 and order[-1] is out
    assert all(places[parent] < places[node] for node in order for parent in node.parents)


def test_a_random_graph_is_ordered_and_differentiated() -> None:
    rng, x = random.Random(0), Value(0.3)
    nodes, derivatives = [x], [1.0]  # the derivative of every node by x, carried along forward
    for _ in range(200):
        i, j = rng.randrange(len(nodes)), rng.randrange(len(nodes))
        nodes.append((0.6 * nodes[i] - 0.7 * nodes[j]).tanh())
        derivatives.append((0.6 * derivatives[i] - 0.7 * derivatives[j]) * (1 - nodes[-1].data ** 2))
    out = (nodes[-1] + nodes[-2]) * nodes[-3]
    out.backward()
    expected = (derivatives[-1] + derivatives[-2]) * nodes[-3].data
    expected += (nodes[-1].data + nodes[-2].data) * derivatives[-3]
    assert x.grad == pytest.approx(expected, rel=1e-12) and x.grad != 0


def test_a_chain_of_fifty_thousand_operations_is_no_deeper_than_any_other() -> None:
    x = Value(1.0)
    out = x
    for _ in range(50_000):
        out = out + x
    out.backward()
    assert (out.data, x.grad) == (50_001.0, 50_001.0)


def test_backward_can_be_watched_node_by_node() -> None:
    a, b = Value(2.0), Value(3.0)
    product = a * b
    out = product + a
    steps = list(out.backward_steps())
    assert steps[0] == (out, [(product, 1.0), (a, 1.0)])
    assert (product, [(a, 3.0), (b, 2.0)]) in steps
    assert {node for node, _ in steps} == {a, b, product, out} and a.grad == 4.0


def test_a_node_is_reached_with_its_gradient_complete() -> None:
    x = Value(0.4)
    y = x.exp()
    out = y * x + y
    seen = {node: node.grad for node, _ in out.backward_steps()}
    assert seen == {node: node.grad for node in topological_order(out)}


# Nets


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("hidden", autodiff.ACTIVATIONS)
def test_the_gradient_of_a_net_is_the_measured_slope_of_its_cost(hidden: str, output: str, cost: str) -> None:
    specification, weights, biases = small_net(hidden, output)

    def value() -> float:
        return network_cost(specification, weights, biases, X, Y, cost)[0].data

    C, parameters = network_cost(specification, weights, biases, X, Y, cost)
    C.backward()
    for l in (1, 2):
        for j, row in enumerate(weights[l]):
            measured = [slope(value, row, k) for k in range(len(row))]
            assert [v.grad for v in parameters.w[l][j]] == pytest.approx(measured, rel=1e-7, abs=1e-9), (l, j)
        measured = [slope(value, biases[l], j) for j in range(len(biases[l]))]
        assert [v.grad for v in parameters.b[l]] == pytest.approx(measured, rel=1e-7, abs=1e-9), l
    assert any(v.grad for v in parameters.b[2])


def test_the_worked_example_comes_out_to_the_last_digits() -> None:
    # All weights 1, all biases 0; by (3) the bias gradients are the errors.
    specification = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
    weights, biases = {1: [[1.0] * 4] * 5, 2: [[1.0] * 5] * 3}, {1: [0.0] * 5, 2: [0.0] * 3}
    C, parameters = network_cost(specification, weights, biases, (5.1, 3.5, 1.4, 0.2), (1, 0, 0))
    C.backward()
    expected = [-4.4510827315210804e-05, 0.006604764921594382, 0.006604764921594382]
    assert C.data == pytest.approx(0.9866790431048544, abs=1e-15, rel=0)
    assert [v.grad for v in parameters.b[2]] == pytest.approx(expected, abs=1e-15, rel=0)
    assert [v.grad for v in parameters.b[1]] == pytest.approx(
        [4.893115758926319e-07] * 5, abs=1e-15, rel=1e-9
    )


@pytest.mark.parametrize("output, cost", PAIRS)
@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_no_net_overflows_at_a_pre_activation_of_1000(output: str, cost: str, z: float) -> None:
    specification = [("identity", 1), (output, 2)]
    C, parameters = network_cost(specification, {1: [[1], [-1]]}, {1: [0, 0]}, [z], [0, 1], cost)
    C.backward()
    assert math.isfinite(C.data) and all(math.isfinite(v.grad) for v in parameters.b[1])


@pytest.mark.parametrize("z", [-1000.0, -3.0, 0.0, 3.0, 1000.0])
@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_the_slope_of_a_binary_cross_entropy_is_a_minus_y_at_every_z(z: float, y: float) -> None:
    specification = [("identity", 1), ("sigmoid", 1)]
    C, parameters = network_cost(specification, {1: [[0.0]]}, {1: [z]}, [1.0], [y], "binary_cross_entropy")
    C.backward()
    a = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
    assert parameters.b[1][0].grad == pytest.approx(a - y, abs=1e-15)


def test_the_slopes_of_a_cross_entropy_behind_softmax_are_a_minus_y() -> None:
    # z = (0, ln 2, ln 5): a = (1, 2, 5) / 8.
    biases = {1: [0.0, math.log(2), math.log(5)]}
    specification = [("identity", 1), ("softmax", 3)]
    C, parameters = network_cost(specification, {1: [[0.0]] * 3}, biases, [1.0], Y, "cross_entropy")
    C.backward()
    assert C.data == pytest.approx(math.log(4), rel=1e-15)
    assert [v.grad for v in parameters.b[1]] == pytest.approx([1 / 8, -6 / 8, 5 / 8], abs=1e-15)


def test_the_nodes_of_a_net_carry_the_names_of_the_notation() -> None:
    specification, weights, biases = small_net("tanh", "softmax")
    C, parameters = network_cost(specification, weights, biases, X, Y)
    labels = {node.label for node in topological_order(C)}
    assert {"C", "x[1]", "w[1][3,1]", "b[2][2]", "z[1][0]", "a[1][3]", "a[2][2]"} <= labels
    assert parameters.w[1][3][1].label == "w[1][3,1]" and parameters.w[1][3][1].data == weights[1][3][1]


def test_a_net_of_identities_keeps_the_names_of_its_pre_activations() -> None:
    specification, weights, biases = small_net("identity", "identity")
    C, _ = network_cost(specification, weights, biases, X, Y)
    labels = [node.label for node in topological_order(C) if node.label]
    assert labels.count("z[1][0]") == 1 and len(labels) == len(set(labels))


# What is refused


class NumberAndList:
    def __float__(self) -> float:
        return 1.0

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "both"


@pytest.mark.parametrize(
    "data, error, message",
    [
        ("2", TypeError, "data: expected a number, got '2'"),
        (None, TypeError, "data: expected a number, got None"),
        ([1.0], TypeError, r"data: expected a number, got \[1.0\]"),
        (NumberAndList(), TypeError, "data: expected a number, got both"),
        (True, TypeError, "data: expected a number, got True"),
        (Value(1.0), TypeError, "data: expected a number, got Value"),
        (math.nan, ValueError, "data: expected a finite number, got nan"),
        (complex(1.0, math.nan), ValueError, r"data: expected a finite number, got \(1\+nanj\)"),
        (-math.inf, ValueError, "data: expected a finite number, got -inf"),
    ],
)
def test_a_value_of_anything_but_a_finite_number_is_refused(
    data: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Value(data)


@pytest.mark.parametrize(
    "compute, error, message",
    [
        (lambda: Value(0.0).log(), ValueError, "log: expected a number above 0, got 0.0"),
        (lambda: Value(-2.0).log(), ValueError, "log: expected a number above 0, got -2.0"),
        (lambda: Value(710.0).exp(), ValueError, "exp: expected a number up to 709.78, got 710.0"),
        (lambda: Value(2.0) / 0, ValueError, "^/: expected a denominator other than 0, got 0$"),
        (lambda: 1 / Value(0.0), ValueError, "/: expected a denominator other than 0, got 0"),
        (lambda: Value(0.0) ** -1, ValueError, r"\*\*: expected a base .*, got 0.0 \*\* -1.0"),
        (lambda: Value(0.0) ** 0.5, ValueError, r"\*\*: expected a base .*, got 0.0 \*\* 0.5"),
        (lambda: Value(-2.0) ** 0.5, ValueError, r"\*\*: expected a base .*, got -2.0 \*\* 0.5"),
        (lambda: Value(1e200) ** 2, ValueError, r"\*\*: expected a base .*, got 1e\+200 \*\* 2.0"),
        (
            lambda: Value(1e200) * 1e201,
            ValueError,
            r"^\*: expected a finite value and derivative, "
            r"got inf and \(1e\+201, 1e\+200\) at 1e\+200, 1e\+201$",
        ),
        (
            lambda: operator.pow(Value(2.0), Value(3.0)),
            TypeError,
            r"\*\*, exponent: expected a real number, got Value",
        ),
        (lambda: Value(2.0) ** math.nan, ValueError, r"\*\*, exponent: expected a finite number, got nan"),
        (lambda: operator.add(Value(2.0), "1"), TypeError, "data: expected a number, got '1'"),
        (lambda: Value(2.0) * math.nan, ValueError, "expected a finite number, got nan"),
        (lambda: operator.pow(2.0, Value(3.0)), TypeError, "unsupported operand"),
        (lambda: operation("bad", math.nan, (Value(1.0), 1.0)), ValueError, "bad: expected a finite value"),
    ],
)
def test_an_operation_without_a_finite_result_is_refused(
    compute: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compute()


GOOD = {
    "specification": [("identity", 2), ("tanh", 1)],
    "weights": {1: [[1.0, 2.0]]},
    "biases": {1: [0.0]},
    "x": [1.0, 2.0],
    "y": [1.0],
    "cost": "quadratic",
}


@pytest.mark.parametrize(
    "changed, error, message",
    [
        ({"x": [1.0]}, ValueError, "x: expected 2 entries, got 1"),
        ({"y": [1.0, 0.0]}, ValueError, "y: expected 1 entries, got 2"),
        ({"y": 1.0}, TypeError, "y: expected 1 entries, got 1.0"),
        ({"x": [1.0, "2"]}, TypeError, r"^x\[1\]: expected a real number, got '2'"),
        ({"x": [1.0, Value(2.0)]}, TypeError, r"^x\[1\]: expected a real number, got Value"),
        ({"y": [math.nan]}, ValueError, r"^y\[0\]: expected a finite number, got nan"),
        ({"y": [Value(1.0), Value(0.0)]}, ValueError, "^y: expected 1 entries, got 2"),
        ({"weights": {1: [[1.0, math.inf]]}}, ValueError, r"^weights\[1\]\[0\]\[1\]: expected a finite"),
        ({"biases": {1: [None]}}, TypeError, r"^biases\[1\]\[0\]: expected a real number, got None"),
        ({"weights": {1: [[1.0]]}}, ValueError, r"weights\[1\]\[0\]: expected 2 entries, got 1"),
        ({"weights": {1: [[1.0, 2.0]] * 2}}, ValueError, r"weights\[1\]: expected 1 entries, got 2"),
        ({"weights": {0: []}}, ValueError, r"weights: expected the layers 1 … 1, got \[0\]"),
        ({"weights": {"1": [], 2: []}}, ValueError, r"^weights: expected the layers 1 … 1, got \['1', 2\]$"),
        ({"biases": {1: [0.0], 2: []}}, ValueError, r"^biases: expected the layers 1 … 1, got \[1, 2\]$"),
        ({"biases": [[0.0]]}, TypeError, "biases: expected a dict of layers 1 … 1"),
        ({"biases": {1: [0.0, 0.0]}}, ValueError, r"biases\[1\]: expected 1 entries, got 2"),
        ({"specification": [("identity", 2)]}, ValueError, "specification: expected an 'identity' layer"),
        ({"specification": [("tanh", 2), ("tanh", 1)]}, ValueError, "expected an 'identity' layer"),
        *(
            (
                {"specification": [*layers[:l], (layers[l][0], size), *layers[l + 1 :]]},
                error,
                f"^specification, layer {l}, size: expected an integer of at least 1, got {size!r}$",
            )
            for layers in [[("identity", 2), ("tanh", 1)]]
            for l in (0, 1)
            for size, error in [("1", TypeError), (0, ValueError), (1.0, TypeError), (True, TypeError)]
        ),
        (
            {"specification": [("identity", 2), ("sigma", 1)]},
            ValueError,
            f"specification, layer 1: expected one of {NAMES}, softmax, got 'sigma'$",
        ),
        (
            {"specification": [("identity", 2), ("softmax", 1), ("tanh", 1)]},
            ValueError,
            "layer 1: expected one of .* 'softmax'",
        ),
        ({"cost": "hinge"}, ValueError, "cost: expected one of quadratic, .* got 'hinge'"),
        (
            {"cost": "cross_entropy"},
            ValueError,
            "cost: cross_entropy needs softmax outputs, got tanh outputs",
        ),
    ],
)
def test_a_net_that_does_not_fit_together_is_refused(
    changed: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        network_cost(**{**GOOD, **changed})


@pytest.mark.parametrize("output, cost", [("tanh", "quadratic"), ("sigmoid", "binary_cross_entropy")])
def test_a_target_that_is_a_value_gets_its_slope_too(output: str, cost: str) -> None:
    given = {**GOOD, "specification": [("identity", 2), (output, 1)], "cost": cost}
    y = Value(0.25)
    C, _ = network_cost(**{**given, "y": [y]})
    C.backward()
    costs = [network_cost(**{**given, "y": [0.25 + h]})[0].data for h in (1e-5, -1e-5)]
    assert y.grad == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-9)
    if cost != "quadratic":
        with pytest.raises(ValueError, match=r"^y: binary_cross_entropy needs .* got 1\.0000001"):
            network_cost(**{**given, "y": [Value(1.0000001)]})


def test_the_arguments_that_the_refusals_change_are_good() -> None:
    assert network_cost(**GOOD)[0].data == pytest.approx(0.5 * (math.tanh(5.0) - 1) ** 2)  # type: ignore[arg-type]


def test_the_four_equations_are_not_used() -> None:
    source = Path(autodiff.__file__).read_text(encoding="utf-8")
    assert "delta" not in source and "prime" not in source


class NotShown:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "specification, got",
    [
        (7, "7"),
        ({"identity": 1}, "{'identity': 1}"),
        ([("identity", 1), ("tanh",)], None),
        ([(1, 1)], "[(1, 1)]"),
    ],
)
def test_a_specification_that_is_none_is_shown(specification, got) -> None:
    words = f"specification: expected (activation, size) pairs, got {got or specification}"
    with pytest.raises(TypeError, match=re.escape(words)):
        network_cost(specification, {}, {}, [1], [1])


def test_what_cannot_be_shown_is_named_by_its_type() -> None:
    with pytest.raises(TypeError, match="got <NotShown>$"):
        network_cost(NotShown(), {}, {}, [1], [1])


def test_a_target_may_be_a_value_or_a_number() -> None:
    net = [("identity", 1), ("sigmoid", 1)]
    costs = [network_cost(net, {1: [[1.0]]}, {1: [0.5]}, [2.0], [y])[0].data for y in (0.25, Value(0.25))]
    assert costs[0] == costs[1] > 0


TWO_LAYERS: dict[str, Any] = {
    "specification": [("identity", 2), ("tanh", 3), ("sigmoid", 1)],
    "weights": {1: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 2: [[7.0, 8.0, 9.0]]},
    "biases": {1: [0.1, 0.2, 0.3], 2: [0.4]},
    "x": [1.0, 2.0],
    "y": [0.5],
}
ENTRIES = ["x[0]", "x[1]", "y[0]", "biases[1][2]", "biases[2][0]", "weights[1][2][1]", "weights[2][0][2]"]
LISTS = ["x", "y", "biases[1]", "biases[2]", "weights[1]", "weights[1][2]", "weights[2]", "weights[2][0]"]


def replaced(place: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    """The arguments of a net of two layers with something else in one place, such as weights[2][0]."""
    given = deepcopy(TWO_LAYERS)
    name, *keys = re.findall(r"\w+", place)
    inside, key = given, name
    for following in keys:
        inside, key = inside[key], int(following)  # type: ignore[assignment]
    inside[key] = change(inside[key])
    return given


@pytest.mark.parametrize("place", ENTRIES)
@pytest.mark.parametrize(
    "value, expected", [("one", "a real number, got 'one'"), (math.inf, "a finite number")]
)
def test_whichever_number_is_none_it_is_named(place: str, value: Any, expected: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(place)}: expected {expected}"):
        network_cost(**replaced(place, lambda _: value))


@pytest.mark.parametrize("place", LISTS)
@pytest.mark.parametrize(
    "change, got",
    [
        (lambda entries: entries[:-1], "{fewer}"),
        (lambda entries: [*entries, entries[0]], "{more}"),
        (lambda entries: None, "None"),
        (lambda entries: "text", "'text'"),
        (lambda entries: b"text", "b'text'"),
        (lambda entries: dict.fromkeys(range(len(entries)), 1.0), "{{0: "),
        (lambda entries: {str(entry) for entry in entries}, "{{'"),
    ],
)
def test_whichever_list_is_none_or_of_another_length_it_is_named(place: str, change: Any, got: str) -> None:
    name, *keys = re.findall(r"\w+", place)
    entries = TWO_LAYERS[name]
    for key in keys:
        entries = entries[int(key)]
    found = re.escape(got.format(fewer=len(entries) - 1, more=len(entries) + 1))
    words = f"^{re.escape(place)}: expected {len(entries)} entries, got {found}"
    with pytest.raises((TypeError, ValueError), match=words):
        network_cost(**replaced(place, change))


@pytest.mark.parametrize("name", ["weights", "biases"])
@pytest.mark.parametrize("l", [1, 2])
def test_a_layer_that_is_missing_is_told_by_those_that_are_there(name: str, l: int) -> None:
    words = f"^{name}: expected the layers 1 … 2, got " + re.escape(str([3 - l])) + "$"
    with pytest.raises(ValueError, match=words):
        network_cost(**replaced(name, lambda blocks: {3 - l: blocks[3 - l]}))


def test_every_number_of_a_net_has_its_name_and_no_other_node_has_one() -> None:
    C, parameters = network_cost(**TWO_LAYERS)
    labels = [node.label for node in topological_order(C) if node.label]
    places = [(1, 3, 2), (2, 1, 3)]  # layer, neurons, those before
    expected = ["C", "x[0]", "x[1]"]
    expected += [f"{name}[{l}][{j}]" for l, n, _ in places for j in range(n) for name in "bza"]
    expected += [f"w[{l}][{j},{k}]" for l, n, before in places for j in range(n) for k in range(before)]
    assert sorted(labels) == sorted(expected)
    for l, n, before in places:
        assert [v.label for v in parameters.b[l]] == [f"b[{l}][{j}]" for j in range(n)]
        assert [v.data for v in parameters.b[l]] == TWO_LAYERS["biases"][l]
        for j in range(n):
            assert [v.label for v in parameters.w[l][j]] == [f"w[{l}][{j},{k}]" for k in range(before)]
            assert [v.data for v in parameters.w[l][j]] == TWO_LAYERS["weights"][l][j]
    value, _ = network_cost(**TWO_LAYERS, cost="quadratic")
    assert value.data == C.data, "the quadratic cost is the one that is taken if none is named"


@pytest.mark.parametrize("cost", ["quadratic", "binary_cross_entropy", "cross_entropy"])
def test_lists_of_two_lengths_raise_even_where_no_check_has_looked_at_them(
    cost: str, monkeypatch: Any
) -> None:
    z, a = ([Value(float(i)) for i in range(1, 4)] for _ in range(2))
    for y in ([1.0, 0.0], [1.0, 0.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match=r"zip\(\)"):
            autodiff._cost(z, a, y, cost)
    monkeypatch.setattr(autodiff, "_check_network", lambda *_: None)
    for x in ([1.0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match=r"zip\(\)"):
            network_cost(**{**GOOD, "x": x})
    result = operation("half", 1.0, (Value(2.0), 0.5))
    result.slopes = ()
    with pytest.raises(ValueError, match=r"zip\(\)"):
        result.backward()
