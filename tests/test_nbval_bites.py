"""The regression test of the pages bites: what a page says cannot change without a red test."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import execute_pages
import pytest

ROOT = Path(__file__).parents[1]
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"

CELLS = [
    "print('the cost is', 0.987)",
    'from IPython.display import HTML\nHTML(\'<b>12.5</b><img alt="red" src="data:image/png;base64,AAAA">\')',
    "import ipywidgets, matplotlib\n"
    "class Scene(ipywidgets.VBox):\n"
    "    def _repr_mimebundle_(self, **options):\n"
    "        data = super()._repr_mimebundle_(**options)\n"
    "        still = {'image/png': 'AAAA', 'text/plain': 'cost 0.25'}\n"
    "        return data | still, {'image/png': {'alt': 'cost 0.25'}}",
    "Scene([ipywidgets.FloatSlider()])",
    "raise ValueError('sizes: expected 3, got 4')",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("é folder") / "small page.ipynb"
    cells = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for source in CELLS
    ]
    cells[-1]["metadata"] = {"tags": ["raises-exception"]}
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(book), encoding="utf-8")
    assert execute_pages.update(path, write=True)
    return path


def nbval(folder: Path, *pages: Path) -> tuple[int, str]:
    """Exit status and report of a strict nbval run over pages in a folder."""
    command = f"-m pytest -q --color=no -p no:cacheprovider -c {os.devnull} --nbval --nbval-current-env"
    settings = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, *command.split(), "--rootdir", folder, "--nbval-sanitize-with", SANITIZE]
        + ["--nbval-cell-timeout", "60", "--tb=no", *pages],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=settings,
        cwd=folder,
    )
    return result.returncode, result.stdout + result.stderr


def changed(page: Path, folder: Path, old: str, new: str) -> Path:
    text = page.read_text(encoding="utf-8")
    head, mark, stored = text.partition('"outputs": [\n')
    assert old in stored
    copy = folder / page.name
    copy.write_text(head + mark + stored.replace(old, new, 1), encoding="utf-8")
    return copy


def test_an_unchanged_page_is_green_with_pictures_and_a_widget(page: Path) -> None:
    status, report = nbval(page.parent, page)
    assert status == 0 and f"{len(CELLS)} passed" in report, report


def test_a_live_widget_is_stored_as_its_still_alone(page: Path) -> None:
    outputs = json.loads(page.read_text(encoding="utf-8"))["cells"][3]["outputs"]
    assert [sorted(output["data"]) for output in outputs] == [["image/png", "text/plain"]]


@pytest.mark.parametrize(
    ("old", "new", "cell"),
    [
        ("the cost is 0.987", "the cost is 0.988", 0),
        ("<b>12.5</b>", "<b>12.6</b>", 1),
        ('alt=\\"red\\"', 'alt=\\"blue\\"', 1),
        ('"cost 0.25"\n', '"cost 0.26"\n', 3),
        ("expected 3, got 4", "expected 4, got 3", 4),
    ],
    ids=["printed-number", "html", "alt-text", "still-of-a-figure", "error-message"],
)
def test_a_change_turns_the_page_red_and_names_its_cell(
    page: Path, tmp_path: Path, old: str, new: str, cell: int
) -> None:
    status, report = nbval(tmp_path, changed(page, tmp_path, old, new))
    assert status == 1, report
    assert f"FAILED {page.name}::Cell {cell}" in report


def test_the_bytes_of_a_picture_in_html_are_not_compared(page: Path, tmp_path: Path) -> None:
    status, report = nbval(tmp_path, changed(page, tmp_path, "base64,AAAA", "base64,BBBB"))
    assert status == 0, report


@pytest.fixture
def project(page: Path, tmp_path: Path) -> Path:
    """A project with this one's settings, and the small page with other bytes in its picture."""
    for name in ("pyproject.toml", "conftest.py", "tests/nbval_sanitize.cfg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    changed(page, tmp_path / "notebooks", "base64,AAAA", "base64,BBBB")
    return tmp_path


def by_hand(folder: Path, **variables: str) -> tuple[int, str]:
    """Exit status and report of `pytest --nbval .`, without what `make` or `tools/venv.sh` would set."""
    ours = re.compile("PYTEST_|EXPECTED_|JUPYTER|IPYTHON|MPL|HOME$|USERPROFILE")
    settings = {name: value for name, value in os.environ.items() if not ours.match(name)} | variables
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--nbval", "."]
    result = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=settings, cwd=folder
    )
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("folder", "home"),
    [(".", {"HOME": os.path.join(os.devnull, "home")}), ("notebooks", {})],
    ids=["home-unwritable", "home-unset"],
)
def test_nbval_typed_by_hand_needs_no_flags_and_no_home(
    project: Path, folder: str, home: dict[str, str]
) -> None:
    status, report = by_hand(project / folder, **home)
    assert status == 0 and f"{len(CELLS)} passed" in report, report


def test_nbval_typed_by_hand_notices_a_changed_digit(project: Path) -> None:
    (path,) = (project / "notebooks").iterdir()
    changed(path, path.parent, "the cost is 0.987", "the cost is 0.988")
    status, report = by_hand(project)
    assert status == 1 and f"{path.name}::Cell 0" in report and "1 failed" in report, report


