"""The guide for teachers speaks of the pages as they are, and `make lint` reads what it and they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from documents import PAGES, ROOT, document
from test_links import README, contents

GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
SECTION = re.compile(r"(?ms)^### Page (\d+): ([^\n]+)\n+\*\*(\d+) minutes\.\*\*(.*?)(?=^##)")
PARTS = ("*Afterwards a learner can*", "*Typical difficulties.*", "*Ask in class.*", "*Exercise.*")


def test_the_guide_has_a_section_for_every_page_under_its_title() -> None:
    sections = [(int(number), title) for number, title, _, _ in SECTION.findall(GUIDE)]
    assert sections == [(number, title) for number, title, _ in contents(README)]


def test_every_section_has_objectives_difficulties_questions_and_an_exercise() -> None:
    for number, _, _, text in SECTION.findall(GUIDE):
        assert [part for part in PARTS if part not in text] == [], f"page {number}"
        assert len(re.findall("^- ", text, re.MULTILINE)) >= 3, f"page {number}: fewer than three objectives"


def test_the_minutes_of_the_guide_are_those_of_the_pages() -> None:
    guide = {int(number): int(minutes) for number, _, minutes, _ in SECTION.findall(GUIDE)}
    pages = {int(path.name[:2]): re.search(r"about (\d+) minutes", document(path).text) for path in PAGES}
    assert {number: guide[number] for number, said in pages.items() if said} == {
        number: int(said[1]) for number, said in pages.items() if said
    }
    assert sum(bool(said) for said in pages.values()) >= 11


def test_the_meetings_take_every_page_once() -> None:
    rows = re.findall(r"^\| \d \| (\d+(?:(?:, | and )\d+)*) \|", GUIDE, re.MULTILINE)
    assert [int(page) for row in rows for page in re.findall(r"\d+", row)] == list(range(len(PAGES)))


def test_a_slip_of_the_pen_is_found_in_pages_texts_and_code(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    slip = "rec" + "ieve"
    page = json.loads(PAGES[3].read_text(encoding="utf-8"))
    page["cells"][0]["source"][-1] += f" They {slip} it."
    for name, text in {
        "notebooks/page.ipynb": json.dumps(page, indent=1),
        "docs/guide.md": f"# They {slip} it",
        "backprop_lib/module.py": f'"""They {slip} it."""',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "codespell_lib"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    found = re.findall(rf"^\./(\S+):\d+: {slip}", said, re.MULTILINE)
    assert sorted(found) == ["backprop_lib/module.py", "docs/guide.md", "notebooks/page.ipynb"]
