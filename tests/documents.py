"""The pages and the Markdown files as a reader meets them: their text, links, pictures and outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from execute_pages import joined, read
from page_lints import FENCE

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "datasets" / "README.md"]

# Displayed or inline; a backslash before a dollar makes it a plain one, and code is no formula.
FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<display>.+?)(?<!\\)\$\$|(?<!\\)\$(?P<inline>[^$]+?)(?<!\\)\$", re.DOTALL
)
CODE = re.compile(r"```.*?(?:```|\Z)|(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)\)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^()\s]+)\)")
ATTRIBUTE = re.compile(r"""\b([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A page or a Markdown file.

    name      the path of the file below the root of the project
    cells     the cells of a page; a Markdown file is one Markdown cell
    """

    name: str
    cells: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        """All that is written in Markdown, code and formulas taken out."""
        return FORMULA.sub("x", self.text_with_formulas)

    @property
    def text_with_formulas(self) -> str:
        return "\n\n".join(CODE.sub("`code`", source) for source in self.sources)

    @property
    def formulas(self) -> Iterator[tuple[str, bool]]:
        """The TeX of each formula, and whether it is displayed on a line of its own."""
        for match in FORMULA.finditer(self.text_with_formulas):
            yield (match["display"] or match["inline"]).strip(), match["display"] is not None

    @property
    def sources(self) -> Iterator[str]:
        return (joined(cell["source"]) for cell in self.cells if cell["cell_type"] == "markdown")

    @property
    def titles(self) -> list[str]:
        """The headings, without the marks of Markdown."""
        written = "\n\n".join(FENCE.sub("", source) for source in self.sources)
        return [re.sub(r"[*`]", "", title) for title in HEADING.findall(written)]

    @property
    def outputs(self) -> Iterator[dict[str, Any]]:
        for cell in self.cells:
            yield from cell.get("outputs", [])

    @property
    def html(self) -> str:
        """All HTML of the outputs, without the bytes of pictures."""
        shown = (joined(output.get("data", {}).get("text/html", "")) for output in self.outputs)
        return re.sub(r'src="data:image/[^"]*"', 'src=""', "\n".join(shown))

    @property
    def links(self) -> list[tuple[str, str]]:
        """The text and the target of every link that is written in Markdown."""
        return LINK.findall(self.text)

    @property
    def anchors(self) -> set[str]:
        """The names of the headings, as JupyterLab and code-hosting sites write them."""
        plain = {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in self.titles}
        return plain | {title.replace(" ", "-") for title in self.titles}


def document(path: Path, root: Path = ROOT) -> Document:
    """The page or Markdown file at a path."""
    name = path.relative_to(root).as_posix()
    if path.suffix == ".ipynb":
        return Document(name, tuple(read(path)["cells"]))
    return of_markdown(path.read_text(encoding="utf-8"), name)


def of_markdown(text: str, name: str = "broken.md") -> Document:
    return Document(name, ({"cell_type": "markdown", "source": text},))


def tags(html: str, name: str) -> Iterator[dict[str, str]]:
    """The attributes of every tag of this name."""
    for tag in re.findall(rf"<{name}\b[^>]*>", html):
        yield {key: unescape(one or two) for key, one, two in ATTRIBUTE.findall(tag)}
