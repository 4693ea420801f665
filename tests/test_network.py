"""The net: its parameters in one vector, its beginning, and its file, which is whole or not there."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import network, whole_file
from backprop_lib.network import INITS, Network, Parameters

SPECIFICATION = [("identity", 4), ("tanh", 5), ("softmax", 3)]
NET = Network(SPECIFICATION, seed=3)


def test_the_matrices_are_views_of_the_vector() -> None:
    net = Network(SPECIFICATION)
    net.theta[...] = np.arange(43)
    assert net.w[1][1, 2] == 6 and net.b[1][0, 0] == 20 and net.w[2][0, 0] == 25 and net.b[2][2, 0] == 42
    net.w[2][0, 0] = -1
    assert net.theta[25] == -1


@pytest.mark.parametrize("init", INITS)
def test_a_seed_decides_the_beginning(init) -> None:
    one, same, other = (Network(SPECIFICATION, init, seed) for seed in (7, 7, 8))
    assert np.array_equal(one.theta, same.theta)
    assert np.array_equal(one.theta, other.theta) == (init in ("constant", "zeros"))
    assert all(not one.b[l].any() for l in (1, 2))


@pytest.mark.parametrize(
    "init, deviation", [("random", 0.1), ("normal", 1), ("xavier", (2 / 300) ** 0.5), ("he", 0.02**0.5)]
)
def test_random_weights_have_the_deviation_that_is_promised(init, deviation) -> None:
    net = Network([("identity", 100), ("tanh", 200)], init, seed=1)
    assert net.w[1].std() == pytest.approx(deviation, rel=0.03) and abs(net.w[1].mean()) < 0.05 * deviation


def test_a_copy_has_its_own_numbers() -> None:
    net = Network(SPECIFICATION)
    copy = net.copy()
    copy.theta += 1
    assert not np.array_equal(net.theta, copy.theta) and copy.specification == net.specification


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="theta: expected 43 numbers"):
        Parameters((4, 5, 3), np.zeros(42))


@pytest.mark.parametrize(
    "sizes, message",
    [
        ([], "sizes: expected at least two layers, got ()"),
        ([3], "sizes: expected at least two layers, got (3,)"),
        ([4, 0, 3], "sizes, layer 1: expected a positive integer, got 0"),
        ((4, 2.5), "sizes, layer 1: expected a positive integer, got 2.5"),
        ("43", "sizes: expected a list, got '43'"),
        (5, "sizes: expected a list, got 5"),
    ],
)
def test_parameters_refuse_what_are_no_layer_sizes(sizes, message) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        Parameters(sizes)


def test_a_saved_net_comes_back_bit_for_bit(tmp_path) -> None:
    net = Network(SPECIFICATION, seed=5)
    net.theta[3] = np.nextafter(0, 1)
    net.save(tmp_path / "net é.npz")
    back = Network.load(tmp_path / "net é.npz")
    assert back.specification == net.specification and back.theta.tobytes() == net.theta.tobytes()


@pytest.mark.any_kernel
def test_a_file_cut_short_anywhere_or_flipped_is_refused_by_name_or_read_right(
    tmp_path, record_property
) -> None:
    path, net = tmp_path / "net.npz", Network(SPECIFICATION)
    net.save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"net\.npz: not a saved network"):
            Network.load(path)
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            assert Network.load(path).theta.tobytes() == net.theta.tobytes()
        except ValueError as error:
            assert "net.npz: not a saved network" in str(error)
    record_property("bad inputs tried", len(range(0, len(whole), 7)) + len(range(0, len(whole), 5)))


class Explosive:
    def __reduce__(self):
        return os._exit, (1,)


def test_a_foreign_file_is_refused_and_nothing_in_it_is_run(tmp_path) -> None:
    path = tmp_path / "net.npz"
    for content in (b"", b"hello", pickle.dumps(Explosive())):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not a saved network"):
            Network.load(path)
    np.savez(path, format=np.array([Explosive()], dtype=object))
    with pytest.raises(ValueError, match="not a saved network"):
        Network.load(path)


def npy(header: str, data: bytes = b"") -> bytes:
    """An .npy file with that header, whether or not the data fit."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 4)}"
OBJECT = "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
CALL = "{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os')._exit(1),)}"
PICKLED = pickle.dumps([Explosive()])
# As long as its shape says: whoever unpickles reads no further than he has to.
AS_LONG = npy(OBJECT.replace("(1,)", f"({len(PICKLED)},)"), PICKLED.ljust(8 * len(PICKLED)))


