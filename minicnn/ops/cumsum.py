import numpy as np

from minicnn.graph import Array, Op


class CumSum(Op):
    """y_i = x_0 + ... + x_i along an axis, so gx_i = gy_i + gy_i+1 + ...

    exclusive: y_i = x_0 + ... + x_i-1; reverse: sums from the end.
    """

    mixes: bool = True
    axis: int
    exclusive: bool
    reverse: bool
    from_right: int

    def __init__(self, axis: int = -1, exclusive: bool = False, reverse: bool = False) -> None:
        self.axis, self.exclusive, self.reverse = axis, exclusive, reverse

    def forward(self, x: Array) -> Array:
        self.from_right = self.axis % x.ndim - x.ndim
        return self._sums(x, self.reverse)

    def gx(self, gy: Array) -> Array:
        return self._sums(gy, not self.reverse)

    def _sums(self, v, reverse):
        v = np.flip(v, self.from_right) if reverse else v
        s = np.cumsum(v, axis=self.from_right)
        if self.exclusive:
            first = np.moveaxis(s, self.from_right, 0)
            s = np.moveaxis(np.concatenate([np.zeros_like(first[:1]), first[:-1]]), 0, self.from_right)
        return np.flip(s, self.from_right) if reverse else s
