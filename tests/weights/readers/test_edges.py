"""Every limit of the readers, met exactly and passed by one; each type and opcode with its number."""

import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest

from tests.weights.readers import samples as s
from weights.errors import WeightsError
from weights.readers import (
    checkpoints,
    deep_compression,
    folder,
    mapped_file,
    npy,
    numpy_pickles,
    pickles,
    protobuf,
    safetensors,
    torch_tensors,
    zip_directory,
)
from weights.readers.mapped_file import MappedFile, check_size, dtype_named, elements, finished
from weights.readers.torch_tensors import storage_identity
from weights.readers.zip_directory import Member
from weights.reading import read
from weights.zoo import network


@pytest.fixture
def put(tmp_path):
    def write(data):
        (tmp_path / "file").write_bytes(data)
        return tmp_path / "file"

    return write


def refused(does, match=None):
    with pytest.raises(WeightsError, match=match):
        does()


# -- a mapped file


def test_ranges_of_a_file(put):
    with MappedFile(put(bytes(range(16)))) as file:
        file.check(0, 16), file.check(16, 16), file.check(0, 0)
        for start, stop in ((0, 17), (-1, 3), (5, 4), (17, 17)):
            refused(lambda start=start, stop=stop: file.check(start, stop), "has 16 bytes")
        assert bytes(file.bytes(3, 6)) == bytes([3, 4, 5])
        assert file.array(12, "<u4", (1,)) == 0x0F0E0D0C and file.array(16, "<u4", (0,)).shape == (0,)
        refused(lambda: file.array(13, "<u4", (1,)))
        for start in range(4):
            found = file.array(start, "<u4", (3,))
            assert found.flags.aligned and not found.flags.writeable
            assert found.tobytes() == bytes(range(start, start + 12))


def test_shapes_that_an_array_can_have():
    assert elements((1,) * 32) == 1 and elements((2**58 - 1,)) == 2**58 - 1 and elements((3, 0, 2)) == 0
    for shape in ((1,) * 33, (2**58,), (2**29, 2**29), (0, 2**58), (-1,), (2.0,), (True,)):
        refused(lambda shape=shape: elements(shape))
    assert check_size(24, (2, 3), np.dtype("<f4")) == 6 and check_size(12, (2, 3), "bfloat16") == 6
    for held in (23, 25):
        refused(lambda held=held: check_size(held, (2, 3), np.dtype("<f4")), "needs 24 bytes")
    assert dtype_named("int16").str == "<i2"
    refused(lambda: dtype_named("object"), "know")


def test_numbers_become_native_ones():
    cases = {
        ">f4": (struct.pack(">2f", 1.5, -2), [1.5, -2], np.float32),
        ">i2": (struct.pack(">2h", 258, -2), [258, -2], np.int16),
        ">f2": (struct.pack(">2e", 1.5, -2), [1.5, -2], np.float32),
        "<f2": (struct.pack("<2e", 0.25, 3), [0.25, 3], np.float32),
        "?": (bytes([0, 2, 1]), [False, True, True], np.bool_),
        "<f8": (struct.pack("<d", 0.1), [0.1], np.float64),
    }
    for dtype, (data, numbers, native) in cases.items():
        found = finished(np.frombuffer(data, dtype), np.dtype(dtype))
        assert found.tolist() == numbers and found.dtype == native and found.dtype.isnative
        assert not found.flags.writeable
    halves = finished(np.array([0x3F80, 0xC049, 0x0001], np.uint16), "bfloat16")
    assert halves.tolist() == [1.0, -3.140625, 2.0**-133] and halves.dtype == np.float32


