"""What goes wrong when maps are measured, said in the user's terms."""

from minicnn import Error


class MeasureError(Error, ValueError):
    """A map, mask, box or option that cannot be measured: the message says what was given and what is
    expected.
    """


class DataError(Error, ValueError):
    """A file of pictures or of rows that cannot be used: the message says what it lacks."""
