"""Copy the course for students: the pages without solutions, outputs and counts, and all that they need.

    python tools/student_copies.py                        build/student/, solutions stripped
    python tools/student_copies.py --solutions hidden     solutions there, but folded
    python tools/student_copies.py --to FOLDER           FOLDER new or empty, or a copy made before
    python tools/student_copies.py --force               even where something was changed in the copy

Nothing that somebody wrote is deleted: a folder that was not made by this program is refused, and a copy in
which a file was changed or added only gives way with --force. The copy is a folder to hand out: `make lab`
opens it, and every link on its pages leads to a file in it. The stubs of the exercises remain, so every page
still runs from top to bottom.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from execute_pages import Notebook, normalized, read, serialized

ROOT = Path(__file__).parents[1]
SOLUTION = "solution"
# An answer in words: a block of the reader's to open that is called so.
ANSWER = re.compile(r"<details>\s*<summary>\s*(?:Answer|Solution)\b.*?</details>\s*", re.DOTALL)
# Words that lead to what is no longer there.
POINTER = re.compile(r"(?m)^The solutions? (?:is|are) in the next .*\n?|, and a solution in a collapsed cell")
NEEDED = (
    "LICENSE",
    "Makefile",
    "backprop_lib",
    "benchmarks/site.md",
    "constraints.txt",
    "datasets",
    "docs",
    "environment.yml",
    "pyproject.toml",
    "tools/execute_pages.py",
    "tools/lab_save.py",
    "tools/lab_websocket.py",
    "tools/venv.sh",
)
MARK = ".made-by-student-copies.json"  # {file: hash} of all that was written
IGNORED = re.compile(r"/(?:__pycache__|\.ipynb_checkpoints|\.venv[^/]*|[^/]+\.egg-info)/")
FOR_CONTRIBUTORS = "\n## Check it\n"


def is_solution(cell: Notebook) -> bool:
    return SOLUTION in cell["metadata"].get("tags", [])


def stripped(page: Notebook) -> Notebook:
    """A copy of the page without solutions and answers, and without the words that lead to them."""
    page = deepcopy(page)
    page["cells"] = [cell for cell in page["cells"] if not is_solution(cell)]
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = POINTER.sub("", ANSWER.sub("", cell["source"])).rstrip("\n")
    return page


def hidden(page: Notebook) -> Notebook:
    """A copy of the page whose solutions JupyterLab shows as three dots, what they print as well."""
    page = deepcopy(page)
    for cell in filter(is_solution, page["cells"]):
        cell["metadata"]["jupyter"] = {"outputs_hidden": True, "source_hidden": True}
    return page


SOLUTIONS = {"stripped": stripped, "hidden": hidden}


def without_outputs(page: Notebook) -> Notebook:
    """A copy of the page as if it had never been run."""
    page = normalized(page)
    for cell in page["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return page


class NotOurs(Exception):
    """A folder that must not be replaced; the message says what is in the way."""


def fingerprints(folder: Path) -> dict[str, str]:
    """{name of a file below the folder: the hash of its content}, but for the list itself and for caches."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    made = {name: path for name, path in names.items() if not IGNORED.search(f"/{name}") and name != MARK}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in made.items()}


def check_target(target: Path, force: bool) -> None:
    """NotOurs unless the folder is new or empty, or a copy that nobody has worked in."""
    place = target.resolve()
    if ROOT.is_relative_to(place):
        raise NotOurs(f"{target}: the project itself is in this folder")
    if place.is_relative_to(ROOT) and not place.is_relative_to(ROOT / "build"):
        raise NotOurs(f"{target}: inside the project, a copy can be in build/ only")
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    if not place.is_dir() or not (place / MARK).is_file():
        raise NotOurs(f"{target}: expected a new or an empty folder, or one made by this program")
    made, found = json.loads((place / MARK).read_text(encoding="utf-8")), fingerprints(place)
    work = sorted(name for name in found if made.get(name) != found[name])
    if work and not force:
        listed = ", ".join(work[:5]) + (f" and {len(work) - 5} more" if len(work) > 5 else "")
        raise NotOurs(f"{target}: changed or added since it was made: {listed}; --force replaces them")


def copy_course(target: Path, solutions: str = "stripped", force: bool = False) -> list[Path]:
    """Write the students' folder anew, beside the old one, which gives way at the end; returns its pages."""
    check_target(target, force)
    place = target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as folder:
        new, old = Path(folder) / "new", Path(folder) / "old"
        names = [page.name for page in _write(new, solutions)]
        (new / MARK).write_text(json.dumps(fingerprints(new), indent=1), encoding="utf-8", newline="\n")
        if place.exists():
            place.rename(old)
        try:
            new.rename(place)
        except BaseException:
            if old.exists():
                old.rename(place)
            raise
    return [target / "notebooks" / name for name in names]


def _write(target: Path, solutions: str) -> list[Path]:
    (target / "notebooks").mkdir(parents=True)
    for name in NEEDED:
        (target / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)
    readme, mark, _ = (ROOT / "README.md").read_text(encoding="utf-8").partition(FOR_CONTRIBUTORS)
    if not mark:
        raise ValueError(f"README.md: expected a section {FOR_CONTRIBUTORS.strip()!r}")
    (target / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    written = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        written.append(target / "notebooks" / path.name)
        text = serialized(without_outputs(SOLUTIONS[solutions](read(path))))
        written[-1].write_text(text, encoding="utf-8", newline="\n")
    return written


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solutions", choices=SOLUTIONS, default="stripped")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "student")
    parser.add_argument("--force", action="store_true", help="replace a copy in which somebody has worked")
    options = parser.parse_args(arguments)
    try:
        written = copy_course(options.to, options.solutions, options.force)
    except NotOurs as reason:
        print(f"Nothing was written. {reason}.", file=sys.stderr)
        return 1
    print(f"{len(written)} pages, solutions {options.solutions}; hand out the folder {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
