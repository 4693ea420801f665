"""The JupyterLab of `make lab`, started as its recipe says, without a browser."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A server that answers: its process, the address of its contents, and the token it asks for."""

    pid: int
    contents: str
    token: str

    def ask(self, path: str = "", method: str = "GET", model: Any = None, token: str | None = None) -> Any:
        """The answer to a request for a file, as JSON, with the server's token unless another is given."""
        request = urllib.request.Request(f"{self.contents}{path}", method=method)
        request.add_header("Authorization", f"token {self.token if token is None else token}")
        request.data = None if model is None else json.dumps(model).encode()
        # Not through any proxy.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.load(answer)

    def status(self, token: str) -> int:
        """The HTTP status of a request that shows this token."""
        try:
            self.ask(token=token)
        except urllib.error.HTTPError as error:
            return error.code
        return 200


@contextmanager
def make_lab(folder: Path, flags: str = "") -> Iterator[Server]:
    """The server of `make lab`, its settings and its log in a folder of its own."""
    flags = f"--no-browser --ServerApp.port=0 --allow-root {flags}"
    command = ["make", "-n", "-C", ROOT, "lab", f"LAB_FLAGS={flags}"]
    recipe = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in recipe.stdout.splitlines() if "jupyterlab" in line)
    arguments = shlex.split(line.split("notebooks", 1)[1])  # sh tools/venv.sh notebooks -m jupyterlab …
    folders = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=os.environ | folders, stdout=output, stderr=output
        )
    try:
        deadline, status = time.monotonic() + 60, 0
        while status != 200 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            said = "".join(file.read_text() for file in (folder / "RUNTIME").glob("jpserver-*.json"))
            if said.endswith("}"):
                state = json.loads(said)
                contents = f"http://127.0.0.1:{state['port']}/api/contents"
                server = Server(process.pid, contents, state["token"])
                with suppress(urllib.error.URLError):  # the port opens after the file
                    status = server.status(server.token)
        assert status == 200, log.read_text()
        yield server
    finally:
        process.terminate()
        process.wait(30)
