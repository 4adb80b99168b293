"""What other libraries give for Grad-CAM's relatives: raw maps, as arrays, of a PyTorch module in float64.

Every function: (model, x, c, module of the layer) -> array.  Where a library rounds to float32 on the way, it
does so no more.
"""

import contextlib
import warnings
from unittest import mock

import numpy as np
import torch

import tests.support.torchvision_models  # noqa: F401  the libraries import torchvision


def pytorch_grad_cam(kind, eigen_smooth=False):
    """`kind` of pytorch-grad-cam, its map before normalisation."""

    def witness(model, x, c, layer):
        import pytorch_grad_cam as library
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        x = torch.as_tensor(x).requires_grad_()
        with quietly(), in_double(), getattr(library, kind)(model=model, target_layers=[layer]) as cam:
            scores = cam.activations_and_grads(x)
            scores[0, c].backward()
            seen = cam.activations_and_grads
            A = seen.activations[0].detach().numpy()
            dA = seen.gradients[0].detach().numpy() if seen.gradients else None
            return np.maximum(
                cam.get_cam_image(x.detach(), layer, [ClassifierOutputTarget(c)], A, dA, eigen_smooth), 0
            )

    return witness


class Double:
    """numpy, except that float32 is float64."""

    float32 = np.float64

    def __getattr__(self, name):
        return getattr(np, name)


@contextlib.contextmanager
def in_double():
    """pytorch-grad-cam collects scores, projections and pictures in float32: in float64 instead."""
    from pytorch_grad_cam import ablation_cam, base_cam
    from pytorch_grad_cam.utils import image, svd_on_activations

    torch.set_default_dtype(torch.float64)
    try:
        with (
            mock.patch.object(ablation_cam, "np", Double()),
            mock.patch.object(svd_on_activations, "np", Double()),
            mock.patch.object(base_cam, "np", Double()),
            mock.patch.object(image, "np", Double()),
        ):
            yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def quietly():
    """Without the progress bars and warnings of libraries."""
    import tqdm

    with warnings.catch_warnings(), mock.patch.object(tqdm, "tqdm", lambda it, *_, **__: it):
        warnings.simplefilter("ignore")
        yield


def torch_cam(kind):
    """`kind` of torch-cam, its map before normalisation."""

    def witness(model, x, c, layer):
        from torchcam import methods

        with quietly(), getattr(methods, kind)(model, target_layer=layer) as extractor:
            return extractor(c, model(torch.as_tensor(x).requires_grad_()), normalized=False)[0].numpy()

    return witness


def captum_integrated_gradients(steps, rule):
    def witness(model, x, c, layer):
        from captum.attr import IntegratedGradients

        found = IntegratedGradients(model).attribute(
            torch.as_tensor(x), target=c, n_steps=steps, method=rule, internal_batch_size=10
        )
        return found.numpy()

    return witness


def whole_of_pytorch_grad_cam(kind, layers=None, **smooth):
    """The map that a user of pytorch-grad-cam gets; layers: names, default the one that is asked for; smooth:
    aug_smooth or eigen_smooth.
    """

    def witness(model, x, c, layer):
        import pytorch_grad_cam as library
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        at = [layer] if layers is None else [model.get_submodule(name) for name in layers]
        with quietly(), in_double(), getattr(library, kind)(model=model, target_layers=at) as cam:
            x = torch.as_tensor(x).requires_grad_()
            return cam(x, [ClassifierOutputTarget(c)], **smooth)

    return witness


def full_grad_by_autograd(model, x, c, layer):
    """FullGrad as its authors' code computes it: biases of modules, the gradients at their outputs, maps
    enlarged corner to corner.
    """
    seen, hooks = [], []
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.BatchNorm2d)):
            bias = module.bias
            if isinstance(module, torch.nn.BatchNorm2d):
                bias = bias - module.running_mean * module.weight / torch.sqrt(
                    module.running_var + module.eps
                )
            if bias is not None:
                keep = lambda module, _, out, bias=bias: seen.append((bias, out))  # noqa: E731
                hooks.append(module.register_forward_hook(keep))
    x = torch.as_tensor(x).requires_grad_()
    y = model(x)[0, c]
    for hook in hooks:
        hook.remove()
    g, *gs = torch.autograd.grad(y, [x, *(out for _, out in seen)])
    total = 0
    for part in [x * g, *(bias[None, :, None, None] * gz for (bias, _), gz in zip(seen, gs))]:
        size = part.detach().abs()
        size = (size - size.min()) / (size - size.min()).max()
        larger = torch.nn.functional.interpolate(size, x.shape[2:], mode="bilinear", align_corners=True)
        total = total + larger.sum(1)
    return total.numpy()


class Rescale(torch.autograd.Function):
    """y = f(x) of a batch of two, input and baseline; backward by DeepLIFT's quotient."""

    @staticmethod
    def forward(context, x, f):
        y = f(x)
        context.save_for_backward(x[:1] - x[1:], y[:1] - y[1:])
        return y

    @staticmethod
    def backward(context, m):
        dx, dy = context.saved_tensors
        return torch.cat([m[:1] * torch.where(dx == 0, 0, dy / dx)] * 2), None  # 0: both gates are closed


