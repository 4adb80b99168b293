"""The rule of the backward pass is not the method's, or does not reach every ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import BY_GUIDED, BY_WINNER, GATED, GRADED, PLAIN, RULED
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.tape import Tap, consumers, makers, rerun
from minicnn import Conv, Linear, MaxPool, ReLU, Tensor, names
from minicnn.windows import cut_padding, pad_to_fit, taps

SPRINGENBERG = "guided backprop passes g 1[x > 0] 1[g > 0] at every ReLU (Springenberg et al. 2015, fig. 1)"
ZEILER = (
    "deconvnet passes g 1[g > 0] at every ReLU and never looks at its input (Zeiler & Fergus 2014, sec. 2.1)"
)
ALL_BUT, UP_TO, FROM = "all but ", "those up to ", "those from "  # a ReLU
EVERY = "the rule holds at every ReLU between the score and the input"


def instead(rules: Any) -> Any:
    return lambda q, v, old: rules


def silent(reached: Any) -> Any:
    """The method's rule at the ReLUs that were reached, the derivative at the others."""
    return lambda q, v, old: {name: rule for kind, rule in old().items() if kind is ReLU for name in reached}


def parts(q: Question, y: Tensor) -> Variants:
    """Some ReLUs only: those of the convolutions, those of the classifier, modules only, without one."""
    known = {t: n for n, t in names(y).items()}
    relus = makers(y)
    every = [known[t] for t in relus if t in known]
    origin = {known[t]: getattr(t.layer, "origin", None) for t in relus if t in known}
    first_calls = [n for n in every if ":" not in n and "@" not in n]
    chosen = {
        "those of the feature maps": [known[t] for t in relus if t in known and t.ndim == 4],
        "those of the classifier": [known[t] for t in relus if t in known and t.ndim == 2],
        "nn.ReLU modules only: F.relu, torch.relu and clamp were not reached": [
            n for n in every if origin[n] == "module"
        ],
        "those that are modules at the top level": [
            n for n in every if origin[n] == "module" and "." not in n
        ],
        "the first call of a module that is called again": first_calls,
    }
    for n in sorted(range(len(every)), key=lambda n: not _ends(every, n)):
        name = every[n]
        chosen[f"{UP_TO}{name}"] = every[: n + 1]
        chosen[f"{FROM}{name} on"] = every[n:]
        chosen[f"{ALL_BUT}{name}"] = every[:n] + every[n + 1 :]
    seen, different = [every], {}
    for detail, reached in chosen.items():
        if reached and reached not in seen:
            seen.append(reached)
            different[detail] = silent(reached)
    return different


def _ends(every, n):
    """Whether the n-th ReLU is the first or last of its module: hooks are forgotten for modules, mostly."""
    parent = [name.rpartition(".")[0] for name in every[max(n - 1, 0) : n + 2]]
    return n in (0, len(every) - 1) or not parent[0] == parent[1] == parent[2]


def inverted(q: Question, v: Run, old: Old) -> Any:
    return {ReLU: lambda op, gy: gy * (op.x <= 0) * (gy > 0 if q.method != "saliency" else True)}


def clipped_below(q: Question, v: Run, old: Old) -> Any:
    """The signal is clipped after the layer below, where it leaves a convolution, instead of where it arrives
    at the ReLU.
    """
    gate = (lambda op, gy: gy) if q.method == "deconvnet" else (lambda op, gy: op.gx(gy))
    clip = lambda op, gy: np.maximum(op.gx(gy), 0)  # noqa: E731
    return {ReLU: gate, Conv: clip, Linear: clip}


def output_gate(q: Question, v: Run, old: Old) -> Any:
    """gate x >= 0: what is exactly 0 passes."""
    rule = {
        "deconvnet": lambda op, gy: gy * (gy >= 0),
        "guided_backprop": lambda op, gy: gy * ((op.x >= 0) & (gy > 0)),
    }
    kind = "guided_backprop" if q.method in BY_GUIDED else q.method
    return {ReLU: rule.get(kind, lambda op, gy: gy * (op.x >= 0))}


def shared(q: Question, y: Tensor) -> Variants:
    """Hooks on a tensor that a ReLU and somebody else take: what arrives from both is clipped, or all but the
    ReLU's is lost.
    """
    users = consumers(y)
    if not any(len(users[t.op.inputs[0]]) > 1 for t in makers(y)):
        return {}

    def hooked(q, v, old):
        y = old()
        taken = consumers(y)
        return rerun(y, after={t.op.inputs[0] for t in makers(y) if len(taken[t.op.inputs[0]]) > 1})[y]

    return {"": hooked}


def hooked_rules(q: Question, v: Run, old: Old) -> Any:
    """The rules of such hooks: plain at the ReLU, and its rule at the tensor in front of it."""
    arrived = {}

    def at_relu(op, gy):
        if isinstance(op.inputs[0].op, Tap):
            arrived[op.inputs[0]] = np.maximum(gy, 0)
            return op.gx(gy)
        return np.maximum(gy, 0) if q.method == "deconvnet" else op.guided(gy)

    def at_tap(op, gy):
        mine = next((g for t, g in arrived.items() if t.op is op), None)
        return mine if q.method == "deconvnet" and mine is not None else np.maximum(gy, 0)

    return {ReLU: at_relu, Tap: at_tap}


