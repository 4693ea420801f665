"""What every page must keep to: each lint takes a notebook (the dict in its file) and yields findings.

A finding is a sentence that names the cell: [3] is the code cell with execution count 3,
"cell 5" the fifth cell of the page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from execute_pages import WIDGET_VIEW, joined, normalized, serialized

Notebook = dict[str, Any]
Cell = dict[str, Any]

LONGEST_CELL = 15
RAISES = "raises-exception"
PATH = re.compile(
    r"(?<![\w.:/<])/(?:home|root|Users|Volumes|usr|tmp|var|opt|srv|private|work|mnt|content)/\w|file:///|\b[A-Z]:\\\w"
)
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
TIMING = re.compile(
    r"\d\s?(?:ns|µs|μs|us|ms|msec|sec|secs|seconds)\b|\d\.\d+\s?s\b|\d\s?it/s|Wall time|CPU times"
    r"|\b20\d\d-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b"
)
PICTURE_BYTES = re.compile(r"data:image/[^\"')]*")
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(?:"[^"]*\w[^"]*"|'[^']*\w[^']*')""", re.IGNORECASE)
SVG = re.compile(r"<svg\b[^>]*>", re.IGNORECASE)
LABEL = re.compile(r"""\baria-label\s*=\s*(?:"[^"]*\w[^"]*"|'[^']*\w[^']*')""", re.IGNORECASE)
NO_ALT = re.compile(r"!\[\s*\]")
HEADING = re.compile(r"(#{1,6})\s+\S")
FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
UNCHECKED = re.compile(r"nbval[-_](?:skip|ignore[-_]output)|PYTEST_VALIDATE_IGNORE", re.IGNORECASE)
HIDES_ERRORS = re.compile(
    r"\b(?:interact|interactive|interactive_output|interact_manual)\b"
    r"|\bOutput\(|\bsuppress\(|except.*:\s*pass\b"
)


def code_cells(page: Notebook) -> list[Cell]:
    return [cell for cell in page["cells"] if cell["cell_type"] == "code"]


def markdown_cells(page: Notebook) -> Iterator[tuple[int, str]]:
    """The number in the page and the text of each Markdown cell, fenced code taken out."""
    for number, cell in enumerate(page["cells"], 1):
        if cell["cell_type"] == "markdown":
            yield number, FENCE.sub("", joined(cell["source"]))


def label(cell: Cell) -> str:
    count = cell["execution_count"]
    return f"[{count}]" if count is not None else f"code cell {cell.get('id', '?')}"


def shown_text(output: dict[str, Any]) -> str:
    """All the text of an output, without the bytes of its pictures."""
    data = output.get("data", {})
    parts = [joined(value) for kind, value in data.items() if kind.startswith(("text/", "image/svg"))]
    parts += [joined(output.get("text", "")), output.get("evalue", "")]
    parts += output.get("traceback", [])
    return PICTURE_BYTES.sub("", "\n".join(parts))


def outputs_name_no_machine(page: Notebook) -> Iterator[str]:
    """No path, memory address or timing in an output: the next machine prints another."""
    for cell in code_cells(page):
        text = "\n".join(shown_text(output) for output in cell["outputs"])
        for pattern, what in ((PATH, "path"), (ADDRESS, "memory address"), (TIMING, "timing")):
            if match := pattern.search(text):
                yield f"{label(cell)} prints a {what}: {match[0]!r}"


def executed_top_to_bottom(page: Notebook) -> Iterator[str]:
    """Execution counts run 1, 2, 3, … over the code cells, and no code cell is empty."""
    for expected, cell in enumerate(code_cells(page), 1):
        if not joined(cell["source"]).strip():
            yield f"{label(cell)} is empty"
        elif cell["execution_count"] != expected:
            yield f"{label(cell)} should have execution count {expected}: run the page top to bottom"


