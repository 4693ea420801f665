"""How sharp pictures of pixels are drawn: pixels drawn for one pixel shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SHARP = 2  # for any screen, and for what is stored
_now = ContextVar("sharpness", default=SHARP)


@contextmanager
def drawn_at(sharpness: int) -> Iterator[None]:
    """Let what is drawn meanwhile have so many pixels, 1 or 2, for one pixel shown."""
    token = _now.set(sharpness)
    try:
        yield
    finally:
        _now.reset(token)


def sharpness() -> int:
    """Pixels to draw now for one pixel shown."""
    return _now.get()
