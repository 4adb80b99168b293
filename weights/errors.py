"""What goes wrong with weights, said in the user's terms."""

from minicnn import Error


class WeightsError(Error):
    """A file of weights is missing, damaged, hostile, or does not fit: the message says what was found and
    what was expected.
    """
