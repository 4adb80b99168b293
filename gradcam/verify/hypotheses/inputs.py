"""The picture is not what the network was trained on."""

import numpy as np

from gradcam.interpolation import upsample
from gradcam.verify.hypotheses import photos
from gradcam.verify.hypotheses.hypothesis import Hypothesis

MEAN, STD = (
    np.array(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
)  # torchvision's, RGB
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
    return {
        "255 times too large": lambda q, v, old: 255 * old(),
        "255 times too small": lambda q, v, old: old() / 255,
    }


def exchanged(q, v, old):
    return old().swapaxes(-1, -2)


def square(q):
    return q.x.shape[-1] == q.x.shape[-2]


def turned(q, y):
    """A network that takes any size also takes a picture that is not square; the result is then (W, H) too."""
    return {"": exchanged} if square(q) or q.swapped else {}


def as_it_came(q, v, old):
    return old() if square(q) else old().swapaxes(-1, -2)


def resizes(q, y):
    if q.photo is None:
        return {}
    return {name: lambda q, v, old, way=way: way() for name, way in photos.ways(q.photo).items()}


WHY = "a network computes its scores for the preprocessing that it was trained with"
FIX = "compare the preprocessed inputs and the scores before any map"
TABLE = [
    Hypothesis("another way of resizing the photo", "input", WHY, FIX, ways=resizes),
    Hypothesis("colour channels in the other order (RGB, BGR)", "input", WHY, FIX, ways=colours),
    Hypothesis("another mean and deviation", "input", WHY, FIX, ways=normalisations),
    Hypothesis("another range of pixel values", "input", WHY, FIX, ways=ranges),
    Hypothesis(
        "picture with H and W exchanged",
        "input",
        "x is (N, C, H, W)",
        "transpose (W, H) arrays once, on reading",
        ways=turned,
        also={"upsampled": lambda q, v, old: upsample(v.map, v.input.shape[-2:]), "result": as_it_came},
        turns=True,
    ),
    Hypothesis(
        "picture mirrored",
        "input",
        "x is the picture as it was read",
        "switch off augmentation (flips)",
        lambda q, v, old: old()[..., ::-1],
    ),
]
