"""`python -m lessons teach`: slides, slips, exam, plan."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lessons.course import lesson, lessons

SLIDES, GRADERS = Path("build/slides"), Path("build/graders")


def add(parser: ArgumentParser) -> None:
    """Its commands."""
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    def command(name, run, help):
        added = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        added.set_defaults(run=run)
        return added

    shown = command("slides", slides, "write slides of lessons, Markdown for Marp with their figures")
    shown.add_argument(
        "--out", type=Path, default=SLIDES, metavar="DIR", help=f"the folder (default: {SLIDES})"
    )
    asked = command("exam", exam, "print exam questions about lessons, with marks")
    asked.add_argument("--key", action="store_true", help="with the keys, for whoever marks it")
    for each in (shown, command("slips", slips, "print slips for the predictions of lessons"), asked):
        each.add_argument("numbers", nargs="*", help="numbers of lessons (default: all)")
    graders = command("graders", graders_of, "write lessons for nbgrader and otter-grader")
    graders.add_argument("numbers", nargs="*", help="numbers of lessons (default: all)")
    graders.add_argument(
        "--out", type=Path, default=GRADERS, metavar="DIR", help=f"the folder (default: {GRADERS})"
    )
    command("plan", plan, "print plans of weeks, each with hours at home")


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
