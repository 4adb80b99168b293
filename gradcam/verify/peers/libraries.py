"""What other libraries give, on a copy of the model: captum, pytorch-grad-cam, torch-cam, zennit.

Raw results where the library's interface gives them: maps before normalisation.  A library's own changes of a
model stay in the copy.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np

from gradcam.method import pixel_range
from gradcam.methods import METHODS
from gradcam.verify.errors import VerifyError
from gradcam.verify.modules import path_of
from gradcam.verify.question import method_name
from gradcam.verify.reference.pipelines import FORWARD
from gradcam.verify.reference.settings import settings_of


def classes_of(library: Any) -> Any:
    """{method: the library's class}"""
    return {name: method.peers[library] for name, method in METHODS.items() if library in method.peers}


def captum(model: Any, x: np.ndarray, c: Any, method: str, layer: Any, settings: Any) -> Any:
    from captum import attr

    kinds = {
        "gradient": "Saliency",
        "saliency": "Saliency",
        "guided_backprop": "GuidedBackprop",
        "deconvnet": "Deconvolution",
    }
    if method == "grad_cam":
        return attr.LayerGradCam(model, layer).attribute(x, target=c, relu_attributions=True)
    if method == "guided_grad_cam":
        return attr.GuidedGradCam(model, layer).attribute(x, target=c)
    if method == "integrated_gradients":
        rule = {"gauss": "gausslegendre", "right": "riemann_right", "midpoint": "riemann_middle"}[
            settings["rule"]
        ]
        start = x.new_tensor(settings["baseline"]).expand_as(x)
        return attr.IntegratedGradients(model).attribute(
            x, start, target=c, n_steps=settings["steps"], method=rule, internal_batch_size=16
        )
    if method not in kinds:
        raise NotImplementedError
    if kinds[method] == "Saliency":
        g = attr.Saliency(model).attribute(x, target=c, abs=False)
        return g.abs().amax(1) if method == "saliency" else g
    return getattr(attr, kinds[method])(model).attribute(x, target=c)


def pytorch_grad_cam(model: Any, x: np.ndarray, c: Any, method: str, layer: Any, settings: Any) -> Any:
    import pytorch_grad_cam as library
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cams = classes_of("pytorch-grad-cam")
    if method in cams:
        with getattr(library, cams[method])(model=model, target_layers=[layer]) as cam:
            scores = cam.activations_and_grads(x)
            scores[:, c].sum().backward()
            seen = cam.activations_and_grads
            A, dA = (v[0].detach().cpu().numpy() if v else None for v in (seen.activations, seen.gradients))
            with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
                found = np.maximum(
                    cam.get_cam_image(x, layer, [ClassifierOutputTarget(c)] * len(x), A, dA, False), 0
                )
            return (
                found if dA is not None and method not in FORWARD else found.astype(np.float32)
            )  # as it collects scores and projections
    if method == "guided_backprop":
        if len(x) > 1:
            raise VerifyError("pytorch-grad-cam's guided backprop looks at the first picture only: give one")
        return library.GuidedBackpropReLUModel(model=model, device="cpu")(x, target_category=c).transpose(
            2, 0, 1
        )[None]
    raise NotImplementedError


def torch_cam(model: Any, x: np.ndarray, c: Any, method: str, layer: Any, settings: Any) -> Any:
    from torchcam import methods

    cams = classes_of("torch-cam")
    if method not in cams:
        raise NotImplementedError
    with getattr(methods, cams[method])(model, target_layer=layer) as extractor:
        return extractor(c, model(x), normalized=False)[0]


def zennit(model: Any, x: np.ndarray, c: Any, method: str, layer: Any, settings: Any) -> Any:
    import torch
    from zennit import attribution, composites

    one_hot = lambda y: torch.nn.functional.one_hot(torch.full((len(y),), c), y.shape[1]).to(y)  # noqa: E731
    kinds = {
        "gradient": None,
        "saliency": None,
        "guided_backprop": "GuidedBackprop",
        "deconvnet": "DeconvNet",
    }
    if method == "excitation_backprop":
        return _excitation(model, x, one_hot, layer)
    if method.startswith("lrp_"):
        with attribution.Gradient(model, _rules(method, x, settings)) as attributor:
            return attributor(x, lambda y: one_hot(y) * y)[1]
    if method not in kinds:
        raise NotImplementedError
    composite = getattr(composites, kinds[method])() if kinds[method] else None
    with attribution.Gradient(model, composite) as attributor:
        _, g = attributor(x, one_hot)
    return g.abs().amax(1) if method == "saliency" else g


def _rules(method, x, settings):
    """zennit's composite for one of our tables, with a stabiliser of 1e-6 everywhere; it has no epsilon that
    grows with z.
    """
    import torch
    from zennit import rules
    from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
    from zennit.types import BatchNorm, Convolution

    gamma = (rules.Gamma(0.25), rules.Epsilon(1e-6))
    conv, linear = {
        "lrp_epsilon": (rules.Epsilon(1e-6),) * 2,
        "lrp_alpha_beta": (rules.AlphaBeta(2, 1),) * 2,
    }.get(method, gamma)
    every = [
        (BatchNorm, rules.Epsilon(1e-6)),
        *layer_map_base(),
        (Convolution, conv),
        (torch.nn.Linear, linear),
    ]
    if method in ("lrp_z_box", "lrp_flat"):
        first = (
            rules.Flat()
            if method == "lrp_flat"
            else rules.ZBox(*(x.new_tensor(v) for v in settings["pixels"]))
        )
        return SpecialFirstLayerMapComposite(every, first_map=[(Convolution, first)])
    return LayerMapComposite(every)


def _excitation(model, x, one_hot, layer):
    """The sum over the maps of what arrives at the layer; without biases, and without a stabiliser that could
    be seen.
    """
    import torch
    from zennit.composites import ExcitationBackprop

    seen = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        with ExcitationBackprop(zero_params="bias", stabilizer=1e-30).context(model) as hooked:
            y = hooked(x)
            return torch.autograd.grad(y, seen[0], one_hot(y))[0].sum(1)
    finally:
        handle.remove()


LIBRARIES = {"captum": captum, "pytorch-grad-cam": pytorch_grad_cam, "torch-cam": torch_cam, "zennit": zennit}
MODULES = {
    "captum": "captum",
    "pytorch-grad-cam": "pytorch_grad_cam",
    "torch-cam": "torchcam",
    "zennit": "zennit",
}


def result_of(
    library: Any, model: Any, x: np.ndarray, target: Any, method: str, layer: Any, settings: Any = None
) -> Any:
    """The library's result for a model that it does not get to see itself, but a copy of -> tensor or array.

    layer: a module of the model, or its path; settings: see `settings`.  VerifyError: the library is not
    installed, has no such method, or fails.
    """
    import torch

    from weights.graphs.torch.untouched import copied

    if library not in LIBRARIES:
        raise VerifyError(f"the library is one of {', '.join(LIBRARIES)}, not '{library}'")
    method, path = method_name(method), path_of(model, layer)
    array = np.asarray(x.detach().cpu() if isinstance(x, torch.Tensor) else x, np.float64)
    settings = settings_of(method, settings or {}, array)
    settings["pixels"] = settings.get("pixels") or pixel_range(array, None)
    other = copied(model)
    dtype = next((p.dtype for p in other.parameters()), torch.get_default_dtype())
    x = torch.as_tensor(x).detach().cpu().to(dtype).clone().requires_grad_()
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return LIBRARIES[library](
                other, x, target, method, other.get_submodule(path) if path else None, settings
            )
        except ImportError as error:
            raise VerifyError(f"{library} cannot be imported: {error}") from None
        except NotImplementedError:
            raise VerifyError(f"{library} has no {method}") from None
        except VerifyError:
            raise
        except Exception as error:
            raise VerifyError(
                f"{library} fails on this model: {type(error).__name__}: {str(error).splitlines()[0][:160]}"
            ) from error
