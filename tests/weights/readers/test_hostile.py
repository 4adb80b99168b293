"""Damaged and hostile files: each gives a WeightsError that says why, or is read harmlessly; none runs
anything, none hangs.
"""

import builtins
import os
import pickle
import struct
import subprocess
import zipfile
import zlib

import numpy as np
import pytest

from tests.weights.readers import samples as s
from weights.errors import WeightsError
from weights.readers import checkpoints, pickles, protobuf
from weights.reading import read

FORMATS = s.all_formats()
HUGE = 2**60


@pytest.fixture
def refused(tmp_path):
    """Reads bytes and returns the WeightsError's text, which must match; anything else fails the test."""

    def check(data, match=None):
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(WeightsError, match=match) as caught:
            read(tmp_path / "file")
        return str(caught.value)

    return check


# -- truncation and flipped bits


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "deep_compression"])
def test_cut_short_at_every_position(tmp_path, kind):
    """Whatever is read from a part of the file is a part of the weights: protocol buffers cannot tell that
    later layers are missing.
    """
    data, expected = FORMATS[kind][0]
    path, read_as_whole = tmp_path / "file", []
    path.write_bytes(data)
    for length in range(len(data) - 1, 0, -1):
        os.truncate(path, length)
        try:
            ours = read(path)
        except WeightsError:
            continue
        assert set(ours) <= set(expected)
        assert all(np.array_equal(ours[name], expected[name]) for name in ours)
        read_as_whole.append(length)
    if kind not in ("caffe", "onnx_weights"):
        assert not read_as_whole


def test_deep_compression_cut_short(tmp_path):
    data, _ = FORMATS["deep_compression"][0]
    for length in [*range(1, 200), *range(200, len(data), 97), len(data) - 1]:
        (tmp_path / "file").write_bytes(data[:length])
        with pytest.raises(WeightsError):
            read(tmp_path / "file")


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "deep_compression"])
def test_every_byte_flipped(tmp_path, kind):
    data, _ = FORMATS[kind][0]
    (tmp_path / "file").write_bytes(data)
    refusals = 0
    with open(tmp_path / "file", "r+b", buffering=0) as file:
        for at, byte in enumerate(data):
            for flipped in (byte ^ 0xFF, byte ^ 1 << at % 8, byte):  # the last one puts it right again
                file.seek(at)
                file.write(bytes([flipped]))
                try:
                    arrays = read(tmp_path / "file")
                except WeightsError:
                    assert flipped != byte
                    refusals += 1
                    continue
                assert sum(a.nbytes for a in arrays.values()) <= 2 * len(data)
    assert refusals > 50


# -- pickles that want to run something


class Evil:
    def __init__(self, function, *args):
        self.reduced = function, args

    def __reduce__(self):
        return self.reduced


def test_hostile_globals_are_refused_and_never_called(refused, tmp_path):
    trace = tmp_path / "ran"
    for protocol in range(6):
        for function, argument in [
            (os.system, f"touch {trace}"),
            (builtins.exec, f"open({str(trace)!r}, 'w')"),
            (subprocess.run, ["touch", str(trace)]),
            (builtins.eval, f"open({str(trace)!r}, 'w')"),
        ]:
            refused(
                pickle.dumps({"W": np.zeros(2), "x": Evil(function, argument)}, protocol),
                "attack. Nothing was run",
            )
    touch = s.name("posix.system") + s.tuple_of(s.text(f"touch {trace}")) + b"R"
    for data in (s.torch_zip(body=touch), s.torch_legacy(body=touch), s.pickled(touch)):
        refused(data, "posix.system")
    assert not trace.exists()


def test_unknown_calls_stay_inert(tmp_path):
    """A call that means nothing to the reader is kept as a record: pathlib is neither imported nor touched,
    and the weights are read.
    """
    trace = tmp_path / "ran"
    touch = s.call("pathlib.Path.touch", s.call("pathlib.Path", s.text(str(trace))))
    body = s.dict_of(
        {
            "conv.weight": s.tensor(s.persistent_storage("0", 18), (2, 1, 3, 3)),
            "x": touch,
            "y": s.name("builtins.getattr") + s.tuple_of(touch, s.text("touch")) + b"R)R",
        }
    )
    (tmp_path / "file").write_bytes(s.torch_zip(body=body))
    assert list(read(tmp_path / "file")) == ["conv.weight"]
    assert not trace.exists()


