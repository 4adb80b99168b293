"""`read(path)`: the weights in a file, whichever framework wrote it, as {name: array}. The content decides the format, not the name."""

import os
import stat
from importlib import import_module

import numpy as np

from weights.errors import WeightsError
from weights.readers import detect
from weights.readers.mapped_file import MappedFile


def read(path) -> dict[str, np.ndarray]:
    """Read every weight in a file of any format that `weights.readers.detect.FORMATS` lists.

    path: str or path-like.  Returns {name: read-only array}: names and layouts as the file has them, nested checkpoints opened up,
    a `module.` in front of every name removed; float16 and bfloat16 widened to float32, all other types as stored.  Arrays are views
    of the mapped file wherever their place in it is aligned: do not change the file while they are in use.
    Raises WeightsError, saying in the user's terms what was found, for anything that is not a readable file of weights.
    Never runs code from the file.
    """
    path = os.fspath(path)
    _check_is_file(path)
    kind = None
    try:
        with MappedFile(path) as file:
            kind = detect.format_of(file)
            arrays = import_module(f"weights.readers.{kind}").read(file)
            if not arrays:
                raise WeightsError("it holds no arrays")
            return arrays
    except WeightsError as error:
        raise WeightsError(
            f"{path}{f' ({detect.FORMATS[kind]})' if kind else ''}: {error}"
        ) from error.__cause__
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError:
        raise WeightsError(f"{path}: there is not enough memory to read it") from None


def _check_is_file(path):
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise WeightsError(
            f"{path}: {'there is no such file' if missing else f'cannot be read: {error}'}"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        raise WeightsError(f"{path}: this is a directory; give the file of weights in it")
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{path}: this is not an ordinary file")
    if status.st_size == 0:
        raise WeightsError(f"{path}: the file is empty")
