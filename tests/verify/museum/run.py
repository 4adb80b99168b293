"""Draw cases, ask the verifier, count."""

import zlib
from dataclasses import dataclass

import numpy as np
import torch

from gradcam.verify.judge import judge
from gradcam.verify.live import question
from gradcam.verify.question import Question
from tests.verify.museum.mistakes import TABLE
from tests.verify.museum.outside import OUTSIDE
from tests.verify.museum.right import Case, right
from tests.verify.torch_nets import EVERY, FAMILIES, draw

METHODS = ("gradient", "saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam")
INPUTS = METHODS[:4]
TRIES = 6  # draws, until a mistake shows: one that changes nothing in a draw is none


@dataclass
class Outcome:
    """truth: the true cause; verdict: the verifier's; named: whether the class holds the true cause; size: of that class."""

    truth: str
    where: str
    verdict: object

    @property
    def named(self):
        parts = self.truth.split(" AND ")
        return any(set(parts) == set(c.names) for c in self.verdict.causes)

    @property
    def size(self):
        return len(self.verdict.causes)


def case(family, method, random):
    """A network, picture and class for which the right map is not zero -> Case in float64."""
    for _ in range(TRIES):
        model, x = draw(family, int(random.integers(1 << 30)))
        found = Case(model, x, int(random.integers(5)), EVERY[family].layer, method)
        if right(found).abs().max() > 1e-9:
            return found
    return None


def asked(found, result):
    """The verifier's answer to a result; it is told the model, the picture, the class, the layer, and the numbers."""
    return judge(question(found.model, found.x, found.c, found.method, found.layer, {"result": result}), seconds=30)


def precision(random):
    return (torch.float64, torch.float32)[int(random.integers(2))]


def from_catalogue(seed, rows=None):
    """Yield one Outcome for every mistake, on a network, with a method and in a precision drawn from the seed."""
    for n, mistake in enumerate(rows or TABLE):
        random = np.random.default_rng([seed, zlib.crc32(mistake.truth.encode()), n])
        for _ in range(4 * TRIES):
            family, method = random.choice(mistake.families), str(random.choice(mistake.methods))
            found = case(family, method, random)
            if found is None:
                continue
            dtype = precision(random)
            wrong = mistake.make(found.to(dtype)).detach().to(dtype)
            reference = right(found)
            if shows(wrong, reference):
                yield Outcome(mistake.truth, f"{family}, {method}, {str(dtype)[6:]}", asked(found, wrong.numpy()))
                break


def shows(wrong, reference):
    """Whether a mistake made a difference here, and left something to look at."""
    if not torch.isfinite(wrong).all() or wrong.abs().max() < 1e-12:
        return False
    return wrong.shape != reference.shape or float((wrong - reference).abs().max() / reference.abs().max()) > 1e-3


def from_outside(seed):
    """Yield one Outcome for every mistake outside the catalogue."""
    for name, (make, needs) in OUTSIDE.items():
        random = np.random.default_rng([seed, zlib.crc32(name.encode())])
        methods = {"cam": METHODS[4:], "input": METHODS[:4]}.get(needs, METHODS)
        for _ in range(4 * TRIES):
            family, method = str(random.choice([f for f in FAMILIES if f != "Tied"])), str(random.choice(methods))
            found = case(family, method, random)
            if found is None:
                continue
            wrong = make(found.to(precision(random))).detach()
            if shows(wrong, right(found)):
                yield Outcome(name, f"{family}, {method}", asked(found, wrong.numpy()))
                break


def correct(seed):
    """Yield one Outcome for every family and method: the right result, in float64 or float32."""
    for family in FAMILIES:
        for method in METHODS:
            random = np.random.default_rng([seed, zlib.crc32(f"{family}{method}".encode())])
            found = case(family, method, random)
            if found is None:
                continue
            dtype = (torch.float64, torch.float32)[(seed + METHODS.index(method)) % 2]
            q = question(found.model, found.x, found.c, method, found.layer, {"result": right(found.to(dtype)).detach().numpy()})
            verdict = judge(q, pairs=False)
            if verdict.kind != "refused":
                yield Outcome("correct", f"{family}, {method}, {str(dtype)[6:]}", verdict)


__all__ = ["Outcome", "Question", "correct", "from_catalogue", "from_outside"]
