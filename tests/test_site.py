"""The runtime of the website is pinned: what differs by one byte is refused, and named. No downloads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import build_site
import live_page
import pytest
import runtime
import site_reader
from runtime import File, Manifest, RuntimeFileError

DATA = b"a wheel"
DIGEST = hashlib.sha256(DATA).hexdigest()
NUMPY = File("numpy-2.whl", "carrier", "numpy", "2", DIGEST)
SIX = File("six-1.whl", "pypi", "six", "1", DIGEST)
MANIFEST = Manifest("314", "3", "carrier==1", [NUMPY, SIX])


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
    assert {"core", "carrier", "pypi", "kernel", "mathjax", "test"} == {
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
        runtime.collect(MANIFEST, MANIFEST.files, say=lambda text: None)
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
    assert site_reader.differences([cell("one two")], [split]) == []
    assert "cell [1]" in site_reader.differences([cell("0.99")], [cell("0.98")])[0]
    assert "not run" in site_reader.differences([cell("x")], [cell("x", count=2)])[0]
    assert site_reader.differences([cell("x")], []) == ["1 code cells are stored, 0 were run"]


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