def test_of_many_short_files_none_stays_open(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped_file, "SMALL", 16)
    opened = lambda: len(os.listdir("/proc/self/fd"))  # noqa: E731
    (tmp_path / "one").write_bytes(bytes(8))
    for n in range(40):
        (tmp_path / str(n)).write_bytes(bytes(range(n, n + 16)))
    (tmp_path / "long").write_bytes(bytes(17))
    before = opened() if os.path.isdir("/proc/self/fd") else None
    with MappedFile(tmp_path / "one") as file:
        arrays = [file.beside(str(tmp_path / str(n))).array(n % 3, "<u4", (3,)) for n in range(40)]
        assert before is None or opened() == before + 2  # "one", and its map's
        assert all(a.flags.aligned and not a.flags.writeable for a in arrays)
        file.beside(str(tmp_path / "long")).check(0, 17)
        assert before is None or opened() == before + 4
    for n, a in enumerate(arrays):
        assert a.tobytes() == bytes(range(n + n % 3, n + n % 3 + 12))
    (tmp_path / "empty").touch()
    refused(lambda: MappedFile(tmp_path / "empty", among=True), "empty")


# -- .npy


def header(text, version=1, length=None):
    text = text.encode()
    length = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", length) + text


def test_npy_versions_lengths_and_orders(put):
    says = "{'descr': '%s', 'fortran_order': %s, 'shape': (2, 3)}"
    plain = np.arange(6, dtype=np.float32)
    for version in (1, 2, 3):
        data = header(says % ("<f4", False), version) + plain.tobytes()
        assert np.array_equal(read(put(data))["array"], plain.reshape(2, 3))
    for version in (0, 4):
        refused(lambda v=version: read(put(header(says % ("<f4", False), v) + plain.tobytes())), "version")
    fortran = read(put(header(says % ("<f4", True)) + plain.tobytes()))["array"]
    assert fortran.tolist() == [[0, 2, 4], [1, 3, 5]]
    big = read(put(header(says % (">f4", False)) + plain.astype(">f4").tobytes()))["array"]
    assert big.tolist() == plain.reshape(2, 3).tolist() and big.dtype.isnative
    longest = (says % ("<f4", False)).ljust(npy.LONGEST_HEADER)
    assert npy.header(header(longest, 2))[2:] == ((2, 3), 10_012)
    refused(lambda: npy.header(header(longest + " ", 2)), "too long")
    refused(lambda: npy.header(header("{}", length=3)), "cut short")
    refused(lambda: npy.header(header(longest + " ") + bytes(9)), "too long")
    refused(lambda: read(put(header(says % (">f4", True)) + bytes(25))), "needs 24 bytes")


# -- zips


def stored(name, start, stop, size=None):
    return Member(name, 0, start, stop, stop - start if size is None else size, 0)


def deflated(name, start, stop, size):
    return Member(name, 8, start, stop, size, 0)


def check(*members):
    zip_directory._check_sizes({m.name: m for m in members})


def test_members_of_a_zip_may_touch_and_claim_what_deflate_can_give(monkeypatch):
    check(stored("b", 10, 20), stored("a", 0, 10), stored("c", 20, 20))
    refused(lambda: check(stored("b", 9, 20), stored("a", 0, 10)), "overlaps")
    refused(lambda: check(stored("a", 0, 10, 11)), "declares 11")
    check(deflated("a", 0, 10, 1032 * 10 + 64))
    refused(lambda: check(deflated("a", 0, 10, 1032 * 10 + 65)), "impossible")
    monkeypatch.setattr(zip_directory, "MOST_INFLATED", 100)
    check(deflated("a", 0, 10, 60), deflated("b", 10, 20, 40), stored("c", 20, 900))
    refused(lambda: check(deflated("a", 0, 10, 60), deflated("b", 10, 20, 41)), "limit")


def test_as_many_members_as_are_allowed(put, monkeypatch):
    monkeypatch.setattr(zip_directory, "MOST_MEMBERS", 3)
    three = {f"{n}.npy": s.npy(np.ones(n)) for n in range(3)}
    assert len(read(put(s.zipped(three)))) == 3
    refused(lambda: read(put(s.zipped(three | {"3.npy": s.npy(np.ones(3))}))), "holds 4 members")


def test_names_of_members():
    for name in ("a/b.npy", "a..b", ".hidden/x", "..x", "C", "a:b"):
        assert zip_directory._checked_name(name.encode()) == name
    assert zip_directory._checked_name(b"\xe9") == "Θ"  # cp437, where it is no UTF-8
    for name in ("../a", "a/..", "/a", "", "\\a", "a\\..\\b", "C:\\x", "c:/x", "a\0b"):
        refused(lambda name=name: zip_directory._checked_name(name.encode()), "leads out")


