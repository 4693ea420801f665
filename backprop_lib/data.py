"""The data sets: read from the files of this project, checked, split, scaled. No network is needed."""

from __future__ import annotations

import codecs
import csv
import io
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backprop_lib.arguments import (
    Array,
    integers,
    natural_number,
    numbers,
    path_of,
    positive_integer,
    shown,
    spelled,
    texts_apart,
    words,
)

IRIS_FEATURES = ("sepallength", "sepalwidth", "petallength", "petalwidth")
IRIS_CLASSES = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
DIGITS_FEATURES = tuple(f"pixel{i}" for i in range(64))
DIGITS_CLASSES = tuple("0123456789")
LARGEST = 10**8  # numbers in one array: 0.8 GB
OTHER_TEXT = {  # how it begins; UTF-32 first, whose mark begins with that of UTF-16
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """N labeled examples, one per ROW.

    x               features, (N, n)
    y               targets: one-hot (N, classes), or (N, 1) with 0 or 1 for two classes
    labels          the class of each example as an integer, (N,)
    class_names     one name for each class
    feature_names   one name for each feature

    The arrays are copies and cannot be written to. Targets that are one-hot name the classes of the labels.
    Raises ValueError or TypeError, naming the argument.
    """

    x: Array
    y: Array
    labels: NDArray[np.intp]
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]

    def __post_init__(self) -> None:
        x, y = numbers("x", self.x), numbers("y", self.y)
        if x.ndim != 2 or y.ndim != 2 or 0 in x.shape or 0 in y.shape:
            raise ValueError(f"x, y: expected one example per row, got shapes {x.shape} and {y.shape}")
        if len(y) != len(x):
            raise ValueError(f"y: expected {len(x)} rows as in x, got {len(y)}")
        names = {name: words(name, getattr(self, name)) for name in ("class_names", "feature_names")}
        if len(set(names["class_names"])) < len(names["class_names"]):  # the second could never be an answer
            raise ValueError(f"class_names: expected each name once, got {shown(names['class_names'])}")
        labels = checked_labels(self.labels, len(names["class_names"]))
        if labels.shape != (len(x),):
            raise ValueError(f"labels: expected {len(x)} as in x, got {len(labels)}")
        if len(names["feature_names"]) != x.shape[1]:
            raise ValueError(f"feature_names: expected {x.shape[1]}, got {len(self.feature_names)}")
        _check_one_hot(y, labels, len(names["class_names"]))
        for name, array in (("x", x), ("y", y), ("labels", labels)):
            copy = array.copy()
            copy.flags.writeable = False
            object.__setattr__(self, name, copy)
        for name, value in names.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    def columns(self) -> tuple[Array, Array]:
        """(x, y) with one example per COLUMN, as the equations want them: (n, N) and (outputs, N)."""
        return self.x.T, self.y.T

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Dataset:
        """The examples with these row numbers, in this order."""
        rows = integers("indices", indices, "a list of row numbers")
        if rows.ndim != 1 or not len(rows):
            raise TypeError(f"indices: expected a list of row numbers, got {shown(indices)}")
        if rows.min() < 0 or rows.max() >= len(self):
            raise ValueError(f"indices: expected numbers from 0 to {len(self) - 1}, got {shown(indices)}")
        return Dataset(self.x[rows], self.y[rows], self.labels[rows], self.class_names, self.feature_names)


def _check_one_hot(y: Array, labels: NDArray[np.intp], classes: int) -> None:
    """ValueError if targets that are one-hot, or 0 and 1 for two classes, name other classes than labels."""
    if not ((y == 0) | (y == 1)).all():
        return
    if y.shape[1] == classes and (y.sum(axis=1) == 1).all():
        named = y.argmax(axis=1)
    elif y.shape[1] == 1 and classes == 2:
        named = y[:, 0].astype(np.intp)
    else:
        return
    for i in np.flatnonzero(named != labels):
        raise ValueError(f"y: expected class {labels[i]} in row {i}, as in labels, got class {named[i]}")


def checked_labels(labels: object, classes: int) -> NDArray[np.intp]:
    """The labels as integers 0 … classes − 1; ValueError or TypeError if they are not."""
    array = integers("labels", labels, "integers")
    if array.ndim != 1:
        raise ValueError(f"labels: expected a flat list, got shape {array.shape}")
    outside = array[(array < 0) | (array >= classes)]
    if len(outside):
        raise ValueError(f"labels: expected classes 0 … {classes - 1}, got {int(outside[0])}")
    return array.astype(np.intp)


