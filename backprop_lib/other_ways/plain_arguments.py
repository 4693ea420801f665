"""What was handed to the readable ways, checked without numpy: what was expected and what came, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Order = Callable[[int], Iterable[int]] | Sequence[Iterable[int]]
MOST_PARAMETERS = 1_000_000


def shown(value: object) -> str:
    """A short repr of any value, for a message."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:59] + "…"


def is_real(value: Any) -> bool:
    """Whether it is one real number, of Python or of another library."""
    if isinstance(value, float):  # most are
        return True
    return hasattr(value, "__float__") and not (hasattr(value, "__len__") or isinstance(value, complex))


def is_finite(value: Any) -> bool:
    """Whether it is neither infinite nor too large for a float."""
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond all floats
        return False


def is_masked(value: Any) -> bool:
    """Whether it is a masked array; of other libraries, `mask` may be a method, which hides nothing."""
    return hasattr(value, "mask") and not callable(value.mask)


def items_of(name: str, value: Any, expected: str) -> list[Any]:
    """The items as a list; text, dicts and sets are refused."""
    if is_masked(value):
        raise TypeError(f"{name}: expected {expected}, got a masked array")
    if isinstance(value, str | bytes | dict | set):
        raise TypeError(f"{name}: expected {expected}, got {shown(value)}")
    try:
        return list(value)
    except TypeError:
        raise TypeError(f"{name}: expected {expected}, got {shown(value)}") from None


def numbers(name: str, value: Any, count: int) -> list[float]:
    """`count` finite numbers as floats."""
    items = items_of(name, value, f"{count} numbers")
    if len(items) != count:
        raise ValueError(f"{name}: expected {count} numbers, got {len(items)}")
    for item in items:
        if not is_real(item):
            raise TypeError(f"{name}: expected {count} numbers, got {shown(item)} among them")
        if not is_finite(item):
            raise ValueError(f"{name}: expected finite numbers, got {shown(item)} among them")
    return [float(item) for item in items]


def target(name: str, value: Any, count: int, output: str | None) -> list[float]:
    """A target for a cost that stands behind this output activation (None: behind any)."""
    y = numbers(name, value, count)
    check_target(name, y, output)
    return y


def check_target(name: str, y: Sequence[float], output: str | None) -> None:
    """ValueError if y is no target of the cross-entropy behind this output: it would have no least value."""
    outside = [y_j for y_j in y if not 0 <= y_j <= 1]
    if output is not None and outside:
        cost = "cross_entropy" if output == "softmax" else "binary_cross_entropy"
        raise ValueError(f"{name}: {cost} needs targets from 0 to 1, got {outside[0]}")
    if output == "softmax" and abs(sum(y) - 1.0) > 1e-12:  # else δ^L = a Σ_k y_k − y, not a − y
        raise ValueError(f"{name}: cross_entropy needs a target that sums to 1, got a sum of {sum(y)}")


def output_of(cost: Any, costs: Mapping[str, str | None], output: str) -> str | None:
    """The activation that the cost needs at the output (None: any); ValueError if it is another than this."""
    needed = costs[one_of("cost", cost, costs)]
    if needed not in (None, output):
        raise ValueError(f"cost: {cost} needs {needed} outputs, got {output} outputs")
    return needed


def examples(
    xs: Any, ys: Any, sizes: Sequence[int], output: str | None
) -> tuple[list[list[float]], list[list[float]]]:
    """Inputs and targets, as many of the one as of the other, as lists of lists of numbers."""
    rows_x, rows_y = items_of("xs", xs, "a list of examples"), items_of("ys", ys, "a list of targets")
    if not rows_x:
        raise ValueError("xs: expected at least one example, got none")
    if len(rows_y) != len(rows_x):
        raise ValueError(f"ys: expected {len(rows_x)} targets, as many as examples in xs, got {len(rows_y)}")
    return (
        [numbers(f"xs[{i}]", x, sizes[0]) for i, x in enumerate(rows_x)],
        [target(f"ys[{i}]", y, sizes[-1], output) for i, y in enumerate(rows_y)],
    )


