"""python -m lessons"""

import argparse
import os
import sys
from pathlib import Path

from lessons.course import LessonError, lesson, lessons


def main(argv=None):
    """Run one command -> exit status."""
    args = parser().parse_args(argv)
    try:
        return args.run(args)
    except LessonError as error:
        print(f"lessons: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser():
    """The parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m lessons", description="A course on visual explanations of CNNs.")
    top.set_defaults(run=listing)
    commands = top.add_subparsers(metavar="COMMAND", title="commands (none: list the lessons)")

    def command(name, run, help):
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        return added

    for name, run, help in [
        ("open", open_one, "open a lesson's notebook in Jupyter, as a copy of yours"),
        ("new", new_one, "a clean copy of a notebook to work in; never overwrites one"),
    ]:
        added = command(name, run, help)
        added.add_argument("number", help="the lesson's number")
        added.add_argument("--to", default=".", metavar="FOLDER", help="where your copy is, or goes (default: here)")
    command("check", check_one, "grade your notebook or script").add_argument("file", type=Path)
    for name, run, help in [
        ("build", build_all, "make the notebooks from their sources, executed"),
        ("run", run_all, "run the sources as scripts, offline, and time them"),
    ]:
        command(name, run, help).add_argument("numbers", nargs="*", help="lessons (default: all)")
    return top


def listing(args):
    print("    seconds  lesson")
    for each in lessons():
        after = f"  (after {', '.join(map(str, each.needs))})" if each.needs else ""
        print(f"{each.number:2}  {each.seconds:7}  {each.title}{after}")
    print("\npython -m lessons new 1     a notebook to work in\npython -m lessons --help    what else there is")
    return 0


def open_one(args):
    from lessons.copies import open_in_jupyter

    return open_in_jupyter(lesson(args.number), args.to)


def new_one(args):
    from lessons.copies import new

    path = new(lesson(args.number), args.to)
    print(f"wrote {path}; when you have worked in it: python -m lessons check {path}")
    return 0


def check_one(args):
    from lessons.grade import grade, table

    outcomes, problems = grade(args.file)
    print("\n".join(table(outcomes, problems)))
    return 0 if all(outcome.state == "right" for outcome in outcomes) else 1


def build_all(args):
    from lessons.build import build

    for each in chosen(args.numbers):
        print(f"{each.notebook.name}: {build(each) / 1000:.0f} kB", flush=True)
    return 0


def run_all(args):
    from lessons.run import run_all

    return 0 if run_all(chosen(args.numbers), lambda line: print(line, flush=True)) else 1


def chosen(numbers):
    return [lesson(n) for n in numbers] or lessons()


if __name__ == "__main__":
    sys.exit(main())
