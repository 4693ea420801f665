"""Nets drawn as SVG: arrays in, a string out, no drawing library.

Every neuron and every weight carries its number as data (`data-a`, `data-delta`, `data-value`), so that a
drawing can be checked against the arrays it was made from. Numbers are rounded: the same text everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_lib.arguments import Array, listed, numbers, positive_integer, shown
from backprop_lib.drawing.colors import FAINT, GLOW, GRID, INK, NEGATIVE, PAPER, POSITIVE, QUIET
from backprop_lib.drawing.graph import graph_svg as graph_svg  # for the pages, as is Drawing
from backprop_lib.drawing.svg import (
    HALO,
    ON_A_LINE,
    data_number,
    document,
    fitting,
    line_of_text,
    number,
    sign_color,
    size_that_fits,
)
from backprop_lib.drawing.svg import NARROW as NARROW
from backprop_lib.drawing.svg import Drawing as Drawing

Button = tuple[str, int, int]
Shapes = Mapping[int, tuple[int, ...]]
MOST_DRAWN = 12  # neurons of a layer
SIZES = range(12, 7, -1)  # of the letters in a circle
LEGIBLE = 11  # letters that a phone shows as such of 9 in a canvas that is NARROW
ROOM = 40  # for the buttons below a net, as large as a finger
KEY = 390  # the room for what the strokes mean; in less they are shorter
SHAPE = 64  # the room for the shape of a matrix between two captions
DASHED = ' stroke-dasharray="6 4"'  # what is negative
SIGNS = (("positive", POSITIVE, ""), ("negative", NEGATIVE, DASHED))  # of weights, as they are drawn
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _checked_layers(name: str, given: Mapping[int, Any] | None, shapes: Shapes) -> dict[int, Array]:
    """The arrays by layer, each of the shape it should have; a column counts as a vector."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{name}: expected a dict from the layer to an array, got {shown(given)}")
    arrays = {}
    for l, value in given.items():
        if l not in shapes:
            raise ValueError(f"{name}: expected layers among {sorted(shapes)}, got layer {shown(l)}")
        array = numbers(f"{name}[{l}]", value)
        if len(shapes[l]) == 1 and array.shape == (*shapes[l], 1):
            array = array[:, 0]
        if array.shape != shapes[l]:
            raise ValueError(f"{name}[{l}]: expected shape {shapes[l]}, got {array.shape}")
        arrays[l] = array
    return arrays


def _drawn(n: int, wanted: Collection[int]) -> list[int]:
    """The neurons of a layer that are drawn: all if they fit, else the wanted ones, the first, the last."""
    if n <= MOST_DRAWN:
        return list(range(n))
    chosen = sorted(wanted)[: MOST_DRAWN - 4]
    for j in [0, n - 1, *range(1, n)]:
        if len(set(chosen)) >= MOST_DRAWN - 2:
            break
        chosen.append(j)
    return sorted(set(chosen))


def network_svg(
    sizes: Sequence[int],
    *,
    weights: Mapping[int, Any] | None = None,
    values: Mapping[int, Any] | None = None,
    deltas: Mapping[int, Any] | None = None,
    lit: Collection[tuple[int, ...]] = (),
    labels: Mapping[int, Sequence[str]] | None = None,
    captions: Sequence[str] | None = None,
    alt: str = "",
    canvas: tuple[int, int] | None = None,
    buttons: Mapping[int, Button] | None = None,
) -> str:
    """A net drawn from left to right, as an SVG string.

    sizes      n_0 … n_L; a layer of more than 12 neurons is abbreviated
    weights    {l: (n_l, n_{l−1})}: blue and whole if positive, orange and dashed if negative, wide if large
    values     {l: (n_l,) or (n_l, 1)}: the activations, written into the neurons
    deltas     {l: (n_l,) or (n_l, 1)}: the errors, written below the neurons (inside if there are no values)
    lit        (l,) a layer, (l, j) a neuron, (l, j, k) the weight to j from k; all else is drawn pale
    labels     {l: names}: written beside the neurons of the input and the output layer, in those of others
    captions   one a layer, written below it, for instance the activation
    alt        replaces the description made from the sizes
    canvas     width and height in pixels, into which any net is fitted; without it they follow from the net
    buttons    {l: (the name of a control, the least and the most neurons)}: − and + below a layer

    Raises ValueError or TypeError naming the argument.
    """
    net = _Net(sizes, weights, values, deltas, lit, labels, captions, canvas, room=ROOM * bool(buttons))
    below = (
        part
        for l, button in (buttons or {}).items()
        for part in size_buttons(
            net.x[l], net.bottom + 31, l, net.sizes[l], button, 1.28, net.x[1] - net.x[0]
        )
    )
    return document(net.width, net.height, alt or net.reading(), [*net.parts(), *below])


