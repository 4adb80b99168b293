"""The network: one layer per node, run in the order of the graph.

Values are what flows along the graph's edges: tensors where the picture went, plain arrays where only
numbers did (shapes, say), so shape arithmetic needs no treatment of its own.  What depends on constants
alone is computed once, when the network is made.
"""

from __future__ import annotations

import inspect
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from minicnn import Error, GraphError, Reshape, Slice, Sum, Tensor, Transpose
from minicnn.convolution import computing
from minicnn.layer import Layer
from weights.errors import WeightsError
from weights.graphs.onnx.bounds import Room
from weights.graphs.onnx.branches import by_sizes, taken
from weights.graphs.onnx.checking import called, check_windows, depending, needed, short
from weights.graphs.onnx.model import Model, Step
from weights.graphs.onnx.operators import OPERATORS
from weights.graphs.onnx.operators.values import Value

USUAL = 224  # pixels, where neither the file nor the user says how large pictures are
FREE_SIGNAL, FREE_VOLUME = 1024, 32  # samples, and voxels along an axis, where neither says how many
# is no constant even where its inputs are
DRAWN = (
    "Dropout",
    "SplitToSequence",
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceInsert",
    "SequenceErase",
)
SCALING = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
UNFIT = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    NotImplementedError,
)


class Node(Layer):
    """One operator with its weights: constant inputs are attributes named after the function's parameters,
    so self.W, self.b.
    """

    def __init__(
        self,
        step: Step,
        name: str,
        constants: Mapping[str, np.ndarray],
        operators: Mapping[str, Callable[..., Any]],
        model: Model,
    ) -> None:
        super().__init__(name)
        self.step: Step = step
        self.operators: Mapping[str, Callable[..., Any]] = operators
        self.source: str = model.source
        self.options: dict[str, Any] = _options(step, self.function, model.opset)
        # for each input: ("weight" | "setting" | "value", parameter, value's name)
        self.slots: list[tuple[str, str, str]] = []
        for parameter, value in zip(_parameters(step, self.function, self.options), step.inputs):
            constant = constants.get(value)
            weight = constant is not None and not parameter.setting and constant.dtype.kind == "f"
            self.slots.append(
                ("weight" if weight else "setting" if parameter.setting else "value", parameter.name, value)
            )
            if weight:
                setattr(self, parameter.name, Tensor(constant, f"{name}.{parameter.name}"))

    @property
    def only_scales(self) -> bool:
        """Whether it does nothing but read numbers of 8 bits, or write them."""
        was = self.step.was
        return was in SCALING or (was != "" and self.step.op in ("Sub", "Mul"))

    @property
    def function(self) -> Callable[..., Any]:
        """What it computes, by its operator's name in the table."""
        return self.operators[self.step.op]

    def forward(self, values: Mapping[str, Value], room: Room | None = None) -> tuple[Value, ...]:
        """{name: tensor or array} -> the outputs, a tuple.  room: what they may take."""
        arriving = [
            getattr(self, name) if kind == "weight" else values[value] if value else None
            for kind, name, value in self.slots
        ]
        if room:
            first = arriving[0] if arriving else None
            check_windows(self.step, 0 if isinstance(first, list) else _plain(first).ndim)
            room.ask(self.step, [v for a in arriving for v in (a if isinstance(a, list) else [a])])
        kinds = [kind for kind, _, _ in self.slots]
        remember = any(isinstance(v, Tensor) for v, kind in zip(arriving, kinds) if kind == "value")
        inputs = [
            v.data if kind == "weight" and not remember else v
            for v, kind in zip(arriving, kinds)
            if kind != "setting"
        ]
        settings = {
            name: _number(v, name)
            for (kind, name, value), v in zip(self.slots, arriving)
            if kind == "setting" and value
        }
        node = f"{self.source} node {called(self.step)}"
        try:
            with np.errstate(all="ignore"), computing(self.precision):
                out = self.function(*inputs, **self.options, **settings)
        except WeightsError as error:
            raise WeightsError(f"{node}: {_line(error)}") from None
        except MemoryError:
            raise WeightsError(f"{node}: there is not enough memory for it") from None
        except (Error, *UNFIT) as error:
            flat = [v for a in inputs for v in (a if isinstance(a, list) else [a]) if v is not None]
            shapes = ", ".join(str(tuple(np.shape(_plain(v)))) for v in flat)
            raise GraphError(f"{node} does not fit what arrives at it, {shapes}: {_line(error)}") from error
        out = out if isinstance(out, tuple) else (out,)
        if any(self.step.outputs[len(out) :]):
            raise WeightsError(
                f"{node}: only its first output is supported, not '{short(self.step.outputs[-1])}'"
            )
        for v in out:
            if isinstance(v, Tensor) and v.op is not None and v.name is None:
                v.name, v.layer = self.name, self
            if room and isinstance(v, Tensor) and not _is_view(v.data, inputs):
                room.fill(self.step, v.data.nbytes)
        return out


