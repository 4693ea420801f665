"""The jobs: each way to do a piece of work, `backprop_lib` first, each peer as its own users write it.

A peer that cannot be imported is absent; `absent()` says why. All compute in float64 on one thread.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from backprop_lib import fast_step
from backprop_lib.costs import cost as cost_named
from backprop_lib.equations import backprop
from backprop_lib.fast_differences import differences
from backprop_lib.gradient_check import check_gradient
from backprop_lib.network import Network
from backprop_lib.other_ways.bridge import graph_from
from backprop_lib.training import Trainer, train
from benchmarks.measure import Job
from benchmarks.problems import LEARNING_RATE, Problem, flat

PEERS = {
    "PyTorch": "torch",
    "scikit-learn": "sklearn",
    "JAX": "jax",
    "autograd": "autograd",
    "micrograd": "micrograd",
}
RECORDED_EPOCHS = 20


def absent() -> dict[str, str]:
    """The peers that are not here, and why."""
    missing = {}
    for name, module in PEERS.items():
        try:
            importlib.import_module(module)
        except Exception as error:
            missing[name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return missing


def batches(problem: Problem, order: Any) -> list[Any]:
    return [order[i : i + problem.batch_size] for i in range(0, len(order), problem.batch_size)]


# backprop_lib


def our_gradient(problem: Problem) -> Job:
    (x, y), net, rule = problem.columns(), problem.net, cost_named(problem.cost)
    return Job(
        "backprop_lib",
        lambda: fast_step.gradient(net, x, y, rule),
        lambda: fast_step.gradient(net, x, y, rule).theta,
    )


def our_equations(problem: Problem) -> Job:
    (x, y), net = problem.columns(), problem.net
    return Job(
        "backprop_lib, the equations",
        lambda: backprop(net, x, y, problem.cost),
        lambda: backprop(net, x, y, problem.cost).gradient.theta,
    )


def our_epoch(problem: Problem) -> Job:
    def steps_of(net: Network) -> fast_step.Steps:
        return fast_step.Steps(net, cost_named(problem.cost), LEARNING_RATE, problem.batch_size)

    def answer() -> Any:
        net = problem.net.copy()
        steps_of(net).epoch(problem.x, problem.y, problem.order())
        return net.theta

    kept, rng = steps_of(problem.net.copy()), np.random.default_rng(0)
    return Job(
        "backprop_lib", lambda: kept.epoch(problem.x, problem.y, rng.permutation(len(problem.x))), answer
    )


def tuned_epoch(problem: Problem) -> Job:
    """numpy as one writes it who tunes one loop for one net: arrays made once, results written into them."""
    m, rate = problem.batch_size, np.array(LEARNING_RATE / problem.batch_size)

    def fresh() -> tuple[list[Any], list[Any], list[Any]]:
        layers = problem.layers()
        w, b = [w for w, _ in layers], [b[:, None] for _, b in layers]
        return w, b, [np.empty((3, len(w_l), m)) for w_l in w]

    def sigmoid(z: Any, a: Any, prime: Any) -> None:
        e = np.exp(np.copysign(z, -1.0, out=prime), out=prime)
        np.greater_equal(z, 0.0, out=a)
        np.maximum(a, e, out=a)
        a /= 1.0 + e
        prime /= 1.0 + e * (2.0 + e)

    def epoch(state: tuple[list[Any], list[Any], list[Any]], order: Any) -> None:
        w, b, arrays = state
        xs, ys = problem.x[order], problem.y[order]
        for first in range(0, len(order), m):
            a = [xs[first : first + m].T]
            for w_l, b_l, (z, a_l, prime) in zip(w, b, arrays, strict=True):
                np.dot(w_l, a[-1], out=z)
                z += b_l
                sigmoid(z, a_l, prime)
                a.append(a_l)
            delta = a[-1] - ys[first : first + m].T
            delta *= arrays[-1][2]
            delta *= rate
            for l in range(len(w) - 1, -1, -1):
                dw, db = np.dot(delta, a[l].T), delta.sum(axis=1, keepdims=True)
                if l:
                    delta = np.dot(w[l].T, delta)
                    delta *= arrays[l - 1][2]
                w[l] -= dw
                b[l] -= db

    def answer() -> Any:
        state = fresh()
        epoch(state, problem.order())
        return flat(zip(state[0], (b_l[:, 0] for b_l in state[1]), strict=True))

    kept, rng = fresh(), np.random.default_rng(0)
    return Job("numpy, tuned by hand", lambda: epoch(kept, rng.permutation(len(problem.x))), answer)


def our_recorded_epochs(problem: Problem) -> Job:
    def run() -> None:
        train(
            problem.net.copy(), problem.data, problem.cost, LEARNING_RATE, RECORDED_EPOCHS, problem.batch_size
        )

    def answer() -> Any:
        net = problem.net.copy()
        order = problem.order()
        trainer = Trainer(
            net, problem.data, problem.cost, LEARNING_RATE, problem.batch_size, order=lambda epoch: order
        )
        trainer.run(1)
        return net.theta

    return Job("backprop_lib, recorded", run, answer, calls=RECORDED_EPOCHS)


def our_check(problem: Problem) -> Job:
    (x, y), net = problem.columns(), problem.net

    def run() -> None:
        report = check_gradient(net, x, y, problem.cost)
        assert report.passed, report

    return Job("check_gradient", run, lambda: differences(net, x, y, problem.cost)[0].theta)


def our_graph_epoch(problem: Problem) -> Job:
    xs, ys, rng = problem.x.tolist(), problem.y.tolist(), np.random.default_rng(0)

    def epoch(graph: Any, order: Any) -> Any:
        for batch in batches(problem, order):
            graph.step([xs[i] for i in batch], [ys[i] for i in batch], LEARNING_RATE / 10)
        w, b = graph.parameters()
        return flat((w[l], b[l]) for l in w)

    kept = graph_from(problem.net)
    return Job(
        "graph of neurons",
        lambda: epoch(kept, rng.permutation(len(xs))),
        lambda: epoch(graph_from(problem.net), problem.order()),
    )


# PyTorch, eager: Linear and Sigmoid modules, backward(), and its own SGD


def torch_model(problem: Problem) -> Any:
    import torch

    modules: list[Any] = []
    for w, b in problem.layers():
        linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*modules)


def torch_gradient(problem: Problem) -> Job:
    import torch

    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    model = torch_model(problem)

    def run() -> None:
        model.zero_grad()
        (((model(x) - y) ** 2).sum() / (2 * len(x))).backward()

    def answer() -> Any:
        run()
        return np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])

    return Job("PyTorch", run, answer)


def torch_epoch(problem: Problem) -> Job:
    """The loop that the page on other conventions shows."""
    import torch

    from benchmarks.pytorch_loop import one_epoch, steepest_descent

    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)

    def epoch(model: Any, optimizer: Any, order: Any) -> Any:
        one_epoch(model, optimizer, x, y, order.split(problem.batch_size))
        return np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])

    def fresh() -> tuple[Any, Any]:
        model = torch_model(problem)
        return model, steepest_descent(model, LEARNING_RATE)

    kept = fresh()
    return Job(
        "PyTorch",
        lambda: epoch(*kept, torch.randperm(len(x))),
        lambda: epoch(*fresh(), torch.from_numpy(problem.order())),
    )


def torch_gradcheck(problem: Problem) -> Job:
    import torch

    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    parameters = tuple(torch_model(problem).parameters())

    def loss(*parameters: Any) -> Any:
        a = x
        for w, b in zip(parameters[::2], parameters[1::2], strict=True):
            a = torch.sigmoid(torch.nn.functional.linear(a, w, b))
        return ((a - y) ** 2).sum() / (2 * len(x))

    def run() -> None:
        assert torch.autograd.gradcheck(loss, parameters)

    def answer() -> Any:
        return np.concatenate([g.numpy().ravel() for g in torch.autograd.grad(loss(*parameters), parameters)])

    return Job("torch.autograd.gradcheck", run, answer)


# scikit-learn: MLPClassifier with several labels, whose outputs are sigmoids under binary cross-entropy


def sklearn_epoch(problem: Problem) -> Job:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    assert problem.cost == "binary_cross_entropy", "the only cost that MLPClassifier has"
    labels, classes = problem.y.astype(int), list(range(problem.y.shape[1]))

    def fresh(shuffle: bool) -> Any:
        model = MLPClassifier(
            problem.net.sizes[1:-1],
            "logistic",
            solver="sgd",
            alpha=0.0,
            batch_size=problem.batch_size,
            learning_rate_init=LEARNING_RATE,
            momentum=0.0,
            shuffle=shuffle,
            random_state=0,
        )
        model.partial_fit(problem.x, labels, classes=classes)  # which makes the arrays
        for l, (w, b) in enumerate(problem.layers()):
            model.coefs_[l][...], model.intercepts_[l][...] = w.T, b
        return model

    def answer() -> Any:
        model, order = fresh(shuffle=False), problem.order()
        model.partial_fit(problem.x[order], labels[order])
        return flat((w.T, b) for w, b in zip(model.coefs_, model.intercepts_, strict=True))

    kept = fresh(shuffle=True)
    return Job("scikit-learn", lambda: kept.partial_fit(problem.x, labels), answer)


# JAX, jitted, and autograd: the cost as a function of a list of (w, b)


def cost_function(np_like: Any) -> Any:
    def cost(layers: Any, x: Any, y: Any) -> Any:
        a = x
        for w, b in layers:
            a = 0.5 * (1 + np_like.tanh(0.5 * (np_like.dot(a, w.T) + b)))
        return np_like.sum((a - y) ** 2) / (2 * len(x))

    return cost


def jax_gradient(problem: Problem) -> Job:
    import jax

    gradient = jax.jit(jax.grad(cost_function(jax.numpy)))
    layers, x, y = jax.tree.map(jax.numpy.asarray, (problem.layers(), problem.x, problem.y))
    return Job(
        "JAX",
        lambda: jax.block_until_ready(gradient(layers, x, y)),
        lambda: flat(jax.tree.map(np.asarray, gradient(layers, x, y))),
    )


def jax_epoch(problem: Problem) -> Job:
    import jax

    cost = cost_function(jax.numpy)

    @jax.jit
    def step(layers: Any, x: Any, y: Any) -> Any:
        gradient = jax.grad(cost)(layers, x, y)
        return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, layers, gradient)

    def epoch(layers: Any, order: Any) -> Any:
        for batch in batches(problem, order):
            layers = step(layers, problem.x[batch], problem.y[batch])
        return jax.block_until_ready(layers)

    kept, rng = [problem.layers()], np.random.default_rng(0)

    def run() -> None:
        kept[0] = epoch(kept[0], rng.permutation(len(problem.x)))

    return Job("JAX", run, lambda: flat(epoch(problem.layers(), problem.order())))


def autograd_gradient(problem: Problem) -> Job:
    import autograd

    gradient = autograd.grad(cost_function(autograd.numpy))
    layers = problem.layers()
    return Job(
        "autograd",
        lambda: gradient(layers, problem.x, problem.y),
        lambda: flat(gradient(layers, problem.x, problem.y)),
    )


# micrograd: its own MLP, which has ReLU in the hidden layers and no activation at the output


def micrograd_epoch(problem: Problem) -> Job:
    from micrograd.nn import MLP

    xs, ys, rng = problem.x.tolist(), problem.y.tolist(), np.random.default_rng(0)

    def fresh() -> Any:
        model = MLP(problem.net.sizes[0], list(problem.net.sizes[1:]))
        for layer, (w, b) in zip(model.layers, problem.layers(), strict=True):
            for neuron, row, bias in zip(layer.neurons, w.tolist(), b.tolist(), strict=True):
                neuron.b.data = bias
                for weight, number in zip(neuron.w, row, strict=True):
                    weight.data = number
        return model

    def epoch(model: Any, order: Any) -> None:
        for batch in batches(problem, order):
            model.zero_grad()
            total = 0.0
            for i in batch:
                total = total + sum((a - y_j) ** 2 for a, y_j in zip(model(xs[i]), ys[i], strict=True))
            (total * (0.5 / len(batch))).backward()
            for p in model.parameters():
                p.data -= LEARNING_RATE / 10 * p.grad

    def answer() -> Any:
        model = fresh()
        epoch(model, problem.order())
        return flat(
            (
                [[w.data for w in neuron.w] for neuron in layer.neurons],
                [neuron.b.data for neuron in layer.neurons],
            )
            for layer in model.layers
        )

    kept = fresh()
    return Job("micrograd", lambda: epoch(kept, rng.permutation(len(xs))), answer)
