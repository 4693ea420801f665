"""Training does what it says, records what happened, and survives interruption and divergence."""

from __future__ import annotations

import copy
import inspect
import itertools
import os
import pickle
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from tqdm.auto import tqdm

from backprop_lib import training
from backprop_lib.activations import ACTIVATIONS, Activation
from backprop_lib.costs import Cost
from backprop_lib.data import Dataset, load_iris, split, standardize, xor
from backprop_lib.equations import backprop, cost_of, feed_forward
from backprop_lib.gradient_check import numerical_gradient
from backprop_lib.network import Network
from backprop_lib.other_ways.bridge import graph_from, network_from
from backprop_lib.training import Trainer, train

TRAIN, HELD_OUT = standardize(*split(load_iris()))
SPECIFICATION = [("identity", 4), ("tanh", 5), ("sigmoid", 3)]


def test_an_epoch_is_the_loop_written_out_with_its_smaller_last_batch() -> None:
    net = Network(SPECIFICATION, seed=1)
    by_hand, order = net.copy(), np.random.default_rng(2).permutation(105)
    for batch in [order[:25], order[25:50], order[50:75], order[75:100], order[100:]]:
        gradient = backprop(by_hand, TRAIN.x[batch].T, TRAIN.y[batch].T).gradient
        by_hand.theta -= 0.7 * gradient.theta
    train(net, TRAIN, learning_rate=0.7, epochs=1, batch_size=25, order=lambda epoch: order)
    assert np.abs(net.theta - by_hand.theta).max() < 1e-15


def test_without_an_order_every_epoch_takes_the_next_permutation_that_is_drawn_from_the_seed() -> None:
    rng, nets = np.random.default_rng(5), [Network(SPECIFICATION, seed=1) for _ in range(2)]
    orders = [rng.permutation(105) for _ in range(3)]
    train(nets[0], TRAIN, epochs=3, seed=5)
    train(nets[1], TRAIN, epochs=3, order=lambda epoch: orders[epoch])
    assert np.array_equal(nets[0].theta, nets[1].theta)


def test_the_graph_and_the_matrices_train_in_step() -> None:
    net = Network(SPECIFICATION, seed=3)
    graph, few = graph_from(net), TRAIN.take(range(0, 105, 5))
    orders = [np.random.default_rng(e).permutation(len(few)).tolist() for e in range(4)]
    ours = train(net, few, epochs=4, batch_size=5, order=lambda epoch: orders[epoch])
    theirs = graph.train(few.x, few.y, epochs=4, batch_size=5, order=orders)
    assert np.abs(network_from(graph).theta - net.theta).max() < 1e-12
    assert np.allclose(ours.cost, theirs.cost, rtol=1e-12) and np.allclose(ours.accuracy, theirs.accuracy)
    assert all(np.allclose(ours.delta[l], theirs.delta[l], rtol=1e-10) for l in (1, 2))


def right_share(net: Network, data: Dataset) -> float:
    """The share of the examples whose largest output is that of their class."""
    x, y = data.columns()
    answers = feed_forward(net, x)[1][net.L]
    return float(np.mean([a.argmax() == t.argmax() for a, t in zip(answers.T, y.T, strict=True)]))


def test_the_history_begins_before_the_first_epoch_and_holds_what_it_says() -> None:
    net = Network(SPECIFICATION, seed=1)
    before, after = net.copy(), net
    history = train(net, TRAIN, epochs=3, held_out=HELD_OUT, keep_parameters=True)
    assert history.epochs == 3 and history.delta[1].shape == (4, 5)
    arrays = [value for value in vars(history).values() if isinstance(value, np.ndarray)]
    assert [array.dtype.name for array in arrays] == 5 * ["float64"]
    for index, state in ((0, before), (3, after)):
        run = backprop(state, *TRAIN.columns())
        assert history.cost[index] == pytest.approx(cost_of(state, *TRAIN.columns()), rel=1e-14)
        assert history.held_out_cost[index] == pytest.approx(cost_of(state, *HELD_OUT.columns()), rel=1e-14)
        assert history.accuracy[index] == right_share(state, TRAIN)
        assert history.held_out_accuracy[index] == right_share(state, HELD_OUT)
        assert np.allclose(history.delta[1][index], np.sqrt((run.delta[1] ** 2).mean(axis=1)), rtol=1e-12)
        assert history.delta_norm(2)[index] == pytest.approx(np.sqrt((run.delta[2] ** 2).sum() / 105))
        assert np.array_equal(history.parameters[index], state.theta)


