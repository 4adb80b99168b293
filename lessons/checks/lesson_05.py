"""Lesson 5: the truth is a central difference of the whole function, which knows of no
paths.
"""

import numpy as np

from lessons.exercises import central, exercise


@exercise(
    "5.1",
    "the same value, twice in a product",
    "left factor: gy tanh x; right factor: gy x (1 - tanh^2 x); both add",
)
def product_gx(f, random):
    x, gy = random.normal(size=(2, 4))
    yield "gx", f(x, gy), central(lambda x: x * np.tanh(x), x, gy)


@exercise(
    "5.2",
    "a residual block",
    "gz = gy [z > 0]; the skip brings gz, the branch W^T (the inner gate times V^T gz)",
)
def residual_gx(f, random):
    while True:
        x, gy = random.normal(size=(2, 4))
        W, V = random.normal(size=(3, 4)), random.normal(size=(4, 3))
        inner, z = W @ x, x + V @ np.maximum(W @ x, 0)
        gates = [(inner > 0).sum(), (inner < 0).sum(), (z > 0).sum(), (z < 0).sum()]
        small = [((v > 0) & (v < 1)).any() for v in (inner, z)]
        if min(gates) > 0 and min(abs(inner).min(), abs(z).min()) > 0.05 and all(small):
            break  # open and closed gates in both, some hardly open, away from kinks
    yield (
        "gx",
        f(x, W, V, gy),
        central(lambda x: np.maximum(x + V @ np.maximum(W @ x, 0), 0), x, gy),
    )


@exercise(
    "5.3",
    "one matrix, used twice",
    "the outer use brings gy (W x)^T, the inner one (W^T gy) x^T",
)
def shared_gW(f, random):
    (x, gy), W = random.normal(size=(2, 3)), random.normal(size=(3, 3))
    yield "gW", f(x, W, gy), central(lambda W: W @ (W @ x), W, gy)


@exercise(
    "5.4",
    "one number, used by every pixel",
    "every pixel of every picture uses b_c once, so all their signals add",
)
def broadcast_gb(f, random):
    gy, x = random.normal(size=(2, 3, 3, 2)), random.normal(size=(2, 3, 3, 2))
    yield "gb", f(gy), central(lambda b: x + b[None, :, None, None], np.zeros(3), gy)
