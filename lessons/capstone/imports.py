"""Which packages a student's program imports, read from its text."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

OURS = ("minicnn", "gradcam", "weights", "lessons")


class Import(NamedTuple):
    """The file and line of an import, and the package."""

    file: str
    line: int
    name: str


def foreign(program: Path) -> Import | None:
    """The first import of what is neither Python's own, nor NumPy, nor a file beside the program: in it, or
    in a file that it imports.  A file that cannot be read has none.
    """
    seen, todo = set(), [program]
    while todo:
        path = todo.pop()
        seen.add(path)
        for each in _imports(path):
            beside = program.with_name(f"{each.name}.py")
            if beside.is_file() and each.name not in OURS:
                todo += [beside] if beside not in seen else []
            elif each.name in OURS or not _known(each.name, program.parent):
                return each
    return None


def _known(name, folder):
    return name == "numpy" or name in sys.stdlib_module_names or (folder / name).is_dir()


def _imports(path) -> Iterator[Import]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):  # the program's process says so, with the line
        return
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [str(node.module)]
        for name in names:
            yield Import(path.name, node.lineno, name.partition(".")[0])