class Network(Layer):
    """All nodes of a model.  operators: {operator: function}, the table by which they are computed.

    inputs {name: shape, -1 where free}; outputs: names, of which `scores` is the one that a call returns;
    picture: the input that a call fills; given {other input: array}.  channels_last: the graph's own pictures
    are (N, H, W, C); a call takes (N, C, H, W) all the same.  at: a place of an output that has places, as
    slices, whose values are summed; `place_axes` are the axes that it fixes; laid: how the output's axes lie
    if not as a table or as maps, "NHWC" or "NHW".
    """

    def __init__(self, model: Model, operators: Mapping[str, Callable[..., Any]] = OPERATORS) -> None:
        super().__init__(model.source.lower())
        self.model: Model = model
        self.inputs: dict[str, tuple[int, ...] | None] = model.inputs
        self.outputs: list[str] = _computable(model, operators)
        self.scores: str = self.outputs[0]
        self.picture: str = next(iter(self.inputs), "")
        self.given: dict[str, np.ndarray] = {}
        self.channels_last: bool = False
        self.at: tuple[slice, ...] | None = None
        self.place_axes: tuple[int, ...] = ()
        self.laid: str | None = None
        self.constants: dict[str, np.ndarray] = {n: _in_float(a) for n, a in model.constants.items()}
        self.nodes: list[Node] = []
        leads = needed(model.steps, self.outputs)
        self.bytes: int = sum(a.nbytes for a in self.constants.values())
        self._build(deque(s for s in model.steps if leads & {*s.outputs}), operators)
        self.bytes = sum(a.nbytes for a in self.constants.values())
        used = {v for node in self.nodes for kind, _, v in node.slots if kind != "weight"} | {*self.outputs}
        self.constants = {name: array for name, array in self.constants.items() if name in used}
        self.inputs = {name: shape for name, shape in self.inputs.items() if name in used} or self.inputs
        self.picture = next(iter(self.inputs), "")

    def __repr__(self) -> str:
        """<net: Network of 9 layers, conv1 to scores; 1,460 weights; gradcam layers FILE lists them>"""
        return f"{super().__repr__()[:-1]}; `gradcam layers FILE` lists them>"

    def _build(self, steps: deque[Step], operators: Mapping[str, Callable[..., Any]]) -> None:
        """A layer for each step; what constants decide is computed, and an If replaced by its branch."""
        names, room = set(), Room(sum(a.nbytes for a in self.constants.values()))
        while steps:
            step = steps.popleft()
            known = all(value in self.constants for value in step.inputs if value)
            if step.op == "If" and step.branches():
                condition = self.constants.get(step.inputs[0]) if step.inputs else None
                by_size = condition is None and by_sizes(self.steps, step.inputs[0])
                branch = taken(step, self._usually(step.inputs[0]) if by_size else condition, by_size)
                self.constants |= {n: _in_float(a) for n, a in branch.constants.items()}
                steps.extendleft(reversed(branch.steps))
                continue
            name = step.name if step.name and step.name not in names else next(filter(None, step.outputs))
            names.add(name)
            node = Node(step, name, self.constants, operators, self.model)
            if known and step.op not in DRAWN:
                made = node.forward({n: self.constants[n] for n in step.inputs if n}, room)
                self.constants |= {n: _in_float(np.asarray(a)) for n, a in zip(step.outputs, made) if n}
            else:
                self.nodes.append(node)

    def _usually(self, value):
        """A value that follows from sizes, for pictures of the usual size where the file leaves it free."""
        free = {3: FREE_SIGNAL, 4: USUAL, 5: FREE_VOLUME}
        sizes = {
            name: [n if n > 0 else 1 if axis < 2 else free.get(len(shape), 1) for axis, n in enumerate(shape)]
            for name, shape in self.inputs.items()
            if shape is not None
        }
        blank = {n: np.zeros(s, self.model.types.get(n) or np.float32) for n, s in sizes.items()}
        try:
            return self.run(blank, [value])[0]
        except (Error, *UNFIT):
            return None

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """{value: array} of all that does not depend on the picture, weights, too."""
        weights = {v: getattr(n, p).data for n in self.nodes for kind, p, v in n.slots if kind == "weight"}
        return self.constants | weights

    @property
    def steps(self) -> list[Step]:
        """The steps that are computed for each picture, in order."""
        return [node.step for node in self.nodes]

    def forward(self, x: Value) -> Value:
        """x (N, C, H, W) -> scores (N, classes); of an output that has places, those at `at`, or all."""
        missing = [name for name in self.inputs if name not in self.given and name != self.picture]
        if missing:
            raise WeightsError(
                f"this graph has {len(self.inputs)} inputs ({', '.join(map(short, self.inputs))}): beside "
                f"the picture it needs {', '.join(map(short, missing))}; use run, or give them to describe"
            )
        if self._one_by_one(x):
            return np.concatenate([self.forward(x[n : n + 1]) for n in range(len(x))])
        pictures = Transpose((0, 2, 3, 1))(x) if self.channels_last and x.ndim == 4 else x
        given = {n: _beside(_plain(x), a) for n, a in self.given.items()}
        y = self.run({self.picture: pictures, **given}, [self.scores])[0]
        if not isinstance(y, Tensor) and isinstance(x, Tensor):
            raise WeightsError(f"the output '{short(self.scores)}' does not depend on the picture's values")
        return self.table(y, x.shape[0])

    def _one_by_one(self, x):
        """Whether the file takes one picture at a time, and more are asked for, of which nothing is
        remembered.
        """
        shape = self.inputs[self.picture]
        several = not isinstance(x, Tensor) and len(x) > 1
        return hasattr(self, "description") and several and bool(shape) and shape[0] == 1

    def table(self, y: Value, N: int) -> Value:
        """The output for N pictures as scores (N, classes), where it can be."""
        if N == 1 and y.ndim < 2 and y.shape != (1,):  # squeezed, its axis of pictures, too
            y = Reshape((1, -1))(y)
        elif y.ndim > 1 and y.shape[0] != N and y.shape[1] == N:  # (steps, N, symbols)
            y = Transpose((1, 0, *range(2, y.ndim)))(y)
        if y.ndim == 0 or y.shape[0] != N:
            raise WeightsError(
                f"{N} pictures give an output of shape {tuple(y.shape)}: this graph is made for another "
                "number of pictures"
            )
        if self.laid == "NHWC" and y.ndim == 4:
            y = Transpose((0, 3, 1, 2))(y)
        elif self.laid == "NHW" and y.ndim == 3:
            y = Reshape((N, 1, *y.shape[1:]))(y)
        if self.at is not None:
            index = [slice(None)] * y.ndim
            for axis, place in zip(self.place_axes, self.at):
                index[axis] = place
            return Sum(self.place_axes, False)(Slice(*index)(y))
        if y.ndim == 1 or (y.ndim > 2 and max(y.shape[1:]) == np.prod(y.shape[1:])):
            return Reshape((N, -1))(y)  # one score, or (N, classes, 1, 1)
        return y

    def run(self, inputs: Mapping[str, Value], outputs: Iterable[str] | None = None) -> list[Value]:
        """{name: tensor or array} for every input, as the file has them -> the values of these names, by
        default of the graph's outputs.  WeightsError: sizes that the graph does not take.
        """
        wanted = [*(self.outputs if outputs is None else outputs)]
        self._check(inputs)
        room = Room(self.bytes, sum(_plain(x).nbytes for x in inputs.values()))
        values, leads = self.constants | inputs, needed(self.steps, wanted)
        nodes = [node for node in self.nodes if leads & {*node.step.outputs}]
        last_use = {value: node for node in nodes for value in node.step.inputs if value not in wanted}
        for node in nodes:
            values |= zip(node.step.outputs, node.forward(values, room))
            for value in node.step.inputs:  # nobody will ask again
                if last_use.get(value) is node:
                    values.pop(value, None)
        return [values[name] for name in wanted]

    def _check(self, inputs):
        """Axes that the file fixes are binding, but for the number of pictures."""
        for name, shape in self.inputs.items():
            if name not in inputs:
                raise WeightsError(f"this graph needs a value for its input '{short(name)}'")
            found = tuple(np.shape(_plain(inputs[name])))
            fits = shape is None or (
                len(found) == len(shape) and all(n in (-1, m) for n, m in zip(shape[1:], found[1:]))
            )
            if not fits:
                raise WeightsError(f"the input '{short(name)}' must be {said(shape)}, not {said(found)}")


