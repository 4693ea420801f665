"""The printed book: what is folded on a page stands, opened, at the end, under the title of its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from contents import contents
from documents import PAGES, ROOT, document
from print_book import TO_THE_END, print_book

BOOK = """<!doctype html><title>Book</title>
<script>window.MathJax = {startup: {promise: Promise.resolve()}};</script>
<article role="main"><h1>Book</h1>
<span id="document-one"></span><h1>One#</h1><p>Guess.</p>
<div class="cell_output"><details><summary>Open</summary>Answer A</details></div>
<span id="document-two"></span><h2>Two#</h2>
<div class="cell tag_solution">Solution B <details>with a hint</details></div><p>The last page ends.</p>
</article>"""


def test_what_is_folded_goes_opened_to_the_end_under_the_title_of_its_page(
    chromium: Any, tmp_path: Path
) -> None:
    (tmp_path / "book.html").write_text(BOOK, encoding="utf-8")
    with chromium.new_page() as page:
        page.goto((tmp_path / "book.html").as_uri())
        assert page.evaluate(TO_THE_END) == 2
        order = page.locator("article").inner_text().split("\n")
        said = [words for words in order if words.strip()]
        assert page.locator("details:not([open])").count() == 0
        links = page.locator(".at-the-end a")
        for n, words in enumerate(("Answer A", "Solution B")):
            assert words in page.locator(links.nth(n).get_attribute("href")).inner_text()
    end = said.index("Solutions and answers")
    assert said.index("The last page ends.") < end
    answers = " ".join(said[end:])
    assert answers.startswith("Solutions and answers One 1 Open Answer A Two 2 Solution B with a hint"), (
        answers
    )


# In the printed book each page has a mark.
MARKED = "() => document.querySelector('article').insertAdjacentHTML('afterbegin', '<p id=document-x>')"
# What paper leaves empty, what stands open below its question, and what is lost at the end. A fold that fades
# in is looked at in its first moment, as paper does.
ON_PAPER = """() => {
    const all = selector => [...document.querySelectorAll(`article ${selector}`)];
    const isSeen = each => each.checkVisibility({opacityProperty: true}) && each.offsetHeight !== 0;
    const isEmpty = each => ![...each.querySelectorAll('pre, p, li, td, img, svg')].some(isSeen);
    document.getAnimations().forEach(each => { each.pause(); each.currentTime = 0; });
    return {
        frames: all(':is(details, .cell, .cell_input, .output)').filter(isSeen).filter(isEmpty).length,
        below: all(':is(details, .tag_solution):not(#solutions *)').filter(isSeen).length,
        lost: all('#solutions :is(p, pre, td):not(:empty, summary *)').filter(each => !isSeen(each)).length,
        code: all('#solutions .tag_solution pre').length,
    };
}"""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_paper_has_no_empty_frame_and_no_answer_below_its_question(path: Path, chromium: Any) -> None:
    address = (ROOT / "build" / "book" / "notebooks" / f"{path.stem}.html").as_uri()
    with chromium.new_page(java_script_enabled=False) as page:  # no formula is drawn: that takes long
        page.goto(address)
        page.evaluate(MARKED)
        page.emulate_media(media="print")
        assert page.evaluate(TO_THE_END) > 5
        found = page.evaluate(ON_PAPER)
    assert found.pop("code") > 0 and found == {"frames": 0, "below": 0, "lost": 0}


# The list at the front: its words, and the title that stands where each link leads.
CONTENTS = """() => [...document.querySelectorAll('#contents a')].map(link => {
    const there = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const titles = [...document.querySelectorAll('h1, h2')];
    const isIn = title => there.contains(title)
        || there.compareDocumentPosition(title) & Node.DOCUMENT_POSITION_FOLLOWING;
    return [link.textContent, titles.find(isIn).textContent.replace('¶', '')];
})"""


def test_a_page_of_the_course_bears_its_number_on_paper_and_is_in_the_contents(chromium: Any) -> None:
    with chromium.new_page(java_script_enabled=False) as page:
        page.goto((ROOT / "build" / "print" / "index.html").as_uri())
        page.evaluate(TO_THE_END)
        listed = page.evaluate(CONTENTS)
        chapters = page.locator("#solutions > h2").all_inner_texts()
    words = [words for words, _ in listed]
    course = [f"Page {each.number}: {each.title}" for each in contents()]
    assert words[: len(course)] == course and words[-1] == "Solutions and answers"
    assert [title for _, title in listed] == words
    assert [chapter for chapter in chapters if chapter.startswith("Page ")] == course


# Every link of the printed book: its words, where it leads, whether that is there, and what is there.
LINKS = """() => [...document.querySelectorAll('a[href]')].map(({href, textContent, className}) => {
    const [file, name] = [href.split('#')[0], decodeURIComponent(href.slice(href.indexOf('#') + 1))];
    const isHere = file === location.href.split('#')[0];
    const inside = isHere && (name ? document.getElementById(name) : document.body);
    return [textContent, href, Boolean(inside), inside?.textContent ?? '', className];
})"""


@pytest.fixture(scope="module")
def links(chromium: Any) -> list[tuple[str, str, bool, str, str]]:
    """The links of the book that is printed, as they are on paper."""
    book = ROOT / "build" / "print" / "index.html"
    assert book.is_file(), "nothing to test: make print"
    with chromium.new_context(offline=True) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(book.as_uri())
        page.evaluate("() => MathJax.startup.promise")
        page.evaluate(TO_THE_END)
        return [(*link,) for link in page.evaluate(LINKS)]


def test_no_link_of_the_printed_book_leads_to_a_file_and_every_one_within_it_to_what_is_there(
    links: list[tuple[str, str, bool, str, str]],
) -> None:
    assert [href for _, href, is_there, *_ in links if not is_there and not re.match("https?:", href)] == []


def test_a_mention_of_an_equation_leads_to_it_and_a_question_to_its_heading_on_paper(
    links: list[tuple[str, str, bool, str, str]],
) -> None:
    equations = [(words, there) for words, _, _, there, kind in links if kind == "equation"]
    assert len(equations) > 100 and {words for words, _ in equations} == {"(1)", "(2)", "(3)", "(4)"}
    left = {"(1)": "δjL=", "(2)": "δjl=", "(3)": "∂Cx∂bjl=", "(4)": "∂Cx∂wjkl="}
    for words, there in equations:
        drawn = re.sub(r"\s", "", there)
        assert drawn.startswith(left[words]) and drawn.endswith(words), (words, there)
    listed = document(ROOT / "docs" / "questions.md").links
    asked = [words.replace("'", "’") for words, target in listed if "#" in target]
    headings = [(words, there) for words, _, _, there, _ in links if words in asked]
    assert [words for words, _ in headings] == asked
    assert [words for words, there in headings if not there.lstrip().startswith(words)] == []


def test_the_printed_book_is_a_pdf(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "book.html").write_text(BOOK, encoding="utf-8")
    assert print_book(chromium, tmp_path / "book.html", tmp_path / "book.pdf") == 2
    assert (tmp_path / "book.pdf").read_bytes().startswith(b"%PDF")
