"""One process at a time: a lock on a file beside the one that several would write."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

POLL = 0.1  # seconds between two attempts
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Hold the lock of `path` while the block runs; the system lets go of it when a process dies.  The file
    is gone afterwards.

    waiting: called once, if another process or thread holds it.  The block gets False where the file system
    has no locks: then nobody is kept out.  OSError: the file cannot be made there.
    """
    handle, held, said, locks = None, False, False, True
    try:
        while locks and not held:
            handle = handle if handle is not None else os.open(path, _FLAGS, 0o644)
            try:
                _lock(handle)
                held = True
            except (BlockingIOError, PermissionError):
                if not said:
                    waiting()
                    said = True
                time.sleep(POLL)
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
                locks = False
            if locks and not _is_named(handle, path):  # whoever had it has removed it: others lock a new one
                os.close(handle)
                handle, held = None, False
        yield held
    finally:
        if handle is not None:
            _end(handle, path, held or not locks)


def _is_named(handle, path):
    """Whether the open file is the one that stands at this path now."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

if os.name == "nt":
    import msvcrt

    def _lock(handle):
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _end(handle, path, remove):
        """Windows removes no file that is open; if another process waits with it, that one will remove it."""
        os.close(handle)  # and with it goes the lock
        if remove:
            with contextlib.suppress(OSError):
                os.unlink(path)

else:
    import fcntl

    def _lock(handle):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _end(handle, path, remove):
        """Remove the file while it is still locked, so that nobody can lock one that is about to go."""
        with contextlib.suppress(OSError):
            if remove and _is_named(handle, path):
                os.unlink(path)
        os.close(handle)
