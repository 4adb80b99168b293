"""gradcam verify: somebody's map against the reference, and the reason named when it differs."""

import argparse
import json
import sys
from pathlib import Path

EXAMPLES = """\
Examples:
  gradcam verify --onnx model.onnx --input x.npy --class 243 --layer relu5_3 --method grad_cam --result map.npy
      any framework that can export ONNX and save arrays
  gradcam verify --network squeezenet --weights squeezenet_v1_0.npz --input x.npy --class 243 --method saliency --result map.npy
      a network that is known here, with its weights in any format
  ... --scores y.npy --activations A.npy --gradient dA.npy
      more of theirs: the first stage that differs is then measured, and fewer causes fit
  ... --json, ... --html report.html
      for a program, for a reader
  gradcam verify kit DIR
      a folder of small networks, inputs and expected results, for any library to test itself against

Exit status:
  0  equal
     rounding: float32 put gates or switches that lie within its roundoff of a tie on the other side; the report says which, or how many
     tie: it differs only where a derivative is not defined (two equal maxima in a window, a ReLU at exactly 0), by another valid choice
  1  differs, with the cause, or unknown, with what was ruled out
  2  could not compare, and why
A test suite that wants no ties reads "verdict" in --json, or verdict.kind.
From Python, with a live PyTorch model: gradcam.verify.torch(model, x, 243, "grad_cam", "layer4", their_map)
"""
MORE = {"their_input": "input, as their network got it", "scores": "scores", "activations": "layer activation", "gradient": "gradient",
        "alpha": "channel weights"}  # fmt: skip

SETTINGS = {"steps": (int, "M", "of Integrated Gradients; default: 50"),
            "rule": (str, "NAME", "of its steps: gauss, right or midpoint; default: gauss"),
            "baseline": (str, "X", "where it starts, after preprocessing: a number, or a file .npy; default: 0"),
            "noise": (str, "FILE", "SmoothGrad's draws, as they were added to the input (n, C, H, W), .npy")}  # fmt: skip


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "verify", help="hold somebody's map against the reference, and name why it differs", epilog=EXAMPLES, formatter_class=raw,
        description="Hold a map from any framework against the reference, stage by stage, and name the cause if it differs.",
    )  # fmt: skip
    parser.add_argument("kit", nargs="*", metavar="kit DIR", help="write the conformance kit to a folder")
    parser.add_argument(
        "--network", metavar="NAME", help="see: gradcam weights list; default: the one that --weights fit"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help="a file of weights, in any format that is read here"
    )
    parser.add_argument("--onnx", metavar="FILE", help="the model as ONNX, instead of --weights")
    parser.add_argument("--input", metavar="FILE", help="the preprocessed input (N, C, H, W), .npy")
    parser.add_argument(
        "--photo", metavar="FILE", help="the photo, instead of --input, for networks that are known here"
    )
    parser.add_argument(
        "--class",
        dest="target",
        metavar="INDEX",
        type=int,
        nargs="+",
        help="the explained class; or one per picture",
    )
    parser.add_argument(
        "--method", metavar="NAME", default="grad_cam", help="see: gradcam methods; default: grad_cam"
    )
    parser.add_argument(
        "--layer", metavar="NAME", help="for Grad-CAM and its relatives (see: gradcam layers)"
    )
    parser.add_argument("--result", metavar="FILE", help="their map, .npy")
    for name, what in MORE.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="FILE", help=f"their {what}, .npy")
    for name, (kind, shown, what) in SETTINGS.items():
        parser.add_argument(f"--{name}", metavar=shown, type=kind, help=what)
    parser.add_argument("--no-pairs", action="store_true", help="try single causes only")
    parser.add_argument("--seconds", type=float, default=120, help="for pairs of causes; default: 120")
    parser.add_argument("--json", action="store_true", help="print JSON instead of words")
    parser.add_argument("--html", metavar="FILE", help="also write a report with pictures")
    parser.set_defaults(run=run)


def run(args):
    from gradcam.commands._ask import AskError
    from gradcam.verify.errors import VerifyError

    try:
        if args.kit:
            return _kit(args.kit)
        verdict = _verdict(args)
    except VerifyError as error:
        raise AskError(str(error)) from error
    if args.html:
        from gradcam.verify.report.html import as_html

        try:
            Path(args.html).write_text(as_html(verdict), "utf-8")
        except OSError as error:
            raise AskError(f"{args.html}: cannot be written: {error.strerror}") from None
    from gradcam.verify.report.text import in_words

    print(
        json.dumps(verdict.as_dict(), indent=2, allow_nan=False)
        if args.json
        else in_words(verdict, colour=sys.stdout.isatty())
    )
    return verdict.status


def _verdict(args):
    from gradcam.verify import files
    from gradcam.verify.errors import VerifyError
    from gradcam.verify.testing import network

    for name, value in {"--result": args.result, "--class": args.target, "--input or --photo": args.input or args.photo,
                        "--network, --weights or --onnx": args.network or args.weights or args.onnx}.items():  # fmt: skip
        if value is None:
            raise VerifyError(f"{name} is missing; there is nothing to compare without it")
    theirs = {"result": files.array(args.result, "their result")}
    for name, what in MORE.items():
        if getattr(args, name):
            theirs[{"their_input": "input", "alpha": "weights"}.get(name, name)] = files.array(
                getattr(args, name), f"their {what}"
            )
    net = files.network(args.network, args.weights, args.onnx)
    x, photo = _input(args, net)
    target = args.target[0] if len(args.target) == 1 else args.target
    layer = args.layer or getattr(getattr(net, "card", None), "layer", None)
    progress = (
        (lambda text: print(f"\r\033[K{text[:100]}", end="", file=sys.stderr))
        if sys.stderr.isatty()
        else None
    )
    options = {"pairs": not args.no_pairs, "seconds": args.seconds, "progress": progress}
    verdict = network(net, x, target, args.method, layer, theirs, photo, _settings(args), **options)
    if progress:
        progress("")
    return verdict


def _settings(args):
    """What the method leaves open -> {name: value}."""
    from gradcam.verify import files

    given = {name: getattr(args, name) for name in SETTINGS if getattr(args, name) is not None}
    if "noise" in given:
        given["noise"] = files.array(args.noise, "the noise")
    if "baseline" in given:
        try:
            given["baseline"] = float(args.baseline)
        except ValueError:
            given["baseline"] = files.array(args.baseline, "the baseline")
    return given


def _input(args, net):
    """-> the input, and (picture, preprocessing) if it was made from a photo."""
    from gradcam.verify import files
    from gradcam.verify.errors import VerifyError

    if args.input:
        x = files.array(args.input, "the input")
        return (x[None] if x.ndim == 3 else x), None
    if getattr(net, "card", None) is None:
        raise VerifyError(
            "how this network wants its photos is not known here: give the preprocessed input with --input"
        )
    import numpy as np

    from gradcam.image import prepare, read

    picture = read(args.photo)
    return prepare(picture, net.card.preprocessing, np.float64), (picture, net.card.preprocessing)


def _kit(words):
    from gradcam.commands._ask import AskError

    if len(words) != 2 or words[0] != "kit":
        raise AskError(
            f"there is no 'verify {' '.join(words)}'; to write the conformance kit: gradcam verify kit DIR"
        )
    from gradcam.verify.kit.write import write

    folder, files, size = write(words[1])
    print(f"{files} files, {size / 1e6:.2f} MB, in {folder}: begin with {folder / 'README.md'}")
    return 0
