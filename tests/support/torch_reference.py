"""The same networks and rules written independently in PyTorch.

Nothing here knows minicnn; only the names of layers are the same.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F


class Guided(torch.autograd.Function):
    """Guided backprop: a gradient passes where it and the input are positive (Springenberg et al. 2015)."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return torch.where((z > 0) & (g > 0), g, 0)


class Deconvnet(torch.autograd.Function):
    """Deconvnet: the gradient passes where it is positive (Zeiler & Fergus 2014)."""

    @staticmethod
    def forward(ctx, z):
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        return g.clamp(min=0)


class Asked(torch.autograd.Function):
    """Any of the three: `Asked.rule` says which at the time of a backward pass, so one forward pass serves
    all."""

    rule = "backprop"

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return {
            "backprop": lambda: torch.where(z > 0, g, 0),
            "guided": lambda: torch.where((z > 0) & (g > 0), g, 0),
            "deconvnet": lambda: g.clamp(min=0),
        }[Asked.rule]()


RELU = {
    "backprop": torch.relu, "guided": Guided.apply, "deconvnet": Deconvnet.apply, "asked": Asked.apply,
}  # fmt: skip


@dataclass
class Run:
    """One forward pass: maps {name: tensor}; gates {relu: bool array}; switches {pool: tap numbers}; ties:
    pools with a tied window; c, unit: where the signals of `agreement` start."""

    rule: str
    c: int = None
    unit: tuple = None
    maps: dict = field(default_factory=dict)
    gates: dict = field(default_factory=dict)
    switches: dict = field(default_factory=dict)
    ties: list = field(default_factory=list)

    def relu(self, name, z):
        self.gates[name] = (z > 0).numpy()
        self.maps[name] = RELU[self.rule](z)
        return self.maps[name]

    def pool(self, name, x, kernel, stride):
        y, places = F.max_pool2d(x, kernel, stride, ceil_mode=True, return_indices=True)
        rows, columns = places // x.shape[-1], places % x.shape[-1]
        first_row = torch.arange(y.shape[-2])[:, None] * stride
        first_column = torch.arange(y.shape[-1]) * stride
        self.switches[name] = ((rows - first_row) * kernel + columns - first_column).numpy()
        if tied(x.detach(), kernel, stride, y.shape):
            self.ties.append(name)
        self.maps[name] = y
        return y


def tied(x, kernel, stride, shape):
    """Whether the two largest values of a window with a positive maximum differ by 1e-12 of it or less."""
    reach = [(n - 1) * stride + kernel for n in shape[-2:]]
    x = F.pad(x, (0, reach[1] - x.shape[-1], 0, reach[0] - x.shape[-2]), value=-torch.inf)
    first, second = (
        x.unfold(2, kernel, stride).unfold(3, kernel, stride).flatten(-2).topk(2).values.unbind(-1)
    )
    return bool(((first > 0) & (first - second <= 1e-12 * first)).any())


def tensors(arrays, dtype):
    return {name: torch.as_tensor(a).to(dtype) for name, a in arrays.items()}


def squeezenet(w, x, rule="backprop"):
    """SqueezeNet v1.0 from its published arrays (as tensors), on a tensor (N, 3, H, W) -> Run; the scores are
    run.maps['pool10']"""
    run = Run(rule)

    def conv(name, x, **options):
        run.maps[name.replace(".", "/")] = y = F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], **options)
        return y

    def fire(name, x):
        s = run.relu(f"{name}/relu_squeeze1x1", conv(f"{name}.squeeze1x1", x))
        one = run.relu(f"{name}/relu_expand1x1", conv(f"{name}.expand1x1", s))
        three = run.relu(f"{name}/relu_expand3x3", conv(f"{name}.expand3x3", s, padding=1))
        run.maps[name] = y = torch.cat([one, three], 1)
        return y

    x = run.pool("pool1", run.relu("relu_conv1", conv("conv1", x, stride=2)), 3, 2)
    x = run.pool("pool4", fire("fire4", fire("fire3", fire("fire2", x))), 3, 2)
    x = run.pool("pool8", fire("fire8", fire("fire7", fire("fire6", fire("fire5", x)))), 3, 2)
    x = run.relu("relu_conv10", conv("conv10", fire("fire9", x), padding=1))
    run.maps["pool10"] = x.mean((2, 3))
    return run


