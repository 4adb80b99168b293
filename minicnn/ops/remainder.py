import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Remainder(Op):
    """y = x - n z, n = floor(x / z): what a division leaves, with the sign of z; so gx = gy and gz = -n gy.

    truncated: n = x / z without its digits behind the point, so y has the sign of x (C's fmod).
    """

    truncated: bool
    x: Array
    z: Array
    y: Array

    def __init__(self, truncated: bool = False) -> None:
        self.truncated = truncated

    def forward(self, x: Array, z: Array) -> Array:
        self.x, self.z = x, z
        self.y = np.fmod(x, z) if self.truncated else np.remainder(x, z)
        return self.y

    def gx(self, gy: Array) -> Array:
        return sum_to(gy, self.x.shape, self.y.ndim)

    def gz(self, gy: Array) -> Array:
        n = np.round((self.x - self.y) / self.z)
        return sum_to(-n * gy, self.z.shape, self.y.ndim)
