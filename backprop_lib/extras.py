"""What the figures, the pictures and some of the course need besides numpy."""

from __future__ import annotations

from importlib import import_module


def need(package: str, module: str) -> None:
    """Import a module; ModuleNotFoundError, saying what to install, if it or a part of it is not there."""
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        raise ModuleNotFoundError(
            f"{package} needs {missing}, which is not installed: in the folder of the course, "
            'pip install ".[notebooks]"',
            name=missing,
        ) from None
