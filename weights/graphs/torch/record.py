"""Run the copy once and write down every operator that PyTorch executes."""

from dataclasses import dataclass, field

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradcam.verify.errors import VerifyError
from weights.graphs.torch.untouched import double, exact_copy, surroundings

SAME = {
    "clone",
    "contiguous",
    "detach",
    "alias",
    "_to_copy",
    "lift_fresh",
    "dropout",
    "_reshape_copy",
}  # the same values
BY_SHAPE = {
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "new_zeros",
    "new_ones",
    "new_full",
}  # constants


@dataclass
class Call:
    """One operator: its name in ATen, arguments (a Value where the picture went, a tensor where only weights did), results, and whose."""

    operator: str
    args: tuple
    kwargs: dict
    results: list
    module: str
    kind: str
    origin: str
    inplace: bool


@dataclass(eq=False)
class Value:
    """Something that depends on the picture; names: the modules that returned it; shape: as it was recorded."""

    names: list = field(default_factory=list)
    shape: tuple = ()


class Recorder(TorchDispatchMode):
    """Writes down what is executed.  A tensor is known by its identity; an in-place operator makes a new value of it."""

    def __init__(self, x):
        super().__init__()
        self.calls, self.inside, self.kinds = [], [], []
        self.values, self.kept, self.stale = {id(x): Value(["x"], tuple(x.shape))}, [x], set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        inputs = [t for t in _tensors([args, kwargs]) if id(t) in self.values]
        if not inputs or func._schema.name.removeprefix("aten::") in BY_SHAPE:
            return result
        name, inplace = func._schema.name.removeprefix("aten::"), func._schema.is_mutable
        for t in inputs:
            if id(t) in self.stale:
                raise VerifyError(
                    f"at '{self.at}': a tensor is used after a view of it was changed in place; clone it in the forward pass"
                )
        outputs = list(result) if isinstance(result, (tuple, list)) else [result]
        if name.rstrip("_") in SAME and len(outputs) == 1:
            self._keep(outputs[0], self.values[id(inputs[0])])
            return result
        values = [Value(shape=tuple(getattr(o, "shape", ()))) for o in outputs]
        args, kwargs = self._translated(args), {k: self._translated(v) for k, v in kwargs.items()}
        self.calls.append(
            Call(
                name.rstrip("_") if inplace else name, args, kwargs, values, self.at, *self._whose(), inplace
            )
        )
        if inplace:
            self._changed(inputs[0])
        for t, value in zip(outputs, values):
            if isinstance(t, torch.Tensor):
                self._keep(t, value)
        return result

    @property
    def at(self):
        return self.inside[-1] if self.inside else ""

    def _whose(self):
        kind = self.kinds[-1] if self.kinds else ""
        return kind, "module" if kind.startswith(
            "torch.nn.modules"
        ) and "container" not in kind else "function"

    def _changed(self, tensor):
        """Every other known tensor on the same memory no longer holds what it held."""
        place = tensor.untyped_storage().data_ptr()
        self.stale |= {
            id(t) for t in self.kept if t is not tensor and t.untyped_storage().data_ptr() == place
        }

    def _keep(self, tensor, value):
        self.values[id(tensor)] = value
        self.stale.discard(id(tensor))
        self.kept.append(tensor)  # so that its identity stays its own

    def _translated(self, argument):
        if isinstance(argument, torch.Tensor):
            return self.values.get(id(argument), argument)
        if isinstance(argument, (list, tuple)):
            return [self._translated(a) for a in argument]
        return argument


def record(model, x):
    """-> (calls, input value, output value)"""
    copied = exact_copy(model)
    x = double(torch.as_tensor(x))
    recorder, calls_of = Recorder(x), {}
    handles = []
    for path, module in copied.named_modules():
        handles.append(module.register_forward_pre_hook(_enter(recorder, path, module)))
        handles.append(module.register_forward_hook(_leave(recorder, path, calls_of)))
    source = recorder.values[id(x)]
    with surroundings():
        try:
            with recorder:
                y = copied(x)
        except VerifyError:
            raise
        except Exception as error:
            where = f" at '{recorder.at}'" if recorder.at else ""
            raise VerifyError(
                f"the model does not run on an input {tuple(x.shape)}{where}: {error}"
            ) from error
    if not isinstance(y, torch.Tensor) or id(y) not in recorder.values:
        raise VerifyError(
            f"the model must return scores (N, classes), not {type(y).__name__}; wrap it in a module that returns them"
        )
    output = recorder.values[id(y)]
    return _leading_to(output, recorder.calls), source, output


def _leading_to(output, calls):
    """The calls that the output depends on, in order."""
    needed, kept = {output}, []
    for call in reversed(calls):
        if needed.intersection(call.results):
            kept.append(call)
            needed.update(_values([call.args, call.kwargs]))
    return kept[::-1]


def _enter(recorder, path, module):
    def hook(*_):
        recorder.inside.append(path)
        recorder.kinds.append(f"{type(module).__module__}.{type(module).__name__}")

    return hook


def _leave(recorder, path, calls_of):
    def hook(module, inputs, y):
        recorder.inside.pop()
        recorder.kinds.pop()
        calls_of[path] = calls_of.get(path, 0) + 1
        if isinstance(y, torch.Tensor) and id(y) in recorder.values and path:
            recorder.values[id(y)].names.append(path if calls_of[path] == 1 else f"{path}@{calls_of[path]}")

    return hook


def _leaves(tree):
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, (list, tuple, dict)):
            yield from _leaves(branch)
        else:
            yield branch


def _tensors(tree):
    return [leaf for leaf in _leaves(tree) if isinstance(leaf, torch.Tensor)]


def _values(tree):
    return [leaf for leaf in _leaves(tree) if isinstance(leaf, Value)]