def one_hot(labels: object, classes: int) -> Array:
    """Row i is all 0 but for a 1 in column labels[i]; shape (N, classes).

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    classes = positive_integer("classes", classes)
    rows = checked_labels(labels, classes)
    if len(rows) * classes > LARGEST:
        raise ValueError(f"classes: expected at most {LARGEST} numbers in all, got {len(rows)} × {classes}")
    targets = np.zeros((len(rows), classes))
    targets[np.arange(len(rows)), rows] = 1.0
    return targets


def load_csv(
    path: str | os.PathLike[str], feature_names: Sequence[str], class_names: Sequence[str]
) -> Dataset:
    """A data set from a CSV file with one header line: the features, then `class`.

    The text is UTF-8, with or without a byte order mark; blank lines at its end are left out. Every line must
    have all its fields, every feature must be a finite number, every class one of class_names. Raises OSError
    if the file cannot be read, or ValueError naming the file, the line and what is odd in it.
    """
    path = path_of("path", path)
    header = [*words("feature_names", feature_names), "class"]
    if len(header) < 2:
        raise ValueError("feature_names: expected at least one name, got none")
    class_names = words("class_names", class_names)
    rows = _rows_of(path)
    if not rows:
        raise ValueError(f"{path.name}, line 1: expected the header {shown(','.join(header))}, got nothing")
    _check_header(f"{path.name}, line 1", header, rows[0][1])
    features, labels = [], []
    for line, row in rows[1:]:
        where = f"{path.name}, line {line}"
        if len(row) != len(header):
            raise ValueError(
                f"{where}: expected {len(header)} fields, got {len(row)} in {shown(','.join(row))}"
            )
        features.append([_number(field, where) for field in row[:-1]])
        if row[-1] not in class_names:
            nearest = max(
                class_names, key=lambda name: len(os.path.commonprefix([name, row[-1]])), default=""
            )
            got = texts_apart(nearest, row[-1])[1]
            raise ValueError(f"{where}: expected a class of {', '.join(class_names)}, got {got}")
        labels.append(class_names.index(row[-1]))
    if not features:
        raise ValueError(f"{path.name}, line 2: expected at least one example, got nothing")
    return Dataset(
        np.array(features),
        one_hot(labels, len(class_names)),
        np.array(labels),
        class_names,
        tuple(header[:-1]),
    )


def _rows_of(path: Path) -> list[tuple[int, list[str]]]:
    """(first line, fields) of every row of a CSV file; ValueError, naming file and line, if it is none."""
    content = path.read_bytes()
    for code, marks in OTHER_TEXT.items():
        if content.startswith(marks):
            raise ValueError(f"{path.name}, line 1: expected UTF-8 text, got {code}")
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_of(content[: error.start].decode("utf-8"))
        got = f"the byte 0x{content[error.start]:02x}"
        raise ValueError(f"{path.name}, line {line}: expected UTF-8 text, got {got}") from error
    written = text.rstrip()
    text = written + re.split(r"[\r\n]", text[len(written) :], maxsplit=1)[0]  # no blank lines at the end
    before, nul, _ = text.partition("\0")
    if nul:
        raise ValueError(f"{path.name}, line {_line_of(before)}: expected text, got a NUL character")
    reader, rows, line = csv.reader(io.StringIO(text, newline=""), strict=True), [], 1
    try:
        for row in reader:
            rows.append((line, row))
            line = reader.line_num + 1  # where the next row begins: a stray quote makes one of many lines
    except csv.Error as error:
        said = "a quote that is not closed" if "unexpected end" in str(error) else str(error)
        raise ValueError(f"{path.name}, line {line}: not a line of a CSV file: {said}") from error
    return rows


def _line_of(before: str) -> int:
    """The number of the line in which a text that begins with these characters goes on."""
    return len(re.split(r"\r\n|\r|\n", before))


def _check_header(where: str, expected: list[str], got: list[str]) -> None:
    """ValueError that shows the first column in which two headers, perhaps long ones, differ."""
    if got == expected:
        return
    pairs = enumerate(zip_longest(expected, got))
    k, wanted, found = next((k, one, other) for k, (one, other) in pairs if one != other)
    if found is None or expected[k + 1 :] == got[k:]:
        odd = f"{spelled(wanted)} is missing"
    elif wanted is None or expected[k:] == got[k + 1 :]:
        odd = f"{spelled(found)} is one too many"
    else:
        odd = "expected the header {}, got {}".format(*texts_apart(wanted, found))
    if len(got) == len(expected):
        raise ValueError(f"{where}, column {k + 1}: {odd}")
    raise ValueError(
        f"{where}: expected the header {shown(','.join(expected))} with {len(expected)} columns, "
        f"got {shown(','.join(got))} with {len(got)}; column {k + 1}: {odd}"
    )


def _dataset(name: str, value: object) -> None:
    if not isinstance(value, Dataset):
        raise TypeError(f"{name}: expected a Dataset, got {shown(value)}")


def _number(field: str, where: str) -> float:
    try:
        value = float(field)
    except ValueError:
        value = math.nan
    if not re.fullmatch(r"\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*", field, re.ASCII):
        value = math.nan  # Python reads 1_5 as 15, and digits of other scripts; a file means something else
    if not math.isfinite(value):
        raise ValueError(f"{where}: expected a finite number, got {spelled(field)}")
    return value


def _file(name: str) -> Path:
    """A file of datasets/: inside an installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    places = [here / "datasets" / name, here.parent / "datasets" / name]
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"{name}: expected it in datasets/ in or beside the package, found it in neither")


