"""From a question to a verdict: compare stage by stage, tell rounding from error, then try the catalogue."""

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.hypotheses import HYPOTHESES
from gradcam.verify.reference.pipeline import CAMS, STAGES, STEPS
from gradcam.verify.refusal import refusal
from gradcam.verify.report.verdict import Compared, Verdict
from gradcam.verify.rounding.differences import difference, tolerance
from gradcam.verify.rounding.propagation import amplification
from gradcam.verify.rounding.ties import rounded
from gradcam.verify.search import Search
from minicnn import RuleError


def judge(q, hypotheses=None, pairs=True, seconds=120, progress=None):
    """-> Verdict.  q: a Question; pairs: whether two causes at once are tried, for at most `seconds`; progress: f(text)."""
    say = progress or (lambda text: None)
    verdict = Verdict("equal", describe(q))
    if "result" not in q.theirs:
        raise VerifyError("there is no result to compare: give their map")
    try:
        reason = refusal(q)
    except RuleError as error:
        reason = f"the method is not defined on this network: {error}"
    if reason:
        verdict.kind, verdict.reason = "refused", reason
        return verdict

    say("the reference in float64, and how far rounding moves it")
    steps = [s for s in STEPS if s in q.theirs]
    kinds = {s: q.precision(s) for s in steps}
    amplified = amplification(q, steps)
    limits = {s: tolerance(kinds[s], amplified.get(s, 1.0)) for s in steps}
    fitting = [s for s in steps if s != "result" or not q.misfit]
    compared = {s: Compared(STAGES[s], difference(q.theirs[s], q.reference[s]), limits[s]) for s in fitting}
    verdict.compared = list(compared.values())
    wrong = [s for s in steps if s not in compared or compared[s].differs or (s == "result" and q.swapped)]
    if not wrong:
        verdict.reason = f"equal to {kinds['result']} rounding"
        verdict.maps = {"theirs": q.theirs["result"], "ours": q.reference["result"]}
        return verdict
    first = wrong[0]
    verdict.maps = {"theirs": q.theirs[first], "ours": q.reference[first]}
    verdict.kind, verdict.stage = "differs", STAGES[first]
    verdict.difference = compared[first].difference if first in compared else None

    search = Search(q, limits, hypotheses or HYPOTHESES, say)
    found, zeros = search.singles(), not np.any(q.theirs["result"])
    if zeros:  # much gives zeros by chance
        found, pairs = [c for c in found if c.stage in CLIPPING], False
    if not found and not q.misfit:
        if rounded(q, verdict, compared, kinds):
            q.forget()
            return verdict
        found = search.near_singles(kinds)
    if not found and pairs:
        found = search.pairs(seconds)
    verdict.causes, verdict.ruled_out = found or [], search.ruled_out()
    if not found and q.misfit:
        raise VerifyError(q.misfit)
    if not found:
        q.forget()
        return unknown(q, verdict, search)
    if first == "result":
        verdict.stage = found[0].stage
    verdict.confidence = search.confidence(found)
    verdict.kind = "tie" if all(c.kind == "tie" for c in found) else "differs"
    if verdict.kind == "tie":
        for c in verdict.compared:
            c.explained("tie", c.difference.l2)
    q.forget()
    return verdict


CLIPPING = {STAGES[s] for s in ("start", "signed", "map", "result")}  # where a cause can make zeros of a map


def unknown(q, verdict, search):
    verdict.kind, verdict.causes = "unknown", []
    verdict.reason = f"none of {search.tried} tried causes gives their numbers"
    ours, theirs = q.reference["result"], q.theirs["result"]
    if not np.any(theirs):
        verdict.notes.append(
            "their result is all zeros: nothing arrived; was the graph cut (detach, no_grad), or .grad read of a copy?"
        )
        return verdict
    with np.errstate(all="ignore"):
        scale = float((ours * theirs).sum() / (ours**2).sum())
    if difference(theirs, scale * ours).relative < 1e-5:
        verdict.notes.append(f"their result is {scale:.6g} times the reference")
    known = [
        s
        for s in ("y", "activation", "gradient", "signal")
        if s not in q.theirs and (s in ("y", "signal") or q.method in CAMS)
    ]
    if known:
        verdict.notes.append(f"give more of theirs to narrow it down: {', '.join(STAGES[s] for s in known)}")
    return verdict


def describe(q):
    """The question in words."""
    classes = np.ravel(q.c).tolist()
    at = f" at {q.layer}" if q.method in CAMS else ""
    return f"{q.method} of class {', '.join(map(str, classes))}{at}, input {' x '.join(map(str, q.x.shape))}"
