"""`read(path)`: the weights in a file, whichever framework wrote it, as {name: array}.

The content decides the format, not the name.
"""

from __future__ import annotations

import os
import stat

import numpy as np

from weights.errors import WeightsError
from weights.readers.detect import format_of
from weights.readers.folder import Folder
from weights.readers.mapped_file import MappedFile


def read(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read every weight in a file, or a folder of files, of any format that weights/readers has.

    Returns {name: read-only array}: names and layouts as the file has them, nested checkpoints opened up, a
    `module.` in front of every name removed; float16 and bfloat16 widened to float32, all other types as
    stored.  Arrays are views of the mapped file wherever their place in it is aligned: do not change the
    file while they are in use. Raises WeightsError, saying in the user's terms what was found, for anything
    that is not a readable file of weights. Never runs code from the file.
    """
    path, name = os.fspath(path), ""
    try:
        with _opened(path) as file:
            kind = format_of(file)
            name = f" ({kind.name})"
            arrays = kind.read(file)
            if not arrays:
                raise WeightsError("it holds no arrays")
            return arrays
    except WeightsError as error:
        raise WeightsError(f"{path}{name}: {error}") from error.__cause__
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError:
        raise WeightsError(f"{path}: there is not enough memory to read it") from None


def _opened(path):
    """What readers are given: a mapped file, or a folder."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise WeightsError("there is no such file") from None
    except ValueError as error:  # a zero byte in its name
        raise WeightsError(f"cannot be read: {error}") from None
    if stat.S_ISDIR(status.st_mode):
        return Folder(path)
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError("this is not an ordinary file")
    if status.st_size == 0:
        raise WeightsError("the file is empty")
    return MappedFile(path)
