"""The checker finds what is wrong, says where, and passes nothing that it could not compare."""

from __future__ import annotations

import math
import re
import warnings
from itertools import product

import numpy as np
import pytest

from backprop_lib import fast_differences, gradient_check
from backprop_lib.activations import ACTIVATIONS, HIDDEN, Activation, activation
from backprop_lib.arguments import apart
from backprop_lib.costs import COSTS, Cost
from backprop_lib.data import load_iris, standardize
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.fast_differences import METHODS, differences
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network, Parameters

rng = np.random.default_rng(8)
NET = Network([("identity", 3), ("tanh", 4), ("sigmoid", 2)], seed=4)
X, Y = rng.standard_normal((3, 9)), np.eye(2)[:, rng.integers(0, 2, 9)]
BLOCKS = ["w1", "b1", "w2", "b2"]


def spoiled(block, change):
    """Backpropagation with one block of its gradient changed."""

    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        array = (result.w if block[0] == "w" else result.b)[int(block[1])]
        array[...] = change(array)
        return result

    return gradient


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(
    "change", [lambda g: 2 * g, lambda g: -g, lambda g: 0 * g, lambda g: g[::-1], lambda g: g * np.nan]
)
def test_a_wrong_block_is_refused_by_name_and_the_others_pass(block, change) -> None:
    report = check_gradient(NET, X, Y, gradient=spoiled(block, change))
    assert report.failed == [block] and report.worst.name == block and report.worst.passed is False


@pytest.mark.parametrize("method, tolerance", [("central", 1e-7), ("forward", 1e-5), ("complex", 1e-7)])
def test_the_right_gradient_passes_within_the_tolerance_of_the_method_and_needs_no_referee(
    method, tolerance
) -> None:
    report = check_gradient(NET, X, Y, method=method)
    assert report.passed and report.tolerance == tolerance and report.error <= tolerance
    assert report.error == max(block.error for block in report.blocks) > 0
    assert {block.method for block in report.blocks} == {method}


def test_the_complex_step_agrees_to_twelve_digits() -> None:
    assert check_gradient(NET, X, Y, method="complex", tolerance=1e-12).passed


def test_the_worst_entry_is_named_with_what_was_expected_and_what_came() -> None:
    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        result.w[1][2, 1] += 0.5
        return result

    worst = check_gradient(NET, X, Y, gradient=gradient).worst
    assert (worst.name, worst.entry) == ("w1", (2, 1))
    assert worst.got == pytest.approx(worst.expected + 0.5, rel=1e-6)
    assert "w[1][2, 1]: expected" in worst.reason


def test_the_worst_bias_is_named_by_its_neuron_alone() -> None:
    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        result.b[1][3] -= 0.25
        return result

    report = check_gradient(NET, X, Y, gradient=gradient)
    worst = report.worst
    expected, got = f"{worst.expected:.6g}", f"{worst.got:.6g}"
    assert (worst.name, worst.entry) == ("b1", (3,)) and worst.got == backprop(NET, X, Y).gradient.b[1][
        3
    ] - 0.25
    assert worst.reason == f"error {worst.error:.1e}; worst b[1][3]: expected {expected}, got {got}"
    assert str(report).splitlines() == [
        "central differences, h = 1e-05, tolerance 1e-07",
        f"  w1  ok      {report.blocks[0].reason}",
        f"  b1  WRONG   {worst.reason}",
        f"  w2  ok      {report.blocks[2].reason}",
        f"  b2  ok      {report.blocks[3].reason}",
    ]


@pytest.mark.parametrize(
    "factor, error", [(2, 1 / 3), (-1, 1), (0, 1), (1 / 2, 1 / 3), (np.inf, 1), (np.nan, 1)]
)
def test_the_error_of_a_block_is_relative(factor, error) -> None:
    with np.errstate(invalid="raise"):
        report = check_gradient(NET, X, Y, gradient=spoiled("w1", lambda g: factor * g))
    block = report.worst
    assert block.name == "w1" and report.error == block.error == pytest.approx(error, rel=1e-9)
    assert block.size == pytest.approx(np.linalg.norm(backprop(NET, X, Y).gradient.w[1]), rel=1e-8)


def absolute(scale=1.0):
    """A cost of our own, Σ_j |a_j − y_j|, whose complex step is 0: nobody can referee it."""
    return Cost(
        "absolute", lambda a, y: scale * np.abs(a - y).sum(axis=0), lambda a, y: scale * np.sign(a - y)
    )


def test_where_nobody_can_referee_the_floor_is_the_round_off_over_the_tolerance() -> None:
    report = check_gradient(
        NET, X, Y, absolute(), lambda *g: 1.1 * backprop(*g).gradient.theta, h=1e-4, tolerance=1e-6
    )
    round_off = 4 * np.finfo(float).eps * cost_of(NET, X, Y, absolute()) / 1e-4
    assert report.failed == BLOCKS
    for block, size in zip(report.blocks, (12, 4, 8, 2), strict=True):
        assert block.floor == pytest.approx(round_off * size**0.5 / 1e-6, rel=1e-12), block.name
    for block in check_gradient(NET, X, Y, method="complex", tolerance=1e-12).blocks:
        assert block.floor == block.round_off / 1e-12 and 0 <= block.round_off < 1e-13 * block.size


def test_a_floor_can_be_chosen_and_an_error_at_the_tolerance_is_within_it() -> None:
    double = spoiled("b2", lambda g: 2 * g)
    error = check_gradient(NET, X, Y, gradient=double, floor=1e-30).error
    assert check_gradient(NET, X, Y, gradient=double, floor=1e-30, tolerance=error).passed
    assert not check_gradient(NET, X, Y, gradient=double, floor=1e-30, tolerance=0.999 * error).passed
    assert check_gradient(NET, X, Y, gradient=double, floor=1e9).passed


def test_zero_against_zero_proves_nothing_unless_asked() -> None:
    x = np.zeros((3, 5))  # no input, no activation: no slope by any weight
    report = check_gradient(NET, x, Y[:, :5])
    assert report.failed == ["w1", "w2"]
    assert report.worst.reason == "the differences are zero up to round-off: nothing was proved"
    assert check_gradient(NET, x, Y[:, :5], allow_zero=True).passed
    wrong = spoiled("w1", lambda g: g + 1e-3)
    assert check_gradient(NET, x, Y[:, :5], gradient=wrong, allow_zero=True).failed == ["w1"]


@pytest.mark.parametrize("method", ["central", "complex"])
def test_where_the_cost_itself_is_zero_nothing_is_proved_and_nobody_is_blamed(method) -> None:
    net = Network([("identity", 2), ("identity", 1)], init="constant")
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    y = x.sum(axis=0, keepdims=True)
    report = check_gradient(net, x, y, method=method, tolerance=1e-4)
    assert report.failed == ["w1", "b1"] and "nothing was proved" in report.worst.reason, report
    assert check_gradient(net, x, y, method=method, tolerance=1e-4, allow_zero=True).passed


def changed(block, index, change):
    """Backpropagation with one entry of one block of its gradient changed."""

    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        array = (result.w if block[0] == "w" else result.b)[int(block[1:])]
        array[index] = change(array[index])
        return result

    return gradient


def at_a_kink():
    """A net whose hidden neuron 0 sits exactly on its kink for example 0, and six examples."""
    net = Network([("identity", 2), ("relu", 3), ("sigmoid", 2)], seed=1)
    x = np.random.default_rng(2).standard_normal((2, 6))
    net.b[1][0] = -(net.w[1][0] @ x[:, 0])
    return net, x, Y[:, :6]


