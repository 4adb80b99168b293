"""Where the objects are, as data sets say it: masks in a folder, COCO, Pascal VOC, or a table of boxes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any
from xml.etree import ElementTree

import numpy as np

from gradcam.measure.errors import DataError
from gradcam.measure.own.objects import Objects

MASKS = {".png", ".bmp", ".tif", ".tiff", ".gif", ".jpg", ".jpeg"}
CORNERS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"))
FARTHEST = 2**20  # pixels, of a polygon's corner
WANTED = "truth is a folder of masks, a COCO file (.json), Pascal VOC files (.xml, or a folder of them) or a "
WANTED += "table (.csv) with the columns photo, x0, y0, x1, y1 and perhaps label"


def annotations(path: Path, sum: Any) -> Iterator[tuple[PurePath, Objects]]:
    """(the photo's path, what is said of it) of all that a file or folder says: masks and XML files are
    called as their photos are, but for the end.  sum: a hash, which is told what was read.

    DataError: it is of no kind that is known, or damaged.
    """
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
