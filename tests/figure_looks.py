"""How the drawings of figures look: how words stand out from their ground, and on what canvas they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
from matplotlib.colors import to_rgb

SVG = "{http://www.w3.org/2000/svg}"


def linear(colors: np.ndarray) -> np.ndarray:
    """Red, green and blue from 0 to 1, on the last axis, as light."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def luminance(colors: np.ndarray) -> np.ndarray:
    """How bright colors are, as WCAG 2 has it."""
    return linear(colors) @ (0.2126, 0.7152, 0.0722)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it."""
    dark, light = sorted(float(luminance(np.array(to_rgb(color)))) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def inside(shape: ElementTree.Element, x: float, y: float) -> bool:
    """Whether a point is in a rectangle or circle."""
    of = {name: float(value) for name, value in shape.attrib.items() if name in ("x", "y", "cx", "cy", "r")}
    if shape.tag == f"{SVG}circle":
        return np.hypot(x - of["cx"], y - of["cy"]) <= of["r"]
    left, top = of.get("x", 0.0), of.get("y", 0.0)
    width, height = (float(shape.attrib[name]) for name in ("width", "height"))
    return left <= x <= left + width and top <= y <= top + height


def mixed(color: str, ground: str, share: float) -> tuple[float, ...]:
    return tuple(share * np.array(to_rgb(color)) + (1 - share) * np.array(to_rgb(ground)))


def contrasts(svg: str) -> Iterator[tuple[str, float]]:
    """Every text of a drawing, and how it stands out from what was drawn under it."""
    shapes: list[tuple[ElementTree.Element, tuple[float, ...]]] = []

    def below(x: float, y: float) -> tuple[float, ...]:
        under = [ground for shape, ground in shapes if inside(shape, x, y)]
        return under[-1] if under else to_rgb("white")

    def visit(element: ElementTree.Element, opacity: float) -> Iterator[tuple[str, float]]:
        opacity *= float(element.attrib.get("opacity", 1))
        if element.tag in (f"{SVG}rect", f"{SVG}circle") and element.attrib.get("fill", "none") != "none":
            box = element.attrib
            middle = [
                float(box.get(a, 0)) + float(box.get(b, 0)) / 2 for a, b in (("x", "width"), ("y", "height"))
            ]
            x, y = (float(box["cx"]), float(box["cy"])) if "cx" in box else middle
            shapes.append((element, mixed(box["fill"], below(x, y), opacity)))
        if element.tag == f"{SVG}text" and element.text:
            ground = below(float(element.attrib["x"]), float(element.attrib["y"]))
            yield element.text, contrast(mixed(element.attrib["fill"], ground, opacity), ground)
        for child in element:
            yield from visit(child, opacity)

    yield from visit(ElementTree.fromstring(svg), 1.0)


def too_pale(html: str) -> set[str]:
    """The texts of the drawings in a page that are hard to read."""
    drawings = re.findall("<svg.*?</svg>", html, re.DOTALL)
    return {text for drawing in drawings for text, found in contrasts(drawing) if found < 4.5}


def canvases(html: str) -> list[tuple[str, str]]:
    """Width and height of every drawing and picture of a page."""
    return re.findall(r'<(?:svg|img)\b[^>]*?\bwidth="(\d+)" height="(\d+)"', html)


def wrong_words(text: str) -> list[str]:
    """Names of arrays that stand for symbols, such as w1 for w¹, and a plural after 1."""
    return re.findall(r"\b[wbz][1-9]\b|(?<![\d.,−])\b1 (?:steps|flowers|layers|epochs|nets|neurons)\b", text)
