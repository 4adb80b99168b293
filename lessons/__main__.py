"""The command `python -m lessons`: work through lessons, teach, and build them."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from lessons.arguments import Commands, Parser, language_of
from lessons.capstone.commands import add as add_capstone
from lessons.course import Lesson, LessonError, lesson, lessons, looking_in
from lessons.files import folder
from lessons.teaching.commands import add as add_teaching
from lessons.texts import languages, said, speaking

SITE, FIGURES = Path("build/site"), Path("build/figures")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command -> exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    with speaking(language_of(argv)):
        return _run(argv)


def _run(argv):
    top, names = parser()
    if argv and not argv[0].startswith("-") and argv[0] not in names:
        top.error(said("main.no_command", command=argv[0], commands=", ".join(names)))
    args = top.parse_args(argv)
    try:
        with looking_in(args.lessons):
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
        description=said("help.about"),
        epilog=said("help.examples"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        key="top",
    )
    top.set_defaults(run=listing)
    top.takes("--lessons", type=Path, metavar="DIR")
    top.takes("--lang", choices=languages())
    top.key = ""
    command = Commands(top, "help.commands_or_list")
    command("list", listing)
    for each in (command("open", open_one), command("new", new_one)):
        each.takes("number")
        each.takes("--to", default=".", metavar="FOLDER")
    check = command("check", check_some)
    check.takes("what")
    check.takes("--csv", type=Path, metavar="FILE")
    check.takes("--moodle", type=Path, metavar="FILE")
    check.takes("--seconds", type=int, default=30, metavar="S")
    check.takes("--memory", type=float, default=4, metavar="GIB")
    check.takes("--seed", type=int, metavar="N")
    check.takes("--workers", type=int, metavar="N")
    build = command("build", build_all)
    build.takes("--only", choices=["notebooks", "site"])
    build.takes("--accept", action="store_true")
    build.takes("--site", type=Path, default=SITE, metavar="FOLDER")
    figures = command("figures", write_figures)
    figures.takes("--out", type=Path, default=FIGURES, metavar="FOLDER")
    add_capstone(command("capstone"))
    add_teaching(command("teach"))
    for each in (build, figures, command("run", run_all)):
        each.takes("numbers", nargs="*")
    return top, command.names


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
