"""The parameters are one vector: whatever is assigned to a part of it, all of the package sees the same."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from backprop_lib import Network, backprop, train, xor
from backprop_lib.network import Parameters
from backprop_lib.other_ways.bridge import graph_from

SPECIFICATION = [("identity", 2), ("tanh", 3), ("sigmoid", 1)]
ONES = np.ones((3, 2))


def net():
    return Network(SPECIFICATION, seed=1)


def assign(layers, l, value):
    layers[l] = value


WRITES = {
    "w[1] = ": lambda n: assign(n.w, 1, ONES),
    "w[1] = a list": lambda n: assign(n.w, 1, ONES.astype(int).tolist()),
    "b[2] = ": lambda n: assign(n.b, 2, [[5.0]]),
    "w[1] += ": lambda n: n.w.__setitem__(1, n.w[1].__iadd__(1)),
    "w[1][0, 0] = ": lambda n: assign(n.w[1], (0, 0), 3.0),
    "w.update": lambda n: n.w.update({1: ONES}),
    "w |= ": lambda n: setattr(n, "w", n.w.__ior__({1: ONES})),
    "theta = ": lambda n: setattr(n, "theta", np.arange(13.0)),
    "theta *= ": lambda n: setattr(n, "theta", n.theta.__imul__(2.0)),
}


@pytest.mark.parametrize("write", WRITES)
def test_all_of_the_package_sees_what_is_assigned(write, tmp_path) -> None:
    changed, fresh = net(), net()
    WRITES[write](changed)
    assert not np.array_equal(changed.theta, fresh.theta)
    flat = [block.ravel() for _, _, block in changed.blocks()]
    assert np.array_equal(np.concatenate(flat), changed.theta)
    x, y = xor().columns()
    assert np.array_equal(
        backprop(changed, x, y).gradient.theta, backprop(changed.copy(), x, y).gradient.theta
    )
    changed.save(tmp_path / "net.npz")
    for other in (
        Network.load(tmp_path / "net.npz"),
        copy.deepcopy(changed),
        pickle.loads(pickle.dumps(changed)),
    ):
        assert type(other) is Network and np.array_equal(other.theta, changed.theta)
        other.w[1][0, 0] += 1
        assert other.theta[0] == changed.theta[0] + 1
    assert graph_from(changed).parameters().w[1] == changed.w[1].tolist()
    twin = changed.with_parameters(changed.theta.copy())
    assert np.array_equal(train(changed, xor(), batch_size=2).cost, train(twin, xor(), batch_size=2).cost)


@pytest.mark.parametrize(
    "change, error, words",
    [
        (
            lambda n: assign(n.w, 1, np.ones(2)),
            ValueError,
            r"w\[1\]: expected shape \(3, 2\), got shape \(2,\)",
        ),
        (lambda n: assign(n.w, 1, 1.0), ValueError, r"w\[1\]: expected shape \(3, 2\), got shape \(\)"),
        (lambda n: assign(n.b, 1, ONES), ValueError, r"b\[1\]: expected shape \(3, 1\)"),
        (lambda n: assign(n.w, 1, ONES * np.nan), ValueError, r"w\[1\]: expected finite numbers, got nan"),
        (lambda n: assign(n.w, 1, ONES * 1j), TypeError, r"w\[1\]: expected real numbers"),
        (lambda n: assign(n.w, 1, np.ma.array(ONES)), TypeError, r"w\[1\]: expected an array without a mask"),
        (lambda n: assign(n.w, 0, ONES), KeyError, r"w: expected a layer from 1 to 2, got 0"),
        (lambda n: assign(n.w, 3, ONES), KeyError, r"w: expected a layer from 1 to 2, got 3"),
        (
            lambda n: setattr(n, "theta", np.ones(12)),
            ValueError,
            r"theta: expected shape \(13,\), got shape \(12,\)",
        ),
        (lambda n: setattr(n, "w", {1: ONES}), AttributeError, r"w: expected w\[l\] = …"),
        (lambda n: n.w.pop(1), TypeError, "the layers of a net stay"),
        (lambda n: n.w.popitem(), TypeError, "the layers of a net stay"),
        (lambda n: n.w.clear(), TypeError, "the layers of a net stay"),
        (lambda n: n.w.setdefault(3, ONES), TypeError, "the layers of a net stay"),
        (lambda n: n.w.__delitem__(1), TypeError, "the layers of a net stay"),
        (lambda n: n.w.update({1: ONES, 7: ONES}), KeyError, "expected a layer from 1 to 2, got 7"),
    ],
)
def test_what_would_split_the_parameters_is_refused_by_name(change, error, words) -> None:
    with pytest.raises(error, match=words):
        change(net())


def test_a_gradient_is_one_vector_too() -> None:
    gradient = Parameters((2, 3, 1))
    gradient.w[1] = ONES
    assert gradient.theta[:6].tolist() == [1.0] * 6
    assert np.array_equal(copy.deepcopy(gradient).theta, gradient.theta)


def test_a_masked_array_is_no_vector() -> None:
    with pytest.raises(TypeError, match="theta: expected an array without a mask"):
        Parameters((2, 3, 1), np.ma.zeros(13))


SQUARE = [("identity", 3), ("tanh", 3), ("sigmoid", 3)]


def test_layers_that_change_places_change_places() -> None:
    n = Network(SQUARE, seed=1)
    one, two = n.w[1].copy(), n.w[2].copy()
    n.w.update({1: n.w[2], 2: n.w[1]})
    assert np.array_equal(n.w[1], two) and np.array_equal(n.w[2], one)
    n.w[1] = n.w[1].T
    assert np.array_equal(n.w[1], two.T)


@pytest.mark.parametrize("bad", [{1: ONES, 2: np.ones((2, 2))}, {1: ONES, 7: ONES}, {1: ONES, 2: "abc"}])
def test_of_several_layers_all_are_written_or_none(bad) -> None:
    n = net()
    before = n.theta.copy()
    with pytest.raises((ValueError, TypeError, KeyError)):
        n.w.update(bad)
    assert np.array_equal(n.theta, before)


def test_a_copy_of_the_dict_alone_belongs_to_no_net() -> None:
    n = net()
    for kept in (n.w.copy(), copy.copy(n.w), copy.deepcopy(n.w), pickle.loads(pickle.dumps(n.w))):
        assert type(kept) is dict and np.array_equal(kept[1], n.w[1])
        kept[1] = np.zeros(3)
        assert n.w[1].shape == (3, 2)


@pytest.mark.parametrize("name", ["sizes", "L", "specification", "sigma"])
def test_what_makes_the_net_stays(name) -> None:
    n = net()
    twin, before = n.copy(), getattr(n, name)
    with pytest.raises(AttributeError, match=f"{name}: expected to stay as it is"):
        setattr(n, name, None)
    with pytest.raises(TypeError):
        n.sigma[1] = n.sigma[2]
    assert getattr(n, name) is before and twin.sigma[1].name == n.sigma[1].name == "tanh"


@pytest.mark.parametrize("theta", [np.arange(13), np.full(13, "a"), np.full(13, True)])
def test_a_vector_of_other_things_than_floats_is_refused(theta) -> None:
    with pytest.raises(TypeError, match="theta: expected an array of float64, got"):
        Parameters((2, 3, 1), theta)
