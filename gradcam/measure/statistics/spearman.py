import numpy as np


def spearman(a, b):
    """Spearman's rank correlation, -1 to 1: Pearson's correlation of the ranks; equal values share the mean of their ranks.

    a, b: arrays with equally many values.  0 if all values of one are equal: it ranks nothing.
    """
    a, b = ranks(a), ranks(b)
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def ranks(values):
    """1 for the smallest value, ..., n for the largest; equal values share the mean -> (n,)"""
    _, which, counts = np.unique(np.ravel(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]
