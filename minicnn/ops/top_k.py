import numpy as np

from minicnn.graph import Array, GraphError, Op


def _negative(x):
    """-x, or what comes in the same order where whole numbers would wrap around."""
    return ~x if x.dtype.kind in "biu" else -x


class TopK(Op):
    """y = the k largest values along an axis, the largest first; equals in the order in which they stand.

    Each sends its signal back to where it stood.  largest=False: the smallest.  `index`: where they stood.
    """

    k: int
    axis: int
    largest: bool
    from_right: int
    x_shape: tuple[int, ...]
    index: Array

    def __init__(self, k: int, axis: int = -1, largest: bool = True) -> None:
        self.k, self.axis, self.largest = k, axis, largest

    def forward(self, x: Array) -> Array:
        if not 0 <= self.k <= x.shape[self.axis]:
            raise GraphError(f"there are {x.shape[self.axis]} values, not {self.k}")
        self.x_shape, self.from_right = x.shape, self.axis % x.ndim - x.ndim
        order = np.argsort(_negative(x) if self.largest else x, axis=self.from_right, kind="stable")
        self.index = np.moveaxis(np.moveaxis(order, self.from_right, -1)[..., : self.k], -1, self.from_right)
        return np.take_along_axis(x, self.index, axis=self.from_right)

    def gx(self, gy: Array) -> Array:
        g = np.zeros_like(gy, shape=(*gy.shape[: gy.ndim - len(self.x_shape)], *self.x_shape))
        at = [
            np.arange(n).reshape(-1, *[1] * (len(self.x_shape) - i - 1))
            for i, n in enumerate(self.index.shape)
        ]
        at[self.from_right] = self.index
        g[(..., *at)] = gy
        return g
