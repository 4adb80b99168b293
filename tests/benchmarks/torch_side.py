"""The other side: the same networks in PyTorch, Captum's calls, and the best panel one can write by hand in
PyTorch."""

import warnings

import torch
from captum.attr import Deconvolution, GuidedBackprop, GuidedGradCam, LayerGradCam, Occlusion, Saliency
from torch import nn

warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU")
warnings.filterwarnings("ignore", message=".*required_grads.*")
FORMATS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}


def vgg(convolutions, filters, head, batchnorm=False, relu=nn.ReLU):
    layers, C = [], 3
    for n, F in zip(convolutions, filters):
        for _ in range(n):
            layers += [
                nn.Conv2d(C, F, 3, padding=1, bias=not batchnorm),
                *([nn.BatchNorm2d(F)] if batchnorm else []),
                relu(),
            ]
            C = F
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *head)


def vgg16(relu=nn.ReLU):
    head = [
        nn.Flatten(),
        nn.Linear(25088, 4096),
        relu(),
        nn.Linear(4096, 4096),
        relu(),
        nn.Linear(4096, 1000),
    ]
    return vgg((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), head, relu=relu).eval()


def mini_vgg(classes=10):
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes)]
    return vgg((2, 2, 2, 2), (32, 64, 128, 256), head, batchnorm=True)


def captum_panel(net, layer, c):
    """x -> the four maps of Captum that make the five-method panel."""
    methods = Saliency(net), Deconvolution(net), GuidedBackprop(net), GuidedGradCam(net, layer)

    def panel(x):
        x = x.clone().requires_grad_()
        return [method.attribute(x, target=c) for method in methods]

    return panel


def captum_grad_cam(net, layer, c):
    method = LayerGradCam(net, layer)
    return lambda x: method.attribute(x, target=c)


def captum_occlusion(net, c, window, stride, batch):
    method = Occlusion(net)

    def occlusion(x):
        with torch.inference_mode():
            return method.attribute(
                x, (3, window, window), strides=(3, stride, stride), target=c, perturbations_per_eval=batch
            )

    return occlusion


class Switched(torch.autograd.Function):
    """A ReLU whose way back is chosen when it is walked: what a careful PyTorch user writes to need one
    forward pass only."""

    rule = "backprop"

    @staticmethod
    def forward(ctx, x):
        y = x.clamp(min=0)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        if Switched.rule == "backprop":
            return g * (y > 0)
        return g.clamp(min=0) if Switched.rule == "deconvnet" else g.clamp(min=0) * (y > 0)


class SwitchedReLU(nn.Module):
    def forward(self, x):
        return Switched.apply(x)


def hand_written_panel(net, at, c):
    """x -> the five maps: one forward pass, three backward passes, Grad-CAM from the first of them at layer
    number `at`."""

    def panel(x):
        x = x.clone().requires_grad_()
        A = net[: at + 1](x)
        y = net[at + 1 :](A)[0, c]
        Switched.rule = "backprop"
        g, dA = torch.autograd.grad(y, [x, A], retain_graph=True)
        Switched.rule = "deconvnet"
        (d,) = torch.autograd.grad(y, [x], retain_graph=True)
        Switched.rule = "guided"
        (b,) = torch.autograd.grad(y, [x])
        cam = (dA.mean((2, 3), keepdim=True) * A.detach()).sum(1, keepdim=True).clamp(min=0)
        cam = nn.functional.interpolate(cam, x.shape[-2:], mode="bilinear")
        return g.abs().amax(1), d, b, cam, b * cam

    return panel
