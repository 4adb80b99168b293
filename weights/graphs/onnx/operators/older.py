"""Operator sets up to 6, and Caffe2's exports: the second of two values may lie along axes in the middle."""

from __future__ import annotations

from typing import Any

from minicnn import Reshape
from weights.graphs.onnx.operators.values import Ints, Value
from weights.graphs.operators import arithmetic, products


def _broadcast(build):
    def computed(
        x: Value,
        z: Value,
        *,
        axis: int | None = None,
        broadcast: int = 0,
        consumed_inputs: Ints | None = None,
    ) -> Any:
        """axis: the first of x's axes along which z lies."""
        if axis is not None and z.ndim:
            z = Reshape((*z.shape, *[1] * (x.ndim - axis % x.ndim - z.ndim)))(z)
        return build(x, z)

    return computed


def gemm(
    x: Value,
    B: Value,
    C: Value | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    broadcast: int = 0,
) -> Value:
    return products.gemm(x, B, C, alpha=alpha, beta=beta, transA=transA, transB=transB)


OPERATORS = {
    "Add": _broadcast(arithmetic.add), "Sub": _broadcast(arithmetic.subtract),
    "Mul": _broadcast(arithmetic.multiply), "Div": _broadcast(arithmetic.divide),
    "Pow": _broadcast(arithmetic.power), "Gemm": gemm,
}  # fmt: skip
