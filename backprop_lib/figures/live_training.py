"""Live training: a net learns while one watches, a step of the browser's clock at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.arguments import positive_integer, shown
from backprop_lib.drawing.canvas import FastFigure, logarithmic, styled
from backprop_lib.drawing.colors import HELD_OUT, HERE, INK
from backprop_lib.drawing.epochs import decades
from backprop_lib.drawing.plots import DASHES, layer_colors
from backprop_lib.drawing.svg import number
from backprop_lib.figures.reproducible import ELSEWHERE, OPEN, Twins
from backprop_lib.figures.scene import Scene, View, slider
from backprop_lib.network import Network, checked_network
from backprop_lib.training import History

WIDTH, HEIGHT = 480, 300
MOST_EPOCHS = 1_000_000  # of an axis and a slider
TICK = 100  # milliseconds between two epochs


class _Figure:
    """The cost and the size of every layer's errors, against the epoch."""

    def __init__(self, layers: int, epochs: int, is_tested: bool) -> None:
        self.fast = FastFigure(WIDTH, HEIGHT, panes=2)
        cost, delta = (pane.subplots() for pane in self.fast.panes)
        costs = {"training": INK} | ({"held out": HELD_OUT} if is_tested else {})
        sizes = {f"l = {l}": color for l, color in enumerate(layer_colors(layers), 1)}
        self.axes = {cost: list(costs), delta: list(sizes)}
        for axes, title, colors in ((cost, "Cost", costs), (delta, "Size of the errors, ‖δˡ‖", sizes)):
            styled(axes, title, "epoch")
            logarithmic(axes, "y")
            axes.set(xlim=(0, epochs), ylim=(1e-4, 1))
            for i, (name, color) in enumerate(colors.items()):
                # The last point is marked: where the run is now.
                style: Any = {"color": color, "linestyle": DASHES[i % 6], "lw": 1.8, "zorder": 3}
                style |= {"marker": "o", "mfc": HERE, "mec": INK, "clip_on": False}
                self.fast.line(name, axes, label=name, **style)
            legend = axes.legend(frameon=False, fontsize=9.5, loc="lower left")
            for line in legend.get_lines():
                line.set_marker("")

    def html(self, history: History, epoch: int, *alts: str) -> str:
        """The curves as far as this epoch."""
        curves = {"training": history.cost}
        if history.held_out_cost is not None:
            curves["held out"] = history.held_out_cost
        curves |= {f"l = {l}": history.delta_norm(l) for l in history.delta}
        shown = {name: values[: epoch + 1] for name, values in curves.items()}
        for name, values in shown.items():
            self.fast[name].set_data(np.arange(len(values)), values)
            self.fast[name].set_markevery([max(0, len(values) - 1)])
        for axes, names in self.axes.items():
            low, *_, high = decades([shown[name] for name in names])
            self.fast.fit(axes, ylim=(10.0 ** (low - 1), 10.0**high))  # a decade more, for the legend
        return self.fast.html(*alts)


