"""Files of other kinds where an ONNX graph was expected: each is named, and how to make ONNX of it."""

import struct
import zipfile

import pytest

from tests.weights.readers.samples import block, integer
from weights import WeightsError
from weights.graphs.keras.loading import refuse_others
from weights.graphs.onnx import load
from weights.graphs.onnx.other_files import KINDS, kind_of

OTHERS = {
    "pytorch": (
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M",
        "a PyTorch file, which holds weights and no graph",
    ),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(100), "a Keras file: give it with --keras"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(100), "a TensorFlow Lite model: python -m tf2onnx.convert --tflite"),
    "coreml": (b"\x08\x01\x12\x00\xa2\x1f\x02\x0a\x00" + bytes(0), "a Core ML model"),
    "ort": (b"\x1c\0\0\0ORTM" + bytes(100), "ONNX Runtime's own format"),
    "openvino": (b'<?xml version="1.0"?><net name="n">', "an OpenVINO model"),
    "npy": (b"\x93NUMPY\x01\x00" + bytes(100), "a file of NumPy arrays"),
    "page": (b"<!DOCTYPE html><html>", "a web page"),
    "noise": (bytes(range(200, 256)) * 4, "no ONNX model, which was expected"),
    "empty": (b"", "the file is empty"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_kind_of_file_is_named(kind, tmp_path):
    data, said = OTHERS[kind]
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(WeightsError, match=said):
        load(tmp_path / "model.bin")


def test_zips_and_folders_are_named(tmp_path):
    for members, said in (
        (("m/data.pkl", "m/code/x.py", "m/version"), "a TorchScript file: load it by torch.jit.load"),
        (("m/data.pkl", "m/version"), "a PyTorch file, which holds weights and no graph"),
        (("config.json", "metadata.json", "model.weights.h5"), "a Keras file"),
        (("a.npy", "b.npy"), "a file of NumPy arrays"),
        (("serialized_exported_program.json",), "a program of torch.export"),
    ):
        with zipfile.ZipFile(tmp_path / "model.zip", "w") as file:
            for name in members:
                file.writestr(name, b"x" * 100)
        with pytest.raises(WeightsError, match=said):
            load(tmp_path / "model.zip")
    (tmp_path / "saved").mkdir()
    with pytest.raises(WeightsError, match=r"this is a folder: give the .onnx file in it"):
        load(tmp_path / "saved")
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(
        WeightsError, match=r"a TensorFlow SavedModel: python -m tf2onnx.convert --saved-model"
    ):
        load(tmp_path / "saved")
    with pytest.raises(WeightsError, match="there is no such file"):
        load(tmp_path / "nothing.onnx")


PAGE = b"<?xml version='1.0'?>"
HEADER = b'{"a": 1}'
GRAPH = block(7, b"graph")
BY_CONTENT = {
    "keras": b"\x89HDF\r\n\x1a\n" + bytes(9),
    "tflite": bytes(4) + b"TFL3",
    "ort": bytes(4) + b"ORTM",
    "executorch": bytes(4) + b"ET12",
    "arrays": b"\x93NUMPY\x01",
    "pytorch": b"\x80\x02\x8a\x0al\xfc\x9cF\xf9",
    "openvino": b"\n " + PAGE + b"<net name='n'>",
    "safetensors": struct.pack("<Q", len(HEADER)) + HEADER,
    "coreml": integer(1, 1) + block(200, b"x"),
    "coreml of a later kind": integer(1, 1) + block(3000, b"x"),
    "graphdef": block(1, b"Placeholder") + block(1, b"x"),
    "graphdef of many": block(1, b"Placeholder") + block(1, b"x") * 30 + integer(4, 1),
}
OF_NO_KIND = {
    "another mark's place": b"TFL3" + bytes(9),
    "a page": PAGE + b"<html>",
    "a header longer than the file": struct.pack("<Q", 16) + HEADER,
    "a field beyond": integer(1, 1) + block(3001, b"x"),
    "a field before": integer(1, 1) + block(199, b"x"),
    "no placeholder": block(1, b"x") * 2,
    "another field": block(1, b"Placeholder") + block(4, b"x"),
}


@pytest.mark.parametrize("kind", BY_CONTENT)
def test_what_a_file_is_by_its_content(kind, tmp_path):
    (tmp_path / "file").write_bytes(BY_CONTENT[kind])
    key = kind.split()[0]
    assert kind_of(tmp_path / "file") == (key, KINDS[key])
    (tmp_path / "file").write_bytes(integer(1, 8) + GRAPH + block(200, b"x"))  # the graph comes before all
    assert kind_of(tmp_path / "file") == ("onnx", "an ONNX model")


@pytest.mark.parametrize("what", OF_NO_KIND)
def test_what_is_none_of_these(what, tmp_path):
    (tmp_path / "file").write_bytes(OF_NO_KIND[what])
    assert kind_of(tmp_path / "file")[0] in (None, "onnx")
    (tmp_path / "saved_model.pb").write_bytes(block(1, b"x") + block(2, b"y"))
    assert kind_of(tmp_path / "saved_model.pb")[0] == "savedmodel"


def test_files_that_are_none(tmp_path):
    (tmp_path / "folder" / "Data" / "com.apple.CoreML").mkdir(parents=True)
    for path, said in (
        (tmp_path / "folder", "this is a Core ML model"),
        (tmp_path, "give the .keras file in it"),
        (tmp_path / "none", "there is no such file"),
        ("/dev/null", "this is not an ordinary file"),
    ):
        with pytest.raises(WeightsError, match=said):
            kind_of(path, ".keras")


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        (("code/x.py", "data.pkl"), "torchscript"),
        (("m/code/x.py", "m/data.pkl"), "torchscript"),
        (("m/code/x.py",), None),
        (("m/code", "m/data.pkl"), "pytorch"),
        (("m/models/model.json",), "exported"),
        (("serialized_exported_program.json", "data.pkl"), "exported"),
        (("a/b/data.pkl",), "pytorch"),
        (("model.weights.h5",), "keras"),
        (("a.npy", "b/c.npy"), "arrays"),
        (("a.npy", "b.txt"), None),
        ((), None),
    ],
)
def test_what_a_zip_is_by_its_members(members, kind, tmp_path):
    with zipfile.ZipFile(tmp_path / "file", "w") as file:
        for name in members:
            file.writestr(name, b"x")
    assert kind_of(tmp_path / "file")[0] == kind


def test_what_is_no_file_of_keras(tmp_path):
    (tmp_path / "file").write_bytes(BY_CONTENT["keras"])
    refuse_others(tmp_path / "file")
    for data, said in (
        (integer(1, 8) + GRAPH, "this is no file of Keras but an ONNX model: give it with --onnx"),
        (BY_CONTENT["arrays"], r"this is no file of Keras \(.keras, .h5\) but a file of NumPy arrays"),
        (OF_NO_KIND["another mark's place"], r"this is no file of Keras \(.keras, .h5\) but unknown format"),
    ):
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(WeightsError, match=said):
            refuse_others(tmp_path / "file")
