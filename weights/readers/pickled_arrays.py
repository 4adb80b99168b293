"""A pickled dict (or list) of NumPy arrays, protocols 0 to 5, Python 2 or 3; nothing in it is called."""

from __future__ import annotations

import re

import numpy as np

from weights.readers import checkpoints, numpy_pickles, pickles
from weights.readers.format import SECOND, Format
from weights.readers.mapped_file import MappedFile

PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
PROTOCOL_0_OR_1 = re.compile(
    rb"\(dp?\d*\n?|\(l|\}q|\}\(|\]q|\]\(|c(numpy|collections|copy_reg|copyreg|__builtin__|builtins|torch)[\w.]*\n"
)


def fits(file: MappedFile) -> bool:
    """Whether a mapped file begins with the number of its protocol or, older ones have none, as a dict, a
    list or an array does.

    PyTorch's legacy files are pickles, too: they are asked first.
    """
    head = bytes(file.map[:512])
    return head.startswith(PROTOCOLS) or bool(PROTOCOL_0_OR_1.match(head) and b"." in bytes(file.map[-2:]))


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{name: array} of a mapped file; nested dicts and lists give names joined with dots."""
    value, _ = pickles.load(file.map, 0, numpy_pickles.CALLS)
    return checkpoints.arrays(value, file.size)


FORMAT = Format("pickled NumPy arrays", fits, read, SECOND)
