"""VGG-16 of full size with He-initialised weights: minicnn against PyTorch and Captum."""

import functools

import numpy as np
import torch
from captum import attr

from minicnn import ReLU, Tensor, backward, find, load, nets, one_hot
from tests.support import torch_reference
from tests.support.agreement import grad_cam, ours, theirs

LAYERS, UNIT_LAYER = ("relu5_3", "conv5_3"), "relu4_1"


@functools.cache
def weights(seed=0):
    """{'conv1_1.W': tensor, ...} in float32: 138,357,544 numbers that both sides share."""
    return torch_reference.tensors(torch_reference.he_vgg16(seed, np.float32), torch.float32)


def network(dtype):
    """Our VGG-16 on those weights."""
    return load(nets.vgg16(), {name: np.asarray(t, dtype) for name, t in weights().items()})


@functools.cache
def photo(seed=0):
    """Coloured noise, smooth enough to excite every layer.  -> (1, 3, 224, 224) float64"""
    coarse = np.random.default_rng(seed).standard_normal((1, 3, 28, 28))
    return (
        coarse.repeat(8, -1).repeat(8, -2)
        + np.random.default_rng(seed + 1).standard_normal((1, 3, 224, 224)) / 4
    )


def reference(dtype, like=None):
    """PyTorch's signals and Run; see `agreement.theirs`."""
    return theirs(torch_reference.vgg16, weights(), photo(), dtype, LAYERS, UNIT_LAYER, "fc8", like)


def signals(net, dtype, run, replay=False):
    return ours(net, photo().astype(dtype), run, LAYERS, UNIT_LAYER, replay)


def captums(dtype):
    """{quantity: array} of Captum, for the top class."""
    net = torch_reference.vgg16_module({name: t.to(dtype) for name, t in weights().items()})
    x = torch.tensor(photo(), dtype=dtype, requires_grad=True)
    c = int(net(x)[0].argmax())
    found = {
        "Saliency": attr.Saliency(net).attribute(x, target=c, abs=False),
        "GuidedBackprop": attr.GuidedBackprop(net).attribute(x, target=c),
        "Deconvolution": attr.Deconvolution(net).attribute(x, target=c),
        "LayerGradCam relu5_3": attr.LayerGradCam(net, net.relu5_3).attribute(
            x, target=c, relu_attributions=True
        )[:, 0],
        "LayerGradCam conv5_3": attr.LayerGradCam(net, net.conv5_3).attribute(
            x, target=c, relu_attributions=True
        )[:, 0],
    }
    return {name: a.detach().numpy() for name, a in found.items()}


def as_captum(net, dtype):
    """Our signals under Captum's names: one forward pass, one stack of three tables."""
    x = Tensor(photo().astype(dtype), "x")
    y = net(x)
    start = one_hot(y, int(y.data[0].argmax()))
    at = [find(y, name) for name in LAYERS]
    three, *dA = backward(y, start, wrt=[x, *at], rules=[{}, {ReLU: ReLU.guided}, {ReLU: ReLU.deconvnet}])
    found = dict(zip(("Saliency", "GuidedBackprop", "Deconvolution"), three))
    for name, A, g in zip(LAYERS, at, dA):
        found[f"LayerGradCam {name}"] = grad_cam(A.data, g[0])
    return found
