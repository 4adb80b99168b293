"""Every method on one forward and one backward pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.asking import one_word
from gradcam.explanation import saved
from gradcam.explanation.answer import answer_of, phrase, without_map
from gradcam.explanation.calls import allowed, computed, methods_asked, options_of
from gradcam.explanation.classes import targets_asked
from gradcam.explanation.finite import check_map, check_scores
from gradcam.explanation.forward import in_its_precision, network_of, notes_of, output_of
from gradcam.explanation.given import input_of, mask_as
from gradcam.explanation.layers import full_names, in_full, layers_asked, layers_found
from gradcam.explanation.passes import Pass
from gradcam.interpolation import WAYS
from gradcam.method import pixel_range
from gradcam.methods import METHODS
from gradcam.methods.grad_cam import ALPHAS
from gradcam.methods.spelling import spelled
from gradcam.outputs import WithoutEnd, chosen, each, ends, scores
from gradcam.target import STARTS, Target, strongest_unit
from gradcam.targets import Number
from minicnn import Error, RuleError

PANEL = (
    "saliency",
    "deconvnet",
    "guided_backprop",
    "grad_cam",
    "guided_grad_cam",
)  # they share one backward pass


class NoMapError(Error, KeyError):
    """An explanation was asked for a map that it does not hold."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(repr=False)
