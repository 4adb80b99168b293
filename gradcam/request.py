"""What `explain` was asked for, put into one form; whatever cannot be meant is one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradcam.asking import AskError, class_index
from gradcam.methods import METHODS
from gradcam.outputs import chosen
from gradcam.target import Target, is_signal, named
from minicnn import GraphError, Tensor, ops

CLASSES = "a class is a number or a name, or one of these for each picture of the batch"


def methods_asked(methods: str | Iterable[str]) -> list[str]:
    """The names of methods, each once, in the order in which they were asked for; one may stand alone."""
    names = list(dict.fromkeys([methods] if isinstance(methods, str) else methods))
    for name in names:
        if name not in METHODS:
            near = difflib.get_close_matches(str(name), METHODS, n=1)
            meant = f"; did you mean '{near[0]}'?  There" if near else "; there"
            raise AskError(f"no method is called '{name}'{meant} is {', '.join(METHODS)}")
    if not names:
        raise AskError(f"no method was asked for; there is {', '.join(METHODS)}")
    return names


def targets_asked(classes: Any, y: Any, names: Sequence[str] | None = None) -> list[Any]:
    """A list of targets, each a number, a tuple with one per picture, or a Target.  y: the network's output,
    or its outputs; names: what the classes are called.

    classes: one of these, a name or a signal, or a list of them; None: the top class of each picture.
    """
    if classes is None:
        scores = table(chosen(y))
        top = scores.argmax(axis=1).tolist()
        return [top[0] if len(top) == 1 or scores.shape[1] == 1 else tuple(top)]
    if isinstance(classes, (str, Target)) or is_signal(classes) or np.ndim(_plain(classes)) == 0:
        classes = [classes]
    found = [_target(c, y, names) for c in classes]
    if not found:
        raise AskError(f"no class was asked for: {CLASSES}")
    return list(dict.fromkeys(found))


def table(y: Tensor) -> np.ndarray:
    """The scores (N, classes) in an output that is such a table, or one number for each picture (N,)."""
    if y.ndim not in (1, 2):
        raise AskError(
            f"the output {tuple(y.shape)} is no table of scores (N, classes): say which number to explain, "
            "a region, a box, a step or a function of it (gradcam.targets)"
        )
    return y.data if y.ndim == 2 else y.data[:, None]


def _target(c, y, names):
    if isinstance(c, Target):
        return c.numbered(lambda word: _class(word, y, names) if isinstance(word, str) else word)
    if is_signal(c) and np.ndim(c):
        return Target.signal(c)
    if isinstance(c, str) or np.ndim(_plain(c)) == 0:
        return _class(c, y, names)
    each = tuple(_class(one, y, names) for one in c)
    if len(each) != len(table(chosen(y))):
        raise AskError(
            f"{_said(c)} names {len(each)} classes for {len(table(chosen(y)))} pictures: {CLASSES}; "
            "several classes are a list of them"
        )
    return each


def _class(c, y, names):
    if isinstance(c, str):
        return _named(c, names, None if names else table(chosen(y)).shape[1], y)
    if np.ndim(_plain(c)) or np.asarray(c).dtype.kind not in "iu":
        raise AskError(f"{_said(c)} is no class: {CLASSES}")
    table(chosen(y))
    return int(c)


def _named(c, names, count, y):
    """A class by its name; a single output has two, (no, yes): no is what speaks against it."""
    found = class_index(c, names, count or len(names))
    one = names and len(names) == 2 and table(chosen(y)).shape[1] == 1
    return found if not one else 0 if found else -Target.score(0)


def _plain(classes):
    """Something whose ndim NumPy can tell: ragged lists have one."""
    return [None] if isinstance(classes, (list, tuple)) else classes


def _said(c):
    text = repr(c.tolist() if isinstance(c, np.ndarray) else c)
    return text if len(text) < 60 else text[:57] + "..."


def allowed(allow: Any) -> tuple[Any, ...]:
    """Kinds of operations, or names of kinds or of tensors, at which a table of rules may be silent."""
    several = (allow,) if isinstance(allow, (str, type)) else tuple(allow)
    kinds = {name: kind for name, kind in vars(ops).items() if isinstance(kind, type)}
    return tuple(kinds.get(one, one) if isinstance(one, str) else one for one in several)


def input_asked(x: Any) -> Tensor:
    """The input as a tensor (N, C, H, W) of finite floats."""
    x = x if isinstance(x, Tensor) else Tensor(_array(x), "x")
    if not np.isfinite(x.data).all():
        raise GraphError(
            "the input holds numbers that are not finite (NaN or infinite): nothing can be explained"
        )
    return x


def _array(x):
    kind = getattr(getattr(x, "dtype", None), "kind", None)
    if kind is None:
        raise AskError(
            f"the input is an array (N, C, H, W), not {type(x).__name__}: "
            "gradcam.image.prepare makes one of a photo"
        )
    if kind != "f":
        raise AskError(
            f"the input is an array of floats, not of {x.dtype}: gradcam.image.prepare makes one of a photo"
        )
    if not x.size:
        raise AskError(f"the input {tuple(x.shape)} is empty: there is nothing to explain")
    return x


def feature_maps(y: Any, layer: str | None) -> Tensor:
    """The tensor of feature maps (N, K, h, w) of this name, in the history of the output, or outputs, y."""
    if layer is None:
        raise GraphError("name the layer whose feature maps Grad-CAM weighs: layer='relu5_3', say")
    if not isinstance(layer, str):
        raise AskError(f"a layer is asked for by its name, not by {_said(layer)}: layer='relu5_3', say")
    A = named(y, layer)
    if A.ndim != 4:
        raise GraphError(
            f"{A.name} {tuple(A.shape)} has no rows and columns; name a layer of feature maps, in front of it"
        )
    return A
