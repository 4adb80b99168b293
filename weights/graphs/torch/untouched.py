"""Work on a copy: the model and its surroundings stay as they are."""

import contextlib
import copy

import torch

from gradcam.verify.errors import VerifyError

HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks", "_load_state_dict_pre_hooks",
)  # fmt: skip


def double(tensor):
    """A copy on the CPU, floats in float64, without history or gradient."""
    tensor = tensor.detach().to("cpu", copy=True)
    return tensor.double() if tensor.is_floating_point() else tensor


def exact_copy(model):
    """A copy of the module in float64 and evaluation mode, on the CPU, without any of its hooks."""
    return copied(model, double, requires_grad=False)


def copied(model, convert=lambda t: t.detach().to("cpu", copy=True), requires_grad=True):
    """A copy of the module in evaluation mode, without any of its hooks, every tensor converted on its own (so memory holds no third)."""
    memo = {}
    for module in model.modules():
        for name in HOOKS:
            hooks = getattr(module, name, None)
            if hooks:
                memo[id(hooks)] = type(hooks)()
    tensors = {id(t): t for t in [*model.parameters(), *model.buffers()]}
    for key, t in tensors.items():
        value = convert(t)
        memo[key] = (
            torch.nn.Parameter(value, requires_grad and value.is_floating_point())
            if isinstance(t, torch.nn.Parameter)
            else value
        )
    try:
        return copy.deepcopy(model, memo).eval()
    except Exception as error:
        raise VerifyError(f"this model cannot be copied, and it is not touched itself: {error}") from error


@contextlib.contextmanager
def surroundings():
    """What runs inside leaves PyTorch's random state and gradient mode as they were."""
    with (
        torch.random.fork_rng(
            devices=range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
        ),
        torch.no_grad(),
    ):
        yield
