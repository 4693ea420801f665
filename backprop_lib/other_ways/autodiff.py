"""Reverse-mode automatic differentiation, one number at a time: gradients without the four equations.

An expression of `Value`s remembers how it was computed. Each operation gives its value together with
its local derivatives, one for each parent; `backward` multiplies them along every path and adds up.

    operation   value          local derivatives
    a + b       a + b          1, 1
    a − b       a − b          1, −1
    a * b       ab             b, a
    a / b       a/b            1/b, −(a/b)/b
    a ** n      aⁿ             n aⁿ⁻¹                (n a constant)
    −a          −a             −1
    exp         e^a            e^a
    log         ln a           1/a
    tanh        tanh a         1 − tanh² a, as 4 σ′(2a)
    sigmoid     σ(a)           σ(a) (1 − σ(a)), with σ(a) = exp(−ln(1 + e^−a))
    relu        max(a, 0)      1 if a > 0 else 0

A Value may be complex as well, which a complex step needs: `tangents` has tanh and sigmoid for it, and relu
asks for the sign of its real part.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from numbers import Complex, Real
from typing import Any, NamedTuple, SupportsFloat

from backprop_lib.other_ways import tangents
from backprop_lib.other_ways.plain_arguments import check_target, integer, is_masked, layers


class Value:
    """A number that remembers how it was computed.

    >>> x = Value(3.0)
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)

    data      the number, real or complex
    grad      ∂out/∂self, after `out.backward()`
    op        the operation that made it, "" for a number that was given
    parents   the Values that it was computed from
    slopes    the local derivative by each parent
    label     a name, for drawing

    Raises TypeError if `data` is not a number, ValueError if it is not finite.
    """

    __slots__ = ("__weakref__", "data", "grad", "label", "op", "parents", "slopes")
    __array_ufunc__ = None  # numpy leaves `array * Value` to Value, which refuses it

    def __init__(self, data: complex, label: str = "") -> None:
        self.data: Any = _number("data", data, real=False)
        self.label = label
        self.grad: Any = 0.0
        self.op = ""
        self.parents: tuple[Value, ...] = ()
        self.slopes: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        name = f", label={self.label!r}" if self.label else ""
        return f"Value({self.data:.6g}{name})"

    def __add__(self, other: Value | complex) -> Value:
        other = as_value(other)
        return operation("+", self.data + other.data, (self, 1.0), (other, 1.0))

    def __sub__(self, other: Value | complex) -> Value:
        other = as_value(other)
        return operation("-", self.data - other.data, (self, 1.0), (other, -1.0))

    def __mul__(self, other: Value | complex) -> Value:
        other = as_value(other)
        return operation("*", self.data * other.data, (self, other.data), (other, self.data))

    def __truediv__(self, other: Value | complex) -> Value:
        other = as_value(other)
        if other.data == 0:
            raise ValueError("/: expected a denominator other than 0, got 0")
        quotient = self.data / other.data
        return operation("/", quotient, (self, 1.0 / other.data), (other, -quotient / other.data))

    def __pow__(self, n: float) -> Value:
        """selfⁿ for a constant real n."""
        n = _number("**, exponent", n)
        try:
            raised = operator.pow if isinstance(self.data, complex) else math.pow
            power = raised(self.data, n)
            slope = n * raised(self.data, n - 1) if n else 0.0
        except (ValueError, ArithmeticError):
            message = f"**: expected a base with a finite power and derivative, got {self.data} ** {n}"
            raise ValueError(message) from None
        return operation(f"**{n:g}", power, (self, slope))

    def __neg__(self) -> Value:
        return operation("neg", -self.data, (self, -1.0))

    def __radd__(self, other: complex) -> Value:
        return as_value(other) + self

    def __rsub__(self, other: complex) -> Value:
        return as_value(other) - self

    def __rmul__(self, other: complex) -> Value:
        return as_value(other) * self

    def __rtruediv__(self, other: complex) -> Value:
        return as_value(other) / self

    def exp(self) -> Value:
        """e^self; ValueError where that is too large for a float."""
        if self.data.real > 709.78:
            raise ValueError(f"exp: expected a number up to 709.78, got {self.data}")
        exponential = _library(self.data).exp(self.data)
        return operation("exp", exponential, (self, exponential))

    def log(self) -> Value:
        """ln self; ValueError unless self is above 0."""
        if self.data == 0 or not (isinstance(self.data, complex) or self.data > 0):
            raise ValueError(f"log: expected a number above 0, got {self.data}")
        return operation("log", _library(self.data).log(self.data), (self, 1.0 / self.data))

    def tanh(self) -> Value:
        """tanh self."""
        return operation("tanh", _tanh(self.data), (self, _tanh_slope(self.data)))

    def sigmoid(self) -> Value:
        """σ(self) = 1 / (1 + e^−self), in a form that can neither overflow nor lose digits."""
        return operation("sigmoid", _sigmoid(self.data), (self, _sigmoid_slope(self.data)))

    def relu(self) -> Value:
        """max(self, 0), with derivative 0 at 0; of a complex number by its real part."""
        on = self.data.real > 0
        return operation("relu", self.data if on else 0.0, (self, 1.0 if on else 0.0))

    def backward(self) -> None:
        """Set `grad` of every Value that self was computed from to ∂self/∂that Value.

        All of them start again from 0, so calling it twice gives the same gradients.
        """
        for _ in self.backward_steps():
            pass

    def backward_steps(self) -> Iterator[tuple[Value, list[tuple[Value, float]]]]:
        """`backward`, one Value at a time: (node, [(parent, what is added to parent.grad), …]).

        It begins at self, and comes to a node when everything computed from it has been done, so that its
        `grad` is complete. When a pair comes out, its contributions have already been added.
        """
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            contributions = [
                (parent, node.grad * slope) for parent, slope in zip(node.parents, node.slopes, strict=True)
            ]
            for parent, contribution in contributions:
                parent.grad += contribution  # a parent that is used twice gets both
            yield node, contributions


def operation(op: str, data: complex, *parents: tuple[Value, complex]) -> Value:
    """The result of an operation: its value, and every parent with the local derivative by it.

    `operation("square", v.data**2, (v, 2 * v.data))` is all that a new operation takes. Raises ValueError
    if the value or a derivative is not finite.
    """
    result = Value.__new__(Value)
    result.data, result.grad, result.op, result.label = data, 0.0, op, ""
    result.parents = tuple(parent for parent, _ in parents)
    result.slopes = tuple(slope for _, slope in parents)
    if not all(map(cmath.isfinite, (data, *result.slopes))):
        numbers = ", ".join(str(parent.data) for parent in result.parents)
        raise ValueError(
            f"{op}: expected a finite value and derivative, got {data} and {result.slopes} at {numbers}"
        )
    return result


def _sigmoid(z: Any) -> Any:
    """exp(−ln(1 + e^−z)); for z < 0 that is e^z exp(−ln(1 + e^z)), which cannot overflow."""
    if isinstance(z, complex):
        return tangents.sigmoid(z)
    e = math.exp(-abs(z))
    larger = math.exp(-math.log1p(e))
    return larger if z >= 0 else e * larger


def _sigmoid_slope(z: Any) -> Any:
    """σ(z) σ(−z) = e^−|z| exp(−2 ln(1 + e^−|z|))."""
    if isinstance(z, complex):
        return tangents.sigmoid_slope(z)
    e = math.exp(-abs(z))
    return e * math.exp(-2.0 * math.log1p(e))


def _tanh(z: Any) -> Any:
    return tangents.tanh(z) if isinstance(z, complex) else math.tanh(z)


def _tanh_slope(z: Any) -> Any:
    """4 σ′(2z); far out 4 e^−|z| e^−|z|, where the 4 comes before a digit is lost to the smallest float."""
    if isinstance(z, complex):
        return tangents.tanh_slope(z)
    e = math.exp(-abs(z))
    return 4.0 * _sigmoid_slope(2.0 * z) if abs(z) < 350.0 else (4.0 * e) * e


def _library(number: complex) -> Any:
    return cmath if isinstance(number, complex) else math


def as_value(number: Value | complex) -> Value:
    """`number` itself if it is a Value, else a Value of it."""
    return number if isinstance(number, Value) else Value(number)


def topological_order(value: Value) -> list[Value]:
    """Every Value that `value` was computed from, and itself, each once and after all its parents.

    Found with a list as the stack, not by recursion, so that the depth of the graph is not limited.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack = [(value, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))
    return order


