"""Signals (N, C, L): every method gives what it gives for a picture of one row, (N, C, 1, L)."""

import numpy as np
import pytest

from gradcam import METHODS, explain
from gradcam.methods import VARIANTS
from minicnn import Conv, Linear, MaxPool, Mean, ReLU
from tests.support.compare import assert_close

X = np.random.default_rng(0).standard_normal((2, 3, 20))
W1, W2, V = (
    np.random.default_rng(n).standard_normal(s) for n, s in enumerate([(5, 3, 3), (4, 5, 3), (3, 4)])
)
B1, B2 = np.random.default_rng(7).standard_normal(5), np.random.default_rng(8).standard_normal(4)
FEW = {"n": 3}
NAMES = [m for m in METHODS if m != "occlusion"]  # whose windows are shares of the shorter side
NAMES += [f"{v}_{m}" for v in VARIANTS for m in ("hirescam", "gradient") if f"{v}_{m}" in METHODS]


def of_one_axis(x):
    h = MaxPool((2,))(ReLU()(Conv(pad=0)(x, W1, B1, name="conv1"), name="relu1"))
    return Linear()(Mean((2,), False)(ReLU()(Conv(pad=0)(h, W2, B2), name="relu2")), V, None)


def of_one_row(x):
    h = MaxPool((1, 2))(ReLU()(Conv(pad=0)(x, W1[:, :, None], B1, name="conv1"), name="relu1"))
    return Linear()(Mean((2, 3), False)(ReLU()(Conv(pad=0)(h, W2[:, :, None], B2), name="relu2")), V, None)


@pytest.mark.parametrize("method", [m for m in NAMES if not m.startswith("aug_smooth")])
def test_a_signal_is_a_picture_of_one_row(method):
    layers = ["relu1", "relu2"] if METHODS[method].fuses else "relu2"
    options = {method: FEW} if "smoothgrad" in method or "vargrad" in method else None
    row = explain(of_one_row, X[:, :, None], 1, method, layers, options=options)[method]
    signal = explain(of_one_axis, X, 1, method, layers, options=options)[method]
    assert signal.shape == (*row.shape[:-2], row.shape[-1])
    assert_close(signal, row[..., 0, :], 1e-11)
