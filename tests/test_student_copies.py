"""`make student`: the copies hold no solution and no output, and they run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import execute_pages
import pytest
import student_copies

FOLDER = Path(__file__).parents[1] / "notebooks"
PAGES = sorted(FOLDER.glob("*.ipynb"))
SOLVED = [path for path in PAGES if any(map(student_copies.is_solution, execute_pages.read(path)["cells"]))]


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copies") / "student"
    student_copies.copy_course(target)
    return target


@pytest.fixture(scope="module")
def runs(handed_out: Path) -> Iterator[dict[str, Future[Any]]]:
    """The runs of the copies that differ in their code from the page, two at a time."""
    folder = handed_out / "notebooks"
    with ThreadPoolExecutor(2) as pool:
        yield {
            path.name: pool.submit(execute_pages.executed, execute_pages.read(folder / path.name), folder)
            for path in SOLVED
        }


def lines_of_solutions(page: dict[str, Any]) -> set[str]:
    """The lines that stand in a solution and nowhere else on the page."""
    lines: dict[bool, set[str]] = {True: set(), False: set()}
    for cell in page["cells"]:
        if cell["cell_type"] == "code":
            stripped = {line.strip() for line in cell["source"].splitlines()}
            lines[student_copies.is_solution(cell)] |= stripped
    return lines[True] - lines[False]


def given_away(page: dict[str, Any], copy: dict[str, Any]) -> list[str]:
    """The lines of the page's solutions that the copy still has."""
    left = {line.strip() for cell in copy["cells"] for line in cell["source"].splitlines()}
    return sorted(lines_of_solutions(page) & left)


def promises(copy: dict[str, Any]) -> list[str]:
    """The lines that speak of a solution or an answer as if it were on the page."""
    lines = [line for cell in copy["cells"] for line in cell["source"].splitlines()]
    return [line for line in lines if re.search(r"solution.*\bcells?\b|<summary>(Answer|Solution)", line)]


def never_run(copy: dict[str, Any]) -> bool:
    code = [cell for cell in copy["cells"] if cell["cell_type"] == "code"]
    return all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_marks(folder: Path) -> None:
    folder.mkdir()
    (folder / "marks.csv").write_text("Ada,17\n")


REFUSED = {
    "a folder of somebody's own": with_marks,
    "a file": lambda target: target.write_text("mine"),
    "a link to a folder of somebody's own": lambda target: (
        with_marks(target.with_name("elsewhere")),
        target.symlink_to(target.with_name("elsewhere")),
    ),
}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("made", REFUSED)
def test_what_was_not_made_by_the_program_is_never_replaced(made: str, force: bool, tmp_path: Path) -> None:
    REFUSED[made](tmp_path / "class")
    before = everything(tmp_path)
    with pytest.raises(student_copies.NotOurs, match="expected a new or an empty folder"):
        student_copies.copy_course(tmp_path / "class", force=force)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", [".", "..", "notebooks", "backprop_lib/new", "build/..", "tests/../docs"])
def test_the_project_and_all_around_it_are_never_a_target(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(student_copies.ROOT)
    for target in (Path(name), student_copies.ROOT / name):
        with pytest.raises(student_copies.NotOurs, match="inside the project|the project itself"):
            student_copies.check_target(target, force=True)


def test_a_link_to_the_project_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(student_copies.ROOT)
    with pytest.raises(student_copies.NotOurs, match="the project itself"):
        student_copies.check_target(tmp_path / "link", force=True)


def test_a_copy_is_made_again_but_not_over_work_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "class"
    target.mkdir()
    student_copies.copy_course(target)
    (target / "backprop_lib" / "__pycache__").mkdir()
    (target / "backprop_lib" / "__pycache__" / "costs.pyc").write_bytes(b"")
    student_copies.copy_course(target, "hidden")
    page = target / "notebooks" / PAGES[3].name
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (target / "marks.csv").write_text("Ada,17\n")
    before = everything(target)
    assert student_copies.main(["--to", str(target)]) == 1
    said = capsys.readouterr().err
    assert "Nothing was written" in said and "marks.csv" in said and page.name in said and "--force" in said
    assert everything(target) == before
    assert student_copies.main(["--to", str(target), "--force"]) == 0
    assert not (target / "marks.csv").exists() and sorted(p.name for p in tmp_path.iterdir()) == ["class"]


def test_a_copy_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student_copies.copy_course(tmp_path / "class")
    before = everything(tmp_path)
    monkeypatch.setattr(student_copies, "NEEDED", (*student_copies.NEEDED, "no such file"))
    with pytest.raises(FileNotFoundError):
        student_copies.copy_course(tmp_path / "class")
    assert everything(tmp_path) == before


def test_some_pages_have_solutions() -> None:
    assert len(SOLVED) >= 9


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_copy_has_no_solution_and_no_output(path: Path, handed_out: Path) -> None:
    page = execute_pages.read(path)
    copy = execute_pages.read(handed_out / "notebooks" / path.name)
    assert given_away(page, copy) == []
    assert never_run(copy) and not never_run(page)
    assert promises(copy) == []
    solutions = sum(map(student_copies.is_solution, page["cells"]))
    assert len(copy["cells"]) == len(page["cells"]) - solutions, "only solutions are left out"


# The others have the code of the page, which `make test` runs.
@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem)
def test_a_copy_runs_from_top_to_bottom_without_its_solutions(
    path: Path, runs: dict[str, Future[Any]]
) -> None:
    try:
        assert not never_run(runs[path.name].result())
    except execute_pages.PageError as error:
        pytest.fail(f"the page does not run without its solutions; does it need a name of theirs?\n{error}")


