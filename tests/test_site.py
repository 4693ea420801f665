"""The runtime of the website is pinned: what differs by one byte is refused, and named. No downloads."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import build_site
import in_browser
import live_page
import pytest
import reference
import runtime
from documents import PAGES, document
from runtime import File, Manifest, RuntimeFileError

DATA = b"a wheel"
DIGEST = hashlib.sha256(DATA).hexdigest()
NUMPY = File("numpy-2.whl", "carrier", "numpy", "2", DIGEST)
SIX = File("six-1.whl", "pypi", "six", "1", DIGEST)
MANIFEST = Manifest("314", "carrier==1", [NUMPY, SIX])


def official(name: str, version: str, file: str, sha256: str = DIGEST) -> dict[str, Any]:
    return {"name": name, "version": version, "file_name": file, "sha256": sha256, "depends": ["lost"]}


LOCK = {
    "info": {},
    "packages": {"numpy": official("numpy", "2", "numpy-2.whl"), "six": official("six", "1", "s")},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both files, and an empty cache."""
    monkeypatch.setenv("SITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYODIDE_DIST", str(tmp_path / "dist"))
    (tmp_path / "dist").mkdir()
    for file in MANIFEST.files:
        (tmp_path / "dist" / file.file).write_bytes(DATA)
    return tmp_path / "dist"


def test_the_committed_manifest_has_a_digest_for_every_file_and_no_address() -> None:
    manifest = runtime.read_manifest()
    assert {"core", "carrier", "pypi", "kernel", "mathjax", "axe", "test"} == {
        file.origin for file in manifest.files
    }
    assert len({file.file for file in manifest.files}) == len(manifest.files)
    assert "://" not in runtime.MANIFEST.read_text(encoding="utf-8")
    assert runtime.serialized(manifest) == runtime.MANIFEST.read_text(encoding="utf-8")


def test_files_of_a_local_folder_are_verified_and_used(folder: Path) -> None:
    places = runtime.collect(MANIFEST, MANIFEST.files)
    assert places == {file.file: folder / file.file for file in MANIFEST.files}


@pytest.mark.parametrize("at", range(len(DATA)))
def test_one_flipped_byte_stops_the_build_and_the_file_is_named(folder: Path, at: int) -> None:
    flipped = bytearray(DATA)
    flipped[at] ^= 1
    (folder / "numpy-2.whl").write_bytes(flipped)
    with pytest.raises(RuntimeFileError, match=r"numpy-2\.whl: SHA-256 is"):
        runtime.collect(MANIFEST, MANIFEST.files)


def test_a_fetched_file_that_is_another_one_does_not_reach_the_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "six-1.whl").unlink()
    monkeypatch.setattr(
        runtime, "fetch", lambda m, files, to: [(to / f.file).write_bytes(b"x") for f in files]
    )
    with pytest.raises(RuntimeFileError, match=r"six-1\.whl"):
        runtime.collect(MANIFEST, MANIFEST.files)
    assert not (runtime.cache_folder() / "files" / "six-1.whl").exists()


def test_a_manifest_like_the_official_list_has_no_disagreement() -> None:
    assert runtime.disagreements(MANIFEST, LOCK) == []


@pytest.mark.parametrize(
    "file", [replace(NUMPY, sha256="0" * 64), replace(NUMPY, version="3"), replace(SIX, version="2")]
)
def test_a_manifest_unlike_the_official_list_is_refused_and_the_file_is_named(file: File) -> None:
    (sentence,) = runtime.disagreements(replace(MANIFEST, files=[file]), LOCK)
    assert sentence.startswith(f"{file.file}: Pyodide 314 has")


def test_the_list_that_is_served_has_the_digests_of_what_is_served(folder: Path) -> None:
    wheels = {file.file: folder / file.file for file in MANIFEST.files}
    (folder / "six-1.whl").write_bytes(b"compiled")
    packages = runtime.pruned_lock(LOCK, MANIFEST, wheels)["packages"]
    assert packages["six"]["sha256"] == hashlib.sha256(b"compiled").hexdigest()
    assert packages["numpy"]["sha256"] == DIGEST and packages["numpy"]["depends"] == []


@pytest.mark.parametrize("text", ["", "{}", '{"files": [{"file": "x"}]}', json.dumps({"files": 1})])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "runtime.json").write_text(text, encoding="utf-8")
    with pytest.raises(RuntimeFileError, match="not a manifest"):
        runtime.read_manifest(tmp_path / "runtime.json")


def cell(text: str, count: int = 1) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return {"execution_count": count, "outputs": [output]}


def test_outputs_are_compared_by_what_they_say() -> None:
    split = cell("one ")
    split["outputs"].append({"output_type": "stream", "name": "stdout", "text": ["two"]})
    assert in_browser.differences([cell("one two")], [split]) == []
    assert "cell [1]" in in_browser.differences([cell("0.99")], [cell("0.98")])[0]
    assert "not run" in in_browser.differences([cell("x")], [cell("x", count=2)])[0]
    assert in_browser.differences([cell("x")], []) == ["1 code cells are stored, 0 were run"]