class LiveTraining(Scene):
    """A training run with Play, Pause and Stop; every tick of the clock trains one epoch, then and there.

    net        is trained in place: at every moment it is as its last finished epoch left it
    data, …    as for `Trainer`; `epochs` is where the run ends

    Play trains on. Pause lets it rest, and so does an interrupt of the kernel (■), which Python in a browser
    has not. Stop ends the run where it is, Reset starts over from the first weights. Moving the slider back
    looks at an earlier epoch; the net stays as it is. Where nothing ticks (a test, an export, a page without
    a kernel) the picture is that of the finished run, from a copy of the net. Raises ValueError or
    TypeError, naming the argument.
    """

    def __init__(
        self,
        net: Network,
        data: Any,
        cost: str = "quadratic",
        learning_rate: float = 3.0,
        epochs: int = 200,
        batch_size: int = 10,
        seed: int = 0,
        held_out: Any = None,
    ) -> None:
        if positive_integer("epochs", epochs) > MOST_EPOCHS:
            raise ValueError(f"epochs: expected at most {MOST_EPOCHS}, got {shown(epochs)}")
        self._net, self._first = checked_network(net), net.theta.copy()
        self._options = (data, cost, learning_rate, batch_size, seed, held_out)
        self._trainer = Twins(net, *self._options)
        self._epochs = epochs
        self._figure = _Figure(net.L, epochs, held_out is not None)
        super().__init__({"epoch": slider("Epoch", 0, 0, epochs)}, self._drawn, play="epoch", interval=TICK)
        assert self.player is not None
        self.stop_button = self.player.add_button(
            "Stop", self.stop, "End the run here; the net stays as it is"
        )
        self.player.children = [*self.player.children, self.stop_button]

    def stop(self) -> None:
        """End the run at the last finished epoch."""
        assert self.player is not None
        self.player.pause()
        with self._drawing:
            self._epochs = self._trainer.epoch
            self._tried = {}
        self.player.buttons["Play"].disabled = self.player.buttons["Next"].disabled = True
        self.stop_button.disabled = True
        self._on_change(None)

    def reset(self) -> None:
        """Start over: the first weights, the same order of the examples."""
        assert self.player is not None
        self.player.pause()
        with self._drawing:
            self._net.theta[...] = self._first
            self._trainer = Twins(self._net, *self._options)
            self._epochs = int(self.controls["epoch"].max)
            self._tried = {}
        for name in ("Play", "Next", "Stop"):
            self.player.buttons[name].disabled = False
        super().reset()

    def state(self) -> tuple[Network, History]:
        """A copy of the net and the history, both of the same moment."""
        with self._drawing:
            return self._net.copy(), self._trainer.history()

    def _on_change(self, change: object) -> None:
        """Draw the epoch of the slider, which no late tick of the clock leads beyond a run's end."""
        control = self.controls["epoch"]
        control.value = min(control.value, self._epochs)
        super()._on_change(change)

    def _drawn(self, epoch: int) -> View:
        missing = min(epoch, self._epochs) - self._trainer.epoch
        history = self._trainer.run(missing) if missing > 0 else self._trainer.history()
        if missing > 0 and self._trainer.interrupted and self.player is not None:
            self.player.pause()
        return self._view(history, min(epoch, history.epochs), self._trainer)

    def _still_view(self) -> View:
        """The finished run, of a copy of the net."""
        finished = Twins(self._net.with_parameters(self._first.copy()), *self._options)
        history = finished.run(int(self.controls["epoch"].max))
        return self._view(history, history.epochs, finished)

    def _view(self, history: History, at: int, run: Twins) -> View:
        norms = ", ".join(f"layer {l} {number(float(history.delta_norm(l)[at]))}" for l in history.delta)
        of_errors = f"size of the errors: {norms}."
        sentence = f"Epoch {at}: cost {number(float(history.cost[at]))}; {of_errors}"
        if run.is_doubtful(at):
            of_errors = f"round-off has grown in this run, and {ELSEWHERE}."
            sentence = f"Epoch {at}: {of_errors}"
        if at < history.epochs:
            sentence += f" The net has been trained for {history.epochs} epochs."
        if history.epochs == self._epochs < self.controls["epoch"].max:
            sentence += f" Stopped after epoch {history.epochs}."
        if history.diverged_at is not None:
            sentence += f" The run diverged in epoch {history.diverged_at}; this is the last finite state."
        rows: list[list[object]] = [["quantity", "value"], ["cost", number(history.cost[at], 4)]]
        rows += [[f"‖δ‖ of layer {l}", number(history.delta_norm(l)[at], 4)] for l in history.delta]
        if run.is_doubtful(at):
            rows = [rows[0], *([name, OPEN] for name, _ in rows[1:])]
        alt = f"The cost and the size of the errors of every layer, against the epoch. {sentence}"
        cost, eta, batch, seed = self._options[1:5]
        rate = repr(float(eta)).removesuffix(".0")
        code = (
            f'train(net, data, "{cost}", learning_rate={rate}, epochs={at}, batch_size={batch}, seed={seed})'
            "  # from the first weights"
        )
        html = self._figure.html(history, at, alt, f"The errors of every layer in epoch {at}: {of_errors}")
        return View(html, alt, sentence, rows, code)
