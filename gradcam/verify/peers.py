"""What other libraries give, on a copy of the model: captum, pytorch-grad-cam, torch-cam, zennit.

Raw results where the library's interface gives them: maps before normalisation.  A library's own changes of a model stay in the copy.
"""

import warnings

from gradcam.verify.errors import VerifyError
from gradcam.verify.modules import path_of
from gradcam.verify.question import method_name


def captum(model, x, c, method, layer):
    from captum import attr

    kinds = {"gradient": "Saliency", "saliency": "Saliency", "guided_backprop": "GuidedBackprop", "deconvnet": "Deconvolution"}
    if method == "grad_cam":
        return attr.LayerGradCam(model, layer).attribute(x, target=c, relu_attributions=True)
    if method == "guided_grad_cam":
        return attr.GuidedGradCam(model, layer).attribute(x, target=c)
    if method not in kinds:
        raise NotImplementedError
    if kinds[method] == "Saliency":
        g = attr.Saliency(model).attribute(x, target=c, abs=False)
        return g.abs().amax(1) if method == "saliency" else g
    return getattr(attr, kinds[method])(model).attribute(x, target=c)


def pytorch_grad_cam(model, x, c, method, layer):
    import numpy as np
    import pytorch_grad_cam as library
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cams = {"grad_cam": "GradCAM", "grad_cam++": "GradCAMPlusPlus", "xgrad_cam": "XGradCAM", "hirescam": "HiResCAM",
            "layercam": "LayerCAM"}  # fmt: skip
    if method in cams:
        with getattr(library, cams[method])(model=model, target_layers=[layer]) as cam:
            scores = cam.activations_and_grads(x)
            scores[:, c].sum().backward()
            seen = cam.activations_and_grads
            A, dA = (v[0].detach().cpu().numpy() for v in (seen.activations, seen.gradients))
            return np.maximum(cam.get_cam_image(x, layer, [ClassifierOutputTarget(c)] * len(x), A, dA, False), 0)
    if method == "guided_backprop":
        if len(x) > 1:
            raise VerifyError("pytorch-grad-cam's guided backprop looks at the first picture only: give one")
        return library.GuidedBackpropReLUModel(model=model, device="cpu")(x, target_category=c).transpose(2, 0, 1)[None]
    raise NotImplementedError


def torch_cam(model, x, c, method, layer):
    from torchcam import methods

    cams = {"grad_cam": "GradCAM", "grad_cam++": "GradCAMpp", "xgrad_cam": "XGradCAM", "layercam": "LayerCAM"}
    if method not in cams:
        raise NotImplementedError
    with getattr(methods, cams[method])(model, target_layer=layer) as extractor:
        return extractor(c, model(x), normalized=False)[0]


def zennit(model, x, c, method, layer):
    import torch
    from zennit import attribution, composites

    kinds = {"gradient": None, "saliency": None, "guided_backprop": "GuidedBackprop", "deconvnet": "DeconvNet"}
    if method not in kinds:
        raise NotImplementedError
    composite = getattr(composites, kinds[method])() if kinds[method] else None
    with attribution.Gradient(model, composite) as attributor:
        _, g = attributor(x, lambda y: torch.nn.functional.one_hot(torch.full((len(y),), c), y.shape[1]).to(y))
    return g.abs().amax(1) if method == "saliency" else g


LIBRARIES = {"captum": captum, "pytorch-grad-cam": pytorch_grad_cam, "torch-cam": torch_cam, "zennit": zennit}
MODULES = {"captum": "captum", "pytorch-grad-cam": "pytorch_grad_cam", "torch-cam": "torchcam", "zennit": "zennit"}


def result_of(library, model, x, target, method, layer):
    """The library's result for a model that it does not get to see itself, but a copy of -> tensor or array.

    layer: a module of the model, or its path.  VerifyError: the library is not installed, does not have the method, or fails.
    """
    import torch

    from gradcam.verify.torch_graph.untouched import copied

    if library not in LIBRARIES:
        raise VerifyError(f"the library is one of {', '.join(LIBRARIES)}, not '{library}'")
    method, path = method_name(method), path_of(model, layer)
    other = copied(model)
    dtype = next((p.dtype for p in other.parameters()), torch.get_default_dtype())
    x = torch.as_tensor(x).detach().cpu().to(dtype).clone().requires_grad_()
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return LIBRARIES[library](other, x, target, method, other.get_submodule(path) if path else None)
        except ImportError as error:
            raise VerifyError(f"{library} cannot be imported: {error}") from None
        except NotImplementedError:
            raise VerifyError(f"{library} has no {method}") from None
        except VerifyError:
            raise
        except Exception as error:
            raise VerifyError(f"{library} fails on this model: {type(error).__name__}: {str(error).splitlines()[0][:160]}") from error
