import numpy as np

from minicnn.graph import Array
from minicnn.ops.avgpool import AvgPool
from minicnn.ops.options import number
from minicnn.windows import Pair, Sides


class LpPool(AvgPool):
    """y = (sum |x|^p)^(1/p) over each window, so dy/dx = sign(x) (|x|/y)^(p-1), and 0 where y = 0.

    kernel, stride, pad, ceil, dilation as in MaxPool.
    """

    p: float
    x: Array
    y: Array

    def __init__(
        self,
        p: float,
        kernel: Pair,
        stride: Pair | None = None,
        pad: Sides = 0,
        ceil: bool = False,
        dilation: Pair = 1,
    ) -> None:
        super().__init__(kernel, stride, pad, ceil, dilation=dilation, divisor=1)
        self.p = number(p)

    def forward(self, x: Array) -> Array:
        self.x = x
        self.y = super().forward(abs(x) ** self.p) ** (1 / self.p)
        return self.y

    def gx(self, gy: Array) -> Array:
        down = np.where(self.y == 0, 0, gy / np.where(self.y == 0, 1, self.y) ** (self.p - 1))
        return super().gx(down) * np.sign(self.x) * abs(self.x) ** (self.p - 1)