def test_old_ways_of_calling(refused):
    refused(b"(dp0\nS'a'\n(S'id'\nios\nsystem\ns.", "os.system")  # INST
    refused(b"\x80\x02}X\x01\x00\x00\x00a(cos\nsystem\nX\x02\x00\x00\x00idos.", "os.system")  # OBJ
    refused(b"\x80\x04}(\x8c\x01a\x8c\x05posix\x8c\x06system\x93)Ru.", "posix.system")  # STACK_GLOBAL
    refused(b"\x80\x02}(X\x01\x00\x00\x00a\x82\x01u.", "extension codes")


def test_arrays_of_python_objects_are_refused(refused):
    objects = np.array([{}, []], object)
    for protocol in range(6):
        refused(pickle.dumps({"a": objects}, protocol), "Python objects")
    refused(s.npz({"a": objects}), "Python objects")


# -- pickles that want memory or time


def test_pickle_bombs(refused, monkeypatch):
    monkeypatch.setattr(pickles, "MOST_STEPS", 200_000)  # a tenth of the limits: a tenth of the time
    monkeypatch.setattr(checkpoints, "MOST_PARTS", 100_000)
    laughs = b"]q\x00" + b"".join(
        b"](" + b"h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(90)
    )
    refused(s.pickled(laughs), "parts")  # 2^90 lists, all of them shared
    refused(s.pickled(b"]q\x00h\x00a"), "nested")  # a list that contains itself
    wide = b"](" + b"K\x01" * 10_000 + b"eq\x00" + b"]q\x01(" + b"h\x00" * 10_000 + b"e"
    refused(s.pickled(wide), "parts")  # a long list, 10,000 times
    pairs = (
        s.name("collections.OrderedDict")
        + b"q\x00"
        + b"]("
        + b"X\x01\0\0\0aN\x86" * 5_000
        + b"eq\x01"
        + b"h\x00h\x01\x85R" * 5_000
    )
    refused(s.pickled(pairs), "steps")  # a long argument, 5,000 times
    laughs = b"Nq\0" + b"".join(
        b"(h" + bytes([i]) + b"h" + bytes([i]) + b"tq" + bytes([i + 1]) for i in range(90)
    )
    named = s.dict_of(
        {"_parameters": b"}" + laughs + s.pickled(b"]")[2:-1] + b"s", "_modules": b"}", "_buffers": b"}"}
    )
    refused(
        s.pickled(s.name("torch.nn.Module") + b")\x81" + named + b"b"), "no arrays|damaged"
    )  # a name whose text would be endless
    refused(s.pickled(b"c" + b"a" * 2000 + b"\nb\n"), "sensible length")
    refused(s.pickled(b"F" + b"1" * 100_000 + b"\n"), "digits")
    refused(s.pickled(b"(" + b"]" * 300_000 + b"t"), "steps")
    refused(s.pickled(b"(" * 100_000), "damaged")
    refused(s.pickled(b"}" + b"\x85" * 100_000), "nested")  # nested 100,000 deep
    refused(s.pickled(b"\x8e" + struct.pack("<Q", HUGE)), "cut short")
    refused(s.pickled(b"\x8b" + struct.pack("<i", 2**30)), "integer")
    refused(s.pickled(b"I" + b"9" * 100_000 + b"\n"), "integer")
    refused(s.pickled(b"}q\x00(" + s.text("a") * 2 + b"u" + b"h\xffp"), "damaged")


def test_integers_that_share_a_hash_do_not_slow_the_reader(refused):
    prime = 2**61 - 1
    items = b"".join(b"\x8a\x0b" + (i * prime).to_bytes(11, "little") + b"N" for i in range(1, 50_000))
    refused(s.pickled(b"}(" + items + b"u"), "no arrays")
    tuples = b"Nq\x00" + b"h\x00h\x00\x86q\x00" * 90  # a tuple whose hash would take 2^90 steps
    refused(s.pickled(b"}" + tuples + b"Ns"), "damaged|no arrays")


def test_one_block_of_bytes_given_to_many_arrays(refused):
    array = s.call("numpy.core.multiarray._reconstruct", s.name("numpy.ndarray"), s.numbers([0]), s.text("b"))
    dtype = (
        s.call("numpy.dtype", s.text("f2"))
        + s.tuple_of(s.number(3), s.text("<"), *[b"N"] * 3, s.numbers([-1]), b"N", b"N")
        + b"b"
    )
    raw = b"B" + struct.pack("<I", 8000) + bytes(8000)
    first, again = (
        array + s.tuple_of(s.number(1), s.numbers([4000]), b"j\1\0\0\0", b"\x89", data) + b"b"
        for data in (raw + b"r\2\0\0\0", b"j\2\0\0\0")
    )
    body = dtype + b"r\1\0\0\0" + b"0" + s.dict_of({"a": first, **{f"b{i}": again for i in range(500)}})
    refused(s.pickled(body), "overlap")