def test_a_kink_of_relu_is_reported_and_not_blamed_on_the_gradient() -> None:
    report = check_gradient(*at_a_kink())
    assert report.passed and [block.kinks for block in report.blocks] == [2, 1, 0, 0]
    assert [block.method for block in report.blocks] == ["complex", "complex", "central", "central"]
    w1, b1, w2, _ = (block.reason for block in report.blocks)
    assert w1.endswith(" by the complex step: 2 of the differences straddle a kink of ReLU")
    assert b1.endswith(" by the complex step: 1 of the differences straddle a kink of ReLU")
    assert "straddle" not in w2


@pytest.mark.parametrize("wrong", [1.0, np.nan, np.inf, -np.inf, 1e200])
@pytest.mark.parametrize("row", [0, 1])
def test_an_entry_at_a_kink_is_checked_like_its_neighbors(row, wrong) -> None:
    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        result.w[1][row, 1] += wrong
        return result

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = check_gradient(*at_a_kink(), gradient=gradient)
    assert report.failed == ["w1"] and report.worst.entry == (row, 1)
    assert "its slope is taken to be 0" in report.worst.reason


def test_the_error_and_the_size_of_a_block_with_kinks_are_those_of_the_whole_block() -> None:
    net, x, y = at_a_kink()
    right = backprop(net, x, y).gradient
    report = check_gradient(net, x, y, gradient=lambda *_: 2 * right.theta)
    for block, array in zip(report.blocks[:2], (right.w[1], right.b[1]), strict=True):
        assert block.error == pytest.approx(1 / 3, rel=1e-12), block.name
        assert block.size == pytest.approx(np.linalg.norm(array), rel=1e-12), block.name


@pytest.mark.parametrize("hidden", HIDDEN)
def test_on_a_net_of_zeros_only_zeros_pass_and_only_if_they_are_allowed(hidden) -> None:
    net = Network([("identity", 3), (hidden, 4), ("relu", 2)], init="zeros")
    assert not check_gradient(net, X, Y).passed
    assert check_gradient(net, X, Y, allow_zero=True).passed
    for gradient in (np.full(26, 1e-30), np.full(26, 1e-12), np.ones(26), np.full(26, np.nan)):
        report = check_gradient(net, X, Y, gradient=lambda *_, g=gradient: g, allow_zero=True)
        assert report.failed == BLOCKS, report


# A right gradient passes wherever it is asked for, and every mistake is refused there.


def random_problem(seed):
    """A net, examples and a cost, of any activation, size and scale."""
    rng = np.random.default_rng(seed)
    output, cost = OUTPUTS[seed % len(OUTPUTS)]
    depth = int(rng.integers(0, 4))
    names = ["identity", *rng.choice(HIDDEN, depth).tolist(), output]
    sizes = rng.integers(1, 8, depth + 2).tolist()
    sizes[-1] += output == "softmax"
    net = Network(list(zip(names, sizes, strict=True)), seed=seed)
    net.theta += 0.3 * rng.standard_normal(net.theta.size)
    m = int(rng.integers(1, 20))
    x, y = rng.standard_normal((sizes[0], m)), rng.uniform(0.05, 1, (sizes[-1], m))
    return net, x, y / y.sum(axis=0), cost


OUTPUTS = [
    (output, cost.name)
    for output, cost in product(ACTIVATIONS, COSTS.values())
    if cost.output in (None, output)
]


def has_slopes(net, x, y, cost):
    """Whether no block of the gradient is zero: a dead ReLU proves nothing, and rightly does not pass."""
    return all(block.any() for _, _, block in backprop(net, x, y, cost).gradient.blocks())


@pytest.mark.parametrize("method", METHODS)
def test_no_right_gradient_is_refused(method) -> None:
    for seed in range(120):
        net, x, y, cost = random_problem(seed)
        if has_slopes(net, x, y, cost):
            report = check_gradient(net, x, y, cost, method=method)
            assert report.passed, f"{net}, {cost}, seed {seed}\n{report}"


@pytest.mark.parametrize(
    "x_scale, theta_scale", [(1e3, 1), (1e4, 1), (1, 1e3), (1, 200), (0.001, 1), (1, 0.001)]
)
@pytest.mark.parametrize("output, cost", [("sigmoid", "quadratic"), ("softmax", "cross_entropy")])
def test_no_right_gradient_is_refused_for_its_scale(output, cost, x_scale, theta_scale) -> None:
    x, y = standardize(load_iris())[0].take(range(0, 150, 5)).columns()
    net = Network([("identity", 4), ("sigmoid", 5), (output, 3)], seed=0)
    net.theta *= theta_scale
    assert check_gradient(net, x_scale * x, y, cost).passed
    wrong = check_gradient(net, x_scale * x, y, cost, gradient=lambda *a: 1.001 * backprop(*a).gradient.theta)
    assert wrong.failed == BLOCKS


@pytest.mark.parametrize("h", [1.0, 0.1, 1e-3, 1e-9, 1e-12, 1e-15])
def test_a_bad_step_is_no_reason_to_refuse_a_right_gradient_or_to_pass_a_wrong_one(h) -> None:
    for method in ("central", "forward"):
        assert check_gradient(NET, X, Y, method=method, h=h).passed
        assert not check_gradient(NET, X, Y, method=method, h=h, gradient=spoiled("w1", lambda g: -g)).passed


def test_tiny_gradients_deep_in_a_net_are_proved_and_a_tiny_mistake_is_found() -> None:
    net = Network([("identity", 3), *[("sigmoid", 4)] * 12, ("sigmoid", 2)], seed=0)
    assert np.linalg.norm(backprop(net, X, Y).gradient.w[1]) < 2e-9
    assert check_gradient(net, X, Y).passed
    assert check_gradient(net, X, Y, gradient=spoiled("w1", lambda g: 1.001 * g)).failed == ["w1"]


@pytest.mark.parametrize("off_by", [1e-6, 3e-6, 1e-3, 1.0])
def test_a_factor_close_to_one_is_refused_and_the_words_show_two_numbers(off_by) -> None:
    report = check_gradient(NET, X, Y, gradient=lambda *a: (1 + off_by) * backprop(*a).gradient.theta)
    assert report.failed == BLOCKS
    for block in report.blocks:
        expected, got = re.search(r"expected (\S+), got ([^\s;]+)", block.reason).groups()
        assert expected != got
        assert ("complex step" in block.reason and "h = 1e-05" in block.reason) == (block.error < 1e-3)


def test_near_the_tolerance_a_cost_without_complex_numbers_is_told_of_h_and_of_the_complex_step() -> None:
    def real_only(a, y):
        if np.iscomplexobj(a):
            raise TypeError("real numbers only")
        return 0.5 * ((a - y) ** 2).sum(axis=0)

    rule = Cost("real only", real_only, lambda a, y: a - y)
    assert check_gradient(NET, X, Y, rule).passed
    report = check_gradient(NET, X, Y, rule, gradient=lambda *a: (1 + 1e-6) * backprop(*a).gradient.theta)
    assert report.failed == BLOCKS
    assert report.worst.reason.endswith(NO_REFEREE)


