"""Grad-CAM's layer: another one; or the activation from one side of a ReLU, the gradient from the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.verify.hypotheses.hypothesis import DoesNotApply, Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, GRADED
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import arrived
from gradcam.verify.reference.tape import consumers
from minicnn import ReLU, Tensor, backward, find, history, names

NEIGHBOURS = 3


def relu_after(q: Question, y: Tensor) -> Variants:
    """The ReLU that takes the layer's output, or None."""
    A = find(y, q.layer)
    return next((t for t in consumers(y).get(A, ()) if isinstance(t.op, ReLU)), None)


def mixed_activation(q: Question, y: Tensor) -> Variants:
    """The in-place ReLU has changed the stored activation; the gradient is the convolution's."""
    return {"": lambda q, v, old: relu_after(q, v.y).data} if relu_after(q, y) else {}


def mixed_gradient(q: Question, y: Tensor) -> Variants:
    return {"": lambda q, v, old: arrived(q, v, relu_after(q, v.y), v.cam_rules)} if relu_after(q, y) else {}


def overwritten(q: Question, y: Tensor) -> Variants:
    """The ReLU has written into what a hook kept: its map and gradient are the ReLU's."""
    if not (q.overwritten and relu_after(q, y)):
        return {}
    return {"": lambda q, v, old: relu_after(q, v.y)}


def cut_off(q: Question, y: Tensor) -> Variants:
    """A ReLU that the network has not: its activation function, SiLU say, goes below zero."""
    return {} if relu_after(q, y) else {"": lambda q, v, old: np.maximum(old(), 0)}


def before_relu(q: Question, y: Tensor) -> Variants:
    """The layer is a ReLU: the activation is taken before it, the gradient after it."""
    A = find(y, q.layer)
    return {"": lambda q, v, old: v.A.op.inputs[0].data} if isinstance(A.op, ReLU) else {}


def entering(q: Question, y: Tensor) -> Variants:
    """What enters a layer, no ReLU, that leaves its shape as it is: a hook may keep the one for the other."""
    A = find(y, q.layer)
    occurs = source_of(A) is not None and not isinstance(A.op, ReLU)
    return {"": lambda q, v, old: entered(v).data} if occurs else {}


def source_of(A: Tensor) -> Tensor | None:
    """What a layer's output was made of, if it has the output's shape."""
    inputs = A.op.inputs if A.op else ()
    return next((t for t in inputs if isinstance(t, Tensor) and t.shape == A.shape), None)


def entered(v: Run) -> Tensor:
    """The same of a run's layer, which may be another one."""
    if (source := source_of(v.A)) is None:
        raise DoesNotApply("what enters this layer has another shape")
    return source


def others(q: Question, y: Tensor) -> Variants:
    """All named feature maps, from near to far; of their map's size, if that is not ours or the picture's."""
    known = {t: n for n, t in names(y).items() if t is not None}
    maps = [t for t in history(y) if t in known and t.op and t.ndim == 4]
    at = maps.index(find(y, q.layer))
    mine = (maps[at], relu_after(q, y) if q.overwritten else None)
    far = sorted((t for t in maps if t not in mine), key=lambda t: abs(maps.index(t) - at))
    if q.misfit and "result" in q.theirs:
        far = [t for t in far if t.shape[-2:] == q.theirs["result"].shape[-2:]]
    if q.large:
        near, rest = far[: 2 * NEIGHBOURS], far[2 * NEIGHBOURS :]
        far = near + alike(q, y, [known[t] for t in rest])
        return {n: lambda q, v, old, n=n: find(v.y, n) for n in [*map(known.get, near), *far[len(near) :]]}
    return {f"{known[t]}": lambda q, v, old, n=known[t]: find(v.y, n) for t in far}


def alike(q: Question, y: Tensor, layers: list[str]) -> list[str]:
    """Of many layers, the few whose maps are most like theirs, but for their scale: one backward pass, in
    float32, for all.
    """
    if q.method not in GRADED or "result" not in q.theirs or not layers:
        return layers[:NEIGHBOURS]
    low = q.low.reference
    tensors = [find(low.y, n) for n in layers]
    source, gy = low.start
    theirs, far = q.theirs["result"], {}
    for n, A, g in zip(layers, tensors, backward(source, gy, wrt=tensors, rules=low.cam_rules)):
        there = Run(q.low, ((f"at {n}", "A", lambda q, v, old, A=A: A),
                            (f"gradient at {n}", "gradient", lambda q, v, old, g=g: g)))  # fmt: skip
        m = there["result"]
        far[n] = unlike(m, theirs) if m.shape == theirs.shape else np.inf
    q.low.forget()
    return sorted(far, key=far.get)[:NEIGHBOURS]


