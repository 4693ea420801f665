"""σ, σ′ and tanh′ to the last digit in three programs, by three formulas; the referee has 50 digits."""

from __future__ import annotations

import cmath
import math
import sys
from decimal import Context, localcontext
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backprop_lib import backprop, check_gradient, complex_sigmoid, numerical_gradient
from backprop_lib.activations import ACTIVATIONS
from backprop_lib.costs import COSTS
from backprop_lib.network import Network
from backprop_lib.other_ways import decimal_sigmoid, neurons, tangents
from backprop_lib.other_ways.autodiff import ACTIVATIONS as AUTODIFF
from backprop_lib.other_ways.autodiff import Value
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient

EXACT = 4e-16
SMALLEST = sys.float_info.min  # below, floats have fewer digits
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
    return lambda z: by_numpy_all(name, what)(np.array([z]))[0]


def by_numpy_all(name, what):
    return ACTIVATIONS[name] if what == "value" else ACTIVATIONS[name].prime


PROGRAMS = {
    "numpy": by_numpy,
    "neurons": lambda name, what: neurons.ACTIVATIONS[name][what == "slope"],
    "autodiff": by_autodiff,
}
CASES = [(program, *case) for program in PROGRAMS for case in TRUTH]


def error(got, truth):
    """|got − truth| as a share of the truth, or of the smallest float with all its digits."""
    return float(abs(REFEREE.mpmathify(got) - truth) / max(abs(truth), SMALLEST))


POINTS = [
    0.0,
    *(
        sign * z
        for z in (
            1e-300,
            1e-9,
            0.1,
            0.7,
            1,
            10.2,
            19,
            20,
            30,
            37,
            38,
            300,
            354.5,
            354.8,
            372,
            699.9,
            700,
            744,
        )
        for sign in (1, -1)
    ),
]


@pytest.mark.parametrize(("program", "name", "what"), CASES)
def test_every_program_has_every_digit(program, name, what) -> None:
    compute, truth = PROGRAMS[program](name, what), TRUTH[name, what]
    rng = np.random.default_rng(0)
    spans = [(700, 300), (40, 300), (3, 400)]
    points = [*POINTS, *(z for most, count in spans for z in rng.uniform(-most, most, count))]
    for least, most in (354, 355), (700, 745):  # where tanh′ and σ′ come down to the smallest floats
        points += [*rng.uniform(least, most, 200), *-rng.uniform(least, most, 200)]
    worst = max(points, key=lambda z: error(compute(float(z)), truth(float(z))))
    assert error(compute(float(worst)), truth(float(worst))) <= EXACT, f"at z = {worst!r}"


@pytest.mark.parametrize(("program", "name", "what"), CASES)
@given(z=st.floats(-745, 745))
def test_every_program_has_every_digit_wherever_one_looks(program, name, what, z) -> None:
    assert error(PROGRAMS[program](name, what)(z), TRUTH[name, what](z)) <= EXACT


def error_by_parts(name, got, truth):
    """Of the imaginary part, the slope of a complex step, or of the real one; tanh has a rounding more."""
    return max(error(got.real, truth.real) / (1.25 if name == "tanh" else 1), error(got.imag, truth.imag))


