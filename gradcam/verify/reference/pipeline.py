"""The reference, one step at a time: from the input to the result, every quantity by name, every step replaceable.

step        for                         what it holds
input       all                         x (N, C, H, W), as the network takes it
path        averaged gradients          the pictures on the way, and their shares (see `path`)
y           all                         the tape of a forward pass: scores (N, classes)
start       all                         (tensor, signal): where the way back begins, and with what
rules       gradient, guided, LRP, ...  the table of rules on the way back to the input
signal      gradient, guided, LRP, ...  what arrives at the input (N, C, H, W)
cam_rules   Grad-CAM                    the table of rules on the way back to the layer: none
A           Grad-CAM                    the layer (a tensor of the tape)
activation  Grad-CAM                    A^k (N, K, h, w)
gradient    Grad-CAM                    dy_c/dA^k (N, K, h, w)
masks       Score-CAM, Ablation-CAM     what is changed for each map (see `passes`)
seen        Score-CAM, Ablation-CAM     y_c then (N, K)
weights     Grad-CAM                    alpha_k = 1/Z sum_ij dy_c/dA^k_ij (N, K, 1, 1)   (Selvaraju et al. 2017, eq. 1)
signed      Grad-CAM                    sum_k alpha_k A^k (N, h, w)
map         Grad-CAM                    ReLU of that (eq. 2)
            (its relatives have other weights: see `family` and `passes`)
upsampled   Grad-CAM                    (N, H, W)
result      all                         what the method returns
"""

from functools import cache

import numpy as np

from gradcam.interpolation import upsample
from gradcam.methods.saliency import largest_channel
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.verify.reference import averaged_gradients, forward_only, relevance
from gradcam.verify.reference.cam_weights import UNCLIPPED, WEIGHTS, weights
from minicnn import LogSoftmax, Softmax, Tensor, backward, find, one_hot

TABLES = {
    "gradient": BACKPROP,
    "saliency": BACKPROP,
    "deconvnet": DECONVNET,
    "guided_backprop": GUIDED,
    "guided_grad_cam": GUIDED,
}
PATHS, RELEVANCE, FORWARD = tuple(averaged_gradients.STEPS), relevance.METHODS, tuple(forward_only.STEPS)
MAPS = (*WEIGHTS, *FORWARD, "excitation_backprop")  # methods whose result is a map of the layer
CAMS = (*MAPS, "guided_grad_cam")
GRADED = (*WEIGHTS, "guided_grad_cam")  # those whose weights come from a gradient
METHODS = (*TABLES, *PATHS, *RELEVANCE, *MAPS)
OWN = {
    **averaged_gradients.STEPS,
    **relevance.STEPS,
    **forward_only.STEPS,
}  # {method: {step: how, where it is another}}


def scores_of(y):
    """The scores before softmax, where a network ends in one."""
    while isinstance(y.op, (Softmax, LogSoftmax)):
        y = y.op.inputs[0]
    return y


def start(q, v):
    return v.y, seed(q, v.y, q.c)


def seed(q, y, c):
    """1 at class c; relevance is the score itself."""
    signal = one_hot(y, c)
    return signal * y.data if q.method in RELEVANCE else signal


def signal(q, v):
    source, gy = v.start
    return backward(source, gy, wrt=q.input_of(v.y), rules=v.rules, allow=q.allow(v))


def gradient(q, v):
    source, gy = v.start
    return backward(source, gy, wrt=v.A, rules=v.cam_rules, allow=q.allow(v))


def result(q, v):
    if q.method == "guided_grad_cam":
        return v.signal * v.upsampled[:, None]
    if q.method in MAPS:
        return v.upsampled if q.at_input_size else v.map
    return largest_channel(v.signal) if q.method == "saliency" else v.signal


