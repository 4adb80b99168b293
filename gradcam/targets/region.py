from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.outputs import chosen
from gradcam.target import Start, Target, at_output, class_name
from minicnn import GraphError


@dataclass(frozen=True, eq=False)
class Region(Target):
    """The scores of class c, summed over a region of a map: sum_ij m_ij y_cij (Vinogradova et al. 2020,
    Seg-Grad-CAM).

    c      a class of an output (N, classes, H, W), of a segmentation say; None for an output (N, H, W), or
           with a single class
    mask   m: (H, W) or (N, H, W), bools or shares; larger or smaller than the map, each cell counts as much
           as the mask fills it; of another shape, it is an error.  "predicted": where c is the strongest
           class.  None: everywhere
    box    (left, top, right, bottom), in shares of width and height, instead of a mask
    """

    c: Any
    mask: Any = None
    box: tuple[float, float, float, float] | None = None
    output: str | int | None = None

    def __post_init__(self) -> None:
        if self.mask is not None and self.box is not None:
            raise GraphError("a region is given by a mask or by a box, not by both")
        if isinstance(self.mask, str) and self.mask != "predicted":
            raise GraphError(f"a mask is an array (H, W) or 'predicted', not {self.mask!r}")
        if not isinstance(self.mask, str) and self.mask is not None:
            mask = np.asarray(self.mask)
            if mask.dtype.kind not in "bfiu" or mask.ndim not in (2, 3) or not np.any(mask):
                raise GraphError(
                    f"a mask is an array (H, W) with something in it, not {mask.shape} {mask.dtype}"
                )
        if self.box is not None:
            numbers = len(self.box) == 4 and all(np.isscalar(v) and np.isreal(v) for v in self.box)
            if not numbers or not (
                0 <= self.box[0] < self.box[2] <= 1 and 0 <= self.box[1] < self.box[3] <= 1
            ):
                raise GraphError(f"a box is (left, top, right, bottom) in shares from 0 to 1, not {self.box}")

    def begin(self, y: Any) -> Start:
        y = chosen(y, self.output)
        return y, self._signal(y.data)

    def numbers(self, y: Any) -> np.ndarray:
        y = chosen(y, self.output)
        return (y * self._signal(y[0])).sum(axis=tuple(range(2, y.ndim)))

    def settled(self, y: Any, by: str | None = None) -> Target:
        return self._where(chosen(y, self.output).data)

    def _where(self, y):
        """The same, with the mask that is left to the network, and the only class of (N, 1, H, W)."""
        if self.c is None and y.ndim == 4 and y.shape[1] == 1:
            return replace(self, c=0)._where(y)
        self._check(y)
        if not isinstance(self.mask, str):
            return self
        inside = y.argmax(axis=1) == self.c
        if not inside.any(axis=(1, 2)).all():
            raise GraphError(f"nowhere is class {self.c} the strongest: give a mask or a box")
        return replace(self, mask=inside)

    def _signal(self, y):
        """m where class c is, 0 elsewhere: of y's shape."""
        region = self._where(y)
        signal = np.zeros_like(y)
        where = signal if region.c is None else signal[:, region.c]
        where[...] = region._weights(y.shape[-2:], y)
        return signal

    def _weights(self, size, y):
        if self.mask is None and self.box is None:
            return 1
        if self.box is not None:
            left, top, right, bottom = self.box
            rows, columns = (_inside(*v) for v in ((top, bottom, size[0]), (left, right, size[1])))
            return np.asarray(rows[:, None] * columns, y.dtype, like=y)
        mask = np.asarray(self.mask, np.float64)
        if mask.ndim == 3 and len(mask) not in (1, len(y)):
            raise GraphError(f"{len(mask)} masks for {len(y)} pictures: give one, or one for each")
        if not _alike(mask.shape[-2:], size):
            raise GraphError(
                f"a mask of {_by(mask.shape[-2:])} would be stretched to the output's {_by(size)} places: "
                "bring it to the network's input first, as the photo was, or to those places"
            )
        return np.asarray(filled(mask, size), y.dtype, like=y)

    def _check(self, y):
        if y.ndim != (3 if self.c is None else 4):
            wanted = "(N, H, W), as no class was given" if self.c is None else "(N, classes, H, W)"
            raise GraphError(f"a region is of an output {wanted}, not {tuple(y.shape)}")
        if self.c is not None and not (np.asarray(self.c).dtype.kind in "iu" and 0 <= self.c < y.shape[1]):
            raise GraphError(f"there is no class {self.c}: the output {tuple(y.shape)} has {y.shape[1]}")

    def repeated(self, M: int) -> Target:
        per_picture = not isinstance(self.mask, (str, type(None))) and np.ndim(self.mask) == 3
        return replace(self, mask=np.concatenate([self.mask] * M)) if per_picture else self

    def numbered(self, index: Callable[[str], int]) -> Target:
        return self if self.c is None else replace(self, c=index(self.c))

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        what = "the output" if self.c is None else class_name(self.c, name)
        where = "everywhere" if self.mask is None and self.box is None else "inside a mask"
        if self.box is not None:
            where = "inside the box {:g}, {:g}, {:g}, {:g}".format(*self.box)
        return f"the sum of the scores of {what} {where}{at_output(self.output)}"


def _alike(size, other):
    """Whether two sizes have one shape, but for a cell that rounding gives or takes."""
    (h, w), (H, W) = size, other
    return abs(h * W / w - H) < 1 or abs(w * H / h - W) < 1


def _by(size):
    return " x ".join(map(str, size))


def filled(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """How much of each cell a mask fills, (..., h, w) -> (..., H, W): a mean over the pixels in the cell,
    each as much as it overlaps.
    """
    rows, columns = (overlap(n, N) for n, N in zip(mask.shape[-2:], size))
    return rows @ mask @ columns.T


def overlap(n: int, N: int) -> np.ndarray:
    """R (N, n): which share of cell i lies in pixel j, N cells and n pixels being equally long."""
    i, j = np.arange(N)[:, None] / N, np.arange(n) / n
    length = np.minimum(i + 1 / N, j + 1 / n) - np.maximum(i, j)
    R = np.maximum(length, 0) * N
    return np.where(R < 1e-12, 0, R)


def _inside(low, high, N):
    """Which share of each of N equal cells lies between two places from 0 to 1 -> (N,)"""
    i = np.arange(N)
    return np.clip(np.minimum((i + 1) / N, high) - np.maximum(i / N, low), 0, None) * N
