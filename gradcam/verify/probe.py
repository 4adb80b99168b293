"""What can be seen in a live model, whatever its map: modes, hooks, modules that stand at several places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FEW = 4


def seen(model: Any) -> list[str]:
    """What a reader should know of the model that was handed over; it is only looked at."""
    import torch

    modules = list(model.named_modules())
    return [
        *in_training(modules, torch.nn),
        *with_hooks(modules),
        *at_many_places(model),
        *frozen(model),
        *not_finite(model),
    ]


def in_training_mode(model: Any) -> list[str]:
    """Of these, what makes another map at every call, or for every batch."""
    import torch

    return list(in_training(list(model.named_modules()), torch.nn))


def in_training(modules: list, nn: Any) -> Iterator[str]:
    """Modules that behave otherwise in training mode, and are in it."""
    kinds = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
    theirs = [(path, m) for path, m in modules if m.training and isinstance(m, kinds)]
    drops = [(path, m) for path, m in theirs if isinstance(m, kinds[0])]
    if drops:
        yield (
            f"the model that you gave is in training mode, its dropout is on ({_listed(drops)}): its map is "
            "another one at every call.  The reference is in eval mode: call model.eval() before the map is "
            "made"
        )
    norms = [(path, m) for path, m in theirs if not isinstance(m, kinds[0]) and m.track_running_stats]
    if norms:
        yield (
            f"the model that you gave is in training mode ({_listed(norms)}): it normalises by the batch's "
            "own statistics.  The reference is in eval mode: call model.eval() before the map is made"
        )


def with_hooks(modules: list) -> Iterator[str]:
    """Hooks that somebody left on the model: they can change its gradient."""
    left = [(p, m) for p, m in modules if m._backward_hooks or m._forward_hooks or m._forward_pre_hooks]
    if left:
        yield (
            f"hooks are left on {_listed(left)}, yours or a library's: they may change what the model gives; "
            "the reference runs without them.  Remove them: handle.remove()"
        )


def at_many_places(model: Any) -> Iterator[str]:
    """One module under several names; all ReLUs one and the same is what a library may leave behind."""
    places: dict[Any, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        if not list(module.children()) and path:
            places.setdefault(module, []).append(path)
    for module, paths in places.items():
        if len(paths) > 1:
            shown = ", ".join(paths[:FEW]) + (" ..." if len(paths) > FEW else "")
            yield (
                f"one {type(module).__name__} module stands at {len(paths)} places ({shown}): a hook on it "
                "sees every call"
            )


def frozen(model: Any) -> Iterator[str]:
    """Without any gradient of a weight, a gradient at a layer exists only if the input asks for one."""
    weights = list(model.parameters())
    if weights and not any(w.requires_grad for w in weights):
        yield (
            "all parameters are frozen (requires_grad=False): a gradient reaches a layer only if the input "
            "has requires_grad_()"
        )


def not_finite(model: Any) -> Iterator[str]:
    """Weights with NaN or infinity."""
    bad = [name for name, w in model.named_parameters() if w.is_floating_point() and not w.isfinite().all()]
    if bad:
        yield f"weights hold NaN or infinity: {', '.join(bad[:FEW])}"


def _listed(found):
    shown = ", ".join(f"{type(m).__name__} at '{path}'" for path, m in found[:FEW])
    return shown + (f" and {len(found) - FEW} more" if len(found) > FEW else "")
