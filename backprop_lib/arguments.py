"""What the caller handed in, checked: every refusal names the argument, what was expected and what came."""

from __future__ import annotations

import cmath
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Progress = Callable[[Iterable[int]], Iterable[int]]


def shown(value: object, longest: int = 60) -> str:
    """A short repr of any value, for a message."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= longest else text[: longest - 1] + "…"


def apart(first: float, second: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ, at least six.

    >>> apart(0.0124545, 0.0249090)
    ('0.0124545', '0.024909')
    >>> apart(0.01245451, 0.01245452)
    ('0.01245451', '0.01245452')
    """
    digits = next((n for n in range(6, 18) if f"{first:.{n}g}" != f"{second:.{n}g}"), 6)
    return f"{first:.{digits}g}", f"{second:.{digits}g}"


def spelled(text: str) -> str:
    """A short repr; letters beyond ASCII, which may look like others, are spelled out as well.

    >>> print(spelled("5"), "or", spelled("−5"))
    '5' or '−5', that is '\\u22125'
    """
    return shown(text) if ascii(text) == repr(text) else f"{shown(text)}, that is {ascii(text)}"


def texts_apart(first: str, second: str) -> tuple[str, str]:
    """Two texts so that one sees where they differ: long ones from shortly before that place.

    >>> texts_apart("no", "no ")
    ("'no'", "'no '")
    >>> texts_apart("petal length in " * 9 + "cm", "petal length in " * 9 + "mm")
    ("…'length in cm'", "…'length in mm'")
    """
    same = len(os.path.commonprefix([first, second]))
    start = same - 10 if same > 30 else 0
    before = "…" if start else ""
    return before + spelled(first[start:]), before + spelled(second[start:])


def one_of(name: str, value: object, allowed: Iterable[str]) -> str:
    """`value` itself if it is one of the allowed names; TypeError or ValueError if not."""
    names = list(allowed)
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected one of {', '.join(names)}, got {shown(value)}")
    if value not in names:
        raise ValueError(f"{name}: expected one of {', '.join(names)}, got {shown(value)}")
    return value


def positive_integer(name: str, value: object) -> int:
    """`value` as an int of at least 1; a bool or a float is refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected a positive integer, got {shown(value)}")
    if value < 1:
        raise ValueError(f"{name}: expected a positive integer, got {shown(value)}")
    return int(value)


def natural_number(name: str, value: object) -> int:
    """`value` as an int of at least 0."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected an integer of at least 0, got {shown(value)}")
    if value < 0:
        raise ValueError(f"{name}: expected an integer of at least 0, got {shown(value)}")
    return int(value)


def positive_number(name: str, value: object) -> float:
    """`value` as a finite float above 0."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: expected a positive number, got {shown(value)}")
    number = as_float(value)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name}: expected a positive finite number, got {shown(value)}")
    return number


def finite_number(name: str, value: object) -> float:
    """`value` as a finite float; an array with one number in it is one."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: expected a number, got {shown(value)}")
    number = as_float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {shown(value)}")
    return number


def as_float(value: Any) -> float:
    """A real number as a float: infinite if it is an int beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def listed(name: str, value: object) -> list[Any]:
    """The items of `value`; text, a dict and what has no items are refused."""
    if isinstance(value, str | bytes | dict) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a list, got {shown(value)}")
    try:
        return list(value)
    except TypeError:  # an array without dimensions
        raise TypeError(f"{name}: expected a list, got {shown(value)}") from None


def words(name: str, value: object) -> tuple[str, ...]:
    """`value` as a tuple of strings; a single string is refused."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{name}: expected a list of strings, got {shown(value)}")
    return tuple(value)


