"""Where the objects are, as data sets say it: masks in a folder, COCO, Pascal VOC, or a table of boxes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageDraw

from gradcam.measure.errors import DataError

MASKS = {".png", ".bmp", ".tif", ".tiff", ".gif", ".jpg", ".jpeg"}
CORNERS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"))
FARTHEST = 2**20  # pixels, of a polygon's corner
VOID = 255  # of a mask with a palette: belongs to nothing, as in Pascal VOC
WANTED = "truth is a folder of masks, a COCO file (.json), Pascal VOC files (.xml, or a folder of them) or a "
WANTED += "table (.csv) with the columns photo, x0, y0, x1, y1 and perhaps label"


@dataclass
class Objects:
    """What is said of one photo and one label.

    label: as it is written there, None: nothing is said; boxes: x0, y0, x1, y1 in pixels of the photo;
    polygons: corners (n, 2); mask: a file.  size: (width, height) of the photo that was annotated, if known.
    """

    label: str | None
    boxes: list[tuple[float, ...]] = field(default_factory=list)
    polygons: list[np.ndarray] = field(default_factory=list)
    mask: Path | None = None
    size: tuple[int, int] | None = None

    def masks(self, size: tuple[int, int]) -> list[np.ndarray]:
        """A mask (height, width) of 0 and 1 for each object, of a photo of this size, (width, height).

        DataError: it does not fit the photo.
        """
        if self.size not in (None, size):
            said = "{} x {}".format(*self.size)
            raise DataError(f"it is {size[0]} x {size[1]} pixels, and what was annotated was {said}")
        if self.mask is not None:
            return [mask_in(self.mask, size)]
        drawn = [_drawn(size, polygon) for polygon in self.polygons]
        return drawn + [_box(size, box) for box in self.boxes]


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
        for name, objects in _found(self.path, sum):
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


def mask_in(path: Path, size: tuple[int, int]) -> np.ndarray:
    """The mask in a picture of this size (width, height), 0 and 1: brighter than half of its brightest; of a
    picture with a palette, any colour but the first and VOID.
    """
    try:
        with Image.open(path) as image:
            if image.size != tuple(size):  # before it is decoded
                raise DataError(
                    f"its mask, {path}, is {image.width} x {image.height}, and not as large as it"
                )
            palette = image.mode == "P"
            values = np.asarray(image if palette or image.mode in ("1", "L") else image.convert("L"), float)
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever a damaged file drives them into
        raise DataError(f"its mask, {path}, cannot be read: {type(error).__name__}") from None
    return (values > 0) & (values != VOID) if palette else values > values.max() / 2


def _drawn(size, polygon):
    image = Image.new("1", size)
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in polygon.tolist()], fill=1)
    return np.asarray(image)


def _box(size, box):
    """The pixels that a box touches."""
    x0, y0, x1, y1 = box
    mask = np.zeros(size[::-1], bool)
    mask[max(int(np.floor(y0)), 0) : int(np.ceil(y1)), max(int(np.floor(x0)), 0) : int(np.ceil(x1))] = True
    return mask


def _common(a, b):
    """How many folders of two paths agree, from the end."""
    parts = list(zip(a.parts[-2::-1], b.parts[-2::-1]))
    return next((k for k, (x, y) in enumerate(parts) if x != y), len(parts))


def _found(path: Path, sum: Any) -> Iterator[tuple[PurePath, Objects]]:
    """What is said, and of which photo: masks and XML files are called as theirs are, but for the end."""
    try:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if any(p.suffix.lower() == ".xml" for p in files):
                for file in (p for p in files if p.suffix.lower() == ".xml"):
                    yield from _voc(file, sum)
            else:
                for file in (p for p in files if p.suffix.lower() in MASKS):
                    sum.update(f"{file.relative_to(path)} {file.stat().st_size}".encode())
                    yield file.relative_to(path).with_suffix(""), Objects(None, mask=file)
            return
        read = {".json": _coco, ".xml": _voc, ".csv": _table}.get(path.suffix.lower())
        if read is None:
            raise DataError(f"{path}: {WANTED}")
        yield from read(path, sum)
    except OSError as error:
        raise DataError(f"{path}: it cannot be read: {error.strerror or error}") from None


def _text(path, sum):
    data = path.read_bytes()
    sum.update(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: this is no text in UTF-8") from None


def _coco(path, sum):
    """A COCO file of instances: bbox is x, y, width, height; a polygon is used where there is one."""
    try:
        found = json.loads(_text(path, sum))
        images = {image["id"]: image for image in found["images"]}
        names = {c["id"]: c["name"] for c in found["categories"]}
        for one in found["annotations"]:
            if one.get("iscrowd"):
                continue
            image, shape = images[one["image_id"]], one.get("segmentation")
            size = (image["width"], image["height"]) if "width" in image else None
            objects = Objects(str(names[one["category_id"]]), size=size)
            if isinstance(shape, list) and shape:
                objects.polygons = [_polygon(path, corners) for corners in shape]
            else:
                x, y, width, height = map(float, one["bbox"])
                objects.boxes = [_checked(path, (x, y, x + width, y + height))]
            yield PurePath(str(image["file_name"])), objects
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise DataError(
            f"{path}: this is no COCO file of instances ({type(error).__name__}: {error})"
        ) from None


def _voc(path, sum):
    """A Pascal VOC file; its corners count from 1, and the last pixel belongs to the box."""
    text = _text(path, sum)
    if "<!" in text.replace("<!--", ""):
        raise DataError(f"{path}: it defines entities or types, and no annotation needs that")
    try:
        root = ElementTree.fromstring(text)
        size = root.find("size")
        size = None if size is None else (int(size.findtext("width")), int(size.findtext("height")))
        for one in root.iter("object"):
            box = one.find("bndbox")
            x0, y0, x1, y1 = (float(box.findtext(name)) for name in CORNERS[1])
            objects = Objects(one.findtext("name"), [_checked(path, (x0 - 1, y0 - 1, x1, y1))], size=size)
            yield PurePath(root.findtext("filename") or path.stem), objects
    except (ElementTree.ParseError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{path}: this is no annotation of Pascal VOC ({error})") from None


def _table(path, sum):
    """A line for each box, or for each mask, a path beside the table."""
    rows = csv.DictReader(_text(path, sum).splitlines())
    try:
        columns = set(rows.fieldnames or ())
    except csv.Error as error:
        raise DataError(f"{path}: line 1: {error}") from None
    corners = next((names for names in CORNERS if columns.issuperset(names)), None)
    if "photo" not in columns or not (corners or "mask" in columns):
        raise DataError(f"{path}: its first line names the columns photo, x0, y0, x1, y1 (or photo, mask)")
    for row in _read(path, rows):
        objects = Objects((row.get("label") or "").strip() or None)
        try:
            if corners:
                objects.boxes = [_checked(path, tuple(float(row[name]) for name in corners))]
            else:
                objects.mask = path.parent / row["mask"]
        except (TypeError, ValueError) as error:
            raise DataError(f"{path}: line {rows.line_num}: {error}") from None
        yield PurePath(str(row["photo"])), objects


def _read(path, rows):
    try:
        yield from rows
    except csv.Error as error:
        raise DataError(f"{path}: line {rows.line_num + 1}: {error}") from None


def _polygon(path, corners):
    """(n, 2)"""
    polygon = np.reshape(np.array(corners, float), (-1, 2))
    if len(polygon) < 3 or not np.abs(polygon).max() <= FARTHEST:
        raise DataError(f"{path}: a polygon has three corners or more, in pixels; one is {str(corners)[:60]}")
    return polygon


def _checked(path: Path, box: Iterable[float]) -> tuple[float, ...]:
    x0, y0, x1, y1 = box = tuple(box)
    if not (np.isfinite(box).all() and x0 < x1 and y0 < y1):
        raise DataError(f"{path}: a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1; one is {list(box)}")
    return box
