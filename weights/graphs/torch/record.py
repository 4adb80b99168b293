"""Run the copy once and write down every operator that PyTorch executes, and where its autograd is told not
to follow.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from weights.errors import WeightsError
from weights.graphs.torch.memory import Constant, Memory, Place, Value, overlap
from weights.graphs.torch.precision import InDouble, in_double
from weights.graphs.torch.trees import leaves, mapped, of_type
from weights.graphs.torch.untouched import double, exact_copy, hooks_of, surroundings

SAME = {
    "clone",
    "alias",
    "detach",
    "lift_fresh",
    "lift_fresh_copy",
    "contiguous",
    "_reshape_copy",
    "view_copy_same",
}
BY_SHAPE = {
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like",
    "new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided",
}  # fmt: skip
DRAWN = {
    "bernoulli_",
    "uniform_",
    "normal_",
    "random_",
    "exponential_",
    "log_normal_",
    "geometric_",
    "cauchy_",
}
FOLLOWED_ANEW = (torch.Tensor.requires_grad_, torch.Tensor.requires_grad.__set__)
TO_NUMPY = (torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.__dlpack__)
HOOK = "a hook of a tensor"
LAYOUT = {"as_strided", "_reshape_alias"}  # views that are said in places of memory: read as such


@dataclass(frozen=True)
class Stopped:
    """A value that an operator read through a tensor which autograd does not follow (detach, no_grad)."""

    value: Value


@dataclass(eq=False)
class Call:
    """One operator.

    operator: its name in ATen; func: what runs it; args, kwargs: nested, with a Value (or Stopped) where the
    picture went and a Constant where only weights did; results: a Value each; module, kind, origin: whose;
    inplace: whether it changed its input; tensors: what it gave, with the version that this was; cut:
    "no_grad" or "inference_mode" around it; function: the user's autograd function that it runs in; inside:
    if it is such a function, the values that its own operators gave.
    """

    operator: str
    func: Callable
    args: tuple | list
    kwargs: dict
    results: list[Value]
    module: str = ""
    kind: str = ""
    origin: str = "function"
    inplace: bool = False
    tensors: list[tuple[torch.Tensor, int]] = field(default_factory=list)
    cut: str = ""
    function: str = ""
    inside: list[Value | Constant] | None = None

    @property
    def where(self) -> str:
        return f"'{self.module}'" if self.module else "the top level"


@dataclass
class Recording:
    """What a model did with a picture: `calls` lead from `source` to `output`; x and y are PyTorch's, y with
    its history; decided, left: where it read values into Python, and into NumPy; hooks: modules whose hooks,
    the user's, were left out.
    """

    calls: list[Call]
    source: Value
    output: Value | Constant
    x: torch.Tensor
    y: torch.Tensor
    decided: list[str]
    left: list[str]
    hooks: list[str] = field(default_factory=list)


class Recorder(InDouble):
    """Writes down what is executed."""

    def __init__(self, x: torch.Tensor) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.inside, self.kinds, self.functions = [], [], []
        self.decided, self.left = [], []
        self.leaves: set[int] = set()  # tensors at which autograd begins anew
        self.memories: dict[int, Memory] = {}
        self.constants: dict[int, dict[Place, Constant]] = {}
        self.source = Value(["x"], tuple(x.shape), x.dtype)
        self._fresh(x, self.source)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        args, kwargs = in_double(func, args, kwargs or {})
        written = _written(func, args, kwargs)
        if not any(map(self.signal, of_type(torch.Tensor, (args, kwargs)))):
            for t in written:
                self._freeze(t)
            return self.run(func, args, kwargs, written)
        name = func._schema.name.removeprefix("aten::")
        if name in BY_SHAPE:
            return self.run(func, args, kwargs, written)
        given = self._read(args), self._read(kwargs)  # before it runs: it may change them
        for t in written:
            self._take_over(t)
        before = torch.get_rng_state() if torch.Tag.nondeterministic_seeded in func.tags else None
        result = self.run(func, args, kwargs, written)
        outputs = list(leaves(result))
        if not any(isinstance(o, torch.Tensor) for o in outputs):
            self._without_result(name, written)
        elif name in DRAWN:
            self._memory(outputs[0]).write(outputs[0], Constant(outputs[0].clone()))
        elif _is_same(name, args, outputs):
            self._same(given[0][0], outputs[0])
        else:
            if before is not None and not torch.equal(before, torch.get_rng_state()):
                name, func, given, outputs = self._drawn(name, given, outputs)
            self._call(name, func, given, outputs, written)
        return result

    def signal(self, t: torch.Tensor) -> bool:
        """Whether the tensor depends on the picture."""
        if t.layout is not torch.strided:
            raise WeightsError(
                f"a tensor at {self.where} is sparse: not supported, to_dense() makes it dense"
            )
        return _storage(t) in self.memories

    def read(self, t: torch.Tensor) -> Value | Constant:
        """What the tensor holds now."""
        return self._memory(t).read(t) if self.signal(t) else self._constant(t)

    @property
    def at(self) -> str:
        return self.inside[-1] if self.inside else ""

    @property
    def where(self) -> str:
        return f"'{self.at}'" if self.at else "the top level"

    def function(self, kind: type, apply: Callable, args: tuple, kwargs: dict) -> Any:
        """The user's own torch.autograd.Function: its operators are written down, and that they are its."""
        given = self._read(args)
        self.functions.append(kind.__name__)
        try:
            result = apply(*args, **kwargs)
        finally:
            self.functions.pop()
        outputs = [o for o in leaves(result) if isinstance(o, torch.Tensor) and self.signal(o)]
        inside = [self.read(o) for o in outputs]
        again = lambda *args, **kwargs: kind.apply(*args, **kwargs)  # noqa: E731
        call = Call(kind.__name__, again, given, kwargs, [Value.like(o) for o in outputs], inside=inside)
        for o, value in zip(outputs, call.results):
            self._memory(o).is_also(o, value)
        self._append(call, outputs)
        return result

    def hook(self, t: torch.Tensor, hook: Callable) -> None:
        """A hook on a tensor: what passes it backwards is the user's, as in an autograd function."""
        call = Call(HOOK, _hooked(hook), [self._argument(t)], {}, [Value.like(t)], inside=[self.read(t)])
        self._memory(t).is_also(t, call.results[0])
        self._append(call, [t])

    # --- one call

    def _call(self, name, func, given, outputs, written):
        inplace = any(o is t for o in outputs for t in written)
        if inplace:
            name = name.removesuffix("_")
        values = [Value.like(o) if isinstance(o, torch.Tensor) else Value() for o in outputs]
        if name not in LAYOUT:
            self._append(Call(name, func, *given, values, inplace=inplace), outputs)
        for o, value in zip(outputs, values):
            if not isinstance(o, torch.Tensor):
                continue
            if name in LAYOUT:
                self._memory(o).forget(o)
            elif any(o is t for t in written):
                self._memory(o).write(o, value)
            elif not self.signal(o):
                self._fresh(o, value)
            else:
                self._memory(o).know(o, value)

    def _append(self, call, outputs):
        call.module, call.kind = self.at, self.kinds[-1] if self.kinds else ""
        a_module = call.kind.startswith("torch.nn.modules") and "container" not in call.kind
        call.origin = "module" if a_module else "function"
        call.tensors = [(o, _version(o)) for o in outputs if isinstance(o, torch.Tensor)]
        call.cut = (
            "inference_mode"
            if torch.is_inference_mode_enabled()
            else ""
            if torch.is_grad_enabled()
            else "no_grad"
        )
        call.function = self.functions[-1] if self.functions else ""
        self.calls.append(call)

    def _same(self, value, output):
        value = value.value if isinstance(value, Stopped) else value
        if not self.signal(output):
            self._fresh(output, value)
        else:
            self._memory(output).know(output, value)

    def _without_result(self, name, written):
        if any(map(self.signal, written)):
            raise WeightsError(f"{name} at {self.where} changes several tensors at once: not supported")
        self.decided.append(self.where)

    def _drawn(self, name, given, outputs):
        """Dropout that drops in eval mode: the mask that was drawn now is a constant."""
        if name != "native_dropout":
            raise WeightsError(
                f"{name} at {self.where} draws random numbers in eval mode: give the model a fixed noise"
            )
        (x, p, *_), _ = given
        mask = Constant(outputs[1].double() / (1 - p))
        return "mul", torch.ops.aten.mul.Tensor, ((x, mask), {}), outputs[:1]

    # --- what tensors hold

    def _memory(self, t):
        return self.memories[_storage(t)]

    def _fresh(self, t, value):
        self.memories[_storage(t)] = memory = Memory(Place.of(t), value, self._replaced, self._taken)
        memory.know(t, value)

    def _read(self, tree):
        return mapped(self._argument, torch.Tensor, tree)

    def _argument(self, t):
        value = self.read(t)
        follows = (t.requires_grad and id(t) not in self.leaves) or not (
            t.is_floating_point() or t.is_complex()
        )
        return value if isinstance(value, Constant) or follows else Stopped(value)

    def _constant(self, t):
        return self.constants.setdefault(_storage(t), {}).setdefault(Place.of(t), Constant(t.detach()))

    def _freeze(self, t):
        """The constants that were read from this memory keep what they hold, whatever is written now."""
        for constant in self.constants.pop(_storage(t), {}).values():
            constant.tensor = constant.tensor.clone()

    def _take_over(self, t):
        """Memory without the picture's values into which some are written now."""
        if not self.signal(t):
            self._freeze(t)
            n = t.untyped_storage().nbytes() // t.element_size()
            flat = t.detach().as_strided((n,), (1,), 0)
            self.memories[_storage(t)] = memory = Memory(
                Place.of(flat), Constant(flat.clone()), self._replaced, self._taken
            )
            memory.kept.append(t)

    def _replaced(self, old, place, new, where):
        if place.dtype != where.dtype:
            raise WeightsError(
                f"at {self.where} a part of a complex or cast tensor is changed in place: not supported"
            )
        into, source = overlap(place, where)
        if not len(into):
            return old
        value = Value([], place.shape, place.dtype)
        self._append(Call("overwrite", _overwritten, [old, new, into, source], {}, [value], inplace=True), [])
        return value

    def _taken(self, value, where, place):
        into, source = overlap(place, where)
        if place.dtype != where.dtype or len(into) != len(place.numbers()):
            raise WeightsError(f"at {self.where} a tensor shows memory that no recorded operator has filled")
        taken = Value([], place.shape, place.dtype)
        self._append(Call("take", _shown, [value, source, place.shape], {}, [taken]), [])
        return taken


