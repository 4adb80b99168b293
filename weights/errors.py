"""What goes wrong with weights, said in the user's terms."""


class WeightsError(Exception):
    """A file of weights is missing, damaged, hostile, or does not fit: the message says what was found and what was expected."""
