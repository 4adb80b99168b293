"""Checkpoints: everything that a run needs to go on, in one file that is either the old one or the new one,
never half of each."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicnn.device import moved, to_cpu
from minicnn.errors import Error


class CheckpointError(Error, ValueError):
    """A checkpoint that cannot be read, or that belongs to another run."""


def save(path: str | os.PathLike[str], groups: Mapping[str, Mapping[str, Any]]) -> None:
    """Write {'weights': {'conv1_1.W': array, ...}, ...} atomically: into a new file beside it, which then
    takes its place."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    arrays = {
        f"{group}/{name}": to_cpu(array)
        for group, members in groups.items()
        for name, array in members.items()
    }
    handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(path)}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
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

    CheckpointError if the file is none of ours or is damaged.
    """
    groups: dict[str, dict[str, Any]] = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                group, _, name = key.partition("/")
                groups.setdefault(group, {})[name] = file[key] if like is None else moved(file[key], like)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(
            f"{path} is no checkpoint that can be read ({error}); remove it to start from the beginning"
        ) from None
    return groups
