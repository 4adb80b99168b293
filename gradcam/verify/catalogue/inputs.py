"""The picture is not what the network was trained on."""

from dataclasses import replace

import numpy as np

from gradcam.image import prepare
from gradcam.verify.hypothesis import Hypothesis

MEAN, STD = (np.array(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # torchvision's, RGB
CAFFE = np.array([103.939, 116.779, 123.68])[:, None, None]  # BGR


def colours(q, y):
    return {"": lambda q, v, old: old()[:, ::-1]} if q.x.shape[1] == 3 else {}


def normalisations(q, y):
    """x is taken to be (p - mean) / std for a picture p in 0..1."""
    if q.x.shape[1] != 3:
        return {}
    picture = q.x * STD + MEAN
    return {
        "not normalised, 0 to 1": lambda q, v, old: picture,
        "not normalised, 0 to 255": lambda q, v, old: 255 * picture,
        "mean = std = 0.5": lambda q, v, old: (picture - 0.5) / 0.5,
        "not divided by the deviation": lambda q, v, old: picture - MEAN,
        "Caffe's means, BGR, 0 to 255": lambda q, v, old: 255 * picture[:, ::-1] - CAFFE,
    }


def ranges(q, y):
    return {"255 times too large": lambda q, v, old: 255 * old(), "255 times too small": lambda q, v, old: old() / 255}


def turned(q, y):
    return {"": lambda q, v, old: old().swapaxes(-1, -2)} if q.x.shape[-1] == q.x.shape[-2] else {}


def resizes(q, y):
    """Ways to bring the photo to the network's size."""
    if q.photo is None:
        return {}
    picture, meant = q.photo
    crop = meant.crop
    others = {
        "squashed, no crop": replace(meant, resize="squash", size=crop), "squashed, then cropped": replace(meant, resize="squash"),
        "short side to the crop": replace(meant, resize="short", size=crop),
        "short side to 256": replace(meant, resize="short", size=max(256, crop)),
        **{f"by {how}": replace(meant, interpolation=how) for how in ("nearest", "bilinear", "bicubic", "lanczos", "box")},
    }  # fmt: skip
    return {name: lambda q, v, old, p=p: prepare(picture, p, np.float64) for name, p in others.items() if p != meant}


WHY = "a network computes its scores for the preprocessing that it was trained with"
FIX = "compare the preprocessed inputs and the scores before any map"
TABLE = [
    Hypothesis("another way of resizing the photo", "input", WHY, FIX, ways=resizes),
    Hypothesis("colour channels in the other order (RGB, BGR)", "input", WHY, FIX, ways=colours),
    Hypothesis("another mean and deviation", "input", WHY, FIX, ways=normalisations),
    Hypothesis("another range of pixel values", "input", WHY, FIX, ways=ranges),
    Hypothesis("picture with H and W exchanged", "input", "x is (N, C, H, W)", "transpose (W, H) arrays once, on reading", ways=turned),
]
