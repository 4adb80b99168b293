"""Methods as they are asked for on a command line."""

SEE = "gradcam methods"


def method_named(asked):
    """'Guided LayerCAM' -> 'guided_layercam', 'Grad-CAM@conv4' -> 'grad_cam@conv4'.

    AskError names the nearest, or says that a method looks at no layer.
    """
    from gradcam.asking import AskError, one_of
    from gradcam.methods import METHODS
    from gradcam.methods.spelling import members, spelled

    if several := members(asked):
        raise AskError(f"'{asked}' is a family of methods: say which, {', '.join(several)}")
    name = spelled(asked) or one_of("method", asked.partition("@")[0], METHODS, SEE)
    if name not in METHODS:
        plain, _, layer = name.partition("@")
        raise AskError(f"{plain} looks at no layer of its own: write it without @{layer}")
    return name


def methods_at(methods, layers, net, x, see):
    """-> (methods, a map of each layer where there are several; layers, by their full names).

    layers: as they were asked for, or None; see: the command that lists them
    """
    from gradcam.explanation.layers import layer_named, layers_asked
    from gradcam.methods import METHODS

    layers = [layer_named(layer, net, x, see) for layer in layers or ()]
    found = []
    for name in methods:
        plain, own = name.partition("@")[0], METHODS[name].layer
        found.append(f"{plain}@{layer_named(own, net, x, see)}" if own else name)
    return layers_asked(found, layers)[0] if layers else found, layers
