"""A network of one's own, from a file of ONNX or Keras: how it is opened, and what is said of it."""

from pathlib import Path

from gradcam.commands._model_options import PREPARED

PLACES = {1: ("columns",), 2: ("rows", "columns"), 3: ("slices", "rows", "columns")}  # along each axis
PLACED = ("map", "rows", "steps")  # kinds of outputs that have places


def network(args):
    """The network of --onnx, with its card, for a photo.  AskError: it is none that looks at photos, or its
    output has places, and none was chosen.
    """
    from gradcam.asking import AskError

    asked = {key: getattr(args, key) for key in PREPARED if getattr(args, key) is not None}
    if args.crop is not None:
        if len(args.crop) > 2:
            raise AskError(f"--crop {' '.join(map(str, args.crop))}: give a side, or rows and columns")
        asked["crop"] = args.crop[0] if len(args.crop) == 1 else tuple(args.crop)
    layer = args.layer[0] if args.layer else None
    asked["picture"] = args.picture
    net = described(args.onnx, args.model, args.labels, layer, args.output, args.given, args.at, **asked)
    d = net.description
    if d.layout is None and net.card.axes not in (3, 5):
        shape = " x ".join("?" if n < 0 else str(n) for n in d.inputs[d.picture])
        raise AskError(
            f"{args.onnx} takes {shape} numbers, and no pictures, signals or volumes: nothing can be drawn "
            f"of it; gradcam layers {args.onnx} lists what is in it"
        )
    if d.layout and d.channels not in (1, 3):
        raise AskError(
            f"{args.onnx} takes pictures of {d.channels} channels; a photo has three, or one in grey"
        )
    if d.kind in PLACED and not args.targets:
        raise AskError(f"{args.onnx}: {places(d)}")
    p = net.card.preprocessing
    if d.layout and p.resize == "short" and p.size < min(p.sides):
        raise AskError(
            f"a photo whose shorter side is {p.size} pixels cannot be cropped to {min(p.sides)}: "
            "give a larger --size or a smaller --crop"
        )
    from gradcam.image import prepare, read

    for name, photo in _photos(args.given).items():
        pixels = prepare(read(photo), p)
        if net.given[name].size != pixels.size:
            wanted = " x ".join(map(str, net.given[name].shape))
            raise AskError(f"the input {name} is {wanted}, and no picture as large as {d.picture}'s: {photo}")
        net.given[name] = pixels.transpose(0, 2, 3, 1) if net.channels_last else pixels
    return net


def _photos(given):
    """{input: file} of the inputs that are given as photos."""
    return {name: value for name, value in map(_value, given or ()) if isinstance(value, Path)}


def described(
    path, model=None, labels=None, layer=None, output=None, given=None, at=None, blank=False, **preprocessing
):
    """The network in a file, described; model: its description.  blank: inputs beside the picture that
    nobody gave are zero.
    """
    from weights.described import open_model

    return open_model(
        path, model, labels=labels, layer=layer, output=output, at=at,
        given=lambda net: _values(path, net, given, blank), **preprocessing,
    )  # fmt: skip


def _values(path, net, given, blank):
    """{input: array} of all inputs beside the picture."""
    import numpy as np

    from gradcam.asking import AskError

    values = {name: value for name, value in map(_value, given or ()) if not isinstance(value, Path)}
    photos = _photos(given)
    if net.picture not in net.inputs:
        raise AskError(f"{path} has no input '{net.picture}'; there is {', '.join(net.inputs)}")
    for name, shape in net.inputs.items():
        if name in values or name == net.picture:
            continue
        if not blank and name not in photos:
            shape = "of any shape" if shape is None else " x ".join("N" if n < 0 else str(n) for n in shape)
            raise AskError(
                f"{path} has {len(net.inputs)} inputs: beside the picture it needs '{name}' ({shape}); give "
                f"its numbers, --given {name}=0.5,1, or an .npy file or a photo, --given {name}=FILE"
            )
        values[name] = np.zeros([1 if i == 0 or n < 0 else n for i, n in enumerate(shape or (1,))])
    return values


def prepared(net, path=None):
    """How photos are prepared, and what of that nobody said, in one line."""
    from gradcam.explanation.given import said

    line, known = said(net.card.preprocessing), getattr(net, "known", None)
    if net.card.axes != 4:
        return "values as the file has them"
    if not known or not known.assumed:
        return line
    assumed = ", ".join(f"{name} ({what})" for name, what in known.assumed.items())
    return f"{line}; assumed: {assumed} (see: gradcam describe {path})"


