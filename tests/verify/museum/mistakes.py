"""The mistakes of the catalogue, as people make them: a few lines of faulty PyTorch each, or a library that still makes them."""

import importlib.util
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from tests.verify.museum.right import DECONVNET, GUIDED, at_input, at_layer, enlarge, right, rule, score, weigh

CAMS, RULED = ("grad_cam", "guided_grad_cam"), ("guided_backprop", "deconvnet", "guided_grad_cam")
INPUTS = ("gradient", "saliency", "guided_backprop", "deconvnet")
EVERY = (*INPUTS, *CAMS)
ALL = ("VGG", "InPlace", "Residual", "Functional", "Shared", "Tied", "Pooled")


@dataclass(frozen=True)
class Mistake:
    """truth: the cause's name in the catalogue; make(case) -> what somebody would have got; families, methods: where it can happen."""

    truth: str
    make: object
    methods: tuple = EVERY
    families: tuple = ALL
    at: str = ""  # the layer, where the family's own will not do
    needs: str = ""  # a library


def finish(case, signal=None, cam=None):
    """The method's result from its parts, of which a mistake gives one."""
    signal = at_input(case) if signal is None and case.method != "grad_cam" else signal
    if case.method == "saliency":
        return signal.abs().amax(1)
    if case.method in INPUTS:
        return signal
    cam = weigh(*at_layer(case)).relu() if cam is None else cam
    return cam if case.method == "grad_cam" else signal * enlarge(case, cam)[:, None]


def started(start):
    """The signal starts at start(case, y), everywhere."""
    def make(case):
        cam = weigh(*at_layer(case, start=start)).relu() if case.method in CAMS else None
        return finish(case, at_input(case, start=start), cam)

    return make


def fed(change):
    """The network sees another picture."""
    def make(case):
        x = change(case.x)
        cam = weigh(*at_layer(case, x=x)).relu() if case.method in CAMS else None
        return finish(case, at_input(case, x=x), cam)

    return make


def built(change):
    """Another network: change(copy of the model)."""
    def make(case):
        other = case.to(case.x.dtype)
        change(other.model)
        return right(other)

    return make


def ruled(relu, **which):
    return lambda case: finish(case, at_input(case, relu(case) if relu else None, **which))


def own(case):
    return {"deconvnet": DECONVNET}.get(case.method, GUIDED)


def cam(f, **layer):
    """The map from (A, dA)."""
    return lambda case: finish(case, cam=f(*at_layer(case, **layer)))


def enlarged(how):
    return lambda case: how(case, weigh(*at_layer(case)).relu())


def after(f):
    return lambda case: f(right(case))


def leaves(model, kind):
    return [m for m in model.modules() if isinstance(m, kind)]


def train(model):
    for m in leaves(model, torch.nn.BatchNorm2d):
        m.train()


def ceil(model):
    for m in leaves(model, torch.nn.MaxPool2d):
        m.ceil_mode = not m.ceil_mode


def count(model):
    for m in leaves(model, torch.nn.AvgPool2d):
        m.count_include_pad = not m.count_include_pad


