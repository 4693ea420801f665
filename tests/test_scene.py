"""A scene redraws what changed, keeps the last good picture, and shows a still where no kernel runs."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import signal
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import ipywidgets as W
import numpy as np
import pytest
from PIL import Image
from traitlets import TraitError

from backprop_lib.drawing.canvas import FastFigure, image_html, styled
from backprop_lib.drawing.net import network_svg
from backprop_lib.figures.scene import (
    STYLE,
    IntegerBox,
    LogSlider,
    Player,
    Scene,
    View,
    choice,
    slider,
    table_html,
    when_idle,
)

LIVING = Path(__file__).parents[1] / "backprop_lib" / "figures" / "living.js"
VIEW = "application/vnd.jupyter.widget-view+json"


def draw(size: int, kind: str = "a") -> View:
    if size == 13:
        raise ValueError("size: expected anything but 13, got 13")
    if size == 14:
        raise KeyError("lost")
    return View(
        html=f"<b>{size}</b>",
        alt=f"size {size}",
        sentence=f"The size is {size}.",
        table=[["size", "kind"], [size, kind]],
        code=f"draw({size}, {kind!r})",
    )


class Counted:
    """`draw`, and what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, **values: Any) -> View:
        self.calls.append(tuple(values.values()))
        return draw(**values)


def scene(function: Any = draw) -> Scene:
    return Scene({"size": slider("Size", 4, 1, 20), "kind": choice("Kind", ["a", "b"])}, function)


def htmls(shown: Scene) -> str:
    return "\n".join(child.value for child in shown.children if isinstance(child, W.HTML))


def test_a_changed_control_redraws_picture_sentence_and_code() -> None:
    shown = scene()
    shown.controls["size"].value = 7
    assert shown.view == draw(7)
    for part in ("<b>7</b>", "The size is 7.", "draw(7, &#x27;a&#x27;)"):
        assert part in htmls(shown)


def test_the_numbers_show_when_asked_for_and_stay_up_to_date() -> None:
    shown = scene()
    assert "<table" not in htmls(shown)
    shown.numbers_button.value = True
    shown.controls["size"].value = 8
    assert "<table" in htmls(shown) and ">8</th>" in htmls(shown)
    assert shown.numbers_button.description == "Hide the numbers"
    shown.numbers_button.value = False
    assert "<table" not in htmls(shown)


def test_an_error_becomes_a_sentence_and_the_last_good_picture_stays() -> None:
    shown = scene()
    shown.controls["size"].value = 5
    shown.controls["size"].value = 13
    assert "size: expected anything but 13" in htmls(shown) and "<b>5</b>" in htmls(shown)
    assert shown.view == draw(5)
    assert isinstance(shown.error, ValueError) and "13" in str(shown.error)


def test_an_unexpected_error_is_named_too() -> None:
    shown = scene()
    shown.controls["size"].value = 14
    assert "KeyError" in htmls(shown) and isinstance(shown.error, KeyError)


def test_after_an_error_a_good_value_clears_it_even_if_it_was_the_last_good_one() -> None:
    shown = scene()
    shown.controls["size"].value = 13
    shown.controls["size"].value = 4
    assert shown.error is None and "Not drawn" not in htmls(shown)


def test_the_sentence_of_an_error_is_escaped() -> None:
    def failing(size: int) -> View:
        if size > 1:
            raise ValueError("<script>")
        return draw(size)

    shown = Scene({"size": slider("Size", 1, 1, 9)}, failing)
    shown.controls["size"].value = 2
    assert "<script>" not in htmls(shown) and "&lt;script&gt;" in htmls(shown)


def test_wrong_defaults_are_raised_at_once() -> None:
    with pytest.raises(ValueError, match="13"):
        Scene({"size": slider("Size", 13, 1, 20)}, draw)


def test_reset_returns_every_control_and_draws_once() -> None:
    counted = Counted()
    shown = scene(counted)
    shown.controls["size"].value, shown.controls["kind"].value = 9, "b"
    counted.calls.clear()
    shown.reset_button.click()
    assert counted.calls == [(4, "a")] and shown.view == draw(4)


def test_values_that_are_drawn_already_draw_nothing() -> None:
    counted = Counted()
    shown = scene(counted)
    shown.refresh()
    shown.reset()
    assert counted.calls == [(4, "a")]


