"""Copy the course for students: the pages without solutions, outputs and counts, and all that they need.

    python tools/student_copies.py                        build/student/, solutions stripped
    python tools/student_copies.py --solutions hidden     solutions and answers there, but folded
    python tools/student_copies.py --to FOLDER           FOLDER new or empty, or a copy made before
    python tools/student_copies.py --force               even where something was changed in the copy

Nothing that somebody wrote is deleted: a folder that was not made by this program is refused, and a copy in
which a file was changed or added gives way only if you say so, or with --force. Environments and caches stay,
with all that is in them. The copy is a folder to hand out: `make lab` opens it, and every link on its pages
leads to a file in it. The stubs of the exercises remain, so every page still runs from top to bottom; the
cells that ask for a prediction are sealed, and still know the answer. What was written for teachers alone is
left out.

The pages are an assignment of nbgrader as well: `nbgrader generate_assignment` takes them as they are. Each
exercise is a cell for the answer and a graded cell, `check-…`, that looks at it; so is each prediction,
`guess-…`, which earns its point by being made. The names of the graded cells stay from version to version.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from copy import deepcopy
from fnmatch import fnmatchcase
from pathlib import Path

from execute_pages import Notebook, read, serialized, without_outputs
from nbformat.v4 import new_code_cell

from backprop_lib.course.predictions import sealed

ROOT = Path(__file__).resolve().parents[1]
SOLUTION = "solution"
UNSEALING = """\
# Run this cell to be asked. Its code is sealed, because it holds the answer.
from backprop_lib.course.predictions import opened
"""
# Whatever the reader is to open is an answer, unless it is called so.
ANSWER = re.compile(r"(?is)<details\b[^>]*>\s*<summary\b[^>]*>(?!\s*(?:Hint|On Colab)\b).*?</details>\s*")
# Words that lead to what is no longer there.
POINTER = re.compile(
    r"(?m)^The solutions? (?:is|are) in the next .*\n?|, and a solution in a collapsed cell"
    r"| and open the fold below| Then open this and compare:"
    r"| Questions to a figure are answered in a fold below it\."
    r"| \(?The (?:code of (?:the|such a) )?cell (?:that [^.]*? )?is folded\b.*?unfolds? it\.\)?"
)
NEEDED = (
    "LICENSE",
    "backprop_lib",
    "constraints.txt",
    "datasets",
    "docs/page.png",
    "docs/questions.md",
    "docs/stepper.png",
    "docs/weight_inspector.png",
    "environment.yml",
    "pyproject.toml",
    "tools/execute_pages.py",
    "tools/lab.py",
    "tools/venv.sh",
)
FOR_ALL = ("README.md", "docs/front_ends.md")  # but for the end of each, FOR_CONTRIBUTORS
MARK = ".made-by-student-copies.json"  # {file: hash} of all that was written
# Mostly made by no hand: nobody is asked about these, and they stay.
NO_WORK = ("__pycache__", ".ipynb_checkpoints", ".venv*", "*.egg-info", ".DS_Store", "Thumbs.db")
FOR_CONTRIBUTORS = "\n## Check it\n"  # with all that follows
# What the README has for those who teach with the course or put it on a server, or says of stored outputs.
FOR_TEACHERS = re.compile(
    r"(?m)^<!-- .* -->\n|(?s:^(?:Do you teach\?|\*\*In your own browser).*?\n(?:\n|\Z))"
    r"|(?s:: GitHub and other sites show .*?(?=\.\n\n))"
)
POINTS = 1


def is_solution(cell: Notebook) -> bool:
    return SOLUTION in cell["metadata"].get("tags", [])


def stripped(page: Notebook) -> Notebook:
    """A copy of the page without solutions and answers, and without the words that lead to them."""
    page = deepcopy(page)
    page["cells"] = [cell for cell in page["cells"] if not is_solution(cell)]
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = POINTER.sub("", ANSWER.sub("", cell["source"])).rstrip("\n")
        elif "predict(" in cell["source"]:
            *asks, shows = cell["source"].splitlines(True)  # see `graded`
            cell["source"] = f'{UNSEALING}\nexec(opened("{sealed("".join(asks))}"))\n{shows}'
    return page


def hidden(page: Notebook) -> Notebook:
    """A copy of the page whose solutions JupyterLab shows as three dots, what they print as well."""
    page = deepcopy(page)
    for cell in filter(is_solution, page["cells"]):
        cell["metadata"]["jupyter"] = {"outputs_hidden": True, "source_hidden": True}
    return page


SOLUTIONS = {"stripped": stripped, "hidden": hidden}


def graded(page: Notebook) -> Notebook:
    """A copy of the page in which each exercise and each prediction has a cell that nbgrader grades."""
    page = deepcopy(page)
    exercises = {call for cell in page["cells"] if is_solution(cell) for call in calls(cell["source"])}
    cells: list[Notebook] = []
    questions = 0
    for cell in page["cells"]:
        last = last_call(cell)
        if is_solution(cell) or last is None:
            cells.append(cell)
        elif last.func.id == "check" and set(calls(cell["source"])) & exercises:
            ((name, answer),) = calls(cell["source"])
            cell["source"] = "".join(cell["source"].splitlines(True)[: last.lineno - 1]).rstrip()
            call = f'check("{name}", {answer})'
            cells += [cell, graded_cell("check", f"check-{name}", call)]
        elif last.func.id == "predict":
            questions += 1
            asked, guess = f"question_{questions}", f"guess_{questions}"
            lines = cell["source"].splitlines(True)
            lines[last.lineno - 1] = f"{asked} = {lines[last.lineno - 1]}"
            cell["source"] = "".join(lines).rstrip() + f"\n{asked}"
            name = f"guess-{cell['id']}"
            cell["metadata"]["nbgrader"] = metadata(f"ask-{cell['id']}")
            has_options = len(last.args) > 1 or any(word.arg == "options" for word in last.keywords)
            wanted = "the place of your option: 1, 2, …" if has_options else "your number"
            answer_cell = new_code_cell(f"{guess} = ...  # {wanted}", id=f"{name}-answer")
            call = f"check_guess({asked}.asked, {guess})"
            cells += [cell, answer_cell, graded_cell("check_guess", name, call)]
        else:
            cells.append(cell)
    page["cells"] = cells
    return page


def last_call(cell: Notebook) -> ast.Call | None:
    """The call of a name that a code cell ends with, if it does."""
    if cell["cell_type"] != "code" or not (body := ast.parse(cell["source"]).body):
        return None
    last = body[-1]
    is_call = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    return last.value if is_call and isinstance(last.value.func, ast.Name) else None


def calls(source: str) -> list[tuple[str, str]]:
    """(exercise, expression of its answer) of the checks in a source text; none if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 2:
            first, answer = node.args
            if node.func.id == "check" and isinstance(first, ast.Constant):
                found.append((str(first.value), ast.unparse(answer)))
            elif node.func.id == "check_guess":
                asked = ast.unparse(first)
                found.append((f"guess-{asked.split('.')[0]}", f"{asked}, {ast.unparse(answer)}"))
    return found