def test_a_page_that_raises_is_named_and_left_alone(page: Path, tmp_path: Path) -> None:
    book = json.loads(page.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = "weights = 1 / 0"
    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(execute_pages.PageError, match=r"broken.ipynb: cell \[1\].*ZeroDivisionError"):
        execute_pages.update(path, write=True)
    assert path.read_bytes() == before


# Every page of the course in turn: a digit flipped in each cell that shows one, and a sign in a formula.

PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
DIGIT = re.compile(r"\d")
BYTES = re.compile(r'src="data:image/[^"]*"')


def digits(text: str) -> list[int]:
    """Where the digits of an output stand, those in the bytes of a picture left out."""
    hidden = [range(*match.span()) for match in BYTES.finditer(text)]
    places = [match.start() for match in DIGIT.finditer(text)]
    return [place for place in places if not any(place in part for part in hidden)]


def with_a_digit_flipped(cell: dict[str, Any], rng: random.Random) -> bool:
    """Change one digit of what the cell prints or shows as text or HTML; False if there is none."""
    fields = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            fields.append((output, "text"))
        data = output.get("data", {})
        fields += [(data, kind) for kind in ("text/plain", "text/html") if kind in data]
    fields = [(holder, kind) for holder, kind in fields if digits(execute_pages.joined(holder[kind]))]
    if not fields:
        return False
    holder, kind = rng.choice(fields)
    text = execute_pages.joined(holder[kind])
    place = rng.choice(digits(text))
    holder[kind] = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    return True


class Signs(ast.NodeVisitor):
    """Where the signs stand that a mistake could exchange: 1 ± … as in σ and σ′, other + and −, < and >."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.slopes, self.formulas, self.claims = list[int](), list[int](), list[int]()
        self.visit(ast.parse(source))

    def place(self, after: ast.expr, signs: str) -> int:
        lines = self.source.splitlines(keepends=True)
        row, column = after.end_lineno or 1, after.end_col_offset or 0
        start = sum(map(len, lines[: row - 1])) + len(lines[row - 1].encode()[:column].decode())
        return next(n for n in range(start, len(self.source)) if self.source[n] in signs)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Add | ast.Sub):
            place = self.place(node.left, "+-")
            if isinstance(node.left, ast.Constant) and node.left.value == 1:
                self.slopes.append(place)
            elif not isinstance(node.left, ast.Constant) and not isinstance(node.right, ast.Constant):
                self.formulas.append(place)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if isinstance(node.ops[0], ast.Lt | ast.Gt):
            self.claims.append(self.place(node.left, "<>"))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """An index is no formula."""

    def visit_Expr(self, node: ast.Expr) -> None:
        """What is only printed is no formula."""


def with_a_sign_flipped(book: dict[str, Any]) -> int:
    """Exchange + and − in the first formula of the page, or < and > in its first claim; the code cell."""
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    found = [Signs(execute_pages.joined(cell["source"])) for cell in cells]
    kinds = ("slopes", "formulas", "claims")
    number, place = next(
        (n, place) for kind in kinds for n, signs in enumerate(found) for place in getattr(signs, kind)
    )
    source = execute_pages.joined(cells[number]["source"])
    other = dict(zip("+-<>", "-+><", strict=True))[source[place]]
    cells[number]["source"] = source[:place] + other + source[place + 1 :]
    return number


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[set[int], int, set[int], set[int]]]:
    """{page: (cells with a digit flipped, the cell with a sign flipped, and which were red for either)}."""
    folder = tmp_path_factory.mktemp("flipped")
    made: dict[str, tuple[set[int], int]] = {}
    for path in PAGES:
        book = execute_pages.read(path)
        cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
        rng = random.Random(path.stem)
        changed = {n for n, cell in enumerate(cells) if with_a_digit_flipped(cell, rng)}
        (folder / f"digit-{path.name}").write_text(execute_pages.serialized(book), encoding="utf-8")
        book = execute_pages.read(path)
        made[path.name] = changed, with_a_sign_flipped(book)
        (folder / f"sign-{path.name}").write_text(execute_pages.serialized(book), encoding="utf-8")
    report = nbval(folder, *sorted(folder.iterdir()))[1]
    red = {(name, int(n)) for name, n in re.findall(r"^FAILED (\S+)::Cell (\d+)", report, re.MULTILINE)}
    return {
        name: (*cells, *({n for page, n in red if page == f"{kind}-{name}"} for kind in ("digit", "sign")))
        for name, cells in made.items()
    }


@pytest.mark.parametrize("page", [path.name for path in PAGES])
def test_a_digit_flipped_in_any_output_of_a_page_makes_that_cell_red_and_no_other(flipped, page) -> None:
    changed, _, red, _ = flipped[page]
    assert changed and red == changed


@pytest.mark.parametrize("page", [path.name for path in PAGES])
def test_a_sign_flipped_in_a_formula_of_a_page_makes_it_red(flipped, page) -> None:
    _, changed, _, red = flipped[page]
    assert red, f"{page}, cell {changed}: + and −, or < and >, exchanged in its formula changes nothing"
    assert min(red) >= changed
