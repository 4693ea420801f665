"""Running what a learner wrote: it is stopped in time, and the page and the judge stay as they were."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest

from backprop_lib.course import attempts, puzzles, results
from backprop_lib.course.answers import FunctionToWrite
from backprop_lib.course.attempts import Left, TimeUp, attempt
from backprop_lib.course.exercises import EXERCISES, check


def test_an_answer_has_ten_seconds_or_those_that_are_given(monkeypatch) -> None:
    waits = []

    class Noting(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return super().wait(5)  # whatever is asked for: this test ends

    monkeypatch.setattr(attempts, "threading", SimpleNamespace(Thread=threading.Thread, Event=Noting))
    assert [attempt(lambda: 3), attempt(lambda: 4, 2.5)] == [3, 4]
    assert waits == [10.0, 2.5]


ENDLESS = "for _ in range(2 * 10**8): pass"  # it ends all the same, so that a test fails if nobody stops it


@pytest.mark.parametrize("name", ["cost_slope", "backprop", "early_layers"])
@pytest.mark.parametrize(
    "endless", [ENDLESS, "for _ in range(10**7): print('x')", "import time; time.sleep(3)"]
)
def test_an_answer_that_never_ends_is_stopped(name, endless, monkeypatch, capsys) -> None:
    monkeypatch.setattr(attempts, "SECONDS", 0.2)
    begun = threading.active_count()
    assert "had not ended" in check(name, lambda *_: exec(endless)).message
    assert len(capsys.readouterr().out) < 2 * attempts.PRINTED
    assert threading.active_count() <= begun or "sleep" in endless, "nothing runs on"


@pytest.mark.parametrize(
    "printed, shown",
    [
        (["abc", "de"], "abcde"),
        (["0123456789"], "0123456789"),
        (["01234567890"], "0123456789\n… (the rest is not shown)\n"),
        (["01234", "56789", "\n", "more"], "0123456789\n… (the rest is not shown)\n"),
        (["01234567", "89ab", "cd", "ef"], "0123456789\n… (the rest is not shown)\n"),
    ],
)
def test_what_an_answer_prints_is_shown_up_to_a_length_and_the_rest_is_told_once(
    printed, shown, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(attempts, "PRINTED", 10)
    with redirect_stdout(attempts.Briefly(sys.stdout)):
        assert [sys.stdout.write(text) for text in printed] == [len(text) for text in printed]
        sys.stdout.flush()
    assert capsys.readouterr().out == shown


def test_an_attempt_gives_what_the_call_gives_and_raises_what_it_raises() -> None:
    assert attempt(lambda: None) is None and attempt(lambda: (1, 2)) == (1, 2)
    with pytest.raises(KeyError, match="lost"):
        attempt(lambda: {}["lost"])
    with pytest.raises(TimeUp):
        attempt(lambda: exec(ENDLESS), 0.1)
    with pytest.raises(Left, match=r"^SystemExit$"):
        attempt(lambda: sys.exit(0))
    assert attempt(lambda: threading.current_thread().daemon) is True, "one that hangs does not hold the page"


def test_where_there_are_no_threads_the_time_is_limited_too(monkeypatch) -> None:
    def none(*_):
        raise RuntimeError("can't start new thread")

    for thread in threading.enumerate():
        if thread.daemon and thread.name.endswith("(run)"):
            thread.join(5)  # left behind by a test before
    monkeypatch.setattr(threading.Thread, "start", none)
    assert attempt(lambda: 3) == 3
    with pytest.raises(TimeUp):
        attempt(lambda: exec(ENDLESS), 0.2)
    with pytest.raises(Left):
        attempt(lambda: sys.exit(0))
    assert sys.gettrace() is None or "coverage" in sys.modules


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_the_interrupt_of_the_reader_goes_through_and_ends_the_answer() -> None:
    running, ended = threading.Event(), threading.Event()

    def endless(a, y):
        running.set()
        try:
            exec(ENDLESS)
        finally:
            ended.set()

    def press():
        running.wait()
        time.sleep(0.1)  # the page waits by now: an interrupt in a destructor is one that Python drops
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    begun = time.monotonic()
    threading.Thread(target=press, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            check("cost_slope", endless)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 5
    assert ended.is_set(), "it runs on, and everything after it is slow"


def meddle(a, y):
    results.CLOSE = 1e9
    return 0 * a


def meddle_with_code(a, y):
    results.close.__code__ = (lambda p, q: True).__code__
    return 0 * a


def meddle_with_python(a, y):
    builtins.all = lambda items: True
    return 0 * a


def meddle_with_the_class(a, y):
    FunctionToWrite._verdict = lambda *_: None
    return 0 * a


def meddle_with_linear_algebra(a, y):
    np.linalg.norm = lambda *_: 0.0
    return 0 * a


def meddle_with_the_time(a, y):
    attempts.SECONDS = 1e9
    return 0 * a


def meddle_with_defaults(a, y):
    attempt.__defaults__ = (1e9,)
    return 0 * a


def meddle_with_two(a, y):
    results.CLOSE, np.mean = 1e9, None
    return 0 * a


def meddle_with_the_table(a, y):
    EXERCISES["cost_slope"] = None
    return 0 * a


@pytest.mark.parametrize(
    "answer, named",
    [
        (meddle, "CLOSE"),
        (meddle_with_code, "__code__"),
        (meddle_with_python, "all"),
        (meddle_with_the_class, "_verdict"),
        (meddle_with_the_table, "cost_slope"),
        (meddle_with_linear_algebra, "norm"),
        (meddle_with_the_time, "SECONDS"),
        (meddle_with_defaults, "__defaults__"),
        (meddle_with_two, "mean and CLOSE"),
    ],
)
def test_an_answer_does_not_reach_into_the_judge(answer, named) -> None:
    assert f"gave {named} another meaning" in check("cost_slope", answer).message
    assert check("cost_slope", lambda a, y: a - y).passed
    assert not check("cost_slope", lambda a, y: 0 * a).passed


def test_what_python_last_displayed_is_no_part_of_the_judge(monkeypatch, capsys) -> None:
    def displays(a, y):
        sys.displayhook(3)
        return a - y

    monkeypatch.setattr(builtins, "_", 1, raising=False)
    assert check("cost_slope", displays).passed and builtins._ == 3
    assert capsys.readouterr().out.startswith("3\n")


def test_an_answer_that_builds_a_net_does_not_reach_into_the_judge_either() -> None:
    def meddles(seed):
        puzzles.EarlyLayers.judge = lambda *_: None
        return None

    assert "gave judge another meaning" in check("early_layers", meddles).message
    assert check("early_layers", None).status == "not attempted yet"


def test_the_right_results_that_an_answer_can_reach_are_not_those_it_is_judged_by() -> None:
    def spoils(a, y):
        for case in EXERCISES["cost_slope"].cases():
            case.right[...] = 0
        return 0 * a

    assert not check("cost_slope", spoils).passed


IN_PROC = sys.platform == "linux"  # elsewhere a page has the last word


@pytest.mark.parametrize(
    ("begun", "since", "graded"),
    [
        (None, None, False),
        ("autograde", "autograde", True),
        ("validate", "validate", True),
        ("autograde", None, IN_PROC),
        ("validate", "", IN_PROC),
        ("generate", None, False),
        (None, "autograde", True),
    ],
)
def test_a_page_that_nbgrader_runs_cannot_hide_it(begun, since, graded) -> None:
    name = "NBGRADER_EXECUTION"
    rest = {key: value for key, value in os.environ.items() if key != name}
    change = f"os.environ.pop({name!r}, None)" if since is None else f"os.environ[{name!r}] = {since!r}"
    code = f"import os; {change}; from backprop_lib.course.attempts import is_grading; print(is_grading())"
    environment = rest | ({name: begun} if begun else {})
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == str(graded), done.stderr
