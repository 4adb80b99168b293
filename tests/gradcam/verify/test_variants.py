"""Variants of methods, FullGrad and DeepLIFT: what `explain` gives is right, another class is named."""

import numpy as np
import pytest

import gradcam
from gradcam import verify
from gradcam.verify.reference.pipelines import CAMS, GATED, MAPS, PIPELINES, RULED, WEIGHED
from tests.gradcam.verify.test_judge import X, net

NOISE = np.random.default_rng(0).standard_normal((5, 1, *X.shape[1:])) * 0.15 * np.ptp(X)
VARIANTS = (
    "guided_layercam",
    "eigen_smooth_grad_cam",
    "aug_smooth_grad_cam",
    "smoothgrad_gradient",
    "vargrad_saliency",
    "full_grad",
    "deep_lift",
)


def asked(method, result, c=1, **settings):
    settings |= {"noise": NOISE} if method.startswith(("smoothgrad", "vargrad")) else {}
    return verify.Question(net(), X, c, method, "relu1", {"result": result}, settings=settings)


@pytest.mark.parametrize("method", VARIANTS)
def test_what_explain_gives_is_right_and_another_class_is_named(method):
    options = {"options": {method: {"n": 5}}} if "gradient" in method or "vargrad" in method else {}
    theirs = gradcam.explain(net(), X, [1], [method], "relu1", **options)[method, 1]
    assert np.any(theirs) and verify.judge(asked(method, theirs)).kind == "equal"
    verdict = verify.judge(asked(method, theirs, c=2), pairs=False)
    assert verdict.status == 1 and verdict.names("another class")


def test_a_variant_belongs_to_the_groups_of_its_steps_without_being_listed():
    assert "guided_layercam" in RULED and "guided_layercam" in CAMS and "guided_layercam" not in MAPS
    assert "eigen_smooth_grad_cam" in WEIGHED and "deep_lift" not in GATED
    assert not any("_layercam" in name for name in CAMS)
    assert "parts" in PIPELINES["full_grad"].steps and "guided_layercam" not in list(PIPELINES)


def test_a_fused_map_needs_the_names_of_its_layers():
    made = gradcam.explain(net(), X, [1], ["fused_grad_cam"], ["relu1", "relu2"])["fused_grad_cam", 1]
    assert verify.judge(asked("fused_grad_cam", made, layers=["relu1", "relu2"])).kind == "equal"
    with pytest.raises(verify.VerifyError, match="needs the setting 'layers'"):
        asked("fused_grad_cam", made)
