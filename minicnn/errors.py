"""What all errors of this project have in common."""

import re

# Control characters (escape sequences begin with one), line ends of Unicode, marks that turn the direction of
# writing, and bytes of a file's name that are no text.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Error(Exception):
    """Something that the user can mend: the message says what was given, what was expected and what to do.

    Every error that minicnn, weights, gradcam or the lessons raise on purpose is one of these; anything else
    is a mistake of theirs.  Those that stand for a wrong value or state are a ValueError, TypeError or
    RuntimeError as well.
    """


class GraphError(Error, ValueError):
    """A tensor, name, signal or option that does not fit the graph."""


def plain(text: object) -> str:
    """A text on one line, as it can be shown: control characters and their like are escaped."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))
