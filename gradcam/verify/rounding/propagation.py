"""What rounding can do: amplify itself, and flip the gates and switches that are near a tie (a gradient then
jumps).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.verify.reference.pipelines import MAPS, PATHS
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.tape import makers, relink
from gradcam.verify.rounding.differences import EPS, difference
from minicnn import Clip, LeakyReLU, MaxPool, Op, ReLU, Tensor, find, history
from minicnn.windows import pad_to_fit, taps

GATES = (ReLU, LeakyReLU, Clip)
NEAR = {
    "float32": 4e-6,
    "float64": 1e-13,
}  # of a layer's largest value: closer to a tie than rounding can tell
MOST = 48  # near ties that are tried one by one
FLIPS = 6  # of them at once
FEW = 4  # pictures of a mean over many, at which rounding is measured


def amplification(q: Any, steps: Any) -> Any:
    """{step: how many units of roundoff the reference is away in float32, with the gates and switches of
    float64 replayed}; of a mean over many pictures of a large network, at a few of them.
    """
    if len(history(q.low.reference.y)) != len(history(q.reference.y)):
        return dict.fromkeys(steps, 1.0)

    def in_single(_, v, old):
        y = q.low.tape(v.input)
        partner = dict(zip(history(y), history(old())))
        return relink(y, lambda t: replayed(partner[t].op))[y]

    few = [("a few pictures", "path", thinned)] if q.large and q.method in PATHS else []
    run, reference = Run(q, (*few, ("in float32", "y", in_single))), Run(q, few)
    return {
        s: max(1.0, difference(run[s].astype(np.float64), reference[s]).relative / 2**-24)
        for s in steps
        if s != "input"
    }


def thinned(q: Any, v: Run, old: Any) -> Any:
    """FEW pictures of an average, from end to end, with shares that add up to 1."""
    path = old()
    some = np.unique(np.linspace(0, len(path.shares) - 1, FEW).round().astype(int))
    shares = path.shares[some]
    return path._replace(pictures=path.pictures[some], shares=shares / shares.sum())


def replayed(op: Op) -> Any:
    """What the backward pass looks at in this operation, where it is a matter of rounding."""
    if isinstance(op, GATES):
        return {"x": np.where(op.x > 0, 1, -1) if isinstance(op, ReLU) else op.x}
    return {"switches": op.switches} if isinstance(op, MaxPool) else None


def flips(q: Any, run: Run, limits: Any, kind: str) -> Any:
    """The near ties whose other side brings `run` to theirs: (their names, the run with them), or None if
    none do.

    limits: {step: relative tolerance} of what must be reached; the first step leads.  Greedy: the flip that
    removes most of the difference, then the next; each is a whole backward pass with one gate or switch
    changed.
    """
    near = near_ties(run.y, NEAR[kind], behind=q.layer if q.method in MAPS else None)
    if not near or len(near) > MOST:
        return None
    lead = next(iter(limits))
    left = lambda chosen: difference(q.theirs[lead], flipped(q, run, chosen)[lead]).l2  # noqa: E731
    chosen, best = [], difference(q.theirs[lead], run[lead]).l2
    while len(chosen) < FLIPS:
        tried = [(left([*chosen, f]), n) for n, f in enumerate(near) if f not in chosen]
        if not tried or min(tried)[0] > 0.9 * best:
            return None
        best, n = min(tried)
        chosen.append(near[n])
        now = flipped(q, run, chosen)
        if all(difference(q.theirs[s], now[s]).relative <= limit for s, limit in limits.items()):
            return [f"{t.name}{[int(i) for i in at]}" for t, at, _ in chosen], now
    return None


def flipped(q: Any, run: Run, chosen: Any) -> Any:
    """The same run with some gates and switches on the other side."""

    def change(t):
        mine = [(at, to) for s, at, to in chosen if s is t]
        if not mine:
            return None
        name = "switches" if isinstance(t.op, MaxPool) else "x"
        memory = getattr(t.op, name).copy()
        for at, to in mine:
            memory[at] = to
        return {name: memory}

    name = "flip " + " ".join(f"{id(t)}{at}{to}" for t, at, to in chosen)
    return Run(q, (*run.changes, (name, "y", lambda q, v, old: relink(old(), change)[old()])))


def near_ties(y: Tensor, share: Any, exact: Any = False, behind: Any = None) -> Any:
    """[(tensor, index, the other side)]: gates and switches that lie within `share` of a tie; exact ties only
    if asked for.

    behind: the name of a layer; only what the backward pass to it meets.
    """
    found, met = [], _after(y, behind)
    for t in makers(y, ReLU):
        x = t.op.x
        for at in zip(*np.nonzero((abs(x) <= share * abs(x).max()) & (x != 0))) if t in met else ():
            found.append((t, tuple(int(i) for i in at), -x[at]))
            if len(found) > MOST:
                return found
    for t in makers(y, MaxPool):
        found += _near_switches(t, share, exact) if t in met else []
        if len(found) > MOST:
            return found
    return found


def _after(y, layer):
    """The tensors that depend on a layer; all of them for None."""
    if layer is None:
        return set(history(y))
    met = {find(y, layer)}
    for t in history(y):
        if t.op and met.intersection(i for i in t.op.inputs if isinstance(i, Tensor)):
            met.add(t)
    return met - {find(y, layer)}


def _near_switches(t, share, exact):
    op, x = t.op, t.op.inputs[0].data
    padded = pad_to_fit(x, op.kernel, op.stride, op.pad, op.dilation, op.windows, value=-np.inf)
    top, found = abs(t.data).max(), []
    for tap, (*_, where) in enumerate(taps(op.kernel, op.stride, op.dilation, op.windows)):
        gap = t.data - padded[where]
        close = (gap <= share * top) & ((gap > 0) | exact) & (op.switches != tap) & (t.data > 0)
        found += [(t, tuple(int(i) for i in at), tap) for at in zip(*np.nonzero(close))]
        if len(found) > MOST:
            break
    return found


def crowded(q: Any, kind: str) -> Any:
    """Whether there are more ties, near or exact, than can be tried one by one."""
    behind = q.layer if q.method in MAPS else None
    return len(near_ties(q.reference.y, NEAR[kind], exact=True, behind=behind)) > MOST


def band(q: Any, run: Run, kind: str, steps: Any, tries: Any = 8) -> Any:
    """{step: (relative L2, width)}: how far it moves, in all and at every place, when the input is moved by
    this type's roundoff.
    """
    moved = {s: (0.0, np.zeros_like(run[s])) for s in steps}
    for n in range(tries):
        other = Run(q, (*run.changes, (f"roundoff {n}", "input", roundoff(kind, n))))
        for s, (far, width) in moved.items():
            moved[s] = max(far, difference(other[s], run[s]).l2), np.maximum(width, abs(other[s] - run[s]))
    q.forget()
    return moved


def roundoff(kind: str, seed: Any) -> Any:
    def way(q, v, old):
        x = old()
        return x * (1 + 4 * EPS[kind] * np.random.default_rng(seed).standard_normal(x.shape))

    return way
