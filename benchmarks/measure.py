"""Verify, time in turns, and say what came out: quartiles, paired ratios and a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Clock = Callable[[], float]


class WrongAnswerError(Exception):
    """A job that does not compute what it is timed for."""


@dataclass(frozen=True)
class Job:
    """One way to do a piece of work: `run` is timed, `answer` is what it computes, as a flat vector."""

    name: str
    run: Callable[[], Any]
    answer: Callable[[], Any]
    calls: int = 1  # how often `run` does the work


@dataclass(frozen=True)
class Bound:
    """What is asked of a number: `must` or the run fails, `aim` if it can be had; at least or at most."""

    must: float
    aim: float
    at_least: bool = True

    def met(self, value: float) -> str:
        """ "aim", "must" or "NO": the higher of the two marks that the value reaches."""
        sign = 1 if self.at_least else -1
        return (
            "aim" if sign * (value - self.aim) >= 0 else "must" if sign * (value - self.must) >= 0 else "NO"
        )


@dataclass(frozen=True)
class Row:
    """One line of the table: a number with its quartiles, or why there is none."""

    work: str
    what: str
    unit: str
    bound: Bound | None
    values: tuple[float, float, float] | None = None
    absent: str = ""

    @property
    def failed(self) -> bool:
        """Whether a number that was measured misses what it must reach."""
        return bool(self.bound and self.values and self.bound.met(self.values[1]) == "NO")


def verify(jobs: Sequence[Job], tolerance: float = 1e-9) -> None:
    """Refuse, by name, a job whose answer is not that of the first one, by the relative difference."""
    expected = np.asarray(jobs[0].answer(), dtype=float)
    size = float(np.linalg.norm(expected))
    if not (np.isfinite(size) and size > 0):
        raise WrongAnswerError(f"{jobs[0].name}: nothing to compare with: the size of its answer is {size}")
    for job in jobs[1:]:
        got = np.asarray(job.answer(), dtype=float)
        if got.shape != expected.shape:
            raise WrongAnswerError(f"{job.name}: expected {expected.size} numbers, got {got.shape}")
        apart = float(np.linalg.norm(got - expected)) / size
        if not apart <= tolerance:
            raise WrongAnswerError(f"{job.name}: differs from {jobs[0].name} by {apart:.1e} of its size")


def in_turns(
    jobs: Sequence[Job], rounds: int, seed: int = 0, least: float = 0.01, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds for the work, by job, one number a round: every round runs all jobs in a new random order.

    A job is repeated within a round until it has run for about `least` seconds.
    """
    rng = np.random.default_rng(seed)
    repeats = {}
    for job in jobs:
        job.run()
        start = clock()
        job.run()
        repeats[job.name] = max(1, round(least / max(clock() - start, 1e-9)))
    seconds: dict[str, list[float]] = {job.name: [] for job in jobs}
    for _ in range(rounds):
        for i in rng.permutation(len(jobs)):
            job = jobs[i]
            start = clock()
            for _ in range(repeats[job.name]):
                job.run()
            seconds[job.name].append((clock() - start) / repeats[job.name] / job.calls)
    return seconds


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)


def paired_ratio(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Quartiles of the ratios theirs / ours, round by round: what slows a whole round cancels."""
    return quartiles([a / b for a, b in zip(theirs, ours, strict=True)])


def shown(value: float, unit: str) -> str:
    """A number with three digits and its unit, seconds in the unit that suits them."""
    if unit == "s" and value < 1:
        value, unit = (value * 1e3, "ms") if value >= 1e-3 else (value * 1e6, "µs")
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    return f"{value:,.{digits}f} {unit}".strip()


def table(rows: Sequence[Row], bounds: bool = True) -> str:
    """The rows as a Markdown table, with what they must and aim to reach, or without."""
    head = ["work", "measured", "median (quartiles)", *(["must", "aim", "met"] if bounds else [])]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        cells = [row.work, row.what, f"absent: {row.absent}"]
        if row.values:
            low, middle, high = (shown(value, row.unit) for value in row.values)
            cells[2] = f"**{middle}** ({low} – {high})"
        if row.bound:
            sign = "≥" if row.bound.at_least else "≤"
            met = row.bound.met(row.values[1]) if row.values else "absent"
            cells += [f"{sign} {limit:g} {row.unit}" for limit in (row.bound.must, row.bound.aim)] + [met]
        lines.append([cell.replace("|", "\\|") for cell in cells])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
