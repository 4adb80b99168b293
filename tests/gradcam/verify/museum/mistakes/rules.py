"""The rule of the backward pass."""

import torch

from tests.gradcam.verify.museum.mistakes.making import (
    CAMS,
    INPUTS,
    RULED,
    Mistake,
    built,
    cam,
    finish,
    leaves,
    pools,
    ruled,
)
from tests.gradcam.verify.museum.right import DECONVNET, GUIDED, at_input, rule, weigh


def own(case):
    return {"deconvnet": DECONVNET}.get(case.method, GUIDED)


class Windows(torch.nn.Module):
    """A max-pool 2x2 by `reduce` over the taps, which decides what happens in a tie."""

    def __init__(self, reduce):
        super().__init__()
        self.reduce = reduce

    def forward(self, x):
        N, C, H, W = x.shape
        taps = x.reshape(N, C, H // 2, 2, W // 2, 2).permute(0, 1, 2, 4, 3, 5).flatten(-2)
        return self.reduce(taps)


def last(taps):
    best = taps.flip(-1).max(-1)
    return taps.flip(-1).gather(-1, best.indices[..., None])[..., 0]


class EveryMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, taps):
        y = taps.amax(-1)
        ctx.save_for_backward(taps == y[..., None])
        return y

    @staticmethod
    def backward(ctx, g):
        return g[..., None] * ctx.saved_tensors[0]


def hooked_clip(case):
    """Clips every gradient that leaves a convolution or linear layer, and lets the ReLUs be."""
    plain = {"deconvnet": rule(lambda z, g: torch.ones_like(g, dtype=bool))}.get(case.method)
    handles = [
        m.register_full_backward_hook(lambda m, gi, go: tuple(g.clamp(min=0) for g in gi))
        for m in leaves(case.model, (torch.nn.Conv2d, torch.nn.Linear))
    ]
    try:
        signal = at_input(case, plain)
    finally:
        for h in handles:
            h.remove()
    return finish(case, signal)


def captum_guided(case):
    from captum.attr import Deconvolution, GuidedBackprop

    method = {"guided_backprop": GuidedBackprop, "deconvnet": Deconvolution}[case.method]
    return method(case.model).attribute(case.x.clone().requires_grad_(), target=case.c).detach()


TABLE = [
    Mistake("the override did not fire: plain gradient", ruled(None), RULED),
    Mistake(
        "deconvnet instead of guided backprop",
        ruled(lambda case: DECONVNET),
        ("guided_backprop", "guided_grad_cam"),
    ),
    Mistake("guided backprop instead of deconvnet", ruled(lambda case: GUIDED), ("deconvnet",)),
    Mistake("an overridden ReLU in a plain gradient", ruled(lambda case: GUIDED), ("gradient", "saliency")),
    Mistake(
        "an overridden ReLU in a plain gradient", ruled(lambda case: DECONVNET), ("gradient", "saliency")
    ),
    Mistake(
        "only some of the ReLUs overridden",
        ruled(own, which=lambda n, z: z.ndim == 4),
        RULED,
        ("VGG", "InPlace"),
    ),
    Mistake("only some of the ReLUs overridden", ruled(own, which=lambda n, z: n > 0), RULED),
    Mistake("only some of the ReLUs overridden", ruled(own, which=lambda n, z: n < 2), RULED),
    Mistake(
        "only some of the ReLUs overridden",
        captum_guided,
        ("guided_backprop", "deconvnet"),
        ("Functional",),
        needs="captum",
    ),
    Mistake("gate inverted", ruled(lambda case: rule(lambda z, g: (z <= 0) & (g > 0))), ("guided_backprop",)),
    Mistake(
        "the signal is clipped on the wrong side of the layer",
        hooked_clip,
        RULED,
        ("VGG", "Functional", "Pooled", "Residual"),
    ),
    Mistake(
        "hook on a tensor that is shared with a skip",
        captum_guided,
        ("guided_backprop", "deconvnet"),
        ("Shared",),
        needs="captum",
    ),
    Mistake(
        "guided gradients in Grad-CAM",
        cam(lambda A, dA: weigh(A, dA).relu(), relu=GUIDED),
        CAMS,
        ("VGG", "Residual", "InPlace", "Shared"),
    ),
    Mistake(
        "tie rule: the signal is split among equal maxima",
        built(pools(lambda p: Windows(lambda t: t.amax(-1)))),
        INPUTS,
        ("Tied",),
    ),
    Mistake(
        "tie rule: every equal maximum gets the signal",
        built(pools(lambda p: Windows(EveryMaximum.apply))),
        INPUTS,
        ("Tied",),
    ),
    Mistake("tie rule: the last of equal maxima", built(pools(lambda p: Windows(last))), INPUTS, ("Tied",)),
    Mistake(
        "tie rule: a ReLU passes at exactly 0",
        ruled(
            lambda case: rule(
                {"deconvnet": lambda z, g: g >= 0, "guided_backprop": lambda z, g: (z >= 0) & (g > 0)}.get(
                    case.method, lambda z, g: z >= 0
                )
            )
        ),
        INPUTS,
        ("Tied",),
    ),
]
