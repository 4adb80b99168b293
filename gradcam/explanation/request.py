"""What `explain` was asked for, put into one form; whatever cannot be meant is one sentence."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcam.asking import AskError, class_index, is_called
from gradcam.method import Context, Method
from gradcam.methods import METHODS
from gradcam.methods.spelling import members, spelled
from gradcam.outputs import chosen, each
from gradcam.target import Target, is_signal
from gradcam.targets.text import is_text, target
from minicnn import Error, Tensor, ops

CLASSES = "a class is a number or a name, or one of these for each picture of the batch"


def methods_asked(methods: str | Iterable[str]) -> list[str]:
    """The names of methods, each once, in the order in which they were asked for; one may stand alone."""
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        methods = [methods]
    asked = [m if isinstance(m, str) else as_given(m) for m in methods]
    names = list(dict.fromkeys(m if m in METHODS else spelled(m) or m for m in asked))
    for name in names:
        if name not in METHODS:
            if several := members(str(name)):
                raise AskError(f"'{name}' is a family of methods: say which, {', '.join(several)}")
            near = difflib.get_close_matches(str(name), METHODS, n=1)
            meant = f"; did you mean '{near[0]}'?  There" if near else "; there"
            raise AskError(f"no method is called '{name}'{meant} is {', '.join(METHODS)}")
    if not names:
        raise AskError(f"no method was asked for; there is {', '.join(METHODS)}")
    return names


def one_word(what: str, given: Any, known: Sequence[str]) -> None:
    """AskError if an option is none of the words that it may be."""
    if not isinstance(given, str) or given not in known:
        raise AskError(f"{what} is one of {', '.join(known)}, not {as_given(given)}")


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
            raise AskError(f"{as_given(str(c))} is no target: {CLASSES}") from None
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
            f"{as_given(c)} names {len(each)} classes for {len(table(chosen(y)))} pictures: {CLASSES}; "
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
        count = len(names) if names and len(names) != 2 else table(chosen(y)).shape[1]
        return class_named(c, names, count)
    if np.ndim(_plain(c)) or np.asarray(c).dtype.kind not in "iu":
        raise AskError(f"{as_given(c)} is no class: {CLASSES}")
    table(chosen(y))
    return int(c)


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


def as_given(c: Any) -> str:
    """Something that was given, in a few words."""
    text = repr(c.tolist() if isinstance(c, np.ndarray) else c)
    text = f"a {type(c).__name__}" if " at 0x" in text else " ".join(text.split())
    return text if len(text) < 60 else text[:57] + "..."


def allowed(allow: Any) -> tuple[Any, ...]:
    """Kinds of operations, or names of kinds or of tensors, at which a table of rules may be silent."""
    if isinstance(allow, (str, type)) or not isinstance(allow, Iterable):
        allow = (allow,)
    several = tuple(allow)
    if wrong := [one for one in several if not isinstance(one, (str, type))]:
        raise AskError(f"allow takes operations and names, 'SiLU' say, not {as_given(wrong[0])}")
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
        raise AskError(f"a network maps an input to scores, and {as_given(net)} cannot be called")
    return net


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
        given = ", ".join(f"{name}={as_given(value)}" for name, value in options.items())
        raise AskError(f"{method.name} cannot use its options {given}: {_first(error)}") from error


def _first(error):
    """An error of Python's in the user's terms."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.sub(r"^.*got an unexpected keyword argument", "it has no option", text)
