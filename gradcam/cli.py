"""The command line.  A command imports what it needs when it runs, so that help and mistakes are answered at once."""

import argparse
import difflib
import os
import sys
import warnings

from gradcam.commands import commands

DESCRIPTION = "Why did the network say so?  Visual explanations of convolutional networks."
EXAMPLES = """\
Begin with:
  gradcam explain                       a built-in picture, a built-in network
  gradcam explain photo.jpg             a photo of yours
  gradcam COMMAND --help                all that a command can do, with examples
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see: {self.prog} --help)\n")


def main(argv=None):
    """Run one command -> its exit status: 0, or 2 if what was asked for cannot be done; one line on standard error then says why."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # a photo's odd metadata; that it is very large
        warnings.showwarning = lambda message, *_, **__: print(f"gradcam: note: {message}", file=sys.stderr)
        try:
            args = parsed(known(sys.argv[1:] if argv is None else argv))
            status = args.run(args)
            sys.stdout.flush()
            return status
        except KeyboardInterrupt:
            print("gradcam: interrupted", file=sys.stderr)
            return 130
        except BrokenPipeError:  # whoever read the output has enough of it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except MemoryError:
            print(
                "gradcam: there is not enough memory; fewer classes or methods at a time need less",
                file=sys.stderr,
            )
            return 2
        except Exception as error:
            if not isinstance(error, ours()):
                raise
            print(f"gradcam: {one_line(str(error))}", file=sys.stderr)
            return 2


def known(argv):
    """argv, if its first word is a command."""
    if argv and not argv[0].startswith("-") and argv[0] not in commands():
        near = difflib.get_close_matches(argv[0], commands()) or list(commands())
        meant = (
            f"to explain a photo: gradcam explain {argv[0]}"
            if os.path.isfile(argv[0])
            else f"there is {', '.join(near)}"
        )
        parser().error(f"there is no command '{argv[0]}'; {meant}")
    return argv


def parsed(argv):
    """The arguments, if all of them are understood."""
    top = parser()
    args, more = top.parse_known_args(argv)
    if files := [word for word in more if os.path.isfile(word)]:
        top.error(f"one file at a time: {files[0]} is one more")
    if more:
        top.error(f"unrecognized arguments: {' '.join(more)}")
    return args


def parser():
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


def version():
    """Print the version of the package that is installed."""
    from minicnn import __version__

    print(f"minicnn-gradcam {__version__}")


def ours():
    """The errors that are said in the user's terms; any other is a mistake in this program, and shows its traceback."""
    from minicnn import Error

    return Error


def one_line(message):
    """A message of many lines: its first two, and its last."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines if len(lines) < 4 else [*lines[:2], "...", lines[-1].removeprefix("... ")])
