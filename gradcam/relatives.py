"""Grad-CAM's relatives as `explain` calls them: a function of one class's `Way` and of its own options -> the map.

The methods themselves, each a paper, stand in files of their own.
"""

from dataclasses import dataclass

import numpy as np

from gradcam.ablation_cam import ablation_cam
from gradcam.eigen_cam import eigen_cam
from gradcam.excitation_backprop import excitation_backprop
from gradcam.grad_cam_pp import combine as grad_cam_pp
from gradcam.hirescam import combine as hirescam
from gradcam.integrated_gradients import integrated_gradients
from gradcam.layercam import combine as layercam
from gradcam.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, flat, lrp, z_box
from gradcam.score_cam import score_cam
from gradcam.smoothgrad import smoothgrad
from gradcam.xgrad_cam import combine as xgrad_cam


@dataclass(frozen=True)
class Way:
    """net; x: input, a tensor; y: its scores; c: class, or one per picture; A: feature maps, dA: dy_c/dA, where they were asked for;
    seed: where signals start; pixels: (lowest, highest) value of a pixel; progress: whether to show a bar."""

    net: object
    x: object
    y: object
    c: object
    A: object
    dA: object
    seed: str
    pixels: tuple
    progress: bool


def pixel_range(x, card):
    """The lowest and the highest value that an input can have, channel by channel -> (C, 1, 1) each; without a card, those that it has."""
    of = getattr(card, "preprocessing", None)
    if of is None:
        return tuple(f(axis=(-2, -1), keepdims=True) for f in (x.min, x.max))
    mean, std = (np.asarray(v, x.dtype)[:, None, None] for v in (of.mean, of.std))
    return (0 - mean) / std, (of.scale - mean) / std


def _from_gradient(combine):
    return lambda way, **options: combine(way.dA, way.A.data, **options)


def _by_rules(rules):
    return lambda way: lrp(way.y, way.c, way.x, rules)


def _with_first(rule):
    return lambda way: lrp(way.y, way.c, way.x, LRP_GAMMA, first=rule(way))


FROM_GRADIENT = {"grad_cam++": grad_cam_pp, "xgrad_cam": xgrad_cam, "hirescam": hirescam, "layercam": layercam}
RELATIVES = {
    **{name: _from_gradient(combine) for name, combine in FROM_GRADIENT.items()},
    "eigen_cam": lambda way, **options: eigen_cam(way.A, **options),
    "score_cam": lambda way, **options: score_cam(way.net, way.x, way.c, way.A, progress=way.progress, **options),
    "ablation_cam": lambda way, **options: ablation_cam(way.y, way.c, way.A, progress=way.progress, **options),
    "smoothgrad": lambda way, **options: smoothgrad(way.net, way.x, way.c, seed=way.seed, progress=way.progress, **options),
    "integrated_gradients": lambda way, **options: integrated_gradients(
        way.net, way.x, way.c, seed=way.seed, progress=way.progress, **options
    ),
    "lrp_epsilon": _by_rules(LRP_EPSILON),
    "lrp_gamma": _by_rules(LRP_GAMMA),
    "lrp_alpha_beta": _by_rules(LRP_ALPHA_BETA),
    "lrp_z_box": _with_first(lambda way: z_box(*way.pixels)),
    "lrp_flat": _with_first(lambda way: flat()),
    "excitation_backprop": lambda way, **options: excitation_backprop(way.y, way.c, way.A, **options),
}
AT_LAYER = (*FROM_GRADIENT, "eigen_cam", "score_cam", "ablation_cam", "excitation_backprop")  # those that look at feature maps
MANY_PASSES = ("score_cam", "ablation_cam", "smoothgrad", "integrated_gradients")