class ParameterValues(NamedTuple):
    """The parameters of a net as Values: w[l][j][k] and b[l][j] for l = 1 … L."""

    w: dict[int, list[list[Value]]]
    b: dict[int, list[Value]]


ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "identity": lambda z: z,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "relu": Value.relu,
}
COSTS = {"quadratic": None, "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}


def network_cost(
    specification: Sequence[tuple[str, int]],
    weights: Any,
    biases: Any,
    x: Sequence[float],
    y: Sequence[float | Value],
    cost: str = "quadratic",
) -> tuple[Value, ParameterValues]:
    """C_x of one example as an expression of all the weights and biases, and these as Values.

    specification   (activation, size) of the layers 0 … L
    weights         weights[l][j][k], biases[l][j]: dicts by layer l = 1 … L of lists of numbers
    x, y            the inputs, n_0 numbers, and the target, n_L numbers (or Values, to have ∂C_x/∂y as well)
    cost            "quadratic", "binary_cross_entropy" (sigmoid outputs) or "cross_entropy" (softmax outputs)

    `value, parameters = network_cost(…)`, then `value.backward()`, and `parameters.w[l][j][k].grad` is
    ∂C_x/∂w^l_jk. Raises ValueError or TypeError, naming the argument, for anything else.
    """
    _check_network(specification, weights, biases, x, y, cost)
    parameters = ParameterValues({}, {})
    a = z = [Value(x_k, f"x[{k}]") for k, x_k in enumerate(x)]
    for l in range(1, len(specification)):
        name, size = specification[l]
        w = [
            [Value(w_jk, f"w[{l}][{j},{k}]") for k, w_jk in enumerate(row)]
            for j, row in enumerate(weights[l])
        ]
        b = [Value(b_j, f"b[{l}][{j}]") for j, b_j in enumerate(biases[l])]
        parameters.w[l], parameters.b[l] = w, b
        z = [_sum([w_jk * a_k for w_jk, a_k in zip(w[j], a, strict=True)]) + b[j] for j in range(size)]
        a = softmax(z) if name == "softmax" else [ACTIVATIONS[name](z_j) for z_j in z]
        for j in range(size):
            z[j].label = f"z[{l}][{j}]"
            a[j].label = a[j].label or f"a[{l}][{j}]"
    value = _cost(z, a, y, cost)
    value.label = "C"
    return value, parameters


def softmax(z: list[Value]) -> list[Value]:
    """a_j = e^z_j / Σ_k e^z_k, with all z shifted by the largest, which changes no a."""
    exponentials = [shifted.exp() for shifted in _shifted(z)]
    total = _sum(exponentials)
    return [exponential / total for exponential in exponentials]


def _cost(z: list[Value], a: list[Value], y: Sequence[float | Value], cost: str) -> Value:
    """The cost of one example; the cross-entropies from z, where no logarithm can be of 0."""
    if cost == "quadratic":
        return 0.5 * _sum([(a_j - y_j) ** 2 for a_j, y_j in zip(a, y, strict=True)])
    if cost == "binary_cross_entropy":
        return _sum([_softplus(z_j) - y_j * z_j for z_j, y_j in zip(z, y, strict=True)])
    shifted = _shifted(z)
    log_sum = _sum([s.exp() for s in shifted]).log()
    return _sum([y_j * (log_sum - s) for s, y_j in zip(shifted, y, strict=True)])


def _shifted(z: list[Value]) -> list[Value]:
    """z_j minus the largest z, a constant, so that no exponential can overflow."""
    largest = max(z_j.data for z_j in z)
    return [z_j - largest for z_j in z]


def _softplus(z: Value) -> Value:
    """ln(1 + e^z), which is also z + ln(1 + e^−z): whichever has the small exponential."""
    return z + (1 + (-z).exp()).log() if z.data > 0 else (1 + z.exp()).log()


def _sum(terms: list[Value]) -> Value:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _shown(value: object) -> str:
    try:
        return f"{value!r:.60}"
    except Exception:
        return f"<{type(value).__name__}>"


def _number(name: str, value: Any, real: bool = True) -> Any:
    if not real and isinstance(value, Complex) and not isinstance(value, Real):
        number: Any = complex(value)
    elif isinstance(value, bool | Value) or not isinstance(value, SupportsFloat) or hasattr(value, "__len__"):
        raise TypeError(f"{name}: expected a {'real ' if real else ''}number, got {_shown(value)}")
    else:
        try:
            number = float(value)
        except OverflowError:  # an int beyond all floats
            number = math.inf
    if not cmath.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {number}")
    return number


def _check_network(specification: Any, weights: Any, biases: Any, x: Any, y: Any, cost: Any) -> None:
    """What `Value` itself would not notice: names, and lists of the wrong length."""
    if not isinstance(specification, list | tuple) or any(
        not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str)
        for pair in specification
    ):
        raise TypeError(f"specification: expected (activation, size) pairs, got {_shown(specification)}")
    names = [name for name, _ in specification]
    sizes = [integer(f"specification, layer {l}, size", size, 1) for l, (_, size) in enumerate(specification)]
    L = len(names) - 1
    if L < 1 or names[0] != "identity":
        raise ValueError(f"specification: expected an 'identity' layer and at least one more, got {names}")
    for l in range(1, L + 1):
        allowed = [*ACTIVATIONS, "softmax"] if l == L else list(ACTIVATIONS)
        if names[l] not in allowed:
            expected = ", ".join(allowed)
            raise ValueError(f"specification, layer {l}: expected one of {expected}, got {names[l]!r}")
    if not isinstance(cost, str) or cost not in COSTS:
        raise ValueError(f"cost: expected one of {', '.join(COSTS)}, got {_shown(cost)}")
    if COSTS[cost] not in (None, names[L]):
        raise ValueError(f"cost: {cost} needs {COSTS[cost]} outputs, got {names[L]} outputs")
    _check_length("x", x, sizes[0])
    _check_length("y", y, sizes[L])
    targets = [y_j.data if isinstance(y_j, Value) else y_j for y_j in y]
    _check_numbers("x", x)
    _check_numbers("y", targets)
    check_target("y", targets, COSTS[cost])
    for name, blocks in ("weights", weights), ("biases", biases):
        layers(name, blocks, L)
        for l in range(1, L + 1):
            _check_length(f"{name}[{l}]", blocks[l], sizes[l])
    for l in range(1, L + 1):
        for j, row in enumerate(weights[l]):
            _check_length(f"weights[{l}][{j}]", row, sizes[l - 1])
            _check_numbers(f"weights[{l}][{j}]", row)
        _check_numbers(f"biases[{l}]", biases[l])


def _check_numbers(name: str, items: Any) -> None:
    for i, item in enumerate(items):
        _number(f"{name}[{i}]", item)


def _check_length(name: str, items: Any, length: int) -> None:
    try:
        count = len(items)
    except TypeError:
        count = None
    if is_masked(items):
        raise TypeError(f"{name}: expected {length} entries, got a masked array")
    if count is None or isinstance(items, str | bytes | dict | set):
        raise TypeError(f"{name}: expected {length} entries, got {_shown(items)}")
    if count != length:
        raise ValueError(f"{name}: expected {length} entries, got {count}")
