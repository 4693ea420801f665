"""A net whose neurons are drawn as what they compute: a small map for each, joined by the weights."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from backprop_lib.extras import need

need("backprop_lib.drawing.maps", "matplotlib")

import numpy as np
from matplotlib import colormaps

from backprop_lib.arguments import Array
from backprop_lib.drawing.canvas import encoded
from backprop_lib.drawing.colors import FAINT, GRID, INK, QUIET
from backprop_lib.drawing.net import SIGNS, Button, size_buttons, weight_line
from backprop_lib.drawing.sharpness import is_narrow
from backprop_lib.drawing.svg import HALO, data_number, document, number

LEFT, TOP, BOTTOM = 72, 46, 56  # room for names, captions, and the buttons and the key
FINGER = 2.1  # times as large are buttons on a phone, one above the other
BARS, EDGE = 18, 26  # pixels for the bars beside a map, and at least so many for the weights
LARGEST = 60  # pixels of a map
LETTERS, ON_A_PHONE = 12, 18.3  # where a drawing of 544 is 270 pixels wide, these are larger than 9
PHONE = f"<style>@media (max-width: 600px) {{ .of-maps {{ font-size: {ON_A_PHONE}px; }} }}</style>"
CIVIDIS = colormaps["cividis"](np.arange(256), bytes=True)


def _words(
    x: float, y: float, lines: Sequence[str], fill: str, anchor: str = "middle", more: str = ""
) -> str:
    """Lines of text around the height y; on a phone they are larger, so there has to be room for that."""
    place = f'class="of-maps" font-size="{LETTERS}" x="{x:.1f}" y="{y:.1f}"'
    return "".join(
        f'<text {place} dy="{0.35 + 1.15 * (i - (len(lines) - 1) / 2):.2f}em" fill="{fill}" '
        f'text-anchor="{anchor}"{more}>{escape(line)}</text>'
        for i, line in enumerate(lines)
    )


def map_png(cells: Array, limits: tuple[float, float]) -> bytes:
    """A small map in the colors of cividis, a pixel a cell: dark at the first limit, yellow at the second."""
    low, high = limits
    steps = (cells - low) * (256 / (high - low))
    return encoded(CIVIDIS[np.clip(steps, 0, 255).astype(np.intp)])


@dataclass(kw_only=True)
class NetOfMaps:
    """A net drawn from left to right; every neuron is a map with bars beside it.

    weights   {l: (n_l, n_{l−1})}: blue and whole if positive, orange and dashed if negative, wide if large
    maps      {l: (n_l, rows, columns)}: the activation of every neuron over a plane, the first row on top
    limits    {l: (low, high)}: the numbers at the two ends of the colors and of the bars
    means     {l: (n_l, groups)}: the mean activation for each group of examples, a bar each, in its color
    work      {l: (n_l,)}: by how much the cost rises without the neuron, for hidden layers; 0 if hardly
    idle      the neurons (l, j) that are drawn pale, and named so
    names     of the inputs, and of the outputs, which are those of the groups
    captions  lines for each layer
    buttons   {l: (the name of a control, the least and the most neurons)}: − and + below a layer
    is_open   whether another computer may get other numbers: then they are drawn, and told in no digit
    """

    weights: Mapping[int, Array]
    maps: Mapping[int, Array]
    limits: Mapping[int, tuple[float, float]]
    means: Mapping[int, Array]
    work: Mapping[int, Array]
    idle: Collection[tuple[int, int]]
    names: tuple[Sequence[str], Sequence[str]]
    captions: Sequence[Sequence[str]]
    colors: Sequence[str]
    buttons: Mapping[int, Button]
    is_open: bool = False
    width: int = 544
    height: int = 440

    def __post_init__(self) -> None:
        """Where everything goes."""
        weights, width, self.bottom = self.weights, self.width, self.height - BOTTOM
        self.is_narrow = is_narrow()
        if self.is_narrow:
            self.height = self.bottom + round(48 * FINGER) + 12
        self.L = L = len(weights)
        sizes = [weights[1].shape[1], *(len(weights[l]) for l in range(1, L + 1))]
        room = self.bottom - TOP
        # The columns stay where they are, whatever the size of the maps.
        self.apart = (width - BARS - LARGEST / 2 - LEFT) / L
        self.side = min(LARGEST, room / max(sizes) - 6, self.apart - BARS - EDGE)
        self.x = [LEFT + self.apart * l - (self.side / 2 if l else 0) for l in range(L + 1)]
        # Below an output there is room for its name.
        most = [LARGEST + (14.0 if l < L else 24.0) for l in range(L + 1)]
        pitch = [min(far, room / n) for far, n in zip(most, sizes, strict=True)]
        self.y = [
            [TOP + room / 2 + far * (j - (n - 1) / 2) for j in range(n)]
            for far, n in zip(pitch, sizes, strict=True)
        ]
        self.largest = max(float(np.abs(w).max()) for w in weights.values())

    def svg(self, alt: str) -> str:
        """The drawing, whose reading in words is `alt`."""
        return document(self.width, self.height, alt, self._parts())

    def _parts(self) -> Iterable[str]:
        yield PHONE
        yield from self._edges()
        for k, (name, y) in enumerate(zip(self.names[0], self.y[0], strict=True)):
            circle = f'<circle cx="{self.x[0]}" cy="{y:.1f}" r="5" fill="{INK}"/>'
            yield f'<g data-layer="0" data-neuron="{k}">{circle}</g>'
            yield _words(self.x[0] - 9, y, name.split(), INK, "end")
        for l in range(1, self.L + 1):
            for j in range(len(self.y[l])):
                yield self._neuron(l, j)
        for name, y, color in zip(self.names[1], self.y[self.L], self.colors, strict=True):
            x = self.x[self.L] + self.side / 2
            yield _words(x, y + self.side / 2 + ON_A_PHONE * 0.6, [name], color, more=HALO)
        for l, caption in enumerate(self.captions):
            yield _words(self.x[l] + (self.side / 2 if l else -24), 22, caption, QUIET)
        for l, button in self.buttons.items():
            place = self.x[l] + self.side / 2, self.bottom + 4, l
            apart = np.inf if self.is_narrow else self.apart
            yield from size_buttons(*place, len(self.y[l]), button, FINGER, apart)
        yield from self._key()

    def _edges(self) -> Iterable[str]:
        """The weights; those of idle neurons are pale."""
        for l, w in self.weights.items():
            begin = self.x[l - 1] + (self.side + BARS if l > 1 else 6)
            for (j, k), value in np.ndenumerate(w):
                ends = begin, self.y[l - 1][k], self.x[l] - 1, self.y[l][j]
                is_idle = (l, j) in self.idle or (l - 1, k) in self.idle
                pale = ' opacity="0.3"' if is_idle else ""
                yield weight_line(
                    (l, j, k), ends, float(value), self.largest, more=pale, is_open=self.is_open
                )

    def _neuron(self, l: int, j: int) -> str:
        """The map of a neuron, and a bar for each group from the low end of its activation to the mean."""
        x, y, side = self.x[l], self.y[l][j], self.side
        top, is_idle, (low, high) = y - side / 2, (l, j) in self.idle, self.limits[l]
        png = base64.b64encode(map_png(self.maps[l][j], (low, high))).decode()
        said = ", ".join(
            f"{name} {number(m)}" for name, m in zip(self.names[1], self.means[l][j], strict=True)
        )
        pale = ' opacity="0.4"' if is_idle else ""
        words = f"Neuron {j} of layer {l}" + ("" if self.is_open else f": mean activation {said}")
        if l in self.work and not self.is_open:
            change = self.work[l][j]
            words += f"; without it the cost {f'changes by {number(change)}' if change else 'hardly changes'}"
        parts = [
            f'<g data-layer="{l}" data-neuron="{j}" '
            f'data-means="{" ".join(map(data_number, self.means[l][j]))}"'
            + (f' data-work="{data_number(self.work[l][j])}"' if l in self.work else "")
            + (' data-idle="true"' if is_idle else "")
            + f"><title>{words}</title>",
            f'<image x="{x:.1f}" y="{top:.1f}" width="{side:.1f}" height="{side:.1f}" decoding="sync" '
            f'preserveAspectRatio="none"{pale} '
            f'href="data:image/png;base64,{png}"/>',
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{side:.1f}" height="{side:.1f}" fill="none" '
            f'stroke="{FAINT if is_idle else INK}" stroke-width="{1 if is_idle else 2}"/>',
        ]
        thick = side / len(self.colors)
        for i, (mean, color) in enumerate(zip(self.means[l][j], self.colors, strict=True)):
            long = (BARS - 4) * min(1.0, max(0.0, (mean - low) / (high - low)))
            at = f'x="{x + side + 2:.1f}" y="{top + i * thick + 1:.1f}" height="{thick - 2:.1f}"'
            parts.append(f'<rect {at} width="{BARS - 4}" fill="{GRID}"/>')
            parts.append(f'<rect {at} width="{long:.1f}" fill="{color}"/>')
        if is_idle:
            parts.append(_words(x + side / 2, y, ["idle"], INK, more=HALO))
        return "".join(parts) + "</g>"

    def _key(self) -> Iterable[str]:
        """What the lines mean, below the inputs, which have no buttons."""
        for row, (word, color, dash) in enumerate(SIGNS):
            y = self.bottom + 16 + 24 * row
            yield f'<line x1="6" x2="28" y1="{y}" y2="{y}" stroke="{color}" stroke-width="3"{dash}/>'
            yield _words(33, y, [word], color, "start")
