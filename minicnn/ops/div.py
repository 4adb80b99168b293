from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Div(Op):
    """y = x / z, with broadcasting, so gx = gy / z and gz = -gy y / z."""

    x_shape: tuple[int, ...]
    z: Array
    y: Array

    def forward(self, x: Array, z: Array) -> Array:
        self.x_shape, self.z = x.shape, z
        self.y = x / z
        return self.y

    def gx(self, gy: Array) -> Array:
        return sum_to(gy / self.z, self.x_shape, self.y.ndim)

    def gz(self, gy: Array) -> Array:
        return sum_to(-gy * self.y / self.z, self.z.shape, self.y.ndim)
