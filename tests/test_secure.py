"""Nothing is evaluated, sent or written that was not asked for, and what is drawn cannot act."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from lab import WithoutDelay, ZMQChannelsWebsocketConnection
from lab_server import make_lab

from backprop_lib.data import load_csv
from backprop_lib.drawing.net import graph_svg, network_svg
from backprop_lib.drawing.plots import function_plot, heat_map
from backprop_lib.figures.scene import Scene, View, slider, table_html

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "backprop_lib").rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "input", "breakpoint"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "socket", "ssl", "http", "urllib", "requests", "ftplib"}
FORBIDDEN_IMPORTS |= {"subprocess", "ctypes", "multiprocessing", "runpy", "code", "webbrowser", "smtplib"}
FORBIDDEN_ATTRIBUTES = {"system", "popen", "execv", "execve", "spawnv", "fork", "lambdify", "sympify"}


def dangers(source: str) -> list[str]:
    """What a source text uses that evaluates text, unpickles, or reaches other programs or machines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"line {node.lineno}: {node.func.id}")
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
            found.append(f"line {node.lineno}: .{node.attr}")
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names = [name for name in names if name != "urllib.parse"]  # only quotes text
        found += [f"import {name}" for name in names if name.split(".")[0] in FORBIDDEN_IMPORTS]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            safe = [k for k in node.keywords if k.arg == "allow_pickle" and ast.unparse(k.value) == "False"]
            if ast.unparse(node.func.value) == "np" and not safe:
                found.append(f"line {node.lineno}: np.load without allow_pickle=False")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_evaluates_no_text_and_reaches_nothing_outside(path) -> None:
    # An answer that never ends is ended by the one call of C that can.
    allowed = ["import ctypes"] if path.stem == "attempts" else []
    assert dangers(path.read_text(encoding="utf-8")) == allowed


@pytest.mark.parametrize(
    "source",
    ["eval('1')", "import pickle", "from urllib.request import urlopen", "import os\nos.system('ls')"]
    + ["np.load(path)", "np.load(path, allow_pickle=True)", "sympy.lambdify(x, y)"],
)
def test_a_danger_is_found(source) -> None:
    assert dangers(source)


WATCHED = """
import os, sys
import numpy as np
from backprop_lib import Network, load_iris, train
from backprop_lib.drawing import net as drawn, plots
from backprop_lib.figures import iris_lab, nudge

seen = []
def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes and path != os.devnull:
            seen.append(f"{event} {path}")
    elif event.split(".")[0] in ("socket", "subprocess", "shutil", "tempfile", "urllib", "ctypes"):
        seen.append(event)
    elif event in ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.mkdir"):
        seen.append(f"{event} {arguments[-3:]}")

folder = sys.argv[1]
plots.heat_map([[1.0]])  # matplotlib finds its fonts
sys.addaudithook(hook)
iris = load_iris()
net = Network([("identity", 4), ("tanh", 5), ("sigmoid", 3)])
history = train(net, iris, epochs=2)
plots.cost_curves({"run": history})
drawn.network_svg(net.sizes, weights=net.w)
iris_lab.iris_lab()
assert seen == [], seen
net.save(os.path.join(folder, "net.npz"))
Network.load(os.path.join(folder, "net.npz"))
outside = [event for event in seen if folder not in event]
assert seen and outside == [], outside
"""


def test_training_and_figures_write_nothing_and_saving_writes_where_it_is_told(tmp_path) -> None:
    subprocess.run([sys.executable, "-c", WATCHED, tmp_path], check=True, cwd=tmp_path)
    assert os.listdir(tmp_path) == ["net.npz"]


def test_make_lab_answers_on_this_computer_only_and_to_its_token_only(tmp_path) -> None:
    with make_lab(tmp_path) as server:
        sockets = psutil.Process(server.pid).net_connections("inet")
        assert {item.laddr.ip for item in sockets if item.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        assert len(server.token) >= 32
        assert [server.status(token) for token in ("", "a" * len(server.token))] == [403, 403]


def test_the_lab_holds_no_answer_of_the_kernel_back(monkeypatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connected"))
    line = WithoutDelay.__new__(WithoutDelay)
    monkeypatch.setattr(
        WithoutDelay, "websocket_handler", SimpleNamespace(set_nodelay=done.append), raising=False
    )
    line.connect()
    assert done == [True, "connected"]


EVIL = "<script>alert('1')</script>"


def evil_file(folder: Path) -> str:
    path = folder / "<script>alert(1)<"  # a slash cannot be in a file's name
    path.write_text("a,class\n1,maybe\n", encoding="utf-8")
    with pytest.raises(ValueError, match="script") as caught:
        load_csv(path, ["a"], ["no"])

    def refuse(value: int) -> View:
        if value:
            raise caught.value
        return View("<p></p>", "a picture", "A picture.")

    scene = Scene({"value": slider("value", 0, 0, 1)}, refuse)
    scene.controls["value"].value = 1
    shown = "".join(str(child.value) for child in every(scene) if hasattr(child, "value"))
    scene.close()
    return shown


def every(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def html_of(picture) -> str:
    return picture.html


DRAWN = {
    "class names": lambda _: network_svg((1, 2), labels={1: [EVIL, "b"]}),
    "captions": lambda _: network_svg((1, 2), captions=[EVIL, "b"]),
    "node": lambda _: graph_svg([{"id": 1, "label": EVIL}]),
    "operation": lambda _: graph_svg([{"id": 1}, {"id": 2, "op": EVIL, "parents": (1,)}]),
    "alt of a graph": lambda _: graph_svg([{"id": 1}], alt=f'"{EVIL}'),
    "table": lambda _: table_html([[EVIL, "b"], [EVIL, 1.0]]),
    "rows": lambda _: html_of(heat_map([[1.0]], row_names=[EVIL], column_names=[EVIL], title=EVIL)),
    "curves": lambda _: html_of(function_plot(np.arange(3.0), {EVIL: np.arange(3.0)}, title=EVIL)),
    "alt": lambda _: html_of(heat_map([[1.0]], alt=f'" onload="alert(1)"{EVIL}')),
    "file name": evil_file,
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_script_in_a_name_is_drawn_as_text(name, tmp_path) -> None:
    html = DRAWN[name](tmp_path)
    assert "<script" not in html.lower() and not re.search(r'"\s+onload="', html)
    assert "&lt;script" in html
