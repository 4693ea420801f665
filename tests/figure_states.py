"""Figures that are driven from state to state, and what is seen of them there."""

from __future__ import annotations

import base64
import importlib
import io
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import product, zip_longest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from figure_mathematics import EXPECTED, Between, Expected, Rounded
from figure_numbers import cells_of, value_of
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.canvas import PIXELS_PER_INCH, Cells, FastFigure
from backprop_lib.drawing.named import plain
from backprop_lib.drawing.net import LEGIBLE
from backprop_lib.drawing.svg import number
from backprop_lib.figures import figure_names, one_neuron
from backprop_lib.figures.live_training import LiveTraining
from backprop_lib.figures.scene import Scene, View, table_html
from backprop_lib.network import Network

FOLDER = Path(__file__).parents[1] / "backprop_lib" / "figures"
FIGURES = sorted([*figure_names(), "live_training"])
NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:e−?\d+)?")
EPOCHS = 30  # of live training
# The slow states, and those in which a run magnifies round-off, are left to other tests.
FEW = {
    ("clones", "epoch"): (0, 3, 20),
    ("clones", "hidden"): (2, 3, 8),
    ("depth", "seeds"): (1, 2, 5, 10),
    ("find_the_bug", "mystery"): (1, 2, 4, 5, 7, 8),
    ("iris_lab", "layers"): (0, 1, 2),
    ("iris_lab", "epoch"): (0, 1, 6, 11),
    ("iris_lab", "eta"): (0.1, 0.2, 0.45),
    ("iris_lab", "batch"): (10, 30, 105),
    ("iris_lab", "seed"): (0, 1, 7, 999),
}
BEGIN = {"clones": {"epoch": 20}, "iris_lab": {"epoch": 11, "eta": 0.5}}


def live(epochs: int = EPOCHS) -> LiveTraining:
    """A small net that is watched while it learns."""
    net = Network([("identity", 4), ("sigmoid", 3), ("sigmoid", 3)], seed=1)
    training, held_out = standardize(*split(load_iris()))
    return LiveTraining(net, training, epochs=epochs, seed=1, held_out=held_out)


def scene_of(name: str) -> Scene:
    """A figure as it is first seen."""
    if name == "live_training":
        return live()
    scene: Scene = getattr(importlib.import_module(f"backprop_lib.figures.{name}"), name)()
    return scene


