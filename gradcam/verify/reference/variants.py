"""Variants of a method: the steps of the method that they are made of, and what is made of its map.

guided_M        the guided signal times the map
eigen_smooth_M  the weighted maps, projected on what they have in common
aug_smooth_M    the mean of six maps, of the picture and its mirror image, darker and brighter
fused_M         the mean of the maps of several layers
smoothgrad_M, smoothgrad_sq_M, vargrad_M    over noisy pictures: the mean, its square's, the variance
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcam.explanation.signals import TABLES
from gradcam.method import Method
from gradcam.methods import METHODS
from gradcam.methods.eigen_cam import eigen_cam
from gradcam.methods.variants.fused import mean_of
from gradcam.verify.reference.averaged_gradients import around
from gradcam.verify.reference.pipeline import BACK, Pipeline
from gradcam.verify.reference.run import Run
from minicnn import find

FACTORS = (0.9, 1.0, 1.1)
TUNNELS = {
    "smoothgrad": lambda maps: maps.mean(axis=0),
    "smoothgrad_sq": lambda maps: (maps**2).mean(axis=0),
    "vargrad": lambda maps: maps.var(axis=0),
}


def parts_of(name: str) -> tuple[str, str]:
    """(variant, base) of a variant's name: "guided_layercam" -> ("guided", "layercam")."""
    base = METHODS[name].base
    return name.removesuffix(f"_{base}"), base


def pipeline_of(name: str, base: Pipeline, opaque: Callable[[Method], Pipeline]) -> Pipeline:
    """The pipeline of a variant of a method with the pipeline `base`; opaque: that of a variant of a variant,
    whose result is taken whole.
    """
    variant, _ = parts_of(name)
    own = {step: f for step, f in base.own.items() if step != "result"}
    inside = tuple(s for s in base.steps if s not in ("input", "y", "result"))
    if variant == "guided":
        rules = {"rules": lambda q, v: TABLES["guided"]}
        return Pipeline(
            (*BACK, *inside), {**own, **rules, "result": lambda q, v: v.signal * v.upsampled[:, None]}
        )
    if variant == "eigen_smooth":
        own |= {"signed": projected, "map": lambda q, v: np.maximum(v.signed, 0)}
        return Pipeline(inside, {**own, "result": base.own["result"]})
    unlike = tuple(s for s in inside if s != "upsampled")
    if variant == "aug_smooth":
        return Pipeline(unlike, {**own, "result": smoothed})
    if variant == "fused":
        return Pipeline(unlike, {**own, "result": over_layers})
    if variant in TUNNELS:
        made = {"path": around, "result": lambda q, v: TUNNELS[variant](over_noise(q, v))}
        return Pipeline(("path", *inside), {**own, **made})
    return opaque(METHODS[name])


def of_base(q: Any, v: Any, step: str, f: Callable[..., Any]) -> Run:
    """A run of the base method under the changes of its own steps, and one more."""
    base = q.of_method(METHODS[q.method].base)
    kept = [c for c in v.changes if c[1] not in ("result", "path")]
    return Run(base, [*kept, (f"{step} of the variant", step, f)])


def projected(q: Any, v: Any) -> np.ndarray:
    """What the maps w_k A^k have in common: their places on the first right singular vector."""
    return eigen_cam(v.weights * v.activation, centre=True, relu=False)


def six(q: Any, v: Any, factors: Sequence[float] = FACTORS, back: bool = True) -> list[np.ndarray]:
    """The maps of the picture and of its mirror image, each times some factors, mirrored back."""
    found = []
    for way in (1, -1):
        for factor in factors:
            there = of_base(q, v, "input", lambda q, v, old, f=factor, w=way: f * old()[..., ::w])
            found.append((there.map, way if back else 1))
            there.question.forget()
    return found


def smoothed(q: Any, v: Any, eps: float = 0.0, **how: Any) -> np.ndarray:
    """mean of s(Up s(ReLU(M)))"""
    maps = six(q, v, **how)
    return np.mean([mean_of([m], q.size, eps=eps)[..., ::way] for m, way in maps], axis=0)


def layer_maps(q: Any, v: Any) -> list[np.ndarray]:
    """The map of each of the layers."""
    return [of_base(q, v, "A", lambda q, v, old, n=name: find(v.y, n)).map for name in q.settings["layers"]]


def over_layers(q: Any, v: Any, eps: float = 0.0) -> np.ndarray:
    """s(mean of Up s(ReLU(M)))"""
    return mean_of(layer_maps(q, v), q.size, eps=eps)


def over_noise(q: Any, v: Any) -> np.ndarray:
    """The base method's result for each noisy picture (n, N, ...)."""
    found = []
    for picture in v.path.pictures:
        there = of_base(q, v, "input", lambda q, v, old, x=picture: x)
        found.append(there.result)
        there.question.forget()
    return np.stack(found)
