"""One thread, no skips, the same examples on every run; holds for tests/, the package and the pages."""

from __future__ import annotations

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what is compared with the stored outputs

import hypothesis
import pytest

SANITIZE = Path(__file__).with_name("tests") / "nbval_sanitize.cfg"
KERNEL_FOLDERS = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
COUNTED = ("bad inputs tried", "faults injected")
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")


def _as_in_make_test(config: pytest.Config) -> None:
    """`pytest --nbval notebooks`, typed by hand, compares what `make test` compares, and needs no home."""
    if config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(SANITIZE)
    if config.option.nbval_kernel_name is None:
        config.option.nbval_current_env = True  # else another Python's kernel of the same name may answer
    config.pluginmanager.import_plugin("stored_pictures")  # what nbval leaves out
    missing = [name for name in KERNEL_FOLDERS if name not in os.environ]
    if missing:  # in the processes of xdist they are there already
        folder = tempfile.TemporaryDirectory(prefix="pages-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ.update({name: os.path.join(folder.name, name) for name in missing})
    import matplotlib.font_manager  # noqa: F401  lists the fonts: a page would warn that this takes long


def pytest_configure(config: pytest.Config) -> None:
    """The pages as `make test` has them; and no test runs with another kernel, number of threads or SIMD
    than the variables EXPECTED_… name.
    """
    if config.getoption("nbval", False):
        _as_in_make_test(config)
    if any(name.startswith("EXPECTED_") for name in os.environ):
        import kernels

        if unmet := list(kernels.unmet(os.environ)):
            raise pytest.UsageError("; ".join(unmet))


def pytest_collection_finish() -> None:
    """The garbage collector looks no more through what is there before the first test."""
    gc.collect()
    gc.freeze()


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
