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


def pytorch_grad_cam(kind):
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
                cam.get_cam_image(x.detach(), layer, [ClassifierOutputTarget(c)], A, dA, False), 0
            )

    return witness


class Double:
    """numpy, except that float32 is float64."""

    float32 = np.float64

    def __getattr__(self, name):
        return getattr(np, name)


@contextlib.contextmanager
def in_double():
    """pytorch-grad-cam collects scores and projections in float32: in float64 instead."""
    from pytorch_grad_cam import ablation_cam
    from pytorch_grad_cam.utils import svd_on_activations

    torch.set_default_dtype(torch.float64)
    try:
        with (
            mock.patch.object(ablation_cam, "np", Double()),
            mock.patch.object(svd_on_activations, "np", Double()),
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


def captum_smoothgrad(drawn, sigma):
    """drawn: the noise (n, C, H, W), standard normal, in place of what Captum draws."""

    def witness(model, x, c, layer):
        from captum.attr import NoiseTunnel, Saliency

        todo = list(drawn)

        def normal(mean, std):
            return mean + std * torch.as_tensor(np.stack([todo.pop(0) for _ in range(len(std))]))

        with mock.patch.object(torch, "normal", normal):
            tunnel = NoiseTunnel(Saliency(model))
            found = tunnel.attribute(
                torch.as_tensor(x),
                target=c,
                abs=False,
                nt_type="smoothgrad",
                nt_samples=len(drawn),
                nt_samples_batch_size=5,
                stdevs=sigma,
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
