"""A configuration with its arrays as the graph that is computed: steps, constants, inputs, outputs."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

from weights.errors import WeightsError
from weights.graphs.keras.architecture import (
    Application,
    Architecture,
    Part,
    Ref,
    architecture,
    refs_in,
    replaced,
)
from weights.graphs.keras.building import Building, Call, Value
from weights.graphs.keras.layers import FUNCTIONS_OF_TENSORFLOW, LAYERS, OPERATIONS
from weights.graphs.keras.layers.activations import known
from weights.graphs.keras.stored import Stored
from weights.graphs.onnx.checking import check, short
from weights.graphs.onnx.model import Model
from weights.readers.keras_h5 import Contents

UNFIT = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, StopIteration)
INSIDE = ("TimeDistributed",)  # layers that hold another one, which does the same at every time
LISTED = 40
LONGEST = 2**24  # letters of a configuration
FIRST_AXES = 3  # pictures, rows or times, channels: from here on channels are put in front


def model(contents: Contents, in_places: bool) -> Model:
    """The graph of a file.  in_places: it is a .keras.  WeightsError: it holds none, or has layers that are
    not known, all of which the message names.
    """
    said = _configuration(contents)
    try:
        whole = architecture(said)
        refuse_unknown(whole)
        building = Building(Stored(contents, in_places), _version(contents))
        building.channels_first = any(p.config.get("data_format") == "channels_first" for p in whole.leaves())
        inputs, types, values = _inputs(whole, building)
        outputs = _run(whole, values, building, (), "")
    except RecursionError:
        raise WeightsError("its configuration is nested too deep") from None
    except UNFIT as error:
        raise WeightsError(f"its configuration is damaged: {_line(error)}") from error
    names = [_output(building, value) for value in outputs]
    found = Model(
        building.steps, building.constants, list(dict.fromkeys(names)), inputs, 21, types,
        frozenset(_stored(contents, whole)), {"models": "\n".join(whole.names())}, "Keras",
    )  # fmt: skip
    check(found)
    return found


def _configuration(contents):
    text = contents.texts.get("model_config")
    if text is None:
        raise WeightsError(
            "it holds weights and no model: save the whole model, model.save('model.keras'), in place of "
            "model.save_weights"
        )
    if len(text) > LONGEST:
        raise WeightsError(f"its configuration has {len(text):,} letters, more than any model's")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise WeightsError("its configuration is no JSON: the file is damaged") from None
    if not isinstance(said, dict):
        raise WeightsError("its configuration is no model's")
    return said


def _version(contents):
    """Keras' own: 1, 2 or 3."""
    said = contents.texts.get("keras_version", "")
    if "metadata" in contents.texts:
        try:
            said = str(json.loads(contents.texts["metadata"]).get("keras_version", ""))
        except (ValueError, AttributeError, RecursionError):
            said = ""
    return int(said[0]) if said[:1] in ("1", "2", "3") else 3 if "metadata" in contents.texts else 2


def refuse_unknown(whole: Architecture) -> None:
    """WeightsError that names all layers and activations that are not known, and how often there are."""
    counts, code = Counter(), Counter()
    for part in whole.leaves():
        unknown = _unknown(part)
        if unknown:
            (code if part.kind == "Lambda" else counts)[unknown] += 1
    told = []
    if code:
        names = ", ".join(f"'{short(name)}'" for name in [*code][:LISTED])
        told.append(
            f"Lambda layers hold a program, which is never run from a file ({names}): write them with "
            "layers of Keras, or keras.ops, and save the model again"
        )
    if counts:
        listed = ", ".join(f"{short(name)} ({n})" for name, n in counts.most_common(LISTED))
        more = f" and {len(counts) - LISTED} more" if len(counts) > LISTED else ""
        what = "layers that are" if len(counts) > 1 else "a layer that is"
        told.append(f"the model has {what} not known here (how often): {listed}{more}")
    if told:
        raise WeightsError("; ".join(told))


def _unknown(part: Part) -> str | None:
    """What of a layer is not known."""
    if part.kind == "InputLayer":
        return None
    if part.kind == "Lambda":
        return part.name
    if part.kind in ("TFOpLambda", "SlicingOpLambda"):
        f = str(part.config.get("function"))
        return None if f in FUNCTIONS_OF_TENSORFLOW else f"tf.{f}"
    if part.kind in INSIDE:
        inner = part.config.get("layer") or {}
        return None if inner.get("class_name") in POINTWISE else f"{part.kind} of {inner.get('class_name')}"
    own = bool(part.module) and not part.module.startswith("keras")
    if own or part.kind not in LAYERS | OPERATIONS:
        return part.kind
    activation = known(part.config.get("activation")) if "activation" in part.config else None
    return f"{part.kind} with the activation {activation}" if activation else None


POINTWISE = (
    "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "LayerNormalization", "BatchNormalization",
)  # fmt: skip


def _inputs(whole, building):
    """{name: shape}, {name: type}, and the inputs as values: pictures with their channels in front."""
    shapes, types, values = {}, {}, []
    for ref in whole.inputs:
        config = whole.parts[ref.layer].config
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        shape = tuple(-1 if n is None else int(n) for n in shape)
        if any(n == 0 or n < -1 for n in shape) or not 1 < len(shape) <= 6:
            raise WeightsError(f"its input '{short(ref.layer)}' has the shape {shape}, which none can have")
        shapes[ref.layer] = (-1, *shape[1:])
        types[ref.layer] = config.get("dtype") if isinstance(config.get("dtype"), str) else "float32"
        building.names.add(ref.layer)
        values.append(Value(ref.layer, len(shape)))
    return shapes, types, values


