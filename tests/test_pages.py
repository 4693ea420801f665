"""The pages keep to the lints, and each lint finds what it is there to find."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import execute_pages
import page_lints
import pytest
from contents import HEAD, Page, changed, contents, head, with_titles

FOLDER = Path(__file__).parents[1] / "notebooks"
PAGES = sorted(FOLDER.glob("*.ipynb"))


def test_the_pages_are_those_of_the_table_of_contents() -> None:
    assert [page.stem for page in PAGES] == [page.file for page in contents()]


def test_titles_maps_and_links_are_as_the_table_of_contents_has_them() -> None:
    assert [path.name for path in changed(contents())] == [], "run `make contents`"


def test_a_title_a_map_or_a_line_that_differs_from_the_table_is_found() -> None:
    pages = contents()
    for field in ("title", "short", "settles"):
        other = [*pages[:3], replace(pages[3], **{field: "Another"}), *pages[4:]]
        found = {path.name for path in changed(other)}
        assert ("README.md" in found) == (field != "short")
        assert (pages[3].path.name in found) == (field != "settles")


def test_links_and_headings_follow_a_page_that_gets_another_number() -> None:
    pages = contents()
    moved = [
        replace(page, number=page.number + 1, file=f"{page.number + 1:02}_{page.name}") for page in pages
    ]
    new = Page(3, "03_a_new_page", "A new page", "New", "what it settles")
    table = [*pages[:3], new, *moved[3:]]
    page, after = pages[3], moved[3]
    for text in (
        "[page {n}]({file}.ipynb)",
        "[Page {n}: {title} →](../{file}.ipynb)",
        "### Page {n}: {title}",
    ):
        before = text.format(n=page.number, file=page.file, title=page.title)
        now = text.format(n=after.number, file=after.file, title=after.title)
        assert with_titles(before, pages) == before and with_titles(before, table) == now
    assert with_titles("[page 3](03_not_there.ipynb)", table) == "[page 3](03_not_there.ipynb)"


def test_a_new_page_gets_its_way_and_its_map_below_the_title() -> None:
    pages = contents()
    written = HEAD.sub(lambda _: head(pages[2], pages), "# Any title\n\nIts first words.")
    assert written == f"{head(pages[2], pages)}\n\nIts first words."
    assert HEAD.sub(lambda _: head(pages[2], pages), written) == written


@pytest.mark.parametrize("lint", page_lints.LINTS, ids=lambda lint: lint.__name__)
def test_every_page_keeps_to(lint: Callable[[dict[str, Any]], Any]) -> None:
    found = [
        f"{path.name}: {finding}"
        for path in PAGES
        for finding in lint(json.loads(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_file_of_a_page_is_written_as_make_notebooks_writes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    message = f"{path.name}: run `make notebooks PAGES=notebooks/{path.name}`"
    assert text == execute_pages.serialized(json.loads(text)), message


def code(source: str, *outputs: dict[str, Any], count: int = 1, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": f"code-{count}",
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"text-{len(text)}", "metadata": {}, "source": text}


def stdout(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def error() -> dict[str, Any]:
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    page = {"cells": [markdown("# A page"), *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return execute_pages.normalized(page)


GOOD = notebook(
    code("print(0.5)", stdout("0.500\n")),
    code("raise ValueError('no')", error(), count=2, tags=["raises-exception"]),
    code("picture", shown({"image/png": "AAAA"}, **{"image/png": {"alt": "A line"}}), count=3),
    code("html", shown({"text/html": '<img alt="A line" src="data:image/png;base64,/tmp/a">'}), count=4),
    markdown(
        "## Next\n\n$$\nz = w a + b\n$$\n\n```python\n# a comment, no heading\n```\n### Deeper\n## Back"
    ),
    code("x = 1", count=5),
)


def test_a_good_page_has_no_findings() -> None:
    assert page_lints.findings(GOOD) == []


def with_state() -> dict[str, Any]:
    page = deepcopy(GOOD)
    page["metadata"]["widgets"] = {}
    return page


def with_view() -> dict[str, Any]:
    page = deepcopy(GOOD)
    page["cells"][3]["outputs"][0]["data"][execute_pages.WIDGET_VIEW] = "{}"
    return page


def with_timing() -> dict[str, Any]:
    page = deepcopy(GOOD)
    page["cells"][1]["metadata"]["execution"] = {"iopub.status.busy": "2024-01-01"}
    return page


def without_ids() -> dict[str, Any]:
    page = deepcopy(GOOD)
    del page["cells"][1]["id"]
    return page


BROKEN = [
    (page_lints.outputs_name_no_machine, notebook(code("p", stdout("read /home/ann/iris.csv"))), "path"),
    (page_lints.outputs_name_no_machine, notebook(code("p", stdout("C:\\Users\\ann"))), "path"),
    (page_lints.outputs_name_no_machine, notebook(code("n", stdout("<Net at 0x7f3a2b1c>"))), "address"),
    (page_lints.outputs_name_no_machine, notebook(code("t", stdout("took 3.1 ms"))), "timing"),
    (page_lints.outputs_name_no_machine, notebook(code("t", stdout("took 1.25 s"))), "timing"),
    (page_lints.outputs_name_no_machine, notebook(code("h", shown({"text/html": "Wall time"}))), "timing"),
    (page_lints.outputs_name_no_machine, notebook(code("p", stdout("file:///iris.csv"))), "path"),
    (page_lints.outputs_name_no_machine, notebook(code("n", stdout("0x7f3a2b1c"))), "address"),
    (page_lints.outputs_name_no_machine, notebook(code("t", stdout("on 2024-05-01"))), "timing"),
    (page_lints.outputs_name_no_machine, notebook(code("t", stdout("at 12:30:01"))), "timing"),
    (page_lints.executed_top_to_bottom, notebook(code("x = 1", count=2)), "count 1"),
    (page_lints.executed_top_to_bottom, notebook(code("")), "is empty"),
    (page_lints.printed_outputs_are_stored, notebook(code("x = 1\nprint(x)")), "no output"),
    (page_lints.printed_outputs_are_stored, notebook(code("display(x)")), "no output"),
    (page_lints.errors_are_announced, notebook(code("f()", error())), "ValueError"),
    (page_lints.errors_are_announced, notebook(code("f()", tags=["raises-exception"])), "raises nothing"),
    (page_lints.errors_are_announced, notebook(code("f()", stdout("hm") | {"name": "stderr"})), "stderr"),
    (page_lints.no_widget_state, with_state(), "state"),
    (page_lints.no_widget_state, with_view(), "view"),
    (page_lints.pictures_have_alt_text, notebook(code("p", shown({"image/png": "AAAA"}))), "metadata"),
    (page_lints.pictures_have_alt_text, notebook(code("p", shown({"text/html": '<img alt="">'}))), "<img>"),
    (page_lints.pictures_have_alt_text, notebook(code("p", shown({"text/html": "<svg>"}))), "aria-label"),
    (page_lints.pictures_have_alt_text, notebook(code("p", shown({"image/jpeg": "AAAA"}))), "store a PNG"),
    (page_lints.pictures_have_alt_text, notebook(markdown("![](net.png)")), "cell 2"),
    (page_lints.pictures_have_alt_text, notebook(markdown("![ ][net]")), "cell 2"),
    (page_lints.headings_descend_by_one, notebook(markdown("### Deep")), "from level 1 to level 3"),
    (page_lints.headings_descend_by_one, notebook(markdown("# Again")), "second"),
    (page_lints.headings_descend_by_one, {"cells": []}, "no heading"),
    (page_lints.cells_are_short, notebook(code("x = 1\n" * 16)), "16 lines"),
    (page_lints.display_formulas_stand_alone, notebook(markdown("so $$z = 1$$")), "cell 2"),
    (page_lints.plain_python_that_is_checked, notebook(code("%pip install x")), "magic"),
    (page_lints.plain_python_that_is_checked, notebook(code("# NBVAL_IGNORE_OUTPUT\nx")), "exempted"),
    (page_lints.plain_python_that_is_checked, notebook(code("x", tags=["nbval-skip"])), "exempted"),
    (page_lints.plain_python_that_is_checked, notebook(code("get_ipython().system('ls')")), "magic"),
    (page_lints.plain_python_that_is_checked, notebook(code("np.dot?")), "magic"),
    (page_lints.plain_python_that_is_checked, notebook(code("W.Output()")), "hides errors"),
    (page_lints.plain_python_that_is_checked, notebook(code("@interact\ndef f(): 1")), "hides errors"),
    (page_lints.plain_python_that_is_checked, notebook(code("try:\n f()\nexcept E:\n pass")), "hides errors"),
    (page_lints.assertions_say_what_they_hold, notebook(code("for x in y:\n assert x > 0")), "x > 0"),
    (page_lints.stored_in_one_form, with_timing(), "make notebooks"),
    (page_lints.stored_in_one_form, without_ids(), "ids"),
]


@pytest.mark.parametrize(
    ("lint", "page", "expected"), BROKEN, ids=[f"{lint.__name__}-{word}" for lint, _, word in BROKEN]
)
def test_a_broken_page_is_found_by(
    lint: Callable[[dict[str, Any]], Any], page: dict[str, Any], expected: str
) -> None:
    assert expected in "\n".join(lint(page))


def test_every_lint_has_a_broken_example() -> None:
    assert {lint for lint, _, _ in BROKEN} == set(page_lints.LINTS)
