"""Layers as they were asked for, and what their tensors are: whose maps, by which name, laid out how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gradcam.as_maps import AsMaps
from gradcam.asking import AskError, as_given, listed, one_of
from gradcam.method import Method
from gradcam.methods import METHODS
from gradcam.target import OfSum, Target, named
from minicnn import GraphError, Tensor
from minicnn.places import maps_in


def layers_asked(methods: list[str], layer: Any) -> tuple[list[str], tuple[Any, ...]]:
    """-> (methods, layers).  Of several layers, each method of a layer has a map of each, METHOD@LAYER; one
    that makes a single map of them all stays as it is.
    """
    if not isinstance(layer, (list, tuple)):
        return methods, () if layer is None else (layer,)
    layers = tuple(dict.fromkeys(one if isinstance(one, str) else as_given(one) for one in layer))
    if not layers:
        raise AskError("no layer was asked for: layer='relu5_3', or several, layer=['relu4_3', 'relu5_3']")

    def at_each(name):
        method = METHODS[name]
        single = method.layer or method.fuses or not method.at_layer
        return [name] if single or len(layers) == 1 else [f"{name}@{one}" for one in layers]

    return [each for name in methods for each in at_each(name)], layers


def layer_named(asked: str | None, net: Any, x: Any, see: str | None = None) -> str | None:
    """The name of the feature maps asked for, None if none were.  x: an input; see: as in `one_of`."""
    if asked is None:
        return None
    from weights.feature_maps import layers  # here: --help does not wait for networks

    lines = layers(net(x := Tensor(x, "x")), x)
    known = {line.name: line.tensor for line in lines}
    maps = [line.name for line in lines if line.tensor.ndim == x.ndim or (line.maps and line.maps.whole)]
    if asked in known and asked not in maps:
        shape = " x ".join(map(str, known[asked].shape[1:]))
        last = listed(maps[-5:], 5)
        raise AskError(f"layer '{asked}' gives {shape} numbers and no map; the last with maps are {last}")
    begin, cut, end = asked.partition("...")  # as a table shows a long name
    long = [name for name in maps if cut and name.startswith(begin) and name.endswith(end)]
    return long[0] if len(long) == 1 else one_of("layer with maps", asked, maps, see)


def full_names(net: Any) -> Callable[[Any], Any]:
    """f(name) -> a layer's name in the network's history: a live model's module may return what another one
    made, as a block does, whose last operation has the name.
    """
    of_module = getattr(net, "name_of", None)
    return lambda name: of_module(name) if of_module and isinstance(name, str) else name


def in_full(target: Target, full: Callable[[Any], Any]) -> Target:
    """The same target, its layer by the full name, see `full_names`."""
    if isinstance(target, OfSum):
        return OfSum(tuple((w, in_full(part, full)) for w, part in target.parts))
    layer = getattr(target, "layer", None)
    return target if layer is None else replace(target, layer=full(layer))


def feature_maps(y: Any, layer: str | None) -> Tensor:
    """The tensor of feature maps (N, K, h, w) of this name, in the history of the output, or outputs, y."""
    if layer is None:
        raise GraphError("name the layer whose feature maps Grad-CAM weighs: layer='relu5_3', say")
    if not isinstance(layer, str):
        raise AskError(f"a layer is asked for by its name, not by {as_given(layer)}: layer='relu5_3', say")
    A = named(y, layer)
    if not 2 < A.ndim < 6:
        raise GraphError(
            f"{A.name} {tuple(A.shape)} has no rows and columns; name a layer of feature maps, in front of it"
        )
    return A


def layers_found(
    net: Any,
    y: Any,
    x: Tensor,
    layers: tuple[Any, ...],
    methods: Sequence[Method],
    full: Callable[[Any], Any] = lambda name: name,
) -> tuple[Any, Any, tuple[Any, ...], list[str]]:
    """-> (network, output, layers, what must be said of them, in sentences).  Where no layer was named and a
    method needs one, the default is found; layers of tokens, or whose maps lie last, are laid out as maps
    (N, K, h, w), and network and output go by way of those.  full(name): a layer's name in y.
    """
    from weights.feature_maps import default_layer  # here: --help does not wait for networks

    said, at_layer = [], [method for method in methods if method.at_layer]
    if not layers and any(not method.layer for method in at_layer) and (found := default_layer(y, x))[0]:
        layers = (found[0],)
        said.append(f"No layer was named: {found[0]} is taken, {found[1]}.")
    wanted = [*layers, *(m.layer for m in at_layer if m.layer)] if at_layer else []
    wanted = dict.fromkeys(full(layer) for layer in wanted if isinstance(layer, str))
    net, y, told = _laid_out(net, y, x, list(wanted))
    return net, y, layers, said + told


def _laid_out(net, y, x, layers):
    """-> (network, output, sentences), by way of these layers as maps (N, K, h, w)."""
    said = []
    for layer in layers:
        A = named(y, layer)
        maps = maps_in(y, x).get(A) if A.ndim in (3, 4, 5) else None
        if A.ndim == x.ndim and (maps is None or maps.plain):
            continue
        if maps is None or not maps.whole:
            raise GraphError(
                f"{A.name} {tuple(A.shape)} has no rows and columns; name a layer of feature maps, in front "
                "of it"
            )
        net = AsMaps(net, [layer])
        y = net.laid_out(y, x)
        sizes = " x ".join(map(str, maps.sizes))
        extra = maps.before + maps.behind
        left = f"; {extra} more, the class token say, {'are' if extra > 1 else 'is'} left out" * bool(extra)
        said.append(f"{layer} holds tokens, read as {sizes} places{left}." if maps.tokens
                    else f"The maps of {layer} lie last, and are read as {sizes} places.")  # fmt: skip
    return net, y, said
