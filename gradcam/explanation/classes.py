"""What is explained: classes and other targets, as users give them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcam.asking import AskError, as_given, class_index, is_called
from gradcam.outputs import chosen
from gradcam.target import Target, is_signal
from gradcam.targets.text import is_text, target
from minicnn import Tensor

CLASSES = "a class is a number or a name, or one of these for each picture of the batch"


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
    found = [_target(c, y, names, mask) for c in as_list(classes)]
    if not found:
        raise AskError(f"no class was asked for: {CLASSES}")
    return list(dict.fromkeys(found))


def as_list(classes: Any) -> list[Any]:
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


def class_named(word: str, names: Sequence[str] | None, count: int) -> int | Target:
    """The class of this name or number, of so many; of a single output, no is what speaks against it.  names:
    of the classes, of a single output (no, yes), or yes alone.
    """
    if count == 1 and names and len(names) == 2:
        return 0 if class_index(word, names, 2) else -Target.score(0)
    if count == 1 and tuple(names or ()) == ("yes",) and is_called("no", word):
        return -Target.score(0)
    return class_index(word, names, count)


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


def _class(c, y, names):
    if isinstance(c, str):
        count = len(names) if names and len(names) != 2 else table(chosen(y)).shape[1]
        return class_named(c, names, count)
    if np.ndim(_plain(c)) or np.asarray(c).dtype.kind not in "iu":
        raise AskError(f"{as_given(c)} is no class: {CLASSES}")
    table(chosen(y))
    return int(c)


def _is_name(word, names):
    """Whether a class is called so; -dog is no name of dog."""
    minus = word.lstrip().startswith("-")
    return any(is_called(name, word) and name.startswith("-") == minus for name in names or ())


def _in_words(word, y, names):
    """A class in a text, of an output of any kind."""
    if y.ndim in (1, 2):
        return _class(word, y, names)
    return class_index(word, names, y.shape[1] if y.ndim == 4 else max(y.shape[1:]))


def _plain(classes):
    """Something whose ndim NumPy can tell: ragged lists have one."""
    return [None] if isinstance(classes, (list, tuple)) else classes
