"""The short form of `python -m tests.weights.full_size`:

ResNet-50 at 64 pixels, and VGG-16's first linear layer at full size.
"""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
from tests.weights import frameworks, loading
from tests.weights import full_size as full

SIDE = 64


@pytest.fixture(scope="module")
def resnet50():
    import torch

    x = np.random.default_rng(0).standard_normal((1, 3, SIDE, SIDE), np.float32)
    model = frameworks.torch_model("resnet50")
    return model, x, frameworks.torch_truth(model, "resnet50", x, torch.float32)


@pytest.mark.parametrize("form", ["PyTorch zip", "PyTorch legacy", "safetensors", "ONNX"])
def test_scores_and_grad_cam_as_pytorch_has_them(resnet50, form, tmp_path):
    if form == "ONNX":
        pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    model, x, (scores, cam) = resnet50
    frameworks.write(model, "resnet50", form, tmp_path / "net", x)
    net = loading.load("resnet50", form, tmp_path / "net")
    found = full.ours(net, x, full._layer(net, "layer4.2"))
    assert full.apart(found[0], scores) <= 1e-4
    assert full.apart(found[1], cam) <= 1e-4


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured through /proc")
def test_nothing_is_kept_twice(resnet50, tmp_path):
    model, x, _ = resnet50
    frameworks.write(model, "resnet50", "PyTorch legacy", tmp_path / "net", x)
    beyond = loading.measured("memory", "resnet50", "PyTorch legacy", tmp_path / "net", SIDE)
    assert beyond <= 0.25 * (tmp_path / "net").stat().st_size


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured through /proc")
@pytest.mark.parametrize("unaligned", [0, 2])
def test_the_largest_matrix_is_reordered_in_little_memory(unaligned, tmp_path):
    """25088 x 4096 in the order (H, W, C), as Keras writes it: a view of the file, or a copy that the
    reader had to make.
    """
    program = f"""
import numpy as np
from tests.weights.loading import resident
from weights.names.reordering import reorder
from weights.readers.mapped_file import MappedFile
size = 25088 * 4096 * 4
with open({str(tmp_path / "matrix")!r}, "wb") as out:
    out.write(bytes({unaligned}))
    for row in range(25088):
        out.write(np.full(4096, row, np.float32).tobytes())
with MappedFile({str(tmp_path / "matrix")!r}) as file:
    array = file.array({unaligned}, "<f4", (25088, 4096))
before = resident() - ({unaligned} and size)
W = reorder(array, "D F", "F D", flattened=(7, 7, 512))
assert W.shape == (4096, 25088) and W[5, 49 * 3 + 7 * 2 + 1] == 512 * (7 * 2 + 1) + 3
print((resident("VmHWM") - before - size) / size)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert float(said) <= 0.25
