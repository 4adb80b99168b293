"""Photos of one's own, measured: the part of `gradcam measure` that takes --photos."""

import os

from gradcam.commands import _manner, _model, _model_options

FOR_PHOTOS = ("truth", "maps", "c", *_manner.NAMES, "onnx", "model")
NOT_FOR_PHOTOS = ("rows", "processors", "n")
LEAST = 4  # photos that are worth a process of their own


def options(parser):
    """The options of `gradcam measure MEASURE --photos PHOTOS --out RESULTS/`."""
    group = parser.add_argument_group(
        "photos of your own",
        "into a folder, --out RESULTS/: rows.jsonl, figures.csv (and .parquet), summary.md with\n"
        "  the intervals; if it is killed, the same command goes on where it was",
    )
    photos = "files, folders, patterns or @LIST, as gradcam explain takes them"
    group.add_argument("--photos", metavar="PHOTO", nargs="+", action="extend", help=photos)
    truth = (
        "where the objects are: a folder of masks called as the photos are; COCO (.json); Pascal VOC (.xml, "
        "or their folder); a table of boxes (.csv); without it, measures that need no truth"
    )
    group.add_argument("--truth", metavar="FILE", help=truth)
    maps = (
        "measure maps that were made elsewhere: a folder of gradcam explain --out, or of any library's .npy "
        "files, called as the photos are (in folders called as the methods, if there are several)"
    )
    group.add_argument("--maps", metavar="FOLDER", help=maps)
    of = "explain this class of every photo; default: what the truth says, or the most probable one"
    group.add_argument("--class", dest="c", metavar="NAME|INDEX", help=of)
    _manner.options(group)
    _model_options.options(parser)


def check(args):
    """AskError for options that are for the one or the other."""
    from gradcam.asking import AskError

    alone = FOR_PHOTOS if not args.photos else NOT_FOR_PHOTOS
    other = "photos of yours: add --photos" if not args.photos else "--data and --world"
    for option in alone:
        if getattr(args, option) is not None:
            raise AskError(f"--{'class' if option == 'c' else option} is for {other}")
    if not args.photos and not args.network:
        raise AskError("which network? --network NAME (see: gradcam weights list)")
    if args.photos and args.out is None:
        raise AskError("photos of yours are measured into a folder: add --out RESULTS/")
    if args.methods and not (args.network or args.onnx or args.model):
        raise AskError("--method explains here, and needs a network: --network NAME or --onnx MODEL")
    if args.photos and not (args.network or args.onnx or args.model or args.maps):
        raise AskError("whose maps? --network NAME, --onnx MODEL, or --maps FOLDER for maps made elsewhere")


def run(args, measures, at_layers):
    """Measure the photos, and say what was found -> the exit status.

    at_layers: f(net) -> the methods that were asked for, at layers of the network.
    """
    from gradcam.commands._network import loaded, network_named
    from gradcam.commands._printing import say
    from gradcam.measure.own import GivenMaps, MeasureTask, Truths, measure_into
    from gradcam.runs.photos import find
    from gradcam.runs.record import digest_of

    args.photo, args.layer, args.targets = args.photos[0], None, None
    _model_options.check(args)
    photos = find(args.photos, but=args.out)
    truth = Truths(args.truth) if args.truth else None
    given = GivenMaps(args.maps) if args.maps else None
    net, made_by, also = None, None, {}
    if args.onnx:
        net, made_by, also = _model.network(args), (_model.network, (args,)), {"file": digest_of(args.onnx)}
    elif args.network:
        net = loaded(network_named(args.network), args.weights)
    measures = _fitting_measures(measures, net, truth, given, args.measures)
    c, classes = _classes(args, net, truth)
    methods = tuple(at_layers(net) if args.methods else () if given else _quick(net))
    task = MeasureTask(net, measures, methods, truth, given, classes, c, made_by)
    with _manner.asked(args, photos, LEAST) as manner:
        found = measure_into(args.out, task, photos, manner, also)
    say(f"{found}\n{found.path}{os.sep}")
    return 0


def _fitting_measures(asked, net, truth, given, words):
    """Those that can be measured here; if all were asked for, the others are left out without a word."""
    from gradcam.asking import AskError
    from gradcam.measure.measure import PICTURES
    from gradcam.measure.measures import MEASURES

    fitting = []
    for name in asked:
        measure, why = MEASURES[name], None
        if measure.needs != PICTURES:
            why = "is measured on --data or --world"
        elif measure.truth and not truth:
            why = "needs to know where the objects are: add --truth"
        elif measure.network and net is None:
            why = "asks the network: add --network or --onnx"
        if why is None:
            fitting.append(name)
        elif "all" not in words:
            raise AskError(f"{name} {why}")
    if not fitting:
        raise AskError("none of these measures can be measured so: add --truth, or a network")
    return tuple(fitting)


def _classes(args, net, truth):
    """(the class of every photo, {label: class}).  AskError: a label that is no class of the network."""
    from gradcam.asking import AskError, class_index

    if net is None:
        return None, None
    names = net.card.classes
    total = len(names) if names else 10**9
    if args.c is not None:
        return class_index(args.c, names, total), None
    found, unknown = {}, []
    for label in truth.labels() if truth else ():
        try:
            found[label] = class_index(label, names, total)
        except AskError as error:
            unknown.append(str(error))
    if unknown:
        raise AskError(
            f"{len(unknown)} of the {len(found) + len(unknown)} labels in {args.truth} are no classes of "
            f"{net.card.name}; the first: {unknown[0]}. Write others there, or give --class"
        )
    return None, found


def _quick(net):
    """The methods of few passes that fit this network."""
    import numpy as np

    from gradcam.measure.case import unfit
    from gradcam.measure.pictures.example import Example, squash
    from gradcam.measure.study.plan import QUICK

    rows, columns = net.card.preprocessing.sides
    grey = np.full((rows, columns, 3), 127, np.uint8)
    blank = Example(grey, 0, np.ones((rows, columns), bool), np.array([[0, 0, columns, rows]], float))
    failed = unfit(net, blank, squash(net.card.preprocessing), QUICK)
    return [m for m in QUICK if m not in failed]
