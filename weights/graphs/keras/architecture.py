"""What a Keras configuration says: layers, and which of them is applied to what.

Sequential and functional models become the same thing, a list of layers with their applications; a model
used as a layer has an architecture of its own inside.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from weights.errors import WeightsError

KERAS_1 = {  # what settings were called: their names since
    "subsample": "strides", "subsample_length": "strides", "border_mode": "padding", "bias": "use_bias",
    "atrous_rate": "dilation_rate", "pool_length": "pool_size", "stride": "strides",
}  # fmt: skip
MODELS = ("Functional", "Model", "Sequential")
DEEPEST, MOST_LAYERS = 20, 20_000


@dataclass(frozen=True)
class Ref:
    """The output number `tensor` of a layer's application number `node`."""

    layer: str
    node: int
    tensor: int


@dataclass(frozen=True)
class Application:
    """A layer is called: f(*args, **kwargs), with a Ref wherever a tensor stands."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass
class Part:
    """A layer.  kind: its class; module: where Keras 3 says that class is from; key: what Keras 3 calls it in
    its file of weights; inner: what a model used as a layer consists of.
    """

    name: str
    kind: str
    module: str
    config: dict[str, Any]
    applications: list[Application] = field(default_factory=list)
    key: str = ""
    inner: Architecture | None = None
    first_node: int = 0


@dataclass
class Architecture:
    """A model: its layers by name, and where its inputs and outputs are."""

    name: str
    parts: dict[str, Part]
    inputs: list[Ref]
    outputs: list[Ref]

    def names(self) -> Iterator[str]:
        """Its name, and those of the models inside."""
        yield self.name
        for part in self.parts.values():
            yield from part.inner.names() if part.inner else ()

    def leaves(self) -> Iterator[Part]:
        """All layers, those inside of others, too."""
        for part in self.parts.values():
            yield from part.inner.leaves() if part.inner else (part,)


def architecture(said: Mapping[str, Any], depth: int = 0) -> Architecture:
    """The architecture in a model's {"class_name": ..., "config": ...}.  WeightsError: it has none."""
    kind, config = said.get("class_name"), said.get("config")
    if depth > DEEPEST:
        raise WeightsError(f"its models are nested deeper than {DEEPEST}")
    if isinstance(config, list):  # a Sequential of Keras 1 and 2
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        raise WeightsError(
            f"the configuration of the model ({kind}) lists no layers: a model written as a class keeps them "
            "in its program; only Sequential and functional models have them in the file"
        )
    if len(config["layers"]) > MOST_LAYERS:
        raise WeightsError(f"a model of more than {MOST_LAYERS} layers")
    sequential = kind == "Sequential" or "input_layers" not in config
    parts = [_part(layer, depth) for layer in config["layers"]]
    if sequential:
        parts = _chained(parts, config)
    doubled = [name for name, n in Counter(p.name for p in parts).items() if n > 1]
    if doubled:
        raise WeightsError(f"two layers are called '{doubled[0][:80]}'")
    _keyed(parts)
    found = Architecture(str(config.get("name", kind)), {p.name: p for p in parts}, [], [])
    if sequential:
        found.inputs, found.outputs = [Ref(parts[0].name, 0, 0)], [Ref(parts[-1].name, 0, 0)]
    else:
        found.inputs, found.outputs = _refs(config["input_layers"]), _refs(config["output_layers"])
    if not found.inputs or not found.outputs:
        raise WeightsError("its configuration does not say where its inputs and outputs are")
    _numbered(found)
    return found


def _part(said, depth):
    kind, config = said["class_name"], said["config"]
    config = {"layers": config} if isinstance(config, list) else config
    name = said.get("name") or config.get("name")
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(config, dict)):
        raise WeightsError("a layer of its configuration has no name, no class or no settings")
    own = said.get("registered_name")
    module = str(said.get("module") or ("custom" if isinstance(own, str) and ">" in own else ""))
    if isinstance(said.get("build_config"), dict):
        config = {"build_config": said["build_config"]} | config
    config = {KERAS_1.get(key, key): value for key, value in config.items()}
    if config.get("dim_ordering") == "th":
        raise WeightsError(
            "a model of Keras 1 in Theano's order, whose kernels are turned around, is not read"
        )
    inner = architecture(said, depth + 1) if kind in MODELS and "layers" in config else None
    part = Part(name, kind, module, config, [], "", inner)
    part.applications = [_application(node) for node in said.get("inbound_nodes") or []]
    return part


def _chained(parts, config):
    """The layers of a Sequential, each applied to the one before; an input in front, if it has none."""
    if not parts:
        raise WeightsError("the Sequential model has no layers")
    if parts[0].kind != "InputLayer":
        shape = _input_shape(parts[0], config)
        said = {"batch_shape": shape, "dtype": parts[0].config.get("input_dtype") or "float32"}
        names = {part.name for part in parts}
        name = next(n for n in ("input", "input_layer", *map("input_{}".format, range(99))) if n not in names)
        parts = [Part(name, "InputLayer", "", said), *parts]
    for before, part in itertools.pairwise(parts):
        part.applications = [Application((Ref(before.name, 0, 0),), {})]
    return parts