def said(shape: tuple[int, ...] | None) -> str:
    """(N, 3, 32, 32): a shape, its number of pictures and free axes as letters."""
    if shape is None:
        return "of any shape"
    letters = {0: "N", 1: "C"} if len(shape) == 4 else {0: "N"}
    letters |= dict(zip(range(len(shape) - 2, len(shape)), "HW")) if len(shape) == 4 else {}
    return f"({', '.join(letters.get(i, '?') if n < 0 else str(n) for i, n in enumerate(shape))})"


class _Parameter:
    def __init__(self, name, setting):
        self.name, self.setting = name, setting


def _parameters(step, function, options):
    """The function's parameters in order, one for each input; what stands after the star is a setting."""
    count, found = len(step.inputs), []
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            if not any(step.inputs):
                raise WeightsError(f"the node {called(step)} has no inputs")
            return [_Parameter(f"{p.name}{i}", False) for i in range(count)]
        if p.kind is p.VAR_KEYWORD:
            continue
        at = len(found)
        absent = p.name not in options and not (at < count and step.inputs[at])
        if p.default is p.empty and absent:
            raise WeightsError(f"the node {called(step)} lacks its input or attribute '{p.name}'")
        found.append(_Parameter(p.name, p.kind is p.KEYWORD_ONLY))
    if any(step.inputs[len(found) :]):
        raise WeightsError(f"the node {called(step)} has {count} inputs, and takes at most {len(found)}")
    doubled = [p.name for p, value in zip(found, step.inputs) if value and p.name in step.attributes]
    if doubled:
        raise WeightsError(
            f"the node {called(step)} has its '{doubled[0]}' twice, as an input and as an attribute"
        )
    return found[:count]


