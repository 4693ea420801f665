"""`make student`: the copies hold no solution, no answer and no output, and they run."""

from __future__ import annotations

import ast
import os
import re
import runpy
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import execute_pages
import pytest
import student_copies
from test_project import make_commands

from backprop_lib.course.exercises import EXERCISES
from backprop_lib.course.orders import ORDERS, OrderTheProof

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
    """The runs of the copies, two at a time."""
    folder = handed_out / "notebooks"
    with ThreadPoolExecutor(2) as pool:
        yield {
            path.name: pool.submit(execute_pages.executed, execute_pages.read(folder / path.name), folder)
            for path in PAGES
        }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of its own, so that a tool that deletes too much deletes nothing of value."""
    root = tmp_path / "home" / "project"
    (root / "notebooks").mkdir(parents=True)
    (root / "tools").mkdir()
    (root / "tools" / "lab.mk").write_text("lab:\n")
    (root / "backprop_lib").mkdir()
    (root / "backprop_lib" / "network.py").write_text("w = 1")
    (root / "README.md").write_text(f"# The course\n{student_copies.FOR_CONTRIBUTORS}Run it.\n")
    page = {"cells": broken_page()["cells"][:1], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks" / "01.ipynb").write_text(execute_pages.serialized(page))
    monkeypatch.setattr(student_copies, "ROOT", root)
    monkeypatch.setattr(student_copies, "NEEDED", ("backprop_lib",))
    monkeypatch.setattr(student_copies, "FOR_ALL", ("README.md",))
    return root


def everything(folder: Path) -> dict[str, Any]:
    """Every file, folder and link below a folder, with what is in it."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(folder.rglob("*"))
    }


def link(path: Path, to: Path) -> Path:
    path.symlink_to(to)
    return path