class Leaving(TorchFunctionMode):
    """Sees values that leave for NumPy or a list, and what a model asks of autograd: no operators."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in (*TO_NUMPY, torch.Tensor.tolist) and self.recorder.signal(args[0]):
            places = self.recorder.left if func in TO_NUMPY else self.recorder.decided
            places.append(self.recorder.where)
        if func in FOLLOWED_ANEW and self._follows(args[0]) and not args[0].requires_grad:
            self.recorder.leaves.add(id(args[0]))
        result = func(*args, **(kwargs or {}))
        if func is torch.Tensor.register_hook and self._follows(args[0]):
            self.recorder.hook(*args)
        return result

    def _follows(self, t):
        """Whether this is a signal, and none that torch.func has wrapped: of these the operators are seen."""
        return not torch._C._functorch.is_functorch_wrapped_tensor(t) and self.recorder.signal(t)


def record(model: torch.nn.Module, x: Any) -> Recording:
    """Run a float64 copy of the model in eval mode on x, with autograd, and write down what it does.

    WeightsError: the model does not run on x, or does not return scores.
    """
    with surroundings(grad=True):
        copied = exact_copy(model)
        leaf = double(torch.as_tensor(x)).requires_grad_()
        given = leaf.clone()
        recorder, calls_of = Recorder(given), {}
        for path, module in copied.named_modules():
            if not isinstance(module, torch.jit.ScriptModule):
                module.register_forward_pre_hook(_enter(recorder, path, module))
                module.register_forward_hook(_leave(recorder, path, calls_of))
        try:
            with own_functions(recorder), Leaving(recorder), recorder:
                y = scores_of(copied(given))
        except WeightsError:
            raise
        except Exception as error:
            where = f" at '{recorder.at}'" if recorder.at else ""
            raise WeightsError(
                f"the model does not run on an input {tuple(leaf.shape)}{where}: {error}"
            ) from error
        if not recorder.signal(y):
            raise WeightsError("the scores do not depend on the picture")
        output = recorder.read(y)
    places = (list(dict.fromkeys(found)) for found in (recorder.decided, recorder.left))
    return Recording(
        _leading_to(output, recorder.calls), recorder.source, output, leaf, y, *places, hooks_of(model)
    )


def scores_of(y: Any) -> torch.Tensor:
    """The scores in what a model returns: a tensor, or `logits` of an output object."""
    y = y.get("logits", y) if isinstance(y, dict) else getattr(y, "logits", y)
    if not isinstance(y, torch.Tensor):
        raise WeightsError(
            f"the model must return scores (N, classes), not {type(y).__name__}; "
            "wrap it in a module that returns them"
        )
    return y


@contextlib.contextmanager
def own_functions(recorder: Recorder) -> Iterator[None]:
    """While this thread runs the model, the user's autograd functions are known as such."""
    base, owner = torch.autograd.function._SingleLevelFunction, threading.get_ident()

    def watched(
        cls, *args, **kwargs
    ):  # what Function.apply calls, also one that was kept as `relu = Mine.apply`
        apply = super(base, cls).apply
        if threading.get_ident() != owner:
            return apply(*args, **kwargs)
        return recorder.function(cls, apply, args, kwargs)

    base.apply = classmethod(watched)
    try:
        yield
    finally:
        del base.apply


