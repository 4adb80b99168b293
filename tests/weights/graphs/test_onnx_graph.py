"""ONNX graphs: PyTorch's exports against PyTorch, ONNX's node tests, and graphs that cannot be."""

import numpy as np
import pytest

from gradcam.methods.cam import cam_head
from gradcam.methods.grad_cam import grad_cam
from minicnn import Conv, GraphError, ReLU, Tensor, backward, find, history, one_hot
from tests.support.data import DATA
from weights import WeightsError
from weights.graphs.onnx import describe, load

onnx = pytest.importorskip("onnx", reason="ONNX's own package is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402

EXPORTS = {
    "squeezenet1_1": 67,
    "resnet18": 64,
    "resnet50": 64,
    "googlenet": 64,
    "densenet121": 64,
    "mobilenet_v2": 64,
}


def export(model, x, path, opset=13, **options):
    """PyTorch's export of a model, for use."""
    torch.onnx.export(
        model.eval(), torch.from_numpy(x), str(path), dynamo=False, opset_version=opset, **options
    )
    return load(path)


def drawn(model, seed=0):
    """The model with batchnorm's parameters drawn, so that none is neutral."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0), nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1), nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def agrees(found, expected, tolerance):
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found, expected, atol=tolerance * scale)


@pytest.mark.parametrize("name", EXPORTS)
def test_what_torchvision_exports(name, tmp_path):
    models = pytest.importorskip(
        "tests.support.torchvision_models", reason="torchvision is not installed"
    ).models
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(0)
    model = drawn(getattr(models, name)(weights=None, **options)).double().eval()
    side = EXPORTS[name]
    x = np.random.default_rng(0).standard_normal((1, 3, side, side))
    net = export(model, x, tmp_path / "net.onnx")
    tx = torch.tensor(x, requires_grad=True)
    y, expected = net(mine := Tensor(x, "x")), model(tx)
    agrees(y.data, expected.detach().numpy(), 1e-10)
    c = int(expected[0].argmax())  # not one that a ReLU made zero
    agrees(backward(y, one_hot(y, c), wrt=mine), torch.autograd.grad(expected[0, c], tx)[0].numpy(), 1e-9)


def newer_export(model, x, path):
    """What PyTorch's newer exporter, torch.export, makes of a model: weights in a file beside, batchnorm
    folded, means for poolings.
    """
    pytest.importorskip(
        "onnxscript", reason="PyTorch's newer exporter needs onnxscript: pip install 'minicnn-gradcam[dev]'"
    )
    torch.onnx.export(model.eval(), (torch.from_numpy(x),), str(path), dynamo=True, verbose=False)
    return load(path)


def small_vgg():
    def block(C, F):
        return [
            nn.Conv2d(C, F, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(F, F, 3, padding=1),
            nn.BatchNorm2d(F),
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
        ]

    head = [
        nn.AdaptiveAvgPool2d(7),
        nn.Flatten(),
        nn.Linear(16 * 49, 32),
        nn.ReLU(True),
        nn.Dropout(),
        nn.Linear(32, 10),
    ]
    return nn.Sequential(*block(3, 8), *block(8, 16), *head)


NEWER = {
    "small_vgg": (3, 56),
    "Mixed": (1, 28),
    "alexnet": (3, 224),
    "resnet18": (3, 64),
    "squeezenet1_1": (3, 67),
}


@pytest.mark.parametrize("name", NEWER)
def test_what_pytorchs_newer_exporter_writes(name, tmp_path):
    if name in globals():
        make = globals()[name]
    else:
        make = getattr(
            pytest.importorskip(
                "tests.support.torchvision_models", reason="torchvision is not installed"
            ).models,
            name,
        )
    torch.manual_seed(0)
    model, (C, side) = drawn(make()).eval(), NEWER[name]
    x = np.random.default_rng(0).standard_normal((1, C, side, side), np.float32)
    agrees(
        newer_export(model, x, tmp_path / "single.onnx")(x), model(torch.from_numpy(x)).detach().numpy(), 1e-5
    )
    model, x = model.double(), x.astype(np.float64)
    net = newer_export(model, x, tmp_path / "double.onnx")
    tx = torch.tensor(x, requires_grad=True)
    y, expected = net(mine := Tensor(x, "x")), model(tx)
    agrees(y.data, expected.detach().numpy(), 1e-10)
    c = int(expected[0].argmax())
    agrees(backward(y, one_hot(y, c), wrt=mine), torch.autograd.grad(expected[0, c], tx)[0].numpy(), 1e-9)
    if name == "resnet18":
        assert cam_head(y)[0].shape == (1, 512, 2, 2)  # found behind the mean that stands for the pooling


class Mixed(nn.Module):
    """A bit of everything that small networks are made of: separable convolution, residual sum, dense
    layers, odd paddings.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2, stride=2)
        self.depthwise, self.pointwise = (
            nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
            nn.Conv2d(8, 8, 1, bias=False),
        )
        self.bn = nn.BatchNorm2d(8)
        self.fc1, self.fc2 = nn.Linear(8 * 4 * 4, 20), nn.Linear(20, 10)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.bn(self.pointwise(self.depthwise(x)))) + x
        x = nn.functional.pad(x, (0, 1, 1, 0))
        x = nn.functional.avg_pool2d(nn.functional.leaky_relu(x, 0.1), 2, ceil_mode=True)
        x = nn.functional.max_pool2d(torch.tanh(x), 3, 2, padding=1)
        x = torch.relu(self.fc1(x.reshape(x.shape[0], -1)))
        return torch.softmax(self.fc2(nn.functional.dropout(x, 0.5, self.training)), 1)


