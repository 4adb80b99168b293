"""The network does not compute the same scores."""

from __future__ import annotations

from typing import Any

from gradcam.verify.hypotheses.hypothesis import Hypothesis, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.tape import again, makers, rerun
from minicnn import AvgPool, BatchNorm, BatchNormTraining, MaxPool, Pad, Tensor


def training(q: Question, y: Tensor) -> Variants:
    """Batchnorm by the batch's own statistics."""
    if not makers(y, BatchNorm):
        return {}

    change = lambda t: _OwnStatistics(t.op.eps) if isinstance(t.op, BatchNorm) else None  # noqa: E731
    return {"": lambda q, v, old: rerun(old(), change)[old()]}


class _OwnStatistics(BatchNormTraining):
    """Takes the running mean and variance, and does not look at them."""

    def forward(self, x, gamma, beta, mean, var):
        return super().forward(x, gamma, beta)


def pools(kind: str, **options: Any) -> Any:
    """The network with an option of its pools changed, if any pool changes by that."""

    def variants(q, y):
        found = [t for t in makers(y, kind) if any(getattr(t.op, k) != v(t.op) for k, v in options.items())]
        if not found:
            return {}

        def change(t):
            if isinstance(t.op, kind):
                return again(t.op, **{k: v(t.op) for k, v in options.items()})

        return {"": lambda q, v, old: rerun(old(), change)[old()]}

    return variants


def zero_padding(q: Question, y: Tensor) -> Variants:
    """Max-pools whose padding counts as zeros."""
    if not any(max(max(s) for s in t.op.pad) for t in makers(y, MaxPool)):
        return {}

    def change(t):
        return _PaddedPool(t.op) if isinstance(t.op, MaxPool) else None

    return {"": lambda q, v, old: rerun(old(), change)[old()]}


class _PaddedPool(MaxPool):
    def __init__(self, op):
        super().__init__(op.kernel, op.stride, 0, op.ceil, op.dilation)
        self.around = op.pad

    def forward(self, x):
        self.border = Pad(*self.around)
        return super().forward(self.border.forward(x))

    def gx(self, gy):
        return self.border.gx(super().gx(gy))


WHY = "the scores differ, so every map must"
CAUSES = [
    Hypothesis(
        name="train mode: batchnorm uses the batch's statistics",
        step="y",
        says="in eval mode, mean and variance are constants",
        fix="call model.eval() before the map is made",
        variants=training,
    ),
    Hypothesis(
        name="another ceil mode of the max-pools",
        step="y",
        says=WHY,
        fix="set ceil_mode as the weights were trained",
        variants=pools(MaxPool, ceil=lambda op: not op.ceil),
    ),
    Hypothesis(
        name="another ceil mode of the average pools",
        step="y",
        says=WHY,
        fix="set ceil_mode as the weights were trained",
        variants=pools(AvgPool, ceil=lambda op: not op.ceil),
    ),
    Hypothesis(
        name="padding counted, or not, by the average pools",
        step="y",
        says=WHY,
        fix="set count_include_pad as the weights were trained",
        variants=pools(
            AvgPool,
            count_padding=lambda op: not op.count_padding if any(map(any, op.pad)) else op.count_padding,
        ),
    ),
    Hypothesis(
        name="max-pools padded with zeros",
        step="y",
        says=WHY,
        fix="pad a max-pool with -infinity",
        variants=zero_padding,
    ),
]
