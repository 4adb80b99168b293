"""The opcodes of pickles, protocols 0 to 5 (the standard library's pickletools documents each), as steps of
the machine in pickles.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from weights.errors import WeightsError


def _reduce(m):
    args = m.stack.pop()
    m.call(m.stack.pop(), args)


def _global_from_stack(m):
    name = m.stack.pop()
    m.name(m.stack.pop(), name)


def _new_with_keywords(m):
    m.stack.pop()
    _reduce(m)


def _object(m):
    function, *args = m.since_mark()
    m.call(function, tuple(args))


def _instance(m):
    module, name, args = m.line().decode(), m.line().decode(), tuple(m.since_mark())
    m.name(module, name)
    m.call(m.stack.pop(), args)


def _dict(m):
    pairs = m.since_mark()
    m.push({})
    m.set_items(pairs)


def _set_item(m):
    value = m.stack.pop()
    m.set_items([m.stack.pop(), value])


def _tuple_of(count):
    def step(m):
        if len(m.stack) < count:
            raise IndexError
        m.stack[-count:] = [tuple(m.stack[-count:])]

    return step


def _refuse(m):
    raise WeightsError(
        "the pickle keeps data outside itself (extension codes or out-of-band buffers): it cannot be "
        "read alone"
    )


def _number(layout):
    return lambda m: m.push(m.number(layout))


def _text(length, convert):
    return lambda m: m.push(convert(m.take(m.number(length))))


def _utf8(view):
    return str(view, "utf-8")


def _pop(m):
    if m.stack:
        m.stack.pop()
    else:
        m.since_mark()


STOP = ord(".")
STEPS: dict[int, Callable[[Any], None]] = {
    ord(code) if isinstance(code, str) else code: step
    for code, step in {
        # constants, numbers
        "N": lambda m: m.push(None),
        0x88: lambda m: m.push(True),
        0x89: lambda m: m.push(False),
        "I": lambda m: m.integer_line(),
        "L": lambda m: m.integer_line(),
        "F": lambda m: m.push(float(m.number_line())),
        "J": _number("<i"),
        "K": _number("<B"),
        "M": _number("<H"),
        "G": _number(">d"),
        0x8A: lambda m: m.integer_bytes(m.number("<B")),
        0x8B: lambda m: m.integer_bytes(m.number("<i")),
        # texts and bytes. Python 2's short strings are names, its long ones data: latin-1 texts and views
        "S": lambda m: m.quoted_line(),
        "U": _text("<B", lambda v: str(v, "latin-1")),
        "T": _text("<i", lambda v: v),
        "V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
        "X": _text("<I", _utf8),
        0x8C: _text("<B", _utf8),
        0x8D: _text("<Q", _utf8),
        "C": _text("<B", lambda v: v),
        "B": _text("<I", lambda v: v),
        0x8E: _text("<Q", lambda v: v),
        0x96: _text("<Q", lambda v: v),
        # containers; a set is kept as a list, for its members need no hash here
        "(": lambda m: m.mark(),
        ")": lambda m: m.push(()),
        "]": lambda m: m.push([]),
        "}": lambda m: m.push({}),
        0x8F: lambda m: m.push([]),
        "t": lambda m: m.push(tuple(m.since_mark())),
        0x85: _tuple_of(1),
        0x86: _tuple_of(2),
        0x87: _tuple_of(3),
        "l": lambda m: m.push(m.since_mark()),
        0x91: lambda m: m.push(m.since_mark()),
        "d": _dict,
        "a": lambda m: m.extend([m.stack.pop()]),
        "e": lambda m: m.extend(m.since_mark()),
        0x90: lambda m: m.extend(m.since_mark()),
        "s": _set_item,
        "u": lambda m: m.set_items(m.since_mark()),
        # names, calls, objects
        "c": lambda m: m.name(m.line().decode(), m.line().decode()),
        0x93: _global_from_stack,
        "R": _reduce,
        0x81: _reduce,
        0x92: _new_with_keywords,
        "o": _object,
        "i": _instance,
        "b": lambda m: m.build(m.stack.pop()),
        "P": lambda m: m.persist(m.line().decode()),
        "Q": lambda m: m.persist(m.stack.pop()),
        # the stack and the memo
        "0": _pop,
        "1": lambda m: m.since_mark(),
        "2": lambda m: m.push(m.stack[-1]),
        "p": lambda m: m.put(int(m.number_line())),
        "q": lambda m: m.put(m.number("<B")),
        "r": lambda m: m.put(m.number("<I")),
        0x94: lambda m: m.put(len(m.memo)),
        "g": lambda m: m.push(m.memo[int(m.number_line())]),
        "h": lambda m: m.push(m.memo[m.number("<B")]),
        "j": lambda m: m.push(m.memo[m.number("<I")]),
        # framing
        0x80: lambda m: m.take(1),
        0x95: lambda m: m.take(8),
        0x82: _refuse,
        0x83: _refuse,
        0x84: _refuse,
        0x97: _refuse,
        0x98: _refuse,
    }.items()
}
