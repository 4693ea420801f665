"""Build the site: a landing page, the book, and the pages live in the reader's own browser.

    python tools/site/build_site.py [--runtime local|cdn]     into build/site
    python tools/site/build_site.py --book                    the book alone, which opens as files
    python tools/site/build_site.py --print                   the book as one file, to be printed

    index.html   the landing page
    book/        the pages as static HTML, from their stored outputs
    lite/        JupyterLite with the runtime in static/pyodide, the pages, the package and the data

Everything is served from this folder; with `--runtime cdn` the compiled part of the runtime is left out, and
the reader's browser loads it from Pyodide's own server.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import live_page
import reference
import runtime

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tools"))

import address  # noqa: E402
from contents import COLAB, contents  # noqa: E402

PACKAGE = "backprop_lib"
COUNTING = HERE / "counting.mjs"
QUESTIONS = "docs/questions.md"
KERNEL_PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"

OVERRIDES = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
}


# JupyterLite's pages look here for their settings, too.
REDIRECT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Backpropagation</title>
<meta http-equiv="refresh" content="0; url=FIRST">
<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root=".">{}</script>
<a href="FIRST">The first page</a>
</html>
"""

# Where JupyterLite's links lead from page to page: to a file browser, which is not built. A page opens as
# a page, a text of docs/ in the book, where it is drawn, another file in the lab, and a folder is the front
# page.
FORWARD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Backpropagation</title>
<script>
  const path = new URLSearchParams(location.search).get("path") || "";
  const text = /^docs[/].*(?=[.]md$)/.exec(path);
  const app = path.endsWith(".ipynb") ? "../notebooks/index.html" : "../lab/index.html";
  const file = text ? `../../book/${text}.html` : app + location.search;
  location.replace(/[.][a-z]+$/.test(path) ? file + location.hash : "../../index.html");
</script>
<a href="../../index.html">The front page</a>
</html>
"""


def pages() -> list[Path]:
    """The pages of the course, in order."""
    return [page.path for page in contents()]


def wheel(folder: Path) -> Path:
    """The wheel of the package, built into a folder."""
    runtime.run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def copy_contents(folder: Path) -> None:
    """What the reader finds in the live site's file browser: the pages, and beside them what they link to."""
    kernel = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
    (folder / "notebooks").mkdir(parents=True)
    for page in pages():
        notebook = json.loads(page.read_text(encoding="utf-8"))
        notebook["metadata"]["kernelspec"] = kernel
        (folder / "notebooks" / page.name).write_text(json.dumps(notebook), encoding="utf-8")
    (folder / QUESTIONS).parent.mkdir()
    shutil.copy(ROOT / QUESTIONS, folder / QUESTIONS)
    for name in (PACKAGE, "datasets"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


def lite_settings(lock: runtime.Lock, cdn: bool) -> dict[str, Any]:
    """jupyter-lite.json: where the runtime is and what is loaded before the first cell."""
    home = runtime.CDN.format(version=runtime.read_manifest().pyodide) if cdn else "./static/pyodide/"
    kernel = {
        "pyodideUrl": f"./static/pyodide/{COUNTING.name}",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "indexURL": home,
            "lockFileURL": f"./static/pyodide/{runtime.LOCK}",
            "packages": live_page.packages_of(all_pages(), lock),
        },
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Backpropagation",
            "exposeAppInBrowser": True,
            "litePluginSettings": {KERNEL_PLUGIN: kernel},
        },
    }


def all_pages() -> dict[str, Any]:
    """All pages as one: what the lab, where any page may be opened, has to load."""
    return {"cells": [cell for page in pages() for cell in json.loads(page.read_text("utf-8"))["cells"]]}


def tell_what_loads(lite: Path, book: Path, lock: runtime.Lock, work: Path) -> float:
    """Give each live page its text, and the list of what it loads, to show while a reader waits.

    Returns how many MB the first page loads.
    """

    def loads(page: dict[str, Any]) -> dict[str, Any]:
        packages = live_page.packages_of(page, lock)
        size = live_page.megabytes(packages, lock, lite / "static" / "pyodide")
        return {"packages": packages, "megabytes": round(size, 1)}

    (lite / "reading").mkdir()
    for page in pages():
        html = (book / "notebooks" / f"{page.stem}.html").read_text(encoding="utf-8")
        text = live_page.text_of(html, work)
        (lite / "reading" / f"{page.stem}.html").write_text(text, encoding="utf-8")
    by_name = {
        page.path.name: {"title": page.title, **loads(json.loads(page.path.read_text(encoding="utf-8")))}
        for page in contents()
    }
    index = lite / "notebooks" / "index.html"
    told = live_page.wrapped(index.read_text(encoding="utf-8"), by_name, loads(all_pages()), KERNEL_PLUGIN)
    index.write_text(told, encoding="utf-8")
    return float(by_name[pages()[0].name]["megabytes"] + live_page.APPLICATION)


