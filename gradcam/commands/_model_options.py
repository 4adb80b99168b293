"""The options that name and describe a network of one's own, in a file of ONNX or Keras."""

import argparse
import math
import re
from pathlib import Path

PREPARED = ("mean", "std", "scale", "channels", "crop", "size", "resize")  # how its photos are prepared
OWN = ("labels", *PREPARED, "output", "at", "picture", "given")  # what describes a network of one's own


def options(parser):
    """The options of `gradcam explain PHOTO --onnx MODEL`, or `--keras MODEL`."""
    group = parser.add_argument_group(
        "a network of your own", "as ONNX or as Keras saved it, with how its photos were prepared"
    )
    files(group)
    names = "class names, in the order of the scores: one per line, or JSON; default: those in the ONNX file"
    group.add_argument("--labels", metavar="FILE", help=names)
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
        nargs="+",
        help="side of the input, or its rows and columns, where the graph leaves them free; "
        "default: what its metadata say, or 224",
    )
    short = "the photo's shorter side before it is cropped; default: crop * 256/224"
    group.add_argument("--size", metavar="PIXELS", type=_pixels, help=short)
    resize = (
        "short: keep the photo's shape and crop the middle; squash: all of it, whatever its shape; "
        "letterbox: all of it, its shape kept, on a grey ground"
    )
    group.add_argument("--resize", choices=("short", "squash", "letterbox"), help=f"{resize}; default: short")
    add_output(group)
    place = (
        "where in an output that is a map (ROW COLUMN) or rows (ROW); A:B is a range, whose scores are summed"
    )
    group.add_argument("--at", metavar="PLACE", nargs="+", type=_place, help=place)


def files(group):
    """The options that name the network's file: they are of `gradcam layers`, too."""
    group.add_argument(
        "--onnx", metavar="MODEL", help="an ONNX file; explained as it is, whichever framework exported it"
    )
    keras = "a model that Keras saved whole, .keras or .h5; neither Keras nor TensorFlow is needed"
    group.add_argument("--keras", metavar="MODEL", help=keras)
    model = (
        "its description, MODEL.toml (see: gradcam describe); default: the one beside it; or instead of "
        "--onnx and --keras: a description that names the file, or the file itself"
    )
    group.add_argument("--model", metavar="FILE", help=model)


def add_output(group):
    """The options that say what of a graph is meant: they are of `gradcam layers`, too."""
    group.add_argument("--output", metavar="NAME", help="which of several outputs; default: one with scores")
    given = "the value of an input beside the picture: numbers, as in meta=0.5,1, an .npy file, or a photo"
    which = "which of several inputs the photo goes to, which is explained; default: the first for pictures"
    group.add_argument("--picture", metavar="NAME", help=which)
    group.add_argument("--given", metavar="NAME=VALUE", nargs="+", action="extend", help=given)


def check(args):
    """AskError for options that would be ignored, or cannot be meant."""
    from gradcam.asking import AskError

    option, file = settle(args)
    if not args.onnx:
        for own in OWN:
            if getattr(args, own) is not None:
                raise AskError(f"--{own} describes a network of your own: give that with --model FILE")
        return
    alone(args)
    if not args.photo:
        raise AskError(f"give a photo for {args.onnx} to look at: gradcam explain PHOTO --model {args.onnx}")
    if any(s <= 0 for s in args.std or ()):
        given = " ".join(f"{s:g}" for s in args.std)
        raise AskError(f"--std {given}: each channel is divided by its number, which must be above 0")
    of_its_kind(option, file)


def settle(args):
    """--onnx, --keras or --model as the network's file, args.onnx, and its description, args.model.  -> the
    option that named the file, if it says of which kind it is, and the file: for `of_its_kind`
    """
    from gradcam.asking import AskError

    if args.onnx and args.keras:
        raise AskError(f"--onnx {args.onnx} and --keras {args.keras} are two networks: give one of them")
    if args.onnx or args.keras:
        option = "--onnx" if args.onnx else "--keras"
        args.onnx = args.onnx or args.keras
        return option, args.onnx
    if args.model:
        of_network = Path(args.model).suffix.lower() != ".toml"
        args.onnx, args.model = args.model, None
        if not of_network:
            from weights.described import model_of

            args.onnx, args.model = str(model_of(args.onnx)), args.onnx
    return None, args.onnx


def of_its_kind(option, path):
    """An error: the file is not what its option says."""
    from weights.graphs import keras, onnx

    if option:
        {"--onnx": onnx.refuse_others, "--keras": keras.refuse_others}[option](path)


def alone(args):
    """AskError if the file of a network stands beside another network."""
    from gradcam.asking import AskError

    for other in ("network", "weights"):
        if args.onnx and getattr(args, other):
            raise AskError(
                f"{args.onnx} is a network with its weights, and --{other} names others: give one of the two"
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


def _place(text):
    """3 -> 3; 2:6 -> slice(2, 6)"""
    if found := re.fullmatch(r"(\d{1,9}):(\d{1,9})", text):
        return slice(int(found[1]), int(found[2]))
    if not re.fullmatch(r"\d{1,9}", text):
        raise argparse.ArgumentTypeError(f"a place is a number from 0, or a range such as 2:6, not '{text}'")
    return int(text)
