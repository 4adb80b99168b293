"""gradcam describe: what a network's file tells of itself, what is assumed, and what only you know."""

from gradcam.commands import _model, _model_options
from gradcam.commands._parser import described

DESCRIPTION = """\
Describe a network of your own, once.  It tells what the file itself says of its input, its output and its
classes, what is assumed, and what remains for you; and it shows what the network would say of a photo under
each of the usual ways to prepare pixels.  --write makes a file of that, MODEL.toml beside the network, where
you change what is wrong; gradcam explain reads it from then on.
"""
EXAMPLES = """\
Examples:
  gradcam describe model.onnx
      what is known of it, and a sample photo under each of the usual preprocessings
  gradcam describe model.onnx --photo cat.jpg
      a photo of something that it knows: the right preprocessing is likely the one that names it
  gradcam describe model.onnx --write
      model.toml, to be completed: class names, the preprocessing
  gradcam explain cat.jpg --model model.toml
      with all that it says
"""
NAMES = {"input": "input", "output": "output", "crop": "size of its pictures"}


def register(subparsers):
    brief = "what a network of your own is, and how its photos are prepared"
    parser = described(subparsers, "describe", brief, DESCRIPTION, EXAMPLES)
    parser.add_argument("file", metavar="MODEL", help="a file of ONNX or Keras, or its MODEL.toml")
    parser.add_argument("--model", metavar="FILE", help="its MODEL.toml, if that lies elsewhere")
    photo = "what is shown to it, under each preprocessing; default: a sample photo"
    parser.add_argument("--photo", metavar="PHOTO", help=photo)
    _model_options.add_output(parser)
    parser.add_argument("--write", action="store_true", help="write MODEL.toml beside it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of words")
    parser.set_defaults(run=run)


def run(args):
    from pathlib import Path

    from gradcam.commands._printing import say, say_json
    from gradcam.files import check_place, written
    from weights.described import as_toml, model_of
    from weights.described.model_toml import beside

    path = Path(args.file)
    path = model_of(path) if path.suffix.lower() == ".toml" else path
    if args.write:
        place = check_place(beside(path), replace=False)
    net = _model.described(
        args.file, args.model, output=args.output, given=args.given, picture=args.picture, blank=True
    )
    tried = _tried(net, args.photo)
    if args.write:
        with written(place, replace=False) as file:
            file.write(as_toml(net, path).encode("utf-8"))
    known = net.known
    if args.json:
        say_json({
            "model": str(path), "describe": known.describe,
            "found": {name: {"is": what, "by": by} for name, (what, by) in known.found.items()},
            "assumed": dict(known.assumed), "remains": [*known.remains],
            "tried": [{"pixels": name, "says": says} for name, says, _ in tried],
            "written": str(place) if args.write else None,
        })  # fmt: skip
        return 0
    say(net.card.title)
    _table("Found", [(name, what, f"({by})") for name, (what, by) in known.found.items()])
    _table("Assumed, as nobody says it", [*known.assumed.items()])
    _table("Left to you", [(name, _ask(name)) for name in known.remains])
    if tried:
        _table(f"What it would say of {args.photo or 'the sample photo'}, by how its pixels are prepared",
               [(name, says, f"({where})") for name, says, where in tried])  # fmt: skip
    notes = [*_model.lines(net)]
    if net.description.kind in ("map", "rows", "steps"):
        notes.append(f"To explain it: {_model.places(net.description)}.")
    for note in ["", *notes] if notes else ():
        say(note)
    if args.write:
        say(f"\nThe description is in {place}: change what is wrong, gradcam explain reads it.")
    elif known.assumed or known.remains:
        say(f"\ngradcam describe {args.file} --write makes {beside(path)}, where all of this can be said.")
    return 0


def _table(title, rows):
    from gradcam.commands._printing import say, say_table

    if rows:
        say(f"\n{title}")
        say_table([("", *row) for row in rows])


def _ask(name):
    return {
        "labels": "class names, in the order of the scores: a file, or a list",
        "pixels": "how its pixels were prepared when it was trained: a name below, or scale, mean and std",
        "crop": "how large its pictures were when it was trained, in pixels",
    }[name]


def _tried(net, photo):
    """[(name, what the network says, who prepares pixels so)] for each of the usual preprocessings."""
    from dataclasses import replace

    from gradcam.commands._one import sample
    from gradcam.image import prepare, read
    from weights.described import usual

    d, p = net.description, net.card.preprocessing
    ways = usual(d.channels) if d.layout and len(d.shape) == 2 else {}
    if not ways:
        return []
    image = read(photo or sample())
    return [
        (name, _says(net, net(prepare(image, replace(p, **way.fields)))[0]), way.where)
        for name, way in ways.items()
    ]


def _says(net, scores):
    """The two strongest classes, with their probabilities; of a single output, that."""
    import numpy as np

    from gradcam.explanation.answer import name_of
    from gradcam.show.verdict import first, percent
    from minicnn import Softmax
    from minicnn.ops.sigmoid import sigmoid

    card, kind = net.card, net.description.kind
    if not np.all(np.isfinite(scores)):
        return "numbers that are not finite"
    if kind == "number":
        return f"{scores[0]:.4g}"
    if kind == "yes or no":
        return f"{percent(float(sigmoid(scores)[0]))} {(card.classes or ('yes',))[-1]}"
    by_sigmoid = card.multi_label or card.ends == "sigmoid"
    p = sigmoid(scores) if by_sigmoid else Softmax()(scores[None])[0]
    return ", ".join(f"{percent(float(p[c]))} {name_of(c, card)}" for c in first(p, 2))
