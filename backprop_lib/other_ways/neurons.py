"""The slowest backpropagation in the world: a net as a graph of neurons, there to be read.

Every neuron knows the connections that come in and go out, every connection the two neurons it joins,
and every equation is a sum over them. Nothing but plain Python numbers is used, and still it trains.

          z^l_j = Σ_k w^l_jk a^{l−1}_k + b^l_j         `weighted_input`
    (1)   δ^L_j = ∂C_x/∂a^L_j · σ′(z^L_j)              `output_error`, `softmax_output_error`
    (2)   δ^l_j = σ′(z^l_j) Σ_k w^{l+1}_kj δ^{l+1}_k   `hidden_error`
    (3)   ∂C_x/∂b^l_j = δ^l_j                          `bias_gradient`
    (4)   ∂C_x/∂w^l_jk = a^{l−1}_k δ^l_j               `weight_gradient`
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backprop_lib.other_ways import decimal_sigmoid, plain_arguments
from backprop_lib.other_ways.plain_arguments import Order

FAR = 700.0  # e^z overflows a little further out, and 1 + e^z is e^z to the last digit


def _sigmoid(z: Any) -> Any:
    if isinstance(z, complex):
        return decimal_sigmoid.sigmoid(z)
    return 1.0 / (1.0 + math.exp(-z)) if z > -FAR else math.exp(z)


def _sigmoid_prime(z: Any) -> Any:
    """1 / (e^z + 2 + e^−z): σ (1 − σ) without a difference in which digits are lost."""
    if isinstance(z, complex):
        return decimal_sigmoid.sigmoid_prime(z)
    if abs(z) > FAR:
        return math.exp(-abs(z))
    e = math.exp(abs(z))
    return 1.0 / (e + (2.0 + 1.0 / e))


def _tanh(z: Any) -> Any:
    return decimal_sigmoid.tanh(z) if isinstance(z, complex) else math.tanh(z)


def _tanh_prime(z: Any) -> Any:
    """4 σ′(2z), because tanh z = 2 σ(2z) − 1; far out 4e^−2|z|, with the 4 before digits can be lost."""
    if isinstance(z, complex):
        return decimal_sigmoid.tanh_prime(z)
    e = math.exp(-abs(z))
    return 4.0 * _sigmoid_prime(2.0 * z) if abs(z) < FAR / 2 else (2.0 * e) * (2.0 * e)


def _softmax(z: list[float]) -> list[float]:
    largest = max(z)
    exponentials = [math.exp(z_k - largest) for z_k in z]  # a shift of all z changes no a
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]


ACTIVATIONS: dict[str, tuple[Callable[[Any], float], Callable[[Any], float]]] = {
    # name: (σ(z), σ′(z)) of a float or a complex z; softmax needs a layer, and has `softmax_output_error`
    "identity": (lambda z: z, lambda z: 1.0),
    "sigmoid": (_sigmoid, _sigmoid_prime),
    "tanh": (_tanh, _tanh_prime),
    "relu": (lambda z: z if z.real > 0 else 0.0, lambda z: 1.0 if z.real > 0 else 0.0),
}
COSTS = {"quadratic": None, "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}
INITS = ("random", "constant", "zeros")


class Connection:
    """One weight w^l_jk, to `target` (neuron j of layer l) from `source` (neuron k of layer l−1).

    It is one object, listed by both ends, so a change is seen by both. `gradient` is ∂C_x/∂w^l_jk.
    """

    __slots__ = ("gradient", "source", "target", "weight")

    def __init__(self, source: Neuron, target: Neuron, weight: float) -> None:
        self.source, self.target, self.weight = source, target, weight
        self.gradient = 0.0

    def __repr__(self) -> str:
        return f"Connection(weight={self.weight:.4g})"


class Neuron:
    """One neuron: its bias, its connections, and what it remembers of the last example.

    `z` pre-activation, `a` activation, `delta` = ∂C_x/∂z, `gradient` = ∂C_x/∂b; in the input layer z = a.
    `incoming` and `outgoing` hold the connections in the order of the neurons at their other ends.
    """

    __slots__ = ("a", "activation", "bias", "delta", "gradient", "incoming", "outgoing", "z")

    def __init__(self, activation: str, bias: float = 0.0) -> None:
        self.activation, self.bias = activation, bias
        self.incoming: list[Connection] = []
        self.outgoing: list[Connection] = []
        self.z = self.a = self.delta = self.gradient = 0.0

    def __repr__(self) -> str:
        return f"Neuron({self.activation!r}, bias={self.bias:.4g})"


def weighted_input(neuron: Neuron) -> float:
    """z_j = Σ_k w_jk a_k + b_j, the sum running over the incoming connections."""
    return sum(c.weight * c.source.a for c in neuron.incoming) + neuron.bias


def sigma_prime(neuron: Neuron) -> float:
    """σ′(z_j): the derivative at the pre-activation z, not at a; no number for softmax (KeyError)."""
    return ACTIVATIONS[neuron.activation][1](neuron.z)


def output_error(neuron: Neuron, dC_da: float) -> float:
    """Equation (1): δ_j = ∂C_x/∂a_j · σ′(z_j) for an output neuron j."""
    return dC_da * sigma_prime(neuron)


def softmax_output_error(outputs: list[Neuron], j: int, dC_da: list[float]) -> float:
    """Equation (1) with every term: δ_j = Σ_k ∂C_x/∂a_k ∂a_k/∂z_j, and ∂a_k/∂z_j = a_k (1[j = k] − a_j)."""
    return sum(dC_da[k] * outputs[k].a * ((j == k) - outputs[j].a) for k in range(len(outputs)))


def hidden_error(neuron: Neuron) -> float:
    """Equation (2): δ_j = σ′(z_j) Σ_k w_kj δ_k, the sum running over the outgoing connections."""
    return sigma_prime(neuron) * sum(c.weight * c.target.delta for c in neuron.outgoing)


def bias_gradient(neuron: Neuron) -> float:
    """Equation (3): ∂C_x/∂b_j = δ_j."""
    return neuron.delta


def weight_gradient(connection: Connection) -> float:
    """Equation (4): ∂C_x/∂w_jk = a_k δ_j: what comes in at the source times the error at the target."""
    return connection.source.a * connection.target.delta


class NestedLists(NamedTuple):
    """One number for every weight and bias: w[l][j][k] and b[l][j] for l = 1 … L."""

    w: dict[int, list[list[float]]]
    b: dict[int, list[float]]


@dataclass
class GraphHistory:
    """A training run, epoch by epoch; index 0 is the state before the first epoch.

    cost[epoch], accuracy[epoch]   over all examples
    delta[l][epoch][j]             √ mean_x (δ^l_j)²
    diverged_at                    the epoch in which a number stopped being finite, or None
    interrupted                    whether the run was stopped from outside
    """

    cost: list[float]
    accuracy: list[float]
    delta: dict[int, list[list[float]]]
    diverged_at: int | None = None
    interrupted: bool = False

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.cost) - 1


class GraphNetwork:
    """A net of layers 0 … L as a graph of neurons, built from one (activation, size) pair a layer.

    >>> graph = GraphNetwork([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)], init="constant")
    >>> [round(a, 4) for a in graph.feed_forward([5.1, 3.5, 1.4, 0.2])]
    [0.9933, 0.9933, 0.9933]

    `layers[l][j]` is neuron j of layer l. Layer 0 is the input, so its activation is "identity"; "softmax"
    is for the last layer only. `init`: "random" (weights N(0, 1) / √n_{l−1}, biases 0), "constant"
    (weights 1, biases 0) or "zeros". An example is a list x of n_0 numbers with a target y of n_L numbers;
    several examples are lists xs and ys of them. Every method raises ValueError or TypeError, naming the
    argument, for anything else.
    """

    def __init__(self, specification: Sequence[tuple[str, int]], init: str = "random", seed: int = 0) -> None:
        self.specification = plain_arguments.specification(specification, (*ACTIVATIONS, "softmax"))
        self.sizes = tuple(size for _, size in self.specification)
        self.L = len(self.sizes) - 1
        rng = random.Random(plain_arguments.integer("seed", seed, 0))
        plain_arguments.one_of("init", init, INITS)
        self.layers = [[Neuron(name) for _ in range(size)] for name, size in self.specification]
        for l in range(1, self.L + 1):
            for target in self.layers[l]:
                for source in self.layers[l - 1]:
                    weight = 0.0 if init == "zeros" else 1.0
                    if init == "random":
                        weight = rng.gauss(0.0, 1.0) / math.sqrt(self.sizes[l - 1])
                    connection = Connection(source, target, weight)
                    target.incoming.append(connection)
                    source.outgoing.append(connection)

    def __repr__(self) -> str:
        return f"GraphNetwork({list(self.specification)!r})"

    def parameters(self) -> NestedLists:
        """A copy of all weights and biases."""
        return self._collect(lambda connection: connection.weight, lambda neuron: neuron.bias)

    def set_parameters(self, w: Any, b: Any) -> None:
        """Set all weights w[l][j][k] and biases b[l][j]; nothing is changed if a number is missing or bad."""
        self._assign(NestedLists(*plain_arguments.parameters(w, b, self.sizes)))

    def feed_forward(self, x: Sequence[float]) -> list[float]:
        """The outputs a^L_j for the inputs x; every neuron remembers its z and a."""
        return self._feed_forward(plain_arguments.numbers("x", x, self.sizes[0]))

    def backprop(self, x: Sequence[float], y: Sequence[float], cost: str = "quadratic") -> None:
        """Equations (1) to (4) for one example, which fill in `z`, `a`, `delta` and every `gradient`."""
        x = plain_arguments.numbers("x", x, self.sizes[0])
        y = plain_arguments.target("y", y, self.sizes[-1], self._output_of(cost))
        self._backprop(x, y, cost)

    def cost_of(self, xs: Any, ys: Any, cost: str = "quadratic") -> float:
        """C = (1/m) Σ_x C_x: the mean cost of m examples."""
        xs, ys = self._examples(xs, ys, cost)
        total = 0.0
        for x, y in zip(xs, ys, strict=True):
            self._feed_forward(x)
            total += example_cost(self.layers[-1], y, cost)
        return total / len(xs)

    def gradient(self, xs: Any, ys: Any, cost: str = "quadratic") -> NestedLists:
        """∂C/∂w^l_jk and ∂C/∂b^l_j of the mean cost of m examples: the mean of the examples' own."""
        return self._gradient(*self._examples(xs, ys, cost), cost)

    def step(self, xs: Any, ys: Any, learning_rate: float, cost: str = "quadratic") -> None:
        """One step of gradient descent: every parameter θ becomes θ − η ∂C/∂θ."""
        eta = plain_arguments.rate(learning_rate)
        self._step(*self._examples(xs, ys, cost), eta, cost)

    def evaluate(
        self, xs: Any, ys: Any, cost: str = "quadratic"
    ) -> tuple[float, float, dict[int, list[float]]]:
        """Mean cost, accuracy, and √ mean_x (δ^l_j)² of every neuron by layer l, over m examples."""
        return self._evaluate(*self._examples(xs, ys, cost), cost)

    def train(
        self,
        xs: Any,
        ys: Any,
        cost: str = "quadratic",
        learning_rate: float = 3.0,
        epochs: int = 100,
        batch_size: int = 10,
        seed: int = 0,
        order: Order | None = None,
    ) -> GraphHistory:
        """Stochastic gradient descent over mini-batches; see `GraphHistory` for what comes back.

        The examples are shuffled anew in every epoch from `seed`, or taken in the order `order(epoch)` or
        `order[epoch]` (epoch = 0, 1, …), a permutation of their indices. A run that diverges or is
        interrupted stops with the parameters of the last finished epoch, never those of half a step.

        Every call begins a new run, which shuffles from `seed` again: two epochs and then two more are no run
        of four.
        """
        xs, ys = self._examples(xs, ys, cost)
        eta, epochs = plain_arguments.rate(learning_rate), plain_arguments.integer("epochs", epochs, 1)
        size = plain_arguments.integer("batch_size", batch_size, 1)
        if size > len(xs):
            raise ValueError(f"batch_size: expected at most the {len(xs)} examples, got {size}")
        rng, indices = random.Random(plain_arguments.integer("seed", seed, 0)), list(range(len(xs)))
        records = [self._evaluate(xs, ys, cost)]
        if not _all_finite(records[0]):
            raise ValueError("the cost of the untrained net is not a finite number")
        state, diverged_at, interrupted = (self.parameters(), records), None, False
        try:
            try:
                for epoch in range(epochs):
                    if order is None:
                        rng.shuffle(indices)
                    else:
                        indices = plain_arguments.permutation(order, epoch, len(xs))
                    for first in range(0, len(xs), size):
                        batch = indices[first : first + size]
                        self._step([xs[i] for i in batch], [ys[i] for i in batch], eta, cost)
                    parameters, record = self.parameters(), self._evaluate(xs, ys, cost)
                    if not (_all_finite(record) and _all_finite(parameters)):
                        diverged_at = epoch + 1
                        break
                    state = parameters, [*state[1], record]  # one assignment: an epoch is finished or not
            finally:
                self._assign(state[0])
        except KeyboardInterrupt:
            interrupted = True
        self._assign(state[0])  # again: the interrupt may have come in the middle of the first time
        costs, accuracies, deltas = zip(*state[1], strict=True)
        by_layer = {l: [delta[l] for delta in deltas] for l in range(1, self.L + 1)}
        return GraphHistory(list(costs), list(accuracies), by_layer, diverged_at, interrupted)

    def _feed_forward(self, x: list[float]) -> list[float]:
        for neuron, x_k in zip(self.layers[0], x, strict=True):
            neuron.z = neuron.a = x_k
        for layer in self.layers[1:]:
            for neuron in layer:
                neuron.z = weighted_input(neuron)
            activate(layer)
        return [neuron.a for neuron in self.layers[-1]]

    def _errors(self, x: list[float], y: list[float], cost: str) -> None:
        """Feed forward, then (1) at the output and (2) for l = L−1, …, 1."""
        self._feed_forward(x)
        for neuron, error in zip(self.layers[-1], output_errors(self.layers[-1], y, cost), strict=True):
            neuron.delta = error
        for l in range(self.L - 1, 0, -1):
            for neuron in self.layers[l]:
                neuron.delta = hidden_error(neuron)

    def _backprop(self, x: list[float], y: list[float], cost: str) -> None:
        self._errors(x, y, cost)
        for layer in self.layers[1:]:
            for neuron in layer:
                neuron.gradient = bias_gradient(neuron)
                for connection in neuron.incoming:
                    connection.gradient = weight_gradient(connection)

    def _gradient(self, xs: list[list[float]], ys: list[list[float]], cost: str) -> NestedLists:
        mean, m = self._collect(lambda connection: 0.0, lambda neuron: 0.0), len(xs)
        for x, y in zip(xs, ys, strict=True):
            self._backprop(x, y, cost)
            for l in range(1, self.L + 1):
                for j, neuron in enumerate(self.layers[l]):
                    mean.b[l][j] += neuron.gradient / m
                    row = mean.w[l][j]
                    for k, connection in enumerate(neuron.incoming):
                        row[k] += connection.gradient / m
        return mean

    def _step(self, xs: list[list[float]], ys: list[list[float]], eta: float, cost: str) -> None:
        gradient = self._gradient(xs, ys, cost)
        for l in range(1, self.L + 1):
            for neuron, db, dw in zip(self.layers[l], gradient.b[l], gradient.w[l], strict=True):
                neuron.bias -= eta * db
                for connection, dw_k in zip(neuron.incoming, dw, strict=True):
                    connection.weight -= eta * dw_k

    def _evaluate(self, xs: Any, ys: Any, cost: str) -> tuple[float, float, dict[int, list[float]]]:
        total, correct = 0.0, 0
        squares = {l: [0.0] * self.sizes[l] for l in range(1, self.L + 1)}
        for x, y in zip(xs, ys, strict=True):
            self._errors(x, y, cost)
            total += example_cost(self.layers[-1], y, cost)
            correct += _answer([neuron.a for neuron in self.layers[-1]]) == _answer(y)
            for l, square in squares.items():
                for j, neuron in enumerate(self.layers[l]):
                    square[j] += neuron.delta * neuron.delta
        rms = {l: [math.sqrt(s / len(xs)) for s in square] for l, square in squares.items()}
        return total / len(xs), correct / len(xs), rms

    def _examples(self, xs: Any, ys: Any, cost: str) -> tuple[list[list[float]], list[list[float]]]:
        return plain_arguments.examples(xs, ys, self.sizes, self._output_of(cost))

    def _output_of(self, cost: str) -> str | None:
        return plain_arguments.output_of(cost, COSTS, self.specification[-1][0])

    def _collect(self, weight: Callable[[Connection], float], bias: Callable[[Neuron], float]) -> NestedLists:
        layers = {l: self.layers[l] for l in range(1, self.L + 1)}
        return NestedLists(
            {l: [[weight(c) for c in neuron.incoming] for neuron in layer] for l, layer in layers.items()},
            {l: [bias(neuron) for neuron in layer] for l, layer in layers.items()},
        )

    def _assign(self, parameters: NestedLists) -> None:
        for l in range(1, self.L + 1):
            for neuron, b, row in zip(self.layers[l], parameters.b[l], parameters.w[l], strict=True):
                neuron.bias = b
                for connection, w in zip(neuron.incoming, row, strict=True):
                    connection.weight = w