@contextmanager
def drawn_figures() -> Iterator[list[FastFigure]]:
    """The matplotlib figures that are made meanwhile."""
    made: list[FastFigure] = []
    begin = FastFigure.__init__

    def noted(self: FastFigure, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        made.append(self)

    with mock.patch.object(FastFigure, "__init__", noted):
        yield made


def code_of(scene: Scene) -> str:
    """The code that a scene shows now, as HTML, or nothing."""
    return "".join(re.findall("<pre.*</pre>", scene._shown.value, re.DOTALL))


@dataclass(frozen=True)
class Seen:
    """A state and all that is seen of it: the view, and the data of the artists of every figure."""

    values: Mapping[str, Any]
    view: View
    artists: Mapping[str, Any]


class Driven:
    """A figure with its kept artists."""

    def __init__(self, name: str, values: Mapping[str, Any] | None = None) -> None:
        """`values` are those with which the controls begin, before anything is drawn."""
        self.name, begin = name, Scene.__init__
        values = BEGIN.get(name, {}) if values is None else values

        def starting(scene: Scene, controls: Any, *args: Any, **options: Any) -> None:
            for control, value in values.items():
                if control in controls:
                    controls[control].value = value
            begin(scene, controls, *args, **options)

        with drawn_figures() as self.figures, mock.patch.object(Scene, "__init__", starting):
            self.scene = scene_of(name)

    @property
    def values(self) -> dict[str, Any]:
        """The state: the values of the controls, and for a live run how far it has come."""
        values = self.scene._values()
        if self.name == "live_training":
            values |= {"furthest": self.scene._trainer.epoch, "stopped": self.scene._epochs < EPOCHS}
        return values

    def seen(self) -> Seen:
        """What there is to see now; the page has to show the view."""
        view, scene = self.scene.view, self.scene
        assert scene.error is None, scene.error
        shown, is_open = scene._shown.value, scene.numbers_button.value
        assert view.html.endswith(view.aside) and view.progress is None
        pictures = view.html.removesuffix(view.aside)  # beside which the rest may stand
        assert shown.count(pictures) == 1 and view.aside in shown.partition(pictures)[2]
        words = re.sub("<em>.*?</em> ", "", shown.replace(pictures, "").replace(view.aside, ""))
        assert f">{escape(view.sentence)}</p>" in words
        assert re.findall("<table.*</table>", words) == [table_html(view.table)] * bool(
            is_open and view.table
        )
        assert plain(code_of(scene)) == (view.code if is_open or self.name != "iris_lab" else "")
        idle = {name for name, control in scene.controls.items() if getattr(control, "disabled", False)}
        assert idle == view.idle and escape(view.alt) in view.html
        artists: dict[str, Any] = {}
        for figure in self._shown_figures():
            artists |= {name: data_of(artist) for name, artist in figure._moving.items()}
        return Seen(self.values, view, artists)

    @property
    def figure(self) -> FastFigure | None:
        """The first matplotlib figure that is seen now, if there is one."""
        return next(iter(self._shown_figures()), None)

    def _shown_figures(self) -> list[FastFigure]:
        """Those of its figures that a scene shows: one neuron has a figure for each kind of cost."""
        if self.name != "one_neuron":
            return self.figures
        return [self.figures[list(one_neuron.COSTS).index(self.scene.controls["cost"].value)]]


def data_of(artist: Any) -> Any:
    """Whether an artist is seen, its numbers or words; color of a bar, marks of a line, place of a text."""
    seen = artist.get_visible()
    if isinstance(artist, Cells):
        return seen, artist.cells.copy(), artist.limits
    if hasattr(artist, "get_data"):
        return seen, *(np.array(axis, float) for axis in artist.get_data()), artist.get_markevery()
    if hasattr(artist, "get_height") and hasattr(artist, "get_x"):
        return seen, float(artist.get_height()), to_hex(artist.get_facecolor())
    if hasattr(artist, "get_paths"):
        return seen, *artist.get_paths()[0].vertices[:-1].T.copy()  # the last closes the outline
    if hasattr(artist, "get_texts"):
        return seen, [text.get_text() for text in artist.get_texts() if text.get_visible()]
    return seen, artist.get_text(), artist.get_position() if artist.get_text() else None


def equal(one: Any, other: Any) -> bool:
    """Whether what `data_of` gives is the same."""
    return all(
        np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) else a == b
        for a, b in zip(one, other, strict=True)
    )


_KEPT: dict[str, Driven] = {}


def kept(name: str) -> Driven:
    """A figure as it is first seen: made once for all tests of a process, and reset."""
    if name not in _KEPT:
        _KEPT[name] = Driven(name)
    driven = _KEPT[name]
    driven.scene.numbers_button.value = False
    driven.scene.reset()
    return driven


# A fresh figure -----------------------------------------------------------------------------------------

_FRESH: dict[Any, Seen] = {}


def fresh(name: str, values: Mapping[str, Any]) -> Seen:
    """What a figure shows that begins with these values."""
    key = (name, tuple(values.items()))
    if key not in _FRESH:
        if name == "live_training":  # the run itself is a state: it goes as far, stops, and looks back
            driven = Driven(name, {"epoch": values["furthest"]})
            if values["stopped"]:
                driven.scene.stop()
            driven.scene.controls["epoch"].value = values["epoch"]
        else:
            driven = Driven(name, values)
        _FRESH[key] = driven.seen()
        driven.scene.close()
    return _FRESH[key]


