"""Every figure: after any moves it shows what a fresh one shows, and what the equations give.

The figures are found by their folder; what one has to show is written down before it stands on a page. Each
is played with, with a pause after a move of every control; `test_…_would_be_found` break what is shown at
these pauses, one part at a time.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from figure_mathematics import EXPECTED
from figure_states import FIGURES, Driven, Seen, differing, disagreements, equal, expected, fresh, walk

from backprop_lib.figures import iris_lab, step_size

PAGES = Path(__file__).parents[1] / "notebooks"


def test_every_figure_that_a_page_shows_has_its_mathematics() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES.glob("*.ipynb"))
    shown = set(re.findall(r"from backprop_lib\.figures\.(\w+) import", pages))
    assert len(shown) > 10 and shown <= set(EXPECTED) <= set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_after_any_moves_a_figure_shows_what_a_fresh_one_shows(name: str) -> None:
    for pause in walk(name):
        assert not differing(pause.seen.view, fresh(name, pause.seen.values).view), pause.seen.values


@pytest.mark.parametrize("name", EXPECTED)
def test_all_that_a_figure_draws_and_says_is_computed_anew(name: str) -> None:
    for pause in walk(name):
        assert not disagreements(name, pause.seen), pause.seen.values


@pytest.mark.parametrize("name", FIGURES)
def test_reset_returns_to_what_was_seen_first(name: str) -> None:
    assert not differing(walk(name)[-1].seen.view, Driven(name).seen().view)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_figure_that_ignores_a_move_would_be_found(name: str) -> None:
    for pause in walk(name)[:-1]:
        if pause.moved in pause.before.view.idle & pause.seen.view.idle:
            continue
        parts = differing(pause.before.view, fresh(name, pause.seen.values).view)
        assert parts, pause.moved
        if parts == ["code"]:  # before the first epoch the size of a batch is seen in the code alone
            continue
        assert disagreements(name, replace(pause.before, values=pause.seen.values)), pause.moved


def swapped(one: Seen, other: Seen) -> dict[str, Seen]:
    """What is seen of a state, with one part of it from another state."""
    broken = {
        part: replace(one, view=replace(one.view, **{part: getattr(other.view, part)}))
        for part in ("sentence", "alt", "table")
        if getattr(one.view, part) != getattr(other.view, part)
    }
    for artist, data in other.artists.items():
        if artist == "spread matrices":  # of the clones: it may differ only where round-off has parted them
            continue
        if artist in one.artists and not equal(data, one.artists[artist]):
            broken[artist] = replace(one, artists={**one.artists, artist: data})
    return broken


@pytest.mark.parametrize("name", EXPECTED)
def test_a_part_computed_from_another_state_would_be_found(name: str) -> None:
    tried = set()
    for pause in walk(name):
        right = expected(name, pause.seen.values)
        if pause.seen.values.get("precision") == "float32":
            continue  # round-off decides every cell of this table: no number is promised
        for part, broken in swapped(pause.seen, pause.before).items():
            assert disagreements(name, broken, right), (part, pause.seen.values, pause.before.values)
            tried.add(part)
    assert {"sentence", "table"} <= tried


def after(name: str, **moves: object) -> Seen:
    """What is seen after these moves, one after the other."""
    driven = Driven(name)
    for key, value in moves.items():
        driven.scene.controls[key].value = value
    return driven.seen()


STATES = [  # the forms that a sentence can take, and the places where two states are easily taken for one
    *(("stepper", {"activation": kind, "step": step}) for kind in ("tanh", "relu") for step in range(7)),
    *(("step_size", {"exponent": h, "parameter": i}) for h in (0.0, -0.5, -1.5) for i in (-1, 7)),
    *(("step_size", {"exponent": -0.5, "difference": kind}) for kind in ("forward", "central")),
    *(("clones", {"data": "XOR", "start": start, "epoch": 30}) for start in ("random", "nearly constant")),
]


@pytest.mark.parametrize(("name", "moves"), STATES)
def test_every_form_of_a_sentence_is_computed_anew(name: str, moves: dict[str, object]) -> None:
    assert not disagreements(name, after(name, **moves))


@pytest.mark.parametrize("precision", step_size.PRECISIONS)
@pytest.mark.parametrize("difference", step_size.KINDS)
def test_the_sentence_of_a_step_is_the_row_of_that_step(difference: str, precision: str) -> None:
    driven = Driven("step_size")
    driven.scene.controls["difference"].value = difference
    driven.scene.controls["precision"].value = precision
    for row, exponent in enumerate(step_size.EXPONENTS):
        driven.scene.controls["exponent"].value = float(exponent)
        view = driven.seen().view
        step, said = view.table[1 + row]
        where = f"At h = {step}, the median of all 43 parameters"
        assert view.sentence == f"{where}: the {difference} difference is off by {said}."
    driven.scene.close()


@pytest.mark.parametrize(
    ("place", "control", "value"),
    [(3, "eta", 0.2), (5, "seed", 7)],
)
def test_a_stale_run_in_the_lab_is_found(monkeypatch, place, control, value) -> None:
    right, history = after("iris_lab", **{control: value}), iris_lab.Runs.history
    first = {}

    def stale(self, key, epoch):
        kept = first.setdefault(id(self), key[place])
        return history(self, (*key[:place], kept, *key[place + 1 :]), epoch)

    monkeypatch.setattr(iris_lab.Runs, "history", stale)
    wrong = after("iris_lab", **{control: value})
    assert {"sentence", "table", "pixels"} <= set(differing(wrong.view, right.view))
    assert disagreements("iris_lab", wrong) and not disagreements("iris_lab", right)


def test_stale_curves_of_the_step_size_are_found(monkeypatch) -> None:
    right, u_curve, kept = after("step_size", precision="float32"), step_size.u_curve, {}

    def stale(net, x, y, kind, precision):
        return kept.setdefault(kind, u_curve(net, x, y, kind, precision))

    monkeypatch.setattr(step_size, "u_curve", stale)
    wrong = after("step_size", precision="float32")
    assert "pixels" in differing(wrong.view, right.view)


def left_as_it_was(method):
    """A method that works only the first time that it is called."""
    done = []

    def once(*args):
        if not done:
            done.append(method(*args))
        return done[0]

    return once


def test_what_a_picture_keeps_of_a_former_state_is_found(monkeypatch) -> None:
    moves = {"layers": 2, "epoch": 6}
    right, name_only = after("iris_lab", **moves), iris_lab.name_only
    with monkeypatch.context() as broken:  # a legend that names the layers of the first net
        broken.setattr(iris_lab, "name_only", left_as_it_was(name_only))
        legend = after("iris_lab", **moves)
    assert differing(legend.view, right.view) == ["pixels"]
    assert disagreements("iris_lab", legend) == ["words of legend"]
    show, limits = iris_lab.LabFigure._show_maps, []

    def with_first_limits(self, *args):
        show(self, *args)
        limits.append(self.slopes.limits)
        self.slopes.limits = limits[0]

    with monkeypatch.context() as broken:  # colors that end where those of the first state end
        broken.setattr(iris_lab.LabFigure, "_show_maps", with_first_limits)
        colors = after("iris_lab", **moves)
    assert differing(colors.view, right.view) == ["pixels"]
