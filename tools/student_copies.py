"""Copy the course for students: the pages without solutions, outputs and counts, and all that they need.

    python tools/student_copies.py                        build/student/, solutions stripped
    python tools/student_copies.py --solutions hidden     solutions there, but folded
    python tools/student_copies.py --to FOLDER

The copy is a folder to hand out: `make lab` opens it, and every link on its pages leads to a file in it. The
stubs of the exercises remain, so every page still runs from top to bottom.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
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


def copy_course(target: Path, solutions: str = "stripped") -> list[Path]:
    """Write the students' folder anew; returns its pages."""
    shutil.rmtree(target, ignore_errors=True)
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
    options = parser.parse_args(arguments)
    written = copy_course(options.to, options.solutions)
    print(f"{len(written)} pages, solutions {options.solutions}; hand out the folder {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
