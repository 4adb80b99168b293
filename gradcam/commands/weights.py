"""gradcam weights: what a file of weights holds, which networks there are, and where their files lie."""

import argparse

EXAMPLES = """\
  gradcam weights list                       the networks, and whether their files are here
  gradcam weights get squeezenet             fetch a file (0.7 MB: the quick way to a network of 1000 classes)
  gradcam weights where vgg16                where its file is looked for; set MINICNN_WEIGHTS to keep files elsewhere
  gradcam weights show vgg16-397923af.pth    names, shapes, types and sizes of the arrays in a file
  gradcam weights check vgg16 --photos DIR --photo cat_dog.jpg
                                             does it recognise photos, agree with PyTorch on every method, and
                                             tell the dog from the cat, as in Figure 1 of the Grad-CAM paper?
"""
ACTIONS = {
    "show": ("FILE", "print the arrays in a file of weights, of whichever framework"),
    "list": (None, "list the networks"),
    "get": ("NAME", "fetch a network's file, unless it is here, and verify it"),
    "where": ("NAME", "print where a network's file is looked for"),
    "check": (
        "NAME",
        "try a network's file on photos, on Figure 1 of the Grad-CAM paper, and against PyTorch where that is installed",
    ),
}


def register(subparsers):
    raw = argparse.RawDescriptionHelpFormatter
    text = (
        "Files of weights: look into them, list the networks that are known, fetch their files, check them."
    )
    parser = subparsers.add_parser("weights", help="look into, list, fetch and check files of weights", description=text, epilog=EXAMPLES,
                                   formatter_class=raw)  # fmt: skip
    parser.set_defaults(run=lambda args: parser.print_help() or 0)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    for name, (argument, meaning) in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning[0].upper() + meaning[1:] + ".")
        if argument:
            action.add_argument("what", metavar=argument)
        if name == "check":
            action.add_argument(
                "--weights",
                metavar="FILE",
                help="check this file; default: the published one, which must be here",
            )
            action.add_argument(
                "--photos",
                metavar="FOLDER",
                help="photos whose names begin with the number of their class: 281_tabby.jpg",
            )
            figure = "the photo of Figure 1 of the Grad-CAM paper: images/cat_dog.jpg of github.com/ramprs/grad-cam"
            action.add_argument("--photo", metavar="FILE", help=figure)
            action.add_argument(
                "--out",
                metavar="FILE",
                help="where that figure goes; default: NAME_figure_1.png, in this folder",
            )
            action.epilog = "Photos default to images/imagenet_samples and images/cat_dog.jpg in the folder that MINICNN_DATA names. "
            action.epilog += "The exit status is 0 if all that was judged holds, 1 if something does not, 2 if nothing could be judged."
        action.set_defaults(run=globals()[f"run_{name}"])


def run_show(args):
    """One line per array."""
    import numpy as np

    import weights

    arrays = weights.read(args.what)
    rows = [
        (name, " x ".join(map(str, a.shape)) or "one number", str(a.dtype), a.size, a.nbytes)
        for name, a in arrays.items()
    ]
    name, shape = (max(len(row[k]) for row in rows) for k in (0, 1))
    for row in rows:
        print(f"{row[0]:<{name}}  {row[1]:>{shape}}  {row[2]:<8}{row[3]:>13,}{_size(row[4]):>11}")
    print(
        f"\n{len(rows)} arrays, {int(np.sum([row[3] for row in rows])):,} numbers, {_size(sum(row[4] for row in rows))}"
    )
    return 0


def run_list(args):
    """One line per network."""
    import weights
    from weights.zoo import network

    for name in weights.available():
        of, path = network(name), weights.where(name)
        here = (
            "give its file" if path is None else "here" if path.exists() else f"to be fetched, {_stated(of.file)}"
        )
        print(f"{name:<26} {here:<26} {of.card.title}")
    return 0


def run_get(args):
    """The path, on standard output, so that a script can use it."""
    import weights

    print(weights.get(_name(args.what)))
    return 0


def run_where(args):
    """The path, whether it exists or not; and what the file must be."""
    import weights
    from weights.zoo import network

    name = _name(args.what)
    path, file = weights.where(name), network(name).file
    if path is None:
        raise weights.WeightsError(
            f"{name}: no published address is known; load its file with --weights FILE"
        )
    print(path)
    if file.address and not path.exists():
        sum_ = file.sha256 if len(file.sha256) == 64 else f"{file.sha256}..."
        print(f"is not there yet; it is {file.address}, {_stated(file)}, sha256 {sum_}")
    return 0


def run_check(args):
    """The table of gradcam/check."""
    import weights
    from gradcam.check import check

    name = _name(args.what, "classifier")
    path = args.weights or weights.where(name)
    if path is None or not (args.weights or path.exists()):
        get = f"gradcam weights get {name}, or " if path else ""
        raise weights.WeightsError(f"the file of {name} is not here: {get}name it with --weights FILE")
    return check(name, path, args.photos, args.photo, args.out)


def _name(asked, kind=None):
    from gradcam.commands._network import network_named

    return network_named(asked, kind)


def _stated(file):
    """The size of a published file; where its publisher rounds, so do we."""
    if file.size is None and file.bytes:
        return f"{file.bytes / 1e6:.0f} MB"
    return _size(file.bytes) if file.bytes else "size unknown"


def _size(n):
    """Bytes for people: 553.4 MB."""
    for unit in ("bytes", "kB", "MB"):
        if n < 1000:
            return f"{n:.4g} {unit}"
        n /= 1000
    return f"{n:.4g} GB"
