"""Lesson 3: the truth is found window by window, and by central differences away from
ties.
"""

import numpy as np

from lessons.exercises import central, exercise, parts


def maxima(x, k, s):
    """Largest value of each k x k window every s pixels."""
    h, w = ((n - k) // s + 1 for n in x.shape)
    return np.array(
        [
            [
                max(x[s * i + u, s * j + v] for u in range(k) for v in range(k))
                for j in range(w)
            ]
            for i in range(h)
        ]
    )


def apart(random, *shape):
    """Random numbers no two of which are near each other."""
    return random.permutation(np.prod(shape)).reshape(shape) / 3 - 2.5


@exercise(
    "3.1",
    "maxima and switches",
    "taps: x[0::2, 0::2], x[0::2, 1::2], x[1::2, 0::2], x[1::2, 1::2]; np.argmax "
    "takes the first",
)
def pool_forward(f, random):
    x = random.integers(-3, 3, (6, 4)).astype(float)  # with ties
    x[2:4, 2:4] = [[-2, -1], [-1, -3]]
    y, switches = parts(f(x), "y", "switches")
    taps = np.array(
        [
            [list(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].flat) for j in range(2)]
            for i in range(3)
        ]
    )
    yield "y", y, maxima(x, 2, 2)
    yield (
        "switches",
        switches,
        [[four.index(max(four)) for four in row] for row in taps.tolist()],
    )


@exercise(
    "3.2",
    "unpooling",
    "switch t of window (i, j) names the place (2 i + t // 2, 2 j + t % 2)",
)
def pool_gx(f, random):
    x, gy = apart(random, 6, 8), random.normal(size=(3, 4))
    switches = np.array(
        [
            [np.argmax(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]) for j in range(4)]
            for i in range(3)
        ]
    )
    yield "gx", f(gy, switches), central(lambda x: maxima(x, 2, 2), x, gy)


@exercise(
    "3.3",
    "windows that overlap",
    "find each window's maximum, and *add* its signal there",
)
def overlapping_gx(f, random):
    x, gy = apart(random, 7, 5), random.normal(size=(3, 2))
    x[2, 2] = x.max() + 1  # the maximum of four windows
    yield "gx", f(x, gy, 3, 2), central(lambda x: maxima(x, 3, 2), x, gy)
    gy = random.normal(size=(6, 4))
    yield "gx, stride 1", f(x, gy, 2, 1), central(lambda x: maxima(x, 2, 1), x, gy)
    x = x - x.max() - 1  # all negative
    yield "gx of dark pixels", f(x, gy, 2, 1), central(lambda x: maxima(x, 2, 1), x, gy)


@exercise("3.4", "average pooling", "each of the four has the derivative 1/4")
def average_gx(f, random):
    gy = random.normal(size=(3, 2))

    def mean(x):
        return np.array(
            [
                [x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean() for j in range(2)]
                for i in range(3)
            ]
        )

    yield "gx", f(gy), central(mean, np.zeros((6, 4)), gy)
