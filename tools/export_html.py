"""Export the pages as HTML files that stand alone: no script, no network, formulas as MathML.

    python tools/export_html.py                   all pages of notebooks/ into build/html/
    python tools/export_html.py --to FOLDER

Pictures are inside the file. Links to pages lead to their exports, and a source file that a page links to is
exported beside them. Solutions are in blocks that the reader opens.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from html import escape, unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from execute_pages import joined, read
from mathml import FORMULA, mathml
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).parents[1]
SOLUTION = "solution"
SERIES = "Backpropagation, derived, proved and checked"

TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")

# Nothing is loaded from anywhere: the browser itself is told to refuse it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #FFFFFF; color: #222222;
       font: 17px/1.6 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.2rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 1rem 0; }
h2 { font-size: 1.4rem; line-height: 1.3; margin: 2.6rem 0 0.6rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 0.4rem; }
a { color: #1A5490; }
blockquote { margin: 1rem 0; padding: 0.1rem 1rem; border-left: 4px solid #2166AC; }
pre, code { font: 0.84em ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
pre { overflow-x: auto; line-height: 1.45; margin: 0; padding: 0.7rem 0.9rem; }
.code { background: #F6F7F9; border: 1px solid #DDE1E6; border-radius: 6px; margin: 1.1rem 0 0; }
.code pre, .output pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.output { margin: 0 0 1.1rem; padding-top: 0.2rem; overflow-x: auto; }
.output pre { padding-left: 0.95rem; }
.error { color: #8C2D04; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; margin: 1.1rem 0; display: block; overflow-x: auto; max-width: 100%; }
th, td { padding: 0.4rem 0.7rem; border-bottom: 1px solid #DDE1E6; text-align: left; vertical-align: middle; }
thead :is(th, td) { border-bottom: 2px solid #8A8A8A; }
caption { text-align: left; padding: 0 0.8rem; }
.output td:nth-last-child(-n+2) { white-space: nowrap; }
details { margin: 0.8rem 0; padding: 0.3rem 0.9rem; border: 1px solid #DDE1E6; border-radius: 6px; }
summary { cursor: pointer; font-weight: 600; }
math { font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", "DejaVu Math TeX Gyre", math;
       font-size: 1.06em; }
math[display="block"] { margin: 1.2rem 0; padding: 0.3rem 0; overflow-x: auto; overflow-y: hidden; }
@media (max-width: 40rem) { p, ul, ol { overflow: auto hidden; } }
math .boxed { border: 1.5px solid #2166AC; border-radius: 5px; padding: 0.5em 0.2em; }
.k, .kn, .kc, .ow, .nb, .bp { color: #1A5490; }
.k, .kn { font-weight: 600; }
.s1, .s2, .sa, .sd, .si, .se { color: #7F3B08; }
.mi, .mf { color: #1B6A30; }
.c1 { color: #595959; font-style: italic; }
"""


class Renderer(IPythonRenderer):
    """Markdown as nbconvert renders it, with formulas as MathML and links that lead to the exports."""

    def block_math(self, body: str) -> str:
        return mathml(body.strip(), display=True)

    def inline_math(self, body: str) -> str:
        return mathml(body.strip())

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        name = BeautifulSoup(text, "html.parser").get_text().replace(" ", "-")
        return f'<h{level} id="{escape(name)}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return str(super().link(text, exported_link(url), title))


def exported_link(url: str) -> str:
    """Where a link of a page leads to in the export, in which all files are in one folder."""
    file, mark, anchor = url.partition("#")
    if "//" in url or not file:
        return url
    name = Path(file).name
    return f"{name.removesuffix('.ipynb')}.html{mark}{anchor}"


def html_of_markdown(text: str) -> str:
    html = MarkdownWithMath(renderer=Renderer(escape=False)).render(text)
    # A word joiner keeps a full stop on the line of the formula that it follows.
    return with_row_headers(re.sub(r"</math>(?=[.,;:?!)])", "</math>\u2060", html))


def with_row_headers(html: str) -> str:
    """Where the first header of a table is empty, the first column holds the headers of the rows."""
    if "<table" not in html:
        return html
    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        first = table.find("th")
        if first is not None and not first.get_text(strip=True):
            first.name = "td"
            for row in table.select("tbody tr"):
                row.find("td").name = "th"
                row.find("th")["scope"] = "row"
        for header in table.select("thead th"):
            header["scope"] = "col"
    return str(soup)


def with_mathml(text: re.Match[str]) -> str:
    """A stretch of text between two tags, its formulas as MathML."""
    return FORMULA.sub(lambda formula: mathml(unescape(formula["inline"] or formula["display"])), text[0])


def html_of_code(source: str) -> str:
    formatter = HtmlFormatter(nowrap=True)
    return f'<div class="code"><pre>{highlight(source, PythonLexer(), formatter).rstrip()}</pre></div>'


def html_of_output(output: dict[str, Any]) -> str:
    """The richest form of an output that needs no script."""
    data = output.get("data", {})
    if "text/html" in data:
        return with_row_headers(TEXT.sub(with_mathml, joined(data["text/html"])))
    if "image/png" in data:
        alt = output["metadata"]["image/png"]["alt"]
        return f'<img alt="{escape(alt)}" src="data:image/png;base64,{joined(data["image/png"])}">'
    if output["output_type"] == "error":
        return f'<pre class="error">{escape(output["ename"])}: {escape(output["evalue"])}</pre>'
    return f"<pre>{ansi2html(joined(output.get('text', data.get('text/plain', ''))))}</pre>"


def html_of_cell(cell: dict[str, Any]) -> str:
    source = joined(cell["source"])
    if cell["cell_type"] == "markdown":
        return html_of_markdown(source)
    parts = [html_of_code(source)]
    if cell["outputs"]:
        parts.append(f'<div class="output">{"".join(map(html_of_output, cell["outputs"]))}</div>')
    html = "\n".join(parts)
    if SOLUTION in cell["metadata"].get("tags", []):
        return f"<details><summary>Solution</summary>\n{html}\n</details>"
    return html


def document(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} · {SERIES}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def html_of_page(page: dict[str, Any]) -> str:
    """The whole document of one page."""
    first = joined(page["cells"][0]["source"]).splitlines()[0]
    return document(first.lstrip("# "), "\n".join(map(html_of_cell, page["cells"])))


def linked_sources(html: str, folder: Path) -> set[Path]:
    """The Python files of the package to which an exported page links."""
    links = BeautifulSoup(html, "html.parser").find_all("a", href=True)
    names = {link["href"].partition("#")[0] for link in links}
    package = folder.parent / "backprop_lib"
    return {package / name.removesuffix(".html") for name in names if name.endswith(".py.html")}


def export(pages: list[Path], target: Path) -> list[Path]:
    """Write the pages and the sources that they link to into a folder made anew; returns the files."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    written, sources = [], set()
    for path in pages:
        html = html_of_page(read(path))
        sources |= linked_sources(html, path.parent)
        written.append(target / f"{path.stem}.html")
        written[-1].write_text(html, encoding="utf-8", newline="\n")
    for source in sorted(sources):
        body = f"<h1>{source.name}</h1>\n{html_of_code(source.read_text(encoding='utf-8'))}"
        written.append(target / f"{source.name}.html")
        written[-1].write_text(document(source.name, body), encoding="utf-8", newline="\n")
    return written


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "html")
    options = parser.parse_args(arguments)
    written = export(sorted((ROOT / "notebooks").glob("*.ipynb")), options.to)
    print(f"{len(written)} files; begin with {written[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
