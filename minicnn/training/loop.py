"""The training loop."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from minicnn.device import moved, to_cpu
from minicnn.layer import load
from minicnn.training import checkpoint as files
from minicnn.training.curves import Curves
from minicnn.training.evaluate import top1
from minicnn.training.shards import add_up, follow, gradients


class TrainingError(RuntimeError):
    """Training cannot go on."""


@dataclass(frozen=True)
class Run:
    """What, with the seed, decides every bit of a training.

    epochs, batch: how often every picture is seen, and how many at a time; the rest of an epoch that fills no batch is left out.
    shards: into how many parts a batch is cut (see shards.py).  average: the share of the old value that the moving average of the weights
    keeps at every step (Polyak & Juditsky 1992); 0: no average, what was trained is what is used.
    """

    epochs: int
    batch: int
    seed: int = 0
    shards: int = 2
    average: float = 0.0

    def steps(self, pictures):
        """Steps in an epoch."""
        return pictures // self.batch

    def numbers(self, step, pictures):
        """The pictures of a step (batch,): every epoch is a new order of all."""
        epoch, place = divmod(step, self.steps(pictures))
        order = np.random.default_rng([self.seed, epoch]).permutation(pictures)
        return order[place * self.batch : (place + 1) * self.batch]

    def random(self, step, shard):
        """The random numbers of one shard of one step, and of no other: augmentation and dropout draw from them."""
        return np.random.default_rng([self.seed, step, shard, 1])


def train(net, sample, pictures, loss, optimiser, rate, run, *, hits=top1, validate=None, checkpoint=None, every=60.0, show=True):
    """Train `net` in place; at the end it holds the averaged weights (if run.average) and is in use again.  -> Curves

    sample      (numbers (n,), random, progress 0..1) -> x (n, C, H, W), t: the augmented pictures and what is true of them, NumPy arrays;
                called on several threads, so it must draw from `random` only
    pictures    how many there are; numbers run from 0 to pictures - 1
    loss        makes the loss operation: lambda: CrossEntropy(0.1)
    optimiser   see optimise.py; rate: a schedule (step, steps) -> learning rate
    hits        (scores, t) -> (n,) bool: what counts as right in the progress bar and the curves
    validate    net -> {"accuracy": ...}: called after each epoch with a copy that holds the averaged weights
    checkpoint  a file: written every `every` seconds and after each epoch; if it is there, training goes on from it
    Raises TrainingError when the loss is no longer finite, CheckpointError for a checkpoint of another run.
    """
    steps = run.steps(pictures)
    if steps == 0 or run.batch < run.shards:
        raise TrainingError(f"{pictures} pictures do not make batches of {run.batch} in {run.shards} shards")
    state = _State(net, optimiser, run, pictures)
    if checkpoint and os.path.exists(checkpoint):
        state.restore(checkpoint)
    total, saved = run.epochs * steps, time.monotonic()
    bar = tqdm(total=total, initial=state.step, unit="step", disable=not show, mininterval=1.0, dynamic_ncols=True)
    with bar, threadpool_limits(1, "blas"), ThreadPoolExecutor(run.shards) as workers:
        while state.step < total:
            state.advance(workers, sample, loss, hits, rate(state.step, total), state.step / total)
            bar.update()
            bar.set_postfix_str("loss {:.3f}, right {:.1%}".format(*state.curves.recent()))
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


class _State:
    """A run between two steps."""

    def __init__(self, net, optimiser, run, pictures):
        self.net, self.optimiser, self.run, self.pictures = net, optimiser, run, pictures
        self.step, self.curves = 0, Curves()
        self.memories = {key: {n: np.zeros_like(w.data) for n, w in net.parameters().items()} for key in optimiser.memories}
        self.averaged = {name: tensor.data for name, tensor in net.arrays().items()} if run.average else {}

    def advance(self, workers, sample, loss, hits, rate, progress):
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
            raise TrainingError(f"the loss became {value} at step {self.step}: lower the learning rate ({rate:.2g} at this step)")
        self._update(add_up([shard for shard, _, _ in done]), rate)
        follow(self.net, [shard for shard, _, _ in done])
        self.step += 1
        self._average()
        self.curves.loss.append(value)
        self.curves.hits.append(sum(share * right for _, share, right in done))

    def _update(self, gradient, rate):
        for name, weight in self.net.parameters().items():
            remembered = [self.memories[key][name] for key in self.optimiser.memories]
            weight.data, *remembered = self.optimiser.update(weight.data, gradient[name], *remembered, rate=rate, t=self.step + 1)
            for key, memory in zip(self.optimiser.memories, remembered):
                self.memories[key][name] = memory

    def _average(self):
        keep = min(self.run.average, (self.step + 1) / (self.step + 10))  # the first steps are soon forgotten
        for name, old in self.averaged.items():
            self.averaged[name] = keep * old + (1 - keep) * self.net.arrays()[name].data

    def in_use(self):
        """A copy of the network with the averaged weights."""
        twin = self.net.map(lambda a: a).eval()
        return load(twin, self.averaged) if self.averaged else twin

    def groups(self):
        """Everything, for a checkpoint."""
        weights = {name: tensor.data for name, tensor in self.net.arrays().items()}
        memories = {f"memory_{key}": arrays for key, arrays in self.memories.items()}
        about = {"step": np.int64(self.step), "run": np.frombuffer(self._about().encode(), np.uint8)}
        return {"about": about, "weights": weights, "average": self.averaged, "curves": self.curves.arrays(), **memories}

    def restore(self, path):
        like = next(iter(self.net.parameters().values())).data
        about = files.read(path)
        found = about["about"]["run"].tobytes().decode() if "about" in about else "another kind of file"
        if found != self._about():
            raise files.CheckpointError(f"{path} belongs to another run:\n  it was {found}\n  this is {self._about()}\nRemove it, or name another")
        groups = files.read(path, like)
        load(self.net, groups["weights"])
        self.memories = {key: groups[f"memory_{key}"] for key in self.optimiser.memories}
        self.averaged = groups.get("average", {})
        self.step, self.curves = int(about["about"]["step"]), Curves.from_arrays(about["curves"])

    def _about(self):
        optimiser = {"optimiser": type(self.optimiser).__name__, **vars(self.optimiser)}
        return json.dumps({**asdict(self.run), "pictures": self.pictures, **optimiser})
