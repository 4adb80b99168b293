"""Small files of every format, made by hand: the readers' tests, and the fuzz run, need no framework for
them.
"""

import io
import json
import pickle
import struct
import zipfile

import numpy as np

from weights.readers.deep_compression import CONVOLUTIONS


def state(seed=0):
    """{name: array} of a tiny network: two weights, two biases."""
    random = np.random.default_rng(seed)
    shapes = {"conv.weight": (2, 1, 3, 3), "conv.bias": (2,), "fc.weight": (3, 2), "fc.bias": (3,)}
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


# -- pickles, assembled opcode by opcode: what PyTorch writes, and what an attacker would


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value):
    return (
        b"J" + struct.pack("<i", value)
        if -(2**31) <= value < 2**31
        else b"\x8a\x09" + value.to_bytes(9, "little", signed=True)
    )


def tuple_of(*parts):
    return b"(" + b"".join(parts) + b"t"


def numbers(values):
    return tuple_of(*map(number, values))


def dict_of(items):
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def name(dotted):
    module, _, attribute = dotted.rpartition(".")
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def call(function, *args):
    return name(function) + tuple_of(*args) + b"R"


def pickled(body):
    return b"\x80\x02" + body + b"."


def persistent_storage(key, numel, kind="FloatStorage", view=b"", location="cuda:0"):
    return (
        tuple_of(text("storage"), name(f"torch.{kind}"), text(key), text(location), number(numel), view)
        + b"Q"
    )


def tensor(storage, shape, strides=None, offset=0):
    if strides is None:
        strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    return call(
        "torch._utils._rebuild_tensor_v2",
        storage,
        number(offset),
        numbers(shape),
        numbers(strides),
        b"\x89",
        call("collections.OrderedDict"),
    )


def state_pickle(arrays, view=b""):
    return dict_of(
        {
            key: tensor(persistent_storage(str(i), a.size, view=view), a.shape)
            for i, (key, a) in enumerate(arrays.items())
        }
    )


def torch_zip(arrays=None, body=None, storages=None, method=zipfile.ZIP_STORED, root="archive/"):
    arrays = state() if arrays is None else arrays
    storages = {str(i): a.tobytes() for i, a in enumerate(arrays.values())} if storages is None else storages
    members = {"data.pkl": pickled(state_pickle(arrays) if body is None else body), "byteorder": b"little"}
    return zipped(
        {
            root + k: v
            for k, v in (
                members | {f"data/{k}": v for k, v in storages.items()} | {"version": b"3\n"}
            ).items()
        },
        method,
    )


def torch_legacy(arrays=None, body=None, storages=None):
    arrays = state() if arrays is None else arrays
    storages = (
        {str(i): (a.size, a.tobytes()) for i, a in enumerate(arrays.values())}
        if storages is None
        else storages
    )
    heads = [
        b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19",
        b"M\xe9\x03",
        dict_of({"protocol_version": b"M\xe9\x03", "little_endian": b"\x88"}),
    ]
    pickles = [
        *heads,
        state_pickle(arrays, view=b"N") if body is None else body,
        b"](" + b"".join(map(text, storages)) + b"e",
    ]
    return b"".join(map(pickled, pickles)) + b"".join(
        struct.pack("<q", count) + data for count, data in storages.values()
    )


# -- the other formats


def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for member, data in members.items():
            file.writestr(zipfile.ZipInfo(member), data, method)
    return out.getvalue()


def npz(arrays=None, compressed=False):
    out = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(out, **(state() if arrays is None else arrays))
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def safetensors(arrays=None, header=None, data=None):
    arrays, at, entries = state() if arrays is None else arrays, 0, {"__metadata__": {"format": "pt"}}
    for key, a in arrays.items():
        entries[key] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    raw = json.dumps(entries if header is None else header).encode()
    return (
        struct.pack("<Q", len(raw))
        + raw
        + (b"".join(a.tobytes() for a in arrays.values()) if data is None else data)
    )


def varint(value):
    value &= 2**64 - 1
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def integer(number, value):
    """A protocol-buffer field that holds an integer."""
    return varint(number << 3) + varint(value)


