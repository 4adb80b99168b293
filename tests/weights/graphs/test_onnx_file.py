"""An ONNX file, field by field, encoded here by the numbers that onnx.proto gives its fields."""

import struct

import numpy as np
import pytest

from tests.weights.readers.samples import block, integer, varint
from weights import WeightsError
from weights.graphs.onnx.model import Graph, read
from weights.readers import onnx_weights
from weights.reading import read as read_weights


def texts(number, *values):
    return b"".join(block(number, value) for value in values)


def fixed(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def attribute(name, *fields, kind=None):
    return block(5, block(1, name) + b"".join(fields) + (b"" if kind is None else integer(20, kind)))


def node(op, inputs="", outputs="", *attributes, name="", domain=""):
    said = block(3, name) * bool(name) + block(4, op) + block(7, domain) * bool(domain)
    return texts(1, *inputs.split()) + texts(2, *outputs.split()) + said + b"".join(attributes)


def tensor(name, kind, shape, *fields):
    return b"".join(integer(1, n) for n in shape) + integer(2, kind) + block(8, name) + b"".join(fields)


def value(name, kind=None, shape=None):
    """shape: numbers, or texts where they are free."""
    if kind is None:
        return block(1, name)
    dims = b"".join(block(1, integer(1, n) if isinstance(n, int) else block(2, n)) for n in shape or ())
    inner = integer(1, kind) + (b"" if shape is None else block(2, dims))
    return block(1, name) + block(2, block(1, inner))


def graph(nodes, inputs=(), outputs=(), tensors=(), *more):
    return (
        texts(1, *nodes)
        + block(2, "g")
        + texts(5, *tensors)
        + texts(11, *inputs)
        + texts(12, *outputs)
        + b"".join(more)
    )


W = tensor("W", 1, (2, 3), block(9, np.arange(6, dtype="<f4").tobytes()))
X, Y = value("x", 1, (1, 3)), value("y", 1, ("N", 3))


def saved(path, *nodes, inputs=(X,), outputs=(Y,), tensors=(W,), more=b"", inside=b""):
    whole = integer(1, 8) + block(7, graph(nodes, inputs, outputs, tensors, inside)) + more
    path.write_bytes(whole)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.onnx"


def test_the_parts_of_a_model(path):
    inputs = (X, value("W", 1, (2, 3)), value("free", 7, (1, "a", 0, 5)), value("any", 10), value("none"))
    more = (
        block(8, block(1, "ai.onnx.ml") + integer(2, 3))
        + block(8, integer(2, 17))
        + block(14, block(1, "names") + block(2, "['a']"))
        + block(14, block(1, "empty"))
    )
    outputs = (Y, value("label", 7))
    found = read(
        saved(
            path,
            node("MatMul", "x W", "y", name="last"),
            node("ArgMax", "y", "label"),
            inputs=inputs,
            outputs=outputs,
            more=more,
        )
    )
    first, second = found.steps
    assert (first.op, first.name, first.inputs, first.outputs) == ("MatMul", "last", ["x", "W"], ["y"])
    assert (second.name, second.attributes, second.asked, second.was) == ("", {}, {}, "")
    assert found.constants.keys() == {"W"} and found.constants["W"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.inputs == {"x": (1, 3), "free": (1, -1, -1, 5), "any": None, "none": None}
    assert found.outputs == ["y", "label"] and found.opset == 17 and found.metadata == {"names": "['a']"}
    assert found.types == {
        "x": "float32",
        "W": "float32",
        "free": "int64",
        "any": "float16",
        "none": None,
        "y": "float32",
        "label": "int64",
    }
    assert found.stored == {"float32"} and found.source == "ONNX"
    assert read(saved(path, node("Relu", "x", "y"))).opset == 1
    domain = block(8, block(1, "ai.onnx") + integer(2, 11))
    assert read(saved(path, node("Relu", "x", "y"), more=domain)).opset == 11


ARRAY = tensor("", 7, (2,), block(7, varint(5) + varint(-6)))
ATTRIBUTES = {
    "f": ([fixed(2, 0.5)], 1, np.float32(0.5)),
    "i": ([integer(3, -7)], 2, -7),
    "s": ([block(4, "é")], 3, "é"),
    "floats": ([block(7, struct.pack("<2f", 1, 2.5))], 6, [1.0, 2.5]),
    "ints": ([integer(8, 3), integer(8, -1)], 7, [3, -1]),
    "strings": ([texts(9, "a", "")], 8, ["a", ""]),
    "f 0": ([], 1, np.float32(0)),
    "i 0": ([], 2, 0),
    "s 0": ([], 3, ""),
    "ints 0": ([], 7, []),
    "floats 0": ([], 6, []),
    "strings 0": ([], 8, []),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name, path):
    fields, kind, expected = ATTRIBUTES[name]
    for said in (kind, None) if fields else (kind,):
        made = saved(path, node("Relu", "x", "y", attribute("a", *fields, kind=said)))
        (found,) = [step.attributes["a"] for step in read(made).steps]
        assert found == expected and type(found) is type(expected)


def test_attributes_that_hold_arrays_and_graphs(path):
    for said in (4, None):
        made = read(saved(path, node("Relu", "x", "y", attribute("a", block(5, ARRAY), kind=said))))
        assert made.steps[0].attributes["a"].tolist() == [5, -6]
    inner = graph([node("Neg", "x", "o")], (), (value("o"),), [tensor("k", 1, (), fixed(4, 2))])
    step = read(saved(path, node("If", "x", "y", attribute("then_branch", block(6, inner), kind=5)))).steps[0]
    (branch,) = step.branches()
    assert isinstance(branch, Graph) and branch.outputs == ["o"] and branch.constants["k"] == 2
    assert [(s.op, s.inputs) for s in branch.steps] == [("Neg", ["x"])]
    for kind, said in (
        (4, "an array or a graph, and is empty"),
        (5, "an array or a graph, and is empty"),
        (10, "holds graphs or types"),
    ):
        with pytest.raises(WeightsError, match=f"attribute 'a' .*{said}"):
            read(saved(path, node("Relu", "x", "y", attribute("a", kind=kind))))


def test_domains_and_functions(path):
    steps = read(
        saved(path, node("Relu", "x", "h", domain="ai.onnx"), node("Relu", "h", "y", domain="mine"))
    ).steps
    assert [s.op for s in steps] == ["Relu", "mine.Relu"]
    asked = block(5, block(1, "alpha") + block(21, "gain") + integer(20, 1))
    default = block(11, block(1, "gain") + fixed(2, 0.25) + integer(20, 1))
    function = (
        block(1, "F")
        + texts(4, "a")
        + texts(5, "o")
        + texts(6, "other")
        + block(7, node("Elu", "a", "o", asked, name="inner"))
        + block(10, "mine")
        + default
    )
    made = saved(path, node("F", "x", "y", name="call", domain="mine"), more=block(25, function))
    (step,) = read(made).steps
    assert (step.op, step.name, step.inputs, step.attributes) == (
        "Elu",
        "call",
        ["x"],
        {"alpha": np.float32(0.25)},
    )


def test_what_is_no_model(path):
    relu = node("Relu", "x", "y")
    for whole in (
        integer(1, 8),
        integer(1, 8) + block(7, graph([], (X,), (Y,))),
        integer(1, 8) + block(7, graph([relu], (X,))),
    ):
        path.write_bytes(whole)
        with pytest.raises(WeightsError, match="it holds no graph"):
            read(path)
    with pytest.raises(WeightsError, match="sparse weights"):
        read(saved(path, relu, inside=block(15, b"")))
    for tensors in ((W, W), (tensor("", 1, (), fixed(4, 2)),)):
        with pytest.raises(WeightsError, match="an initializer without a name, or two called"):
            read(saved(path, relu, tensors=tensors))


FILLED = {  # type: (its number, the field of its numbers, what stands there, the array)
    "float32": (1, 4, struct.pack("<2f", 1, -2.5), [1, -2.5]),
    "uint8": (2, 5, varint(200) + varint(1), [200, 1]),
    "int8": (3, 5, varint(-3) + varint(1), [-3, 1]),
    "uint16": (4, 5, varint(65535) + varint(1), [65535, 1]),
    "int16": (5, 5, varint(-300) + varint(1), [-300, 1]),
    "int32": (6, 5, varint(-70000) + varint(1), [-70000, 1]),
    "int64": (7, 7, varint(-(2**40)) + varint(1), [-(2**40), 1]),
    "bool": (9, 5, varint(1) + varint(0), [True, False]),
    "float16": (10, 5, varint(0x3E00) + varint(0xC000), [1.5, -2]),
    "float64": (11, 10, struct.pack("<2d", 0.1, 2), [0.1, 2]),
    "uint32": (12, 11, varint(2**31) + varint(1), [2**31, 1]),
    "uint64": (13, 11, varint(2**63) + varint(1), [2**63, 1]),
    "complex64": (14, 4, struct.pack("<4f", 1, 2, 3, 4), [1 + 2j, 3 + 4j]),
    "complex128": (15, 10, struct.pack("<4d", 1, 2, 3, 4), [1 + 2j, 3 + 4j]),
    "bfloat16": (16, 5, varint(0x3FC0) + varint(0xC000), [1.5, -2]),
}


@pytest.mark.parametrize("name", FILLED)
def test_numbers_of_every_type(name, path):
    kind, field, filled, expected = FILLED[name]
    assert onnx_weights.TYPES[kind] == name and len(onnx_weights.TYPES) == len(FILLED)
    relu = node("Relu", "x", "y")
    found = read(saved(path, relu, tensors=(tensor("a", kind, (2, 1), block(field, filled)),)))
    a = found.constants["a"]
    assert a.shape == (2, 1) and a.ravel().tolist() == expected and found.stored == {name}
    assert a.dtype == ("float32" if name in ("float16", "bfloat16") else name)
    with pytest.raises(WeightsError, match=f"type {name} does not fit the . numbers it holds"):
        read(saved(path, relu, tensors=(tensor("a", kind, (3, 1), block(field, filled)),)))
    if name not in ("bfloat16", "float16"):
        raw = np.array(expected, np.dtype(name).newbyteorder("<")).tobytes()
        found = read(saved(path, relu, tensors=(tensor("a", kind, (2,), block(9, raw)),))).constants["a"]
        assert found.tolist() == expected
        with pytest.raises(WeightsError, match=f"needs {len(raw)} bytes"):
            read(saved(path, relu, tensors=(tensor("a", kind, (2,), block(9, raw + b"\0")),)))
    with pytest.raises(WeightsError, match="has ONNX's data type 8"):
        read(saved(path, relu, tensors=(tensor("a", 8, (1,), block(6, "x")),)))


def test_arrays_in_files_beside(path):
    (path.parent / "w.bin").write_bytes(np.arange(8, dtype="<f4").tobytes())

    def beside(name="a", **said):
        entries = b"".join(block(13, block(1, k) + block(2, str(v))) for k, v in said.items())
        return tensor(name, 1, (2,), entries, integer(14, 1))

    def of(*tensors):
        return read_weights(saved(path, node("Relu", "x", "y"), tensors=tensors))

    where = {"location": "w.bin"}
    assert of(beside(**where))["a"].tolist() == [0, 1]
    assert of(beside(**where, offset=12, length=8))["a"].tolist() == [3, 4]
    assert of(beside(**where, offset=24), beside("b", **where))["a"].tolist() == [6, 7]
    for said, words in (
        ({"length": 7}, "needs 8 bytes; its external data has 7"),
        ({"offset": 28}, "w.bin"),
        ({"offset": -1}, "an external offset or length that is no number"),
        ({"offset": "1" * 20}, "is no number"),
        ({"offset": "²"}, "is no number"),
        ({"location": "v.bin"}, "is not beside the model"),
        ({"location": "../w.bin"}, "leads out"),
        ({"location": "a\\..\\w.bin"}, "leads out"),
        ({"location": ""}, "leads out"),
        ({"location": str(path.parent / "w.bin")}, "leads out"),
    ):
        with pytest.raises(WeightsError, match=words):
            of(beside(**where | said))
    four = [beside(name, **where) for name in "abcd"]
    assert len(of(*four)) == 4
    with pytest.raises(WeightsError, match="add up to more bytes than that file has"):
        of(*four, beside("e", **where))
    (path.parent / "empty").touch()
    with pytest.raises(WeightsError, match="is not beside the model"):
        of(beside(location="empty"))


def test_constants_of_floats_are_weights(path):
    def constant(name, array, op="Constant", said="value"):
        return node(op, "", name, attribute(said, block(5, array), kind=4))

    two = tensor("", 1, (2,), block(9, struct.pack("<2f", 7, 8)))
    relu = node("Relu", "x", "y")
    found = read_weights(
        saved(
            path,
            constant("c", two),
            constant("n", ARRAY),
            constant("one", tensor("", 1, (), fixed(4, 2))),
            constant("r", two, op="Odd"),
            constant("q", two, said="other"),
            relu,
        )
    )
    assert {name: a.tolist() for name, a in found.items()} == {"W": [[0, 1, 2], [3, 4, 5]], "c": [7, 8]}
    for name in ("", "W"):
        with pytest.raises(WeightsError, match="a Constant without a name, or two called"):
            read_weights(saved(path, constant(name, two), relu))