class _Net:
    """The checked arguments of `network_svg` and where everything goes."""

    def __init__(
        self,
        sizes: Sequence[int],
        weights: Mapping[int, Any] | None,
        values: Mapping[int, Any] | None,
        deltas: Mapping[int, Any] | None,
        lit: Collection[tuple[int, ...]],
        labels: Mapping[int, Sequence[str]] | None,
        captions: Sequence[str] | None,
        canvas: tuple[int, int] | None,
        room: int = 0,  # pixels above the shapes of the matrices
    ) -> None:
        self.room = room
        self.sizes = [positive_integer(f"sizes[{l}]", n) for l, n in enumerate(listed("sizes", sizes))]
        if len(self.sizes) < 2:
            raise ValueError(f"sizes: expected at least two layers, got {shown(sizes)}")
        self.L = L = len(self.sizes) - 1
        neurons: Shapes = {l: (n,) for l, n in enumerate(self.sizes)}
        matrices: Shapes = {l: (self.sizes[l], self.sizes[l - 1]) for l in range(1, L + 1)}
        self.weights = _checked_layers("weights", weights, matrices)
        self.values = _checked_layers("values", values, neurons)
        self.deltas = _checked_layers("deltas", deltas, neurons)
        self.lit = self._checked_lit(lit)
        self.labels = self._checked_labels({} if labels is None else labels)
        if captions is None:
            captions = ["input", *(f"layer {l}" for l in range(1, L)), "output"]
        self.captions = [str(caption) for caption in listed("captions", captions)]
        if len(self.captions) != L + 1:
            raise ValueError(f"captions: expected {L + 1}, one a layer, got {len(self.captions)}")
        self.largest = max((float(np.abs(w).max()) for w in self.weights.values()), default=0.0)
        self._lay_out(canvas)

    def _checked_lit(self, lit: Collection[tuple[int, ...]]) -> set[tuple[int, ...]]:
        for item in listed("lit", lit):
            whole = isinstance(item, tuple) and all(isinstance(i, int | np.integer) for i in item)
            if not whole or not 1 <= len(item) <= 3:
                raise TypeError(f"lit: expected (l,), (l, j) or (l, j, k), got {shown(item)}")
            l, j, k = (*item, 0, 0)[:3]
            lowest = 1 if len(item) == 3 else 0
            inside = lowest <= l <= self.L and 0 <= j < self.sizes[l]
            if not inside or not 0 <= k < (self.sizes[l - 1] if l else 1):
                raise ValueError(f"lit: expected a part of the net {self.sizes}, got {item}")
        return set(lit)

    def _checked_labels(self, labels: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
        if not isinstance(labels, Mapping):
            raise TypeError(f"labels: expected a dict from the layer to names, got {shown(labels)}")
        for l, names in labels.items():
            if l not in range(self.L + 1):
                raise ValueError(f"labels: expected layers among 0 to {self.L}, got layer {shown(l)}")
            if len(listed(f"labels[{l}]", names)) != self.sizes[l]:
                raise ValueError(f"labels[{l}]: expected {self.sizes[l]} names, got {shown(names)}")
        return {l: [str(name) for name in names] for l, names in labels.items()}

    def _lay_out(self, canvas: tuple[int, int] | None) -> None:
        """Rows, columns, radius and size of the drawing, in pixels."""
        self.is_narrow, L = canvas is not None and canvas[0] < KEY, self.L
        self.letters = LEGIBLE if self.is_narrow else 12  # of numbers that stand close together
        self.rows = []
        for l, n in enumerate(self.sizes):
            ends = {item[1] for item in self.lit if len(item) > 1 and item[0] == l}
            ends |= {item[2] for item in self.lit if len(item) == 3 and item[0] == l + 1}
            self.rows.append(_drawn(n, ends))
        # A gap in the numbering takes a row for its ellipsis.
        columns: list[list[int | None]] = []
        for row in self.rows:
            columns.append([row[0]])
            for before, j in pairwise(row):
                columns[-1] += [None, j] if j > before + 1 else [j]
        tallest = max(map(len, columns))
        numbered, both = bool(self.values or self.deltas), bool(self.values and self.deltas)
        self.radius = 22 if numbered else 12
        pitch = 60 if both else 50 if numbered else 34
        self.top, reach = 20.0, self.radius
        if canvas is not None and not numbered:
            reach = 18  # the columns of a canvas stay where they are
        edge = 16 if self.room or self.is_narrow else 30
        margin = [edge + 7 * max((len(name) for name in self.labels.get(l, [])), default=0) for l in (0, L)]
        widest = 740 if canvas is None else canvas[0]
        gap = (widest - sum(margin) - 2 * reach) / L
        gap = min(190.0, max(96.0, gap)) if canvas is None else gap
        are_short = all(size_that_fits(caption, gap - SHAPE, (12,)) for caption in self.captions)
        # From the captions to the shapes, which stand beside them if there is room.
        self.below = 0 if self.is_narrow and not self.room and are_short else 24
        words = 38 + self.below + self.room + 22 * bool(self.weights)
        if canvas is not None:
            pitch = int(min(80, (canvas[1] - words - self.top - 10) / tallest))
            self.radius = min(reach, int((0.37 if both else 0.42) * pitch))
        wide = sum(margin) + 2 * reach + gap * L
        self.width = max(wide, 430 if self.weights else 200) if canvas is None else canvas[0]
        left = (self.width - wide) / 2 + margin[0] + reach
        self.x = [left + gap * l for l in range(L + 1)]
        self.bottom = self.top + pitch * tallest + 10 if canvas is None else canvas[1] - words
        middle = (self.top + self.bottom - 10) / 2
        self.y: list[dict[int | None, float]] = []
        self.ellipses: list[tuple[float, float, int]] = []
        for l, slots in enumerate(columns):
            first = middle - pitch * (len(slots) - 1) / 2 - (8 if both else 0)
            self.y.append({j: first + pitch * i for i, j in enumerate(slots) if j is not None})
            gaps = [b - a - 1 for a, b in pairwise(self.rows[l]) if b > a + 1]
            places = [first + pitch * i for i, j in enumerate(slots) if j is None]
            self.ellipses += [(self.x[l], y, hidden) for y, hidden in zip(places, gaps, strict=True)]
        self.height = self.bottom + words

    def reading(self) -> str:
        """The drawing in words."""
        names = "-".join(str(n) for n in self.sizes)
        sentences = [f"A net of {self.L + 1} layers, {names} neurons."]
        for l, (n, row) in enumerate(zip(self.sizes, self.rows, strict=True)):
            if len(row) < n:
                sentences.append(f"Of the {n} neurons of layer {l}, {len(row)} are drawn.")
        if self.weights:
            sentences.append(f"The largest weight has the size {number(self.largest)}.")
        last = self.values.get(self.L)
        if last is not None:
            listed = ", ".join(number(a) for a in last[:MOST_DRAWN])
            sentences.append(f"Outputs: {listed}{', …' if len(last) > MOST_DRAWN else ''}.")
        if self.deltas:
            sizes = ", ".join(
                f"layer {l} {number(float(np.abs(self.deltas[l]).max()))}" for l in sorted(self.deltas)
            )
            sentences.append(f"Largest error by layer: {sizes}.")
        return " ".join(sentences)

    def parts(self) -> Iterable[str]:
        yield from self._edges()
        yield from self._neurons()
        yield from self._words()

    def _edges(self) -> Iterable[str]:
        """The weights, the lit ones last and with their numbers if there are few."""
        pale: list[str] = []
        bright: list[str] = []
        written: list[str] = []
        lit_edges = {item for item in self.lit if len(item) == 3}
        # In a narrow drawing away from the errors below the neurons at both ends.
        where, r = 0.5 if self.is_narrow else _apart(lit_edges), self.radius
        for l in range(1, self.L + 1):
            w = self.weights.get(l)
            for j in self.rows[l]:
                for k in self.rows[l - 1]:
                    value = None if w is None else float(w[j, k])
                    is_lit = (l, j, k) in lit_edges
                    ends = self.x[l - 1] + r, self.y[l - 1][k], self.x[l] - r, self.y[l][j]
                    line = weight_line((l, j, k), ends, value, self.largest, is_lit)
                    (bright if is_lit else pale).append(line)
                    if is_lit and value is not None and len(lit_edges) <= MOST_DRAWN:
                        x = self.x[l - 1] + where * (self.x[l] - self.x[l - 1])
                        y = self.y[l - 1][k] + where * (self.y[l][j] - self.y[l - 1][k])
                        color = sign_color(value)
                        written.append(line_of_text(x, y, number(value), self.letters, color, more=ON_A_LINE))
        yield f'<g opacity="{0.3 if self.lit else 1}">'
        yield from pale
        yield "</g>"
        yield from bright
        yield from written

    def _neurons(self) -> Iterable[str]:
        for l, row in enumerate(self.rows):
            for j in row:
                yield self._neuron(l, j)
        for x, y, hidden in self.ellipses:
            yield line_of_text(x, y - 7, "⋮", 16, INK)
            yield line_of_text(x, y + 10, f"{hidden} more", 11, QUIET, more=HALO)

    def _neuron(self, l: int, j: int) -> str:
        x, y, r = self.x[l], self.y[l][j], self.radius
        value = float(self.values[l][j]) if l in self.values else None
        delta = float(self.deltas[l][j]) if l in self.deltas else None
        is_lit = (l,) in self.lit or (l, j) in self.lit
        data = f'data-layer="{l}" data-neuron="{j}"'
        data += "" if value is None else f' data-a="{data_number(value)}"'
        data += "" if delta is None else f' data-delta="{data_number(delta)}"'
        is_pale = bool(self.lit) and not is_lit
        shape = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{GLOW if is_lit else PAPER}" '
            f'stroke="{FAINT if is_pale else INK}" stroke-width="{2.6 if is_lit else 1.3}"/>'
        )
        ink = QUIET if is_pale else INK
        sign = QUIET if is_pale or delta is None else sign_color(delta)
        inside = ""
        if value is not None:
            inside = _in_a_circle(x, y, r, value, ink, self.is_narrow)
        elif delta is not None:
            inside = _in_a_circle(x, y, r, delta, sign, self.is_narrow)
        below = ""
        if delta is not None and value is not None:
            below = line_of_text(x, y + r + 10, f"δ {number(delta, 2)}", self.letters, sign, more=HALO)
        name = self.labels[l][j] if l in self.labels else ""
        if name and 0 < l < self.L:
            inside, name = inside or line_of_text(x, y, name, 12, ink), ""
        side = -1 if l == 0 else 1
        beside = (
            line_of_text(x + side * (r + 7), y, name, 12, ink, "end" if l == 0 else "start") if name else ""
        )
        return f"<g {data}>{shape}{inside}{below}{beside}</g>"

    def _words(self) -> Iterable[str]:
        """Captions below the layers, shapes below the gaps, the meaning of the strokes below all."""
        for l, caption in enumerate(self.captions):
            yield line_of_text(self.x[l], self.bottom + 4, caption, 12, QUIET)
            size = f"n{subscript(l)} = {self.sizes[l]}"
            yield line_of_text(self.x[l], self.bottom + 20, size, 12, QUIET, more=f' data-is="n.{l}"')
        for l in range(1, self.L + 1):
            x = (self.x[l] + self.x[l - 1]) / 2
            for row, kind, columns in ((4, "w", self.sizes[l - 1]), (20, "b", 1)):
                shape = f"{kind}{superscript(l)} {self.sizes[l]}×{columns}"
                y = self.bottom + self.room + self.below + row
                yield line_of_text(x, y, shape, 12, more=f' data-is="{kind}.{l}"')
        if self.weights:
            stroke, half = (18, 155) if self.is_narrow else (34, 195)
            x, y = self.width / 2 - half, self.bottom + 44 + self.below + self.room
            yield from sign_key(x, y, stroke, self.letters)
            width = f"width: |w|, up to {number(self.largest)}"
            yield line_of_text(x + 2 * stroke + 154, y, width, self.letters, QUIET, "start")


