"""What was found, for people and for programs."""

import numpy as np

from gradcam.asking import is_called
from gradcam.commands._printing import say, say_json
from gradcam.explanation.answer import called, naming, phrase
from gradcam.methods import METHODS
from gradcam.show.tiles import why_zero
from gradcam.show.verdict import answers, doubts, facts, first


def in_words(e, photo, out, advice=(), what="The panel", n=0):
    """Print an explanation: what the network says, what was explained, and notes on both."""
    say(f"{photo}, seen by {e.card.title}:")
    said = answers(e, n)
    width = max(len(who) for who, _ in said)
    for who, figure in said:
        say(f"  {who:<{width}}  {figure:>7}")
    for line in [*facts(e), *doubts(e, n), *advice]:
        say(line)
    say(f"Prepared: {e.prepared}.")
    for reason in dict.fromkeys(e.undefined.values()):
        titles = [METHODS[m].title for m, why in e.undefined.items() if why == reason]
        say(f"Not drawn: {', '.join(titles)}. {reason}")
    for method, c, reason in _zeros(e, n):
        say(f"{METHODS[method].title} of {called(e, c, n=n)} is exactly zero. {reason}")
    whose, verb = " and ".join(called(e, c, n=n) for c in e.classes), "are" if what.endswith("s") else "is"
    say(f"{what} of {whose} {verb} in {out}")


def as_json(e, photo, out, advice=(), what="The panel", n=0):
    """Print an explanation as JSON; a peak is where a map is largest, in shares of width and height."""
    explained = [{**_asked(e, c, n), "maps": {m: _map(e, m, c, n) for m in e.methods}} for c in e.classes]
    top = [_class(e, c, n) for c in first(e.scores[n])] if e.ends else []
    say_json({
        "photo": str(photo), "network": e.card.name, "layer": e.layer, "unit_layer": e.unit_layer,
        "prepared": e.prepared, "ends": e.ends, "top": top,
        "notes": [*facts(e), *doubts(e, n), *advice],
        "explained": explained, "undefined": e.undefined,
        "panel" if what == "The panel" else "maps": str(out),
    })  # fmt: skip


def taken(asked, card):
    """What was asked for in fewer words than the class has.  asked: {words: class}"""
    said = {
        words: card.classes[c]
        for words, c in asked.items()
        if card.classes and isinstance(c, int) and not words.strip().split(" ")[-1].lstrip("+").isdecimal()
    }
    return [f"'{words}' is taken for '{name}'." for words, name in said.items() if not is_called(name, words)]


def dull(shown):
    """A sentence about a picture (H, W, 3) that shows nothing."""
    one = np.all(shown == shown[:1, :1])
    return (
        ["The picture is of one colour all over: whatever the network says of it, it saw nothing."]
        if one
        else []
    )


def _asked(e, c, n):
    """What was explained, in a phrase; of a class, its figures as well."""
    target = e.target(c)
    index = target.class_of(n) if e.ends else None
    said = {"target": phrase(e, c)}
    return said if index is None else said | _class(e, index, n)


def _class(e, c, n):
    p = None if e.probabilities is None else float(e.probabilities[n, c])
    score = float(e.scores[n, c])  # minus infinity, of a class that is ruled out, is null
    return {"class": c, "name": naming(e)(c), "score": score if score > -np.inf else None, "probability": p}


def _map(e, method, c, n):
    map = e.maps[method, c][n]
    size = np.abs(map).max(axis=0) if map.ndim == e.x.ndim - 1 else map
    at = np.unravel_index(size.argmax(), size.shape)
    shares = [round((int(i) + 0.5) / n, 4) for i, n in zip(at, size.shape)]
    peak = shares[::-1] if np.any(map) else None
    numbers = {"shape": list(map.shape), "min": float(map.min()), "max": float(map.max()), "peak": peak}
    return {**numbers, "note": e.notes.get((method, c), "")}


def _zeros(e, n):
    """(method, class, reason) for every map that is exactly zero."""
    for (method, c), maps in e.maps.items():
        if not np.any(maps[n]):
            index = e.target(c).class_of(n) if e.ends else None
            score = None if index is None else float(e.scores[n, index])
            yield method, c, why_zero(method, score, METHODS[method].layer or e.layer)
