"""Methods as they are asked for: in any spelling, as variants of one another, at a layer of their own."""

import re

SEE = "gradcam methods"


def method_named(asked):
    """'Guided LayerCAM' -> 'guided_layercam', 'Grad-CAM@conv4' -> 'grad_cam@conv4'.

    AskError names the nearest, or says that a method looks at no layer.
    """
    from gradcam.asking import AskError, one_of
    from gradcam.methods import METHODS

    words, at, layer = asked.partition("@")
    name = _variant(_bare(words)) or one_of("method", words, METHODS, SEE)
    if at and f"{name}@{layer}" not in METHODS:
        raise AskError(f"{name} looks at no layer of its own: write it without @{layer}")
    return f"{name}{at}{layer}"


def methods_at(methods, layers, net, x, see):
    """-> (methods, a map of each layer where there are several; layers, by their full names).

    layers: as they were asked for, or None; see: the command that lists them
    """
    from gradcam.explanation.request import layers_asked
    from gradcam.feature_maps import layer_named
    from gradcam.methods import METHODS

    layers = [layer_named(layer, net, x, see) for layer in layers or ()]
    found = []
    for name in methods:
        plain, own = name.partition("@")[0], METHODS[name].layer
        found.append(f"{plain}@{layer_named(own, net, x, see)}" if own else name)
    return layers_asked(found, layers)[0] if layers else found, layers


def _variant(asked):
    """The name of a method or of a variant, known by its letters alone; None if there is none."""
    from gradcam.methods import METHODS, VARIANTS

    known = {_bare(name): name for name in METHODS}
    if asked in known:
        return known[asked]
    for variant in VARIANTS:
        rest = _variant(asked.removeprefix(_bare(variant))) if asked.startswith(_bare(variant)) else None
        if rest and f"{variant}_{rest}" in METHODS:
            return f"{variant}_{rest}"
    return None


def _bare(name):
    return "".join(re.findall(r"[^\W_]+|\+", name.casefold()))
