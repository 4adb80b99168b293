"""gradcam explain: a photo, a network, and all its explanations in one picture."""

import math
import os
import sys

from gradcam.commands import _many, _model, _model_options, _pictures, _places
from gradcam.commands._parser import described
from gradcam.commands._scene import KINDS, SCENE_NETWORK, built_in

PHOTO_NETWORK = "squeezenet"
SAMPLE = "grace_hopper"
MOST = 12  # rows that a panel can have
DESCRIPTION = """\
Explain what a network sees in a photo.  It prints the five most probable classes, and draws a panel: a
row for each class, and in it for each method a saliency map, a heat map or an overlay, which shows where
the network finds evidence for that class.  Of many photos it writes rows of numbers, and the maps as arrays.
"""
EXAMPLES = """\
Examples:
  gradcam explain
      a sample photo: what SqueezeNet sees in it, explained by five methods side by side
  gradcam explain photo.jpg
      your photo: SqueezeNet is built in, and knows the 1000 classes of ImageNet
  gradcam explain photo.jpg --class "tiger cat" boxer
      a row for each class: where is the evidence for the cat, where for the dog?
  gradcam explain photo.jpg --class tabby --layer fire5 --method grad_cam counterfactual
      Grad-CAM at an earlier layer (gradcam layers lists them), and where the evidence against the class lies
  gradcam explain --network shapes
      a drawn scene of two shapes, and a small network that knows eight kinds of them
  gradcam explain photo.jpg --network vgg16 --weights vgg16.npz
      another network, with its weights in a file of yours
  gradcam explain photo.jpg --method grad_cam grad_cam++ hirescam score_cam lrp_gamma
      other methods; gradcam methods lists them all
  gradcam explain photo.jpg --method layercam fused_layercam aug_smooth_grad_cam --layer fire5 --layer fire9
      maps of two layers, their mean, and one averaged over mirrored and darker pictures
  gradcam explain photo.jpg --target "tabby - boxer" "probability of tabby" --method grad_cam
      why the one rather than the other, and what raises its probability
  gradcam explain photo.jpg --method grad_cam --colormap viridis --threshold 0.2 --overlays .
      in other colours, and each map as a picture of its own
  gradcam explain photo.jpg --out maps.npz
      the raw maps, as numbers
  gradcam explain photo.jpg --out panel.pdf --json
      a picture to print, and the numbers for a program
  gradcam explain photo.jpg --onnx model.onnx --labels names.txt --mean 0.48 0.46 0.41 --std 0.23 0.22 0.22
      a network of your own, exported as ONNX from any framework
  gradcam explain photo.jpg --model model.toml
      the same, described once in a file: gradcam describe model.onnx --write makes one
  gradcam explain photo.jpg --keras model.keras --labels names.txt
      the same for a model that Keras saved, .keras or .h5
  gradcam explain ecg.csv --model model.onnx
      a network of signals: .csv, .wav or .npy; of volumes: .npy, .nii.gz or a folder of slices
  gradcam explain photo.jpg --onnx model.onnx --at 10:20 5:30
      one whose output is a map: the scores of a region of it
  gradcam explain photos/ --method grad_cam --out RUN/
      a folder of photos: a row of numbers for each, and the maps as arrays; killed, it goes on where it was
"""


