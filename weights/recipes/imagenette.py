"""The training pictures of mini_vgg: Imagenette at 96 x 96, from one npz file of JPEG bytes."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from weights.errors import WeightsError
from weights.readers import npz
from weights.readers.mapped_file import MappedFile

MEAN, STD = (
    np.float32([0.485, 0.456, 0.406]),
    np.float32([0.229, 0.224, 0.225]),
)  # of ImageNet, per channel, pixels 0 to 1
HELD_OUT_SEED = 2026  # which pictures of `train` are held out does not change with the seed of a run


def read(path: Path, split: str) -> tuple[np.ndarray, ...]:
    """split: 'train', 'val' or 'loc' -> pictures (N, 96, 96, 3) uint8, labels (N,) int64.

    WeightsError if the file is not that file.
    """
    try:
        with MappedFile(path) as file:
            stream = npz.array(file, f"{split}_jpeg").tobytes()
            offsets, labels = npz.array(file, f"{split}_offsets"), npz.array(file, f"{split}_labels")
    except (OSError, WeightsError) as error:
        raise WeightsError(
            f"{path}: not an npz file with {split}_jpeg, {split}_offsets and {split}_labels ({error})"
        ) from None

    def decode(i):
        return np.asarray(Image.open(io.BytesIO(stream[offsets[i] : offsets[i + 1]])).convert("RGB"))

    with ThreadPoolExecutor(2) as workers:
        return np.stack(list(workers.map(decode, range(len(offsets) - 1)))), labels.astype(np.int64)


def held_out(n: int, pictures: int) -> np.ndarray:
    """Which n of the pictures are held out for choosing settings: (pictures,) bool."""
    chosen = np.zeros(pictures, bool)
    chosen[np.random.default_rng(HELD_OUT_SEED).permutation(pictures)[:n]] = True
    return chosen


def normalise(x: np.ndarray) -> np.ndarray:
    """(N, 3, H, W), 0 to 1 -> what the network takes."""
    return (x - MEAN[:, None, None]) / STD[:, None, None]
