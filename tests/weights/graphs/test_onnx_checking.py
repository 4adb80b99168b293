"""ONNX graphs that cannot be: each is one sentence, and none takes more memory than a network of its size."""

import random
import tracemalloc

import numpy as np
import pytest

from minicnn import Error
from weights import WeightsError
from weights.graphs.onnx import describe, load

onnx = pytest.importorskip("onnx", reason="ONNX's own package is not installed")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tests.weights.graphs import onnx_fuzz, onnx_kinds  # noqa: E402
from weights.graphs.onnx.bounds import LEAST  # noqa: E402

NODE = helper.make_node
BODY = helper.make_graph(  # of a loop: its values are its own inputs
    [NODE("Relu", ["s"], ["t"]), NODE("Identity", ["go"], ["on"])],
    "body",
    [helper.make_tensor_value_info(name, kind, []) for name, kind in (("n", 7), ("go", 9), ("s", 1))],
    [helper.make_tensor_value_info(name, kind, []) for name, kind in (("on", 9), ("t", 1))],
)
FAULTS = {
    "undefined value": (
        [NODE("Conv", ["nowhere", "W"], ["y"])],
        "takes 'nowhere', which nothing in the graph computes",
    ),
    "undefined output": ([NODE("Conv", ["x", "W"], ["z"])], "output 'y' is computed by no node"),
    "cycle": (
        [NODE("Add", ["x", "b"], ["a"]), NODE("Relu", ["a"], ["b"]), NODE("Conv", ["b", "W"], ["y"])],
        "has a cycle",
    ),
    "itself": ([NODE("Add", ["x", "y"], ["y"])], "has a cycle"),
    "order": ([NODE("Relu", ["a"], ["y"]), NODE("Conv", ["x", "W"], ["a"])], "which is computed only later"),
    "no outputs": ([NODE("Conv", ["x", "W"], ["y"]), NODE("Relu", ["y"], [])], "has no outputs"),
    "twice": (
        [NODE("Conv", ["x", "W"], ["y"]), NODE("Relu", ["x"], ["y"])],
        "computes 'y', which there is already",
    ),
    "constant": ([NODE("Relu", ["W"], ["y"])], "does not depend on its input"),
    "input itself": ([NODE("Relu", ["x"], ["z"])], "is computed by no node"),
    "stride 0": (
        [NODE("Conv", ["x", "W"], ["y"], strides=[0, 0])],
        "has strides .0, 0., which must be 1 or more",
    ),
    "dilation": (
        [NODE("Conv", ["x", "W"], ["y"], dilations=[-1, 1])],
        "dilations .-1, 1., which must be 1 or more",
    ),
    "kind": ([NODE("Conv", ["x", "W"], ["y"], strides="x")], "has strides x, which must be whole numbers"),
    "axis twice": ([NODE("Conv", ["x", "W"], ["z"]), NODE("Unsqueeze", ["z", "p"], ["y"])], "named twice"),
    "epsilon": (
        [NODE("BatchNormalization", ["x", "g", "g", "g", "g"], ["y"], epsilon=-1.0)],
        "epsilon of -1.0",
    ),
    "windows": (
        [NODE("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[1, 2, 3])],
        "does not fit a signal with 4",
    ),
    "surplus": ([NODE("Relu", ["x", "W"], ["y"])], "has 2 inputs, and takes at most 1"),
    "missing": ([NODE("Conv", ["x"], ["y"])], "lacks its input or attribute 'W'"),
    "twice said": ([NODE("Pad", ["x", "p"], ["y"], pads=[0] * 8)], "has its 'pads' twice"),
    "parts": ([NODE("Split", ["x"], ["y", "z"], num_outputs=2**40)], "2 outputs, and is to split into"),
    "no inputs": ([NODE("Concat", [], ["y"], axis=1)], "has no inputs|does not depend"),
    "rank": ([NODE("Conv", ["x", "g"], ["y"])], "Conv"),
    "loop": (
        [NODE("Loop", ["", "", "x"], ["y"], body=BODY)],
        r"an operator that is not known here \(how often\): Loop \(1\)$",
    ),
    "unknown": (
        [NODE("Loop", ["x"], ["a"]), NODE("Odd", ["a"], ["b"]), NODE("Odd", ["b"], ["y"])],
        r"\(how often\): Odd \(2\), Loop \(1\)$",
    ),
}


def saved(path, nodes, inputs=(("x", (1, 3, 16, 16)),), outputs=("y",), weights=None):
    arrays = {"W": np.ones((4, 3, 3, 3), "f4"), "g": np.ones(3, "f4"), "p": np.zeros(8, "i8")} | (
        weights or {}
    )
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [info(n, TensorProto.FLOAT, s) for n, s in inputs],
        [info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(a, n) for n, a in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence(fault, tmp_path):
    nodes, said = FAULTS[fault]
    path = saved(tmp_path / "net.onnx", nodes)
    with pytest.raises(Error, match=said) as error:
        load(path)(np.zeros((1, 3, 16, 16), np.float32))
    assert "\n" not in str(error.value)


def test_a_graph_without_an_input(tmp_path):
    path = saved(tmp_path / "net.onnx", [NODE("Conv", ["W", "W"], ["y"])], inputs=())
    with pytest.raises(WeightsError, match="takes no input"):
        load(path)


def test_a_fault_inside_a_branch(tmp_path):
    value = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
    branch = helper.make_graph([NODE("Relu", ["nowhere"], ["o"])], "b", [], [value])
    node = NODE("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    path = saved(tmp_path / "net.onnx", [node], weights={"yes": np.array(True)})
    with pytest.raises(WeightsError, match="'nowhere', which nothing in the graph computes"):
        load(path)


def test_one_number_is_no_order_of_axes(tmp_path):
    nodes = [NODE("Transpose", ["x"], ["z"], perm=3), NODE("Conv", ["z", "W"], ["y"])]
    path = saved(tmp_path / "net.onnx", nodes, inputs=[("x", (1, 16, 16, 3))])
    with pytest.raises(Error, match=r"\(Transpose\) does not fit what arrives at it"):
        describe(load(path), "net")


def test_an_attribute_without_a_name(tmp_path):
    conv = NODE("Conv", ["x", "W"], ["y"], pads=[1, 1, 1, 1])
    conv.attribute[0].ClearField("name")
    with pytest.raises(WeightsError, match="Conv has an attribute '', which is not supported"):
        load(saved(tmp_path / "net.onnx", [conv]))


def test_long_names_are_cut(tmp_path):
    path = saved(tmp_path / "net.onnx", [NODE("Relu", ["n" * 5000], ["y"])])
    with pytest.raises(WeightsError) as error:
        load(path)
    assert len(str(error.value)) < 400


def wide(n):
    return {"wide": np.array(n, "i8")}


AMPLIFIED = {
    "ConstantOfShape": (
        [NODE("ConstantOfShape", ["wide"], ["c"]), NODE("Add", ["x", "c"], ["y"])],
        wide([1, 3, 2**15, 2**15]),
    ),
    "Pad": ([NODE("Pad", ["x", "wide"], ["y"])], wide([0, 0, 2**14, 2**14, 0, 0, 0, 0])),
    "Conv": ([NODE("Conv", ["x", "W"], ["y"], pads=[2**14] * 4)], {}),
    "MaxPool": ([NODE("MaxPool", ["x"], ["y"], kernel_shape=[2**15] * 2, pads=[2**15] * 4)], {}),
    "Add": (
        [NODE("Transpose", ["x"], ["t"], perm=[3, 2, 1, 0]), NODE("Add", ["x", "wide"], ["y"])],
        {"wide": np.zeros((2**20, 1, 1, 1), "f4")},
    ),
    "chain": (
        [
            NODE("Concat", ["x"] * 64, ["a"], axis=1),
            NODE("Concat", ["a"] * 64, ["b"], axis=1),
            NODE("Concat", ["b"] * 64, ["y"], axis=1),
        ],
        {},
    ),
}


@pytest.mark.parametrize("kind", AMPLIFIED)
def test_a_small_file_takes_little_memory(kind, tmp_path):
    nodes, weights = AMPLIFIED[kind]
    path = saved(tmp_path / "net.onnx", nodes, weights=weights)
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match=r"would have|together"):
            load(path)(np.ones((1, 3, 16, 16), np.float32))
        assert tracemalloc.get_traced_memory()[1] < 1.2 * LEAST
    finally:
        tracemalloc.stop()


def test_weights_outside_the_folder_are_refused(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "secret.bin").write_bytes(np.ones(4, "f4").tobytes())
    tensor = TensorProto(name="g", dims=[4], data_type=1, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret.bin")
    path = saved(
        tmp_path / "model" / "net.onnx", [NODE("Mul", ["x", "g2"], ["y"])], weights={"g2": np.ones(1, "f4")}
    )
    model = onnx.load(path)
    model.graph.node[0].input[1] = "g3"
    tensor.name = "g3"
    model.graph.initializer.append(tensor)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="leads out of the model's own directory: refused"):
        load(path)


def test_mutants_give_a_result_or_a_sentence(tmp_path):
    """By command, by the thousand: python -m tests.weights.graphs.onnx_fuzz."""
    found = [onnx_fuzz.outcome(data, tmp_path / "net.onnx") for data in onnx_fuzz.mutants(200, seed=5)]
    assert set(found) == {"explained", "refused"}
    assert found.count("explained") > 10


def test_a_cut_file_is_told(tmp_path):
    data = onnx_kinds.plain().save(tmp_path / "net.onnx").read_bytes()
    for cut in random.Random(0).sample(range(len(data)), 60):
        (tmp_path / "cut.onnx").write_bytes(data[:cut])
        with pytest.raises(Error):
            describe(load(tmp_path / "cut.onnx"), "cut")
            raise WeightsError("what was cut off was not needed")


def test_what_pytorch_saves_is_named(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    model = torch.nn.Conv2d(3, 4, 3).eval()
    torch.save(model.state_dict(), tmp_path / "model.pth")
    torch.jit.trace(model, torch.zeros(1, 3, 8, 8)).save(tmp_path / "model.pt")
    torch.export.save(torch.export.export(model, (torch.zeros(1, 3, 8, 8),)), tmp_path / "model.pt2")
    for name, said in (
        ("pth", "a PyTorch file"),
        ("pt", "a TorchScript file"),
        ("pt2", "a program of torch.export"),
    ):
        with pytest.raises(WeightsError, match=said):
            load(tmp_path / f"model.{name}")


def test_weights_in_constants_are_weights(tmp_path):
    from weights import read

    drawn = onnx_kinds.plain()
    arrays = {t.name: numpy_helper.to_array(t) for t in drawn.weights}
    drawn.nodes = [NODE("Constant", [], [t.name], value=t) for t in drawn.weights] + drawn.nodes
    drawn.weights = []
    found = read(drawn.save(tmp_path / "net.onnx"))
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert {t.shape for t in load(tmp_path / "net.onnx").parameters().values()} == {
        a.shape for a in arrays.values()
    }
