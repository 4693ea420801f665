"""What the page on other conventions says of PyTorch's costs and of `z.grad`, held against the package."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib.data import load_iris
from backprop_lib.equations import backprop
from backprop_lib.network import Network
from benchmarks.measure import Job
from benchmarks.peers import torch_model
from benchmarks.problems import Problem, flat

# PyTorch's cost, whether it takes z of the output layer, ours, and how many times ours its gradient is
# with n outputs and m examples
COSTS: tuple[tuple[str, bool, str, Any], ...] = (
    ("MSELoss", False, "quadratic", lambda n, m: 2 / n),
    ("BCELoss", False, "binary_cross_entropy", lambda n, m: 1 / n),
    ("BCEWithLogitsLoss", True, "binary_cross_entropy", lambda n, m: 1 / n),
    ("CrossEntropyLoss", True, "cross_entropy", lambda n, m: 1),
    ("CrossEntropyLoss", True, "cross_entropy", lambda n, m: m),
)


def said() -> list[tuple[Job, Job]]:
    """Pairs of ours and theirs that agree if the page is right: the gradient, and every δ of layer 1."""
    return [pair for row in COSTS for pair in _pairs(*row)]


def _pairs(name: str, takes_z: bool, ours: str, times: Any) -> list[tuple[Job, Job]]:
    import torch

    output = "softmax" if ours == "cross_entropy" else "sigmoid"
    net = Network([("identity", 4), ("sigmoid", 5), (output, 3)], seed=1)
    data = load_iris().take(range(0, 150, 7))
    run, m = backprop(net, *data.columns(), ours), len(data.x)
    reduction = "sum" if times(3, m) == m else "mean"
    first, _, last, _ = torch_model(Problem(net, data.x, data.y))
    z1 = first(torch.from_numpy(data.x.copy()))
    z1.retain_grad()
    z2 = last(torch.sigmoid(z1))
    cost = getattr(torch.nn, name)(reduction=reduction)
    cost(z2 if takes_z else torch.sigmoid(z2), torch.from_numpy(data.y.copy())).backward()
    gradient = flat((layer.weight.grad.numpy(), layer.bias.grad.numpy()) for layer in (first, last))
    delta = z1.grad.numpy().T.copy() * (m if reduction == "mean" else 1)
    label = f"{name}, {reduction}"
    return [
        (_fixed("backprop_lib", times(3, m) * run.gradient.theta), _fixed(label, gradient)),
        (
            _fixed("backprop_lib", times(3, 1) * run.delta[1].ravel()),
            _fixed(f"{label}: z.grad", delta.ravel()),
        ),
    ]


def _fixed(name: str, answer: Any) -> Job:
    return Job(name, lambda: None, lambda: np.asarray(answer))
