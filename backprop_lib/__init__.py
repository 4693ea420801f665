"""Backpropagation, derived page by page, implemented in one small package and checked at every step.

The mathematics is on top, a noun a file: `activations`, `costs`, `network`, `equations`, `training`,
`gradient_check`, `data`; its front door is here. Below it: `other_ways` to the same gradient, the `course`
(what a page asks and how it judges), the `figures` to play with, and `drawing` (arrays in, picture out).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from backprop_lib.activations import activation
from backprop_lib.costs import Cost, cost
from backprop_lib.course.claims import claim
from backprop_lib.data import Dataset, load_digits, load_iris, split, standardize, xor
from backprop_lib.equations import (
    backprop,
    bias_gradient,
    cost_of,
    feed_forward,
    hidden_error,
    output_error,
    output_error_through_jacobian,
    weight_gradient,
)
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network
from backprop_lib.training import train

if TYPE_CHECKING:
    from backprop_lib.course.exercises import check
    from backprop_lib.figures.recalling import recall
    from backprop_lib.figures.sealed import calibration, predict, record

__all__ = [
    "Cost",
    "Dataset",
    "Network",
    "activation",
    "backprop",
    "bias_gradient",
    "calibration",
    "check",
    "check_gradient",
    "claim",
    "cost",
    "cost_of",
    "feed_forward",
    "hidden_error",
    "load_digits",
    "load_iris",
    "numerical_gradient",
    "output_error",
    "output_error_through_jacobian",
    "predict",
    "recall",
    "record",
    "split",
    "standardize",
    "train",
    "weight_gradient",
    "xor",
]


# What a page asks takes longer to load than the mathematics: each is loaded when it is first asked for.
_ASKED_FOR = {
    "calibration": "figures.sealed",
    "check": "course.exercises",
    "predict": "figures.sealed",
    "recall": "figures.recalling",
    "record": "figures.sealed",
}


def __getattr__(name: str) -> Any:
    if name not in _ASKED_FOR:
        raise AttributeError(f"module 'backprop_lib' has no attribute {name!r}")
    return getattr(import_module(f"backprop_lib.{_ASKED_FOR[name]}"), name)
