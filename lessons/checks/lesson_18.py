"""Lesson 18: the truths are made number by number."""

import numpy as np

from lessons.exercises import exercise


@exercise(
    "18.1",
    "how far two results are apart",
    "abs(theirs - ours).max() over abs(ours).max(); first ask if ours is all zeros",
)
def relative(f, random):
    ours = random.normal(size=(3, 4)) * 5
    theirs = ours + random.normal(size=(3, 4))
    theirs[1, 2] = ours[1, 2] - 3
    yield (
        "difference",
        f(theirs, ours),
        max(abs(a - b) for a, b in zip(theirs.flat, ours.flat))
        / max(abs(b) for b in ours.flat),
    )
    yield "against zeros", f(theirs, np.zeros((3, 4))), 1e9
    yield "zeros against zeros", f(np.zeros((3, 4)), np.zeros((3, 4))), 1e9


@exercise(
    "18.2",
    "a comparison that cannot fail",
    "two cases: ours has no number but 0; or max|ours - plain| is below 1e-12 "
    "max|ours|",
)
def tests_nothing(f, random):
    ours, noise = random.normal(size=(3, 4)) * 7, random.normal(size=(3, 4))
    one_place = ours.copy()
    one_place[2, 3] += 1e-3
    cases = [
        (ours, noise, 0),
        (np.zeros((3, 4)), noise, 1),
        (ours, ours.copy(), 1),
        (ours, ours + 1e-15 * noise, 1),
        (ours, one_place, 0),
        (ours, -ours, 0),
        (1e-14 * ours, 1e-14 * noise, 0),
        (np.zeros((3, 4)), np.zeros((3, 4)), 1),
        (ours, np.zeros((3, 4)), 0),
    ]
    yield "answers", [f(a, b) for a, b, _ in cases], [truth for _, _, truth in cases]


@exercise(
    "18.3",
    "which causes give their numbers",
    "count the causes with max|theirs - map| < below max|map|; scale nothing",
)
def named(f, random):
    maps = {
        name: random.normal(size=(3, 4))
        for name in ("sum", "no ReLU", "softmax", "layer")
    }
    maps["magnitude"] = maps["sum"] * 16
    maps["another name"] = maps["no ReLU"].copy()
    maps["nearly"] = maps["layer"] + 1e-3
    theirs = [
        maps["sum"],
        maps["no ReLU"] * (1 + 1e-12),
        maps["softmax"] * 2,
        maps["layer"],
        -maps["softmax"],
        maps["magnitude"] + 1e-10,
        np.where(np.arange(4) == 2, maps["sum"], maps["layer"] + 1),  # in places only
    ]
    cases = [[t] for t in theirs]
    truth = [
        sum(max(abs(t - m).flat) < 1e-9 * max(abs(m).flat) for m in maps.values())
        for (t,) in cases
    ]
    yield "answers", [f(t, maps) for (t,) in cases], truth
    yield "a coarser limit", f(maps["layer"], maps, 1e-2), 2
