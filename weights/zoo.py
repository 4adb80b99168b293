"""The published files: which there are (zoo.toml), where their copies lie, and how they are fetched, once, and never trusted unchecked."""

import difflib
import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import minicnn.nets
from weights.errors import WeightsError


@cache
def _zoo():
    return tomllib.loads(files("weights").joinpath("zoo.toml").read_text("utf-8"))


def available():
    """Names of the networks that `load` knows."""
    return [name for name in _zoo() if name != "preprocessing"]


def preprocessings():
    """{name: fields of a Preprocessing}."""
    return _zoo()["preprocessing"]


def entry(name):
    """What zoo.toml says about a network.  WeightsError if no network has that name."""
    if name not in available():
        near = difflib.get_close_matches(str(name), available(), n=3) or available()
        raise WeightsError(f"no network is called '{name}'; there is {', '.join(near)}")
    return _zoo()[name]


def build(name):
    """The network called `name`, with zero weights."""
    of = entry(name)
    return getattr(minicnn.nets, of.get("network", name))(**of.get("options", {}))


def where(name):
    """The path at which a network's file is looked for, and put when it is fetched; None if none is published that we know of.

    That is the directory in the environment variable MINICNN_WEIGHTS, or else the user's cache directory; small networks are
    part of the package.
    """
    of = entry(name)
    if "shipped" in of:
        return Path(str(files("weights").joinpath("shipped", of["shipped"])))
    if "address" not in of:
        return None
    return directory() / of["address"].rsplit("/", 1)[1]


def directory():
    """Where fetched files are kept."""
    import pooch  # here and below, as most commands never fetch, and start the quicker

    return Path(os.environ.get("MINICNN_WEIGHTS") or pooch.os_cache("minicnn-gradcam"))


def get(name, progress=True):
    """The path of a network's file; fetched with a progress bar if it is not there yet.

    Its sum is verified when it is fetched, before it gets its name; a file that is there is used as it is.
    """
    of, path = entry(name), where(name)
    if path is None:
        give = f"give the file, --weights FILE, or weights.load('{name}', path)"
        raise WeightsError(f"{name} is not fetched: its published address or sum is not known; {give}")
    if not path.exists():
        if "shipped" in of:
            raise WeightsError(f"{path} is missing: this package is incomplete, install it again")
        from weights.download import download

        download(of["address"], path, of["sha256"], of.get("size"), progress)
    return path