def prints_for_certain(source: str) -> bool:
    """Whether a statement that always runs calls print or display."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    calls = [s.value for s in statements if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
    names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    return "print" in names or "display" in names


def printed_outputs_are_stored(page: Notebook) -> Iterator[str]:
    """A cell that prints carries what it printed, so that the page can be read without a kernel."""
    for cell in code_cells(page):
        if prints_for_certain(joined(cell["source"])) and not cell["outputs"]:
            yield f"{label(cell)} prints, but no output is stored"


def errors_are_announced(page: Notebook) -> Iterator[str]:
    """A stored error only, and always, where the tag raises-exception says so; nothing on stderr."""
    for cell in code_cells(page):
        errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
        tagged = RAISES in cell["metadata"].get("tags", [])
        if errors and not tagged:
            yield f"{label(cell)} stores an error: {errors[0]['ename']}"
        if tagged and not errors:
            yield f"{label(cell)} is tagged {RAISES} and raises nothing"
        if any(output.get("name") == "stderr" for output in cell["outputs"]):
            yield f"{label(cell)} writes to stderr"


def no_widget_state(page: Notebook) -> Iterator[str]:
    """Neither the state nor the view of a live widget is stored: without a kernel it shows nothing."""
    if "widgets" in page["metadata"]:
        yield "widget state is stored in the metadata"
    for cell in code_cells(page):
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell["outputs"]):
            yield f"{label(cell)} stores the view of a live widget"


def pictures_have_alt_text(page: Notebook) -> Iterator[str]:
    """Every picture says in words what it shows: PNG in its metadata, <img> in its tag, ![…] in brackets."""
    for cell in code_cells(page):
        for output in cell["outputs"]:
            data = output.get("data", {})
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if "image/png" in data and not alt.strip():
                yield f"{label(cell)} shows a picture without alt text in its metadata"
            if any(kind.startswith("image/") and kind != "image/png" for kind in data):
                yield f"{label(cell)} shows a picture that cannot carry alt text: store a PNG"
            html = joined(data.get("text/html", ""))
            if any(not ALT.search(tag) for tag in IMG.findall(html)):
                yield f"{label(cell)} shows an <img> without alt text"
            if any(not LABEL.search(tag) for tag in SVG.findall(html)):
                yield f"{label(cell)} shows an <svg> without aria-label"
    for number, text in markdown_cells(page):
        if NO_ALT.search(text) or any(not ALT.search(tag) for tag in IMG.findall(text)):
            yield f"cell {number} shows a picture without alt text"


def headings_descend_by_one(page: Notebook) -> Iterator[str]:
    """One first-level heading, at the top; below it no level is jumped."""
    level = 0
    for number, text in markdown_cells(page):
        for line in text.splitlines():
            if match := HEADING.match(line):
                new = len(match[1])
                if new == 1 and level:
                    yield f"cell {number}: a second first-level heading: {line!r}"
                elif new > level + 1:
                    yield f"cell {number}: from level {level} to level {new}: {line!r}"
                level = new
    if level == 0:
        yield "the page has no heading"


def only_imports(cell: dict[str, Any]) -> bool:
    """Whether a cell does nothing but import, a name a line, and ask what earlier pages have settled."""
    body = ast.parse(joined(cell["source"])).body
    if body and ast.unparse(body[-1]).startswith("recall("):
        body = body[:-1]
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def cells_are_short(page: Notebook) -> Iterator[str]:
    for cell in code_cells(page):
        lines = len(joined(cell["source"]).splitlines())
        if lines > LONGEST_CELL and not only_imports(cell):
            yield f"{label(cell)} has {lines} lines, more than {LONGEST_CELL}"


def display_formulas_stand_alone(page: Notebook) -> Iterator[str]:
    """The $$ that open and close a displayed formula stand on lines of their own."""
    for number, text in markdown_cells(page):
        for line in text.splitlines():
            if "$$" in line and line.strip().lstrip("> ") != "$$":
                yield f"cell {number}: $$ is not on a line of its own: {line.strip()!r}"


def plain_python_that_is_checked(page: Notebook) -> Iterator[str]:
    """No magics, nothing that exempts a cell from comparison, nothing that swallows errors."""
    for cell in code_cells(page):
        source = joined(cell["source"])
        if re.search(r"^\s*[%!]|get_ipython|\?$", source, re.MULTILINE):
            yield f"{label(cell)} has a magic or shell line"
        if UNCHECKED.search(source + " ".join(cell["metadata"].get("tags", []))):
            yield f"{label(cell)} is exempted from the comparison of outputs"
        if match := HIDES_ERRORS.search(source):
            yield f"{label(cell)} uses {match[0]!r}, which hides errors from the tests"


def assertions_say_what_they_hold(page: Notebook) -> Iterator[str]:
    """Every assert has a message in words, for the reader as much as for who sees it fail."""
    for cell in code_cells(page):
        for node in ast.walk(ast.parse(joined(cell["source"]))):
            if isinstance(node, ast.Assert) and node.msg is None:
                yield f"{label(cell)} asserts without words: {ast.unparse(node)}"


def stored_in_one_form(page: Notebook) -> Iterator[str]:
    """The file is what `make notebooks` writes, so that a difference in git is a difference in the page."""
    if page["nbformat_minor"] < 5 or any("id" not in cell for cell in page["cells"]):
        yield "cells have no ids: run `make notebooks`"
    elif serialized(normalized(page)) != serialized(page):
        yield "not in the form that `make notebooks` writes: run it"


LINTS = (
    outputs_name_no_machine,
    executed_top_to_bottom,
    printed_outputs_are_stored,
    errors_are_announced,
    no_widget_state,
    pictures_have_alt_text,
    headings_descend_by_one,
    cells_are_short,
    display_formulas_stand_alone,
    plain_python_that_is_checked,
    assertions_say_what_they_hold,
    stored_in_one_form,
)


def findings(page: Notebook) -> list[str]:
    """What all lints find in one page."""
    return [finding for lint in LINTS for finding in lint(page)]
