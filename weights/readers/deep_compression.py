"""SqueezeNet v1.0 as Deep Compression published it (Han et al. 2016): pruned, shared weights, 4-bit gaps,
without a header.

Little-endian: uint32[26] numbers of kept weights; then for each of the 26 convolutions float32[256]
codebook (entry 0 is 0), float32[O] bias, uint8[n] codes, and n gaps of 4 bits each, low nibble first. A gap
g says that g weights before the next kept one are code 0.
"""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import SECOND, Format
from weights.readers.mapped_file import MappedFile

CODEBOOK = 256


def _convolutions():
    """Name, and shape (O, I, kh, kw), of the 26 convolutions in the order of the file (Iandola et al. 2016,
    table 1).
    """
    found, channels = [("conv1", (96, 3, 7, 7))], 96
    for fire, (squeeze, expand) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], 2
    ):
        found += [
            (f"fire{fire}.squeeze1x1", (squeeze, channels, 1, 1)),
            (f"fire{fire}.expand1x1", (expand, squeeze, 1, 1)),
            (f"fire{fire}.expand3x3", (expand, squeeze, 3, 3)),
        ]
        channels = 2 * expand
    return [*found, ("conv10", (1000, channels, 1, 1))]


CONVOLUTIONS = _convolutions()


def fits(file: MappedFile) -> bool:
    """Whether the 26 counts at the beginning are credible for these layers: the format has no other mark."""
    counts = _counts(file)
    return counts is not None and all(0 < n <= np.prod(shape) for n, (_, shape) in zip(counts, CONVOLUTIONS))


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name.weight, name.bias: float32 array} of a mapped file, weights as (O, I, kh, kw)."""
    counts = _counts(file)
    sizes = [4 * CODEBOOK + 4 * shape[0] + n + (n + 1) // 2 for n, (_, shape) in zip(counts, CONVOLUTIONS)]
    start = 4 * len(CONVOLUTIONS)
    if file.size != start + sum(sizes):
        raise WeightsError(
            f"its counts of kept weights call for {start + sum(sizes)} bytes; it has {file.size}: "
            "damaged or cut short"
        )
    arrays = {}
    for (name, shape), n, size in zip(CONVOLUTIONS, counts, sizes):
        arrays[f"{name}.weight"], arrays[f"{name}.bias"] = _layer(file, start, name, shape, n)
        start += size
    return arrays


def _counts(file):
    if file.size < 4 * len(CONVOLUTIONS):
        return None
    return file.array(0, "<u4", (len(CONVOLUTIONS),)).tolist()


def _layer(file, start, name, shape, n):
    codebook = file.array(start, "<f4", (CODEBOOK,))
    bias = file.array(start + 4 * CODEBOOK, "<f4", (shape[0],))
    start += 4 * CODEBOOK + 4 * shape[0]
    codes = file.array(start, "u1", (n,))
    packed = file.array(start + n, "u1", ((n + 1) // 2,))
    gaps = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:n]
    positions = np.cumsum(gaps + np.int64(1)) - 1
    if n and positions[-1] >= np.prod(shape):
        raise WeightsError(f"layer {name}: its gaps lead to weight {positions[-1]} of {np.prod(shape)}")
    code = np.zeros(np.prod(shape), np.uint8)
    code[positions] = codes
    weight = codebook[code].reshape(shape)
    weight.flags.writeable = False
    return weight, bias


FORMAT = Format("Deep-Compression SqueezeNet", fits, read, SECOND)
