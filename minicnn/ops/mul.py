"""Lesson 1."""

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Mul(Op):
    """y = x z, elementwise, with broadcasting."""

    x: Array
    z: Array
    y_ndim: int

    def forward(self, x: Array, z: Array) -> Array:
        self.x, self.z = x, z
        y = x * z
        self.y_ndim = y.ndim
        return y

    def gx(self, gy: Array) -> Array:
        return sum_to(gy * self.z, self.x.shape, self.y_ndim)

    def gz(self, gy: Array) -> Array:
        return sum_to(gy * self.x, self.z.shape, self.y_ndim)
