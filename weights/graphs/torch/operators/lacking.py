class Lacking(Exception):
    """An operator, or this case of it, has no counterpart among our operations: PyTorch's own is taken."""


def need(condition: bool, what: str) -> None:
    if not condition:
        raise Lacking(what)
