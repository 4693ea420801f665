"""One JupyterLab and one Chromium for all tests of a process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import in_browser
import in_chromium
import pytest
from documents import document
from figure_in_browser import CALLS, FOR_NARROW, START


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab serves: copies of the pages."""
    served = tmp_path_factory.mktemp("lab")
    for page in in_browser.PAGES:
        shutil.copy(page, served)
    return served


@pytest.fixture(scope="session")
def lab(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab."""
    with in_chromium.lab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with in_chromium.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def drawn(lab: str, chromium: Any, folder: Path) -> Iterator[Any]:
    """A page with a cell for each figure and each kind of question, and the words of a page, all drawn."""
    page, errors = in_chromium.open_tab(chromium)
    words = [*document(in_browser.PAGES[10]).sources]
    name = in_chromium.write_notebook(folder, "every_figure.ipynb", START, *CALLS.values(), words=words)
    cells = in_chromium.run_all(page, lab, name)
    assert not [error for cell in cells for error in cell["errors"]]
    yield page
    page.close()
    assert not errors


@pytest.fixture
def every_figure(drawn: Any) -> Iterator[Any]:
    """The same page, light and wide again when a test is over."""
    size = drawn.viewport_size
    yield drawn
    drawn.set_viewport_size(size)
    drawn.wait_for_function("those => !document.querySelector(those)", arg=FOR_NARROW)
    drawn.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="no-preference")


@pytest.fixture(scope="session")
def loaded_once(chromium: Any) -> Iterator[tuple[Any, list[str]]]:
    """The tab of `one_tab`, for a whole process."""
    page, errors = in_chromium.open_tab(chromium)
    yield page, errors
    page.close()


@pytest.fixture
def one_tab(loaded_once: tuple[Any, list[str]]) -> tuple[Any, list[str]]:
    """A tab in which JupyterLab is loaded once for all tests, and the list of errors since this one began."""
    loaded_once[1].clear()
    return loaded_once


@pytest.fixture
def tab(chromium: Any) -> Iterator[tuple[Any, list[str]]]:
    """A fresh tab, and the list of errors in its console."""
    page, errors = in_chromium.open_tab(chromium)
    yield page, errors
    page.close()
