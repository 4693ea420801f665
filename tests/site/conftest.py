"""One Chromium for all tests of a process; each reads in a context of its own, as in a fresh browser."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator
from typing import Any

import in_chromium
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute comes first: of two processes none is left alone with it at the end."""
    items.sort(key=lambda item: "does_not_come" not in item.name)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with in_chromium.chromium() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def no_network() -> None:
    """The loopback, and nothing else: what asks another host is refused by the system itself."""
    names = [name for _, name in socket.if_nameindex()]
    assert names == ["lo"], f"run me by `make test-site`, without a network; there is {names}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up_and_running, set_flags = 0x41, 0x8914
        fcntl.ioctl(control, set_flags, struct.pack("16sh14x", b"lo", up_and_running))
