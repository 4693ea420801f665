from __future__ import annotations

import pytest
from figure_states import FIGURES, differing, disagreements, fresh, walk, equal


@pytest.mark.parametrize("name", FIGURES)
def test_after_any_moves_a_figure_shows_what_a_fresh_one_shows(name: str) -> None:
    for seen in walk(name):
        other = fresh(name, seen.values)
        assert not differing(seen.view, other.view), dict(seen.values)


@pytest.mark.parametrize("name", FIGURES)
def test_all_that_a_figure_draws_and_says_is_computed_anew(name: str) -> None:
    for seen in walk(name):
        assert not disagreements(name, seen), dict(seen.values)
