"""PyTorch's files before 1.6: pickles one after the other, then the storages.

The pickles are a magic number, the protocol (1001), facts about the system, the saved object, and the list
of storage keys. Then follows, for each key, an int64 count and that many numbers. Nothing is aligned, so
storages are usually copied once.
"""

from __future__ import annotations

import struct

import numpy as np

from weights.errors import WeightsError
from weights.readers import checkpoints, pickles, torch_tensors
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
PICKLED_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # as it stands in the file


def fits(file: MappedFile) -> bool:
    """Whether a mapped file begins with the magic number, pickled."""
    return PICKLED_MAGIC in bytes(file.map[:64])


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file; only the storages that the weights look into are read."""
    storages, places = {}, {}

    def place(key):
        if key not in places:
            raise WeightsError(f"storage {key!r} is not in the file")
        return file, *places[key]

    def persistent(identity):
        if isinstance(identity, tuple) and identity[:1] == ("module",) and len(identity) > 1:
            return identity[1]  # a class, with its source text: its name is all we keep
        dtype, key, numel, view = torch_tensors.storage_identity(identity)
        if key not in storages:
            storages[key] = torch_tensors.Storage(dtype, key, numel, place)
        return storages[key] if view is None else torch_tensors.StorageView(storages[key], *view[1:3])

    at, heads = 0, []
    for _ in range(3):
        head, at = pickles.load(file.map, at)
        heads.append(head)
    _check_heads(*heads)
    value, at = pickles.load(file.map, at, torch_tensors.CALLS, persistent)
    keys, at = pickles.load(file.map, at)
    if not isinstance(keys, list):
        raise WeightsError("the list of storages is missing")
    for key in keys:
        at = _find_storage(file, at, storages.get(key) if isinstance(key, str) else None, key, places)
    return checkpoints.arrays(value, file.size)


def _check_heads(magic, protocol, system):
    if magic != MAGIC or protocol != PROTOCOL:
        raise WeightsError(
            f"PyTorch's magic number is {MAGIC:#x} and its protocol {PROTOCOL}; the file has others"
        )
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise WeightsError("it does not state little-endian byte order, the only one these readers know")


def _find_storage(file, at, storage, key, places):
    """Note where the storage's numbers lie; returns the byte after them."""
    if storage is None or key in places:
        raise WeightsError("the list of storages names one that no tensor looks into, or one of them twice")
    (count,) = struct.unpack("<q", file.bytes(at, at + 8, f"the length of storage {key!r}"))
    if count != storage.numel:
        raise WeightsError(
            f"storage {key!r} has {count} numbers, but the tensors were promised {storage.numel}"
        )
    size = count * torch_tensors.itemsize(storage.dtype)
    file.check(at + 8, at + 8 + size, f"storage {key!r}")
    places[key] = at + 8, size
    return at + 8 + size


FORMAT = Format("PyTorch, legacy format", fits, read)