def activate(layer: list[Neuron]) -> None:
    """a_j = σ(z_j) for every neuron of a layer; softmax needs all z of the layer at once."""
    if layer[0].activation == "softmax":
        for neuron, a in zip(layer, _softmax([neuron.z for neuron in layer]), strict=True):
            neuron.a = a
        return
    for neuron in layer:
        neuron.a = ACTIVATIONS[neuron.activation][0](neuron.z)


def output_errors(outputs: list[Neuron], y: Sequence[float], cost: str) -> list[float]:
    """δ^L_j of every output neuron: equation (1) in the form that fits the cost and the output layer."""
    difference = [neuron.a - y_j for neuron, y_j in zip(outputs, y, strict=True)]
    if cost != "quadratic":
        return difference  # a cross-entropy behind its own activation: ∂C_x/∂a · σ′ has come down to a − y
    if outputs[0].activation == "softmax":
        return [softmax_output_error(outputs, j, difference) for j in range(len(outputs))]
    return [output_error(neuron, dC_da) for neuron, dC_da in zip(outputs, difference, strict=True)]


def example_cost(outputs: list[Neuron], y: Sequence[float], cost: str) -> float:
    """C_x from the output neurons; a cross-entropy is computed from z, where no logarithm can be of 0.

    quadratic              ½ Σ_j (a_j − y_j)²
    binary_cross_entropy   Σ_j max(z_j, 0) − y_j z_j + ln(1 + e^−|z_j|)
    cross_entropy          Σ_j y_j (ln Σ_k e^z_k − z_j)
    """
    if cost == "quadratic":
        difference = [neuron.a - y_j for neuron, y_j in zip(outputs, y, strict=True)]
        return 0.5 * sum(d * d for d in difference)
    z = [neuron.z for neuron in outputs]
    if cost == "binary_cross_entropy":
        terms = zip(z, y, strict=True)
        return sum(max(z_j, 0.0) - y_j * z_j + math.log1p(math.exp(-abs(z_j))) for z_j, y_j in terms)
    largest = max(z)
    shifted = [z_j - largest for z_j in z]  # a shift of all z changes nothing
    log_sum = math.log(sum(math.exp(s) for s in shifted))
    return sum(y_j * (log_sum - s) for s, y_j in zip(shifted, y, strict=True))


def _answer(outputs: Sequence[float]) -> int:
    """The class that the outputs name: the largest, or for a single output whether it is above ½."""
    return int(outputs[0] > 0.5) if len(outputs) == 1 else outputs.index(max(outputs))


def _all_finite(numbers: Any) -> bool:
    if isinstance(numbers, float):
        return math.isfinite(numbers)
    return all(_all_finite(part) for part in (numbers.values() if isinstance(numbers, dict) else numbers))