def test_what_keeps_the_complex_step_from_deciding_is_said_as_it_is() -> None:
    def worse(*arguments):
        return (1 + 3e-5) * backprop(*arguments).gradient.theta

    net, y = Network([("identity", 2), ("tanh", 3), ("identity", 1)], seed=3), np.array([[0.0, 1.0]])
    for size, why in ((1e100, None), (1e300, "needs a net without numbers as large as some in this one")):
        x = np.array([[size, 1.0], [1.0, size]])
        reason = check_gradient(net, x, y, gradient=worse, allow_zero=True).worst.reason
        assert reason.endswith(f"the complex step, which is not, {why}") if why else "says so" in reason
    flat = Cost("flat", lambda a, y: 0.5 * ((a - y).real ** 2 + 0 * a).sum(axis=0), lambda a, y: a - y)
    reason = check_gradient(NET, X, Y, flat, gradient=worse).worst.reason
    assert reason.endswith("which is not, needs a cost that has a derivative for complex numbers, too")


def test_the_complex_step_is_not_compared_with_itself_nor_with_differences_that_are_off_by_nothing() -> None:
    report = check_gradient(
        NET, X, Y, gradient=lambda *a: (1 + 1e-6) * backprop(*a).gradient.theta, method="complex"
    )
    assert report.failed == BLOCKS
    assert report.worst.reason.endswith("the complex step says so, whose error does not depend on h")
    dead = Network([("identity", 3), ("tanh", 2), ("identity", 2)], init="zeros")
    for block in check_gradient(dead, X, 0 * Y, allow_zero=True).blocks:
        assert block.passed and block.reason == "error 0.0e+00"


def refusing(a, y):
    if np.iscomplexobj(a):
        raise TypeError("real numbers only")
    return 0.5 * ((a - y) ** 2).sum(axis=0)


def casting(a, y):
    return 0.5 * ((np.asarray(a, float) - y) ** 2).sum(axis=0)


def taking_sizes(a, y):
    return 0.5 * (abs(a - y) ** 2).sum(axis=0)


@pytest.mark.parametrize("value", [refusing, casting, taking_sizes])
def test_a_cost_that_keeps_no_imaginary_part_leaks_no_warning_and_the_complex_step_is_refused(value) -> None:
    rule = Cost("ours", value, lambda a, y: a - y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in ("central", "forward"):
            assert check_gradient(NET, X, Y, rule, method=method).passed
            wrong = check_gradient(NET, X, Y, rule, lambda *a: 1.1 * backprop(*a).gradient.theta, method)
            assert wrong.failed == BLOCKS
        for function in (check_gradient, numerical_gradient, differences):
            with pytest.raises(
                ValueError, match="^method: complex expects a cost that takes complex numbers .* got ours"
            ):
                function(NET, X, Y, rule, method="complex")


@pytest.mark.parametrize("x", [1e308 * np.ones((3, 2)), 1e200 * np.ones((3, 2))])
@pytest.mark.parametrize("output", ["sigmoid", "identity", "relu"])
def test_huge_inputs_leak_no_warning_and_pass_nothing_that_is_not_finite(x, output) -> None:
    net = Network([("identity", 3), (output, 2)], seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = check_gradient(net, x, Y[:, :2])
        spoiled_report = check_gradient(net, x, Y[:, :2], gradient=lambda *_: np.full(8, np.nan))
    assert not spoiled_report.passed and isinstance(str(report), str)


# The referee, and who may be one.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("h", [1.0, 1e-2, 1e-4, 1e-5, 1e-6, 1e-15])
def test_the_step_can_be_chosen_and_a_bad_one_is_not_blamed_on_the_gradient(h, method) -> None:
    report = check_gradient(NET, X, Y, method=method, h=h, tolerance=1e-7)
    assert report.passed and report.h == h
    wrong = check_gradient(
        NET, X, Y, method=method, h=h, gradient=spoiled("w1", lambda g: 1.00001 * g), tolerance=1e-7
    )
    assert wrong.failed == ["w1"]


SCALES = {
    "as they are": (1.0, 1.0, (0, 4)),
    "inputs × 1000": (1e3, 1.0, (0, 3)),
    "inputs × 10,000": (1e4, 1.0, (0, 3)),
    "inputs / 1000": (1e-3, 1.0, (0, 3)),
    "parameters × 30": (1.0, 30.0, (0, 3)),
    "parameters × 1000": (1.0, 1e3, (0, 3)),
    "parameters / 1000": (1.0, 1e-3, (0, 3)),
    "deep": (1.0, 1.0, (8, 16)),
}


def random_problems(scale, count=42):
    """Nets of random depth, sizes, activations and parameters, every output and cost, and a random batch."""
    times_x, times_theta, depths = SCALES[scale]
    rng = np.random.default_rng(list(SCALES).index(scale))
    for i in range(count):
        (output, cost), depth = OUTPUTS[i % len(OUTPUTS)], int(rng.integers(*depths))
        names = ["identity", *rng.choice(HIDDEN, depth).tolist(), output]
        sizes = rng.integers(1, 9, depth + 2).tolist()
        sizes[-1] += output == "softmax"  # a softmax of one output is 1 whatever z is
        net = Network(list(zip(names, sizes, strict=True)), seed=i)
        net.theta += 0.3 * rng.standard_normal(net.theta.size)
        net.theta *= times_theta
        m = int(rng.choice([1, 2, 3, 10, 50]))
        y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)]
        yield net, times_x * rng.standard_normal((sizes[0], m)), y, cost


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_right_gradient_is_never_refused(scale, method) -> None:
    proved = 0
    for net, x, y, cost in random_problems(scale):
        g = backprop(net, x, y, cost).gradient
        report = check_gradient(net, x, y, cost, method=method)
        for block, (_, _, array) in zip(report.blocks, g.blocks(), strict=True):
            nothing = np.abs(array).max() < 1e-20  # so little that it may be round-off
            assert block.passed or (nothing and "nothing was" in block.reason), (net, cost, str(report))
            proved += block.passed
        assert check_gradient(net, x, y, cost, method=method, allow_zero=True).passed, (net, cost)
    assert proved > 42


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("factor", [1.0001, -1, 0, np.nan])
def test_a_wrong_block_is_always_refused(factor, scale, method) -> None:
    rng = np.random.default_rng(5)
    for net, x, y, cost in random_problems(scale, 14):
        wrong = backprop(net, x, y, cost).gradient
        kind, l, array = wrong.blocks()[rng.integers(0, 2 * net.L)]
        if np.abs(array).max() < 1e-20:
            continue
        array *= factor
        report = check_gradient(
            net, x, y, cost, gradient=lambda *_, g=wrong: g, method=method, allow_zero=True
        )
        assert report.failed == [f"{kind}{l}"], (net, cost, str(report))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1e3, 1e4])
