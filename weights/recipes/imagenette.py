"""The training pictures of mini_vgg and its like: Imagenette, from one npz file of JPEG bytes."""

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


def read(path: Path, split: str = "") -> tuple[np.ndarray, ...]:
    """split: 'train', 'val' or 'loc'; '' for a file of one split -> pictures (N, h, w, 3) uint8, labels (N,)
    int64.

    WeightsError if the file is not that file.
    """
    names = [f"{split}_{kind}".lstrip("_") for kind in ("jpeg", "offsets", "labels")]
    try:
        with MappedFile(path) as file:
            stream, offsets, labels = (npz.array(file, name) for name in names)
            stream = stream.tobytes()
    except (OSError, WeightsError) as error:
        raise WeightsError(
            f"{path}: not an npz file with {names[0]}, {names[1]} and {names[2]} ({error})"
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
