"""PyTorch's tensors in a pickle: a tensor is an offset, a size and strides into a storage; where it was
computed does not matter here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from weights.errors import WeightsError
from weights.readers.mapped_file import MappedFile, dtype_named, elements
from weights.readers.numpy_pickles import CALLS as NUMPY_CALLS
from weights.readers.pickles import Calls, Global

Place = Callable[
    [Any], tuple[MappedFile, int, int]
]  # from a key to the file, and where the numbers begin and how many bytes they are
STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
}
DTYPES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "short": "int16",
    "int": "int32",
    "long": "int64",
}


class Storage:
    """A run of numbers in the file, known by its key; `place(key)` gives (start, bytes) once the pickle has
    been read.
    """

    def __init__(self, dtype: str, key: Any, numel: int, place: Place) -> None:
        if type(numel) is not int or numel < 0:
            raise WeightsError("a storage whose length is no length")
        self.dtype: str = dtype
        self.key: Any = key
        self.numel: int = numel
        self.place: Place = place
        self.made: dict[str, np.ndarray] = {}

    def flat(self, dtype: str) -> np.ndarray:
        """All its numbers, read as `dtype`; made once, shared by every tensor that looks into it."""
        if dtype not in self.made:
            file, start, size = self.place(self.key)
            width = itemsize(dtype)
            count = self.numel * itemsize(self.dtype) // width
            if count * width > size:
                raise WeightsError(
                    f"storage {self.key!r} is said to hold {count} numbers of {width} bytes; {size} "
                    "bytes are there for it"
                )
            self.made[dtype] = file.array(start, dtype_named(dtype), (count,), f"storage {self.key!r}")
        return self.made[dtype]


class StorageView:
    """A part of another storage, as PyTorch before 0.4 wrote them: its numbers begin `offset` further on."""

    def __init__(self, storage: Storage, offset: int, numel: int) -> None:
        if (
            type(offset) is not int
            or type(numel) is not int
            or not 0 <= offset <= offset + numel <= storage.numel
        ):
            raise WeightsError(f"a view that leaves storage {storage.key!r}")
        self.storage: Storage = storage
        self.offset: int = offset
        self.dtype: str = storage.dtype
        self.key: Any = storage.key
        self.numel: int = numel

    def flat(self, dtype: str) -> np.ndarray:
        return self.storage.flat(dtype)[self.offset : self.offset + self.numel]


class StoredTensor:
    """A tensor of the pickle; `array()` makes it, a view of its storage's array with the tensor's own
    strides.
    """

    def __init__(
        self,
        storage: Storage | StorageView,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        dtype: str | None = None,
    ) -> None:
        if (
            not isinstance(storage, (Storage, StorageView))
            or not isinstance(size, tuple)
            or not isinstance(stride, tuple)
        ):
            raise WeightsError("a tensor without storage, size or stride")
        self.storage: Storage | StorageView = storage
        self.offset: int = offset
        self.size: tuple[int, ...] = size
        self.stride: tuple[int, ...] = stride
        self.dtype: str = dtype or storage.dtype

    own_bytes = 0  # its storage's, which is checked against the file

    def array(self) -> np.ndarray:
        """The tensor as an array."""
        flat, count = self.storage.flat(self.dtype), elements(self.size, "a tensor")
        if len(self.stride) != len(self.size) or any(
            type(n) is not int or not 0 <= n < 2**58 for n in (self.offset, *self.stride)
        ):
            raise WeightsError("a tensor whose offset or strides are no offsets")
        last = (
            self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride))
            if count
            else self.offset - 1
        )
        if last >= len(flat) or self.offset > len(flat) or count > len(flat):
            raise WeightsError(
                f"a tensor of shape {self.size}, strides {self.stride} and offset {self.offset} leaves "
                "its storage of "
                f"{len(flat)} numbers"
            )
        if _contiguous(self.size, self.stride):
            return flat[self.offset : self.offset + count].reshape(self.size)
        return as_strided(
            flat[self.offset :], self.size, [step * flat.itemsize for step in self.stride], writeable=False
        )


def _contiguous(size, stride):
    return 0 in size or all(
        n == 1 or step == prod(size[i + 1 :]) for i, (n, step) in enumerate(zip(size, stride))
    )


def itemsize(dtype: str) -> int:
    """Bytes of one number of the dtype called so."""
    return 2 if dtype == "bfloat16" else dtype_named(dtype).itemsize


def storage_identity(identity: Any) -> tuple[str, Any, int, Any]:
    """(dtype, key, numel, view or None) of the persistent id ("storage", class, key, location, numel[,
    view]); the location is ignored.
    """
    if not isinstance(identity, tuple) or not 5 <= len(identity) <= 6 or identity[0] != "storage":
        raise WeightsError("the pickle refers to something that is no storage")
    _, kind, key, _, numel, *view = identity
    if not isinstance(key, str) or len(key) > 200:
        raise WeightsError("a storage whose key is no short text")
    name = kind.name.split(".")[-1] if isinstance(kind, Global) and kind.module.startswith("torch") else None
    if name not in STORAGES:
        raise WeightsError(
            f"a storage of kind {str(kind)[:80] if isinstance(kind, Global) else type(kind).__name__}, "
            "which these readers do not know (quantised?)"
        )
    return STORAGES[name], key, numel, view[0] if view else None


def _tensor(storage, offset, size, stride, *_):
    return StoredTensor(storage, offset, size, stride)


def _tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, *_):
    name = dtype.name if isinstance(dtype, Global) else str(type(dtype))
    return StoredTensor(storage, offset, size, stride, DTYPES.get(name, name))


def _first(value, *_):
    return value


def _not_read(name):
    def refuse(*_):
        raise WeightsError(
            f"it holds a tensor of a kind that these readers do not know (torch._utils.{name}): "
            "convert it to a dense one "
            "(tensor.dequantize(), tensor.to_dense()) and save it again"
        )

    return refuse


def _of_subclass(function, kind, args, state=None, *_):
    """A tensor of a subclass, with attributes of its own: the tensor itself."""
    known = CALLS.get(str(function)) if isinstance(function, Global) else None
    if known is None or known is _of_subclass or not isinstance(args, tuple):
        raise WeightsError(f"it holds a tensor made by {function}, which these readers do not know")
    return known(*args)


CALLS: Calls = (
    NUMPY_CALLS
    | {
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch._utils._rebuild_tensor_v3": _tensor_v3,
        "torch._utils._rebuild_parameter": _first,
        "torch._utils._rebuild_parameter_with_state": _first,
        "torch.nn.parameter.Parameter": _first,
        "torch.autograd.variable.Variable": _first,
        "torch.jit._pickle.restore_type_tag": _first,
        "torch._tensor._rebuild_from_type": _of_subclass,
        "torch._tensor._rebuild_from_type_v2": _of_subclass,
    }
    | {
        f"torch._utils.{name}": _not_read(name)
        for name in (
            "_rebuild_qtensor",
            "_rebuild_sparse_tensor",
            "_rebuild_sparse_csr_tensor",
            "_rebuild_meta_tensor_no_storage",
            "_rebuild_nested_tensor",
            "_rebuild_device_tensor_from_numpy",
            "_rebuild_device_tensor_from_cpu_tensor",
            "_rebuild_wrapper_subclass",
            "_rebuild_xla_tensor",
        )
    }
)
