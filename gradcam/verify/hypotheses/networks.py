"""The network does not compute the same scores."""

from gradcam.verify.hypotheses.hypothesis import Hypothesis
from gradcam.verify.reference.tape import again, makers, rerun
from minicnn import AvgPool, BatchNorm, BatchNormTraining, MaxPool, Pad


def training(q, y):
    """Batchnorm by the batch's own statistics."""
    if not makers(y, BatchNorm):
        return {}

    change = lambda t: _OwnStatistics(t.op.eps) if isinstance(t.op, BatchNorm) else None  # noqa: E731
    return {"": lambda q, v, old: rerun(old(), change)[old()]}


class _OwnStatistics(BatchNormTraining):
    takes = 3  # x, gamma, beta; not the running mean and variance


def pools(kind, **options):
    """The network with an option of its pools changed, if any pool changes by that."""

    def ways(q, y):
        found = [t for t in makers(y, kind) if any(getattr(t.op, k) != v(t.op) for k, v in options.items())]
        change = lambda t: (
            again(t.op, **{k: v(t.op) for k, v in options.items()}) if isinstance(t.op, kind) else None
        )  # noqa: E731
        return {"": lambda q, v, old: rerun(old(), change)[old()]} if found else {}

    return ways


def zero_padding(q, y):
    """Max-pools whose padding counts as zeros."""
    if not any(max(max(s) for s in t.op.pad) for t in makers(y, MaxPool)):
        return {}

    def change(t):
        return _PaddedPool(t.op) if isinstance(t.op, MaxPool) else None

    return {"": lambda q, v, old: rerun(old(), change)[old()]}


class _PaddedPool(MaxPool):
    def __init__(self, op):
        super().__init__(op.kernel, op.stride, 0, op.ceil)
        self.around = op.pad

    def forward(self, x):
        self.border = Pad(*self.around)
        return super().forward(self.border.forward(x))

    def gx(self, gy):
        return self.border.gx(super().gx(gy))


WHY = "the scores differ, so every map must"
TABLE = [
    Hypothesis("train mode: batchnorm uses the batch's statistics", "y", "in use, mean and variance are constants", "model.eval()",
               ways=training),
    Hypothesis("another ceil mode of the max-pools", "y", WHY, "set ceil_mode as the weights were trained",
               ways=pools(MaxPool, ceil=lambda op: not op.ceil)),
    Hypothesis("another ceil mode of the average pools", "y", WHY, "set ceil_mode as the weights were trained",
               ways=pools(AvgPool, ceil=lambda op: not op.ceil)),
    Hypothesis("padding counted, or not, by the average pools", "y", WHY, "set count_include_pad as the weights were trained",
               ways=pools(AvgPool, count_padding=lambda op: not op.count_padding if any(map(any, op.pad)) else op.count_padding)),
    Hypothesis("max-pools padded with zeros", "y", WHY, "pad a max-pool with -infinity", ways=zero_padding),
]  # fmt: skip