def with_member(folder: Path, name: str, member: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """The file of a saved net in which one member is another, or one more."""
    good, path = folder / "good.npz", folder / "net.npz"
    Network(SPECIFICATION).save(good)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for other in source.namelist():
            if other != name:
                target.writestr(other, source.read(other))
        target.writestr(name, member, compression)
    return path


@pytest.mark.parametrize(
    "name, member, compression",
    [
        ("w1.npy", npy(HUGE, bytes(8)), zipfile.ZIP_STORED),
        ("w1.npy", npy(OBJECT, PICKLED), zipfile.ZIP_STORED),
        ("w1.npy", AS_LONG, zipfile.ZIP_STORED),
        ("w1.npy", npy(CALL, bytes(8)), zipfile.ZIP_STORED),
        ("w1.npy", bytes(50_000_000), zipfile.ZIP_DEFLATED),
        ("bomb.npy", bytes(50_000_000), zipfile.ZIP_DEFLATED),
        ("w3.npy", npy(HUGE.replace("(1000000000000, 4)", "(1,)"), bytes(8)), zipfile.ZIP_STORED),
        ("../../w1.npy", b"", zipfile.ZIP_STORED),
        ("readme.txt", b"hello", zipfile.ZIP_STORED),
    ],
    ids=["huge", "object", "object-as-long", "code", "bomb", "bomb-beside", "extra-array", "path", "text"],
)
def test_a_bomb_is_refused_and_not_unpacked(name, member, compression, tmp_path, record_property) -> None:
    path = with_member(tmp_path, name, member, compression)
    tracemalloc.start()
    with pytest.raises(ValueError, match="not a saved network"):
        Network.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    record_property("bad inputs tried", 1)


@pytest.mark.parametrize(
    "member, compression, words",
    [
        (npy(HUGE, bytes(8)), zipfile.ZIP_STORED, "w1.npy: expected as many bytes as its shape needs"),
        (bytes(1_000_000), zipfile.ZIP_DEFLATED, "\\('expected members no longer than the file'"),
        (
            b"\x93NUMPY\x02\x00" + bytes(100),
            zipfile.ZIP_STORED,
            r"w1.npy: expected an array of format 1.0, got \(2, 0\)",
        ),
    ],
    ids=["huge", "bomb", "version"],
)
def test_a_file_that_is_no_saved_net_is_told_what_is_wrong_with_it(
    member, compression, words, tmp_path
) -> None:
    with pytest.raises(ValueError, match=f"not a saved network: .*{words}"):
        Network.load(with_member(tmp_path, "w1.npy", member, compression))


@pytest.mark.any_kernel
def test_any_bytes_are_a_net_or_are_refused(tmp_path, record_property) -> None:
    path, net, tried = tmp_path / "net.npz", Network(SPECIFICATION), 0
    net.save(path)
    whole = path.read_bytes()
    edits = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.binary(max_size=9)), max_size=4)
    slices = st.slices(len(whole)).map(lambda s: whole[s] + whole)

    @given(st.binary(max_size=99) | slices | edits)
    def fuzz(change) -> None:
        nonlocal tried
        tried += 1
        content = change if isinstance(change, bytes) else whole
        for position, piece in change if isinstance(change, list) else ():
            content = content[:position] + piece + content[position + len(piece) :]
        path.write_bytes(content)
        try:
            assert Network.load(path).theta.tobytes() == net.theta.tobytes()
        except ValueError as error:
            assert "net.npz: not a saved network" in str(error)

    fuzz()
    record_property("bad inputs tried", tried)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "backprop_lib network 2"},
        {"sizes": [4, 5, 2]},
        {"sizes": [4, 5]},
        {"sizes": [4.0, 5.0, 3.0]},
        {"activations": ["identity", "tangh", "softmax"]},
        {"w1": np.full((5, 4), np.nan)},
        {"w1": np.zeros((4, 5))},
        {"b2": np.zeros((3, 1), np.float32)},
    ],
)
def test_contents_that_do_not_fit_are_refused(change, tmp_path) -> None:
    path = tmp_path / "net.npz"
    Network(SPECIFICATION).save(path)
    with np.load(path) as content:
        arrays = dict(content)
    np.savez(path, **(arrays | change))
    with pytest.raises(ValueError, match="not a saved network"):
        Network.load(path)


