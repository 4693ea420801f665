"""The rules of accessibility, as axe-core knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime import collect, read_manifest

# JupyterLab's own, by rule.
OF_JUPYTERLAB = {
    "aria-allowed-attr": ".jp-DebuggerBugButton",
    "aria-input-field-name": ".cm-content",
    "aria-required-children": ".jp-WindowedPanel-viewport",
    "button-name": ".jp-collapseHeadingButton",
    "color-contrast": ".jp-InputPrompt, .cm-content *",
    "link-in-text-block": ".jp-RenderedMarkdown a",
    "tabindex": ".skip-link",
}
# A formula that is drawn is thousands of shapes without a text; what surrounds it is looked at.
FIND = """async known => (await axe.run({exclude: ['mjx-container > svg > *']}, {
        preload: false, elementRef: true, resultTypes: ['violations']
    })).violations
    .filter(({impact}) => ['serious', 'critical'].includes(impact))
    .flatMap(({id, nodes}) => nodes.filter(({element}) => !(known[id] && element.matches(known[id])))
        .map(({html}) => `${id}: ${html.slice(0, 200)}`))"""


def serious(page: Any, known: Mapping[str, str] = {}) -> list[str]:
    """The findings of axe-core, serious or worse, on the page that is shown; it asks for no file again.

    known   by rule, a selector of elements whose findings are left out
    """
    (axe,) = read_manifest().of("axe")
    # JupyterLab's start picture covers the page while a theme is loaded; what is covered has no contrast.
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.evaluate(collect(read_manifest(), [axe])[axe.file].read_text(encoding="utf-8"))
    return list(page.evaluate(FIND, dict(known)))