class Explanation:
    """What `explain` found.  e["grad_cam"] is a map of the first class, e["grad_cam", c] that of class c.

    scores, probabilities   (N, classes), before and after softmax (after a sigmoid each, if classes do not
    exclude one another).  Of an output that is no table of classes, scores are the output as it is, and there
    are no probabilities (None); nor are there of a number, as of a regression
    classes                 what is explained: each a number, N numbers for N pictures, or a `Target`
    layer, unit_layer       names: of the feature maps, and of where the deconvnet signal started
    x                       the input (N, C, H, W); card: the network's description
    maps                    {(method, class): array}, (N, h, w) at the layer, or (N, H, W) or (N, C, H, W) at
    the pixels
    notes                   {(method, class): what a reader of the map must know}
    undefined                 {method: why there is no map of it, in a sentence}; asked: all methods asked for
    ends                    "softmax" or "sigmoid", which made the probabilities; "number", of which there are
    none; None for an output that is no table
    prepared                how the input was made of what was given, in one line
    remarks                 what was chosen where nobody said anything: the layer, how tokens are read; and
    which methods have no map
    start                   where a class's signal started: "score", "probability" or "value"
    """

    scores: np.ndarray
    probabilities: np.ndarray | None
    classes: list[Any]
    layer: str | None
    x: np.ndarray
    unit_layer: str | None = None
    card: Any = None
    maps: dict[tuple[str, Any], np.ndarray] = field(default_factory=dict)
    notes: dict[tuple[str, Any], str] = field(default_factory=dict)
    start: str = "score"
    asked: list[str] = field(default_factory=list)
    undefined: dict[str, str] = field(default_factory=dict)
    ends: str | None = "softmax"
    prepared: str = "as given"
    remarks: list[str] = field(default_factory=list)

    def __getitem__(self, key: str | tuple[str, Any]) -> np.ndarray:
        """The map of a method for the first class, or of (method, class).

        NoMapError, a KeyError, if there is none.
        """
        method, c = (key, self.classes[0]) if isinstance(key, str) else key if _is_pair(key) else (None, key)
        method = spelled(method) or method if method and method not in self.asked else method
        c = c if isinstance(c, Target) or np.ndim(c) == 0 else tuple(np.asarray(c).tolist())
        if method in self.undefined:
            raise NoMapError(self.undefined[method])
        if (method, c) not in self.maps:
            asked = (
                f"no map of {method} for class {c}"
                if method
                else f"{key!r} is no key: write e['grad_cam', 3], say"
            )
            raise NoMapError(f"{asked}; there is {', '.join(self.methods)} for {self.classes}")
        return self.maps[method, c]

    @property
    def methods(self) -> list[str]:
        """The methods, in the order in which they were asked for."""
        return list(dict.fromkeys(m for m, _ in self.maps))

    def save(self, path: str | os.PathLike[str], upsampled: bool = False) -> Path:
        """Write the raw maps, float32, to an .npz or .npy file; see `gradcam.explanation.saved.save`."""
        return saved.save(self, path, upsampled)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with a row for each map; see `gradcam.explanation.saved.frame`."""
        return saved.frame(self)

    def target(self, c: Any) -> Target:
        """What is explained under the name c, an entry of `classes`."""
        return Target.of(c) if isinstance(c, Target) else Target.of(c, self.start)

    def __repr__(self) -> str:
        targets = "; ".join(phrase(self, c) for c in self.classes)
        shape = " x ".join(map(str, self.x.shape))
        maps = ", ".join(self.methods) or "no map"
        lacking = f"; no map of {', '.join(self.undefined)} (see remarks)" if self.undefined else ""
        return f"<Explanation of {targets}: {maps}{lacking}; layer {self.layer}; input {shape}>"

    def _ipython_key_completions_(self) -> list[Any]:
        return self.methods + (list(self.maps) if len(self.classes) > 1 else [])

    def _repr_jpeg_(self):
        """What a notebook shows: the panel of the first picture."""
        from gradcam.show.notebook import panel_jpeg

        return panel_jpeg(self)


def _is_pair(key):
    return isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], str)


def explain(
    net: Any,
    x: Any,
    classes: Any = None,
    methods: str | Iterable[str] = PANEL,
    layer: str | Sequence[str] | None = None,
    unit_layer: str | None = None,
    *,
    start: str = "score",
    alpha: str = "mean",
    relu: bool = True,
    upsampling: str = "half_pixel",
    allow: Any = (),
    occluder: Mapping[str, Any] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    progress: bool = False,
) -> Explanation:
    """Every method asked for, from one forward pass and one batched backward pass.

    net       maps a tensor to scores (N, classes); what it has as `net.card` fills in the defaults; or the
              path of a model, ONNX, Keras or MODEL.toml (`weights.described.open_model`)
    x         input (N, C, H, W), preprocessed as the network expects; or a photo, which is prepared as
              `net.card` says: a path, a PIL picture, an array or a tensor of any framework
              (`gradcam.explanation.given`).
              For maps without rounding to speak of: net.astype(np.float64), and x in float64
    classes   a class or another target (`Target`), or a list of them; a class is a number or a name, or N of
              them for N pictures; a target may be a text, "dog - cat" (`gradcam.targets.text`).  Default: the
              top class of each picture
    methods   a name of `METHODS`, in any spelling, or several; also of a variant, "guided_layercam" or
              "vargrad_saliency" (`gradcam.methods.VARIANTS`), and of a method at a layer of its own,
              "grad_cam@conv4"
    layer     name of the feature maps A for Grad-CAM; of several, each method has a map of each,
              e["grad_cam@conv3"] and e["grad_cam@conv4"], and "fused_grad_cam" their mean
    unit_layer   where the deconvnet signal starts, at the strongest unit; default: at y_c
    start     "score", "probability" or "value": where the signal of a class starts (see `Target`)
    alpha, relu, upsampling, allow   as in the methods; occluder: options of `occlusion`
    options   {method: {its own options}}, {"smoothgrad": {"n": 20}} say; see the methods

    A method whose rule says nothing of an operation of this network has no map, and `undefined` says why; the
    others have theirs.  What cannot be done at all is a `minicnn.Error` in one sentence: an unknown method,
    class, layer or option, an input, weights, scores or a map that hold NaN or infinite numbers, a network
    without what a method needs.
    """
    net = network_of(net)
    card = getattr(net, "card", None)
    methods, mask = methods_asked(methods), mask_as(x, card)
    x, prepared = input_of(x, card)
    x = in_its_precision(x, net)
    layer = getattr(card, "layer", None) if layer is None else layer
    unit_layer = getattr(card, "unit_layer", None) if unit_layer is None else unit_layer
    one_word("start", start, STARTS)
    one_word("alpha", alpha, ALPHAS)
    one_word("upsampling", upsampling, WAYS)
    methods, layers = layers_asked(methods, layer)
    options = options_of(methods, options, occluder, alpha, relu, upsampling)
    y = output_of(net, x)
    if classes is None and getattr(card, "ends", None) == "number":
        classes = Number(0)
    classes = targets_asked(classes, y, getattr(card, "classes", None), mask)
    answer = answer_of(y, [c for c in classes if isinstance(c, Target)], start, card)
    check_scores(answer.scores, classes, y)
    by = answer.ends if answer.probabilities is not None else None
    full, notes = full_names(net), notes_of(net)
    targets = {c: in_full(Target.of(c, start), full).settled(y, by) for c in classes}
    if any(ends(y)):
        net, y = WithoutEnd(net), each(scores, y)
    net, y, layers, remarks = layers_found(net, y, x, layers, [METHODS[m] for m in methods], full)
    named = ", ".join(str(one) for one in layers) or None
    said = (answer.scores, answer.probabilities, classes, named, x.data, unit_layer, card)
    e = Explanation(*said, start=start, asked=methods, ends=answer.ends, prepared=prepared, remarks=remarks)
    known = (allowed(allow), pixel_range(x.data, card), progress)
    one = Pass(net, x, y, targets, layers, unit_layer, *known, full)
    _note_unit(e, one)
    e.undefined = one.refused([METHODS[m] for m in methods], chosen(y, answer.output))
    methods = [m for m in methods if m not in e.undefined]
    signals = one.signals([METHODS[m] for m in methods])
    for name in methods:
        method = METHODS[name]
        try:
            maps = []
            for keys in [list(targets)] if method.joint else [[c] for c in targets]:
                found = computed(method, one.context(method, keys, signals), options[name])
                maps += list(found) if method.joint else [found]
        except RuleError as error:
            e.undefined[name] = f"{str(error)[:1].upper()}{str(error)[1:]}."
            continue
        for c, map in zip(classes, maps):
            check_map(name, map, y)
            e.maps[name, c] = map
            if not np.any(map):
                e.notes[name, c] = "; ".join(filter(None, ["exactly zero", e.notes.get((name, c))]))
    if not e.maps:
        raise RuleError(" ".join(dict.fromkeys(e.undefined.values())))
    e.remarks += [*without_map(e.undefined), *notes]
    return e


def _note_unit(e, one):
    """What must be said of maps whose signal starts at the strongest unit of a layer."""
    for name in e.asked:
        if unit := one.unit([METHODS[name]]):
            U, _ = unit
            at = strongest_unit(U)
            place = ", ".join(str(int(i[0])) for i in at) if U.shape[0] == 1 else "of each picture"
            said = f"starts at {one.unit_layer}'s strongest unit ({place}), whatever the class"
            e.notes |= {(name, c): said for c in e.classes}
