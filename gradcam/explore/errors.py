"""What the Explorer cannot do."""

from minicnn import Error


class ExploreError(Error, ValueError):
    """A network, picture or question that the Explorer cannot take: the message says why, and what to do."""
