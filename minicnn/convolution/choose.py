"""Which way of computing a convolution is used when."""

from minicnn.convolution import taps


def choose(x, W, geometry, precision):
    """The module whose forward, gx and gW compute this convolution."""
    return taps