def layers(name: str, blocks: Any, last: int) -> None:
    """TypeError or ValueError if this is no dict of the layers 1 … last, and of no others."""
    if not isinstance(blocks, dict):
        raise TypeError(f"{name}: expected a dict of layers 1 … {last}, got {shown(blocks)}")
    if blocks.keys() != set(range(1, last + 1)):
        raise ValueError(f"{name}: expected the layers 1 … {last}, got {shown(list(blocks))}")


def parameters(
    w: Any, b: Any, sizes: Sequence[int]
) -> tuple[dict[int, list[list[float]]], dict[int, list[float]]]:
    """Weights w[l][j][k] and biases b[l][j] for the layers l = 1 … L."""
    for name, blocks in ("w", w), ("b", b):
        layers(name, blocks, len(sizes) - 1)
    checked_w, checked_b = {}, {}
    for l in range(1, len(sizes)):
        rows = items_of(f"w[{l}]", w[l], f"{sizes[l]} rows")
        if len(rows) != sizes[l]:
            raise ValueError(f"w[{l}]: expected {sizes[l]} rows, got {len(rows)}")
        checked_w[l] = [numbers(f"w[{l}][{j}]", row, sizes[l - 1]) for j, row in enumerate(rows)]
        checked_b[l] = numbers(f"b[{l}]", b[l], sizes[l])
    return checked_w, checked_b


def rate(learning_rate: Any) -> float:
    """A positive finite number."""
    if isinstance(learning_rate, bool) or not is_real(learning_rate):
        raise TypeError(f"learning_rate: expected a positive number, got {shown(learning_rate)}")
    if not (is_finite(learning_rate) and float(learning_rate) > 0):
        raise ValueError(f"learning_rate: expected a positive finite number, got {shown(learning_rate)}")
    return float(learning_rate)


def integer(name: str, value: Any, least: int) -> int:
    """An integer of at least `least`."""
    expected = f"{name}: expected an integer of at least {least}, got {shown(value)}"
    if isinstance(value, bool) or not hasattr(value, "__index__") or hasattr(value, "__len__"):
        raise TypeError(expected)
    if value < least:
        raise ValueError(expected)
    return int(value)


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """One of the allowed names."""
    expected = f"{name}: expected one of {', '.join(allowed)}, got {shown(value)}"
    if not isinstance(value, str):
        raise TypeError(expected)
    if value not in allowed:
        raise ValueError(expected)
    return value


def permutation(order: Order, epoch: int, count: int) -> list[int]:
    """The order of the examples in one epoch: each index once."""
    if not callable(order):
        epochs = items_of("order", order, "a permutation for every epoch")
        if epoch >= len(epochs):
            raise ValueError(f"order: expected a permutation for every epoch, got none for epoch {epoch}")
        order = epochs.__getitem__
    indices = items_of("order", order(epoch), "indices")
    texts = [str(i) if hasattr(i, "__index__") else "" for i in indices]  # as text, for True is no index
    if sorted(texts) != sorted(map(str, range(count))):
        raise ValueError(f"order: expected each of the {count} indices once, got {shown(indices)}")
    return indices


def specification(value: Any, activations: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """(activation, size) pairs: at least two layers, the first "identity", softmax in the last one alone."""
    pairs = []
    for l, pair in enumerate(items_of("specification", value, "(activation, size) pairs")):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"specification, layer {l}: expected (activation, size), got {shown(pair)}")
        name = one_of(f"specification, layer {l}, activation", pair[0], activations)
        pairs.append((name, integer(f"specification, layer {l}, size", pair[1], 1)))
    if len(pairs) < 2:
        raise ValueError(f"specification: expected at least two layers, got {len(pairs)}")
    if pairs[0][0] != "identity":
        raise ValueError(f"specification, layer 0: expected 'identity' for the input, got {pairs[0][0]!r}")
    for l, (name, _) in enumerate(pairs[:-1]):
        if name == "softmax":
            raise ValueError(
                f"specification, layer {l}: softmax is for the output layer {len(pairs) - 1} only"
            )
    count = sum(n * (inputs + 1) for (_, inputs), (_, n) in pairwise(pairs))
    if count > MOST_PARAMETERS:
        raise ValueError(
            f"specification: expected at most {MOST_PARAMETERS} parameters, each an object of its own, "
            f"got {shown(count)}"
        )
    return tuple(pairs)
