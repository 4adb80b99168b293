"""Parsers of commands whose words stand in lessons/texts: those of a command under its
name, those of an argument under the command's and its own, help.check and
help.check_csv.
"""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable
from typing import Any, NoReturn

from lessons.texts import languages, said

Run = Callable[[Namespace], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line.  key: under which its arguments' words stand."""

    def __init__(self, *given: Any, key: str = "", **named: Any) -> None:
        super().__init__(*given, **named)
        self.key = key

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see: {self.prog} --help)\n")

    def takes(self, *names: str, **how: Any) -> None:
        """An argument, as argparse's add_argument has it."""
        words = said(
            f"help.{self.key}_{names[0].lstrip('-')}", default=how.get("default")
        )
        self.add_argument(*names, help=words, **how)


class Commands:
    """The commands of a parser.  title: the key of what stands above their list."""

    def __init__(self, parser: Parser, title: str, required: bool = False) -> None:
        self.prefix = f"{parser.key}_" if parser.key else ""
        self.added = parser.add_subparsers(
            metavar="COMMAND", title=said(title), parser_class=Parser, required=required
        )

    def __call__(self, name: str, run: Run | None = None) -> Parser:
        """A command that is run by `run`."""
        key = f"{self.prefix}{name}"
        words = said(f"help.{key}")
        told = f"{words[0].upper()}{words[1:]}{said('help.stop')}"
        made = self.added.add_parser(name, key=key, help=words, description=told)
        if run is not None:
            made.set_defaults(run=run)
        return made

    @property
    def names(self) -> list[str]:
        """Those that were added."""
        return list(self.added.choices)


def language_of(argv: list[str]) -> str | None:
    """The language that a command line asks for, before its words are chosen."""
    first = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    first.add_argument("--lang", choices=languages())
    try:
        return first.parse_known_args(argv)[0].lang
    except argparse.ArgumentError:  # said by the parser that is made after this
        return None
