"""Laws that hold for every net and every batch, tried on many."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop_lib.activations import HIDDEN, activation
from backprop_lib.costs import Cost, cost
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.fast_differences import differences
from backprop_lib.gradient_check import check_gradient, numerical_gradient
from backprop_lib.network import Network, Parameters

SMOOTH = [name for name in HIDDEN if activation(name).smooth]


@st.composite
def problems(draw):
    """A net with random parameters, and a batch."""
    hidden = draw(st.lists(st.tuples(st.sampled_from(HIDDEN), st.integers(1, 6)), max_size=3))
    output, name = draw(
        st.sampled_from(
            [(s, "quadratic") for s in [*SMOOTH, "softmax"]]
            + [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
        )
    )
    inputs, outputs, m = (draw(st.integers(1, 5)) for _ in range(3))
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    net = Network([("identity", inputs), *hidden, (output, outputs)], seed=seed)
    net.theta += 0.5 * rng.standard_normal(net.theta.size)
    y = np.eye(outputs)[:, rng.integers(0, outputs, m)]
    return net, rng.standard_normal((inputs, m)), y, name


def close(p, q):
    return np.allclose(p, q, rtol=1e-10, atol=1e-13)


@given(problems())
def test_the_gradient_of_a_batch_is_the_mean_of_the_single_gradients(problem) -> None:
    net, x, y, name = problem
    single = [backprop(net, x[:, [i]], y[:, [i]], name).gradient.theta for i in range(x.shape[1])]
    assert close(np.mean(single, axis=0), backprop(net, x, y, name).gradient.theta)


@given(problems(), st.randoms())
def test_the_order_and_the_repetition_of_examples_change_nothing(problem, random) -> None:
    net, x, y, name = problem
    order = random.sample(range(x.shape[1]), x.shape[1]) * 2
    again = backprop(net, x[:, order], y[:, order], name)
    assert close(again.gradient.theta, backprop(net, x, y, name).gradient.theta)
    assert np.isclose(cost_of(net, x[:, order], y[:, order], name), cost_of(net, x, y, name), rtol=1e-12)


@given(problems(), st.randoms())
def test_hidden_neurons_in_another_order_have_their_gradient_in_that_order(problem, random) -> None:
    net, x, y, name = problem
    assume(net.L > 1)
    l = random.randrange(1, net.L)
    order = random.sample(range(net.sizes[l]), net.sizes[l])
    other = net.copy()
    other.w[l][...], other.b[l][...] = net.w[l][order], net.b[l][order]
    other.w[l + 1][...] = net.w[l + 1][:, order]
    g, h = (backprop(n, x, y, name).gradient for n in (net, other))
    assert close(h.w[l], g.w[l][order]) and close(h.b[l], g.b[l][order])
    assert close(h.w[l + 1], g.w[l + 1][:, order]) and close(h.b[l + 1], g.b[l + 1])


@given(problems(), st.floats(0.1, 10))
def test_a_cost_scaled_scales_the_gradient(problem, factor) -> None:
    net, x, y, _ = problem
    plain = cost("quadratic")
    scaled = Cost(
        "scaled",
        lambda a, y: factor * plain.value(a, y),
        lambda a, y: factor * plain.derivative(a, y),
    )
    assert close(backprop(net, x, y, scaled).gradient.theta, factor * backprop(net, x, y).gradient.theta)


@given(problems())
def test_nothing_that_is_handed_in_is_changed(problem) -> None:
    net, x, y, name = problem
    before = [array.copy() for array in (net.theta, x, y)]
    run = backprop(net, x, y, name)
    outputs = run.a[net.L].copy()
    cost(name)(run.a[net.L], y), cost(name).prime(run.a[net.L], y)
    assert np.array_equal(outputs, run.a[net.L])
    run.gradient.theta[...] = 7
    for array in (*run.delta.values(), *run.z.values(), *(run.a[l] for l in range(1, net.L + 1))):
        array[...] = 7
    for function in (cost_of, check_gradient, differences, numerical_gradient):
        function(net, x, y, name)
    feed_forward(net, x)
    assert all(np.array_equal(p, q) for p, q in zip(before, (net.theta, x, y), strict=True))


@settings(max_examples=50)
@given(problems())
def test_the_checker_never_refuses_the_right_gradient_and_always_a_doubled_one(problem) -> None:
    net, x, y, name = problem
    gradient = backprop(net, x, y, name).gradient.theta
    assert check_gradient(net, x, y, name, gradient=lambda *_: gradient, allow_zero=True).passed
    assume(np.linalg.norm(gradient) > 1e-3)
    assert not check_gradient(net, x, y, name, gradient=lambda *_: 2 * gradient, allow_zero=True).passed


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(0, 99))
def test_packing_what_was_unpacked_gives_the_vector_back(sizes, seed) -> None:
    given_ = Parameters(sizes, np.random.default_rng(seed).standard_normal(Parameters(sizes).theta.size))
    packed = Parameters(sizes)
    for (_, _, target), (_, _, source) in zip(packed.blocks(), given_.blocks(), strict=True):
        target[...] = source
    assert np.array_equal(packed.theta, given_.theta)


@given(st.floats(-1000, 1000))
def test_the_sigmoid_of_minus_z_is_one_minus_that_of_z(z) -> None:
    sigmoid = activation("sigmoid")
    assert abs(sigmoid(np.array(-z)) - (1 - sigmoid(np.array(z)))) < 1e-15


@settings(max_examples=30)
@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=6), st.floats(-1e6, 1e6))
def test_softmax_is_a_distribution_and_blind_to_a_shift(z, shift) -> None:
    column, softmax = np.array(z)[:, None], activation("softmax")
    a = softmax(column)
    assert abs(a.sum() - 1) < 1e-14 and (a >= 0).all()
    assert np.abs(softmax(column + shift) - a).max() < 1e-8
