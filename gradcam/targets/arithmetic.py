"""Arithmetic that remembers: a tensor in NumPy's notation, so that a function written for arrays has a
derivative.

    y = Traced(tensor)                           # y + 1, 2 * y, y[:, 3], y.sum(axis=1), np.exp(y), ...
    (np.exp(y[:, 3]) / np.exp(y).sum(axis=1)).tensor

Each function of NumPy stands in a table with its derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import Add, GraphError, MatMul, Mean, Mul, Op, Reshape, Sum, Tensor, Transpose

SLOPES: dict[np.ufunc, Callable[[Any, Any], Any]] = {  # f: (x, f(x)) -> f'(x)
    np.exp: lambda x, y: y,
    np.log: lambda x, y: 1 / x,
    np.log1p: lambda x, y: 1 / (1 + x),
    np.expm1: lambda x, y: y + 1,
    np.sqrt: lambda x, y: 1 / (2 * y),
    np.square: lambda x, y: 2 * x,
    np.reciprocal: lambda x, y: -y * y,
    np.tanh: lambda x, y: 1 - y * y,
    np.sin: lambda x, y: np.cos(x),
    np.cos: lambda x, y: -np.sin(x),
    np.absolute: lambda x, y: np.sign(x),
    np.negative: lambda x, y: -np.ones_like(x),
}
PAIRS: dict[np.ufunc, Callable[[Any, Any], Any]] = {  # of two numbers, at least one of which remembers
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.true_divide: lambda a, b: a / b,
    np.power: lambda a, b: a**b,
    np.matmul: lambda a, b: a @ b,
    np.maximum: lambda a, b: _larger(a, b),
    np.minimum: lambda a, b: -_larger(-a, -b),
}


class Elementwise(Op):
    """y = f(x), so dy/dx = f'(x)."""

    def __init__(self, f: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> None:
        self.f, self.slope = f, slope

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x, self.y = x, self.f(x)
        return self.y

    def gx(self, gy: np.ndarray) -> np.ndarray:
        return gy * self.slope(self.x, self.y)


class Index(Op):
    """y = x[index], of slices, numbers, lists and masks; what is taken twice gets both signals."""

    def __init__(self, index: Any) -> None:
        self.index = index if isinstance(index, tuple) else (index,)

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = x[self.index]
        self.x_shape, self.y_ndim = x.shape, y.ndim
        return y

    def gx(self, gy: np.ndarray) -> np.ndarray:
        lead = gy.shape[: gy.ndim - self.y_ndim]
        rows = gy.reshape(-1, *gy.shape[len(lead) :])
        g = np.zeros_like(gy, shape=(len(rows), *self.x_shape))
        for to, row in zip(g, rows):
            np.add.at(to, self.index, row)
        return g.reshape(*lead, *self.x_shape)


class Traced:
    """A tensor that answers NumPy's operators and functions; `tensor` is what it stands for."""

    __array_priority__ = 1000

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    shape = property(lambda self: self.tensor.shape)
    ndim = property(lambda self: self.tensor.ndim)
    dtype = property(lambda self: self.tensor.dtype)
    T = property(lambda self: Traced(Transpose(tuple(range(self.ndim))[::-1])(self.tensor)))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Traced:
        if method != "__call__" or options:
            raise GraphError(f"np.{ufunc.__name__}.{method} with options has no derivative here")
        if ufunc in SLOPES:
            return Traced(Elementwise(ufunc, SLOPES[ufunc])(self.tensor))
        if ufunc in PAIRS:
            a, b = (i if isinstance(i, Traced) else constant(i, self.dtype) for i in inputs)
            return PAIRS[ufunc](a, b)
        known = ", ".join(sorted(f.__name__ for f in (*SLOPES, *PAIRS)))
        raise GraphError(f"np.{ufunc.__name__} has no derivative here; there is {known}")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        method = {np.sum: Traced.sum, np.mean: Traced.mean, np.max: Traced.max, np.min: Traced.min}.get(
            function
        )
        if method is None:
            raise GraphError(f"np.{function.__name__} has no derivative here: use the methods of arrays")
        return method(*arguments, **options)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise GraphError("a number that remembers is no array: leave np.asarray and float(...) out")

    def __len__(self) -> int:
        return len(self.tensor.data)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Traced:
        return Traced(Index(index)(self.tensor))

    def __add__(self, other: Any) -> Traced:
        return Traced(Add()(self.tensor, _tensor(other, self.dtype)))

    def __mul__(self, other: Any) -> Traced:
        return Traced(Mul()(self.tensor, _tensor(other, self.dtype)))

    def __matmul__(self, other: Any) -> Traced:
        return Traced(MatMul()(self.tensor, _tensor(other, self.dtype)))

    def __pow__(self, n: Any) -> Traced:
        if isinstance(n, Traced):
            return np.exp(np.log(self) * n)
        return Traced(Elementwise(lambda x: x**n, lambda x, y: n * x ** (n - 1))(self.tensor))

    def __neg__(self) -> Traced:
        return np.negative(self)

    def __abs__(self) -> Traced:
        return np.absolute(self)

    def __sub__(self, other: Any) -> Traced:
        return self + -other

    def __truediv__(self, other: Any) -> Traced:
        return self * (np.reciprocal(other) if isinstance(other, Traced) else 1 / np.asarray(other))

    def __rsub__(self, other: Any) -> Traced:
        return -self + other

    def __rtruediv__(self, other: Any) -> Traced:
        return np.reciprocal(self) * other

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """The sum over some axes (default: all)."""
        return Traced(Sum(axis, keepdims)(self.tensor))

    def mean(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """The mean over some axes (default: all)."""
        return Traced(Mean(axis, keepdims)(self.tensor))

    def max(self, axis: int | None = None) -> Traced:
        """The largest value along an axis (default: of all); of equal ones, the first gets the signal."""
        values = self.tensor.data
        first = values.argmax(axis)
        if axis is None:
            return self[np.unravel_index(first, values.shape)]
        index = list(np.indices(first.shape, sparse=True))
        index.insert(axis % values.ndim, first)
        return self[tuple(index)]

    def min(self, axis: int | None = None) -> Traced:
        """The smallest value along an axis, as `max`."""
        return -(-self).max(axis)

    def reshape(self, *shape: Any) -> Traced:
        """The same values in another shape."""
        return Traced(Reshape(shape[0] if np.iterable(shape[0]) else shape)(self.tensor))


def constant(value: Any, dtype: Any) -> Traced:
    """A number that depends on nothing."""
    return Traced(Tensor(np.asarray(value, dtype)))


def _tensor(value, dtype):
    return value.tensor if isinstance(value, Traced) else np.asarray(value, dtype)


def _larger(a, b):
    """max(a, b), elementwise; of two equal numbers the first one gets the signal."""
    first = a.tensor.data >= b.tensor.data
    return a * first + b * ~first
