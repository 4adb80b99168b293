"""`python -m lessons teach`: slides, slips, exam, plan."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from lessons.arguments import Commands, Parser
from lessons.course import lesson, lessons

SLIDES, GRADERS = Path("build/slides"), Path("build/graders")


def add(parser: Parser) -> None:
    """Its commands."""
    command = Commands(parser, "help.commands", required=True)
    shown, lent = command("slides", slides), command("graders", graders_of)
    asked = command("exam", exam)
    shown.takes("--out", type=Path, default=SLIDES, metavar="DIR")
    lent.takes("--out", type=Path, default=GRADERS, metavar="DIR")
    asked.takes("--key", action="store_true")
    for each in (shown, lent, asked, command("slips", slips)):
        each.takes("numbers", nargs="*")
    command("plan", plan)


def slides(args: Namespace) -> int:
    from lessons.teaching.slides import write_slides

    for each in _chosen(args):
        print(write_slides(each, args.out))
    return 0


def slips(args: Namespace) -> int:
    from lessons.teaching.slips import slips

    print(slips(_chosen(args)))
    return 0


def exam(args: Namespace) -> int:
    from lessons.teaching.exam import exam

    print(exam(_chosen(args), args.key))
    return 0


def graders_of(args: Namespace) -> int:
    from lessons.teaching.graders import nbgrader, otter

    for each in _chosen(args):
        print(nbgrader(each, args.out / "nbgrader"))
        print("\n".join(map(str, otter(each, args.out / "otter" / each.source.stem))))
    return 0


def plan(args: Namespace) -> int:
    from lessons.teaching.plans import as_markdown, plans

    print("\n".join(map(as_markdown, plans())))
    return 0


def _chosen(args):
    return [lesson(n) for n in args.numbers] or lessons()
