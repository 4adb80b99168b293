from minicnn import Error


class VerifyError(Error, ValueError):
    """Two results cannot be compared: the message says what was given and what is needed."""