def test_sizes_beyond_four_gigabytes_stand_in_their_order():
    full, most = 0xFFFFFFFF, 2**40
    extra = struct.pack("<HH", 7, 2) + b"xx" + struct.pack("<HHQQ", 1, 16, most, most + 1)
    sizes = zip_directory._zip64_sizes
    assert sizes(extra, full, 5, full) == [most, 5, most + 1]
    assert sizes(extra, 3, full, 4) == [3, most, 4]
    assert sizes(extra, 3, 5, 4) == [3, 5, 4]
    refused(lambda: sizes(extra, full, full, full), "64-bit sizes")
    refused(lambda: sizes(extra[:-1], full, 5, full), "64-bit sizes")


def test_a_zip_with_a_comment_or_cut_before_it(put):
    data = s.npz({"a": np.arange(3.0)})
    said = data[:-2] + struct.pack("<H", 5) + b"hello"
    assert read(put(said))["a"].tolist() == [0, 1, 2]
    refused(lambda: read(put(data[:-1])), "cut short|no end")
    at = data.rindex(b"PK\x01\x02")
    later = data[: at + 8] + struct.pack("<H", 2) + data[at + 10 :]  # a flag of how deflate worked
    assert read(put(later))["a"].tolist() == [0, 1, 2]
    refused(lambda: read(put(data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :])), "encrypted")
    for method in (1, 7, 9, 12, 93):
        other = data[: at + 10] + struct.pack("<H", method) + data[at + 12 :]
        refused(lambda other=other: read(put(other)), f"'a.npy' is compressed by method {method}")
    end = data.rindex(b"PK\x05\x06")
    longer = data[: end + 12] + struct.pack("<I", end - at - 1) + data[end + 16 :]
    refused(lambda: read(put(longer)), "directory is damaged")


def test_contents_of_members(put):
    text = b"number " * 9
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    whole = deflate.compress(text)
    unended, whole = whole + deflate.flush(zlib.Z_SYNC_FLUSH), None
    whole = unended + deflate.flush()
    with MappedFile(put(whole + text)) as file:
        n, crc = len(whole), zlib.crc32(text)

        def contents(*fields, others=()):
            member = Member("a", *fields)
            file.members = {m.name: m for m in (member, *others)}
            return bytes(zip_directory.contents(file, member))

        assert contents(8, 0, n, len(text), crc) == text
        assert contents(0, n, n + len(text), len(text), crc) == text
        for size in (len(text) - 1, len(text) + 1):
            refused(lambda size=size: contents(8, 0, n, size, crc), "does not inflate")
        refused(lambda: contents(8, 0, len(unended), len(text), crc), "does not inflate")
        refused(lambda: contents(0, n, n + len(text), len(text), crc + 1), "checksum")
        assert contents(0, n, n + len(text), len(text), 0) == text  # no member of the zip states any
        other = Member("b", 0, 0, n, n, 1)
        refused(lambda: contents(0, n, n + len(text), len(text), 0, others=[other]), "checksum")


# -- safetensors


KINDS = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4", "I64": "<i8",
    "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip


