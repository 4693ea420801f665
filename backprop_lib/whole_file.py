"""A file that is written wholly, or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a new file, which takes the place of `path` once it is safely on disk.

    A full disk, a crash, or another process writing to the same path never leaves half a file. A file that
    was there keeps its permissions, and a link stays a link: the file it leads to is replaced. What a crash
    left beside `path` is cleared away by the next call. Raises OSError, naming the path.
    """
    path = Path(os.path.realpath(path))
    try:
        before = _replaceable(path)
        _clear_drafts(path)
        with _draft_of(path) as (draft, file):
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if before is not None:
                with suppress(OSError, AttributeError):  # only the superuser can, and not on Windows
                    os.chown(draft, before.st_uid, before.st_gid)
                os.chmod(draft, stat.S_IMODE(before.st_mode))
            if fcntl is None:
                file.close()  # Windows renames no open file
            os.replace(draft, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _replaceable(path: Path) -> os.stat_result | None:
    """What is known of the file that will be replaced; None if there is none, OSError if it must not be."""
    try:
        before = path.stat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}") from None
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(errno.EISDIR, "expected a file, got a folder")
    if not stat.S_ISREG(before.st_mode):
        raise OSError(errno.EINVAL, "expected a file, got a device or a pipe")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only")
    return before


@contextmanager
def _draft_of(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file beside `path`, locked as long as its process lives, and deleted if anything is raised."""
    import secrets  # here, because it takes longer to import than the whole package

    while True:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with open(draft, "xb") as file:
            try:
                _lock(file, wait=True)
                if draft.exists():  # else another process took it for one left by a crash, before the lock
                    yield draft, file
                    return
            except BaseException:
                with suppress(OSError):  # a full disk refuses the rest of the buffer
                    file.close()
                draft.unlink(missing_ok=True)
                raise


def _clear_drafts(path: Path) -> None:
    """Delete the drafts of `path` whose processes are no more."""
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.part")
    with suppress(OSError):
        for draft in [draft for draft in path.parent.iterdir() if name.fullmatch(draft.name)]:
            with suppress(OSError):
                if fcntl is None:  # no process takes a day to write a file, and Windows deletes no open one
                    if time.time() - draft.stat().st_mtime > 24 * 60 * 60:
                        draft.unlink()
                    continue
                with open(draft, "r+b") as file:
                    if _lock(file, wait=False):
                        draft.unlink()


def _lock(file: IO[bytes], wait: bool) -> bool:
    """Whether the file is locked now for us alone; the lock ends with the file or the process."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # another has it, or the disk knows no locks
        return False
    return True
