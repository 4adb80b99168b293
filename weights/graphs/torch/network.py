"""The recorded calls as a network: one step per call, under the name of the module that made it."""

import copy

import numpy as np
import torch

from gradcam.verify.errors import VerifyError
from minicnn.layer import Layer
from weights.graphs.torch.composed import COMPOSED, split
from weights.graphs.torch.operators import OPERATORS, UNDEFINED
from weights.graphs.torch.record import Value


class Step(Layer):
    """One operation: how to make it, what it is applied to (numbers of earlier values, arrays), and where it stood in the model.

    module: path of the innermost module; origin: "module" if that is a layer of PyTorch's, else "function".
    """

    def __init__(self, name, make, inputs, call):
        super().__init__(name)
        self.make, self.inputs = make, inputs
        self.module, self.origin, self.inplace = call.module, call.origin, call.inplace

    def forward(self, values):
        return self.make()(
            *[values[i] if isinstance(i, int) else i for i in self.inputs], name=self.name, layer=self
        )


class TracedNetwork(Layer):
    """Maps a tensor (N, C, H, W) of the recorded shape to scores; `alias` {module path: name} for modules that return another's output."""

    def __init__(self, calls, source, output):
        super().__init__("traced")
        self.steps, self.alias = [], {}
        number = {source: 0}
        for call in calls:
            self._add(call, number)
        if output not in number:
            raise VerifyError("the scores do not depend on the picture")
        self.output = number[output]

    def _add(self, call, number):
        """One call as one step, or as several where we have no single operation for it."""
        for make, inputs, result in expanded(call):
            name = self._name(call, result)
            inputs = [number[i] if isinstance(i, Value) else i for i in inputs]
            while inputs and inputs[-1] is None:
                inputs.pop()
            self.steps.append(Step(name, make, inputs, call))
            number[result] = len(self.steps)
            self.alias |= dict.fromkeys(result.names, name)

    def _name(self, call, value):
        wanted = (
            value.names[0]
            if value.names
            else f"{call.module}.{call.operator}"
            if call.module
            else call.operator
        )
        taken, n = {s.name for s in self.steps}, 1
        while (name := wanted if n == 1 else f"{wanted}_{n}") in taken:
            n += 1
        return name

    def parts(self):
        return self.steps

    def forward(self, x):
        values = [x]
        for step in self.steps:
            values.append(step.forward(values))
        return values[self.output]

    def astype(self, dtype):
        """This network in another precision; float64, as it was recorded, is itself."""
        if dtype == np.float64:
            return self
        other = copy.copy(self)
        other.steps = [copy.copy(s) for s in self.steps]
        for step in other.steps:
            step.inputs = [i.astype(dtype) if isinstance(i, np.ndarray) else i for i in step.inputs]
        return other

    def name_of(self, layer):
        """Our name for a module's path."""
        return self.alias.get(layer, layer)


def expanded(call):
    """Yield (make, inputs, result): the operations that a call is."""
    args, kwargs = (
        _arrays(call.args),
        {k: _arrays(v) for k, v in call.kwargs.items() if k in ("alpha", "keepdim", "value")},
    )
    result = call.results[0]
    where = f"'{call.module}'" if call.module else "the top level"
    if call.operator in ("split", "split_with_sizes"):
        yield from split(call.results, *args)
        return
    if call.operator in COMPOSED:
        yield from COMPOSED[call.operator](result, *args)
        return
    if call.operator in UNDEFINED:
        raise VerifyError(
            f"{UNDEFINED[call.operator]} at {where}: this activation has no counterpart here, and no published rule for it"
        )
    if call.operator not in OPERATORS:
        raise VerifyError(
            f"PyTorch's operator {call.operator} at {where} has no counterpart here; known are {', '.join(OPERATORS)}"
        )
    try:
        make, inputs = OPERATORS[call.operator](*args, **kwargs)
    except VerifyError as error:
        raise VerifyError(f"{call.operator} at {where}: {error}") from None
    yield make, inputs, result


def _arrays(argument):
    """Weights as float64 arrays on the copy's own memory; the picture's values as they are."""
    if isinstance(argument, torch.Tensor):
        return argument.detach().numpy()
    if isinstance(argument, (list, tuple)):
        return [_arrays(a) for a in argument]
    return argument
