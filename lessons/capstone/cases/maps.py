"""Milestone 4: Grad-CAM, upsampling, Guided Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import gradcam
from lessons.capstone import engine
from lessons.capstone.case import Case


def cam(**how) -> dict[str, Callable]:
    return {"grad_cam": lambda y, c, A: gradcam.grad_cam(y, c, A, **how)}


def place_by_place(y, c, A):
    """Each place's own derivative, no mean."""
    (dA,) = engine.backward(y, _one(y, c), [A])
    return np.maximum((dA * A.data).sum(axis=1), 0)


def relu_first(y, c, A):
    """The ReLU of each term, before the sum."""
    (dA,) = engine.backward(y, _one(y, c), [A])
    return np.maximum(dA.mean(axis=(2, 3), keepdims=True) * A.data, 0).sum(axis=1)


def all_classes(y, c, A):
    (dA,) = engine.backward(y, np.ones_like(y.data), [A])
    return np.maximum((dA.mean(axis=(2, 3), keepdims=True) * A.data).sum(axis=1), 0)


def _one(y, c):
    gy = np.zeros_like(y.data)
    gy[:, c] = 1
    return gy


def from_the_score(y, c, A):
    """The walk starts with the scores themselves."""
    (dA,) = engine.backward(y, _one(y, c) * y.data, [A])
    return np.maximum((dA.mean(axis=(2, 3), keepdims=True) * A.data).sum(axis=1), 0)


def first_picture(y, c, A):
    gy = _one(y, c)
    gy[1:] = 0
    (dA,) = engine.backward(y, gy, [A])
    return np.maximum((dA.mean(axis=(2, 3), keepdims=True) * A.data).sum(axis=1), 0)


def scaled(whole: bool) -> dict[str, Callable]:
    """Grad-CAM over its largest value, of all pictures or of each."""

    def grad_cam(y, c, A):
        L = gradcam.grad_cam(y, c, A)
        return L / L.max(axis=None if whole else (1, 2), keepdims=True)

    return {"grad_cam": grad_cam}


def unclipped(map, size):
    """p is below 0 at the first new values; the left neighbour is 0 there."""
    rows, columns = ((np.arange(M) + 0.5) * n / M - 0.5 for n, M in zip(map.shape[1:], size))
    return _at(_at(map, rows, 1), columns, 2)


def wrapped(map, size):
    """The left neighbour of the first new values is number -1, the last."""
    for axis, M in zip((1, 2), size):
        n = map.shape[axis]
        p = (np.arange(M) + 0.5) * n / M - 0.5
        left = np.floor(p).astype(int)
        s = (p - left)[:, None] if axis == 1 else p - left
        right = np.minimum(left + 1, n - 1)
        map = np.take(map, left, axis) * (1 - s) + np.take(map, right, axis) * s
    return map


def guided_alpha(y, c, A):
    (dA,) = engine.backward(y, _one(y, c), [A], "guided")
    return np.maximum((dA.mean(axis=(2, 3), keepdims=True) * A.data).sum(axis=1), 0)


def enlarged(how: str) -> dict[str, Callable]:
    return {"upsample": lambda map, size: gradcam.upsample(map, tuple(size), how)}


def stretched(map, size):
    """Old value i at the corner of its pixel."""
    rows, columns = (np.clip(np.arange(M) * n / M, 0, n - 1) for n, M in zip(map.shape[1:], size))
    return _at(_at(map, rows, 1), columns, 2)


def _at(map, p, axis):
    left = p.astype(int)
    right, s = np.minimum(left + 1, map.shape[axis] - 1), p - left
    s = s[:, None] if axis == 1 else s
    return np.take(map, left, axis) * (1 - s) + np.take(map, right, axis) * s


def plain_product(y, c, A, x):
    (gx,) = engine.backward(y, _one(y, c), [x])
    return gx * gradcam.upsample(gradcam.grad_cam(y, c, A), x.shape[2:])[:, None]


def repeated(y, c, A, x):
    L = gradcam.upsample(gradcam.grad_cam(y, c, A), x.shape[2:], "nearest")
    return gradcam.guided_backprop(y, c, x) * L[:, None]


def along_colours(y, c, A, x):
    """The maps of the pictures meet the axis of the colours."""
    return gradcam.guided_backprop(y, c, x) * gradcam.upsample(gradcam.grad_cam(y, c, A), x.shape[2:])


