"""An interpreter of pickles that calls nothing: a pickle is a program, and here every name in it stays a
mere name.

Python's own unpickler imports what the file names and calls it. This one (all opcodes of protocols 0 to 5,
as documented in the standard library's pickletools) builds numbers, texts, lists and dicts; a call is
looked up in a table of *our* functions given by the reader, and becomes an inert Record if it is not there.
So the weights in a whole saved module can be read though its class is nowhere to be found. Memory is
bounded: one step makes one small object or a slice of the file, and the number of steps is limited.
"""

from __future__ import annotations

import codecs
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from weights.errors import WeightsError
from weights.readers.pickle_opcodes import STEPS, STOP

Buffer = bytes | mmap.mmap
Calls = dict[str, Callable[..., Any]]

MOST_STEPS = 2_000_000
LONGEST_INTEGER = 256  # bytes; PyTorch's magic number has 10
LONGEST_KEY = 1000
LARGEST_KEY = 2**60  # larger integers may share a hash, and a dict of them would take for ever

SYSTEM_MODULES = {
    "os",
    "posix",
    "nt",
    "subprocess",
    "sys",
    "shutil",
    "socket",
    "runpy",
    "importlib",
    "ctypes",
    "pty",
    "commands",
    "webbrowser",
    "pdb",
    "bdb",
    "multiprocessing",
}
SYSTEM_BUILTINS = {
    "eval",
    "exec",
    "compile",
    "open",
    "execfile",
    "file",
    "__import__",
    "input",
    "breakpoint",
    "globals",
    "setattr",
}


@dataclass(frozen=True)
class Global:
    """The name of a class or a function, never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, repr=False)  # its text could be endless
class Record:
    """What a call or an object of an unknown class would have been: its name, its arguments, its state.

    It does nothing.
    """

    made_by: object
    args: object = ()
    state: object = None
    items: dict[Any, Any] = field(default_factory=dict)
    entries: list[Any] = field(default_factory=list)

    @property
    def attributes(self) -> dict[Any, Any]:
        """The object's __dict__, as far as the file states one."""
        states = self.state if isinstance(self.state, tuple) else (self.state,)
        return next((s for s in states if isinstance(s, dict)), {})


def load(
    buffer: Buffer, start: int = 0, calls: Calls | None = None, persistent: Callable[[Any], Any] | None = None
) -> tuple[Any, int]:
    """Interpret the pickle that begins at byte `start`; returns (value, byte after its end).

    buffer: bytes, or an mmap.  calls: {"module.name": function} for the calls that mean something to the
    reader; a result with a method `build(state)` is given its state.  persistent: function of a persistent
    id.  Long byte strings are memoryviews of the buffer.
    """
    machine = Machine(buffer, start, calls or {}, persistent)
    try:
        return machine.run(), machine.at
    except (
        IndexError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        struct.error,
    ) as error:
        # An opcode met something on the stack that it cannot work with: only a damaged or forged pickle
        # does that.
        raise WeightsError(f"the pickle is damaged near byte {machine.at} ({type(error).__name__})") from None


