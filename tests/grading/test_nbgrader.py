"""nbgrader takes the students' copy as it is, and gives made-up submissions the marks that they deserve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import execute_pages
import pytest
import student_copies
from submissions import NAMES, PAGE, SUBMISSIONS


def nbgrader(folder: Path, *arguments: str, fails: tuple[str, ...] = ()) -> None:
    """Run a command of nbgrader, which fails for these students and for no other."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    failed = re.findall(r"There was an error processing .* for student '(\w+)'", run.stderr)
    assert (run.returncode, failed) == (int(bool(fails)), list(fails)), run.stderr[-3000:]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader whose one assignment was handed out, handed in, graded and given back."""
    folder = tmp_path_factory.mktemp("course")
    student_copies.copy_course(folder / "student")
    (folder / "source" / "ps").mkdir(parents=True)
    (folder / "student" / "notebooks" / f"{PAGE}.ipynb").rename(folder / "source" / "ps" / f"{PAGE}.ipynb")
    nbgrader(folder, "generate_assignment", "ps")
    for who, (made, _) in SUBMISSIONS.items():
        page = made(execute_pages.read(folder / "release" / "ps" / f"{PAGE}.ipynb"))
        (folder / "submitted" / who / "ps").mkdir(parents=True)
        text = execute_pages.serialized(page)
        (folder / "submitted" / who / "ps" / f"{PAGE}.ipynb").write_text(text, encoding="utf-8")
    nbgrader(folder, "autograde", "ps", "--Execute.timeout=60", fails=("ends",))
    nbgrader(folder, "generate_feedback", "ps")
    return folder


@pytest.fixture(scope="module")
def marks(course: Path) -> dict[str, dict[str, float]]:
    """{who: {grade_id: mark}} of the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            submission.student.id: {g.name: g.score for page in submission.notebooks for g in page.grades}
            for submission in book.assignment_submissions("ps")
        }


@pytest.mark.parametrize("who", SUBMISSIONS)
def test_a_submission_gets_the_marks_that_it_deserves(who: str, marks: Any) -> None:
    assert marks[who] == dict(zip(NAMES, SUBMISSIONS[who][1], strict=True))


def test_what_is_released_is_the_copy_itself(course: Path) -> None:
    released = execute_pages.read(course / "release" / "ps" / f"{PAGE}.ipynb")
    source = execute_pages.read(course / "source" / "ps" / f"{PAGE}.ipynb")
    assert [c["source"] for c in released["cells"]] == [c["source"] for c in source["cells"]]


def test_everybody_is_told_what_is_wrong(course: Path) -> None:
    for who, said in {
        "wrong": "Not yet: line 1, G",
        "empty": "Not attempted yet",
        "right": "Correct: checked",
    }.items():
        (told,) = (course / "feedback" / who / "ps").glob("*.html")
        assert said in told.read_text(encoding="utf-8")
