"""Change what computes in one place at a time, and see whether a test notices.

    python tools/mutants.py                  all modules; writes docs/mutants.md
    python tools/mutants.py costs course     these modules or rooms; only prints
    python tools/mutants.py --missing        the modules of which build/mutants has no result; writes the page
    python tools/mutants.py --report         tries nothing; writes the page from the results in build/mutants,
                                             and keeps what it says of modules that have none there
    python tools/mutants.py --tenth          of every function the 1st, 11th, 21st, … mutant: a first look
    python tools/mutants.py --tenth 6        the 6th, 16th, 26th, …: another tenth, added to the first
    python tools/mutants.py --again          only what survived so far, by the tests of now

Each change is a mutant: a + becomes a −, a < a ≤, an argument None. A mutant that some test fails on is
killed. One that survives shows a hole in the tests, or changes nothing that matters; then
tests/survivors.toml says why. Ends with 1 if a survivor is not explained there, or if fewer than 97 % of
the mutants are killed in the mathematics, 90 % in the course and the figures.

A module of which only some tenths were tried says so in the page: the number tried, of the number there
are. Tenths add up: what survived one is tried again with the next, by the tests of now. What was found out
about a function counts as long as its text is the same.

The work is done by mutmut, a module at a time, in a copy in build/mutants; [tool.mutants] of pyproject.toml
names the tests of each module; a figure that it does not name has those of all figures. What arranges axes
and widgets is left alone: DRAWS, and of the factory of a figure all but the functions in it, which compute
what is drawn and said. On the mutants of a figure no test is tried that bears the name of another one.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from backprop_lib.figures import figure_names

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "mutants"
COPIED = ("backprop_lib", "tests", "tools", "notebooks", "datasets", "conftest.py", "pyproject.toml")
SURVIVORS = ROOT / "tests" / "survivors.toml"
REPORT = ROOT / "docs" / "mutants.md"
PRELOADED = ("hypothesis", "numpy", "mpmath", "matplotlib.figure", "matplotlib.backends.backend_agg")
PRELOADED += ("matplotlib.font_manager", "ipywidgets", "anywidget", "PIL.Image")
DRAWS = ("_arrange", "_heat_maps", "_pane", "_text")  # of a figure, besides what makes axes or widgets
MATHEMATICS = "mathematics"
LEAST = {MATHEMATICS: 0.97, "course": 0.90, "figures": 0.90}

# What mutmut writes down as the exit status of the tests when one of them failed. Running out of time is
# not among them: a busy machine does that too. With 255 a changed module could not even be imported, which
# mutmut calls a time-out: tried by hand, its tests end with an error while they are collected.
KILLED = {1, 3, 255}
UNEXPLAINED = "**Not explained:**"
AGAIN = "again"  # in place of the last digit of a number: none, only what survived


@dataclass(frozen=True)
class Mutant:
    """A change: the function that it is in, the lines that it takes away and those that it puts there."""

    function: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    def __str__(self) -> str:
        changes = [f"- {line}" for line in self.removed] + [f"+ {line}" for line in self.added]
        return "\n".join([self.function, *changes])


def parse(text: str) -> list[Mutant]:
    """Mutants as they are written in tests/survivors.toml: a name, then lines with − and +."""
    found: list[tuple[str, list[str], list[str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line[:2] not in ("- ", "+ "):
            found.append((line, [], []))
        elif found:
            found[-1][1 if line[0] == "-" else 2].append(line[2:].strip())
        else:
            raise ValueError(f"expected the name of a function before {line!r}")
    return [Mutant(function, tuple(removed), tuple(added)) for function, removed, added in found]


@dataclass(frozen=True)
class Reason:
    """Why some mutants may survive: those that are listed, all that put one piece of text for another, or all
    that put another number into a line of these functions.
    """

    why: str
    mutants: frozenset[Mutant] = frozenset()
    replaces: str = ""
    by: tuple[str, ...] = ()
    numbers_of: frozenset[str] = frozenset()

    def covers(self, mutant: Mutant) -> bool:
        if mutant in self.mutants:
            return True
        if len(mutant.removed) != 1 or len(mutant.added) != 1:
            return False
        (old,), (new,) = mutant.removed, mutant.added
        if mutant.function in self.numbers_of and without_numbers(old) == without_numbers(new):
            return True
        pieces = old.split(self.replaces) if self.replaces else []
        return any(
            self.replaces.join(pieces[:i]) + other + self.replaces.join(pieces[i:]) == new
            for i in range(1, len(pieces))
            for other in self.by
        )


def without_numbers(line: str) -> str:
    """The line with a # for every number."""
    return re.sub(r"\b\d+(\.\d+)?\b", "#", line)


