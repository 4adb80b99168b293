"""Networks as they are asked for: by name, with a file of weights."""

import re


def network_named(asked, kind="classifier"):
    """The name of a network of this kind (None: of any) in the zoo.  AskError names the nearest."""
    import weights
    from gradcam.asking import one_of

    return one_of("network", asked, weights.available(kind), "gradcam weights list")


def loaded(name, path, asked=True):
    """The network called `name`, with the weights in `path` (None: the published ones).  asked: whether the
    user named it.

    WeightsError says whose weights they are, if that is known.
    """
    import weights

    try:
        return weights.load(name, path)
    except weights.WeightsError as error:
        whose = re.search(r"these are the weights of (\w+)", str(error))
        if whose and asked:
            raise weights.WeightsError(f"{error}: add --network {whose[1]}") from None
        if asked or path is None:
            raise
    weights.read(path)  # a damaged file is said to be one
    if whose:
        raise weights.WeightsError(f"{path}: these are the weights of {whose[1]}: add --network {whose[1]}")
    raise weights.WeightsError(
        f"{path}: these weights fit no network known here (see: gradcam weights list); export your own as "
        "ONNX, which holds the network, too, and give that with --onnx MODEL; or, with Keras, save the whole "
        "model, and give that with --keras MODEL"
    )


def see_layers(net):
    """The command that lists the network's layers; None if it is none of the zoo."""
    import weights

    known = weights.available("classifier")
    return f"gradcam layers --network {net.card.name}" if net.card.name in known else None
