"""`tools/grade.py` on pages that do what they like: the verdict is the judge's own, and nothing is harmed."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import execute_pages
import grade
import psutil
import pytest
import student_copies
from submissions import EXERCISES, PAGE, SUBMISSIONS

RIGHT = """
def my_two_roads(u):
    p, q = u**2, 5 * u
    return (2 * p + q) * 2 * u + p * 5
"""
WRONG = "def my_two_roads(u):\n    return u"
TAMPER = "import backprop_lib.course.{0} as a, json; {1}"
FAKE = '{"status": "correct", "message": "Correct: checked on everything.", "data": "[1.0]"}'

# What a page does besides: (cells of its own, the answer, the verdict, words of what is wrong).
PAGES: dict[str, tuple[list[str], str, str, str]] = {
    "right": ([], RIGHT, "correct", ""),
    "wrong": ([], WRONG, "wrong", ""),
    "empty": ([], "def my_two_roads(u):\n    ...", "not attempted yet", ""),
    "no_answer": ([], "", "wrong", "is not defined"),
    "no_python": ([], "def my_two_roads(u)\n    return", "wrong", "is not defined"),
    "endless": (["while True: pass"], RIGHT, "correct", ""),
    "endless_answer": ([], "def my_two_roads(u):\n    while True: pass", "wrong", "had not ended after"),
    "deaf": (
        ["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"],
        RIGHT,
        "stopped",
        "had not ended after",
    ),
    "prints_much": ([], f"for _ in range(3000): print('x' * 10**6){RIGHT}", "correct", ""),
    "prints_for_ever": (["while True: print('x' * 10**6)"], RIGHT, "correct", ""),
    "exits": (["import sys; sys.exit()"], "def my_two_roads(u):\n    sys.exit()", "wrong", "end the program"),
    "quits": (["quit()", "exit"], RIGHT, "correct", ""),
    "ends_the_kernel": (["import os; os._exit(0)"], RIGHT, "stopped", "its process ended"),
    "memory": (["x = [0]\nwhile True: x = x * 10"], RIGHT, "correct", ""),
    "no_output": (["import sys; sys.stdout = sys.stderr = None"], RIGHT, "correct", ""),
    "odd_output": (["import sys; sys.stdout = 7\n1 / 0", "del sys.stdout"], RIGHT, "correct", ""),
    "output_of_its_own": (
        ["import io, sys; sys.stdout = io.StringIO()", "print('mine')"],
        "assert sys.stdout.getvalue() == 'mine\\n'" + RIGHT,
        "correct",
        "",
    ),
    "harms": (
        [
            "import os, pathlib, shutil, signal, socket, subprocess",
            "while True: os.fork()",
            "subprocess.run(['touch', VICTIM + '.touched'])",
            "os.system(f'touch {VICTIM}.touched')",
            "import inspect, sys, types\nwithout_audit = types.ModuleType('without_audit')\n"
            "code = inspect.getsource(subprocess).replace('sys.audit(', 'print(')\n"
            "sys.modules.pop('_posixsubprocess', None)\nexec(code, vars(without_audit))\n"
            "without_audit.run(['touch', VICTIM + '.touched'])",
            "!touch $VICTIM; rm -rf $VICTIM",
            "open(VICTIM, 'w').write('changed')",
            "pathlib.Path(VICTIM).open('ab').write(b'changed')",
            "os.write(os.open(VICTIM, os.O_RDWR), b'changed')",
            "os.truncate(VICTIM, 0)",
            "os.remove(VICTIM)",
            "os.rename(VICTIM, 'mine')",
            "os.mkdir(VICTIM + '.d')",
            "os.symlink(VICTIM, VICTIM + '.link')",
            "shutil.rmtree(FOLDER)",
            "os.symlink(VICTIM, 'link'); open('link', 'w').write('changed')",
            "os.kill(PARENT, signal.SIGKILL)",
            "socket.create_connection(('127.0.0.1', PORT))",
            "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
        ],
        RIGHT,
        "correct",
        "",
    ),
    "bound": ([TAMPER.format("results", "a.CLOSE = 1e99")], WRONG, "wrong", ""),
    "judge": (
        [TAMPER.format("answers", "a.FunctionToWrite.judge = lambda *x: a.correct('it')")],
        WRONG,
        "wrong",
        "",
    ),
    "package": ([TAMPER.format("handed_in", f"a.taken_apart = lambda *x: '''{FAKE}'''")], WRONG, "wrong", ""),
    "json": (
        [TAMPER.format("handed_in", f"a.json.dumps = lambda *x: '''{FAKE}'''")],
        WRONG,
        "stopped",
        "ended",
    ),
    "no_json": (
        [TAMPER.format("handed_in", "a.taken_apart = lambda *x: 'Right'")],
        WRONG,
        "wrong",
        "nothing back",
    ),
    "module": (
        ["import sys; sys.modules['backprop_lib.course.handed_in'] = sys"],
        WRONG,
        "wrong",
        "nothing back",
    ),
    "prints": (
        ["def check(*x): return 'Correct: checked on all.'", "print('Correct: checked on all.')"],
        WRONG,
        "wrong",
        "",
    ),
    "tries_on": ([], RIGHT, "correct", ""),
    "not_yet": ([], "def my_two_roads(u):\n    ...", "not attempted yet", ""),
    "renamed": ([], RIGHT.replace("my_two_roads", "mine"), "correct", ""),
    "renamed_beside_the_stub": (
        ["def my_two_roads(u):\n    ..."],
        RIGHT.replace("my_two_roads", "mine"),
        "correct",
        "",
    ),
    "without_a_check": ([], RIGHT, "correct", ""),
    "looks_at_others": (
        ["import glob"],
        "def my_two_roads(u):\n    raise ValueError(f'{len(glob.glob(FOLDER + chr(47) + chr(42)))} seen')",
        "wrong",
        "0 seen",
    ),
}
# The cells that follow, where it is not the check of the answer alone.
CHECK, OTHER = 'check("two_roads", my_two_roads)', 'check("two_roads", lambda u: u)'
CHECKS = {
    "tries_on": [CHECK, OTHER],
    "not_yet": [CHECK, OTHER],
    "renamed": [OTHER, 'check("two_roads", mine)'],
    "renamed_beside_the_stub": ['check("two_roads", mine)'],
    "without_a_check": [OTHER],
}
# In an enclosure the disk is full before; elsewhere the page is stopped.
FILL_THE_DISK: dict[str, tuple[list[str], str]] = {
    "many_files": (["n = 0\nwhile n := n + 1: open(str(n), 'wb').truncate(10**8)"], RIGHT),
    "a_file_without_a_name": (
        ["import os, time\nfile = open('one', 'wb')\nos.remove('one')"]
        + ["other = open('two', 'wb')\nos.remove('two')"]
        + ["file.write(bytes(120_000_000)), other.write(bytes(120_000_000))\ntime.sleep(60)"],
        RIGHT,
    ),
}


def page(*cells: str) -> str:
    """The text of a notebook with these cells."""
    code = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "metadata": {},
            "source": cell,
            "outputs": [],
            "execution_count": None,
        }
        for n, cell in enumerate(cells)
    ]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a server that nobody may reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        reached = []

        def serve() -> None:
            while True:
                try:
                    reached.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        assert not reached


def handed_in(folder: Path, names: Any, port: int) -> Path:
    """A folder with a page of each name, and a victim beside it."""
    victim = folder / "victim"
    victim.write_text("as it was")
    for name in names:
        attack, answer = (FILL_THE_DISK | PAGES)[name][:2]
        names_of = f"VICTIM, PORT, FOLDER = {str(victim)!r}, {port}, {str(folder / 'class')!r}"
        cells = [
            "from backprop_lib import check",
            names_of,
            *attack,
            answer,
            *CHECKS.get(name, [CHECK]),
        ]
        (folder / "class" / name).mkdir(parents=True)
        (folder / "class" / name / "page.ipynb").write_text(page(*cells))
    return folder / "class"


def graded(folder: Path, **limits: Any) -> dict[str, tuple[str, str, str]]:
    """{who: (verdict, mark, what is wrong)} of the exercise."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    options = [part for name, value in limits.items() for part in (f"--{name}", str(value))]
    assert grade.main([str(folder), *options]) == 0
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with folder.with_name(f"{folder.name}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["exercise"] in ("two_roads", "")]
    return {row["who"]: (row["verdict"], row["mark"], row["what is wrong"]) for row in rows}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, port: int) -> dict[str, tuple[str, str, str]]:
    folder = tmp_path_factory.mktemp("hostile")
    found = graded(handed_in(folder, PAGES, port), seconds=150, memory=1.5, processes=3)
    assert (folder / "victim").read_text() == "as it was"
    assert sorted(os.listdir(folder)) == ["class", "class.csv", "victim"]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gets_the_verdict_that_its_answer_deserves(name: str, everything: Any) -> None:
    verdict, mark, wrong = everything[name]
    _, _, expected, words = PAGES[name]
    assert (verdict, mark) == (expected, str(int(expected == "correct"))), wrong
    assert words in wrong


