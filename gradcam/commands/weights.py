"""gradcam weights: what a file of weights holds, which networks there are, and where their files lie."""

from gradcam.commands._parser import described

DESCRIPTION = """\
Files of weights: list the published networks that are known here, fetch and check their files, and look
into a file of any framework.
"""
EXAMPLES = """\
Examples:
  gradcam weights list
      the networks, and whether their files are here
  gradcam weights get resnet18
      fetch a file (47 MB); that of squeezenet, also of 1000 classes, is part of the package
  gradcam weights where vgg16
      where its file is looked for; set MINICNN_WEIGHTS to keep such files in a folder of your choice
  gradcam weights show vgg16-397923af.pth
      the arrays in a file: names, shapes, types and sizes
  gradcam weights check shapes
      a network that is built in: is it as accurate as its model card says, does it agree with PyTorch?
  gradcam weights check vgg16 --photos DIR --photo cat_dog.jpg
      does it recognise photos, agree with PyTorch, tell the dog from the cat in Figure 1 of the Grad-CAM
      paper?
"""
CHECKED = """\
Photos default to images/imagenet_samples and images/cat_dog.jpg in the folder that MINICNN_DATA names.

Exit status:
  0  all that could be judged holds
  1  something does not
  2  nothing could be judged
"""
LONGEST = 60  # letters of a name in the table of a file
WIDTHS = 24, 60, 36  # of the table of a check, whose rows come one by one


def register(subparsers):
    brief = "list, fetch and check files of weights, and look into them"
    parser = described(subparsers, "weights", brief, DESCRIPTION, EXAMPLES)
    parser.set_defaults(run=lambda args: parser.print_help() or 0)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    _action(actions, run_list, "list", "list the networks")
    _action(actions, run_get, "get", "fetch a network's file, unless it is here, and check its sum", "NAME")
    _action(actions, run_where, "where", "print where a network's file is looked for", "NAME")
    _action(actions, run_show, "show", "list the arrays in a file of weights, of any framework", "FILE")
    says = "check a network's file on photos, on Figure 1 of the Grad-CAM paper, and against PyTorch"
    check = _action(actions, run_check, "check", says, "NAME", CHECKED)
    file = "check this file; default: the published one, which must be here"
    check.add_argument("--weights", metavar="FILE", help=file)
    photos = "photos whose names begin with the number of their class: 281_tabby.jpg"
    check.add_argument("--photos", metavar="FOLDER", help=photos)
    photo = "the photo of Figure 1 of the Grad-CAM paper: images/cat_dog.jpg of github.com/ramprs/grad-cam"
    check.add_argument("--photo", metavar="FILE", help=photo)
    out = "where that figure goes; default: NAME_figure_1.png, in the current folder"
    check.add_argument("--out", metavar="FILE", help=out)


def _action(actions, run, name, meaning, argument=None, epilog=""):
    parser = described(actions, name, meaning, f"{meaning[0].upper()}{meaning[1:]}.", epilog)
    if argument:
        parser.add_argument("what", metavar=argument)
    parser.set_defaults(run=run)
    return parser


def run_show(args):
    """A row for each array."""
    import weights
    from gradcam.commands._printing import say, say_table, short
    from weights.finite import not_finite

    arrays, rows = weights.read(args.what), []
    for name, a in arrays.items():
        shape = " x ".join(map(str, a.shape)) or "one number"
        rows.append((short(name, LONGEST), shape, str(a.dtype), f"{a.size:,}", _size(a.nbytes)))
    say_table(rows, right=(1, 3, 4))
    numbers, size = (sum(getattr(a, of) for a in arrays.values()) for of in ("size", "nbytes"))
    say(f"\n{len(arrays)} arrays, {numbers:,} numbers, {_size(size)}")
    if wrong := not_finite(arrays):
        say(f"There are {wrong}: such weights can explain nothing.")
    return 0


def run_list(args):
    """A row for each network."""
    import weights
    from gradcam.commands._printing import say_table
    from weights.zoo import network

    rows = []
    for name in weights.available():
        of, path = network(name), weights.where(name)
        fetched = "here" if path and path.exists() else f"to be fetched, {_stated(of.file)}"
        rows.append((name, "give its file" if path is None else fetched, of.card.title))
    say_table(rows)
    return 0


def run_get(args):
    """The path, on standard output, so that a script can use it."""
    import weights
    from gradcam.commands._network import network_named
    from gradcam.commands._printing import say

    say(weights.get(network_named(args.what, None)))
    return 0


def run_where(args):
    """The path, whether it exists or not; and what the file must be."""
    import weights
    from gradcam.commands._network import network_named
    from gradcam.commands._printing import say
    from weights.zoo import network

    name = network_named(args.what, None)
    path, file = weights.where(name), network(name).file
    if path is None:
        raise weights.WeightsError(
            f"{name}: no published address is known; load its file with --weights FILE"
        )
    say(path)
    if file.address and not path.exists():
        sum, kind = file.sum or ("unknown", "sum")
        digits = sum if len(sum) == {"sha256": 64, "md5": 32}.get(kind) else f"{sum}..."
        say(f"is not there yet; it is {file.address}, {_stated(file)}, {kind} {digits}")
    return 0


def run_check(args):
    """A row for each thing that is checked, as soon as it is known."""
    import weights
    from gradcam.check import Row, check
    from gradcam.commands._network import network_named
    from gradcam.commands._places import place
    from gradcam.commands._printing import say

    name = network_named(args.what, "classifier")
    path = args.weights or weights.where(name)
    if path is None or not (args.weights or path.exists()):
        get = f"gradcam weights get {name}, or " if path else ""
        raise weights.WeightsError(f"the file of {name} is not here: {get}name it with --weights FILE")
    if args.out is not None:
        place(args, args.out)
    net = weights.load(name, path)
    parameters = sum(tensor.data.size for tensor in net.parameters().values())
    say(f"{net.card.title}, {parameters:,} parameters, {net.card.source}'s names: {path}\n")
    rows, judged = check(net, path, args.photos, args.photo, args.out), []
    _row(Row("checked", "found", "expected"), "")
    for row in rows:
        _row(row, {True: "holds", False: "FAILS", None: "-"}[row.holds])
        judged += [row.holds] if row.holds is not None else []
    if not judged:
        install = "pip install 'minicnn-gradcam[verify]'"
        raise weights.WeightsError(
            f"nothing could be checked: give --photos FOLDER, or install PyTorch, {install}"
        )
    say(f"\n{sum(judged)} of {len(judged)} hold")
    return 0 if all(judged) else 1


def _row(row, holds):
    from gradcam.commands._printing import say
    from minicnn.errors import plain

    cells = [plain(cell) for cell in (row.what, row.found, row.expected)]
    say("".join(f"{cell:<{max(width, len(cell) + 1)}}" for cell, width in zip(cells, WIDTHS)) + holds)


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
