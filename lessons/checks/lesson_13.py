"""Lesson 13: the truths are written pixel by pixel."""

import math

from lessons.exercises import exercise


@exercise("13.1", "the product", "every channel of the guided map times the same L")
def product(f, random):
    guided, L = random.normal(size=(3, 3, 3)), random.random((3, 3))
    yield (
        "map",
        f(guided, L),
        [
            [[guided[k, i, j] * L[i, j] for j in range(3)] for i in range(3)]
            for k in range(3)
        ],
    )


@exercise(
    "13.2",
    "bilinear, along a line",
    "place = (i + 1/2) n/N - 1/2, kept within 0 and n - 1; weigh its two neighbours "
    "by nearness",
)
def upsample_line(f, random):
    for n, N in ((4, 10), (3, 3 * 4)):
        values, truth = random.normal(size=n), []
        for i in range(N):
            place = min(max((i + 0.5) * n / N - 0.5, 0), n - 1)
            left = min(math.floor(place), n - 2)
            truth.append(
                (left + 1 - place) * values[left] + (place - left) * values[left + 1]
            )
        yield f"{n} to {N}", f(values, N), truth


@exercise(
    "13.3",
    "grey is zero",
    "one scale for both signs and all channels: divide by the largest magnitude",
)
def drawn(f, random):
    M = random.normal(size=(3, 4, 2))
    M[0, 0, 0] = -4  # the largest magnitude is negative
    yield (
        "picture",
        f(M),
        [[[0.5 + 0.5 * v / 4 for v in row] for row in channel] for channel in M],
    )