def test_changes_while_drawing_are_drawn_once_with_the_newest_values() -> None:
    started, go_on, calls = threading.Event(), threading.Event(), []

    def slow(size: int) -> View:
        calls.append(size)
        if size == 2:
            started.set()
            assert go_on.wait(10)
        return draw(size)

    shown = Scene({"size": slider("Size", 1, 1, 99)}, slow)
    drawing = threading.Thread(target=setattr, args=(shown.controls["size"], "value", 2))
    drawing.start()
    assert started.wait(10)
    for size in (3, 4, 5, 6):
        shown.controls["size"].value = size
    go_on.set()
    drawing.join(10)
    assert calls == [1, 2, 6] and shown.view == draw(6)


def test_many_threads_never_draw_at_once_and_the_last_values_are_drawn() -> None:
    inside, overlaps = threading.Lock(), []

    def guarded(size: int) -> View:
        if not inside.acquire(blocking=False):
            overlaps.append(size)
            return draw(0)
        try:
            return View(f"<b>{size}</b>", "alt", "")
        finally:
            inside.release()

    shown = Scene({"size": slider("Size", 0, 0, 999)}, guarded)

    def change(start: int) -> None:
        for size in range(start, 200, 4):
            shown.controls["size"].value = size

    threads = [threading.Thread(target=change, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not overlaps
    assert shown.view.html == f"<b>{shown.controls['size'].value}</b>"


def test_redrawing_makes_no_widgets_and_closing_leaves_none() -> None:
    before = len(W.widgets.widget._instances)
    shown = Scene({"size": slider("Size", 4, 1, 12)}, draw, play="size")
    after = len(W.widgets.widget._instances)
    for size in range(1, 13):
        shown.controls["size"].value = size
    shown.numbers_button.value = True
    assert len(W.widgets.widget._instances) == after
    shown.close()
    assert len(W.widgets.widget._instances) == before


def test_two_scenes_of_one_factory_share_nothing() -> None:
    one, two = scene(), scene()
    one.controls["size"].value = 9
    assert (one.view, two.view) == (draw(9), draw(4))


def test_one_message_tells_the_browser_all_that_a_move_changes() -> None:
    shown, told = scene(), list[str]()
    shown.numbers_button.value = True
    with mock.patch.object(W.Widget, "send_state", lambda self, key=None: told.append(self.model_id)):
        shown.controls["size"].value = 9
    assert told == [shown.controls["size"].model_id, shown._shown.model_id]
    for part in ("<b>9</b>", "The size is 9.", "draw(9, &#x27;a&#x27;)", ">9</th>"):
        assert part in shown._shown.value


def test_another_screen_is_drawn_for_once_and_says_nothing_new() -> None:
    counted = Counted()
    shown = scene(counted)
    shown.controls["size"].value = 9
    before = shown._shown.value
    shown.screen.pixels = 1
    assert len(counted.calls) == 3 and shown._shown.value == before
    shown.controls["size"].value = 13
    shown.screen.pixels = 2
    assert shown.view == draw(9) and "13" in htmls(shown)
    with pytest.raises(TraitError):
        shown.screen.pixels = 3


def test_what_is_computed_ahead_waits_until_the_kernel_rests_and_needs_none() -> None:
    done: list[str] = []
    when_idle(lambda: done.append("without a loop"), 0)

    async def cell() -> None:
        when_idle(lambda: done.append("ahead"), 0)
        done.append("the cell")
        await asyncio.sleep(0.01)

    asyncio.run(cell())
    assert done == ["the cell", "ahead"]


def test_a_viewer_without_a_kernel_sees_picture_sentence_numbers_and_code() -> None:
    data, metadata = scene()._repr_mimebundle_()
    assert VIEW in data and metadata == {}
    assert data["text/plain"] == "size 4\nThe size is 4."
    for part in ("<b>4</b>", "The size is 4.", "<details><summary>The numbers</summary>", "draw(4"):
        assert part in data["text/html"]


def test_the_still_of_a_png_is_small_and_looks_the_same() -> None:
    fast = FastFigure(400, 300)
    styled(fast.figure.add_subplot(), "A line", "x", "y").plot([1.0, 2.0], [3.0, 1.0])
    live = fast.png()
    view = View(image_html(live, "A line from 3 to 1", 400, 300), "A line from 3 to 1", "It falls.")
    shown = Scene({"x": slider("x", 1, 0, 2)}, lambda x: view)
    data, _ = shown._repr_mimebundle_()
    kept = base64.b64decode(re.findall(r'src="data:image/png;base64,([^"]*)"', data["text/html"])[0])
    one, two = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int) for png in (live, kept))
    assert len(kept) < 0.5 * len(live) and 'alt="A line from 3 to 1" width="400"' in data["text/html"]
    assert np.abs(one - two).max() <= 12  # of 255: no eye sees it
    assert view.html in shown._shown.value


