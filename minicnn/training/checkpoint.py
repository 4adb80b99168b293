"""Checkpoints: everything that a run needs to go on, in one file that is either the old one or the new one,
never half of each."""

from __future__ import annotations

import contextlib
import io
import math
import os
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicnn.device import moved, to_cpu
from minicnn.errors import Error

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class CheckpointError(Error, ValueError):
    """A checkpoint that cannot be read, or that belongs to another run."""


def save(path: str | os.PathLike[str], groups: Mapping[str, Mapping[str, Any]]) -> None:
    """Write {'weights': {'conv1_1.W': array, ...}, ...} atomically: into a new file beside it, which then
    takes its place.  What processes that were killed while they wrote have left there is removed."""
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    arrays = {
        f"{group}/{name}": to_cpu(array)
        for group, members in groups.items()
        for name, array in members.items()
    }
    _remove_what_nobody_writes(folder, name)
    handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            _lock(file)
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def read(path: str | os.PathLike[str], like: Any = None) -> dict[str, dict[str, Any]]:
    """What `save` wrote; arrays are moved to where `like` is.

    CheckpointError if the file is none of ours or is damaged: every size is compared with what is there
    before memory is taken for it, every checksum is verified, and nothing in the file is run.
    """
    groups: dict[str, dict[str, Any]] = {}
    try:
        if not os.path.isfile(path):
            raise CheckpointError("no ordinary file of that name")
        with zipfile.ZipFile(path) as file:
            for member in _members(file, os.path.getsize(path)):
                group, _, name = member.filename.removesuffix(".npy").partition("/")
                array = _array(file.read(member))  # which verifies its checksum
                groups.setdefault(group, {})[name] = array if like is None else moved(array, like)
    except Exception as error:  # zipfile and NumPy raise whatever a damaged file drives them into
        raise CheckpointError(
            f"{path} is no checkpoint that can be read ({error}); remove it to start from the beginning"
        ) from None
    return groups


def _members(file, size):
    """What is in the zip: stored as `save` stores it, so that all together are no longer than the file."""
    members = file.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise CheckpointError(f"{member.filename[:80]!r} is compressed, which no checkpoint is")
    if len({m.filename for m in members}) < len(members) or sum(m.file_size for m in members) > size:
        raise CheckpointError("its members overlap")
    return members


def _array(data):
    """The array in the bytes of a .npy file."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in header:
        raise CheckpointError(f"an array of version {version}")
    shape, fortran, dtype = header[version](file)
    if dtype.kind not in "biufc" or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise CheckpointError(f"an array said to be {shape} {dtype}, which is not what is there")
    flat = np.frombuffer(data, dtype, offset=file.tell()) if math.prod(shape) else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if fortran else "C").copy()


def _remove_what_nobody_writes(folder, name):
    for entry in os.listdir(folder):
        if entry.startswith(f".{name}.") and entry.endswith(".part"):
            with contextlib.suppress(OSError), open(os.path.join(folder, entry), "r+b") as file:
                _lock(file)  # BlockingIOError: it is being written
                os.unlink(file.name)


def _lock(file):
    """A lock that the system lets go of when the process dies.  Windows lets nobody remove an open file."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
