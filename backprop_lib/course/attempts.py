"""Running a learner's code: whatever it does, the page goes on and the judge stays as it was."""

from __future__ import annotations

import builtins
import contextvars
import ctypes
import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

SECONDS = 10.0  # for one call of an answer
PRINTED = 2000  # characters that an answer may print
OF_OTHERS = (builtins, np, np.linalg)
METHODS = (FunctionType, property, classmethod, staticmethod)


class TimeUp(BaseException):
    """An answer that has not come in time. No Exception, so that an answer does not catch it by accident."""


class Left(Exception):
    """An answer that tried to end the program, by `sys.exit` or an interrupt of its own."""


def attempt(call: Callable[[], Any], seconds: float | None = None) -> Any:
    """What `call()` returns.

    It runs in a thread of its own: an interrupt that reaches us here is the reader's, and goes on; one that
    the call raises itself is an error of the answer. Raises what `call` raises, Left if it tried to end the
    program, TimeUp if it takes longer than `seconds`, which are SECONDS if not given.
    """
    seconds = SECONDS if seconds is None else seconds
    result: list[Any] = []
    raised: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            result.append(call())
        except BaseException as error:
            raised.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    try:
        thread.start()
        ended.wait(seconds)
    except RuntimeError:  # Python in the browser has no threads
        _run_traced(run, seconds)
    finally:
        in_time = ended.is_set()
        _stop(thread, ended)
    if not in_time:
        raise TimeUp
    if not raised:
        return result[0]
    if isinstance(raised[0], Exception | TimeUp):
        raise raised[0]
    raise Left(type(raised[0]).__name__)


def _stop(thread: threading.Thread, ended: threading.Event) -> None:
    """Raise TimeUp in a thread until it has ended. One that waits in C, as `time.sleep` does, is left behind.

    It is never joined: a `join` that is interrupted takes a thread that runs on for dead.
    """
    for _ in range(20):
        if ended.is_set() or thread.ident is None or not thread.is_alive():
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeUp))
        ended.wait(0.05)


def _run_traced(run: Callable[[], None], seconds: float) -> None:
    """Run it here, and look at the clock at every instruction: a loop on one line is no new line."""
    end, before = time.monotonic() + seconds, sys.gettrace()

    def look(frame: Any, event: str, argument: Any) -> Any:
        frame.f_trace_opcodes = True
        if time.monotonic() > end:
            raise TimeUp
        return look

    sys.settrace(look)
    try:
        run()
    finally:
        sys.settrace(before)


class Briefly(io.TextIOBase):
    """Where an answer prints: it may, up to a length, and not for ever."""

    def __init__(self, to: Any) -> None:
        self.to, self.left = to, PRINTED

    def write(self, text: str) -> int:
        if self.left >= 0:
            self.to.write(text[: self.left])
            self.left -= len(text)
            if self.left < 0:
                self.to.write("\n… (the rest is not shown)\n")
        return len(text)

    def flush(self) -> None:
        self.to.flush()


def is_grading() -> bool:
    """Whether nbgrader runs this page: it says so in the environment that the kernel was started with,
    whatever a page has written into its own since.
    """
    said = {os.environ.get("NBGRADER_EXECUTION")}
    with suppress(OSError):  # where there is no such file, the page has the last word
        for line in Path("/proc/self/environ").read_bytes().split(b"\0"):
            name, _, value = line.partition(b"=")
            said |= {value.decode()} if name == b"NBGRADER_EXECUTION" else set()
    return not said.isdisjoint({"autograde", "validate"})


class Judge:
    """What a judgment rests on: the names of this package, of numpy and of Python itself."""

    def __init__(self) -> None:
        self._parts = list(_parts())

    def restored(self) -> list[str]:
        """The names that were given another meaning since; they have the old one again."""
        changed = []
        for owner, name, value in self._parts:
            if _now(owner, name) is not value:
                changed.append(str(name))
                if isinstance(owner, dict):
                    owner[name] = value
                else:
                    setattr(owner, name, value)
        return changed


def _now(owner: Any, name: str) -> Any:
    if isinstance(owner, FunctionType):
        return getattr(owner, name)
    return (owner if isinstance(owner, dict) else vars(owner)).get(name)


def _parts() -> Iterator[tuple[Any, str, Any]]:
    """(dict or object, name in it, its value) of everything that can be set."""
    ours = [m for name, m in list(sys.modules.items()) if name.split(".")[0] == __package__.split(".")[0]]
    taken_in = set[int]()  # a class stands in every module that imports it
    yield from ((sys.modules, module.__name__, module) for module in ours)
    for module in (*OF_OTHERS, *ours):
        for name, value in list(vars(module).items()):
            if name.startswith("__") or name == "_":
                continue
            yield vars(module), name, value
            if module in OF_OTHERS or id(value) in taken_in:
                continue
            taken_in.add(id(value))
            if isinstance(value, FunctionType):
                yield value, "__code__", value.__code__
                yield value, "__defaults__", value.__defaults__
            elif isinstance(value, type):
                yield from ((value, n, v) for n, v in list(vars(value).items()) if isinstance(v, METHODS))
            elif type(value) is dict:
                yield from ((value, key, item) for key, item in list(value.items()))
