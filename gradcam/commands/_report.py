"""What was found, for people and for programs."""

import numpy as np

from gradcam.asking import is_called
from gradcam.commands._printing import say, say_json
from gradcam.methods import METHODS
from gradcam.show.tiles import why_zero
from gradcam.show.verdict import doubt, first, independent, name_of, strange, sureness


def in_words(e, photo, out, advice=(), n=0):
    """Print an explanation: the first five classes, notes on them and on zero maps, the panel's place."""
    p, card = _probabilities(e, n), e.card
    say(f"{photo}, seen by {card.title}:")
    top = first(e.scores[n])  # where probabilities are equal to the last digit, scores are not
    width = max(len(name_of(c, card)) for c in top)
    for c in top:
        say(f"  {name_of(c, card):<{width}}  {sureness(None if p is None else p[c], e.scores[n, c]):>7}")
    for line in filter(None, [independent(card), doubt(p, card), strange(p, card), *advice]):
        say(line)
    for reason in dict.fromkeys(e.undefined.values()):
        titles = [METHODS[m].title for m, why in e.undefined.items() if why == reason]
        say(f"Not drawn: {', '.join(titles)}. {reason}")
    for method, c, reason in _zeros(e, n):
        say(f"{METHODS[method].title} of {name_of(c, card)} is exactly zero. {reason}")
    say(f"The panel of {' and '.join(name_of(c, card) for c in e.classes)} is in {out}")


def as_json(e, photo, out, advice=(), n=0):
    """Print an explanation as JSON; a peak is where a map is largest, in shares of width and height."""
    p, card = _probabilities(e, n), e.card
    explained = [{**_class(e, c, n), "maps": {m: _map(e, m, c, n) for m in e.methods}} for c in e.classes]
    say_json({
        "photo": str(photo), "network": card.name, "layer": e.layer, "unit_layer": e.unit_layer,
        "top": [_class(e, c, n) for c in first(e.scores[n])],
        "notes": [*filter(None, [independent(card), doubt(p, card), strange(p, card), *advice])],
        "explained": explained, "undefined": e.undefined, "panel": str(out),
    })  # fmt: skip


def taken(asked, card):
    """What was asked for in fewer words than the class has.  asked: {words: class}"""
    said = {
        words: card.classes[c]
        for words, c in asked.items()
        if card.classes and not words.strip().lstrip("+").isdecimal()
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


def _probabilities(e, n):
    return None if e.probabilities is None else e.probabilities[n]


def _class(e, c, n):
    p = _probabilities(e, n)
    return {
        "class": c, "name": name_of(c, e.card), "score": float(e.scores[n, c]),
        "probability": None if p is None else float(p[c]),
    }  # fmt: skip


def _map(e, method, c, n):
    map = e.maps[method, c][n]
    size = np.abs(map).max(axis=0) if map.ndim == 3 else map
    row, column = np.unravel_index(size.argmax(), size.shape)
    peak = (
        [round((column + 0.5) / size.shape[1], 4), round((row + 0.5) / size.shape[0], 4)]
        if np.any(map)
        else None
    )
    numbers = {"shape": list(map.shape), "min": float(map.min()), "max": float(map.max()), "peak": peak}
    return {**numbers, "note": e.notes.get((method, c), "")}


def _zeros(e, n):
    """(method, class, reason) for every map that is exactly zero."""
    for (method, c), maps in e.maps.items():
        if not np.any(maps[n]):
            yield method, c, why_zero(method, float(e.scores[n, c]), e.layer)
