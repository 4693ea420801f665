"""The figures to play with: controls, a pure function, a picture; one figure a file."""

from __future__ import annotations

from pathlib import Path

from backprop_lib.extras import need

need("backprop_lib.figures", "ipywidgets")
need("backprop_lib.figures", "anywidget")


def figure_names() -> list[str]:
    """The figures of this folder: every file with a function of its own name, which makes the figure."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if f"def {file.stem}(" in file.read_text(encoding="utf-8"))
