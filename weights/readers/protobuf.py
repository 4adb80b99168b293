"""Google's protocol buffers, read from a mapped file by small tables of the fields one wants (protobuf.dev,
"Encoding").

    BLOB = Message("Blob", num=(1, INT), data=(5, FLOATS), shape=(7, SHAPE))
    NET = Message("Net", name=(1, TEXT), layer=(100, [LAYER]))                 # [..]: repeated
    net = Parser(file).parse(NET)                                              # net.layer[0].name

A parsed message has one attribute per field of its table: None where it is absent, [] for an absent
repeated field; fields that the table does not name are skipped without being looked into. BYTES become a
Span of the file, FLOATS and DOUBLES arrays: views of the map where they are aligned. Numbers may be packed
or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.mapped_file import MappedFile

INT, FLOAT, DOUBLE, TEXT, BYTES = "INT", "FLOAT", "DOUBLE", "TEXT", "BYTES"
INTS, FLOATS, DOUBLES = "INTS", "FLOATS", "DOUBLES"  # repeated numbers, as one array
WIRE = {INT: 0, FLOAT: 5, DOUBLE: 1, TEXT: 2, BYTES: 2, INTS: 0, FLOATS: 5, DOUBLES: 1}
STORED = {FLOAT: "<f4", DOUBLE: "<f8", FLOATS: "<f4", DOUBLES: "<f8"}
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MOST_FIELDS = 2_000_000
DEEPEST = 50
BLOCK = 1 << 18


@dataclass(frozen=True)
class Span:
    """Bytes [start, stop) of the file."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


class Message:
    """The fields of a message that one wants: name = (number, kind); a kind is a word of the above, a
    Message, or a list of one of them.
    """

    def __init__(self, title: str, /, **fields: tuple[int, Any]) -> None:
        self.title: str = title
        self.fields: dict[int, tuple[str, Any]] = {}
        self.add(**fields)

    def add(self, **fields: tuple[int, Any]) -> None:
        """More fields; this is how two messages come to contain each other."""
        self.fields |= {number: (name, kind) for name, (number, kind) in fields.items()}


