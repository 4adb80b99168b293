"""Nested lists, tuples and dictionaries of arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> Iterator[Any]:
    """Whatever is no list, tuple or dictionary, in order."""
    if isinstance(tree, (list, tuple, dict)):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(branch)
    else:
        yield tree


def of_type(kind: type, tree: Any) -> list:
    return [leaf for leaf in leaves(tree) if isinstance(leaf, kind)]


def mapped(f: Callable, kind: type | tuple[type, ...], tree: Any) -> Any:
    """The tree with f(leaf) in place of every leaf of that kind."""
    if isinstance(tree, kind):
        return f(tree)
    if isinstance(tree, (list, tuple)):
        return [mapped(f, kind, branch) for branch in tree]
    if isinstance(tree, dict):
        return {key: mapped(f, kind, branch) for key, branch in tree.items()}
    return tree
