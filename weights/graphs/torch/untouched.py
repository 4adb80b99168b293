"""Work on a copy: the model and its surroundings stay as they are."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch

from weights.errors import WeightsError

HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


def hooks_of(model: torch.nn.Module) -> list[str]:
    """The modules that have hooks of the user's, on forward or backward passes, which copies leave out."""
    return [
        path or "the model"
        for path, module in model.named_modules()
        if any(not _makes_weights(hook) for key in HOOKS[:4] for hook in vars(module).get(key, {}).values())
    ]


def double(tensor: torch.Tensor) -> torch.Tensor:
    """A copy on the CPU, floats in float64, without history or gradient."""
    if torch.nn.parameter.is_lazy(tensor):
        raise WeightsError(
            "the model has lazy modules whose sizes are not known yet: run it once on an input first"
        )
    tensor = tensor.detach().to("cpu", copy=True)
    return tensor.double() if tensor.is_floating_point() else tensor


def exact_copy(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the module in float64 and eval mode, on the CPU, without the user's hooks."""
    return copied(model, double, requires_grad=False)


def copied(
    model: torch.nn.Module,
    convert: Callable[[torch.Tensor], torch.Tensor] = lambda t: t.detach().to("cpu", copy=True),
    requires_grad: bool = True,
) -> torch.nn.Module:
    """A copy of the module in eval mode, every tensor converted on its own (so memory holds no third).

    Hooks of the user's are left out; those of `torch.nn.utils` (pruning, weight norm), which make the
    weights, stay.  What cannot be copied (a lock, a file) is shared.
    """
    memo: dict = {}
    for t in [*model.parameters(), *model.buffers()]:
        memo[id(t)] = _converted(t, convert, requires_grad)
    for module in model.modules():
        if id(module) not in memo:
            _make_room(module, memo, convert)
    for module in model.modules():
        if not isinstance(module, torch.jit.ScriptModule):
            _fill(memo[id(module)], module, memo, convert)
    return _in_eval_mode(memo[id(model)])


def _in_eval_mode(model):
    try:
        return model.eval()
    except NotImplementedError:  # an exported program: as it was exported
        return model


def _converted(t, convert, requires_grad=False):
    value = convert(t)
    if isinstance(t, torch.nn.Parameter):
        return torch.nn.Parameter(value, requires_grad and value.is_floating_point())
    return value


def _make_room(module, memo, convert):
    """An empty module of the same class; a scripted one is copied whole, a compiled one becomes what was
    compiled.
    """
    if isinstance(module, torch.jit.ScriptModule):
        twin = copy.deepcopy(module)
        for t in [*twin.parameters(), *twin.buffers()]:
            t.data = convert(t)
        memo |= {id(old): new for old, new in zip(module.modules(), twin.modules())}
    else:
        kind = Eager if hasattr(module, "_orig_mod") else type(module)
        memo[id(module)] = object.__new__(kind)


class Eager(torch.nn.Module):
    """In place of what torch.compile made: the module itself."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._orig_mod(*args, **kwargs)


def _fill(twin, module, memo, convert):
    for key, value in vars(module).items():
        if isinstance(twin, Eager) and key in ("forward", "dynamo_ctx"):
            continue
        if key in HOOKS:
            value = type(value)((n, hook) for n, hook in value.items() if _makes_weights(hook))
        for t in _tensors(value):
            if id(t) not in memo:
                memo[id(t)] = _converted(t, convert)
        try:
            twin.__dict__[key] = copy.deepcopy(value, memo)
        except Exception:
            twin.__dict__[key] = value


def _makes_weights(hook):
    return any(kind.__module__.startswith("torch.nn.utils") for kind in type(hook).__mro__)


def _tensors(value):
    """The tensors in nested lists and dictionaries, also those with a history, which Python's deepcopy
    refuses.
    """
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for v in value.values() if isinstance(value, dict) else value:
            yield from _tensors(v)


@contextlib.contextmanager
def surroundings(grad: bool = False) -> Iterator[None]:
    """What runs inside leaves PyTorch's random state, gradient mode and shortcuts as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    shortcut = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operator without a derivative in place of many with
    try:
        with (
            torch.random.fork_rng(devices=devices),
            torch.inference_mode(False),
            torch.set_grad_enabled(grad),
        ):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(shortcut)
