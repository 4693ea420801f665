"""Every catalogued mistake is refused by the checker, and each can be told from the others."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from backprop_lib.activations import HIDDEN
from backprop_lib.costs import COSTS
from backprop_lib.course.mistakes import MISTAKES, RIGHT, Run, diagnosing_net, gradient_with
from backprop_lib.equations import backprop
from backprop_lib.fast_differences import METHODS
from backprop_lib.gradient_check import check_gradient
from backprop_lib.network import Network


def nets():
    """(net, x, y, cost) with two equal neighboring hidden layers, where even a forgotten transpose shows."""
    for seed, (names, cost) in enumerate(
        [
            (["tanh", "tanh", "sigmoid"], "quadratic"),
            (["sigmoid", "tanh", "tanh"], "quadratic"),
            (["tanh", "sigmoid", "softmax"], "quadratic"),
            (["sigmoid", "sigmoid", "sigmoid"], "binary_cross_entropy"),
            (["tanh", "tanh", "softmax"], "cross_entropy"),
        ]
    ):
        rng = np.random.default_rng(seed)
        net = Network(list(zip(["identity", *names], [4, 3, 3, 2], strict=True)), seed=seed)
        net.theta += 0.3 * rng.standard_normal(net.theta.size)
        yield net, rng.standard_normal((4, 6)), np.eye(2)[:, rng.integers(0, 2, 6)], cost


NETS = [*nets(), diagnosing_net()]


def test_there_are_at_least_fourteen_and_each_says_what_and_where() -> None:
    assert len(MISTAKES) >= 14
    for name, one in MISTAKES.items():
        assert one.name == name and one.title and one.sentence.endswith("."), name
        assert re.match(r"equations? \([1-4]\)( and \([1-4]\))?[,:]", one.where), name
    assert len({one.title for one in MISTAKES.values()}) == len(MISTAKES)


@pytest.mark.parametrize("method, tolerance", [("central", 1e-7), ("complex", 1e-12)])
@pytest.mark.parametrize("name", MISTAKES)
def test_the_checker_refuses(name, method, tolerance) -> None:
    for net, x, y, cost in NETS:
        wrong = MISTAKES[name].gradient
        report = check_gradient(net, x, y, cost, wrong, method=method, tolerance=tolerance)
        assert not report.passed and report.worst.error > 1e-3, (net, cost)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_step_gives_numbers_in_the_shape_of_the_right_one(name) -> None:
    net, x, y, cost = NETS[0]
    right = backprop(net, x, y, cost)
    run = Run(net, y, COSTS[cost], right.z, right.a, right.delta, right.gradient)
    layers = {"output_error": [3], "hidden_error": [1, 2]}
    for step, wrong in MISTAKES[name].steps.items():
        for l in layers.get(step, [1, 2, 3]):
            if name == "transpose_forgotten" and net.sizes[l] != net.sizes[l + 1]:
                continue  # where it cannot be computed at all
            got = wrong(run, l)
            assert isinstance(got, np.ndarray) and got.dtype == float, (step, l)
            assert got.shape == RIGHT[step](run, l).shape, (step, l)


def random_nets(count=42):
    """(net, x, y, cost) of any depth, sizes, activations, start and batch, for every output and cost."""
    outputs = [(name, "quadratic") for name in [*HIDDEN, "softmax"]]
    outputs += [(rule.output, rule.name) for rule in COSTS.values() if rule.output]
    rng = np.random.default_rng(7)
    for i in range(count):
        (output, cost), depth = outputs[i % len(outputs)], int(rng.integers(0, 5))
        sizes = rng.integers(1, 7, depth + 2).tolist()
        sizes[-1] += output == "softmax"  # a softmax of one output is 1 whatever z is
        names = ["identity", *rng.choice(HIDDEN, depth).tolist(), output]
        net = Network(list(zip(names, sizes, strict=True)), seed=i)
        net.theta += 0.3 * rng.standard_normal(net.theta.size)
        x = rng.standard_normal((sizes[0], int(rng.integers(1, 9)))) * float(rng.choice([0.01, 1, 1, 100]))
        yield net, x, np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], x.shape[1])], cost


@pytest.mark.parametrize("allow_zero", [False, True])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MISTAKES)
def test_on_random_nets_every_block_that_it_spoils_is_refused(name, method, allow_zero) -> None:
    seen = 0
    for net, x, y, cost in random_nets():
        wrong, right = MISTAKES[name].gradient(net, x, y, cost), backprop(net, x, y, cost).gradient
        report = check_gradient(
            net, x, y, cost, gradient=lambda *_, g=wrong: g, method=method, allow_zero=allow_zero
        )
        for block, (_, _, p), (_, _, q) in zip(report.blocks, wrong.blocks(), right.blocks(), strict=True):
            if np.linalg.norm(p - q) > 1e-3 * np.linalg.norm(q) and np.abs(p - q).max() > 1e-20:
                seen += 1
                assert not block.passed and "expected" in block.reason, (net, cost, str(report))
            elif np.allclose(p, q, rtol=1e-9, atol=0):
                nothing = np.abs(q).max() < 1e-20
                assert block.passed or (nothing and "nothing was" in block.reason), (net, cost, str(report))
    assert seen > 10


@pytest.mark.parametrize("name", MISTAKES)
def test_only_the_blocks_that_are_wrong_are_refused(name) -> None:
    for net, x, y, cost in NETS:
        wrong, right = MISTAKES[name].gradient(net, x, y, cost), backprop(net, x, y, cost).gradient
        expected = [
            f"{kind}{l}"
            for (kind, l, p), (_, _, q) in zip(wrong.blocks(), right.blocks(), strict=True)
            if not np.allclose(p, q, rtol=1e-6, atol=1e-12)
        ]
        assert check_gradient(net, x, y, cost, MISTAKES[name].gradient).failed == expected


def test_the_checker_passes_the_right_gradient_on_the_same_nets() -> None:
    for net, x, y, cost in NETS:
        assert check_gradient(net, x, y, cost).passed
        assert check_gradient(net, x, y, cost, method="complex", tolerance=1e-12).passed


@pytest.mark.parametrize("one, other", list(combinations(MISTAKES, 2)))
def test_on_the_diagnosing_net_they_differ(one, other) -> None:
    net, x, y, cost = diagnosing_net()
    p, q = (MISTAKES[name].gradient(net, x, y, cost).theta for name in (one, other))
    assert np.linalg.norm(p - q) > 1e-3 * np.linalg.norm(q)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_changes_nothing_that_it_was_given(name) -> None:
    net, x, y, cost = diagnosing_net()
    before = net.theta.copy(), x.copy(), y.copy()
    MISTAKES[name].gradient(net, x, y, cost)
    assert all(np.array_equal(p, q) for p, q in zip(before, (net.theta, x, y), strict=True))


def test_the_skeleton_without_a_mistake_is_backpropagation() -> None:
    for net, x, y, cost in NETS:
        found = gradient_with({}, net, x, y, cost).theta
        assert np.array_equal(found, backprop(net, x, y, cost).gradient.theta)


def as_described(name, net, x, y, cost):
    """The gradient with one mistake, from its sentence alone: every sum over k and over the examples i."""
    L, m, rule = net.L, x.shape[1], COSTS[cost]
    z, a, delta, dw, db = {}, {0: x}, {}, {}, {}
    for l in range(1, L + 1):
        z[l] = net.w[l] @ a[l - 1] + net.b[l]
        a[l] = net.sigma[l](z[l])
    at = a if name == "sigma_prime_of_a" else z
    for l in range(L, 0, -1):
        sigma, n = net.sigma[l], net.sizes[l]
        if l == L:
            slope = rule.derivative(a[L], y)
            if name == "no_sigma_prime_at_output":
                delta[l] = slope
            elif rule.from_z and name != "sigma_prime_of_a":
                delta[l] = a[L] - y
            elif sigma.name == "softmax":
                delta[l] = np.transpose([slope[:, i] @ J for i, J in enumerate(sigma.jacobian(at[l]))])
            else:
                delta[l] = slope * sigma.prime(at[l])
            delta[l] = {"sign_flipped": -1, "factor_two": 2}.get(name, 1) * delta[l]
        else:
            w = net.w[l + 1] - dw[l + 1] if name == "updated_weights" else net.w[l + 1]
            w = w.T if name == "transpose_forgotten" and n == net.sizes[l + 1] else w
            factor = {"no_sigma_prime_in_hidden": 1, "sigma_for_sigma_prime": sigma(z[l])}
            back = sum(np.outer(w[k], delta[l + 1][k]) for k in range(net.sizes[l + 1]))
            delta[l] = back * factor.get(name, sigma.prime(at[l]))
        error = delta[l + 1] if name == "wrong_layer" and l < L and n == net.sizes[l + 1] else delta[l]
        times = [m - i if name == "not_reset" else 1 for i in range(m)]  # that an example counts
        dw[l] = sum(times[i] * np.outer(error[:, i], a[l - 1][:, i]) for i in range(m)) / m
        db[l] = sum(times[i] * delta[l][:, [i]] for i in range(m)) / m
        if name == "indices_exchanged":
            dw[l] = dw[l].T.reshape(dw[l].shape)
        if name in ("bias_summed_over_neurons", "bias_left_zero"):
            db[l] = np.full((n, 1), db[l].sum() if name == "bias_summed_over_neurons" else 0.0)
        both = {"batch_summed": m, "averaged_twice": 1 / m, "first_layer_zero": int(l > 1)}.get(name, 1)
        dw[l], db[l] = both * dw[l], both * db[l]
    return dw, db


@pytest.mark.parametrize("name", ["nothing", *MISTAKES])
def test_a_mistake_is_the_one_that_its_sentence_describes_and_no_other(name) -> None:
    steps = MISTAKES[name].steps if name in MISTAKES else {}
    for net, x, y, cost in [*NETS, *random_nets()]:
        wrong = gradient_with(steps, net, x, y, cost)
        round_off = 1e-14 * np.abs(backprop(net, x, y, cost).gradient.theta).max()
        dw, db = as_described(name, net, x, y, cost)
        for l in range(1, net.L + 1):
            for found, described in ((wrong.w[l], dw[l]), (wrong.b[l], db[l])):
                assert np.allclose(found, described, rtol=1e-9, atol=round_off), (net, cost, l)


@pytest.mark.parametrize("name", MISTAKES)
def test_the_result_of_a_wrong_step_has_the_shape_of_the_right_one(name) -> None:
    shapes = []

    def watched(name, step):
        def result_of(run, l):
            result = step(run, l)
            shapes.append((result.shape, RIGHT[name](run, l).shape))
            return result

        return result_of

    steps = {name: watched(name, step) for name, step in MISTAKES[name].steps.items()}
    for problem in NETS:
        gradient_with(steps, *problem)
    assert shapes and all(wrong == right for wrong, right in shapes)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_takes_the_quadratic_cost_if_it_is_told_none_and_refuses_what_does_not_fit(name) -> None:
    net, x, y, _ = diagnosing_net()
    for gradient in (MISTAKES[name].gradient, lambda *given: gradient_with(MISTAKES[name].steps, *given)):
        assert np.array_equal(gradient(net, x, y).theta, gradient(net, x, y, "quadratic").theta)
        with pytest.raises(ValueError, match="^x: expected "):
            gradient(net, x[1:], y)
        with pytest.raises(ValueError, match="^cost: expected "):
            gradient(net, x, y, "typo")


def test_the_diagnosing_net_is_the_one_that_is_described() -> None:
    net, x, y, cost = diagnosing_net()
    names = [sigma.name for sigma in net.sigma.values()]
    assert (net.sizes, names) == ((3, 4, 4, 2), ["tanh", "tanh", "sigmoid"])
    assert (x.shape, y.shape, cost) == ((3, 5), (2, 5), "quadratic")
    assert all(net.b[l].all() for l in (1, 2, 3)) and ((y > 0) & (y < 1)).all()
    again = diagnosing_net()
    assert all(
        np.array_equal(p, q) for p, q in zip((net.theta, x, y), (again[0].theta, *again[1:3]), strict=True)
    )
