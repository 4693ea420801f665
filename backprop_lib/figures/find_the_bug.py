"""Find the bug: a net trains with a gradient that may be wrong, and only the gradient check notices."""

from __future__ import annotations

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from backprop_lib.arguments import Array, one_of
from backprop_lib.course.mistakes import MISTAKES
from backprop_lib.data import load_iris, split, standardize
from backprop_lib.drawing.canvas import FastFigure, logarithmic, styled
from backprop_lib.drawing.colors import INK, QUIET, RIGHT, WRONG
from backprop_lib.drawing.net import superscript
from backprop_lib.drawing.svg import number
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.figures.reproducible import ELSEWHERE, OPEN, moved, parted, rounded_up, tied, twin_of
from backprop_lib.figures.scene import Scene, View, choice, when_idle
from backprop_lib.gradient_check import Report, check_gradient
from backprop_lib.network import Network

STEPS = 150
WIDTH, HEIGHT = 480, 330
SPECIFICATION = [("identity", 4), ("sigmoid", 4), ("sigmoid", 4), ("sigmoid", 3)]


def symbol(block: str) -> str:
    """The name of a block as the equations write it.

    >>> symbol("w1")
    'w¹'
    """
    return block[0] + superscript(int(block[1:]))


def bug_order() -> list[str]:
    """The mistakes in an order that does not give them away; "" stands for the right gradient."""
    names = [*MISTAKES, ""]
    return [names[i] for i in np.random.default_rng(11).permutation(len(names))]


class BugRun(NamedTuple):
    """Cost over full-batch steps, held-out accuracy at the end, and the check of the gradient before.

    `doubtful` says whether round-off has grown so much that another computer may end elsewhere.
    """

    costs: Array
    accuracy: float
    report: Report
    doubtful: bool


def train_with(name: str) -> BugRun:
    """A net trained with the gradient of a mistake, or with the right one for ""."""
    train, held_out = standardize(*split(load_iris()))
    (x, y), net = train.columns(), Network(SPECIFICATION, seed=2)
    wrong = MISTAKES[one_of("name", name, MISTAKES)].gradient if name else lambda *a: backprop(*a).gradient
    report = check_gradient(net, x, y, gradient=wrong)
    costs, twin, doubtful = [cost_of(net, x, y)], twin_of(net), False
    chance = np.random.default_rng(0)
    for _ in range(STEPS):
        for one in (net, twin):
            step = wrong(one, x, y, "quadratic").theta
            one.theta -= min(3.0, 3.0 / max(1e-12, float(np.linalg.norm(step)))) * step
        twin.theta[...] = moved(twin.theta, chance)
        costs.append(cost_of(net, x, y))
        doubtful |= parted(net, twin, costs[-1], cost_of(twin, x, y))
    z, a = feed_forward(net, held_out.x.T)
    doubtful |= tied(z[net.L])
    answers = a[net.L].argmax(axis=0)
    return BugRun(np.array(costs), float((answers == held_out.labels).mean()), report, doubtful)


def find_the_bug() -> Scene:
    """The cost while training with a mystery gradient, beside the error of every block of that gradient."""
    order = bug_order()
    run_of = cache(train_with)
    fast = FastFigure(WIDTH, HEIGHT, panes=2)
    left, right = (pane.subplots() for pane in fast.panes)
    styled(left, "Cost while training", "step").set(xlim=(0, STEPS), ylim=(0, 0.5))
    left.yaxis.set_major_formatter(lambda value, _: number(value))
    line = fast.line("cost", left, color=INK, lw=1.8, zorder=3)
    blocks = [f"{kind}{l}" for l in (1, 2, 3) for kind in "wb"]
    styled(right, "Error of each block", "", "", grid=False)
    logarithmic(right, "y")
    right.set(xlim=(-0.6, len(blocks) - 0.4), ylim=(1e-12, 3))
    right.set_xticks(range(len(blocks)), map(symbol, blocks))
    right.axhline(1e-7, color=QUIET, ls=":", lw=1)
    right.text(len(blocks) - 0.5, 1.6e-7, "tolerance", ha="right", color=QUIET)
    dots = {
        verdict: fast.line(verdict, right, marker, ms=9, color=color, zorder=3, ls="none")
        for verdict, marker, color in (("ok", "o", RIGHT), ("wrong", "X", WRONG))
    }

    def draw(mystery: int, reveal: bool) -> View:
        name = order[mystery - 1]
        costs, accuracy, report, doubtful = run_of(name)
        for neighbor in (order[mystery % len(order)], order[mystery - 2]):
            when_idle(partial(run_of, neighbor))
        line.set_data(np.arange(len(costs)), costs)
        fast.fit(left, ylim=(0, rounded_up(float(costs.max()))))
        for verdict, artist in dots.items():
            chosen = [(i, b.error) for i, b in enumerate(report.blocks) if b.passed == (verdict == "ok")]
            artist.set_data([i for i, _ in chosen], [max(e, 2e-12) for _, e in chosen])
        fell = "fell" if costs[-1] < costs[0] else "rose"
        refused = ", ".join(map(symbol, report.failed))
        found = f"the check refuses {refused}" if refused else "the check passes"
        end = f"The cost {fell} from {number(costs[0])}"
        if doubtful:
            sentence = f"{end}; how far depends on round-off, and {ELSEWHERE}; {found}."
        else:
            known = f"{round(45 * accuracy)} of 45 held-out flowers right"
            sentence = f"{end} to {number(costs[-1])}, with {known}; {found}."
        if reveal:
            title = MISTAKES[name].title if name else "no mistake at all"
            sentence += f" It is: {title}."
        rows: list[list[object]] = [
            ["", "number", "verdict"],
            ["first cost", number(costs[0]), ""],
            ["last cost", OPEN if doubtful else number(costs[-1]), fell],
            ["held-out flowers right", OPEN if doubtful else round(45 * accuracy), "of 45"],
        ]
        for block in report.blocks:
            size = number(block.error, 2) if not block.passed else "below 1e−7"
            rows.append([f"error of {symbol(block.name)}", size, "right" if block.passed else "wrong"])
        alt = f"The cost over {STEPS} steps, and the error of the six blocks of the gradient. {sentence}"
        of_blocks = f"The error of the six blocks of the gradient, and the tolerance 1e−7; {found}."
        code = (
            "from backprop_lib.figures.find_the_bug import bug_order, train_with\n"
            f"costs, accuracy, report, doubtful = train_with(bug_order()[{mystery - 1}])\n"
            "[costs[0], costs[-1], 45 * accuracy, *(block.error for block in report.blocks)]"
        )
        return View(fast.html(alt, of_blocks), alt, sentence, rows, code)

    controls = {
        "mystery": choice("Gradient", [(f"mystery {i}", i) for i in range(1, len(order) + 1)]),
        "reveal": choice("Answer", [("hidden", False), ("shown", True)]),
    }
    return Scene(controls, draw)
