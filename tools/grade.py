"""Run the pages that a class has handed in, and write a table of who got what right.

    python tools/grade.py FOLDER                    every page below FOLDER; the table is FOLDER.csv
    python tools/grade.py FOLDER --to marks.csv     the table elsewhere; a file that is there stays
    python tools/grade.py FOLDER --seconds 300 --memory 2 --processes 2

The table has a row for each exercise of each page, with the verdict and what is wrong, the most frequent
mistakes in exercises first, and then the wrong guesses. A page is recognized by its exercises, or else by
the name of its file; the folder that it is in says whose it is. Nothing below FOLDER is changed. Ctrl+C
ends the pages that run, and the table is written with those that are done.

An exercise is decided by its marked cell, as in nbgrader; if that is gone, by the last cell that checks the
same expression; if there is none, by that expression at the end of the page. If it has no value there, or is
not attempted, the last check of another expression counts, but for those that the course itself shows.

A page may do anything, so each runs in a process of its own, which ends with all that it started, with limits
of time, memory, disk and processes. Where the system can (Linux), it runs in an enclosure (`enclosure.py`):
without a network, and with nothing in sight but a folder of its own and what Python needs. Everywhere a guard
in the interpreter refuses to write elsewhere, to start programs and to open connections. It sees only what
Python reports: it stops mistakes and simple tricks, but no program that was written to get past it. Where the
first line of the output names the guard alone, run strangers' pages in a container or on another computer.
And no page judges itself: what an answer gives is taken out of the page as plain numbers, and judged here,
where the page has changed nothing.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import atexit
import csv
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import student_copies
from enclosure import ALONE, DISK, NO_NETWORK, PROCESSES
from execute_pages import Notebook, PageError, kernel_manager, read, without_outputs
from student_copies import calls

ROOT = Path(__file__).resolve().parents[1]
PAGE, MEMORY = 300, 2.0  # seconds, gigabytes
LARGEST = 200_000_000  # bytes of a page, with the outputs that are stored in it
PARTS = 3_000_000  # commas and brackets of a page: what they part takes memory of its own
PRINTED = 10_000_000  # characters of a page, and then no more
CORRECT, WRONG, NOT_ATTEMPTED = "correct", "wrong", "not attempted yet"
ABSENT, STOPPED, UNREADABLE, NOT_GRADED = "not there", "stopped", "unreadable", "not graded"
CALL = re.compile(r"\bcheck(?:_guess)?\(\s*[\"']?(\w+)")
UNSTARTED = "Its kernel did not start, so the page was not run. The computer is too busy or too small."
INTERRUPTED = "The grader was interrupted before this page was done."
TOO_LARGE = (
    "The file is too large. Open it in JupyterLab, clear the outputs of all cells, save it, and grade again."
)
LEFT = {
    UNSTARTED: "The kernel did not start",
    INTERRUPTED: "Interrupted",
    TOO_LARGE: "Too large",
}  # why a page is not graded
HEADER = ("who", "page", "exercise", "verdict", "mark", "what is wrong", "how often")
JUDGING, READING = threading.Lock(), threading.Lock()

HOW = {
    ALONE: "no network, no files but their own",
    NO_NETWORK: "no network; the disk is guarded by the interpreter alone",
    (): "guarded by the interpreter alone",
}


@dataclass(frozen=True)
class Row:
    """What is said of one exercise of one page."""

    who: str
    page: str
    exercise: str
    verdict: str
    wrong: str = ""

    @property
    def mark(self) -> int:
        """1 for a right answer, and for a guess that was made; else 0."""
        return int(self.verdict == CORRECT or self.is_guess and self.verdict == WRONG)

    @property
    def is_guess(self) -> bool:
        """Whether a prediction was asked for, which earns its mark by being made."""
        return self.exercise.startswith("guess-")

    @property
    def mistake(self) -> tuple[str, str, str] | None:
        """What is counted: page and exercise, and the first sentence of what is wrong with the answer."""
        first = re.split(r"(?<=[^.\d])\.(?: |$)", self.wrong.removeprefix("Not yet: "))[0]
        return (self.page, self.exercise, first) if self.verdict == WRONG else None


class Graded(NamedTuple):
    """What the course asks for in one exercise."""

    cell: str  # the name of the marked cell
    source: str  # its code
    answer: str  # the expression that it checks
    shown: frozenset[str]  # what the page itself checks elsewhere, to show it


Exercises = dict[str, Graded]


def course() -> dict[str, Exercises]:
    """{page: {exercise: what is asked for}} of all that is graded."""
    found: dict[str, Exercises] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = student_copies.graded(read(path))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        checks = [(cell, *call) for cell in code for call in calls(cell["source"])]
        shown = [(name, answer) for cell, name, answer in checks if not grade_id(cell)]
        found[path.stem] = {
            name: Graded(grade_id(cell), cell["source"], answer, frozenset(a for n, a in shown if n == name))
            for cell, name, answer in checks
            if grade_id(cell)
        }
    return found


def grade_id(cell: Notebook) -> str:
    """The name that nbgrader knows a cell by."""
    marked = cell["metadata"].get("nbgrader")
    return str(marked.get("grade_id", "")) if isinstance(marked, dict) else ""


def deciding(cells: list[Notebook], exercises: Exercises) -> tuple[list[list[tuple[str, str]]], set[str]]:
    """(exercise, expression) of what is judged after each cell, and the exercises that this decides."""
    found: list[list[tuple[str, str]]] = [[] for _ in cells]
    decided = set()
    code = {n: cell for n, cell in enumerate(cells) if cell["cell_type"] == "code"}
    checks = {n: calls(cell["source"]) for n, cell in code.items()}
    for name, asked in exercises.items():
        marked = [n for n, cell in code.items() if grade_id(cell) == asked.cell]
        same = [n for n, there in checks.items() if (name, asked.answer) in there]
        if marked or same:
            decided.add(name)
        for n in marked or same:
            found[n].append((name, asked.answer))
        for n, there in checks.items():
            if name not in decided:
                found[n] += [call for call in there if call[0] == name and call[1] not in asked.shown]
    return found, decided


def recognized(page: Notebook, name: str, pages: dict[str, Exercises]) -> str | None:
    """The page of the course that has most exercises in common with this one, or else its name."""
    text = "\n".join(cell["source"] for cell in page["cells"] if cell["cell_type"] == "code")
    names = set(CALL.findall(text))
    common = {stem: len(names & set(exercises)) for stem, exercises in pages.items()}
    best = max(common, key=lambda stem: common[stem])
    return best if common[best] else name if name in pages else None


def probe(exercise: str, answer: str) -> str:
    """What is run in the kernel of a page to take one answer apart."""
    module = "__import__('backprop_lib.course.handed_in', fromlist=['_'])"
    if exercise.startswith("guess-"):
        return f"{module}.guessed(lambda: ({answer}))"
    return f"{module}.taken_apart({exercise!r}, lambda: {answer})"


def verdict(exercise: str, outputs: list[Any]) -> tuple[str, str]:
    """The verdict on what a probe brought back, judged here, and what is wrong."""
    from backprop_lib.course.handed_in import judged_again

    shown = [output for output in outputs if output["output_type"] == "execute_result"]
    try:
        text = ast.literal_eval(shown[0]["data"]["text/plain"])
        if exercise.startswith("guess-"):
            said = json.loads(text)
            status, message = str(said["status"]), str(said["message"])
            if status not in (CORRECT, WRONG, NOT_ATTEMPTED):
                raise ValueError(status)
        else:
            with JUDGING:
                judged = judged_again(exercise, text)
            status, message = judged.status, judged.message
    except (LookupError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        status = NOT_ATTEMPTED if exercise.startswith("guess-") else WRONG
        return status, "The page brought nothing back that can be judged."
    message = re.sub(r", in the line `__import__.*", ".", message, flags=re.DOTALL)  # no line of the page
    return status, "" if message == "Not attempted yet." or status == CORRECT else message


class Excess(Exception):
    """A page has taken more than it may; the text says of what."""


class Interrupted(Exception):
    """Whoever started the grader has ended it, and this page with it."""


class Unstarted(Exception):
    """The kernel of a page did not start; nothing of the page has run, so that is no fault of its own."""


def size_of(folder: Path) -> int:
    """How many bytes the files below a folder have; a file that goes while we look has none."""
    sizes = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                sizes += os.lstat(os.path.join(place, name)).st_size
    return sizes


def nameless(process: psutil.Process) -> dict[tuple[int, int], int]:
    """{file: bytes} of what a process keeps open that has no name any more, or never had one (Linux)."""
    found = {}
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{process.pid}/fd"):
            with suppress(OSError):
                file = entry.stat()
                if stat.S_ISREG(file.st_mode) and not file.st_nlink:
                    found[file.st_dev, file.st_ino] = file.st_blocks * 512
    return found


def refuse_excess(scratch: Path, pid: int, memory: float) -> None:
    """Raise Excess if a page, with all that it started, has more than it may."""
    with suppress(psutil.Error):
        started = psutil.Process(pid)
        processes = [started, *started.children(recursive=True)]
        resident, files = 0, {}
        for process in processes:
            files |= nameless(process)
            with suppress(psutil.Error):
                resident += process.memory_info().rss
        if len(processes) > PROCESSES:
            raise Excess(f"it started more than {PROCESSES} processes")
        if resident > memory * 2**30:
            raise Excess(f"it took more than {memory:g} GB of memory")
        if size_of(scratch) + sum(files.values()) > DISK:
            raise Excess(f"it wrote more than {DISK / 1e9:g} GB")


class Page:
    """One page that was handed in, run cell by cell."""

    def __init__(self, page: Notebook, exercises: Exercises, scratch: Path, hide: Path, limits: Any) -> None:
        self.page, self.exercises, self.limits = page, exercises, limits
        self.scratch, self.hide = scratch, hide
        self.cell_seconds = max(20, limits.seconds // 5)  # an answer has ten of its own
        self.found: dict[str, tuple[str, str]] = {}
        self.started = False

    def run(self) -> str:
        """Fill `found`; returns why the page was stopped, or an empty string.

        Raises Interrupted and Unstarted.
        """
        from nbclient.exceptions import CellTimeoutError

        try:
            asyncio.run(self._watched())
        except Interrupted:
            raise
        except Exception as error:  # a page that ends its kernel may send anything before
            if not self.started:
                raise Unstarted from error
            if isinstance(error, Excess):
                return str(error)
            if isinstance(error, CellTimeoutError):
                return f"a cell had not ended after {self.cell_seconds} seconds, and could not be interrupted"
            return "its process ended"
        return ""

    async def _watched(self) -> None:
        """Run it, and look again and again at what it has taken."""
        client = self._client()
        self.end = time.monotonic() + self.limits.seconds  # for the kernel to start, and again for the page
        run = asyncio.create_task(self._run(client))
        try:
            while not (await asyncio.wait({run}, timeout=0.5))[0]:
                if self.limits.interrupted.is_set():
                    client.shutdown_kernel = "immediate"
                    raise Interrupted
                if time.monotonic() >= self.end:
                    raise Excess(f"it had not ended after {self.limits.seconds} seconds")
                if client.km and client.km.has_kernel:
                    refuse_excess(self.scratch, client.km.provisioner.pid, self.limits.memory)
            await run
        finally:
            run.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await run
            if client.km and client.km.has_kernel:  # it was still starting
                await client.km.shutdown_kernel(now=True)
            atexit.unregister(client._cleanup_kernel)  # nbclient does so only for a kernel that started

    async def _run(self, client: Any) -> None:
        async with client.async_setup_kernel(
            cleanup_kc=True,
            env=environment(self.scratch),
            cwd=str(self.scratch),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ):
            self.started = True
            self.end = time.monotonic() + self.limits.seconds
            cells = client.nb.cells
            marked = {asked.cell: asked.source for asked in self.exercises.values()}
            probes, decided = deciding(cells, self.exercises)
            for cell, judged in zip(cells, probes, strict=True):
                if cell.cell_type == "code":
                    cell.source = marked.get(grade_id(cell), cell.source)  # nbgrader, too, puts it back
                    await client.async_execute_cell(cell, 0, store_history=False)
                    for exercise, answer in judged:
                        self.found[exercise] = await self._judged(client, exercise, answer)
            for exercise, asked in self.exercises.items():
                if exercise not in decided:
                    said = await self._judged(client, exercise, asked.answer)
                    if exercise not in self.found or await self._is_there(client, said, asked.answer):
                        self.found[exercise] = said

    async def _judged(self, client: Any, exercise: str, answer: str) -> tuple[str, str]:
        return verdict(exercise, await self._outputs(client, probe(exercise, answer)))

    async def _is_there(self, client: Any, said: tuple[str, str], answer: str) -> bool:
        """Whether somebody has answered in this expression, or else in words of their own alone."""
        outputs = await self._outputs(client, f"({answer}, None)[-1]")
        return said[0] != NOT_ATTEMPTED and all(output["output_type"] != "error" for output in outputs)

    async def _outputs(self, client: Any, code: str) -> list[Any]:
        import nbformat

        cell = nbformat.v4.new_code_cell(code, metadata={"probe": True})
        await client.async_execute_cell(cell, 0, store_history=False)
        outputs: list[Any] = cell.outputs
        return outputs

    def _client(self) -> Any:
        import nbformat
        from nbclient import NotebookClient

        argv = kernel(self.scratch, self.hide, self.limits.memory)
        by_file = sys.platform != "win32"  # a connection by files needs no network
        manager = kernel_manager(
            {"argv": argv, "display_name": "page", "language": "python"},
            connection_file=str(self.scratch / "connection.json"),
            transport="ipc" if by_file else "tcp",
            ip=str(self.scratch / "ipc" / "k") if by_file else "127.0.0.1",
        )

        class Client(NotebookClient):
            def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
                """What a page shows is not kept: it may be endless."""
                kept = ("status", "execute_result", "error") if "probe" in cell.metadata else ("status",)
                return super().process_message(msg, cell, cell_index) if msg["msg_type"] in kept else None

        return Client(
            nbformat.from_dict(self.page),
            km=manager,
            startup_timeout=self.limits.seconds,
            timeout=self.cell_seconds,
            interrupt_on_timeout=True,
            allow_errors=True,
            record_timing=False,
            store_widget_state=False,
        )


def environment(scratch: Path) -> dict[str, str]:
    """All that a page learns of the environment of whoever runs it."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG", "LC_ALL") if name in os.environ}
    folders = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")
    folders += ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR")
    threads = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
    return {
        **kept,
        **dict.fromkeys(folders, str(scratch)),
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TQDM_DISABLE": "1",
    }


