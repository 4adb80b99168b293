"""What flows along the edges of a graph: tensors where the picture went, plain arrays where only numbers did.

Neutral functions take both; of arrays they make arrays, in NumPy's own types, so shape arithmetic needs no
treatment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn import Steps, Tensor
from weights.errors import WeightsError

Value = Tensor | np.ndarray
Ints = Sequence[int] | np.ndarray


def is_signal(*values: Any) -> bool:
    """Whether any of them is a tensor."""
    return any(isinstance(v, Tensor) for v in values)


def plain(value: Any) -> np.ndarray:
    """The array, of a tensor or array."""
    return np.asarray(getattr(value, "data", value)) if isinstance(value, Tensor) else np.asarray(value)


def number(value: Any, what: str) -> np.ndarray:
    """An array that must not depend on the picture.  WeightsError if it does."""
    if isinstance(value, Tensor) and value.op is not None:
        raise WeightsError(
            f"{what} depends on the picture itself; it must be a number, or follow from shapes"
        )
    return plain(value)


def ints(value: Any) -> list[int]:
    """Whole numbers as a list: of an array, a sequence or one number."""
    return [int(n) for n in np.asarray(value).reshape(-1)]


def alike(*values: Any) -> list[Any]:
    """Numbers and constants in the type of the signals among them."""
    like = next((v.dtype for v in values if isinstance(v, Tensor)), None)
    if like is None:
        return [np.asarray(v) for v in values]
    return [v if isinstance(v, Tensor) or like.kind != "f" else np.asarray(v, like) for v in values]


def in_steps(f: Callable[..., Any], *values: Any) -> Any:
    """f, constant by pieces, of tensors or arrays."""
    return Steps(f)(*values) if is_signal(*values) else f(*values)


def floats(op: Callable[..., Any], f: Callable[..., Any], *values: Any) -> Any:
    """op() of tensors; f of mere numbers, which may be whole ones."""
    return op()(*values) if is_signal(*values) else f(*values)


def channels_like(v: Any, ndim: int) -> Any:
    """(C,) -> (C, 1, 1): one value for each channel of a value with `ndim` axes."""
    from minicnn import Reshape

    return Reshape((*v.shape, *[1] * (ndim - 2)))(v)
