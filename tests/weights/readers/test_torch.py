"""What PyTorch writes, in both of its formats, is read as PyTorch reads it: bit by bit."""

import numpy as np
import pytest

from weights.errors import WeightsError
from weights.reading import read

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
BOTH = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def reread(value, tmp_path, zipped):
    torch.save(value, tmp_path / "file", _use_new_zipfile_serialization=zipped)
    return read(tmp_path / "file")


def same(ours, theirs):
    assert list(ours) == list(theirs) and ours
    for name, tensor in theirs.items():
        tensor = tensor.detach()
        expected = (
            tensor.float().numpy() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor.numpy()
        )
        assert ours[name].shape == expected.shape and ours[name].dtype == expected.dtype, name
        assert ours[name].tobytes() == expected.tobytes(), name
        assert ours[name].flags.aligned and not ours[name].flags.writeable


@BOTH
def test_types(tmp_path, zipped):
    types = [
        torch.float32,
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
        torch.complex64,
        torch.complex128,
    ]
    state = {str(t): (torch.randn(3, 5, dtype=torch.float64) * 9).to(t) for t in types}
    if zipped:
        state["torch.uint16"] = torch.tensor([1, 2, 65535], dtype=torch.uint16)
    same(reread(state, tmp_path, zipped), state)


@BOTH
def test_views_strides_and_shared_storages(tmp_path, zipped):
    base = torch.arange(60.0).reshape(3, 4, 5)
    state = {
        "base": base,
        "transposed": base.permute(2, 0, 1),
        "part": base[1:, ::2, 1:4],
        "row": base[2, 3],
        "number": base[1, 1, 1],
        "none": torch.zeros(0, 4),
        "scalar": torch.tensor(3.0),
        "last": base.to(memory_format=torch.contiguous_format),
    }
    ours = reread(state, tmp_path, zipped)
    same(ours, state)
    assert np.shares_memory(ours["base"], ours["transposed"])


@BOTH
def test_nested_checkpoints(tmp_path, zipped):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.randn(2, 3, 5, 5)).sum().backward()
    optimiser.step()
    for key in ("state_dict", "model_state_dict", "model"):
        checkpoint = {
            "epoch": 7,
            "optimizer": optimiser.state_dict(),
            key: net.state_dict(),
            "best_prec1": torch.tensor(91.8),
        }
        same(reread(checkpoint, tmp_path, zipped), net.state_dict())
    parallel = {
        "state_dict": {f"module.{name}": tensor for name, tensor in net.state_dict().items()},
        "best_prec1": np.float64(91.5),
    }
    same(reread(parallel, tmp_path, zipped), net.state_dict())


class Branches(torch.nn.Module):
    """A module of the user's own: its class need not be importable for its weights to be read."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()
        )
        self.again = self.features[0]
        self.scale = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("seen", torch.tensor(5))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.register_parameter("absent", None)
        self.settings = {
            ("a", 1): {1, 2},
            "f": torch.nn.functional.relu,
            "device": torch.device("cuda"),
            "size": torch.Size([2]),
        }


@BOTH
def test_whole_modules(tmp_path, zipped):
    net = Branches()
    same(reread(net, tmp_path, zipped), net.state_dict())
    same(reread(torch.nn.DataParallel(net), tmp_path, zipped), net.state_dict())
    same(reread({"model": net, "epoch": 2}, tmp_path, zipped), net.state_dict())


@BOTH
def test_parameters_and_subclasses(tmp_path, zipped):
    parameter = torch.nn.Parameter(torch.randn(2, 2))
    parameter.note = "an attribute of its own"
    same(
        reread({"p": parameter, "b": torch.nn.parameter.Buffer(torch.ones(3))}, tmp_path, zipped),
        {"p": parameter, "b": torch.ones(3)},
    )


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_torchscript(tmp_path):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()).eval()
    torch.jit.save(torch.jit.trace(net, torch.zeros(1, 3, 5, 5)), tmp_path / "file")
    same(dict(sorted(read(tmp_path / "file").items())), dict(sorted(net.state_dict().items())))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@BOTH
def test_protocols(tmp_path, zipped, protocol):
    state = {"a": torch.randn(3), "b": torch.randn(2, 2)}
    torch.save(state, tmp_path / "file", _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    same(read(tmp_path / "file"), state)


@BOTH
@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning")
def test_sparse_and_quantised_tensors_are_refused_clearly(tmp_path, zipped):
    for tensor in (torch.eye(3).to_sparse(), torch.quantize_per_tensor(torch.randn(3), 0.1, 0, torch.qint8)):
        with pytest.raises(WeightsError, match=r"to_dense|quantised"):
            reread({"a": tensor}, tmp_path, zipped)
