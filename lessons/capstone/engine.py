"""The capstone's functions as this project computes them: what the student's answers are
compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import gradcam
import weights as files
from gradcam import BACKPROP, DECONVNET, GUIDED
from minicnn import (
    Add,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Mul,
    ReLU,
    Tensor,
    find,
    history,
    one_hot,
)
from minicnn import backward as walk

Array = np.ndarray
RULES = {"backprop": BACKPROP, "deconvnet": DECONVNET, "guided": GUIDED}


def backward(y: Tensor, gy: Array, wrt: Sequence[Tensor], rule: str = "backprop") -> list[Array]:
    """The signals at the tensors `wrt`; zeros where none arrives."""
    made_from = history(y)
    return [
        walk(y, gy, wrt=t, rules=RULES[rule])
        if any(each is t for each in made_from)
        else np.zeros_like(t.data)
        for t in wrt
    ]


def add(a: Tensor, b: Tensor) -> Tensor:
    return Add()(a, b)


def mul(a: Tensor, b: Tensor) -> Tensor:
    return Mul()(a, b)


def relu(x: Tensor) -> Tensor:
    return ReLU()(x)


def conv(x: Tensor, W: Tensor, b: Tensor, stride: int = 1, pad: int = 0) -> Tensor:
    return Conv(stride=stride, pad=pad)(x, W, b)


def maxpool(x: Tensor, size: int, stride: int) -> Tensor:
    return MaxPool(kernel=size, stride=stride)(x)


def concat(a: Tensor, b: Tensor) -> Tensor:
    return Concat()(a, b)


def gap(x: Tensor) -> Tensor:
    return GlobalAvgPool()(x)


def grad_cam(y: Tensor, c: int, A: Tensor) -> Array:
    return gradcam.grad_cam(y, c, A)


def upsample(map: Array, size: Sequence[int]) -> Array:
    return gradcam.upsample(map, tuple(size))


def guided_grad_cam(y: Tensor, c: int, A: Tensor, x: Tensor) -> Array:
    return gradcam.guided_grad_cam(y, c, A, x)


def squeezenet(x: Tensor, weights: Mapping[str, Array]) -> dict[str, Tensor]:
    """The shipped network; `weights` are its own."""
    y = files.load("squeezenet").astype(np.float64)(x)
    return {"fire4": find(y, "fire4"), "fire9": find(y, "fire9"), "scores": y}


def panel(x: Array, weights: Mapping[str, Array], c: int) -> dict[str, Array]:
    """The five maps, each by this project's own function."""
    image = Tensor(x.astype(np.float64), "x")
    net = squeezenet(image, weights)
    y, U, A = net["scores"], net["fire4"], net["fire9"]
    unit = np.unravel_index(U.data[0].argmax(), U.shape[1:])
    return {
        "saliency": gradcam.saliency(y, c, image),
        "deconvnet": walk(U, one_hot(U, [int(i) for i in unit]), wrt=image, rules=DECONVNET),
        "guided": gradcam.guided_backprop(y, c, image),
        "grad_cam": grad_cam(y, c, A),
        "guided_grad_cam": guided_grad_cam(y, c, A, image),
    }


def functions() -> dict[str, Any]:
    """{name: function}: what the student's file must have, too."""
    names = (Tensor, add, mul, backward, relu, conv, maxpool, concat, gap)
    maps = (grad_cam, upsample, guided_grad_cam, squeezenet, panel)
    return {each.__name__: each for each in (*names, *maps)}
