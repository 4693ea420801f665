"""The words of the figures in many states, as JSON: what one computer says, to be held against another.

    python tests/figure_texts.py               of all figures
    python tests/figure_texts.py depth nudge   of these

The states are the first one, those with one control or all of them at an end or in the middle, and random
ones; of figures that train for long only those named here, and a few random ones.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from html import escape
from typing import Any
from unittest import mock

import numpy as np
from figure_states import FIGURES, scene_of

from backprop_lib.drawing import canvas
from backprop_lib.drawing.canvas import FastFigure
from backprop_lib.figures.scene import Scene, View, table_html

Values = dict[str, Any]
DRAWS = 12


def _run(sizes: tuple[int, ...], activation: str, eta: float, batch: int, epoch: int, **more: Any) -> Values:
    named = {f"size_{i}": size for i, size in enumerate(sizes, 1)}
    chosen = {"layers": len(sizes), "activation": activation, "eta": eta, "batch": batch, "epoch": epoch}
    return named | chosen | more


# Of these figures the states in which round-off has been seen at work, and beside them so many random ones.
SLOW: dict[str, tuple[int, list[Values]]] = {
    "clones": (
        0,
        [
            {"start": "constant", "hidden": 3, "data": "XOR", "matrices": True},
        ],
    ),
    "iris_lab": (
        4,
        [
            {},
            _run((5, 5, 5, 5), "sigmoid", 3.0, 10, 200),
            _run((9, 7, 7), "tanh", 30.0, 105, 125),
            _run((1, 1, 4, 9), "tanh", 0.1, 1, 100),
            _run((7,), "relu", 30.0, 10, 328, cost="cross_entropy", seed=688),
            _run((), "sigmoid", 30.0, 105, 500, cost="cross_entropy"),
        ],
    ),
}


def stops(control: Any) -> list[Any]:
    """The values that a control can be set to, in order."""
    options = getattr(control, "options", None)
    if options is not None:
        return [option[1] if isinstance(option, tuple) else option for option in options]
    if hasattr(control, "stops"):
        return list(control.stops)
    if hasattr(control, "low"):
        return list(range(control.low, control.high + 1))
    count = round((control.max - control.min) / control.step)
    return [control.min + i * control.step for i in range(count)] + [control.max]


def states(name: str, scene: Scene) -> Iterator[Values]:
    """Settings of the controls: where some are missing they stay at their first value."""
    chance, every = random.Random(name), {key: stops(control) for key, control in scene.controls.items()}
    draws, named = SLOW.get(name, (DRAWS, []))
    yield from named
    if not named:
        ends = {key: (values[0], values[len(values) // 2], values[-1]) for key, values in every.items()}
        yield {}
        yield from ({key: three[i] for key, three in ends.items()} for i in range(3))
        yield from ({key: value} for key, three in ends.items() for value in three)
    for _ in range(draws):
        wanted = {key: chance.choice(values) for key, values in every.items()}
        yield wanted | ({"epoch": chance.randrange(60)} if named else {})


def drawn(scene: Scene, wanted: Values) -> tuple[Values, View]:
    """What the figure shows with these values, as far as its controls take them."""
    scene._held = True
    for key, value in (scene._initial | wanted).items():
        control = scene.controls[key]
        control.value = min(value, control.max) if hasattr(control, "max") else value
    scene._held = False
    values = scene._values()
    view = scene._draw(**values)
    while view.progress is not None:
        view = scene._draw(**values)
    return values, view


def texts(name: str) -> dict[str, dict[str, str]]:
    """{state: {part: text}}, without the pictures and what the figure says of this computer alone."""
    found = {}
    # Nothing is drawn: a row of pixels for each pane, and no file made of it.
    with (
        mock.patch.object(FastFigure, "pixels", lambda figure: np.zeros((1, len(figure.panes), 4), np.uint8)),
        mock.patch.object(canvas, "encoded", lambda pixels: b""),
    ):
        scene = scene_of(name)
        for wanted in states(name, scene):
            values, view = drawn(scene, wanted)
            others = {*re.findall('<img alt="([^"]*)"', view.html)} - {escape(view.alt)}
            everywhere, _, _ = view.alt.partition(" In matrices, on this computer, ")
            found[str(values)] = {
                "sentence": view.sentence,
                "alternative text": everywhere,
                "of its pictures": "\n".join(sorted(others)),
                "table": table_html(view.table),
                "cells": str(view.table),
                "code": view.code,
                "drawn nets": re.sub('alt="[^"]*"|base64,[^"]*', "", view.html),
            }
    return found


if __name__ == "__main__":
    json.dump({name: texts(name) for name in sys.argv[1:] or FIGURES}, sys.stdout)
