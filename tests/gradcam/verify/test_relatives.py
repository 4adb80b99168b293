"""The other relatives: the verifier's reference is the method's own file, in either precision; what is
undefined is said.
"""

import numpy as np
import pytest

import gradcam
from gradcam import verify
from gradcam.commands._methods import method_named
from gradcam.explanation.calls import methods_asked
from gradcam.verify import VerifyError
from gradcam.verify.question import method_name
from minicnn import Error, LeakyReLU
from tests.gradcam.verify.test_judge import X
from tests.gradcam.verify.test_judge import net as unbiased

NOISE = 0.3 * np.random.default_rng(8).standard_normal((5, *X.shape[1:]))
METHODS = {
    "integrated_gradients": {"steps": 9, "baseline": 0.25},
    "eigen_cam": {},
    "score_cam": {},
    "ablation_cam": {},
    "lrp_epsilon": {},
    "lrp_gamma": {},
    "lrp_alpha_beta": {},
    "lrp_z_box": {},
    "lrp_flat": {},
    "excitation_backprop": {},
}


def net(**options):
    """With biases: without them, the way from 0 to x meets one gradient only, and a rule that leaves biases
    out changes nothing.
    """
    made = unbiased(**options)
    for n, layer in enumerate(("conv1", "conv2", "fc")):
        made[layer].b.data[:] = 0.3 * np.random.default_rng(n).standard_normal(made[layer].b.shape)
    return made


def explained(model, method, x=X, c=1, **options):
    return gradcam.explain(model, x, [c], [method], "pool1", options={method: options})[method, c]


def ask(model, method, result, x=X, **settings):
    return verify.network(model, x, 1, method, "pool1", result, settings=settings, pairs=False)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("method", METHODS)
def test_the_reference_is_the_method(method, kind):
    x = np.concatenate([X, 0.5 * X[..., ::-1]])
    theirs = explained(net().astype(kind), method, x.astype(kind), **METHODS[method])
    assert abs(theirs).max() > 1e-4
    verdict = ask(net(), method, theirs, x, **METHODS[method])
    assert verdict.status == 0, str(verdict)


def test_smoothgrad_with_the_noise_that_was_drawn():
    model = net()
    theirs = np.mean([explained(model, "gradient", X + drawn) for drawn in NOISE], axis=0)
    assert ask(model, "smoothgrad", theirs, noise=NOISE).kind == "equal"
    assert ask(model, "smoothgrad", explained(model, "gradient"), noise=NOISE).names(
        "the gradient at x alone"
    )
    with pytest.raises(VerifyError, match="draws its noise"):
        ask(model, "smoothgrad", theirs)


def test_more_stages_of_theirs_say_which_one_differs_first():
    model = net()
    steps = verify.Question(model, X, 1, "ablation_cam", "pool1").reference
    A, w = steps["activation"], steps["weights"]
    wrong = np.maximum((-w * A).sum(1), 0)
    verdict = ask(model, "ablation_cam", {"result": wrong, "activations": A, "weights": -w})
    assert verdict.stage == "channel weights" and verdict.status == 1


def test_what_is_not_defined_is_refused_by_name():
    odd = net(activation=LeakyReLU)
    for method in ("lrp_gamma", "excitation_backprop"):
        verdict = ask(odd, method, X if method == "lrp_gamma" else np.ones((6, 4)))
        assert verdict.status == 2 and "LeakyReLU" in verdict.reason
    even = net()
    even["fc"].W.data[1], even["fc"].b.data[1] = 0, 0
    verdict = ask(even, "ablation_cam", np.ones((6, 4)))
    assert verdict.status == 2 and "score is 0" in verdict.reason
    verdict = ask(net(), "integrated_gradients", X, baseline=X)
    assert verdict.status == 2 and "baseline" in verdict.reason
    with pytest.raises(VerifyError, match="no setting 'steps'"):
        ask(net(), "lrp_gamma", X, steps=3)
    with pytest.raises(VerifyError, match="does not broadcast"):
        ask(net(), "integrated_gradients", X, baseline=np.ones((2, 2)))


def test_by_their_usual_spellings():
    spelt = {
        "EigenCAM": "eigen_cam",
        "Score-CAM": "score_cam",
        "AblationCAM": "ablation_cam",
        "LRP-epsilon": "lrp_epsilon",
        "IntegratedGradients": "integrated_gradients",
    }
    assert {s: method_name(s) for s in spelt} == spelt


def test_a_family_is_none_of_its_members_wherever_it_is_asked_for():
    for asked in (
        lambda: method_name("LRP"),
        lambda: methods_asked("LRP"),
        lambda: method_named("LRP"),
    ):
        with pytest.raises(Error, match="a family of methods: say which, lrp_epsilon, lrp_gamma"):
            asked()
