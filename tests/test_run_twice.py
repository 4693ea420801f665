"""A cell run twice, a page run again, after any other page, in the same kernel: all print what is stored."""

from __future__ import annotations

import os
from copy import deepcopy
from itertools import zip_longest
from pathlib import Path
from typing import Any

import execute_pages
import pytest

Cell = dict[str, Any]
Notebook = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "notebooks"
PAGES = sorted(FOLDER.glob("*.ipynb"))


def run_again(page: Notebook) -> Notebook:
    """The page's code: each cell twice, and then the whole page once more."""
    cells = [cell for cell in page["cells"] if cell["cell_type"] == "code"]
    runs = [*((cell, run) for cell in cells for run in ("first", "second")), *((c, "third") for c in cells)]
    return {**page, "cells": [deepcopy(cell) | {"id": f"{cell['id']}-{run}"} for cell, run in runs]}


def said(outputs: list[Cell]) -> list[str]:
    """What a cell shows: the text of each part of its outputs, without the count of its runs.

    The bytes of a picture, and the places in it, are left out: a point that round-off decides lies elsewhere
    under another kernel, and another matplotlib moves all of them.
    """
    error_or_stream = ("text", "ename", "evalue")
    shown = [out.get("data") or {kind: out.get(kind, "") for kind in error_or_stream} for out in outputs]
    kept = [(parts, kind) for parts in shown for kind in sorted(parts) if "png" not in kind]
    texts = [execute_pages.joined(parts[kind]) for parts, kind in kept]
    return [execute_pages.PLACE.sub("", execute_pages.PICTURE.sub("a picture", text)) for text in texts]


def parting(text: str, other: str) -> str:
    """Where a text parts from another, with the words before."""
    start = len(os.path.commonprefix([text, other]))
    return text[max(0, start - 40) : start + 80]


def findings(page: Notebook, folder: Path) -> list[str]:
    """What is shown otherwise than it is stored when cells and page are run again."""
    return findings_of(run_again(page), folder)


def findings_of(page: Notebook, folder: Path) -> list[str]:
    """What is shown otherwise than it is stored; PageError, with the cell, if something raises."""
    again = execute_pages.normalized(page)
    fresh = execute_pages.executed(again, folder)["cells"]
    return [
        f"{new['id']}: stored {parting(old, text)!r}, shown {parting(text, old)!r}"
        for cell, new in zip(again["cells"], fresh, strict=True)
        for old, text in zip_longest(said(cell["outputs"]), said(new["outputs"]), fillvalue="")
        if old != text
    ]


def page_of(*sources_and_texts: tuple[str, str]) -> Notebook:
    cells: list[Cell] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": text}] if text else [],
            "source": source,
        }
        for number, (source, text) in enumerate(sources_and_texts)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_what_changes_when_it_is_run_again_is_found(tmp_path: Path) -> None:
    steady = page_of(("x = 1", ""), ("x += 0\nprint(x)", "1\n"))
    assert findings(steady, tmp_path) == []
    counting = page_of(("x = 1", ""), ("x += 1\nprint(x)", "2\n"))
    assert [text.partition(":")[0] for text in findings(counting, tmp_path)] == ["c1-second"]
    used_up = page_of(("x = [1]", ""), ("x.pop()\nprint('popped')", "popped\n"))
    with pytest.raises(execute_pages.PageError, match="IndexError: pop from empty list"):
        findings(used_up, tmp_path)
    named_again = page_of(("print('y' in globals())", "False\n"), ("y = 1", ""))
    assert [text.partition(":")[0] for text in findings(named_again, tmp_path)] == ["c0-third"]


def test_in_one_kernel_pages_in_reverse_order_cells_twice_and_each_page_again_print_the_same() -> None:
    cells = [
        {**cell, "id": f"page-{path.stem[:2]}-{cell['id']}"}
        for path in reversed(PAGES)
        for cell in run_again(execute_pages.read(path))["cells"]
    ]
    found = findings_of({**execute_pages.read(PAGES[0]), "cells": cells}, FOLDER)
    assert not found, "\n" + "\n".join(found)
