"""The regression test of the pages bites: what a page says cannot change without a red test."""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import execute_pages
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from stored_pictures import DRAWN_WITH, decoded, differences, is_comparable, is_from_round_off, look_alike

ROOT = Path(__file__).parents[1]
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"
PLUGIN = ("tests/stored_pictures.py", "tools/execute_pages.py")  # what compares the pictures


def encoded(image: Image.Image, **options: Any) -> str:
    """A picture as it stands in a page: a PNG in base64."""
    buffer = io.BytesIO()
    image.save(buffer, "png", **options)
    return base64.b64encode(buffer.getvalue()).decode()


def two_curves() -> Image.Image:
    """A blue line that rises above an orange one."""
    image = Image.new("RGB", (96, 64), "white")
    for color, end in (("#2166AC", 8), ("#B35806", 40)):
        ImageDraw.Draw(image).line([(8, 56), (88, end)], fill=color, width=4)
    return image


def upside_down(png: str) -> str:
    return encoded(ImageOps.flip(decoded(png)))


def exchanged(png: str) -> str | None:
    """The picture with its two commonest colors exchanged, grays aside; None if it has but one."""
    pixels = np.asarray(decoded(png)).astype(int)
    numbers, count = np.unique(pixels[np.ptp(pixels, axis=2) > 60] @ (1 << 16, 1 << 8, 1), return_counts=True)
    by_count = numbers[np.argsort(-count, kind="stable")][: (count > 100).sum()]  # no mixed shades
    colors = np.stack([by_count >> 16, by_count >> 8 & 255, by_count & 255], axis=1)
    others = [color for color in colors if abs(color - colors[0]).max() > 120]
    if not others:
        return None
    swapped = pixels.copy()
    for one, two in ((colors[0], others[0]), (others[0], colors[0])):
        swapped[abs(pixels - one).max(axis=2) <= 12] = two
    return encoded(Image.fromarray(swapped.astype(np.uint8)))


def one_pixel_lower(png: str) -> str:
    return encoded(Image.fromarray(np.roll(np.asarray(decoded(png)), 1, axis=0)))


DRAWN = encoded(two_curves())

