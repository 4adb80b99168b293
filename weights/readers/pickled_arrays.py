"""A pickled dict (or list) of NumPy arrays, protocols 0 to 5, Python 2 or 3; nothing in it is called."""

from weights.readers import checkpoints, numpy_pickles, pickles


def read(file):
    """{name: array} of a mapped file; nested dicts and lists give names joined with dots."""
    value, _ = pickles.load(file.map, 0, numpy_pickles.CALLS)
    return checkpoints.arrays(value, file.size)
