"""What goes wrong with weights, said in the user's terms."""

from minicnn import Error
from minicnn.errors import plain


class WeightsError(Error):
    """A file of weights is missing, damaged, hostile, or does not fit: the message says what was found and
    what was expected, on one line, whatever names are in the file.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(plain(message))