def _input_shape(first, config):
    """A Sequential says how large its input is at its first layer, or where it was built."""
    while first.inner:
        inner = next(iter(first.inner.parts.values()))
        return (
            inner.config["batch_shape"]
            if "batch_shape" in inner.config
            else inner.config["batch_input_shape"]
        )
    build = first.config.get("build_config") or {}
    for shape in (
        first.config.get("batch_input_shape"),
        first.config.get("batch_shape"),
        config.get("build_input_shape"),
        build.get("input_shape"),
    ):
        if isinstance(shape, list) and shape and not isinstance(shape[0], list):
            return shape
    raise WeightsError(
        "the Sequential model does not say how large its input is: it was saved before it was built or "
        "called; start it with keras.Input(shape) and save it again"
    )


def _application(node):
    """Keras 3: {"args": ..., "kwargs": ...}; before: [[layer, node, tensor, {...}], ...], one per tensor."""
    if isinstance(node, dict):
        return Application(
            tuple(_decoded(v) for v in node.get("args", [])),
            {key: _decoded(v) for key, v in (node.get("kwargs") or {}).items()},
        )
    one = bool(node) and isinstance(node[0], str)
    entries = [node] if one else node
    tensors = [_entry(entry) for entry in entries]
    kwargs = next((entry[3] for entry in entries if len(entry) > 3 and isinstance(entry[3], dict)), {})
    return Application(
        (tensors[0] if len(tensors) == 1 else list(tensors),), {k: _old(v) for k, v in kwargs.items()}
    )


def _entry(entry):
    if entry[0] == "_CONSTANT_VALUE":
        return entry[2]
    layer, node, tensor = entry[:3]
    return Ref(str(layer), int(node), int(tensor))


def _old(value):
    """An argument in Keras 2's words: a tensor among them is ["layer", node, tensor]."""
    if isinstance(value, list):
        if len(value) == 4 and value[0] == "_CONSTANT_VALUE":
            return value[2]
        if len(value) in (3, 4) and isinstance(value[0], str) and all(type(n) is int for n in value[1:3]):
            return Ref(*value[:3])
        return [_old(v) for v in value]
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return ...
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return [_old(v) for v in value.get("items", [])]
    return {k: _old(v) for k, v in value.items()} if isinstance(value, dict) else value


def _decoded(value, depth=0):
    """An argument in Keras 3's words."""
    if depth > DEEPEST:
        raise WeightsError("the arguments of a layer are nested too deep")
    if isinstance(value, list):
        return [_decoded(v, depth + 1) for v in value]
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    match value.get("class_name"):
        case "__keras_tensor__":
            return Ref(*config["keras_history"])
        case "__slice__":
            return slice(*(config.get(key) for key in ("start", "stop", "step")))
        case "__ellipsis__":
            return ...
        case "__tensor__" | "__numpy__":
            return config["value"]
        case "__tuple__":
            return [_decoded(v, depth + 1) for v in value.get("items", config or [])]
    return {k: _decoded(v, depth + 1) for k, v in value.items()}


def _refs(said):
    """["layer", 0, 0], a list of such, or a dict of them."""
    if isinstance(said, dict):
        return [ref for value in said.values() for ref in _refs(value)]
    if not isinstance(said, list) or not said:
        raise WeightsError("its configuration does not say where its inputs and outputs are")
    if isinstance(said[0], str):
        return [Ref(str(said[0]), int(said[1]), int(said[2]))]
    return [ref for value in said for ref in _refs(value)]


def _keyed(parts):
    """What Keras 3 calls layers in its file of weights: by their class, and counted."""
    counts = Counter()
    for part in parts:
        if part.module.startswith("keras.src.ops"):
            continue
        key = re.sub(r"\W+", "", part.kind)
        key = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", key)
        key = re.sub("([a-z])([A-Z])", r"\1_\2", key).lower()
        part.key = f"{key}_{counts[key]}" if counts[key] else key
        counts[key] += 1


def _numbered(found):
    """A functional model's own graph counts as its first application: those of others begin at 1."""
    highest = Counter()
    for ref in _all_refs(found):
        highest[ref.layer] = max(highest[ref.layer], ref.node)
    for part in found.parts.values():
        if part.inner and part.applications and highest[part.name] == len(part.applications):
            part.first_node = 1


def _all_refs(found):
    yield from found.outputs
    for part in found.parts.values():
        for application in part.applications:
            yield from refs_in((application.args, application.kwargs))


def refs_in(value: Any) -> Iterator[Ref]:
    """The tensors in a call's arguments."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from refs_in(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from refs_in(v)


def replaced(value: Any, values: Mapping[Ref, Any]) -> Any:
    """A call's arguments, with values in place of Refs."""
    if isinstance(value, Ref):
        return values[value]
    if isinstance(value, (list, tuple)):
        return [replaced(v, values) for v in value]
    return {k: replaced(v, values) for k, v in value.items()} if isinstance(value, dict) else value
