"""Plans of weeks, and whether they respect what comes before what."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from lessons.course import beside, lessons
from lessons.texts import said


class Week(NamedTuple):
    """Numbers of lessons that are given, and of the capstone's milestones that are done at home."""

    lessons: list[int]
    milestones: list[int]
    hours: float


class Plan(NamedTuple):
    """name; about: whom it is for; units: what its weeks are called; weeks."""

    name: str
    about: str
    units: str
    weeks: list[Week]


def plans() -> list[Plan]:
    """Those of lessons/instructor/plans.toml."""
    held = _held()
    return [
        Plan(each["name"], each["about"], each["units"], [_week(week, held) for week in each["weeks"]])
        for each in held["plan"]
    ]


def too_early(plan: Plan) -> Iterator[str]:
    """What stands in a plan before something that it needs, in words."""
    needs = {each.number: each.needs for each in lessons()}
    after = {int(n): each["after"] for n, each in _held()["milestones"].items()}
    given: list[int] = []
    for number, week in enumerate(plan.weeks, 1):
        for each in week.lessons:
            missing = [n for n in needs[each] if n not in given]
            if missing:
                yield f"{plan.name}, {plan.units} {number}: lesson {each} before {missing}"
            given.append(each)
        for each in week.milestones:
            missing = [n for n in after[each] if n not in given]
            if missing:
                yield f"{plan.name}, {plan.units} {number}: milestone {each} before {missing}"


def as_markdown(plan: Plan) -> str:
    """A table of its weeks, with hours at home."""
    titles = {each.number: each.title for each in lessons()}
    rows = [f"| {plan.units} | {said('teaching.columns')} |", "|--:|---|---|--:|"]
    for number, week in enumerate(plan.weeks, 1):
        names = "; ".join(f"{n}. {titles[n]}" for n in week.lessons)
        rows.append(f"| {number} | {names} | {', '.join(map(str, week.milestones))} | {week.hours:g} |")
    return "\n".join([f"## {plan.name}", "", f"{plan.about[0].upper()}{plan.about[1:]}.", "", *rows, ""])


def _week(week: dict[str, Any], held: dict[str, Any]) -> Week:
    milestones = week.get("milestones", [])
    hours = sum(held["hours"][str(n)] for n in week["lessons"])
    return Week(
        week["lessons"], milestones, hours + sum(held["milestones"][str(n)]["hours"] for n in milestones)
    )


def _held():
    return tomllib.loads(beside("instructor/plans.toml").read_text("utf-8"))
