"""Lesson 16: the truths are made number by number."""

import numpy as np

from lessons.exercises import exercise, parts


@exercise(
    "16.1",
    "a kernel from Keras",
    "transpose: last axis first, then the third, then the two of the kernel in their "
    "order",
)
def conv_from_keras(f, random):
    W, ours = random.normal(size=(3, 3, 3, 3)), np.zeros((3, 3, 3, 3))
    for u, v, k, n in np.ndindex(W.shape):
        ours[n, k, u, v] = W[u, v, k, n]
    yield "square kernel", f(W), ours
    W = random.normal(size=(2, 3, 4, 5))
    yield (
        "kernel",
        f(W),
        np.array(
            [
                [
                    [[W[u, v, k, n] for v in range(3)] for u in range(2)]
                    for k in range(4)
                ]
                for n in range(5)
            ]
        ),
    )


@exercise(
    "16.2",
    "the linear layer behind a flatten",
    "rows get their axes back, (h, w, C, F), reorder to (F, C, h, w), flatten again",
)
def fc6_from_keras(f, random):
    h, w, C, F = 2, 3, 4, 5
    W, ours = random.normal(size=(h * w * C, F)), np.zeros((F, C * h * w))
    for n, k, i, j in np.ndindex(F, C, h, w):
        ours[n, (k * h + i) * w + j] = W[(i * w + j) * C + k, n]
    yield "weights", f(W, h, w), ours


@exercise(
    "16.3",
    "preprocessing folded into the first layer",
    "turn the channel axis round, multiply by 255; the mean goes into b",
)
def eats_rgb(f, random):
    W, b, mean = (
        random.normal(size=(4, 3, 2, 3)),
        random.normal(size=4),
        random.uniform(1, 3, 3),
    )
    rgb = random.random((3, 2, 3))
    W2, b2 = parts(f(W, b, mean), "W", "b")
    bgr = np.stack(
        [255 * rgb[2] - mean[0], 255 * rgb[1] - mean[1], 255 * rgb[0] - mean[2]]
    )
    scores = [
        sum(W[n, k, u, v] * bgr[k, u, v] for k, u, v in np.ndindex(bgr.shape)) + b[n]
        for n in range(4)
    ]
    W2, b2 = np.asarray(W2, float), np.asarray(b2, float)
    answers = (
        (np.broadcast_to(W2, W.shape) * rgb).sum(axis=(1, 2, 3)) + b2
        if b2.ndim == 1
        else b2
    )
    yield "scores", answers, np.array(scores)
    yield "the kernel", W2, 255 * W[:, ::-1]


@exercise(
    "16.4",
    "where the numbers are",
    "the product of each shape; numerator: shapes of length 4 only",
)
def share_of_convolutions(f, random):
    a, b, c, d = random.integers(2, 9, 4).tolist()
    shapes = {
        "conv1.W": (a, b, 3, 3),
        "conv1.b": (a,),
        "conv2.W": (c, a, 3, 2),
        "conv2.b": (c,),
        "fc.W": (d, 12 * c),
        "fc.b": (d,),
    }
    inside = a * b * 9 + c * a * 6
    yield "share", f(shapes), inside / (inside + a + c + 12 * c * d + d)
