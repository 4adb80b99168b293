"""A network's file, and its description beside it, as a network that is ready for photos."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from weights.cards import Card, Preprocessing
from weights.described.model_toml import ModelToml, beside, read_model_toml
from weights.described.pixels import pixels_of, usual
from weights.errors import WeightsError
from weights.labels import read_labels

VALUES = ("scale", "mean", "std")  # what `pixels` stands for


@dataclass(frozen=True)
class Known:
    """What is known of a network, and how.

    found: {field: (what, who says so)}; assumed: {field: what}, where nobody said anything; remains: fields
    that only the network's user knows; describe: what it is, in one line; toml: the description that was
    read.
    """

    found: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)
    remains: tuple[str, ...] = ()
    describe: str | None = None
    toml: Path | None = None


def open_model(
    path: str | os.PathLike[str],
    description: str | os.PathLike[str] | None = None,
    *,
    labels: str | os.PathLike[str] | Sequence[str] | None = None,
    layer: str | None = None,
    output: str | None = None,
    at: Sequence[Any] | None = None,
    given: Mapping[str, np.ndarray] | Callable[[Any], Mapping[str, np.ndarray]] | None = None,
    picture: str | None = None,
    **preprocessing: Any,
) -> Any:
    """The network in a file, with its `card`, its `description` and what is `known` of it.

    path: an ONNX file, a model that Keras saved (.keras, .h5), or a description that names one (`model =
    "net.onnx"`); description: MODEL.toml; default: the one beside the file, net.toml, if there is one.  What
    is said here goes before what it says: labels: class names, or their file; layer, output, at, given,
    picture: as for `weights.graphs.onnx.describe`; given may be a function of the network; preprocessing:
    fields of `Preprocessing`, or pixels, one of `USUAL`.
    WeightsError: what is said does not fit the network.
    """
    if not Path(path).name:
        raise WeightsError(f"'{path}' names no model: give an ONNX file, one of Keras, or its MODEL.toml")
    toml, path = _files(Path(path), None if description is None else Path(description))
    toml = toml or ModelToml(beside(path))
    module = _importer(path)
    net = module.load(path)
    guesses = module.guesses(net)
    said, who = _preprocessing(net, toml, preprocessing, guesses)
    net.picture = picture or net.picture
    names, names_from = _names(labels, toml)
    net = module.describe(
        net, path.name, names, layer or toml.layer, output=output or toml.output, at=at,
        given=given(net) if callable(given) else given, picture=picture, **said,
    )  # fmt: skip
    d = net.description
    if d.layout and "pixels" not in who and not any(value in said for value in VALUES):
        who["pixels"] = ""
    if toml.labels == "metadata" and names is None and not d.names:
        raise WeightsError(f"{toml.path}: labels = 'metadata', and {path} has no class names that fit")
    if names and d.kind in ("classes", "labels") and len(names) != d.shape[1]:
        raise WeightsError(
            f"{names_from} has {len(names)} names, and {path} gives {d.shape[1]} scores: "
            "write a line for each"
        )
    if toml.ends and net.card.ends != "place":
        net.card = replace(net.card, ends=toml.ends, multi_label=toml.ends == "sigmoid")
    if toml.describe:
        net.card = replace(net.card, title=f"{path.name}, {toml.describe}")
    net.known = _known(net, toml, said, who, guesses, names_from if names else None)
    return net


def card_for(
    description: str | os.PathLike[str], channels: int = 3, size: tuple[int, int] = (224, 224)
) -> Card:
    """The card that a MODEL.toml describes, for a network that is at hand in Python.

        net = from_torch(model, x)
        net.card = card_for("model.toml")

    channels: of its pictures; size: their (rows, columns), where the description does not say.
    """
    toml = read_model_toml(description)
    fields = dict(toml.preprocessing)
    if toml.pixels:
        fields = pixels_of(toml.pixels, channels) | fields
    crop = fields.get("crop", size[0] if size[0] == size[1] else size)
    sides = (crop, crop) if isinstance(crop, int) else crop
    whole = fields.get("resize", "short") != "short"
    usual_fields = {
        "crop": crop, "size": min(sides) if whole else min(sides) * 256 // 224,
        "channels": "L" if channels == 1 else "RGB", "mean": (0.0,) * channels, "std": (1.0,) * channels,
    }  # fmt: skip
    prepared = Preprocessing(**usual_fields | fields)
    wrong = [name for name in ("mean", "std") if len(getattr(prepared, name)) != channels]
    if wrong:
        raise WeightsError(f"{toml.path}: {wrong[0]} is {channels} numbers, one for each channel")
    if toml.labels == "metadata":
        raise WeightsError(f"{toml.path}: labels = 'metadata' is for a file; list the names, or name a file")
    name = toml.path.stem
    return Card(
        name, toml.describe or name, prepared, toml.layer, toml.labels,
        multi_label=toml.ends == "sigmoid", ends=toml.ends,
    )  # fmt: skip


def model_of(description: str | os.PathLike[str]) -> Path:
    """The network's file that a MODEL.toml names.  WeightsError if it names none."""
    toml = read_model_toml(description)
    if toml.model is None:
        raise WeightsError(
            f'{description}: this description names no network: add model = "net.onnx", or give that file'
        )
    return toml.model


def _files(path, description):
    """-> (what the description says, or None; the network's file)"""
    if path.suffix.lower() == ".toml":
        if description is not None:
            raise WeightsError(f"{path} and {description} are two descriptions: give one of them")
        return read_model_toml(path), model_of(path)
    if description is not None:
        return read_model_toml(description), path
    return (read_model_toml(beside(path)) if beside(path).exists() else None), path


def _importer(path):
    """The room that reads such a file: its content says which."""
    from weights.graphs import keras, onnx
    from weights.graphs.onnx.other_files import kind_of

    return keras if kind_of(path)[0] == "keras" else onnx


