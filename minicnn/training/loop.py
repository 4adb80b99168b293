"""The training loop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from minicnn.graph import Op
from minicnn.layer import Layer
from minicnn.loading import load
from minicnn.notebook.curves import Curves
from minicnn.optimise import Schedule
from minicnn.training import checkpoint as files
from minicnn.training.evaluate import top1
from minicnn.training.run import Run
from minicnn.training.state import Sample, State, TrainingError


def train(
    net: Layer,
    sample: Sample,
    pictures: int,
    loss: Callable[[], Op],
    optimiser: Any,
    rate: Schedule,
    run: Run,
    *,
    hits: Callable[[Any, Any], Any] = top1,
    validate: Callable[[Layer], dict[str, float]] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
    show: bool = True,
) -> Curves:
    """Train `net` in place; at the end it holds the averaged weights (if run.average) and is in eval mode
    again.  -> Curves

    sample      (numbers (n,), random, progress 0..1) -> x (n, C, H, W), t: the augmented pictures and what is
                true of them, NumPy arrays; called on several threads, so it must draw from `random` only
    pictures    how many there are; numbers run from 0 to pictures - 1
    loss        makes the loss operation: lambda: CrossEntropy(0.1)
    optimiser   see optimise.py; rate: a schedule (step, steps) -> learning rate
    hits        (scores, t) -> (n,) bool: what counts as right in the progress bar and the curves
    validate    net -> {"accuracy": ...}: called after each epoch with a copy that holds the averaged weights
    checkpoint  a file: written every `every` seconds and after each epoch; if it is there, training goes on
                from it
    Raises TrainingError when the loss is no longer finite, CheckpointError for a checkpoint of another run.
    """
    steps = run.steps(pictures)
    if steps == 0 or run.batch < run.shards:
        raise TrainingError(f"{pictures} pictures do not make batches of {run.batch} in {run.shards} shards")
    state = State(net, optimiser, run, pictures)
    if checkpoint and os.path.exists(checkpoint):
        state.restore(checkpoint)
    total, saved = run.epochs * steps, time.monotonic()
    bar = tqdm(
        total=total, initial=state.step, unit="step", disable=not show, mininterval=1.0, dynamic_ncols=True
    )
    with bar, threadpool_limits(1, "blas"), ThreadPoolExecutor(run.shards) as workers:
        while state.step < total:
            state.advance(workers, sample, loss, hits, rate(state.step, total), state.step / total)
            bar.update()
            bar.set_postfix_str("loss {:.3f}, right {:.1%}".format(*state.curves.recent()), refresh=False)
            ended = state.step % steps == 0
            if ended and validate:
                found = {"epoch": state.step // steps, **validate(state.in_use())}
                state.curves.validation.append(found)
                bar.write(", ".join(f"{key} {value:.4g}" for key, value in found.items()))
            if checkpoint and (ended or time.monotonic() - saved > every):
                files.save(checkpoint, state.groups())
                saved = time.monotonic()
    load(net, state.averaged or {name: tensor.data for name, tensor in net.arrays().items()}).eval()
    return state.curves
