"""Lesson 12: right solutions, and wrong ones of the right shape."""

import numpy as np


def overlap(found, truth):
    return (found & truth).sum() / (found | truth).sum()


def overlap_of_sets(map, truth, share):
    a, b = set(np.flatnonzero(map >= share * map.max())), set(np.flatnonzero(truth))
    return len(a & b) / len(a | b)


def against(A, dA):
    return np.maximum(-np.tensordot(dA.mean(axis=(1, 2)), A, 1), 0)


def positive(map):
    return np.maximum(map, 0)


SOLUTIONS = {
    "12.1": {
        "right": [
            lambda map, truth, share: overlap(map >= share * map.max(), truth),
            overlap_of_sets,
        ],
        "wrong": {
            "a share of the range": lambda map, truth, share: overlap(
                map >= map.min() + share * np.ptp(map), truth
            ),
            "an absolute threshold": lambda map, truth, share: overlap(map >= share, truth),
            "above the threshold only": lambda map, truth, share: overlap(map > share * map.max(), truth),
            "share of the pixels found": lambda m, t, s: (
                ((m >= s * m.max()) & t).sum() / (m >= s * m.max()).sum()
            ),
            "share of the truth": lambda m, t, s: ((m >= s * m.max()) & t).sum() / t.sum(),
            "below instead of above": lambda map, truth, share: overlap(map < share * map.max(), truth),
            "magnitude": lambda map, truth, share: overlap(np.abs(map) >= share * np.abs(map).max(), truth),
            "share of agreeing pixels": lambda m, t, s: ((m >= s * m.max()) == t).mean(),
        },
    },
    "12.2": {
        "right": [
            against,
            lambda A, dA: positive((-dA.mean(axis=(1, 2))[:, None, None] * A).sum(axis=0)),
        ],
        "wrong": {
            "Grad-CAM": lambda A, dA: positive(np.tensordot(dA.mean(axis=(1, 2)), A, 1)),
            "no ReLU": lambda A, dA: -np.tensordot(dA.mean(axis=(1, 2)), A, 1),
            "negative part": lambda A, dA: np.minimum(np.tensordot(dA.mean(axis=(1, 2)), A, 1), 0),
            "ReLU on alpha": lambda A, dA: np.tensordot(positive(-dA.mean(axis=(1, 2))), A, 1),
            "ReLU on the gradient": lambda A, dA: np.tensordot(positive(-dA).mean(axis=(1, 2)), A, 1),
            "sum instead of mean": lambda A, dA: 9 * against(A, dA),
            "place by place": lambda A, dA: positive(-(A * dA).sum(axis=0)),
        },
    },
    "12.3": {
        "right": [
            lambda map, mask: positive(map)[mask].sum() / positive(map).sum(),
            lambda map, mask: (map * mask * (map > 0)).sum() / map[map > 0].sum(),
        ],
        "wrong": {
            "negative heat counts": lambda map, mask: map[mask].sum() / positive(map).sum(),
            "magnitude": lambda map, mask: np.abs(map)[mask].sum() / np.abs(map).sum(),
            "counts pixels": lambda map, mask: ((map > 0) & mask).sum() / (map > 0).sum(),
            "outside": lambda map, mask: positive(map)[~mask].sum() / positive(map).sum(),
            "mean over mean": lambda map, mask: positive(map)[mask].mean() / positive(map).mean(),
            "stretched": lambda map, mask: (map - map.min())[mask].sum() / (map - map.min()).sum(),
            "over all magnitudes": lambda map, mask: positive(map)[mask].sum() / np.abs(map).sum(),
        },
    },
}