@pytest.mark.parametrize("opset", range(9, 21))
def test_every_operator_set_that_pytorch_writes(opset, tmp_path):
    model = drawn(Mixed()).double().eval()
    x = np.random.default_rng(1).standard_normal((1, 1, 28, 28))
    net = export(model, x, tmp_path / "net.onnx", opset, do_constant_folding=False)
    agrees(net(x), model(torch.from_numpy(x)).detach().numpy(), 1e-10)


def test_gradients_rules_and_grad_cam_in_float64(tmp_path):
    model = drawn(Mixed()).double().eval()
    x = np.random.default_rng(2).standard_normal((1, 1, 28, 28))
    net = describe(export(model, x, tmp_path / "net.onnx"), "mixed", mean=[0.0], std=[1.0])
    tx = torch.tensor(x, requires_grad=True)
    scores = {}
    model.fc2.register_forward_hook(lambda _, __, out: scores.update(y=out))
    model(tx)
    y = net(mine := Tensor(x, "x"))
    agrees(y.data, scores["y"].detach().numpy(), 1e-10)  # describe leaves the softmax out
    agrees(backward(y, one_hot(y, 3), wrt=mine), torch.autograd.grad(scores["y"][0, 3], tx)[0].numpy(), 1e-10)
    assert sum(isinstance(t.op, ReLU) for t in history(y)) == 3
    assert grad_cam(y, 3, find(y, net.card.layer)).shape[0] == 1


def test_a_network_of_grey_pictures_explains_a_photo_in_colour(tmp_path, capsys, monkeypatch):
    from PIL import Image

    from gradcam.cli import main

    monkeypatch.chdir(tmp_path)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 3))
    export(model, np.zeros((1, 1, 28, 28), np.float32), "net.onnx")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save("photo.jpg")
    command = ["explain", "photo.jpg", "--onnx", "net.onnx"]
    assert main(command) == 0 and main([*command, "--mean", "0.5", "--std", "0.3"]) == 0
    for more, said in {
        ("--mean", "0.5", "0.5", "0.5"): "takes one channel (grey): mean must be 1 number, not 3",
        ("--channels", "BGR"): "takes one channel (grey), not BGR",
    }.items():
        capsys.readouterr()
        assert main([*command, *more]) == 2 and said in capsys.readouterr().err
    export(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU()), np.zeros((1, 2, 28, 28), np.float32), "two.onnx")
    assert main(["explain", "photo.jpg", "--onnx", "two.onnx"]) == 2
    assert "takes pictures of 2 channels" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explain", "--onnx", "net.onnx", "--mean", "0.5", "photo.jpg"])
    assert "write the photo before the options" in capsys.readouterr().err


def test_a_batch_where_the_graph_allows_it(tmp_path):
    model = drawn(Mixed()).double().eval()
    x = np.random.default_rng(3).standard_normal((3, 1, 28, 28))
    net = export(model, x[:1], tmp_path / "net.onnx", input_names=["x"], dynamic_axes={"x": {0: "N"}})
    agrees(net(x), model(torch.from_numpy(x)).detach().numpy(), 1e-10)


