"""Formulas as MathML, which a browser draws and a screen reader reads aloud, without a script or a network.

    "$z = w a$"    →    <math><mrow><mi>z</mi><mo>=</mo>…</math>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree

# Displayed or inline; a backslash before a dollar makes it a plain one, and code is no formula.
FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<display>.+?)(?<!\\)\$\$|(?<!\\)\$(?P<inline>[^$]+?)(?<!\\)\$", re.DOTALL
)
CODE = re.compile(r"```.*?(?:```|\Z)|(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
COMMAND = re.compile(r"\\[a-zA-Z]+")
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
NO_SPACE = {"lspace": "0", "rspace": "0"}
LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}

ElementTree.register_namespace("", NAMESPACE)


class FormulaError(ValueError):
    """A formula that has no MathML; the message says why."""


def formulas(markdown: str) -> Iterator[tuple[str, bool]]:
    """The TeX of each formula of a Markdown text, and whether it is displayed on a line of its own."""
    for match in FORMULA.finditer(CODE.sub("", markdown)):
        yield (match["display"] or match["inline"]).strip(), match["display"] is not None


def mathml(tex: str, display: bool = False) -> str:
    """The MathML of a formula, as a string.

    Raises FormulaError for braces or fences that do not match, and for a command without a translation.
    """
    # The converter is needed here alone; what finds formulas does without it.
    from latex2mathml.converter import convert

    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", tex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            raise FormulaError(f"a closing brace too many in {tex!r}")
    if depth:
        raise FormulaError(f"a brace is not closed in {tex!r}")
    try:
        root = ElementTree.fromstring(convert(tex, display="block" if display else "inline"))
    except Exception as error:  # the converter raises many kinds
        raise FormulaError(f"{type(error).__name__} in {tex!r}") from error
    if unknown := COMMAND.findall("".join(root.itertext())):
        raise FormulaError(f"no translation for {', '.join(unknown)} in {tex!r}")
    improve(root)
    return ElementTree.tostring(root, encoding="unicode")


def improve(root: ElementTree.Element) -> None:
    """Mend what the converter leaves out: limits of sums, boxes, and the space around some symbols."""
    norms = count()
    for element in root.iter():
        tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        text = element.text or ""
        if tag in LIMITS and element[0].text == "∑":  # below and above it in a displayed formula
            change(element, LIMITS[tag])
        elif tag == "menclose":  # browsers do not draw it; a style sheet does
            change(element, "mrow", {"class": "boxed"})
        elif text == "′":
            change(element, "mo", NO_SPACE)
        elif text in ("∂", "∇"):  # operators in the dictionary of browsers, with space around them
            change(element, "mi")
        elif text == "‖":
            form = "prefix" if next(norms) % 2 == 0 else "postfix"
            change(element, "mo", {"form": form, "stretchy": "false", **NO_SPACE})
        elif tag == "mi" and len(text) > 1 and text.isalpha():  # the name of a function, such as ln
            change(element, "mo", {"lspace": "0.167em", "rspace": "0.167em"})


def change(element: ElementTree.Element, tag: str, attributes: dict[str, str] | None = None) -> None:
    element.tag = f"{{{NAMESPACE}}}{tag}"
    element.attrib = dict(attributes or {})
