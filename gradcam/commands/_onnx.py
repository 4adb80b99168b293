"""A network of one's own, as an ONNX file: its options, and how it is described."""

import argparse
from pathlib import Path


def options(parser):
    """The options of `gradcam explain PHOTO --onnx MODEL`."""
    group = parser.add_argument_group("a network of your own", "exported as ONNX, with how its photos were prepared")
    group.add_argument("--onnx", metavar="MODEL", help="an ONNX file; explained as it is, whichever framework exported it")
    group.add_argument("--labels", metavar="FILE", help="class names, one per line, in the order of the scores")
    said = "a number for each channel, three or, for a network of grey pictures, one"
    group.add_argument("--mean", metavar="M", nargs="+", type=_number, help=f"subtracted after scaling, {said}; default: 0")
    group.add_argument("--std", metavar="S", nargs="+", type=_number, help="what each channel is divided by, as many numbers; default: 1")
    group.add_argument("--scale", metavar="WHITE", type=float, help="what a white pixel is, before the mean is subtracted: 1 or 255")
    group.add_argument("--channels", choices=("RGB", "BGR", "L"), help="order of the channels (L: grey); default: RGB, or L for one")
    group.add_argument("--crop", metavar="PIXELS", type=int, help="side of the input; default: what the graph says, or 224")
    group.add_argument("--size", metavar="PIXELS", type=int, help="the photo's shorter side before it is cropped; default: crop * 256/224")


def network(args):
    """The network of --onnx, with its card."""
    from weights import onnx_graph

    labels = _lines(args.labels) if args.labels else None
    asked = {key: getattr(args, key) for key in ("mean", "std", "scale", "channels", "crop", "size")}
    return onnx_graph.describe(
        onnx_graph.load(args.onnx), Path(args.onnx).name, labels, args.layer, **{k: v for k, v in asked.items() if v is not None}
    )


def _number(text):
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number; write the photo before the options") from None


def _lines(path):
    from gradcam.commands._ask import AskError

    try:
        return Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AskError(f"{path}: the class names cannot be read ({getattr(error, 'strerror', None) or 'no UTF-8 text'})") from None
