"""Where numbers come from: networks with their weights and what must be known to use them."""

import re
import tomllib
from importlib.resources import files

import minicnn.nets
from minicnn import load as fill
from weights.card import Card, Preprocessing, classes
from weights.errors import WeightsError
from weights.read import read

__all__ = ["Card", "Preprocessing", "WeightsError", "available", "card", "load", "read"]


def zoo():
    """weights/zoo.toml as a dict."""
    return tomllib.loads(files("weights").joinpath("zoo.toml").read_text("utf-8"))


def available():
    """Names of the networks that `load` knows."""
    return list(zoo())


def card(name):
    """The description of a network.  WeightsError if no network has that name."""
    if name not in zoo():
        raise WeightsError(f"no network is called '{name}'; there is {', '.join(available())}")
    entry = zoo()[name]
    preprocessing = {k: tuple(v) if isinstance(v, list) else v for k, v in entry["preprocessing"].items()}
    return Card(
        name, entry["title"], Preprocessing(**preprocessing), entry["layer"],
        classes(entry["classes"]), entry.get("unit_layer"), entry.get("multi_label", False),
    )  # fmt: skip


def load(name, path=None):
    """The network called `name`, filled from the file at `path`, with its description as `net.card`."""
    description = card(name)
    net = getattr(minicnn.nets, name)()
    arrays = {re.sub(r"^(fire\d)\.", r"\1/", k).replace(".weight", ".W").replace(".bias", ".b"): v for k, v in read(path).items()}
    fill(net, arrays)
    net.card = description
    return net
