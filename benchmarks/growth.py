"""How the time of one gradient grows with the parameters and with the examples: benchmarks/growth.png."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backprop_lib.equations import backprop
from backprop_lib.network import Network
from benchmarks.measure import Job, in_turns

EXAMPLES = 100
WIDTHS = (6, 15, 30, 65, 135, 300, 650, 960)
COUNTS = (10, 32, 100, 316, 1_000, 3_162, 10_000, 31_623, 100_000)


def gradient_of(sizes: list[int], examples: int) -> tuple[int, Job]:
    """The number of parameters, and the job of one gradient of a net of sigmoid neurons."""
    net = Network([("identity", sizes[0]), *(("sigmoid", n) for n in sizes[1:])])
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((sizes[0], examples)), rng.random((sizes[-1], examples))
    return net.theta.size, Job(f"{sizes} {examples}", lambda: backprop(net, x, y), lambda: net.theta)


def growth(rounds: int) -> dict[str, tuple[Any, Any]]:
    """Sizes and median seconds: by parameters for nets n-n-n-10, by examples for 4-5-3."""
    nets = [gradient_of([n, n, n, 10], EXAMPLES) for n in WIDTHS]
    sets = [(m, gradient_of([4, 5, 3], m)[1]) for m in COUNTS]
    seconds = in_turns([job for _, job in nets + sets], rounds, least=0.002)
    return {
        name: (
            np.array([size for size, _ in runs]),
            np.array([np.median(seconds[job.name]) for _, job in runs]),
        )
        for name, runs in (("parameters", nets), ("examples", sets))
    }


def slope(sizes: Any, seconds: Any, last: int = 4) -> float:
    """The exponent p of seconds ∝ size^p, fitted on logarithmic axes to the largest sizes."""
    return float(np.polyfit(np.log(sizes[-last:]), np.log(seconds[-last:]), 1)[0])


def reading(curves: dict[str, tuple[Any, Any]]) -> str:
    """What the picture shows, in words."""
    by_parameters, by_examples = (slope(*curves[name]) for name in ("parameters", "examples"))
    return (
        "Time of one gradient on logarithmic axes. Small nets and small sets cost the same few calls. Then "
        f"the time grows with the number of parameters to the power {by_parameters:.2f}, and with the number "
        f"of examples to the power {by_examples:.2f}: twice the work takes about twice as long."
    )


def draw(curves: dict[str, tuple[Any, Any]], path: Path) -> None:
    """Both curves with their fitted slopes, as a PNG that carries its own alt text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    labels = {
        "parameters": f"parameters (nets n-n-n-10, {EXAMPLES} examples)",
        "examples": "examples (4-5-3)",
    }
    for axes, (name, (sizes, seconds)) in zip(
        figure.subplots(1, 2, sharey=True), curves.items(), strict=True
    ):
        exponent = slope(sizes, seconds)
        axes.loglog(sizes, seconds * 1e3, "o-", color="#2166AC", label="measured")
        line = seconds[-1] * (sizes[-4:] / sizes[-1]) ** exponent
        axes.loglog(sizes[-4:], line * 1e3, "--", color="#B35806", lw=2, label=f"slope {exponent:.2f}")
        axes.set_xlabel(labels[name])
        axes.grid(True, which="major", color="#dddddd")
        axes.legend(frameon=False, loc="upper left")
    figure.axes[0].set_ylabel("one gradient, ms")
    figure.savefig(path, metadata={"Description": reading(curves), "Software": None})