def unlike(a: np.ndarray, b: np.ndarray) -> float:
    """1 - the correlation of two maps."""
    a, b = (m.ravel() - m.mean() for m in (a, b))
    size = np.sqrt((a @ a) * (b @ b))
    return float(1 - a @ b / size) if size else np.inf


def gradients_of_its_size(q: Question, y: Tensor) -> Variants:
    """The gradient of the layer's input, which a backward hook has as grad_input, or of another tensor of the
    same shape; the activation is the layer's output.
    """
    A = find(y, q.layer)
    known = {t: n for n, t in names(y).items() if t is not None}
    source = source_of(A)
    found = {}
    if source is not None and relu_after(q, y) is not source:
        found["of its input: grad_input[0] of a backward hook"] = lambda q, v, old: arrived(
            q, v, entered(v), v.cam_rules
        )
    alike = [t for t in history(y) if t in known and t.shape == A.shape and t is not A and t is not source]
    alike = [t for t in alike if t is not relu_after(q, y) and t.op]
    for t in alike[-NEIGHBOURS:]:
        found[f"of {known[t]}"] = lambda q, v, old, n=known[t]: arrived(q, v, find(v.y, n), v.cam_rules)
    return found


def guided_gate(q: Question, v: Run, old: Old) -> Any:
    g = old()
    return g * (v.activation > 0) * (g > 0)


ELSEWHERE = "another layer than the one that is named"
EQ1 = "A^k and dy_c/dA^k are of one tensor (eq. 1)"
CLONE = "keep output.clone() in the forward hook, or make the ReLU that follows ReLU(inplace=False)"
CAUSES = [
    Hypothesis(
        name="in-place ReLU: activation after it, gradient before it",
        step="activation",
        says=EQ1,
        fix=CLONE,
        variants=mixed_activation,
        methods=CAMS,
    ),
    Hypothesis(
        name="in-place ReLU: activation before it, gradient after it",
        step="gradient",
        says=EQ1,
        fix=CLONE,
        variants=mixed_gradient,
        methods=GRADED,
    ),
    Hypothesis(
        name="in-place ReLU: what the hook kept is its output, no longer the layer's",
        step="A",
        says=EQ1,
        fix="make the ReLU that follows ReLU(inplace=False); or let the hook keep what it gets and hand on a "
        "copy: return output.clone()",
        variants=overwritten,
        methods=CAMS,
    ),
    Hypothesis(
        name="activation from before the ReLU, gradient from after it",
        step="activation",
        says=EQ1,
        fix=CLONE,
        variants=before_relu,
        methods=CAMS,
    ),
    Hypothesis(
        name="the activation is the layer's input, the gradient its output's",
        step="activation",
        says=EQ1,
        fix="keep the hook's output, not its input[0]",
        variants=entering,
        methods=CAMS,
    ),
    Hypothesis(
        name="ReLU on the feature maps, which go below zero here",
        step="activation",
        says="the maps A^k are weighted as they are; the ReLU is taken of their sum (eq. 2)",
        fix="leave out relu or clamp of the activation; clip the finished map only",
        variants=cut_off,
        methods=CAMS,
    ),
    Hypothesis(
        name=ELSEWHERE,
        headline=lambda detail: f"it is the map of {detail}, not of the layer that you name",
        step="A",
        says=EQ1,
        fix=lambda detail: (
            f"your map is that of {detail}: keep the output of the layer that you name, or name that one; "
            "of a module that is called several times each call is a layer, and a hook sees them all"
        ),
        variants=others,
        methods=CAMS,
    ),
    Hypothesis(
        name="the gradient is another tensor's, the activation the layer's output",
        step="gradient",
        says=EQ1,
        fix="in register_full_backward_hook(module, grad_input, grad_output), take grad_output[0]; or "
        "torch.autograd.grad(score, A) for the very tensor A",
        variants=gradients_of_its_size,
        methods=GRADED,
    ),
    Hypothesis(
        name="gradient gated as in guided backprop",
        step="gradient",
        says="alpha is the mean of the whole gradient (eq. 1)",
        fix="switch off use_guided_grads",
        change=guided_gate,
        methods=GRADED,
    ),
    Hypothesis(
        name="ReLU on the gradient before its mean",
        step="gradient",
        says="alpha is the mean of the whole gradient (eq. 1)",
        fix="no relu or clamp on the gradient: weights = gradient.mean((2, 3)); clip the finished map only",
        change=lambda q, v, old: np.maximum(old(), 0),
        methods=GRADED,
    ),
    Hypothesis(
        name="absolute value of the gradient before its mean",
        step="gradient",
        says="alpha is signed (eq. 1)",
        fix="leave out abs",
        change=lambda q, v, old: abs(old()),
        methods=GRADED,
    ),
]