def test_the_still_of_an_svg_is_an_image_with_its_words() -> None:
    def net(size: int) -> View:
        return View(network_svg([size, 1], alt="A small net"), "A small net", "Two layers.")

    shown = Scene({"size": slider("Size", 2, 1, 9)}, net)
    html = shown._repr_mimebundle_()[0]["text/html"]
    assert html.startswith('<img alt="A small net"') and "<svg" not in html
    assert "<svg" in htmls(shown)


def test_a_number_outside_the_bounds_of_a_box_is_refused_with_a_sentence() -> None:
    counted = Counted()
    shown = Scene({"size": IntegerBox("Example", 4, 0, 149)}, counted)
    for typed in (150, -1, 1.5, float("nan"), float("inf")):
        shown.controls["size"].value = typed
        assert f"Example: expected a whole number from 0 to 149, got {typed}" in htmls(shown)
        assert shown.view == draw(4) and counted.calls == [(4,)]
    shown.controls["size"].value = 7
    assert counted.calls == [(4,), (7,)] and type(counted.calls[1][0]) is int


def test_no_rule_of_a_scene_styles_all_of_a_page_again_whenever_the_page_changes() -> None:
    assert not re.findall(r":has\((?:[^()]|\([^()]*\))*\)\s+\*", STYLE + LIVING.read_text(encoding="utf-8"))


def test_next_and_previous_move_the_slider_as_far_as_its_ends() -> None:
    shown = Scene({"size": slider("Size", 9, 1, 10)}, draw, play="size")
    shown.player.buttons["Next"].click()
    assert shown.controls["size"].value == 10 and shown.view == draw(10)
    shown.player.buttons["Next"].click()
    assert shown.controls["size"].value == 10
    shown.player.buttons["Previous"].click()
    assert shown.controls["size"].value == 9 and shown.view == draw(9)


def test_play_begins_anew_at_the_end_and_pause_stops() -> None:
    played = Player(slider("Epoch", 10, 0, 10))
    played.buttons["Play"].click()
    assert (played.slider.value, played.clock.value, played.clock.playing) == (0, 0, True)
    (link,) = played.helpers
    assert (link.source, link.target) == ((played.clock, "value"), (played.slider, "value"))
    played.buttons["Pause"].click()
    assert played.clock.playing is False
    assert played.helpers == [] and link.comm is None, "at rest, a move is told once"
    assert [button.description for button in played.buttons.values()] == ["Play", "Pause", "Previous", "Next"]


def test_the_clock_follows_the_bounds_of_the_slider() -> None:
    played = Player(slider("Epoch", 0, 0, 10))
    played.slider.max = 50
    assert played.clock.max == 50


def test_a_player_of_an_unknown_control_is_refused() -> None:
    with pytest.raises(ValueError, match="play: expected one of size"):
        Scene({"size": slider("Size", 4, 1, 20)}, draw, play="epoch")


def test_whole_numbers_give_a_slider_of_whole_numbers() -> None:
    assert isinstance(slider("n", 3, 1, 9), W.IntSlider)
    assert isinstance(slider("b", 0.5, -2, 2, 0.25), W.FloatSlider)
    assert slider("b", 0.5, -2, 2, 0.25).readout_format == ".2f"


def test_a_log_slider_has_exact_values_between_its_bounds() -> None:
    rate = LogSlider("Learning rate", 3.0, 0.1, 30)
    assert rate.stops == [0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0] and rate.value == 3.0
    steps = LogSlider("h", 1e-5, 1e-12, 1e-1)
    assert steps.stops == [float(f"{digit}e{e}") for e in range(-12, -1) for digit in (1, 2, 3, 5)] + [0.1]


