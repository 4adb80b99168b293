"""What the course's machinery says, in the reader's language.

en.toml is the table of all of it; another language is a file beside it with the same
keys.  The language is the environment variable MINICNN_LANG, which `python -m lessons
--lang zh` sets, or English.  What a table lacks is said in English.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VARIABLE, ENGLISH = "MINICNN_LANG", "en"


def languages() -> list[str]:
    """["en", "zh", ...]"""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def language() -> str:
    """The one that is spoken now."""
    asked = os.environ.get(VARIABLE, ENGLISH)
    return asked if asked in languages() else ENGLISH


@contextlib.contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """While it lasts, `language` is spoken (None: as before), here and in what is
    started from here.
    """
    before = os.environ.get(VARIABLE)
    try:
        if language is not None:
            os.environ[VARIABLE] = language
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        os.environ.update({VARIABLE: before} if before is not None else {})


@cache
def table(language: str) -> dict[str, str]:
    """{"grading.right": text, ...} of a language, in the order of its file."""
    return _flat(tomllib.loads((HERE / f"{language}.toml").read_text("utf-8")))


def said(key: str, **values: Any) -> str:
    """The text with this key, and {values} filled in."""
    text = table(language()).get(key) or table(ENGLISH)[key]
    return text.format(**values)


def translated(key: str, english: str) -> str:
    """A text whose English stands elsewhere, in the language that is spoken now."""
    return table(language()).get(key, english)


def _flat(held, before=""):
    found = {}
    for name, value in held.items():
        found |= (
            _flat(value, f"{before}{name}.")
            if isinstance(value, dict)
            else {f"{before}{name}": value}
        )
    return found