def weight_line(
    place: tuple[int, int, int],
    ends: tuple[float, float, float, float],
    value: float | None,
    largest: float,
    lit: bool = False,
    more: str = "",
    is_open: bool = False,
) -> str:
    """A weight as an SVG line: blue and whole if positive, orange and dashed if negative, wide if large.

    place    l, j, k: the weight of layer l to neuron j from neuron k
    ends     x and y of both ends; `more` are further attributes
    value    the weight, if it is known; largest: the largest size of all
    is_open  whether another computer may get another number: then it is drawn, and told in no digit
    """
    l, j, k = place
    x1, y1, x2, y2 = ends
    line = (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'data-layer="{l}" data-to="{j}" data-from="{k}"'
    )
    if value is None:
        return f'{line} stroke="{INK if lit else FAINT}" stroke-width="{2.5 if lit else 1}"{more}/>'
    share = abs(value) / largest if largest else 0.0
    width = 0.6 + 3.4 * share + (0.8 if lit else 0.0)
    dash = DASHED if value < 0 else ""
    color = FAINT if value == 0 else sign_color(value)
    return (
        f'{line} data-{"open" if is_open else "value"}="{data_number(value)}" '
        f'stroke="{color}" stroke-width="{width:.1f}"{dash}{more}>'
        f"<title>w{superscript(l)}, to {j} from {k}{'' if is_open else f': {number(value)}'}</title></line>"
    )


