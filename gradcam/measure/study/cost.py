"""What a map costs: seconds, and passes of the network, beside Grad-CAM's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.explanation import NoMapError, explain
from gradcam.image import prepare
from gradcam.measure.pictures.example import Pictures
from gradcam.measure.study.collect import collect
from gradcam.measure.study.markdown import aligned
from gradcam.measure.study.run import from_the_score, which
from gradcam.methods import METHODS
from minicnn import GraphError, RuleError
from minicnn.layer import Layer

RUNS, ENOUGH = 4, 1.0


def seconds(
    net: Any, x: np.ndarray, c: int, method: str, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, int]:
    """-> (how long one map takes, forward pass included, the best of some runs; how many runs).  x: input (1,
    C, H, W), c: class

    There are RUNS, or fewer if they took ENOUGH seconds together.  clock: `time.thread_time` counts processor
    time in this thread only.
    """
    took = []
    while len(took) < RUNS and sum(took) < ENOUGH:
        begun = clock()
        explain(net, x, c, [method])
        took.append(clock() - begun)
    return min(took), len(took)


class Counted:
    """A network that counts the pictures that are passed forward through it."""

    net: Layer
    card: Any
    pictures: int

    def __init__(self, net: Layer) -> None:
        self.net, self.card, self.pictures = net, net.card, 0

    def __call__(self, x: Any) -> Any:
        self.pictures += x.shape[0]
        return self.net(x)


def over(
    net: Layer,
    data: Pictures,
    methods: Sequence[str],
    n: int,
    rows: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Rows {"number", "seconds": {method: s}, "forward": {method: pictures passed forward}} of n pictures;
    what fails is left out.
    """
    net = from_the_score(net)

    def one(number):
        example = data[number]
        x, took, forward = prepare(example.picture, data.preprocessing), {}, {}
        explain(net, x, example.c, ["grad_cam"])  # what is done once only
        for method in methods:
            counted = Counted(net)
            try:
                best, runs = seconds(counted, x, example.c, method, time.thread_time)
            except (GraphError, RuleError, NoMapError):
                continue
            took[method], forward[method] = round(best, 6), counted.pictures // runs
        return {"number": number, "seconds": took, "forward": forward}

    return collect(
        rows, {"cost of": list(methods), **which(net, data)}, data.numbers[:n], one, workers, progress, name
    )


def medians(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """{method: {"seconds", "grad_cams": how many times Grad-CAM's, "forward": pictures passed forward}}"""
    found = {}
    for method in rows[0]["seconds"]:
        took = [row["seconds"][method] for row in rows]
        times = [row["seconds"][method] / row["seconds"]["grad_cam"] for row in rows]
        found[method] = {
            "seconds": float(np.median(took)),
            "grad_cams": float(np.median(times)),
            "forward": rows[0]["forward"][method],
        }
    return found


def table_of_costs(rows: list[dict[str, Any]]) -> str:
    """A Markdown table of the medians."""
    lines = [
        [method, f"{of['seconds']:.3f}", f"{of['grad_cams']:.1f}", str(of["forward"]), METHODS[method].cost]
        for method, of in medians(rows).items()
    ]
    return aligned(["method", "seconds", "Grad-CAMs", "pictures forward", "passes"], lines)
