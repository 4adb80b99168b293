"""The picture is not what the network was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.hypotheses.resizing_photos import resized_otherwise
from gradcam.verify.question import Question
from gradcam.verify.reference.run import Run
from minicnn import Tensor

MEAN, STD = (
    np.array(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
)  # torchvision's, RGB
CAFFE = np.array([103.939, 116.779, 123.68])[:, None, None]  # BGR


def colours(q: Question, y: Tensor) -> Variants:
    return {"": lambda q, v, old: old()[:, ::-1]} if q.x.shape[1] == 3 else {}


def normalisations(q: Question, y: Tensor) -> Variants:
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


def ranges(q: Question, y: Tensor) -> Variants:
    return {
        "255 times too large": lambda q, v, old: 255 * old(),
        "255 times too small": lambda q, v, old: old() / 255,
    }


def exchanged(q: Question, v: Run, old: Old) -> Any:
    return old().swapaxes(-1, -2)


def square(q: Question) -> Any:
    return q.x.shape[-1] == q.x.shape[-2]


def turned(q: Question, y: Tensor) -> Variants:
    """A network that takes any size also takes a picture that is not square; its map is (W, H), too."""
    return {"": exchanged} if square(q) or q.exchanged else {}


def resizes(q: Question, y: Tensor) -> Variants:
    if q.photo is None:
        return {}
    return {name: lambda q, v, old, make=make: make() for name, make in resized_otherwise(q.photo).items()}


WHY = "a network computes its scores for the preprocessing that it was trained with"
FIX = "compare the preprocessed inputs and the scores before any map"
CAUSES = [
    Hypothesis(
        name="another way of resizing the photo",
        step="input",
        says=WHY,
        fix=FIX,
        variants=resizes,
    ),
    Hypothesis(
        name="colour channels in the other order (RGB, BGR)",
        step="input",
        says=WHY,
        fix=FIX,
        variants=colours,
    ),
    Hypothesis(
        name="another mean and deviation",
        step="input",
        says=WHY,
        fix=FIX,
        variants=normalisations,
    ),
    Hypothesis(
        name="another range of pixel values",
        step="input",
        says=WHY,
        fix=FIX,
        variants=ranges,
    ),
    Hypothesis(
        name="picture with H and W exchanged",
        step="input",
        says="x is (N, C, H, W)",
        fix="transpose (W, H) arrays once, on reading",
        variants=turned,
        also={"upsampled": lambda q, v, old: upsample(v.map, v.input.shape[-2:])},
    ),
    Hypothesis(
        name="picture mirrored",
        step="input",
        says="x is the picture as it was read",
        fix="switch off augmentation (flips)",
        change=lambda q, v, old: old()[..., ::-1],
    ),
]
