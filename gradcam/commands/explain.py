"""gradcam explain: a photo, a network, and all its explanations in one picture."""

import argparse
import math
import os
import shlex
import sys
from pathlib import Path

from gradcam.commands import _onnx

PHOTO_NETWORK, SCENE_NETWORK, LARGE_NETWORK = "mini_vgg", "shapes", "squeezenet"
SCENE, SCENE_KINDS = 22, ["star", "ring"]  # of the shapes world: a picture that no network was trained on
MOST = 12  # rows that a panel can have
EXAMPLES = """\
Examples:
  gradcam explain
      a built-in picture of two shapes, explained by the built-in network that knows them
  gradcam explain photo.jpg
      the class that a small built-in network sees, with five methods side by side
  gradcam explain photo.jpg --network squeezenet --weights squeezenet_v1_0.npz
      a network that knows the 1000 classes of ImageNet
  gradcam explain photo.jpg --network squeezenet --class "tiger cat" boxer
      one row for each class: what speaks for the cat, what for the dog?
  gradcam explain photo.jpg --network squeezenet --layer fire5 --method grad_cam counterfactual
      the feature maps of an earlier layer (see: gradcam layers), and two methods only
  gradcam explain photo.jpg --method grad_cam grad_cam++ hirescam score_cam lrp_gamma
      Grad-CAM among its relatives (see: gradcam methods)
  gradcam explain photo.jpg --onnx model.onnx --labels names.txt --mean 0.485 0.456 0.406 --std 0.229 0.224 0.225
      a network of your own, exported from any framework
  gradcam explain photo.jpg --out panel.pdf --json
      numbers for a program to read, and a picture to print
"""


def register(subparsers):
    from gradcam.explanation import PANEL

    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "explain", help="explain what a network sees in a photo", epilog=EXAMPLES, formatter_class=raw,
        description="Explain what a network sees in a photo: prints its first five classes, and draws a panel of all methods.",
    )  # fmt: skip
    parser.add_argument(
        "photo",
        metavar="PHOTO",
        nargs="?",
        help="any picture file; without one, a built-in scene of shapes is explained",
    )
    parser.add_argument(
        "--network", metavar="NAME", help=f"default: {PHOTO_NETWORK}, which knows ten classes"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help="the network's weights; default: the published file"
    )
    parser.add_argument(
        "--class",
        dest="classes",
        metavar="NAME|INDEX",
        nargs="+",
        action="extend",
        help="default: the most probable",
    )
    parser.add_argument(
        "--layer",
        metavar="NAME",
        help="feature maps for Grad-CAM; default: the network's own (see: gradcam layers)",
    )
    unit = (
        "where the deconvnet signal starts, at its strongest unit; default: the network's own, or the score"
    )
    parser.add_argument("--unit-layer", metavar="NAME", help=unit)
    methods = f"one or several (see: gradcam methods); default: {', '.join(PANEL)}"
    parser.add_argument("--method", dest="methods", metavar="NAME", nargs="+", action="extend", help=methods)
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="the panel: .png, .svg, .pdf or .jpg; default: PHOTO_explained.png, in this folder",
    )
    parser.add_argument("--json", action="store_true", help="print numbers as JSON instead of words")
    _onnx.options(parser)
    parser.set_defaults(run=run)


def run(args):
    from gradcam.commands import _report as report
    from gradcam.commands._ask import AskError, layer_named, one_of
    from gradcam.commands._network import loaded, network_named, see_layers
    from gradcam.explanation import PANEL, explain
    from gradcam.image import crop_shown, prepare
    from gradcam.methods import METHODS

    _photo_first(args)
    _onnx.check(args)
    name = network_named(args.network or (PHOTO_NETWORK if args.photo else SCENE_NETWORK))
    methods = list(
        dict.fromkeys(one_of("method", m, METHODS, "gradcam methods") for m in args.methods or PANEL)
    )
    out = _out(args)
    image, kinds = _picture(args.photo, name)
    net = _onnx.network(args) if args.onnx else loaded(name, args.weights)
    x = prepare(image, net.card.preprocessing)
    count = net(x).shape[1] if args.onnx or not net.card.classes else len(net.card.classes)
    _onnx.check_labels(args, net, count)
    asked = {c: _class(c, net.card, count) for c in args.classes or kinds}
    classes = list(dict.fromkeys(asked.values()))
    if len(classes) > MOST:
        raise AskError(f"{len(classes)} classes are too many for one panel: give at most {MOST} at a time")
    at = [layer_named(layer, net, x, see_layers(net)) for layer in (args.layer, args.unit_layer)]
    explanation = explain(net, x, classes or None, methods, *at, progress=sys.stderr.isatty())

    if not all(map(math.isfinite, explanation.scores.ravel())):
        raise AskError(
            f"{net.card.name} gives scores that are no finite numbers (NaN or infinite): look into its weights"
        )

    from gradcam.show import panel, save  # Matplotlib is slow to import: mistakes are answered before

    shown = crop_shown(image, net.card.preprocessing)
    save(panel(explanation, shown), out)
    advice = report.taken(asked, net.card) + report.dull(shown)
    if args.photo and not (args.network or args.onnx):
        advice += report.advice(
            explanation, f"gradcam explain {shlex.quote(args.photo)} --network {LARGE_NETWORK}"
        )
    (report.as_json if args.json else report.in_words)(
        explanation, args.photo or "The built-in scene", out, advice
    )
    return 0


def _class(asked, card, count):
    """The class that was asked for; where this network has none of that name, it is said if the one for 1000 classes has."""
    from gradcam.commands._ask import AskError, class_index
    from weights import classes

    try:
        return class_index(asked, card.classes, count)
    except AskError as error:
        large = classes("imagenet")
        if not card.classes or card.classes == large:
            raise
        try:
            known = large[class_index(asked, large, len(large))]
        except AskError:
            raise error from None
        raise AskError(f"{error}; {LARGE_NETWORK} knows '{known}': --network {LARGE_NETWORK}") from None


def _photo_first(args):
    """Options that take several words may have taken the photo for one of them."""
    from gradcam.commands._ask import AskError

    taken = [word for word in [*(args.classes or []), *(args.methods or [])] if os.path.isfile(word)]
    if taken and not args.photo:
        raise AskError(
            f"'{taken[0]}' stands where a name was expected: write the photo first, gradcam explain {taken[0]} ..."
        )


def _out(args):
    """Where the panel goes, and that it can."""
    from gradcam.show.saving import SaveError, check

    stem = Path(args.photo).stem if args.photo else SCENE_NETWORK
    out = check(args.out or f"{stem}_explained.png")
    for kept in (args.photo, args.weights, args.onnx):
        if kept and out.exists() and os.path.exists(kept) and os.path.samefile(out, kept):
            raise SaveError(
                f"{out}: the panel would overwrite what it is made from; name another file with --out"
            )
    return out


def _picture(photo, network):
    """-> the picture, and the classes that it is known to show."""
    if photo:
        from gradcam.image import read

        return read(photo), []
    if network != SCENE_NETWORK:
        from gradcam.commands._ask import AskError

        raise AskError(f"give a photo for {network} to look at: gradcam explain PHOTO --network {network}")
    from weights.recipes.shapes_world import scene

    return scene(SCENE, split="test", kinds=SCENE_KINDS).picture, SCENE_KINDS
