"""Training curves: a value per step, and what validation said after each epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np


class Curves:
    """loss, hits: one number per step (hits: the share of the batch that was right); validation: [{"epoch":
    1, "accuracy": ...}, ...]."""

    loss: list[float]
    hits: list[float]
    validation: list[dict[str, Any]]

    def __init__(
        self,
        loss: Iterable[float] = (),
        hits: Iterable[float] = (),
        validation: Iterable[dict[str, Any]] = (),
    ) -> None:
        self.loss, self.hits, self.validation = list(loss), list(hits), list(validation)

    def arrays(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        validation = np.frombuffer(json.dumps(self.validation).encode(), np.uint8)
        return {"loss": np.float64(self.loss), "hits": np.float64(self.hits), "validation": validation}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """The opposite of `arrays`."""
        return cls(
            arrays["loss"].tolist(), arrays["hits"].tolist(), json.loads(arrays["validation"].tobytes())
        )

    def recent(self, steps: int = 50) -> tuple[float, float]:
        """Mean loss and accuracy of the last steps."""
        return float(np.mean(self.loss[-steps:])), float(np.mean(self.hits[-steps:]))

    def picture(self, path: str | os.PathLike[str], steps_per_epoch: int) -> None:
        """Loss (left) and accuracy (right) over epochs, as a picture file; each training point is the mean of
        a tenth of an epoch."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        width = max(1, steps_per_epoch // 10)
        for axes, values, name in ((left, self.loss, "loss"), (right, self.hits, "accuracy")):
            points = [np.mean(values[i : i + width]) for i in range(0, len(values) - width + 1, width)]
            axes.plot(
                (np.arange(len(points)) + 0.5) * width / steps_per_epoch,
                points,
                color="0.6",
                label="training",
            )
            epochs = [v["epoch"] for v in self.validation if name in v]
            if epochs:
                axes.plot(
                    epochs,
                    [v[name] for v in self.validation if name in v],
                    "o-",
                    markersize=3,
                    label="validation",
                )
            axes.set(xlabel="epoch", ylabel=name)
            axes.grid(alpha=0.3)
            axes.legend()
        figure.savefig(path, dpi=120)
