"""minicnn: a tiny autograd engine in which every layer's way back is a visible equation, and can be swapped."""

from minicnn.device import to_cpu, to_gpu
from minicnn.graph import GraphError, Op, Tensor, find, history, names, one_hot
from minicnn.loading import LoadError, load
from minicnn.ops import *  # noqa: F403
from minicnn.ops import __all__ as _operations
from minicnn.walk import BACKPROP, RuleError, backward

__all__ = [
    "BACKPROP", "GraphError", "LoadError", "Op", "RuleError", "Tensor", "backward", "find", "history", "load", "names", "one_hot",
    "to_cpu", "to_gpu", *_operations,
]  # fmt: skip
