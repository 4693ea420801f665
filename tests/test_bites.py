"""Faults of kinds that once passed the tests: each is refused by what it does, not by how it is written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from backprop_lib import training
from backprop_lib.costs import COSTS
from backprop_lib.course.answers import Case, FunctionToWrite
from backprop_lib.course.results import CLOSE, close, same
from backprop_lib.data import Dataset, load_digits, one_hot, split
from backprop_lib.equations import backprop, cost_of
from backprop_lib.network import Network
from backprop_lib.training import evaluate, train

FOLDER = Path(__file__).parents[1] / "datasets"
rng = np.random.default_rng(11)


@pytest.mark.parametrize("examples", [1, 2, 9, 10, 11, 19, 20, 21, 31])
@pytest.mark.parametrize("activation, cost", [("sigmoid", "quadratic"), ("softmax", "cross_entropy")])
def test_every_example_is_evaluated_wherever_a_piece_ends(examples, activation, cost, monkeypatch) -> None:
    monkeypatch.setattr(training, "BLOCK", 10)
    net = Network([("identity", 2), ("tanh", 4), (activation, 3)], seed=3)
    x, y = rng.standard_normal((examples, 2)), np.eye(3)[rng.integers(0, 3, examples)]
    runs = [backprop(net, x[i : i + 1].T, y[i : i + 1].T, cost) for i in range(examples)]
    mean_cost = sum(cost_of(net, x[i : i + 1].T, y[i : i + 1].T, cost) for i in range(examples)) / examples
    right = sum(int(run.a[2].argmax()) == int(y[i].argmax()) for i, run in enumerate(runs))
    got_cost, accuracy, delta = evaluate(net, x, y, COSTS[cost])
    assert got_cost == pytest.approx(mean_cost, rel=1e-12) and accuracy == right / examples
    for l in (1, 2):
        squares = np.array([run.delta[l][:, 0] ** 2 for run in runs])
        assert np.allclose(delta[l], np.sqrt(squares.sum(axis=0) / examples), rtol=1e-12, atol=0)


def test_an_infinite_parameter_is_divergence_though_cost_and_errors_are_finite() -> None:
    net = Network([("identity", 1), ("tanh", 1), ("sigmoid", 1)], seed=0)
    net.theta[...] = 0.0
    net.w[2][0, 0] = 1e150  # δ¹ = 1e150 δ², times η: b¹ is infinite, tanh(b¹) is 1, and so is the answer
    one = Dataset(np.full((1, 1), 1e-300), np.ones((1, 1)), np.array([1]), ("no", "yes"), ("tiny",))
    before = net.theta.copy()
    history = train(net, one, learning_rate=1e160, epochs=2, batch_size=1)
    assert history.diverged_at == 1 and history.epochs == 0 and np.array_equal(net.theta, before)


def one_example(x: float, y: float) -> Dataset:
    return Dataset(np.full((1, 1), x), np.full((1, 1), y), np.array([0]), ("only",), ("number",))


def test_infinite_errors_are_refused_though_the_cost_is_finite() -> None:
    net = Network([("identity", 1), ("identity", 1), ("sigmoid", 1)], seed=0)
    net.theta[...] = 0.0
    net.w[2][0, 0] = 1e200  # the hidden neuron answers 0, and its error is 1e200 δ²: squared it is infinite
    with pytest.raises(ValueError, match="the cost of the untrained net is not a finite number"):
        train(net, one_example(1.0, 1.0), epochs=1, batch_size=1)


def test_an_infinite_cost_is_refused_though_the_errors_are_finite() -> None:
    net = Network([("identity", 1), ("sigmoid", 1)], seed=0)
    net.theta[...] = 0.0
    net.w[1][0, 0] = -300.0  # σ′ is 1e-130: the error of a target 1e200 is 1e70, its cost 1e400
    with pytest.raises(ValueError, match="the cost of the untrained net is not a finite number"):
        train(net, one_example(1.0, 1e200), epochs=1, batch_size=1)


@pytest.mark.parametrize("seed", range(5))
def test_every_class_is_shuffled_for_itself(seed) -> None:
    labels = np.repeat([0, 1, 2], 20)
    numbered = Dataset(np.arange(60.0)[:, None], one_hot(labels, 3), labels, ("a", "b", "c"), ("row",))
    train_set, rest = split(numbered, 0.5, seed)
    rows = [set((train_set.x[train_set.labels == c, 0] - 20 * c).astype(int)) for c in range(3)]
    assert all(len(row) == 10 and row <= set(range(20)) for row in rows) and len(rest) == 30
    assert rows[0] != rows[1] and rows[1] != rows[2] and rows[0] != rows[2]


def test_a_pixel_of_a_digit_is_its_number_in_the_file_by_sixteen() -> None:
    with (FOLDER / "digits.csv").open(encoding="utf-8", newline="") as file:
        table = np.array([[int(v) for v in row] for row in list(csv.reader(file))[1:]])
    digits = load_digits()
    assert np.array_equal(digits.x * 16, table[:, :-1]) and np.array_equal(digits.labels, table[:, -1])
    assert digits.x.max(axis=0).min() < 0.5, "the pixels at the edge stay lighter than those in the middle"


@pytest.mark.parametrize("scale", [1e-120, 1e-12, 1e-6, 1.0, 1e6, 1e12, 1e100])
def test_close_is_close_at_every_size(scale) -> None:
    right = scale * np.array([[3.0, -4.0], [12.0, 0.0]])
    off = scale * 13.0 * np.array([[0.0, 0.0], [0.0, 1.0]])  # as large as the norm of the right one
    assert close(right, right + 0.9 * CLOSE * off) and same(right, right + 0.9 * CLOSE * off)
    assert not close(right, right + 1.1 * CLOSE * off) and not same(right, right + 1.1 * CLOSE * off)
    assert not close(right, 0 * right) and not close(right, 2 * right) and close(0 * right, 0 * right)


def exercise_with(right: object, parts: tuple[str, ...] = ()) -> FunctionToWrite:
    cases = [Case("the first case", (1.0,), right), Case("the second case", (2.0,), right)]
    return FunctionToWrite(("x",), lambda: cases, "two cases", parts=parts)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(4))
def test_a_verdict_names_the_entry_that_is_wrong_with_both_numbers(row, column) -> None:
    right = np.arange(1.0, 13.0).reshape(3, 4)
    answer = right.copy()
    answer[row, column] -= 0.5
    answer[0, 0] += 0.125  # wrong as well, but less
    verdict = exercise_with(right).judge(lambda x: answer.copy())
    expected = f"on the first case, entry [{row}, {column}] should be {right[row, column]:g}"
    assert f"{expected} and is {answer[row, column]:g}." in verdict.message


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_verdict_names_the_part_that_is_wrong_and_those_that_are_right(part) -> None:
    names = ("u", "v", "w")
    right = tuple(np.array([1.0, 2.0, 3.0]) * 10**i for i in range(3))
    answer = tuple(p + np.array([0.0, 0.0, 0.5]) * (i == part) for i, p in enumerate(right))
    verdict = exercise_with(right, names).judge(lambda x: tuple(p.copy() for p in answer))
    good = " and ".join(name for i, name in enumerate(names) if i != part)
    wanted = f"{names[part]}[2] should be {right[part][2]:.4g} and is {answer[part][2]:.4g}."
    assert wanted in verdict.message and f"Right: {good}. Wrong: {names[part]}." in verdict.message


def test_a_verdict_explains_the_first_part_that_is_wrong() -> None:
    right = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0]))
    answer = (right[0], right[1] + [0.0, 0.5], right[2] + [50.0, 0.0])
    message = exercise_with(right, ("u", "v", "w")).judge(lambda x: answer).message
    assert "v[1] should be 4 and is 4.5." in message and "Right: u. Wrong: v and w." in message


def test_an_interrupt_is_told_and_the_next_run_forgets_it() -> None:
    def stopped(epochs):
        yield from list(epochs)[:2]
        raise KeyboardInterrupt

    trainer = training.Trainer(
        Network([("identity", 1), ("sigmoid", 1)]), one_example(1.0, 1.0), batch_size=1
    )
    assert trainer.interrupted is False and trainer.history().interrupted is False
    history = trainer.run(5, stopped)
    assert history.interrupted is True and trainer.interrupted is True and history.epochs == 2
    assert trainer.history().interrupted is True and trainer.run(1).interrupted is False
