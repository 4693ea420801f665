"""Serve a folder on this computer only, as any static server would: `python tools/serve_site.py build/site`.

Two types of files must be named: `.mjs` as JavaScript and `.wasm` as application/wasm.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}


@dataclass
class Log:
    """What was asked for: bytes sent, and the path and status of every answer."""

    bytes: int = 0
    answers: list[tuple[str, int]] = field(default_factory=list)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Static files."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}

    def __init__(self, *arguments: Any, log: Log, **options: Any) -> None:
        self.log = log
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        # A browser asks each time whether a file has changed, so a rebuilt site is never shown half old.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length":
            self.log.bytes += int(value)
        super().send_header(keyword, value)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        self.log.answers.append((self.path, int(code)))

    def log_message(self, *arguments: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *arguments: Any) -> None:
        """A browser that closes a connection early is no error."""


@contextmanager
def serving(folder: Path, handler: type[Handler] = Handler) -> Iterator[tuple[str, Log]]:
    """The address of a server of a folder, on a free port of this computer, and its log."""
    log = Log()
    server = Server(("127.0.0.1", 0), functools.partial(handler, directory=str(folder), log=log))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", log
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="build/site")
    with serving(Path(parser.parse_args().folder)) as (address, _):
        print(f"{address}/ (Ctrl+C ends it)", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
