"""What the net and its file refuse: by which name, at which limit, and what is shown of what came."""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backprop_lib import network, whole_file
from backprop_lib.network import FORMAT, Network, Parameters, checked_examples, parameter_count
from backprop_lib.whole_file import write_whole

LAYERS = [("identity", 4), ("tanh", 5), ("softmax", 3)]


def test_a_net_is_shown_as_it_is_made() -> None:
    assert repr(Network(LAYERS)) == "Network([('identity', 4), ('tanh', 5), ('softmax', 3)])"
    assert eval(repr(Network(LAYERS))).specification == tuple(LAYERS)


LAYER = "specification, layer 1"


@pytest.mark.parametrize(
    "specification, error, words",
    [
        (7, TypeError, "specification: expected a list of (activation, size) pairs, got 7"),
        ([("identity", 4), 7], TypeError, f"{LAYER}: expected (activation, size), got 7"),
        ([("identity", 4), ("tanh",)], TypeError, f"{LAYER}: expected (activation, size), got ('tanh',)"),
        ([("identity", 4), ("tan", 5)], ValueError, f"{LAYER}, activation: expected one of"),
        ([("identity", 4), ("tanh", 0)], ValueError, f"{LAYER}, size: expected"),
        ([("identity", 4), ("tanh", "5")], TypeError, f"{LAYER}, size: expected"),
        ([("identity", 4)], ValueError, "specification: expected at least two layers, got 1"),
        (
            [("tanh", 4), ("tanh", 5)],
            ValueError,
            "specification, layer 0: the input layer computes nothing, so expected 'identity', got 'tanh'",
        ),
        (
            [("identity", 4), ("softmax", 5), ("sigmoid", 3)],
            ValueError,
            f"{LAYER}: softmax is for the output layer 2 only",
        ),
        (
            [("identity", 10**6), ("tanh", 10**4)],
            ValueError,
            "specification: expected at most 100000000 parameters, got 10000010000 (layers of "
            "[1000000, 10000]), which would take 80 GB",
        ),
    ],
)
def test_a_specification_is_refused_by_its_layer(specification, error, words) -> None:
    with pytest.raises(error, match=re.escape(words)):
        Network(specification)


def test_the_largest_net_has_as_many_parameters_as_it_may(monkeypatch) -> None:
    monkeypatch.setattr(network, "LARGEST", parameter_count([4, 5, 3]))
    assert Network(LAYERS).theta.size == network.LARGEST == 43
    with pytest.raises(ValueError, match="expected at most 43 parameters, got 49"):
        Network([("identity", 4), ("tanh", 5), ("softmax", 4)])


def test_examples_are_refused_by_name() -> None:
    net, x, y = Network(LAYERS), np.zeros((4, 2)), np.eye(3)[:, :2]
    assert checked_examples(net, x, y, "cross_entropy")[2].name == "cross_entropy"
    for arguments, words in [
        ((net, x[:3], y, "cross_entropy"), "x: expected"),
        ((net, x, y[:2], "cross_entropy"), "y: expected"),
        ((net, x, y[:, :1], "cross_entropy"), "as in x"),
        ((net, x, 0.5 * y, "cross_entropy"), "y: cross_entropy expects targets that sum to 1"),
        (
            (net, x, y, "binary_cross_entropy"),
            "binary_cross_entropy needs sigmoid outputs, got softmax",
        ),
    ]:
        with pytest.raises(ValueError, match=words):
            checked_examples(*arguments)
    with pytest.raises(TypeError, match="net: expected a Network, got 7"):
        checked_examples(7, x, y, "quadratic")


def test_whatever_numbers_are_assigned_become_those_of_the_net() -> None:
    net, complex_one = Network(LAYERS), Parameters((1, 1), np.zeros(2, complex))
    net.b[2] = [[1], [2], [3]]
    assert net.theta[-3:].tolist() == [1, 2, 3]
    complex_one.theta = [1j, 2]
    assert complex_one.w[1] == 1j and complex_one.b[1] == 2
    complex_one.w[1] = [[3 + 1j]]
    assert complex_one.theta.tolist() == [3 + 1j, 2]
    for name, value, error, words in [
        ("theta", np.zeros(42), ValueError, "theta: expected shape (43,), got shape (42,)"),
        ("theta", ["a"] * 43, TypeError, "theta: expected"),
        ("theta", np.full(43, 1j), TypeError, "theta: expected"),
        ("theta", np.ma.masked_array(np.zeros(43), True), TypeError, "theta: expected"),
    ]:
        with pytest.raises(error, match=re.escape(words)):
            setattr(net, name, value)
    with pytest.raises(ValueError, match=re.escape("b[2]: expected shape (3, 1), got shape (3,)")):
        net.b[2] = [1, 2, 3]
    masked = np.ma.masked_array([[1j]], True)
    with pytest.raises(TypeError, match=r"^w\[1\]: "):
        complex_one.w[1] = masked