@pytest.mark.parametrize("output, cost", OUTPUTS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_large_inputs_are_no_reason_to_refuse(hidden, output, cost, factor, method) -> None:
    x, y = standardize(load_iris())[0].columns()
    net = Network([("identity", 4), (hidden, 5), (output, 3)], seed=1)
    report = check_gradient(net, factor * x, y, cost, method=method)
    assert report.passed, report
    double = check_gradient(
        net, factor * x, y, cost, method=method, gradient=spoiled("w1", lambda g: 1.0001 * g)
    )
    assert double.failed == ["w1"], double


def test_where_nobody_can_referee_it_is_said_how_to_find_out() -> None:
    off = check_gradient(NET, X, Y, absolute(), gradient=lambda *g: (1 + 1e-6) * backprop(*g).gradient.theta)
    assert off.failed == BLOCKS
    assert all(block.reason.endswith(NO_REFEREE) for block in off.blocks)
    double = check_gradient(NET, X, Y, absolute(), gradient=lambda *g: 2 * backprop(*g).gradient.theta)
    assert not any("complex" in block.reason for block in double.blocks), "too far off for a measurement"


@pytest.mark.parametrize("change", [lambda g: 0 * g, lambda g: -g, lambda g: g * np.nan])
def test_a_cost_of_ones_own_that_takes_no_complex_numbers_is_judged_by_the_differences(change) -> None:
    assert check_gradient(NET, X, Y, absolute()).passed
    assert check_gradient(NET, X, Y, absolute(1e6)).passed
    assert check_gradient(NET, X, Y, absolute(), gradient=spoiled("w1", change)).failed == ["w1"]
    net, x, y = at_a_kink()
    assert check_gradient(net, x, y, absolute()).passed
    wrong = changed("b1", (0, 0), lambda g: np.nan)
    assert check_gradient(net, x, y, absolute(), gradient=wrong).failed == ["b1"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("z", [40.0, 200.0, 400.0, 560.0])
def test_a_gradient_too_small_to_be_squared_is_still_proved(z, method) -> None:
    net, x, y = Network([("identity", 1), ("sigmoid", 1)]), np.array([[z]]), np.array([[0.0]])
    net.w[1][...] = 1.0
    report = check_gradient(net, x, y, method=method)
    assert report.passed and 0 < report.worst.size < 1e-14
    for wrong in (lambda g: -g, lambda g: 1.001 * g):
        assert check_gradient(net, x, y, gradient=spoiled("b1", wrong), method=method).failed == ["b1"]


@pytest.mark.parametrize("method", METHODS)
def test_of_a_gradient_at_the_end_of_the_floating_point_numbers_nothing_is_said(method) -> None:
    net, x, y = Network([("identity", 1), ("sigmoid", 1)]), np.array([[715.0]]), np.array([[0.0]])
    net.w[1][...] = 1.0
    assert 0 < backprop(net, x, y).gradient.b[1] < 1e-308
    report = check_gradient(net, x, y, method=method)
    assert report.failed == ["w1", "b1"] and all("nothing was proved" in b.reason for b in report.blocks)
    assert check_gradient(net, x, y, method=method, allow_zero=True).passed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gap", [20.0, 38.0, 60.0, 100.0])
def test_a_softmax_that_is_certain_and_right_is_never_called_wrong(gap, method) -> None:
    net, x = Network([("identity", 1), ("tanh", 2), ("softmax", 3)], seed=3), np.array([[1.0, -0.5]])
    net.b[2][...] = [[gap], [0.0], [1.0]]  # 1 − a cancels: 1 − 1e-28 is 1
    y = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    for cost in "cross_entropy", "quadratic":
        for block in check_gradient(net, x, y, cost, method=method).blocks:
            assert block.passed or "nothing was proved" in block.reason, (cost, block)
        assert check_gradient(net, x, y, cost, method=method, allow_zero=True).passed


@pytest.mark.parametrize("method", METHODS)
def test_digits_that_cancel_within_z_are_not_asked_of_the_gradient(method) -> None:
    net = Network([("identity", 3), ("sigmoid", 1)])
    net.w[1][...], net.b[1][...] = [[0.1, 0.7, -0.8]], 0.3
    x, y = 1e11 * np.ones((3, 1)), np.array([[0.0]])

    def with_another_last_bit(net, x, y, cost):
        other = net.copy()
        other.w[1][0, 1] *= 1 + 2 * np.finfo(float).eps
        return backprop(other, x, y, cost).gradient

    g, other = backprop(net, x, y).gradient.theta, with_another_last_bit(net, x, y, "quadratic").theta
    assert 1e-6 < np.abs(g / other - 1).max() < 1e-4, "the last digits of z are round-off"
    report = check_gradient(net, x, y, gradient=with_another_last_bit, method=method)
    assert report.passed, report
    assert check_gradient(net, x, y, gradient=spoiled("w1", lambda g: 1.01 * g), method=method).failed == [
        "w1"
    ]


@pytest.mark.parametrize("method", METHODS)
def test_zero_may_pass_against_zero_but_nothing_else(method) -> None:
    for hidden in HIDDEN:
        net = Network([("identity", 3), (hidden, 4), ("sigmoid", 2)], init="zeros")
        assert check_gradient(net, X, Y, method=method, allow_zero=True).passed
        for wrong in (1e-30, -1e-3, 7.0, np.nan):
            report = check_gradient(
                net,
                X,
                Y,
                gradient=changed("w1", (1, 2), lambda g, wrong=wrong: wrong),
                method=method,
                allow_zero=True,
            )
            assert report.failed == ["w1"] and report.worst.entry == (1, 2), report


@pytest.mark.parametrize("change", [lambda g: -g, lambda g: 1.1 * g, lambda g: 0.0, lambda g: np.nan])
def test_one_wrong_entry_among_thousands_is_found(change) -> None:
    rng = np.random.default_rng(1)
    net = Network([("identity", 100), ("sigmoid", 30), ("softmax", 4)], seed=1)
    x, y = rng.standard_normal((100, 6)), np.eye(4)[:, rng.integers(0, 4, 6)]
    x[17] *= 1e-6  # so that the gradient by the weights from this input is a million times smaller
    report = check_gradient(net, x, y, "cross_entropy", gradient=changed("w1", (11, 17), change))
    assert report.failed == ["w1"] and report.worst.entry == (11, 17) and report.worst.error > 1e-2, report


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-5, 1e-8, 1e-20, 1e-100])
@pytest.mark.parametrize("change", [lambda g: 1.001 * g, lambda g: -g, lambda g: 0.0, lambda g: np.nan])
def test_an_entry_below_the_round_off_of_its_block_is_checked_too(change, size, method) -> None:
    x = np.vstack([X[:2], size * X[2:]])
    right = check_gradient(NET, x, Y, method=method)
    assert right.passed and {block.method for block in right.blocks} == {method}, right
    report = check_gradient(NET, x, Y, gradient=changed("w1", (1, 2), change), method=method)
    assert report.failed == ["w1"] and report.worst.entry == (1, 2), report


@pytest.mark.parametrize("method", METHODS)
def test_a_tiny_entry_is_not_hidden_by_the_round_off_of_its_neighbors(method) -> None:
    net = Network([("identity", 2), ("sigmoid", 2)], init="zeros")
    net.b[1][...] = [[1.0], [-80.0]]
    net.w[1][0] = [1e11, -1e11]  # whose last bits are lost in z
    x, y = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    right = backprop(net, x, y).gradient
    assert np.abs(right.w[1][1]).max() < 1e-30 < 1e-2 < np.abs(right.w[1][0]).max()
    off = changed("w1", 0, lambda g: (1 + 1e-6) * g)
    assert check_gradient(net, x, y, gradient=off, method=method).passed, "a last bit of w moves it as far"
    for change in (lambda g: 1.001 * g, lambda g: -g):
        wrong = changed("w1", 1, change)
        assert check_gradient(net, x, y, gradient=wrong, method=method, allow_zero=True).failed == ["w1"]


