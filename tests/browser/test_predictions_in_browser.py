"""A prediction in a real JupyterLab: sealed when opened and when run, committed to by the keyboard."""

from __future__ import annotations

import re
from typing import Any

from in_chromium import open_lab, run_all, write_notebook
from test_pages_in_browser import Tab

from backprop_lib.course.recall import recall_questions

PREDICTION = ".jp-OutputArea-output .widget-vbox.prediction"
PAGE = "01_a_net_of_neurons.ipynb"
ASKS_A_NUMBER = """from backprop_lib import predict
predict("How much is ¼ + ¼?", answer=0.25 + 0.25, because="Two of four parts.", evidence=[["sum"], [0.5]])"""
FOCUSED = "() => document.activeElement.innerText || document.activeElement.type"


def focus_first(prediction: Any, control: str) -> None:
    prediction.get_by_role("button").nth(1).wait_for()  # the parts are drawn one after another
    prediction.scroll_into_view_if_needed()
    prediction.locator(control).first.focus()


def wait_for_text(place: Any, pattern: str) -> None:
    """Wait for a text that need not be in sight: the cells above it may still grow."""
    place.get_by_text(re.compile(pattern)).first.wait_for(state="attached")


def test_a_guess_is_committed_to_by_the_keyboard_alone(lab: str, one_tab: Tab) -> None:
    page, errors = one_tab
    run_all(page, lab, PAGE, is_open=True)
    prediction = page.locator(PREDICTION).filter(has_text="steepest").first
    focus_first(prediction, "input[type=radio]")
    names = [prediction.get_by_role("radio").nth(i).evaluate("r => r.labels[0].innerText") for i in range(3)]
    assert len(set(names)) == 3 and all(names)
    assert "You said" not in prediction.inner_text() and prediction.locator("img").count() == 0
    for key in ("Space", "Tab", "Space", "Tab", "Tab"):
        page.keyboard.press(key)
    assert page.evaluate(FOCUSED) == "Commit as a guess"
    page.keyboard.press("Enter")
    wait_for_text(prediction, "^Right: ")
    prediction.locator("img").wait_for(state="attached")
    assert page.evaluate(FOCUSED) == "Committed as a guess"
    assert [prediction.get_by_role("radio").nth(i).is_checked() for i in range(3)] == [False, True, False]
    assert not errors, errors


def test_a_number_is_typed_and_nonsense_is_refused_with_a_sentence(
    lab: str, one_tab: Tab, folder: Any
) -> None:
    page, errors = one_tab
    run_all(page, lab, write_notebook(folder, "number.ipynb", ASKS_A_NUMBER), is_open=True)
    prediction = page.locator(PREDICTION).first
    focus_first(prediction, "input")
    assert prediction.get_by_label("Your number").count() == 1
    for typed, answer in (("half", "Not committed: "), ("1/2", "Right: ")):
        page.keyboard.press("Control+A")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "Commit: I am sure"
        page.keyboard.press("Space")
        wait_for_text(prediction, f"^{answer}")
        prediction.locator("input").focus() if typed == "half" else None
    assert prediction.locator("table").inner_text().split() == ["sum", "0.5"]
    assert not errors, errors


AT_ONCE = "e => e.querySelectorAll('input, button').forEach((part, i) => i < 3 && part.click())"


def test_a_choice_and_a_press_faster_than_the_kernel_are_judged_as_they_were_made(
    lab: str, one_tab: Tab, folder: Any
) -> None:
    page, errors = one_tab
    asks = (
        "from backprop_lib import predict\npredict('Which?', ['a', 'b'], answer='b', because='It is last.')"
    )
    run_all(page, lab, write_notebook(folder, "fast.ipynb", asks), is_open=True)
    prediction = page.locator(PREDICTION).first
    prediction.get_by_role("button").nth(1).wait_for()
    prediction.evaluate(AT_ONCE)  # a, then b, then the commitment
    wait_for_text(prediction, "^Right: “b”")
    assert not errors, errors


RECALLS = """from backprop_lib import predict, recall, record
recall(1)"""
BOXES = "e => [...e.querySelectorAll('.widget-radio-box label, button')].map(p => p.getBoundingClientRect())"
LONG = f"predict('Long?', ['short', '{'on and ' * 60}on'], answer=0, because='It is short.')"


def test_questions_are_asked_anew_long_options_wrap_and_the_record_follows(
    lab: str, one_tab: Tab, folder: Any
) -> None:
    page, errors = one_tab
    run_all(page, lab, write_notebook(folder, "recall.ipynb", RECALLS, LONG, "record()"), is_open=True)
    anew = page.locator("button:text-is('New numbers')")
    anew.wait_for()
    before = page.locator(".widget-vbox.recall").inner_text()
    assert not any(stored.question in before for stored in recall_questions(1, seed=1))
    anew.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => document.querySelector('.widget-vbox.recall').innerText !== before", arg=before
    )
    assert page.evaluate(FOCUSED) == "New numbers"
    long = page.locator(PREDICTION).last
    focus_first(long, "input")
    page.keyboard.press("Space")
    short, wrapped, button = long.evaluate(BOXES)[:3]
    assert wrapped["height"] > 1.5 * short["height"] and wrapped["bottom"] <= button["top"]
    long.get_by_role("button").last.press("Enter")
    wait_for_text(page, "Sure: 1 of 1 right")
    assert not errors, errors


OPEN = """async path => {
    await window.jupyterapp.restored;
    const widget = await window.jupyterapp.commands.execute('docmanager:open', {path});
    await widget.context.ready;
    window.jupyterapp.shell.activateById(widget.id);
}"""


def test_a_stored_page_that_is_only_opened_is_sealed_in_a_fold(lab: str, tab: Tab) -> None:
    page, _ = tab
    open_lab(page, lab)
    page.evaluate(OPEN, PAGE)
    fold = page.locator(".jp-OutputArea-output details", has_text="with slope 0.25").first
    fold.wait_for()
    fold.scroll_into_view_if_needed()
    assert not fold.locator("p").is_visible() and not fold.locator("img").is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Space")
    assert fold.locator("p").is_visible() and fold.locator("img").is_visible()
