"""What can go wrong with a run over many photos."""

from minicnn import Error


class RunError(Error, RuntimeError):
    """A run that cannot begin, go on, be merged or be read: the message says why, and what to do."""
