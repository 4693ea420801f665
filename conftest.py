"""One thread, no skips, the same examples on every run; holds for tests/, the package and the pages."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from typing import Any

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what is compared with the stored outputs

import hypothesis
import pytest

COUNTED = ("bad inputs tried", "faults injected")
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")


def pytest_configure() -> None:
    """No test runs with another kernel, number of threads or SIMD than the variables EXPECTED_… name."""
    if any(name.startswith("EXPECTED_") for name in os.environ):
        import kernels

        if unmet := list(kernels.unmet(os.environ)):
            raise pytest.UsageError("; ".join(unmet))


def _refuse_skip(report: Any) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome, report.longrepr = "failed", f"{report.nodeid}: a skip counts as a failure: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many bad inputs and faults the tests that passed have tried: they say so with record_property."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        totals.update({name: n for name, n in report.user_properties if name in COUNTED})
    if totals:
        counts = ", ".join(f"{totals[name]} {name}" for name in COUNTED)
        outcome = "some lost" if terminalreporter.stats.get("failed") else "nothing lost"
        terminalreporter.write_line(f"{counts}: {outcome}")
