"""What users ask for, found by the names they use."""

import difflib
import re


class AskError(ValueError):
    """Something was asked for that there is not: the message says what there is."""


def one_of(what, asked, known):
    """The entry of `known` that was asked for; case, hyphens and spaces do not matter.  AskError names the nearest."""
    same = {re.sub(r"[-_\s]+", "_", str(name).casefold()): name for name in known}
    key = re.sub(r"[-_\s]+", "_", asked.strip().casefold())
    if key in same:
        return same[key]
    near = [same[k] for k in difflib.get_close_matches(key, same, n=3, cutoff=0.5)]
    raise AskError(f"there is no {what} '{asked}'; there is {', '.join(near or same.values())}")


def class_index(asked, names, count):
    """The class that was asked for, by name or number -> int.

    names: of all classes, or None; a name may hold several, separated by commas, any of which will do, and the beginning of a name will do
    if no other begins so.  count: how many classes there are.  AskError names the candidates, or the nearest.
    """
    names = names or ()
    key = _plain(asked)
    alike = [c for c, name in enumerate(names) if key in _synonyms(name)]
    if len(alike) != 1 and re.fullmatch(r"\d+", key):
        if int(key) < count:
            return int(key)
        raise AskError(f"there is no class {asked}; they are numbered 0 to {count - 1}")
    alike = alike or [c for c, name in enumerate(names) if key and any(s.startswith(key) for s in _synonyms(name))]
    if len(alike) == 1:
        return alike[0]
    if alike:
        more = ", ..." if len(alike) > 6 else ""
        raise AskError(f"'{asked}' may be {_listed(alike[:6], names)}{more}: give the whole name, or the number")
    if not names:
        raise AskError(f"this network's classes have no names: give a number, 0 to {count - 1}, instead of '{asked}'")
    raise AskError(f"there is no class '{asked}'; near: {_listed(_near(key, names), names)}")


def _near(key, names):
    """Up to five classes whose names are like the key, or hold it as a word."""
    spelled = {s: c for c, name in enumerate(names) for s in _synonyms(name)}
    words = [c for s, c in spelled.items() if key in s.split()]
    alike = [spelled[s] for s in difflib.get_close_matches(key, spelled, n=5, cutoff=0.5)]
    return list(dict.fromkeys([*words, *alike]))[:5] or list(range(min(5, len(names))))


def _listed(classes, names):
    return ", ".join(f"{c} {names[c]}" for c in classes)


def _synonyms(name):
    return [_plain(name), *(_plain(part) for part in name.split(","))]


def _plain(name):
    return " ".join(re.sub(r"[-_\s]+", " ", name.casefold()).split())