def reasons(text: str) -> list[Reason]:
    """The reasons in a text in the form of tests/survivors.toml."""
    return [
        Reason(
            " ".join(group["why"].split()),
            frozenset(parse(group.get("mutants", ""))),
            group.get("replaces", ""),
            tuple(group.get("by", ())),
            frozenset(group.get("numbers_of", ())),
        )
        for group in tomllib.loads(text).get("because", [])
    ]


def chosen_tests() -> dict[str, list[str]]:
    """The tests of each module that computes: as pyproject.toml names them, or those of all figures."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutants"]
    of_figures = ["figures", "figure_states", "living"]
    return {**{f"figures/{name}": of_figures for name in figure_names()}, **named}


def folder_of(module: str) -> Path:
    """Where the mutants of a module are tried."""
    return WORK / module.replace("/", "-")


def run_mutmut(module: str, tests: list[str], children: int, ending: str = "") -> None:
    """Run its tests on each mutant of a module whose number ends so, in a copy of the checkout.

    The results of earlier runs stay as they are until this one is done: it may be cut short.
    """
    new = folder_of(module).with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, new / name, ignore=shutil.ignore_patterns("__pycache__", "browser"))
        else:
            shutil.copy2(source, new / name)
    survived = alive(statuses_before(module)) if ending else []
    if ending and is_done(module):  # mutmut adds to what it knows of those functions that are the same
        meta_in(new, module).parent.mkdir(parents=True)
        shutil.copy(meta_in(folder_of(module), module), meta_in(new, module))
    selection = f"only_mutate = {json.dumps([f'backprop_lib/{module}.py'])}\n"
    selection += f"pytest_add_cli_args_test_selection = {json.dumps([f'tests/test_{t}.py' for t in tests])}\n"
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    config = config.replace("[tool.mutmut]\n", f"[tool.mutmut]\n{selection}")
    if module.startswith("figures/"):  # deselect what bears the name of another figure
        others = {*figure_names(), "live_training"} - {Path(module).name}
        selection_of_names = f"-knot ({' or '.join(sorted(others))})"
        config = config.replace('"-pno:xdist",', f'"-pno:xdist",\n  {json.dumps(selection_of_names)},')
    (new / "pyproject.toml").write_text(config, encoding="utf-8")
    (new / "preloaded").write_text("\n".join(PRELOADED), encoding="utf-8")
    command = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(children)]
    environment = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    dotted = f"backprop_lib.{module.replace('/', '.')}"
    subprocess.run([*command, f"{dotted}.no_mutant"], cwd=new, env=environment)
    # The tests of a figure share one walk: it would seem that the first of them alone calls anything.
    give_all_tests(new / "mutants" / "mutmut-stats.json", module.startswith("figures/"))
    names = [f"*__mutmut_*{ending}"] if ending != AGAIN else []
    if module.startswith("figures/"):
        names = [name for name in computing(_mutated(new, module)) if name.endswith(ending)]
    command += [f"{dotted}.{name}" for name in names] + survived
    subprocess.run(command, cwd=new, check=True, env=environment)
    (new / "done").touch()
    shutil.rmtree(folder_of(module), ignore_errors=True)
    new.rename(folder_of(module))


def is_done(module: str) -> bool:
    """Whether there are results of a module, of a run that was not cut short."""
    return (folder_of(module) / "done").exists()


def statuses_before(module: str) -> dict[str, int]:
    """What earlier runs have found out about the mutants of those functions of a module that are the same."""
    statuses = statuses_of(module) if is_done(module) else {}
    return {name: status for name, status in statuses.items() if status is not None}


def functions_of(source: str) -> dict[str, str]:
    """{the name that mutmut gives it: a text of what it does} of the functions and methods of a module."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[f"x_{node.name}"] = ast.dump(node)
        elif isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            found |= {f"xǁ{node.name}ǁ{method.name}": ast.dump(method) for method in methods}
    return found


