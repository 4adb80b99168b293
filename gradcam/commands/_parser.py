"""A command's words: how they are read, how its --help is laid out, what is said of a mistake."""

import argparse
from collections.abc import Callable

from gradcam.commands._printing import say
from minicnn.errors import plain


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; `epilog` may be a function, which is called when help is asked for."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {plain(message)} (see: {self.prog} --help)\n")

    def format_help(self):
        if callable(self.epilog):
            self.epilog = self.epilog()
        return super().format_help()

    def print_help(self, file=None):
        say(self.format_help().rstrip("\n"))


def described(
    subparsers: argparse._SubParsersAction,
    name: str,
    brief: str,
    description: str,
    examples: str | Callable[[], str],
) -> argparse.ArgumentParser:
    """The parser of one command.  brief: its line in `gradcam --help`."""
    return subparsers.add_parser(
        name,
        help=brief,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def count(text: str) -> int:
    """For `type=`: a whole number from 1."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"give a number from 1, not '{text}'")
    return int(text)
