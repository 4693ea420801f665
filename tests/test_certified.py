"""Every printed digit of the worked example is certified by interval arithmetic."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from execute_pages import joined
from mpmath import iv

from backprop_lib import Network, backprop, cost_of
from backprop_lib.course.certified import certified, digits, error_at_most

TRUTH = certified()
# As σ′ = a (1 − a) gives them: round-off has the last digits of three of these numbers.
ROUNDED = {
    "delta2_0": "-4.4510827315210804e-05",
    "delta2_1": "0.006604764921594382",
    "delta1": "4.893115758926319e-07",
}
PAGES = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"-?\b\d\.\d{8,}(?:e-\d+)?(?: \\cdot 10\^\{-\d+\})?")


def units_off(text, interval):
    """How many units in its last place a printed number is off."""
    number = Decimal(text)
    return abs(number - Decimal(digits(interval, 30))).scaleb(-number.as_tuple().exponent)


def numbers_on(path):
    """The numbers of eight decimals or more in the texts, the code and the printed lines of a page."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        printed = [joined(output.get("text", "")) for output in cell.get("outputs", [])]
        for text in (joined(cell["source"]), *printed):
            for found in NUMBER.findall(text):
                yield found.replace(r" \cdot 10^{", "e").rstrip("}")


def of_the_worked_example(text):
    """The name of the number of the worked example that this is meant to be, if it is one."""
    names = (name for name, truth in TRUTH.items() if error_at_most(float(text), truth) < 1e-7)
    return next(names, None)


PRINTED = [
    (path.stem, name, text)
    for path in PAGES
    for text in numbers_on(path)
    if (name := of_the_worked_example(text))
]


def test_the_pages_print_every_number_of_the_worked_example() -> None:
    names = {name for _, name, _ in PRINTED}
    assert names == TRUTH.keys() - {"z1", "delta2_2"}  # 10.2 needs no proof, and outputs 1 and 2 are equal


@pytest.mark.parametrize("page, name, text", PRINTED)
def test_every_digit_that_a_page_prints_is_certified(page, name, text) -> None:
    assert units_off(text, TRUTH[name]) < 1 or Decimal(text) == Decimal(ROUNDED[name]), (
        f"{TRUTH[name]} on page {page}"
    )


@pytest.mark.parametrize("name", ROUNDED)
def test_older_notes_have_digits_that_are_round_off_and_the_pages_say_both(name) -> None:
    assert units_off(ROUNDED[name], TRUTH[name]) > 5
    pages = {page for page, of, text in PRINTED if of == name and Decimal(text) == Decimal(ROUNDED[name])}
    assert any(of == name and units_off(text, TRUTH[name]) < 1 for page, of, text in PRINTED if page in pages)


@pytest.mark.parametrize("name", TRUTH)
def test_the_intervals_are_narrow(name) -> None:
    assert float((TRUTH[name].delta / abs(TRUTH[name])).b) < 1e-30


def test_the_number_of_older_notes_is_right_to_eleven_digits_and_not_to_twelve() -> None:
    assert 1e-12 < error_at_most(4.893115758926319e-07, TRUTH["delta1"]) < 1.1e-12


def test_a_wrong_digit_is_not_certified() -> None:
    assert (
        units_off("4.89311575892136e-07", TRUTH["delta1"])
        < 1
        < units_off("4.89311575892138e-07", TRUTH["delta1"])
    )
    assert units_off("0.9866790431048544", TRUTH["C"]) < 1 < units_off("0.9866790431048546", TRUTH["C"])
    assert error_at_most(4.89311575892146e-07, TRUTH["delta1"]) > 1e-14
    assert error_at_most(0.9866790431048554, TRUTH["C"]) > 5e-16


@pytest.mark.parametrize("value", [1.23, 1.2341, 1.2345, 1.26, -1.0])
def test_the_bound_of_an_error_holds_wherever_in_the_interval_the_truth_is(value) -> None:
    wide, bound = iv.mpf(["1.2341", "1.2349"]), error_at_most(value, iv.mpf(["1.2341", "1.2349"]))
    errors = [abs(Decimal(value) / Decimal(truth) - 1) for truth in ("1.2341", "1.2345", "1.2349")]
    assert max(errors) <= bound < 1.001 * float(max(errors)) + 7e-4 and error_at_most(-value, -wide) == bound


def test_digits_are_printed_as_far_as_both_ends_have_them_and_no_further() -> None:
    assert digits(TRUTH["delta1"], 15) == "4.89311575892136e-7"
    assert digits(TRUTH["delta2_0"], 17) == "-4.4510827315210891e-5"
    wide = iv.mpf(["1.2341", "1.2349"])
    assert digits(wide, 3) == "1.23"
    with pytest.raises(
        ValueError, match=r"^n: expected as many digits as are certain, got 4: 1\.234 or 1\.235$"
    ):
        digits(wide, 4)
    for n, expected in ((61, "at most 60 digits"), (10**400, "at most 60 digits"), (0, "a positive integer")):
        with pytest.raises(ValueError, match=f"^n: expected {expected}, got {str(n)[:20]}"):
            digits(wide, n)


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
