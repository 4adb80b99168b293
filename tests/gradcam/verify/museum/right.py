"""Every method in PyTorch, from its paper, with places where a mistake can be put in.  Nothing here knows
minicnn.
"""

import copy
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from tests.gradcam.verify.museum import relatives, variants

RELUS = {torch.relu, torch.relu_, F.relu, torch.Tensor.relu, torch.Tensor.relu_, torch.Tensor.clamp}


def rule(gate):
    """A ReLU with another backward pass: gate(input, signal) -> where the signal passes."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z.clamp(min=0)

        @staticmethod
        def backward(ctx, g):
            return torch.where(gate(ctx.saved_tensors[0], g), g, 0)

    return Rule.apply


GUIDED = rule(lambda z, g: (z > 0) & (g > 0))
DECONVNET = rule(lambda z, g: g > 0)
RULES = {"guided_backprop": GUIDED, "guided_grad_cam": GUIDED, "deconvnet": DECONVNET}


class Override(TorchFunctionMode):
    """Inside, every ReLU (module, function, clamp) is `relu`; or those for which which(number of the call,
    its input, module) holds.
    """

    def __init__(self, relu, which=lambda n, z: True):
        super().__init__()
        self.relu, self.which, self.calls = relu, which, 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in RELUS and self.relu is not None:
            self.calls += 1
            if self.which(self.calls - 1, args[0]):
                return self.relu(args[0])
        return func(*args, **(kwargs or {}))


@dataclass
class Case:
    """A network in evaluation mode, an input, a class, the path of Grad-CAM's layer, a method.

    photo: (picture, preprocessing) that the input is made from, if it is.
    """

    model: object
    x: torch.Tensor
    c: int
    layer: str
    method: str
    photo: tuple = None
    family: str = ""

    def to(self, dtype):
        return replace(self, model=copy.deepcopy(self.model).to(dtype), x=self.x.to(dtype))


def normalised(pixels, preprocessing):
    """Pixels (H, W, 3), 0 to 255 -> input (1, 3, H, W), float64."""
    p = torch.tensor(pixels).double() * (preprocessing.scale / 255)
    mean, std = (torch.tensor(v, dtype=torch.float64) for v in (preprocessing.mean, preprocessing.std))
    return ((p - mean) / std).permute(2, 0, 1)[None]


def score(case, y):
    return y[:, case.c].sum()


def at_input(case, relu="method", start=score, which=lambda n, z: True, x=None, model=None):
    """The signal at the input (N, C, H, W), by the method's rule."""
    relu = RULES.get(case.method) if relu == "method" else relu
    x = (case.x if x is None else x).detach().clone().requires_grad_()
    with Override(relu, which):
        y = (model or case.model)(x)
    return torch.autograd.grad(start(case, y), x)[0]


def at_layer(case, relu=None, start=score, layer=None, x=None, model=None):
    """(A, dy/dA) of the layer, each (N, K, h, w)."""
    model, saved = model or case.model, []
    module = model.get_submodule(layer or case.layer)

    def hook(module, inputs, out):
        saved.append(out)
        return out.clone()  # an in-place ReLU after it changes the copy

    handle = module.register_forward_hook(hook)
    try:
        with Override(relu):
            y = model((case.x if x is None else x).detach().clone().requires_grad_())
        A = saved[-1]
        return A.detach(), torch.autograd.grad(start(case, y), A)[0]
    finally:
        handle.remove()


def weigh(A, dA):
    """Grad-CAM before its ReLU (Selvaraju et al. 2017, eqs. 1-2)."""
    return (dA.mean((2, 3), keepdim=True) * A).sum(1)


def summed(w, A):
    return (w * A).sum(1)


def plus_plus(A, g):
    """Chattopadhay et al. 2018, eqs. 5 and 19."""
    alpha = g**2 / (2 * g**2 + A.sum((2, 3), keepdim=True) * g**3)
    return summed((torch.where(g == 0, 0, alpha) * g.relu()).sum((2, 3), keepdim=True), A).relu()


def xgrad(A, g):
    """Fu et al. 2020, eqs. 1 and 8."""
    share = A / A.sum((2, 3), keepdim=True)
    return summed((torch.where(A == 0, 0, share) * g).sum((2, 3), keepdim=True), A).relu()


RELATIVES = {  # the map from (A, dy/dA)
    "grad_cam++": plus_plus,
    "xgrad_cam": xgrad,
    "hirescam": lambda A, g: summed(g, A),
    "layercam": lambda A, g: summed(g.relu(), A).relu(),
}


def cam_of(case, A, g):
    """The method's map (N, h, w)."""
    return RELATIVES.get(case.method, lambda A, g: weigh(A, g).relu())(A, g)


def enlarge(case, cam, **how):
    return F.interpolate(
        cam[:, None], case.x.shape[2:], **(how or {"mode": "bilinear", "align_corners": False})
    )[:, 0]


def right(case):
    """What the method's paper says."""
    match case.method:
        case "saliency":
            return at_input(case).abs().amax(1)
        case method if method == "grad_cam" or method in RELATIVES:
            return cam_of(case, *at_layer(case))
        case method if method in relatives.RIGHT:
            return relatives.RIGHT[method](case)
        case method if method in variants.RIGHT:
            return variants.RIGHT[method](case)
        case "guided_grad_cam":
            return at_input(case) * enlarge(case, weigh(*at_layer(case)).relu())[:, None]
    return at_input(case)
