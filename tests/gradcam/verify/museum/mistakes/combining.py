"""Grad-CAM's weights, its sum, its ReLU."""

import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import CAMS, FAMILY, Mistake, after, cam
from tests.gradcam.verify.museum.right import RELATIVES, weigh


def cubes_inside(A, g):
    alpha = g**2 / (2 * g**2 + (A * g**3).sum((2, 3), keepdim=True))
    return ((torch.where(g == 0, 0, alpha) * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


TABLE = [
    Mistake(
        "a sum instead of the mean over i, j",
        cam(lambda A, dA: (dA.sum((2, 3), keepdim=True) * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "the maximum instead of the mean over i, j",
        cam(lambda A, dA: (dA.amax((2, 3), keepdim=True) * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "another method of the family",
        cam(lambda A, dA: (dA * A).sum(1).relu()),
        ("grad_cam", "guided_grad_cam", "grad_cam++"),
    ),
    Mistake(
        "another method of the family", cam(RELATIVES["grad_cam++"]), ("grad_cam", "hirescam", "layercam")
    ),
    Mistake(
        "another method of the family",
        cam(RELATIVES["xgrad_cam"]),
        ("grad_cam", "guided_grad_cam", "grad_cam++"),
    ),
    Mistake(
        "another method of the family", cam(RELATIVES["layercam"]), ("grad_cam", "xgrad_cam", "hirescam")
    ),
    Mistake("another method of the family", cam(lambda A, dA: weigh(A, dA).relu()), FAMILY),
    Mistake("another denominator in Grad-CAM++", cam(cubes_inside), ("grad_cam++",)),
    Mistake(
        "another denominator in Grad-CAM++",
        cam(lambda A, g: ((g**2 * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()),
        ("grad_cam++",),
    ),
    Mistake("a final ReLU, where the method has none", after(torch.relu), ("hirescam",)),
    Mistake(
        "the final ReLU is missing",
        cam(lambda A, dA: (dA.relu() * A).sum(1)),
        ("layercam",),
        ("InPlace", "Shared", "Pooled"),
    ),
    Mistake("sign flipped (evidence against the class)", after(torch.neg), ("hirescam",)),
    *(
        Mistake(
            "the gradient is averaged along another axis",
            cam(lambda A, dA, at=at: (dA.mean(at, keepdim=True).expand_as(dA) * A).sum(1).relu()),
            CAMS,
            drawn={"pictures": 2},
        )
        for at in ((1,), (3,), (2,), (0, 2, 3))
    ),
    Mistake("ReLU on every term before the sum", cam(lambda A, dA: (dA * A).relu().sum(1)), ("hirescam",)),
    Mistake(
        "ReLU on the weights",
        cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).relu() * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "absolute value of the weights",
        cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).abs() * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "weights divided by their norm",
        cam(lambda A, dA: (F.normalize(dA.mean((2, 3), keepdim=True), dim=1) * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "gradient divided by its root mean square",
        cam(lambda A, dA: weigh(A, dA / (dA.pow(2).mean().sqrt() + 1e-5)).relu()),
        CAMS,
    ),
    Mistake(
        "softmax of the weights",
        cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).softmax(1) * A).sum(1).relu()),
        CAMS,
    ),
    Mistake(
        "the mean over the maps instead of their sum",
        cam(lambda A, dA: (dA.mean((2, 3), keepdim=True) * A).mean(1).relu()),
        CAMS,
    ),
    Mistake(
        "ReLU on every term before the sum",
        cam(lambda A, dA: (dA.mean((2, 3), keepdim=True) * A).relu().sum(1)),
        CAMS,
    ),
    Mistake("map started at ones", cam(lambda A, dA: (1 + weigh(A, dA)).relu()), CAMS),
    Mistake("the final ReLU is missing", cam(weigh), CAMS),
    Mistake("absolute value instead of the final ReLU", cam(lambda A, dA: weigh(A, dA).abs()), CAMS),
    Mistake("sign flipped (evidence against the class)", cam(lambda A, dA: (-weigh(A, dA)).relu()), CAMS),
]