def pictures(html: str) -> list[Any]:
    """The pixels of every PNG in a piece of HTML."""
    found = re.findall(r'data:image/png;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


def differing(one: View, other: View) -> list[str]:
    """The parts in which two views differ; pictures are compared pixel by pixel."""
    parts = [
        name
        for name in ("alt", "sentence", "table", "code", "idle", "progress")
        if getattr(one, name) != getattr(other, name)
    ]
    words = [re.sub(r'(base64,)[^"]+', r"\1", view.html) for view in (one, other)]
    parts += ["html"] * (words[0] != words[1])
    if one.html != other.html:
        pairs = zip_longest(pictures(one.html), pictures(other.html))
        parts += ["pixels"] * any(not np.array_equal(a, b) for a, b in pairs)
    return parts


# The edges of a picture ---------------------------------------------------------------------------------


def corners(driven: Driven, most: int) -> list[dict[str, Any]]:
    """States in which every control stands at the first or the last of its values, or a menu at any."""
    ends = {}
    for key, control in driven.scene.controls.items():
        options = options_of(driven.name, key, control)
        ends[key] = options if hasattr(control, "options") else [options[0], options[-1]]
    states = [dict(zip(ends, values, strict=True)) for values in product(*ends.values())]
    return random.Random(driven.name).sample(states, min(most, len(states)))


def crossing(figure: FastFigure) -> list[str]:
    """The texts of a picture that are not wholly inside their pane, or cut where their axes end.

    Or that lie on one another, or are in letters below 11 pixels, of which a phone shows less than 9.
    """
    found, draw, boxes = [], Text.draw, list[Any]()

    def noted(text: Text, renderer: Any, *args: Any, **options: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(renderer)
            found.extend(f"{text.get_text()} on {words}" for words, other in boxes if box.overlaps(other))
            boxes.append((text.get_text(), box))
            if text.get_fontsize() / 72 * PIXELS_PER_INCH < LEGIBLE or "$" in text.get_text():
                found.append(f"small: {text.get_text()}")
            pane: Any = text.get_figure(root=False)
            while pane not in figure.panes:
                pane = pane._parent
            (left, bottom), (right, top) = text.get_window_extent(renderer).get_points()
            edges = [pane.bbox, *filter(None, [text.get_clip_box() if text.get_clip_on() else None])]
            if any(left < edge.x0 or right > edge.x1 or bottom < edge.y0 or top > edge.y1 for edge in edges):
                found.append(text.get_text())
        draw(text, renderer, *args, **options)

    figure._background = None
    with mock.patch.object(Text, "draw", noted):
        figure.pixels()
    return found


# Moves --------------------------------------------------------------------------------------------------


def options_of(name: str, key: str, control: Any) -> list[Any]:
    """Values that a control can take: all of them, or a few if they are many."""
    if (name, key) in FEW:
        return list(FEW[name, key])
    options = getattr(control, "options", None)
    if options is not None:
        return [option[1] if isinstance(option, tuple) else option for option in options]
    if hasattr(control, "stops"):
        return [*control.stops, 4.2]  # the last can only be typed
    if hasattr(control, "low"):
        return [control.low, control.low + 1, control.high]
    count = round((control.max - control.min) / control.step)
    return [control.min + i * control.step for i in range(count)] + [control.max]


def set_to(driven: Driven, key: str, chance: random.Random) -> None:
    control = driven.scene.controls[key]
    options = options_of(driven.name, key, control)
    low, high = getattr(control, "min", None), getattr(control, "max", None)
    options = [o for o in options if low is None or not isinstance(o, int | float) or low <= o <= high]
    if chance.random() < 0.3:
        options = [options[0], options[-1]]
    control.value = chance.choice(options)


def refuse(driven: Driven, chance: random.Random) -> None:
    """Type what is refused, and see that the last good picture stays; then a good value."""
    boxes = [c for c in driven.scene.controls.values() if hasattr(c, "low")]
    if not boxes:
        return
    control, good = chance.choice(boxes), driven.scene.view
    before = control.value
    control.value = type(before)(chance.choice([control.high + 1, -3]))
    assert isinstance(driven.scene.error, ValueError) and driven.scene.view is good
    assert "Not drawn" in driven.scene._status.value and good.html in driven.scene._shown.value
    control.value = before
    assert driven.scene.error is None and "Not drawn" not in driven.scene._status.value


def rapid(driven: Driven, chance: random.Random) -> None:
    """Move a control, and others while that is being drawn."""
    scene, keys = driven.scene, list(driven.scene.controls)
    drawing, others = scene._draw, [chance.choice(keys) for _ in range(3)]

    def disturbed(**values: Any) -> View:
        while others:
            set_to(driven, others.pop(), chance)
        return drawing(**values)

    scene._draw = disturbed
    set_to(driven, chance.choice(keys), chance)
    scene._draw = drawing
    scene.refresh()


def move(driven: Driven, chance: random.Random) -> None:
    """One move of somebody who plays."""
    scene, roll = driven.scene, chance.random()
    if roll < 0.55:
        set_to(driven, chance.choice(list(scene.controls)), chance)
    elif roll < 0.65 and scene.player is not None:
        step = chance.choice(["Next", "Previous", "Pause", *(["Play"] if driven.name != "iris_lab" else [])])
        if not scene.player.buttons[step].disabled:
            scene.player.buttons[step].click()
    elif roll < 0.75:
        refuse(driven, chance)
    elif roll < 0.85:
        rapid(driven, chance)
    elif roll < 0.92:
        scene.numbers_button.value = not scene.numbers_button.value
    elif roll < 0.96 and driven.name == "live_training":
        scene.stop()
    else:
        scene.reset()


@dataclass(frozen=True)
class Pause:
    """A moment of play: what was seen before the last move, which control it moved, what is seen now."""

    moved: str
    before: Seen
    seen: Seen


_WALKS: dict[str, list[Pause]] = {}


def walk(name: str) -> list[Pause]:
    """A long play with a pause after a move of every control, and at last Reset."""
    if name not in _WALKS:
        chance, driven, pauses = random.Random(f"{name} 1"), kept(name), []
        controls = list(driven.scene.controls)
        for key in controls * (4 if len(controls) == 1 else 1):
            for _ in range(2 if len(controls) > 6 else 4):
                move(driven, chance)
            if driven.name == "live_training" and driven.values["stopped"] and key != controls[-1]:
                driven.scene.reset()
            before, control = driven.seen(), driven.scene.controls[key]
            while control.value == before.values[key]:
                set_to(driven, key, chance)
            pauses.append(Pause(key, before, driven.seen()))
        before = driven.seen()
        driven.scene.reset()
        pauses.append(Pause("", before, driven.seen()))
        _WALKS[name] = pauses
    return _WALKS[name]


# Against the mathematics --------------------------------------------------------------------------------


def expected(name: str, values: Mapping[str, Any]) -> Expected:
    return EXPECTED[name](values)


def is_written(text: str, wanted: Any) -> bool:
    """Whether a number is written as it should be."""
    if wanted is None:
        return True
    if isinstance(wanted, Between):
        return wanted.low <= value_of(text) <= wanted.high
    if isinstance(wanted, Rounded):
        text = text if value_of(text) else "0"  # what is taken off may be 0
        around = [wanted.value * (1 + sign * wanted.slack) for sign in (-1, 0, 1)]
        return text in {number(value, wanted.digits) for value in around}
    return bool(np.isclose(value_of(text), wanted, rtol=1e-6, atol=0))


def _in_order(what: str, texts: list[str], wanted: list[Any]) -> list[str]:
    if ... in wanted:
        wanted = wanted[: wanted.index(...)]
        texts = texts[: len(wanted)]
    if len(texts) != len(wanted):
        return [f"{what}: {len(texts)} numbers, expected {len(wanted)}: {texts}"]
    return [
        f"{what}: {text} in place {i}, expected {right}"
        for i, (text, right) in enumerate(zip(texts, wanted, strict=True))
        if not is_written(text, right)
    ]


def numbers_in(sentence: str) -> list[str]:
    """The numbers of a sentence; "− 3" is a number that is taken off."""
    return NUMBER.findall(sentence.partition(" Shapes:")[0].replace("− ", "−"))


def masked(text: str) -> str:
    """A text in which every number is "#", with its minus."""
    return NUMBER.sub("#", text.replace("− ", "−"))


def _other_words(view: View, right: Expected) -> list[str]:
    """The words of the table that are not those expected."""
    if right.named is None:
        return []
    cells = [str(cell) for row in view.table for cell in row]
    names = [cell for cell in map(masked, cells) if cell != "#"]
    wanted = [word and masked(word) for word in right.named]
    found = [f"words of the table: {names}"] * (names != wanted)
    sizes = [int(n) for cell in cells if "×" in cell for n in re.findall(r"\d+", cell)]
    return found + [f"shapes: {sizes}"] * (sizes != right.shapes)


def written(cell: str) -> str:
    """The number of a cell that says "below 1e−9" or "0, exactly"."""
    return cell.split("below ")[-1].removesuffix(", exactly")


def disagreements(name: str, seen: Seen, right: Expected | None = None) -> list[str]:
    """In what a figure differs from the mathematics of its state: sentences, none if it agrees."""
    view, right = seen.view, right or expected(name, seen.values)
    found = [f"sentence: {word!r} is missing" for word in right.words if word not in view.sentence]
    spoken = view.sentence
    if name == "stepper":  # the numbers stand behind the equation
        spoken = re.split(r"For neuron \d: |a⁰ = \(", spoken)[1]
    said = view.sentence + view.alt + view.code
    found += [f"it tells {word!r}" for word in right.silent if word in said]
    found += _in_order("sentence", numbers_in(spoken), right.sentence)
    forms = right.said if isinstance(right.said, list) else [right.said]
    found += ["sentence: " + view.sentence] * (masked(view.sentence) not in map(masked, forms))
    found += _in_order("table", [written(text) for _, text in cells_of(view.table)], right.table)
    for artist, (x, y) in right.lines.items():
        shown_x, shown_y = seen.artists[artist][1:3]
        if name == "clones" and len(x):  # draws the run to its end
            shown_x, shown_y = shown_x[: len(x)], shown_y[: len(x)]
        given = y is None or _close(shown_y, y, right.accuracy, any_number=True)
        if not _close(shown_x, x, right.accuracy) or not given:
            found.append(f"line {artist}")
    for artist, height in right.heights.items():
        if not np.isclose(seen.artists[artist][1], height, rtol=1e-7, atol=1e-12):
            found.append(f"bar {artist}")
    for artist, cells in right.cells.items():
        if not _close(seen.artists[artist][1], cells):
            found.append(f"map {artist}")
    for artist, words in (right.texts | right.legends).items():
        if seen.artists[artist][1] != words:
            found.append(f"words of {artist}")
    found += [
        f"color of {bar}" for bar, color in right.colors.items() if seen.artists[bar][2] != color.lower()
    ]
    found += [f"marks of {a}" for a, marks in right.marks.items() if seen.artists[a][3] != marks]
    for artist, place in right.places.items():
        if not _close(seen.artists[artist][2], place):
            found.append(f"place of {artist}")
    found += [f"{a} is hidden" for a, data in seen.artists.items() if data[0] == (a in right.hidden)]
    found += _other_words(view, right)
    labels = " | ".join(str(cell) for cell in (*view.table[0], *(row[0] for row in view.table[1:])))
    found += _in_order("labels", NUMBER.findall(labels), right.labels)
    before, sentence, rest = view.alt.partition(view.sentence)
    found += [f"the reading ends: {rest}"] * (bool(sentence) and rest != _of_this_computer(seen))
    found += ["the reading: " + before] * (masked(before) != masked(right.reading))
    found += ["the alt text has another sentence"] * (not sentence and name != "stepper")
    found += _in_order("alt", numbers_in(before), right.alt)
    found += [f"the page has no {part!r}" for part in right.page if part not in view.html]
    found += [f"idle: {sorted(view.idle)}"] * (view.idle != right.idle)
    images = re.findall(r"<img [^>]*>", view.html)
    sizes = re.findall(r'width="(\d+)" height="(\d+)"', " ".join(images))
    shown = [picture.shape[1::-1] for image in images for picture in pictures(image)]
    found += [f"the pictures are of the sizes {sizes}"] * (
        [(2 * int(width), 2 * int(height)) for width, height in sizes] != shown
    )
    return found + _drawn_net(view.html, right) + _drawn_graph(view.html, right)


def _of_this_computer(seen: Seen) -> str:
    """What a reading adds of the matrices beside the clones: in no sentence, for it may differ."""
    if "spread matrices" not in seen.artists or not len(seen.artists["spread matrices"][2]):
        return ""
    far = seen.artists["spread matrices"][2][seen.values["epoch"]]
    words = "equal to the last bit" if far == 0 else "apart by round-off alone, less than 1e−9"
    return f" In matrices, on this computer, the rows are {'apart' if far >= 1e-9 else words}."


def _close(shown: Any, wanted: Any, accuracy: float = 1e-6, any_number: bool = False) -> bool:
    shown, wanted = np.asarray(shown, float), np.asarray(wanted, float)
    if shown.shape != wanted.shape:
        return False
    if any_number:
        shown = np.where(np.isnan(wanted), np.nan, shown)
    least = 1e-9 * np.nanmax(np.abs(wanted), initial=0.0)  # a sum of many may cancel
    return np.allclose(shown, wanted, rtol=accuracy, atol=least, equal_nan=True)


def _drawn_net(html: str, right: Expected) -> list[str]:
    found = []
    edges = re.findall(
        r'data-layer="(\d+)" data-to="(\d+)" data-from="(\d+)" data-(?:value|open)="([^"]+)"', html
    )
    if right.edges:
        shown = {(int(l), int(j), int(k)): float(value) for l, j, k, value in edges}
        if set(shown) != set(right.edges) or any(
            not np.isclose(shown[at], w, rtol=1e-5, atol=1e-9) for at, w in right.edges.items()
        ):
            found.append("weights of the drawn net")
    if right.neurons:
        for l, j, attributes in re.findall(r'<g data-layer="(\d)" data-neuron="(\d+)"([^>]*)>', html):
            for name, wanted in zip(("data-a", "data-delta"), right.neurons[int(l), int(j)], strict=True):
                text = re.search(f'{name}="([^"]+)"', attributes)
                if (text is None) != (wanted is None) or (
                    text is not None and not np.isclose(float(text[1]), wanted, rtol=1e-5, atol=1e-12)
                ):
                    found.append(f"{name} of neuron {j} of layer {l}")
    if right.maps:
        found += _drawn_maps(html, right)
    if right.lit:
        glowing = re.findall(
            r'<g data-layer="(\d)" data-neuron="(\d+)"[^>]*><circle[^>]*fill="#FFF8DC"', html
        )
        bright = re.findall(
            r'data-layer="(\d+)" data-to="(\d+)" data-from="(\d+)"', html.partition("</g>")[2]
        )
        if {tuple(map(int, item)) for item in [*glowing, *bright]} != right.lit:
            found.append("what stands out in the drawn net")
    return found


def _drawn_maps(html: str, right: Expected) -> list[str]:
    """In what the neurons that are drawn as maps differ from their activations, means and work."""
    found = []
    drawn = re.findall(
        r'<g data-layer="(\d)" data-neuron="(\d+)" data-means="([^"]*)"([^>]*)>(.*?)</g>', html
    )
    places = {(int(l), int(j)): rest for l, j, *rest in drawn}
    if len(drawn) != len(places) or set(places) != set(right.maps):
        return [f"neurons drawn as maps: {sorted(places)}"]
    for (l, j), (low, high, answers, means, rise, is_idle) in right.maps.items():
        shown, attributes, inside = places[l, j]
        name = f"neuron {j} of layer {l}"
        colors = colormaps["cividis"]((answers - low) / (high - low), bytes=True)[..., :3]
        (picture,) = pictures(inside)
        if picture.shape != colors.shape or np.abs(picture - colors.astype(float)).max() > 4:
            found.append(f"map of {name}")
        if not np.allclose([float(mean) for mean in shown.split()], means, rtol=1e-5, atol=1e-9):
            found.append(f"means of {name}")
        work = re.search('data-work="([^"]+)"', attributes)
        if (work is None) != (rise is None) or (work and not np.isclose(float(work[1]), rise, 0.06, 0)):
            found.append(f"work of {name}")
        marks = {'data-idle="true"' in attributes, ">idle<" in inside, 'opacity="0.4"' in inside}
        found += [f"whether {name} is idle"] * (marks != {is_idle})
        bars = [float(width) for width in re.findall(r'width="([\d.]+)" fill="#', inside)]
        wanted = [14 * min(1, max(0, (mean - low) / (high - low))) for mean in means]
        found += [f"bars of {name}"] * (not np.allclose(bars[1::2], wanted, atol=0.06))
    return found


def _drawn_graph(html: str, right: Expected) -> list[str]:
    found = []
    boxes = re.findall(r'data-id="([^"]+)" data-op="[^"]*"([^>]*)>', html)
    if right.nodes and len(boxes) != len(right.nodes):
        found.append(f"{len(boxes)} nodes")
    for (i, attributes), numbers in zip(boxes, right.nodes, strict=True):
        for name, wanted in zip(("data-data", "data-grad"), numbers, strict=True):
            text = re.search(f'{name}="([^"]+)"', attributes)
            if (text is None) != (wanted is None) or (
                text is not None and not np.isclose(float(text[1]), wanted, rtol=1e-5, atol=1e-12)
            ):
                found.append(f"{name} of node {i}")
    if right.nodes:
        lines = re.findall(
            r'data-id="[^"]+"[^>]*>.*?<text[^>]*>([^<]*)</text>(?:<text[^>]*>(= [^<]*)<)?', html
        )
        titles = [f"{name} {rest}".strip() for name, rest in lines]
        arrows = re.findall(r'data-from="([^"]+)" data-to="([^"]+)" data-lit="([^"]+)"', html)
        pale = {i for i, attributes in boxes if 'data-lit="0"' in attributes}
        glowing = {i for i, _ in boxes} - pale if pale else set()
        found += ["names of the nodes"] * (titles != right.titles)
        found += ["the nodes that stand out"] * (glowing != right.glowing)
        found += ["arrows"] * ({(a, b) for a, b, _ in arrows} != right.arrows)
        bright = {(a, b) for a, b, opacity in arrows if opacity == "1"}
        both = {arrow for arrow in right.arrows if not right.glowing or set(arrow) <= right.glowing}
        found += ["the arrows that stand out"] * (bright != both)
    return found
