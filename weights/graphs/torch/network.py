"""The recorded calls as a network: one step per call, under the name of the module that made it."""

from __future__ import annotations

import copy
from collections import Counter
from functools import cache, partial, reduce
from typing import Any

import numpy as np
import torch

from minicnn import Concat, Error, GraphError, Slice, Tensor, Transpose
from minicnn.convolution import computing
from minicnn.layer import Layer
from weights.graphs.torch.borrowed import Borrowed, borrowed
from weights.graphs.torch.memory import Constant, Value
from weights.graphs.torch.operations import Stop
from weights.graphs.torch.operators import BOOLEAN, OPERATORS, PARTS, SIZED, Lacking
from weights.graphs.torch.record import Call, Recording, Stopped
from weights.graphs.torch.trees import leaves, mapped

CHANNELS = (1, 3, 4)  # what a last axis must be to be taken for channels
SAME = {8: 1e-6, 4: 1e-4}  # by the bytes of a number: scores so near, of the largest one, are the same


class Ref(int):
    """In a step's arguments: the number of an earlier value; a subclass says that no gradient goes there."""


class StoppedRef(Ref):
    pass


class Step(Layer):
    """One call: f(*args, **kwargs), tensors in, a tensor out, and where it stood in the model.

    module: path of the innermost module; origin: "module" if that is a layer of PyTorch's, else "function".
    """

    def __init__(self, name: Any, f: Any, args: Any, kwargs: Any, call: Any) -> None:
        super().__init__(name)
        self.f, self.args, self.kwargs = f, args, kwargs
        self.module, self.origin, self.inplace = call.module, call.origin, call.inplace

    def forward(self, values: Any) -> Any:
        fill = lambda ref: _stopped(values[ref]) if isinstance(ref, StoppedRef) else values[ref]  # noqa: E731
        args, kwargs = mapped(fill, Ref, self.args), mapped(fill, Ref, self.kwargs)
        with computing(self.precision):
            y = self.f(*args, **kwargs)
        if isinstance(y, Tensor) and y.name is None:
            y.name, y.layer = self.name, self
        return y

    def astype(self, dtype: Any) -> Any:
        other = copy.copy(self)
        cast = lambda a: a.astype(dtype) if a.dtype.kind == "f" else a  # noqa: E731
        other.args, other.kwargs = (mapped(cast, np.ndarray, tree) for tree in (self.args, self.kwargs))
        return other


