"""gradcam layers: the names that --layer takes."""

from gradcam.commands._parser import described
from gradcam.commands.explain import PHOTO_NETWORK

DESCRIPTION = """\
List a network's layers in the order of the forward pass, with the shape of each one's output for one
picture and the operation that computes it.  A shape of three numbers, K x h x w, means K feature maps of
h rows and w columns:
--layer of gradcam explain takes any of those.
"""
EXAMPLES = """\
Examples:
  gradcam layers
      the layers of the built-in network
  gradcam layers --network squeezenet
      no file of weights is needed: shapes follow from the architecture
  gradcam explain photo.jpg --layer relu4_2
      Grad-CAM at another layer: earlier ones have finer maps, and know less of the classes
"""


def register(subparsers):
    brief = "list a network's layers, with the shape of their output"
    parser = described(subparsers, "layers", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "--network",
        metavar="NAME",
        default=PHOTO_NETWORK,
        help=f"see: gradcam weights list; default: {PHOTO_NETWORK}, which is built in",
    )
    parser.add_argument("--weights", metavar="FILE", help="also check that the weights in FILE fit it")
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    import weights
    from gradcam.commands._network import loaded, network_named
    from gradcam.commands._printing import say, say_table
    from minicnn import Tensor, names

    name = network_named(args.network)
    net = loaded(name, args.weights) if args.weights else weights.build(name)
    card = weights.card(name)
    side = card.preprocessing.crop
    y = net(Tensor(np.zeros((1, len(card.preprocessing.mean), side, side), np.float32)))
    say(f"{card.title}, for a picture of {side} x {side}\n")
    rows = []
    for layer, tensor in names(y).items():
        if tensor is not None and tensor.op:
            shape, operation = " x ".join(map(str, tensor.shape[1:])), type(tensor.op).__name__
            rows.append((layer, shape, operation, *(["(Grad-CAM's default)"] if layer == card.layer else [])))
    say_table(rows, right=(1,))
    return 0
