"""A live PyTorch model: read its graph, build the reference, compare with what was given or with what a
library gives.
"""

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.judging import judge
from gradcam.verify.modules import path_of, pytorch_for
from gradcam.verify.peers.libraries import result_of
from gradcam.verify.question import Question
from weights.errors import WeightsError


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
    gradient=None,
    **options,
):
    """Hold a map of a PyTorch model against the reference -> Verdict.

    model: a torch.nn.Module that maps x (N, C, H, W) to scores; target: a class, or one per picture; method:
    gradient, saliency, deconvnet, guided_backprop, guided_grad_cam, grad_cam, or one of their relatives (see
    `gradcam verify --help`); layer: a module of the model, or its path, for those that end in cam and for
    excitation_backprop.  result: their map, array or tensor; or a dict with also their scores, activations,
    gradient or weights; None: what `library` gives (captum, pytorch-grad-cam, torch-cam, zennit). photo:
    (picture, preprocessing) that x was made from, so that ways of resizing can be told; settings: what the
    method leaves open (see `settings`); gradient: for a model whose own gradient is not the derivative, by
    design (detach, no_grad, an autograd function of its own): "model", "mathematical", or None, whichever theirs
    is; options: as in `judge`.  The model and its surroundings are as before, also after an exception.
    """
    pytorch_for(model)
    if result is None:
        result = result_of(library, model, x, target, method, layer, settings)
    theirs = result if isinstance(result, dict) else {"result": result}
    q = question(model, x, target, method, layer, theirs, photo, settings, gradient)
    verdict, own, notes = judge(q, **options), q.net.own, q.net.notes
    if gradient is None and own is not None and verdict.kind != "equal":
        q = question(model, x, target, method, layer, theirs, photo, settings, "model")
        by_model = judge(q, **options)
        verdict, notes = (by_model, q.net.notes) if by_model.kind == "equal" else (verdict, notes)
    verdict.notes += notes
    return verdict


def question(
    model, x, target, method, layer=None, theirs=None, photo=None, settings=None, gradient="mathematical"
):
    """The Question for a live model.  VerifyError: not a model, an unknown layer, a network that disagrees
    with its model.
    """
    torch = pytorch_for(model)
    from weights.graphs.torch import from_torch

    array = np.array(x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x, np.float64)
    if array.ndim != 4:
        raise VerifyError(f"the input must be (N, C, H, W), not {array.shape}")
    try:
        net = from_torch(model, torch.from_numpy(array), gradient or "mathematical")
    except WeightsError as error:
        raise VerifyError(str(error)) from error
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
