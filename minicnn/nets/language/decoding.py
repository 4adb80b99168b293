"""Sentences from a network that says one word after the other (see captioner.py):
greedy decoding, or beam search along the best few beginnings.

A network that can be decoded has `encode(x)` -> (seen, state) and `step(seen, heard (N,), state)` -> (scores
(N, words), state); word 0 is the full stop, which also begins a sentence.  seen and state are tuples of
arrays (N, ...).
"""

from typing import Any

import numpy as np

from minicnn.graph import Array
from minicnn.ops.softmax import log_softmax

STOP = 0


def greedy(net: Any, x: Array, longest: int) -> Array:
    """At each step the best word.  x: array (N, 3, H, W) -> words (N, longest), filled up with full stops"""
    seen, state = net.encode(x)
    words = np.full((len(x), longest + 1), STOP)
    done = np.zeros(len(x), bool)
    for t in range(longest):
        scores, state = net.step(seen, words[:, t], state)
        words[:, t + 1] = np.where(done, STOP, scores.argmax(axis=1))
        done |= words[:, t + 1] == STOP
        if done.all():
            break
    return words[:, 1:]


def beam(net: Any, x: Array, longest: int, width: int = 3) -> list[tuple[float, Array]]:
    """The `width` best beginnings go on at every step; of those that ended, the most probable sentences.

    x: array (1, 3, H, W) -> [(log-probability, words (longest,)), ...], best first; sentences that did not
    end in `longest` words are left out.  width 1 is greedy.
    """
    seen, state = net.encode(x)
    ended: list[tuple[float, list[int]]] = []
    going: list[tuple[float, list[int], Any]] = [(0.0, [], state)]
    for _ in range(longest):
        grown = []
        for value, words, state in going:
            scores, after = net.step(seen, np.array(words[-1:] or [STOP]), state)
            log_p = log_softmax(scores)[0]
            grown += [
                (value + float(log_p[w]), [*words, int(w)], after)
                for w in np.argsort(-log_p, kind="stable")[:width]
            ]
        grown = sorted(grown, key=lambda g: -g[0])[:width]
        ended += [(value, words) for value, words, _ in grown if words[-1] == STOP]
        going = [g for g in grown if g[1][-1] != STOP]
        if not going:
            break
    ended.sort(key=lambda e: -e[0])
    return [(value, np.array(words + [STOP] * (longest - len(words)))) for value, words in ended]