CELLS = [
    "print('the cost is', 0.987, 'and σ′ is', 0.25)",
    "from IPython.display import HTML\n"
    f'HTML(\'<b>12.5</b><img alt="red" src="data:image/png;base64,{DRAWN}">\')',
    "import ipywidgets, matplotlib, backprop_lib\n"
    "class Scene(ipywidgets.VBox):\n"
    "    def _repr_mimebundle_(self, **options):\n"
    "        data = super()._repr_mimebundle_(**options)\n"
    f"        still = {{'image/png': '{DRAWN}', 'text/plain': 'cost 0.25'}}\n"
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
    command += " -p stored_pictures"
    settings = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    settings["PYTHONPATH"] = os.pathsep.join(str(ROOT / folder) for folder in ("tests", "tools"))
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


def red_cells(report: str, page: str) -> set[int]:
    """The cells of a page that a report calls failed."""
    return {int(n) for n in re.findall(rf"^FAILED {re.escape(page)}::Cell (\d+)", report, re.MULTILINE)}


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


CHANGES = {
    "printed-number": ("the cost is 0.987", "the cost is 0.988", 0),
    "html": ("<b>12.5</b>", "<b>12.6</b>", 1),
    "alt-text": ('alt=\\"red\\"', 'alt=\\"blue\\"', 1),
    "still-of-a-figure": ('"cost 0.25"\n', '"cost 0.26"\n', 3),
    "alt-text-in-the-metadata": ('"alt": "cost 0.25"', '"alt": "cost 0.26"', 3),
    "error-message": ("expected 3, got 4", "expected 4, got 3", 4),
}
CHANGED_PICTURES = {
    "upside-down": (f"base64,{DRAWN}", f"base64,{upside_down(DRAWN)}", 1),
    "curves-exchanged": (f"base64,{DRAWN}", f"base64,{exchanged(DRAWN)}", 1),
    "still-upside-down": (f'"image/png": "{DRAWN}', f'"image/png": "{upside_down(DRAWN)}', 3),
}
NOTICED = CHANGES | (CHANGED_PICTURES if is_comparable() else {})


SAME = encoded(two_curves(), compress_level=1)
ALIKE = {"other-bytes": SAME, "one-pixel-lower": one_pixel_lower(DRAWN)}


@pytest.fixture(scope="module")
def red(page: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """The red cells of the small page after each change, all copies in one run."""
    folder = tmp_path_factory.mktemp("changed")
    alike = {name: (f"base64,{DRAWN}", f"base64,{same}", 1) for name, same in ALIKE.items()}
    for name, (old, new, _) in (NOTICED | alike).items():
        changed(page, folder, old, new).rename(folder / f"{name}.ipynb")
    report = nbval(folder, *sorted(folder.iterdir()))[1]
    tried = sum(map(int, re.findall(r"(\d+) (?:failed|passed)", report)))
    assert tried == len(CELLS) * len(NOTICED | alike), report
    return {name: red_cells(report, f"{name}.ipynb") for name in NOTICED | alike}


@pytest.mark.parametrize("change", NOTICED)
def test_a_change_turns_its_cell_red_and_no_other(red: dict[str, set[int]], change: str) -> None:
    assert red[change] == {NOTICED[change][2]}


@pytest.mark.parametrize("change", ALIKE)
def test_a_picture_that_looks_the_same_is_the_same(red: dict[str, set[int]], change: str) -> None:
    assert ALIKE[change] != DRAWN and red[change] == set()


@pytest.fixture
def project(page: Path, tmp_path: Path) -> Path:
    """A project with this one's settings, and the small page with other bytes in its picture."""
    for name in ("pyproject.toml", "conftest.py", "tests/nbval_sanitize.cfg", *PLUGIN):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    changed(page, tmp_path / "notebooks", f"base64,{DRAWN}", f"base64,{SAME}")
    return tmp_path


def by_hand(folder: Path, **variables: str) -> tuple[int, str]:
    """Exit status and report of `pytest --nbval .`, without what `make` or `tools/venv.sh` would set."""
    ours = re.compile("PYTEST_|EXPECTED_|JUPYTER|IPYTHON|MPL|HOME$|USERPROFILE|LC_|LANG|PYTHON(UTF8|IO)")
    settings = {name: value for name, value in os.environ.items() if not ours.match(name)} | variables
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--nbval", "."]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", env=settings, cwd=folder
    )
    return result.returncode, result.stdout + result.stderr


C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
if sys.version_info[:2] == (3, 12) and not sys.prefix.isascii():  # from there it does not start in that
    C_LOCALE = {"LC_ALL": "C.UTF-8"}
NO_HOME = {"HOME": os.path.join(os.devnull, "home")}


@pytest.mark.parametrize(
    ("folder", "variables"),
    [(".", NO_HOME), ("notebooks", {}), (".", C_LOCALE)],
    ids=["home-unwritable", "home-unset", "C-locale"],
)
def test_nbval_typed_by_hand_needs_no_flags_no_home_and_no_language(
    project: Path, folder: str, variables: dict[str, str]
) -> None:
    status, report = by_hand(project / folder, **variables)
    assert status == 0 and f"{len(CELLS)} passed" in report, report


@pytest.mark.skipif(os.name == "nt", reason="has no path of this length")
def test_nbval_typed_by_hand_on_a_long_path_with_spaces_and_other_letters(project: Path) -> None:
    there = project.joinpath(*(f"Übungen zu σ und ∂C, Teil {part} von 8" for part in range(1, 9)))
    shutil.copytree(project, there, ignore=shutil.ignore_patterns("Ü*"))
    status, report = by_hand(there)
    assert status == 0 and f"{len(CELLS)} passed" in report, report


def test_nbval_typed_by_hand_notices_a_changed_digit_and_a_picture_upside_down(project: Path) -> None:
    (path,) = (project / "notebooks").iterdir()
    changed(path, path.parent, "the cost is 0.987", "the cost is 0.988")
    changed(path, path.parent, f"base64,{SAME}", f"base64,{upside_down(SAME)}")
    status, report = by_hand(project)
    noticed = (0, 1) if is_comparable() else (0,)
    assert status == 1 and f"{len(noticed)} failed" in report, report
    assert all(f"{path.name}::Cell {cell}" in report for cell in noticed), report


def test_a_page_that_raises_is_named_and_left_alone(page: Path, tmp_path: Path) -> None:
    book = json.loads(page.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = "weights = 1 / 0"
    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(execute_pages.PageError, match=r"broken.ipynb: cell \[1\].*ZeroDivisionError"):
        execute_pages.update(path, write=True)
    assert path.read_bytes() == before


# Every page of the course in turn: in each cell a digit flipped, or a picture or its words changed, and a
# sign in a formula.

PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
WITH_CHANGED_OUTPUTS = [path.name for path in PAGES[::6]]  # run with nbval; of all pages every digit below
DIGIT = re.compile(r"\d")
BYTES = re.compile(r'src="data:image/[^"]*"|style="position:absolute;left:[^"]*"')


def digits(text: str) -> list[int]:
    """Where the digits of an output stand, those in the bytes of a picture and of places in it left out."""
    hidden = [range(*match.span()) for match in BYTES.finditer(text)]
    places = [match.start() for match in DIGIT.finditer(text)]
    return [place for place in places if not any(place in part for part in hidden)]


def texts_of(cell: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Where the texts with digits stand that a cell prints or shows as text or HTML."""
    fields = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            fields.append((output, "text"))
        data = output.get("data", {})
        fields += [(data, kind) for kind in ("text/plain", "text/html") if kind in data]
    return [(holder, kind) for holder, kind in fields if digits(execute_pages.joined(holder[kind]))]


def with_a_digit_flipped(cell: dict[str, Any], rng: random.Random) -> bool:
    """Change one digit of what the cell prints or shows as text or HTML; False if there is none."""
    fields = texts_of(cell)
    if not fields:
        return False
    holder, kind = rng.choice(fields)
    text = execute_pages.joined(holder[kind])
    place = rng.choice(digits(text))
    holder[kind] = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    return True


PICTURE = re.compile(r'<img\b[^>]*?\balt="([^"]*)"[^>]*?\bsrc="data:image/[^"]*"[^>]*>')


def shown_by(cell: dict[str, Any]) -> list[tuple[dict[str, Any], re.Match[str]]]:
    """The pictures that a cell shows, each with the data of the output that it stands in."""
    outputs = [output["data"] for output in cell["outputs"] if "text/html" in output.get("data", {})]
    return [(data, match) for data in outputs for match in PICTURE.finditer(data["text/html"])]


@cache
def changes(picture: str) -> dict[str, str]:
    """A picture of a page, an `<img>`, with other words, upside down, and with two curves exchanged."""
    alt = PICTURE.fullmatch(picture)[1]  # type: ignore[index]
    middle = len(alt) // 2
    other = "y" if alt[middle] == "x" else "x"
    found = {"other words": picture.replace(alt, alt[:middle] + other + alt[middle + 1 :], 1)}
    for i, png in enumerate(execute_pages.DATA_URI.findall(picture)):
        for words, changed in ((f"{i} upside down", upside_down(png)), (f"{i} exchanged", exchanged(png))):
            if changed is not None:
                found[words] = picture.replace(png, changed)
    return found


def with_a_picture_changed(cell: dict[str, Any], rng: random.Random) -> bool:
    """Change one picture of the cell, or its words; False if it shows none."""
    found = shown_by(cell)
    if not found:
        return False
    data, match = rng.choice(found)
    made = list(changes(match[0]).values())
    changed = rng.choice(made if is_comparable() else made[:1])
    data["text/html"] = data["text/html"][: match.start()] + changed + data["text/html"][match.end() :]
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


def as_far_as(number: int, book: dict[str, Any]) -> list[dict[str, Any]]:
    """The code cells of a page up to one of them."""
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"][: number + 1]


@dataclass
class Flipped:
    """The cells changed in the copies of a page, and those that were red for it, by kind of change."""

    outputs: set[int]
    sign: int
    red: dict[str, set[int]]


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flipped]:
    """What nbval says of copies of a page: one with changed outputs, one that ends behind a changed sign."""
    folder = tmp_path_factory.mktemp("flipped")
    made: dict[str, Flipped] = {}
    for path in PAGES:
        rng = random.Random(path.stem)
        books = {kind: execute_pages.read(path) for kind in ("output", "sign")}
        outputs = set[int]()
        for n, cell in enumerate(c for c in books["output"]["cells"] if c["cell_type"] == "code"):
            ways = rng.sample((with_a_digit_flipped, with_a_picture_changed), 2)
            if any(change(cell, rng) for change in ways):  # the second where the first finds nothing
                outputs.add(n)
        made[path.name] = Flipped(outputs, with_a_sign_flipped(books["sign"]), {})
        books["sign"]["cells"] = as_far_as(made[path.name].sign + 1, books["sign"])
        if path.name not in WITH_CHANGED_OUTPUTS:
            del books["output"]
        for kind, book in books.items():
            (folder / f"{kind}-{path.name}").write_text(execute_pages.serialized(book), encoding="utf-8")
    report = nbval(folder, *sorted(folder.iterdir()))[1]
    for name, page in made.items():
        page.red = {kind: red_cells(report, f"{kind}-{name}") for kind in ("output", "sign")}
    return made


@pytest.mark.parametrize("page", WITH_CHANGED_OUTPUTS)
def test_a_digit_or_a_picture_changed_in_any_output_makes_that_cell_red_and_no_other(flipped, page) -> None:
    assert flipped[page].outputs and flipped[page].red["output"] == flipped[page].outputs


@pytest.mark.parametrize("page", [path.name for path in PAGES])
def test_a_sign_flipped_in_a_formula_of_a_page_makes_its_cell_or_the_next_one_red(flipped, page) -> None:
    changed, red = flipped[page].sign, flipped[page].red["sign"]
    assert red, f"{page}, cell {changed}: + and −, or < and >, exchanged in its formula changes nothing"
    assert min(red) >= changed


# And every digit and every picture of every page, changed in each way, as nbval and its plugin compare it.


def stored_pictures(path: Path) -> list[tuple[str, bool]]:
    """Every picture of a page, an `<img>` each, and whether it was drawn from round-off."""
    cells = [cell for cell in execute_pages.read(path)["cells"] if cell["cell_type"] == "code"]
    return [(match[0], is_from_round_off(cell)) for cell in cells for _, match in shown_by(cell)]


@cache
def sanitized(text: str) -> str:
    """What nbval compares of a text."""
    rule = "|".join(re.findall(r"^regex: (.*)$", SANITIZE.read_text(encoding="utf-8"), re.MULTILINE))
    return re.sub(rule, "", text)


def same_for_nbval(one: str, two: str, round_off: bool) -> bool:
    """Whether nbval takes two pictures, an `<img>` each, for the same."""
    pngs = zip(*(execute_pages.DATA_URI.findall(picture) for picture in (one, two)), strict=True)
    return sanitized(one) == sanitized(two) and all(look_alike(old, new, round_off) for old, new in pngs)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_digit_of_any_output_of_a_page_is_left_out(path: Path) -> None:
    cells = [cell for cell in execute_pages.read(path)["cells"] if cell["cell_type"] == "code"]
    texts = [execute_pages.joined(holder[kind]) for cell in cells for holder, kind in texts_of(cell)]
    assert texts
    for text in texts:
        assert DIGIT.findall(BYTES.sub("", sanitized(text))) == [text[place] for place in digits(text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_change_of_any_picture_of_a_page_goes_unseen(path: Path) -> None:
    pictures = stored_pictures(path)
    assert len(pictures) == path.read_text(encoding="utf-8").count('src=\\"data:image/') > 0
    for picture, round_off in pictures:
        assert same_for_nbval(picture, picture, round_off)
        made = changes(picture)
        pngs = execute_pages.DATA_URI.findall(picture)
        assert len(pngs) == picture.count("data:image/png;base64,")
        assert {"other words", *(f"{i} upside down" for i in range(len(pngs)))} <= set(made)
        assert [words for words, other in made.items() if same_for_nbval(picture, other, round_off)] == []


def test_a_part_of_a_picture_that_lies_elsewhere_is_noticed() -> None:
    outputs = [
        [{"data": {"text/html": f'<i data-is="z.1" style="position:absolute;left:{left}%;top:2%"></i>'}}]
        for left in (1, 2)
    ]
    cell = {"outputs": outputs[0], "metadata": {}}
    assert list(differences(cell, outputs[0])) == [] and "elsewhere" in str(
        list(differences(cell, outputs[1]))
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_picture_of_a_page_is_the_same_one_pixel_lower(path: Path) -> None:
    for picture, _ in stored_pictures(path):
        if 'src="data:image/png' in picture:
            (png,) = execute_pages.DATA_URI.findall(picture)
            assert look_alike(png, one_pixel_lower(png)) and one_pixel_lower(png) != png


def test_of_a_picture_that_another_matplotlib_drew_the_words_alone_are_compared() -> None:
    def stored(png: str, words: str) -> list[dict[str, Any]]:
        return [{"data": {"image/png": png}, "metadata": {"image/png": {"alt": words}}}]

    cell = {"outputs": stored(DRAWN, "cost 0.25"), "metadata": {}}
    turned = upside_down(DRAWN)
    assert list(differences(cell, stored(turned, "cost 0.25"), drawn_alike=False)) == []
    assert len(list(differences(cell, stored(turned, "cost 0.26"), drawn_alike=False))) == 1
    assert len(list(differences(cell, stored(turned, "cost 0.26")))) == 2


def test_the_stored_pictures_are_those_of_the_pinned_matplotlib() -> None:
    (pin,) = re.findall(
        r"^matplotlib==(\d+\.\d+)\.", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE
    )
    assert pin == DRAWN_WITH, "execute the pages with the pinned matplotlib, then change DRAWN_WITH"


def test_many_pictures_have_two_curves_to_exchange() -> None:
    pngs = [p for path in PAGES for p, _ in stored_pictures(path) if execute_pages.DATA_URI.search(p)]
    assert len([p for p in pngs if exchanged(execute_pages.DATA_URI.search(p)[0])]) >= 10
