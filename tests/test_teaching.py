"""The guide for teachers speaks of the pages as they are, and `make lint` reads what it and they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import PAGES, ROOT, document
from test_links import README, contents

from backprop_lib import Network, activation, backprop, feed_forward
from backprop_lib.course.exercises import EXERCISES
from backprop_lib.course.mistakes import MISTAKES
from backprop_lib.network import Parameters

GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
SECTION = re.compile(r"(?ms)^### Page (\d+): ([^\n]+)\n+\*\*(\d+) minutes\.\*\*(.*?)(?=^##)")
PLANS = GUIDE[GUIDE.index("## Plans") : GUIDE.index("## Hand out")]
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
    span = f"Each takes {min(guide.values())} to {max(guide.values())} minutes"
    for told in (ROOT / "README.md", ROOT / "tools" / "site" / "landing.html"):
        assert span in told.read_text(encoding="utf-8"), told


def test_the_meetings_take_every_page_once() -> None:
    meetings = [pages for row, pages in plan("meetings") if row.isdecimal()]
    assert [page for pages in meetings for page in pages] == list(range(len(PAGES)))


def plan(title: str) -> list[tuple[str, list[int]]]:
    """[(what a row of a plan begins with, its pages)], of the plan whose first words have this in them."""
    (text,) = re.findall(rf"(?ms)^\*\*[^*]*{title}[^*]*\*\*(?:(?!^\*\*).)*", PLANS)
    rows = re.findall(r"(?m)^\| ([^|]*\d[^|]*|\w+day) \| ([^|]+) \|", text)
    return [(row, [int(page) for page in re.findall(r"\d+", pages)]) for row, pages in rows]


def minutes_of(pages: list[int]) -> int:
    """How long some pages take, by their sections."""
    minutes = {int(number): int(minutes) for number, _, minutes, _ in SECTION.findall(GUIDE)}
    return sum(minutes[page] for page in pages)


def room(row: str) -> int:
    """The minutes of a row that begins with a time or a minute, and says until when."""
    begin, end = (re.findall(r"\d+", part) for part in row.split(" to "))
    return int(end[-1]) - int(begin[-1]) + 60 * (int(end[0]) - int(begin[0]) if len(end) > 1 else 0)


def test_every_meeting_of_a_plan_has_room_for_the_minutes_of_its_pages() -> None:
    ((number, meeting),) = re.findall(r"\*\*(\w+) meetings of (\d+) minutes", PLANS)
    assert number == {6: "Six", 7: "Seven", 8: "Eight", 13: "Thirteen"}[len(plan("meetings"))]
    (morning,) = re.findall(r"mornings\*\*, (\d+) minutes each: an hour", PLANS)
    (part,) = re.findall(r"a lecture and a tutorial of (\d+) minutes a week", PLANS)
    places = [("meetings", int(meeting)), ("week of", int(morning) - 60), ("term", 2 * int(part))]
    for title, minutes in places:
        assert len(plan(title)) >= 5
        full = {row: minutes_of(pages) for row, pages in plan(title) if minutes_of(pages) > minutes}
        assert full == {}, f"{title}: {minutes} minutes are too few"
    shorter = re.findall(r"Where a meeting has (\d+) or \d+ minutes, it has room\nfor one page", PLANS)
    assert max(minutes_of([page]) for page in range(len(PAGES))) <= int(*shorter)
    assert len(plan("day")) >= 5
    assert [row for row, pages in plan("day") if minutes_of(pages) > room(row)] == []


def test_the_rows_of_a_lecture_follow_each_other_and_fill_it() -> None:
    (minutes,) = re.findall(r"\*\*One lecture of (\d+) minutes", PLANS)
    rows = [row for row, _ in plan("lecture")]
    assert [row.split(" to ")[0] for row in rows] == ["0", *(row.split(" to ")[1] for row in rows[:-1])]
    assert sum(room(row) for row in rows) == int(minutes)


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


ITEM = re.compile(r"^\*\*(\d+)\.\*\* (?:.+\n)+\n(a\) .*)$", re.MULTILINE)
OPTIONS = re.compile(r"([a-d])\) (−?[\d.]+)(?:, |$)")
KEY = re.compile(r"^\| (\d+) \| ([a-d]) \| (.*) \|$", re.MULTILINE)


def questions() -> dict[int, dict[str, float]]:
    """{item: {letter: number}} of the questionnaire."""
    return {
        int(item): {letter: float(n.replace("−", "-")) for letter, n in OPTIONS.findall(options)}
        for item, options in ITEM.findall(GUIDE)
    }


def key() -> dict[int, tuple[str, dict[str, set[str]]]]:
    """{item: (the letter of the right option, {letter: names of the mistakes})}."""
    found = {}
    for item, right, cells in KEY.findall(GUIDE):
        names = {
            c: set(re.findall(r"`(\w+)`", cell)) for c, cell in zip("abcd", cells.split("|"), strict=True)
        }
        found[int(item)] = right, {letter: named for letter, named in names.items() if named}
    return found


def of(
    layers: list[tuple[str, int]], x: list[list[float]], w: dict[int, Any], errors: list[list[float]]
) -> Any:
    """(net, x, y) with z = 0 at the sigmoids, no other biases, and targets that make these errors."""
    net = Network(layers, init="zeros")
    for l, values in w.items():
        net.w[l] = np.array(values, dtype=float)
    inputs = np.array(x, dtype=float)
    for l in range(1, net.L + 1):
        if net.sigma[l].name == "sigmoid":  # z = 0 for the first example
            net.b[l] = -net.w[l] @ feed_forward(net, inputs)[1][l - 1][:, :1]
    return net, inputs, feed_forward(net, inputs)[1][net.L] - np.array(errors, dtype=float)


ID, S = "identity", "sigmoid"
Entry = Callable[[Parameters], float]
# What each item is about: a net, its input, its target, and which entry of the gradient is asked for.
SITUATIONS: dict[int, tuple[Any, Entry]] = {
    1: (of([(ID, 1), (S, 1)], [[1]], {1: [[1]]}, [[-0.5]]), lambda g: g.b[1][0, 0]),
    2: (of([(ID, 1), (ID, 2)], [[1]], {}, [[0.1], [0.3]]), lambda g: g.b[1][0, 0]),
    3: (of([(ID, 1), (ID, 1)], [[1, 1]], {}, [[0.2, 0.6]]), lambda g: g.b[1][0, 0]),
    4: (of([(ID, 2), (ID, 2)], [[2], [3]], {}, [[0.1], [0.4]]), lambda g: g.w[1][0, 1]),
    5: (of([(ID, 1), (S, 2), (ID, 2)], [[1]], {2: [[1, 2], [3, 4]]}, [[0.1], [0.2]]), lambda g: g.b[1][1, 0]),
    6: (of([(ID, 1), (S, 1), (ID, 1)], [[1]], {2: [[2]]}, [[0.5]]), lambda g: g.b[1][0, 0]),
    7: (of([(ID, 1), (S, 1), (ID, 1)], [[2]], {2: [[3]]}, [[0.5]]), lambda g: g.w[1][0, 0]),
    8: (of([(ID, 1), (ID, 1)], [[1, 2, 1]], {}, [[0.3, 0, 0.6]]), lambda g: g.w[1][0, 0]),
    9: (of([(ID, 1), ("tanh", 1)], [[2]], {1: [[1]]}, [[np.tanh(2)]]), lambda g: g.b[1][0, 0]),
    10: (of([(ID, 1), (ID, 1)], [[1]], {1: [[0.7]]}, [[-0.3]]), lambda g: g.b[1][0, 0]),
    11: (
        of([(ID, 1), ("relu", 2), (ID, 2)], [[1]], {1: [[1], [1]], 2: [[2, 0], [1, 3]]}, [[1], [-1]]),
        lambda g: g.b[1][0, 0],
    ),
    12: (of([(ID, 1), (S, 2), (ID, 1)], [[1]], {2: [[1, 2]]}, [[0.8]]), lambda g: g.b[1][0, 0]),
}


def test_the_questionnaire_has_twelve_items_of_four_options_and_a_key_to_each() -> None:
    assert list(questions()) == list(key()) == list(SITUATIONS) == list(range(1, 13))
    for item, options in questions().items():
        right, wrong = key()[item]
        assert list(options) == list("abcd") and len(set(options.values())) == 4
        assert sorted([right, *wrong]) == list("abcd")
    rights = [right for right, _ in key().values()]
    assert {letter: rights.count(letter) for letter in "abcd"} == {"a": 3, "b": 4, "c": 2, "d": 3}


def test_every_wrong_option_names_a_mistake_and_every_mistake_is_an_option() -> None:
    assert set().union(*(names for _, wrong in key().values() for names in wrong.values())) == set(MISTAKES)


@pytest.mark.parametrize("item", SITUATIONS)
def test_the_right_option_is_what_the_equations_give(item: int) -> None:
    (net, x, y), entry = SITUATIONS[item]
    right, _ = key()[item]
    value = entry(backprop(net, x, y).gradient)
    assert questions()[item][right] in (float(f"{value:.5g}"), float(f"{value:.3g}"))


@pytest.mark.parametrize("item", SITUATIONS)
def test_a_wrong_option_is_what_its_mistakes_give_and_no_other(item: int) -> None:
    (net, x, y), entry = SITUATIONS[item]
    _, wrong = key()[item]
    given = {name: entry(mistake.gradient(net, x, y)) for name, mistake in MISTAKES.items()}
    for letter, names in wrong.items():
        shown = questions()[item][letter]
        assert {n for n, v in given.items() if shown in (float(f"{v:.5g}"), float(f"{v:.3g}"))} == names, (
            letter
        )


def test_the_numbers_that_an_item_gives_are_those_of_its_net() -> None:
    tanh = activation("tanh")
    a, at_z, at_a = (float(f"{v:.3g}") for v in (np.tanh(2), tanh.prime(2.0), tanh.prime(np.tanh(2))))
    assert f"tanh 2 = {a}; the slope of tanh is {at_z} at 2, and\n{at_a} at {a}" in GUIDE
    sigmoid = activation("sigmoid")
    assert (sigmoid(np.array(0.0)), sigmoid.prime(np.array(0.0))) == (0.5, 0.25)


def test_a_term_takes_every_page_once_and_every_exercise_of_a_plan_exists() -> None:
    weeks = re.findall(r"^\| week \d+ \| (\d+|none) \|", GUIDE, re.MULTILINE)
    assert [int(page) for page in weeks if page != "none"] == list(range(len(PAGES)))
    named = set(re.findall(r"`(\w+)`", PLANS))
    assert len(named) >= 10 and sorted(named - set(EXERCISES)) == []


def test_the_exercises_of_a_day_stand_on_the_pages_of_that_day() -> None:
    rows = re.findall(r"^\| \w+day \| ([\d, ]+) \| [^|]* \| ([^|]*) \|", GUIDE, re.MULTILINE)
    assert len(rows) == 5
    for pages, exercises in rows:
        texts = "".join(PAGES[int(page)].read_text(encoding="utf-8") for page in pages.split(", "))
        for name in re.findall(r"`(\w+)`", exercises):
            assert f'check(\\"{name}\\"' in texts, (pages, name)
