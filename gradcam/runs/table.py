"""The rows of a run as a table, one line for each photo and explained class, and as Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from gradcam.files import written
from gradcam.runs.layout import PARQUET

OF_PHOTO = {"photo": "string", "sha256": "string", "width": "int64", "height": "int64", "error": "string"}
OF_CLASS = {"class": "int64", "name": "string", "score": "double", "probability": "double"}
OF_MAP = {"layer": "string", "min": "double", "max": "double", "zero": "bool", "x": "double", "y": "double"}
AT_ONCE, GROUP = 128, 1024  # rows as dicts at a time, which take twenty times as much; in a row group


def columns(methods: Sequence[str]) -> dict[str, str]:
    """{name: type} of the table's columns: seen_class and seen_name are the most probable class."""
    of_maps = {f"{m}_{key}": kind for m in methods for key, kind in OF_MAP.items()}
    seen = {f"seen_{key}": kind for key, kind in OF_CLASS.items()}
    return OF_PHOTO | {"panel": "string"} | seen | OF_CLASS | of_maps


def lines(rows: Iterable[dict[str, Any]], methods: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A line for each photo and explained class; a photo that failed has one, with its error."""
    for row in rows:
        seen = row["top"][0] if row["top"] else {}
        photo = {**row, **{f"seen_{key}": seen.get(key) for key in OF_CLASS}}
        for c in row["explained"] or [{}]:
            of_maps = {
                f"{m}_{key}": value
                for m, said in c.get("maps", {}).items()
                for key, value in _map(said).items()
            }
            yield {name: {**photo, **c, **of_maps}.get(name) for name in columns(methods)}


def _map(said):
    x, y = said["peak"] or (None, None)
    return {**said, "x": x, "y": y}


def write_parquet(folder: Path, methods: Sequence[str], rows: Iterable[dict[str, Any]]) -> Path | None:
    """rows.parquet, if pyarrow is there (the extra `tables`).  SaveError if it cannot be written."""
    if not find_spec("pyarrow"):
        return None
    import pyarrow
    from pyarrow import parquet

    kinds = {
        "string": pyarrow.string,
        "int64": pyarrow.int64,
        "double": pyarrow.float64,
        "bool": pyarrow.bool_,
    }
    schema = pyarrow.schema([(name, kinds[kind]()) for name, kind in columns(methods).items()])
    left = lines(rows, methods)
    with written(folder / PARQUET) as file, parquet.ParquetWriter(file, schema) as table:
        groups = iter(lambda: list(islice(left, AT_ONCE)), [])
        while some := [pyarrow.Table.from_pylist(rows, schema) for rows in islice(groups, GROUP // AT_ONCE)]:
            table.write_table(pyarrow.concat_tables(some))
    return folder / PARQUET
