"""gradcam layers: the names that --layer takes."""

from gradcam.commands import _onnx
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
  gradcam layers --network vgg16
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
    brief = "list a network's layers, with the shape of their output"
    parser = described(subparsers, "layers", brief, DESCRIPTION, EXAMPLES)
    own = "the file of a network of your own: ONNX, Keras, or its MODEL.toml"
    parser.add_argument("file", metavar="MODEL", nargs="?", help=own)
    parser.add_argument(
        "--network",
        metavar="NAME",
        help=f"see: gradcam weights list; default: {PHOTO_NETWORK}, which is built in",
    )
    parser.add_argument("--weights", metavar="FILE", help="also check that the weights in FILE fit it")
    _onnx.files(parser)
    _onnx.add_output(parser)
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    import weights
    from gradcam.asking import AskError
    from gradcam.commands._network import loaded, network_named
    from gradcam.commands._printing import say, say_table
    from minicnn import Tensor, names

    if args.file and (args.onnx or args.keras):
        raise AskError(f"{args.file} and {args.onnx or args.keras} are two networks: give one of them")
    if args.file and args.model:
        args.onnx = args.file
    else:
        args.model = args.model or args.file
        _onnx.settle(args)
    if args.onnx:
        return _of_onnx(args)
    for option in ("output", "picture", "given"):
        if getattr(args, option) is not None:
            raise AskError(f"--{option} describes a network of your own: give it, gradcam layers MODEL")
    name = network_named(args.network or PHOTO_NETWORK)
    net = loaded(name, args.weights, bool(args.network)) if args.weights else weights.build(name)
    card = weights.card(name)
    side = card.preprocessing.crop
    y = net(Tensor(np.zeros((1, len(card.preprocessing.mean), side, side), np.float32)))
    say(f"{card.title}, for a picture of {side} x {side}\n")
    rows = []
    for layer, tensor in names(y).items():
        if tensor is not None and tensor.op:
            rows.append((layer, _shape(tensor), type(tensor.op).__name__, *_default(layer, card)))
    say_table(rows, right=(1,))
    return 0


def _of_onnx(args):
    """The layers of a graph: the operators are called as the file calls them."""
    import numpy as np

    from gradcam.commands._printing import say, say_table, short
    from minicnn import Tensor, names
    from weights.graphs.onnx.feature_maps import NCHW, layouts

    _onnx.alone(args)
    net = _onnx.described(
        args.onnx, args.model, output=args.output, given=args.given, picture=args.picture, blank=True
    )
    d, rows = net.description, []
    y = net(Tensor(np.zeros(d.example, np.float32), "x"))
    known = layouts(y)
    for layer, tensor in names(y).items():
        if tensor is not None and tensor.op and tensor.layer:
            order = known.get(tensor, NCHW)
            axes = [] if order == NCHW else [f"axes: {', '.join(_onnx.AXES[axis] for axis in order[1:])}"]
            rows.append(
                (
                    short(layer, LONGEST),
                    _shape(tensor),
                    tensor.layer.step.was or tensor.layer.step.op,
                    *_default(layer, net.card),
                    *axes,
                )
            )
    looks = f"a picture of {d.size[0]} x {d.size[1]}"
    if not d.layout:
        looks = f"an input of {' x '.join(map(str, d.example[1:]))}"
    say(f"{net.card.title}, for {looks}\n")
    say_table(rows, right=(1,))
    notes = [*_onnx.lines(net)] + ([f"To explain it: {_onnx.places(d)}."] if d.kind in PLACED else [])
    say("".join(f"\n{note}" for note in notes)) if notes else None
    return 0


def _shape(tensor):
    return " x ".join(map(str, tensor.shape[1:]))


def _default(layer, card):
    return ["(Grad-CAM's default)"] if layer == card.layer else []
