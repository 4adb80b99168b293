"""What a zip file says it holds (PKWARE APPNOTE 6.3, sections 4.3-4.5), every claim checked before anything
is read.

Members that are stored are views of the map; deflated ones are inflated, once their declared size has been
found credible.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from weights.errors import WeightsError
from weights.readers.mapped_file import MappedFile

MOST_INFLATED = 4 * 2**30  # bytes, all deflated members of a file together
STEEPEST_DEFLATE = 1032  # deflate cannot shrink by more than this
MOST_MEMBERS = 100_000
STORED, DEFLATED = 0, 8


@dataclass
class Member:
    """One file in the zip: its bytes lie at [start, stop) of the zip file, and are `size` bytes once
    inflated.
    """

    name: str
    method: int
    start: int
    stop: int
    size: int
    crc: int


def is_zip(file: MappedFile) -> bool:
    """Whether a mapped file begins as zip files do, with a member or, if it has none, with the end of the
    directory.
    """
    return bytes(file.map[:4]) in (b"PK\x03\x04", b"PK\x05\x06")


def members(file: MappedFile) -> dict[str, Member]:
    """{name: Member} of a mapped zip file, in the order of its directory."""
    if file.members is None:
        file.members = _members(file)
    return file.members


def _members(file):
    count, at, directory_end = _end_record(file)
    if count > MOST_MEMBERS:
        raise WeightsError(
            f"the zip says it holds {count} members; more than {MOST_MEMBERS} is no file of weights"
        )
    found = {}
    for _ in range(count):
        member, at = _entry(file, at, directory_end)
        if member.name in found:
            raise WeightsError(f"the zip holds two members called {member.name!r}")
        found[member.name] = member
    _check_sizes(found)
    return found


def contents(file: MappedFile, member: Member) -> bytes | memoryview:
    """The bytes of a member: a view of the map where it is stored, inflated bytes otherwise; the checksum
    is verified, if the zip states any.
    """
    packed = file.bytes(member.start, member.stop, member.name)
    if member.method == STORED:
        data = packed
    else:
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(packed, member.size + 1)
        except zlib.error as error:
            raise WeightsError(f"member {member.name!r} cannot be inflated: {error}") from None
        if len(data) != member.size or not inflate.eof:
            raise WeightsError(
                f"member {member.name!r} does not inflate to the {member.size} bytes it declares"
            )
    if zlib.crc32(data) != member.crc and any(m.crc for m in members(file).values()):
        raise WeightsError(
            f"member {member.name!r} does not have the checksum that the zip states: the file is damaged"
        )
    return data


def _end_record(file):
    """The number of members, and where the central directory begins and ends (4.3.16; zip64: 4.3.14,
    4.3.15).
    """
    tail_start = max(0, file.size - 65_557)
    where = file.map.rfind(b"PK\x05\x06", tail_start)
    if where < 0 or where + 22 > file.size:
        raise WeightsError("the zip has no end: it was cut short")
    count, length, at = struct.unpack_from("<HII", file.map, where + 10)
    if (
        0xFFFF in (count,)
        or 0xFFFFFFFF in (length, at)
        or file.map[max(0, where - 20) : where].startswith(b"PK\x06\x07")
    ):
        file.check(where - 20, where, "the zip64 locator")
        (zip64,) = struct.unpack_from("<Q", file.map, where - 12)
        file.check(zip64, zip64 + 56, "the zip64 end record")
        if file.map[zip64 : zip64 + 4] != b"PK\x06\x06":
            raise WeightsError("the zip64 end record is not where it is said to be")
        count, length, at = struct.unpack_from("<QQQ", file.map, zip64 + 32)
    file.check(at, at + length, "the zip's directory")
    return count, at, at + length


def _entry(file, at, end):
    """One Member of the central directory (4.3.12) and where the next one begins."""
    if at + 46 > end or file.map[at : at + 4] != b"PK\x01\x02":
        raise WeightsError("the zip's directory is damaged")
    flags, method, _, _, crc, packed, size = struct.unpack_from("<HHHHIII", file.map, at + 8)
    name_length, extra_length, comment_length = struct.unpack_from("<HHH", file.map, at + 28)
    (header,) = struct.unpack_from("<I", file.map, at + 42)
    after = at + 46 + name_length + extra_length + comment_length
    if after > end:
        raise WeightsError("the zip's directory is damaged: an entry runs over its end")
    name = _checked_name(file.map[at + 46 : at + 46 + name_length])
    extra = file.map[at + 46 + name_length : at + 46 + name_length + extra_length]
    size, packed, header = _zip64_sizes(extra, size, packed, header)
    if flags & 1:
        raise WeightsError(f"member {name!r} is encrypted")
    if method not in (STORED, DEFLATED):
        raise WeightsError(
            f"member {name!r} is compressed by method {method}; stored (0) and deflated (8) are read"
        )
    file.check(header, header + 30, f"the header of member {name!r}")
    if file.map[header : header + 4] != b"PK\x03\x04":
        raise WeightsError(f"member {name!r} is not where the zip's directory says")
    local_name, local_extra = struct.unpack_from("<HH", file.map, header + 26)
    start = header + 30 + local_name + local_extra
    file.check(start, start + packed, f"member {name!r}")
    return Member(name, method, start, start + packed, size, crc), after


def _zip64_sizes(extra, *sizes):
    """Sizes and offset that did not fit 32 bits stand in extra field 1, in this order (4.5.3)."""
    wanted = [i for i, n in enumerate(sizes) if n == 0xFFFFFFFF]
    sizes, at = list(sizes), 0
    while wanted and at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            if length < 8 * len(wanted) or at + 4 + length > len(extra):
                raise WeightsError("the zip's 64-bit sizes are damaged")
            for place, i in enumerate(wanted):
                (sizes[i],) = struct.unpack_from("<Q", extra, at + 4 + 8 * place)
            break
        at += 4 + length
    return sizes


def _checked_name(raw):
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:[\\/]", name) or "\0" in name:
        raise WeightsError(f"a member of the zip is called {name!r}, a path that leads out of it: refused")
    return name


def _check_sizes(found):
    """Stored members are as long as they say; deflated ones claim no more than deflate can give; no two
    share bytes.
    """
    inflated = 0
    for m in found.values():
        if m.method == STORED and m.size != m.stop - m.start:
            raise WeightsError(
                f"member {m.name!r} is stored in {m.stop - m.start} bytes but declares {m.size}"
            )
        if m.method == DEFLATED:
            inflated += m.size
            if m.size > STEEPEST_DEFLATE * (m.stop - m.start) + 64:
                raise WeightsError(
                    f"member {m.name!r} declares {m.size} bytes inflated from {m.stop - m.start}: "
                    "impossible, refused"
                )
    if inflated > MOST_INFLATED:
        raise WeightsError(f"the zip would inflate to {inflated} bytes; the limit is {MOST_INFLATED}")
    end = 0
    for m in sorted(found.values(), key=lambda m: (m.start, m.stop)):
        if m.start < end:
            raise WeightsError(f"member {m.name!r} overlaps another member of the zip: refused")
        end = m.stop
