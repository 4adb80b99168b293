"""`python -m lessons capstone`: start, check, hint."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lessons.texts import said

MILESTONE = "the milestone's number, 1 to 5"


def add(parser: ArgumentParser) -> None:
    """Its commands."""
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    def command(name, run, help):
        added = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        added.set_defaults(run=run)
        return added

    begin = command("start", start, "write the milestones' texts, the weights and the photo into a folder")
    begin.add_argument("folder", type=Path, metavar="DIR", help="an empty folder, made if need be")
    tried = command(
        "check", check, "check the milestones in order, up to the first thing that is not right yet"
    )
    tried.add_argument("milestone", nargs="?", help=f"{MILESTONE} (default: all)")
    tried.add_argument(
        "--in",
        dest="folder",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder of mycnn.py (default: this one)",
    )
    tried.add_argument(
        "--seconds", type=int, default=120, metavar="S", help="that a milestone may take (default: 120)"
    )
    told = command("hint", hint, "a hint about one function: a nudge, the place, or the recipe")
    told.add_argument("milestone", help=MILESTONE)
    told.add_argument(
        "part", nargs="?", metavar="NAME", help="the function (default: say which there are hints about)"
    )
    told.add_argument("step", nargs="?", default="nudge", help="nudge, place or recipe (default: nudge)")


def start(args: Namespace) -> int:
    from lessons.capstone.given import start

    written = start(args.folder)
    print(said("capstone.wrote", files=", ".join(path.name for path in written), first=written[0]))
    return 0


def check(args: Namespace) -> int:
    from lessons.capstone.milestones import milestone, milestones

    chosen = milestones() if args.milestone is None else [milestone(args.milestone)]
    return 0 if all(_checked(each, args) for each in chosen) else 1


def _checked(milestone, args):
    from lessons.capstone.checking import check
    from lessons.capstone.milestones import milestones

    print(said("capstone.heading", number=milestone.number, title=milestone.title), flush=True)
    checked = check(milestone, args.folder, args.seconds)
    for each in checked.results:
        print(said("capstone.not_yet" if each.problem else "capstone.right", teaches=each.case.teaches))
    if checked.printed:
        print(
            "\n".join(
                ["", said("capstone.printed"), *(f"    {line}" for line in checked.printed.splitlines())]
            )
        )
    if not checked.done:
        last = checked.results[-1]
        told = {
            "right": checked.right,
            "all": checked.all,
            "number": milestone.number,
            "part": last.case.part,
        }
        print(
            "\n".join(
                ["", *(f"  {line}".rstrip() for line in last.problem), "", said("capstone.failed", **told)]
            )
        )
        return False
    if "guided_grad_cam" in checked.results[-1].answers:
        from lessons.capstone.drawing import draw

        print(said("capstone.drawn", path=draw(checked.results[-1].answers, args.folder)))
    after = [each.file for each in milestones() if each.number == milestone.number + 1]
    done = said("capstone.done", number=milestone.number, n=checked.all)
    print(done, said("capstone.next", file=after[0]) if after else said("capstone.all_done"), "\n")
    return True


def hint(args: Namespace) -> int:
    from lessons.capstone.milestones import hint

    print(hint(args.milestone, args.part, args.step))
    return 0
