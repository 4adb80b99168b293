"""Small files, written here by hand, by NumPy, by safetensors, h5py, ONNX and PyTorch: all are read back as
they were.
"""

import io
import pickle
import zipfile

import numpy as np
import pytest

from tests.weights.readers import samples
from weights.errors import WeightsError
from weights.reading import read

HAND_MADE = [(kind, i) for kind, files in samples.all_formats().items() for i in range(len(files))]


@pytest.fixture
def put(tmp_path):
    """Writes bytes into a file whose name says nothing, and returns its path."""

    def write(data, name="file.bin"):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def same(ours, theirs):
    assert list(ours) == list(theirs) and ours
    for name, array in theirs.items():
        assert ours[name].shape == array.shape and ours[name].dtype == array.dtype, name
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
        assert ours[name].flags.aligned and not ours[name].flags.writeable


def mapped(array):
    """Whether an array looks into a mapped file."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return not isinstance(array, np.ndarray)


@pytest.mark.parametrize("kind, i", HAND_MADE)
def test_every_format_made_by_hand(put, kind, i):
    data, expected = samples.all_formats()[kind][i]
    same(read(put(data)), expected)


@pytest.mark.parametrize("kind", ["keras_h5", "keras_zip"])
def test_keras_formats_made_by_h5py(put, kind):
    pytest.importorskip("h5py")
    for data, expected in samples.keras_formats()[kind]:
        ours = read(put(data))
        same({name: ours[name] for name in expected}, expected)
        assert len(ours) == len(expected)  # the optimiser's state is left out


@pytest.mark.parametrize(
    "options", [{"chunks": True, "compression": "gzip"}, {"chunks": True, "shuffle": True}, {}]
)
def test_hdf5_layouts(put, options):
    pytest.importorskip("h5py")
    arrays = {
        "a": np.arange(30_000, dtype=np.float32).reshape(100, 300),
        "b": np.arange(7.0),
        "c": np.arange(6, dtype=np.float16),
    }
    ours = read(put(samples.keras_h5(arrays, **options)))
    same(ours, arrays | {"c": arrays["c"].astype(np.float32)})


def test_keras_zip_may_be_deflated(put):
    pytest.importorskip("h5py")
    arrays = {"a": np.arange(12, dtype=np.float32)}
    same(read(put(samples.keras_zip(arrays, zipfile.ZIP_DEFLATED))), arrays)


def test_keras_3_layers_have_their_own_names(put, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "k.h5", "w") as file:
        for key, name in {"conv2d": "block1_conv1", "conv2d_1": "block1_conv2"}.items():
            variables = file.create_group(f"layers/{key}/vars")
            variables.attrs["name"] = name
            for i in range(11):
                variables[str(i)] = np.full(2, i, np.float32)
        file["optimizer/vars/0"] = np.zeros(3)
    names = list(read(tmp_path / "k.h5"))
    assert names == [
        f"layers/{layer}/vars/{i}" for layer in ("block1_conv1", "block1_conv2") for i in range(11)
    ]


def test_an_aligned_array_is_a_view_of_the_map_and_an_unaligned_one_a_copy(put):
    arrays = {"a": np.arange(6, dtype=np.float32)}
    header = {"a": {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]}}
    for pad in range(4):
        data = samples.safetensors(arrays, header | {"__metadata__": {"pad": "x" * pad}})
        ours = read(put(data, f"{pad}"))["a"]
        assert mapped(ours) == ((len(data) - 24) % 4 == 0) and ours.flags.aligned
        np.testing.assert_array_equal(ours, arrays["a"])
    with pytest.raises(ValueError):
        ours[0] = 1


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_safetensors_header_whose_length_begins_as_a_pickle_does(put, length):
    """640 is 0x280, little-endian 80 02: the first bytes of a pickle of protocol 2; and so on to protocol
    5.
    """
    arrays = {"a": np.arange(6, dtype=np.float32)}
    header = {"a": {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]}}
    bare = len(samples.safetensors(arrays, header | {"__metadata__": {"pad": ""}})) - 24 - 8
    data = samples.safetensors(arrays, header | {"__metadata__": {"pad": "x" * (length - bare)}})
    assert data[:2] in (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5")
    np.testing.assert_array_equal(read(put(data))["a"], arrays["a"])


def test_numpy_types_orders_and_shapes(put):
    arrays = {
        "f": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "big": np.arange(5, dtype=">f8"),
        "i": np.arange(3, dtype=np.int64),
        "none": np.zeros((0, 4), np.float32),
        "scalar": np.array(2.5),
        "bool": np.array([True, False]),
        "c": np.ones(2, np.complex64),
    }
    expected = arrays | {"big": arrays["big"].astype("f8")}
    same(read(put(samples.npz(arrays))), expected)
    same(read(put(samples.npz(arrays, compressed=True))), expected)
    for protocol in range(6):
        same(read(put(pickle.dumps(arrays, protocol))), expected)


def test_halves_become_float32(put):
    half = np.array([1, -2.5, 65504, 6e-8, np.inf], np.float16)
    for data in (
        samples.npz({"h": half}),
        samples.npz({"h": half}, True),
        pickle.dumps({"h": half}),
        samples.safetensors({"h": half}, {"h": {"dtype": "F16", "shape": [5], "data_offsets": [0, 10]}}),
    ):
        same(read(put(data)), {"h": half.astype(np.float32)})
    wide = np.array([1, -2.5, 3e38, 1e-40, np.inf], np.float32)
    bits = (wide.view(np.uint32) >> 16).astype(np.uint16)
    data = samples.safetensors({"b": bits}, {"b": {"dtype": "BF16", "shape": [5], "data_offsets": [0, 10]}})
    same(read(put(data)), {"b": (bits.astype(np.uint32) << 16).view(np.float32)})


def test_pickles_of_lists_and_nested_dicts(put):
    a, b = np.arange(3.0), np.arange(4.0)
    value = {"params": {"layers": [{"W": a, "b": b}, {"W": b}]}, "epoch": 3, "name": "net"}
    same(read(put(pickle.dumps(value))), {"layers.0.W": a, "layers.0.b": b, "layers.1.W": b})
    same(read(put(pickle.dumps([a, b]))), {"0": a, "1": b})


def test_python_2_pickles(put):
    """Protocols 0 and 2 as Python 2 wrote them: bytes in quotes, and short and long byte strings."""
    a = np.arange(40, dtype=np.float64)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I40\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR"
        b"(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n%stb"
    )
    quoted = b"S'" + b"".join(b"\\x%02x" % byte for byte in a.tobytes()) + b"'\n"
    long = b"T" + len(a.tobytes()).to_bytes(4, "little") + a.tobytes()
    for data in (quoted, long):
        same(read(put(b"(dp0\nS'a'\np1\n" + array % data + b"s.")), {"a": a})


def test_onnx_other_types_and_external_data(put, tmp_path):
    s = samples
    beside = np.arange(5, dtype=np.float32)
    (tmp_path / "model.data").write_bytes(b"\0" * 8 + beside.tobytes())
    external = (
        s.integer(1, 5)
        + s.integer(2, 1)
        + s.block(8, "x")
        + s.integer(14, 1)
        + s.block(13, s.block(1, "location") + s.block(2, "model.data"))
        + s.block(13, s.block(1, "offset") + s.block(2, "8"))
    )
    numbers = b"".join(map(s.varint, (1, -1, 2**40, -(2**63))))
    ints = s.block(1, s.varint(2) + s.varint(2)) + s.integer(2, 7) + s.block(8, "i") + s.block(7, numbers)
    loose = (
        s.integer(1, 3) + s.integer(2, 7) + s.block(8, "l") + b"".join(s.integer(7, n) for n in (5, -6, 7))
    )
    half = (
        s.integer(1, 2) + s.integer(2, 10) + s.block(8, "h") + s.block(5, s.varint(0x3C00) + s.varint(0xC100))
    )
    double = s.integer(1, 1) + s.integer(2, 11) + s.block(8, "d") + s.block(10, np.array([2.5]).tobytes())
    same(
        read(put(s.onnx(tensors=[external, ints, loose, half, double]))),
        {
            "x": beside,
            "i": np.array([[1, -1], [2**40, -(2**63)]]),
            "l": np.array([5, -6, 7]),
            "h": np.array([1, -2.5], np.float32),
            "d": np.array([2.5]),
        },
    )


def test_caffe_blobs_of_every_kind(put):
    weight, bias = np.arange(8, dtype=np.float32).reshape(2, 4), np.arange(2, dtype=np.float32)
    legacy = {"fc.0": weight.reshape(1, 1, 2, 4), "fc.1": bias.reshape(1, 1, 1, 2)}
    for packed in (True, False):
        same(
            read(put(samples.caffe({"fc.weight": weight, "fc.bias": bias}, legacy=True, packed=packed))),
            legacy,
        )
    same(read(put(samples.caffe({"fc.weight": weight}, double=True))), {"fc.0": weight.astype(np.float64)})


def test_caffe_nets_without_a_name(put):
    s, a = samples, np.arange(3, dtype=np.float32)
    for field, name, blobs in ((2, 4, 6), (100, 1, 7)):
        layers = [
            s.block(field, s.block(name, key) + s.block(blobs, s.caffe_blob(a))) for key in ("conv1", "conv2")
        ]
        same(read(put(b"".join(layers))), {"conv1.0": a, "conv2.0": a})


def test_the_oldest_caffe_layers(put):
    s, a = samples, np.arange(3, dtype=np.float32)
    layer = s.block(2, s.block(1, s.block(1, "conv1") + s.block(50, s.caffe_blob(a, legacy=True))))
    same(read(put(s.block(1, "net") + layer)), {"conv1.0": a.reshape(1, 1, 1, 3)})


def test_caffe_names_that_repeat_are_refused_only_where_they_carry_weights(put):
    s, a = samples, np.arange(3, dtype=np.float32)
    empty = s.block(100, s.block(1, "data"))
    same(
        read(
            put(s.block(1, "net") + empty * 2 + s.block(100, s.block(1, "fc") + s.block(7, s.caffe_blob(a))))
        ),
        {"fc.0": a},
    )


def test_long_fields_of_integers(put):
    s, numbers = samples, np.random.default_rng(0).integers(-(2**62), 2**62, 90_000)
    numbers[::3] >>= 50
    tensor = (
        s.integer(1, len(numbers))
        + s.integer(2, 7)
        + s.block(8, "i")
        + s.block(7, b"".join(map(s.varint, numbers.tolist())))
    )
    same(read(put(s.onnx(tensors=[tensor]))), {"i": numbers})


def test_many_loose_floats_are_read_at_once(put):
    big = np.random.default_rng(0).standard_normal((1000, 700)).astype(np.float32)
    data = samples.caffe(
        {"fc.weight": np.zeros((1, 1), np.float32)}
    )  # its only blob is replaced by one with loose floats
    rows = np.empty((big.size, 5), np.uint8)
    rows[:, 0], rows[:, 1:] = 5 << 3 | 5, big.view(np.uint8).reshape(-1, 4)
    blob = samples.block(7, samples.block(1, samples.varint(1000) + samples.varint(700))) + rows.tobytes()
    data = samples.block(1, "net") + samples.block(100, samples.block(1, "fc") + samples.block(7, blob))
    same(read(put(data)), {"fc.0": big})


def test_module_prefix_goes_only_where_all_names_have_it(put):
    a = np.arange(3, dtype=np.float32)
    same(read(put(samples.torch_zip({"module.w": a, "module.b": a}))), {"w": a, "b": a})
    same(read(put(samples.torch_zip({"module.w": a, "b": a}))), {"module.w": a, "b": a})


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda p: p / "nowhere.pth", "no such file"),
        (lambda p: p, "directory"),
        (lambda p: (p / "e").touch() or p / "e", "empty"),
    ],
)
def test_what_is_no_file_of_weights_is_said_so(tmp_path, make, message):
    with pytest.raises(WeightsError, match=message):
        read(make(tmp_path))


@pytest.mark.parametrize(
    "data, message",
    [
        (b"<!DOCTYPE html><html>Not found</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"hello, world, this is a text\n", "unknown format: first bytes b'hello, world"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b'name: "LeNet"\nlayer {', "prototxt"),
        (b"\0", "unknown format"),
        (b"\nHello, this is a page of text" + b"\nof several lines" * 9, "unknown format"),
        (b"\xff" * 300, "unknown format"),
    ],
)
def test_unknown_formats_say_what_was_found_and_what_is_known(put, data, message):
    with pytest.raises(WeightsError) as caught:
        read(put(data))
    assert message in str(caught.value) and "safetensors" in str(caught.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_one_flipped_bit_of_an_npz_is_noticed(put, save):
    buffer = io.BytesIO()
    save(buffer, a=np.arange(1000, dtype=np.float32))
    data = bytearray(buffer.getvalue())
    data[len(data) // 2] ^= 1
    with pytest.raises(WeightsError, match=r"checksum|inflate"):
        read(put(bytes(data)))


def test_one_flipped_bit_of_a_storage_of_pytorch_is_noticed(put):
    data = bytearray(samples.torch_zip({"w": np.arange(1000, dtype=np.float32)}))
    data[data.index(np.arange(400, 410, dtype=np.float32).tobytes())] ^= 1
    with pytest.raises(WeightsError, match="checksum"):
        read(put(bytes(data)))


def test_pytorch_may_write_a_zip_without_checksums(put):
    a = np.arange(1000, dtype=np.float32)
    data = bytearray(samples.torch_zip({"w": a}))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 16 : at + 20] = bytes(4)
    same(read(put(bytes(data))), {"w": a})


def test_a_zip_of_something_else(put):
    with pytest.raises(WeightsError, match=r"holds letter\.txt"):
        read(put(samples.zipped({"letter.txt": b"hello"})))
