"""Lesson 6: the truths are worked out number by number, over several steps."""

import math

import numpy as np

from lessons.exercises import exercise, parts


@exercise(
    "6.1", "gradient descent with momentum", "first the new v, then w with the new v"
)
def momentum_step(f, random):
    w, g, v = random.normal(size=(3, 5))
    rate, momentum = random.uniform(0.1, 0.9, 2)
    new_w, new_v = parts(f(w, g, v, rate, momentum), "w", "v")
    yield "v", new_v, [momentum * b + a for a, b in zip(g, v)]
    yield "w", new_w, [c - rate * (momentum * b + a) for a, b, c in zip(g, v, w)]


@exercise(
    "6.2",
    "a step of Adam",
    "m and v are moving means of g and g^2; divide them by 1 - beta^t; then w - rate "
    "m / (sqrt(v) + eps)",
)
def adam_step(f, random):
    w, g, m = random.normal(size=(3, 4))
    v, t = random.uniform(0.1, 2, 4), int(random.integers(1, 6))
    yield from _adam(f, w, g, m, v, t, "")
    tiny = 1e-8  # as large as eps: a gradient that has nearly ended
    yield from _adam(f, w, tiny * g, tiny * m, tiny**2 * v, t, " of a tiny gradient")


def _adam(f, w, g, m, v, t, what):
    answers = parts(f(w, g, m, v, 0.05, t), *"wmv")
    m = [0.9 * b + 0.1 * a for a, b in zip(g, m)]
    v = [0.999 * b + 0.001 * a * a for a, b in zip(g, v)]
    w = [
        c - 0.05 * (a / (1 - 0.9**t)) / (math.sqrt(b / (1 - 0.999**t)) + 1e-8)
        for a, b, c in zip(m, v, w)
    ]
    for name, answer, truth in zip("wmv", answers, (w, m, v)):
        yield f"{name}{what}", answer, np.array(truth)


@exercise(
    "6.3",
    "the size of initial weights",
    "variance 2 / (number of inputs of one output); a deviation is a root",
)
def he_deviation(f, random):
    F, C, kh, kw = (int(n) for n in random.choice(np.arange(2, 9), 4, replace=False))
    yield (
        "deviation",
        f(F, C, kh, kw),
        math.sqrt(2 / sum(1 for _ in np.ndindex(C, kh, kw))),
    )