def alive(statuses: dict[str, int]) -> list[str]:
    """The mutants that have survived."""
    return [name for name, status in statuses.items() if status not in KILLED]


def give_all_tests(stats: Path, of_all: bool = False) -> None:
    """Let every test try the functions that the first test has called, which may be an import's; or all."""
    noted = json.loads(stats.read_text(encoding="utf-8"))
    every = list(noted["duration_by_test"])
    for function, tests in noted["tests_by_mangled_function_name"].items():
        if of_all or every[0] in tests:
            noted["tests_by_mangled_function_name"][function] = every
    stats.write_text(json.dumps(noted), encoding="utf-8")


def _mutated(folder: Path, module: str) -> str:
    """A module as mutmut has written it there, with all its mutants."""
    return (folder / "mutants" / "backprop_lib" / f"{module}.py").read_text(encoding="utf-8")


def computing(mutated: str) -> list[str]:
    """The mutants of a figure that change what computes, as mutmut calls them, in what it has written.

    What arranges and draws is left out: some methods, what makes axes or widgets, and of the factory of a
    figure all but the functions in it.
    """
    functions = {f.name: f for f in ast.walk(ast.parse(mutated)) if isinstance(f, ast.FunctionDef)}
    names = []
    for name, function in functions.items():
        original = functions.get(_function(name) + "__mutmut_orig")
        if original is None or original is function or _function(name).rpartition("ǁ")[2] in DRAWS:
            continue
        if not _arranges(original) or _inner(function) != _inner(original):
            names.append(name)
    return names


def _arranges(function: ast.FunctionDef) -> bool:
    """Whether a function makes axes or widgets."""
    return any(call in ast.unparse(function) for call in ("Scene(", "FastFigure(", "super().__init__("))


def _inner(function: ast.FunctionDef) -> list[str]:
    return [ast.dump(f) for f in ast.walk(function) if isinstance(f, ast.FunctionDef) and f is not function]


def meta_in(folder: Path, module: str) -> Path:
    """The file in which mutmut writes down there the results of a module."""
    return folder / f"mutants/backprop_lib/{module}.py.meta"


def statuses_of(module: str) -> dict[str, int | None]:
    """{name of the mutant: exit status of the tests} of a module, as mutmut has written them down.

    Those of functions that have changed since are left out.
    """
    text = meta_in(folder_of(module), module).read_text(encoding="utf-8")
    statuses: dict[str, int | None] = json.loads(text)["exit_code_by_key"]
    names = set(statuses)
    if module.startswith("figures/"):
        computed = set(computing(_mutated(folder_of(module), module)))
        names = {name for name in names if name.rpartition(".")[2] in computed}
    before, now = (
        (root / f"backprop_lib/{module}.py").read_text("utf-8") for root in (folder_of(module), ROOT)
    )
    if before != now:
        old, new = functions_of(before), functions_of(now)
        names = {name for name in names if (f := _function(name)) in old and old[f] == new.get(f)}
    return {name: status for name, status in statuses.items() if name in names}


def count_of(module: str) -> int:
    """How many mutants a module has."""
    source = ROOT / "backprop_lib" / f"{module}.py"
    if source.read_bytes() == (folder_of(module) / "backprop_lib" / f"{module}.py").read_bytes():
        return len(statuses_of(module))
    from mutmut.mutation.file_mutation import mutate_file_contents

    mutated = mutate_file_contents(source.name, source.read_text(encoding="utf-8"))
    return len(computing(mutated.code) if module.startswith("figures/") else mutated.mutant_names)


def _function(name: str) -> str:
    return re.sub(r"__mutmut_\d+$", "", name.rpartition(".")[2])


