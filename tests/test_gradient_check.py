"""The checker finds what is wrong, says where, and passes nothing that it could not compare."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib.equations import backprop
from backprop_lib.gradient_check import check_gradient
from backprop_lib.network import Network

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
    assert report.failed == [block] and report.worst.name == block


@pytest.mark.parametrize("method, tolerance", [("central", 1e-7), ("forward", 1e-5), ("complex", 1e-12)])
def test_the_right_gradient_passes_by_every_method(method, tolerance) -> None:
    assert check_gradient(NET, X, Y, method=method, tolerance=tolerance).passed


def test_the_worst_entry_is_named_with_what_was_expected_and_what_came() -> None:
    def gradient(net, x, y, cost):
        result = backprop(net, x, y, cost).gradient
        result.w[1][2, 1] += 0.5
        return result

    worst = check_gradient(NET, X, Y, gradient=gradient).worst
    assert (worst.name, worst.index) == ("w1", (2, 1))
    assert worst.got == pytest.approx(worst.expected + 0.5, rel=1e-6)
    assert "w[1][2, 1]: expected" in worst.reason


def test_zero_against_zero_proves_nothing_unless_asked() -> None:
    x = np.zeros((3, 5))  # no input, no activation: no slope by any weight
    report = check_gradient(NET, x, Y[:, :5])
    assert report.failed == ["w1", "w2"] and "nothing was proved" in report.worst.reason
    assert check_gradient(NET, x, Y[:, :5], allow_zero=True).passed


def test_a_kink_of_relu_is_reported_and_not_blamed_on_the_gradient() -> None:
    net = Network([("identity", 2), ("relu", 3), ("sigmoid", 2)], seed=1)
    x = rng.standard_normal((2, 6))
    net.b[1][0] = -(net.w[1][0] @ x[:, 0])  # neuron 0 sits exactly on its kink for example 0
    report = check_gradient(net, x, Y[:, :6])
    assert report.passed and report.blocks[0].kinks > 0 and "kink" in report.blocks[0].reason


@pytest.mark.parametrize("form", ["flat", "pair"])
def test_a_gradient_may_be_a_flat_vector_or_a_pair_of_dicts(form) -> None:
    def gradient(net, x, y, cost):
        g = backprop(net, x, y, cost).gradient
        return g.theta if form == "flat" else (g.w, g.b)

    assert check_gradient(NET, X, Y, gradient=gradient).passed


@pytest.mark.parametrize(
    "answer, error, words",
    [
        (None, TypeError, "gradient: expected .* got None"),
        (np.zeros(3), ValueError, r"gradient: expected shape \(26,\), got \(3,\)"),
        (({}, {}), ValueError, r"gradient: dw\[1\] is missing"),
        (({1: np.zeros((3, 4))}, {}), ValueError, r"dw\[1\] of shape \(4, 3\), got shape \(3, 4\)"),
    ],
)
def test_an_answer_of_another_form_is_refused_with_both_forms(answer, error, words) -> None:
    with pytest.raises(error, match=words):
        check_gradient(NET, X, Y, gradient=lambda *_: answer)


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
def test_the_step_can_be_chosen(h) -> None:
    report = check_gradient(NET, X, Y, h=h, tolerance=1e-6)
    assert report.passed and report.h == h
