"""What captioner and vqa share in training: scenes drawn, the encoder of `shapes`, and words heard."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import weights
from minicnn import Tensor, to_cpu
from minicnn.layer import Layer
from minicnn.ops import Reshape
from minicnn.training.augment import to_input
from weights.recipes.train_shapes import normalise


class Taught(Layer):
    """A network that takes feature maps and words, as `train` trains one: a row of its input is the maps
    and, behind them, the words.

    net(features (N, C, h, w), words (N, ...)) -> scores (N, ..., K).  Here: rows (N, D) -> scores (N * ...,
    K)
    """

    def __init__(self, net: Layer, maps: tuple[int, ...], words: tuple[int, ...]) -> None:
        super().__init__("taught")
        self.net: Layer = net.compute(
            "exact"
        )  # Winograd would transform weights that change at every step, for maps of 12 x 12
        self.maps: tuple[int, ...] = maps
        self.words: tuple[int, ...] = words

    def forward(self, rows: Tensor) -> Tensor:
        numbers = int(np.prod(self.maps))
        maps, words = rows.data[:, :numbers], rows.data[:, numbers:].astype(np.int64)
        scores = self.net(Tensor(maps.reshape(-1, *self.maps), "features"), words.reshape(-1, *self.words))
        return Reshape((-1, scores.shape[-1]))(scores)


def rows(maps: np.ndarray, words: np.ndarray) -> np.ndarray:
    """maps (N, C, h, w), words (N, ...), whole numbers, exact in float32 -> (N, D) float32"""
    return np.concatenate([a.reshape(len(a), -1).astype(np.float32) for a in (maps, words)], axis=1)


def with_encoder(net: Layer) -> Layer:
    """Give the network the encoder of `shapes`: its convolutions.  -> net"""
    known = weights.load("shapes").arrays()
    for name, tensor in net.encoder.arrays().items():
        tensor.data = known[name].data
    return net


def features(net: Layer, pictures: np.ndarray) -> np.ndarray:
    """What the network's encoder makes of pictures (n, SIDE, SIDE, 3) uint8 -> (n, C, h, w) float16; it does
    not learn, so once is enough
    """
    return in_parts(lambda n: net.encoder(normalise(to_input(pictures[n]))).astype(np.float16), len(pictures))


def views(
    net: Layer, pictures: np.ndarray, words: np.ndarray, vocabulary: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Every scene three times: as it is, mirrored (what was left is right), and upside down (what was above
    is below).

    pictures (n, SIDE, SIDE, 3), words (n, ...) -> features (3n, C, h, w) float16, words (3n, ...)
    """
    mirrored, upside_down = exchanged(vocabulary, "left", "right"), exchanged(vocabulary, "above", "below")
    maps = [features(net, p) for p in (pictures, pictures[:, :, ::-1], pictures[:, ::-1])]
    return np.concatenate(maps), np.concatenate([words, mirrored[words], upside_down[words]])


def exchanged(words: Sequence[str], a: str, b: str) -> np.ndarray:
    """The number of the word that each word becomes when a and b change places (words,)"""
    numbers, a, b = np.arange(len(words)), words.index(a), words.index(b)
    numbers[[a, b]] = b, a
    return numbers


def in_parts(f: Callable[[range], np.ndarray], n: int, size: int = 64, threads: int = 2) -> np.ndarray:
    """f(numbers) of 0 to n - 1, `size` at a time on several threads -> its arrays, one after the other"""
    parts = [np.arange(i, min(i + size, n)) for i in range(0, n, size)]
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as workers:
        return np.concatenate(list(workers.map(f, parts)))


def ship(net: Layer, path: Path) -> int:
    """Write a trained network in float16, under the engine's own names.  -> the size in bytes"""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, **{name: to_cpu(tensor.data).astype(np.float16) for name, tensor in net.arrays().items()}
    )
    return path.stat().st_size


def processor_time() -> float:
    """Seconds of processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])