# What a page tries that has got past the guard of the interpreter, and what it came to.
TRIED = """
def tried(call):
    try:
        return repr(call())
    except Exception as error:
        return type(error).__name__
import glob, os, socket, subprocess, sys, time
"""
TRY_ALL = """
others = [path for path in glob.glob('../*/connection.json') if not os.path.samefile(path, 'connection.json')]
for line in open('/proc/self/mounts'):
    subprocess.run(['mount', '-o', 'remount,bind,rw', line.split()[1]])
said = '"""
TRIES = {
    "neighbor": ("[len(open(path).read()) for path in others]", r"\[\]"),
    "class": ("os.listdir(FOLDER)", "FileNotFoundError"),
    "victim": ("open(VICTIM, 'w')", "FileNotFoundError"),
    "device": ("open('/dev/' + NAME, 'w').close()", "None|OSError"),
    "system": ("open('/proc/sys/kernel/core_pattern', 'r+')", "OSError|PermissionError"),
    "python": ("open(os.__file__, 'r+')", "OSError|PermissionError"),
    "rights": ("subprocess.run(['unshare', '--user', '--map-root-user', 'true']).returncode", "1"),
    "socket": ("socket.socket(socket.AF_UNIX).connect(VICTIM + '.socket')", "FileNotFoundError"),
    "port": ("socket.create_connection(('127.0.0.1', PORT))", "OSError|ConnectionRefusedError"),
    "grader": ("os.kill(PARENT, 15)", "ProcessLookupError"),
}
# What it takes, and what is then said of it.
TAKES = {
    "memory_in_four": (
        "code = 'x = bytearray(600_000_000); import time; time.sleep(60)'\n"
        "for _ in range(4): subprocess.Popen([sys.executable, '-c', code])\n"
        "time.sleep(60)",
        "it took more than 1.5 GB of memory",
    ),
    "processes": (
        "for n in range(150): subprocess.Popen(['sleep', '60'])\ntime.sleep(60)",
        "it started more than 100 processes|BlockingIOError",
    ),
    "files_without_a_name": (
        "held = []\ndef more():\n"
        "    while len(held) < 30:\n"
        "        held.append(open('one', 'wb', buffering=0)); os.remove('one')\n"
        "        held[-1].write(bytes(40_000_000))\n"
        "tried(more)\nsaid = sum(os.fstat(file.fileno()).st_size for file in held) <= 200_000_000",
        "it says: True",
    ),
    "files_in_memory": (
        "held = [os.memfd_create('one') for _ in range(10)]\n"
        "for file in held: os.write(file, bytes(120_000_000))\ntime.sleep(60)",
        "it wrote more than 0.2 GB",
    ),
}
NAME = "left-by-a-page-that-is-graded"
UNGUARDED = (
    "import sys; sys.path[0] = {!r}; import grade; grade.guard = print; grade.run_kernel(*sys.argv[1:])"
)


