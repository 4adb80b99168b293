"""gradcam measure: how good are the maps?  Methods against ground truth, beside two baselines."""

import sys
from pathlib import Path

from gradcam.commands import _own, _places
from gradcam.commands._parser import count, described

DESCRIPTION = """\
How good are the maps?  Compare a network's explanations with pictures of which the truth is known, beside
two baselines that never look at the picture: a random point, and the picture's centre.  A method that does no
better than those has shown nothing; each number stands with its 95 % confidence interval.
"""
EXAMPLES = """\
Examples:
  gradcam measure pointing_game --network shapes --world shapes --n 20
      scenes that are drawn for this: the network has seen none of them, and every shape's pixels are known
  gradcam measure sanity_check --network shapes --world shapes --n 2 --method grad_cam saliency --out c.png
      the curves of two methods, and a table
  gradcam measure pointing_game --network squeezenet --data photos.npz --method grad_cam grad_cam@fire5
      photos with boxes; a method at two layers (see: gradcam layers)
  gradcam measure deletion insertion --network mini_vgg --data photos.npz --n 100 --rows faithful.jsonl
      hundreds of passes for each picture: rows are kept as they come; the same command goes on from them
  gradcam measure pointing_game mask_auc road --photos photos/ --truth masks/ --onnx model.onnx --out RESULTS/
      photos of yours, a network of yours, and masks that are called as the photos are
  gradcam measure all --photos photos/ --truth instances.json --network squeezenet --maps RUN/ --out RESULTS/
      maps of gradcam explain --out RUN/, or any library's .npy files, beside COCO's masks

photos.npz holds the arrays images (N, H, W, 3) uint8, or jpeg and offsets; labels (N,); boxes (B, 4) as
x0 y0 x1 y1 in pixels; box_image (B,), each box's picture; imagenet_index, if labels are not ImageNet's own.
"""


def register(subparsers):
    brief = "measure how good the maps are, on pictures of which the truth is known"
    parser = described(subparsers, "measure", brief, DESCRIPTION, measures_and_examples)
    parser.add_argument(
        "measures", metavar="MEASURE", nargs="+", help="one or several of those below, or all"
    )
    parser.add_argument("--network", metavar="NAME", help="see: gradcam weights list")
    weights = "the network's weights; default: the published file"
    parser.add_argument("--weights", metavar="FILE", help=weights)
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--data", metavar="FILE", help="photos with boxes, .npz; see below")
    worlds = "scenes that are drawn for this, with exact masks"
    pictures.add_argument("--world", choices=["shapes"], help=worlds)
    number = "how many pictures; default: all photos, or 100 scenes"
    parser.add_argument("--n", type=count, metavar="N", help=number)
    methods = (
        "see: gradcam methods; default: the first ten there but occlusion, as far as they fit the network"
    )
    parser.add_argument(
        "--method", dest="methods", metavar="NAME[@LAYER]", nargs="+", action="extend", help=methods
    )
    rows = "keep every picture's numbers in FILE, .jsonl, and go on from those that are there"
    parser.add_argument("--rows", metavar="FILE", help=rows)
    out = "where the curves of sanity_check go: .png, .svg, .pdf or .jpg; of --photos: the folder of results"
    parser.add_argument("--out", metavar="FILE", help=out)
    processors = "how many pictures at the same time; default: one for each core"
    parser.add_argument("--processors", type=count, metavar="N", help=processors)
    _own.options(parser)
    parser.set_defaults(run=run)


def measures_and_examples():
    """The end of the help: imported when it is asked for."""
    from gradcam.measure.measures import MEASURES

    width = max(map(len, MEASURES))
    lines = [f"  {name:<{width}}  {m.question}  ({m.paper})" for name, m in MEASURES.items()]
    return "\n".join(["Measures:", *lines, "", EXAMPLES])


def run(args):
    from gradcam.asking import AskError, one_of
    from gradcam.commands._network import loaded, network_named
    from gradcam.measure.measures import MEASURES
    from gradcam.measure.pictures.photos import Photos
    from gradcam.measure.pictures.scenes import Scenes

    everything = list(MEASURES) if "all" in args.measures else args.measures
    asked = list(dict.fromkeys(one_of("measure", m, MEASURES) for m in everything))
    named = [_named(m) for m in args.methods or []]
    _own.check(args)
    if args.photos:
        return _own.run(args, asked, lambda net: at_layers(named, net))
    if not (args.data or args.world):
        raise AskError("on which pictures? --photos, --data FILE or --world shapes")
    if args.out is not None:
        if "sanity_check" not in asked:
            raise AskError(
                "--out is for the curves of sanity_check; other measures are printed, and --rows keeps their "
                "numbers"
            )
        _places.place(args, args.out)
    net = loaded(network_named(args.network), args.weights)
    data = Photos(args.data, net.card) if args.data else Scenes(args.n or 100, net.card)
    _measure(args, net, data, asked, at_layers(named, net) or _fitting(net, data))
    return 0


def _measure(args, net, data, asked, methods):
    """One pass over the pictures for what is measured on the same maps; then grids; then random weights."""
    from gradcam.commands._printing import say
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
        figures = [figure.name for name in by_needs[needs] for figure in MEASURES[name].figures]
        return table_of_figures(summary(found), figures)

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
            say(f"The curves are in {save(figure, args.out)}")


def _named(asked):
    """'Grad-CAM@conv10' -> ('grad_cam', 'conv10'); None for no layer."""
    from gradcam.asking import AskError
    from gradcam.commands._methods import method_named
    from gradcam.methods import METHODS

    name, at, layer = asked.partition("@")
    name = method_named(name)
    if at and not (METHODS[name].at_layer or name == "deconvnet"):
        raise AskError(f"{name} looks at no layer: write it without @{layer}")
    return name, layer if at else None


def at_layers(named, net):
    """['grad_cam@conv10', ...], each layer being one of the network's with maps."""
    import numpy as np

    from gradcam.commands._network import see_layers
    from gradcam.explanation.layers import layer_named

    side, channels = net.card.preprocessing.crop, len(net.card.preprocessing.mean)
    x = np.zeros((1, channels, side, side), np.float32)
    found = {
        layer: layer_named(layer, net, x, see_layers(net))
        for layer in dict.fromkeys(layer for _, layer in named)
    }
    return list(dict.fromkeys(name if layer is None else f"{name}@{found[layer]}" for name, layer in named))


def _fitting(net, data):
    """The methods that are measured where none is asked for: those of few passes that fit this network."""
    from gradcam.measure.case import unfit
    from gradcam.measure.study.plan import QUICK

    failed = unfit(net, data[data.numbers[0]], data.preprocessing, QUICK)
    return [m for m in QUICK if m not in failed]


def _print(title, table, reasons):
    from gradcam.commands._printing import say

    why = [f"{method}: {reason}" for method, reason in reasons.items()]
    say(title, "", table, "", *([*why, ""] if why else []))
