"""Networks under their published layer names.  Each function builds one with zero weights: then `initialise`, or load them."""

from minicnn.nets.fold import fold
from minicnn.nets.mini_vgg import mini_vgg
from minicnn.nets.shapes import shapes
from minicnn.nets.squeezenet import squeezenet
from minicnn.nets.vgg import vgg11, vgg13, vgg16, vgg19

__all__ = ["fold", "mini_vgg", "shapes", "squeezenet", "vgg11", "vgg13", "vgg16", "vgg19"]
