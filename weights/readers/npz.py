"""NumPy's .npz: a zip of .npy files.

Stored ones become views of the map; deflated ones are inflated once, after their size was checked.
"""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.readers import npy, zip_directory
from weights.readers.format import SECOND, Format
from weights.readers.mapped_file import MappedFile, check_size


def fits(file: MappedFile) -> bool:
    """Whether a mapped file is a zip with arrays in it; frameworks' own zips are asked first."""
    return zip_directory.is_zip(file) and any(n.endswith(".npy") for n in zip_directory.members(file))


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file, without the .npy of the member names."""
    names = [n.removesuffix(".npy") for n in zip_directory.members(file) if n.endswith(".npy")]
    return {name: array(file, name) for name in names}


def array(file: MappedFile, name: str) -> np.ndarray:
    """One array of a mapped file; the checksum that the zip states for it is verified.

    WeightsError: there is none of that name, or it is damaged, or it is no plain array of numbers.
    """
    member = zip_directory.members(file).get(f"{name}.npy")
    if member is None:
        raise WeightsError(f"it holds no array called {name!r}")
    try:
        data = zip_directory.contents(file, member)
        if member.method == zip_directory.DEFLATED:
            return npy.from_bytes(data)
        dtype, fortran, shape, start = npy.header(data)
        count = check_size(member.size - start, shape, dtype)
        return npy.shaped(file.array(member.start + start, dtype, (count,)), fortran, shape)
    except WeightsError as error:
        raise WeightsError(f"{member.name}: {error}") from None


FORMAT = Format("NumPy .npz", fits, read, SECOND)
