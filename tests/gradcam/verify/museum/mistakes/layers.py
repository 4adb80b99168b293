"""Grad-CAM's layer, and what is done to the gradient there."""

import torch

from tests.gradcam.verify.museum.mistakes.making import CAMS, Mistake, cam, finish
from tests.gradcam.verify.museum.right import at_layer, weigh


def neighbour(offset):
    def make(case):
        layers = [
            n
            for n, m in case.model.named_modules()
            if isinstance(m, (torch.nn.Conv2d, torch.nn.ReLU, torch.nn.MaxPool2d))
        ]
        layers = [n for n in layers if "classifier" not in n]
        return finish(
            case, cam=weigh(*at_layer(case, layer=layers[layers.index(case.layer) + offset])).relu()
        )

    return make


def aliased(case):
    """Keeps the convolution's output by reference; the in-place ReLU then changes it; the gradient is the
    convolution's.
    """
    A, dA = at_layer(case)
    return finish(case, cam=weigh(A.relu(), dA).relu())


def aliased_both(case):
    n = case.layer.rpartition(".")
    return finish(case, cam=weigh(*at_layer(case, layer=f"{n[0]}.{int(n[2]) + 1}")).relu())


def gradient_after(case):
    n = case.layer.rpartition(".")
    return finish(
        case, cam=weigh(at_layer(case)[0], at_layer(case, layer=f"{n[0]}.{int(n[2]) + 1}")[1]).relu()
    )


def activation_before(case):
    n = case.layer.rpartition(".")
    return finish(
        case, cam=weigh(at_layer(case, layer=f"{n[0]}.{int(n[2]) - 1}")[0], at_layer(case)[1]).relu()
    )


def grad_input(case):
    """A full backward hook's first argument, the gradient of the module's input, taken for its second."""
    kept = {}
    module = case.to(case.x.dtype).model
    layer = module.get_submodule(case.layer)
    layer.register_forward_hook(lambda m, inputs, output: kept.update(A=output.detach().clone()))
    layer.register_full_backward_hook(lambda m, grad_input, grad_output: kept.update(g=grad_input[0]))
    module(case.x.clone().requires_grad_())[:, case.c].sum().backward()
    return finish(case, cam=weigh(kept["A"], kept["g"].detach()).relu())


TABLE = [
    Mistake(
        "the gradient is another tensor's, the activation the layer's output",
        grad_input,
        CAMS,
        ("VGG", "Shared"),
    ),
    Mistake("another layer than the one that is named", neighbour(-5), CAMS, ("VGG",)),
    Mistake("another layer than the one that is named", neighbour(-6), CAMS, ("VGG",)),
    Mistake("in-place ReLU: activation after it, gradient before it", aliased, CAMS, ("InPlace",)),
    Mistake(
        "in-place ReLU: what the hook kept is its output, no longer the layer's",
        aliased_both,
        CAMS,
        ("InPlace",),
    ),
    Mistake("in-place ReLU: activation before it, gradient after it", gradient_after, CAMS, ("InPlace",)),
    Mistake("activation from before the ReLU, gradient from after it", activation_before, CAMS, ("VGG",)),
    Mistake("another layer than the one that is named", neighbour(-1), CAMS, ("VGG",)),
    Mistake(
        "gradient gated as in guided backprop",
        cam(lambda A, dA: weigh(A, dA * (A > 0) * (dA > 0)).relu()),
        CAMS,
    ),
    Mistake("ReLU on the gradient before its mean", cam(lambda A, dA: weigh(A, dA.relu()).relu()), CAMS),
    Mistake(
        "absolute value of the gradient before its mean", cam(lambda A, dA: weigh(A, dA.abs()).relu()), CAMS
    ),
]
