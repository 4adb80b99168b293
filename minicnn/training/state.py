"""A run between two steps: what changes as it goes, and what a checkpoint holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Any

import numpy as np

from minicnn.device import moved, to_cpu
from minicnn.errors import Error
from minicnn.graph import Array, Op
from minicnn.layer import Layer
from minicnn.loading import load
from minicnn.notebook.curves import Curves
from minicnn.training import checkpoint
from minicnn.training.run import Run
from minicnn.training.shards import add_up, follow, gradients

# (numbers (n,), random, progress 0..1) -> x (n, C, H, W), t: the augmented pictures and what is true of them
Sample = Callable[[Array, np.random.Generator, float], tuple[Array, Array]]


class TrainingError(Error, RuntimeError):
    """Training cannot go on."""


class State:
    """A run between two steps."""

    net: Layer
    optimiser: Any
    run: Run
    pictures: int
    step: int
    curves: Curves
    memories: dict[str, dict[str, Array]]
    averaged: dict[str, Array]

    def __init__(self, net: Layer, optimiser: Any, run: Run, pictures: int) -> None:
        self.net, self.optimiser, self.run, self.pictures = net, optimiser, run, pictures
        self.step, self.curves = 0, Curves()
        self.memories = {
            key: {n: np.zeros_like(w.data) for n, w in net.parameters().items()} for key in optimiser.memories
        }
        self.averaged = {name: tensor.data for name, tensor in net.arrays().items()} if run.average else {}

    def advance(
        self,
        workers: Executor,
        sample: Sample,
        loss: Callable[[], Op],
        hits: Callable[[Any, Any], Any],
        rate: float,
        progress: float,
    ) -> None:
        """One step: gradients, statistics, weights, average."""
        like = next(iter(self.net.parameters().values())).data
        parts = np.array_split(self.run.numbers(self.step, self.pictures), self.run.shards)

        def work(shard):
            random = self.run.random(self.step, shard)
            x, t = sample(parts[shard], random, progress)
            share = len(parts[shard]) / self.run.batch
            result = gradients(self.net, loss, moved(x, like), moved(t, like), share, random)
            return result, share, float(to_cpu(hits(result.scores, moved(t, like))).mean())

        done = list(workers.map(work, range(self.run.shards)))
        value = sum(share * shard.loss for shard, share, _ in done)
        if not np.isfinite(value):
            raise TrainingError(
                f"the loss became {value} at step {self.step}: lower the learning rate ({rate:.2g} at this "
                "step)"
            )
        self._update(add_up([shard for shard, _, _ in done]), rate)
        follow(self.net, [shard for shard, _, _ in done])
        self.step += 1
        self._average()
        self.curves.loss.append(value)
        self.curves.hits.append(sum(share * right for _, share, right in done))

    def _update(self, gradient, rate):
        for name, weight in self.net.parameters().items():
            remembered = [self.memories[key][name] for key in self.optimiser.memories]
            weight.data, *remembered = self.optimiser.update(
                weight.data, gradient[name], *remembered, rate=rate, t=self.step + 1
            )
            for key, memory in zip(self.optimiser.memories, remembered):
                self.memories[key][name] = memory

    def _average(self):
        keep = min(self.run.average, (self.step + 1) / (self.step + 10))  # the first steps are soon forgotten
        for name, old in self.averaged.items():
            self.averaged[name] = keep * old + (1 - keep) * self.net.arrays()[name].data

    def in_use(self) -> Layer:
        """A copy of the network with the averaged weights."""
        twin = self.net.map(lambda a: a).eval()
        return load(twin, self.averaged) if self.averaged else twin

    def groups(self) -> dict[str, Mapping[str, Any]]:
        """Everything, for a checkpoint."""
        weights = {name: tensor.data for name, tensor in self.net.arrays().items()}
        memories = {f"memory_{key}": arrays for key, arrays in self.memories.items()}
        about = {"step": np.int64(self.step), "run": np.frombuffer(self._about().encode(), np.uint8)}
        return {
            "about": about,
            "weights": weights,
            "average": self.averaged,
            "curves": self.curves.arrays(),
            **memories,
        }

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint of the same run.  CheckpointError if it is of another one."""
        like = next(iter(self.net.parameters().values())).data
        about = checkpoint.read(path)
        found = about["about"]["run"].tobytes().decode() if "about" in about else "another kind of file"
        if found != self._about():
            raise checkpoint.CheckpointError(
                f"{path} belongs to another run:\n  it was  {found}\n  this is {self._about()}\nremove it, "
                "or name another checkpoint"
            )
        groups = checkpoint.read(path, like)
        load(self.net, groups["weights"])
        self.memories = {key: groups[f"memory_{key}"] for key in self.optimiser.memories}
        self.averaged = groups.get("average", {})
        self.step, self.curves = int(about["about"]["step"]), Curves.from_arrays(about["curves"])

    def _about(self):
        optimiser = {"optimiser": type(self.optimiser).__name__, **vars(self.optimiser)}
        return json.dumps({**asdict(self.run), "pictures": self.pictures, **optimiser})