def test_held_out_examples_do_not_touch_the_weights() -> None:
    one, other = Network(SPECIFICATION), Network(SPECIFICATION)
    train(one, TRAIN, epochs=2, held_out=HELD_OUT)
    train(other, TRAIN, epochs=2)
    assert np.array_equal(one.theta, other.theta)


def test_training_learns_iris_and_xor() -> None:
    net = Network([("identity", 4), ("sigmoid", 5), ("sigmoid", 3)])
    assert train(net, TRAIN, epochs=100).cost[-1] < 0.03 and right_share(net, HELD_OUT) > 0.9
    gate = Network([("identity", 2), ("tanh", 4), ("sigmoid", 1)], seed=1)
    history = train(gate, xor(), "binary_cross_entropy", learning_rate=0.5, epochs=500, batch_size=4)
    assert history.cost[-1] < 0.05 and history.accuracy[-1] == 1.0


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    ends = []
    for seed in (0, 0, 1):
        net = Network(SPECIFICATION)
        train(net, TRAIN, epochs=2, seed=seed)
        ends.append(net.theta)
    assert np.array_equal(ends[0], ends[1]) and not np.array_equal(ends[0], ends[2])


def test_a_run_in_two_pieces_is_the_run_in_one() -> None:
    pieces, whole = Network(SPECIFICATION), Network(SPECIFICATION)
    trainer = Trainer(pieces, TRAIN)
    trainer.run(2)
    history = trainer.run(3)
    assert np.array_equal(history.cost, train(whole, TRAIN, epochs=5).cost)
    assert np.array_equal(pieces.theta, whole.theta)


def interrupted_at(moment: int, call):
    """(what `call` returns, events seen) with KeyboardInterrupt raised at that event of the package's code.

    An event is a bytecode instruction, the finest point at which Python can be interrupted; the value is
    None if the interrupt came out. `moment` 0 only counts.
    """
    events = 0

    def trace(frame, event, argument):
        nonlocal events
        if "backprop_lib" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        events += event == "opcode"
        if events == moment and event == "opcode":
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks for one such frame, in settrace
    with np.errstate():  # between the last instruction of such a block and its end, its state would stay
        sys.settrace(trace)
        try:
            return call(), events
        except KeyboardInterrupt:
            return None, events
        finally:
            sys.settrace(before)


GATE = [("identity", 2), ("relu", 2), ("identity", 1)]
RUNS = {"calm": {"learning_rate": 0.1, "epochs": 3}, "diverging": {"learning_rate": 1e60, "epochs": 5}}


def matrix_run(arguments):
    net = Network(GATE, seed=2)
    return (lambda: train(net, xor(), batch_size=2, **arguments)), (lambda: net.theta.tolist())


def graph_run(arguments):
    graph, points = graph_from(Network(GATE, seed=2)), xor()
    xs, ys = points.x.tolist(), points.y.tolist()
    call = lambda: graph.train(xs, ys, batch_size=2, **arguments)  # noqa: E731
    return call, lambda: network_from(graph).theta.tolist()


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("run", [matrix_run, graph_run])
def test_an_interrupt_at_any_instruction_leaves_a_finished_epoch_and_its_history(
    run, kind, record_property
) -> None:
    finished, costs = [], None
    for epochs in range(1, RUNS[kind]["epochs"] + 1):
        call, theta = run(RUNS[kind] | {"epochs": epochs})
        finished += [theta()] if not finished else []
        costs, _ = call().cost, finished.append(theta())
    call, theta = run(RUNS[kind])
    instructions = interrupted_at(0, call)[1]
    moments = sorted(random.Random(7).sample(range(1, instructions + 1), 200))
    returned = 0
    for moment in moments:
        call, theta = run(RUNS[kind])
        history, _ = interrupted_at(moment, call)
        assert theta() in finished, f"interrupted at instruction {moment}: half a step is left"
        if history is not None:
            returned += 1
            assert history.interrupted or history.diverged_at or history.epochs == RUNS[kind]["epochs"]
            assert list(history.cost) == list(costs)[: len(history.cost)]
            assert theta() == finished[history.epochs]
    assert returned > len(moments) / 3
    record_property("faults injected", len(moments))


