"""What a network must be told about itself: its classes, how its pictures were prepared, which layer to look at."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from weights.zoo import entry, preprocessings


@dataclass(frozen=True)
class Preprocessing:
    """From a photo to an input: resize, crop the centre, order the channels, scale, subtract the mean, divide by the deviation.

    resize: "short" keeps the aspect ratio and brings the shorter side to `size` pixels; "squash" makes it size x size.  crop: side of the
    centre crop, pixels.  channels: "RGB", "BGR", or "L" for grey.  scale: what a white pixel becomes, 1 or 255.  mean, std: per channel,
    in the order `channels`, after scaling.
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
    multi_label: the classes do not exclude each other, so probabilities are sigmoids; strange: a picture whose highest probability lies
    below it probably shows none of the classes (measured: python -m tests.weights.readers.strange); source: whose file the weights came from, if
    they were loaded (PyTorch, Keras, Caffe): the preprocessing depends on it.
    """

    name: str
    title: str
    preprocessing: Preprocessing
    layer: str
    classes: tuple | None = None
    unit_layer: str | None = None
    multi_label: bool = False
    source: str | None = None
    strange: float | None = None


def card(name, source=None):
    """The description of the network called `name`; source: where its weights come from (default: the file that is fetched)."""
    of = entry(name)
    return Card(
        name, of["title"], _preprocessing(of["preprocessing"], source), of["layer"],
        classes(of["classes"]), of.get("unit_layer"), of.get("multi_label", False), source, of.get("strange"),
    )  # fmt: skip


@cache
def classes(name):
    """Class names, in the order of the scores: the lines of weights/classes/<name>.txt."""
    return tuple(files("weights").joinpath(f"classes/{name}.txt").read_text("utf-8").splitlines())


def _preprocessing(named, source):
    """named: a name in zoo.toml's [preprocessing], or {source: name}, the first of which is the default."""
    if isinstance(named, dict):
        named = named.get(source, next(iter(named.values())))
    return Preprocessing(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in preprocessings()[named].items()}
    )
