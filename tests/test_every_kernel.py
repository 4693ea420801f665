"""Every figure says the same on every computer: what it says is compared under different kernels.

A figure may also say that the computer decides. Three computers are played by this one: an older kernel of
OpenBLAS, a Haswell, and the Haswell without numpy's SIMD loops.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import kernels
import pytest
from figure_states import FIGURES

from backprop_lib.figures.reproducible import ELSEWHERE

HERE = Path(__file__).parent
Texts = dict[str, dict[str, dict[str, str]]]


def computers() -> dict[str, dict[str, str]]:
    """The environments that make other computers of this one; without a pair of kernels there are two."""
    try:
        older, newer = kernels.pair()
    except kernels.KernelError:
        return {"as it is": {}, "no SIMD": kernels.without_simd()}
    return {
        older: kernels.asked_for(older),
        newer: kernels.asked_for(newer),
        "no SIMD": kernels.asked_for(newer) | kernels.without_simd(),
    }


@pytest.fixture(scope="module")
def all_said() -> dict[str, Texts]:
    """What the figures say on each of the computers, side by side."""
    running = {
        name: subprocess.Popen(
            [sys.executable, HERE / "figure_texts.py"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, environment in computers().items()
    }
    outputs = {name: process.communicate()[0] for name, process in running.items()}
    assert not any(process.returncode for process in running.values()), "a program failed: see above"
    return {name: json.loads(output) for name, output in outputs.items()}


class Contradiction(NamedTuple):
    """Two computers say different things of a figure."""

    part: str
    state: str
    is_left_open: bool
    words: str


def contradictions(name: str, all_said: Mapping[str, Texts]) -> Iterator[Contradiction]:
    """Where the computers contradict the first of them, and whether it says that they may."""
    (first, of_first), *others = ((computer, texts[name]) for computer, texts in all_said.items())
    for computer, texts in others:
        assert texts.keys() == of_first.keys()
        for state, parts in of_first.items():
            is_open = ELSEWHERE in parts["sentence"]
            for part, text in parts.items():
                if text != (other := texts[state][part]):
                    yield Contradiction(part, state, is_open, f"{first}: {text}\n{computer}: {other}")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_the_same_on_every_computer(name: str, all_said: dict[str, Texts]) -> None:
    found = [c for c in contradictions(name, all_said) if not (c.part == "drawn nets" and c.is_left_open)]
    assert not found, f"{found[0].part} in {found[0].state}:\n{found[0].words}"


def test_what_the_lab_leaves_open_is_open(all_said: dict[str, Texts]) -> None:
    (lab, *_) = (texts["iris_lab"] for texts in all_said.values())
    doubted = [ELSEWHERE in parts["sentence"] for parts in lab.values()]
    assert doubted[:6] == [False, True, True, True, True, False]
    if len(all_said) > 2:  # two kernels, then: what the figure warns of is seen
        assert {c.part for c in contradictions("iris_lab", all_said)} == {"drawn nets"}
