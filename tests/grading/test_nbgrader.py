"""nbgrader takes the students' copy as it is, and gives made-up submissions the marks that they deserve."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import execute_pages
import pytest
import student_copies
from submissions import NAMES, PAGE, SUBMISSIONS

GUIDE = (student_copies.ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
WITH_NBGRADER = GUIDE[GUIDE.index("**With nbgrader**") : GUIDE.index("**Without nbgrader**")]
HAND_OUT, MARK, EXCHANGE, TEACHER, STUDENT = re.findall(r"(?ms)^```\n(.*?)^```$", WITH_NBGRADER)
OTHER = "05_the_gradient"  # what the student hands in as well whose page 4 ends its kernel


def typed(folder: Path, commands: str, fails: tuple[str, ...] = ()) -> str:
    """Type commands of the guide, which fail for these students and for no other; returns what is said."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(["sh", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True)
    failed = re.findall(r"There was an error processing .* for student '(\w+)'", run.stderr)
    assert (run.returncode, failed) == (0, list(fails)), run.stderr[-3000:]
    return run.stderr


def hand_out(folder: Path) -> None:
    """Type what the guide says before it says that pages may be deleted, delete all but two, and go on."""
    student_copies.copy_course(folder / "build" / "student", force=True)
    makes, *copies, goes, generates = HAND_OUT.splitlines(True)
    assert (makes, goes) == ("make student\n", "cd COURSE\n")
    typed(folder, "".join(copies))
    sources = folder / "COURSE" / "source"
    assert sorted(f"{path.name}.ipynb" for path in sources.iterdir()) == sorted(
        path.name for path in (folder / "build" / "student" / "notebooks").iterdir()
    )
    for path in sources.iterdir():
        assert [file.name for file in path.iterdir()] == [f"{path.name}.ipynb"]
        if path.name not in (PAGE, OTHER):
            shutil.rmtree(path)
    typed(folder / "COURSE", generates)


def hand_in(course: Path, who: str, name: str, made: Any) -> None:
    page = made(execute_pages.read(course / "release" / name / f"{name}.ipynb"))
    (course / "submitted" / who / name).mkdir(parents=True)
    text = execute_pages.serialized(page)
    (course / "submitted" / who / name / f"{name}.ipynb").write_text(text, encoding="utf-8")


def guessing(page: Any) -> Any:
    """The page with every guess made, and nothing else."""
    for cell in page["cells"]:
        cell["source"] = re.sub(r"^(guess_\d+) = \.\.\.", r"\1 = 1", cell["source"])
    return page


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader whose two assignments were handed out, handed in, graded and given back."""
    folder = tmp_path_factory.mktemp("course")
    for _ in range(2):
        hand_out(folder)
    course = folder / "COURSE"
    for who, (made, _) in SUBMISSIONS.items():
        hand_in(course, who, PAGE, made)
    hand_in(course, "ends", OTHER, guessing)
    typed(course, MARK, fails=("ends",))
    return course


def book(course: Path, name: str) -> dict[str, dict[str, float]]:
    """{who: {grade_id: mark}} of a page in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as marks:
        return {
            submission.student.id: {g.name: g.score for page in submission.notebooks for g in page.grades}
            for submission in marks.assignment_submissions(name)
        }


@pytest.fixture(scope="module")
def marks(course: Path) -> dict[str, dict[str, float]]:
    """{who: {grade_id: mark}} of page 4."""
    return book(course, PAGE)


@pytest.mark.parametrize("who", SUBMISSIONS)
def test_a_submission_gets_the_marks_that_it_deserves(who: str, marks: Any) -> None:
    assert marks[who] == dict(zip(NAMES, SUBMISSIONS[who][1], strict=True))


def test_what_is_released_is_the_copy_itself(course: Path) -> None:
    released = execute_pages.read(course / "release" / PAGE / f"{PAGE}.ipynb")
    source = execute_pages.read(course / "source" / PAGE / f"{PAGE}.ipynb")
    assert [c["source"] for c in released["cells"]] == [c["source"] for c in source["cells"]]


def test_everybody_is_told_what_is_wrong(course: Path) -> None:
    for who, said in {
        "wrong": "Not yet: line 1, G",
        "empty": "Not attempted yet",
        "right": "Correct: checked",
    }.items():
        (told,) = (course / "feedback" / who / PAGE).glob("*.html")
        assert said in told.read_text(encoding="utf-8")


def test_a_page_that_ends_its_kernel_costs_no_other_page_a_mark_or_its_feedback(course: Path) -> None:
    assert set(book(course, OTHER)) == {"ends"}
    for name, mark in book(course, OTHER)["ends"].items():
        assert mark == name.startswith("guess-"), name
    (told,) = (course / "feedback" / "ends" / OTHER).glob("*.html")
    assert "Not attempted yet" in told.read_text(encoding="utf-8")


def test_typed_again_the_commands_change_nothing_but_try_once_more_what_failed(course: Path) -> None:
    before = {name: book(course, name) for name in (PAGE, OTHER)}
    hand_out(course.parent)
    assert "Skipping existing" in typed(course, MARK, fails=("ends",))
    assert {name: book(course, name) for name in (PAGE, OTHER)} == before


def test_over_the_exchange_pages_go_out_come_in_and_return_with_what_is_said(tmp_path: Path) -> None:
    hand_out(tmp_path)
    course, student, shared = (tmp_path / name for name in ("COURSE", "student", "shared"))
    shutil.rmtree(course / "source" / OTHER)
    student.mkdir()
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    for folder in (course, student):
        text = EXCHANGE.replace("/srv/nbgrader/exchange", str(shared))
        (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
    release, collect, give_back = TEACHER.splitlines()
    fetch, submit, read = STUDENT.replace("PAGE", PAGE).splitlines()
    typed(course, release)
    typed(student, fetch)
    path = student / PAGE / f"{PAGE}.ipynb"
    made, marks = SUBMISSIONS["right"]
    path.write_text(execute_pages.serialized(made(execute_pages.read(path))), encoding="utf-8")
    typed(student, submit)
    typed(course, f"{collect}\n{MARK}{give_back}")
    assert [*book(course, PAGE).values()] == [dict(zip(NAMES, marks, strict=True))]
    typed(student, read)
    (told,) = (student / PAGE / "feedback").rglob("*.html")
    assert "Correct: checked" in told.read_text(encoding="utf-8")