# -- shapes, offsets and storages that are not what they say


@pytest.mark.parametrize(
    "shape, strides, offset",
    [
        ((HUGE,), (1,), 0),
        ((2**31, 2**31), (2**31, 1), 0),
        ((-3,), (1,), 0),
        ((3,), (-1,), 2),
        ((3,), (1,), -1),
        ((3,), (1,), HUGE),
        ((3,), (HUGE,), 0),
        ((19,), (1,), 0),
        ((18,), (2,), 0),
        ((1000,), (0,), 0),
        ((1,) * 40, (1,) * 40, 0),
        ((3, 3), (1,), 0),
    ],
)
def test_tensors_that_leave_their_storage(refused, shape, strides, offset):
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 18), shape, strides, offset)})
    refused(s.torch_zip(body=body, storages={"0": bytes(72)}))
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 18, view=b"N"), shape, strides, offset)})
    refused(s.torch_legacy(body=body, storages={"0": (18, bytes(72))}))


@pytest.mark.parametrize("numel", [19, HUGE, -1])
def test_storages_longer_than_the_file(refused, numel):
    refused(
        s.torch_zip(
            body=s.dict_of({"a": s.tensor(s.persistent_storage("0", numel), (2,))}), storages={"0": bytes(72)}
        ),
        "storage",
    )
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", numel, view=b"N"), (2,))})
    refused(s.torch_legacy(body=body, storages={"0": (numel, bytes(72))}), "storage")
    refused(s.torch_legacy(body=body, storages={"0": (18, bytes(72))}), "storage")


def test_storages_that_are_missing_or_named_strangely(refused):
    for key in ("1", "../data.pkl", "/etc/passwd", "0\0", ""):
        refused(
            s.torch_zip(
                body=s.dict_of({"a": s.tensor(s.persistent_storage(key, 2), (2,))}), storages={"0": bytes(8)}
            ),
            "storage",
        )
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 2, "QInt8Storage"), (2,))})
    refused(s.torch_zip(body=body, storages={"0": bytes(8)}), "QInt8")
    view = s.tuple_of(s.text("v"), s.number(-1), s.number(2))
    body = s.dict_of({"a": s.tensor(s.persistent_storage("0", 2, view=view), (2,))})
    refused(s.torch_legacy(body=body, storages={"0": (2, bytes(8))}), "view")


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"shape": [HUGE]}, "no file holds"),
        ({"data_offsets": [0, 12]}, "needs"),
        ({"data_offsets": [-8, 0]}, "range"),
        ({"data_offsets": [0, HUGE]}, "needs"),
        ({"shape": [-2, -1]}, "size"),
        ({"dtype": "O"}, "know"),
        ({"shape": [2.0]}, "size"),
        ({"shape": None}, "no shape or no"),
        ({"data_offsets": 3}, "no shape or no"),
        (3, "no shape or no"),
        ({"data_offsets": [0, 8, 8]}, "range"),
        ({"dtype": ["F32"]}, "know"),
        ({"shape": [True, 2]}, "size"),
    ],
)
def test_safetensors_headers_that_lie(refused, entry, message):
    if isinstance(entry, dict):
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | entry
    refused(s.safetensors(header={"a": entry}, data=bytes(8)), message)


def test_safetensors_headers_that_overlap_or_leave_holes(refused):
    first, second = ({"dtype": "F32", "shape": [2], "data_offsets": [at, at + 8]} for at in (0, 4))
    refused(s.safetensors(header={"a": first, "b": second}, data=bytes(12)), "overlap")
    refused(s.safetensors(header={"a": second}, data=bytes(12)), "hole")
    refused(s.safetensors(header={"a": first}, data=bytes(12)), "cut short")
    refused(struct.pack("<Q", 10**8 + 1) + b"{" + bytes(20), "at most")
    refused(struct.pack("<Q", 60_000) + b'{"a":' + b"[" * 59_995, "JSON")
    refused(struct.pack("<Q", 18) + b'{"a":' + b"1" * 12 + b"}", "no shape")


@pytest.mark.parametrize(
    "header, message",
    [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }", "no file holds"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "no plain array"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "needs 12 bytes; 8"),
        ("{'descr': '<f9', 'fortran_order': True, 'shape': (2,)}", "f9"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 60 + " ), }", "shape that is none"),
        ("{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }", "float128"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects"),
        ("__import__('os').system('id')", "no plain array"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "no plain array"),
        ("-" * 5000, "no plain array"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "0," * 50 + "), }", "dimensions"),
    ],
)
def test_numpy_headers_that_lie(refused, header, message):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(8)
    refused(data, message)
    refused(s.zipped({"a.npy": data}), message)
    refused(s.zipped({"a.npy": data}, zipfile.ZIP_DEFLATED), message)


