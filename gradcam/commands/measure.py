"""gradcam measure: how good are the maps?

Every method against ground truth, beside two baselines that never look at the picture.
"""

import argparse
import sys
from pathlib import Path

EXAMPLES = """\
Examples:
  gradcam measure pointing_game --network shapes --world shapes --n 500
      scenes drawn for this, of which the network saw none, with the exact pixels of every shape
  gradcam measure pointing_game --network squeezenet --data photos.npz --method grad_cam saliency
      photos with boxes; photos.npz holds images (N, H, W, 3), or jpeg and offsets; labels (N,);
      boxes (B, 4) as x0 y0 x1 y1 in pixels; box_image (B,), the picture of each box;
      imagenet_index, if labels are not ImageNet's own numbers
  gradcam measure localisation --network squeezenet --data photos.npz --method grad_cam grad_cam@relu_conv10
      a method at two layers (see: gradcam layers)
  gradcam measure deletion insertion --network mini_vgg --data photos.npz --n 100 --rows faithful.jsonl
      hundreds of passes for each picture: rows are kept as they come, and the same command goes on
      where it was interrupted
  gradcam measure sanity_check --network shapes --world shapes --n 20 --out curves.png
      the curves of every method, and a table

Read the intervals, and the two baselines: a method that does no better than a random point or the
picture's centre has shown nothing.
"""


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "measure",
        help="measure how good the maps are, on pictures with known truth",
        description="Measure how good a network's maps are, on pictures with known truth.",
        formatter_class=raw,
    )
    parser.add_argument(
        "measures", metavar="MEASURE", nargs="+", help="one or several of those below, or all"
    )
    parser.add_argument("--network", metavar="NAME", required=True, help="whose maps")
    parser.add_argument(
        "--weights", metavar="FILE", help="the network's weights; default: the published file"
    )
    pictures = parser.add_mutually_exclusive_group(required=True)
    pictures.add_argument("--data", metavar="FILE", help="an npz file of photos with boxes")
    pictures.add_argument(
        "--world", choices=["shapes"], help="scenes that are drawn for this, with exact masks"
    )
    parser.add_argument(
        "--n", type=_count, metavar="N", help="how many pictures; default: all photos, or 100 scenes"
    )
    methods = (
        "see: gradcam methods; default: the first ten there but occlusion, as far as they fit the network"
    )
    parser.add_argument(
        "--method", dest="methods", metavar="NAME[@LAYER]", nargs="+", action="extend", help=methods
    )
    parser.add_argument(
        "--rows",
        metavar="FILE",
        help="keep every picture's figures here, and go on from those that are there",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="where the curves of sanity_check go: .png, .svg, .pdf or .jpg"
    )
    parser.add_argument(
        "--processors", type=_count, metavar="N", help="pictures at the same time; default: one for each core"
    )
    parser.set_defaults(run=run)
    _help_with_measures(parser)


def _help_with_measures(parser):
    """The measures stand in the help, and are imported only where that is asked for."""
    written = parser.format_help

    def format_help():
        from gradcam.measure.measures import MEASURES

        width = max(map(len, MEASURES))
        lines = [f"  {name:<{width}}  {m.question}  ({m.paper})" for name, m in MEASURES.items()]
        parser.epilog = "\n".join(["Measures:", *lines, "", EXAMPLES])
        return written()

    parser.format_help = format_help


def run(args):
    from gradcam.commands._ask import AskError, one_of
    from gradcam.commands._network import loaded, network_named
    from gradcam.measure.errors import DataError
    from gradcam.measure.measures import MEASURES
    from gradcam.measure.pictures.photos import Photos
    from gradcam.measure.pictures.scenes import Scenes
    from gradcam.show.saving import check

    asked = (
        list(MEASURES)
        if "all" in args.measures
        else list(dict.fromkeys(one_of("measure", m, MEASURES) for m in args.measures))
    )
    named = [_named(m) for m in args.methods or []]
    if args.out:
        if "sanity_check" not in asked:
            raise AskError(
                "--out is for the curves of sanity_check; "
                "other measures are printed, and --rows keeps their figures"
            )
        check(args.out)
    net = loaded(network_named(args.network), args.weights)
    try:
        data = Photos(args.data, net.card) if args.data else Scenes(args.n or 100, net.card)
        _measure(args, net, data, asked, _at_layers(named, net) or _fitting(net, data))
    except DataError as error:
        raise AskError(str(error)) from None
    return 0


