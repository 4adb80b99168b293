"""One photo explained: a panel, its maps, and what the network sees, in words."""

import os
import sys

from gradcam.commands import _model, _pictures, _places
from gradcam.commands._asked import asked
from gradcam.commands._scene import KINDS, SCENE_NETWORK, built_in

SAMPLE = "grace_hopper"
MOST = 12  # rows that a panel can have


def run(args, name, methods):
    """Explain the photo, save the panel, and say what was found -> the exit status.

    name: of the network; None for one's own
    """
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.commands import _report as report
    from gradcam.commands._network import loaded
    from gradcam.explanation import explain
    from gradcam.image import crop_shown, prepare
    from minicnn import Tensor

    shown = SCENE_NETWORK if name == SCENE_NETWORK else SAMPLE
    out = _pictures.out(args, _places.name_of(args.photo, "explained", shown))
    net, dtype = _model.network(args) if args.onnx else None, np.float64 if args.exact else np.float32
    if net and net.card.axes != 4:
        found = _recorded(args, net)
        x, kinds, called, image = found.values[None].astype(dtype), [], args.photo, None
    else:
        image, kinds, called = _picture(args.photo, name)
        net = net or loaded(name, args.weights, bool(args.network))
        x = prepare(image, net.card.preprocessing, dtype)
    net = net.astype(dtype) if args.exact else net
    words = args.classes or ([] if args.targets else kinds)
    about = asked(args, net, Tensor(x, "x"), methods, words, image)
    if len(about.classes) > MOST:
        raise AskError(
            f"{len(about.classes)} classes are too many for one panel: give at most {MOST} at a time"
        )
    style = _pictures.style(args)
    explanation = explain(
        net,
        x,
        about.classes or None,
        about.methods,
        about.layers or None,
        about.unit_layer,
        allow=args.allow,
        progress=sys.stderr.isatty(),
    )
    explanation.undefined |= about.undefined
    explanation.prepared = _model.prepared(net, args.onnx)
    if image is None:
        explanation.prepared = f"{found.what}, {'from 0 to 1' if found.pixels else 'as the file has them'}"

    shown = None if image is None else crop_shown(image, net.card.preprocessing)
    what = _pictures.save(args, explanation, shown, style, out)
    advice = report.taken(about.named, net.card) + ([] if shown is None else report.dull(shown))
    if args.onnx:
        advice += [*_model.lines(net)]
    told = report.as_json if args.json else report.in_words
    told(explanation, called, out, advice, what)
    return 0


def is_volume(args):
    """Whether a single folder holds the slices or frames of one input."""
    folder = args.onnx and len(args.photos) == 1 and os.path.isdir(args.photos[0])
    into = (args.out or "").endswith(("/", os.sep))
    return bool(folder) and not into and _model.network(args).card.axes == 5


def _recorded(args, net):
    """A signal or a volume from its file."""
    from gradcam.asking import AskError
    from gradcam.reading import read_input

    if args.overlays:
        raise AskError("--overlays are pictures of a photo; of signals and volumes, --out is a panel or maps")
    channels = net.description.example[1]
    shape = net.description.inputs[net.description.picture] or ()
    return read_input(args.photo, net.card.axes, channels if shape[1:2] != (-1,) else None)


def _picture(photo, network):
    """-> the picture, the classes that it is known to show, and what to call it."""
    if network == SCENE_NETWORK and not photo:
        return built_in(), KINDS, "The built-in scene"
    from gradcam.image import read
    from weights import card, classes

    if not photo and network and card(network).classes != classes("imagenet"):
        from gradcam.asking import AskError

        raise AskError(f"give a photo for {network} to look at: gradcam explain PHOTO --network {network}")
    return read(photo or sample()), [], photo or "The sample photo"


def sample():
    """The photo of Grace Hopper that Matplotlib ships; it is in the public domain."""
    import matplotlib

    return os.path.join(matplotlib.get_data_path(), "sample_data", f"{SAMPLE}.jpg")
