"""Every link leads somewhere, the pages form one chain, and each check finds a broken example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import address
import pytest
import student_copies
from documents import IMAGE, PAGES, ROOT, TEXTS, Document, document, of_markdown

README = document(ROOT / "README.md")
ALL = {path: document(path) for path in [*PAGES, *TEXTS]}
# Outside of the repository: its own address, where it runs, where the data come from, and the license.
ALLOWED = (
    address.address_in(),
    "https://mybinder.org/",
    "https://archive.ics.uci.edu/",
    "https://creativecommons.org/",
)
MAP_ROW = re.compile(r"^\| (\d+) \| \[([^\]]+)\]\(notebooks/([^)]+)\) \|", re.MULTILINE)


def dead_links(page: Document) -> Iterator[str]:
    """Links and pictures whose file, or whose heading in it, does not exist; links to the outside."""
    here = ROOT / page.name
    for _, target in [*page.links, *IMAGE.findall(page.text)]:
        file, _, anchor = target.partition("#")
        if "://" in target or target.startswith(("mailto:", "//")):
            if not target.startswith(ALLOWED):
                yield f"{target} leaves the repository"
            continue
        path = (here.parent / file).resolve() if file else here
        if not path.is_relative_to(ROOT) or file.startswith("/"):
            yield f"{target} leaves the repository"
        elif file and not path.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in (page if not file else document(path)).anchors:
            yield f"{target}: no such heading"


def contents(readme: Document) -> list[tuple[int, str, str]]:
    """The map of the README: number, title and file of every page."""
    return [(int(number), title, file) for number, title, file in MAP_ROW.findall(readme.text)]


def breaks_in_chain(pages: list[Document], titles: list[str]) -> Iterator[str]:
    """Where a page does not lead back, to the contents and on, below its title, and on again at its end."""
    files = [Path(page.name).name for page in pages]
    for number, page in enumerate(pages):
        before, after = number - 1, number + 1
        expected = []
        if number == 1:
            expected.append((f"← Page 0: {titles[0]}", files[0]))
        elif number > 1:
            expected += [
                (f"← Page {before}: {titles[before]}", files[before]),
                (f"Page 0: {titles[0]}", files[0]),
            ]
        if after < len(pages):
            expected.append((f"Page {after}: {titles[after]} →", files[after]))
        given = page.links[: len(expected)]
        if given != expected:
            yield f"{page.name} begins with {given}, not with {expected}"
        if after < len(pages) and page.links[len(expected) :][-1:] != expected[-1:]:
            yield f"{page.name} does not end with {expected[-1]}"
        if f"Page {number} (of 0 to {len(pages) - 1}) " not in page.text:
            yield f"{page.name} does not say that it is page {number} of 0 to {len(pages) - 1}"


def misnamed_pages(page: Document, files: list[str]) -> Iterator[str]:
    """Links called "page 7" that lead to another page."""
    for text, target in page.links:
        named = re.match(r"\W*page (\d+)\b", text, re.IGNORECASE)
        if named and Path(target.partition("#")[0]).name != files[int(named[1])]:
            yield f"[{text}] leads to {target}"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading_that_exist(path: Path) -> None:
    assert list(dead_links(ALL[path])) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_that_names_a_page_leads_to_it(path: Path) -> None:
    assert list(misnamed_pages(ALL[path], [page.name for page in PAGES])) == []


def test_the_map_of_the_readme_lists_exactly_the_pages() -> None:
    listed = [(number, file) for number, _, file in contents(README)]
    assert listed == [(int(path.name[:2]), path.name) for path in PAGES]


def test_the_pages_form_a_chain_in_the_order_and_with_the_titles_of_the_map() -> None:
    titles = [title for _, title, _ in contents(README)]
    assert list(breaks_in_chain([ALL[path] for path in PAGES], titles)) == []


def test_the_files_of_the_docs_can_be_reached_from_the_readme() -> None:
    reached = {target.partition("#")[0] for _, target in README.links}
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")} <= reached


def test_every_link_of_the_students_copies_leads_to_a_file_in_the_copy(tmp_path: Path) -> None:
    pages = student_copies.copy_course(tmp_path)
    for path in [*pages, *tmp_path.glob("*.md"), *tmp_path.glob("docs/*.md")]:
        for _, target in document(path, tmp_path).links:
            if "://" in target:  # its address, if a fork has set one
                continue
            file = (path.parent / target.partition("#")[0]).resolve()
            assert file.exists() and file.is_relative_to(tmp_path.resolve()), (path.name, target)


def test_the_first_link_of_the_readme_leads_to_the_first_page() -> None:
    within = [target for _, target in README.links if "://" not in target]
    assert within[0] == PAGES[0].relative_to(ROOT).as_posix()


BROKEN: list[tuple[str, str]] = [
    ("[the equations](backprop_lib/equation.py)", "no such file"),
    ("[the pages](#the-page)", "no such heading"),
    ("[the pages](README.md#the-page)", "no such heading"),
    ("[a page](../../elsewhere/README.md)", "leaves the repository"),
    ("[a page](/etc/passwd)", "leaves the repository"),
    ("[an example](https://example.org/)", "leaves the repository"),
    ("![A net with 3 layers and 43 weights](docs/net.png)", "no such file"),
]


@pytest.mark.parametrize(("text", "word"), BROKEN, ids=[text for text, _ in BROKEN])
def test_a_broken_link_is_found(text: str, word: str) -> None:
    assert [word in finding for finding in dead_links(of_markdown(f"# The title\n\n{text}"))] == [True]


def test_links_that_hold_are_not_found() -> None:
    text = "# The `title` of it\n\n[up](#the-title-of-it), [map](README.md#the-pages), [i](datasets/iris.csv)"
    assert list(dead_links(of_markdown(text))) == []


INDEX = ALL[ROOT / "docs" / "questions.md"]
TEMPLATE = "What could go wrong?"


def asked(page: Document) -> list[tuple[str, bool]]:
    """Every heading that asks, and whether a cell below it computed what it shows, before another heading."""
    found: list[tuple[str, bool]] = []
    waiting: list[str] = []
    for cell in page.cells:
        if cell["cell_type"] == "code":
            answers = bool(cell["outputs"]) and "solution" not in cell["metadata"].get("tags", [])
            if answers and cell["execution_count"]:
                found, waiting = [*found, *((title, True) for title in waiting)], []
            continue
        titles = of_markdown(cell["source"]).titles
        if titles and not (waiting and titles[0].endswith("?")):
            found, waiting = [*found, *((title, False) for title in waiting)], []
        for title in titles:
            if not title.endswith("?"):
                found, waiting = [*found, *((title, False) for title in waiting)], []
            elif title != TEMPLATE:
                waiting.append(title)
    return [*found, *((title, False) for title in waiting)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_below_a_question_a_cell_computes_its_answer(path: Path) -> None:
    assert [title for title, answered in asked(ALL[path]) if not answered] == []


def test_the_index_lists_the_questions_of_the_pages_each_once() -> None:
    of_pages = [(title, path.name) for path in PAGES for title, _ in asked(ALL[path])]
    listed = [(text, Path(link.partition("#")[0]).name) for text, link in INDEX.links if "#" in link]
    assert listed == of_pages, "run `make contents`"
    assert len({title for title, _ in listed}) == len(listed) > 20


@pytest.mark.parametrize("begins", [ROOT / "README.md", PAGES[0]], ids=["README.md", "page 0"])
def test_the_index_of_the_questions_is_found_from(begins: Path) -> None:
    links = {(begins.parent / target.partition("#")[0]).resolve() for _, target in ALL[begins].links}
    assert ROOT / "docs" / "questions.md" in links


TITLES = ["Start here", "A net", "A cost"]


def chain(*changes: tuple[str, str]) -> list[Document]:
    """Three pages that form a chain, with pieces of their text replaced."""
    texts = [
        "# Start here\n\nPage 0 (of 0 to 2) · [Page 1: A net →](01.ipynb)\n\n## Next\n\n"
        "[Page 1: A net →](01.ipynb)",
        "# Net\n\nPage 1 (of 0 to 2) · [← Page 0: Start here](00.ipynb) · [Page 2: A cost →](02.ipynb)\n\n"
        "[Page 2: A cost →](02.ipynb)",
        "# Cost\n\nPage 2 (of 0 to 2) · [← Page 1: A net](01.ipynb) · [Page 0: Start here](00.ipynb)",
    ]
    for old, new in changes:
        texts = [text.replace(old, new) for text in texts]
    return [of_markdown(text, f"notebooks/0{number}.ipynb") for number, text in enumerate(texts)]


def test_a_chain_that_holds_is_not_found() -> None:
    assert list(breaks_in_chain(chain(), TITLES)) == []


@pytest.mark.parametrize(
    "change",
    [
        ("[Page 2: A cost →](02.ipynb)\n", "[Page 2: A cost →](01.ipynb)\n"),
        ("Page 1: A net →", "Page 1: A web →"),
        ("← Page 1: A net", "← Page 1: A cost"),
        ("\n\n[Page 2: A cost →](02.ipynb)", ""),
        (" · [Page 0: Start here](00.ipynb)", ""),
        ("Page 2 (of 0 to 2)", "Page 2 (of 0 to 11)"),
    ],
    ids=["wrong file", "wrong title", "wrong title before", "no next", "no contents", "wrong count"],
)
def test_a_break_in_the_chain_is_found(change: tuple[str, str]) -> None:
    assert list(breaks_in_chain(chain(change), TITLES))


def test_a_link_that_names_another_page_is_found() -> None:
    wrong = of_markdown("See [page 1](00.ipynb) and [page 0](00.ipynb).")
    assert list(misnamed_pages(wrong, ["00.ipynb", "01.ipynb"])) == ["[page 1] leads to 00.ipynb"]
