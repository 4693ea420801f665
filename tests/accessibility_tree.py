"""What a screen reader is told of controls: Chromium's accessibility tree, against the widgets."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import ipywidgets as W

PATIENCE = 120.0  # seconds, on a busy machine
Named = tuple[str, str]
ROLES = {"button", "checkbox", "combobox", "listbox", "radio", "slider", "spinbutton", "switch", "textbox"}


def controls_of(widget: Any) -> Iterator[Named]:
    """The role and the name that each control within a widget should have, in their order."""
    if isinstance(widget, W.IntSlider | W.FloatSlider):
        yield from (("slider", widget.description), ("textbox", f"{widget.description}, typed"))
    elif isinstance(widget, W.SelectionSlider):
        yield "slider", widget.description
    elif isinstance(widget, W.FloatText | W.IntText):
        yield "spinbutton", widget.description
    elif isinstance(widget, W.Dropdown):
        yield "combobox", widget.description
    elif isinstance(widget, W.RadioButtons):
        yield from (("radio", option) for option in widget.options)
    elif isinstance(widget, W.Text):
        yield "textbox", widget.description
    elif isinstance(widget, W.Button | W.ToggleButton):
        yield "button", widget.description
    for child in getattr(widget, "children", ()):
        yield from controls_of(child)


def tree_of(part: Any) -> list[Named]:
    """The role and the name of every control of a part of a page, from Chromium's accessibility tree."""
    session = part.page.context.new_cdp_session(part.page)
    part.evaluate("part => { window.partToRead = part; }")
    found = session.send("Runtime.evaluate", {"expression": "window.partToRead"})["result"]["objectId"]
    nodes = session.send("Accessibility.queryAXTree", {"objectId": found})["nodes"]
    session.detach()
    seen = [node for node in nodes if not node["ignored"] and node["role"]["value"] in ROLES]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in seen]


def unnamed(part: Any, widget: Any) -> list[str]:
    """What a part of a page does not tell of the controls of its widget: nothing if all is well, once drawn.

    No two controls of a part have the same role and name, unless the widgets want it.
    """
    wanted, end = Counter(controls_of(widget)), time.monotonic() + PATIENCE
    part.scroll_into_view_if_needed()  # what is far from the screen is in no tree
    while True:
        told = Counter(tree_of(part))
        found = [f"no {role} named {name!r}" for role, name in wanted - told]
        found += [f"a {role} without a name" for role, name in told if not name.strip()]
        twice = [named for named in told if told[named] > max(wanted[named], 1)]
        found += [f"{told[role, name]} × {role} named {name!r}" for role, name in twice]
        if not found or time.monotonic() > end:
            return found
        part.page.wait_for_timeout(100)
