"""What an operator is, for every importer: a neutral function, and what each framework calls it."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# a name; several; or, where their arguments have other names than ours, {name: {their argument: ours}}
Spelling = str | tuple[str, ...] | Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Operator:
    """One operator of a graph.

    name: ours.  build: a function of tensors or arrays (signals and weights, before the star) and of settings
    (after it) -> a tensor or array, or a tuple of them.  onnx, aten, keras: what ONNX, PyTorch (ATen) and
    Keras call it.  An importer that needs more than other names has an adapter under the same name.
    """

    name: str
    build: Callable[..., Any]
    onnx: Spelling = ()
    aten: Spelling = ()
    keras: Spelling = ()

    def spelled(self, framework: str) -> dict[str, Callable[..., Any]]:
        """{their name: build, with their names for its arguments}"""
        spelling = getattr(self, framework)
        if isinstance(spelling, Mapping):
            return {name: _renamed(self.build, arguments) for name, arguments in spelling.items()}
        return dict.fromkeys((spelling,) if isinstance(spelling, str) else spelling, self.build)


class Table(dict[str, Callable[..., Any]]):
    """{their name: function}, the OPERATORS of a module: pickled by that module's name, so that networks
    which are computed by it can be sent to other processes.
    """

    def __init__(self, module: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(functions)
        self.module = module

    def __reduce__(self) -> tuple[Any, ...]:
        return _table_of, (self.module,)


def _table_of(module):
    return importlib.import_module(module).OPERATORS


def spelled(operators: Iterable[Operator], framework: str) -> dict[str, Callable[..., Any]]:
    """{their name: function} of all operators that a framework ("onnx", "aten", "keras") has."""
    return {name: f for operator in operators for name, f in operator.spelled(framework).items()}


def _renamed(build, arguments):
    """build, whose settings have other names: arguments {theirs: ours}."""
    theirs = {ours: name for name, ours in arguments.items()}
    signature = inspect.signature(build)

    @functools.wraps(build)
    def function(*signals, **settings):
        return build(*signals, **{arguments.get(name, name): value for name, value in settings.items()})

    function.__signature__ = signature.replace(
        parameters=[p.replace(name=theirs.get(p.name, p.name)) for p in signature.parameters.values()]
    )
    return function
