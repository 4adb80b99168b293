"""gradcam verify: compare somebody's map with the reference, and name the cause when it differs."""

import sys
from pathlib import Path

from gradcam.commands import _model
from gradcam.commands._parser import described
from gradcam.commands._places import inputs

DESCRIPTION = """\
Is this map right?  Compare an explanation that any framework computed with this reference, step by step
in float64, and name the cause if it differs: another layer, another ReLU rule, a missing softmax, another
way of upsampling, ...
"""
EXAMPLES = """\
Examples:
  gradcam verify kit kit
      the conformance kit: a folder of small networks, inputs and right results, for any library to test
      itself with
  gradcam verify --onnx kit/chain/model.onnx --input kit/chain/input.npy --class 0 --layer relu2 \\
          --result kit/chain/expected/grad_cam.npy
      a map of it, compared with the reference
  gradcam verify --model model.onnx --input x.npy --class 243 --layer relu5_3 --result map.npy
      a model of yours, from any framework that can export ONNX and save arrays
  gradcam verify --network squeezenet --input x.npy --class 243 --method saliency --result map.npy
      a network that is known here; its weights may be a file of yours, in any format: --weights FILE
  gradcam verify ... --scores y.npy --activations A.npy --gradient dA.npy
      more of theirs: the first step that differs is then measured, and fewer causes are left
  gradcam verify ... --method integrated_gradients --setting steps=20 rule=right baseline=zero.npy
      what a method leaves open: a number, a word or an .npy file (a wrong name is answered with the right
      ones)
  gradcam verify ... --target "probability of 3"
      what was explained, where it is no class's score: '3 - 5', 'mask:mask.png', unit:relu2:4,3,3, ...
  gradcam verify ... --json --html report.html
      for a program, and a report with pictures

Exit status:
  0  the map is right
     equal: to rounding
     convention: but for its scale: stretched, divided by its maximum, a sum where the paper has a mean
     rounding: float32 put ReLU gates or max-pool switches that lie within rounding of a tie on the other side
     tie: it differs only where a derivative is not defined: two equal maxima in a window, a ReLU at exactly 0
  1  it is not: differs, with the cause; located, with the step; or unknown, with what was ruled out
  2  imprecise, so that nothing can be told; or refused: could not compare, and why
A test suite that wants no ties reads "verdict" in --json, or verdict.kind.
From Python, with a PyTorch model: gradcam.verify.torch(model, x, 243, "grad_cam", "layer4", their_map)
"""
THEIRS = {  # option: what it is called in a question, and here
    "their_input": ("input", "input, as their network got it"),
    "scores": ("scores", "scores before softmax (logits)"),
    "activations": ("activations", "feature maps of the layer"),
    "gradient": ("gradient", "gradient at the layer, or at the input"),
    "alpha": ("weights", "weights of the feature maps"),
}