@lru_cache
def enclosure() -> tuple[str, ...]:
    """The strictest way to start a process that this system has."""
    for way in (ALONE, NO_NETWORK):
        with tempfile.TemporaryDirectory() as place, suppress(OSError):
            scratch = made(Path(place))
            command = [*way, *([str(scratch), ""] if way is ALONE else [])]
            command += [sys.executable, "-c", "import ipykernel"]
            if subprocess.run(command, capture_output=True, start_new_session=True).returncode == 0:
                return way
    return ()


def made(place: Path) -> Path:
    """A folder for a page, in a place where nothing is that it must not see."""
    scratch = Path(tempfile.mkdtemp(prefix="page", dir=place))
    (scratch / "ipc").mkdir()
    return scratch


def kernel(scratch: Path, hide: Path, memory: float) -> list[str]:
    """The command that starts the kernel of a page."""
    needed = any(place.is_relative_to(hide) for place in (scratch, ROOT, Path(sys.prefix)))
    hidden = "" if needed else str(hide)
    guarded = [sys.executable, __file__, "--kernel", str(scratch), hidden, str(memory), "{connection_file}"]
    here = [str(scratch), hidden] if enclosure() is ALONE else []
    return [*enclosure(), *here, *guarded]


WRITES = {
    "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1,
    "os.symlink": 2, "os.truncate": 1, "os.utime": 1, "shutil.rmtree": 1,
}  # fmt: skip
STARTS = ("os.exec", "os.fork", "os.forkpty", "os.killpg", "os.posix_spawn", "os.spawn", "os.startfile")
STARTS += ("os.system", "pty.spawn", "subprocess.Popen", "ctypes.dlopen")
SILENT = "_posixsubprocess"  # starts programs, and Python reports nothing of it
CONNECTS = ("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def guard(scratch: str, hide: str) -> None:
    """From now on this process writes in `scratch` only, looks not into `hide` and beside `scratch`, and
    reaches no other: as far as Python reports what it does.
    """

    def inside(path: Any, *folders: str) -> bool:
        if isinstance(path, int):
            return True  # a file that is open already
        place = Path(os.path.realpath(os.fsdecode(path)))
        return any(place.is_relative_to(folder) for folder in folders or (own,))

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if mode else flags & (os.O_WRONLY | os.O_RDWR)
            refused = not inside(path) and (inside(path, *hidden) or bool(writes) and path != os.devnull)
        elif event in ("os.listdir", "os.scandir"):
            refused = arguments[0] is not None and not inside(arguments[0]) and inside(arguments[0], *hidden)
        elif event in WRITES:
            refused = not all(inside(path) for path in arguments[: WRITES[event]])
        elif event == "os.kill":
            refused = arguments[0] != os.getpid()
        elif event in ("ctypes.dlsym", "ctypes.dlsym/handle"):
            refused = not str(arguments[1]).startswith("Py")
        elif event == "import":
            refused = arguments[0] == SILENT
        else:
            at_home = sys.platform == "win32" and "127.0.0.1" in str(arguments)  # an event loop does it there
            refused = event in STARTS or event in CONNECTS and not at_home
        if refused:
            raise PermissionError(f"a page that is graded may not do this: {event}")

    own = os.path.realpath(scratch)
    hidden = [os.path.dirname(own), *([os.path.realpath(hide)] if hide else [])]
    sys.modules.pop(SILENT, None)
    subprocess._fork_exec = None  # type: ignore[attr-defined]
    sys.addaudithook(look)


def limit_prints(stream: Any) -> None:
    """From now on a stream takes so many characters, and throws away what comes after.

    What nobody reads fast enough would fill the memory; and a page that prints too much is not wrong.
    """
    write, left = stream.write, PRINTED

    def counted(text: str) -> Any:
        nonlocal left
        left -= len(text)
        return write(text) if left >= 0 else len(text)

    stream.write = counted


def run_kernel(scratch: str, hide: str, memory: str, connection: str, *options: str) -> None:
    """Become the kernel of a page."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        most = int(float(memory) * 2**30)
        for name, limit in (("RLIMIT_AS", most), ("RLIMIT_FSIZE", DISK), ("RLIMIT_CORE", 0)):
            with suppress(ValueError, OSError):  # macOS, or a lower limit that is there already
                resource.setrlimit(getattr(resource, name), (limit, limit))
    from ipykernel.kernelapp import IPKernelApp

    sys.path[0] = ""
    app = IPKernelApp.instance()
    app.initialize(["-f", connection, *options])
    app.shell.ask_exit = lambda: None  # what quit() asks: it ends no page, as sys.exit() does not
    app.shell._tee = lambda channel: nullcontext()  # IPython would keep all that is printed, of late
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}
    for stream in streams.values():
        limit_prints(stream)

    def mend() -> None:
        """Put a stream back that a page has taken away or broken: no answer would come out."""
        for name, stream in streams.items():
            try:
                getattr(sys, name).flush()
            except Exception:
                setattr(sys, name, stream)

    app.shell.events.register("post_execute", mend)
    guard(scratch, hide)
    app.start()


def who_of(path: Path, folder: Path) -> str:
    """Whose a file is."""
    whose = path.parent.relative_to(folder).as_posix()
    return path.stem if whose == "." else whose


def too_large(path: Path) -> bool:
    """Whether a file would take more memory than a page may."""
    if path.stat().st_size > LARGEST:
        return True
    content = path.read_bytes()
    return sum(map(content.count, (b",", b"[", b"{"))) > PARTS


def rows_of(path: Path, folder: Path, pages: dict[str, Exercises], limits: Any) -> list[Row]:
    """What is said of one file. Raises Interrupted."""
    who = who_of(path, folder)
    if path.is_symlink():
        return [Row(who, path.stem, "", UNREADABLE, "The file is a link to another.")]
    try:
        with READING:  # one at a time has all its outputs in memory
            if too_large(path):
                return [Row(who, path.stem, "", NOT_GRADED, TOO_LARGE)]
            page = without_outputs(read(path))
        stem = recognized(page, path.stem, pages)
    except (PageError, OSError, LookupError, TypeError, AttributeError, RecursionError, ValueError):
        return [Row(who, path.stem, "", UNREADABLE, "The file is no notebook.")]
    if stem is None:
        return [Row(who, path.stem, "", UNREADABLE, "It is no page of the course.")]
    scratch = made(limits.place)
    shutil.copytree(limits.fonts, scratch, dirs_exist_ok=True)
    run = Page(page, pages[stem], scratch, folder, limits)
    try:
        stopped = run.run()
    except Unstarted:
        return [Row(who, stem, "", NOT_GRADED, UNSTARTED)]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    rest = (STOPPED, f"The page was stopped: {stopped}.") if stopped else (ABSENT, "")
    return [Row(who, stem, exercise, *run.found.get(exercise, rest)) for exercise in pages[stem]]


def is_file(path: Path) -> bool:
    """Whether somebody handed this in: a file, or a link, which is named in the table and not followed."""
    named = path.name.lower().endswith(".ipynb") and ".ipynb_checkpoints" not in path.parts
    return named and (path.is_symlink() or path.is_file())


def without_pages(folder: Path, files: list[Path]) -> list[Row]:
    """A row for each folder in which no page was found, so that nobody is missing in the table."""
    rows = []
    seen = {path.relative_to(folder).parts[0] for path in files}
    for path in folder.iterdir():
        if path.name in seen or path.name.startswith("."):
            continue
        if path.is_symlink() and not path.is_file():
            wrong = "The folder is a link, and is not followed, because it may lead anywhere."
            rows.append(Row(path.name, "", "", UNREADABLE, wrong))
        elif path.is_dir():
            wrong = "There is no page in this folder, that is, no file whose name ends in .ipynb."
            rows.append(Row(path.name, "", "", ABSENT, wrong))
    return rows


def told_apart(found: list[tuple[Path, list[Row]]]) -> list[Row]:
    """All rows; whose page was handed in twice is named with the file, so that no mark counts twice."""
    times = Counter((rows[0].who, rows[0].page) for _, rows in found)
    return [
        replace(row, who=f"{row.who} ({path.name})") if times[row.who, row.page] > 1 else row
        for path, rows in found
        for row in rows
    ]


def all_rows(files: list[Path], folder: Path, limits: Any) -> list[tuple[Path, list[Row]]]:
    """The rows of each file, which are told one by one as they are done."""
    pages = course()
    found: dict[Path, list[Row]] = {}

    def unless_interrupted(path: Path) -> list[Row]:
        if limits.interrupted.is_set():
            raise Interrupted
        return rows_of(path, folder, pages, limits)

    with ThreadPoolExecutor(max(1, limits.processes)) as pool:
        running: dict[Future[list[Row]], Path] = {
            pool.submit(unless_interrupted, path): path for path in files
        }
        while running:
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)  # Windows hears no Ctrl+C else
            for future in [each for each in running if each in done]:
                path = running.pop(future)
                with suppress(Interrupted):
                    found[path] = rows = future.result()
                    said = plain(f"{rows[0].who}, {rows[0].page}")
                    print(f"{len(found)} of {len(files)}: {said}", file=sys.stderr, flush=True)
    rest = {path: [Row(who_of(path, folder), path.stem, "", NOT_GRADED, INTERRUPTED)] for path in files}
    return list((rest | found).items())


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """An event that Ctrl+C (SIGINT) and `kill` (SIGTERM) set, which do nothing else meanwhile."""
    interrupted = threading.Event()
    asked = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: interrupted.set()) for each in asked]
    try:
        yield interrupted
    finally:
        for each, handler in zip(asked, before, strict=True):
            signal.signal(each, handler)


def table(rows: list[Row]) -> list[tuple[str, ...]]:
    """The rows as texts, the most frequent mistakes in exercises first, and then the wrong guesses."""
    times = Counter(row.mistake for row in rows if row.mistake)

    def place(row: Row) -> tuple[Any, ...]:
        mistake = row.mistake or ()
        return (
            not mistake,
            row.is_guess and bool(mistake),
            -times[row.mistake],
            mistake,
            row.page,
            row.exercise,
            row.who,
        )

    ordered = sorted(rows, key=place)
    return [
        tuple(
            plain(str(part))
            for part in (r.who, r.page, r.exercise, r.verdict, r.mark, r.wrong, times[r.mistake] or "")
        )
        for r in ordered
    ]


def plain(text: str) -> str:
    """A text that is no formula to a spreadsheet, and one line of it."""
    text = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:500]
    return f"'{text}" if text[:1] in tuple("=+-@") else text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, metavar="FILE", help="default: FOLDER.csv, beside the folder")
    parser.add_argument("--seconds", type=int, default=PAGE, help=f"for a page (default {PAGE})")
    parser.add_argument(
        "--memory", type=float, default=MEMORY, help=f"for a page, in GB (default {MEMORY:g})"
    )
    parser.add_argument("--processes", type=int, default=2)
    limits = parser.parse_args(arguments)
    folder = limits.folder.resolve()
    files = sorted(path for path in folder.rglob("*") if is_file(path))
    to = limits.to or folder.with_name(f"{folder.name}.csv")
    if not files:
        print(f"{limits.folder}: expected a folder with pages (.ipynb) in it", file=sys.stderr)
        return 1
    if to.exists():
        print(f"{to}: there is such a file; move it, or name another with --to", file=sys.stderr)
        return 1
    if not os.access(to.absolute().parent, os.W_OK):
        print(f"{to}: no file can be written there; name another with --to", file=sys.stderr)
        return 1
    with interrupts() as limits.interrupted:
        return graded_into(to, files, folder, limits)


def graded_into(to: Path, files: list[Path], folder: Path, limits: Any) -> int:
    """Run the pages and write the table; returns 1 if some were not graded."""
    limit = f"{limits.seconds} seconds and {limits.memory:g} GB at most"
    print(f"{len(files)} pages, each {limit}, {HOW[enclosure()]}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        limits.place, limits.fonts = Path(place), Path(place, "fonts")
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        fonts = os.environ | {"MPLCONFIGDIR": str(limits.fonts)}
        # In a session of its own, where no Ctrl+C arrives: that is for us alone.
        subprocess.run(command, env=fonts, check=True, stderr=subprocess.DEVNULL, start_new_session=True)
        rows = told_apart(all_rows(files, folder, limits)) + without_pages(folder, files)
    lines = table(rows)
    with to.open("x", encoding="utf-8-sig", newline="") as file:  # the mark at its begin is for Excel
        csv.writer(file).writerows([HEADER, *lines])
    for guesses, what in enumerate(("mistakes in exercises", "wrong guesses, which have their marks")):
        mistakes = Counter(row.mistake for row in rows if row.mistake and row.is_guess == guesses)
        if mistakes:
            print(f"The most frequent {what}:")
        for (page, exercise, mistake), times in mistakes.most_common(10):
            print(f"{times:5} × {page}, {exercise}: {plain(mistake)}")
    print(f"{sum(row.mark for row in rows)} marks on {len(files)} pages; the table is {to}")
    left = Counter(row.wrong for row in rows if row.verdict == NOT_GRADED)
    for why, times in left.items():
        print(f"{LEFT[why]}: {times} of these pages are not graded, and the table names them.", flush=True)
    return int(bool(left))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--kernel"]:
        run_kernel(*sys.argv[2:])
    else:
        sys.exit(main())
