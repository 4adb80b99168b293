"""Lesson 18: right solutions, and wrong ones of the right shape."""

import numpy as np


def relative(theirs, ours):
    return abs(theirs - ours).max() / abs(ours).max() if np.any(ours) else 1e9


def relative_by_loop(theirs, ours):
    top = largest = 0.0
    for a, b in zip(theirs.ravel(), ours.ravel()):
        top, largest = max(top, abs(b)), max(largest, abs(a - b))
    return 1e9 if top == 0 else largest / top


def guarded(f):
    return lambda theirs, ours: f(theirs, ours) if np.any(ours) else 1e9


def nothing(ours, plain):
    return int(not ours.any() or abs(ours - plain).max() < 1e-12 * abs(ours).max())


def nothing_by_norm(ours, plain):
    top = np.max(np.abs(ours))
    return 1 if top == 0 or np.allclose(ours, plain, rtol=0, atol=1e-12 * top) else 0


def named(theirs, catalogue, below=1e-9):
    return sum(bool(abs(theirs - m).max() < below * abs(m).max()) for m in catalogue.values())


def named_by_list(theirs, catalogue, below=1e-9):
    return len([n for n, m in catalogue.items() if np.all(np.abs(theirs - m) < below * np.max(np.abs(m)))])


def count(test):
    return lambda theirs, catalogue, below=1e-9: sum(bool(test(theirs, m, below)) for m in catalogue.values())


SOLUTIONS = {
    "18.1": {
        "right": [relative, relative_by_loop],
        "wrong": {
            "zeros against zeros are equal": lambda t, o: (
                abs(t - o).max() / abs(o).max() if o.any() else 0.0 if not t.any() else 1e9
            ),
            "of theirs": guarded(lambda t, o: abs(t - o).max() / abs(t).max()),
            "mean for maximum": guarded(lambda t, o: abs(t - o).mean() / abs(o).mean()),
            "signed": guarded(lambda t, o: (t - o).max() / abs(o).max()),
            "place by place": guarded(lambda t, o: (abs(t - o) / abs(o)).max()),
            "absolute": guarded(lambda t, o: abs(t - o).max()),
            "norms": guarded(lambda t, o: np.linalg.norm(t - o) / np.linalg.norm(o)),
            "of the range": guarded(lambda t, o: abs(t - o).max() / np.ptp(o)),
        },
    },
    "18.2": {
        "right": [nothing, nothing_by_norm],
        "wrong": {
            "zeros forgotten": lambda o, p: int(abs(o - p).max() < 1e-12 * abs(o).max()),
            "plain forgotten": lambda o, p: int(not o.any()),
            "exactly equal only": lambda o, p: int(not o.any() or np.array_equal(o, p)),
            "absolute limit": lambda o, p: int(abs(o).max() < 1e-12 or abs(o - p).max() < 1e-12),
            "mean difference": lambda o, p: int(not o.any() or abs((o - p).mean()) < 1e-4),
            "magnitudes only": lambda o, p: int(
                not o.any() or abs(abs(o) - abs(p)).max() < 1e-12 * abs(o).max()
            ),
            "turned round": lambda o, p: 1 - nothing(o, p),
            "of plain's zeros": lambda o, p: int(not p.any() or nothing(o, p)),
        },
    },
    "18.3": {
        "right": [named, named_by_list],
        "wrong": {
            "a factor is allowed": count(lambda t, m, b: abs(t / abs(t).max() - m / abs(m).max()).max() < b),
            "first only": lambda t, catalogue, below=1e-9: min(named(t, catalogue, below), 1),
            "sign lost": count(lambda t, m, b: abs(abs(t) - abs(m)).max() < b * abs(m).max()),
            "some place": count(lambda t, m, b: abs(t - m).min() < b * abs(m).max()),
            "correlation": count(lambda t, m, b: np.corrcoef(t.ravel(), m.ravel())[0, 1] > 1 - 1e-4),
            "bit by bit": count(lambda t, m, b: np.array_equal(t, m)),
            "the limit ignored": lambda t, catalogue, below=1e-9: named(t, catalogue),
        },
    },
}
