"""The book: the pages as static HTML, from their stored outputs. Nothing is executed."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

project = "Backpropagation, derived, proved and checked"
author = "the authors of backprop-lib"
language = "en"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = "Backpropagation"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = ["symbols.js", "book.js"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2166AC", "color-brand-content": "#2166AC"},
    "dark_css_variables": {"color-brand-primary": "#7FB6E6", "color-brand-content": "#7FB6E6"},
}
html_favicon = "icon.svg"
suppress_warnings = ["mystnb.unknown_mime_type"]

# The formulas: a file of the book, and a hidden copy of each in MathML for screen readers.
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableAssistiveMml": True, "enableMenu": True}}
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 3

nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, Any] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

RUN = """<p class="run"><a href="{up}../lite/notebooks/index.html?path={path}">▶ Run this page</a>
<span>in your browser: nothing to install, nothing is sent</span></p>"""
# Elsewhere the same page is a file, and opens where its repository is known.
ALSO = """<p class="also"><a href="{name}.ipynb" download>Download this page (.ipynb)</a>{elsewhere}</p>"""
RIGHT = """<p class="right">Was this page right? <a href="{report}">Tell us what was not.</a>
What was found is in the <a href="{up}errata.html">errata</a>.</p>"""


# What can be pointed at in a figure, in its stored picture too: the module itself, for a file is no address
# that a browser loads one from.
LIVING = (Path(__file__).parent / "living.js").read_text(encoding="utf-8")
POINT = f"{LIVING}\ndocument.querySelectorAll('.cell_output').forEach(still);"


def around(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Begin each page of the course with the ways to run it, and end it with the way to report an error."""
    folder, _, name = page.rpartition("/")
    if folder == "notebooks" and app.builder.name == "html":
        up = "../" * page.count("/")
        links = app.config.elsewhere.get(name, {})
        elsewhere = "".join(f'<a href="{escape(link)}">Open in {place}</a>' for place, link in links.items())
        run = RUN.format(up=up, path=f"{page}.ipynb") if app.tags.has("live") else ""
        app.add_js_file(None, body=POINT, type="module")
        report = app.config.report.format(page=name) or f"{up}errata.html"
        context["body"] = (
            run
            + ALSO.format(name=name, elsewhere=elsewhere)
            + context["body"]
            + RIGHT.format(up=up, report=escape(report))
        )


def setup(app: Any) -> None:
    app.add_config_value("elsewhere", {}, "html", dict)
    app.add_config_value("report", "", "html", str)
    # What a search finds is told by a second look into its page, which a browser takes on a server only.
    app.config.html_show_search_summary = app.tags.has("live")
    app.connect("html-page-context", around)
    # Written by the build: where each page opens elsewhere, and where an error is reported.
    told = json.loads((Path(__file__).parent / "repository.json").read_text(encoding="utf-8"))
    app.config.elsewhere, app.config.report = told["elsewhere"], told["report"]
