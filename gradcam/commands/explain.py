"""gradcam explain: a photo, a network, and all its explanations in one picture; or many photos (_many)."""

import os
from pathlib import Path

from gradcam.commands import _many, _model_options, _one, _pictures, _places
from gradcam.commands._asked import PHOTO_NETWORK
from gradcam.commands._parser import described

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


MODELS = (".onnx", ".keras", ".h5", ".hdf5", ".toml", ".pt", ".pth", ".safetensors")


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
    from gradcam.commands._methods import method_named
    from gradcam.commands._network import network_named
    from gradcam.explanation import PANEL

    args.photo = args.photos[0] if args.photos else None
    _photo_first(args)
    _model_options.check(args)
    many = _many.given(args, one=_one.is_volume(args))
    name = None if args.onnx else network_named(args.network or PHOTO_NETWORK)
    methods = list(dict.fromkeys(map(method_named, args.methods or PANEL)))
    return (_many if many else _one).run(args, name, methods)


def _photo_first(args):
    """Options that take several words may have taken the photo for one of them."""
    from gradcam.asking import AskError

    model = next((word for word in args.photos if Path(word).suffix.lower() in MODELS), None)
    if model and os.path.isfile(model):
        raise AskError(f"{model} is a model, and no photo: gradcam explain PHOTO --model {model}")
    taken = [word for word in [*(args.classes or []), *(args.methods or [])] if os.path.isfile(word)]
    if taken and not args.photos:
        raise AskError(
            f"'{taken[0]}' stands where a name was expected: write the photo first, "
            f"gradcam explain {taken[0]} ..."
        )
