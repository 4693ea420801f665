"""A prediction is judged rightly, and shows nothing of its answer before a guess is committed to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import execute_pages
import ipywidgets as W
import numpy as np
import pytest
from test_run_twice import findings, page_of, said

from backprop_lib import calibration, predict
from backprop_lib import record as record_of
from backprop_lib.course import predictions
from backprop_lib.course.predictions import NOTHING_COMMITTED, Commitment, Record, prediction, written
from backprop_lib.drawing.svg import Drawing, document
from backprop_lib.figures import sealed
from backprop_lib.figures.layer_sizes import layer_sizes
from backprop_lib.figures.scene import WORDS
from backprop_lib.figures.sealed import SEALED, SealedPrediction

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FOLD = re.compile(r"<details>.*</details>", re.DOTALL)


@pytest.fixture(autouse=True)
def record(monkeypatch: pytest.MonkeyPatch) -> Record:
    fresh = Record()
    monkeypatch.setattr(sealed, "RECORD", fresh)
    return fresh


def chosen(evidence: Any = "S3CRET: doubled", **changes: Any) -> SealedPrediction:
    parts: dict[str, Any] = {"question": "Is 2w smaller or larger than w?", "options": ["smaller", "larger"]}
    parts |= {"answer": "larger", "because": "Twice as much is more.", "evidence": evidence}
    return predict(**(parts | changes))


def typed(answer: Any = 0.25, **changes: Any) -> SealedPrediction:
    return predict("How steep?", **({"answer": answer, "because": "½ · ½."} | changes))


def visible(shown: W.Widget) -> str:
    """All that the reader sees or hears of the live widget and of what is in it."""
    texts = [str(getattr(shown, name, "")) for name in ("value", "description", "tooltip", "options")]
    return "\n".join([*texts, *(visible(child) for child in getattr(shown, "children", ()))])


def stored(shown: W.Widget) -> dict[str, str]:
    data, _ = shown._repr_mimebundle_()
    return data


# The judge ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "answer", "place"),
    [
        (["a", "b"], "b", 1),
        (["a", "b"], 0, 0),
        (["a", "b"], np.int64(1), 1),
        ([37, 43, 20], 43, 1),
        ([0.25, 1], np.float64(0.25), 0),
        ([0, 1], 1, 1),
        (["none", 43], 43, 1),
    ],
)
def test_an_answer_is_an_option_or_its_place_among_texts(options, answer, place) -> None:
    asked = prediction("?", options, answer, "because")
    assert asked.answer == place and asked.is_right(place)
    assert not any(asked.is_right(other) for other in range(len(options)) if other != place)


@pytest.mark.parametrize(
    ("answer", "within", "right", "wrong"),
    [
        (43, 0, [43, 43.0], [42, 43.1, -43]),
        (0.25, 0.05, [0.25, 0.3, 0.2], [0.31, 0.19, -0.25]),
        (0.3, 0.1, [0.4, 0.2], [0.401, 0.199]),
        (0.5, 0.25, [0.75, 0.25], [0.7501, 0.2499]),
        (0.9933059134564377, 0, [0.9933, 0.99331], [0.993, 0.9934]),
        (-3.0, 0, [-3], [3]),
        (0.0, 0, [0, -0.0], [1e-9]),
    ],
)
def test_a_number_is_right_within_its_distance_or_if_it_looks_equal(answer, within, right, wrong) -> None:
    asked = prediction("?", (), answer, "because", within)
    assert [asked.is_right(guess) for guess in right] == [True] * len(right)
    assert [asked.is_right(guess) for guess in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999999999, "999999999"),
        (1e9, "1e+09"),
        (-1e9, "−1e+09"),
        (-3.0, "−3"),
        (0.25, "0.25"),
        (-2e-5, "−2e−05"),
    ],
)
def test_a_whole_number_below_a_thousand_million_is_written_out(value, text) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    ("text", "number"), [("0.25", 0.25), (" 1/4 ", 0.25), ("−3", -3), ("2e-3", 0.002), ("1 / -8", -0.125)]
)
def test_a_number_can_be_typed_in_several_ways(text, number) -> None:
    assert prediction("?", (), 1, "because").guess(text) == number


@pytest.mark.parametrize("text", ["", "  ", "0,25", "abc", "nan", "inf", "1/0", "1/2/3", "1/", "/2", "0.1x"])
def test_what_is_no_number_is_refused_with_an_example(text) -> None:
    with pytest.raises(ValueError, match=r"a number such as 0\.25, 1/4 or 2e-3"):
        prediction("?", (), 1, "because").guess(text)


def test_a_verdict_names_the_guess_and_the_answer() -> None:
    asked = prediction("?", ["up", "down"], 1, "because")
    assert asked.verdict(1) == "Right: “down”."
    assert asked.verdict(0) == "Not so: you said “up”; it is “down”."
    assert asked.told == "It is “down”. because"
    asked = prediction("?", (), 1315, "because", within=20)
    assert asked.verdict(1315) == "Right: 1315."
    assert asked.verdict(1300) == "Right: you said 1300; it is 1315."
    assert asked.verdict(-0.5) == "Not so: you said −0.5; it is 1315."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": 3}, "question: expected text, got 3"),
        ({"question": " "}, "question: expected a sentence"),
        ({"because": ""}, "because: expected a sentence"),
        ({"because": None}, "because: expected text"),
        ({"options": "ab"}, "options: expected a list"),
        ({"options": ["only"]}, "options: expected two or more"),
        ({"options": ["a", "a "]}, "options: expected two or more, each another"),
        ({"options": ["a", ""]}, "options: expected two or more"),
        ({"options": [1, 1.0]}, "options: expected two or more"),
        ({"options": (), "answer": 10**400}, "answer: expected a finite number, got 1000000"),
        ({"options": (), "within": 10**400}, "within: expected a finite number, got 1000000"),
        ({"options": [1, 10**400]}, "options: expected a finite number, got 1000000"),
        (
            {"options": [1, 2], "answer": 10**400},
            "answer: expected one of the options ['1', '2'], got 1000000",
        ),
        ({"options": ["a", None]}, "options: expected texts or numbers, got None"),
        ({"options": ["a", True]}, "options: expected texts or numbers, got True"),
        ({"options": [1.0, float("nan")]}, "options: expected a finite number, got nan"),
        ({"answer": "c"}, "answer: expected one of the options ['a', 'b'], got 'c'"),
        ({"answer": 2}, "answer: expected one of the options"),
        ({"answer": -1}, "answer: expected one of the options"),
        ({"answer": True}, "answer: expected one of the options"),
        ({"answer": None}, "answer: expected one of the options"),
        ({"answer": 0.0}, "answer: expected one of the options"),
        ({"options": [3, 4], "answer": 1}, "answer: expected one of the options ['3', '4'], got 1"),
        ({"options": [], "answer": "a"}, "answer: expected a number, got 'a'"),
        ({"options": [], "answer": True}, "answer: expected a number, got True"),
        ({"options": [], "answer": float("inf")}, "answer: expected a finite number, got inf"),
        ({"options": [], "answer": np.ones(2)}, "answer: expected a number, got array"),
        ({"options": [], "answer": 1, "within": -1}, "within: expected a number of at least 0, got -1"),
        ({"options": [], "answer": 1, "within": "1"}, "within: expected a number, got '1'"),
        ({"within": 0.1}, "within: expected 0, for nothing is measured between options"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(changes, said) -> None:
    parts = {"question": "?", "options": ["a", "b"], "answer": 0, "because": "so"} | changes
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        predict(**parts)


def test_the_first_commitment_to_a_question_is_the_one_that_counts() -> None:
    kept, told = Record(), []
    kept.watchers.append(lambda: told.append(kept.right_of(True)))
    for question, sure, right in (
        ("a", True, False),
        ("a", True, True),
        ("b", True, True),
        ("c", False, True),
    ):
        kept.note(question, Commitment(sure, right))
    assert told[:3] == [(0, 1), (0, 1), (1, 2)]
    assert (kept.right_of(True), kept.right_of(False)) == ((1, 2), (1, 1))


@pytest.mark.parametrize(
    ("guesses", "earlier", "said"),
    [
        ([], "", ["No guess is committed to yet."]),
        ([(True, True)], "", ["Sure: 1 of 1 right.", "1/1 0/0"]),
        ([(False, False)], "", ["Guessed: 0 of 1 right.", "0/0 0/1"]),
        ([(True, False), (False, True)], "4/5 1/3", ["Sure: 4 of 6 right.", "right in 67%", "4/6 2/4"]),
        ([], "9/10 0/0", ["Sure: 9 of 10 right.", "you can count on it", "9/10 0/0"]),
        ([], "8/10 0/0", ["right in 80%"]),
        ([], "4/5 0/0", ["right in 80%"]),
        ([], "4/4 2/9", ["Sure: 4 of 4 right.", "Guessed: 2 of 9 right."]),
    ],
)
def test_the_record_counts_sure_ones_and_guesses_apart(guesses, earlier, said) -> None:
    kept = Record({str(i): Commitment(*guess) for i, guess in enumerate(guesses)})
    told = " ".join(kept.told(earlier))
    assert all(part in told for part in said), told
    judged = re.search(r"count on it|right in \d+%", told)
    assert bool(judged) == any(re.search("count on it|right in", part) for part in said), told
    carried = re.findall(r'record\("(.*)"\)', told)
    if carried:  # on the next page, where nothing is committed to yet, it is the same
        assert Record().told(carried[0]) == kept.told(earlier)


@pytest.mark.parametrize(
    "earlier", ["4/5", "a/b c/d", "5/4 0/0", "0/0 3/1", "4/5 1/3 2/2", "-1/5 0/0", 45, None]
)
def test_what_is_no_earlier_record_is_refused(earlier) -> None:
    with pytest.raises((TypeError, ValueError), match=r'earlier: expected a text such as "4/5 1/3", got'):
        record_of(earlier)


def test_the_record_of_a_page_follows_every_commitment_and_its_still_does_not() -> None:
    shown = record_of()
    assert "No guess is committed to yet." in shown.value
    before, _ = shown._repr_mimebundle_()
    for asked in (chosen(question="one?"), chosen(question="two?")):
        asked.control.index = 1
        asked.sure_button.click()
    assert "Sure: 2 of 2 right." in shown.value and "Sure: 2 of 2 right." in record_of().value
    after, _ = record_of()._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"] == "Your record. No guess is committed to yet."
    assert before["text/html"] == after["text/html"]


def test_calibration_adds_up_the_pages_and_says_what_the_shares_mean() -> None:
    kept = Record({"a": Commitment(True, False), "b": Commitment(False, True)})
    rows, said = kept.calibration(["4/5 1/3", "2/2 0/1"])
    assert rows[0] == ["you said", "right", "of", "share"]
    assert rows[1:] == [["I am sure", "6", "8", "75%"], ["a guess", "2", "5", "40%"]]
    assert said == ["When you are sure, you are right in 75% of the cases: look twice."]
    rows, said = Record().calibration(["9/9 0/0"])
    assert rows[1:] == [["I am sure", "9", "9", "100%"], ["a guess", "0", "0", "–"]]
    assert said == ["When you are sure, you can count on it."]
    assert "tells you nothing yet" in Record().calibration(["4/5 4/5"])[1][1]
    assert len(Record().calibration(["4/5 3/5"])[1]) == len(Record().calibration(["4/5 4/4"])[1]) == 1
    assert Record().calibration(["4/4 9/9"])[1] == [
        "Of 5 sure answers and more one can say how good they are."
    ]
    assert Record().calibration() == Record().calibration(["", "0/0 0/0"]) == ([], [NOTHING_COMMITTED])
    for bad in ("4/5", "5/4 0/0", 45):
        with pytest.raises((TypeError, ValueError), match=r'earlier: expected a text such as "4/5 1/3", got'):
            calibration("4/5 1/3", bad)


def test_a_calibration_of_nothing_is_a_sentence_without_a_table() -> None:
    nothing = calibration().value
    assert nothing.startswith("<p ") and NOTHING_COMMITTED in nothing


def test_the_calibration_of_a_course_follows_every_commitment_and_its_still_does_not() -> None:
    shown = calibration("4/5 0/2", "0/1 1/1")
    before, _ = shown._repr_mimebundle_()
    assert re.search(r"I am sure.*4.*6.*67%", shown.value, re.DOTALL)
    asked = chosen()
    asked.control.index = 1
    asked.sure_button.click()
    assert re.search(r"I am sure.*5.*7.*71%.*look twice", shown.value, re.DOTALL)
    assert (
        before["text/plain"]
        == stored(shown)["text/plain"]
        == f"Your record over all pages. {NOTHING_COMMITTED}"
    )
    assert before["text/html"] == stored(shown)["text/html"] and "%" not in before["text/html"]


# The seal -----------------------------------------------------------------------------------------------


def test_before_a_guess_nothing_of_answer_reason_or_evidence_is_seen() -> None:
    for shown in (chosen(), typed(answer=0.1234, evidence="S3CRET")):
        outside = [visible(shown), stored(shown)["text/plain"], FOLD.sub("", stored(shown)["text/html"])]
        for text in outside:
            assert shown.asked.question in text or "How steep?" in text
            assert not re.search(r"S3CRET|more\.|½|0\.1234", text), text


def test_a_guess_unseals_verdict_reason_and_evidence_in_this_order(record: Record) -> None:
    shown = chosen()
    shown.control.index = 0
    shown.sure_button.click()
    said = visible(shown)
    places = [said.index(p) for p in ("Not so: you said “smaller”", "Twice as much", "S3CRET")]
    assert places == sorted(places) and record.first == {shown.asked.question: Commitment(True, False)}


def test_a_typed_number_is_judged(record: Record) -> None:
    shown = typed()
    shown.control.value = "1/4"
    shown.guess_button.click()
    assert "Right: 0.25." in visible(shown) and record.right_of(False) == (1, 1)


def test_without_a_guess_nothing_is_unsealed_and_a_sentence_says_what_to_do(record: Record) -> None:
    shown = chosen()
    shown.guess_button.click()
    assert "choose one of the options first." in visible(shown) and "S3CRET" not in visible(shown)
    assert re.findall(r'style="([^"]*)">Not committed', visible(shown)) == [WORDS]
    number = typed(evidence="S3CRET")
    for text in ("", "a quarter"):
        number.control.value = text
        number.sure_button.click()
        assert "a number such as 0.25" in visible(number) and "S3CRET" not in visible(number)
    assert record.first == {}
    shown.control.index = 1
    shown.guess_button.click()
    assert "choose one" not in visible(shown) and "Right: “larger”." in visible(shown)


def test_a_guess_is_committed_to_once_and_the_pressed_button_keeps_the_focus(record: Record) -> None:
    shown = chosen()
    shown.control.index = 0
    shown.guess_button.click()
    shown.sure_button.click()
    assert record.first == {shown.asked.question: Commitment(False, False)}
    assert shown.control.disabled and shown.sure_button.disabled and not shown.guess_button.disabled
    assert shown.guess_button.description == "Committed as a guess"


def test_a_choice_that_arrives_after_the_press_that_followed_it_is_the_one_that_is_judged(
    record: Record,
) -> None:
    shown = chosen()
    shown.control.index = 0
    shown.sure_button.click()
    shown.control.index = 1
    assert "Right: “larger”." in visible(shown) and "Not so" not in visible(shown)
    assert record.right_of(True) == (1, 1) and visible(shown).count("S3CRET") == 1
    again = chosen()  # the cell is run once more: the answer is known
    again.control.index = 0
    again.sure_button.click()
    again.control.index = 1
    assert record.right_of(True) == (1, 1) and len(record.first) == 1


def prints_and_returns() -> Any:
    print("S3CRET printed")
    return [["layer", "size"], [1, 5]]


def draws() -> Drawing:
    return Drawing(document(40, 20, "A S3CRET drawing of 2 roads.", []))


@pytest.mark.parametrize(
    ("evidence", "parts"),
    [
        ("two <lines>\nof S3CRET", ["two &lt;lines&gt;\nof S3CRET"]),
        ([["layer", "S3CRET"], [1, 5]], ["<table", "S3CRET</th>", "5</td>"]),
        (np.eye(2), ["array([[1., 0.],"]),
        (draws(), ['<img alt="A S3CRET drawing of 2 roads."']),
        (draws, ['<img alt="A S3CRET drawing of 2 roads."']),
        (prints_and_returns, ["S3CRET printed", "<table"]),
        (None, []),
    ],
)
def test_evidence_is_text_a_table_a_picture_or_a_function_of_these(evidence, parts, capsys) -> None:
    shown = chosen(evidence)
    (fold,) = FOLD.findall(stored(shown)["text/html"])
    assert fold.startswith(f"<details><summary>{SEALED}</summary>") and "It is “larger”. Twice" in fold
    assert not any(part in visible(shown) for part in parts)
    shown.control.index = 1
    shown.guess_button.click()
    assert all(part in fold and part in visible(shown) for part in parts)
    assert capsys.readouterr().out == ""


def test_a_figure_to_play_with_is_unsealed_live_and_stored_as_its_still() -> None:
    figure = layer_sizes()
    shown = chosen(figure)
    assert figure not in shown.children and "A 4-5-3 net has" in stored(shown)["text/html"]
    shown.control.index = 1
    shown.guess_button.click()
    assert shown.children[-1] is figure


def test_evidence_that_shows_nothing_or_raises_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="evidence: expected a function that prints or returns something"):
        chosen(lambda: None)
    with pytest.raises(ZeroDivisionError):
        chosen(lambda: 1 / 0)


def test_evidence_is_that_of_the_moment_when_the_question_is_asked() -> None:
    numbers = np.eye(2)
    shown = chosen(numbers)
    numbers *= 7
    shown.control.index = 1
    shown.guess_button.click()
    assert "1." in visible(shown) and "7." not in visible(shown) + stored(shown)["text/html"]


def test_markup_in_any_text_is_shown_as_text() -> None:
    bad = "<script>1</script>"
    shown = predict(bad, [bad, "b"], answer=0, because=bad, evidence=bad)
    shown.control.index = 0
    shown.guess_button.click()
    htmls = [w.value for w in shown.children if isinstance(w, W.HTML)] + [stored(shown)["text/html"]]
    assert "<script" not in "\n".join(htmls) and "\n".join(htmls).count("&lt;script") >= 8


# On a page ----------------------------------------------------------------------------------------------

CELL = """from backprop_lib import calibration, predict
def evidence():
    display("seen")
    return "found {}"
