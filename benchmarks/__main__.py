"""`python -m benchmarks` measures everything and writes benchmarks/README.md; it fails if a must is missed.

--quick    fewer rounds, to see that it works; writes nothing
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import growth, peers, pytorch_names
from benchmarks.measure import Bound, Job, Row, in_turns, paired_ratio, quartiles, shown, table, verify
from benchmarks.problems import Problem, digits, iris

FOLDER = Path(__file__).parent
VERSIONS = ("numpy", "torch", "scikit-learn", "jax", "autograd", "micrograd")

IMPORTING = """
import time, numpy
start = time.perf_counter()
import backprop_lib, backprop_lib.training, backprop_lib.gradient_check, backprop_lib.other_ways.neurons
print(time.perf_counter() - start)
"""
REMEMBERING = """
import tracemalloc
from backprop_lib.training import train
from benchmarks.problems import LEARNING_RATE, digits
problem = digits(30)
tracemalloc.start()
train(problem.net, problem.data, problem.cost, LEARNING_RATE, 1, problem.batch_size)
print(tracemalloc.get_traced_memory()[1] / 2**20)
"""


class Bench:
    """One run: the rows so far, which peers are absent, and how many rounds to measure."""

    def __init__(self, quick: bool) -> None:
        self.quick = quick
        self.absent = peers.absent()
        self.rows: list[Row] = []
        self.times: list[Row] = []

    def rounds(self, full: int) -> int:
        return 3 if self.quick else full

    def times_of(
        self,
        work: str,
        problem: Problem,
        ours: Sequence[Callable[[Problem], Job]],
        theirs: dict[str, tuple[Callable[[Problem], Job], Bound | None]],
        rounds: int,
    ) -> dict[str, list[float]]:
        """Verify and time the jobs of one problem; a line of the second table for each of them.

        And one of the first for each peer with a bound: how many times faster our first job is.
        """
        jobs, bounds = [make(problem) for make in ours], {}
        for peer, (make, bound) in theirs.items():
            if peer in self.absent:
                self.times.append(Row(work, peer, "s", None, absent=self.absent[peer]))
                if bound:
                    faster = f"times faster than {peer}"
                    self.rows.append(Row(work, faster, "×", bound, absent=self.absent[peer]))
            else:
                jobs.append(make(problem))
                bounds[jobs[-1].name] = bound
        print(f"{work}: {', '.join(job.name for job in jobs)}", flush=True)
        verify(jobs, tolerance=1e-7 if any("check" in job.name for job in jobs) else 1e-9)
        seconds = in_turns(jobs, self.rounds(rounds))
        self.times += [Row(work, name, "s", None, quartiles(values)) for name, values in seconds.items()]
        for name, bound in bounds.items():
            if bound:
                ratio = paired_ratio(seconds[name], seconds[jobs[0].name])
                self.rows.append(Row(work, f"times faster than {name}", "×", bound, ratio))
        return seconds

    def measure(self) -> None:
        self.names()
        self.small_net()
        self.large_net()
        self.share_of_peak()
        self.checks()
        self.neurons()
        self.imports_and_memory()

    def names(self) -> None:
        """What the page on other conventions says of PyTorch, held against it."""
        if "PyTorch" not in self.absent:
            for pair in pytorch_names.said():
                verify(pair, tolerance=1e-12)

    def small_net(self) -> None:
        rivals = {
            "PyTorch": (peers.torch_gradient, Bound(4, 7)),
            "JAX": (peers.jax_gradient, None),
            "autograd": (peers.autograd_gradient, None),
        }
        ours = [peers.our_gradient, peers.our_equations]
        self.times_of("one gradient, 4-5-3, 150 examples", iris(5), ours, rivals, 60)

        work = "one epoch, 4-5-3, batch 10"
        rivals = {"PyTorch": (peers.torch_epoch, Bound(12, 18)), "JAX": (peers.jax_epoch, None)}
        ours = [peers.our_epoch, peers.our_recorded_epochs, peers.tuned_epoch]
        seconds = self.times_of(work, iris(5), ours, rivals, 60)
        tuned = paired_ratio(seconds["backprop_lib"], seconds["numpy, tuned by hand"])
        self.rows.append(Row(work, "times a loop tuned by hand", "×", Bound(1.25, 1, False), tuned))
        recorded = paired_ratio(seconds["backprop_lib, recorded"], seconds["backprop_lib"])
        work_recorded = "the same with cost, accuracy and every δ recorded"
        self.rows.append(Row(work_recorded, "times the bare epoch", "×", Bound(1.4, 1.2, False), recorded))

        problem = iris(5, cost="binary_cross_entropy")
        rivals = {"scikit-learn": (peers.sklearn_epoch, Bound(5, 10))}
        self.times_of(f"{work}, binary cross-entropy", problem, [peers.our_epoch], rivals, 60)

    def large_net(self) -> None:
        for size, torch, sklearn in (
            (10, Bound(3.5, 4.5), Bound(3, 4.5)),
            (32, Bound(2.5, 3), Bound(2.2, 3)),
        ):
            work = f"one epoch, 784-30-10, 10,000 examples, batch {size}"
            rivals = {"PyTorch": (peers.torch_epoch, torch), "JAX": (peers.jax_epoch, None)}
            self.times_of(work, digits(30, batch_size=size), [peers.our_epoch], rivals, 15)
            problem = digits(30, cost="binary_cross_entropy", batch_size=size)
            rivals = {"scikit-learn": (peers.sklearn_epoch, sklearn)}
            self.times_of(f"{work}, binary cross-entropy", problem, [peers.our_epoch], rivals, 15)

    def share_of_peak(self) -> None:
        work = "one gradient, 784-128-64-10, 10,000 examples"
        problem, n = digits(128, 64), 1024
        a, b, c = (np.random.default_rng(i).standard_normal((n, n)) for i in range(3))
        product = Job(
            "dgemm 1024³", lambda: np.matmul(a, b, out=c), lambda: peers.our_gradient(problem).answer()
        )
        rivals = {"PyTorch": (peers.torch_gradient, Bound(1, 1.2)), "JAX": (peers.jax_gradient, None)}
        seconds = self.times_of(work, problem, [peers.our_gradient, lambda _: product], rivals, 20)
        sizes, m = problem.net.sizes, len(problem.x)
        multiplied = m * sum(2 * n * k for k, n in zip(sizes[:-1], sizes[1:], strict=True))
        passed_back = m * sum(2 * n * k for k, n in zip(sizes[1:-1], sizes[2:], strict=True))
        peak = 2 * n**3 / min(seconds["dgemm 1024³"])
        shares = [100 * (2 * multiplied + passed_back) / s / peak for s in seconds["backprop_lib"]]
        self.rows.append(Row(work, "share of the dgemm peak", "%", Bound(70, 75), quartiles(shares)))

    def checks(self) -> None:
        for problem, worth, factor in (
            (iris(5), Bound(12, 9, False), Bound(15, 30)),
            (iris(32, 32), Bound(150, 120, False), Bound(12, 24)),
            (digits(30, examples=10), None, Bound(60, 100)),
        ):
            sizes = "-".join(map(str, problem.net.sizes))
            work = f"check of all {problem.net.theta.size:,} parameters, {sizes}, {len(problem.x)} examples"
            rivals = {"PyTorch": (peers.torch_gradcheck, factor)}
            rounds = 40 if len(problem.net.theta) < 100 else 6
            seconds = self.times_of(work, problem, [peers.our_check, peers.our_equations], rivals, rounds)
            if worth:
                ratio = paired_ratio(seconds["check_gradient"], seconds["backprop_lib, the equations"])
                self.rows.append(Row(work, "gradients' worth", "×", worth, ratio))

    def neurons(self) -> None:
        work = "one epoch of iris on the graph of neurons, ReLU 4-5-3, batch 10"
        rivals = {"micrograd": (peers.micrograd_epoch, Bound(3, 20))}
        problem = iris(5, activations=("relu", "identity"))
        self.times_of(work, problem, [peers.our_graph_epoch], rivals, 20)

    def imports_and_memory(self) -> None:
        for work, what, unit, program, bound in (
            ("import of the mathematics", "above import numpy", "ms", IMPORTING, Bound(40, 15, False)),
            (
                "784-30-10 epoch, recorded",
                "peak above the data (tracemalloc)",
                "MiB",
                REMEMBERING,
                Bound(10, 4, False),
            ),
        ):
            print(work, flush=True)
            numbers = [float(self.output_of(program)) for _ in range(self.rounds(21 if unit == "ms" else 3))]
            factor = 1e3 if unit == "ms" else 1
            self.rows.append(Row(work, what, unit, bound, quartiles([n * factor for n in numbers])))

    @staticmethod
    def output_of(program: str) -> str:
        """What a program prints, in a Python that keeps what it has compiled, as a learner's does."""
        command = [sys.executable, "-c", program]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            command, cwd=FOLDER.parent, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout


