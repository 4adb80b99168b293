"""What all operations share that make one value of many, along some axes."""

from minicnn.graph import Array, Op

Axes = int | tuple[int, ...] | None


class Reduction(Op):
    """y = one value for each line of x along some axes (default: all of them)."""

    axis: Axes
    keepdims: bool
    axes: tuple[int, ...]
    x_shape: tuple[int, ...]

    def __init__(self, axis: Axes = None, keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    def look_at(self, x: Array) -> None:
        """Remember x's shape, and the axes as counted from the right."""
        axes = (
            range(x.ndim) if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        )
        self.x_shape, self.axes = x.shape, tuple(sorted(a % x.ndim - x.ndim for a in axes))

    def kept(self, gy: Array) -> Array:
        """gy (..., *y.shape) with an axis of size 1 in place of each that was reduced."""
        kept = len(self.x_shape) if self.keepdims else len(self.x_shape) - len(self.axes)
        ones = [1 if i - len(self.x_shape) in self.axes else n for i, n in enumerate(self.x_shape)]
        return gy.reshape((*gy.shape[: gy.ndim - kept], *ones))