def metadata(name: str, points: int = 0) -> Notebook:
    """What nbgrader wants to know of a cell: whether it gives points, and that it is not the student's."""
    fields = {"grade_id": name, "grade": points > 0, "solution": False, "locked": True, "task": False}
    return fields | {"schema_version": 3, "cell_type": "code"} | ({"points": points} if points else {})


def graded_cell(function: str, name: str, call: str) -> Notebook:
    cell = new_code_cell(f"from backprop_lib.course.marks import {function}\n\n{call}", id=name)
    cell["metadata"]["nbgrader"] = metadata(name, points=POINTS)
    return cell


class Refused(Exception):
    """The folder is not to be replaced; the message says what is in the way."""


class WorkDone(Refused):
    """The folder is a copy, and somebody has worked in it."""


def copy_course(target: Path, solutions: str = "stripped", force: bool = False) -> list[Path]:
    """Write the students' folder anew, beside the old one, which gives way at the end; returns its pages.

    Raises Refused if something else is there, WorkDone if it holds work and `force` is not set, or OSError;
    whatever was there is then as it was.
    """
    place = target.resolve()  # a link stays a link
    check_place(place)
    if not force and (work := work_in(place)):
        some = ", ".join(work[:5]) + (f" and {len(work) - 5} more" if len(work) > 5 else "")
        raise WorkDone(f"{target}: changed or added since this copy was made: {some}")
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    new, old = beside / "new", beside / "old"
    try:
        _write(new, solutions)
        keep_no_work(place, new)
        (new / MARK).write_text(json.dumps(fingerprints(new), indent=1), encoding="utf-8", newline="\n")
        swap(new, place, old)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        with suppress(OSError):  # not empty if an old copy is in it that could not be put back
            beside.rmdir()
    return sorted((target / "notebooks").glob("*.ipynb"))


