"""A file of pictures, read by the same strict readers as weights: nothing is taken from a file that is not
whole.
"""

from __future__ import annotations

import hashlib
import os

import numpy as np

from gradcam.measure.errors import DataError
from weights import WeightsError
from weights.readers import npy, zip_directory
from weights.readers.mapped_file import MappedFile


def arrays(
    path: str | os.PathLike[str], what: str, wanted: tuple[str, ...], optional: tuple[str, ...] = ()
) -> tuple[dict[str, np.ndarray], str]:
    """({name: array} of an npz file, a digest of the file).  what: it should be, for people; wanted: names
    without which it is not that.

    DataError if the file is not there, is something else, or is damaged: checksums are verified, and no
    pickled object is read.
    """
    if not os.path.exists(path):
        raise DataError(f"{path}: there is no such file")
    try:
        if not os.path.isfile(path):
            raise WeightsError("no ordinary file")
        with MappedFile(path) as file:
            members = zip_directory.members(file)
            if missing := [name for name in wanted if f"{name}.npy" not in members]:
                raise WeightsError(f"it holds no {' and no '.join(missing)}")
            there = [name for name in (*wanted, *optional) if f"{name}.npy" in members]
            found = {name: _array(file, members[f"{name}.npy"]) for name in there}
            return found, hashlib.sha256(file.map).hexdigest()[:12]
    except WeightsError as error:
        raise DataError(f"{path}: this is not {what}: {str(error).removeprefix(f'{path}: ')}") from None
    except OSError as error:
        raise DataError(f"{path}: it cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise DataError(f"{path}: there is not enough memory to read it") from None


def _array(file, member):
    try:
        return npy.from_bytes(zip_directory.contents(file, member))
    except WeightsError as error:
        raise WeightsError(f"{member.name}: {error}") from None
