"""The command line.

A command imports what it needs when it runs, so that help and mistakes are answered at once.
"""

import argparse
import difflib
import os
import re
import sys
import warnings
from collections.abc import Sequence

from gradcam.commands import commands
from gradcam.commands._parser import Parser
from gradcam.commands._printing import OutputError, complain, prepare, say, silence
from minicnn import Error, __version__

DESCRIPTION = "Why did the network say so?  Visual explanations of convolutional neural networks (CNNs)."
EXAMPLES = """\
Begin with:
  gradcam explain                       a built-in picture, a built-in network
  gradcam explain photo.jpg             a photo of yours
  gradcam COMMAND --help                all that a command can do, with examples
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; argv: its words, or else those that were typed.

    Returns the exit status: 0; what the command defines (see its --help); 2 if what was asked for cannot
    be done, and one line on standard error then says why; 130 if it was interrupted.  SystemExit for
    --help and for words that are not understood.
    """
    os.environ["MPLBACKEND"] = "agg"  # every figure goes to a file: whatever the environment says of windows
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # a photo's odd metadata; that it is very large
        warnings.showwarning = lambda message, *_, **__: complain(f"note: {message}")
        try:
            prepare()
            args = parsed(known(sys.argv[1:] if argv is None else argv))
            return args.run(args)
        except KeyboardInterrupt:
            complain("interrupted")
            return 130
        except BrokenPipeError:  # whoever read the output has enough of it
            silence()
            return 0
        except MemoryError:
            complain("there is not enough memory; fewer classes or methods at a time need less")
            return 2
        except Error as error:
            if isinstance(error, OutputError):
                silence()
            complain(one_line(str(error)))
            return 2


def known(argv: Sequence[str]) -> Sequence[str]:
    """argv, if its first word is a command, and no word is empty."""
    if argv and not argv[0].startswith("-") and argv[0] not in commands():
        near = difflib.get_close_matches(argv[0], commands()) or list(commands())
        meant = (
            f"to explain a photo: gradcam explain {argv[0]}"
            if os.path.isfile(argv[0])
            else f"there is {', '.join(near)}"
        )
        parser().error(f"there is no command '{argv[0]}'; {meant}")
    for before, word in zip(("gradcam", *argv), argv):
        if not word.strip() or re.fullmatch(r"--[\w-]+=\s*", word):
            parser().error(f"what follows {word.rstrip().rstrip('=') or before} is empty")
    return argv


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, if all of them are understood."""
    top = parser()
    args, more = top.parse_known_args(argv)
    if files := [word for word in more if os.path.isfile(word)]:
        top.error(f"one file at a time: {files[0]} is one more")
    if more:
        top.error(f"unrecognized arguments: {' '.join(more)}")
    return args


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(
        prog="gradcam",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print which version this is")
    top.set_defaults(run=lambda args: (version() if args.version else top.print_help()) or 0)
    subparsers = top.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    for command in commands().values():
        command.register(subparsers)
    return top


def version() -> None:
    """Print the version of the package that is installed."""
    say(f"minicnn-gradcam {__version__}")


def one_line(message: str) -> str:
    """A message of many lines: its first two, and its last."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines if len(lines) < 4 else [*lines[:2], "...", lines[-1].removeprefix("... ")])
