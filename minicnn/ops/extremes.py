"""The larger and the smaller of two, value by value."""

import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Maximum(Op):
    """y = max(x, z), with broadcasting.  The larger gets the signal; equals get half of it each."""

    x: Array
    z: Array
    y_ndim: int

    def forward(self, x: Array, z: Array) -> Array:
        self.x, self.z = x, z
        y = self.chosen(x, z)
        self.y_ndim = y.ndim
        return y

    def chosen(self, x: Array, z: Array) -> Array:
        """The one of the two that y is."""
        return np.maximum(x, z)

    def share(self, x: Array, z: Array) -> Array:
        """How much of the signal goes to x."""
        return (1 + np.sign(x - z)) / 2

    def gx(self, gy: Array) -> Array:
        return sum_to(gy * self.share(self.x, self.z), self.x.shape, self.y_ndim)

    def gz(self, gy: Array) -> Array:
        return sum_to(gy * self.share(self.z, self.x), self.z.shape, self.y_ndim)


class Minimum(Maximum):
    """y = min(x, z), with broadcasting.  The smaller gets the signal; equals get half of it each."""

    def chosen(self, x: Array, z: Array) -> Array:
        return np.minimum(x, z)

    def share(self, x: Array, z: Array) -> Array:
        return (1 + np.sign(z - x)) / 2
