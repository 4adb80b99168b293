"""What `explain` was asked for, put into one form; whatever cannot be meant is one sentence."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcam.asking import AskError, class_index, is_called
from gradcam.method import Context, Method
from gradcam.methods import METHODS
from gradcam.methods.spelling import spelled
from gradcam.outputs import chosen, each
from gradcam.target import OfSum, Target, is_signal, named
from gradcam.targets.text import is_text, target
from minicnn import Error, GraphError, Tensor, ops

CLASSES = "a class is a number or a name, or one of these for each picture of the batch"


def methods_asked(methods: str | Iterable[str]) -> list[str]:
    """The names of methods, each once, in the order in which they were asked for; one may stand alone."""
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        methods = [methods]
    asked = [m if isinstance(m, str) else _said(m) for m in methods]
    names = list(dict.fromkeys(m if m in METHODS else spelled(m) or m for m in asked))
    for name in names:
        if name not in METHODS:
            near = difflib.get_close_matches(str(name), METHODS, n=1)
            meant = f"; did you mean '{near[0]}'?  There" if near else "; there"
            raise AskError(f"no method is called '{name}'{meant} is {', '.join(METHODS)}")
    if not names:
        raise AskError(f"no method was asked for; there is {', '.join(METHODS)}")
    return names


def layers_asked(methods: list[str], layer: Any) -> tuple[list[str], tuple[Any, ...]]:
    """-> (methods, layers).  Of several layers, each method of a layer has a map of each, METHOD@LAYER; one
    that makes a single map of them all stays as it is.
    """
    if not isinstance(layer, (list, tuple)):
        return methods, () if layer is None else (layer,)
    layers = tuple(dict.fromkeys(one if isinstance(one, str) else _said(one) for one in layer))
    if not layers:
        raise AskError("no layer was asked for: layer='relu5_3', or several, layer=['relu4_3', 'relu5_3']")

    def at_each(name):
        method = METHODS[name]
        single = method.layer or method.fuses or not method.at_layer
        return [name] if single or len(layers) == 1 else [f"{name}@{one}" for one in layers]

    return [each for name in methods for each in at_each(name)], layers


def one_word(what: str, given: Any, known: Sequence[str]) -> None:
    """AskError if an option is none of the words that it may be."""
    if not isinstance(given, str) or given not in known:
        raise AskError(f"{what} is one of {', '.join(known)}, not {_said(given)}")


def targets_asked(
    classes: Any, y: Any, names: Sequence[str] | None = None, mask: Callable[[str], np.ndarray] | None = None
) -> list[Any]:
    """A list of targets, each a number, a tuple with one per picture, or a Target.  y: the network's output,
    or its outputs; names: what the classes are called; mask(file): the mask in a file, see `gradcam.targets`.

    classes: one of these, a name, a text ("dog - cat", see `gradcam.targets.text`) or a signal, or a list of
    them; None: the top class of each picture.
    """
    if classes is None:
        scores = table(chosen(y))
        top = scores.argmax(axis=1).tolist()
        return [top[0] if len(top) == 1 or scores.shape[1] == 1 else tuple(top)]
    found = [_target(c, y, names, mask) for c in listed(classes)]
    if not found:
        raise AskError(f"no class was asked for: {CLASSES}")
    return list(dict.fromkeys(found))


def listed(classes: Any) -> list[Any]:
    """Classes or other targets as a list; one may stand alone."""
    alone = isinstance(classes, (str, Target)) or is_signal(classes) or np.ndim(_plain(classes)) == 0
    return [classes] if alone else list(classes)


def table(y: Tensor) -> np.ndarray:
    """The scores (N, classes) in an output that is such a table, or one number for each picture (N,)."""
    if y.ndim not in (1, 2):
        raise AskError(
            f"the output {tuple(y.shape)} is no table of scores (N, classes): say which number to explain, "
            "a region, a box, a step or a function of it (gradcam.targets)"
        )
    return y.data if y.ndim == 2 else y.data[:, None]


def _target(c, y, names, mask):
    if isinstance(c, Target):
        try:
            hash(c)
        except TypeError:
            raise AskError(f"{_said(str(c))} is no target: {CLASSES}") from None
        return c.numbered(lambda word: _class(word, y, names) if isinstance(word, str) else word)
    if is_signal(c) and np.ndim(c):
        return Target.signal(c)
    if isinstance(c, str) and is_text(c) and not _is_name(c, names):
        outputs = chosen(y)
        axis = 2 if outputs.ndim == 3 and outputs.shape[1] < outputs.shape[2] else 1
        found = target(c, lambda word: _in_words(word, outputs, names), mask, axis)
        return found.c if found == Target.score(getattr(found, "c", None)) else found
    if isinstance(c, str) or np.ndim(_plain(c)) == 0:
        return _class(c, y, names)
    each = tuple(_class(one, y, names) for one in c)
    if len(each) != len(table(chosen(y))):
        raise AskError(
            f"{_said(c)} names {len(each)} classes for {len(table(chosen(y)))} pictures: {CLASSES}; "
            "several classes are a list of them"
        )
    return each


def _is_name(word, names):
    return any(is_called(name, word) for name in names or ())


def _in_words(word, y, names):
    """A class in a text, of an output of any kind."""
    if y.ndim in (1, 2):
        return _class(word, y, names)
    return class_index(word, names, y.shape[1] if y.ndim == 4 else max(y.shape[1:]))


def _class(c, y, names):
    if isinstance(c, str):
        return _named(c, names, None if names else table(chosen(y)).shape[1], y)
    if np.ndim(_plain(c)) or np.asarray(c).dtype.kind not in "iu":
        raise AskError(f"{_said(c)} is no class: {CLASSES}")
    table(chosen(y))
    return int(c)


def _named(c, names, count, y):
    """A class by its name; a single output has two, (no, yes): no is what speaks against it."""
    return class_named(
        c, names, table(chosen(y)).shape[1] if names and len(names) == 2 else count or len(names)
    )


def class_named(word: str, names: Sequence[str] | None, count: int) -> int | Target:
    """The class of this name or number, of so many; of a single output, no is what speaks against it.  names:
    of the classes, of a single output (no, yes), or yes alone.
    """
    if count == 1 and names and len(names) == 2:
        return 0 if class_index(word, names, 2) else -Target.score(0)
    if count == 1 and tuple(names or ()) == ("yes",) and is_called("no", word):
        return -Target.score(0)
    return class_index(word, names, count)


def _plain(classes):
    """Something whose ndim NumPy can tell: ragged lists have one."""
    return [None] if isinstance(classes, (list, tuple)) else classes


def _said(c):
    text = repr(c.tolist() if isinstance(c, np.ndarray) else c)
    text = f"a {type(c).__name__}" if " at 0x" in text else " ".join(text.split())
    return text if len(text) < 60 else text[:57] + "..."


def allowed(allow: Any) -> tuple[Any, ...]:
    """Kinds of operations, or names of kinds or of tensors, at which a table of rules may be silent."""
    if isinstance(allow, (str, type)) or not isinstance(allow, Iterable):
        allow = (allow,)
    several = tuple(allow)
    if wrong := [one for one in several if not isinstance(one, (str, type))]:
        raise AskError(f"allow takes operations and names, 'SiLU' say, not {_said(wrong[0])}")
    kinds = {name: kind for name, kind in vars(ops).items() if isinstance(kind, type)}
    found = tuple(kinds.get(one, one) if isinstance(one, str) else one for one in several)
    return (*found, ops.ReLU) if found else ()  # so that a network without a ReLU will do, too


def network_of(net: Any) -> Any:
    """A network as it was given: itself, or the path of a model, ONNX, Keras or MODEL.toml, which is opened.
    AskError: it is none.
    """
    if isinstance(net, (str, os.PathLike)):
        from weights.described import open_model

        return open_model(net)
    if hasattr(net, "state_dict") and hasattr(net, "named_parameters"):
        raise AskError(
            "this is a PyTorch model: weights.graphs.torch.from_torch(model, x) makes a network of it"
        )
    if not callable(net):
        raise AskError(f"a network maps an input to scores, and {_said(net)} cannot be called")
    return net


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


def in_its_precision(x: Tensor, net: Any) -> Tensor:
    """The input in the precision of a live model's network: numbers of float32 in between would make a map of
    float64 that is no more exact than float32.
    """
    wanted = getattr(net, "dtype", None)
    return x if wanted is None or x.dtype == wanted else Tensor(x.data.astype(wanted), x.name)


def notes_of(net: Any) -> list[str]:
    """What a live model's network says of itself, in sentences."""
    notes = list(getattr(net, "notes", ()))
    if getattr(net, "trained", False):
        notes.append("the model was in training mode, and is explained in eval mode")
    names = getattr(net, "borrowed", ())  # of operators, as they are
    return [f"{note if note.split()[0] in names else note[:1].upper() + note[1:]}." for note in notes]


