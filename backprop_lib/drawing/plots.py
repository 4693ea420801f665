"""Curves and heat maps: arrays in, a picture with its reading in words out.

Every function returns a `Picture` whose alt text is computed from the data. No figure is shared and pyplot is
never used, so that a picture drawn here changes no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop_lib.extras import need

need("backprop_lib.drawing.plots", "matplotlib")

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from backprop_lib.arguments import Array, listed, numbers, positive_integer, positive_number, shown
from backprop_lib.drawing.canvas import Picture, color_bar, new_figure, styled
from backprop_lib.drawing.colors import BELOW_TO_ABOVE, FAINT, HELD_OUT, INK, LINE_COLORS
from backprop_lib.drawing.svg import fitting, number

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (7, 2, 1.5, 2)), (0, (9, 3)), (0, (3, 1.4)))
DIVERGING = LinearSegmentedColormap.from_list("negative_positive", BELOW_TO_ABOVE)
# Beyond these numbers an axis has no room at its ends, or its length is no float.
LARGEST = 1e300
LEAST_LOG, LARGEST_LOG = 1e-300, 1e150
MOST_WRITTEN = 150  # cells of a heat map with their numbers in them


def function_plot(
    x: Any,
    curves: Mapping[str, Any],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    log: bool = False,
    log_x: bool = False,
    alt: str = "",
) -> Picture:
    """Labeled curves over common values of x; each line has its own dash and its name at its end.

    x (n,) with n ≥ 2; curves {name: (n,)}, where a name may be a number; log, log_x: logarithmic axes (all
    values must be above zero).
    `alt` replaces the reading, which gives the ends and extremes of every curve.
    Raises ValueError or TypeError naming the argument.
    """
    x = numbers("x", x)
    if x.ndim != 1 or len(x) < 2:
        raise ValueError(f"x: expected shape (n,) with at least two values, got {x.shape}")
    series = _checked_curves(curves, len(x), log)
    _check_axis("x", x, log_x)
    figure = new_figure()
    axes = styled(figure.add_subplot(), title, xlabel, ylabel)
    lines = {name: (x, y) for name, y in series.items()}
    _lines(axes, lines, {}, log, log_x)
    return Picture(figure, alt or _reading(title, xlabel, ylabel, lines))


def cost_curves(
    runs: Any,
    *,
    title: str = "Cost during training",
    ylabel: str = "cost",
    log: bool = False,
    alt: str = "",
) -> Picture:
    """Cost against epoch: epoch 0 is the net before training.

    runs   a History (its training cost, and the held-out cost if there is one), or a dict from a name to a
           History (its training cost) or to an array (epochs + 1,); runs may be of different lengths
    """
    if hasattr(runs, "cost"):
        held_out = getattr(runs, "held_out_cost", None)
        runs = {"training": runs.cost} | ({} if held_out is None else {"held out": held_out})
    if not isinstance(runs, Mapping):
        raise TypeError(f"runs: expected a History or a dict from a name to one, got {shown(runs)}")
    if not runs:
        raise ValueError("runs: expected at least one run, got none")
    series = _checked_curves({name: getattr(run, "cost", run) for name, run in runs.items()}, None, log)
    lines = {name: (np.arange(len(y), dtype=float), y) for name, y in series.items()}
    figure = new_figure()
    axes = styled(figure.add_subplot(), title, "epoch", ylabel)
    _lines(axes, lines, {"held out": HELD_OUT}, log, False)
    if not log:
        axes.set_ylim(bottom=min(0.0, *(float(y.min()) for y in series.values())))
    return Picture(figure, alt or _reading(title, "epoch", ylabel, lines))


def delta_norms(delta_by_layer: Mapping[int, Any]) -> Picture:
    """‖δ^l‖ against epoch on a logarithmic scale, a line a layer, dark for the early layers.

    delta_by_layer {l: (epochs + 1,)}; zeros (dead layers) leave gaps, and so do norms below 1e-300. Raises
    ValueError or TypeError naming the argument.
    """
    if not isinstance(delta_by_layer, Mapping) or not delta_by_layer:
        raise TypeError(f"delta_by_layer: expected a dict from layers to norms, got {shown(delta_by_layer)}")
    layers = sorted(positive_integer("delta_by_layer, layer", l) for l in delta_by_layer)
    norms = {f"layer {l}": delta_by_layer[l] for l in layers}
    series = _checked_curves(norms, None, False, "delta_by_layer")
    if any((y < 0).any() for y in series.values()):
        raise ValueError("delta_by_layer: expected norms, got a negative number")
    if not any((y >= LEAST_LOG).any() for y in series.values()):
        raise ValueError(f"delta_by_layer: expected a norm above zero, got none of at least {LEAST_LOG}")
    for name, y in series.items():
        _check_axis(f"delta_by_layer[{name!r}]", np.maximum(y, LEAST_LOG), True)
    lines = {name: (np.arange(len(y), dtype=float), y) for name, y in series.items()}
    colors = dict(zip(lines, layer_colors(len(layers)), strict=True))
    figure, title = new_figure(), "Size of the errors, layer by layer"
    axes = styled(figure.add_subplot(), title, "epoch", "‖δ‖")
    seen = {n: (x, np.where(y >= LEAST_LOG, y, np.nan)) for n, (x, y) in lines.items()}
    _lines(axes, seen, colors, True, False)
    return Picture(figure, _reading(title, "epoch", "the norm of δ, on a logarithmic scale", lines))


def layer_colors(count: int) -> list[Any]:
    """A gray for every layer, from the dark of the first to the lighter of the last."""
    ends = np.array(to_rgb(INK)), np.array(to_rgb(FAINT))
    # The whole way would be too pale for the names beside the lines.
    return [tuple(ends[0] + share * (ends[1] - ends[0])) for share in np.linspace(0.0, 0.7, count)]


def heat_map(
    matrix: Any,
    row_label: str = "row",
    column_label: str = "column",
    title: str = "",
    diverging: bool = True,
    *,
    limit: float | None = None,
    row_names: Sequence[str] | None = None,
    column_names: Sequence[str] | None = None,
    alt: str = "",
    width: int = 560,
) -> Picture:
    """A matrix as colored cells, with the numbers in them if there are at most 150.

    matrix (rows, columns). Diverging: orange below zero, blue above, white at zero, from −limit to limit;
    else cividis from the smallest number to the largest. `limit` (default: the largest magnitude) lets
    several maps share a scale. row_names and column_names replace the indices, which begin at 0.
    Raises ValueError or TypeError naming the argument.
    """
    cells = numbers("matrix", matrix)
    for name, names, count in (("row", row_names, 0), ("column", column_names, 1)):
        if names is None or cells.ndim != 2:
            continue
        if len(listed(f"{name}_names", names)) != cells.shape[count]:
            raise ValueError(f"{name}_names: expected {cells.shape[count]} names, got {len(names)}")
    if cells.ndim != 2 or cells.size == 0:
        raise ValueError(f"matrix: expected shape (rows, columns), got {cells.shape}")
    largest = np.abs(cells).max()
    if largest > LARGEST or 0 < largest < 1 / LARGEST:
        wanted = f"a largest magnitude from {1 / LARGEST} to {LARGEST}, or zeros"
        raise ValueError(f"matrix: expected {wanted}, got {largest}")
    low, high = _limits(cells, diverging, limit)
    rows, columns = cells.shape
    width = min(width, 220 + 100 * columns)
    side = (width - 190) / columns
    height = round(min(900.0, max(60.0, min(34.0, side) * rows)) + 96)
    figure = new_figure(width, height)
    axes = styled(figure.add_subplot(), title, column_label, row_label, grid=False)
    colors = DIVERGING if diverging else matplotlib.colormaps["cividis"]
    image = axes.imshow(
        np.clip(cells, low, high), cmap=colors, vmin=low, vmax=high, aspect="auto", interpolation="nearest"
    )
    for count, names, ticks in ((rows, row_names, axes.set_yticks), (columns, column_names, axes.set_xticks)):
        step = 1 if names is not None else max(1, -(-count // 16))
        ticks(range(0, count, step), [str(n) for n in names] if names is not None else None)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    unit = 0
    if cells.size <= MOST_WRITTEN and side >= 30:
        unit = _write_cells(axes, cells, image, 8.5 if side >= 44 else 8, round(side / 7.5))
    color_bar(figure, axes, colors, [low, (low + high) / 2, high], fraction=0.05, pad=0.02)
    if unit:
        axes.set_title(f"numbers × 1e{unit}".replace("-", "−"), fontsize=8.5, color=INK, loc="right", pad=9)
    return Picture(figure, alt or _matrix_reading(cells, title, row_label, column_label, low, high))


def _limits(cells: Array, diverging: bool, limit: float | None) -> tuple[float, float]:
    limit = None if limit is None else positive_number("limit", limit)
    if limit is not None and not 1 / LARGEST <= limit <= LARGEST:
        raise ValueError(f"limit: expected a number from {1 / LARGEST} to {LARGEST}, got {shown(limit)}")
    if diverging:
        largest = limit or float(np.abs(cells).max()) or 1.0
        return -largest, largest
    low, high = float(cells.min()), limit or float(cells.max())
    return (low, high) if high > low else (low, low + 1.0)


def _write_cells(axes: Axes, cells: Array, image: Any, size: float, room: int) -> int:
    """Write the number of every cell, white on dark and black on light; returns the power of ten left out.

    All have the same decimals, unless a number would lose its meaning: look like 0, or like 1. Then each
    has its own digits, as many as there is room for, and the smallest has one before the point if the largest
    has then no more than four.
    """
    largest = float(np.abs(cells).max())
    unit = int(np.floor(np.log10(largest))) if largest and not 0.1 <= largest < 1000 else 0
    decimals = max(0, 2 - len(f"{largest / 10.0**unit:.0f}") + 1)
    rounded = np.round(cells / 10.0**unit, decimals)
    whole = (rounded == 0) | (np.abs(rounded) == 1)
    lost = (whole & ~np.isclose(cells / 10.0**unit, rounded, rtol=1e-9, atol=0)).any()
    least = float(np.abs(cells[cells != 0]).min()) if lost else 0.0
    if lost and largest < 1e3 * least:
        unit = int(np.floor(np.log10(least)))
    rgb = image.cmap(image.norm(np.clip(cells, *image.get_clim())))[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    for i, j in np.ndindex(cells.shape):
        text = f"{rounded[i, j] + 0.0:.{decimals}f}".replace("-", "−")
        text = fitting(float(cells[i, j]) / 10.0**unit, room) if lost else text
        color = "white" if luminance[i, j] < 0.179 else "black"  # both have contrast 4.58 at 0.179
        axes.text(j, i, text, ha="center", va="center", fontsize=size, color=color)
    return unit


def _matrix_reading(cells: Array, title: str, row: str, column: str, low: float, high: float) -> str:
    i, j = (int(n) for n in np.unravel_index(np.abs(cells).argmax(), cells.shape))
    return (
        f"{title or 'A heat map'}: {_counted(cells.shape[0], 'row', row)} by "
        f"{_counted(cells.shape[1], 'column', column)}, "
        f"from {number(float(cells.min()))} to {number(float(cells.max()))}. Largest in size: "
        f"{number(float(cells[i, j]))} in row {i}, column {j}. "
        f"The colors run from {number(low)} to {number(high)}."
    )


def _counted(n: int, word: str, meaning: str) -> str:
    counted = f"{n} {word}" if n == 1 else f"{n} {word}s"
    return f"{counted} ({meaning})" if meaning else counted


def _checked_curves(curves: Any, n: int | None, log: bool, of: str = "curves") -> dict[str, Array]:
    """The curves as arrays of n numbers (any n above 0 if None), all above zero for a logarithmic axis."""
    if not isinstance(curves, Mapping) or not curves:
        raise TypeError(f"{of}: expected a dict from a name to an array, got {shown(curves)}")
    series = {}
    for name, values in curves.items():
        y = numbers(f"{of}[{name!r}]", values)
        if y.ndim != 1 or len(y) == 0 or (n is not None and len(y) != n):
            raise ValueError(f"{of}[{name!r}]: expected shape ({'n' if n is None else n},), got {y.shape}")
        _check_axis(f"{of}[{name!r}]", y, log)
        if str(name) in series:
            raise ValueError(f"{of}: expected names that differ as texts, got {str(name)!r} twice")
        series[str(name)] = y
    return series


def _check_axis(name: str, values: Array, log: bool) -> None:
    """ValueError if an axis, perhaps a logarithmic one, cannot hold these numbers."""
    if log and not (values > 0).all():
        raise ValueError(f"{name}: expected numbers above zero for a logarithmic axis, got {values.min()}")
    least, largest = (LEAST_LOG, LARGEST_LOG) if log else (-LARGEST, LARGEST)
    for odd in values[(values < least) | (values > largest)]:
        axis = "a logarithmic axis" if log else "an axis"
        raise ValueError(f"{name}: expected numbers from {least} to {largest} for {axis}, got {odd}")


def _lines(
    axes: Axes, lines: Mapping[str, tuple[Array, Array]], colors: Mapping[str, Any], log: bool, log_x: bool
) -> None:
    """One line a name, told apart by color, dash and the name at its right end; `colors` may be of a few."""
    colors = {name: LINE_COLORS[i % len(LINE_COLORS)] for i, name in enumerate(lines)} | dict(colors)
    if log:
        axes.set_yscale("log")
    if log_x:
        axes.set_xscale("log")
    for i, (name, (x, y)) in enumerate(lines.items()):
        dash = DASHES[i % len(DASHES)]
        marker = "o" if len(x) == 1 else ""
        axes.plot(x, y, color=colors[name], linewidth=1.8, linestyle=dash, marker=marker, markersize=4)
    axes.margins(x=0.01)
    if len(lines) > 1:
        _name_ends(axes, lines, colors)


def _name_ends(axes: Axes, lines: Mapping[str, tuple[Array, Array]], colors: Mapping[str, Any]) -> None:
    """The name of every line beside its right end, moved apart where they would overlap."""
    axes.autoscale_view()
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    to_share = axes.yaxis.get_transform().transform
    bottom, top = to_share(np.array([low, high]))
    inches = axes.get_figure(root=True).get_size_inches()  # type: ignore[union-attr]
    gap = 0.155 / (0.72 * inches[1])  # the height of a name, as a share of the axes
    ends = []
    for name, (_, y) in lines.items():
        last = y[np.isfinite(y)][-1:]
        ends.append((float((to_share(last)[0] - bottom) / (top - bottom)) if last.size else 0.0, name))
    ends.sort()
    heights = [share for share, _ in ends]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    over = max(0.0, heights[-1] - 1.0)
    for i in range(len(heights) - 1, -1, -1):
        ceiling = heights[-1] - over if i == len(heights) - 1 else heights[i + 1] - gap
        heights[i] = min(heights[i], ceiling)
    for height, (_, name) in zip(heights, ends, strict=True):
        axes.annotate(
            name,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colors[name],
            annotation_clip=False,
        )


def _subject(title: str, ylabel: str) -> str:
    """The title, with what the axis shows if the title does not say so."""
    both = title and ylabel and ylabel.lower() not in title.lower()
    return f"{title} ({ylabel})" if both else title or ylabel


def _reading(title: str, xlabel: str, ylabel: str, lines: Mapping[str, tuple[Array, Array]]) -> str:
    """What a reader would say after looking: where every line begins and ends, and its extremes."""
    subject, across = _subject(title, ylabel) or "Curves", xlabel or "x"
    sentences = [f"{subject}." if "against" in subject else f"{subject}, against {across}."]
    across += " = " if len(across) <= 2 else " "
    for name, (x, y) in lines.items():
        (start, end), (first, last) = map(number, x[[0, -1]]), map(number, y[[0, -1]])
        sentence = f"{name}: {first} at {across}{start}, {last} at {across}{end}"
        least, most = int(y.argmin()), int(y.argmax())
        if y[least] < min(y[0], y[-1]):
            sentence += f", lowest {number(float(y[least]))}"
        if y[most] > max(y[0], y[-1]):
            sentence += f", highest {number(float(y[most]))}"
        sentences.append(f"{sentence}.")
    return " ".join(sentences)