def register(subparsers):
    brief = "is a map right?  compare it with the reference, and name the cause if it differs"
    parser = described(subparsers, "verify", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument("kit", nargs="*", metavar="kit DIR", help="write the conformance kit to a new folder")
    network = parser.add_argument_group("the network, and what it was given")
    network.add_argument("--onnx", metavar="FILE", help="the model as ONNX")
    own = "or a model of ONNX or Keras, or its MODEL.toml (see: gradcam describe)"
    network.add_argument("--model", metavar="FILE", help=own)
    network.add_argument(
        "--network", metavar="NAME", help="or a network that is known here (see: gradcam weights list)"
    )
    network.add_argument(
        "--weights", metavar="FILE", help="its weights, in any format; alone: of the network that they fit"
    )
    network.add_argument("--input", metavar="FILE", help="the preprocessed input (N, C, H, W), .npy")
    network.add_argument("--photo", metavar="FILE", help="or the photo, for a network that is known here")
    question = parser.add_argument_group("what was explained")
    index = "index of the explained class; or one for each picture"
    question.add_argument("--class", dest="classes", metavar="INDEX", type=int, nargs="+", help=index)
    question.add_argument(
        "--target",
        metavar="TARGET",
        help="or something else that was explained, as in gradcam explain, classes by their index: "
        "'probability of 3', '3 - 5', 'mask:FILE', '3 in box:0,0,0.5,1', unit:LAYER:K,I,J",
    )
    question.add_argument(
        "--method", metavar="NAME", default="grad_cam", help="see: gradcam methods; default: grad_cam"
    )
    question.add_argument("--layer", metavar="NAME", help="the layer whose feature maps the method looks at")
    question.add_argument(
        "--setting", metavar="NAME=VALUE", nargs="+", action="extend", help="what it leaves open"
    )
    theirs = parser.add_argument_group(
        "their results", "each an .npy file (the map also .csv or .png), from any framework"
    )
    theirs.add_argument("--result", metavar="FILE", help="their map")
    for option, (_, what) in THEIRS.items():
        theirs.add_argument(f"--{option.replace('_', '-')}", metavar="FILE", help=f"their {what}")
    search = parser.add_argument_group("the answer")
    search.add_argument("--no-pairs", action="store_true", help="try single causes, not two at a time")
    seconds = "for pairs, and for rare causes of a large network; default: 20, of a large one the rest of 10"
    search.add_argument("--seconds", type=float, help=seconds)
    search.add_argument("--json", action="store_true", help="print JSON instead of words")
    search.add_argument("--html", metavar="FILE", help="also write a report with pictures, .html")
    parser.set_defaults(run=run)


def run(args):
    from gradcam.commands._printing import say, say_json

    if args.kit:
        return _kit(args.kit)
    if args.html is not None:
        _check_report(args)
    verdict = _verdict(args)
    if args.html is not None:
        from gradcam.files import written
        from gradcam.verify.report.html import as_html

        with written(args.html, inputs(args, but="html")) as file:
            file.write(as_html(verdict).encode("utf-8"))
    from gradcam.verify.report.text import in_words

    if args.json:
        say_json(verdict.as_dict())
    else:
        say(in_words(verdict, colour=sys.stdout.isatty()), coloured=True)
    return verdict.status


def _check_report(args):
    """Before any work: a report is a page, and overwrites nothing that is read."""
    from gradcam.files import SaveError, check_place

    if Path(args.html).suffix.lower() not in (".html", ".htm"):
        raise SaveError(f"{args.html}: a report's name ends in .html")
    check_place(args.html, inputs(args, but="html"))


def _verdict(args):
    from gradcam.verify import VerifyError, files, network
    from minicnn import Tensor

    needed = {
        "--result": args.result,
        "--class or --target": args.classes or args.target,
        "--input or --photo": args.input or args.photo,
        "--model, --network or --weights": args.onnx or args.model or args.network or args.weights,
    }
    for name, value in needed.items():
        if value is None:
            raise VerifyError(f"{name} is missing; there is nothing to compare without it")
    theirs = {"result": files.array(args.result, "their result")}
    for option, (name, what) in THEIRS.items():
        if path := getattr(args, option):
            theirs[name] = files.array(path, f"their {what}")
    if args.onnx and args.model:
        raise VerifyError(f"--onnx {args.onnx} and --model {args.model} are two networks: give one of them")
    net = files.network(args.network, args.weights, args.onnx, args.model)
    x, photo = _input(args, net)
    if own := args.onnx or args.model:
        x, theirs = _channels_first(net.description, x), _all_channels_first(net.description, theirs)
        if args.layer and any(step.op == "Transpose" for step in net.steps):
            _model.check_layers(own, net(X := Tensor(x[:1], "x")), X, [args.layer])
    target = _target(args, getattr(getattr(net, "card", None), "classes", None))
    layer = args.layer or getattr(getattr(net, "card", None), "layer", None)
    options = {"pairs": not args.no_pairs, "seconds": args.seconds, "progress": True}
    settings = dict(map(_setting, args.setting or ()))
    return network(net, x, target, args.method, layer, theirs, photo, settings, **options)


def _target(args, known):
    """A class, one for each picture, or what --target says; known: the names of the classes, or None."""
    from gradcam.asking import AskError, class_index
    from gradcam.targets.text import target
    from gradcam.verify import VerifyError

    if not args.target:
        return args.classes[0] if len(args.classes) == 1 else args.classes
    if args.classes:
        raise VerifyError("--class and --target both say what was explained: give one of them")

    def class_of(word):
        if known:
            return class_index(word, known, len(known))
        if not word.strip().isdecimal():
            raise AskError(f"the classes of this network have no names here: give a number for '{word}'")
        return int(word)

    try:
        return target(args.target, class_of)
    except AskError as error:
        raise VerifyError(str(error)) from None


def _setting(text):
    """steps=20 -> ("steps", 20); the value is a number, the array in an .npy file, or a word."""
    from gradcam.verify import VerifyError, files

    name, given, value = text.partition("=")
    if not (name and given and value):
        raise VerifyError(f"--setting '{text}': write NAME=VALUE, as in steps=20")
    if Path(value).suffix in (".npy", ".npz"):
        return name, files.array(value, f"the {name}")
    for number in (int, float):
        try:
            return name, number(value)
        except ValueError:
            continue
    return name, value


def _input(args, net):
    """-> the input, and (picture, preprocessing) if it was made from a photo."""
    from gradcam.verify import VerifyError, files

    if args.input:
        x = files.array(args.input, "the input")
        return (x[None] if x.ndim == 3 else x), None
    if args.onnx or (args.model and net.known.toml is None):
        raise VerifyError(
            "how this network wants its photos is not known: give the preprocessed input with --input, or "
            "--model with a description, MODEL.toml"
        )
    import numpy as np

    from gradcam.image import prepare, read

    picture = read(args.photo)
    return prepare(picture, net.card.preprocessing, np.float64), (picture, net.card.preprocessing)


def _channels_first(d, x):
    """An input of a graph whose pictures are (N, H, W, C), or a map of its shape, as (N, C, H, W)."""
    as_stored = d.layout == "NHWC" and x.ndim == 4 and x.shape[1:] == (*d.size, d.channels)
    return x.transpose(0, 3, 1, 2) if as_stored else x


def _all_channels_first(d, theirs):
    return {name: _channels_first(d, array) for name, array in theirs.items()}


def _kit(words):
    from gradcam.asking import AskError
    from gradcam.commands._printing import say

    if len(words) != 2 or words[0] != "kit":
        raise AskError(
            f"there is no 'verify {' '.join(words)}'; to write the conformance kit: gradcam verify kit DIR"
        )
    from gradcam.files import fresh_folder
    from gradcam.verify.kit.writing import write_kit

    with fresh_folder(words[1]) as place:
        folder, files, size = write_kit(place)
    say(f"{files} files, {size / 1e6:.2f} MB, in {folder}: begin with {folder / 'README.md'}")
    return 0
