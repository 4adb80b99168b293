"""What the output would have been, had a tensor in between had other values."""

import copy

import numpy as np

from minicnn.graph import Array, GraphError, Op, Tensor, history, inputs_of


def again(op: Op) -> Op:
    """An operation of the same kind with the same options, not applied yet."""
    twin = copy.copy(op)
    vars(twin).pop("inputs", None)
    return twin


def replay(y: Tensor, A: Tensor, values: Array) -> Array:
    """Run the operations between A and y once more, on other values of A.

    y, A: tensors; values (M*N, ...): arrays like A's (N, ...), one behind the other -> array (M*N, ...), like
    y's.  What does not depend on A is not computed again, and nothing is remembered.  GraphError if y does
    not depend on A.
    """
    found, times = {A: values}, len(values) // len(A.data)
    last = {
        i: tensor for tensor in history(y) if tensor.op for i in inputs_of(tensor.op) if isinstance(i, Tensor)
    }
    for tensor in history(y):
        if (
            tensor in found
            or not tensor.op
            or not any(isinstance(i, Tensor) and i in found for i in tensor.op.inputs)
        ):
            continue
        twin = _for_as_many(again(tensor.op), tensor, times)
        found[tensor] = twin.forward(*(_value(i, found, times) for i in tensor.op.inputs))
        for i in [i for i in found if last.get(i) is tensor]:
            del found[i]  # nobody needs it any more
    if y not in found:
        raise GraphError(
            f"{y.name or 'y'} does not depend on {A.name or 'the tensor that was given other values'}"
        )
    return found[y]


def _for_as_many(op, y, times):
    """The operation that made y; one that names N pictures in its shape, as a Reshape may, names M*N."""
    shape = getattr(op, "shape", None)
    if shape and shape[0] == len(y.data):
        op.shape = (times * shape[0], *shape[1:])
    return op


def _value(i, found, times):
    """What stands in for an input: its new values, or its old ones, as often as there are batches; weights
    stay as they are."""
    if not isinstance(i, Tensor):
        return i
    if i in found:
        return found[i]
    return np.concatenate([i.data] * times) if i.op and times > 1 else i.data
