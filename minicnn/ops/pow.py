import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Pow(Op):
    """y = x^z, with broadcasting, so gx = gy z x^(z-1) and gz = gy y ln x; at x = 0 no signal goes to z."""

    x: Array
    z: Array
    y: Array

    def forward(self, x: Array, z: Array) -> Array:
        self.x, self.z = x, z
        self.y = x**z
        return self.y

    def gx(self, gy: Array) -> Array:
        slope = np.where(self.z == 0, 0, self.z * self.x ** np.where(self.z == 0, 0, self.z - 1))
        return sum_to(gy * slope, self.x.shape, self.y.ndim)

    def gz(self, gy: Array) -> Array:
        slope = self.y * np.log(np.where(self.x == 0, 1, self.x))
        return sum_to(gy * slope, self.z.shape, self.y.ndim)


class Sqrt(Op):
    """y = sqrt(x), so dy/dx = 1 / (2 y)."""

    y: Array

    def forward(self, x: Array) -> Array:
        self.y = np.sqrt(x)
        return self.y

    def gx(self, gy: Array) -> Array:
        return gy / (2 * self.y)