#        step         what it is made from            how
STEPS = {
    "input": ((), lambda q, v: q.x),
    "path": (("input",), None),
    "y": (("input",), lambda q, v: q.tape(v.input)),
    "start": (("y",), start),
    "rules": (("y",), lambda q, v: TABLES.get(q.method, BACKPROP)),
    "signal": (("start", "rules", "path"), signal),
    "cam_rules": (("y",), lambda q, v: BACKPROP),
    "A": (("y",), lambda q, v: find(v.y, q.layer)),
    "activation": (("A",), lambda q, v: v.A.data),
    "gradient": (("start", "A", "cam_rules"), gradient),
    "masks": (("activation", "input"), None),
    "seen": (("masks", "start", "A"), None),
    "weights": (("gradient", "activation", "seen"), lambda q, v: weights(q.method, v.gradient, v.activation)),
    "signed": (("weights", "activation", "gradient"), lambda q, v: (v.weights * v.activation).sum(axis=-3)),
    "map": (("signed",), lambda q, v: v.signed if q.method in UNCLIPPED else np.maximum(v.signed, 0)),
    "upsampled": (("map",), lambda q, v: upsample(v.map, q.x.shape[-2:])),
    "result": (("signal", "upsampled", "map", "path"), result),
}
BEFORE = ("input", "y", "start", "rules")  # what a gradient is made from
BACK = ("start", "rules", "signal")
SUM = ("weights", "signed", "map", "upsampled")
AT_LAYER = ("start", "cam_rules", "A", "activation", "gradient", *SUM)
TAKES = {  # the steps of a method, but for input, y and result, which all take
    **dict.fromkeys(TABLES, BACK), **dict.fromkeys(PATHS, ("path", *BACK)), **dict.fromkeys(RELEVANCE, BACK),
    **dict.fromkeys(WEIGHTS, AT_LAYER), "guided_grad_cam": (*BACK, *AT_LAYER),
    "eigen_cam": ("A", "activation", *SUM),
    **dict.fromkeys(("score_cam", "ablation_cam"), ("start", "A", "activation", "masks", "seen", *SUM)),
    "excitation_backprop": ("start", "cam_rules", "A", "gradient", "signed", "map", "upsampled"),
}  # fmt: skip
STAGES = {  # the words of a report
    "input": "preprocessed input", "path": "pictures on the way", "y": "scores", "start": "where the signal starts",
    "rules": "rule of the way back", "signal": "signal at the input", "cam_rules": "rule of the way back", "A": "layer",
    "activation": "layer activation", "gradient": "layer gradient", "masks": "what is changed for each map", "seen": "scores then",
    "weights": "channel weights", "signed": "map before its ReLU", "map": "map before upsampling", "upsampled": "upsampled map",
    "result": "result, normalised",
}  # fmt: skip


def steps_of(method):
    """The names of the steps that a method takes, in order."""
    return [s for s in STEPS if s in ("input", "y", "result", *TAKES[method])]


@cache
def upstream(step):
    """The step and all that it is made from."""
    return frozenset([step]).union(*(upstream(s) for s in STEPS[step][0]))


class Run:
    """The steps of one question under some changes; each is computed when it is asked for, once for all runs that share it.

    changes: ((name, step, f), ...), applied in this order: f(q, v, old) -> the step's value, where old() is what it would have been.
    """

    def __init__(self, question, changes=()):
        self.question, self.changes = question, tuple(changes)

    def __getattr__(self, step):
        if step not in STEPS:
            raise AttributeError(step)
        q = self.question
        key = (step, tuple(name for name, at, _ in self.changes if at in upstream(step)))
        if key not in q.values:
            mine = [f for _, at, f in self.changes if at == step]
            if mine:
                before = [c for c in self.changes if c[1] != step]
                old = lambda: getattr(Run(q, before), step)  # noqa: E731
                for f in mine:
                    old = _once(f, q, self, old)
                q.remember(key, old())
            else:
                q.remember(key, OWN.get(q.method, {}).get(step, STEPS[step][1])(q, self))
        return q.values[key]

    def elsewhere(self, pictures=None, scores=None):
        """The gradient under the same changes for other pictures (M, N, C, H, W), or for their scores (M N, classes); not remembered."""
        left_out = "input" if scores is None else "y"
        value = pictures.reshape(-1, *pictures.shape[2:]) if scores is None else scores
        q = self.question.times(value.shape[0] // len(self.question.x))
        return Run(
            q,
            (
                ("elsewhere", left_out, lambda q, v, old: value),
                *(c for c in self.changes if c[1] in BEFORE and c[1] != left_out),
            ),
        )

    def __getitem__(self, step):
        """The step as an array."""
        value = getattr(self, step)
        return value.data if isinstance(value, Tensor) else value


def _once(f, q, v, old):
    """f(q, v, old), computed when it is first asked for."""
    return cache(lambda: f(q, v, old))
