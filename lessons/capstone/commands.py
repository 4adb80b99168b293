"""`python -m lessons capstone`: start, check, hint."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np

from lessons.arguments import Commands, Parser
from lessons.texts import said

FAILED = "failed.npz"


def add(parser: Parser) -> None:
    """Its commands."""
    command = Commands(parser, "help.commands", required=True)
    command("start", start).takes("folder", type=Path, metavar="DIR")
    tried = command("check", check)
    tried.takes("milestone", nargs="?")
    tried.takes("--in", dest="folder", type=Path, default=Path(), metavar="DIR")
    tried.takes("--seconds", type=int, default=120, metavar="S")
    told = command("hint", hint)
    told.takes("milestone")
    told.takes("part", nargs="?", metavar="NAME")
    told.takes("step", nargs="?", default="nudge")


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
        lines = ["", *last.problem, *(_kept(last.case, args.folder) if last.ran else [])]
        print("\n".join(f"  {line}".rstrip() for line in lines), "\n")
        so_far = [said("capstone.failed", right=checked.right, all=checked.all)]
        if last.hint:
            so_far += [said("capstone.a_hint", number=last.hint[0], part=last.hint[1])]
        print(*so_far)
        return False
    (args.folder / FAILED).unlink(missing_ok=True)
    if "guided_grad_cam" in checked.results[-1].answers:
        from lessons.capstone.drawing import draw

        print(said("capstone.drawn", path=draw(checked.results[-1].answers, args.folder)))
    after = [each.file for each in milestones() if each.number == milestone.number + 1]
    done = said("capstone.done", number=milestone.number, n=checked.all)
    print(done, said("capstone.next", file=after[0]) if after else said("capstone.all_done"), "\n")
    return True


def _kept(case, folder):
    """The arrays that a case was given, in a file for the student to try it with -> what is said of it."""
    arrays = {name: value for name, value in case.given.items() if isinstance(value, np.ndarray)}
    if not arrays:
        return []
    np.savez(folder / FAILED, **arrays)
    return ["", said("capstone.kept", file=FAILED, name=next(iter(arrays)))]


def hint(args: Namespace) -> int:
    from lessons.capstone.milestones import hint

    print(hint(args.milestone, args.part, args.step))
    return 0
