"""What all drawings share: rounded numbers, colors for the sign, and SVG that shows itself in a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape
from itertools import permutations
from typing import Any
from urllib.parse import quote

import numpy as np

from backprop_lib.arguments import shown
from backprop_lib.drawing.colors import INK, NEGATIVE, PAPER, POSITIVE

NARROW = 328  # a canvas that a phone shows 270 pixels wide
AS_GOOD_AS_1 = 1e-9  # round-off may put that much between a number and 1
WIDE = {
    letter: wide
    for letters, wide in (("−+=", 0.84), (". ", 0.32), ("l", 0.28), ("ae", 0.62), ("v", 0.6))
    for letter in letters
}  # in em
WIDEST = 0.64  # all others, in the widest of the fonts
FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif"
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
BUTTON = re.compile(r'<g role="button".*?</g>', re.DOTALL)
LABEL = re.compile(r'\baria-label="([^"]*)"')


def number(value: float, digits: int = 3) -> str:
    """A number as text, rounded to so many significant digits, with a true minus and never −0.

    It keeps its meaning: what is not 1 is not rounded to 1 but gets the digits that part it from 1, and what
    is not 0 is not rounded to 0.

    >>> number(0.98765), number(-4.4508e-05), number(1234.5), number(-0.0)
    ('0.988', '−4.45e−5', '1230', '0')
    >>> number(0.99996), number(1.0002), number(1 - 1e-12)
    ('0.99996', '1.0002', '1')
    """
    if not np.isfinite(value):
        return "not a number" if value != value else ("∞" if value > 0 else "−∞")
    if AS_GOOD_AS_1 < abs(abs(value) - 1) < 0.1:
        while abs(float(f"{value:.{digits}g}")) == 1:
            digits += 1
    rounded = float(f"{value:.{digits}g}")
    value = rounded if np.isfinite(rounded) else value  # the largest floats are rounded beyond all others
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def fitting(value: float, room: int) -> str:
    """A number in so many characters, if three digits, two or one can be written in them.

    A number near 1 that has no room is written as 1 and what is missing, with one digit.

    >>> fitting(-0.1234, 5), fitting(0.99996, 5), fitting(-0.000123, 5)
    ('−0.12', '1−4e−5', '−1e−4')
    """
    texts = [number(value, digits) for digits in (3, 2, 1)]
    shorter = next((text for text in texts if len(text) <= room), "")
    if shorter:
        return shorter
    if not abs(abs(value) - 1) < 0.1:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    one, rest = ("1", value - 1) if value > 0 else ("−1", value + 1)
    return f"{one}{'−' if rest < 0 else '+'}{number(abs(rest), 1)}"


def told_apart(values: Sequence[float], digits: int = 3) -> list[str]:
    """Numbers as text, with more digits where two that differ would look equal.

    >>> told_apart([0.75, 0.7504]), told_apart([0.5, 0.25])
    (['0.75', '0.7504'], ['0.5', '0.25'])
    """
    texts = [number(value, digits) for value in values]
    differ = {
        i
        for i, j in permutations(range(len(values)), 2)
        if texts[i] == texts[j]
        and not np.isclose(values[i], values[j], rtol=AS_GOOD_AS_1, atol=0, equal_nan=True)
    }
    if not differ:
        return texts
    finer = told_apart(values, digits + 1)
    return [finer[i] if i in differ else text for i, text in enumerate(texts)]


def beside_difference(value: float, difference: float) -> str:
    """A number of which another is taken off, with the decimals that make the difference right as written.

    >>> beside_difference(0.998752, -0.001248), beside_difference(0.75, 0.75)
    ('0.99875', '0.75')
    """
    size = np.floor(np.log10([abs(value) or 1.0, abs(difference) or 1.0]))
    return number(value, 3 + max(0, int(size[0] - size[1])))


def factor(value: float) -> str:
    """A number as the second factor of a product: in brackets if it begins with a minus.

    >>> factor(0.25), factor(-2)
    ('0.25', '(−2)')
    """
    return f"({number(value)})" if value < 0 else number(value)


def still(html: str) -> str:
    """The same HTML with every inline SVG as an `<img alt=…>`.

    Viewers that do not trust a page strip inline SVG and leave its numbers in a heap; an image they keep.
    Buttons are left out: they need Python.
    """

    def as_image(match: re.Match[str]) -> str:
        svg = BUTTON.sub("", match[0])
        opening = svg[: svg.index(">")]
        alt, width, height = (
            found[1] if (found := re.search(rf'\b{name}="([^"]*)"', opening)) else ""
            for name in ("aria-label", "width", "height")
        )
        return (
            f'<img alt="{alt}" width="{width}" height="{height}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml,{quote(svg, safe=" =:;,/()!?*+")}">'
        )

    return SVG.sub(as_image, html)


@dataclass(frozen=True)
class Drawing:
    """An SVG drawing with its reading in words (by default those it holds); shows itself in a notebook."""

    svg: str
    alt: str = ""

    def __post_init__(self) -> None:
        if not self.svg.startswith("<svg"):
            raise ValueError(f"svg: expected a string that begins with <svg, got {shown(self.svg)}")
        label = LABEL.search(self.svg)
        alt = self.alt.strip() or (unescape(label[1]) if label else "")
        if not alt:
            raise ValueError("alt: expected the reading of the drawing in words, got nothing")
        object.__setattr__(self, "alt", alt)

    @property
    def html(self) -> str:
        """The drawing for a live page: the SVG itself, with its words."""
        return LABEL.sub(lambda _: f'aria-label="{escape(self.alt)}"', self.svg, count=1)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/html": still(self.html), "text/plain": self.alt}


def beside(*pictures: str, gap: int = 16) -> str:
    """Pictures side by side, as HTML; one below the other where there is no room. `gap` in pixels."""
    if len(pictures) == 1:
        return pictures[0]
    style = f"display:flex;flex-wrap:wrap;gap:{gap}px;align-items:center"
    return f"<div style='{style}'>{''.join(pictures)}</div>"


def document(width: float, height: float, alt: str, parts: Iterable[str]) -> str:
    """An SVG document on white paper, which reads on a light and on a dark page."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(alt)}" '
        f'style="max-width:100%;height:auto" '
        f'font-family="{FONT}" font-size="12">\n'
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{PAPER}"/>\n{body}\n</svg>'
    )


