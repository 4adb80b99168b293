"""A live PyTorch model: read its graph, build the reference, compare with what was given."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcam.explanation.given import of_tensor
from gradcam.verify.errors import VerifyError
from gradcam.verify.hypotheses.wrong_layer import ELSEWHERE
from gradcam.verify.judging import judge
from gradcam.verify.modules import calls_of, one_input, path_of, placed, pytorch_for
from gradcam.verify.peers.libraries import result_of
from gradcam.verify.probe import another_each_time, changed_in_place, in_training_mode, seen
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
    layer     a module of the model, or its path, for methods that look at feature maps; (either, 2): its
              second call.  Of a module that is called several times every call is tried, and this is said
    result    their map, array or tensor; or a dict with also their input, scores, activations, gradient or
              weights; None: what `library` gives (captum, pytorch-grad-cam, torch-cam, zennit)
    photo     (picture, preprocessing) that x was made from, so that another resizing can be told
    settings  what the method leaves open (see `reference.settings`); options: as in `judge`
    gradient  for a model whose own gradient is not the derivative, by design (detach, no_grad, an autograd
              function of its own): "model", "mathematical", or None, whichever theirs is
    VerifyError says what does not fit.
    """
    pytorch_for(model)
    one_input(x)
    if result is None:
        result = result_of(library, model, x, target, method, layer, settings)
    theirs = result if isinstance(result, dict) else {"result": result}
    array, net = traced(model, x, gradient)
    verdict = over_calls(model, net, layer, array, target, method, theirs, photo, settings, options)
    if verdict.names(ELSEWHERE) and any(changed_in_place(model, x, layer)):
        verdict = over_calls(
            model, net, layer, array, target, method, theirs, photo, settings, options, overwritten=True
        )
    notes = net.notes
    if gradient is None and net.own is not None and verdict.kind != "equal":
        own = net.own
        by_model = over_calls(model, own, layer, array, target, method, theirs, photo, settings, options)
        verdict, notes = (by_model, own.notes) if by_model.kind == "equal" else (verdict, notes)
    given = None if verdict.kind == "equal" else x  # a model that gives a right map is not run again
    verdict.notes = seen(model, given, layer) + verdict.notes + notes
    wrong = [net.check.says] if net.check.kind == "framework" else []  # theirs may well be PyTorch's own
    if verdict.kind == "unknown" and (
        found := [*in_training_mode(model), *another_each_time(model, x), *wrong]
    ):
        verdict.kind, verdict.located, verdict.reason = "located", found[0], ""
        verdict.notes = [
            note for note in verdict.notes if note != found[0] and not note.startswith("give more")
        ]
    return verdict


def traced(model: Any, x: Any, gradient: str | None) -> tuple[np.ndarray, Any]:
    """(the input, the network) of a live model.  VerifyError: a network that disagrees with its model."""
    torch = pytorch_for(model)
    from weights.graphs.torch import from_torch

    array = np.array(of_tensor(x), np.float64)
    if array.ndim not in (3, 4):
        raise VerifyError(f"the input must be (N, C, H, W), or (N, C, L) for signals, not {array.shape}")
    try:
        return array, from_torch(model, torch.from_numpy(array), gradient or "mathematical")
    except WeightsError as error:
        batch = "; a picture (C, H, W) needs an axis of the batch in front, x[None]" * (array.ndim == 3)
        raise VerifyError(f"{error}{batch * ('does not run' in str(error))}") from error


def over_calls(
    model: Any,
    net: Any,
    layer: Any,
    x: np.ndarray,
    target: Any,
    method: str,
    theirs: Mapping[str, Any],
    photo: Any,
    settings: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    overwritten: bool = False,
) -> Verdict:
    """The verdict; of a layer that is called several times, on the call whose map theirs is."""
    calls = calls_of(model, net, layer)
    settings = placed(model, net, settings)
    called = path_of(model, layer[0] if isinstance(layer, tuple) else layer) or ""

    def ask(at):
        q = Question(net, x, target, method, at, theirs, photo=photo, settings=settings)
        q.called, q.overwritten = called, overwritten
        return q

    if len(calls) == 1:
        return judge(ask(calls[0]), **options)
    answers = {}
    for n, at in enumerate(calls, 1):
        with contextlib.suppress(VerifyError):  # theirs may have another call's size
            answers[n] = judge(ask(at), **{**options, "pairs": False})
            if answers[n].status == 0:
                break
    right = next((n for n, verdict in answers.items() if verdict.status == 0), None)
    verdict = answers[right] if right else judge(ask(calls[-1]), **options)
    which = f"theirs fits call {right}" if right else "theirs fits none; the last one is compared here"
    verdict.notes.insert(
        0,
        f"this layer is a module that is called {len(calls)} times ({', '.join(map(str, calls))}): every "
        f"call was tried, and {which}; say which one you mean: layer=(module, number of the call)",
    )
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
    array, net = traced(model, x, gradient)
    return Question(
        net,
        array,
        target,
        method,
        calls_of(model, net, layer)[-1],
        theirs,
        names_of=net.name_of,
        photo=photo,
        settings=placed(model, net, settings),
    )
