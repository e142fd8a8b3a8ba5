"""One run at a time on one database, across processes and after crashes.

The lock is held by the kernel on an open file (flock on POSIX, a locked byte on Windows), so that it ends with the
process that holds it: a file left behind by kill -9 or a power cut is stale by construction and never in the way.
The file says who holds it, by process id and since when, for the message to whoever comes second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

_LOCKED_BYTE = 1 << 30  # Windows locks are mandatory: far behind the text, so that others can still read it


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: process id and when it took it (ISO time), as far as the file tells."""

    pid: int
    since: str


class LockHeld(Exception):
    """Another living process runs on this database."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        super().__init__(f"{path} is locked by {holder}")
        self.path = path
        self.holder = holder


@contextmanager
def run_lock(path: Path, now: datetime) -> Iterator[None]:
    """Hold the lock file `path` for the block. `now` is what others are told as the start.

    Raises LockHeld at once, without waiting, if another process (or another block of this one) holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open(path) as file:
        if not _take(file):
            raise LockHeld(path, read_holder(path))
        try:
            text = json.dumps({"pid": os.getpid(), "since": now.isoformat(timespec="seconds")})
            file.seek(0)
            file.truncate()
            file.write(text.encode())
            file.flush()
            yield
        finally:
            # The file stays: removing it would let a third process lock a new file while a second waits on the old.
            file.seek(0)
            file.truncate()
            file.flush()
            _release(file)


def read_holder(path: Path) -> Holder | None:
    """What the lock file says of its holder; None if it says nothing (yet)."""
    try:
        data = json.loads(path.read_bytes())
        return Holder(int(data["pid"]), str(data["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b")


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _take(file: BinaryIO) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(file: BinaryIO) -> None:
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
