"""One Chromium for all tests of a process; each reads in a context of its own, as in a fresh browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import in_chromium
import pytest


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with in_chromium.chromium() as running:
        yield running