class TracedNetwork(Layer):
    """Maps a tensor (N, C, H, W) of the recorded size to scores.

    alias: {module path: name} for modules that return another's output; borrowed: {"gelu": 12}, the operators
    that are PyTorch's own; check: how it was found to agree with the model (`Check`); own: if the model's
    gradient is another by design, the network that has the model's; gradient: "mathematical" or "model",
    which of the two this is; trained: whether the model was in training mode; decided: where the
    model read values into Python, so that for another picture it might do something else; hooks: modules
    whose hooks are no part of it.
    """

    def __init__(self, recording: Recording, gradient: str = "mathematical") -> None:
        super().__init__("traced")
        self.gradient, self.own, self.check = gradient, None, None
        self.steps, self.alias, self.borrowed = [], {}, Counter()
        self.x = recording.x.detach().numpy()
        self.decided = [*recording.decided, *recording.left]
        self.hooks = recording.hooks
        self.trained = False
        self._names: set[str] = set()
        self._direct: bool | None = None
        self.numbers: dict[Value, Ref] = {recording.source: Ref(0)}
        self.values: list[Any] = [Tensor(self.x, "x")]  # of the first forward pass, until `finished`
        needed = {recording.output, *_read_by(recording.calls)}
        for call in recording.calls:
            if call.inside is not None:
                self._add_function(call, needed)
                continue
            for which, result in enumerate(call.results):
                if result in needed:
                    self._add(call, which, result)
        self.output = self.numbers[recording.output]

    def finished(self) -> TracedNetwork:
        """Without the values of the first forward pass."""
        self.values, self.numbers = [], {}
        return self

    def __repr__(self) -> str:
        """<traced: TracedNetwork of 5 layers, 0 to 4; net.alias has their names>, without a count of weights:
        they are numbers of the steps, as all constants are
        """
        return f"{super().__repr__().rpartition(';')[0]}; net.alias has their names>"

    # --- building

    def _add_function(self, call, needed):
        """The user's autograd function: its own operators, or, where the model's gradient is wanted, the
        function.
        """
        for which, (result, inside) in enumerate(zip(call.results, call.inside)):
            if self.gradient == "model":
                if result in needed:
                    self._add(call, which, result)
            elif isinstance(inside, Constant):
                self._remember(result, inside.tensor.numpy())
            else:
                self.numbers[result] = self.numbers[inside]

    def _add(self, call: Call, which: int, result: Value):
        """One call as a step: ours where we have it, else PyTorch's."""
        args, kwargs = (
            mapped(self._argument, (Value, Stopped, Constant), t) for t in (call.args, call.kwargs)
        )
        name = self._name(call, result)
        step = self._ours(call, which, result, args, kwargs, name)
        if step is not None:
            try:
                y = step.forward(self.values)
            except (Lacking, Error, ValueError, IndexError, TypeError):  # a case that ours does not take
                step = None
        if step is None:
            step = Step(name, partial(_theirs, call.operator, _named(call.func), which), args, kwargs, call)
            y = step.forward(self.values)
        known = next((i for i, v in enumerate(self.values) if v is y), None)
        if known is not None:  # the same values as an earlier one's
            self.numbers[result] = Ref(known)
            self.alias |= dict.fromkeys(result.names, y.name)
            return
        self.steps.append(step)
        self._names.add(name)
        self.alias |= dict.fromkeys(result.names, name)
        if isinstance(getattr(y, "op", None), Borrowed):
            self.borrowed[call.operator] += 1
        self._remember(result, y)

    def _ours(self, call, which, result, args, kwargs, name):
        """The step by our operations, if this operator has any, and works on floats, or compares them."""
        given = [a.value if isinstance(a, Stopped) else a for a in leaves((call.args, call.kwargs))]
        signals = [a for a in given if isinstance(a, Value)]
        taken = [t.dtype.is_floating_point or _is_boolean(call, t) for t in [*signals, result]]
        if call.inside is not None or not all(taken):
            return None
        if call.operator in SIZED:
            first = signals[0].shape[0] if signals[0].shape else 1
            return Step(name, partial(_sized, call.operator), [args[0], result.shape, first], {}, call)
        if call.operator in PARTS:
            return Step(name, partial(_part, call.operator, which), args, kwargs, call)
        if call.operator in OPERATORS and which == 0:
            return Step(name, partial(_ours, call.operator), args, _ours_only(kwargs), call)
        return None

    def _argument(self, a):
        """A number of a value, or an array."""
        if isinstance(a, Constant):
            return a.tensor.resolve_conj().resolve_neg().numpy()
        if isinstance(a, Stopped):
            return (StoppedRef if self.gradient == "model" else Ref)(self.numbers[a.value])
        return self.numbers[a]

    def _remember(self, result, y):
        self.values.append(y)
        self.numbers[result] = Ref(len(self.values) - 1)

    def _name(self, call, value):
        own = f"{call.module}.{call.operator}" if call.module else call.operator
        wanted, n = value.names[0] if value.names else own, 1
        while (name := wanted if n == 1 else f"{wanted}_{n}") in self._names:
            n += 1
        return name

    # --- being a network

    def parts(self) -> Any:
        return self.steps

    def forward(self, x: Any) -> Any:
        """x (M, C, H, W), or as recorded (M, H, W, C); M as recorded, or a multiple of it -> scores."""
        N, M = len(self.x), x.shape[0]
        if self._channels_last() and x.ndim == 4 and x.shape[1] == self.x.shape[3] != x.shape[3]:
            x = Transpose((0, 2, 3, 1))(x)
        if M == N or self._takes_any():
            return self._run(x)
        if M % N:
            raise GraphError(
                f"this network was recorded for batches of {N}, and not for {M} pictures at once"
            )
        return Concat(0)(*[self._run(Slice(slice(i, i + N))(x)) for i in range(0, M, N)])

    def _channels_last(self):
        shape = self.x.shape
        return len(shape) == 4 and shape[3] in CHANNELS and shape[1] not in CHANNELS

    def _run(self, x):
        values = [x]
        for step in self.steps:
            values.append(step.forward(values))
        return values[self.output]

    def _takes_any(self):
        """Whether pictures side by side give what they give alone; otherwise they go through one batch at a
        time.
        """
        if self._direct is None:
            pair = np.concatenate([self.x, 0.5 * self.x])
            alone = np.concatenate([np.asarray(self._run(v)) for v in (self.x, 0.5 * self.x)])
            try:
                together = np.asarray(self._run(pair))
                near = SAME.get(self.dtype.itemsize, 1e-2) * abs(alone).max()
                self._direct = together.shape == alone.shape and bool(np.all(abs(together - alone) <= near))
            except (ValueError, RuntimeError, IndexError, TypeError):
                self._direct = False
        return self._direct

    def astype(self, dtype: Any) -> TracedNetwork:
        """This network in another precision; in its own, itself."""
        if dtype == self.dtype:
            return self
        other = copy.copy(self)
        other.steps = [step.astype(dtype) for step in self.steps]
        other.x = self.x.astype(dtype)
        other.own = None if self.own is None else self.own.astype(dtype)
        return other

    @property
    def dtype(self) -> np.dtype:
        """The precision in which it computes: float64, as it was recorded, or another (`astype`)."""
        return self.x.dtype

    def name_of(self, layer: str | None) -> str | None:
        """Our name for a module's path."""
        return self.alias.get(layer, layer)

    @property
    def notes(self) -> list[str]:
        """What every result of this network should say: what is not ours, and what the check found."""
        said = [f"{name} x{n}" for name, n in sorted(self.borrowed.items(), key=lambda item: -item[1])]
        found = (
            [f"{', '.join(said)} {'is' if len(said) == 1 else 'are'} PyTorch's own, not the reference's"]
            if said
            else []
        )
        if self.decided:
            places = ", ".join(dict.fromkeys(self.decided))
            found.append(f"recorded for this picture: the model decides by values at {places}")
        if self.hooks:
            places = ", ".join(map(repr, self.hooks))
            found.append(
                f"the hooks of {places} are left out: what they return is not in this network's answers"
            )
        return [*found, *([self.check.says] if self.check is not None and self.check.says else [])]


