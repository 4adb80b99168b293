"""A network of one's own, as an ONNX file: its options, and how it is described."""

import argparse
import math
from pathlib import Path

OWN = ("labels", "mean", "std", "scale", "channels", "crop", "size")  # what describes a network of one's own


def options(parser):
    """The options of `gradcam explain PHOTO --onnx MODEL`."""
    group = parser.add_argument_group(
        "a network of your own", "exported as ONNX, with how its photos were prepared"
    )
    group.add_argument(
        "--onnx", metavar="MODEL", help="an ONNX file; explained as it is, whichever framework exported it"
    )
    group.add_argument(
        "--labels", metavar="FILE", help="class names, one per line, in the order of the scores"
    )
    said = "a number for each channel, three or, for a network of grey pictures, one"
    group.add_argument(
        "--mean", metavar="M", nargs="+", type=_number, help=f"subtracted after scaling, {said}; default: 0"
    )
    group.add_argument(
        "--std",
        metavar="S",
        nargs="+",
        type=_number,
        help="what each channel is divided by, as many numbers; default: 1",
    )
    white = "what a white pixel is, before the mean is subtracted: 1 or 255"
    group.add_argument("--scale", metavar="WHITE", type=float, choices=(1, 255), help=white)
    group.add_argument(
        "--channels",
        choices=("RGB", "BGR", "L"),
        help="order of the channels (L: grey); default: RGB, or L for one",
    )
    group.add_argument(
        "--crop",
        metavar="PIXELS",
        type=_pixels,
        help="side of the input; default: what the graph says, or 224",
    )
    short = "the photo's shorter side before it is cropped; default: crop * 256/224"
    group.add_argument("--size", metavar="PIXELS", type=_pixels, help=short)


def check(args):
    """AskError for options that would be ignored, or cannot be meant."""
    from gradcam.asking import AskError

    if not args.onnx:
        for option in OWN:
            if getattr(args, option) is not None:
                raise AskError(f"--{option} describes a network of your own: give that with --onnx MODEL")
        return
    for other in ("network", "weights"):
        if getattr(args, other):
            raise AskError(
                f"--onnx is a network with its weights, and --{other} names others: give one of the two"
            )
    if not args.photo:
        raise AskError(f"give a photo for {args.onnx} to look at: gradcam explain PHOTO --onnx {args.onnx}")
    if any(s <= 0 for s in args.std or ()):
        given = " ".join(f"{s:g}" for s in args.std)
        raise AskError(f"--std {given}: each channel is divided by its number, which must be above 0")


def network(args):
    """The network of --onnx, with its card."""
    from gradcam.asking import AskError
    from weights.graphs import onnx
    from weights.labels import read_labels

    labels = read_labels(args.labels) if args.labels else None
    asked = {key: getattr(args, key) for key in OWN if key != "labels"}
    net = onnx.describe(
        onnx.load(args.onnx),
        Path(args.onnx).name,
        labels,
        args.layer,
        **{k: v for k, v in asked.items() if v is not None},
    )
    size, crop = net.card.preprocessing.size, net.card.preprocessing.crop
    if size < crop:
        raise AskError(
            f"a photo whose shorter side is {size} pixels cannot be cropped to {crop}: "
            "give a larger --size or a smaller --crop"
        )
    return net


def check_labels(args, net, count):
    """AskError if there is not a name for each of the network's classes."""
    from gradcam.asking import AskError

    if net.card.classes and len(net.card.classes) != count:
        names = len(net.card.classes)
        raise AskError(
            f"{args.labels} has {names} names, and {args.onnx} gives {count} scores: write a line for each"
        )


def _number(text):
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no number; write the photo before the options"
        ) from None
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"'{text}' is no finite number")
    return number


def _pixels(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"give a number of pixels from 1, not '{text}'")
    return int(text)
