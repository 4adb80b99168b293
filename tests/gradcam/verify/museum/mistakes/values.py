"""Scales, signs, normalisation, orientation, precision."""

import torch

from tests.gradcam.verify.museum.mistakes.making import CAMS, INPUTS, Mistake, after, cam, enlarged, started
from tests.gradcam.verify.museum.right import at_input, at_layer, enlarge, score, weigh


def spread(m, eps=0.0):
    dims = tuple(range(1, m.ndim))
    m = m - m.amin(dims, keepdim=True)
    return m / (m.amax(dims, keepdim=True) + eps)


def over_max(m):
    return m / m.amax(tuple(range(1, m.ndim)), keepdim=True)


def first_only(m):
    return torch.cat([m[:1], torch.zeros_like(m[1:])])


TABLE = [
    Mistake("accumulated: the gradient of several calls", after(lambda m: m + m)),
    Mistake(
        "absolute value", after(torch.abs), ("gradient", "guided_backprop", "deconvnet", "guided_grad_cam")
    ),
    Mistake("negative values clipped away", after(torch.relu), ("gradient", "guided_backprop", "deconvnet")),
    Mistake("sign flipped", started(lambda case, y: -score(case, y)), ("gradient",)),
    Mistake("channels joined in another way", lambda case: at_input(case).abs().sum(1), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).abs().mean(1), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).mean(1).abs(), ("saliency",)),
    Mistake("channels joined in another way", lambda case: at_input(case).amax(1), ("saliency",)),
    Mistake("divided by its maximum", after(over_max)),
    Mistake("stretched from minimum to maximum", after(spread)),
    Mistake("stretched from minimum to maximum, plus 1e-7", after(lambda m: spread(m, 1e-7))),
    Mistake("stretched from minimum to maximum, 0 to 255", after(lambda m: (255 * spread(m)).round())),
    Mistake("divided by its maximum, 0 to 255", after(lambda m: (255 * over_max(m)).floor()), CAMS),
    Mistake("map stretched to 0..1 before the ReLU", cam(lambda A, dA: spread(weigh(A, dA)).relu()), CAMS),
    Mistake("inverted: high where the map is low", after(lambda m: 1 - spread(m))),
    Mistake("inverted: high where the map is low", after(lambda m: m.amax((-2, -1), keepdim=True) - m), CAMS),
    Mistake("mean 0, deviation 1", after(lambda m: (m - m.mean()) / m.std(correction=0))),
    Mistake("divided by its L2 norm", after(lambda m: m / m.norm())),
    Mistake(
        "map stretched to 0..1, plus 1e-7, before upsampling",
        enlarged(lambda case, m: enlarge(case, spread(m, 1e-7))),
        ("grad_cam",),
    ),
    Mistake(
        "map divided by its maximum before upsampling",
        enlarged(lambda case, m: enlarge(case, over_max(m))),
        ("grad_cam",),
    ),
    Mistake(
        "map stretched to 0..1 before upsampling",
        enlarged(lambda case, m: enlarge(case, spread(m))),
        ("grad_cam",),
    ),
    Mistake(
        "map divided by its maximum before the product",
        lambda case: at_input(case) * over_max(enlarge(case, weigh(*at_layer(case)).relu()))[:, None],
        ("guided_grad_cam",),
    ),
    Mistake("H and W exchanged", after(lambda m: m.transpose(-1, -2))),
    Mistake(
        "a map (H, W) read as (W, H)",
        after(lambda m: m.reshape(*m.shape[:-2], m.shape[-1], m.shape[-2])),
        ("saliency", "grad_cam"),
    ),
    Mistake("float16: small values are lost", after(torch.Tensor.half), INPUTS, ("Faint",)),
    Mistake("map mirrored", after(lambda m: m.flip(-1))),
    Mistake("map mirrored", after(lambda m: m.flip(-2))),
    Mistake("map mirrored", after(lambda m: m.flip(-1, -2))),
    # a batch
    Mistake(
        "normalised over the whole batch, by its maximum", after(lambda m: m / m.max()), drawn={"pictures": 3}
    ),
    Mistake(
        "normalised over the whole batch, from minimum to maximum",
        after(lambda m: (m - m.min()) / (m.max() - m.min())),
        drawn={"pictures": 2},
    ),
    Mistake(
        "only the first picture of the batch is explained",
        after(lambda m: m[:1].expand_as(m)),
        drawn={"pictures": 2},
    ),
    Mistake("only the first picture of the batch is explained", after(first_only), drawn={"pictures": 3}),
]
