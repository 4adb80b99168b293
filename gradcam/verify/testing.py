"""For somebody's own test suite, and for networks that are ours already."""

from gradcam.verify.judging import judge
from gradcam.verify.question import Question


def network(net, x, target, method="grad_cam", layer=None, result=None, photo=None, settings=None, **options):
    """Hold a map against the reference, for a network of ours (weights.load, weights.graphs.onnx.load) -> Verdict.

    result: their map, or a dict with also their input, scores, activations, gradient or weights; photo: (picture, preprocessing), if the
    input is made from one, so that ways of resizing can be told; settings: of the method, {"steps": 20} say (see `settings`).
    """
    theirs = result if isinstance(result, dict) else {"result": result}
    return judge(Question(net, x, target, method, layer, theirs, photo=photo, settings=settings), **options)


def assert_explains(model, x, target, method="grad_cam", layer=None, result=None, **options):
    """AssertionError, with the whole verdict, unless `result` is the reference's to within rounding; a comparison that tests nothing fails.

    model: a torch.nn.Module, or a network of ours; the rest as in `verify.torch`.  -> Verdict

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
