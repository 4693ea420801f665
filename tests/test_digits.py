"""σ, σ′ and tanh′ to the last digit in three programs, by three formulas; the referee has 50 digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import backprop, check_gradient, numerical_gradient
from backprop_lib.activations import ACTIVATIONS
from backprop_lib.costs import COSTS
from backprop_lib.network import Network
from backprop_lib.other_ways import neurons
from backprop_lib.other_ways.autodiff import ACTIVATIONS as AUTODIFF
from backprop_lib.other_ways.autodiff import Value
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient

EXACT = 4e-16
SMALLEST = 1e-300  # below, floats have fewer digits
REFEREE = mpmath.mp.clone()
REFEREE.dps = 50


def sigma(z):
    return 1 / (1 + REFEREE.exp(-z))


def sigma_prime(z):
    return sigma(z) * sigma(-z)


TRUTH = {
    ("sigmoid", "value"): sigma,
    ("sigmoid", "slope"): sigma_prime,
    ("tanh", "value"): REFEREE.tanh,
    ("tanh", "slope"): lambda z: 4 * sigma_prime(2 * z),
}


def by_autodiff(name, what):
    def compute(z):
        result = AUTODIFF[name](v := Value(z))
        result.backward()
        return result.data if what == "value" else v.grad

    return compute


def by_numpy(name, what):
    rule = ACTIVATIONS[name] if what == "value" else ACTIVATIONS[name].prime
    return lambda z: rule(np.array([z]))[0]


PROGRAMS = {
    "numpy": by_numpy,
    "neurons": lambda name, what: neurons.ACTIVATIONS[name][what == "slope"],
    "autodiff": by_autodiff,
}
CASES = [(program, *case) for program in PROGRAMS for case in TRUTH]


def error(got, truth):
    """|got − truth| as a share of the truth, which may be smaller than any float with all its digits."""
    return float(abs(REFEREE.mpmathify(got) - truth) / max(abs(truth), SMALLEST))


POINTS = [
    0.0,
    *(
        sign * z
        for z in (1e-300, 1e-9, 0.1, 0.7, 1, 10.2, 19, 20, 30, 37, 38, 300, 699.9, 700)
        for sign in (1, -1)
    ),
]


@pytest.mark.parametrize(("program", "name", "what"), CASES)
def test_every_program_has_every_digit(program, name, what) -> None:
    compute, truth = PROGRAMS[program](name, what), TRUTH[name, what]
    rng = np.random.default_rng(0)
    points = [*POINTS, *rng.uniform(-700, 700, 300), *rng.uniform(-40, 40, 300), *rng.uniform(-3, 3, 400)]
    worst = max(points, key=lambda z: error(compute(float(z)), truth(float(z))))
    assert error(compute(float(worst)), truth(float(worst))) <= EXACT, f"at z = {worst!r}"


@pytest.mark.parametrize(("program", "name", "what"), CASES)
@given(z=st.floats(-700, 700))
def test_every_program_has_every_digit_wherever_one_looks(program, name, what, z) -> None:
    assert error(PROGRAMS[program](name, what)(z), TRUTH[name, what](z)) <= EXACT


@given(x=st.floats(-350, 350), y=st.floats(-0.7, 0.7))  # far from the poles
def test_complex_z_is_as_good_as_complex_division(x, y) -> None:
    z = complex(x, y)
    for (name, what), truth in TRUTH.items():
        assert error(by_numpy(name, what)(z), truth(z)) <= 3 * EXACT, (name, what)


@given(z=st.floats(-250, 250))
def test_the_complex_step_gives_the_slope_and_the_slope_of_it(z) -> None:
    for name in ("sigmoid", "tanh"):
        step = ACTIVATIONS[name](np.array([z + 1e-20j])).imag[0] / 1e-20
        assert error(step, TRUTH[name, "slope"](z)) <= 2 * EXACT


@pytest.mark.parametrize("z", [-math.inf, -1e308, -1e4, 1e4, 1e308, math.inf])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_far_out_the_limits_are_reached_without_a_warning(name, z) -> None:
    with np.errstate(all="raise", under="ignore"):
        value, slope = ACTIVATIONS[name](np.array([z]))[0], ACTIVATIONS[name].prime(np.array([z]))[0]
    assert slope == 0.0 and value == (1.0 if z > 0 else 0.0 if name == "sigmoid" else -1.0)


def test_the_formulas_that_lose_digits_would_not_pass() -> None:
    def half_of_tanh(z):
        return 0.5 * (1 + math.tanh(z / 2))

    assert error(half_of_tanh(-30.0), sigma(-30)) > 1e-4
    assert error(half_of_tanh(30.0) * (1 - half_of_tanh(30.0)), sigma_prime(30)) > 1e-4
    assert error(1 - math.tanh(10.0) ** 2, TRUTH["tanh", "slope"](10)) > 1e-9


@pytest.mark.parametrize("z", [10.2, 15.0, 20.0, 25.0, 37.0, 100.0, 700.0])
def test_one_saturated_neuron_has_the_right_slope_in_every_program(z) -> None:
    net = Network([("identity", 1), ("sigmoid", 1)], init="zeros")
    net.b[1][...] = -z
    x, y = np.array([[0.5]]), np.array([[1.0]])
    truth = (sigma(-z) - 1) * sigma_prime(z)
    found = {
        "equations": backprop(net, x, y).gradient,
        "neurons": graph_gradient(graph_from(net), x, y),
        "autodiff": autodiff_gradient(net, x, y),
    }
    if z < 300:  # beyond, the step times the slope is smaller than any float
        found["complex step"] = numerical_gradient(net, x, y, method="complex")
    for way, gradient in found.items():
        assert error(gradient.b[1].item(), truth) < 2e-15, way
    if z <= 37:
        report = check_gradient(net, x, y, method="complex", tolerance=1e-12)
        assert report.passed, report


def test_a_signal_of_e_to_minus_40_is_not_lost() -> None:
    net = Network([("identity", 1), ("sigmoid", 1), ("relu", 1), ("identity", 1)], init="constant")
    net.b[1][...] = -40.0
    x, y = np.zeros((1, 1)), np.ones((1, 1))
    for gradient in (
        backprop(net, x, y).gradient,
        graph_gradient(graph_from(net), x, y),
        autodiff_gradient(net, x, y),
    ):
        assert gradient.b[2].item() == pytest.approx(-1, rel=1e-15)
    assert Value(-40.0).sigmoid().log().data == pytest.approx(-40, rel=1e-15)


@given(z=st.lists(st.floats(-300, 300), min_size=2, max_size=4))
def test_softmax_and_its_jacobian_lose_no_digit(z) -> None:
    column = np.array(z)[:, None]
    shares = [REFEREE.exp(REFEREE.mpf(z_k)) for z_k in z]
    p = [share / REFEREE.fsum(shares) for share in shares]
    a, jacobian = ACTIVATIONS["softmax"](column)[:, 0], ACTIVATIONS["softmax"].jacobian(column)[0]
    size = 1e-14 * max(1, max(map(abs, z)))  # the shift by the largest z rounds z itself
    for j in range(len(z)):
        assert error(a[j], p[j]) <= size
        others = REFEREE.fsum(p[:j] + p[j + 1 :])
        assert error(jacobian[j, j], p[j] * others) <= size


@given(z=st.floats(-700, 700), y=st.sampled_from([0.0, 0.25, 1.0]))
def test_binary_cross_entropy_behind_its_sigmoid_is_exact(z, y) -> None:
    truth = y * REFEREE.log1p(REFEREE.exp(-z)) + (1 - y) * REFEREE.log1p(REFEREE.exp(z))
    got = COSTS["binary_cross_entropy"].from_z(np.array([[z]]), np.array([[y]]))[0]
    assert error(got, truth) <= 1e-14
