"""Whatever does not make sense is refused at once, by name, with what was expected and what came."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib.activations import activation
from backprop_lib.arguments import columns, integers, numbers, unmasked
from backprop_lib.costs import COSTS, Cost, cost
from backprop_lib.course.claims import claim
from backprop_lib.course.exercises import check
from backprop_lib.course.ledgers import ledger
from backprop_lib.data import Dataset, load_csv, load_iris, one_hot, split, standardize, xor
from backprop_lib.drawing.net import graph_svg, network_svg
from backprop_lib.drawing.plots import heat_map
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.figures.step_size import u_curve
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network, Parameters, parameter_count
from backprop_lib.other_ways.autodiff import Value, network_cost
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient, network_from
from backprop_lib.other_ways.neurons import GraphNetwork
from backprop_lib.training import Trainer, train

SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
IRIS = load_iris()
X, Y = IRIS.columns()


def net(output="sigmoid"):
    return Network([("identity", 4), ("sigmoid", 5), (output, 3)])


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def complex_net():
    return net().with_parameters(net().theta + 1j)


PERCEPTRON = [("identity", 2), ("sigmoid", 1)]


def graph():
    return GraphNetwork([("identity", 2), ("tanh", 2), ("sigmoid", 1)])


GRAPH = graph()
FOURTH_POWER = Cost("quadratic", lambda a, y: ((a - y) ** 4).sum(axis=0), lambda a, y: 4 * (a - y) ** 3)


def data(**changes):
    fields = {"x": IRIS.x, "y": IRIS.y, "labels": IRIS.labels}
    names = {"class_names": IRIS.class_names, "feature_names": IRIS.feature_names}
    return Dataset(**(fields | names | changes))


# What takes a cost of the reader's own.
OF_A_COST = [
    *(
        lambda rule, of=of: of(net(), X, Y, rule)
        for of in (cost_of, backprop, numerical_gradient, check_gradient)
    ),
    lambda rule: train(net(), IRIS, rule),
    lambda rule: rule(X, X + 1),
    lambda rule: rule.prime(X, X + 1),
]
V, T = ValueError, TypeError
CASES = [
    (lambda: Network("4-5-3"), T, r"specification: expected a list .* got '4-5-3'"),
    (lambda: Network(None), T, r"specification: expected a list .* got None"),
    (lambda: Network([]), V, r"specification: expected at least two layers, got 0"),
    (lambda: Network([("identity", 4)]), V, r"expected at least two layers, got 1"),
    (lambda: Network([4, 5, 3]), T, r"layer 0: expected \(activation, size\), got 4"),
    (lambda: Network([("identity", 4), ("sigmoid",)]), T, r"layer 1: expected .* got \('sigmoid',\)"),
    (lambda: Network([("identity", 4), ("tangh", 3)]), V, r"layer 1, activation: expected one of .* 'tangh'"),
    (lambda: Network([("identity", 4), (None, 3)]), T, r"layer 1, activation: expected one of .* None"),
    (
        lambda: Network([("identity", 4), ("tanh", 0)]),
        V,
        r"layer 1, size: expected a positive integer, got 0",
    ),
    (lambda: Network([("identity", -4), ("tanh", 1)]), V, r"layer 0, size: expected a positive .* got -4"),
    (lambda: Network([("identity", 4), ("tanh", 2.0)]), T, r"layer 1, size: expected .* got 2.0"),
    (lambda: Network([("identity", 4), ("tanh", True)]), T, r"layer 1, size: expected .* got True"),
    (lambda: Network([("identity", 4), ("tanh", "3")]), T, r"layer 1, size: expected .* got '3'"),
    (lambda: Network([("sigmoid", 4), ("tanh", 3)]), V, r"layer 0: .* expected 'identity', got 'sigmoid'"),
    (
        lambda: Network([("identity", 4), ("softmax", 3), ("tanh", 3)]),
        V,
        r"layer 1: softmax is for the output",
    ),
    (lambda: Network(SPECIFICATION, init="gauss"), V, r"init: expected one of random, .* got 'gauss'"),
    (lambda: Network(SPECIFICATION, init=1), T, r"init: expected one of .* got 1"),
    (lambda: Network(SPECIFICATION, seed=-1), V, r"seed: expected an integer of at least 0, got -1"),
    (lambda: Network(SPECIFICATION, seed=0.5), T, r"seed: expected an integer .* got 0.5"),
    (lambda: Network(SPECIFICATION, seed=None), T, r"seed: expected an integer .* got None"),
    (lambda: activation("sigma"), V, r"activation: expected one of .*identity, .* got 'sigma'"),
    (lambda: activation(3), T, r"activation: expected one of .* got 3"),
    (lambda: activation("softmax").prime(np.zeros((3, 1))), V, r"softmax has no derivative neuron by neuron"),
    (lambda: cost("hinge"), V, r"cost: expected one of quadratic, .* got 'hinge'"),
    (lambda: cost(7), T, r"cost: expected a name .* got 7"),
    (lambda: cost("quadratic")(np.zeros((3, 1)), np.zeros(3)), V, r"y: expected the shape of a, \(3, 1\)"),
    (lambda: cost("quadratic")(["a"], ["b"]), T, r"a, y: expected arrays of numbers"),
    (lambda: cost("quadratic").prime(np.zeros((3, 2)), np.zeros((2, 3))), V, r"y: expected the shape of a"),
    (
        lambda: feed_forward(net(), X[:, 0]),
        V,
        r"x: expected shape \(4, m\).* got shape \(4,\); write x\[:, None\]",
    ),
    (lambda: feed_forward(net(), X[:3]), V, r"x: expected shape \(4, m\).* got shape \(3, 150\)"),
    (lambda: feed_forward(net(), X.T), V, r"x: .* got shape \(150, 4\); it looks transposed"),
    (lambda: feed_forward(net(), X[:, :0]), V, r"x: expected at least one example, got shape \(4, 0\)"),
    (lambda: feed_forward(net(), X[None]), V, r"x: expected shape \(4, m\).* got shape \(1, 4, 150\)"),
    (lambda: feed_forward(net(), "abc"), T, r"x: expected an array of numbers, got 'abc'"),
    (lambda: feed_forward(net(), None), T, r"x: expected an array of numbers, got None"),
    (lambda: feed_forward(net(), [[1], [2], [3, 4], [5]]), V, r"x: expected rows of equal length"),
    (lambda: feed_forward(net(), [["a"], ["b"], ["c"], ["d"]]), T, r"x: expected real numbers"),
    (lambda: feed_forward(net(), X + 1j), T, r"x: expected real numbers, got an array of complex128"),
    (lambda: feed_forward(net(), changed(X, (2, 7), np.nan)), V, r"x: .* got nan at index \[2, 7\]"),
    (lambda: feed_forward(net(), changed(X, (0, 1), np.inf)), V, r"x: .* got inf at index \[0, 1\]"),
    (lambda: backprop(net(), X, Y[:2]), V, r"y: expected shape \(3, m\).* got shape \(2, 150\)"),
    (lambda: backprop(net(), X, Y[0]), V, r"y: expected shape \(3, m\).* got shape \(150,\)"),
    (lambda: backprop(net(), X, Y[:, :9]), V, r"y: expected 150 examples \(columns\) as in x, got 9"),
    (lambda: backprop(net(), X, changed(Y, (0, 0), -np.inf)), V, r"y: .* got -inf at index \[0, 0\]"),
    (lambda: backprop(net(), X, Y, "L2"), V, r"cost: expected one of .* got 'L2'"),
    (lambda: backprop(net(), X, Y, "cross_entropy"), V, r"cost: cross_entropy needs softmax .* got sigmoid"),
    (
        lambda: backprop(net("tanh"), X, Y, "binary_cross_entropy"),
        V,
        r"cost: binary_.* needs sigmoid .* got tanh",
    ),
    (
        lambda: backprop(net("relu"), X, Y, "cross_entropy"),
        V,
        r"cost: cross_entropy needs softmax .* got relu",
    ),
    (
        lambda: backprop(net("softmax"), X, 0.9 * Y, "cross_entropy"),
        V,
        r"y: cross_entropy expects .* sum to 1 .* of 0.9",
    ),
    (lambda: cost_of(net(), X, Y[:, 1:]), V, r"y: expected 150 examples .* got 149"),
    (lambda: cost_of(net(), X.T, Y), V, r"x: .* it looks transposed"),
    (
        lambda: check_gradient(net(), X, Y, method="left"),
        V,
        r"method: expected one of central, .* got 'left'",
    ),
    (lambda: check_gradient(net(), X, Y, h=0), V, r"h: expected a positive finite number, got 0"),
    (lambda: check_gradient(net(), X, Y, h=-1e-5), V, r"h: expected a positive finite number, got -1e-05"),
    (lambda: check_gradient(net(), X, Y, h=np.nan), V, r"h: expected a positive finite number, got nan"),
    (lambda: check_gradient(net(), X, Y, h="small"), T, r"h: expected a positive number, got 'small'"),
    (lambda: check_gradient(net(), X, Y, tolerance=0), V, r"tolerance: expected a positive finite number"),
    (lambda: check_gradient(net(), X, Y, floor=-1), V, r"floor: expected a positive finite number, got -1"),
    (lambda: check_gradient(net(), X, Y, gradient=lambda *_: 3), T, r"gradient: expected .* got 3"),
    (lambda: check_gradient(net(), X[:2], Y), V, r"x: expected shape \(4, m\)"),
    (lambda: numerical_gradient(net(), X, Y, method=2), T, r"method: expected one of .* got 2"),
    (lambda: train("net", IRIS), T, r"net: expected a Network, got 'net'"),
    (lambda: train(net(), X), T, r"data: expected a data set with x and y"),
    (lambda: train(net(), SimpleNamespace(x=IRIS.x, y=IRIS.y[:9])), V, r"data: expected x and y with one"),
    (lambda: train(net(), SimpleNamespace(x=X[0], y=IRIS.y)), V, r"data: expected x and y with one"),
    (lambda: train(net(), xor()), V, r"x: expected shape \(4, m\).* got shape \(2, 4\)"),
    (lambda: train(net(), IRIS, held_out=xor()), V, r"x: expected shape \(4, m\)"),
    (lambda: train(net(), IRIS, held_out=3), T, r"held_out: expected a data set with x and y, got 3"),
    (lambda: train(net(), SimpleNamespace(x=IRIS.x)), T, r"data: expected a data set with x and y, got name"),
    (lambda: train(net(), SimpleNamespace(x="a", y=IRIS.y)), T, r"^data\.x: expected an array of numbers"),
    (lambda: train(net(), SimpleNamespace(x=IRIS.x, y="a")), T, r"^data\.y: expected an array of numbers"),
    (lambda: train(net(), IRIS, cost="cross_entropy"), V, r"cost: cross_entropy needs softmax"),
    (lambda: train(net(), IRIS, learning_rate=0), V, r"learning_rate: expected a positive .* got 0"),
    (lambda: train(net(), IRIS, learning_rate=-3), V, r"learning_rate: expected a positive .* got -3"),
    (lambda: train(net(), IRIS, learning_rate=np.inf), V, r"learning_rate: .* got inf"),
    (lambda: train(net(), IRIS, learning_rate="3"), T, r"learning_rate: expected a positive number, got '3'"),
    (
        lambda: train(net(), IRIS, learning_rate=True),
        T,
        r"learning_rate: expected a positive number, got True",
    ),
    (lambda: train(net(), IRIS, batch_size=0), V, r"batch_size: expected a positive integer, got 0"),
    (
        lambda: train(net(), IRIS, batch_size=151),
        V,
        r"batch_size: expected at most the 150 examples, got 151",
    ),
    (lambda: train(net(), IRIS, batch_size=10.0), T, r"batch_size: expected a positive integer, got 10.0"),
    (lambda: train(net(), IRIS, epochs=0), V, r"epochs: expected a positive integer, got 0"),
    (lambda: train(net(), IRIS, epochs=1.5), T, r"epochs: expected a positive integer, got 1.5"),
    (lambda: train(net(), IRIS, seed=-1), V, r"seed: expected an integer of at least 0, got -1"),
    (lambda: train(net(), IRIS, epochs=1, order=lambda e: [0] * 150), V, r"order: expected each of the 150"),
    (
        lambda: train(net(), IRIS, epochs=1, order=lambda e: [0, 1]),
        V,
        r"order: .* the 150 .* got array\(\[0, 1\]\)",
    ),
    (lambda: Trainer(net(), IRIS).run(-1), V, r"epochs: expected a positive integer, got -1"),
    (lambda: data(x=IRIS.x[:9]), V, r"y: expected 9 rows as in x, got 150"),
    (lambda: data(x=changed(IRIS.x, (3, 1), np.nan)), V, r"x: .* got nan at index \[3, 1\]"),
    (lambda: data(x=IRIS.x[0]), V, r"x, y: expected one example per row"),
    (lambda: data(labels=IRIS.labels + 1), V, r"labels: expected classes 0 … 2, got 3"),
    (lambda: data(labels=IRIS.labels - 1), V, r"labels: expected classes 0 … 2, got -1"),
    (lambda: data(labels=IRIS.labels[:5]), V, r"labels: expected 150 as in x, got 5"),
    (lambda: data(labels=IRIS.labels / 2), T, r"labels: expected integers"),
    (lambda: data(feature_names=("a",)), V, r"feature_names: expected 4, got 1"),
    (lambda: one_hot([0, 3], 3), V, r"labels: expected classes 0 … 2, got 3"),
    (lambda: one_hot([0.5], 3), T, r"labels: expected integers, got \[0.5\]"),
    (lambda: one_hot([[0]], 3), V, r"labels: expected a flat list, got shape \(1, 1\)"),
    (lambda: one_hot([0], 0), V, r"classes: expected a positive integer, got 0"),
    (lambda: split(IRIS, 1.0), V, r"fraction: expected a number between 0 and 1, got 1.0"),
    (lambda: split(IRIS, 0), V, r"fraction: expected a number between 0 and 1, got 0"),
    (lambda: split(IRIS, "0.7"), T, r"fraction: expected a number between 0 and 1, got '0.7'"),
    (lambda: split(IRIS, 0.999), V, r"fraction: 0.999 of the 50 examples of class 0 leaves none"),
    (lambda: split(IRIS, seed=1.0), T, r"seed: expected an integer .* got 1.0"),
    (lambda: standardize(IRIS, xor()), V, r"others\[0\]: expected the features of train"),
    (lambda: IRIS.take([150]), V, r"indices: expected numbers from 0 to 149"),
    (lambda: IRIS.take([-1]), V, r"indices: expected numbers from 0 to 149"),
    (lambda: IRIS.take([0.0]), T, r"indices: expected a list of row numbers"),
    (
        lambda: Network([("identity", 10**9), ("tanh", 10**9)]),
        V,
        r"specification: expected at most .* would take 80+\d* GB",
    ),
    (
        lambda: Network([("identity", 10**400), ("tanh", 2)]),
        V,
        r"specification: expected at most 100000000 parameters",
    ),
    (lambda: net().with_parameters([0.0] * 43), T, r"theta: expected a flat array, got \[0.0"),
    *(
        (lambda call=call: call("a\0b"), V, r"path: expected a path without a NUL character, got 'a\\x00b'")
        for call in (net().save, Network.load, lambda path: load_csv(Path(path), ["a"], ["no"]))
    ),
    *(
        (
            lambda call=call: call(complex_net()),
            T,
            r"net: expected real parameters, got complex128; feed_forward",
        )
        for call in (
            lambda net: backprop(net, X, Y),
            lambda net: cost_of(net, X, Y),
            lambda net: numerical_gradient(net, X, Y),
            lambda net: check_gradient(net, X, Y),
            lambda net: train(net, IRIS),
        )
    ),
    *(
        (lambda values=values: setattr(complex_net(), "theta", values), error, words)
        for values, error, words in [
            ("abc", T, r"theta: expected an array of numbers, got 'abc'"),
            (["1"] * 43, T, r"theta: expected real numbers, got an array of <U1"),
            ([None] * 43, T, r"theta: expected real numbers, got an array of object"),
            ([1, [2]], V, r"theta: expected rows of equal length, got a ragged list"),
            ([1j * np.inf] * 43, V, r"theta: expected finite numbers, got \(?nan\+infj\)? at index \[0\]"),
        ]
    ),
    *(
        (
            lambda assign=assign: assign(net()),
            T,
            rf"{name}: expected real numbers, got an array of complex128",
        )
        for name, assign in [
            ("theta", lambda net: setattr(net, "theta", net.theta + 1j)),
            (r"w\[1\]", lambda net: net.w.update({1: net.w[1] + 0j})),
            (r"b\[2\]", lambda net: net.b.__setitem__(2, net.b[2] + 1j)),
        ]
    ),
    (lambda: net().save(None), T, r"path: expected a path, got None"),
    (lambda: Network.load(3), T, r"path: expected a path, got 3"),
    (lambda: load_csv(3.5, ["a"], ["no"]), T, r"path: expected a path, got 3.5"),
    (lambda: load_csv("any.csv", "ab", ["no"]), T, r"feature_names: expected a list of strings, got 'ab'"),
    (lambda: load_csv("any.csv", ["a"], [0]), T, r"class_names: expected a list of strings, got \[0\]"),
    (lambda: cost("quadratic")([[1], [2, 3]], [1]), V, r"a, y: expected rows of equal length"),
    (lambda: feed_forward("net", X), T, r"net: expected a Network, got 'net'"),
    (lambda: backprop(None, X, Y), T, r"net: expected a Network, got None"),
    (lambda: check_gradient(net(), X, Y, gradient=3), T, r"gradient: expected a function, got 3"),
    (lambda: check_gradient(net(), X, Y, h=10**400), V, r"h: expected a positive finite number, got 10{9}"),
    (
        lambda: check_gradient(net(), X, Y, gradient=lambda *_: ({1: X}, {})),
        V,
        r"gradient: expected dw\[1\] of shape \(5, 4\)",
    ),
    (
        lambda: check_gradient(net(), X, Y, gradient=lambda *_: np.zeros(42)),
        V,
        r"gradient: expected shape \(43,\), got \(42,\)",
    ),
    *(
        (
            lambda value=value, call=call: call(Cost("ours", value, lambda a, y: a - y)),
            V,
            rf"cost: expected a number for each example, shape \(\d+,\), from ours, got {got}",
        )
        for value, got in [
            (lambda a, y: ((a - y) ** 2).sum(), r"np\.float64\("),
            (lambda a, y: float(((a - y) ** 2).mean()), r"\d"),
            (lambda a, y: (a - y) ** 2, r"shape \(\d+, \d+\)"),
            (lambda a, y: ((a - y) ** 2).sum(axis=0).tolist(), r"\["),
        ]
        for call in OF_A_COST
    ),
    *(
        (
            lambda slope=slope, call=call: call(Cost("ours", COSTS["quadratic"].value, slope)),
            V,
            r"cost: expected a ∂C_x/∂a, shape \(\d+, \d+\), from ours, got ",
        )
        for slope in [lambda a, y: (a - y).sum(), lambda a, y: (a - y).mean(axis=0), lambda a, y: 1.0]
        for call in OF_A_COST
    ),
    (lambda: train(net(), IRIS, order=[0, 1]), T, r"order: expected a function .* got \[0, 1\]"),
    (
        lambda: train(net(), IRIS, order=lambda e: [[0], [1, 2]]),
        T,
        r"order: expected indices, got a ragged list",
    ),
    (lambda: split([1, 2]), T, r"data: expected a Dataset, got \[1, 2\]"),
    (lambda: standardize(None), T, r"train: expected a Dataset, got None"),
    (lambda: standardize(IRIS, 3), T, r"others\[0\]: expected a Dataset, got 3"),
    (lambda: data(class_names="abc"), T, r"class_names: expected a list of strings, got 'abc'"),
    (lambda: data(class_names=("a", "b", "a")), V, r"class_names: expected each name once, got \('a', 'b',"),
    (lambda: data(feature_names=(1, 2, 3, 4)), T, r"feature_names: expected a list of strings"),
    (lambda: one_hot([0], 10**9), V, r"classes: expected at most 100000000 numbers in all"),
    (lambda: one_hot([[0], [1, 2]], 3), T, r"labels: expected integers, got a ragged list"),
    (lambda: GraphNetwork("4-5-3"), T, r"specification: expected .* got '4-5-3'"),
    (
        lambda: GraphNetwork([("identity", 1000), ("tanh", 1000)]),
        V,
        r"specification: expected at most 1000000 parameters",
    ),
    (
        lambda: GraphNetwork([("identity", 2), ("tangh", 2)]),
        V,
        r"layer 1, activation: expected one of .* 'tangh'",
    ),
    (lambda: GRAPH.feed_forward([1.0]), V, r"x: expected 2 numbers, got 1"),
    (lambda: GRAPH.feed_forward([1.0, None]), T, r"x: expected 2 numbers, got None among them"),
    (lambda: GRAPH.feed_forward([1.0, 10**400]), V, r"x: expected finite numbers, got 10{9}"),
    (lambda: GRAPH.backprop([1, 2], [np.nan]), V, r"y: expected finite numbers, got nan"),
    (lambda: GRAPH.backprop([1, 2], [1], "hinge"), V, r"cost: expected one of .* got 'hinge'"),
    (lambda: GRAPH.gradient([[1, 2]], []), V, r"ys: expected 1 targets, .* got 0"),
    (lambda: GRAPH.set_parameters({1: []}, {}), V, r"w: expected the layers 1 … 2, got \[1\]"),
    (lambda: GRAPH.step([[1, 2]], [[1]], 0), V, r"learning_rate: expected a positive finite number, got 0"),
    (
        lambda: GRAPH.train([[1, 2]], [[1]], batch_size=2),
        V,
        r"batch_size: expected at most the 1 examples, got 2",
    ),
    (
        lambda: GRAPH.train([[1, 2]], [[1]], batch_size=1, order=7),
        T,
        r"order: expected a permutation for every epoch, got 7",
    ),
    (
        lambda: GRAPH.train([[1, 2]], [[1]], batch_size=1, order=[[1.0]]),
        V,
        r"order: expected each of the 1 indices once",
    ),
    (lambda: Value("3"), T, r"data: expected a number, got '3'"),
    (lambda: Value(10**400), V, r"data: expected a finite number, got inf"),
    (lambda: Value(1.0) / 0, V, r"/: expected a denominator other than 0"),
    (lambda: Value(-1.0).log(), V, r"log: expected a number above 0, got -1.0"),
    (
        lambda: network_cost(7, {}, {}, [1], [1]),
        T,
        r"specification: expected \(activation, size\) pairs, got 7",
    ),
    (
        lambda: network_cost(PERCEPTRON, {1: [[1]]}, {1: [0]}, [1, 2], [1]),
        V,
        r"weights\[1\]\[0\]: expected 2 entries, got 1",
    ),
    (lambda: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: [0]}, 3, [1]), T, r"x: expected 2 entries, got 3"),
    (
        lambda: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: [0]}, [1, 2], [1], []),
        V,
        r"cost: expected one of .* got \[\]",
    ),
    (lambda: graph_from("net"), T, r"net: expected a Network, got 'net'"),
    (lambda: network_from(net()), T, r"graph: expected a GraphNetwork, got Network"),
    (lambda: graph_gradient(GRAPH, X, Y), V, r"x: expected shape \(2, m\)"),
    (lambda: autodiff_gradient(net(), X, Y[0]), V, r"y: expected shape \(3, m\)"),
    (lambda: ledger(5, net(), X[:, :1], Y[:, :1]), V, r"equation: expected 1, 2, 3 or 4, got 5"),
    (lambda: ledger(2, net(), X[:, :1], Y[:, :1], l=2), V, r"l: expected a layer from 1 to 1 .* got 2"),
    (lambda: ledger(1, net(), X, Y), V, r"x: expected one example \(one column\), got 150"),
    (lambda: check("output", None), V, r"name: expected one of .* got 'output'"),
    (lambda: heat_map([[1, 2]], limit="big"), T, r"limit: expected a positive number, got 'big'"),
    (lambda: heat_map([[1, 2]], row_names=5), T, r"row_names: expected a list, got 5"),
    (lambda: network_svg(3), T, r"sizes: expected a list, got 3"),
    (lambda: network_svg((2, 2), lit=[(1, "a")]), T, r"lit: expected \(l,\), .* got \(1, 'a'\)"),
    (
        lambda: network_svg((2, 2), labels=[1]),
        T,
        r"labels: expected a dict from the layer to names, got \[1\]",
    ),
    (lambda: network_svg((2, 2), captions="ab"), T, r"captions: expected a list, got 'ab'"),
    (lambda: graph_svg([{"id": []}]), T, r"nodes\[0\]: expected a name or number as id, got \[\]"),
    (lambda: graph_svg(None), T, r"nodes: expected a list, got None"),
    (lambda: parameter_count([4, -5, 3]), V, r"sizes, layer 1: expected a positive integer, got -5"),
    (lambda: Parameters((True, 3)), T, r"sizes, layer 0: expected a positive integer, got True"),
    (lambda: Parameters((4.0, 3)), T, r"sizes, layer 0: expected a positive integer, got 4.0"),
    (lambda: Parameters(([1], 2)), T, r"sizes, layer 0: expected a positive integer, got \[1\]"),
    (
        lambda: autodiff_gradient(net(), X, Y, FOURTH_POWER),
        V,
        rf"cost: expected one of {', '.join(COSTS)}, got a cost of your own, quadratic",
    ),
    (
        lambda: graph_gradient(graph_from(net()), X, Y, FOURTH_POWER),
        V,
        rf"cost: expected one of {', '.join(COSTS)}, got a cost of your own, quadratic",
    ),
    (lambda: graph_gradient(net(), X, Y), T, r"graph: expected a GraphNetwork, got "),
    (lambda: load_csv("iris.csv", [], ["a"]), V, r"feature_names: expected at least one name, got none"),
    (lambda: train(net(), IRIS, epochs=1).delta_norm([1]), V, r"l: expected a layer of 1 to 2, got \[1\]"),
    (lambda: train(net(), IRIS, epochs=1).delta_norm(0), V, r"l: expected a layer of 1 to 2, got 0"),
    (
        lambda: claim("w", 1 + 5j, below=2),
        T,
        r"found: expected real numbers for below or above, got \(1\+5j\)",
    ),
    (lambda: claim("w", 1, below=2, digits=3), T, r"digits: expected equal as well"),
    (
        lambda: u_curve(net(), X, Y, "middle", "float64"),
        V,
        r"kind: expected one of forward, central, got 'middle'",
    ),
    (
        lambda: u_curve(net(), X, Y, "central", "float16"),
        V,
        r"precision: expected one of float64, float32, got",
    ),
]


# A number makes each its own, and a backslash would be written double each time that pytest collects.
IDS = [f"{n} {ascii(words)}".replace("\\", "") for n, (_, _, words) in enumerate(CASES)]


@pytest.mark.parametrize("call, error, words", CASES, ids=IDS)
def test_bad_input_is_refused(call, error, words, record_property) -> None:
    with pytest.raises(error, match=f"^(?:specification[,:] )?(?:{words})"):  # which begins with the name
        call()
    record_property("bad inputs tried", 1)


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


GARBAGE = [None, True, 0, -1, 10**9, 10**400, 1.5, np.nan, np.inf, 1j, "", "x", b"x", [], [[]], {}, {1: 2}]
GARBAGE += [
    {"a"},
    object(),
    Hostile(),
    np.zeros(0),
    np.zeros((3, 3)),
    np.zeros((2, 2), object),
    np.array("x"),
]
GARBAGE += [
    np.array(3),
    [1, [2]],
    [None],
    [10**400],
    range(3),
    IRIS,
    SPECIFICATION,
    SimpleNamespace(x=1, y=2),
]
FEW = IRIS.take([0, 1])
ARGUMENTS = {
    # what is handed in: the word that a refusal must begin with, and the call
    "specification": ("specification", lambda v: Network(v)),
    "layer": ("specification, layer 1", lambda v: Network([("identity", 2), v])),
    "activation": ("specification, layer 1, activation", lambda v: Network([("identity", 2), (v, 2)])),
    "size": ("specification", lambda v: Network([("identity", 2), ("tanh", v)])),
    "init": ("init", lambda v: Network(SPECIFICATION, v)),
    "seed": ("seed", lambda v: Network(SPECIFICATION, seed=v)),
    "x": ("x", lambda v: feed_forward(net(), v)),
    "y": ("y", lambda v: backprop(net(), X, v)),
    "cost": ("cost", lambda v: backprop(net(), X, Y, v)),
    "net": ("net", lambda v: cost_of(v, X, Y)),
    "h": ("h", lambda v: check_gradient(net(), X, Y, h=v)),
    "tolerance": ("tolerance", lambda v: check_gradient(net(), X, Y, tolerance=v)),
    "gradient": ("gradient", lambda v: check_gradient(net(), X, Y, gradient=lambda *_: v)),
    "data": ("data", lambda v: train(net(), v, epochs=1)),
    "data.x": (r"data\.x|data|x", lambda v: train(net(), SimpleNamespace(x=v, y=IRIS.y), epochs=1)),
    "held_out": ("held_out|x", lambda v: train(net(), FEW, batch_size=1, epochs=1, held_out=v)),
    "learning_rate": ("learning_rate", lambda v: train(net(), FEW, learning_rate=v, epochs=1, batch_size=1)),
    "batch_size": ("batch_size", lambda v: train(net(), FEW, batch_size=v, epochs=1)),
    "order": ("order", lambda v: train(net(), FEW, epochs=1, batch_size=1, order=v)),
    "order of an epoch": ("order", lambda v: train(net(), FEW, epochs=1, batch_size=1, order=lambda _: v)),
    "features": ("x|y", lambda v: data(x=v)),
    "targets": ("y|x, y", lambda v: data(y=v)),
    "labels": ("labels", lambda v: data(labels=v)),
    "class_names": ("class_names|labels", lambda v: data(class_names=v)),
    "feature_names": ("feature_names", lambda v: data(feature_names=v)),
    "indices": ("indices", lambda v: IRIS.take(v)),
    "classes": ("classes|labels", lambda v: one_hot([0], v)),
    "fraction": ("fraction", lambda v: split(IRIS, v)),
    "others": (r"others\[0\]", lambda v: standardize(IRIS, v)),
    "graph specification": ("specification", lambda v: GraphNetwork(v)),
    "graph size": ("specification", lambda v: GraphNetwork([("identity", 1), ("tanh", v)])),
    "graph x": ("x", lambda v: graph().feed_forward(v)),
    "graph x[0]": ("x", lambda v: graph().feed_forward([v, 1.0])),
    "graph y": ("y", lambda v: graph().backprop([1, 2], v)),
    "graph cost": ("cost", lambda v: graph().backprop([1, 2], [1], v)),
    "graph xs": ("xs|ys", lambda v: graph().cost_of(v, [[1]])),
    "graph ys": ("xs|ys", lambda v: graph().evaluate([[1, 2]], v)),
    "graph w": ("w", lambda v: graph().set_parameters(v, {1: [0, 0], 2: [0]})),
    "graph b": ("b", lambda v: graph().set_parameters({1: [[1, 1], [1, 1]], 2: [[1, 1]]}, v)),
    "graph learning_rate": ("learning_rate", lambda v: graph().step([[1, 2]], [[1]], v)),
    "graph order": ("order", lambda v: graph().train([[1, 2]], [[1]], epochs=1, batch_size=1, order=[v])),
    "value": ("data", lambda v: Value(1.0) + v),
    "expression": ("specification|x", lambda v: network_cost(v, {1: [[1, 1]]}, {1: [0]}, [1, 2], [1])),
    "expression w": ("weights", lambda v: network_cost(PERCEPTRON, v, {1: [0]}, [1, 2], [1])),
    "expression x": ("x|data", lambda v: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: [0]}, v, [1])),
    "equation": ("equation", lambda v: ledger(v, net(), X[:, :1], Y[:, :1])),
    "l": ("l", lambda v: ledger(2, net(), X[:, :1], Y[:, :1], l=v)),
    "answer": ("", lambda v: check("output_error", lambda *_: v)),
    "answers": ("", lambda v: check("backprop", lambda *_: ({1: v, 2: v}, {1: v, 2: v}))),
    "matrix": ("matrix", lambda v: heat_map(v)),
    "sizes": ("sizes", lambda v: network_svg(v)),
    "weights": ("weights", lambda v: network_svg((2, 2), weights=v)),
    "lit": ("lit", lambda v: network_svg((2, 2), lit=v)),
    "node": ("nodes", lambda v: graph_svg([{"id": 1, "parents": v}])),
}


def wrapped(value, depth):
    return wrapped([value], depth - 1) if depth else value


@pytest.mark.parametrize("mask", [np.ma.nomask, True])
@pytest.mark.parametrize("depth", range(6))
def test_a_mask_is_refused_however_deep_in_lists_it_lies(depth, mask, record_property) -> None:
    masked = wrapped(np.ma.array([1.0, 2.0], mask=mask), depth)
    for call in (
        lambda: numbers("it", masked),
        lambda: integers("it", masked, "numbers"),
        lambda: unmasked("it", (masked, 1.0)),
    ):
        with pytest.raises(TypeError, match="^it: expected an array without a mask, got a masked array"):
            call()
    record_property("bad inputs tried", 3)


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
ROW = np.ma.array([1.0], mask=[True])
# Whoever takes numbers, with one masked array in them.
MASKED_CALLS = [
    (lambda: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: [0]}, MASKED, [1]), "x"),
    (lambda: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: [0]}, [1, 2], ROW), "y"),
    (lambda: network_cost(PERCEPTRON, {1: [MASKED]}, {1: [0]}, [1, 2], [1]), r"weights\[1\]\[0\]"),
    (lambda: network_cost(PERCEPTRON, {1: [[1, 1]]}, {1: ROW}, [1, 2], [1]), r"biases\[1\]"),
    (lambda: GRAPH.feed_forward(MASKED), "x"),
    (lambda: GRAPH.gradient([MASKED], [[1]]), r"xs\[0\]"),
    (lambda: GRAPH.cost_of([[1, 2]], [ROW]), r"ys\[0\]"),
    (lambda: activation("sigmoid")(MASKED), "z"),
    (lambda: activation("tanh").prime([MASKED]), "z"),
    (lambda: activation("softmax").jacobian([MASKED]), "z"),
    (lambda: cost("quadratic")([MASKED], [MASKED]), "a"),
    (lambda: cost("quadratic").prime([[1.0, 2.0]], [[MASKED]]), "y"),
    (lambda: feed_forward(net(), np.ma.array(X)), "x"),
    (lambda: backprop(net(), X, Y.tolist()[:2] + [np.ma.array(Y[2])]), "y"),
    (lambda: data(x=np.ma.array(IRIS.x)), "x"),
    (lambda: data(labels=np.ma.array(IRIS.labels)), "labels"),
    (lambda: one_hot([[MASKED]], 3), "labels"),
]


@pytest.mark.parametrize("call, name", MASKED_CALLS)
def test_whoever_takes_numbers_refuses_a_mask_by_name(call, name, record_property) -> None:
    with pytest.raises(TypeError, match=f"^{name}: expected .* a masked array"):
        call()
    record_property("bad inputs tried", 1)


def test_a_method_called_mask_is_no_mask() -> None:
    class Series(list):  # as in pandas
        def mask(self):
            return self

    assert GRAPH.feed_forward(Series([1.0, 2.0])) == GRAPH.feed_forward([1.0, 2.0])
    assert network_cost(PERCEPTRON, {1: [Series([1, 1])]}, {1: [0]}, Series([1, 2]), Series([1]))[0].data > 0


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_any_garbage_works_or_is_refused_by_name(argument, record_property) -> None:
    word, call = ARGUMENTS[argument]
    for value in GARBAGE:
        try:
            call(value)
        except (ValueError, TypeError) as error:
            assert re.match(rf"({word})[ :,[].*(expected|needs|leaves|cost)", str(error), re.S), str(error)
        except Exception as error:
            pytest.fail(f"{argument} = {type(value).__name__}: {error!r}")
    record_property("bad inputs tried", len(GARBAGE))


anything = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=3), st.binary(max_size=2)
)
names = st.sampled_from(["identity", "sigmoid", "softmax", "relu"]) | anything


def test_any_specification_makes_a_whole_net_or_is_refused(record_property) -> None:
    pairs = st.tuples(names, st.integers(-1, 4) | st.just(10**12) | anything)

    @settings(max_examples=300)
    @given(st.lists(pairs | anything, max_size=4) | anything, st.sampled_from([Network, GraphNetwork]))
    def fuzz(specification, kind) -> None:
        try:
            made = kind(specification)
        except (ValueError, TypeError) as error:
            assert str(error).startswith("specification")
        else:
            w = made.w if kind is Network else made.parameters().w
            assert len(w) == made.L == len(specification) - 1

    fuzz()
    record_property("bad inputs tried", 300)


def test_any_shapes_fit_or_are_refused(record_property) -> None:
    shapes = st.lists(st.integers(0, 5), max_size=3)

    @settings(max_examples=300)
    @given(shapes, shapes)
    def fuzz(x_shape, y_shape) -> None:
        x, y = np.ones(x_shape), np.ones(y_shape)
        try:
            run = backprop(net(), x, y)
        except ValueError as error:
            assert str(error)[:2] in ("x:", "y:")
        else:
            assert x.shape == (4, x.shape[1]) and run.delta[2].shape == y.shape

    fuzz()
    record_property("bad inputs tried", 300)


def test_finite_numbers_whose_sum_is_not_finite_are_good_and_a_nan_among_them_is_found() -> None:
    huge = np.full((3, 2), 1.5e308)
    assert numbers("x", huge) is huge
    huge[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"x: expected finite numbers, got nan at index \[2, 1\]"):
        numbers("x", huge)
    infinite = pytest.raises(ValueError, match=r"x: expected finite numbers, got inf at index \[0\]")
    with infinite, np.errstate(over="raise"):  # and no warning
        numbers("x", np.array(["1e4000"], np.longdouble))


@pytest.mark.parametrize("first", [np.inf, -np.inf, np.nan, 1.5e308])
def test_what_is_not_finite_is_refused_and_what_is_huge_is_taken_without_a_warning(first) -> None:
    x = changed(changed(X, (0, 0), first), (1, 1), 1.5e308 if first == 1.5e308 else np.inf)
    with np.errstate(all="raise"):
        if np.isfinite(first):
            assert columns("x", x, len(x)) is x
        else:
            with pytest.raises(ValueError, match=rf"x: expected finite .* got {first} at index \[0, 0\]"):
                backprop(net(), x, Y)
