"""What the networks that speak share in training: scenes drawn, words heard, and a start from the convolutions of `shapes`."""

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from minicnn import Tensor, to_cpu
from minicnn.layer import Layer
from minicnn.ops import Reshape
from weights.recipes.check import shipped


class Taught(Layer):
    """A network that takes pictures and words, as `train` trains one: a row of its input is a picture and, behind it, the words it hears.

    net(x (N, *picture), words (N, *heard)) -> scores (N, ..., K).  Here: rows (N, D) -> scores (N * ..., K)
    """

    def __init__(self, net, picture, heard):
        super().__init__("taught")
        self.net, self.picture, self.heard = net, picture, heard

    def forward(self, rows):
        x, words = self.unpack(rows.data)
        scores = self.net(Tensor(x, "x"), words)
        return Reshape((-1, scores.shape[-1]))(scores)

    @staticmethod
    def pack(x, words):
        """x (N, *picture) float32, words (N, *heard), whole numbers, exact in float32 -> (N, D)"""
        return np.concatenate([x.reshape(len(x), -1), words.reshape(len(x), -1).astype(x.dtype)], axis=1)

    def unpack(self, rows):
        pixels = int(np.prod(self.picture))
        return rows[:, :pixels].reshape(-1, *self.picture), rows[:, pixels:].astype(np.int64).reshape(-1, *self.heard)


def draw(batch, scenes, split, processes=2):
    """batch(numbers, split) for the numbers 0 to scenes - 1 of a split, on several processes -> its arrays, one after the other"""
    parts = [range(i, min(i + 256, scenes)) for i in range(0, scenes, 256)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers:
        done = list(workers.map(batch, parts, [split] * len(parts)))
    return tuple(np.concatenate(arrays) for arrays in zip(*done))


def from_shapes(net):
    """Start from what the network `shapes` learned: its convolutions, where `net` has a layer of that name and size.  -> net"""
    known = shipped("shapes").arrays()
    for name, tensor in net.arrays().items():
        if name.startswith("conv") and name in known and known[name].shape == tensor.shape:
            tensor.data = known[name].data
    return net


def exchanged(words, a, b):
    """The number of the word that each word becomes when a and b change places, as in a mirror (words,)"""
    numbers, a, b = np.arange(len(words)), words.index(a), words.index(b)
    numbers[[a, b]] = b, a
    return numbers


def in_parts(f, n, size=64, threads=2):
    """f(numbers) of 0 to n - 1, `size` at a time on several threads -> its arrays, one after the other"""
    parts = [np.arange(i, min(i + size, n)) for i in range(0, n, size)]
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as workers:
        return np.concatenate(list(workers.map(f, parts)))


def ship(net, path):
    """Write a trained network in float16, under the engine's own names.  -> the size in bytes"""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{name: to_cpu(tensor.data).astype(np.float16) for name, tensor in net.arrays().items()})
    return path.stat().st_size


def processor_time():
    """Seconds of processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])
