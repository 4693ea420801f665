"""The package's own tests in the Python of the browser. It takes long, and so it begins first."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from runtime import collect, read_manifest

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "build" / "site" / "lite" / "static" / "pyodide"


def test_the_tests_of_the_package_pass_in_the_python_of_the_browser() -> None:
    wheels = collect(read_manifest(), read_manifest().of("test"))
    command = ["node", "--stack-size=6000", HERE / "pyodide_tests.mjs", RUNTIME, ROOT, *wheels.values()]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    summary = re.search(r"(\d+) passed", result.stdout)
    assert result.returncode == 0 and summary, result.stdout[-6000:] + result.stderr[-2000:]
    assert int(summary[1]) > 1000 and "failed" not in result.stdout
