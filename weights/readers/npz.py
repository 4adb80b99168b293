"""NumPy's .npz: a zip of .npy files, stored (views of the map) or deflated (inflated once, after their size
was checked).
"""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.readers import npy, zip_directory
from weights.readers.format import SECOND, Format
from weights.readers.mapped_file import MappedFile, check_size


def fits(file: MappedFile) -> bool:
    """Whether a mapped file is a zip with arrays in it; asked when it is none of the zips that frameworks
    write.
    """
    return zip_directory.is_zip(file) and any(n.endswith(".npy") for n in zip_directory.members(file))


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file, without the .npy of the member names."""
    members = zip_directory.members(file)
    return {
        name.removesuffix(".npy"): _array(file, member)
        for name, member in members.items()
        if name.endswith(".npy")
    }


def _array(file, member):
    try:
        if member.method == zip_directory.DEFLATED:
            return npy.from_bytes(zip_directory.contents(file, member))
        dtype, fortran, shape, start = npy.header(file.bytes(member.start, member.stop))
        count = check_size(member.size - start, shape, dtype)
        return npy.shaped(file.array(member.start + start, dtype, (count,)), fortran, shape)
    except WeightsError as error:
        raise WeightsError(f"{member.name}: {error}") from None


FORMAT = Format("NumPy .npz", fits, read, SECOND)
