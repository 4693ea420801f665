"""What the figures and pictures need besides numpy."""

from __future__ import annotations

from importlib.util import find_spec


def need(package: str, *modules: str) -> None:
    """Raise ModuleNotFoundError, saying what to install, if one of the modules is not there."""
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(
                f'{package} needs {module}, which is not installed: pip install "backprop-lib[notebooks]"',
                name=module,
            )
