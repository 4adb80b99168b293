"""Grad-CAM's relatives: the verifier's weights are the methods' own, and one method is told from another."""

import numpy as np
import pytest

from gradcam import verify
from gradcam.methods.grad_cam import grad_cam
from gradcam.methods.grad_cam_pp import grad_cam_pp
from gradcam.methods.hirescam import hirescam
from gradcam.methods.layercam import layercam
from gradcam.methods.xgrad_cam import xgrad_cam
from gradcam.verify.question import method_name
from minicnn import Tensor, find
from tests.gradcam.verify.test_judge import X, net

METHODS = {
    "grad_cam": grad_cam,
    "grad_cam++": grad_cam_pp,
    "xgrad_cam": xgrad_cam,
    "hirescam": hirescam,
    "layercam": layercam,
}


def maps():
    model = net()
    y = model(Tensor(X, "x"))
    return model, {name: f(y, 1, find(y, "relu1")) for name, f in METHODS.items()}


def ask(model, method, result):
    return verify.judge(verify.Question(model, X, 1, method, "relu1", {"result": result}))


@pytest.mark.parametrize("method", METHODS)
def test_the_reference_is_the_method(method):
    model, right = maps()
    assert np.abs(right[method]).max() > 1e-3
    assert ask(model, method, right[method]).kind == "equal"


@pytest.mark.parametrize("asked, given", [(a, b) for a in METHODS for b in METHODS if a != b])
def test_another_method_of_the_family_is_named(asked, given):
    model, right = maps()
    assert not np.allclose(right[asked], right[given])
    verdict = ask(model, asked, np.maximum(right[given], 0))
    named = {
        "grad_cam": "Grad-CAM",
        "grad_cam++": "Grad-CAM++",
        "xgrad_cam": "XGrad-CAM",
        "hirescam": "HiResCAM",
        "layercam": "LayerCAM",
    }
    assert verdict.status == 1 and f"another method of the family ({named[given]})" in str(verdict)


def test_methods_by_their_usual_spellings():
    spelt = {
        "GradCAM++": "grad_cam++",
        "grad-cam-pp": "grad_cam++",
        "XGradCAM": "xgrad_cam",
        "HiResCAM": "hirescam",
        "Layer-CAM": "layercam",
    }
    assert {s: method_name(s) for s in spelt} == spelt