def complex_points(most, count=400):
    """z with real parts small and large, and imaginary parts up to `most`."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-r, r, count) for r in (2, 40, 350)])
    return x + 1j * rng.uniform(-most, most, len(x))


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@pytest.mark.parametrize("h", [1e-30, 1e-20, 2.0**-60, 1e-9, 1e-5])
def test_both_parts_of_a_complex_step_have_every_digit(h, name) -> None:
    z = complex_points(0).real + 1j * h
    value, truth = ACTIVATIONS[name](z), [TRUTH[name, "value"](REFEREE.mpmathify(z_i)) for z_i in z]
    i = max(range(len(z)), key=lambda i: error_by_parts(name, value[i], truth[i]))
    assert error_by_parts(name, value[i], truth[i]) <= EXACT, f"at z = {z[i]}"
    if h < 1e-10:
        slope = h * TRUTH[name, "slope"](REFEREE.mpf(z[i].real))
        assert error(value[i].imag, slope) <= EXACT, "which is what the step is for"


@given(z=st.floats(-350, 350), h=st.sampled_from([1e-30, 1e-20, 1e-9]))
def test_the_complex_step_gives_the_slope_wherever_one_looks(z, h) -> None:
    for name in ("sigmoid", "tanh"):
        value = ACTIVATIONS[name](np.array([complex(z, h)]))[0]
        assert error_by_parts(name, value, TRUTH[name, "value"](REFEREE.mpc(z, h))) <= EXACT


@pytest.mark.parametrize("h", [1e-20, 1e-9, 1e-5])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_a_complex_step_of_the_slope_gives_the_second_derivative(h, name) -> None:
    z = complex_points(0).real + 1j * h
    for z_i, slope in zip(z, ACTIVATIONS[name].prime(z), strict=True):
        assert error(slope.imag, TRUTH[name, "slope"](REFEREE.mpmathify(z_i)).imag) <= 2e-15, f"at z = {z_i}"


COMPLEX = [case for case in TRUTH if case != ("tanh", "value")]  # which loses the last digit near a pole


@pytest.mark.parametrize(("name", "what"), COMPLEX)
@pytest.mark.parametrize("most", [1e-5, 0.7, 1.3, 3.2, 700])
def test_complex_z_has_every_digit(most, name, what) -> None:
    z = complex_points(most)
    value, truth = by_numpy_all(name, what)(z), [TRUTH[name, what](REFEREE.mpmathify(z_i)) for z_i in z]
    i = max(range(len(z)), key=lambda i: error(value[i], truth[i]))
    assert error(value[i], truth[i]) <= EXACT, f"at z = {z[i]}"


@pytest.mark.parametrize(("most", "roundings"), [(0.7, 0.25), (1.3, 0.75), (700, 2.25)])
def test_tanh_of_a_complex_z_loses_the_last_digit_at_most(most, roundings) -> None:
    z = complex_points(most)
    for z_i, value in zip(z, ACTIVATIONS["tanh"](z), strict=True):
        assert error(value, REFEREE.tanh(REFEREE.mpmathify(z_i))) <= EXACT * (1 + roundings), f"at z = {z_i}"


@given(x=st.floats(-690, 690), y=st.floats(-115, 115))
def test_complex_z_has_every_digit_wherever_one_looks(x, y) -> None:
    z = complex(x, y)
    for name, what in COMPLEX:
        assert error(by_numpy(name, what)(z), TRUTH[name, what](REFEREE.mpmathify(z))) <= EXACT, (name, what)


@pytest.mark.parametrize(("name", "what"), TRUTH)
@pytest.mark.parametrize("distance", [1.0, 0.1, 1e-3, 1e-6])
def test_near_a_pole_no_digit_is_lost_to_its_nearness(distance, name, what) -> None:
    directions = np.exp(1j * np.random.default_rng(2).uniform(0, 2 * np.pi, 200))
    z = distance * directions + 1j * np.pi / (1 if name == "sigmoid" else 2)
    most = EXACT if (name, what) in COMPLEX else 2.5 * EXACT
    for z_i, value in zip(z, by_numpy_all(name, what)(z), strict=True):
        assert error(value, TRUTH[name, what](REFEREE.mpmathify(z_i))) <= most, z_i


# The arithmetic with twice the digits, by fractions, which have all of them.

DOUBLES = st.floats(-1e6, 1e6).filter(lambda a: a == 0 or abs(a) > 1e-30)  # halves of less lose digits


@given(a=DOUBLES, b=DOUBLES)
def test_a_sum_and_a_product_beside_their_round_off_are_exact(a, b) -> None:
    for (result, lost), plain, exact in (
        (complex_sigmoid._plus(a, b), a + b, Fraction(a) + Fraction(b)),
        (complex_sigmoid._times(a, b), a * b, Fraction(a) * Fraction(b)),
    ):
        assert result == plain and Fraction(result) + Fraction(lost) == exact
    for high, low in (complex_sigmoid._halves(a), complex_sigmoid._halves(b)):
        assert Fraction(high) + Fraction(low) in (Fraction(a), Fraction(b))
        for p, q in ((high, high), (high, low), (low, low)):
            assert Fraction(p * q) == Fraction(p) * Fraction(q), "half of the digits leave room for a product"


def twice(numbers):
    """The exact real and imaginary part of a complex number with twice the digits."""
    real, imaginary, real_lost, imaginary_lost = map(Fraction, numbers)
    return real + real_lost, imaginary + imaginary_lost


def size(real, imaginary):
    return math.sqrt(real**2 + imaginary**2)


TWICE = 2.0**-98


@given(parts=st.lists(st.floats(0.1, 10), min_size=8, max_size=8), signs=st.integers(0, 255))
def test_a_complex_product_has_twice_the_digits(parts, signs) -> None:
    parts = [p if signs >> i & 1 else -p for i, p in enumerate(parts)]
    (a, b, a_lost, b_lost), (c, d, c_lost, d_lost) = z, w = [
        (p, q, 2.0**-54 * p_lost, 2.0**-54 * q_lost) for p, q, p_lost, q_lost in (parts[:4], parts[4:])
    ]
    real, imaginary = twice(complex_sigmoid._product(z, w))
    (p, q), (r, s) = twice(z), twice(w)
    off = size(float(real - (p * r - q * s)), float(imaginary - (p * s + q * r)))
    assert off <= TWICE * size(a, b) * size(c, d)


@given(x=st.floats(-30, 30), y=st.floats(-10, 10))
@example(x=0.1, y=math.pi)
@example(x=-1.2, y=-math.pi)
def test_one_over_w_has_twice_the_digits_too(x, y) -> None:
    e = math.exp(-abs(x))
    (c, s, *lost), inverse = complex_sigmoid._one_over_w(np.array(e), np.array(x), np.array(y))
    assert (c, s, lost) == (np.cos(y), np.sin(y), [0, 0])
    # Beside a pole e + cos y is computed from other terms; beyond v + ½v² that of e has a rounding or two.
    near = e * c < complex_sigmoid.NEAR_A_POLE
    half = REFEREE.mpf(float(np.cos(np.array(y) / 2)))
    terms = (REFEREE.expm1(-abs(x)), 2 * half**2) if near else (e, c)
    w = REFEREE.mpc(REFEREE.mpf(terms[0]) + REFEREE.mpf(terms[1]), s)
    one_over_w = REFEREE.mpc(*(p.numerator / REFEREE.mpf(p.denominator) for p in twice(map(float, inverse))))
    lost_before = 4e-16 * abs(x) ** 3 / 6 / abs(w) if near else 0
    assert abs(w * one_over_w - 1) <= lost_before + TWICE


def scalar_points():
    """Real and imaginary parts of every size, of both signs: far out, complex steps, and beside the poles."""
    rng = np.random.default_rng(3)
    sizes = [
        (rng.uniform(0, r, 25), rng.uniform(0, s, 25)) for r, s in ((3, 3.2), (40, 3.2), (3, 700), (740, 9))
    ]
    sizes += [(rng.uniform(354, 355, 25), rng.uniform(0, 3, 25))]
    sizes += [(rng.uniform(0, r, 10), np.full(10, h)) for r in (3, 350) for h in (1e-30, 1e-20, 1e-9)]
    sizes += [(np.zeros(5), rng.uniform(0, 20, 5)), (rng.uniform(0, 20, 5), np.zeros(5))]
    far = 10.0 ** -rng.uniform(0, 16, (2, 25))
    sizes += [(far[0], pole + far[1]) for pole in (np.pi / 2, np.pi, 7 * np.pi, 100.5 * np.pi)]
    sizes += [(np.array([0.0, 1e-300]), np.full(2, pole)) for pole in (np.pi / 2, np.pi)]
    # Of σ′ and tanh′ one more rounding of e − 1 or of cos² is too much here, without SIMD or with it.
    unlucky = np.array([[0.30110710185569606, 0.30925419272469057], [3.14277333214793, 2.0335387675765957]])
    sizes += [tuple(unlucky), tuple(unlucky / 2)]
    x, y = (np.concatenate(parts) for parts in zip(*sizes, strict=True))
    return (x * rng.choice([-1, 1], len(x)) + 1j * y * rng.choice([-1, 1], len(x))).tolist()


@pytest.mark.parametrize(("program", "name", "what"), CASES)
def test_complex_z_has_every_digit_in_every_program(program, name, what) -> None:
    compute, truth = PROGRAMS[program](name, what), TRUTH[name, what]
    most = EXACT * (3.25 if (program, name, what) == ("numpy", "tanh", "value") else 1)
    errors = {z: error(compute(z), truth(REFEREE.mpmathify(z))) for z in scalar_points()}
    worst = max(errors, key=errors.get)
    assert errors[worst] <= most, f"at z = {worst!r}"


@pytest.mark.parametrize("program", ["neurons", "autodiff"])
@given(x=st.floats(-745, 745), y=st.floats(-745, 745))
def test_complex_z_has_every_digit_in_the_readable_programs_wherever_one_looks(program, x, y) -> None:
    z = complex(x, y)
    for name, what in TRUTH:
        got, truth = PROGRAMS[program](name, what)(z), TRUTH[name, what](REFEREE.mpmathify(z))
        assert error(got, truth) <= EXACT, (name, what)


@given(y=st.floats(-2, 2))
@example(y=1.999)  # halved to almost 2^−8 and 2^−4, where the two series need the most terms
def test_the_decimals_behind_them_have_all_but_the_last_digits(y) -> None:
    with localcontext(Context(48)), REFEREE.workdps(80):
        found = [*decimal_sigmoid._exp(1j * y), tangents._tangent(y, 1), tangents._tangent(y, -1)]
        functions = (REFEREE.cos, REFEREE.sin, REFEREE.tanh, REFEREE.tan)
        for got, truth in zip(found, [function(REFEREE.mpf(y)) for function in functions], strict=True):
            assert abs(REFEREE.mpf(str(got)) - truth) <= 1e-44 * (1 + truth**2)


@pytest.mark.parametrize("program", ["neurons", "autodiff"])
@pytest.mark.parametrize("h", [1e-30, 1e-20, 1e-9])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_a_complex_step_has_every_digit_of_the_slope_in_the_readable_programs(program, h, name) -> None:
    for z in complex_points(0, count=20).real:
        value = PROGRAMS[program](name, "value")(complex(z, h))
        assert error_by_parts(name, value, TRUTH[name, "value"](REFEREE.mpc(z, h))) <= EXACT, z


@pytest.mark.parametrize("program", ["neurons", "autodiff"])
@pytest.mark.parametrize("z", [1 + 1e10j, -2 + 1e100j, 1e5 + 1j, -1e5 + 1j, 1e300 + 2j, -1e300 + 1e15j])
def test_a_complex_number_however_large_has_a_value_and_a_slope_in_the_readable_programs(program, z) -> None:
    """Where cos and sin of y are those of the referee, which has 400 digits for that."""
    with REFEREE.workdps(400):
        angle, side = REFEREE.expj(REFEREE.mpf(z.imag)), 1 if z.real > 0 else -1
        e = REFEREE.exp(-min(abs(z.real), 1e5)) * (angle if side < 0 else 1 / angle)
        truth = {"value": (e if side < 0 else 1) / (1 + e), "slope": e / (1 + e) ** 2}
    for what, expected in truth.items():
        assert error(PROGRAMS[program]("sigmoid", what)(z), expected) <= EXACT, what
        assert cmath.isfinite(PROGRAMS[program]("tanh", what)(z)), what


@given(x=st.floats(-1e4, 1e4), y=st.floats(-3, 3))
@example(x=sys.float_info.max, y=1.0)
@example(x=-sys.float_info.max, y=1.0)
def test_a_complex_number_however_large_has_a_finite_value_and_slope(x, y) -> None:
    with np.errstate(all="raise", under="ignore"):
        for name in ("sigmoid", "tanh"):
            z = np.array([complex(x, y)])
            assert np.isfinite(ACTIVATIONS[name](z)).all() and np.isfinite(ACTIVATIONS[name].prime(z)).all()


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


@pytest.mark.parametrize("moved", range(3))
@pytest.mark.parametrize("z", [(0.5, -1.0, 2.0), (40.0, 0.0, -3.0), (-2.0, 90.0, 89.0), (0.0, 5.0, 250.0)])
def test_a_complex_step_of_softmax_has_every_digit_of_every_slope(z, moved) -> None:
    """Of the largest answer, too, which hardly changes: there all digits could be lost in 1 + e^−40 − 1."""
    h = 1e-30
    column = np.array(z)[:, None].astype(complex)
    column[moved] += 1j * h
    a = ACTIVATIONS["softmax"](column)[:, 0]
    shares = [REFEREE.exp(z_k) for z_k in z]
    p = [share / REFEREE.fsum(shares) for share in shares]
    for j in range(3):
        others = REFEREE.fsum(p[:j] + p[j + 1 :])
        slope = p[j] * others if j == moved else -p[j] * p[moved]
        assert error(a[j].real, p[j]) <= 1e-15 and error(a[j].imag, h * slope) <= 1e-15, j


@given(z=st.floats(-700, 700), y=st.sampled_from([0.0, 0.25, 1.0]))
def test_binary_cross_entropy_behind_its_sigmoid_is_exact(z, y) -> None:
    truth = y * REFEREE.log1p(REFEREE.exp(-z)) + (1 - y) * REFEREE.log1p(REFEREE.exp(z))
    got = COSTS["binary_cross_entropy"].from_z(np.array([[z]]), np.array([[y]]))[0]
    assert error(got, truth) <= 1e-14


@given(st.integers(0, 60), st.floats(-11, 0), st.floats(0, 6.3))
def test_tanh_near_its_poles_is_as_near_to_the_truth_as_its_docstring_says(n, size, turn) -> None:
    z = cmath.rect(10**size, turn) + 1j * (n + 0.5) * math.pi
    with np.errstate(all="raise", under="ignore"):
        found, truth = complex_sigmoid.tanh(np.array([z]))[0], REFEREE.tanh(REFEREE.mpc(z))
    assert abs(REFEREE.mpc(found) - truth) <= 7e-16 * abs(truth)
