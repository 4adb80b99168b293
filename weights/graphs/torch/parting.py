"""Where a network and the model that it was made from part, and where the model asked for that."""

from __future__ import annotations

import numpy as np
import torch

from minicnn import Tensor, history
from weights.graphs.torch.gradients import autograd, difference, sent_back
from weights.graphs.torch.memory import Value
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.record import HOOK, Call, Recording, Stopped
from weights.graphs.torch.trees import leaves

ROUNDING = 1e-8  # relative, of float64 through a deep network
AT_ONCE = 1 << 29  # bytes of our signals, and as many of autograd's


def first_other_output(net: TracedNetwork, recording: Recording) -> Call | None:
    """The first operator whose numbers are not PyTorch's."""
    for call in recording.calls:
        for result, (t, version) in zip(call.results, call.tensors):
            a_number = t.is_floating_point() or t.is_complex()
            if result in net.numbers and a_number and not t.is_inference() and t._version == version:
                value = net.values[net.numbers[result]]
                if (
                    difference(value.data if isinstance(value, Tensor) else value, t.detach().numpy())
                    > ROUNDING
                ):
                    return call
    return None


def first_other_gradient(net: TracedNetwork, recording: Recording, w: np.ndarray) -> Call:
    """The operator from which, in the backward pass, our signal and autograd's are no longer the same."""
    y = net.values[net.output]
    path = set(history(y)) if isinstance(y, Tensor) else set()
    known = {recording.source: (net.values[0], recording.x)}
    for call in recording.calls:
        for result, (t, version) in zip(call.results, call.tensors):
            if result in net.numbers and t.requires_grad and t._version == version:
                known[result] = net.values[net.numbers[result]], t
    known = {v: pair for v, pair in known.items() if isinstance(pair[0], Tensor) and pair[0] in path}
    wrong = set()
    for share in _shares(known):
        ours = sent_back(y, w, [known[v][0] for v in share])
        theirs = autograd(recording, w, [known[v][1] for v in share])
        wrong.update(v for v, a, b in zip(share, ours, theirs) if difference(a, b) > ROUNDING)
    read = [c for c in reversed(recording.calls) if c.inside is None and wrong.intersection(_read(c))]
    return next((c for c in read if _parts_here(c, known)), read[0] if read else recording.calls[-1])


def _shares(known):
    """The values, those of a backward pass together: as many as have their signals side by side in memory."""
    share, size = [], 0
    for value, (a, _) in known.items():
        if share and size + a.data.nbytes > AT_ONCE:
            yield share
            share, size = [], 0
        share.append(value)
        size += a.data.nbytes
    if share:
        yield share


def _parts_here(call, known):
    """Whether a signal at the operator's output arrives otherwise at its inputs; not at one that leads to
    another of them, so that it passes this operator alone."""
    made = [known[r] for r in call.results if r in known]
    read = [known[v] for v in _read(call) if v in known]
    before = {t for a, _ in read for t in history(a) if t is not a}
    read = [(a, t) for a, t in read if a not in before]
    if not made or not read:
        return False
    (y, t), random = made[0], np.random.default_rng(0)
    w = random.standard_normal(y.shape)
    with torch.enable_grad():
        score = (t * torch.from_numpy(w)).sum()
        theirs = torch.autograd.grad(score, [t for _, t in read], retain_graph=True, allow_unused=True)
    ours = sent_back(y, w, [a for a, _ in read if a in history(y)])
    theirs = [g.numpy() for (a, _), g in zip(read, theirs) if g is not None and a in history(y)]
    return any(difference(a, b) > ROUNDING for a, b in zip(ours, theirs))


def choices(calls: list[Call]) -> dict[str, Call]:
    """Where the model tells autograd what to do: "detach at 'head'", "the autograd function Reverse at
    'domain'".
    """
    found, cut = {}, set()
    for call in calls:
        read = [a for a in leaves((call.args, call.kwargs)) if isinstance(a, (Value, Stopped))]
        stopped = [a for a in read if isinstance(a, Stopped)]
        if call.inside is not None:
            what = call.operator if call.operator == HOOK else f"the autograd function {call.operator}"
            found.setdefault(f"{what} at {call.where}", call)
        elif call.function:
            continue
        elif call.cut and not all(isinstance(a, Stopped) and a.value in cut for a in read):
            found.setdefault(f"{call.cut} at {call.where}", call)
        elif not call.cut and any(a.value not in cut for a in stopped):
            found.setdefault(f"detach at {call.where}", call)
        if call.cut or (stopped and len(stopped) == len(read)):
            cut.update(call.results)
    return found


def _read(call):
    return {
        a.value if isinstance(a, Stopped) else a
        for a in leaves((call.args, call.kwargs))
        if isinstance(a, (Value, Stopped))
    }
