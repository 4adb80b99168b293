"""Photos as SqueezeNet was trained on them, without the project's own preprocessing."""

import numpy as np
from PIL import Image

from tests.support.data import DATA


def samples():
    """The 40 sample photos, in order; the first three digits of a name are its class."""
    return sorted((DATA / "images" / "imagenet_samples").glob("*.jpg"))


def for_squeezenet(path):
    """RGB; shorter side 256, bilinear; centre crop 227; BGR, 0..255, minus (104, 117, 123).

    -> (1, 3, 227, 227) float64
    """
    picture = Image.open(path).convert("RGB")
    factor = 256 / min(picture.size)
    picture = picture.resize([round(side * factor) for side in picture.size], Image.Resampling.BILINEAR)
    left, top = [(side - 227) // 2 for side in picture.size]
    rgb = np.asarray(picture.crop((left, top, left + 227, top + 227)), np.float64)
    return (rgb[:, :, ::-1] - [104.0, 117.0, 123.0]).transpose(2, 0, 1)[None].copy()


def squeezenet_weights():
    """The published arrays, under their names in the file: {'fire2.squeeze1x1.weight': array, ...}"""
    with np.load(DATA / "weights" / "squeezenet_v1_0.npz") as file:
        return dict(file)
