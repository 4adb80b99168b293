"""NumPy or CuPy.  The equations say `np.`; CuPy arrays answer NumPy's dispatch protocols (NEP 13 and NEP 18),
so the same lines run on a GPU.  This is the only file that imports CuPy.
"""

from typing import Any

import numpy as np

from minicnn.errors import Error


class DeviceError(Error, RuntimeError):
    """No usable GPU."""


def gpu() -> Any:
    """The CuPy module.  DeviceError, with what to install, if there is no CuPy or no CUDA device."""
    try:
        import cupy
    except ImportError:
        raise DeviceError(
            "CuPy is not installed: pip install 'minicnn-gradcam[cuda12]', or [cuda13] for a newer driver"
        ) from None
    try:
        found = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise DeviceError(f"CuPy is installed but finds no CUDA device: {error}") from None
    if not found:
        raise DeviceError("CuPy is installed but finds no CUDA device")
    return cupy


def to_gpu(what: Any) -> Any:
    """An array, or a network with all its weights, on the GPU."""
    return _over(what, gpu().asarray)


def to_cpu(what: Any) -> Any:
    """An array, or a network with all its weights, in main memory."""
    return _over(what, lambda a: a.get() if hasattr(a, "get") else np.asarray(a))


def moved(array: np.ndarray, like: Any) -> Any:
    """A NumPy array, moved to where `like` is."""
    if isinstance(like, np.ndarray):
        return array
    return np.asarray(array, like=like)


def block_size(numbers: int, like: Any) -> int:
    """How many numbers to compute with at a time: `numbers`, chosen for a processor's cache, or many more on
    a GPU."""
    return numbers if isinstance(like, np.ndarray) else 64 * numbers


def _over(what, f):
    return what.map(f) if hasattr(what, "map") else f(what)
