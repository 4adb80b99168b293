"""What all errors of this project have in common."""


class Error(Exception):
    """Something that the user can mend: the message says what was given, what was expected and what to do.

    Every error that minicnn, weights, gradcam or the lessons raise on purpose is one of these; anything else
    is a mistake of theirs.  Those that stand for a wrong value or state are a ValueError, TypeError or
    RuntimeError as well.
    """


class GraphError(Error, ValueError):
    """A tensor, name, signal or option that does not fit the graph."""
