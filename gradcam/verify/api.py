"""A live PyTorch model: read its graph, build the reference, compare with what was given or with what a library gives."""

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.judging import judge
from gradcam.verify.modules import path_of, pytorch_for
from gradcam.verify.peers.libraries import result_of
from gradcam.verify.question import Question


def torch(
    model,
    x,
    target,
    method="grad_cam",
    layer=None,
    result=None,
    library="captum",
    photo=None,
    settings=None,
    **options,
):
    """Hold a map of a PyTorch model against the reference -> Verdict.

    model: a torch.nn.Module that maps x (N, C, H, W) to scores; target: a class, or one per picture; method: gradient, saliency,
    deconvnet, guided_backprop, guided_grad_cam, grad_cam, or one of their relatives (see `gradcam verify --help`); layer: a module of
    the model, or its path, for those that end in cam and for excitation_backprop.  result: their map, array or tensor; or a dict with
    also their scores, activations, gradient or weights; None: what `library` gives (captum, pytorch-grad-cam, torch-cam, zennit).
    photo: (picture, preprocessing) that x was made from, so that ways of resizing can be told; settings: what the method leaves open
    (see `settings`); options: as in `judge`.  The model and its surroundings are as before, also after an exception.
    """
    pytorch_for(model)
    if result is None:
        result = result_of(library, model, x, target, method, layer, settings)
    theirs = result if isinstance(result, dict) else {"result": result}
    return judge(question(model, x, target, method, layer, theirs, photo, settings), **options)


def question(model, x, target, method, layer=None, theirs=None, photo=None, settings=None):
    """The Question for a live model.  VerifyError: not a model, an unknown layer, an operator without counterpart."""
    torch = pytorch_for(model)
    from weights.graphs.torch import from_torch

    array = np.array(x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x, np.float64)
    if array.ndim != 4:
        raise VerifyError(f"the input must be (N, C, H, W), not {array.shape}")
    net = from_torch(model, torch.from_numpy(array))
    return Question(
        net,
        array,
        target,
        method,
        path_of(model, layer),
        theirs,
        names_of=net.name_of,
        photo=photo,
        settings=settings,
    )
