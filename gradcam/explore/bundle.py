"""Modules of JavaScript as one script: a page that opens from a folder cannot load them one by one."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w/]+\.mjs)";\n', re.M)
DECLARED = re.compile(
    r"^export (?:class|function|const|let) (\w+)|^(?:async )?(?:class|function|const|let) (\w+)", re.M
)


def text(name: str) -> str:
    """A file of the page, "engine/conv.mjs" say."""
    return files("gradcam.explore").joinpath("web", *name.split("/")).read_text("utf-8")


def bundle(entry: str) -> str:
    """The module `entry` and all that it imports, each once and after what it imports, as a classic script
    in a scope of its own.
    """
    order: list[str] = []
    _collect(entry, order)
    whole = "\n".join(re.sub(r"^export ", "", IMPORT.sub("", text(name)), flags=re.M) for name in order)
    return f'"use strict";\n(() => {{\n{whole}\n}})();\n'


def _collect(name, order):
    folder = name.rpartition("/")[0]
    for found in IMPORT.findall(text(name)):
        other = f"{folder}/{found}"
        if other not in order:
            _collect(other, order)
    if name not in order:
        order.append(name)


def names(entry: str) -> list[str]:
    """What the modules of a bundle declare: in one scope, no name may stand for two things."""
    order: list[str] = []
    _collect(entry, order)
    return [a or b for name in order for a, b in DECLARED.findall(text(name))]


def sha256(script: str) -> str:
    """A script as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
