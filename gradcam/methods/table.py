"""The methods by name, and those that are made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gradcam.method import Method
from gradcam.methods.variants import VARIANTS


class Methods(dict[str, Method]):
    """{name: method}, the methods of papers.  It also knows, without listing them,

    METHODS["guided_layercam"]     a variant of a method (`VARIANTS`), and a variant of that
    METHODS["grad_cam@conv4"]      a method at a layer of its own
    """

    def __missing__(self, name: str) -> Method:
        made = _made(self, name) if isinstance(name, str) else None
        if made is None:
            raise KeyError(name)
        return made

    def __contains__(self, name: Any) -> bool:
        if isinstance(name, str):
            return dict.__contains__(self, name) or _made(self, name) is not None
        return False


def _made(methods, name):
    """The method that a name of several words stands for; None if there is none."""
    if name in dict.keys(methods):
        return dict.__getitem__(methods, name)
    rest, at, layer = name.partition("@")
    if at:
        method = _made(methods, rest)
        if method is None or not layer or not method.at_layer or method.fuses:
            return None
        return replace(method, name=name, layer=layer, base=method.base or method.name)
    for variant in VARIANTS.values():
        if name.startswith(f"{variant.name}_"):
            method = _made(methods, name.removeprefix(f"{variant.name}_"))
            if method is not None and variant.of(method):
                return variant.made(method)
    return None
