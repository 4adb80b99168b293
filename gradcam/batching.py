"""Many forward passes, in batches of bounded memory, with a bar if they take more than a second."""

import numpy as np

from gradcam.methods.gradient import gradient
from minicnn import Tensor

BYTES = 8 << 20  # of input in one pass


def batch_size(x, most=BYTES):
    """How many inputs like x go into one pass."""
    return max(1, most // x.nbytes)


def in_batches(count, size, what, progress):
    """Slices of range(count), `size` long, under a progress bar."""
    from tqdm import tqdm  # here, as starting the command without it is quicker

    with tqdm(total=count, desc=what, unit="pass", disable=not progress, leave=False, delay=1) as bar:
        for first in range(0, count, size):
            yield slice(first, min(first + size, count))
            bar.update(min(size, count - first))


def score(net, pictures, c):
    """y_c of each, nothing remembered.  pictures (M, N, C, H, W), c: a class, or N of them -> (M, N)"""
    y = net(pictures.reshape(-1, *pictures.shape[2:]))
    M, N = pictures.shape[:2]
    return y.reshape(M, N, -1)[:, np.arange(N), np.broadcast_to(np.asarray(c), N)]


def gradients(net, pictures, c, seed):
    """dy_c/dx at each.  pictures (M, N, C, H, W), c: a class, or N of them -> (M, N, C, H, W)"""
    M, N = pictures.shape[:2]
    x = Tensor(pictures.reshape(-1, *pictures.shape[2:]), "x")
    return gradient(net(x), np.tile(np.broadcast_to(np.asarray(c), N), M), x, seed).reshape(pictures.shape)
