"""What nbval leaves out: the pictures of a page, compared for the eye, and the words in their metadata.

A plugin of pytest. Both pictures are blurred, so that one moved by a pixel is still the same. What was drawn
from round-off is another on another processor: its cell has the tag `round-off`, and less of it is compared.
Another series of matplotlib writes other letters, wider or narrower: under it words alone are compared.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Generator, Iterable, Iterator
from importlib.metadata import version
from itertools import zip_longest
from typing import Any

import pytest
from execute_pages import DATA_URI, PLACE, joined

DRAWN_WITH = "3.11"  # the series of matplotlib that drew the stored pictures
BLUR = 4  # pixels
DIFFERENCE = 42  # of 255 levels of a color; between a picture and itself moved by one pixel it is below 35
SHARE = 0.001  # of the surface may differ by more
ROUND_OFF, SHARE_OF_ROUND_OFF = "round-off", 0.012

Output = dict[str, Any]


def is_comparable() -> bool:
    """Whether this matplotlib draws letters as the one that drew the stored pictures."""
    return version("matplotlib").rpartition(".")[0] == DRAWN_WITH


def pictures(outputs: Iterable[Output]) -> Iterator[tuple[str, str]]:
    """The pictures (PNG in base64) of the outputs of a cell, each with the words in its metadata."""
    for output in outputs:
        data = output.get("data", {})
        yield from ((png, "") for png in DATA_URI.findall(joined(data.get("text/html", ""))))
        if "image/png" in data:
            words = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            yield joined(data["image/png"]).strip(), words


def places(outputs: Iterable[Output]) -> list[str]:
    """Where in its pictures the outputs of a cell have what can be pointed at."""
    return [
        place for out in outputs for place in PLACE.findall(joined(out.get("data", {}).get("text/html", "")))
    ]


def decoded(png: str) -> Any:
    """A picture of a page, a PNG in base64, as an image of Pillow."""
    from PIL import Image

    return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")


def look_alike(first: str, second: str, round_off: bool = False) -> bool:
    """Whether two pictures (PNG in base64) are of one size and show the same."""
    if first == second:
        return True
    import numpy as np
    from PIL import ImageFilter

    one, two = decoded(first), decoded(second)
    if one.size != two.size:
        return False
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(BLUR)), dtype=float) for image in (one, two)]
    differs = np.abs(blurred[0] - blurred[1]).max(axis=2) > DIFFERENCE
    return bool(differs.mean() <= (SHARE_OF_ROUND_OFF if round_off else SHARE))


def is_from_round_off(cell: Any) -> bool:
    """Whether the picture of a cell is another on another processor."""
    return ROUND_OFF in cell["metadata"].get("tags", [])


def differences(cell: Any, fresh: Iterable[Output], drawn_alike: bool = True) -> Iterator[str]:
    """In what the fresh pictures of a cell are not those that it stores, a sentence each.

    drawn_alike   whether they were drawn by the same matplotlib; if not, only their words are compared
    """
    fresh = list(fresh)
    if drawn_alike and places(cell["outputs"]) != places(fresh):
        yield "What can be pointed at in a picture lies elsewhere than it is stored."
    both = zip_longest(pictures(cell["outputs"]), pictures(fresh), fillvalue=("", ""))
    for number, ((old, old_words), (new, new_words)) in enumerate(both, 1):
        if not old or not new:
            yield f"Picture {number} is {'not stored' if new else 'stored, and was not drawn'}."
        elif drawn_alike and not look_alike(old, new, is_from_round_off(cell)):
            yield f"Picture {number} looks different from the one that is stored."
        if old_words != new_words:
            yield f"Picture {number} is stored with the words {old_words!r}, drawn with {new_words!r}."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """After nbval has found nothing else in a cell."""
    result = yield
    fresh = getattr(item, "test_outputs", None)
    if fresh is not None and item.options["check"] and item.cell.execution_count is not None:
        found = list(differences(item.cell, fresh, is_comparable()))
        if found:
            item.raise_cell_error("Cell outputs differ", "\n".join(found))
    return result
