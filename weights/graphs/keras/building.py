"""From applications of layers to steps of a graph.

Keras' pictures are rows x columns x channels.  Here a value with rows and columns has its channels in front
of them, so that every layer's maps are maps, rows, columns; it is put in Keras' order where a layer minds
(Flatten, Reshape), and layers that name an axis get the one that it is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.architecture import Part
from weights.graphs.keras.stored import Stored
from weights.graphs.onnx.model import Step

MOST_STEPS = 20_000
NUMBER = float | Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Value:
    """What flows along an edge.  ndim: how many axes it has; moved: whether its channels, the last axis in
    Keras, stand behind the pictures here: (N, C, H, W).
    """

    name: str
    ndim: int
    moved: bool = False


class Building:
    """The steps and constants of a graph, as they are added."""

    def __init__(self, stored: Stored, version: int) -> None:
        self.stored: Stored = stored
        self.version: int = version
        self.channels_first: bool = False  # whether any layer counts its axes so
        self.steps: list[Step] = []
        self.constants: dict[str, np.ndarray] = {}
        self.names: set[str] = set()
        self.counts: dict[str, int] = {}
        self.other: dict[Value, Value] = {}  # the same value with its channels elsewhere

    def named(self, name: str) -> str:
        """`name`, or with a number behind it if there is one already."""
        found = name
        while found in self.names:
            self.counts[name] = self.counts.get(name, 0) + 1
            found = f"{name}:{self.counts[name]}"
        self.names.add(found)
        return found

    def constant(self, name: str, value: np.ndarray) -> str:
        """The name under which an array is kept: once, for a layer that is applied several times."""
        known = self.constants.get(name)
        if known is not None and known.dtype == value.dtype and np.array_equal(known, value):
            return name
        name = self.named(name)
        self.constants[name] = value
        return name

    def add(
        self, op: str, name: str, kind: str, inputs: Sequence[str], outputs: int, attributes: dict[str, Any]
    ) -> list[str]:
        """One step.  -> the names of its outputs"""
        if len(self.steps) >= MOST_STEPS:
            raise WeightsError(f"the model has more than {MOST_STEPS:,} steps")
        first = self.named(name)
        names = [first] + [self.named(f"{name}[{i}]") for i in range(1, outputs)]
        self.steps.append(Step(op, first, [*inputs], names, attributes, kind))
        return names

    def rename(self, value: Value, name: str) -> Value:
        """A value that was made last gets a layer's name."""
        new = self.named(name)
        for step in reversed(self.steps):
            step.inputs = [new if v == value.name else v for v in step.inputs]
            if value.name in step.outputs:
                step.outputs = [new if v == value.name else v for v in step.outputs]
                step.name = new if step.outputs[0] == new else step.name
                break
        renamed = replace(value, name=new)
        if value in self.other:
            turned = self.other.pop(value)
            self.other[renamed], self.other[turned] = turned, renamed
        return renamed


class Call:
    """One application of a layer: its settings, its arrays, and the steps that it becomes."""

    def __init__(self, building: Building, chain: Sequence[Part], name: str) -> None:
        self.building: Building = building
        self.chain: tuple[Part, ...] = tuple(chain)
        self.name: str = name
        self.below: tuple[str, ...] = ()  # the parts of a layer that lead to the one inside it
        self.part: Part = chain[-1]
        self.config: dict[str, Any] = self.part.config
        self.kind: str = self.part.kind

    @property
    def version(self) -> int:
        """Keras' own, 1 to 3."""
        return self.building.version

    def get(self, key: str, default: Any = None) -> Any:
        """A setting; `default` where there is none, or None."""
        value = self.config.get(key)
        return default if value is None else value

    def arrays(self, *below: str, least: int = 0) -> list[np.ndarray]:
        """The layer's arrays.  WeightsError: there are fewer than `least`."""
        found = self.building.stored.of(self.chain, (*self.below, *below))
        if len(found) < least:
            raise WeightsError(
                f"the file holds {len(found)} arrays for it, and it has {least}: its weights belong to "
                "another model, or are not all there"
            )
        return found

    @property
    def channels_first(self) -> bool:
        """Whether the layer counts axes so that channels stand behind the pictures."""
        return self.get("data_format") == "channels_first"

    def __call__(
        self,
        op: str,
        *inputs: Value | np.ndarray | None,
        ndim: int | None = None,
        moved: bool | None = None,
        **attributes: Any,
    ) -> Value:
        """A step of this layer.  inputs: values, arrays, or None for one that is not there.  ndim, moved: of
        its output, where they are not those of its first input.
        """
        return self.several(op, *inputs, outputs=1, ndim=ndim, moved=moved, **attributes)[0]

    def several(
        self,
        op: str,
        *inputs: Any,
        outputs: int,
        ndim: int | None = None,
        moved: bool | None = None,
        **attributes: Any,
    ) -> list[Value]:
        """A step with several outputs."""
        names = []
        for value in inputs:
            if isinstance(value, np.ndarray):
                names.append(self.building.constant(f"{self.name}/{op}.{len(names)}", value))
            else:
                names.append("" if value is None else value.name)
        first = next(v for v in inputs if isinstance(v, Value))
        made = self.building.add(op, f"{self.name}/{op}", self.kind, names, outputs, attributes)
        return [
            Value(n, first.ndim if ndim is None else ndim, first.moved if moved is None else moved)
            for n in made
        ]

    def in_front(self, x: Value) -> Value:
        """x with its channels behind the pictures: (N, C, ...)."""
        return x if x.moved or x.ndim < 3 else self._turned(x, [0, x.ndim - 1, *range(1, x.ndim - 1)], True)

    def as_keras(self, x: Value) -> Value:
        """x with its axes as Keras has them."""
        return self._turned(x, [0, *range(2, x.ndim), 1], False) if x.moved else x

    def spatial(self, x: Value) -> Value:
        """x as windows need it, (N, C, ...): as it is in a layer with channels first."""
        return self.as_keras(x) if self.channels_first else self.in_front(x)

    def alike(self, xs: Sequence[Value]) -> list[Value]:
        """Values of one number of axes in one order."""
        if any(x.moved for x in xs):
            return [self.in_front(x) for x in xs]
        return [*xs]

    def axis(self, x: Value, axis: int) -> int:
        """Where Keras' axis of x is here."""
        axis = int(axis)
        if not -x.ndim <= axis < x.ndim:
            raise WeightsError(f"there is no axis {axis} among {x.ndim}")
        axis %= x.ndim
        if not x.moved or axis == 0:
            return axis
        return 1 if axis == x.ndim - 1 else axis + 1

    def spread(self, numbers: NUMBER, x: Value) -> NUMBER:
        """Numbers that broadcast against x in Keras' order, so that they do in the order that x has here."""
        array = np.asarray(numbers, np.float64)
        if array.ndim == 0 or not x.moved:
            return numbers
        if array.ndim > x.ndim:
            raise WeightsError(f"numbers with {array.ndim} axes do not fit a signal with {x.ndim}")
        return np.moveaxis(array.reshape(*[1] * (x.ndim - array.ndim), *array.shape), -1, 1)

    def _turned(self, x, order, moved):
        other = self.building.other
        if x not in other:
            turned = self("Transpose", x, ndim=x.ndim, moved=moved, perm=order)
            other[x], other[turned] = turned, x
        return other[x]
