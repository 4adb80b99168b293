"""What goes wrong with averaged gradients, with weights from many passes, with relevance."""

import numpy as np
import torch

from tests.gradcam.verify.museum.mistakes.making import Mistake, after
from tests.gradcam.verify.museum.mistakes.pictures import MEAN, STD
from tests.gradcam.verify.museum.relatives import (
    BY_ZENNIT,
    MODULES,
    ablation,
    eigen,
    enlarged,
    integrated,
    relevance,
    rms,
    score,
    to_one,
)
from tests.gradcam.verify.museum.right import at_input, at_layer, weigh

IG, EIGEN, SCORE, ABLATION = ("integrated_gradients",), ("eigen_cam",), ("score_cam",), ("ablation_cam",)
WEIGHED = (*SCORE, *ABLATION)
SOME = ("VGG", "Functional", "Pooled")


def grad_cam(case):
    return weigh(*at_layer(case)).relu()


def places(f, m=50):
    return lambda case: integrated(case, f(m), np.full(m, 1 / m))


def gauss(m):
    def make(case):
        a, w = np.polynomial.legendre.leggauss(m)
        return integrated(case, (1 + a) / 2, w / 2)

    return make


def by(conv, **more):
    return lambda case: relevance(case, conv, **more)


def lrp(truth, make, *methods):
    return Mistake(truth, make, methods or BY_ZENNIT, MODULES, needs="zennit")


TABLE = [
    Mistake(
        "another rule for the places between baseline and picture",
        places(lambda m: np.arange(1, m + 1) / m),
        IG,
        SOME,
    ),
    Mistake(
        "another rule for the places between baseline and picture",
        places(lambda m: np.arange(m) / m),
        IG,
        SOME,
    ),
    Mistake(
        "another rule for the places between baseline and picture",
        places(lambda m: (np.arange(m) + 0.5) / m),
        IG,
        SOME,
    ),
    Mistake("another number of steps", gauss(20), IG, SOME),
    Mistake(
        "another baseline",
        lambda case: integrated(case, baseline=case.x.amin((1, 2, 3), keepdim=True)),
        IG,
        SOME,
    ),
    Mistake("another baseline", lambda case: integrated(case, baseline=1.0), IG, SOME),
    Mistake("not multiplied by x - x'", lambda case: integrated(case, times=False), IG, SOME),
    Mistake(
        "multiplied by the picture before its normalisation",
        lambda case: integrated(case, times=False) * 255 * (case.x * STD.to(case.x) + MEAN.to(case.x)),
        IG,
        SOME,
    ),
    Mistake("the gradient at x alone", lambda case: case.x * at_input(case, None), IG, SOME),
    Mistake(
        "channels joined into one map",
        after(lambda m: m.abs().sum(1)),
        (*IG, "lrp_gamma"),
        MODULES,
        needs="zennit",
    ),
    Mistake("the columns lose their mean first", lambda case: eigen(case, centre=True), EIGEN, SOME),
    Mistake("the singular vector has the other sign", after(torch.neg), EIGEN, SOME),
    Mistake("a method that asks for a class, instead of Eigen-CAM", grad_cam, EIGEN, SOME),
    Mistake("another method of the family", lambda case: eigen(case).relu(), ("grad_cam", *WEIGHED), SOME),
    Mistake("another method of the family", score, ("grad_cam", "ablation_cam"), SOME),
    Mistake("another method of the family", ablation, ("grad_cam++", "score_cam"), SOME),
    Mistake("another method of the family", grad_cam, WEIGHED, SOME),
    Mistake(
        "all maps weigh the same: softmax over the wrong axis",
        lambda case: at_layer(case)[0].sum(1).relu(),
        SCORE,
        SOME,
    ),
    Mistake(
        "masks made in another way",
        lambda case: score(case, lambda A: enlarged(to_one(A), case.x.shape[2:])),
        SCORE,
        SOME,
    ),
    Mistake(
        "masks made in another way",
        lambda case: score(
            case, lambda A: to_one(enlarged(A, case.x.shape[2:], mode="bilinear", align_corners=True))
        ),
        SCORE,
        SOME,
    ),
    Mistake("no softmax over the maps", lambda case: score(case, weigh=lambda s: s), SCORE, SOME),
    Mistake("softmax instead of scores", lambda case: score(case, read=lambda y: y.softmax(1)), SCORE, SOME),
    Mistake(
        "softmax instead of scores", lambda case: ablation(case, read=lambda y: y.softmax(1)), ABLATION, SOME
    ),
    Mistake(
        "something else than zero for a map",
        lambda case: ablation(case, lambda a: a.mean((1, 2), keepdim=True)),
        ABLATION,
        SOME,
    ),
    Mistake(
        "the loss of score, measured in another way",
        lambda case: ablation(case, divide=False),
        ABLATION,
        SOME,
    ),
    lrp("another epsilon", by(lambda r: r.Epsilon(1e-6)), "lrp_epsilon"),
    lrp(
        "the bias is left out of the denominator",
        by(lambda r: r.AlphaBeta(2, 1, zero_params="bias")),
        "lrp_alpha_beta",
    ),
    lrp(
        "the bias is left out of the denominator",
        by(lambda r: r.Epsilon(rms, zero_params="bias")),
        "lrp_epsilon",
    ),
    lrp(
        "another gamma, alpha or beta",
        by(lambda r: r.Gamma(0.5), linear=lambda r: r.Epsilon(1e-6)),
        "lrp_gamma",
    ),
    lrp("another gamma, alpha or beta", by(lambda r: r.AlphaBeta(1, 0)), "lrp_alpha_beta"),
    lrp("another rule of LRP", by(lambda r: r.AlphaBeta(2, 1)), "lrp_epsilon", "lrp_gamma"),
    lrp(
        "another rule of LRP",
        by(lambda r: r.Gamma(0.25), linear=lambda r: r.Epsilon(1e-6), first=False),
        "lrp_flat",
        "lrp_alpha_beta",
    ),
    lrp("input times gradient instead of LRP", lambda case: case.x * at_input(case, None)),
    lrp("the gradient instead of relevance", lambda case: at_input(case, None)),
    lrp("relevance starts at 1, not at the score", lambda case: relevance(case, start=torch.ones_like)),
]
