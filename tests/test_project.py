"""The files that say how to install and run the project agree with one another."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
BENCH_PINS = (ROOT / "benchmarks" / "constraints.txt").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def bounds(requirements: list[str]) -> dict[str, str]:
    """{name: bound} of requirements such as "numpy>=2.1"."""
    matches = [re.fullmatch(r"([A-Za-z0-9_.-]+)\s*(.*)", requirement) for requirement in requirements]
    return {match[1].lower(): match[2] for match in matches if match}


def drift(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """One sentence for each package whose bound in pyproject.toml and environment.yml differs."""
    return [
        f"{name}: pyproject.toml has {ours.get(name, 'no such package')!r}, "
        f"environment.yml has {theirs.get(name, 'no such package')!r}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def make_commands(text: str) -> set[str]:
    """The targets that `make …` names in the code (inline or in blocks) of a Markdown text."""
    code = re.findall(r"```.*?```|`[^`\n]+`|^ {4}.+$", text, re.DOTALL | re.MULTILINE)
    return {target for part in code for target in re.findall(r"\bmake ([a-z][a-z-]*)", part)}


def bad_pins(text: str) -> list[str]:
    """The lines of a constraints file that are not name==version, with an optional marker."""
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)?")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if not pin.fullmatch(line) or "//" in line]


def test_environment_yml_has_the_names_and_bounds_of_pyproject_toml() -> None:
    ours = bounds([*PROJECT["dependencies"], *EXTRAS["notebooks"]])
    ours["python"] = PROJECT["requires-python"]
    listed = [item for item in ENVIRONMENT["dependencies"] if isinstance(item, str) and item != "pip"]
    found = drift(ours, bounds(listed))
    assert not found, "\n".join(found)


def test_environment_yml_installs_the_package() -> None:
    assert {"pip": ["-e ."]} in ENVIRONMENT["dependencies"]


@pytest.mark.parametrize("theirs", [{"numpy": ">=2.0"}, {}, {"numpy": ">=2.1", "scipy": ""}])
def test_a_drift_is_named(theirs: dict[str, str]) -> None:
    assert re.match("numpy|scipy", drift({"numpy": ">=2.1"}, theirs)[0])


def test_the_constraints_are_names_and_versions_only() -> None:
    assert bad_pins(PINS) == [] and bad_pins(BENCH_PINS) == []


@pytest.mark.parametrize(
    "line", ["-i https://example.org", "numpy @ file:///x", "numpy>=2", "a==1 --hash=sha256:0"]
)
def test_an_address_a_hash_or_a_loose_bound_is_no_pin(line: str) -> None:
    assert bad_pins(line) == [line]


def test_every_requirement_is_pinned() -> None:
    pinned = {line.partition("==")[0] for line in [*PINS.splitlines(), *BENCH_PINS.splitlines()]}
    needed = bounds([*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)])
    assert sorted(needed.keys() - pinned) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/teaching.md"])
def test_the_texts_name_targets_that_exist(name: str) -> None:
    named = make_commands((ROOT / name).read_text(encoding="utf-8"))
    assert named, f"{name} names no make target"
    assert sorted(named - targets(MAKEFILE)) == []


def test_the_first_page_asks_for_the_versions_that_the_project_needs() -> None:
    page = json.loads((ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "code"]
    (line,) = (line for source in sources for line in source.splitlines() if line.startswith("needed = "))
    asked = re.findall(r"(\w+): \((\d+), (\d+)\)", line)
    names = {"np": "numpy"}
    needed = bounds([*PROJECT["dependencies"], *EXTRAS["notebooks"]])
    assert len(asked) == 4
    assert all(needed[names.get(name, name)] == f">={major}.{minor}" for name, major, minor in asked), asked


def test_a_target_that_does_not_exist_is_found_in_code_but_prose_is_left_alone() -> None:
    text = "To make sure, run `make test`:\n```\nmake lob\n```\n"
    assert make_commands(text) == {"test", "lob"}


def files_of_tests(text: str) -> set[str]:
    """The files that a text names in code by `test_…`."""
    return set(re.findall(r"`(test_[a-z_]+)`", text))


def test_contributing_explains_files_of_tests_that_exist() -> None:
    named = files_of_tests((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert named and sorted(name for name in named if not (ROOT / "tests" / f"{name}.py").is_file()) == []


def test_make_alone_says_what_every_target_does() -> None:
    said = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    assert sorted(t for t in targets(MAKEFILE) if f"make {t} " not in said) == []


def unused(sources: dict[str, str], elsewhere: str) -> list[str]:
    """The functions and classes of some modules that no other line, theirs or elsewhere, names."""
    everything = "\n".join([*sources.values(), elsewhere])
    count = Counter(re.findall(r"\w+", everything))
    return [
        f"{name}: {node.name}"
        for name, source in sources.items()
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and count[node.name] == 1
    ]


def test_every_function_of_the_package_is_used_by_it_by_a_page_or_by_a_command() -> None:
    paths = (ROOT / "backprop_lib").rglob("*.py")
    modules = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    users = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("tools/**/*.py"), *ROOT.glob("benchmarks/*.py")]
    assert unused(modules, "\n".join(path.read_text(encoding="utf-8") for path in users)) == []


def test_a_function_that_nothing_uses_is_found() -> None:
    sources = {"a.py": "def used(): pass\ndef lost(): pass", "b.py": "from a import used"}
    assert unused(sources, "") == ["a.py: lost"] and unused(sources, "lost()") == []


def test_a_wheel_carries_the_package_and_the_data(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {f"backprop_lib/datasets/{path.name}" for path in (ROOT / "datasets").iterdir()}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "backprop_lib").rglob("*.py")}
    assert data and sorted((data | modules) - names) == []


def test_a_skipped_test_is_a_failure(tmp_path: Path) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_call.py").write_text("import pytest\ndef test_it(): pytest.skip('no data')\n")
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    result = subprocess.run(
        [*command, "--rootdir", tmp_path, "--continue-on-collection-errors", tmp_path],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1 and "1 failed, 1 error" in result.stdout, result.stdout