GUIDED = {"alpha is made with rule guided: it is the plain derivative": {"grad_cam": guided_alpha}}
CAM = {
    "the signal is the score at class c: it is 1 there": {"grad_cam": from_the_score},
    "only the first picture is asked: the signal is 1 at class c of every picture, gy[:, c]": {
        "grad_cam": first_picture
    },
    "the map is divided by its largest value: it is asked for as it is": scaled(whole=True),
    "each map is divided by its largest value: it is asked for as it is": scaled(whole=False),
    "the last ReLU is missing: what is negative becomes 0": cam(relu=False),
    "alpha is the mean over the places, not the sum": cam(alpha="sum"),
    "each place is multiplied by its own derivative; alpha is their mean, one number for each map": {
        "grad_cam": place_by_place
    },
    "the ReLU stands after the sum over the maps, not before": {"grad_cam": relu_first},
    "the signal is 1 at all classes: it is 1 at class c, and 0 elsewhere": {"grad_cam": all_classes},
}
UPSAMPLE = {
    "p is not kept between 0 and n - 1: at the first new values it is below 0": {"upsample": unclipped},
    "p is not kept between 0 and n - 1: there, number -1 is the last of the old values": {
        "upsample": wrapped
    },
    "values are repeated, not interpolated": enlarged("nearest"),
    "the first and last values lie at the very edges: they belong at the centres of their pixels": enlarged(
        "corner_aligned"
    ),
    "the half pixels are missing: p = (i + 1/2) n / M - 1/2": {"upsample": stretched},
}


def cases(seed: int = 24) -> list[Case]:
    random = np.random.default_rng(seed)
    head = "A = Tensor(A0)\ny = gap(conv(A, Tensor(V0), Tensor(b0)))\nL = grad_cam(y, 1, A)"
    linear = {
        "A0": np.maximum(random.normal(size=(2, 3, 4, 5)).round(2), 0),
        "V0": random.normal(size=(4, 3, 1, 1)).round(2),
        "b0": random.normal(size=4).round(2),
    }
    network = {
        "x0": random.normal(size=(3, 3, 15, 16)).round(2),
        "W0": random.normal(size=(5, 3, 3, 3)).round(2),
        "V0": random.normal(size=(6, 5, 2, 2)).round(2),
        "U0": random.normal(size=(4, 6, 2, 2)).round(2),
        "b0": random.normal(size=4).round(2),
    }
    layers = (
        "x = Tensor(x0)\nA = relu(conv(x, Tensor(W0), Tensor(np.zeros(5)), stride=2, pad=1))\n"
        "B = relu(conv(maxpool(A, 2, 2), Tensor(V0), Tensor(np.zeros(6))))\n"
        "y = gap(relu(conv(B, Tensor(U0), Tensor(b0))))\n"
    )
    guided = {
        "plain backprop is multiplied, not guided backprop": {"guided_grad_cam": plain_product},
        "the map is enlarged by repeating its values": {"guided_grad_cam": repeated},
        "picture n's map multiplies colour n: give the maps an axis for the colours, [:, None]": {
            "guided_grad_cam": along_colours
        },
    }
    return [
        Case(
            "Grad-CAM where the score is a mean of maps",
            "grad_cam",
            head,
            ("L",),
            linear,
            CAM,
        ),
        Case(
            "Grad-CAM in the middle of a network, for three classes",
            "grad_cam",
            f"{layers}L0, L1, L2 = (grad_cam(y, c, A) for c in (0, 1, 2))",
            ("L0", "L1", "L2"),
            network,
            CAM | GUIDED,
        ),
        Case(
            "from 2 values to 4: 0, 1/4, 3/4, 1",
            "upsample",
            "M = upsample(np.array([[[0.0, 1.0]]]), (1, 4))",
            ("M",),
            {},
            UPSAMPLE,
        ),
        Case(
            "upsample: rows and columns, two maps, sizes that are no multiples",
            "upsample",
            "M = upsample(L, (7, 11))",
            ("M",),
            {"L": random.normal(size=(2, 3, 4)).round(2)},
            UPSAMPLE,
        ),
        Case(
            "Guided Grad-CAM is the product, at every pixel and colour",
            "guided_grad_cam",
            f"{layers}G = guided_grad_cam(y, 2, A, x)",
            ("G",),
            network,
            guided,
        ),
    ]