def test_every_type_of_safetensors(put):
    entries, data = {"__metadata__": {"a": "b"}}, b""
    for kind, dtype in KINDS.items():
        raw = (
            np.array([0, 1, 1], dtype).tobytes() if kind == "BOOL" else np.array([3, 1, 100], dtype).tobytes()
        )
        entries[kind] = {"dtype": kind, "shape": [3], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    entries["BF16"] = {"dtype": "BF16", "shape": [1], "data_offsets": [len(data), len(data) + 2]}
    found = read(put(s.safetensors(header=entries, data=data + b"\x80\xbf")))
    assert list(found) == [*KINDS, "BF16"] and set(safetensors.DTYPES) == set(found)
    assert found.pop("BF16").tolist() == [-1.0]
    for kind, array in found.items():
        assert array.tolist() == ([False, True, True] if kind == "BOOL" else [3, 1, 100]), kind
        wide = np.float32 if kind == "F16" else np.dtype(KINDS[kind])
        assert array.dtype == wide, kind


def test_limits_of_a_header_of_safetensors(put, monkeypatch):
    data = s.safetensors({"a": np.zeros(1, np.float32)})
    (length,) = struct.unpack("<Q", data[:8])
    for most, fits in ((length, True), (length - 1, False)):
        monkeypatch.setattr(safetensors, "LONGEST_HEADER", most)
        if fits:
            assert list(read(put(data))) == ["a"]
        else:
            refused(lambda: read(put(data)), "at most")
    monkeypatch.undo()
    one = '"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    for text, says in (
        (f"{{{one}, {one}}}", "the same name twice"),
        (one, "JSON"),
        ("{}1", "JSON"),
        ("[]", "no JSON object"),
    ):
        raw = text.encode()
        refused(lambda raw=raw: safetensors_of(put, struct.pack("<Q", len(raw)) + raw + bytes(4)), says)
    swapped = {"b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
               "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}  # fmt: skip
    both = read(put(s.safetensors(header=swapped, data=struct.pack("<2f", 1, 2))))
    assert {name: a.item() for name, a in both.items()} == {"a": 1, "b": 2} and list(both) == ["b", "a"]
    empty = {"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}
    assert read(put(s.safetensors(header=empty, data=b"")))["a"].shape == (0,)
    for offsets in ([True, 5], [0, 4.0], [5, 4], [0]):
        lying = {"a": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}
        refused(lambda lying=lying: read(put(s.safetensors(header=lying, data=bytes(4)))), "range")


def safetensors_of(put, data):
    with MappedFile(put(data)) as file:
        return safetensors.read(file)


# -- PyTorch


STORAGES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "ByteStorage": "u1",
    "CharStorage": "i1", "ShortStorage": "<i2", "IntStorage": "<i4", "LongStorage": "<i8", "BoolStorage": "?",
    "ComplexFloatStorage": "<c8", "ComplexDoubleStorage": "<c16", "UntypedStorage": "u1",
}  # fmt: skip


@pytest.mark.parametrize("kind", STORAGES)
def test_every_kind_of_storage(put, kind):
    numbers = np.array([1, 0, 1], STORAGES[kind])
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 3, kind), (3,))})
    found = read(put(s.torch_zip(body=body, storages={"0": numbers.tobytes()})))["a"]
    assert found.tolist() == numbers.tolist()
    assert found.dtype == (np.float32 if kind == "HalfStorage" else numbers.dtype)
    assert set(torch_tensors.STORAGES) == {*STORAGES, "BFloat16Storage"}


def test_a_storage_ends_where_its_numbers_do(put):
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 4), (4,))})
    four = np.arange(4, dtype=np.float32).tobytes()
    assert read(put(s.torch_zip(body=body, storages={"0": four})))["a"].tolist() == [0, 1, 2, 3]
    refused(lambda: read(put(s.torch_zip(body=body, storages={"0": four[:-1]}))), "15 bytes are there")
    longer = read(put(s.torch_zip(body=body, storages={"0": four + b"x" * 9})))["a"]
    assert longer.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "expected"),
    [((4,), (1,), 2, [2, 3, 4, 5]), ((2,), (5,), 0, [0, 5]), ((2, 2), (1, 2), 2, [[2, 4], [3, 5]]),
     ((0,), (1,), 6, []), ((), (), 5, 5), ((6, 1), (1, 99), 0, [[n] for n in range(6)]),
     ((5,), (1,), 2, None), ((2,), (6,), 0, None), ((0,), (1,), 7, None), ((), (), 6, None),
     ((7,), (0,), 0, None)],
)  # fmt: skip
def test_a_tensor_reaches_as_far_as_its_storage(put, shape, strides, offset, expected):
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 6), shape, strides, offset)})
    data = s.torch_zip(body=body, storages={"0": np.arange(6, dtype=np.float32).tobytes()})
    if expected is None:
        refused(lambda: read(put(data)), "leaves")
    else:
        assert read(put(data))["a"].tolist() == expected