def interrupted_at_line(line: tuple[str, int] | None, call) -> list[tuple[str, int]]:
    """The lines (function, number) of the module that were run, to the first visit of the one named."""
    seen = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != training.__file__:
            return None
        here = frame.f_code.co_name, frame.f_lineno
        if event == "line":
            seen.append(here)
            if here == line and seen.count(here) == 1:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return seen


def test_an_interrupt_at_any_line_of_a_run_leaves_the_net_of_its_finished_epochs(record_property) -> None:
    finished, counting = [], Trainer(Network(GATE, seed=2), xor(), learning_rate=0.1, batch_size=2)
    lines = interrupted_at_line(None, lambda: counting.run(2))
    for epochs in range(3):
        net = Network(GATE, seed=2)
        Trainer(net, xor(), learning_rate=0.1, batch_size=2).run(epochs) if epochs else None
        finished.append(net.theta.tolist())
    for line in sorted(set(lines)):
        net = Network(GATE, seed=2)
        trainer = Trainer(net, xor(), learning_rate=0.1, batch_size=2)
        interrupted_at_line(line, lambda trainer=trainer: trainer.run(2))
        assert net.theta.tolist() == finished[trainer.epoch], line
    assert len(set(lines)) > 20
    record_property("faults injected", len(set(lines)))


def test_a_run_begins_from_the_net_as_it_was_handed_over() -> None:
    net, other = Network(GATE, seed=2), Network(GATE, seed=2)
    trainer = Trainer(net, xor(), batch_size=2)
    net.theta += 1
    assert np.array_equal(trainer.run(1).cost, Trainer(other, xor(), batch_size=2).run(1).cost)
    assert np.array_equal(net.theta, other.theta)


def test_an_output_of_one_half_says_no() -> None:
    a, y = np.array([[0.5, 0.5, 0.6, 0.4]]), np.array([[0.0, 1.0, 1.0, 0.5]])
    assert [training.correct_answers(a[:, [i]], y[:, [i]]) for i in range(4)] == [1, 0, 1, 1]


def test_a_run_that_was_interrupted_can_be_carried_on(record_property) -> None:
    whole = Trainer(Network(GATE, seed=2), xor(), learning_rate=0.1, batch_size=2)
    moments = random.Random(8).sample(range(1, interrupted_at(0, lambda: whole.run(4))[1]), 100)
    for moment in moments:
        net = Network(GATE, seed=2)
        trainer = Trainer(net, xor(), learning_rate=0.1, batch_size=2, keep_parameters=True)
        interrupted_at(moment, lambda trainer=trainer: trainer.run(4))
        done = trainer.epoch
        history = trainer.run(2)
        assert history.epochs == done + 2 and np.array_equal(net.theta, history.parameters[-1])
        assert not history.interrupted
        for index, theta in enumerate(history.parameters):
            state = net.with_parameters(theta.copy())
            assert history.cost[index] == pytest.approx(cost_of(state, *xor().columns()), rel=1e-12)
    record_property("faults injected", len(moments))


def arctan_prime(z):
    return 1 / (1 + z * z)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))], ids=["copy", "file"]
)
@pytest.mark.parametrize("hidden", ["relu", "arctan"])
def test_a_copy_of_a_run_goes_on_as_the_run_does_and_neither_moves_the_other(
    hidden, copied, monkeypatch
) -> None:
    monkeypatch.setitem(ACTIVATIONS, "arctan", Activation("arctan", np.arctan, arctan_prime))  # of one's own
    net = Network([("identity", 2), (hidden, 2), ("identity", 1)], seed=2)
    trainer = Trainer(net, xor(), learning_rate=0.1, batch_size=3, seed=5)
    trainer.run(2)
    other = copied(trainer)
    before = net.theta.copy()
    said = other.run(3)
    assert np.array_equal(net.theta, before) and not np.array_equal(other.net.theta, before)
    assert trainer.run(3).cost.tolist() == said.cost.tolist()
    assert np.array_equal(net.theta, other.net.theta)