def test_a_twin_differs_in_the_last_bits_and_in_no_others() -> None:
    net = NET.with_parameters(1 + rng.random(NET.theta.size))
    z, _ = feed_forward(net, X)
    moved = []
    for seed in range(20):
        twin, z_twin, a_twin = gradient_check._twin(net, z, X, np.random.default_rng(seed))
        moved.append((twin.theta / net.theta - 1) / gradient_check.LAST_BITS)
        expected_z, expected_a = feed_forward(twin, X)
        assert all(np.array_equal(z_twin[l], expected_z[l]) for l in z_twin)
        assert all(np.array_equal(a_twin[l], expected_a[l]) for l in a_twin)
    assert np.abs(moved).max() < 5 and np.std(moved) == pytest.approx(1, rel=0.2)
    assert np.abs(np.mean(moved)) < 0.2, "as often up as down"


@pytest.mark.parametrize("block", ["w1", "b1"])
@pytest.mark.parametrize("factor", [1.001, 2, -1])
def test_a_tiny_wrong_block_is_not_hidden_by_the_large_ones(block, factor) -> None:
    net = Network([("identity", 4), *[("sigmoid", 3)] * 8, ("sigmoid", 2)], seed=0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 6)), rng.random((2, 6))
    right = backprop(net, x, y).gradient
    assert np.linalg.norm(right.w[1]) < 1e-5 < 1e-2 < np.linalg.norm(right.w[9])
    assert check_gradient(net, x, y).passed
    assert check_gradient(net, x, y, gradient=spoiled(block, lambda g: factor * g)).failed == [block]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e150, 1e200, 1e308])
def test_no_number_is_too_large_for_a_verdict(size, method) -> None:
    for value in (size, -size, np.inf):
        report = check_gradient(
            NET, X, Y, gradient=changed("w1", (2, 1), lambda g, v=value: v), method=method
        )
        assert report.failed == ["w1"] and report.worst.entry == (2, 1), report
        assert report.worst.error == pytest.approx(1) and report.worst.got == value
    x = X / np.abs(X).max() * size
    for output, cost in OUTPUTS:
        net = Network([("identity", 3), ("relu", 4), (output, 2)], seed=1)
        with np.errstate(all="ignore"):
            finite = np.isfinite(backprop(net, x, Y, cost).gradient.theta).all()
        for block in check_gradient(net, x, Y, cost, method=method).blocks:
            assert block.passed or "nothing was" in block.reason or not finite, (output, cost, block)


@pytest.mark.parametrize("method, h", [("central", 0.1), ("forward", 0.1), ("forward", 1e-2)])
def test_how_far_it_says_the_differences_are_off_they_are(method, h) -> None:
    exact, plain = backprop(NET, X, Y).gradient, numerical_gradient(NET, X, Y, method=method, h=h)
    blocks = check_gradient(NET, X, Y, method=method, h=h).blocks
    for block, (_, _, g), (_, _, d) in zip(blocks, exact.blocks(), plain.blocks(), strict=True):
        off = np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d))
        said = float(block.reason.rpartition(" are off by ")[2])
        assert said == pytest.approx(off, rel=0.4), "of its one digit"


def test_a_cost_of_ones_own_that_takes_complex_numbers_has_a_referee() -> None:
    smooth = Cost("fourth power", lambda a, y: ((a - y) ** 4).sum(axis=0), lambda a, y: 4 * (a - y) ** 3)
    net, x, y = at_a_kink()
    report = check_gradient(net, x, y, smooth)
    assert report.passed and [block.method for block in report.blocks[:2]] == ["complex"] * 2
    wrong = changed("w1", (0, 1), lambda g: 1.001 * g)  # at the kink, where central differences are of no use
    assert check_gradient(net, x, y, smooth, gradient=wrong).failed == ["w1"]


def huber(a, y, turn=0.1):
    off = a - y
    return np.where(np.abs(off) <= turn, 0.5 * off * off, turn * (np.abs(off) - 0.5 * turn)).sum(axis=0)


# Costs of our own, {name: (value, derivative, whether it has a derivative for complex numbers)}.
OUR_COSTS = {
    "huber": (huber, lambda a, y: np.clip(a - y, -0.1, 0.1), False),
    "huber of small errors": (lambda a, y: huber(a, y, 3.0), lambda a, y: a - y, True),
    "real part": (lambda a, y: (0.5 * (a - y).real ** 2 + 0 * a).sum(axis=0), lambda a, y: a - y, False),
    "conjugate": (lambda a, y: (0.5 * (a - y) * np.conj(a - y)).sum(axis=0), lambda a, y: a - y, False),
    "size": (lambda a, y: (np.abs(a - y) + 0 * a).sum(axis=0), lambda a, y: np.sign(a - y), False),
    "size of few": (
        lambda a, y: np.where(a.real > 0.63, np.abs(a - y) + 0 * a, (a - y) ** 2).sum(axis=0),
        lambda a, y: np.where(a > 0.63, np.sign(a - y), 2 * (a - y)),
        False,
    ),
    "fourth power": (lambda a, y: ((a - y) ** 4).sum(axis=0), lambda a, y: 4 * (a - y) ** 3, True),
    "root": (
        lambda a, y: np.sqrt(1 + (a - y) ** 2).sum(axis=0),
        lambda a, y: (a - y) / np.sqrt(1 + (a - y) ** 2),
        True,
    ),
    "logarithm": (lambda a, y: -(y * np.log(a)).sum(axis=0), lambda a, y: -y / a, True),
    "steep": (lambda a, y: np.exp(40 * (a - y)).sum(axis=0), lambda a, y: 40 * np.exp(40 * (a - y)), True),
    "ratio of sizes": (  # right for all outputs that grow in step
        lambda a, y: np.abs(a[0] / a[1]) + 0 * a[0],
        lambda a, y: np.stack([1 / a[1], -a[0] / a[1] ** 2]),
        False,
    ),
    "hinge": (
        lambda a, y: np.where(a.real > 0.5, a - 0.5, 0 * a).sum(axis=0),
        lambda a, y: np.where(a > 0.5, 1.0, 0.0),
        True,
    ),
}
NO_DERIVATIVE = "that has a derivative for complex numbers, too"


@pytest.mark.parametrize("name", OUR_COSTS)
def test_the_complex_step_judges_a_cost_of_ones_own_or_is_refused_for_it(name) -> None:
    value, derivative, has_one = OUR_COSTS[name]
    rule = Cost(name, value, derivative)
    for method in METHODS if has_one else ("central", "forward"):
        assert check_gradient(NET, X, Y, rule, method=method).passed
        for factor in (1 + 1e-4, 2, -1):
            wrong = spoiled("w1", lambda g, factor=factor: factor * g)
            assert check_gradient(NET, X, Y, rule, wrong, method=method).failed == ["w1"]
    if not has_one:
        words = f"^method: complex expects a cost {NO_DERIVATIVE}, got {name}, which does not$"
        for function in (check_gradient, numerical_gradient, differences):
            with pytest.raises(ValueError, match=words):
                function(NET, X, Y, rule, method="complex")


@pytest.mark.parametrize("analytic", [True, False])
def test_of_a_cost_that_is_computed_from_z_that_formula_must_have_a_complex_derivative(analytic) -> None:
    def from_z(z, y):  # |z| has none
        size = np.where(z.real > 0, z, -z) if analytic else np.abs(z)
        return (np.where(z.real > 0, z, 0) - y * z + np.log1p(np.exp(-size))).sum(axis=0)

    usual = COSTS["binary_cross_entropy"]
    value = taking_sizes if analytic else usual.value
    rule = Cost("ours", value, usual.derivative, "sigmoid", from_z)
    assert check_gradient(NET, X, Y, rule).passed
    if analytic:
        assert check_gradient(NET, X, Y, rule, method="complex").passed
        return
    with pytest.raises(ValueError, match=f"^method: complex expects a cost {NO_DERIVATIVE}, got ours"):
        check_gradient(NET, X, Y, rule, method="complex")


