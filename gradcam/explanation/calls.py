"""Which methods are called, and with which options, as users give them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradcam.asking import AskError, as_given
from gradcam.method import Context, Method
from gradcam.methods import METHODS
from gradcam.methods.spelling import members, spelled
from minicnn import Error, ops


def methods_asked(methods: str | Iterable[str]) -> list[str]:
    """The names of methods, each once, in the order in which they were asked for; one may stand alone."""
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        methods = [methods]
    asked = [m if isinstance(m, str) else as_given(m) for m in methods]
    names = list(dict.fromkeys(m if m in METHODS else spelled(m) or m for m in asked))
    for name in names:
        if name not in METHODS:
            if several := members(str(name)):
                raise AskError(f"'{name}' is a family of methods: say which, {', '.join(several)}")
            near = difflib.get_close_matches(str(name), METHODS, n=1)
            meant = f"; did you mean '{near[0]}'?  There" if near else "; there"
            raise AskError(f"no method is called '{name}'{meant} is {', '.join(METHODS)}")
    if not names:
        raise AskError(f"no method was asked for; there is {', '.join(METHODS)}")
    return names


def options_of(
    methods: Sequence[str],
    options: Mapping[str, Mapping[str, Any]] | None,
    occluder: Mapping[str, Any] | None,
    alpha: str,
    relu: bool,
    upsampling: str,
) -> dict[str, dict[str, Any]]:
    """{method: its options}; what is given, see `gradcam.explain`."""
    weighing = {"alpha": alpha, "relu": relu}
    known = dict.fromkeys(("grad_cam", "counterfactual", "guided_grad_cam"), weighing) | {
        "occlusion": occluder or {}
    }
    for given in (options, occluder, *(options.values() if isinstance(options, Mapping) else ())):
        if given is not None and not isinstance(given, Mapping):
            raise AskError(f"options are a dict, {{'n': 20}} say, not {type(given).__name__}")
    options = dict(options or {})
    if unknown := [name for name in options if name not in METHODS]:
        methods_asked(sorted(unknown, key=str))

    def of(name):
        method, plain = METHODS[name], name.partition("@")[0]
        own = known.get(method.base or name, {}) | ({"upsampling": upsampling} if method.upsamples else {})
        return {**own, **options.get(plain, {}), **options.get(name, {})}

    return {name: of(name) for name in methods}


def allowed(allow: Any) -> tuple[Any, ...]:
    """Kinds of operations, or names of kinds or of tensors, at which a table of rules may be silent."""
    if isinstance(allow, (str, type)) or not isinstance(allow, Iterable):
        allow = (allow,)
    several = tuple(allow)
    if wrong := [one for one in several if not isinstance(one, (str, type))]:
        raise AskError(f"allow takes operations and names, 'SiLU' say, not {as_given(wrong[0])}")
    kinds = {name: kind for name, kind in vars(ops).items() if isinstance(kind, type)}
    found = tuple(kinds.get(one, one) if isinstance(one, str) else one for one in several)
    return (*found, ops.ReLU) if found else ()  # so that a network without a ReLU will do, too


def computed(method: Method, context: Context, options: Mapping[str, Any]) -> Any:
    """The method's map, or maps.  AskError for options that it does not know, or that it cannot use."""
    try:
        return method.compute(context, **options)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError, AttributeError) as error:
        if isinstance(error, Error) or not options:
            raise
        given = ", ".join(f"{name}={as_given(value)}" for name, value in options.items())
        raise AskError(f"{method.name} cannot use its options {given}: {_first(error)}") from error


def _first(error):
    """An error of Python's in the user's terms."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.sub(r"^.*got an unexpected keyword argument", "it has no option", text)
