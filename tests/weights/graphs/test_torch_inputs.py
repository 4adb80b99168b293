"""A PyTorch model of several inputs: one of them is explained, and the others stay what they are."""

import numpy as np
import pytest

from gradcam import explain
from minicnn import Error

torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
pytestmark = pytest.mark.torch

from weights.graphs.torch import from_torch  # noqa: E402  after it is known that it can be imported


class Both(torch.nn.Module):
    """A picture and numbers about it."""

    def __init__(self):
        super().__init__()
        self.image = torch.nn.Sequential(
            torch.nn.Conv2d(3, 6, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
        )  # fmt: skip
        self.fc = torch.nn.Linear(8, 5)

    def forward(self, image, metadata=None):
        if metadata is None:
            metadata = torch.zeros(len(image), 2, dtype=image.dtype)
        return self.fc(torch.cat([self.image(image), metadata], 1))


class Pair(torch.nn.Module):
    """Two pictures through the same layers."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = torch.nn.Conv2d(3, 6, 3, padding=1), torch.nn.Linear(6, 2)

    def forward(self, left, right):
        apart = torch.relu(self.conv(left)) - torch.relu(self.conv(right))
        return self.fc((apart**2).mean((2, 3)))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def by_autograd(model, inputs, which, c):
    inputs = [x.clone() for x in inputs]
    x = inputs[which].requires_grad_()
    return torch.autograd.grad(model(*inputs)[:, c].sum(), x)[0].numpy()


@pytest.mark.parametrize("which", [0, 1])
def test_each_of_a_pair(which):
    model = Pair().double().eval()
    inputs = [torch.randn(2, 3, 8, 8).double() for _ in range(2)]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    net = from_torch(model, tuple(inputs), which=which)
    e = explain(net, inputs[which], 1, "gradient")
    theirs = by_autograd(model, inputs, which, 1)
    assert abs(e["gradient"] - theirs).max() <= 1e-12 * abs(theirs).max() and np.any(theirs)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not model._forward_hooks and "conv" in dict(model.named_children())


@pytest.mark.parametrize("form", ["tuple", "list", "dict", "names"])
def test_numbers_beside_a_picture(form):
    model, image, metadata = Both().double().eval(), torch.randn(1, 3, 8, 8).double(), torch.randn(1, 2)
    inputs = {
        "tuple": (image, metadata), "list": [image, metadata.numpy()],
        "dict": {"image": image, "metadata": metadata}, "names": {"metadata": metadata, "image": image},
    }[form]  # fmt: skip
    net = from_torch(model, inputs, which="image" if form == "names" else None)
    theirs = by_autograd(model, (image, metadata.double()), 0, 3)
    assert abs(explain(net, image, 3, "gradient")["gradient"] - theirs).max() <= 1e-12 * abs(theirs).max()
    assert explain(net, image, 3, "grad_cam", "image.1")["grad_cam"].shape == (1, 8, 8)  # names stay


def test_an_optional_input_may_be_none():
    model, image = Both().double().eval(), torch.randn(1, 3, 8, 8).double()
    alone, none = from_torch(model, image), from_torch(model, (image, None))
    assert np.array_equal(explain(alone, image, 1, "gradient")["gradient"],
                          explain(none, image, 1, "gradient")["gradient"])  # fmt: skip


def test_which_there_is_not():
    model, image, metadata = Both().eval(), torch.randn(1, 3, 8, 8), torch.randn(1, 2)
    with pytest.raises(Error, match="one of 0, 1, not 2"):
        from_torch(model, (image, metadata), which=2)
    with pytest.raises(Error, match="one of 'image', 'metadata', not 'text'"):
        from_torch(model, {"image": image, "metadata": metadata}, which="text")
    with pytest.raises(Error, match="for several inputs"):
        from_torch(model, image, which=1)


class ChannelsLast(Both):
    """Photos as they are read, (N, H, W, 3), turned and centred inside."""

    def forward(self, image):
        return self.fc(torch.nn.functional.pad(self.image(image.permute(0, 3, 1, 2) - 0.5), (0, 2)))


def test_pictures_whose_channels_lie_last():
    model, image = ChannelsLast().double().eval(), torch.randn(1, 9, 8, 3).double()
    e = explain(from_torch(model, image), image, 1, ["gradient", "saliency", "grad_cam"])
    theirs = by_autograd(model, (image,), 0, 1).transpose(0, 3, 1, 2)
    assert abs(e["gradient"] - theirs).max() <= 1e-12 * abs(theirs).max() and np.any(theirs)
    assert e["saliency"].shape == e["grad_cam"].shape == (1, 9, 8)