def mutant_of(module: str, name: str) -> Mutant:
    """The mutant that mutmut calls so."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    with chdir(folder_of(module)):
        lines = get_diff_for_mutant(name, path=f"backprop_lib/{module}.py").splitlines()[2:]
    function = name.rpartition(".")[2].replace("xǁ", "").replace("ǁ", ".")
    return Mutant(
        f"{Path(module).name}." + re.sub(r"^x_|__mutmut_\d+$", "", function),
        tuple(line[1:].strip() for line in lines if line.startswith("-")),
        tuple(line[1:].strip() for line in lines if line.startswith("+")),
    )


@dataclass(frozen=True)
class Result:
    """How one module fared; `tried` is smaller than `total` if only some tenths were tried."""

    module: str
    total: int
    survivors: tuple[Mutant, ...]
    sample: int | None = None
    tenths: tuple[str, ...] = ()

    @property
    def tried(self) -> int:
        """How many mutants were tried."""
        return self.total if self.sample is None else self.sample

    @property
    def room(self) -> str:
        """Course or figures; the mathematics and the other ways to it are one."""
        room = self.module.partition("/")[0]
        return room if room in LEAST else MATHEMATICS


def share_of(results: list[Result]) -> float:
    """The share of the mutants tried that are killed."""
    return 1 - sum(len(result.survivors) for result in results) / sum(result.tried for result in results)


def by_room(results: list[Result]) -> dict[str, list[Result]]:
    """The results of each room that has some."""
    rooms = {room: [result for result in results if result.room == room] for room in LEAST}
    return {room: found for room, found in rooms.items() if found}


def why(mutant: Mutant, known: list[Reason]) -> str | None:
    """The first reason that covers the mutant."""
    return next((reason.why for reason in known if reason.covers(mutant)), None)


def faults(results: list[Result], known: list[Reason]) -> list[str]:
    """One text for each reason to be red."""
    few = [
        f"{room}: {percent(share)} of the mutants are killed, expected at least {LEAST[room]:.0%}"
        for room, found in by_room(results).items()
        if (share := share_of(found)) < LEAST[room]
    ]
    return few + [
        f"a survivor that {SURVIVORS.name} does not explain:\n{mutant}"
        for result in results
        for mutant in result.survivors
        if why(mutant, known) is None
    ]


def percent(share: float) -> str:
    """Rounded down, so that 100 % means all of them."""
    return f"{int(share * 1000) / 10:.1f} %"


def report(
    results: list[Result], known: list[Reason], versions: str, date: str, missing: Sequence[str] = ()
) -> str:
    """The text of docs/mutants.md. All that was tried counts; modules without a result are named.

    As long as the run is not whole, survivors that want a test or a reason are counted by module, not shown.
    """
    rows = [(r.module, [r]) for r in results]
    rows += [(f"**{room}** (at least {LEAST[room]:.0%})", some) for room, some in by_room(results).items()]
    lines = [
        "# Do the tests notice?",
        "",
        "`make mutants` changes what computes in one place at a time: a + becomes a −, a < a ≤, an argument",
        "`None`, a text another text. Each change is a *mutant*, *killed* if a test fails on it. What",
        "survives is a hole in the tests, or makes no difference, and then the reason is given.",
        "This page is written by that command. Functions are changed; tables outside them, properties and",
        "docstrings are not.",
        "",
        f"{date}, with {versions}.",
        "",
        "| module | mutants | tried | killed | survived | share killed |",
        "|---|---|---|---|---|---|",
    ]
    for name, some in [*rows, ("**all**", results)]:
        left, tried = sum(len(r.survivors) for r in some), sum(r.tried for r in some)
        counts = [sum(r.total for r in some), tried, tried - left, left]
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {percent(share_of(some))} |")
    looks: dict[tuple[str, ...], list[str]] = {}
    for r in results:
        if r.tried < r.total:
            looks.setdefault(r.tenths, []).append(r.module)
    for tenths, modules in looks.items():
        those = f"those of every function whose number ends in {' or '.join(tenths)}"
        lines += ["", f"Tried in part only, {those}: {', '.join(modules)}."]
    if missing:
        lines += ["", f"Not tried: {', '.join(missing)}."]
    open_ones = {r.module: sum(why(mutant, known) is None for mutant in r.survivors) for r in results}
    if (looks or missing) and any(open_ones.values()):
        wanting = ", ".join(f"{module} {count}" for module, count in open_ones.items() if count)
        lines += ["", f"Survivors that still want a test or a reason, counted above: {wanting}."]
    lines += ["", "## The survivors", ""]
    groups: dict[str, list[Mutant]] = {}
    for mutant in (mutant for r in results for mutant in r.survivors):
        groups.setdefault(why(mutant, known) or UNEXPLAINED, []).append(mutant)
    if looks or missing:
        groups.pop(UNEXPLAINED, None)
    for reason, mutants in groups.items():
        lines += [reason, "", "```diff"]
        for mutant, times in Counter(mutants).items():
            lines += [f"# {mutant.function}" + (f" ({times} times)" if times > 1 else "")]
            lines += str(mutant).splitlines()[1:]
        lines += ["```", ""]
    return "\n".join(lines)


def kept(page: str) -> list[Result]:
    """The results that such a page holds; a survivor that it counts and does not show has no lines."""
    found: dict[str, list[Mutant]] = {}
    shown = re.compile(r"^# (\S+)(?: \((\d+) times\))?\n((?:[-+] .*\n)+)", re.MULTILINE)
    for name, times, lines in shown.findall(page):
        found.setdefault(name.partition(".")[0], []).extend(parse(f"{name}\n{lines}") * int(times or 1))
    looks = {
        module: tuple(digits.split(" or "))
        for digits, modules in re.findall(r"number ends in ([\d or]+): (.*)\.", page)
        for module in modules.split(", ")
    }
    results = []
    for module, *counts in re.findall(
        r"^\| ([\w/]+) \| (\d+) \| (\d+) \| \d+ \| (\d+) \|", page, re.MULTILINE
    ):
        total, tried, left = map(int, counts)
        name = Path(module).name
        survivors = (found.get(name, []) + [Mutant(name, (), ())] * left)[:left]
        results.append(Result(module, total, tuple(survivors), tried, looks.get(module, ())))
    return results


def belongs(module: str, name: str) -> bool:
    """Whether a module is called so, or lies in the room of that name."""
    return name in (module, Path(module).name) or module.startswith(f"{name}/")


def result_of(module: str) -> Result:
    """How a module fared, from what its run has left."""
    statuses = statuses_of(module)
    tried = {name: status for name, status in statuses.items() if status is not None}
    survivors = tuple(mutant_of(module, name) for name in alive(tried))
    return Result(
        module, count_of(module), survivors, len(tried), tuple(sorted({name[-1] for name in tried}))
    )


def main(arguments: list[str]) -> int:
    tests = chosen_tests()
    every = list(tests)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(every))
    parser.add_argument("--children", type=int, default=os.cpu_count(), help="how many to try at once")
    parser.add_argument("--missing", action="store_true", help="only modules without a result yet")
    parser.add_argument("--report", action="store_true", help="only write the page")
    tenth = parser.add_argument("--tenth", nargs="?", const="1", default="", choices=list("1234567890"))
    tenth.help = "only the mutants of a function whose number ends in this digit, 1 if none is given"
    again = "only what survived so far, by the tests of now; no module without survivors is touched"
    parser.add_argument("--again", dest="tenth", action="store_const", const=AGAIN, help=again)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.modules if not any(belongs(module, name) for module in every)]
    if unknown:
        parser.error(f"MODULE: expected one of {', '.join(every)}, got {', '.join(unknown)}")
    modules = [m for m in every if not options.modules or any(belongs(m, n) for n in options.modules)]
    known = reasons(SURVIVORS.read_text(encoding="utf-8"))
    for module in modules:
        if options.tenth == AGAIN and not alive(statuses_before(module)):
            continue
        if not options.report and not (options.missing and is_done(module)):
            run_mutmut(module, tests[module], options.children, options.tenth)
    before = {} if modules != every else {result.module: result for result in kept(REPORT.read_text("utf-8"))}
    found_now = {module: result_of(module) for module in modules if statuses_before(module)}
    both = before | found_now
    results = [both[module] for module in modules if module in both]
    for result in results:
        share = percent(share_of([result]))
        print(f"{result.module}: {result.tried} of {result.total} tried, {share} killed")
    if modules == every:
        packages = ("numpy", "pytest", "hypothesis", "mutmut")
        versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
        text = report(
            results,
            known,
            ", ".join([f"Python {platform.python_version()}", *versions]),
            datetime.date.today().isoformat(),
            [module for module in every if module not in both],
        )
        REPORT.write_text(text, encoding="utf-8")
        survivors = {mutant for result in results for mutant in result.survivors}
        for mutant in frozenset().union(*(reason.mutants for reason in known)) - survivors:
            print(f"{SURVIVORS.name} explains a mutant that did not survive:\n{mutant}")
    found = faults(results, known)
    print("\n".join(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
