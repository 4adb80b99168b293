"""What the files of a room declare, in a stated order."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


def declared(room: str, kind: type[T], files: tuple[str, ...]) -> dict[str, T]:
    """{name: object} of every object of this kind that these files of a package declare, file by file, in
    their order.

    room: the package, "gradcam.methods" say; kind: Method or Measure, which have a name.
    """
    found: dict[str, T] = {}
    for file in files:
        for value in vars(import_module(f"{room}.{file}")).values():
            several: Any = value if isinstance(value, tuple) else (value,)
            found |= {each.name: each for each in several if isinstance(each, kind)}
    return found
