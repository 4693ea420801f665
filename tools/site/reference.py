"""What a reader looks up in the book: symbols, words, sources, errors. And what every page of it gets.

The table of symbols is `book/symbols.toml`; from it are made the page "Symbols" and what the book shows when
a reader points at a symbol or at the number of an equation.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from backprop_lib.figures.sealed import SEALED

HERE = Path(__file__).parent
LOOKED_UP = ("symbols", "glossary", "bibliography", "errata")
NOBODY = "Tell whoever gave you this book: your teacher, or the keeper of the site."


def table(pages: list[Path]) -> dict[str, list[dict[str, Any]]]:
    """The symbols and equations, each with the file name of the page that explains it."""
    read = tomllib.loads((HERE / "book" / "symbols.toml").read_text(encoding="utf-8"))
    names = {page.stem.partition("_")[2]: page.stem for page in pages} | {name: name for name in LOOKED_UP}
    rows = {
        kind: [
            {**row, "page": names[row["page"]], "not_on": [names[page] for page in row.get("not_on", [])]}
            for row in read[kind]
        ]
        for kind in read
    }
    return {"symbols": rows["symbol"], "equations": rows["equation"]}


def script(rows: dict[str, list[dict[str, Any]]]) -> str:
    """The table as the book's script reads it."""
    return f"window.BOOK = {json.dumps(rows, ensure_ascii=False)};\n"


def symbols_page(rows: dict[str, list[dict[str, Any]]], titles: dict[str, str]) -> str:
    """The page "Symbols": what each means, the shape of its array, and where it is explained."""

    def link(page: str) -> str:
        return f"[Page {int(page.partition('_')[0])}: {titles[page]}](notebooks/{page}.ipynb)"

    symbols = "".join(
        f"| ${row['tex']}$ | {row['meaning']} | {words_or_formula(row['shape']) or '–'} "
        f"| {link(row['page'])} |\n"
        for row in rows["symbols"]
    )
    equations = "".join(
        f"| ({row['number']}) | ${row['tex']}$ | {row['meaning']} | {link(row['page'])} |\n"
        for row in rows["equations"]
    )
    return (
        "# Symbols\n\nPoint at a symbol anywhere in the book, or at the number of an equation: "
        "the same is said there.\n"
        "Shapes are those of the array that holds it, for $m$ examples at a time, one a column.\n\n"
        f"| symbol | meaning | shape | explained on |\n|---|---|---|---|\n{symbols}\n"
        "## The four equations\n\n| number | equation | what it finds | proved on |\n|---|---|---|---|\n"
        f"{equations}"
    )


def words_or_formula(tex: str) -> str:
    """TeX between dollars; words alone as plain words, which find their lines in a narrow table."""
    words = re.fullmatch(r"\\text\{(.*)\}", tex)
    return words[1] if words else tex and f"${tex}$"


def errata_page(text: str, report: str) -> str:
    """The page "Errata", with the way to report one."""
    link = f"[Report an error]({report.format(page='')})." if report else NOBODY
    return text.replace("{{ report }}", link)


PAGE = re.compile(r'<span id="document-([^"]+)"></span>')
HEADING = re.compile(r'(<(?:section|span|dt)\b[^>]*\bid=")')
EQUATION = re.compile(r'<div (class="math [^>]*>\s*\\\[[^<]*\\qquad \((\d)\)\s*\\\]</div>)')
TITLE = re.compile(r'<h2>(.*?)(?=<a class="headerlink")', re.DOTALL)
LINK = re.compile(r'<a\b[^>]*\bhref="#document-([^"#]+)(#?)([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def in_one_file(html: str) -> str:
    """The book in one file, with links that lead to what they name: a page, a heading of a page, an equation.

    A list of contents comes first. The text speaks of "page 7", so the title of a page of the course bears
    its number. Many pages have a heading "Summary", so each heading gets the name of its page before its own.
    Of a link to a file of the package, which is not printed, the words stay.
    """
    start, *parts = PAGE.split(html)
    names, contents, body = parts[::2], "", ""
    for name, text in zip(names, parts[1::2], strict=True):
        if number := re.match(r"notebooks/(\d+)_", name):
            text = text.replace("<h2>", f"<h2>Page {int(number[1])}: ", 1)
        title = TITLE.search(text)
        assert title, f"{name} has no title"
        contents += f'<li><a href="#document-{name}">{title[1]}</a></li>\n'
        text = HEADING.sub(rf"\g<1>{name}/", text)
        text = re.sub(r'(?<=<a class="headerlink" href="#)', f"{name}/", text)
        text = EQUATION.sub(r'<div id="equation-\2" \1', text)
        body += f'<span id="document-{name}"></span>{text}'

    def led(link: re.Match[str]) -> str:
        page, mark, heading, words = link.groups()
        if page not in names:
            return words
        return link[0].replace(f"document-{page}#{heading}", f"{page}/{heading}") if mark else link[0]

    contents = f'<nav id="contents">\n<h2>Contents</h2>\n<ul>\n{contents}</ul>\n</nav>\n'
    return LINK.sub(led, start + contents + body)


def accessible(html: str) -> str:
    """A page of the book with what its generator leaves out for a keyboard or a screen reader.

    Captions of lists of pages are headings and have a level; what may scroll sideways can be reached by Tab.
    What asks for a guess first is marked: on paper nothing is folded.
    """
    html = html.replace('class="caption" role="heading">', 'class="caption" role="heading" aria-level="2">')
    html = re.sub(r"<pre(?![^>]*tabindex)", '<pre tabindex="0"', html)
    scrolls = r'(<div class="(?:table-wrapper|output text_html)[^"]*")(?![^>]*tabindex)'
    html = re.sub(scrolls, r'\1 tabindex="0"', html)
    for drawer, label in (("sidebar", "The pages of the book"), ("toc", "On this page")):
        html = html.replace(
            f'<aside class="{drawer}-drawer', f'<aside aria-label="{label}" class="{drawer}-drawer'
        )
    return html.replace(f"<summary>{SEALED}</summary>", f'<summary class="sealed">{SEALED}</summary>')