@pytest.mark.parametrize("order", [None, lambda epoch: np.random.default_rng(epoch).permutation(4)])
def test_a_run_that_is_interrupted_and_carried_on_is_the_run_that_never_was_interrupted(
    order, record_property
) -> None:
    options = {"learning_rate": 0.1, "batch_size": 3, "order": order}
    whole_net = Network(GATE, seed=2)
    whole = Trainer(whole_net, xor(), **options).run(5)
    counting = Trainer(Network(GATE, seed=2), xor(), **options)
    moments = random.Random(9).sample(range(1, interrupted_at(0, lambda: counting.run(3))[1]), 150)
    for moment in moments:
        net = Network(GATE, seed=2)
        trainer = Trainer(net, xor(), **options)
        interrupted_at(moment, lambda trainer=trainer: trainer.run(3))
        history = trainer.run(5 - trainer.epoch)
        assert history.cost.tolist() == whole.cost.tolist(), f"interrupted at instruction {moment}"
        assert np.array_equal(net.theta, whole_net.theta)
    record_property("faults injected", len(moments))


def test_an_order_or_a_progress_bar_that_raises_costs_no_epoch() -> None:
    def order(epoch):
        if epoch == 2 and not mended:
            raise RuntimeError("no order")
        return np.random.default_rng(epoch).permutation(4)

    mended = []
    net, whole_net = Network(GATE, seed=2), Network(GATE, seed=2)
    trainer = Trainer(net, xor(), learning_rate=0.1, batch_size=2, order=order)
    with pytest.raises(RuntimeError, match="no order"):
        trainer.run(4)
    assert trainer.epoch == 2 and np.array_equal(net.theta, trainer._state.theta)
    mended.append(True)
    history = trainer.run(2)
    whole = Trainer(whole_net, xor(), learning_rate=0.1, batch_size=2, order=order).run(4)
    assert history.cost.tolist() == whole.cost.tolist() and np.array_equal(net.theta, whole_net.theta)


def watching():
    """The epochs that were told to be finished, and the progress bar that they are told to."""
    seen = []

    def watch(epochs):
        for epoch in epochs:
            yield epoch
            seen.append(epoch)

    return seen, watch


def test_divergence_names_the_epoch_and_keeps_the_last_finite_state() -> None:
    net = Network([("identity", 4), ("relu", 5), ("identity", 3)])
    seen, watch = watching()
    history = train(net, TRAIN, learning_rate=50.0, epochs=30, keep_parameters=True, progress=watch)
    assert history.diverged_at == history.epochs + 1 and seen == list(range(history.epochs))
    assert np.isfinite(net.theta).all() and np.array_equal(net.theta, history.parameters[-1])
    assert np.isfinite(history.cost).all()


def test_more_examples_than_fit_in_a_piece_are_evaluated_alike(monkeypatch) -> None:
    net = Network(SPECIFICATION)
    whole = train(net.copy(), TRAIN, epochs=1)
    monkeypatch.setattr(training, "BLOCK", 10)
    pieces = train(net.copy(), TRAIN, epochs=1)
    assert np.allclose(whole.cost, pieces.cost, rtol=1e-13)
    assert np.allclose(whole.delta[1], pieces.delta[1], rtol=1e-12)


def test_progress_sees_every_epoch_and_changes_nothing() -> None:
    seen, watch = watching()
    plain, watched = Network(SPECIFICATION), Network(SPECIFICATION)
    train(plain, TRAIN, epochs=4)
    history = train(watched, TRAIN, epochs=4, progress=watch)
    assert seen == [0, 1, 2, 3] and history.epochs == 4
    assert np.array_equal(plain.theta, watched.theta)


def test_a_progress_bar_is_silent_where_outputs_are_stored(capsys) -> None:
    train(Network(SPECIFICATION), TRAIN, epochs=2, progress=tqdm)
    numerical_gradient(Network(SPECIFICATION), *TRAIN.columns(), progress=tqdm)
    assert capsys.readouterr() == ("", "")


def test_the_same_progress_bar_is_seen_elsewhere() -> None:
    program = "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass"
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert b"3/3" in result.stderr


def test_progress_that_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="progress: expected a function like tqdm, got True"):
        train(Network(SPECIFICATION), TRAIN, epochs=1, progress=True)


def no_arguments():
    return range(3)


