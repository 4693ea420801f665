"""The server's end of the line to the browser, for `make lab`: what the kernel says goes out at once.

TCP holds a small message back until the one before it is acknowledged, which the browser's side may put off
for 40 ms. A moved control is answered by several small messages, so every other picture came late.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class WithoutDelay(ZMQChannelsWebsocketConnection):
    """The usual connection of a kernel to the browser, with TCP_NODELAY."""

    def connect(self) -> Any:
        """Connect as usual, and hold nothing back from now on."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
