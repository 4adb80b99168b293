"""For somebody's own test suite, and for networks that are ours already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcam.verify.judging import judge
from gradcam.verify.question import Question
from gradcam.verify.report.verdict import Verdict


def network(
    net: Any,
    x: Any,
    target: Any,
    method: str = "grad_cam",
    layer: str | None = None,
    result: Any = None,
    photo: Any = None,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> Verdict:
    """Compare a map with the reference, for a network of ours (weights.load, weights.graphs.onnx.load).

    result    their map, or a dict with also their input, scores, activations, gradient or weights
    photo     (picture, preprocessing), if the input is made from one, so that another resizing can be told
    settings  of the method, {"steps": 20} say (see `reference.settings`)
    The rest is as in `verify.torch`.
    """
    theirs = result if isinstance(result, dict) else {"result": result}
    return judge(Question(net, x, target, method, layer, theirs, photo=photo, settings=settings), **options)


def assert_explains(
    model: Any,
    x: Any,
    target: Any,
    method: str = "grad_cam",
    layer: Any = None,
    result: Any = None,
    **options: Any,
) -> Verdict:
    """AssertionError, with the whole verdict, unless `result` is the reference's to within rounding.

    A comparison that tests nothing fails, too.  model: a torch.nn.Module, or a network of ours; the rest is
    as in `verify.torch`.

        def test_my_grad_cam():
            assert_explains(model, x, 243, "grad_cam", "layer4", my_grad_cam(model, x, 243))
    """
    if hasattr(model, "state_dict"):
        from gradcam.verify.api import torch as ask
    else:
        ask = network
    verdict = ask(model, x, target, method, layer, result, **options)
    if verdict.status:
        raise AssertionError(str(verdict))
    return verdict
