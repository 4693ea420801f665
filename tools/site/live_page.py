"""What stands around a live page while it loads: its text, what is loading, how much, and which packages.

The application's own page is kept as it is, but for two additions: `waiting.js` and `waiting.html`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

import runtime

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# MB of the application itself, without Python; `make test-site` compares it with what is loaded.
APPLICATION = 7

# What the kernel needs before the first cell of any page.
ALWAYS = [
    *("comm", "ipykernel", "ipython", "ipywidgets", "jedi", "micropip", "numpy", "piplite"),
    *("pyodide-kernel", "backprop-lib"),
]

FORMULA = re.compile(
    r'<(span|div) class="math notranslate nohighlight"[^>]*>\s*\\([(\[])(.*?)\\[)\]]\s*</\1>', re.DOTALL
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<base href="../../book/notebooks/" target="_top">
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 46rem; padding: 1rem 1.2rem 4rem; font: 1.05rem/1.6 system-ui, sans-serif;
  background: light-dark(#fbfaf7, #12161c); color: light-dark(#1d2430, #e8ebf0); overflow-wrap: break-word; }}
a {{ color: light-dark(#2166ac, #7fb6e6); }}
pre {{ overflow-x: auto; font-size: .85rem; line-height: 1.4; padding: .6rem .8rem; border-radius: 6px;
  background: light-dark(#f0efeb, #1d2430); }}
code {{ font-size: .88em; }}
img, svg {{ max-width: 100%; height: auto; background: #fff; border-radius: 6px; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ padding: .2rem .6rem; border-bottom: 1px solid #8884; text-align: left; }}
math[display=block] {{ overflow-x: auto; overflow-y: hidden; padding: .3rem 0; }}
.headerlink, .copybtn {{ display: none; }}
</style>
{body}
</html>
"""


def imported(source: str, package: str = "", inside: bool = True) -> Iterator[str]:
    """The dotted names that a text imports; without `inside`, only those that its own import executes."""
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*up, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif inside or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(node)


def modules_of(name: str, root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """The files that are executed when a dotted name is imported, each with the package that it is in."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        folder = root.joinpath(*parts[:end])
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py", ".".join(parts[:end])
        elif folder.with_suffix(".py").is_file():
            yield folder.with_suffix(".py"), ".".join(parts[: end - 1])


@cache
def imported_by(name: str, root: Path) -> set[str]:
    """The dotted names that are imported when a dotted name is, by the files that are then executed."""
    files = modules_of(name, root)
    return {
        each for path, package in files for each in imported(path.read_text("utf-8"), package, inside=False)
    }


def imports_of(page: dict[str, Any], root: Path = ROOT) -> set[str]:
    """The top-level names that running a page imports: its own, and those of the modules that it imports."""
    cells = ("".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "code")
    todo = [name for source in cells for name in imported(source)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += imported_by(name, root)
    return {name.partition(".")[0] for name in seen}


def packages_of(page: dict[str, Any], lock: runtime.Lock) -> list[str]:
    """The packages to load before the first cell of a page."""
    names = imports_of(page)
    wanted = [name for name, entry in lock["packages"].items() if names & set(entry["imports"])]
    return sorted({*wanted, *(name for name in ALWAYS if name in lock["packages"])})


def megabytes(packages: list[str], lock: runtime.Lock, folder: Path) -> float:
    """The size of the core of the runtime and of packages with all that they need, in MB."""
    needed, todo = set(), [name for name in packages if name in lock["packages"]]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += lock["packages"][name]["depends"]
    manifest = runtime.read_manifest()
    files = {PurePosixPath(lock["packages"][name]["file_name"]).name for name in needed}
    files |= {file.file for file in manifest.of("core") if not file.file.endswith("js")}
    elsewhere = manifest.of("core", "carrier") if any(not (folder / name).is_file() for name in files) else []
    paths = runtime.collect(manifest, elsewhere) | {path.name: path for path in folder.iterdir()}
    return sum(paths[name].stat().st_size for name in files) / 1e6


def mathml(formulas: list[tuple[str, bool]], work: Path) -> list[str]:
    """The MathML of formulas, each TeX and whether it stands on a line of its own."""
    manifest = runtime.read_manifest()
    places = runtime.collect(manifest, manifest.of("mathjax"))
    folder = work / "mathjax"
    folder.mkdir(exist_ok=True)
    for name in ("node-main.js", "tex-full.js"):
        (folder / name).write_bytes(places[name].read_bytes())
    jobs = work / "formulas.json"
    # Browsers draw no numbers of equations: the number is written behind.
    jobs.write_text(json.dumps([(re.sub(r"\\tag\{(.*?)\}", r"\\qquad(\1)", tex), d) for tex, d in formulas]))
    return list(json.loads(runtime.run("node", HERE / "mathml.mjs", folder, jobs)))


def text_of(html: str, work: Path) -> str:
    """The text of a page of the book, by itself: formulas in MathML, no scripts, nothing to load."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    article = soup.select_one("article[role=main]")
    assert article is not None, "a page of the book without an article"
    for gone in article.select("script, style, .run, .copybtn"):
        gone.decompose()
    for span in article.select(".highlight span"):
        span.unwrap()
    for table in article.select("table"):  # it scrolls sideways, and so do formulas on a line of their own
        table["tabindex"] = "0"
    for image in article.select("img"):
        image["loading"] = "lazy"
    found = [(unescape(m[3]).strip(), m[2] == "[") for m in FORMULA.finditer(str(article))]
    made = iter(m.replace('display="block"', 'display="block" tabindex="0"', 1) for m in mathml(found, work))
    title = soup.h1.get_text().rstrip("#¶") if soup.h1 else ""
    return PAGE.format(title=title, body=FORMULA.sub(lambda _: next(made), str(article)))


def wrapped(index: str, pages: dict[str, dict[str, Any]], any_page: dict[str, Any], kernel: str) -> str:
    """The application's own page, with what a reader sees while it loads."""
    settings = {"application": APPLICATION, "pages": pages, "any": any_page}
    script = (HERE / "waiting.js").read_text(encoding="utf-8")
    for name, value in (("settings", settings), ("kernel", kernel)):
        script = script.replace("{{" + name + "}}", json.dumps(value).replace("</", "<\\/"))
    first, load = '<script id="jupyter-config-data"', re.compile(r"await import\(\s*'[^']+'\s*\);")
    body = re.compile(r"<body[^>]*>")
    assert index.count(first) == len(load.findall(index)) == len(body.findall(index)) == 1, (
        "another JupyterLite"
    )
    index = re.sub(r"<html>", '<html lang="en">', index)
    index = re.sub(r"<title>[^<]*", "<title>Backpropagation", index)
    index = index.replace(first, f"<script>\n{script}</script>\n{first}")
    index = load.sub(lambda m: f"await window.waiting.text;\n{m[0]}\nwindow.waiting.settings();", index)
    waiting = (HERE / "waiting.html").read_text(encoding="utf-8")
    return body.sub(lambda m: f"{m[0]}\n{waiting}", index)
