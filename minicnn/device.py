"""NumPy or CuPy.  The equations say `np.`; CuPy arrays answer NumPy's dispatch protocols (NEP 13 and NEP 18), so the same lines run on
a GPU.  This is the only file that imports CuPy.
"""

import ctypes
import threading

import numpy as np


class DeviceError(RuntimeError):
    """No usable GPU."""


def gpu():
    """The CuPy module.  DeviceError, with what to install, if there is no CuPy or no CUDA device."""
    try:
        import cupy
    except ImportError:
        raise DeviceError("CuPy is not installed: pip install 'minicnn-gradcam[cuda12]', or [cuda13] for a newer driver") from None
    try:
        found = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise DeviceError(f"CuPy is installed but finds no CUDA device: {error}") from None
    if not found:
        raise DeviceError("CuPy is installed but finds no CUDA device")
    return cupy


def to_gpu(what):
    """An array, or a network with all its weights, on the GPU."""
    return _over(what, gpu().asarray)


def to_cpu(what):
    """An array, or a network with all its weights, in main memory."""
    return _over(what, lambda a: a.get() if hasattr(a, "get") else np.asarray(a))


def moved(array, like):
    """A NumPy array, moved to where `like` is."""
    if isinstance(like, np.ndarray):
        return array
    return np.asarray(array, like=like)


_own = threading.local()


def workspace(name, shape, like):
    """An array of like's dtype, where `like` is, with undefined contents: the same memory at every call with this name from this thread."""
    mine = vars(_own).setdefault("workspaces", {})
    key, numbers = (name, type(like), like.dtype), int(np.prod(shape))
    if key not in mine or mine[key].size < numbers:
        mine[key] = np.empty_like(like, shape=numbers)
    return mine[key][:numbers].reshape(shape)


def forget_workspaces():
    """Give back the memory of this thread's workspaces."""
    vars(_own).pop("workspaces", None)


def keep_memory():
    """Ask the C library to reuse large freed arrays instead of returning them to the system (glibc; elsewhere nothing happens).

    A fresh large array costs a page fault per page when it is first written, as much as the arithmetic.  For processes that compute for
    long, as a training run: memory stays at its high-water mark.  -> whether it was possible
    """
    M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([mallopt(M_ARENA_MAX, 1), mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, 2**31 - 1)])


def _over(what, f):
    return what.map(f) if hasattr(what, "map") else f(what)
