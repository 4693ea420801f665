"""What a reader needs who hears the page: each lint takes a Document and yields findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

import page_lints
from documents import IMAGE, Document, tags

# What a picture of data says: a number, or how one thing compares with another.
READING = re.compile(
    r"\d|\b(?:\w+er than|more|less|most|least|large\w*|small\w+|equal|same|above|below|highest|lowest)\b"
)
VAGUE = {"here", "there", "this", "this page", "page", "link", "click here", "more", "read more", "it"}
BARE_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
PAIRS = ((r"(?<!\\){", r"(?<!\\)}"), (r"\\left\b", r"\\right\b"), (r"\\begin\b", r"\\end\b"))
SEPARATOR = re.compile(r"^\s*\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)*\|?\s*$")


def readings(document: Document) -> Iterator[str]:
    """The words that stand for each picture, written or shown."""
    for alt, _ in IMAGE.findall(document.text):
        yield alt
    for html in (document.text, document.html):
        yield from (tag.get("alt", "") for tag in tags(html, "img"))
    for output in document.outputs:
        if "image/png" in output.get("data", {}):
            yield output.get("metadata", {}).get("image/png", {}).get("alt", "")


def pictures_are_told_in_words(document: Document) -> Iterator[str]:
    """A sentence for each picture, with a number or a comparison: what one would say after looking."""
    for alt in readings(document):
        if len(alt.split()) < 5:
            yield f"a picture is told in fewer than five words: {alt!r}"
        elif not READING.search(alt):
            yield f"the words for a picture have neither a number nor a comparison: {alt!r}"


def drawings_are_images_with_a_label(document: Document) -> Iterator[str]:
    """An SVG in the page is one image to a screen reader, not a heap of texts."""
    for html in (document.text, document.html):
        for svg in tags(html, "svg"):
            if svg.get("role") != "img" or not svg.get("aria-label", "").strip():
                yield 'an <svg> without role="img" and aria-label'


def headings_descend_by_one(document: Document) -> Iterator[str]:
    yield from page_lints.headings_descend_by_one({"cells": document.cells})


def links_say_where_they_go(document: Document) -> Iterator[str]:
    """A link makes sense read alone, and one text leads to one place."""
    targets: dict[str, str] = {}
    for text, target in document.links:
        words = re.sub(r"[*`←→·!]", "", text).strip()
        if words.lower() in VAGUE or not re.search(r"[^\W\d]{2}", words):
            yield f"the text of a link does not say where it goes: [{text}]({target})"
        if targets.setdefault(words.lower(), target) != target:
            yield f"one text, two targets: [{text}] leads to {targets[words.lower()]} and to {target}"
    without_links = re.sub(r"\]\([^()\s]+\)", "]", document.text)
    for address in BARE_ADDRESS.findall(without_links):
        yield f"a bare address: {address}"


def tables_have_headers(document: Document) -> Iterator[str]:
    """A header above each column; only the corner may be empty."""
    lines = document.text.splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if "|" in line and SEPARATOR.match(line):
            headers = [header.strip() for header in above.strip().strip("|").split("|")]
            if not all(headers[1:]):
                yield f"a table with an empty header: {above!r}"
    for table in re.findall(r"<table\b.*?</table>", document.html + document.text, re.DOTALL):
        if not re.search(r"<th\b[^>]*>\s*[^<\s]", table):
            yield f"a table without headers: {table[:60]!r}"


def folded_blocks_have_a_summary(document: Document) -> Iterator[str]:
    for html in (document.text, document.html):
        for block in re.findall(r"<details\b[^>]*>(.{0,200})", html, re.DOTALL):
            if not re.match(r"\s*<summary[^>]*>\s*[^<\s]", block):
                yield f"a folded block without a summary: {block[:40]!r}"
        if len(re.findall(r"<details\b", html)) != html.count("</details>"):
            yield "a folded block is not closed"


def formulas_are_whole(document: Document) -> Iterator[str]:
    """Braces, fences and dollars come in pairs; that every command is known is seen in the book."""
    for tex, _ in document.formulas:
        if "\n\n" in tex:
            yield f"a formula runs over a paragraph: {tex[:40]!r}"
        for opening, closing in PAIRS:
            marks = re.findall(rf"{opening}|{closing}", tex)
            depths = list(accumulate(1 if re.fullmatch(opening, mark) else -1 for mark in marks))
            if depths and (min(depths) < 0 or depths[-1] != 0):
                yield f"a brace or fence is not closed in {tex!r}"
    if leftover := re.search(r"(?<!\\)\$.{0,40}", document.text):
        yield f"a dollar without its partner: {leftover[0]!r}"


LINTS = (
    pictures_are_told_in_words,
    drawings_are_images_with_a_label,
    headings_descend_by_one,
    links_say_where_they_go,
    tables_have_headers,
    folded_blocks_have_a_summary,
    formulas_are_whole,
)
