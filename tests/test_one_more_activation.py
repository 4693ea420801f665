"""One more activation is one entry in the table of each program: the menus, training and the check follow."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENTRIES = {
    "activations.py": """
        "softplus": Activation(
            "softplus",
            lambda z: np.where(np.real(z) < 0, 0.0, z) + np.log1p(np.exp(np.where(np.real(z) < 0, z, -z))),
            lambda z: _sigmoid(z),
        ),""",
    "other_ways/neurons.py": """
        "softplus": (lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))), _sigmoid),""",
    "other_ways/autodiff.py": """
        "softplus": lambda z: (1 + z.exp()).log(),""",
}
THE_THREE_AGREE = """
import numpy as np
from backprop_lib import Network, backprop, check_gradient, load_iris, standardize, train
from backprop_lib.other_ways.bridge import autodiff_gradient, graph_from, graph_gradient
(flowers,) = standardize(load_iris())
x, y = flowers.take(range(0, 150, 10)).columns()
net = Network([("identity", 4), ("softplus", 5), ("softplus", 3)], seed=0)
theta = backprop(net, x, y).gradient.theta
for other in (graph_gradient(graph_from(net), x, y, "quadratic"), autodiff_gradient(net, x, y, "quadratic")):
    assert np.linalg.norm(other.theta - theta) < 1e-12 * np.linalg.norm(theta)
assert check_gradient(net, x, y).passed and check_gradient(net, x, y, method="complex").passed
cost = train(net, flowers, learning_rate=0.1, epochs=20).cost
assert cost[-1] < 0.5 * cost[0], cost
"""
EVERY_MENU_HAS_IT = """
import importlib
from backprop_lib.figures import figure_names
for name in figure_names():
    scene = getattr(importlib.import_module(f"backprop_lib.figures.{name}"), name)()
    for control in scene.controls.values():
        if "relu" in (options := getattr(control, "options", ())):
            assert "softplus" in options, name
            control.value = "softplus"
            assert scene.error is None, scene.error
            assert "softplus" in scene.view.code, scene.view.code
            print(name)
"""
TABLES_ARE_ALIKE = f"""
import sys
sys.path.append({str(ROOT / "tests")!r})
import test_agreement
test_agreement.test_the_three_programs_have_the_same_activations_and_costs()
"""


def run_with_softplus(folder: Path, program: str, tables=tuple(ENTRIES)) -> subprocess.CompletedProcess:
    """What a program says that runs on a copy of the package, with softplus in these tables."""
    for name in ("backprop_lib", "datasets"):
        shutil.copytree(ROOT / name, folder / name)
    for table in tables:
        path = folder / "backprop_lib" / table
        text = path.read_text(encoding="utf-8")
        before, first_line, after = re.split(r"(?m)^(ACTIVATIONS: dict.* = \{)$", text)
        path.write_text(before + first_line + ENTRIES[table] + after, encoding="utf-8")
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)


def test_the_three_programs_agree_on_it_and_it_learns(tmp_path) -> None:
    done = run_with_softplus(tmp_path, THE_THREE_AGREE)
    assert done.returncode == 0, done.stderr


@pytest.mark.any_kernel
def test_every_menu_of_activations_offers_it_and_the_figure_draws_it(tmp_path) -> None:
    done = run_with_softplus(tmp_path, EVERY_MENU_HAS_IT)
    assert done.returncode == 0, done.stderr
    assert {"stepper", "depth", "iris_lab"} <= set(done.stdout.split())


@pytest.mark.parametrize("forgotten", ENTRIES)
def test_a_table_that_was_forgotten_is_seen_at_once(tmp_path, forgotten) -> None:
    done = run_with_softplus(tmp_path, TABLES_ARE_ALIKE, [table for table in ENTRIES if table != forgotten])
    assert done.returncode == 1 and f"{Path(forgotten).stem} has no softplus" in done.stderr


def test_three_entries_make_the_tables_alike(tmp_path) -> None:
    assert run_with_softplus(tmp_path, TABLES_ARE_ALIKE).returncode == 0
