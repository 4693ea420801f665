"""The files that say how to install and run the project agree with one another."""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import address
import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
BENCH_PINS = (ROOT / "benchmarks" / "constraints.txt").read_text(encoding="utf-8")
MAKEFILE = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("tools/lab.mk", "Makefile"))
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
    listed = bounds([item for item in ENVIRONMENT["dependencies"] if isinstance(item, str) and item != "pip"])
    found = drift(ours, {name: bound for name, bound in listed.items() if name != "python"})
    assert not found, "\n".join(found)


def test_environment_yml_names_one_python_that_the_project_takes_and_binder_can_read() -> None:
    (python,) = (item for item in ENVIRONMENT["dependencies"] if str(item).startswith("python"))
    version = re.fullmatch(r"python=(3)\.(\d+)", python)
    least = re.fullmatch(r">=3\.(\d+)", PROJECT["requires-python"])
    assert version and least and int(version[2]) >= int(least[1])
    assert f"Programming Language :: Python :: {version[1]}.{version[2]}" in PROJECT["classifiers"]


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


def test_what_runs_without_a_network_has_its_environment_before_the_network_goes() -> None:
    recipes = re.findall(r"^[a-z-]+:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    offline = [recipe for recipe in recipes if "unshare -rn" in recipe]
    assert len(offline) >= 2
    for recipe in offline:
        assert "$(TESTING) -c ''" in recipe.partition("unshare")[0], recipe


def test_make_alone_says_what_every_target_does() -> None:
    said = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    assert sorted(t for t in targets(MAKEFILE) if f"make {t} " not in said) == []


def test_the_readme_shows_seven_lines_within_its_first_screen_that_print_what_they_say() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, block, _ = text.split("```", 2)
    examples = doctest.DocTestParser().get_doctest(text, {}, "README", None, 0)  # as python -m doctest does
    said: list[str] = []
    result = doctest.DocTestRunner().run(examples, out=said.append)
    assert result == (0, 7) and len((before + block).splitlines()) < 30, "".join(said)


GITHUB = "https://github.com/some-one/a.fork"


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A copy of the files that name the address."""
    for name in address.PLACES:
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    for page in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(page, tmp_path / "notebooks")
    return tmp_path


def test_every_file_that_names_the_address_names_the_one_of_pyproject_toml() -> None:
    for path, text in address.texts(address.address_in()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: make address ADDRESS=…"


def test_a_page_opens_elsewhere_from_the_one_address_and_nowhere_from_the_example() -> None:
    links = address.opens_in("https://github.com/you/course", "03_x.ipynb")
    assert links["Binder"].startswith("https://mybinder.org/v2/gh/you/course/HEAD?")
    assert links["Binder"].endswith("/notebooks/03_x.ipynb")
    colab = "https://colab.research.google.com/github/you/course/blob/HEAD/notebooks/03_x.ipynb"
    assert links["Colab"] == colab
    assert address.opens_in("https://example.org/backprop", "03_x.ipynb") == {}
    assert address.opens_in("https://gitlab.com/you/course", "03_x.ipynb") == {}


def test_an_error_is_reported_where_the_fork_is_kept() -> None:
    assert address.reports("https://example.org/backprop") == ""
    assert address.reports("https://gitlab.com/you/course") == "https://gitlab.com/you/course/issues"
    new = address.reports("https://github.com/you/course").format(page="03_x")
    assert new == "https://github.com/you/course/issues/new?title=Errata:+03_x"


def test_setting_one_address_sets_all_links_and_the_badges(fork: Path) -> None:
    before = {name: (fork / name).read_bytes() for name in address.PLACES}
    ours = address.address_in()
    assert address.main([f"{GITHUB}.git/"], fork) == 0
    assert address.address_in(fork) == GITHUB
    project = tomllib.loads((fork / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["urls"]) == 3 and all(url.startswith(GITHUB) for url in project["urls"].values())
    assert yaml.safe_load((fork / "CITATION.cff").read_text(encoding="utf-8"))["repository-code"] == GITHUB
    pages = [page.read_text(encoding="utf-8") for page in (fork / "notebooks").glob("*.ipynb")]
    assert len(pages) == 13 and all(page.count(f" {GITHUB} course") == 1 for page in pages)
    links = re.findall(r"\]\((https://[^)]+)\)", (fork / "README.md").read_text(encoding="utf-8"))
    assert f"{GITHUB}/actions/workflows/ci.yml/badge.svg" in links
    assert any(link.startswith("https://mybinder.org/v2/gh/some-one/a.fork/HEAD") for link in links)
    assert (ROOT / ".github" / "workflows" / "ci.yml").is_file()
    assert address.main([ours], fork) == 0
    assert {name: (fork / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "typed", ["https://www.github.com/You/Bp", "https://GitHub.com/You/Bp.git", "https://github.com/You/Bp/"]
)
def test_one_repository_has_one_address_however_it_is_typed(typed: str, fork: Path) -> None:
    assert address.main([typed], fork) == 0 and address.address_in(fork) == "https://github.com/You/Bp"
    assert "badge.svg" in (fork / "README.md").read_text(encoding="utf-8")


def test_a_repository_elsewhere_has_no_badges_of_github(fork: Path) -> None:
    assert address.main(["https://codeberg.org/some-one/fork"], fork) == 0
    assert "badge.svg" not in (fork / "README.md").read_text(encoding="utf-8")


NO_ADDRESS = [
    "github.com/you/x",
    "http://github.com/you/x",
    "https://x",
    'https://x/"',
    "https://github.com/you",
]
NO_ADDRESS += [
    "https://github.com/you/x/tree/main",
    "https://www.github.com/",
    "https://github.com/you/x?tab=readme",
]


@pytest.mark.parametrize("wrong", NO_ADDRESS)
def test_what_is_no_address_is_refused_and_nothing_is_written(wrong: str, fork: Path) -> None:
    before = {name: (fork / name).read_bytes() for name in address.PLACES}
    assert address.main([wrong], fork) == 1
    assert {name: (fork / name).read_bytes() for name in before} == before


def test_the_citation_and_the_changelog_have_the_version_the_name_and_the_licenses_of_the_project() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] and citation["keywords"] == PROJECT["keywords"]
    assert citation["license"] == PROJECT["license"].split(" AND ")
    assert [author["name"] for author in citation["authors"]] == [a["name"] for a in PROJECT["authors"]]
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[:2] == ["Unreleased", PROJECT["version"]]


def test_the_sdist_holds_what_its_tests_and_tools_read() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    held = {*settings["targets"]["sdist"]["include"], "pyproject.toml", "README.md", "LICENSE", ".gitignore"}
    sources = [path for folder in ("tests", "tools") for path in (ROOT / folder).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r'ROOT / "([^"]+)"', path.read_text("utf-8"))}
    there = {name.split("/")[0] for name in named if (ROOT / name).exists()}
    assert len(there) > 9 and there <= held | {"build", ".venv"}, there - held


def test_the_workflow_runs_what_the_makefile_runs() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    commands = {name: [step.get("run", "") for step in job["steps"]] for name, job in jobs.items()}
    assert "bash .ci/run" in commands["linux"]
    assert any(command.startswith("make test") for command in commands["macos"])
    lint = re.findall(r"^\t@\$\(TESTING\) (-m (?:ruff|mypy|codespell).*)$", MAKEFILE, re.MULTILINE)
    assert len(lint) == 3 and {f"python {command}" for command in lint} <= set(commands["windows"])
    flags = re.findall(r"^(?:NBVAL|TESTS) = (.*)$", MAKEFILE, re.MULTILINE)
    assert len(flags) == 2 and all(flag in commands["windows"][-1] for flag in flags)
    left_out = re.findall(r"--(?:ignore|deselect) (\S+?)(?:::(\w+))?(?=\s)", commands["windows"][-1])
    assert left_out and all(name in (ROOT / file).read_text(encoding="utf-8") for file, name in left_out)


def test_the_hooks_before_a_commit_are_local_and_hold_what_make_lint_runs() -> None:
    (source,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert source["repo"] == "local"
    entries = [hook["entry"] for hook in source["hooks"]]
    lint = re.findall(r"^\t@\$\(TESTING\) (-m (?:ruff|mypy|codespell)[\w -]*)", MAKEFILE, re.MULTILINE)
    assert all(any(command.strip() in entry for entry in entries) for command in lint), (lint, entries)


def unused(sources: dict[str, str], elsewhere: str) -> list[str]:
    """The functions and classes of some modules that no other line, theirs or elsewhere, names."""
    everything = "\n".join([*sources.values(), elsewhere])
    count = Counter(re.findall(r"\w+", everything))
    return [
        f"{name}: {node.name}"
        for name, source in sources.items()
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and count[node.name] == 1
        and not node.name.startswith("__")
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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXPECTED_")}
    result = subprocess.run(
        [*command, "--rootdir", tmp_path, "--continue-on-collection-errors", tmp_path],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1 and "1 failed, 1 error" in result.stdout, result.stdout
