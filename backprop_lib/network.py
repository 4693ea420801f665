"""The net: its specification, its parameters in one flat vector, and how they are kept in a file."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from backprop_lib.activations import ACTIVATIONS, Activation, activation
from backprop_lib.arguments import (
    Array,
    columns,
    listed,
    natural_number,
    numbers,
    one_of,
    path_of,
    positive_integer,
    same_count,
    shown,
    unmasked,
)
from backprop_lib.costs import Cost
from backprop_lib.costs import cost as cost_named
from backprop_lib.whole_file import write_whole

LARGEST = 10**8  # parameters of a net: 0.8 GB
MOST_BYTES = 9 * LARGEST  # of a saved net
FORMAT = "backprop_lib network 1"
INITS = ("random", "constant", "zeros", "normal", "xavier", "he")


class Views(dict[int, Array]):
    """The matrices of the layers, by l = 1 … L, as views into θ: assigning to one writes into θ.

    No layer can be added, removed or exchanged for another array, for then θ would know nothing of it.
    """

    def __init__(self, name: str, views: dict[int, Array]) -> None:
        super().__init__(views)
        self._name = name

    def __setitem__(self, l: int, values: Any) -> None:
        view = self.get(l)
        if view is None:
            raise KeyError(f"{self._name}: expected a layer from 1 to {len(self)}, got {shown(l)}")
        if values is not view:  # net.w[1] += … has written already
            view[...] = fitting(f"{self._name}[{l}]", values, view)

    def update(self, *layers: Any, **no_names: Any) -> None:
        """Write several layers into θ, or none if one of them does not fit."""
        given = dict(*layers, **no_names)
        for l in given.keys() - self.keys():
            raise KeyError(f"{self._name}: expected a layer from 1 to {len(self)}, got {shown(l)}")
        # Copies, for the views of this net may be given in another order.
        fit = {l: fitting(f"{self._name}[{l}]", values, self[l]).copy() for l, values in given.items()}
        for l, values in fit.items():
            self[l][...] = values

    def __ior__(self, layers: Any) -> Views:  # type: ignore[override,misc]
        self.update(layers)
        return self

    def _refused(self, *_: Any) -> Any:
        raise TypeError(f"{self._name}: the layers of a net stay; assign to {self._name}[l] to change one")

    __delitem__ = pop = popitem = clear = setdefault = _refused

    def __reduce__(self) -> Any:
        """A copy of the dict alone belongs to no θ: it is a dict of arrays."""
        return dict, (dict(self),)


def fitting(name: str, values: Any, view: Array) -> Any:
    """`values` as numbers for `view`, of its shape; ValueError or TypeError, by name, if they are none."""
    array = numbers(name, values, or_complex=view.dtype.kind == "c")
    if array.shape != view.shape:
        raise ValueError(f"{name}: expected shape {view.shape}, got shape {array.shape}")
    return array


class Parameters:
    """One number for every weight and bias, in one flat vector `theta` with matrices as views into it.

    `w[l]` has shape (n_l, n_{l−1}) and `b[l]` (n_l, 1), for l = 1 … L. `theta` holds w[1] row by row,
    then b[1], then w[2], … Changing an entry of w[l] or b[l] changes theta, and the other way round.
    A `Network` is made of such numbers, and so is its gradient. `L` is the number of the output layer.
    """

    sizes: tuple[int, ...]
    L: int
    w: Views
    b: Views

    def __init__(self, sizes: Sequence[int], theta: Array | None = None) -> None:
        """All zero, or the numbers of `theta`, which is not copied.

        Raises ValueError or TypeError if these are no layer sizes or the numbers do not fit them.
        """
        self.sizes = _checked_sizes(sizes)
        self.L = len(self.sizes) - 1
        count, slices = _layout(self.sizes)
        theta = np.zeros(count) if theta is None else theta
        if not isinstance(unmasked("theta", theta), np.ndarray):
            raise TypeError(f"theta: expected a flat array, got {shown(theta)}")
        if theta.shape != (count,):
            raise ValueError(f"theta: expected {count} numbers for sizes {self.sizes}, got {theta.shape}")
        if theta.dtype.kind not in "fc":
            raise TypeError(f"theta: expected an array of float64, got {theta.dtype}")
        self._theta = theta
        self.w = Views("w", {l: theta[w].reshape(self.sizes[l], -1) for l, (w, _) in slices.items()})
        self.b = Views("b", {l: theta[b].reshape(-1, 1) for l, (_, b) in slices.items()})

    @property
    def theta(self) -> Array:
        """All numbers in one vector. Assigning to it writes into the vector, and so into all of its views."""
        return self._theta

    @theta.setter
    def theta(self, values: Any) -> None:
        if values is not self._theta:
            self._theta[...] = fitting("theta", values, self._theta)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and value is not self.__dict__[name]:
            if name in ("w", "b"):
                raise AttributeError(f"{name}: expected {name}[l] = …, one layer at a time, or theta = …")
            if name in ("sizes", "L", "specification", "sigma"):
                raise AttributeError(f"{name}: expected to stay as it is; make another net")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy by `copy.deepcopy` has a vector, and views into it, of its own."""
        return Parameters, (self.sizes, self.theta.copy())

    def blocks(self) -> list[tuple[str, int, Array]]:
        """("w", 1, w[1]), ("b", 1, b[1]), ("w", 2, w[2]), … in the order of theta."""
        return [block for l in range(1, self.L + 1) for block in (("w", l, self.w[l]), ("b", l, self.b[l]))]


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    checked = sizes if isinstance(sizes, tuple) else tuple(listed("sizes", sizes))
    if len(checked) < 2:
        raise ValueError(f"sizes: expected at least two layers, got {shown(checked)}")
    if not all(type(size) is int and size > 0 for size in checked):
        return tuple(positive_integer(f"sizes, layer {l}", size) for l, size in enumerate(checked))
    return checked


