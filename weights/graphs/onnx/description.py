"""What a graph takes and gives, found out before it is explained: the layout and size of its pictures, the
scores behind its ending, what they stand for, and the feature maps for Grad-CAM.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minicnn import GraphError, Tensor
from minicnn.places import maps_in
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.feature_maps import default_layer
from weights.graphs.onnx.checking import needed, short
from weights.graphs.onnx.class_names import names_at_the_end, names_in, size_in
from weights.graphs.onnx.ends import PASSIVE, scores_of
from weights.graphs.onnx.network import FREE_SIGNAL, FREE_VOLUME, USUAL, Network, said
from weights.graphs.onnx.quantised import REWRITTEN

MOST = 2**27  # numbers of one input
CHANNELS = (1, 3, 4)  # what a last axis must be to be taken for channels
PLACES = {"map": 2, "rows": 1, "steps": 1}  # kind of an output: how many numbers name a place of it
ONLY = {"yes or no": "yes", "number": "the number"}  # what the only score of a kind is called
Range = int | slice


@dataclass(frozen=True)
class Description:
    """What is known of a graph.

    inputs, outputs: {name: shape, -1 where free}, and the names of those that can be explained. picture: the
    input that takes pictures; layout: "NCHW", "NHWC", or None if it takes none; channels; size: (rows,
    columns), stated: who said so, "file", "metadata", "user" or None. output: the one that is explained;
    scores: the value in front of its ending, "softmax", "sigmoid" or None. kind: what the scores are:
    "classes"; "labels", that do not exclude each other; "yes or no"; "number"; or, where no place was
    chosen, "map" (N, K, h, w), "rows" (N, rows, K), "steps" (N, steps, K); shape: of the scores, a row for
    each picture. names: of the classes, in the file; unfit_names: how many names the file has that fit no
    scores. precision: "float32", "float16", "bfloat16" or "int8": how the file computes; here it is float32.
    layer: the feature maps that Grad-CAM weighs.
    """

    inputs: Mapping[str, tuple[int, ...] | None]
    outputs: Sequence[str]
    picture: str
    layout: str | None
    channels: int
    size: tuple[int, int]
    stated: str | None
    output: str
    scores: str
    ending: str | None
    kind: str
    shape: tuple[int, ...]
    names: tuple[str, ...] | None = None
    unfit_names: int = 0
    precision: str = "float32"
    layer: str | None = None

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one input as the network takes it: (1, C, H, W), or what the file has instead."""
        return _example(self.layout, self.channels, self.size, self.inputs[self.picture])

    @property
    def free(self) -> bool:
        """Whether the file leaves the size of its pictures to the user."""
        shape = self.inputs[self.picture] or ()
        return len(shape) != 4 or any(n < 0 for n in (shape[1:3] if self.layout == "NHWC" else shape[2:]))