@pytest.fixture(scope="module")
def enclosed() -> None:
    if grade.enclosure() is not grade.ALONE:
        pytest.xfail("this system cannot enclose a page: unshare is refused")


def unguarded(scratch: Path, *rest: Any, guarded: Any = grade.kernel) -> list[str]:
    """The command for a page without the guard, which has the folder of a neighbor beside its own."""
    neighbor = scratch.with_name("page-of-a-neighbor")
    neighbor.mkdir(exist_ok=True)
    (neighbor / "connection.json").write_text("the key")
    command = guarded(scratch, *rest)
    place = command.index("--kernel")
    program = UNGUARDED.format(str(Path(grade.__file__).parent))
    return [*command[: place - 1], "-c", program, *command[place + 1 :]]


@pytest.fixture(scope="module")
def past_the_guard(enclosed: None, tmp_path_factory: pytest.TempPathFactory, port: int) -> dict[str, str]:
    """{page: what is wrong}, after a look at what the pages may not touch."""
    folder = tmp_path_factory.mktemp("past")
    victim = folder / "victim"
    victim.write_text("as it was")
    names = f"VICTIM, PORT, FOLDER = {str(victim)!r}, {port}, {str(folder / 'class')!r}\n"
    names += f"PARENT, NAME = {os.getpid()}, {NAME!r}\n"
    tries = [f" {name}=' + tried(lambda: {code})" for name, (code, _) in TRIES.items()]
    attacks = {"tries": TRY_ALL + " + ' ".join(tries)} | {name: code for name, (code, _) in TAKES.items()}
    for name, attack in attacks.items():
        (folder / "class" / name).mkdir(parents=True)
        answer = "def my_two_roads(u):\n    raise ValueError(f'it says: {said}')"
        cells = ["from backprop_lib import check", names + TRIED, attack, answer]
        (folder / "class" / name / "page.ipynb").write_text(page(*cells, 'check("two_roads", my_two_roads)'))
    with socket.socket(socket.AF_UNIX) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "kernel", unguarded)  # for these pages only: they are enclosed
        server.bind(f"{victim}.socket")
        server.listen()
        found = graded(folder / "class", seconds=120, memory=1.5)
    assert victim.read_text() == "as it was"
    assert sorted(os.listdir(folder)) == ["class", "class.csv", "victim", "victim.socket"]
    return {name: wrong for name, (_, _, wrong) in found.items()}