def _leading_to(output, calls):
    """The calls that the output depends on, in order."""
    needed, kept = {output}, []
    for call in reversed(calls):
        if needed.intersection(call.results):
            kept.append(call)
            for leaf in leaves((call.args, call.kwargs, call.inside or [])):
                needed.add(leaf.value) if isinstance(leaf, Stopped) else needed.add(leaf) if isinstance(
                    leaf, Value
                ) else None
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
        if isinstance(y, torch.Tensor) and recorder.signal(y) and path:
            value = recorder.read(y)
            if isinstance(value, Value):
                value.names.append(path if calls_of[path] == 1 else f"{path}@{calls_of[path]}")

    return hook


def _overwritten(old, new, into, source):
    """What stands at `into`, of all places counted row by row, is what new has at `source`."""
    y = old.reshape(-1).clone()
    y[into] = new.reshape(-1)[source]
    return y.reshape(old.shape)


def _shown(value, source, shape):
    return value.reshape(-1)[source].reshape(shape)


def _hooked(hook):
    class Hooked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, gy):
            changed = hook(gy)
            return gy if changed is None else changed

    return lambda x: Hooked.apply(x)


def _storage(t):
    return t.untyped_storage()._cdata


def _version(t):
    return -1 if t.is_inference() else t._version


def _written(func, args, kwargs):
    """The tensors that the operator changes."""
    if not func._schema.is_mutable:
        return []
    found = []
    for i, a in enumerate(func._schema.arguments):
        if a.alias_info is not None and a.alias_info.is_write:
            found.extend(of_type(torch.Tensor, [args[i] if i < len(args) else kwargs.get(a.name)]))
    return found


def _is_same(name, args, outputs):
    """Whether the result holds the values of the first argument."""
    return name in SAME or (name == "_to_copy" and args[0].dtype == outputs[0].dtype)
