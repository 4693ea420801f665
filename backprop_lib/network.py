"""The net: its specification, its parameters in one flat vector, and how they are kept in a file."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from backprop_lib.activations import ACTIVATIONS, Activation, activation
from backprop_lib.arguments import (
    Array,
    columns,
    listed,
    natural_number,
    one_of,
    path_of,
    positive_integer,
    same_count,
    shown,
)
from backprop_lib.costs import Cost
from backprop_lib.costs import cost as cost_named

LARGEST = 10**8  # parameters of a net: 0.8 GB
FORMAT = "backprop_lib network 1"
INITS = ("random", "constant", "zeros", "normal", "xavier", "he")


class Parameters:
    """One number for every weight and bias, in one flat vector `theta` with matrices as views into it.

    `w[l]` has shape (n_l, n_{l−1}) and `b[l]` (n_l, 1), for l = 1 … L. `theta` holds w[1] row by row,
    then b[1], then w[2], … Changing an entry of w[l] or b[l] changes theta, and the other way round.
    A `Network` is made of such numbers, and so is its gradient. `L` is the number of the output layer.
    """

    sizes: tuple[int, ...]
    L: int
    theta: Array
    w: dict[int, Array]
    b: dict[int, Array]

    def __init__(self, sizes: Sequence[int], theta: Array | None = None) -> None:
        """All zero, or the numbers of `theta`, which is not copied.

        Raises ValueError or TypeError if these are no layer sizes or the numbers do not fit them.
        """
        self.sizes = sizes if isinstance(sizes, tuple) else tuple(listed("sizes", sizes))
        self.L = len(self.sizes) - 1
        count, slices = _layout(self.sizes)
        self.theta = np.zeros(count) if theta is None else theta
        if not isinstance(self.theta, np.ndarray):
            raise TypeError(f"theta: expected a flat array, got {shown(theta)}")
        if self.theta.shape != (count,):
            raise ValueError(
                f"theta: expected {count} numbers for sizes {self.sizes}, got {self.theta.shape}"
            )
        self.w, self.b = {}, {}
        for l, (weights, biases) in slices.items():
            self.w[l] = self.theta[weights].reshape(self.sizes[l], -1)
            self.b[l] = self.theta[biases].reshape(-1, 1)

    def blocks(self) -> list[tuple[str, int, Array]]:
        """("w", 1, w[1]), ("b", 1, b[1]), ("w", 2, w[2]), … in the order of theta."""
        return [block for l in range(1, self.L + 1) for block in (("w", l, self.w[l]), ("b", l, self.b[l]))]


@lru_cache
def _layout(sizes: tuple[int, ...]) -> tuple[int, dict[int, tuple[slice, slice]]]:
    """How many numbers theta has, and where in it w[l] and b[l] are; checked here, once for many nets."""
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected at least two layers, got {shown(sizes)}")
    for l, size in enumerate(sizes):
        positive_integer(f"sizes, layer {l}", size)
    slices, start = {}, 0
    for l in range(1, len(sizes)):
        middle = start + sizes[l] * sizes[l - 1]
        end = middle + sizes[l]
        slices[l] = slice(start, middle), slice(middle, end)
        start = end
    return start, slices


def parameter_count(sizes: Sequence[int]) -> int:
    """Σ_l n_l (n_{l−1} + 1): the number of weights and biases.

    >>> parameter_count([4, 5, 3])
    43
    """
    return sum(n * (inputs + 1) for inputs, n in pairwise(sizes))


class Network(Parameters):
    """A net of layers 0 … L, built from one (activation, size) pair a layer.

    >>> net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], seed=0)
    >>> net.sizes, net.L, net.w[1].shape, net.b[1].shape, net.theta.size
    ((4, 5, 3), 2, (5, 4), (5, 1), 43)

    Layer 0 is the input, so its activation is "identity"; "softmax" is for the last layer only.
    `init` says how the parameters begin. The biases are 0; the weights of layer l, from n_{l−1} neurons, are

        random     N(0, 1) / √n_{l−1}           constant   1
        normal     N(0, 1)                      zeros      0
        xavier     N(0, 1) √(2 / (n_{l−1} + n_l))
        he         N(0, 1) √(2 / n_{l−1})

    The same specification, init and seed give the same numbers everywhere. Raises ValueError or
    TypeError, naming the argument, for anything else.
    """

    specification: tuple[tuple[str, int], ...]
    sigma: dict[int, Activation]

    def __init__(self, specification: Sequence[tuple[str, int]], init: str = "random", seed: int = 0) -> None:
        self.specification = checked_specification(specification)
        super().__init__([size for _, size in self.specification])
        self.sigma = {l: activation(self.specification[l][0]) for l in range(1, self.L + 1)}
        one_of("init", init, INITS)
        rng = np.random.default_rng(natural_number("seed", seed))
        for l in range(1, self.L + 1):
            inputs, n = self.sizes[l - 1], self.sizes[l]
            if init == "constant":
                self.w[l][...] = 1.0
            elif init != "zeros":
                scale = {
                    "random": inputs**-0.5,
                    "normal": 1.0,
                    "xavier": (2 / (inputs + n)) ** 0.5,
                    "he": (2 / inputs) ** 0.5,
                }
                self.w[l][...] = rng.standard_normal((n, inputs)) * scale[init]

    def __repr__(self) -> str:
        return f"Network({list(self.specification)!r})"

    def copy(self) -> Network:
        """Another net of the same specification, with a copy of the parameters."""
        return self.with_parameters(self.theta.copy())

    def with_parameters(self, theta: Array) -> Network:
        """A net of the same specification whose parameters are the vector `theta` itself, not a copy."""
        other = object.__new__(Network)
        Parameters.__init__(other, self.sizes, theta)
        other.specification, other.sigma = self.specification, self.sigma
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write specification and parameters to one `.npz` file: wholly, or not at all.

        The numbers go to a new file beside `path` first, which takes its name only once it is safely on
        disk. A full disk, a crash, or another process saving to the same path never leaves half a file.
        """
        import secrets  # here, because it takes longer to import than the whole package

        path = path_of("path", path)
        names, sizes = zip(*self.specification, strict=True)
        arrays: dict[str, Any] = {"format": FORMAT, "activations": names, "sizes": sizes}
        arrays |= {f"{kind}{l}": block for kind, l, block in self.blocks()}
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with open(draft, "xb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """The net in a file written by `save`; ValueError, naming the file, for any other file.

        Nothing in the file is run, and no more memory is taken than the file has bytes. OSError if it
        cannot be read.
        """
        path = path_of("path", path)
        if path.stat().st_size > 9 * LARGEST:
            raise ValueError(f"{path}: not a saved network: expected less than {9 * LARGEST} bytes")
        content = path.read_bytes()
        try:
            return cls._from_arrays(_arrays(content))
        except Exception as error:  # a damaged file can fail in any way
            raise ValueError(f"{path}: not a saved network: {shown(error, 200)}") from error

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray]) -> Network:
        if "format" not in arrays or str(arrays["format"]) != FORMAT:
            raise ValueError(f"format: expected {FORMAT!r}, got {shown(str(arrays.get('format')))}")
        names, sizes = arrays["activations"], arrays["sizes"]
        if names.ndim != 1 or names.shape != sizes.shape:
            raise ValueError(f"expected as many activations as sizes, got {names.shape} and {sizes.shape}")
        specification = checked_specification([(str(n), s) for n, s in zip(names, sizes, strict=True)])
        shapes: dict[str, tuple[int, ...]] = {}
        for l in range(1, len(specification)):
            (_, inputs), (_, n) = specification[l - 1], specification[l]
            shapes |= {f"w{l}": (n, inputs), f"b{l}": (n, 1)}
        if arrays.keys() != {"format", "activations", "sizes", *shapes}:
            raise ValueError(f"expected the arrays {', '.join(shapes)}, got {shown(sorted(arrays))}")
        for name, shape in shapes.items():
            array = arrays[name]
            if array.shape != shape or array.dtype != np.float64 or not np.isfinite(array).all():
                raise ValueError(
                    f"{name}: expected finite float64 numbers of shape {shape}, "
                    f"got {array.dtype} of shape {array.shape}"
                )
        net = cls(specification, init="zeros")
        for kind, l, block in net.blocks():
            block[...] = arrays[f"{kind}{l}"]
        return net


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Every member must be as long as it says: no bomb is unpacked."""
    import zipfile  # here, as secrets above

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("expected members no longer than the file")
        for member in members:
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                if version != (1, 0):
                    raise ValueError(f"{member.filename}: expected an array of format 1.0, got {version}")
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                if file.tell() + math.prod(shape) * dtype.itemsize != member.file_size:
                    raise ValueError(f"{member.filename}: expected as many bytes as its shape needs")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def checked_network(net: object) -> Network:
    """`net` itself; TypeError if it is not a Network."""
    if not isinstance(net, Network):
        raise TypeError(f"net: expected a Network, got {shown(net)}")
    return net


def checked_examples(net: Network, x: Array, y: Array, cost: str | Cost) -> tuple[Array, Array, Cost]:
    """x (n_0, m), y (n_L, m) and the rule of the cost; ValueError or TypeError if they do not fit the net."""
    rule = cost_named(cost)
    rule.check_output(checked_network(net).sigma[net.L].name)
    x, y = columns("x", x, net.sizes[0]), columns("y", y, net.sizes[-1])
    same_count("x", x, "y", y)
    if rule.output == "softmax" and abs(y.sum(axis=0) - 1).max() > 1e-6:
        # δ = a − y is equation (1) only where Σ_j y_j = 1; in general δ_j = a_j Σ_k y_k − y_j.
        raise ValueError("y: cross_entropy expects targets that sum to 1 in every column")
    return x, y, rule


def checked_specification(specification: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The specification as a tuple of (activation, size) pairs; ValueError or TypeError if it is not one."""
    if not isinstance(specification, list | tuple):
        raise TypeError(
            f"specification: expected a list of (activation, size) pairs, got {shown(specification)}"
        )
    pairs: list[tuple[str, int]] = []
    for l, pair in enumerate(specification):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"specification, layer {l}: expected (activation, size), got {shown(pair)}")
        name = one_of(f"specification, layer {l}, activation", pair[0], ACTIVATIONS)
        pairs.append((name, positive_integer(f"specification, layer {l}, size", pair[1])))
    if len(pairs) < 2:
        raise ValueError(f"specification: expected at least two layers, got {len(pairs)}")
    if pairs[0][0] != "identity":
        raise ValueError(
            "specification, layer 0: the input layer computes nothing, so expected 'identity', "
            f"got {pairs[0][0]!r}"
        )
    for l, (name, _) in enumerate(pairs[:-1]):
        if name == "softmax":
            raise ValueError(
                f"specification, layer {l}: softmax is for the output layer {len(pairs) - 1} only"
            )
    sizes = [size for _, size in pairs]
    if (count := parameter_count(sizes)) > LARGEST:
        raise ValueError(
            f"specification: expected at most {LARGEST} parameters, got {shown(count)} (layers of "
            f"{shown(sizes)}), which would take {shown(8 * count // 10**9)} GB"
        )
    return tuple(pairs)
