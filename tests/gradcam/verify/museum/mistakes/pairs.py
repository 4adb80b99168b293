"""Two at once."""

from tests.gradcam.verify.museum.mistakes.making import Mistake, fed, started
from tests.gradcam.verify.museum.mistakes.values import spread
from tests.gradcam.verify.museum.right import at_input, at_layer, enlarge, right, score, weigh


def softmax(case, y):
    return score(case, y.softmax(1))


def plain(case):
    return at_input(case, None)


def reversed_colours(case):
    return fed(lambda x: x.flip(1))(case)


def aligned(case, m):
    return enlarge(case, m, mode="bilinear", align_corners=True)


def over_largest(g):
    return g / g.abs().max()


TABLE = [
    Mistake(
        "softmax instead of scores AND stretched from minimum to maximum",
        lambda case: spread(started(softmax)(case)),
        ("grad_cam", "gradient"),
        parts=(started(softmax), lambda case: spread(right(case))),
    ),
    Mistake(
        "the final ReLU is missing AND upsampled with aligned corners",
        lambda case: aligned(case, weigh(*at_layer(case))),
        ("grad_cam",),
        parts=(lambda case: enlarge(case, weigh(*at_layer(case))), lambda case: aligned(case, right(case))),
    ),
    Mistake(
        "colour channels in the other order (RGB, BGR) AND absolute value",
        lambda case: reversed_colours(case).abs(),
        ("gradient", "guided_backprop"),
        parts=(reversed_colours, lambda case: right(case).abs()),
    ),
    Mistake(
        "the override did not fire: plain gradient AND divided by its largest magnitude",
        lambda case: over_largest(plain(case)),
        ("guided_backprop", "deconvnet"),
        parts=(plain, lambda case: over_largest(right(case))),
    ),
    Mistake(
        "softmax instead of scores AND map mirrored",
        lambda case: started(softmax)(case).flip(-1),
        parts=(started(softmax), lambda case: right(case).flip(-1)),
    ),
]
