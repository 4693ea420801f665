"""What `make lab` stores of a page is what `make notebooks` stores of it; and what it says to root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from documents import PAGES, ROOT
from execute_pages import WIDGET_VIEW
from lab_server import Server, make_lab

PAGE = PAGES[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with make_lab(tmp_path_factory.mktemp("settings"), f"--ServerApp.root_dir={folder}") as running:
        yield running


def opened(page: dict[str, Any]) -> None:
    """What JupyterLab adds to a page that is only opened."""
    page["metadata"]["language_info"] |= {"version": "3.9.9", "codemirror_mode": {"name": "ipython"}}


def run(page: dict[str, Any]) -> None:
    """What it adds to a page that is run."""
    opened(page)
    page["metadata"]["widgets"] = {"state": {}}
    for cell in page["cells"]:
        cell["metadata"] |= {
            "scrolled": True,
            "execution": {"iopub.status.busy": "2026-01-01"},
            "trusted": True,
        }
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"][WIDGET_VIEW] = {"model_id": "f00"}


@pytest.mark.parametrize("change", [lambda page: None, opened, run], ids=["untouched", "opened", "run"])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_saved_page_is_the_stored_page(
    path: Path, change: Callable[[dict[str, Any]], None], server: Server, folder: Path
) -> None:
    shutil.copy(path, folder)
    model = server.ask(f"/{path.name}?content=1")
    change(model["content"])
    server.ask(f"/{path.name}", "PUT", model)
    assert (folder / path.name).read_bytes() == path.read_bytes()


def test_what_a_reader_writes_is_saved(server: Server, folder: Path) -> None:
    shutil.copy(PAGE, folder)
    model = server.ask(f"/{PAGE.name}?content=1")
    cell = next(cell for cell in model["content"]["cells"] if cell["cell_type"] == "code")
    cell["source"] = "answer = 42\nprint(answer)"
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "42\n"}]
    server.ask(f"/{PAGE.name}", "PUT", model)
    saved = json.loads((folder / PAGE.name).read_text(encoding="utf-8"))
    (kept,) = (one for one in saved["cells"] if one["id"] == cell["id"])
    assert kept["source"] == ["answer = 42\n", "print(answer)"] and kept["outputs"][0]["text"] == ["42\n"]


def test_a_new_page_and_other_files_are_saved(server: Server, folder: Path) -> None:
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    server.ask("/mine.ipynb", "PUT", {"type": "notebook", "format": "json", "content": deepcopy(page)})
    assert nbformat.read(folder / "mine.ipynb", 4).cells[0].source == "1 + 1"
    server.ask("/notes.txt", "PUT", {"type": "file", "format": "text", "content": "δ"})
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "δ"


def make(uid: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make -n lab` answers to a user with this number."""
    (folder / "id").write_text(f"#!/bin/sh\necho {uid}\n")
    (folder / "id").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        ["make", "-n", "-C", ROOT, "lab", *arguments], capture_output=True, text=True, env=environment
    )


def test_make_lab_as_root_says_what_to_do(tmp_path: Path) -> None:
    refused = make("0", folder=tmp_path)
    assert refused.returncode != 0 and "make lab LAB_FLAGS=--allow-root" in refused.stderr
    assert "Error 1" not in refused.stderr and "jupyterlab" not in refused.stdout
    allowed = make("0", "LAB_FLAGS=--no-browser --allow-root", folder=tmp_path)
    assert allowed.returncode == 0 and "--allow-root" in allowed.stdout
    assert make("1000", folder=tmp_path).returncode == 0
