"""Write the titles, maps and links of the pages from notebooks/contents.toml.

    python tools/contents.py    write them into the pages, README.md and docs/, and say which files changed

The first cell of a page keeps its text below the map (a new page has a title alone: the rest is put there).
On every page but page 0 it ends with what page 0 says to readers on Colab, who may open any page alone. The
last cell keeps its text around the link to the next page. A link leads to the page whose name it has behind
the number, and says the number and the title of the table: so pages may be moved and renumbered.
docs/questions.md lists the headings that ask: they stand on the pages alone, and the index follows them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import execute_pages

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
TEXTS = ("README.md", "docs/teaching.md")
QUESTIONS = "docs/questions.md"
COLAB = re.compile(r"<details><summary>On Colab.*?</details>\n*", re.DOTALL)
HEAD = re.compile(r"\A# .*(?:\n\n.*\n\n\*\*Map:\*\* .*)?")
LINK = re.compile(r"(?:\[(← )?([Pp]age )\d+(?:(: )[^\]]*?)?( →)?)?\]\(([^)\s]*?)\d+_([\w-]+)\.ipynb\)")
HEADING = re.compile(r"^### Page (\d+): (.*)$", re.MULTILINE)
ROWS = re.compile(r"(?:^\| \d+ \| \[[^\]]*\]\(notebooks/.*\n)+", re.MULTILINE)
ASKS = re.compile(r"^###? (?!What could go wrong)(.+\?)$", re.MULTILINE)
ASKED = re.compile(r"(?:^\| \[[^\]]*\]\(\.\./notebooks/.*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page of the course: its number, and its entry in the table."""

    number: int
    file: str
    title: str
    short: str
    settles: str

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.file}.ipynb"

    @property
    def name(self) -> str:
        """The name of the file without its number."""
        return self.file.partition("_")[2]

    def link(self, text: str) -> str:
        return f"[{text}]({self.file}.ipynb)"


def contents() -> list[Page]:
    """The pages in the order of reading."""
    table = tomllib.loads((FOLDER / "contents.toml").read_text(encoding="utf-8"))
    return [Page(number, **entry) for number, entry in enumerate(table["page"])]


def head(page: Page, pages: list[Page]) -> str:
    """The title, the way back and on, and the map."""
    way = [f"Page {page.number} (of 0 to {len(pages) - 1})"]
    start = f"Page 0: {pages[0].title}"
    if page.number == 1:
        way.append(pages[0].link(f"← {start}"))
    elif page.number:
        before = pages[page.number - 1]
        way += [before.link(f"← Page {before.number}: {before.title}"), pages[0].link(start)]
    if page.number + 1 < len(pages):
        after = pages[page.number + 1]
        way.append(after.link(f"Page {after.number}: {after.title} →"))
    names = [(p, f"{p.number} {p.short}") for p in pages]
    stops = [f"**{name}**" if p is page else p.link(name) for p, name in names]
    return f"# {page.title}\n\n{' · '.join(way)}\n\n**Map:** {' → '.join(stops)}"


def with_titles(text: str, pages: list[Page]) -> str:
    """A text in which every link to a page, and every heading, has the file, number and title of the page."""
    named, titled = {page.name: page for page in pages}, {page.title: page for page in pages}

    def link(match: re.Match[str]) -> str:
        back, word, colon, on, folder, name = match.groups("")
        if name not in named:
            return match[0]
        page = named[name]
        title = colon and f": {page.title}"
        words = f"[{back}{word}{page.number}{title}{on}" if word else ""
        return f"{words}]({folder}{page.file}.ipynb)"

    def heading(match: re.Match[str]) -> str:
        page = titled.get(match[2]) or pages[int(match[1])]
        return f"### Page {page.number}: {page.title}"

    text = HEADING.sub(heading, LINK.sub(link, text))
    rows = "".join(f"| {p.number} | [{p.title}](notebooks/{p.file}.ipynb) | {p.settles} |\n" for p in pages)
    return ROWS.sub(lambda _: rows, text)


def questions(page: Page) -> list[str]:
    """What the headings of a page ask, in the order of reading."""
    cells = execute_pages.read(page.path)["cells"]
    return ASKS.findall("\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown"))


def with_questions(text: str, asked: dict[Page, list[str]]) -> str:
    """The index of the questions: a row for each, with a link to the heading that asks it."""

    def row(page: Page, question: str) -> str:
        file = f"../notebooks/{page.file}.ipynb"
        anchor = re.sub(r"[^\w\- ]", "", question).lower().replace(" ", "-")
        return f"| [{question}]({file}#{anchor}) | [Page {page.number}: {page.title}]({file}) |\n"

    rows = "".join(row(page, question) for page, asks in asked.items() for question in asks)
    return ASKED.sub(lambda _: rows, text)


def changed(pages: list[Page]) -> dict[Path, str]:
    """{file: its new text} of all files that do not say what the table says."""
    new, colab = {}, ""
    for page in pages:
        notebook = execute_pages.read(page.path)
        first = notebook["cells"][0]
        first["source"] = HEAD.sub(lambda _: head(page, pages), first["source"])  # noqa: B023
        if page.number:
            first["source"] = f"{COLAB.sub('', first['source']).rstrip()}\n\n{colab}"
        elif found := COLAB.search(first["source"]):
            colab = found[0].rstrip()
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = with_titles(cell["source"], pages)
        new[page.path] = execute_pages.serialized(notebook)
    for name in TEXTS:
        new[ROOT / name] = with_titles((ROOT / name).read_text(encoding="utf-8"), pages)
    index = (ROOT / QUESTIONS).read_text(encoding="utf-8")
    new[ROOT / QUESTIONS] = with_questions(index, {page: questions(page) for page in pages})
    return {path: text for path, text in new.items() if text != path.read_text(encoding="utf-8")}


if __name__ == "__main__":
    for changed_path, new_text in changed(contents()).items():
        print(changed_path.relative_to(ROOT).as_posix())
        changed_path.write_text(new_text, encoding="utf-8")