# What a step computes, by its operator's name: so a network can be pickled, and sent to other processes.


def _ours(operator, *args, **kwargs):
    return OPERATORS[operator](*args, **kwargs)


def _part(operator, which, *args, **kwargs):
    return PARTS[operator](which, *args, **kwargs)


def _sized(operator, *args):
    return SIZED[operator](*args)


def _theirs(operator, func, which, *args, **kwargs):
    return borrowed(operator, _overload(func) if isinstance(func, str) else func, args, kwargs, which)


def _named(func):
    """PyTorch's own operators by their names, 'aten.gelu.default'; a function of the user's as it is."""
    return str(func) if isinstance(func, torch._ops.OpOverload) else func


@cache
def _overload(name):
    return reduce(getattr, name.split("."), torch.ops)


def _is_boolean(call, value):
    return value.dtype == torch.bool and call.operator in BOOLEAN


def _ours_only(kwargs):
    """Without what says where and in which type a tensor is made."""
    said = ("dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking")
    return {k: v for k, v in kwargs.items() if k not in said}


def _read_by(calls):
    for call in calls:
        for a in leaves((call.args, call.kwargs)):
            if isinstance(a, (Value, Stopped)):
                yield a.value if isinstance(a, Stopped) else a
        if call.inside is not None:
            yield from (v for v in call.inside if isinstance(v, Value))


def _stopped(x):
    return Stop()(x) if isinstance(x, Tensor) else x