predict("How much is 2 + {}?", [3, 4, 5], answer=4, because="Count on.", evidence=evidence)"""


@pytest.mark.any_kernel
def test_a_cell_that_is_run_twice_stores_the_same_and_other_evidence_is_noticed(tmp_path: Path) -> None:
    made = execute_pages.executed(page_of((CELL.format(4, 2), "")), tmp_path)
    (tmp_path / "page.ipynb").write_text(execute_pages.serialized(made), encoding="utf-8")
    page = execute_pages.read(tmp_path / "page.ipynb")
    (html, plain) = said(page["cells"][0]["outputs"])
    assert "found 4" in html and "seen" in FOLD.findall(html)[0] and not re.search("found|seen", plain)
    assert findings(page, tmp_path) == []
    page["cells"][0]["source"] = CELL.format(5, 2)
    assert len(findings(page, tmp_path)) == 3  # first, second and third run


def test_a_cell_that_predicts_is_folded_for_its_source_holds_the_answer() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code" and "predict(" in "".join(cell["source"]):
                assert cell["metadata"].get("jupyter") == {"source_hidden": True}, (path.name, cell["id"])


def test_every_page_ends_with_the_record_of_its_reader_and_the_last_with_the_calibration() -> None:
    pages = sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in pages:
        code = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        assert "".join(code[-1]["source"]) == ("calibration()" if path == pages[-1] else "record()"), (
            path.name
        )
        assert NOTHING_COMMITTED in "".join(code[-1]["outputs"][0]["data"]["text/plain"]), path.name


SOURCE = """\
twice = 2 * δ
def more(δ: int): return twice + δ
question = predict("Is 2δ more than δ?", ["no", "yes"], answer="yes", because="Twice as much is more.")
"""


def test_a_sealed_cell_does_what_the_cell_does_with_the_names_of_its_page() -> None:
    names: dict[str, Any] = {"δ": 20, "predict": predict}
    cell = compile(predictions.opened(predictions.sealed(SOURCE)), "a cell", "exec", dont_inherit=True)
    exec(cell, names)
    assert names["twice"] == 40 and names["more"](names["δ"]) == 60
    assert names["question"].asked.answer == 1
    assert names["more"].__annotations__ == {"δ": int}, "a page has no __future__"


def test_of_a_sealed_cell_nothing_can_be_read() -> None:
    seal = predictions.sealed(SOURCE)
    assert re.fullmatch("[A-Za-z0-9+/=]+", seal)
    assert not [word for word in re.findall(r"\w{4,}", SOURCE) if word in seal]
