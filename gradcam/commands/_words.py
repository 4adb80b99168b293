"""Sentences as they are typed, in the words that a network knows."""

import difflib

from gradcam.asking import AskError

ALSO = {
    "color": "colour",
    "what's": "what is",
    "colors": "colour",
    "colours": "colour",
    "shape's": "shape",
    "there's": "there is",
}


def vocabulary(typed, known, most):
    """What was typed, as a list of known words; case and punctuation do not matter.  AskError names those."""
    bare = typed.lower().replace("?", " ").replace(".", " ").replace(",", " ").split()
    words = [word for t in bare for word in ALSO.get(t, t).split()]
    if not words:
        raise AskError(f"there is no word in '{typed}'; known are {', '.join(known)}")
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            meant = f" (do you mean '{near[0]}'?)" if near else ""
            raise AskError(f"the word '{word}' is unknown{meant}; known are {', '.join(known)}")
    if len(words) > most:
        raise AskError(f"that is {len(words)} words, and this network was taught with no more than {most}")
    return words
