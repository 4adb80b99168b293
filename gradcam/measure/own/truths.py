"""The truth of many photos: which of a data set's annotations are a photo's."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePath

from gradcam.measure.errors import DataError
from gradcam.measure.own.annotations import WANTED, annotations
from gradcam.measure.own.objects import Objects


class Truths:
    """The truth of many photos: `truths[photo]` -> its `Objects`, one for each label; [] if there is none.

    A photo is known by the end of its path: the whole of what is written there, or its last part where no
    other photo has that name.  DataError: a file that is none of these, or damaged.
    """

    path: Path
    digest: str
    named: dict[str, list[tuple[PurePath, Objects]]]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path, self.named, sum = Path(path), {}, hashlib.sha256()
        for name, objects in annotations(self.path, sum):
            self.named.setdefault(name.name, []).append((name, objects))
        self.digest = sum.hexdigest()[:16]
        if not self.named:
            raise DataError(f"{path}: it says of no photo where something is; {WANTED}")

    def __getitem__(self, photo: str) -> list[Objects]:
        path = PurePath(photo)
        alike = [*self.named.get(path.name, []), *self.named.get(path.stem, [])]
        if len({name for name, _ in alike}) > 1:
            most = max(_common(name, path) for name, _ in alike)
            alike = [(name, of) for name, of in alike if _common(name, path) == most]
        if len({name for name, _ in alike}) > 1:
            raise DataError(f"{self.path.name} has several photos of this name: name them with their folders")
        found = {}
        for _, objects in alike:
            into = found.setdefault(
                objects.label, Objects(objects.label, size=objects.size, mask=objects.mask)
            )
            into.boxes += objects.boxes
            into.polygons += objects.polygons
        return list(found.values())

    def labels(self) -> list[str]:
        """All labels, in the order of the file."""
        every = (of.label for some in self.named.values() for _, of in some)
        return [label for label in dict.fromkeys(every) if label is not None]


def _common(a, b):
    """How many folders of two paths agree, from the end."""
    parts = list(zip(a.parts[-2::-1], b.parts[-2::-1]))
    return next((k for k, (x, y) in enumerate(parts) if x != y), len(parts))
