"""ATen's arguments, by their places."""

import functools
import inspect
from typing import Any

from weights.graphs.torch.operators.lacking import Lacking


def in_atens_order(build: Any) -> Any:
    """A neutral function, called as ATen calls: signals and settings by their places; the first result."""
    names = [p.name for p in inspect.signature(build).parameters.values() if p.kind is p.KEYWORD_ONLY]
    signals = [p for p in inspect.signature(build).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    count = len(signals) or 2  # functions of any number of signals are of two here

    @functools.wraps(build)
    def function(*args, **named):
        if len(args) > count + len(names):
            raise Lacking(f"{build.__name__} of {len(args)} arguments")
        try:
            y = build(*args[:count], **dict(zip(names, args[count:])), **named)
        except (AttributeError, LookupError) as error:  # a number where there should be an array
            raise Lacking(str(error)) from error
        return y[0] if isinstance(y, tuple) else y

    return function
