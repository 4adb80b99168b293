"""What is made of the rows of measured photos: a table with intervals, and every figure for programs."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradcam.files import written
from gradcam.measure.measures import MEASURES
from gradcam.measure.study.summary import reasons, small, summary, table_of_figures
from gradcam.runs import settings as own
from gradcam.runs.layout import ROWS
from gradcam.runs.lines import rows_in
from gradcam.runs.table import as_parquet, readable

CSV, PARQUET, PAGE = "figures.csv", "figures.parquet", "summary.md"
OF_ROW = {"photo": "string", "class": "int64", "name": "string", "method": "string", "error": "string"}


class Results:
    """Measured photos, read back: `read_results("RESULTS/")`.

    rows      a dict for each photo, as in rows.jsonl; settings: as in settings.json
    table     a line for each photo, class and method: a pandas DataFrame, or without pandas a list of dicts
    summary   {method: {"n", "zero", "failed", figure: (mean, low, high)}}, 95 % intervals; baselines first
    """

    path: Path
    settings: dict[str, Any]
    rows: list[dict[str, Any]]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.settings = own.read(self.path)
        self.rows = list(rows_in(self.path / ROWS))

    @property
    def summary(self) -> dict[str, dict[str, Any]]:
        """Means and their intervals."""
        return summary(measured(self.rows))

    @property
    def table(self) -> Any:
        """Every figure."""
        found = list(lines(self.rows, figures_of(self.settings)))
        if not find_spec("pandas"):
            return found
        import pandas

        return pandas.DataFrame(found)

    def __str__(self) -> str:
        return page(self.rows, self.settings)


def read_results(path: str | os.PathLike[str]) -> Results:
    """The results in a folder of `gradcam measure --photos`.  RunError if it is none."""
    return Results(path)


def finish(path: Path, settings: own.Settings) -> None:
    """figures.csv, figures.parquet if pyarrow is there, and summary.md.  SaveError if they cannot be."""
    rows = lambda: rows_in(path / ROWS)  # noqa: E731
    columns = figures_of(settings)
    with written(path / CSV) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        table = csv.DictWriter(text, [*OF_ROW, *columns], lineterminator="\n")
        table.writeheader()
        table.writerows(lines(rows(), columns))
        text.detach()
    as_parquet(path / PARQUET, OF_ROW | dict.fromkeys(columns, "double"), lines(rows(), columns))
    with written(path / PAGE) as file:
        file.write(page(list(rows()), settings).encode())


def figures_of(settings: own.Settings) -> list[str]:
    """The names of the figures that were measured."""
    return [figure.name for name in settings["measures"] for figure in MEASURES[name].figures]


def measured(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was measured, photo and class by photo and class."""
    return [of for row in rows for of in row.get("measured", ())]


def lines(rows: Iterable[dict[str, Any]], columns: list[str]) -> Iterator[dict[str, Any]]:
    """A line for each photo, class and method; one for a photo that failed."""
    nothing = dict.fromkeys([*OF_ROW, *columns])
    for row in rows:
        if row["error"]:
            yield {**nothing, "photo": readable(row["photo"]), "error": row["error"]}
        for of in row.get("measured", ()):
            about = {**nothing, "photo": readable(row["photo"]), "class": of["class"], "name": of["name"]}
            for method, values in of["values"].items():
                yield {**about, "method": method, **values}
            for method, why in of["failed"].items():
                yield {**about, "method": method, "error": why}


def page(rows: list[dict[str, Any]], settings: own.Settings) -> str:
    """The table in Markdown, with 95 % intervals and both baselines; small objects apart."""
    found, columns = measured(rows), figures_of(settings)
    failed = [row for row in rows if row["error"]]
    network = settings["network"]["title"] if settings["network"] else "maps made elsewhere"
    parts = [f"{len(rows) - len(failed)} photos, {network}", table_of_figures(summary(found), columns)]
    few = small([of for of in found if of["area"] is not None])
    if 0 < len(few) < len(found):
        parts += [
            f"{len(few)} of {len(found)} objects: less than a third of the photo",
            table_of_figures(summary(few), columns),
        ]
    parts += [f"{method}: {why}" for method, why in reasons(found).items()]
    if failed:
        first = f"{failed[0]['photo']}: {failed[0]['error']}"
        parts.append(f"{len(failed)} photos could not be measured; the first: {first}")
    return "\n\n".join(parts) + "\n"
