"""gradcam layers: the names that --layer takes."""

import os

from gradcam.commands import _model, _model_options
from gradcam.commands._asked import PHOTO_NETWORK
from gradcam.commands._parser import described

DESCRIPTION = """\
List a network's layers in the order of the forward pass, with the shape of each one's output for one
picture, the operation that computes it, and how many pixels one of its places sees (its receptive field).
A shape of three numbers, K x h x w, means K feature maps of h rows and w columns: --layer of gradcam explain
takes any of those, and layers of tokens, whose rows and columns are found.  It says which layer Grad-CAM
looks at where none is named, and why.
"""
EXAMPLES = """\
Examples:
  gradcam layers
      the layers of the built-in network
  gradcam layers vgg16
      no file of weights is needed: shapes follow from the architecture
  gradcam layers model.onnx
      those of a network of your own, exported as ONNX from any framework
  gradcam layers model.keras
      or saved by Keras (.keras, or a whole model as .h5), under the names that its summary() shows
  gradcam explain photo.jpg --layer fire5
      Grad-CAM at another layer: earlier ones have finer maps, and know less of the classes
"""

LONGEST = 60  # letters of a name in the table
PLACED = ("map", "rows", "steps")


def register(subparsers):
    brief = "list a network's layers, their shapes, and how much of the input they see"
    parser = described(subparsers, "layers", brief, DESCRIPTION, EXAMPLES)
    own = "the file of a network of your own: ONNX, Keras, or its MODEL.toml; or the name of one known here"
    parser.add_argument("file", metavar="MODEL", nargs="?", help=f"{own}; default: {PHOTO_NETWORK}")
    parser.add_argument("--network", metavar="NAME", help="the same, by name (see: gradcam weights list)")
    parser.add_argument("--weights", metavar="FILE", help="also check that the weights in FILE fit it")
    _model_options.files(parser)
    _model_options.add_output(parser)
    parser.set_defaults(run=run)


def run(args):
    import weights
    from gradcam.asking import AskError
    from gradcam.commands._network import loaded, network_named

    _which(args)
    if args.onnx:
        return _of_file(args)
    for option in ("output", "picture", "given"):
        if getattr(args, option) is not None:
            raise AskError(f"--{option} describes a network of your own: give it, gradcam layers MODEL")
    name = network_named(args.network or PHOTO_NETWORK)
    net = loaded(name, args.weights, bool(args.network)) if args.weights else weights.build(name)
    card = weights.card(name)
    side = card.preprocessing.crop
    shape = (1, len(card.preprocessing.mean), side, side)
    return _table(net, card, shape, f"{card.title}, for a picture of {side} x {side}")


def _which(args):
    """MODEL as a network's file, args.onnx, or as the name of one: what looks like a file is one."""
    from gradcam.asking import AskError

    if args.file is None:
        return _model_options.of_its_kind(*_model_options.settle(args))
    if other := args.onnx or args.keras or args.network:
        raise AskError(f"{args.file} and {other} are two networks: give one of them")
    if not ("." in args.file or os.sep in args.file or os.path.exists(args.file)):
        args.network = args.file
    elif args.model:
        args.onnx = args.file
    else:
        args.model = args.file
        _model_options.settle(args)
    return None


def _of_file(args):
    """The layers of a file: the operators are called as the file calls them."""
    from gradcam.commands._printing import say

    _model_options.alone(args)
    net = _model.described(
        args.onnx, args.model, output=args.output, given=args.given, picture=args.picture, blank=True
    )
    d = net.description
    looks = f"a picture of {d.size[0]} x {d.size[1]}"
    if not d.layout:
        looks = f"an input of {' x '.join(map(str, d.example[1:]))}"
    _table(net, net.card, d.example, f"{net.card.title}, for {looks}")
    for note in [*_model.lines(net)] + ([f"To explain it: {_model.places(d)}."] if d.kind in PLACED else []):
        say(note)
    return 0


def _table(net, card, shape, title):
    """Print the layers of a network that is given an input of this shape, and which one is the default."""
    import numpy as np

    from gradcam.commands._printing import say, say_table, short
    from minicnn import Tensor
    from weights.feature_maps import default_layer, layers

    x = Tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32), "x")
    y = net(x)
    chosen, why = default_layer(y, x)
    if card.layer and card.layer != chosen:
        chosen, why = card.layer, "its description says so"
    rows = [("layer", "shape", "operation", "sees", "")]
    for line in layers(y, x):
        step = getattr(line.tensor.layer, "step", None)
        operation = (step.was or step.op) if step is not None else type(line.tensor.op).__name__
        marks = ["(Grad-CAM's default)"] if line.name == chosen else []
        marks += [_lie(line)] if _lie(line) else []
        shown = " x ".join(map(str, line.tensor.shape[1:]))
        rows.append((short(line.name, LONGEST), shown, operation, line.field, ", ".join(marks)))
    say(f"{title}\n")
    say_table(rows, right=(1, 3))
    if chosen is None:
        say("\nNone of its layers has places that Grad-CAM could weigh.")
    else:
        say(f"\nGrad-CAM looks at {short(chosen, LONGEST)} where no layer is named:\n{why}.")
    return 0


def _lie(line):
    """Where places lie, if not as Grad-CAM takes them."""
    maps = line.maps
    if maps is None or maps.plain or not maps.whole:
        return ""
    if maps.tokens:
        left = maps.before + maps.behind
        beside = f" and {left} more, left out" if left else ""
        return f"tokens: {' x '.join(map(str, maps.sizes))} places{beside}"
    names = {maps.channel: "maps"} | dict(
        zip(maps.space, ("rows", "columns") if len(maps.space) == 2 else "dhw")
    )
    return f"axes: {', '.join(names[axis] for axis in sorted(names))}"
