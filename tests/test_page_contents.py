"""What the pages say and how they are built: the template, the exercises, the questions learners ask."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from execute_pages import joined
from page_lints import only_imports

from backprop_lib.course.exercises import EXERCISES

FOLDER = Path(__file__).parents[1] / "notebooks"
PAGES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.ipynb"))}
NAMES = list(PAGES)


def texts(page: dict[str, Any], kind: str) -> list[str]:
    return [joined(cell["source"]) for cell in page["cells"] if cell["cell_type"] == kind]


def prose(page: dict[str, Any]) -> str:
    return "\n\n".join(texts(page, "markdown"))


def headings(page: dict[str, Any]) -> list[str]:
    return [line.lstrip("# ") for line in prose(page).splitlines() if line.startswith("#")]


# A cell that predicts is folded: one line is seen of it, and none is read.


def shown(cell: dict[str, Any]) -> str:
    """What a code cell says in plain text."""
    parts = [
        joined(o.get("text", "")) + joined(o.get("data", {}).get("text/plain", "")) for o in cell["outputs"]
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_20_to_30_cells_that_are_short(name) -> None:
    page = PAGES[name]
    code = [cell for cell in page["cells"] if cell["cell_type"] == "code" and not only_imports(cell)]
    sources = ["predict" if "predict(" in text else text for text in (joined(c["source"]) for c in code)]
    lines = [len([line for line in source.splitlines() if line.strip()]) for source in sources]
    assert 20 <= len(page["cells"]) <= 30 and median(lines) <= 6, (
        f"{len(page['cells'])} cells, not 20 to 30, or {median(lines)} lines in half of those of code, not 6"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_paragraph_stands_once_on_a_page(name) -> None:
    """But for the line below every figure, which says what it is without a kernel."""
    paragraphs = [
        paragraph
        for source in texts(PAGES[name], "markdown")
        for paragraph in source.split("\n\n")
        if len(paragraph) > 60 and not paragraph.startswith(("*Without a running kernel", "$$"))
    ]
    assert len(set(paragraphs)) == len(paragraphs), sorted(p for p in paragraphs if paragraphs.count(p) > 1)
    times = sum(paragraph.startswith("**How to read.**") for paragraph in paragraphs)
    assert times == (name[:2] != "00"), "**How to read.** stands once on each page but the first"


@pytest.mark.parametrize("name", NAMES)
def test_there_are_10_to_25_words_of_prose_for_a_line_of_code(name) -> None:
    page = PAGES[name]
    # Neither the map of the pages nor lines to copy are prose.
    formulas = re.compile(
        r"\*\*Map:[^\n]*|<summary>On Colab.*?</details>|```.*?```|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)",
        re.DOTALL,
    )
    words = len(re.findall(r"[A-Za-z’']{2,}", formulas.sub("", prose(page))))
    read = [source for source in texts(page, "code") if "predict(" not in source]
    lines = len([line for source in read for line in source.splitlines() if line.strip()])
    assert 10 <= words / lines <= 25, f"{words / lines:.1f} words of prose for a line of code"


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_has_at_most_one_output(name) -> None:
    for cell in PAGES[name]["cells"]:
        assert len(cell.get("outputs", [])) <= 1, cell["id"]


@pytest.mark.parametrize("number, name", list(enumerate(NAMES)))
def test_the_top_of_a_page_says_where_we_are_and_leads_back_and_on(number, name) -> None:
    top = joined(PAGES[name]["cells"][0]["source"])
    (line,) = [line for line in top.splitlines() if line.startswith("**Map:** ")]
    places = line.removeprefix("**Map:** ").split(" → ")
    assert len(places) == len(NAMES)
    for n, place in enumerate(places):
        assert place.startswith(f"**{n} " if n == number else f"[{n} ")
        assert (n == number) == (NAMES[n] not in place)
    for neighbor in (number - 1, number + 1):
        if 0 <= neighbor < len(NAMES):
            assert top.replace(line, "").count(f"({NAMES[neighbor]}.ipynb)") >= 1
    for part in ("| You will do | You will know | You need |", "minutes"):
        assert part in top, f"the first cell lacks: {part}"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_keeps_to_the_template(name) -> None:
    page = PAGES[name]
    found = headings(page)
    places = [
        next((i for i, heading in enumerate(found) if heading.lower().startswith(start)), None)
        for start in ("exercise", "what could go wrong", "summary")
    ]
    wanted = "exercises, then what could go wrong, then a summary"
    assert None not in places and places == sorted(places), f"expected headings of {wanted}, got {found}"
    assert any(
        "Play with" in heading or "play with" in heading or "iris lab" in heading for heading in found
    ) or ("Then play." in prose(page)), "no heading says: Play with"
    asks = [prose(page).lower(), *texts(page, "code")]
    assert any("predict" in text for text in asks), "nothing is predicted"
    last = joined(page["cells"][-1]["source"])
    assert "**Next:**" in last or name == NAMES[-1], "the last cell lacks: **Next:**"


@pytest.mark.parametrize("name", NAMES)
def test_a_prediction_is_asked_before_every_picture(name) -> None:
    asked = 0
    for cell in PAGES[name]["cells"]:
        source = joined(cell["source"])
        asked += source.lower().count("predict" if cell["cell_type"] == "markdown" else "predict(")
        if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            assert asked, f"{cell['id']}: a picture that nothing was predicted of"
            asked = 0


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_that_says_true_asserts_something(name) -> None:
    for cell in PAGES[name]["cells"]:
        if cell["cell_type"] == "code" and ": True" in shown(cell):
            assert "assert " in joined(cell["source"]), cell["id"]


@pytest.mark.parametrize("name", NAMES)
def test_closeness_is_never_judged_with_the_hidden_absolute_tolerance(name) -> None:
    for source in texts(PAGES[name], "code"):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.allclose", "np.isclose"):
                assert any(keyword.arg == "atol" for keyword in node.keywords), ast.unparse(node)


def exercise_calls(page: dict[str, Any]) -> list[tuple[int, str, bool]]:
    """(cell, exercise, whether it is the solution) for each cell that checks an answer."""
    found = []
    for i, cell in enumerate(page["cells"]):
        source = joined(cell["source"])
        for name in re.findall(r'\bcheck\("(\w+)", my_', source) if cell["cell_type"] == "code" else []:
            found.append((i, name, "solution" in cell["metadata"].get("tags", [])))
    return found


def test_every_exercise_stands_on_one_page_once_as_a_stub_and_once_solved() -> None:
    calls = Counter((name, solved) for page in PAGES.values() for _, name, solved in exercise_calls(page))
    assert calls == Counter((name, solved) for name in EXERCISES for solved in (False, True))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_one_to_four_exercises_with_two_hints_and_a_hidden_solution(name) -> None:
    page = PAGES[name]
    calls = exercise_calls(page)
    stubs = [i for i, _, solved in calls if not solved]
    solutions = [i for i, _, solved in calls if solved]
    assert 1 <= len(stubs) <= 4 and len(stubs) == len(solutions)
    for i in stubs:
        assert "..." in joined(page["cells"][i]["source"]) and shown(page["cells"][i]) == "Not attempted yet."
    for i in solutions:
        cell = page["cells"][i]
        assert shown(cell).startswith("Correct: checked on ")
        assert cell["metadata"].get("jupyter") == {"source_hidden": True}
    (hints,) = [i for i, c in enumerate(page["cells"]) if "<summary>Hint 1</summary>" in joined(c["source"])]
    assert max(stubs) < hints < min(solutions)
    text = joined(page["cells"][hints]["source"])
    assert text.count("<details>") == text.count("</details>") == 2, "expected two hints in one cell"
    # A formula is rendered only after a blank line.
    assert re.findall(r"<summary>(Hint \d)</summary>\n\n\S", text) == ["Hint 1", "Hint 2"]


def minutes(page: dict[str, Any]) -> float:
    """How long a page takes a learner, by what there is to read, to guess, to play with and to write."""
    text = re.sub(r"\*\*Map:.*|\]\([^)]*\)", "", prose(page))
    displayed = re.findall(r"\$\$.*?\$\$", text, re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    formulas, words = (
        re.findall(r"\$[^$]+\$", text),
        re.findall(r"[A-Za-z’']{2,}", re.sub(r"\$[^$]+\$", "", text)),
    )
    code = [cell for cell in page["cells"] if cell["cell_type"] == "code" and not only_imports(cell)]
    sources = [joined(cell["source"]) for cell in code]
    folded = [bool(cell["metadata"].get("jupyter")) for cell in code]
    written = {True: 0, False: 0}  # lines of solutions, which a learner writes, and lines that are read
    for source, hidden in zip(sources, folded, strict=True):
        if not hidden or "my_" in source:
            written[hidden] += sum("check(" not in line for line in source.splitlines() if line.strip())
    figures = re.findall(r"from backprop_lib\.figures\.\w+ import (\w+)", "\n".join(texts(page, "code")))
    played = sum(source.strip() == f"{name}()" for source in sources for name in figures)
    guesses = sum("predict(" in source for source in sources)
    stubs = sum(not solved for _, _, solved in exercise_calls(page))
    read = len(words) / 180 + 0.5 * len(displayed) + 0.04 * len(formulas) + 0.1 * written[False]
    return read + 2 + guesses + 4 * played + 3 * stubs + 0.8 * written[True]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_takes_no_longer_than_it_says_and_never_more_than_an_hour(name) -> None:
    said = "".join(re.findall(r"about (\d+) minutes", prose(PAGES[name])))
    assert said, "the first cell lacks: about … minutes"
    assert minutes(PAGES[name]) - 2 <= int(said) <= 60, (minutes(PAGES[name]), said)


QUESTIONS = [
    "Where does the transpose come from?",
    "Is σ′ of z or of a?",
    "Why is σ′ so easily forgotten?",
    "Does cross-entropy help the hidden layers?",
    "Softmax's Jacobian or p − y: which is right?",
    "Sum or mean over the batch?",
    "Updated before or after the hidden δ?",
    "(n,) against (n, 1)",
    "Why is iris stuck at 66.7 % error?",
    "Why does the ReLU check at 0 say 0.5?",
    "Why do sliders do nothing on a static viewer?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_learners_ask_is_found_by_its_words(question) -> None:
    assert any(question in prose(page) for page in PAGES.values())


WORKED = {
    "01": ["10.2", "0.9999628310628971", "4.9998141553144855", "0.9933059134564377"],
    "03": ["0.9866790431048544", "-4.4510827315210804e-05", "0.006604764921594382"],
    "04": ["4.89311575892136e-07"],
    "05": ["-4.4510827315210804e-05", "0.006604764921594382", "4.89311575892136e-07"],
    "06": ["certified()", "error_at_most", "delta1", "graph.cost_of"],
}


@pytest.mark.parametrize("number", WORKED)
def test_the_worked_example_runs_through_the_pages_to_the_last_digits(number) -> None:
    (page,) = [page for name, page in PAGES.items() if name.startswith(number)]
    asserted = [source for source in texts(page, "code") if "assert" in source or "claim(" in source]
    for digits in WORKED[number]:
        assert any(digits in source for source in asserted), digits


MISTAKES_OF_OLDER_NOTES = [
    r"w\^\{?0\}?[_\b ]",  # layer 0 has no weights
    r"b\^\{?0\}?[_\b ]",
    r"\\delta\^\{?0\}?",
    r"0, ?\\dots, ?n(_[lL])?\$",  # n neurons are 0 … n − 1
    r"from (neuron )?\$?j\$? to (neuron )?\$?k\$?\b(?!,)",  # w_jk is to j from k
]


@pytest.mark.parametrize("mistake", MISTAKES_OF_OLDER_NOTES)
def test_the_mistakes_of_older_notes_do_not_recur(mistake) -> None:
    assert not [name for name, page in PAGES.items() if re.search(mistake, prose(page))]


@pytest.mark.parametrize("name", NAMES)
def test_the_brackets_of_every_formula_are_balanced(name) -> None:
    for formula in re.findall(r"\$\$(.*?)\$\$|\$([^$]+)\$", prose(PAGES[name]), re.DOTALL):
        text = "".join(formula).replace(r"\{", "").replace(r"\}", "")
        assert text.count("{") == text.count("}") and text.count("(") == text.count(")"), text
        assert len(re.findall(r"\\left\b", text)) == len(re.findall(r"\\right\b", text)), text
