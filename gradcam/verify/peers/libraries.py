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


def captum(kind: str, model: Any, x: Any, c: Any, method: str, layer: Any, settings: Any) -> Any:
    from captum import attr

    make = getattr(attr, kind)
    if kind == "LayerGradCam":
        return make(model, layer).attribute(x, target=c, relu_attributions=True)
    if kind == "GuidedGradCam":
        return make(model, layer).attribute(x, target=c)
    if kind == "IntegratedGradients":
        known = {"gauss": "gausslegendre", "right": "riemann_right", "midpoint": "riemann_middle"}
        start = x.new_tensor(settings["baseline"]).expand_as(x)
        how = {"n_steps": settings["steps"], "method": known[settings["rule"]], "internal_batch_size": 16}
        return make(model).attribute(x, start, target=c, **how)
    if kind == "Occlusion":  # all channels at once, so each of them has the same map
        window, stride = ((x.shape[1], *settings[name]) for name in ("window", "stride"))
        found = make(model).attribute(x, window, stride, x.new_tensor(settings["fill"]).expand_as(x), c)
        return found[:, 0]
    if kind == "Saliency":
        g = make(model).attribute(x, target=c, abs=False)
        return g.abs().amax(1) if method == "saliency" else g
    return make(model).attribute(x, target=c)


def pytorch_grad_cam(kind: str, model: Any, x: Any, c: Any, method: str, layer: Any, settings: Any) -> Any:
    import pytorch_grad_cam as library
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    make = getattr(library, kind)
    if method == "guided_backprop":
        if len(x) > 1:
            raise VerifyError("pytorch-grad-cam's guided backprop looks at the first picture only: give one")
        return make(model=model, device="cpu")(x, target_category=c).transpose(2, 0, 1)[None]
    with make(model=model, target_layers=[layer]) as cam:
        seen = cam.activations_and_grads
        seen(x)[:, c].sum().backward()
        A, dA = (v[0].detach().cpu().numpy() if v else None for v in (seen.activations, seen.gradients))
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
            found = cam.get_cam_image(x, layer, [ClassifierOutputTarget(c)] * len(x), A, dA, False)
    found = np.maximum(found, 0)
    single = dA is None or method in FORWARD  # it collects scores and projections in float32
    return found.astype(np.float32) if single else found


def torch_cam(kind: str, model: Any, x: Any, c: Any, method: str, layer: Any, settings: Any) -> Any:
    from torchcam import methods

    with getattr(methods, kind)(model, target_layer=layer) as extractor:
        return extractor(c, model(x), normalized=False)[0]


def zennit(kind: str, model: Any, x: Any, c: Any, method: str, layer: Any, settings: Any) -> Any:
    import torch
    from zennit import attribution, composites
    from zennit.core import Composite

    one_hot = lambda y: torch.nn.functional.one_hot(torch.full((len(y),), c), y.shape[1]).to(y)  # noqa: E731
    if kind == "ExcitationBackprop":
        return _excitation(model, x, one_hot, layer)
    start = one_hot
    if kind == "Gradient":
        composite = None
    elif isinstance(named := getattr(composites, kind, None), type) and issubclass(named, Composite):
        composite = named()
    else:
        composite, start = _rules(kind, x, settings), lambda y: one_hot(y) * y
    with attribution.Gradient(model, composite) as attributor:
        g = attributor(x, start)[1]
    return g.abs().amax(1) if method == "saliency" else g


def _rules(kind, x, settings):
    """zennit's composite for one of our tables, with a stabiliser of 1e-6 everywhere.

    kind: its rule in convolutions, or in the first one.  It has no epsilon that grows with z.
    """
    import torch
    from zennit import rules
    from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
    from zennit.types import BatchNorm, Convolution

    stabilised = rules.Epsilon(1e-6)
    conv = {"Epsilon": stabilised, "AlphaBeta": rules.AlphaBeta(2, 1)}.get(kind, rules.Gamma(0.25))
    linear = conv if kind in ("Epsilon", "AlphaBeta") else stabilised
    every = [(BatchNorm, stabilised), *layer_map_base(), (Convolution, conv), (torch.nn.Linear, linear)]
    if kind not in ("ZBox", "Flat"):
        return LayerMapComposite(every)
    bounds = settings["pixels"] if kind == "ZBox" else ()
    first = getattr(rules, kind)(*(x.new_tensor(v) for v in bounds))
    return SpecialFirstLayerMapComposite(every, first_map=[(Convolution, first)])


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
    kind = METHODS[method].peers.get(library)
    if kind is None:
        raise VerifyError(f"{library} has no {method}")
    array = np.asarray(x.detach().cpu() if isinstance(x, torch.Tensor) else x, np.float64)
    settings = settings_of(method, settings or {}, array)
    settings["pixels"] = settings.get("pixels") or pixel_range(array, None)
    other = copied(model)
    dtype = next((p.dtype for p in other.parameters()), torch.get_default_dtype())
    x = torch.as_tensor(x).detach().cpu().to(dtype).clone().requires_grad_()
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = other.get_submodule(path) if path else None
            return LIBRARIES[library](kind, other, x, target, method, module, settings)
        except ImportError as error:
            raise VerifyError(f"{library} cannot be imported: {error}") from None
        except VerifyError:
            raise
        except Exception as error:
            raise VerifyError(
                f"{library} fails on this model: {type(error).__name__}: {str(error).splitlines()[0][:160]}"
            ) from error
