"""The networks of zoo.toml: which there are, and where the copies of their files lie."""

from __future__ import annotations

import difflib
import os
import sys
import tomllib
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from minicnn.layer import Layer
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.labels import read_labels
from weights.network import Network, PublishedFile


def available(kind: str | None = None) -> list[str]:
    """Names of the networks that `load` knows, in the order of zoo.toml.

    kind: only those; "classifier" takes a picture and gives scores, the others, "captioner", "vqa" and
    "dense_captioner", take words as well.
    """
    entries = {name: of for name, of in _table().items() if name != "preprocessing"}
    return [name for name, of in entries.items() if kind in (None, of.get("kind", "classifier"))]


@cache
def network(name: str) -> Network:
    """All that is known of the network called `name`.

    WeightsError if none is; the message names the nearest.
    """
    known = available()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=3) or known
        raise WeightsError(f"no network is called '{name}'; there is {', '.join(near)}")
    return _declared(name, **_table()[name])


def build(name: str) -> Layer:
    """The network called `name`, with zero weights.  WeightsError if none is."""
    return network(name).build()


def card(name: str, source: str | None = None) -> Card:
    """The description of the network called `name`; source: whose weights it has (default: the file that is
    fetched).
    """
    return network(name).card_from(source)


@cache
def classes(name: str) -> tuple[str, ...]:
    """Class names, in the order of the scores: the lines of weights/class_names/<name>.txt, such as
    "imagenet".
    """
    return read_labels(str(files("weights").joinpath("class_names", f"{name}.txt")))


def where(name: str) -> Path | None:
    """The path at which a network's file is looked for, and put when it is fetched; None if none is
    published that we know of.

    That is the directory in the environment variable MINICNN_WEIGHTS, or else the user's cache directory;
    small networks are part of the package.
    """
    file = network(name).file
    if file.shipped:
        return Path(str(files("weights").joinpath("shipped", file.shipped)))
    return directory() / file.address.rsplit("/", 1)[1] if file.address else None


def directory() -> Path:
    """Where fetched files are kept: MINICNN_WEIGHTS, or this user's cache directory as the system has it.

    ~/.cache/minicnn-gradcam (or below XDG_CACHE_HOME, if that is absolute), on macOS
    ~/Library/Caches/minicnn-gradcam, on Windows %LOCALAPPDATA%\\minicnn-gradcam\\minicnn-gradcam\\Cache.
    """
    if chosen := os.environ.get("MINICNN_WEIGHTS"):
        return Path(chosen)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local, "minicnn-gradcam", "minicnn-gradcam", "Cache")
    usual = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    named = os.environ.get("XDG_CACHE_HOME", "").strip()
    return Path(named if os.path.isabs(named) else usual, "minicnn-gradcam")


def get(name: str, progress: bool = True) -> Path:
    """The path of a network's file; fetched with a progress bar if it is not there yet.

    Its sum is verified when it is fetched, before it gets its name; a file that is there is used as it is.
    WeightsError: it is not published anywhere that we know of, or cannot be fetched.
    """
    file, path = network(name).file, where(name)
    if path is None:
        give = f"give the file, --weights FILE, or weights.load('{name}', path)"
        raise WeightsError(f"{name} is not fetched: its published address or sum is not known; {give}")
    if not path.exists():
        if file.shipped or not (file.address and file.sum):
            raise WeightsError(f"{path} is missing: this package is incomplete, install it again")
        from weights.download import download  # most commands never fetch, and start the quicker

        sum, kind = file.sum
        download(file.address, path, sum, file.size, progress, kind)
    return path


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("weights").joinpath("zoo.toml").read_text("utf-8"))


def _declared(
    name, title, build, layer, preprocessing, kind="classifier", options=None, names=None, words=None,
    classes=None, answers=None, unit_layer=None, multi_label=False, strange=None, MiB=None, convolutions=None,
    convolutions_of=None, head=None, **file,
):  # fmt: skip
    """The Network that an entry of zoo.toml declares; its keys are the parameters."""
    each = preprocessing if isinstance(preprocessing, dict) else {}
    prepared = {source: _preprocessing(called) for source, called in each.items()}
    usual = next(iter(prepared.values())) if each else _preprocessing(preprocessing)
    of = Card(
        name, title, usual, layer, _classes(classes, answers), unit_layer, multi_label, strange=strange,
        words=words and tuple(_found("weights.recipes", words)),
    )  # fmt: skip
    made = partial(_found("minicnn.nets", build), **options or {})
    part = convolutions and _found("minicnn.nets", convolutions)
    published = PublishedFile(mebibytes=MiB, **file)
    return Network(name, made, of, names, published, kind, prepared, part, convolutions_of, head)


def _classes(called, answers):
    if answers:
        return tuple(_found("weights.recipes", answers))
    return called and classes(called)


def _preprocessing(called):
    fields = _table()["preprocessing"][called]
    return Preprocessing(**{key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()})


def _found(package, path):
    """What stands at `path` below a package: "classifiers.vgg.vgg16" below "minicnn.nets"."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{package}.{module}"), name)
