"""What a network must be told about itself: its classes, how its pictures were prepared, which layer to
look at.
"""

from __future__ import annotations

from dataclasses import dataclass

RESIZES = ("short", "squash", "letterbox")
INTERPOLATIONS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")  # Pillow's


@dataclass(frozen=True)
class Preprocessing:
    """From a photo to an input: resize, crop the centre, order the channels, scale, subtract the mean,
    divide by the deviation.

    resize: "short" keeps the aspect ratio and brings the shorter side to `size` pixels; "squash" makes it
    size x size; "letterbox" keeps the aspect ratio and fits the whole photo into the crop, on a ground of the
    colour `fill`.  crop: side of the centre crop, pixels, or its (rows, columns).  channels: "RGB", "BGR", or
    "L" for grey.  scale: what a white pixel becomes, 1 or 255.  mean, std: per channel, in the order
    `channels`, after scaling.  interpolation: one of `INTERPOLATIONS`.
    """

    resize: str = "short"
    size: int = 256
    crop: int | tuple[int, int] = 224
    channels: str = "RGB"
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    interpolation: str = "bilinear"
    fill: tuple[int, int, int] = (114, 114, 114)  # Ultralytics' grey

    @property
    def sides(self) -> tuple[int, int]:
        """(rows, columns) of the input."""
        return (self.crop, self.crop) if isinstance(self.crop, int) else self.crop


@dataclass(frozen=True)
class Card:
    """A network's description.

    layer: the feature maps that Grad-CAM weighs by default; unit_layer: where a deconvnet signal starts by
    default (None: at the score); classes: their names, in the order of the scores (of a network that
    answers questions: the answers); multi_label: the classes do not exclude each other, so probabilities
    are sigmoids; ends: by what scores become probabilities, where that is known, "softmax", "sigmoid", or
    "number" for scores that are none, "place" for sums over several places, or numbers of a row, which have
    none; place: where its scores stand in an output that has places, in words; source: whose file the
    weights came from, if they were loaded (PyTorch, Keras, Caffe): the preprocessing depends on it; strange:
    a picture whose highest probability lies below it probably shows none of the classes (measured: python -m
    tests.weights.readers.strange); words: the vocabulary of a network that takes or says words; axes: of
    its input, 4 for pictures (N, C, H, W), 3 for signals (N, C, L), 5 for volumes (N, C, D, H, W).
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layer: str | None
    classes: tuple[str, ...] | None = None
    unit_layer: str | None = None
    multi_label: bool = False
    source: str | None = None
    strange: float | None = None
    words: tuple[str, ...] | None = None
    ends: str | None = None
    axes: int = 4
    place: str = ""
