"""What `make lab` adds to JupyterLab: how a page is stored, and how fast the kernel's answers go out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from tools.execute_pages import PageError, normalized, read, with_stored_pictures


class WithoutDelay(ZMQChannelsWebsocketConnection):
    """The usual connection of a kernel to the browser, which holds nothing back.

    TCP holds a small message back until the one before it is acknowledged, which the browser's side may put
    off for 40 ms. A moved control is answered by several small messages: every other picture came late.
    """

    def connect(self) -> Any:
        """Connect as usual, with TCP_NODELAY."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def in_one_form(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:
    """Jupyter's pre-save hook: a page is stored in the form that `make notebooks` writes.

    JupyterLab adds the version of the machine's Python to a page that is only opened, and the views of live
    widgets to one that was run. Neither says anything of the page, and both would show in git. What is no
    page stays as it is.
    """
    if model["type"] != "notebook" or model["content"].get("nbformat") != 4:
        return
    try:
        page = normalized(model["content"])
    except (AttributeError, KeyError, TypeError):
        return
    try:
        stored = {cell["id"]: cell for cell in read(Path(contents_manager.root_dir, path))["cells"]}
    except PageError:  # a new page
        stored = {}
    for cell in page["cells"]:
        if cell["cell_type"] == "code":
            before = stored.get(cell.get("id"), {}).get("outputs", [])
            cell["outputs"] = with_stored_pictures(cell["outputs"], before)
    model["content"] = page
