"""What a figure shows against what its line of code gives: every number of the table, in order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop_lib.drawing.svg import number
from backprop_lib.figures.reproducible import OPEN

NUMBER = re.compile(r"[−-]?\d[\d.]*(?:e[−-]?\d+)?")
WORDS = {"", "not yet", "right", "wrong", "fell", "rose", "of 45"}


def value_of(text: Any) -> float:
    """A number as the figures write it."""
    return float(str(text).replace("−", "-"))


def result_of(code: str) -> Any:
    """The value of the last line of a piece of code, run with nothing imported before."""
    *before, last = ast.parse(code).body
    assert isinstance(last, ast.Expr), code
    names: dict[str, Any] = {}
    exec(compile(ast.Module(before, []), "code of the figure", "exec"), names)
    return eval(compile(ast.Expression(last.value), "code of the figure", "eval"), names)


def flat(value: Any) -> Iterator[float]:
    """All numbers of nested lists, dicts and arrays, row by row; None is left out."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from flat(part)
    elif value is not None:
        yield from np.asarray(value, float).ravel().tolist()


def cells_of(rows: Sequence[Sequence[object]]) -> list[tuple[str, str]]:
    """The cells of a table that hold a number or a bound, each with the name of its row."""
    found = []
    for row in rows[1:]:
        for cell in map(str, row[1:]):
            text = cell.strip()
            if NUMBER.fullmatch(text) or text in ("0, exactly", OPEN) or re.search(r"below \S+$", text):
                found.append((str(row[0]), text))
            else:
                shape = re.fullmatch(r"[wb][⁰¹²³⁴⁵] \d+×\d+", text)
                assert text in WORDS or shape, f"a cell that is no number and no known word: {text!r}"
    return found


def differences(rows: Sequence[Sequence[object]], code: str) -> list[str]:
    """In what the table differs from the numbers that its code gives: sentences, none if it agrees.

    A number must be that of the code, rounded as the table rounds it; "below x" must be above it, and
    "0, exactly" is nothing but 0.
    """
    cells, values = cells_of(rows), list(flat(result_of(code)))
    if len(cells) != len(values):
        return [f"{len(cells)} numbers in the table, {len(values)} from the code"]
    return [
        f"{name}: shown {text}, the code gives {value!r}"
        for (name, text), value in zip(cells, values, strict=True)
        if not _agrees(text, value)
    ]


def _agrees(text: str, value: float) -> bool:
    if text == OPEN:
        return True
    if text == "0, exactly":
        return value == 0
    if "below" in text:
        return value <= value_of(text.split()[-1]) * (1 + 1e-9)
    return value_of(text) == value or any(text == number(value, digits) for digits in range(1, 13))
