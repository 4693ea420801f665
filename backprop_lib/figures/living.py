"""What makes a scene living: a widget that is seen nowhere and lights what is pointed at."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Living(anywidget.AnyWidget):
    """Lights, in the scene that holds it, all that belongs to what is pointed at: see `living.js`.

    choosable, chosen   what a click chooses, and what is chosen, as in a `View`
    """

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    choosable = traitlets.Unicode("").tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
