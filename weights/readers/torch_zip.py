"""PyTorch's files since 1.6: a zip of `data.pkl` (the structure) and `data/KEY` (one storage each, stored
and aligned). TorchScript too.

With `torch.serialization.set_crc32_options(False)` every checksum in the zip is written as 0.
"""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.readers import checkpoints, pickles, torch_tensors, zip_directory
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile


def fits(file: MappedFile) -> bool:
    """Whether a mapped file is a zip with a data.pkl in it."""
    return zip_directory.is_zip(file) and any(_is_pickle(name) for name in zip_directory.members(file))


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file; every storage is a view of the map, its checksum verified."""
    members = zip_directory.members(file)
    pickle = min(filter(_is_pickle, members), key=len)
    root = pickle.removesuffix("data.pkl")
    _check_byte_order(file, members.get(root + "byteorder"))
    storages = {}

    def place(key):
        member = members.get(f"{root}data/{key}")
        if member is None or member.method != zip_directory.STORED:
            raise WeightsError(f"storage {key!r} is not among the zip's stored members")
        zip_directory.contents(file, member)
        return file, member.start, member.size

    def persistent(identity):
        dtype, key, numel, _ = torch_tensors.storage_identity(identity)
        if (key, dtype) not in storages:
            storages[key, dtype] = torch_tensors.Storage(dtype, key, numel, place)
        return storages[key, dtype]

    data = zip_directory.contents(file, members[pickle])
    value, _ = pickles.load(bytes(data), 0, torch_tensors.CALLS, persistent)
    return checkpoints.arrays(value, len(data))


def _check_byte_order(file, member):
    if member is not None and bytes(zip_directory.contents(file, member)).strip() != b"little":
        raise WeightsError("its numbers are in big-endian byte order, which these readers do not know")


def _is_pickle(name):
    return name.split("/")[-1] == "data.pkl"


FORMAT = Format("PyTorch, zip format", fits, read)
