"""Where the signal starts, and with what."""

import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import FAMILY, Mistake, started
from tests.gradcam.verify.museum.right import score


def in_float32(case):
    """All of it in float32: far from the winner's score, every probability is 0 or 1."""
    return started(softmax)(case.to(torch.float32))


def binary(case, y):
    """The class's label 1, all others 0."""
    label = F.one_hot(torch.tensor([case.c] * len(y)), y.shape[1])
    return F.binary_cross_entropy_with_logits(y, label.to(y), reduction="sum")


def softmax(case, y):
    return score(case, y.softmax(1))


TABLE = [
    Mistake("softmax instead of scores", started(lambda case, y: score(case, y.softmax(1)))),
    Mistake("sigmoid instead of scores", started(lambda case, y: score(case, y.sigmoid()))),
    Mistake("log-softmax instead of scores", started(lambda case, y: score(case, y.log_softmax(1)))),
    Mistake(
        "gradient of the loss instead of the score",
        started(lambda case, y: F.cross_entropy(y, torch.full((len(y),), case.c), reduction="sum")),
    ),
    Mistake("gradient of the loss instead of the score", started(binary)),
    Mistake(
        "accumulated: the gradient of another class as well",
        started(lambda case, y: y[:, case.c].sum() + y[:, (case.c + 2) % 5].sum()),
    ),
    Mistake("score value as seed", started(lambda case, y: score(case, y * y.detach()))),
    Mistake("all scores instead of one", started(lambda case, y: y.sum())),
    Mistake("another class", started(lambda case, y: y[:, (case.c + 1) % 5].sum())),
    Mistake("another class", started(lambda case, y: y[:, (case.c - 1) % 5].sum())),
    Mistake("softmax instead of scores", started(softmax), families=("Confident",)),
    Mistake("softmax instead of scores", started(softmax), FAMILY),
    Mistake("saturated softmax", in_float32, families=("Saturated",), refused=True),
    Mistake(
        "the batch's mean score instead of its sum",
        started(lambda case, y: y[:, case.c].mean()),
        drawn={"pictures": 3},
    ),
]
