"""The bench refuses a job that computes something else, counts right, and hides no peer that is missing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as bench
from benchmarks import growth, install, peers
from benchmarks.measure import (
    Bound,
    Job,
    Row,
    WrongAnswerError,
    in_turns,
    paired_ratio,
    quartiles,
    shown,
    table,
    verify,
)
from benchmarks.problems import Problem, iris

ROOT = Path(__file__).parents[1]
GRADIENT = np.array([1.0, -2.0, 3.0])


def job(name, answer) -> Job:
    return Job(name, lambda: None, lambda: answer)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (2 * GRADIENT, r"other: differs from ours by 1\.0e\+00"),
        (GRADIENT + [0, 0, 1e-6], "other: differs from ours by 2.7e-07"),
        (GRADIENT[:2], "other: expected 3 numbers"),
        (GRADIENT * np.nan, "other: differs from ours by nan"),
    ],
)
def test_a_job_with_another_answer_is_refused_by_name(wrong, words) -> None:
    with pytest.raises(WrongAnswerError, match=words):
        verify([job("ours", GRADIENT), job("same", GRADIENT), job("other", wrong)])


@pytest.mark.parametrize("nothing", [np.zeros(3), np.full(3, np.nan)])
def test_an_answer_of_zeros_or_without_numbers_verifies_nothing(nothing) -> None:
    with pytest.raises(WrongAnswerError, match="nothing to compare with"):
        verify([job("ours", nothing), job("other", nothing)])


def test_the_jobs_of_the_package_agree_with_one_another() -> None:
    few = iris(5)
    problem = Problem(few.net, few.x[:20], few.y[:20])
    verify([peers.our_epoch(problem), peers.our_recorded_epochs(problem)])
    verify([peers.our_gradient(problem), peers.our_check(problem)], tolerance=1e-7)


def test_the_graph_of_neurons_and_the_matrices_take_the_same_steps(monkeypatch) -> None:
    few = iris(5, activations=("relu", "identity"))
    problem = Problem(few.net, few.x[:20], few.y[:20])
    monkeypatch.setattr(peers, "LEARNING_RATE", 0.05)
    matrices = peers.our_epoch(problem).answer()
    monkeypatch.setattr(peers, "LEARNING_RATE", 0.5)
    verify([job("matrices", matrices), peers.our_graph_epoch(problem)])


def test_an_epoch_with_another_learning_rate_is_refused(monkeypatch) -> None:
    right = peers.our_epoch(iris(5)).answer()
    monkeypatch.setattr(peers, "LEARNING_RATE", 0.5001)
    with pytest.raises(WrongAnswerError, match="backprop_lib: differs from right"):
        verify([job("right", right), peers.our_epoch(iris(5))])


def test_every_round_runs_every_job_and_the_order_changes() -> None:
    now, ran = 0.0, []

    def runs(name, seconds):
        def run():
            nonlocal now
            now += seconds
            ran.append(name)

        return Job(name, run, lambda: GRADIENT, calls=2)

    jobs = [runs("slow", 4.0), runs("fast", 1.0)]
    seconds = in_turns(jobs, rounds=20, least=2.0, clock=lambda: now)
    assert seconds == {"slow": [2.0] * 20, "fast": [0.5] * 20}
    turns = [ran[4 + 3 * i] for i in range(20)]  # after two calls of each: slow once and fast twice a round
    assert {"slow", "fast"} == set(turns) and ran[4:].count("fast") == 40


def test_quartiles_and_ratios_are_taken_round_by_round() -> None:
    assert quartiles([4.0, 1.0, 2.0, 5.0, 3.0]) == (2.0, 3.0, 4.0)
    assert paired_ratio([2.0, 40.0, 600.0], [1.0, 10.0, 100.0]) == (3.0, 4.0, 5.0)
    with pytest.raises(ValueError):
        paired_ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    "bound, value, met",
    [
        (Bound(4, 7), 7.0, "aim"),
        (Bound(4, 7), 4.0, "must"),
        (Bound(4, 7), 3.99, "NO"),
        (Bound(12, 9, at_least=False), 9.0, "aim"),
        (Bound(12, 9, at_least=False), 12.0, "must"),
        (Bound(12, 9, at_least=False), 12.01, "NO"),
    ],
)
def test_a_bound_is_met_or_not(bound, value, met) -> None:
    assert bound.met(value) == met
    assert Row("work", "what", "×", bound, (value, value, value)).failed == (met == "NO")


def test_the_table_shows_bounds_verdicts_and_peers_that_are_absent() -> None:
    rows = [
        Row("gradient", "times faster than A", "×", Bound(4, 7), (4.9, 5.0, 5.1)),
        Row("memory", "peak", "MiB", Bound(10, 4, at_least=False), (11.0, 11.0, 11.0)),
        Row("epoch", "times faster than B", "×", Bound(2, 3), absent="ImportError: no B"),
    ]
    lines = table(rows).splitlines()
    assert (
        lines[2] == "| gradient | times faster than A | **5.00 ×** (4.90 × – 5.10 ×) | ≥ 4 × | ≥ 7 × | must |"
    )
    assert lines[3] == "| memory | peak | **11.0 MiB** (11.0 MiB – 11.0 MiB) | ≤ 10 MiB | ≤ 4 MiB | NO |"
    assert lines[4] == "| epoch | times faster than B | absent: ImportError: no B | ≥ 2 × | ≥ 3 × | absent |"
    assert len({line.count("|") for line in lines}) == 1
    assert {line.count("|") for line in table(rows[2:], bounds=False).splitlines()[:2]} == {4}


@pytest.mark.parametrize(
    "value, unit, text",
    [(35.2e-6, "s", "35.2 µs"), (0.0042, "s", "4.20 ms"), (3.5, "s", "3.50 s"), (1234.5, "ms", "1,234 ms")],
)
def test_numbers_are_shown_with_three_digits(value, unit, text) -> None:
    assert shown(value, unit) == text


def test_a_peer_that_cannot_be_imported_is_named_in_the_table(monkeypatch) -> None:
    monkeypatch.setitem(peers.PEERS, "PyTorch", "no_such_module")
    run = bench.Bench(quick=True)
    assert "no_such_module" in run.absent["PyTorch"]
    theirs = {"PyTorch": (peers.torch_gradient, Bound(4, 7)), "JAX": (peers.our_equations, Bound(0, 0))}
    run.absent.pop("JAX", None)
    seconds = run.times_of("gradient", iris(5), [peers.our_gradient], theirs, 1)
    assert list(seconds) == ["backprop_lib", "backprop_lib, the equations"]
    assert [row.what for row in run.rows if row.absent] == ["times faster than PyTorch"]
    assert [row.what for row in run.rows if row.values] == ["times faster than backprop_lib, the equations"]
    assert not any(row.failed for row in run.rows)
    assert table(run.rows).count("absent: ModuleNotFoundError") == 1
    assert "absent: ModuleNotFoundError" in table(run.times, bounds=False)


def test_the_slope_of_growth_is_the_exponent() -> None:
    sizes = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    seconds = 3e-6 * sizes**1.5
    seconds[0] = 1.0  # what small nets cost does not count
    assert growth.slope(sizes, seconds) == pytest.approx(1.5)


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    said = bench.machine()
    assert "cores" in said and "numpy" in said and "Python" in said
    assert platform.node() not in said and "/" not in said


def test_the_page_in_the_repository_has_every_row_and_names_its_picture() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"\{[a-z]+\}", text) and (ROOT / "benchmarks" / "growth.png").exists()
    alt = re.search(r"!\[(.+?)\]\(growth\.png\)", text)
    assert alt and "to the power" in alt[1]
    rows = [line for line in text.splitlines() if re.search(r"\| [≥≤] [\d.]+ ", line)]
    assert len(rows) == 19


def test_every_peer_is_asked_for_and_pinned() -> None:
    pins = (ROOT / "benchmarks" / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in pins.splitlines()}
    extra = {re.split("[>=]", requirement)[0] for requirement in install.requirements()}
    assert extra - {"matplotlib"} <= pinned
    modules = {name.replace("scikit-learn", "sklearn") for name in extra - {"matplotlib"}}
    assert modules == set(peers.PEERS.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    other = [r for name, rs in project["optional-dependencies"].items() if name != "bench" for r in rs]
    assert not {re.split("[>=]", r)[0] for r in other} & (extra - {"matplotlib"})
