"""The rows of a run as a table, one line for each photo and explained class, and as Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from json import dumps
from pathlib import Path
from typing import Any

from gradcam.files import written
from gradcam.runs.layout import PARQUET

OF_PHOTO = {"photo": "string", "sha256": "string", "width": "int64", "height": "int64", "error": "string"}
OF_CLASS = {"class": "int64", "name": "string", "score": "double", "probability": "double"}
OF_MAP = {"layer": "string", "min": "double", "max": "double", "zero": "bool", "x": "double", "y": "double"}
GROUP = 1024  # lines at a time


def columns(methods: Sequence[str]) -> dict[str, str]:
    """{name: type} of the table's columns: seen_class and seen_name are the most probable class."""
    of_maps = {f"{m}_{key}": kind for m in methods for key, kind in OF_MAP.items()}
    seen = {f"seen_{key}": kind for key, kind in OF_CLASS.items()}
    return OF_PHOTO | {"panel": "string"} | seen | OF_CLASS | of_maps


def lines(rows: Iterable[dict[str, Any]], methods: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A line for each photo and explained class; a photo that failed has one, with its error."""
    for row in rows:
        seen = row["top"][0] if row["top"] else {}
        photo = {**row, "photo": readable(row["photo"]), **{f"seen_{key}": seen.get(key) for key in OF_CLASS}}
        for c in row["explained"] or [{}]:
            of_maps = {
                f"{m}_{key}": value
                for m, said in c.get("maps", {}).items()
                for key, value in _map(said).items()
            }
            yield {name: {**photo, **c, **of_maps}.get(name) for name in columns(methods)}


def readable(name: str) -> str:
    """A photo's name, whose bytes may be no text, as tables can hold it: bad\\udcff.png, say."""
    return name.encode("utf-8", "backslashreplace").decode()


def _map(said):
    x, y = said["peak"] or (None, None)
    return {**said, "x": x, "y": y}


def write_parquet(folder: Path, methods: Sequence[str], rows: Iterable[dict[str, Any]]) -> Path | None:
    """rows.parquet, if pyarrow is there (the extra `tables`).  SaveError if it cannot be written."""
    return as_parquet(folder / PARQUET, columns(methods), lines(rows, methods))


def as_parquet(path: Path, columns: Mapping[str, str], lines: Iterable[dict[str, Any]]) -> Path | None:
    """A Parquet file of lines, if pyarrow is there.  columns: {name: type}.  SaveError: it cannot be."""
    if not find_spec("pyarrow"):
        return None
    import pyarrow
    from pyarrow import json, parquet

    kinds = {
        "string": pyarrow.string(),
        "int64": pyarrow.int64(),
        "double": pyarrow.float64(),
        "bool": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    parsing, left = json.ParseOptions(explicit_schema=schema), iter(lines)
    with written(path) as file, parquet.ParquetWriter(file, schema) as table:
        while some := b"".join(map(_as_text, islice(left, GROUP))):
            # by way of JSON: pyarrow's tables of Python objects import pandas, which takes half a second
            reading = json.ReadOptions(use_threads=False, block_size=len(some))
            table.write_table(json.read_json(io.BytesIO(some), reading, parsing))
    return path


def _as_text(line):
    return dumps(line, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
