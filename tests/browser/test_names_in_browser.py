"""Every control of a figure or a question in a real JupyterLab has a name for those who hear the page."""

from __future__ import annotations

from functools import cache
from typing import Any

import accessibility_tree
import pytest
from accessibility_tree import controls_of, unnamed
from figure_in_browser import CALLS, START, part_of

pytestmark = pytest.mark.xdist_group("the page with every figure")  # which takes long to draw


@cache
def widget_of(name: str) -> Any:
    names: dict[str, Any] = {}
    exec(f"{START}\nwidget = {CALLS[name]}", names)
    return names["widget"]


@pytest.fixture
def page(every_figure: Any) -> Any:
    return every_figure


@pytest.mark.parametrize("name", CALLS)
def test_every_control_is_told_by_its_name(name: str, page: Any) -> None:
    assert unnamed(part_of(page, name), widget_of(name)) == []


def test_every_kind_of_control_is_among_those_that_are_told() -> None:
    told = {role for name in CALLS for role, _ in controls_of(widget_of(name))}
    assert told == {"slider", "textbox", "spinbutton", "combobox", "button", "radio"}


def test_a_control_without_a_name_and_one_with_another_would_be_found(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, widget = part_of(page, "layer_sizes"), widget_of("layer_sizes")
    assert unnamed(part, widget) == []
    monkeypatch.setattr(accessibility_tree, "PATIENCE", 0.0)
    for selector, name, finding in (
        (".noUi-handle", "", "a slider without a name"),
        (".noUi-handle", "Outputs", "2 × slider named 'Outputs'"),
        (".widget-readout", "Other", "no textbox named 'Inputs, typed'"),
    ):
        element = part.locator(selector).first
        right = element.get_attribute("aria-label")
        element.evaluate("(element, name) => element.setAttribute('aria-label', name)", name)
        assert finding in unnamed(part, widget)
        element.evaluate("(element, name) => element.setAttribute('aria-label', name)", right)
    assert unnamed(part, widget) == []


def test_a_slider_over_a_list_says_its_value_and_not_its_place(page: Any) -> None:
    part = part_of(page, "one_neuron")
    part.get_by_role("slider", name="Learning rate η").press("Home")
    part.locator(".noUi-handle[aria-label='Learning rate η'][aria-valuetext='0.01']").wait_for()


def test_a_slider_that_does_nothing_says_so(page: Any) -> None:
    part, sizes = part_of(page, "layer_sizes"), ".noUi-handle[aria-label='Neurons in layer 2']"
    part.locator(f"{sizes}[aria-disabled=true]").wait_for()
    part.get_by_role("slider", name="Hidden layers").press("End")
    part.locator(f"{sizes}[aria-disabled=false]").wait_for()


def test_a_question_is_a_group_that_is_named_by_it_and_new_questions_are_named_anew(page: Any) -> None:
    part, widget, told = part_of(page, "recall"), widget_of("recall"), set()
    for _ in range(2):
        names = {f"Recall: {prediction.asked.question}" for prediction in widget.questions.children}
        for name in names:
            part.get_by_role("group", name=name, exact=True).first.wait_for()
        assert len(names) == 3 and not names & told
        told |= names
        part.get_by_role("button", name="New numbers").press("Enter")
        widget.ask_anew()