def build_lite(output: Path, book: Path, work: Path, cdn: bool) -> float:
    """JupyterLite with the runtime, the pages, the package and the data; returns the MB of a first visit."""
    lock = runtime.lay_out(work / "pyodide", wheel(work / "wheel"), cdn)
    source = work / "lite"
    source.mkdir()
    copy_contents(work / "contents")
    (source / "jupyter-lite.json").write_text(json.dumps(lite_settings(lock, cdn)), encoding="utf-8")
    (source / "overrides.json").write_text(json.dumps(OVERRIDES), encoding="utf-8")
    options: list[str | Path] = [
        "--contents",
        work / "contents",
        "--output-dir",
        output,
        "--no-sourcemaps",
        "--no-libarchive",
    ]
    options += ["--no-unused-shared-packages"]
    options += [word for app in ("lab", "notebooks") for word in ("--apps", app)]
    runtime.run(sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source, *options, cwd=work)
    shutil.copytree(work / "pyodide", output / "static" / "pyodide", dirs_exist_ok=True)
    shutil.copy(COUNTING, output / "static" / "pyodide")
    megabytes = tell_what_loads(output, book, lock, work)
    # Every browser that can run the pages takes the fonts in their modern form.
    for kind in ("eot", "ttf", "svg", "woff"):
        for font in (output / "build").glob(f"fa-*.{kind}"):
            font.unlink()
    # The folder by itself opens on the first page, too.
    first = f"notebooks/index.html?path=notebooks/{pages()[0].name}"
    (output / "index.html").write_text(REDIRECT.replace("FIRST", first), encoding="utf-8")
    (output / "tree").mkdir()
    (output / "tree" / "index.html").write_text(FORWARD, encoding="utf-8")
    return megabytes