@pytest.mark.parametrize(
    "function, inside, outside",
    [
        (lambda z: z, [1 - 2.9e-6, 1 + 2.9e-6], [1 - 3.1e-6, 1 + 3.1e-6]),  # a millionth of all three slopes
        (lambda z: -z, [-1 - 2.9e-6, -1 + 2.9e-6], [-1 - 3.1e-6, -1 + 3.1e-6]),
        (lambda z: 1e6 + 0 * z, [-1.7e-3, 1.7e-3], [-1.9e-3, 1.9e-3]),  # 8 last bits of 1e6 in a step of 1e-6
        (lambda z: 0 * z, [-2.1e-288, 2.1e-288], [-2.3e-288, 2.3e-288]),  # the smallest number in 1e-20
    ],
)
def test_a_complex_slope_may_lie_outside_of_the_differences_by_round_off_and_no_more(
    function, inside, outside
) -> None:
    numbers = toward = np.array([1.0])
    for slopes, expected in (inside, True), (outside, False):
        for slope in slopes:
            found = fast_differences._is_between(np.array([slope]), function, numbers, toward)
            assert found == expected, slope


@pytest.mark.parametrize("far", [1.0, 20.0, 34.0])
def test_of_outputs_that_are_all_but_certain_the_complex_step_judges_a_cost_of_ones_own(far) -> None:
    net, x = Network([("identity", 1), ("sigmoid", 1)], init="zeros"), np.array([[1.0, -1.0, 0.3]])
    net.w[1][...] = far
    for name in ("fourth power", "root", "logarithm", "steep"):
        rule = Cost(name, *OUR_COSTS[name][:2])
        for y in (np.array([[1.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 1.0]])):
            assert check_gradient(net, x, y, rule, method="complex").passed, name
            wrong = spoiled("w1", lambda g: 1.001 * g)
            assert check_gradient(net, x, y, rule, wrong, method="complex").failed == ["w1"], name


def test_at_its_own_kink_a_cost_of_ones_own_is_measured_on_its_side() -> None:
    net = Network([("identity", 3), ("tanh", 4), ("sigmoid", 2)], seed=4)
    net.w[2][0], net.b[2][0] = 0.0, 0.0  # so that output 0 is ½ for every example
    rule = Cost("hinge", *OUR_COSTS["hinge"][:2])
    assert (feed_forward(net, X)[1][2][0] == 0.5).all()
    assert check_gradient(net, X, Y, rule, method="complex").passed


# Activations of our own: (value, slope, smooth, what keeps the complex step from measuring them).
OUR_ACTIVATIONS = {
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2, True, NO_DERIVATIVE),
    "of the real part": (
        lambda z: np.tanh(np.real(z)) + 0 * z,
        lambda z: 1 / np.cosh(z) ** 2,
        True,
        NO_DERIVATIVE,
    ),
    "arctan of a float": (
        lambda z: np.vectorize(math.atan)(z),
        lambda z: 1 / (1 + z * z),
        True,
        "that takes complex numbers and keeps their imaginary part",
    ),
    "sine": (np.sin, np.cos, True, ""),
    "leaky relu": (
        lambda z: np.where(np.real(z) > 0, z, 0.1 * z),
        lambda z: np.where(np.real(z) > 0, 1.0, 0.1),
        False,
        "",
    ),
}


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0])
@pytest.mark.parametrize("name", [name for name in OUR_ACTIVATIONS if name != "softsign"])  # near 0 it is z
def test_what_an_activation_of_ones_own_lacks_is_found_where_z_is_small_or_zero(
    monkeypatch, name, scale
) -> None:
    *rules, lacks = OUR_ACTIVATIONS[name]
    monkeypatch.setitem(ACTIVATIONS, name, Activation(name, *rules))
    net = Network([("identity", 3), (name, 4), (name, 2)], seed=4)
    net.theta *= scale
    found = fast_differences.obstacle(net, *feed_forward(net, X), Y, COSTS["quadratic"])
    assert found == ((f"an activation {lacks}", name) if lacks else ("", ""))


def test_whether_a_cost_has_a_complex_derivative_is_asked_twice_alike_and_leaks_no_warning() -> None:
    def value(a, y):
        seen.append(a)
        return -np.log(1 - a).sum(axis=0)

    net, x, y, seen = Network([("identity", 1), ("sigmoid", 1)], init="zeros"), np.ones((1, 1)), [[0.0]], []
    net.w[1][...] = 34.0  # a is 1 − 2e-15: a millionth more is beyond 1, where the logarithm ends
    rule = Cost("logarithm", value, lambda a, y: 1 / (1 - a))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = numerical_gradient(net, x, y, rule, "complex")
        asked, seen[:] = seen[:], []
        again = numerical_gradient(net, x, y, rule, "complex")
    assert [a.tolist() for a in asked] == [a.tolist() for a in seen] and max(a.real.max() for a in seen) > 1
    assert np.array_equal(first.theta, again.theta)


@pytest.mark.parametrize("place", ["hidden", "output"])
@pytest.mark.parametrize("name", OUR_ACTIVATIONS)
def test_the_complex_step_judges_an_activation_of_ones_own_or_is_refused_for_it(
    monkeypatch, name, place
) -> None:
    *rules, lacks = OUR_ACTIVATIONS[name]
    monkeypatch.setitem(ACTIVATIONS, name, Activation(name, *rules))
    layers = (name, "sigmoid") if place == "hidden" else ("tanh", name)
    net = Network([("identity", 3), (layers[0], 4), (layers[1], 2)], seed=4)
    double = spoiled("w1", lambda g: 2 * g)
    for method in ("central", "forward") if lacks else METHODS:
        assert check_gradient(net, X, Y, method=method).passed
        assert check_gradient(net, X, Y, gradient=double, method=method).failed == ["w1"]
    far = check_gradient(net, X, Y, h=1e-2)  # so far that the differences are off, and none can say so
    if not lacks:
        assert far.passed
        return
    assert not far.passed
    assert all(b.passed or b.reason.endswith(f"needs an activation {lacks}") for b in far.blocks)
    words = f"^method: complex expects an activation {lacks}, got {name}, which does not$"
    for function in (check_gradient, numerical_gradient, differences):
        with pytest.raises(ValueError, match=words):
            function(net, X, Y, method="complex")


