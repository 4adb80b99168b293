"""Which format a file has, told from its content alone."""

import re
import struct

from weights.errors import WeightsError
from weights.readers import deep_compression, zip_directory
from weights.readers.protobuf import top_level_fields

FORMATS = {  # reader's module: what people call the format
    "torch_zip": "PyTorch, zip format",
    "torch_legacy": "PyTorch, legacy format",
    "safetensors": "safetensors",
    "keras_h5": "Keras HDF5",
    "keras_zip": "Keras 3 .keras",
    "caffe": "Caffe .caffemodel",
    "onnx_weights": "ONNX",
    "npz": "NumPy .npz",
    "npy": "NumPy .npy",
    "pickled_arrays": "pickled NumPy arrays",
    "deep_compression": "Deep-Compression SqueezeNet",
}

NOT_WEIGHTS = [  # first bytes: what such a file is, for people who meet one
    (rb"\s*<(!DOCTYPE|html|\?xml)", "a web page: the download was answered by a page, not by the file"),
    (rb"version https://git-lfs", "a Git LFS pointer: the weights themselves were not fetched"),
    (rb"\x1f\x8b", "compressed by gzip: unpack it first"),
    (rb"BZh", "compressed by bzip2: unpack it first"),
    (rb"\xfd7zXZ", "compressed by xz: unpack it first"),
    (
        rb'\s*name: *"',
        "a network described in text (.prototxt?): its weights stand in another file, such as a .caffemodel",
    ),
    (rb"GGUF", "a GGUF file, which these readers do not know"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"#!|import |from |def ", "a program text"),
]

TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the number 0x1950a86a20f9469cfc6c, pickled
PICKLE_0_1 = re.compile(
    rb"\(dp?\d*\n?|\(l|\}q|\}\(|\]q|\]\(|c(numpy|collections|copy_reg|copyreg|__builtin__|builtins|torch)[\w.]*\n"
)


def format_of(file):
    """The name in FORMATS of the reader for this mapped file; WeightsError says what was found if there is none."""
    head = bytes(file.map[:512])
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(file)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "keras_h5"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if TORCH_MAGIC in head[:64]:
        return "torch_legacy"
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickled_arrays"
    if len(head) > 8 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 2**32:
        return "safetensors"
    if PICKLE_0_1.match(head) and b"." in bytes(file.map[-2:]):
        return "pickled_arrays"
    if deep_compression.fits(file):
        return "deep_compression"
    return _protobuf_format(file) or _unknown(head)


def _zip_format(file):
    names = zip_directory.members(file)
    if any(name.split("/")[-1] == "data.pkl" for name in names):
        return "torch_zip"
    if "model.weights.h5" in names:
        return "keras_zip"
    if any(name.endswith(".npy") for name in names):
        return "npz"
    raise WeightsError(
        f"a zip file, but neither PyTorch's (data.pkl), nor Keras's (model.weights.h5), nor NumPy's (.npy); "
        f"it holds {', '.join(list(names)[:5]) or 'nothing'}"
    )


def _protobuf_format(file):
    """ONNX begins with its version (field 1, a number), Caffe with its name (field 1, a text); where those lack, other fields decide."""
    layers = 0
    for number, wire, start, end in top_level_fields(file, most=50):
        if (number, wire) in ((1, 0), (7, 2)):
            return "onnx_weights"
        if (number, wire) in ((100, 2), (4, 0)) or (
            (number, wire) == (1, 2) and _is_name(file.bytes(start, end))
        ):
            return "caffe"
        if (number, wire) not in ((2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (8, 2), (14, 2)):
            return None
        layers += number == 2
    return "caffe" if layers > 1 else None  # ONNX has field 2, the producer's name, only once


def _is_name(raw):
    """Whether bytes are one line of text: a page of text that happens to begin with a line feed is none."""
    try:
        return len(raw) < 1000 and str(raw, "utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _unknown(head):
    known = "; ".join(FORMATS.values())
    for pattern, meaning in NOT_WEIGHTS:
        if re.match(pattern, head):
            raise WeightsError(f"this is no file of weights but {meaning}. Formats read: {known}")
    tar = head[257:262] == b"ustar"
    found = (
        "a tar archive (PyTorch before 0.2 wrote such files; save it again with a newer one)"
        if tar
        else f"first bytes {head[:16]!r}"
    )
    raise WeightsError(f"unknown format: {found}. Formats read: {known}")
