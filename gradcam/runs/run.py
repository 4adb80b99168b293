"""Many photos, explained: into a folder, or one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcam.asking import AskError, as_given
from gradcam.explanation.calls import methods_asked
from gradcam.explanation.classes import as_list
from gradcam.explanation.forward import network_of
from gradcam.explanation.layers import layers_asked
from gradcam.methods import METHODS
from gradcam.runs import photos as finding
from gradcam.runs import workers as pool
from gradcam.runs.layout import SHARDS
from gradcam.runs.manner import ALONE, Manner
from gradcam.runs.settings import settings_of
from gradcam.runs.task import Explained, Task

if TYPE_CHECKING:
    from gradcam.runs.folder import Folder


def explain_many(
    net: Any,
    photos: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    methods: str | Iterable[str] = ("grad_cam",),
    classes: Sequence[Any] | None = None,
    layer: str | Sequence[str] | None = None,
    unit_layer: str | None = None,
    *,
    size: str = "layer",
    dtype: str = "float32",
    workers: int = 1,
) -> Iterator[Explained]:
    """Explain many photos, one after the other: memory stays flat, however many there are.

    net      a network with its card, which says how photos are prepared, or the path of a model
    photos   files, folders, patterns, lists (see `gradcam.runs.photos.find`)
    size     of the maps: "layer", as the methods give them, or "photo", at the pixels that the network saw
    workers  how many processes; what they find does not depend on it, to the last bit

    The rest is as in `explain`.  A photo that cannot be read comes, too: its `error` says why.
    """
    words = [photos] if isinstance(photos, (str, os.PathLike)) else photos
    if not isinstance(words, Iterable):
        raise AskError(f"photos are files, folders, patterns or lists of them, not {as_given(words)}")
    net = network_of(net)
    if getattr(getattr(net, "card", None), "preprocessing", None) is None:
        raise AskError(
            "this network has no description that says how photos are prepared: "
            "net.card = weights.described.card_for('model.toml')"
        )
    chosen = tuple(as_list(classes)) if classes is not None else None
    names, layers = layers_asked(methods_asked(methods), layer)
    if fused := [name for name in names if METHODS[name].fuses]:
        raise AskError(f"{fused[0]} makes one map of several layers, which is for one photo at a time")
    task = Task(net, tuple(names), chosen, next(iter(layers), None), unit_layer, size, dtype)
    if not (found := finding.find(words)):
        raise AskError("no photo was given: name files, folders, patterns or lists of them")
    return pool.explained(task, enumerate(found), workers)


def explain_into(
    path: str | os.PathLike[str],
    task: Task,
    photos: Sequence[str],
    manner: Manner = ALONE,
    also: Mapping[str, Any] | None = None,
) -> Folder:
    """Explain photos into a folder (see `gradcam.runs.layout`), or go on where it was -> the folder, closed.

    also: what else the settings say of the network.  RunError, SaveError: it cannot begin, or go on.
    """
    from gradcam.runs.folder import finish

    return into(path, task, photos, settings_of(task, photos, manner.shard, also), finish, manner)


def into(
    path: str | os.PathLike[str],
    task: Callable[[int, str], Explained],
    photos: Sequence[str],
    settings: dict[str, Any],
    finish: Callable[[Path, dict[str, Any]], object],
    manner: Manner,
) -> Folder:
    """Do any task with each photo, into a folder, or go on where it was -> the folder, closed.

    settings: what the results depend on; finish(folder, settings): what is made of the rows when all are
    there.  RunError, SaveError: as `explain_into`.
    """
    from tqdm import tqdm  # here, as starting a command without them is quicker

    from gradcam.runs.folder import opened

    by = manner.by or (lambda task, todo: pool.explained(task, todo, manner.workers))
    mine, place = finding.block(len(photos), manner.shard), Path(path)
    if manner.shard:
        place = place / SHARDS / "{}-of-{}".format(*manner.shard)
    with opened(place, settings, mine.start, len(mine), finish) as folder:
        todo = ((number, photos[number]) for number in mine[folder.done :])
        shown = {"unit": "photo", "disable": not manner.progress, "smoothing": 0.05}
        with tqdm(total=folder.count, initial=folder.done, **shown) as bar:
            for found in by(task, todo):
                folder.add(found)
                bar.set_postfix(errors=folder.errors, refresh=False)
                bar.update()
    return folder