@pytest.mark.parametrize(
    "p, q, shown",
    [
        (0.0124545, 0.0124546, ("0.0124545", "0.0124546")),
        (0.5, 2, ("0.5", "2")),
        (0.6, float(np.float32(0.6)), ("0.6", "0.60000002")),
        (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
        (1e-300, 1.0000001e-300, ("1e-300", "1.0000001e-300")),
        (0.0124545123, 0.0124545199, ("0.01245451", "0.01245452")),
        (3.0, float("nan"), ("3", "nan")),
        (0.1, 0.1, ("0.1", "0.1")),
    ],
)
def test_two_numbers_are_shown_with_the_digits_that_tell_them_apart(p, q, shown) -> None:
    assert apart(p, q) == shown
    assert apart(q, p) == shown[::-1]


@pytest.mark.parametrize("gap", [1, 10, 30, 40, 100, 300])
def test_the_complex_step_sees_the_slope_of_a_softmax_that_is_certain(gap) -> None:
    z, softmax = np.array([[float(gap)], [0.0], [-1.0]]), activation("softmax")
    for k in range(3):
        step = np.zeros((3, 1))
        step[k] = 1e-30
        slope = softmax(z + 1j * step).imag[:, 0] / 1e-30
        assert np.allclose(slope, softmax.jacobian(z)[0, :, k], rtol=1e-14, atol=0)


def crossings(net, x, method, h):
    """How many pre-activations of neurons with a kink change sides as each parameter moves, one by one."""
    kinked = [l for l in range(1, net.L + 1) if not net.sigma[l].smooth]
    before, _ = feed_forward(net, x)
    count = np.zeros(net.theta.size)
    for i in range(net.theta.size):
        for step in {"central": (h, -h), "forward": (h,), "complex": (1j * h,)}[method]:
            theta = net.theta.astype(complex)
            theta[i] += step
            after, _ = feed_forward(net.with_parameters(theta), x)
            count[i] += sum(((after[l].real > 0) != (before[l] > 0)).sum() for l in kinked)
    return count


@pytest.mark.parametrize("largest", [1, 100, 200_000])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "names, cost",
    [
        (["relu", "tanh", "relu", "relu"], "quadratic"),
        (["relu"], "quadratic"),
        (["tanh", "relu", "sigmoid"], "binary_cross_entropy"),
        (["tanh", "softmax"], "quadratic"),
        (["relu", "softmax"], "cross_entropy"),
    ],
)
def test_with_a_large_step_differences_and_kinks_are_those_of_the_plain_loop(
    names, cost, method, largest, monkeypatch
) -> None:
    monkeypatch.setattr(fast_differences, "LARGEST", largest)  # 1: one neuron and one parameter at a time
    net = Network(list(zip(["identity", *names], [3, 4, 2, 3, 2], strict=False)), seed=2)
    rng_ = np.random.default_rng(3)
    net.theta += 0.3 * rng_.standard_normal(net.theta.size)
    x, y, h = rng_.standard_normal((3, 8)), rng_.random((net.sizes[-1], 8)), 0.2
    y /= y.sum(axis=0)
    fast, kinks = differences(net, x, y, cost, method, h)
    plain = numerical_gradient(net, x, y, cost, method, h)
    assert np.allclose(fast.theta, plain.theta, rtol=1e-10, atol=1e-13)
    assert kinks.theta.tolist() == crossings(net, x, method, h).tolist()
    assert kinks.theta.any() or method == "complex" or "relu" not in names


