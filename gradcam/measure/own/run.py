"""Measures over photos of one's own, into a folder that can be killed and gone on with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gradcam.measure.own.results import Results, finish
from gradcam.measure.own.task import MeasureTask
from gradcam.runs import settings as own
from gradcam.runs.manner import ALONE, Manner
from gradcam.runs.run import into
from minicnn import __version__


def measure_into(
    path: str | os.PathLike[str],
    task: MeasureTask,
    photos: Sequence[str],
    manner: Manner = ALONE,
    also: Mapping[str, Any] | None = None,
) -> Results:
    """Measure photos into a folder, or go on where it was -> what was found.

    The folder gets rows.jsonl, settings.json, figures.csv and .parquet, and summary.md.  task.net may be any
    network: a published one, an ONNX file's, a live PyTorch model's (`weights.graphs.torch.from_torch`).  The
    rest is as in `gradcam.runs.explain_into`.  RunError, SaveError: it cannot begin, or go on.
    """
    settings = settings_of(task, photos, manner.shard, also)
    return Results(into(path, task, photos, settings, finish, manner).path)


def settings_of(
    task: MeasureTask, photos: Sequence[str], shard: tuple[int, int] | None, also: Mapping[str, Any] | None
) -> own.Settings:
    """What the results depend on."""
    card = None if task.net is None else task.net.card
    network = card and {
        "name": card.name, "title": card.title, "layer": card.layer, "weights": own.digest(task.net),
        **(also or {}),
    }  # fmt: skip
    return {
        "version": __version__,
        "network": network,
        "preprocessing": task.preprocessing and asdict(task.preprocessing),
        "measures": list(task.measures),
        "methods": list(task.methods),
        "class": task.c if task.c is not None else "as the truth says, or the most probable",
        "truth": task.truth and task.truth.digest,
        "given": task.given and task.given.names,
        "maps": None,
        "photos": own.of_photos(photos),
        "shard": list(shard) if shard else None,
    }