@pytest.mark.parametrize("progress", [print, len, lambda n: 0, no_arguments, lambda n, bar: n])
def test_progress_that_hands_nothing_on_is_refused_by_name(progress) -> None:
    for run in (train, numerical_gradient):
        arguments = (TRAIN,) if run is train else TRAIN.columns()
        with pytest.raises(TypeError, match=r"^progress: expected a function like tqdm, which .*, got <"):
            run(Network(SPECIFICATION), *arguments, progress=progress)


def test_what_progress_makes_of_the_numbers_changes_no_result() -> None:
    net, (x, y) = Network(SPECIFICATION), TRAIN.columns()
    plain = numerical_gradient(net, x, y).theta
    for progress in (reversed, lambda numbers: ["a"] * len(numbers), lambda numbers: itertools.count()):
        assert np.array_equal(numerical_gradient(net, x, y, progress=progress).theta, plain)
    short = numerical_gradient(net, x, y, progress=lambda numbers: numbers[:5]).theta
    assert np.array_equal(short[:5], plain[:5]) and np.isnan(short[5:]).all()


def test_training_prints_nothing(capsys) -> None:
    train(Network(SPECIFICATION), TRAIN, epochs=1)
    assert capsys.readouterr() == ("", "")


def test_train_and_a_trainer_have_the_same_defaults() -> None:
    ours, theirs = inspect.signature(train).parameters, inspect.signature(Trainer).parameters
    assert [ours[name].default for name in theirs] == [parameter.default for parameter in theirs.values()]
    alone = Trainer(Network(SPECIFICATION), TRAIN).run(1)
    assert (alone.parameters, alone.held_out_cost, alone.held_out_accuracy, alone.diverged_at) == (None,) * 4
    one, other = Network(SPECIFICATION), Network(SPECIFICATION)
    train(one, TRAIN, epochs=1)
    train(other, TRAIN, "quadratic", 3.0, 1, 10, 0)
    said = train(Network(GATE), xor(), batch_size=2)
    assert said.epochs == 100 and said.parameters is None
    assert np.array_equal(one.theta, other.theta)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, list])
def test_targets_are_the_same_numbers_in_every_type(dtype) -> None:
    net, other = (Network([("identity", 4), ("tanh", 3), ("softmax", 3)], seed=1) for _ in range(2))
    y = TRAIN.y.astype(int).tolist() if dtype is list else TRAIN.y.astype(dtype)
    history = train(net, TRAIN, "cross_entropy", 0.1, epochs=1)
    in_type = train(other, SimpleNamespace(x=TRAIN.x, y=y), "cross_entropy", 0.1, epochs=1)
    assert np.array_equal(net.theta, other.theta) and history.cost.tolist() == in_type.cost.tolist()


@pytest.mark.filterwarnings("error")
@np.errstate(over="warn", invalid="warn", divide="warn")
def test_what_becomes_infinite_leaks_no_warning() -> None:
    huge = Network([("identity", 2), ("relu", 2), ("identity", 1)], init="constant")
    huge.theta[...] = 1e200
    with pytest.raises(ValueError, match=r"^net: the cost of the untrained net is not a finite number$"):
        train(huge, xor(), batch_size=2)
    history = train(Network(GATE, seed=2), xor(), learning_rate=1e60, epochs=5, batch_size=2)
    assert history.diverged_at is not None
    # A cost of one's own, which is infinite where the output is 0: the first step comes to it.
    inverse = Cost("inverse", lambda a, y: (1 / a).sum(axis=0), lambda a, y: -1 / a**2)
    net = Network([("identity", 1), ("relu", 1)], init="constant")
    net.theta[...] = 1.0, 0.0
    one = SimpleNamespace(x=np.ones((1, 1)), y=np.ones((1, 1)))
    assert train(net, one, inverse, 0.1, epochs=9, batch_size=1).diverged_at is None
    upward = Cost("upward", lambda a, y: (1 / a).sum(axis=0), lambda a, y: 1 + 0 * a)
    assert train(net, one, upward, 9.0, epochs=9, batch_size=1).diverged_at == 1
    net.theta[...] = 0.0
    with pytest.raises(ValueError, match=r"^net: the cost of the untrained net is not a finite number$"):
        train(net, one, inverse, batch_size=1)
