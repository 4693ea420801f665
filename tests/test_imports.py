"""The mathematics stands alone: it draws nothing, and its independent ways share no code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "backprop_lib"
MATHEMATICS = [
    "arguments",
    "activations",
    "costs",
    "network",
    "equations",
    "gradient_check",
    "training",
    "data",
    "derivations",
    "mistakes",
    "results",
    "answers",
    "equation_exercises",
    "puzzles",
    "exercises",
    "bridge",
    "neurons",
    "autodiff",
]
STANDARD = set(sys.stdlib_module_names)


def imports(source: str) -> set[str]:
    """The modules that a source text imports: "numpy", "backprop_lib.costs", …"""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "backprop_lib":
                found |= {f"backprop_lib.{alias.name}" for alias in node.names}
    return found


def of(module: str) -> set[str]:
    return imports((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MATHEMATICS)
def test_the_mathematics_needs_numpy_and_itself_alone(module) -> None:
    roots = {name.split(".")[0] for name in of(module)}
    assert roots - STANDARD <= {"numpy", "backprop_lib"}
    ours = {name.split(".")[1] for name in of(module) if name.startswith("backprop_lib.")}
    assert ours <= set(MATHEMATICS)


@pytest.mark.parametrize("module", ["neurons", "autodiff"])
def test_the_readable_ways_need_no_numpy_and_no_other_way(module) -> None:
    assert {name.split(".")[0] for name in of(module)} <= STANDARD


def test_the_equations_use_neither_of_the_other_ways() -> None:
    reached, new = set(), {"equations"}
    while new:
        reached |= new
        new = {n.split(".")[1] for m in new for n in of(m) if n.startswith("backprop_lib.")} - reached
    assert not reached & {"neurons", "autodiff", "gradient_check"}


def test_an_import_inside_a_function_is_found() -> None:
    assert imports("def f():\n    import matplotlib.pyplot\n    from backprop_lib import plots") == {
        "matplotlib.pyplot",
        "backprop_lib",
        "backprop_lib.plots",
    }


def test_the_mathematics_can_be_imported_where_nothing_else_is_installed() -> None:
    program = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'IPython', 'sympy', 'PIL'): sys.modules[name] = None\n"
        + "".join(f"import backprop_lib.{module}\n" for module in MATHEMATICS)
    )
    subprocess.run([sys.executable, "-c", program], check=True)
