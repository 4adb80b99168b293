"""A transformer's tokens, taken for feature maps otherwise than they lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcam.verify.hypotheses.combining import EQ1, PRODUCT
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import GRADED
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import arrived
from minicnn import Tensor, find
from minicnn.places import Maps


def laid_out(q: Question) -> Maps | None:
    """Where the patches are among the layer's tokens (N, T, K); None of any other layer."""
    maps = q.layout[1].maps if q.layout else None
    return maps if maps and maps.tokens and len(maps.sizes) == 2 and maps.channel == 2 else None


def exchanged(q: Question, y: Tensor) -> Variants:
    """Patches row by row, h rows of w, read as w rows of h."""
    maps = laid_out(q)
    if maps is None or maps.sizes[0] == maps.sizes[1]:
        return {}
    h, w = maps.sizes
    return {f"{w} x {h}, where the picture has {h} x {w}": lambda q, v, old: old().reshape(-1, w, h)}


def untransposed(q: Question, y: Tensor) -> Variants:
    return {"": as_they_lie} if laid_out(q) else {}


def as_they_lie(q: Question, v: Run, old: Old) -> Any:
    """A (N, h w, K) cut into K maps one behind the other."""
    B = old()
    return B.reshape(*B.shape[:2], -1).swapaxes(1, 2).reshape(B.shape)


def at_the_wrong_end(q: Question, y: Tensor) -> Variants:
    maps = laid_out(q)
    if maps is None or bool(maps.before) == bool(maps.behind):
        return {}
    n, ends = maps.before + maps.behind, ("last", "first") if maps.before else ("first", "last")
    return {f"the {ends[0]} {n}, not the {ends[1]}": lambda q, v, old: shifted(q, raw(q, v).data)}


def shifted(q: Question, values: np.ndarray) -> np.ndarray:
    """The other end of a row of tokens (N, T, K), as maps (N, K, h, w)."""
    maps = laid_out(q)
    start = 0 if maps.before else maps.behind
    inside = values[:, start : start + math.prod(maps.sizes)].swapaxes(1, 2)
    return inside.reshape(*inside.shape[:2], *maps.sizes)


def raw(q: Question, v: Run) -> Tensor:
    """The layer's own tokens, all of them."""
    return find(v.y, q.layout[0])


def of_all_tokens(q: Question, v: Run) -> np.ndarray:
    """dy_c/dA (N, T, K)"""
    return arrived(q, v, raw(q, v), v.cam_rules)


def averaged(q: Question, y: Tensor) -> Variants:
    """alpha, the mean over tokens that are no patches, too, or of one of these alone."""
    maps = laid_out(q)
    if maps is None or not maps.before + maps.behind:
        return {}
    found = {
        "over all tokens": lambda q, v, old: of_all_tokens(q, v).mean(axis=1)[..., None, None],
    }
    if maps.before:
        found["the first token's gradient alone"] = lambda q, v, old: of_all_tokens(q, v)[:, 0, :, None, None]
    return found


LAID = "A^k_ij is map k at row i, column j: token (before + i w + j) of a layer (N, T, K)"
TURN = "A[:, n:].transpose(1, 2).reshape(N, K, h, w), of the activation and of the gradient"
CAUSES = [
    Hypothesis(
        name="the tokens' rows and columns exchanged",
        step="map",
        says=LAID,
        fix=f"patches lie row by row, as many rows as the picture's height has: {TURN}",
        variants=exchanged,
        methods=GRADED,
    ),
    Hypothesis(
        name="tokens reshaped to maps without being transposed",
        step="activation",
        says=LAID,
        fix=f"transpose first, {TURN}",
        variants=untransposed,
        also={"gradient": as_they_lie},
        methods=GRADED,
    ),
    Hypothesis(
        name="tokens left out at the wrong end",
        step="activation",
        says=LAID,
        fix="class and register tokens stand before the patches in most transformers: leave out those",
        variants=at_the_wrong_end,
        also={"gradient": lambda q, v, old: shifted(q, of_all_tokens(q, v))},
        methods=GRADED,
    ),
    Hypothesis(
        name="the gradient is averaged over other tokens than the patches",
        step="weights",
        says=EQ1,
        fix="leave out class and register tokens of the gradient, as of the activation, before its mean",
        variants=averaged,
        methods=PRODUCT,
    ),
]