def _run(
    model: Architecture, inputs: Sequence[Value], building: Building, chain: tuple[Part, ...], prefix: str
):
    """The outputs of a model for some inputs: layers are applied as soon as what they need is there."""
    if len(inputs) != len(model.inputs):
        raise WeightsError(
            f"the model '{short(model.name)}' has {len(model.inputs)} inputs, not {len(inputs)}"
        )
    values: dict[Ref, Value] = {}
    for ref, value in zip(model.inputs, inputs):
        part = model.parts[ref.layer]
        if value.ndim > FIRST_AXES and not building.channels_first:
            value = Call(building, (*chain, part), f"{prefix}{part.name}").in_front(value)
        values[ref] = value
    for part, node, application in _in_order(model, {*values}):
        made = _apply(part, application, values, building, chain, prefix)
        values |= {Ref(part.name, node, i): v for i, v in enumerate(made)}
    for ref in model.outputs:
        if ref not in values:
            raise WeightsError(f"the model's output '{short(ref.layer)}' is computed by no layer")
    return [values[ref] for ref in model.outputs]


def _in_order(model: Architecture, there: set[Ref]) -> Iterator[tuple[Part, int, Application]]:
    """(layer, number of the application, the application), each as soon as what it needs is computed, in the
    order of the file otherwise.  Whatever a layer gives counts as there once it was applied.
    """
    applications = [
        (part, part.first_node + n, application)
        for part in model.parts.values()
        for n, application in enumerate(part.applications)
    ]
    done, waiting, ready = {(r.layer, r.node) for r in there}, defaultdict(list), []
    lacking: list[set[tuple[str, int]]] = []
    for i, (_, _, application) in enumerate(applications):
        needs = {(r.layer, r.node) for r in refs_in((application.args, application.kwargs))} - done
        lacking.append(needs)
        for need in needs:
            waiting[need].append(i)
        if not needs:
            heappush(ready, i)
    while ready:
        i = heappop(ready)
        part, node, _ = applications[i]
        yield applications[i]
        for j in waiting.pop((part.name, node), ()):
            lacking[j].discard((part.name, node))
            if not lacking[j]:
                heappush(ready, j)
    stuck = next((i for i, needs in enumerate(lacking) if needs), None)
    if stuck is not None:
        raise WeightsError(
            f"the layer '{short(applications[stuck][0].name)}' takes what '{short(min(lacking[stuck])[0])}' "
            "gives, which nothing computes: its configuration is damaged"
        )


def _apply(part, application: Application, values, building, chain, prefix):
    """The outputs of one application of a layer."""
    args = replaced(application.args, values)
    kwargs = replaced(application.kwargs, values)
    if part.inner:
        xs = [v for v in _values((args, kwargs))]
        return _run(part.inner, xs, building, (*chain, part), f"{prefix}{part.name}/")
    call = Call(building, (*chain, part), f"{prefix}{part.name}")
    start = len(building.steps)
    try:
        made = _written(call, part, args, kwargs)
    except WeightsError as error:
        raise WeightsError(f"layer '{short(call.name)}' ({short(part.kind)}): {error}") from None
    except UNFIT as error:
        raise WeightsError(
            f"layer '{short(call.name)}' ({short(part.kind)}): its settings, or its arrays, are not those of "
            f"such a layer: {_line(error)}"
        ) from error
    made = made if isinstance(made, list) else [made]
    if len(building.steps) == start:
        return made
    if made[0].ndim > FIRST_AXES and not building.channels_first:
        made[0] = call.in_front(made[0])
    if made[0].name.startswith(f"{call.name}/"):
        made[0] = building.rename(made[0], call.name)
    return made


def _written(call, part, args, kwargs):
    """A layer's steps."""
    for told in ("training", "mask", "name"):
        if not isinstance(kwargs.get(told), Value):
            kwargs.pop(told, None)
    if part.kind in ("TFOpLambda", "SlicingOpLambda"):
        second = [kwargs.pop("y")] if "y" in kwargs else []
        return FUNCTIONS_OF_TENSORFLOW[str(part.config["function"])](call, *args, *second, **kwargs)
    if part.kind in INSIDE:
        call.kind, call.config, call.below = (
            part.config["layer"]["class_name"], part.config["layer"]["config"], ("layer",)
        )  # fmt: skip
        return LAYERS[call.kind](call, *args, **kwargs)
    function = part.module.startswith("keras.src.ops") or part.kind not in LAYERS
    function = function or (part.kind in OPERATIONS and len(args) > 1)  # x + y, and not a layer on [x, y]
    return (OPERATIONS if function else LAYERS)[part.kind](call, *args, **kwargs)


def _values(value):
    if isinstance(value, Value):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _values(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from _values(v)


def _output(building, value):
    """The name of an output.  A sequence is handed over as Keras has it, maps as maps, rows, columns."""
    if value.moved and value.ndim == FIRST_AXES:
        step = Part(value.name, "Permute", "", {})
        return Call(building, (step,), value.name).as_keras(value).name
    return value.name


def _stored(contents, whole):
    """The types that the file says it computes with."""
    yield from {str(a.dtype) for a in contents.named.values()}
    for part in whole.leaves():
        policy = part.config.get("dtype")
        name = policy.get("config", {}).get("name") if isinstance(policy, dict) else policy
        if isinstance(name, str) and "16" in name:
            yield "bfloat16" if "bfloat" in name else "float16"


def _line(error: Any) -> str:
    return short(" ".join(f"{type(error).__name__} {error}".split()), 200)