def test_a_view_of_a_storage_ends_with_it(put):
    six = np.arange(6, dtype=np.float32)

    def legacy(offset, numel):
        view = s.tuple_of(s.text("v"), s.number(offset), s.number(numel))
        body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 6, view=view), (numel,))})
        return s.torch_legacy(body=body, storages={"0": (6, six.tobytes())})

    assert read(put(legacy(4, 2)))["a"].tolist() == [4, 5]
    for offset, numel in ((4, 3), (7, 0), (-1, 2)):
        refused(lambda offset=offset, numel=numel: read(put(legacy(offset, numel))), "leaves storage")


@pytest.mark.parametrize(
    ("said", "reads"), [(b"little", True), (b"little\n", True), (b"big", False), (b"", False)]
)
def test_byte_order_of_a_zip(put, said, reads):
    data = s.torch_zip()
    with zipfile.ZipFile(put(data)) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    other = s.zipped(members | {"archive/byteorder": said})
    if reads:
        assert read(put(other)).keys() == s.state().keys()
    else:
        refused(lambda: read(put(other)), "big-endian")
    del members["archive/byteorder"]
    assert read(put(s.zipped(members))).keys() == s.state().keys()


def test_heads_of_the_legacy_format(put):
    data = s.torch_legacy()
    for old, new, says in (
        (b"M\xe9\x03.", b"M\xea\x03.", "magic number"),
        (b"\x88u.", b"\x89u.", "little-endian"),
        (b"](" + s.text("0"), b"](" + s.text("1"), "promised"),
    ):
        assert old in data
        refused(lambda old=old, new=new: read(put(data.replace(old, new, 1))), says)


def test_the_shortest_pickle_of_a_zip_is_the_one(put):
    with zipfile.ZipFile(put(s.torch_zip())) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    inner = {"archive/code/data.pkl": s.pickled(b"}")}
    for both in (inner | members, members | inner):
        assert read(put(s.zipped(both))).keys() == s.state().keys()


# -- what a checkpoint holds


class Leaf:
    own_bytes = 4

    def __init__(self, number=0):
        self.number = number

    def array(self):
        return self.number


def nested(levels, keys=("a",)):
    value = Leaf()
    for level in range(levels):
        value = {keys[level % len(keys)]: value}
    return value


def test_names_depths_and_counts_of_a_checkpoint(monkeypatch):
    assert list(checkpoints._leaves(nested(100))) == [".".join("a" * 100)]
    refused(lambda: checkpoints._leaves(nested(101)), "deeper than 100")
    refused(lambda: checkpoints._leaves({"a": {"b": Leaf()}, "a.b": Leaf()}), "two arrays are called 'a.b'")
    half = "x" * 500
    assert checkpoints._joined(half, half) == f"{half}.{half}"
    refused(lambda: checkpoints._joined(half, half + "x"), "1000 characters")
    monkeypatch.setattr(checkpoints, "MOST_PARTS", 5)
    assert len(checkpoints._leaves([Leaf() for _ in range(5)])) == 5
    refused(lambda: checkpoints._leaves([Leaf() for _ in range(6)]), "more than 5 parts")


def test_state_dicts_are_opened_four_levels_deep():
    value = {"w": Leaf(7)}
    for level in range(1, 6):
        value = {"state_dict": value, "epoch": 3}
        prefix = "state_dict." * max(level - 4, 0)
        assert list(checkpoints.arrays(value, 100)) == [prefix + "w"]
    for key in ("state_dict", "model_state_dict", "model"):
        assert list(checkpoints.arrays({"other": {"v": Leaf()}, key: {"w": Leaf()}}, 100)) == ["w"]
    assert list(checkpoints.arrays({"state_dict": {"epoch": 3}, "w": Leaf()}, 100)) == ["w"]


def test_prefixes_that_all_names_share_go():
    leaves = checkpoints.arrays({"module.a": Leaf(1), "module.b": Leaf(2)}, 100)
    assert leaves == {"a": 1, "b": 2}
    assert list(checkpoints.arrays({"module.module._orig_mod.a": Leaf()}, 100)) == ["a"]
    assert list(checkpoints.arrays({"module.a": Leaf(), "b": Leaf()}, 100)) == ["module.a", "b"]
    assert checkpoints.arrays({"a": Leaf(), "b": Leaf()}, 8)
    refused(lambda: checkpoints.arrays({"a": Leaf(), "b": Leaf()}, 7), "overlap")


