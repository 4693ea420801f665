"""The iris lab: choose a net and a way of training it, see what every neuron computes, compare two runs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, NamedTuple

from backprop_lib.extras import need

need("backprop_lib.figures.iris_lab", "matplotlib")

import ipywidgets as W
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D

from backprop_lib.activations import HIDDEN
from backprop_lib.arguments import Array, listed, shown
from backprop_lib.data import Dataset, load_iris, one_hot, split, standardize
from backprop_lib.drawing.canvas import Cells, FastFigure, image_html, name_only, styled
from backprop_lib.drawing.colors import HELD_OUT, HERE, INK, PAPER, QUIET, SPECIES_COLORS, TINTS
from backprop_lib.drawing.epochs import EpochAxes, axis_end
from backprop_lib.drawing.maps import NetOfMaps
from backprop_lib.drawing.net import superscript
from backprop_lib.drawing.plots import DASHES, layer_colors
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_per_example, feed_forward
from backprop_lib.figures.reproducible import ELSEWHERE, OPEN, Twins, differ, rounded_up, tied
from backprop_lib.figures.scene import IntegerBox, LogSlider, Scene, View, choice, slider
from backprop_lib.network import Network, checked_examples
from backprop_lib.training import History

EPOCHS, FIRST_EPOCH = 500, 200
DEEPEST, WIDEST = 4, 12
BATCHES = {"1 flower": 1, "10 flowers": 10, "30 flowers": 30, "all flowers": 105}
COSTS = {"quadratic": "quadratic", "cross-entropy": "cross_entropy"}
HEIGHT, PLANE, CURVES = 480, 258, 262  # pixels
SEEN_ERRORS = (1e-5, 1.0)  # the ends of the colors
PATIENCE = 0.03  # seconds of training before a first part is shown; the next part takes twice as long
TINY = 1e-4  # of the cost: of a smaller change no digit is said, since round-off may decide it
IDLE = 0.05  # of the work of the busiest neuron of the layer: who does less is idle
SPECIES = ("setosa", "versicolor", "virginica")
MARKERS = ("o", "s", "^")
ENDS_OF = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
SHARED = "font-size:13px;line-height:1.4;margin:4px 0"
KEY = "font-size:12px;line-height:1.4;margin:3px 0 0;opacity:0.8"
MAP_KEY = (
    "A map: the activation over petal length (→) and petal width (↑); dark low, yellow high. "
    "Bars: its mean for each species. Idle: without it the cost hardly rises."
)
NAMES = ("sepal length", "sepal width", "petal length", "petal width")
# The plane of the two petal measures, in cm, and how fine the grid over it is.
LONG, WIDE, ACROSS, UP, COARSE = (0.6, 7.3), (0.0, 2.65), 120, 100, 3


def lab_data() -> tuple[Dataset, Dataset]:
    """The flowers of the lab: 105 to train on and 45 held out, scaled by the 105."""
    train, held_out = standardize(*split(load_iris(), 0.7, seed=0))
    return train, held_out


def petal_plane() -> Array:
    """Flowers all over the plane of the petal measures, scaled as in `lab_data`; the sepals at their means.

    (4, UP · ACROSS): the columns run from left to right and row by row, the largest petal width first.
    """
    measured = split(load_iris(), 0.7, seed=0)[0]
    plane = np.tile(measured.x.mean(axis=0), (UP * ACROSS, 1))
    petals = np.meshgrid(np.linspace(*LONG, ACROSS), np.linspace(*WIDE[::-1], UP))
    plane[:, 2:] = np.column_stack([measure.ravel() for measure in petals])
    unknown = np.zeros(len(plane), int)
    flowers = replace(measured, x=plane, y=one_hot(unknown, 3), labels=unknown)
    return standardize(measured, flowers)[1].x.T


def specification(sizes: list[int], activation: str, cost: str) -> list[tuple[str, int]]:
    """Four inputs, the hidden layers, and three outputs that fit the cost."""
    output = "softmax" if cost == "cross_entropy" else "sigmoid"
    return [("identity", 4), *((activation, size) for size in sizes), (output, 3)]


def work(net: Network, x: Array, y: Array, cost: str = "quadratic") -> dict[int, Array]:
    """By how much the cost rises if a hidden neuron answers every flower with its mean: {l: (n_l,)}.

    x (n_0, m), y (n_L, m). A neuron that does what others do, or nothing, is not missed.
    """
    x, y, rule = checked_examples(net, x, y, cost)
    _, a = feed_forward(net, x)

    def cost_from(l: int, a_l: Array) -> float:
        for m in range(l + 1, net.L + 1):
            z_m = net.w[m] @ a_l + net.b[m]
            a_l = net.sigma[m](z_m)
        return float(cost_per_example(net, z_m, a_l, y, rule).mean())

    rises = {}
    for l in range(1, net.L):
        whole, rises[l] = cost_from(l, a[l]), np.zeros(len(a[l]))
        for j, answers in enumerate(a[l]):
            without = a[l].copy()
            without[j] = answers.mean()
            rises[l][j] = cost_from(l, without) - whole
    return rises


def certain(rise: Array, cost: float) -> Array:
    """The rises of a cost, and 0 where round-off may decide their digits."""
    return np.where(np.abs(rise) > TINY * cost, rise, 0.0)


def more_cost(rises: Mapping[int, Array], cost: float) -> dict[str, float]:
    """The rises of a cost as a table has them."""
    return {
        f"more cost without neuron {j} of layer {l}": v
        for l, rise in rises.items()
        for j, v in enumerate(certain(rise, cost).tolist())
    }


def largest_slopes(dw: Mapping[int, Array]) -> dict[str, float]:
    """The largest ∂C/∂w of every layer as a table has them."""
    return {f"largest ∂C/∂w{superscript(l)}": float(np.abs(w).max()) for l, w in dw.items()}


def idle_neurons(rises: Mapping[int, Array], cost: float) -> set[tuple[int, int]]:
    """The neurons (l, j) that do less than a twentieth of the work of the busiest one in their layer."""
    least = {l: max(IDLE * float(rise.max()), TINY * cost) for l, rise in rises.items()}
    return {(l, j) for l, rise in rises.items() for j in range(len(rise)) if rise[j] <= least[l]}


class Settings(NamedTuple):
    """The settings of a run: those of `iris_lab`, without the epoch."""

    hidden: Sequence[int] = (5,)
    activation: str = "sigmoid"
    cost: str = "quadratic"
    learning_rate: float = 3.0
    batch_size: int = 10
    seed: int = 0

    def arguments(self) -> dict[str, Any]:
        """Those that are not the first ones, as a reader would write them."""
        first = Settings._field_defaults
        given = {name: value for name, value in self._asdict().items() if value != first[name]}
        if "hidden" in given:
            given["hidden"] = list(self.hidden)
        return given


def line_of(settings: Settings, epoch: int, kept: Settings | None = None) -> str:
    """The line of code that shows this state again.

    >>> line_of(Settings((5, 3), seed=1), 200, Settings())
    'iris_lab(hidden=[5, 3], seed=1, kept={})'
    """
    given = settings.arguments() | ({"epoch": epoch} if epoch != FIRST_EPOCH else {})
    given |= {} if kept is None else {"kept": kept.arguments()}
    return f"iris_lab({', '.join(f'{name}={value!r}' for name, value in given.items())})"


class Runs:
    """The training runs of one lab: each is carried on up to the epoch that is asked for.

    trainer   the run that was asked for last, which is kept
    """

    trainer: Twins
    _history: History

    def __init__(self) -> None:
        self.train, self.held_out = lab_data()
        self._key: Any = None

    def history(self, key: tuple[Any, ...], epoch: int) -> History:
        """The history of the run with these settings: up to this epoch, or as far as patience goes.

        Ask again for the rest. A run that diverged goes no further.
        """
        if key != self._key:
            sizes, activation, cost, eta, batch, seed = key
            net = Network(specification(list(sizes), activation, cost), seed=seed)
            self.trainer = Twins(net, self.train, cost, eta, batch, seed, held_out=self.held_out)
            self._key, self._history, self._patience = key, self.trainer.history(), PATIENCE
        end = time.perf_counter() + self._patience
        while self.trainer.epoch < epoch and self.trainer.diverged_at is None:
            self._history = self.trainer.run(min(10, epoch - self.trainer.epoch))
            if time.perf_counter() > end:
                self._patience *= 2
                break
        return self._history


class Seen:
    """A run at an epoch, or at its last finite one: the net there, and what it computes of the flowers."""

    def __init__(self, runs: Runs, settings: Settings, epoch: int) -> None:
        self.settings = settings
        self.history = runs.history(settings, epoch)
        self.diverged_at = self.history.diverged_at
        self.at = min(epoch, self.history.epochs)
        self.is_finished = self.at == epoch or self.diverged_at is not None
        self.layers = specification(list(settings.hidden), settings.activation, settings.cost)
        self.net = net = Network(self.layers).with_parameters(self.history.parameters[self.at])  # type: ignore[index]
        outputs = [feed_forward(net, flowers.x.T)[0][net.L] for flowers in (runs.train, runs.held_out)]
        self.is_doubtful = runs.trainer.is_doubtful(self.at) or any(map(tied, outputs))
        self.twin = None if self.is_doubtful else net.with_parameters(runs.trainer.twin(self.at))
        self.name = f"{'-'.join(str(n) for n in self.net.sizes)} net"
        self.cost = float(self.history.cost[self.at])
        self.right = round(45 * self.history.held_out_accuracy[self.at])  # type: ignore[index]

    def sentence(self) -> str:
        """How far the run is, and how good."""
        said = f"training cost {number(self.cost)}, {self.right} of 45 held-out flowers right."
        if self.is_doubtful:
            said = f"round-off has grown in this run, and {ELSEWHERE}."
        if self.diverged_at is not None:
            when = "" if self.is_doubtful else f" in epoch {self.diverged_at}"
            said += f" The run diverged{when}; this is the last finite state."
        return f"A {self.name} after {self.at} epoch{'s' * (self.at != 1)}: {said}"

    def beside(self, other: Settings) -> str:
        """The kept run in a sentence: in what it differs from the other, and how good it is."""
        words = {
            "activation": self.settings.activation,
            "cost": f"cost {self.settings.cost.replace('_', '-')}",
            "learning_rate": f"η = {number(self.settings.learning_rate)}",
            "batch_size": f"batch {self.settings.batch_size}",
            "seed": f"seed {self.settings.seed}",
        }
        apart = [said for name, said in words.items() if getattr(other, name) != getattr(self.settings, name)]
        said = f" Kept, in gray: a {self.name}" + (f" ({', '.join(apart)})" if apart else "")
        if self.is_doubtful:
            return f"{said}, in which round-off has grown."
        said += "" if self.diverged_at is None else f" that diverged in epoch {self.diverged_at}"
        return f"{said}, training cost {number(self.cost)}, {self.right} of 45 right."


def idle_sentence(idle: int, neurons: int) -> str:
    """How many hidden neurons are idle."""
    if neurons == 1:
        return f" Its only hidden neuron {'is idle' if idle else 'works'}."
    if not idle:
        return f" {'Both' if neurons == 2 else f'All {neurons}'} hidden neurons work."
    if idle == neurons:
        return f" All {neurons} hidden neurons are idle."
    return f" {idle} of {neurons} hidden neurons {'is' if idle == 1 else 'are'} idle."


def stacked(delta: Mapping[int, Array], epoch: int) -> Array:
    """√ mean_x δ² of every neuron by epoch, layer under layer with a row of NaN between; NaN after `epoch`.

    delta {l: (epochs + 1, n_l)}; the result is (Σ n_l + L − 1, end of the axis + 1).
    """
    rows = []
    for l, errors in delta.items():
        block = np.full((errors.shape[1] + (l > 1), axis_end(epoch) + 1), np.nan)
        block[block.shape[0] - errors.shape[1] :, : epoch + 1] = errors[: epoch + 1].T
        rows.append(block)
    return np.vstack(rows)


def borders(answers: Array) -> Any:
    """Where neighbors in a map of answers differ."""
    found = np.zeros(answers.shape, bool)
    found[:, :-1] |= answers[:, 1:] != answers[:, :-1]
    found[:-1] |= answers[1:] != answers[:-1]
    return found


class PlaneFigure:
    """The petal plane: the answer of a net everywhere, the 150 flowers, and the borders of a kept run."""

    def __init__(self, flowers: Dataset, held_out: Dataset) -> None:
        self.fast = FastFigure(PLANE, HEIGHT)
        self.fast.figure.set_layout_engine("none")  # everything has its fixed place
        axes = self.fast.figure.add_axes((47 / PLANE, 150 / HEIGHT, 204 / PLANE, 298 / HEIGHT))
        styled(axes, "What the net answers", "petal length (cm)", "petal width (cm)", grid=False)
        axes.set(xlim=LONG, ylim=WIDE, xticks=range(1, 8), yticks=[0, 0.5, 1, 1.5, 2, 2.5])
        colors = ListedColormap([*TINTS, QUIET])
        self.answers = self.fast.add("answers", Cells(axes, colors, (0, 255)))
        self._flowers = np.vstack([flowers.x, held_out.x])
        named = []
        for kind, these in (("training", flowers), ("held out", held_out)):
            for s, (name, color) in enumerate(zip(SPECIES, SPECIES_COLORS, strict=True)):
                style: Any = {"ls": "", "marker": MARKERS[s], "ms": 4.2, "mec": color, "mew": 1, "zorder": 3}
                style |= {"mfc": color if kind == "training" else PAPER}
                (dots,) = axes.plot(*these.x[these.labels == s][:, 2:].T, label=name, **style)
                named.append(self.fast.add(f"{name} {kind}", dots))
        ring: Any = {"ls": "", "marker": "D", "ms": 8, "mfc": "none", "mec": INK, "mew": 1.3, "zorder": 4}
        self._wrong = self.fast.line("wrong", axes, label="wrong answer", **ring)
        hollow = Line2D([], [], ls="", marker="o", ms=4.2, mfc="none", mec=INK, label="hollow: held out")
        place: Any = {"loc": "lower left", "bbox_to_anchor": (0.0, 0.085), "ncols": 2, "frameon": False}
        place |= {"fontsize": 9, "handletextpad": 0.1, "labelspacing": 0.3, "columnspacing": 0.6}
        self.fast.figure.legend(handles=[*named[:3], hollow, self._wrong], **place)
        words: Any = {"fontsize": 9, "color": QUIET, "fontweight": "bold"}
        kept = self.fast.figure.text(0.055, 0.06, "", **words)
        self._kept = self.fast.add("kept borders", kept, seldom=True)
        self.fast.figure.text(0.055, 0.015, "Areas: the sepals at their means.", fontsize=9, color=INK)

    def png(self, answers: Array, wrong: Array, kept: Array | None) -> bytes:
        """answers, kept (UP, ACROSS): classes; wrong (150,): whether a flower is, the training ones first."""
        cells = answers.astype(float)
        if kept is not None:
            cells[borders(kept)] = len(SPECIES)
        self.answers.cells = cells
        self._wrong.set_data(*self._flowers[wrong][:, 2:].T)
        self._kept.set_text("" if kept is None else "Gray: borders of the kept run")
        return self.fast.png()


class CurvesFigure:
    """Cost, ‖δ^l‖ and the error of every neuron, one above the other over the same epochs."""

    def __init__(self) -> None:
        self.fast = FastFigure(CURVES, HEIGHT)
        self.fast.figure.set_layout_engine("none")  # everything has its fixed place

        def axes(name: str, top: int, height: int, title: str, **options: Any) -> EpochAxes:
            box = (42 / CURVES, 1 - (top + height) / HEIGHT, 210 / CURVES, height / HEIGHT)
            return EpochAxes(self.fast, name, box, title, **options)

        self.cost = axes("cost", 44, 102, "Cost", above=24 / HEIGHT)
        self.delta = axes("delta", 198, 102, "Size of the errors, ‖δˡ‖", above=24 / HEIGHT)
        self.map = axes("map", 336, 96, "Error δ of every neuron", is_map=True)
        self.lines: dict[str, Any] = {}
        for name, label, color, dash, above in (
            ("training", "training", INK, DASHES[0], 3),
            ("held out", "held out", HELD_OUT, DASHES[1], 3),
            ("kept training", "kept", QUIET, DASHES[2], 2),
            ("kept held out", "_", HELD_OUT, DASHES[3], 2),
        ):
            self._line(self.cost, f"cost {name}", label=label, color=color, ls=dash, lw=1.5, zorder=above)
        grays = layer_colors(DEEPEST + 1)
        for l in range(1, DEEPEST + 2):
            style: Any = {"color": grays[l - 1], "ls": DASHES[l - 1], "lw": 1.5, "zorder": 3}
            self._line(self.delta, f"delta {l}", label=f"l = {l}" if l == 1 else str(l), **style)
        row: Any = {"frameon": False, "fontsize": 8, "ncols": 5, "borderaxespad": 0, "borderpad": 0}
        row |= {"loc": "lower left", "handlelength": 2, "handletextpad": 0.4, "columnspacing": 0.6}
        row["bbox_to_anchor"] = (-0.04, 1.07)
        self.costs = self.fast.add("costs", self.cost.axes.legend(**row), seldom=True)
        self.legend = self.fast.add("legend", self.delta.axes.legend(**row), seldom=True)
        for line in (*self.costs.get_lines(), *self.legend.get_lines()):
            line.set_marker("")
        self.map.axes.spines[:].set_visible(False)
        self.errors = self.fast.add(
            "errors", Cells(self.map.axes, colormaps["cividis"], SEEN_ERRORS, log=True)
        )
        style = {"fontsize": 9, "color": INK, "ha": "right", "va": "center", "clip_on": False}
        style["transform"] = self.map.axes.transAxes
        self.names = [
            self.fast.add(f"layer {l}", self.map.axes.text(-0.02, 0, "", **style), seldom=True)
            for l in range(1, DEEPEST + 2)
        ]
        words: Any = {"fontsize": 8.5, "color": INK, "ha": "right"}
        self.fast.figure.text(252 / CURVES, 0.015, "epoch; dark: 1e−5, yellow: 1", **words)

    def _line(self, axes: EpochAxes, name: str, **style: Any) -> None:
        if "kept" not in name:  # the last point is marked: where the run is now
            style |= {"marker": "o", "ms": 4.5, "mfc": HERE, "mec": INK, "mew": 0.8, "clip_on": False}
        self.lines[name] = self.fast.line(name, axes.axes, **style)

    def html(self, run: Seen, kept: Seen | None) -> str:
        """The curves of a run up to its epoch, beside those of the cost of a kept one."""
        at, history = run.at, run.history
        costs: dict[str, Any] = {}
        for kind, of in (("", run), ("kept ", kept)):
            if of is not None:
                costs[f"cost {kind}training"] = of.history.cost
                costs[f"cost {kind}held out"] = of.history.held_out_cost
        norms = {f"delta {l}": history.delta_norm(l) for l in history.delta}
        curves: dict[str, Array] = {name: values[: at + 1] for name, values in (costs | norms).items()}
        for name, line in self.lines.items():
            values = curves.get(name, np.zeros(0))
            line.set_data(np.arange(len(values)), values)
            line.set_markevery([max(0, len(values) - 1)])
        self.cost.fit(at, [curves[n] for n in costs])
        self.delta.fit(at, [curves[n] for n in norms])
        self.map.fit(at)
        name_only(self.costs, (True, True, kept is not None))
        name_only(self.legend, (l in history.delta for l in range(1, DEEPEST + 2)))
        self.errors.cells = errors = stacked(history.delta, at)
        top, parts = 0, []
        for l, text in enumerate(self.names, 1):
            height = history.delta[l].shape[1] if l in history.delta else 0
            text.set_text(f"δ{superscript(l)}" if height else "")
            text.set_y(1 - (top + height / 2) / len(errors))
            for j in range(height):
                parts.append((f"delta.{l}.{j}", *self.fast.cell(self.map.axes, top + j, len(errors))))
            top += height + 1
        for l in history.delta:  # where the run is now
            size = norms[f"delta {l}"][at]
            if size > 0:
                parts.append((f"delta.{l}", self.delta.axes, (at, size), 16))
        alt = f"Curves up to epoch {at}: training and held-out cost, and the size of the errors by layer."
        return self.fast.html(alt, parts=parts)


class IrisLab(Scene):
    """Every control of the lab may be moved; a run can be kept, and another one seen beside it."""

    children: Any

    def __init__(self, settings: Settings, epoch: int, kept: Settings | None) -> None:
        self._runs, self._kept_runs = Runs(), Runs()
        self._kept, self._first_kept = kept, kept
        flowers = [self._runs.train, self._runs.held_out]
        self._x, self._y = self._runs.train.columns()
        self._all_x = np.hstack([each.x.T for each in flowers])
        self._labels = np.hstack([each.labels for each in flowers])
        self._plane = petal_plane()
        self._in_cm = PlaneFigure(*split(load_iris(), 0.7, seed=0))
        self._curves = CurvesFigure()
        controls = {
            "layers": slider("Hidden layers", 1, 0, DEEPEST),
            **{f"size_{i}": slider(f"Layer {i}", 5, 1, WIDEST) for i in range(1, DEEPEST + 1)},
            "activation": choice("Hidden activation", HIDDEN, "sigmoid"),
            "cost": choice("Cost", COSTS),
            "eta": LogSlider("Learning rate η", 3.0, 0.1, 30),
            "batch": choice("Batch", BATCHES, 10),
            "seed": IntegerBox("Seed", 0, 0, 999),
            "epoch": slider("Epoch", FIRST_EPOCH, 0, EPOCHS),
        }
        for name, value in _values(settings, epoch).items():
            controls[name].value = value
        super().__init__(controls, self._drawn, play="epoch", living=True)
        self.keep_button = W.Button(tooltip="See this run beside the next ones, or no longer")
        self.keep_button.on_click(lambda _: self.keep(None if self._kept else self.settings()))
        self._arrange()

    def settings(self) -> Settings:
        """The settings that the controls say now."""
        return _settings(**{name: value for name, value in self._values().items() if name != "epoch"})

    def keep(self, settings: Settings | None) -> None:
        """Show the run with these settings beside the present one; with None, none."""
        with self._drawing:
            self._kept, self._tried = settings, {}
        self._name_button()
        self.refresh()

    def reset(self) -> None:
        """Return every control, and the kept run, to what was seen first."""
        with self._drawing:
            self._kept, self._tried = self._first_kept, {}
        self._name_button()
        super().reset()

    def _name_button(self) -> None:
        self.keep_button.description = "Let the kept run go" if self._kept else "Keep this run"

    def _arrange(self) -> None:
        """Three rows of controls, below them what went wrong, then what they show."""
        self._name_button()
        widths = {"layers": 224, "activation": 226, "cost": 176, "batch": 168, "seed": 110, "epoch": 300}
        for name, control in self.controls.items():
            control.layout.width = f"{widths.get(name, 190)}px" if name != "eta" else "auto"
        self.controls["eta"].slider.layout.width = "236px"
        self.keep_button.layout.width = "auto"
        row, status, shown, living = self.children
        *controls, numbers_button = row.children
        row.children = [*controls, self.keep_button, numbers_button]
        row.layout.grid_gap = "2px 16px"
        self.children = [row, status, shown, living]

    def _parts(self) -> dict[str, str]:
        """As in every scene, but the sentence comes first, and the code with the numbers."""
        parts = super()._parts()
        return {
            "sentence": parts.pop("sentence"),
            **parts,
            "code": parts["code"] if self.numbers_button.value else "",
        }

    def _drawn(self, epoch: int, **values: Any) -> View:
        settings, kept = _settings(**values), self._kept
        run = Seen(self._runs, settings, epoch)
        other = None if kept is None else Seen(self._kept_runs, kept, epoch)
        return self._view(run, other, epoch)

    def _view(self, run: Seen, kept: Seen | None, epoch: int) -> View:
        net, history, at, settings = run.net, run.history, run.at, run.settings
        flowers = (self._x, self._y, settings.cost)
        back, rises = backprop(net, *flowers), work(net, *flowers)
        idle = set() if run.is_doubtful else idle_neurons(rises, run.cost)
        sentence = run.sentence()
        if settings.hidden and not run.is_doubtful:
            last = float(history.delta_norm(net.L)[at])
            ratio = float(history.delta_norm(1)[at]) / last if last else 0.0
            sentence += f" ‖δ¹‖ is {number(ratio, 2)} times ‖δᴸ‖."
            sentence += idle_sentence(len(idle), sum(settings.hidden))
        sentence += "" if kept is None else kept.beside(settings)
        quantities = {
            "training cost": run.cost,
            "held-out cost": history.held_out_cost[at],  # type: ignore[index]
            "training accuracy": history.accuracy[at],
            "held-out accuracy": history.held_out_accuracy[at],  # type: ignore[index]
            **{f"‖δ‖ of layer {l}": history.delta_norm(l)[at] for l in history.delta},
            **largest_slopes(back.gradient.w),
        }
        below = f"below {number(rounded_up(max(TINY * run.cost, 1e-300)), 1)}"
        cells = {name: number(value, 4) for name, value in quantities.items()}
        missed = more_cost(rises, run.cost)
        cells |= {name: number(value, 2) if value else below for name, value in missed.items()}
        left_open = set(cells)
        if run.twin is not None:  # all that the history holds has been compared
            twins = largest_slopes(backprop(run.twin, *flowers).gradient.w)
            twins |= more_cost(work(run.twin, *flowers), run.cost)
            left_open = {name for name, value in twins.items() if differ((quantities | missed)[name], value)}
        is_open = run.is_doubtful or not left_open.isdisjoint(missed)
        rows = [[name, OPEN if name in left_open else cell] for name, cell in cells.items()]
        alt = (
            "The plane of the two petal measures with the answers of the net and the 150 flowers; the net, "
            "every neuron drawn as its activation over this plane; over the epochs the cost, the errors by "
            f"layer, and the error of every neuron. {sentence}"
        )
        line = line_of(settings, epoch, None if kept is None else kept.settings)
        html = (
            '<div style="display:flex;flex-wrap:wrap;gap:6px">'
            f"{_pane(PLANE, self._plane_html(run, kept, alt))}"
            f"{_pane(NetOfMaps.width, self._net_html(run, back.a, rises, idle, is_open))}"
            f"{_pane(CURVES, self._curves.html(run, kept))}</div>"
            f'<p style="{SHARED}">This state again: <code style="user-select:all">{escape(line)}</code></p>'
        )
        unfinished = [each for each in (run, kept) if each is not None and not each.is_finished]
        return View(
            html,
            alt,
            sentence,
            [["quantity", "value"], *rows],
            _code(settings, at, run.layers),
            idle=frozenset(f"size_{i}" for i in range(len(settings.hidden) + 1, DEEPEST + 1)),
            progress=(min(each.at for each in unfinished), epoch) if unfinished else None,
        )

    def _plane_html(self, run: Seen, kept: Seen | None, alt: str) -> str:
        def answers(net: Network, x: Array) -> Array:
            classes: Array = feed_forward(net, x)[1][net.L].argmax(axis=0)
            return classes

        shape, wrong = (UP, ACROSS), answers(run.net, self._all_x) != self._labels
        others = None if kept is None else answers(kept.net, self._plane).reshape(shape)
        png = self._in_cm.png(answers(run.net, self._plane).reshape(shape), wrong, others)
        return image_html(png, alt, PLANE, HEIGHT)

    def _net_html(
        self, run: Seen, a: Mapping[int, Array], rises: Mapping[int, Array], idle: Any, is_open: bool
    ) -> str:
        net = run.net
        coarse = self._plane.reshape(4, UP, ACROSS)[:, ::COARSE, ::COARSE]
        over = feed_forward(net, coarse.reshape(4, -1))[1]
        layers = range(1, net.L + 1)
        limits = {l: _limits(run.layers[l][0], over[l], a[l]) for l in layers}
        alt = f"The {run.name} with its weights after {run.at} epoch{'s' * (run.at != 1)}."
        if idle:
            alt += " Idle: " + "; ".join(
                f"of layer {l} " + ", ".join(str(j) for m, j in sorted(idle) if m == l)
                for l in sorted({l for l, _ in idle})
            )
            alt += "."
        captions = [("flower",), *((f"layer {l}", run.layers[l][0]) for l in layers)]
        groups = [self._y[s] == 1 for s in range(3)]
        drawn = NetOfMaps(
            weights=net.w,
            maps={l: over[l].reshape(len(over[l]), *coarse.shape[1:]) for l in layers},
            limits=limits,
            means={l: np.column_stack([a[l][:, these].mean(axis=1) for these in groups]) for l in layers},
            work={
                l: np.array([float(f"{v:.2g}") for v in certain(rise, run.cost)]) for l, rise in rises.items()
            },
            idle=idle,
            names=(NAMES, SPECIES),
            captions=captions,
            colors=SPECIES_COLORS,
            buttons={l: (f"size_{l}", 1, WIDEST) for l in range(1, net.L)},
            is_open=is_open,
        )
        return f'{drawn.svg(alt)}<p style="{KEY}">{MAP_KEY}</p>'


def _pane(width: int, picture: str) -> str:
    """A picture that gives up a quarter of its width before what is beside it goes below it."""
    style = f"flex:{width} 1 {0.75 * width:.0f}px;max-width:{width}px;line-height:0"
    return f'<div style="{style}">{picture}</div>'


def _limits(activation: str, *answers: Array) -> tuple[float, float]:
    """The ends of the colors for a layer: all that its activation can answer, or all that it does."""
    if activation in ENDS_OF:
        return ENDS_OF[activation]
    low, high = min(float(each.min()) for each in answers), max(float(each.max()) for each in answers)
    return (low, high) if high > low else (low, low + 1.0)


def _code(settings: Settings, at: int, layers: list[tuple[str, int]]) -> str:
    """Python that trains this net anew, and gives the numbers of the table."""
    cost = settings.cost
    options = f"learning_rate={settings.learning_rate!r}, batch_size={settings.batch_size}, "
    options += f"seed={settings.seed}, held_out=held_out"
    run = f'train(net, data, "{cost}", epochs={at}, {options})'
    if at == 0:  # there is nothing to train
        run = f'Trainer(net, data, "{cost}", {options}).history()'
    return (
        "from backprop_lib import Network, backprop, load_iris, split, standardize\n"
        f"from backprop_lib.training import {run.partition('(')[0]}\n"
        "from backprop_lib.figures.iris_lab import work\n"
        "data, held_out = standardize(*split(load_iris()))\n"
        f"net = Network({layers}, seed={settings.seed})\n"
        f"history = {run}\n"
        "of_all = [history.cost, history.held_out_cost, history.accuracy, history.held_out_accuracy]\n"
        "of_layers = [history.delta_norm(l) for l in net.w]\n"
        f'slopes = backprop(net, *data.columns(), "{cost}").gradient.w\n'
        f'rises = work(net, *data.columns(), "{cost}")\n'
        "[*(v[-1] for v in of_all + of_layers), *(abs(w).max() for w in slopes.values()), rises]"
    )


def _settings(
    layers: int, activation: str, cost: str, eta: float, batch: int, seed: int, **sizes: int
) -> Settings:
    hidden = tuple(sizes[f"size_{i}"] for i in range(1, layers + 1))
    return Settings(hidden, activation, cost, eta, batch, seed)


def _values(settings: Settings, epoch: int) -> dict[str, Any]:
    """The controls that say these settings."""
    hidden, activation, cost, eta, batch, seed = settings
    sizes = {f"size_{i}": size for i, size in enumerate(hidden, 1)}
    named = {"activation": activation, "cost": cost, "eta": eta, "batch": batch, "seed": seed, "epoch": epoch}
    return {"layers": len(hidden)} | sizes | named


def _checked(given: Settings) -> Settings:
    """Settings for which the lab has a control, or a ValueError that names what is wrong."""
    hidden = tuple(listed("hidden", given.hidden))
    if len(hidden) > DEEPEST or not all(type(n) is int and 1 <= n <= WIDEST for n in hidden):
        wanted = f"up to {DEEPEST} whole numbers from 1 to {WIDEST}"
        raise ValueError(f"hidden: expected {wanted}, got {shown(given.hidden)}")
    for field, known in (("activation", HIDDEN), ("cost", COSTS.values()), ("batch_size", BATCHES.values())):
        value = getattr(given, field)
        if type(value) not in map(type, known) or value not in known:  # True is no number
            listing = ", ".join(map(str, known))
            raise ValueError(f"{field}: expected one of {listing}, got {shown(value)}")
    _in_range("learning_rate", given.learning_rate, 0.1, 30)
    _in_range("seed", given.seed, 0, 999)
    return given._replace(hidden=hidden, learning_rate=float(given.learning_rate))


def _in_range(name: str, value: Any, low: float, high: float) -> None:
    whole = isinstance(low, int)
    is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        wanted = f"a {'whole ' * whole}number from {low} to {high}"
        raise ValueError(f"{name}: expected {wanted}, got {shown(value)}")


def iris_lab(
    hidden: Sequence[int] = (5,),
    activation: str = "sigmoid",
    cost: str = "quadratic",
    learning_rate: float = 3.0,
    batch_size: int = 10,
    seed: int = 0,
    epoch: int = FIRST_EPOCH,
    kept: Mapping[str, Any] | None = None,
) -> IrisLab:
    """What every neuron computes while a net learns three kinds of iris; every control may be moved.

    hidden   the sizes of the hidden layers: up to four, of 1 to 12 neurons
    epoch    0 … 500; kept: the settings of a run that is seen beside this one, by the names used here

    The line below the picture has the arguments of what is seen. Raises ValueError or TypeError naming the
    argument.
    """
    _in_range("epoch", epoch, 0, EPOCHS)
    if not isinstance(kept, Mapping | None):
        raise TypeError(f"kept: expected a dict of settings, got {shown(kept)}")
    if unknown := [name for name in kept or () if name not in Settings._fields]:
        raise ValueError(f"kept: expected some of {', '.join(Settings._fields)}, got {shown(unknown[0])}")
    other = None if kept is None else _checked(Settings(**kept))
    settings = Settings(hidden, activation, cost, learning_rate, batch_size, seed)
    return IrisLab(_checked(settings), epoch, other)
