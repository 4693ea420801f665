"""The canvas below every picture: one size, one style, a PNG with its reading, and fast redrawing."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from backprop_lib.extras import need

need("backprop_lib.drawing.canvas", "matplotlib")

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import Formatter, NullFormatter
from PIL import Image

from backprop_lib.arguments import Array, positive_integer, shown
from backprop_lib.drawing.colors import FAINT, GRID, INK, PAPER
from backprop_lib.drawing.sharpness import SHARP, is_narrow, sharpness
from backprop_lib.drawing.svg import NARROW, beside, number

LONGEST = 5  # characters of a number at an axis, beside its minus
PIXELS_PER_INCH = 100
LINE_ABOVE = 25  # points from axes to their title that leave room for the names of the lines
TRACK = 23  # displayed pixels below the line of an axis, where the handle hangs that is dragged along it
PNG_IN_HTML = re.compile(r'(?<="data:image/png;base64,)[^"]*')


class Picture:
    """A matplotlib Figure as a PNG with its reading in words; shows itself in a notebook.

    Raises TypeError for anything else and ValueError for an empty alt text.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        if not isinstance(alt, str) or not alt.strip():
            raise ValueError(f"alt: expected the reading of the picture in words, got {shown(alt)}")
        if not isinstance(figure, Figure):
            raise TypeError(f"figure: expected a matplotlib Figure, got {shown(figure)}")
        self.png, self.alt = _png(figure), alt
        self.width, self.height = (round(pixels / SHARP) for pixels in figure.bbox.size)

    @property
    def html(self) -> str:
        """The picture as an `<img>` that says what it shows."""
        return image_html(self.png, self.alt, self.width, self.height)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {
            "image/png": base64.b64encode(self.png).decode(),
            "text/html": self.html,
            "text/plain": self.alt,
        }
        return data, {"image/png": {"alt": self.alt, "width": self.width, "height": self.height}}


