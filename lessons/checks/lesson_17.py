"""Lesson 17: the truths are made number by number."""

import numpy as np

from lessons.exercises import exercise


def back(g, W):
    """The backward pass through y = W x, number by number."""
    return np.array(
        [sum(W[f, d] * g[f] for f in range(len(W))) for d in range(W.shape[1])]
    )


def positive(g):
    return np.array([v if v > 0 else 0.0 for v in g])


@exercise(
    "17.1",
    "deconvnet through a fire module",
    "max(g, 0); the first F1 numbers through E1, the rest through E3; add; max; S",
)
def fire_back(f, random):
    E1, E3, S = (
        random.normal(size=(4, 4)),
        random.normal(size=(4, 4)),
        random.normal(size=(4, 4)),
    )
    g = random.normal(size=8)
    g[0], g[4] = 2.0, 3.0
    truth = back(positive(back(positive(g[:4]), E1) + back(positive(g[4:]), E3)), S)
    while np.abs(truth).max() < 0.3:
        E1, E3 = random.normal(size=(2, 4, 4))
        truth = back(positive(back(positive(g[:4]), E1) + back(positive(g[4:]), E3)), S)
    yield "gx", f(g, E1, E3, S), truth


@exercise(
    "17.2",
    "deconvnet past a block and through it",
    "h = max(g, 0) goes two ways: as it is, and back through V, a ReLU, U; add",
)
def block_back(f, random):
    U, V, g = (
        random.normal(size=(4, 4)),
        random.normal(size=(4, 4)),
        random.normal(size=4),
    )
    g[1], g[2] = 1.5, -1.5
    h = positive(g)
    yield "gx", f(g, U, V), h + back(positive(back(h, V)), U)


@exercise(
    "17.3",
    "the chance that a signal dies",
    "one module kills with probability p**squeeze; none does with (1 - that) ** fires",
)
def chance(f, random):
    p, squeeze, fires = (
        random.uniform(0.5, 0.9),
        int(random.integers(2, 5)),
        int(random.integers(2, 6)),
    )
    all_negative = 1.0
    for _ in range(squeeze):
        all_negative *= p
    survives = 1.0
    for _ in range(fires):
        survives *= 1 - all_negative
    yield "probability", f(p, squeeze, fires), 1 - survives
