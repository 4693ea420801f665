"""What `make lab` stores of a page: the one form that `make notebooks` writes.

JupyterLab adds the version of the machine's Python to a page that is only opened, and the views of live
widgets to one that was run. Neither says anything of the page, and both would show in git.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.execute_pages import PageError, normalized, read, with_stored_pictures


def in_one_form(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:
    """Jupyter's pre-save hook: change what is about to be written; what is no page stays as it is."""
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
