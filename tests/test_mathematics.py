"""The matrix net against a calculation by hand, the worked example, and three independent programs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backprop_lib.activations import ACTIVATIONS, activation
from backprop_lib.bridge import autodiff_gradient, graph_from, graph_gradient
from backprop_lib.costs import cost
from backprop_lib.equations import backprop, cost_of, feed_forward, output_error_through_jacobian
from backprop_lib.gradient_check import METHODS, check_gradient, differences, numerical_gradient
from backprop_lib.network import Network

OUTPUTS = [
    ("identity", "quadratic"),
    ("sigmoid", "quadratic"),
    ("tanh", "quadratic"),
    ("softmax", "quadratic"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
]
SMOOTH = ["identity", "sigmoid", "tanh"]


def problem(hidden, output, sizes, m, seed):
    """A random net with random biases, and m random examples."""
    rng = np.random.default_rng(seed)
    names = ["identity", *hidden, output]
    net = Network(list(zip(names, sizes, strict=True)), seed=seed)
    net.theta += 0.2 * rng.standard_normal(net.theta.size)
    y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)]
    return net, rng.standard_normal((sizes[0], m)), y


def apart(p, q):
    return np.linalg.norm(p - q) / max(np.linalg.norm(p) + np.linalg.norm(q), 1e-300)


GRID = [
    (hidden, *pair, sizes, m)
    for (depth, pair), m in zip(
        itertools.product(range(5), OUTPUTS), itertools.cycle([1, 2, 10, 150, 7]), strict=False
    )
    for hidden in [[[*SMOOTH, "relu"][(depth + i) % 4] for i in range(depth)]]
    for sizes in [[4, *[[12, 5, 1, 3][(i + len(pair[0])) % 4] for i in range(depth)], 3]]
]


@pytest.mark.parametrize("hidden, output, name, sizes, m", GRID)
def test_graph_matrices_autodiff_and_differences_agree(hidden, output, name, sizes, m) -> None:
    net, x, y = problem(hidden, output, sizes, m, seed=len(hidden) + m)
    gradient = backprop(net, x, y, name).gradient
    few = x[:, :10], y[:, :10]
    exact = backprop(net, *few, name).gradient
    for other in (graph_gradient(graph_from(net), *few, name), autodiff_gradient(net, *few, name)):
        for (kind, l, p), (_, _, q) in zip(exact.blocks(), other.blocks(), strict=True):
            assert apart(p, q) < 1e-12, f"{kind}[{l}]"
    report = check_gradient(net, x, y, name, gradient=lambda *_: gradient, allow_zero="relu" in hidden)
    assert report.passed, report
    if "relu" not in hidden:
        smooth = check_gradient(net, x, y, name, method="complex", tolerance=1e-12)
        assert smooth.passed, smooth


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("output, name", OUTPUTS)
def test_the_fast_differences_are_those_of_the_plain_loop(output, name, method) -> None:
    net, x, y = problem(["relu", "tanh"], output, [3, 4, 2, 3], 6, seed=3)
    plain = numerical_gradient(net, x, y, name, method).theta
    fast, kinks = differences(net, x, y, name, method)
    assert kinks.theta.sum() == 0
    assert apart(plain, fast.theta) < {"central": 1e-9, "forward": 1e-6, "complex": 1e-14}[method]


def test_the_worked_example_comes_out_to_the_last_digits() -> None:
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], init="constant")
    x, y = np.array([[5.1], [3.5], [1.4], [0.2]]), np.array([[1.0], [0.0], [0.0]])
    run = backprop(net, x, y)
    expected = [
        (run.z[1], 10.2),
        (run.a[1], 0.9999628310628971),
        (run.z[2], 4.9998141553144855),
        (run.a[2], 0.9933059134564377),
        (run.delta[2][0], -4.4510827315210804e-05),
        (run.delta[2][1:], 0.006604764921594382),
        (run.delta[1], 4.893115758926319e-07),
        (np.array(cost_of(net, x, y)), 0.9866790431048544),
    ]
    for got, value in expected:
        assert np.abs(got - value).max() <= 2e-15 * max(1, abs(value)), (got, value)
    assert np.abs(run.delta[1] / 4.893115758926319e-07 - 1).max() < 1e-13


def test_a_2_2_1_net_worked_by_hand() -> None:
    net = Network([("identity", 2), ("relu", 2), ("identity", 1)], init="zeros")
    net.w[1][...], net.b[1][...] = [[1, 2], [3, -1]], [[0.5], [-1]]
    net.w[2][...], net.b[2][...] = [[2, -3]], [[1]]
    run = backprop(net, np.array([[1.0], [2.0]]), np.array([[4.0]]))
    # z1 = (1·1 + 2·2 + 0.5, 3·1 − 1·2 − 1) = (5.5, 0): the second neuron is switched off
    assert run.z[1].ravel().tolist() == [5.5, 0.0] and run.a[1].ravel().tolist() == [5.5, 0.0]
    # a2 = z2 = 2·5.5 − 3·0 + 1 = 12; C = ½(12 − 4)² = 32
    assert run.a[2].item() == 12.0
    # δ2 = (12 − 4)·1 = 8; δ1 = (2·8·1, −3·8·0) = (16, 0)
    assert run.delta[2].item() == 8.0 and run.delta[1].ravel().tolist() == [16.0, 0.0]
    # ∂C/∂w2 = 8·(5.5, 0); ∂C/∂w1 = (16·(1, 2), 0·(1, 2))
    assert run.gradient.w[2].tolist() == [[44.0, 0.0]]
    assert run.gradient.w[1].tolist() == [[16.0, 32.0], [0.0, 0.0]]
    assert run.gradient.b[1].ravel().tolist() == [16.0, 0.0] and run.gradient.b[2].item() == 8.0


@pytest.mark.parametrize("name", SMOOTH)
def test_the_derivative_of_a_smooth_activation_is_that_of_the_complex_step(name) -> None:
    z = np.linspace(-6, 6, 49)
    sigma = activation(name)
    assert np.abs(sigma.prime(z) - sigma(z + 1e-20j).imag / 1e-20).max() < 1e-15


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_activation_overflows_at_1000(name) -> None:
    z = np.array([[-1000.0], [0.0], [1000.0]])
    with np.errstate(all="raise", under="ignore"):
        a = activation(name)(z)
    assert np.isfinite(a).all() and (name in ("identity", "relu") or np.abs(a).max() <= 1)


def test_relu_is_switched_off_at_zero() -> None:
    assert activation("relu").prime(np.array([-1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 1.0]


def test_the_jacobian_of_softmax_is_measured_and_blind_to_a_shift() -> None:
    softmax, z = activation("softmax"), np.random.default_rng(0).standard_normal((4, 3))
    measured = np.array(
        [[softmax(z + 1e-20j * np.eye(4)[:, [k]])[j].imag / 1e-20 for k in range(4)] for j in range(4)]
    )
    assert np.abs(softmax.jacobian(z) - measured.transpose(2, 0, 1)).max() < 1e-15
    assert np.abs(softmax(z + 100) - softmax(z)).max() < 1e-14


@pytest.mark.parametrize("output, name", OUTPUTS[-2:])
def test_the_fused_error_is_equation_1_written_out(output, name) -> None:
    net, x, y = problem(["tanh"], output, [3, 4, 3], 5, seed=1)
    z, a = feed_forward(net, x)
    slope = cost(name).prime(a[2], y)
    if output == "softmax":
        long_way = output_error_through_jacobian(slope, net.sigma[2].jacobian(z[2]))
    else:
        long_way = slope * net.sigma[2].prime(z[2])
    assert np.abs(long_way - (a[2] - y)).max() < 1e-14
    assert np.array_equal(backprop(net, x, y, name).delta[2], a[2] - y)


@pytest.mark.parametrize("output, name", OUTPUTS[-2:])
def test_a_cross_entropy_is_finite_and_right_at_logits_of_1000(output, name) -> None:
    net = Network([("identity", 3), (output, 3)], init="zeros")
    net.w[1][...] = 1000 * np.eye(3)
    x, y = np.array([[1.0], [-1.0], [0.0]]), np.array([[0.0], [1.0], [0.0]])
    with np.errstate(all="raise", under="ignore"):
        value = cost_of(net, x, y, name)
        delta = backprop(net, x, y, name).delta[1]
    assert value == pytest.approx(2000 if output == "softmax" else 2000 + np.log(2), rel=1e-12)
    assert np.isfinite(delta).all()


def test_costs_work_on_plain_arrays_and_a_certain_wrong_answer_costs_infinity() -> None:
    a, y = [[0.25, 0.0], [0.75, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    assert cost("quadratic")(a, y) == pytest.approx([0.0625, 1.0])
    assert cost("cross_entropy")(a, y) == pytest.approx([-np.log(0.75), np.inf])
    assert cost("binary_cross_entropy")(a, y) == pytest.approx([-2 * np.log(0.75), np.inf])
