"""The book: the pages as static HTML, from their stored outputs. Nothing is executed."""

from __future__ import annotations

from typing import Any

project = "Backpropagation, derived, proved and checked"
author = "the authors of backprop-lib"
language = "en"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = "Backpropagation"
html_static_path = ["_static"]
html_css_files = ["book.css"]
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


def add_link(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Begin each page of the course with a link to its live twin."""
    if page.startswith("notebooks/"):
        up = "../" * page.count("/")
        context["body"] = RUN.format(up=up, path=f"{page}.ipynb") + context["body"]


def setup(app: Any) -> None:
    # What a search finds is told by a second look into its page, which a browser takes on a server only.
    app.config.html_show_search_summary = app.tags.has("live")
    if app.tags.has("live"):
        app.connect("html-page-context", add_link)
