"""Text whose symbols and numbers say what they are, so that a page can light what belongs together.

`<span data-is="delta.1.0">` holds the error of neuron 0 of layer 1: its symbol or its number. How names are
written, and what is done with them, is said in `figures/living.js`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

LAYERS, INDICES = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
DIGITS = str.maketrans(LAYERS + INDICES + "ₖ", "0123456789" * 2 + "*")
KINDS = {"σ′(z": "prime", "∂C/∂w": "dw", "∂C/∂b": "db", "δ": "delta"}
INDEX = f"([{LAYERS}])([{INDICES}ₖ]*)"
SYMBOL = re.compile(rf"(σ′\(z){INDEX}\)|(∂C/∂[wb]|[zawbδ]){INDEX}|([xy])([{INDICES}ₖ]*)")
CODE = re.compile(
    r"sigma\[(?P<of>\d)\]\.prime\((?:run\.)?z\[\d\]\)"
    r"|(?:(?P<d>gradient\.|\bd(?=[wb]\[))|\b)(?P<kind>[zawbn]|delta)\[(?P<l>\d)\]"
    r"(?:\[(?P<j>\d+)(?:, (?P<k>\d+))?\])?"
    r"|(?<!\w)(?P<word>[^\W\d]\w*)"
)


def named(text: str, *names: str) -> str:
    """A piece of HTML that says its names.

    >>> named("0.25", "a.1.0")
    '<span data-is="a.1.0">0.25</span>'
    """
    return f'<span data-is="{" ".join(names)}">{text}</span>'


def plain(html: str) -> str:
    """The same text without its names."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def symbols(equation: str, last: int) -> str:
    """An equation as HTML, each of its symbols with its name; Σₖ has the names of all that it sums.

    `last` is the layer of y; that of x is 0.

    >>> symbols("z¹₀ = w¹₀ₖ", 2)
    '<span data-is="z.1.0">z¹₀</span> = <span data-is="w.1.0.*">w¹₀ₖ</span>'
    """
    summed = []

    def marked(match: re.Match[str]) -> str:
        kind, *rest = (part for part in match.groups() if part is not None)
        indices = "".join(rest).translate(DIGITS)
        first = {"x": "a.0", "y": f"y.{last}"}.get(kind) or KINDS.get(kind, kind)
        name = ".".join([first, *indices])
        if "*" in indices:
            summed.append(name)
        return named(match[0], name)

    html = SYMBOL.sub(marked, escape(equation))
    return html.replace("Σₖ", named("Σₖ", *summed))


def equation(text: str, names: Mapping[str, str], numbers: Mapping[str, str]) -> str:
    """An equation as HTML, each of the symbols in `names` with its name, and so its number, at {symbol}.

    >>> equation("a = σ(z) = {a}", {"a": "a.1"}, {"a": "0.5"})
    '<span data-is="a.1">a</span> = σ(z) = <span data-is="a.1">0.5</span>'
    """
    symbol = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))

    def marked(match: re.Match[str]) -> str:
        return named(numbers[match[1]] if match[1] else match[0], names[match[1] or match[0]])

    return re.sub(rf"{{({symbol})}}|(?<!\w)(?:{symbol})(?!\w)", marked, escape(text))


def code(source: str, names: Mapping[str, str] = {}) -> str:
    """Python as HTML, each array of a layer with its name; all but the weights have a column an example.

    `names` are those of the variables in this text that are something else.

    >>> code("run.delta[2][1, 0]")
    'run.<span data-is="delta.2.1">delta[2][1, 0]</span>'
    """

    def marked(match: re.Match[str]) -> str:
        if match["word"]:
            return named(match[0], names[match[0]]) if match[0] in names else match[0]
        if match["of"]:
            return named(match[0], f"prime.{match['of']}")
        indices = [match[part] for part in ("l", "j", "k") if match[part]]
        kind = ("d" if match["d"] else "") + match["kind"]
        return named(match[0], ".".join([kind, *(indices if match["kind"] == "w" else indices[:2])]))

    return CODE.sub(marked, escape(source))
