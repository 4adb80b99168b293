"""What users ask for, found by the names they use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minicnn import Error


class AskError(Error, ValueError):
    """Something was asked for that there is not: the message says what there is."""


def one_of(what: str, asked: str, known: Iterable[str], see: str | None = None) -> str:
    """The entry of `known` that was asked for; case, hyphens and spaces do not matter.

    AskError names the nearest and the command that lists them all, `see`; without one, all of them.
    """
    same = {_bare(name): name for name in known}
    if _bare(asked) in same:
        return same[_bare(asked)]
    near = [same[k] for k in difflib.get_close_matches(_bare(asked), same, n=3, cutoff=0.5)]
    if see:
        there = f"near: {', '.join(near)}" if near else f"there is {listed(list(known), 8)}"
        raise AskError(f"there is no {what} '{asked}'; {there} (all of them: {see})")
    raise AskError(f"there is no {what} '{asked}'; there is {listed(list(known), 24)}")


def class_index(asked: str, names: Sequence[str] | None, count: int) -> int:
    """The class that was asked for, by name or number -> int.

    names: of all classes, or None.  A name may hold several, separated by commas, any of which will do; a
    word of it will do if no other name has that word; a number may be written "class 3", as classes without
    names are called.  count: how many classes there are.  AskError names the candidates, or the nearest.
    """
    names = names or ()
    alike = [c for c, name in enumerate(names) if is_called(name, asked)]
    if len(alike) != 1 and (number := re.fullmatch(r"(?:class\s+)?([-+]?\d+)", asked.strip())):
        if 0 <= int(number[1]) < count:
            return int(number[1])
        known = f", '{names[0]}' to '{names[-1]}', as net.card.classes lists them" if names else ""
        raise AskError(
            f"there is no class {number[1]}; they are numbered 0 to {count - 1}: "
            f"this network has {count} of them{known}"
        )
    if not names:
        raise AskError(
            f"this network's classes have no names: give a number, 0 to {count - 1}, instead of '{asked}'"
        )
    alike = alike or [
        c for c, name in enumerate(names) if _words(asked) and f" {_words(asked)} " in f" {_words(name)} "
    ]
    if len(alike) == 1:
        return alike[0]
    if alike:
        candidates = listed([f"{c} {names[c]}" for c in alike], 8)
        raise AskError(f"'{asked}' may be {candidates}: give the whole name, or the number")
    if near := _near(asked, names):
        raise AskError(f"there is no class '{asked}'; near: {listed([f'{c} {names[c]}' for c in near], 5)}")
    raise AskError(
        f"there is no class '{asked}' among the {count} of this network: {listed(list(names), 10)}"
    )


def is_called(name: str, asked: str) -> bool:
    """Whether a class is called so in full, by all of its names or by one of them."""
    return any(_bare(asked) == _bare(s) for s in [name, *name.split(",")])


def _near(asked, names):
    """The classes whose names begin so, or are spelled like it."""
    spelled = {_bare(s): c for c, name in enumerate(names) for s in name.split(",")}
    begin = [c for s, c in spelled.items() if _bare(asked) and s.startswith(_bare(asked))]
    alike = [spelled[s] for s in difflib.get_close_matches(_bare(asked), spelled, n=5, cutoff=0.5)]
    return list(dict.fromkeys([*begin, *alike]))


def listed(names: Sequence[str], most: int) -> str:
    """The first `most` of some names, and that there are more."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def as_given(c: Any) -> str:
    """Something that was given, in a few words."""
    text = repr(c.tolist() if isinstance(c, np.ndarray) else c)
    text = f"a {type(c).__name__}" if " at 0x" in text else " ".join(text.split())
    return text if len(text) < 60 else text[:57] + "..."


def one_word(what: str, given: Any, known: Sequence[str]) -> None:
    """AskError if an option is none of the words that it may be."""
    if not isinstance(given, str) or given not in known:
        raise AskError(f"{what} is one of {', '.join(known)}, not {as_given(given)}")


def _words(name):
    """A name's words, in small letters, without punctuation."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def _bare(name):
    return "".join(re.findall(r"[^\W_]+|\+", name.casefold()))