def sign_key(x: float, y: float, stroke: float = 34, size: int = 12) -> Iterable[str]:
    """What the strokes of weights mean, in one line of 142 pixels and two strokes."""
    for left, (word, color, dash) in zip((x, x + stroke + 74), SIGNS, strict=True):
        line = f'x1="{left:.1f}" x2="{left + stroke:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke-width="3"'
        yield f'<line {line} stroke="{color}"{dash}/>'
        yield line_of_text(left + stroke + 8, y, word, size, color, "start")


def size_buttons(
    x: float, y: float, l: int, size: int, button: Button, most: float, apart: float = np.inf
) -> Iterable[str]:
    """− and + below a layer of so many neurons, 24 pixels each; what a click does says `figures/living.js`.

    x, y     the middle of both, and their top
    button   the name of the control that they move, its least and its largest value
    most     how many times as large they may be for a finger on a narrow screen, where the room between
             two layers, `apart` pixels, is enough; with any room + stands above −
    """
    control, low, high = button
    grow, is_stacked = min(most, (apart - 6) / 48), apart == np.inf
    for by, sign, word in ((-1, "−", "fewer"), (1, "+", "more")):
        left = x - 12 if is_stacked else x - 26 if by < 0 else x + 2
        top = y + (24 * grow + 4) * (is_stacked and by < 0)
        is_end = not low <= size + by <= high
        yield (
            f'<g role="button" tabindex="0" data-control="{control}" data-by="{by}" '
            f'aria-disabled="{str(is_end).lower()}" aria-label="one neuron {word} in layer {l}" '
            f'style="--grow:{grow:.2f}{";transform-origin:top" * is_stacked}">'
            f'<rect x="{left:.1f}" y="{top:.1f}" width="24" height="24" rx="4" fill="{PAPER}" '
            f'stroke="{GRID if is_end else QUIET}"/>'
            f"{line_of_text(left + 12, top + 12, sign, 15, QUIET if is_end else INK)}</g>"
        )


