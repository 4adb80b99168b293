"""The command `python -m lessons`: work through lessons, teach, and build them."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lessons.capstone.commands import add as add_capstone
from lessons.course import Lesson, LessonError, lesson, lessons, looking_in
from lessons.files import folder
from lessons.teaching.commands import add as add_teaching
from lessons.texts import languages, said, speaking

SITE, FIGURES = Path("build/site"), Path("build/figures")
ABOUT = """A course on visual explanations of convolutional networks (CNNs), from the
chain rule to Grad-CAM: each lesson is a notebook with one idea, questions to predict,
figures, and exercises that check themselves. It runs offline, on a CPU."""
EXAMPLES = """how to work through a lesson:
  python -m lessons             which lessons there are, and what comes before each
  python -m lessons new 1       write 01_one_neuron.ipynb here: yours to work in
  python -m lessons open 1      the same, opened in Jupyter
  python -m lessons check 1     grade the exercises in it

how to build it yourself, with NumPy alone:
  python -m lessons capstone start mine
                                five milestones, in a folder of your own

how to teach, or change, the course:
  python -m lessons check FOLDER --csv points.csv
                                grade a class: a file or a folder per student
  python -m lessons run         run all sources, offline, and time them
  python -m lessons teach slides 8
                                its slides; also slips, exam, plan
  python -m lessons figures 8   the figures of lesson 8, for slides
  python -m lessons build 8     make the notebook of lesson 8, and the site, again

lessons of your own, or translated ones (NN_slug.py, as here):
  python -m lessons --lessons DIR build 1
                                every command looks in DIR instead; what DIR lacks
                                (checks, glossary, guides) is the course's

in Chinese, where there is a translation (lessons 8 to 10):
  python -m lessons --lang zh new 8