def lines(net):
    """What somebody should know of such a network that nobody said: a sentence each."""
    d = net.description
    rows, columns = d.size
    if d.layout == "NHWC":
        yield (
            f"Its pictures are rows x columns x channels, {rows} x {columns} x {d.channels} (NHWC): photos "
            "are fed so, and maps are shown as rows and columns."
        )
    if d.layout and d.free and d.stated != "user":
        why = "as its metadata say" if d.stated else "a guess"
        fed = f"they are fed at {rows} x {columns}, {why}"
        yield f"It leaves the size of pictures free; {fed}: --crop sets it."
    if len(d.outputs) > 1:
        others = ", ".join(f"--output {name}" for name in d.outputs if name != d.output)
        yield f"Of its {len(d.outputs)} outputs, {d.output} is explained; another: {others}."
    if d.unfit_names:
        yield f"Its metadata have {d.unfit_names} class names, which do not fit its scores, and are not used."
    if d.precision == "int8":
        yield "It is quantised to 8 bits (int8); here it is computed in float, without that rounding."
    elif d.precision != "float32":
        yield f"It is stored as {d.precision}; here it is computed in float32."


def places(d):
    """What an output is that has places, and how to choose one."""
    if d.kind == "map":
        _, K, h, w = d.shape
        return (
            f"the output '{d.output}' is a map, {K} score{'s' * (K > 1)} at each of {h} x {w} places: choose "
            f"one, --at {h // 2} {w // 2}, or a region, --at 0:{h} 0:{w} (rows, columns), or --target "
            f"'CLASS in mask:FILE' or 'CLASS in box:0.2,0.2,0.8,0.8'"
        )
    count, each = sorted(d.shape[1:], reverse=True) if d.kind == "rows" else d.shape[1:]
    if d.kind == "steps":
        return (
            f"the output '{d.output}' is a sequence, {count} steps with {each} scores each: choose a step, "
            f"--at {count // 2}, or several, --at 0:{count}, or --target 'CLASS at step {count // 2}'"
        )
    return (
        f"the output '{d.output}' is a table of {count} rows with {each} numbers each, such as a detector's "
        f"boxes: choose a row, --at {count // 2}, or --target box:{count // 2}"
    )


def count(net, y):
    """How many classes the output has."""
    return y.shape[-1 if net.description.kind in ("rows", "steps") else 1]


def axis_of_boxes(net):
    """Which axis of a table of rows counts them: the longer one."""
    shape = net.description.shape
    return 2 if net.description.kind == "rows" and shape[1] < shape[2] else 1


def check_layers(path, y, x, layers, only_plain=True):
    """AskError for a layer whose maps do not lie as Grad-CAM takes them: maps, rows, columns; or, where
    `explain` lays them out so (only_plain=False), that is a mere transposition of them.  y: the output for x.
    """
    from gradcam.asking import AskError
    from minicnn import names
    from minicnn.places import maps_in

    known, found = names(y), maps_in(y, x)
    for tensor in (known.get(layer) for layer in layers):
        maps = found.get(tensor)
        turned = only_plain or (tensor is not None and type(tensor.op).__name__ == "Transpose")
        if maps is not None and maps.whole and not maps.tokens and not maps.plain and turned:
            order = {maps.channel: "maps"} | dict(zip(maps.space, PLACES[len(maps.space)]))
            raise AskError(
                f"the axes of layer '{tensor.name}' are {', '.join(order[axis] for axis in sorted(order))}, "
                f"and not maps, rows, columns: name the layer in front of it (see: gradcam layers {path})"
            )


def check_maps(net, layers, methods, y, x):
    """-> the methods that can be drawn; {method: why not} of those at feature maps, if there are none.
    AskError if all are.  y: the output for an input x.
    """
    from gradcam.asking import AskError
    from gradcam.methods import METHODS
    from weights.feature_maps import default_layer

    why = "It has no feature maps: none of its layers has rows and columns."
    found = layers or net.card.layer or default_layer(y, x)[0]
    undefined = {m: why for m in methods if METHODS[m].at_layer and not found}
    if len(undefined) == len(methods):
        raise AskError(
            f"{METHODS[methods[0]].title} cannot be drawn of {net.card.title}: none of its layers has rows "
            "and columns"
        )
    return [m for m in methods if m not in undefined], undefined


def _value(text):
    """meta=0.5,1 -> ("meta", array of two); meta=FILE.npy; right=photo.jpg -> ("right", Path)"""
    import numpy as np

    from gradcam.asking import AskError
    from gradcam.verify import files

    name, given, value = text.rpartition("=")
    if not (name and given and value):
        raise AskError(f"--given '{text}': write NAME=NUMBERS or NAME=FILE.npy")
    if Path(value).suffix == ".npy":
        return name, files.array(value, f"the input {name}")
    if Path(value).is_file():
        return name, Path(value)
    try:
        return name, np.array([float(number) for number in value.split(",")])
    except ValueError:
        raise AskError(
            f"--given '{text}': '{value}' is neither numbers, as in 0.5,1, nor an .npy file, nor a photo"
        ) from None