def enlarged(svg: str, times: float) -> str:
    """The same drawing, so many times as large where there is room."""
    width, height = (times * int(pixels) for pixels in SIZE.search(svg).groups())  # type: ignore[union-attr]
    return SIZE.sub(f'width="{width:.0f}" height="{height:.0f}"', svg, count=1)


def line_of_text(
    x: float, y: float, text: str, size: int = 12, fill: str = INK, anchor: str = "middle", more: str = ""
) -> str:
    """A line of text centered on the height y."""
    return (
        f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}"{more}>{escape(text)}</text>'
    )


def size_that_fits(text: str, room: float, sizes: Sequence[int]) -> int | None:
    """The first of these sizes of letters in which a number and its word are at most so many pixels wide.

    >>> size_that_fits("0.987", 41, (12, 11)), size_that_fits("−1+8e−4", 41, (12, 11))
    (12, None)
    """
    wide = sum(WIDE.get(letter, WIDEST) for letter in text)
    return next((size for size in sizes if wide * size <= room), None)


# The ground of letters; on a line it is so wide that none is left between two of them, to be read as a minus.
HALO, ON_A_LINE = (
    f' stroke="{PAPER}" stroke-width="{width}" stroke-linejoin="round" paint-order="stroke"'
    for width in (4, 9)
)


def data_number(value: float) -> str:
    """A number as the value of a data attribute, rounded to six digits so that round-off does not show."""
    return f"{value + 0.0:.6g}"


def sign_color(value: float) -> str:
    """Orange below zero, else blue."""
    return NEGATIVE if value < 0 else POSITIVE
