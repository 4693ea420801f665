"""Run a program in an enclosure of its own (Linux): without a network, and with a disk of its own.

    python tools/enclosure.py SCRATCH HIDE COMMAND...    in the namespaces that ALONE makes

The disk lies in memory and holds DISK bytes. On it are the folder SCRATCH, as it is, and what Python needs to
run, read-only: nothing else that is on the computer has a name there, no file, no socket and no process. HIDE
is what shall be out of sight even if it lies in what Python needs; so is all that lies beside SCRATCH. The
program has no rights over its enclosure, and can ask for none. Whoever started it reaches SCRATCH/ipc.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DISK = 200_000_000  # bytes of all that a page keeps
FILES = 10_000  # names on its disk
PROCESSES = 100

SYSTEM = ("/bin", "/lib", "/lib64", "/nix", "/sbin", "/usr", "/etc/alternatives", "/etc/fonts")
SYSTEM += ("/etc/ld.so.cache", "/etc/localtime", "/etc/passwd")
SYSTEM += ("/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
OURS = ("backprop_lib", "datasets", "tools")
WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL")  # it ends with whoever started it, however that ends
NO_NETWORK = (*WITH_ITS_PARENT, "unshare", "--user", "--map-root-user", "--net")
ALONE = (*NO_NETWORK, "--ipc", "--mount", "--pid", "--fork", "--kill-child", sys.executable, __file__)
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


def needed() -> list[Path]:
    """What a page sees of this computer, under the names that it is called by and its real ones."""
    places = [*SYSTEM, sys.prefix, sys.base_prefix, *(ROOT / part for part in OURS)]
    names = {Path(name) for p in places if os.path.exists(p) for name in (p, os.path.realpath(p))}
    return sorted(name for name in names if names.isdisjoint(name.parents))


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


def mounted_below(place: Path) -> list[Path]:
    """Where something is mounted; the system writes a space as \\040."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    names = [re.sub(rb"\\(\d{3})", lambda code: bytes([int(code[1], 8)]), line.split()[4]) for line in lines]
    return [path for path in (Path(os.fsdecode(name)) for name in names) if place in path.parents]


def enclose(scratch: str, hide: str) -> None:
    """From now on this process sees nothing but its enclosure, and is in `scratch`."""
    root = Path(os.path.realpath(scratch), "root")
    root.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK},nr_inodes={FILES}", "page", root)

    def here(place: str | Path) -> Path:
        return Path(f"{root}{place}")

    for folder in ("/proc", "/dev/shm", "/empty"):
        here(folder).mkdir(parents=True)
    for place in needed():
        here(place.parent).mkdir(parents=True, exist_ok=True)
        here(place).mkdir() if place.is_dir() else here(place).touch()
        mount("--rbind", place, here(place))
    mount("-t", "proc", "page", here("/proc"))
    for place in mounted_below(root):
        mount("-o", "remount,bind,ro", place)
    for hidden in filter(None, (Path(hide), Path(scratch).parent)):
        if any(hidden.is_relative_to(place) for place in needed()):
            mount("--bind", here("/empty"), here(hidden))
    shutil.copytree(scratch, here(scratch), ignore=shutil.ignore_patterns("root"), dirs_exist_ok=True)

    door = Path(scratch, "ipc")
    door.rmdir()
    door.symlink_to(f"/proc/{os.readlink('/proc/self')}/root{door}")
    os.chroot(root)
    os.chdir(scratch)


def give_up_rights() -> None:
    """What is started from here can mount nothing, and make no namespaces in which it could."""
    import resource  # Windows has none

    system = ctypes.CDLL(None)
    for right in range(64):
        system.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)
    system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if tuple(map(int, os.uname().release.split(".")[:2])) >= (5, 14):  # before, it counted all of a user's
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))


if __name__ == "__main__":
    enclose(*sys.argv[1:3])
    give_up_rights()
    os.execvp(sys.argv[3], sys.argv[3:])
