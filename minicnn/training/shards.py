"""One step's gradients, on several threads.

A mini-batch is cut into a fixed number of shards; each goes forward and back on its own thread, and the
gradients are added in the order of the shards.  The number of shards belongs to the recipe and not to the
machine: batchnorm takes its statistics from one shard ("ghost batches", Hoffer et al. 2017, sec. 4), so
another number would be another training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minicnn.graph import Array, Op, Tensor, history
from minicnn.layer import DropoutLayer, Layer
from minicnn.ops import BatchNormTraining
from minicnn.walk import backward


class BatchStatistics(NamedTuple):
    """What one batchnorm saw: mean and biased variance (C,) of `count` values per channel."""

    layer: str
    mean: np.ndarray
    var: np.ndarray
    count: int


class Shard(NamedTuple):
    """What a shard brings back: its scores (n, K), its loss, its share of the gradients {name: array}, and
    what batchnorm saw."""

    scores: np.ndarray
    loss: float
    gradients: dict[str, Array]
    seen: list[BatchStatistics]


def gradients(
    net: Layer,
    loss: Callable[[], Op],
    x: Array,
    t: Array,
    share: float = 1.0,
    random: np.random.Generator | None = None,
) -> Shard:
    """Forward and back through the network in training mode.  The network is not changed.  -> Shard

    x (n, C, H, W), t: a batch; loss: makes the operation that gives the loss, loss()(scores, t); share: what
    this shard's loss counts in that of the whole batch; random: the Generator that dropout draws from.
    """
    twin = net.map(lambda a: a).train()
    for at in twin.layers():
        if isinstance(at, DropoutLayer):
            at.random = random
    scores = twin(Tensor(x, "x"))
    y = loss()(scores, t)
    weights = twin.parameters()
    result = Shard(scores.data, float(y.data), {}, _seen(y))
    arrived = backward(y, np.full_like(y.data, share), wrt=list(weights.values()), release=True)
    result.gradients.update(zip(weights, arrived))
    return result


def _seen(y):
    made = [t for t in history(y) if isinstance(t.op, BatchNormTraining)]
    return [BatchStatistics(t.layer.name, t.op.mean, t.op.var, t.op.count) for t in made]


def add_up(shards: Sequence[Shard]) -> dict[str, Array]:
    """The gradients of the whole batch, {name: array}: those of the shards added in order."""
    total = dict(shards[0].gradients)
    for shard in shards[1:]:
        for name, g in shard.gradients.items():
            total[name] = total[name] + g
    return total


def follow(net: Layer, shards: Sequence[Shard]) -> None:
    """Move the network's running statistics after what its batchnorms saw, shard by shard."""
    layers = {at.name: at for at in net.layers()}
    for shard in shards:
        for seen in shard.seen:
            layers[seen.layer].follow(seen)