def test_protocol_buffers_that_lie(refused, monkeypatch):
    monkeypatch.setattr(protobuf, "MOST_FIELDS", 100_000)
    a = np.arange(4, dtype=np.float32)

    def tensor(dims, **extra):
        return (
            b"".join(s.integer(1, n) for n in dims)
            + s.integer(2, extra.get("kind", 1))
            + s.block(8, "a")
            + s.block(9, a.tobytes())
        )

    for dims in [(HUGE,), (-4,), (5,), (2**32, 2**32), (1,) * 40]:
        refused(s.onnx(tensors=[tensor(dims)]))
    refused(s.onnx(tensors=[tensor((4,), kind=8)]), "data type 8")
    refused(s.onnx(tensors=[tensor((4,)), tensor((4,))]), "two called")
    refused(
        s.onnx(tensors=[s.integer(1, 4) + s.integer(2, 1) + s.block(8, "a") + s.block(4, a.tobytes()[:15])]),
        "no multiple",
    )
    refused(s.integer(1, 8) + b"\x3a" + s.varint(HUGE) + bytes(20), "cut short")
    refused(s.integer(1, 8) + s.block(7, b"\xff" * 30), "64 bits")
    refused(s.integer(1, 8) + s.block(7, b"\x0b" * 30), "wire type 3")
    refused(s.integer(1, 8) + s.integer(9, 0) * 110_000, "fields")
    blob = s.caffe_blob(a)
    for bad in (
        blob.replace(b"\x0a\x01\x04", b"\x0a\x01\x05"),
        s.block(7, s.block(1, s.varint(HUGE))) + s.block(5, a.tobytes()),
        s.block(7, s.block(1, s.varint(-1))) + s.block(5, a.tobytes()),
    ):
        refused(s.block(1, "net") + s.block(100, s.block(1, "fc") + s.block(7, bad)), "fc.0")
    layer = s.block(100, s.block(1, "fc") + s.block(7, blob))
    refused(s.block(1, "net") + layer + layer, "two layers")


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../secret", "a/../../secret", "link", "", "\0", "..\\secret", "nowhere"]
)
def test_onnx_external_data_stays_beside_the_model(refused, tmp_path, location):
    (tmp_path.parent / "secret").write_bytes(bytes(64))
    (tmp_path / "link").symlink_to(tmp_path.parent / "secret")
    entry = s.block(13, s.block(1, "location") + s.block(2, location))
    tensor = s.integer(1, 2) + s.integer(2, 1) + s.block(8, "a") + s.integer(14, 1) + entry
    refused(s.onnx(tensors=[tensor]), "refused|not beside")


@pytest.mark.parametrize("offset", ["-4", "1e3", "99999999999999999999999", "60", "³"])
def test_onnx_external_offsets_stay_inside_the_file(refused, tmp_path, offset):
    (tmp_path / "beside").write_bytes(bytes(64))
    tensor = (
        s.integer(1, 2)
        + s.integer(2, 1)
        + s.block(8, "a")
        + s.integer(14, 1)
        + s.block(13, s.block(1, "location") + s.block(2, "beside"))
        + s.block(13, s.block(1, "offset") + s.block(2, offset))
    )
    refused(s.onnx(tensors=[tensor]), "number|cut short")


# -- zips


