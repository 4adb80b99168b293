"""A live PyTorch model: read its graph, build the reference, compare with what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.judging import judge
from gradcam.verify.modules import path_of, pytorch_for
from gradcam.verify.peers.libraries import result_of
from gradcam.verify.question import Question
from gradcam.verify.report.verdict import Verdict
from weights.errors import WeightsError


def torch(
    model: Any,
    x: Any,
    target: Any,
    method: str = "grad_cam",
    layer: Any = None,
    result: Any = None,
    library: str = "captum",
    photo: Any = None,
    settings: Mapping[str, Any] | None = None,
    gradient: str | None = None,
    **options: Any,
) -> Verdict:
    """Compare a map of a PyTorch model with the reference.

    model     a torch.nn.Module that maps x (N, C, H, W) to scores; it is as before, also after an error
    target    a class, or one per picture
    method    any that `gradcam methods` lists
    layer     a module of the model, or its path, for methods that look at feature maps
    result    their map, array or tensor; or a dict with also their input, scores, activations, gradient or
              weights; None: what `library` gives (captum, pytorch-grad-cam, torch-cam, zennit)
    photo     (picture, preprocessing) that x was made from, so that another resizing can be told
    settings  what the method leaves open (see `reference.settings`); options: as in `judge`
    gradient  for a model whose own gradient is not the derivative, by design (detach, no_grad, an autograd
              function of its own): "model", "mathematical", or None, whichever theirs is
    VerifyError says what does not fit.
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
    model: Any,
    x: Any,
    target: Any,
    method: str,
    layer: Any = None,
    theirs: Mapping[str, Any] | None = None,
    photo: Any = None,
    settings: Mapping[str, Any] | None = None,
    gradient: str | None = "mathematical",
) -> Question:
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
