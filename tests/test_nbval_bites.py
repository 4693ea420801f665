"""The regression test of the pages bites: what a page says cannot change without a red test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import execute_pages
import pytest

SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")

CELLS = [
    "print('the cost is', 0.987)",
    "from IPython.display import HTML\n"
    "HTML('<b>12.5</b><img alt=\"red\" src=\"data:image/png;base64,AAAA\">')",
    "import ipywidgets\n"
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


def nbval(path: Path) -> tuple[int, str]:
    """Exit status and report of a strict nbval run over one page."""
    command = f"-m pytest -q --color=no -p no:cacheprovider -c {os.devnull} --nbval --nbval-current-env"
    settings = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, *command.split(), "--rootdir", path.parent, "--nbval-sanitize-with", SANITIZE]
        + ["--nbval-cell-timeout", "30", path],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=settings,
        cwd=path.parent,
        timeout=120,
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
    status, report = nbval(page)
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
    status, report = nbval(changed(page, tmp_path, old, new))
    assert status == 1, report
    assert f"FAILED {page.name}::Cell {cell}" in report


def test_the_bytes_of_a_picture_in_html_are_not_compared(page: Path, tmp_path: Path) -> None:
    status, report = nbval(changed(page, tmp_path, "base64,AAAA", "base64,BBBB"))
    assert status == 0, report


def test_a_page_that_raises_is_named_and_left_alone(page: Path, tmp_path: Path) -> None:
    book = json.loads(page.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = "weights = 1 / 0"
    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(execute_pages.PageError, match=r"broken.ipynb: cell \[1\].*ZeroDivisionError"):
        execute_pages.update(path, write=True)
    assert path.read_bytes() == before
