"""What made a number: the terms of the sum that it is, going forward or coming back.

A term is w times v (forward), or w times g (backward), and where that v or g stands.  In front of a ReLU a
term has its gate: x, the ReLU's input there, and `arrived`, the signal that came to it; g is what the rule
let through.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.explore.drawn import as_maps
from gradcam.explore.units import (
    Unit,
    is_plain,
    joins_maps,
    origin,
    seeing,
    seen,
    switch,
    value_at,
    weights_of,
)
from gradcam.methods.relevance import neg, pos, stabilised
from minicnn import Tensor
from minicnn.ops import Add, Conv, Flatten, GlobalAvgPool, Linear, MaxPool, ReLU
from minicnn.replay import again

SHOWN, STOPPED = 12, 3  # terms; among them those that a gate stopped


def forward_terms(tensors: dict[str, Tensor], name: str, unit: Unit) -> dict[str, Any]:
    """The number at `unit` of tensor `name`, and what it was made of: {value, kind, below, bias, terms,
    count, rest}; value = the sum of w v over all `count` terms, and the bias.
    """
    tensor, (k, i, j) = tensors[name], unit
    value = value_at(tensor.data, unit)
    if tensor.op is None:
        return {"value": value, "kind": "input", "terms": [], "count": 0}
    op, kind, known = tensor.op, type(tensor.op).__name__, {t: n for n, t in tensors.items()}
    sources = [i for i in op.inputs if isinstance(i, Tensor) and i in known]
    if not sources:
        return {"value": value, "kind": kind, "terms": [], "count": 0}
    below, x = known[sources[0]], as_maps(sources[0].data)
    made = {"value": value, "kind": kind, "below": below, "bias": 0.0}
    if isinstance(op, (Conv, Linear)) and is_plain(op):
        W, bias = weights_of(op)
        found = [
            (W[k, c, a, b], x[c, r, q], (c, r, q))
            for c in range(len(x))
            for a, b, r, q in seen(op, W, x, i, j)
        ]
        return made | {"bias": 0.0 if bias is None else float(bias[k])} | _largest(found, "v")
    if isinstance(op, Add):
        return made | _largest([(1.0, value_at(s.data, unit), unit) for s in sources], "v")
    if isinstance(op, ReLU):
        return made | _largest([(1.0, x[unit], unit)], "v")
    if isinstance(op, MaxPool) and len(op.kernel) == 2:
        at = (k, *switch(op, unit))
        return made | _largest([(1.0, x[at], at)], "v")
    if isinstance(op, GlobalAvgPool):
        each = [(1 / x[k].size, x[k, r, q], (k, r, q)) for r in range(x.shape[1]) for q in range(x.shape[2])]
        return made | _largest(each, "v")
    if isinstance(op, Flatten) or joins_maps(op):
        root, at = origin(op, sources, x, unit)
        return made | {"below": known[root]} | _largest([(1.0, value, at)], "v")
    return made | {"terms": [], "count": 0, "rest": 0.0}


def backward_terms(
    tensors: dict[str, Tensor], signals: dict[str, np.ndarray], name: str, unit: Unit, rule: str
) -> dict[str, Any]:
    """The signal at `unit` of tensor `name`, as the sum over everything that it went into: {value, parts:
    [{kind, above, terms, count, rest, stopped, factor}]}; stopped: how many gates let nothing through.
    """
    if name not in signals:
        return {"value": 0.0, "parts": []}
    own = tensors[name]
    above = {n: t for n, t in tensors.items() if t.op and n in signals and any(i is own for i in t.op.inputs)}
    parts = [
        {"kind": type(t.op).__name__, "above": n} | _part(tensors, signals, own, n, t, unit, rule)
        for n, t in above.items()
    ]
    return {"value": value_at(signals[name], unit), "parts": parts}


def _part(tensors, signals, own, name, above, unit, rule):
    op, g, x, (k, i, j) = above.op, as_maps(signals[name]), as_maps(own.data), unit
    whole = {"stopped": 0, "factor": 1.0}
    if isinstance(op, (Conv, Linear)) and is_plain(op):
        return _convolved(tensors, signals, own, name, above, unit, rule)
    if isinstance(op, ReLU):
        alone = sum(any(i is own for i in t.op.inputs) for t in tensors.values() if t.op) == 1
        mine = next(n for n, t in tensors.items() if t is own)
        came, passed = float(g[unit]), value_at(signals[mine], unit) if alone else float(g[unit])
        term = {"w": 1.0, "g": passed, "at": unit, "x": float(x[unit]), "arrived": came}
        return whole | {"terms": [term], "count": 1, "rest": 0.0, "stopped": int(passed == 0 != came)}
    if isinstance(op, MaxPool) and len(op.kernel) == 2:
        places = [(k, r, q) for r in range(g.shape[1]) for q in range(g.shape[2])]
        return whole | _largest([(1.0, g[p], p) for p in places if switch(op, p) == (i, j)], "g")
    if isinstance(op, GlobalAvgPool):
        factor, v = 1.0, g[k, 0, 0]
        if rule.startswith("lrp"):
            factor, v = float(x[unit]), v / stabilised(above.data, 1e-6)[0, k]
        return whole | _largest([(1 / x[0].size, v, (k, 0, 0))], "g") | {"factor": factor}
    if isinstance(op, Add) and above.shape == own.shape:
        if not rule.startswith("lrp"):
            return whole | _largest([(1.0, g[unit], unit)], "g")
        s = (g / stabilised(as_maps(above.data)))[unit]
        return whole | _largest([(1.0, s, unit)], "g") | {"factor": float(x[unit])}
    if isinstance(op, Flatten):
        to = (k * x.shape[1] + i) * x.shape[2] + j
        return whole | _largest([(1.0, g[to, 0, 0], (to, 0, 0))], "g")
    if joins_maps(op):
        before = 0
        for source in op.inputs:
            if source is own:
                break
            before += source.shape[1]
        return whole | _largest([(1.0, g[before + k, i, j], (before + k, i, j))], "g")
    return whole | {"terms": [], "count": 0, "rest": 0.0}


def _convolved(tensors, signals, own, name, above, unit, rule):
    """The sum over filters f and taps that saw this unit: W[f, k, a, b] g[f]."""
    op, x, y, (k, i, j) = above.op, as_maps(own.data), as_maps(above.data), unit
    W, _ = weights_of(op)
    g, arrived = as_maps(signals[name]), None
    consumers = [n for n, t in tensors.items() if t.op and any(v is above for v in t.op.inputs)]
    factor = 1.0
    if rule.startswith("lrp"):
        g, factor = _shares(op, g, x, y, rule), float(x[unit])
        if rule == "lrp_zplus":
            W = np.minimum(W, 0) if factor < 0 else np.maximum(W, 0)
    elif len(consumers) == 1 and isinstance(tensors[consumers[0]].op, ReLU) and consumers[0] in signals:
        arrived = as_maps(signals[consumers[0]])
    found, gates, stopped = [], [], 0
    for a, b, r, q in seeing(op, W, y, i, j):
        for f in range(len(y)):
            came = g[f, r, q] if arrived is None else arrived[f, r, q]
            if came == 0 and g[f, r, q] == 0:
                continue
            stopped += int(arrived is not None and g[f, r, q] == 0)
            found.append((W[f, k, a, b], g[f, r, q], (f, r, q)))
            if arrived is not None:
                gates.append({"x": float(y[f, r, q]), "arrived": float(came)})
    return {**_largest(found, "g", gates), "stopped": stopped, "factor": factor}


def _shares(op, R, x, y, rule):
    """s_j = R_j / z_j"""
    if rule == "lrp_epsilon":
        return R / stabilised(y[None], 1e-6, 0.25)[0]
    x, W, *b = [v.data if isinstance(v, Tensor) else v for v in op.inputs]
    z = _anew(op).forward(pos(x), pos(W), *map(pos, b)) + _anew(op).forward(neg(x), neg(W))
    return R / stabilised(as_maps(z), 1e-6)


def _anew(op):
    """An operation of the same kind, which keeps nothing of its weights."""
    twin = again(op)
    if hasattr(twin, "kept"):
        twin.kept = None
    return twin


def _largest(found, v, gates=()):
    """The largest terms, and the largest of those that were stopped; how many there are in all, and what the
    others add up to.  found: [(w, v, where)]; gates: of each, if all of them have one.
    """
    products = np.array([float(w) * float(value) for w, value, _ in found])
    closed = [n for n, _ in enumerate(gates) if found[n][1] == 0]
    stopped = sorted(closed, key=lambda n: -abs(float(found[n][0]) * gates[n]["arrived"]))
    passed = sorted({*range(len(found))}.difference(closed), key=lambda n: (-abs(products[n]), n))
    first = passed[: SHOWN - min(STOPPED, len(stopped))]
    terms = [
        {"w": float(found[n][0]), v: float(found[n][1]), "at": [int(p) for p in found[n][2]]}
        | (gates[n] if gates else {})
        for n in first + stopped[: SHOWN - len(first)]
    ]
    return {
        "terms": terms,
        "count": len(found),
        "rest": float(products[np.array(passed[len(first) :], int)].sum()),
    }