# What a live page loads


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A small package: `charts` draws with matplotlib, `figure` only when it is asked to."""
    files = {
        "course/__init__.py": "from course.sums import total\n",
        "course/sums.py": "import numpy\n",
        "course/charts.py": "from matplotlib.figure import Figure\n",
        "course/figure.py": "from . import sums\ndef png():\n    from course import charts\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("from course import total", {"numpy"}),
        ("import course.charts as c", {"numpy", "matplotlib"}),
        ("from course import charts", {"numpy", "matplotlib"}),
        ("from course.figure import png", {"numpy"}),
        ("def f():\n    import sympy", {"numpy", "sympy"}),
    ],
)
def test_a_page_loads_what_it_and_the_modules_it_imports_use(
    source: str, others: set[str], course: Path
) -> None:
    cells = [
        {"cell_type": "code", "source": ["import course\n", source]},
        {"cell_type": "markdown", "source": "x"},
    ]
    assert live_page.imports_of({"cells": cells}, course) == {"course"} | others


def test_the_kernel_is_loaded_with_every_page_and_a_library_with_those_that_import_it() -> None:
    def entry(*imports: str) -> dict[str, Any]:
        return {"imports": list(imports), "depends": []}

    lock = {"packages": {"numpy": entry("numpy"), "sympy": entry("sympy", "isympy"), "piplite": entry()}}
    page = {"cells": [{"cell_type": "code", "source": "import sympy"}]}
    assert live_page.packages_of(page, lock) == ["numpy", "piplite", "sympy"]
    assert live_page.packages_of({"cells": []}, lock) == ["numpy", "piplite"]


def test_another_page_of_the_application_stops_the_build() -> None:
    page = "<html><script id=\"jupyter-config-data\"></script><body>await import('../x.js');</body></html>"
    any_page = {"packages": [], "megabytes": 1}
    assert "window.waiting.settings();" in live_page.wrapped(page, {}, any_page, "kernel")
    with pytest.raises(AssertionError, match="another JupyterLite"):
        live_page.wrapped(page.replace("await", "return"), {}, any_page, "kernel")


def test_the_book_and_the_live_site_take_the_index_of_the_questions_along(tmp_path: Path) -> None:
    assert "<docs/questions>" in build_site.book_index([], live=False)
    build_site.copy_contents(tmp_path)
    listed = (tmp_path / "docs" / "questions.md").read_text(encoding="utf-8")
    assert listed.count("](../notebooks/") > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_book_leaves_out_what_is_to_be_run_on_colab(page: Path) -> None:
    (first, *_), address = document(page).sources, "git clone"
    assert address in first
    told = build_site.book_cell({"cell_type": "markdown", "metadata": {}, "source": first})["source"]
    assert address not in told and "<details>" not in told and len(told) > 0.7 * len(first)


# What a reader looks up


def test_the_table_of_symbols_says_what_page_0_says_and_every_page_in_it_is_there() -> None:
    rows = {row["letter"]: row for row in reference.table(PAGES)["symbols"]}
    assert len(rows) == len(reference.table(PAGES)["symbols"]) >= 20
    (text,) = (source for source in document(PAGES[0]).sources if source.startswith("## The symbols"))
    found = 0
    for symbol, _, shape in re.findall(r"^\| (\$.+?) \| (.+?) \| (.*?) ?\|$", text, re.MULTILINE):
        first = re.sub(r"\\(\w+)", lambda m: {"delta": "δ", "odot": "⊙"}.get(m[1], ""), symbol)
        letter = re.search(r"[^\W\d_]|⊙", first)
        assert letter and letter[0] in rows, symbol
        named = rows[letter[0]]["shape"].removeprefix(r"\text{").removesuffix("}")
        assert shape.strip("$") == named or (letter[0], shape) == ("⊙", ""), (symbol, shape, named)
        found += 1
    assert found == 10


def test_a_symbol_of_the_table_is_a_letter_that_the_pages_write() -> None:
    written = " ".join(tex for path in PAGES for tex, _ in document(path).formulas)
    greek = {"δ": "delta", "σ": "sigma", "η": "eta", "θ": "theta", "Δ": "Delta", "∇": "nabla", "∂": "partial"}
    for row in reference.table(PAGES)["symbols"]:
        letter = row["letter"].removesuffix("′")
        name = {**greek, "⊙": "odot", "λ": "lambda"}.get(letter)
        assert (f"\\{name}" if name else letter) in written, row


def test_what_a_reader_without_a_mouse_needs_is_added_to_a_page_of_the_book_once() -> None:
    page = (
        '<aside class="sidebar-drawer"><p class="caption" role="heading">x</p></aside>'
        '<aside class="toc-drawer"><pre>1</pre><pre class="a">2</pre>'
        '<div class="table-wrapper x"></div><div class="output text_html"></div>'
    )
    better = reference.accessible(page)
    assert better.count('tabindex="0"') == 4 and 'aria-level="2"' in better
    assert better.count("<aside aria-label=") == 2 and reference.accessible(better) == better


@pytest.mark.parametrize("report", ["", "https://github.com/you/course/issues/new?title=Errata:+{page}"])
def test_the_errata_link_to_where_errors_are_reported_or_to_nobody(report: str) -> None:
    text = reference.errata_page("Tell us: {{ report }}", report)
    assert ("](https://github.com/you/course/issues/new" in text) == bool(report)
    assert (reference.NOBODY in text) != bool(report)