def test_zip_bombs_are_refused_before_they_are_inflated(refused):
    header = s.npy(np.zeros(0, np.float32)).replace(b"(0,)", b"(9,)")
    bomb = s.zipped({"a.npy": header + bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    refused(bomb, "needs 36 bytes")  # 1000 to 1 is what deflate can do: small enough
    directory = bomb.rindex(b"PK\x01\x02")
    lying = bomb[: directory + 24] + struct.pack("<I", 2**32 - 2) + bomb[directory + 28 :]
    refused(lying, "impossible")
    many = s.zipped({f"{i}.npy": b"\x93NUMPY" + bytes(60_000_000) for i in range(1)}, zipfile.ZIP_DEFLATED)
    start, record = many.rindex(b"PK\x01\x02"), many.rindex(b"PK\x05\x06")
    entry = many[start:record].replace(b"0.npy", b"%05d")
    copies = b"".join(entry % i for i in range(2000))  # 2000 entries for the same bytes
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 2000, 2000, len(copies), start, 0)
    refused(many[:start] + copies + end, "overlap|limit")


@pytest.mark.parametrize("name", ["/abs.npy", "../up.npy", "a/../../up.npy", "C:\\x.npy", "..\\up.npy"])
def test_member_names_that_lead_out_of_the_zip(refused, name):
    refused(s.zipped({name: s.npy(np.zeros(2))}), "leads out")
    refused(s.zipped({"archive/data.pkl": s.pickled(b"}"), name: b"x"}), "leads out")


def test_zip_entries_that_lie(refused, tmp_path):
    good = s.npz({"a": np.arange(4.0)})
    at = good.rindex(b"PK\x01\x02")
    lies = [
        (10, "<H", 12),
        (8, "<H", 1),
        (42, "<I", 5),
        (42, "<I", 2**31),
        (20, "<I", 9),
        (24, "<I", 9),
        (28, "<H", 60_000),
    ]
    for place, form, value in lies:
        refused(good[: at + place] + struct.pack(form, value) + good[at + place + struct.calcsize(form) :])
    deflated = s.npz({"a": np.arange(4.0)}, compressed=True)
    at = deflated.rindex(b"PK\x01\x02")
    refused(deflated[: at + 16] + struct.pack("<I", zlib.crc32(b"other")) + deflated[at + 20 :], "checksum")
    twice = s.zipped({"a.npy": s.npy(np.zeros(2)), "b.npy": s.npy(np.zeros(2))})
    refused(twice.replace(b"b.npy", b"a.npy"), "two members")


# -- HDF5, in its child process


def test_hdf5_truncated_or_flipped(tmp_path):
    pytest.importorskip("h5py")
    data = s.keras_h5()
    for i, length in enumerate(range(9, len(data), len(data) // 5)):
        flipped = bytearray(data)
        flipped[length] ^= 0xFF
        for part in (data[:length], bytes(flipped)):
            (tmp_path / f"file{i}").write_bytes(part)
            try:
                arrays = read(tmp_path / f"file{i}")
            except WeightsError:
                continue
            assert len(arrays) <= 4


def test_hdf5_shapes_and_places_that_lie(refused, tmp_path):
    h5py = pytest.importorskip("h5py")
    (tmp_path / "secret").write_bytes(bytes(64))

    def made(build):
        with h5py.File(tmp_path / "made.h5", "w") as file:
            build(file)
        return (tmp_path / "made.h5").read_bytes()

    refused(made(lambda f: f.create_dataset("a", (HUGE,), "f4", chunks=(1024,))), "declares")
    refused(made(lambda f: f.create_dataset("a", (2**30,), "f4")), "declares|cannot read")
    refused(
        made(lambda f: f.create_dataset("a", (16,), "f4", external=[(str(tmp_path / "secret"), 0, 64)])),
        "another file",
    )
    refused(
        made(lambda f: f.__setitem__("a", h5py.ExternalLink(str(tmp_path / "secret"), "/x"))), "no arrays"
    )
    refused(made(lambda f: f.__setitem__("a", h5py.SoftLink("/a"))), "no arrays")
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret"), "x", (4,))
    refused(made(lambda f: f.create_virtual_dataset("a", layout)), "another file")
    refused(made(lambda f: f.create_dataset("a", data="text")), "no arrays")

    def circle(file):
        group = file.create_group("g")
        group["again"] = file["/"]
        group["w"] = np.zeros(3, np.float32)

    (tmp_path / "circle.h5").write_bytes(made(circle))
    assert list(read(tmp_path / "circle.h5")) == ["g/w"]


def test_hdf5_child_that_is_busy_for_ever_is_stopped(refused, monkeypatch, tmp_path):
    pytest.importorskip("h5py")
    from weights.readers import keras_h5

    (tmp_path / "busy.py").write_text("while True: pass")
    monkeypatch.setattr(keras_h5, "CHILD", str(tmp_path / "busy.py"))
    monkeypatch.setattr(keras_h5, "SECONDS", 1)
    refused(s.keras_h5(), "still busy")
    (tmp_path / "busy.py").write_text("import os; os.abort()")
    refused(s.keras_h5(), "stopped by signal 6")


def test_hdf5_without_h5py_names_the_extra(refused, monkeypatch):
    pytest.importorskip("h5py")
    data = s.keras_h5()
    from weights.readers import keras_h5

    monkeypatch.setattr(keras_h5.importlib.util, "find_spec", lambda name: None)
    refused(data, r"minicnn-gradcam\[keras\]")
