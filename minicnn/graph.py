"""Tensors that remember the operation that made them, and how to find one of them by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any, TypeAlias

import numpy as np

from minicnn.errors import Error, GraphError

Array = np.ndarray  # or CuPy's, on a GPU
Tensors: TypeAlias = "Tensor | Sequence[Tensor] | Mapping[str, Tensor]"


class Tensor:
    """An array that remembers where it came from.

    data: the array, any shape; name: what `find` and rule tables know it by; op: the operation that made it
    (None for an input or a weight); layer: the layer that applied that operation, if one did.
    """

    __slots__ = ("data", "layer", "name", "op")
    data: Array
    name: str | None
    op: Op | None
    layer: Any
    __array_ufunc__ = None  # np.ones(3) * tensor is an error instead of an array of objects

    def __init__(self, data: Array, name: str | None = None, op: Op | None = None, layer: Any = None) -> None:
        self.data, self.name, self.op, self.layer = data, name, op, layer

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes, such as (N, C, H, W)."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return self.data.ndim

    @property
    def dtype(self) -> np.dtype:
        """The kind of number: float32, or float64 for verifying."""
        return self.data.dtype

    def __repr__(self) -> str:
        made = f", made by {type(self.op).__name__}" if self.op else ""
        return f"Tensor({self.name or 'unnamed'}: {tuple(self.shape)} {self.dtype}{made})"


class Op:
    """One application of an equation: `forward`, and one method per input, named after it, for the backward
    pass.

    forward(self, x, W, b) is followed by gx, gW, gb; forward(self, *xs) by gxs, which returns a list.  An
    input without such a method (labels, running statistics) passes no signal.  Every method takes gy, the
    signal at the output (..., *y.shape), and returns the signal towards its input (..., *x.shape).
    """

    weights: tuple[
        str, ...
    ] = ()  # the inputs that are weights: a rule replaces the gradient towards the others only
    # an elementwise nonlinearity: a rule table must say what it does here; what it remembers has the shape of
    # y
    activation: bool = False
    mixes: bool = False  # whether a place of y sees all places of x, as a product of matrices does
    fractions: bool = False  # whether whole numbers, whose sums and differences wrap around, are refused

    inputs: tuple[Any, ...]  # what it was applied to: tensors, and arrays that carry no signal

    def forward(self, *inputs: Any, **named: Any) -> Array:
        """The equation: arrays in, an array out.  Remembers, as named attributes, what the gradients need."""
        raise NotImplementedError

    def __call__(self, *inputs: Any, name: str | None = None, layer: Any = None) -> Any:
        """Tensors in, a tensor out; arrays in, an array out, and nothing is remembered."""
        if vars(self).keys() & {"inputs", "released"}:
            raise GraphError(
                f"this {type(self).__name__} was applied already; make a new one for each application"
            )
        data = self._applied(inputs)
        self.inputs = inputs
        if not any(isinstance(i, Tensor) for i in inputs):
            return data
        return Tensor(data, name, op=self, layer=layer)

    def _applied(self, inputs):
        """forward of the inputs' arrays, or a GraphError that says what it was applied to."""
        what, arrays = type(self).__name__, [i.data if isinstance(i, Tensor) else i for i in inputs]
        numbers = [isinstance(i, Number) for i in inputs]  # an operand beside an array may be one
        for number, array in zip(numbers, arrays):
            if array is None or (number and not all(numbers)):
                continue
            if getattr(getattr(array, "dtype", None), "kind", "O") not in "biufc":
                raise GraphError(f"{what} takes arrays of numbers, not {_described(array)}")
        kind = getattr(getattr(arrays[0], "dtype", None), "kind", "f") if arrays else "f"
        if self.fractions and kind not in "fc":
            raise GraphError(f"{what} takes fractions, not {arrays[0].dtype}: astype(np.float32) makes them")
        try:
            return self.forward(*arrays)
        except Error:
            raise
        except MISFITS as error:
            given = " and ".join(_described(array) for array in arrays) or "nothing"
            raise GraphError(f"{what} cannot be applied to {given}: {error}") from error


# what NumPy and Python raise where shapes, types and options do not fit each other
MISFITS = (ValueError, TypeError, AttributeError, IndexError, OverflowError, ZeroDivisionError)


