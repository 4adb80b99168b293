"""Many forward passes, in batches of bounded memory, with a bar if they take more than a second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcam.methods.gradient import gradient
from gradcam.outputs import each
from gradcam.target import Target
from minicnn import Tensor

BYTES = 8 << 20  # of input in one pass


def batch_size(x: np.ndarray, most: int = BYTES) -> int:
    """How many inputs like x go into one pass."""
    return max(1, most // x.nbytes)


def in_batches(count: int, size: int, what: str, progress: bool) -> Iterator[slice]:
    """Slices of range(count), `size` long, under a progress bar."""
    from tqdm import tqdm  # here, as starting the command without it is quicker

    with tqdm(total=count, desc=what, unit="pass", disable=not progress, leave=False, delay=1) as bar:
        for first in range(0, count, size):
            yield slice(first, min(first + size, count))
            bar.update(min(size, count - first))


def numbers(net: Any, pictures: np.ndarray, c: Any) -> np.ndarray:
    """y_c of each picture, nothing remembered.  pictures (M, N, C, H, W), c:
    a class or another target -> (M, N)
    """
    M, N = pictures.shape[:2]
    y = net(pictures.reshape(-1, *pictures.shape[2:]))
    return Target.of(c).numbers(each(lambda y: y.reshape(M, N, *y.shape[1:]), y))


def gradients(net: Any, pictures: np.ndarray, c: Any, start: str = "score") -> np.ndarray:
    """dy_c/dx at each picture.  pictures (M, N, C, H, W), c: a class or another target -> (M, N, C, H, W)"""
    x = Tensor(pictures.reshape(-1, *pictures.shape[2:]), "x")
    target = Target.of(c, start).repeated(len(pictures))
    return gradient(net(x), target, x).reshape(pictures.shape)
