"""What a class hands in for page 4, and the marks that each deserves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import execute_pages
import nbformat
import student_copies

PAGE = "04_the_error_of_a_hidden_layer"
EXERCISES = ("hidden_error", "order_2", "first_error")
GUESSES = ("guess-measured", "guess-roads-numbers", "guess-transpose-or-inverse")
NAMES = [*GUESSES, *(f"check-{name}" for name in EXERCISES)]
Page = dict[str, Any]


def cell(page: Page, begin: str) -> Page:
    """The cell whose code begins in this way."""
    (found,) = (cell for cell in page["cells"] if cell["source"].startswith(begin))
    return found


def solved(page: Page) -> Page:
    """The page with every guess made, and with the solutions of the course in the cells for the answers."""
    for part in execute_pages.read(student_copies.ROOT / "notebooks" / f"{PAGE}.ipynb")["cells"]:
        if student_copies.is_solution(part):
            for name, answer in student_copies.calls(part["source"]):
                graded = next(n for n, c in enumerate(page["cells"]) if f'check("{name}"' in c["source"])
                page["cells"][graded - 1]["source"] = re.sub(r"(?m)^.*\bcheck\(.*\n?", "", part["source"])
                assert answer in page["cells"][graded - 1]["source"]
    for number in (1, 2, 3):
        cell(page, f"guess_{number} = ...")["source"] = f"guess_{number} = 1"
    return page


def wrong(page: Page) -> Page:
    for number in (1, 2, 3):
        cell(page, f"guess_{number} = ...")["source"] = f"guess_{number} = 3"
    cell(page, "def my_hidden_error")["source"] = (
        "def my_hidden_error(w_next, delta_next, z, sigma):\n    return z"
    )
    cell(page, "my_order")["source"] = 'my_order = "GAB"'
    cell(page, "def my_first_error")["source"] = (
        "def my_first_error(net, z, delta_last):\n    return delta_last"
    )
    return page


def only_the_order(page: Page) -> Page:
    cell(page, "my_order")["source"] = 'my_order = "BFHCAE"'
    return page


def warns(page: Page) -> Page:
    page = solved(page)
    answer = next(c for c in page["cells"] if c["source"].startswith("def my_hidden_error"))
    answer["source"] = answer["source"].replace("    return", "    np.log(np.zeros(1))\n    return")
    return page


def endless_answer(page: Page) -> Page:
    page = solved(page)
    answer = next(c for c in page["cells"] if c["source"].startswith("def my_hidden_error"))
    answer["source"] = "def my_hidden_error(w_next, delta_next, z, sigma):\n    while True: pass"
    return page


def first(page: Page, source: str) -> Page:
    """The page with something done before anything that was asked for."""
    place = next(n for n, c in enumerate(page["cells"]) if c["source"].startswith("import")) + 1
    page["cells"].insert(place, nbformat.v4.new_code_cell(source, id="of-my-own"))
    return page


def hostile(page: Page) -> Page:
    attack = (
        "import backprop_lib.course.results as r, backprop_lib.course.exercises as e, backprop_lib as b\n"
    )
    attack += "r.CLOSE = 1e99\ncheck = e.check = b.check = lambda *x: print('Correct: checked on all.')\n"
    return first(wrong(page), attack + "e.EXERCISES.clear()")


def without_graded_cells(page: Page) -> Page:
    page = wrong(page)
    page["cells"] = [c for c in page["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]
    return page


def rewritten(page: Page) -> Page:
    page = wrong(page)
    for part in page["cells"]:
        if part["metadata"].get("nbgrader", {}).get("grade"):
            part["source"] = "print('Correct: checked on all.')"
            part["metadata"]["nbgrader"]["points"] = 100
    return page


def tries_on(page: Page) -> Page:
    """Right answers, and at the end what the checks say to wrong ones."""
    page = solved(page)
    for name in EXERCISES:
        source = f'check("{name}", lambda *x: 0)'
        page["cells"].append(nbformat.v4.new_code_cell(source, id=f"try-{name.replace('_', '-')}"))
    return page


def written_into_a_marked_cell(page: Page) -> Page:
    """The right order, where nothing is to be written."""
    marked = next(c for c in page["cells"] if 'check("order_2"' in c["source"])
    marked["source"] = f'my_order = "BFHCAE"\n{marked["source"]}'
    return page


def renamed(page: Page) -> Page:
    """Right answers under another name, in the marked cell too, which nobody was to change."""
    page = solved(page)
    for part in page["cells"]:
        part["source"] = part["source"].replace("my_hidden_error", "mine")
    return page


# What gives an empty page no mark.
CHEATS = {
    "environment": "import os; os.environ['NBGRADER_EXECUTION'] = 'no'",
    "marks": "import backprop_lib.course.marks as m; m.check = m.check_guess = lambda *x: None",
    "module": "import sys, types; fake = types.SimpleNamespace(check=print, check_guess=print)\n"
    "sys.modules['backprop_lib.course.marks'] = fake",
}

# What somebody hands in, and the marks for the three guesses and the three exercises.
SUBMISSIONS: dict[str, tuple[Callable[[Page], Page], list[int]]] = {
    "right": (solved, [1, 1, 1, 1, 1, 1]),
    "wrong": (wrong, [1, 1, 1, 0, 0, 0]),
    "empty": (lambda page: page, [0, 0, 0, 0, 0, 0]),
    "one": (only_the_order, [0, 0, 0, 0, 1, 0]),
    "warns": (warns, [1, 1, 1, 1, 1, 1]),
    "endless_answer": (endless_answer, [1, 1, 1, 0, 1, 1]),
    "endless": (lambda page: first(solved(page), "while True: pass"), [1, 1, 1, 1, 1, 1]),
    "exits": (lambda page: first(solved(page), "import sys; sys.exit()"), [1, 1, 1, 1, 1, 1]),
    "ends": (lambda page: first(solved(page), "import os; os._exit(0)"), [0, 0, 0, 0, 0, 0]),
    "hostile": (hostile, [1, 1, 1, 0, 0, 0]),
    **{who: (lambda page, code=code: first(page, code), [0] * 6) for who, code in CHEATS.items()},
    "without": (without_graded_cells, [0, 0, 0, 0, 0, 0]),
    "rewritten": (rewritten, [1, 1, 1, 0, 0, 0]),
    "tries_on": (tries_on, [1, 1, 1, 1, 1, 1]),
    "written_in": (written_into_a_marked_cell, [0, 0, 0, 0, 0, 0]),
    "renamed": (renamed, [1, 1, 1, 0, 1, 1]),
}
