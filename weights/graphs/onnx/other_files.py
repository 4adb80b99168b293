"""A file of another kind where an ONNX graph was expected: what it is, told from its content, and how to make
ONNX of it.
"""

from __future__ import annotations

import os
from pathlib import Path

from weights.errors import WeightsError
from weights.readers import onnx_weights, zip_directory
from weights.readers.detect import format_of
from weights.readers.mapped_file import MappedFile
from weights.readers.no_weights import described
from weights.readers.protobuf import LENGTH, top_level_fields

EXPORT = "torch.onnx.export(model.eval(), x, 'model.onnx')"
TF2ONNX = "python -m tf2onnx.convert"
KINDS = {
    "torchscript": f"a TorchScript file: load it by torch.jit.load, then {EXPORT[:-1]}, dynamo=False)",
    "exported": "a program of torch.export: torch.onnx.export(torch.export.load(FILE), f='model.onnx')",
    "pytorch": f"a PyTorch file, which holds weights and no graph: load them into the model, then {EXPORT}"
    "; or in Python, weights.graphs.torch.from_torch(model, x), which needs no file",
    "keras": "a Keras file: give it with --keras (in Python: weights.graphs.keras)",
    "tflite": f"a TensorFlow Lite model: {TF2ONNX} --tflite FILE --output model.onnx",
    "savedmodel": f"a TensorFlow SavedModel: {TF2ONNX} --saved-model DIR --output model.onnx",
    "graphdef": f"a frozen TensorFlow graph: {TF2ONNX} --graphdef FILE --inputs A:0 --outputs B:0 "
    "--output model.onnx",
    "coreml": "a Core ML model: export ONNX from the model that it was converted from (onnxmltools converts "
    "older ones)",
    "ort": "a model in ONNX Runtime's own format (.ort): give the .onnx file that it was made of",
    "openvino": "an OpenVINO model: export ONNX from the model that it was converted from",
    "executorch": f"an ExecuTorch program: export ONNX from the PyTorch model, {EXPORT}",
    "safetensors": f"a safetensors file, which holds weights and no graph: load them into the model, then "
    f"{EXPORT}",
    "arrays": "a file of NumPy arrays, which holds no graph",
}
MARKS = [  # (first byte, the bytes there, kind)
    (0, b"\x89HDF\r\n\x1a\n", "keras"),
    (4, b"TFL3", "tflite"),
    (4, b"ORTM", "ort"),
    (4, b"ET1", "executorch"),
    (0, b"\x93NUMPY", "arrays"),
    (0, b"\x80\x02\x8a\x0al\xfc\x9cF\xf9", "pytorch"),  # the magic number of files before PyTorch 1.6
]


def refuse_others(path: str | os.PathLike[str]) -> None:
    """Nothing, if the file at `path` may be an ONNX model.  WeightsError: what it is instead, and how to make
    ONNX of it.
    """
    kind, meant = kind_of(path)
    if kind in KINDS:
        raise WeightsError(f"{path}: this is no ONNX model but {meant}")
    if kind != "onnx":
        raise WeightsError(f"{path}: no ONNX model, which was expected: this is {meant}")


def kind_of(path: str | os.PathLike[str], wanted: str = ".onnx") -> tuple[str | None, str]:
    """-> ("onnx", a key of KINDS, or None; in words, what the file at `path` is)

    WeightsError: it is no file, or a folder.
    """
    if os.path.isdir(path):
        kind = _folder(Path(path))
        meant = f"this is {KINDS[kind]}" if kind else f"this is a folder: give the {wanted} file in it"
        raise WeightsError(f"{path}: {meant}")
    if not os.path.exists(path):
        raise WeightsError(f"{path}: there is no such file")
    if not os.path.isfile(path):
        raise WeightsError(f"{path}: this is not an ordinary file")
    with MappedFile(path) as file:
        kind = _kind(file)
        if kind:
            return kind, KINDS[kind]
        return ("onnx", "an ONNX model") if onnx_weights.fits(file) else (None, _found(file))


def _found(file):
    """What else a file is."""
    try:
        return f"a file of weights ({format_of(file).name}), which holds no graph"
    except WeightsError:
        return described(file).removeprefix("this is no file of weights but ")


def _folder(path):
    if (path / "saved_model.pb").exists():
        return "savedmodel"
    return "coreml" if (path / "Data" / "com.apple.CoreML").exists() else None


def _kind(file):
    """A key of KINDS, or None."""
    head = bytes(file.map[:512])
    for start, mark, kind in MARKS:
        if head[start : start + len(mark)] == mark:
            return kind
    if head.lstrip().startswith(b"<?xml") and b"<net " in head:
        return "openvino"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < file.size:
        return "safetensors"
    if zip_directory.is_zip(file):
        return _zip(list(zip_directory.members(file)))
    fields = [(number, wire) for number, wire, _, _ in top_level_fields(file, most=50)]
    if (7, LENGTH) in fields:  # the graph of an ONNX model
        return None
    if any(200 <= number <= 3000 for number, _ in fields):
        return "coreml"
    if fields and all(field == (1, LENGTH) for field in fields[:20]) and b"Placeholder" in head:
        return "graphdef"
    if os.path.basename(os.fspath(file.path)) == "saved_model.pb":
        return "savedmodel"
    return None


def _zip(members):
    ends = {name.rsplit("/", 1)[-1] for name in members}
    if any("/code/" in f"/{name}" for name in members) and "data.pkl" in ends:
        return "torchscript"
    if (
        any(name.endswith("models/model.json") for name in members)
        or "serialized_exported_program.json" in ends
    ):
        return "exported"
    if "data.pkl" in ends:
        return "pytorch"
    if "model.weights.h5" in ends:
        return "keras"
    return "arrays" if members and all(name.endswith(".npy") for name in members) else None
