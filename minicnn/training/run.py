"""What a step is made of: which pictures, and which random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minicnn.graph import Array


@dataclass(frozen=True)
class Run:
    """What, with the seed, decides every bit of a training.

    epochs, batch: how often every picture is seen, and how many at a time; the rest of an epoch that fills no
    batch is left out. shards: into how many parts a batch is cut (see shards.py).  average: the share of the
    old value that the moving average of the weights keeps at every step (Polyak & Juditsky 1992); 0: no
    average, what was trained is what is used.
    """

    epochs: int
    batch: int
    seed: int = 0
    shards: int = 2
    average: float = 0.0

    def steps(self, pictures: int) -> int:
        """Steps in an epoch."""
        return pictures // self.batch

    def numbers(self, step: int, pictures: int) -> Array:
        """The pictures of a step (batch,): every epoch is a new order of all."""
        epoch, place = divmod(step, self.steps(pictures))
        order = np.random.default_rng([self.seed, epoch]).permutation(pictures)
        return order[place * self.batch : (place + 1) * self.batch]

    def random(self, step: int, shard: int) -> np.random.Generator:
        """The random numbers of one shard of one step, and of no other: augmentation and dropout draw from
        them."""
        return np.random.default_rng([self.seed, step, shard, 1])