def register(subparsers):
    from gradcam.explanation import PANEL

    parser = described(subparsers, "explain", "explain what a network sees in a photo", DESCRIPTION, EXAMPLES)
    photos = "a picture file; without one, a sample photo; or many (see below)"
    parser.add_argument("photos", metavar="PHOTO", nargs="*", help=photos)
    parser.add_argument(
        "--network", metavar="NAME", help=f"see: gradcam weights list; default: {PHOTO_NETWORK}, 1000 classes"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help="the network's weights, in any format; default: the published file"
    )
    parser.add_argument(
        "--class",
        dest="classes",
        metavar="NAME|INDEX",
        nargs="+",
        action="extend",
        help="the classes to explain, by name or number; default: the most probable",
    )
    from gradcam.targets.text import FORMS

    target = f"something else to explain, one or several: {FORMS}"
    parser.add_argument("--target", dest="targets", metavar="TARGET", nargs="+", action="extend", help=target)
    layer = (
        "the layer whose feature maps Grad-CAM weighs (see: gradcam layers); given several times, there is a "
        "map of each; default: the network's own"
    )
    parser.add_argument("--layer", metavar="NAME", action="append", help=layer)
    unit = "start the deconvnet at this layer's strongest unit; default: the network's own, or the score"
    parser.add_argument("--unit-layer", metavar="NAME", help=unit)
    methods = (
        "one or several, or variants of them, as guided_layercam (see: gradcam methods); default: "
        f"{', '.join(PANEL)}"
    )
    parser.add_argument("--method", dest="methods", metavar="NAME", nargs="+", action="extend", help=methods)
    allow = "operations, or tensors, where the rules of deconvnet and guided backprop may be the derivative"
    parser.add_argument("--allow", metavar="KIND", nargs="+", action="extend", default=[], help=allow)
    exact = "compute in float64, without fast convolutions: three times slower, no rounding to speak of"
    parser.add_argument("--exact", action="store_true", help=exact)
    _places.option(parser, "PHOTO_explained.png", "the panel", "; or the maps as numbers: .npz, one as .npy")
    _pictures.options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of words")
    _many.options(parser)
    _model_options.options(parser)
    parser.set_defaults(run=run)


def run(args):
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.commands._methods import method_named, methods_at
    from gradcam.commands._network import loaded, network_named, see_layers
    from gradcam.explanation import PANEL, explain
    from gradcam.explanation.request import class_named
    from gradcam.feature_maps import layer_named
    from gradcam.image import crop_shown, prepare
    from minicnn import Tensor

    args.photo = args.photos[0] if args.photos else None
    _photo_first(args)
    _model_options.check(args)
    many = _many.given(args)
    name = None if args.onnx else network_named(args.network or PHOTO_NETWORK)
    methods = list(dict.fromkeys(map(method_named, args.methods or PANEL)))
    if many and args.exact:
        raise AskError("--exact is for one photo")
    if many:
        return _of_many(args, name, methods)
    from gradcam.commands import _report as report

    shown = SCENE_NETWORK if name == SCENE_NETWORK else SAMPLE
    out = _pictures.out(args, _places.name_of(args.photo, "explained", shown))
    net, dtype = _model.network(args) if args.onnx else None, np.float64 if args.exact else np.float32
    if net and net.card.axes != 4:
        x, kinds, called, image = _recorded(args, net).astype(dtype), [], args.photo, None
    else:
        image, kinds, called = _picture(args.photo, name)
        net = net or loaded(name, args.weights, bool(args.network))
        x = prepare(image, net.card.preprocessing, dtype)
    net = net.astype(dtype) if args.exact else net
    X = Tensor(x, "x")
    y = net(X) if args.onnx else None
    count = len(net.card.classes or ()) if y is None else _model.count(net, y)
    class_of = class_named if args.onnx else _class
    named = args.classes or ([] if args.targets else kinds)
    asked = {c: class_of(c, net.card.classes, count) for c in named}
    classes = list(dict.fromkeys([*asked.values(), *_targets(args, class_of, net, count, image)]))
    if len(classes) > MOST:
        raise AskError(f"{len(classes)} classes are too many for one panel: give at most {MOST} at a time")
    see = f"gradcam layers {args.onnx}" if args.onnx else see_layers(net)
    methods, layers = methods_at(methods, args.layer, net, x, see)
    unit_layer = layer_named(args.unit_layer, net, x, see)
    if args.onnx:
        _model.check_layers(args.onnx, y, [*layers, unit_layer], only_plain=False)
    undefined = {}
    if args.onnx:
        methods, undefined = _model.check_maps(net, layers, methods, y, X)
    del y
    style = _pictures.style(args)
    explanation = explain(
        net,
        x,
        classes or None,
        methods,
        layers or None,
        unit_layer,
        allow=args.allow,
        progress=sys.stderr.isatty(),
    )
    explanation.undefined |= undefined
    explanation.prepared = _model.prepared(net, args.onnx)

    if not all(map(math.isfinite, explanation.scores.ravel())):
        raise AskError(
            f"{net.card.name} gives scores that are not finite (NaN or infinite): look into its weights"
        )

    shown = None if image is None else crop_shown(image, net.card.preprocessing)
    what = _pictures.save(args, explanation, shown, style, out)
    advice = report.taken(asked, net.card) + ([] if shown is None else report.dull(shown))
    if args.onnx:
        advice += [*_model.lines(net)]
    told = report.as_json if args.json else report.in_words
    told(explanation, called, out, advice, what)
    return 0