def _described(x):
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"{tuple(x.shape)} {x.dtype}"
    return type(x).__name__


def one_hot(y: Tensor, c: Any) -> Array:
    """The signal that asks for class c: 1 at c, 0 elsewhere.

    y: a tensor of scores (N, classes), or of feature maps (N, K, h, w).  c: a class, or N classes, one per
    picture; for feature maps a unit (k, i, j).  -> array of y's shape and dtype.
    """
    start = np.zeros_like(y.data)
    where = tuple(c) if y.ndim > 2 and np.iterable(c) else (c,)
    if y.ndim < 2:
        raise GraphError(f"scores {tuple(y.shape)} need a batch axis in front: (1, classes)")
    if len(where) != y.ndim - 1:
        raise GraphError(
            f"a unit of {y.name or 'a tensor'} {tuple(y.shape)} has {y.ndim - 1} coordinates, not "
            f"{len(where)}"
        )
    for index, size in zip(where, y.shape[1:]):
        index = np.asarray(index)
        if index.dtype.kind not in "iu" or np.any(index < 0) or np.any(index >= size):
            raise GraphError(
                f"{index.tolist()} is no index into {size} (0 to {size - 1}) of {y.name or 'a tensor'} "
                f"{tuple(y.shape)}"
            )
        if index.ndim > 1 or index.size not in (1, y.shape[0]):
            raise GraphError(
                f"give one class, or one for each of the {y.shape[0]} pictures, not {index.size}"
            )
    pictures = np.arange(y.shape[0])
    start[(pictures, *(np.asarray(i) for i in where))] = 1
    return start


def history(y: Tensors) -> list[Tensor]:
    """Every tensor that led to y (a tensor, or several), inputs before outputs, y last."""
    order, seen, todo = [], set(), [(t, False) for t in reversed(several(y))]
    while todo:
        tensor, inputs_done = todo.pop()
        if inputs_done:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            todo.append((tensor, True))
            if tensor.op:
                todo.extend((i, False) for i in reversed(inputs_of(tensor.op)) if isinstance(i, Tensor))
    return order


def names(y: Tensors) -> dict[str, Tensor | None]:
    """{name: tensor} for everything named in y's history.

    A layer applied twice gives relu1 and relu1:2.  A name that two different makers use is given to neither:
    its value is None.
    """
    found: dict[str, Tensor | None] = {}
    times: dict[str, int] = {}
    for tensor in history(y):
        if tensor.name is None:
            continue
        first = found.get(tensor.name)
        if tensor.name not in found:
            found[tensor.name] = tensor
        elif first is not None and tensor.layer is not None and first.layer is tensor.layer:
            times[tensor.name] = times.get(tensor.name, 1) + 1
            found[f"{tensor.name}:{times[tensor.name]}"] = tensor
        else:
            found[tensor.name] = None
    return found


def find(y: Tensors, name: str) -> Tensor:
    """The tensor called `name` in y's history.

    GraphError if there is none, or if two different makers use the name.
    """
    known = names(y)
    if name not in known:
        maps = [n for n, tensor in known.items() if tensor is not None and tensor.op and tensor.ndim == 4]
        near = difflib.get_close_matches(str(name), known, n=3) or maps[-5:] or list(known)[-5:]
        raise GraphError(
            f"no tensor is called '{name}' among those that lead to {getattr(y, 'name', None) or 'y'}; there "
            f"is {', '.join(near) or 'no named one'}"
        )
    tensor = known[name]
    if tensor is None:
        raise GraphError(f"the name '{name}' is ambiguous: several operations gave it to their output")
    return tensor


def several(tensors: Tensors) -> list[Tensor]:
    """One tensor, or a list or dict of them -> a list."""
    if isinstance(tensors, Mapping):
        return [t for t in tensors.values() if t is not None]
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]  # type: ignore[list-item]


def inputs_of(op: Op) -> tuple[Any, ...]:
    """What the operation was applied to.  GraphError if that was released."""
    if not hasattr(op, "inputs"):
        raise GraphError(
            "these memories were released by backward(..., release=True); run the forward pass again"
        )
    return op.inputs


def forget(op: Op) -> None:
    """Release what the operation remembers."""
    vars(op).clear()
    op.released = True
