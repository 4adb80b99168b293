"""Which format a file has, told from its content alone: the readers are asked, one after the other."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from weights import readers
from weights.errors import WeightsError
from weights.readers.folder import Folder
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile
from weights.readers.no_weights import described


@cache
def formats() -> list[Format]:
    """The FORMAT of every file in this folder that has one, in the order in which they are asked."""
    modules = [import_module(f"{readers.__name__}.{m.name}") for m in pkgutil.iter_modules(readers.__path__)]
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return sorted(found, key=lambda format: format.turn)


def format_of(file: MappedFile | Folder) -> Format:
    """The format of a file or folder; WeightsError says what was found if there is none."""
    asked = [format for format in formats() if isinstance(file, format.of)]
    for format in asked:
        if format.fits(file):
            return format
    known = "; ".join(format.name for format in asked)
    if isinstance(file, Folder):
        of_these = f", but none of these: {known};" if known else ";"
        raise WeightsError(f"this is a directory{of_these} give the file of weights in it")
    raise WeightsError(f"{described(file)}. Formats read: {known}")