@pytest.mark.parametrize("largest", [1, 300, 1000, 200_000])
@pytest.mark.parametrize("l", [1, 2, 3])
def test_the_pieces_hold_every_parameter_once_and_are_as_large_as_they_may_be(
    l, largest, monkeypatch
) -> None:
    monkeypatch.setattr(fast_differences, "LARGEST", largest)
    net = Network([("identity", 3), ("tanh", 4), ("tanh", 9), ("tanh", 2)])
    widest = {1: 9, 2: 2, 3: 2}[l]  # of the layers that are computed anew
    steps, m, parameters = 2, 5, net.sizes[l - 1] + 1
    count, sizes = np.zeros((net.sizes[l], parameters)), []
    for piece in fast_differences._pieces(net, l, (steps, parameters, m)):
        count[piece] += 1
        sizes.append(count[piece].size)
    assert (count == 1).all()
    assert max(sizes) == 1 or max(sizes) * steps * m * widest <= largest
    fit = max(1, largest // (steps * m * widest))
    rows = max(1, fit // parameters) if fit >= parameters else 1
    assert max(sizes) == min(rows, net.sizes[l]) * min(fit, parameters)


def test_a_neuron_exactly_at_its_kink_crosses_it_upward_only_and_only_if_it_moves() -> None:
    net = Network([("identity", 2), ("relu", 2), ("relu", 2)], init="zeros")
    net.w[2][...] = 1
    x = np.array([[0.0, 1.0], [0.0, 0.0]])
    _, kinks = differences(net, x, np.ones((2, 2)))
    # w1: an input of 1 moves z^1_j up and down, and with it, when it is above 0, both z^2; the others rest.
    assert kinks.w[1].tolist() == [[3.0, 0.0], [3.0, 0.0]] and kinks.b[1].ravel().tolist() == [6.0, 6.0]
    assert kinks.w[2].tolist() == [[0.0, 0.0], [0.0, 0.0]] and kinks.b[2].ravel().tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "method, order", [("central", lambda h: h**2), ("forward", lambda h: h), ("complex", lambda h: h**2)]
)
def test_the_error_of_the_plain_loop_shrinks_with_the_step_as_it_is_said(method, order) -> None:
    exact = backprop(NET, X, Y).gradient.theta
    errors = [
        np.linalg.norm(numerical_gradient(NET, X, Y, method=method, h=h).theta - exact) for h in (0.1, 0.01)
    ]
    assert errors[0] / errors[1] == pytest.approx(order(0.1) / order(0.01), rel=0.1)


@pytest.mark.parametrize("output, cost", [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")])
def test_the_plain_loop_takes_the_cost_that_it_is_told(output, cost) -> None:
    net = Network([("identity", 3), (output, 2)], seed=1)
    plain = numerical_gradient(net, X, Y, cost, "complex")
    assert np.allclose(plain.theta, backprop(net, X, Y, cost).gradient.theta, rtol=1e-13, atol=1e-16)


def test_the_plain_loop_shows_its_progress_parameter_by_parameter() -> None:
    seen = []

    def watch(indices):
        for i in indices:
            seen.append(i)
            yield i

    watched = numerical_gradient(NET, X, Y, progress=watch)
    assert seen == list(range(26)) and np.array_equal(watched.theta, numerical_gradient(NET, X, Y).theta)
    short = numerical_gradient(NET, X, Y, progress=lambda indices: indices[:3]).theta
    assert np.array_equal(short[:3], watched.theta[:3]) and np.isnan(short[3:]).all(), "what is not measured"


def test_the_methods_and_steps_have_the_defaults_that_are_said() -> None:
    plain = numerical_gradient(NET, X, Y).theta
    assert np.array_equal(plain, numerical_gradient(NET, X, Y, "quadratic", "central", 1e-5).theta)
    for method, h in ("central", 1e-5), ("forward", 1e-7), ("complex", 1e-20):
        assert check_gradient(NET, X, Y, method=method, tolerance=1e-5).h == h
        given = numerical_gradient(NET, X, Y, method=method, h=h).theta
        assert np.array_equal(given, numerical_gradient(NET, X, Y, method=method).theta)


def test_a_gradient_that_spoils_what_it_is_given_spoils_a_copy() -> None:
    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        for array in (net.theta, x, y):
            array[...] = 0
        return result

    ours = NET.copy(), X.copy(), Y.copy()
    assert check_gradient(*ours, gradient=gradient).passed
    assert all(
        np.array_equal(p, q) for p, q in zip((NET.theta, X, Y), (ours[0].theta, *ours[1:]), strict=True)
    )


FORMS = {
    "a Backpropagation": lambda run: run,
    "Parameters": lambda run: run.gradient,
    "a flat vector": lambda run: run.gradient.theta,
    "a pair of dicts": lambda run: (run.gradient.w, run.gradient.b),
    "a pair of dicts of lists": lambda run: tuple(
        {l: block.tolist() for l, block in blocks.items()} for blocks in (run.gradient.w, run.gradient.b)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_gradient_may_be(form) -> None:
    assert check_gradient(NET, X, Y, gradient=lambda *given: FORMS[form](backprop(*given))).passed


def test_a_gradient_in_single_precision_is_taken_and_measured_in_double() -> None:
    single = backprop(NET, X, Y).gradient.theta.astype(np.float32)
    assert gradient_check.as_parameters(NET, single).theta.dtype == np.float64
    assert check_gradient(NET, X, Y, gradient=lambda *_: single, tolerance=1e-6).passed


@pytest.mark.parametrize(
    "answer, error, words",
    [
        (
            None,
            TypeError,
            r"^gradient: expected a Backpropagation, Parameters, a flat vector or a pair of dicts "
            r"\(dw, db\), got None$",
        ),
        (({}, {}, {}), TypeError, r"got \({}, {}, {}\)$"),
        (({}, 0), TypeError, r"got \({}, 0\)$"),
        (Parameters((3, 2)), ValueError, r"^gradient: expected layer sizes \(3, 4, 2\), got \(3, 2\)$"),
        (np.zeros(3), ValueError, r"^gradient: expected shape \(26,\), got \(3,\)$"),
        (np.zeros(26, complex), TypeError, "^gradient: expected real numbers in the vector, got complex128$"),
        (
            Parameters(NET.sizes, np.zeros(26, complex)),
            TypeError,
            r"^gradient: expected real numbers in dw\[1\], got complex128$",
        ),
        (np.ma.zeros(26), TypeError, "^gradient: the vector: expected an array without a mask, got"),
        (
            ({1: np.zeros((4, 3)), 2: np.zeros((2, 4)), 3: 0}, {}),
            ValueError,
            r"^gradient: expected dw of the layers 1 to 2, got \[3\]$",
        ),
        (
            ({1: [[1, 2], [3]]}, {}),
            ValueError,
            r"^gradient: expected rows of equal length in dw\[1\], got a ragged list$",
        ),
        (({}, {}), ValueError, r"^gradient: dw\[1\] is missing; layers found: \[\]$"),
        (
            ({1: np.zeros((4, 3))}, {2: 0}),
            ValueError,
            r"^gradient: db\[1\] is missing; layers found: \[2\]$",
        ),
        (
            ({1: np.zeros((3, 4))}, {}),
            ValueError,
            r"^gradient: expected dw\[1\] of shape \(4, 3\), got shape \(3, 4\)$",
        ),
        (
            ({1: [["1"] * 3] * 4}, {}),
            TypeError,
            r"^gradient: expected real numbers in dw\[1\], got <U1$",
        ),
    ],
)
def test_an_answer_of_another_form_is_refused_with_both_forms(answer, error, words) -> None:
    with pytest.raises(error, match=words):
        check_gradient(NET, X, Y, gradient=lambda *_: answer)


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
def test_the_step_can_be_chosen(h) -> None:
    report = check_gradient(NET, X, Y, h=h, tolerance=1e-6)
    assert report.passed and report.h == h


NUMBER, ENTRY = r"-?\d\.\de[+-]\d\d", r"expected -?[\d.]+(?:e-\d+)?, got -?[\d.]+(?:e-\d+)?"
NO_REFEREE = (
    "; differences with h = 1e-05 may be that far off; the complex step, which is not, needs a cost "
    "that takes complex numbers and keeps their imaginary part"
)


@pytest.mark.parametrize(
    "problem, given, block, words",
    [
        ((NET, X, Y), {}, "w1", ""),
        ((NET, X, Y), {"method": "complex"}, "w1", ""),
        (
            (NET, X, Y),
            {"h": 1e-12},
            "w1",
            r" by the complex step: central differences with h = 1e-12 are off by \de-\d\d",
        ),
        (
            (NET, X, Y),
            {"h": 0.1, "method": "forward"},
            "b2",
            r" by the complex step: forward differences with h = 1e-01 are off by \de-\d\d",
        ),
        (at_a_kink(), {}, "w1", " by the complex step: 2 of the differences straddle a kink of ReLU"),
        (
            (*at_a_kink(), absolute()),
            {},
            "w1",
            "; 2 for which each ReLU is held on its side: a ReLU has its kink within h",
        ),
        (
            (NET, X, Y),
            {"gradient": spoiled("w1", lambda g: 2 * g)},
            "w1",
            rf"; worst w\[1\]\[\d, \d\]: {ENTRY}",
        ),
        (
            at_a_kink(),
            {"gradient": spoiled("b1", lambda g: 2 * g)},
            "b1",
            rf"; worst b\[1\]\[\d\]: {ENTRY}; a ReLU has its kink within h, where its slope is taken to be 0",
        ),
        (
            (NET, X, Y),
            {"gradient": spoiled("w2", lambda g: (1 + 1e-6) * g)},
            "w2",
            rf"; worst w\[2\]\[\d, \d\]: {ENTRY}; the complex step says so, whose error does not depend on "
            "h, unlike that of h = 1e-05",
        ),
        (
            (NET, X, Y, absolute()),
            {"gradient": spoiled("w2", lambda g: (1 + 1e-6) * g)},
            "w2",
            rf"; worst w\[2\]\[\d, \d\]: {ENTRY}{NO_REFEREE}",
        ),
    ],
)
def test_the_words_of_a_verdict_are_these_and_no_others(problem, given, block, words) -> None:
    report = check_gradient(*problem, **given)
    (found,) = (b for b in report.blocks if b.name == block)
    assert re.fullmatch(rf"error {NUMBER}{words}", found.reason), found.reason
    assert found.reason.startswith(f"error {found.error:.1e}")
    assert found.passed == ("worst" not in words)


def on_many_kinks(seed):
    """A net of ReLU and a batch in which many z are exactly 0: all numbers are multiples of ½."""
    net = Network([("identity", 2), ("relu", 3), ("relu", 2), ("relu", 3), ("sigmoid", 2)], seed=seed)
    net.theta[...] = np.round(2 * net.theta) / 2
    rng = np.random.default_rng(seed)
    return net, rng.integers(-1, 2, (2, 4)) * 1.0, rng.random((2, 4))


@pytest.mark.parametrize(
    ("method", "cost", "wrong"),
    [
        *((method, "quadratic", lambda g: 1.01 * g or 1e-3) for method in METHODS),
        *((method, absolute(), lambda g: g + 0.01) for method in ("central", "forward")),
    ],
    ids=lambda value: getattr(value, "name", value) if not callable(value) else "",
)
def test_on_many_kinks_at_once_the_right_gradient_passes_and_an_entry_that_is_off_does_not(
    method, cost, wrong
) -> None:
    for seed in range(40):
        net, x, y = on_many_kinks(seed)
        assert any((z == 0).any() for z in feed_forward(net, x)[0].values())
        assert check_gradient(net, x, y, cost, method=method, allow_zero=True).passed, seed
        theta = backprop(net, x, y, cost).gradient.theta
        for i in range(seed % 5, theta.size, 5):
            spoiled = theta.copy()
            spoiled[i] = wrong(theta[i])
            report = check_gradient(net, x, y, cost, lambda *_, g=spoiled: g, method, allow_zero=True)
            assert not report.passed, (seed, i, str(report))