def ties(share: Any) -> Any:
    """A rule for max-pools: where a window's maximum is found more than once, the signal goes to the last, or
    is split.
    """

    def rule(op, gy):
        x = op.inputs[0].data
        padded = pad_to_fit(x, op.kernel, op.stride, op.pad, op.dilation, op.windows, value=-np.inf)
        where = [index for *_, index in taps(op.kernel, op.stride, op.dilation, op.windows)]
        seen = np.stack([padded[w] for w in where])
        hits = share(seen == seen.max(axis=0))
        reach = op.reach()
        g = np.zeros_like(gy, shape=(*gy.shape[:-2], *reach))
        for hit, w in zip(hits, where):
            g[w] += gy * hit
        return cut_padding(g, op.size, op.pad)

    return lambda q, v, old: old() | {MaxPool: rule}


def split(hits: np.ndarray) -> Any:
    return hits / hits.sum(axis=0)


def every(hits: np.ndarray) -> Any:
    return hits.astype(float)


def last(hits: np.ndarray) -> Any:
    later = np.cumsum(hits[::-1], axis=0)[::-1]
    return hits * (later == 1)


def tied(change: Callable[..., Any]) -> Any:
    return lambda q, y: {"": change} if makers(y, MaxPool) else {}


TIE = (
    "where a window has its maximum twice, the derivative is not defined: PyTorch and this reference "
    "take the first"
)
HOOK = (
    "the rule is applied to the tensor in front of the ReLU, so it also clips what a skip connection "
    "brings there"
)
CAUSES = [
    Hypothesis(
        name="the override did not fire: plain gradient",
        step="rules",
        says=EVERY,
        fix="override functional ReLUs too (F.relu, torch.relu, clamp), or use nn.ReLU",
        change=instead(BACKPROP),
        methods=RULED,
    ),
    Hypothesis(
        name="deconvnet instead of guided backprop",
        step="rules",
        says=SPRINGENBERG,
        fix="gate by the ReLU's input as well",
        change=instead(DECONVNET),
        methods=BY_GUIDED,
    ),
    Hypothesis(
        name="guided backprop instead of deconvnet",
        step="rules",
        says=ZEILER,
        fix="do not gate by the ReLU's input",
        change=instead(GUIDED),
        methods=("deconvnet",),
    ),
    Hypothesis(
        name="an overridden ReLU in a plain gradient",
        step="rules",
        says="the gradient passes g 1[x > 0] at every ReLU",
        fix="remove the hooks, also after an exception",
        variants=lambda q, y: {"guided": instead(GUIDED), "deconvnet": instead(DECONVNET)},
        methods=PLAIN,
    ),
    Hypothesis(
        name="only some of the ReLUs overridden",
        step="rules",
        says=EVERY,
        fix="override every ReLU, and every call of it: a hook sees nn.ReLU modules only, so make a module "
        "of every F.relu and torch.relu in forward",
        variants=parts,
        methods=RULED,
        rare=(ALL_BUT, UP_TO, FROM),
    ),
    Hypothesis(
        name="gate inverted",
        step="rules",
        says=EVERY,
        fix="pass where the input was positive",
        change=inverted,
        methods=GATED,
    ),
    Hypothesis(
        name="the signal is clipped on the wrong side of the layer",
        step="rules",
        says=EVERY,
        fix="clip where the signal arrives at the ReLU, not where it leaves a layer",
        change=clipped_below,
        methods=RULED,
    ),
    Hypothesis(
        name="hook on a tensor that is shared with a skip",
        step="y",
        says=HOOK,
        fix="override the ReLU itself, or clone its input in the forward pass",
        variants=shared,
        also={"rules": hooked_rules},
        methods=RULED,
    ),
    Hypothesis(
        name="guided gradients in Grad-CAM",
        step="cam_rules",
        says="alpha is the mean of the gradient, not of a guided signal (eq. 1)",
        fix="remove the override before Grad-CAM",
        variants=lambda q, y: {"guided": instead(GUIDED), "deconvnet": instead(DECONVNET)},
        methods=GRADED,
    ),
    Hypothesis(
        name="tie rule: the signal is split among equal maxima",
        step="rules",
        says=TIE,
        fix="state the tie rule",
        variants=tied(ties(split)),
        methods=BY_WINNER,
        kind="tie",
    ),
    Hypothesis(
        name="tie rule: every equal maximum gets the signal",
        step="rules",
        says="more signal leaves such a window than enters: no subgradient",
        fix="send it to one of the equal maxima, or split it",
        variants=tied(ties(every)),
        methods=BY_WINNER,
        kind="convention",
    ),
    Hypothesis(
        name="tie rule: the last of equal maxima",
        step="rules",
        says=TIE,
        fix="state the tie rule",
        variants=tied(ties(last)),
        methods=BY_WINNER,
        kind="tie",
    ),
    Hypothesis(
        name="tie rule: a ReLU passes at exactly 0",
        step="rules",
        says="at 0 the derivative is not defined: PyTorch and this reference take 0",
        fix="gate by x > 0",
        change=output_gate,
        methods=GATED,
        kind="tie",
    ),
]
