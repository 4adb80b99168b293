"""gradcam layers: the names that --layer takes."""

import argparse

from gradcam.commands.explain import PHOTO_NETWORK

EXAMPLES = """\
Grad-CAM weighs the feature maps of one layer; any name in this list whose shape has rows and columns will do.

  gradcam layers
  gradcam layers --network squeezenet
  gradcam explain photo.jpg --network squeezenet --layer fire5
"""


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "layers", help="list a network's layers, with the shape of their output",
        description="List a network's layers, with the shape of their output for one picture.", epilog=EXAMPLES, formatter_class=raw,
    )  # fmt: skip
    parser.add_argument(
        "--network", metavar="NAME", default=PHOTO_NETWORK, help=f"default: {PHOTO_NETWORK}, which ships"
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="check that the weights in FILE fit it, too; shapes do not need them",
    )
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    import weights
    from gradcam.commands._network import loaded, network_named
    from minicnn import Tensor, names

    name = network_named(args.network)
    net = loaded(name, args.weights) if args.weights else weights.build(name)
    card = weights.card(name)
    side = card.preprocessing.crop
    y = net(Tensor(np.zeros((1, len(card.preprocessing.mean), side, side), np.float32)))
    rows = [
        (n, " x ".join(map(str, t.shape[1:])), type(t.op).__name__)
        for n, t in names(y).items()
        if t is not None and t.op
    ]
    first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
    print(f"{card.title}, for a picture of {side} x {side}\n")
    for layer, shape, operation in rows:
        default = "  (Grad-CAM's default)" if layer == card.layer else ""
        print(f"{layer:<{first}}  {shape:>{second}}  {operation}{default}")
    return 0
