"""Signals (N, C, L) and volumes (N, C, D, H, W) are explained as pictures are."""

import numpy as np
import pytest

from gradcam import explain
from minicnn import ops

METHODS = (
    "saliency", "gradient", "grad_cam", "guided_grad_cam", "counterfactual", "grad_cam++", "xgrad_cam",
    "layercam", "hirescam", "eigen_cam", "score_cam", "ablation_cam", "occlusion", "smoothgrad",
    "integrated_gradients", "lrp_epsilon", "input_times_gradient",
)  # fmt: skip


@pytest.mark.parametrize("axes", [1, 3])
def test_a_signal_and_a_volume_are_a_picture_with_axes_of_one(axes):
    """Every method, on (N, C, L) and (N, C, D, H, W), against the same numbers as a picture's, where that can
    be: a kernel, a pooling and a window of 1 along the other axes.
    """
    rng = np.random.default_rng(1)
    W, V, head = (rng.standard_normal(s) for s in ((4, 2, 3), (6, 4, 3), (3, 6)))
    size = {1: (24,), 3: (1, 24, 1)}[axes]

    def over(n):
        spread = {1: lambda k: (k,), 2: lambda k: (1, k), 3: lambda k: (1, k, 1)}[n]

        def net(x):
            y = ops.Conv()(x, W.reshape(4, 2, *spread(3)), name="conv1")
            y = ops.MaxPool(spread(2))(ops.ReLU()(y, name="relu1"), name="pool")
            y = ops.ReLU()(ops.Conv()(y, V.reshape(6, 4, *spread(3))), name="relu2")
            return ops.Linear()(ops.Mean(tuple(range(2, 2 + n)))(y), head, name="scores")

        return net

    x = rng.standard_normal((2, 2, 24))
    options = {"occlusion": {"window": 1, "stride": 1}}
    one = explain(over(axes), x.reshape(2, 2, *size), 1, METHODS, layer="relu2", options=options)
    two = explain(over(2), x.reshape(2, 2, 1, 24), 1, METHODS, layer="relu2", options=options)
    assert not one.undefined and not two.undefined
    for method in METHODS:
        mine, theirs = one[method], two[method]
        assert theirs.any() and mine.ndim == theirs.ndim + axes - 2
        np.testing.assert_allclose(mine.ravel(), theirs.ravel(), rtol=0, atol=1e-10 * abs(theirs).max())


def test_against_autograd():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from weights.graphs.torch import from_torch

    torch.manual_seed(0)
    nets = {
        1: (torch.nn.Conv1d, torch.nn.MaxPool1d, torch.nn.AdaptiveAvgPool1d, (2, 40)),
        3: (torch.nn.Conv3d, torch.nn.MaxPool3d, torch.nn.AdaptiveAvgPool3d, (1, 8, 10, 12)),
    }
    for Conv, Pool, Mean, size in nets.values():
        A = torch.nn.Sequential(Conv(size[0], 4, 3), torch.nn.ReLU(), Pool(2), Conv(4, 8, 3), torch.nn.ReLU())
        model = torch.nn.Sequential(A, Mean(1), torch.nn.Flatten(), torch.nn.Linear(8, 3)).double().eval()
        x = torch.randn(1, *size, dtype=torch.float64)
        e = explain(from_torch(model, x), x.numpy(), methods="grad_cam")
        maps = A(x)
        (g,) = torch.autograd.grad(model[1:](maps)[0, e.classes[0]], maps)
        axes = tuple(range(2, maps.ndim))
        cam = torch.relu((g.mean(axes, keepdim=True) * maps).sum(1)).detach().numpy()
        assert e.layer in ("0.4", "0") and cam.any() and abs(e["grad_cam"] - cam).max() < 1e-12 * cam.max()
