"""What the results of a run depend on, as it stands in settings.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.runs.errors import RunError
from gradcam.runs.layout import SETTINGS
from gradcam.runs.task import Task
from gradcam.target import Target
from minicnn import __version__

Settings = dict[str, Any]


def settings_of(
    task: Task,
    photos: Sequence[str],
    shard: tuple[int, int] | None = None,
    also: Mapping[str, Any] | None = None,
) -> Settings:
    """Version, network and digest of its weights, preprocessing, methods, classes, layer, maps, photos.

    also: what else is known of the network.
    """
    card = task.net.card
    names = card.classes or ()
    name = lambda k: names[k] if k < len(names) else f"class {k}"  # noqa: E731
    said = [c.said(name) if isinstance(c, Target) else c for c in task.classes or ()]
    return {
        "version": __version__,
        "network": {"name": card.name, "title": card.title, "weights": digest(task.net), **(also or {})},
        "preprocessing": asdict(card.preprocessing),
        "methods": list(task.methods),
        "classes": said or "the most probable",
        "layer": task.layer or card.layer,
        "unit_layer": task.unit_layer or card.unit_layer,
        "allow": [str(kind) for kind in task.allow],
        "maps": {"size": task.size, "dtype": task.dtype},
        "panels": min(task.panels, len(photos)),
        "photos": of_photos(photos),
        "shard": list(shard) if shard else None,
    }


def of_photos(photos: Sequence[str]) -> Settings:
    """How many there are, and a digest of their names in this order."""
    return {"count": len(photos), "names": _sum("\n".join(photos).encode("utf-8", "surrogateescape"))}


def digest(net: Any) -> str:
    """A short name for exactly these weights."""
    sum = hashlib.sha256()
    for name, array in sorted(net.arrays().items()):
        values = np.ascontiguousarray(getattr(array, "data", array))
        sum.update(f"{name} {values.dtype} {values.shape}".encode())
        sum.update(values.tobytes())
    return sum.hexdigest()[:16]


def read(folder: Path) -> Settings:
    """The settings in a folder.  RunError if there are none."""
    try:
        found = json.loads((folder / SETTINGS).read_text("utf-8"))
        if isinstance(found, dict) and {"methods", "photos", "shard", "maps"} <= found.keys():
            return found
    except (OSError, ValueError, RecursionError):
        pass
    raise RunError(f"{folder}: this is no folder of results (there is no {SETTINGS} of a run in it)")


def written(settings: Settings) -> bytes:
    """The file's bytes."""
    return (json.dumps(settings, indent=2, allow_nan=False) + "\n").encode()


def check_same(folder: Path, settings: Settings) -> None:
    """RunError, which says what, if the folder's results were made with other settings."""
    before, now = (dict(_flat(s)) for s in (read(folder), json.loads(written(settings))))
    other = [
        f"{name} was {_said(before.get(name))}, and is {_said(now.get(name))}"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    ]
    if other:
        raise RunError(
            f"{folder}: the results in this folder were made otherwise: {'; '.join(other)}. "
            "Name another folder, or ask for the same again"
        )


def _flat(settings: Settings, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield before + name, value


def _said(value):
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) < 80 else text[:77] + "..."


def _sum(data):
    return hashlib.sha256(data).hexdigest()[:16]
