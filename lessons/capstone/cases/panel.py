"""Milestone 5: SqueezeNet, a photo, five maps."""

from __future__ import annotations

from functools import cache

import numpy as np

import weights as files
from lessons.capstone import engine
from lessons.capstone.case import Case
from lessons.capstone.given import photo, shipped
from minicnn import Tensor, find
from minicnn.nets import squeezenet

BELOW = 1e-5
MAPS = ("saliency", "deconvnet", "guided", "grad_cam", "guided_grad_cam")
TENSORS = ("fire4", "fire9", "scores")


@cache
def right() -> dict[str, np.ndarray]:
    """The five maps."""
    return engine.panel(photo()["x"], shipped(), int(photo()["c"]))


@cache
def signals() -> tuple[np.ndarray, np.ndarray]:
    """The gradient at the photo, and the deconvnet signal that starts at the score."""
    x = Tensor(photo()["x"].astype(np.float64), "x")
    y = engine.squeezenet(x, shipped())["scores"]
    gy = np.zeros_like(y.data)
    gy[0, photo()["c"]] = 1
    return engine.backward(y, gy, [x])[0], engine.backward(y, gy, [x], "deconvnet")[0]


def without_border(x, weights):
    """conv10 as torchvision has it."""
    net = squeezenet(conv10_pad=0).astype(np.float64)
    for name, tensor in files.load("squeezenet").arrays().items():
        net.arrays()[name].data[...] = tensor.data
    y = net(x)
    return {"fire4": find(y, "fire4"), "fire9": find(y, "fire9"), "scores": y}


def instead(**maps):
    """panel, with some maps computed by these functions."""
    return {"panel": lambda x, weights, c: right() | {name: f() for name, f in maps.items()}}


def no_signal():
    return np.zeros_like(right()["guided"])


def from_the_value():
    """The deconvnet signal, started with fire4's largest value: the rule keeps its size."""
    U = engine.squeezenet(Tensor(photo()["x"].astype(np.float64), "x"), shipped())["fire4"]
    return right()["deconvnet"] * U.data.max()


MISTAKES = {
    "the deconvnet signal starts with the value of fire4: it is 1 there": instead(deconvnet=from_the_value),
    "the derivative itself is given: saliency is the largest of its three sizes": instead(
        saliency=lambda: signals()[0].max(axis=1)
    ),
    "the sizes of the three colours are added: the largest is asked for": instead(
        saliency=lambda: abs(signals()[0]).sum(axis=1)
    ),
    "the deconvnet signal starts at the score: it starts at the largest value of fire4": instead(
        deconvnet=lambda: signals()[1]
    ),
    "plain backprop is multiplied by Grad-CAM, not guided backprop": instead(
        guided_grad_cam=lambda: signals()[0] * engine.upsample(right()["grad_cam"], (227, 227))[:, None]
    ),
    "Grad-CAM is multiplied by nothing: the map is enlarged only": instead(
        guided_grad_cam=lambda: (
            engine.upsample(right()["grad_cam"], (227, 227))[:, None] + np.zeros((1, 3, 1, 1))
        )
    ),
    "guided is plain backprop": instead(guided=lambda: signals()[0]),
    "no signal arrives at x: the network was built on another Tensor than the x that is asked for": instead(
        saliency=lambda: no_signal()[:, 0], deconvnet=no_signal, guided=no_signal, guided_grad_cam=no_signal
    ),
}
BORDER = {"conv10 has no border: it has pad=1": {"squeezenet": without_border}}


def unpacked(names, of):
    return f"{', '.join(names)} = ({of} for name in {names})"


def cases() -> list[Case]:
    given = {"photo": photo(), "weights": shipped()}
    net = 'net = squeezenet(Tensor(photo["x"].astype(float)), weights)\n'
    maps = 'maps = panel(photo["x"], weights, int(photo["c"]))\n'
    return [
        Case(
            "fire4, fire9 and the scores of the photo",
            "squeezenet",
            net + unpacked(TENSORS, "net[name].data"),
            TENSORS,
            given,
            BORDER,
            BELOW,
        ),
        Case(
            "five maps of the photo",
            "panel",
            maps + unpacked(MAPS, "maps[name]"),
            MAPS,
            given,
            MISTAKES,
            BELOW,
        ),
    ]
