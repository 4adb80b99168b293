import numpy as np

from minicnn.graph import Array, Op
from minicnn.ops.broadcast import sum_to


class PReLU(Op):
    """y = x where x > 0, slope x elsewhere, with a slope that was learned (He et al. 2015, eq. 1).

    x (N, C, ...); slope: any shape that broadcasts to x's, such as (C, 1, 1).
    """

    activation = True
    weights: tuple[str, ...] = ("slope",)
    x: Array
    slopes: Array
    slope_shape: tuple[int, ...]

    def forward(self, x: Array, slope: Array) -> Array:
        self.x, self.slope_shape = x, slope.shape
        self.slopes = np.broadcast_to(slope, x.shape)
        return np.where(x > 0, x, slope * x)

    def gx(self, gy: Array) -> Array:
        return np.where(self.x > 0, gy, self.slopes * gy)

    def gslope(self, gy: Array) -> Array:
        return sum_to(gy * np.minimum(self.x, 0), self.slope_shape, self.x.ndim)
