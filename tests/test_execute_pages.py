"""Executing a page changes what the page says, and nothing else."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import execute_pages
import pytest
from documents import PAGES
from PIL import Image


def png(width: int = 40, spots: int = 0, shade: int = 200, compress: int = 6) -> str:
    """A gray picture with some black pixels, in base64."""
    image = Image.new("RGB", (width, 30), (shade, shade, shade))
    for spot in range(spots):
        image.putpixel((spot, 3), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "png", compress_level=compress)
    return base64.b64encode(file.getvalue()).decode()


def picture(data: str, alt: str = "gray") -> dict[str, object]:
    shown = {"image/png": data, "text/plain": alt}
    return {"output_type": "display_data", "data": shown, "metadata": {"image/png": {"alt": alt}}}


def test_the_same_pixels_in_other_bytes_look_the_same() -> None:
    assert png(compress=0) != png(compress=9)
    assert not execute_pages.looks_different(png(compress=0), png(compress=9))


@pytest.mark.parametrize("spots", [1, 4])
def test_a_pixel_of_anti_aliasing_looks_the_same(spots: int) -> None:
    assert not execute_pages.looks_different(png(width=900), png(width=900, spots=spots))


@pytest.mark.parametrize("other", [png(width=41), png(spots=9), png(shade=198), "AAAA"])
def test_another_size_number_or_shade_looks_different(other: str) -> None:
    assert execute_pages.looks_different(png(), other)


def test_a_picture_that_looks_the_same_keeps_its_stored_bytes_but_not_its_words() -> None:
    fresh, stored = picture(png(compress=9), "new words"), picture(png(compress=0), "old words")
    (kept,) = execute_pages.with_stored_pictures([fresh], [stored])
    assert kept == picture(png(compress=0), "new words")


def test_a_picture_inside_html_is_replaced_only_if_it_looks_different_or_is_much_smaller() -> None:
    def html(cost: str, data: str) -> dict[str, object]:
        text = f'<b>{cost}</b><img alt="gray" src="data:image/png;base64,{data}">'
        return {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}

    same, other, old = png(compress=0), png(spots=20), png(compress=9)
    assert execute_pages.with_stored_pictures([html("2", same)], [html("1", old)]) == [html("2", old)]
    assert execute_pages.with_stored_pictures([html("2", other)], [html("1", old)]) == [html("2", other)]
    assert execute_pages.with_stored_pictures([html("2", old)], [html("1", same)]) == [html("2", old)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_pictures_that_a_page_keeps_are_compact(path: Path) -> None:
    kept = re.findall(r'data:image/png;base64,([^"\\]*)', path.read_text(encoding="utf-8"))
    colors = {base64.b64decode(png[:40])[25] for png in kept}
    assert colors <= {3}, "a picture is stored as fast as it was drawn, not small: make notebooks"


def test_pieces_of_one_stream_are_joined_and_live_views_dropped() -> None:
    def stream(name: str, text: str) -> dict[str, object]:
        return {"output_type": "stream", "name": name, "text": text}

    view = {"output_type": "display_data", "data": {execute_pages.WIDGET_VIEW: {}}, "metadata": {}}
    pieces = [stream("stdout", "a"), stream("stdout", "b"), view, stream("stderr", "c")]
    assert execute_pages.normalized_outputs(pieces) == [stream("stdout", "ab"), stream("stderr", "c")]


def test_check_reports_and_writes_nothing_and_a_second_run_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.ipynb"
    cell = {"cell_type": "code", "metadata": {}, "source": "print(1)", "outputs": [], "execution_count": None}
    book = {"cells": [cell], "metadata": {"widgets": {}}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    monkeypatch.setattr(execute_pages, "isolate", lambda folder: None)

    assert execute_pages.main(["--check", str(path)]) == 1
    assert "would change" in capsys.readouterr().out and path.read_bytes() == before
    assert execute_pages.main([str(path)]) == 0
    written = path.read_bytes()
    assert execute_pages.main(["--check", str(path)]) == 0
    assert "unchanged" in capsys.readouterr().out and path.read_bytes() == written


def test_a_file_that_is_no_notebook_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.ipynb"
    path.write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(execute_pages.PageError, match=r"cut\.ipynb: not a notebook"):
        execute_pages.read(path)


def test_half_of_a_letter_which_no_kernel_can_be_sent_is_a_question_mark(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    cell = r'{"cell_type": "code", "source": "x = \"\ud83d, \ud83d\ude00\"", "outputs": [], "metadata": {}}'
    path.write_text(f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4}}', encoding="utf-8")
    (read,) = execute_pages.read(path)["cells"]
    assert read["source"] == 'x = "?, \N{GRINNING FACE}"'