class ZeroPadded(torch.nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.pool = pool

    def forward(self, x):
        p = self.pool
        return F.max_pool2d(F.pad(x, (p.padding,) * 4), p.kernel_size, p.stride, 0, ceil_mode=p.ceil_mode)


class Windows(torch.nn.Module):
    """A max-pool 2x2 by `reduce` over the taps, which decides what happens in a tie."""

    def __init__(self, reduce):
        super().__init__()
        self.reduce = reduce

    def forward(self, x):
        N, C, H, W = x.shape
        taps = x.reshape(N, C, H // 2, 2, W // 2, 2).permute(0, 1, 2, 4, 3, 5).flatten(-2)
        return self.reduce(taps)


def last(taps):
    best = taps.flip(-1).max(-1)
    return taps.flip(-1).gather(-1, best.indices[..., None])[..., 0]


class EveryMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, taps):
        y = taps.amax(-1)
        ctx.save_for_backward(taps == y[..., None])
        return y

    @staticmethod
    def backward(ctx, g):
        return g[..., None] * ctx.saved_tensors[0]


def pools(make):
    def change(model):
        for parent in list(model.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, torch.nn.MaxPool2d):
                    setattr(parent, name, make(child))

    return change


def hooked_clip(case):
    """Clips every gradient that leaves a convolution or linear layer, and lets the ReLUs be."""
    plain = {"deconvnet": rule(lambda z, g: torch.ones_like(g, dtype=bool))}.get(case.method)
    handles = [m.register_full_backward_hook(lambda m, gi, go: tuple(g.clamp(min=0) for g in gi))
               for m in leaves(case.model, (torch.nn.Conv2d, torch.nn.Linear))]  # fmt: skip
    try:
        signal = at_input(case, plain)
    finally:
        for h in handles:
            h.remove()
    return finish(case, signal)


def neighbour(offset):
    def make(case):
        layers = [n for n, m in case.model.named_modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.ReLU, torch.nn.MaxPool2d))]
        layers = [n for n in layers if "classifier" not in n]
        return finish(case, cam=weigh(*at_layer(case, layer=layers[layers.index(case.layer) + offset])).relu())

    return make


def aliased(case):
    """Keeps the convolution's output by reference; the in-place ReLU then changes it; the gradient is the convolution's."""
    A, dA = at_layer(case)
    return finish(case, cam=weigh(A.relu(), dA).relu())


def aliased_both(case):
    n = case.layer.rpartition(".")
    return finish(case, cam=weigh(*at_layer(case, layer=f"{n[0]}.{int(n[2]) + 1}")).relu())


def gradient_after(case):
    n = case.layer.rpartition(".")
    return finish(case, cam=weigh(at_layer(case)[0], at_layer(case, layer=f"{n[0]}.{int(n[2]) + 1}")[1]).relu())


def activation_before(case):
    n = case.layer.rpartition(".")
    return finish(case, cam=weigh(at_layer(case, layer=f"{n[0]}.{int(n[2]) - 1}")[0], at_layer(case)[1]).relu())


def opencv(case, m, how):
    """In float32, as OpenCV's own shares of the old values are."""
    import cv2

    size = tuple(case.x.shape[:1:-1])
    return torch.stack([torch.from_numpy(cv2.resize(a.numpy(), size, interpolation=getattr(cv2, how))) for a in m.float()]).to(m)


def pil(case, m, how):
    from PIL import Image

    size = tuple(case.x.shape[:1:-1])
    resized = [np.asarray(Image.fromarray(a.float().numpy()).resize(size, getattr(Image, how))) for a in m]
    return torch.from_numpy(np.stack(resized)).to(m)


def scipy(case, m, order):
    from scipy.ndimage import zoom

    factor = (1, *(N / n for n, N in zip(m.shape[1:], case.x.shape[2:])))
    return torch.from_numpy(zoom(m.double().numpy(), factor, order=order)).to(m)


def spread(m, eps=0.0):
    dims = tuple(range(1, m.ndim))
    m = m - m.amin(dims, keepdim=True)
    return m / (m.amax(dims, keepdim=True) + eps)


def over_max(m):
    return m / m.amax(tuple(range(1, m.ndim)), keepdim=True)


def captum_guided(case):
    from captum.attr import Deconvolution, GuidedBackprop

    method = {"guided_backprop": GuidedBackprop, "deconvnet": Deconvolution}[case.method]
    return method(case.model).attribute(case.x.clone().requires_grad_(), target=case.c).detach()


def captum_guided_cam(case):
    from captum.attr import GuidedGradCam

    method = GuidedGradCam(case.model, case.model.get_submodule(case.layer))
    return method.attribute(case.x.clone().requires_grad_(), target=case.c).detach()


