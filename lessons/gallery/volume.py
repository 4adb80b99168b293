"""A 3-D CNN for volumes: where in the scan?"""

from __future__ import annotations

import numpy as np
from torch import nn

from gradcam import Target
from gradcam.show import volume_panel
from lessons.gallery.example import Example

SIZE = (20, 24, 24)  # depth, rows, columns


def batch(rng, n):
    """Soft ellipsoids with vessels, some with a nodule, and whether there is one."""
    z, v, u = np.mgrid[tuple(slice(-1, 1, m * 1j) for m in SIZE)]
    volumes, truth = [], rng.integers(0, 2, n)
    truth[-1] = 1
    for nodule in truth:
        a, b, c = rng.uniform(0.75, 0.9, 3)
        body = 1 / (
            1
            + np.exp(12 * (np.sqrt((z / a) ** 2 + (v / b) ** 2 + (u / c) ** 2) - 0.95))
        )
        x = 0.35 * body
        for _ in range(4):  # vessels: thin, along any direction
            p, d = rng.uniform(-0.4, 0.4, 3), rng.standard_normal(3)
            d /= np.linalg.norm(d)
            r = np.stack([z - p[0], v - p[1], u - p[2]])
            along = np.tensordot(d, r, 1)
            far = np.sqrt(np.maximum((r**2).sum(0) - along**2, 0))
            x = x + 0.3 * body * np.exp(-((far / 0.07) ** 2))
        if nodule:
            p = rng.uniform(-0.45, 0.45, 3)
            far = np.sqrt((z - p[0]) ** 2 + (v - p[1]) ** 2 + (u - p[2]) ** 2)
            x = x + 0.9 / (1 + np.exp(40 * (far - 0.19)))
        volumes.append(x + 0.03 * rng.standard_normal(SIZE))
    return np.stack(volumes)[:, None].astype(np.float32), truth


def model():
    """Three convolutions of 3 x 3 x 3, a global maximum, two classes."""
    return nn.Sequential(
        nn.Sequential(
            nn.Conv3d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool3d(2),
            nn.Conv3d(6, 12, 3, padding=1), nn.ReLU(),
            nn.Conv3d(12, 12, 3, padding=1), nn.ReLU(),
        ),
        nn.AdaptiveMaxPool3d(1), nn.Flatten(), nn.Linear(12, 2),
    )  # fmt: skip


EXAMPLE = Example(
    "volume",
    "A volume: three planes through the peak",
    "Maps of a volume have three axes of places. Thin lines mark where the map is "
    "largest; in a notebook, `gradcam.show.volume_widget(e)` slides through planes. "
    "From a file: "
    "`gradcam explain scan.nii.gz --model net.onnx`.",
    'e = explain(net, x, 1, "grad_cam")',
    model,
    batch,
    nn.functional.cross_entropy,
    "0.6",
    lambda x, y: Target.score(1),
    lambda y, x: y[0, 1],
    lambda x, e, y: volume_panel(e),
    names=("nothing", "a nodule"),
    steps=120,
)
