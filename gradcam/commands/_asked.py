"""What is asked of a network: its classes and other targets, methods and layers, by their names."""

from dataclasses import dataclass, field
from typing import Any

from gradcam.commands import _model

PHOTO_NETWORK = "squeezenet"


@dataclass
class Asked:
    """named: {word: class}; classes: of the words, and other targets; layers, unit_layer: full names;
    undefined: {method: why there is no map of it}.
    """

    named: dict[str, int]
    classes: list[Any]
    methods: list[str]
    layers: list[str]
    unit_layer: str | None
    undefined: dict[str, str] = field(default_factory=dict)


def asked(args, net, X, methods, words, image=None):
    """What the options ask of a network.  X: an input, a Tensor; words: classes; image: the photo, if it
    is the only one, as whose size a mask may be given.  AskError for what the network does not have.
    """
    from gradcam.commands._methods import methods_at
    from gradcam.commands._network import see_layers
    from gradcam.explanation.classes import class_named
    from gradcam.explanation.layers import layer_named

    y = net(X) if args.onnx else None
    class_of, count = (
        (class_named, _model.count(net, y)) if args.onnx else (_class, len(net.card.classes or ()))
    )
    named = {c: class_of(c, net.card.classes, count) for c in words}
    targets = _targets(args, lambda word: class_of(word, net.card.classes, count), net, image)
    classes = list(dict.fromkeys([*named.values(), *targets]))
    see = f"gradcam layers {args.onnx}" if args.onnx else see_layers(net)
    methods, layers = methods_at(methods, args.layer, net, X.data, see)
    found = Asked(named, classes, methods, layers, layer_named(args.unit_layer, net, X.data, see))
    if args.onnx:
        _model.check_layers(args.onnx, y, X, [*layers, found.unit_layer], only_plain=False)
        found.methods, found.undefined = _model.check_maps(net, layers, methods, y, X)
    return found


def _targets(args, number, net, image):
    """The targets of --target; a mask of the size of the photo, if there is one only, is cut as it is."""
    from gradcam.explanation.given import as_photo
    from gradcam.targets.text import mask_in, target

    def mask(file):
        found = mask_in(file)
        same = image is not None and found.shape == image.size[::-1]
        return as_photo(found, net.card.preprocessing) if same else found

    axis = _model.axis_of_boxes(net) if args.onnx else 1
    return [target(text, number, mask, axis) for text in args.targets or ()]


def _class(word, names, count):
    """The class that was asked for; if there is none, whether the network of 1000 classes has it."""
    from gradcam.asking import AskError, class_index
    from weights import classes

    try:
        return class_index(word, names, count)
    except AskError as error:
        large = classes("imagenet")
        if not names or names == large:
            raise
        try:
            known = large[class_index(word, large, len(large))]
        except AskError:
            raise error from None
        raise AskError(f"{error}; {PHOTO_NETWORK} knows '{known}': --network {PHOTO_NETWORK}") from None
