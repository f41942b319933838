"""The labs of a role or of a pillar, derived from the plan and the lessons, for its page of the book to include."""

import re
from pathlib import Path

from ospolab import course
from ospolab.authoring import outcomes
from ospolab.authoring.plan import NOTE

BOLD_QUESTION = re.compile(r"\*\*([^*]+\?)\*\*")
ANY_QUESTION = re.compile(r"(?:^|(?<=[.!?] ))([^.!?]+\?)")


def pages_of(root: Path) -> dict[Path, str]:
    """Every part that a role's or a pillar's page includes: its path under `root`, and the text it should have."""
    return {
        root / f"book/{folder}/_{key}.md": part(key, root)
        for folder in ("roles", "pillars")
        for key in course.plan()[folder]
    }


def part(key: str, root: Path) -> str:
    """A table of the four labs of the role or pillar `key`, and where their activities are, as Markdown."""
    plan = course.plan()
    is_role = key in plan["roles"]
    rows = [f"| {'Pillar' if is_role else 'Role'} | Lab and its question | Paper |", "|---|---|---|"]
    named = set(course.contents(root))
    for lesson in course.lessons(root):
        if lesson.role not in plan["roles"] or key not in (lesson.role, lesson.pillar):
            continue
        folder, other = ("pillars", lesson.pillar) if is_role else ("roles", lesson.role)
        title = plan[folder][other]["title"]
        across = f"[{title}](../{folder}/{other}.md)" if f"book/{folder}/{other}" in named else title
        rows.append(f"| {across} | {_lab(lesson)} | {lesson.paper} |")
    return "\n".join([NOTE, "", *rows, "", "What the definition calls these: [Activities](../activities.md).", ""])


def _lab(lesson: course.Lesson) -> str:
    """Title and question of a lab: a link and its own question where it exists, otherwise the plan's and `to come`."""
    if lesson.exists:
        title = f"[{lesson.title}](../../notebooks/{lesson.stem}.ipynb)"
        asked = question(outcomes.read(lesson.path)) if lesson.path.is_file() else ""
    else:
        title = f"{lesson.title} *(to come)*"
        planned = next(entry for entry in course.plan()["lessons"] if entry["stem"] == lesson.stem)
        asked = planned.get("question", "")
    return f"{title}<br>{asked}" if asked and asked != lesson.title else title


def question(notebook) -> str:
    """The question a lesson opens with: the one set in bold, otherwise its first sentence that asks; "" if none."""
    opening = re.sub(r"(?m)^#.*$", "", notebook.cells[0].source)
    opening = " ".join(opening.split())
    found = BOLD_QUESTION.search(opening) or ANY_QUESTION.search(opening)
    return found.group(1).strip() if found else ""