def path_of(name: str, value: object) -> Path:
    """`value` as a path."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name}: expected a path, got {shown(value)}")
    path = Path(value)
    if "\0" in str(path):  # each system would say this in its own way, and none by name
        raise ValueError(f"{name}: expected a path without a NUL character, got {shown(str(path))}")
    return path


def counted(count: int, progress: Progress | None) -> Iterable[int]:
    """0, 1, … count − 1, watched by `progress` if there is one: a function such as `tqdm.auto.tqdm`."""
    if progress is None:
        return range(count)
    if not callable(progress):
        raise TypeError(f"progress: expected a function like tqdm, got {shown(progress)}")
    try:
        watched = iter(progress(range(count)))
    except TypeError as error:
        expected = "a function like tqdm, which is given numbers and hands them on"
        raise TypeError(f"progress: expected {expected}, got {shown(progress)}: {error}") from error
    return (i for _, i in zip(watched, range(count), strict=False))


def unmasked(name: str, value: object) -> object:
    """`value` itself; a masked array, or lists with one in them, is refused: its mask would be lost."""
    if type(value) is np.ndarray:
        return value  # the usual case
    items = [value]
    for _ in range(8):  # lists in lists, as deep as numbers are ever written
        if any(isinstance(item, np.ma.MaskedArray) for item in items):
            raise TypeError(f"{name}: expected an array without a mask, got a masked array; use .filled(...)")
        items = [item for part in items if isinstance(part, list | tuple) for item in part]
    return value


def numbers(name: str, value: object, or_complex: bool = False) -> Array:
    """`value` as an array of finite float64 numbers; text, ragged lists, NaN and infinity are refused.

    Complex numbers are refused as well, or else `or_complex` keeps them as they are.
    """
    if not isinstance(value, np.ndarray | list | tuple | int | float | np.number):
        raise TypeError(f"{name}: expected an array of numbers, got {shown(value)}")
    unmasked(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected rows of equal length, got a ragged list") from error
    is_complex = or_complex and array.dtype.kind == "c"
    if array.dtype.kind not in "fiub" and not is_complex:
        raise TypeError(f"{name}: expected real numbers, got an array of {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        # A longer float may be beyond all doubles.
        array = array.astype(np.complex128 if is_complex else np.float64, copy=False)
        total = np.add.reduce(array, axis=None)
    if not cmath.isfinite(total):  # or finite numbers, whose sum overflows
        for at in np.argwhere(~np.isfinite(array)).tolist():
            raise ValueError(f"{name}: expected finite numbers, got {array[tuple(at)]} at index {at}")
    return array


def integers(name: str, value: object, expected: str) -> NDArray[np.integer]:
    """`value` as an array of integers, of any shape; `expected` says what they are."""
    unmasked(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{name}: expected {expected}, got a ragged list") from error
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected {expected}, got {shown(value)}")
    return array


@np.errstate(over="ignore", invalid="ignore")  # the sum may be infinite, or of two signs of infinity
def columns(name: str, value: object, rows: int) -> Array:
    """`value` as a float64 array of shape (rows, m): one example per column, at least one."""
    if (
        type(value) is np.ndarray
        and value.dtype == np.float64
        and value.ndim == 2
        and value.shape[0] == rows
        and value.shape[1] > 0
        and math.isfinite(np.add.reduce(value, axis=None))
    ):
        return value  # the usual case, recognized in two microseconds
    array = numbers(name, value)
    expected = f"({rows}, m), one example per column"
    if array.ndim != 2:
        hint = f"; write {name}[:, None] for one example" if array.ndim == 1 else ""
        raise ValueError(f"{name}: expected shape {expected}, got shape {array.shape}{hint}")
    if array.shape[0] != rows:
        hint = "; it looks transposed" if array.shape[1] == rows else ""
        raise ValueError(f"{name}: expected shape {expected}, got shape {array.shape}{hint}")
    if array.shape[1] == 0:
        raise ValueError(f"{name}: expected at least one example, got shape {array.shape}")
    return array


def same_count(name_x: str, x: Array, name_y: str, y: Array) -> None:
    """Refuse inputs and targets of different numbers of examples."""
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"{name_y}: expected {x.shape[1]} examples (columns) as in {name_x}, got {y.shape[1]}"
        )