def describe(
    net: Network,
    title: str,
    labels: Sequence[str] | None = None,
    layer: str | None = None,
    *,
    output: str | None = None,
    at: Sequence[Range] | None = None,
    given: Mapping[str, np.ndarray] | None = None,
    picture: str | None = None,
    **preprocessing: Any,
) -> Network:
    """Give an ONNX network its `card` and its `description`, and let it end at the scores.  -> net

    It then takes x (N, C, H, W), whatever the graph's own layout, and a last softmax or sigmoid is left out.

    labels: class names, in the order of the scores; default: those in the file's metadata.  layer: for
    Grad-CAM; default: the last feature maps in front of the last pooling.  output: which of several; default:
    one with probabilities, or one that no other is made from; or any other value of the graph.  at: of an
    output that is a map, (row, column), of rows or steps (row,), each a number or a slice; the classes'
    scores there, summed over slices, are explained.  given: {name: array} for inputs beside the picture;
    picture: the name of the input that is explained, default: the first with four axes.  preprocessing:
    fields of `Preprocessing`;
    crop and size default to the graph's own input size, and a graph of one channel sees photos in grey.
    WeightsError: what is said does not fit the graph.
    """
    net.picture = _picture(net, picture)
    net.given = _given(net, given or {})
    layout, channels = _layout(net)
    net.channels_last = layout == "NHWC"
    size, stated = _size(net, layout, preprocessing.pop("crop", None))
    inside = output not in (None, *net.outputs) and any(output in step.outputs for step in net.steps)
    outputs = [output] if inside and output else _outputs(net)
    chosen = _output(net, outputs, output)
    net.scores, ending = scores_of(net.steps, chosen, net.numbers)
    net.at, net.place_axes, net.laid = None, (), None
    example = _example(layout, channels, size, net.inputs[net.picture])
    if math.prod(example) > MOST:
        raise WeightsError(
            f"the input '{short(net.picture)}' is {said(example)}: that is too large for one picture"
        )
    x = Tensor(_wave(example), "x")
    y = _tried(net, x)
    looked_at, _ = default_layer(y, x)
    net.laid = _laid(y, x)
    y = net.table(y, 1) if net.laid else y
    kind = whole = _kind(y, ending, net)
    if at is not None:
        kind, y = _place(net, y, kind, at, ending)
    classes = y.shape[1] if y.ndim == 2 else y.shape[1 if kind == "map" else -1]
    names = names_in(net.model.metadata) or names_at_the_end(net.steps)
    fit = names is not None and len(names) in ({1, 2} if kind == "yes or no" else {classes})
    net.description = Description(
        net.inputs, outputs, net.picture, layout, channels, size, stated, chosen, net.scores, ending,
        kind, tuple(y.shape), names if fit else None, 0 if fit or names is None else len(names),
        _precision(net), looked_at,
    )  # fmt: skip
    net.card = _card(net, title, labels or net.description.names, layer, preprocessing)
    if net.at is not None:
        net.card = replace(net.card, place=_said_of_place(whole, net.at))
        if _summed(net.at) or (whole == "rows" and not ending):  # a softmax of these would say nothing
            net.card = replace(net.card, ends="place", multi_label=False)
    return net


def _wave(shape):
    """A smooth picture, of values between -1 and 1."""
    return np.sin(np.arange(math.prod(shape), dtype=np.float32) * np.float32(0.37)).reshape(shape)


def _tried(net, x):
    """The output for an input."""
    try:
        return net(x)
    except GraphError as error:
        shape = net.inputs[net.picture]
        if shape and len(shape) == 3 and {shape[0], shape[2]} & {*CHANNELS}:
            raise WeightsError(
                f"the input '{short(net.picture)}' {said(shape)} has no axis for several pictures: export "
                "the network with one, (N, C, H, W) or (N, H, W, C)"
            ) from error
        raise


def _laid(y, x):
    """How the output's axes lie, if it is a map, but none of (N, K, h, w): "NHWC"; "NHW", without classes."""
    known = maps_in(y, x)
    if y.ndim == 4 and y in known and (known[y].channel, *known[y].space) == (3, 1, 2):
        return "NHWC"
    before = y
    while before.op is not None and before.ndim == 3 and before.op.inputs:
        before = before.op.inputs[0]
        if not isinstance(before, Tensor):
            return None
    maps = known.get(before)
    alone = before.ndim == 4 and maps is not None and maps.whole and before.shape[maps.channel] == 1
    return "NHW" if alone and maps.sizes == y.shape[1:] and max(maps.sizes) > 1 else None


def channels_of(net: Network) -> int:
    """How many channels the graph's pictures have; 0 where it takes none."""
    net.picture = _picture(net)
    return _layout(net)[1]


def _picture(net, asked=None):
    """The input that pictures go to: the one with four axes, or else the first that is free."""
    if asked is not None:
        if asked not in net.inputs:
            names = ", ".join(map(short, net.inputs))
            raise WeightsError(f"the graph has no input '{short(asked)}'; there is {names}")
        return asked
    four = [name for name, shape in net.inputs.items() if shape is None or len(shape) == 4]
    return (four or [*net.inputs])[0]


