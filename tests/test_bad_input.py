"""Whatever does not make sense is refused at once, by name, with what was expected and what came."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib.activations import activation
from backprop_lib.costs import cost
from backprop_lib.data import Dataset, load_iris, one_hot, split, standardize, xor
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network
from backprop_lib.training import Trainer, accuracy_of, train

SPECIFICATION = [("identity", 4), ("sigmoid", 5), ("sigmoid", 3)]
IRIS = load_iris()
X, Y = IRIS.columns()


def net(output="sigmoid"):
    return Network([("identity", 4), ("sigmoid", 5), (output, 3)])


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def data(**changes):
    fields = {"x": IRIS.x, "y": IRIS.y, "labels": IRIS.labels}
    names = {"class_names": IRIS.class_names, "feature_names": IRIS.feature_names}
    return Dataset(**(fields | names | changes))


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
    (lambda: Network([("identity", 4), ("tanh", 0)]), V, r"layer 1, size: expected a positive integer, got 0"),
    (lambda: Network([("identity", -4), ("tanh", 1)]), V, r"layer 0, size: expected a positive .* got -4"),
    (lambda: Network([("identity", 4), ("tanh", 2.0)]), T, r"layer 1, size: expected .* got 2.0"),
    (lambda: Network([("identity", 4), ("tanh", True)]), T, r"layer 1, size: expected .* got True"),
    (lambda: Network([("identity", 4), ("tanh", "3")]), T, r"layer 1, size: expected .* got '3'"),
    (lambda: Network([("sigmoid", 4), ("tanh", 3)]), V, r"layer 0: .* expected 'identity', got 'sigmoid'"),
    (lambda: Network([("identity", 4), ("softmax", 3), ("tanh", 3)]), V, r"layer 1: softmax is for the output"),
    (lambda: Network(SPECIFICATION, init="gauss"), V, r"init: expected one of random, .* got 'gauss'"),
    (lambda: Network(SPECIFICATION, init=1), T, r"init: expected one of .* got 1"),
    (lambda: Network(SPECIFICATION, seed=-1), V, r"seed: expected an integer of at least 0, got -1"),
    (lambda: Network(SPECIFICATION, seed=0.5), T, r"seed: expected an integer .* got 0.5"),
    (lambda: Network(SPECIFICATION, seed=None), T, r"seed: expected an integer .* got None"),
    (lambda: activation("swish"), V, r"activation: expected one of identity, .* got 'swish'"),
    (lambda: activation(3), T, r"activation: expected one of .* got 3"),
    (lambda: activation("softmax").prime(np.zeros((3, 1))), V, r"softmax has no derivative neuron by neuron"),
    (lambda: cost("hinge"), V, r"cost: expected one of quadratic, .* got 'hinge'"),
    (lambda: cost(7), T, r"cost: expected a name .* got 7"),
    (lambda: cost("quadratic")(np.zeros((3, 1)), np.zeros(3)), V, r"y: expected the shape of a, \(3, 1\)"),
    (lambda: cost("quadratic")(["a"], ["b"]), T, r"a, y: expected arrays of numbers"),
    (lambda: cost("quadratic").prime(np.zeros((3, 2)), np.zeros((2, 3))), V, r"y: expected the shape of a"),
    (lambda: feed_forward(net(), X[:, 0]), V, r"x: expected shape \(4, m\).* got shape \(4,\); write x\[:, None\]"),
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
    (lambda: backprop(net("tanh"), X, Y, "binary_cross_entropy"), V, r"cost: binary_.* needs sigmoid .* got tanh"),
    (lambda: backprop(net("relu"), X, Y, "cross_entropy"), V, r"cost: cross_entropy needs softmax .* got relu"),
    (lambda: backprop(net("softmax"), X, 2 * Y, "cross_entropy"), V, r"y: cross_entropy expects .* sum to 1"),
    (lambda: cost_of(net(), X, Y[:, 1:]), V, r"y: expected 150 examples .* got 149"),
    (lambda: cost_of(net(), X.T, Y), V, r"x: .* it looks transposed"),
    (lambda: check_gradient(net(), X, Y, method="left"), V, r"method: expected one of central, .* got 'left'"),
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
    (lambda: train(net(), IRIS, cost="cross_entropy"), V, r"cost: cross_entropy needs softmax"),
    (lambda: train(net(), IRIS, learning_rate=0), V, r"learning_rate: expected a positive .* got 0"),
    (lambda: train(net(), IRIS, learning_rate=-3), V, r"learning_rate: expected a positive .* got -3"),
    (lambda: train(net(), IRIS, learning_rate=np.inf), V, r"learning_rate: .* got inf"),
    (lambda: train(net(), IRIS, learning_rate="3"), T, r"learning_rate: expected a positive number, got '3'"),
    (lambda: train(net(), IRIS, learning_rate=True), T, r"learning_rate: expected a positive number, got True"),
    (lambda: train(net(), IRIS, batch_size=0), V, r"batch_size: expected a positive integer, got 0"),
    (lambda: train(net(), IRIS, batch_size=151), V, r"batch_size: expected at most the 150 examples, got 151"),
    (lambda: train(net(), IRIS, batch_size=10.0), T, r"batch_size: expected a positive integer, got 10.0"),
    (lambda: train(net(), IRIS, epochs=0), V, r"epochs: expected a positive integer, got 0"),
    (lambda: train(net(), IRIS, epochs=1.5), T, r"epochs: expected a positive integer, got 1.5"),
    (lambda: train(net(), IRIS, seed=-1), V, r"seed: expected an integer of at least 0, got -1"),
    (lambda: train(net(), IRIS, epochs=1, order=lambda e: [0] * 150), V, r"order: expected each of the 150"),
    (lambda: train(net(), IRIS, epochs=1, order=lambda e: [0, 1]), V, r"order: expected each of the 150"),
    (lambda: Trainer(net(), IRIS).run(-1), V, r"epochs: expected a positive integer, got -1"),
    (lambda: accuracy_of(net(), xor()), V, r"x: expected shape \(4, m\)"),
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
]


@pytest.mark.parametrize("call, error, words", CASES, ids=[words for _, _, words in CASES])
def test_bad_input_is_refused(call, error, words) -> None:
    with pytest.raises(error, match=words):
        call()


def test_at_least_eighty_are_tried() -> None:
    print(f"{len(CASES)} bad inputs tried")
    assert len(CASES) >= 80


anything = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=3), st.binary(max_size=2)
)
names = st.sampled_from(["identity", "sigmoid", "softmax", "relu"]) | anything


@given(st.lists(st.tuples(names, st.integers(-1, 4) | anything) | anything, max_size=4) | anything)
def test_any_specification_makes_a_whole_net_or_is_refused(specification) -> None:
    try:
        made = Network(specification)
    except (ValueError, TypeError) as error:
        assert str(error).startswith("specification")
    else:
        assert len(made.w) == len(made.b) == made.L == len(specification) - 1


@given(st.lists(st.integers(0, 5), max_size=3), st.lists(st.integers(0, 5), max_size=3))
def test_any_shapes_fit_or_are_refused(x_shape, y_shape) -> None:
    x, y = np.ones(x_shape), np.ones(y_shape)
    try:
        run = backprop(net(), x, y)
    except ValueError as error:
        assert str(error)[:2] in ("x:", "y:")
    else:
        assert x.shape == (4, x.shape[1]) and run.delta[2].shape == y.shape
