"""Draw cases, ask the verifier, count."""

import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from gradcam import verify
from gradcam.image import prepare
from gradcam.interpolation import upsample
from gradcam.verify.errors import VerifyError
from gradcam.verify.question import Question
from gradcam.verify.report.verdict import Verdict
from tests.gradcam.verify.museum import variants
from tests.gradcam.verify.museum.kept import DIVIDED, STRETCHED, stretched, ways
from tests.gradcam.verify.museum.mistakes import TABLE
from tests.gradcam.verify.museum.outside import OUTSIDE
from tests.gradcam.verify.museum.relatives import METHODS as MORE
from tests.gradcam.verify.museum.relatives import families
from tests.gradcam.verify.museum.right import Case, right
from tests.weights.graphs.torch_nets import EVERY, FAMILIES, draw
from weights import Preprocessing

METHODS = ("gradient", "saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam")
INPUTS = METHODS[:4]
RELATIVES = ("grad_cam++", "xgrad_cam", "hirescam", "layercam")
SIDE = 16  # of a picture that is made from a photo
ROOM = (*FAMILIES, "Averaged")  # networks of the correct results, and of the mistakes from outside
VISIBLE = 0.02  # of the largest value: less, and a result in 256 steps cannot show it
TRIES = 6  # draws, until a mistake shows: one that changes nothing in a draw is none
SECONDS = 30  # that pairs of causes may take


@dataclass
class Outcome:
    """truth: the true cause; verdict: the verifier's; refused: whether it had to refuse, with the truth as
    its reason.

    named: whether the class holds the true cause, or the reason the truth; size: of that class.
    """

    truth: str
    where: str
    verdict: object
    refused: bool = False

    @property
    def named(self):
        if self.refused:
            return self.verdict.kind == "refused" and self.truth in self.verdict.reason
        parts = set(self.truth.split(" AND "))
        return any(parts <= set(c.names) and blamed(c) <= parts for c in self.verdict.causes)

    @property
    def size(self):
        return len(self.verdict.causes) or int(self.refused)


@dataclass
class Pending:
    """A case that is drawn, and not yet judged: ask() -> the verdict."""

    truth: str
    where: str
    ask: Callable
    refused: bool = False

    def outcome(self):
        return Outcome(self.truth, self.where, self.ask(), self.refused)


def blamed(cause):
    """The names of a cause, but for the scales in which a result was kept."""
    return {name for name, kind in zip(cause.names, cause.kinds) if kind != "scale"}


def case(family, method, random, photo=False, **drawn):
    """A network, picture and class for which the right map is not zero -> Case in float64."""
    for _ in range(TRIES):
        seed, c = int(random.integers(1 << 30)), int(random.integers(5))
        source = photographed(random) if photo else None
        model, x = draw(family, seed, **({"size": (SIDE, SIDE)} if photo else drawn))
        if photo:
            x = torch.from_numpy(prepare(*source, np.float64))
        found = Case(model, x, c, EVERY[family].layer, method, source, family)
        if right(found).abs().amax(tuple(range(1, right(found).ndim))).min() > 1e-9:
            return found
    return None


