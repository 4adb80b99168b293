"""Class names in a file's metadata, where exporters put them under keys of their own."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

KEYS = ("names", "labels", "classes", "class_names", "classnames", "id2label", "categories", "character")
KEYS += ("class_to_idx", "label2id", "label_names", "class_labels")
MOST, LONGEST = 2**20, 1000  # letters of the metadata that are read, and of one name


def names_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The class names in {key: text}, in the order of the classes; None if there are none.

    A list, or a dict from number to name or from name to number, as JSON or as a Python literal (nothing is
    run); or lines.
    """
    for key in sorted(metadata, key=lambda key: KEYS.index(key.lower()) if key.lower() in KEYS else 0):
        if key.lower() in KEYS and len(metadata[key]) <= MOST:
            found = _names(_parsed(metadata[key]))
            if found:
                return found
    return None


def size_in(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(rows, columns) that the metadata state for pictures, under Ultralytics' key imgsz."""
    found = _parsed(metadata.get("imgsz", ""))
    found = [found, found] if isinstance(found, int) else found
    if isinstance(found, list) and len(found) == 2 and all(type(n) is int and 0 < n < 2**14 for n in found):
        return found[0], found[1]
    return None


def _parsed(text) -> Any:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return [line.strip() for line in text.strip().splitlines()] if "\n" in text.strip() else None


def _names(found):
    """Names in order, if that is what was found."""
    if isinstance(found, dict) and found:
        if all(type(value) is int for value in found.values()):
            found = {number: name for name, number in found.items()}
        try:
            found = {int(key): value for key, value in found.items()}
        except (ValueError, TypeError):
            return None
        if sorted(found) != list(range(len(found))):
            return None
        found = [found[number] for number in range(len(found))]
    if not isinstance(found, (list, tuple)) or not found:
        return None
    if not all(isinstance(name, (str, int, float)) for name in found):
        return None
    names = tuple(str(name).replace("\t", " ").strip() for name in found)
    return names if all(name.isprintable() and len(name) <= LONGEST for name in names) else None
