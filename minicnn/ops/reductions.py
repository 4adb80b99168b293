"""The largest, the smallest, the product, the length and the soft maximum of many values."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.options import number
from minicnn.ops.reduction import Axes, Reduction


class MaxOver(Reduction):
    """y = the largest of x over some axes.  It gets the signal; equals share it evenly."""

    x: Array
    y: Array

    def forward(self, x: Array) -> Array:
        self.look_at(x)
        self.x, self.y = x, self.chosen(x)
        return self.y if self.keepdims else self.y.reshape(self._shape())

    def chosen(self, x: Array) -> Array:
        """What y is, its axes kept."""
        return x.max(axis=self.axes, keepdims=True)

    def gx(self, gy: Array) -> Array:
        at = self.x == self.y
        return self.kept(gy) * at / at.sum(axis=self.axes, keepdims=True).astype(self.x.dtype)

    def _shape(self):
        n = len(self.x_shape)
        return tuple(size for i, size in enumerate(self.x_shape) if i - n not in self.axes)


class MinOver(MaxOver):
    """y = the smallest of x over some axes.  It gets the signal; equals share it evenly."""

    def chosen(self, x: Array) -> Array:
        return x.min(axis=self.axes, keepdims=True)


class Prod(Reduction):
    """y = the product of x over some axes, so dy/dx_i is the product of all others, also where x_i = 0."""

    x: Array

    def forward(self, x: Array) -> Array:
        self.look_at(x)
        self.x = x
        return x.prod(axis=self.axes, keepdims=self.keepdims)

    def gx(self, gy: Array) -> Array:
        others, products = np.ones_like(self.x), self.x
        for axis in self.axes:  # the others on the same line, then the other lines
            others = others * self._others(products, axis)
            products = products.prod(axis=axis, keepdims=True)
        return self.kept(gy) * others

    def _others(self, line, axis):
        line = np.moveaxis(line, axis, 0)
        one = np.ones_like(line[:1])
        before = np.cumprod(np.concatenate([one, line[:-1]]), axis=0)
        behind = np.flip(np.cumprod(np.concatenate([one, np.flip(line[1:], 0)]), axis=0), 0)
        return np.moveaxis(before * behind, 0, axis)


class Norm(Reduction):
    """y = (sum |x|^p)^(1/p) over some axes, so dy/dx = sign(x) (|x|/y)^(p-1), and 0 where y = 0."""

    p: float
    x: Array
    y: Array

    def __init__(self, p: float = 2, axis: Axes = None, keepdims: bool = False) -> None:
        super().__init__(axis, keepdims)
        self.p = number(p)

    def forward(self, x: Array) -> Array:
        self.look_at(x)
        self.x = x
        if self.p == 2:
            y = np.sqrt((x * x).sum(axis=self.axes, keepdims=self.keepdims))
        else:
            y = (abs(x) ** self.p).sum(axis=self.axes, keepdims=self.keepdims) ** (1 / self.p)
        self.y = y
        return y

    def gx(self, gy: Array) -> Array:
        y = self.kept(self.y)
        ratio = abs(self.x) / np.where(y == 0, 1, y)
        return self.kept(gy) * np.sign(self.x) * (ratio if self.p == 2 else ratio ** (self.p - 1))


class LogSumExp(Reduction):
    """y = ln sum e^x over some axes, shifted by the maximum, so dy/dx = e^(x - y): a softmax."""

    x: Array
    y: Array

    def forward(self, x: Array) -> Array:
        self.look_at(x)
        top = x.max(axis=self.axes, keepdims=True)
        top = np.where(abs(top) < np.inf, top, 0)
        y = np.log(np.exp(x - top).sum(axis=self.axes, keepdims=True)) + top
        self.x = x
        self.y = y if self.keepdims else y.sum(axis=self.axes)
        return self.y

    def gx(self, gy: Array) -> Array:
        return self.kept(gy) * np.exp(self.x - self.kept(self.y))