def _given(net, given):
    """{input: array} for all inputs but the picture's, each of the shape that the file states."""
    found = {}
    for name, values in given.items():
        if name not in net.inputs or name == net.picture:
            others = ", ".join(short(n) for n in net.inputs if n != net.picture) or "none"
            raise WeightsError(
                f"the graph has no input '{short(name)}' beside its picture; there is {others}"
            )
        shape = np.shape(values) if net.inputs[name] is None else net.inputs[name]
        values = np.asarray(values, np.dtype(net.model.types.get(name) or "float32"))
        wanted = [1 if i == 0 else n for i, n in enumerate(shape)]
        if values.size != abs(int(np.prod(wanted))) and wanted.count(-1) != 1:
            raise WeightsError(f"the input '{short(name)}' must be {said(shape)}, not {said(values.shape)}")
        found[name] = values.reshape([max(n, -1) for n in wanted])
    return found


def _layout(net):
    """-> ("NCHW", "NHWC" or None, channels).  NHWC: the last axis is 1, 3 or 4, and the graph turns it."""
    shape = net.inputs[net.picture]
    if shape is None:
        return "NCHW", 3
    if len(shape) != 4:
        return None, 0
    first = [step for step in net.steps if net.picture in step.inputs]
    orders = [np.ravel(step.attributes.get("perm")) for step in first if step.op == "Transpose"]
    turned = any(order.tolist() == [0, 3, 1, 2] for order in orders)
    if shape[3] in CHANNELS and (turned or shape[1] not in CHANNELS):
        return "NHWC", shape[3]
    return "NCHW", shape[1] if shape[1] > 0 else 3


def _size(net, layout, asked):
    """-> (rows, columns), and who says so."""
    shape = net.inputs[net.picture] or ()
    sides = shape[1:3] if layout == "NHWC" else shape[2:]
    fixed = len(sides) == 2 and all(n > 0 for n in sides)
    if asked is not None:
        asked = (asked, asked) if isinstance(asked, int) else tuple(asked)
        if any(n not in (-1, m) for n, m in zip(sides, asked)):
            raise WeightsError(
                f"the input '{short(net.picture)}' is {said(shape)}: its pictures cannot have "
                f"{asked[0]} x {asked[1]} pixels"
            )
        return asked, "user"
    if fixed:
        return tuple(sides), "file"
    stated = size_in(net.model.metadata)
    rows, columns = stated or (USUAL, USUAL)
    if len(sides) == 2:
        rows, columns = (n if n > 0 else m for n, m in zip(sides, (rows, columns)))
    return (rows, columns), "metadata" if stated else None


def _example(layout, channels, size, shape):
    if layout:
        return (1, channels, *size)
    free = {3: FREE_SIGNAL, 5: FREE_VOLUME}.get(len(shape), 1)
    return (1, *(n if n > 0 else free if axis > 1 else 1 for axis, n in enumerate(shape[1:], 1)))


def _outputs(net):
    """The outputs that can be explained: floats that are computed.  Labels are whole numbers."""
    maker = {value: step for step in net.steps for value in step.outputs}
    made = [o for o in net.outputs if o in maker]
    if not made:
        raise WeightsError(
            f"the graph's output '{short(net.outputs[0])}' is its input: there is nothing to explain"
        )
    floats = [
        o for o in made if "float" in str(net.model.types.get(o) or "float") or maker[o].was in REWRITTEN
    ]
    if not floats:
        scores = next(filter(None, (_chosen_from(maker, o) for o in made)), None)
        raise WeightsError(
            f"the graph's output '{short(made[0])}' holds whole numbers, as labels are: without scores there "
            "is nothing to explain"
            + (f"; they stand in front of it: ask for the output '{short(scores)}'" if scores else "")
        )
    return floats


def _chosen_from(maker, label):
    """The scores of which a label is the largest's place."""
    step = maker.get(label)
    while step and step.op in PASSIVE:
        step = maker.get(step.inputs[0])
    return step.inputs[0] if step and step.op == "ArgMax" else None


def _output(net, outputs, asked):
    """The name of the output that is explained."""
    if asked is not None:
        if asked not in outputs:
            raise WeightsError(
                f"the graph has no output '{short(asked)}' of scores; there is "
                f"{', '.join(map(short, outputs))}"
            )
        return asked
    ended = [o for o in outputs if scores_of(net.steps, o, net.numbers)[1]]
    last = [o for o in outputs if not any(o in needed(net.steps, [p]) for p in outputs if p != o)]
    return (ended or last or outputs)[0]


