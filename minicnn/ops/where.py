import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Where(Op):
    """y = x where c, z elsewhere, with broadcasting.  Each gets the signal of the places where it stands.

    c: True or False, which no signal reaches.
    """

    c: Array
    x_shape: tuple[int, ...]
    z_shape: tuple[int, ...]
    y_ndim: int

    def forward(self, c: Array, x: Array, z: Array) -> Array:
        self.c, self.x_shape, self.z_shape = c, x.shape, z.shape
        y = np.where(c, x, z)
        self.y_ndim = y.ndim
        return y

    def gx(self, gy: Array) -> Array:
        return sum_to(np.where(self.c, gy, 0), self.x_shape, self.y_ndim)

    def gz(self, gy: Array) -> Array:
        return sum_to(np.where(self.c, 0, gy), self.z_shape, self.y_ndim)