def load_iris() -> Dataset:
    """Fisher's iris flowers: 150 flowers, 4 lengths in cm, 3 species of 50 each."""
    return load_csv(_file("iris.csv"), IRIS_FEATURES, IRIS_CLASSES)


def load_digits() -> Dataset:
    """1797 handwritten digits of 8 × 8 pixels, from 0 (white) to 1 (black)."""
    raw = load_csv(_file("digits.csv"), DIGITS_FEATURES, DIGITS_CLASSES)
    return Dataset(raw.x / 16, raw.y, raw.labels, raw.class_names, raw.feature_names)


def xor() -> Dataset:
    """The four points of exclusive or: one output, 1 if exactly one of the two inputs is 1."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    labels = x[:, 0] ^ x[:, 1]
    return Dataset(x, labels[:, None], labels, ("no", "yes"), ("first", "second"))


def split(data: Dataset, fraction: float = 0.7, seed: int = 0) -> tuple[Dataset, Dataset]:
    """(train, held out): a random `fraction` of every class, at least one, and the rest.

    Raises ValueError if fraction is not between 0 and 1, or a class has too few examples for both.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float | np.floating):
        raise TypeError(f"fraction: expected a number between 0 and 1, got {shown(fraction)}")
    if not 0 < fraction < 1:
        raise ValueError(f"fraction: expected a number between 0 and 1, got {shown(fraction)}")
    _dataset("data", data)
    rng = np.random.default_rng(natural_number("seed", seed))
    train: list[int] = []
    held_out: list[int] = []
    for label in np.unique(data.labels):
        rows = rng.permutation(np.flatnonzero(data.labels == label))
        count = max(1, round(fraction * len(rows)))
        if count == len(rows):
            raise ValueError(
                f"fraction: {fraction} of the {len(rows)} examples of class {label} leaves none to hold out"
            )
        train += rows[:count].tolist()
        held_out += rows[count:].tolist()
    return data.take(sorted(train)), data.take(sorted(held_out))


def standardize(train: Dataset, *others: Dataset) -> tuple[Dataset, ...]:
    """All data sets with every feature shifted and scaled to mean 0 and deviation 1 on `train` alone.

    A feature that is constant on `train` is shifted only. Raises ValueError if numbers lie so far apart that
    their deviation is none.
    """
    _dataset("train", train)
    is_constant = (train.x == train.x[0]).all(axis=0)
    # In units of their own, powers of two, which round nothing: the squares of tiny numbers would be 0.
    exponents = np.minimum(np.frexp(np.abs(train.x).max(axis=0))[1], 0)
    unit = np.where(is_constant, 1.0, np.ldexp(1.0, exponents))
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = (train.x / unit).mean(axis=0), (train.x / unit).std(axis=0)
    for name, far in zip(train.feature_names, deviation, strict=True):
        if not np.isfinite(far):
            raise ValueError(f"train: expected numbers whose squares are finite, got larger ones in {name!r}")
    # The mean of equal numbers may be off by their last bit: their deviation would be round-off, and no 0.
    mean, deviation = np.where(is_constant, train.x[0], mean), np.where(is_constant, 1.0, deviation)
    for position, other in enumerate(others):
        _dataset(f"others[{position}]", other)
        if other.feature_names != train.feature_names:
            raise ValueError(
                f"others[{position}]: expected the features of train, {shown(train.feature_names)}, "
                f"got {shown(other.feature_names)}"
            )
    with np.errstate(over="ignore"):  # Dataset refuses what is not finite
        return tuple(
            Dataset((d.x / unit - mean) / deviation, d.y, d.labels, d.class_names, d.feature_names)
            for d in (train, *others)
        )
