"""What a network must be told about itself: its classes, how its pictures were prepared, which layer to look at."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Preprocessing:
    """From a photo to an input: resize, crop the centre, order the channels, scale, subtract the mean, divide by the deviation.

    resize: "short" keeps the aspect ratio and brings the shorter side to `size` pixels; "squash" makes it size x size.  crop: side of the
    centre crop, pixels.  scale: what a white pixel becomes, 1 or 255.  mean, std: per channel, in the order `channels`, after scaling.
    """

    resize: str = "short"
    size: int = 256
    crop: int = 224
    channels: str = "RGB"
    scale: float = 1.0
    mean: tuple = (0.0, 0.0, 0.0)
    std: tuple = (1.0, 1.0, 1.0)
    interpolation: str = "bilinear"


@dataclass(frozen=True)
class Card:
    """A network's description.

    layer: the feature maps that Grad-CAM weighs by default; unit_layer: where a deconvnet signal starts by default (None: at the score);
    multi_label: the classes do not exclude each other, so probabilities are sigmoids.
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layer: str
    classes: tuple | None = None
    unit_layer: str | None = None
    multi_label: bool = False


@cache
def classes(name):
    """Class names, in the order of the scores: the lines of weights/classes/<name>.txt."""
    return tuple(files("weights").joinpath(f"classes/{name}.txt").read_text("utf-8").splitlines())
