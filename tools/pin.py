"""Write constraints.txt: the exact versions of all that the extras need, names and versions only.

Run by the oldest supported Python (`make constraints PYTHON=python3.11`): what installs there has
wheels for the newer ones too, while the newest releases may already have left it behind.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADER = """\
# Every version that the extras of pyproject.toml (bench apart) install, for Python 3.11, 3.12 and 3.13.
# Written by `make constraints`; do not edit.
"""


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OLDEST = PROJECT["requires-python"].removeprefix(">=")
HELD = [
    "jsonschema<4.25",  # newer ones compile a grammar at import: a second for every pytest and JupyterLab
    "pytest<9.2",  # in newer ones pytest-xdist 3.8 does not see its groups: each is begun in both processes
]


def resolution() -> list[str]:
    """name==version of every package that pip would install into an empty environment."""
    extras = PROJECT["optional-dependencies"]
    extras = [requirement for name in extras if name != "bench" for requirement in extras[name]]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    report = subprocess.run(
        [*command, "--report", "-", *PROJECT["dependencies"], *extras, *HELD],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    packages = [item["metadata"] for item in json.loads(report)["install"]]
    names = {re.sub(r"[-_.]+", "-", p["name"]).lower(): p["version"].split("+")[0] for p in packages}
    return [f"{name}=={version}" for name, version in sorted(names.items())]


if __name__ == "__main__":
    if not platform.python_version().startswith(f"{OLDEST}."):
        sys.exit(f"Run me with Python {OLDEST}: make constraints PYTHON=python{OLDEST}")
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(resolution()) + "\n", encoding="utf-8")
