"""The report on mutants is red when a survivor is not explained, or when too few are killed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mutants
import pytest
from mutants import (
    SURVIVORS,
    Mutant,
    Result,
    chosen_tests,
    computing,
    faults,
    functions_of,
    give_all_tests,
    kept,
    parse,
    percent,
    reasons,
    report,
    result_of,
    statuses_before,
    why,
)

ROOT = Path(__file__).parents[1]
MUTANT = Mutant("costs._half", ("return 0.5 * x",), ("return 1.5 * x",))
ZIP = Mutant("neurons.f", ("for a, b in zip(x, y, strict=True):",), ("for a, b in zip(x, y, ):",))
KNOWN = reasons(
    '''
[[because]]
why = """A reason
in two lines."""
mutants = """
costs._half
- return 0.5 * x
+ return 1.5 * x
"""

[[because]]
why = "Never reached."
replaces = "strict=True"
by = ["strict=None", ""]
'''
)


def test_a_mutant_is_known_by_its_function_and_its_lines() -> None:
    assert parse(f"{MUTANT}\n\n{ZIP}") == [MUTANT, ZIP]
    assert why(MUTANT, KNOWN) == "A reason in two lines."
    assert why(Mutant("costs._other", MUTANT.removed, MUTANT.added), KNOWN) is None
    assert why(Mutant("costs._half", MUTANT.removed, ("return -0.5 * x",)), KNOWN) is None


def test_a_replacement_is_known_wherever_it_is_and_nothing_else_with_it() -> None:
    assert why(ZIP, KNOWN) == "Never reached."
    twice = ("zip(zip(x, y, strict=True), z, strict=True)",)
    assert why(Mutant("f", twice, ("zip(zip(x, y, strict=True), z, strict=None)",)), KNOWN)
    assert why(Mutant("f", ZIP.removed, ("for a, b in zip(x, strict=True):",)), KNOWN) is None
    assert why(Mutant("f", ZIP.removed, ("for a, b in zip(x, y, strict=False):",)), KNOWN) is None


def test_another_number_is_known_in_the_functions_that_choose_theirs_and_nowhere_else() -> None:
    known = reasons('[[because]]\nwhy = "Any will do."\nnumbers_of = ["costs._cases"]')
    line = ("for n, m in ((4, 1.5), (2, 7)):",)
    for added, told in (
        ("for n, m in ((5, 1.5), (2, 7)):", "Any will do."),
        ("for n, m in ((4, 2.5), (2, 7)):", "Any will do."),
        ("for n, m in ((4, -1.5), (2, 7)):", None),
        ("for n, m in ((4, None), (2, 7)):", None),
        ("for n, k in ((5, 1.5), (2, 7)):", None),
    ):
        assert why(Mutant("costs._cases", line, (added,)), known) == told
        assert why(Mutant("costs._others", line, (added,)), known) is None


def test_a_line_without_the_name_of_a_function_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the name of a function before '- x'"):
        parse("- x\n+ y")


def test_all_is_well_when_enough_are_killed_and_the_others_explained() -> None:
    assert faults([Result("costs", 100, (MUTANT, ZIP))], KNOWN) == []


def test_a_survivor_without_a_reason_is_shown_whole() -> None:
    (fault,) = faults([Result("costs", 100, (ZIP, MUTANT))], KNOWN[1:])
    assert str(MUTANT) in fault and "- return 0.5 * x\n+ return 1.5 * x" in fault


def test_too_few_killed_is_a_fault_however_well_explained() -> None:
    results = [Result("costs", 50, (MUTANT,)), Result("other_ways/neurons", 50, (ZIP,))]
    assert faults([*results, Result("course/answers", 10, (ZIP,))], KNOWN) == []
    (fault,) = faults([*results, Result("autodiff", 1, (ZIP, ZIP))], KNOWN)
    assert fault == "mathematics: 96.0 % of the mutants are killed, expected at least 97%"
    (fault,) = faults([*results, Result("course/answers", 9, (ZIP,))], KNOWN)
    assert fault == "course: 88.8 % of the mutants are killed, expected at least 90%"


def test_the_report_counts_and_groups_by_reason() -> None:
    results = [Result("costs", 100, (MUTANT, MUTANT)), Result("neurons", 300, (ZIP,))]
    text = report(results, KNOWN, "Python 3", "2000-01-01")
    assert "| costs | 100 | 100 | 98 | 2 | 98.0 % |" in text
    assert "| **all** | 400 | 400 | 397 | 3 | 99.2 % |" in text and "in part" not in text
    assert "A reason in two lines.\n\n```diff\n# costs._half (2 times)\n- return 0.5 * x\n+ return" in text
    assert text.index("A reason") < text.index("Never reached.") and "Not explained" not in text
    assert "**Not explained:**" in report(results, [], "Python 3", "2000-01-01")


def test_a_module_that_was_tried_in_part_says_so_and_counts_what_was_tried() -> None:
    results = [Result("costs", 100, (MUTANT,), 10, ("1", "6")), Result("data", 30, ())]
    text = report(results, KNOWN, "Python 3", "2000-01-01")
    assert "| costs | 100 | 10 | 9 | 1 | 90.0 % |" in text and "| data | 30 | 30 | 30 | 0 | 100.0 % |" in text
    assert "| **all** | 130 | 40 | 39 | 1 | 97.5 % |" in text
    assert "Tried in part only, those of every function whose number ends in 1 or 6: costs.\n" in text


def test_the_page_keeps_what_was_found_out_on_another_machine() -> None:
    results = [
        Result("costs", 100, (MUTANT, MUTANT), 10, ("1", "6")),
        Result("other_ways/neurons", 300, (ZIP,)),
        Result("data", 30, (Mutant("data.f", ("x",), ("y",)),), 3, ("1",)),  # counted, not shown
    ]
    page = report(results, KNOWN, "Python 3", "2000-01-01", ["network"])
    assert kept(page)[:2] == [results[0], Result("other_ways/neurons", 300, (ZIP,), 300)]
    assert report(kept(page), KNOWN, "Python 3", "2000-01-01", ["network"]) == page


def test_the_stored_page_is_read_as_it_is_written() -> None:
    page = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    date, versions = re.search(r"^(\d{4}-\d\d-\d\d), with (.*)\.$", page, re.MULTILINE).groups()
    missing = re.search(r"^Not tried: (.*)\.$", page, re.MULTILINE)
    known = reasons(SURVIVORS.read_text(encoding="utf-8"))
    again = report(kept(page), known, versions, date, missing[1].split(", ") if missing else ())
    assert sorted(again.splitlines()) == sorted(page.splitlines())


def _tried(folder: Path, module: str, source: str, statuses: dict[str, int | None]) -> Path:
    """The results of a run of a module, as mutmut leaves them; the file that holds them."""
    file = folder / module / f"backprop_lib/{module}.py"
    meta = folder / module / f"mutants/backprop_lib/{module}.py.meta"
    for path, text in ((file, source), (meta, json.dumps({"exit_code_by_key": statuses}))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / module / "done").touch()
    return meta


def test_what_was_tried_of_a_module_counts_and_its_tenths_are_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mutants, "WORK", tmp_path)
    source = (ROOT / "backprop_lib" / "costs.py").read_text(encoding="utf-8")
    found = {"f__mutmut_1": 1, "f__mutmut_11": 1, "f__mutmut_2": 1, "f__mutmut_3": None}
    _tried(tmp_path, "costs", source, found)
    assert statuses_before("costs") == dict.fromkeys(list(found)[:3], 1)
    assert result_of("costs") == Result("costs", 4, (), 3, ("1", "2"))


def test_only_what_survived_is_tried_again_and_only_of_the_same_source(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mutants, "WORK", tmp_path)
    source = (ROOT / "backprop_lib" / "costs.py").read_text(encoding="utf-8")
    _tried(tmp_path, "costs", source, {"f__mutmut_1": 1, "f__mutmut_11": 0, "f__mutmut_2": None})
    _tried(tmp_path, "data", "another = 1", {"f__mutmut_1": 0})
    _tried(tmp_path, "equations", (ROOT / "backprop_lib/equations.py").read_text(encoding="utf-8"), {"f": 3})
    tried, commands = [], []
    monkeypatch.setattr(mutants, "result_of", lambda module: Result(module, 1, ()))
    with monkeypatch.context() as patch:
        patch.setattr(mutants, "run_mutmut", lambda module, *_: tried.append(module))
        assert mutants.main(["--again", "costs", "data", "equations"]) == 0 and tried == ["costs"]

    def run(command, cwd, **_):
        """What mutmut does: it begins with what it finds there, and writes down what it tries."""
        commands.append(command)
        if cut_short:
            raise KeyboardInterrupt
        meta = mutants.meta_in(cwd, "costs")
        known = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        meta.write_text(json.dumps({"exit_code_by_key": known | {"f__mutmut_11": 1}}), encoding="utf-8")
        (cwd / "mutants" / "mutmut-stats.json").write_text(
            json.dumps({"duration_by_test": {"a": 1}, "tests_by_mangled_function_name": {}})
        )
        (cwd / "backprop_lib").mkdir(exist_ok=True)
        (cwd / "backprop_lib" / "costs.py").write_text(source, encoding="utf-8")

    monkeypatch.setattr(mutants, "COPIED", ("pyproject.toml",))
    monkeypatch.setattr(mutants.subprocess, "run", run)
    earlier, cut_short = statuses_before("costs"), True
    with pytest.raises(KeyboardInterrupt):
        mutants.run_mutmut("costs", ["costs"], 1, mutants.AGAIN)
    assert statuses_before("costs") == earlier == {"f__mutmut_1": 1, "f__mutmut_11": 0}
    cut_short = False
    mutants.run_mutmut("costs", ["costs"], 1, mutants.AGAIN)
    assert [folder.name for folder in tmp_path.glob("costs*")] == ["costs"]
    assert commands[-1][4:] == ["f__mutmut_11"]
    assert mutants.statuses_of("costs") == {"f__mutmut_1": 1, "f__mutmut_11": 1, "f__mutmut_2": None}


def test_what_was_found_out_counts_for_the_functions_that_have_not_changed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mutants, "WORK", tmp_path)
    source = "def f(x): return x + {}\nclass A:\n    def g(self): return 2\n    def h(self): return {}\n"
    monkeypatch.setattr(mutants, "ROOT", tmp_path / "now")
    file = tmp_path / "now" / "backprop_lib" / "costs.py"
    file.parent.mkdir(parents=True)
    statuses = {f"backprop_lib.costs.{f}__mutmut_1": i for i, f in enumerate(("x_f", "xǁAǁg", "xǁAǁh"))}
    _tried(tmp_path, "costs", source.format(1, 3), statuses)
    found = {}
    for numbers in ((1, 3), (2, 3), (1, 4), (2, 4)):
        file.write_text(source.format(*numbers), encoding="utf-8")
        found[numbers] = "".join(name.split("__")[0][-1] for name in statuses_before("costs"))
    assert found == {(1, 3): "fgh", (2, 3): "gh", (1, 4): "fg", (2, 4): "g"}
    file.write_text("# a remark\n" + source.format(1, 3) + "def new(): return 5\n", encoding="utf-8")
    assert list(statuses_before("costs")) == list(statuses)


def test_another_source_and_a_run_that_was_cut_short_do_not_count(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mutants, "WORK", tmp_path)
    assert statuses_before("costs") == {}
    _tried(tmp_path, "costs", "another = 1", {"f__mutmut_1": 1})
    assert statuses_before("costs") == {}
    source = (ROOT / "backprop_lib" / "data.py").read_text(encoding="utf-8")
    _tried(tmp_path, "data", source, {"f__mutmut_1": 1})
    assert statuses_before("data")
    (tmp_path / "data" / "done").unlink()
    assert statuses_before("data") == {}


def test_an_unfinished_run_counts_every_survivor_and_names_what_is_missing() -> None:
    results = [Result("costs", 100, (MUTANT,)), Result("data", 30, (ZIP, ZIP), 10)]
    text = report(results, KNOWN[:1], "Python 3", "2000-01-01", ["figures/depth"])
    assert "| **all** | 130 | 110 | 107 | 3 | 97.2 % |" in text
    assert "Not tried: figures/depth.\n" in text and "| figures/depth |" not in text
    assert "Survivors that still want a test or a reason, counted above: data 2.\n" in text
    assert "Not explained" not in text and "A reason in two lines." in text
    whole = report([results[0]], [], "Python 3", "2000-01-01")
    assert "**Not explained:**" in whole, "a whole run shows them"


def test_a_function_that_an_import_calls_is_tried_by_every_test(tmp_path) -> None:
    stats = tmp_path / "stats.json"
    called = {"made at import": ["test_a"], "there and by b": ["test_b", "test_a"], "by b": ["test_b"]}
    durations = {"test_a": 1, "test_b": 2, "test_c": 3}
    noted = {"duration_by_test": durations, "tests_by_mangled_function_name": called}
    stats.write_text(json.dumps(noted))
    give_all_tests(stats)
    found = json.loads(stats.read_text())["tests_by_mangled_function_name"]
    assert found == called | dict.fromkeys(["made at import", "there and by b"], list(durations))
    give_all_tests(stats, of_all=True)
    found = json.loads(stats.read_text())["tests_by_mangled_function_name"]
    assert found == dict.fromkeys(called, list(durations))


def test_only_all_is_a_hundred_percent() -> None:
    assert (percent(1.0), percent(0.9999)) == ("100.0 %", "99.9 %")


def test_what_is_mutated_and_what_tests_it_exists_and_every_reason_says_something() -> None:
    tests = chosen_tests()
    named = [f"backprop_lib/{module}.py" for module in tests]
    named += [f"tests/test_{name}.py" for names in tests.values() for name in names]
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert all(len(reason.why) > 20 for reason in reasons(SURVIVORS.read_text(encoding="utf-8")))


def test_all_that_computes_is_mutated() -> None:
    """A module that is not named holds checks of arguments, what all figures share, or no function at all."""
    tests = chosen_tests()
    package = ROOT / "backprop_lib"
    rooms = [package, package / "other_ways", package / "course", package / "figures"]
    modules = {str(p.relative_to(package))[:-3] for room in rooms for p in room.glob("*.py")}
    checks = {"arguments", "extras", "other_ways/plain_arguments", "figures/controls", "figures/scene"}
    left = modules - set(tests) - checks
    texts = {module: (package / f"{module}.py").read_text(encoding="utf-8") for module in left}
    assert {m for m in left if functions_of(texts[m]) and not m.endswith("__init__")} == set()


def test_of_a_figure_what_computes_is_taken_and_what_draws_is_not() -> None:
    mutated = """