def test_a_missing_file_says_so(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Network.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("fault", ["open", "savez", "fsync", "replace"])
def test_a_call_that_fails_leaves_the_old_file_and_no_draft(
    fault, tmp_path, monkeypatch, record_property
) -> None:
    path, old = tmp_path / "net.npz", Network(SPECIFICATION, seed=1)
    old.save(path)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")  # a read-only folder, say

    owner = {"open": whole_file, "savez": network.np}.get(fault, whole_file.os)
    monkeypatch.setattr(owner, fault, refused, raising=False)
    with pytest.raises(OSError, match="Permission denied"):
        Network(SPECIFICATION, seed=2).save(path)
    monkeypatch.undo()
    assert np.array_equal(Network.load(path).theta, old.theta) and os.listdir(tmp_path) == ["net.npz"]
    record_property("faults injected", 1)


# The kernel stops the writer at byte k of its file: by killing it, or with an error as of a full disk.
STOPPED = """
import os, resource, signal, sys
from backprop_lib.network import Network
path, specification = sys.argv[1], [("identity", 4), ("tanh", 5), ("softmax", 3)]
old, new = (Network(specification, seed=seed) for seed in (1, 2))
new.save(path)
size, folder = os.path.getsize(path), os.path.dirname(path)
old.save(path)
before, faults = open(path, "rb").read(), 0
for action in (signal.SIG_DFL, signal.SIG_IGN):
    for k in range(0, size, 11):
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (k, k))
            signal.signal(signal.SIGXFSZ, action)
            try:
                new.save(path)
            except OSError:
                os._exit(7)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        killed, failed = os.WIFSIGNALED(status), os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7
        assert killed if action == signal.SIG_DFL else failed, (k, status)
        assert open(path, "rb").read() == before, f"byte {k}: the old file is damaged"
        drafts = [name for name in os.listdir(folder) if name.endswith(".part")]
        assert killed or not drafts, f"byte {k}: a draft is left"
        for name in drafts:
            os.unlink(os.path.join(folder, name))
        faults += 1
new.save(path)
assert Network.load(path).theta.tobytes() == new.theta.tobytes()
print(faults)
"""


@pytest.mark.any_kernel
def test_a_kill_or_a_full_disk_at_any_byte_leaves_the_old_file(tmp_path, record_property) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, tmp_path / "net.npz"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300
    record_property("faults injected", int(done.stdout))


def save_forever(path, seed) -> None:
    net = Network(SPECIFICATION, seed=seed)
    while True:
        net.save(path)


def test_two_savers_killed_at_any_moment_leave_one_whole_file(tmp_path, record_property) -> None:
    path = tmp_path / "net.npz"
    Network(SPECIFICATION, seed=1).save(path)
    whole = {Network(SPECIFICATION, seed=seed).theta.tobytes() for seed in (1, 2)}
    context = multiprocessing.get_context("spawn")
    savers = [context.Process(target=save_forever, args=(path, seed), daemon=True) for seed in (1, 2)]
    for saver in savers:
        saver.start()
    deadline, seen = time.monotonic() + 120, set()
    while len(seen) < 2 and time.monotonic() < deadline:
        seen.add(Network.load(path).theta.tobytes())
    for saver in savers:
        os.kill(saver.pid, signal.SIGKILL)
        saver.join()
    assert seen == whole and Network.load(path).theta.tobytes() in whole
    record_property("faults injected", len(savers))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_saving_over_a_file_keeps_its_permissions(mode, tmp_path) -> None:
    path = tmp_path / "net.npz"
    NET.save(path)
    path.chmod(mode)
    NET.save(path)
    assert path.stat().st_mode & 0o777 == mode


def test_saving_through_a_symbolic_link_writes_the_file_it_leads_to(tmp_path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.npz"
    link.symlink_to(tmp_path / "real" / "net.npz")
    (tmp_path / "to the link.npz").symlink_to(link)
    NET.save(tmp_path / "to the link.npz")
    assert (tmp_path / "to the link.npz").is_symlink()
    assert link.is_symlink() and np.array_equal(Network.load(tmp_path / "real" / "net.npz").theta, NET.theta)
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["net.npz"]


@pytest.mark.parametrize("spoil", [np.nan, np.inf, -np.inf])
def test_a_net_that_load_would_refuse_is_not_saved_and_the_old_file_stays(spoil, tmp_path) -> None:
    path, net = tmp_path / "net.npz", NET.copy()
    net.save(path)
    kept = path.read_bytes()
    net.theta[3] = spoil
    with pytest.raises(ValueError, match=r"w\[1\]: expected finite numbers"):
        net.save(path)
    with pytest.raises(TypeError, match=r"w\[1\]: expected real numbers"):
        NET.with_parameters(NET.theta + 1j).save(path)
    reshaped = NET.copy()
    reshaped.w[1].shape = reshaped.w[1].shape[::-1]
    with pytest.raises(ValueError, match="w1: expected finite float64 numbers of shape"):
        reshaped.save(path)
    with pytest.raises(IsADirectoryError, match="expected a file, got a folder"):
        NET.save(tmp_path)
    assert path.read_bytes() == kept and [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_single_precision_is_saved_exactly(tmp_path) -> None:
    net = Network(SPECIFICATION).with_parameters(np.linspace(0, 1, 43, dtype=np.float32))
    net.save(tmp_path / "net.npz")
    assert np.array_equal(Network.load(tmp_path / "net.npz").theta, net.theta)


@pytest.mark.parametrize(
    "name, number, words",
    [
        ("folder", errno.EISDIR, "expected a file, got a folder"),
        (".", errno.EISDIR, "expected a file, got a folder"),
        ("pipe", errno.EINVAL, "expected a file, got a device or a pipe"),
        ("nowhere/net.npz", errno.ENOENT, "there is no folder .*nowhere"),
        ("file/net.npz", errno.ENOTDIR, ".*a directory"),
        ("loop", errno.ELOOP, ".*symbolic links"),
        ("n" * 300, errno.ENAMETOOLONG, ".*too long"),
    ],
)
def test_a_path_that_cannot_be_a_file_is_refused_by_name(
    name, number, words, tmp_path, record_property
) -> None:
    (tmp_path / "folder").mkdir(), (tmp_path / "file").write_text("kept")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(OSError, match=rf"\] {words}: '") as caught:
        Network(SPECIFICATION).save(tmp_path / name)
    assert caught.value.errno == number and name.strip(".") in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == before and (tmp_path / "file").read_text() == "kept"
    record_property("bad inputs tried", 1)


def test_a_file_that_is_read_only_is_not_replaced(tmp_path, monkeypatch) -> None:
    path, old = tmp_path / "net.npz", Network(SPECIFICATION, seed=1)
    old.save(path)
    monkeypatch.setattr(whole_file.os, "access", lambda path, mode: False)  # the superuser may do anything
    with pytest.raises(PermissionError, match=r"read-only: .*net\.npz"):
        Network(SPECIFICATION, seed=2).save(path)
    assert np.array_equal(Network.load(path).theta, old.theta)


KILLED = """
import os, signal, sys
from backprop_lib import network
from backprop_lib.network import Network
network.np.savez = lambda file, **_: (file.write(b"half"), file.flush(), os.kill(os.getpid(), signal.SIGKILL))
Network([("identity", 4), ("tanh", 5), ("softmax", 3)]).save(sys.argv[1])
"""


def test_the_draft_of_a_process_that_was_killed_goes_with_the_next_save_and_no_other_file_does(
    tmp_path, record_property
) -> None:
    path, others = tmp_path / "net.npz", [".net.npz.mine.part", ".net.npz.0123abcd.part.bak", "net.npz.part"]
    others += [".other.npz.0123abcd.part", ".net.npz.0123abcd.0123abcd.part", ".net_npz.0123abcd.part"]
    for name in others:
        (tmp_path / name).write_text("mine")
    for digit in "0123456789":  # in whatever order they come, some before the drafts: no file can be opened
        (tmp_path / f".net.npz.{digit}123abcd.part").mkdir()
    others = os.listdir(tmp_path)
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == -signal.SIGKILL
    left = set(os.listdir(tmp_path)) - set(others)
    assert len(left) == 1 and not path.exists(), "the second has cleared away what the first had left"
    Network(SPECIFICATION, seed=1).save(path)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "net.npz"])
    assert np.array_equal(Network.load(path).theta, Network(SPECIFICATION, seed=1).theta)
    record_property("faults injected", 2)


def test_the_draft_of_a_living_saver_is_left_alone(tmp_path, monkeypatch) -> None:
    path, savez = tmp_path / "net.npz", np.savez
    half_written, go_on = threading.Event(), threading.Event()

    def slowly(file, **arrays):
        file.write(b"begun")
        file.flush()
        half_written.set()
        assert go_on.wait(20)
        file.seek(0), file.truncate()
        savez(file, **arrays)

    monkeypatch.setattr(network.np, "savez", slowly)
    saver = threading.Thread(target=Network(SPECIFICATION, seed=1).save, args=(path,))
    saver.start()
    assert half_written.wait(20)
    monkeypatch.undo()
    for seed in (2, 3):
        Network(SPECIFICATION, seed=seed).save(path)
    drafts = [name for name in os.listdir(tmp_path) if name.endswith(".part")]
    assert len(drafts) == 1, "the draft of a saver that is at work"
    go_on.set()
    saver.join()
    assert os.listdir(tmp_path) == ["net.npz"]
    assert np.array_equal(Network.load(path).theta, Network(SPECIFICATION, seed=1).theta)
