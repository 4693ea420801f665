"""A page says what is stored wherever its folder lies, in whatever language the computer speaks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import PAGES, ROOT

LONG = Path(*(f"Übungen zu σ und ∂C, Teil {part} von 8, mit Leerzeichen" for part in range(1, 9)))
OURS = re.compile(
    "PYTEST_|EXPECTED_KERNEL|JUPYTER|IPYTHON|MPL|HOME$|USERPROFILE|LC_|LANG|PYTHON(UTF8|IOENCODING)"
)
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.skipif(os.name == "nt", reason="a path of this length, and a C locale")
@pytest.mark.parametrize(
    ("folder", "variables"),
    [(LONG, {}), (Path("."), C_LOCALE), (Path("."), {"HOME": "/nowhere"})],
    ids=["long-path-without-home", "C-locale", "home-that-is-not-there"],
)
def test_a_page_runs_in_odd_surroundings(folder: Path, variables: dict[str, str], tmp_path: Path) -> None:
    (there := tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for name in (
        "pyproject.toml",
        "conftest.py",
        "tests/nbval_sanitize.cfg",
        "tests/stored_pictures.py",
        "datasets/iris.csv",
        f"notebooks/{PAGES[1].name}",
    ):
        (there / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, there / name)
    settings = {name: value for name, value in os.environ.items() if not OURS.match(name)} | variables
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--color=no",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "notebooks",
    ]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", env=settings, cwd=there
    )
    assert done.returncode == 0 and re.search(r"^\d+ passed", done.stdout, re.MULTILINE), (
        done.stdout + done.stderr
    )