class RescalePool(torch.autograd.Function):
    """A max-pool of such a batch: what y rises above y' goes to x's winner, what it falls to that of x'."""

    @staticmethod
    def forward(context, x, pool):
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            y = pool(leaf)
        context.leaf, context.y = leaf, y
        return y.detach()

    @staticmethod
    def backward(context, m):
        leaf, y = context.leaf, context.y
        high, dx = torch.maximum(y[:1], y[1:]), (leaf[:1] - leaf[1:]).detach()
        ways = torch.cat([high - y[1:], y[:1] - high]).detach() * m
        (back,) = torch.autograd.grad(y, leaf, ways, retain_graph=True)
        (plain,) = torch.autograd.grad(y, leaf, m)
        found = torch.where(dx == 0, plain[:1], back.sum(0, keepdim=True) / dx)
        return torch.cat([found, found]), None


class Ruled(torch.nn.Module):
    def __init__(self, module, rule):
        super().__init__()
        self.module, self.rule = module, rule

    def forward(self, x):
        return self.rule.apply(x, self.module)


def deep_lift_by_autograd(model, x, c, layer):
    """DeepLIFT of the difference from zeros, its rules as functions of torch.autograd."""
    import copy

    model = copy.deepcopy(model)
    rules = {torch.nn.ReLU: Rescale, torch.nn.MaxPool2d: RescalePool}
    for parent in list(model.modules()):
        for name, module in list(parent.named_children()):
            if type(module) in rules:
                setattr(parent, name, Ruled(module, rules[type(module)]))
    x = torch.as_tensor(x)
    both = torch.cat([x, torch.zeros_like(x)]).requires_grad_()
    (m,) = torch.autograd.grad(model(both)[:, c].sum(), both)
    return (m[:1] * x).numpy()


def captum_deep_lift(model, x, c, layer):
    from captum.attr import DeepLift

    with quietly():
        return DeepLift(model).attribute(torch.as_tensor(x).requires_grad_(), target=c).detach().numpy()


def captum_smoothgrad(drawn, sigma, kind="smoothgrad"):
    """drawn: the noise (n, C, H, W), standard normal, in place of what Captum draws; kind: smoothgrad,
    smoothgrad_sq or vargrad.
    """
    from captum.attr import Saliency

    return noise_tunnel(lambda model, layer: Saliency(model), drawn, sigma, kind, abs=False)


def captum_noisy_grad_cam(drawn, sigma, kind):
    from captum.attr import LayerGradCam

    tunnel = noise_tunnel(LayerGradCam, drawn, sigma, kind, relu_attributions=True)
    return lambda *asked: tunnel(*asked)[:, 0]


def noise_tunnel(method, drawn, sigma, kind, **options):
    """method(model, layer) -> Captum's object."""

    def witness(model, x, c, layer):
        from captum.attr import NoiseTunnel

        todo = list(drawn)

        def normal(mean, std):
            return mean + std * torch.as_tensor(np.stack([todo.pop(0) for _ in range(len(std))]))

        with mock.patch.object(torch, "normal", normal), in_double():  # its sums have the default precision
            found = NoiseTunnel(method(model, layer)).attribute(
                torch.as_tensor(x).requires_grad_(),
                target=c,
                nt_type=kind,
                nt_samples=len(drawn),
                nt_samples_batch_size=5,
                stdevs=sigma,
                **options,
            )
        assert not todo, "Captum did not use the noise"
        return found.detach().numpy()

    return witness


def zennit_lrp(conv, linear, first=None):
    """conv, linear, first: functions that make zennit's rules, as in `lambda rules: rules.Epsilon(1e-6)`."""

    def witness(model, x, c, layer):
        from zennit import rules
        from zennit.attribution import Gradient
        from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
        from zennit.types import BatchNorm, Convolution

        from tests.support.torch_modules import Sum

        layer_map = [
            *((Sum, rules.Norm()), (BatchNorm, rules.Epsilon(1e-6)), *layer_map_base()),
            *((Convolution, conv(rules)), (torch.nn.Linear, linear(rules))),
        ]
        composite = LayerMapComposite(layer_map)
        if first:
            composite = SpecialFirstLayerMapComposite(layer_map, first_map=[(Convolution, first(rules))])
        with Gradient(model, composite) as attributor:
            _, R = attributor(torch.as_tensor(x), lambda y: one_hot(y, c) * y)
        return R.numpy()

    return witness


def zennit_excitation_backprop(model, x, c, layer):
    """The sum over the maps of what arrives at the layer;
    biases take no part, and no stabiliser that could be seen.
    """
    from zennit.composites import ExcitationBackprop
    from zennit.rules import Norm

    from tests.support.torch_modules import Sum

    seen = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        with ExcitationBackprop(layer_map=[(Sum, Norm(1e-30))], zero_params="bias", stabilizer=1e-30).context(
            model
        ) as hooked:
            y = hooked(torch.as_tensor(x).requires_grad_())
            (P,) = torch.autograd.grad(y, seen[0], one_hot(y, c))
    finally:
        handle.remove()
    return P.sum(1).detach().numpy()


def one_hot(y, c):
    return torch.nn.functional.one_hot(torch.tensor([c]), y.shape[1]).to(y)
