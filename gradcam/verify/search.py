"""Through the catalogue: one cause at a time, then two at once.  Nothing here knows what any hypothesis is
about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcam.verify.hypotheses.hypothesis import DOES_NOT_APPLY, Form, Hypothesis
from gradcam.verify.reference.pipelines import FORWARD, PATHS
from gradcam.verify.reference.run import Change, Run
from gradcam.verify.reference.steps import upstream
from gradcam.verify.report.verdict import Cause
from gradcam.verify.rounding.differences import CAP, difference
from gradcam.verify.rounding.propagation import crowded, flips
from gradcam.verify.rounding.ties import MOVED, within_band

RESCALED = ("sign flipped", "accumulated: the gradient of several calls")
KINDS = ("mistake", "convention", "tie", "scale")  # of two causes at once the first counts
NEAR = 0.2  # a hypothesis that leaves less than this (relative L2) may be right but for a flipped gate
BAND = 0.02  # where ties are too many to be tried, they may move a map by so much, or no cause is named
ALONE = 5  # ... unless every other cause leaves so many times more
TINY, UNMISTAKABLE = 5e-4, 500  # along a path gates may flip: so little is left, and others leave far more
FINISHING = ("map", "upsampled", "result")  # steps at which a map may be rescaled
AT_LAYER = ("A", "activation", "gradient")  # steps behind the scores: the backward pass goes to a layer only
CLEARLY = 0.5  # of what a right map leaves: a cause that leaves more is none, where digits were lost
SCREEN = 0.1  # in float32, flipped gates and all, the right hypothesis leaves less than this
SHAPE = 0.1  # what is left of theirs beside a + b * ours: more, and no rescaling explains it
SPARE = 20.0  # seconds for pairs
ANSWER, LEAST = 8.0, 1.0  # seconds: of a large network what is tried last ends so, but gets so much each
FAR = 100  # the next hypothesis leaves this many times more: no confusion possible


def _rescales(form):
    """Whether a cause maps a result to a + b * result, picture by picture."""
    return (form.of.kind == "scale" and form.of.step == "result") or form.of.name in RESCALED


def _as_they_come(values):
    return values


def _centred(array, order):
    """Its values without their mean, the largest 1; None where they are all equal, or not finite."""
    a = order(array.ravel()) - array.mean()
    return a / abs(a).max() if a.any() and np.isfinite(a).all() else None


def behind_gradient(h: Hypothesis, q: Any) -> list[Form]:
    """The same cause in what is made of a gradient that they gave before it happened: in its mean alone."""
    if h.step != "gradient" or "gradient" not in q.theirs:
        return []

    def of(form):
        def change(q, v, old):
            others = [c for c in v.changes if c[1] != "weights"]
            return Run(q, (*others, (form.name, "gradient", form.change))).weights

        return Form(replace(h, step="weights", change=change, variants=None), form.detail, change)

    return [of(form) for form in h.forms(q)]


class Search:
    """Which changes of the reference give all of their quantities, to within `limits` {step: relative}."""

    q: Any
    limits: dict[str, float]
    progress: bool  # whether to show a bar, if it takes more than a second
    seconds: float | None  # for what is tried last: pairs, and rare causes of a large network
    left_out: int  # rare causes that were not tried, for want of time
    theirs: dict[str, np.ndarray]
    left: dict[tuple[Form, ...], float]  # what each tried combination leaves (relative L2)
    tried: int
    kept: Form | None
    shapes: dict[Form, bool]  # whether a single cause, rescaled in any way, is still far from theirs
    likely: dict[Form, float]  # what it leaves when both maps are sorted by value: moved about, and rescaled
    centred: dict[Callable[[np.ndarray], np.ndarray], np.ndarray | None]  # {order: of theirs}
    forms: list[Form]

    def __init__(
        self,
        q: Any,
        limits: dict[str, float],
        hypotheses: Sequence[Hypothesis],
        progress: bool,
        seconds: float | None = None,
    ) -> None:
        self.q, self.limits, self.progress = q, limits, progress
        self.seconds, self.begun, self.left_out = seconds, time.monotonic(), 0
        self.theirs, self.left, self.tried, self.kept = q.theirs, {}, 0, None
        self.shapes, self.likely, self.centred = {}, {}, {}
        self.forms = [f for h in hypotheses for f in (*h.forms(q), *behind_gradient(h, q))]
        self.forms = [f for f in self.forms if self._reaches(f)]

    @property
    def scales(self) -> list[Change]:
        """Changes of the result alone that leave a right map right."""
        return [c for f in self.forms if f.of.kind == "scale" and f.of.step == "result" for c in f.changes]

    def _reaches(self, form):
        """A cause that changes what is known to be equal is ruled out before it is tried."""
        equal = [s for s in self.theirs if self._same(self.q.reference, s)]
        return not any(self._alters(form, s) for s in equal)

    def _alters(self, form, step):
        if form.of.step not in upstream(step):
            return False
        return not self._fits((form,), [step])

    def singles(self) -> list[Cause]:
        """-> [Cause], every single cause that gives their numbers; [] if none does."""
        fitting = []
        far = lambda form: not form.cheap and form.of.step not in AT_LAYER  # noqa: E731
        # no backward pass, and most frequent; of a large network then what asks for no other forward pass
        ordered = sorted(
            self.forms,
            key=lambda form: (not form.cheap, self.q.large and (far(form), form.rare)),
        )
        end = None
        for form in self._shown(ordered, "causes"):
            if not form.cheap and any(map(self._keeps_it_right, fitting)):
                break  # a right map in another scale: nobody is blamed without need
            if self.q.large and fitting and far(form) and form.of is not fitting[-1][0].of:
                break  # the others take a pass through a large network each
            if self.q.large and form.rare:
                end = end or time.monotonic() + self._spare()
                if time.monotonic() > end:
                    self._leave_out(form)
                    continue
            if self._try((form,)):
                fitting.append((form,))
        return self._causes(sorted(filter(self._clearly, fitting), key=lambda forms: forms[0].place))

    def _spare(self):
        """How many seconds there are for what is tried last."""
        if self.seconds is not None or not self.q.large:
            return SPARE if self.seconds is None else self.seconds
        return max(ANSWER - (time.monotonic() - self.begun), LEAST)

    def _leave_out(self, form):
        self.left_out += 1
        self.left[(form,)], self.shapes[form] = np.inf, True

    def _clearly(self, forms):
        """Whether a cause leaves clearly less than a right map, in whatever scale, would: else it is blamed
        for what rounding has left.
        """
        if not self.q.stored("result") or all(f.of.kind in ("scale", "tie") for f in forms):
            return True
        return self.left[forms] < CLEARLY * self.left_by_right()

    def left_by_right(self) -> float:
        """What the reference leaves of theirs, in the scale that fits best (relative L2)."""
        scales = [(f,) for f in self.forms if f.of.kind == "scale" and f.of.step == "result"]
        for forms in scales:
            if forms not in self.left:
                self._try(forms)
        return min([self._apart(self.q.reference, "result"), *(self.left[forms] for forms in scales)])

    def nearly_right(self, step: float) -> bool:
        """Whether a right map, in whatever scale, is so near that keeping it in such steps may have moved it
        there.
        """
        return self.left_by_right() < 2 * max(self.limits["result"], step)

    def _keeps_it_right(self, forms):
        """Whether a cause leaves a right map right, and is seen: a map of zeros is anybody's."""
        of = forms[0].of
        return of.kind == "scale" and of.step == "result" and bool(np.any(self.theirs["result"]))

    def near_singles(self, kinds: dict[str, str]) -> list[Cause]:
        """The few that nearly fit, with near ties on the other side, or within what so many of them do."""
        near = sorted((left, n) for n, left in enumerate(self.left[(f,)] for f in self.forms) if left < NEAR)[
            :3
        ]
        for form in (self.forms[n] for _, n in near):
            run = Run(self.q, form.changes)
            differ = {s: limit for s, limit in self.limits.items() if not self._same(run, s)}
            if not differ:  # it fits, and was found too weak to be named: anything gives zeros
                continue
            if set(differ) <= set(MOVED) and self._but_for_ties(form, run, differ, kinds[next(iter(differ))]):
                return self._causes([(form,)])
        return []

    def _but_for_ties(self, form, run, limits, kind):
        if self.q.method in FORWARD:
            return False
        if self.q.method not in PATHS and not crowded(self.q, kind):
            return bool(flips(self.q, run, limits, kind))
        if self.q.method in PATHS and kind == "float32" and self._alone(form, UNMISTAKABLE):
            return self.left[(form,)] < TINY
        far = within_band(self.q, run, limits, kind)
        return far is not None and (max(far.values()) < BAND or self._alone(form))

    def _alone(self, form, times=ALONE):
        """Whether all other causes, and the reference itself, are so many times further from theirs."""
        others = [left for (other, *more), left in self.left.items() if not more and other.of is not form.of]
        others.append(self._apart(self.q.reference, "result"))
        return min(others) > times * self.left[(form,)]

    def completed(self, found: list[Cause]) -> list[Cause]:
        """Causes that rescale a map, or a whole recipe, hide those that are the same but for the scale: minus
        the map, stretched, is the stretched map turned over.
        """
        named = {name for cause in found for name in cause.names}
        of = [f.of for f in self.forms if f.of.name in named]
        if not of or any(h.step not in FINISHING or h.kind == "scale" for h in of):
            return found
        steps = set().union(*(h.also for h in of))
        steps.add("start")  # a signal that starts as minus a number turns the map over
        alike = [f for f in self.forms if (f.cheap or f.of.step in steps) and f.of not in of]
        return found + self.rescaled(alike)

    def rescaled(self, forms: Sequence[Form] | None = None) -> list[Cause]:
        """-> [Cause], every single cause whose result, in another scale, gives their numbers: people divide a
        map by its maximum before they keep it.  forms: only these.
        """
        scales = [f for f in self.forms if f.of.kind == "scale" and f.of.step == "result"]
        fitting = [
            (form, scale)
            for form in self._shown(self.forms if forms is None else forms, "causes in another scale")
            if not self._apart_in_shape(form)
            for scale in scales
            if form is not scale and self._try((form, scale)) and self._clearly((form, scale))
        ]
        return self._causes(fitting)

    def within(self, limits: dict[str, float]) -> list[Cause]:
        """Single causes, in another scale, too, that fit to these limits, wider than those of their type."""
        own, self.limits = self.limits, limits
        near = [(form,) for form in self.forms if self.left[(form,)] < NEAR and self._try((form,))]
        found = self._causes([forms for forms in near if self._clearly(forms)]) or self.rescaled()
        self.limits = own
        return found

    def pairs(self) -> list[Cause]:
        """-> [Cause], every pair that gives their numbers; cheap ones first; [] if none does in the time that
        there is.
        """
        end, fitting = time.monotonic() + self._spare(), []
        forms = sorted((f for f in self.forms if not f.of.alone), key=lambda f: f.place)
        couples = [
            (a, b)
            for n, a in enumerate(forms)
            for b in forms[n + 1 :]
            if a.of is not b.of and not (_rescales(b) and self._apart_in_shape(a))
        ]
        costly = lambda pair: sum(not f.cheap for f in pair)  # noqa: E731
        far = lambda pair: min(self.likely.get(f, np.inf) for f in pair) > SHAPE  # noqa: E731
        # stable: those with the same first cause follow each other
        couples.sort(key=lambda pair: (far(pair), costly(pair)))
        for pair in self._shown(couples, "pairs of causes"):
            if self.q.large and fitting and costly(pair) > costly(fitting[-1]):
                break  # the others take as many passes through a large network as there are of them
            if time.monotonic() > end:
                break
            if self._try(pair):
                fitting.append(pair)
        return self._causes(fitting)

    def _shown(self, tried, what):
        """Under a bar, if it takes more than a second."""
        from tqdm import tqdm  # here, as starting the command without it is quicker

        return tqdm(tried, what, disable=None if self.progress else True, leave=False, delay=1)

    def _apart_in_shape(self, form):
        """Whether no rescaling at all brings the reference so changed to theirs; asked once per cause."""
        if form not in self.shapes:
            self.shapes[form] = self._affine(Run(self.q, form.changes)) > SHAPE
        return self.shapes[form]

    def _affine(self, run, order=_as_they_come):
        """What the best a + b * result leaves of theirs, relative (L2 of theirs without its mean); order: of
        the values of both.
        """
        theirs = self.theirs["result"]
        try:
            with np.errstate(all="ignore"):
                value = run["result"].astype(np.float64)
        except DOES_NOT_APPLY:
            return np.inf
        if value.size != theirs.size or len(theirs) != 1:
            return np.inf if value.shape != theirs.shape else 0.0
        if order is not np.sort and value.shape != theirs.shape:
            return np.inf
        if order not in self.centred:
            self.centred[order] = _centred(theirs, order)
        a, b = _centred(value, order), self.centred[order]
        if a is None or b is None:
            return 0.0
        return float(np.sqrt(max(1 - (a @ b) ** 2 / ((a @ a) * (b @ b)), 0)))

    def _try(self, forms):
        self.tried += 1
        return self._fits(forms, self.theirs, note=True)

    def _fits(self, forms, steps, note=False):
        """Whether the reference so changed gives their quantities at these steps."""
        run = Run(self.q, [c for f in forms for c in f.changes])
        try:
            if self._hopeless(forms, steps):
                return False
            with np.errstate(all="ignore"):
                if note:
                    self.left[forms] = self._left(run)
                    if len(forms) == 1 and forms[0] not in self.likely:
                        self.likely[forms[0]] = self._affine(run, np.sort)
                more = sum(f.of.brings(run) for f in forms if f.of.brings)
                return all(self._same(run, s, more) for s in steps)
        except DOES_NOT_APPLY:
            self.left[forms] = np.inf
            return False
        except ValueError:
            if len(forms) == 1:
                raise  # a mistake in the hypothesis
            self.left[forms] = np.inf  # two that do not go together: another layer, and a map of this one
            return False

    def _hopeless(self, forms, steps):
        """Whether float32, which is quick, shows already that this cannot be it: only for large networks, and
        costly changes.
        """
        if not self.q.large or all(f.cheap for f in forms):
            return False
        costly = next(f for f in forms if not f.cheap)
        if costly is not self.kept:  # what it needs is computed once for all pairs that it is part of
            self.q.low.forget()
            self.kept = costly
        run = Run(self.q.low, [c for f in forms for c in f.changes])
        if len(forms) == 1:
            self.shapes[costly] = self._affine(run) > SHAPE
            self.likely[costly] = self._affine(run, np.sort)
        with np.errstate(all="ignore"):
            left = max(self._apart(run, s) for s in steps)
        self.left[forms] = left if np.isfinite(left) else np.inf
        return not left < SCREEN

    def _left(self, run):
        d = self._apart(run, "result")
        return d if np.isfinite(d) else np.inf

    def _apart(self, run, step):
        theirs, value = self.theirs[step], run[step]
        return difference(theirs, value.astype(np.float64)).l2 if theirs.shape == value.shape else np.inf

    def _same(self, run, step, more=0.0):
        value = run[step]
        return value.shape == self.theirs[step].shape and difference(
            self.theirs[step], value
        ).relative <= min(self.limits[step] + (more if step == "result" else 0.0), CAP)

    def _causes(self, fitting):
        """One Cause per combination of hypotheses, in the catalogue's order; the forms of one are joined."""
        classes, place = {}, {f.of: n for n, f in enumerate(self.forms)}
        for forms in fitting:
            classes.setdefault(tuple(f.of for f in forms), []).append(forms)
        causes = []
        first = lambda hs: min((place[h] for h in hs if h.kind != "scale"), default=len(place))  # noqa: E731
        for hypotheses in sorted(classes, key=first):
            variants = classes[hypotheses]
            details = tuple(
                " or ".join(dict.fromkeys(v[k].detail for v in variants if v[k].detail))
                for k in range(len(hypotheses))
            )
            earliest = min(variants[0], key=lambda f: f.place).of
            causes.append(
                Cause(
                    tuple(h.name for h in hypotheses),
                    details,
                    earliest.stage,
                    "; ".join(dict.fromkeys(h.says for h in hypotheses if h.kind != "scale"))
                    or hypotheses[0].says,
                    tuple(map(Hypothesis.fix_of, hypotheses, details)),
                    min((h.kind for h in hypotheses), key=KINDS.index),
                    self.left[variants[0]],
                    tuple(h.kind for h in hypotheses),
                    tuple(map(Hypothesis.headline_of, hypotheses, details)),
                )
            )
        return causes

    def ruled_out(self, most: int = 12) -> list[tuple[str, float]]:
        """[(name, what it leaves)] of single causes, nearest first."""
        limit = self.limits["result"]
        wrong = [
            (forms[0].name, left) for forms, left in self.left.items() if len(forms) == 1 and left > limit
        ]
        return sorted(wrong, key=lambda entry: entry[1])[:most]

    def confidence(self, found: list[Cause]) -> str:
        """In words: how well the class fits, and how far the next cause is that asks for another change."""
        here = max(c.residual for c in found)
        same = {fix for c in found for fix in c.fixes}
        others = [
            (forms[0].name, left)
            for forms, left in sorted(self.left.items(), key=lambda entry: entry[1])
            if len(forms) == 1
            and left > self.limits["result"]
            and not same & {forms[0].fix}
            and forms[0].of.kind != "scale"
        ]
        if not np.any(self.theirs["result"]):
            return "weak: a result of zeros says little"
        near = f", with the next best change {others[0][1]:.2g} ({others[0][0]})" if others else ""
        sure = "certain" if not others or others[0][1] > FAR * max(here, self.limits["result"]) else "likely"
        return f"{sure}: with it, {here:.2g} is left (relative L2){near}"
