"""What can be seen in a live model, whatever its map: modes, hooks, modules that stand at several places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradcam.verify.modules import path_of

FEW = 4
RANDOM = 1e-3  # of the largest value: rounding, in whatever order, moves an answer by less


def seen(model: Any, x: Any = None, layer: Any = None) -> list[str]:
    """What a reader should know of the model that was handed over; it is only looked at.

    layer: a module, or its path, whose output something may change in place when a copy of the model is run
    with x.
    """
    import torch

    modules = list(model.named_modules())
    return [
        *in_training(modules, torch.nn),
        *with_hooks(modules),
        *replaced(modules, torch),
        *at_many_places(model),
        *frozen(model),
        *not_finite(model),
        *changed_in_place(model, x, layer),
    ]


def replaced(modules: list, torch: Any) -> Iterator[str]:
    """ReLUs that a library has put its own in place of, and not taken out again."""
    own = [(p, m) for p, m in modules if p and "relu" in type(m).__name__.lower() and not list(m.children())]
    own = [(p, m) for p, m in own if not type(m).__module__.startswith("torch.nn.modules")]
    if own:
        yield (
            f"ReLUs are replaced: {_listed(own)}.  Some libraries put their own there for guided backprop, "
            "and leave it after an exception: its gradient is not the model's.  Build the model anew"
        )
    functions = {"torch.relu": torch.relu, "F.relu": torch.nn.functional.relu}
    patched = [name for name, f in functions.items() if not (f.__module__ or "torch").startswith("torch")]
    if patched:
        yield f"{' and '.join(patched)} is not PyTorch's own: something has put another function in its place"


def changed_in_place(model: Any, x: Any, layer: Any) -> Iterator[str]:
    """An operation behind the layer that writes into its output: a kept reference then holds other values."""
    import torch

    path = path_of(model, layer[0] if isinstance(layer, tuple) else layer)
    if x is None or path not in dict(model.named_modules()):
        return
    (other, picture), kept = a_copy(model, x), []
    other.get_submodule(path).register_forward_hook(lambda m, i, out: kept.append((out, version(out))))
    with torch.no_grad():
        other(picture)
    if any(version(out) != before for out, before in kept):
        yield (
            f"the output of '{path}' is changed in place by what follows it (a ReLU with inplace=True?): "
            "what a hook keeps without .clone() is no longer what the layer gave"
        )


def a_copy(model: Any, x: Any) -> tuple[Any, Any]:
    """A copy of the model in eval mode, and of x as it takes it: to be run instead of them."""
    import torch

    from weights.graphs.torch.untouched import copied

    other = copied(model).eval()
    dtype = next((p.dtype for p in other.parameters()), torch.get_default_dtype())
    return other, torch.as_tensor(x).detach().cpu().to(dtype).clone()


def version(out: Any) -> int | None:
    """How often a tensor was written into; None for what is no tensor."""
    return getattr(out, "_version", None)


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


def another_each_time(model: Any, x: Any) -> Iterator[str]:
    """A model that is random in eval mode, too, as a copy shows that is run twice."""
    import torch

    from weights.graphs.torch.trees import of_type

    other, picture = a_copy(model, x)
    with torch.no_grad():
        first, second = (of_type(torch.Tensor, other(picture.clone())) for _ in range(2))
    if any(abs(a - b).max() > RANDOM * abs(a).max() for a, b in zip(first, second)):
        yield (
            "the model that you gave answers otherwise at every call, in eval mode, too: something in it is "
            "random (F.dropout without training=self.training, noise), and so is its map.  Switch it off "
            "before the map is made"
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