@pytest.mark.parametrize("write", [lambda w: w.__setitem__(3, 0), lambda w: w.update({3: 0})])
def test_a_layer_that_is_not_there_is_named(write) -> None:
    with pytest.raises(KeyError, match="w: expected a layer from 1 to 2, got 3"):
        write(Network(LAYERS).w)


@pytest.mark.parametrize("name", ["pop", "popitem", "clear", "setdefault", "__delitem__"])
def test_no_layer_can_be_taken_away(name) -> None:
    with pytest.raises(TypeError, match=r"b: the layers of a net stay; assign to b\[l\] to change one"):
        getattr(Network(LAYERS).b, name)(1)


def test_what_makes_a_net_stays() -> None:
    net = Network(LAYERS)
    for name in ("w", "b"):
        with pytest.raises(AttributeError, match=rf"{name}: expected {name}\[l\] = …, one layer at a time"):
            setattr(net, name, {})
    for name in ("sizes", "L", "specification", "sigma"):
        with pytest.raises(AttributeError, match=f"{name}: expected to stay as it is; make another net"):
            setattr(net, name, 3)
        setattr(net, name, getattr(net, name))


def changed_file(path, **change):
    Network(LAYERS, seed=3).save(path)
    with np.load(path) as content:
        arrays = dict(content) | change
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    "change, words",
    [
        ({"format": "another 1"}, f"format: expected '{FORMAT}', got 'another 1'"),
        ({"format": None}, f"format: expected '{FORMAT}', got 'None'"),
        ({"sizes": [4, 5]}, "expected as many activations as sizes, got (3,) and (2,)"),
        ({"sizes": 4, "activations": "identity"}, "expected as many activations as sizes, got () and ()"),
        ({"activations": ["identity", "tan", "softmax"]}, "specification, layer 1, activation: expected"),
        ({"sizes": [4, 5, 0]}, "specification, layer 2, size: expected"),
        (
            {"b2": None},
            "expected the arrays w1, b1, w2, b2, got ['activations', 'b1', 'format', 'sizes', 'w1',",
        ),
        (
            {"w3": [1.0]},
            "expected the arrays w1, b1, w2, b2, got ['activations', 'b1', 'b2', 'format', 'sizes'",
        ),
        ({"w1": np.zeros((4, 5))}, "w1: expected finite float64 numbers of shape (5, 4), got float64 of"),
        (
            {"b1": np.zeros(5)},
            "b1: expected finite float64 numbers of shape (5, 1), got float64 of",
        ),
        ({"b2": np.full((3, 1), np.inf)}, "b2: expected finite float64 numbers of shape (3, 1), got float64"),
        ({"b2": np.zeros((3, 1), "i8")}, "b2: expected finite float64 numbers of shape (3, 1), got int64 of"),
    ],
)
def test_a_file_says_what_is_wrong_in_it(change, words, tmp_path) -> None:
    changed_file(tmp_path / "net.npz", **change)
    with pytest.raises(ValueError, match=r"net\.npz: not a saved network: ") as caught:
        Network.load(tmp_path / "net.npz")
    assert words in str(caught.value)


def test_a_file_may_have_as_many_bytes_as_the_limit_and_no_more(tmp_path, monkeypatch) -> None:
    path = tmp_path / "net.npz"
    Network(LAYERS, seed=3).save(path)
    size = path.stat().st_size
    monkeypatch.setattr(network, "MOST_BYTES", size)
    Network(LAYERS, seed=3).save(path)
    assert np.array_equal(Network.load(path).theta, Network(LAYERS, seed=3).theta)
    monkeypatch.setattr(network, "MOST_BYTES", size - 1)
    with pytest.raises(ValueError, match=f"net: expected less than {size - 1} bytes to save, got {size}$"):
        Network(LAYERS, seed=4).save(path)
    with pytest.raises(ValueError, match=f"not a saved network: expected less than {size - 1} bytes$"):
        Network.load(path)


