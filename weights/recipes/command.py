"""What the training commands share: their options, how scenes are drawn, and how a trained network is
written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from minicnn import nets, to_cpu, to_gpu
from minicnn.layer import Layer

SHIPPED = Path(__file__).parent.parent / "shipped"


def drawn(
    batch: Callable[..., tuple[np.ndarray, ...]], scenes: int, split: str, processes: int = 2
) -> tuple[np.ndarray, ...]:
    """batch(numbers, split) for the numbers 0 to scenes - 1 of a split, on several processes -> its arrays,
    one after the other
    """
    parts = [range(i, min(i + 256, scenes)) for i in range(0, scenes, 256)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers:
        done = list(workers.map(batch, parts, [split] * len(parts)))
    return tuple(np.concatenate(arrays) for arrays in zip(*done))


def options(name: str, description: str | None, epochs: int) -> argparse.ArgumentParser:
    """The parser with what every training command can be asked."""
    parser = argparse.ArgumentParser(
        prog=f"python -m weights.recipes.train_{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--epochs", type=int, default=epochs, help="how often every picture is seen (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="decides weights, order, augmentation (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=SHIPPED / f"{name}.npz",
        help="where the weights go (default: %(default)s)",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=Path("checkpoints") / f"{name}.npz",
        help="written as the run goes (default: %(default)s)",
    )
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on from the checkpoint if there is one; --no-resume begins anew and overwrites it",
    )
    parser.add_argument(
        "--gpu", action="store_true", help="train on the GPU (needs CuPy); its bits are not those of the CPU"
    )
    return parser


def begin(net: Layer, asked: argparse.Namespace) -> Layer:
    """The network with weights drawn anew, where it was asked to be trained; without --resume, the old
    checkpoint is forgotten.
    """
    if not asked.resume:
        asked.checkpoint.unlink(missing_ok=True)
    net.initialise(asked.seed)
    return to_gpu(net) if asked.gpu else net


def ship(net: Layer, path: Path) -> int:
    """Fold the batchnorm of a trained network away and write it in float16, under the engine's own names.
    -> the size in bytes
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, **{name: array.astype(np.float16) for name, array in nets.fold(to_cpu(net)).items()}
    )
    return path.stat().st_size
