"""Every method on one forward and one backward pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.explanation import request, saved
from gradcam.explanation.answer import answer_of, naming
from gradcam.explanation.given import input_of
    net, y, layers, remarks = request.layers_found(net, y, x, layers, [METHODS[m] for m in methods])
    named = ", ".join(str(one) for one in layers) or None
    said = (answer.scores, answer.probabilities, classes, named, x.data, unit_layer, card)
    e = Explanation(*said, start=start, asked=methods, ends=answer.ends, prepared=prepared, remarks=remarks)
    known = (request.allowed(allow), pixel_range(x.data, card), progress)
    one = Pass(net, x, y, targets, layers, unit_layer, *known)
    _note_unit(e, one)
    e.undefined = one.refused([METHODS[m] for m in methods], chosen(y, answer.output))
    methods = [m for m in methods if m not in e.undefined]
    signals = one.signals([METHODS[m] for m in methods])
    for name in methods:
        method = METHODS[name]
        try:
            maps = []
            for keys in [list(targets)] if method.joint else [[c] for c in targets]:
                found = request.computed(method, one.context(method, keys, signals), options[name])
                maps += list(found) if method.joint else [found]
        except RuleError as error:
            e.undefined[name] = f"{str(error)[:1].upper()}{str(error)[1:]}."
            continue
        for c, map in zip(classes, maps):
            e.maps[name, c] = map
            if not np.any(map):
                e.notes[name, c] = "; ".join(filter(None, ["exactly zero", e.notes.get((name, c))]))
    if not e.maps:
        raise RuleError(" ".join(dict.fromkeys(e.undefined.values())))
    return e


def _options(methods, options, occluder, alpha, relu, upsampling):
    """{method: its options}"""
    weighing = {"alpha": alpha, "relu": relu}
    known = dict.fromkeys(("grad_cam", "counterfactual", "guided_grad_cam"), weighing) | {
        "occlusion": occluder or {}
    }
    for given in (options, occluder, *(options.values() if isinstance(options, Mapping) else ())):
        if given is not None and not isinstance(given, Mapping):
            raise request.AskError(f"options are a dict, {{'n': 20}} say, not {type(given).__name__}")
    options = dict(options or {})
    if unknown := [name for name in options if name not in METHODS]:
        request.methods_asked(sorted(unknown, key=str))

    def of(name):
        method, plain = METHODS[name], name.partition("@")[0]
        own = known.get(method.base or name, {}) | ({"upsampling": upsampling} if method.upsamples else {})
        return {**own, **options.get(plain, {}), **options.get(name, {})}

    return {name: of(name) for name in methods}


def _note_unit(e, one):
    """What must be said of maps whose signal starts at the strongest unit of a layer."""
    for name in e.asked:
        if unit := one.unit([METHODS[name]]):
            U, _ = unit
            at = strongest_unit(U)
            place = ", ".join(str(int(i[0])) for i in at) if U.shape[0] == 1 else "of each picture"
            said = f"starts at {one.unit_layer}'s strongest unit ({place}), whatever the class"
            e.notes |= {(name, c): said for c in e.classes}
