"""Which network a file belongs to, for the error that says so."""

from minicnn import LoadError
from minicnn import load as fill
from weights.errors import WeightsError
from weights.names.translate import translate
from weights.zoo import available, build


def guess(arrays):
    """'; these are the weights of resnet18 (PyTorch)', or '' if no network of the zoo fits."""
    for name in available():
        try:
            net = build(name)
            source, ours = translate(arrays, net, name)
            fill(net, ours)
        except (WeightsError, LoadError):
            continue
        return f"; these are the weights of {name} ({source})"
    return ""