def test_cam_finds_its_head_behind_the_reshapes(tmp_path):
    model = (
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
        .double()
        .eval()
    )
    x = np.random.default_rng(4).standard_normal((1, 1, 9, 9))
    A, W = cam_head(export(model, x, tmp_path / "net.onnx")(Tensor(x, "x")))
    assert A.shape == (1, 4, 7, 7)
    np.testing.assert_array_equal(W.data, model[4].weight.detach().numpy())


@pytest.mark.data
def test_a_graph_that_another_framework_wrote():
    d = np.load(DATA / "images/mnist_test.npz")
    net = load(DATA / "weights/mnist.onnx")
    right = sum(
        int(net(d["images"][i][None, None].astype(np.float32)).argmax()) == d["labels"][i] for i in range(100)
    )
    assert right == 99
    assert [
        type(t.op).__name__ for t in history(net(Tensor(np.zeros((1, 1, 28, 28), np.float32)))) if t.op
    ].count("Conv") == 2
    with pytest.raises(GraphError, match=r"ONNX node 'Times212_reshape0' \(Reshape\) does not fit"):
        net(np.zeros((2, 1, 28, 28), np.float32))  # this graph was exported for one picture


def test_onnx_own_node_tests():
    """All of them in the newest version; every operator set by command: python -m
    tests.weights.graphs.onnx_backend.
    """
    from tests.weights.graphs import onnx_backend

    counts, reasons = onnx_backend.run(opsets=())
    failed = {key: tests for key, tests in reasons.items() if key[1] == onnx_backend.FAILED}
    assert not failed
    assert sum(n for (_, outcome), n in counts.items() if outcome == onnx_backend.PASSED) > 300


def test_weights_stay_weights(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 49, 3)).eval()
    net = export(model, np.zeros((1, 1, 9, 9), np.float32), tmp_path / "net.onnx")
    assert sorted(t.shape for t in net.parameters().values()) == [(3,), (3, 196), (4,), (4, 1, 3, 3)]
    assert net.astype(np.float64)(np.ones((1, 1, 9, 9))).dtype == np.float64
    y = net(Tensor(np.ones((1, 1, 9, 9), np.float32)))
    assert any(isinstance(t.op, Conv) and t.name == "/0/Conv" for t in history(y))


def _graph(*nodes, inputs=(("x", (1, 1, 4, 4)),)):
    helper = onnx.helper
    values = [helper.make_tensor_value_info(n, 1, s) for n, s in inputs]
    graph = helper.make_graph(list(nodes), "g", values, [helper.make_tensor_value_info("y", 1, None)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


@pytest.mark.parametrize(("node", "said"), [
    (("Bernoulli", {}), r"an operator that is not known here .how often.: Bernoulli .1.$"),
    (("Pad", {"mode": "mirror"}), "padding by 'mirror' is not known"),
    (("Conv", {"odd": 1}), "Conv has an attribute 'odd'"),
])  # fmt: skip
def test_what_is_not_supported_is_named(node, said, tmp_path):
    made = onnx.helper.make_node(
        node[0], ["x", "x"] if node[0] != "Pad" else ["x", "p"], ["y"], name="n", **node[1]
    )
    model = _graph(made)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(8, np.int64), "p"))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(WeightsError, match=said):
        load(tmp_path / "net.onnx")(np.zeros((1, 1, 4, 4), np.float32))


def test_two_inputs_are_asked_for_by_name(tmp_path):
    onnx.save(
        _graph(onnx.helper.make_node("Add", ["x", "z"], ["y"]), inputs=(("x", (2,)), ("z", (2,)))),
        tmp_path / "net.onnx",
    )
    net = load(tmp_path / "net.onnx")
    np.testing.assert_array_equal(net.run({"x": np.ones(2), "z": np.arange(2.0)})[0], [1, 2])
    with pytest.raises(WeightsError, match="2 inputs"):
        net(np.ones(2))


def test_a_damaged_file_is_said_to_be_damaged(tmp_path):
    onnx.save(_graph(onnx.helper.make_node("Relu", ["x"], ["y"])), tmp_path / "net.onnx")
    data = (tmp_path / "net.onnx").read_bytes()
    for cut in range(len(data)):
        (tmp_path / "cut.onnx").write_bytes(data[:cut])
        with pytest.raises((WeightsError, GraphError)):
            load(tmp_path / "cut.onnx")(np.zeros((1, 1, 4, 4), np.float32))
            raise WeightsError("what was cut off was not needed")