def broken_page() -> dict[str, Any]:
    """A page whose last cell uses what only the solution defines."""
    solution = {"source": "answer = 42", "metadata": {"tags": ["solution"]}}
    cells = [{"source": "...", "metadata": {}}, solution, {"source": "print(answer)", "metadata": {}}]
    for number, cell in enumerate(cells):
        cell |= {"cell_type": "code", "outputs": [], "execution_count": number + 1, "id": f"cell-{number}"}
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_a_page_that_needs_its_solution_is_found(tmp_path: Path) -> None:
    copy = student_copies.without_outputs(student_copies.stripped(broken_page()))
    with pytest.raises(execute_pages.PageError, match=r"(?s)cell-2.*NameError.*'answer'"):
        execute_pages.executed(copy, tmp_path)


def test_a_solution_that_is_left_is_found() -> None:
    page = broken_page()
    assert given_away(page, student_copies.hidden(page)) == ["answer = 42"]
    assert given_away(page, student_copies.stripped(page)) == []


def test_an_answer_in_words_is_stripped_but_a_hint_stays() -> None:
    hint = "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n\n"
    answer = "<details><summary>Answer</summary>\n\nIt is 42.\n\n</details>\n\n"
    cell = {"cell_type": "markdown", "metadata": {}, "source": f"{hint}{answer}## Next"}
    (copied,) = student_copies.stripped({"cells": [cell]})["cells"]
    assert copied["source"] == f"{hint}## Next"


def test_a_sentence_that_leads_to_the_solution_is_stripped() -> None:
    sentence = "The solution is in the next cell, folded."
    cell = {"cell_type": "markdown", "metadata": {}, "source": f"Try.\n\n{sentence}"}
    assert promises({"cells": [cell]}) == [sentence]
    (copied,) = student_copies.stripped({"cells": [cell]})["cells"]
    assert copied["source"] == "Try."


def test_hidden_solutions_are_all_there_and_folded() -> None:
    for path in SOLVED:
        page = execute_pages.read(path)
        copy = student_copies.without_outputs(student_copies.hidden(page))
        folded = [cell for cell in copy["cells"] if cell["metadata"].get("jupyter", {}).get("outputs_hidden")]
        assert [cell["id"] for cell in folded] == [
            cell["id"] for cell in page["cells"] if student_copies.is_solution(cell)
        ]
        assert all(cell["metadata"]["jupyter"]["source_hidden"] for cell in folded) and never_run(copy)


def test_the_copy_has_what_make_lab_needs(handed_out: Path) -> None:
    readme = (handed_out / "README.md").read_text(encoding="utf-8")
    assert "make lab" in readme and "make test" not in readme
    for name in ("Makefile", "tools/venv.sh", "pyproject.toml", "constraints.txt", "datasets/iris.csv"):
        assert (handed_out / name).read_bytes()
    command = ["make", "-n", "-C", handed_out, "lab", "LAB_FLAGS=--allow-root"]
    recipe = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    modules = re.findall(r"=(tools\.\w+)\.\w+", recipe)
    for module in modules:
        subprocess.run([sys.executable, "-B", "-c", f"import {module}"], cwd=handed_out, check=True)
    assert len(modules) == 2
    assert not list(handed_out.rglob("__pycache__")) and not (handed_out / "tests").exists()