class Machine:
    """The pickle machine: a stack (cut by marks), a memo, and what the opcodes do with them
    (pickle_opcodes.py says which does what).
    """

    def __init__(
        self, buffer: Buffer, start: int, calls: Calls, persistent: Callable[[Any], Any] | None
    ) -> None:
        self.buffer: Buffer = buffer
        self.view: memoryview[int] = memoryview(buffer)
        self.at: int = start
        self.calls: Calls = calls
        self.persistent: Callable[[Any], Any] | None = persistent
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.steps: int = 0

    def run(self) -> Any:
        while self.steps < MOST_STEPS:
            self.steps += 1
            code = self.view[self.at]
            self.at += 1
            if code == STOP:
                return self.stack.pop()
            step = STEPS.get(code)
            if step is None:
                raise WeightsError(
                    f"the pickle is damaged: no opcode {bytes([code])!r} at byte {self.at - 1}"
                )
            step(self)
        raise WeightsError(f"the pickle takes more than {MOST_STEPS} steps: this is no file of weights")

    # -- reading the stream

    def take(self, count: int) -> memoryview:
        if count < 0 or self.at + count > len(self.view):
            raise WeightsError(
                f"the pickle is cut short: {count} bytes wanted at byte {self.at}, "
                f"{len(self.view) - self.at} are there"
            )
        self.at += count
        return self.view[self.at - count : self.at]

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> bytes:
        end = self.buffer.find(b"\n", self.at)
        if end < 0:
            raise WeightsError(f"the pickle is cut short: a line without end at byte {self.at}")
        return bytes(self.take(end + 1 - self.at)[:-1])

    def number_line(self) -> bytes:
        text = self.line()
        if len(text) > LONGEST_INTEGER:
            raise WeightsError(f"the pickle holds an integer or a number of {len(text)} digits")
        return text

    # -- the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        values, self.stack = self.stack, self.marked.pop()
        return values

    def put(self, index: int) -> None:
        if not 0 <= index < 2**32:
            raise WeightsError("the pickle's memo is damaged")
        self.memo[index] = self.stack[-1]

    # -- what builds values

    def integer_line(self) -> None:
        text = self.number_line()
        booleans = {b"00": False, b"01": True}
        self.push(booleans[text] if text in booleans else int(text.removesuffix(b"L")))

    def integer_bytes(self, length: int) -> None:
        if not 0 <= length <= LONGEST_INTEGER:
            raise WeightsError(f"the pickle holds an integer of {length} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def quoted_line(self) -> None:
        text = self.line().strip()
        if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in b"'\"":
            raise WeightsError("the pickle is damaged: a text without quotes")
        self.push(codecs.escape_decode(text[1:-1])[0].decode("latin-1"))

    def set_items(self, pairs: list[Any]) -> None:
        held = self.stack[-1]
        target = held.items if isinstance(held, Record) else held
        if not isinstance(target, dict):
            raise WeightsError("the pickle is damaged: items are given to what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target[_key(key)] = value

    def extend(self, values: list[Any]) -> None:
        held = self.stack[-1]
        target = held.entries if isinstance(held, Record) else held
        if not isinstance(target, list):
            raise WeightsError("the pickle is damaged: entries are given to what is no list")
        target.extend(values)

    def name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str) and len(module) + len(name) <= LONGEST_KEY):
            raise WeightsError("the pickle is damaged: a name that is no text, or none of a sensible length")
        root = module.split(".")[0]
        if root in SYSTEM_MODULES or (
            root in ("builtins", "__builtin__") and name.split(".")[0] in SYSTEM_BUILTINS
        ):
            raise WeightsError(
                f"the pickle asks for {module[:80]}.{name[:80]}: weights never need that, and a file "
                "that names it is "
                "likely an attack. Nothing was run"
            )
        self.push(Global(module, name))

    def call(self, function: Any, args: Any) -> None:
        known = self.calls.get(str(function)) if isinstance(function, Global) else None
        self.steps += sum(
            len(a) for a in args if isinstance(a, (list, tuple, dict))
        )  # the same long list may be given again and again
        self.push(known(*args) if known and isinstance(args, tuple) else Record(function, args))

    def build(self, state: Any) -> None:
        held = self.stack[-1]
        if isinstance(held, Record):
            held.state = state
        elif hasattr(held, "build"):
            held.build(state)

    def persist(self, identity: Any) -> None:
        if self.persistent is None:
            raise WeightsError(
                "the pickle refers to data outside itself, which only PyTorch's own formats define"
            )
        self.push(self.persistent(identity))


def _key(key):
    """Keys that hash in constant time stay; of any other only its identity matters here."""
    if isinstance(key, (str, float, bool, type(None), Global, Record)) or (
        type(key) is int and abs(key) < LARGEST_KEY
    ):
        return key
    return bytes(key) if isinstance(key, memoryview) and len(key) <= LONGEST_KEY else Record("a key", key)
