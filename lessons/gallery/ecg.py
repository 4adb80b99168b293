"""A 1-D CNN for electrocardiograms: which beat is early?"""

from __future__ import annotations

import itertools

import numpy as np
from torch import nn

from gradcam import Target
from gradcam.show import signal_panel
from lessons.gallery.example import Example

LENGTH = 512
CLASSES = ("regular", "an early beat")


def wave(t, at, width, height):
    """One hump."""
    return height * np.exp(-(((t - at) / width) ** 2))


def beat(t, at, early):
    """P, Q, R, S and T of a beat; an early, ventricular one is wide, and has no P."""
    if early:
        return wave(t, at, 22, 0.9) - wave(t, at + 34, 24, 0.5)
    humps = [(-32, 9, 0.12), (-7, 3, -0.1), (0, 4, 1.0), (8, 4, -0.22), (48, 16, 0.25)]
    return sum(wave(t, at + d, w, h) for d, w, h in humps)


def batch(rng, n):
    """Two leads of a few seconds, and whether a beat comes early."""
    t = np.arange(LENGTH)
    signals, truth = [], rng.integers(0, 2, n)
    truth[-1] = 1
    for early in truth:
        rhythm = rng.uniform(90, 115)
        places = np.arange(rng.uniform(20, 60), LENGTH + 60, rhythm)
        odd = rng.integers(1, len(places) - 2) if early else -1
        lead = np.zeros(LENGTH)
        for k, at in enumerate(places):
            lead += beat(t, at - (0.35 * rhythm if k == odd else 0), k == odd)
        drift = 0.08 * np.sin(t / rng.uniform(80, 160) + rng.uniform(0, 6))
        leads = np.stack([lead + drift, 0.6 * np.roll(lead, 3) - 0.5 * drift])
        signals.append(leads + 0.02 * rng.standard_normal(leads.shape))
    return np.stack(signals).astype(np.float32), truth


def model():
    """Three convolutions of 9 samples, a global average, two classes."""
    widths, layers = [2, 12, 24, 32], []
    for C, F in itertools.pairwise(widths):
        layers += [nn.Conv1d(C, F, 9, padding=4), nn.BatchNorm1d(F), nn.ReLU()]
        layers += [nn.MaxPool1d(2)] if F < 32 else []
    return nn.Sequential(
        nn.Sequential(*layers), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 2)
    )


EXAMPLE = Example(
    "ecg",
    "A signal: which beat of an ECG",
    "Maps of a signal have one axis of places, and are drawn as colour behind its "
    "curves. From a file: `gradcam explain ecg.csv --model ecg.onnx`.",
    'e = explain(net, x, 1, ["grad_cam", "guided_backprop"])',
    model,
    batch,
    nn.functional.cross_entropy,
    "0.10",
    lambda x, y: Target.score(1),
    lambda y, x: y[0, 1],
    lambda x, e, y: signal_panel(e, names=["lead I", "lead II"]),
    methods=("grad_cam", "guided_backprop"),
    names=CLASSES,
    steps=80,
)
