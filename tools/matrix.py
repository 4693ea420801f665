"""Run `make test` wherever it must pass: each Python, oldest and newest dependencies, each kernel.

    make test-matrix                    all of it (an hour, needs root for the mounts)
    make test-matrix MATRIX="oldest"    the runs named

Each run works on a fresh copy of the checkout with an environment of its own, in a temporary folder that is
deleted afterwards. The output of a run that fails is printed in full.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import kernels

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
UNTYPED = ("test", "LINT=")  # the types of numpy and matplotlib change from version to version
TWO_THREADS = (*UNTYPED, "OPENBLAS_NUM_THREADS=2", "OMP_NUM_THREADS=2")


class MatrixError(Exception):
    """A run that cannot be made here; the message says what is missing."""


@dataclass(frozen=True)
class Run:
    """One place: a Python, its dependencies (pinned, oldest, newest), and what is odd about it."""

    name: str
    python: str
    dependencies: str = "pinned"
    make: tuple[str, ...] = ("test",)
    folder: str = "checkout"
    environment: dict[str, str] = field(default_factory=dict)
    sealed: bool = False  # the checkout read-only, and no network


RUNS = (
    Run("pinned-3.11", "3.11", environment={"LC_ALL": "C"}),
    Run(
        "elsewhere-3.12",
        "3.12",
        folder="Ünïts and σ",
        environment={"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "random"},
    ),
    Run("sealed-3.13", "3.13", sealed=True),
    Run("oldest", "3.11", "oldest", UNTYPED),
    Run("newest", "3.13", "newest", UNTYPED),
    Run("two-threads", "3.12", make=TWO_THREADS, environment={"EXPECTED_THREADS": "2"}),
    Run("without-simd", "3.12", make=UNTYPED, environment=kernels.without_simd()),
    *(
        Run(f"processor-{name}", "3.12", make=UNTYPED, environment=kernels.asked_for(name))
        for name in kernels.runnable()
    ),
)


def interpreter(version: str) -> str:
    """The path of a Python of this version: on the PATH, or kept by pyenv or uv."""
    home = Path.home()
    places = [
        *(Path(folder) / f"python{version}" for folder in os.environ["PATH"].split(os.pathsep)),
        *Path(os.environ.get("PYENV_ROOT", home / ".pyenv")).glob(f"versions/{version}.*/bin/python"),
        *home.glob(f".local/share/uv/python/cpython-{version}.*/bin/python"),
    ]
    for place in places:
        ask = [place, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        try:
            if subprocess.run(ask, capture_output=True, text=True).stdout.strip() == version:
                return str(place)
        except OSError:
            continue
    raise MatrixError(f"Python {version} with venv was found neither on the PATH nor in pyenv or uv")


def constraints(dependencies: str) -> str:
    """The text of the constraints file of a run: the pins, the lower bounds, or nothing."""
    if dependencies == "pinned":
        return (ROOT / "constraints.txt").read_text(encoding="utf-8")
    extras = PROJECT["optional-dependencies"]
    required = [*PROJECT["dependencies"], *extras["notebooks"], *extras["test"]]
    return "".join(f"{r.replace('>=', '==')}\n" for r in required if dependencies == "oldest")


def copy_checkout(to: Path) -> None:
    """The files that git would take, and no others; an unpacked sdist need not be a repository."""
    with tempfile.TemporaryDirectory() as empty:
        subprocess.run(["git", "init", "--quiet", "--bare", empty], check=True)
        command = ["git", f"--git-dir={empty}", f"--work-tree={ROOT}", "ls-files", "-z", "--others"]
        listed = subprocess.run([*command, "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


# In a namespace of its own: the checkout is mounted read-only, and the network ends at this machine.
SEAL = """
import fcntl, os, socket, struct, subprocess, sys
folder = sys.argv[1]
subprocess.run(["mount", "--bind", folder, folder], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
with socket.socket() as any_socket:  # SIOCSIFFLAGS: lo is up and running
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
try:
    open(os.path.join(folder, "written"), "w")
    sys.exit("the checkout is not read-only")
except OSError:
    pass
try:
    socket.create_connection(("192.0.2.1", 80), 2)
    sys.exit("the network is still there")
except OSError:
    pass
os.chdir(folder)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def command_lines(run: Run, checkout: Path, venv: Path, python: str) -> Iterator[list[str]]:
    make = ["make", f"VENV={venv}", f"PYTHON={python}", *run.make]
    if not run.sealed:
        yield make
        return
    if not shutil.which("unshare"):
        raise MatrixError("unshare (of util-linux) is not installed here: it takes the network away")
    namespace = ["unshare", "--mount", "--net", *([] if os.getuid() == 0 else ["--map-root-user"])]
    yield ["sh", "tools/venv.sh", "notebooks,test", "-c", ""]  # installs, while there is a network
    yield [*namespace, sys.executable, "-c", SEAL, str(checkout), *make]


def outcome(run: Run) -> str:
    """Make one run; the last line of its output. MatrixError, with all of the output, if it fails."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        checkout = Path(folder) / run.folder
        copy_checkout(checkout)
        venv = Path(folder) / "environment" if run.sealed else checkout / ".venv"
        pins = Path(folder) / f"{run.dependencies}.txt"
        pins.write_text(constraints(run.dependencies), encoding="utf-8")
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        python = interpreter(run.python)
        environment |= {"VENV": str(venv), "PYTHON": python, "CONSTRAINTS": str(pins)}
        environment |= run.environment
        for command in command_lines(run, checkout, venv, python):
            done = subprocess.run(
                command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            said = done.stdout.decode(errors="replace")
            if done.returncode:
                raise MatrixError(f"{said}\n{' '.join(run.make)} failed")
    return re.sub(r"^=+ | =+$", "", said.strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="RUN", help=", ".join(run.name for run in RUNS))
    names = parser.parse_args().names
    if unknown := set(names) - {run.name for run in RUNS}:
        parser.error(f"no run is named {', '.join(sorted(unknown))}")
    failed = 0
    for run in RUNS:
        if names and run.name not in names:
            continue
        start = time.monotonic()
        try:
            said = outcome(run)
        except MatrixError as error:
            failed += 1
            print(f"{error}\n{run.name}: FAILED", flush=True)
        else:
            print(f"{run.name}: passed in {time.monotonic() - start:.0f} s: {said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
