"""The JupyterLab of `make lab`, started as its recipe says, without a browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from in_chromium import jupyter, recipe


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
    with jupyter(recipe(flags), folder) as state:
        yield Server(state["pid"], f"http://127.0.0.1:{state['port']}/api/contents", state["token"])