def _is_view(array, inputs):
    """Whether a result takes no memory of its own, as a Reshape's."""
    flat = [i for value in inputs for i in (value if isinstance(value, list) else [value]) if i is not None]
    return any(np.may_share_memory(array, _plain(i)) for i in flat)


def _computable(model, operators):
    """The outputs that can be computed: all, or, if operators are unknown, those that are floats and do not
    need them.  WeightsError names all unknown operators, and how often there are.
    """
    if not _unknown(model.steps, model.outputs, operators):
        return model.outputs
    floats = [o for o in model.outputs if str(model.types.get(o) or "float").startswith(("float", "bfloat"))]
    depend = depending(model.steps, model.inputs)
    found = [o for o in floats if o in depend and not _unknown(model.steps, [o], operators)]
    if found:
        return found
    unknown = _unknown(model.steps, model.outputs, operators)
    listed = ", ".join(f"{short(op)} ({n})" for op, n in unknown.most_common(40))
    more = f" and {len(unknown) - 40} more" if len(unknown) > 40 else ""
    what = "operators that are" if len(unknown) > 1 else "an operator that is"
    raise WeightsError(f"the graph has {what} not known here (how often): {listed}{more}")


def _unknown(steps, outputs, operators):
    """{operator: how often} of those that lead to `outputs` and are not known."""
    leads, found = needed(steps, outputs), Counter()
    for step in steps:
        if leads & {*step.outputs}:
            found += Counter({step.op: 1} if step.op not in operators else {})
            for branch in step.branches():
                found += _unknown(branch.steps, branch.outputs, operators)
    return found


def _options(step, function, opset):
    """The node's attributes as keywords; the version of the operator set, and how many outputs are read, for
    those that ask for it."""
    known = inspect.signature(function).parameters
    unknown = [a for a in step.attributes if a not in known]
    if unknown:
        raise WeightsError(
            f"node '{short(step.name)}': {step.op} has an attribute '{short(unknown[0])}', which is not "
            "supported"
        )
    asked = {"opset": opset, "outputs": len(step.outputs)}
    return step.attributes | {name: value for name, value in asked.items() if name in known}


def _line(error):
    """An error's message on one line, as far as somebody would read it."""
    return short(" ".join(str(error).split()), 400)


def _plain(value):
    return value.data if isinstance(value, Tensor) else np.asarray(value)


def _in_float(array):
    """Halves as single-precision numbers: they are computed in float."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _number(value, name):
    if isinstance(value, Tensor):
        raise WeightsError(
            f"'{name}' depends on the picture itself; it must be a number, or follow from shapes"
        )
    return value


def _beside(x, given):
    """Another input's values for as many pictures as x holds, and in the precision that x asks for."""
    given = given.astype(x.dtype) if given.dtype.kind == x.dtype.kind == "f" else given
    return np.repeat(given, len(x), 0) if len(given) == 1 else given
