"""For which screen pictures of pixels are drawn: pixels for one pixel shown, and whether it is narrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SHARP = 2  # for any screen, and for what is stored
_now = ContextVar("screen", default=(SHARP, False))


@contextmanager
def drawn_at(sharpness: int, narrow: bool = False) -> Iterator[None]:
    """Let what is drawn meanwhile have so many pixels, 1 or 2, for one pixel shown, perhaps on a phone."""
    token = _now.set((sharpness, narrow))
    try:
        yield
    finally:
        _now.reset(token)


def sharpness() -> int:
    """Pixels to draw now for one pixel shown."""
    return _now.get()[0]


def is_narrow() -> bool:
    """Whether what is drawn now is for a screen as narrow as that of a phone."""
    return _now.get()[1]
