"""Two browsers with the same three calls: Chromium through Playwright, Firefox through its own protocol."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import in_chromium
import websocket

KEYS = {"PageUp": "\ue00e"}
PATIENCE = 300.0  # seconds, for what takes long on a busy machine


class Chromium:
    def __init__(self, tab: Any, version: str) -> None:
        self.tab, self.version = tab, version
        tab.set_default_timeout(1000 * PATIENCE)

    def goto(self, address: str) -> None:
        self.tab.goto(address, wait_until="domcontentloaded")

    def js(self, expression: str) -> Any:
        """The value of an expression, a promise's when it is kept."""
        return self.tab.evaluate(expression)

    def press(self, key: str) -> None:
        self.tab.keyboard.press(key)


class Firefox:
    """Firefox by WebDriver BiDi, which it speaks itself: no driver, and no build of its own, is needed."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self.numbers = itertools.count()
        capabilities = self.call("session.new", capabilities={})["capabilities"]
        self.version = f"Firefox {capabilities['browserVersion']}"
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def goto(self, address: str) -> None:
        self.call("browsingContext.navigate", context=self.tab, url=address, wait="interactive")

    def js(self, expression: str) -> Any:
        """The value of an expression, a promise's when it is kept."""
        wrapped = f"(async () => JSON.stringify(await ({expression})))()"
        answer = self.call(
            "script.evaluate", expression=wrapped, target={"context": self.tab}, awaitPromise=True
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def press(self, key: str) -> None:
        actions = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("input.performActions", context=self.tab, actions=[keyboard])


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    with in_chromium.chromium() as running:
        yield Chromium(in_chromium.open_tab(running)[0], f"Chromium {running.version}")


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    assert path, "No Firefox found. Install it: apt-get install firefox-esr"
    profile = folder / "firefox"
    profile.mkdir()
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    said = folder / "firefox.log"
    with said.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + PATIENCE
            while not (found := re.search(r"ws://[\w.:]+(?=\n)", said.read_text())):
                assert process.poll() is None and time.monotonic() < deadline, said.read_text()
                time.sleep(0.2)
            running = Firefox(f"{found[0]}/session")
            yield running
            running.socket.close()
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(browser: Any, expression: str, what: str) -> Any:
    """The value of an expression once it is true; AssertionError if it never is."""
    deadline = time.monotonic() + PATIENCE
    while not (value := browser.js(expression)):
        assert time.monotonic() < deadline, f"{what}: not in {PATIENCE:.0f} s"
        time.sleep(0.3)
    return value
