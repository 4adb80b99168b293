"""Class names in a file's metadata, where exporters put them under keys of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weights.graphs.onnx.model import Step
from weights.labels import literal, names_of

KEYS = ("names", "labels", "classes", "class_names", "classnames", "id2label", "categories", "character")
KEYS += ("class_to_idx", "label2id", "label_names", "class_labels")
ZIP_MAP = "ai.onnx.ml.ZipMap"
MOST = 2**20  # letters of the metadata that are read


def names_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The class names in {key: text}, in the order of the classes; None if there are none.

    A list, or a dict from number to name or from name to number, as JSON or as a Python literal (nothing is
    run); or lines.
    """
    for key in sorted(metadata, key=lambda key: KEYS.index(key.lower()) if key.lower() in KEYS else 0):
        if key.lower() in KEYS and len(metadata[key]) <= MOST:
            found = names_of(literal(metadata[key]))
            if found:
                return found
    return None


def names_at_the_end(steps: Iterable[Step]) -> tuple[str, ...] | None:
    """The class names of a ZipMap, which makes a dict from each name to its probability."""
    for step in steps:
        if step.op == ZIP_MAP:
            names = step.attributes.get("classlabels_strings") or step.attributes.get("classlabels_int64s")
            return tuple(map(str, names)) if names else None
    return None


def size_in(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(rows, columns) that the metadata state for pictures, under Ultralytics' key imgsz."""
    found = literal(metadata.get("imgsz", ""))
    found = [found, found] if isinstance(found, int) else found
    if isinstance(found, list) and len(found) == 2 and all(type(n) is int and 0 < n < 2**14 for n in found):
        return found[0], found[1]
    return None
