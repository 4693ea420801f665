"""Axes over the epochs of a run: as long as the run, and upwards as far as what they show."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from backprop_lib.extras import need

need("backprop_lib.drawing.epochs", "matplotlib")

import numpy as np
from matplotlib.axes import Axes

from backprop_lib.arguments import Array
from backprop_lib.drawing.canvas import FastFigure, styled
from backprop_lib.drawing.colors import GRID, INK
from backprop_lib.drawing.svg import number

ENDS = (10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 250, 300, 400, 500)
MOST = 4  # decades that are named
DEEPEST = 8  # decades below the largest number that are shown


def axis_end(epochs: int) -> int:
    """The last epoch of an axis for so many: the next round number.

    >>> axis_end(0), axis_end(61), axis_end(200), axis_end(777)
    (10, 80, 200, 777)
    """
    return next((end for end in ENDS if end >= epochs), epochs)


def decades(values: Iterable[Array]) -> list[int]:
    """The powers of ten between which these numbers lie, those above zero: at most four, evenly apart.

    >>> decades([np.array([0.002, 0.4])]), decades([np.array([1e-9, 3.0])]), decades([np.zeros(2)])
    ([-3, -2, -1, 0], [-8, -5, -2, 1], [-1, 0])
    """
    all_of = np.concatenate([np.zeros(0), *(np.ravel(each) for each in values)])
    above = all_of[np.isfinite(all_of) & (all_of > 0)]
    if not above.size:
        return [-1, 0]
    above = np.clip(above, 1e-300, 1e300)  # room for a decade more at either end of an axis
    high = math.ceil(math.log10(above.max()))
    low = max(min(math.floor(math.log10(above.min())), high - 1), high - DEEPEST)
    step = -(-(high - low) // (MOST - 1))
    return list(range(high - step * -(-(high - low) // step), high + 1, step))


class EpochAxes:
    """Logarithmic axes in a FastFigure, whose limits, lines and numbers move with what is shown.

    fast, name   the figure, and the beginning of the names of the artists that are added to it
    box          left, bottom, width, height: shares of the figure
    above        how far above the axes the title stands, as a share of the figure
    is_map       whether they hold a map: the epochs stand below it, and no numbers upwards
    """

    def __init__(
        self,
        fast: FastFigure,
        name: str,
        box: tuple[float, float, float, float],
        title: str,
        above: float = 0.02,
        is_map: bool = False,
    ) -> None:
        self.axes: Axes = styled(fast.figure.add_axes(box), grid=False)
        self.axes.set(xticks=[], yticks=[])
        words: Any = {"fontsize": 10, "color": INK, "fontweight": "bold", "transform": self.axes.transAxes}
        self.axes.text(0, 1 + above / box[3], title, **words)
        self._levels: list[Any] = []
        if not is_map:
            self.axes.set(yscale="log", yticks=[])
            self.axes.minorticks_off()
            self._grid = fast.line(f"{name} grid", self.axes, color=GRID, lw=0.7, zorder=1)
            self._levels = [
                fast.add(f"{name} level {i}", self._text("right", "center", -0.02, 0), seldom=True)
                for i in range(MOST)
            ]
        self._epochs = [
            fast.add(f"{name} epoch {i}", self._text(side, "top", i / 2, -0.04), seldom=True)
            for i, side in enumerate(("left", "center", "right") if is_map else ())
        ]
        upright: Any = {"transform": self.axes.get_xaxis_transform(), "zorder": 3}
        self._now = fast.line(f"now {name}", self.axes, color=INK, lw=1, ls=":", **upright)

    def _text(self, across: str, up: str, x: float, y: float) -> Any:
        style: Any = {"fontsize": 8.5, "color": INK, "ha": across, "va": up}
        return self.axes.text(x, y, "", clip_on=False, transform=self.axes.transAxes, **style)

    def fit(self, epoch: int, values: Iterable[Array] = ()) -> None:
        """Show the epochs up to this one, and numbers as large and as small as these."""
        end = axis_end(epoch)
        self.axes.set_xlim(0, end)
        self._now.set_data([epoch, epoch], [0, 1])
        for text, at in zip(self._epochs, (0, end / 2, end), strict=False):
            text.set_text(number(at))
        if not self._levels:
            return
        levels = decades(list(values))
        self.axes.set_ylim(10.0 ** levels[0], 10.0 ** levels[-1])
        self._grid.set_data(
            np.tile([0.0, end, np.nan], len(levels)), np.repeat([10.0**level for level in levels], 3)
        )
        for i, text in enumerate(self._levels):
            shown = i < len(levels)
            text.set_text(number(10.0 ** levels[i]) if shown else "")
            text.set_y((levels[i] - levels[0]) / (levels[-1] - levels[0]) if shown else 0)