def test_a_number_between_the_stops_can_be_typed_and_the_slider_follows_to_the_nearest() -> None:
    rate = LogSlider("Learning rate", 3.0, 0.1, 30)
    rate.box.value = 4.2
    assert rate.value == 4.2 and rate.slider.value == 5.0
    rate.slider.value = 0.5
    assert rate.value == rate.box.value == 0.5
    rate.value = 30.0
    assert rate.slider.value == rate.box.value == 30.0


@pytest.mark.parametrize("typed", [31.0, 0.0, -3.0, float("nan"), float("inf")])
def test_a_typed_number_outside_the_bounds_of_a_log_slider_is_refused_with_a_sentence(typed: float) -> None:
    shown = Scene({"rate": LogSlider("Learning rate", 3.0, 0.1, 30)}, lambda rate: draw(int(rate)))
    shown.controls["rate"].box.value = typed
    assert "Learning rate: expected a number from 0.1 to 30, got" in htmls(shown) and shown.view == draw(3)
    shown.reset()
    assert shown.error is None, shown.error


def test_the_sentence_says_which_controls_moved() -> None:
    shown = scene()
    assert "→" not in htmls(shown)
    shown.controls["size"].value = 7
    assert "<em>Size: 4 → 7.</em> The size is 7." in htmls(shown)
    shown.controls["kind"].value = "b"
    assert "<em>Kind: a → b.</em>" in htmls(shown)
    shown.reset()
    assert "<em>Size: 7 → 4; Kind: b → a.</em>" in htmls(shown)


def test_the_moves_of_many_controls_at_once_are_counted_and_take_no_lines() -> None:
    shown = Scene({name: slider(name, 4, 0, 9) for name in "abcd"}, lambda **sizes: draw(sum(sizes.values())))
    shown._set(dict.fromkeys("abc", 5))
    assert "<em>a: 4 → 5; b: 4 → 5; c: 4 → 5.</em>" in htmls(shown)
    shown._set(dict.fromkeys("abcd", 6))
    assert "<em>4 controls moved.</em>" in htmls(shown)


def test_what_did_not_come_to_a_picture_is_not_said_to_have_changed() -> None:
    shown = scene()
    shown.controls["size"].value = 13  # refused
    shown.controls["size"].value = 7
    assert "<em>Size: 4 → 7.</em>" in htmls(shown)


def test_a_control_that_does_nothing_in_a_state_cannot_be_moved_there() -> None:
    def draw_with(size: int, kind: str) -> View:
        return View("<b></b>", "alt", "One.", idle=frozenset({"size"}) if kind == "b" else frozenset())

    shown = scene(draw_with)
    assert not shown.controls["size"].disabled
    shown.controls["kind"].value = "b"
    assert shown.controls["size"].disabled and not shown.controls["kind"].disabled
    shown.reset()
    assert not shown.controls["size"].disabled