def with_marks(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or ("marks.csv",):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("Ada 1.0")
    return folder


def copied(folder: Path) -> Path:
    """The folder, as if it had been made by the tool."""
    (folder / student_copies.MARK).write_text("{}")
    return folder


def with_mark(folder: Path, content: bytes) -> Path:
    (with_marks(folder) / student_copies.MARK).write_bytes(content)
    return folder


# Every kind of place that is not to be replaced, made in a project at `root`.
PLACES = {
    "the project": lambda root: root,
    "the folder above": lambda root: root.parent,
    "the folder above that": lambda root: root.parent.parent,
    "the disk": lambda root: Path(root.anchor),
    "the project, by way of": lambda root: root / "notebooks" / "..",
    "a link to the project": lambda root: link(root.parent / "link", root),
    "a link to the folder above": lambda root: link(root.parent.parent / "link", root.parent),
    "a link in the project to the project": lambda root: link(root / "link", root),
    "the folder above, with the mark of a copy": lambda root: copied(root.parent),
    "the project, with the mark of a copy": lambda root: copied(root),
    "the pages": lambda root: root / "notebooks",
    "a new folder in the pages": lambda root: root / "notebooks" / "student",
    "a new folder in the project": lambda root: root / "student",
    "a link to the pages": lambda root: link(root.parent / "link", root / "notebooks"),
    "below a link to the pages": lambda root: link(root.parent / "link", root / "notebooks") / "student",
    "all of build": lambda root: with_marks(root / "build", "site/index.html"),
    "build, empty": lambda root: root / "build",
    "marks": lambda root: with_marks(root.parent / "marks"),
    "marks in build": lambda root: with_marks(root / "build" / "marks"),
    "a hidden file": lambda root: with_marks(root.parent / "marks", ".marks"),
    "an empty folder in it": lambda root: (
        (with_marks(root.parent / "marks", "a/b") / "a" / "b").unlink() or root.parent / "marks"
    ),
    "a mark that is no JSON": lambda root: with_marks(root.parent / "marks", student_copies.MARK, "a"),
    "a mark that is a list": lambda root: with_mark(root.parent / "marks", b"[]"),
    "a mark that is no text": lambda root: with_mark(root.parent / "marks", b"\xff{}"),
    "a mark that is empty": lambda root: with_mark(root.parent / "marks", b""),
    "a mark that is a folder": lambda root: with_marks(root.parent / "marks", f"{student_copies.MARK}/a"),
    "a mark that is a broken link": lambda root: (
        link(with_marks(root.parent / "marks") / student_copies.MARK, root / "none").parent
    ),
    "a link to marks": lambda root: link(root.parent / "link", with_marks(root.parent / "marks")),
    "a file": lambda root: with_marks(root.parent / "marks") / "marks.csv",
    "below a file": lambda root: with_marks(root.parent / "marks") / "marks.csv" / "student",
}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", PLACES)
def test_a_folder_that_is_not_its_own_is_refused_and_stays(
    name: str, force: bool, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, record_property: Any
) -> None:
    place = PLACES[name](project)
    top = project.parents[1]
    before = everything(top)
    monkeypatch.chdir(project)
    for to in {place, Path(os.path.relpath(place, project))}:
        assert student_copies.main(["--to", str(to), *(["--force"] if force else [])]) == 1
        said = capsys.readouterr()
        assert said.out == "" and re.search(
            "^Nothing was written. .*(project|new or an empty folder|Not a directory|File exists)",
            said.err,
        )
        assert everything(top) == before
    record_property("bad inputs tried", 2)


@pytest.mark.parametrize(
    "place",
    [
        lambda root: root / "build" / "student",
        lambda root: root.parent / "student",
        lambda root: with_marks(root.parent / "new" / "empty", "a").parent / "other",
        lambda root: link(root.parent / "link", root.parent / "not yet there"),
        lambda root: (root.parent / "empty").mkdir() or root.parent / "empty",
    ],
)
def test_a_new_folder_an_empty_one_and_its_own_are_taken(place: Any, project: Path) -> None:
    target = place(project)
    was_link = target.is_symlink()
    for number in range(3):
        (project / "backprop_lib" / "network.py").write_text(f"w = {number}")
        assert student_copies.main(["--to", str(target)]) == 0
        assert (target / "backprop_lib" / "network.py").read_text() == f"w = {number}"
        assert (target / "notebooks" / "01.ipynb").exists() and target.is_symlink() == was_link
        assert not [path for path in target.resolve().parent.iterdir() if path.name.startswith(".")]
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((project / "notebooks").stat().st_mode)
    target.chmod(0o750)
    student_copies.copy_course(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


WORK = {
    "a page was changed": (
        lambda copy: (copy / "notebooks" / "01.ipynb").write_text("{}"),
        "notebooks/01.ipynb",
    ),
    "a page was added": (
        lambda copy: (copy / "notebooks" / "mine.ipynb").write_text("{}"),
        "notebooks/mine.ipynb",
    ),
    "a file of the same length": (lambda copy: (copy / "README.md").write_text("# Another\n\n"), "README.md"),
    "a hidden file": (lambda copy: (copy / ".marks").write_text("Ada 1.0"), ".marks"),
    "in a new folder": (lambda copy: with_marks(copy / "marks" / "2026"), "marks/2026/marks.csv"),
    "a link": (lambda copy: link(copy / "data", copy.parent), "data"),
    "a link to nothing": (lambda copy: link(copy / "data", copy / "none"), "data"),
    "a page became a link": (
        lambda copy: (copy / "README.md").unlink() or link(copy / "README.md", copy / "notebooks"),
        "README.md",
    ),
}


@pytest.mark.parametrize("name", WORK)
def test_work_in_a_copy_is_not_overwritten_without_asking(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, record_property: Any
) -> None:
    copy, (work, file) = project / "build" / "student", WORK[name]
    assert student_copies.main([]) == 0
    fresh = everything(copy)
    work(copy)
    worked = everything(copy)
    capsys.readouterr()
    for at_a_terminal, answer in ((False, "y"), (True, ""), (True, "n"), (True, "perhaps")):
        monkeypatch.setattr(
            sys.stdin, "isatty", lambda at_a_terminal=at_a_terminal: at_a_terminal, raising=False
        )
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert student_copies.main([]) == 1
        said = capsys.readouterr().err
        assert (
            f"since this copy was made: {file}\n" in said
            and "Nothing was written" in said
            and "--force" in said
        )
        assert everything(copy) == worked and os.listdir(copy.parent) == ["student"]
    again = [] if name == "a page was changed" else ["--force"]
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert student_copies.main(again) == 0
    assert everything(copy) == fresh and os.listdir(copy.parent) == ["student"]
    record_property("bad inputs tried", 4)


def test_what_is_nobodys_work_does_not_stand_in_the_way(project: Path) -> None:
    copy = project / "build" / "student"
    assert student_copies.main([]) == 0
    for name in (
        "backprop_lib/__pycache__/network.pyc",
        ".venv/bin/python",
        "notebooks/.ipynb_checkpoints/01.ipynb",
    ):
        with_marks(copy, name)
    (copy / "README.md").unlink()
    assert student_copies.main([]) == 0 and (copy / "README.md").exists()


NOTES = (
    ".venv-mine/notes.txt",
    ".venv-notes",
    "x.egg-info/zz",
    ".ipynb_checkpoints/work.ipynb",
    "notebooks/.ipynb_checkpoints/01-checkpoint.ipynb",
    "backprop_lib/__pycache__/notes/mine.txt",
    "backprop_lib/.DS_Store",
)


@pytest.mark.parametrize("arguments", [[], ["--force"]])
def test_what_was_written_into_an_environment_or_a_cache_stays(arguments: list[str], project: Path) -> None:
    copy = project / "build" / "student"
    assert student_copies.main([]) == 0
    with_marks(copy, *NOTES)
    link(copy / ".venv", project)
    link(copy / ".venv-mine" / "python", copy / "none")
    before = everything(copy)
    for _ in range(2):
        assert student_copies.main(arguments) == 0
        assert everything(copy) == before


def test_a_cache_of_the_project_is_not_handed_out(project: Path) -> None:
    with_marks(project / "backprop_lib", *NOTES, "__pycache__/network.pyc", ".DS_Store")
    assert student_copies.main([]) == 0
    copied = everything(project / "build" / "student" / "backprop_lib")
    assert [name for name, content in copied.items() if content is not None] == ["network.py"]


def test_what_cannot_be_kept_leaves_all_as_it_was(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = project / "build" / "student"
    assert student_copies.main([]) == 0
    before = everything(with_marks(copy, *NOTES))

    def fails(*arguments: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(student_copies.shutil, "copy2", fails)
    assert student_copies.main([]) == 1
    assert everything(copy) == before and os.listdir(copy.parent) == ["student"]


@pytest.mark.parametrize(
    "fault", ["serialized", "fingerprints", "rename new", "rename old", "after rename old"]
)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_copy_that_fails_leaves_the_old_one(
    fault: str, error: BaseException, project: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    copy = project / "build" / "student"
    assert student_copies.main([]) == 0
    before, rename = everything(copy), Path.rename
    (project / "backprop_lib" / "network.py").write_text("w = 2")

    def fails(*arguments: Any) -> Any:
        if "rename" in fault and arguments[0].name != ("new" if fault == "rename new" else "student"):
            return rename(*arguments)
        if fault == "after rename old":
            rename(*arguments)
        raise error

    monkeypatch.setattr(*((Path, "rename") if "rename" in fault else (student_copies, fault)), fails)
    monkeypatch.setattr(student_copies, "work_in", lambda folder: [])
    with pytest.raises(type(error)):
        student_copies.copy_course(copy)
    assert everything(copy) == before and os.listdir(copy.parent) == ["student"]
    record_property("faults injected", 1)


def test_an_old_copy_that_cannot_be_put_back_is_not_deleted_either(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, rename = project / "build" / "student", Path.rename
    assert student_copies.main([]) == 0
    before = everything(copy)

    def renames_once(path: Path, to: Path) -> Any:
        if path.name != "student":
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", renames_once)
    with pytest.raises(KeyboardInterrupt):
        student_copies.copy_course(copy)
    (kept,) = copy.parent.glob("*/old")
    assert everything(kept) == before


def test_the_project_is_itself_by_whatever_path_the_program_is_called(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = project / "tools" / "student_copies.py"
    tool.write_bytes(Path(student_copies.__file__).read_bytes())
    through = runpy.run_path(str(link(project.parents[1] / "link", project) / "tools" / "student_copies.py"))
    for place in (project, project.parent, project / "notebooks"):
        with pytest.raises(through["Refused"], match="the project"):
            through["copy_course"](copied(place), force=True)


@pytest.mark.parametrize(
    "name", [".", "..", "notebooks", "backprop_lib/new", "build", "build/..", "tests/../docs"]
)
def test_this_project_and_all_around_it_are_never_a_target(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(student_copies.ROOT)
    for target in (Path(name), student_copies.ROOT / name):
        with pytest.raises(student_copies.Refused, match="inside the project|the project itself"):
            student_copies.check_place(target.resolve())


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_no_answer_is_no(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(question: str) -> str:
        raise error

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", no_answer)
    assert not student_copies.agreed("Replace?")


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
    """The lines that speak of a solution or an answer as if it were on the page, to be opened."""
    lines = [line for cell in copy["cells"] for line in cell["source"].splitlines()]
    leads = r"solution.*\bcells?\b|unfold|cell[^.]* is folded|[Oo]pen (this|the fold)\b|fold below"
    leads += r"|[Ss]olutions? (stands?|is|are) below(?!, collapsed \(unless your teacher took)"
    return [line for line in lines if re.search(leads, line) or set(folds(line)) - set(NO_ANSWERS)]


# All that a reader of the copy can open: hints, and an aside. Any other fold is taken for an answer.
NO_ANSWERS = ("Hint 1", "Hint 2", "On Colab: run these lines in a cell above the next one")


def folds(text: str) -> list[str]:
    """What each fold of a text is called."""
    return [name.strip() for name in re.findall(r"(?is)<summary[^>]*>(.*?)</summary>", text)]


def never_run(copy: dict[str, Any]) -> bool:
    code = [cell for cell in copy["cells"] if cell["cell_type"] == "code"]
    return all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_some_pages_have_solutions() -> None:
    assert len(SOLVED) >= 9


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_copy_has_no_solution_and_no_output(path: Path, handed_out: Path) -> None:
    page = execute_pages.read(path)
    copy = execute_pages.read(handed_out / "notebooks" / path.name)
    assert given_away(page, copy) == []
    assert never_run(copy) and not never_run(page)
    assert promises(copy) == []
    added = [cell["id"] for cell in copy["cells"] if cell["id"].startswith(("guess-", "check-"))]
    assert [cell["id"] for cell in copy["cells"] if cell["id"] not in added] == [
        cell["id"] for cell in page["cells"] if not student_copies.is_solution(cell)
    ], "only solutions are left out"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_copy_runs_from_top_to_bottom_without_its_solutions_and_asks_what_the_page_asks(
    path: Path, runs: dict[str, Future[Any]]
) -> None:
    try:
        run = runs[path.name].result()
    except execute_pages.PageError as error:
        pytest.fail(f"the page does not run without its solutions; does it need a name of theirs?\n{error}")
    assert not never_run(run)
    shown = {cell["id"]: cell["outputs"] for cell in run["cells"] if cell["cell_type"] == "code"}
    for cell in asking(execute_pages.read(path)):
        there, here = (
            PNG.sub("", "".join(line for output in outputs for line in output["data"]["text/html"]))
            for outputs in (cell["outputs"], shown[cell["id"]])
        )
        assert here == there and "Predict" in here


PNG = re.compile(r"(?<=base64,)[^\"]+")  # a pixel may differ from processor to processor


def asking(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells of a page that ask for a prediction."""
    return [cell for cell in page["cells"] if cell["cell_type"] == "code" and "predict(" in cell["source"]]


def sentences(cell: dict[str, Any]) -> set[str]:
    """What a cell tells whoever has committed to a guess: the texts in its code that end as sentences do."""
    texts = [node.value for node in ast.walk(ast.parse(cell["source"])) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and re.search(r"\w{2,}\W.*\.$", text)}


def readable(folder: Path) -> dict[str, str]:
    """{name: text} of every file below a folder that can be read as text, a page as it is seen."""
    texts = {}
    for path in filter(Path.is_file, folder.rglob("*")):
        text = path.read_bytes().decode("utf-8", "ignore")
        if path.suffix == ".ipynb":
            text = "\n".join(cell["source"] for cell in execute_pages.read(path)["cells"])
        texts[path.relative_to(folder).as_posix()] = text
    return texts


def test_no_answer_to_a_prediction_can_be_read_in_a_copy(handed_out: Path) -> None:
    texts = "\n".join(readable(handed_out / "notebooks").values())
    cells = [cell for path in PAGES for cell in asking(execute_pages.read(path))]
    told = {text for cell in cells for text in sentences(cell)}
    assert len(told) >= len(cells) >= 40
    assert sorted(text for text in told if text in texts) == []
    assert re.findall(r"predict\(.*|\b(?:answer|because|evidence) *=.*|def evidence.*", texts) == []


def test_no_order_of_a_proof_can_be_read_in_a_copy(handed_out: Path) -> None:
    rights = [order.right for order in ORDERS.values() if isinstance(order, OrderTheProof)]
    texts = readable(handed_out)
    assert len(rights) == 4 and len(texts) > 100
    found = [(name, letters) for name, text in texts.items() for letters in rights if letters in text]
    assert found == []
    assert [name for name, text in texts.items() if re.search(r"\bDHB[A-I]{5}\b", text)] == []


def test_a_fold_that_is_no_hint_and_no_aside_is_in_no_copy(handed_out: Path) -> None:
    texts = readable(handed_out / "notebooks")
    assert {name for text in texts.values() for name in folds(text)} == set(NO_ANSWERS)
    for text in texts.values():
        assert (
            len(folds(text))
            == len(re.findall("(?i)<details", text))
            == len(re.findall("(?i)</details>", text))
        )


@pytest.mark.parametrize(
    "opening",
    [
        "<details><summary>Answer</summary>",
        "<details><summary>What goes wrong, step by step</summary>",
        "<details open>\n<summary> A Hint would help</summary>",
        "<DETAILS>\n\n<SUMMARY class='x'>After your guess</SUMMARY>",
        "<details><summary>\nHints</summary>",
    ],
)
def test_a_fold_of_a_new_kind_is_taken_for_an_answer(opening: str) -> None:
    cell = {
        "cell_type": "markdown",
        "metadata": {},
        "source": f"{opening}\n\nIt is 42.\n\n</details>\n\n## Next",
    }
    (copied,) = student_copies.stripped({"cells": [cell]})["cells"]
    assert copied["source"] == "## Next"


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


def marks_of(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{grade_id: cell} of what nbgrader grades on a page."""
    return {
        fields["grade_id"]: cell
        for cell in page["cells"]
        if (fields := cell["metadata"].get("nbgrader")) and fields["grade"]
    }


def test_every_exercise_of_the_course_is_graded_once_under_its_own_name(handed_out: Path) -> None:
    copies = [execute_pages.read(path) for path in sorted((handed_out / "notebooks").glob("*.ipynb"))]
    names = [name.removeprefix("check-") for copy in copies for name in marks_of(copy) if name[0] == "c"]
    assert sorted(names) == sorted(EXERCISES)
    assert {"order_2", "order_4", "order_backprop"} <= set(names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_prediction_is_graded_below_the_cell_for_its_guess(path: Path, handed_out: Path) -> None:
    copy = execute_pages.read(handed_out / "notebooks" / path.name)["cells"]
    asked = [n for n, cell in enumerate(copy) if "exec(opened(" in cell["source"]]
    assert len(asked) == len(asking(execute_pages.read(path)))
    for number, place in enumerate(asked, 1):
        ask, guess, graded = copy[place : place + 3]
        assert ask["metadata"]["nbgrader"]["locked"] and not ask["metadata"]["nbgrader"]["grade"]
        assert ask["source"].endswith(f"\nquestion_{number}")
        assert guess["source"].startswith(f"guess_{number} = ...") and "nbgrader" not in guess["metadata"]
        assert graded["metadata"]["nbgrader"]["grade_id"] == f"guess-{ask['id']}"
        assert f"check_guess(question_{number}.asked, guess_{number})" in graded["source"]


def test_the_graded_cells_are_locked_and_nobody_writes_in_them(handed_out: Path) -> None:
    for path in (handed_out / "notebooks").glob("*.ipynb"):
        copy = execute_pages.read(path)
        named = [
            cell["metadata"]["nbgrader"]["grade_id"]
            for cell in copy["cells"]
            if "nbgrader" in cell["metadata"]
        ]
        assert len(set(named)) == len(named) and all(re.fullmatch(r"[\w-]+", name) for name in named)
        for name, cell in marks_of(copy).items():
            fields = cell["metadata"]["nbgrader"]
            assert fields["locked"] and not fields["solution"] and fields["points"] == student_copies.POINTS
            assert re.fullmatch(r"from \S+ import (check\w*)\n\n\1\(.*\)", cell["source"]), name


def test_a_check_of_what_is_no_answer_of_the_reader_gives_no_points(handed_out: Path) -> None:
    (copy,) = (execute_pages.read(path) for path in (handed_out / "notebooks").glob("00*.ipynb"))
    (shown,) = (cell for cell in copy["cells"] if "somebodys_cost_slope" in cell["source"])
    assert "nbgrader" not in shown["metadata"] and "check(" in shown["source"]


def test_make_in_the_copy_names_what_works_there_and_nothing_else(handed_out: Path) -> None:
    said = subprocess.run(["make", "-C", handed_out], capture_output=True, text=True, check=True).stdout
    named = re.findall(r"^  make (\S+)", said, re.MULTILINE)
    assert named == ["help", "lab"]
    text = (handed_out / "Makefile").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^([a-z-]+):", text, re.MULTILINE)) == sorted(named)
    for file in re.findall(r"\btools[./](\w+)", text):
        assert list((handed_out / "tools").glob(f"{file}.*")), file
    assert not re.search(r"(?m)^# .*\n(?!.)", text.partition("\n\n")[2]), (
        "a comment that stands above nothing"
    )
    for path in handed_out.rglob("*.md"):
        assert make_commands(path.read_text(encoding="utf-8")) <= set(named), path
    assert "lab" in make_commands((handed_out / "README.md").read_text(encoding="utf-8"))


def test_nothing_written_for_teachers_is_handed_out(handed_out: Path) -> None:
    assert sorted(path.name for path in (handed_out / "docs").iterdir()) == [
        "front_ends.md",
        "page.png",
        "questions.md",
        "stepper.png",
        "weight_inspector.png",
    ]
    readme = (handed_out / "README.md").read_text(encoding="utf-8")
    assert "teach" not in readme and "solutions" not in readme and "all they" not in readme
    assert not [path for path in handed_out.rglob("*") if re.search("teach|grade|tests", path.name)]
