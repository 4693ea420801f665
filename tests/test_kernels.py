"""What is claimed is tested under more than one kernel of OpenBLAS, and under the one that was asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import execute_pages
import kernels
import matrix
import pytest

ROOT = Path(__file__).parents[1]
RUNNABLE = kernels.runnable()
PRODUCT = "import numpy as np; a = np.sin(np.arange(9100.0)).reshape(70, 130); print((a @ a.T)[0].tolist())"


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, *arguments], env=env, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("kernel", RUNNABLE)
def test_a_kernel_that_was_asked_for_is_in_use(kernel: str) -> None:
    asked = kernels.asked_for(kernel)
    code = "import os, kernels; assert not [*kernels.unmet(os.environ)]; print(kernels.in_use())"
    done = python("-c", code, PYTHONPATH="tools", **asked)
    assert (done.stdout.strip(), done.returncode) == (kernel, 0), done.stderr


def test_the_two_kernels_of_make_test_kernels_round_a_product_differently() -> None:
    if not RUNNABLE:  # numpy with another library, or on another family of processors
        with pytest.raises(kernels.KernelError, match="expected"):
            kernels.pair()
        return
    older, newer = (python("-c", PRODUCT, OPENBLAS_CORETYPE=kernel).stdout for kernel in kernels.pair())
    assert older and newer and older != newer


def test_a_kernel_that_is_not_there_stops_make_test_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernels.obtained("Pentium") != "Pentium"
    monkeypatch.setattr(kernels, "PAIRS", {kernels.family(): ("Pentium", "Haswell")})
    with pytest.raises(kernels.KernelError, match="Pentium: expected that this processor"):
        kernels.pair()
    assert kernels.main(["true"]) == 1


def test_a_command_that_fails_under_one_kernel_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "pair", lambda: ("Nehalem", "Haswell"))
    only = "import os, sys; sys.exit(os.environ['OPENBLAS_CORETYPE'] == {!r})"
    for kernel in ("Nehalem", "Haswell"):
        assert kernels.main([sys.executable, "-c", only.format(kernel)]) == 1
        assert kernels.main(["--older", sys.executable, "-c", only.format(kernel)]) == (kernel == "Nehalem")
        assert kernels.main(["--newer", sys.executable, "-c", only.format(kernel)]) == (kernel == "Haswell")
    assert kernels.main([sys.executable, "-c", only.format("Prescott")]) == 0


def test_pytest_runs_no_test_with_another_kernel_than_the_one_expected() -> None:
    pytest_on_a_file = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_laws.py")
    done = python(*pytest_on_a_file, EXPECTED_KERNEL="Pentium")
    assert done.returncode == 4 and "expected OpenBLAS's kernel Pentium, numpy takes" in done.stderr


def test_what_is_not_as_expected_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "simd_features", lambda: ["AVX2"])
    monkeypatch.setattr(kernels, "blas", lambda: {"architecture": "Katmai", "num_threads": 1})
    right = {"EXPECTED_KERNEL": "Prescott", "EXPECTED_THREADS": "1", "EXPECTED_SIMD": ""}
    wrong = {"EXPECTED_KERNEL": "Nehalem", "EXPECTED_THREADS": "2", "EXPECTED_SIMD": "off"}
    assert list(kernels.unmet(right)) == list(kernels.unmet({})) == []
    for name, value in wrong.items():
        (said,) = kernels.unmet({**right, name: value})
        assert said.startswith(f"{name}: expected")


def test_numpys_simd_is_off_where_that_was_asked_for() -> None:
    code = "import os, kernels; print(*kernels.unmet(os.environ), *kernels.simd_features())"
    done = python("-c", code, PYTHONPATH="tools", **kernels.without_simd())
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stdout + done.stderr


def test_the_kernel_of_a_page_takes_the_kernel_of_openblas_that_the_tests_take(tmp_path: Path) -> None:
    source = f"import sys; sys.path[:0] = [{str(ROOT / 'tools')!r}]\nimport kernels\nprint(kernels.in_use())"
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    page = {"cells": [cell | {"id": "one"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (run,) = execute_pages.executed(page, tmp_path)["cells"]
    assert execute_pages.joined(run["outputs"][0]["text"]).strip() == kernels.in_use()


def test_the_matrix_has_every_kernel_and_ci_runs_two() -> None:
    names = [run.name for run in matrix.RUNS]
    assert [f"processor-{kernel}" for kernel in RUNNABLE] == [n for n in names if n.startswith("processor-")]
    assert {"without-simd", "two-threads"} <= set(names)
    assert all("TESTS" not in word for run in matrix.RUNS for word in run.make), "a run leaves tests out"
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "kernels.py --newer make test </dev/null" in ci and "make test-kernels KERNELS=--older" in ci


def test_what_runs_under_two_kernels_leaves_out_only_tests_that_there_are() -> None:
    """A new file of tests runs under both, unless it is named."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    left_out = re.search(r"^NO_ARITHMETIC = (.+)$", makefile, re.MULTILINE)[1].split()
    assert left_out == sorted(left_out)
    assert {f"test_{name}.py" for name in left_out} <= {path.name for path in (ROOT / "tests").iterdir()}
    assert not {"agreement", "mathematics", "gradient_check", "figures", "figure_states"} & set(left_out)
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    marked = re.findall(r"^@pytest\.mark\.any_kernel\n(?:[@ )].*\n)*def (\w+)", tests, re.MULTILINE)
    assert len(marked) == tests.count("\n@pytest.mark.any_kernel\n") > 5
    assert not [name for name in marked if name.endswith("computed_anew")], "what is computed is left out"


def test_a_copy_of_the_checkout_has_what_git_would_take_and_needs_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    (root / "build").mkdir(parents=True)
    for name in (".gitignore", "kept.py", "build/left.py"):
        (root / name).write_text("build/\n", encoding="utf-8")
    monkeypatch.setattr(matrix, "ROOT", root)
    matrix.copy_checkout(copy)
    assert sorted(path.name for path in copy.rglob("*")) == [".gitignore", "kept.py"]
