"""The values that pixels become before a network sees them: the few ways that people use, by name."""

from __future__ import annotations

from typing import Any, NamedTuple

from weights.errors import WeightsError


class Usual(NamedTuple):
    """x = (scale * pixel / 255 - mean) / std, channels in this order; where: who does so."""

    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: str
    where: str

    @property
    def fields(self) -> dict[str, Any]:
        """As fields of `Preprocessing`."""
        return {name: value for name, value in self._asdict().items() if name != "where"}


USUAL = {
    "unit": Usual(1, (0, 0, 0), (1, 1, 1), "RGB", "0 to 1: ToTensor alone, Rescaling(1/255), Ultralytics"),
    "imagenet": Usual(1, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "RGB", "torchvision, timm's CNNs"),
    "half": Usual(1, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "RGB", "-1 to 1: MobileNet, Inception, timm's ViT"),
    "byte": Usual(255, (0, 0, 0), (1, 1, 1), "RGB", "0 to 255: Keras's EfficientNet, graphs that scale"),
    "caffe": Usual(255, (103.939, 116.779, 123.68), (1, 1, 1), "BGR", "Caffe, Keras's VGG and ResNet"),
    "clip": Usual(
        1, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711), "RGB", "CLIP"
    ),
}
GREY = {  # of networks with one channel
    "unit": Usual(1, (0,), (1,), "L", "0 to 1: ToTensor alone, Rescaling(1/255)"),
    "half": Usual(1, (0.5,), (0.5,), "L", "-1 to 1"),
    "byte": Usual(255, (0,), (1,), "L", "0 to 255"),
    "mnist": Usual(1, (0.1307,), (0.3081,), "L", "PyTorch's example for MNIST"),
}


def usual(channels: int) -> dict[str, Usual]:
    """The ways that a network of this many channels may expect its pixels; of other than 1 and 3, none."""
    return {1: GREY, 3: USUAL}.get(channels, {})


def pixels_of(name: str, channels: int) -> dict[str, Any]:
    """The fields of `Preprocessing` that a name stands for.  WeightsError names those that there are."""
    known = usual(channels)
    if name not in known:
        there = ", ".join(known) or "none"
        raise WeightsError(
            f"pixels = '{name}' is not known for {channels} channels; there is {there}; or say scale, mean "
            "and std"
        )
    return known[name].fields


def name_of(scale: float, mean: Any, std: Any, order: str) -> str | None:
    """The name of these values, if they have one."""
    for known in (USUAL, GREY):
        for name, way in known.items():
            if (way.scale, way.mean, way.std, way.channels) == (scale, tuple(mean), tuple(std), order):
                return name
    return None
