"""A prediction in a real JupyterLab: sealed when opened and when run, committed to by the keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
from in_chromium import run_all
from test_pages_in_browser import Tab, write_notebook

PREDICTION = ".jp-OutputArea-output .widget-vbox.prediction"
PAGE = "01_a_net_of_neurons.ipynb"
ASKS_A_NUMBER = """from backprop_lib import predict
predict("How much is ¼ + ¼?", answer=0.25 + 0.25, because="Two of four parts.", evidence=[["sum"], [0.5]])"""
FOCUSED = "() => document.activeElement.innerText || document.activeElement.type"


def focus_first(prediction: Any, control: str) -> None:
    prediction.get_by_role("button").nth(1).wait_for()  # the parts are drawn one after another
    prediction.scroll_into_view_if_needed()
    prediction.locator(control).first.focus()


def test_a_guess_is_committed_to_by_the_keyboard_alone(lab: str, tab: Tab) -> None:
    page, errors = tab
    run_all(page, lab, PAGE)
    prediction = page.locator(PREDICTION).first
    focus_first(prediction, "input[type=radio]")
    names = [prediction.get_by_role("radio").nth(i).evaluate("r => r.labels[0].innerText") for i in range(3)]
    assert len(set(names)) == 3 and all(names)
    assert "You said" not in prediction.inner_text() and prediction.locator("img").count() == 0
    for key in ("Space", "Tab", "Space", "Tab", "Tab"):
        page.keyboard.press(key)
    assert page.evaluate(FOCUSED) == "Commit as a guess"
    page.keyboard.press("Enter")
    prediction.get_by_text(re.compile("^Right: ")).wait_for()
    prediction.locator("img").wait_for()
    assert page.evaluate(FOCUSED) == "Committed as a guess"
    assert [prediction.get_by_role("radio").nth(i).is_checked() for i in range(3)] == [False, True, False]
    assert not errors, errors


def test_a_number_is_typed_and_nonsense_is_refused_with_a_sentence(lab: str, tab: Tab, folder: Any) -> None:
    page, errors = tab
    run_all(page, lab, write_notebook(folder, "number.ipynb", ASKS_A_NUMBER))
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
        prediction.get_by_text(re.compile(f"^{answer}")).wait_for()
        prediction.locator("input").focus() if typed == "half" else None
    assert prediction.locator("table").inner_text().split() == ["sum", "0.5"]
    assert not errors, errors


OPEN = """async path => {
    await window.jupyterapp.restored;
    const widget = await window.jupyterapp.commands.execute('docmanager:open', {path});
    await widget.context.ready;
    window.jupyterapp.shell.activateById(widget.id);
}"""


@pytest.mark.parametrize("opened", [False, True])
def test_a_stored_page_that_is_only_opened_is_sealed_in_a_fold(opened: bool, lab: str, tab: Tab) -> None:
    page, _ = tab
    page.goto(f"{lab}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(OPEN, PAGE)
    fold = page.locator(".jp-OutputArea-output details", has_text="Commit to a guess first").first
    fold.wait_for()
    fold.scroll_into_view_if_needed()
    if opened:
        fold.locator("summary").focus()
        page.keyboard.press("Space")
    assert fold.locator("p").is_visible() == fold.locator("img").is_visible() == opened
