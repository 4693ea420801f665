"""Colab, as far as it can be had without Colab: its Python and its versions, and page 0 opened alone.

Run by `make test-front-ends`; it installs from PyPI. What Colab shows of the figures is not tried.
"""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import address
import matrix
import pytest
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parents[2]
PATIENCE = 900  # seconds, for an installation on a busy machine
COLAB = ["numpy==2.0.2", "ipywidgets==7.7.1", "ipython==7.34.0", "ipykernel==6.17.1", "matplotlib==3.10.0"]
# What these need and the project does not.
COLAB += ["backcall==0.2.0", "decorator==5.3.1", "pickleshare==0.7.5", "setuptools==84.2.1"]
PAGE = json.loads((ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8"))
CELLS = [cell for cell in PAGE["cells"] if cell["cell_type"] == "code"]


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def the_cell() -> str:
    """The cell that page 0 gives to readers on Colab."""
    (block,) = re.findall(r"<summary>On Colab.*?```\n(.*?)```", joined(PAGE["cells"][0]["source"]), re.DOTALL)
    return str(block)


class Runtime:
    """A kernel of Colab's versions, in an empty folder; `git clone` takes this checkout for any address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run([matrix.interpreter("3.12"), "-m", "venv", folder / "venv"], check=True)
        # What is newer than this checkout's pins stays out; what is older stays where it is old enough.
        (folder / "newest").write_text((ROOT / "constraints.txt").read_text().replace("==", "<="))
        environment = os.environ | {"PIP_CONSTRAINT": str(folder / "newest")}
        install = [self.python, "-m", "pip", "install", "-q", *COLAB]
        subprocess.run(install, check=True, env=environment)
        checkout = folder / "checkout"
        matrix.copy_checkout(checkout)
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(checkout)]
        for command in ("init -q", "add -A", "commit -q -m all"):
            subprocess.run([*git, *command.split()], check=True)
        argv = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = folder / "kernels" / "colab" / "kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps({"argv": argv, "display_name": "Colab", "language": "python"}))
        (folder / "content").mkdir()
        named = address.address_in()
        (folder / "hosts").write_text(f'[url "file://{checkout}"]\n\tinsteadOf = {named}\n')
        self.environment = environment | {
            "GIT_CONFIG_GLOBAL": str(folder / "hosts"),
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "IPYTHONDIR": str(folder / "ipython"),
        }
        self.start()

    def start(self) -> None:
        self.manager, self.client = start_new_kernel(
            PATIENCE, kernel_name="colab", cwd=str(self.folder / "content"), env=self.environment
        )

    def run(self, code: str) -> tuple[str, str]:
        """What a cell prints, and the name of its error; the error is "died" if the kernel did."""
        asked, printed, error = self.client.execute(code), list[str](), ""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                assert time.monotonic() < deadline, f"not done in {PATIENCE} s: {code}"
                if not self.manager.is_alive():
                    return "".join(printed), "died"
                continue
            content = message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                error = content["ename"]
            elif content.get("execution_state") == "idle":
                return "".join(printed), error


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch_module: pytest.MonkeyPatch) -> Any:
    folder = tmp_path_factory.mktemp("colab")
    monkeypatch_module.setenv("JUPYTER_PATH", str(folder))
    running = Runtime(folder)
    yield running
    running.client.stop_channels()
    running.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        yield patched


def test_the_one_cell_of_page_0_installs_and_restarts_and_then_the_page_runs(runtime: Runtime) -> None:
    versions = "import numpy, ipywidgets; print(numpy.__version__, ipywidgets.__version__)"
    assert runtime.run(versions) == ("2.0.2 7.7.1\n", "")  # loaded before the reader's first cell
    first = joined(CELLS[0]["source"])
    assert runtime.run(first)[1] == "ModuleNotFoundError"
    assert runtime.run(the_cell())[1] == "died"
    runtime.start()
    assert runtime.run(the_cell()) == ("", "")  # run again, it does nothing
    for cell in CELLS:
        stored = "".join(joined(out["text"]) for out in cell["outputs"] if out.get("name") == "stdout")
        tags = cell["metadata"].get("tags", [])
        printed, error = runtime.run(joined(cell["source"]))
        assert printed == stored and bool(error) == ("raises-exception" in tags), (cell["id"], error)
