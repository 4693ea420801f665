"""One JupyterLab and one Chromium for all tests of a process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import in_chromium
import pytest


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab serves: copies of the pages."""
    served = tmp_path_factory.mktemp("lab")
    for page in in_chromium.PAGES:
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


@pytest.fixture
def tab(chromium: Any) -> Iterator[tuple[Any, list[str]]]:
    """A fresh tab, and the list of errors in its console."""
    page, errors = in_chromium.open_tab(chromium)
    yield page, errors
    page.close()
