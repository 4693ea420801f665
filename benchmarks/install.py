"""Make the environment of `make bench`: the package, matplotlib, and each peer that can be installed.

    python benchmarks/install.py FOLDER

The peers are the extra "bench" of pyproject.toml. They are installed one by one: one that this Python or this
system cannot have is named, and left out of the table, and does not stand in the way of the others.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def requirements() -> list[str]:
    """The peers, as pyproject.toml asks for them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"]["bench"])


def main(folder: Path) -> int:
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--progress-bar", "off"]
    pins = ["-c", ROOT / "constraints.txt", "-c", ROOT / "benchmarks" / "constraints.txt"]
    subprocess.run([*pip, *pins, "-e", ROOT], check=True)
    for requirement in requirements():
        if subprocess.run([*pip, *pins, requirement]).returncode:
            print(f"{requirement} could not be installed and will be absent", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