def _recorded(args, net):
    """A signal or a volume from its file, as the network's input (1, C, ...)."""
    from gradcam.asking import AskError
    from gradcam.reading import read_input

    if args.overlays:
        raise AskError("--overlays are pictures of a photo; of signals and volumes, --out is a panel or maps")
    channels = net.description.example[1]
    shape = net.description.inputs[net.description.picture] or ()
    return read_input(args.photo, net.card.axes, channels if shape[1:2] != (-1,) else None).values[None]


def _targets(args, class_of, net, count, image=None):
    """The targets of --target; a mask of the size of the photo, if there is one only, is cut as it is."""
    from gradcam.explanation.given import as_photo
    from gradcam.targets.text import mask_in, target

    def mask(file):
        found = mask_in(file)
        same = image is not None and found.shape == image.size[::-1]
        return as_photo(found, net.card.preprocessing) if same else found

    def number(word):
        return class_of(word, net.card.classes, count)

    axis = _model.axis_of_boxes(net) if args.onnx else 1
    return [target(text, number, mask, axis) for text in args.targets or ()]


def _of_many(args, name, methods):
    """What holds for all photos is found out with a blank one."""
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.commands._methods import methods_at
    from gradcam.commands._network import loaded, see_layers
    from gradcam.explanation import explain
    from gradcam.explanation.request import class_named
    from gradcam.feature_maps import layer_named
    from gradcam.methods import METHODS
    from minicnn import Tensor

    net = _model.network(args) if args.onnx else loaded(name, args.weights, bool(args.network))
    if net.card.axes != 4:
        raise AskError("signals and volumes are explained one at a time")
    preprocessing = net.card.preprocessing
    x = np.zeros((1, len(preprocessing.mean), *preprocessing.sides), np.float32)
    X = Tensor(x, "x")
    y = net(X)
    class_of = class_named if args.onnx else _class
    count = _model.count(net, y) if args.onnx else y.shape[1]
    asked = [class_of(c, net.card.classes, count) for c in args.classes or ()]
    classes = list(dict.fromkeys([*asked, *_targets(args, class_of, net, count)]))
    see = f"gradcam layers {args.onnx}" if args.onnx else see_layers(net)
    methods, layers = methods_at(methods, args.layer, net, x, see)
    if fused := [m for m in methods if METHODS[m].fuses]:
        raise AskError(f"{fused[0]} makes one map of several layers, which is for one photo at a time")
    at = [next(iter(layers), None), layer_named(args.unit_layer, net, x, see)]
    undefined = {}
    if args.onnx:
        _model.check_layers(args.onnx, y, [*layers, at[1]], only_plain=False)
        methods, undefined = _model.check_maps(net, layers, methods, y, X)
    if quick := [m for m in methods if not METHODS[m].many_passes]:
        undefined |= explain(net, x, classes or None, quick, *at, allow=args.allow).undefined
    return _many.run(args, net, classes, methods, at, undefined)


def _class(asked, names, count):
    """The class that was asked for; if there is none, whether the network of 1000 classes has it."""
    from gradcam.asking import AskError, class_index
    from weights import classes

    try:
        return class_index(asked, names, count)
    except AskError as error:
        large = classes("imagenet")
        if not names or names == large:
            raise
        try:
            known = large[class_index(asked, large, len(large))]
        except AskError:
            raise error from None
        raise AskError(f"{error}; {PHOTO_NETWORK} knows '{known}': --network {PHOTO_NETWORK}") from None


def _photo_first(args):
    """Options that take several words may have taken the photo for one of them."""
    from gradcam.asking import AskError

    taken = [word for word in [*(args.classes or []), *(args.methods or [])] if os.path.isfile(word)]
    if taken and not args.photos:
        raise AskError(
            f"'{taken[0]}' stands where a name was expected: write the photo first, "
            f"gradcam explain {taken[0]} ..."
        )


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
