"""The mathematics stands alone: it draws nothing, and its independent ways share no mathematics."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "backprop_lib"
STANDARD = set(sys.stdlib_module_names)
# A room may use those before it in this list, and of these only the ones that are named.
ROOMS = {
    "mathematics": set(),
    "other_ways": {"mathematics"},
    "course": {"mathematics", "other_ways"},
    "drawing": {"mathematics"},
    "figures": {"mathematics", "other_ways", "course", "drawing"},
}
OUTSIDE = {"mathematics": {"numpy"}, "other_ways": {"numpy"}, "course": {"numpy"}}
MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py")
)
MODULES = [module for module in MODULES if not module.endswith("__init__")]


def room_of(module: str) -> str:
    """The folder of a module of the package; the mathematics is on top."""
    return module.split(".")[0] if "." in module else "mathematics"


def imports(source: str) -> set[str]:
    """The modules that a source text imports: "numpy", "backprop_lib.costs", …"""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module.split(".")[0] == "backprop_lib":  # a module of a room, or a name of a module
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def of(module: str) -> set[str]:
    return imports((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))


def ours(names: set[str]) -> set[str]:
    """The modules of the package among these names."""
    found = {name.removeprefix("backprop_lib.") for name in names if name.startswith("backprop_lib.")}
    return {name for name in found if name in MODULES}


def reached(*modules: str) -> set[str]:
    """These modules and all that they import, and what those import."""
    seen: set[str] = set()
    new = set(modules)
    while new:
        seen |= new
        new = {name for module in new for name in ours(of(module))} - seen
    return seen


def test_every_module_is_in_a_room_that_is_named() -> None:
    assert {room_of(module) for module in MODULES} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_uses_only_the_rooms_above_it(module) -> None:
    room = room_of(module)
    assert {room_of(name) for name in ours(of(module))} <= ROOMS[room] | {room}
    if room in OUTSIDE:
        roots = {name.split(".")[0] for name in of(module)}
        besides = {"mpmath"} if module == "course.certified" else set()  # imported when it is asked for
        assert roots - STANDARD - {"backprop_lib"} <= OUTSIDE[room] | besides


@pytest.mark.parametrize("module", MODULES)
def test_modules_do_not_import_one_another_in_a_circle(module) -> None:
    assert module not in reached(*ours(of(module)))


def test_the_other_ways_share_nothing_with_the_equations_or_one_another() -> None:
    for way, others in (
        ("equations", {"other_ways.neurons", "other_ways.autodiff", "gradient_check"}),
        ("other_ways.neurons", {"equations", "activations", "costs", "other_ways.autodiff"}),
        ("other_ways.autodiff", {"equations", "activations", "costs", "other_ways.neurons"}),
    ):
        assert not reached(way) & others


@pytest.mark.parametrize("module", ["other_ways.neurons", "other_ways.autodiff"])
def test_the_readable_ways_need_no_numpy(module) -> None:
    for name in reached(module):
        assert {root.split(".")[0] for root in of(name)} - {"backprop_lib"} <= STANDARD


def test_an_import_inside_a_function_is_found() -> None:
    assert imports("def f():\n    import matplotlib.pyplot\n    from backprop_lib.drawing import plots") == {
        "matplotlib.pyplot",
        "backprop_lib.drawing",
        "backprop_lib.drawing.plots",
    }


def test_the_mathematics_and_the_course_can_be_imported_where_numpy_alone_is_installed() -> None:
    program = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'IPython', 'sympy', 'PIL'): sys.modules[name] = None\n"
        "from backprop_lib import Network, backprop, check, check_gradient, cost_of\n"
        "from backprop_lib import feed_forward, load_iris, numerical_gradient, split, standardize, train\n"
        + "".join(f"import backprop_lib.{module}\n" for module in MODULES if room_of(module) in OUTSIDE)
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "module, missing",
    [
        ("drawing.plots", "matplotlib"),
        ("figures.clones", "matplotlib"),
        ("figures.iris_lab", "matplotlib"),
        ("figures.nudge", "ipywidgets"),
        ("figures.sealed", "IPython"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(module, missing) -> None:
    program = f"import sys\nsys.modules['{missing}'] = None\nimport backprop_lib.{module}\n"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    said = run.stderr.strip().splitlines()[-1]
    assert said.startswith("ModuleNotFoundError: backprop_lib.") and f" needs {missing}, " in said
    assert 'in the folder of the course, pip install ".[notebooks]"' in said


EXTRAS = ("matplotlib", "ipywidgets", "IPython", "sympy", "PIL")


@pytest.mark.parametrize("missing", [*((name,) for name in EXTRAS), EXTRAS], ids=" ".join)
def test_every_module_imports_or_names_what_is_missing(missing: tuple[str, ...]) -> None:
    program = (
        "import importlib, sys\n"
        f"for name in {missing}: sys.modules[name] = None\n"
        "for module in sys.argv[1:]:\n"
        "    try: importlib.import_module(f'backprop_lib.{module}')\n"
        "    except ModuleNotFoundError as error: print(module, error)\n"
    )
    command = [sys.executable, "-c", program, *MODULES]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    named = [
        line.split()[0] for line in lines if 'in the folder of the course, pip install ".[notebooks]"' in line
    ]
    assert len(named) == len(lines), lines
    assert missing != EXTRAS or {"figures.scene", "drawing.canvas"} <= set(named)


def test_no_module_uses_a_private_name_of_another() -> None:
    found = []
    for module in MODULES:
        tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                found += [f"{module}: {alias.name}" for alias in node.names if alias.name.startswith("_")]
    assert not found