def photographed(random):
    """(photo, preprocessing), both drawn: large patches with noise on them."""
    height, width = (int(n) for n in random.integers(40, 90, 2))
    patches = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        (width, height), Image.BICUBIC
    )
    noise = random.integers(-20, 21, (height, width, 3))
    photo = Image.fromarray(np.clip(np.asarray(patches) + noise, 0, 255).astype(np.uint8))
    size = int(random.integers(SIDE + 2, SIDE + 9))
    return photo, Preprocessing(size=size, crop=SIDE, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def asked(found, result, pairs=True):
    """The verifier's answer to a result; it is told the model, the picture, the class, the layer, and the
    numbers.
    """
    try:
        return verify.torch(
            found.model,
            found.x,
            found.c,
            found.method,
            found.layer,
            result,
            photo=found.photo,
            settings=variants.settings_of(found),
            pairs=pairs,
            seconds=SECONDS,
        )
    except VerifyError as error:  # could not compare: a shape that no cause explains
        return Verdict("refused", "could not compare", str(error))


def precision(random):
    return (torch.float64, torch.float32)[int(random.integers(2))]


def drawn(seed, rows):
    """Yield (case, mistake, precision, wrong result) for every mistake: on a network, with a method and in a
    precision drawn from the seed, where it shows.
    """
    for n, mistake in enumerate(rows):
        random = np.random.default_rng([seed, zlib.crc32(mistake.truth.encode()), n])
        for _ in range(4 * TRIES):
            family, method = random.choice(mistake.families), str(random.choice(mistake.methods))
            found = case(family, method, random, mistake.photo, **mistake.drawn)
            if found is None:
                continue
            found.family = family
            dtype = precision(random)
            wrong = mistake.make(found.to(dtype)).detach().to(dtype)
            others = [right(found), *(part(found).detach() for part in mistake.parts)]
            maps, enlarged = wrong.ndim == others[0].ndim == 3, wrong.shape[1:] == found.x.shape[2:]
            if maps and enlarged and wrong.shape != others[0].shape:
                others.append(F.interpolate(others[0][:, None], found.x.shape[2:], mode="bilinear")[:, 0])
            if (mistake.refused and not wrong.any()) or all(shows(wrong, other) for other in others):
                yield found, mistake, dtype, wrong
                break


def catalogue(seed, rows=None):
    """Yield a case for every mistake."""
    for found, mistake, dtype, wrong in drawn(seed, rows or TABLE):
        where = f"{found.family}, {found.method}, {str(dtype)[6:]}"
        yield Pending(mistake.truth, where, partial(asked, found, wrong.numpy()), mistake.refused)


def from_catalogue(seed, rows=None):
    """Yield one Outcome for every mistake."""
    yield from (pending.outcome() for pending in catalogue(seed, rows))


def shows(wrong, reference):
    """Whether a mistake made a difference here, and left something to look at."""
    if not torch.isfinite(wrong).all() or wrong.abs().max() < 1e-12:
        return False
    return (
        wrong.shape != reference.shape
        or float((wrong - reference).abs().max() / reference.abs().max()) > 1e-3
    )


def installed(method):
    """LRP is zennit's."""
    return not method.startswith("lrp_") or importlib.util.find_spec("zennit")


def from_outside(seed):
    """Yield one Outcome for every mistake outside the catalogue."""
    yield from (pending.outcome() for pending in outside(seed))


def outside(seed):
    """Yield a case for every mistake outside the catalogue."""
    for name, (make, needs) in OUTSIDE.items():
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        methods = {"cam": (*METHODS[4:], *RELATIVES), "input": METHODS[:4]}.get(needs, METHODS)
        for _ in range(4 * TRIES):
            family, method = str(random.choice(ROOM)), str(random.choice(methods))
            found = case(family, method, random)
            if found is None:
                continue
            wrong = make(found.to(precision(random))).detach()
            if shows(wrong, right(found)):
                yield Pending(name, f"{family}, {method}", partial(asked, found, wrong.numpy()))
                break


def correct(seed):
    """Yield one Outcome for every family and method that can be judged."""
    yield from (o for o in (pending.outcome() for pending in right_ones(seed)) if o.verdict.kind != "refused")


def methods_of(family):
    """All methods whose right result can be made in PyTorch on this network."""
    more = (*MORE, *variants.METHODS)
    return (*METHODS, *RELATIVES, *(m for m in more if family in families(m, ROOM) and installed(m)))


def right_ones(seed):
    """Yield a case for every family and method: the right result, in float64 or float32."""
    for family in ROOM:
        for n, method in enumerate(methods_of(family)):
            random = np.random.default_rng([seed, zlib.crc32(f"{family}{method}".encode())])
            found = case(family, method, random)
            if found is None:
                continue
            dtype = (torch.float64, torch.float32)[(seed + n) % 2]
            result = right(found.to(dtype)).detach().numpy()
            where = f"{family}, {method}, {str(dtype)[6:]}"
            yield Pending("correct", where, partial(asked, found, result, pairs=False))


def kept(seed):
    """Yield a case for every network, method and way of keeping the right result: it stays right."""
    for family in ROOM:
        for method in methods_of(family):
            random = np.random.default_rng([seed, zlib.crc32(f"{family}{method}".encode())])
            found = case(family, method, random)
            if found is None:
                continue
            result = right(found.to(torch.float32)).detach().double().numpy()
            for name, keep in ways(result).items():
                yield Pending(
                    "correct", f"{family}, {method}, {name}", partial(asked, found, keep(result), pairs=False)
                )


def wrong_kept(seed, rows=None):
    """Yield a case for every mistake, its result kept in two ways: it is not called right."""
    for found, mistake, _, wrong in drawn(seed, rows or TABLE):
        if mistake.refused or len(found.x) > 1 or wrong.ndim not in (3, 4):
            continue
        result, whole = wrong.double().numpy(), right(found).double().numpy()
        names = sorted(ways(result))
        for name in (names[seed % len(names)], names[(seed + 3) % len(names)]):
            if seen_in(name, result, whole, tuple(found.x.shape[2:])):
                where = f"{found.family}, {found.method}, {name}"
                ask = partial(asked, found, ways(result)[name](result), pairs=False)
                yield Pending(mistake.truth, where, ask)


def seen_in(name, wrong, whole, sides=()):
    """Whether a mistake is still to be seen in what was kept: bytes hide what moves a map by less."""
    if wrong.ndim == 3 and wrong.shape[1:] == sides and whole.shape != wrong.shape:
        whole = upsample(whole, sides)
    if wrong.shape != whole.shape:
        return True
    if name in STRETCHED:
        wrong, whole = stretched(wrong), stretched(whole)
    if name in DIVIDED:
        wrong, whole = wrong / abs(wrong).max(), whole / abs(whole).max()
    return abs(wrong - whole).max() > VISIBLE * abs(whole).max()


__all__ = ["Outcome", "Question", "correct", "from_catalogue", "from_outside"]