def test_a_saved_modules_parts_come_in_the_order_of_its_state_dict(monkeypatch):
    def module(**attributes):
        made = pickles.Record("a module")
        made.state = {"_parameters": {}, "_buffers": {}, "_modules": {}} | attributes
        return made

    whole = module(
        _modules={"inner": module(_parameters={"w": Leaf()})}, _parameters={"p": Leaf(), "none": None},
        _buffers={"b": Leaf(), "t": Leaf()}, _non_persistent_buffers_set=["t"],
    )  # fmt: skip
    assert list(checkpoints._leaves(whole)) == ["p", "b", "inner.w"]
    monkeypatch.setattr(checkpoints, "MOST_TRANSIENT", 1)
    assert list(checkpoints._leaves(whole)) == ["p", "b", "inner.w"]
    whole.state["_non_persistent_buffers_set"].append("u")
    refused(lambda: checkpoints._leaves(whole), "passing buffers")


# -- pickles


BODIES = [  # what stands between the protocol and the stop
    b"N", b"\x88", b"\x89", b"I7\n", b"I01\n", b"I00\n", b"L-8L\n",
    b"F1.5\n", b"J" + struct.pack("<i", -70000), b"K\xff", b"M\xff\xfe",
    b"G" + struct.pack(">d", -0.1), b"\x8a\x02\xff\x7f", b"\x8a\x01\xff", b"\x8a\x00",
    b"\x8b" + struct.pack("<i", 3) + b"\x01\x00\x80", b"S'a b'\n", b"S'\\x41\\n'\n",
    b"V\\u00e9x\n", s.text("é"), b"\x8c\x02ab", b"\x8d" + struct.pack("<Q", 1) + b"z",
    b"U\x02ab", b")", b"]", b"}", b"(K\x01K\x02t", b"K\x01\x85", b"K\x01K\x02\x86", b"K\x01K\x02K\x03\x87",
    b"(K\x01K\x02l", b"(K\x01K\x02K\x03K\x04d", b"]K\x05a", b"](K\x05K\x06e", b"}K\x05K\x06s",
    b"}(K\x05K\x06K\x07K\x08u", b"K\x01K\x020", b"K\x01(K\x02K\x031", b"K\x012\x86", b"]q\x05K\x01ah\x05",
    b"]r\x05\0\0\0K\x01aj\x05\0\0\0", b"]p3\nK\x01ag3\n", b"]\x94K\x01ah\x00",
    b"K\x09\x94K\x08\x94h\x00h\x01\x86",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_plain_values_are_those_of_pythons_own_pickle(body):
    data = b"\x80\x02" + body + b"."
    value, end = pickles.load(data + b"more")
    expected = pickle.loads(data)
    assert value == expected and type(value) is type(expected) and end == len(data)


@pytest.mark.parametrize("value", [
    {"a": [1, -1, 255, 256, 65536, -(2**31), 2**31, 2**62, -(2**63), 2**100, -(2**100)], "b": (1.5, None)},
    [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [[]], {}, {"k": {}}, "", "a" * 300, "é", False],
], ids=["numbers", "containers"])  # fmt: skip
@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(value, protocol):
    data = pickle.dumps(value, protocol)
    assert pickles.load(data) == (value, len(data))
    before = b"xyz" + data
    assert pickles.load(before, 3) == (value, len(before))


def test_limits_of_a_pickle(monkeypatch):
    load = lambda body: pickles.load(s.pickled(body))[0]  # noqa: E731
    assert load(b"I" + b"1" * 256 + b"\n") == int("1" * 256)
    refused(lambda: load(b"I" + b"1" * 257 + b"\n"), "257 digits")
    big = (2**2047 - 1).to_bytes(256, "little")
    assert load(b"\x8b" + struct.pack("<i", 256) + big) == 2**2047 - 1
    refused(lambda: load(b"\x8b" + struct.pack("<i", 257) + big + b"\0"), "257 bytes")
    refused(lambda: load(b"\x8b" + struct.pack("<i", -1)), "-1 bytes")
    near, far = 2**60 - 1, 2**60
    for number, stays in ((near, True), (-near, True), (far, False), (-far, False)):
        (key,) = load(b"}\x8a\x09" + number.to_bytes(9, "little", signed=True) + b"Ns")
        assert (key == number) is stays and isinstance(key, int if stays else pickles.Record)
    name = lambda n: b"c" + b"m" * (n // 2) + b"\n" + b"a" * (n - n // 2) + b"\n"  # noqa: E731
    assert isinstance(load(name(1000)), pickles.Global)
    refused(lambda: load(name(1001)), "sensible length")
    monkeypatch.setattr(pickles, "MOST_STEPS", 10)
    assert pickles.load(b"N" + b"N0" * 4 + b".")[0] is None  # ten steps
    refused(lambda: pickles.load(b"N" + b"N0" * 4 + b"2."), "more than 10 steps")


def test_a_text_of_an_old_pickle_stands_in_quotes():
    load = lambda text: pickles.load(b"S" + text + b"\n.")[0]  # noqa: E731
    assert load(b"''") == "" and load(b'""') == "" and load(b"'\"'") == '"' and load(b" 'a' ") == "a"
    for text in (b"", b"'", b"a", b"ab", b"'a", b"a'", b"'a\"", b"aba"):
        refused(lambda text=text: load(text), "a text without quotes")


@pytest.mark.parametrize("module", [
    "os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "runpy", "importlib", "ctypes", "pty",
    "commands", "webbrowser", "pdb", "bdb", "multiprocessing", "os.path",
])  # fmt: skip
def test_modules_of_the_system_are_refused_by_name(module):
    refused(lambda: pickles.load(s.pickled(s.name(f"{module}.anything"))), "attack. Nothing was run")


@pytest.mark.parametrize("module", ["builtins", "__builtin__"])
def test_builtins_that_run_things_are_refused_by_name(module):
    for name in ("eval", "exec", "compile", "open", "execfile", "file", "__import__", "input", "breakpoint",
                 "globals", "setattr", "eval.__call__"):  # fmt: skip
        body = b"\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(name)]) + name.encode()
        refused(lambda body=body: pickles.load(s.pickled(body + b"\x93")), "attack")
    assert pickles.load(s.pickled(s.name(f"{module}.set")))[0] == pickles.Global(module, "set")


def test_bytes_that_python_3_wrote_as_a_text():
    assert numpy_pickles._encode("é\0", "latin1") == numpy_pickles._encode("é\0", "latin-1") == "é\0"
    for given in (("a", "utf-8"), (b"a", "latin1"), (3, "utf-8")):
        refused(lambda given=given: numpy_pickles._encode(*given), "other than latin-1")


# -- protocol buffers


def test_numbers_of_a_protocol_buffer(put):
    message = protobuf.Message(
        "M", i=(1, protobuf.INT), f=(2, protobuf.FLOAT), d=(3, protobuf.DOUBLE), t=(4, protobuf.TEXT),
        many=(5, protobuf.INTS), some=(6, protobuf.FLOATS), more=(7, protobuf.DOUBLES), b=(8, protobuf.BYTES),
    )  # fmt: skip
    numbers = [0, 1, 127, 128, 2**31, 2**63 - 1, -1, -(2**63)]
    data = (
        s.integer(1, -(2**63)) + s.varint(2 << 3 | 5) + struct.pack("<f", 0.5)
        + s.varint(3 << 3 | 1) + struct.pack("<d", 0.1) + s.block(4, "é")
        + s.integer(5, numbers[0]) + s.block(5, b"".join(map(s.varint, numbers[1:])))
        + s.loose_floats(6, np.float32([1, 2])) + s.block(6, struct.pack("<f", 3))
        + s.block(7, struct.pack("<2d", 4, 5)) + s.block(8, b"xyz")
    )  # fmt: skip
    with MappedFile(put(data)) as file:
        found = protobuf.Parser(file).parse(message)
        assert (found.i, found.f, found.d, found.t) == (-(2**63), 0.5, 0.1, "é")
        assert found.many.tolist() == numbers and found.some.tolist() == [1, 2, 3]
        assert found.more.tolist() == [4, 5] and data[found.b.start : found.b.stop] == b"xyz"
        assert len(found.b) == 3


def test_limits_of_a_protocol_buffer(put, monkeypatch):
    tree = protobuf.Message("Tree", number=(2, protobuf.INT))
    tree.add(child=(1, tree))

    def parse(data, message=tree):
        with MappedFile(put(data)) as file:
            return protobuf.Parser(file).parse(message)

    def deep(levels):
        data = s.integer(2, 5)
        for _ in range(levels):
            data = s.block(1, data)
        return data

    assert parse(deep(50)).child is not None
    refused(lambda: parse(deep(51)), "deeper than 50")
    refused(lambda: parse(s.block(1, b"abc")[:-1]), "should end at byte 5, but its message ends at 4")
    refused(lambda: parse(b"\x02\x00"), "field has number 0|number 0")
    refused(lambda: parse(b"\x10" + b"\x80" * 10 + b"\x01"), "64 bits")
    assert parse(b"\x10" + b"\x80" * 9 + b"\x01").number == -(2**63)
    monkeypatch.setattr(protobuf, "MOST_FIELDS", 6)  # the table's two, and four in the file
    assert parse(s.integer(2, 5) * 4).number == 5
    refused(lambda: parse(s.integer(2, 5) * 5), "more than 6 fields")


# -- the others


def test_gaps_and_codes_of_a_compressed_layer(put):
    front = np.arange(256, dtype="<f4").tobytes() + struct.pack("<f", 9)
    layer = lambda codes, gaps: front + bytes(codes) + bytes(gaps)  # noqa: E731
    with MappedFile(put(layer([5, 7, 8], [0x10, 0x00]))) as file:  # gaps 0, 1, 0
        weight, bias = deep_compression._layer(file, 0, "x", (1, 1, 2, 2), 3)
    assert weight.ravel().tolist() == [5, 0, 7, 8] and bias.tolist() == [9]
    with MappedFile(put(layer([5], [0x03]))) as file:
        assert deep_compression._layer(file, 0, "x", (1, 1, 2, 2), 1)[0].ravel().tolist() == [0, 0, 0, 5]
        refused(lambda: deep_compression._layer(file, 0, "x", (1, 1, 1, 3), 1), "weight 3 of 3")


def test_the_layers_of_a_compressed_file_are_squeezenets():
    slots = {n: t.shape for n, t in network("squeezenet").build().arrays().items() if n.endswith(".W")}
    assert [(f"{n.replace('.', '/')}.W", shape) for n, shape in deep_compression.CONVOLUTIONS] == [
        *slots.items()
    ]


def test_five_members_of_a_zip_of_something_else_are_named(put):
    refused(lambda: read(put(s.zipped(dict.fromkeys("abcdef", b"x")))), r"it holds a, b, c, d, e\. Formats")
    refused(lambda: read(put(s.zipped({}))), r"it holds nothing\. Formats")


def test_a_pickle_that_refers_to_something_else():
    refused(lambda: pickles.load(s.pickled(s.text("a") + b"Q")), "refers to data outside itself")


def test_a_folder_of_as_many_files_as_are_allowed(tmp_path, monkeypatch):
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "below").mkdir()
    monkeypatch.setattr(folder, "MOST_FILES", 2)
    with folder.Folder(str(tmp_path)) as found:
        assert found.names == ["a", "b"]
        assert found.file("a") is found.file("a")
        handle = found.file("a").handle
    assert handle.closed
    (tmp_path / "c").write_bytes(b"x")
    refused(lambda: folder.Folder(str(tmp_path)), "holds 3 files")


@pytest.mark.parametrize(
    "identity",
    [
        "storage",
        ("storage", 1, "0", "cpu"),
        ("storage", 1, "0", "cpu", 4, None, 0),
        ("tensor", 1, "0", "cpu", 4),
    ],
)
def test_what_a_pickle_calls_a_storage_and_is_none(identity):
    with pytest.raises(WeightsError, match="refers to something that is no storage"):
        storage_identity(identity)