def _measure(args, net, data, asked, methods):
    """One pass over the pictures for all that is measured on the same maps; grids; random weights."""
    from gradcam.measure.measure import GRIDS, PICTURES, RANDOM_WEIGHTS
    from gradcam.measure.measures import MEASURES
    from gradcam.measure.measures.sanity_check import layers_with_weights
    from gradcam.measure.study import run, sanity_curves
    from gradcam.measure.study.summary import reasons, small, summary, table_of_figures
    from gradcam.show.saving import save

    by_needs = {}
    for name in asked:
        by_needs.setdefault(MEASURES[name].needs, []).append(name)
    options = {"workers": args.processors, "progress": sys.stderr.isatty()}

    def rows(kind):
        path = Path(args.rows) if args.rows else None
        return path.with_stem(f"{path.stem}_{kind}") if path and len(by_needs) > 1 else path

    def table(found, needs):
        return table_of_figures(
            summary(found), [f.name for m in by_needs[needs] for f in MEASURES[m].figures]
        )

    if PICTURES in by_needs:
        found = run.over(net, data, by_needs[PICTURES], methods, args.n, rows("maps"), **options)
        _print(f"{len(found)} pictures, {data.says}", table(found, PICTURES), reasons(found))
        if 0 < len(small(found)) < len(found):
            title = f"{len(small(found))} of them: objects on less than a third of the picture"
            _print(title, table(small(found), PICTURES), {})
    if GRIDS in by_needs:
        grids = run.grids(net, data, args.n or 100, **options)
        found = run.over(net, grids, by_needs[GRIDS], methods, None, rows("grid"), **options)
        _print(f"{len(found)} {grids.says}", table(found, GRIDS), reasons(found))
    if RANDOM_WEIGHTS in by_needs:
        found = run.sanity(net, data, methods, args.n, rows("sanity"), **options)
        title = f"{len(found)} pictures: maps before and after weights are drawn anew"
        _print(title, sanity_curves.table_of_likeness(found), reasons(found))
        if args.out:
            figure = sanity_curves.figure(found, layers_with_weights(net), net.card.title)
            print(f"The curves are in {save(figure, args.out)}")


def _named(asked):
    """'Grad-CAM@conv10' -> ('grad_cam', 'conv10'); None for no layer."""
    from gradcam.commands._ask import AskError, one_of
    from gradcam.methods import METHODS

    name, at, layer = asked.partition("@")
    name = one_of("method", name, METHODS, "gradcam methods")
    if at and not (METHODS[name].at_layer or name == "deconvnet"):
        raise AskError(f"{name} looks at no layer: write it without @{layer}")
    return name, layer if at else None


def _at_layers(named, net):
    """['grad_cam@conv10', ...], each layer being one of the network's with maps."""
    import numpy as np

    from gradcam.commands._ask import layer_named
    from gradcam.commands._network import see_layers

    side, channels = net.card.preprocessing.crop, len(net.card.preprocessing.mean)
    x = np.zeros((1, channels, side, side), np.float32)
    found = {
        layer: layer_named(layer, net, x, see_layers(net))
        for layer in dict.fromkeys(layer for _, layer in named)
    }
    return list(dict.fromkeys(name if layer is None else f"{name}@{found[layer]}" for name, layer in named))


def _fitting(net, data):
    """The methods that are measured where none is asked for: those of few passes in the first tables, which
    this network has.
    """
    from gradcam.measure.case import unfit
    from gradcam.measure.study.plan import QUICK

    failed = unfit(net, data[data.numbers[0]], data.preprocessing, QUICK)
    return [m for m in QUICK if m not in failed]


def _print(title, table, reasons):
    print(
        f"{title}\n\n{table}\n"
        + "".join(f"\n{method}: {why}" for method, why in reasons.items())
        + ("\n" if reasons else "")
    )


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"give a number from 1, not '{text}'")
    return int(text)
