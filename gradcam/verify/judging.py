"""From a question to a verdict: compare step by step, tell rounding from error, then try the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import Hypothesis
from gradcam.verify.locate import SAID, located
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, PATHS
from gradcam.verify.reference.steps import STEPS
from gradcam.verify.refusal import refusal
from gradcam.verify.report.verdict import Cause, Compared, Verdict
from gradcam.verify.rounding.differences import CAP, difference, tolerance
from gradcam.verify.rounding.propagation import amplification
from gradcam.verify.rounding.storage import step
from gradcam.verify.rounding.ties import rounded, undecidable
from gradcam.verify.search import Search
from minicnn import GraphError, RuleError, find, names

ZERO_REFERENCE = "the right map is zero everywhere here: a division by its maximum or its range gives NaN"
LEAST = 2.0**-27  # of the largest value: float32 leaves no map nearer
FEW_DIGITS = 0.03  # relative L2 that half precision may bring about
NEAR = (
    "but for a scale it is near the reference (relative L2 {:.2g}): arithmetic of few digits moves a map so "
    "far (TF32, in which PyTorch convolves on recent GPUs, autocast, .half()); compute it in float32, with "
    "torch.backends.cudnn.allow_tf32 = False, and ask again"
)
THEN_FLOAT64 = (
    "it is the reference's to float32's rounding, as it is or in another scale, and kept in float64, where "
    "that is too far: right, if it was computed in float32, then enlarged or divided in float64; else "
    "compute it in float64 from the model on, and ask again"
)
ZEROS = "your map is all zeros, and the reference's is not"


def judge(
    q: Question,
    hypotheses: Sequence[Hypothesis] | None = None,
    pairs: bool = True,
    seconds: float | None = None,
    progress: bool = False,
) -> Verdict:
    """The answer to a question.

    hypotheses: the causes that are tried; default: the whole catalogue; pairs: whether two causes at once are
    tried; seconds: for pairs, and for the rare causes of a large network (default: 20, of a large network
    what is left of some ten in all); progress: whether to show a bar on a terminal, if it takes more than a
    second.  VerifyError: there is no result to compare.
    """
    verdict = Verdict("equal", described(q))
    if "result" not in q.theirs:
        raise VerifyError("there is no result to compare: give their map")
    try:
        reason = refusal(q)
    except (RuleError, GraphError) as error:
        reason = f"the method is not defined on this network: {error}"
    if reason:
        verdict.kind, verdict.reason = "refused", reason
        return verdict

    steps = [s for s in STEPS if s in q.theirs]
    kinds, kept = {s: q.precision(s) for s in steps}, {s: q.stored(s) for s in steps}
    amplified = amplification(q, steps)
    moves = {s: tolerance(kinds[s], amplified.get(s, 1.0)) + step(kept[s], q.theirs[s]) for s in steps}
    limits = {s: min(move, CAP) for s, move in moves.items()}
    moves = {s: move + step(q.stored(s, enough=1), q.theirs[s]) for s, move in moves.items()}
    compared = {
        s: Compared(STEPS[s].title, difference(q.theirs[s], q.reference[s]), limits[s])
        for s in steps
        if q.comparable(s)
    }
    verdict.compared = list(compared.values())
    if q.colours:
        verdict.notes.append(
            f"your map came as a picture: it was read back from its colours, {q.colours}"
            + (" (cv2.applyColorMap gives BGR: what is red there is low)" if "exchanged" in q.colours else "")
        )
    if of_its_own(q):
        verdict.notes.append(of_its_size(q))
    for message in q.misfits.values():
        verdict.notes.append(f"{message}, so it was not compared")
    wrong = [s for s in steps if s not in compared or compared[s].differs]
    if not wrong:
        verdict.reason = equal(kinds["result"], kept["result"], q.theirs["result"])
        verdict.maps = {"theirs": q.theirs["result"], "ours": q.reference["result"]}
        return verdict
    if all(s in compared and compared[s].difference.relative <= moves[s] for s in wrong):
        most = max(moves[s] for s in wrong)
        verdict.kind, verdict.reason = (
            "imprecise",
            f"rounding, or how a few values were kept, moves this by up to {most:.2%} of its largest value, "
            "and yours is within that: compute and keep it in float64, or take another picture or layer",
        )
        return verdict
    first = wrong[0]
    verdict.maps = {"theirs": q.theirs[first], "ours": q.reference[first]}
    verdict.kind, verdict.stage, verdict.measured = "differs", STEPS[first].title, STEPS[first].title
    verdict.difference = compared[first].difference if first in compared else None

    search = Search(q, limits, hypotheses or HYPOTHESES, progress, seconds)
    found, zeros = search.singles(), not np.any(q.theirs["result"])
    right = [s for s in steps if s not in wrong]
    verdict.located = located(q, limits, search.scales, right) if len(steps) > 1 else ""
    if zeros and q.comparable("result"):  # much gives zeros: whoever is blamed for them is blamed by chance
        found, by_chance, pairs = [], found, False
        verdict.located = verdict.located or ZEROS
        if by_chance:
            others = "; ".join(map(str, by_chance[:6]))
            verdict.notes.append(f"these would give zeros, too, and cannot be told apart by them: {others}")
    elif not found:
        if len(compared) == len(steps) and rounded(q, verdict, compared, kinds):
            q.forget()
            return verdict
        single = {s: min(tolerance("float32", amplified.get(s, 1.0)), CAP) for s in compared}
        single = single if "float64" in kinds.values() and len(compared) == len(steps) else {}
        fits = single and all(LEAST < compared[s].difference.relative <= single[s] for s in wrong)
        found = [] if fits else search.near_singles(kinds) or search.rescaled()
        if single and not fits and not found and (found := search.within(single)):
            verdict.notes.append("compared to float32's rounding: it seems to have been computed in float32")
            fits = all(c.kind == "scale" for c in found)
        if fits:
            q.forget()
            verdict.kind, verdict.reason = "imprecise", THEN_FLOAT64
            return verdict
    else:
        found = search.completed(found)
    if not found and pairs and not verdict.located.startswith(tuple(SAID.values())):
        found = search.pairs()
    verdict.causes, verdict.ruled_out = found or [], search.ruled_out()
    verdict.causes.sort(key=plainest)  # nobody is blamed without need
    if not found and (reason := undecidable(q, limits["result"], kinds["result"])):
        q.forget()
        verdict.kind, verdict.reason = "refused", reason
        return verdict
    loosely = q.stored("result", enough=1)  # a few values, too: nobody is blamed for what they may hide
    if not found and loosely and search.nearly_right(step(loosely, q.theirs["result"])):
        q.forget()
        verdict.kind, verdict.reason = (
            "imprecise",
            f"kept in {loosely}, it is nearly the reference's, as it is or in another scale: whether "
            "more than that moved it cannot be told; keep it in float64",
        )
        return verdict
    if not found:
        q.forget()
        return unknown(q, verdict, search)
    if first == "result":
        verdict.stage = found[0].stage
    verdict.confidence = search.confidence(found)
    if q.comparable("result") and not np.any(q.reference["result"]):
        verdict.notes.append(ZERO_REFERENCE)
    if kept["result"]:
        verdict.notes.append(f"compared as it was kept: {as_kept(kept['result'], q.theirs['result'])}")
    verdict.kind = "tie" if all(c.kind == "tie" for c in found) else "differs"
    if found[0].kind == "scale" and first == "result":
        verdict.kind = "convention"
        blamed, verdict.causes = found[1:], [c for c in found if c.kind == "scale"]
        blamed = [str(c) for c in blamed if c.kind != "scale"]
        if blamed:
            verdict.notes.append(
                f"these give the same numbers, and cannot be told from it: {'; '.join(blamed)}"
            )
    for c in verdict.compared:
        if verdict.kind == "tie":
            c.explained("tie", c.difference.l2)
        elif verdict.kind == "convention":
            c.explained("rescaled")
    q.forget()
    return verdict


def plainest(cause: Cause) -> tuple[bool, int, int]:
    """What leaves a right map right comes first, of that what takes the fewest words."""
    scale = cause.kind == "scale"
    return not scale, len(cause.names), len(str(cause)) if scale else 0


def equal(kind: str, kept: str, theirs: np.ndarray) -> str:
    """In what sense theirs is the reference: to rounding, or as far as the storage tells."""
    return f"equal as far as it was kept, {as_kept(kept, theirs)}" if kept else f"equal to {kind} rounding"


def as_kept(kept: str, theirs: np.ndarray) -> str:
    """What a reader must know of the storage."""
    return f"in {kept}, in steps of {step(kept, theirs):.1e} of its largest value"


def unknown(q: Question, verdict: Verdict, search: Search) -> Verdict:
    """The verdict when no cause gives their numbers, with what can be said all the same."""
    verdict.kind, verdict.causes = "located" if verdict.located else "unknown", []
    verdict.reason = f"none of {search.tried} tried causes gives your numbers"
    if search.left_out:
        verdict.reason += f" ({search.left_out} rare ones were left out for time: give it more seconds)"
    if not q.comparable("result") or of_its_own(q):
        verdict.kind = verdict.kind if verdict.located else "refused"
        ours = q.reference.map if of_its_own(q) else q.reference["result"]
        sizes = f"their result is {q.theirs['result'].shape}; the reference's is {ours.shape}"
        verdict.reason = f"{q.misfit or sizes}, and {verdict.reason.replace('numbers', 'shape and numbers')}"
        verdict.notes += of_that_size(q)
    ours, theirs = q.reference["result"], q.theirs["result"]
    if not np.any(theirs):
        verdict.notes.append(
            "what often makes zeros of a map: a softmax over the batch, softmax(dim=0) (its sum over "
            "the pictures is always 1, and the gradient of that 0); a graph that was cut (detach, no_grad); "
            ".grad read of a copy; a gradient of the other sign before the final ReLU.  "
            "Print the gradient at the layer: is it zero?"
        )
        return verdict
    if q.comparable("result") and (scale := multiple(theirs, ours)) is not None:
        verdict.notes.append(f"your result is {scale:.6g} times the reference")
    if (left := search.left_by_right()) < FEW_DIGITS:
        verdict.notes.append(NEAR.format(left))
    if verdict.located == SAID[("activation",)] and "gradient" in q.theirs:
        verdict.notes.append("are they of another forward pass: kept in a list, or of an earlier picture?")
    if q.settings:
        chosen = ", ".join(f"{name} {said(value)}" for name, value in q.settings.items())
        verdict.notes.append(
            f"the method leaves open what the reference chose: {chosen}.  Where yours are others, state them "
            "(settings={...}, --setting NAME=VALUE): another choice is no mistake"
        )
    known = ("y", "activation", "gradient", *(() if q.method in PATHS else ("signal",)))
    known = [s for s in known if s not in q.theirs and s in q.pipeline.steps]
    if known:
        titles = ", ".join(STEPS[s].title for s in known)
        verdict.notes.append(f"give more of yours to narrow it down: {titles}")
    return verdict


def said(value: Any) -> str:
    """A setting in a few words."""
    value = value.item() if np.size(value) == 1 and isinstance(value, np.ndarray) else value
    return f"of shape {value.shape}" if isinstance(value, np.ndarray) else f"{value}"


def of_that_size(q: Question) -> list[str]:
    """Which layers have maps of the size of theirs."""
    size = q.theirs["result"].shape[-2:]
    found = [n for n, t in names(q.reference.y).items() if t is not None and t.ndim == 4 and t.op]
    found = [n for n in found if find(q.reference.y, n).shape[-2:] == size]
    if found and q.method in CAMS:
        return [f"layers with maps of {size[0]} x {size[1]}: {', '.join(found[-6:])}; none of them gives it"]
    places = q.theirs["result"].shape[-3:-1]
    if places in (q.reference["result"].shape[-2:], q.x.shape[-2:]):
        return ["is it a picture of the map, over its photo?  That cannot be read back: give the map itself"]
    return []


def of_its_own(q: Question) -> bool:
    """Whether their map was enlarged to a size that is neither the layer's nor the input's."""
    return q.size != q.x.shape[-2:]


def of_its_size(q: Question) -> str:
    """That their map was enlarged to a size of its own."""
    (h, w), (H, W) = q.size, q.x.shape[-2:]
    bent = "" if h * W == w * H else f"; to be laid over the picture it must become {H} x {W}"
    return f"your map is {h} x {w}, the input {H} x {W}: the reference's was enlarged to {h} x {w}, too{bent}"


def multiple(theirs: np.ndarray, ours: np.ndarray) -> float | None:
    """The number that theirs is ours times, if it is one."""
    if not np.any(ours):
        return None
    scale = float((ours * theirs).sum() / (ours**2).sum())
    return scale if difference(theirs, scale * ours).relative < 1e-5 else None


def described(q: Question) -> str:
    """The question in words."""
    what = q.asked or f"class {', '.join(map(str, np.ravel(q.c).tolist()))}"
    at = f" at {q.layer}" if q.method in CAMS else ""
    if at and q.called not in ("", q.layer):
        at = f" at {q.called} (its output is {q.layer})"
    return f"{q.method} of {what}{at}, input {' x '.join(map(str, q.x.shape))}"