def machine() -> str:
    """Processor, system and versions; nothing that names the machine."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    installed = {each.name: each.version for each in importlib.metadata.distributions()}
    versions = [f"{name} {installed.get(name, 'absent')}" for name in VERSIONS]
    return (
        f"{model}, {os.cpu_count()} cores, of which one thread on one core was used; {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}, "
        f"{blas['name']} {blas['version'].split(' ')[0]}."
    )


def page(bench: Bench, curves: dict[str, tuple[Any, Any]], date: str) -> str:
    """The text of benchmarks/README.md."""
    template = (FOLDER / "template.md").read_text(encoding="utf-8")
    return template.format(
        date=date,
        machine=machine(),
        rows=table(bench.rows),
        times=table(bench.times, bounds=False),
        growth=growth.reading(curves),
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and write the table.")
    parser.add_argument("--quick", action="store_true", help="few rounds; writes nothing")
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    bench = Bench(options.quick)
    bench.measure()
    print("growth", flush=True)
    curves = growth.growth(bench.rounds(20))
    text = page(bench, curves, datetime.date.today().isoformat())
    if options.quick:
        print(text)
    else:
        growth.draw(curves, FOLDER / "growth.png")
        (FOLDER / "README.md").write_text(text, encoding="utf-8")
    failed = [row for row in bench.rows if row.failed]
    for row in failed:
        assert row.values
        print(f"missed: {row.work}, {row.what}: {shown(row.values[1], row.unit)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
