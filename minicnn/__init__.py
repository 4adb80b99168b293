"""minicnn: a tiny autograd engine.

Every layer's backward pass is a visible equation, and can be swapped for another rule.
"""

from importlib import metadata

import minicnn.notebook.display  # noqa: F401  (gives tensors and networks their look in a notebook)
from minicnn.device import DeviceError, to_cpu, to_gpu
from minicnn.errors import Error, GraphError
from minicnn.graph import Op, Tensor, find, history, names, one_hot
from minicnn.loading import LoadError, load
from minicnn.ops import *  # noqa: F403
from minicnn.ops import __all__ as _operations
from minicnn.tables import BACKPROP, RuleError, RuleTable
from minicnn.walk import backward

try:
    __version__ = metadata.version("minicnn-gradcam")
except metadata.PackageNotFoundError:  # run from a source checkout that is not installed
    __version__ = "0+source"

__all__ = [
    "BACKPROP", "DeviceError", "Error", "GraphError", "LoadError", "Op", "RuleError", "RuleTable", "Tensor",
    "backward", "find", "history", "load", "names", "one_hot", "to_cpu", "to_gpu", *_operations,
]  # fmt: skip