def _apart(edges: Collection[tuple[int, ...]]) -> float:
    """Where along the edges to write their numbers: away from the neuron in which they all meet."""
    targets, sources = {(l, j) for l, j, _ in edges}, {(l, k) for l, _, k in edges}
    return 0.5 if len(targets) == len(sources) else 0.3 if len(targets) == 1 else 0.7


def superscript(l: int) -> str:
    """The number of a layer as a superscript: w¹."""
    return str(l).translate(SUPERSCRIPTS)


def subscript(l: int) -> str:
    """The number of a layer as a subscript: n₁."""
    return str(l).translate(SUBSCRIPTS)


def _in_a_circle(x: float, y: float, r: float, value: float, ink: str, is_narrow: bool) -> str:
    """A number of about five characters, in letters with which it fits.

    In a narrow drawing, which is shown smaller, 1−4e−5 stands on two lines rather than in small letters.
    """
    text = fitting(value, 5)
    size = size_that_fits(text, 2 * r - 3, SIZES) or SIZES[-1]
    if is_narrow and size < LEGIBLE <= r / 2:
        lines = re.sub(r"(?<=1[−+])", "\n", text).split("\n")
        return "".join(
            line_of_text(x, y + 12 * (i - (len(lines) - 1) / 2), line, LEGIBLE, ink)
            for i, line in enumerate(lines)
        )
    return line_of_text(x, y, text, size, ink)