MEAN, STD = (torch.tensor(v, dtype=torch.float64).reshape(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
TABLE = [
    # how the rule is applied
    Mistake("the override did not fire: plain gradient", ruled(None), RULED),
    Mistake("deconvnet instead of guided backprop", ruled(lambda case: DECONVNET), ("guided_backprop", "guided_grad_cam")),
    Mistake("guided backprop instead of deconvnet", ruled(lambda case: GUIDED), ("deconvnet",)),
    Mistake("an overridden ReLU in a plain gradient", ruled(lambda case: GUIDED), ("gradient", "saliency")),
    Mistake("an overridden ReLU in a plain gradient", ruled(lambda case: DECONVNET), ("gradient", "saliency")),
    Mistake("only some of the ReLUs overridden", ruled(own, which=lambda n, z: z.ndim == 4), RULED, ("VGG", "InPlace")),
    Mistake("only some of the ReLUs overridden", ruled(own, which=lambda n, z: n > 0), RULED),
    Mistake("only some of the ReLUs overridden", ruled(own, which=lambda n, z: n < 2), RULED),
    Mistake("only some of the ReLUs overridden", captum_guided, ("guided_backprop", "deconvnet"), ("Functional",), needs="captum"),
    Mistake("gate inverted", ruled(lambda case: rule(lambda z, g: (z <= 0) & (g > 0))), ("guided_backprop",)),
    Mistake("the signal is clipped on the wrong side of the layer", hooked_clip, RULED, ("VGG", "Functional", "Pooled", "Residual")),
    Mistake("hook on a tensor that is shared with a skip", captum_guided, ("guided_backprop", "deconvnet"), ("Shared",), needs="captum"),
    Mistake("guided gradients in Grad-CAM",
            cam(lambda A, dA: weigh(A, dA).relu(), relu=GUIDED), CAMS, ("VGG", "Residual", "InPlace", "Shared")),
    Mistake("tie rule: the signal is split among equal maxima", built(pools(lambda p: Windows(lambda t: t.amax(-1)))), INPUTS, ("Tied",)),
    Mistake("tie rule: every equal maximum gets the signal", built(pools(lambda p: Windows(EveryMaximum.apply))), INPUTS, ("Tied",)),
    Mistake("tie rule: the last of equal maxima", built(pools(lambda p: Windows(last))), INPUTS, ("Tied",)),
    Mistake("tie rule: a ReLU passes at exactly 0", ruled(lambda case: rule(
        {"deconvnet": lambda z, g: g >= 0, "guided_backprop": lambda z, g: (z >= 0) & (g > 0)}.get(case.method, lambda z, g: z >= 0))),
        INPUTS, ("Tied",)),
    # where the signal starts
    Mistake("softmax instead of scores", started(lambda case, y: score(case, y.softmax(1)))),
    Mistake("log-softmax instead of scores", started(lambda case, y: score(case, y.log_softmax(1)))),
    Mistake("gradient of the loss instead of the score",
            started(lambda case, y: F.cross_entropy(y, torch.full((len(y),), case.c), reduction="sum"))),
    Mistake("score value as seed", started(lambda case, y: score(case, y * y.detach()))),
    Mistake("all scores instead of one", started(lambda case, y: y.sum())),
    Mistake("another class", started(lambda case, y: y[:, (case.c + 1) % 5].sum())),
    Mistake("another class", started(lambda case, y: y[:, (case.c - 1) % 5].sum())),
    # the layer
    Mistake("in-place ReLU: activation after it, gradient before it", aliased, CAMS, ("InPlace",)),
    Mistake("another layer (off by one, or after an in-place ReLU)", aliased_both, CAMS, ("InPlace",)),
    Mistake("in-place ReLU: activation before it, gradient after it", gradient_after, CAMS, ("InPlace",)),
    Mistake("activation from before the ReLU, gradient from after it", activation_before, CAMS, ("VGG",)),
    Mistake("another layer (off by one, or after an in-place ReLU)", neighbour(-1), CAMS, ("VGG",)),
    Mistake("gradient gated as in guided backprop", cam(lambda A, dA: weigh(A, dA * (A > 0) * (dA > 0)).relu()), CAMS),
    Mistake("ReLU on the gradient before its mean", cam(lambda A, dA: weigh(A, dA.relu()).relu()), CAMS),
    Mistake("absolute value of the gradient before its mean", cam(lambda A, dA: weigh(A, dA.abs()).relu()), CAMS),
    # the sum
    Mistake("a sum instead of the mean over i, j", cam(lambda A, dA: (dA.sum((2, 3), keepdim=True) * A).sum(1).relu()), CAMS),
    Mistake("the maximum instead of the mean over i, j", cam(lambda A, dA: (dA.amax((2, 3), keepdim=True) * A).sum(1).relu()), CAMS),
    Mistake("no mean: gradient times activation, place by place", cam(lambda A, dA: (dA * A).sum(1).relu()), CAMS),
    Mistake("ReLU on the weights", cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).relu() * A).sum(1).relu()), CAMS),
    Mistake("absolute value of the weights", cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).abs() * A).sum(1).relu()), CAMS),
    Mistake("weights divided by their norm",
            cam(lambda A, dA: (F.normalize(dA.mean((2, 3), keepdim=True), dim=1) * A).sum(1).relu()), CAMS),
    Mistake("gradient divided by its root mean square", cam(lambda A, dA: weigh(A, dA / (dA.pow(2).mean().sqrt() + 1e-5)).relu()), CAMS),
    Mistake("softmax of the weights", cam(lambda A, dA: (dA.mean((2, 3), keepdim=True).softmax(1) * A).sum(1).relu()), CAMS),
    Mistake("the mean over the maps instead of their sum", cam(lambda A, dA: (dA.mean((2, 3), keepdim=True) * A).mean(1).relu()), CAMS),
    Mistake("ReLU on every term before the sum", cam(lambda A, dA: (dA.mean((2, 3), keepdim=True) * A).relu().sum(1)), CAMS),
    Mistake("map started at ones", cam(lambda A, dA: (1 + weigh(A, dA)).relu()), CAMS),
    Mistake("the final ReLU is missing", cam(weigh), CAMS),
    Mistake("absolute value instead of the final ReLU", cam(lambda A, dA: weigh(A, dA).abs()), CAMS),
    Mistake("sign flipped (evidence against the class)", cam(lambda A, dA: (-weigh(A, dA)).relu()), CAMS),
    # enlarging
    Mistake("upsampled with aligned corners",
            enlarged(lambda case, m: enlarge(case, m, mode="bilinear", align_corners=True)), ("grad_cam",)),
    Mistake("upsampled with aligned corners", enlarged(lambda case, m: scipy(case, m, 1)), ("grad_cam",), needs="scipy"),
    Mistake("upsampled by the nearest neighbour", enlarged(lambda case, m: enlarge(case, m, mode="nearest")), ("grad_cam",)),
    Mistake("upsampled by the nearest neighbour", captum_guided_cam, ("guided_grad_cam",), ("VGG", "Residual"), needs="captum"),
    Mistake("upsampled by cubic convolution (OpenCV, PyTorch)",
            enlarged(lambda case, m: enlarge(case, m, mode="bicubic", align_corners=False)), ("grad_cam",)),
    Mistake("upsampled by cubic convolution (OpenCV, PyTorch)",
            enlarged(lambda case, m: opencv(case, m, "INTER_CUBIC")), ("grad_cam",), needs="cv2"),
    Mistake("upsampled by cubic convolution, corners aligned",
            enlarged(lambda case, m: enlarge(case, m, mode="bicubic", align_corners=True)), ("grad_cam",)),
    Mistake("upsampled by cubic convolution (PIL)", enlarged(lambda case, m: pil(case, m, "BICUBIC")), ("grad_cam",)),
    Mistake("upsampled by Lanczos (PIL)", enlarged(lambda case, m: pil(case, m, "LANCZOS")), ("grad_cam",)),
    Mistake("upsampled by cubic splines, corners aligned (SciPy)",
            enlarged(lambda case, m: scipy(case, m, 3)), ("grad_cam",), needs="scipy"),
    Mistake("upsampled before the final ReLU", lambda case: enlarge(case, weigh(*at_layer(case))).relu(), ("grad_cam",)),
    # the values
    Mistake("accumulated: the gradient of several calls", after(lambda m: m + m)),
    Mistake("absolute value", after(torch.abs), ("gradient", "guided_backprop", "deconvnet", "guided_grad_cam")),
    Mistake("negative values clipped away", after(torch.relu), ("gradient", "guided_backprop", "deconvnet")),
    Mistake("sign flipped", started(lambda case, y: -score(case, y)), ("gradient",)),
    Mistake("channels joined in another way", lambda case: at_input(case).abs().sum(1), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).abs().mean(1), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).mean(1).abs(), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).amax(1), ("saliency",)),
    Mistake("divided by its maximum", after(over_max)),
    Mistake("stretched from minimum to maximum", after(spread)),
    Mistake("stretched from minimum to maximum, plus 1e-7", after(lambda m: spread(m, 1e-7))),
    Mistake("map stretched to 0..1 before the ReLU", cam(lambda A, dA: spread(weigh(A, dA)).relu()), CAMS),
    Mistake("mean 0, deviation 1", after(lambda m: (m - m.mean()) / m.std(correction=0))),
    Mistake("divided by its L2 norm", after(lambda m: m / m.norm())),
    Mistake("map stretched to 0..1, plus 1e-7, before upsampling", enlarged(lambda case, m: enlarge(case, spread(m, 1e-7))), ("grad_cam",)),
    Mistake("map divided by its maximum before the product",
            lambda case: at_input(case) * over_max(enlarge(case, weigh(*at_layer(case)).relu()))[:, None], ("guided_grad_cam",)),
    Mistake("H and W exchanged", after(lambda m: m.transpose(-1, -2))),
    Mistake("a map (H, W) read as (W, H)", after(lambda m: m.reshape(*m.shape[:-2], m.shape[-1], m.shape[-2])), ("saliency", "grad_cam")),
    Mistake("float16: small values are lost", after(torch.Tensor.half), INPUTS, ("Faint",)),
    # the picture
    Mistake("colour channels in the other order (RGB, BGR)", fed(lambda x: x.flip(1))),
    Mistake("another mean and deviation", fed(lambda x: x * STD.to(x) + MEAN.to(x))),
    Mistake("another mean and deviation", fed(lambda x: (x * STD.to(x) + MEAN.to(x)) * 2 - 1)),
    Mistake("another mean and deviation", fed(lambda x: 255 * (x * STD.to(x) + MEAN.to(x)))),
    Mistake("another range of pixel values", fed(lambda x: x / 255)),
    # the network
    Mistake("train mode: batchnorm uses the batch's statistics", built(train), families=("Residual",)),
    Mistake("another ceil mode of the max-pools", built(ceil), families=("Pooled",)),
    Mistake("padding counted, or not, by the average pools", built(count), families=("Pooled",)),
    Mistake("max-pools padded with zeros", built(pools(ZeroPadded)), families=("Pooled",)),
    # two at once
    Mistake("softmax instead of scores AND stretched from minimum to maximum",
            lambda case: spread(started(lambda case, y: score(case, y.softmax(1)))(case)), ("grad_cam", "gradient")),
    Mistake("the final ReLU is missing AND upsampled with aligned corners",
            lambda case: enlarge(case, weigh(*at_layer(case)), mode="bilinear", align_corners=True), ("grad_cam",)),
    Mistake("colour channels in the other order (RGB, BGR) AND absolute value",
            lambda case: fed(lambda x: x.flip(1))(case).abs(), ("gradient", "guided_backprop")),
    Mistake("the override did not fire: plain gradient AND divided by its largest magnitude",
            lambda case: (lambda g: g / g.abs().max())(at_input(case, None)), ("guided_backprop", "deconvnet")),
]  # fmt: skip
TABLE = [m for m in TABLE if not m.needs or importlib.util.find_spec(m.needs)]
