"""Where a network and the model that it was made from part, and where the model asked for that."""

from __future__ import annotations

import numpy as np

from minicnn import Tensor, history
from weights.graphs.torch.gradients import autograd, difference, sent_back
from weights.graphs.torch.memory import Value
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.record import Call, Recording, Stopped
from weights.graphs.torch.trees import leaves

ROUNDING = 1e-8  # relative, of float64 through a deep network


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
    known = [
        (result, net.values[net.numbers[result]], t)
        for call in recording.calls
        for result, (t, version) in zip(call.results, call.tensors)
        if result in net.numbers and t.requires_grad and t._version == version
    ]
    known = [(result, ours, t) for result, ours, t in known if isinstance(ours, Tensor) and ours in path]
    ours = sent_back(y, w, [ours for _, ours, _ in known]) if known else []
    theirs = autograd(recording, w, [t for _, _, t in known])
    wrong = {result for (result, _, _), a, b in zip(known, ours, theirs) if difference(a, b) > ROUNDING}
    for call in reversed(recording.calls):
        if call.inside is None and (wrong | {recording.source}).intersection(_read(call)):
            return call
    return recording.calls[-1]


def choices(calls: list[Call]) -> dict[str, Call]:
    """Where the model tells autograd what to do: "detach at 'head'", "the autograd function Reverse at
    'domain'".
    """
    found, cut = {}, set()
    for call in calls:
        read = [a for a in leaves((call.args, call.kwargs)) if isinstance(a, (Value, Stopped))]
        stopped = [a for a in read if isinstance(a, Stopped)]
        if call.inside is not None:
            found.setdefault(f"the autograd function {call.operator} at {call.where}", call)
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