def book_cell(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell as the book shows it: a hidden source is folded, links to source files lead to their pages.

    What is to be run on Colab is left out: who opens the page there has it in the page.
    """
    if cell["metadata"].get("jupyter", {}).get("source_hidden"):
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
    if cell["cell_type"] == "markdown":
        source = "".join(cell["source"])
        source = COLAB.sub("", source)
        cell["source"] = re.sub(rf"\]\(\.\./({PACKAGE}/[\w/]+)\.py\)", r"](../\1.md)", source)
    return cell


def source_page(module: Path, printed: bool) -> str:
    """The page of the book that shows a file of the package; the printed book leaves it out."""
    name = module.relative_to(ROOT).as_posix()
    alone = "---\norphan: true\n---\n" if printed else ""
    return f"{alone}# `{name}`\n\n```{{literalinclude}} /{name}\n:language: python\n```\n"


def book_index(modules: Iterable[Path], live: bool) -> str:
    """The first page of the book: the pages of the course, what is looked up, the files of the package."""
    course = "\n".join(f"{page.number} · {page.title} <notebooks/{page.file}>" for page in contents())
    names = [module.relative_to(ROOT).with_suffix("").as_posix() for module in modules]
    course += f"\nQuestions, and where they are answered <{QUESTIONS.removesuffix('.md')}>"
    package = "\n".join(f"{name.removeprefix(f'{PACKAGE}/')} <{name}>" for name in names)
    twin = "Each page begins with a link to its live twin, where the figures move.\n\n" if live else ""
    looked_up = "\n".join(reference.LOOKED_UP)
    toctree = "```{{toctree}}\n:maxdepth: 1\n:caption: {caption}\n\n{entries}\n```\n"
    return (
        f"# Backpropagation, derived, proved and checked\n\n{twin}"
        + toctree.format(caption="The course", entries=course)
        + "\n"
        + toctree.format(caption="To look up", entries=looked_up)
        + ("\n" + toctree.format(caption="The package", entries=package) if package else "")
    )


def write_reference(source: Path) -> None:
    """What a reader looks up, and what the book knows of its repository, into the source of the book."""
    at = address.address_in(ROOT)
    report = address.reports(at)
    elsewhere = {page.stem: address.opens_in(at, page.name) for page in pages()}
    told = json.dumps({"elsewhere": elsewhere, "report": report})
    (source / "repository.json").write_text(told, encoding="utf-8")
    rows = reference.table(pages())
    (source / "_static" / "symbols.js").write_text(reference.script(rows), encoding="utf-8")
    titles = {page.file: page.title for page in contents()}
    (source / "symbols.md").write_text(reference.symbols_page(rows, titles), encoding="utf-8")
    errata = source / "errata.md"
    errata.write_text(reference.errata_page(errata.read_text("utf-8"), report), encoding="utf-8")


def build_book(output: Path, work: Path, live: bool, builder: str = "html") -> None:
    """The pages as static HTML, from their stored outputs, with the sources of the package beside them.

    With `live`, each page begins with a link to its twin in the site. The builder singlehtml writes them
    as one, to be printed.
    """
    source, printed = work / "book", builder == "singlehtml"
    shutil.copytree(HERE / "book", source)
    for file in (HERE / "icon.svg", ROOT / PACKAGE / "figures" / "living.js"):
        shutil.copy(file, source)
    (source / "notebooks").mkdir()
    for page in pages():
        notebook = json.loads(page.read_text(encoding="utf-8"))
        notebook["cells"] = [book_cell(cell) for cell in notebook["cells"]]
        (source / "notebooks" / page.name).write_text(json.dumps(notebook), encoding="utf-8")
    (source / QUESTIONS).parent.mkdir()
    shutil.copy(ROOT / QUESTIONS, source / QUESTIONS)
    modules = sorted((ROOT / PACKAGE).rglob("*.py"))
    for module in modules:
        target = source / module.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(module, target)
        target.with_suffix(".md").write_text(source_page(module, printed), encoding="utf-8")
    (source / "index.md").write_text(book_index([] if printed else modules, live), encoding="utf-8")
    write_reference(source)
    formulas = [file for file in runtime.read_manifest().of("mathjax") if file.file == "tex-svg.js"]
    shutil.copy(runtime.collect(runtime.read_manifest(), formulas)["tex-svg.js"], source / "_static")
    options = ["-q", "-W", "--keep-going", "-b", builder, *(["-t", "live"] if live else [])]
    runtime.run(sys.executable, "-m", "sphinx", *options, source, work / "html" / "book", cwd=work)
    junk = shutil.ignore_patterns(".doctrees", ".buildinfo", "objects.inv", "_sources")
    shutil.copytree(work / "html" / "book", output, ignore=junk)
    for path in output.rglob("*.html"):
        html = reference.accessible(path.read_text(encoding="utf-8"))
        path.write_text(reference.in_one_file(html) if printed else html, encoding="utf-8")
    for page in () if printed else pages():
        shutil.copy(page, output / "notebooks")


def picture() -> str:
    """The net of the worked example's shape with seeded weights, and the first flower in it."""
    from backprop_lib.data import load_iris, standardize
    from backprop_lib.drawing.net import network_svg
    from backprop_lib.equations import feed_forward
    from backprop_lib.network import Network

    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    flower = standardize(load_iris())[0].x[:1].T
    weights = {l: net.w[l] for l in range(1, net.L + 1)}
    return network_svg(net.sizes, weights=weights, values=feed_forward(net, flower)[1])


def landing_page(megabytes: float) -> str:
    """The first page of the site: what the course is, and two links to each page."""
    items = []
    live, book = "lite/notebooks/index.html?path=notebooks/{}.ipynb", "book/notebooks/{}.html"
    for page in contents():
        title, name = escape(page.title), page.file
        items.append(
            f'<li><span class="number">{page.number}</span><div><span class="title">{title}</span>'
            f"<p>{escape(page.settles)}</p>"
            f'<span class="links"><a href="{live.format(name)}" aria-label="Run {title}">Run</a>'
            f'<a href="{book.format(name)}" aria-label="Read {title}">Read</a></span></div></li>'
        )
    first = contents()[0].file
    values = {
        "start": live.format(first),
        "read": book.format(first),
        "megabytes": f"{megabytes:.0f}",
        "picture": picture(),
        "pages": "\n".join(items),
    }
    template = (HERE / "landing.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def build_site(output: Path, work: Path, cdn: bool) -> None:
    """The landing page, the book and JupyterLite."""
    build_book(output / "book", work, live=True)
    megabytes = build_lite(output / "lite", output / "book", work, cdn)
    (output / "index.html").write_text(landing_page(megabytes), encoding="utf-8")
    shutil.copy(HERE / "icon.svg", output)


def size_of(folder: Path) -> float:
    """The size of all files below a folder, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", choices=("local", "cdn"), default="local")
    parser.add_argument("--book", action="store_true", help="the book alone")
    parser.add_argument("--print", action="store_true", help="the book as one file, to be printed")
    options = parser.parse_args()
    kind = "print" if options.print else "book" if options.book else "site"
    output = ROOT / "build" / kind
    output.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        work = Path(folder)
        built = work / "site"
        try:
            if options.print:
                build_book(built, work, live=False, builder="singlehtml")
            elif options.book:
                build_book(built, work, live=False)
            else:
                build_site(built, work, options.runtime == "cdn")
        except runtime.RuntimeFileError as error:
            sys.exit(str(error))
        shutil.rmtree(output, ignore_errors=True)
        os.replace(built, output)
    print(f"{output}: {size_of(output):.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
