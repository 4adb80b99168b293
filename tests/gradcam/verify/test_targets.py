"""What is explained need not be a class's score: a probability, a region, a unit, a function."""

import numpy as np
import pytest

from gradcam import verify
from gradcam.target import Target
from gradcam.targets import Function, Region
from minicnn import Conv, ReLU, Reshape, Tensor, one_hot
from minicnn.layer import Layer
from tests.gradcam.verify.test_judge import X, net


class Segmenter(Layer):
    """Scores (N, 4, H, W), or with `two` also their mean."""

    def __init__(self, two=False, dtype=np.float64):
        r = np.random.default_rng(3)
        self.A, self.B = r.standard_normal((6, 3, 3, 3)), r.standard_normal((4, 6, 1, 1))
        self.two, self.dtype = two, dtype

    def __call__(self, x):
        a = ReLU()(Conv(pad=1)(x, self.A.astype(self.dtype)), name="relu1")
        y = Conv()(a, self.B.astype(self.dtype), name="scores")
        return {"map": y, "flat": Reshape((len(y.data), -1))(y)} if self.two else y

    def astype(self, dtype):
        return Segmenter(self.two, dtype)


MASK = np.zeros(X.shape[-2:])
MASK[1:4, 2:5] = 1


def right(model, target, method="gradient", layer=None):
    return verify.Question(model, X, target, method, layer).reference["result"]


def by_hand(start):
    """The gradient, its signal at the scores given: (N, 4, H, W)."""
    from minicnn import backward

    x = Tensor(X, "x")
    y = Segmenter()(x)
    return backward(y, start(y.data), wrt=x)


def inside(y, c=1, m=MASK):
    signal = np.zeros_like(y)
    signal[:, c] = m
    return signal


@pytest.mark.parametrize(
    "target, start",
    [
        (Region(1, MASK), inside),
        (Region(1, MASK) - 2 * Region(0, MASK), lambda y: inside(y) - 2 * inside(y, 0)),
        (Region(1, "predicted"), lambda y: inside(y, 1, y.argmax(axis=1) == 1)),
        (Function(lambda y: (y[:, 1] ** 2).sum(axis=(1, 2))), lambda y: 2 * y * inside(y, 1, 1)),
        (Target.signal(inside(np.zeros((1, 4, *MASK.shape)))), inside),
        (Target.unit(1, 2, 3, layer="scores"), lambda y: one_hot(Tensor(y), (1, 2, 3))),
    ],
)
def test_numbers_of_the_output(target, start):
    theirs = by_hand(start)
    verdict = verify.network(Segmenter(), X, target, "gradient", None, theirs)
    assert verdict.kind == "equal" and str(target) in str(verdict), str(verdict)
    assert verify.network(Segmenter(), X, target, "gradient", None, theirs[..., ::-1]).names("map mirrored")


def test_what_people_explain_instead():
    wrong = {
        "the whole map of the class": lambda y: inside(y, 1, 1),
        "outside the region": lambda y: inside(y, 1, 1 - MASK),
        "the region, for class 2": lambda y: inside(y, 2),
        "all values of the output": np.ones_like,
        "every class inside the region": lambda y: np.ones_like(y) * MASK,
    }
    for name, start in wrong.items():
        verdict = verify.network(Segmenter(), X, Region(1, MASK), "gradient", None, by_hand(start))
        assert verdict.kind == "differs" and verdict.names(name), str(verdict)
    mean = verify.network(Segmenter(), X, Region(1, MASK), "gradient", None, by_hand(inside) / MASK.sum())
    assert mean.kind == "convention" and mean.names("a mean instead of the target's sum (over the region)")


def test_probabilities_and_scores_are_told_apart():
    p, y = right(net(), Target.probability(1)), right(net(), 1)
    assert verify.network(net(), X, Target.probability(1), "gradient", None, p).kind == "equal"
    assert verify.network(net(), X, Target.probability(1), "gradient", None, y).names("the score itself")
    assert verify.network(net(), X, 1, "gradient", None, p).names("softmax instead of scores")
    assert verify.network(net(), X, Target.score(1), "gradient", None, y).kind == "equal"


def test_one_of_several_outputs_and_a_function_of_them():
    two = Segmenter(two=True)
    assert np.allclose(right(two, Region(1, MASK, output="map")), by_hand(inside))
    joint = Function(lambda y: y["map"][:, 1, 2, 3] + y["flat"][:, 5])
    theirs = by_hand(lambda y: one_hot(Tensor(y), (1, 2, 3)) + one_hot(Tensor(y), (0, 0, 5)))
    assert verify.network(two, X, joint, "gradient", None, theirs).kind == "equal"
    assert verify.network(two, X, Target.score(7, output="flat"), "gradient", None, theirs).status == 1


@pytest.mark.parametrize("method", ["grad_cam", "lrp_epsilon", "score_cam", "ablation_cam", "smoothgrad"])
def test_every_kind_of_method_starts_at_the_target(method):
    layer = "relu1" if "cam" in method else None
    settings = {"noise": np.zeros((2, *X.shape[1:]))} if method == "smoothgrad" else None
    results = [
        verify.Question(Segmenter(), X, t, method, layer, settings=settings).reference["result"]
        for t in (Region(1, MASK), Region(1, 1 - MASK))
    ]
    assert np.any(results[0]) and not np.allclose(*results)
    asked = verify.Question(Segmenter(), X, Region(1, MASK), method, layer, {"result": results[0]}, None,
                            None, settings)  # fmt: skip
    assert verify.judge(asked).kind == "equal"


def test_what_cannot_be_explained_is_said():
    for target, said in {
        1: "Region",
        Region(9, MASK): "there is no class 9",
        Target.score(2, output="flat"): "no output 'flat'",
        Function(lambda y: y["box"]): "cannot be applied",
    }.items():
        with pytest.raises(verify.VerifyError, match=said):
            verify.Question(Segmenter(), X, target, "gradient")
    for target in (1.5, "cat", [[1]]):
        with pytest.raises(verify.VerifyError, match="a target is a class"):
            verify.Question(net(), X, target, "gradient")
