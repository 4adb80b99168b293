"""Lesson 12: the truths are counted pixel by pixel."""

import numpy as np

from lessons.exercises import exercise


@exercise(
    "12.1",
    "intersection over union",
    "found = map >= share * map.max(); pixels in both over pixels in either",
)
def my_overlap(f, random):
    map, truth = random.uniform(-2, 2, (6, 5)), random.random((6, 5)) < 0.4
    map[0, 0], truth[0, 0] = 3.0, True
    both = sum(v >= 0.15 * 3 and t for v, t in zip(map.flat, truth.flat))
    either = sum(v >= 0.15 * 3 or t for v, t in zip(map.flat, truth.flat))
    yield "overlap", f(map, truth, 0.15), both / either
    map = np.round(2 * random.uniform(-2, 2, (6, 5))) / 2
    map[0] = 4.0, 1.0, 1.0, 1.0, -4.0  # a quarter of 4 is 1, exactly
    truth[0] = True, True, False, True, False
    both = sum(v >= 1 and t for v, t in zip(map.flat, truth.flat))
    either = sum(v >= 1 or t for v, t in zip(map.flat, truth.flat))
    yield "overlap with values at the limit", f(map, truth, 0.25), both / either


@exercise(
    "12.2",
    "what speaks against",
    "Grad-CAM with -alpha in the place of alpha; the ReLU comes last",
)
def my_counterfactual(f, random):
    while True:
        A, dA = np.abs(random.normal(size=(4, 3, 3))), random.normal(size=(4, 3, 3))
        L = sum(A[k] * (sum(dA[k].flat) / 9) for k in range(4))
        if L.min() < 0 < L.max():
            break
    yield "map", f(A, dA), [[max(-v, 0) for v in row] for row in L]


@exercise("12.3", "whose heat", "heat = max(map, 0); its sum in the mask over its sum")
def heat_on(f, random):
    map, mask = random.normal(size=(5, 4)), random.random((5, 4)) < 0.5
    map[0, 0], mask[0, 0], map[1, 1], mask[1, 1] = 1, True, -1, True
    yield (
        "share",
        f(map, mask),
        sum(v for v, m in zip(map.flat, mask.flat) if m and v > 0)
        / sum(v for v in map.flat if v > 0),
    )