def block(number, payload):
    """A protocol-buffer field that holds bytes, a text or a message."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def loose_floats(number, array):
    """Floats that are not packed: each behind its tag."""
    return b"".join(varint(number << 3 | 5) + struct.pack("<f", x) for x in array.ravel())


def caffe_blob(array, legacy=False, packed=True, double=False):
    if legacy:
        shape = b"".join(integer(i + 1, n) for i, n in enumerate((1,) * (4 - array.ndim) + array.shape))
    else:
        shape = block(7, block(1, b"".join(map(varint, array.shape))))
    if double:
        return shape + block(8, array.astype("<f8").tobytes())
    return shape + (block(5, array.tobytes()) if packed else loose_floats(5, array))


def caffe(arrays=None, **blob):
    """A net of new layers; with legacy=True of the V1 layers that the published VGG files have."""
    arrays = state() if arrays is None else arrays
    layers = {}
    for key, array in arrays.items():
        layers.setdefault(key.split(".")[0], []).append(caffe_blob(array, **blob))
    field, name_field, blobs_field = (2, 4, 6) if blob.get("legacy") else (100, 1, 7)
    return block(1, "net") + b"".join(
        block(field, block(name_field, key) + b"".join(block(blobs_field, b) for b in blobs))
        for key, blobs in layers.items()
    )


def caffe_norm():
    """A BatchNorm layer, two sums and how many there are of them; and the mean and variance that it stands
    for.
    """
    mean, var = np.float32([[0.5, -1, 2], [1, 4, 0.25]])
    blobs = b"".join(block(7, caffe_blob(np.float32(a))) for a in (mean * 4, var * 4, [4]))
    return block(1, "net") + block(100, block(1, "bn") + block(2, "BatchNorm") + blobs), {
        "bn.0": mean,
        "bn.1": var,
    }


def onnx_tensor(key, array, raw=True):
    dims = b"".join(integer(1, n) for n in array.shape)
    return (
        dims
        + integer(2, 1)
        + (b"" if raw else block(4, array.tobytes()))
        + block(8, key)
        + (block(9, array.tobytes()) if raw else b"")
    )


def onnx(arrays=None, raw=True, tensors=None):
    arrays = state() if arrays is None else arrays
    tensors = [onnx_tensor(key, a, raw) for key, a in arrays.items()] if tensors is None else tensors
    return (
        integer(1, 8)
        + block(7, block(2, "graph") + b"".join(block(5, t) for t in tensors))
        + block(8, integer(2, 13))
    )


def deep_compression(seed=0):
    """The bytes of a file with few kept weights, and the arrays it stands for, decoded by a plain loop."""
    random, counts, parts, expected = np.random.default_rng(seed), [], [], {}
    for key, shape in CONVOLUTIONS:
        n, size = 9, int(np.prod(shape))
        codebook = random.standard_normal(256).astype("<f4")
        codebook[0] = 0
        bias, codes, gaps = (
            random.standard_normal(shape[0]).astype("<f4"),
            random.integers(1, 256, n, np.uint8),
            random.integers(0, 16, n),
        )
        weight, at = np.zeros(size, np.float32), -1
        for code, gap in zip(codes, gaps):
            at += gap + 1
            weight[at] = codebook[code]
        padded = [*gaps, 0]
        packed = bytes(int(padded[i] | padded[i + 1] << 4) for i in range(0, n, 2))
        counts.append(n)
        parts.append(codebook.tobytes() + bias.tobytes() + codes.tobytes() + packed)
        expected[f"{key}.weight"], expected[f"{key}.bias"] = weight.reshape(shape), bias
    return np.array(counts, "<u4").tobytes() + b"".join(parts), expected


def keras_h5(arrays=None, **dataset):
    """A Keras 2 model as h5py writes it (h5py must be installed)."""
    import h5py

    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        root = file.create_group("model_weights")
        for key, array in (state() if arrays is None else arrays).items():
            root.create_dataset(key.replace(".", "/"), data=array, **dataset)
        file.create_group("optimizer_weights").create_dataset("iterations", data=np.zeros(3, np.float32))
    return out.getvalue()


def keras_zip(arrays=None, method=zipfile.ZIP_STORED):
    return zipped(
        {"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": keras_h5(arrays)}, method
    )


def caffe_names(arrays):
    return {key.replace(".weight", ".0").replace(".bias", ".1"): a for key, a in arrays.items()}


def all_formats():
    """{format: [(bytes, {name: array}), ...]} of everything that needs no framework but NumPy."""
    s = state()
    legacy = {key: a.reshape((1,) * (4 - a.ndim) + a.shape) for key, a in caffe_names(s).items()}
    return {
        "torch_zip": [
            (torch_zip(), s),
            (torch_zip(body=dict_of({"state_dict": state_pickle(s), "epoch": number(3)})), s),
        ],
        "torch_legacy": [(torch_legacy(), s)],
        "safetensors": [(safetensors(), s)],
        "npz": [(npz(), s), (npz(compressed=True), s)],
        "npy": [(npy(s["conv.weight"]), {"array": s["conv.weight"]})],
        "pickled_arrays": [(pickle.dumps(s, protocol), s) for protocol in range(6)],
        "caffe": [
            (caffe(), caffe_names(s)),
            (caffe(legacy=True), legacy),
            (caffe(packed=False), caffe_names(s)),
            caffe_norm(),
        ],
        "onnx_weights": [(onnx(), s), (onnx(raw=False), s)],
        "deep_compression": [deep_compression()],
    }


def keras_formats():
    """The same for the formats that need h5py."""
    s = {key.replace(".", "/"): a for key, a in state().items()}
    return {"keras_h5": [(keras_h5(), s)], "keras_zip": [(keras_zip(), s)]}