@lru_cache
def _layout(sizes: tuple[int, ...]) -> tuple[int, dict[int, tuple[slice, slice]]]:
    """How many numbers theta has, and where in it w[l] and b[l] are."""
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

    Raises ValueError or TypeError if these are no layer sizes.
    """
    return sum(n * (inputs + 1) for inputs, n in pairwise(_checked_sizes(sizes)))


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
    sigma: Mapping[int, Activation]

    def __init__(self, specification: Sequence[tuple[str, int]], init: str = "random", seed: int = 0) -> None:
        self.specification = checked_specification(specification)
        super().__init__([size for _, size in self.specification])
        sigma = {l: activation(self.specification[l][0]) for l in range(1, self.L + 1)}
        self.sigma = MappingProxyType(sigma)  # a copy of the net shares it
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

    def __reduce__(self) -> tuple[Any, ...]:
        return _network_of, (self.specification, self.theta.copy())

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
        """Write specification and parameters to one `.npz` file: wholly, or not at all, see `write_whole`.

        What `load` would refuse is not written. Raises ValueError or TypeError if a parameter is not a finite
        real number, OSError if the file cannot be written.
        """
        path = path_of("path", path)
        names, sizes = zip(*self.specification, strict=True)
        arrays: dict[str, Any] = {"format": FORMAT, "activations": names, "sizes": sizes}
        arrays |= {f"{kind}{l}": numbers(f"{kind}[{l}]", block) for kind, l, block in self.blocks()}
        self._from_arrays({name: np.asarray(array) for name, array in arrays.items()})  # as `load` would

        def write(file: IO[bytes]) -> None:
            np.savez(file, **arrays)
            if (size := file.seek(0, io.SEEK_END)) > MOST_BYTES:
                raise ValueError(f"net: expected less than {MOST_BYTES} bytes to save, got {size}")

        write_whole(path, write)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """The net in a file written by `save`; ValueError, naming the file, for any other file.

        Nothing in the file is run, and no more memory is taken than the file has bytes. OSError if it
        cannot be read.
        """
        path = path_of("path", path)
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path}: not a saved network: expected less than {MOST_BYTES} bytes")
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


def _network_of(specification: tuple[tuple[str, int], ...], theta: Array) -> Network:
    return Network(specification, init="zeros").with_parameters(theta)


def checked_network(net: object) -> Network:
    """`net` itself; TypeError if it is not a Network."""
    if not isinstance(net, Network):
        raise TypeError(f"net: expected a Network, got {shown(net)}")
    return net


def checked_examples(net: Network, x: Array, y: Array, cost: str | Cost) -> tuple[Array, Array, Cost]:
    """x (n_0, m), y (n_L, m) and the rule of the cost; ValueError or TypeError if they do not fit the net.

    A net of complex numbers, as the complex step has it, is refused: the gradient and the cost would lose
    their imaginary parts.
    """
    rule = cost_named(cost)
    rule.check_output(checked_network(net).sigma[net.L].name)
    if net.theta.dtype.kind == "c":
        raise TypeError(
            f"net: expected real parameters, got {net.theta.dtype}; feed_forward takes complex ones"
        )
    x, y = columns("x", x, net.sizes[0]), columns("y", y, net.sizes[-1])
    same_count("x", x, "y", y)
    rule.check_targets(y)
    rule.check_shapes(y)
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
