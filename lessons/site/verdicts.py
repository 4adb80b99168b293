"""The page of verdicts: each question that readers ask in public, with its answer, the
number, its limits and the strongest objection; and all of them as a table.

What it says stands in lessons/verdicts.toml; every number of it in a committed table,
or in what a lesson prints (`says`).
"""

from __future__ import annotations

import html
import tomllib
from typing import NamedTuple

from gradcam.measure.statistics.intervals import wilson
from lessons.course import beside
from lessons.site.text import Text

COLUMNS = {
    "question": "question",
    "statistic": "statistic",
    "n": "n",
    "interval": "95 % interval",
    "control": "control",
    "network": "network",
    "before": "verdict before",
    "after": "verdict now",
    "stands": "what stands",
    "refuted": "what does not",
}


class Page(NamedTuple):
    body: str
    headings: list


def read() -> list[dict]:
    """The verdicts, in order; [] if the chosen lessons have none."""
    path = beside("verdicts.toml")
    found = tomllib.loads(path.read_text("utf-8"))["verdict"] if path.is_file() else []
    return [each | {"interval": interval(each)} for each in found]


def interval(verdict: dict) -> str:
    """As it stands in the table; of a share of n pictures, Wilson's."""
    if "share" not in verdict:
        return verdict["interval"]
    low, high = wilson(round(verdict["share"] * verdict["of"]), verdict["of"])
    return f"{verdict['share']:.0%}: {low:.0%} to {high:.0%}"


def verdicts(addresses: dict[int, str]) -> Page | None:
    """addresses: {lesson's number: page}.  -> the page, None if there is nothing"""
    if not (found := read()):
        return None
    text = Text(addresses)
    parts = [text(HEAD)]
    for each in found:
        parts.append(f"<section>{text(_one(each))}</section>")
    parts += [text("## All of them\n"), _table(found, addresses)]
    return Page("\n".join(parts), text.headings)


HEAD = """# Verdicts

Questions that people asked in public, each with the answer of this course. Every number
is printed by a lesson, or stands in a table that says its command; its limits stand
beside it. Where an earlier version of the course said something else, the table at the
end says what.
"""


def _one(verdict: dict) -> str:
    """One verdict, Markdown."""
    return f"""## {verdict["question"]}

{verdict["answer"]}

- **The number**: {verdict["number"]}
- **What stands**: {verdict["stands"]}
- **What does not**: {verdict["refuted"]}
- **Its limits**: {verdict["limits"]}
- **The strongest objection**: {verdict["objection"]}
- **Where it was asked**: [{verdict["asked"]}]({verdict["thread"]})
- **The paper**: {verdict["paper"]}, [doi:{verdict["doi"]}](https://doi.org/{verdict["doi"]})
- **Do it yourself**: lesson {verdict["lesson"]}; {_sources(verdict)}
"""


def _sources(verdict: dict) -> str:
    names = [each["in"] for each in verdict["says"]]
    files = [f"`lessons/measured/{name}`" for name in names if name.endswith(".txt")]
    return "numbers from " + ", ".join([*files, "what it prints"][: len(files) or 1])


def _table(found: list[dict], addresses: dict[int, str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS.values())
    rows = []
    for each in found:
        cells = [html.escape(str(each[key]), quote=False) for key in COLUMNS]
        if each["lesson"] in addresses:
            cells[0] = f'<a href="{addresses[each["lesson"]]}">{cells[0]}</a>'
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return (
        f'<div class="wide"><table class="verdicts"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
