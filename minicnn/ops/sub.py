from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class Sub(Op):
    """y = x - z, with broadcasting."""

    x_shape: tuple[int, ...]
    z_shape: tuple[int, ...]
    y_ndim: int

    def forward(self, x: Array, z: Array) -> Array:
        self.x_shape, self.z_shape = x.shape, z.shape
        y = x - z
        self.y_ndim = y.ndim
        return y

    def gx(self, gy: Array) -> Array:
        return sum_to(gy, self.x_shape, self.y_ndim)

    def gz(self, gy: Array) -> Array:
        return sum_to(-gy, self.z_shape, self.y_ndim)
