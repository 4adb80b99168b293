"""Many photos explained into a folder: the part of `gradcam explain` that is for more than one."""

import os

from gradcam.commands import _manner, _model
from gradcam.commands._asked import asked
from gradcam.commands._parser import count

OWN = ("maps", "dtype", "panels", *_manner.NAMES)
LEAST = 16  # photos that are worth a process of their own


def options(parser):
    """The options of `gradcam explain PHOTOS... --out RUN/`."""
    group = parser.add_argument_group(
        "many photos",
        "files, folders, patterns, @LIST (a file of paths) or - (paths on standard input), into a\n  folder: "
        "--out RUN/.  It gets rows.jsonl, maps/METHOD.npy (photos, classes, h, w),\n  timings.jsonl and "
        "settings.json.  If it is killed, the same command goes on where it was",
    )
    at = "the size of the maps: as the methods give them, or of the pixels that the network saw"
    group.add_argument("--maps", choices=("layer", "photo"), help=f"{at}; default: layer")
    group.add_argument("--dtype", choices=("float32", "float16"), help="of the maps; default: float32")
    drawn = "draw the maps of the first N photos, or of all, and index.html, a page to look through them"
    group.add_argument("--panels", metavar="N|all", type=_panels, help=drawn)
    _manner.options(group)


def given(args, one=False):
    """Whether many photos were asked for.  one: their folder is a volume.  AskError if only half of it was
    said.
    """
    from gradcam.asking import AskError
    from gradcam.runs.photos import several

    many = several(args.photos) and not one
    into = args.out is not None and args.out.endswith(("/", os.sep))
    if many and args.out is None:
        what = "this is a directory; photos" if os.path.isdir(args.photos[0]) else "many photos"
        raise AskError(f"{args.photos[0]}: {what} are explained into a folder: add --out RUN/")
    if many or (into and args.photos):
        if args.exact:
            raise AskError("--exact is for one photo")
        return True
    for option in OWN:
        if getattr(args, option) is not None:
            raise AskError(f"--{option} is for many photos, explained into a folder: add --out RUN/")
    return False


def run(args, name, methods):
    """Explain the photos, and say what was found -> the exit status.

    name: of the network; None for one's own
    """
    from gradcam.commands._network import loaded
    from gradcam.runs import Task, explain_into
    from gradcam.runs.photos import find
    from gradcam.runs.record import digest_of

    net = _model.network(args) if args.onnx else loaded(name, args.weights, bool(args.network))
    about = _checked(args, net, methods)
    photos = find(args.photos, but=args.out)
    panels = len(photos) if args.panels == "all" else args.panels or 0
    task = Task(
        net,
        tuple(m for m in about.methods if m not in about.undefined),
        tuple(about.classes) or None,
        next(iter(about.layers), None),
        about.unit_layer,
        args.maps or "layer",
        args.dtype or "float32",
        panels,
        tuple(args.allow),
        (_model.network, (args,)) if args.onnx else None,  # not all that a graph needs can be sent
    )
    also = {name: str(getattr(args, name)) for name in ("output", "at", "picture", "given") if args.onnx}
    if args.onnx:
        also["file"] = digest_of(args.onnx)
    with _manner.asked(args, photos, LEAST) as manner:
        done = explain_into(args.out, task, photos, manner, also)
    _tell(args, done, about.undefined)
    return 0


def _checked(args, net, methods):
    """What is asked of the network; what holds for all photos is found out with a blank one."""
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.explanation import explain
    from gradcam.methods import METHODS
    from minicnn import Tensor

    if net.card.axes != 4:
        raise AskError("signals and volumes are explained one at a time")
    preprocessing = net.card.preprocessing
    x = np.zeros((1, len(preprocessing.mean), *preprocessing.sides), np.float32)
    about = asked(args, net, Tensor(x, "x"), methods, args.classes or [])
    if fused := [m for m in about.methods if METHODS[m].fuses]:
        raise AskError(f"{fused[0]} makes one map of several layers, which is for one photo at a time")
    if quick := [m for m in about.methods if not METHODS[m].many_passes]:
        layer = next(iter(about.layers), None)
        tried = explain(net, x, about.classes or None, quick, layer, about.unit_layer, allow=args.allow)
        about.undefined |= tried.undefined
    return about


def _tell(args, done, undefined):
    from gradcam.commands._printing import say, say_json
    from gradcam.methods import METHODS

    if args.json:
        say_json(
            {"folder": str(done.path), "photos": done.count, "errors": done.errors, "undefined": undefined}
        )
        return
    for method, why in undefined.items():
        say(f"Left out: {METHODS[method].title}. {why}")
    failed = f"; {done.errors} could not be explained, and their rows say why" if done.errors else ""
    say(f"{done.count} photo{'s' * (done.count != 1)}{failed}: {done.path}{os.sep}")


def _panels(text):
    return text if text == "all" else count(text)