def x_slope_at__mutmut_orig(x): return 2 * x
def x_slope_at__mutmut_1(x): return 3 * x
def x_figure__mutmut_orig():
    wide = 640
    def draw(x): return slope_at(x)
    return Scene(draw, wide)
def x_figure__mutmut_1():
    wide = 641
    def draw(x): return slope_at(x)
    return Scene(draw, wide)
def x_figure__mutmut_2():
    wide = 640
    def draw(x): return slope_at(None)
    return Scene(draw, wide)
class _Figure:
    def xǁ_Figureǁ__init____mutmut_orig(self): self.fast = FastFigure(2)
    def xǁ_Figureǁ__init____mutmut_1(self): self.fast = FastFigure(3)
    def xǁ_Figureǁ_heat_maps__mutmut_orig(self): self.axes = 0
    def xǁ_Figureǁ_heat_maps__mutmut_1(self): self.axes = 1
    def xǁ_Figureǁpng__mutmut_orig(self): self.line.set_data([1])
    def xǁ_Figureǁpng__mutmut_1(self): self.line.set_data([2])
"""
    assert computing(mutated) == ["x_slope_at__mutmut_1", "x_figure__mutmut_2", "xǁ_Figureǁpng__mutmut_1"]


def test_the_stored_report_has_no_survivor_without_a_reason() -> None:
    text = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    assert "| **all** |" in text and "Not explained" not in text