def check_place(place: Path) -> None:
    """Refused unless a copy may stand here: in no place of the project but build/, on nothing of others."""
    if any(same(place, above) for above in (ROOT, *ROOT.parents)):
        raise Refused(f"{place}: the project itself is in this folder")
    around = [folder for folder in (ROOT, ROOT / "build") if any(same(folder, up) for up in place.parents)]
    if around == [ROOT]:
        raise Refused(f"{place}: inside the project, a copy can be in a folder of build/ only")
    empty = not place.exists() or (place.is_dir() and not any(place.iterdir()))
    if not empty and made_here(place) is None:
        raise Refused(f"{place}: expected a new or an empty folder, or one made by this program")


def same(one: Path, other: Path) -> bool:
    """Whether both are one place, under whatever name."""
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def made_here(folder: Path) -> dict[str, str] | None:
    """{file: hash} of a copy when it was made; None for any other folder."""
    try:
        files = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return files if isinstance(files, dict) else None


def fingerprints(folder: Path) -> dict[str, str]:
    """{name of a file below the folder: the hash of its content}, but for the list itself and for caches."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_no_work(name)]
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for path in (Path(place) / name for name in (*files, *links) if not is_no_work(name)):
            found[path.relative_to(folder).as_posix()] = fingerprint(path)
    found.pop(MARK, None)
    return found


def is_no_work(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in NO_WORK)


def keep_no_work(old: Path, new: Path) -> None:
    """Copy environments and caches into the new copy: a name does not say what somebody has put there."""
    for place, folders, files in os.walk(old):
        for path in (Path(place) / name for name in (*folders, *files) if is_no_work(name)):
            to = new / path.relative_to(old)
            to.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir() and not path.is_symlink():
                shutil.copytree(path, to, symlinks=True)
            else:
                shutil.copy2(path, to, follow_symlinks=False)
        folders[:] = [name for name in folders if not is_no_work(name)]


def fingerprint(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # a link to a folder, or to nothing
        return "unreadable"


def work_in(folder: Path) -> list[str]:
    """The files that were changed or added since the copy was made, in order."""
    made = made_here(folder) or {}
    return sorted(name for name, found in fingerprints(folder).items() if made.get(name) != found)


def swap(new: Path, place: Path, old: Path) -> None:
    """Put `new` in its place, and what was there to `old`; all stays if that fails."""
    try:
        if place.exists():
            shutil.copymode(place, new)
            place.rename(old)
        new.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise


def _write(target: Path, solutions: str) -> None:
    (target / "notebooks").mkdir(parents=True)
    for name in NEEDED:
        (target / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns(*NO_WORK))
        else:
            shutil.copy(ROOT / name, target / name)
    for name in FOR_ALL:
        text, mark, _ = (ROOT / name).read_text(encoding="utf-8").partition(FOR_CONTRIBUTORS)
        if not mark:
            raise ValueError(f"{name}: expected a section {FOR_CONTRIBUTORS.strip()!r}")
        (target / name).write_text(FOR_TEACHERS.sub("", text), encoding="utf-8", newline="\n")
    shutil.copy(ROOT / "tools" / "lab.mk", target / "Makefile")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = serialized(without_outputs(SOLUTIONS[solutions](graded(read(path)))))
        (target / "notebooks" / path.name).write_text(text, encoding="utf-8", newline="\n")


def agreed(question: str) -> bool:
    """Whether somebody at a terminal says yes; nobody does where there is none."""
    try:
        return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solutions", choices=SOLUTIONS, default="stripped")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "student", metavar="FOLDER")
    parser.add_argument("--force", action="store_true", help="replace a copy in which somebody has worked")
    options = parser.parse_args(arguments)
    try:
        try:
            written = copy_course(options.to, options.solutions, options.force)
        except WorkDone as work:
            print(work, file=sys.stderr)
            if not agreed("Replace the copy, and lose them?"):
                raise Refused("--force replaces the copy") from None
            written = copy_course(options.to, options.solutions, force=True)
    except (Refused, OSError) as reason:
        print(f"Nothing was written. {reason}.", file=sys.stderr)
        return 1
    print(f"{len(written)} pages, solutions {options.solutions}; hand out the folder {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