@pytest.mark.parametrize("refusal", [PermissionError(1, "Operation not permitted"), AttributeError("chown")])
def test_who_may_not_give_a_file_away_can_still_replace_it(refusal, tmp_path, monkeypatch) -> None:
    def refused(*_):
        raise refusal

    path = tmp_path / "net.npz"
    path.write_bytes(b"old")
    path.chmod(0o640)
    monkeypatch.setattr(os, "chown", refused)
    Network(LAYERS, seed=5).save(path)
    assert np.array_equal(Network.load(path).theta, Network(LAYERS, seed=5).theta)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_where_files_cannot_be_locked_a_draft_of_a_day_is_cleared_away(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(whole_file, "fcntl", None)
    for hours, name in ((23.9, ".net.npz.00000239.part"), (24.1, ".net.npz.00000241.part")):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - hours * 3600,) * 2)
    Network(LAYERS).save(tmp_path / "net.npz")
    assert sorted(os.listdir(tmp_path)) == [".net.npz.00000239.part", "net.npz"]


def test_where_locks_are_for_writers_only_a_draft_without_a_process_is_cleared_away(
    tmp_path, monkeypatch
) -> None:
    def on_a_network_disk(file, _):
        if not file.writable():
            raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(whole_file.fcntl, "flock", on_a_network_disk)
    (tmp_path / ".net.npz.0123abcd.part").write_bytes(b"half")
    Network(LAYERS).save(tmp_path / "net.npz")
    assert os.listdir(tmp_path) == ["net.npz"]


@pytest.mark.parametrize("locks", [True, False])
def test_a_draft_takes_its_place_while_it_is_locked_or_closed_where_there_are_no_locks(
    locks, tmp_path, monkeypatch
) -> None:
    files, closed, replace = [], [], os.replace
    if not locks:
        monkeypatch.setattr(whole_file, "fcntl", None)
    monkeypatch.setattr(os, "replace", lambda *paths: (closed.append(files[0].closed), replace(*paths)))
    write_whole(tmp_path / "net.npz", files.append)
    assert closed == [not locks]


def test_a_draft_that_another_saver_clears_away_before_it_is_locked_is_begun_anew(
    tmp_path, monkeypatch
) -> None:
    path, flock, clearing = tmp_path / "net.npz", whole_file.fcntl.flock, []

    def another_was_first(file, how):
        if not clearing:
            other = os.open(file.name, os.O_RDWR)
            flock(other, how)
            clearing.append(threading.Timer(0.1, lambda: (os.unlink(file.name), os.close(other))))
            clearing[0].start()
        flock(file, how)

    monkeypatch.setattr(whole_file.fcntl, "flock", another_was_first)
    write_whole(path, lambda file: (clearing[0].join(), file.write(b"whole")))
    assert path.read_bytes() == b"whole" and os.listdir(tmp_path) == ["net.npz"]


def test_where_the_files_of_a_folder_cannot_be_listed_one_can_still_be_saved(tmp_path, monkeypatch) -> None:
    def refused(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    write_whole(tmp_path / "net.npz", lambda file: file.write(b"whole"))
    assert (tmp_path / "net.npz").read_bytes() == b"whole"


@pytest.mark.parametrize(
    "error, words",
    [
        (OSError(errno.ENOSPC, "No space left"), f"[Errno {errno.ENOSPC}] No space left: "),
        (OSError("164 requested and 0 written"), "[Errno None] 164 requested and 0 written: "),  # by numpy
    ],
)
def test_an_error_of_the_disk_keeps_its_words_and_is_given_the_path(error, words, tmp_path) -> None:
    def write(_):
        raise error

    with pytest.raises(OSError) as caught:
        write_whole(tmp_path / "net.npz", write)
    assert str(caught.value) == words + repr(str(tmp_path / "net.npz")) and os.listdir(tmp_path) == []


def test_a_net_without_a_word_more_is_random_from_seed_0_and_has_an_activation_for_each_layer() -> None:
    net = Network(LAYERS)
    assert np.array_equal(net.theta, Network(LAYERS, init="random", seed=0).theta)
    assert not np.array_equal(net.theta, Network(LAYERS, seed=1).theta)
    assert {l: sigma.name for l, sigma in net.sigma.items()} == {1: "tanh", 2: "softmax"}


def test_the_weights_of_a_constant_start_are_1_and_its_biases_0() -> None:
    net = Network(LAYERS, init="constant")
    assert all((net.w[l] == 1).all() and (net.b[l] == 0).all() for l in (1, 2))


def test_a_layer_that_is_given_by_a_name_is_refused_by_it() -> None:
    net = Network(LAYERS)
    with pytest.raises(KeyError, match="w: expected a layer from 1 to 2, got 'w1'"):
        net.w.update(w1=net.w[1])
