"""The one place where the three nets meet: parameters and gradients, carried from one to another.

The graph of neurons and the expression graph hold single numbers, w[l][j][k]; `Network` holds matrices.
None of the three knows the others, so that their agreement is evidence. All conversions are exact.
"""

from __future__ import annotations

from typing import Any

from backprop_lib.arguments import Array, columns, same_count, shown
from backprop_lib.costs import COSTS, Cost
from backprop_lib.costs import cost as cost_named
from backprop_lib.network import Network, Parameters, checked_network
from backprop_lib.other_ways.autodiff import network_cost
from backprop_lib.other_ways.neurons import GraphNetwork


def graph_from(net: Network) -> GraphNetwork:
    """A graph of neurons of the same specification, with a copy of the parameters of `net`."""
    graph = GraphNetwork(checked_network(net).specification, init="zeros")
    graph.set_parameters(*_nested(net))
    return graph


def network_from(graph: GraphNetwork) -> Network:
    """A net of matrices of the same specification, with a copy of the parameters of `graph`."""
    net = Network(_checked_graph(graph).specification, init="zeros")
    _fill(net, *graph.parameters())
    return net


def graph_gradient(graph: GraphNetwork, x: Array, y: Array, cost: str | Cost = "quadratic") -> Parameters:
    """The gradient of the mean cost by equations (1) to (4) as sums over neurons.

    x is (n_0, m) and y (n_L, m), one example per column; the result is shaped as in `Network`. Raises
    ValueError or TypeError if x or y does not fit the net, or the cost its output layer.
    """
    x, y = _examples(x, y, _checked_graph(graph).sizes)
    gradient = Parameters(graph.sizes)
    _fill(gradient, *graph.gradient(x.T.tolist(), y.T.tolist(), _name_of(cost)))
    return gradient


def autodiff_gradient(net: Network, x: Array, y: Array, cost: str | Cost = "quadratic") -> Parameters:
    """The gradient of the mean cost by automatic differentiation, without the four equations.

    x is (n_0, m) and y (n_L, m), one example per column; the result is shaped as in `Network`. Raises
    ValueError or TypeError if x or y does not fit the net, or the cost its output layer.
    """
    x, y = _examples(x, y, checked_network(net).sizes)
    w, b = _nested(net)
    name, m = _name_of(cost), x.shape[1]
    gradient = Parameters(net.sizes)
    for one_x, one_y in zip(x.T.tolist(), y.T.tolist(), strict=True):
        value, parameters = network_cost(net.specification, w, b, one_x, one_y, name)
        value.backward()
        for l in range(1, net.L + 1):
            gradient.w[l] += [[w_jk.grad / m for w_jk in row] for row in parameters.w[l]]
            gradient.b[l][:, 0] += [b_j.grad / m for b_j in parameters.b[l]]
    return gradient


def _checked_graph(graph: object) -> GraphNetwork:
    if not isinstance(graph, GraphNetwork):
        raise TypeError(f"graph: expected a GraphNetwork, got {shown(graph)}")
    return graph


def _name_of(cost: str | Cost) -> str:
    """The name by which the other two programs know a cost; ValueError for one of the reader's own."""
    rule = cost_named(cost)
    if rule is not COSTS.get(rule.name):
        raise ValueError(f"cost: expected one of {', '.join(COSTS)}, got a cost of your own, {rule.name}")
    return rule.name


def _nested(net: Network) -> tuple[dict[int, Any], dict[int, Any]]:
    """The parameters as w[l][j][k] and b[l][j], plain numbers."""
    layers = range(1, net.L + 1)
    return {l: net.w[l].tolist() for l in layers}, {l: net.b[l][:, 0].tolist() for l in layers}


def _fill(parameters: Parameters, w: dict[int, Any], b: dict[int, Any]) -> None:
    for l in range(1, parameters.L + 1):
        parameters.w[l][...] = w[l]
        parameters.b[l][:, 0] = b[l]


def _examples(x: Array, y: Array, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    x, y = columns("x", x, sizes[0]), columns("y", y, sizes[-1])
    same_count("x", x, "y", y)
    return x, y