@pytest.mark.parametrize("name", TRIES)
def test_a_page_that_got_past_the_guard_reaches_nothing(name: str, past_the_guard: Any) -> None:
    assert re.search(f"[ :]{name}=({TRIES[name][1]})[ ,]", past_the_guard["tries"]), past_the_guard["tries"]
    assert not Path("/dev", NAME).exists()


@pytest.mark.parametrize("name", TAKES)
def test_a_page_that_got_past_the_guard_takes_no_more_than_it_may(name: str, past_the_guard: Any) -> None:
    assert re.search(TAKES[name][1], past_the_guard[name]), past_the_guard[name]


def test_an_endless_page_ends_with_a_grader_that_is_killed(enclosed: None, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "page.ipynb").write_text(page("check", "while True: pass", 'check("two_roads", 1)'))
    command = [sys.executable, grade.__file__, str(tmp_path / "class")]
    grader = psutil.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(tmp_path)})
    while not any(each.cpu_times().user > 10 for each in grader.children(recursive=True)):
        assert grader.is_running()
        time.sleep(0.5)
    started = grader.children(recursive=True)
    grader.kill()
    left = psutil.wait_procs(started, timeout=20)[1]
    for process in left:
        process.kill()
    assert len(started) > 1 and left == []


def test_an_interrupt_ends_the_pages_that_run_and_leaves_the_table_of_those_that_are_done(
    tmp_path: Path,
) -> None:
    pages = {"a": (RIGHT, CHECK), "b": ("import time", f"time.sleep(500)\n{CHECK}"), "c": (RIGHT, CHECK)}
    for who, cells in pages.items():
        (tmp_path / "class" / who).mkdir(parents=True)
        (tmp_path / "class" / who / "page.ipynb").write_text(page("from backprop_lib import check", *cells))
    command = [sys.executable, grade.__file__, str(tmp_path / "class"), "--processes", "1"]
    with psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as grader:
        assert grader.stderr.readline() == "1 of 3: a, 03_the_error_of_the_output_layer\n"
        while not any(each.cpu_times().user > 0.5 for each in grader.children(recursive=True)):
            time.sleep(0.1)  # the page of b
        started = grader.children(recursive=True)
        grader.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        out, err = grader.communicate(timeout=60)
    assert time.monotonic() - interrupted < 10
    assert psutil.wait_procs(started, timeout=5)[1] == []
    assert (grader.returncode, err) == (1, "")
    assert "2 of these pages are not graded" in out
    with (tmp_path / "class.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows if row["exercise"] == "two_roads"] == ["correct"]
    assert [row["who"] for row in rows if row["verdict"] == "not graded"] == ["b", "c"]


def demonstrated(text: str) -> dict[str, list[str]]:
    """{who: the cells} of page 0 with a right answer, and with the course's own check of a wrong one."""
    shown, check = (f'check("cost_slope", {name})' for name in ("somebodys_cost_slope", "my_cost_slope"))
    show = f"def somebodys_cost_slope(a, y):\n    return y - a\n{shown}"
    answer = f"def my_cost_slope(a, y):\n    {text}"
    return {"unmarked": [show, answer], "again": [answer, check, show], "before": [answer, show]}


def test_a_check_that_the_course_shows_is_no_answer(tmp_path: Path) -> None:
    for verdict, text in {"correct": "return a - y", "not attempted yet": "..."}.items():
        for who, cells in demonstrated(text).items():
            (tmp_path / "class" / f"{who} {verdict}").mkdir(parents=True)
            place = tmp_path / "class" / f"{who} {verdict}" / "00_start_here.ipynb"
            place.write_text(page("from backprop_lib import check", *cells))
    assert grade.main([str(tmp_path / "class"), "--seconds", "100"]) == 0
    with (tmp_path / "class.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["exercise"] == "cost_slope"]
    assert len(rows) == 6
    assert all(row["who"].endswith(f" {row['verdict']}") for row in rows), rows


@pytest.mark.parametrize(
    "folder", ["with a space", "1 2", "%s", r"back\040slash", "it's “quoted” ü", "$HOME;ls"]
)
def test_a_page_is_enclosed_wherever_its_folder_is(
    enclosed: None, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / folder))
    assert grade.enclosure.__wrapped__() is grade.ALONE


def test_the_guard_of_the_interpreter_holds_where_the_system_gives_none(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grade, "enclosure", lambda: ())
    found = graded(handed_in(tmp_path, ["harms", "looks_at_others", *FILL_THE_DISK], port), seconds=60)
    assert found["harms"][0] == "correct" and "0 seen" in found["looks_at_others"][2]
    for name in FILL_THE_DISK:
        assert found[name][0] == "stopped" and "it wrote more than 0.2 GB" in found[name][2]
    assert (tmp_path / "victim").read_text() == "as it was"
    assert sorted(os.listdir(tmp_path)) == ["class", "class.csv", "victim"]


def test_a_class_gets_the_marks_that_nbgrader_gives(tmp_path: Path) -> None:
    copy = execute_pages.read(student_copies.ROOT / "notebooks" / f"{PAGE}.ipynb")
    text = execute_pages.serialized(student_copies.stripped(student_copies.graded(copy)))
    for who, (made, _) in SUBMISSIONS.items():
        path = tmp_path / "class" / who / f"{PAGE}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        path.write_text(execute_pages.serialized(made(execute_pages.read(path))), encoding="utf-8")
    assert grade.main([str(tmp_path / "class"), "--seconds", "150", "--processes", "3"]) == 0
    with (tmp_path / "class.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {
        who: {row["exercise"]: int(row["mark"]) for row in rows if row["who"] == who} for who in SUBMISSIONS
    }
    names = [*(f"guess-question_{n}" for n in (1, 2, 3)), *EXERCISES]
    expected = {who: dict(zip(names, marks, strict=True)) for who, (_, marks) in SUBMISSIONS.items()}
    # A guess that was made is found here, even if the cell that looks at it was deleted.
    expected["without"] |= dict.fromkeys(names[:3], 1)
    assert found == expected
