"""Print the book: one PDF, with all that is folded on a page at the end: solutions, answers, hints.

    python tools/print_book.py            build/print/index.html to build/backpropagation.pdf

Chromium prints it, without a network. `make pdf` writes the pages as one first.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import in_chromium

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "build" / "print" / "index.html"
PDF = ROOT / "build" / "backpropagation.pdf"
MINUTES = 10

# What is folded on a page goes, opened, to the end of the book; in its place it says where. The folded source
# of a question stays where it is: it is not printed.
TO_THE_END = """() => {
    const article = document.querySelector('article[role=main]');
    const end = document.createElement('section');
    end.id = 'solutions';
    end.innerHTML = '<h1>Solutions and answers</h1>';
    // Each page begins with a mark of its own, and its title is the first heading behind it.
    const before = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
    const marks = [...article.querySelectorAll('[id^=document-]')];
    const headings = [...article.querySelectorAll('h1, h2')];
    const title = element => {
        const mark = marks.filter(mark => before(mark, element)).pop();
        return headings.find(heading => before(mark, heading)).textContent.replace(/[#¶]\\s*$/, '');
    };
    const folded = '.tag_solution, details:not(.hide)';
    const folds = [...article.querySelectorAll(folded)].filter(fold => !fold.parentElement.closest(folded));
    const named = fold => {
        const summary = fold.querySelector(':scope > summary');
        return !summary ? 'Solution' : summary.matches('.sealed') ? 'Answer' : summary.textContent;
    };
    let chapter = '', number = 0;
    for (const fold of folds) {
        const name = title(fold);
        if (name !== chapter) {
            chapter = name;
            end.insertAdjacentHTML('beforeend', '<h2></h2>');
            end.lastChild.textContent = chapter;
        }
        number += 1;
        const here = document.createElement('p');
        here.className = 'at-the-end';
        here.innerHTML = `<a href="#answer-${number}"></a>`;
        here.firstChild.textContent = `${named(fold)}: number ${number} at the end of the book`;
        const there = document.createElement('div');
        there.id = `answer-${number}`;
        there.innerHTML = `<h3>${number}</h3>`;
        fold.replaceWith(here);
        there.append(fold);
        end.append(there);
    }
    article.append(end);
    article.querySelector('#contents ul')?.insertAdjacentHTML(
        'beforeend', `<li><a href="#${end.id}">${end.firstChild.textContent}</a></li>`);
    document.querySelectorAll('details').forEach(fold => { fold.open = true; });
    return number;
}"""


def print_book(browser: Any, book: Path, pdf: Path) -> int:
    """Print a book that is one file; how many solutions and answers stand at its end."""
    with browser.new_context(offline=True, color_scheme="light") as context:
        page = context.new_page()
        page.set_default_timeout(60_000 * MINUTES)
        page.goto(book.as_uri())
        page.evaluate("() => MathJax.startup.promise")
        moved = int(page.evaluate(TO_THE_END))
        margins = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
        # A "page" of the text is one of the course.
        number = 'Sheet <span class="pageNumber"></span> of <span class="totalPages"></span>'
        footer = f'<p style="font-size: 8px; width: 100%; text-align: center">{number}</p>'
        page.pdf(
            path=pdf,
            format="A4",
            margin=margins,
            display_header_footer=True,
            header_template="<p></p>",
            footer_template=footer,
            outline=True,
            tagged=True,
        )
    return moved


if __name__ == "__main__":
    if not BOOK.is_file():
        sys.exit(f"{BOOK} is not there: make pdf")
    with in_chromium.chromium() as browser:
        folded = print_book(browser, BOOK, PDF)
    print(f"{PDF}: {PDF.stat().st_size / 1e6:.1f} MB, {folded} solutions and answers at the end")