words that are new to you: lessons/glossary.md"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see: {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command -> exit status."""
    top, names = parser()
    argv = sys.argv[1:] if argv is None else argv
    if argv and not argv[0].startswith("-") and argv[0] not in names:
        top.error(said("main.no_command", command=argv[0], commands=", ".join(names)))
    args = top.parse_args(argv)
    try:
        with speaking(args.lang), looking_in(args.lessons):
            status = args.run(args)
        sys.stdout.flush()
        return status
    except LessonError as error:
        print(f"lessons: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the program that read the output has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file or folder that was named, and may not be used
        print(
            f"lessons: {error.filename or 'output'}: {error.strerror or error}",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print(f"lessons: {said('main.interrupted')}", file=sys.stderr)
        return 130


def parser() -> tuple[Parser, list[str]]:
    """-> (the parser of all commands, their names)"""
    top = Parser(
        prog="python -m lessons",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(run=listing)
    top.add_argument(
        "--lessons",
        type=Path,
        metavar="DIR",
        help="the folder of other lessons (default: the course's own)",
    )
    top.add_argument(
        "--lang",
        choices=languages(),
        help="the language that is spoken, and of the lessons that are translated "
        "(default: MINICNN_LANG, or en)",
    )
    commands = top.add_subparsers(
        metavar="COMMAND", title="commands (none: list)", parser_class=Parser
    )

    def command(name, run, help):
        said = f"{help[0].upper()}{help[1:]}."
        added = commands.add_parser(name, help=help, description=said)
        added.set_defaults(run=run)
        return added

    command(
        "list", listing, "list the lessons, with their time and what comes before them"
    )
    for name, run, help in [
        (
            "open",
            open_one,
            "open your copy of a lesson's notebook in Jupyter, made first if need be",
        ),
        (
            "new",
            new_one,
            "write a clean copy of a notebook to work in; no file is overwritten",
        ),
    ]:
        added = command(name, run, help)
        added.add_argument("number", help="the lesson's number")
        added.add_argument(
            "--to",
            default=".",
            metavar="FOLDER",
            help="the folder of your copy (default: this one)",
        )
    check = command(
        "check",
        check_some,
        "grade a notebook or script, a lesson's number, or a folder of many students' "
        "work",
    )
    check.add_argument(
        "what", help="a file; a number: your copy of that lesson, here; or a folder"
    )
    check.add_argument(
        "--csv", type=Path, metavar="FILE", help="write points by student and exercise"
    )
    check.add_argument(
        "--moodle",
        type=Path,
        metavar="FILE",
        help="fill in the grades of this worksheet, which Moodle wrote",
    )
    check.add_argument(
        "--seconds",
        type=int,
        default=30,
        metavar="S",
        help="that a cell may take (default: 30)",
    )
    check.add_argument(
        "--memory",
        type=float,
        default=4,
        metavar="GIB",
        help="that a file's process may take, in GiB (default: 4; not on Windows)",
    )
    check.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="of the numbers that the checks draw (default: others at each run)",
    )
    check.add_argument(
        "--workers", type=int, metavar="N", help="files at a time (default: up to 4)"
    )
    build = command(
        "build",
        build_all,
        "run the sources and write the notebooks, and make the site from these",
    )
    build.add_argument(
        "--only",
        choices=["notebooks", "site"],
        help="make only the notebooks, or only the site (default: both)",
    )
    build.add_argument(
        "--accept",
        action="store_true",
        help="of a translation: its texts are those of the English lesson of now",
    )
    build.add_argument(
        "--site",
        type=Path,
        default=SITE,
        metavar="FOLDER",
        help=f"write the site to this folder (default: {SITE})",
    )
    figures = command(
        "figures", write_figures, "write every figure as SVG and PNG, for slides"
    )
    figures.add_argument(
        "--out",
        type=Path,
        default=FIGURES,
        metavar="FOLDER",
        help=f"write them to this folder (default: {FIGURES})",
    )
    add_capstone(
        commands.add_parser(
            "capstone",
            help="build it yourself: five milestones in an empty folder",
            description="Build it yourself, with NumPy alone: five milestones in an "
            "empty folder, from the chain rule to a panel of a photo by SqueezeNet.",
        )
    )
    add_teaching(
        commands.add_parser(
            "teach",
            help="slides, slips for predictions, exams, and plans of weeks",
            description="For instructors: slides, slips for predictions, exams, and "
            "plans of weeks, made from the lessons.",
        )
    )
    for each in (
        build,
        figures,
        command(
            "run",
            run_all,
            "run the lessons' sources as scripts, offline, and time them",
        ),
    ):
        each.add_argument(
            "numbers", nargs="*", help="numbers of lessons (default: all)"
        )
    return top, list(commands.choices)


def listing(args: Namespace) -> int:
    print(said("main.seconds"))
    for each in lessons():
        needs = ", ".join(map(str, each.needs))
        after = said("main.after", needs=needs) if needs else ""
        print(f"{each.number:2}  {each.seconds:7}  {each.title}{after}")
    print(said("main.more"))
    return 0


def open_one(args: Namespace) -> int:
    from lessons.copies import open_in_jupyter

    return open_in_jupyter(lesson(args.number), args.to)


def new_one(args: Namespace) -> int:
    from lessons.copies import new

    path = new(lesson(args.number), args.to)
    print(said("main.wrote_copy", path=path))
    return 0


def check_some(args: Namespace) -> int:
    from tqdm import tqdm

    from lessons.files import write
    from lessons.grading import as_csv, filled_in, find, grade_all, summary, table

    found, graded = find(args.what), []
    many = len(found) > 1
    sheet = args.moodle.read_text("utf-8") if args.moodle else ""
    if args.moodle:
        filled_in(sheet, [])  # what is no worksheet is said before the work is done
    if args.csv:
        write("", args.csv)  # what cannot be written is said before the work is done
    runs = grade_all(
        found,
        args.workers,
        seconds=args.seconds,
        memory=int(args.memory * 2**30),
        seed=args.seed,
    )
    for each in tqdm(
        runs, total=len(found), unit="file", disable=not many, leave=False
    ):
        if not many and not each.outcomes:
            raise LessonError(each.problems[0])
        graded.append(each)
        whose = f"{each.submission.student}  {each.submission.path}".strip()
        lines = [whose, *table(each), ""] if many else table(each)
        tqdm.write("\n".join(lines))
    if many:
        print("\n".join(summary(graded)))
    if args.csv:
        write(as_csv(graded), args.csv)
        print(said("main.wrote", path=args.csv))
    if args.moodle:
        text, lost = filled_in(sheet, graded)
        write(text, args.moodle)
        print(said("main.wrote", path=args.moodle))
        for name in lost:
            print(said("grading.no_row", name=name))
    good = [each.outcomes and _all_right(each.outcomes) for each in graded]
    return 0 if all(good) else 1


def _all_right(outcomes):
    return all(outcome.state == "right" for outcome in outcomes)


def build_all(args: Namespace) -> int:
    if args.only != "notebooks":
        folder(args.site)  # what cannot be written is said before the work is done
    if args.only != "site":
        from lessons import build, translation

        for each in chosen(args.numbers):
            size = (
                build.build(each)
                if each.original == each.source
                else translation.build(each, args.accept)
            )
            print(f"{each.notebook.name}: {size / 1000:.0f} kB", flush=True)
    if args.only != "notebooks":
        from lessons.site import build_site

        built = build_site(args.site)
        print(said("main.pages", path=args.site / "index.html", n=built.pages))
        for number in built.left_out:
            print(said("main.left_out", number=number))
        for picture in built.unnamed:
            print(said("main.unnamed", picture=picture))
        return 1 if built.unnamed else 0
    return 0


def write_figures(args: Namespace) -> int:
    from lessons.figures.export import export

    for each in chosen(args.numbers):
        print(
            f"{each.number:2}  "
            f"{', '.join(path.name for path in export(each, args.out))}",
            flush=True,
        )
    print(said("main.in_folder", folder=args.out))
    return 0


def run_all(args: Namespace) -> int:
    from lessons.run import run_all

    return (
        0 if run_all(chosen(args.numbers), lambda line: print(line, flush=True)) else 1
    )


def chosen(numbers: Sequence[str]) -> list[Lesson]:
    return [lesson(n) for n in numbers] or lessons()


if __name__ == "__main__":
    sys.exit(main())
