"""Every printed digit of the worked example is certified by interval arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib import Network, backprop, cost_of
from backprop_lib.course.certified import certified, error_at_most

TRUTH = certified()
PRINTED = {
    "z1": 10.2,
    "a1": 0.9999628310628971,
    "z2": 4.9998141553144855,
    "a2": 0.9933059134564377,
    "delta2_0": -4.4510827315210804e-05,
    "delta2_1": 0.006604764921594382,
    "delta2_2": 0.006604764921594382,
    "C": 0.9866790431048544,
    "delta1": 4.89311575892136e-07,
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_number_is_right_to_its_last_digit(name) -> None:
    assert error_at_most(PRINTED[name], TRUTH[name]) < 2e-15


@pytest.mark.parametrize("name", TRUTH)
def test_the_intervals_are_narrow(name) -> None:
    assert float((TRUTH[name].delta / abs(TRUTH[name])).b) < 1e-30


def test_the_number_of_older_notes_is_right_to_eleven_digits_and_not_to_twelve() -> None:
    assert 1e-12 < error_at_most(4.893115758926319e-07, TRUTH["delta1"]) < 1.1e-12


def test_a_wrong_digit_is_not_certified() -> None:
    assert error_at_most(4.89311575892146e-07, TRUTH["delta1"]) > 1e-14
    assert error_at_most(0.9866790431048554, TRUTH["C"]) > 5e-16


def test_the_package_computes_what_is_certified() -> None:
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], init="constant")
    x, y = np.array([[5.1], [3.5], [1.4], [0.2]]), np.array([[1.0], [0.0], [0.0]])
    run = backprop(net, x, y)
    found = {"z1": run.z[1], "a1": run.a[1], "delta1": run.delta[1], "z2": run.z[2], "a2": run.a[2]}
    found |= {f"delta2_{j}": run.delta[2][[j]] for j in range(3)} | {"C": np.array([[cost_of(net, x, y)]])}
    assert found.keys() == TRUTH.keys()
    for name, values in found.items():
        for value in values.ravel():
            assert error_at_most(value, TRUTH[name]) < 2e-14, name


def test_a_longer_chain_is_certified_too() -> None:
    longer = certified(("1.5", "-0.25"), (0, 1), (2, 3, 2, 2))
    net = Network([("identity", 2), ("sigmoid", 3), ("sigmoid", 2), ("sigmoid", 2)], init="constant")
    run = backprop(net, np.array([[1.5], [-0.25]]), np.array([[0.0], [1.0]]))
    for l in (1, 2):
        assert error_at_most(run.delta[l][0, 0], longer[f"delta{l}"]) < 1e-14