class Parser:
    """Parses one mapped file; counts its fields, so that no file keeps it busy for ever."""

    def __init__(self, file: MappedFile) -> None:
        self.file: MappedFile = file
        self.view: memoryview[int] = memoryview(file.map)
        self.fields: int = 0

    def parse(self, message: Message, start: int = 0, stop: int | None = None, depth: int = 0) -> Any:
        """The message that fills [start, stop), by default the whole file, as an object with an attribute
        per field.
        """
        if depth > DEEPEST:
            raise WeightsError(f"its messages are nested deeper than {DEEPEST}: it is damaged")
        at, stop = start, self.file.size if stop is None else stop
        self.fields += len(message.fields)  # an empty message costs as much memory as its table is long
        found = SimpleNamespace(
            **{
                name: [] if isinstance(kind, list) or kind in (INTS, FLOATS, DOUBLES) else None
                for name, kind in message.fields.values()
            }
        )
        while at < stop:
            number, wire, value, end = self.field(at, stop)
            if number in message.fields:
                name, kind = message.fields[number]
                end = self._take(
                    found, f"{message.title}.{name}", name, kind, wire, (at, value, end, stop), depth
                )
            at = end
        for name, kind in message.fields.values():
            if kind in (INTS, FLOATS, DOUBLES):
                setattr(found, name, _joined(getattr(found, name), kind))
        return found

    def field(self, at: int, stop: int) -> tuple[int, int, int, int]:
        """(number, wire type, where its value begins, where it ends) of the field at byte `at`."""
        self.fields += 1
        if self.fields > MOST_FIELDS:
            raise WeightsError(f"more than {MOST_FIELDS} fields: this is no file of weights")
        tag, at = self.varint(at, stop)
        number, wire = tag >> 3, tag & 7
        if number == 0 or wire not in (VARINT, FIXED64, LENGTH, FIXED32):
            raise WeightsError(f"damaged near byte {at}: no field has number {number} and wire type {wire}")
        if wire == LENGTH:
            length, at = self.varint(at, stop)
            end = at + length
        else:
            end = self.varint(at, stop)[1] if wire == VARINT else at + (8 if wire == FIXED64 else 4)
        if end > stop:
            raise WeightsError(
                f"field {number} should end at byte {end}, but its message ends at {stop}: damaged or "
                "cut short"
            )
        return number, wire, at, end

    def varint(self, at: int, stop: int) -> tuple[int, int]:
        """(value, byte after it) of the number at byte `at`: seven bits a byte, the lowest first, 64 bits
        at most.
        """
        value = 0
        for i in range(10):
            if at + i >= stop:
                raise WeightsError(f"damaged or cut short: a number runs over the end at byte {stop}")
            byte = self.view[at + i]
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF, at + i + 1
        raise WeightsError(f"damaged: a number of more than 64 bits at byte {at}")

    def _take(self, found, what, name, kind, wire, place, depth):
        """Put one field into `found`; returns the byte after it, or after the run of its like that was
        taken with it.
        """
        at, value, end, stop = place
        single = kind[0] if isinstance(kind, list) else kind
        expected = LENGTH if isinstance(single, Message) else WIRE[single]
        packed = kind in (INTS, FLOATS, DOUBLES) and wire == LENGTH
        if wire != expected and not packed:
            raise WeightsError(f"{what} at byte {at} has wire type {wire}; {expected} was expected: damaged")
        if packed:
            getattr(found, name).append(self._packed(what, kind, value, end))
        elif kind in (FLOATS, DOUBLES):
            run, end = self._run(at, value, np.dtype(STORED[kind]), stop)
            getattr(found, name).append(run)
        elif kind == INTS:
            getattr(found, name).append(np.array([_signed(self.varint(value, end)[0])]))
        else:
            parsed = self._single(what, single, value, end, depth)
            getattr(found, name).append(parsed) if isinstance(kind, list) else setattr(found, name, parsed)
        return end

    def _single(self, what, kind, start, end, depth):
        if isinstance(kind, Message):
            return self.parse(kind, start, end, depth + 1)
        if kind == BYTES:
            return Span(start, end)
        if kind == INT:
            return _signed(self.varint(start, end)[0])
        if kind in STORED:
            return float(self.file.array(start, STORED[kind], (1,))[0])
        try:
            return str(self.view[start:end], "utf-8")
        except UnicodeDecodeError:
            raise WeightsError(f"{what} at byte {start} is no UTF-8 text: damaged") from None

    def _packed(self, what, kind, start, end):
        if kind == INTS:
            return _varints(np.frombuffer(self.view[start:end], np.uint8), what)
        dtype = np.dtype(STORED[kind])
        if (end - start) % dtype.itemsize:
            raise WeightsError(
                f"{what} at byte {start} has {end - start} bytes, no multiple of {dtype.itemsize}: damaged"
            )
        return self.file.array(start, dtype, ((end - start) // dtype.itemsize,), what)

    def _run(self, at, value, dtype, stop):
        """Numbers that are not packed, each behind its tag: all that follow one another are taken at once."""
        width, tag = value - at + dtype.itemsize, np.frombuffer(self.view[at:value], np.uint8)
        rows = np.frombuffer(self.view[at : at + (stop - at) // width * width], np.uint8).reshape(-1, width)
        count = 1
        while count < len(rows):
            block = (rows[count : count + BLOCK if count > 1 else 2, : len(tag)] == tag).all(axis=1)
            count += len(block) if block.all() else int(block.argmin())
            if not block.all():
                break
        numbers = np.empty(count, dtype)
        numbers.view(np.uint8).reshape(count, -1)[...] = rows[:count, len(tag) :]
        return numbers, at + count * width


def top_level_fields(file: MappedFile, most: int) -> Iterator[tuple[int, int, int, int]]:
    """(number, wire type, start, end) of the first fields, as far as they make sense: enough to tell what
    kind of file it is.
    """
    parser, at = Parser(file), 0
    for _ in range(most):
        try:
            number, wire, start, at = parser.field(at, file.size)
        except WeightsError:
            return
        yield number, wire, start, at
        if at >= file.size:
            return


def _signed(value):
    return value - 2**64 if value >= 2**63 else value


def _varints(data, what):
    """The int64 numbers of a packed field: byte i of a number carries its bits 7i to 7i + 6.

    Long fields are decoded block by block.
    """
    if len(data) > 2 * BLOCK:
        blocks = []
        while len(data) > 2 * BLOCK:
            cut = (
                BLOCK + 1 + int((data[BLOCK : BLOCK + 10] < 0x80).argmax())
            )  # behind the last byte of a number
            blocks.append(_varints(data[:cut], what))
            data = data[cut:]
        return np.concatenate([*blocks, _varints(data, what)])
    ends = np.flatnonzero(data < 0x80) + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        raise WeightsError(f"{what}: its last number is cut short")
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    if len(ends) and (ends - starts).max() > 10:
        raise WeightsError(f"{what}: damaged, a number of more than 64 bits")
    numbers = np.zeros(len(ends), np.uint64)
    for i in range(10):
        longer = np.flatnonzero(ends - starts > i)
        if not len(longer):
            break
        numbers[longer] |= (data[starts[longer] + i] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * i)
    return numbers.view(np.int64)


def _joined(parts, kind):
    """The parts of a repeated number as one read-only array; usually there is one part."""
    dtype = np.int64 if kind == INTS else np.dtype(STORED[kind])
    numbers = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype), *parts])
    numbers.flags.writeable = False
    return numbers