class InParts:
    """A drawing that takes three calls, and notes what was on the page before each."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.pages: list[str] = []
        self.shown: Scene | None = None

    def __call__(self, size: int) -> View:
        self.calls.append(size)
        self.pages.append(htmls(self.shown) if self.shown else "")
        done = self.calls.count(size)
        return View(f"<b>{size}</b>", "alt", f"{done}.", progress=(done, 3) if done < 3 else None)


def test_a_long_drawing_shows_its_progress_and_goes_on_to_the_end() -> None:
    parts = InParts()
    shown = parts.shown = Scene({"size": slider("Size", 1, 1, 9)}, parts)
    assert parts.calls == [1, 1, 1] and shown.view.sentence == "3."
    shown.controls["size"].value = 2
    assert parts.calls[3:] == [2, 2, 2] and shown.view.sentence == "3."
    assert [page.count("<progress") for page in parts.pages[3:]] == [0, 1, 1]
    assert 'value="2" max="3"' in parts.pages[-1] and "<progress" not in htmls(shown)


def test_a_long_drawing_is_left_for_newer_values_and_taken_up_again() -> None:
    parts = InParts()
    shown = Scene({"size": slider("Size", 1, 1, 9)}, parts)

    def interrupting(size: int) -> View:
        view = parts(size)
        if size == 2 and parts.calls.count(2) == 1:
            shown.controls["size"].value = 3  # while 2 is being drawn
        return view

    shown._draw = interrupting
    shown.controls["size"].value = 2
    assert parts.calls == [1, 1, 1, 2, 3, 3, 3] and shown.view.html == "<b>3</b>"
    shown.controls["size"].value = 2
    assert parts.calls[7:] == [2, 2] and shown.view.progress is None


def test_an_interrupt_while_drawing_is_told_and_the_same_values_are_drawn_when_asked_for_again() -> None:
    interrupted = [3, 3]

    def draw_slowly(size: int) -> View:
        if size in interrupted:
            interrupted.remove(size)
            if interrupted:
                return View("<b>first part</b>", "alt", "A part.", progress=(1, 2))
            raise KeyboardInterrupt
        return draw(size)

    shown = Scene({"size": slider("Size", 1, 1, 9)}, draw_slowly, play="size")
    shown.player.play()
    shown.controls["size"].value = 3
    assert "Not drawn: interrupted." in htmls(shown) and "<progress" not in htmls(shown)
    assert not shown.player.clock.playing
    shown.refresh()
    assert shown.view.html == "<b>3</b>" and shown.error is None and "Not drawn" not in htmls(shown)


def test_an_interrupt_of_an_idle_kernel_pauses_what_plays() -> None:
    players = [Scene({"size": slider("Size", 1, 1, 9)}, draw, play="size").player for _ in range(2)]

    async def kernel() -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as while a message is answered
        try:
            for player in players:
                player.play()
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # and as between two messages
            await asyncio.sleep(0)
            assert all(player.clock.playing for player in players)
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0.01)
        finally:
            signal.signal(signal.SIGINT, before)

    asyncio.run(kernel())
    assert not any(player.clock.playing for player in players)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: slider("n", 10, 1, 9), "value: expected a number from 1 to 9, got 10"),
        (lambda: slider("n", 1, 9, 1), "low and high"),
        (lambda: slider("n", 1.0, 0, 2, -1), "step"),
        (lambda: slider("b", 0.333, 0.0, 1.0, 0.1), "value: expected 0.0 plus whole steps of 0.1"),
        (lambda: LogSlider("η", 1, 0, 2), "low: expected a positive number"),
        (lambda: LogSlider("η", 3.1, 0.1, 30), "value: expected one of 0.1, 0.2"),
        (lambda: choice("Kind", []), "options"),
        (lambda: IntegerBox("n", 5, 0, 4), "value"),
    ],
)
def test_a_control_with_wrong_bounds_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_choice_refuses_what_is_not_offered() -> None:
    assert choice("Kind", {"first": 1, "second": 2}, 2).value == 2
    with pytest.raises(TraitError):
        choice("Kind", ["a"], "b")


def test_every_control_has_room_for_its_words() -> None:
    for control in (
        slider("Size", 1, 0, 2),
        LogSlider("η", 1, 0.1, 10).slider,
        choice("Kind", "ab"),
        IntegerBox("n", 1, 0, 2),
    ):
        assert control.style.description_width == "initial" and control.description


def test_the_text_of_a_table_is_escaped_and_its_numbers_rounded() -> None:
    html = table_html([["name", "value"], ["<b>", -0.123456], ["zero", 0.0]])
    assert "&lt;b&gt;" in html and ">−0.1235<" in html and ">0<" in html
    assert table_html(()) == ""


@pytest.mark.any_kernel
def test_what_is_said_beside_a_picture_is_said_in_its_order_live_and_in_what_is_stored() -> None:
    view = View("<b>drawn</b><div>said</div>", "alt", "A sentence.", code="1 + 1", aside="<div>said</div>")
    shown = Scene({"x": slider("x", 1, 0, 2)}, lambda x: view)
    stored = shown._repr_mimebundle_()[0]["text/html"]
    for html in (shown._shown.value, stored):
        before, said = html.split('<div class="said"')
        assert "<b>drawn</b>" in before and re.findall("said(?=</div>)|A sentence|1 [+] 1", said) == [
            "said",
            "A sentence",
            "1 + 1",
        ]
        assert html.count("<b>drawn</b>") == html.count("<div>said</div>") == 1
        assert html.count("<div") == html.count("</div>")