def _preprocessing(net, toml, asked, guesses):
    """-> fields of `Preprocessing`; {"pixels": who says so}.  guesses: {field: (what, why)}, of which those
    are left in that were needed.
    """
    from weights.graphs.onnx.description import channels_of
    from weights.graphs.onnx.scaling import scaling_in, takes_bytes

    asked, channels, who = dict(asked), channels_of(net), {}
    name, by = asked.pop("pixels", None), "as asked"
    values = {key: asked[key] for key in (*VALUES, "channels") if key in asked}
    if name is None and not values.keys() & {*VALUES}:
        name, by = toml.pixels, str(toml.path.name)
    said = toml.preprocessing | asked
    if name is not None:
        who["pixels"] = by
        said = pixels_of(name, channels) | {k: v for k, v in said.items() if k not in VALUES}
    scaling = scaling_in(net)
    if name is not None or any(key in said for key in VALUES):
        guesses.pop("pixels", None)
    else:
        if scaling is not None and channels in (1, 3):
            way = "byte" if takes_bytes(scaling) else "unit"
            who["pixels"] = "the graph scales them itself"
        elif "int8" in str(net.model.types.get(net.picture)):
            way, who["pixels"] = "byte", "its input holds bytes"
        elif _ultralytics(net):
            way, who["pixels"] = "unit", "as Ultralytics, which its metadata name, trains"
        else:
            way = guesses["pixels"][0] if "pixels" in guesses else None
        if "pixels" in who:
            guesses.pop("pixels", None)
        if way and (fields := usual(channels).get(way)):
            order = {} if "channels" not in said else {"channels": said["channels"]}
            said = fields.fields | said | order
    if _ultralytics(net) and "resize" not in said and net.model.metadata.get("task") != "classify":
        said["resize"], who["resize"] = "letterbox", "as Ultralytics, which its metadata name, trains"
    if "resize" in guesses and "resize" not in said:
        said["resize"] = guesses["resize"][0]
    else:
        guesses.pop("resize", None)
    return said, who


def _ultralytics(net):
    return "ultralytics" in net.model.metadata.get("author", "").lower()


def _names(labels, toml):
    """-> (class names or None, whose they are)"""
    if labels is not None:
        alone = isinstance(labels, (str, os.PathLike))
        return (read_labels(labels), os.fspath(labels)) if alone else (tuple(labels), "labels")
    return (None, None) if toml.labels in (None, "metadata") else (toml.labels, str(toml.path))


def _known(net, toml, said, who, guesses, names_from):
    """What was found, assumed, and remains for the user."""
    d, p, found, assumed, remains = net.description, net.card.preprocessing, {}, {}, []
    file = toml.path.name
    one = f"{d.picture}, {' x '.join('free' if n < 0 else str(n) for n in (d.inputs[d.picture] or ())[1:])}"
    found["input"] = (one + (f", {d.layout}" if d.layout else ""), "the file")
    several = f", one of {len(d.outputs)}" if len(d.outputs) > 1 else ""
    found["output"] = (f"{d.output} {_kind(d)}{several}", "the file")
    if net.card.layer:
        found["layer"] = (net.card.layer, file if toml.layer else "the last feature maps")
    counted = d.kind not in ("yes or no", "number")
    if net.card.classes and counted:
        some = ", ".join(net.card.classes[:3]) + (", ..." if len(net.card.classes) > 3 else "")
        found["labels"] = (f"{len(net.card.classes)}: {some}", names_from or "its metadata")
    elif counted:
        remains.append("labels")
    if not d.layout or d.channels not in (1, 3):
        return Known(found, assumed, tuple(remains), toml.describe, toml.path if toml.path.exists() else None)
    if by := who.get("pixels"):
        found["pixels"] = (_values(p), by)
    elif "pixels" in guesses:
        assumed["pixels"] = ", ".join(guesses["pixels"])
        remains.append("pixels")
    elif any(value in said for value in VALUES):
        found["pixels"] = (_values(p), "as described")
    else:
        assumed["pixels"] = "unit, 0 to 1"
        remains.append("pixels")
    if d.channels == 3 and "pixels" in found and "channels" not in said:
        assumed["channels"] = p.channels
    if d.stated == "user":
        found["crop"] = (f"{d.size[0]} x {d.size[1]}", "as described")
    elif d.stated:
        found["crop"] = (f"{d.size[0]} x {d.size[1]}", {"file": "the file"}.get(d.stated, "its metadata"))
    else:
        assumed["crop"] = f"{d.size[0]} x {d.size[1]}"
        remains.append("crop")
    for name in ("resize", "interpolation"):
        if name in guesses:
            assumed[name] = ", ".join(guesses[name])
        elif name in said:
            found[name] = (str(said[name]), who.get(name, "as described"))
        else:
            assumed[name] = str(getattr(p, name))
    return Known(found, assumed, tuple(remains), toml.describe, toml.path if toml.path.exists() else None)


def _values(p):
    mean, std = (", ".join(f"{v:g}" for v in values) for values in (p.mean, p.std))
    return f"{p.channels} from 0 to {p.scale:g}, minus {mean}, over {std}"


def _kind(d):
    """What the output is, in a few words."""
    shape = " x ".join(map(str, d.shape[1:]))
    ended = f", {d.ending} left out" if d.ending else ""
    return {
        "classes": f"({shape} classes{ended})", "labels": f"({shape} labels{ended})",
        "yes or no": "(yes or no, its sigmoid left out)", "number": "(a number)", "map": f"(a map, {shape})",
        "rows": f"(rows of numbers, {shape})", "steps": f"(a sequence, {shape})",
    }[d.kind]  # fmt: skip