def answer(net: Any, x: Tensor) -> Any:
    """What a network returns for x.  AskError if it returns no tensor."""
    y = net(x)
    remembered: list[bool] = []
    each(lambda output: remembered.append(isinstance(output, Tensor) and output.ndim > 0), y)
    if not remembered or not all(remembered):
        raise AskError(
            f"the network returned {type(y).__name__} instead of a tensor that remembers its operations: it "
            "must compute with minicnn's, on net(Tensor(x))"
        )
    return y


def computed(method: Method, context: Context, options: Mapping[str, Any]) -> Any:
    """The method's map, or maps.  AskError for options that it does not know, or that it cannot use."""
    try:
        return method.compute(context, **options)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError, AttributeError) as error:
        if isinstance(error, Error) or not options:
            raise
        given = ", ".join(f"{name}={_said(value)}" for name, value in options.items())
        raise AskError(f"{method.name} cannot use its options {given}: {_first(error)}") from error


def _first(error):
    """An error of Python's in the user's terms."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.sub(r"^.*got an unexpected keyword argument", "it has no option", text)


def feature_maps(y: Any, layer: str | None) -> Tensor:
    """The tensor of feature maps (N, K, h, w) of this name, in the history of the output, or outputs, y."""
    if layer is None:
        raise GraphError("name the layer whose feature maps Grad-CAM weighs: layer='relu5_3', say")
    if not isinstance(layer, str):
        raise AskError(f"a layer is asked for by its name, not by {_said(layer)}: layer='relu5_3', say")
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
    from gradcam.feature_maps import default_layer

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
    from gradcam.as_maps import AsMaps
    from gradcam.feature_maps import maps_in

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
