"""From the layer's size to the picture's: everybody enlarges otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, MAPS
from gradcam.verify.reference.resizing import cubic, lanczos, spline
from minicnn import Tensor


def by(matrix: Any) -> Any:
    """Resize by R_rows map R_columns^T."""

    def change(q, v, old):
        return enlarged(v.map, q.size, matrix)

    return change


def enlarged(m: np.ndarray, size: Any, matrix: Any) -> np.ndarray:
    """(N, h, w) -> (N, *size)"""
    rows, columns = (matrix(n, N) for n, N in zip(m.shape[-2:], size))
    return rows @ m @ columns.T


def to_exchanged(q: Question, y: Tensor) -> Variants:
    """Enlarged to W rows and H columns, by the usual ways."""
    H, W = q.size
    ways = {
        "": lambda m: upsample(m, (W, H)),
        "corners aligned": lambda m: upsample(m, (W, H), "corner_aligned"),
        "nearest neighbour": lambda m: upsample(m, (W, H), "nearest"),
        "cubic, OpenCV": lambda m: enlarged(m, (W, H), lambda n, N: cubic(n, N, -0.75, renormalise=False)),
        "cubic, PIL": lambda m: enlarged(m, (W, H), lambda n, N: cubic(n, N, -0.5, renormalise=True)),
        "Lanczos, PIL": lambda m: enlarged(m, (W, H), lanczos),
    }
    return {name: lambda q, v, old, f=f: f(v.map) for name, f in ways.items()} if q.exchanged else {}


def with_relu(how: Any) -> Any:
    """Enlarged before the final ReLU."""
    return lambda q, v, old: np.maximum(upsample(v.signed, q.size, how), 0)


WHY = "the map is enlarged linearly, with half-pixel centres, as the authors' code does (cv2.resize)"
FIX = (
    "F.interpolate(cam, x.shape[-2:], mode='bilinear', align_corners=False), or cv2.resize; or keep yours, "
    "say how maps are enlarged, and compare them before that"
)


def entry(name: str, change: Callable[..., Any]) -> Any:
    return Hypothesis(
        name=name,
        step="upsampled",
        says=WHY,
        fix=FIX,
        change=change,
        methods=CAMS,
        kind="convention",
    )


CAUSES = [
    entry("upsampled with aligned corners", lambda q, v, old: upsample(v.map, q.size, "corner_aligned")),
    entry("upsampled by the nearest neighbour", lambda q, v, old: upsample(v.map, q.size, "nearest")),
    entry(
        "upsampled by cubic convolution (OpenCV, PyTorch)",
        by(lambda n, N: cubic(n, N, -0.75, renormalise=False)),
    ),
    entry("upsampled by cubic convolution (PIL)", by(lambda n, N: cubic(n, N, -0.5, renormalise=True))),
    entry(
        "upsampled by cubic convolution, corners aligned",
        by(lambda n, N: cubic(n, N, -0.75, renormalise=False, corners=True)),
    ),
    entry("upsampled by cubic splines, corners aligned (SciPy)", by(spline)),
    entry("upsampled by Lanczos (PIL)", by(lanczos)),
    entry("upsampled before the final ReLU", with_relu("half_pixel")),
    Hypothesis(
        name="enlarged to W rows and H columns, instead of H rows and W columns",
        step="upsampled",
        says="a map is (H, W): rows first; what resizes pictures is told (width, height)",
        fix="H, W = x.shape[-2:]; cv2.resize(cam, (W, H)) and Image.resize((W, H), Image.BILINEAR) are told "
        "the width first, F.interpolate(cam, (H, W)) the rows",
        variants=to_exchanged,
        methods=MAPS,
    ),
]