def image_html(png: bytes, alt: str, width: int, height: int) -> str:
    """An `<img>` with the PNG inside, of a fixed size so that the page does not jump."""
    return (
        f'<img alt="{escape(alt)}" width="{width}" height="{height}" decoding="sync" '
        'style="max-width:100%;height:auto;border-radius:10px" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def _inches(width: int, height: int) -> tuple[float, float]:
    """So many pixels in inches."""
    little = 1e-9  # without it 4.14 inches of 200 pixels each are 827.9999999999999, of which 827 are drawn
    return (width + little) / PIXELS_PER_INCH, (height + little) / PIXELS_PER_INCH


def new_figure(width: int = 640, height: int = 340) -> Figure:
    """An empty white Figure of so many displayed pixels, with an Agg canvas."""
    figure = Figure(
        figsize=_inches(positive_integer("width", width), positive_integer("height", height)),
        dpi=PIXELS_PER_INCH * SHARP,
        facecolor=PAPER,
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(w_pad=0.08, h_pad=0.08)  # type: ignore[call-arg]
    return figure


def styled(
    axes: Axes, title: str = "", xlabel: str = "", ylabel: str = "", grid: bool = True, pad: float = 9
) -> Axes:
    """The axes in the style of the course: light spines, a faint grid, words in the page's dark gray."""
    axes.set_facecolor(PAPER)
    axes.set_title(title, fontsize=10, color=INK, loc="left", pad=pad, fontweight="bold")
    axes.set_xlabel(xlabel, fontsize=9.5, color=INK)
    axes.set_ylabel(ylabel, fontsize=9.5, color=INK)
    axes.tick_params(labelsize=8.5, colors=FAINT, labelcolor=INK, length=3, width=0.7, which="both")
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set(color=FAINT, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, color=GRID, linewidth=0.7)
    return axes


def color_bar(figure: Any, axes: Axes, colors: Colormap, ticks: Sequence[float], **room: float) -> None:
    """A bar beside axes that says which numbers their colors stand for, from the first tick to the last."""
    shades = ScalarMappable(Normalize(ticks[0], ticks[-1]), colors)
    bar = figure.colorbar(shades, ax=axes, ticks=ticks, **room)
    bar.ax.set_yticklabels(map(number, ticks))
    bar.ax.tick_params(labelsize=8.5, length=0, labelcolor=INK)
    bar.outline.set_visible(False)


def logarithmic(axes: Axes, *directions: str) -> None:
    """Let axes be logarithmic along "x", "y" or both, with numbers as 1e−5: an exponent would be small."""
    for direction in directions:
        axes.set(**{f"{direction}scale": "log"})
        axis = getattr(axes, f"{direction}axis")
        axis.set_major_formatter(lambda value, _: number(value))
        axis.set_minor_formatter(NullFormatter())


def named_above(axes: Axes) -> None:
    """Name the lines between the axes and their title, which has a pad of LINE_ABOVE."""
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.3}
    axes.legend(frameon=False, fontsize=9.5, ncols=2, handlelength=1.6, columnspacing=1.2, **place)


def with_track(axes: Axes) -> Axes:
    """The axes with room for the handle of `FastFigure.html`: their ticks lead past it to their numbers."""
    axes.tick_params(axis="x", length=TRACK * 72 / PIXELS_PER_INCH, pad=2)
    return axes


def strips(names: str, line: Any, count: int) -> list[tuple[str, Axes, tuple[float, ...], float]]:
    """A drawn line as so many of the parts of `FastFigure.html`, each between two of its points."""
    points = line.get_xydata()
    at = np.linspace(0, len(points) - 1, count + 1).round().astype(int)
    return [(names, line.axes, (*start, *end), 14) for start, end in pairwise(points[at].tolist())]


class _ShortNumbers(Formatter):
    """The numbers at an axis, without a power of ten if they are too long with it; it is said above them."""

    def __init__(self, quantity: str) -> None:
        self._quantity, self._power = quantity, 0

    def __call__(self, value: float, pos: int | None = None) -> str:
        return number(value / 10.0**self._power)

    def format_ticks(self, values: Any) -> list[str]:
        low, high = self.axis.get_view_interval()  # type: ignore[union-attr]
        seen = [float(value) for value in values if low <= value <= high]
        is_long = any(len(number(abs(value))) > LONGEST for value in seen)
        self._power = int(np.floor(np.log10(max(map(abs, seen))))) if is_long else 0
        return [self(value) for value in values]

    def get_offset(self) -> str:
        return f"{self._quantity} in units of {number(10.0**self._power)}" if self._power else ""


def short_numbers(axes: Axes, quantity: str) -> None:
    """Let the numbers upwards, which begin at 0, have the room that they first had, whatever the limits.

    Limits (0, 0.2) give the longest numbers. Where 1.75e−11 would have no room, 1.75 stands at the axis,
    and at the right end above it "C in units of 1e−11"; `quantity` is this C.
    """
    axes.yaxis.set_major_formatter(_ShortNumbers(quantity))
    axes.yaxis.set_offset_position("right")
    axes.yaxis.get_offset_text().set_fontsize(8.5)


def _png(figure: Figure) -> bytes:
    """The figure drawn in full, as PNG bytes."""
    canvas: Any = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    canvas.draw()
    return _packed(Image.fromarray(np.asarray(canvas.buffer_rgba())))


def compact(html: str) -> str:
    """The same HTML, each PNG in it in about a third of the bytes, for a notebook to keep."""

    def smaller(png: re.Match[str]) -> str:
        return base64.b64encode(_packed(Image.open(io.BytesIO(base64.b64decode(png[0]))))).decode()

    return PNG_IN_HTML.sub(smaller, html)


def _packed(image: Image.Image) -> bytes:
    """256 colors, chosen for this picture: text and lines lose nothing that an eye can see."""
    buffer = io.BytesIO()
    few = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(buffer, "png", optimize=True)
    return buffer.getvalue()


class Cells(Artist):
    """A matrix as colored cells that fill their axes exactly: an `imshow` without resampling, much faster.

    limits  the numbers at the two ends of the colors; what lies beyond gets the color of the end
    log     whether the colors are spread over the logarithm; then both limits are above zero

    lines   whether thin white lines part the cells

    NaN is white. The first row is on top.
    """

    def __init__(
        self,
        axes: Axes,
        colors: Colormap,
        limits: tuple[float, float],
        log: bool = False,
        lines: bool = False,
    ) -> None:
        super().__init__()
        self.colors, self.limits, self.log, self.lines = colors, limits, log, lines
        self.cells = np.full((1, 1), np.nan)
        self._table = np.vstack([colors(np.arange(256), bytes=True), [[255, 255, 255, 255]]]).astype(np.uint8)
        axes.add_artist(self)

    def draw(self, renderer: Any) -> None:
        """Look up the color of every pixel."""
        assert self.axes is not None
        left, bottom, right, top = (round(edge) for edge in self.axes.bbox.extents)
        low, high = self.limits
        cells = np.clip(self.cells, low, high)
        share = np.log(cells / low) / np.log(high / low) if self.log else (cells - low) / (high - low)
        index = np.where(np.isnan(share), 256, np.nan_to_num(share) * 255 + 0.5).astype(np.intp)
        drawn = self._table.view(np.uint32)[index, 0]
        rows, columns = (
            np.arange(pixels) * cells // pixels
            for pixels, cells in ((top - bottom, len(drawn)), (right - left, drawn.shape[1]))
        )
        pixels = drawn[rows[::-1, None], columns]  # the renderer begins at the bottom
        if self.lines:
            for ends, index in ((pixels, rows[::-1]), (pixels.T, columns)):
                border = np.flatnonzero(np.diff(index))
                for pixel in range(sharpness()):
                    ends[border + pixel] = 0xFFFFFFFF
        image = pixels.view(np.uint8).reshape(*pixels.shape, 4)
        renderer.draw_image(renderer.new_gc(), left, bottom, image)


class FastFigure:
    """A figure of fixed size that is drawn again and again while only a few of its artists move.

    The rest is drawn once and kept as a background; `png()` restores it, draws the moving artists over it and
    packs the pixels with the fastest compression. Titles and other still parts do not change; limits do with
    `fit`. To write takes longest: words that seldom change are kept with the background until they do.
    For a narrow screen its panes are drawn narrower, in letters as large.

    width, height   of a pane, in displayed pixels
    panes           so many pictures side by side, on a narrow page one below the other; `self.panes` holds
                    them, each of them like a figure

        fast = FastFigure(640, 320)
        axes = fast.panes[0].subplots()
        fast.line("cost", axes)
        fast["cost"].set_data(epochs, cost)
        fast.png()
    """

    def __init__(self, width: int = 640, height: int = 340, panes: int = 1) -> None:
        self.width, self.height = width, height
        self.figure = new_figure(width * panes, height)
        parts: Any = self.figure.subfigures(1, panes) if panes > 1 else [self.figure]
        self.panes = list(parts)
        self._widest, self._engine = width, self.figure.get_layout_engine()
        self._first: list[dict[str, Any]] = []  # the limits of the axes when they were first laid out
        self._places: dict[int, list[Any]] = {}  # of the axes, for each width of a pane
        self._moving: dict[str, Artist] = {}
        self._often: list[Artist] = []
        self._seldom: list[Artist] = []
        self._background: Any = None
        self._written: Any = None  # the background with the words that seldom change
        self._words: Any = None  # how these were then

    def add(self, name: str, artist: Any, seldom: bool = False) -> Any:
        """Declare an artist of the figure as moving, under a name; returns it.

        seldom   whether it is a text or a legend that seldom changes, lies below all that moves, and keeps
                 its place when limits change
        """
        if name in self._moving:
            raise ValueError(f"name: expected a new name, got {name!r} a second time")
        if not isinstance(artist, Artist) or artist.get_figure(root=True) is not self.figure:
            raise TypeError(f"artist: expected an artist of this figure, got {shown(artist)}")
        artist.set_animated(True)
        artist.set_in_layout(False)
        self._moving[name] = artist
        (self._seldom if seldom else self._often).append(artist)
        self._background = None
        return artist

    def line(self, name: str, axes: Axes, *style: str, **more: Any) -> Any:
        """Add a line that has no points yet; `style` and `more` are those of `axes.plot`."""
        return self.add(name, axes.plot([], [], *style, **more)[0])

    def __getitem__(self, name: str) -> Any:
        """The moving artist of this name."""
        return self._moving[name]

    def fit(self, axes: Axes, **limits: tuple[float, float]) -> None:
        """Set `xlim` or `ylim` of axes. They stay where the first layout put them, so that nothing jumps."""
        self._lay_out()
        if any(getattr(axes, f"get_{name}")() != ends for name, ends in limits.items()):
            axes.set(**limits)
            self._background = None

    def cell(
        self, axes: Axes, row: int, rows: int, column: int = 0, columns: int = 1
    ) -> tuple[Axes, tuple[float, ...], float]:
        """A cell of a map, or a whole row, as a part of `html`: its axes, its ends, and how high it is."""
        self._lay_out()
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        wide, high = np.array(axes.bbox.size) * PIXELS_PER_INCH / self.figure.dpi / (columns, rows)
        inset = min(high, 20) / 2 / wide  # by so much a part goes beyond its ends
        x = [left + (column + end) / columns * (right - left) for end in (inset, 1 - inset)]
        y = top - (row + 0.5) / rows * (top - bottom)
        return axes, (x[0], y, x[1], y), float(high)

    def _lay_out(self) -> None:
        """Find the place of everything, once for each width: it is the same however sharp the drawing is."""
        width = min(self._widest, NARROW) if is_narrow() else self._widest
        if self._places and width == self.width:
            return
        self.width, self._background = width, None
        self.figure.set_size_inches(_inches(width * len(self.panes), self.height))
        if not self._places:
            self._first = [_limits(axes) for axes in self.figure.axes]
            self._engine = self.figure.get_layout_engine()
            self.figure.set_layout_engine("none")
        if width in self._places:
            for axes, place in zip(self.figure.axes, self._places[width], strict=True):
                axes.set_position(place)
            return
        now = [_limits(axes) for axes in self.figure.axes]
        for axes, limits in zip(self.figure.axes, self._first, strict=True):
            axes.set(**limits)  # beside those of today there may be longer numbers
        if isinstance(self._engine, ConstrainedLayoutEngine):
            self._engine.execute(self.figure)
        elif self._places:  # as many pixels from both sides as before
            for axes in self.figure.axes:
                (x0, y0), (x1, y1) = axes.get_position().get_points()
                left, right = (side * self._widest / width for side in (x0, 1 - x1))
                axes.set_position((left, y0, 1 - left - right, y1 - y0))
        for axes, limits in zip(self.figure.axes, now, strict=True):
            axes.set(**limits)
        self._places[width] = [axes.get_position() for axes in self.figure.axes]

    def pixels(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The figure now, as an array (height, width, 4) of bytes, as sharp as `sharpness()` says."""
        canvas: Any = self.figure.canvas
        self._lay_out()
        if self.figure.dpi != (dpi := PIXELS_PER_INCH * sharpness()):
            self.figure.set_dpi(dpi)
            self._background = None
        if self._background is None:
            canvas.draw()
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self._words = None
        words = [_words(artist) for artist in self._seldom]
        if words != self._words:
            canvas.restore_region(self._background)
            self._draw(self._seldom)
            self._written, self._words = canvas.copy_from_bbox(self.figure.bbox), words
        canvas.restore_region(self._written)
        self._draw(self._often)
        return np.asarray(canvas.buffer_rgba())

    def _draw(self, artists: Iterable[Artist]) -> None:
        """Draw some artists over what is there, the lowest first."""
        canvas: Any = self.figure.canvas
        for artist in sorted(artists, key=lambda moving: moving.get_zorder()):
            if artist.axes is not None:
                artist.axes.draw_artist(artist)
            else:
                artist.draw(canvas.get_renderer())

    def png(self) -> bytes:
        """The figure now, as PNG bytes."""
        return encoded(self.pixels())

    def html(
        self,
        *alts: str,
        slides: Sequence[tuple[str, Axes, float, float]] = (),
        parts: Sequence[tuple[str, Axes, Sequence[float], float]] = (),
    ) -> str:
        """The figure now: for each pane an `<img>` with its reading, of which parts can be touched.

        slides  axes along which a slider of the scene can be dragged: the words beside the slider, the axes,
                and the x at which the slider stands with its value; another x means a value that is as much
                larger or smaller (`living.js` sets it); its handle hangs below the axes: see `with_track`
        parts   what can be pointed at: its names, its axes, from where to where (x, y, x, y) or where (x, y),
                and how wide
        """
        pixels = np.split(self.pixels(), len(self.panes), axis=1)
        places = [""] * len(self.panes)
        for part in parts:
            places[self._pane(part[1])] += self._part(*part)
        for words, axes, x, value in slides:
            pane = self._pane(axes)
            (left, bottom), (right, top) = self._shares([axes.bbox.min, axes.bbox.max], pane)
            start, end = axes.get_xlim()
            share = min(max((x - start) / (end - start), 0.0), 1.0)
            places[pane] += (
                f'<i data-slides="{escape(words)}" '
                f'data-low="{value + start - x:.6g}" data-high="{value + end - x:.6g}" '
                f'style="position:absolute;left:{_percent(left)};top:{_percent(1 - top)};'
                f'width:{_percent(right - left)};height:{_percent(top - bottom)};--at:{_percent(share)}"></i>'
            )
        room = "display:inline-block;max-width:100%"
        if len(self.panes) > 1:  # a little narrower rather than below each other
            room = f"flex:1 1 {0.75 * self.width:.0f}px;max-width:{self.width}px"
        style = f"position:relative;{room};line-height:0"
        return beside(
            *(
                f'<div {"data-line " * ("data-is" in there)}style="{style}">'
                f"{image_html(encoded(pane), alt, self.width, self.height)}{there}</div>"
                for pane, alt, there in zip(pixels, alts, places, strict=True)
            ),
            gap=8,
        )

    def _pane(self, axes: Axes) -> int:
        """In which pane axes are."""
        return self.panes.index(axes.get_figure(root=False))

    def _shares(self, points: Any, pane: int) -> Array:
        """Points (x, y) on the screen of the figure, as shares of a pane."""
        scale = self.figure.dpi / PIXELS_PER_INCH
        return (np.array(points) / scale - (pane * self.width, 0)) / (self.width, self.height)

    def _part(self, names: str, axes: Axes, ends: Sequence[float], wide: float) -> str:
        """A place in the picture: a strip between two points of the axes, and half its width beyond them."""
        points = axes.transData.transform(np.reshape(ends, (-1, 2)))
        points = np.clip(points, axes.bbox.min, axes.bbox.max)
        points = self._shares(points, self._pane(axes)) * (self.width, self.height)
        start, end = points[0], points[-1]
        (x, y), (across, up) = (start + end) / 2, end - start
        long, turn = np.hypot(across, up) + min(wide, 20), round(-np.degrees(np.arctan2(up, across)), 1) + 0.0
        return (
            f'<i data-is="{names}" style="position:absolute;left:{_percent((x - long / 2) / self.width)};'
            f"top:{_percent(1 - (y + wide / 2) / self.height)};width:{_percent(long / self.width)};"
            f'height:{_percent(wide / self.height)};rotate:{turn:g}deg"></i>'
        )


def _limits(axes: Axes) -> dict[str, Any]:
    """The ends of axes."""
    return {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}


def _percent(share: float) -> str:
    """A share with two decimals; half of one is rounded up whatever round-off is in it."""
    return f"{share + 1e-9:.2%}"


def _words(artist: Artist) -> list[tuple[Any, ...]]:
    """What a text or a legend says, and where."""
    texts: Any = artist.findobj(Text)
    return [(t.get_visible(), t.get_text(), t.get_position(), t.get_color()) for t in texts]


def name_only(legend: Legend, shown: Iterable[bool]) -> None:
    """Let the legend name only those of its lines that are shown; it has to be one of the moving artists."""
    for handle, text, is_shown in zip(legend.legend_handles, legend.get_texts(), shown, strict=True):
        assert handle is not None
        handle.set_visible(is_shown)
        text.set_visible(is_shown)


def encoded(pixels: Any) -> bytes:
    """PNG bytes of an array (height, width, 3 or 4) of bytes, without its transparency; fast, not small."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with the byte 0: no filter
    for color in range(3):
        rows[:, 1 + color :: 3] = pixels[..., color]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.data, 1)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)
