"""What goes wrong with variants of methods, with FullGrad and DeepLIFT."""

import contextlib

import torch

from tests.gradcam.verify.museum import variants
from tests.gradcam.verify.museum.mistakes.making import Mistake
from tests.gradcam.verify.museum.right import Case, at_input
from tests.gradcam.verify.museum.variants import (
    AUG,
    EIGEN,
    FAMILIES,
    FUSED,
    GUIDED,
    NOISY,
    aug,
    deep_lift,
    fused,
    guided,
    large,
    noisy,
    pieces,
    right_of,
    stretched,
    together,
)

FULL, LIFT, AVERAGED = ("full_grad",), ("deep_lift",), ("Averaged",)


def row(truth, make, methods, families=FAMILIES):
    return Mistake(truth, make, methods, families)


def plain(case):
    return at_input(case, None)


TABLE = [
    row("the map of the picture alone", right_of, NOISY),
    row("the map of the picture alone", lambda case: right_of(case), AUG),
    row("another mean over mirrored and brighter pictures", lambda case: aug(case, back=False), AUG),
    row("another mean over mirrored and brighter pictures", lambda case: aug(case, factors=(1.0,)), AUG),
    row("another mean over mirrored and brighter pictures", lambda case: aug(case, scale=lambda m: m), AUG),
    row("the layers' maps joined in another way", lambda case: fused(case, lambda m: m.amax(0)), FUSED),
    row("the layers' maps joined in another way", lambda case: fused(case, lambda m: m.sum(0)), FUSED),
    row(
        "the layers' maps joined in another way",
        lambda case: stretched(large(case, right_of(case, layer=variants.EARLIER[case.family]).relu())),
        FUSED,
    ),
    row(
        "another mean over the noisy pictures", lambda case: noisy(case, lambda m: m.abs().mean(0)), NOISY[:2]
    ),
    row(
        "another mean over the noisy pictures",
        lambda case: noisy(case, lambda m: m.std(0, correction=0)),
        NOISY,
    ),
    row("the override did not fire: plain gradient", lambda case: guided(case, plain), GUIDED),
    row("the guided signal alone, without the map", lambda case: guided(case, scale=torch.ones_like), GUIDED),
    row("guided backprop times the stretched map", lambda case: guided(case, scale=stretched), GUIDED),
    row("the plain sum of the weighted maps, no projection", right_of, EIGEN),
    row(
        "the parts of FullGrad joined in another way",
        lambda case: together(case, pieces(case), each=True),
        FULL,
    ),
    row(
        "the parts of FullGrad joined in another way",
        lambda case: together(case, pieces(case), mode="bilinear", align_corners=True),
        FULL,
    ),
    row(
        "the parts of FullGrad are not stretched",
        lambda case: together(case, pieces(case), scale=False),
        FULL,
    ),
    row("parts of FullGrad are missing", lambda case: together(case, pieces(case)[:1]), FULL),
    row(
        "parts of FullGrad are missing",
        lambda case: together(case, pieces(case, (torch.nn.Conv2d, torch.nn.Linear))),
        FULL,
        ("Residual",),
    ),
    row(
        "gradients that are not multiplied by input and biases",
        lambda case: together(case, pieces(case, times=False)),
        FULL,
    ),
    row(
        "the derivative instead of DeepLIFT's quotient",
        lambda case: deep_lift(case, mode=contextlib.nullcontext),
        LIFT,
        AVERAGED,
    ),
    row("another baseline of DeepLIFT", lambda case: deep_lift(case, 1.0), LIFT, AVERAGED),
    row("multipliers alone, not times x - x'", lambda case: deep_lift(case, times=False), LIFT, AVERAGED),
    row(
        "another class",
        lambda case: variants.RIGHT[case.method](
            Case(case.model, case.x, (case.c + 1) % 5, case.layer, case.method, None, case.family)
        ),
        (*FUSED, *AUG, *GUIDED, *EIGEN, *NOISY, *FULL),
    ),
]