def _kind(y, ending, net):
    """What the scores y are."""
    if y.ndim == 2:
        if y.shape[1] == 1:
            return "yes or no" if ending == "sigmoid" else "number"
        return "labels" if ending == "sigmoid" else "classes"
    if y.ndim == 4:
        net.place_axes = (2, 3)
        return "map"
    if y.ndim == 3:
        last = ending == "softmax" or y.shape[1] >= y.shape[2]
        net.place_axes = (1,) if last else (2,)
        return "steps" if ending == "softmax" else "rows"
    raise WeightsError(
        f"the output '{short(net.scores)}' {said(y.shape)} is neither scores nor a map, rows or steps"
    )


def _place(net, y, kind, at, ending):
    """The classes' scores at a place.  -> ("classes" or "labels", those scores)"""
    if kind not in PLACES:
        raise WeightsError(f"the output has one score for each class and no places: leave {tuple(at)} out")
    if len(at) != PLACES[kind]:
        raise WeightsError(f"a place of a {kind} {said(y.shape)} is {PLACES[kind]} numbers, not {len(at)}")
    places = []
    for axis, place in zip(net.place_axes, at):
        size = y.shape[axis]
        place = place if isinstance(place, slice) else slice(place, place + 1)
        start, stop = place.start or 0, size if place.stop is None else place.stop
        if not 0 <= start < stop <= size:
            raise WeightsError(
                f"{start}:{stop} is no place among 0 to {size - 1}, of an output {said(y.shape)}"
            )
        places.append(slice(start, stop))
    net.at = tuple(places)
    y = net.table(y, y.shape[0])
    return _kind(y, ending, net), y


def _summed(at):
    return any(place.stop - place.start > 1 for place in at)


def _said_of_place(kind, at):
    """'at row 3, column 5', or 'summed over rows 0 to 47, columns 0 to 47'"""
    axes = {"map": ("row", "column"), "rows": ("row",), "steps": ("step",)}[kind]
    each = [
        f"{axis} {place.start}" if place.stop - place.start == 1
        else f"{axis}s {place.start} to {place.stop - 1}"
        for axis, place in zip(axes, at)
    ]  # fmt: skip
    return f"{'summed over' if _summed(at) else 'at'} {', '.join(each)}"


def _precision(net):
    if any(step.was in REWRITTEN for step in net.model.steps) or {"int8", "uint8"} & net.model.stored:
        return "int8"
    types = {*net.model.stored, *net.model.types.values()}
    casts = any(step.op == "Cast" and step.attributes.get("to") == 10 for step in net.model.steps)
    return "bfloat16" if "bfloat16" in types else "float16" if casts or "float16" in types else "float32"


def _card(net, title, labels, layer, said):
    """The card: preprocessing for as many channels as the graph has, and what the scores stand for."""
    d = net.description
    square = d.size[0] == d.size[1]
    crop = d.size[0] if square else d.size
    whole = said.get("resize", "short") != "short"
    size = min(d.size) if whole else min(d.size) * 256 // 224
    said = {"crop": crop, "size": size} | _per_channel(d.channels or 3, said)
    prepared = Preprocessing(**{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()})
    if d.kind in ONLY:
        labels = (labels or [ONLY[d.kind]])[-1:]  # of two names, the second is that of a sigmoid's 1
    return Card(
        title, title, prepared, layer or d.layer, tuple(labels) if labels else None, source=net.model.source,
        multi_label=d.kind in ("labels", "yes or no"), ends="number" if d.kind == "number" else d.ending,
        axes=len(d.example),
    )  # fmt: skip


def _per_channel(channels, said):
    """said, with channels, mean and std for as many channels as the graph has."""
    said = {
        "channels": "L" if channels == 1 else "RGB",
        "mean": [0.0] * channels,
        "std": [1.0] * channels,
    } | said
    wanted = {1: "one channel (grey)", 3: "three channels"}.get(channels, f"{channels} channels")
    if (said["channels"] == "L") != (channels == 1):
        raise WeightsError(f"this graph takes {wanted}, not {said['channels']}")
    for what in ("mean", "std"):
        if len(said[what]) != channels:
            raise WeightsError(
                f"this graph takes {wanted}: {what} must be {channels} number{'s' * (channels > 1)}, "
                f"not {len(said[what])}"
            )
    return said