VGG16 = [(1, 64), (1, 64), (2, 128), (2, 128), (3, 256), (3, 256), (3, 256), *[(4, 512)] * 3, *[(5, 512)] * 3]


def he_vgg16(seed, dtype):
    """Full-size arrays {'conv1_1.W': (F, C, 3, 3), ..., 'fc8.b': (1000,)}: He et al. 2015 weights and small
    biases."""
    random, C, arrays, count = np.random.default_rng(seed), 3, {}, {}
    shapes = {}
    for block, width in VGG16:
        count[block] = count.get(block, 0) + 1
        shapes[f"conv{block}_{count[block]}"], C = (width, C, 3, 3), width
    for name, shape in {**shapes, "fc6": (4096, 25088), "fc7": (4096, 4096), "fc8": (1000, 4096)}.items():
        deviation = np.sqrt(2 / np.prod(shape[1:]), dtype=np.float32)
        arrays[f"{name}.W"] = (random.standard_normal(shape, dtype=np.float32) * deviation).astype(dtype)
        arrays[f"{name}.b"] = (random.standard_normal(shape[0], dtype=np.float32) / 100).astype(dtype)
    return arrays


def vgg16(w, x, rule="backprop"):
    """VGG-16 from arrays as `he_vgg16` draws them (as tensors) -> Run; the scores are run.maps['fc8']"""
    run = vgg16_convolutions(w, x, rule)
    x = run.maps["pool5"].flatten(1)
    for name, relu in (("fc6", "relu6"), ("fc7", "relu7"), ("fc8", None)):
        run.maps[name] = z = F.linear(x, w[f"{name}.W"], w[f"{name}.b"])
        x = run.relu(relu, z) if relu else z
    return run


def vgg16_convolutions(w, x, rule="backprop", last="pool5"):
    """The same up to pool5, or to relu5_3 -> Run"""
    run, count = Run(rule), {}
    for n, (block, _) in enumerate(VGG16):
        count[block] = count.get(block, 0) + 1
        at = f"{block}_{count[block]}"
        run.maps[f"conv{at}"] = z = F.conv2d(x, w[f"conv{at}.W"], w[f"conv{at}.b"], padding=1)
        x = run.relu(f"relu{at}", z)
        if f"relu{at}" == last:
            break
        if n + 1 == len(VGG16) or VGG16[n + 1][0] > block:
            x = run.pool(f"pool{block}", x, 2, 2)
    return run


def vgg16_gap(w, x, rule="backprop"):
    """Its convolutions, the average of relu5_3 and one linear layer -> Run; the scores are run.maps['fc']"""
    run = vgg16_convolutions(w, x, rule, last="relu5_3")
    run.maps["fc"] = F.linear(run.maps["relu5_3"].mean((2, 3)), w["fc.W"], w["fc.b"])
    return run


def vgg16_module(w):
    """The same as one nn.Sequential with named ReLU modules, for Captum."""
    net, count, C = torch.nn.Sequential(), {}, 3
    for n, (block, width) in enumerate(VGG16):
        count[block] = count.get(block, 0) + 1
        at = f"{block}_{count[block]}"
        net.add_module(f"conv{at}", torch.nn.Conv2d(C, width, 3, padding=1, device="meta"))
        net.add_module(f"relu{at}", torch.nn.ReLU())
        if n + 1 == len(VGG16) or VGG16[n + 1][0] > block:
            net.add_module(f"pool{block}", torch.nn.MaxPool2d(2))
        C = width
    net.add_module("flatten", torch.nn.Flatten())
    for name, shape in (("fc6", (25088, 4096)), ("fc7", (4096, 4096)), ("fc8", (4096, 1000))):
        net.add_module(name, torch.nn.Linear(*shape, device="meta"))
        if name != "fc8":
            net.add_module(name.replace("fc", "relu"), torch.nn.ReLU())
    names = {"W": "weight", "b": "bias"}
    state = {
        f"{layer}.{names[kind]}": t for (layer, kind), t in ((key.split("."), t) for key, t in w.items())
    }
    net.load_state_dict(state, assign=True)
    return net.eval()
