"""The matrix net against calculations by hand; its activations and costs against the complex step."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.activations import ACTIVATIONS, HIDDEN, activation
from backprop_lib.costs import COSTS, cost
from backprop_lib.equations import backprop, cost_of, feed_forward, output_error_through_jacobian
from backprop_lib.network import Network

FUSED = [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
SMOOTH = [name for name in HIDDEN if activation(name).smooth]


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
        (run.delta[1], 4.89311575892136e-07),
        (np.array(cost_of(net, x, y)), 0.9866790431048544),
    ]
    for got, value in expected:
        assert np.abs(got - value).max() <= 2e-15 * max(1, abs(value)), (got, value)
    assert np.abs(run.delta[1] / 4.89311575892136e-07 - 1).max() < 2e-14
    # From σ′ = a (1 − a), which cancels, comes 4.893115758926319e-07: right to 11 digits.
    assert 1e-12 < np.abs(run.delta[1] / 4.893115758926319e-07 - 1).max() < 1e-11


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


@pytest.mark.parametrize("name", HIDDEN)
def test_an_activation_is_called_smooth_if_its_slope_does_not_jump_at_zero(name) -> None:
    below, above = activation(name).prime(np.array([-1e-9, 1e-9]))
    assert (abs(above - below) < 1e-8) == activation(name).smooth


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize(
    "z", [0, 2.5, True, [1, -2], np.float32([[0.5], [-3]]), np.array([[1, 0, -1]]), np.uint8([1, 250])]
)
def test_an_activation_takes_numbers_of_any_kind_and_shape_and_gives_doubles(name, z) -> None:
    sigma, expected = activation(name), np.asarray(z, dtype=np.float64)
    assert np.array_equal(sigma.prime(expected), sigma.prime(z)) and np.array_equal(sigma(expected), sigma(z))
    for array in (sigma(expected), sigma(z), sigma.prime(expected), sigma.prime(z)):
        assert np.shape(array) == np.shape(z) and np.asarray(array).dtype == np.float64


@pytest.mark.parametrize("name", HIDDEN)
def test_the_input_of_an_activation_is_neither_changed_nor_shared(name) -> None:
    z, kept = np.array([[1.0, -2.0]]), np.array([[1.0, -2.0]])
    for array in (activation(name)(z), activation(name).prime(z)):
        array += 7
    assert np.array_equal(z, kept)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("size", [1000.0, 1.7e308])
@pytest.mark.parametrize("turn", [0, 0.5j])
def test_no_activation_and_no_slope_overflows_far_out(name, size, turn) -> None:
    size = size / 4 if name == "softmax" else size  # whose numbers are subtracted
    z, rule = np.array([[-size], [0.0], [size]]) + turn, activation(name)
    with np.errstate(all="raise", under="ignore"):
        a = rule(z)
        slopes = np.ones(1) if name == "softmax" else rule.prime(z)
    assert np.isfinite(a).all() and np.abs(a).max() <= (
        1.2 if name in ("sigmoid", "tanh", "softmax") else 1.01 * size
    )
    assert np.isfinite(slopes).all() and np.abs(slopes).max() < 1.5


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_activation_hides_what_is_not_a_number(name) -> None:
    assert np.isnan(activation(name)(np.array([[np.nan], [1.0]]))[0, 0])


def test_relu_is_switched_off_at_zero_for_the_complex_step_too() -> None:
    relu = activation("relu")
    assert relu.prime(np.array([-1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 1.0]
    assert relu(np.array([-1.0, 0.0, 1.0]) + 1e-20j).imag.tolist() == [0.0, 0.0, 1e-20]


def test_the_jacobian_of_softmax_is_measured_and_blind_to_a_shift() -> None:
    softmax, z = activation("softmax"), np.random.default_rng(0).standard_normal((4, 3))
    measured = np.array(
        [[softmax(z + 1e-20j * np.eye(4)[:, [k]])[j].imag / 1e-20 for k in range(4)] for j in range(4)]
    )
    assert np.abs(softmax.jacobian(z) - measured.transpose(2, 0, 1)).max() < 1e-15
    assert np.abs(softmax(z + 100) - softmax(z)).max() < 1e-14
    single = z.astype(np.float32)
    assert np.array_equal(softmax.jacobian(single), softmax.jacobian(single.astype(np.float64)))


def test_softmax_has_no_derivative_neuron_by_neuron() -> None:
    softmax, z = activation("softmax"), np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"^softmax has no .* use jacobian\(z\), an \(m, n, n\) array$"):
        softmax.prime(z)


def test_softmax_and_its_cross_entropy_look_at_each_column_alone() -> None:
    z = np.array([[2000.0, -1000.0], [1999.0, -1001.0]])
    a = 1 / (1 + np.exp([-1.0, 1.0]))
    assert np.abs(activation("softmax")(z) - a[:, None]).max() < 1e-15
    assert cost("cross_entropy").from_z(z, np.eye(2)) == pytest.approx(-np.log(a), rel=1e-14)


def test_the_jacobian_enters_equation_1_from_its_first_index() -> None:
    # J[0] = ((1, 2), (3, 4)) and ∇C = (5, 7): δ_k = Σ_j J_jk ∂C/∂a_j = (1·5 + 3·7, 2·5 + 4·7).
    delta = output_error_through_jacobian(np.array([[5.0], [7.0]]), np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    assert delta.tolist() == [[26.0], [38.0]]


@pytest.mark.parametrize("output, name", FUSED)
def test_the_fused_error_is_equation_1_written_out(output, name) -> None:
    rng = np.random.default_rng(1)
    net = Network([("identity", 3), ("tanh", 4), (output, 3)], seed=1)
    x, y = rng.standard_normal((3, 5)), rng.random((3, 5))
    y /= y.sum(axis=0)
    z, a = feed_forward(net, x)
    slope = cost(name).prime(a[2], y)
    if output == "softmax":
        long_way = output_error_through_jacobian(slope, net.sigma[2].jacobian(z[2]))
    else:
        long_way = slope * net.sigma[2].prime(z[2])
    assert np.abs(long_way - (a[2] - y)).max() < 1e-14
    assert np.array_equal(backprop(net, x, y, name).delta[2], a[2] - y)


def test_the_cost_of_many_examples_is_the_mean_of_their_costs() -> None:
    net = Network([("identity", 1), ("identity", 1)], init="constant")
    x, y = np.array([[1.0, 2.0, 3.0, 0.0]]), np.array([[2.0, 5.0, 10.0, 0.0]])
    single = [cost_of(net, x[:, [i]], y[:, [i]]) for i in range(4)]
    assert single == [0.5, 4.5, 24.5, 0.0] and cost_of(net, x, y) == 7.375


@pytest.mark.parametrize("output, name", FUSED)
def test_a_cross_entropy_is_finite_and_right_at_logits_of_1000(output, name) -> None:
    net = Network([("identity", 3), (output, 3)], init="zeros")
    net.w[1][...] = 1000 * np.eye(3)
    x, y = np.array([[1.0], [-1.0], [0.0]]), np.array([[0.0], [1.0], [0.0]])
    with np.errstate(all="raise", under="ignore"):
        value = cost_of(net, x, y, name)
        delta = backprop(net, x, y, name).delta[1]
    assert value == pytest.approx(2000 if output == "softmax" else 2000 + np.log(2), rel=1e-12)
    assert np.isfinite(delta).all()


@pytest.mark.parametrize("output, name", FUSED)
def test_a_cross_entropy_from_z_is_the_one_from_a_and_its_slope_is_a_minus_y(output, name) -> None:
    z, y = np.array([[0.0, -3.0], [2.0, 0.0], [0.0, 0.5]]), np.array([[0.2, 1.0], [0.5, 0.0], [0.3, 0.0]])
    rule, a = cost(name), activation(output)(z)
    assert rule.from_z(z, y) == pytest.approx(rule(a, y), rel=1e-14)
    for j in range(3):
        slope = rule.from_z(z + 1e-20j * np.eye(3)[:, [j]], y).imag / 1e-20
        assert slope == pytest.approx((a - y)[j], abs=1e-15)


@pytest.mark.parametrize("name", COSTS)
def test_the_derivative_of_a_cost_is_that_of_the_complex_step(name) -> None:
    rng = np.random.default_rng(4)
    a, y = rng.uniform(0.05, 0.95, (3, 40)), rng.choice([0, 0.3, 0.7, 1], (3, 40))
    if cost(name).output == "softmax":
        y = np.eye(3)[:, rng.integers(0, 3, 40)] * 0.7 + 0.1
    for j in range(3):
        measured = cost(name).value(a + 1e-20j * np.eye(3)[:, [j]], y).imag / 1e-20
        assert cost(name).prime(a, y)[j] == pytest.approx(measured, rel=1e-13, abs=1e-15)


def test_costs_work_on_plain_arrays_and_a_certain_wrong_answer_costs_infinity() -> None:
    a, y = [[0.25, 0.0], [0.75, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    with np.errstate(all="raise"):
        assert cost("quadratic")(a, y) == pytest.approx([0.0625, 1.0])
        assert cost("cross_entropy")(a, y) == pytest.approx([-np.log(0.75), np.inf])
        assert cost("binary_cross_entropy")(a, y) == pytest.approx([-2 * np.log(0.75), np.inf])
        assert cost("quadratic").prime(a, y).tolist() == [[0.25, -1.0], [-0.25, 1.0]]
        assert cost("cross_entropy").prime(a, y).tolist() == [[0.0, -np.inf], [-1 / 0.75, 0.0]]
        assert cost("binary_cross_entropy").prime(a, y).tolist() == [
            [pytest.approx(4 / 3), -np.inf],
            [pytest.approx(-4 / 3), np.inf],
        ]


def test_a_certain_right_answer_costs_nothing_and_has_a_finite_slope() -> None:
    certain = [[0, 1], [1, 0]]
    with np.errstate(all="raise"):
        assert all(cost(name)(certain, certain).tolist() == [0, 0] for name in COSTS)
        assert cost("cross_entropy").prime(certain, certain).tolist() == [[0, -1], [-1, 0]]
        assert cost("binary_cross_entropy").prime(certain, certain).tolist() == [[1, -1], [-1, 1]]


def test_a_cost_knows_which_output_it_needs() -> None:
    assert cost("quadratic").check_output("tanh") is None
    assert cost("cross_entropy").check_output("softmax") is None
    with pytest.raises(ValueError, match="^cost: cross_entropy needs softmax outputs, got tanh outputs$"):
        cost("cross_entropy").check_output("tanh")
