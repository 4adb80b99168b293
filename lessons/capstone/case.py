"""One thing that a check tries: lines of code, the arrays that they are given, and what they
must give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lessons.capstone import engine


@dataclass(frozen=True)
class Case:
    """teaches: what is right, as a sentence; code: lines that use the student's functions, and
    are shown to the student; asked: the names in it that are compared; given: arrays by name;
    part: the function that the hints are about; mistakes: {what a student may have done: the
    functions, by name, as they are then}; below: the error that is allowed, of the largest
    value; late: what a program that does not come to the end of the lines may have done; parts: {a name
    that is asked: the function that the hints are about, where that is the first one wrong}.
    """

    teaches: str
    part: str
    code: str
    asked: tuple[str, ...]
    given: Mapping[str, np.ndarray | dict[str, np.ndarray]]
    mistakes: Mapping[str, Mapping[str, Callable]] = field(default_factory=dict)
    below: float = 1e-9
    late: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> list[str]:
        """The functions that the lines call, of those that a student writes."""
        called = compile(self.code, "the check", "exec").co_names
        return [name for name in engine.functions() if name in called]

    def truth(self, functions: Mapping[str, Callable] | None = None) -> dict[str, np.ndarray]:
        """What the lines give: with this project's functions, some of them replaced by `functions`."""
        mine = {name: value.copy() for name, value in self.given.items()}
        space: dict[str, Any] = {
            "np": np,
            **engine.functions(),
            **mine,
            **(functions or {}),
        }
        exec(self.code, space)
        return {name: np.asarray(space[name]) for name in self.asked}
